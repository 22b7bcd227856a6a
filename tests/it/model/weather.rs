//! What goes wrong with the calls of AWS while a history is played, and how whoever meets it goes on.

use crate::kit::{Answer, ByHand, LocalShop};
use local::faults::Storm;
use std::time::Duration;

/// How often a call is made in a storm before that must be the shop's fault.
const TRIES: usize = 20;

/// A shop, and the storm that it stands in.
#[derive(Clone, Copy)]
pub struct Weather<'a> {
    pub shop: &'a LocalShop,
    storm: Option<Storm>,
}

impl<'a> Weather<'a> {
    pub fn fair(shop: &'a LocalShop) -> Self {
        Self { shop, storm: None }
    }

    pub fn foul(shop: &'a LocalShop, storm: Storm) -> Self {
        Self { shop, storm: Some(storm) }
    }

    pub fn is_foul(&self) -> bool {
        self.storm.is_some()
    }

    /// What a client is answered. In a storm it is a patient one: it asks again, with its key, until somebody knows.
    pub async fn answered<F: Future<Output = Answer>>(&self, send: impl Fn() -> F) -> Answer {
        self.shop.system.faults.storm(self.storm);
        let mut answer = send().await;
        for _ in 0..TRIES {
            let is_known = answer.status < 500 && answer.code() != "CONFLICT";
            if is_known || !self.is_foul() {
                break;
            }
            answer = send().await;
        }
        self.shop.system.faults.storm(None);
        answer
    }

    /// Carries refunds out; in a storm does everything that is due, for as long as that takes.
    pub async fn work(&self, hands: &mut ByHand) {
        self.shop.system.faults.storm(self.storm);
        if self.is_foul() {
            hands.until_nothing_is_left(self.shop).await;
        } else {
            hands.carry_refunds_out().await;
        }
        self.shop.system.faults.storm(None);
    }

    /// Runs a schedule once.
    pub async fn run(&self, hands: &ByHand, schedule: &str) {
        self.shop.system.faults.storm(self.storm);
        hands.workers.run(schedule).await.expect("a schedule");
        self.shop.system.faults.storm(None);
    }

    /// The same until it has done its work: what a storm keeps it from is the next runs', an hour later each.
    pub async fn run_and_again(&self, hands: &ByHand, schedule: &str) {
        self.run(hands, schedule).await;
        for _ in 0..if self.is_foul() { 2 } else { 0 } {
            self.shop.system.clock.advance(Duration::from_mins(65));
            hands.workers.run(schedule).await.expect("a schedule");
        }
    }
}
