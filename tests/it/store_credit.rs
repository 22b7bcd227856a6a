//! `GET /api/store-credit`, `POST /api/store-credit/redeem`.

use crate::kit::{Answer, CUSTOMER, LocalShop, Placed, cents, column, keys};
use serde_json::{Value, json};

/// Gives the customer the price of an order as credit.
async fn credited(shop: &LocalShop, price: &str) -> Placed {
    let order = shop.order().price(price).paid().place().await;
    shop.customer(CUSTOMER).post(&order.path("cancel"), &json!({ "reason": "Too small", "refundMethod": "STORE_CREDIT" })).await.ok();
    shop.settled().await;
    order
}

async fn redeem(shop: &LocalShop, amount: &str, fields: Value) -> Answer {
    let mut body =
        json!({ "customerId": CUSTOMER, "amount": serde_json::from_str::<Value>(amount).expect("a number"), "note": "At the till" });
    for (field, value) in fields.as_object().expect("fields") {
        body[field] = value.clone();
    }
    shop.staff().post("/api/store-credit/redeem", &body).await
}

#[tokio::test]
async fn a_ledger_tells_what_is_there_and_how_it_came_to_be() {
    let shop = LocalShop::start().await;
    let nothing = shop.customer(CUSTOMER).get("/api/store-credit").await.ok();
    assert_eq!(nothing, json!({ "customerId": CUSTOMER, "balances": [], "entries": [] }));
    let order = credited(&shop, "20.05").await;
    let refund = shop.refunds_of(order.id).await[0]["id"].clone();
    redeem(&shop, "5.01", json!({})).await.ok();

    let answer = shop.customer(CUSTOMER).get("/api/store-credit").await;
    assert!(answer.text.contains(r#""balances":[{"currency":"USD","balance":15.04}]"#), "{}", answer.text);
    let mut ledger = answer.body;
    assert_eq!(keys(&ledger), ["balances", "customerId", "entries"]);
    assert_eq!(keys(&ledger["entries"][0]), ["amount", "createdAt", "currency", "kind", "note", "orderId", "refundId"]);
    for entry in ledger["entries"].as_array_mut().expect("a list") {
        assert!(entry["createdAt"].take().is_u64());
    }
    let expected = json!([
        { "amount": 5.01, "currency": "USD", "kind": "REDEMPTION", "orderId": null, "refundId": null, "note": "At the till", "createdAt": null },
        { "amount": 20.05, "currency": "USD", "kind": "REFUND", "orderId": order.id, "refundId": refund, "note": null, "createdAt": null },
    ]);
    assert_eq!(ledger["entries"], expected);
}

#[tokio::test]
async fn why_a_refund_was_made_is_for_staff_to_read() {
    let shop = LocalShop::start().await;
    let order = shop.order().price("20.00").paid().place().await;
    let refund =
        json!({ "orderId": order.id, "amount": 5.00, "reason": "Goodwill, complains all the time", "refundMethod": "STORE_CREDIT" });
    shop.admin().post("/api/refunds", &refund).await.ok();
    shop.settled().await;
    redeem(&shop, "1.00", json!({})).await.ok();

    let path = format!("/api/store-credit?customerId={CUSTOMER}");
    let mut staffs = shop.staff().get(&path).await.ok();
    assert_eq!(column(&staffs["entries"], "note"), ["At the till", "Goodwill, complains all the time"]);
    staffs["entries"][1]["note"] = Value::Null;
    assert_eq!(shop.customer(CUSTOMER).get(&path).await.ok(), staffs);
}

#[tokio::test]
async fn a_redemption_answers_itself_and_what_is_left() {
    let shop = LocalShop::start().await;
    credited(&shop, "10.00").await;
    let order = shop.order().place().await;

    let answer = redeem(&shop, "9.99", json!({ "orderId": order.id, "currency": "USD" })).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert!(answer.text.contains(r#""amount":9.99"#) && answer.text.contains(r#""balance":0.01"#), "{}", answer.text);
    let fields = ["amount", "balance", "createdAt", "currency", "customerId", "id", "kind", "note", "orderId", "refundId"];
    assert_eq!(keys(&answer.body), fields);
    assert_eq!((&answer.body["kind"], &answer.body["orderId"]), (&json!("REDEMPTION"), &json!(order.id)));
}

#[tokio::test]
async fn nobody_spends_more_than_they_have() {
    let shop = LocalShop::start().await;
    redeem(&shop, "0.01", json!({})).await.refused(409, "INSUFFICIENT_CREDIT");
    credited(&shop, "10.00").await;

    redeem(&shop, "10.01", json!({})).await.refused(409, "INSUFFICIENT_CREDIT");
    redeem(&shop, "1", json!({ "currency": "CDF" })).await.refused(409, "INSUFFICIENT_CREDIT");
    redeem(&shop, "1", json!({ "customerId": CUSTOMER + 1 })).await.refused(409, "INSUFFICIENT_CREDIT");
    assert_eq!(cents(&redeem(&shop, "10.00", json!({})).await.ok()["balance"]), 0);
    redeem(&shop, "0.01", json!({})).await.refused(409, "INSUFFICIENT_CREDIT");
    let ledger = shop.customer(CUSTOMER).get("/api/store-credit").await.ok();
    assert_eq!((cents(&ledger["balances"][0]["balance"]), ledger["entries"].as_array().map(Vec::len)), (0, Some(2)));
}

#[tokio::test]
async fn a_wrong_redemption_is_named() {
    let shop = LocalShop::start().await;
    credited(&shop, "10.00").await;
    let order = shop.order().place().await;
    let another = shop.order().with("customerId", json!(CUSTOMER + 1)).place().await;

    let missing = shop.staff().post("/api/store-credit/redeem", &json!({})).await;
    missing.refused(400, "MISSING_REQUIRED_FIELDS");
    let pointers: Vec<&str> = missing.errors().into_iter().map(|(pointer, _)| pointer).collect();
    assert_eq!(pointers, ["/customerId", "/amount", "/note"]);
    let wrong =
        redeem(&shop, "1.005", json!({ "kind": "REFUND", "customerId": "4001", "currency": "ZZZ", "orderId": -4, "note": 1 })).await;
    wrong.refused(400, "INVALID_ID");
    let expected = [
        ("/customerId", "INVALID_ID"),
        ("/amount", "INVALID_AMOUNT"),
        ("/currency", "INVALID_CURRENCY"),
        ("/orderId", "INVALID_ID"),
        ("/note", "INVALID_NOTE"),
        ("/kind", "UNKNOWN_FIELD"),
    ];
    assert_eq!(wrong.errors(), expected);
    for amount in ["0", "-1", "\"5\"", "1000000000000"] {
        redeem(&shop, amount, json!({})).await.refused(400, "INVALID_AMOUNT");
    }
    for id in [123, another.id] {
        redeem(&shop, "1", json!({ "orderId": id })).await.refused(404, "ORDER_NOT_FOUND");
    }
    shop.customer(CUSTOMER).post("/api/store-credit/redeem", &json!({})).await.refused(403, "FORBIDDEN");
    assert_eq!(cents(&redeem(&shop, "1", json!({ "orderId": order.id })).await.ok()["balance"]), 9_00);
}

#[tokio::test]
async fn a_ledger_is_its_customers_and_has_pages() {
    let shop = LocalShop::start().await;
    credited(&shop, "10.00").await;
    for _ in 0..6 {
        redeem(&shop, "1", json!({})).await.ok();
    }
    let path = format!("/api/store-credit?customerId={CUSTOMER}");

    let whole = shop.staff().get(&path).await.ok();
    let mut entries = Vec::new();
    let mut next = Some(format!("{path}&limit=2"));
    while let Some(at) = next {
        let page = shop.staff().get(&at).await;
        next = crate::kit::next_page(&page);
        entries.extend(page.body["entries"].as_array().expect("a list").iter().cloned());
        assert_eq!(page.body["balances"], whole["balances"]);
    }
    assert_eq!(json!(entries), whole["entries"]);
    assert_eq!(column(&whole["entries"], "kind").len(), 7);

    shop.customer(CUSTOMER + 1).get(&path).await.refused(403, "FORBIDDEN");
    let nobodys = shop.staff().get("/api/store-credit").await;
    nobodys.refused(400, "MISSING_REQUIRED_FIELDS");
    assert_eq!(nobodys.errors(), [("/customerId", "MISSING_REQUIRED_FIELDS")]);
    shop.staff().get("/api/store-credit?customerId=x").await.refused(400, "INVALID_ID");
    shop.staff().get("/api/store-credit?customerId=1&currency=USD").await.refused(400, "UNKNOWN_PARAMETER");
    shop.staff().get("/api/store-credit?customerId=1&limit=0").await.refused(400, "INVALID_LIMIT");
    shop.customer(CUSTOMER).get("/api/store-credit?offset=1").await.refused(400, "OFFSET_UNSUPPORTED");
}
