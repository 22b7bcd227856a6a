//! `POST /api/webhooks/twilio`: who is believed.

use crate::kit::{Providers, twilio_signature};
use local::Options;
use local::system::TWILIO_AUTH_TOKEN as TOKEN;
use serde_json::json;

const PATH: &str = "/api/webhooks/twilio?notification=7";
const FORM: [(&str, &str); 3] = [("MessageSid", "SM1"), ("MessageStatus", "delivered"), ("To", "+243 & <>%é")];

fn silent() -> Options {
    Options { pumps: false, ..Options::default() }
}

#[tokio::test]
async fn what_twilio_signed_for_this_address_is_taken() {
    let providers = Providers::with(silent()).await;
    let address = format!("{}{PATH}", providers.shop.system.url);
    let answer = providers.twilio_posts(PATH, &FORM, &twilio_signature(TOKEN, &address, &FORM)).await;
    assert_eq!((answer.status, &answer.body), (200, &json!({ "received": true })));
    // One that is about nothing of ours, or says nothing.
    for path in ["/api/webhooks/twilio", "/api/webhooks/twilio?notification=x&notification=7"] {
        let address = format!("{}{path}", providers.shop.system.url);
        for form in [&FORM[..], &FORM[..1], &[]] {
            assert_eq!(providers.twilio_posts(path, form, &twilio_signature(TOKEN, &address, form)).await.status, 200, "{path}");
        }
    }
}

#[tokio::test]
async fn what_twilio_did_not_sign_is_refused() {
    let providers = Providers::with(silent()).await;
    let address = format!("{}{PATH}", providers.shop.system.url);
    let right = twilio_signature(TOKEN, &address, &FORM);
    let other_message = "/api/webhooks/twilio?notification=8";
    let altered = [("MessageSid", "SM1"), ("MessageStatus", "failed"), ("To", "+243 & <>%é")];
    let elsewhere = twilio_signature(TOKEN, &format!("https://example.com{PATH}"), &FORM);
    let forged = twilio_signature("another-token", &address, &FORM);
    for (why, path, form, signature) in [
        ("forged", PATH, &FORM, forged.as_str()),
        ("an altered form", PATH, &altered, &right),
        ("another message", other_message, &FORM, &right),
        ("another address", PATH, &FORM, &elsewhere),
        ("empty", PATH, &FORM, ""),
        ("no base64", PATH, &FORM, "%%%"),
    ] {
        let answer = providers.twilio_posts(path, form, signature).await;
        assert_eq!((answer.status, answer.code()), (401, "INVALID_SIGNATURE"), "{why}");
    }
    assert_eq!(providers.twilio_posts(PATH, &FORM, &right).await.status, 200);
}

#[tokio::test]
async fn a_shop_that_does_not_know_its_own_address_or_no_token_believes_nobody() {
    for name in ["PUBLIC_URL", "TWILIO_AUTH_TOKEN"] {
        let variables = [(name, String::new())].into();
        let providers = Providers::with(Options { variables, ..silent() }).await;
        let address = format!("{}{PATH}", providers.shop.system.url);
        for token in [TOKEN, ""] {
            let signature = twilio_signature(token, &address, &FORM);
            providers.twilio_posts(PATH, &FORM, &signature).await.refused(401, "INVALID_SIGNATURE");
        }
    }
}
