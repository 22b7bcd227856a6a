use super::*;
use crate::emulators::{
    tables,
    testing::{Clock as TestClock, credentials, sdk_http},
};
use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Region},
    types::AttributeValue,
};

const TABLE: &str = "shop-local-orders";

fn client(dynamodb: &DynamoDb) -> Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("local"))
        .credentials_provider(credentials())
        .http_client(sdk_http())
        .endpoint_url(dynamodb.endpoint())
        .build();
    Client::from_conf(config)
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

async fn put(client: &Client, pk: &str, ttl: u64) {
    let put = client.put_item().table_name(TABLE).item("pk", text(pk)).item("sk", text("ORDER"));
    put.item("ttl", AttributeValue::N(ttl.to_string())).send().await.unwrap();
}

async fn is_there(client: &Client, pk: &str) -> bool {
    let get = client.get_item().table_name(TABLE).key("pk", text(pk)).key("sk", text("ORDER"));
    get.send().await.unwrap().item.is_some()
}

#[tokio::test]
async fn what_has_outlived_its_ttl_is_swept_when_the_clock_has_moved() {
    let clock = TestClock::new();
    let dynamodb = DynamoDb::in_memory(clock.now()).unwrap();
    tables::create(dynamodb.database()).unwrap();
    let client = client(&dynamodb);
    put(&client, "short", clock.millis() / 1000 + 60).await;
    put(&client, "long", clock.millis() / 1000 + 6000).await;
    assert_eq!(dynamodb.sweep().unwrap(), 0);
    clock.forward_seconds(61);
    assert_eq!(dynamodb.sweep().unwrap(), 1);
    assert!(!is_there(&client, "short").await && is_there(&client, "long").await);
}

#[tokio::test]
async fn a_directory_keeps_tables_and_items_between_runs() {
    let directory = std::env::temp_dir().join(format!("dynamodb-test-{}", std::process::id()));
    let first = DynamoDb::in_directory(&directory).unwrap();
    tables::create(first.database()).unwrap();
    put(&client(&first), "kept", 0).await;
    drop(first);

    let second = DynamoDb::in_directory(&directory).unwrap();
    tables::create(second.database()).unwrap();
    assert!(is_there(&client(&second), "kept").await);
    drop(second);
    std::fs::remove_dir_all(directory).unwrap();
}

#[tokio::test]
async fn a_dropped_database_frees_its_port_even_with_a_request_half_sent() {
    let dynamodb = DynamoDb::in_memory(TestClock::new().now()).unwrap();
    let address = dynamodb.endpoint().strip_prefix("http://").unwrap().to_owned();
    let mut half = std::net::TcpStream::connect(&address).unwrap();
    io::Write::write_all(&mut half, b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n{").unwrap();
    drop(dynamodb);
    assert!(std::net::TcpStream::connect(&address).is_err());
}

#[tokio::test]
async fn the_index_of_the_streams_is_used_in_memory_too() {
    let dynamodb = DynamoDb::in_memory(TestClock::new().now()).unwrap();
    let copy = std::env::temp_dir().join(format!("dynamodb-index-{}.sqlite", std::process::id()));
    dynamodb.database().vacuum_into(copy.to_str().unwrap()).unwrap();
    let plan: String = Connection::open(&copy)
        .unwrap()
        .query_row(
            "EXPLAIN QUERY PLAN SELECT COALESCE(MAX(CAST(sequence_number AS INTEGER)), 0) + 1
             FROM _stream_records WHERE table_name = ?1",
            ["orders"],
            |row| row.get(3),
        )
        .unwrap();
    std::fs::remove_file(copy).unwrap();
    assert!(plan.contains("shop_stream_position"), "{plan}");
}
