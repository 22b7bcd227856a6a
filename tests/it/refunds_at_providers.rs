//! Refunds that a payment provider carries out: once each, whatever gets lost.

use crate::kit::{ByHand, HOUR, LocalShop, OUTAGE, Placed, RUN, body, cents, failures, race};
use api::Shop;
use api::aws::local_config;
use api::batch::Outcome;
use api::secrets::Secrets;
use aws_lambda_events::event::sqs::SqsEvent;
use aws_smithy_http_client::Builder;
use functions::workers::process_refund;
use local::Options;
use local::emulators::payments::Provider::{PawaPay, Stripe};
use local::emulators::payments::{Fault, Provider};
use local::faults;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

async fn paid_at(shop: &LocalShop, provider: Provider) -> Placed {
    let order = match provider {
        Stripe => shop.order_at_stripe().await,
        PawaPay => shop.order_at_pawapay("COMPLETED").await,
    };
    shop.mark_paid(&order).await;
    order
}

async fn money(shop: &LocalShop, order: &Placed) -> (String, i64) {
    let now = shop.order_now(order.id).await;
    (now["paymentStatus"].as_str().expect("a word").to_owned(), cents(&now["refundedTotal"]))
}

fn is(refund: &Value, status: &str, attempts: u32, awaiting: Option<&str>) {
    let found = (&refund["status"], &refund["attempts"], &refund["awaiting"]);
    assert_eq!(found, (&json!(status), &json!(attempts), &json!(awaiting)), "{refund}");
}

fn refusal(status: u16, kind: &str, code: &str) -> Fault {
    Fault::Refuse(status, json!({ "error": { "type": kind, "code": code, "message": "Not now" } }))
}

/// What customers are told by mail about refunds, by their subjects' number.
fn mails(shop: &LocalShop) -> usize {
    shop.system.outbox.emails().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_is_refunded_by_stripe_and_the_customer_told_once() {
    let shop = LocalShop::start().await;
    let order = paid_at(&shop, Stripe).await;
    shop.settled().await;
    let before = mails(&shop);
    let part = shop.refunded(&order, Some("30.01")).await;
    shop.settled().await;

    let refund = shop.refund_of(&order).await;
    is(&refund, "COMPLETED", 1, None);
    let made = shop.made_at(Stripe);
    assert_eq!((&refund["provider"], &refund["transactionReference"]), (&json!("STRIPE"), &json!(made[0].id)));
    assert_eq!((made.len(), made[0].amount, made[0].payment.as_str()), (1, 30_01, order.payment()));
    assert_eq!((&made[0].metadata["refund_id"], &made[0].metadata["attempt"]), (&part["id"].to_string(), &"1".to_owned()));
    assert_eq!(shop.keys_at(Stripe), [format!("refund-{}-1", part["id"])]);
    assert_eq!(money(&shop, &order).await, ("PARTIALLY_REFUNDED".to_owned(), 30_01));
    assert_eq!(mails(&shop) - before, 1);

    // The rest by cancelling.
    shop.staff().post(&order.path("cancel"), &json!({ "reason": "Sold out" })).await.ok();
    shop.settled().await;
    assert_eq!(money(&shop, &order).await, ("REFUNDED".to_owned(), 75_00));
    assert_eq!(shop.made_at(Stripe).iter().map(|made| made.amount).sum::<i64>(), 75_00);
    shop.assert_no_complaints();
}

#[tokio::test(flavor = "multi_thread")]
async fn mobile_money_is_refunded_by_pawapay_and_a_lost_callback_is_made_up_for() {
    let shop = LocalShop::start().await;
    let order = paid_at(&shop, PawaPay).await;
    shop.refunded(&order, None).await;
    shop.settled().await;

    let refund = shop.refund_of(&order).await;
    is(&refund, "PROCESSING", 1, Some("PROVIDER"));
    assert_eq!(refund["provider"], "PAWAPAY");
    for status in ["COMPLETED", "FAILED"] {
        let by_hand = shop.admin().put(&format!("/api/refunds?id={}", refund["id"]), &json!({ "status": status })).await;
        by_hand.refused(409, "REFUND_IN_PROGRESS");
    }

    shop.after(RUN).await;
    let refund = shop.refund_of(&order).await;
    is(&refund, "COMPLETED", 1, None);
    let made = shop.made_at(PawaPay);
    assert_eq!((made.len(), made[0].amount, made[0].payment.as_str()), (1, 75_00, order.payment()));
    assert_eq!(refund["transactionReference"], format!("MMO-{}", &made[0].id[..8]));
    assert_eq!(money(&shop, &order).await, ("REFUNDED".to_owned(), 75_00));
    // Asked for once, under a number of that attempt.
    assert_eq!(shop.keys_at(PawaPay), [made[0].id.clone()]);
    shop.assert_no_complaints();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_pending_is_asked_after_until_it_is_done() {
    let shop = LocalShop::start().await;
    for (provider, open, done) in
        [(Stripe, "pending", "succeeded"), (Stripe, "requires_action", "succeeded"), (PawaPay, "IN_RECONCILIATION", "COMPLETED")]
    {
        let order = paid_at(&shop, provider).await;
        shop.system.payments.next_refund_is(provider, open);
        shop.refunded(&order, None).await;
        shop.settled().await;
        for _ in 0..3 {
            shop.after(RUN).await;
            is(&shop.refund_of(&order).await, "PROCESSING", 1, Some("PROVIDER"));
            assert_eq!(money(&shop, &order).await, ("REFUND_PENDING".to_owned(), 0));
        }
        let made = shop.made_at(provider).pop().expect("one");
        shop.system.payments.move_on(&made.id, done, None);
        shop.after(RUN).await;
        is(&shop.refund_of(&order).await, "COMPLETED", 1, None);
    }
    assert_eq!(shop.system.payments.refunds().len(), 3);
    shop.assert_no_complaints();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_failed_gives_its_room_back_and_is_tried_again_under_another_key() {
    let shop = LocalShop::start().await;
    for (provider, failed) in [(Stripe, "failed"), (Stripe, "canceled"), (PawaPay, "FAILED")] {
        let order = paid_at(&shop, provider).await;
        shop.system.payments.next_refund_is(provider, failed);
        let refund = shop.refunded(&order, None).await;
        shop.settled().await;
        shop.after(RUN).await;

        let after = shop.refund_of(&order).await;
        is(&after, "FAILED", 1, None);
        assert!(
            after["failureReason"].as_str().is_some_and(|why| why.to_lowercase().contains("pay:") || why.contains("Stripe:")),
            "{after}"
        );
        assert_eq!(money(&shop, &order).await, ("PAID".to_owned(), 0));

        shop.admin().put(&format!("/api/refunds?id={}", refund["id"]), &json!({ "status": "PROCESSING" })).await.ok();
        shop.settled().await;
        shop.after(RUN).await;
        is(&shop.refund_of(&order).await, "COMPLETED", 2, None);
        assert_eq!(money(&shop, &order).await, ("REFUNDED".to_owned(), 75_00));
    }
    for provider in [Stripe, PawaPay] {
        let mut keys = shop.keys_at(provider);
        let asked = keys.len();
        keys.sort();
        keys.dedup();
        assert_eq!((keys.len(), shop.made_at(provider).len()), (asked, asked));
    }
    shop.assert_no_complaints();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_got_lost_makes_no_second_refund() {
    let shop = LocalShop::start().await;
    for provider in [Stripe, PawaPay] {
        let order = left_open_by(&shop, provider, Fault::AcceptThenDrop).await;
        assert_eq!(shop.made_at(provider).len(), 1);
        assert_eq!(money(&shop, &order).await, ("REFUNDED".to_owned(), 75_00));
    }
    shop.assert_no_complaints();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_of_ours_that_got_lost_after_the_provider_accepted_makes_no_second_refund() {
    for provider in [Stripe, PawaPay] {
        let shop = LocalShop::without_pumps().await;
        let order = paid_at(&shop, provider).await;
        shop.system.payments.next_refund_is(provider, if provider == Stripe { "succeeded" } else { "PROCESSING" });
        shop.refunded(&order, None).await;
        let mut hands = ByHand::of(&shop);
        hands.relay().await;
        let jobs: SqsEvent = hands.refunds().await;
        // The first transaction hands it over; what comes of it can't be written.
        shop.system.faults.inject_after(1, "TransactWriteItems", faults::Fault::NeverSent, OUTAGE);
        let given_back = failures(&hands.workers.process_refund(jobs.clone()).await);
        shop.system.faults.clear();
        is(&shop.refund_of(&order).await, "PROCESSING", 1, Some("PROVIDER"));
        assert_eq!((shop.made_at(provider).len(), given_back), (1, usize::from(provider == Stripe)));

        // It comes again, three times and a day later, when Stripe has forgotten the key.
        for wait in [Duration::ZERO, HOUR, 25 * HOUR] {
            shop.system.clock.advance(wait);
            let made = shop.made_at(provider)[0].id.clone();
            if provider == PawaPay {
                shop.system.payments.move_on(&made, "COMPLETED", None);
            }
            assert_eq!(failures(&hands.workers.process_refund(jobs.clone()).await), 0);
            is(&shop.refund_of(&order).await, "COMPLETED", 1, None);
        }
        assert_eq!(shop.made_at(provider).len(), 1);
        shop.assert_no_complaints();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_day_stripe_is_asked_after_it_before_it_is_asked_for_it_again() {
    let shop = LocalShop::without_pumps().await;
    let order = paid_at(&shop, Stripe).await;
    shop.system.payments.fail_next(Stripe, Fault::AcceptThenDrop);
    let refund = shop.refunded(&order, Some("10")).await;
    ByHand::of(&shop).relay().await;
    let job = LocalShop::refund_job(&refund);
    let workers = shop.system.workers.clone();
    assert!(matches!(process_refund::process(&workers.shop, job.clone()).await, Outcome::Again(_)));

    shop.system.clock.advance(25 * HOUR);
    assert_eq!(process_refund::process(&workers.shop, job).await, Outcome::Done);
    is(&shop.refund_of(&order).await, "COMPLETED", 1, None);
    let calls: Vec<String> = shop.system.payments.requests().into_iter().map(|request| request.call).collect();
    assert_eq!(calls, ["POST /v1/refunds", "GET /v1/refunds"]);
    assert_eq!(shop.made_at(Stripe).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_never_arrived_is_made_again_under_the_same_key() {
    let shop = LocalShop::start().await;
    let busy = json!({ "failureReason": { "failureCode": "INTERNAL_ERROR", "failureMessage": "Try again" } });
    for (provider, fault) in [(Stripe, refusal(429, "invalid_request_error", "lock_timeout")), (PawaPay, Fault::Refuse(503, busy))] {
        let order = paid_at(&shop, provider).await;
        shop.system.payments.fail_next(provider, fault);
        shop.refunded(&order, None).await;
        shop.settled().await;
        shop.after(RUN).await;
        shop.after(RUN).await;
        is(&shop.refund_of(&order).await, "COMPLETED", 1, None);
        let mut keys = shop.keys_at(provider);
        assert!(keys.len() > 1, "{keys:?}");
        keys.dedup();
        assert_eq!((keys.len(), shop.made_at(provider).len()), (1, 1), "{keys:?}");
    }
    shop.assert_no_complaints();
}

/// What pawaPay says when it does nothing.
fn rejected(code: &str) -> Value {
    json!({ "status": "REJECTED", "failureReason": { "failureCode": code, "failureMessage": "Not now" } })
}

/// An order whose refund's first answer leaves open what became of it; it is found out later.
async fn left_open_by(shop: &LocalShop, provider: Provider, fault: Fault) -> Placed {
    let order = paid_at(shop, provider).await;
    shop.system.payments.fail_next(provider, fault);
    shop.refunded(&order, None).await;
    shop.settled().await;
    is(&shop.refund_of(&order).await, "PROCESSING", 1, Some("PROVIDER"));
    shop.after(RUN).await;
    shop.after(RUN).await;
    is(&shop.refund_of(&order).await, "COMPLETED", 1, None);
    order
}

/// What is answered so leaves open what became of the refund: it is asked for again, under the same key, and made once.
async fn is_no_refusal(shop: &LocalShop, provider: Provider, status: u16, body: Value) {
    let asked = shop.keys_at(provider).len();
    left_open_by(shop, provider, Fault::Refuse(status, body.clone())).await;
    let mut keys = shop.keys_at(provider).split_off(asked);
    keys.dedup();
    assert_eq!(keys.len(), 1, "{status} {body}: {keys:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_does_not_say_what_pawapay_did_is_asked_after_under_the_same_key() {
    let shop = LocalShop::start().await;
    let page = json!("<html>404 Not Found</html>");
    let unknown = rejected("UNKNOWN_ERROR");
    for (status, body) in [
        (200, unknown.clone()),
        (400, unknown),
        (400, json!({})),
        (404, page),
        (422, json!({ "failureReason": { "failureMessage": "No" } })),
    ] {
        is_no_refusal(&shop, PawaPay, status, body).await;
    }
    assert_eq!(shop.made_at(PawaPay).len(), 5);
    shop.assert_no_complaints();
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_is_what_a_proxy_says_in_stripe_s_place_a_refusal() {
    let shop = LocalShop::start().await;
    let page = json!("<html>Blocked</html>");
    let own = json!({ "error": { "type": "invalid_request_error", "message": "Too early" } });
    for (status, body) in [(400, page.clone()), (402, json!({})), (404, page.clone()), (405, page.clone()), (408, own.clone()), (425, own)]
    {
        is_no_refusal(&shop, Stripe, status, body).await;
    }
    assert_eq!(shop.made_at(Stripe).len(), 6);

    // Nor does it say that there is none: a day later, when Stripe has forgotten the key, that would be a second one.
    let order = paid_at(&shop, Stripe).await;
    shop.system.payments.fail_next(Stripe, Fault::AcceptThenDrop);
    shop.system.payments.fail_next(Stripe, Fault::Refuse(404, page));
    let refund = shop.refunded(&order, Some("10")).await;
    shop.settled().await;
    let keys = shop.keys_at(Stripe).len();
    shop.system.clock.advance(25 * HOUR);
    let job = LocalShop::refund_job(&refund);
    for _ in 0..2 {
        process_refund::process(&shop.system.workers.shop, job.clone()).await;
    }
    is(&shop.refund_of(&order).await, "COMPLETED", 1, None);
    assert_eq!((shop.made_at(Stripe).len(), shop.keys_at(Stripe).len()), (7, keys));
    shop.assert_no_complaints();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_pawapay_rejects_of_one_worker_and_accepts_of_another_is_one_refund() {
    let shop = LocalShop::without_pumps().await;
    let order = paid_at(&shop, PawaPay).await;
    let refund = shop.refunded(&order, Some("20")).await;
    let job = LocalShop::refund_job(&refund);
    let (workers, payments) = (shop.system.workers.clone(), shop.system.payments.clone());
    // The first hears of its rejection only after the second has asked.
    payments.fail_next(PawaPay, Fault::RefuseAfter(2, 200, rejected("PAWAPAY_WALLET_OUT_OF_FUNDS")));
    let second = async {
        payments.asked_for(1).await;
        process_refund::process(&workers.shop, job.clone()).await
    };
    let outcomes = tokio::join!(process_refund::process(&workers.shop, job.clone()), second);
    assert_eq!(outcomes, (Outcome::Done, Outcome::Done));
    is(&shop.refund_of(&order).await, "PROCESSING", 2, Some("PROVIDER"));

    for _ in 0..3 {
        shop.system.clock.advance(HOUR);
        workers.run("ask-providers").await.expect("a schedule");
    }
    is(&shop.refund_of(&order).await, "COMPLETED", 2, None);
    assert_eq!((shop.made_at(PawaPay).len(), money(&shop, &order).await), (1, ("PARTIALLY_REFUNDED".to_owned(), 20_00)));
    let keys = shop.keys_at(PawaPay);
    assert!(keys.len() == 2 && keys[0] == keys[1], "{keys:?}");
    shop.assert_no_complaints();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_refused_for_now_is_another_attempt_later() {
    let shop = LocalShop::start().await;
    let empty = rejected("PAWAPAY_WALLET_OUT_OF_FUNDS");
    // pawaPay keeps no key that it has rejected; Stripe would answer the same to it.
    for (provider, fault, all_keys) in
        [(Stripe, refusal(400, "invalid_request_error", "balance_insufficient"), 2), (PawaPay, Fault::Refuse(200, empty), 1)]
    {
        let order = paid_at(&shop, provider).await;
        shop.system.payments.fail_next(provider, fault);
        shop.refunded(&order, None).await;
        shop.settled().await;
        let open = shop.refund_of(&order).await;
        is(&open, "PROCESSING", 2, Some("PROVIDER"));
        assert!(open["failureReason"].is_string(), "staff see why it waits: {open}");
        shop.after(RUN).await;
        is(&shop.refund_of(&order).await, "PROCESSING", 2, Some("PROVIDER"));
        shop.after(RUN).await;
        shop.after(RUN).await;
        let done = shop.refund_of(&order).await;
        is(&done, "COMPLETED", 2, None);
        assert_eq!(done["failureReason"], Value::Null);
        let mut keys = shop.keys_at(provider);
        keys.dedup();
        assert_eq!(keys.len(), all_keys, "{keys:?}");
        assert_eq!(shop.made_at(provider).len(), 1);
    }
    shop.assert_no_complaints();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_for_good_fails_with_the_provider_s_own_words() {
    let shop = LocalShop::start().await;
    let disputed = refusal(400, "invalid_request_error", "charge_disputed");
    let rejected = json!({ "status": "REJECTED", "failureReason": { "failureCode": "REFUNDS_NOT_ALLOWED", "failureMessage": "Not here" } });
    for (provider, fault, words) in [
        (Stripe, disputed, "Stripe: Not now (charge_disputed)"),
        (PawaPay, Fault::Refuse(200, rejected), "pawaPay: Not here (REFUNDS_NOT_ALLOWED)"),
    ] {
        let order = paid_at(&shop, provider).await;
        shop.system.payments.fail_next(provider, fault);
        shop.refunded(&order, None).await;
        shop.settled().await;
        let refund = shop.refund_of(&order).await;
        is(&refund, "FAILED", 1, None);
        assert_eq!(refund["failureReason"], words);
        assert_eq!(money(&shop, &order).await, ("PAID".to_owned(), 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_stripe_says_was_refunded_already_is_looked_for() {
    let shop = LocalShop::start().await;
    // Somebody gave everything back on Stripe's pages: there is nothing left to do, and ours is none of it.
    let order = paid_at(&shop, Stripe).await;
    let _all = shop.system.payments.refund_by_hand(order.payment(), 75_00, "succeeded");
    shop.refunded(&order, None).await;
    shop.settled().await;
    let refund = shop.refund_of(&order).await;
    is(&refund, "FAILED", 1, None);
    assert!(refund["failureReason"].as_str().is_some_and(|why| why.contains("charge_already_refunded")), "{refund}");
    assert_eq!(shop.made_at(Stripe).len(), 1);
    shop.assert_no_complaints();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_the_provider_has_named_is_never_asked_for_again() {
    let shop = LocalShop::start().await;
    let order = paid_at(&shop, Stripe).await;
    shop.system.payments.next_refund_is(Stripe, "pending");
    shop.refunded(&order, Some("20")).await;
    shop.settled().await;
    let foreign = shop.system.payments.refund_by_hand(order.payment(), 30_00, "pending");
    let object = shop.system.payments.stripe_object(&foreign);
    shop.stripe_tells(&json!({ "id": "evt_1", "type": "refund.created", "data": { "object": object } })).await.ok();
    shop.system.payments.forget_refunds();
    for _ in 0..3 {
        shop.after(RUN).await;
    }
    assert!(shop.made_at(Stripe).is_empty());
    assert_eq!(shop.keys_at(Stripe).len(), 1);
    for refund in shop.refunds_of(order.id).await {
        assert_eq!(refund["status"], "PROCESSING");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_workers_with_one_job_make_one_refund() {
    for provider in [Stripe, PawaPay] {
        let shop = LocalShop::without_pumps().await;
        let order = paid_at(&shop, provider).await;
        let refund = shop.refunded(&order, None).await;
        let job = LocalShop::refund_job(&refund);
        let workers = shop.system.workers.clone();
        race(30, |_| {
            let (workers, job) = (workers.clone(), job.clone());
            async move { drop(process_refund::process(&workers.shop, job).await) }
        })
        .await;
        shop.system.clock.advance(RUN);
        workers.run("ask-providers").await.expect("a schedule");

        is(&shop.refund_of(&order).await, "COMPLETED", 1, None);
        assert_eq!(shop.made_at(provider).len(), 1);
        assert_eq!(money(&shop, &order).await, ("REFUNDED".to_owned(), 75_00));
        shop.assert_no_complaints();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_provider_is_configured_for_or_knows_is_left_to_staff() {
    let variables = [("STRIPE_SECRET_KEY", String::new()), ("PAWAPAY_API_TOKEN", String::new())].into();
    let unconfigured = LocalShop::with(Options { variables, ..Options::default() }).await;
    for provider in [Stripe, PawaPay] {
        let order = paid_at(&unconfigured, provider).await;
        unconfigured.refunded(&order, None).await;
        unconfigured.settled().await;
        is(&unconfigured.refund_of(&order).await, "PROCESSING", 0, Some("STAFF"));
    }
    assert!(unconfigured.system.payments.requests().is_empty());

    let shop = LocalShop::start().await;
    for (method, reference) in [("CARD", "TPE-0412"), ("MOBILE_MONEY", "MP-A0773409")] {
        let order = shop.order().with("paymentMethod", json!(method)).with("paymentReference", json!(reference)).paid().place().await;
        shop.refunded(&order, None).await;
        shop.settled().await;
        is(&shop.refund_of(&order).await, "PROCESSING", 0, Some("STAFF"));
    }
    assert!(shop.system.payments.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schedule_asks_after_payments_and_marks_only_what_matches() {
    let shop = LocalShop::without_pumps().await;
    let card = shop.order_at_stripe().await;
    let mobile = shop.order_at_pawapay("PROCESSING").await;
    let failed = shop.order_at_pawapay("FAILED").await;
    let short = shop.order_at_pawapay("COMPLETED").await;
    shop.system.payments.deposit(short.payment(), 74_99, "USD", "COMPLETED");
    let foreign = shop.order_at_pawapay("COMPLETED").await;
    shop.system.payments.deposit(foreign.payment(), 75_00, "CDF", "COMPLETED");
    let run = async || shop.system.workers.run("ask-providers").await.expect("a schedule");

    shop.system.clock.advance(RUN);
    let swept = run().await;
    assert_eq!((swept.changed, swept.failed), (4, 0));
    for (order, status) in [(&card, "PAID"), (&mobile, "PENDING"), (&failed, "FAILED"), (&short, "PENDING"), (&foreign, "PENDING")] {
        assert_eq!(money(&shop, order).await.0, status);
    }
    shop.system.payments.deposit(mobile.payment(), 75_00, "USD", "COMPLETED");
    shop.system.payments.deposit(failed.payment(), 75_00, "USD", "COMPLETED");
    shop.system.clock.advance(RUN);
    assert_eq!(run().await.changed, 2);
    assert_eq!((money(&shop, &mobile).await.0, money(&shop, &failed).await.0), ("PAID".to_owned(), "PAID".to_owned()));
    shop.assert_no_complaints();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_whose_provider_is_no_longer_configured_is_left_to_staff_and_still_hears_of_itself() {
    let shop = LocalShop::without_pumps().await;
    let without_keys = without_keys(&shop);
    for provider in [Stripe, PawaPay] {
        let order = paid_at(&shop, provider).await;
        let refund = shop.refunded(&order, None).await;
        shop.system.payments.next_refund_is(provider, if provider == Stripe { "pending" } else { "ACCEPTED" });
        let job = LocalShop::refund_job(&refund);
        process_refund::process(&shop.system.workers.shop, job.clone()).await;
        is(&shop.refund_of(&order).await, "PROCESSING", 1, Some("PROVIDER"));
        let by_hand =
            async |status: &str| shop.admin().put(&format!("/api/refunds?id={}", refund["id"]), &json!({ "status": status })).await;
        by_hand("COMPLETED").await.refused(409, "REFUND_IN_PROGRESS");

        for _ in 0..2 {
            assert_eq!(process_refund::process(&without_keys, job.clone()).await, Outcome::Done);
        }
        let left = shop.refund_of(&order).await;
        is(&left, "PROCESSING", 1, Some("STAFF"));
        assert!(left["failureReason"].as_str().is_some_and(|why| why.contains("can't be asked any more")), "{left}");
        // The job comes again when the key is back: nothing is asked for a second time.
        assert_eq!(process_refund::process(&shop.system.workers.shop, job).await, Outcome::Done);
        assert_eq!(shop.made_at(provider).len(), 1);
        if provider == Stripe {
            let made = shop.made_at(Stripe)[0].id.clone();
            shop.system.payments.move_on(&made, "succeeded", None);
            let object = shop.system.payments.stripe_object(&made);
            let event = json!({ "id": "evt_1", "type": "refund.updated", "data": { "object": object } });
            shop.stripe_tells(&event).await.ok();
        } else {
            by_hand("COMPLETED").await.ok();
        }
        assert_eq!(money(&shop, &order).await, ("REFUNDED".to_owned(), 75_00));
        assert_eq!(shop.refund_of(&order).await["failureReason"], Value::Null);
    }
}

/// A shop like this one, whose providers' keys were taken out of the configuration.
fn without_keys(shop: &LocalShop) -> Shop {
    let mut without_keys = shop.system.workers.shop.clone();
    let nowhere = local_config("http://127.0.0.1:9", Builder::new().build_http());
    without_keys.secrets = Arc::new(Secrets::given(&|_: &'static str| None, &nowhere, &without_keys.clock));
    without_keys
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_staff_gave_up_before_anybody_knew_is_asked_after_before_it_is_tried_again() {
    for (provider, status) in [(Stripe, "succeeded"), (PawaPay, "COMPLETED")] {
        // It was made, and nobody heard of it; or it never arrived.
        for arrives in [true, false] {
            let shop = LocalShop::without_pumps().await;
            let order = paid_at(&shop, provider).await;
            let refund = shop.refunded(&order, Some("20")).await;
            let (job, with_keys) = (LocalShop::refund_job(&refund), shop.system.workers.shop.clone());
            let lost = if arrives { Fault::AcceptThenDrop } else { Fault::Refuse(502, json!("<html>")) };
            shop.system.payments.next_refund_is(provider, status);
            shop.system.payments.fail_next(provider, lost);
            assert!(matches!(process_refund::process(&with_keys, job.clone()).await, Outcome::Again(_)));
            assert_eq!(process_refund::process(&without_keys(&shop), job.clone()).await, Outcome::Done);
            is(&shop.refund_of(&order).await, "PROCESSING", 1, Some("STAFF"));
            let by_hand =
                async |status: &str| shop.admin().put(&format!("/api/refunds?id={}", refund["id"]), &json!({ "status": status })).await;
            by_hand("FAILED").await.ok();
            assert_eq!(money(&shop, &order).await, ("PAID".to_owned(), 0));

            // A day later Stripe has forgotten the key.
            shop.system.clock.advance(25 * HOUR);
            let again = by_hand("PROCESSING").await.ok();
            is(&again, "PROCESSING", 1, Some("PROVIDER"));
            by_hand("FAILED").await.refused(409, "REFUND_IN_PROGRESS");
            for _ in 0..3 {
                process_refund::process(&with_keys, job.clone()).await;
                shop.system.clock.advance(RUN);
                shop.system.workers.run("ask-providers").await.expect("a schedule");
            }
            is(&shop.refund_of(&order).await, "COMPLETED", 1, None);
            let mut keys = shop.keys_at(provider);
            assert_eq!(keys.len(), if arrives { 1 } else { 2 }, "{keys:?}");
            keys.dedup();
            assert_eq!((keys.len(), shop.made_at(provider).len()), (1, 1), "{provider:?} {arrives}: {keys:?}");
            assert_eq!(money(&shop, &order).await, ("PARTIALLY_REFUNDED".to_owned(), 20_00));
            shop.assert_no_complaints();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_provider_says_later_of_one_that_staff_gave_up_counts_once() {
    for (says, status, refunded, next_key) in [("succeeded", "COMPLETED", 20_00, 1), ("failed", "FAILED", 0, 2)] {
        let shop = LocalShop::without_pumps().await;
        let order = paid_at(&shop, Stripe).await;
        let refund = shop.refunded(&order, Some("20")).await;
        let job = LocalShop::refund_job(&refund);
        shop.system.payments.next_refund_is(Stripe, "pending");
        process_refund::process(&shop.system.workers.shop, job.clone()).await;
        process_refund::process(&without_keys(&shop), job.clone()).await;
        let by_hand =
            async |status: &str| shop.admin().put(&format!("/api/refunds?id={}", refund["id"]), &json!({ "status": status })).await;
        by_hand("FAILED").await.ok();
        let made = shop.made_at(Stripe)[0].id.clone();
        shop.system.payments.move_on(&made, says, Some("declined"));
        let event = json!({ "id": "evt_1", "type": "refund.updated", "data": { "object": shop.system.payments.stripe_object(&made) } });
        for _ in 0..3 {
            shop.stripe_tells(&event).await.ok();
        }
        is(&shop.refund_of(&order).await, status, 1, None);
        assert_eq!(money(&shop, &order).await.1, refunded);
        // What is known to have come to nothing is tried again as another attempt.
        if status == "FAILED" {
            by_hand("PROCESSING").await.ok();
            process_refund::process(&shop.system.workers.shop, job).await;
        }
        is(&shop.refund_of(&order).await, "COMPLETED", next_key, None);
        assert_eq!((money(&shop, &order).await.1, shop.made_at(Stripe).len()), (20_00, usize::try_from(next_key).expect("small")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_was_paid_by_a_charge_is_asked_after_and_given_back_by_it() {
    let shop = LocalShop::start().await;
    shop.system.payments.card_charge("ch_7", "pi_7", 75_00, "USD");
    let order = shop.order().with("paymentMethod", json!("CARD")).with("paymentReference", json!("ch_7")).place().await;
    shop.after(RUN).await;
    assert_eq!(money(&shop, &order).await.0, "PAID");
    // At once; after an answer that got lost; and when it takes its time.
    let part = async |cents: &str, awaiting: Option<&str>| {
        let refund = shop.refunded(&order, Some(cents)).await;
        shop.settled().await;
        let now = shop.admin().get(&format!("/api/refunds?id={}", refund["id"])).await.ok();
        assert_eq!(now["awaiting"], json!(awaiting), "{now}");
        refund["id"].clone()
    };
    part("10.01", None).await;
    shop.system.payments.fail_next(Stripe, Fault::AcceptThenDrop);
    part("20.02", Some("PROVIDER")).await;
    shop.after(RUN).await;
    shop.system.payments.next_refund_is(Stripe, "pending");
    part("30.03", Some("PROVIDER")).await;
    assert_eq!(money(&shop, &order).await, ("REFUND_PENDING".to_owned(), 30_03));
    let made = shop.made_at(Stripe);
    shop.system.payments.move_on(&made[2].id, "succeeded", None);
    // Stripe's object has both names of the payment.
    let event = json!({ "id": "evt_1", "type": "refund.updated", "data": { "object": shop.system.payments.stripe_object(&made[2].id) } });
    for _ in 0..2 {
        shop.stripe_tells(&event).await.ok();
    }
    assert_eq!(money(&shop, &order).await, ("PARTIALLY_REFUNDED".to_owned(), 60_06));
    assert_eq!(
        made.iter().map(|made| (made.payment.as_str(), made.amount)).collect::<Vec<_>>(),
        [("pi_7", 10_01), ("pi_7", 20_02), ("pi_7", 30_03)]
    );
    assert_eq!(shop.refunds_of(order.id).await.len(), 3);
    let asked = shop.system.payments.requests();
    assert!(asked.iter().any(|request| request.call == "GET /v1/charges/{id}"), "{asked:?}");
    assert!(!asked.iter().any(|request| request.call == "GET /v1/payment_intents/{id}"), "{asked:?}");
    shop.assert_no_complaints();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_the_charge_s_payment_that_names_no_charge_is_ours_all_the_same() {
    let shop = LocalShop::start().await;
    shop.system.payments.card_charge("ch_8", "pi_8", 75_00, "USD");
    let order = shop.order().with("paymentMethod", json!("CARD")).with("paymentReference", json!("ch_8")).place().await;
    shop.after(RUN).await;
    shop.refunded(&order, None).await;
    shop.settled().await;
    let mut object = shop.system.payments.stripe_object(&shop.made_at(Stripe)[0].id);
    object["charge"] = Value::Null;
    shop.stripe_tells(&json!({ "id": "evt_1", "type": "refund.updated", "data": { "object": object } })).await.ok();
    assert_eq!((shop.refunds_of(order.id).await.len(), money(&shop, &order).await), (1, ("REFUNDED".to_owned(), 75_00)));
}

#[tokio::test(flavor = "multi_thread")]
async fn pawapay_takes_one_refund_of_a_deposit_at_a_time_and_the_next_one_waits() {
    let shop = LocalShop::start().await;
    let order = paid_at(&shop, PawaPay).await;
    shop.system.payments.fail_next(PawaPay, Fault::Refuse(200, rejected("REFUND_IN_PROGRESS")));
    shop.refunded(&order, Some("20")).await;
    shop.settled().await;
    let waiting = shop.refund_of(&order).await;
    is(&waiting, "PROCESSING", 2, Some("PROVIDER"));
    assert!(waiting["failureReason"].as_str().is_some_and(|why| why.contains("REFUND_IN_PROGRESS")), "{waiting}");
    assert_eq!((shop.made_at(PawaPay).len(), money(&shop, &order).await.0.as_str()), (0, "REFUND_PENDING"));
    for _ in 0..4 {
        shop.after(RUN).await;
    }
    is(&shop.refund_of(&order).await, "COMPLETED", 2, None);
    let keys = shop.keys_at(PawaPay);
    assert!(keys.len() == 2 && keys[0] == keys[1], "{keys:?}");
    assert_eq!((shop.made_at(PawaPay).len(), money(&shop, &order).await), (1, ("PARTIALLY_REFUNDED".to_owned(), 20_00)));
    shop.assert_no_complaints();
}

#[tokio::test(flavor = "multi_thread")]
async fn pawapay_ignores_a_second_request_under_one_number_and_says_what_became_of_the_first() {
    for (status, ends, refunded) in [("COMPLETED", "COMPLETED", 75_00), ("ACCEPTED", "PROCESSING", 0), ("FAILED", "FAILED", 0)] {
        let shop = LocalShop::without_pumps().await;
        let order = paid_at(&shop, PawaPay).await;
        let refund = shop.refunded(&order, None).await;
        shop.system.payments.next_refund_is(PawaPay, status);
        let job = LocalShop::refund_job(&refund);
        // Accepted, and nobody heard of it; then pawaPay doesn't find it yet.
        shop.system.payments.fail_next(PawaPay, Fault::AcceptThenDrop);
        assert!(matches!(process_refund::process(&shop.system.workers.shop, job.clone()).await, Outcome::Again(_)));
        shop.system.payments.fail_next(PawaPay, Fault::Refuse(200, json!({ "status": "NOT_FOUND" })));
        assert_eq!(process_refund::process(&shop.system.workers.shop, job).await, Outcome::Done);
        let keys = shop.keys_at(PawaPay);
        assert!(keys.len() == 2 && keys[0] == keys[1], "{keys:?}");
        assert_eq!((shop.made_at(PawaPay).len(), shop.refund_of(&order).await["status"].as_str()), (1, Some(ends)));
        assert_eq!(money(&shop, &order).await.1, refunded);
        shop.assert_no_complaints();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_pawapay_rejects_because_it_has_accepted_it_before_is_no_failure() {
    for code in ["DEPOSIT_ALREADY_REFUNDED", "AMOUNT_TOO_LARGE", "INVALID_STATE"] {
        let shop = LocalShop::without_pumps().await;
        let order = paid_at(&shop, PawaPay).await;
        let refund = shop.refunded(&order, None).await;
        let job = LocalShop::refund_job(&refund);
        // Accepted, and nobody heard of it; then pawaPay doesn't find it yet, and has nothing left to give.
        shop.system.payments.fail_next(PawaPay, Fault::AcceptThenDrop);
        assert!(matches!(process_refund::process(&shop.system.workers.shop, job.clone()).await, Outcome::Again(_)));
        shop.system.payments.fail_next(PawaPay, Fault::Refuse(200, json!({ "status": "NOT_FOUND" })));
        shop.system.payments.fail_next(PawaPay, Fault::Refuse(200, rejected(code)));
        assert_eq!(process_refund::process(&shop.system.workers.shop, job).await, Outcome::Done);
        is(&shop.refund_of(&order).await, "COMPLETED", 1, None);
        assert_eq!((shop.made_at(PawaPay).len(), money(&shop, &order).await), (1, ("REFUNDED".to_owned(), 75_00)));
        shop.assert_no_complaints();
    }
}

/// An order of so much in a currency, with the reference of its payment.
async fn order_in(shop: &LocalShop, currency: &str, price: &str, method: &str, reference: &str) -> Placed {
    let price: Value = serde_json::from_str(price).expect("a number");
    let variant =
        json!({ "productId": 7, "sku": reference, "productName": "Robe", "price": price, "currency": currency, "stockQuantity": 5 });
    let made = shop.keeper().put("/api/inventory", &json!({ "variants": [variant] })).await.ok();
    let variant = made["variants"][0]["id"].as_u64().expect("an id");
    let mut body = body(&[(variant, 1)]);
    (body["currency"], body["paymentMethod"], body["paymentReference"]) = (json!(currency), json!(method), json!(reference));
    let order = shop.staff().post("/api/orders", &body).await.ok();
    Placed { id: order["id"].as_u64().expect("an id"), body: order, variants: vec![variant], stock_before: 5 }
}

#[tokio::test(flavor = "multi_thread")]
async fn amounts_are_counted_in_each_provider_s_own_units() {
    let shop = LocalShop::start().await;
    // The price, what Stripe calls it and what it calls the part that goes back: no decimals, two where there are none, none where
    // there are two, three.
    for (currency, price, whole, part, gone) in [
        ("JPY", "7500", 7_500, "1200", 1_200),
        ("XAF", "7500", 7_500, "1200", 1_200),
        ("UGX", "7500", 750_000, "1200", 120_000),
        ("MGA", "7500.00", 7_500, "1200", 1_200),
        ("CDF", "7500.50", 750_050, "1200.5", 120_050),
        ("KWD", "7.500", 7_500, "1.2", 1_200),
    ] {
        let payment = format!("pi_{currency}");
        shop.system.payments.card_payment(&payment, whole, currency);
        let order = order_in(&shop, currency, price, "CARD", &payment).await;
        shop.after(RUN).await;
        assert_eq!(shop.order_now(order.id).await["paymentStatus"], "PAID", "{currency}");
        shop.refunded(&order, Some(part)).await;
        shop.settled().await;
        is(&shop.refund_of(&order).await, "COMPLETED", 1, None);
        assert_eq!(shop.made_at(Stripe).pop().map(|made| made.amount), Some(gone), "{currency}");
    }
    // pawaPay writes amounts out, in smallest units here.
    for (n, (currency, price, whole, part, gone)) in
        [("XAF", "7500", 7_500, "1200", 1_200), ("UGX", "7500", 7_500, "1200", 1_200), ("CDF", "7500.50", 750_050, "1200.5", 120_050)]
            .into_iter()
            .enumerate()
    {
        let payment = format!("f4401bd2-1568-4140-bf2d-{n:012}");
        shop.system.payments.deposit(&payment, whole, currency, "COMPLETED");
        let order = order_in(&shop, currency, price, "MOBILE_MONEY", &payment).await;
        shop.after(RUN).await;
        assert_eq!(shop.order_now(order.id).await["paymentStatus"], "PAID", "{currency}");
        shop.refunded(&order, Some(part)).await;
        shop.settled().await;
        shop.after(RUN).await;
        is(&shop.refund_of(&order).await, "COMPLETED", 1, None);
        assert_eq!(shop.made_at(PawaPay).pop().map(|made| made.amount), Some(gone), "{currency}");
    }
    shop.assert_no_complaints();
}
