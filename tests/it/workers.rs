//! Workers act at least once; their effect is there once.

mod failover;
mod providers;
mod relay;

pub use providers::refuse;

use crate::kit::{ByHand, CUSTOMER, LocalShop, OUTAGE, Placed, cents, failures, race};
use aws_lambda_events::event::sqs::SqsEvent;
use functions::workers::relay::Queue;
use local::faults::Fault;
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_comes_twice_and_backwards_sends_each_message_once() {
    let shop = LocalShop::without_pumps().await;
    let order = cancelled_after_confirmation(&shop).await;
    let mut hands = ByHand::of(&shop);
    hands.relay().await;
    let (emails, sms) = (hands.emails().await, hands.sms().await);
    assert_eq!((emails.records.len(), sms.records.len()), (3, 3));

    for batch in [emails.clone(), backwards(&emails), emails] {
        assert_eq!(failures(&hands.workers.send_email(batch).await), 0);
    }
    for batch in [backwards(&sms), sms] {
        assert_eq!(failures(&hands.workers.send_sms(batch).await), 0);
    }
    assert_sent_once(&shop, order.id, 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_thirty_have_at_once_sends_each_message_once() {
    let shop = LocalShop::without_pumps().await;
    let order = cancelled_after_confirmation(&shop).await;
    let mut hands = ByHand::of(&shop);
    hands.relay().await;
    let (emails, sms) = (hands.emails().await, hands.sms().await);

    let failed = race(30, |n| {
        let (workers, emails, sms) = (hands.workers.clone(), emails.clone(), sms.clone());
        async move {
            match n % 3 {
                0 => failures(&workers.send_email(emails).await),
                1 => failures(&workers.send_email(backwards(&emails)).await),
                _ => failures(&workers.send_sms(sms).await),
            }
        }
    })
    .await;
    assert_sent_once(&shop, order.id, 3).await;
    assert!(failed.iter().sum::<usize>() > 0, "nobody met another");
    // Whoever came second was told to look again, and finds nothing left to do.
    assert_eq!(failures(&hands.workers.send_email(emails).await) + failures(&hands.workers.send_sms(sms).await), 0);
    assert_sent_once(&shop, order.id, 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_messages_that_drew_one_number_are_both_sent_once() {
    let shop = LocalShop::without_pumps().await;
    let orders = [shop.order().place().await, shop.order().place().await];
    let mut hands = ByHand::of(&shop);
    hands.relay().await;
    let mut emails = hands.emails().await;
    let mut jobs: Vec<Value> = emails.records.iter().map(|record| job(record.body.as_deref())).collect();
    jobs[1]["notificationId"] = jobs[0]["notificationId"].clone();
    for (record, job) in emails.records.iter_mut().zip(&jobs) {
        record.body = Some(job.to_string());
    }

    for batch in [emails.clone(), backwards(&emails)] {
        assert_eq!(failures(&hands.workers.send_email(batch).await), 0);
    }
    for order in orders {
        let subjects = shop.messages_of(order.id).await;
        assert_eq!(subjects.len(), 1, "{subjects:?}");
        assert_eq!((&subjects[0]["status"], &subjects[0]["attempts"]), (&json!("SENT"), &json!(1)));
    }
    assert_eq!(shop.system.outbox.emails().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_of_different_events_have_different_names() {
    let shop = LocalShop::without_pumps().await;
    cancelled_after_confirmation(&shop).await;
    cancelled_after_confirmation(&shop).await;
    let mut hands = ByHand::of(&shop);
    hands.relay().await;
    let batches = [hands.emails().await, hands.sms().await, hands.refunds().await];
    let names: Vec<String> =
        batches.iter().flat_map(|batch| &batch.records).map(|record| job(record.body.as_deref())["id"].to_string()).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), 2 * (3 + 3 + 1), "{names:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_job_that_comes_again_and_twice_at_once_credits_once() {
    let shop = LocalShop::without_pumps().await;
    let order = refunded_as_credit(&shop).await;
    let mut hands = ByHand::of(&shop);
    hands.relay().await;
    let jobs = hands.refunds().await;

    let (one, other) = tokio::join!(hands.workers.process_refund(jobs.clone()), hands.workers.process_refund(jobs.clone()));
    assert_eq!(failures(&one) + failures(&other) + failures(&hands.workers.process_refund(jobs).await), 0);
    assert_credited_once(&shop, order.id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_worker_that_dies_before_or_after_its_write_credits_once() {
    for (fault, written) in [(Fault::NeverSent, 0), (Fault::AnswerLost, 1)] {
        let shop = LocalShop::without_pumps().await;
        let order = refunded_as_credit(&shop).await;
        let mut hands = ByHand::of(&shop);
        hands.relay().await;
        let jobs = hands.refunds().await;

        shop.system.faults.inject("TransactWriteItems", fault, OUTAGE);
        assert_eq!(failures(&hands.workers.process_refund(jobs.clone()).await), 1);
        assert_eq!(shop.system.faults.happened(), OUTAGE);
        let ledger = shop.customer(CUSTOMER).get("/api/store-credit").await.ok();
        assert_eq!(ledger["entries"].as_array().map(Vec::len), Some(written), "{fault:?}");

        assert_eq!(failures(&hands.workers.process_refund(jobs).await), 0);
        assert_credited_once(&shop, order.id).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_nobody_can_read_goes_to_the_dead_letters_alone() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().place().await;
    let mut hands = ByHand::of(&shop);
    hands.relay().await;
    let (queue, dead_letters) = (shop.system.queue_name("email"), shop.system.queue_name("email-dead-letters"));
    let poison = shop.system.sqs.send(&queue, "{\"no\": \"job\"}").expect("sent");

    for receive in 1..=20 {
        let batch = hands.emails().await;
        assert_eq!(batch.records.len(), if receive == 1 { 2 } else { 1 });
        let response = hands.workers.send_email(batch.clone()).await;
        let failed: Vec<&str> = response.batch_item_failures.iter().map(|failure| failure.item_identifier.as_str()).collect();
        assert_eq!(failed, [poison.as_str()]);
        hands.workers.delete_done(hands.workers.queues.url(Queue::Email), batch, &response).await.expect("deleted");
        assert!(hands.emails().await.records.is_empty(), "it waits for its next turn");
        assert!(shop.system.sqs.peek(&dead_letters).expect("a queue").is_empty(), "after {receive}");
        shop.system.clock.advance(std::time::Duration::from_mins(15));
    }
    assert!(hands.emails().await.records.is_empty());
    let dead = shop.system.sqs.peek(&dead_letters).expect("a queue");
    assert_eq!(dead.iter().map(|message| &message.id).collect::<Vec<_>>(), [&poison]);
    assert!(shop.system.sqs.peek(&queue).expect("a queue").is_empty());
    assert_eq!(shop.messages_of(order.id).await.len(), 1);
}

/// Placed, paid, confirmed, cancelled: three messages a channel, and one refund.
async fn cancelled_after_confirmation(shop: &LocalShop) -> Placed {
    let order = shop.order().paid().through(&["CONFIRMED"]).place().await;
    shop.customer(CUSTOMER).post(&order.path("cancel"), &json!({ "reason": "Too big" })).await.ok();
    order
}

/// An order of 75.00 whose money is to become store credit.
async fn refunded_as_credit(shop: &LocalShop) -> Placed {
    let order = shop.order().paid().place().await;
    let cancel = json!({ "reason": "Too big", "refundMethod": "STORE_CREDIT" });
    shop.customer(CUSTOMER).post(&order.path("cancel"), &cancel).await.ok();
    order
}

async fn assert_credited_once(shop: &LocalShop, order: u64) {
    let ledger = shop.customer(CUSTOMER).get("/api/store-credit").await.ok();
    assert_eq!((cents(&ledger["balances"][0]["balance"]), ledger["entries"].as_array().map(Vec::len)), (75_00, Some(1)));
    let order = shop.order_now(order).await;
    assert_eq!((order["paymentStatus"].as_str(), cents(&order["refundedTotal"])), (Some("REFUNDED"), 75_00));
}

/// So many messages on each channel, no two of which say the same, and the log knows all of them.
async fn assert_sent_once(shop: &LocalShop, order: u64, each: usize) {
    let (emails, sms) = (shop.system.outbox.emails(), shop.system.outbox.sms());
    assert_eq!((emails.len(), sms.len()), (each, each));
    assert_eq!(emails.iter().map(|email| &email.subject).collect::<BTreeSet<_>>().len(), each);
    assert_eq!(sms.iter().map(|sms| &sms.body).collect::<BTreeSet<_>>().len(), each);
    let log = shop.messages_of(order).await;
    assert_eq!(log.len(), 2 * each);
    assert!(log.iter().all(|message| message["status"] == "SENT" && message["attempts"] == 1), "{log:?}");
}

fn backwards(batch: &SqsEvent) -> SqsEvent {
    let mut batch = batch.clone();
    batch.records.reverse();
    batch
}

fn job(body: Option<&str>) -> Value {
    serde_json::from_str(body.expect("a body")).expect("a job")
}
