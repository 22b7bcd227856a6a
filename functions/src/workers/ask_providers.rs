//! Asks payment providers after whatever stays open: a callback can get lost, a payment can come before its order.

use super::process_refund;
use super::sweep::{Sweep, Swept};
use crate::payments::{incoming, pawapay, payment_at, stripe};
use api::Shop;
use api::batch::Outcome;
use domain::order::{Order, PaymentMethod};
use domain::refund::Refund;
use domain::time::Timestamp;
use providers::{Gateway, PawaPay, Stripe};
use store::CommitError;

/// How long a provider's own word is waited for, in minutes.
const PATIENCE: u64 = 2;

/// After this many hours with a provider somebody should look why.
const STUCK_AFTER: u64 = 24;

/// In minutes, as the template runs it.
const EVERY: u64 = 5;

/// For so long a payment is asked after by every run; later once an hour.
const FRESH_FOR: u64 = 60;

/// For so many hours after its order's last change one is asked after that nobody waits for: the order was cancelled, or went
/// out unpaid. Providers have settled every payment long before.
const LATE_FOR: u64 = 7 * 24;

/// Looks after every refund that is with its provider, and every order whose payment is.
pub async fn run(shop: &Shop) -> Swept {
    let now = shop.clock.now();
    let refunds = shop.store.refunds_with_provider(now.minus_minutes(PATIENCE));
    let refunds = Sweep::of(shop, "refunds with their provider").each(refunds, |refund: Refund| settle(shop, refund, now)).await;
    let gateways = match Gateways::of(shop).await {
        Ok(gateways) => gateways,
        Err(error) => {
            tracing::error!(%error, "no provider can be asked after payments");
            return refunds.and(Swept { failed: 1, ..Swept::default() });
        }
    };
    let orders = shop.store.unpaid_orders(now.minus_minutes(PATIENCE));
    let gateways = &gateways;
    let orders = Sweep::of(shop, "payments under way").each(orders, |order: Order| gateways.look_after(shop, order, now)).await;
    let late = shop.store.paid_late(now.minus_hours(LATE_FOR), now.minus_minutes(PATIENCE));
    let late = Sweep::of(shop, "payments that may come late").each(late, |order: Order| gateways.look_after(shop, order, now)).await;
    refunds.and(orders).and(late)
}

/// Whether it is settled now.
async fn settle(shop: &Shop, refund: Refund, now: Timestamp) -> Result<bool, CommitError> {
    let since = refund.attempt.as_ref().map_or(refund.updated_at, |attempt| attempt.asked_at);
    if since <= now.minus_hours(STUCK_AFTER) {
        tracing::error!(alarm = "refund-stuck", refund = %refund.id, "a refund has been with its provider for a day");
    }
    if !is_due_again(&refund, now) {
        return Ok(false);
    }
    match process_refund::carry_out(shop, &refund).await {
        Outcome::Done => Ok(shop.store.refund(refund.id).await?.is_some_and(|after| after.status != refund.status)),
        Outcome::Again(why) | Outcome::At(_, why) => {
            tracing::warn!(refund = %refund.id, why, "a refund stays open");
            Ok(false)
        }
    }
}

/// What was refused for now is tried again after five minutes more each time, up to an hour.
fn is_due_again(refund: &Refund, now: Timestamp) -> bool {
    let pause = if refund.failure_reason.is_some() { (u64::from(refund.attempts) * EVERY).min(60) } else { 0 };
    refund.updated_at <= now.minus_minutes(pause)
}

/// The providers that the shop has an account with.
struct Gateways {
    stripe: Option<Stripe>,
    pawapay: Option<PawaPay>,
}

impl Gateways {
    async fn of(shop: &Shop) -> Result<Self, providers::AskError> {
        Ok(Self { stripe: stripe(shop).await?, pawapay: pawapay(shop).await? })
    }

    /// Whether the order's payment was marked.
    async fn look_after(&self, shop: &Shop, order: Order, now: Timestamp) -> Result<bool, CommitError> {
        let since = if order.awaits_payment() { order.created_at } else { order.updated_at };
        if !is_due(since, now) {
            return Ok(false);
        }
        match order.payment_method {
            PaymentMethod::Card => ask(shop, self.stripe.as_ref(), &order).await,
            PaymentMethod::MobileMoney => ask(shop, self.pawapay.as_ref(), &order).await,
            PaymentMethod::CashOnDelivery => Ok(false),
        }
    }
}

async fn ask<G: Gateway>(shop: &Shop, gateway: Option<&G>, order: &Order) -> Result<bool, CommitError> {
    let (Some(gateway), Some(reference)) = (gateway, payment_at::<G>(order)) else { return Ok(false) };
    match gateway.payment(reference).await {
        Ok(Some(heard)) => incoming::told_of_order(shop, order.id, reference, &heard).await,
        Ok(None) => Ok(false),
        Err(error) => {
            // The provider's own trouble: the next run asks again.
            tracing::warn!(order = %order.id, %error, "a payment can't be asked after");
            Ok(false)
        }
    }
}

/// Every run for an hour, then the first run of each hour.
fn is_due(since: Timestamp, now: Timestamp) -> bool {
    let minutes = now.0.saturating_sub(since.0) / 60_000;
    minutes < FRESH_FOR || minutes % 60 < EVERY
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payment_is_asked_after_often_at_first_and_then_once_an_hour() {
        let times = |minutes: std::ops::Range<u64>| {
            let runs = minutes.filter(|minute| minute % EVERY == 3).map(|minute| Timestamp(minute * 60_000));
            runs.filter(|now| is_due(Timestamp(0), *now)).count()
        };
        assert_eq!((times(0..60), times(60..120), times(60..1440)), (12, 1, 23));
    }
}
