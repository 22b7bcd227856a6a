//! Many at once: what must hold whoever comes first.

use crate::kit::{Answer, Answers, ByHand, CUSTOMER, Caller, FIRST_COUNTS, LocalShop, Placed, body, cents, count, race, storm_seed};
use local::faults::{Fault, Storm};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn fifty_orders_for_the_last_ten_pieces_sell_ten() {
    let shop = LocalShop::start().await;
    let variant = shop.variant("20.00", 10).await;

    let answers = race(50, |_| post(&shop, "/api/orders", body(&[(variant, 1)]))).await;

    assert_eq!(answers.with_status(201), 10, "{:?}", answers.tally());
    assert_eq!(answers.with_code("INSUFFICIENT_STOCK"), 40);
    assert_eq!(shop.stock(variant).await, 0);
    assert_eq!(stock_by_its_log(&shop, variant).await, (0, 11));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_piece_is_lost_or_made_by_orders_cancels_and_adjustments_at_once() {
    let shop = LocalShop::start().await;
    let (shirt, dress) = (shop.variant("20.00", 40).await, shop.variant("30.00", 40).await);
    let mut orders = Vec::new();
    for _ in 0..12 {
        orders.push(shop.staff().post("/api/orders", &body(&[(shirt, 2), (dress, 1)])).await.ok());
    }

    let answers = race(36, |n| match n % 3 {
        0 => post(&shop, "/api/orders", body(&[(dress, 2), (shirt, 1)])),
        1 => post(&shop, &format!("/api/orders/{}/cancel", orders[n / 3]["id"]), json!({ "reason": "Race" })),
        _ => adjust(&shop, shirt, if n % 2 == 0 { 3 } else { -2 }),
    })
    .await;
    // Whoever lost for three seconds wrote nothing.
    assert!(answers.iter().all(|answer| answer.status < 300 || answer.code() == "CONFLICT"), "{:?}", answers.tally());
    let adjusted = answers.iter().filter(|answer| answer.body["log"]["changeType"] == "ADJUSTMENT");
    let counted: i64 = adjusted.map(|answer| answer.body["log"]["quantityChange"].as_i64().expect("a number")).sum();

    for (variant, made) in [(shirt, 40 + counted), (dress, 40)] {
        assert_eq!(shop.stock(variant).await + sold(&shop, variant).await, made);
        assert_eq!(stock_by_its_log(&shop, variant).await.0, shop.stock(variant).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_variant_is_changed_under_its_orders_and_no_piece_is_oversold_or_lost() {
    let shop = LocalShop::start().await;
    let variant = shop.variant("20.00", 30).await;
    let mut placed = Vec::new();
    for _ in 0..12 {
        placed.push(shop.staff().post("/api/orders", &body(&[(variant, 1)])).await.ok()["id"].clone());
    }

    // Whoever decides on what they have read has plenty of time to be wrong.
    shop.system.faults.draw_from(storm_seed());
    shop.system.faults.storm(Some(Storm { fault: Fault::Late(20), calm: 1, bad: 4 }));
    let lanes = race(7, |lane| {
        let cancel = |id: &Value| post(&shop, &format!("/api/orders/{id}/cancel"), json!({ "reason": "Race" }));
        let calls: Vec<Call> = match lane {
            0 => vec![raise_the_price(&shop, variant)],
            1 => vec![take_it_off_sale_and_back(&shop, variant)],
            2 => placed.iter().map(cancel).collect(),
            3 => [2, -1, 3, -2].into_iter().map(|change| adjust(&shop, variant, change)).collect(),
            _ => (0..10).map(|n| post(&shop, "/api/orders", body(&[(variant, 1 + n % 2)]))).collect(),
        };
        one_after_another(calls)
    })
    .await;
    shop.system.faults.storm(None);
    let [cancels, counts, sales] = [&lanes[2..3], &lanes[3..4], &lanes[4..]].map(<[Vec<Answer>]>::concat);
    let refusals = ["INSUFFICIENT_STOCK", "VARIANT_INACTIVE", "CONFLICT"];
    for answers in [&cancels, &counts, &sales] {
        assert!(answers.iter().all(|answer| answer.status < 300 || refusals.contains(&answer.code())), "{:?}", answers.tally());
    }
    let counted: i64 = counts.iter().filter_map(|answer| answer.body["log"]["quantityChange"].as_i64()).sum();

    // Of each order that there is one row, of each cancelled one another, and nothing besides.
    let orders = shop.admin().get("/api/orders?limit=100").await.ok();
    let orders = orders.as_array().expect("a list");
    let cancelled = orders.iter().filter(|order| order["status"] == "CANCELLED").count();
    assert_eq!((orders.len(), cancelled), (12 + sales.with_status(201), cancels.with_status(200)));
    let rows = orders.len() + cancelled + counts.with_status(200) + 1;
    let left = shop.stock(variant).await;
    assert_eq!(left + sold(&shop, variant).await, 30 + counted);
    assert_eq!(stock_by_its_log(&shop, variant).await, (left, rows));

    // The price only ever went up, so whoever came later paid no less.
    let log = shop.staff().get(&format!("/api/inventory/{variant}/history?limit=100")).await.ok();
    let rows = log.as_array().expect("rows").iter().rev().filter(|row| row["changeType"] == "SALE");
    let rows = rows.filter(|row| row["quantityChange"].as_i64().is_some_and(|change| change < 0));
    let price = |row: &Value| {
        let order = orders.iter().find(|order| order["id"] == row["orderId"]).expect("an order");
        cents(&order["items"][0]["priceAtPurchase"])
    };
    let prices: Vec<i64> = rows.map(price).collect();
    assert!(prices.len() == orders.len() && prices.is_sorted(), "{prices:?}");
    let now = shop.staff().get(&format!("/api/inventory?id={variant}")).await.ok();
    assert_eq!((cents(&now["price"]), &now["isActive"]), (20_00 + 100 * RAISES, &json!(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_placed_on_the_price_that_its_variant_has_by_then_or_not_at_all() {
    let shop = LocalShop::without_pumps().await;
    let variant = shop.variant("20.00", 5).await;
    for (change, expected) in [(json!({ "price": 25 }), (201, "")), (json!({ "isActive": false }), (409, "VARIANT_INACTIVE"))] {
        // It reads what there is, and hears of it when that has changed.
        let faults = &shop.system.faults;
        faults.inject("BatchGetItem", Fault::Late(400), 1);
        let before = faults.happened();
        let order = tokio::spawn(post(&shop, "/api/orders", body(&[(variant, 1)])));
        for _ in 0..1_000 {
            if faults.happened() > before {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let mut wanted = change;
        wanted["id"] = variant.into();
        shop.keeper().put("/api/inventory", &json!({ "variants": [wanted] })).await.ok();

        let order = order.await.expect("no panic");
        assert_eq!((order.status, order.code()), expected, "{}", order.text);
        assert!(order.status > 201 || cents(&order.body["items"][0]["priceAtPurchase"]) == 25_00, "{}", order.text);
    }
    assert_eq!(shop.stock(variant).await, 4);
}

/// How often.
const RAISES: i64 = 12;

/// Raises a variant's price by a unit at a time, every other time on the version that was seen.
fn raise_the_price(shop: &LocalShop, variant: u64) -> Call {
    let keeper = shop.keeper();
    Box::pin(async move {
        for raise in 1..RAISES {
            changed(&keeper, variant, json!({ "id": variant, "price": 20 + raise }), raise % 2 == 0).await;
        }
        changed(&keeper, variant, json!({ "id": variant, "price": 20 + RAISES }), true).await
    })
}

/// Takes a variant off sale, finds that it is, and puts it back, three times.
fn take_it_off_sale_and_back(shop: &LocalShop, variant: u64) -> Call {
    let (keeper, staff) = (shop.keeper(), shop.staff());
    Box::pin(async move {
        for round in 0..6 {
            let is_active = round % 2 == 1;
            changed(&keeper, variant, json!({ "id": variant, "isActive": is_active }), false).await;
            if !is_active {
                staff.post("/api/orders", &body(&[(variant, 1)])).await.refused(409, "VARIANT_INACTIVE");
            }
        }
        keeper.get(&format!("/api/inventory?id={variant}")).await
    })
}

/// A change of a variant, made on the version that was seen or on whichever there is, as often as another one comes before it.
async fn changed(keeper: &Caller, variant: u64, change: Value, on_seen: bool) -> Answer {
    let wanted = json!({ "variants": [change] });
    for _ in 0..200 {
        let seen = keeper.get(&format!("/api/inventory?id={variant}")).await;
        let caller = if on_seen { keeper.clone().header("If-Match", seen.header("etag")) } else { keeper.clone() };
        let answer = caller.put("/api/inventory", &wanted).await;
        if !["CONFLICT", "PRECONDITION_FAILED"].contains(&answer.code()) {
            assert_eq!(answer.status, 200, "{}", answer.text);
            return answer;
        }
    }
    panic!("others always come before {wanted}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_races_a_cancellation_goes_back_in_either_order() {
    let shop = LocalShop::start().await;
    for _ in 0..12 {
        let order = shop.order().lines(2).place().await;
        let answers = race(2, |n| match n {
            0 => put(&shop, order.path("payment"), json!({ "paymentStatus": "PAID" })),
            _ => post(&shop, &order.path("cancel"), json!({ "reason": "Too slow" })),
        })
        .await;
        assert_eq!(answers.with_status(200), 2, "{:?}", answers.tally());

        let now = shop.order_now(order.id).await;
        assert_eq!((now["status"].as_str(), now["paymentStatus"].as_str()), (Some("CANCELLED"), Some("REFUND_PENDING")));
        assert_eq!(amounts(&shop.refunds_of(order.id).await), [150_00]);
        assert_eq!(shop.stock(order.variants[0]).await, order.stock_before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_is_taken_once_however_many_take_it() {
    let shop = LocalShop::start().await;
    let order = shop.order().place().await;

    let answers = race(20, |_| put(&shop, order.path("status"), json!({ "newStatus": "CONFIRMED" }))).await;

    assert_eq!(answers.with_status(200), 1, "{:?}", answers.tally());
    assert_eq!(answers.with_code("INVALID_STATUS_TRANSITION"), 19);
    assert_eq!(events(&shop, &order, "ORDER_STATUS_CHANGED").await, 1);
    assert_eq!(shop.order_now(order.id).await["version"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn store_credit_is_redeemed_to_the_cent_and_never_below_zero() {
    let shop = LocalShop::start().await;
    let order = shop.order().price("100.00").paid().place().await;
    shop.customer(CUSTOMER).post(&order.path("cancel"), &json!({ "reason": "Gift", "refundMethod": "STORE_CREDIT" })).await.ok();
    shop.settled().await;

    let redemption = json!({ "customerId": CUSTOMER, "amount": 15.00, "note": "At the till" });
    let answers = race(30, |_| post(&shop, "/api/store-credit/redeem", redemption.clone())).await;

    assert_eq!(answers.with_status(201), 6, "{:?}", answers.tally());
    assert_eq!(answers.with_code("INSUFFICIENT_CREDIT"), 24);
    let left: BTreeSet<i64> = answers.iter().filter(|answer| answer.status == 201).map(|answer| cents(&answer.body["balance"])).collect();
    assert_eq!(left, BTreeSet::from([85_00, 70_00, 55_00, 40_00, 25_00, 10_00]));
    let ledger = shop.customer(CUSTOMER).get("/api/store-credit").await.ok();
    assert_eq!(cents(&ledger["balances"][0]["balance"]), 10_00);
    assert_eq!(ledger["entries"].as_array().map(Vec::len), Some(7));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_is_completed_and_credited_once() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().price("80.00").paid().place().await;
    let cancel = json!({ "reason": "Gift", "refundMethod": "STORE_CREDIT" });
    let refund = shop.staff().post(&order.path("cancel"), &cancel).await.ok()["refund"]["id"].clone();
    let mut hands = ByHand::of(&shop);
    hands.relay().await;
    let jobs = hands.refunds().await;
    assert_eq!(jobs.records.len(), 1);

    // Its worker is at it at the same time.
    let workers = hands.workers.clone();
    let worker = tokio::spawn(async move { workers.process_refund(jobs).await });
    let answers = race(20, |_| {
        let (admin, path) = (shop.admin(), format!("/api/refunds?id={refund}"));
        async move { admin.put(&path, &json!({ "status": "COMPLETED" })).await }
    })
    .await;
    assert!(worker.await.expect("no panic").batch_item_failures.is_empty());

    assert!(answers.with_status(200) <= 1);
    assert_eq!(answers.with_status(200) + answers.with_code("INVALID_STATUS_TRANSITION"), 20);
    let now = shop.order_now(order.id).await;
    assert_eq!((now["paymentStatus"].as_str(), cents(&now["refundedTotal"])), (Some("REFUNDED"), 80_00));
    let ledger = shop.customer(CUSTOMER).get("/api/store-credit").await.ok();
    assert_eq!((cents(&ledger["balances"][0]["balance"]), ledger["entries"].as_array().map(Vec::len)), (80_00, Some(1)));
    assert_eq!(events(&shop, &order, "REFUND_STATUS_CHANGED").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_reference_goes_to_one_of_twenty_orders() {
    let shop = LocalShop::start().await;
    let variant = shop.variant("20.00", 30).await;
    let mut wanted = body(&[(variant, 1)]);
    wanted["paymentReference"] = "MP240101.1234.A56789".into();

    let answers = race(20, |_| post(&shop, "/api/orders", wanted.clone())).await;

    assert_eq!(answers.with_status(201), 1, "{:?}", answers.tally());
    assert_eq!(answers.with_code("PAYMENT_REFERENCE_USED"), 19);
    assert_eq!(shop.stock(variant).await, 29);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_reference_pays_one_of_ten_orders() {
    let shop = LocalShop::start().await;
    let mut orders = Vec::new();
    for _ in 0..10 {
        orders.push(shop.order().place().await);
    }

    let paid = json!({ "paymentStatus": "PAID", "reference": "MP240101.1234.A56789" });
    let answers = race(10, |n| put(&shop, orders[n].path("payment"), paid.clone())).await;

    assert_eq!(answers.with_status(200), 1, "{:?}", answers.tally());
    assert_eq!(answers.with_code("PAYMENT_REFERENCE_USED"), 9);
    let paid = shop.admin().get("/api/orders?paymentStatus=PAID").await.ok();
    assert_eq!(paid.as_array().map(Vec::len), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sku_goes_to_one_of_twenty_variants() {
    let shop = LocalShop::start().await;
    let variant = json!({ "productId": 7, "sku": "ROBE-M", "productName": "Robe", "price": 20.00, "stockQuantity": 5 });

    let answers = race(20, |_| {
        let (keeper, wanted) = (shop.keeper(), json!({ "variants": [variant] }));
        async move { keeper.put("/api/inventory", &wanted).await }
    })
    .await;

    assert_eq!(answers.with_status(200), 1, "{:?}", answers.tally());
    assert_eq!(answers.with_code("DUPLICATE_SKU"), 19);
    let winner = answers.iter().find(|answer| answer.status == 200).map(|answer| answer.body["variants"][0]["id"].clone());
    assert_eq!(Some(shop.staff().get("/api/inventory?sku=ROBE-M").await.ok()["id"].clone()), winner);
    assert_eq!(shop.staff().get("/api/inventory?productId=7").await.ok().as_array().map(Vec::len), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_orders_at_once_have_a_hundred_numbers() {
    let shop = LocalShop::start().await;
    let variant = shop.variant("20.00", 1_000).await;

    let answers = race(100, |_| post(&shop, "/api/orders", body(&[(variant, 1)]))).await;

    let numbers: BTreeSet<u32> = answers.iter().map(|answer| count(&answer.body["orderNumber"])).collect();
    let ids: BTreeSet<u64> = answers.iter().filter_map(|answer| answer.body["id"].as_u64()).collect();
    assert_eq!((answers.with_status(201), numbers.len(), ids.len()), (100, 100, 100));
    assert!(numbers.first().is_some_and(|first| FIRST_COUNTS.contains(first)), "{numbers:?}");
    assert!(numbers.last().is_some_and(|last| *last <= 100 * FIRST_COUNTS.end()), "{numbers:?}");
}

type Call = std::pin::Pin<Box<dyn Future<Output = Answer> + Send>>;

fn post(shop: &LocalShop, path: &str, body: Value) -> Call {
    let (staff, path) = (shop.staff(), path.to_owned());
    Box::pin(async move { staff.post(&path, &body).await })
}

fn put(shop: &LocalShop, path: String, body: Value) -> Call {
    let staff = shop.staff();
    Box::pin(async move { staff.put(&path, &body).await })
}

fn adjust(shop: &LocalShop, variant: u64, change: i64) -> Call {
    let keeper = shop.keeper();
    let count = json!({ "variantId": variant, "quantityChange": change, "reason": "Counted", "changeType": "ADJUSTMENT" });
    Box::pin(async move { keeper.put("/api/inventory/adjust", &count).await })
}

async fn one_after_another(calls: Vec<Call>) -> Vec<Answer> {
    let mut answers = Vec::new();
    for call in calls {
        answers.push(call.await);
    }
    answers
}

fn amounts(refunds: &[Value]) -> Vec<i64> {
    refunds.iter().map(|refund| cents(&refund["amount"])).collect()
}

async fn events(shop: &LocalShop, order: &Placed, kind: &str) -> usize {
    let history = shop.staff().get(&order.path("history")).await.ok();
    history.as_array().expect("a list").iter().filter(|event| event["type"] == kind).count()
}

/// Pieces of a variant in orders that are not cancelled.
async fn sold(shop: &LocalShop, variant: u64) -> i64 {
    let orders = shop.admin().get("/api/orders?limit=100").await.ok();
    let live = orders.as_array().expect("a list").iter().filter(|order| order["status"] != "CANCELLED");
    let lines = live.flat_map(|order| order["items"].as_array().expect("lines"));
    lines.filter(|line| line["variantId"] == variant).map(|line| line["quantity"].as_i64().expect("a quantity")).sum()
}

/// What a variant's log adds up to, and how many rows it has; each row goes on where the one before it ended.
async fn stock_by_its_log(shop: &LocalShop, variant: u64) -> (i64, usize) {
    shop.settled().await;
    let rows = shop.staff().get(&format!("/api/inventory/{variant}/history?limit=100")).await.ok();
    let rows = rows.as_array().expect("a list");
    let number = |row: &Value, field: &str| row[field].as_i64().expect("a number");
    let mut stock = 0;
    for row in rows.iter().rev() {
        assert_eq!(number(row, "previousQuantity"), stock, "{rows:?}");
        stock += number(row, "quantityChange");
        assert_eq!(number(row, "newQuantity"), stock, "{rows:?}");
    }
    (stock, rows.len())
}
