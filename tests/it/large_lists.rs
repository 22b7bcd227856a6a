//! Lists of the largest records there may be: a page is shorter than asked for so that it fits an answer, and none is passed over.
//! That every page fits is what `every_page` looks at.

use crate::kit::{LocalShop, Placed, body};
use domain::ids::ShipmentId;
use domain::shipment::{MAX_TIMELINE, Shipment, ShipmentChange, TimelineEntry};
use domain::time::Timestamp;
use serde_json::{Value, json};
use store::Writes;

/// The longest text of so many characters, in bytes.
fn longest(characters: usize) -> String {
    "👗".repeat(characters)
}

/// An order's body of as many lines as there may be, with the longest names there may be.
async fn largest_order(shop: &LocalShop, quantity: u32) -> Value {
    let mut lines = Vec::new();
    for half in 0..2 {
        let variants = (0..25).map(|n| {
            json!({ "productId": 7, "sku": format!("{}{half}{n:02}", longest(97)), "productName": longest(200), "size": longest(50),
                "color": longest(50), "price": 1, "stockQuantity": 1_000 })
        });
        let made = shop.keeper().put("/api/inventory", &json!({ "variants": variants.collect::<Vec<_>>() })).await.ok();
        let ids = made["variants"].as_array().expect("variants").iter().map(|variant| variant["id"].as_u64().expect("an id"));
        lines.extend(ids.map(|id| (id, quantity)));
    }
    body(&lines)
}

/// The ids of a list, and those of `made` as the list should have them: the newest, so the largest, first.
fn listed_and(made: Vec<u64>, list: &[Value]) -> (Vec<u64>, Vec<u64>) {
    let mut made = made;
    made.sort_unstable_by(|a, b| b.cmp(a));
    (list.iter().map(|record| record["id"].as_u64().expect("an id")).collect(), made)
}

#[tokio::test]
async fn every_large_order_is_on_some_page() {
    let shop = LocalShop::without_pumps().await;
    let order = largest_order(&shop, 1).await;
    let mut made = Vec::new();
    for _ in 0..70 {
        made.push(shop.staff().post("/api/orders", &order).await.ok()["id"].as_u64().expect("an id"));
    }

    let (listed, expected) = listed_and(made, &shop.staff().every_page("/api/orders", 100).await);
    assert_eq!(listed, expected);
}

#[tokio::test]
async fn every_large_return_is_on_some_page() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.staff().post("/api/orders", &largest_order(&shop, 90).await).await.ok();
    let id = order["id"].as_u64().expect("an id");
    shop.staff().put(&format!("/api/orders/{id}/payment"), &json!({ "paymentStatus": "PAID" })).await.ok();
    for status in ["CONFIRMED", "PROCESSING", "SHIPPED", "DELIVERED"] {
        shop.staff().put(&format!("/api/orders/{id}/status"), &json!({ "newStatus": status })).await.ok();
    }
    let order = Placed { id, body: order, variants: Vec::new(), stock_before: 0 };
    let items: Vec<Value> = (0..50).map(|n| crate::kit::back(order.line(n), 1, "UNOPENED")).collect();
    let mut made = Vec::new();
    for _ in 0..90 {
        made.push(shop.ask_back(&order, json!(items)).await.ok()["return"]["id"].as_u64().expect("an id"));
    }

    let (listed, expected) = listed_and(made, &shop.staff().every_page("/api/returns", 100).await);
    assert_eq!(listed, expected);
}

#[tokio::test]
async fn every_parcel_whose_carrier_says_much_is_on_some_page() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().through(&["CONFIRMED"]).place().await;
    let parcel = shop.ship(&order, "LOCAL").await;
    let first = ShipmentId::new(parcel["id"].as_u64().expect("an id")).expect("an id");
    let store = shop.system.store();
    let shipment = store.shipment(first).await.expect("read").expect("a parcel");
    let said = TimelineEntry {
        at: Timestamp(1),
        status: None,
        code: Some("X".to_owned()),
        description: Some(longest(500)),
        location: Some(longest(500)),
    };
    let mut made = vec![first.get()];
    // Its carrier would have to be asked two thousand times.
    for n in 1..=80 {
        let id = ShipmentId::new(first.get() - n).expect("an id");
        let copy = Shipment { id, version: 1, timeline: vec![said.clone(); MAX_TIMELINE], ..shipment.clone() };
        let change = ShipmentChange { shipment: copy, order: None, number: None, events: Vec::new() };
        store.commit(Writes::from(&change), None, shop.system.clock.now()).await.expect("written");
        made.push(id.get());
    }

    let (listed, expected) = listed_and(made, &shop.staff().every_page("/api/shipments", 100).await);
    assert_eq!(listed, expected);
}
