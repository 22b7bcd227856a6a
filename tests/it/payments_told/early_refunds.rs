//! Refunds made on Stripe's own pages that are told of before their payment has an order.

use super::{RUN, by_card, refunded_total, status, stripe_tells};
use crate::kit::webhooks::PawaPayKey;
use crate::kit::{HOUR, LocalShop, Placed, cents};
use domain::order::PaymentMethod;
use local::Options;
use local::emulators::payments::Provider::Stripe;
use serde_json::{Value, json};

/// What is said of a refund, in turn.
type Words = &'static [&'static str];

/// A shop that has Stripe's key, and one that has not.
async fn shops() -> [LocalShop; 2] {
    let with = |key: &str| Options { pumps: false, variables: [("STRIPE_SECRET_KEY", key.to_owned())].into(), ..Options::default() };
    [LocalShop::with(with("sk_local")).await, LocalShop::with(with("")).await]
}

/// Stripe tells of a refund in each of these statuses.
async fn told(shop: &LocalShop, made: &str, statuses: &[&str]) {
    for status in statuses {
        let mut object = shop.system.payments.stripe_object(made);
        object["status"] = json!(status);
        stripe_tells(shop, if *status == "failed" { "refund.failed" } else { "refund.updated" }, object).await.ok();
    }
}

async fn payment_reported(shop: &LocalShop, payment: &str) {
    let intent = json!({ "id": payment, "status": "succeeded", "amount_received": 75_00, "currency": "usd" });
    stripe_tells(shop, "payment_intent.succeeded", intent).await.ok();
}

async fn schedule(shop: &LocalShop) {
    shop.system.clock.advance(RUN);
    shop.system.workers.run("ask-providers").await.expect("a schedule");
}

/// Nothing is kept of a payment's refunds.
async fn is_done_with(shop: &LocalShop, payment: &str) {
    assert_eq!(shop.system.store().early_refunds(PaymentMethod::Card, payment).await.expect("read"), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_its_payment_and_its_order_in_any_order_it_is_recorded_once() {
    for (is_unasked, shop) in shops().await.into_iter().enumerate() {
        for (n, steps) in ["rpo", "rop", "pro", "por", "opr", "orp"].into_iter().enumerate() {
            let payment = format!("pi_{n}");
            shop.system.payments.card_payment(&payment, 75_00, "USD");
            let made = shop.system.payments.refund_by_hand(&payment, 30_00, "succeeded");
            let mut order = None;
            for step in steps.chars() {
                match step {
                    'r' => told(&shop, &made, &["succeeded"; 3]).await,
                    'p' => payment_reported(&shop, &payment).await,
                    _ => order = Some(by_card(&shop, &payment).place().await),
                }
            }
            let order = order.expect("placed");
            schedule(&shop).await;
            assert_eq!(refunded_total(&shop, &order).await, 30_00, "{steps}");
            told(&shop, &made, &["succeeded"; 2]).await;
            schedule(&shop).await;
            let refund = shop.refund_of(&order).await;
            // Where it is known first, staff take what is left for the payment.
            let was_paid = is_unasked == 1 && steps == "opr";
            assert_eq!(status(&shop, &order).await, if was_paid { "PARTIALLY_REFUNDED" } else { "PENDING" }, "{steps}");
            if !was_paid {
                shop.mark_paid(&order).await;
            }
            let expected = (&json!("COMPLETED"), &json!(made), 30_00);
            assert_eq!((&refund["status"], &refund["transactionReference"], cents(&refund["amount"])), expected, "{steps}");
            assert_eq!(
                (status(&shop, &order).await.as_str(), refunded_total(&shop, &order).await),
                ("PARTIALLY_REFUNDED", 30_00),
                "{steps}"
            );
            let too_much = json!({ "orderId": order.id, "amount": 45.01, "reason": "Torn" });
            shop.admin().post("/api/refunds", &too_much).await.refused(409, "REFUND_EXCEEDS_PAID");
            is_done_with(&shop, &payment).await;
        }
        shop.assert_no_complaints();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn its_last_word_counts_on_whichever_side_of_the_order_it_comes() {
    for (is_unasked, shop) in shops().await.into_iter().enumerate() {
        // What is said before the order and after it, what became of it, and of the order.
        let cases: [(Words, Words, &str, &str, i64); 7] = [
            (&["pending"], &["succeeded"], "COMPLETED", "PARTIALLY_REFUNDED", 30_00),
            (&["pending", "succeeded"], &[], "COMPLETED", "PARTIALLY_REFUNDED", 30_00),
            (&["succeeded", "pending"], &["succeeded"], "COMPLETED", "PARTIALLY_REFUNDED", 30_00),
            (&["pending", "failed"], &[], "FAILED", "PAID", 0),
            (&["failed", "succeeded", "pending"], &["succeeded"], "FAILED", "PAID", 0),
            (&["pending"], &["failed"], "FAILED", "PAID", 0),
            // It came back after it had succeeded.
            (&["succeeded"], &["failed"], "COMPLETED", "PARTIALLY_REFUNDED", 30_00),
        ];
        for (n, (before, after, refund_is, order_is, gone)) in cases.into_iter().enumerate() {
            let payment = format!("pi_{n}");
            shop.system.payments.card_payment(&payment, 75_00, "USD");
            let failed = before.contains(&"failed") || after.contains(&"failed");
            let made = shop.system.payments.refund_by_hand(&payment, 30_00, if failed { "failed" } else { "succeeded" });
            told(&shop, &made, before).await;
            let order = by_card(&shop, &payment).place().await;
            payment_reported(&shop, &payment).await;
            told(&shop, &made, after).await;
            schedule(&shop).await;
            let refund = shop.refund_of(&order).await;
            assert_eq!(refund["status"], refund_is, "{before:?} {after:?}");
            assert_eq!(refund["failureReason"].is_string(), failed);
            // Where nobody could ask whether it has failed by then, it counted when the payment came.
            let is_sure = order_is == "PAID" && (before.contains(&"failed") || is_unasked == 0);
            assert_eq!(status(&shop, &order).await, if is_sure { "PAID" } else { "PENDING" }, "{before:?} {after:?}");
            if !is_sure {
                shop.mark_paid(&order).await;
            }
            assert_eq!(
                (status(&shop, &order).await.as_str(), refunded_total(&shop, &order).await),
                (order_is, gone),
                "{before:?} {after:?}"
            );
            is_done_with(&shop, &payment).await;
        }
        shop.assert_no_complaints();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_gone_back_is_known_for_longer_than_anything_else_that_is_told_early() {
    let variables = [("STRIPE_SECRET_KEY", String::new())].into();
    let shop = LocalShop::with(Options { variables, ..Options::default() }).await;
    shop.system.payments.card_payment("pi_1", 75_00, "USD");
    let made = shop.system.payments.refund_by_hand("pi_1", 75_00, "succeeded");
    told(&shop, &made, &["pending", "succeeded"]).await;
    shop.after(390 * 24 * HOUR).await;
    shop.system.dynamodb.sweep().expect("swept");
    let order = by_card(&shop, "pi_1").place().await;
    payment_reported(&shop, "pi_1").await;
    assert_eq!((status(&shop, &order).await.as_str(), refunded_total(&shop, &order).await), ("PENDING", 75_00));
    // What was not to be is kept as long as payments are.
    let failed = shop.system.payments.refund_by_hand("pi_2", 75_00, "failed");
    told(&shop, &failed, &["failed"]).await;
    shop.after(31 * 24 * HOUR).await;
    shop.system.dynamodb.sweep().expect("swept");
    is_done_with(&shop, "pi_2").await;
}

/// Staff mark an order paid by this payment.
async fn paid_by_hand(shop: &LocalShop, order: &Placed, reference: &str) {
    shop.staff().put(&order.path("payment"), &json!({ "paymentStatus": "PAID", "reference": reference })).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_a_payment_that_staff_name_later_is_found_by_the_schedule() {
    for shop in shops().await {
        // By the name of the payment, and by that of its charge.
        for (payment, charge, reference) in [("pi_1", "ch_1", "pi_1"), ("pi_2", "ch_2", "ch_2")] {
            shop.system.payments.card_charge(charge, payment, 75_00, "USD");
            let made = shop.system.payments.refund_by_hand(payment, 30_00, "succeeded");
            let order = shop.order().with("paymentMethod", json!("CARD")).place().await;
            told(&shop, &made, &["succeeded"; 3]).await;
            schedule(&shop).await;
            assert!(shop.refunds_of(order.id).await.is_empty());
            paid_by_hand(&shop, &order, reference).await;
            for _ in 0..2 {
                schedule(&shop).await;
                assert_eq!((status(&shop, &order).await.as_str(), refunded_total(&shop, &order).await), ("PARTIALLY_REFUNDED", 30_00));
            }
            assert_eq!(shop.refund_of(&order).await["status"], "COMPLETED");
            is_done_with(&shop, payment).await;
        }
        shop.assert_no_complaints();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_money_that_comes_for_a_cancelled_order_only_what_is_not_back_yet_goes_back() {
    let shop = LocalShop::start().await;
    shop.system.payments.card_payment("pi_1", 75_00, "USD");
    let made = shop.system.payments.refund_by_hand("pi_1", 30_00, "succeeded");
    told(&shop, &made, &["succeeded"]).await;
    let order = by_card(&shop, "pi_1").place().await;
    shop.staff().post(&order.path("cancel"), &json!({ "reason": "Sold out" })).await.ok();
    payment_reported(&shop, "pi_1").await;
    shop.settled().await;
    assert_eq!((status(&shop, &order).await.as_str(), refunded_total(&shop, &order).await), ("REFUNDED", 75_00));
    assert_eq!(shop.made_at(Stripe).iter().map(|made| made.amount).collect::<Vec<_>>(), [30_00, 45_00]);
    shop.assert_no_complaints();
}

#[tokio::test(flavor = "multi_thread")]
async fn told_of_while_its_order_is_placed_and_paid_it_is_recorded_once() {
    let shop = LocalShop::without_pumps().await;
    for n in 0..15 {
        let payment = format!("pi_{n}");
        shop.system.payments.card_payment(&payment, 75_00, "USD");
        let made = shop.system.payments.refund_by_hand(&payment, 30_00, "succeeded");
        let placed = async {
            let order = by_card(&shop, &payment).place().await;
            payment_reported(&shop, &payment).await;
            order
        };
        let (order, ()) = tokio::join!(placed, told(&shop, &made, &["pending", "succeeded", "succeeded"]));
        assert_eq!(shop.refund_of(&order).await["status"], "COMPLETED", "{n}");
        assert_eq!((status(&shop, &order).await.as_str(), refunded_total(&shop, &order).await), ("PENDING", 30_00));
    }
    schedule(&shop).await;
    for n in 0..15 {
        is_done_with(&shop, &format!("pi_{n}")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_payment_only_what_will_be_read_is_kept() {
    for (n, shop) in shops().await.into_iter().enumerate() {
        let is_kept = async |payment: &str| shop.system.store().early_payment(PaymentMethod::Card, payment).await.expect("read").is_some();
        payment_reported(&shop, "pi_1").await;
        let uncaptured = json!({ "id": "ch_1", "status": "succeeded", "captured": false, "amount_captured": 0, "currency": "usd" });
        stripe_tells(&shop, "charge.succeeded", uncaptured.clone()).await.ok();
        assert_eq!((is_kept("pi_1").await, is_kept("ch_1").await), (n == 1, false), "where Stripe can be asked, it is");
        // That it was under way doesn't stand in the way of what became of it.
        let failed = json!({ "id": "ch_1", "status": "failed", "captured": false, "amount_captured": 0, "currency": "usd" });
        stripe_tells(&shop, "charge.failed", failed).await.ok();
        assert_eq!(is_kept("ch_1").await, n == 1);
    }
    let key = PawaPayKey::new();
    for token in ["local-pawapay-token", ""] {
        let variables = [("PAWAPAY_PUBLIC_KEY", key.pem()), ("PAWAPAY_API_TOKEN", token.to_owned())].into();
        let shop = LocalShop::with(Options { pumps: false, variables, ..Options::default() }).await;
        let deposit = "afb57b93-7849-49aa-babb-4c3ccbfe3d79";
        let body: Value = json!({ "depositId": deposit, "status": "COMPLETED", "amount": "75.00", "currency": "USD" });
        key.tells(&shop, &body).await.ok();
        let kept = shop.system.store().early_payment(PaymentMethod::MobileMoney, deposit).await.expect("read");
        assert_eq!(kept.is_some(), token.is_empty());
    }
}
