//! `GET /api/health`.

use crate::kit::LocalShop;
use local::faults::Fault;
use serde_json::json;

#[tokio::test]
async fn anybody_may_ask_how_the_system_is() {
    let shop = LocalShop::without_pumps().await;
    let answer = shop.nobody().get("/api/health").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    let version = answer.body["version"].clone();
    assert!(version.is_string(), "{}", answer.text);
    assert_eq!(answer.body, json!({ "status": "up", "version": version, "dependencies": { "dynamodb": "up", "sqs": "up" } }));
}

#[tokio::test]
async fn a_database_that_cant_be_reached_is_503_and_says_which() {
    let shop = LocalShop::without_pumps().await;
    shop.system.faults.inject("GetItem", Fault::NeverSent, 3);
    let answer = shop.nobody().get("/api/health").await;
    assert_eq!((answer.status, &answer.body["status"]), (503, &json!("down")));
    assert_eq!(answer.body["dependencies"], json!({ "dynamodb": "down", "sqs": "up" }));
    assert_eq!(shop.nobody().get("/api/health").await.status, 200);
}
