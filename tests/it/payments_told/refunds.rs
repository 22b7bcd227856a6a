//! Refunds that Stripe tells of: ours, and those that somebody makes on its own pages.

use super::{RUN, intent, refunded_total, status, stripe_tells};
use crate::kit::{ByHand, CUSTOMER, LocalShop, OUTAGE, cents, race};
use functions::workers::process_refund;
use local::Options;
use local::emulators::payments::Provider::Stripe;
use local::faults::Fault;
use serde_json::{Value, json};

/// Stripe tells what it has of a refund.
async fn told(shop: &LocalShop, kind: &str, refund: &str) {
    stripe_tells(shop, kind, shop.system.payments.stripe_object(refund)).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn before_our_own_write_and_three_times_over_it_is_one_refund_and_one_message() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.paid_at_stripe().await;
    shop.refunded(&order, None).await;
    let mut hands = ByHand::of(&shop);
    hands.relay().await;
    hands.workers.send_email(hands.emails().await).await;
    let before = shop.system.outbox.emails().len();
    let jobs = hands.refunds().await;
    shop.system.faults.inject_after(1, "TransactWriteItems", Fault::NeverSent, OUTAGE);
    hands.workers.process_refund(jobs.clone()).await;
    shop.system.faults.clear();
    assert_eq!(shop.refund_of(&order).await["status"], "PROCESSING");

    let made = shop.made_at(Stripe)[0].id.clone();
    for kind in ["refund.updated", "refund.created", "charge.refund.updated"] {
        told(&shop, kind, &made).await;
        assert_eq!(shop.refund_of(&order).await["status"], "COMPLETED");
    }
    // And then our own write, late.
    hands.workers.process_refund(jobs).await;
    hands.relay().await;
    hands.workers.send_email(hands.emails().await).await;
    let refund = shop.refund_of(&order).await;
    assert_eq!((&refund["status"], &refund["transactionReference"]), (&json!("COMPLETED"), &json!(made)));
    assert_eq!((shop.made_at(Stripe).len(), refunded_total(&shop, &order).await), (1, 75_00));
    assert_eq!(shop.system.outbox.emails().len() - before, 1);
    shop.assert_no_complaints();
}

#[tokio::test(flavor = "multi_thread")]
async fn forty_webhooks_and_workers_at_once_settle_it_once() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.paid_at_stripe().await;
    let refund = shop.refunded(&order, None).await;
    let job = LocalShop::refund_job(&refund);
    let workers = shop.system.workers.clone();
    shop.system.payments.next_refund_is(Stripe, "pending");
    process_refund::process(&workers.shop, job.clone()).await;
    let made = shop.made_at(Stripe)[0].id.clone();
    shop.system.payments.move_on(&made, "succeeded", None);

    let event = json!({ "id": "evt_1", "type": "refund.updated", "data": { "object": shop.system.payments.stripe_object(&made) } });
    race(40, |n| {
        let (workers, job, told) = (workers.clone(), job.clone(), shop.stripe_caller(&event));
        async move {
            if n % 4 == 0 {
                process_refund::process(&workers.shop, job).await;
            } else {
                told.0.send(reqwest::Method::POST, "/api/webhooks/stripe", Some(told.1)).await.ok();
            }
        }
    })
    .await;
    assert_eq!((shop.refund_of(&order).await["status"].clone(), refunded_total(&shop, &order).await), (json!("COMPLETED"), 75_00));
    let history = shop.staff().get(&order.path("history")).await.ok();
    let done = history.as_array().expect("rows").iter().filter(|row| row["type"] == "REFUND_STATUS_CHANGED").count();
    assert_eq!((done, shop.made_at(Stripe).len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_made_on_stripe_s_pages_is_recorded_once_and_takes_its_room() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.paid_at_stripe().await;
    let made = shop.system.payments.refund_by_hand(order.payment(), 30_00, "succeeded");
    let event = json!({ "id": "evt_1", "type": "refund.created", "data": { "object": shop.system.payments.stripe_object(&made) } });
    race(24, |_| {
        let told = shop.stripe_caller(&event);
        async move { told.0.send(reqwest::Method::POST, "/api/webhooks/stripe", Some(told.1)).await.ok() }
    })
    .await;

    let refund = shop.refund_of(&order).await;
    let expected = (&json!("COMPLETED"), &json!("STRIPE"), &json!("CARD"), &json!(made));
    assert_eq!((&refund["status"], &refund["provider"], &refund["refundMethod"], &refund["transactionReference"]), expected);
    assert_eq!((status(&shop, &order).await.as_str(), refunded_total(&shop, &order).await), ("PARTIALLY_REFUNDED", 30_00));
    let too_much = json!({ "orderId": order.id, "amount": 45.01, "reason": "Torn" });
    shop.admin().post("/api/refunds", &too_much).await.refused(409, "REFUND_EXCEEDS_PAID");
    assert_eq!(cents(&shop.refunded(&order, None).await["amount"]), 45_00);
    let mut hands = ByHand::of(&shop);
    hands.relay().await;
    let mails = hands.emails().await.records.len();
    assert_eq!(mails, 2, "placed, refunded");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_made_there_is_followed_to_its_end() {
    let shop = LocalShop::start().await;
    for (end, refund_is, order_is) in [("succeeded", "COMPLETED", "PARTIALLY_REFUNDED"), ("failed", "FAILED", "PAID")] {
        let order = shop.paid_at_stripe().await;
        let made = shop.system.payments.refund_by_hand(order.payment(), 30_00, "pending");
        told(&shop, "refund.created", &made).await;
        let refund = shop.refund_of(&order).await;
        assert_eq!((&refund["status"], &refund["awaiting"]), (&json!("PROCESSING"), &json!("PROVIDER")));
        assert_eq!(status(&shop, &order).await, "REFUND_PENDING");
        shop.system.payments.move_on(&made, end, None);
        // By the schedule, and then by an event that comes too late to matter.
        shop.after(RUN).await;
        told(&shop, "refund.updated", &made).await;
        assert_eq!((shop.refund_of(&order).await["status"].clone(), status(&shop, &order).await.as_str()), (json!(refund_is), order_is));
    }
    // It is asked after, and never asked for.
    assert!(shop.keys_at(Stripe).is_empty());
    shop.assert_no_complaints();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_that_was_refunded_is_looked_at_refund_by_refund() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.paid_at_stripe().await;
    let one = shop.system.payments.refund_by_hand(order.payment(), 10_00, "succeeded");
    let _other = shop.system.payments.refund_by_hand(order.payment(), 5_00, "succeeded");
    let mut charge = json!({
        "id": "ch_1", "object": "charge", "status": "succeeded", "captured": true, "amount_captured": 75_00, "currency": "usd",
        "payment_intent": order.payment(), "refunds": { "data": [shop.system.payments.stripe_object(&one)], "has_more": false },
    });
    stripe_tells(&shop, "charge.refunded", charge.clone()).await.ok();
    assert_eq!(refunded_total(&shop, &order).await, 10_00);
    // Newer versions leave the refunds out, and Stripe is asked.
    charge["refunds"] = Value::Null;
    for _ in 0..3 {
        stripe_tells(&shop, "charge.refunded", charge.clone()).await.ok();
        assert_eq!(refunded_total(&shop, &order).await, 15_00);
    }
    assert_eq!(shop.refunds_of(order.id).await.len(), 2);
    shop.assert_no_complaints();
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_was_paid_is_recorded_and_nothing_more_can_go() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.paid_at_stripe().await;
    let own = json!({ "orderId": order.id, "amount": 50, "reason": "Torn", "refundMethod": "CASH" });
    let own = shop.admin().post("/api/refunds", &own).await.ok();
    let made = shop.system.payments.refund_by_hand(order.payment(), 75_00, "succeeded");
    told(&shop, "refund.created", &made).await;
    assert_eq!((status(&shop, &order).await.as_str(), refunded_total(&shop, &order).await), ("REFUND_PENDING", 75_00));
    let one_more = json!({ "orderId": order.id, "amount": 0.01, "reason": "Torn" });
    shop.admin().post("/api/refunds", &one_more).await.refused(409, "REFUND_EXCEEDS_PAID");

    // Ours fails: what it would have given back was beyond all room, so no room comes back.
    shop.admin().put(&format!("/api/refunds?id={}", own["id"]), &json!({ "status": "FAILED" })).await.ok();
    assert_eq!((status(&shop, &order).await.as_str(), refunded_total(&shop, &order).await), ("REFUNDED", 75_00));
    shop.admin().post("/api/refunds", &one_more).await.refused(409, "REFUND_EXCEEDS_PAID");
    let again = shop.admin().put(&format!("/api/refunds?id={}", own["id"]), &json!({ "status": "PROCESSING" })).await;
    again.refused(409, "REFUND_EXCEEDS_PAID");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_told_of_before_its_payment_is_taken_off_when_that_comes() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order_at_stripe().await;
    let made = shop.system.payments.refund_by_hand(order.payment(), 30_00, "succeeded");
    told(&shop, "refund.created", &made).await;
    assert_eq!((status(&shop, &order).await.as_str(), refunded_total(&shop, &order).await), ("PENDING", 30_00));
    stripe_tells(&shop, "payment_intent.succeeded", intent(&order, "succeeded", 75_00, "usd")).await.ok();
    assert_eq!(status(&shop, &order).await, "PENDING", "staff decide");
    shop.mark_paid(&order).await;
    assert_eq!((status(&shop, &order).await.as_str(), refunded_total(&shop, &order).await), ("PARTIALLY_REFUNDED", 30_00));
    assert_eq!(cents(&shop.refunded(&order, None).await["amount"]), 45_00);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_completed_one_that_comes_back_stays_completed_and_says_so() {
    let shop = LocalShop::start().await;
    let order = shop.paid_at_stripe().await;
    shop.refunded(&order, None).await;
    shop.settled().await;
    let made = shop.made_at(Stripe)[0].id.clone();
    shop.system.payments.move_on(&made, "failed", Some("lost_or_stolen_card"));
    for _ in 0..3 {
        told(&shop, "refund.failed", &made).await;
    }
    let refund = shop.refund_of(&order).await;
    assert_eq!((&refund["status"], &refund["failureReason"]), (&json!("COMPLETED"), &json!("Stripe: lost_or_stolen_card")));
    assert_eq!((status(&shop, &order).await.as_str(), refunded_total(&shop, &order).await), ("REFUNDED", 75_00));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_success_that_comes_after_a_failure_is_believed_when_stripe_says_it_again() {
    let shop = LocalShop::start().await;
    let order = shop.paid_at_stripe().await;
    shop.system.payments.next_refund_is(Stripe, "pending");
    let refund = shop.refunded(&order, None).await;
    shop.settled().await;
    let made = shop.made_at(Stripe)[0].id.clone();
    let mut overtaken = shop.system.payments.stripe_object(&made);
    overtaken["status"] = json!("succeeded");
    shop.system.payments.move_on(&made, "failed", Some("declined"));
    told(&shop, "refund.failed", &made).await;
    assert_eq!(shop.refund_of(&order).await["status"], "FAILED");
    // An event that was overtaken: Stripe says that it has failed.
    stripe_tells(&shop, "refund.updated", overtaken.clone()).await.ok();
    assert_eq!((shop.refund_of(&order).await["status"].clone(), status(&shop, &order).await.as_str()), (json!("FAILED"), "PAID"));

    // It went through nevertheless, after all of the money was given back by other means: that is more than was paid.
    let cash = json!({ "orderId": order.id, "reason": "By hand", "refundMethod": "CASH" });
    let cash = shop.admin().post("/api/refunds", &cash).await.ok();
    shop.settled().await;
    shop.admin().put(&format!("/api/refunds?id={}", cash["id"]), &json!({ "status": "COMPLETED" })).await.ok();
    shop.system.payments.move_on(&made, "succeeded", None);
    stripe_tells(&shop, "refund.updated", overtaken).await.ok();
    let after = shop.admin().get(&format!("/api/refunds?id={}", refund["id"])).await.ok();
    assert_eq!((&after["status"], refunded_total(&shop, &order).await), (&json!("COMPLETED"), 150_00));
    assert_eq!(status(&shop, &order).await, "REFUNDED");
}

/// One event for each status.
async fn tells_in_turn(shop: &LocalShop, made: &str, statuses: &[&str]) {
    for status in statuses {
        let mut object = shop.system.payments.stripe_object(made);
        object["status"] = json!(status);
        stripe_tells(shop, "refund.updated", object).await.ok();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_words_of_one_made_there_the_later_counts_in_whatever_order_they_come() {
    for can_be_asked in [true, false] {
        let key = if can_be_asked { "sk_local" } else { "" };
        let shop =
            LocalShop::with(Options { pumps: false, variables: [("STRIPE_SECRET_KEY", key.to_owned())].into(), ..Options::default() });
        let shop = shop.await;
        for order_of_words in [["pending", "failed", "succeeded"], ["failed", "pending", "succeeded"], ["failed", "succeeded", "pending"]] {
            let order = shop.paid_at_stripe().await;
            let made = shop.system.payments.refund_by_hand(order.payment(), 30_00, "failed");
            tells_in_turn(&shop, &made, &order_of_words).await;
            let refund = shop.refund_of(&order).await;
            assert_eq!(refund["status"], "FAILED", "{order_of_words:?}: {refund}");
            assert_eq!((status(&shop, &order).await.as_str(), refunded_total(&shop, &order).await), ("PAID", 0));
            assert_eq!(cents(&shop.refunded(&order, None).await["amount"]), 75_00, "all of it is there");
        }
        // One that did come back after it had succeeded.
        for order_of_words in [["succeeded", "failed"], ["failed", "succeeded"]] {
            let order = shop.paid_at_stripe().await;
            let made = shop.system.payments.refund_by_hand(order.payment(), 30_00, "failed");
            tells_in_turn(&shop, &made, &order_of_words).await;
            let refund = shop.refund_of(&order).await;
            assert_eq!(
                (&refund["failureReason"], refund["status"] == "COMPLETED"),
                (&json!("Stripe: unknown"), order_of_words[0] == "succeeded")
            );
        }
        shop.assert_no_complaints();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_stripe_says_has_succeeded_counts_however_it_was_heard_of_before() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.paid_at_stripe().await;
    let made = shop.system.payments.refund_by_hand(order.payment(), 30_00, "failed");
    told(&shop, "refund.failed", &made).await;
    shop.system.payments.move_on(&made, "succeeded", None);
    for _ in 0..3 {
        told(&shop, "refund.updated", &made).await;
    }
    assert_eq!((shop.refund_of(&order).await["status"].clone(), refunded_total(&shop, &order).await), (json!("COMPLETED"), 30_00));
    assert_eq!(status(&shop, &order).await, "PARTIALLY_REFUNDED");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_on_its_way_twice_is_no_alarm_until_it_has_arrived_twice() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.paid_at_stripe().await;
    let by_cash = json!({ "orderId": order.id, "reason": "Torn", "refundMethod": "CASH" });
    let cash = shop.admin().post("/api/refunds", &by_cash).await.ok();
    let at = shop.system.store();
    let now = async || at.order(serde_json::from_value(json!(order.id)).expect("an id")).await.expect("read").expect("an order");
    let made = shop.system.payments.refund_by_hand(order.payment(), 75_00, "succeeded");
    told(&shop, "refund.created", &made).await;
    assert_eq!((now().await.over_refunded().minor, now().await.given_beyond()), (75_00, 0));
    shop.admin().put(&format!("/api/refunds?id={}", cash["id"]), &json!({ "status": "COMPLETED" })).await.ok();
    assert_eq!((now().await.over_refunded().minor, now().await.given_beyond()), (75_00, 75_00));
}

#[tokio::test(flavor = "multi_thread")]
async fn store_credit_for_money_that_stripe_has_given_back_meanwhile_is_not_given() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.paid_at_stripe().await;
    let by_credit = json!({ "orderId": order.id, "reason": "Torn", "refundMethod": "STORE_CREDIT" });
    let credit = shop.admin().post("/api/refunds", &by_credit).await.ok();
    let made = shop.system.payments.refund_by_hand(order.payment(), 30_00, "succeeded");
    told(&shop, "refund.created", &made).await;
    process_refund::process(&shop.system.workers.shop, LocalShop::refund_job(&credit)).await;
    let after = shop.admin().get(&format!("/api/refunds?id={}", credit["id"])).await.ok();
    assert_eq!((&after["status"], refunded_total(&shop, &order).await), (&json!("FAILED"), 30_00));
    let ledger = shop.staff().get(&format!("/api/store-credit?customerId={CUSTOMER}")).await.ok();
    assert_eq!(ledger["entries"], json!([]));
    assert_eq!(cents(&shop.refunded(&order, None).await["amount"]), 45_00);
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_money_stripe_has_given_back_meanwhile_is_told_of_no_more_than_is_still_owed() {
    // What somebody gives back in Stripe's dashboard before the worker runs, and what the customer is told to be owed.
    for (by_hand, still_owed) in [(75_00, None), (30_00, Some("45,00\u{a0}USD"))] {
        let shop = LocalShop::without_pumps().await;
        let order = shop.paid_at_stripe().await;
        let cancel = json!({ "reason": "Changed my mind", "refundMethod": "STORE_CREDIT" });
        let cancelled = shop.staff().post(&order.path("cancel"), &cancel).await.ok();
        let made = shop.system.payments.refund_by_hand(order.payment(), by_hand, "succeeded");
        told(&shop, "refund.created", &made).await;
        ByHand::of(&shop).until_nothing_is_left(&shop).await;
        let credit = shop.admin().get(&format!("/api/refunds?id={}", cancelled["refund"]["id"])).await.ok();
        assert_eq!((&credit["status"], refunded_total(&shop, &order).await), (&json!("FAILED"), by_hand));

        let failed = format!("Votre remboursement pour la commande {}", order.body["orderNumber"].as_str().expect("a number"));
        let mails: Vec<_> = shop.system.outbox.emails().into_iter().filter(|mail| mail.subject == failed).collect();
        let sms: Vec<_> = shop.system.outbox.sms().into_iter().filter(|sms| sms.body.contains("pas encore abouti")).collect();
        let expected = usize::from(still_owed.is_some());
        assert_eq!((mails.len(), sms.len()), (expected, expected), "{mails:?} {sms:?}");
        for (mail, owed) in mails.iter().zip(still_owed) {
            let text = mail.text.as_deref().expect("a twin");
            assert!(text.contains(&format!("vous verser {owed}")) && !text.contains("75,00"), "{text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_attempt_that_succeeds_after_all_is_a_refund_beside_the_one_that_is_tried_again() {
    let shop = LocalShop::start().await;
    let order = shop.paid_at_stripe().await;
    shop.system.payments.next_refund_is(Stripe, "failed");
    let refund = shop.refunded(&order, Some("20")).await;
    shop.settled().await;
    let first = shop.made_at(Stripe)[0].id.clone();
    shop.admin().put(&format!("/api/refunds?id={}", refund["id"]), &json!({ "status": "PROCESSING" })).await.ok();
    shop.settled().await;
    // A word that was overtaken by the failure: Stripe says that it failed.
    let mut overtaken = shop.system.payments.stripe_object(&first);
    for told in ["pending", "failed", "succeeded"] {
        overtaken["status"] = json!(told);
        stripe_tells(&shop, "refund.updated", overtaken.clone()).await.ok();
        assert_eq!((shop.refunds_of(order.id).await.len(), refunded_total(&shop, &order).await), (1, 20_00), "{told}");
    }
    shop.system.payments.move_on(&first, "succeeded", None);
    for _ in 0..3 {
        told(&shop, "refund.updated", &first).await;
    }
    let refunds = shop.refunds_of(order.id).await;
    assert_eq!((refunds.len(), refunded_total(&shop, &order).await), (2, 40_00), "{refunds:?}");
    assert!(refunds.iter().all(|refund| refund["status"] == "COMPLETED"));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_order_s_refund_in_the_metadata_settles_nothing_of_that_order() {
    let shop = LocalShop::without_pumps().await;
    let (order, other) = (shop.paid_at_stripe().await, shop.paid_at_stripe().await);
    let refund = shop.refunded(&order, None).await;
    let made = shop.system.payments.refund_by_hand(other.payment(), 30_00, "succeeded");
    let mut object = shop.system.payments.stripe_object(&made);
    object["metadata"] = json!({ "refund_id": refund["id"].to_string(), "attempt": "1" });
    stripe_tells(&shop, "refund.updated", object).await.ok();
    assert_eq!((shop.refund_of(&order).await["status"].clone(), refunded_total(&shop, &order).await), (json!("PROCESSING"), 0));
    assert_eq!(refunded_total(&shop, &other).await, 30_00);
}
