//! Who may do what: every endpoint and method, by every caller.

use crate::kit::{CUSTOMER, Caller, LocalShop, back, body, shipment_body};
use domain::actor::Role;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What is asked for; each caller asks it of records of its own.
#[derive(Clone)]
struct Ask {
    method: Method,
    path: &'static str,
    /// The path and body for a fresh order, its refund and its variant.
    with: fn(&Records) -> (String, Value),
}

struct Records {
    /// A number that no call before had.
    n: usize,
    template: u64,
    message: u64,
    order: u64,
    /// One that is paid, with more than all of this takes.
    paid: u64,
    refund: u64,
    shipment: u64,
    variant: u64,
    /// A delivered order, its line, and a return of it.
    delivered: (u64, u64),
    rma: u64,
    promotion: u64,
    /// The numbers of an order, of a return and of a parcel.
    numbers: [String; 3],
}

impl Records {
    /// New records of those that a call uses up.
    async fn renew(&mut self, shop: &LocalShop, ask: &Ask) {
        self.n += 1;
        if ask.path.starts_with("/api/orders") || ask.path == "/api/shipments" {
            self.order = place(shop, self.variant).await;
        }
        if ask.path == "/api/shipments" && ask.method == Method::POST {
            shop.staff().put(&format!("/api/orders/{}/status", self.order), &json!({ "newStatus": "CONFIRMED" })).await.ok();
        }
        if ask.path.starts_with("/api/returns") {
            self.rma = ask_back(shop, self.delivered).await;
        }
        shop.settled().await;
    }
}

/// Nobody · bad token · the owner · another customer · `SALES_STAFF` · `INVENTORY_MANAGER` · `STAFF` · `ADMIN`.
type Expected = [u16; 8];

const ANYBODY: Expected = [200; 8];
const OWNER_AND_STAFF: Expected = [401, 401, 200, 403, 200, 200, 200, 200];
const OWN_AND_STAFF: Expected = [401, 401, 200, 200, 200, 200, 200, 200];
const STAFF: Expected = [401, 401, 403, 403, 200, 200, 200, 200];
const KEEPERS: Expected = [401, 401, 403, 403, 403, 200, 403, 200];
const ADMINS: Expected = [401, 401, 403, 403, 403, 403, 403, 200];
/// Whoever holds a token is no sender of webhooks.
const SENDER_ALONE: Expected = [401; 8];

/// The same callers where success is 201.
const fn created(expected: Expected) -> Expected {
    let mut created = expected;
    let mut n = 0;
    while n < created.len() {
        if created[n] == 200 {
            created[n] = 201;
        }
        n += 1;
    }
    created
}

fn get(path: &'static str, with: fn(&Records) -> (String, Value)) -> Ask {
    Ask { method: Method::GET, path, with }
}

fn post(path: &'static str, with: fn(&Records) -> (String, Value)) -> Ask {
    Ask { method: Method::POST, path, with }
}

fn put(path: &'static str, with: fn(&Records) -> (String, Value)) -> Ask {
    Ask { method: Method::PUT, path, with }
}

fn delete(path: &'static str, with: fn(&Records) -> (String, Value)) -> Ask {
    Ask { method: Method::DELETE, path, with }
}

fn table() -> Vec<(Ask, Expected)> {
    [orders_refunds_and_shipments(), returns_and_promotions(), stock_credit_and_messages(), webhooks_and_documents()].concat()
}

fn orders_refunds_and_shipments() -> Vec<(Ask, Expected)> {
    vec![
        (get("/api/orders", |_| ("/api/orders?limit=1".to_owned(), Value::Null)), OWN_AND_STAFF),
        (get("/api/orders", |r| (format!("/api/orders?id={}", r.order), Value::Null)), OWNER_AND_STAFF),
        (get("/api/orders", |_| (format!("/api/orders?limit=1&customerId={CUSTOMER}"), Value::Null)), OWNER_AND_STAFF),
        (get("/api/orders", |r| (format!("/api/orders?orderNumber={}", r.numbers[0]), Value::Null)), OWNER_AND_STAFF),
        (post("/api/orders", |r| ("/api/orders".to_owned(), body(&[(r.variant, 1)]))), created(OWNER_AND_STAFF)),
        (put("/api/orders/{orderId}/status", |r| (format!("/api/orders/{}/status", r.order), json!({ "newStatus": "CONFIRMED" }))), STAFF),
        (put("/api/orders/{orderId}/payment", |r| (format!("/api/orders/{}/payment", r.order), json!({ "paymentStatus": "PAID" }))), STAFF),
        (post("/api/orders/{orderId}/cancel", |r| (format!("/api/orders/{}/cancel", r.order), json!({ "reason": "x" }))), OWNER_AND_STAFF),
        (get("/api/orders/{orderId}/history", |r| (format!("/api/orders/{}/history", r.order), Value::Null)), STAFF),
        (get("/api/orders/{orderId}/packing-slip", |r| (format!("/api/orders/{}/packing-slip", r.order), Value::Null)), STAFF),
        (get("/api/refunds", |_| ("/api/refunds".to_owned(), Value::Null)), STAFF),
        (get("/api/refunds", |r| (format!("/api/refunds?id={}", r.refund), Value::Null)), STAFF),
        (
            post("/api/refunds", |r| ("/api/refunds".to_owned(), json!({ "orderId": r.paid, "reason": "x", "amount": 0.01 }))),
            created(ADMINS),
        ),
        (put("/api/refunds", |r| (format!("/api/refunds?id={}", r.refund), json!({ "notes": "x" }))), ADMINS),
        (get("/api/shipments", |_| ("/api/shipments?limit=1".to_owned(), Value::Null)), OWN_AND_STAFF),
        (get("/api/shipments", |r| (format!("/api/shipments?id={}", r.shipment), Value::Null)), OWNER_AND_STAFF),
        (get("/api/shipments", |r| (format!("/api/shipments?trackingNumber={}", r.numbers[2]), Value::Null)), OWNER_AND_STAFF),
        (post("/api/shipments", |r| ("/api/shipments".to_owned(), shipment_body(r.order, "LOCAL"))), created(STAFF)),
        (put("/api/shipments", |r| (format!("/api/shipments?id={}", r.shipment), json!({ "weight": 1.5 }))), STAFF),
    ]
}

fn returns_and_promotions() -> Vec<(Ask, Expected)> {
    vec![
        (get("/api/returns", |_| ("/api/returns?limit=1".to_owned(), Value::Null)), OWN_AND_STAFF),
        (get("/api/returns", |r| (format!("/api/returns?id={}", r.rma), Value::Null)), OWNER_AND_STAFF),
        (get("/api/returns", |r| (format!("/api/returns?rmaNumber={}", r.numbers[1]), Value::Null)), OWNER_AND_STAFF),
        (
            post("/api/returns", |r| {
                let items = json!([{ "orderItemId": r.delivered.1, "quantity": 1, "condition": "UNOPENED" }]);
                ("/api/returns".to_owned(), json!({ "orderId": r.delivered.0, "reason": "x", "items": items }))
            }),
            created(OWNER_AND_STAFF),
        ),
        (put("/api/returns", |r| (format!("/api/returns?id={}", r.rma), json!({ "status": "APPROVED" }))), STAFF),
        (get("/api/promotions", |_| ("/api/promotions".to_owned(), Value::Null)), OWN_AND_STAFF),
        (get("/api/promotions", |r| (format!("/api/promotions?id={}", r.promotion), Value::Null)), OWN_AND_STAFF),
        (
            post("/api/promotions", |_| {
                let body = json!({ "code": "NEW", "name": "x", "type": "PERCENTAGE", "value": 1, "startDate": 1, "endDate": 2 });
                ("/api/promotions".to_owned(), body)
            }),
            created(ADMINS),
        ),
        (put("/api/promotions", |r| (format!("/api/promotions?id={}", r.promotion), json!({ "name": "x" }))), ADMINS),
        (
            post("/api/promotions/validate", |_| {
                ("/api/promotions/validate".to_owned(), json!({ "code": "SAVE20", "orderTotal": 10, "customerId": CUSTOMER }))
            }),
            OWNER_AND_STAFF,
        ),
        (
            post("/api/promotions/validate", |_| ("/api/promotions/validate".to_owned(), json!({ "code": "SAVE20", "orderTotal": 10 }))),
            OWN_AND_STAFF,
        ),
        (delete("/api/promotions", |r| (format!("/api/promotions?id={}", r.promotion), Value::Null)), ADMINS),
    ]
}

fn stock_credit_and_messages() -> Vec<(Ask, Expected)> {
    vec![
        (get("/api/inventory", |_| ("/api/inventory".to_owned(), Value::Null)), STAFF),
        (get("/api/inventory", |r| (format!("/api/inventory?id={}", r.variant), Value::Null)), STAFF),
        (put("/api/inventory", |r| ("/api/inventory".to_owned(), json!({ "variants": [{ "id": r.variant, "isActive": true }] }))), KEEPERS),
        (
            put("/api/inventory/adjust", |r| {
                let body = json!({ "variantId": r.variant, "quantityChange": 1, "reason": "x", "changeType": "RESTOCK" });
                ("/api/inventory/adjust".to_owned(), body)
            }),
            KEEPERS,
        ),
        (get("/api/inventory/{variantId}/history", |r| (format!("/api/inventory/{}/history", r.variant), Value::Null)), STAFF),
        (get("/api/store-credit", |_| (format!("/api/store-credit?customerId={CUSTOMER}"), Value::Null)), OWNER_AND_STAFF),
        (
            post("/api/store-credit/redeem", |_| {
                let body = json!({ "customerId": CUSTOMER, "amount": 1, "note": "x" });
                ("/api/store-credit/redeem".to_owned(), body)
            }),
            created(STAFF),
        ),
        (get("/api/notifications", |_| ("/api/notifications".to_owned(), Value::Null)), STAFF),
        (post("/api/notifications/{id}/resend", |r| (format!("/api/notifications/{}/resend", r.message), json!({}))), created(ADMINS)),
        (get("/api/email-templates", |_| ("/api/email-templates".to_owned(), Value::Null)), STAFF),
        (get("/api/email-templates", |r| (format!("/api/email-templates?id={}", r.template), Value::Null)), STAFF),
        (post("/api/email-templates", |r| ("/api/email-templates".to_owned(), template(&format!("CODE_{}", r.n)))), created(ADMINS)),
        (put("/api/email-templates", |r| (format!("/api/email-templates?id={}", r.template), json!({ "name": "x" }))), ADMINS),
        (
            Ask {
                method: Method::DELETE,
                path: "/api/email-templates",
                with: |r| (format!("/api/email-templates?id={}", r.template), Value::Null),
            },
            ADMINS,
        ),
        (
            post("/api/email-templates/preview", |_| {
                ("/api/email-templates/preview".to_owned(), json!({ "code": "HELLO", "variables": { "name": "x" } }))
            }),
            STAFF,
        ),
    ]
}

fn webhooks_and_documents() -> Vec<(Ask, Expected)> {
    vec![
        // In a shop without pawaPay's key anybody may say so, and pawaPay is asked whether it is true.
        (post("/api/webhooks/pawapay", |_| ("/api/webhooks/pawapay".to_owned(), json!({ "status": "COMPLETED" }))), ANYBODY),
        (post("/api/webhooks/stripe", |_| ("/api/webhooks/stripe".to_owned(), json!({ "id": "evt_1", "type": "x" }))), SENDER_ALONE),
        (post("/api/webhooks/dhl", |_| ("/api/webhooks/dhl".to_owned(), json!({ "trackingNumber": "1" }))), SENDER_ALONE),
        (post("/api/webhooks/fedex", |_| ("/api/webhooks/fedex".to_owned(), json!({ "trackingNumber": "1" }))), SENDER_ALONE),
        (post("/api/webhooks/ups", |_| ("/api/webhooks/ups".to_owned(), json!({ "trackingNumber": "1" }))), SENDER_ALONE),
        (post("/api/webhooks/twilio", |_| ("/api/webhooks/twilio?notification=1".to_owned(), json!({}))), SENDER_ALONE),
        (post("/api/webhooks/sendgrid", |_| ("/api/webhooks/sendgrid".to_owned(), json!([]))), SENDER_ALONE),
        (post("/api/webhooks/ses", |_| ("/api/webhooks/ses".to_owned(), json!({ "Type": "Notification" }))), SENDER_ALONE),
        (get("/api/health", |_| ("/api/health".to_owned(), Value::Null)), ANYBODY),
        (get("/api/openapi.json", |_| ("/api/openapi.json".to_owned(), Value::Null)), ANYBODY),
        (get("/api/docs", |_| ("/api/docs".to_owned(), Value::Null)), ANYBODY),
        (get("/api/docs/{file}", |_| ("/api/docs/start.js".to_owned(), Value::Null)), ANYBODY),
    ]
}

fn template(code: &str) -> Value {
    json!({ "code": code, "name": "Hello", "subject": "Hello {{name}}", "htmlContent": "<p>{{name}}</p>" })
}

fn callers(shop: &LocalShop) -> [(&'static str, Caller); 8] {
    let forged = local::token::of("another-secret-of-at-least-thirty-two-bytes", 1, Role::Admin, shop.system.clock.now().seconds());
    [
        ("nobody", shop.nobody()),
        ("a bad token", shop.with_token(Some(forged))),
        ("the owner", shop.customer(CUSTOMER)),
        ("another customer", shop.customer(CUSTOMER + 1)),
        ("SALES_STAFF", shop.as_role(2, Role::SalesStaff)),
        ("INVENTORY_MANAGER", shop.as_role(3, Role::InventoryManager)),
        ("STAFF", shop.as_role(5, Role::Staff)),
        ("ADMIN", shop.admin()),
    ]
}

/// An order of nobody who could be written to, so that no message is on its way while the next is placed.
async fn place(shop: &LocalShop, variant: u64) -> u64 {
    let mut order = body(&[(variant, 1)]);
    order["customer"] = json!({ "firstName": "Ada", "lastName": "Ilunga" });
    shop.staff().post("/api/orders", &order).await.ok()["id"].as_u64().expect("an id")
}

/// A return of a piece.
async fn ask_back(shop: &LocalShop, (order, line): (u64, u64)) -> u64 {
    let items = json!([{ "orderItemId": line, "quantity": 1, "condition": "UNOPENED" }]);
    let asked = shop.staff().post("/api/returns", &json!({ "orderId": order, "reason": "x", "items": items })).await.ok();
    asked["return"]["id"].as_u64().expect("an id")
}

#[tokio::test]
async fn everybody_reaches_what_they_may_and_nothing_else() {
    let shop = LocalShop::start().await;
    let credit = shop.order().price("100.00").paid().place().await;
    let refund = shop.customer(CUSTOMER).post(&credit.path("cancel"), &json!({ "reason": "x", "refundMethod": "STORE_CREDIT" })).await;
    let refund = refund.ok()["refund"]["id"].as_u64().expect("an id");
    shop.settled().await;
    let shipped = shop.order().through(&["CONFIRMED"]).place().await;
    let shipment = shop.ship(&shipped, "LOCAL").await;
    shop.change_shipment(&shipment, &json!({ "trackingNumber": "X-1" })).await.ok();
    let shipment = shipment["id"].as_u64().expect("an id");
    let paid = shop.order().paid().place().await;
    let variant = shop.variant("1.00", 1000).await;
    let promotion = shop.promotion(json!({})).await["id"].as_u64().expect("an id");
    let order = place(&shop, variant).await;
    let made = shop.admin().post("/api/email-templates", &template("HELLO")).await.ok();
    let template = made["id"].as_u64().expect("an id");
    let message = shop.messages_of(credit.id).await[0]["id"].as_u64().expect("an id");
    let unreachable = json!({ "firstName": "Ada", "lastName": "Ilunga" });
    let delivered = shop.order().quantity(50).stock(100).with("customer", unreachable).delivered().place().await;
    let delivered = (delivered.id, delivered.line(0));
    let rma = ask_back(&shop, delivered).await;
    let numbers = [paid.body["orderNumber"].clone(), shop.return_now(rma).await["rmaNumber"].clone(), json!("X-1")];
    let numbers = numbers.map(|number| number.as_str().expect("a number").to_owned());
    let paid = paid.id;
    let mut records = Records { n: 0, template, message, order, paid, refund, shipment, variant, delivered, rma, promotion, numbers };

    for (ask, expected) in table() {
        // What was refused has used nothing up, so that the next caller can be refused the same.
        let mut is_used = true;
        for ((who, caller), expected) in callers(&shop).into_iter().zip(expected) {
            if std::mem::take(&mut is_used) {
                records.renew(&shop, &ask).await;
            }
            let (path, body) = (ask.with)(&records);
            let body = (!body.is_null()).then(|| body.to_string().into_bytes());
            let before = shop.system.store().meter().total();
            let answer = caller.send(ask.method.clone(), &path, body).await;
            assert_eq!(answer.status, expected, "{} {path} by {who}: {}", ask.method, answer.text);
            match expected {
                401 if ask.path.starts_with("/api/webhooks/") => answer.refused(401, "INVALID_SIGNATURE"),
                401 => answer.refused(401, "UNAUTHORIZED"),
                403 => answer.refused(403, "FORBIDDEN"),
                _ => {
                    is_used = ask.method != Method::GET;
                    continue;
                }
            }
            let wrote = shop.system.store().meter().total().since(before).write_milliunits;
            assert_eq!(wrote, 0, "{path} by {who} was refused and something was written");
        }
    }
}

#[tokio::test]
async fn of_what_is_another_customer_s_a_refusal_says_no_more_than_of_any_other_and_a_list_is_as_of_none() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().quantity(2).delivered().place().await;
    let rma = shop.rma(&order, 0, 1).await;
    let shipped = shop.order().through(&["CONFIRMED"]).place().await;
    let parcel = shop.ship(&shipped, "LOCAL").await;
    shop.change_shipment(&parcel, &json!({ "trackingNumber": "X-1" })).await.ok();
    let other = shop.customer(CUSTOMER + 1);
    let (number, rma_number) = (&order.body["orderNumber"], &shop.return_now(rma).await["rmaNumber"]);
    let plain = |text: &Value| text.as_str().expect("a number").to_owned();

    let mut said = BTreeSet::new();
    for path in [
        format!("/api/orders?id={}", order.id),
        format!("/api/orders?orderNumber={}", plain(number)),
        format!("/api/returns?id={rma}"),
        format!("/api/returns?rmaNumber={}", plain(rma_number)),
        format!("/api/shipments?id={}", parcel["id"]),
        "/api/shipments?trackingNumber=X-1".to_owned(),
        format!("/api/store-credit?customerId={CUSTOMER}"),
        format!("/api/orders?customerId={CUSTOMER}"),
    ] {
        let answer = other.get(&path).await;
        answer.refused(403, "FORBIDDEN");
        assert_eq!(answer.header("etag"), "", "{path}");
        said.insert(plain(&answer.body["detail"]));
    }
    assert_eq!(said.len(), 1, "{said:?}");
    for list in ["returns", "shipments"] {
        let of = async |id: u64| other.get(&format!("/api/{list}?orderId={id}")).await;
        for id in [order.id, shipped.id] {
            let (theirs, nobodys) = (of(id).await, of(123).await);
            assert_eq!((theirs.status, &theirs.text, theirs.header("link")), (200, &nobodys.text, ""), "{list}");
            assert_eq!(theirs.text, "[]");
        }
    }

    // Nor does anything become of what another's record is named in.
    let wanted = json!({ "orderId": order.id, "reason": "x", "items": [back(order.line(0), 1, "UNOPENED")] });
    other.post("/api/returns", &wanted).await.refused(403, "FORBIDDEN");
    let own = shop.order().with("customerId", json!(CUSTOMER + 1)).delivered().place().await;
    let mixed = json!({ "orderId": own.id, "reason": "x", "items": [back(order.line(0), 1, "UNOPENED")] });
    let mixed = other.post("/api/returns", &mixed).await;
    assert_eq!(mixed.status, 400, "{}", mixed.text);
    assert_eq!(shop.admin().get("/api/returns").await.ok().as_array().map(Vec::len), Some(1));
}

/// The roles of the callers of [`Expected`], in its order; the first two have no token that is good for anything.
const ROLES: [Option<&str>; 8] =
    [None, None, Some("CUSTOMER"), Some("CUSTOMER"), Some("SALES_STAFF"), Some("INVENTORY_MANAGER"), Some("STAFF"), Some("ADMIN")];

/// What the document says of an operation's callers is what the table above expects of them, and with it what is answered.
#[test]
fn the_document_names_the_callers_that_the_table_lets_in() {
    let document = functions::openapi::document();
    let mut rows: BTreeMap<(String, &str), Vec<Expected>> = BTreeMap::new();
    for (ask, expected) in table() {
        rows.entry((ask.method.to_string().to_lowercase(), ask.path)).or_default().push(expected);
    }
    for ((method, path), expected) in rows {
        let operation = &document["paths"][path][&method];
        let said = operation["description"].as_str().and_then(|words| words.split("**Callers:**").nth(1)).unwrap_or_default();
        let named: BTreeSet<&str> = said.split('`').skip(1).step_by(2).collect();
        let let_in = |n: usize| expected.iter().any(|row| row[n] < 300);
        let is_webhook = path.starts_with("/api/webhooks/");
        // Whoever signs is no caller of the table; pawaPay need not sign, and is asked.
        let without_token = let_in(0) && !is_webhook;
        let roles = (2..8).filter(|n| let_in(*n) && !is_webhook && !without_token).filter_map(|n| ROLES[n]).collect();
        assert_eq!(named, roles, "{method} {path} says:{said}");
        assert_eq!(said.contains("anybody"), without_token, "{method} {path} says:{said}");
        assert_eq!(said.contains("sender"), is_webhook, "{method} {path} says:{said}");
        let own_alone = expected.iter().any(|row| row[2] < 300 && row[3] == 403);
        assert_eq!(said.contains("their own"), own_alone, "{method} {path} says:{said}");
        let refuses = expected.iter().flatten().any(|status| *status == 403);
        assert_eq!(operation["responses"]["403"].is_object(), refuses, "{method} {path} has 403 among its answers, or lacks it");
    }
}

#[tokio::test]
async fn the_table_has_every_endpoint_and_every_method_of_it() {
    let shop = LocalShop::without_pumps().await;
    let listed: BTreeSet<(String, &str)> = table().into_iter().map(|(ask, _)| (ask.method.to_string(), ask.path)).collect();
    let served = shop.served().await;
    assert_eq!(listed, served, "left: this table; right: what is served");
}
