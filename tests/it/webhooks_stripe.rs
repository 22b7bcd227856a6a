//! `POST /api/webhooks/stripe`: who is believed.

use crate::kit::webhooks::{stripe_hmac, stripe_signature};
use crate::kit::{Answer, LocalShop};
use local::Options;
use local::system::STRIPE_WEBHOOK_SECRET as SECRET;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

const PATH: &str = "/api/webhooks/stripe";

fn event() -> Value {
    json!({ "id": "evt_1", "object": "event", "type": "customer.created", "data": { "object": { "id": "cus_1" } } })
}

/// An answer to the event with these headers.
async fn sent(shop: &LocalShop, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let caller = headers.iter().fold(shop.nobody(), |caller, (name, value)| caller.header(name, value));
    caller.send(Method::POST, PATH, Some(body.to_vec())).await
}

#[tokio::test]
async fn what_stripe_signed_is_taken() {
    let shop = LocalShop::without_pumps().await;
    let answer = shop.stripe_tells(&event()).await;
    assert_eq!((answer.status, &answer.body), (200, &json!({ "received": true })));
    assert_eq!(shop.stripe_tells(&event()).await.body, answer.body, "a second time, too");

    // While a secret is being rolled there is one signature by each.
    let (body, now) = (event().to_string().into_bytes(), shop.system.clock.now().seconds());
    let both = format!("{},v1={},v0=00", stripe_signature("whsec_old", now, &body), stripe_hmac(SECRET, now, &body));
    assert_eq!(sent(&shop, &[("Stripe-Signature", &both)], &body).await.status, 200);
}

#[tokio::test]
async fn what_stripe_did_not_sign_is_refused() {
    let shop = LocalShop::without_pumps().await;
    let (body, now) = (event().to_string().into_bytes(), shop.system.clock.now().seconds());
    let right = stripe_signature(SECRET, now, &body);
    let altered = String::from_utf8(body.clone()).expect("a text").replace("evt_1", "evt_2").into_bytes();
    let old_scheme = right.replace("v1=", "v0=");
    let forged = stripe_signature("whsec_another", now, &body);

    for (why, signature, body) in [
        ("forged", forged.as_str(), &body),
        ("an altered body", &right, &altered),
        ("another scheme", &old_scheme, &body),
        ("empty", "", &body),
        ("no signature", "t=1,v1=", &body),
    ] {
        let answer = sent(&shop, &[("Stripe-Signature", signature)], body).await;
        assert_eq!((answer.status, answer.code()), (401, "INVALID_SIGNATURE"), "{why}");
        answer.refused(401, "INVALID_SIGNATURE");
    }
    sent(&shop, &[], &body).await.refused(401, "INVALID_SIGNATURE");
    sent(&shop, &[("Stripe-Signature", &right), ("Stripe-Signature", &right)], &body).await.refused(401, "INVALID_SIGNATURE");
    assert_eq!(sent(&shop, &[("Stripe-Signature", &right)], &body).await.status, 200);
}

#[tokio::test]
async fn five_minutes_either_way_are_near_enough_and_six_are_not() {
    let shop = LocalShop::without_pumps().await;
    let minutes = |minutes| Duration::from_mins(minutes);
    assert_eq!(shop.stripe_told(minutes(4), &event()).await.status, 200);
    shop.stripe_told(minutes(6), &event()).await.refused(401, "INVALID_SIGNATURE");

    let body = event().to_string().into_bytes();
    for (ahead, status) in [(4, 200), (6, 401)] {
        let signature = stripe_signature(SECRET, shop.system.clock.now().seconds() + 60 * ahead, &body);
        assert_eq!(sent(&shop, &[("Stripe-Signature", &signature)], &body).await.status, status, "{ahead} minutes ahead");
    }
}

#[tokio::test]
async fn a_shop_that_knows_no_secret_believes_nobody() {
    let variables = [("STRIPE_WEBHOOK_SECRET", String::new())].into();
    let shop = LocalShop::with(Options { pumps: false, variables, ..Options::default() }).await;
    shop.stripe_tells(&event()).await.refused(401, "INVALID_SIGNATURE");
    let (body, now) = (event().to_string().into_bytes(), shop.system.clock.now().seconds());
    let by_nothing = stripe_signature("", now, &body);
    sent(&shop, &[("Stripe-Signature", &by_nothing)], &body).await.refused(401, "INVALID_SIGNATURE");
}

#[tokio::test]
async fn a_signed_body_that_is_none_is_named_and_one_that_is_too_large_not_read() {
    let shop = LocalShop::without_pumps().await;
    for body in [b"{".to_vec(), b"[]".to_vec(), b"{}".to_vec(), vec![0xff; 16], br#"{"id":1,"type":2}"#.to_vec()] {
        let signature = stripe_signature(SECRET, shop.system.clock.now().seconds(), &body);
        sent(&shop, &[("Stripe-Signature", &signature)], &body).await.refused(400, "INVALID_JSON");
    }
    let large = vec![b' '; 1024 * 1024 + 1];
    let signature = stripe_signature(SECRET, shop.system.clock.now().seconds(), &large);
    sent(&shop, &[("Stripe-Signature", &signature)], &large).await.refused(413, "PAYLOAD_TOO_LARGE");
}
