//! An order that nobody pays is cancelled in time, and only such a one.

use crate::kit::{HOUR, LocalShop, Placed, race};
use local::Options;
use local::faults::Fault;
use serde_json::{Value, json};
use std::collections::HashMap;

async fn status(shop: &LocalShop, order: &Placed) -> (String, String) {
    let now = shop.order_now(order.id).await;
    let text = |field: &str| now[field].as_str().expect("a word").to_owned();
    (text("status"), text("paymentStatus"))
}

fn is(status: &str, payment: &str) -> (String, String) {
    (status.to_owned(), payment.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn after_72_hours_the_system_cancels_it_gives_its_stock_back_and_tells_the_customer() {
    let shop = LocalShop::start().await;
    let order = shop.order().lines(2).quantity(3).place().await;
    shop.after(71 * HOUR).await;
    assert_eq!(status(&shop, &order).await, is("PENDING", "PENDING"));

    shop.after(2 * HOUR).await;
    assert_eq!(status(&shop, &order).await, is("CANCELLED", "VOIDED"));
    for variant in &order.variants {
        assert_eq!(shop.stock(*variant).await, order.stock_before);
    }
    assert!(shop.refunds_of(order.id).await.is_empty());
    let history = shop.staff().get(&order.path("history")).await.ok();
    let cancelled = history.as_array().expect("rows").iter().find(|row| row["type"] == "ORDER_CANCELLED").expect("cancelled").clone();
    assert_eq!((&cancelled["performedBy"], &cancelled["note"]), (&Value::Null, &json!("Non payée dans les 72 heures")));
    let mail = shop.system.outbox.emails().pop().expect("a mail");
    assert!(mail.html.as_deref().is_some_and(|html| html.contains("Non payée dans les 72 heures")), "{mail:?}");

    // Long after, it is told once.
    shop.after(200 * HOUR).await;
    assert_eq!(shop.system.outbox.emails().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_hour_is_said_as_one() {
    let variables = HashMap::from([("UNPAID_ORDER_HOURS", "1".to_owned())]);
    let shop = LocalShop::with(Options { variables, ..Options::default() }).await;
    for (locale, reason) in [("fr", "Non payée dans l’heure"), ("en", "Not paid within an hour")] {
        let customer = json!({ "firstName": "Ada", "lastName": "Ilunga", "email": "ada@example.com", "locale": locale });
        let order = shop.order().with("customer", customer).place().await;
        shop.after(2 * HOUR).await;
        let history = shop.staff().get(&order.path("history")).await.ok();
        let cancelled = history.as_array().expect("rows").iter().find(|row| row["type"] == "ORDER_CANCELLED").expect("cancelled");
        assert_eq!(cancelled["note"], reason);
        let mail = shop.system.outbox.emails().pop().and_then(|mail| mail.text).expect("a mail");
        assert!(mail.contains(&format!("{reason}\n")), "{mail}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_paid_or_is_paid_at_the_door_stands() {
    let shop = LocalShop::start().await;
    let paid = shop.order().paid().place().await;
    let at_the_door = shop.order().with("paymentMethod", json!("CASH_ON_DELIVERY")).place().await;
    let failed = shop.order().with("paymentMethod", json!("CARD")).place().await;
    shop.staff().put(&failed.path("payment"), &json!({ "paymentStatus": "FAILED" })).await.ok();
    let confirmed = shop.order().through(&["CONFIRMED", "PROCESSING"]).place().await;
    let handed_over = shop.order().through(&["CONFIRMED", "PROCESSING", "READY_FOR_PICKUP"]).place().await;

    shop.after(73 * HOUR).await;
    assert_eq!(status(&shop, &paid).await, is("PENDING", "PAID"));
    assert_eq!(status(&shop, &at_the_door).await, is("PENDING", "PENDING"));
    assert_eq!(status(&shop, &failed).await, is("CANCELLED", "VOIDED"));
    assert_eq!(status(&shop, &confirmed).await, is("CANCELLED", "VOIDED"));
    // It has left the shop: no schedule calls it back.
    assert_eq!(status(&shop, &handed_over).await, is("READY_FOR_PICKUP", "PENDING"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_races_the_schedule_is_kept_or_goes_back_whole() {
    let shop = LocalShop::without_pumps().await;
    let mut orders = Vec::new();
    for _ in 0..8 {
        orders.push(shop.order().place().await);
    }
    shop.system.clock.advance(73 * HOUR);
    let (workers, staff) = (shop.system.workers.clone(), shop.staff());
    race(24, |n| {
        let (workers, staff, order) = (workers.clone(), staff.clone(), orders[n % 8].clone());
        async move {
            if n < 16 {
                workers.run("cancel-unpaid-orders").await.expect("a schedule");
            } else {
                staff.put(&order.path("payment"), &json!({ "paymentStatus": "PAID" })).await.ok();
            }
        }
    })
    .await;

    for order in &orders {
        let (now, refunds) = (status(&shop, order).await, shop.refunds_of(order.id).await);
        let stock = shop.stock(order.variants[0]).await;
        match refunds.as_slice() {
            [] => assert_eq!((now, stock), (is("PENDING", "PAID"), order.stock_before - 1)),
            [refund] => {
                assert_eq!((now, stock), (is("CANCELLED", "REFUND_PENDING"), order.stock_before));
                assert_eq!(refund["amount"], order.body["total"]);
            }
            more => panic!("{more:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_unpaid_orders_are_found_and_those_that_are_young_are_not_even_read() {
    let shop = LocalShop::without_pumps().await;
    let variant = shop.variant("1.00", 1_000).await;
    let body = crate::kit::body(&[(variant, 1)]);
    for _ in 0..60 {
        shop.staff().post("/api/orders", &body).await.ok();
    }
    shop.system.clock.advance(73 * HOUR);
    for _ in 0..5 {
        shop.staff().post("/api/orders", &body).await.ok();
    }
    let swept = shop.system.workers.run("cancel-unpaid-orders").await.expect("a schedule");
    assert_eq!((swept.seen, swept.changed, swept.failed), (60, 60, 0));
    let again = shop.system.workers.run("cancel-unpaid-orders").await.expect("a schedule");
    assert_eq!((again.seen, again.changed), (0, 0));
    assert_eq!(shop.stock(variant).await, 995);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_cant_be_read_keeps_nobody_from_the_others() {
    let shop = LocalShop::without_pumps().await;
    let mut orders = Vec::new();
    for _ in 0..6 {
        orders.push(shop.order().place().await);
    }
    shop.rewrite("ORDER", &json!(orders[0].id), "status", "LOST").await;
    shop.system.clock.advance(73 * HOUR);
    let swept = shop.system.workers.run("cancel-unpaid-orders").await.expect("a schedule");
    assert_eq!((swept.seen, swept.changed, swept.failed), (6, 5, 1));
    for order in &orders[1..] {
        assert_eq!(status(&shop, order).await, is("CANCELLED", "VOIDED"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_the_list_that_cant_be_read_keeps_nobody_from_the_rest_and_is_the_next_runs() {
    let shop = LocalShop::without_pumps().await;
    let variant = shop.variant("1.00", 100).await;
    let body = crate::kit::body(&[(variant, 1)]);
    for _ in 0..40 {
        shop.staff().post("/api/orders", &body).await.ok();
    }
    shop.system.clock.advance(73 * HOUR);
    // As often as the SDK asks for one of the list's parts.
    shop.system.faults.inject("Query", Fault::Throttled, 3);
    let swept = shop.system.workers.run("cancel-unpaid-orders").await.expect("a schedule");
    assert_eq!((swept.failed, shop.system.faults.happened()), (1, 3));
    assert!((1..40).contains(&swept.changed), "{swept:?}");
    let rest = shop.system.workers.run("cancel-unpaid-orders").await.expect("a schedule");
    assert_eq!((rest.changed + swept.changed, rest.failed), (40, 0));
    assert_eq!(shop.stock(variant).await, 100);
}
