//! `PUT /api/orders/{orderId}/status`, and the audit trail.

use crate::kit::{CUSTOMER, LocalShop, Placed, column, keys};
use serde_json::{Value, json};

async fn step(shop: &LocalShop, order: &Placed, to: &str) -> crate::kit::Answer {
    shop.staff().put(&order.path("status"), &json!({ "newStatus": to })).await
}

#[tokio::test]
async fn an_order_takes_every_step_to_its_customer() {
    let shop = LocalShop::without_pumps().await;
    for last in ["SHIPPED", "READY_FOR_PICKUP"] {
        let order = shop.order().place().await;
        let mut before = "PENDING";
        for (version, to) in (2..).zip(["CONFIRMED", "PROCESSING", last, "DELIVERED"]) {
            let answer = step(&shop, &order, to).await;
            assert_eq!((answer.status, answer.header("etag")), (200, format!("\"{version}\"").as_str()));
            assert_eq!(keys(&answer.body), ["message", "newStatus", "order", "previousStatus"]);
            assert_eq!((&answer.body["previousStatus"], &answer.body["newStatus"]), (&json!(before), &json!(to)));
            assert_eq!(answer.body["order"], shop.order_now(order.id).await);
            before = to;
        }
        let delivered = shop.order_now(order.id).await;
        assert_eq!((&delivered["status"], &delivered["completedAt"]), (&json!("DELIVERED"), &delivered["updatedAt"]));
    }
}

#[tokio::test]
async fn a_wrong_step_names_the_allowed_ones() {
    let shop = LocalShop::without_pumps().await;
    let everything = ["PENDING", "CONFIRMED", "PROCESSING", "READY_FOR_PICKUP", "SHIPPED", "DELIVERED"];
    let table: [(&'static [&'static str], &[&str]); 6] = [
        (&[], &["CONFIRMED", "CANCELLED"]),
        (&["CONFIRMED"], &["PROCESSING", "CANCELLED"]),
        (&["CONFIRMED", "PROCESSING"], &["READY_FOR_PICKUP", "SHIPPED", "CANCELLED"]),
        (&["CONFIRMED", "PROCESSING", "READY_FOR_PICKUP"], &["DELIVERED"]),
        (&["CONFIRMED", "PROCESSING", "SHIPPED"], &["DELIVERED"]),
        (&["CONFIRMED", "PROCESSING", "SHIPPED", "DELIVERED"], &[]),
    ];
    for (steps, allowed) in table {
        let order = shop.order().through(steps).place().await;
        for to in everything.iter().filter(|to| !allowed.contains(to)) {
            let answer = step(&shop, &order, to).await;
            answer.refused(409, "INVALID_STATUS_TRANSITION");
            assert_eq!(answer.body["allowed"], json!(allowed), "{steps:?} to {to}");
            let detail = answer.body["detail"].as_str().expect("a sentence");
            assert!(allowed.iter().all(|allowed| detail.contains(allowed)), "{detail}");
        }
        assert_eq!(shop.order_now(order.id).await, order.body);
    }
}

#[tokio::test]
async fn a_cancelled_order_takes_no_step() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().place().await;
    let answer = shop.staff().put(&order.path("status"), &json!({ "newStatus": "CANCELLED", "note": "Sold out" })).await.ok();
    assert_eq!((&answer["previousStatus"], &answer["order"]["paymentStatus"]), (&json!("PENDING"), &json!("VOIDED")));
    assert_eq!(shop.stock(order.variants[0]).await, order.stock_before);

    let onward = step(&shop, &order, "CONFIRMED").await;
    onward.refused(409, "INVALID_STATUS_TRANSITION");
    assert_eq!(onward.body["allowed"], json!([]));
    let again = shop.staff().put(&order.path("status"), &json!({ "newStatus": "CANCELLED", "note": "Sold out" })).await;
    again.refused(409, "ALREADY_CANCELLED");
}

#[tokio::test]
async fn cancelling_by_status_follows_cancels_rules() {
    let shop = LocalShop::without_pumps().await;
    let paid = shop.order().paid().place().await;
    let cancel = async |order: &Placed, note: Value| {
        shop.staff().put(&order.path("status"), &json!({ "newStatus": "CANCELLED", "note": note })).await
    };

    let no_reason = cancel(&paid, Value::Null).await;
    no_reason.refused(400, "MISSING_REASON");
    assert_eq!(no_reason.errors(), [("/note", "MISSING_REASON")]);
    cancel(&paid, json!("x".repeat(501))).await.refused(400, "INVALID_REASON");
    let answer = cancel(&paid, json!("Sold out")).await.ok();
    assert_eq!((&answer["newStatus"], &answer["order"]["paymentStatus"]), (&json!("CANCELLED"), &json!("REFUND_PENDING")));
    assert_eq!(shop.refunds_of(paid.id).await[0]["reason"], "Sold out");
    let shipped = shop.order().through(&["CONFIRMED", "PROCESSING", "SHIPPED"]).place().await;
    cancel(&shipped, json!("Too late")).await.refused(409, "CANNOT_CANCEL");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_staff_note_at_a_cancelling_step_is_theirs_to_read() {
    let shop = LocalShop::start().await;
    let order = shop.order().paid().place().await;
    let note = "Customer is a known fraud";
    shop.staff().put(&order.path("status"), &json!({ "newStatus": "CANCELLED", "note": note })).await.ok();
    shop.settled().await;

    assert_eq!(shop.refunds_of(order.id).await[0]["reason"], note);
    let history = shop.staff().get(&order.path("history")).await;
    assert!(history.text.contains(note), "{}", history.text);
    let messages = shop.staff().get(&format!("/api/notifications?orderId={}", order.id)).await;
    assert!(messages.text.contains("est annulée"), "{}", messages.text);
    let shown = shop.customer(CUSTOMER).get(&format!("/api/orders?id={}", order.id)).await;
    for read in [&messages.text, &shown.text] {
        assert!(!read.contains("fraud") && !read.contains("Motif"), "{read}");
    }
}

#[tokio::test]
async fn a_wrong_request_for_a_step_is_named() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().place().await;
    let put = async |body: Value| shop.staff().put(&order.path("status"), &body).await;

    put(json!({})).await.refused(400, "MISSING_REQUIRED_FIELDS");
    put(json!({ "newStatus": "LOST" })).await.refused(400, "INVALID_STATUS");
    put(json!({ "newStatus": 7 })).await.refused(400, "INVALID_STATUS");
    let all = put(json!({ "status": "CONFIRMED", "newStatus": "LOST", "note": 7 })).await;
    all.refused(400, "INVALID_STATUS");
    assert_eq!(all.errors(), [("/newStatus", "INVALID_STATUS"), ("/note", "INVALID_NOTE"), ("/status", "UNKNOWN_FIELD")]);
    for id in ["abc", "0", "-1", "1.5", "9007199254740992", "%20", "%FF", "1e400"] {
        let answer = shop.staff().put(&format!("/api/orders/{id}/status"), &json!({ "newStatus": "CONFIRMED" })).await;
        answer.refused(400, "INVALID_ORDER_ID");
        assert_eq!(answer.errors(), [("/orderId", "INVALID_ORDER_ID")], "{id}");
    }
    shop.staff().put("/api/orders/123/status", &json!({ "newStatus": "CONFIRMED" })).await.refused(404, "ORDER_NOT_FOUND");
    shop.customer(CUSTOMER).put(&order.path("status"), &json!({ "newStatus": "CONFIRMED" })).await.refused(403, "FORBIDDEN");
    assert_eq!(shop.order_now(order.id).await, order.body);
}

#[tokio::test]
async fn the_audit_trail_says_who_did_what_from_which_state_to_which() {
    let shop = LocalShop::start().await;
    let order = shop.order().paid().place().await;
    shop.staff().put(&order.path("status"), &json!({ "newStatus": "CONFIRMED", "note": "Called the customer" })).await.ok();
    let refund = json!({ "reason": "Changed my mind", "refundMethod": "STORE_CREDIT" });
    let refund = shop.customer(CUSTOMER).post(&order.path("cancel"), &refund).await.ok()["refund"]["id"].clone();
    shop.settled().await;

    let rows = shop.staff().get(&order.path("history")).await.ok();
    assert_eq!(keys(&rows[0]), ["createdAt", "id", "newStatus", "note", "performedBy", "previousStatus", "role", "type"]);
    let mut told: Vec<(&str, Value)> = rows
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| {
            (row["type"].as_str().expect("a type"), json!([row["performedBy"], row["role"], row["previousStatus"], row["newStatus"]]))
        })
        .collect();
    told.reverse();
    let expected = [
        ("ORDER_PLACED", json!([2, "SALES_STAFF", null, "PENDING"])),
        ("PAYMENT_STATUS_CHANGED", json!([2, "SALES_STAFF", "PENDING", "PAID"])),
        ("ORDER_STATUS_CHANGED", json!([2, "SALES_STAFF", "PENDING", "CONFIRMED"])),
        ("ORDER_CANCELLED", json!([CUSTOMER, "CUSTOMER", "CONFIRMED", "CANCELLED"])),
        ("PAYMENT_STATUS_CHANGED", json!([CUSTOMER, "CUSTOMER", "PAID", "REFUND_PENDING"])),
        ("REFUND_CREATED", json!([CUSTOMER, "CUSTOMER", null, "PROCESSING"])),
        ("REFUND_STATUS_CHANGED", json!([null, null, "PROCESSING", "COMPLETED"])),
        ("PAYMENT_STATUS_CHANGED", json!([null, null, "REFUND_PENDING", "REFUNDED"])),
    ];
    assert_eq!(told, expected);
    let note = |place: usize| rows[expected.len() - 1 - place]["note"].as_str().unwrap_or_default().to_owned();
    assert_eq!((note(2).as_str(), note(3).as_str()), ("Called the customer", "Changed my mind"));
    assert!(note(5).contains(&refund.to_string()), "{}", note(5));
}

#[tokio::test]
async fn the_pages_of_an_audit_trail_hold_every_row_once() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().paid().through(&["CONFIRMED", "PROCESSING"]).place().await;
    shop.staff().post(&order.path("cancel"), &json!({ "reason": "Sold out" })).await.ok();

    let whole = shop.staff().get(&order.path("history")).await.ok();
    assert_eq!(whole.as_array().map(Vec::len), Some(7));
    for limit in [1, 2, 3, 7] {
        assert_eq!(json!(shop.staff().every_page(&order.path("history"), limit).await), whole, "limit {limit}");
    }
    let times = column(&whole, "createdAt");
    assert!(times.is_sorted_by_key(|time| std::cmp::Reverse(time.as_u64())), "{times:?}");
    shop.staff().get("/api/orders/123/history").await.refused(404, "ORDER_NOT_FOUND");
    shop.staff().get("/api/orders/x/history").await.refused(400, "INVALID_ORDER_ID");
    shop.staff().get(&order.path("history?limit=0")).await.refused(400, "INVALID_LIMIT");
    shop.staff().get(&order.path("history?cursor=x")).await.refused(400, "INVALID_CURSOR");
    shop.staff().get(&order.path("history?offset=1")).await.refused(400, "OFFSET_UNSUPPORTED");
    shop.staff().get(&order.path("history?status=PENDING")).await.refused(400, "UNKNOWN_PARAMETER");
}
