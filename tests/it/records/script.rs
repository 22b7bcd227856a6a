//! What a release is made to store: every kind of record, with all that it may have and with as little as it must.

use crate::kit::webhooks::carrier_tells;
use crate::kit::{HOUR, LocalShop, Placed, Providers, back, cents, shipment_body};
use domain::money::Money;
use domain::order::{PaymentMethod, PaymentOutcome, PaymentReport};
use domain::shipment::Carrier;
use local::emulators::outbox::Fault;
use local::emulators::payments::Provider;
use local::system::CARRIER_WEBHOOK_SECRET;
use reqwest::Method;
use serde_json::{Map, Value, json};
use std::time::Duration;
use store::{AnswerKey, StoredAnswer, Writes};

/// The customer of the order that has all there is; the others are another's.
const CUSTOMER: u64 = 5001;
/// The customer of orders whose money goes astray.
const ASTRAY: u64 = 5002;
/// The key of a request whose answer is kept, and the request.
pub const KEY: &str = "kept";
/// An answer of more than one item.
pub const LARGE: (&str, &str, &str) = ("user:1", "large", "hash");

pub fn keyed_body() -> Value {
    json!({ "variants": [{ "productId": 7, "sku": "KEYED", "productName": "Pagne", "price": 12 }] })
}

/// Plays it; gives the names of what is asked for later otherwise than by what was answered.
pub async fn play(providers: &Providers) -> Value {
    let shop = &providers.shop;
    catalogue(shop).await;
    templates(shop).await;
    let sent = bought_sent_and_returned(shop).await;
    as_little_as_there_must_be(shop).await;
    Box::pin(money_back(shop)).await;
    money_astray(shop).await;
    parcels(shop).await;
    returns(shop).await;
    let cancelled = credit(shop).await;
    messages(providers, &sent).await;
    said_too_early(shop).await;
    kept_answers(shop).await;
    for schedule in ["ask-providers", "track-shipments", "reject-late-returns", "cancel-unpaid-orders"] {
        shop.system.workers.run(schedule).await.expect("a schedule");
    }
    let usable = shop.order().with("customer", nobody()).with("promotionCode", json!("TOUT")).place().await;
    json!({ "sent": sent.id, "cancelled": cancelled.id, "usable": usable.id, "number": usable.body["orderNumber"] })
}

/// A customer who can't be told anything.
fn nobody() -> Value {
    json!({ "firstName": "Ada", "lastName": "Ilunga" })
}

async fn catalogue(shop: &LocalShop) {
    let full = json!({ "productId": 7, "sku": "ROBE-M", "productName": "Robe \u{ab} Léopoldine \u{bb}", "size": "M", "color": "Noir",
        "price": 19.9, "currency": "USD", "stockQuantity": 4, "isActive": false });
    let bare = json!({ "productId": 8, "sku": "SAC", "productName": "Sac", "price": 5 });
    let made = shop.keeper().put("/api/inventory", &json!({ "variants": [full, bare] })).await.ok();
    let id = &made["variants"][1]["id"];
    for (change, kind) in [(30, "RESTOCK"), (-3, "ADJUSTMENT"), (1, "RETURN")] {
        let change = json!({ "variantId": id, "quantityChange": change, "reason": "Compté", "changeType": kind });
        shop.keeper().put("/api/inventory/adjust", &change).await.ok();
    }
    shop.keeper().put("/api/inventory", &json!({ "variants": [{ "id": id, "price": 6, "color": "Sable" }] })).await.ok();
    shop.promotion(json!({ "code": "TOUT", "description": "De tout", "type": "FIXED_AMOUNT", "value": 15, "minOrderValue": 10,
        "maxDiscount": 12.5, "usageLimit": 100, "perUserLimit": 3, "currency": "USD" }))
        .await;
    shop.promotion(json!({ "code": "LIVRAISON", "type": "FREE_SHIPPING", "value": 0, "usageLimit": 1 })).await;
    let over = shop.promotion(json!({ "code": "FINI" })).await;
    shop.admin().put(&format!("/api/promotions?id={}", over["id"]), &json!({ "name": "Finie" })).await.ok();
    shop.admin().send(Method::DELETE, &format!("/api/promotions?id={}", over["id"]), None).await.ok();
}

async fn templates(shop: &LocalShop) {
    let full = json!({ "code": "ORDER_CONFIRMED", "name": "La nôtre", "subject": "Confirmée: {{orderNumber}}",
        "htmlContent": "<p>{{customerName}}</p>", "textContent": "{{customerName}}", "variables": ["orderNumber", "customerName"], "locale": "fr" });
    let made = shop.admin().post("/api/email-templates", &full).await.ok();
    shop.admin()
        .put(&format!("/api/email-templates?id={}", made["id"]), &json!({ "subject": "Bien confirmée: {{orderNumber}}" }))
        .await
        .ok();
    let bare = json!({ "code": "VOEUX", "name": "Vœux", "subject": "Bonne année", "htmlContent": "<p>!</p>" });
    let made = shop.admin().post("/api/email-templates", &bare).await.ok();
    shop.admin().send(Method::DELETE, &format!("/api/email-templates?id={}", made["id"]), None).await.ok();
    let test =
        json!({ "code": "ORDER_CONFIRMED", "locale": "fr", "variables": { "orderNumber": "1", "customerName": "Ada" }, "send": true });
    shop.staff().post("/api/email-templates/preview", &test).await.ok();
}

/// An order with every field, from its payment by card to the money of what came back.
async fn bought_sent_and_returned(shop: &LocalShop) -> Placed {
    let customer =
        json!({ "firstName": "Grâce", "lastName": "Mbuyi", "email": "grace@example.com", "phone": "+243 81 234 56 78", "locale": "fr" });
    let address = json!({ "street": "12 avenue de la Paix", "city": "Gombe", "state": "Kinshasa", "zipCode": "12345", "country": "CD" });
    let order = shop.order().lines(2).quantity(2).with("customerId", json!(CUSTOMER)).with("customer", customer);
    let order = order.with("deliveryAddress", address).with("deliveryZone", json!("Gombe")).with("deliveryFee", json!(5));
    let order = order.with("promotionCode", json!("TOUT")).with("notes", json!("Sonnez deux fois")).with("currency", json!("USD"));
    let order = order.with("paymentMethod", json!("CARD")).with("paymentReference", json!("pi_full")).place().await;
    let total = cents(&order.body["total"]);
    shop.system.payments.card_payment("pi_full", total, "USD");
    paid_at_stripe(shop, "pi_full", total).await;
    step(shop, &order, "CONFIRMED").await;
    let mut parcel = shipment_body(order.id, "DHL");
    parcel["service"] = json!("P");
    parcel["cost"] = json!(31.5);
    parcel["shippingAddress"] =
        json!({ "street": "12 avenue de la Paix", "city": "Kinshasa", "state": "Kinshasa", "zipCode": "12345", "country": "CD" });
    let parcel = shop.staff().post("/api/shipments", &parcel).await.ok();
    shop.settled().await;
    let number = shop.shipment_now(&parcel).await["trackingNumber"].as_str().expect("a number").to_owned();
    for (n, code) in ["DF", "OK"].into_iter().enumerate() {
        shop.after(HOUR).await;
        shop.system.carriers.scan(&number, code, "Vu", "Kinshasa");
        let said = json!({ "shipments": [{ "id": number, "event": n }] });
        assert_eq!(carrier_tells(shop, "DHL", CARRIER_WEBHOOK_SECRET, &said).await.status, 200);
        shop.settled().await;
    }
    let items = json!([
        { "orderItemId": order.line(0), "quantity": 2, "condition": "UNOPENED", "restockable": true },
        { "orderItemId": order.line(1), "quantity": 1, "condition": "DAMAGED" },
    ]);
    let asked = json!({ "orderId": order.id, "reason": "Trop petit", "description": "Le zip aussi", "items": items });
    let rma = shop.customer(CUSTOMER).post("/api/returns", &asked).await.ok()["return"]["id"].as_u64().expect("an id");
    shop.step(rma, json!({ "status": "APPROVED", "notes": "À renvoyer" })).await.ok();
    let counted = json!([{ "orderItemId": order.line(0), "receivedQuantity": 1, "condition": "OPENED_UNUSED", "restockable": false }]);
    shop.step(rma, json!({ "status": "RECEIVED", "items": counted })).await.ok();
    shop.step(rma, json!({ "status": "REFUNDED", "restockingFee": 2.5, "returnShippingFee": 3 })).await.ok();
    shop.settled().await;
    shop.step(rma, json!({ "status": "COMPLETED" })).await.ok();
    order
}

async fn paid_at_stripe(shop: &LocalShop, payment: &str, amount: i64) {
    let object = json!({ "id": payment, "status": "succeeded", "amount_received": amount, "currency": "usd" });
    let event = json!({ "id": "evt_1", "type": "payment_intent.succeeded", "data": { "object": object } });
    assert_eq!(shop.stripe_tells(&event).await.status, 200);
}

async fn step(shop: &LocalShop, order: &Placed, to: &str) {
    shop.staff().put(&order.path("status"), &json!({ "newStatus": to, "note": "Vu" })).await.ok();
}

async fn as_little_as_there_must_be(shop: &LocalShop) {
    let order = shop.order().with("customer", nobody()).with("deliveryMethod", json!("STORE_PICKUP")).with("deliveryAddress", Value::Null);
    let order = order.with("paymentMethod", json!("CASH_ON_DELIVERY")).with("source", json!("IN_STORE")).place().await;
    for to in ["CONFIRMED", "PROCESSING", "READY_FOR_PICKUP"] {
        step(shop, &order, to).await;
    }
    let unpaid = shop.order().with("customer", nobody()).with("deliveryAddress", json!("En face de la poste")).place().await;
    shop.staff().put(&unpaid.path("payment"), &json!({ "paymentStatus": "FAILED" })).await.ok();
    let cancelled = shop.order().with("customer", nobody()).place().await;
    shop.customer(crate::kit::CUSTOMER).post(&cancelled.path("cancel"), &json!({ "reason": "Trop cher", "notes": "Désolée" })).await.ok();
}

/// Refunds that are done, open, failed, made by hand, and left to staff.
async fn money_back(shop: &LocalShop) {
    let books = &shop.system.payments;
    let to_ada = |payment: &str, method: &str| {
        let order = shop.order().quantity(3).price("25.00").with("customer", nobody());
        order.with("paymentReference", json!(payment)).with("paymentMethod", json!(method))
    };
    let by_card = to_ada("pi_back", "CARD").place().await;
    books.card_payment("pi_back", 75_00, "USD");
    paid_at_stripe(shop, "pi_back", 75_00).await;
    let pieces = json!({ "orderId": by_card.id, "reason": "Déchirée", "items": [{ "orderItemId": by_card.line(0), "quantity": 1 }] });
    shop.admin().post("/api/refunds", &pieces).await.ok();
    shop.settled().await;
    let made = books.refund_by_hand("pi_back", 10_00, "succeeded");
    let told = json!({ "id": "evt_2", "type": "refund.created", "data": { "object": books.stripe_object(&made) } });
    assert_eq!(shop.stripe_tells(&told).await.status, 200);

    for (deposit, fate) in [("afb57b93-7849-49aa-babb-000000000001", "PROCESSING"), ("afb57b93-7849-49aa-babb-000000000002", "FAILED")] {
        books.deposit(deposit, 75_00, "USD", "COMPLETED");
        books.refunds_are(Provider::PawaPay, fate);
        let order = to_ada(deposit, "MOBILE_MONEY").place().await;
        shop.mark_paid(&order).await;
        shop.refunded(&order, Some("20.00")).await;
        shop.after(HOUR).await;
        shop.system.workers.run("ask-providers").await.expect("a schedule");
    }
    let by_hand = shop.order().with("customer", nobody()).paid().place().await;
    let refund = shop.refunded(&by_hand, None).await;
    shop.settled().await;
    let noted = json!({ "notes": "Envoyé à la main", "transactionReference": "MP-1" });
    shop.admin().put(&format!("/api/refunds?id={}", refund["id"]), &noted).await.ok();
    for status in ["COMPLETED", "FAILED"] {
        let order = shop.order().with("customer", nobody()).paid().place().await;
        let refund = shop.refunded(&order, Some("20.00")).await;
        shop.settled().await;
        let ended = json!({ "status": status, "notes": "Vu avec elle", "transactionReference": "MP-2" });
        shop.admin().put(&format!("/api/refunds?id={}", refund["id"]), &ended).await.ok();
    }
}

/// Money that is not what was to be paid, and more that went back than had come.
async fn money_astray(shop: &LocalShop) {
    let books = &shop.system.payments;
    let by = |payment: &str, method: &str| {
        let order = shop.order().with("customer", nobody()).with("customerId", json!(ASTRAY));
        order.with("paymentReference", json!(payment)).with("paymentMethod", json!(method))
    };
    by("pi_short", "CARD").place().await;
    books.card_payment("pi_short", 70_00, "USD");
    paid_at_stripe(shop, "pi_short", 70_00).await;

    by("pi_partly", "CARD").place().await;
    books.card_payment("pi_partly", 75_00, "USD");
    let _untold = books.refund_by_hand("pi_partly", 5_00, "succeeded");
    paid_at_stripe(shop, "pi_partly", 75_00).await;

    // What may have been given back by hand is left to staff.
    let deposit = "afb57b93-7849-49aa-babb-000000000003";
    books.deposit(deposit, 74_99, "USD", "COMPLETED");
    let held = by(deposit, "MOBILE_MONEY").place().await;
    assert_eq!(shop.pawapay_tells(&json!({ "depositId": deposit, "status": "COMPLETED" })).await.status, 200);
    let credited = json!({ "reason": "Autre montant", "refundMethod": "STORE_CREDIT" });
    shop.customer(ASTRAY).post(&held.path("cancel"), &credited).await.ok();

    let twice = by("pi_twice", "CARD").place().await;
    books.card_payment("pi_twice", 75_00, "USD");
    paid_at_stripe(shop, "pi_twice", 75_00).await;
    let credited = json!({ "orderId": twice.id, "reason": "Déchirée", "refundMethod": "STORE_CREDIT" });
    shop.admin().post("/api/refunds", &credited).await.ok();
    shop.settled().await;
    let made = books.refund_by_hand("pi_twice", 30_00, "succeeded");
    let told = json!({ "id": "evt_4", "type": "refund.created", "data": { "object": books.stripe_object(&made) } });
    assert_eq!(shop.stripe_tells(&told).await.status, 200);

    let other = by("pi_other", "CARD").place().await;
    books.card_payment("pi_other", 80_00, "USD");
    paid_at_stripe(shop, "pi_other", 80_00).await;
    // Another payment is tried next, and what came by the one before stays with the order.
    let next = json!({ "paymentStatus": "FAILED", "reference": "pi_next" });
    shop.staff().put(&other.path("payment"), &next).await.ok();
}

async fn parcels(shop: &LocalShop) {
    let confirmed = async |lines: usize| {
        let order = shop.order().lines(lines).with("customer", nobody()).paid().place().await;
        step(shop, &order, "CONFIRMED").await;
        order
    };
    let by_courier = confirmed(2).await;
    let part = shop.ship_part(&by_courier, "LOCAL", 0, 1).await.ok();
    let known =
        json!({ "estimatedDelivery": 1_772_700_000_000_u64, "labelUrl": "https://example.com/label.pdf", "weight": 2, "cost": 4.2 });
    shop.change_shipment(&part, &known).await.ok();
    shop.move_shipment(&part, "OUT_FOR_DELIVERY").await.ok();
    let lost = shop.ship_part(&by_courier, "OTHER", 1, 1).await.ok();
    shop.move_shipment(&lost, "FAILED").await.ok();
    let refused = confirmed(1).await;
    let why = Fault::Refuse { status: 400, code: "Bad request".to_owned(), message: "Not served".to_owned() };
    shop.system.carriers.fail_next(Carrier::Dhl, why);
    shop.ship(&refused, "DHL").await;
    shop.settled().await;
}

async fn returns(shop: &LocalShop) {
    let order = shop.order().quantity(3).with("customer", nobody()).delivered().place().await;
    let asked = shop.ask_back(&order, json!([back(order.line(0), 1, "OPENED_UNUSED")])).await;
    assert_eq!(asked.status, 201, "{}", asked.text);
    let rejected = shop.rma(&order, 0, 1).await;
    shop.steps(rejected, &["REJECTED"]).await;
    let on_its_way = shop.rma(&order, 0, 1).await;
    shop.steps(on_its_way, &["APPROVED"]).await;
}

/// An order whose money became credit, of which some is spent.
async fn credit(shop: &LocalShop) -> Placed {
    let order = shop
        .order()
        .with("customer", nobody())
        .with("promotionCode", json!("LIVRAISON"))
        .with("deliveryFee", json!(4))
        .paid()
        .place()
        .await;
    let reason = json!({ "reason": "Trop tard", "refundMethod": "STORE_CREDIT" });
    shop.customer(crate::kit::CUSTOMER).post(&order.path("cancel"), &reason).await.ok();
    shop.settled().await;
    // One that is paid by both and gives a part of the credit back, one that is cancelled unpaid, and no order.
    let (both, unpaid) = (shop.order().place().await, shop.order().place().await);
    for (amount, order) in [(10.5, json!(both.id)), (2.25, json!(unpaid.id)), (1.0, Value::Null)] {
        let spent =
            json!({ "customerId": crate::kit::CUSTOMER, "amount": amount, "currency": "USD", "orderId": order, "note": "Caisse 2" });
        shop.staff().post("/api/store-credit/redeem", &spent).await.ok();
    }
    shop.mark_paid(&both).await;
    let part = json!({ "orderId": both.id, "amount": 4, "reason": "Retard", "refundMethod": "STORE_CREDIT" });
    shop.admin().post("/api/refunds", &part).await.ok();
    shop.staff().post(&unpaid.path("cancel"), &json!({ "reason": "Trop tard" })).await.ok();
    shop.settled().await;
    order
}

/// Messages that arrived, bounced, were sent again, and can be sent to nobody.
async fn messages(providers: &Providers, sent: &Placed) {
    let shop = &providers.shop;
    let log = shop.messages_of(sent.id).await;
    let oldest = |kind: &str| log.iter().rev().find(|message| message["type"] == kind).expect("one").clone();
    let (email, sms) = (oldest("EMAIL"), oldest("SMS"));
    let number = |message: &Value| message["id"].as_u64().expect("an id");
    let name = |message: &Value| message["providerId"].as_str().expect("a name").to_owned();
    assert_eq!(providers.twilio_tells(number(&sms), &name(&sms), "delivered", None).await.status, 200);
    assert_eq!(providers.ses_tells(number(&email), &name(&email), "Delivery", json!({})).await.status, 200);
    shop.admin().post(&format!("/api/notifications/{}/resend", number(&sms)), &json!({ "note": "Perdu" })).await.ok();

    let unreachable = json!({ "firstName": "Ada", "lastName": "Ilunga", "phone": "12", "email": "gone@example.com", "locale": "en" });
    let order = shop.order().with("customer", unreachable).place().await;
    shop.settled().await;
    let log = shop.messages_of(order.id).await;
    let email = log.iter().find(|message| message["type"] == "EMAIL").expect("one");
    let bounce = json!({ "bounceType": "Permanent", "bounceSubType": "General",
        "bouncedRecipients": [{ "emailAddress": "gone@example.com", "diagnosticCode": "550" }] });
    assert_eq!(providers.ses_tells(number(email), &name(email), "Bounce", bounce).await.status, 200);
}

/// Payments and a refund whose order nobody has placed yet.
async fn said_too_early(shop: &LocalShop) {
    for (payment, alias) in [("pi_early", Some("ch_early".to_owned())), ("pi_early_back", None)] {
        // A shop that can ask Stripe keeps none.
        let report = PaymentReport { alias, ..PaymentOutcome::Received(Money::usd(75_00)).into() };
        shop.system.store().keep_early_payment(PaymentMethod::Card, payment, &report, shop.system.clock.now()).await.expect("kept");
    }
    let books = &shop.system.payments;
    books.card_payment("pi_early_back", 75_00, "USD");
    let made = books.refund_by_hand("pi_early_back", 30_00, "succeeded");
    let told = json!({ "id": "evt_3", "type": "refund.created", "data": { "object": books.stripe_object(&made) } });
    assert_eq!(shop.stripe_tells(&told).await.status, 200);
}

async fn kept_answers(shop: &LocalShop) {
    shop.keeper().key(KEY).put("/api/inventory", &keyed_body()).await.ok();
    let (caller, key, request) = LARGE;
    let key = AnswerKey { caller: caller.to_owned(), key: key.to_owned(), request: request.to_owned() };
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    let answer = StoredAnswer { request: request.to_owned(), status: 201, headers, body: "0123456789".repeat(40_000) };
    shop.system.store().commit(Writes::new(), Some((&key, &answer)), shop.system.clock.now()).await.expect("written");
    shop.after(Duration::from_secs(1)).await;
}

/// What is answered of all that, by path.
pub async fn answers(shop: &LocalShop) -> Map<String, Value> {
    let mut answers = Map::new();
    let admin = shop.admin();
    let mut ask = async |path: String| {
        let answer = admin.get(&path).await;
        assert!(answer.header("link").is_empty(), "{path} has a further page");
        let body = answer.ok();
        answers.insert(path, body.clone());
        body
    };
    let ids = |list: &Value| -> Vec<u64> { list.as_array().expect("a list").iter().filter_map(|record| record["id"].as_u64()).collect() };
    for list in ["orders", "refunds", "returns", "shipments", "inventory", "promotions", "email-templates", "notifications"] {
        let all = ask(format!("/api/{list}?limit=100")).await;
        let all = ids(&all);
        assert!(!all.is_empty(), "no {list}");
        for id in all.into_iter().filter(|_| list != "notifications") {
            let one = ask(format!("/api/{list}?id={id}")).await;
            match list {
                "orders" => drop(ask(format!("/api/orders/{id}/history?limit=100")).await),
                "inventory" => drop(ask(format!("/api/inventory/{id}/history")).await),
                "email-templates" => {
                    let of = format!(
                        "/api/email-templates?code={}&locale={}",
                        one["code"].as_str().expect("a code"),
                        one["locale"].as_str().expect("one")
                    );
                    ask(format!("{of}&versions=true")).await;
                    ask(format!("{of}&version=1")).await;
                }
                _ => {}
            }
        }
    }
    for path in [
        "orders?orderNumber=MLA-20260302-0001",
        "orders?status=CANCELLED",
        "orders?customerId=5001",
        "refunds?status=COMPLETED",
        "returns?status=REQUESTED",
        "returns?rmaNumber=RMA-20260302-0001",
        "shipments?status=DELIVERED",
        "shipments?carrier=DHL",
        "inventory?sku=ROBE-M",
        "inventory?productId=7",
        "promotions?code=TOUT",
        "promotions?isActive=true",
        "notifications?status=FAILED",
        "notifications?customerId=5001&type=SMS",
        "store-credit?customerId=4001",
        "store-credit?customerId=5002",
    ] {
        ask(format!("/api/{path}")).await;
    }
    answers
}
