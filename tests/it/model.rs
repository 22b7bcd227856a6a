//! Random histories of calls: the shop and a small reference model of it always agree.

mod history;
mod reference;

use crate::kit::{Answer, ByHand, Caller, LocalShop, body, cents, shipment_body};
use domain::ids::OrderId;
use domain::order::{LineItem, OrderStatus};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use reference::{By, PAYMENT_METHODS, PRICES, Part, REFUND_METHODS, Reference, STOCK, Step};
use reqwest::Method;
use serde_json::{Value, json};
use std::cell::Cell;
use std::collections::HashMap;
use tokio::sync::Mutex;

const CASES: u32 = 24;

/// A call, and whether it is made a second time with its key.
type Move = (Step, bool);

#[test]
fn the_shop_and_its_model_agree_on_every_history() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let shop = runtime.block_on(LocalShop::without_pumps());
    let hands = Mutex::new(ByHand::of(&shop));
    let case = Cell::new(0);
    // Every failing case is printed as the shortest history that still fails.
    let config = Config { cases: CASES, failure_persistence: None, max_shrink_iters: 300, ..Config::default() };
    let outcome = TestRunner::new(config).run(&history::histories(), |moves| {
        case.set(case.get() + 1);
        runtime.block_on(async { Play::begin(&shop, case.get()).await.all(&mut *hands.lock().await, &moves).await })
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

/// Cents as a JSON number.
fn amount(cents: i64) -> Value {
    serde_json::from_str(&format!("{}.{:02}", cents / 100, cents % 100)).expect("a number")
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
    model: Reference,
}

impl<'a> Play<'a> {
    async fn begin(shop: &'a LocalShop, case: u64) -> Self {
        let mut variants = Vec::new();
        for price in PRICES {
            variants.push(shop.variant(&format!("{}.{:02}", price / 100, price % 100), STOCK).await);
        }
        Self {
            shop,
            case,
            variants,
            orders: Vec::new(),
            refunds: Vec::new(),
            parcels: Vec::new(),
            lines: Vec::new(),
            model: Reference::new(),
        }
    }

    async fn all(mut self, hands: &mut ByHand, moves: &[Move]) -> Result<(), TestCaseError> {
        for (n, (step, twice)) in moves.iter().enumerate() {
            let step = history::within(step, self.orders.len(), self.refunds.len(), self.parcels.len());
            let expected = self.model.apply(&step);
            if let Step::Work = step {
                hands.carry_refunds_out().await;
            } else {
                let (caller, method, path, body) = self.request(&step);
                let caller = if *twice { caller.key(&format!("{}-{n}", self.case)) } else { caller };
                let send = async || caller.send(method.clone(), &path, Some(body.to_string().into_bytes())).await;
                let answer = send().await;
                prop_assert_eq!((answer.status, answer.code()), expected, "{:?}: {}", step, answer.text);
                if *twice {
                    let again = send().await;
                    prop_assert_eq!((again.status, again.code()), expected, "again: {:?}: {}", step, again.text);
                    let is_success = answer.status < 300;
                    prop_assert_eq!(again.header("idempotency-replayed") == "true", is_success);
                    prop_assert!(!is_success || again.text == answer.text, "{} {}", again.text, answer.text);
                }
                self.note(&step, &answer).await;
            }
            self.agrees().await.map_err(|error| TestCaseError::fail(format!("after {n}, {step:?}: {error}")))?;
        }
        self.adds_up().await
    }

    fn customer(&self, n: usize) -> u64 {
        10_000 + 2 * self.case + n as u64
    }

    fn request(&self, step: &Step) -> (Caller, Method, String, Value) {
        let order = |order: &Option<usize>| order.map_or(123, |order| self.orders[order]);
        let path = |at: &Option<usize>, rest: &str| format!("/api/orders/{}/{rest}", order(at));
        let reference = |reference: &Option<u8>| reference.map(|reference| format!("MP-{}-{reference}", self.case));
        let (shop, post, put) = (self.shop, Method::POST, Method::PUT);
        match step {
            Step::Place { customer, lines, method, reference: paid } => {
                let lines: Vec<(u64, u32)> =
                    lines.iter().map(|(variant, n)| (self.variants[*variant], u32::try_from(*n).expect("few"))).collect();
                let mut wanted = body(&lines);
                wanted["customerId"] = self.customer(*customer).into();
                wanted["paymentMethod"] = PAYMENT_METHODS[*method].into();
                wanted["paymentReference"] = json!(reference(paid));
                (shop.customer(self.customer(*customer)), post, "/api/orders".to_owned(), wanted)
            }
            Step::Status { order, to } => (shop.staff(), put, path(order, "status"), json!({ "newStatus": to, "note": "By the model" })),
            Step::Pay { order, to, reference: paid } => {
                (shop.staff(), put, path(order, "payment"), json!({ "paymentStatus": to, "reference": reference(paid) }))
            }
            Step::Cancel { order, by, method } => {
                let owner = order.map_or(0, |order| self.model.orders[order].customer);
                let caller = match by {
                    By::Owner => shop.customer(self.customer(owner)),
                    By::Other => shop.customer(self.customer(1 - owner)),
                    By::Staff => shop.staff(),
                };
                let method = method.map(|method| REFUND_METHODS[method]);
                (caller, post, path(order, "cancel"), json!({ "reason": "By the model", "refundMethod": method }))
            }
            Step::Refund { refund, to } => {
                let id = refund.map_or(123, |refund| self.refunds[refund]);
                (shop.admin(), put, format!("/api/refunds?id={id}"), json!({ "status": to }))
            }
            Step::Ship { order: at, part } => {
                let mut body = shipment_body(order(at), "LOCAL");
                if let (Some((line, quantity)), Some(at)) = (part, at) {
                    let lines = &self.lines[*at];
                    body["items"] = json!([{ "orderItemId": lines[line % lines.len()], "quantity": quantity }]);
                }
                (shop.staff(), post, "/api/shipments".to_owned(), body)
            }
            Step::Parcel { parcel, to } => {
                let id = parcel.map_or(123, |parcel| self.parcels[parcel]);
                (shop.staff(), put, format!("/api/shipments?id={id}"), json!({ "status": to }))
            }
            Step::OpenRefund { order: at, part, method } => {
                let mut wanted = json!({ "orderId": order(at), "reason": "By the model" });
                wanted["refundMethod"] = json!(method.map(|method| REFUND_METHODS[method]));
                match part {
                    Part::Rest => {}
                    Part::Cents(cents) => wanted["amount"] = amount(*cents),
                    Part::Pieces(line, quantity) => {
                        let line = at.map_or(1, |at| self.lines[at][line % self.lines[at].len()]);
                        wanted["items"] = json!([{ "orderItemId": line, "quantity": quantity }]);
                    }
                }
                (shop.admin(), post, "/api/refunds".to_owned(), wanted)
            }
            Step::Adjust { variant, change } => {
                let change = json!({ "variantId": self.variants[*variant], "quantityChange": change, "reason": "Counted", "changeType": "ADJUSTMENT" });
                (shop.keeper(), put, "/api/inventory/adjust".to_owned(), change)
            }
            Step::Redeem { customer, cents } => {
                let redemption = json!({ "customerId": self.customer(*customer), "amount": amount(*cents), "note": "By the model" });
                (shop.staff(), post, "/api/store-credit/redeem".to_owned(), redemption)
            }
            Step::Work => unreachable!("the workers are no call"),
        }
    }

    /// The ids of what was made.
    async fn note(&mut self, step: &Step, answer: &Answer) {
        if let (Step::Place { .. }, 201) = (step, answer.status) {
            self.orders.push(answer.body["id"].as_u64().expect("an id"));
            // In the order of the variants, as the model has them.
            let mut lines: Vec<(Option<usize>, u64)> = answer.body["items"]
                .as_array()
                .expect("lines")
                .iter()
                .map(|line| (self.variants.iter().position(|id| line["variantId"] == *id), line["id"].as_u64().expect("an id")))
                .collect();
            lines.sort_unstable();
            self.lines.push(lines.into_iter().map(|(_, id)| id).collect());
        }
        if let (Step::Ship { .. }, 201) = (step, answer.status) {
            self.parcels.push(answer.body["id"].as_u64().expect("an id"));
        }
        while let Some(refund) = self.model.refunds.get(self.refunds.len()) {
            let made = self.shop.refunds_of(self.orders[refund.order]).await;
            self.refunds.push(made[0]["id"].as_u64().expect("an id"));
        }
    }

    /// Everything that anybody can see is what the model says.
    async fn agrees(&self) -> Result<(), TestCaseError> {
        let mut orders = HashMap::new();
        for customer in [self.customer(0), self.customer(1)] {
            let own = self.shop.customer(customer).get("/api/orders?limit=100").await.ok();
            orders.extend(own.as_array().expect("a list").iter().map(|order| (order["id"].as_u64().expect("an id"), order.clone())));
        }
        prop_assert_eq!(orders.len(), self.orders.len());
        for (id, expected) in self.orders.iter().zip(&self.model.orders) {
            let order = &orders[id];
            prop_assert_eq!(order["status"].as_str(), Some(expected.status), "{}", order);
            prop_assert_eq!(order["paymentStatus"].as_str(), Some(expected.payment), "{}", order);
            prop_assert_eq!((cents(&order["total"]), cents(&order["refundedTotal"])), (expected.total, expected.refunded));
        }
        for (id, expected) in self.refunds.iter().zip(&self.model.refunds) {
            let refund = self.shop.admin().get(&format!("/api/refunds?id={id}")).await.ok();
            prop_assert_eq!((refund["status"].as_str(), refund["refundMethod"].as_str()), (Some(expected.status), Some(expected.method)));
            prop_assert_eq!((cents(&refund["amount"]), refund["awaiting"] == "STAFF"), (expected.amount, expected.awaits_staff));
        }
        for (id, expected) in self.parcels.iter().zip(&self.model.parcels) {
            let parcel = self.shop.staff().get(&format!("/api/shipments?id={id}")).await.ok();
            prop_assert_eq!(parcel["status"].as_str(), Some(expected.status));
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
            let order = self.shop.system.store().order(OrderId::new(*id).expect("an id")).await.expect("read").expect("an order");
            let made = self.shop.refunds_of(*id).await;
            let in_status =
                |status: &str| made.iter().filter(|refund| refund["status"] == status).map(|refund| cents(&refund["amount"])).sum::<i64>();
            prop_assert_eq!(order.paid.minor, order.refundable.minor + in_status("PROCESSING") + in_status("COMPLETED"));
            prop_assert_eq!((order.refundable.minor, order.refunded_total.minor), (self.model.refundable(at), in_status("COMPLETED")));
            let slip = self.shop.staff().get(&format!("/api/orders/{id}/packing-slip")).await;
            prop_assert_eq!(slip.status, 200);
            prop_assert_eq!(slip.text.contains("class=\"stamp\""), order.status.as_str() == "CANCELLED");
            let is_packed = |line: &&LineItem| order.status != OrderStatus::Cancelled && line.quantity > line.refunded_quantity;
            prop_assert_eq!(slip.text.matches("class=\"box\"").count(), 2 * order.items.iter().filter(is_packed).count());
            if order.status.as_str() != "CANCELLED" {
                for line in order.items {
                    let variant = self.variants.iter().position(|id| *id == line.variant_id.get()).expect("of this case");
                    out[variant] += i64::from(line.quantity);
                }
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
