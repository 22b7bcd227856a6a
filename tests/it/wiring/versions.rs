//! The versions that the document promises, against those that are answered and asked for: each `ETag`, each `If-Match`.

use super::none;
use super::openapi::{document, operations};
use crate::kit::{Answer, LocalShop, back, body, shipment_body};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A request that an operation carries out.
struct Call {
    id: &'static str,
    method: Method,
    path: String,
    body: Value,
    /// Where its record is read; nothing for one that it makes.
    record: Option<String>,
}

impl Call {
    fn finds(id: &'static str, path: &str) -> Self {
        Self { id, method: Method::GET, path: path.to_owned(), body: Value::Null, record: Some(path.to_owned()) }
    }

    fn makes(id: &'static str, path: &str, body: Value) -> Self {
        Self { id, method: Method::POST, path: path.to_owned(), body, record: None }
    }

    fn changes(id: &'static str, path: &str, body: Value) -> Self {
        Self { method: Method::PUT, body, ..Self::finds(id, path) }
    }

    fn ends(id: &'static str, path: &str) -> Self {
        Self { method: Method::DELETE, ..Self::finds(id, path) }
    }

    /// Of a record that is read elsewhere.
    fn of(self, record: &str) -> Self {
        Self { record: Some(record.to_owned()), ..self }
    }

    async fn send(&self, shop: &LocalShop, tag: Option<&str>) -> Answer {
        let caller = tag.map_or_else(|| shop.admin(), |tag| shop.admin().header("If-Match", tag));
        let body = (!self.body.is_null()).then(|| self.body.to_string().into_bytes());
        caller.send(self.method.clone(), &self.path, body).await
    }

    /// The version of its record as it is read now.
    async fn current(&self, shop: &LocalShop, made: &Value) -> String {
        let id = [&made["id"], &made["return"]["id"]].into_iter().find(|id| id.is_u64());
        let path = self.record.clone().unwrap_or_else(|| at(&self.path, id.unwrap_or(&Value::Null)));
        shop.admin().get(&path).await.header("etag").to_owned()
    }
}

fn at(path: &str, id: &Value) -> String {
    format!("{path}?id={id}")
}

async fn orders(shop: &LocalShop) -> Vec<Call> {
    let (moved, paid, cancelled) = (shop.order().place().await, shop.order().place().await, shop.order().place().await);
    let record = |id: u64| at("/api/orders", &json!(id));
    let refunded = shop.order().paid().place().await;
    let refund = |amount: u32| json!({ "orderId": refunded.id, "amount": amount, "reason": "x" });
    let made = at("/api/refunds", &shop.admin().post("/api/refunds", &refund(1)).await.ok()["id"]);
    vec![
        Call::makes("placeOrder", "/api/orders", body(&[(moved.variants[0], 1)])),
        Call::finds("findOrders", &record(moved.id)),
        Call::changes("changeOrderStatus", &moved.path("status"), json!({ "newStatus": "CONFIRMED" })).of(&record(moved.id)),
        Call::changes("markOrderPayment", &paid.path("payment"), json!({ "paymentStatus": "PAID" })).of(&record(paid.id)),
        Call::makes("cancelOrder", &cancelled.path("cancel"), json!({ "reason": "x" })).of(&record(cancelled.id)),
        Call::makes("createRefund", "/api/refunds", refund(2)),
        Call::finds("findRefunds", &made),
        Call::changes("updateRefund", &made, json!({ "notes": "x" })),
    ]
}

async fn parcels_and_returns(shop: &LocalShop) -> Vec<Call> {
    let (first, second) = (shop.order().through(&["CONFIRMED"]).place().await, shop.order().through(&["CONFIRMED"]).place().await);
    let parcel = at("/api/shipments", &shop.ship(&first, "LOCAL").await["id"]);
    let delivered = shop.order().quantity(2).delivered().place().await;
    let rma = at("/api/returns", &json!(shop.rma(&delivered, 0, 1).await));
    let wanted = json!({ "orderId": delivered.id, "reason": "x", "items": [back(delivered.line(0), 1, "UNOPENED")] });
    vec![
        Call::makes("createShipment", "/api/shipments", shipment_body(second.id, "LOCAL")),
        Call::finds("findShipments", &parcel),
        Call::changes("updateShipment", &parcel, json!({ "weight": 2 })),
        Call::makes("requestReturn", "/api/returns", wanted),
        Call::finds("findReturns", &rma),
        Call::changes("updateReturn", &rma, json!({ "status": "APPROVED" })),
    ]
}

async fn what_the_shop_keeps(shop: &LocalShop) -> Vec<Call> {
    let variant = shop.variant("10.00", 5).await;
    let stock = at("/api/inventory", &json!(variant));
    let adjustment = json!({ "variantId": variant, "quantityChange": 1, "reason": "x", "changeType": "RESTOCK" });
    let promotion = at("/api/promotions", &shop.promotion(json!({})).await["id"]);
    let wording = |code: &str| json!({ "code": code, "name": "x", "subject": "x", "htmlContent": "x" });
    let template = at("/api/email-templates", &shop.admin().post("/api/email-templates", &wording("FIRST")).await.ok()["id"]);
    vec![
        Call::finds("findVariants", &stock),
        Call::changes("putVariants", "/api/inventory", json!({ "variants": [{ "id": variant, "price": 9 }] })).of(&stock),
        Call::changes("adjustStock", "/api/inventory/adjust", adjustment).of(&stock),
        Call::makes("createPromotion", "/api/promotions", shop.promotion_body(&json!({ "code": "OTHER" }))),
        Call::finds("findPromotions", &promotion),
        Call::changes("updatePromotion", &promotion, json!({ "name": "x" })),
        Call::ends("deactivatePromotion", &promotion),
        Call::makes("createEmailTemplate", "/api/email-templates", wording("SECOND")),
        Call::finds("findEmailTemplates", &template),
        Call::changes("updateEmailTemplate", &template, json!({ "name": "y" })),
        Call::ends("removeEmailTemplate", &template),
    ]
}

/// Whether an operation's successes have this header, by the document.
fn answers(operation: &Value, header: &str) -> bool {
    let mut successes = operation["responses"].as_object().into_iter().flatten().filter(|(status, _)| status.starts_with('2'));
    successes.any(|(_, answer)| !answer["headers"][header].is_null())
}

fn takes_a_version(operation: &Value) -> bool {
    let mut parameters = operation["parameters"].as_array().into_iter().flatten();
    parameters.any(|parameter| parameter["$ref"] == "#/components/parameters/IfMatch")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_version_that_the_document_tells_of_is_answered_and_asked_for() {
    let shop = LocalShop::without_pumps().await;
    let document = document();
    let operations: Vec<Value> = operations(&document).into_iter().map(|(.., operation)| operation).collect();
    let mut calls = orders(&shop).await;
    calls.extend(parcels_and_returns(&shop).await);
    calls.extend(what_the_shop_keeps(&shop).await);
    let told: BTreeSet<&str> = operations
        .iter()
        .filter(|operation| answers(operation, "ETag") || takes_a_version(operation))
        .filter_map(|operation| operation["operationId"].as_str())
        .collect();
    assert_eq!(calls.iter().map(|call| call.id).collect::<BTreeSet<_>>(), told, "left: this test; right: the document");

    let mut complaints = Vec::new();
    for call in calls {
        let operation = operations.iter().find(|operation| operation["operationId"] == call.id).expect("an operation");
        let takes = takes_a_version(operation);
        let before = if takes { call.current(&shop, &Value::Null).await } else { String::new() };
        if takes {
            let stale = call.send(&shop, Some("\"77\"")).await;
            if (stale.status, stale.code()) != (412, "PRECONDITION_FAILED") {
                complaints.push(format!("{} takes no notice of If-Match: {} {}", call.id, stale.status, stale.text));
            }
        }
        let answer = call.send(&shop, takes.then_some(before.as_str())).await;
        let current = call.current(&shop, &answer.body).await;
        let tag = answer.header("etag");
        if answer.status >= 300 || tag.is_empty() || tag != current || takes && tag == before {
            complaints.push(format!(
                "{} on {before} answers {} with the ETag {tag}, and its record has {current}: {}",
                call.id, answer.status, answer.text
            ));
        }
    }
    none(&complaints);
}
