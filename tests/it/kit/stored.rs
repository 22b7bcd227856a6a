//! Records as DynamoDB holds them, read and written past the shop.

use super::LocalShop;
use serde_json::{Value, json};

const TABLE: &str = "shop-local-orders";

impl LocalShop {
    /// Rewrites an attribute of a stored record of orders: into what a later step of the shop will make of it, or into what
    /// nobody can read.
    pub async fn rewrite(&self, kind: &str, id: &Value, attribute: &str, value: &str) {
        let (status, said) = self
            .dynamodb(
                "UpdateItem",
                json!({
                    "Key": key(kind, id), "UpdateExpression": "SET #a = :v", "ConditionExpression": "attribute_exists(#a)",
                    "ExpressionAttributeNames": { "#a": attribute }, "ExpressionAttributeValues": { ":v": { "S": value } },
                }),
            )
            .await;
        assert_eq!(status, 200, "{said}");
    }

    /// A stored record of orders, in DynamoDB's own JSON.
    pub async fn stored(&self, kind: &str, id: &Value) -> Value {
        let (status, found) = self.dynamodb("GetItem", json!({ "Key": key(kind, id), "ConsistentRead": true })).await;
        assert!(status == 200 && found["Item"].is_object(), "{found}");
        found["Item"].clone()
    }

    /// Stores a record of orders as it is; says whether DynamoDB took it.
    pub async fn store_item(&self, item: &Value) -> bool {
        self.dynamodb("PutItem", json!({ "Item": item })).await.0 == 200
    }

    async fn dynamodb(&self, operation: &str, mut asked: Value) -> (u16, Value) {
        asked["TableName"] = TABLE.into();
        let call = self.http.post(self.system.dynamodb.endpoint()).body(asked.to_string());
        let call =
            call.header("x-amz-target", format!("DynamoDB_20120810.{operation}")).header("content-type", "application/x-amz-json-1.0");
        let call = call.header(
            "authorization",
            "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
        );
        let answer = call.header("x-amz-date", "20260101T000000Z").send().await.expect("an answer");
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    }
}

fn key(kind: &str, id: &Value) -> Value {
    json!({ "pk": { "S": format!("{kind}#{id}") }, "sk": { "S": kind } })
}
