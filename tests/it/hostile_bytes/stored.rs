//! What our own queues, streams and tables hold: nobody else writes there, and all the same nothing in it can take us down.

use super::{every, runtime, spoilt};
use crate::kit::mutation::mutations;
use crate::kit::{ByHand, LocalShop, failures};
use aws_lambda_events::event::dynamodb::Event as StreamBatch;
use aws_lambda_events::event::sqs::SqsEvent;
use serde_json::{Value, json};
use std::cell::Cell;

/// One message of a queue, with another body.
fn with_body(batch: &SqsEvent, body: String) -> SqsEvent {
    let mut batch = batch.clone();
    batch.records.truncate(1);
    batch.records[0].body = Some(body);
    batch
}

#[test]
fn a_job_of_any_bytes_is_done_or_goes_back_alone() {
    let runtime = runtime();
    let shop = runtime.block_on(LocalShop::without_pumps());
    let mut hands = ByHand::of(&shop);
    let (emails, sms, refunds, shipments) = runtime.block_on(async {
        let order = shop.order().paid().through(&["CONFIRMED"]).place().await;
        shop.ship(&order, "DHL").await;
        let paid = shop.order().paid().place().await;
        shop.refunded(&paid, None).await;
        hands.relay().await;
        (hands.emails().await, hands.sms().await, hands.refunds().await, hands.shipments().await)
    });
    let job = |batch: &SqsEvent| -> Value { serde_json::from_str(batch.records[0].body.as_deref().expect("a body")).expect("a job") };
    every(200, &mutations(), file!(), |mutations| {
        runtime.block_on(async {
            let spoilt = |batch: &SqsEvent| with_body(batch, spoilt(&job(batch), &mutations));
            for response in [
                hands.workers.send_email(spoilt(&emails)).await,
                hands.workers.send_sms(spoilt(&sms)).await,
                hands.workers.process_refund(spoilt(&refunds)).await,
                hands.workers.book_shipment(spoilt(&shipments)).await,
            ] {
                assert!(failures(&response) <= 1);
            }
        });
    });
}

#[test]
fn a_record_of_any_bytes_is_relayed_or_comes_again() {
    let runtime = runtime();
    let shop = runtime.block_on(LocalShop::without_pumps());
    let mut hands = ByHand::of(&shop);
    runtime.block_on(shop.order().place());
    let right = serde_json::to_value(hands.events().expect("events")).expect("JSON");
    let read = Cell::new(0_u32);
    every(400, &mutations(), file!(), |mutations| {
        let mut batch = right.clone();
        let image = &mut batch["Records"][0]["dynamodb"]["NewImage"];
        assert!(image.is_object(), "{right}");
        let Ok(other) = serde_json::from_str(&spoilt(image, &mutations)) else { return };
        *image = other;
        // Whatever is no batch at all Lambda never hands over.
        let Ok(batch) = serde_json::from_value::<StreamBatch>(batch) else { return };
        read.set(read.get() + 1);
        let response = runtime.block_on(hands.workers.relay(batch.clone()));
        assert!(response.batch_item_failures.len() <= 1);
        let response = runtime.block_on(hands.workers.inventory_log(batch));
        assert!(response.batch_item_failures.len() <= 1);
    });
    assert!(read.get() > 10, "{read:?}");
}

#[test]
fn an_item_of_any_bytes_is_an_answer_or_a_500_that_says_nothing_of_it() {
    let runtime = runtime();
    let shop = runtime.block_on(LocalShop::without_pumps());
    let items = runtime.block_on(async {
        let order = shop.order().paid().through(&["CONFIRMED"]).place().await;
        let parcel = shop.ship(&order, "LOCAL").await["id"].clone();
        let paid = shop.order().paid().place().await;
        let refund = shop.refunded(&paid, None).await["id"].clone();
        [("ORDER", json!(order.id), "orders"), ("SHIPMENT", parcel, "shipments"), ("REFUND", refund, "refunds")]
    });
    let right = items.clone().map(|(kind, id, _)| runtime.block_on(shop.stored(kind, &id)));
    let broken = Cell::new(0_u32);
    every(400, &mutations(), file!(), |mutations| {
        for ((kind, id, list), right) in items.iter().zip(&right) {
            let Ok(item) = serde_json::from_str::<Value>(&spoilt(right, &mutations)) else { continue };
            // What is no item DynamoDB doesn't take, nor one under another key.
            if item["pk"] != right["pk"] || item["sk"] != right["sk"] || !runtime.block_on(shop.store_item(&item)) {
                continue;
            }
            let answer = runtime.block_on(shop.admin().get(&format!("/api/{list}?id={id}")));
            if answer.status != 200 {
                broken.set(broken.get() + 1);
                answer.refused(500, "INTERNAL_ERROR");
                for inner in ["serde", "missing field", "invalid type", "grace", *kind] {
                    assert!(!answer.text.contains(inner), "{inner}: {}", answer.text);
                }
            }
            let status = runtime.block_on(shop.admin().get(&format!("/api/{list}"))).status;
            assert!([200, 500].contains(&status), "{status}");
            assert!(runtime.block_on(shop.store_item(right)));
            runtime.block_on(shop.admin().get(&format!("/api/{list}?id={id}"))).ok();
        }
    });
    assert!(broken.get() > 5, "{broken:?}");
}
