//! DynamoDB did it and nobody heard: the write is ours, it is there once, and the client gets to know.

use super::assert_replayed;
use crate::kit::{CUSTOMER, LocalShop, body};
use local::faults::Fault;
use serde_json::{Value, json};

/// Calls of the SDK for one of ours, and how often ours is made: no answer to any of them is an outage.
const OUTAGE: usize = 3 * 5;

#[tokio::test(flavor = "multi_thread")]
async fn a_write_whose_answer_got_lost_is_a_success_with_and_without_a_key() {
    let shop = LocalShop::without_pumps().await;
    // Once the SDK asks again, four times our own code does.
    for (times, keyed) in [(1, false), (1, true), (4, false), (4, true)] {
        let variant = shop.variant("20.00", 10).await;
        let staff = if keyed { shop.staff().key(&format!("lost-{times}")) } else { shop.staff() };
        let before = shop.system.faults.happened();

        shop.system.faults.inject("TransactWriteItems", Fault::AnswerLost, times);
        let placed = staff.post("/api/orders", &body(&[(variant, 2)])).await.ok();
        assert_eq!(shop.stock(variant).await, 8);

        shop.system.faults.inject("TransactWriteItems", Fault::AnswerLost, times);
        let cancel = format!("/api/orders/{}/cancel", placed["id"]);
        shop.customer(CUSTOMER).post(&cancel, &json!({ "reason": "Lost" })).await.ok();
        assert_eq!(shop.stock(variant).await, 10);
        assert_eq!(shop.system.faults.happened() - before, 2 * times);
        let history = shop.staff().get(&format!("/api/orders/{}/history", placed["id"])).await.ok();
        let kinds: Vec<&Value> = history.as_array().expect("a list").iter().map(|event| &event["type"]).collect();
        assert_eq!(kinds, ["PAYMENT_STATUS_CHANGED", "ORDER_CANCELLED", "ORDER_PLACED"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_got_no_answer_learns_it_with_the_key() {
    let shop = LocalShop::without_pumps().await;
    let variant = shop.variant("20.00", 10).await;
    let keyed = shop.staff().key("in the dark");
    shop.system.faults.inject("TransactWriteItems", Fault::AnswerLost, OUTAGE);
    keyed.post("/api/orders", &body(&[(variant, 1)])).await.refused(500, "INTERNAL_ERROR");
    assert_eq!(shop.system.faults.happened(), OUTAGE);

    let placed = keyed.post("/api/orders", &body(&[(variant, 1)])).await;
    assert_eq!((placed.status, placed.header("idempotency-replayed")), (201, "true"), "{}", placed.text);
    assert_replayed(&placed, &keyed.post("/api/orders", &body(&[(variant, 1)])).await);
    assert_eq!(shop.order_now(placed.body["id"].as_u64().expect("an id")).await["orderNumber"], placed.body["orderNumber"]);
    assert_eq!(shop.stock(variant).await, 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_never_arrived_was_not_done_and_is_done_with_the_key() {
    let shop = LocalShop::without_pumps().await;
    let variant = shop.variant("20.00", 10).await;
    let keyed = shop.staff().key("in the dark");
    shop.system.faults.inject("TransactWriteItems", Fault::NeverSent, OUTAGE);
    keyed.post("/api/orders", &body(&[(variant, 1)])).await.refused(500, "INTERNAL_ERROR");
    assert_eq!((shop.system.faults.happened(), shop.stock(variant).await), (OUTAGE, 10));

    let placed = keyed.post("/api/orders", &body(&[(variant, 1)])).await;
    assert_eq!((placed.status, placed.header("idempotency-replayed")), (201, ""), "{}", placed.text);
    assert_eq!(shop.stock(variant).await, 9);
}
