//! Many at once: what must hold whoever comes first.

use crate::kit::{Answer, Answers, ByHand, CUSTOMER, LocalShop, Placed, body, cents, race};
use serde_json::{Value, json};
use std::collections::BTreeSet;

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

    let answers = race(36, |n| {
        let (staff, keeper) = (shop.staff(), shop.keeper());
        let order = orders[n / 3]["id"].clone();
        async move {
            match n % 3 {
                0 => staff.post("/api/orders", &body(&[(dress, 2), (shirt, 1)])).await,
                1 => staff.post(&format!("/api/orders/{order}/cancel"), &json!({ "reason": "Race" })).await,
                _ => {
                    let change = if n % 2 == 0 { 3 } else { -2 };
                    let count = json!({ "variantId": shirt, "quantityChange": change, "reason": "Counted", "changeType": "ADJUSTMENT" });
                    keeper.put("/api/inventory/adjust", &count).await
                }
            }
        }
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

    let numbers: BTreeSet<&str> = answers.iter().filter_map(|answer| answer.body["orderNumber"].as_str()).collect();
    let ids: BTreeSet<u64> = answers.iter().filter_map(|answer| answer.body["id"].as_u64()).collect();
    assert_eq!((answers.with_status(201), numbers.len(), ids.len()), (100, 100, 100));
    assert_eq!(numbers.first().map(|number| &number[12..]), Some("-0001"), "{numbers:?}");
    assert_eq!(numbers.last().map(|number| &number[12..]), Some("-0100"), "{numbers:?}");
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
