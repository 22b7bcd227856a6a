//! Approved returns that never arrive: the system rejects them in time, and only them.

use crate::kit::{LocalShop, race};
use local::Options;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);

#[tokio::test(flavor = "multi_thread")]
async fn after_thirty_days_the_system_rejects_it_frees_its_pieces_and_tells_the_customer() {
    let shop = LocalShop::start().await;
    let order = shop.order().quantity(2).delivered().place().await;
    let (late, asked) = (shop.rma(&order, 0, 1).await, shop.rma(&order, 0, 1).await);
    shop.steps(late, &["APPROVED"]).await;
    shop.after(29 * DAY + Duration::from_hours(23)).await;
    assert_eq!(shop.return_now(late).await["status"], "APPROVED");
    let mails = shop.system.outbox.emails().len();

    shop.after(Duration::from_hours(2)).await;
    let rejected = shop.return_now(late).await;
    assert_eq!((&rejected["status"], &rejected["rejectedBy"]), (&json!("REJECTED"), &Value::Null));
    assert_eq!(rejected["notes"], "Colis non reçu dans les 30 jours suivant l’accord");
    // What nobody has looked at yet waits for staff, not for a parcel.
    assert_eq!(shop.return_now(asked).await["status"], "REQUESTED");
    let sent = shop.system.outbox.emails();
    assert_eq!(sent.len(), mails + 1);
    let text = sent.last().and_then(|mail| mail.text.clone()).expect("a mail");
    assert!(
        text.contains("Colis non reçu dans les 30 jours") && text.contains(rejected["rmaNumber"].as_str().expect("a number")),
        "{text}"
    );
    shop.step(late, json!({ "status": "RECEIVED" })).await.refused(409, "INVALID_STATUS_TRANSITION");

    let free = shop.system.store().order(domain::ids::OrderId::new(order.id).expect("an id")).await.expect("read").expect("an order");
    assert_eq!((free.items[0].returning_quantity, free.items[0].free()), (1, 1));
    shop.after(60 * DAY).await;
    assert_eq!(shop.system.outbox.emails().len(), mails + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_day_is_said_as_one() {
    let variables = HashMap::from([("RETURN_ARRIVAL_DAYS", "1".to_owned())]);
    let shop = LocalShop::with(Options { variables, pumps: false, ..Options::default() }).await;
    for (locale, reason) in [("fr", "Colis non reçu dans le jour suivant l’accord"), ("en", "Not received within a day of its approval")]
    {
        let customer = json!({ "firstName": "Ada", "lastName": "Ilunga", "email": "ada@example.com", "locale": locale });
        let order = shop.order().with("customer", customer).delivered().place().await;
        let rma = shop.rma(&order, 0, 1).await;
        shop.steps(rma, &["APPROVED"]).await;
        shop.system.clock.advance(DAY);
        shop.system.workers.run("reject-late-returns").await.expect("a schedule");
        assert_eq!(shop.return_now(rma).await["notes"], reason);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_arrived_stays_and_the_shop_decides_how_long_it_waits() {
    let variables = HashMap::from([("RETURN_ARRIVAL_DAYS", "5".to_owned())]);
    let shop = LocalShop::with(Options { variables, pumps: false, ..Options::default() }).await;
    let order = shop.order().quantity(3).delivered().place().await;
    let (late, arrived) = (shop.rma(&order, 0, 1).await, shop.rma(&order, 0, 1).await);
    shop.steps(late, &["APPROVED"]).await;
    shop.steps(arrived, &["APPROVED", "RECEIVED"]).await;
    shop.system.clock.advance(5 * DAY);
    let young = shop.rma(&order, 0, 1).await;
    shop.steps(young, &["APPROVED"]).await;

    let swept = shop.system.workers.run("reject-late-returns").await.expect("a schedule");
    assert_eq!((swept.seen, swept.changed, swept.failed), (1, 1, 0));
    for (rma, status) in [(late, "REJECTED"), (arrived, "RECEIVED"), (young, "APPROVED")] {
        assert_eq!(shop.return_now(rma).await["status"], status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parcel_that_races_the_schedule_arrives_or_is_rejected_and_never_both() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().stock(20).quantity(8).delivered().place().await;
    let mut rmas = Vec::new();
    for _ in 0..8 {
        let rma = shop.rma(&order, 0, 1).await;
        shop.steps(rma, &["APPROVED"]).await;
        rmas.push(rma);
    }
    shop.system.clock.advance(30 * DAY);
    let (workers, staff) = (shop.system.workers.clone(), shop.staff());
    race(12, |n| {
        let (workers, staff, rmas) = (workers.clone(), staff.clone(), rmas.clone());
        async move {
            match rmas.get(n) {
                Some(rma) => drop(staff.put(&format!("/api/returns?id={rma}"), &json!({ "status": "RECEIVED" })).await),
                None => drop(workers.run("reject-late-returns").await),
            }
        }
    })
    .await;
    workers.run("reject-late-returns").await.expect("a schedule");

    let mut arrived = 0;
    for rma in &rmas {
        let now = shop.return_now(*rma).await;
        match now["status"].as_str() {
            Some("RECEIVED") => arrived += 1,
            other => assert_eq!(other, Some("REJECTED")),
        }
    }
    assert_eq!(shop.stock(order.variants[0]).await, 12 + arrived);
    assert_eq!(shop.order_now(order.id).await["items"][0]["returnedQuantity"], arrived);
}
