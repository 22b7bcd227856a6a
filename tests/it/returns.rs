//! `POST/GET/PUT /api/returns`: a return from its request to its end, and what is refused on the way.

use crate::kit::{CUSTOMER, LocalShop, Placed, back, cents, column, keys};
use serde_json::{Value, json};
use std::time::Duration;

const FIELDS: &str = "approvedAt approvedBy createdAt currency customerId deliveryFeeRefund description id items notes orderId orderNumber \
    reason receivedAt receivedBy refundAmount refundId rejectedAt rejectedBy restockingFee returnShippingFee rmaNumber status updatedAt version";
const ITEM_FIELDS: &str = "condition id orderItemId productName quantity receivedQuantity refundAmount restockable sku variantId";
const DAY: Duration = Duration::from_hours(24);

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
    shop.step(other, json!({ "status": "REJECTED", "notes": "Article soldé" })).await.ok();
    shop.settled().await;

    // Asked for twice, approved, received, rejected; the refund waits for staff and says nothing yet.
    assert_eq!(shop.messages_of(order.id).await.len() - before, 2 * 5);
    let mails = shop.system.outbox.emails();
    let text = |mail: &local::emulators::outbox::Email| mail.text.clone().unwrap_or_default();
    assert_eq!(mails.iter().filter(|mail| text(mail).contains(&number)).count(), 3, "{mails:?}");
    let rejected = text(mails.last().expect("a mail"));
    assert!(rejected.contains("Article soldé"), "{rejected}");
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
async fn only_a_delivered_order_and_only_its_own_lines_come_back() {
    let shop = LocalShop::without_pumps().await;
    for steps in [&[][..], &["CONFIRMED"], &["CONFIRMED", "PROCESSING"], &["CONFIRMED", "PROCESSING", "SHIPPED"]] {
        let order = shop.order().paid().through(steps).place().await;
        shop.ask_back(&order, json!([back(order.line(0), 1, "UNOPENED")])).await.refused(409, "ORDER_NOT_DELIVERED");
    }
    let order = shop.order().delivered().place().await;
    let other = shop.order().delivered().place().await;
    for stranger in [123, other.line(0)] {
        let items = json!([back(order.line(0), 1, "UNOPENED"), back(stranger, 1, "UNOPENED")]);
        shop.ask_back(&order, items).await.refused(400, "INVALID_ORDER_ITEMS");
    }
    let wanted = json!({ "orderId": 123, "reason": "x", "items": [back(order.line(0), 1, "UNOPENED")] });
    shop.staff().post("/api/returns", &wanted).await.refused(404, "ORDER_NOT_FOUND");
    let wanted = json!({ "orderId": order.id, "reason": "x", "items": [back(order.line(0), 1, "UNOPENED")] });
    shop.customer(CUSTOMER + 1).post("/api/returns", &wanted).await.refused(403, "FORBIDDEN");
    shop.ask_back(&order, json!([back(order.line(0), 2, "UNOPENED")])).await.refused(409, "QUANTITY_NOT_RETURNABLE");
    assert_eq!(shop.order_now(order.id).await, order.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_window_closes_thirty_days_after_delivery_to_the_millisecond() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().quantity(3).delivered().place().await;
    let closes = order.body["completedAt"].as_u64().expect("a time") + 30 * 86_400_000;
    let until = |at: u64| Duration::from_millis(at - shop.system.clock.now().0);
    // A second is long enough for a request, and no test can stop the clock.
    shop.system.clock.advance(until(closes - 1_000));
    let asked = shop.rma(&order, 0, 1).await;
    assert!(shop.return_now(asked).await["createdAt"].as_u64().expect("a time") <= closes);
    shop.system.clock.advance(until(closes + 1));
    shop.ask_back(&order, json!([back(order.line(0), 1, "UNOPENED")])).await.refused(409, "RETURN_WINDOW_CLOSED");
    // What was asked for in time takes its way.
    shop.steps(asked, &["APPROVED", "RECEIVED", "REFUNDED", "COMPLETED"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_request_is_named_field_by_field() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().delivered().place().await;
    let post = async |body: Value| shop.staff().post("/api/returns", &body).await;
    let good = json!({ "orderId": order.id, "reason": "x", "items": [back(order.line(0), 1, "UNOPENED")] });
    for (field, value, code) in [
        ("orderId", Value::Null, "MISSING_ORDER_ID"),
        ("orderId", json!("1"), "INVALID_ID"),
        ("reason", json!("  "), "MISSING_REASON"),
        ("reason", json!("x".repeat(501)), "INVALID_REASON"),
        ("description", json!(1), "INVALID_DESCRIPTION"),
        ("items", Value::Null, "MISSING_ITEMS"),
        ("items", json!([]), "MISSING_ITEMS"),
        ("items", json!({}), "INVALID_ITEM"),
        ("items", json!([1]), "INVALID_ITEM"),
        ("items", json!([{ "orderItemId": order.line(0), "condition": "UNOPENED" }]), "INVALID_ITEM"),
        ("items", json!([back(order.line(0), 0, "UNOPENED")]), "INVALID_ITEM"),
        ("items", json!([back(order.line(0), 1, "USED")]), "INVALID_CONDITION"),
        ("items", json!([{ "orderItemId": order.line(0), "quantity": 1 }]), "INVALID_CONDITION"),
        ("items", json!([{ "orderItemId": order.line(0), "quantity": 1, "condition": "UNOPENED", "restockable": "yes" }]), "INVALID_ITEM"),
    ] {
        let mut body = good.clone();
        body[field] = value.clone();
        post(body).await.refused(400, code);
    }
    let all = post(json!({ "refund": 1, "items": [{ "orderItemId": "x", "quantity": 1, "condition": "NEW", "sku": 1 }] })).await;
    let expected = [
        ("/orderId", "MISSING_ORDER_ID"),
        ("/reason", "MISSING_REASON"),
        ("/items/0/orderItemId", "INVALID_ITEM"),
        ("/items/0/condition", "INVALID_CONDITION"),
        ("/items/0/sku", "UNKNOWN_FIELD"),
        ("/refund", "UNKNOWN_FIELD"),
    ];
    assert_eq!(all.errors(), expected);
    assert_eq!(shop.order_now(order.id).await, order.body);
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
        (json!({ "status": "APPROVED", "items": count }), "INVALID_ITEM", "/items"),
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
    receive(json!([{ "orderItemId": line, "receivedQuantity": 1 }])).await.refused(400, "INVALID_ORDER_ITEMS");
    receive(json!([{ "orderItemId": line, "id": 123 }])).await.refused(400, "INVALID_ORDER_ITEMS");
    receive(json!([{ "orderItemId": 123 }])).await.refused(400, "INVALID_ORDER_ITEMS");
    receive(json!([{ "orderItemId": line, "id": whole }, { "orderItemId": line, "id": whole }])).await.refused(400, "INVALID_ORDER_ITEMS");
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

#[tokio::test(flavor = "multi_thread")]
async fn rma_numbers_count_the_days_returns() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().quantity(5).delivered().place().await;
    let mut numbers = Vec::new();
    for n in 0..4 {
        let rma = shop.rma(&order, 0, 1).await;
        numbers.push(shop.return_now(rma).await["rmaNumber"].as_str().expect("a number").to_owned());
        // What is refused takes no number.
        shop.ask_back(&order, json!([back(order.line(0), 9, "UNOPENED")])).await.refused(409, "QUANTITY_NOT_RETURNABLE");
        if n == 2 {
            shop.system.clock.advance(DAY);
        }
    }
    assert!(numbers.iter().all(|number| number.starts_with("RMA-2") && number.len() == 17), "{numbers:?}");
    assert_eq!(numbers.iter().map(|number| &number[13..]).collect::<Vec<_>>(), ["0001", "0002", "0003", "0001"]);
    assert_ne!(numbers[0][..12], numbers[3][..12]);
}
