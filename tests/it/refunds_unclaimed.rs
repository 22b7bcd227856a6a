//! Refunds whose job is lost on its way: the stream dropped their event, the relay isn't called, the dead letters have expired.

use crate::kit::{ByHand, CUSTOMER, HOUR, LocalShop, MINUTE, Placed, RUN, cents, race};
use functions::workers::process_refund;
use local::emulators::payments::Provider::{PawaPay, Stripe};
use serde_json::{Value, json};
use std::time::Duration;

/// A paid order, and a refund of 20.00 of it by this method; its job is on no queue.
async fn unclaimed(shop: &LocalShop, method: &str) -> (Placed, Value) {
    let order = match method {
        "MOBILE_MONEY" => shop.order_at_pawapay("COMPLETED").await,
        _ => shop.order_at_stripe().await,
    };
    shop.mark_paid(&order).await;
    let asked = json!({ "orderId": order.id, "amount": 20, "reason": "Torn", "refundMethod": method });
    let refund = shop.admin().post("/api/refunds", &asked).await.ok();
    (order, refund)
}

async fn run_after(shop: &LocalShop, time: Duration) {
    shop.system.clock.advance(time);
    shop.system.workers.run("ask-providers").await.expect("a schedule");
}

async fn state(shop: &LocalShop, order: &Placed) -> (String, Value, i64) {
    let refund = shop.refund_of(order).await;
    let order = shop.order_now(order.id).await;
    (refund["status"].as_str().expect("a word").to_owned(), refund["awaiting"].clone(), cents(&order["refundedTotal"]))
}

async fn credit(shop: &LocalShop) -> i64 {
    let ledger = shop.staff().get(&format!("/api/store-credit?customerId={CUSTOMER}")).await.ok();
    ledger["balances"].as_array().expect("balances").iter().map(|balance| cents(&balance["balance"])).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_no_worker_has_heard_of_is_carried_out_a_quarter_of_an_hour_later_and_its_late_job_changes_nothing() {
    for (method, done, paid_out) in [
        ("CARD", ("COMPLETED", json!(null)), 20_00),
        ("MOBILE_MONEY", ("COMPLETED", json!(null)), 20_00),
        ("STORE_CREDIT", ("COMPLETED", json!(null)), 20_00),
        ("CASH", ("PROCESSING", json!("STAFF")), 0),
    ] {
        let shop = LocalShop::without_pumps().await;
        let (order, _) = unclaimed(&shop, method).await;
        for _ in 0..2 {
            run_after(&shop, 7 * MINUTE).await;
            assert_eq!(state(&shop, &order).await, ("PROCESSING".to_owned(), json!(null), 0), "{method}: its job may be on its way");
        }
        for _ in 0..2 {
            run_after(&shop, RUN).await;
        }
        let expected = (done.0.to_owned(), done.1, paid_out);
        assert_eq!(state(&shop, &order).await, expected, "{method}");

        ByHand::of(&shop).until_nothing_is_left(&shop).await;
        run_after(&shop, HOUR).await;
        assert_eq!(state(&shop, &order).await, expected, "{method}, once more");
        let moved = [Stripe, PawaPay].map(|provider| shop.made_at(provider).len()).iter().sum::<usize>();
        assert_eq!(moved, usize::from(["CARD", "MOBILE_MONEY"].contains(&method)), "{method}");
        assert_eq!(credit(&shop).await, if method == "STORE_CREDIT" { 20_00 } else { 0 }, "{method}");
        shop.assert_no_complaints();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn so_is_one_that_staff_try_again_and_whose_second_job_is_lost() {
    let shop = LocalShop::without_pumps().await;
    let (order, refund) = unclaimed(&shop, "CARD").await;
    shop.system.payments.next_refund_is(Stripe, "failed");
    process_refund::process(&shop.system.workers.shop, LocalShop::refund_job(&refund)).await;
    run_after(&shop, HOUR).await;
    assert_eq!(state(&shop, &order).await.0, "FAILED");

    shop.admin().put(&format!("/api/refunds?id={}", refund["id"]), &json!({ "status": "PROCESSING" })).await.ok();
    run_after(&shop, 14 * MINUTE).await;
    assert_eq!(state(&shop, &order).await, ("PROCESSING".to_owned(), json!(null), 0));
    run_after(&shop, RUN).await;
    assert_eq!(state(&shop, &order).await, ("COMPLETED".to_owned(), json!(null), 20_00));
    assert_eq!(shop.keys_at(Stripe).len(), 2, "a new attempt, since nothing came of the first");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schedule_and_the_worker_on_one_refund_move_its_money_once() {
    for method in ["CARD", "MOBILE_MONEY", "STORE_CREDIT"] {
        let shop = LocalShop::without_pumps().await;
        let (order, refund) = unclaimed(&shop, method).await;
        let (workers, job) = (shop.system.workers.clone(), LocalShop::refund_job(&refund));
        shop.system.clock.advance(16 * MINUTE);
        race(40, |n| {
            let (workers, job) = (workers.clone(), job.clone());
            async move {
                if n % 2 == 0 {
                    workers.run("ask-providers").await.expect("a schedule");
                } else {
                    drop(process_refund::process(&workers.shop, job).await);
                }
            }
        })
        .await;
        run_after(&shop, RUN).await;

        assert_eq!(state(&shop, &order).await, ("COMPLETED".to_owned(), json!(null), 20_00), "{method}");
        let made = [Stripe, PawaPay].iter().flat_map(|provider| shop.made_at(*provider)).map(|made| made.amount).collect::<Vec<_>>();
        let (at_provider, on_ledger) = if method == "STORE_CREDIT" { (vec![], 20_00) } else { (vec![20_00], 0) };
        assert_eq!((made, credit(&shop).await), (at_provider, on_ledger), "{method}");
        let history = shop.staff().get(&order.path("history")).await.ok();
        let completed = history.as_array().expect("events").iter().filter(|event| event["type"] == "REFUND_STATUS_CHANGED").count();
        assert_eq!(completed, 1, "{method}: {history}");
        shop.assert_no_complaints();
    }
}
