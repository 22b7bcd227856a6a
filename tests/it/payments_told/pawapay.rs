//! `POST /api/webhooks/pawapay`: signed, or asked after.

use super::{RUN, refunded_total, status};
use crate::kit::webhooks::PawaPayKey;
use crate::kit::{LocalShop, Placed, body, cents, race};
use local::Options;
use local::emulators::payments::Fault;
use local::emulators::payments::Provider::PawaPay;
use reqwest::Method;
use serde_json::{Value, json};

const PATH: &str = "/api/webhooks/pawapay";

fn deposit(order: &Placed, status: &str) -> Value {
    json!({ "depositId": order.payment(), "status": status, "amount": "75.00", "currency": "USD", "country": "COD" })
}

/// A shop that knows pawaPay's key, and no token to ask it with.
async fn with_key(key: &PawaPayKey) -> LocalShop {
    let variables = [("PAWAPAY_PUBLIC_KEY", key.pem()), ("PAWAPAY_API_TOKEN", String::new())].into();
    LocalShop::with(Options { pumps: false, variables, ..Options::default() }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_not_signed_only_says_what_to_ask_after() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order_at_pawapay("PROCESSING").await;
    shop.pawapay_tells(&deposit(&order, "COMPLETED")).await.ok();
    assert_eq!(status(&shop, &order).await, "PENDING", "whoever said so was lying");
    shop.system.payments.deposit(order.payment(), 75_00, "USD", "COMPLETED");
    // Even this word is not believed.
    for _ in 0..3 {
        shop.pawapay_tells(&deposit(&order, "FAILED")).await.ok();
        assert_eq!(status(&shop, &order).await, "PAID");
    }
    assert_eq!(shop.order_now(order.id).await["version"], 2);

    // Nobody has pawaPay asked after what is none of the shop's.
    let asked = shop.system.payments.requests().len();
    for id in ["f4401bd2-1568-4140-bf2d-eb77d2b2b639", "x", "../refunds"] {
        shop.pawapay_tells(&json!({ "depositId": id, "status": "COMPLETED" })).await.ok();
        shop.pawapay_tells(&json!({ "refundId": id, "status": "COMPLETED" })).await.ok();
    }
    shop.pawapay_tells(&json!({ "payoutId": "f4401bd2-1568-4140-bf2d-eb77d2b2b639", "status": "COMPLETED" })).await.ok();
    assert_eq!(shop.system.payments.requests().len(), asked);
    for body in [json!({}), json!([]), json!({ "depositId": 7, "status": "COMPLETED" })] {
        shop.pawapay_tells(&body).await.refused(400, "INVALID_JSON");
    }
    shop.assert_no_complaints();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_pawapay_signed_is_believed() {
    let key = PawaPayKey::new();
    let shop = with_key(&key).await;
    let order = shop.order_at_pawapay("PROCESSING").await;
    let other = shop.order_at_pawapay("PROCESSING").await;
    let mut short = deposit(&other, "COMPLETED");
    short["amount"] = json!("74.99");
    key.tells(&shop, &short).await.ok();
    key.tells(&shop, &deposit(&other, "FAILED")).await.ok();
    assert_eq!(status(&shop, &other).await, "PENDING");
    key.tells(&shop, &deposit(&order, "FAILED")).await.ok();
    assert_eq!(status(&shop, &order).await, "FAILED");
    for _ in 0..3 {
        key.tells(&shop, &deposit(&order, "COMPLETED")).await.ok();
        assert_eq!(status(&shop, &order).await, "PAID");
    }
    key.tells(&shop, &deposit(&order, "FAILED")).await.ok();
    assert_eq!(status(&shop, &order).await, "PAID");
    assert!(shop.system.payments.requests().is_empty(), "nobody was asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_signed_and_comes_before_its_order_is_kept_for_it() {
    let key = PawaPayKey::new();
    let shop = with_key(&key).await;
    let deposit =
        json!({ "depositId": "AFB57B93-7849-49AA-BABB-4C3CCBFE3D79", "status": "COMPLETED", "amount": "75.00", "currency": "USD" });
    key.tells(&shop, &deposit).await.ok();
    let order = shop.order().with("paymentReference", json!("afb57b93-7849-49aa-babb-4c3ccbfe3d79")).place().await;
    shop.system.clock.advance(RUN);
    assert_eq!(shop.system.workers.run("ask-providers").await.expect("a schedule").changed, 1);
    assert_eq!(status(&shop, &order).await, "PAID");
    assert!(shop.system.payments.requests().is_empty(), "nobody was asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deposit_is_the_same_in_capitals() {
    let key = PawaPayKey::new();
    let shop = with_key(&key).await;
    let (written, kept) = ("AFB57B93-7849-49AA-BABB-4C3CCBFE3D79", "afb57b93-7849-49aa-babb-4c3ccbfe3d79");
    let order = shop.order().with("paymentReference", json!(written)).place().await;
    assert_eq!(order.payment(), kept);
    let mut again = body(&[(shop.variant("20.00", 10).await, 1)]);
    for reference in [written, kept] {
        again["paymentReference"] = json!(reference);
        shop.staff().post("/api/orders", &again).await.refused(409, "PAYMENT_REFERENCE_USED");
        let other = shop.order().place().await;
        let paid = json!({ "paymentStatus": "PAID", "reference": reference });
        shop.staff().put(&other.path("payment"), &paid).await.refused(409, "PAYMENT_REFERENCE_USED");
    }
    let mut callback = deposit(&order, "COMPLETED");
    callback["depositId"] = json!(written);
    key.tells(&shop, &callback).await.ok();
    assert_eq!(status(&shop, &order).await, "PAID");
    // What is no UUID means what it says.
    let note = shop.order().with("paymentReference", json!("MP-A0773409")).place().await;
    assert_eq!(note.payment(), "MP-A0773409");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_about_another_deposit_pays_nothing() {
    let shop = LocalShop::start().await;
    let order = shop.order_at_pawapay("PROCESSING").await;
    let mut another = deposit(&order, "COMPLETED");
    another["depositId"] = json!("f4401bd2-1568-4140-bf2d-eb77d2b2b639");
    shop.system.payments.fail_next(PawaPay, Fault::Refuse(200, json!({ "status": "FOUND", "data": another })));
    shop.after(RUN).await;
    assert_eq!(status(&shop, &order).await, "PENDING");
    assert!(!shop.system.payments.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn where_its_key_is_known_nothing_else_is_believed() {
    let (key, other) = (PawaPayKey::new(), PawaPayKey::new());
    let shop = with_key(&key).await;
    let order = shop.order_at_pawapay("COMPLETED").await;
    let body = deposit(&order, "COMPLETED").to_string().into_bytes();
    shop.pawapay_tells(&deposit(&order, "COMPLETED")).await.refused(401, "INVALID_SIGNATURE");
    other.tells(&shop, &deposit(&order, "COMPLETED")).await.refused(401, "INVALID_SIGNATURE");

    let now = shop.system.clock.now().seconds();
    let right = key.headers(&shop.system.url, PATH, now, &body);
    let with = |name: &str, value: &str| {
        let mut headers = right.clone();
        headers.iter_mut().filter(|(header, _)| *header == name).for_each(|(_, old)| value.clone_into(old));
        headers
    };
    let altered = String::from_utf8(body.clone()).expect("a text").replace("COMPLETED", "FAILED").into_bytes();
    let elsewhere = key.headers("https://elsewhere.example.com", PATH, now, &body);
    let another_path = key.headers(&shop.system.url, "/api/webhooks/stripe", now, &body);
    let old = key.headers(&shop.system.url, PATH, now - 6 * 60, &body);
    let ahead = key.headers(&shop.system.url, PATH, now + 6 * 60, &body);
    for (why, headers, body) in [
        ("an altered body", &right, &altered),
        ("another digest", &with("Content-Digest", "sha-256=:eA==:"), &body),
        ("another date", &with("Signature-Date", "2026-01-01T00:00:00Z"), &body),
        ("no signature", &with("Signature", ""), &body),
        ("another address", &elsewhere, &body),
        ("another path", &another_path, &body),
        ("too old", &old, &body),
        ("too far ahead", &ahead, &body),
    ] {
        let caller = headers.iter().fold(shop.nobody(), |caller, (name, value)| caller.header(name, value));
        let answer = caller.send(Method::POST, PATH, Some(body.clone())).await;
        assert_eq!((answer.status, answer.code()), (401, "INVALID_SIGNATURE"), "{why}");
    }
    assert_eq!(status(&shop, &order).await, "PENDING");
    key.tells(&shop, &deposit(&order, "COMPLETED")).await.ok();
    assert_eq!(status(&shop, &order).await, "PAID");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_and_without_a_token_nobody_is_believed() {
    let variables = [("PAWAPAY_API_TOKEN", String::new())].into();
    let shop = LocalShop::with(Options { pumps: false, variables, ..Options::default() }).await;
    let order = shop.order_at_pawapay("COMPLETED").await;
    shop.pawapay_tells(&deposit(&order, "COMPLETED")).await.refused(401, "INVALID_SIGNATURE");
    PawaPayKey::new().tells(&shop, &deposit(&order, "COMPLETED")).await.refused(401, "INVALID_SIGNATURE");
    assert_eq!(status(&shop, &order).await, "PENDING");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_is_settled_by_its_callback_once() {
    let shop = LocalShop::start().await;
    let order = shop.order_at_pawapay("COMPLETED").await;
    shop.mark_paid(&order).await;
    shop.refunded(&order, Some("20")).await;
    shop.settled().await;
    let before = shop.system.outbox.emails().len();
    let made = shop.made_at(PawaPay)[0].id.clone();
    let callback = shop.system.payments.pawapay_object(&made).to_string().into_bytes();
    race(24, |_| {
        let (caller, body) = (shop.nobody(), callback.clone());
        async move { caller.send(Method::POST, PATH, Some(body)).await.ok() }
    })
    .await;
    shop.settled().await;
    let refund = shop.refund_of(&order).await;
    assert_eq!((&refund["status"], cents(&refund["amount"]), refunded_total(&shop, &order).await), (&json!("COMPLETED"), 20_00, 20_00));
    assert_eq!(shop.system.outbox.emails().len() - before, 1);
    shop.assert_no_complaints();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_failed_says_nothing_of_the_next_one() {
    let shop = LocalShop::start().await;
    let order = shop.order_at_pawapay("COMPLETED").await;
    shop.mark_paid(&order).await;
    shop.system.payments.next_refund_is(PawaPay, "FAILED");
    shop.system.payments.next_refund_is(PawaPay, "PROCESSING");
    let refund = shop.refunded(&order, None).await;
    shop.settled().await;
    let first = shop.made_at(PawaPay)[0].id.clone();
    let callback = shop.system.payments.pawapay_object(&first);
    shop.pawapay_tells(&callback).await.ok();
    assert_eq!(shop.refund_of(&order).await["status"], "FAILED");
    shop.admin().put(&format!("/api/refunds?id={}", refund["id"]), &json!({ "status": "PROCESSING" })).await.ok();
    shop.settled().await;
    shop.pawapay_tells(&callback).await.ok();
    assert_eq!(shop.refund_of(&order).await["status"], "PROCESSING");
    let second = shop.made_at(PawaPay)[1].id.clone();
    shop.system.payments.move_on(&second, "COMPLETED", None);
    shop.after(RUN).await;
    assert_eq!(shop.refund_of(&order).await["status"], "COMPLETED");
    assert_eq!(refunded_total(&shop, &order).await, 75_00);
}
