//! Orders with a promotion: what it takes off, and where its use goes.

use crate::kit::{CUSTOMER, LocalShop, body, cents};
use local::faults::Fault;
use serde_json::{Value, json};
use std::time::Duration;

/// An order at these prices, one piece of each, fetched in the store.
async fn wanted(shop: &LocalShop, prices: &[&str], code: &str) -> Value {
    let mut lines = Vec::new();
    for price in prices {
        lines.push((shop.variant(price, 100).await, 1));
    }
    let mut wanted = body(&lines);
    wanted["promotionCode"] = code.into();
    wanted["deliveryMethod"] = "STORE_PICKUP".into();
    wanted
}

/// Subtotal, discount, fee and total, in cents.
fn sums(order: &Value) -> [i64; 4] {
    ["subtotal", "discount", "deliveryFee", "total"].map(|field| cents(&order[field]))
}

async fn stored(shop: &LocalShop, order: &Value) -> domain::order::Order {
    let id = domain::ids::OrderId::new(order["id"].as_u64().expect("an id")).expect("an id");
    shop.system.store().order(id).await.expect("read").expect("an order")
}

/// What is left in each shard of a code.
async fn left(shop: &LocalShop, code: &domain::promotion::PromotionCode) -> Vec<i64> {
    shop.system.store().counted_promotion(code).await.expect("read").expect("a promotion").1
}

#[tokio::test]
async fn a_code_takes_its_discount_off_and_spreads_it_over_the_lines_to_the_cent() {
    let shop = LocalShop::without_pumps().await;
    shop.promotion(json!({ "code": "THIRD", "value": 33.33 })).await;
    let order = shop.staff().post("/api/orders", &wanted(&shop, &["10.00", "20.00", "0.01"], " third ").await).await.ok();
    assert_eq!((sums(&order), &order["promotionCode"]), ([30_01, 10_00, 0, 20_01], &json!("THIRD")));
    let parts: Vec<i64> = stored(&shop, &order).await.items.iter().map(|line| line.discount.minor).collect();
    assert_eq!(parts, [3_33, 6_67, 0]);
    assert_eq!(shop.uses("THIRD").await, 1);
    assert_eq!(shop.order_now(order["id"].as_u64().expect("an id")).await, order);
}

#[tokio::test]
async fn free_shipping_takes_the_fee_off_and_leaves_the_lines_alone() {
    let shop = LocalShop::without_pumps().await;
    shop.promotion(json!({ "code": "FREE", "type": "FREE_SHIPPING", "value": 0 })).await;
    let mut wanted = wanted(&shop, &["10.00", "20.00"], "free").await;
    wanted["deliveryMethod"] = "HOME_DELIVERY".into();
    wanted["deliveryFee"] = json!(5.50);
    let order = shop.staff().post("/api/orders", &wanted).await.ok();
    assert_eq!(sums(&order), [30_00, 5_50, 5_50, 30_00]);
    assert!(stored(&shop, &order).await.items.iter().all(|line| line.discount.is_zero()));
}

#[tokio::test]
async fn a_code_that_has_nothing_to_take_off_is_not_used_up_by_it() {
    let shop = LocalShop::without_pumps().await;
    shop.promotion(json!({ "code": "FREE", "type": "FREE_SHIPPING", "value": 0, "perUserLimit": 1 })).await;
    let customer = shop.customer(CUSTOMER);
    let collected = wanted(&shop, &["10.00"], "FREE").await;
    let mut brought = collected.clone();
    brought["deliveryMethod"] = "HOME_DELIVERY".into();
    let mut first = Value::Null;
    for free in [&collected, &brought] {
        let order = customer.post("/api/orders", free).await.ok();
        assert_eq!((sums(&order), &order["promotionCode"]), ([10_00, 0, 0, 10_00], &Value::Null));
        assert_eq!(shop.uses("FREE").await, 0);
        first = order;
    }
    brought["deliveryFee"] = json!(5);
    let order = customer.post("/api/orders", &brought).await.ok();
    assert_eq!((sums(&order), &order["promotionCode"]), ([10_00, 5_00, 5_00, 10_00], &json!("FREE")));
    assert_eq!(shop.uses("FREE").await, 1);
    for wanted in [&brought, &collected] {
        customer.post("/api/orders", wanted).await.refused(409, "USER_LIMIT_REACHED");
    }
    // Who took none gives none back.
    customer.post(&format!("/api/orders/{}/cancel", first["id"]), &json!({ "reason": "Too big" })).await.ok();
    assert_eq!(shop.uses("FREE").await, 1);
}

#[tokio::test]
async fn an_order_with_nothing_to_pay_is_paid_and_its_cancellation_gives_nothing_back() {
    let shop = LocalShop::start().await;
    shop.promotion(json!({ "code": "FIXED", "type": "FIXED_AMOUNT", "value": 500, "usageLimit": 1 })).await;
    let order = shop.customer(CUSTOMER).post("/api/orders", &wanted(&shop, &["300.00"], "FIXED").await).await.ok();
    assert_eq!((sums(&order), &order["paymentStatus"]), ([300_00, 300_00, 0, 0], &json!("PAID")));

    // Nobody waits for money that is not owed.
    shop.after(Duration::from_hours(80)).await;
    let id = order["id"].as_u64().expect("an id");
    assert_eq!(shop.order_now(id).await["status"], "PENDING");
    let path = format!("/api/orders/{id}");
    shop.staff().put(&format!("{path}/payment"), &json!({ "paymentStatus": "PAID" })).await.refused(409, "INVALID_STATUS_TRANSITION");

    let cancelled = shop.customer(CUSTOMER).post(&format!("{path}/cancel"), &json!({ "reason": "Too big" })).await.ok();
    assert_eq!((&cancelled["refund"], &cancelled["order"]["paymentStatus"]), (&Value::Null, &json!("VOIDED")));
    assert_eq!((shop.refunds_of(id).await.len(), shop.uses("FIXED").await), (0, 0));
}

#[tokio::test]
async fn no_order_is_placed_with_a_code_that_can_t_be_used() {
    let shop = LocalShop::without_pumps().await;
    let (now, day) = (shop.system.clock.now().0, 86_400_000);
    shop.promotion(json!({ "code": "OFF", "isActive": false })).await;
    shop.promotion(json!({ "code": "LATER", "startDate": now + day })).await;
    shop.promotion(json!({ "code": "OVER", "startDate": now - 9 * day, "endDate": now - day })).await;
    shop.promotion(json!({ "code": "BIG", "minOrderValue": 20.01 })).await;
    shop.promotion(json!({ "code": "CDF", "currency": "CDF" })).await;
    shop.promotion(json!({ "code": "ONCE", "usageLimit": 1 })).await;
    shop.promotion(json!({ "code": "EACH", "perUserLimit": 1 })).await;
    let mut order = wanted(&shop, &["20.00"], "ONCE").await;
    let variant = order["items"][0]["variantId"].as_u64().expect("an id");
    for code in ["ONCE", "EACH"] {
        order["promotionCode"] = code.into();
        shop.staff().post("/api/orders", &order).await.ok();
    }
    for (code, status, expected) in [
        ("NONE", 404, "INVALID_CODE"),
        ("NO SUCH", 404, "INVALID_CODE"),
        ("OFF", 400, "INACTIVE_PROMOTION"),
        ("LATER", 400, "NOT_STARTED"),
        ("OVER", 400, "EXPIRED"),
        ("BIG", 400, "MIN_ORDER_NOT_MET"),
        ("CDF", 409, "CURRENCY_MISMATCH"),
        ("ONCE", 409, "USAGE_LIMIT_REACHED"),
        ("EACH", 409, "USER_LIMIT_REACHED"),
    ] {
        order["promotionCode"] = code.into();
        let answer = shop.staff().post("/api/orders", &order).await;
        answer.refused(status, expected);
        assert_eq!((&answer.body["valid"], &answer.body["errorCode"]), (&json!(false), &json!(expected)));
    }
    assert_eq!(shop.stock(variant).await, 98);
    assert_eq!(shop.admin().get("/api/orders").await.ok().as_array().map(Vec::len), Some(2));
    // Another customer's is another use, and staff place it for them.
    (order["customerId"], order["promotionCode"]) = (json!(77), "EACH".into());
    shop.staff().post("/api/orders", &order).await.ok();
}

#[tokio::test]
async fn a_cancelled_orders_use_comes_back_once_also_when_the_promotion_is_over() {
    let shop = LocalShop::without_pumps().await;
    for (n, (code, limit)) in [("ONE", json!(1)), ("FEW", json!(2)), ("MANY", json!(5_000)), ("ANY", json!(null))].into_iter().enumerate() {
        shop.promotion(json!({ "code": code, "usageLimit": limit, "perUserLimit": 1 })).await;
        let order = wanted(&shop, &["20.00"], code).await;
        let placed = shop.staff().post("/api/orders", &order).await.ok();
        let held = stored(&shop, &placed).await.held_use.expect("a use");
        let taken = left(&shop, &held.code).await;
        shop.staff().post("/api/orders", &order).await.refused(409, if n == 0 { "USAGE_LIMIT_REACHED" } else { "USER_LIMIT_REACHED" });

        shop.system.clock.advance(Duration::from_hours(24 * 40));
        shop.customer(CUSTOMER).post("/api/promotions/validate", &json!({ "code": code, "orderTotal": 1 })).await.refused(400, "EXPIRED");
        let cancel = format!("/api/orders/{}/cancel", placed["id"]);
        shop.staff().post(&cancel, &json!({ "reason": "No" })).await.ok();
        shop.staff().post(&cancel, &json!({ "reason": "No" })).await.refused(409, "ALREADY_CANCELLED");
        assert_eq!((shop.uses(code).await, stored(&shop, &placed).await.held_use), (0, None));
        // It is in the shard again that it came from, once, and no other has changed.
        let mut given_back = taken;
        given_back[usize::from(held.shard)] += 1;
        assert_eq!(left(&shop, &held.code).await, given_back, "{code}");

        // Whoever gave it back can use it again.
        let path = format!("/api/promotions?id={}", shop.admin().get(&format!("/api/promotions?code={code}")).await.ok()["id"]);
        shop.admin().put(&path, &json!({ "endDate": shop.system.clock.now().0 + 1_000_000 })).await.ok();
        let again = shop.staff().post("/api/orders", &order).await.ok();
        assert_eq!((cents(&again["discount"]), shop.uses(code).await), (4_00, 1));
        assert!(held.code.as_str() == code && (code == "MANY" || code == "ANY" || held.shard == 0));
    }
}

#[tokio::test]
async fn staff_and_the_system_give_a_use_back_as_the_customer_does() {
    let shop = LocalShop::start().await;
    shop.promotion(json!({ "usageLimit": 2 })).await;
    let order = wanted(&shop, &["20.00"], "SAVE20").await;
    let by_staff = shop.staff().post("/api/orders", &order).await.ok();
    shop.staff().post("/api/orders", &order).await.ok();
    let cancel = json!({ "newStatus": "CANCELLED", "note": "Not to be had" });
    shop.staff().put(&format!("/api/orders/{}/status", by_staff["id"]), &cancel).await.ok();
    assert_eq!(shop.uses("SAVE20").await, 1);
    // The other is never paid.
    shop.after(Duration::from_hours(73)).await;
    assert_eq!(shop.uses("SAVE20").await, 0);
}

#[tokio::test]
async fn a_limit_below_what_is_used_is_a_code_that_is_used_up() {
    let shop = LocalShop::without_pumps().await;
    for (code, limit) in [("FEW", 5), ("MANY", 1_500)] {
        let promotion = shop.promotion(json!({ "code": code, "usageLimit": limit })).await;
        let path = format!("/api/promotions?id={}", promotion["id"]);
        let order = wanted(&shop, &["20.00"], code).await;
        let mut placed = Vec::new();
        for _ in 0..3 {
            placed.push(shop.staff().post("/api/orders", &order).await.ok()["id"].clone());
        }
        let lowered = shop.admin().put(&path, &json!({ "usageLimit": 1 })).await.ok();
        assert_eq!((&lowered["usageLimit"], &lowered["usageCount"]), (&json!(1), &json!(3)));
        let ask = json!({ "code": code, "orderTotal": 1 });
        for (used, id) in (0..3).rev().zip(&placed) {
            shop.staff().post("/api/promotions/validate", &ask).await.refused(400, "USAGE_LIMIT_REACHED");
            shop.staff().post("/api/orders", &order).await.refused(409, "USAGE_LIMIT_REACHED");
            shop.staff().post(&format!("/api/orders/{id}/cancel"), &json!({ "reason": "No" })).await.ok();
            assert_eq!(shop.uses(code).await, used);
        }
        // Now the one use is there that the limit allows.
        shop.staff().post("/api/promotions/validate", &ask).await.ok();
        shop.staff().post("/api/orders", &order).await.ok();
        shop.staff().post("/api/orders", &order).await.refused(409, "USAGE_LIMIT_REACHED");

        // More, then without end.
        shop.admin().put(&path, &json!({ "usageLimit": 2 })).await.ok();
        shop.staff().post("/api/orders", &order).await.ok();
        shop.staff().post("/api/orders", &order).await.refused(409, "USAGE_LIMIT_REACHED");
        shop.admin().put(&path, &json!({ "usageLimit": null })).await.ok();
        shop.staff().post("/api/orders", &order).await.ok();
        assert_eq!(shop.uses(code).await, 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_use_whose_answer_got_lost_is_taken_once_and_given_back_once() {
    let shop = LocalShop::without_pumps().await;
    shop.promotion(json!({ "usageLimit": 5 })).await;
    let order = wanted(&shop, &["20.00"], "SAVE20").await;
    for times in [1, 4] {
        shop.system.faults.inject("TransactWriteItems", Fault::AnswerLost, times);
        let placed = shop.staff().post("/api/orders", &order).await.ok();
        assert_eq!((cents(&placed["discount"]), shop.uses("SAVE20").await), (4_00, 1));
        shop.system.faults.inject("TransactWriteItems", Fault::AnswerLost, times);
        shop.staff().post(&format!("/api/orders/{}/cancel", placed["id"]), &json!({ "reason": "Lost" })).await.ok();
        assert_eq!(shop.uses("SAVE20").await, 0);
    }
    assert_eq!(shop.system.faults.happened(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redemption_that_meets_others_is_tried_again() {
    let shop = LocalShop::without_pumps().await;
    shop.promotion(json!({ "usageLimit": 5_000 })).await;
    shop.system.faults.inject("TransactWriteItems", Fault::Conflict, 6);
    let placed = shop.staff().post("/api/orders", &wanted(&shop, &["20.00"], "SAVE20").await).await.ok();
    assert_eq!((cents(&placed["discount"]), shop.uses("SAVE20").await, shop.system.faults.happened()), (4_00, 1, 6));
}
