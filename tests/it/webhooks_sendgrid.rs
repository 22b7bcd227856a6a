//! `POST /api/webhooks/sendgrid`: who is believed.

use crate::kit::{Providers, SendGridDelivery};
use local::Options;
use serde_json::json;

const HOUR: u64 = 3_600;

fn silent() -> Options {
    Options { pumps: false, ..Options::default() }
}

fn body() -> Vec<u8> {
    json!([{ "event": "delivered", "sg_message_id": "a.b", "notification": "7" }]).to_string().into_bytes()
}

#[tokio::test]
async fn what_sendgrid_signed_is_taken_for_a_day() {
    let providers = Providers::with(silent()).await;
    let now = providers.shop.system.clock.now().seconds();
    let answer = providers.send_grid_posts(&providers.send_grid_signs(now, body())).await;
    assert_eq!((answer.status, &answer.body), (200, &json!({ "received": true })));
    for (at, status) in [(now - 23 * HOUR, 200), (now - 25 * HOUR, 401), (now + 240, 200), (now + 360, 401)] {
        assert_eq!(providers.send_grid_posts(&providers.send_grid_signs(at, body())).await.status, status, "{at} and now {now}");
    }
}

#[tokio::test]
async fn what_sendgrid_did_not_sign_is_refused() {
    let (providers, other) = (Providers::with(silent()).await, Providers::with(silent()).await);
    let now = providers.shop.system.clock.now().seconds();
    let right = || providers.send_grid_signs(now, body());
    let altered = String::from_utf8(body()).expect("a text").replace('7', "8").into_bytes();
    for (why, delivery) in [
        ("forged", other.send_grid_signs(now, body())),
        ("an altered body", SendGridDelivery { body: altered, ..right() }),
        ("another time", SendGridDelivery { timestamp: (now + 1).to_string(), ..right() }),
        ("no time", SendGridDelivery { timestamp: String::new(), ..right() }),
        ("empty", SendGridDelivery { signature: String::new(), ..right() }),
    ] {
        let answer = providers.send_grid_posts(&delivery).await;
        assert_eq!((answer.status, answer.code()), (401, "INVALID_SIGNATURE"), "{why}");
    }
    providers.shop.nobody().post("/api/webhooks/sendgrid", &json!([])).await.refused(401, "INVALID_SIGNATURE");
    assert_eq!(providers.send_grid_posts(&right()).await.status, 200);
}

#[tokio::test]
async fn a_shop_that_knows_no_key_believes_nobody() {
    for key in ["", "AAAA"] {
        let variables = [("SENDGRID_WEBHOOK_KEY", key.to_owned())].into();
        let providers = Providers::with(Options { variables, ..silent() }).await;
        providers.send_grid_tells(&json!([])).await.refused(401, "INVALID_SIGNATURE");
    }
}

#[tokio::test]
async fn a_signed_body_that_is_none_is_named_and_what_is_not_ours_passed_over() {
    let providers = Providers::with(silent()).await;
    let now = providers.shop.system.clock.now().seconds();
    for wrong in [&b"{"[..], b"{}", b"[1", b"7", b"\xff"] {
        providers.send_grid_posts(&providers.send_grid_signs(now, wrong.to_vec())).await.refused(400, "INVALID_JSON");
    }
    let strange = json!([
        { "event": "delivered", "sg_message_id": "a.b" },
        { "event": "delivered", "sg_message_id": "a.b", "notification": "seven" },
        { "event": "delivered", "sg_message_id": "a.b", "notification": "99999999999999999999" },
        { "event": "delivered", "notification": "7" },
        { "event": "party", "sg_message_id": "a.b", "notification": "7", "more": [1] },
    ]);
    assert_eq!(providers.send_grid_tells(&strange).await.status, 200);
}
