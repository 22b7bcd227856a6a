//! DynamoDB did it and nobody heard: the write is ours, it is there once, and the client gets to know.

use super::scenes::{Again, Scene};
use super::{assert_replayed, changing_endpoints};
use crate::kit::{CUSTOMER, LocalShop, OUTAGE, body};
use local::faults::Fault;
use serde_json::{Value, json};

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

#[tokio::test(flavor = "multi_thread")]
async fn every_write_of_the_api_whose_answer_got_lost_is_known_as_ours() {
    // Once the SDK asks again, four times our own code does.
    for times in [1, 4] {
        let shop = LocalShop::without_pumps().await;
        for (method, path) in changing_endpoints(&shop).await {
            let scene = Scene::of(&shop, &method, &path).await;
            let (before, logged) = (shop.system.faults.happened(), messages(&shop).await);
            shop.system.faults.inject("TransactWriteItems", Fault::AnswerLost, times);
            let first = scene.send(None).await;
            assert!((200..300).contains(&first.status), "{method} {path}: {}", first.text);
            assert_eq!(shop.system.faults.happened() - before, times, "{method} {path}");
            assert!(messages(&shop).await - logged <= 1, "{method} {path}");

            let again = scene.send(None).await;
            match scene.again {
                Again::Refused(code) => again.refused(409, code),
                Again::CarriedOut => assert_eq!(again.status, first.status, "{}", again.text),
            }
        }
    }
}

/// How many are in the notification log.
async fn messages(shop: &LocalShop) -> usize {
    shop.staff().get("/api/notifications?limit=100").await.ok().as_array().expect("a list").len()
}
