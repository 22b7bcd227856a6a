//! Whatever waits for its provider has its turn, however much waits before it and never stops to.

use crate::kit::{LocalShop, Placed, RUN};
use api::aws::local_config;
use api::secrets::Secrets;
use aws_smithy_http_client::Builder;
use functions::workers::ask_providers::{self, Bounds};
use functions::workers::process_refund;
use local::emulators::payments::Provider::{PawaPay, Stripe};
use local::emulators::payments::{Fault, PAWAPAY_TOKEN, Provider, STRIPE_KEY};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// A run that looks at one record of each kind.
async fn one_of_each(shop: &LocalShop) {
    shop.system.clock.advance(RUN);
    let swept = ask_providers::within(&shop.system.workers.shop, Bounds { most: 1, ..Bounds::default() }).await;
    assert_eq!(swept.failed, 0, "{swept:?}");
}

async fn payment(shop: &LocalShop, order: &Placed) -> String {
    shop.order_now(order.id).await["paymentStatus"].as_str().expect("a word").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_came_is_found_behind_others_that_never_do() {
    let shop = LocalShop::without_pumps().await;
    for _ in 0..5 {
        shop.order_at_pawapay("PROCESSING").await;
    }
    let behind = shop.order_at_pawapay("COMPLETED").await;
    let mut runs = 0;
    while payment(&shop, &behind).await != "PAID" {
        runs += 1;
        assert!(runs <= 6, "six wait, and one is asked after a run");
        one_of_each(&shop).await;
        assert_eq!(shop.system.payments.requests().len(), runs, "no more than one a run");
    }
    shop.assert_no_complaints();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_that_stopped_among_payments_too_old_for_it_goes_on_with_newer_ones() {
    let shop = LocalShop::without_pumps().await;
    for _ in 0..30 {
        shop.order_at_pawapay("PROCESSING").await;
    }
    // Until none of them is of the first hour any more.
    for _ in 0..13 {
        one_of_each(&shop).await;
    }
    let new = shop.order_at_pawapay("COMPLETED").await;
    for _ in 0..3 {
        one_of_each(&shop).await;
    }
    assert_eq!(payment(&shop, &new).await, "PAID");
    shop.assert_no_complaints();
}

#[tokio::test(flavor = "multi_thread")]
async fn so_does_one_that_stopped_among_late_payments_of_a_week_ago() {
    let shop = LocalShop::without_pumps().await;
    let cancelled = async |status| {
        let order = shop.order_at_pawapay(status).await;
        shop.staff().post(&order.path("cancel"), &json!({ "reason": "Too late" })).await.ok();
        order
    };
    for _ in 0..30 {
        cancelled("PROCESSING").await;
    }
    shop.system.clock.advance(Duration::from_hours(2));
    for _ in 0..10 {
        one_of_each(&shop).await;
    }
    shop.system.clock.advance(Duration::from_hours(7 * 24));
    let new = cancelled("COMPLETED").await;
    // So that it is no longer new.
    shop.system.clock.advance(Duration::from_hours(2));
    for _ in 0..3 {
        one_of_each(&shop).await;
    }
    assert_eq!(payment(&shop, &new).await, "REFUND_PENDING");
    shop.assert_no_complaints();
}

#[tokio::test(flavor = "multi_thread")]
async fn so_is_a_refund_behind_others_that_stay_open() {
    let shop = LocalShop::without_pumps().await;
    let mut made = Vec::new();
    for _ in 0..4 {
        let order = shop.order_at_stripe().await;
        shop.mark_paid(&order).await;
        let refund = shop.refunded(&order, None).await;
        shop.system.payments.next_refund_is(Stripe, "pending");
        process_refund::process(&shop.system.workers.shop, LocalShop::refund_job(&refund)).await;
        made.push(order);
    }
    let last = made.last().expect("one");
    let id = shop.made_at(Stripe).last().expect("one").id.clone();
    shop.system.payments.move_on(&id, "succeeded", None);
    for _ in 0..4 {
        one_of_each(&shop).await;
    }
    assert_eq!(shop.refund_of(last).await["status"], "COMPLETED");
    for order in &made[..3] {
        assert_eq!(shop.refund_of(order).await["awaiting"], "PROVIDER");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_asked_after_often_at_first_and_then_once_an_hour() {
    let shop = LocalShop::without_pumps().await;
    shop.order_at_pawapay("PROCESSING").await;
    let asked = async |runs: usize| {
        let before = shop.system.payments.requests().len();
        for _ in 0..runs {
            shop.system.clock.advance(RUN);
            shop.system.workers.run("ask-providers").await.expect("a schedule");
        }
        shop.system.payments.requests().len() - before
    };
    assert_eq!(asked(12).await, 11, "in the first hour");
    assert_eq!(asked(24).await, 2, "in two hours more");
    assert_eq!(asked(9 * 12).await, 9, "in nine more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_does_not_answer_keeps_nobody_from_another() {
    let shop = LocalShop::without_pumps().await;
    for _ in 0..6 {
        shop.order_at_stripe().await;
        shop.system.payments.fail_next(Stripe, Fault::Refuse(503, json!({})));
    }
    let mobile = shop.order_at_pawapay("COMPLETED").await;
    shop.system.clock.advance(RUN);
    shop.system.workers.run("ask-providers").await.expect("a schedule");
    assert_eq!(payment(&shop, &mobile).await, "PAID");
    let asked = |provider| shop.system.payments.requests().iter().filter(|request| request.provider == provider).count();
    assert_eq!((asked(Stripe), asked(PawaPay)), (3, 1), "three times in vain, and no more in this run");
}

/// How many of these orders are paid.
async fn paid_of(shop: &LocalShop, orders: &[Placed]) -> usize {
    let mut paid = 0;
    for order in orders {
        paid += usize::from(payment(shop, order).await == "PAID");
    }
    paid
}

/// Card payments that came two hours ago, and of which nobody told.
async fn unheard_of(shop: &LocalShop, how_many: usize) -> Vec<Placed> {
    let mut orders = Vec::new();
    for _ in 0..how_many {
        orders.push(shop.order_at_stripe().await);
    }
    shop.system.clock.advance(Duration::from_hours(2));
    orders
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_was_silent_is_asked_by_the_next_run_after_what_is_old_too() {
    let shop = LocalShop::without_pumps().await;
    let orders = unheard_of(&shop, 6).await;
    for status in [401, 429, 503] {
        shop.system.payments.fail_next(Stripe, Fault::Refuse(status, json!({})));
    }
    for (asked, paid) in [(3, 0), (6, 6), (0, 6)] {
        let before = shop.system.payments.requests().len();
        shop.system.clock.advance(RUN);
        shop.system.workers.run("ask-providers").await.expect("a schedule");
        assert_eq!((shop.system.payments.requests().len() - before, paid_of(&shop, &orders).await), (asked, paid));
    }
    shop.assert_no_complaints();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_does_answer_although_nobody_can_read_it_keeps_none_from_their_turn() {
    let shop = LocalShop::without_pumps().await;
    let orders = unheard_of(&shop, 5).await;
    for _ in 0..4 {
        shop.system.payments.fail_next(Stripe, Fault::Refuse(404, json!("<html>Not Found</html>")));
    }
    shop.system.clock.advance(RUN);
    shop.system.workers.run("ask-providers").await.expect("a schedule");
    assert_eq!((shop.system.payments.requests().len(), paid_of(&shop, &orders).await), (5, 1));
    // They have had their turn.
    shop.system.clock.advance(RUN);
    shop.system.workers.run("ask-providers").await.expect("a schedule");
    assert_eq!(shop.system.payments.requests().len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_stays_unanswered_is_asked_again_once_the_others_were() {
    let shop = LocalShop::without_pumps().await;
    let orders = unheard_of(&shop, 3).await;
    shop.system.payments.fail_next(Stripe, Fault::Refuse(503, json!({})));
    let mut paid = Vec::new();
    for _ in 0..6 {
        let before = shop.system.payments.requests().len();
        one_of_each(&shop).await;
        if shop.system.payments.requests().len() > before {
            paid.push(paid_of(&shop, &orders).await);
        }
    }
    assert_eq!(paid, [0, 1, 2, 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn however_many_in_a_row_are_never_answered_those_behind_them_have_their_turn() {
    for how_many in [3, 10] {
        let shop = LocalShop::without_pumps().await;
        let dead = unheard_of(&shop, how_many).await;
        for order in &dead {
            shop.system.payments.stumble_over(order.payment());
        }
        let behind = unheard_of(&shop, 2).await;
        let mut runs = 0;
        while paid_of(&shop, &behind).await < behind.len() {
            runs += 1;
            assert!(runs <= how_many / 3 + 1, "three of {how_many} are asked after in vain by each run");
            shop.system.clock.advance(RUN);
            shop.system.workers.run("ask-providers").await.expect("a schedule");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn so_do_new_payments_and_refunds() {
    let shop = LocalShop::without_pumps().await;
    let mut refunds = Vec::new();
    for _ in 0..11 {
        refunds.push(refund_under_way(&shop, PawaPay).await);
    }
    let (refund, dead) = refunds.split_last().expect("eleven");
    for made in shop.made_at(PawaPay) {
        if dead.iter().any(|order| order.payment() == made.payment) {
            shop.system.payments.stumble_over(&made.id);
        }
    }
    for _ in 0..10 {
        shop.system.payments.stumble_over(shop.order_at_stripe().await.payment());
    }
    let new = shop.order_at_stripe().await;
    for _ in 0..4 {
        shop.system.clock.advance(RUN);
        shop.system.workers.run("ask-providers").await.expect("a schedule");
    }
    assert_eq!(shop.refund_of(refund).await["status"], "COMPLETED");
    assert_eq!(payment(&shop, &new).await, "PAID");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_t_be_read_fails_the_round_that_comes_to_it_and_no_run_between() {
    let shop = LocalShop::without_pumps().await;
    let broken = &unheard_of(&shop, 1).await[0];
    shop.rewrite("ORDER", &json!(broken.id), "status", "NO_SUCH_STATUS").await;
    let mut failed = Vec::new();
    for _ in 0..13 {
        shop.system.clock.advance(RUN);
        failed.push(ask_providers::run(&shop.system.workers.shop).await.failed);
    }
    assert_eq!((failed[0], &failed[1..12], failed[12]), (1, &[0; 11][..], 1));
}

/// A refund that its provider has begun with, and whose callback is lost.
async fn refund_under_way(shop: &LocalShop, provider: Provider) -> Placed {
    let order = match provider {
        Stripe => shop.order_at_stripe().await,
        PawaPay => shop.order_at_pawapay("COMPLETED").await,
    };
    shop.mark_paid(&order).await;
    let refund = shop.refunded(&order, None).await;
    shop.system.payments.next_refund_is(provider, if provider == Stripe { "pending" } else { "ACCEPTED" });
    process_refund::process(&shop.system.workers.shop, LocalShop::refund_job(&refund)).await;
    let made = shop.made_at(provider).pop().expect("one");
    shop.system.payments.move_on(&made.id, if provider == Stripe { "succeeded" } else { "COMPLETED" }, None);
    order
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_does_one_that_leaves_questions_after_refunds_unanswered() {
    let busy = Fault::Refuse(503, json!({}));
    let hangs = Fault::RefuseAfter(usize::MAX, 503, json!({}));
    for fault in [busy, hangs] {
        let shop = LocalShop::without_pumps().await;
        let mut cards = Vec::new();
        for _ in 0..6 {
            cards.push(refund_under_way(&shop, Stripe).await);
        }
        for _ in 0..6 {
            shop.system.payments.fail_next(Stripe, fault.clone());
        }
        let mobile = refund_under_way(&shop, PawaPay).await;
        shop.system.clock.advance(RUN);
        let before = shop.system.payments.requests().len();
        let bounds = Bounds { longest_each: Duration::from_secs(1), ..Bounds::default() };
        ask_providers::within(&shop.system.workers.shop, bounds).await;
        let asked = shop.system.payments.requests().split_off(before);
        assert_eq!(asked.iter().filter(|request| request.provider == Stripe).count(), 3, "{fault:?}: {asked:?}");
        assert_eq!(shop.refund_of(&mobile).await["status"], "COMPLETED");
        for card in &cards {
            assert_eq!(shop.refund_of(card).await["status"], "PROCESSING");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refunds_that_are_never_answered_keep_no_payment_from_being_asked_after() {
    let shop = LocalShop::without_pumps().await;
    for _ in 0..4 {
        refund_under_way(&shop, Stripe).await;
    }
    for made in shop.made_at(Stripe) {
        shop.system.payments.stumble_over(&made.id);
    }
    let old = unheard_of(&shop, 1).await.remove(0);
    for _ in 0..4 {
        shop.system.payments.stumble_over(shop.order_at_stripe().await.payment());
    }
    let before = shop.system.payments.requests().len();
    shop.system.clock.advance(RUN);
    shop.system.workers.run("ask-providers").await.expect("a schedule");
    assert_eq!(payment(&shop, &old).await, "PAID");
    assert_eq!(shop.system.payments.requests().len() - before, 3 + 3 + 1, "refunds, new payments, and the old one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_says_nothing_to_refunds_and_payments_leaves_time_for_another() {
    let shop = LocalShop::without_pumps().await;
    for _ in 0..4 {
        refund_under_way(&shop, Stripe).await;
        shop.order_at_stripe().await;
    }
    for _ in 0..8 {
        shop.system.payments.fail_next(Stripe, Fault::RefuseAfter(usize::MAX, 503, json!({})));
    }
    let mobile = shop.order_at_pawapay("COMPLETED").await;
    shop.system.clock.advance(RUN);
    let (longest_each, longest_again) = (Duration::from_millis(1_500), Duration::from_millis(100));
    let bounds = Bounds { longest: Duration::from_secs(12), longest_each, longest_again, ..Bounds::default() };
    ask_providers::within(&shop.system.workers.shop, bounds).await;
    assert_eq!(payment(&shop, &mobile).await, "PAID");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_whose_key_can_t_be_read_is_left_out_alone_and_the_run_says_so() {
    let shop = LocalShop::without_pumps().await;
    for (locked, open, variables) in [
        (Stripe, PawaPay, [("STRIPE_SECRET_KEY_ARN", "arn:aws:secretsmanager:1:2:secret:3"), ("PAWAPAY_API_TOKEN", PAWAPAY_TOKEN)]),
        (PawaPay, Stripe, [("STRIPE_SECRET_KEY", STRIPE_KEY), ("PAWAPAY_API_TOKEN_ARN", "arn:aws:secretsmanager:1:2:secret:3")]),
    ] {
        let given = |name: &'static str| variables.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned());
        let mut half_locked = shop.system.workers.shop.clone();
        // Nobody is there to give the secret out.
        let nowhere = local_config("http://127.0.0.1:9", Builder::new().build_http());
        half_locked.secrets = Arc::new(Secrets::given(&given, &nowhere, &half_locked.clock));
        let refunds = [refund_under_way(&shop, locked).await, refund_under_way(&shop, open).await];
        let payments = match locked {
            Stripe => [shop.order_at_stripe().await, shop.order_at_pawapay("COMPLETED").await],
            PawaPay => [shop.order_at_pawapay("COMPLETED").await, shop.order_at_stripe().await],
        };
        shop.system.clock.advance(RUN);
        let before = shop.system.payments.requests().len();
        let swept = ask_providers::run(&half_locked).await;
        assert_eq!((swept.changed, swept.failed), (2, 1), "{locked:?}");
        for (refund, status) in refunds.iter().zip(["PROCESSING", "COMPLETED"]) {
            assert_eq!(shop.refund_of(refund).await["status"], status, "{locked:?}");
        }
        assert_eq!((payment(&shop, &payments[0]).await.as_str(), payment(&shop, &payments[1]).await.as_str()), ("PENDING", "PAID"));
        assert!(shop.system.payments.requests().split_off(before).iter().all(|request| request.provider == open));
        // With its key it goes on where it was.
        shop.system.clock.advance(RUN);
        let swept = ask_providers::run(&shop.system.workers.shop).await;
        assert_eq!((swept.changed, swept.failed), (2, 0), "{locked:?}");
    }
    shop.assert_no_complaints();
}
