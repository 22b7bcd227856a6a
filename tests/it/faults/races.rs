//! Dozens on one record at once while DynamoDB fails: the promises hold by what the tables and the payment providers have, and
//! whoever was told of a success has it.

use crate::kit::{Answer, ByHand, Caller, LocalShop, Placed, RUN, back, body, cents, column, race, storm_seed};
use api::batch::Outcome;
use functions::workers::process_refund;
use local::emulators::payments::{self, Provider};
use local::faults::{Fault, Storm};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Beyond the SDK's patience with one call, which is two seconds.
const TOO_LATE: u64 = 2_100;
/// How often somebody with a key asks before that must be the shop's fault.
const TRIES: usize = 200;

/// Each kind of fault, as it comes to calls of every kind.
const STORMS: [Storm; 6] = [
    Storm { fault: Fault::Conflict, calm: 12, bad: 6 },
    Storm { fault: Fault::Throttled, calm: 12, bad: 6 },
    Storm { fault: Fault::NeverSent, calm: 12, bad: 6 },
    Storm { fault: Fault::AnswerLost, calm: 12, bad: 6 },
    Storm { fault: Fault::Late(20), calm: 12, bad: 6 },
    Storm { fault: Fault::Late(TOO_LATE), calm: 25, bad: 6 },
];

/// What somebody asks for.
#[derive(Clone)]
struct Request {
    caller: Caller,
    method: Method,
    path: String,
    body: Value,
}

impl Request {
    fn post(caller: Caller, path: &str, body: Value) -> Self {
        Self { caller, method: Method::POST, path: path.to_owned(), body }
    }

    async fn sent(&self, key: Option<&str>) -> Answer {
        let caller = match key {
            Some(key) => self.caller.clone().key(key),
            None => self.caller.clone(),
        };
        caller.send(self.method.clone(), &self.path, Some(self.body.to_string().into_bytes())).await
    }

    /// Asked once; with a key, until somebody knows.
    async fn asked(self, key: Option<String>) -> Answer {
        let mut answer = self.sent(key.as_deref()).await;
        for _ in 0..TRIES {
            if key.is_none() || (answer.status < 500 && answer.code() != "CONFLICT") {
                break;
            }
            answer = self.sent(key.as_deref()).await;
        }
        answer
    }
}

/// What each of those who raced knows in the end, by the number of its request.
#[derive(Default)]
struct Known {
    done: Vec<(usize, Value)>,
    refused: Vec<(usize, String)>,
    /// Of those who asked once: whether it was done, nobody told them.
    unknown: Vec<usize>,
}

impl Known {
    /// That so many of some requests were carried out: all whose senders were told so, and no others but of those who weren't told.
    #[track_caller]
    fn fits(&self, carried_out: usize, of: impl Fn(usize) -> bool) {
        let done = self.done.iter().filter(|(n, _)| of(*n)).count();
        let unknown = self.unknown.iter().filter(|n| of(**n)).count();
        assert!((done..=done + unknown).contains(&carried_out), "{carried_out} of {done} and perhaps {unknown}");
    }

    /// That all who were refused were so for one of these reasons, or for a race that they lost until the end.
    #[track_caller]
    fn refused_for(&self, codes: &[&str]) {
        let other = self.refused.iter().find(|(n, code)| !codes.contains(&code.as_str()) && (has_key(*n) || code != "CONFLICT"));
        assert_eq!(other, None);
    }
}

/// Three of four.
const fn has_key(n: usize) -> bool {
    n % 4 != 3
}

/// Sends all at once in a storm: those that have a key twice at the same time, each until somebody knows. Then, in fair weather,
/// a key has one answer, and it is the one that was given.
async fn in_a_storm(shop: &LocalShop, storm: Storm, requests: &[Request]) -> Known {
    let key = |n: usize| has_key(n).then(|| format!("{:?} {n} of {}", storm.fault, requests[0].path));
    let senders: Vec<usize> = (0..requests.len()).flat_map(|n| std::iter::repeat_n(n, if has_key(n) { 2 } else { 1 })).collect();
    let answers = stormy(shop, storm, senders.len(), |at| requests[senders[at]].clone().asked(key(senders[at]))).await;

    let mut known = Known::default();
    for (n, request) in requests.iter().enumerate() {
        let mut told = senders.iter().zip(&answers).filter(|(of, _)| **of == n).map(|(_, answer)| answer.clone());
        let first = told.next().expect("an answer");
        if let Some(key) = key(n) {
            assert!(first.status < 500 && first.code() != "CONFLICT", "{storm:?}: {}", first.text);
            let again = request.sent(Some(&key)).await;
            assert_eq!(again.header("idempotency-replayed") == "true", first.status < 300, "{storm:?}: {} {}", first.text, again.text);
            for other in told.chain([again]) {
                let same = if first.status < 300 { other.text == first.text } else { other.status >= 400 };
                assert!(same, "{storm:?}, {key}: {} {}", first.text, other.text);
            }
        }
        match first.status {
            ..300 => known.done.push((n, first.body)),
            500.. => known.unknown.push(n),
            _ => known.refused.push((n, first.code().to_owned())),
        }
    }
    known
}

/// Races in a storm. It begins with so many transactions that those who race meet nothing else at first: the SDK calls three times, and the
/// shop five times that where it can't know whether it has written.
async fn stormy<F, T>(shop: &LocalShop, storm: Storm, times: usize, what: impl Fn(usize) -> F) -> Vec<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let faults = &shop.system.faults;
    let before = faults.happened_in("TransactWriteItems", storm.fault);
    let first = if storm.fault == Fault::Late(TOO_LATE) { 6 } else { 60 };
    faults.inject("TransactWriteItems", storm.fault, first);
    faults.draw_from(storm_seed());
    faults.storm(Some(storm));
    let results = race(times, what).await;
    faults.clear();
    let happened = faults.happened_in("TransactWriteItems", storm.fault) - before;
    assert!(happened >= 2, "{storm:?} came to {happened} transactions");
    results
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the SDK keeps one quota of retries for the whole process, which this uses up; .ci/run runs it by itself"]
async fn the_last_pieces_and_the_last_uses_are_sold_once() {
    let shop = LocalShop::without_pumps().await;
    for (turn, storm) in STORMS.into_iter().enumerate() {
        let (scarce, plenty) = (shop.variant("20.00", 6).await, shop.variant("20.00", 1_000).await);
        let code = format!("STORM{turn}");
        shop.promotion(json!({ "code": code, "usageLimit": 3, "perUserLimit": 1 })).await;
        // Pieces, uses, and both in one order: what is short of one takes none of the other.
        let requests: Vec<Request> = (0..24)
            .map(|n| {
                let mut order = body(&[(if n % 3 == 1 { plenty } else { scarce }, 1)]);
                if n % 3 > 0 {
                    (order["promotionCode"], order["customerId"]) = (json!(code), json!(101 + n / 3 % 4));
                }
                Request::post(shop.staff(), "/api/orders", order)
            })
            .collect();
        let known = in_a_storm(&shop, storm, &requests).await;

        known.refused_for(&["INSUFFICIENT_STOCK", "USAGE_LIMIT_REACHED", "USER_LIMIT_REACHED"]);
        let orders = shop.admin().every_page("/api/orders", 100).await;
        let orders: Vec<&Value> =
            orders.iter().filter(|order| [scarce, plenty].contains(&order["items"][0]["variantId"].as_u64().expect("an id"))).collect();
        known.fits(orders.len(), |_| true);
        for (_, order) in &known.done {
            assert_eq!(shop.order_now(order["id"].as_u64().expect("an id")).await, *order, "{storm:?}");
        }
        // More would have taken them all; and not one is sold twice.
        let of = |variant: u64| orders.iter().filter(|order| order["items"][0]["variantId"] == variant).count();
        assert_eq!((of(scarce), shop.stock(scarce).await), (6, 0), "{storm:?}");
        assert_eq!(i64::try_from(of(plenty)).expect("few") + shop.stock(plenty).await, 1_000, "{storm:?}");
        let discounted: Vec<&&Value> = orders.iter().filter(|order| cents(&order["discount"]) == 4_00).collect();
        let customers: BTreeSet<u64> = discounted.iter().filter_map(|order| order["customerId"].as_u64()).collect();
        assert_eq!((discounted.len(), customers.len(), shop.uses(&code).await), (3, 3, 3), "{storm:?}");
        let numbers: BTreeSet<&str> = orders.iter().filter_map(|order| order["orderNumber"].as_str()).collect();
        assert_eq!(numbers.len(), orders.len(), "{storm:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the SDK keeps one quota of retries for the whole process, which this uses up; .ci/run runs it by itself"]
async fn an_order_is_cancelled_once_and_its_payment_goes_back_once() {
    let shop = LocalShop::without_pumps().await;
    for (turn, storm) in STORMS.into_iter().enumerate() {
        let code = format!("STORM{turn}");
        shop.promotion(json!({ "code": code, "usageLimit": 1 })).await;
        let order = shop.order().lines(2).with("promotionCode", json!(code)).place().await;
        let is_payment = |n: usize| n % 6 == 5;
        let requests: Vec<Request> = (0..24)
            .map(|n| {
                if is_payment(n) {
                    let paid = json!({ "paymentStatus": "PAID" });
                    Request { caller: shop.staff(), method: Method::PUT, path: order.path("payment"), body: paid }
                } else {
                    Request::post(shop.staff(), &order.path("cancel"), json!({ "reason": "Race" }))
                }
            })
            .collect();
        let known = in_a_storm(&shop, storm, &requests).await;

        known.refused_for(&["ALREADY_CANCELLED", "INVALID_STATUS_TRANSITION"]);
        known.fits(1, |n| !is_payment(n));
        known.fits(1, is_payment);
        let now = shop.order_now(order.id).await;
        assert_eq!((&now["status"], &now["paymentStatus"]), (&json!("CANCELLED"), &json!("REFUND_PENDING")), "{storm:?}");
        let refunds = shop.refunds_of(order.id).await;
        assert_eq!(refunds.iter().map(|refund| cents(&refund["amount"])).collect::<Vec<_>>(), [cents(&order.body["total"])], "{storm:?}");
        for (_, answer) in known.done.iter().filter(|(n, answer)| !is_payment(*n) && answer["refund"].is_object()) {
            assert_eq!(answer["refund"]["id"], refunds[0]["id"], "{storm:?}");
        }
        for variant in &order.variants {
            assert_eq!(shop.stock(*variant).await, order.stock_before, "{storm:?}");
        }
        assert_eq!(shop.uses(&code).await, 0, "{storm:?}");
        let history = shop.staff().get(&order.path("history")).await.ok();
        let events = |kind: &str| column(&history, "type").iter().filter(|event| **event == kind).count();
        assert_eq!((events("ORDER_CANCELLED"), events("REFUND_CREATED")), (1, 1), "{storm:?}: {history}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the SDK keeps one quota of retries for the whole process, which this uses up; .ci/run runs it by itself"]
async fn of_refunds_that_together_pass_what_was_paid_those_that_fit_are_paid_out() {
    let shop = LocalShop::without_pumps().await;
    let mut orders: Vec<Placed> = Vec::new();
    for storm in STORMS {
        let order = shop.order_at_stripe().await;
        shop.mark_paid(&order).await;
        let refund = json!({ "orderId": order.id, "amount": 12.34, "reason": "Race" });
        let requests: Vec<Request> = (0..20).map(|_| Request::post(shop.admin(), "/api/refunds", refund.clone())).collect();
        let known = in_a_storm(&shop, storm, &requests).await;

        known.refused_for(&["REFUND_EXCEEDS_PAID"]);
        let refunds = shop.refunds_of(order.id).await;
        // Six are 74.04 of 75.00.
        assert_eq!(refunds.iter().map(|refund| cents(&refund["amount"])).collect::<Vec<_>>(), [12_34; 6], "{storm:?}");
        known.fits(6, |_| true);
        assert!(known.done.iter().all(|(_, told)| refunds.iter().any(|refund| refund["id"] == told["id"])), "{storm:?}");
        orders.push(order);
    }
    ByHand::of(&shop).carry_refunds_out().await;
    for (order, storm) in orders.iter().zip(STORMS) {
        let made = made(&shop, Provider::Stripe, order);
        assert_eq!(made.iter().map(|made| made.amount).collect::<Vec<_>>(), [12_34; 6], "{storm:?}");
        let ids: BTreeSet<&String> = made.iter().map(|made| &made.metadata["refund_id"]).collect();
        assert_eq!(ids.len(), 6, "{storm:?}");
        assert_eq!(cents(&shop.order_now(order.id).await["refundedTotal"]), 74_04, "{storm:?}");
    }
    shop.assert_no_complaints();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the SDK keeps one quota of retries for the whole process, which this uses up; .ci/run runs it by itself"]
async fn of_returns_that_together_ask_too_much_those_that_fit_are_made() {
    let shop = LocalShop::without_pumps().await;
    for storm in STORMS {
        let order = shop.order().quantity(10).delivered().place().await;
        let wanted = json!({ "orderId": order.id, "reason": "Race", "items": [back(order.line(0), 2, "UNOPENED")] });
        let requests: Vec<Request> = (0..20).map(|_| Request::post(shop.staff(), "/api/returns", wanted.clone())).collect();
        let known = in_a_storm(&shop, storm, &requests).await;

        known.refused_for(&["QUANTITY_NOT_RETURNABLE"]);
        let returns = shop.staff().get(&format!("/api/returns?orderId={}&limit=100", order.id)).await.ok();
        known.fits(column(&returns, "id").len(), |_| true);
        let pieces: i64 = column(&returns, "items").iter().map(|items| items[0]["quantity"].as_i64().expect("a quantity")).sum();
        assert_eq!(pieces, 10, "{storm:?}");
        let numbers: BTreeSet<&str> = column(&returns, "rmaNumber").into_iter().filter_map(Value::as_str).collect();
        assert_eq!(numbers.len(), 5, "{storm:?}");
        for (_, told) in &known.done {
            let id = told["return"]["id"].as_u64().expect("an id");
            assert_eq!(shop.return_now(id).await["rmaNumber"], told["return"]["rmaNumber"], "{storm:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the SDK keeps one quota of retries for the whole process, which this uses up; .ci/run runs it by itself"]
async fn thirty_workers_on_one_job_make_one_refund() {
    for storm in STORMS {
        let shop = LocalShop::without_pumps().await;
        for provider in [Provider::Stripe, Provider::PawaPay] {
            let order = match provider {
                Provider::Stripe => shop.order_at_stripe().await,
                Provider::PawaPay => shop.order_at_pawapay("COMPLETED").await,
            };
            shop.mark_paid(&order).await;
            let job = LocalShop::refund_job(&shop.refunded(&order, None).await);
            // Beside the tables, the provider itself isn't heard once.
            shop.system.payments.fail_next(provider, payments::Fault::AcceptThenDrop);
            let workers = shop.system.workers.clone();
            stormy(&shop, storm, 30, |_| {
                let (workers, job) = (workers.clone(), job.clone());
                // A job that goes back to its queue comes again.
                async move {
                    for _ in 0..5 {
                        if process_refund::process(&workers.shop, job.clone()).await == Outcome::Done {
                            break;
                        }
                    }
                }
            })
            .await;
            for _ in 0..20 {
                if shop.refund_of(&order).await["status"] == "COMPLETED" {
                    break;
                }
                process_refund::process(&workers.shop, job.clone()).await;
                shop.system.clock.advance(RUN);
                workers.run("ask-providers").await.expect("a schedule");
            }
            let refund = shop.refund_of(&order).await;
            assert_eq!((&refund["status"], &refund["attempts"]), (&json!("COMPLETED"), &json!(1)), "{storm:?}: {refund}");
            let made = made(&shop, provider, &order);
            assert_eq!(made.iter().map(|made| made.amount).collect::<Vec<_>>(), [75_00], "{storm:?}");
            let keys: BTreeSet<String> = shop.keys_at(provider).into_iter().collect();
            assert_eq!(keys.len(), 1, "{storm:?}");
            assert_eq!(cents(&shop.order_now(order.id).await["refundedTotal"]), 75_00, "{storm:?}");
        }
        shop.assert_no_complaints();
    }
}

/// What a provider gave back of an order.
fn made(shop: &LocalShop, provider: Provider, order: &Placed) -> Vec<payments::Made> {
    shop.made_at(provider).into_iter().filter(|made| made.payment == order.payment()).collect()
}
