//! What payment providers tell by webhook: each word counts once, in whatever order, also before our own write has landed.

mod by_staff;
mod early_refunds;
mod pawapay;
mod refunds;

use crate::kit::{Answer, LocalShop, OrderBuilder, Placed, RUN, body, cents, race};
use local::Options;
use local::emulators::payments::Provider::Stripe;
use serde_json::{Value, json};
use std::time::Duration;

/// An event of Stripe's about an object.
async fn stripe_tells(shop: &LocalShop, kind: &str, object: Value) -> Answer {
    shop.stripe_tells(&json!({ "id": "evt_1", "object": "event", "type": kind, "data": { "object": object } })).await
}

fn intent(order: &Placed, status: &str, amount: i64, currency: &str) -> Value {
    json!({ "id": order.payment(), "object": "payment_intent", "status": status, "amount_received": amount, "currency": currency })
}

/// An order of 75.00 by card, with this reference of its payment.
fn by_card<'a>(shop: &'a LocalShop, reference: &str) -> OrderBuilder<'a> {
    shop.order().with("paymentMethod", json!("CARD")).with("paymentReference", json!(reference))
}

/// A charge that brought the money of a payment.
fn charge(id: &str, payment: &str) -> Value {
    json!({ "id": id, "status": "succeeded", "captured": true, "amount_captured": 75_00, "currency": "usd", "payment_intent": payment })
}

async fn status(shop: &LocalShop, order: &Placed) -> String {
    shop.order_now(order.id).await["paymentStatus"].as_str().expect("a word").to_owned()
}

async fn refunded_total(shop: &LocalShop, order: &Placed) -> i64 {
    cents(&shop.order_now(order.id).await["refundedTotal"])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_marks_its_order_by_reference_amount_and_currency() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order_at_stripe().await;
    for (amount, currency) in [(74_99, "usd"), (75_01, "usd"), (75_00, "cdf"), (0, "usd"), (75_00, "zzz")] {
        assert_eq!(stripe_tells(&shop, "payment_intent.succeeded", intent(&order, "succeeded", amount, currency)).await.status, 200);
        assert_eq!(status(&shop, &order).await, "PENDING", "{amount} {currency}");
    }
    let mut another = intent(&order, "succeeded", 75_00, "usd");
    another["id"] = json!("pi_of_somebody_else");
    assert_eq!(stripe_tells(&shop, "payment_intent.succeeded", another).await.status, 200);
    assert_eq!(status(&shop, &order).await, "PENDING");

    for _ in 0..3 {
        assert_eq!(stripe_tells(&shop, "payment_intent.succeeded", intent(&order, "succeeded", 75_00, "usd")).await.status, 200);
        assert_eq!(status(&shop, &order).await, "PAID");
    }
    let version = shop.order_now(order.id).await["version"].clone();
    assert_eq!(version, 5, "three amounts that staff may look at, and one payment");
    // Mobile money of the same reference is another payment.
    let mobile = shop.order_at_pawapay("PROCESSING").await;
    stripe_tells(&shop, "payment_intent.succeeded", intent(&mobile, "succeeded", 75_00, "usd")).await.ok();
    assert_eq!(status(&shop, &mobile).await, "PENDING");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_marks_the_order_that_has_it_for_its_reference() {
    let shop = LocalShop::without_pumps().await;
    let order = by_card(&shop, "ch_1").place().await;
    let mut charge = json!({ "id": "ch_1", "status": "failed", "captured": false, "amount_captured": 0, "currency": "usd" });
    stripe_tells(&shop, "charge.failed", charge.clone()).await.ok();
    assert_eq!(status(&shop, &order).await, "FAILED");
    // Only authorised, it is not paid yet.
    charge["status"] = json!("succeeded");
    stripe_tells(&shop, "charge.succeeded", charge.clone()).await.ok();
    assert_eq!(status(&shop, &order).await, "FAILED");
    (charge["captured"], charge["amount_captured"]) = (json!(true), json!(75_00));
    stripe_tells(&shop, "charge.succeeded", charge).await.ok();
    assert_eq!(status(&shop, &order).await, "PAID");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_payment_pays_no_order_where_two_have_its_names() {
    let shop = LocalShop::without_pumps().await;
    let whole = shop.order_at_stripe().await;
    let part = by_card(&shop, "ch_1").place().await;
    stripe_tells(&shop, "charge.succeeded", charge("ch_1", whole.payment())).await.ok();
    let mut paid = intent(&whole, "succeeded", 75_00, "usd");
    paid["latest_charge"] = json!("ch_1");
    stripe_tells(&shop, "payment_intent.succeeded", paid).await.ok();
    // Nor when Stripe is asked after the one, and of the other knows the charge's name, too.
    shop.system.clock.advance(RUN);
    shop.system.payments.card_charge("ch_1", whole.payment(), 75_00, "USD");
    assert_eq!(shop.system.workers.run("ask-providers").await.expect("a schedule").changed, 0);
    // For refunds as well, once with each event.
    assert_eq!(shop.system.payments.requests().len(), 4);
    for order in [&whole, &part] {
        assert_eq!(status(&shop, order).await, "PENDING");
    }
    shop.assert_no_complaints();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_paid_an_order_by_one_name_pays_no_later_one_by_its_other() {
    let shop = LocalShop::without_pumps().await;
    let by_charge = by_card(&shop, "ch_2").place().await;
    for _ in 0..2 {
        stripe_tells(&shop, "charge.succeeded", charge("ch_2", "pi_of_ch_2")).await.ok();
        assert_eq!(status(&shop, &by_charge).await, "PAID");
    }
    let by_intent = shop.order_at_stripe().await;
    let mut paid = intent(&by_intent, "succeeded", 75_00, "usd");
    paid["latest_charge"] = json!("ch_of_it");
    stripe_tells(&shop, "payment_intent.succeeded", paid).await.ok();
    assert_eq!(status(&shop, &by_intent).await, "PAID");
    for other_name in ["pi_of_ch_2", "ch_of_it"] {
        let mut again = body(&[(shop.variant("75.00", 1).await, 1)]);
        (again["paymentMethod"], again["paymentReference"]) = (json!("CARD"), json!(other_name));
        shop.staff().post("/api/orders", &again).await.refused(409, "PAYMENT_REFERENCE_USED");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_payment_told_by_both_names_at_once_pays_one_of_two_orders_at_most() {
    let shop = LocalShop::without_pumps().await;
    for n in 0..10 {
        let (payment, part) = (format!("pi_raced_{n}"), format!("ch_raced_{n}"));
        let by_charge = by_card(&shop, &part).place().await;
        // The second order's place and the first one's payment race for the payment's name.
        let mut second = body(&[(shop.variant("75.00", 1).await, 1)]);
        (second["paymentMethod"], second["paymentReference"]) = (json!("CARD"), json!(payment));
        let staff = shop.staff();
        let (placed, _) =
            tokio::join!(staff.post("/api/orders", &second), stripe_tells(&shop, "charge.succeeded", charge(&part, &payment)),);
        let first_is_paid = status(&shop, &by_charge).await == "PAID";
        assert_ne!(placed.status == 201, first_is_paid, "{n}: {} and {first_is_paid}", placed.status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_failed_may_come_after_all_and_one_that_came_stays() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order_at_stripe().await;
    let failed = || stripe_tells(&shop, "payment_intent.payment_failed", intent(&order, "requires_payment_method", 0, "usd"));
    failed().await.ok();
    assert_eq!(status(&shop, &order).await, "FAILED");
    failed().await.ok();
    stripe_tells(&shop, "payment_intent.succeeded", intent(&order, "succeeded", 75_00, "usd")).await.ok();
    assert_eq!(status(&shop, &order).await, "PAID");
    failed().await.ok();
    assert_eq!(status(&shop, &order).await, "PAID");
    let history = shop.staff().get(&order.path("history")).await.ok();
    let changes: Vec<&Value> = history.as_array().expect("rows").iter().filter(|row| row["type"] == "PAYMENT_STATUS_CHANGED").collect();
    assert_eq!(changes.len(), 2);
    assert!(changes.iter().all(|row| row["performedBy"] == Value::Null), "by nobody: {changes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_was_given_up_at_stripe_has_failed_and_its_order_goes_the_way_of_any_unpaid_one() {
    let shop = LocalShop::start().await;
    let canceled = async |order: &Placed| {
        stripe_tells(&shop, "payment_intent.canceled", intent(order, "canceled", 0, "usd")).await.ok();
        status(&shop, order).await
    };
    let (given_up, paid_after_all, paid) = (shop.order_at_stripe().await, shop.order_at_stripe().await, shop.order_at_stripe().await);
    for _ in 0..2 {
        for order in [&given_up, &paid_after_all] {
            assert_eq!(canceled(order).await, "FAILED");
        }
    }
    // Staff may take another payment for it.
    shop.staff().put(&paid_after_all.path("payment"), &json!({ "paymentStatus": "PAID", "reference": "TPE-1" })).await.ok();
    assert_eq!(canceled(&paid_after_all).await, "PAID");
    stripe_tells(&shop, "payment_intent.succeeded", intent(&paid, "succeeded", 75_00, "usd")).await.ok();
    assert_eq!(canceled(&paid).await, "PAID", "what came stays");

    shop.after(Duration::from_hours(73)).await;
    let now = async |order: &Placed| {
        let now = shop.order_now(order.id).await;
        (now["status"].as_str().expect("a word").to_owned(), now["paymentStatus"].as_str().expect("a word").to_owned())
    };
    assert_eq!(now(&given_up).await, ("CANCELLED".to_owned(), "VOIDED".to_owned()));
    assert_eq!(shop.stock(given_up.variants[0]).await, given_up.stock_before, "its pieces are back");
    for order in [&paid_after_all, &paid] {
        assert_eq!(now(order).await, ("PENDING".to_owned(), "PAID".to_owned()));
    }
    assert!(shop.refunds_of(given_up.id).await.is_empty());
    // Of a cancelled order it is no news.
    assert_eq!(canceled(&given_up).await, "VOIDED");
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_events_at_once_pay_once() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order_at_stripe().await;
    let answers = race(30, |_| {
        let (shop, order) = (&shop, &order);
        let event =
            json!({ "id": "evt_1", "type": "payment_intent.succeeded", "data": { "object": intent(order, "succeeded", 75_00, "usd") } });
        let caller = shop.stripe_caller(&event);
        async move { caller.0.send(reqwest::Method::POST, "/api/webhooks/stripe", Some(caller.1)).await }
    })
    .await;
    assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
    let now = shop.order_now(order.id).await;
    assert_eq!((&now["paymentStatus"], &now["version"]), (&json!("PAID"), &json!(2)));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_comes_before_its_order_is_found_by_the_schedule() {
    let shop = LocalShop::start().await;
    shop.system.payments.card_payment("pi_early", 75_00, "USD");
    let early = json!({ "id": "pi_early", "status": "succeeded", "amount_received": 75_00, "currency": "usd" });
    stripe_tells(&shop, "payment_intent.succeeded", early).await.ok();
    let order = by_card(&shop, "pi_early").place().await;
    assert_eq!(status(&shop, &order).await, "PENDING");
    shop.after(RUN).await;
    assert_eq!(status(&shop, &order).await, "PAID");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_comes_before_its_order_is_kept_where_stripe_can_t_be_asked() {
    let variables = [("STRIPE_SECRET_KEY", String::new())].into();
    let shop = LocalShop::with(Options { variables, ..Options::default() }).await;
    let early = |id: &str, status: &str, amount: i64| json!({ "id": id, "status": status, "amount_received": amount, "currency": "usd", "latest_charge": format!("ch_of_{id}") });
    // A failure that was overtaken by the success counts no more, whichever is heard of first.
    for (n, events) in
        [["payment_intent.succeeded", "payment_intent.payment_failed"], ["payment_intent.payment_failed", "payment_intent.succeeded"]]
            .into_iter()
            .enumerate()
    {
        let payment = format!("pi_early_{n}");
        for event in events {
            let (status, amount) = if event.ends_with("succeeded") { ("succeeded", 75_00) } else { ("requires_payment_method", 0) };
            stripe_tells(&shop, event, early(&payment, status, amount)).await.ok();
        }
        let order = by_card(&shop, &payment).place().await;
        shop.after(RUN).await;
        assert_eq!(status(&shop, &order).await, "PAID");
        let mut again = body(&[(shop.variant("75.00", 1).await, 1)]);
        (again["paymentMethod"], again["paymentReference"]) = (json!("CARD"), json!(format!("ch_of_{payment}")));
        shop.staff().post("/api/orders", &again).await.refused(409, "PAYMENT_REFERENCE_USED");
    }
    stripe_tells(&shop, "payment_intent.payment_failed", early("pi_failed", "requires_payment_method", 0)).await.ok();
    stripe_tells(&shop, "payment_intent.succeeded", early("pi_other_amount", "succeeded", 74_99)).await.ok();
    let (failed, other, unheard) = (
        by_card(&shop, "pi_failed").place().await,
        by_card(&shop, "pi_other_amount").place().await,
        by_card(&shop, "pi_unheard").place().await,
    );
    shop.after(RUN).await;
    assert_eq!(
        [status(&shop, &failed).await, status(&shop, &other).await, status(&shop, &unheard).await],
        ["FAILED", "PENDING", "PENDING"]
    );
    assert!(shop.system.payments.requests().is_empty(), "nobody was asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn money_for_a_cancelled_order_goes_back_the_way_it_came() {
    let shop = LocalShop::start().await;
    let order = shop.order_at_stripe().await;
    shop.staff().post(&order.path("cancel"), &json!({ "reason": "Sold out" })).await.ok();
    for _ in 0..3 {
        stripe_tells(&shop, "payment_intent.succeeded", intent(&order, "succeeded", 75_00, "usd")).await.ok();
    }
    shop.settled().await;
    let refund = shop.refund_of(&order).await;
    assert_eq!((&refund["status"], &refund["provider"], cents(&refund["amount"])), (&json!("COMPLETED"), &json!("STRIPE"), 75_00));
    assert_eq!((shop.made_at(Stripe).len(), status(&shop, &order).await.as_str()), (1, "REFUNDED"));
    shop.assert_no_complaints();
}

#[tokio::test]
async fn an_event_whose_object_is_none_is_named() {
    let shop = LocalShop::without_pumps().await;
    for kind in ["payment_intent.succeeded", "refund.updated", "charge.refunded"] {
        for object in [json!({}), json!([]), json!({ "id": 7, "status": [] })] {
            stripe_tells(&shop, kind, object).await.refused(400, "INVALID_JSON");
        }
    }
}
