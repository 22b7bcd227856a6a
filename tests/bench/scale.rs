//! What calls cost in a shop with ten orders, and in one with a million.
//!
//! One order is placed through the API; the others are copies of its items, under ids, numbers and customers of their own, in
//! every index that it is in. All of them are unpaid, of one status, and of these minutes: no list is ever fuller.

use crate::kit::{CUSTOMER, LocalShop, body};
use dynoxide::ImportOptions;
use dynoxide::types::Item;
use local::Options;
use serde_json::{Value, json};
use store::Consumed;

const SIZES: [u64; 4] = [10, 1_000, 100_000, 1_000_000];
const TABLE: &str = "shop-local-orders";
/// Of how many orders each customer's are, but for the one who calls.
const ORDERS_A_CUSTOMER: u64 = 20;
/// How many the caller has of them: one in so many.
const THE_CALLERS: u64 = 50;
const BATCH: u64 = 1_000;
/// What lies between two ids: a millisecond, and a place in it, so that they spread over the lists' shards.
const STEP: u64 = 4_097;

/// A line for each size.
pub async fn print() {
    let directory = std::env::temp_dir().join(format!("bench-scale-{}", std::process::id()));
    let shop = LocalShop::with(Options { pumps: false, data: Some(directory.clone()), ..Options::default() }).await;
    let variant = shop.variant("20.00", 1_000_000).await;
    let copies = Copies::of(&shop, variant).await;
    let mut stored = 1;
    for size in SIZES {
        while stored < size {
            let until = size.min(stored + BATCH);
            copies.store(&shop, stored, until);
            stored = until;
        }
        crate::say(&json!({ "orders": size, "calls": costs(&shop, variant).await }));
        stored += 1;
    }
    drop(shop);
    std::fs::remove_dir_all(&directory).expect("its own directory");
}

/// Items of an order, to be copied.
struct Copies {
    id: u64,
    number: String,
    items: Vec<String>,
}

impl Copies {
    async fn of(shop: &LocalShop, variant: u64) -> Self {
        let order = shop.staff().post("/api/orders", &body(&[(variant, 1)])).await.ok();
        let id = order["id"].as_u64().expect("an id");
        let request = json!({
            "TableName": TABLE, "KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": { ":pk": { "S": format!("ORDER#{id}") } },
        });
        let query = serde_json::from_value(request).expect("a query");
        let found = shop.system.dynamodb.database().query(query).expect("items");
        let items = serde_json::to_value(found).expect("JSON")["Items"].as_array().expect("items").iter().map(Value::to_string).collect();
        Self { id, number: order["orderNumber"].as_str().expect("a number").to_owned(), items }
    }

    fn store(&self, shop: &LocalShop, from: u64, to: u64) {
        let items = (from..to).flat_map(|n| self.items.iter().map(move |item| self.copy(item, n))).collect();
        shop.system.dynamodb.database().import_items(TABLE, items, ImportOptions::default()).expect("stored");
    }

    /// The `n`th copy of an item; older than the one it is a copy of.
    fn copy(&self, item: &str, n: u64) -> Item {
        let id = self.id - n * STEP;
        let number = format!("{}-{n}", self.number);
        let customer = if n.is_multiple_of(THE_CALLERS) { CUSTOMER } else { 1_000_000 + n / ORDERS_A_CUSTOMER };
        let copied = item.replace(&self.id.to_string(), &id.to_string()).replace(&self.number, &number);
        let copied = copied.replace(&format!("CUSTOMER#{CUSTOMER}"), &format!("CUSTOMER#{customer}"));
        let mut copied: Value = serde_json::from_str(&copied).expect("JSON");
        for list in ["statusKey", "timeKey", "waitKey"] {
            if let Some(Value::String(shard)) = copied.get_mut(list).and_then(|key| key.get_mut("S")) {
                let name = shard.rsplit_once('#').expect("a shard").0;
                *shard = format!("{name}#{}", id % 4);
            }
        }
        serde_json::from_value(copied).expect("an item")
    }
}

/// What it costs to place an order, read it, list some, look for one, and cancel it.
async fn costs(shop: &LocalShop, variant: u64) -> Value {
    let (customer, staff) = (shop.customer(CUSTOMER), shop.staff());
    let mut placed = json!(null);
    let place = cost(shop, async { placed = customer.post("/api/orders", &body(&[(variant, 1)])).await.ok() }).await;
    let (id, number) = (&placed["id"], placed["orderNumber"].as_str().expect("a number"));
    let paths = [
        ("get an order", format!("/api/orders?id={id}")),
        ("get it by its number", format!("/api/orders?orderNumber={number}")),
        ("its history", format!("/api/orders/{id}/history")),
        ("the customer's latest 10", format!("/api/orders?customerId={CUSTOMER}&limit=10")),
        ("the latest 10 of a status", "/api/orders?status=PENDING&limit=10".to_owned()),
        ("the latest 10", "/api/orders?limit=10".to_owned()),
    ];
    let mut costs = serde_json::Map::new();
    costs.insert("place an order".to_owned(), place);
    for (name, path) in paths {
        let mut answer = json!(null);
        costs.insert(name.to_owned(), cost(shop, async { answer = staff.get(&path).await.ok() }).await);
        let found = answer.as_array().map_or(1, Vec::len);
        assert!(found == 1 || found == 10 || path.contains("customerId"), "{name}: {found} were found");
    }
    let cancel = json!({ "reason": "Too big" });
    let cancelled = cost(shop, async { drop(customer.post(&format!("/api/orders/{id}/cancel"), &cancel).await.ok()) }).await;
    costs.insert("cancel it".to_owned(), cancelled);
    Value::Object(costs)
}

async fn cost(shop: &LocalShop, call: impl Future<Output = ()>) -> Value {
    let before = shop.system.store().meter().total();
    call.await;
    let Consumed { round_trips, read_milliunits, write_milliunits } = shop.system.store().meter().total().since(before);
    json!({ "round_trips": round_trips, "read": units(read_milliunits), "write": units(write_milliunits) })
}

/// Thousandths as units.
fn units(thousandths: u64) -> Value {
    serde_json::from_str(&format!("{}.{:03}", thousandths / 1000, thousandths % 1000)).expect("a number")
}
