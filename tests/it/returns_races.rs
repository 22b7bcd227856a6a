//! Many returns at once: no piece comes back twice, is put into stock twice or is paid for twice.

use crate::kit::{Answer, Answers, LocalShop, Placed, back, cents, race};
use serde_json::{Value, json};
use std::collections::BTreeSet;

type Call = std::pin::Pin<Box<dyn Future<Output = Answer> + Send>>;

fn ask(shop: &LocalShop, order: &Placed, items: &Value) -> Call {
    let (staff, wanted) = (shop.staff(), json!({ "orderId": order.id, "reason": "Race", "items": items }));
    Box::pin(async move { staff.post("/api/returns", &wanted).await })
}

fn step(shop: &LocalShop, rma: u64, status: &str) -> Call {
    let (staff, path, body) = (shop.staff(), format!("/api/returns?id={rma}"), json!({ "status": status, "notes": "Race" }));
    Box::pin(async move { staff.put(&path, &body).await })
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_ask_for_ten_pieces_and_ten_may_come_back() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().quantity(10).delivered().place().await;
    let line = order.line(0);

    let answers = race(50, |_| ask(&shop, &order, &json!([back(line, 1, "UNOPENED")]))).await;

    assert_eq!(answers.with_status(201), 10, "{:?}", answers.tally());
    assert_eq!(answers.with_code("QUANTITY_NOT_RETURNABLE") + answers.with_code("CONFLICT"), 40, "{:?}", answers.tally());
    let numbers: BTreeSet<&str> = answers.iter().filter_map(|answer| answer.body["return"]["rmaNumber"].as_str()).collect();
    assert_eq!(numbers.len(), 10);
    shop.ask_back(&order, json!([back(line, 1, "UNOPENED")])).await.refused(409, "QUANTITY_NOT_RETURNABLE");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_returns_that_together_ask_too_much_one_is_made() {
    let shop = LocalShop::without_pumps().await;
    for _ in 0..10 {
        let order = shop.order().quantity(5).delivered().place().await;
        let line = order.line(0);
        // One of them names the line twice.
        let answers = race(2, |n| match n {
            0 => ask(&shop, &order, &json!([back(line, 3, "UNOPENED")])),
            _ => ask(&shop, &order, &json!([back(line, 2, "UNOPENED"), back(line, 1, "DAMAGED")])),
        })
        .await;
        assert_eq!((answers.with_status(201), answers.with_code("QUANTITY_NOT_RETURNABLE")), (1, 1), "{:?}", answers.tally());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_receipts_put_the_pieces_into_stock_once() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().quantity(4).delivered().place().await;
    let rma = shop.rma(&order, 0, 3).await;
    shop.steps(rma, &["APPROVED"]).await;

    let answers = race(50, |_| step(&shop, rma, "RECEIVED")).await;

    assert_eq!(answers.with_status(200), 1, "{:?}", answers.tally());
    assert_eq!(answers.with_code("INVALID_STATUS_TRANSITION"), 49, "{:?}", answers.tally());
    assert_eq!(shop.stock(order.variants[0]).await, order.stock_before - 1);
    assert_eq!(shop.order_now(order.id).await["items"][0]["returnedQuantity"], 3);
    shop.step(rma, json!({ "status": "RECEIVED" })).await.refused(409, "INVALID_STATUS_TRANSITION");
    assert_eq!(shop.stock(order.variants[0]).await, order.stock_before - 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_refunds_of_a_return_are_one() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().quantity(2).delivered().place().await;
    let rma = shop.rma(&order, 0, 1).await;
    shop.steps(rma, &["APPROVED", "RECEIVED"]).await;

    let answers = race(50, |_| step(&shop, rma, "REFUNDED")).await;

    assert_eq!(answers.with_status(200), 1, "{:?}", answers.tally());
    assert_eq!(answers.with_code("INVALID_STATUS_TRANSITION"), 49, "{:?}", answers.tally());
    let refunds = shop.refunds_of(order.id).await;
    assert_eq!(refunds.iter().map(|refund| cents(&refund["amount"])).collect::<Vec<_>>(), [75_00]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_return_is_paid_for_or_rejected_and_never_both() {
    let shop = LocalShop::without_pumps().await;
    for _ in 0..10 {
        let order = shop.order().quantity(2).delivered().place().await;
        let rma = shop.rma(&order, 0, 2).await;
        shop.steps(rma, &["APPROVED", "RECEIVED"]).await;
        let answers = race(6, |n| step(&shop, rma, if n % 2 == 0 { "REFUNDED" } else { "REJECTED" })).await;
        assert_eq!(answers.with_status(200), 1, "{:?}", answers.tally());

        let refunds = shop.refunds_of(order.id).await.len();
        let stock = shop.stock(order.variants[0]).await;
        match shop.return_now(rma).await["status"].as_str() {
            Some("REFUNDED") => assert_eq!((refunds, stock), (1, order.stock_before)),
            other => assert_eq!((other, refunds, stock), (Some("REJECTED"), 0, order.stock_before - 2)),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn returns_of_one_order_at_every_step_at_once_give_back_what_was_paid() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().price("9.99").quantity(10).off(3_33).delivered().place().await;
    let mut rmas = Vec::new();
    for _ in 0..10 {
        rmas.push(shop.rma(&order, 0, 1).await);
    }
    for status in ["APPROVED", "RECEIVED", "REFUNDED"] {
        let answers = race(30, |n| step(&shop, rmas[n % 10], status)).await;
        // Whoever lost for three seconds wrote nothing, and somebody comes again.
        for rma in &rmas {
            if shop.return_now(*rma).await["status"] != status {
                shop.step(*rma, json!({ "status": status })).await.ok();
            }
        }
        assert!(answers.with_status(200) <= 10, "{:?}", answers.tally());
    }
    let refunds = shop.refunds_of(order.id).await;
    assert_eq!((refunds.len(), refunds.iter().map(|refund| cents(&refund["amount"])).sum::<i64>()), (10, 96_57));
    assert_eq!(shop.stock(order.variants[0]).await, order.stock_before);
    assert_eq!(shop.order_now(order.id).await["items"][0]["returnedQuantity"], 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn forty_returns_at_once_have_forty_numbers() {
    let shop = LocalShop::without_pumps().await;
    let mut orders = Vec::new();
    for _ in 0..40 {
        orders.push(shop.order().delivered().place().await);
    }
    let answers = race(40, |n| ask(&shop, &orders[n], &json!([back(orders[n].line(0), 1, "UNOPENED")]))).await;
    let numbers: BTreeSet<&str> = answers.iter().filter_map(|answer| answer.body["return"]["rmaNumber"].as_str()).collect();
    assert_eq!((answers.with_status(201), numbers.len()), (40, 40), "{:?}", answers.tally());
    assert_eq!(numbers.last().map(|number| &number[13..]), Some("0040"), "{numbers:?}");
}
