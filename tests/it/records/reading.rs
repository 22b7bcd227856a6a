//! What no answer shows of the records of a release, and the shop reckons with.

use super::loaded::Release;
use super::script::{KEY, LARGE, keyed_body};
use crate::kit::{ByHand, LocalShop, RUN, body, cents};
use domain::ids::OrderId;
use serde_json::{Value, json};
use store::AnswerKey;

/// Every event can be relayed. Its messages were sent before, so that nobody gets any, and the log stays as it is.
pub async fn is_relayed(release: &Release, shop: &LocalShop) {
    let mut hands = ByHand::of(shop);
    hands.send_messages_twice().await;
    assert_eq!((shop.system.outbox.emails().len(), shop.system.outbox.sms().len()), (0, 0));
    release.is_answered_by(shop).await;
}

/// Counters go on, what is unique is taken, uses and answers are kept, and no mail goes where none arrives.
pub async fn is_reckoned_with(release: &Release, shop: &LocalShop) {
    what_is_unique_is_taken(shop).await;

    // Counters.
    let placed = shop.order().place().await;
    let last: &str = release.named("number").as_str().expect("a number");
    assert!(placed.body["orderNumber"].as_str().is_some_and(|number| number > last), "{} after {last}", placed.body["orderNumber"]);

    returns_are_counted(shop).await;
    uses_are_counted(release, shop).await;
    what_came_instead_goes_back(shop).await;
    kept_answers_are_given(shop).await;

    // The parcel by its number, and the refund by its provider's name.
    let parcel = shop.staff().get("/api/shipments?carrier=DHL&status=DELIVERED").await.ok()[0].clone();
    let found = shop.staff().get(&format!("/api/shipments?trackingNumber={}", parcel["trackingNumber"].as_str().expect("one"))).await.ok();
    assert_eq!(found["id"], parcel["id"]);
    is_known_by_its_name(shop).await;

    // What is suppressed stays so.
    let gone = shop.order().with("customer", json!({ "firstName": "A", "lastName": "B", "email": "gone@example.com" })).place().await;
    ByHand::of(shop).send_messages_twice().await;
    let log = shop.messages_of(gone.id).await;
    assert_eq!((log.len(), &log[0]["status"]), (1, &json!("FAILED")), "{log:?}");
    assert!(log[0]["error"].as_str().is_some_and(|why| why.starts_with("the address is suppressed")), "{log:?}");

    // Schedules go on from where they were.
    for schedule in ["track-shipments", "reject-late-returns", "cancel-unpaid-orders"] {
        let swept = shop.system.workers.run(schedule).await.expect("a schedule");
        assert_eq!(format!("{swept:?}").matches("failed: 0").count(), 1, "{schedule}: {swept:?}");
    }
}

async fn returns_are_counted(shop: &LocalShop) {
    let there = shop.staff().get("/api/returns?limit=1").await.ok();
    let last = there[0]["rmaNumber"].as_str().expect("a number");
    let order = shop.order().delivered().place().await;
    let next = shop.return_now(shop.rma(&order, 0, 1).await).await;
    assert!(next["rmaNumber"].as_str().is_some_and(|number| number > last), "{} after {last}", next["rmaNumber"]);
}

/// Of orders of 75.00: for one another amount came, and what came for the other had been given back in part.
async fn what_came_instead_goes_back(shop: &LocalShop) {
    let orders = shop.staff().get("/api/orders?limit=100").await.ok();
    for (reference, is_in_doubt) in [("pi_short", false), ("pi_partly", true)] {
        let order = orders.as_array().expect("a list").iter().find(|order| order["paymentReference"] == reference).expect("one");
        let id = OrderId::new(order["id"].as_u64().expect("an id")).expect("an id");
        let stored = shop.system.store().order(id).await.expect("read").expect("an order");
        assert_eq!(stored.mismatched.map(|mismatched| mismatched.is_in_doubt), Some(is_in_doubt), "{reference}");
        let cancelled = shop.staff().post(&format!("/api/orders/{id}/cancel"), &json!({ "reason": "x" })).await.ok();
        assert_eq!(cents(&cancelled["refund"]["amount"]), 70_00, "{cancelled}");
    }
}

/// One of a customer's three uses of a promotion is taken, and comes back with its order.
async fn uses_are_counted(release: &Release, shop: &LocalShop) {
    let mut wanted = body(&[(shop.variant("75.00", 10).await, 1)]);
    wanted["promotionCode"] = json!("TOUT");
    let order = async || shop.staff().post("/api/orders", &wanted).await;
    let uses = shop.uses("TOUT").await;
    for _ in 0..2 {
        order().await.ok();
    }
    order().await.refused(409, "USER_LIMIT_REACHED");
    let cancel = format!("/api/orders/{}/cancel", release.named("usable"));
    shop.staff().post(&cancel, &json!({ "reason": "x" })).await.ok();
    assert_eq!(shop.uses("TOUT").await, uses + 1);
    order().await.ok();
}

/// In a shop that can't ask Stripe, which reckons with nothing else.
pub async fn what_came_early_is_there(release: &Release) {
    let shop = release.loaded_with([("STRIPE_SECRET_KEY", String::new())].into()).await;
    let order = async |reference: &str| {
        let order = shop.order().with("paymentMethod", json!("CARD")).with("paymentReference", json!(reference)).place().await;
        shop.system.clock.advance(RUN);
        shop.system.workers.run("ask-providers").await.expect("a schedule");
        shop.order_now(order.id).await
    };
    let paid = order("pi_early").await;
    assert_eq!(paid["paymentStatus"], "PAID", "{paid}");
    let paid = order("pi_early_back").await;
    // Staff decide on what is left of it.
    assert_eq!((cents(&paid["refundedTotal"]), &paid["paymentStatus"]), (30_00, &json!("PENDING")), "{paid}");
}

async fn what_is_unique_is_taken(shop: &LocalShop) {
    let mut taken = body(&[(shop.variant("75.00", 1).await, 1)]);
    taken["paymentMethod"] = json!("CARD");
    taken["paymentReference"] = json!("pi_full");
    shop.staff().post("/api/orders", &taken).await.refused(409, "PAYMENT_REFERENCE_USED");
    let sku = json!({ "variants": [{ "productId": 1, "sku": "ROBE-M", "productName": "x", "price": 1 }] });
    shop.keeper().put("/api/inventory", &sku).await.refused(409, "DUPLICATE_SKU");
    shop.admin().post("/api/promotions", &shop.promotion_body(&json!({ "code": "tout" }))).await.refused(409, "DUPLICATE_CODE");
    let template = json!({ "code": "ORDER_CONFIRMED", "name": "x", "subject": "x", "htmlContent": "x", "locale": "fr" });
    shop.admin().post("/api/email-templates", &template).await.refused(409, "DUPLICATE_CODE");
}

async fn kept_answers_are_given(shop: &LocalShop) {
    let again = shop.keeper().key(KEY).put("/api/inventory", &keyed_body()).await;
    assert_eq!((again.status, again.header("idempotency-replayed")), (200, "true"), "{}", again.text);
    let (caller, key, request) = LARGE;
    let key = AnswerKey { caller: caller.to_owned(), key: key.to_owned(), request: request.to_owned() };
    let kept = shop.system.store().answer(&key, shop.system.clock.now()).await.expect("read").expect("kept");
    assert_eq!((kept.status, kept.body), (201, "0123456789".repeat(8)));
}

/// A refund that its provider tells of again is no further one.
async fn is_known_by_its_name(shop: &LocalShop) {
    let refunds = async || shop.admin().get("/api/refunds?status=COMPLETED&limit=100").await.ok().as_array().expect("a list").clone();
    let before = refunds().await;
    let by_hand = before.iter().find(|refund| refund["reason"] == "Made at STRIPE" && cents(&refund["amount"]) == 10_00).expect("one");
    let object: Value = json!({ "id": by_hand["transactionReference"], "amount": 10_00, "currency": "usd", "status": "succeeded",
        "payment_intent": "pi_back" });
    let told = json!({ "id": "evt_9", "type": "refund.updated", "data": { "object": object } });
    assert_eq!(shop.stripe_tells(&told).await.status, 200);
    assert_eq!(refunds().await.len(), before.len());
}
