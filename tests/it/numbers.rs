//! The shop's own numbers: each thing counted once, whatever is redelivered.

use crate::kit::{ByHand, CUSTOMER, LocalShop, body};
use api::metrics::Metrics;
use functions::workers::relay::Queue;
use local::emulators::outbox::Channel;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// What CloudWatch would make of the lines: each metric's sum, by what it is told apart by.
#[derive(Clone, Default)]
struct Counted(Arc<Mutex<BTreeMap<String, u64>>>);

impl Counted {
    fn by(&self, hands: &mut ByHand) {
        let sums = Arc::clone(&self.0);
        let metrics = Metrics::written_by("order-ops-test", move |line| add(&mut sums.lock().expect("a lock"), line));
        hands.workers.metrics = metrics.clone();
        hands.workers.email.metrics = metrics.clone();
        hands.workers.sms.metrics = metrics;
    }

    fn sums(&self) -> Vec<(String, u64)> {
        self.0.lock().expect("a lock").clone().into_iter().collect()
    }
}

fn add(sums: &mut BTreeMap<String, u64>, line: &str) {
    let line: Value = serde_json::from_str(line).expect("a line of JSON");
    let directive = &line["_aws"]["CloudWatchMetrics"][0];
    assert_eq!(directive["Namespace"], "order-ops-test");
    let metric = &directive["Metrics"][0];
    if metric["Unit"] != "Count" {
        return;
    }
    let name = metric["Name"].as_str().expect("a name");
    let dimensions = directive["Dimensions"].as_array().and_then(|sets| sets.last()?.as_array()).expect("dimensions");
    let values: Vec<&str> =
        dimensions.iter().map(|dimension| line[dimension.as_str().expect("a name")].as_str().expect("a value")).collect();
    *sums.entry([&[name], values.as_slice()].concat().join(" ")).or_default() += line[name].as_u64().expect("a sum");
}

fn expected(sums: &[(&str, u64)]) -> Vec<(String, u64)> {
    sums.iter().map(|(name, sum)| ((*name).to_owned(), *sum)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_number_of_the_shop_is_counted_from_what_happened() {
    let shop = LocalShop::without_pumps().await;
    shop.promotion(json!({})).await;
    let redeeming = shop.order().with("promotionCode", json!("SAVE20")).paid().place().await;
    let cancel = json!({ "reason": "Trop grand", "refundMethod": "STORE_CREDIT" });
    shop.customer(CUSTOMER).post(&redeeming.path("cancel"), &cancel).await.ok();
    let delivered = shop.order().delivered().place().await;
    let rma = shop.rma(&delivered, 0, 1).await;
    shop.steps(rma, &["APPROVED"]).await;

    let (mut hands, counted) = (ByHand::of(&shop), Counted::default());
    counted.by(&mut hands);
    hands.carry_refunds_out().await;
    hands.relay().await;
    let expected = expected(&[
        ("Cancellations", 1),
        ("Orders", 2),
        ("PromotionsGivenBack", 1),
        ("PromotionsUsed", 1),
        ("Refunds STORE_CREDIT COMPLETED", 1),
        ("Refunds STORE_CREDIT PROCESSING", 1),
        // Its order tells of it as well, and it is one nevertheless.
        ("Returns APPROVED", 1),
        ("Returns REQUESTED", 1),
    ]);
    assert_eq!(counted.sums(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_stream_hands_over_again_is_counted_once() {
    let shop = LocalShop::without_pumps().await;
    let variant = shop.variant("20.00", 10).await;
    let by_mail_alone = json!({ "firstName": "Aline", "lastName": "Kasongo", "email": "aline@example.com" });
    for customer in [by_mail_alone, body(&[])["customer"].clone(), body(&[])["customer"].clone()] {
        let mut order = body(&[(variant, 1)]);
        order["customer"] = customer;
        assert_eq!(shop.staff().post("/api/orders", &order).await.status, 201);
    }
    let (mut hands, counted) = (ByHand::of(&shop), Counted::default());
    counted.by(&mut hands);

    let batch = hands.events().expect("events");
    let mut cut_off = hands.workers.clone();
    cut_off.queues = cut_off.queues.with(Queue::Sms, shop.system.sqs.url("no-such-queue"));
    assert_eq!(cut_off.relay(batch).await.batch_item_failures.len(), 1);
    // The first alone was let go of.
    assert_eq!(counted.sums(), expected(&[("Orders", 1)]));

    let mut again = hands.events().expect("the same events");
    again.records.remove(0);
    assert!(hands.workers.relay(again).await.batch_item_failures.is_empty());
    assert_eq!(counted.sums(), expected(&[("Orders", 3)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_counted_as_what_became_of_it_however_often_its_job_comes() {
    let shop = LocalShop::without_pumps().await;
    shop.order().place().await;
    let (mut hands, counted) = (ByHand::of(&shop), Counted::default());
    counted.by(&mut hands);
    hands.relay().await;
    let (emails, sms) = (hands.emails().await, hands.sms().await);

    shop.system.outbox.fail_next(Channel::Email, crate::workers::refuse(429, "TooManyRequestsException"));
    shop.system.outbox.fail_next(Channel::Sms, crate::workers::refuse(400, "21211"));
    for _ in 0..3 {
        hands.workers.send_email(emails.clone()).await;
        hands.workers.send_sms(sms.clone()).await;
    }
    assert_eq!(counted.sums(), expected(&[("Messages EMAIL SENT", 1), ("Messages SMS FAILED", 1), ("Orders", 1)]));
}
