//! What every endpoint has in common: problems, headers, entity tags, and which refusal comes first.

use crate::kit::{CUSTOMER, Caller, HOUR, LocalShop, body, shipment_body};
use reqwest::Method;
use serde_json::{Value, json};

const MEGABYTE: usize = 1024 * 1024;

/// Two faults in words, the request that has them, and the one that is answered.
type Request<'a> = (&'a str, Caller, &'a Method, &'a str, Vec<u8>, u16, &'a str);

#[tokio::test]
async fn a_problem_says_what_where_and_how_often() {
    let shop = LocalShop::without_pumps().await;
    let answer = shop.customer(CUSTOMER).get("/api/orders?id=123").await;
    answer.refused(404, "ORDER_NOT_FOUND");
    let expected = json!({
        "type": "/problems/order-not-found", "title": "Not Found", "status": 404, "detail": "There is no order 123.",
        "instance": "/api/orders", "error": "There is no order 123.", "code": "ORDER_NOT_FOUND",
    });
    assert_eq!(answer.body, expected);
    let nobody = shop.nobody().get("/api/orders").await;
    nobody.refused(401, "UNAUTHORIZED");
    assert_eq!(nobody.header("www-authenticate"), "Bearer");
}

#[tokio::test]
async fn of_two_faults_the_earlier_one_is_answered() {
    let shop = LocalShop::without_pumps().await;
    let (order, cancelled) = (shop.order().place().await, shop.order().place().await);
    shop.staff().post(&cancelled.path("cancel"), &json!({ "reason": "x" })).await.ok();
    let big = vec![b' '; MEGABYTE + 1];
    let (nobody, owner, other, staff) = (shop.nobody(), shop.customer(CUSTOMER), shop.customer(CUSTOMER + 1), shop.staff());
    let stale = |caller: &Caller| caller.clone().header("if-match", "\"77\"");
    let text = |caller: &Caller| caller.clone().header("content-type", "text/plain");
    let reason = || br#"{"reason":"x"}"#.to_vec();
    let (post, put) = (Method::POST, Method::PUT);
    let (cancel, status) = (order.path("cancel"), order.path("status"));

    let table: [Request<'_>; 20] = [
        ("no route, no token", nobody.clone(), &post, "/api/nothing", vec![], 404, "NOT_FOUND"),
        ("no method, no token", nobody.clone(), &post, &status, vec![], 405, "METHOD_NOT_ALLOWED"),
        ("no token, too large", nobody.clone(), &put, &status, big.clone(), 401, "UNAUTHORIZED"),
        ("no token, no JSON", nobody, &put, &status, b"{".to_vec(), 401, "UNAUTHORIZED"),
        ("role, too large", owner.clone(), &put, &status, big.clone(), 403, "FORBIDDEN"),
        ("role, unknown order", owner.clone(), &put, "/api/orders/123/status", b"{}".to_vec(), 403, "FORBIDDEN"),
        ("role, wrong field", staff.clone(), &put, "/api/refunds", b"{}".to_vec(), 403, "FORBIDDEN"),
        ("too large, wrong type", text(&staff), &put, &status, big, 413, "PAYLOAD_TOO_LARGE"),
        ("wrong type, no JSON", text(&staff), &put, &status, b"{".to_vec(), 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("no JSON, bad id", staff.clone(), &put, "/api/orders/x/status", b"{".to_vec(), 400, "INVALID_JSON"),
        ("no JSON, bad parameter", staff.clone(), &put, &format!("{status}?x=1"), b"".to_vec(), 400, "INVALID_JSON"),
        ("wrong field, unknown order", staff.clone(), &put, "/api/orders/123/status", b"{}".to_vec(), 400, "MISSING_REQUIRED_FIELDS"),
        ("wrong field, not theirs", other.clone(), &post, &cancel, b"{}".to_vec(), 400, "MISSING_REASON"),
        ("wrong field, stale", stale(&owner), &post, &cancel, b"{}".to_vec(), 400, "MISSING_REASON"),
        ("unknown order, not theirs", other.clone(), &post, "/api/orders/123/cancel", reason(), 404, "ORDER_NOT_FOUND"),
        ("unknown order, stale", stale(&owner), &post, "/api/orders/123/cancel", reason(), 404, "ORDER_NOT_FOUND"),
        ("not theirs, stale", stale(&other), &post, &cancel, reason(), 403, "FORBIDDEN"),
        ("not theirs, cancelled", other, &post, &cancelled.path("cancel"), reason(), 403, "FORBIDDEN"),
        ("stale, cancelled", stale(&owner), &post, &cancelled.path("cancel"), reason(), 412, "PRECONDITION_FAILED"),
        ("stale, wrong step", stale(&staff), &put, &status, br#"{"newStatus":"SHIPPED"}"#.to_vec(), 412, "PRECONDITION_FAILED"),
    ];
    for (faults, caller, method, path, body, expected, code) in table {
        let answer = caller.send(method.clone(), path, Some(body)).await;
        assert_eq!((answer.status, answer.code()), (expected, code), "{faults}: {}", answer.text);
    }
    assert_eq!(shop.order_now(order.id).await, order.body);
}

#[tokio::test]
async fn a_success_is_replayed_before_anything_that_has_become_true_since() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().paid().place().await;
    let owner = shop.customer(CUSTOMER).key("once");
    let first = owner.post(&order.path("cancel"), &json!({ "reason": "x" })).await;
    assert_eq!((first.status, first.header("idempotency-replayed")), (200, ""));

    // By now it is cancelled (409), and its version is another (412).
    for caller in [owner.clone(), owner.clone().header("if-match", "\"1\"")] {
        let again = caller.post(&order.path("cancel"), &json!({ "reason": "x" })).await;
        assert_eq!((again.status, again.header("idempotency-replayed"), &again.text), (200, "true", &first.text));
        assert_eq!(again.header("etag"), first.header("etag"));
    }
    // What is wrong in itself is refused before the key is looked at.
    owner.post(&order.path("cancel"), &json!({})).await.refused(400, "MISSING_REASON");
}

#[tokio::test]
async fn every_line_that_an_order_doesnt_have_is_named() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().paid().through(&["CONFIRMED"]).place().await;
    let item = |line: u64| json!({ "orderItemId": line, "quantity": 1 });
    let items = json!([item(123), item(order.line(0)), item(124), item(123)]);
    let returned: Value = items.as_array().expect("items").iter().map(|item| with_condition(item.clone())).collect();
    let shipment = shipment_body(order.id, "LOCAL");
    for (path, mut body, items) in [
        ("/api/refunds", json!({ "orderId": order.id, "reason": "x" }), items.clone()),
        ("/api/returns", json!({ "orderId": order.id, "reason": "x" }), returned),
        ("/api/shipments", shipment, items),
    ] {
        body["items"] = items;
        let answer = shop.admin().post(path, &body).await;
        answer.refused(400, "INVALID_ORDER_ITEMS");
        let wrong = [0, 2, 3].map(|place| (format!("/items/{place}/orderItemId"), "INVALID_ORDER_ITEMS"));
        assert_eq!(answer.errors(), wrong.each_ref().map(|(pointer, code)| (pointer.as_str(), *code)), "{path}");
        assert_eq!(answer.body["detail"], "The order has no line 123. And 2 more.", "{path}");
        assert_eq!(answer.body["errors"][1]["detail"], "The order has no line 124.", "{path}");
    }
}

#[tokio::test]
async fn lines_that_come_to_more_than_an_order_may_are_pointed_at() {
    let shop = LocalShop::without_pumps().await;
    let dear = shop.variant("9999999999.99", 2).await;
    let answer = shop.staff().post("/api/orders", &body(&[(dear, 2)])).await;
    answer.refused(400, "INVALID_AMOUNT");
    assert_eq!(answer.errors(), [("/items", "INVALID_AMOUNT")]);
}

fn with_condition(mut item: Value) -> Value {
    item["condition"] = json!("UNOPENED");
    item
}

#[tokio::test]
async fn a_change_of_a_record_that_has_changed_since_is_refused() {
    let shop = LocalShop::start().await;
    let order = shop.order().paid().place().await;
    let confirm = async |tag: &str| {
        let caller = shop.staff().header("if-match", tag);
        caller.put(&order.path("status"), &json!({ "newStatus": "CONFIRMED" })).await
    };

    for tag in ["\"1\"", "\"3\"", "W/\"2\"", "2", "'2'", "\"2", "", "\"02\"", "\"1\", \"3\"", "x\"2\"", "\"*\""] {
        let answer = confirm(tag).await;
        answer.refused(412, "PRECONDITION_FAILED");
        assert_eq!(shop.order_now(order.id).await["version"], 2, "{tag}");
    }
    assert_eq!(confirm("\"2\"").await.header("etag"), "\"3\"");
    let put = async |tag: &str, path: String, body| shop.admin().header("if-match", tag).put(&path, &body).await;
    assert_eq!(put("\"1\" , \"3\"", order.path("status"), json!({ "newStatus": "PROCESSING" })).await.status, 200);
    let cancel = shop.customer(CUSTOMER).header("if-match", "*").post(&order.path("cancel"), &json!({ "reason": "x" })).await;
    assert_eq!((cancel.status, cancel.header("etag")), (200, "\"5\""));
    put("\"4\"", order.path("payment"), json!({ "paymentStatus": "PAID" })).await.refused(412, "PRECONDITION_FAILED");
    shop.settled().await;
    let refund = format!("/api/refunds?id={}", shop.refunds_of(order.id).await[0]["id"]);
    put("\"1\"", refund.clone(), json!({ "notes": "x" })).await.refused(412, "PRECONDITION_FAILED");
    let tag = shop.staff().get(&refund).await.header("etag").to_owned();
    assert_eq!(put(&tag, refund, json!({ "notes": "x" })).await.status, 200);
    let adjust = json!({ "variantId": order.variants[0], "quantityChange": 1, "reason": "x", "changeType": "RESTOCK" });
    put("\"1\"", "/api/inventory/adjust".to_owned(), adjust).await.refused(412, "PRECONDITION_FAILED");
}

#[tokio::test]
async fn a_record_says_when_it_last_changed() {
    let shop = LocalShop::without_pumps().await;
    let (order, delivered) = (shop.order().through(&["CONFIRMED"]).place().await, shop.order().delivered().place().await);
    let (parcel, promotion) = (shop.ship(&order, "DHL").await, shop.promotion(json!({})).await);
    let (rma, refund) = (shop.rma(&delivered, 0, 1).await, shop.refunded(&delivered, Some("1.00")).await);
    let admin = shop.admin();
    let by_id = |of: &str, id: &Value| format!("/api/{of}?id={id}");
    let of_order = by_id("orders", &json!(order.id));
    for (record, endpoint, change) in [
        (of_order.clone(), order.path("payment"), json!({ "paymentStatus": "PAID" })),
        (of_order, order.path("status"), json!({ "newStatus": "DELIVERED" })),
        (by_id("shipments", &parcel["id"]), by_id("shipments", &parcel["id"]), json!({ "weight": 2 })),
        (by_id("returns", &json!(rma)), by_id("returns", &json!(rma)), json!({ "status": "APPROVED" })),
        (by_id("refunds", &refund["id"]), by_id("refunds", &refund["id"]), json!({ "notes": "x" })),
        (by_id("promotions", &promotion["id"]), by_id("promotions", &promotion["id"]), json!({ "name": "Autumn" })),
    ] {
        let before = admin.get(&record).await.ok();
        shop.system.clock.advance(HOUR);
        admin.put(&endpoint, &change).await.ok();
        let after = admin.get(&record).await.ok();
        let moved = |field: &str| after[field].as_u64().zip(before[field].as_u64()).map(|(after, before)| after - before);
        assert!(moved("updatedAt") >= Some(3_600_000) && moved("createdAt") == Some(0), "{endpoint}: {before} {after}");
    }
}

#[tokio::test]
async fn every_response_carries_a_request_id_and_is_kept_by_no_cache() {
    let shop = LocalShop::without_pumps().await;
    for (caller, path, status) in [
        (shop.staff(), "/api/orders", 200),
        (shop.nobody(), "/api/health", 200),
        (shop.nobody(), "/api/orders", 401),
        (shop.nobody(), "/nothing", 404),
        (shop.nobody(), "/api/inventory/adjust", 405),
    ] {
        let answer = caller.get(path).await;
        let headers = (answer.status, answer.header("cache-control"), answer.header("x-content-type-options"));
        assert_eq!(headers, (status, "no-store", "nosniff"), "{path}");
        assert_eq!(answer.header("x-request-id").len(), 32, "{path}");
        assert_ne!(answer.header("x-request-id"), caller.get(path).await.header("x-request-id"));
    }
}

#[tokio::test]
async fn a_sane_request_id_is_repeated_and_any_other_replaced() {
    let shop = LocalShop::without_pumps().await;
    let with = async |id: &str| shop.nobody().header("x-request-id", id).get("/api/orders").await.header("x-request-id").to_owned();
    for sane in ["7f3c-9", "Root=1-67891233-abcdef012345678912345678", "a", &"x".repeat(128)] {
        assert_eq!(with(sane).await, sane);
    }
    for other in ["", "a b", "<script>", "a\tb", "{}", "é", &"x".repeat(129)] {
        let made = with(other).await;
        assert!(made.len() == 32 && made.bytes().all(|b| b.is_ascii_hexdigit()), "{other}: {made}");
    }
}

#[tokio::test]
async fn head_is_get_without_a_body() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().place().await;
    let answer = shop.staff().send(Method::HEAD, &format!("/api/orders?id={}", order.id), None).await;
    assert_eq!((answer.status, answer.header("etag"), answer.text.as_str()), (200, "\"1\"", ""));
    assert_eq!(shop.staff().send(Method::HEAD, "/api/orders?id=123", None).await.status, 404);
    assert_eq!(shop.nobody().send(Method::HEAD, "/api/orders", None).await.status, 401);
}

#[tokio::test]
async fn a_browser_on_another_origin_may_ask_and_read() {
    let shop = LocalShop::without_pumps().await;
    let asks = "authorization,content-type,idempotency-key,if-match,x-request-id";
    let browser = shop.nobody().header("origin", "https://shop.example").header("access-control-request-method", "PUT");
    let preflight = browser.header("access-control-request-headers", asks).send(Method::OPTIONS, "/api/refunds", None).await;
    assert_eq!((preflight.status, preflight.header("access-control-allow-origin")), (200, "*"));
    let list = |name| preflight.header(name).to_ascii_lowercase();
    assert!(asks.split(',').all(|name| list("access-control-allow-headers").split(',').any(|allowed| allowed == name)));
    assert!(["get", "post", "put", "delete"].iter().all(|method| list("access-control-allow-methods").split(',').any(|m| m == *method)));

    for caller in [shop.staff(), shop.nobody()] {
        let answer = caller.header("origin", "https://shop.example").get("/api/orders").await;
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        let mut exposed: Vec<String> = answer.header("access-control-expose-headers").split(',').map(str::to_ascii_lowercase).collect();
        exposed.sort_unstable();
        assert_eq!(exposed, ["etag", "idempotency-replayed", "link", "x-next-cursor", "x-request-id"]);
    }
}
