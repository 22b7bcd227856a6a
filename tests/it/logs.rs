//! Logs: a line for each request that says who, what and what it cost, and in no line what it was about.

mod failures;
mod webhooks;

use crate::kit::{Answer, ByHand, CUSTOMER, LocalShop, Logged, body};
use api::batch::Outcome;
use aws_lambda_events::event::sqs::SqsEvent;
use axum::Router;
use axum::http::StatusCode;
use functions::workers::track_shipments;
use local::Options;
use local::emulators::http::{Server, serve};
use local::emulators::outbox::Channel;
use local::emulators::payments::{Fault, Provider};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

/// What only the people of this test have. Each is looked for in every line, whatever is around it.
const NAMES: [&str; 2] = ["Zéphyrine", "Kabwe-Ilunga"];
const MAIL: &str = "zephyrine.kabwe@secret.example";
const PHONE: &str = "+243 819 876 543";
const STREET: &str = "77 impasse du Silence";
const NOTES: &str = "le code du portail est 5519";
const REASON: &str = "cadeau pour ma rivale";

/// That nobody of this test shows in what was logged, nor anything that is theirs.
#[track_caller]
fn nobody_is_in(logged: &str, theirs: &[&str]) {
    let digits = PHONE.replace(' ', "");
    let people = [MAIL, PHONE, &digits, &digits[1..], STREET, NOTES, REASON, NAMES[0], NAMES[1], "zephyrine", "impasse", "Bearer"];
    for secret in people.iter().chain(theirs) {
        let told: Vec<&str> = logged.lines().filter(|line| line.to_lowercase().contains(&secret.to_lowercase())).collect();
        assert!(told.is_empty(), "{secret} is in the logs:\n{}", told.join("\n"));
    }
}

/// A sentence that is about somebody.
fn about_somebody() -> String {
    format!("Not for {} {}, {MAIL}, {PHONE}, {STREET}", NAMES[0], NAMES[1])
}

fn order_body(variant: u64) -> Value {
    let mut order = body(&[(variant, 1)]);
    order["customer"] = json!({ "firstName": NAMES[0], "lastName": NAMES[1], "email": MAIL, "phone": PHONE, "locale": "fr" });
    order["deliveryAddress"] = json!({ "street": STREET, "city": "Gombe" });
    order["notes"] = json!(NOTES);
    order
}

/// Requests that are carried out, and requests that put what is nobody's business wherever it fits.
async fn hostile_flow(shop: &LocalShop, token: &str) -> Vec<Answer> {
    let (staff, customer) = (shop.staff(), shop.with_token(Some(token.to_owned())));
    let variant = shop.variant("75.00", 50).await;
    let placed = customer.clone().key(MAIL).post("/api/orders", &order_body(variant)).await;
    assert_eq!(placed.status, 201, "{}", placed.text);
    let order = format!("/api/orders/{}", placed.body["id"]);
    let mut wrong = order_body(variant);
    wrong[MAIL] = json!(PHONE);
    wrong["customer"]["email"] = json!(format!("{MAIL} {PHONE}"));
    wrong["items"] = json!([{ "variantId": MAIL, "quantity": STREET }]);
    let cut = order_body(variant).to_string().into_bytes();
    let forged = shop.with_token(Some(format!("{token}x")));
    let template = json!({ "code": "OOPS", "name": NAMES[0], "subject": MAIL, "htmlContent": format!("<p>{STREET}{{{{#if x}}") });
    let mut answers = vec![
        customer.clone().key(MAIL).post("/api/orders", &wrong).await,
        customer.send(Method::POST, "/api/orders", Some(cut[..cut.len() - 9].to_vec())).await,
        customer.get(&format!("/api/orders?orderNumber={MAIL}&{PHONE}={STREET}").replace(' ', "%20")).await,
        customer.get(&format!("/api/orders/{MAIL}/{STREET}").replace(' ', "%20")).await,
        customer.get(&format!("/api/orders?limit={token}")).await,
        customer.send(Method::DELETE, &format!("/api/orders/{MAIL}/cancel"), None).await,
        customer.clone().header("X-Request-Id", MAIL).get("/api/orders").await,
        customer.clone().header("X-Request-Id", token).get("/api/orders").await,
        forged.get("/api/orders").await,
        forged.post("/api/orders", &order_body(variant)).await,
        staff.post("/api/notifications", &json!({ "to": MAIL })).await,
        shop.admin().post("/api/email-templates", &template).await,
        staff.put(&format!("{order}/payment"), &json!({ "paymentStatus": "PAID", "reference": "PAY-77" })).await,
        customer.post(&format!("{order}/cancel"), &json!({ "reason": REASON, "notes": NOTES })).await,
        customer.post(&format!("{order}/cancel"), &json!({ "reason": REASON })).await,
    ];
    for path in functions::ENDPOINTS.iter().filter_map(|endpoint| endpoint.path).filter(|path| path.starts_with("/api/webhooks/")) {
        answers.push(shop.nobody().post(path, &order_body(variant)).await);
    }
    answers.push(placed);
    answers
}

/// The messages of that flow; one provider refuses by name, and a job is one that can't be read.
async fn hostile_jobs(shop: &LocalShop) {
    let mut hands = ByHand::of(shop);
    hands.relay().await;
    shop.system.outbox.fail_next(Channel::Email, crate::workers::refuse(400, "MessageRejected"));
    shop.system.outbox.fail_next(Channel::Sms, crate::workers::refuse(429, "20429"));
    let (emails, sms) = (hands.emails().await, hands.sms().await);
    let unread = |batch: &SqsEvent| {
        let mut batch = batch.clone();
        for (record, place) in batch.records.iter_mut().zip(["notificationId", "announcement"]) {
            let mut job: Value = serde_json::from_str(record.body.as_deref().unwrap_or_default()).expect("a job");
            job[place] = json!(format!("{MAIL} {PHONE}"));
            record.body = Some(job.to_string());
        }
        batch
    };
    hands.workers.send_email(unread(&emails)).await;
    hands.workers.send_email(emails).await;
    hands.workers.send_sms(unread(&sms)).await;
    hands.workers.send_sms(sms).await;

    let mut events = ByHand::of(shop).events().expect("events");
    for record in &mut events.records {
        record.change.new_image.insert("kind".to_owned(), serde_dynamo::AttributeValue::S(MAIL.to_owned()));
    }
    hands.workers.relay(events).await;
}

/// On one thread, so that what it logs is what is caught, and no other test's lines.
#[tokio::test]
async fn a_request_is_one_line_of_json_and_nobody_is_in_the_logs() {
    let shop = LocalShop::without_pumps().await;
    let token = shop.system.token(CUSTOMER, domain::actor::Role::Customer);
    let logged = Logged::from_now_on();
    let answers = hostile_flow(&shop, &token).await;
    hostile_jobs(&shop).await;
    let (text, read) = (logged.text(), logged.lines());
    drop(logged);

    for answer in &answers {
        let id = answer.headers["x-request-id"].to_str().expect("an id");
        let of_request: Vec<&Value> = read.iter().filter(|line| line["message"] == "request" && line["request_id"] == id).collect();
        let [line] = of_request.as_slice() else { panic!("{} lines for {id}: {text}", of_request.len()) };
        assert_eq!(line["status"], answer.status, "{line}");
        for field in ["millis", "round_trips", "read_milliunits", "write_milliunits"] {
            assert!(line[field].is_u64(), "{field} of {line}");
        }
        assert!(line["route"].as_str().is_some_and(|route| route == "none" || route.starts_with("/api/")), "{line}");
    }
    let placing = read.iter().find(|line| line["route"] == "/api/orders" && line["status"] == 201).expect("the order");
    assert_eq!((&placing["caller"], &placing["method"]), (&json!(format!("customer:{CUSTOMER}")), &json!("POST")));
    assert!(placing["round_trips"].as_u64() >= Some(3) && placing["write_milliunits"].as_u64() > Some(0), "{placing}");
    for said in ["a job can't be read", "a job is tried again", "an event can't be read"] {
        assert!(read.iter().any(|line| line["message"] == said), "nothing says that {said}: the flow is not what it was\n{text}");
    }

    nobody_is_in(&text, &[&token, token.rsplit('.').next().expect("a signature")]);
}

/// On one thread, as above.
#[tokio::test]
async fn what_a_schedule_could_not_look_after_is_named_by_its_key_alone() {
    let shop = LocalShop::without_pumps().await;
    let (order, sent) = (shop.order().place().await, shop.order().paid().through(&["CONFIRMED"]).place().await);
    let parcel = shop.ship(&sent, "DHL").await;
    ByHand::of(&shop).carry_shipments_out().await;
    shop.rewrite("ORDER", &json!(order.id), "status", MAIL).await;
    shop.rewrite("SHIPMENT", &parcel["id"], "status", MAIL).await;
    shop.system.clock.advance(Duration::from_hours(73));

    let logged = Logged::from_now_on();
    for schedule in ["cancel-unpaid-orders", "track-shipments"] {
        assert_eq!(shop.system.workers.run(schedule).await.map(|swept| swept.failed), Some(1), "{schedule}");
    }
    let (text, read) = (logged.text(), logged.lines());
    drop(logged);

    let records = [format!("ORDER#{}", order.id), format!("SHIPMENT#{}", parcel["id"])];
    let unread = read.iter().filter(|line| line["message"] == "what waits can't be read");
    let named: Vec<&Value> = unread.map(|line| &line["record"]).collect();
    assert_eq!(named, [&json!(records[0]), &json!(records[1])], "{text}");
    assert!(!text.contains(MAIL), "{text}");
}

/// Carriers that refuse whatever they are asked, each in its own form: what is asked for at first for good, and where parcels are
/// with an answer that leaves it open.
async fn talkative(words: &str) -> Server {
    let said = json!({
        "detail": words, "additionalDetails": [words],
        "errors": [{ "code": words, "message": words }],
        "response": { "errors": [{ "code": words, "message": words }] },
    });
    let answer = move |method: Method| {
        let status = if method == Method::POST { StatusCode::BAD_REQUEST } else { StatusCode::INTERNAL_SERVER_ERROR };
        std::future::ready((status, axum::Json(said.clone())))
    };
    serve(Router::new().fallback(answer)).await.expect("a server")
}

/// Refunds that their provider refuses for good, for now, and without saying what it did, and is then asked after.
async fn refused_refunds(shop: &LocalShop, hands: &mut ByHand, words: &str) {
    let stripe = |code: &str| json!({ "error": { "type": "invalid_request_error", "code": code, "message": words } });
    let pawapay = |code: &str| json!({ "status": "REJECTED", "failureReason": { "failureCode": code, "failureMessage": words } });
    for (provider, status, body) in [
        (Provider::Stripe, 400, stripe("charge_disputed")),
        (Provider::Stripe, 400, stripe("balance_insufficient")),
        (Provider::Stripe, 500, stripe(words)),
        (Provider::PawaPay, 200, pawapay("REFUNDS_NOT_ALLOWED")),
        (Provider::PawaPay, 200, pawapay("PAWAPAY_WALLET_OUT_OF_FUNDS")),
        (Provider::PawaPay, 503, pawapay(words)),
        (Provider::PawaPay, 200, json!({ "status": words, "failureReason": [words] })),
    ] {
        let order = match provider {
            Provider::Stripe => shop.order_at_stripe().await,
            Provider::PawaPay => shop.order_at_pawapay("COMPLETED").await,
        };
        shop.mark_paid(&order).await;
        shop.refunded(&order, None).await;
        hands.relay().await;
        shop.system.payments.fail_next(provider, Fault::Refuse(status, body));
        hands.workers.process_refund(hands.refunds().await).await;
        let refund = shop.refund_of(&order).await;
        if refund["failureReason"].is_string() {
            assert!(refund["failureReason"].as_str().is_some_and(|why| why.contains(words)), "staff read it all: {refund}");
        }
    }
    // Asked after them, and after payments.
    shop.order_at_stripe().await;
    shop.order_at_pawapay("PROCESSING").await;
    for _ in 0..6 {
        shop.system.payments.fail_next(Provider::Stripe, Fault::Refuse(400, stripe(words)));
        shop.system.payments.fail_next(Provider::PawaPay, Fault::Refuse(200, json!({ "status": words })));
    }
    for _ in 0..2 {
        shop.system.clock.advance(Duration::from_mins(30));
        hands.workers.run("ask-providers").await.expect("a schedule");
    }
}

/// Parcels that their carriers refuse, and that nobody says anything of.
async fn refused_parcels(shop: &LocalShop, hands: &mut ByHand, words: &str) {
    for carrier in ["DHL", "FEDEX", "UPS"] {
        let order = shop.order().lines(1).paid().place().await;
        shop.staff().put(&order.path("status"), &json!({ "newStatus": "CONFIRMED" })).await.ok();
        let parcel = shop.ship(&order, carrier).await;
        hands.carry_shipments_out().await;
        let left = shop.shipment_now(&parcel).await;
        assert!(left["failureReason"].as_str().is_some_and(|why| why.contains(words)), "staff read it all: {left}");
        shop.change_shipment(&parcel, &json!({ "trackingNumber": format!("{carrier}1") })).await.ok();
        let id = serde_json::from_value(parcel["id"].clone()).expect("an id");
        // As when its carrier has told that something happened.
        if let Outcome::Again(why) = track_shipments::look(&hands.workers.shop, &hands.workers.carriers, id).await {
            assert!(!why.contains(MAIL) && !why.contains(PHONE), "{why}");
        }
    }
    shop.system.clock.advance(Duration::from_hours(5));
    let swept = hands.workers.run("track-shipments").await.expect("a schedule");
    assert_eq!(swept.failed, 3, "{swept:?}");
}

#[tokio::test]
async fn what_providers_and_carriers_say_is_for_the_record_alone() {
    let words = about_somebody();
    let carriers = talkative(&words).await;
    let variables = ["DHL_BASE_URL", "FEDEX_BASE_URL", "UPS_BASE_URL"].map(|name| (name, carriers.url().to_owned())).into();
    let shop = LocalShop::with(Options { pumps: false, variables, ..Options::default() }).await;
    let mut hands = ByHand::of(&shop);
    let logged = Logged::from_now_on();
    Box::pin(refused_refunds(&shop, &mut hands, &words)).await;
    Box::pin(refused_parcels(&shop, &mut hands, &words)).await;
    let text = logged.text();
    drop(logged);

    for said in ["a provider has refused for now", "a job is tried again", "a refund stays open", "a payment can't be asked after"] {
        assert!(text.contains(said), "nothing says that {said}: the flow is not what it was\n{text}");
    }
    assert!(text.contains("a carrier can't say where parcels are") && text.contains("balance_insufficient"), "{text}");
    nobody_is_in(&text, &[]);
}

/// On one thread, as above.
#[tokio::test]
async fn what_a_carrier_calls_a_scan_is_logged_where_it_is_a_code_and_else_for_the_record_alone() {
    let shop = LocalShop::without_pumps().await;
    let mut hands = ByHand::of(&shop);
    let words = about_somebody();
    let scans =
        [("DHL", words.clone()), ("FEDEX", words.clone()), ("UPS", words.clone()), ("UPS", format!("I {words}")), ("DHL", "QQ".to_owned())];
    let mut parcels = Vec::new();
    for (carrier, code) in &scans {
        let order = shop.order().lines(1).paid().place().await;
        shop.staff().put(&order.path("status"), &json!({ "newStatus": "CONFIRMED" })).await.ok();
        parcels.push(shop.ship(&order, carrier).await);
        hands.carry_shipments_out().await;
        let booked = shop.system.carriers.parcels().pop().expect("a parcel");
        shop.system.carriers.scan(&booked.number, code, &words, &words);
    }
    shop.system.clock.advance(Duration::from_hours(5));
    let logged = Logged::from_now_on();
    let swept = hands.workers.run("track-shipments").await.expect("a schedule");
    let (text, lines) = (logged.text(), logged.lines());
    drop(logged);

    assert_eq!((swept.changed, swept.failed), (scans.len(), 0), "{swept:?}");
    for (parcel, (_, code)) in parcels.iter().zip(&scans) {
        let kept = shop.shipment_now(parcel).await["lastCarrierStatus"].clone();
        assert!(kept.as_str().is_some_and(|kept| kept.starts_with(code)), "staff read it all: {kept}");
    }
    let unknown: Vec<&Value> = lines.iter().filter(|line| line["message"] == "a code of a carrier that is in no table").collect();
    assert_eq!((unknown.len(), unknown.iter().filter(|line| line["code"] == "QQ").count()), (scans.len(), 1), "{text}");
    nobody_is_in(&text, &[]);
}
