//! Money that arrives for a cancelled order goes back, in the same step.

use crate::kit::{ByHand, CUSTOMER, HOUR, LocalShop, Placed, RUN, cents};
use local::emulators::payments::Provider::PawaPay;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_late_payment_makes_its_full_refund_by_the_way_it_came() {
    let shop = LocalShop::without_pumps().await;
    for (paid_by, refunded_by) in [("MOBILE_MONEY", "MOBILE_MONEY"), ("CARD", "CARD"), ("CASH_ON_DELIVERY", "CASH")] {
        let order = cancelled(&shop, paid_by).await;
        assert!(shop.refunds_of(order.id).await.is_empty());

        let paid = pay(&shop, &order, json!({ "paymentStatus": "PAID", "reference": format!("LATE-{paid_by}") })).await;
        assert_eq!((&paid["status"], &paid["paymentStatus"]), (&json!("CANCELLED"), &json!("REFUND_PENDING")));
        assert_eq!(paid["paymentReference"], format!("LATE-{paid_by}"));
        assert_eq!(cents(&paid["refundedTotal"]), 0);
        let refunds = shop.refunds_of(order.id).await;
        assert_eq!(refunds.len(), 1);
        assert_eq!((cents(&refunds[0]["amount"]), &refunds[0]["refundMethod"]), (150_00, &json!(refunded_by)));
        assert_eq!(refunds[0]["status"], "PROCESSING");
        // The pieces went back when it was cancelled, and only then.
        assert_eq!(shop.stock(order.variants[0]).await, order.stock_before);
        let kinds: Vec<Value> = history(&shop, &order).await.into_iter().map(|event| event["type"].clone()).collect();
        assert_eq!(kinds[..2], ["REFUND_CREATED", "PAYMENT_STATUS_CHANGED"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_refunded_once() {
    let shop = LocalShop::start().await;
    let order = cancelled(&shop, "MOBILE_MONEY").await;
    pay(&shop, &order, json!({ "paymentStatus": "PAID" })).await;
    for again in ["PAID", "FAILED"] {
        let answer = shop.staff().put(&order.path("payment"), &json!({ "paymentStatus": again })).await;
        answer.refused(409, "INVALID_STATUS_TRANSITION");
    }
    shop.staff().post(&order.path("cancel"), &json!({ "reason": "Again" })).await.refused(409, "ALREADY_CANCELLED");
    shop.settled().await;

    let refund = shop.refunds_of(order.id).await[0].clone();
    assert_eq!(refund["awaiting"], "STAFF");
    let path = format!("/api/refunds?id={}", refund["id"]);
    shop.admin().put(&path, &json!({ "status": "COMPLETED", "transactionReference": "MP-1" })).await.ok();
    shop.settled().await;
    let now = shop.order_now(order.id).await;
    assert_eq!((now["paymentStatus"].as_str(), cents(&now["refundedTotal"])), (Some("REFUNDED"), 150_00));
    assert_eq!(shop.refunds_of(order.id).await.len(), 1);
    // Placed, cancelled, refunded: the late payment itself is no news to the customer.
    assert_eq!((shop.system.outbox.emails().len(), shop.system.outbox.sms().len()), (3, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_failed_before_the_order_was_cancelled_may_arrive_after_all() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().lines(2).place().await;
    pay(&shop, &order, json!({ "paymentStatus": "FAILED" })).await;
    let cancelled = shop.customer(CUSTOMER).post(&order.path("cancel"), &json!({ "reason": "No money" })).await.ok();
    assert_eq!((&cancelled["order"]["paymentStatus"], &cancelled["refund"]), (&json!("VOIDED"), &Value::Null));

    let failed = shop.staff().put(&order.path("payment"), &json!({ "paymentStatus": "FAILED" })).await;
    failed.refused(409, "INVALID_STATUS_TRANSITION");
    assert_eq!(failed.body["allowed"], json!(["PAID"]));
    assert_eq!(pay(&shop, &order, json!({ "paymentStatus": "PAID" })).await["paymentStatus"], "REFUND_PENDING");
    assert_eq!(shop.refunds_of(order.id).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_order_s_reference_pays_nothing_and_refunds_nothing() {
    let shop = LocalShop::without_pumps().await;
    shop.order().with("paymentReference", json!("MP-7")).place().await;
    let order = cancelled(&shop, "MOBILE_MONEY").await;

    let answer = shop.staff().put(&order.path("payment"), &json!({ "paymentStatus": "PAID", "reference": "MP-7" })).await;
    answer.refused(409, "PAYMENT_REFERENCE_USED");
    assert_eq!(shop.order_now(order.id).await["paymentStatus"], "VOIDED");
    assert!(shop.refunds_of(order.id).await.is_empty());
    let by_card = cancelled(&shop, "CARD").await;
    let noted = shop.staff().put(&by_card.path("payment"), &json!({ "paymentStatus": "PAID", "reference": "MP-7" })).await;
    noted.refused(409, "PAYMENT_REFERENCE_USED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_of_it_that_fails_leaves_the_money_paid_and_may_be_tried_again() {
    let shop = LocalShop::without_pumps().await;
    let order = cancelled(&shop, "MOBILE_MONEY").await;
    pay(&shop, &order, json!({ "paymentStatus": "PAID" })).await;
    let mut hands = ByHand::of(&shop);
    hands.carry_refunds_out().await;
    let path = format!("/api/refunds?id={}", shop.refunds_of(order.id).await[0]["id"]);

    for (status, payment) in [("FAILED", "PAID"), ("PROCESSING", "REFUND_PENDING"), ("COMPLETED", "REFUNDED")] {
        shop.admin().put(&path, &json!({ "status": status })).await.ok();
        hands.carry_refunds_out().await;
        assert_eq!(shop.order_now(order.id).await["paymentStatus"], payment);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn money_whose_callback_got_lost_goes_back_whoever_cancelled_the_order() {
    let shop = LocalShop::start().await;
    for cancelled_by_the_system in [false, true] {
        let order = shop.order_at_pawapay("PROCESSING").await;
        if cancelled_by_the_system {
            shop.after(73 * HOUR).await;
        } else {
            shop.customer(CUSTOMER).post(&order.path("cancel"), &json!({ "reason": "Changed my mind" })).await.ok();
        }
        assert_eq!(shop.order_now(order.id).await["paymentStatus"], "VOIDED");
        shop.system.payments.deposit(order.payment(), 75_00, "USD", "COMPLETED");
        shop.after(RUN).await;
        assert_eq!(shop.order_now(order.id).await["paymentStatus"], "REFUND_PENDING");
        shop.after(RUN).await;
        let now = shop.order_now(order.id).await;
        assert_eq!((&now["status"], &now["paymentStatus"]), (&json!("CANCELLED"), &json!("REFUNDED")));
        assert_eq!(cents(&shop.refund_of(&order).await["amount"]), 75_00);
    }
    assert_eq!(shop.made_at(PawaPay).len(), 2);
    shop.assert_no_complaints();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_went_out_unpaid_is_asked_after_for_a_week() {
    let shop = LocalShop::start().await;
    let deposits = ["f4401bd2-1568-4140-bf2d-eb77d2b2b639", "f4401bd2-1568-4140-bf2d-eb77d2b2b640"];
    let mut orders = Vec::new();
    for deposit in deposits {
        shop.system.payments.deposit(deposit, 75_00, "USD", "PROCESSING");
        let order = shop.order().with("paymentReference", json!(deposit)).through(&["CONFIRMED", "PROCESSING", "READY_FOR_PICKUP"]);
        orders.push(order.place().await);
    }
    shop.system.payments.deposit(deposits[0], 75_00, "USD", "COMPLETED");
    shop.after(RUN).await;
    assert_eq!(shop.order_now(orders[0].id).await["paymentStatus"], "PAID");
    shop.after(8 * 24 * HOUR).await;
    let asked = shop.system.payments.requests().len();
    shop.system.payments.deposit(deposits[1], 75_00, "USD", "COMPLETED");
    shop.after(RUN).await;
    assert_eq!(shop.order_now(orders[1].id).await["paymentStatus"], "PENDING");
    assert_eq!(shop.system.payments.requests().len(), asked);
}

/// An order of 150.00 that was never paid, and is cancelled.
async fn cancelled(shop: &LocalShop, paid_by: &str) -> Placed {
    let order = shop.order().lines(2).with("paymentMethod", json!(paid_by)).place().await;
    let answer = shop.customer(CUSTOMER).post(&order.path("cancel"), &json!({ "reason": "Changed my mind" })).await.ok();
    assert_eq!(answer["order"]["paymentStatus"], "VOIDED");
    order
}

async fn pay(shop: &LocalShop, order: &Placed, body: Value) -> Value {
    shop.staff().put(&order.path("payment"), &body).await.ok()
}

async fn history(shop: &LocalShop, order: &Placed) -> Vec<Value> {
    shop.staff().get(&order.path("history")).await.ok().as_array().expect("a list").clone()
}
