//! The steps as calls, and what the answers are remembered for.

use super::Play;
use super::reference::{By, Count, Entry, FEES, PAYMENT_METHODS, Part, REFUND_METHODS, Runs, Step};
use crate::kit::{Answer, Caller, back, body, shipment_body};
use reqwest::Method;
use serde_json::{Value, json};

/// Hundredths as a JSON number.
pub(super) fn amount(hundredths: i64) -> Value {
    serde_json::from_str(&format!("{}.{:02}", hundredths / 100, hundredths % 100)).expect("a number")
}

fn few(n: i64) -> u32 {
    u32::try_from(n).expect("few")
}

/// The code of a case's promotion.
pub(super) fn code(case: u64, promotion: usize) -> String {
    format!("CASE-{case}-{promotion}")
}

impl Play<'_> {
    pub(super) fn request(&self, step: &Step) -> (Caller, Method, String, Value) {
        let order = |order: &Option<usize>| order.map_or(123, |order| self.orders[order]);
        let path = |at: &Option<usize>, rest: &str| format!("/api/orders/{}/{rest}", order(at));
        let (shop, post, put) = (self.shop, Method::POST, Method::PUT);
        match step {
            Step::Place { customer, lines, method, reference: paid, promotion } => {
                let mut wanted = body(&lines.iter().map(|(variant, n)| (self.variants[*variant], few(*n))).collect::<Vec<_>>());
                wanted["customerId"] = self.customer(*customer).into();
                wanted["customer"] = self.person(*customer);
                wanted["deliveryFee"] = amount(FEES[*customer]);
                wanted["paymentMethod"] = PAYMENT_METHODS[*method].into();
                wanted["paymentReference"] = json!(self.reference(*method, *paid));
                wanted["promotionCode"] = json!(promotion.map(|promotion| code(self.case, promotion)));
                (shop.customer(self.customer(*customer)), post, "/api/orders".to_owned(), wanted)
            }
            Step::Limit { promotion, limit } => {
                (shop.admin(), put, format!("/api/promotions?id={}", self.promotions[*promotion]), json!({ "usageLimit": limit }))
            }
            Step::Run { promotion, runs } => {
                (shop.admin(), put, format!("/api/promotions?id={}", self.promotions[*promotion]), self.dates(*runs))
            }
            Step::Ask { customer, promotion, cents } => {
                let asked = json!({ "code": code(self.case, *promotion), "orderTotal": amount(*cents) });
                (shop.customer(self.customer(*customer)), post, "/api/promotions/validate".to_owned(), asked)
            }
            Step::Status { order, to } => (shop.staff(), put, path(order, "status"), json!({ "newStatus": to, "note": "By the model" })),
            Step::Pay { order, to, reference: paid } => {
                let paid = self.reference(order.map_or(0, |order| self.model.orders[order].method), *paid);
                (shop.staff(), put, path(order, "payment"), json!({ "paymentStatus": to, "reference": paid }))
            }
            Step::Cancel { order, by, method } => {
                let method = method.map(|method| REFUND_METHODS[method]);
                (self.by(*by, *order), post, path(order, "cancel"), json!({ "reason": "By the model", "refundMethod": method }))
            }
            Step::Refund { refund, to } => {
                let id = refund.map_or(123, |refund| self.refunds[refund]);
                (shop.admin(), put, format!("/api/refunds?id={id}"), json!({ "status": to }))
            }
            Step::Ship { order: at, part, carrier } => {
                let mut body = shipment_body(order(at), carrier);
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
                (shop.admin(), post, "/api/refunds".to_owned(), self.opened_refund(*at, part, *method))
            }
            Step::AskBack { order: at, by, items } => (self.by(*by, *at), post, "/api/returns".to_owned(), self.asked_back(*at, items)),
            Step::Return { rma, to, counts, fees } => {
                let id = rma.map_or(123, |rma| self.returns[rma]);
                let mut wanted = json!({ "status": to, "notes": "By the model" });
                if let (Some(rma), "RECEIVED") = (rma, *to) {
                    wanted["items"] = self.counted(*rma, counts);
                }
                for (name, fee) in ["restockingFee", "returnShippingFee"].into_iter().zip(fees) {
                    if let Some(fee) = fee {
                        wanted[name] = amount(*fee);
                    }
                }
                (shop.staff(), put, format!("/api/returns?id={id}"), wanted)
            }
            Step::Adjust { variant, change } => {
                let change = json!({ "variantId": self.variants[*variant], "quantityChange": change, "reason": "Counted", "changeType": "ADJUSTMENT" });
                (shop.keeper(), put, "/api/inventory/adjust".to_owned(), change)
            }
            Step::Redeem { customer, cents } => {
                let redemption = json!({ "customerId": self.customer(*customer), "amount": amount(*cents), "note": "By the model" });
                (shop.staff(), post, "/api/store-credit/redeem".to_owned(), redemption)
            }
            Step::Spend { order: at, by, cents } => {
                (shop.staff(), post, "/api/store-credit/redeem".to_owned(), self.spent(*at, *by, *cents, order(at)))
            }
            step => unreachable!("nobody calls for {step:?}"),
        }
    }

    fn spent(&self, at: Option<usize>, by: By, cents: i64, order: u64) -> Value {
        let owner = at.map_or(0, |order| self.model.orders[order].customer);
        let customer = self.customer(if by == By::Other { 1 - owner } else { owner });
        json!({ "customerId": customer, "amount": amount(cents), "orderId": order, "note": "By the model" })
    }

    fn dates(&self, runs: Runs) -> Value {
        let (now, years) = (self.shop.system.clock.now().0, 400 * 86_400_000 * 10);
        let (start, end) = match runs {
            Runs::Now => (now - years, now + years),
            Runs::Later => (now + years, now + 2 * years),
            Runs::Before => (now - years, now - 1),
        };
        json!({ "startDate": start, "endDate": end })
    }

    fn opened_refund(&self, at: Option<usize>, part: &Part, method: Option<usize>) -> Value {
        let mut wanted = json!({ "orderId": at.map_or(123, |at| self.orders[at]), "reason": "By the model" });
        wanted["refundMethod"] = json!(method.map(|method| REFUND_METHODS[method]));
        match part {
            Part::Rest => {}
            Part::Cents(cents) => wanted["amount"] = amount(*cents),
            Part::Pieces(line, quantity) => {
                let line = at.map_or(1, |at| self.lines[at][line % self.lines[at].len()]);
                wanted["items"] = json!([{ "orderItemId": line, "quantity": quantity }]);
            }
        }
        wanted
    }

    fn asked_back(&self, at: Option<usize>, items: &[(usize, i64, &'static str)]) -> Value {
        let lines = at.map_or(&[1][..], |at| &self.lines[at]);
        let items: Vec<Value> =
            items.iter().map(|(line, quantity, condition)| back(lines[line % lines.len()], few(*quantity), condition)).collect();
        json!({ "orderId": at.map_or(123, |at| self.orders[at]), "reason": "By the model", "items": items })
    }

    fn by(&self, by: By, order: Option<usize>) -> Caller {
        let owner = order.map_or(0, |order| self.model.orders[order].customer);
        match by {
            By::Owner => self.shop.customer(self.customer(owner)),
            By::Other => self.shop.customer(self.customer(1 - owner)),
            By::Staff => self.shop.staff(),
        }
    }

    /// What arrived of a return's entries.
    fn counted(&self, rma: usize, counts: &[Count]) -> Value {
        let entries = self.entries[rma].iter().zip(&self.model.returns[rma].entries).zip(counts);
        let count = |((id, entry), count): ((&u64, &Entry), &Count)| {
            let line = self.lines[self.model.returns[rma].order][entry.line];
            let Count { received, condition, is_restockable } = count;
            json!({ "orderItemId": line, "id": id, "receivedQuantity": received, "condition": condition, "restockable": is_restockable })
        };
        entries.map(count).collect()
    }

    /// The ids of what was made.
    pub(super) async fn note(&mut self, step: &Step, answer: &Answer) {
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
        if let (Step::AskBack { .. }, 201) = (step, answer.status) {
            self.returns.push(answer.body["return"]["id"].as_u64().expect("an id"));
            let entries = answer.body["items"].as_array().expect("items").iter();
            self.entries.push(entries.map(|entry| entry["id"].as_u64().expect("an id")).collect());
        }
        self.note_refunds().await;
    }

    pub(super) async fn note_refunds(&mut self) {
        while let Some(refund) = self.model.refunds.get(self.refunds.len()) {
            let made = self.shop.refunds_of(self.orders[refund.order]).await;
            let mut ids = made.iter().rev().map(|refund| refund["id"].as_u64().expect("an id"));
            let new = ids.find(|id| !self.refunds.contains(id));
            self.refunds.push(new.unwrap_or_else(|| panic!("the shop has no {refund:?}")));
        }
    }

    fn reference(&self, method: usize, reference: Option<u8>) -> Option<String> {
        reference.map(|number| self.name((method, number)))
    }
}
