//! Random histories of calls: the shop and a small reference model of it always agree.

mod calls;
mod carriers;
mod history;
mod messages;
mod payments;
mod reach;
mod reference;
mod storms;
mod told;
mod trail;
mod weather;

use crate::kit::{ByHand, LocalShop, cents};
use calls::{amount, code};
use domain::ids::OrderId;
use domain::order::{LineItem, Order, OrderStatus};
use local::Options;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};
use reference::{Booking, Fate, PRICES, PROMOTIONS, Promotion, Reference, STOCK, Step};
use serde_json::{Value, json};
use std::cell::Cell;
use std::collections::HashMap;
use std::time::Duration;
use tokio::sync::Mutex;
use weather::Weather;

/// How many histories are played, unless `MODEL_CASES` says otherwise.
const CASES: u32 = 24;

/// A call, and whether it is made a second time with its key.
type Move = (Step, bool);

#[test]
fn the_shop_and_its_model_agree_on_every_history() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let shop = runtime.block_on(a_shop());
    let hands = Mutex::new(ByHand::of(&shop));
    let case = Cell::new(0);
    // Every failing case is printed as the shortest history that still fails, as far as that is found in a while.
    let cases = std::env::var("MODEL_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(CASES);
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 300, max_shrink_time: 90_000, ..Config::default() };
    let outcome = TestRunner::new(config).run(&history::histories(), |moves| {
        case.set(case.get() + 1);
        runtime.block_on(async {
            let play = Play::begin(Weather::fair(&shop), case.get()).await;
            Box::pin(play.all(&mut *hands.lock().await, &moves)).await
        })
    });
    match outcome {
        // What went wrong comes last: a log that is cut keeps its end.
        Err(TestError::Fail(why, moves)) => panic!("{moves:#?}\n{why}"),
        Err(failure) => panic!("{failure}"),
        Ok(()) => {}
    }
}

/// A shop that answers for its faults, and whose queues wait to be worked off.
async fn a_shop() -> LocalShop {
    let variables = HashMap::from([("REFUND_DELIVERY_FEE_ON_FAULT", "true".to_owned()), ("EMAIL_PROVIDERS", "ses,sendgrid".to_owned())]);
    LocalShop::with(Options { variables, pumps: false, ..Options::default() }).await
}

/// One case: its own customers and variants in the shop that all cases share, and what they should have come to.
struct Play<'a> {
    shop: &'a LocalShop,
    case: u64,
    variants: Vec<u64>,
    orders: Vec<u64>,
    refunds: Vec<u64>,
    parcels: Vec<u64>,
    lines: Vec<Vec<u64>>,
    returns: Vec<u64>,
    /// The entries of each return.
    entries: Vec<Vec<u64>>,
    promotions: Vec<u64>,
    model: Reference,
    /// The same before the step that is taken.
    before: Reference,
    /// What Stripe has not told the shop of yet.
    untold: Vec<payments::Telling>,
    /// Messages that a provider took when its answer got lost, as long as the weather was fair.
    unanswered: usize,
    weather: Weather<'a>,
}

impl<'a> Play<'a> {
    async fn begin(weather: Weather<'a>, case: u64) -> Self {
        let shop = weather.shop;
        let mut variants = Vec::new();
        for price in PRICES {
            variants.push(shop.variant(&format!("{}.{:02}", price / 100, price % 100), STOCK).await);
        }
        let mut promotions = Vec::new();
        for (n, Promotion { hundredths, fixed, delivers, least, most, limit, per_customer, .. }) in PROMOTIONS.iter().enumerate() {
            let (kind, value) = match (*delivers, *fixed) {
                (true, _) => ("FREE_SHIPPING", 0),
                (false, 0) => ("PERCENTAGE", *hundredths),
                (false, fixed) => ("FIXED_AMOUNT", fixed),
            };
            let terms = json!({ "code": code(case, n), "type": kind, "value": amount(value), "minOrderValue": amount(*least),
                "maxDiscount": most.map(amount), "usageLimit": limit, "perUserLimit": per_customer });
            promotions.push(shop.promotion(terms).await["id"].as_u64().expect("an id"));
        }
        Self {
            shop,
            case,
            variants,
            orders: Vec::new(),
            refunds: Vec::new(),
            parcels: Vec::new(),
            lines: Vec::new(),
            returns: Vec::new(),
            entries: Vec::new(),
            promotions,
            model: Reference::new(),
            before: Reference::new(),
            untold: Vec::new(),
            unanswered: 0,
            weather,
        }
    }

    async fn all(mut self, hands: &mut ByHand, moves: &[Move]) -> Result<(), TestCaseError> {
        if !self.weather.is_foul() {
            self.leave_the_last_one_behind(hands).await;
        }
        let since = hands.positions();
        for (n, (step, twice)) in moves.iter().enumerate() {
            self.weather.are_left(moves.len() - n);
            let step = history::within(step, &self.model);
            if matches!(step, Step::AskAfter) {
                // Jobs are there within the hour; whatever none has come for the schedule would carry out, in turns of its own.
                Box::pin(self.take(hands, n, Step::Work(Fate::Done, None), false)).await?;
            }
            Box::pin(self.take(hands, n, step, *twice)).await?;
        }
        for step in [Step::Work(Fate::Done, None), Step::AskAfter] {
            Box::pin(self.take(hands, moves.len(), step, false)).await?;
        }
        for step in self.last_steps() {
            Box::pin(self.take(hands, moves.len(), step, false)).await?;
        }
        if self.weather.is_foul() {
            hands.until_nothing_is_left(self.shop).await;
        } else {
            for step in [Step::Work(Fate::Done, None), Step::AskAfter] {
                Box::pin(self.take(hands, moves.len(), step, false)).await?;
            }
            self.everything_comes_again(hands, &since).await?;
        }
        hands.log_stock().await;
        self.is_told_what_happened().await?;
        self.histories_lead_to_what_is().await?;
        self.the_stock_log_is_complete().await?;
        self.what_was_given_back_is_known().await?;
        self.adds_up().await
    }

    /// What earlier cases left to be done is no concern of this one's: no carrier or provider is to be asked after it any more.
    async fn leave_the_last_one_behind(&self, hands: &mut ByHand) {
        hands.carry_shipments_out().await;
        hands.carry_refunds_out().await;
        self.end_all_refunds();
        let (clock, day) = (&self.shop.system.clock, Duration::from_hours(24));
        for (days, schedule) in [(4, "cancel-unpaid-orders"), (8, "ask-providers")] {
            clock.advance(days * day);
            hands.workers.run(schedule).await.expect("a schedule");
        }
    }

    async fn take(&mut self, hands: &mut ByHand, n: usize, step: Step, twice: bool) -> Result<(), TestCaseError> {
        let passes_time = matches!(step, Step::Look | Step::AskAfter | Step::CancelUnpaid);
        if passes_time {
            self.send_messages(hands).await;
        }
        self.before = self.model.clone();
        let expected = self.model.apply(&step);
        if self.carried(hands, n, &step).await? || Box::pin(self.at_providers(hands, &step, twice)).await? {
            self.note_refunds().await;
        } else {
            let (caller, method, path, body) = self.request(&step);
            let caller = if twice || self.weather.is_foul() { caller.key(&format!("{}-{n}", self.case)) } else { caller };
            let send = async || caller.send(method.clone(), &path, Some(body.to_string().into_bytes())).await;
            let answer = self.weather.answered(send).await;
            prop_assert_eq!((answer.status, answer.code()), expected, "{:?}: {}", step, answer.text);
            if twice {
                let again = self.weather.answered(send).await;
                prop_assert_eq!((again.status, again.code()), expected, "again: {:?}: {}", step, again.text);
                let is_kept = answer.status < 300 && !matches!(step, Step::Ask { .. });
                prop_assert_eq!(again.header("idempotency-replayed") == "true", is_kept);
                prop_assert!(!is_kept || again.text == answer.text, "{} {}", again.text, answer.text);
            }
            self.note(&step, &answer).await;
            if let (Step::Ship { .. }, 201) = (&step, answer.status) {
                self.no_piece_goes_twice(&answer.body).await?;
            }
        }
        if passes_time {
            self.send_messages(hands).await;
        }
        self.agrees().await.map_err(|error| TestCaseError::fail(format!("after {n}, {step:?}: {error}")))
    }

    fn customer(&self, n: usize) -> u64 {
        10_000 + 2 * self.case + n as u64
    }

    async fn stored(&self, order: u64) -> Order {
        self.shop.system.store().order(OrderId::new(order).expect("an id")).await.expect("read").expect("an order")
    }

    /// Everything that anybody can see, and what may still be given back, is what the model says.
    async fn agrees(&self) -> Result<(), TestCaseError> {
        let mut orders = HashMap::new();
        for customer in [self.customer(0), self.customer(1)] {
            let own = self.shop.customer(customer).get("/api/orders?limit=100").await.ok();
            orders.extend(own.as_array().expect("a list").iter().map(|order| (order["id"].as_u64().expect("an id"), order.clone())));
        }
        prop_assert_eq!(orders.len(), self.orders.len());
        for (at, (id, expected)) in self.orders.iter().zip(&self.model.orders).enumerate() {
            let order = &orders[id];
            prop_assert_eq!(order["status"].as_str(), Some(expected.status), "{}", order);
            prop_assert_eq!(order["paymentStatus"].as_str(), Some(expected.payment), "{}", order);
            prop_assert_eq!((cents(&order["total"]), cents(&order["refundedTotal"])), (expected.total, self.model.refunded(at)));
            prop_assert_eq!(cents(&order["discount"]), expected.discount);
            let stored = self.stored(*id).await;
            prop_assert_eq!((stored.paid.minor, stored.refundable.minor), (expected.paid, self.model.refundable(at)));
            let credit = stored.credit.map_or((0, 0), |credit| (credit.redeemed.minor, credit.left.minor));
            prop_assert_eq!(credit, (expected.spent, expected.credit));
            let returned: Vec<Option<i64>> = self.lines[at].iter().map(|line| line_of(order, *line)["returnedQuantity"].as_i64()).collect();
            prop_assert_eq!(returned, self.model.returned(at).into_iter().map(Some).collect::<Vec<_>>());
        }
        for (n, expected) in self.model.promotions.iter().enumerate() {
            prop_assert_eq!(self.shop.uses(&code(self.case, n)).await, expected.uses());
        }
        for (id, expected) in self.refunds.iter().zip(&self.model.refunds) {
            let refund = self.shop.admin().get(&format!("/api/refunds?id={id}")).await.ok();
            prop_assert_eq!((refund["status"].as_str(), refund["refundMethod"].as_str()), (Some(expected.status), Some(expected.method)));
            prop_assert_eq!((cents(&refund["amount"]), refund["awaiting"].as_str()), (expected.amount, expected.awaits), "{}", refund);
        }
        for (id, expected) in self.returns.iter().zip(&self.model.returns) {
            let rma = self.shop.return_now(*id).await;
            prop_assert_eq!((rma["status"].as_str(), rma["orderId"].as_u64()), (Some(expected.status), Some(self.orders[expected.order])));
            prop_assert_eq!(rma["refundAmount"].as_number().map(|_| cents(&rma["refundAmount"])), expected.amount, "{}", rma);
            prop_assert_eq!([cents(&rma["restockingFee"]), cents(&rma["returnShippingFee"])], expected.fees);
            prop_assert_eq!(cents(&rma["deliveryFeeRefund"]), expected.delivery, "{}", rma);
            for (item, entry) in rma["items"].as_array().expect("items").iter().zip(&expected.entries) {
                prop_assert_eq!((item["quantity"].as_i64(), item["condition"].as_str()), (Some(entry.quantity), Some(entry.condition)));
                prop_assert_eq!(
                    (item["receivedQuantity"].as_i64(), item["restockable"].as_bool()),
                    (entry.received, Some(entry.is_restockable))
                );
            }
        }
        for (id, expected) in self.parcels.iter().zip(&self.model.parcels) {
            let parcel = self.shop.staff().get(&format!("/api/shipments?id={id}")).await.ok();
            prop_assert_eq!(parcel["status"].as_str(), Some(expected.status));
            prop_assert_eq!(parcel["trackingNumber"].is_string(), expected.has_number(), "{}", parcel);
            let is_left = expected.booking == Booking::Staff;
            prop_assert!(!is_left || parcel["failureReason"].is_string(), "{}", parcel);
            prop_assert_eq!(self.labels_of(*id), expected.labels);
            prop_assert!(expected.labels <= 1, "two labels: {}", parcel);
        }
        for (variant, expected) in self.variants.iter().zip(self.model.stock) {
            prop_assert_eq!(self.shop.stock(*variant).await, expected);
        }
        Ok(())
    }

    /// Money and pieces are neither made nor lost, by what the tables hold.
    async fn adds_up(&self) -> Result<(), TestCaseError> {
        let mut out = [0; 3];
        for (at, id) in self.orders.iter().enumerate() {
            let order = self.stored(*id).await;
            let made = self.shop.refunds_of(*id).await;
            let in_status =
                |status: &str| made.iter().filter(|refund| refund["status"] == status).map(|refund| cents(&refund["amount"])).sum::<i64>();
            let (paid, over) = (order.paid.minor, order.over_refunded().minor);
            let beside = self.model.given_beside(at);
            prop_assert_eq!(paid + over + beside, order.refundable.minor + in_status("PROCESSING") + in_status("COMPLETED"));
            prop_assert_eq!(over, self.model.over_refunded(at));
            prop_assert_eq!((order.refundable.minor, order.gone_back().minor), (self.model.refundable(at), in_status("COMPLETED")));
            for (place, line) in self.lines[at].iter().enumerate() {
                let line = order.items.iter().find(|item| item.id.get() == *line).expect("a line");
                let pieces = [line.returning_quantity, line.refunded_quantity, line.free()].map(i64::from);
                let expected = [self.model.returning(at)[place], self.model.orders[at].pieces_refunded[place], self.model.free(at)[place]];
                prop_assert_eq!(pieces, expected);
                let expected = &self.model.orders[at];
                prop_assert_eq!((line.paid().minor, line.refunded_amount.minor), (expected.worth[place], expected.cents_refunded[place]));
            }
            let slip = self.shop.staff().get(&format!("/api/orders/{id}/packing-slip")).await;
            prop_assert_eq!(slip.status, 200);
            prop_assert_eq!(slip.text.contains("class=\"stamp\""), order.status.as_str() == "CANCELLED");
            let is_packed = |line: &&LineItem| order.status != OrderStatus::Cancelled && line.unshipped() > 0;
            prop_assert_eq!(slip.text.matches("class=\"box\"").count(), 2 * order.items.iter().filter(is_packed).count());
            if order.status.as_str() != "CANCELLED" {
                for line in order.items {
                    let variant = self.variants.iter().position(|id| *id == line.variant_id.get()).expect("of this case");
                    out[variant] += i64::from(line.quantity);
                }
            }
        }
        for rma in self.model.returns.iter().filter(|rma| ["RECEIVED", "REFUNDED", "COMPLETED"].contains(&rma.status)) {
            for entry in &rma.entries {
                out[self.model.orders[rma.order].lines[entry.line].0] -= entry.restocked();
            }
        }
        for (n, variant) in self.variants.iter().enumerate() {
            prop_assert_eq!(self.shop.stock(*variant).await + out[n], STOCK + self.model.adjusted[n]);
        }
        for (n, expected) in self.model.credit.iter().enumerate() {
            let ledger = self.shop.staff().get(&format!("/api/store-credit?customerId={}&limit=100", self.customer(n))).await.ok();
            let entries = ledger["entries"].as_array().expect("a list").iter();
            let sum: i64 = entries.map(|entry| cents(&entry["amount"]) * if entry["kind"] == "REFUND" { 1 } else { -1 }).sum();
            let balance =
                ledger["balances"].as_array().and_then(|balances| balances.first()).map_or(0, |balance| cents(&balance["balance"]));
            prop_assert_eq!((balance, sum), (*expected, *expected));
        }
        Ok(())
    }
}

/// A line of an order, as it was answered.
fn line_of(order: &Value, id: u64) -> &Value {
    order["items"].as_array().expect("lines").iter().find(|line| line["id"] == id).expect("a line")
}
