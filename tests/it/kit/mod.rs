//! The shop as a test has it: the whole system, callers, and builders with good defaults.

mod browser;
mod by_hand;
mod caller;
pub mod function;
mod logged;
pub mod mutation;
mod orders;
pub mod p256;
mod panics;
mod payments;
mod programs;
mod providers;
mod reading;
mod returns;
mod secrets;
mod seed;
mod shipments;
mod stored;
mod tellers;
pub mod tokens;
mod watched;
pub mod webhooks;

pub use browser::Browser;
pub use by_hand::{ByHand, failures};
pub use caller::{Answer, Answers, Caller, crowd, race};
pub use logged::Logged;
pub use orders::{OrderBuilder, Placed, body};
pub use programs::{Directory, run};
pub use providers::{Providers, SendGridDelivery, Senders, ses_event, twilio_signature};
pub use reading::{FIRST_COUNTS, column, count, keys, next_page, told};
pub use returns::back;
pub use secrets::SecretsManager;
pub use seed::storm_seed;
pub use shipments::shipment_body;
pub use tellers::{Delivery, Teller};
pub use watched::Watched;

use domain::actor::Role;
use local::{Options, System};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Longer than anything here should ever take.
const PATIENCE: Duration = Duration::from_secs(20);

/// As often as the schedule that asks providers runs.
pub const RUN: Duration = Duration::from_mins(5);
pub const MINUTE: Duration = Duration::from_mins(1);
pub const HOUR: Duration = Duration::from_hours(1);

/// Calls of the SDK for one of ours, and how often ours is made: no answer to any of them is an outage.
pub const OUTAGE: usize = 3 * 6;

/// A client of servers on this machine, past any proxy. Nothing here speaks TLS, and yet there is no client without somebody who
/// could; not the process's provider, or a function's client that lacks one would have it here and panic in Lambda.
#[expect(clippy::disallowed_methods, reason = "a client that no proxy gets in the way of")]
pub fn http() -> reqwest::Client {
    let tls = rustls::ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into());
    let tls = tls.with_safe_default_protocol_versions().expect("versions").with_root_certificates(rustls::RootCertStore::empty());
    let client = reqwest::Client::builder().tls_backend_preconfigured(tls.with_no_client_auth());
    client.no_proxy().build().expect("a client")
}

/// A system with helpers.
pub struct LocalShop {
    pub system: System,
    http: reqwest::Client,
    skus: AtomicU64,
}

/// The customer that orders are placed for unless a test says otherwise.
pub const CUSTOMER: u64 = 4001;

impl LocalShop {
    pub async fn start() -> Self {
        Self::with(Options::default()).await
    }

    /// Streams and queues stay untouched until the test hands them over itself.
    pub async fn without_pumps() -> Self {
        Self::with(Options { pumps: false, ..Options::default() }).await
    }

    pub async fn with(options: Options) -> Self {
        Self::of(System::start(options).await.expect("the system starts"))
    }

    pub fn of(system: System) -> Self {
        Self { system, http: http(), skus: AtomicU64::new(1) }
    }

    /// Where there are variants already: new ones get numbers from here on.
    pub fn with_skus_from(self, first: u64) -> Self {
        self.skus.store(first, Ordering::Relaxed);
        self
    }

    pub fn as_role(&self, id: u64, role: Role) -> Caller {
        self.with_token(Some(self.system.token(id, role)))
    }

    pub fn with_token(&self, token: Option<String>) -> Caller {
        Caller::new(self.http.clone(), self.system.url.clone(), token)
    }

    /// The methods of every endpoint that has a path, with that path.
    pub async fn served(&self) -> BTreeSet<(String, &'static str)> {
        let mut served = BTreeSet::new();
        for path in functions::ENDPOINTS.iter().filter_map(|endpoint| endpoint.path) {
            // A method that no endpoint has tells which ones it does have.
            let concrete: Vec<&str> = path.split('/').map(|part| if part.starts_with('{') { "1" } else { part }).collect();
            let answer = self.nobody().send(Method::PATCH, &concrete.join("/"), None).await;
            answer.refused(405, "METHOD_NOT_ALLOWED");
            let allowed = answer.header("allow").to_owned();
            assert!(!allowed.is_empty(), "{path} has no Allow");
            let methods = allowed.split(',').map(str::trim).filter(|method| *method != "HEAD");
            served.extend(methods.map(|method| (method.to_owned(), path)));
        }
        served
    }

    pub fn admin(&self) -> Caller {
        self.as_role(1, Role::Admin)
    }

    pub fn staff(&self) -> Caller {
        self.as_role(2, Role::SalesStaff)
    }

    pub fn keeper(&self) -> Caller {
        self.as_role(3, Role::InventoryManager)
    }

    pub fn customer(&self, id: u64) -> Caller {
        self.as_role(id, Role::Customer)
    }

    pub fn nobody(&self) -> Caller {
        self.with_token(None)
    }

    /// A new variant with a price and pieces; gives its id.
    pub async fn variant(&self, price: &str, stock: i64) -> u64 {
        let n = self.skus.fetch_add(1, Ordering::Relaxed);
        let variant = json!({
            "productId": 10 + n, "sku": format!("SKU-{n}"), "productName": format!("Robe {n}"), "size": "M", "color": "Noir",
            "price": serde_json::from_str::<Value>(price).expect("a number"), "stockQuantity": stock,
        });
        let answer = self.keeper().put("/api/inventory", &json!({ "variants": [variant] })).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body["variants"][0]["id"].as_u64().expect("an id")
    }

    /// A promotion that runs, 20 % off with the code SAVE20 unless these fields say otherwise.
    pub async fn promotion(&self, fields: Value) -> Value {
        self.admin().post("/api/promotions", &self.promotion_body(&fields)).await.ok()
    }

    pub fn promotion_body(&self, fields: &Value) -> Value {
        let now = self.system.clock.now().0;
        let mut body = json!({
            "code": "SAVE20", "name": "Soldes", "type": "PERCENTAGE", "value": 20, "startDate": now - 86_400_000, "endDate": now + 30 * 86_400_000,
        });
        for (field, value) in fields.as_object().expect("fields") {
            body[field] = value.clone();
        }
        body
    }

    /// How many orders use a promotion, as an admin sees it.
    pub async fn uses(&self, code: &str) -> i64 {
        let promotion = self.admin().get(&format!("/api/promotions?code={code}")).await.ok();
        promotion["usageCount"].as_i64().expect("a count")
    }

    pub fn order(&self) -> OrderBuilder<'_> {
        OrderBuilder::new(self)
    }

    pub async fn stock(&self, variant: u64) -> i64 {
        let answer = self.staff().get(&format!("/api/inventory?id={variant}")).await;
        answer.body["stockQuantity"].as_i64().expect("a stock")
    }

    pub async fn order_now(&self, id: u64) -> Value {
        self.admin().get(&format!("/api/orders?id={id}")).await.ok()
    }

    pub async fn refunds_of(&self, order: u64) -> Vec<Value> {
        let answer = self.admin().get(&format!("/api/refunds?orderId={order}")).await.ok();
        answer.as_array().expect("a list").clone()
    }

    pub async fn return_now(&self, id: u64) -> Value {
        self.admin().get(&format!("/api/returns?id={id}")).await.ok()
    }

    pub async fn messages_of(&self, order: u64) -> Vec<Value> {
        let answer = self.staff().get(&format!("/api/notifications?orderId={order}")).await.ok();
        answer.as_array().expect("a list").clone()
    }

    /// Every event relayed, every due job done.
    pub async fn settled(&self) {
        assert!(self.system.settled(PATIENCE).await, "queues: {:?}", self.system.sqs.queues());
    }

    /// Lets time pass, and whatever becomes due with it be done.
    pub async fn after(&self, time: Duration) {
        self.system.clock.advance(time);
        self.settled().await;
    }
}

/// Cents of an amount in an answer.
pub fn cents(value: &Value) -> i64 {
    let text = value.to_string();
    domain::money::Money::parse(&text, domain::money::Currency::USD).unwrap_or_else(|error| panic!("{text}: {error}")).minor
}
