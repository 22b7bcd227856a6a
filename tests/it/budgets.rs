//! What a call costs: round trips to DynamoDB and its units, counted from what it says it consumed.

use crate::kit::{Answers, ByHand, CUSTOMER, LocalShop, Placed, Providers, back, body, failures, race, shipment_body};
use local::Options;
use serde_json::json;
use store::{Consumed, Store};

/// Thousandths of a unit.
const UNIT: u64 = 1_000;

#[tokio::test(flavor = "multi_thread")]
async fn one_record_is_one_round_trip_and_one_unit() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().lines(2).paid().place().await;
    let refund = cancel(&shop, &order).await;
    let shipped = shop.order().lines(2).through(&["CONFIRMED"]).place().await;
    let parcel = shop.ship(&shipped, "LOCAL").await["id"].clone();
    let delivered = shop.order().lines(2).delivered().place().await;
    let rma = shop.rma(&delivered, 0, 1).await;
    for path in [
        format!("/api/orders?id={}", order.id),
        order.path("packing-slip"),
        format!("/api/refunds?id={refund}"),
        format!("/api/returns?id={rma}"),
        format!("/api/shipments?id={parcel}"),
        format!("/api/inventory?id={}", order.variants[0]),
    ] {
        let cost = cost(&shop, async { shop.admin().get(&path).await.ok() }).await;
        assert_eq!((cost.round_trips, cost.write_milliunits), (1, 0), "{path}");
        assert!(cost.read_milliunits <= UNIT, "{path}: {cost:?}");
    }
    // By its number it is one more: the index has the key alone.
    let by_number = format!("/api/orders?orderNumber={}", order.body["orderNumber"].as_str().expect("a number"));
    assert_eq!(cost(&shop, async { shop.admin().get(&by_number).await.ok() }).await.round_trips, 2);
    let history = cost(&shop, async { shop.admin().get(&order.path("history")).await.ok() }).await;
    assert_eq!(history.round_trips, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_a_paid_order_of_two_lines_is_two_round_trips_and_writes_nothing_twice() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().lines(2).paid().place().await;

    let cost = cost(&shop, async { cancel(&shop, &order).await }).await;

    assert_eq!((cost.round_trips, cost.read_milliunits), (2, UNIT));
    // One transaction: the order, its refund and its place among those under way, two stocks and three events, two units for each of
    // their kilobytes.
    assert!(cost.write_milliunits <= 25 * UNIT, "{cost:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn placing_an_order_of_two_lines_is_three_round_trips() {
    let shop = LocalShop::without_pumps().await;
    let mut wanted = body(&[(shop.variant("20.00", 10).await, 1), (shop.variant("30.00", 10).await, 1)]);
    let plain = cost(&shop, async { shop.staff().post("/api/orders", &wanted).await.ok() }).await;
    assert_eq!((plain.round_trips, plain.read_milliunits), (3, 2 * UNIT));
    // The order and its place among those that wait to be paid, its event, two stocks, and the day's counter.
    assert!(plain.write_milliunits <= 18 * UNIT, "{plain:?}");

    // A reference that it must be alone with is one item more to read and to write, and an answer to keep one to write.
    wanted["paymentReference"] = "MP-1".into();
    let referring = cost(&shop, async { shop.staff().post("/api/orders", &wanted).await.ok() }).await;
    assert_eq!((referring.round_trips, referring.read_milliunits), (3, 3 * UNIT));
    assert_eq!(referring.write_milliunits, plain.write_milliunits + 2 * UNIT);
    wanted["paymentReference"] = "MP-2".into();
    let keyed = cost(&shop, async { shop.staff().key("one").post("/api/orders", &wanted).await.ok() }).await;
    assert_eq!((keyed.round_trips, keyed.read_milliunits), (3, 3 * UNIT));
    assert!(keyed.write_milliunits <= referring.write_milliunits + 4 * UNIT, "{keyed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_for_a_return_of_two_lines_is_three_round_trips() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().lines(2).delivered().place().await;
    let items = json!([back(order.line(0), 1, "UNOPENED"), back(order.line(1), 1, "DAMAGED")]);

    let asked = cost(&shop, async { shop.ask_back(&order, items).await.ok() }).await;

    assert_eq!((asked.round_trips, asked.read_milliunits), (3, UNIT));
    // The return, its order, an event of each, and the day's counter: two units for each of their kilobytes.
    assert!(asked.write_milliunits <= 18 * UNIT, "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_of_a_return_is_its_read_its_orders_and_a_write() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().lines(2).delivered().place().await;
    let rma = shop.rma(&order, 0, 1).await;
    for step in ["APPROVED", "RECEIVED", "REFUNDED", "COMPLETED"] {
        let step = cost(&shop, async { shop.step(rma, json!({ "status": step })).await.ok() }).await;
        assert_eq!((step.round_trips, step.read_milliunits), (3, 2 * UNIT));
        // At its refund the most: the return, its order, the refund and four events.
        assert!(step.write_milliunits <= 26 * UNIT, "{step:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_after_a_code_is_one_round_trip_and_one_unit_however_long_its_words_are() {
    let shop = LocalShop::without_pumps().await;
    let (name, description) = ("👗".repeat(100), "👗".repeat(500));
    shop.promotion(json!({ "code": "É".repeat(50), "name": name, "description": description, "minOrderValue": 1, "maxDiscount": 1 })).await;
    let ask = json!({ "code": "é".repeat(50), "orderTotal": 100 });
    for caller in [shop.customer(CUSTOMER), shop.staff()] {
        let cost = cost(&shop, async { caller.post("/api/promotions/validate", &ask).await.ok() }).await;
        assert_eq!((cost.round_trips, cost.write_milliunits), (1, 0));
        assert!(cost.read_milliunits <= UNIT, "{cost:?}");
    }
    let unknown = json!({ "code": "NONE", "orderTotal": 100 });
    let cost = cost(&shop, async { shop.customer(CUSTOMER).post("/api/promotions/validate", &unknown).await }).await;
    assert!(cost.round_trips == 1 && cost.read_milliunits <= UNIT, "{cost:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promotion_costs_an_order_and_its_cancellation_no_round_trip() {
    let shop = LocalShop::without_pumps().await;
    // One use, one shard, and many: the limit of one is reached by the order.
    for (code, limit) in [("ONE", json!(1)), ("FEW", json!(1_000)), ("MANY", json!(1_001)), ("ANY", json!(null))] {
        shop.promotion(json!({ "code": code, "usageLimit": limit, "perUserLimit": 1 })).await;
        let mut wanted = body(&[(shop.variant("20.00", 10).await, 1), (shop.variant("30.00", 10).await, 1)]);
        wanted["promotionCode"] = code.into();
        let mut order = json!(null);
        let placing = cost(&shop, async { order = shop.staff().post("/api/orders", &wanted).await.ok() }).await;
        // Two variants; the promotion, its first shard, the customer's count.
        assert_eq!((placing.round_trips, placing.read_milliunits), (3, 5 * UNIT), "{code}");
        // Besides the 18 of any order: its use, a shard, the customer's count; and the promotion, when none is left in it.
        assert!(placing.write_milliunits <= (if code == "ONE" { 28 } else { 24 }) * UNIT, "{code}: {placing:?}");

        let path = format!("/api/orders/{}", order["id"]);
        shop.staff().put(&format!("{path}/payment"), &json!({ "paymentStatus": "PAID" })).await.ok();
        let reason = json!({ "reason": "Too big" });
        let cancelling = cost(&shop, async { shop.customer(CUSTOMER).post(&format!("{path}/cancel"), &reason).await.ok() }).await;
        assert_eq!((cancelling.round_trips, cancelling.read_milliunits), (2, UNIT), "{code}");
        assert!(cancelling.write_milliunits <= 34 * UNIT, "{code}: {cancelling:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn finding_a_promotion_costs_its_shards_one_round_trip_where_there_are_many() {
    let shop = LocalShop::without_pumps().await;
    for (limit, by_code, by_id) in [(10, 1, 2), (5_000, 2, 3)] {
        let promotion = shop.promotion(json!({ "code": format!("P{limit}"), "usageLimit": limit })).await;
        let (code, id) = (format!("/api/promotions?code=p{limit}"), format!("/api/promotions?id={}", promotion["id"]));
        assert_eq!(cost(&shop, async { shop.staff().get(&code).await.ok() }).await.round_trips, by_code);
        assert_eq!(cost(&shop, async { shop.staff().get(&id).await.ok() }).await.round_trips, by_id);
        // Customers are not told how often it is used.
        assert_eq!(cost(&shop, async { shop.customer(CUSTOMER).get(&code).await.ok() }).await.round_trips, 1);
    }
    assert_eq!(cost(&shop, async { shop.staff().get("/api/promotions").await.ok() }).await.round_trips, 3);
    assert_eq!(cost(&shop, async { shop.customer(CUSTOMER).get("/api/promotions").await.ok() }).await.round_trips, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_other_change_is_a_read_and_a_write() {
    let shop = LocalShop::without_pumps().await;
    let (staff, order) = (shop.staff(), shop.order().place().await);
    let confirm = cost(&shop, async { staff.put(&order.path("status"), &json!({ "newStatus": "CONFIRMED" })).await.ok() }).await;
    assert_eq!(confirm.round_trips, 2);
    let body = shipment_body(order.id, "LOCAL");
    let ship = cost(&shop, async { staff.post("/api/shipments", &body).await.ok() }).await;
    assert_eq!(ship.round_trips, 2);
    // A parcel is decided on its order, which only it can name.
    let parcel = staff.get("/api/shipments?limit=1").await.ok()[0]["id"].clone();
    let fail = json!({ "status": "FAILED" });
    let fail = cost(&shop, async { staff.put(&format!("/api/shipments?id={parcel}"), &fail).await.ok() }).await;
    assert_eq!(fail.round_trips, 3);
    let pay = cost(&shop, async { staff.put(&order.path("payment"), &json!({ "paymentStatus": "PAID" })).await.ok() }).await;
    assert_eq!(pay.round_trips, 2);
    let count = json!({ "variantId": order.variants[0], "quantityChange": 1, "reason": "Found", "changeType": "ADJUSTMENT" });
    let adjust = cost(&shop, async { shop.keeper().put("/api/inventory/adjust", &count).await.ok() }).await;
    assert_eq!(adjust.round_trips, 2);
    // A refund is decided on its order, which only it can name.
    let path = format!("/api/refunds?id={}", cancel(&shop, &order).await);
    let complete = cost(&shop, async { shop.admin().put(&path, &json!({ "status": "COMPLETED" })).await.ok() }).await;
    assert_eq!(complete.round_trips, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_e_mail_is_three_round_trips_whether_or_not_its_address_is_suppressed_and_a_report_two() {
    let providers = Providers::with(Options { pumps: false, ..Options::default() }).await;
    let shop = &providers.shop;
    shop.order().place().await;
    let mut hands = ByHand::of(shop);
    let desk = hands.workers.email.store.clone();
    hands.relay().await;
    let emails = hands.emails().await;
    // What is asked before, the claim, what came of it.
    let sent = cost_at(&desk, async { assert_eq!(failures(&hands.workers.send_email(emails).await), 0) }).await;
    assert_eq!(sent.round_trips, 3);

    let log = shop.staff().get("/api/notifications?status=SENT").await.ok();
    let (id, provider_id) = (log[0]["id"].as_u64().expect("an id"), log[0]["providerId"].as_str().expect("an id").to_owned());
    let tell = async || assert_eq!(providers.ses_tells(id, &provider_id, "Delivery", json!({})).await.status, 200);
    assert_eq!(cost(shop, tell()).await.round_trips, 2);
    let again = cost(shop, tell()).await;
    assert_eq!((again.round_trips, again.write_milliunits), (1, 0));

    let bounce = json!({ "bounceType": "Permanent" });
    let bounced = cost(shop, async { providers.ses_tells(id, &provider_id, "Bounce", bounce).await.status }).await;
    assert_eq!(bounced.round_trips, 3);
    shop.order().place().await;
    hands.relay().await;
    let withheld = hands.emails().await;
    let withheld = cost_at(&desk, async { assert_eq!(failures(&hands.workers.send_email(withheld).await), 0) }).await;
    assert_eq!(withheld.round_trips, 2, "what is asked before, and the log");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_costs_its_read_and_with_a_key_one_more() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().place().await;
    cancel(&shop, &order).await;
    let again = json!({ "reason": "Too big" });
    let refused = cost(&shop, async { shop.staff().post(&order.path("cancel"), &again).await.refused(409, "ALREADY_CANCELLED") }).await;
    assert_eq!((refused.round_trips, refused.write_milliunits), (1, 0));
    let keyed = shop.staff().key("late");
    let refused = cost(&shop, async { keyed.post(&order.path("cancel"), &again).await.refused(409, "ALREADY_CANCELLED") }).await;
    assert_eq!((refused.round_trips, refused.write_milliunits), (2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_five_hundredth_order_costs_what_the_tenth_does() {
    let shop = LocalShop::without_pumps().await;
    let variant = shop.variant("20.00", 1_000).await;
    place_many(&shop, variant, 10).await;
    let tenth = day_in_the_life(&shop, variant).await;
    place_many(&shop, variant, 490).await;
    assert_eq!(day_in_the_life(&shop, variant).await, tenth);
}

/// What it costs to place an order, read it, list some, and cancel it.
async fn day_in_the_life(shop: &LocalShop, variant: u64) -> Vec<Consumed> {
    let customer = shop.customer(CUSTOMER);
    let mut placed = None;
    let place = cost(shop, async { placed = Some(customer.post("/api/orders", &body(&[(variant, 1)])).await.ok()) }).await;
    let id = placed.expect("an order")["id"].clone();
    let read = cost(shop, async { customer.get(&format!("/api/orders?id={id}")).await.ok() }).await;
    let own = cost(shop, async { customer.get("/api/orders?limit=2").await.ok() }).await;
    let all = cost(shop, async { shop.staff().get("/api/orders?limit=2&status=PENDING").await.ok() }).await;
    let cancel = json!({ "reason": "Too big" });
    let cancelled = cost(shop, async { customer.post(&format!("/api/orders/{id}/cancel"), &cancel).await.ok() }).await;
    vec![place, read, own, all, cancelled]
}

/// A few at a time: this is about how many there are, not about how they race.
async fn place_many(shop: &LocalShop, variant: u64, orders: usize) {
    for _ in 0..orders / 10 {
        let answers = race(10, |_| {
            let staff = shop.staff();
            async move { staff.post("/api/orders", &body(&[(variant, 1)])).await }
        })
        .await;
        assert_eq!(answers.with_status(201), 10, "{answers:?}");
    }
}

async fn cancel(shop: &LocalShop, order: &Placed) -> serde_json::Value {
    let cancel = json!({ "reason": "Too big" });
    shop.customer(CUSTOMER).post(&order.path("cancel"), &cancel).await.ok()["refund"]["id"].clone()
}

/// What a call consumes, in a shop where nothing else does.
async fn cost<T>(shop: &LocalShop, call: impl Future<Output = T>) -> Consumed {
    cost_at(shop.system.store(), call).await
}

/// The same of whoever has tables of their own, as the workers do that send messages.
async fn cost_at<T>(store: &Store, call: impl Future<Output = T>) -> Consumed {
    let before = store.meter().total();
    call.await;
    store.meter().total().since(before)
}
