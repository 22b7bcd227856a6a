//! `POST /api/refunds`: all that is left, an amount, or pieces of lines.

use crate::kit::{Answer, Answers, CUSTOMER, LocalShop, Placed, cents, race};
use serde_json::{Value, json};

async fn refund(shop: &LocalShop, order: &Placed, body: Value) -> Answer {
    let mut wanted = json!({ "orderId": order.id, "reason": "Fault in the seam" });
    for (field, value) in body.as_object().expect("an object") {
        wanted[field] = value.clone();
    }
    shop.admin().post("/api/refunds", &wanted).await
}

async fn put(shop: &LocalShop, refund: &Value, status: &str) -> Answer {
    shop.admin().put(&format!("/api/refunds?id={}", refund["id"]), &json!({ "status": status })).await
}

fn item(order: &Placed, at: usize) -> Value {
    order.body["items"][at]["id"].clone()
}

async fn money(shop: &LocalShop, order: &Placed) -> (String, i64) {
    let now = shop.order_now(order.id).await;
    (now["paymentStatus"].as_str().expect("a word").to_owned(), cents(&now["refundedTotal"]))
}

#[tokio::test]
async fn with_neither_amount_nor_items_all_that_is_left_goes_back() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().lines(2).with("paymentMethod", json!("CARD")).with("deliveryFee", json!(5)).paid().place().await;
    let first = refund(&shop, &order, json!({ "amount": 30.01 })).await.ok();
    put(&shop, &first, "COMPLETED").await.ok();

    let answer = refund(&shop, &order, json!({})).await;
    assert_eq!((answer.status, answer.header("etag")), (201, "\"1\""));
    let made = answer.ok();
    assert_eq!((cents(&made["amount"]), &made["refundMethod"], &made["status"]), (124_99, &json!("CARD"), &json!("PROCESSING")));
    assert_eq!((&made["reason"], &made["orderId"], &made["returnId"]), (&json!("Fault in the seam"), &json!(order.id), &Value::Null));
    assert_eq!(shop.admin().get(&format!("/api/refunds?id={}", made["id"])).await.ok(), made);
    assert_eq!(money(&shop, &order).await, ("REFUND_PENDING".to_owned(), 30_01));
    refund(&shop, &order, json!({})).await.refused(409, "REFUND_EXCEEDS_PAID");
    refund(&shop, &order, json!({ "amount": 0.01 })).await.refused(409, "REFUND_EXCEEDS_PAID");
    put(&shop, &made, "COMPLETED").await.ok();
    assert_eq!(money(&shop, &order).await, ("REFUNDED".to_owned(), 155_00));
}

#[tokio::test]
async fn an_amount_leaves_the_order_partially_refunded() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().paid().place().await;
    let part = refund(&shop, &order, json!({ "amount": 25.01, "refundMethod": "CASH" })).await.ok();
    assert_eq!((cents(&part["amount"]), &part["refundMethod"]), (25_01, &json!("CASH")));
    refund(&shop, &order, json!({ "amount": 50 })).await.refused(409, "REFUND_EXCEEDS_PAID");
    assert_eq!(money(&shop, &order).await, ("REFUND_PENDING".to_owned(), 0));
    put(&shop, &part, "COMPLETED").await.ok();
    assert_eq!(money(&shop, &order).await, ("PARTIALLY_REFUNDED".to_owned(), 25_01));

    let other = refund(&shop, &order, json!({ "amount": 10 })).await.ok();
    put(&shop, &other, "FAILED").await.ok();
    assert_eq!(money(&shop, &order).await, ("PARTIALLY_REFUNDED".to_owned(), 25_01));
    // Cancelling gives back the rest, and no more.
    let cancelled = shop.staff().post(&order.path("cancel"), &json!({ "reason": "Sold out" })).await.ok();
    assert_eq!(cents(&cancelled["refund"]["amount"]), 49_99);
    put(&shop, &other, "PROCESSING").await.refused(409, "REFUND_EXCEEDS_PAID");
}

#[tokio::test]
async fn pieces_give_back_what_was_paid_for_them_and_none_twice() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().lines(2).quantity(3).price("33.33").paid().place().await;
    let (first, second) = (item(&order, 0), item(&order, 1));
    let pieces = |pieces: &[(&Value, u32)]| {
        let items: Vec<Value> = pieces.iter().map(|(id, quantity)| json!({ "orderItemId": id, "quantity": quantity })).collect();
        json!({ "items": items })
    };

    let two = refund(&shop, &order, pieces(&[(&first, 2)])).await.ok();
    assert_eq!(cents(&two["amount"]), 66_66);
    refund(&shop, &order, pieces(&[(&first, 2)])).await.refused(409, "REFUND_EXCEEDS_PAID");
    // A line that is named twice counts together.
    refund(&shop, &order, pieces(&[(&second, 2), (&second, 2)])).await.refused(409, "REFUND_EXCEEDS_PAID");
    let more = refund(&shop, &order, pieces(&[(&second, 1), (&first, 1), (&second, 1)])).await.ok();
    assert_eq!(cents(&more["amount"]), 99_99);

    put(&shop, &two, "FAILED").await.ok();
    let again = refund(&shop, &order, pieces(&[(&first, 1)])).await.ok();
    put(&shop, &two, "PROCESSING").await.refused(409, "REFUND_EXCEEDS_PAID");
    put(&shop, &again, "FAILED").await.ok();
    assert_eq!(cents(&put(&shop, &two, "PROCESSING").await.ok()["amount"]), 66_66);

    // What went back as an amount is nobody's pieces, and yet no longer there.
    refund(&shop, &order, json!({ "amount": 30 })).await.ok();
    refund(&shop, &order, pieces(&[(&second, 1)])).await.refused(409, "REFUND_EXCEEDS_PAID");
    assert_eq!(cents(&refund(&shop, &order, json!({})).await.ok()["amount"]), 3_33);
}

#[tokio::test]
async fn an_order_that_nobody_paid_gives_nothing_back() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().place().await;
    for body in [json!({}), json!({ "amount": 1 }), json!({ "items": [{ "orderItemId": item(&order, 0), "quantity": 1 }] })] {
        refund(&shop, &order, body).await.refused(409, "REFUND_EXCEEDS_PAID");
    }
    assert_eq!(shop.order_now(order.id).await, order.body);
}

#[tokio::test]
async fn the_method_is_one_that_the_order_allows() {
    let shop = LocalShop::start().await;
    let order = shop.order().with("paymentMethod", json!("CARD")).paid().place().await;
    let wrong = refund(&shop, &order, json!({ "refundMethod": "MOBILE_MONEY" })).await;
    wrong.refused(400, "INVALID_METHOD");
    assert_eq!(wrong.errors(), [("/refundMethod", "INVALID_METHOD")]);

    refund(&shop, &order, json!({ "amount": 20, "refundMethod": "STORE_CREDIT" })).await.ok();
    shop.settled().await;
    assert_eq!(money(&shop, &order).await, ("PARTIALLY_REFUNDED".to_owned(), 20_00));
    let credit = shop.customer(CUSTOMER).get("/api/store-credit").await.ok();
    assert_eq!(cents(&credit["balances"][0]["balance"]), 20_00);
}

#[tokio::test]
async fn a_wrong_request_for_a_new_refund_is_named() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().paid().place().await;
    let post = async |body: Value| shop.admin().post("/api/refunds", &body).await;

    let nothing = post(json!({})).await;
    assert_eq!(nothing.errors(), [("/orderId", "MISSING_REQUIRED_FIELDS"), ("/reason", "MISSING_REQUIRED_FIELDS")]);
    let all =
        json!({ "orderId": "x", "amount": -1, "items": [], "reason": "x".repeat(501), "refundMethod": "GOLD", "status": "COMPLETED" });
    let expected = [
        ("/orderId", "INVALID_ID"),
        ("/amount", "INVALID_AMOUNT"),
        ("/items", "MISSING_ITEMS"),
        ("/reason", "INVALID_REASON"),
        ("/refundMethod", "INVALID_METHOD"),
        ("/status", "UNKNOWN_FIELD"),
    ];
    assert_eq!(post(all).await.errors(), expected);
    for amount in ["0", "0.00", "-0", "1e400", "0.0001", "\"1\"", "true"] {
        let amount: Value = serde_json::from_str(amount).unwrap_or_else(|_| json!("out of range"));
        let answer = refund(&shop, &order, json!({ "amount": amount })).await;
        assert_eq!(answer.errors(), [("/amount", "INVALID_AMOUNT")], "{amount}");
    }
    // Only the order knows how many decimals its money has.
    assert_eq!(refund(&shop, &order, json!({ "amount": 1.001 })).await.errors(), [("/amount", "INVALID_AMOUNT")]);
    let both = refund(&shop, &order, json!({ "amount": 1, "items": [{ "orderItemId": item(&order, 0), "quantity": 1 }] })).await;
    assert_eq!((both.status, both.errors()), (400, vec![("/items", "INVALID_ITEM")]));
    let items = json!([{ "orderItemId": 1, "quantity": 0 }, { "quantity": 1.5 }, 7, { "orderItemId": 1, "quantity": 1, "reason": "x" }]);
    let wrong = refund(&shop, &order, json!({ "items": items })).await;
    let expected = [
        ("/items/0/quantity", "INVALID_ITEM"),
        ("/items/1/orderItemId", "INVALID_ITEM"),
        ("/items/1/quantity", "INVALID_ITEM"),
        ("/items/2", "INVALID_ITEM"),
        ("/items/3/reason", "UNKNOWN_FIELD"),
    ];
    assert_eq!(wrong.errors(), expected);
    let many = vec![json!({ "orderItemId": 1, "quantity": 1 }); 51];
    refund(&shop, &order, json!({ "items": many })).await.refused(400, "TOO_MANY_ITEMS");
    refund(&shop, &order, json!({ "items": [{ "orderItemId": 123, "quantity": 1 }] })).await.refused(400, "INVALID_ORDER_ITEMS");
    post(json!({ "orderId": 123, "reason": "x" })).await.refused(404, "ORDER_NOT_FOUND");
    assert!(shop.refunds_of(order.id).await.is_empty());
}

#[tokio::test]
async fn a_key_makes_one_refund_of_two_requests() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().paid().place().await;
    let body = json!({ "orderId": order.id, "amount": 10, "reason": "x" });
    let first = shop.admin().key("k").post("/api/refunds", &body).await;
    let again = shop.admin().key("k").post("/api/refunds", &body).await;
    assert_eq!((again.header("idempotency-replayed"), &again.text), ("true", &first.text));
    assert_eq!(shop.refunds_of(order.id).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_thirty_racing_refunds_those_that_fit_are_opened_to_the_cent() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().lines(2).price("50.00").paid().place().await;
    // 100.00 were paid: five of 17.13 fit, and 14.35 are left.
    let answers = race(30, |_| {
        let (admin, body) = (shop.admin(), json!({ "orderId": order.id, "amount": 17.13, "reason": "Race" }));
        async move { admin.post("/api/refunds", &body).await }
    })
    .await;

    assert_eq!(answers.with_status(201), 5, "{:?}", answers.tally());
    assert_eq!(answers.with_code("REFUND_EXCEEDS_PAID"), 25, "{:?}", answers.tally());
    let sum: i64 = shop.refunds_of(order.id).await.iter().map(|refund| cents(&refund["amount"])).sum();
    assert_eq!(sum, 85_65);
    assert_eq!(cents(&refund(&shop, &order, json!({})).await.ok()["amount"]), 14_35);
}

#[tokio::test(flavor = "multi_thread")]
async fn refunds_of_every_kind_and_a_cancel_that_race_never_pass_what_was_paid() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().lines(2).quantity(4).price("12.50").paid().place().await;
    let answers = race(24, |n| {
        let (admin, cancel) = (shop.admin(), order.path("cancel"));
        let line = item(&order, n % 2);
        let body = match n % 3 {
            0 => json!({ "orderId": order.id, "amount": 21, "reason": "Race" }),
            1 => json!({ "orderId": order.id, "items": [{ "orderItemId": line, "quantity": 2 }], "reason": "Race" }),
            _ => json!({ "orderId": order.id, "items": [{ "orderItemId": line, "quantity": 1 }], "reason": "Race" }),
        };
        async move {
            match n {
                23 => admin.post(&cancel, &json!({ "reason": "Race" })).await,
                _ => admin.post("/api/refunds", &body).await,
            }
        }
    })
    .await;

    assert_eq!(answers.with_status(201) + answers.with_status(200) + answers.with_code("REFUND_EXCEEDS_PAID"), 24, "{:?}", answers.tally());
    assert_eq!(answers.with_status(200), 1, "the cancel is carried out whatever is left");
    let refunds = shop.refunds_of(order.id).await;
    assert_eq!(refunds.iter().map(|refund| cents(&refund["amount"])).sum::<i64>(), 100_00);
    for refund in &refunds {
        put(&shop, refund, "COMPLETED").await.ok();
    }
    assert_eq!(money(&shop, &order).await, ("REFUNDED".to_owned(), 100_00));
}
