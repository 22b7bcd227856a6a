//! Many redeem one code at once: its limits hold, and no order is placed without its discount.

use crate::kit::{Answer, Answers, CUSTOMER, LocalShop, Watched, body, cents, crowd, race};
use api::aws;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use domain::actor::Role;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::{Store, TableNames};
use tower::ServiceExt;

async fn order_of(shop: &LocalShop, variant: u64, customer: u64, code: &str) -> Answer {
    let mut order = body(&[(variant, 1)]);
    (order["customerId"], order["promotionCode"]) = (json!(customer), code.into());
    shop.staff().post("/api/orders", &order).await
}

/// The same call as a task of its own.
fn ordering(shop: &LocalShop, variant: u64, customer: u64, code: &'static str) -> impl Future<Output = Answer> + Send + use<> {
    let mut order = body(&[(variant, 1)]);
    (order["customerId"], order["promotionCode"]) = (json!(customer), code.into());
    let staff = shop.staff();
    async move { staff.post("/api/orders", &order).await }
}

#[track_caller]
fn all_are_discounted(answers: &[Answer], cents_off: i64) {
    let placed = answers.iter().filter(|answer| answer.status == 201);
    assert!(placed.clone().all(|order| cents(&order.body["discount"]) == cents_off), "an order without its discount");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_use_goes_to_one_of_twenty_orders() {
    let shop = LocalShop::without_pumps().await;
    let variant = shop.variant("20.00", 1_000).await;
    shop.promotion(json!({ "usageLimit": 10 })).await;
    for customer in 1..=9 {
        order_of(&shop, variant, customer, "SAVE20").await.ok();
    }

    let answers = race(20, |n| ordering(&shop, variant, 100 + n as u64, "SAVE20")).await;

    assert_eq!((answers.with_status(201), answers.with_code("USAGE_LIMIT_REACHED")), (1, 19), "{:?}", answers.tally());
    assert_eq!(answers.with_status(409), 19);
    all_are_discounted(&answers, 4_00);
    assert_eq!((shop.uses("SAVE20").await, shop.stock(variant).await), (10, 990));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customers_only_use_goes_to_one_of_their_orders() {
    let shop = LocalShop::without_pumps().await;
    let variant = shop.variant("20.00", 1_000).await;
    shop.promotion(json!({ "code": "EACH", "perUserLimit": 1 })).await;
    for customer in 1..=10 {
        let answers = race(2, |_| ordering(&shop, variant, customer, "EACH")).await;
        assert_eq!((answers.with_status(201), answers.with_code("USER_LIMIT_REACHED")), (1, 1), "{:?}", answers.tally());
        all_are_discounted(&answers, 4_00);
    }
    assert_eq!((shop.uses("EACH").await, shop.stock(variant).await), (10, 990));
}

#[tokio::test(flavor = "multi_thread")]
async fn uses_that_come_back_while_others_are_taken_are_neither_lost_nor_made() {
    let shop = LocalShop::without_pumps().await;
    let variant = shop.variant("20.00", 1_000).await;
    shop.promotion(json!({ "usageLimit": 6 })).await;
    let mut placed = Vec::new();
    for customer in 1..=6 {
        placed.push(order_of(&shop, variant, customer, "SAVE20").await.ok()["id"].clone());
    }
    let answers = race(24, |n| {
        let order = ordering(&shop, variant, 100 + n as u64, "SAVE20");
        let (staff, cancel) = (shop.staff(), placed.get(n / 4).map(|id| format!("/api/orders/{id}/cancel")));
        async move {
            match cancel {
                // Each is cancelled by two at once.
                Some(cancel) if n % 2 == 0 => staff.post(&cancel, &json!({ "reason": "Race" })).await,
                _ => order.await,
            }
        }
    })
    .await;
    assert_eq!((answers.with_status(200), answers.with_code("ALREADY_CANCELLED")), (6, 6), "{:?}", answers.tally());
    let orders = answers.with_status(201);
    assert_eq!(orders + answers.with_code("USAGE_LIMIT_REACHED"), 12, "{:?}", answers.tally());
    assert!(orders <= 6);
    all_are_discounted(&answers, 4_00);
    assert_eq!(shop.uses("SAVE20").await, i64::try_from(orders).expect("few"));
    // What is left can be taken, and not one more.
    for customer in 0..6 - orders {
        order_of(&shop, variant, 200 + customer as u64, "SAVE20").await.ok();
    }
    order_of(&shop, variant, CUSTOMER, "SAVE20").await.refused(409, "USAGE_LIMIT_REACHED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customers_uses_that_come_back_while_they_take_others_are_as_many_as_they_may_have() {
    let shop = LocalShop::without_pumps().await;
    let variant = shop.variant("20.00", 1_000).await;
    let promotion = shop.promotion(json!({ "perUserLimit": 2, "usageLimit": 1_000 })).await;
    let path = format!("/api/promotions?id={}", promotion["id"]);
    let mut used = 0;
    for customer in 1..=4 {
        let mut placed = Vec::new();
        for _ in 0..2 {
            placed.push(order_of(&shop, variant, customer, "SAVE20").await.ok()["id"].clone());
        }
        let answers = race(18, |n| {
            let order = ordering(&shop, variant, customer, "SAVE20");
            let (staff, admin, path) = (shop.staff(), shop.admin(), path.clone());
            let cancel = format!("/api/orders/{}/cancel", placed[n / 9]);
            async move {
                match n % 9 {
                    // Each is cancelled by three at once.
                    0..3 => staff.post(&cancel, &json!({ "reason": "Race" })).await,
                    // What one customer may use is moved by nobody, and yet the promotion is another.
                    3 => admin.put(&path, &json!({ "usageLimit": 1_001 + n })).await,
                    _ => order.await,
                }
            }
        })
        .await;
        let (orders, refused) = (answers.with_status(201), answers.with_code("USER_LIMIT_REACHED"));
        assert_eq!((answers.with_code("ALREADY_CANCELLED"), orders + refused), (4, 10), "{:?}", answers.tally());
        assert!(orders <= 2, "{:?}", answers.tally());
        all_are_discounted(&answers, 4_00);
        used += orders;
        assert_eq!(shop.uses("SAVE20").await, i64::try_from(used).expect("few"));

        // What is left can be taken, and not one more.
        for _ in orders..2 {
            order_of(&shop, variant, customer, "SAVE20").await.ok();
            used += 1;
        }
        order_of(&shop, variant, customer, "SAVE20").await.refused(409, "USER_LIMIT_REACHED");
    }
    assert_eq!(shop.uses("SAVE20").await, 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_that_is_moved_while_orders_redeem_holds_at_every_moment() {
    let shop = LocalShop::without_pumps().await;
    let variant = shop.variant("20.00", 1_000).await;
    let promotion = shop.promotion(json!({ "usageLimit": 20 })).await;
    let path = format!("/api/promotions?id={}", promotion["id"]);

    let limits = [1_010, 30, 20, 1_500, 25];
    let answers = race(55, |n| {
        let order = ordering(&shop, variant, 100 + n as u64, "SAVE20");
        let (admin, path) = (shop.admin(), path.clone());
        async move {
            match n % 11 {
                10 => admin.put(&path, &json!({ "usageLimit": limits[n / 11] })).await,
                _ => order.await,
            }
        }
    })
    .await;
    let moved = answers.with_status(200);
    // Whoever lost for three seconds wrote nothing.
    let told = moved + answers.with_status(201) + answers.with_code("USAGE_LIMIT_REACHED") + answers.with_code("CONFLICT");
    assert!(moved >= 1 && told == 55, "{:?}", answers.tally());
    all_are_discounted(&answers, 4_00);

    // Everything adds up: what is used, and what can still be taken.
    let used = i64::try_from(answers.with_status(201)).expect("few");
    assert_eq!(shop.uses("SAVE20").await, used);
    let last = shop.admin().put(&path, &json!({ "usageLimit": used + 3 })).await.ok();
    assert_eq!(last["usageCount"], used);
    let answers = race(8, |n| ordering(&shop, variant, 500 + n as u64, "SAVE20")).await;
    assert_eq!((answers.with_status(201), answers.with_code("USAGE_LIMIT_REACHED")), (3, 5), "{:?}", answers.tally());
}

/// Orders of one code, `wave` at a time, straight into the API: how often each status and code was answered.
async fn flash_sale(shop: &LocalShop, code: &str, orders: u64, wave: u64) -> BTreeMap<(u16, String), usize> {
    flash_sale_at(shop, shop.system.api(), code, orders, wave).await
}

/// The same at an API of the same shop.
async fn flash_sale_at(shop: &LocalShop, api: Router, code: &str, orders: u64, wave: u64) -> BTreeMap<(u16, String), usize> {
    // Several variants, so that it is the code that is hot.
    let mut variants = Vec::new();
    for _ in 0..16 {
        variants.push(shop.variant("20.00", 1_000_000).await);
    }
    let _alone = crowd().await;
    let token = shop.system.token(2, Role::SalesStaff);
    let mut tally = BTreeMap::new();
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..orders {
        let mut order = body(&[(variants[usize::try_from(n % 16).expect("few")], 1)]);
        (order["customerId"], order["promotionCode"]) = (json!(10_000 + n), code.into());
        let request =
            Request::post("/api/orders").header("authorization", format!("Bearer {token}")).header("content-type", "application/json");
        let (api, request) = (api.clone(), request.body(Body::from(order.to_string())).expect("a request"));
        // A new one comes as soon as one is done: there are always as many under way.
        while tasks.len() as u64 >= wave {
            count(&mut tally, tasks.join_next().await);
        }
        tasks.spawn(async move {
            let answer = api.oneshot(request).await.expect("an answer");
            let status = answer.status().as_u16();
            let bytes = to_bytes(answer.into_body(), usize::MAX).await.expect("a body");
            (status, serde_json::from_slice::<Value>(&bytes).expect("JSON"))
        });
    }
    while !tasks.is_empty() {
        count(&mut tally, tasks.join_next().await);
    }
    tally
}

fn count(tally: &mut BTreeMap<(u16, String), usize>, done: Option<Result<(u16, Value), tokio::task::JoinError>>) {
    let (status, body) = done.expect("a task").expect("no panic");
    if status == 201 {
        assert_eq!(cents(&body["discount"]), 4_00, "an order without its discount: {body}");
    }
    *tally.entry((status, body["code"].as_str().unwrap_or_default().to_owned())).or_default() += 1;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_of_many_shards_is_used_to_its_last_use_and_no_further() {
    let shop = LocalShop::without_pumps().await;
    let promotion = shop.promotion(json!({ "usageLimit": 5_000 })).await;
    // Its shards stay, with three or four uses in each: the end of a sale is where they run dry.
    shop.admin().put(&format!("/api/promotions?id={}", promotion["id"]), &json!({ "usageLimit": 100 })).await.ok();

    let tally = flash_sale(&shop, "save20", 160, 12).await;

    let expected = BTreeMap::from([((201, String::new()), 100), ((409, "USAGE_LIMIT_REACHED".to_owned()), 60)]);
    assert_eq!(tally, expected);
    assert_eq!(shop.uses("SAVE20").await, 100);
    shop.staff().post("/api/promotions/validate", &json!({ "code": "SAVE20", "orderTotal": 1 })).await.refused(400, "USAGE_LIMIT_REACHED");
}

/// A sale whose transactions meet: as many orders as there are uses get one, and the others hear that there are no more.
async fn sold_out_by_orders_that_meet(limit: u32, uses: usize, orders: usize, wave: u64) {
    let shop = LocalShop::without_pumps().await;
    let promotion = shop.promotion(json!({ "usageLimit": limit })).await;
    // Shards stay, so that a code can have many of them and few uses.
    shop.admin().put(&format!("/api/promotions?id={}", promotion["id"]), &json!({ "usageLimit": uses })).await.ok();
    shop.system.contention.begin(Duration::from_millis(3));

    let tally = flash_sale(&shop, "SAVE20", orders as u64, wave).await;

    let expected = BTreeMap::from([((201, String::new()), uses), ((409, "USAGE_LIMIT_REACHED".to_owned()), orders - uses)]);
    assert_eq!(tally, expected);
    assert_eq!(shop.uses("SAVE20").await, i64::try_from(uses).expect("few"));
    assert!(shop.system.contention.met() > 0, "none met another");
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_whose_transactions_meet_get_every_use_of_a_code_and_no_other_error() {
    sold_out_by_orders_that_meet(20, 20, 40, 4).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "wants the machine to itself; .ci/run runs it by itself"]
async fn a_code_of_many_shards_is_sold_out_by_orders_that_meet() {
    sold_out_by_orders_that_meet(1_200, 300, 360, 6).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes a minute and a half; .ci/run runs it by itself"]
async fn six_thousand_orders_for_five_thousand_uses_are_five_thousand_discounts() {
    let shop = LocalShop::without_pumps().await;
    shop.promotion(json!({ "usageLimit": 5_000 })).await;

    let tally = flash_sale(&shop, "SAVE20", 6_000, 24).await;

    let expected = BTreeMap::from([((201, String::new()), 5_000), ((409, "USAGE_LIMIT_REACHED".to_owned()), 1_000)]);
    assert_eq!(tally, expected);
    assert_eq!(shop.uses("SAVE20").await, 5_000);
}

/// What calls ask of single partitions, in units of DynamoDB's: of a table, and of an index of it.
#[derive(Default)]
struct Load {
    written: BTreeMap<String, u64>,
    read: BTreeMap<String, u64>,
}

impl Load {
    /// A write in a transaction is two units, one alone is one, what it changes in an index is one more, and a consistent read is one: of what
    /// is no larger than a unit, as everything is here that more than one order touches.
    fn add(&mut self, operation: &str, body: &Value, index_partitions: &BTreeSet<&str>) {
        let partition = |table: &Value, name: &str, key: &Value| format!("{} {name}={}", table.as_str().unwrap_or_default(), key["S"]);
        match operation {
            "TransactWriteItems" => {
                let operations = body["TransactItems"].as_array().into_iter().flatten();
                for write in operations.filter_map(|item| item.as_object()?.values().find(|write| write.is_object())) {
                    let item = write.get("Item").or_else(|| write.get("Key")).expect("a key");
                    *self.written.entry(partition(&write["TableName"], "pk", &item["pk"])).or_default() += 2;
                    for name in index_partitions.iter().filter(|name| item.get(**name).is_some()) {
                        *self.written.entry(partition(&write["TableName"], name, &item[*name])).or_default() += 1;
                    }
                }
            }
            "UpdateItem" => *self.written.entry(partition(&body["TableName"], "pk", &body["Key"]["pk"])).or_default() += 1,
            "BatchGetItem" => {
                for (table, wanted) in body["RequestItems"].as_object().into_iter().flatten() {
                    for key in wanted["Keys"].as_array().into_iter().flatten() {
                        *self.read.entry(partition(&table.as_str().into(), "pk", &key["pk"])).or_default() += 1;
                    }
                }
            }
            other => panic!("an order is placed without {other}"),
        }
    }

    /// The partition that takes most of those that are asked about.
    fn hottest(of: &BTreeMap<String, u64>, asked: impl Fn(&str) -> bool) -> (&str, u64) {
        let (name, units) = of.iter().filter(|(name, _)| asked(name)).max_by_key(|(_, units)| **units).expect("one");
        (name, *units)
    }
}

/// One partition takes 1,000 write units and 3,000 read units a second, whatever the table has. So a thousand orders a second can redeem one code
/// as long as no partition is asked for more than one write unit and three read units by an order.
#[tokio::test(flavor = "multi_thread")]
async fn no_partition_is_asked_for_more_than_a_thousand_orders_a_second_of_one_code_may() {
    const ORDERS: u64 = 320;
    let shop = LocalShop::without_pumps().await;
    shop.promotion(json!({ "code": "HOT" })).await;
    let index_partitions: BTreeSet<&str> = include_str!("../../infra/tables.yaml")
        .lines()
        .filter(|line| line.contains("KeyType: HASH"))
        .filter_map(|line| line.split("AttributeName: ").nth(1)?.split([',', ' ']).next())
        .filter(|name| *name != "pk")
        .collect();
    assert!(index_partitions.contains(&"timeKey"), "{index_partitions:?}");
    let load = Arc::new(Mutex::new(Load::default()));
    let seen = Arc::clone(&load);
    let client = Watched::with(move |operation, body| seen.lock().expect("no panic").add(operation, body, &index_partitions));
    let tables = aws::local_config(shop.system.dynamodb.endpoint(), client);
    let names = TableNames::from_lookup(|name| Some(format!("shop-local-{}", name.trim_end_matches("_TABLE").to_lowercase())));
    let mut watched = shop.system.workers.shop.clone();
    watched.store = Store::new(move || aws_sdk_dynamodb::Client::new(&tables), names);

    let tally = flash_sale_at(&shop, api::serve::app(functions::api(), watched), "HOT", ORDERS, 8).await;

    assert_eq!(tally, BTreeMap::from([((201, String::new()), 320)]));
    let load = load.lock().expect("no panic");
    let (counter, units) = Load::hottest(&load.written, |_| true);
    assert!(counter.contains("COUNTER#ORDER#"), "{counter} is the hottest, with {units} units");
    assert!((ORDERS..ORDERS + ORDERS / 20).contains(&units), "{counter}: {units}");
    // Everything else has room for twice as many, and what is the code's own for four times as many.
    let (other, units) = Load::hottest(&load.written, |name| name != counter);
    assert!(units <= ORDERS / 2, "{other}: {units}");
    let (shard, units) = Load::hottest(&load.written, |name| name.contains("-promotions "));
    assert!(shard.contains("CODE#HOT#SHARD#") && units <= ORDERS / 4, "{shard}: {units}");
    assert_eq!(load.written.keys().filter(|name| name.contains("CODE#HOT#SHARD#")).count(), 32);
    let (read, units) = Load::hottest(&load.read, |_| true);
    assert!(units <= ORDERS * 2, "{read}: {units}");
}
