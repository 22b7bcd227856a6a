//! Returns that are refused: at every step before the money goes back, with a reason, and the pieces may be asked for again.

use crate::kit::{CUSTOMER, Caller, LocalShop, back, column};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_rejection_at_any_step_frees_the_pieces_and_undoes_the_receipt() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().quantity(2).delivered().place().await;
    for steps in [&[][..], &["APPROVED"], &["APPROVED", "RECEIVED"]] {
        let rma = shop.rma(&order, 0, 2).await;
        shop.steps(rma, steps).await;
        shop.ask_back(&order, json!([back(order.line(0), 1, "UNOPENED")])).await.refused(409, "QUANTITY_NOT_RETURNABLE");

        let rejected = shop.step(rma, json!({ "status": "REJECTED", "notes": "Porté" })).await.ok()["return"].clone();
        assert_eq!((&rejected["status"], &rejected["notes"], &rejected["rejectedBy"]), (&json!("REJECTED"), &json!("Porté"), &json!(2)));
        assert!(rejected["rejectedAt"].is_u64());
        assert_eq!(shop.stock(order.variants[0]).await, order.stock_before - 2, "after {steps:?}");
        assert_eq!(shop.order_now(order.id).await["items"][0]["returnedQuantity"], 0);
    }
    assert!(shop.refunds_of(order.id).await.is_empty());
    let rma = shop.rma(&order, 0, 2).await;
    shop.steps(rma, &["APPROVED", "RECEIVED", "REFUNDED"]).await;
    let late = shop.step(rma, json!({ "status": "REJECTED", "notes": "Porté" })).await;
    late.refused(409, "INVALID_STATUS_TRANSITION");
    assert_eq!((shop.stock(order.variants[0]).await, shop.refunds_of(order.id).await.len()), (order.stock_before, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_the_receipt_put_back_comes_out_of_stock_again() {
    let shop = LocalShop::start().await;
    let order = shop.order().quantity(4).delivered().place().await;
    let line = order.line(0);
    let asked = shop.ask_back(&order, json!([back(line, 2, "UNOPENED"), back(line, 2, "DAMAGED")])).await.ok();
    let rma = asked["return"]["id"].as_u64().expect("an id");
    shop.steps(rma, &["APPROVED"]).await;
    let count = json!({ "orderItemId": line, "id": asked["items"][0]["id"], "receivedQuantity": 1 });
    shop.step(rma, json!({ "status": "RECEIVED", "items": [count] })).await.ok();
    assert_eq!(
        (shop.stock(order.variants[0]).await, shop.order_now(order.id).await["items"][0]["returnedQuantity"].clone()),
        (7, json!(3))
    );
    shop.steps(rma, &["REJECTED"]).await;
    assert_eq!(
        (shop.stock(order.variants[0]).await, shop.order_now(order.id).await["items"][0]["returnedQuantity"].clone()),
        (6, json!(0))
    );
    shop.settled().await;
    let log = shop.staff().get(&format!("/api/inventory/{}/history", order.variants[0])).await.ok();
    assert_eq!(column(&log, "quantityChange")[..2], [&json!(-1), &json!(1)]);
    assert_eq!(column(&log, "changeType")[..2], [&json!("RETURN"), &json!("RETURN")]);
    shop.rma(&order, 0, 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pieces_that_were_sold_again_cant_be_sent_back() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().stock(2).quantity(2).delivered().place().await;
    let rma = shop.rma(&order, 0, 2).await;
    let received = shop.steps(rma, &["APPROVED", "RECEIVED"]).await;
    let sold = shop.staff().post("/api/orders", &crate::kit::body(&[(order.variants[0], 1)])).await.ok();

    let refused = shop.step(rma, json!({ "status": "REJECTED", "notes": "Porté" })).await;
    refused.refused(409, "INSUFFICIENT_STOCK");
    assert_eq!((shop.return_now(rma).await, shop.stock(order.variants[0]).await), (received, 1));
    shop.staff().post(&format!("/api/orders/{}/cancel", sold["id"]), &json!({ "reason": "x" })).await.ok();
    shop.step(rma, json!({ "status": "REJECTED", "notes": "Porté" })).await.ok();
    assert_eq!(shop.stock(order.variants[0]).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_reads_why_a_return_was_rejected_and_nothing_that_staff_note_for_themselves() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().delivered().place().await;
    let rma = shop.rma(&order, 0, 1).await;
    let read = async |caller: Caller| {
        let one = caller.get(&format!("/api/returns?id={rma}")).await.ok();
        let listed = caller.get(&format!("/api/returns?orderId={}", order.id)).await.ok();
        assert_eq!(listed[0], one);
        one["notes"].clone()
    };
    shop.step(rma, json!({ "status": "APPROVED", "notes": "Cliente difficile" })).await.ok();
    assert_eq!((read(shop.staff()).await, read(shop.customer(CUSTOMER)).await), (json!("Cliente difficile"), Value::Null));
    let rejected = shop.step(rma, json!({ "status": "REJECTED", "notes": "Porté" })).await.ok();
    assert_eq!((&rejected["return"]["notes"], &rejected["return"]["refundAmount"]), (&json!("Porté"), &Value::Null));
    assert_eq!((read(shop.staff()).await, read(shop.customer(CUSTOMER)).await), (json!("Porté"), json!("Porté")));
}
