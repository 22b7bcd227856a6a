//! What carriers and the worker that books with them do in a history.

use super::Play;
use super::reference::{Outcome, Step};
use crate::kit::webhooks::carrier_tells;
use crate::kit::{ByHand, MINUTE};
use domain::shipment::Carrier;
use local::emulators::outbox::Fault;
use local::system::CARRIER_WEBHOOK_SECRET as SECRET;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::Duration;

/// What DHL does of a call that comes to this; nothing for one that it carries out.
fn fault(outcome: Outcome) -> Option<Fault> {
    match outcome {
        Outcome::Booked => None,
        Outcome::Refused => Some(Fault::Refuse { status: 400, code: "Bad request".to_owned(), message: "Not served".to_owned() }),
        Outcome::Taken => Some(Fault::AcceptThenDrop),
        Outcome::Lost => Some(Fault::Hang(Duration::ZERO)),
    }
}

impl Play<'_> {
    /// Does a step of a carrier's, or of the worker that books with it; says whether it was one. The model has done it.
    pub(super) async fn carried(&mut self, hands: &mut ByHand, n: usize, step: &Step) -> Result<bool, TestCaseError> {
        match step {
            Step::Book(outcome) => {
                for _ in 0..self.before.due() {
                    if let Some(fault) = fault(*outcome) {
                        self.shop.system.carriers.fail_next(Carrier::Dhl, fault);
                    }
                }
                self.weather.ship(hands).await;
                if self.weather.is_foul() {
                    // By then somebody has looked for what nobody answered for.
                    self.model.apply(&Step::Look);
                }
            }
            Step::Look => {
                self.weather.ship(hands).await;
                for _ in 0..if self.weather.is_foul() { 0 } else { 5 } {
                    self.shop.system.clock.advance(9 * MINUTE);
                    hands.carry_shipments_out().await;
                }
            }
            Step::Scan { parcel, code, minutes_ago, times } => {
                self.weather.ship(hands).await;
                let number = match parcel {
                    Some(parcel) => self.parcel(self.parcels[*parcel]).await["trackingNumber"].as_str().unwrap_or("JD0").to_owned(),
                    None => "JD0".to_owned(),
                };
                let carriers = &self.shop.system.carriers;
                let at = self.shop.system.clock.now().0 - minutes_ago * 60_000;
                carriers.scan_at(at, &number, code, "Said so", "Kinshasa");
                let (asked, said) = (carriers.tracked(), json!({ "shipments": [{ "id": number, "event": n }], "case": self.case }));
                for _ in 0..*times {
                    let answer = self.weather.answered(|| carrier_tells(self.shop, "DHL", SECRET, &said)).await;
                    prop_assert_eq!(answer.status, 200, "{}", answer.text);
                    self.weather.ship(hands).await;
                }
                prop_assert!(self.weather.is_foul() || carriers.tracked() <= asked + 1, "what is told again asks nobody");
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    async fn parcel(&self, id: u64) -> Value {
        self.shop.staff().get(&format!("/api/shipments?id={id}")).await.ok()
    }

    /// Labels that the carrier has sold for a parcel, under whatever try.
    pub(super) fn labels_of(&self, parcel: u64) -> usize {
        let reference = format!("{parcel}-");
        self.shop.system.carriers.parcels().iter().filter(|booked| booked.reference.starts_with(&reference)).count()
    }

    /// After a parcel was made: of no line that is in it more is on its way than was bought and is not refunded.
    pub(super) async fn no_piece_goes_twice(&self, parcel: &Value) -> Result<(), TestCaseError> {
        let order = parcel["orderId"].as_u64().and_then(domain::ids::OrderId::new).expect("an id");
        let all = self.shop.staff().get(&format!("/api/shipments?orderId={order}&limit=100")).await.ok();
        let is_live = |parcel: &&Value| parcel["status"] != "FAILED" && parcel["status"] != "RETURNED";
        let mut sent: HashMap<u64, u64> = HashMap::new();
        for item in all.as_array().expect("a list").iter().filter(is_live).flat_map(|parcel| parcel["items"].as_array().expect("items")) {
            *sent.entry(item["orderItemId"].as_u64().expect("a line")).or_default() += item["quantity"].as_u64().expect("pieces");
        }
        let order = self.shop.system.store().order(order).await.expect("read").expect("an order");
        for item in parcel["items"].as_array().expect("items") {
            let line = order.items.iter().find(|line| item["orderItemId"] == line.id.get()).expect("a line");
            // What a return brought back was on its way before.
            let kept_back = u64::from(line.refunded_quantity - line.brought_back_quantity);
            prop_assert!(sent[&line.id.get()] + kept_back <= u64::from(line.quantity), "{}", all);
        }
        Ok(())
    }
}
