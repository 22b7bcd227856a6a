//! `POST/GET/PUT /api/returns`: a return from its request to its end, a step at a time, and how returns are found.

mod arrival;
mod asking;
mod late;
mod messages;
mod money;
mod races;
mod rejected;
mod sent_back;

use crate::kit::{CUSTOMER, LocalShop, Placed, back, cents, column, keys};
use serde_json::{Value, json};
use std::time::Duration;

const FIELDS: &str = "approvedAt approvedBy createdAt currency customerId deliveryFeeRefund description id items notes orderId orderNumber \
    reason receivedAt receivedBy refundAmount refundId rejectedAt rejectedBy restockingFee returnShippingFee rmaNumber status updatedAt version";
const ITEM_FIELDS: &str = "condition id orderItemId productName quantity receivedQuantity refundAmount restockable sku variantId";

#[tokio::test(flavor = "multi_thread")]
async fn a_return_goes_from_its_request_to_its_end() {
    let shop = LocalShop::start().await;
    let order = shop.order().prices(&["40.00", "25.00"]).quantity(2).delivered().place().await;
    let customer = shop.customer(CUSTOMER);
    let wanted =
        json!({ "orderId": order.id, "reason": " Trop petit ", "description": "Taille M", "items": [back(order.line(0), 2, "UNOPENED")] });

    let asked = customer.post("/api/returns", &wanted).await;
    assert_eq!((asked.status, asked.header("etag")), (201, "\"1\""), "{}", asked.text);
    let asked = asked.ok();
    let rma = asked["return"].clone();
    assert_eq!((keys(&asked).join(" "), &asked["success"]), ("items message return success".to_owned(), &json!(true)));
    assert_eq!((keys(&rma).join(" "), keys(&rma["items"][0]).join(" ")), (FIELDS.to_owned(), ITEM_FIELDS.to_owned()));
    assert_eq!((&rma["items"], &rma["status"], &rma["reason"]), (&asked["items"], &json!("REQUESTED"), &json!("Trop petit")));
    assert_eq!((&rma["customerId"], &rma["orderNumber"]), (&json!(CUSTOMER), &order.body["orderNumber"]));
    for empty in ["notes", "refundId", "refundAmount", "approvedBy", "approvedAt", "receivedBy", "receivedAt", "rejectedBy", "rejectedAt"] {
        assert_eq!(rma[empty], Value::Null, "{empty}");
    }
    let id = rma["id"].as_u64().expect("an id");
    assert_eq!(customer.get(&format!("/api/returns?id={id}")).await.ok(), rma);
    assert_eq!(customer.get(&format!("/api/returns?rmaNumber={}", rma["rmaNumber"].as_str().expect("a number"))).await.ok(), rma);

    let approved = shop.step(id, json!({ "status": "APPROVED", "notes": "Photos vues" })).await.ok();
    assert_eq!(keys(&approved).join(" "), "items message return success");
    assert_eq!((&approved["return"]["approvedBy"], &approved["return"]["notes"]), (&json!(2), &json!("Photos vues")));
    assert!(approved["return"]["approvedAt"].is_u64());
    assert_eq!(shop.order_now(order.id).await["items"][0]["returnedQuantity"], 0);

    let received = shop
        .as_role(3, domain::actor::Role::InventoryManager)
        .put(&format!("/api/returns?id={id}"), &json!({ "status": "RECEIVED" }))
        .await
        .ok();
    assert_eq!((&received["return"]["receivedBy"], &received["items"][0]["receivedQuantity"]), (&json!(3), &json!(2)));
    assert_eq!(shop.order_now(order.id).await["items"][0]["returnedQuantity"], 2);
    assert_eq!((shop.stock(order.variants[0]).await, shop.stock(order.variants[1]).await), (10, 8));
    shop.settled().await;
    let log = shop.staff().get(&format!("/api/inventory/{}/history", order.variants[0])).await.ok();
    assert_eq!((&log[0]["changeType"], &log[0]["quantityChange"], &log[0]["orderId"]), (&json!("RETURN"), &json!(2), &json!(order.id)));

    let refunded = shop.step(id, json!({ "status": "REFUNDED" })).await.ok()["return"].clone();
    assert_eq!((cents(&refunded["refundAmount"]), cents(&refunded["items"][0]["refundAmount"])), (80_00, 80_00));
    let refunds = shop.refunds_of(order.id).await;
    assert_eq!(refunds.len(), 1);
    assert_eq!((&refunds[0]["id"], &refunds[0]["returnId"], cents(&refunds[0]["amount"])), (&refunded["refundId"], &json!(id), 80_00));
    assert_eq!((&refunds[0]["refundMethod"], &refunds[0]["status"]), (&json!("MOBILE_MONEY"), &json!("PROCESSING")));
    assert_eq!(shop.order_now(order.id).await["paymentStatus"], "REFUND_PENDING");
    shop.settled().await;
    shop.admin().put(&format!("/api/refunds?id={}", refunded["refundId"]), &json!({ "status": "COMPLETED" })).await.ok();
    assert_eq!(shop.order_now(order.id).await["paymentStatus"], "PARTIALLY_REFUNDED");

    let done = shop.step(id, json!({ "status": "COMPLETED" })).await.ok()["return"].clone();
    assert_eq!((&done["status"], &done["version"], cents(&done["refundAmount"])), (&json!("COMPLETED"), &json!(5), 80_00));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_step_that_concerns_the_customer_is_told_once_on_each_channel() {
    let shop = LocalShop::start().await;
    let order = shop.order().quantity(3).delivered().place().await;
    shop.settled().await;
    let before = shop.messages_of(order.id).await.len();
    let rma = shop.rma(&order, 0, 1).await;
    shop.settled().await;
    let number = shop.return_now(rma).await["rmaNumber"].as_str().expect("a number").to_owned();
    shop.steps(rma, &["APPROVED", "RECEIVED", "REFUNDED", "COMPLETED"]).await;
    let other = shop.rma(&order, 0, 1).await;
    let refused = shop.step(other, json!({ "status": "REJECTED", "notes": "Article soldé" })).await.ok();
    let refused = refused["return"]["rmaNumber"].as_str().expect("a number").to_owned();
    shop.settled().await;

    // Asked for twice, approved, received, rejected; the refund waits for staff and says nothing yet.
    assert_eq!(shop.messages_of(order.id).await.len() - before, 2 * 5);
    let mails = shop.system.outbox.emails();
    let text = |mail: &local::emulators::outbox::Email| mail.text.clone().unwrap_or_default();
    let of = |number: &str| mails.iter().map(text).filter(|text| text.contains(number)).collect::<Vec<_>>();
    assert_eq!((of(&number).len(), of(&refused).len()), (3, 2), "{mails:?}");
    // In whichever order they left.
    assert_eq!(of(&refused).iter().filter(|text| text.contains("Article soldé")).count(), 1, "{mails:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_orders_history_tells_what_became_of_its_returns() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().delivered().place().await;
    let rma = shop.rma(&order, 0, 1).await;
    let number = shop.return_now(rma).await["rmaNumber"].as_str().expect("a number").to_owned();
    shop.step(rma, json!({ "status": "APPROVED", "notes": "Photos vues" })).await.ok();
    shop.steps(rma, &["RECEIVED", "REFUNDED"]).await;

    let rows = shop.staff().get(&order.path("history")).await.ok();
    let told: Vec<[&str; 3]> = rows
        .as_array()
        .expect("rows")
        .iter()
        .take(6)
        .map(|row| ["type", "newStatus", "note"].map(|field| row[field].as_str().unwrap_or_default()))
        .collect();
    let (asked, approved) = (format!("{number}: Trop petit"), format!("{number}: Photos vues"));
    assert_eq!(told[0][..2], ["REFUND_CREATED", "PROCESSING"]);
    assert_eq!(told[1], ["PAYMENT_STATUS_CHANGED", "REFUND_PENDING", ""]);
    assert_eq!(told[2], ["RETURN_STATUS_CHANGED", "REFUNDED", &number]);
    assert_eq!(told[3], ["RETURN_STATUS_CHANGED", "RECEIVED", &number]);
    assert_eq!(told[4], ["RETURN_STATUS_CHANGED", "APPROVED", &approved]);
    assert_eq!(told[5], ["RETURN_REQUESTED", "REQUESTED", &asked]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_step_is_named() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().delivered().place().await;
    let rma = shop.rma(&order, 0, 1).await;
    let before = shop.return_now(rma).await;
    let count = json!([{ "orderItemId": order.line(0), "receivedQuantity": 1 }]);
    for (body, code, pointer) in [
        (json!({}), "INVALID_STATUS", "/status"),
        (json!({ "notes": "x" }), "INVALID_STATUS", "/status"),
        (json!({ "status": "DONE" }), "INVALID_STATUS", "/status"),
        (json!({ "status": "REJECTED" }), "MISSING_REASON", "/notes"),
        (json!({ "status": "REJECTED", "notes": " " }), "MISSING_REASON", "/notes"),
        (json!({ "status": "APPROVED", "items": count }), "INVALID_ITEM", "/items/0"),
        (json!({ "status": "APPROVED", "restockingFee": -1 }), "INVALID_AMOUNT", "/restockingFee"),
        (json!({ "status": "APPROVED", "restockingFee": 0.001 }), "INVALID_AMOUNT", "/restockingFee"),
        (json!({ "status": "COMPLETED", "returnShippingFee": 1 }), "INVALID_AMOUNT", "/returnShippingFee"),
        (json!({ "status": "RECEIVED", "items": [{ "receivedQuantity": 1 }] }), "INVALID_ITEM", "/items/0/orderItemId"),
        (json!({ "status": "RECEIVED", "items": [{ "orderItemId": 1, "condition": "USED" }] }), "INVALID_CONDITION", "/items/0/condition"),
    ] {
        let answer = shop.step(rma, body).await;
        answer.refused(400, code);
        assert_eq!(answer.errors(), [(pointer, code)], "{}", answer.text);
    }
    for query in ["", "?id=", "?id=x", "?id=1&id=1"] {
        shop.staff().put(&format!("/api/returns{query}"), &json!({ "status": "APPROVED" })).await.refused(400, "INVALID_ID");
    }
    shop.step(123, json!({ "status": "APPROVED" })).await.refused(404, "RETURN_NOT_FOUND");
    shop.staff().get("/api/returns?id=123").await.refused(404, "RETURN_NOT_FOUND");
    shop.staff().get("/api/returns?rmaNumber=RMA-1").await.refused(404, "RETURN_NOT_FOUND");
    assert_eq!(shop.return_now(rma).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_out_of_turn_names_the_allowed_ones() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().quantity(10).delivered().place().await;
    let words = ["REQUESTED", "APPROVED", "RECEIVED", "REFUNDED", "COMPLETED", "REJECTED"];
    let table: [(&[&str], &[&str]); 6] = [
        (&[], &["APPROVED", "REJECTED"]),
        (&["APPROVED"], &["RECEIVED", "REJECTED"]),
        (&["APPROVED", "RECEIVED"], &["REFUNDED", "REJECTED"]),
        (&["APPROVED", "RECEIVED", "REFUNDED"], &["COMPLETED"]),
        (&["APPROVED", "RECEIVED", "REFUNDED", "COMPLETED"], &[]),
        (&["REJECTED"], &[]),
    ];
    for (steps, allowed) in table {
        let rma = shop.rma(&order, 0, 1).await;
        let before = shop.steps(rma, steps).await;
        for to in words.iter().filter(|to| !allowed.contains(to)) {
            let answer = shop.step(rma, json!({ "status": to, "notes": "x" })).await;
            answer.refused(409, "INVALID_STATUS_TRANSITION");
            assert_eq!(answer.body["allowed"], json!(allowed), "{steps:?} to {to}");
        }
        assert_eq!(shop.return_now(rma).await, before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_has_its_filters_and_pages_and_customers_see_their_own() {
    let shop = LocalShop::without_pumps().await;
    let mut rmas = Vec::new();
    let mut orders: Vec<Placed> = Vec::new();
    for n in 0..6 {
        let order = shop.order().with("customerId", json!(CUSTOMER + n % 2)).delivered().place().await;
        let rma = shop.rma(&order, 0, 1).await;
        if n > 2 {
            shop.steps(rma, &["APPROVED"]).await;
        }
        rmas.push(rma);
        orders.push(order);
        shop.system.clock.advance(Duration::from_millis(5));
    }
    let found = async |customer: Option<u64>, query: &str| {
        let caller = customer.map_or_else(|| shop.staff(), |customer| shop.customer(customer));
        let found = json!(caller.every_page(&format!("/api/returns?{query}"), 2).await);
        column(&found, "id").iter().map(|id| rmas.iter().position(|rma| *id == rma).expect("one of ours")).collect::<Vec<_>>()
    };
    assert_eq!(found(None, "").await, [5, 4, 3, 2, 1, 0]);
    assert_eq!(found(None, "status=REQUESTED").await, [2, 1, 0]);
    assert_eq!(found(None, &format!("orderId={}", orders[1].id)).await, [1]);
    assert_eq!(found(None, &format!("orderId={}&status=RECEIVED", orders[1].id)).await, [0; 0]);
    assert_eq!(found(Some(CUSTOMER), "").await, [4, 2, 0]);
    assert_eq!(found(Some(CUSTOMER), "status=APPROVED").await, [4]);
    assert_eq!(found(Some(CUSTOMER), &format!("orderId={}", orders[1].id)).await, [0; 0]);
    shop.customer(CUSTOMER).get(&format!("/api/returns?id={}", rmas[1])).await.refused(403, "FORBIDDEN");
    for (query, code) in [
        ("status=DONE", "INVALID_STATUS"),
        ("orderId=x", "INVALID_ID"),
        ("id=x", "INVALID_ID"),
        ("rmaNumber=", "INVALID_RMA_NUMBER"),
        ("id=1&orderId=1", "UNKNOWN_PARAMETER"),
        ("id=1&rmaNumber=x", "UNKNOWN_PARAMETER"),
        ("customerId=1", "UNKNOWN_PARAMETER"),
        ("offset=1", "OFFSET_UNSUPPORTED"),
    ] {
        shop.staff().get(&format!("/api/returns?{query}")).await.refused(400, code);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_and_a_version_hold_for_returns_too() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().quantity(2).delivered().place().await;
    let wanted = json!({ "orderId": order.id, "reason": "x", "items": [back(order.line(0), 1, "UNOPENED")] });
    let keyed = shop.customer(CUSTOMER).key("one");
    let (first, second) = (keyed.post("/api/returns", &wanted).await, keyed.post("/api/returns", &wanted).await);
    assert_eq!((second.status, &second.text, second.header("idempotency-replayed")), (201, &first.text, "true"));
    let rma = &first.body["return"]["id"];
    let path = format!("/api/returns?id={rma}");
    let approve = json!({ "status": "APPROVED" });
    shop.staff().header("If-Match", "\"2\"").put(&path, &approve).await.refused(412, "PRECONDITION_FAILED");
    let approved = shop.staff().header("If-Match", "\"1\"").key("two").put(&path, &approve).await;
    assert_eq!((approved.status, approved.header("etag")), (200, "\"2\""));
    let again = shop.staff().header("If-Match", "\"1\"").key("two").put(&path, &approve).await;
    assert_eq!((again.status, again.text), (200, approved.text));
}
