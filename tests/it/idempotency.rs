//! `Idempotency-Key`: a request that succeeded is answered again, and carried out once.

mod lost_answers;
mod scenes;

use crate::kit::{Answer, Answers, CUSTOMER, Caller, LocalShop, body, race};
use domain::actor::Role;
use local::faults::Fault;
use reqwest::Method;
use scenes::{Again, Scene};
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn every_post_and_put_that_changes_something_answers_a_key_again() {
    let shop = LocalShop::without_pumps().await;
    for (method, path) in changing_endpoints(&shop).await {
        let scene = Scene::of(&shop, &method, &path).await;
        // A key for each: the staff's would meet.
        let key = format!("{method} {path}");
        let first = scene.send(Some(&key)).await;
        assert!((200..300).contains(&first.status), "{method} {path}: {}", first.text);
        assert_eq!(first.header("idempotency-replayed"), "", "{method} {path}");

        let again = scene.send(None).await;
        match scene.again {
            Again::Refused(code) => again.refused(409, code),
            Again::CarriedOut => assert_eq!((again.status, again.header("idempotency-replayed")), (first.status, ""), "{}", again.text),
        }
        assert_replayed(&first, &scene.send(Some(&key)).await);
        // Another body is another request.
        scene.with_other_body().send(Some(&key)).await.refused(422, "IDEMPOTENCY_KEY_REUSED");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_path_or_query_is_another_request() {
    let shop = LocalShop::without_pumps().await;
    let (one, other) = (shop.order().paid().place().await, shop.order().paid().place().await);
    let staff = shop.staff().key("a-path");
    staff.post(&one.path("cancel"), &json!({ "reason": "Twice" })).await.ok();
    staff.post(&other.path("cancel"), &json!({ "reason": "Twice" })).await.refused(422, "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(shop.order_now(other.id).await["status"], "PENDING");

    shop.staff().post(&other.path("cancel"), &json!({ "reason": "Twice" })).await.ok();
    let admin = shop.admin().key("a-query");
    let refund = |id: &Value| format!("/api/refunds?id={id}");
    let (one, other) = (shop.refunds_of(one.id).await, shop.refunds_of(other.id).await);
    admin.put(&refund(&one[0]["id"]), &json!({ "status": "COMPLETED" })).await.ok();
    admin.put(&refund(&other[0]["id"]), &json!({ "status": "COMPLETED" })).await.refused(422, "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(shop.admin().get(&refund(&other[0]["id"])).await.ok()["status"], "PROCESSING");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_comes_before_404_403_and_412() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().place().await;
    let confirm = json!({ "newStatus": "CONFIRMED" });
    let at_version_one = shop.staff().header("If-Match", "\"1\"").key("once");
    let first = at_version_one.put(&order.path("status"), &confirm).await;
    assert_eq!(first.header("etag"), "\"2\"", "{}", first.text);

    shop.staff().header("If-Match", "\"1\"").put(&order.path("status"), &confirm).await.refused(412, "PRECONDITION_FAILED");
    assert_replayed(&first, &at_version_one.put(&order.path("status"), &confirm).await);
    // The key is known, so that neither a record that isn't there nor somebody else's is ever looked at.
    at_version_one.put("/api/orders/123/status", &confirm).await.refused(422, "IDEMPOTENCY_KEY_REUSED");
    let (own, others) = (shop.order().place().await, shop.order().with("customerId", json!(77)).place().await);
    let customer = shop.customer(CUSTOMER).key("mine");
    customer.post(&own.path("cancel"), &json!({ "reason": "Mine" })).await.ok();
    customer.post(&others.path("cancel"), &json!({ "reason": "Mine" })).await.refused(422, "IDEMPOTENCY_KEY_REUSED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_decided_anew() {
    let shop = LocalShop::without_pumps().await;
    let variant = shop.variant("20.00", 0).await;
    let keyed = shop.customer(CUSTOMER).key("patience");
    let wanted = body(&[(variant, 1)]);
    keyed.post("/api/orders", &wanted).await.refused(409, "INSUFFICIENT_STOCK");
    keyed.post("/api/orders", &wanted).await.refused(409, "INSUFFICIENT_STOCK");

    let restock = json!({ "variantId": variant, "quantityChange": 1, "reason": "Arrived", "changeType": "RESTOCK" });
    shop.keeper().put("/api/inventory/adjust", &restock).await.ok();
    let placed = keyed.post("/api/orders", &wanted).await;
    assert_eq!((placed.status, placed.header("idempotency-replayed")), (201, ""), "{}", placed.text);
    assert_replayed(&placed, &keyed.post("/api/orders", &wanted).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_don_t_share_their_keys() {
    let shop = LocalShop::without_pumps().await;
    let variant = shop.variant("20.00", 10).await;
    // The customer and the member of staff happen to have one number.
    let callers = [shop.customer(CUSTOMER), shop.customer(78), shop.as_role(CUSTOMER, Role::SalesStaff), shop.admin()];
    for (n, caller) in callers.into_iter().enumerate() {
        let mut wanted = body(&[(variant, 1)]);
        if n == 1 {
            wanted["customerId"] = 78.into();
        }
        let placed = caller.key("1").post("/api/orders", &wanted).await;
        assert_eq!((placed.status, placed.header("idempotency-replayed")), (201, ""), "{}", placed.text);
    }
    assert_eq!(shop.stock(variant).await, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_kept_for_a_day() {
    let shop = LocalShop::without_pumps().await;
    let variant = shop.variant("20.00", 10).await;
    // A token of its own each time: the old one expires as well.
    let place = async |quantity: u32| shop.customer(CUSTOMER).key("daily").post("/api/orders", &body(&[(variant, quantity)])).await;
    let first = place(1).await;
    shop.system.clock.advance(Duration::from_mins(24 * 60 - 1));
    assert_replayed(&first, &place(1).await);
    place(2).await.refused(422, "IDEMPOTENCY_KEY_REUSED");

    shop.system.clock.advance(Duration::from_mins(2));
    let second = place(2).await;
    assert_eq!((second.status, second.header("idempotency-replayed")), (201, ""), "{}", second.text);
    assert_replayed(&second, &place(2).await);
    assert_eq!(shop.stock(variant).await, 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_at_once_with_one_key_are_one() {
    let shop = LocalShop::without_pumps().await;
    for conflicts in [0, 30] {
        let variant = shop.variant("20.00", 100).await;
        shop.system.faults.inject("TransactWriteItems", Fault::Conflict, conflicts);
        let before = shop.system.faults.happened();
        let placed =
            race(20, |_| send(shop.staff().key(&format!("key-{conflicts}")), Method::POST, "/api/orders", body(&[(variant, 1)]))).await;
        assert_one_was_carried_out(&placed);
        assert_eq!(shop.stock(variant).await, 99);

        let cancel = format!("/api/orders/{}/cancel", placed[0].body["id"]);
        shop.system.faults.inject("TransactWriteItems", Fault::Conflict, conflicts);
        let keyed = || shop.customer(CUSTOMER).key(&format!("key-{conflicts}"));
        assert_one_was_carried_out(&race(20, |_| send(keyed(), Method::POST, &cancel, json!({ "reason": "Once" }))).await);
        assert_eq!(shop.stock(variant).await, 100);
        assert_eq!(shop.system.faults.happened() - before, 2 * conflicts);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_one_to_255_printable_characters() {
    let shop = LocalShop::without_pumps().await;
    let variant = shop.variant("20.00", 10).await;
    let wanted = body(&[(variant, 1)]);
    for key in ["", " ", "one\ttwo", "clé", &"k".repeat(256)] {
        shop.staff().key(key).post("/api/orders", &wanted).await.refused(400, "INVALID_IDEMPOTENCY_KEY");
    }
    shop.staff().key("one").key("two").post("/api/orders", &wanted).await.refused(400, "INVALID_IDEMPOTENCY_KEY");
    assert_eq!(shop.stock(variant).await, 10);
    shop.staff().key(&format!("k{}k", " ".repeat(253))).post("/api/orders", &wanted).await.ok();
    // Where nothing is changed, nothing is kept.
    assert_eq!(shop.staff().key("one").get("/api/orders").await.status, 200);
    assert_eq!(shop.staff().key("one").get("/api/refunds").await.header("idempotency-replayed"), "");
}

/// Every path of the API that takes POST or PUT with a key, as the API itself says. A webhook's events have ids of their own,
/// and asking after a code changes nothing.
async fn changing_endpoints(shop: &LocalShop) -> Vec<(Method, String)> {
    let mut found = Vec::new();
    let takes_no_key = |path: &&str| path.starts_with("/api/webhooks/") || *path == "/api/promotions/validate";
    for path in functions::ENDPOINTS.iter().filter_map(|endpoint| endpoint.path).filter(|path| !takes_no_key(path)) {
        for method in [Method::POST, Method::PUT] {
            let concrete = path.replace("{orderId}", "1").replace("{variantId}", "1").replace("{id}", "1");
            if shop.nobody().send(method.clone(), &concrete, Some(b"{}".to_vec())).await.status != 405 {
                found.push((method, path.to_owned()));
            }
        }
    }
    assert!(found.len() >= 8, "{found:?}");
    found
}

#[track_caller]
fn assert_replayed(first: &Answer, again: &Answer) {
    assert_eq!((again.status, again.text.as_str()), (first.status, first.text.as_str()));
    assert_eq!(again.header("etag"), first.header("etag"));
    assert_eq!(again.header("content-type"), first.header("content-type"));
    assert_eq!(again.header("idempotency-replayed"), "true");
}

#[track_caller]
fn assert_one_was_carried_out(answers: &[Answer]) {
    let carried_out: Vec<&Answer> = answers.iter().filter(|answer| answer.header("idempotency-replayed").is_empty()).collect();
    assert_eq!(carried_out.len(), 1, "{:?}", answers.tally());
    assert_eq!(answers.with_status(carried_out[0].status), answers.len(), "{:?}", answers.tally());
    assert!(carried_out[0].status < 300 && answers.iter().all(|answer| answer.text == carried_out[0].text));
}

fn send(caller: Caller, method: Method, path: &str, body: Value) -> impl Future<Output = Answer> + Send + use<> {
    let path = path.to_owned();
    async move { caller.send(method, &path, Some(body.to_string().into_bytes())).await }
}
