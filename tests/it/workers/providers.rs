//! Providers that refuse, fall silent, or say yes to nobody.

use crate::kit::{ByHand, LocalShop, MINUTE, SecretsManager};
use api::batch::Outcome;
use functions::workers::{Desk, Sms, send_sms};
use local::Options;
use local::emulators::http::serve;
use local::emulators::outbox::{Channel, Fault};
use local::faults;
use local::system::TWILIO_AUTH_TOKEN;
use serde_json::{Value, json};
use std::time::Duration;

pub fn refuse(status: u16, code: &str) -> Fault {
    Fault::Refuse { status, code: code.to_owned(), message: "Not this one".to_owned() }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_for_good_is_failed_and_never_tried_again() {
    let shop = LocalShop::start().await;
    shop.system.outbox.fail_next(Channel::Email, refuse(400, "MessageRejected"));
    shop.system.outbox.fail_next(Channel::Sms, refuse(400, "21211"));
    let order = shop.order().place().await.id;
    shop.settled().await;
    shop.after(MINUTE * 60).await;

    for channel in [Channel::Email, Channel::Sms] {
        let message = message(&shop, order, channel).await;
        assert_eq!((&message["status"], &message["attempts"], &message["sentAt"]), (&json!("FAILED"), &json!(1), &Value::Null));
        assert!(message["error"].as_str().is_some_and(|error| error.contains("Not this one")), "{message}");
        assert_eq!(shop.system.outbox.requests(channel), 1);
    }
    assert_no_job_is_left(&shop);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_is_none_is_failed_and_never_tried() {
    let shop = LocalShop::start().await;
    let customer = json!({ "firstName": "Aline", "lastName": "Kasongo", "phone": "0812 345" });
    let order = shop.order().with("customer", customer).place().await.id;
    shop.settled().await;

    let sms = message(&shop, order, Channel::Sms).await;
    assert_eq!((&sms["status"], &sms["attempts"], &sms["recipient"]), (&json!("FAILED"), &json!(0), &json!("0812 345")));
    assert_eq!(shop.system.outbox.requests(Channel::Sms), 0);
    assert_no_job_is_left(&shop);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_without_an_sms_provider_fills_no_queue() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().place().await.id;
    let mut hands = ByHand::of(&shop);
    hands.relay().await;
    let batch = hands.sms().await;
    let desk = Desk { sender: Sms::Nobody, ..hands.workers.sms.clone() };
    for job in &batch.records {
        let job = serde_json::from_str(job.body.as_deref().expect("a body")).expect("a job");
        assert_eq!(send_sms::send(&desk, hands.workers.country, job).await, Outcome::Done);
    }

    let sms = message(&shop, order, Channel::Sms).await;
    assert_eq!((&sms["status"], &sms["error"]), (&json!("FAILED"), &json!("no SMS provider is configured")));
    assert_eq!(shop.system.outbox.requests(Channel::Sms), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_for_now_is_tried_again_after_longer_and_longer() {
    let shop = LocalShop::start().await;
    for _ in 0..3 {
        shop.system.outbox.fail_next(Channel::Email, refuse(429, "TooManyRequestsException"));
        shop.system.outbox.fail_next(Channel::Sms, refuse(429, "20429"));
    }
    let order = shop.order().place().await.id;
    shop.settled().await;
    // 5, 10, 20 seconds: just before each nothing happens, just after it one more try.
    for (tries, seconds) in [(1, 5), (2, 10), (3, 20)] {
        shop.after(Duration::from_secs(seconds - 2)).await;
        for channel in [Channel::Email, Channel::Sms] {
            assert_eq!(shop.system.outbox.requests(channel), tries);
            let message = message(&shop, order, channel).await;
            assert_eq!((&message["status"], &message["attempts"]), (&json!("PENDING"), &json!(tries)));
        }
        shop.after(Duration::from_secs(3)).await;
    }
    for channel in [Channel::Email, Channel::Sms] {
        let message = message(&shop, order, channel).await;
        assert_eq!((&message["status"], &message["attempts"], &message["error"]), (&json!("SENT"), &json!(4), &Value::Null));
    }
    assert_eq!((shop.system.outbox.emails().len(), shop.system.outbox.sms().len()), (1, 1));
    assert_no_job_is_left(&shop);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_sms_waits_longer_each_time_that_twilio_s_token_can_t_be_had_and_outlasts_hours_of_that() {
    const TOKEN: &str = "arn:twilio";
    let shop = LocalShop::without_pumps().await;
    let (manager, twilio) = (SecretsManager::start().await, serve(shop.system.outbox.router()).await.expect("a server"));
    manager.keep(TOKEN, TWILIO_AUTH_TOKEN);
    manager.close(true);
    let account = [("TWILIO_ACCOUNT_SID", "AC-local"), ("TWILIO_FROM", "+15005550006"), ("TWILIO_SECRET_ARN", TOKEN)];
    let variables = [account.as_slice(), &[("TWILIO_BASE_URL", twilio.url())]].concat();
    let variables = |name: &'static str| variables.iter().find(|(given, _)| *given == name).map(|(_, value)| (*value).to_owned());
    let mut hands = ByHand::of(&shop);
    hands.workers.sms.sender = Desk::sms(&variables, &manager.sdk(), shop.system.clock.clone()).expect("a desk").sender;
    let order = shop.order().place().await.id;
    let attempts = async || {
        let message = message(&shop, order, Channel::Sms).await;
        assert_eq!(message["status"], "PENDING", "{message}");
        assert!(message["error"].as_str().is_some_and(|why| !why.is_empty()), "{message}");
        message["attempts"].as_u64().expect("a number")
    };

    hands.once().await;
    for (tries, seconds) in [(1, 5), (2, 10), (3, 20)] {
        for (passing, expected) in [(seconds - 2, tries), (3, tries + 1)] {
            shop.system.clock.advance(Duration::from_secs(passing));
            hands.once().await;
            assert_eq!(attempts().await, expected, "after {passing} of {seconds} s");
        }
    }
    for _ in 0..150 {
        shop.system.clock.advance(MINUTE);
        hands.once().await;
    }
    let tries = attempts().await;
    assert!((13..20).contains(&tries), "{tries} in two and a half hours");
    assert_eq!(shop.system.outbox.requests(Channel::Sms), 0);

    manager.close(false);
    shop.system.clock.advance(15 * MINUTE);
    hands.once().await;
    let message = message(&shop, order, Channel::Sms).await;
    assert_eq!((&message["status"], &message["error"]), (&json!("SENT"), &Value::Null), "{message}");
    assert_eq!((shop.system.outbox.requests(Channel::Sms), shop.system.outbox.sms().len()), (1, 1));
    assert_no_job_is_left(&shop);
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_is_no_refusal_so_nothing_is_sent_again_for_fifteen_minutes() {
    // A provider that took it and one that didn't look the same from here, and so does one that fell over.
    let faults = [(Fault::AcceptThenDrop, 1), (Fault::Hang(Duration::from_millis(20)), 0), (refuse(500, "20500"), 0), (refuse(504, ""), 0)];
    for (fault, arrived) in faults {
        let shop = LocalShop::start().await;
        for channel in [Channel::Email, Channel::Sms] {
            shop.system.outbox.fail_next(channel, fault.clone());
        }
        let order = shop.order().place().await.id;
        shop.settled().await;
        for _ in 0..7 {
            shop.after(MINUTE * 2).await;
            assert_eq!((shop.system.outbox.emails().len(), shop.system.outbox.sms().len()), (arrived, arrived));
            for channel in [Channel::Email, Channel::Sms] {
                assert_eq!(shop.system.outbox.requests(channel), 1, "{fault:?}");
                assert_eq!(message(&shop, order, channel).await["status"], "PENDING");
            }
        }
        shop.after(MINUTE * 2).await;
        shop.after(MINUTE * 60).await;
        assert_eq!((shop.system.outbox.emails().len(), shop.system.outbox.sms().len()), (arrived + 1, arrived + 1));
        for channel in [Channel::Email, Channel::Sms] {
            let message = message(&shop, order, channel).await;
            assert_eq!((&message["status"], &message["attempts"]), (&json!("SENT"), &json!(2)));
        }
        assert_no_job_is_left(&shop);
    }
}

/// An order whose customer has no telephone, once all is done that it sets off; gives its id.
async fn by_mail_alone(shop: &LocalShop) -> u64 {
    let customer = json!({ "firstName": "Aline", "lastName": "Kasongo", "email": "aline@example.com" });
    let order = shop.order().with("customer", customer).place().await.id;
    shop.settled().await;
    order
}

#[tokio::test(flavor = "multi_thread")]
async fn a_yes_that_we_could_not_write_down_is_not_asked_for_again_for_fifteen_minutes() {
    let shop = LocalShop::start().await;
    // The claim is stored, what came of it is not.
    shop.system.faults.inject_after(1, "PutItem", faults::Fault::NeverSent, 3);
    let order = by_mail_alone(&shop).await;
    assert_eq!(shop.system.faults.happened(), 3);
    for _ in 0..7 {
        shop.after(MINUTE * 2).await;
        assert_eq!(shop.system.outbox.requests(Channel::Email), 1);
        assert_eq!(message(&shop, order, Channel::Email).await["status"], "PENDING");
    }
    shop.after(MINUTE * 2).await;
    let message = message(&shop, order, Channel::Email).await;
    assert_eq!((&message["status"], &message["attempts"]), (&json!("SENT"), &json!(2)));
    shop.after(MINUTE * 60).await;
    assert_eq!(shop.system.outbox.emails().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_entry_whose_answer_got_lost_is_known_as_ours() {
    // The claim's, and that of what came of it.
    for after in [0, 1] {
        let shop = LocalShop::start().await;
        shop.system.faults.inject_after(after, "PutItem", faults::Fault::AnswerLost, 1);
        let order = by_mail_alone(&shop).await;
        assert_eq!(shop.system.faults.happened(), 1);
        let message = message(&shop, order, Channel::Email).await;
        assert_eq!((&message["status"], &message["attempts"]), (&json!("SENT"), &json!(1)));
        assert_eq!(shop.system.outbox.requests(Channel::Email), 1);
        assert_no_job_is_left(&shop);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_entry_that_a_transaction_has_is_written_as_soon_as_it_is_free() {
    // The claim's, and that of what came of it, which would be sent a second time if nobody knew.
    for after in [0, 1] {
        let shop = LocalShop::start().await;
        shop.system.faults.inject_after(after, "PutItem", faults::Fault::Conflict, 4);
        let order = by_mail_alone(&shop).await;
        assert_eq!(shop.system.faults.happened(), 4);
        let sent = message(&shop, order, Channel::Email).await;
        assert_eq!((&sent["status"], &sent["attempts"]), (&json!("SENT"), &json!(1)));
        shop.after(MINUTE * 16).await;
        assert_eq!(shop.system.outbox.requests(Channel::Email), 1);
        assert_no_job_is_left(&shop);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_hour_without_providers_loses_nothing() {
    let shop = LocalShop::start().await;
    for channel in [Channel::Email, Channel::Sms] {
        shop.system.outbox.fail_all(channel, Some(refuse(503, "ServiceUnavailable")));
    }
    let mut orders = Vec::new();
    for _ in 0..6 {
        orders.push(shop.order().place().await.id);
        shop.after(MINUTE * 10).await;
    }
    assert!(shop.system.outbox.emails().is_empty() && shop.system.outbox.sms().is_empty());
    for channel in [Channel::Email, Channel::Sms] {
        shop.system.outbox.fail_all(channel, None);
    }
    shop.after(MINUTE * 15).await;
    assert_eq!((shop.system.outbox.emails().len(), shop.system.outbox.sms().len()), (6, 6));
    for order in orders {
        let log = shop.messages_of(order).await;
        assert!(log.len() == 2 && log.iter().all(|message| message["status"] == "SENT"), "{log:?}");
    }
    assert_no_job_is_left(&shop);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_an_outage_what_a_later_message_has_made_pointless_is_skipped_and_said_so() {
    let shop = LocalShop::start().await;
    for channel in [Channel::Email, Channel::Sms] {
        shop.system.outbox.fail_all(channel, Some(refuse(503, "ServiceUnavailable")));
    }
    let cancelled = shop.order().paid().through(&["CONFIRMED"]).place().await;
    let delivered = shop.order().place().await;
    let untouched = shop.order().place().await;
    shop.after(MINUTE * 20).await;
    shop.staff().post(&cancelled.path("cancel"), &json!({ "reason": "Sold out" })).await.ok();
    shop.after(MINUTE * 20).await;
    for step in ["CONFIRMED", "PROCESSING", "SHIPPED", "DELIVERED"] {
        shop.staff().put(&delivered.path("status"), &json!({ "newStatus": step })).await.ok();
    }
    shop.after(MINUTE * 20).await;
    assert!(shop.system.outbox.emails().is_empty() && shop.system.outbox.sms().is_empty());
    for channel in [Channel::Email, Channel::Sms] {
        shop.system.outbox.fail_all(channel, None);
    }
    for _ in 0..4 {
        shop.after(MINUTE * 15).await;
    }

    for (order, skipped, word) in [(&cancelled, 2, "annulée"), (&delivered, 3, "livrée"), (&untouched, 0, "commande")] {
        let log = shop.messages_of(order.id).await;
        for kind in ["EMAIL", "SMS"] {
            let of_kind: Vec<&Value> = log.iter().filter(|message| message["type"] == kind).collect();
            let in_status = |status: &str| of_kind.iter().filter(|message| message["status"] == status).copied().collect::<Vec<_>>();
            let (sent, failed) = (in_status("SENT"), in_status("FAILED"));
            assert!(sent.len() == 1 && sent[0]["content"].as_str().is_some_and(|text| text.contains(word)), "{of_kind:?}");
            assert_eq!((failed.len(), of_kind.len()), (skipped, skipped + 1), "{of_kind:?}");
            let superseded = |message: &&Value| message["error"].as_str().is_some_and(|error| error.starts_with("superseded by "));
            assert!(failed.iter().all(superseded), "{failed:?}");
        }
    }
    assert_eq!((shop.system.outbox.emails().len(), shop.system.outbox.sms().len()), (3, 3));
    assert_no_job_is_left(&shop);
}

pub async fn message(shop: &LocalShop, order: u64, channel: Channel) -> Value {
    let word = match channel {
        Channel::Email | Channel::SendGrid => "EMAIL",
        Channel::Sms => "SMS",
    };
    let log = shop.messages_of(order).await;
    log.into_iter().find(|message| message["type"] == word).expect("a message")
}

/// In the queues or among their dead letters.
#[track_caller]
pub fn assert_no_job_is_left(shop: &LocalShop) {
    for queue in shop.system.sqs.queues() {
        assert_eq!(queue.messages(), 0, "{queue:?}");
    }
}

/// Jobs that come back as they came are dead within the hour: those of a key that can't be had for a while wait as any others do.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_cant_be_fetched_lets_each_message_wait_longer_and_the_log_says_why() {
    let missing = ["TWILIO", "SENDGRID"].map(|name| format!("arn:aws:secretsmanager:eu-west-1:123456789012:secret:{name}"));
    let variables = [
        ("TWILIO_AUTH_TOKEN", String::new()),
        ("TWILIO_SECRET_ARN", missing[0].clone()),
        ("SENDGRID_API_KEY", String::new()),
        ("SENDGRID_SECRET_ARN", missing[1].clone()),
        ("EMAIL_PROVIDERS", "sendgrid".to_owned()),
    ];
    let shop = LocalShop::with(Options { variables: variables.into(), ..Options::default() }).await;
    let order = shop.order().place().await.id;
    shop.settled().await;
    for (channel, variable) in [(Channel::Sms, "TWILIO_SECRET_ARN"), (Channel::Email, "SENDGRID_SECRET_ARN")] {
        let waiting = message(&shop, order, channel).await;
        assert_eq!(waiting["status"], "PENDING", "{waiting}");
        let said = format!("the secret of {variable} could not be fetched: ");
        assert!(waiting["error"].as_str().is_some_and(|error| error.contains(&said)), "{waiting}");
    }
    for (queue, waits) in shop.system.sqs.queues().iter().filter(|queue| !queue.is_dead_letters).map(|queue| (&queue.name, queue.in_flight))
    {
        assert_eq!(waits, usize::from(queue.ends_with("-sms") || queue.ends_with("-email")), "{queue}");
    }
    let attempts = async || message(&shop, order, Channel::Sms).await["attempts"].clone();
    assert_eq!(attempts().await, 1);
    for (seconds, expected) in [(6, 2), (5, 2), (6, 3)] {
        shop.after(Duration::from_secs(seconds)).await;
        assert_eq!(attempts().await, expected, "five seconds, then ten");
    }
}
