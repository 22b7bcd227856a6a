//! A catalogue that is changed while it is sold.

use crate::kit::{Answer, Answers, Caller, LocalShop, body, cents, race};
use local::faults::{Fault, Storm};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

async fn change(keeper: &Caller, variant: u64, mut change: Value) -> Answer {
    change["id"] = variant.into();
    keeper.put("/api/inventory", &json!({ "variants": [change] })).await
}

async fn now(shop: &LocalShop, variant: u64) -> Value {
    shop.staff().get(&format!("/api/inventory?id={variant}")).await.ok()
}

/// Waits until so many of these reads are on their way back.
async fn until_read(shop: &LocalShop, late: Fault, times: usize) {
    for _ in 0..1_000 {
        if shop.system.faults.happened_in("BatchGetItem", late) == times {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it is not read");
}

#[tokio::test(flavor = "multi_thread")]
async fn pieces_that_move_after_it_was_read_stop_no_change_of_the_catalogue() {
    let shop = LocalShop::without_pumps().await;
    let variant = shop.variant("20.00", 5).await;
    let late = Fault::Late(400);
    shop.system.faults.inject("BatchGetItem", late, 3);
    let keeper = shop.keeper();
    let raised = tokio::spawn(async move { change(&keeper, variant, json!({ "price": 25 })).await });
    for read in 1..=2 {
        until_read(&shop, late, read).await;
        let count = json!({ "variantId": variant, "quantityChange": -1, "reason": "Broken", "changeType": "ADJUSTMENT" });
        shop.keeper().put("/api/inventory/adjust", &count).await.ok();
    }
    let raised = raised.await.expect("no panic");
    assert_eq!((raised.status, cents(&raised.body["variants"][0]["price"])), (200, 25_00), "{}", raised.text);
    assert_eq!(shop.system.faults.happened_in("BatchGetItem", late), 2, "it is read once more, and then it is changed");
    // What the record is after it nobody has read.
    assert_eq!(raised.header("etag"), "");
    let now = now(&shop, variant).await;
    assert_eq!((cents(&now["price"]), &now["stockQuantity"]), (25_00, &json!(3)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_variant_is_changed_while_it_is_sold_and_every_order_has_the_old_price_or_the_new_one() {
    let shop = LocalShop::start().await;
    let variant = shop.variant("20.00", 1_000).await;
    shop.system.faults.storm(Some(Storm { fault: Fault::Late(10), calm: 1, bad: 4 }));
    let done = Arc::new(AtomicBool::new(false));
    let lanes = race(12, |lane| {
        let (staff, keeper, done) = (shop.staff(), shop.keeper(), Arc::clone(&done));
        async move {
            if lane == 0 {
                let mut answers = Vec::new();
                for facts in [json!({ "price": 25 }), json!({ "color": "Noir" }), json!({ "price": 30 })] {
                    answers.push(change(&keeper, variant, facts).await);
                }
                done.store(true, Ordering::Relaxed);
                return answers;
            }
            let mut answers = Vec::new();
            while !done.load(Ordering::Relaxed) || answers.len() < 3 {
                answers.push(staff.post("/api/orders", &body(&[(variant, 1)])).await);
            }
            answers
        }
    })
    .await;
    shop.system.faults.storm(None);
    let (changes, orders) = (&lanes[0], lanes[1..].concat());
    assert_eq!(changes.with_status(200), 3, "{:?}", changes.tally());
    // Who loses three races against a change of the price for three seconds is told so, and has written nothing.
    let placed: Vec<&Answer> = orders.iter().filter(|answer| answer.status == 201).collect();
    assert!(placed.len() + orders.with_code("CONFLICT") == orders.len() && placed.len() >= 33, "{:?}", orders.tally());
    let prices: BTreeSet<i64> = placed.iter().map(|order| cents(&order.body["items"][0]["priceAtPurchase"])).collect();
    assert!(prices.is_subset(&BTreeSet::from([20_00, 25_00, 30_00])) && prices.contains(&30_00), "{prices:?}");
    let now = now(&shop, variant).await;
    assert_eq!((cents(&now["price"]), now["color"].as_str()), (30_00, Some("Noir")));
    let left = 1_000 - i64::try_from(placed.len()).expect("few");
    assert_eq!(now["stockQuantity"], left);
    shop.settled().await;
    let log = shop.staff().every_page(&format!("/api/inventory/{variant}/history"), 100).await;
    assert_eq!((log.len(), &log[0]["newQuantity"]), (placed.len() + 1, &json!(left)), "a row a sale, and the first pieces");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_changes_that_race_none_is_lost_and_on_one_version_only_one_is_made() {
    let shop = LocalShop::without_pumps().await;
    let variant = shop.variant("20.00", 5).await;
    let facts = [json!({ "price": 25 }), json!({ "color": "Noir" }), json!({ "size": "XL" }), json!({ "productName": "Robe Bandal" })];
    let answers = race(4, |n| {
        let (keeper, facts) = (shop.keeper(), facts[n].clone());
        async move { change(&keeper, variant, facts).await }
    })
    .await;
    assert_eq!(answers.with_status(200), 4, "{:?}", answers.tally());
    let after = now(&shop, variant).await;
    for wanted in &facts {
        for (field, value) in wanted.as_object().expect("facts") {
            assert_eq!(after[field].to_string().trim_end_matches(".0"), value.to_string(), "{after}");
        }
    }

    let seen = shop.staff().get(&format!("/api/inventory?id={variant}")).await.header("etag").to_owned();
    let answers = race(8, |n| {
        let keeper = shop.keeper().header("If-Match", &seen);
        async move { change(&keeper, variant, json!({ "price": 30 + n })).await }
    })
    .await;
    assert_eq!((answers.with_status(200), answers.with_code("PRECONDITION_FAILED")), (1, 7), "{:?}", answers.tally());
    let made = answers.iter().find(|answer| answer.status == 200).expect("one");
    assert_eq!(made.body["variants"][0], now(&shop, variant).await);
    assert_eq!(made.header("etag"), shop.staff().get(&format!("/api/inventory?id={variant}")).await.header("etag"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_is_enough_to_refuse_a_change_that_names_a_version() {
    let shop = LocalShop::without_pumps().await;
    let variant = shop.variant("20.00", 5).await;
    let late = Fault::Late(400);
    let seen = shop.staff().get(&format!("/api/inventory?id={variant}")).await.header("etag").to_owned();
    shop.system.faults.inject("BatchGetItem", late, 1);
    let keeper = shop.keeper().header("If-Match", &seen);
    let raised = tokio::spawn(async move { change(&keeper, variant, json!({ "price": 25 })).await });
    until_read(&shop, late, 1).await;
    shop.staff().post("/api/orders", &body(&[(variant, 1)])).await;
    raised.await.expect("no panic").refused(412, "PRECONDITION_FAILED");
    assert_eq!(cents(&now(&shop, variant).await["price"]), 20_00);
}
