//! Addresses, methods, queries and headers that nobody should send.

use crate::kit::LocalShop;
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn a_method_that_an_address_doesnt_take_is_405_and_says_which_it_does() {
    let shop = LocalShop::without_pumps().await;
    let methods = ["GET", "POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "get", "BREW"];
    for path in functions::ENDPOINTS.iter().filter_map(|endpoint| endpoint.path) {
        let path: Vec<&str> = path.split('/').map(|part| if part.starts_with('{') { "1" } else { part }).collect();
        let path = path.join("/");
        let mut taken = Vec::new();
        for method in methods {
            let answer = shop.nobody().send(Method::from_bytes(method.as_bytes()).expect("a method"), &path, None).await;
            if answer.status != 405 {
                taken.push(method);
                continue;
            }
            answer.refused(405, "METHOD_NOT_ALLOWED");
            let allowed: Vec<&str> = answer.header("allow").split(',').map(str::trim).collect();
            assert!(!allowed.contains(&"") && !allowed.contains(&method), "{method} {path}: {allowed:?}");
        }
        let allow = shop.nobody().send(Method::PATCH, &path, None).await;
        let allow: Vec<&str> = allow.header("allow").split(',').map(str::trim).filter(|method| *method != "HEAD").collect();
        assert_eq!(allow, taken, "{path}");
    }
}

#[tokio::test]
async fn an_address_that_isnt_there_is_a_404_problem() {
    let shop = LocalShop::without_pumps().await;
    let long = format!("/api/{}", "x".repeat(8_000));
    for path in [
        "/",
        "/api",
        "/api/",
        "/api/orders/",
        "/api//orders",
        "/api/orders/1",
        "/api/orders/1/refund",
        "/API/orders",
        "/api/orders/1/cancel/",
        "/api/orders/1/2/cancel",
        "/%00",
        "/api/orders%2F1",
        "/.env",
        "/api/notifications/1",
        "/favicon.ico",
        &long,
    ] {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let answer = shop.admin().send(method, path, None).await;
            answer.refused(404, "NOT_FOUND");
            assert_eq!(answer.body["instance"], path);
        }
    }
}

#[tokio::test]
async fn strange_queries_get_an_answer() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().place().await;
    let long = "y".repeat(10_000);
    let lists = [
        "/api/orders".to_owned(),
        order.path("history"),
        "/api/refunds".to_owned(),
        "/api/inventory".to_owned(),
        format!("/api/inventory/{}/history", order.variants[0]),
        "/api/notifications".to_owned(),
        "/api/store-credit?customerId=4001".to_owned(),
    ];
    for path in lists {
        let and = if path.contains('?') { '&' } else { '?' };
        // Positions that no record has.
        for cursor in ["AAAAAAAAAAA", "AAAAAAAAAAE", "f_________8", "__________8"] {
            let answer = shop.admin().get(&format!("{path}{and}cursor={cursor}&limit=1")).await;
            assert_eq!(answer.status, 200, "{cursor} of {path}: {}", answer.text);
        }
        for query in [
            "",
            "&",
            "&&",
            "=",
            "=1",
            "id",
            "%",
            "%FF=1",
            "a%00=1",
            "id[]=1",
            "id=%00",
            "limit=1e400",
            "limit=-0",
            "limit=+1",
            "limit=0x10",
            "cursor=%00",
            "cursor=/////////",
            "cursor=AAAAAAAAAAAA",
            "cursor=%F0%9F%91%97",
            "startDate=1e400",
            "endDate=-1",
            "status=%F0%9F%91%97",
            "sku=%00",
            "orderNumber=%00",
            "orderNumber=%20",
            "sku=%20",
            "customerId=4001&customerId=4002",
            "\"<>",
            &long,
        ] {
            shop.admin().get(&format!("{path}{and}{query}")).await.sane(&format!("{query} of {path}"));
        }
    }
}

#[tokio::test]
async fn huge_headers_get_an_answer() {
    let shop = LocalShop::without_pumps().await;
    for name in ["x-filler", "if-match", "x-request-id", "idempotency-key", "cookie", "accept", "content-type"] {
        let answer =
            shop.staff().header(name, &"x".repeat(50_000)).put("/api/orders/123/status", &json!({ "newStatus": "CONFIRMED" })).await;
        assert!((400..500).contains(&answer.status), "{name}: {}", answer.status);
        assert!(answer.header("x-request-id").len() <= 128);
    }
    let beyond = shop.staff().header("x-filler", &"x".repeat(600_000)).get("/api/orders").await;
    assert!([200, 431].contains(&beyond.status), "{}", beyond.status);
    assert_eq!(shop.staff().get("/api/orders").await.status, 200);
}
