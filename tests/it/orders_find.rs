//! `GET /api/orders`, and what all lists have in common.

use crate::kit::{CUSTOMER, LocalShop, Placed, column};
use serde_json::{Value, json};
use std::time::Duration;

fn ids(list: &[Value]) -> Vec<u64> {
    list.iter().map(|record| record["id"].as_u64().expect("an id")).collect()
}

/// Orders placed a second apart, oldest first.
async fn seven_orders(shop: &LocalShop) -> Vec<Placed> {
    let mut orders = Vec::new();
    for n in 0..7 {
        let mut order = shop.order();
        if n % 2 == 1 {
            order = order.with("customerId", json!(CUSTOMER + 1)).with("source", json!("IN_STORE"));
        }
        if n >= 4 {
            order = order.paid().through(&["CONFIRMED"]);
        }
        orders.push(order.place().await);
        shop.system.clock.advance(Duration::from_secs(1));
    }
    orders
}

/// The ids of the orders at these places, newest first.
fn newest_first<const N: usize>(orders: &[Placed], places: [usize; N]) -> Vec<u64> {
    let mut ids: Vec<u64> = places.iter().map(|place| orders[*place].id).collect();
    ids.sort_unstable_by(|a, b| b.cmp(a));
    ids
}

#[tokio::test]
async fn one_order_is_found_by_id_and_by_number() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().place().await;
    let number = order.body["orderNumber"].as_str().expect("a number");

    for path in [format!("/api/orders?id={}", order.id), format!("/api/orders?orderNumber={number}")] {
        for caller in [shop.customer(CUSTOMER), shop.staff()] {
            let found = caller.get(&path).await;
            assert_eq!((found.status, found.header("etag"), &found.body), (200, "\"1\"", &order.body), "{path}");
        }
        shop.customer(CUSTOMER + 1).get(&path).await.refused(403, "FORBIDDEN");
    }
    shop.customer(CUSTOMER).get("/api/orders?id=123").await.refused(404, "ORDER_NOT_FOUND");
    shop.customer(CUSTOMER).get("/api/orders?orderNumber=MLA-20260101-0001").await.refused(404, "ORDER_NOT_FOUND");
    shop.customer(CUSTOMER).get("/api/orders?orderNumber=%F0%9F%91%97").await.refused(404, "ORDER_NOT_FOUND");
}

#[tokio::test]
async fn the_pages_of_a_list_hold_every_order_once_newest_first() {
    let shop = LocalShop::without_pumps().await;
    let orders = seven_orders(&shop).await;

    let everything = newest_first(&orders, [0, 1, 2, 3, 4, 5, 6]);
    for limit in [1, 2, 3, 6, 7, 100] {
        assert_eq!(ids(&shop.staff().every_page("/api/orders", limit).await), everything, "limit {limit}");
        let own = shop.customer(CUSTOMER).every_page("/api/orders", limit).await;
        assert_eq!(ids(&own), newest_first(&orders, [0, 2, 4, 6]), "limit {limit}");
    }
    let all = shop.staff().get("/api/orders").await;
    assert_eq!((all.header("link"), all.header("x-next-cursor"), all.header("etag")), ("", "", ""));
}

#[tokio::test]
async fn an_order_that_comes_in_between_disturbs_no_page() {
    let shop = LocalShop::without_pumps().await;
    let orders = seven_orders(&shop).await;
    let first = shop.staff().get("/api/orders?limit=4").await;
    let newer = shop.order().place().await;

    let second = shop.staff().get(&format!("/api/orders?limit=4&cursor={}", first.header("x-next-cursor"))).await.ok();
    assert_eq!(ids(second.as_array().expect("a list")), newest_first(&orders, [0, 1, 2]));
    assert_eq!(shop.staff().get("/api/orders?limit=1").await.ok()[0]["id"], newer.id);
}

#[tokio::test]
async fn every_filter_keeps_what_it_says_alone_and_together() {
    let shop = LocalShop::without_pumps().await;
    let orders = seven_orders(&shop).await;
    let of_them = |places: &[usize]| {
        let mut ids: Vec<u64> = places.iter().map(|place| orders[*place].id).collect();
        ids.reverse();
        ids
    };
    let table: [(&str, &[usize]); 14] = [
        ("customerId=4001", &[0, 2, 4, 6]),
        ("customerId=4002", &[1, 3, 5]),
        ("customerId=9", &[]),
        ("status=PENDING", &[0, 1, 2, 3]),
        ("status=CONFIRMED", &[4, 5, 6]),
        ("status=CANCELLED", &[]),
        ("paymentStatus=PAID", &[4, 5, 6]),
        ("paymentStatus=PENDING", &[0, 1, 2, 3]),
        ("source=IN_STORE", &[1, 3, 5]),
        ("source=ONLINE&status=PENDING", &[0, 2]),
        ("status=CONFIRMED&customerId=4001", &[4, 6]),
        ("status=CONFIRMED&paymentStatus=PENDING", &[]),
        ("customerId=4002&status=PENDING&paymentStatus=PENDING&source=IN_STORE", &[1, 3]),
        ("customerId=4001&source=IN_STORE", &[]),
    ];
    for (query, places) in table {
        for limit in [2, 50] {
            let found = shop.staff().every_page(&format!("/api/orders?{query}"), limit).await;
            assert_eq!(ids(&found), of_them(places), "{query} by {limit}");
        }
    }
    let own = shop.customer(CUSTOMER).every_page("/api/orders?status=PENDING", 50).await;
    assert_eq!(ids(&own), of_them(&[0, 2]));
}

#[tokio::test]
async fn dates_are_inclusive_at_both_ends() {
    let shop = LocalShop::without_pumps().await;
    let orders = seven_orders(&shop).await;
    let at = |place: usize| orders[place].body["createdAt"].as_u64().expect("a time");
    let between = async |query: String| ids(&shop.staff().every_page(&format!("/api/orders?{query}"), 2).await);

    assert_eq!(between(format!("startDate={}&endDate={}", at(2), at(4))).await, newest_first(&orders, [2, 3, 4]));
    assert_eq!(between(format!("startDate={}&endDate={}", at(2) + 1, at(4) - 1)).await, newest_first(&orders, [3]));
    assert_eq!(between(format!("startDate={}&endDate={}", at(3), at(3))).await, newest_first(&orders, [3]));
    assert_eq!(between(format!("startDate={}", at(5))).await, newest_first(&orders, [5, 6]));
    assert_eq!(between(format!("endDate={}", at(1))).await, newest_first(&orders, [0, 1]));
    assert_eq!(between(format!("customerId={CUSTOMER}&startDate={}&status=CONFIRMED", at(5))).await, newest_first(&orders, [6]));
    assert_eq!(between("endDate=0".to_owned()).await, [0; 0]);
    assert_eq!(between("startDate=9007199254740991".to_owned()).await, [0; 0]);

    let reversed = shop.staff().get(&format!("/api/orders?startDate={}&endDate={}", at(4), at(2))).await;
    reversed.refused(400, "INVALID_DATE_RANGE");
}

#[tokio::test]
async fn a_wrong_query_is_refused_and_every_wrong_parameter_named() {
    let shop = LocalShop::without_pumps().await;
    let table: [(&str, &[(&str, &str)]); 22] = [
        ("offset=10", &[("/offset", "OFFSET_UNSUPPORTED")]),
        ("limit=0", &[("/limit", "INVALID_LIMIT")]),
        ("limit=101", &[("/limit", "INVALID_LIMIT")]),
        ("limit=ten", &[("/limit", "INVALID_LIMIT")]),
        ("limit=", &[("/limit", "INVALID_LIMIT")]),
        ("limit=2&limit=2", &[("/limit", "INVALID_LIMIT")]),
        ("cursor=zzz", &[("/cursor", "INVALID_CURSOR")]),
        ("cursor=", &[("/cursor", "INVALID_CURSOR")]),
        ("page=2", &[("/page", "UNKNOWN_PARAMETER")]),
        ("a/b~c=2", &[("/a~1b~0c", "UNKNOWN_PARAMETER")]),
        ("status=LOST", &[("/status", "INVALID_STATUS")]),
        ("status=pending", &[("/status", "INVALID_STATUS")]),
        ("status=PENDING&status=PENDING", &[("/status", "INVALID_STATUS")]),
        ("paymentStatus=LOST", &[("/paymentStatus", "INVALID_PAYMENT_STATUS")]),
        ("source=MOON", &[("/source", "INVALID_SOURCE")]),
        ("id=abc", &[("/id", "INVALID_ID")]),
        ("id=1&orderNumber=MLA-1", &[("/orderNumber", "UNKNOWN_PARAMETER")]),
        ("id=1&status=PENDING", &[("/status", "UNKNOWN_PARAMETER")]),
        ("orderNumber=", &[("/orderNumber", "INVALID_ORDER_NUMBER")]),
        ("startDate=monday", &[("/startDate", "INVALID_START_DATE")]),
        ("customerId=-1", &[("/customerId", "INVALID_ID")]),
        (
            "foo=1&offset=1&limit=x&status=x&customerId=x",
            &[
                ("/customerId", "INVALID_ID"),
                ("/status", "INVALID_STATUS"),
                ("/limit", "INVALID_LIMIT"),
                ("/foo", "UNKNOWN_PARAMETER"),
                ("/offset", "OFFSET_UNSUPPORTED"),
            ],
        ),
    ];
    for (query, errors) in table {
        let answer = shop.staff().get(&format!("/api/orders?{query}")).await;
        answer.refused(400, errors[0].1);
        assert_eq!(answer.errors(), errors, "{query}");
    }
    let offset = shop.staff().get("/api/orders?offset=10").await;
    assert!(offset.body["detail"].as_str().expect("a sentence").contains("cursor"), "{}", offset.text);
}

#[tokio::test]
async fn a_customer_sees_no_orders_but_their_own_whatever_they_ask() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().place().await;
    shop.order().with("customerId", json!(CUSTOMER + 1)).place().await;

    shop.customer(CUSTOMER).get("/api/orders?customerId=4002").await.refused(403, "FORBIDDEN");
    let own = shop.customer(CUSTOMER).get("/api/orders?customerId=4001").await.ok();
    assert_eq!(column(&own, "id"), [&json!(order.id)]);
    // A cursor is a position and nothing more: somebody else's shows nothing of theirs.
    let staffs = shop.staff().get("/api/orders?limit=1").await;
    let path = format!("/api/orders?cursor={}", staffs.header("x-next-cursor"));
    assert_eq!(column(&shop.customer(CUSTOMER).get(&path).await.ok(), "id"), [&json!(order.id)]);
    assert_eq!(shop.customer(9).get(&path).await.ok(), json!([]));
}
