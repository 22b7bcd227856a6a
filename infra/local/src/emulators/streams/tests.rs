use super::*;
use crate::emulators::tables;
use dynoxide::actions::{delete_item::DeleteItemRequest, put_item::PutItemRequest};
use serde_json::json;

const TABLE: &str = "shop-local-orders";
const EVENTS: &str = r#"{"eventName": ["INSERT"], "dynamodb": {"Keys": {"sk": {"S": [{"prefix": "EVENT#"}]}}}}"#;

fn database() -> Database {
    let database = Database::memory().unwrap();
    tables::create(&database).unwrap();
    database
}

fn put(database: &Database, pk: &str, sk: &str, note: &str) {
    let request = json!({
        "TableName": TABLE,
        "Item": { "pk": { "S": pk }, "sk": { "S": sk }, "note": { "S": note }, "n": { "N": "7" } },
    });
    database.put_item(serde_json::from_value::<PutItemRequest>(request).unwrap()).unwrap();
}

fn reader(database: &Database, filters: &[&str]) -> StreamReader {
    let filters = filters.iter().map(|pattern| Filter::parse(pattern).unwrap()).collect();
    StreamReader::new(database.clone(), TABLE, filters).unwrap()
}

fn keys(batch: &Batch) -> Vec<String> {
    let key = |record: &EventRecord| {
        let keys = serde_json::to_value(&record.change.keys).unwrap();
        format!("{}/{}", keys["pk"]["S"].as_str().unwrap(), keys["sk"]["S"].as_str().unwrap())
    };
    batch.event.records.iter().map(key).collect()
}

#[test]
fn a_function_gets_the_records_that_its_filter_matches_in_order_and_in_batches() {
    let database = database();
    let mut reader = reader(&database, &[EVENTS]);
    assert_eq!(reader.next_batch(10).unwrap(), None);
    for n in 0..3 {
        put(&database, &n.to_string(), "ORDER", "");
        put(&database, &n.to_string(), "EVENT#1", "");
        put(&database, &n.to_string(), "EVENT#1", "changed");
    }
    let first = reader.next_batch(2).unwrap().unwrap();
    assert_eq!(keys(&first), ["0/EVENT#1", "1/EVENT#1"]);
    reader.commit(&first);
    let second = reader.next_batch(2).unwrap().unwrap();
    assert_eq!(keys(&second), ["2/EVENT#1"]);
    reader.commit(&second);
    assert_eq!(reader.next_batch(2).unwrap(), None);
}

#[test]
fn a_record_carries_what_lambda_says_it_carries() {
    let database = database();
    let mut reader = reader(&database, &[]);
    put(&database, "1", "ORDER", "before");
    put(&database, "1", "ORDER", "after");
    let key = json!({ "TableName": TABLE, "Key": { "pk": { "S": "1" }, "sk": { "S": "ORDER" } } });
    database.delete_item(serde_json::from_value::<DeleteItemRequest>(key).unwrap()).unwrap();

    let records = reader.next_batch(10).unwrap().unwrap().event.records;
    let names: Vec<_> = records.iter().map(|record| record.event_name.as_str()).collect();
    assert_eq!(names, ["INSERT", "MODIFY", "REMOVE"]);
    let modified = serde_json::to_value(&records[1]).unwrap();
    assert_eq!(modified["dynamodb"]["OldImage"]["note"]["S"], "before");
    assert_eq!(modified["dynamodb"]["NewImage"]["note"]["S"], "after");
    assert_eq!(modified["dynamodb"]["NewImage"]["n"]["N"], "7");
    assert_eq!(modified["eventSource"], "aws:dynamodb");
    assert!(modified["eventSourceARN"].as_str().unwrap().contains(":table/shop-local-orders/stream/"));
}

#[test]
fn a_batch_comes_again_until_it_is_committed_and_from_the_first_failed_record() {
    let database = database();
    for n in 0..4 {
        put(&database, &n.to_string(), "ORDER", "");
    }
    let mut reader = reader(&database, &[]);
    let batch = reader.next_batch(3).unwrap().unwrap();
    assert_eq!(reader.next_batch(3).unwrap(), Some(batch.clone()));
    assert_eq!(reader.position(), None);

    let failed = batch.event.records[1].change.sequence_number.clone().unwrap();
    reader.retry_from(&failed);
    assert_eq!(reader.position(), batch.event.records[0].change.sequence_number.as_deref());
    let rest = reader.next_batch(3).unwrap().unwrap();
    assert_eq!(keys(&rest), ["1/ORDER", "2/ORDER"]);
    reader.retry_from(&failed);
    reader.retry_from("of another batch");
    assert_eq!(reader.next_batch(3).unwrap(), Some(rest.clone()));
    reader.commit(&rest);
    assert_eq!(keys(&reader.next_batch(3).unwrap().unwrap()), ["3/ORDER"]);
}

#[test]
fn a_later_run_goes_on_where_the_earlier_one_was_done() {
    let database = database();
    put(&database, "1", "EVENT#1", "");
    put(&database, "2", "ORDER", "");
    let mut earlier = reader(&database, &[EVENTS]);
    let batch = earlier.next_batch(10).unwrap().unwrap();
    earlier.commit(&batch);
    put(&database, "3", "EVENT#1", "");

    let mut later = reader(&database, &[EVENTS]);
    later.resume_after(earlier.position().unwrap());
    assert_eq!(keys(&later.next_batch(10).unwrap().unwrap()), ["3/EVENT#1"]);
}

#[test]
fn a_table_without_a_stream_is_named() {
    let error = StreamReader::new(database(), "shop-local-credit", vec![]).err().unwrap();
    assert_eq!(error.to_string(), "the table shop-local-credit has no stream");
}
