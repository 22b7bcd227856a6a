//! What calls cost in a shop with ten orders, and in one with a million.
//!
//! One order is placed through the API; the others are copies of its items, under ids, numbers and customers of their own, in
//! every index that it is in. All of them are unpaid, of one status, and of these minutes: no list is ever fuller.

use crate::kit::{CUSTOMER, LocalShop, body};
use local::Options;
use rusqlite::Connection;
use serde_json::{Value, json};
use std::path::Path;
use store::Consumed;

const SIZES: [u64; 4] = [10, 1_000, 100_000, 1_000_000];
const TABLE: &str = "shop-local-orders";
/// Of how many orders each customer's are, but for the one who calls.
const ORDERS_A_CUSTOMER: u64 = 20;
/// How many the caller has of them: one in so many.
const THE_CALLERS: u64 = 50;
const BATCH: u64 = 20_000;
/// What lies between two ids: a millisecond, and a place in it, so that they spread over the lists' shards.
const STEP: u64 = 4_097;
/// As many as the lists have.
const SHARDS: u64 = 4;

/// A line for each size.
pub async fn print() {
    let directory = std::env::temp_dir().join(format!("bench-scale-{}", std::process::id()));
    let shop = LocalShop::with(Options { pumps: false, data: Some(directory.clone()), ..Options::default() }).await;
    let variant = shop.variant("20.00", 1_000_000).await;
    let copies = Copies::of(&shop, &directory, variant).await;
    let mut stored = 1;
    for size in SIZES {
        while stored < size {
            let until = size.min(stored + BATCH);
            copies.store(stored, until);
            eprintln!("{until} orders");
            stored = until;
        }
        // The last that was made is an order like any other.
        shop.staff().get(&format!("/api/orders?id={}", copies.id - (stored - 1) * STEP)).await.ok();
        crate::say(&json!({ "orders": size, "calls": costs(&shop, variant).await }));
        stored += 1;
    }
    drop(shop);
    std::fs::remove_dir_all(&directory).expect("its own directory");
}

/// Copies of what is stored of an order, made inside of SQLite, where the emulator of DynamoDB has its tables and a table for each
/// of their indexes: through the emulator a million would take most of an hour.
struct Copies {
    id: u64,
    database: Connection,
    /// Of each table the columns, and what a copy has in them.
    tables: Vec<(String, String, String, String)>,
}

impl Copies {
    async fn of(shop: &LocalShop, directory: &Path, variant: u64) -> Self {
        let order = shop.staff().post("/api/orders", &body(&[(variant, 1)])).await.ok();
        let id = order["id"].as_u64().expect("an id");
        let database = Connection::open(directory.join("dynamodb.sqlite")).expect("its file");
        database.execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -500000; PRAGMA temp_store = MEMORY").expect("settings");
        let strings = |sql: &str, of: &str| -> Vec<String> {
            let mut query = database.prepare(sql).expect("SQL");
            let rows = query.query_map([of], |row| row.get(0)).expect("rows");
            rows.collect::<Result<_, _>>().expect("text")
        };
        // As the emulator writes a key: its type first.
        let partition = format!("S:ORDER#{id}");
        let lists = strings(
            "SELECT value ->> 'S' FROM \"shop-local-orders\", json_each(item_json) WHERE pk = ?1 AND key IN ('statusKey', 'timeKey', 'waitKey')",
            &partition,
        );
        let copied = |column: &str| {
            let own =
                format!("replace(replace({column}, '{id}', id), '{0}', '{0}-' || n)", order["orderNumber"].as_str().expect("a number"));
            let theirs = format!("replace({own}, 'CUSTOMER#{CUSTOMER}', 'CUSTOMER#' || customer)");
            lists.iter().fold(theirs, |text, list| {
                let name = list.rsplit_once('#').expect("a shard").0;
                // The whole text or a whole string of JSON: `ORDER#2` is a list, and begins many a key.
                let shard = format!("'{name}#' || (id % {SHARDS})");
                let within = format!("replace({text}, '\"{list}\"', '\"' || {shard} || '\"')");
                format!("iif({column} = 'S:{list}', 'S:' || {shard}, {within})")
            })
        };
        let tables = strings("SELECT name FROM sqlite_master WHERE type = 'table' AND (name = ?1 OR name LIKE ?1 || '::gsi::%')", TABLE);
        let tables = tables.into_iter().map(|table| {
            let columns = strings("SELECT name FROM pragma_table_info(?1)", &table);
            let texts = strings("SELECT name FROM pragma_table_info(?1) WHERE type = 'TEXT'", &table);
            let key = if table == TABLE { "pk" } else { "table_pk" };
            let values = columns.iter().map(|column| if texts.contains(column) { copied(column) } else { column.clone() });
            (table, columns.join(", "), values.collect::<Vec<_>>().join(", "), format!("{key} = '{partition}'"))
        });
        let tables = tables.collect();
        Self { id, database, tables }
    }

    /// The copies of these numbers, each older than the one before, under ids, numbers and customers of their own.
    fn store(&self, from: u64, to: u64) {
        let id = self.id;
        let copies = format!(
            "WITH RECURSIVE numbers(n) AS (VALUES ({from}) UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {to}), \
             copies(n, id, customer) AS (SELECT n, {id} - n * {STEP}, \
             iif(n % {THE_CALLERS} = 0, {CUSTOMER}, 1000000 + n / {ORDERS_A_CUSTOMER}) FROM numbers)"
        );
        let inserts = self.tables.iter().map(|(table, columns, values, which)| {
            format!("{copies} INSERT INTO \"{table}\" ({columns}) SELECT {values} FROM \"{table}\", copies WHERE {which};")
        });
        self.database.execute_batch(&format!("BEGIN IMMEDIATE; {} COMMIT", inserts.collect::<String>())).expect("copies");
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
