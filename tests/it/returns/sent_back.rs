//! What a client sends back as it read it changes nothing, at a step that has no say in it either.

use crate::kit::{LocalShop, back, cents};
use serde_json::{Value, json};

/// The step with all that it may say, as the return has it.
fn with_all(rma: &Value, status: &str) -> Value {
    let entry = |item: &Value| {
        let fields = ["id", "orderItemId", "receivedQuantity", "restockable", "condition"];
        fields.into_iter().map(|field| (field.to_owned(), item[field].clone())).collect::<Value>()
    };
    json!({
        "status": status, "notes": rma["notes"], "items": rma["items"].as_array().expect("items").iter().map(entry).collect::<Vec<_>>(),
        "restockingFee": rma["restockingFee"], "returnShippingFee": rma["returnShippingFee"],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_step_takes_the_return_as_it_was_read() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().quantity(4).delivered().place().await;
    let line = order.line(0);
    let asked = shop.ask_back(&order, json!([back(line, 2, "UNOPENED"), back(line, 1, "DAMAGED")])).await.ok()["return"].clone();
    let id = asked["id"].as_u64().expect("an id");
    let mut approve = with_all(&asked, "APPROVED");
    approve["restockingFee"] = json!(2.5);
    let mut read = shop.step(id, approve).await.ok()["return"].clone();
    for status in ["RECEIVED", "REFUNDED", "COMPLETED"] {
        read = shop.step(id, with_all(&read, status)).await.ok()["return"].clone();
    }
    assert_eq!((cents(&read["refundAmount"]), cents(&read["restockingFee"])), (225_00 - 2_50, 2_50));

    let rejected = shop.ask_back(&order, json!([back(line, 1, "UNOPENED")])).await.ok()["return"].clone();
    let mut reject = with_all(&rejected, "REJECTED");
    (reject["notes"], reject["restockingFee"]) = (json!("Porté"), json!(0));
    shop.step(rejected["id"].as_u64().expect("an id"), reject).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_change_out_of_turn_is_named() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().quantity(3).delivered().place().await;
    let line = order.line(0);
    let asked = shop.ask_back(&order, json!([back(line, 2, "UNOPENED"), back(line, 1, "DAMAGED")])).await.ok()["return"].clone();
    let id = asked["id"].as_u64().expect("an id");
    shop.step(id, json!({ "status": "APPROVED", "restockingFee": 2.5 })).await.ok();
    let received = shop.steps(id, &["RECEIVED"]).await;
    let refund = async |items: Value| shop.step(id, json!({ "status": "REFUNDED", "items": items })).await;
    let (whole, broken) = (&received["items"][0]["id"], &received["items"][1]["id"]);
    let wrong = refund(json!([
        { "orderItemId": line, "id": whole, "receivedQuantity": 2 },
        { "orderItemId": line, "id": whole, "receivedQuantity": 1 },
        { "orderItemId": line, "id": whole, "condition": "DAMAGED" },
        { "orderItemId": line, "id": broken, "restockable": true },
        { "orderItemId": line, "id": 123 },
        { "orderItemId": 123 },
        { "orderItemId": line, "receivedQuantity": 3 },
    ]))
    .await;
    wrong.refused(400, "INVALID_ITEM");
    assert_eq!(
        wrong.errors(),
        [1, 2, 3, 4, 5, 6].map(|n| (["/items/", &n.to_string()].concat(), "INVALID_ITEM")).each_ref().map(|(p, c)| (p.as_str(), *c))
    );

    let reject =
        json!({ "status": "REJECTED", "notes": "Porté", "restockingFee": 0, "returnShippingFee": 1, "items": [{ "orderItemId": 123 }] });
    let wrong = shop.step(id, reject).await;
    wrong.refused(400, "INVALID_ITEM");
    assert_eq!(
        wrong.errors(),
        [("/items/0", "INVALID_ITEM"), ("/restockingFee", "INVALID_AMOUNT"), ("/returnShippingFee", "INVALID_AMOUNT")]
    );
    assert_eq!(shop.return_now(id).await, received);

    // Null says nothing where there is nothing to clear, and takes nothing from what was kept.
    shop.steps(id, &["REFUNDED"]).await;
    let done = shop.step(id, json!({ "status": "COMPLETED", "restockingFee": null, "returnShippingFee": null })).await.ok();
    assert_eq!(cents(&done["return"]["restockingFee"]), 2_50);
}
