//! The lines that wake somebody up (`infra/monitoring.yaml` counts them by their `alarm`): once for what has gone wrong, and not
//! for what only looks like it. Each test is on one thread, so that what is caught is its own.

use crate::kit::{ByHand, CUSTOMER, HOUR, LocalShop, Logged, OUTAGE, Placed, RUN};
use api::aws::local_config;
use api::secrets::Secrets;
use aws_smithy_http_client::Builder;
use functions::workers::{ask_providers, process_refund};
use local::Options;
use local::emulators::payments::Provider::{PawaPay, Stripe};
use local::faults::Fault;
use serde_json::{Value, json};
use std::sync::Arc;

const NONE: [&str; 0] = [];

/// What was to wake somebody up, once the relay has done its work; what was until now is forgotten.
async fn raised(logged: &Logged, hands: &mut ByHand) -> Vec<String> {
    hands.relay().await;
    logged.alarms()
}

async fn tells(shop: &LocalShop, kind: &str, object: Value) {
    shop.stripe_tells(&json!({ "id": "evt_1", "type": kind, "data": { "object": object } })).await.ok();
}

async fn tells_of(shop: &LocalShop, kind: &str, refund: &str) {
    tells(shop, kind, shop.system.payments.stripe_object(refund)).await;
}

async fn run(shop: &LocalShop) {
    shop.system.clock.advance(RUN);
    shop.system.workers.run("ask-providers").await.expect("a schedule");
}

/// A refund in cash that waits for staff.
async fn in_cash(shop: &LocalShop, order: &Placed, amount: f64) -> Value {
    let body = json!({ "orderId": order.id, "amount": amount, "reason": "Torn", "refundMethod": "CASH" });
    shop.admin().post("/api/refunds", &body).await.ok()
}

/// A card refund that was handed to Stripe, which has it in this status.
async fn at_stripe(shop: &LocalShop, order: &Placed, status: &str) -> (Value, String) {
    let refund = shop.refunded(order, Some("20")).await;
    shop.system.payments.next_refund_is(Stripe, status);
    process_refund::process(&shop.system.workers.shop, LocalShop::refund_job(&refund)).await;
    let made = shop.made_at(Stripe).pop().expect("one");
    (refund, made.id)
}

#[tokio::test]
async fn more_given_back_than_was_paid_is_said_once_by_whoever_did_it_last() {
    let shop = LocalShop::without_pumps().await;
    let mut hands = ByHand::of(&shop);
    let logged = Logged::from_now_on();
    let order = shop.paid_at_stripe().await;
    let cash = in_cash(&shop, &order, 50.0).await;
    let made = shop.system.payments.refund_by_hand(order.payment(), 30_00, "succeeded");
    for _ in 0..2 {
        tells_of(&shop, "refund.created", &made).await;
    }
    assert_eq!(raised(&logged, &mut hands).await, NONE, "30.00 were given, and 50.00 are only promised");
    shop.admin().put(&format!("/api/refunds?id={}", cash["id"]), &json!({ "status": "COMPLETED" })).await.ok();
    assert_eq!(raised(&logged, &mut hands).await, ["over-refunded"], "80.00 of 75.00");
    let more = shop.system.payments.refund_by_hand(order.payment(), 1_00, "succeeded");
    for _ in 0..3 {
        tells_of(&shop, "refund.created", &more).await;
    }
    assert_eq!(raised(&logged, &mut hands).await, ["over-refunded"], "and once for more of it");

    let whole = shop.paid_at_stripe().await;
    let made = shop.system.payments.refund_by_hand(whole.payment(), 75_00, "succeeded");
    tells_of(&shop, "refund.created", &made).await;
    assert_eq!(raised(&logged, &mut hands).await, NONE, "all of it, and no more");
}

#[tokio::test]
async fn money_for_an_order_that_store_credit_has_paid_is_said_where_it_cant_go_back_by_itself() {
    let shop = LocalShop::without_pumps().await;
    let mut hands = ByHand::of(&shop);
    for (currency, alarms, refunds) in [("usd", &NONE[..], 1), ("cdf", &["payment-mismatch"], 0)] {
        let gift = shop.order().paid().place().await;
        shop.staff().post(&gift.path("cancel"), &json!({ "reason": "Gift", "refundMethod": "STORE_CREDIT" })).await.ok();
        hands.relay().await;
        hands.workers.process_refund(hands.refunds().await).await;
        let order = shop.order_at_stripe().await;
        let whole = json!({ "customerId": CUSTOMER, "amount": 75, "orderId": order.id, "note": "For the order" });
        shop.staff().post("/api/store-credit/redeem", &whole).await.ok();
        let logged = Logged::from_now_on();

        let intent = json!({ "id": order.payment(), "status": "succeeded", "amount_received": 75_00, "currency": currency });
        for _ in 0..2 {
            tells(&shop, "payment_intent.succeeded", intent.clone()).await;
        }

        assert_eq!(raised(&logged, &mut hands).await, alarms, "{currency}");
        assert_eq!(shop.order_now(order.id).await["paymentStatus"], "PAID");
        assert_eq!(shop.refunds_of(order.id).await.len(), refunds);
        // Cancelled, what is in another currency is due, and said once more.
        shop.staff().post(&order.path("cancel"), &json!({ "reason": "Sold out" })).await.ok();
        assert_eq!(raised(&logged, &mut hands).await, alarms, "{currency}");
    }
}

#[tokio::test]
async fn an_earlier_payment_that_was_given_back_twice_is_said() {
    let shop = LocalShop::without_pumps().await;
    let mut hands = ByHand::of(&shop);
    let order = shop.paid_at_stripe().await;
    shop.system.payments.card_payment("pi_2", 75_00, "USD");
    let again = shop.order_at_stripe().await;
    shop.staff().put(&again.path("payment"), &json!({ "paymentStatus": "PAID", "reference": "pi_2" })).await.ok();
    run(&shop).await;
    let asked = json!({ "reason": "Too small", "refundMethod": "STORE_CREDIT" });
    shop.staff().post(&again.path("cancel"), &asked).await.ok();
    hands.until_nothing_is_left(&shop).await;
    let logged = Logged::from_now_on();
    for payment in [order.payment(), again.payment()] {
        let made = shop.system.payments.refund_by_hand(payment, 75_00, "succeeded");
        for _ in 0..3 {
            tells_of(&shop, "refund.created", &made).await;
        }
    }
    assert_eq!(raised(&logged, &mut hands).await, ["over-refunded"], "of the earlier payment, and not of the one that was given back once");
}

#[tokio::test]
async fn a_race_for_the_last_refund_says_it_once_and_not_at_all_where_it_is_lost() {
    let shop = LocalShop::without_pumps().await;
    let mut hands = ByHand::of(&shop);
    let order = shop.paid_at_stripe().await;
    let cash = in_cash(&shop, &order, 50.0).await;
    let made = shop.system.payments.refund_by_hand(order.payment(), 30_00, "succeeded");
    tells_of(&shop, "refund.created", &made).await;
    let by_hand = async || shop.admin().put(&format!("/api/refunds?id={}", cash["id"]), &json!({ "status": "COMPLETED" })).await;

    hands.relay().await;
    let logged = Logged::from_now_on();
    shop.system.faults.inject("TransactWriteItems", Fault::Conflict, 1_000);
    by_hand().await.refused(409, "CONFLICT");
    shop.system.faults.clear();
    assert_eq!(raised(&logged, &mut hands).await, NONE, "nothing was written");
    shop.system.faults.inject("TransactWriteItems", Fault::Conflict, 3);
    by_hand().await.ok();
    assert_eq!(raised(&logged, &mut hands).await, ["over-refunded"], "decided four times, written once");
}

#[tokio::test]
async fn a_completed_refund_that_comes_back_is_said_once_and_one_that_fails_is_not() {
    let shop = LocalShop::without_pumps().await;
    let mut hands = ByHand::of(&shop);
    let logged = Logged::from_now_on();
    let order = shop.paid_at_stripe().await;
    let (_, failing) = at_stripe(&shop, &order, "pending").await;
    shop.system.payments.move_on(&failing, "failed", Some("declined"));
    tells_of(&shop, "refund.failed", &failing).await;
    assert_eq!(raised(&logged, &mut hands).await, NONE, "it was never there");

    let (_, bounced) = at_stripe(&shop, &order, "succeeded").await;
    shop.system.payments.move_on(&bounced, "failed", Some("lost_or_stolen_card"));
    for _ in 0..3 {
        tells_of(&shop, "refund.failed", &bounced).await;
    }
    assert_eq!(raised(&logged, &mut hands).await, ["refund-came-back"]);
}

#[tokio::test]
async fn one_that_came_through_after_all_and_comes_back_says_so_too() {
    let shop = LocalShop::without_pumps().await;
    let mut hands = ByHand::of(&shop);
    let order = shop.paid_at_stripe().await;
    let (refund, first) = at_stripe(&shop, &order, "failed").await;
    shop.admin().put(&format!("/api/refunds?id={}", refund["id"]), &json!({ "status": "PROCESSING" })).await.ok();
    process_refund::process(&shop.system.workers.shop, LocalShop::refund_job(&refund)).await;
    // Beside the second attempt the first has come through as well: that is a refund of its own.
    shop.system.payments.move_on(&first, "succeeded", None);
    tells_of(&shop, "refund.updated", &first).await;
    assert_eq!(shop.refunds_of(order.id).await.len(), 2);

    hands.relay().await;
    let logged = Logged::from_now_on();
    for _ in 0..2 {
        tells_of(&shop, "refund.updated", &first).await;
    }
    assert_eq!(raised(&logged, &mut hands).await, NONE, "that is known");
    shop.system.payments.move_on(&first, "failed", Some("lost_or_stolen_card"));
    for _ in 0..3 {
        tells_of(&shop, "refund.failed", &first).await;
    }
    assert_eq!(raised(&logged, &mut hands).await, ["refund-came-back"]);
    let refunds = shop.refunds_of(order.id).await;
    let (after_all, own): (Vec<&Value>, Vec<&Value>) = refunds.iter().partition(|other| other["id"] != refund["id"]);
    assert_eq!((&after_all[0]["status"], &after_all[0]["failureReason"]), (&json!("COMPLETED"), &json!("Stripe: lost_or_stolen_card")));
    assert_eq!((&own[0]["status"], &own[0]["failureReason"]), (&json!("COMPLETED"), &Value::Null), "the second attempt has not");
}

#[tokio::test]
async fn a_payment_that_is_not_what_was_to_be_paid_is_said_once_and_the_right_one_not() {
    let shop = LocalShop::without_pumps().await;
    let mut hands = ByHand::of(&shop);
    let logged = Logged::from_now_on();
    let intent = |order: &Placed, amount: i64, currency: &str| json!({ "id": order.payment(), "status": "succeeded", "amount_received": amount, "currency": currency });
    let (right, short, foreign) = (shop.order_at_stripe().await, shop.order_at_stripe().await, shop.order_at_stripe().await);
    for _ in 0..2 {
        tells(&shop, "payment_intent.succeeded", intent(&right, 75_00, "usd")).await;
    }
    assert_eq!(raised(&logged, &mut hands).await, NONE);
    for (order, amount, currency) in [(&short, 74_99, "usd"), (&foreign, 75_00, "cdf")] {
        for _ in 0..3 {
            tells(&shop, "payment_intent.succeeded", intent(order, amount, currency)).await;
        }
        assert_eq!(raised(&logged, &mut hands).await, ["payment-mismatch"], "{amount} {currency}");
    }
    // The right amount, which the customer has back already.
    let gone = shop.order_at_stripe().await;
    let _untold = shop.system.payments.refund_by_hand(gone.payment(), 75_00, "succeeded");
    for _ in 0..3 {
        tells(&shop, "payment_intent.succeeded", intent(&gone, 75_00, "usd")).await;
    }
    assert_eq!(raised(&logged, &mut hands).await, ["payment-mismatch"]);
    // Cancelled, what came in another currency is due, and nobody but staff gives it back.
    for (order, due) in [(&short, &[][..]), (&foreign, &["payment-mismatch"])] {
        shop.staff().post(&order.path("cancel"), &json!({ "reason": "Another amount" })).await.ok();
        assert_eq!(raised(&logged, &mut hands).await, due);
    }
    // Of a cancelled order it goes back by itself, and nobody has to decide anything.
    let cancelled = shop.order_at_stripe().await;
    shop.staff().post(&cancelled.path("cancel"), &json!({ "reason": "Sold out" })).await.ok();
    tells(&shop, "payment_intent.succeeded", intent(&cancelled, 74_99, "usd")).await;
    assert_eq!((raised(&logged, &mut hands).await, shop.refunds_of(cancelled.id).await.len()), (Vec::new(), 1));

    // By its other name it is another order's.
    let by_charge = shop.order().with("paymentMethod", json!("CARD")).with("paymentReference", json!("ch_1")).place().await;
    let other = shop.order_at_stripe().await;
    let mut paid = intent(&other, 75_00, "usd");
    paid["latest_charge"] = json!("ch_1");
    tells(&shop, "payment_intent.succeeded", paid).await;
    assert_eq!(raised(&logged, &mut hands).await, ["payment-mismatch"]);
    assert_eq!(shop.order_now(by_charge.id).await["paymentStatus"], "PENDING");
}

#[tokio::test]
async fn what_was_written_is_said_although_its_writer_never_heard_that_it_was() {
    let shop = LocalShop::without_pumps().await;
    let mut hands = ByHand::of(&shop);
    let logged = Logged::from_now_on();
    let loses = |calls| shop.system.faults.inject("TransactWriteItems", Fault::AnswerLost, calls);
    let told = async |kind: &str, object: Value| {
        let event = json!({ "id": "evt_1", "type": kind, "data": { "object": object } });
        loses(OUTAGE);
        let unsure = shop.stripe_tells(&event).await;
        shop.system.faults.clear();
        assert!(unsure.status >= 500, "{}", unsure.text);
        // It is told again, and is no news.
        shop.stripe_tells(&event).await.ok();
    };

    let short = shop.order_at_stripe().await;
    told("payment_intent.succeeded", json!({ "id": short.payment(), "status": "succeeded", "amount_received": 1, "currency": "usd" }))
        .await;
    assert_eq!(raised(&logged, &mut hands).await, ["payment-mismatch"]);

    let order = shop.paid_at_stripe().await;
    let (_, bounced) = at_stripe(&shop, &order, "succeeded").await;
    shop.system.payments.move_on(&bounced, "failed", Some("lost_or_stolen_card"));
    told("refund.failed", shop.system.payments.stripe_object(&bounced)).await;
    assert_eq!(raised(&logged, &mut hands).await, ["refund-came-back"]);

    let cash = in_cash(&shop, &order, 50.0).await;
    let made = shop.system.payments.refund_by_hand(order.payment(), 10_00, "succeeded");
    told("refund.created", shop.system.payments.stripe_object(&made)).await;
    assert_eq!(raised(&logged, &mut hands).await, NONE, "30.00 of 75.00");
    loses(OUTAGE);
    let by_hand = async || shop.admin().put(&format!("/api/refunds?id={}", cash["id"]), &json!({ "status": "COMPLETED" })).await;
    assert!(by_hand().await.status >= 500);
    shop.system.faults.clear();
    by_hand().await.refused(409, "INVALID_STATUS_TRANSITION");
    assert_eq!(raised(&logged, &mut hands).await, ["over-refunded"], "80.00");
}

#[tokio::test]
async fn what_a_dead_relay_lost_is_said_when_its_hour_is_relayed_again() {
    let shop = LocalShop::without_pumps().await;
    let logged = Logged::from_now_on();
    let short = shop.order_at_stripe().await;
    let intent = json!({ "id": short.payment(), "status": "succeeded", "amount_received": 1, "currency": "usd" });
    tells(&shop, "payment_intent.succeeded", intent).await;
    assert_eq!(logged.alarms(), NONE);
    shop.system.workers.relay_hour(shop.system.clock.now().0).await.expect("relayed");
    assert_eq!(logged.alarms(), ["payment-mismatch"]);
}

#[tokio::test]
async fn a_refund_that_is_with_its_provider_for_a_day_is_said_by_each_run_and_one_that_awaits_staff_by_none() {
    let variables = [("PAWAPAY_API_TOKEN", String::new())].into();
    let shop = LocalShop::with(Options { pumps: false, variables, ..Options::default() }).await;
    let logged = Logged::from_now_on();
    let by_staff = shop.order_at_pawapay("COMPLETED").await;
    shop.mark_paid(&by_staff).await;
    let left = shop.refunded(&by_staff, None).await;
    process_refund::process(&shop.system.workers.shop, LocalShop::refund_job(&left)).await;
    assert_eq!(shop.refund_of(&by_staff).await["awaiting"], "STAFF");
    let order = shop.paid_at_stripe().await;
    let (refund, made) = at_stripe(&shop, &order, "pending").await;

    shop.system.clock.advance(23 * HOUR);
    run(&shop).await;
    assert_eq!(logged.alarms(), NONE, "not yet a day");
    shop.system.clock.advance(HOUR);
    for _ in 0..2 {
        run(&shop).await;
        let stuck: Vec<Value> = logged.lines().into_iter().filter(|line| line["alarm"].is_string()).collect();
        assert_eq!(stuck.iter().map(|line| line["refund"].clone()).collect::<Vec<_>>(), [json!(refund["id"].to_string())], "and no other");
        assert_eq!(logged.alarms(), ["refund-stuck"]);
    }
    shop.system.payments.move_on(&made, "succeeded", None);
    run(&shop).await;
    assert_eq!(logged.alarms(), ["refund-stuck"], "it was, until this run");
    run(&shop).await;
    assert_eq!(logged.alarms(), NONE, "it is settled");
    assert!(shop.made_at(PawaPay).is_empty());
}

#[tokio::test]
async fn so_is_one_that_no_worker_takes_up_for_a_day() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.paid_at_stripe().await;
    shop.refunded(&order, None).await;
    let logged = Logged::from_now_on();
    shop.system.clock.advance(23 * HOUR);
    // Nobody is there to give the secret out.
    let given = |name: &'static str| (name == "STRIPE_SECRET_KEY_ARN").then(|| "arn:aws:secretsmanager:1:2:secret:3".to_owned());
    let nowhere = local_config("http://127.0.0.1:9", Builder::new().build_http());
    let mut locked = shop.system.workers.shop.clone();
    locked.secrets = Arc::new(Secrets::given(&given, &nowhere, &locked.clock));
    ask_providers::run(&locked).await;
    assert_eq!(logged.alarms(), NONE, "not yet a day");
    shop.system.clock.advance(HOUR);
    for _ in 0..2 {
        ask_providers::run(&locked).await;
        assert_eq!(logged.alarms(), ["refund-stuck"]);
    }
    run(&shop).await;
    assert_eq!(logged.alarms(), ["refund-stuck"], "it was, until this run");
    run(&shop).await;
    assert_eq!(logged.alarms(), NONE, "it is settled");
    assert_eq!(shop.refund_of(&order).await["status"], "COMPLETED");
}

#[tokio::test]
async fn a_template_that_cant_be_filled_says_so_with_each_mail_that_goes_out_without_it() {
    let shop = LocalShop::without_pumps().await;
    let mut hands = ByHand::of(&shop);
    let logged = Logged::from_now_on();
    let own = |subject: &str| json!({ "code": "ORDER_CONFIRMATION", "name": "Ours", "locale": "fr", "subject": subject, "htmlContent": "<p>Ours</p>" });
    let made = shop.admin().post("/api/email-templates", &own("{{#if discount}}Moins {{discount}}{{/if}}")).await.ok();
    let path = format!("/api/email-templates?id={}", made["id"]);
    for (subject, alarms) in
        [(None, &["template-unfilled"][..]), (Some("Remise {{discount}}"), &["template-unfilled"]), (Some("Ours"), &[])]
    {
        if let Some(subject) = subject {
            shop.admin().put(&path, &json!({ "subject": subject })).await.ok();
        }
        shop.order().place().await;
        hands.until_nothing_is_left(&shop).await;
        assert_eq!(logged.alarms(), alarms, "{subject:?}");
    }
    let subjects: Vec<String> = shop.system.outbox.emails().into_iter().map(|mail| mail.subject).collect();
    assert!(subjects[..2].iter().all(|subject| subject.starts_with("Nous avons bien reçu")) && subjects[2] == "Ours", "{subjects:?}");
}
