//! Many returns at once: no piece comes back twice, is put into stock twice or is paid for twice.

use crate::kit::{Answer, Answers, LocalShop, Placed, back, cents, column, race};
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

/// What calls that race come to in the end: whoever lost for three seconds wrote nothing, and comes again.
async fn race_out(times: usize, call: impl Fn(usize) -> Call) -> Vec<Answer> {
    let mut answers = race(times, &call).await;
    for (n, answer) in answers.iter_mut().enumerate().filter(|(_, answer)| answer.code() == "CONFLICT") {
        *answer = call(n).await;
    }
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_ask_for_ten_pieces_and_ten_may_come_back() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().quantity(10).delivered().place().await;
    let line = order.line(0);

    let answers = race_out(50, |_| ask(&shop, &order, &json!([back(line, 1, "UNOPENED")]))).await;

    assert_eq!(answers.with_status(201), 10, "{:?}", answers.tally());
    assert_eq!(answers.with_code("QUANTITY_NOT_RETURNABLE"), 40, "{:?}", answers.tally());
    let numbers: BTreeSet<&str> = answers.iter().filter_map(|answer| answer.body["return"]["rmaNumber"].as_str()).collect();
    assert_eq!(numbers.len(), 10);
    shop.ask_back(&order, json!([back(line, 1, "UNOPENED")])).await.refused(409, "QUANTITY_NOT_RETURNABLE");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_forty_returns_any_two_of_which_ask_too_much_one_is_made() {
    let shop = LocalShop::without_pumps().await;
    for _ in 0..3 {
        let order = shop.order().quantity(5).delivered().place().await;
        let line = order.line(0);
        // Half of them name the line twice.
        let answers = race_out(40, |n| match n % 2 {
            0 => ask(&shop, &order, &json!([back(line, 3, "UNOPENED")])),
            _ => ask(&shop, &order, &json!([back(line, 2, "UNOPENED"), back(line, 1, "DAMAGED")])),
        })
        .await;
        assert_eq!((answers.with_status(201), answers.with_code("QUANTITY_NOT_RETURNABLE")), (1, 39), "{:?}", answers.tally());
        let made = shop.staff().get(&format!("/api/returns?orderId={}", order.id)).await.ok();
        let told = answers.iter().find(|answer| answer.status == 201).map(|answer| &answer.body["return"]["id"]);
        assert_eq!(column(&made, "id"), told.into_iter().collect::<Vec<_>>());
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
async fn each_of_two_returns_of_one_line_is_paid_for_or_rejected_and_never_both() {
    let shop = LocalShop::without_pumps().await;
    for _ in 0..4 {
        let order = shop.order().quantity(5).delivered().place().await;
        let rmas = [shop.rma(&order, 0, 2).await, shop.rma(&order, 0, 3).await];
        for rma in rmas {
            shop.steps(rma, &["APPROVED", "RECEIVED"]).await;
        }
        let answers = race_out(40, |n| step(&shop, rmas[n % 2], if n / 2 % 2 == 0 { "REFUNDED" } else { "REJECTED" })).await;
        assert_eq!((answers.with_status(200), answers.with_code("INVALID_STATUS_TRANSITION")), (2, 38), "{:?}", answers.tally());

        let (mut due, mut lost) = (Vec::new(), 0);
        for (rma, pieces) in rmas.into_iter().zip([2, 3]) {
            match shop.return_now(rma).await["status"].as_str() {
                Some("REFUNDED") => due.push(pieces * 75_00),
                other => {
                    assert_eq!(other, Some("REJECTED"));
                    lost += pieces;
                }
            }
        }
        let mut paid: Vec<i64> = shop.refunds_of(order.id).await.iter().map(|refund| cents(&refund["amount"])).collect();
        paid.sort_unstable();
        assert_eq!((paid, shop.stock(order.variants[0]).await), (due, order.stock_before - lost));
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
        let answers = race_out(30, |n| step(&shop, rmas[n % 10], status)).await;
        assert_eq!((answers.with_status(200), answers.with_code("INVALID_STATUS_TRANSITION")), (10, 20), "{:?}", answers.tally());
    }
    let refunds = shop.refunds_of(order.id).await;
    assert_eq!((refunds.len(), refunds.iter().map(|refund| cents(&refund["amount"])).sum::<i64>()), (10, 96_57));
    assert_eq!(shop.stock(order.variants[0]).await, order.stock_before);
    assert_eq!(shop.order_now(order.id).await["items"][0]["returnedQuantity"], 10);
}

fn refund(shop: &LocalShop, order: &Placed, mut part: Value) -> Call {
    (part["orderId"], part["reason"]) = (order.id.into(), "Race".into());
    let admin = shop.admin();
    Box::pin(async move { admin.post("/api/refunds", &part).await })
}

#[tokio::test(flavor = "multi_thread")]
async fn of_returns_and_refunds_that_together_pass_what_was_paid_those_that_fit_are_made_to_the_cent() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().prices(&["9.99", "7.01"]).quantity(6).off(3_33).with("deliveryFee", json!(5)).delivered().place().await;
    let paid = cents(&order.body["total"]);
    let mut rmas = Vec::new();
    for _ in 0..6 {
        let rma = shop.rma(&order, 0, 1).await;
        shop.steps(rma, &["APPROVED", "RECEIVED"]).await;
        rmas.push(rma);
    }
    // 103.67 were paid; asked for are some 58 for pieces that came back, 41 for pieces that didn't, and 85.47 just so.
    let answers = race_out(36, |n| match n % 3 {
        0 => step(&shop, rmas[n / 3 % 6], "REFUNDED"),
        1 => refund(&shop, &order, json!({ "items": [{ "orderItemId": order.line(1), "quantity": 1 }] })),
        _ => refund(&shop, &order, json!({ "amount": 7.77 })),
    })
    .await;

    let (returned, taken) = (answers.with_status(200), answers.with_code("INVALID_STATUS_TRANSITION"));
    assert_eq!((returned, taken), (6, 6), "{:?}", answers.tally());
    let made = answers.with_status(201);
    assert_eq!(made + answers.with_code("REFUND_EXCEEDS_PAID"), 24, "{:?}", answers.tally());
    let refunds = shop.refunds_of(order.id).await;
    let sum = |of: &dyn Fn(&Value) -> bool| refunds.iter().filter(|refund| of(refund)).map(|refund| cents(&refund["amount"])).sum::<i64>();
    let by_hand = refunds.iter().filter(|refund| refund["returnId"].is_null()).count();
    assert_eq!((paid, by_hand), (103_67, made));
    // Each return has its own refund, of what is left at the most.
    let mut due = 0;
    for rma in rmas {
        due += cents(&shop.return_now(rma).await["refundAmount"]);
    }
    assert_eq!(sum(&|refund| !refund["returnId"].is_null()), due);
    // What was refused just so didn't fit; and what is left is there to the cent.
    let left = paid - sum(&|_| true);
    assert!((0..7_77).contains(&left), "{left} of {paid} are left");
    if left > 0 {
        assert_eq!(cents(&refund(&shop, &order, json!({})).await.ok()["amount"]), left);
    }
    refund(&shop, &order, json!({ "amount": 0.01 })).await.refused(409, "REFUND_EXCEEDS_PAID");
    assert_eq!(shop.refunds_of(order.id).await.iter().map(|refund| cents(&refund["amount"])).sum::<i64>(), paid);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_piece_is_returned_or_refunded_by_hand_and_never_both() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().quantity(7).delivered().place().await;
    let line = order.line(0);

    let answers = race_out(30, |n| match n % 2 {
        0 => ask(&shop, &order, &json!([back(line, 1, "UNOPENED")])),
        _ => refund(&shop, &order, json!({ "items": [{ "orderItemId": line, "quantity": 1 }] })),
    })
    .await;

    assert_eq!(answers.with_status(201), 7, "{:?}", answers.tally());
    assert_eq!(answers.with_code("QUANTITY_NOT_RETURNABLE") + answers.with_code("REFUND_EXCEEDS_PAID"), 23, "{:?}", answers.tally());
    let by_hand = shop.refunds_of(order.id).await.len();
    let asked = shop.staff().get(&format!("/api/returns?orderId={}", order.id)).await.ok();
    let asked: Vec<u64> = asked.as_array().expect("a list").iter().map(|rma| rma["id"].as_u64().expect("an id")).collect();
    assert_eq!(by_hand + asked.len(), 7);
    // All of it comes to what was paid.
    for rma in asked {
        shop.steps(rma, &["APPROVED", "RECEIVED", "REFUNDED"]).await;
    }
    assert_eq!(shop.refunds_of(order.id).await.iter().map(|refund| cents(&refund["amount"])).sum::<i64>(), 7 * 75_00);
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
