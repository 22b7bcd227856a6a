//! Whatever waits for its provider has its turn, however much waits before it and never stops to.

use crate::kit::{LocalShop, Placed};
use functions::workers::ask_providers::{self, Bounds};
use local::emulators::payments::Fault;
use local::emulators::payments::Provider::{PawaPay, Stripe};
use serde_json::json;
use std::time::Duration;

const RUN: Duration = Duration::from_mins(5);

/// A run that looks at one record of each kind.
async fn one_of_each(shop: &LocalShop) {
    shop.system.clock.advance(RUN);
    ask_providers::within(&shop.system.workers.shop, Bounds { most: 1, ..Bounds::default() }).await;
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
async fn so_is_a_refund_behind_others_that_stay_open() {
    let shop = LocalShop::without_pumps().await;
    let mut made = Vec::new();
    for _ in 0..4 {
        let order = shop.order_at_stripe().await;
        shop.mark_paid(&order).await;
        let refund = shop.refunded(&order, None).await;
        shop.system.payments.next_refund_is(Stripe, "pending");
        functions::workers::process_refund::process(&shop.system.workers.shop, LocalShop::refund_job(&refund)).await;
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
