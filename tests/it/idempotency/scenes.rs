//! For every endpoint that changes something: a request that succeeds once and is refused from then on.

use crate::kit::{Answer, ByHand, CUSTOMER, Caller, LocalShop, body};
use reqwest::Method;
use serde_json::{Value, json};

/// A request, and what it gets when it comes a second time without a key.
pub struct Scene {
    caller: Caller,
    method: Method,
    path: String,
    body: Value,
    /// A field, and a value that makes the body another one that is just as valid.
    other: (&'static str, Value),
    pub refused_by_now: &'static str,
}

impl Scene {
    /// # Panics
    /// For an endpoint without a scene: whoever adds one adds its scene here.
    pub async fn of(shop: &LocalShop, method: &Method, path: &str) -> Self {
        let scene =
            |caller, path: String, body, other, refused_by_now| Self { caller, method: method.clone(), path, body, other, refused_by_now };
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

/// A refund of 75.00 that is under way; gives its id.
async fn refund(shop: &LocalShop, method: &str) -> Value {
    let order = shop.order().paid().place().await;
    let cancel = json!({ "reason": "Too big", "refundMethod": method });
    shop.staff().post(&order.path("cancel"), &cancel).await.ok()["refund"]["id"].clone()
}
