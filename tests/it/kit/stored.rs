//! Records as DynamoDB holds them, read and written past the shop.

use super::LocalShop;
use serde_json::{Value, json};

/// What every table's name begins with here.
const PREFIX: &str = "shop-local-";
/// Of orders, and all that hangs on them.
const ORDERS: &str = "orders";

impl LocalShop {
    /// Rewrites an attribute of a stored record of orders: into what a later step of the shop will make of it, or into what
    /// nobody can read.
    pub async fn rewrite(&self, kind: &str, id: &Value, attribute: &str, value: &str) {
        let (status, said) = self
            .dynamodb(
                "UpdateItem",
                ORDERS,
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
        let (status, found) = self.dynamodb("GetItem", ORDERS, json!({ "Key": key(kind, id), "ConsistentRead": true })).await;
        assert!(status == 200 && found["Item"].is_object(), "{found}");
        found["Item"].clone()
    }

    /// Stores a record of orders as it is; says whether DynamoDB took it.
    pub async fn store_item(&self, item: &Value) -> bool {
        self.store_item_in(ORDERS, item).await
    }

    /// Stores a record in a table, by the last part of its name; says whether DynamoDB took it.
    pub async fn store_item_in(&self, table: &str, item: &Value) -> bool {
        self.dynamodb("PutItem", table, json!({ "Item": item })).await.0 == 200
    }

    /// The last part of each table's name.
    pub async fn tables(&self) -> Vec<String> {
        let (status, found) = self.call_dynamodb("ListTables", &json!({})).await;
        assert_eq!(status, 200, "{found}");
        let names = found["TableNames"].as_array().expect("names").iter();
        names.map(|name| name.as_str().and_then(|name| name.strip_prefix(PREFIX)).expect("one of ours").to_owned()).collect()
    }

    /// All that a table holds, in DynamoDB's own JSON.
    pub async fn all_items_in(&self, table: &str) -> Vec<Value> {
        let (mut items, mut start) = (Vec::new(), Value::Null);
        loop {
            let asked = if start.is_null() { json!({}) } else { json!({ "ExclusiveStartKey": start }) };
            let (status, found) = self.dynamodb("Scan", table, asked).await;
            assert_eq!(status, 200, "{found}");
            items.extend(found["Items"].as_array().expect("items").iter().cloned());
            start = found["LastEvaluatedKey"].clone();
            if start.is_null() {
                return items;
            }
        }
    }

    async fn dynamodb(&self, operation: &str, table: &str, mut asked: Value) -> (u16, Value) {
        asked["TableName"] = format!("{PREFIX}{table}").into();
        self.call_dynamodb(operation, &asked).await
    }

    async fn call_dynamodb(&self, operation: &str, asked: &Value) -> (u16, Value) {
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
