//! What payment providers do in a history, what the shop is told of it, and the schedules that make up for what it isn't told.

use super::Play;
use super::reference::{AN_HOUR, CARD, Comes, Fate, OWN, Outcome, Payment, Step, THREE_DAYS, Trouble};
use crate::kit::ByHand;
use domain::ids::RefundId;
use domain::refund::{PaymentProvider, RefundStatus};
use local::emulators::payments::{Fault, Provider};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use serde_json::{Value, json};
use std::time::Duration;

/// What a provider calls where a refund is.
const fn word(provider: Provider, fate: Fate) -> &'static str {
    match (provider, fate) {
        (Provider::Stripe, Fate::Open) => "pending",
        (Provider::Stripe, Fate::Done) => "succeeded",
        (Provider::Stripe, Fate::Failed) => "failed",
        (Provider::PawaPay, Fate::Open) => "PROCESSING",
        (Provider::PawaPay, Fate::Done) => "COMPLETED",
        (Provider::PawaPay, Fate::Failed) => "FAILED",
    }
}

/// In minutes: longer than a provider's own word is waited for.
const A_WHILE: u64 = 3;

/// More than a job that has failed once waits.
pub(super) const A_JOB_S_PAUSE: Duration = Duration::from_secs(6);

fn stripe_event(kind: &str, object: &Value) -> Value {
    json!({ "id": "evt_1", "type": kind, "data": { "object": object } })
}

/// What a provider tells the shop.
pub(super) struct Telling {
    provider: Provider,
    body: Value,
}

impl Play<'_> {
    /// Does a step of a provider's, or of what the shop does by itself; says whether it was one. The model has done it.
    pub(super) async fn at_providers(&mut self, hands: &mut ByHand, step: &Step, twice: bool) -> Result<bool, TestCaseError> {
        let times = 1 + usize::from(twice);
        match step {
            Step::Comes { order, comes, is_told } => {
                let telling = self.comes(*order, *comes);
                self.tell(&telling, if *is_told { times } else { 0 }).await?;
            }
            Step::GiveByHand { is_told, .. } => {
                let telling = self.given_by_hand();
                self.tell(&telling, if *is_told { times } else { 0 }).await?;
                self.untold.extend(Some(telling).filter(|_| !is_told));
            }
            Step::End { refund, is_told, .. } => {
                if let Some(telling) = self.ended(*refund).await {
                    self.tell(&telling, if *is_told { times } else { 0 }).await?;
                }
            }
            Step::Work(fate, trouble) => self.work(hands, *fate, *trouble).await?,
            Step::AskAfter => self.ask_after(hands, Fate::Done).await?,
            Step::CancelUnpaid => {
                self.pass(hands, THREE_DAYS).await?;
                self.weather.run_and_again(hands, "cancel-unpaid-orders").await;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// What a provider calls a payment, and staff one that is none of a provider's.
    pub(super) fn name(&self, (method, number): Payment) -> String {
        match (method == CARD, number < OWN) {
            (_, false) => format!("MP-{}-{number}", self.case),
            (true, true) => format!("pi_{}_{number}", self.case),
            (false, true) => format!("5e2a1c40-7849-49aa-babb-{:06x}{number:06x}", self.case),
        }
    }

    /// Puts what has become of an order's payment into its provider's books; gives what that tells of it. Of somebody else's
    /// payment where the order has none.
    fn comes(&self, order: Option<usize>, comes: Comes) -> Telling {
        let (name, said) = match order.and_then(|at| self.model.said(at, comes)) {
            Some((payment, said)) => {
                let (books, name, got) = (&self.shop.system.payments, self.name(payment), self.model.got(payment));
                match (payment.0 == CARD, got) {
                    (true, 0) => books.failed_card_payment(&name, 1, "USD"),
                    (true, _) => books.card_payment(&name, got, "USD"),
                    (false, 0) => books.deposit(&name, 1, "USD", "FAILED"),
                    (false, _) => books.deposit(&name, got, "USD", "COMPLETED"),
                }
                (name, said)
            }
            None => ("pi_of_nobody".to_owned(), Some(1_00)),
        };
        if name.starts_with("pi_") {
            let (kind, status) = match said {
                Some(_) => ("payment_intent.succeeded", "succeeded"),
                None => ("payment_intent.payment_failed", "requires_payment_method"),
            };
            let object = json!({ "id": name, "status": status, "amount_received": said.unwrap_or(0), "currency": "usd" });
            Telling { provider: Provider::Stripe, body: stripe_event(kind, &object) }
        } else {
            let status = if said.is_some() { "COMPLETED" } else { "FAILED" };
            Telling { provider: Provider::PawaPay, body: json!({ "depositId": name, "status": status }) }
        }
    }

    /// What Stripe tells of the refund that somebody has just made there; of somebody else's where there was nothing to give.
    fn given_by_hand(&self) -> Telling {
        let books = &self.shop.system.payments;
        let object = match self.model.given.get(self.before.given.len()) {
            Some(given) => {
                let made = books.refund_by_hand(&self.name(given.payment), given.amount, word(Provider::Stripe, given.fate));
                books.stripe_object(&made)
            }
            None => json!({ "id": "re_1", "amount": 1, "currency": "usd", "status": "succeeded", "payment_intent": "pi_of_nobody" }),
        };
        Telling { provider: Provider::Stripe, body: stripe_event("refund.created", &object) }
    }

    /// The provider has ended a refund, where it has it; what it tells of that.
    async fn ended(&self, refund: Option<usize>) -> Option<Telling> {
        let at = refund?;
        let fate = self.model.given[self.model.refunds[at].given?].fate;
        let (provider, name) = self.made_as(self.refunds[at]).await.expect("a provider has it");
        let books = &self.shop.system.payments;
        books.move_on(&name, word(provider, fate), None);
        let body = match provider {
            Provider::Stripe => stripe_event("refund.updated", &books.stripe_object(&name)),
            Provider::PawaPay => books.pawapay_object(&name),
        };
        Some(Telling { provider, body })
    }

    /// The provider that has a refund, and what it calls it.
    async fn made_as(&self, refund: u64) -> Option<(Provider, String)> {
        let refund = self.shop.system.store().refund(RefundId::new(refund).expect("an id")).await.expect("read").expect("a refund");
        let attempt = refund.attempt?;
        match refund.provider? {
            PaymentProvider::Stripe => Some((Provider::Stripe, attempt.reference?)),
            PaymentProvider::PawaPay => Some((Provider::PawaPay, attempt.key)),
        }
    }

    async fn tell(&self, telling: &Telling, times: usize) -> Result<(), TestCaseError> {
        for _ in 0..times {
            let send = async || match telling.provider {
                Provider::Stripe => self.shop.stripe_tells(&telling.body).await,
                Provider::PawaPay => self.shop.pawapay_tells(&telling.body).await,
            };
            let answer = self.weather.answered(send).await;
            prop_assert_eq!(answer.status, 200, "{}: {}", telling.body, answer.text);
        }
        Ok(())
    }

    async fn work(&mut self, hands: &mut ByHand, fate: Fate, trouble: Option<Trouble>) -> Result<(), TestCaseError> {
        for provider in [Provider::Stripe, Provider::PawaPay] {
            self.shop.system.payments.refunds_are(provider, word(provider, fate));
        }
        if self.before.turns_matter() {
            // Trouble would mix the turns, and so would a storm.
            hands.carry_refunds_out().await;
        } else if let Some(trouble) = trouble {
            self.trouble_payments(hands, trouble).await?;
        }
        if self.weather.is_foul() {
            // Then everything is done, and no carrier refuses.
            self.model.apply(&Step::Book(Outcome::Booked));
        }
        self.weather.work(hands).await;
        if let Some(trouble) = trouble {
            self.trouble_messages(hands, trouble).await?;
        }
        if self.weather.is_foul() {
            // A job that comes a second time asks pawaPay what became of the first. So that it makes no difference, all are.
            self.model.apply(&Step::AskAfter);
            return self.ask_after(hands, fate).await;
        }
        Ok(())
    }

    /// Asks after whatever is open, while providers make this of refunds. What a storm keeps that from is the next runs', an hour later
    /// each: the jobs of what it has opened are done by then, and what came of them is asked after, too.
    async fn ask_after(&mut self, hands: &mut ByHand, fate: Fate) -> Result<(), TestCaseError> {
        self.pass(hands, AN_HOUR - A_WHILE).await?;
        for telling in std::mem::take(&mut self.untold) {
            self.tell(&telling, 1).await?;
        }
        // What has changed just now is left to its provider's own word by the next run.
        self.shop.system.clock.advance(Duration::from_mins(A_WHILE));
        self.weather.run(hands, "ask-providers").await;
        if self.weather.is_foul() {
            for _ in 0..2 {
                hands.until_nothing_is_left(self.shop).await;
                self.shop.system.clock.advance(Duration::from_mins(AN_HOUR));
                hands.workers.run("ask-providers").await.expect("a schedule");
            }
            self.model.apply(&Step::Work(fate, None));
            self.model.apply(&Step::AskAfter);
        }
        Ok(())
    }

    /// What providers are asked because of the refunds that are due goes wrong once; in fair weather that is over with this.
    async fn trouble_payments(&self, hands: &mut ByHand, trouble: Trouble) -> Result<(), TestCaseError> {
        let books = &self.shop.system.payments;
        let (asked, mut troubled) = (books.requests().len(), 0);
        for (provider, method) in [(Provider::PawaPay, 0), (Provider::Stripe, CARD)] {
            let fault = match trouble {
                Trouble::Lost => Fault::AcceptThenDrop,
                Trouble::Refused => Fault::Refuse(503, json!({})),
            };
            for _ in 0..self.before.asks_at(method) {
                books.fail_next(provider, fault.clone());
                troubled += 1;
            }
        }
        if !self.weather.is_foul() {
            prop_assert_eq!(hands.try_refunds().await, troubled);
            prop_assert_eq!(books.requests().len() - asked, troubled);
            self.shop.system.clock.advance(A_JOB_S_PAUSE);
        }
        Ok(())
    }

    /// Lets minutes pass. In fair weather somebody looks meanwhile for labels that nobody has answered for; in a storm there
    /// are none.
    async fn pass(&mut self, hands: &mut ByHand, minutes: u64) -> Result<(), TestCaseError> {
        if !self.weather.is_foul() {
            self.model.apply(&Step::Look);
            self.carried(hands, 0, &Step::Look).await?;
        }
        self.shop.system.clock.advance(Duration::from_mins(minutes));
        Ok(())
    }

    /// Whatever a provider still has open has been done by it.
    pub(super) fn end_all_refunds(&self) {
        let books = &self.shop.system.payments;
        for made in books.refunds() {
            if made.status == word(made.provider, Fate::Open) {
                books.move_on(&made.id, word(made.provider, Fate::Done), None);
            }
        }
    }

    /// What the history ends with once all is told: whatever a provider has open comes to its end, heard of or asked after.
    pub(super) fn last_steps(&self) -> Vec<Step> {
        let open = (0..self.model.refunds.len()).filter(|at| self.model.refunds[*at].awaits == Some("PROVIDER"));
        let ends = open.map(|at| Step::End { refund: Some(at), to: Fate::Done, is_told: at % 2 == 0 });
        // What was heard of last has its job done before the schedule would do that.
        ends.chain([Step::Work(Fate::Done, None), Step::AskAfter]).collect()
    }

    /// What the providers have given back of each payment is what the shop says they have, refund by refund and to the cent,
    /// and no more than had come.
    pub(super) async fn what_was_given_back_is_known(&self) -> Result<(), TestCaseError> {
        let made = self.shop.system.payments.refunds();
        for (at, id) in self.orders.iter().enumerate() {
            let payments = self.model.payments_of(at);
            let names: Vec<String> = payments.iter().map(|payment| self.name(*payment)).collect();
            let gone = made.iter().filter(|made| names.contains(&made.payment) && made.status.to_lowercase() != "failed");
            let mut there: Vec<(String, i64)> = gone.map(|made| (made.id.clone(), made.amount)).collect();
            let mut here = Vec::new();
            for refund in self.shop.refunds_of(*id).await {
                let id = refund["id"].as_u64().expect("an id");
                // One that came back after it was completed says so.
                let has_gone = refund["status"] == RefundStatus::Completed.as_str() && refund["failureReason"].is_null();
                if let (Some((_, name)), true) = (self.made_as(id).await, has_gone) {
                    here.push((name, crate::kit::cents(&refund["amount"])));
                }
            }
            there.sort();
            here.sort();
            prop_assert_eq!(&here, &there, "order {}", at);
            let came: i64 = payments.iter().map(|payment| self.model.got(*payment)).sum();
            prop_assert!(there.iter().map(|(_, amount)| amount).sum::<i64>() <= came, "{:?} of {}", there, came);
        }
        prop_assert_eq!(self.shop.system.payments.complaints(), Vec::<String>::new());
        Ok(())
    }
}
