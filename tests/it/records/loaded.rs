//! The records of a release in a file, and in the tables of a shop.

use super::script::{self, answers};
use crate::kit::{LocalShop, Providers};
use api::clock::Clock;
use domain::time::Timestamp;
use local::Options;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// When the script begins, in epoch milliseconds: 2026-03-02T09:00:00Z.
const BEGINS: u64 = 1_772_442_000_000;

/// The records of a release, and what it answered.
pub struct Release {
    name: String,
    told: Value,
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("it/records")
}

/// A clock that says this now.
fn clock_at(at: Timestamp) -> Clock {
    let clock = Clock::default();
    let now = clock.now();
    if now.0 >= at.0 {
        return Clock::behind(Duration::from_millis(now.0 - at.0));
    }
    clock.advance(Duration::from_millis(at.0 - now.0));
    clock
}

impl Release {
    /// Every release that has a file.
    pub fn all() -> Vec<Self> {
        let files = std::fs::read_dir(directory()).expect("the records").map(|file| file.expect("a file").path());
        let mut releases: Vec<Self> = files
            .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
            .map(|path| {
                let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
                let told = serde_json::from_slice(&std::fs::read(&path).expect("read")).expect("JSON");
                Self { name, told }
            })
            .collect();
        releases.sort_by(|a, b| a.name.cmp(&b.name));
        assert!(!releases.is_empty(), "no release has any");
        releases
    }

    /// Each record with its table.
    pub fn items(&self) -> impl Iterator<Item = (&str, &Value)> {
        let tables = self.told["tables"].as_object().expect("tables");
        tables.iter().flat_map(|(table, items)| items.as_array().expect("items").iter().map(move |item| (table.as_str(), item)))
    }

    /// What the script has named for later.
    pub fn named(&self, name: &str) -> &Value {
        let named = &self.told["named"][name];
        assert!(!named.is_null(), "{}: nothing is named {name}", self.name);
        named
    }

    /// A shop an hour after all that, whose streams and queues nobody hands over.
    pub async fn loaded(&self) -> LocalShop {
        self.loaded_with(HashMap::new()).await
    }

    /// The same, with these variables.
    pub async fn loaded_with(&self, variables: HashMap<&'static str, String>) -> LocalShop {
        let at = Timestamp(self.told["writtenAt"].as_u64().expect("a time") + 3_600_000);
        let shop =
            LocalShop::with(Options { pumps: false, clock: clock_at(at), variables, ..Options::default() }).await.with_skus_from(10_000);
        for (table, item) in self.items() {
            assert!(shop.store_item_in(table, item).await, "{}: {table} doesn't take {item}", self.name);
        }
        shop
    }

    /// Whatever was answered is answered, each field as it was; there may be more by now.
    pub async fn is_answered_by(&self, shop: &LocalShop) {
        for (path, expected) in self.told["answers"].as_object().expect("answers") {
            let answer = shop.admin().get(path).await.ok();
            assert_holds(expected, &answer, &format!("{}: {path}", self.name));
        }
    }

    /// Plays the script and writes what it has left behind, where there is no such file.
    pub async fn write(name: &str) {
        let path = directory().join(format!("{name}.json"));
        assert!(!path.exists(), "{} is never changed", path.display());
        let providers = Providers::with(Options { clock: clock_at(Timestamp(BEGINS)), ..Options::default() }).await;
        let named = Box::pin(script::play(&providers)).await;
        let shop = &providers.shop;
        shop.settled().await;
        let mut told = json!({ "writtenAt": shop.system.clock.now().0, "named": named });
        told["answers"] = Value::Object(answers(shop).await);
        let mut tables = Map::new();
        for table in shop.tables().await {
            let mut items = shop.all_items_in(&table).await;
            items.sort_by_key(|item| (item["pk"].to_string(), item["sk"].to_string()));
            items.iter_mut().for_each(shortened);
            tables.insert(table, Value::Array(items));
        }
        told["tables"] = Value::Object(tables);
        std::fs::write(&path, in_lines(&told, 0) + "\n").expect("written");
    }
}

/// The outer lists of a file in lines, and what is in them each in one.
fn in_lines(value: &Value, depth: usize) -> String {
    let joined = |open: &str, lines: Vec<String>, close: &str| format!("{open}\n{}\n{close}", lines.join(",\n"));
    match value {
        Value::Object(fields) if depth < 2 => {
            joined("{", fields.iter().map(|(name, value)| format!("{}: {}", json!(name), in_lines(value, depth + 1))).collect(), "}")
        }
        Value::Array(items) if depth == 2 => joined("[", items.iter().map(Value::to_string).collect(), "]"),
        _ => value.to_string(),
    }
}

/// Only the body of a large answer goes on in further items. What it says is nothing to anybody.
fn shortened(item: &mut Value) {
    if let Some(Value::String(body)) = item.pointer_mut("/body/S")
        && body.len() > 50_000
    {
        body.truncate(40);
    }
}

/// A link to a label is signed anew each time, by whoever keeps it.
fn lasting(text: &str) -> &str {
    match text.split_once("?X-Amz-") {
        Some((link, _)) => link.split_once("/labels/").map_or(link, |(_, label)| label),
        None => text,
    }
}

/// Every field that was expected is there, with just that value.
pub fn assert_holds(expected: &Value, there: &Value, at: &str) {
    match (expected, there) {
        (Value::Object(fields), Value::Object(_)) => {
            // What variables a code has is no record.
            for (name, expected) in fields.iter().filter(|(name, _)| *name != "availableVariables") {
                assert!(there.get(name).is_some(), "{at}: no {name} in {there}");
                assert_holds(expected, &there[name], &format!("{at}/{name}"));
            }
        }
        (Value::Array(all), Value::Array(those)) => {
            assert_eq!(all.len(), those.len(), "{at}: {those:?}");
            for (n, (expected, there)) in all.iter().zip(those).enumerate() {
                assert_holds(expected, there, &format!("{at}/{n}"));
            }
        }
        (Value::String(text), Value::String(other)) => assert_eq!(lasting(text), lasting(other), "{at}"),
        _ => assert_eq!(expected, there, "{at}"),
    }
}
