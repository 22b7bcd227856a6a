//! What providers tell of messages: the log moves forward alone, what nobody wrote down is settled, and addresses that
//! bounce are left alone.

use crate::kit::{CUSTOMER, MINUTE, Providers, race};
use local::emulators::outbox::Channel;
use local::faults::Fault;
use serde_json::{Value, json};
use std::sync::Arc;

/// A message of the log, with what a provider calls it by.
struct Known {
    id: u64,
    provider_id: String,
}

impl Providers {
    async fn order(&self) -> u64 {
        let order = self.shop.order().place().await.id;
        self.shop.settled().await;
        order
    }

    async fn message(&self, order: u64, channel: &str) -> Value {
        let log = self.shop.messages_of(order).await;
        log.into_iter().find(|message| message["type"] == channel).expect("a message")
    }

    async fn known(&self, order: u64, channel: &str) -> Known {
        let message = self.message(order, channel).await;
        let provider_id = message["providerId"].as_str().unwrap_or_default().to_owned();
        Known { id: message["id"].as_u64().expect("an id"), provider_id }
    }

    async fn status(&self, order: u64, channel: &str) -> Value {
        self.message(order, channel).await["status"].clone()
    }

    async fn ses(&self, message: &Known, event: &str, more: Value) {
        assert_eq!(self.ses_tells(message.id, &message.provider_id, event, more).await.status, 200);
    }

    /// The message came back for good; the event is the same one however often this tells of it.
    async fn bounces(&self, provider: &str, message: &Known) {
        if provider == "SES" {
            return self.ses(message, "Bounce", hard()).await;
        }
        let event =
            json!({ "event": "bounce", "type": "bounce", "sg_message_id": message.provider_id, "notification": message.id.to_string() });
        assert_eq!(self.send_grid_tells(&json!([event])).await.status, 200);
    }

    async fn twilio(&self, message: &Known, status: &str, error: Option<&str>) {
        assert_eq!(self.twilio_tells(message.id, &message.provider_id, status, error).await.status, 200);
    }
}

fn hard() -> Value {
    json!({ "bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": [{ "diagnosticCode": "550 5.1.1 user unknown" }] })
}

fn soft() -> Value {
    json!({ "bounceType": "Transient", "bounceSubType": "General", "bouncedRecipients": [{}] })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_delivered_is_delivered_whatever_comes_late_or_again() {
    let providers = Providers::start().await;
    let order = providers.order().await;
    let (email, sms) = (providers.known(order, "EMAIL").await, providers.known(order, "SMS").await);
    providers.ses(&email, "Delivery", json!({})).await;
    providers.twilio(&sms, "delivered", None).await;
    let before = providers.shop.messages_of(order).await;
    assert!(before.iter().all(|message| message["status"] == "DELIVERED" && message["error"].is_null()), "{before:?}");

    for (event, more) in
        [("Send", json!({})), ("DeliveryDelay", json!({})), ("Delivery", json!({})), ("Bounce", soft()), ("Open", json!({}))]
    {
        providers.ses(&email, event, more).await;
    }
    for status in ["queued", "sent", "undelivered", "failed", "delivered", "strange"] {
        providers.twilio(&sms, status, Some("30003")).await;
    }
    assert_eq!(providers.shop.messages_of(order).await, before);
    assert_eq!(providers.ses_tells(9_999, "x", "Delivery", json!({})).await.status, 200, "one of another shop");
}

/// SNS gives up what is answered 4xx, and says it again after a 5xx.
#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_loses_every_race_is_told_again() {
    let providers = Providers::start().await;
    let order = providers.order().await;
    let email = providers.known(order, "EMAIL").await;
    providers.shop.system.faults.inject("PutItem", Fault::Conflict, 8);
    let lost = providers.ses_tells(email.id, &email.provider_id, "Delivery", json!({})).await;
    lost.refused(503, "INTERNAL_ERROR");
    assert_eq!(providers.status(order, "EMAIL").await, "SENT");
    providers.ses(&email, "Delivery", json!({})).await;
    assert_eq!(providers.status(order, "EMAIL").await, "DELIVERED");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_delivered_is_failed_and_says_why() {
    let providers = Providers::start().await;
    let order = providers.order().await;
    let (email, sms) = (providers.known(order, "EMAIL").await, providers.known(order, "SMS").await);
    providers.ses(&email, "Bounce", soft()).await;
    providers.twilio(&sms, "undelivered", Some("30005")).await;
    let (email_now, sms_now) = (providers.message(order, "EMAIL").await, providers.message(order, "SMS").await);
    assert_eq!((&email_now["status"], &email_now["error"]), (&json!("FAILED"), &json!("Transient bounce (General)")));
    assert_eq!((&sms_now["status"], &sms_now["error"]), (&json!("FAILED"), &json!("undelivered (Twilio 30005)")));
    providers.ses(&email, "Send", json!({})).await;
    providers.twilio(&sms, "sent", None).await;
    assert_eq!((providers.message(order, "EMAIL").await, providers.message(order, "SMS").await), (email_now, sms_now));
    // It was an answering machine: the message is there.
    providers.ses(&email, "Delivery", json!({})).await;
    let delivered = providers.message(order, "EMAIL").await;
    assert_eq!((&delivered["status"], &delivered["error"]), (&json!("DELIVERED"), &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_reason_of_any_length_as_much_is_kept_as_fits_a_record() {
    let providers = Providers::start().await;
    // More than an item of DynamoDB's holds.
    let long = "é".repeat(250_000);
    let (by_ses, by_send_grid) = (providers.order().await, providers.order().await);
    let (ses, send_grid) = (providers.known(by_ses, "EMAIL").await, providers.known(by_send_grid, "EMAIL").await);
    let sms = providers.known(by_ses, "SMS").await;
    let bounce = json!({ "bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": [{ "diagnosticCode": long }] });
    providers.ses(&ses, "Bounce", bounce).await;
    let event = |id: &str| json!({ "event": "bounce", "reason": long, "sg_message_id": id, "notification": send_grid.id.to_string() });
    assert_eq!(providers.send_grid_tells(&json!([event(&long)])).await.status, 200);
    assert_eq!(providers.status(by_send_grid, "EMAIL").await, "SENT", "no message is called that");
    assert_eq!(providers.send_grid_tells(&json!([event(&send_grid.provider_id)])).await.status, 200);
    providers.twilio(&sms, "undelivered", Some(&"3".repeat(500_000))).await;
    for (order, channel, start) in [(by_ses, "EMAIL", "Permanent bounce"), (by_send_grid, "EMAIL", "éé"), (by_ses, "SMS", "undelivered")]
    {
        let message = providers.message(order, channel).await;
        let error = message["error"].as_str().expect("why");
        assert!(message["status"] == "FAILED" && error.starts_with(start), "{channel}: {message}");
        assert_eq!(error.chars().count(), 500, "{channel}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_in_any_order_and_any_number_end_the_same() {
    let providers = Providers::start().await;
    let events = [("Send", json!({})), ("Bounce", soft()), ("Delivery", json!({})), ("Bounce", hard())];
    let mut endings = Vec::new();
    for (n, order_of) in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 0, 2], [3, 0, 1, 2]].into_iter().enumerate() {
        let customer = json!({ "firstName": "Aline", "lastName": "Kasongo", "email": format!("aline{n}@example.com") });
        let order = providers.shop.order().with("customer", customer).place().await.id;
        providers.shop.settled().await;
        let email = providers.known(order, "EMAIL").await;
        for place in order_of {
            let (event, more) = &events[place];
            providers.ses(&email, event, more.clone()).await;
            providers.ses(&email, event, more.clone()).await;
        }
        let message = providers.message(order, "EMAIL").await;
        endings.push((message["status"].clone(), message["error"].clone()));
    }
    let error = json!("Permanent bounce (General): 550 5.1.1 user unknown");
    assert!(endings.iter().all(|ending| *ending == (json!("FAILED"), error.clone())), "{endings:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_event_that_cant_be_read_keeps_none_of_its_delivery_from_being_noted() {
    let providers = Providers::start().await;
    let order = providers.order().await;
    let email = providers.known(order, "EMAIL").await;
    for odd in
        [json!(1), json!(null), json!({}), json!({ "event": ["delivered"] }), json!({ "event": "delivered", "reason": { "code": 5 } })]
    {
        let delivered = json!({ "event": "delivered", "sg_message_id": email.provider_id, "notification": email.id.to_string() });
        let answer = providers.send_grid_tells(&json!([odd, delivered, odd])).await;
        assert_eq!((answer.status, providers.status(order, "EMAIL").await.as_str()), (200, Some("DELIVERED")), "{odd}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn racing_reports_leave_the_most_that_was_told() {
    let providers = Arc::new(Providers::start().await);
    let order = providers.order().await;
    let (email, sms) = (providers.known(order, "EMAIL").await, providers.known(order, "SMS").await);
    let told = json!([
        { "event": "processed", "sg_message_id": email.provider_id, "notification": email.id.to_string() },
        { "event": "delivered", "sg_message_id": format!("{}.filter0001", email.provider_id), "notification": email.id.to_string() },
        { "event": "delivered", "sg_message_id": "other.filter", "notification": "12345" },
    ]);
    let emails = race(12, |_| {
        let (providers, told) = (Arc::clone(&providers), told.clone());
        async move { providers.send_grid_tells(&told).await.status }
    });
    let emails = emails.await;
    let texts = race(12, |n| {
        let (providers, sid) = (Arc::clone(&providers), sms.provider_id.clone());
        async move { providers.twilio_tells(sms.id, &sid, ["queued", "sent", "delivered"][n % 3], None).await.status }
    });
    assert_eq!((emails, texts.await), (vec![200; 12], vec![200; 12]));
    for channel in ["EMAIL", "SMS"] {
        assert_eq!(providers.status(order, channel).await, "DELIVERED", "{channel}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_yes_that_nobody_wrote_down_is_settled_by_what_the_provider_tells_and_never_sent_again() {
    // SES took it, the worker died; then the event with the message's own tag came. And the same for SMS.
    for channel in ["EMAIL", "SMS"] {
        let providers = Providers::start().await;
        let shop = &providers.shop;
        shop.system.faults.inject_after(1, "PutItem", Fault::NeverSent, 3);
        let contact = if channel == "EMAIL" { ("email", "aline@example.com") } else { ("phone", "+243812345678") };
        let mut customer = json!({ "firstName": "Aline", "lastName": "Kasongo" });
        customer[contact.0] = json!(contact.1);
        let order = shop.order().with("customer", customer).place().await.id;
        shop.settled().await;
        assert_eq!(shop.system.faults.happened(), 3);
        let pending = providers.message(order, channel).await;
        assert_eq!((&pending["status"], &pending["providerId"]), (&json!("PENDING"), &Value::Null));

        let id = pending["id"].as_u64().expect("an id");
        let (provider, provider_id) = if channel == "EMAIL" {
            let sent = shop.system.outbox.emails().remove(0);
            assert_eq!(providers.ses_tells(id, &sent.id, "Send", json!({})).await.status, 200);
            ("SES", sent.id)
        } else {
            let sent = shop.system.outbox.sms().remove(0);
            assert!(sent.status_callback.is_some_and(|url| url.ends_with(&format!("/api/webhooks/twilio?notification={id}"))));
            assert_eq!(providers.twilio_tells(id, &sent.sid, "sent", None).await.status, 200);
            ("TWILIO", sent.sid)
        };
        let settled = providers.message(order, channel).await;
        assert_eq!(
            (&settled["status"], &settled["provider"], &settled["providerId"]),
            (&json!("SENT"), &json!(provider), &json!(provider_id))
        );
        assert!(settled["sentAt"].is_u64() && settled["error"].is_null(), "{settled}");
        for _ in 0..8 {
            shop.after(MINUTE * 10).await;
        }
        assert_eq!(shop.system.outbox.emails().len() + shop.system.outbox.sms().len(), 1);
        assert_eq!(providers.message(order, channel).await, settled);
        for queue in shop.system.sqs.queues() {
            assert_eq!(queue.messages(), 0, "{queue:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_message_that_went_out_twice_the_one_that_did_not_arrive_changes_nothing() {
    let providers = Providers::start().await;
    let shop = &providers.shop;
    shop.system.outbox.fail_next(Channel::Sms, local::emulators::outbox::Fault::AcceptThenDrop);
    let order = providers.order().await;
    shop.after(MINUTE * 16).await;
    let message = providers.known(order, "SMS").await;
    let sids: Vec<String> = shop.system.outbox.sms().into_iter().map(|sms| sms.sid).collect();
    assert_eq!((sids.len(), &sids[1]), (2, &message.provider_id));
    let first = Known { provider_id: sids[0].clone(), ..message };
    providers.twilio(&first, "undelivered", Some("30003")).await;
    assert_eq!(providers.status(order, "SMS").await, "SENT");
    providers.twilio(&first, "delivered", None).await;
    assert_eq!(providers.status(order, "SMS").await, "DELIVERED");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_bounced_or_complained_gets_no_more_and_the_log_says_why() {
    let complaint = json!({ "complaintFeedbackType": "abuse" });
    for (event, more, status, reason) in [("Bounce", hard(), "FAILED", "BOUNCE"), ("Complaint", complaint, "DELIVERED", "COMPLAINT")] {
        let providers = Providers::start().await;
        let shop = &providers.shop;
        let order = shop.order().place().await;
        shop.settled().await;
        let email = providers.known(order.id, "EMAIL").await;
        providers.ses(&email, event, more).await;
        assert_eq!(providers.status(order.id, "EMAIL").await, status);

        let sent = shop.system.outbox.requests(Channel::Email);
        shop.customer(CUSTOMER).post(&order.path("cancel"), &json!({ "reason": "Too big" })).await.ok();
        let upper = json!({ "firstName": "Aline", "lastName": "Kasongo", "email": "GRACE@Example.com", "phone": "+243812345678" });
        let other = shop.order().with("customer", upper).place().await.id;
        let resent = shop.admin().post(&format!("/api/notifications/{}/resend", email.id), &json!({})).await.ok();
        shop.settled().await;
        shop.after(MINUTE * 60).await;

        assert_eq!(shop.system.outbox.requests(Channel::Email), sent, "nothing is even tried");
        let mut log = shop.messages_of(order.id).await;
        log.extend(shop.messages_of(other).await);
        let withheld: Vec<&Value> =
            log.iter().filter(|message| message["type"] == "EMAIL" && message["id"].as_u64() != Some(email.id)).collect();
        assert_eq!(withheld.len(), 3, "{log:?}");
        assert!(withheld.iter().any(|message| message["id"] == resent["id"]));
        for message in withheld {
            assert_eq!((&message["status"], &message["attempts"]), (&json!("FAILED"), &json!(0)), "{message}");
            let error = message["error"].as_str().expect("why");
            assert!(
                error.starts_with("the address is suppressed: ") && error.contains(reason) && error.contains(&email.id.to_string()),
                "{error}"
            );
        }
        // SMS of the same customer go on.
        assert!(log.iter().filter(|message| message["type"] == "SMS").all(|message| message["status"] == "SENT"), "{log:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_suppressed_also_when_the_answer_to_that_got_lost_or_a_transaction_was_at_it() {
    for fault in [Fault::AnswerLost, Fault::Conflict] {
        let providers = Providers::start().await;
        let shop = &providers.shop;
        let order = providers.order().await;
        let email = providers.known(order, "EMAIL").await;
        shop.system.faults.inject("UpdateItem", fault, 1);
        providers.ses(&email, "Bounce", hard()).await;
        assert_eq!(shop.system.faults.happened(), 1);

        let withheld = providers.order().await;
        assert_eq!(providers.status(withheld, "EMAIL").await, "FAILED", "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_takes_an_address_off_the_list_and_what_it_bounced_for_is_history() {
    let providers = Providers::start().await;
    let shop = &providers.shop;
    let order = providers.order().await;
    let email = providers.known(order, "EMAIL").await;
    providers.ses(&email, "Bounce", hard()).await;
    let resend = format!("/api/notifications/{}/resend", email.id);
    let lift = json!({ "liftSuppression": true, "note": "Their mailbox is back" });
    shop.staff().post(&resend, &lift).await.refused(403, "FORBIDDEN");
    let withheld = providers.order().await;
    assert_eq!(providers.status(withheld, "EMAIL").await, "FAILED");

    let again = shop.admin().post(&resend, &lift).await.ok();
    shop.settled().await;
    let log = shop.messages_of(order).await;
    let again = log.iter().find(|message| message["id"] == again["id"]).expect("it is in the log");
    assert_eq!((&again["status"], &again["resentFrom"]), (&json!("SENT"), &json!(email.id)));
    let next = providers.order().await;
    assert_eq!(providers.status(next, "EMAIL").await, "SENT");
    assert_eq!(providers.status(withheld, "EMAIL").await, "FAILED", "what was not sent then is sent by nobody now");
    // On it or not, it is off it then.
    assert_eq!(shop.admin().post(&resend, &lift).await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_admin_lifted_is_not_undone_by_the_same_events_again_and_is_by_the_next_bounce() {
    for provider in ["SES", "SENDGRID"] {
        let providers = Providers::start().await;
        let shop = &providers.shop;
        // Both went out before either came back.
        let (first, second) = (providers.order().await, providers.order().await);
        let bounced = [providers.known(first, "EMAIL").await, providers.known(second, "EMAIL").await];
        for email in &bounced {
            providers.bounces(provider, email).await;
        }
        let lift = json!({ "liftSuppression": true });
        let again = shop.admin().post(&format!("/api/notifications/{}/resend", bounced[1].id), &lift).await.ok();
        shop.settled().await;

        for email in bounced.iter().chain(&bounced) {
            providers.bounces(provider, email).await;
        }
        let next = providers.order().await;
        assert_eq!(providers.status(next, "EMAIL").await, "SENT", "{provider}");

        let resent = providers.known(second, "EMAIL").await;
        assert_eq!(json!(resent.id), again["id"]);
        providers.bounces(provider, &resent).await;
        let last = providers.message(providers.order().await, "EMAIL").await;
        let why = last["error"].as_str().unwrap_or_default();
        assert!(last["status"] == "FAILED" && why.contains(&resent.id.to_string()), "{provider}: {last}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_complaint_about_what_was_delivered_counts_once_and_after_a_lift_another_one_does() {
    let providers = Providers::start().await;
    let shop = &providers.shop;
    let (first, second) = (providers.order().await, providers.order().await);
    let (first, second) = (providers.known(first, "EMAIL").await, providers.known(second, "EMAIL").await);
    for email in [&first, &second] {
        providers.ses(email, "Delivery", json!({})).await;
    }
    let complains = async |email: &Known| providers.ses(email, "Complaint", json!({ "complaintFeedbackType": "abuse" })).await;
    complains(&first).await;
    let lift = json!({ "liftSuppression": true });
    assert_eq!(shop.admin().post(&format!("/api/notifications/{}/resend", first.id), &lift).await.status, 201);
    complains(&first).await;
    let next = providers.order().await;
    assert_eq!(providers.status(next, "EMAIL").await, "SENT");
    complains(&second).await;
    let last = providers.order().await;
    assert_eq!(providers.status(last, "EMAIL").await, "FAILED");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_only_late_or_refused_by_a_server_suppresses_nobody() {
    let providers = Providers::start().await;
    let order = providers.order().await;
    let email = providers.known(order, "EMAIL").await;
    providers.ses(&email, "Bounce", soft()).await;
    let told = |event: Value| json!([event]);
    let with = |event: &str, kind: &str| json!({ "event": event, "type": kind, "reason": "listed", "sg_message_id": email.provider_id, "notification": email.id.to_string() });
    for event in [with("deferred", ""), with("bounce", "blocked"), with("open", "")] {
        assert_eq!(providers.send_grid_tells(&told(event)).await.status, 200);
    }
    let next = providers.order().await;
    assert_eq!(providers.status(next, "EMAIL").await, "SENT");
    assert_eq!(providers.send_grid_tells(&told(with("bounce", "bounce"))).await.status, 200);
    let last = providers.order().await;
    assert_eq!(providers.status(last, "EMAIL").await, "FAILED");
}
