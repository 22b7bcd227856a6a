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
        let asked = Asked { shop, method, path };
        let scenes = [asked.orders().await, asked.money().await, asked.offers().await, asked.goods().await, asked.messages().await];
        let scene = scenes.into_iter().flatten().next();
        scene.unwrap_or_else(|| panic!("{method} {path} has no scene: what does it do once, and what a second time?"))
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

/// The endpoint that a scene is asked for.
struct Asked<'a> {
    shop: &'a LocalShop,
    method: &'a Method,
    path: &'a str,
}

impl Asked<'_> {
    /// A request that is refused a second time.
    fn scene(&self, caller: Caller, path: String, body: Value, other: (&'static str, Value), refusal: &'static str) -> Scene {
        self.repeated(caller, path, body, other, Again::Refused(refusal))
    }

    fn repeated(&self, caller: Caller, path: String, body: Value, other: (&'static str, Value), again: Again) -> Scene {
        Scene { caller, method: self.method.clone(), path, body, other, again }
    }

    /// Orders, and what becomes of them.
    async fn orders(&self) -> Option<Scene> {
        let Self { shop, path, .. } = *self;
        match (self.method.as_str(), path) {
            ("POST", "/api/orders") => {
                let variant = shop.variant("20.00", 1).await;
                Some(self.scene(shop.customer(CUSTOMER), path.to_owned(), body(&[(variant, 1)]), note("notes"), "INSUFFICIENT_STOCK"))
            }
            ("PUT", "/api/orders/{orderId}/status") => {
                let path = shop.order().place().await.path("status");
                Some(self.scene(shop.staff(), path, json!({ "newStatus": "CONFIRMED" }), note("note"), "INVALID_STATUS_TRANSITION"))
            }
            ("PUT", "/api/orders/{orderId}/payment") => {
                let path = shop.order().place().await.path("payment");
                Some(self.scene(shop.staff(), path, json!({ "paymentStatus": "PAID" }), note("reference"), "INVALID_STATUS_TRANSITION"))
            }
            ("POST", "/api/orders/{orderId}/cancel") => {
                let path = shop.order().paid().place().await.path("cancel");
                Some(self.scene(shop.customer(CUSTOMER), path, json!({ "reason": "Too big" }), note("reason"), "ALREADY_CANCELLED"))
            }
            _ => None,
        }
    }

    /// Money that goes back.
    async fn money(&self) -> Option<Scene> {
        let Self { shop, path, .. } = *self;
        match (self.method.as_str(), path) {
            ("POST", "/api/refunds") => {
                let order = shop.order().paid().place().await;
                let rest = json!({ "orderId": order.id, "reason": "Late" });
                Some(self.scene(shop.admin(), path.to_owned(), rest, note("reason"), "REFUND_EXCEEDS_PAID"))
            }
            ("PUT", "/api/refunds") => {
                let path = format!("/api/refunds?id={}", refund(shop, "CASH").await);
                Some(self.scene(shop.admin(), path, json!({ "status": "COMPLETED" }), note("notes"), "INVALID_STATUS_TRANSITION"))
            }
            ("POST", "/api/store-credit/redeem") => {
                refund(shop, "STORE_CREDIT").await;
                ByHand::of(shop).carry_refunds_out().await;
                let redemption = json!({ "customerId": CUSTOMER, "amount": 75.00, "note": "At the till" });
                Some(self.scene(shop.staff(), path.to_owned(), redemption, note("note"), "INSUFFICIENT_CREDIT"))
            }
            ("POST", "/api/returns") => {
                let order = shop.order().delivered().place().await;
                let items = json!([{ "orderItemId": order.line(0), "quantity": 1, "condition": "UNOPENED" }]);
                let wanted = json!({ "orderId": order.id, "reason": "Too big", "items": items });
                Some(self.scene(shop.customer(CUSTOMER), path.to_owned(), wanted, note("description"), "QUANTITY_NOT_RETURNABLE"))
            }
            ("PUT", "/api/returns") => {
                let rma = shop.rma(&shop.order().delivered().place().await, 0, 1).await;
                let path = format!("/api/returns?id={rma}");
                Some(self.scene(
                    shop.staff(),
                    path,
                    json!({ "status": "APPROVED" }),
                    ("restockingFee", json!(1)),
                    "INVALID_STATUS_TRANSITION",
                ))
            }
            _ => None,
        }
    }

    /// Promotions.
    async fn offers(&self) -> Option<Scene> {
        let Self { shop, path, .. } = *self;
        match (self.method.as_str(), path) {
            ("POST", "/api/promotions") => {
                let terms = shop.promotion_body(&json!({ "code": "ONCE" }));
                Some(self.scene(shop.admin(), path.to_owned(), terms, note("name"), "DUPLICATE_CODE"))
            }
            ("PUT", "/api/promotions") => {
                let path = format!("/api/promotions?id={}", shop.promotion(json!({ "code": "CHANGED" })).await["id"]);
                Some(self.repeated(shop.admin(), path, json!({ "usageLimit": 5 }), ("usageLimit", json!(6)), Again::CarriedOut))
            }
            _ => None,
        }
    }

    /// Stock and parcels.
    async fn goods(&self) -> Option<Scene> {
        let Self { shop, path, .. } = *self;
        match (self.method.as_str(), path) {
            ("PUT", "/api/inventory") => {
                let variant = json!({ "productId": 9, "sku": "ONCE", "productName": "Robe", "price": 20.00 });
                let other = ("variants", json!([{ "productId": 9, "sku": "TWICE", "productName": "Robe", "price": 20.00 }]));
                Some(self.scene(shop.keeper(), path.to_owned(), json!({ "variants": [variant] }), other, "DUPLICATE_SKU"))
            }
            ("PUT", "/api/inventory/adjust") => {
                let variant = shop.variant("20.00", 1).await;
                let change = json!({ "variantId": variant, "quantityChange": -1, "reason": "Torn", "changeType": "ADJUSTMENT" });
                Some(self.scene(shop.keeper(), path.to_owned(), change, note("reason"), "INSUFFICIENT_STOCK"))
            }
            ("POST", "/api/shipments") => {
                let order = shop.order().through(&["CONFIRMED"]).place().await;
                let other = ("recipientName", json!("Another"));
                Some(self.scene(shop.staff(), path.to_owned(), shipment_body(order.id, "LOCAL"), other, "ORDER_NOT_SHIPPABLE"))
            }
            ("PUT", "/api/shipments") => {
                let order = shop.order().through(&["CONFIRMED"]).place().await;
                let path = format!("/api/shipments?id={}", shop.ship(&order, "LOCAL").await["id"]);
                Some(self.scene(shop.staff(), path, json!({ "status": "FAILED" }), ("weight", json!(2)), "INVALID_STATUS_TRANSITION"))
            }
            _ => None,
        }
    }

    /// Templates and messages.
    async fn messages(&self) -> Option<Scene> {
        let Self { shop, path, .. } = *self;
        match (self.method.as_str(), path) {
            ("POST", "/api/email-templates") => {
                Some(self.scene(shop.admin(), path.to_owned(), template("ONCE"), note("name"), "DUPLICATE_CODE"))
            }
            ("PUT", "/api/email-templates") => {
                let made = shop.admin().post("/api/email-templates", &template("EVERY_TIME")).await.ok();
                let path = format!("/api/email-templates?id={}", made["id"]);
                Some(self.repeated(shop.admin(), path, json!({ "subject": "News" }), note("name"), Again::CarriedOut))
            }
            ("POST", "/api/email-templates/preview") => Some(self.repeated(
                shop.staff(),
                path.to_owned(),
                test_mail(shop, "TEST").await,
                ("locale", json!("en")),
                Again::CarriedOut,
            )),
            ("POST", "/api/notifications/{id}/resend") => {
                shop.staff().post("/api/email-templates/preview", &test_mail(shop, "TEST_AGAIN").await).await.ok();
                let path = format!("/api/notifications/{}/resend", shop.staff().get("/api/notifications").await.ok()[0]["id"]);
                Some(self.repeated(shop.admin(), path, json!({}), note("note"), Again::CarriedOut))
            }
            _ => None,
        }
    }
}

fn note(field: &'static str) -> (&'static str, Value) {
    (field, json!("Other words"))
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
