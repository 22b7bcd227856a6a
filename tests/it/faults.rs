//! DynamoDB fails: whatever is answered is true, and nothing is half done.

mod races;

use crate::kit::{CUSTOMER, FIRST_COUNTS, LocalShop, body, count};
use local::faults::Fault;
use serde_json::json;

/// More than any request can use up.
const WITHOUT_END: usize = 10_000;
/// Words that only the inside of the system knows.
const INNER_WORDS: [&str; 8] = ["dynamo", "transact", "getitem", "query", "throughput", "throttl", "connection", "shop-local"];

#[tokio::test(flavor = "multi_thread")]
async fn a_race_without_end_is_a_conflict_after_three_seconds_and_nothing_is_written() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().paid().place().await;
    let started = std::time::Instant::now();
    shop.system.faults.inject("TransactWriteItems", Fault::Conflict, WITHOUT_END);

    let answer = shop.staff().key("again").post(&order.path("cancel"), &json!({ "reason": "Race" })).await;
    answer.refused(409, "CONFLICT");
    assert_eq!(answer.header("retry-after"), "1");
    assert!((2..6).contains(&started.elapsed().as_secs()), "{:?}", started.elapsed());
    assert!(shop.system.faults.happened() > 5, "{}", shop.system.faults.happened());
    assert_eq!(shop.order_now(order.id).await, order.body);
    assert_eq!(shop.stock(order.variants[0]).await, order.stock_before - 1);
    assert!(shop.refunds_of(order.id).await.is_empty());

    shop.system.faults.clear();
    shop.staff().key("again").post(&order.path("cancel"), &json!({ "reason": "Race" })).await.ok();
    assert_eq!(shop.stock(order.variants[0]).await, order.stock_before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_race_that_is_settled_in_time_is_a_success() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().paid().place().await;
    shop.system.faults.inject("TransactWriteItems", Fault::Conflict, 8);

    shop.staff().post(&order.path("cancel"), &json!({ "reason": "Race" })).await.ok();

    assert_eq!(shop.system.faults.happened(), 8);
    assert_eq!(shop.refunds_of(order.id).await.len(), 1);
    assert_eq!(shop.stock(order.variants[0]).await, order.stock_before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_of_one_item_waits_for_a_transaction_as_long_as_a_race_does() {
    let shop = LocalShop::without_pumps().await;
    let variant = shop.variant("20.00", 10).await;
    shop.system.faults.inject("UpdateItem", Fault::Conflict, 4);
    shop.staff().post("/api/orders", &body(&[(variant, 1)])).await.ok();
    assert_eq!((shop.system.faults.happened(), shop.stock(variant).await), (4, 9));

    let started = std::time::Instant::now();
    shop.system.faults.inject("UpdateItem", Fault::Conflict, WITHOUT_END);
    let answer = shop.staff().post("/api/orders", &body(&[(variant, 1)])).await;
    answer.refused(409, "CONFLICT");
    assert_eq!(answer.header("retry-after"), "1");
    assert!((2..6).contains(&started.elapsed().as_secs()), "{:?}", started.elapsed());
    assert_eq!(shop.stock(variant).await, 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_call_is_made_again() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().place().await;
    for (n, operation) in ["GetItem", "TransactWriteItems"].into_iter().enumerate() {
        shop.system.faults.inject(operation, Fault::Throttled, 2);
        let step = ["CONFIRMED", "PROCESSING"][n];
        shop.staff().put(&order.path("status"), &json!({ "newStatus": step })).await.ok();
        assert_eq!(shop.system.faults.happened(), 2 * (n + 1));
    }
    for operation in ["UpdateItem", "BatchGetItem"] {
        shop.system.faults.inject(operation, Fault::Throttled, 2);
    }
    shop.staff().post("/api/orders", &body(&[(order.variants[0], 1)])).await.ok();
    assert_eq!(shop.system.faults.happened(), 8);
    assert_eq!(shop.stock(order.variants[0]).await, order.stock_before - 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_for_longer_is_a_5xx_without_inner_words_and_then_fine_again() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().place().await;
    let (by_id, wanted) = (format!("/api/orders?id={}", order.id), body(&[(order.variants[0], 1)]));
    let before = shop.order_now(order.id).await;
    for fault in [Fault::Throttled, Fault::NeverSent, Fault::AnswerLost] {
        for operation in ["GetItem", "Query", "BatchGetItem", "UpdateItem"] {
            let happened = shop.system.faults.happened();
            shop.system.faults.inject(operation, fault, WITHOUT_END);
            let answer = match operation {
                "GetItem" => shop.staff().get(&by_id).await,
                "Query" => shop.customer(CUSTOMER).get("/api/orders").await,
                _ => shop.staff().post("/api/orders", &wanted).await,
            };
            answer.refused(if fault == Fault::Throttled { 503 } else { 500 }, "INTERNAL_ERROR");
            let said = answer.text.to_lowercase();
            assert!(INNER_WORDS.iter().all(|word| !said.contains(word)), "{said}");
            assert_eq!(shop.system.faults.happened() - happened, 3, "{operation} {fault:?}");
            shop.system.faults.clear();
        }
    }
    assert_eq!(shop.order_now(order.id).await, before);
    assert_eq!(shop.stock(order.variants[0]).await, order.stock_before - 1);
    shop.staff().get("/api/orders").await.ok();
    shop.staff().post("/api/orders", &wanted).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_was_counted_for_nothing_is_a_gap_and_never_given_twice() {
    let shop = LocalShop::without_pumps().await;
    let variant = shop.variant("20.00", 10).await;
    let place = async || shop.staff().post("/api/orders", &body(&[(variant, 1)])).await.ok()["orderNumber"].clone();
    let first = place().await;
    shop.system.faults.inject("UpdateItem", Fault::AnswerLost, 1);
    let second = place().await;
    assert_eq!(shop.system.faults.happened(), 1);
    assert!(count(&second) > count(&first) + 1, "{first} {second}");
    // One that loses its race keeps its number: four tries would count four times at least.
    shop.system.faults.inject("TransactWriteItems", Fault::Conflict, 3);
    let third = place().await;
    assert!(FIRST_COUNTS.contains(&(count(&third) - count(&second))), "{second} {third}");
    assert_eq!(shop.system.faults.happened_in("TransactWriteItems", Fault::Conflict), 3);
}
