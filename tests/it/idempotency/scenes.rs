//! For every endpoint that changes something: a request that succeeds, and what the same one does a second time.

use crate::kit::{Answer, ByHand, CUSTOMER, Caller, LocalShop, body, shipment_body};
use reqwest::Method;
use serde_json::{Value, json};

/// What a request does when it comes a second time without a key.
#[derive(Debug, Clone, Copy)]
pub enum Again {
    Refused(&'static str),
    CarriedOut,
}

/// A request, and what it does again.
pub struct Scene {
    caller: Caller,
    method: Method,
    path: String,
    body: Value,
    /// A field, and a value that makes the body another one that is just as valid.
    other: (&'static str, Value),
    pub again: Again,
}

impl Scene {
    /// # Panics
    /// For an endpoint without a scene: whoever adds one adds its scene here.
    pub async fn of(shop: &LocalShop, method: &Method, path: &str) -> Self {
        let repeated = |caller, path: String, body, other, again| Self { caller, method: method.clone(), path, body, other, again };
        let scene = |caller, path, body, other, refusal| repeated(caller, path, body, other, Again::Refused(refusal));
        let note = |field| (field, json!("Other words"));
        match (method.as_str(), path) {
            ("POST", "/api/orders") => {
                let variant = shop.variant("20.00", 1).await;
                scene(shop.customer(CUSTOMER), path.to_owned(), body(&[(variant, 1)]), note("notes"), "INSUFFICIENT_STOCK")
            }
            ("PUT", "/api/orders/{orderId}/status") => {
                let path = shop.order().place().await.path("status");
                scene(shop.staff(), path, json!({ "newStatus": "CONFIRMED" }), note("note"), "INVALID_STATUS_TRANSITION")
            }
            ("PUT", "/api/orders/{orderId}/payment") => {
                let path = shop.order().place().await.path("payment");
                scene(shop.staff(), path, json!({ "paymentStatus": "PAID" }), note("reference"), "INVALID_STATUS_TRANSITION")
            }
            ("POST", "/api/orders/{orderId}/cancel") => {
                let path = shop.order().paid().place().await.path("cancel");
                scene(shop.customer(CUSTOMER), path, json!({ "reason": "Too big" }), note("reason"), "ALREADY_CANCELLED")
            }
            ("POST", "/api/refunds") => {
                let order = shop.order().paid().place().await;
                let rest = json!({ "orderId": order.id, "reason": "Late" });
                scene(shop.admin(), path.to_owned(), rest, note("reason"), "REFUND_EXCEEDS_PAID")
            }
            ("PUT", "/api/refunds") => {
                let path = format!("/api/refunds?id={}", refund(shop, "CASH").await);
                scene(shop.admin(), path, json!({ "status": "COMPLETED" }), note("notes"), "INVALID_STATUS_TRANSITION")
            }
            ("PUT", "/api/inventory") => {
                let variant = json!({ "productId": 9, "sku": "ONCE", "productName": "Robe", "price": 20.00 });
                let other = ("variants", json!([{ "productId": 9, "sku": "TWICE", "productName": "Robe", "price": 20.00 }]));
                scene(shop.keeper(), path.to_owned(), json!({ "variants": [variant] }), other, "DUPLICATE_SKU")
            }
            ("PUT", "/api/inventory/adjust") => {
                let variant = shop.variant("20.00", 1).await;
                let change = json!({ "variantId": variant, "quantityChange": -1, "reason": "Torn", "changeType": "ADJUSTMENT" });
                scene(shop.keeper(), path.to_owned(), change, note("reason"), "INSUFFICIENT_STOCK")
            }
            ("POST", "/api/store-credit/redeem") => {
                refund(shop, "STORE_CREDIT").await;
                ByHand::of(shop).carry_refunds_out().await;
                let redemption = json!({ "customerId": CUSTOMER, "amount": 75.00, "note": "At the till" });
                scene(shop.staff(), path.to_owned(), redemption, note("note"), "INSUFFICIENT_CREDIT")
            }
            ("POST", "/api/shipments") => {
                let order = shop.order().through(&["CONFIRMED"]).place().await;
                let other = ("recipientName", json!("Another"));
                scene(shop.staff(), path.to_owned(), shipment_body(order.id, "LOCAL"), other, "ORDER_NOT_SHIPPABLE")
            }
            ("PUT", "/api/shipments") => {
                let order = shop.order().through(&["CONFIRMED"]).place().await;
                let path = format!("/api/shipments?id={}", shop.ship(&order, "LOCAL").await["id"]);
                scene(shop.staff(), path, json!({ "status": "FAILED" }), ("weight", json!(2)), "INVALID_STATUS_TRANSITION")
            }
            ("POST", "/api/returns") => {
                let order = shop.order().delivered().place().await;
                let items = json!([{ "orderItemId": order.line(0), "quantity": 1, "condition": "UNOPENED" }]);
                let wanted = json!({ "orderId": order.id, "reason": "Too big", "items": items });
                scene(shop.customer(CUSTOMER), path.to_owned(), wanted, note("description"), "QUANTITY_NOT_RETURNABLE")
            }
            ("PUT", "/api/returns") => {
                let rma = shop.rma(&shop.order().delivered().place().await, 0, 1).await;
                let path = format!("/api/returns?id={rma}");
                scene(shop.staff(), path, json!({ "status": "APPROVED" }), ("restockingFee", json!(1)), "INVALID_STATUS_TRANSITION")
            }
            ("POST", "/api/email-templates") => {
                scene(shop.admin(), path.to_owned(), template("ONCE"), ("name", json!("Other words")), "DUPLICATE_CODE")
            }
            ("PUT", "/api/email-templates") => {
                let made = shop.admin().post("/api/email-templates", &template("EVERY_TIME")).await.ok();
                let path = format!("/api/email-templates?id={}", made["id"]);
                repeated(shop.admin(), path, json!({ "subject": "News" }), ("name", json!("Other words")), Again::CarriedOut)
            }
            ("POST", "/api/email-templates/preview") => {
                repeated(shop.staff(), path.to_owned(), test_mail(shop, "TEST").await, ("locale", json!("en")), Again::CarriedOut)
            }
            ("POST", "/api/notifications/{id}/resend") => {
                shop.staff().post("/api/email-templates/preview", &test_mail(shop, "TEST_AGAIN").await).await.ok();
                let path = format!("/api/notifications/{}/resend", shop.staff().get("/api/notifications").await.ok()[0]["id"]);
                repeated(shop.admin(), path, json!({}), note("note"), Again::CarriedOut)
            }
            (method, path) => panic!("{method} {path} has no scene: what does it do once, and how is it refused then?"),
        }
    }

    pub fn with_other_body(mut self) -> Self {
        let (field, value) = self.other.clone();
        self.body[field] = value;
        self
    }

    pub async fn send(&self, key: Option<&str>) -> Answer {
        let caller = match key {
            Some(key) => self.caller.clone().key(key),
            None => self.caller.clone(),
        };
        caller.send(self.method.clone(), &self.path, Some(self.body.to_string().into_bytes())).await
    }
}

fn template(code: &str) -> Value {
    json!({ "code": code, "name": "Ours", "subject": "Hello", "htmlContent": "<p>Hello</p>" })
}

/// The request for a test of a template in the caller's own mailbox.
async fn test_mail(shop: &LocalShop, code: &str) -> Value {
    shop.admin().post("/api/email-templates", &template(code)).await.ok();
    json!({ "code": code, "variables": {}, "send": true })
}

/// A refund of 75.00 that is under way; gives its id.
async fn refund(shop: &LocalShop, method: &str) -> Value {
    let order = shop.order().paid().place().await;
    let cancel = json!({ "reason": "Too big", "refundMethod": method });
    shop.staff().post(&order.path("cancel"), &cancel).await.ok()["refund"]["id"].clone()
}
