//! The API as the demo's people call it: with a token of theirs, in this process.

use super::DemoError;
use crate::System;
use crate::emulators::carriers::Carriers;
use crate::emulators::payments::Payments;
use crate::system::CARRIER_WEBHOOK_SECRET;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, header};
use domain::actor::Role;
use domain::money::{Currency, Money};
use serde_json::Value;
use tower::ServiceExt;

/// More than any answer has.
const MOST_BYTES: usize = 4 << 20;

/// The API, and a token of everybody who calls it.
#[derive(Clone)]
pub struct Client {
    api: Router,
    payments: Payments,
    carriers: Carriers,
    pub admin: String,
    pub sales: String,
    pub keeper: String,
    customers: Vec<(u64, String)>,
}

impl Client {
    /// Tokens last thirty days, longer than the demo goes back.
    pub fn new(system: &System) -> Self {
        let customers = super::people::CUSTOMERS.iter().map(|customer| (customer.id, system.token(customer.id, Role::Customer)));
        Self {
            api: system.api(),
            payments: system.payments.clone(),
            carriers: system.carriers.clone(),
            admin: system.token(super::people::ADMIN, Role::Admin),
            sales: system.token(super::people::SALES, Role::SalesStaff),
            keeper: system.token(super::people::KEEPER, Role::InventoryManager),
            customers: customers.collect(),
        }
    }

    pub fn customer(&self, id: u64) -> &str {
        self.customers.iter().find(|(customer, _)| *customer == id).map_or("", |(_, token)| token)
    }

    /// Stripe knows the payment of an order as well.
    pub fn paid_at_stripe(&self, intent: &str, order: &Value) {
        if let Ok(total) = Money::parse(&order["total"].to_string(), Currency::USD) {
            self.payments.card_payment(intent, total.minor, "USD");
        }
    }

    /// The deposit of an order comes in at pawaPay, which tells the shop so.
    pub async fn paid_at_pawapay(&self, deposit: &str, order: &Value) -> Result<Value, DemoError> {
        if let Ok(total) = Money::parse(&order["total"].to_string(), Currency::USD) {
            self.payments.deposit(deposit, total.minor, "USD", "COMPLETED");
        }
        // Unsigned, it only has the shop ask pawaPay.
        let body = serde_json::json!({ "depositId": deposit, "status": "COMPLETED" });
        self.call(("x-request-id", "demo".to_owned()), Method::POST, "/api/webhooks/pawapay", Some(&body)).await
    }

    /// A parcel's carrier, DHL or UPS, sees it, and tells the shop that it has.
    pub async fn seen(&self, parcel: &Value, code: &str, words: &str, place: &str) -> Result<Value, DemoError> {
        let number = parcel["trackingNumber"].as_str().ok_or(DemoError::NoField("trackingNumber"))?;
        self.carriers.scan(number, code, words, place);
        let (path, header, body) = if parcel["carrier"] == "UPS" {
            let body = serde_json::json!({ "trackingNumber": number, "activityStatus": { "code": code, "description": words } });
            ("/api/webhooks/ups", "credential", body)
        } else {
            let status = serde_json::json!({ "statusCode": code, "description": words });
            ("/api/webhooks/dhl", "x-webhook-token", serde_json::json!({ "shipments": [{ "id": number, "status": status }] }))
        };
        self.call((header, CARRIER_WEBHOOK_SECRET.to_owned()), Method::POST, path, Some(&body)).await
    }

    pub async fn post(&self, token: &str, path: &str, body: &Value) -> Result<Value, DemoError> {
        self.call(bearer(token), Method::POST, path, Some(body)).await
    }

    pub async fn put(&self, token: &str, path: &str, body: &Value) -> Result<Value, DemoError> {
        self.call(bearer(token), Method::PUT, path, Some(body)).await
    }

    pub async fn get(&self, token: &str, path: &str) -> Result<Value, DemoError> {
        self.call(bearer(token), Method::GET, path, None).await
    }

    /// `known_by` is the header that says who calls.
    async fn call(&self, known_by: (&str, String), method: Method, path: &str, body: Option<&Value>) -> Result<Value, DemoError> {
        let refused = |status: u16, body: String| DemoError::Refused { call: format!("{method} {path}"), status, body };
        let request = Request::builder()
            .method(&method)
            .uri(path)
            .header(known_by.0, known_by.1)
            .header(header::CONTENT_TYPE, "application/json")
            .body(body.map_or_else(Body::empty, |body| Body::from(body.to_string())));
        let request = request.map_err(|error| refused(0, error.to_string()))?;
        let answer = self.api.clone().oneshot(request).await.unwrap_or_else(|never| match never {});
        let status = answer.status();
        let body = to_bytes(answer.into_body(), MOST_BYTES).await.map_err(|error| refused(status.as_u16(), error.to_string()))?;
        if !status.is_success() {
            return Err(refused(status.as_u16(), String::from_utf8_lossy(&body).into_owned()));
        }
        serde_json::from_slice(&body).map_err(|error| refused(status.as_u16(), error.to_string()))
    }
}

fn bearer(token: &str) -> (&'static str, String) {
    ("authorization", format!("Bearer {token}"))
}
