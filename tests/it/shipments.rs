//! `/api/shipments`: parcels of an order, and how the order follows them.

use crate::kit::{Answer, Answers, CUSTOMER, LocalShop, Placed, cents, column, keys, race, shipment_body};
use local::Options;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};

mod booking;
mod messages;
mod races;
mod tracking;
mod update;

const CONFIRMED: &[&str] = &["CONFIRMED"];

async fn confirmed(shop: &LocalShop, lines: usize) -> Placed {
    shop.order().lines(lines).quantity(2).through(CONFIRMED).place().await
}

async fn status(shop: &LocalShop, order: &Placed) -> String {
    shop.order_now(order.id).await["status"].as_str().expect("a status").to_owned()
}

/// What the customer was told of an order, the oldest first; e-mail and SMS are one each.
async fn told(shop: &LocalShop, order: &Placed) -> Vec<String> {
    shop.settled().await;
    let mut subjects: Vec<String> = Vec::new();
    for message in shop.messages_of(order.id).await.iter().rev().filter(|message| message["type"] == "EMAIL") {
        subjects.push(message["subject"].as_str().expect("a subject").to_owned());
    }
    subjects
}

#[tokio::test]
async fn a_parcel_of_everything_ships_the_order_and_its_number_has_a_check_digit() {
    let shop = LocalShop::start().await;
    let order = confirmed(&shop, 2).await;

    let answer = shop.staff().post("/api/shipments", &shipment_body(order.id, "LOCAL")).await;

    assert_eq!((answer.status, answer.header("etag")), (201, "\"1\""));
    let expected = [
        "actualDelivery",
        "carrier",
        "cost",
        "createdAt",
        "currency",
        "estimatedDelivery",
        "events",
        "failureReason",
        "id",
        "items",
        "labelUrl",
        "lastCarrierStatus",
        "orderId",
        "recipientName",
        "recipientPhone",
        "service",
        "shippingAddress",
        "status",
        "trackingNumber",
        "updatedAt",
        "weight",
    ];
    assert_eq!(keys(&answer.body), expected);
    let number = answer.body["trackingNumber"].as_str().expect("a number");
    assert!(number.starts_with("MLA") && number.len() == 13, "{number}");
    assert_eq!((&answer.body["status"], &answer.body["weight"]), (&json!("PENDING"), &json!(1.2)));
    assert_eq!(column(&answer.body["items"], "quantity"), [2, 2]);
    assert_eq!(answer.body, shop.shipment_now(&answer.body).await);
    assert_eq!(status(&shop, &order).await, "SHIPPED");

    shop.settled().await;
    let told = shop.messages_of(order.id).await;
    let shipped: Vec<&Value> = told.iter().filter(|message| message["content"].to_string().contains(number)).collect();
    assert_eq!(shipped.len(), 2, "an e-mail and an SMS: {told:?}");
    // Both arrows, and the parcel.
    let history = shop.staff().get(&order.path("history")).await.ok();
    let steps: Vec<&Value> = column(&history, "newStatus").into_iter().take(3).collect();
    assert_eq!(steps, ["SHIPPED", "PROCESSING", "PENDING"]);
    assert_eq!(column(&history, "type")[2], "SHIPMENT_CREATED");
}

#[tokio::test]
async fn an_order_is_shipped_by_lines_and_delivered_when_all_of_it_is() {
    let shop = LocalShop::start().await;
    let order = confirmed(&shop, 2).await;

    let first = shop.ship_part(&order, "LOCAL", 0, 1).await.ok();
    assert_eq!(status(&shop, &order).await, "PROCESSING");
    let second = shop.ship(&order, "OTHER").await;
    assert_eq!(column(&second["items"], "quantity"), [1, 2]);
    assert_eq!(status(&shop, &order).await, "SHIPPED");

    shop.move_shipment(&first, "DELIVERED").await.ok();
    assert_eq!(status(&shop, &order).await, "SHIPPED");
    for step in ["PICKED_UP", "IN_TRANSIT", "OUT_FOR_DELIVERY", "DELIVERED"] {
        shop.move_shipment(&second, step).await.ok();
    }
    let delivered = shop.order_now(order.id).await;
    assert_eq!((&delivered["status"], &delivered["completedAt"]), (&json!("DELIVERED"), &delivered["updatedAt"]));
    let parcel = shop.shipment_now(&second).await;
    assert_eq!(parcel["actualDelivery"], parcel["updatedAt"]);
    assert_eq!(column(&parcel["events"], "status"), ["PENDING", "PICKED_UP", "IN_TRANSIT", "OUT_FOR_DELIVERY", "DELIVERED"]);

    let told = told(&shop, &order).await;
    let count = |word: &str| told.iter().filter(|subject| subject.contains(word)).count();
    assert_eq!((count("est emballée"), count("livrée")), (2, 1), "{told:?}");
}

#[tokio::test]
async fn what_was_refunded_is_not_packed_and_the_order_is_whole_without_it() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().lines(1).quantity(3).paid().through(CONFIRMED).place().await;
    let one = json!([{ "orderItemId": order.body["items"][0]["id"], "quantity": 1 }]);
    let refund = json!({ "orderId": order.id, "reason": "Sold out", "items": one });
    shop.admin().post("/api/refunds", &refund).await.ok();

    shop.ship_part(&order, "LOCAL", 0, 3).await.refused(409, "ORDER_NOT_SHIPPABLE");
    let parcel = shop.ship(&order, "LOCAL").await;
    assert_eq!(column(&parcel["items"], "quantity"), [2]);
    assert_eq!(status(&shop, &order).await, "SHIPPED");
    shop.move_shipment(&parcel, "DELIVERED").await.ok();
    assert_eq!(status(&shop, &order).await, "DELIVERED");
}

#[tokio::test]
async fn a_parcel_that_fails_frees_its_lines_and_with_none_left_the_order_is_processing_again() {
    let shop = LocalShop::without_pumps().await;
    let order = confirmed(&shop, 2).await;
    let first = shop.ship_part(&order, "LOCAL", 0, 2).await.ok();
    let second = shop.ship(&order, "LOCAL").await;
    shop.move_shipment(&first, "FAILED").await.ok();
    assert_eq!(status(&shop, &order).await, "SHIPPED");

    // The other one is still on its way; what failed goes again.
    let again = shop.ship(&order, "LOCAL").await;
    assert_eq!(again["items"], first["items"]);
    for parcel in [&second, &again] {
        shop.move_shipment(parcel, "RETURNED").await.ok();
    }
    assert_eq!(status(&shop, &order).await, "PROCESSING");
    shop.staff().post(&order.path("cancel"), &json!({ "reason": "Lost twice" })).await.ok();
    assert_eq!(shop.stock(order.variants[0]).await, order.stock_before);
}

#[tokio::test]
async fn an_order_with_a_live_parcel_can_t_be_cancelled() {
    let shop = LocalShop::without_pumps().await;
    let order = confirmed(&shop, 2).await;
    let parcel = shop.ship_part(&order, "LOCAL", 0, 1).await.ok();
    let cancel = async || shop.staff().post(&order.path("cancel"), &json!({ "reason": "x" })).await;
    let refused = cancel().await;
    refused.refused(409, "CANNOT_CANCEL");
    assert!(refused.body["detail"].as_str().is_some_and(|detail| detail.contains("live shipment")), "{}", refused.text);
    shop.move_shipment(&parcel, "FAILED").await.ok();
    cancel().await.ok();
}

#[tokio::test]
async fn only_confirmed_and_processing_orders_are_shipped_and_no_piece_twice() {
    let shop = LocalShop::without_pumps().await;
    let post = async |order: &Placed| shop.staff().post("/api/shipments", &shipment_body(order.id, "LOCAL")).await;
    let by_hand: [&'static [&'static str]; 4] = [
        &[],
        &["CONFIRMED", "PROCESSING", "READY_FOR_PICKUP"],
        &["CONFIRMED", "PROCESSING", "SHIPPED"],
        &["CONFIRMED", "PROCESSING", "SHIPPED", "DELIVERED"],
    ];
    for steps in by_hand {
        let order = shop.order().through(steps).place().await;
        post(&order).await.refused(409, "ORDER_NOT_SHIPPABLE");
        assert_eq!(shop.order_now(order.id).await, order.body);
    }
    let cancelled = shop.order().place().await;
    shop.staff().post(&cancelled.path("cancel"), &json!({ "reason": "x" })).await.ok();
    post(&cancelled).await.refused(409, "ORDER_NOT_SHIPPABLE");

    let order = confirmed(&shop, 1).await;
    shop.ship_part(&order, "LOCAL", 0, 3).await.refused(409, "ORDER_NOT_SHIPPABLE");
    shop.ship_part(&order, "LOCAL", 0, 1).await.ok();
    shop.ship_part(&order, "LOCAL", 0, 2).await.refused(409, "ORDER_NOT_SHIPPABLE");
    shop.ship_part(&order, "LOCAL", 0, 1).await.ok();
    post(&order).await.refused(409, "ORDER_NOT_SHIPPABLE");
}

#[tokio::test]
async fn a_wrong_request_for_a_parcel_is_named() {
    let shop = LocalShop::without_pumps().await;
    let order = confirmed(&shop, 1).await;
    let post = async |body: Value| shop.staff().post("/api/shipments", &body).await;
    let with = |field: &str, value: Value| {
        let mut body = shipment_body(order.id, "LOCAL");
        body[field] = value;
        body
    };
    let empty = post(json!({})).await;
    empty.refused(400, "MISSING_REQUIRED_FIELDS");
    let missing: Vec<&str> = empty.errors().into_iter().map(|(pointer, _)| pointer).collect();
    assert_eq!(missing, ["/orderId", "/carrier", "/recipientName", "/shippingAddress"]);
    let address = post(with("shippingAddress", json!({ "street": " ", "planet": "Mars" }))).await;
    address.refused(400, "MISSING_REQUIRED_FIELDS");
    let wrong: Vec<&str> = address.errors().into_iter().map(|(pointer, _)| pointer).collect();
    assert_eq!(wrong, ["/shippingAddress/street", "/shippingAddress/city", "/shippingAddress/country", "/shippingAddress/planet"]);
    let table = [
        ("orderId", json!("x"), "INVALID_ID"),
        ("carrier", json!("PIGEON"), "INVALID_CARRIER"),
        ("weight", json!(0), "INVALID_WEIGHT"),
        ("weight", json!(-1), "INVALID_WEIGHT"),
        ("weight", json!(0.0005), "INVALID_WEIGHT"),
        ("weight", json!(1000.5), "INVALID_WEIGHT"),
        ("weight", json!("1.5"), "INVALID_WEIGHT"),
        ("cost", json!(1.001), "INVALID_AMOUNT"),
        ("items", json!([]), "MISSING_ITEMS"),
        ("items", json!([{ "orderItemId": 7 }]), "INVALID_ITEM"),
        ("items", json!([{ "orderItemId": 7, "quantity": 0 }]), "INVALID_ITEM"),
        ("items", json!(vec![json!({ "orderItemId": 7, "quantity": 1 }); 51]), "TOO_MANY_ITEMS"),
        ("items", json!([{ "orderItemId": 7, "quantity": 1 }]), "INVALID_ORDER_ITEMS"),
        ("status", json!("DELIVERED"), "UNKNOWN_FIELD"),
    ];
    for (field, value, code) in table {
        post(with(field, value)).await.refused(400, code);
    }
    post(shipment_body(123, "LOCAL")).await.refused(404, "ORDER_NOT_FOUND");
    shop.customer(CUSTOMER).post("/api/shipments", &shipment_body(order.id, "LOCAL")).await.refused(403, "FORBIDDEN");
    assert_eq!(shop.order_now(order.id).await, order.body);
}

#[tokio::test]
async fn shipments_are_found_by_id_number_order_status_and_carrier() {
    let shop = LocalShop::without_pumps().await;
    let (mine, others) = (confirmed(&shop, 1).await, shop.order().with("customerId", json!(4002)).through(CONFIRMED).place().await);
    let (first, second) = (shop.ship_part(&mine, "LOCAL", 0, 1).await.ok(), shop.ship_part(&mine, "OTHER", 0, 1).await.ok());
    let third = shop.ship(&others, "LOCAL").await;
    shop.move_shipment(&first, "IN_TRANSIT").await.ok();
    let ids = async |query: &str| {
        let list = shop.staff().get(&format!("/api/shipments?{query}")).await.ok();
        column(&list, "id").into_iter().cloned().collect::<Vec<_>>()
    };

    assert_eq!(ids("").await, [third["id"].clone(), second["id"].clone(), first["id"].clone()]);
    assert_eq!(ids(&format!("orderId={}", mine.id)).await, [second["id"].clone(), first["id"].clone()]);
    assert_eq!(ids("status=IN_TRANSIT").await, [first["id"].clone()]);
    assert_eq!(ids("carrier=OTHER").await, [second["id"].clone()]);
    assert_eq!(ids(&format!("carrier=LOCAL&orderId={}", mine.id)).await, [first["id"].clone()]);
    let number = third["trackingNumber"].as_str().expect("a number");
    let spaced = format!("{}%20{}", &number[..5], number[5..].to_lowercase());
    assert_eq!(shop.staff().get(&format!("/api/shipments?trackingNumber={spaced}")).await.ok(), third);

    // A customer sees their own, and no other's by any way.
    let own = shop.customer(CUSTOMER).get("/api/shipments").await.ok();
    assert_eq!(column(&own, "id"), [&second["id"], &first["id"]]);
    assert_eq!(shop.customer(CUSTOMER).get(&format!("/api/shipments?orderId={}", others.id)).await.ok(), json!([]));
    for query in [format!("id={}", third["id"]), format!("trackingNumber={number}")] {
        shop.customer(CUSTOMER).get(&format!("/api/shipments?{query}")).await.refused(403, "FORBIDDEN");
    }
    for (query, status, code) in [
        ("id=123", 404, "SHIPMENT_NOT_FOUND"),
        ("trackingNumber=MLA0000000000", 404, "SHIPMENT_NOT_FOUND"),
        ("trackingNumber=%3Cb%3E", 404, "SHIPMENT_NOT_FOUND"),
        ("id=x", 400, "INVALID_ID"),
        ("status=LOST", 400, "INVALID_STATUS"),
        ("carrier=PIGEON", 400, "INVALID_CARRIER"),
        ("id=1&trackingNumber=2", 400, "UNKNOWN_PARAMETER"),
        ("id=1&status=PENDING", 400, "UNKNOWN_PARAMETER"),
        ("offset=1", 400, "OFFSET_UNSUPPORTED"),
    ] {
        shop.staff().get(&format!("/api/shipments?{query}")).await.refused(status, code);
    }
    assert_eq!(shop.staff().every_page("/api/shipments", 1).await.len(), 3);
}

#[tokio::test]
async fn a_parcel_for_a_carrier_that_is_not_connected_waits_for_staff_and_says_why() {
    let variables = [("DHL_KEYS", String::new())].into();
    let shop = LocalShop::with(Options { variables, ..Options::default() }).await;
    let order = confirmed(&shop, 1).await;
    let parcel = shop.ship(&order, "DHL").await;
    assert_eq!((&parcel["trackingNumber"], &parcel["failureReason"]), (&Value::Null, &Value::Null));
    assert_eq!(status(&shop, &order).await, "SHIPPED");
    shop.settled().await;
    let waiting = shop.shipment_now(&parcel).await;
    assert!(waiting["failureReason"].as_str().is_some_and(|reason| reason.contains("DHL is not connected")), "{waiting}");
    assert_eq!(told(&shop, &order).await.len(), 2, "placed and confirmed, and not that it is on its way");

    let numbered = shop.change_shipment(&parcel, &json!({ "trackingNumber": "12 3456 7890" })).await.ok();
    assert_eq!((&numbered["trackingNumber"], &numbered["failureReason"]), (&json!("1234567890"), &Value::Null));
    assert_eq!(told(&shop, &order).await.len(), 3);
}

#[tokio::test]
async fn a_keyed_request_makes_one_parcel() {
    let shop = LocalShop::without_pumps().await;
    let order = confirmed(&shop, 1).await;
    let keyed = shop.staff().key("parcel");
    let first = keyed.post("/api/shipments", &shipment_body(order.id, "LOCAL")).await;
    let again = keyed.post("/api/shipments", &shipment_body(order.id, "LOCAL")).await;
    assert_eq!((first.status, again.status, again.header("idempotency-replayed")), (201, 201, "true"));
    assert_eq!(first.text, again.text);
    assert_eq!(shop.staff().get("/api/shipments").await.ok().as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn an_order_whose_parcels_have_arrived_is_delivered_once_the_money_of_the_rest_goes_back() {
    for (moves_to, is) in [(None, "SHIPPED"), (Some("DELIVERED"), "DELIVERED")] {
        let shop = LocalShop::start().await;
        let order = shop.order().lines(2).paid().through(CONFIRMED).place().await;
        let parcel = shop.ship_part(&order, "LOCAL", 0, 1).await.ok();
        if let Some(to) = moves_to {
            shop.move_shipment(&parcel, to).await.ok();
        }
        assert_eq!(status(&shop, &order).await, "PROCESSING");
        let before = told(&shop, &order).await.len();

        let sold_out = json!({ "orderId": order.id, "items": [{ "orderItemId": order.line(1), "quantity": 1 }], "reason": "Sold out" });
        shop.admin().post("/api/refunds", &sold_out).await.ok();
        let now = shop.order_now(order.id).await;
        assert_eq!((now["status"].as_str(), now["completedAt"].is_u64()), (Some(is), is == "DELIVERED"), "{now}");
        let history = shop.staff().get(&order.path("history")).await.ok();
        let steps = history.as_array().expect("rows").iter().rev().filter(|row| row["type"] == "ORDER_STATUS_CHANGED");
        let steps: Vec<&str> = steps.filter_map(|row| row["newStatus"].as_str()).collect();
        let expected = ["CONFIRMED", "PROCESSING", "SHIPPED", "DELIVERED"];
        assert_eq!(steps, expected[..if is == "DELIVERED" { 4 } else { 3 }], "{history}");
        if is == "DELIVERED" {
            assert_eq!(told(&shop, &order).await.len(), before + 1, "that it has arrived");
            shop.rma(&order, 0, 1).await;
        } else {
            assert_eq!(told(&shop, &order).await.len(), before);
            shop.move_shipment(&parcel, "DELIVERED").await.ok();
            assert_eq!(status(&shop, &order).await, "DELIVERED");
        }
    }
}

#[tokio::test]
async fn what_is_owed_again_after_its_refund_failed_is_shipped_although_the_order_was_delivered() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().lines(2).paid().through(CONFIRMED).place().await;
    let parcel = shop.ship_part(&order, "LOCAL", 0, 1).await.ok();
    shop.move_shipment(&parcel, "DELIVERED").await.ok();
    let sold_out = json!({ "orderId": order.id, "items": [{ "orderItemId": order.line(1), "quantity": 1 }], "reason": "Sold out" });
    let refund = shop.admin().post("/api/refunds", &sold_out).await.ok();
    assert_eq!(status(&shop, &order).await, "DELIVERED");
    shop.ship_part(&order, "LOCAL", 1, 1).await.refused(409, "ORDER_NOT_SHIPPABLE");

    shop.admin().put(&format!("/api/refunds?id={}", refund["id"]), &json!({ "status": "FAILED" })).await.ok();
    let again = shop.ship_part(&order, "LOCAL", 1, 1).await.ok();
    shop.move_shipment(&again, "DELIVERED").await.ok();
    assert_eq!(status(&shop, &order).await, "DELIVERED");
    shop.ship_part(&order, "LOCAL", 1, 1).await.refused(409, "ORDER_NOT_SHIPPABLE");
    shop.rma(&order, 1, 1).await;
}

#[tokio::test]
async fn what_is_owed_is_shipped_although_the_piece_that_arrived_came_back() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().quantity(2).paid().through(CONFIRMED).place().await;
    let parcel = shop.ship_part(&order, "LOCAL", 0, 1).await.ok();
    shop.move_shipment(&parcel, "DELIVERED").await.ok();
    let sold_out = json!({ "orderId": order.id, "items": [{ "orderItemId": order.line(0), "quantity": 1 }], "reason": "Sold out" });
    let refund = shop.admin().post("/api/refunds", &sold_out).await.ok();
    assert_eq!(status(&shop, &order).await, "DELIVERED");
    let rma = shop.rma(&order, 0, 1).await;
    shop.steps(rma, &["APPROVED", "RECEIVED", "REFUNDED"]).await;
    shop.ship_part(&order, "LOCAL", 0, 1).await.refused(409, "ORDER_NOT_SHIPPABLE");

    shop.admin().put(&format!("/api/refunds?id={}", refund["id"]), &json!({ "status": "FAILED" })).await.ok();
    shop.ship_part(&order, "LOCAL", 0, 1).await.ok();
    shop.ship_part(&order, "LOCAL", 0, 1).await.refused(409, "ORDER_NOT_SHIPPABLE");
}
