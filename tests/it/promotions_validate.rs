//! Asking what a code takes off.

use crate::kit::{Answer, CUSTOMER, LocalShop, cents, keys};
use serde_json::{Value, json};

async fn ask(shop: &LocalShop, body: Value) -> Answer {
    shop.customer(CUSTOMER).post("/api/promotions/validate", &body).await
}

/// That the code can't be used, in both of the forms that clients read.
#[track_caller]
fn not_valid(answer: &Answer, status: u16, code: &str) {
    answer.refused(status, code);
    assert_eq!((&answer.body["valid"], &answer.body["errorCode"]), (&json!(false), &json!(code)));
}

#[tokio::test]
async fn a_code_tells_what_it_takes_off() {
    let shop = LocalShop::without_pumps().await;
    let promotion = shop.promotion(json!({ "description": "Twenty off", "usageLimit": 1, "perUserLimit": 1 })).await;
    let answer = ask(&shop, json!({ "code": "  save20 ", "orderTotal": 99.99 })).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(keys(&answer.body), ["discountAmount", "finalTotal", "promotion", "valid"]);
    assert_eq!(
        (&answer.body["valid"], cents(&answer.body["discountAmount"]), cents(&answer.body["finalTotal"])),
        (&json!(true), 20_00, 79_99)
    );
    let told = &answer.body["promotion"];
    assert_eq!(keys(told), ["code", "description", "id", "name", "type", "value"]);
    assert_eq!((&told["id"], &told["code"], &told["value"]), (&promotion["id"], &json!("SAVE20"), &json!(20)));
    // However often it is asked, no use is taken.
    ask(&shop, json!({ "code": "SAVE20", "orderTotal": 1 })).await.ok();
    assert_eq!(shop.uses("SAVE20").await, 0);
}

#[tokio::test]
async fn a_code_is_the_same_however_its_accents_are_typed() {
    let shop = LocalShop::without_pumps().await;
    // The accent as a character of its own, as some keyboards send it.
    let (composed, decomposed) = ("\u{c9}T\u{c9}", "e\u{301}te\u{301}");
    let made = shop.promotion(json!({ "code": decomposed })).await;
    assert_eq!(made["code"], composed);
    shop.admin().post("/api/promotions", &shop.promotion_body(&json!({ "code": composed }))).await.refused(409, "DUPLICATE_CODE");
    for code in [composed, decomposed] {
        assert_eq!(ask(&shop, json!({ "code": code, "orderTotal": 10 })).await.ok()["promotion"]["code"], composed);
        assert_eq!(shop.admin().get(&format!("/api/promotions?code={code}")).await.ok()["id"], made["id"]);
        shop.admin().put(&format!("/api/promotions?id={}", made["id"]), &json!({ "code": code })).await.ok();
    }
    let order = shop.order().with("promotionCode", json!(decomposed)).place().await;
    assert_eq!(order.body["promotionCode"], composed);
    assert_eq!(shop.uses(composed).await, 1);
}

#[tokio::test]
async fn discounts_are_rounded_capped_and_never_more_than_there_is() {
    let shop = LocalShop::without_pumps().await;
    shop.promotion(json!({ "code": "TEN", "value": 10 })).await;
    shop.promotion(json!({ "code": "CAPPED", "value": 50, "maxDiscount": 12.34 })).await;
    shop.promotion(json!({ "code": "FIXED", "type": "FIXED_AMOUNT", "value": 500 })).await;
    shop.promotion(json!({ "code": "FREE", "type": "FREE_SHIPPING", "value": 0 })).await;
    shop.promotion(json!({ "code": "CHEAP", "type": "FREE_SHIPPING", "value": null, "maxDiscount": 2 })).await;
    for (code, total, fee, off, left) in [
        ("TEN", "0.05", None, 0, 5),
        ("TEN", "0.15", None, 2, 13),
        ("TEN", "0.25", None, 2, 23),
        ("TEN", "0.35", None, 4, 31),
        ("TEN", "100", Some("5"), 10_00, 95_00),
        ("TEN", "0", None, 0, 0),
        ("CAPPED", "24.67", None, 12_34, 12_33),
        ("CAPPED", "1000", None, 12_34, 987_66),
        ("FIXED", "300", None, 300_00, 0),
        ("FIXED", "300", Some("5"), 300_00, 5_00),
        ("FREE", "100", Some("7.50"), 7_50, 100_00),
        ("FREE", "100", None, 0, 100_00),
        ("CHEAP", "100", Some("7.50"), 2_00, 105_50),
    ] {
        let number = |text: &str| serde_json::from_str::<Value>(text).expect("a number");
        let answer = ask(&shop, json!({ "code": code, "orderTotal": number(total), "deliveryFee": fee.map(number) })).await.ok();
        assert_eq!((cents(&answer["discountAmount"]), cents(&answer["finalTotal"])), (off, left), "{code} of {total} and {fee:?}");
    }
}

#[tokio::test]
async fn every_reason_has_its_code_and_its_status() {
    let shop = LocalShop::without_pumps().await;
    let (now, day) = (shop.system.clock.now().0, 86_400_000);
    shop.promotion(json!({ "code": "OFF", "isActive": false })).await;
    shop.promotion(json!({ "code": "LATER", "startDate": now + day })).await;
    shop.promotion(json!({ "code": "OVER", "startDate": now - 9 * day, "endDate": now - day })).await;
    shop.promotion(json!({ "code": "BIG", "minOrderValue": 100 })).await;
    shop.promotion(json!({ "code": "ONCE", "usageLimit": 1 })).await;
    shop.promotion(json!({ "code": "EACH", "perUserLimit": 1 })).await;
    for code in ["ONCE", "EACH"] {
        shop.order().with("promotionCode", json!(code)).place().await;
    }
    for (code, status, expected) in [
        ("NONE", 404, "INVALID_CODE"),
        ("no such thing", 404, "INVALID_CODE"),
        ("👗", 404, "INVALID_CODE"),
        ("OFF", 400, "INACTIVE_PROMOTION"),
        ("LATER", 400, "NOT_STARTED"),
        ("OVER", 400, "EXPIRED"),
        ("BIG", 400, "MIN_ORDER_NOT_MET"),
        ("ONCE", 400, "USAGE_LIMIT_REACHED"),
        ("EACH", 400, "USER_LIMIT_REACHED"),
    ] {
        not_valid(&ask(&shop, json!({ "code": code, "orderTotal": 99.99 })).await, status, expected);
    }
    ask(&shop, json!({ "code": "BIG", "orderTotal": 100 })).await.ok();
    // Whoever else has not used it can; staff may ask for anybody, and for nobody in particular.
    shop.customer(CUSTOMER + 1).post("/api/promotions/validate", &json!({ "code": "EACH", "orderTotal": 1 })).await.ok();
    shop.staff().post("/api/promotions/validate", &json!({ "code": "EACH", "orderTotal": 1 })).await.ok();
    let others = json!({ "code": "EACH", "orderTotal": 1, "customerId": CUSTOMER });
    not_valid(&shop.staff().post("/api/promotions/validate", &others).await, 400, "USER_LIMIT_REACHED");
    shop.customer(CUSTOMER + 1).post("/api/promotions/validate", &others).await.refused(403, "FORBIDDEN");
}

#[tokio::test]
async fn a_promotion_is_for_orders_of_its_currency() {
    let shop = LocalShop::without_pumps().await;
    shop.promotion(json!({ "code": "CDF", "type": "FIXED_AMOUNT", "value": 5000, "currency": "CDF" })).await;
    not_valid(&ask(&shop, json!({ "code": "CDF", "orderTotal": 10 })).await, 409, "CURRENCY_MISMATCH");
    let answer = ask(&shop, json!({ "code": "CDF", "orderTotal": 28000, "currency": "CDF" })).await.ok();
    assert_eq!(cents(&answer["finalTotal"]), 23_000_00);
}

#[tokio::test]
async fn what_is_asked_wrongly_is_named() {
    let shop = LocalShop::without_pumps().await;
    let nothing = ask(&shop, json!({})).await;
    nothing.refused(400, "MISSING_CODE");
    assert_eq!(nothing.errors(), [("/code", "MISSING_CODE"), ("/orderTotal", "INVALID_ORDER_TOTAL")]);
    for (total, code) in [(json!(-1), "INVALID_ORDER_TOTAL"), (json!("10"), "INVALID_ORDER_TOTAL"), (json!(0.001), "INVALID_AMOUNT")] {
        ask(&shop, json!({ "code": "X", "orderTotal": total })).await.refused(400, code);
    }
    ask(&shop, json!({ "code": "X", "orderTotal": 1, "customerId": 0 })).await.refused(400, "INVALID_ID");
    ask(&shop, json!({ "code": "X", "orderTotal": 1, "deliveryFee": -1 })).await.refused(400, "INVALID_AMOUNT");
    ask(&shop, json!({ "code": "X", "orderTotal": 1, "total": 1 })).await.refused(400, "UNKNOWN_FIELD");
}
