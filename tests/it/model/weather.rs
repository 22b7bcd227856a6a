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
    /// How many steps of a history the storm lasts for: its last ones.
    stormy_steps: usize,
    is_calm: bool,
}

impl<'a> Weather<'a> {
    pub fn fair(shop: &'a LocalShop) -> Self {
        Self { shop, storm: None, stormy_steps: 0, is_calm: true }
    }

    /// A storm that lasts for so many steps of a history.
    pub fn foul(shop: &'a LocalShop, storm: Storm, stormy_steps: usize) -> Self {
        Self { shop, storm: Some(storm), stormy_steps, is_calm: false }
    }

    /// So many steps are left.
    pub fn are_left(&mut self, steps: usize) {
        self.is_calm = steps > self.stormy_steps;
    }

    pub fn is_foul(&self) -> bool {
        self.storm.is_some()
    }

    /// What a client is answered. In a storm it is a patient one: it asks again, with its key, until somebody knows.
    pub async fn answered<F: Future<Output = Answer>>(&self, send: impl Fn() -> F) -> Answer {
        let _storm = self.rise();
        let mut answer = send().await;
        for _ in 0..TRIES {
            let is_known = answer.status < 500 && answer.code() != "CONFLICT";
            if is_known || !self.is_foul() {
                break;
            }
            answer = send().await;
        }
        answer
    }

    /// Has the storm rage, if there is one now, until what this gives is dropped.
    #[must_use]
    fn rise(&self) -> Raging<'a> {
        self.shop.system.faults.storm(self.storm.filter(|_| !self.is_calm));
        Raging(self.shop)
    }

    /// Carries refunds out; in a storm does everything that is due, for as long as that takes.
    pub async fn work(&self, hands: &mut ByHand) {
        let _storm = self.rise();
        if self.is_foul() {
            hands.until_nothing_is_left(self.shop).await;
        } else {
            hands.carry_refunds_out().await;
        }
    }

    /// Carries out what is due of parcels; in a storm all that becomes due by it, for as long as that takes.
    pub async fn ship(&self, hands: &mut ByHand) {
        let _storm = self.rise();
        if self.is_foul() {
            hands.until_all_is_shipped(self.shop).await;
        } else {
            hands.carry_shipments_out().await;
        }
    }

    /// Runs a schedule once.
    pub async fn run(&self, hands: &ByHand, schedule: &str) {
        let _storm = self.rise();
        hands.workers.run(schedule).await.expect("a schedule");
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

struct Raging<'a>(&'a LocalShop);

impl Drop for Raging<'_> {
    fn drop(&mut self) {
        self.0.system.faults.storm(None);
    }
}
