//! Asking for a return: what the order allows, and what is refused.

use crate::kit::{CUSTOMER, FIRST_COUNTS, LocalShop, back, count};
use local::faults::Fault;
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn only_a_delivered_order_and_only_its_own_lines_come_back() {
    let shop = LocalShop::without_pumps().await;
    for steps in [&[][..], &["CONFIRMED"], &["CONFIRMED", "PROCESSING"], &["CONFIRMED", "PROCESSING", "SHIPPED"]] {
        let order = shop.order().paid().through(steps).place().await;
        shop.ask_back(&order, json!([back(order.line(0), 1, "UNOPENED")])).await.refused(409, "ORDER_NOT_DELIVERED");
    }
    let order = shop.order().delivered().place().await;
    let other = shop.order().delivered().place().await;
    for stranger in [123, other.line(0)] {
        let items = json!([back(order.line(0), 1, "UNOPENED"), back(stranger, 1, "UNOPENED")]);
        shop.ask_back(&order, items).await.refused(400, "INVALID_ORDER_ITEMS");
    }
    let wanted = json!({ "orderId": 123, "reason": "x", "items": [back(order.line(0), 1, "UNOPENED")] });
    shop.staff().post("/api/returns", &wanted).await.refused(404, "ORDER_NOT_FOUND");
    let wanted = json!({ "orderId": order.id, "reason": "x", "items": [back(order.line(0), 1, "UNOPENED")] });
    shop.customer(CUSTOMER + 1).post("/api/returns", &wanted).await.refused(403, "FORBIDDEN");
    shop.ask_back(&order, json!([back(order.line(0), 2, "UNOPENED")])).await.refused(409, "QUANTITY_NOT_RETURNABLE");
    assert_eq!(shop.order_now(order.id).await, order.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_window_closes_with_the_thirtieth_day_after_delivery_where_the_shop_is() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().quantity(3).delivered().place().await;
    let delivered = i64::try_from(order.body["completedAt"].as_u64().expect("a time")).expect("a time");
    let delivered = jiff::Timestamp::from_millisecond(delivered).expect("a time").in_tz("Africa/Kinshasa").expect("a zone");
    let after = delivered.date().checked_add(jiff::Span::new().days(31)).expect("a day").in_tz("Africa/Kinshasa").expect("a zone");
    let closes = u64::try_from(after.timestamp().as_millisecond()).expect("a time");
    let until = |at: u64| Duration::from_millis(at - shop.system.clock.now().0);
    // A second is long enough for a request, and no test can stop the clock.
    shop.system.clock.advance(until(closes - 1_000));
    let asked = shop.rma(&order, 0, 1).await;
    assert!(shop.return_now(asked).await["createdAt"].as_u64().expect("a time") < closes);
    shop.system.clock.advance(until(closes));
    shop.ask_back(&order, json!([back(order.line(0), 1, "UNOPENED")])).await.refused(409, "RETURN_WINDOW_CLOSED");
    // What was asked for in time takes its way.
    shop.steps(asked, &["APPROVED", "RECEIVED", "REFUNDED", "COMPLETED"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_request_is_named_field_by_field() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().delivered().place().await;
    let post = async |body: Value| shop.staff().post("/api/returns", &body).await;
    let good = json!({ "orderId": order.id, "reason": "x", "items": [back(order.line(0), 1, "UNOPENED")] });
    for (field, value, code) in [
        ("orderId", Value::Null, "MISSING_ORDER_ID"),
        ("orderId", json!("1"), "INVALID_ID"),
        ("reason", json!("  "), "MISSING_REASON"),
        ("reason", json!("x".repeat(501)), "INVALID_REASON"),
        ("description", json!(1), "INVALID_DESCRIPTION"),
        ("items", Value::Null, "MISSING_ITEMS"),
        ("items", json!([]), "MISSING_ITEMS"),
        ("items", json!({}), "INVALID_ITEM"),
        ("items", json!([1]), "INVALID_ITEM"),
        ("items", json!([{ "orderItemId": order.line(0), "condition": "UNOPENED" }]), "INVALID_ITEM"),
        ("items", json!([back(order.line(0), 0, "UNOPENED")]), "INVALID_ITEM"),
        ("items", json!([back(order.line(0), 1, "USED")]), "INVALID_CONDITION"),
        ("items", json!([{ "orderItemId": order.line(0), "quantity": 1 }]), "INVALID_CONDITION"),
        ("items", json!([{ "orderItemId": order.line(0), "quantity": 1, "condition": "UNOPENED", "restockable": "yes" }]), "INVALID_ITEM"),
    ] {
        let mut body = good.clone();
        body[field] = value.clone();
        post(body).await.refused(400, code);
    }
    let all = post(json!({ "refund": 1, "items": [{ "orderItemId": "x", "quantity": 1, "condition": "NEW", "sku": 1 }] })).await;
    let expected = [
        ("/orderId", "MISSING_ORDER_ID"),
        ("/reason", "MISSING_REASON"),
        ("/items/0/orderItemId", "INVALID_ITEM"),
        ("/items/0/condition", "INVALID_CONDITION"),
        ("/items/0/sku", "UNKNOWN_FIELD"),
        ("/refund", "UNKNOWN_FIELD"),
    ];
    assert_eq!(all.errors(), expected);
    assert_eq!(shop.order_now(order.id).await, order.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn rma_numbers_count_the_days_returns() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().quantity(5).delivered().place().await;
    let mut numbers = Vec::new();
    for n in 0..4 {
        let rma = shop.rma(&order, 0, 1).await;
        numbers.push(shop.return_now(rma).await["rmaNumber"].clone());
        // What is refused takes no number, or it would need an answer that there is none of.
        shop.system.faults.inject("UpdateItem", Fault::Throttled, 3);
        shop.ask_back(&order, json!([back(order.line(0), 9, "UNOPENED")])).await.refused(409, "QUANTITY_NOT_RETURNABLE");
        shop.system.faults.clear();
        if n == 2 {
            shop.system.clock.advance(Duration::from_hours(24));
        }
    }
    let (counts, numbers): (Vec<u32>, Vec<&str>) = numbers.iter().map(|number| (count(number), number.as_str().expect("a text"))).unzip();
    assert!(numbers.iter().all(|number| number.starts_with("RMA-2") && number.len() == 17), "{numbers:?}");
    assert!(counts[..3].is_sorted_by(|a, b| a < b), "{counts:?}");
    assert!(FIRST_COUNTS.contains(&counts[0]) && FIRST_COUNTS.contains(&counts[3]), "{counts:?}");
    assert_ne!(numbers[0][..12], numbers[3][..12]);
}
