//! `POST /api/webhooks/ses`: whom SNS has to be to be believed.

use crate::kit::Providers;
use local::Options;
use serde_json::{Value, json};

const HOUR: u64 = 3_600;

fn silent() -> Options {
    Options { pumps: false, ..Options::default() }
}

async fn started() -> (Providers, u64) {
    let providers = Providers::with(silent()).await;
    let now = providers.shop.system.clock.now().seconds();
    (providers, now)
}

#[tokio::test]
async fn what_sns_signed_is_taken_for_a_day_and_its_certificate_fetched_once() {
    let (providers, now) = started().await;
    let answer = providers.sns_posts(&providers.sns_signs(now, "{}")).await;
    assert_eq!((answer.status, &answer.body), (200, &json!({ "received": true })));
    for (at, status) in [(now - 23 * HOUR, 200), (now - 25 * HOUR, 401), (now + 240, 200), (now + 360, 401)] {
        assert_eq!(providers.sns_posts(&providers.sns_signs(at, "{}")).await.status, status, "{at} and now {now}");
    }
    assert_eq!(providers.asked.all(), ["SimpleNotificationService-test.pem"]);
}

#[tokio::test]
async fn what_sns_did_not_sign_or_for_another_topic_is_refused() {
    let (providers, now) = started().await;
    let right = providers.sns_signs(now, "{}");
    let with = |name: &str, value: Value| {
        let mut changed = right.clone();
        changed[name] = value;
        changed
    };
    let foreign_topic = providers.sign_anew(with("TopicArn", json!("arn:aws:sns:eu-west-1:999999999999:order-ops-test-email-events")));
    for (why, delivery) in [
        ("an altered message", with("Message", json!("{ }"))),
        ("another subject", with("Subject", json!("x"))),
        ("no subject", with("Subject", Value::Null)),
        ("another kind", with("Type", json!("UnsubscribeConfirmation"))),
        ("an unknown kind", providers.sign_anew(with("Type", json!("Party")))),
        ("a foreign topic", foreign_topic),
        ("the other version", with("SignatureVersion", json!("1"))),
        ("no version", with("SignatureVersion", json!("3"))),
        ("no signature", with("Signature", json!(""))),
        ("no field", json!({ "Type": "Notification" })),
        ("no JSON object", json!("x")),
    ] {
        let answer = providers.sns_posts(&delivery).await;
        assert_eq!((answer.status, answer.code()), (401, "INVALID_SIGNATURE"), "{why}");
    }
    assert_eq!(providers.sns_posts(&right).await.status, 200);
}

#[tokio::test]
async fn a_certificate_that_is_not_snss_own_is_not_even_fetched() {
    let (providers, now) = started().await;
    for url in [
        "https://example.com/SimpleNotificationService-test.pem",
        "http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-test.pem",
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-test.pem",
        "https://sns.eu-west-1.amazonaws.com.example.com/SimpleNotificationService-test.pem",
        "https://sns.eu-west-1.amazonaws.com/other.pem",
    ] {
        let mut delivery = providers.sns_signs(now, "{}");
        delivery["SigningCertURL"] = json!(url);
        providers.sns_posts(&providers.sign_anew(delivery)).await.refused(401, "INVALID_SIGNATURE");
    }
    assert!(providers.asked.all().is_empty());
    let mut unknown = providers.sns_signs(now, "{}");
    unknown["SigningCertURL"] = json!("https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-gone.pem");
    providers.sns_posts(&unknown).await.refused(401, "INVALID_SIGNATURE");
    assert_eq!(providers.asked.all(), ["SimpleNotificationService-gone.pem"]);
}

#[tokio::test]
async fn a_subscription_to_our_topic_is_confirmed_and_no_other() {
    let (providers, now) = started().await;
    let mut foreign = providers.sns_asks(now, "theirs");
    foreign["TopicArn"] = json!("arn:aws:sns:eu-west-1:999999999999:x");
    providers.sns_posts(&providers.sign_anew(foreign)).await.refused(401, "INVALID_SIGNATURE");
    let mut altered = providers.sns_asks(now, "ours");
    altered["Token"] = json!("theirs");
    providers.sns_posts(&altered).await.refused(401, "INVALID_SIGNATURE");

    assert_eq!(providers.sns_posts(&providers.sns_asks(now, "ours & more")).await.status, 200);
    assert_eq!(providers.asked.all(), ["SimpleNotificationService-test.pem", "ours & more"]);
    let mut ended = providers.sns_asks(now, "ours");
    ended["Type"] = json!("UnsubscribeConfirmation");
    assert_eq!(providers.sns_posts(&providers.sign_anew(ended)).await.status, 200);
    assert_eq!(providers.asked.all().len(), 2, "what was ended is not begun again");
}

#[tokio::test]
async fn a_shop_without_a_topic_believes_nobody_and_one_that_does_not_reach_sns_asks_to_be_told_again() {
    let variables = [("SES_TOPIC_ARN", String::new())].into();
    let providers = Providers::with(Options { variables, ..silent() }).await;
    let now = providers.shop.system.clock.now().seconds();
    providers.sns_posts(&providers.sns_signs(now, "{}")).await.refused(401, "INVALID_SIGNATURE");

    let variables = [("SNS_BASE_URL", "http://127.0.0.1:9".to_owned())].into();
    let providers = Providers::with(Options { variables, ..silent() }).await;
    assert_eq!(providers.sns_posts(&providers.sns_signs(now, "{}")).await.status, 503);
}

#[tokio::test]
async fn what_is_published_and_no_event_does_no_harm() {
    let (providers, now) = started().await;
    for message in ["", "{", "Successfully validated SNS topic for Amazon SES event publishing.", "[]", "{\"eventType\":\"Send\"}"] {
        assert_eq!(providers.sns_posts(&providers.sns_signs(now, message)).await.status, 200, "{message}");
    }
}
