//! The main job from end to end: an order is cancelled, refunded, restocked and announced.

use crate::kit::{Answers, LocalShop, cents, race};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_order_is_refunded_restocked_and_announced() {
    let shop = LocalShop::start().await;
    let order = shop.order().lines(2).quantity(2).paid().through(&["CONFIRMED"]).place().await;
    assert_eq!(shop.stock(order.variants[0]).await, 8);

    let cancel = json!({ "reason": "Changed my mind", "refundMethod": "STORE_CREDIT" });
    let answer = shop.customer(4001).post(&order.path("cancel"), &cancel).await.ok();
    assert_eq!(answer["order"]["status"], "CANCELLED");
    assert_eq!(answer["order"]["paymentStatus"], "REFUND_PENDING");
    assert_eq!((answer["refund"]["status"].as_str(), cents(&answer["refund"]["amount"])), (Some("PROCESSING"), 300_00));
    shop.settled().await;

    assert_eq!(shop.stock(order.variants[0]).await, 10);
    let order_now = shop.order_now(order.id).await;
    assert_eq!((order_now["paymentStatus"].as_str(), cents(&order_now["refundedTotal"])), (Some("REFUNDED"), 300_00));
    let credit = shop.customer(4001).get("/api/store-credit").await.ok();
    assert_eq!(cents(&credit["balances"][0]["balance"]), 300_00);
    let subjects: Vec<String> = shop.system.outbox.emails().into_iter().map(|email| email.subject).collect();
    assert_eq!(subjects.len(), 4, "{subjects:?}");
    assert_eq!(shop.system.outbox.sms().len(), 4);
    let log = shop.messages_of(order.id).await;
    assert!(log.iter().all(|message| message["status"] == "SENT"), "{log:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_racing_cancels_refund_once() {
    let shop = LocalShop::start().await;
    let order = shop.order().lines(2).paid().place().await;

    let (caller, path) = (shop.customer(4001), order.path("cancel"));
    let answers = race(50, |_| {
        let (caller, path) = (caller.clone(), path.clone());
        async move { caller.post(&path, &json!({ "reason": "Too late" })).await }
    })
    .await;

    assert_eq!(answers.with_status(200), 1);
    assert_eq!(answers.with_code("ALREADY_CANCELLED"), 49);
    let refunds = shop.refunds_of(order.id).await;
    assert_eq!(refunds.iter().map(|refund| cents(&refund["amount"])).collect::<Vec<_>>(), [150_00]);
    for variant in order.variants {
        assert_eq!(shop.stock(variant).await, order.stock_before);
    }
}
