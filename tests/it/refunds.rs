//! `GET/PUT /api/refunds`, and the life of a refund.

use crate::kit::{Answer, CUSTOMER, LocalShop, Placed, cents, column, keys};
use serde_json::{Value, json};
use std::time::Duration;

const FIELDS: &str = "amount attempts awaiting createdAt currency failureReason id notes orderId processedAt processedBy provider reason \
    refundMethod returnId status transactionReference updatedAt";

/// A paid order that was cancelled, and the refund it made, once no worker can do more about it.
async fn refunded(shop: &LocalShop, paid_by: &str, refund_by: Option<&str>) -> (Placed, Value) {
    let order = shop.order().with("paymentMethod", json!(paid_by)).paid().place().await;
    shop.staff().post(&order.path("cancel"), &json!({ "reason": "Sold out", "refundMethod": refund_by })).await.ok();
    shop.settled().await;
    let refund = shop.refunds_of(order.id).await[0].clone();
    (order, refund)
}

async fn put(shop: &LocalShop, refund: &Value, body: Value) -> Answer {
    shop.admin().put(&format!("/api/refunds?id={}", refund["id"]), &body).await
}

#[tokio::test]
async fn a_refund_has_every_field_of_the_contract_and_null_where_it_is_empty() {
    let shop = LocalShop::start().await;
    let (order, refund) = refunded(&shop, "MOBILE_MONEY", None).await;

    let found = shop.staff().get(&format!("/api/refunds?id={}", refund["id"])).await;
    assert_eq!((found.status, &found.body), (200, &refund));
    assert!(found.header("etag").starts_with('"'), "{}", found.header("etag"));
    assert_eq!(keys(&refund).join(" "), FIELDS);
    for empty in ["returnId", "transactionReference", "provider", "failureReason", "processedBy", "processedAt", "notes"] {
        assert_eq!(refund[empty], Value::Null, "{empty}");
    }
    assert_eq!((&refund["orderId"], &refund["currency"], &refund["attempts"]), (&json!(order.id), &json!("USD"), &json!(0)));
    assert!(found.text.contains(r#""amount":75.00"#), "{}", found.text);
    assert_eq!(
        (&refund["status"], &refund["refundMethod"], &refund["awaiting"]),
        (&json!("PROCESSING"), &json!("MOBILE_MONEY"), &json!("STAFF"))
    );
}

#[tokio::test]
async fn what_no_provider_carries_out_waits_for_staff_and_an_admin_completes_it() {
    let shop = LocalShop::start().await;
    for (paid_by, refund_by) in [("MOBILE_MONEY", "MOBILE_MONEY"), ("CARD", "CARD"), ("CASH_ON_DELIVERY", "CASH"), ("CARD", "CASH")] {
        let (order, refund) = refunded(&shop, paid_by, Some(refund_by)).await;
        assert_eq!(
            (&refund["status"], &refund["awaiting"], &refund["refundMethod"]),
            (&json!("PROCESSING"), &json!("STAFF"), &json!(refund_by))
        );
        assert_eq!(shop.order_now(order.id).await["paymentStatus"], "REFUND_PENDING");

        let body = json!({ "status": "COMPLETED", "transactionReference": "TX-9", "notes": "Paid out" });
        let done = put(&shop, &refund, body).await;
        let tag = shop.admin().get(&format!("/api/refunds?id={}", refund["id"])).await;
        assert_eq!((done.header("etag"), &done.body), (tag.header("etag"), &tag.body));
        let done = done.ok();
        assert_eq!((&done["status"], &done["awaiting"], &done["processedBy"]), (&json!("COMPLETED"), &Value::Null, &json!(1)));
        assert_eq!((&done["transactionReference"], &done["notes"]), (&json!("TX-9"), &json!("Paid out")));
        assert_eq!(done["processedAt"], done["updatedAt"]);
        let order = shop.order_now(order.id).await;
        assert_eq!((&order["paymentStatus"], cents(&order["refundedTotal"])), (&json!("REFUNDED"), 75_00));
        put(&shop, &refund, json!({ "status": "COMPLETED" })).await.refused(409, "INVALID_STATUS_TRANSITION");
    }
    assert_eq!(shop.customer(CUSTOMER).get("/api/store-credit").await.ok()["entries"], json!([]));
}

#[tokio::test]
async fn what_an_admin_changes_of_a_refund_is_in_its_orders_history() {
    let shop = LocalShop::start().await;
    let (order, refund) = refunded(&shop, "CARD", Some("CASH")).await;
    let rows = async || shop.staff().get(&order.path("history")).await.ok().as_array().expect("rows").clone();
    let before = rows().await.len();
    put(&shop, &refund, json!({ "transactionReference": "TX-9", "notes": "Handed to her sister, 0812345678" })).await.ok();
    put(&shop, &refund, json!({ "notes": null })).await.ok();
    let rows = rows().await;
    assert_eq!(rows.len(), before + 2, "{rows:?}");
    for (row, what) in rows.iter().zip(["notes", "transactionReference, notes"]) {
        assert_eq!((&row["type"], &row["performedBy"], &row["role"]), (&json!("REFUND_UPDATED"), &json!(1), &json!("ADMIN")));
        assert_eq!((&row["previousStatus"], &row["newStatus"]), (&json!("PROCESSING"), &json!("PROCESSING")));
        assert_eq!(row["note"], format!("Refund {}: {what} changed", refund["id"]));
    }
}

#[tokio::test]
async fn a_failed_refund_gives_its_room_back_and_a_retry_takes_it_again() {
    let shop = LocalShop::start().await;
    let (order, refund) = refunded(&shop, "MOBILE_MONEY", None).await;

    let failed = put(&shop, &refund, json!({ "status": "FAILED" })).await.ok();
    assert_eq!((&failed["status"], &failed["awaiting"]), (&json!("FAILED"), &Value::Null));
    assert!(failed["failureReason"].is_string(), "{failed}");
    let after = shop.order_now(order.id).await;
    assert_eq!((&after["paymentStatus"], cents(&after["refundedTotal"])), (&json!("PAID"), 0));
    put(&shop, &refund, json!({ "status": "COMPLETED" })).await.refused(409, "INVALID_STATUS_TRANSITION");

    let retried = put(&shop, &refund, json!({ "status": "PROCESSING" })).await.ok();
    assert_eq!((&retried["status"], &retried["failureReason"]), (&json!("PROCESSING"), &Value::Null));
    assert_eq!(shop.order_now(order.id).await["paymentStatus"], "REFUND_PENDING");
    shop.settled().await;
    assert_eq!(shop.refunds_of(order.id).await[0]["awaiting"], "STAFF");
    put(&shop, &refund, json!({ "status": "COMPLETED" })).await.ok();
    assert_eq!(shop.order_now(order.id).await["paymentStatus"], "REFUNDED");
}

#[tokio::test]
async fn store_credit_is_paid_at_once_and_once_by_the_system() {
    let shop = LocalShop::start().await;
    let (order, refund) = refunded(&shop, "CARD", Some("STORE_CREDIT")).await;

    assert_eq!((&refund["status"], &refund["awaiting"], &refund["processedBy"]), (&json!("COMPLETED"), &Value::Null, &Value::Null));
    assert!(refund["processedAt"].is_u64(), "{refund}");
    let order = shop.order_now(order.id).await;
    assert_eq!((&order["paymentStatus"], cents(&order["refundedTotal"])), (&json!("REFUNDED"), 75_00));
    put(&shop, &refund, json!({ "status": "COMPLETED" })).await.refused(409, "INVALID_STATUS_TRANSITION");
    let credit = shop.staff().get("/api/store-credit?customerId=4001").await.ok();
    assert_eq!((credit["entries"].as_array().map(Vec::len), cents(&credit["balances"][0]["balance"])), (Some(1), 75_00));
}

#[tokio::test]
async fn a_retry_without_room_is_refused() {
    let shop = LocalShop::start().await;
    let (order, refund) = refunded(&shop, "CARD", None).await;
    put(&shop, &refund, json!({ "status": "FAILED" })).await.ok();
    shop.rewrite("ORDER", &json!(order.id), "refundable", "74.99 USD").await;

    put(&shop, &refund, json!({ "status": "PROCESSING" })).await.refused(409, "REFUND_EXCEEDS_PAID");
    assert_eq!(shop.refunds_of(order.id).await[0]["status"], "FAILED");
}

#[tokio::test]
async fn part_of_the_money_back_leaves_the_order_partially_refunded() {
    let shop = LocalShop::start().await;
    let (order, refund) = refunded(&shop, "CARD", None).await;
    shop.rewrite("REFUND", &refund["id"], "amount", "25.01 USD").await;
    shop.rewrite("ORDER", &json!(order.id), "refundable", "49.99 USD").await;

    put(&shop, &refund, json!({ "status": "COMPLETED" })).await.ok();
    let order = shop.order_now(order.id).await;
    assert_eq!((&order["paymentStatus"], cents(&order["refundedTotal"])), (&json!("PARTIALLY_REFUNDED"), 25_01));
}

#[tokio::test]
async fn while_a_provider_is_at_work_its_status_cant_be_set_by_hand() {
    let shop = LocalShop::start().await;
    let (_, refund) = refunded(&shop, "CARD", None).await;
    shop.rewrite("REFUND", &refund["id"], "awaiting", "PROVIDER").await;

    for status in ["COMPLETED", "FAILED", "PROCESSING"] {
        put(&shop, &refund, json!({ "status": status })).await.refused(409, "REFUND_IN_PROGRESS");
    }
    assert_eq!(put(&shop, &refund, json!({ "notes": "Asked the bank" })).await.ok()["awaiting"], "PROVIDER");
}

#[tokio::test]
async fn a_wrong_step_names_the_allowed_ones() {
    let shop = LocalShop::start().await;
    let (_, refund) = refunded(&shop, "CARD", None).await;
    let words = ["PENDING", "PROCESSING", "COMPLETED", "FAILED"];
    let table: [(&str, &[&str]); 4] =
        [("PROCESSING", &["COMPLETED", "FAILED"]), ("FAILED", &["PROCESSING"]), ("PENDING", &["PROCESSING"]), ("COMPLETED", &[])];
    for (from, allowed) in table {
        shop.rewrite("REFUND", &refund["id"], "status", from).await;
        for to in words.iter().filter(|to| !allowed.contains(to)) {
            let answer = put(&shop, &refund, json!({ "status": to })).await;
            answer.refused(409, "INVALID_STATUS_TRANSITION");
            assert_eq!(answer.body["allowed"], json!(allowed), "{from} to {to}");
        }
    }
    shop.rewrite("REFUND", &refund["id"], "status", "PENDING").await;
    assert_eq!(put(&shop, &refund, json!({ "status": "PROCESSING" })).await.ok()["status"], "PROCESSING");
}

#[tokio::test]
async fn the_audit_trail_of_the_order_tells_what_an_admin_made_of_its_refund() {
    let shop = LocalShop::start().await;
    let (order, refund) = refunded(&shop, "CARD", None).await;
    let before = shop.staff().get(&order.path("history")).await.ok().as_array().map_or(0, Vec::len);
    for status in ["FAILED", "PROCESSING", "COMPLETED"] {
        put(&shop, &refund, json!({ "status": status })).await.ok();
    }

    let rows = shop.staff().get(&order.path("history")).await.ok();
    let rows = rows.as_array().expect("a list");
    let mut told = Vec::new();
    for row in rows[..rows.len() - before].iter().rev() {
        assert_eq!((&row["performedBy"], &row["role"]), (&json!(1), &json!("ADMIN")));
        told.push(["type", "previousStatus", "newStatus"].map(|field| row[field].as_str().unwrap_or_default()));
    }
    let expected = [
        ["REFUND_STATUS_CHANGED", "PROCESSING", "FAILED"],
        ["PAYMENT_STATUS_CHANGED", "REFUND_PENDING", "PAID"],
        ["REFUND_STATUS_CHANGED", "FAILED", "PROCESSING"],
        ["PAYMENT_STATUS_CHANGED", "PAID", "REFUND_PENDING"],
        ["REFUND_STATUS_CHANGED", "PROCESSING", "COMPLETED"],
        ["PAYMENT_STATUS_CHANGED", "REFUND_PENDING", "REFUNDED"],
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn notes_and_reference_change_alone_and_null_clears_them() {
    let shop = LocalShop::start().await;
    let (order, refund) = refunded(&shop, "CARD", None).await;

    let noted = put(&shop, &refund, json!({ "notes": " Waiting for the till ", "transactionReference": "T1" })).await.ok();
    assert_eq!((&noted["notes"], &noted["status"]), (&json!("Waiting for the till"), &json!("PROCESSING")));
    let cleared = put(&shop, &refund, json!({ "notes": null })).await.ok();
    assert_eq!((&cleared["notes"], &cleared["transactionReference"]), (&Value::Null, &json!("T1")));
    assert_eq!(shop.order_now(order.id).await["paymentStatus"], "REFUND_PENDING");
}

#[tokio::test]
async fn a_wrong_request_for_a_refund_is_named() {
    let shop = LocalShop::start().await;
    let (_, refund) = refunded(&shop, "CARD", None).await;

    put(&shop, &refund, json!({})).await.refused(400, "MISSING_REQUIRED_FIELDS");
    put(&shop, &refund, json!({ "status": null })).await.refused(400, "MISSING_REQUIRED_FIELDS");
    let all = put(&shop, &refund, json!({ "amount": 1, "notes": 1, "transactionReference": 1, "status": "DONE" })).await;
    all.refused(400, "INVALID_STATUS");
    let expected = [
        ("/status", "INVALID_STATUS"),
        ("/transactionReference", "INVALID_TRANSACTION_REFERENCE"),
        ("/notes", "INVALID_NOTES"),
        ("/amount", "UNKNOWN_FIELD"),
    ];
    assert_eq!(all.errors(), expected);
    let note = json!({ "notes": "x" });
    for query in ["", "?id=", "?id=x", "?id=0", "?id=1&id=1"] {
        let answer = shop.admin().put(&format!("/api/refunds{query}"), &note).await;
        answer.refused(400, "INVALID_ID");
        assert_eq!(answer.errors(), [("/id", "INVALID_ID")], "{query}");
    }
    shop.admin().put("/api/refunds?id=123", &note).await.refused(404, "REFUND_NOT_FOUND");
    shop.admin().put("/api/refunds?id=123&orderId=1", &note).await.refused(400, "UNKNOWN_PARAMETER");
    shop.staff().put(&format!("/api/refunds?id={}", refund["id"]), &note).await.refused(403, "FORBIDDEN");
    assert_eq!(shop.refunds_of(refund["orderId"].as_u64().expect("an id")).await[0], refund);
}

#[tokio::test]
async fn the_list_of_refunds_has_its_filters_and_pages() {
    let shop = LocalShop::start().await;
    let mut orders = Vec::new();
    for (paid_by, refund_by) in [("CARD", "CARD"), ("CARD", "STORE_CREDIT"), ("CARD", "CASH"), ("CARD", "STORE_CREDIT"), ("CARD", "CARD")] {
        orders.push(refunded(&shop, paid_by, Some(refund_by)).await.0.id);
        shop.system.clock.advance(Duration::from_millis(5));
    }
    let orders_of = async |query: &str| {
        let found = json!(shop.staff().every_page(&format!("/api/refunds?{query}"), 2).await);
        column(&found, "orderId").iter().map(|order| orders.iter().position(|id| *order == id).expect("one of ours")).collect::<Vec<_>>()
    };

    assert_eq!(orders_of("").await, [4, 3, 2, 1, 0]);
    assert_eq!(orders_of("status=COMPLETED").await, [3, 1]);
    assert_eq!(orders_of("status=PROCESSING").await, [4, 2, 0]);
    assert_eq!(orders_of("method=CARD").await, [4, 0]);
    assert_eq!(orders_of("method=CASH&status=PROCESSING").await, [2]);
    assert_eq!(orders_of(&format!("orderId={}", orders[1])).await, [1]);
    assert_eq!(orders_of(&format!("orderId={}&status=FAILED", orders[1])).await, [0; 0]);
    for (query, code) in [
        ("status=DONE", "INVALID_STATUS"),
        ("method=GOLD", "INVALID_METHOD"),
        ("orderId=x", "INVALID_ID"),
        ("id=x", "INVALID_ID"),
        ("id=1&orderId=1", "UNKNOWN_PARAMETER"),
        ("customerId=1", "UNKNOWN_PARAMETER"),
        ("offset=1", "OFFSET_UNSUPPORTED"),
        ("limit=0", "INVALID_LIMIT"),
        ("cursor=x", "INVALID_CURSOR"),
    ] {
        shop.staff().get(&format!("/api/refunds?{query}")).await.refused(400, code);
    }
    shop.staff().get("/api/refunds?id=123").await.refused(404, "REFUND_NOT_FOUND");
}
