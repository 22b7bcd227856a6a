//! What a return gives back: to the cent what was paid for its pieces, whatever else goes back before or after.

use crate::kit::{LocalShop, Placed, back, cents, column};
use local::Options;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

const TO_REFUND: [&str; 3] = ["APPROVED", "RECEIVED", "REFUNDED"];

/// Returns pieces of a line; gives what they bring.
async fn bring_back(shop: &LocalShop, order: &Placed, line: usize, quantity: u32) -> i64 {
    let rma = shop.rma(order, line, quantity).await;
    let refunded = shop.steps(rma, &TO_REFUND).await;
    assert_eq!(refunded["refundAmount"], refunded["items"][0]["refundAmount"]);
    cents(&refunded["refundAmount"])
}

/// What all refunds of an order come to.
async fn going_back(shop: &LocalShop, order: &Placed) -> i64 {
    shop.refunds_of(order.id).await.iter().map(|refund| cents(&refund["amount"])).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_of_unequal_price_bring_what_was_paid_for_them_in_whatever_order_they_come_back() {
    let shop = LocalShop::without_pumps().await;
    let (prices, subtotal) = ([19_99, 7_01, 45_50], 72_50);
    shop.promotion(json!({ "code": "PART", "type": "PERCENTAGE", "value": 15 })).await;
    shop.promotion(json!({ "code": "FIXED", "type": "FIXED_AMOUNT", "value": 7.77 })).await;
    // 15 % of it, rounded half to even; and a fixed amount that no line divides.
    for (code, off) in [("PART", 10_88), ("FIXED", 7_77)] {
        let mut brought: BTreeMap<usize, i64> = BTreeMap::new();
        for way in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let order = shop
                .order()
                .prices(&["19.99", "7.01", "45.50"])
                .with("promotionCode", json!(code))
                .with("deliveryFee", json!(5))
                .delivered()
                .place()
                .await;
            assert_eq!(cents(&order.body["total"]), subtotal - off + 5_00);
            let mut sum = 0;
            for line in way {
                let amount = bring_back(&shop, &order, line, 1).await;
                sum += amount;
                // The line's exact part of the discount, to the cent.
                let exact = prices[line] * (subtotal - off);
                assert!((amount * subtotal - exact).abs() < subtotal, "line {line}: {amount}");
                assert_eq!(*brought.entry(line).or_insert(amount), amount, "line {line} on the way {way:?}");
                let now = shop.order_now(order.id).await;
                assert_eq!((&now["total"], &now["discount"]), (&order.body["total"], &order.body["discount"]));
                assert_eq!(column(&now["items"], "priceAtPurchase"), column(&order.body["items"], "priceAtPurchase"));
            }
            assert_eq!((sum, going_back(&shop, &order).await), (subtotal - off, subtotal - off));
            // The delivery is what the shop keeps.
            let stored = shop.system.store().order(domain::ids::OrderId::new(order.id).expect("an id")).await.expect("read");
            assert_eq!(stored.expect("an order").refundable.minor, 5_00);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_single_returns_bring_what_one_return_of_ten_does() {
    let shop = LocalShop::without_pumps().await;
    let ten = || shop.order().price("9.99").quantity(10).off(3_33).delivered();
    let (one, singles) = (ten().place().await, ten().place().await);
    assert_eq!(bring_back(&shop, &one, 0, 10).await, 96_57);
    let mut brought = Vec::new();
    for _ in 0..10 {
        brought.push(bring_back(&shop, &singles, 0, 1).await);
    }
    assert_eq!(brought.iter().sum::<i64>(), 96_57);
    assert!(brought.iter().all(|amount| (9_65..=9_66).contains(amount)), "{brought:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn fees_are_kept_of_the_refund_and_never_turn_it_round() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().price("40.00").quantity(3).delivered().place().await;
    let refund = async |fees: [Value; 3]| {
        let rma = shop.rma(&order, 0, 1).await;
        for (status, mut body) in TO_REFUND.into_iter().zip(fees) {
            body["status"] = status.into();
            shop.step(rma, body).await.ok();
        }
        shop.return_now(rma).await
    };
    let first = refund([json!({ "restockingFee": 3.50, "returnShippingFee": 5 }), json!({}), json!({})]).await;
    assert_eq!((cents(&first["refundAmount"]), cents(&first["items"][0]["refundAmount"])), (31_50, 40_00));
    assert_eq!((cents(&first["restockingFee"]), cents(&first["returnShippingFee"])), (3_50, 5_00));
    // What was found at the warehouse, and what was thought better of.
    let second = refund([json!({ "restockingFee": 3.50 }), json!({ "restockingFee": 10 }), json!({ "restockingFee": null })]).await;
    assert_eq!(cents(&second["refundAmount"]), 40_00);
    let third = refund([json!({ "restockingFee": 39.99, "returnShippingFee": 5 }), json!({}), json!({})]).await;
    assert_eq!((cents(&third["refundAmount"]), &third["refundId"], &third["status"]), (0, &Value::Null, &json!("REFUNDED")));
    assert_eq!(going_back(&shop, &order).await, 71_50);
    shop.steps(third["id"].as_u64().expect("an id"), &["COMPLETED"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_arrived_there_is_nothing_to_refund() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().quantity(2).delivered().place().await;
    let rma = shop.rma(&order, 0, 2).await;
    shop.steps(rma, &["APPROVED"]).await;
    shop.step(rma, json!({ "status": "RECEIVED", "items": [{ "orderItemId": order.line(0), "receivedQuantity": 0 }] })).await.ok();
    let refunded = shop.steps(rma, &["REFUNDED", "COMPLETED"]).await;
    assert_eq!((cents(&refunded["refundAmount"]), &refunded["refundId"]), (0, &Value::Null));
    assert!(shop.refunds_of(order.id).await.is_empty());
    assert_eq!(shop.order_now(order.id).await["paymentStatus"], "PAID");
    assert_eq!(bring_back(&shop, &order, 0, 2).await, 150_00);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_was_never_paid_gives_nothing_back_until_it_is() {
    let shop = LocalShop::without_pumps().await;
    let steps = &["CONFIRMED", "PROCESSING", "SHIPPED", "DELIVERED"];
    let order = shop.order().with("paymentMethod", json!("CASH_ON_DELIVERY")).through(steps).place().await;
    let rma = shop.rma(&order, 0, 1).await;
    let received = shop.steps(rma, &["APPROVED", "RECEIVED"]).await;
    shop.step(rma, json!({ "status": "REFUNDED" })).await.refused(409, "REFUND_EXCEEDS_PAID");
    assert_eq!(shop.return_now(rma).await, received);
    shop.staff().put(&order.path("payment"), &json!({ "paymentStatus": "PAID" })).await.ok();
    assert_eq!(cents(&shop.steps(rma, &["REFUNDED"]).await["refundAmount"]), 75_00);
    assert_eq!(shop.refunds_of(order.id).await[0]["refundMethod"], "CASH");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_is_refunded_once_all_of_its_money_is_back() {
    let shop = LocalShop::start().await;
    let order = shop.order().lines(2).with("paymentMethod", json!("CARD")).delivered().place().await;
    let mut rmas = Vec::new();
    for line in 0..2 {
        let rma = shop.rma(&order, line, 1).await;
        rmas.push(shop.steps(rma, &TO_REFUND).await);
    }
    shop.settled().await;
    for (rma, payment) in rmas.iter().zip(["REFUND_PENDING", "REFUNDED"]) {
        shop.admin().put(&format!("/api/refunds?id={}", rma["refundId"]), &json!({ "status": "COMPLETED" })).await.ok();
        assert_eq!(shop.order_now(order.id).await["paymentStatus"], payment);
    }
    assert_eq!(cents(&shop.order_now(order.id).await["refundedTotal"]), 150_00);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_of_a_return_that_fails_is_retried_while_its_pieces_stay_with_the_return() {
    let shop = LocalShop::start().await;
    let order = shop.order().price("40.00").quantity(2).delivered().place().await;
    let rma = shop.rma(&order, 0, 1).await;
    let refund = shop.steps(rma, &TO_REFUND).await["refundId"].clone();
    let put =
        async |refund: &Value, status: &str| shop.admin().put(&format!("/api/refunds?id={refund}"), &json!({ "status": status })).await;
    let by_hand = async |mut part: Value| {
        (part["orderId"], part["reason"]) = (order.id.into(), "Geste".into());
        shop.admin().post("/api/refunds", &part).await
    };
    let payment = async || shop.order_now(order.id).await["paymentStatus"].clone();
    shop.settled().await;
    assert_eq!(payment().await, "REFUND_PENDING");
    put(&refund, "FAILED").await.ok();
    assert_eq!((payment().await, shop.return_now(rma).await["status"].clone()), (json!("PAID"), json!("REFUNDED")));
    // One piece of two is free; of the money all is.
    shop.ask_back(&order, json!([back(order.line(0), 2, "UNOPENED")])).await.refused(409, "QUANTITY_NOT_RETURNABLE");
    by_hand(json!({ "items": [{ "orderItemId": order.line(0), "quantity": 2 }] })).await.refused(409, "REFUND_EXCEEDS_PAID");
    let other = by_hand(json!({ "amount": 40.01 })).await.ok();
    put(&refund, "PROCESSING").await.refused(409, "REFUND_EXCEEDS_PAID");
    shop.settled().await;
    put(&other["id"], "FAILED").await.ok();

    let retried = put(&refund, "PROCESSING").await.ok();
    assert_eq!((cents(&retried["amount"]), &retried["returnId"]), (40_00, &json!(rma)));
    shop.settled().await;
    put(&refund, "COMPLETED").await.ok();
    let now = shop.order_now(order.id).await;
    assert_eq!((&now["paymentStatus"], cents(&now["refundedTotal"])), (&json!("PARTIALLY_REFUNDED"), 40_00));
    assert_eq!(cents(&shop.steps(rma, &["COMPLETED"]).await["refundAmount"]), 40_00);
    assert_eq!(bring_back(&shop, &order, 0, 1).await, 40_00);
}

/// With `REFUND_DELIVERY_FEE_ON_FAULT`.
async fn answering_for_faults() -> LocalShop {
    let variables = HashMap::from([("REFUND_DELIVERY_FEE_ON_FAULT", "true".to_owned())]);
    LocalShop::with(Options { variables, pumps: false, ..Options::default() }).await
}

/// Returns a piece of each of these lines in these conditions; gives what it brings, and how much of it is for the delivery.
async fn bring_broken(shop: &LocalShop, order: &Placed, items: &[(usize, &str)]) -> (i64, i64) {
    let items: Vec<Value> = items.iter().map(|(line, condition)| back(order.line(*line), 1, condition)).collect();
    let rma = shop.ask_back(order, json!(items)).await.ok()["return"]["id"].as_u64().expect("an id");
    let refunded = shop.steps(rma, &TO_REFUND).await;
    (cents(&refunded["refundAmount"]), cents(&refunded["deliveryFeeRefund"]))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_delivery_fee_goes_back_once_everything_came_back_for_the_shops_fault() {
    let shop = answering_for_faults().await;
    let order = async || shop.order().lines(2).with("deliveryFee", json!(6.50)).delivered().place().await;

    let at_once = order().await;
    assert_eq!(bring_broken(&shop, &at_once, &[(0, "DEFECTIVE"), (1, "DAMAGED")]).await, (156_50, 6_50));
    let bit_by_bit = order().await;
    assert_eq!(bring_broken(&shop, &bit_by_bit, &[(0, "DEFECTIVE")]).await, (75_00, 0));
    assert_eq!(bring_broken(&shop, &bit_by_bit, &[(1, "DEFECTIVE")]).await, (81_50, 6_50));
    let partly = order().await;
    assert_eq!(bring_broken(&shop, &partly, &[(0, "DEFECTIVE"), (1, "UNOPENED")]).await, (150_00, 0));
    // A promotion had taken part of everything off; what was paid for the delivery is still the whole fee.
    let discounted = shop.order().off(10_00).with("deliveryFee", json!(6.50)).delivered().place().await;
    assert_eq!(bring_broken(&shop, &discounted, &[(0, "DAMAGED")]).await, (71_50, 6_50));
    assert_eq!(shop.refunds_of(discounted.id).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_fee_that_was_never_paid_does_not_go_back_until_it_is() {
    let shop = answering_for_faults().await;
    let steps = &["CONFIRMED", "PROCESSING", "SHIPPED", "DELIVERED"];
    let by_cash = shop.order().off(75_00).with("deliveryFee", json!(6.50)).with("paymentMethod", json!("CASH_ON_DELIVERY"));
    let order = by_cash.through(steps).place().await;
    let rma = shop.ask_back(&order, json!([back(order.line(0), 1, "DEFECTIVE")])).await.ok()["return"]["id"].as_u64().expect("an id");
    let received = shop.steps(rma, &["APPROVED", "RECEIVED"]).await;
    shop.step(rma, json!({ "status": "REFUNDED" })).await.refused(409, "REFUND_EXCEEDS_PAID");
    assert_eq!(shop.return_now(rma).await, received);
    shop.staff().put(&order.path("payment"), &json!({ "paymentStatus": "PAID" })).await.ok();
    assert_eq!(cents(&shop.steps(rma, &["REFUNDED"]).await["deliveryFeeRefund"]), 6_50);
    assert_eq!(cents(&shop.refunds_of(order.id).await[0]["amount"]), 6_50);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_delivery_fee_stays_where_the_shop_doesnt_say_otherwise() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().with("deliveryFee", json!(6.50)).delivered().place().await;
    assert_eq!(bring_broken(&shop, &order, &[(0, "DEFECTIVE")]).await, (75_00, 0));
}
