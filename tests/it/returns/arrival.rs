//! What the warehouse counts: only that is put into stock and paid for.

use crate::kit::{CUSTOMER, LocalShop, back, cents};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn three_asked_for_two_arrive_and_the_third_may_be_asked_for_again() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().price("33.33").quantity(3).delivered().place().await;
    let rma = shop.rma(&order, 0, 3).await;
    shop.steps(rma, &["APPROVED"]).await;
    let count = |received: u32| json!({ "status": "RECEIVED", "items": [{ "orderItemId": order.line(0), "receivedQuantity": received }] });
    shop.step(rma, count(4)).await.refused(409, "QUANTITY_NOT_RETURNABLE");
    shop.ask_back(&order, json!([back(order.line(0), 1, "UNOPENED")])).await.refused(409, "QUANTITY_NOT_RETURNABLE");

    shop.step(rma, count(2)).await.ok();
    assert_eq!(shop.stock(order.variants[0]).await, 9);
    assert_eq!(shop.order_now(order.id).await["items"][0]["returnedQuantity"], 2);
    assert_eq!(cents(&shop.steps(rma, &["REFUNDED"]).await["refundAmount"]), 66_66);
    shop.ask_back(&order, json!([back(order.line(0), 2, "UNOPENED")])).await.refused(409, "QUANTITY_NOT_RETURNABLE");
    let third = shop.rma(&order, 0, 1).await;
    assert_eq!(cents(&shop.steps(third, &["APPROVED", "RECEIVED", "REFUNDED"]).await["refundAmount"]), 33_33);
    assert_eq!(
        (shop.stock(order.variants[0]).await, shop.order_now(order.id).await["items"][0]["returnedQuantity"].clone()),
        (10, json!(3))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_of_one_line_count_together_and_keep_their_conditions() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().quantity(4).delivered().place().await;
    let line = order.line(0);
    for items in
        [json!([back(line, 3, "UNOPENED"), back(line, 2, "UNOPENED")]), json!([back(line, 4, "UNOPENED"), back(line, 1, "DAMAGED")])]
    {
        shop.ask_back(&order, items).await.refused(409, "QUANTITY_NOT_RETURNABLE");
    }
    let asked = shop.ask_back(&order, json!([back(line, 1, "UNOPENED"), back(line, 2, "DAMAGED"), back(line, 1, "UNOPENED")])).await.ok();
    let entries: Vec<(&Value, &Value, &Value)> = asked["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|item| (&item["quantity"], &item["condition"], &item["restockable"]))
        .collect();
    assert_eq!(entries, [(&json!(2), &json!("UNOPENED"), &json!(true)), (&json!(2), &json!("DAMAGED"), &json!(false))]);

    let rma = asked["return"]["id"].as_u64().expect("an id");
    shop.steps(rma, &["APPROVED"]).await;
    let receive = async |items: Value| shop.step(rma, json!({ "status": "RECEIVED", "items": items })).await;
    let (whole, broken) = (&asked["items"][0]["id"], &asked["items"][1]["id"]);
    let wrong = json!([
        { "orderItemId": line, "receivedQuantity": 1 }, { "orderItemId": line, "id": 123 }, { "orderItemId": 123 },
        { "orderItemId": line, "id": whole }, { "orderItemId": line, "id": whole },
    ]);
    let refused = receive(wrong).await;
    refused.refused(400, "INVALID_ORDER_ITEMS");
    let pointers = ["/items/0/id", "/items/1/orderItemId", "/items/2/orderItemId", "/items/4/orderItemId"];
    assert_eq!(refused.errors(), pointers.map(|pointer| (pointer, "INVALID_ORDER_ITEMS")));
    receive(json!([{ "orderItemId": line, "id": broken, "receivedQuantity": 1 }])).await.ok();
    // Two whole ones are sold again; of the broken ones one arrived.
    assert_eq!(shop.stock(order.variants[0]).await, 8);
    assert_eq!(shop.order_now(order.id).await["items"][0]["returnedQuantity"], 3);
    assert_eq!(cents(&shop.steps(rma, &["REFUNDED"]).await["refundAmount"]), 225_00);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_back_into_stock_follows_the_condition_unless_somebody_says_otherwise() {
    let shop = LocalShop::without_pumps().await;
    let claimed = |condition: &str, restockable: Value| json!({ "quantity": 1, "condition": condition, "restockable": restockable });
    for (asked, found, restocked) in [
        (claimed("UNOPENED", Value::Null), json!({}), 1),
        (claimed("OPENED_UNUSED", Value::Null), json!({}), 1),
        (claimed("DEFECTIVE", Value::Null), json!({}), 0),
        (claimed("DAMAGED", Value::Null), json!({}), 0),
        (claimed("UNOPENED", json!(false)), json!({}), 0),
        (claimed("DAMAGED", json!(true)), json!({}), 1),
        (claimed("UNOPENED", Value::Null), json!({ "condition": "DAMAGED" }), 0),
        (claimed("DAMAGED", Value::Null), json!({ "condition": "UNOPENED" }), 1),
        (claimed("UNOPENED", json!(false)), json!({ "condition": "UNOPENED" }), 0),
        (claimed("UNOPENED", Value::Null), json!({ "condition": "DAMAGED", "restockable": true }), 1),
        (claimed("UNOPENED", Value::Null), json!({ "restockable": false }), 0),
        (claimed("UNOPENED", Value::Null), json!({ "receivedQuantity": 0 }), 0),
    ] {
        let order = shop.order().delivered().place().await;
        let with_line = |mut item: Value| {
            item["orderItemId"] = order.line(0).into();
            json!([item])
        };
        let rma = shop.ask_back(&order, with_line(asked.clone())).await.ok()["return"]["id"].as_u64().expect("an id");
        shop.steps(rma, &["APPROVED"]).await;
        shop.step(rma, json!({ "status": "RECEIVED", "items": with_line(found.clone()) })).await.ok();
        assert_eq!(shop.stock(order.variants[0]).await, order.stock_before - 1 + restocked, "{asked} {found}");
    }
    // A customer's word keeps pieces out of stock, and puts none into it.
    for (condition, restockable, restocked) in [("DAMAGED", true, 0), ("UNOPENED", false, 0), ("UNOPENED", true, 1)] {
        let order = shop.order().delivered().place().await;
        let mut item = claimed(condition, json!(restockable));
        item["orderItemId"] = order.line(0).into();
        let asked = json!({ "orderId": order.id, "reason": "Trop petit", "items": [item] });
        let asked = shop.customer(CUSTOMER).post("/api/returns", &asked).await.ok();
        shop.steps(asked["return"]["id"].as_u64().expect("an id"), &["APPROVED", "RECEIVED"]).await;
        assert_eq!(shop.stock(order.variants[0]).await, order.stock_before - 1 + restocked, "{condition} {restockable}");
    }
}
