//! What each function does to the tables, watched while it works with nothing but what the template gives it, is what its
//! policies allow: no call that AWS would refuse, and no right that nothing uses.

use super::template::{Template, each, statements, text, written};
use super::{camel, none};
use crate::kit::webhooks::{carrier_headers, stripe_signature};
use crate::kit::{self, LocalShop, Senders, Watched, ses_event, twilio_signature};
use api::config::{Secret, TokenConfig};
use api::metrics::Metrics;
use api::{Shop, aws};
use axum::body::{Body, to_bytes};
use axum::http::Request;
use domain::actor::Role;
use domain::event::{Event, Job, MessageJob};
use domain::time::Timestamp;
use functions::workers::{
    Desk, ask_providers, book_shipment, cancel_unpaid_orders, inventory_log, process_refund, reject_late_returns, relay, send_email,
    send_sms, track_shipments,
};
use functions::{ENDPOINTS, SCHEDULES, WORKERS, webhooks};
use local::emulators::filter::Filter;
use local::emulators::payments::{PAWAPAY_TOKEN, STRIPE_KEY};
use local::emulators::streams::StreamReader;
use local::system::{CARRIER_WEBHOOK_SECRET, STRIPE_WEBHOOK_SECRET, TWILIO_AUTH_TOKEN};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::{EVENT_TABLES, PageRequest, Table};
use tower::ServiceExt;

/// Where webhooks find the shop.
const PUBLIC_URL: &str = "https://api.example.com";

/// `dynamodb:GetItem on OrdersTable`, `dynamodb:Query on OrdersTable/index/byTime`.
type Grants = BTreeSet<String>;

fn needed(operation: &str, body: &Value) -> Vec<String> {
    let grant = |action: &str, table: &Value, index: &Value| {
        let name = table.as_str().expect("a table").rsplit('-').next().unwrap_or_default().to_owned();
        let index = index.as_str().map(|index| format!("/index/{index}")).unwrap_or_default();
        format!("dynamodb:{action} on {}Table{index}", camel(&name))
    };
    match operation {
        "TransactWriteItems" => {
            let items = body["TransactItems"].as_array().into_iter().flatten();
            let calls = items.filter_map(|item| item.as_object()?.iter().find(|(_, call)| call.is_object()));
            let action = |name: &str| if name == "ConditionCheck" { "ConditionCheckItem".to_owned() } else { format!("{name}Item") };
            calls.map(|(name, call)| grant(&action(name), &call["TableName"], &Value::Null)).collect()
        }
        "BatchGetItem" => {
            let tables = body["RequestItems"].as_object().into_iter().flatten();
            tables.map(|(table, _)| grant(operation, &json!(table), &Value::Null)).collect()
        }
        _ => vec![grant(operation, &body["TableName"], &body["IndexName"])],
    }
}

/// What the template allows a function to do to the tables' items.
fn allowed(function: &serde_norway::Value) -> Grants {
    let mut grants = Grants::new();
    for statement in statements(function) {
        for action in each(&statement["Action"]).into_iter().map(text) {
            if !action.starts_with("dynamodb:") || action.contains("Stream") || action.ends_with("Records") || action.ends_with("Iterator")
            {
                continue;
            }
            for resource in each(&statement["Resource"]).into_iter().map(written) {
                let resource = resource.replace("!GetAtt ", "").replace("!Sub ", "").replace(['$', '{', '}'], "");
                grants.insert(format!("{action} on {}", resource.replace("Tables.Outputs.", "").replace("Arn", "")));
            }
        }
    }
    grants
}

/// Every function, as the template deploys it, on the local tables.
struct Deployed {
    shop: LocalShop,
    senders: Senders,
    template: Template,
    used: BTreeMap<&'static str, Arc<Mutex<Grants>>>,
}

impl Deployed {
    async fn start() -> Self {
        Self { shop: LocalShop::without_pumps().await, senders: Senders::start().await, template: Template::main(), used: BTreeMap::new() }
    }

    /// What a function works with: the tables that its environment names, watched.
    fn shop_of(&mut self, bin: &'static str) -> Shop {
        let used = Arc::clone(self.used.entry(bin).or_default());
        let (system, senders) = (&self.shop.system, &self.senders);
        let inner = Watched::with(move |operation, body| used.lock().expect("no panic").extend(needed(operation, body)));
        let tables = aws::local_config(system.dynamodb.endpoint(), inner);
        let function = self.template.resource(&(camel(bin) + "Function")).unwrap_or_else(|| panic!("template.yaml lacks {bin}"));
        let given = &function["Properties"]["Environment"]["Variables"];
        let variables = |name: &'static str| {
            let config = &system.workers.shop.config;
            let secret = |arn: &str, value: &str| given.get(arn).map(|_| value.to_owned());
            match name {
                "STRIPE_BASE_URL" => return Some(config.stripe_url.clone()),
                "PAWAPAY_BASE_URL" => return Some(config.pawapay_url.clone()),
                "STRIPE_SECRET_KEY" => return secret("STRIPE_SECRET_KEY_ARN", STRIPE_KEY),
                "PAWAPAY_API_TOKEN" => return secret("PAWAPAY_API_TOKEN_ARN", PAWAPAY_TOKEN),
                "STRIPE_WEBHOOK_SECRET" => return secret("STRIPE_WEBHOOK_SECRET_ARN", STRIPE_WEBHOOK_SECRET),
                "DHL_WEBHOOK_SECRET" => return secret("DHL_WEBHOOK_SECRET_ARN", CARRIER_WEBHOOK_SECRET),
                "FEDEX_WEBHOOK_SECRET" => return secret("FEDEX_WEBHOOK_SECRET_ARN", CARRIER_WEBHOOK_SECRET),
                "UPS_WEBHOOK_SECRET" => return secret("UPS_WEBHOOK_SECRET_ARN", CARRIER_WEBHOOK_SECRET),
                "TWILIO_AUTH_TOKEN" => return secret("TWILIO_SECRET_ARN", TWILIO_AUTH_TOKEN),
                "SNS_BASE_URL" => return senders.variable(name),
                _ => {}
            }
            let given = given.get(name)?;
            match name {
                "EMAIL_QUEUE_URL" => return Some(system.sqs.url(&system.queue_name("email"))),
                "PUBLIC_URL" => return Some(PUBLIC_URL.to_owned()),
                "SENDGRID_WEBHOOK_KEY" | "SES_TOPIC_ARN" => return senders.variable(name),
                _ => {}
            }
            // `ORDERS_TABLE: !GetAtt Tables.Outputs.OrdersTableName` is shop-local-orders here.
            let output = written(given);
            let table = output.strip_prefix("!GetAtt Tables.Outputs.")?.strip_suffix("TableName")?;
            Some(format!("shop-local-{}", table.to_lowercase()))
        };
        let secret = Some(Secret::Plain(local::Options::default().jwt_secret));
        let tokens = TokenConfig { secret, ..TokenConfig::default() };
        let mut shop = Shop::new(&variables, Some(tokens), &tables, &tables, system.clock.clone()).expect("a shop");
        shop.sqs = system.workers.shop.sqs.clone();
        shop
    }

    async fn ask(&mut self, call: &str, body: &Value) -> (u16, Value) {
        let admin = self.shop.system.token(1, Role::Admin);
        self.ask_as(&admin, call, body).await
    }

    async fn ask_as(&mut self, token: &str, call: &str, body: &Value) -> (u16, Value) {
        // Each keyed by itself, so that answers are kept and looked up.
        let (token, key, text) = (format!("Bearer {token}"), format!("{:x}", api::clock::random()), body.to_string());
        let mut headers = vec![("authorization", token.as_str()), ("content-type", "application/json"), ("idempotency-key", &key)];
        let carrier = call.strip_prefix("POST /api/webhooks/").filter(|sender| ["dhl", "fedex", "ups"].contains(sender));
        let signed = carrier.map(|carrier| carrier_headers(&carrier.to_uppercase(), CARRIER_WEBHOOK_SECRET, text.as_bytes()));
        headers.extend(signed.iter().map(|(name, value)| (*name, value.as_str())));
        self.send(call, &headers, if call.starts_with("GET ") { Body::empty() } else { Body::from(text.clone()) }).await
    }

    /// A webhook, which its sender has signed.
    async fn told(&mut self, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) {
        let (status, answer) = self.send(&format!("POST {path}"), headers, body.into()).await;
        assert_eq!(status, 200, "{path}: {answer}");
    }

    async fn send(&mut self, call: &str, headers: &[(&str, &str)], body: Body) -> (u16, Value) {
        let (method, uri) = call.split_once(' ').expect("a method and a path");
        let parts = |path: &str| path.split('/').map(ToOwned::to_owned).collect::<Vec<_>>();
        let asked = parts(uri.split('?').next().unwrap_or_default());
        let matches = |path: &str| {
            let path = parts(path);
            path.len() == asked.len() && path.iter().zip(&asked).all(|(part, asked)| part.starts_with('{') || part == asked)
        };
        let endpoint = ENDPOINTS.iter().find(|endpoint| endpoint.path.is_some_and(matches)).unwrap_or_else(|| panic!("{uri}"));
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let app = api::serve::app((endpoint.routes)(), self.shop_of(endpoint.bin));
        let answer = app.oneshot(request.body(body).expect("a request")).await.expect("an answer");
        let status = answer.status().as_u16();
        let bytes = to_bytes(answer.into_body(), usize::MAX).await.expect("a body");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert!(status < 500, "template.yaml doesn't give {} what it needs for {call}: {text}", endpoint.bin);
        (status, serde_json::from_str(&text).unwrap_or_default())
    }

    /// That succeeds.
    async fn done(&mut self, call: &str, body: Value) -> Value {
        let (status, answer) = self.ask(call, &body).await;
        assert!(status < 300, "{call}: {answer}");
        answer
    }

    /// That is refused, which is when a kept answer is looked for.
    async fn refused(&mut self, call: &str, body: Value) {
        let (status, answer) = self.ask(call, &body).await;
        assert!((400..500).contains(&status), "{call}: {answer}");
    }

    /// A paid order that arrived.
    async fn delivered(&mut self, variant: &Value, quantity: u32) -> Value {
        let order = self.done("POST /api/orders", kit::body(&[(variant.as_u64().expect("an id"), quantity)])).await;
        let path = format!("PUT /api/orders/{}", order["id"]);
        self.done(&format!("{path}/payment"), json!({ "paymentStatus": "PAID" })).await;
        for step in ["CONFIRMED", "PROCESSING", "SHIPPED", "DELIVERED"] {
            self.done(&format!("{path}/status"), json!({ "newStatus": step })).await;
        }
        order
    }

    async fn order_with(&mut self, variant: &Value, code: &str) -> Value {
        let mut body = kit::body(&[(variant.as_u64().expect("an id"), 1)]);
        body["promotionCode"] = code.into();
        self.done("POST /api/orders", body).await
    }

    async fn promotion(&mut self, code: &str, limit: u32) -> Value {
        let body = self.shop.promotion_body(&json!({ "code": code, "usageLimit": limit }));
        self.done("POST /api/promotions", body).await["id"].clone()
    }

    async fn limit(&mut self, promotion: &Value, limit: u32) {
        self.done(&format!("PUT /api/promotions?id={promotion}"), json!({ "usageLimit": limit })).await;
    }

    async fn order(&mut self, variant: &Value, reference: Option<&str>) -> Value {
        let mut body = kit::body(&[(variant.as_u64().expect("an id"), 1)]);
        body["paymentReference"] = json!(reference);
        self.done("POST /api/orders", body).await
    }
}

impl Deployed {
    /// An order whose payment Stripe has got.
    async fn card_order(&mut self, intent: &str, cents: i64) -> Value {
        let variant = self.shop.variant("75", 10).await;
        self.shop.system.payments.card_payment(intent, cents, "USD");
        let mut body = kit::body(&[(variant, 1)]);
        (body["paymentMethod"], body["paymentReference"]) = (json!("CARD"), json!(intent));
        self.done("POST /api/orders", body).await
    }

    /// An event that Stripe has signed.
    async fn stripe_tells(&mut self, kind: &str, object: Value) {
        let event = json!({ "id": "evt_1", "type": kind, "data": { "object": object } }).to_string();
        let signature = stripe_signature(STRIPE_WEBHOOK_SECRET, self.shop.system.clock.now().seconds(), event.as_bytes());
        let request = Request::post("/api/webhooks/stripe").header("stripe-signature", signature).body(Body::from(event));
        let app = api::serve::app(webhooks::stripe::routes(), self.shop_of("webhooks-stripe"));
        let answer = app.oneshot(request.expect("a request")).await.expect("an answer");
        assert_eq!(answer.status(), 200, "{kind}");
    }
}

/// Every way of every function to the tables, once.
async fn everything(deployed: &mut Deployed) {
    let null = Value::Null;
    let variant = |sku: &str| json!({ "productId": 7, "sku": sku, "productName": "Robe", "price": 75, "stockQuantity": 50 });
    let made = deployed.done("PUT /api/inventory", json!({ "variants": [variant("A"), variant("B")] })).await;
    let (first, second) = (&made["variants"][0]["id"], &made["variants"][1]["id"]);
    deployed.done("PUT /api/inventory", json!({ "variants": [{ "id": second, "sku": "C" }] })).await;
    deployed.refused("PUT /api/inventory", json!({ "variants": [variant("A")] })).await;
    for query in [format!("id={first}"), "sku=A".to_owned(), "productId=7".to_owned(), String::new()] {
        deployed.done(&format!("GET /api/inventory?{query}"), null.clone()).await;
    }
    let adjust = |change: i64| json!({ "variantId": first, "quantityChange": change, "reason": "Counted", "changeType": "ADJUSTMENT" });
    deployed.done("PUT /api/inventory/adjust", adjust(1)).await;
    deployed.refused("PUT /api/inventory/adjust", adjust(-1000)).await;
    deployed.done(&format!("GET /api/inventory/{first}/history"), null.clone()).await;
    deployed.refused("GET /api/inventory/99/history", null.clone()).await;

    let order = deployed.order(first, Some("MP-1")).await;
    deployed.refused("POST /api/orders", kit::body(&[(99, 1)])).await;
    let (id, number) = (&order["id"], order["orderNumber"].as_str().expect("a number"));
    for query in
        [format!("id={id}"), format!("orderNumber={number}"), "customerId=4001".to_owned(), "status=PENDING".to_owned(), String::new()]
    {
        deployed.done(&format!("GET /api/orders?{query}"), null.clone()).await;
    }
    deployed.done(&format!("PUT /api/orders/{id}/payment"), json!({ "paymentStatus": "PAID", "reference": "MP-2" })).await;
    deployed.refused(&format!("PUT /api/orders/{id}/payment"), json!({ "paymentStatus": "FAILED" })).await;
    deployed.done(&format!("PUT /api/orders/{id}/status"), json!({ "newStatus": "CONFIRMED" })).await;
    deployed.refused(&format!("PUT /api/orders/{id}/status"), json!({ "newStatus": "DELIVERED" })).await;
    let cancel = json!({ "reason": "Changed my mind", "refundMethod": "STORE_CREDIT" });
    let cancelled = deployed.done(&format!("POST /api/orders/{id}/cancel"), cancel.clone()).await;
    deployed.refused(&format!("POST /api/orders/{id}/cancel"), cancel.clone()).await;
    deployed.done(&format!("GET /api/orders/{id}/history"), null.clone()).await;
    deployed.done(&format!("GET /api/orders/{id}/packing-slip"), null.clone()).await;

    // A paid order that staff cancel by its status, and a payment that comes after that.
    let (other, unpaid) = (deployed.order(second, None).await, deployed.order(second, None).await);
    deployed.done(&format!("PUT /api/orders/{}/payment", other["id"]), json!({ "paymentStatus": "PAID" })).await;
    for order in [&other, &unpaid] {
        deployed
            .done(&format!("PUT /api/orders/{}/status", order["id"]), json!({ "newStatus": "CANCELLED", "note": "Not to be had" }))
            .await;
    }
    deployed.done(&format!("PUT /api/orders/{}/payment", unpaid["id"]), json!({ "paymentStatus": "PAID" })).await;

    let kept = deployed.order(second, None).await;
    deployed.done(&format!("PUT /api/orders/{}/payment", kept["id"]), json!({ "paymentStatus": "PAID" })).await;
    deployed.done("POST /api/refunds", json!({ "orderId": kept["id"], "amount": 1, "reason": "Late" })).await;
    deployed.refused("POST /api/refunds", json!({ "orderId": kept["id"], "amount": 1000, "reason": "Late" })).await;
    let refund = &cancelled["refund"]["id"];
    for query in [format!("id={refund}"), format!("orderId={id}"), "status=PROCESSING".to_owned(), String::new()] {
        deployed.done(&format!("GET /api/refunds?{query}"), null.clone()).await;
    }
    deployed.done(&format!("PUT /api/refunds?id={refund}"), json!({ "status": "COMPLETED" })).await;
    deployed.refused(&format!("PUT /api/refunds?id={refund}"), json!({ "status": "PROCESSING" })).await;
    every_way_to_shipments(deployed, second).await;
    every_word_of_providers(deployed).await;
    deployed.done("GET /api/store-credit?customerId=4001", null.clone()).await;
    let unpaid = deployed.order(second, None).await["id"].clone();
    let redeem = |amount: u32| json!({ "customerId": 4001, "amount": amount, "orderId": unpaid, "note": "At the till" });
    deployed.done("POST /api/store-credit/redeem", redeem(10)).await;
    deployed.refused("POST /api/store-credit/redeem", redeem(9999)).await;
    templates(deployed).await;
    deployed.done("GET /api/health", null.clone()).await;
    every_return(deployed, second).await;
    promotions(deployed, first).await;
}

/// A return that is refunded, and one that is rejected after its pieces were put back into stock.
async fn every_return(deployed: &mut Deployed, variant: &Value) {
    let order = deployed.delivered(variant, 3).await;
    let line = &order["items"][0]["id"];
    let wanted =
        json!({ "orderId": order["id"], "reason": "Too big", "items": [{ "orderItemId": line, "quantity": 1, "condition": "UNOPENED" }] });
    let mut rmas = Vec::new();
    for _ in 0..2 {
        rmas.push(deployed.done("POST /api/returns", wanted.clone()).await["return"].clone());
    }
    let too_many =
        json!({ "orderId": order["id"], "reason": "Too big", "items": [{ "orderItemId": line, "quantity": 9, "condition": "UNOPENED" }] });
    deployed.refused("POST /api/returns", too_many).await;
    let (first, second) = (&rmas[0]["id"], &rmas[1]["id"]);
    for (rma, steps) in
        [(first, ["APPROVED", "RECEIVED", "REFUNDED", "COMPLETED"].as_slice()), (second, &["APPROVED", "RECEIVED", "REJECTED"])]
    {
        for step in steps {
            let notes = (*step == "REJECTED").then_some("Worn");
            deployed.done(&format!("PUT /api/returns?id={rma}"), json!({ "status": step, "notes": notes })).await;
        }
    }
    deployed.refused(&format!("PUT /api/returns?id={first}"), json!({ "status": "APPROVED" })).await;
    let number = rmas[0]["rmaNumber"].as_str().expect("a number");
    let by_order = format!("orderId={}", order["id"]);
    for query in [format!("id={first}"), format!("rmaNumber={number}"), by_order, "status=REJECTED".to_owned(), String::new()] {
        deployed.done(&format!("GET /api/returns?{query}"), Value::Null).await;
    }
    // A customer's own are read from an index of their own.
    let customer = deployed.shop.system.token(4001, Role::Customer);
    assert_eq!(deployed.ask_as(&customer, "GET /api/returns", &Value::Null).await.0, 200);
}

/// What payment providers tell of payments and refunds, ours and others.
async fn every_word_of_providers(deployed: &mut Deployed) {
    let payments = deployed.shop.system.payments.clone();
    let order = deployed.card_order("pi_told", 75_00).await;
    let intent = json!({ "id": "pi_told", "status": "succeeded", "amount_received": 75_00, "currency": "usd" });
    deployed.stripe_tells("payment_intent.succeeded", intent).await;
    let (_, now) = deployed.ask(&format!("GET /api/orders?id={}", order["id"]), &Value::Null).await;
    assert_eq!(now["paymentStatus"], "PAID");
    let made = payments.refund_by_hand("pi_told", 5_00, "succeeded");
    deployed.stripe_tells("refund.created", payments.stripe_object(&made)).await;

    // Of the next one the order's others are looked through.
    let next = payments.refund_by_hand("pi_told", 1_00, "succeeded");
    deployed.stripe_tells("refund.created", payments.stripe_object(&next)).await;

    // And of one whose order comes later.
    let early = payments.refund_by_hand("pi_early", 5_00, "succeeded");
    deployed.stripe_tells("refund.created", payments.stripe_object(&early)).await;
    deployed.card_order("pi_early", 75_00).await;
    let intent = json!({ "id": "pi_early", "status": "succeeded", "amount_received": 75_00, "currency": "usd" });
    deployed.stripe_tells("payment_intent.succeeded", intent).await;

    let deposit = "afb57b93-7849-49aa-babb-4c3ccbfe3d79";
    payments.deposit(deposit, 75_00, "USD", "COMPLETED");
    let variant = deployed.shop.variant("75", 10).await;
    let order = deployed.order(&json!(variant), Some(deposit)).await;
    deployed.done("POST /api/webhooks/pawapay", json!({ "depositId": deposit, "status": "COMPLETED" })).await;
    let (_, now) = deployed.ask(&format!("GET /api/orders?id={}", order["id"]), &Value::Null).await;
    assert_eq!(now["paymentStatus"], "PAID");
}

async fn promotions(deployed: &mut Deployed, variant: &Value) {
    let null = Value::Null;
    // Uses beyond a limit that was lowered: whoever cancels then has to look at the promotion.
    let few = deployed.promotion("FEW", 3).await;
    let (one, other) = (deployed.order_with(variant, "FEW").await, deployed.order_with(variant, "FEW").await);
    deployed.limit(&few, 1).await;
    deployed.done(&format!("POST /api/orders/{}/cancel", one["id"]), json!({ "reason": "No" })).await;
    let last = deployed.done(&format!("PUT /api/orders/{}/status", other["id"]), json!({ "newStatus": "CANCELLED", "note": "No" })).await;
    assert_eq!(last["order"]["status"], "CANCELLED");
    deployed.limit(&few, 2).await;
    let two = [deployed.order_with(variant, "FEW").await, deployed.order_with(variant, "FEW").await];
    deployed.limit(&few, 1).await;
    deployed.done(&format!("PUT /api/orders/{}/status", two[0]["id"]), json!({ "newStatus": "CANCELLED", "note": "No" })).await;

    // The last uses of many shards: whoever takes one or takes one away has to look at the others.
    let many = deployed.promotion("MANY", 1_001).await;
    deployed.limit(&many, 2).await;
    deployed.order_with(variant, "MANY").await;
    deployed.limit(&many, 1).await;
    let mut beyond = kit::body(&[(variant.as_u64().expect("an id"), 1)]);
    beyond["promotionCode"] = "MANY".into();
    deployed.refused("POST /api/orders", beyond).await;

    let again = deployed.shop.promotion_body(&json!({ "code": "FEW" }));
    deployed.refused("POST /api/promotions", again).await;
    for query in [format!("id={many}"), "code=few".to_owned(), "isActive=true".to_owned(), String::new()] {
        deployed.done(&format!("GET /api/promotions?{query}"), null.clone()).await;
    }
    let customer = deployed.shop.system.token(4001, Role::Customer);
    assert_eq!(deployed.ask_as(&customer, "GET /api/promotions", &null).await.0, 200);
    deployed.refused("POST /api/promotions/validate", json!({ "code": "FEW", "orderTotal": 10, "customerId": 9 })).await;
    deployed.done(&format!("DELETE /api/promotions?id={many}"), null).await;
}

async fn every_way_to_shipments(deployed: &mut Deployed, variant: &Value) {
    let order = deployed.order(variant, None).await;
    let parcel = |order: &Value, carrier: &str| {
        let address = json!({ "street": "12 avenue de la Paix", "city": "Kinshasa", "country": "CD" });
        json!({ "orderId": order["id"], "carrier": carrier, "recipientName": "Grâce Mbuyi", "recipientPhone": "+243812345678",
            "shippingAddress": address, "weight": 1 })
    };
    deployed.refused("POST /api/shipments", parcel(&order, "LOCAL")).await;
    deployed.done(&format!("PUT /api/orders/{}/status", order["id"]), json!({ "newStatus": "CONFIRMED" })).await;
    let shipment = deployed.done("POST /api/shipments", parcel(&order, "LOCAL")).await;
    let (id, number) = (&shipment["id"], shipment["trackingNumber"].as_str().expect("a number"));
    let lists = ["orderId=".to_owned() + &order["id"].to_string(), "status=PENDING".to_owned(), "carrier=LOCAL".to_owned()];
    for query in [format!("id={id}"), format!("trackingNumber={number}")].into_iter().chain(lists) {
        deployed.done(&format!("GET /api/shipments?{query}"), Value::Null).await;
    }
    let customer = deployed.shop.system.token(4001, Role::Customer);
    assert_eq!(deployed.ask_as(&customer, "GET /api/shipments", &Value::Null).await.0, 200);
    let put = format!("PUT /api/shipments?id={id}");
    // The first takes the place of one of ours, which stays; the second of one that doesn't.
    for number in ["BUS-1", "BUS-2"] {
        deployed.done(&put, json!({ "trackingNumber": number })).await;
    }
    deployed.done(&put, json!({ "status": "DELIVERED" })).await;
    deployed.refused(&put, json!({ "status": "PENDING" })).await;

    let order = deployed.order(variant, None).await;
    deployed.done(&format!("PUT /api/orders/{}/status", order["id"]), json!({ "newStatus": "CONFIRMED" })).await;
    deployed.done("POST /api/shipments", parcel(&order, "DHL")).await;
    for carrier in ["DHL", "FEDEX", "UPS"] {
        let order = deployed.order(variant, None).await;
        deployed.done(&format!("PUT /api/orders/{}/status", order["id"]), json!({ "newStatus": "CONFIRMED" })).await;
        let shipment = deployed.done("POST /api/shipments", parcel(&order, carrier)).await;
        let number = json!({ "trackingNumber": format!("{carrier}-1") });
        deployed.done(&format!("PUT /api/shipments?id={}", shipment["id"]), number.clone()).await;
        deployed.done(&format!("POST /api/webhooks/{}", carrier.to_lowercase()), number).await;
    }
}

/// The shop's own templates, one of which its messages are made from.
async fn templates(deployed: &mut Deployed) {
    let template = |code: &str| json!({ "code": code, "name": "Own", "subject": "{{orderNumber}}", "htmlContent": "<p>{{shopName}}</p>" });
    let made = deployed.done("POST /api/email-templates", template("ORDER_CONFIRMATION")).await;
    deployed.refused("POST /api/email-templates", template("ORDER_CONFIRMATION")).await;
    let gone = deployed.done("POST /api/email-templates", template("HELLO")).await;
    deployed.done(&format!("PUT /api/email-templates?id={}", made["id"]), json!({ "name": "Ours" })).await;
    deployed.done(&format!("DELETE /api/email-templates?id={}", gone["id"]), Value::Null).await;
    for query in [format!("id={}", made["id"]), "code=HELLO&version=1".to_owned(), "code=HELLO&versions=true".to_owned(), String::new()] {
        deployed.done(&format!("GET /api/email-templates?{query}"), Value::Null).await;
    }
    let values = json!({ "code": "ORDER_CONFIRMATION", "variables": { "orderNumber": "1", "shopName": "x" }, "send": true });
    deployed.done("POST /api/email-templates/preview", values).await;
    deployed.refused("POST /api/email-templates/preview", json!({ "code": "HELLO", "send": true })).await;
    // An answer of more than one item, kept and asked for again.
    let large = "\t".repeat(100_000);
    let template = json!({ "code": "LARGE", "name": "Large", "subject": "x", "htmlContent": "<p>{{a}}{{a}}</p>", "textContent": "{{a}}" });
    deployed.done("POST /api/email-templates", template).await;
    let body = json!({ "code": "LARGE", "variables": { "a": large }, "send": true }).to_string();
    let token = format!("Bearer {}", deployed.shop.system.token(1, Role::Admin));
    let headers = [("authorization", token.as_str()), ("content-type", "application/json"), ("idempotency-key", "large")];
    for _ in 0..2 {
        let (status, answer) = deployed.send("POST /api/email-templates/preview", &headers, Body::from(body.clone())).await;
        assert!(status == 200 && answer.to_string().len() > 400_000, "{status}: {} bytes", answer.to_string().len());
    }
}

/// Every worker, each job twice: a redelivery asks for more than the first time.
async fn every_job_twice(deployed: &mut Deployed) {
    // An order whose refund nobody has carried out yet, so that the worker does.
    let variant = deployed.shop.variant("75", 10).await;
    let order = deployed.order(&json!(variant), None).await;
    deployed.done(&format!("PUT /api/orders/{}/payment", order["id"]), json!({ "paymentStatus": "PAID" })).await;
    deployed.done(&format!("POST /api/orders/{}/cancel", order["id"]), json!({ "reason": "No", "refundMethod": "STORE_CREDIT" })).await;

    // One that goes through its provider.
    let order = deployed.card_order("pi_grants", 75_00).await;
    deployed.done(&format!("PUT /api/orders/{}/payment", order["id"]), json!({ "paymentStatus": "PAID" })).await;
    deployed.done("POST /api/refunds", json!({ "orderId": order["id"], "amount": 5, "reason": "Late" })).await;

    let [relays, logs, mails, texts, refunds, shipments] =
        ["relay", "inventory-log", "send-email", "send-sms", "process-refund", "book-shipment"].map(|bin| deployed.shop_of(bin));
    let system = &deployed.shop.system;
    let now = system.clock.now();
    let hour = json!({ "relayHour": now.0 });
    let relayed = relay::handle(&system.workers.queues, &Metrics::default(), &relays.store, &system.clock, hour).await.expect("relayed");
    assert!(relayed["relayed"].as_u64() > Some(0));
    let email = Desk { store: mails.store, ..system.workers.email.clone() };
    let sms = Desk { store: texts.store, ..system.workers.sms.clone() };
    let (templates, country) = (system.workers.templates.clone(), system.workers.country);
    let mut events = Vec::new();
    for table in EVENT_TABLES {
        let listed = system.store().events_in_hour(table, now, PageRequest::new(100, None)).await.expect("events").items;
        events.extend(listed.into_iter().map(|listed| listed.record.expect("an event")));
    }
    for job in events.iter().flat_map(Event::jobs) {
        for late in [false, true] {
            match overdue(job.clone(), late) {
                Job::Email(job) => drop(send_email::send(&email, &templates, job).await),
                Job::Sms(job) => drop(send_sms::send(&sms, country, job).await),
                Job::Refund(job) => drop(process_refund::process(&refunds, job).await),
                Job::Shipment(job) => drop(book_shipment::book(&shipments, &system.workers.carriers, job).await),
            }
        }
    }
    let template = &deployed.template;
    let pattern = text(&template.root["Resources"]["InventoryLogMapping"]["Properties"]["FilterCriteria"]["Filters"][0]["Pattern"]);
    let filters = vec![Filter::parse(&pattern).expect("a filter")];
    let mut stream = StreamReader::new(system.dynamodb.database().clone(), "shop-local-inventory", filters).expect("a stream");
    let batch = stream.next_batch(100).expect("a batch").expect("changes");
    for _ in 0..2 {
        let response = inventory_log::log(&logs.store, &logs.clock, batch.event.clone()).await;
        assert!(response.batch_item_failures.is_empty());
    }
    let log = deployed.done(&format!("GET /api/notifications?orderId={}", order["id"]), Value::Null).await;
    for message in log.as_array().expect("a list") {
        deployed.done(&format!("POST /api/notifications/{}/resend", message["id"]), json!({ "liftSuppression": true })).await;
    }
    deployed.refused("POST /api/notifications/99/resend", json!({})).await;
    let events = deployed.shop.system.store().events_in_hour(Table::Orders, now, PageRequest::new(100, None)).await.expect("events");
    let events: Vec<Event> = events.items.into_iter().map(|listed| listed.record.expect("an event")).collect();
    for job in events.iter().filter(|event| event.message_due.is_some()).flat_map(Event::jobs) {
        match job {
            Job::Email(job) => drop(send_email::send(&email, &templates, job).await),
            Job::Sms(job) => drop(send_sms::send(&sms, country, job).await),
            Job::Refund(_) | Job::Shipment(_) => unreachable!("a message is neither"),
        }
    }
    for query in [format!("orderId={}", order["id"]), "customerId=4001".to_owned(), "status=SENT".to_owned(), String::new()] {
        deployed.done(&format!("GET /api/notifications?{query}"), Value::Null).await;
    }
}

/// Every provider of messages, telling of some: one arrived, one came back for good.
async fn every_provider(deployed: &mut Deployed) {
    let log = deployed.done("GET /api/notifications?status=SENT", Value::Null).await;
    let of_channel =
        |channel: &str| log.as_array().expect("a list").iter().find(|message| message["type"] == channel).expect("one").clone();
    let (email, sms) = (of_channel("EMAIL"), of_channel("SMS"));
    let now = deployed.shop.system.clock.now().seconds();

    let path = format!("/api/webhooks/twilio?notification={}", sms["id"]);
    let sid = sms["providerId"].as_str().expect("a sid");
    let signature =
        twilio_signature(TWILIO_AUTH_TOKEN, &format!("{PUBLIC_URL}{path}"), &[("MessageSid", sid), ("MessageStatus", "delivered")]);
    deployed.told(&path, &[("x-twilio-signature", &signature)], format!("MessageSid={sid}&MessageStatus=delivered")).await;

    let id = email["providerId"].as_str().expect("an id").to_owned();
    let number = email["id"].as_u64().expect("an id");
    let bounce = json!({ "bounceType": "Permanent", "bouncedRecipients": [] });
    let arrived = deployed.senders.sns_signs(now, &ses_event(number, &id, "Delivery", json!({})).to_string());
    let bounced = deployed.senders.sns_signs(now, &ses_event(number, &id, "Bounce", bounce).to_string());
    let dropped = json!([{ "event": "bounce", "sg_message_id": id, "notification": number.to_string() }]);
    let delivery = deployed.senders.send_grid_signs(now, dropped.to_string().into_bytes());
    let headers = [
        ("x-twilio-email-event-webhook-signature", delivery.signature.as_str()),
        ("x-twilio-email-event-webhook-timestamp", delivery.timestamp.as_str()),
    ];
    // The first to tell of the same writes; the other finds it written.
    deployed.told("/api/webhooks/ses", &[], arrived.to_string()).await;
    deployed.told("/api/webhooks/sendgrid", &headers, delivery.body.clone()).await;
    deployed.told("/api/webhooks/ses", &[], bounced.to_string()).await;
}

/// Every schedule, with something to do.
async fn every_schedule(deployed: &mut Deployed) {
    let variant = deployed.shop.variant("75", 10).await;
    let unpaid = deployed.order(&json!(variant), None).await;
    let early = deployed.shop.system.payments.refund_by_hand("pi_schedule", 5_00, "succeeded");
    deployed.stripe_tells("refund.created", deployed.shop.system.payments.stripe_object(&early)).await;
    deployed.card_order("pi_schedule", 75_00).await;
    deployed.shop.system.clock.advance(Duration::from_mins(3));
    assert_eq!(ask_providers::run(&deployed.shop_of("ask-providers")).await.changed, 2, "a refund, and its payment");
    let order = deployed.order(&json!(variant), None).await;
    deployed.done(&format!("PUT /api/orders/{}/payment", order["id"]), json!({ "paymentStatus": "PAID" })).await;
    deployed.done(&format!("POST /api/orders/{}/cancel", order["id"]), json!({ "reason": "No", "refundMethod": "STORE_CREDIT" })).await;
    deployed.shop.system.clock.advance(Duration::from_mins(16));
    assert_eq!(ask_providers::run(&deployed.shop_of("ask-providers")).await.changed, 1, "a refund whose job is lost");
    let promotion = deployed.promotion("UNPAID", 2).await;
    for _ in 0..2 {
        deployed.order_with(&json!(variant), "UNPAID").await;
    }
    deployed.limit(&promotion, 1).await;
    deployed.shop.system.clock.advance(Duration::from_hours(73));
    assert!(cancel_unpaid_orders::run(&deployed.shop_of("cancel-unpaid-orders")).await.changed > 0);
    let (_, order) = deployed.ask(&format!("GET /api/orders?id={}", unpaid["id"]), &Value::Null).await;
    assert_eq!(order["status"], "CANCELLED");

    let booked = deployed.shop.system.carriers.parcels().pop().expect("a parcel");
    deployed.shop.system.carriers.scan(&booked.number, "PU", "Picked up", "Kinshasa");
    let carriers = deployed.shop.system.workers.carriers.clone();
    let tracked = Box::pin(track_shipments::run(&deployed.shop_of("track-shipments"), &carriers)).await;
    assert!(tracked.changed == 1 && tracked.seen > 1, "{tracked:?}");

    let order = deployed.delivered(&json!(variant), 1).await;
    let items = json!([{ "orderItemId": order["items"][0]["id"], "quantity": 1, "condition": "UNOPENED" }]);
    let rma =
        deployed.done("POST /api/returns", json!({ "orderId": order["id"], "reason": "Too big", "items": items })).await["return"].clone();
    deployed.done(&format!("PUT /api/returns?id={}", rma["id"]), json!({ "status": "APPROVED" })).await;
    deployed.shop.system.clock.advance(Duration::from_hours(24 * 30));
    assert!(reject_late_returns::run(&deployed.shop_of("reject-late-returns")).await.changed > 0);
}

/// The job as it is, or as it would be after a long outage.
fn overdue(job: Job, late: bool) -> Job {
    let at = |job: MessageJob| MessageJob { at: if late { Timestamp(1) } else { job.at }, ..job };
    match job {
        Job::Email(job) => Job::Email(at(job)),
        Job::Sms(job) => Job::Sms(at(job)),
        other @ (Job::Refund(_) | Job::Shipment(_)) => other,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_function_may_do_to_the_tables_what_it_does_and_nothing_else() {
    let mut deployed = Deployed::start().await;
    everything(&mut deployed).await;
    Box::pin(every_job_twice(&mut deployed)).await;
    every_provider(&mut deployed).await;
    Box::pin(every_schedule(&mut deployed)).await;

    let mut complaints = Vec::new();
    for bin in ENDPOINTS.iter().map(|endpoint| endpoint.bin).chain(WORKERS.iter().copied()).chain(SCHEDULES.iter().copied()) {
        let name = camel(bin) + "Function";
        let function = &deployed.template.resource(&name).expect("a function")["Properties"];
        let used = deployed.used.get(bin).map(|used| used.lock().expect("no panic").clone()).unwrap_or_default();
        let allowed = allowed(function);
        // Of a race, whoever keeps an answer may have to read the one that was kept before.
        if ["PutItem", "GetItem"].map(|action| allowed.contains(&format!("dynamodb:{action} on IdempotencyTable"))) == [true, false] {
            complaints.push(format!("template.yaml: {name} keeps answers and may read none"));
        }
        complaints.extend(used.difference(&allowed).map(|grant| format!("template.yaml: {name} may not {grant}, and does")));
        complaints.extend(allowed.difference(&used).map(|grant| format!("template.yaml: {name} may {grant}, and never does in this test")));
        for table in Table::ALL.map(Table::variable) {
            let given = function["Environment"]["Variables"].get(table).is_some();
            let name_of = camel(&table.trim_end_matches("_TABLE").to_lowercase()) + "Table";
            if given && !used.iter().any(|grant| grant.contains(&name_of)) {
                complaints.push(format!("template.yaml: {name} is given {table}, and never uses it in this test"));
            }
        }
    }
    none(&complaints);
}
