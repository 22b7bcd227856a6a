//! Payments that were given back before their order was placed, and old ones: nobody pays twice with the same money.

use super::{accept, cancel, is, notes};
use crate::kit::{CUSTOMER, HOUR, LocalShop, Placed, RUN, cents};
use local::emulators::payments::Provider::{PawaPay, Stripe};
use serde_json::{Value, json};

const DEPOSIT: &str = "afb57b93-7849-49aa-babb-00000000000d";

/// An order of 75.00 that is placed with this payment, once its provider was asked after that.
async fn placed_with(shop: &LocalShop, reference: &str) -> Placed {
    let method = if reference == DEPOSIT { "MOBILE_MONEY" } else { "CARD" };
    let order = shop.order().with("paymentMethod", json!(method)).with("paymentReference", json!(reference)).place().await;
    shop.after(RUN).await;
    order
}

/// Stripe tells of the payment of 75.00, so long after.
async fn told_again(shop: &LocalShop, payment: &str) {
    let intent = json!({ "id": payment, "status": "succeeded", "amount_received": 75_00, "currency": "usd" });
    shop.stripe_tells(&json!({ "id": "evt_1", "type": "payment_intent.succeeded", "data": { "object": intent } })).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stripe_has_given_back_pays_no_order_however_it_is_named_or_heard_of() {
    let shop = LocalShop::start().await;
    for reference in ["pi_1", "ch_2", "pi_3"] {
        let payment = reference.replace("ch_", "pi_");
        match reference {
            "pi_3" => shop.system.payments.card_payment(&payment, 75_00, "USD"),
            _ => shop.system.payments.card_charge(&payment.replace("pi_", "ch_"), &payment, 75_00, "USD"),
        }
        // Its order failed, and the events of both are lost or long forgotten.
        let _untold = shop.system.payments.refund_by_hand(&payment, 75_00, "succeeded");
        let order = placed_with(&shop, reference).await;
        for _ in 0..2 {
            is(&shop, &order, "PENDING", "PENDING", 75_00).await;
            let note = "75.00 USD came, and 75.00 USD of that had been given back before the order was paid";
            assert_eq!(notes(&shop, &order).await, [note], "{reference}");
            told_again(&shop, &payment).await;
            shop.after(RUN).await;
        }
        let credited = json!({ "reason": "Sold out", "refundMethod": "STORE_CREDIT" });
        let cancelled = shop.customer(CUSTOMER).post(&order.path("cancel"), &credited).await.ok();
        assert_eq!(cancelled["refund"], Value::Null);
        shop.settled().await;
        let ledger = shop.staff().get(&format!("/api/store-credit?customerId={CUSTOMER}")).await.ok();
        assert_eq!(ledger["entries"], json!([]));
    }
    assert_eq!(shop.made_at(Stripe).len(), 3, "nothing but what was given back by hand");
    shop.assert_no_complaints();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_alone_marks_nothing_either() {
    let shop = LocalShop::without_pumps().await;
    shop.system.payments.card_payment("pi_1", 75_00, "USD");
    let _untold = shop.system.payments.refund_by_hand("pi_1", 75_00, "succeeded");
    let order = shop.order().with("paymentMethod", json!("CARD")).with("paymentReference", json!("pi_1")).place().await;
    for _ in 0..3 {
        told_again(&shop, "pi_1").await;
        is(&shop, &order, "PENDING", "PENDING", 75_00).await;
    }
    assert_eq!(notes(&shop, &order).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_what_was_given_back_in_part_the_rest_goes_back_or_is_taken_by_staff() {
    let shop = LocalShop::start().await;
    for (payment, is_taken) in [("pi_1", true), ("pi_2", false)] {
        shop.system.payments.card_payment(payment, 75_00, "USD");
        let made = shop.system.payments.refund_by_hand(payment, 30_00, "succeeded");
        let order = placed_with(&shop, payment).await;
        is(&shop, &order, "PENDING", "PENDING", 30_00).await;
        // Its event is late, and no news.
        let object = shop.system.payments.stripe_object(&made);
        shop.stripe_tells(&json!({ "id": "evt_1", "type": "refund.created", "data": { "object": object } })).await.ok();
        if is_taken {
            accept(&shop, &order).await;
            is(&shop, &order, "PENDING", "PARTIALLY_REFUNDED", 30_00).await;
        }
        let answer = cancel(&shop, &order).await.ok();
        assert_eq!(cents(&answer["refund"]["amount"]), 45_00);
        shop.settled().await;
        shop.after(RUN).await;
        is(&shop, &order, "CANCELLED", "REFUNDED", 75_00).await;
    }
    assert_eq!(shop.made_at(Stripe).iter().map(|made| made.amount).collect::<Vec<_>>(), [30_00, 45_00, 30_00, 45_00]);
    shop.assert_no_complaints();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_we_gave_back_of_a_paid_order_makes_no_mismatch_of_its_payment() {
    let shop = LocalShop::start().await;
    shop.system.payments.card_charge("ch_1", "pi_1", 75_00, "USD");
    let order = placed_with(&shop, "pi_1").await;
    is(&shop, &order, "PENDING", "PAID", 0).await;
    shop.refunded(&order, Some("30")).await;
    shop.settled().await;
    for _ in 0..3 {
        told_again(&shop, "pi_1").await;
        shop.after(RUN).await;
        is(&shop, &order, "PENDING", "PARTIALLY_REFUNDED", 30_00).await;
    }
    assert!(notes(&shop, &order).await.is_empty());
    assert_eq!(shop.refunds_of(order.id).await.len(), 1);
    shop.assert_no_complaints();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_was_made_long_before_its_order_is_left_to_staff() {
    for (reference, provider) in [("pi_1", Stripe), (DEPOSIT, PawaPay)] {
        for (days, is_taken) in [(6, true), (8, true), (8, false)] {
            let shop = LocalShop::start().await;
            match provider {
                Stripe => shop.system.payments.card_payment(reference, 75_00, "USD"),
                PawaPay => shop.system.payments.deposit(reference, 75_00, "USD", "COMPLETED"),
            }
            shop.after(24 * days * HOUR).await;
            let order = placed_with(&shop, reference).await;
            if days == 6 {
                is(&shop, &order, "PENDING", "PAID", 0).await;
                continue;
            }
            shop.after(100 * HOUR).await;
            is(&shop, &order, "PENDING", "PENDING", 0).await;
            assert_eq!(notes(&shop, &order).await, ["75.00 USD came 8 days before the order was placed"]);
            if is_taken {
                accept(&shop, &order).await;
                is(&shop, &order, "PENDING", "PAID", 0).await;
            } else {
                cancel(&shop, &order).await.ok();
                shop.settled().await;
                shop.after(RUN).await;
                is(&shop, &order, "CANCELLED", "REFUNDED", 75_00).await;
                assert_eq!(shop.made_at(provider).len(), 1);
            }
            shop.assert_no_complaints();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_says_when_it_happened_and_an_intent_may_be_older_than_its_payment() {
    let shop = LocalShop::without_pumps().await;
    for (payment, days, is) in [("pi_1", 8, "PENDING"), ("pi_2", 0, "PAID")] {
        let order = shop.order().with("paymentMethod", json!("CARD")).with("paymentReference", json!(payment)).place().await;
        let ago = |days: u64| shop.system.clock.now().seconds() - days * 24 * 3_600;
        let intent = json!({ "id": payment, "status": "succeeded", "amount_received": 75_00, "currency": "usd", "created": ago(30) });
        let event = json!({ "id": "evt_1", "type": "payment_intent.succeeded", "created": ago(days), "data": { "object": intent } });
        shop.stripe_tells(&event).await.ok();
        assert_eq!(shop.order_now(order.id).await["paymentStatus"], is);
    }
}
