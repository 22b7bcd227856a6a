//! Money that comes for an order which store credit has paid already: it is owed, and goes back as it came.

use super::{balance, cancel, is, refund, refunds, shop_with_credit, spend};
use crate::kit::{Answers, CUSTOMER, LocalShop, Placed, RUN, race};

use local::emulators::payments::Provider::{PawaPay, Stripe};
use reqwest::Method;
use serde_json::{Value, json};

/// An order of 75.00 by card that credit has paid, whose payment nobody has told of yet.
async fn paid_by_credit(shop: &LocalShop) -> (Placed, String) {
    let order = shop.order_at_stripe().await;
    let payment = order.payment().to_owned();
    spend(shop, order.id, 75.00).await.ok();
    is(shop, &order, "PENDING", "PAID", 0).await;
    (order, payment)
}

fn came(payment: &str, charge: Option<&str>) -> Value {
    let intent = json!({ "id": payment, "status": "succeeded", "amount_received": 75_00, "currency": "usd", "latest_charge": charge });
    json!({ "id": "evt_1", "type": "payment_intent.succeeded", "data": { "object": intent } })
}

/// What somebody has given back on Stripe's pages, as Stripe tells it.
fn given(shop: &LocalShop, payment: &str, cents: i64) -> Value {
    let made = shop.system.payments.refund_by_hand(payment, cents, "succeeded");
    json!({ "id": "evt_1", "type": "refund.created", "data": { "object": shop.system.payments.stripe_object(&made) } })
}

/// How often the order's history says that money came which is no payment of it.
async fn mismatches(shop: &LocalShop, order: &Placed) -> usize {
    let history = shop.staff().get(&order.path("history")).await.ok();
    history.as_array().expect("rows").iter().filter(|row| row["type"] == "PAYMENT_MISMATCHED").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_goes_back_once_however_often_it_is_told_and_the_credit_stays_spent() {
    let shop = shop_with_credit().await;
    let (order, payment) = paid_by_credit(&shop).await;
    for charge in [None, Some("ch_1"), None] {
        shop.stripe_tells(&came(&payment, charge)).await.ok();
        shop.settled().await;
        shop.after(RUN).await;
    }
    is(&shop, &order, "PENDING", "PAID", 75_00).await;
    assert_eq!(refunds(&shop, &order).await, [refund("CARD", 75_00, "COMPLETED")]);
    assert_eq!((shop.made_at(Stripe).len(), balance(&shop).await, mismatches(&shop, &order).await), (1, 25_00, 1));
    let told = shop.messages_of(order.id).await;
    assert!(told.iter().any(|message| message["subject"].as_str().is_some_and(|subject| subject.contains("75,00"))), "{told:?}");

    let answer = cancel(&shop, &order, json!({})).await;

    assert_eq!(answer["refund"]["method"], "STORE_CREDIT");
    shop.settled().await;
    is(&shop, &order, "CANCELLED", "REFUNDED", 150_00).await;
    assert_eq!((shop.made_at(Stripe).len(), balance(&shop).await), (1, 100_00));
    shop.assert_no_complaints();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deposit_that_nobody_tells_of_is_asked_after() {
    let shop = shop_with_credit().await;
    let order = shop.order_at_pawapay("PROCESSING").await;
    spend(&shop, order.id, 75.00).await.ok();
    shop.after(RUN).await;
    assert_eq!(refunds(&shop, &order).await, []);
    shop.system.payments.deposit(order.payment(), 75_00, "USD", "COMPLETED");
    for _ in 0..3 {
        shop.after(RUN).await;
    }
    is(&shop, &order, "PENDING", "PAID", 75_00).await;
    assert_eq!(refunds(&shop, &order).await, [refund("MOBILE_MONEY", 75_00, "COMPLETED")]);
    assert_eq!((shop.made_at(PawaPay).len(), balance(&shop).await), (1, 25_00));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_heard_to_have_gone_back_before_it_is_heard_to_have_come_is_given_back_no_more() {
    for is_told_before_the_credit in [true, false] {
        for (by_hand, rest) in [(75_00, None), (30_00, Some(45_00))] {
            let shop = shop_with_credit().await;
            let order = shop.order_at_stripe().await;
            let payment = order.payment().to_owned();
            let event = given(&shop, &payment, by_hand);
            if is_told_before_the_credit {
                shop.stripe_tells(&event).await.ok();
            }
            spend(&shop, order.id, 75.00).await.ok();
            for _ in 0..2 {
                shop.stripe_tells(&event).await.ok();
            }
            is(&shop, &order, "PENDING", "PAID", by_hand).await;
            shop.stripe_tells(&came(&payment, None)).await.ok();
            shop.settled().await;

            let expected = rest.into_iter().chain([by_hand]).map(|cents| refund("CARD", cents, "COMPLETED"));
            let mut expected: Vec<_> = expected.collect();
            expected.sort();
            assert_eq!(refunds(&shop, &order).await, expected);
            is(&shop, &order, "PENDING", "PAID", 75_00).await;
            cancel(&shop, &order, json!({})).await;
            shop.settled().await;
            assert_eq!(balance(&shop).await, 100_00, "the credit is none of what Stripe gave back");
            shop.assert_no_complaints();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_of_it_that_fails_is_tried_again_or_goes_back_as_it_came_when_the_order_is_cancelled() {
    for is_tried_again in [true, false] {
        let shop = shop_with_credit().await;
        let (order, payment) = paid_by_credit(&shop).await;
        shop.system.payments.next_refund_is(Stripe, "failed");
        shop.stripe_tells(&came(&payment, None)).await.ok();
        shop.settled().await;
        assert_eq!(refunds(&shop, &order).await, [refund("CARD", 75_00, "FAILED")]);
        let failed = shop.refunds_of(order.id).await[0]["id"].clone();
        if is_tried_again {
            shop.admin().put(&format!("/api/refunds?id={failed}"), &json!({ "status": "PROCESSING" })).await.ok();
            shop.settled().await;
            assert_eq!(refunds(&shop, &order).await, [refund("CARD", 75_00, "COMPLETED")]);
        }

        cancel(&shop, &order, json!({})).await;

        shop.settled().await;
        is(&shop, &order, "CANCELLED", "REFUNDED", 150_00).await;
        assert_eq!(balance(&shop).await, 100_00);
        shop.admin()
            .put(&format!("/api/refunds?id={failed}"), &json!({ "status": "PROCESSING" }))
            .await
            .refused(409, if is_tried_again { "INVALID_STATUS_TRANSITION" } else { "REFUND_EXCEEDS_PAID" });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_races_credit_and_a_cancellation_goes_back_as_it_came_and_so_does_the_credit() {
    let shop = shop_with_credit().await;
    for is_spent_first in [true, false].repeat(5) {
        let before = balance(&shop).await;
        let order = shop.order_at_stripe().await;
        let payment = order.payment().to_owned();
        if is_spent_first {
            spend(&shop, order.id, 75.00).await.ok();
        }
        let answers = race(9, |n| {
            let (staff, admin, id, path) = (shop.staff(), shop.admin(), order.id, order.path("cancel"));
            let (stripe, event) = shop.stripe_caller(&came(&payment, None));
            async move {
                match n {
                    8 => staff.post(&path, &json!({ "reason": "Too small" })).await,
                    1 | 4 | 6 => stripe.send(Method::POST, "/api/webhooks/stripe", Some(event)).await,
                    2 | 5 => {
                        let part = json!({ "orderId": id, "amount": 10, "reason": "Late", "refundMethod": "STORE_CREDIT" });
                        admin.post("/api/refunds", &part).await
                    }
                    _ => {
                        let spent = json!({ "customerId": CUSTOMER, "amount": 75, "orderId": id, "note": "For the order" });
                        staff.post("/api/store-credit/redeem", &spent).await
                    }
                }
            }
        })
        .await;
        // Whoever lost against the others for three seconds tells again.
        shop.stripe_tells(&came(&payment, None)).await.ok();
        shop.settled().await;
        if shop.order_now(order.id).await["status"] != "CANCELLED" {
            cancel(&shop, &order, json!({})).await;
            shop.settled().await;
        }

        let at_stripe = shop.made_at(Stripe).into_iter().filter(|made| made.payment == payment);
        let gone: i64 = at_stripe.map(|made| made.amount).sum();
        let refunds = refunds(&shop, &order).await;
        assert!(refunds.iter().all(|(.., status)| status == "COMPLETED"), "{:?}, {refunds:?}", answers.tally());
        assert_eq!(gone + balance(&shop).await - before, 75_00, "{:?}, {refunds:?}", answers.tally());
        assert!(!is_spent_first || gone == 75_00, "{refunds:?}");
    }
    shop.assert_no_complaints();
}
