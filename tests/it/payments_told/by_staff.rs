//! Refunds that wait for staff because the shop has no key of Stripe's: what Stripe tells of one that they make there is of that
//! refund, once.

use super::{refunded_total, status, stripe_tells};
use crate::kit::{ByHand, LocalShop, Placed, race};
use functions::workers::process_refund;
use local::Options;
use local::emulators::payments::Provider::Stripe;
use serde_json::{Value, json};
use std::time::Duration;

/// A shop that believes Stripe's events and has no key to call it with.
async fn without_key() -> LocalShop {
    let variables = [("STRIPE_SECRET_KEY", String::new())].into();
    LocalShop::with(Options { pumps: false, variables, ..Options::default() }).await
}

/// A refund of 20.00 that waits for staff.
async fn left_to_staff(shop: &LocalShop, order: &Placed) -> Value {
    let refund = shop.refunded(order, Some("20")).await;
    process_refund::process(&shop.system.workers.shop, LocalShop::refund_job(&refund)).await;
    let left = now(shop, &refund).await;
    assert_eq!((&left["status"], &left["awaiting"]), (&json!("PROCESSING"), &json!("STAFF")));
    left
}

async fn now(shop: &LocalShop, refund: &Value) -> Value {
    shop.admin().get(&format!("/api/refunds?id={}", refund["id"])).await.ok()
}

async fn set(shop: &LocalShop, refund: &Value, body: Value) -> Value {
    shop.admin().put(&format!("/api/refunds?id={}", refund["id"]), &body).await.ok()
}

async fn told(shop: &LocalShop, made: &str) {
    stripe_tells(shop, "refund.updated", shop.system.payments.stripe_object(made)).await.ok();
}

fn is(refund: &Value, status: &str, awaiting: Option<&str>, reference: Option<&str>) {
    let found = (&refund["status"], &refund["awaiting"], &refund["transactionReference"]);
    assert_eq!(found, (&json!(status), &json!(awaiting), &json!(reference)), "{refund}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_staff_make_at_stripe_is_settled_by_what_stripe_tells_and_told_to_the_customer_once() {
    let shop = without_key().await;
    let order = shop.paid_at_stripe().await;
    let refund = left_to_staff(&shop, &order).await;
    let made = shop.system.payments.refund_by_hand(order.payment(), 20_00, "succeeded");
    for _ in 0..3 {
        told(&shop, &made).await;
        let settled = shop.refund_of(&order).await;
        is(&settled, "COMPLETED", None, Some(&made));
        assert_eq!((&settled["id"], &settled["provider"], &settled["attempts"]), (&refund["id"], &json!("STRIPE"), &json!(1)));
        assert_eq!((status(&shop, &order).await.as_str(), refunded_total(&shop, &order).await), ("PARTIALLY_REFUNDED", 20_00));
    }
    let mut hands = ByHand::of(&shop);
    hands.relay().await;
    assert_eq!(hands.emails().await.records.len(), 2, "placed, refunded");
    let by_hand = shop.admin().put(&format!("/api/refunds?id={}", refund["id"]), &json!({ "status": "COMPLETED" })).await;
    by_hand.refused(409, "INVALID_STATUS_TRANSITION");

    // The next of that amount is another one.
    let next = shop.system.payments.refund_by_hand(order.payment(), 20_00, "succeeded");
    told(&shop, &next).await;
    assert_eq!((shop.refunds_of(order.id).await.len(), refunded_total(&shop, &order).await), (2, 40_00));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_of_one_amount_each_is_settled_by_one_of_stripe_s_the_oldest_first() {
    let shop = without_key().await;
    let order = shop.paid_at_stripe().await;
    let (first, second) = (left_to_staff(&shop, &order).await, left_to_staff(&shop, &order).await);
    let made = [(); 2].map(|()| shop.system.payments.refund_by_hand(order.payment(), 20_00, "succeeded"));
    for _ in 0..2 {
        told(&shop, &made[1]).await;
        is(&now(&shop, &first).await, "COMPLETED", None, Some(&made[1]));
        is(&now(&shop, &second).await, "PROCESSING", Some("STAFF"), None);
    }
    for _ in 0..2 {
        for made in &made {
            told(&shop, made).await;
        }
        is(&now(&shop, &second).await, "COMPLETED", None, Some(&made[0]));
    }
    assert_eq!((shop.refunds_of(order.id).await.len(), refunded_total(&shop, &order).await), (2, 40_00));
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_events_of_two_made_there_at_once_settle_two() {
    let shop = without_key().await;
    let order = shop.paid_at_stripe().await;
    left_to_staff(&shop, &order).await;
    left_to_staff(&shop, &order).await;
    let made = [(); 2].map(|()| shop.system.payments.refund_by_hand(order.payment(), 20_00, "succeeded"));
    race(30, |n| {
        let object = shop.system.payments.stripe_object(&made[n % 2]);
        let told = shop.stripe_caller(&json!({ "id": "evt_1", "type": "refund.updated", "data": { "object": object } }));
        async move { told.0.send(reqwest::Method::POST, "/api/webhooks/stripe", Some(told.1)).await }
    })
    .await;
    for made in &made {
        told(&shop, made).await;
    }
    let refunds = shop.refunds_of(order.id).await;
    assert!(refunds.len() == 2 && refunds.iter().all(|refund| refund["status"] == "COMPLETED"), "{refunds:?}");
    assert_eq!(refunded_total(&shop, &order).await, 40_00);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_takes_its_time_there_is_followed_and_one_that_fails_is_tried_again_by_staff() {
    let shop = without_key().await;
    for (words, ends) in [(["pending", "succeeded"], "COMPLETED"), (["pending", "failed"], "FAILED"), (["failed", "failed"], "FAILED")] {
        let order = shop.paid_at_stripe().await;
        let refund = left_to_staff(&shop, &order).await;
        let made = shop.system.payments.refund_by_hand(order.payment(), 20_00, words[0]);
        told(&shop, &made).await;
        if words[0] == "pending" {
            is(&now(&shop, &refund).await, "PROCESSING", Some("PROVIDER"), None);
            let by_hand = shop.admin().put(&format!("/api/refunds?id={}", refund["id"]), &json!({ "status": "COMPLETED" })).await;
            by_hand.refused(409, "REFUND_IN_PROGRESS");
            // Nobody can ask Stripe, so that staff look there; its word counts all the same.
            shop.system.clock.advance(Duration::from_mins(5));
            shop.system.workers.run("ask-providers").await.expect("a schedule");
            assert_eq!(now(&shop, &refund).await["awaiting"], "STAFF");
        }
        shop.system.payments.move_on(&made, words[1], Some("declined"));
        for _ in 0..2 {
            told(&shop, &made).await;
        }
        let settled = shop.refund_of(&order).await;
        assert_eq!(settled["status"], ends, "{words:?}: {settled}");
        if ends == "COMPLETED" {
            assert_eq!(refunded_total(&shop, &order).await, 20_00);
            continue;
        }
        assert_eq!((status(&shop, &order).await.as_str(), refunded_total(&shop, &order).await), ("PAID", 0));
        set(&shop, &refund, json!({ "status": "PROCESSING" })).await;
        process_refund::process(&shop.system.workers.shop, LocalShop::refund_job(&refund)).await;
        assert_eq!(now(&shop, &refund).await["awaiting"], "STAFF");
        // The failed one has its name already, and settles nothing more; the next one does.
        told(&shop, &made).await;
        assert_eq!(now(&shop, &refund).await["awaiting"], "STAFF");
        let next = shop.system.payments.refund_by_hand(order.payment(), 20_00, "succeeded");
        if words[0] == "failed" {
            // Staff are quicker than Stripe's word.
            set(&shop, &refund, json!({ "status": "COMPLETED" })).await;
        }
        told(&shop, &next).await;
        is(&shop.refund_of(&order).await, "COMPLETED", None, Some(&next));
        assert_eq!(refunded_total(&shop, &order).await, 20_00, "{words:?}");
    }
    assert!(shop.system.payments.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_s_word_that_races_with_stripe_s_makes_no_second_refund() {
    let shop = without_key().await;
    for n in 0..10 {
        let order = shop.paid_at_stripe().await;
        let refund = left_to_staff(&shop, &order).await;
        let made = shop.system.payments.refund_by_hand(order.payment(), 20_00, "succeeded");
        let (admin, path, done) = (shop.admin(), format!("/api/refunds?id={}", refund["id"]), json!({ "status": "COMPLETED" }));
        let (by_hand, ()) = tokio::join!(admin.put(&path, &done), told(&shop, &made));
        assert!([200, 409].contains(&by_hand.status), "{n}: {}", by_hand.text);
        told(&shop, &made).await;
        is(&shop.refund_of(&order).await, "COMPLETED", None, Some(&made));
        assert_eq!(refunded_total(&shop, &order).await, 20_00, "{n}: by hand {}", by_hand.status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_staff_have_completed_before_stripe_tells_of_it_is_known_by_its_name_from_then_on() {
    let shop = without_key().await;
    for reference in [None, Some("said by phone"), Some("its own")] {
        let order = shop.paid_at_stripe().await;
        let (refund, open) = (left_to_staff(&shop, &order).await, left_to_staff(&shop, &order).await);
        let made = shop.system.payments.refund_by_hand(order.payment(), 20_00, "succeeded");
        let reference = if reference == Some("its own") { Some(made.as_str()) } else { reference };
        set(&shop, &refund, json!({ "status": "COMPLETED", "transactionReference": reference })).await;
        shop.system.clock.advance(Duration::from_hours(71));
        for _ in 0..2 {
            told(&shop, &made).await;
            is(&now(&shop, &refund).await, "COMPLETED", None, reference.or(Some(&made)));
            is(&now(&shop, &open).await, "PROCESSING", Some("STAFF"), None);
            assert_eq!((shop.refunds_of(order.id).await.len(), refunded_total(&shop, &order).await), (2, 20_00));
        }
        // It comes back: that is said of it.
        shop.system.payments.move_on(&made, "failed", Some("lost_or_stolen_card"));
        told(&shop, &made).await;
        assert_eq!(now(&shop, &refund).await["failureReason"], "Stripe: lost_or_stolen_card");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_fails_there_is_none_that_staff_have_completed() {
    let shop = without_key().await;
    let order = shop.paid_at_stripe().await;
    let refund = left_to_staff(&shop, &order).await;
    let done = set(&shop, &refund, json!({ "status": "COMPLETED" })).await;
    told(&shop, &shop.system.payments.refund_by_hand(order.payment(), 20_00, "failed")).await;
    assert_eq!((now(&shop, &refund).await, refunded_total(&shop, &order).await), (done, 20_00));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_none_of_those_that_wait_for_staff_is_recorded_beside_them() {
    let shop = without_key().await;
    let with_key = LocalShop::without_pumps().await;
    let is_beside = async |shop: &LocalShop, order: &Placed, waiting: &Value, amount: i64| {
        let made = shop.system.payments.refund_by_hand(order.payment(), amount, "succeeded");
        let before = refunded_total(shop, order).await;
        told(shop, &made).await;
        assert_eq!(now(shop, waiting).await, *waiting);
        let others = shop.refunds_of(order.id).await;
        let recorded = others.iter().find(|other| other["transactionReference"] == json!(made)).expect("recorded");
        assert_ne!(recorded["id"], waiting["id"]);
        assert_eq!(refunded_total(shop, order).await - before, amount);
    };
    // Another amount.
    let order = shop.paid_at_stripe().await;
    let waiting = left_to_staff(&shop, &order).await;
    is_beside(&shop, &order, &waiting, 19_99).await;
    // By other means.
    let order = shop.paid_at_stripe().await;
    let cash = json!({ "orderId": order.id, "amount": 20, "reason": "Torn", "refundMethod": "CASH" });
    let cash = shop.admin().post("/api/refunds", &cash).await.ok();
    process_refund::process(&shop.system.workers.shop, LocalShop::refund_job(&cash)).await;
    is_beside(&shop, &order, &now(&shop, &cash).await, 20_00).await;
    // Completed long ago, or as another of Stripe's.
    let order = shop.paid_at_stripe().await;
    let refund = left_to_staff(&shop, &order).await;
    is_beside(&shop, &order, &set(&shop, &refund, json!({ "status": "COMPLETED", "transactionReference": "re_other" })).await, 20_00).await;
    let order = shop.paid_at_stripe().await;
    let refund = left_to_staff(&shop, &order).await;
    let done = set(&shop, &refund, json!({ "status": "COMPLETED" })).await;
    shop.system.clock.advance(Duration::from_hours(73));
    is_beside(&shop, &order, &done, 20_00).await;
    // Not looked at by anybody yet.
    let order = shop.paid_at_stripe().await;
    let refund = shop.refunded(&order, Some("20")).await;
    is_beside(&shop, &order, &now(&shop, &refund).await, 20_00).await;

    // With Stripe once, nobody knows what came of it, and left to staff when the key was taken out: it has a name there.
    let order = with_key.paid_at_stripe().await;
    let refund = with_key.refunded(&order, Some("20")).await;
    let job = LocalShop::refund_job(&refund);
    with_key.system.payments.next_refund_is(Stripe, "pending");
    process_refund::process(&with_key.system.workers.shop, job.clone()).await;
    let mut keyless = with_key.system.workers.shop.clone();
    keyless.secrets = shop.system.workers.shop.secrets.clone();
    process_refund::process(&keyless, job).await;
    let orphan = now(&with_key, &refund).await;
    assert_eq!(orphan["awaiting"], "STAFF");
    is_beside(&with_key, &order, &orphan, 20_00).await;
}
