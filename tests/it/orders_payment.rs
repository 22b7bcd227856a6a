//! `PUT /api/orders/{orderId}/payment`.

use crate::kit::{Answer, CUSTOMER, LocalShop, Placed, cents};
use serde_json::{Value, json};

async fn mark(shop: &LocalShop, order: &Placed, status: &str) -> Answer {
    shop.staff().put(&order.path("payment"), &json!({ "paymentStatus": status })).await
}

#[tokio::test]
async fn staff_mark_an_order_paid_with_its_reference() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().place().await;

    let body = json!({ "paymentStatus": "PAID", "reference": " MP-77 " });
    let answer = shop.staff().put(&order.path("payment"), &body).await;

    assert_eq!((answer.status, answer.header("etag")), (200, "\"2\""));
    assert_eq!((&answer.body["paymentStatus"], &answer.body["paymentReference"]), (&json!("PAID"), &json!("MP-77")));
    assert_eq!(answer.body["status"], "PENDING");
    assert_eq!(answer.body, shop.order_now(order.id).await);
}

#[tokio::test]
async fn by_hand_a_payment_goes_to_paid_or_failed_and_from_failed_to_paid_alone() {
    let shop = LocalShop::without_pumps().await;
    let words = ["PENDING", "PAID", "FAILED", "REFUND_PENDING", "PARTIALLY_REFUNDED", "REFUNDED", "VOIDED"];
    let table: [(&[&str], &[&str]); 3] = [(&[], &["PAID", "FAILED"]), (&["FAILED"], &["PAID"]), (&["PAID"], &[])];
    for (steps, allowed) in table {
        let order = shop.order().place().await;
        for to in steps {
            mark(&shop, &order, to).await.ok();
        }
        let before = shop.order_now(order.id).await;
        for to in words.iter().filter(|to| !allowed.contains(to)) {
            let answer = mark(&shop, &order, to).await;
            answer.refused(409, "INVALID_STATUS_TRANSITION");
            assert_eq!(answer.body["allowed"], json!(allowed), "{steps:?} to {to}");
        }
        assert_eq!(shop.order_now(order.id).await, before);
    }
    let order = shop.order().place().await;
    mark(&shop, &order, "FAILED").await.ok();
    assert_eq!(mark(&shop, &order, "PAID").await.ok()["paymentStatus"], "PAID");
}

#[tokio::test]
async fn customers_cant_mark_their_own_order_paid() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().place().await;
    let answer = shop.customer(CUSTOMER).put(&order.path("payment"), &json!({ "paymentStatus": "PAID" })).await;
    answer.refused(403, "FORBIDDEN");
    assert_eq!(shop.order_now(order.id).await["paymentStatus"], "PENDING");
}

#[tokio::test]
async fn a_reference_of_another_order_is_refused_and_its_own_is_not() {
    let shop = LocalShop::without_pumps().await;
    let first = shop.order().with("paymentReference", json!("MP-1")).place().await;
    let (second, card) = (shop.order().place().await, shop.order().with("paymentMethod", json!("CARD")).place().await);
    let pay = async |order: &Placed, reference: &str| {
        shop.staff().put(&order.path("payment"), &json!({ "paymentStatus": "PAID", "reference": reference })).await
    };

    pay(&second, "MP-1").await.refused(409, "PAYMENT_REFERENCE_USED");
    assert_eq!(shop.order_now(second.id).await, second.body);
    assert_eq!(pay(&first, "MP-1").await.status, 200);
    // What staff note is theirs, however an order is paid and however they write it; a provider's references are its own.
    for noted in ["MP-1", "mp-1"] {
        pay(&card, noted).await.refused(409, "PAYMENT_REFERENCE_USED");
    }
    assert_eq!(pay(&second, "pi_1").await.status, 200);
    assert_eq!(pay(&card, "pi_1").await.status, 200);
}

#[tokio::test]
async fn money_that_arrives_for_a_cancelled_order_goes_back_in_the_same_step() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().price("12.34").quantity(2).place().await;
    shop.staff().post(&order.path("cancel"), &json!({ "reason": "Unpaid" })).await.ok();

    let paid = mark(&shop, &order, "PAID").await.ok();
    assert_eq!((&paid["status"], &paid["paymentStatus"]), (&json!("CANCELLED"), &json!("REFUND_PENDING")));
    let refunds = shop.refunds_of(order.id).await;
    assert_eq!(refunds.iter().map(|refund| cents(&refund["amount"])).collect::<Vec<_>>(), [24_68]);
    assert_eq!(refunds[0]["refundMethod"], "MOBILE_MONEY");
    mark(&shop, &order, "PAID").await.refused(409, "INVALID_STATUS_TRANSITION");
    assert_eq!(shop.refunds_of(order.id).await.len(), 1);
}

#[tokio::test]
async fn a_wrong_request_for_a_payment_is_named() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().place().await;
    let put = async |body: Value| shop.staff().put(&order.path("payment"), &body).await;

    put(json!({})).await.refused(400, "MISSING_REQUIRED_FIELDS");
    put(json!({ "paymentStatus": "paid" })).await.refused(400, "INVALID_STATUS");
    let all = put(json!({ "amount": 1, "reference": "x".repeat(256), "paymentStatus": true })).await;
    all.refused(400, "INVALID_STATUS");
    let expected = [("/paymentStatus", "INVALID_STATUS"), ("/reference", "INVALID_REFERENCE"), ("/amount", "UNKNOWN_FIELD")];
    assert_eq!(all.errors(), expected);
    let ok = json!({ "paymentStatus": "PAID" });
    shop.staff().put("/api/orders/x/payment", &ok).await.refused(400, "INVALID_ORDER_ID");
    shop.staff().put("/api/orders/123/payment", &ok).await.refused(404, "ORDER_NOT_FOUND");
    assert_eq!(shop.order_now(order.id).await, order.body);
}
