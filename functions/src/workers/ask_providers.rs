//! Asks payment providers after whatever stays open: a callback can get lost, a payment or a refund can come before its order. A
//! refund whose job got lost it carries out itself.

use super::process_refund;
use super::sweep::{Looked, Sweep, Swept};
use crate::payments::{UntakenError, incoming, is_at, pawapay, refund_reports, stripe};
use api::Shop;
use api::batch::Outcome;
use domain::order::{Order, PaymentMethod, PaymentReport};
use domain::refund::{PaymentProvider, ProviderRefund, Refund, RefundMethod, RefundReport};
use domain::time::Timestamp;
use providers::{AskError, Asked, Gateway, PawaPay, Stripe};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;
use store::CommitError;
use tokio::time::{Instant, timeout};

/// How long a provider's own word is waited for, in minutes.
const PATIENCE: u64 = 2;

/// For so long a refund that no worker has taken up is left to its job, in minutes: one that is lost comes no more, and a job that is
/// only late finds it taken up, as any other that comes twice.
const JOB_COMES_WITHIN: u64 = 15;

/// After this many hours with a provider, or with nobody, somebody should look why.
const STUCK_AFTER: u64 = 24;

/// In minutes, as the template runs it.
const EVERY: u64 = 5;

/// In minutes: for so long a payment is asked after by every run, and then every so often.
const FRESH_FOR: u64 = 60;

/// For so many hours after its order's last change one is asked after that nobody waits for: the order was cancelled, went out
/// unpaid, or got the reference of another payment. Providers have settled every payment long before.
const LATE_FOR: u64 = 7 * 24;

/// In hours: for so long the order that staff gave a refunded payment's reference is looked for. What is kept for longer is for
/// payments that mark an order by themselves, which look for it.
const EARLY_FOR: u64 = 30 * 24;

/// A provider that has left so many questions of a walk in a row unanswered is asked no more in it: whoever is with another one
/// is not to wait for it. The next walk begins with it anew, since a refund that is never answered says nothing of payments.
const MOST_SILENT: u32 = 3;

/// The walks of a run, which share its time.
const WALKS: u32 = 6;

/// Why a question was given up early.
const STILL_SILENT: &str = "it was silent before, and still is";

/// What a run may do: the function has 180 s, and what is begun is done with.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// How long it begins with more.
    pub longest: Duration,
    /// How long it stays with one record: a provider answers within 20 s or not at all, and may be asked twice.
    pub longest_each: Duration,
    /// How long it waits for a provider that has not answered the question before, whichever walk that was of: one that is out
    /// of order and says nothing is not to take the time of all walks.
    pub longest_again: Duration,
    /// Records of each walk.
    pub most: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { longest: Duration::from_mins(2), longest_each: Duration::from_secs(45), longest_again: Duration::from_secs(5), most: 500 }
    }
}

/// Looks after every refund that is with its provider or with nobody, and every order whose payment is.
pub async fn run(shop: &Shop) -> Swept {
    within(shop, Bounds::default()).await
}

/// Looks after as many of them as the bounds allow; the next run goes on where this one has stopped.
pub async fn within(shop: &Shop, bounds: Bounds) -> Swept {
    let now = shop.clock.now();
    let store = &shop.store;
    let (heard_of, fresh) = (now.minus_minutes(PATIENCE), now.minus_minutes(FRESH_FOR));
    let mut time = Shares { end: Instant::now() + bounds.longest, left: WALKS };
    let (gateways, unread) = Gateways::of(shop, bounds.longest_again).await;
    let mut sweep = |what| {
        gateways.begin_walk();
        Sweep::of(shop, what).bounded(time.next(), bounds.longest_each, bounds.most)
    };
    let settle = |refund: Refund| gateways.settle(shop, refund, now);
    let refunds = sweep("refunds-with-their-provider").in_rounds(store.refunds_under_way(heard_of), 0, settle).await;
    let early = store.waiting_early_refunds(now.minus_hours(EARLY_FOR), now);
    let early = sweep("early-refunds").in_rounds(early, 0, |early| look_for_order(shop, early)).await;
    let ask = |order: Order| gateways.look_after(shop, order);
    let late = now.minus_hours(LATE_FOR);
    let new = sweep("new-payments").in_rounds(store.unpaid_orders_since(Timestamp(fresh.0 + 1), heard_of), 0, ask).await;
    let old = sweep("payments").in_rounds(store.unpaid_orders(fresh), FRESH_FOR, ask).await;
    let new_late = sweep("new-late-payments").in_rounds(store.paid_late(Timestamp(fresh.0 + 1), heard_of), 0, ask).await;
    let old_late = sweep("late-payments").in_rounds(store.paid_late(late, fresh), FRESH_FOR, ask).await;
    [refunds, early, new, old, new_late, old_late].into_iter().fold(unread, Swept::and)
}

/// The time of a run, in equal shares for the walks that are left.
struct Shares {
    end: Instant,
    left: u32,
}

impl Shares {
    /// When the next walk is to stop.
    fn next(&mut self) -> Instant {
        let now = Instant::now();
        let share = self.end.saturating_duration_since(now) / self.left.max(1);
        self.left = self.left.saturating_sub(1);
        now + share
    }
}

/// Whether the order of its payment is there now.
async fn look_for_order(shop: &Shop, early: ProviderRefund) -> Result<bool, CommitError> {
    refund_reports::look_after(shop, &early).await
}

/// What was refused for now is tried again after five minutes more each time, up to an hour.
fn is_due(refund: &Refund, now: Timestamp) -> bool {
    let pause = match (refund.awaiting, &refund.failure_reason) {
        (None, _) => JOB_COMES_WITHIN,
        (Some(_), Some(_)) => (u64::from(refund.attempts) * EVERY).min(60),
        (Some(_), None) => 0,
    };
    refund.updated_at <= now.minus_minutes(pause)
}

/// Whether a refund is settled now.
async fn looked_after(shop: &Shop, refund: &Refund, outcome: Outcome) -> Result<Looked, CommitError> {
    match outcome {
        Outcome::Done => {
            let after = shop.store.refund(refund.id).await?;
            Ok(Looked::from(after.is_some_and(|after| after.status != refund.status)))
        }
        Outcome::Again(why) | Outcome::At(_, why) => {
            tracing::warn!(refund = %refund.id, why, "a refund stays open");
            Ok(Looked::UNANSWERED)
        }
    }
}

/// The providers, as far as this run can ask them.
struct Gateways {
    stripe: Account<Stripe>,
    pawapay: Account<PawaPay>,
}

/// What a run has of a provider.
enum Account<G> {
    /// The shop has none with it.
    None,
    Open(Questioned<G>),
    /// Its key can't be read now. What is with it waits, and nothing else does.
    Locked,
}

impl Gateways {
    /// Each for itself, and as failed what can't be asked.
    async fn of(shop: &Shop, longest_again: Duration) -> (Self, Swept) {
        let (stripe, pawapay) = (stripe(shop).await, pawapay(shop).await);
        let gateways = Self { stripe: Account::of(stripe, longest_again), pawapay: Account::of(pawapay, longest_again) };
        let locked = usize::from(gateways.stripe.is_locked()) + usize::from(gateways.pawapay.is_locked());
        (gateways, Swept { failed: locked, ..Swept::default() })
    }

    /// Who was silent in the walk before may be asked again.
    fn begin_walk(&self) {
        self.stripe.begin_walk();
        self.pawapay.begin_walk();
    }

    /// Whether the refund is settled now, or its provider leaves that open.
    async fn settle(&self, shop: &Shop, refund: Refund, now: Timestamp) -> Result<Looked, CommitError> {
        let Some(since) = refund.under_way_since() else { return Ok(Looked::default()) };
        if since <= now.minus_hours(STUCK_AFTER) {
            tracing::error!(alarm = "refund-stuck", refund = %refund.id, "a refund has been under way for a day");
        }
        if !is_due(&refund, now) {
            return Ok(Looked::default());
        }
        if refund.awaiting.is_none() {
            tracing::warn!(refund = %refund.id, "no worker has taken a refund up");
        }
        match refund.method {
            RefundMethod::Card => self.stripe.settle(shop, &refund).await,
            RefundMethod::MobileMoney => self.pawapay.settle(shop, &refund).await,
            RefundMethod::StoreCredit | RefundMethod::Cash => {
                looked_after(shop, &refund, process_refund::by_ourselves(shop, &refund).await).await
            }
        }
    }

    /// Whether the order's payment was marked, or its provider leaves that open.
    async fn look_after(&self, shop: &Shop, order: Order) -> Result<Looked, CommitError> {
        match order.payment_method {
            PaymentMethod::Card => self.stripe.ask(shop, &order).await,
            PaymentMethod::MobileMoney => self.pawapay.ask(shop, &order).await,
            PaymentMethod::CashOnDelivery => Ok(Looked::default()),
        }
    }
}

impl<G: Gateway> Account<G> {
    fn of(found: Result<Option<G>, AskError>, longest_again: Duration) -> Self {
        match found {
            Ok(Some(gateway)) => {
                let (silent, answers) = (AtomicU32::new(0), AtomicBool::new(true));
                Self::Open(Questioned { gateway, longest_again, silent, answers })
            }
            Ok(None) => Self::None,
            Err(error) => {
                tracing::error!(provider = %G::PROVIDER, %error, "a provider can't be asked: its key can't be read");
                Self::Locked
            }
        }
    }

    const fn is_locked(&self) -> bool {
        matches!(self, Self::Locked)
    }

    fn begin_walk(&self) {
        if let Self::Open(provider) = self {
            provider.silent.store(0, Ordering::Relaxed);
        }
    }

    async fn settle(&self, shop: &Shop, refund: &Refund) -> Result<Looked, CommitError> {
        let outcome = match self {
            Self::Locked => return Ok(Looked::UNANSWERED),
            Self::Open(provider) if provider.is_silent() => return Ok(Looked::UNASKED),
            Self::Open(provider) => process_refund::at_provider(shop, refund, Some(provider)).await,
            Self::None => process_refund::at_provider::<G>(shop, refund, None).await,
        };
        looked_after(shop, refund, outcome).await
    }

    /// Asks after each of the order's payments that may still come.
    async fn ask(&self, shop: &Shop, order: &Order) -> Result<Looked, CommitError> {
        let mut looked = Looked::default();
        for reference in order.open_payments().filter(|reference| is_at::<G>(order, reference)) {
            looked = looked.and(self.ask_after(shop, order, reference).await?);
        }
        Ok(looked)
    }

    async fn ask_after(&self, shop: &Shop, order: &Order, reference: &str) -> Result<Looked, CommitError> {
        let said = match self {
            Self::Locked => return Ok(Looked::UNANSWERED),
            Self::Open(provider) if provider.is_silent() => return Ok(Looked::UNASKED),
            Self::Open(provider) => provider.payment(reference).await,
            // Nobody can be asked, so what was told before there was the order is all there is.
            Self::None => Ok(shop.store.early_payment(order.payment_method, reference).await?),
        };
        match said {
            Ok(Some(report)) => match incoming::take_for_order(shop, order.payment_method, order.id, reference, &report).await {
                Ok(was_news) => Ok(Looked::from(was_news)),
                Err(UntakenError::Commit(error)) => Err(error),
                Err(UntakenError::Ask(error)) => Ok(not_asked(order, &error)),
            },
            Ok(None) => Ok(Looked::default()),
            Err(error) => Ok(not_asked(order, &error)),
        }
    }
}

/// The provider's own trouble: a later run asks again.
fn not_asked(order: &Order, error: &AskError) -> Looked {
    tracing::warn!(order = %order.id, %error, "a payment can't be asked after");
    if matches!(error, AskError::Unanswered(_)) { Looked::UNANSWERED } else { Looked::default() }
}

/// A provider, and what has come of its questions.
struct Questioned<G> {
    gateway: G,
    longest_again: Duration,
    /// How many questions of the walk in a row it has left unanswered.
    silent: AtomicU32,
    /// Whether it has answered the last question of the run.
    answers: AtomicBool,
}

impl<G: Gateway> Questioned<G> {
    fn is_silent(&self) -> bool {
        self.silent.load(Ordering::Relaxed) >= MOST_SILENT
    }

    /// Counted before it is asked, so that a question which is given up counts, too.
    async fn noting<T>(&self, question: impl Future<Output = Result<T, AskError>> + Send) -> Result<T, AskError> {
        self.silent.fetch_add(1, Ordering::Relaxed);
        let answer = if self.answers.swap(false, Ordering::Relaxed) {
            question.await
        } else {
            timeout(self.longest_again, question).await.unwrap_or_else(|_| Err(AskError::Unanswered(STILL_SILENT.into())))
        };
        if !matches!(answer, Err(AskError::Unanswered(_))) {
            self.silent.store(0, Ordering::Relaxed);
            self.answers.store(true, Ordering::Relaxed);
        }
        answer
    }
}

impl<G: Gateway> Gateway for Questioned<G> {
    const PROVIDER: PaymentProvider = G::PROVIDER;

    async fn refund(&self, asked: Asked<'_>) -> Result<RefundReport, AskError> {
        self.noting(self.gateway.refund(asked)).await
    }

    async fn refund_state(&self, asked: Asked<'_>) -> Result<Option<RefundReport>, AskError> {
        self.noting(self.gateway.refund_state(asked)).await
    }

    async fn payment(&self, reference: &str) -> Result<Option<PaymentReport>, AskError> {
        self.noting(self.gateway.payment(reference)).await
    }
}
