//! The relay: every committed event's jobs, whatever the stream and the queues do, and nobody else's.

use super::cancelled_after_confirmation;
use crate::kit::{Answers, ByHand, LocalShop, body, race};
use functions::workers::relay::{self, Queue};
use local::Workers;
use local::faults::Fault;
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_batch_that_comes_twice_tells_nobody_twice() {
    let shop = LocalShop::without_pumps().await;
    let order = cancelled_after_confirmation(&shop).await;
    let mut hands = ByHand::of(&shop);
    let batch = hands.events().expect("events");
    for _ in 0..2 {
        assert!(hands.workers.relay(batch.clone()).await.batch_item_failures.is_empty());
    }
    let jobs: usize = shop.system.sqs.queues().iter().map(|queue| queue.waiting).sum();
    assert_eq!(jobs, 2 * (3 + 3 + 1));
    deliver_all(&shop, &hands).await;
    super::assert_sent_once(&shop, order.id, 3).await;
    assert_eq!(shop.refunds_of(order.id).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_queue_does_not_take_the_stream_hands_over_again() {
    let shop = LocalShop::without_pumps().await;
    let by_mail_alone = place(&shop, json!({ "firstName": "Aline", "lastName": "Kasongo", "email": "aline@example.com" })).await;
    let by_both =
        place(&shop, json!({ "firstName": "Grâce", "lastName": "Mbuyi", "email": "grace@example.com", "phone": "+243812345678" })).await;
    let mut hands = ByHand::of(&shop);
    let batch = hands.events().expect("events");

    let mut cut_off = hands.workers.clone();
    cut_off.queues = cut_off.queues.with(Queue::Sms, shop.system.sqs.url("no-such-queue"));
    let response = cut_off.relay(batch.clone()).await;
    let failed: Vec<Option<String>> = response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect();
    // From the first event on that wanted an SMS.
    assert_eq!(failed, [batch.records[1].change.sequence_number.clone()]);

    hands.relay().await;
    deliver_all(&shop, &hands).await;
    assert_eq!((shop.messages_of(by_mail_alone).await.len(), shop.messages_of(by_both).await.len()), (1, 2));
    assert_eq!((shop.system.outbox.emails().len(), shop.system.outbox.sms().len()), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_hour_that_nobody_relayed_is_relayed_from_the_table() {
    let shop = LocalShop::without_pumps().await;
    at_an_hour_s_beginning(&shop);
    let order = cancelled_after_confirmation(&shop).await;
    let hands = ByHand::of(&shop);
    let placed_at = order.body["createdAt"].as_u64().expect("a time");
    assert_eq!(hands.workers.relay_hour(placed_at - 3_600_000).await.expect("relayed"), json!({ "relayed": 0, "failed": 0 }));

    // The order was placed, paid, confirmed, cancelled, its payment moved, its refund made; and then left to staff.
    for events in [6, 7] {
        assert_eq!(hands.workers.relay_hour(placed_at).await.expect("relayed"), json!({ "relayed": events, "failed": 0 }));
        deliver_all(&shop, &hands).await;
        super::assert_sent_once(&shop, order.id, 3).await;
    }
    // The stream comes back after all.
    ByHand::of(&shop).relay().await;
    deliver_all(&shop, &hands).await;
    super::assert_sent_once(&shop, order.id, 3).await;
}

const DAY: Duration = Duration::from_hours(24);

#[tokio::test(flavor = "multi_thread")]
async fn an_hour_that_the_log_may_have_forgotten_is_not_relayed_again() {
    let shop = LocalShop::without_pumps().await;
    let order = cancelled_after_confirmation(&shop).await;
    ByHand::of(&shop).relay().await;
    let hands = ByHand::of(&shop);
    deliver_all(&shop, &hands).await;
    let sent = || (shop.system.outbox.emails().len(), shop.system.outbox.sms().len());
    assert_eq!(sent(), (3, 3));
    let placed_at = order.body["createdAt"].as_u64().expect("a time");

    shop.system.clock.advance(398 * DAY);
    assert_eq!(hands.workers.relay_hour(placed_at).await.expect("relayed")["failed"], 0);
    deliver_all(&shop, &hands).await;
    assert_eq!(sent(), (3, 3));

    shop.system.clock.advance(3 * DAY);
    for hour in [placed_at, placed_at / 1000, 0] {
        let refused = hands.workers.relay_hour(hour).await.expect_err("refused").to_string();
        assert!(refused.starts_with(&format!("{hour} is more than 399 days ago: the log may have forgotten")), "{refused}");
    }
    assert!(shop.system.sqs.queues().iter().all(|queue| queue.waiting + queue.delayed == 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_the_log_may_have_forgotten_is_sent_to_nobody() {
    // When a job comes for the first time and when again, in days.
    let waits: [(u32, u32); 3] = [(0, 401), (0, 398), (398, 401)];
    for (first, again) in waits {
        let shop = LocalShop::without_pumps().await;
        cancelled_after_confirmation(&shop).await;
        let mut hands = ByHand::of(&shop);
        let batch = hands.events().expect("events");
        for after in [first, again - first] {
            shop.system.clock.advance(after * DAY);
            shop.system.dynamodb.sweep().expect("swept");
            assert!(hands.workers.relay(batch.clone()).await.batch_item_failures.is_empty());
            deliver_all(&shop, &hands).await;
            // Of a late one the confirmations are superseded; the cancellation is told all the same.
            let told = if first == 0 { 3 } else { 1 };
            assert_eq!((shop.system.outbox.emails().len(), shop.system.outbox.sms().len()), (told, told), "{first} {again}");
        }
    }
    let shop = LocalShop::without_pumps().await;
    cancelled_after_confirmation(&shop).await;
    let mut hands = ByHand::of(&shop);
    shop.system.clock.advance(400 * DAY);
    hands.relay().await;
    deliver_all(&shop, &hands).await;
    assert_eq!((shop.system.outbox.emails().len(), shop.system.outbox.sms().len()), (0, 0));
}

/// SQS takes no U+FFFE and U+FFFF (`SendMessage` in its API reference), and JSON has them as they are.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_no_queue_takes_keeps_neither_its_own_mail_nor_another_s_back() {
    let shop = LocalShop::start().await;
    let odd =
        place(&shop, json!({ "firstName": "Aline\u{ffff}\\\u{ffff}", "lastName": "\u{fffe}\"Kasongo", "email": "aline@example.com" }))
            .await;
    let next = place(&shop, json!({ "firstName": "Grâce", "lastName": "Mbuyi", "email": "grace@example.com" })).await;
    let cancel = json!({ "reason": "Too \u{fffe} small\u{ffff}" });
    shop.staff().post(&format!("/api/orders/{odd}/cancel"), &cancel).await.ok();
    shop.settled().await;
    for (order, mails) in [(odd, 2), (next, 1)] {
        let messages = shop.messages_of(order).await;
        assert_eq!(messages.len(), mails, "{messages:?}");
        assert!(messages.iter().all(|message| message["status"] == "SENT"), "{messages:?}");
    }
    let emails = shop.system.outbox.emails();
    assert!(emails.iter().any(|email| email.text.as_deref().is_some_and(|text| text.contains("Aline\u{ffff}\\\u{ffff}"))), "{emails:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_nobody_can_read_keeps_no_other_of_its_hour_back() {
    let shop = LocalShop::without_pumps().await;
    at_an_hour_s_beginning(&shop);
    let mut orders = Vec::new();
    for _ in 0..3 {
        orders.push(place(&shop, json!({ "firstName": "Aline", "lastName": "Kasongo", "email": "aline@example.com" })).await);
    }
    let mut hands = ByHand::of(&shop);
    let batch = hands.events().expect("events");
    let mut unreadable = serde_json::to_value(&batch.records[1].change.new_image).expect("an item");
    unreadable["kind"] = json!({ "S": "NO_SUCH_KIND" });
    assert!(shop.store_item(&unreadable).await);

    let placed_at = shop.system.clock.now().0;
    assert_eq!(hands.workers.relay_hour(placed_at).await.expect("relayed"), json!({ "relayed": 2, "failed": 1 }));
    deliver_all(&shop, &hands).await;
    let mut told = Vec::new();
    for order in orders {
        told.push(shop.messages_of(order).await.len());
    }
    assert_eq!(told, [1, 0, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_hour_of_hundreds_of_events_is_relayed_whole_or_said_not_to_be() {
    let shop = LocalShop::without_pumps().await;
    let placed_at = place_in_one_hour(&shop, 150).await;
    let hands = ByHand::of(&shop);

    let mut cut_off = hands.workers.clone();
    cut_off.queues = cut_off.queues.with(Queue::Email, shop.system.sqs.url("no-such-queue"));
    assert_eq!(cut_off.relay_hour(placed_at).await.expect("tried"), json!({ "relayed": 0, "failed": 150 }));
    // As far as each invocation comes.
    let (mut next, mut relayed) = (json!({ "relayHour": placed_at }), Vec::new());
    while next.is_object() {
        let hour = serde_json::from_value(next).expect("an hour");
        let came = relay::relay_hour(&hands.workers.queues, shop.system.store(), hour, Duration::ZERO).await.expect("relayed");
        assert_eq!(came.failed, 0);
        relayed.push(came.relayed);
        next = serde_json::to_value(came.next).expect("what is left");
    }
    assert_eq!(relayed, [100, 50, 0], "two pages of one table, and nothing of the other");
    for table in [2, usize::MAX] {
        let beyond = serde_json::from_value(json!({ "relayHour": placed_at, "table": table })).expect("an hour");
        let refused = relay::relay_hour(&hands.workers.queues, shop.system.store(), beyond, Duration::ZERO).await;
        assert_eq!(refused.expect_err("refused"), format!("there is no table {table}: the last one is 1"));
    }
    deliver_all(&shop, &hands).await;
    assert_eq!((shop.system.outbox.emails().len(), shop.system.outbox.sms().len()), (150, 150));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_hangs_keeps_no_other_from_its_jobs_and_gets_its_own_when_the_hour_is_relayed_again() {
    let shop = LocalShop::without_pumps().await;
    let placed_at = place_in_one_hour(&shop, 120).await;
    let hands = ByHand::of(&shop);
    let waiting = || {
        let queues = shop.system.sqs.queues();
        let of = |queue| queues.iter().find(|there| hands.workers.queues.url(queue).ends_with(&format!("/{}", there.name)));
        [Queue::Email, Queue::Sms].map(|queue| of(queue).expect("a queue").waiting)
    };

    // One call in all its tries: the first page's to the first of the queues.
    shop.system.faults.inject("SendMessageBatch", Fault::Silence, 3);
    let came = hands.workers.relay_hour(placed_at).await.expect("relayed");
    assert_eq!((&came["relayed"], &came["failed"]), (&json!(0), &json!(100)), "{came}");
    assert_eq!((shop.system.faults.happened(), waiting()), (3, [0, 100]), "asked once, and the other one all the same");
    let Workers { queues, metrics, .. } = &hands.workers;
    let rest = relay::handle(queues, metrics, shop.system.store(), &shop.system.clock, came["next"].clone()).await.expect("relayed");
    assert_eq!((rest, waiting()), (json!({ "relayed": 20, "failed": 0 }), [20, 120]));

    let again = hands.workers.relay_hour(placed_at).await.expect("relayed");
    assert_eq!(again, json!({ "relayed": 120, "failed": 0 }));
    deliver_all(&shop, &hands).await;
    assert_eq!((shop.system.outbox.emails().len(), shop.system.outbox.sms().len()), (120, 120));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_told_of_what_was_not_written() {
    let shop = LocalShop::start().await;
    let variant = shop.variant("20.00", 3).await;
    let answers = race(10, |_| {
        let staff = shop.staff();
        async move { staff.post("/api/orders", &body(&[(variant, 1)])).await }
    })
    .await;
    assert_eq!((answers.with_status(201), answers.with_code("INSUFFICIENT_STOCK")), (3, 7));
    shop.after(Duration::from_hours(1)).await;
    assert_eq!((shop.system.outbox.emails().len(), shop.system.outbox.sms().len()), (3, 3));
}

/// So that all that follows happens in one hour.
fn at_an_hour_s_beginning(shop: &LocalShop) {
    shop.system.clock.advance(Duration::from_millis(3_600_000 - shop.system.clock.now().0 % 3_600_000));
}

/// So many orders, each an event that wants an e-mail and an SMS; a time of their hour.
async fn place_in_one_hour(shop: &LocalShop, orders: usize) -> u64 {
    at_an_hour_s_beginning(shop);
    let variant = shop.variant("20.00", 300).await;
    let answers = race(orders, |_| {
        let staff = shop.staff();
        async move { staff.post("/api/orders", &body(&[(variant, 1)])).await }
    })
    .await;
    assert_eq!(answers.with_status(201), orders);
    answers[0].body["createdAt"].as_u64().expect("a time")
}

/// Does every job until none is left. A job that is there twice may be told to look again when its twin is done.
async fn deliver_all(shop: &LocalShop, hands: &ByHand) {
    let (workers, queues) = (&hands.workers, &hands.workers.queues);
    let is_empty = || shop.system.sqs.queues().iter().all(|queue| queue.messages() == 0);
    for _ in 0..100 {
        let (emails, sms, refunds) = (hands.emails().await, hands.sms().await, hands.refunds().await);
        if emails.records.len() + sms.records.len() + refunds.records.len() == 0 {
            if is_empty() {
                return;
            }
            shop.system.clock.advance(Duration::from_mins(15));
        }
        for (url, batch, response) in [
            (queues.url(Queue::Email), emails.clone(), workers.send_email(emails).await),
            (queues.url(Queue::Sms), sms.clone(), workers.send_sms(sms).await),
            (queues.url(Queue::Refunds), refunds.clone(), workers.process_refund(refunds).await),
        ] {
            workers.delete_done(url, batch, &response).await.expect("deleted");
        }
    }
    panic!("jobs go round: {:?}", shop.system.sqs.queues());
}

async fn place(shop: &LocalShop, customer: Value) -> u64 {
    shop.order().with("customer", customer).place().await.id
}
