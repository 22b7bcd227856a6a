//! Refunds that wait for staff, who make them on the provider's own pages: what the provider then tells is of those, and of no
//! other refund.

use super::{Awaiting, PaymentProvider, Refund, RefundAttempt, RefundChange, RefundMethod, RefundOutcome, RefundReport, RefundStatus};
use crate::ids::Ids;
use crate::money::Money;
use crate::order::Order;
use crate::time::Timestamp;

/// How long after staff have completed a refund by hand what a provider tells may still be of it: Stripe tells an event for up to
/// three days until it is taken (docs.stripe.com/webhooks).
const TOLD_FOR_HOURS: u64 = 3 * 24;

/// A refund as a provider tells of it, of which no order has heard by its name.
#[derive(Clone, Copy, Debug)]
pub struct Unheard<'a> {
    /// Who tells.
    pub provider: PaymentProvider,
    /// The provider's own name for it.
    pub name: &'a str,
    /// How much it gives back.
    pub amount: Money,
    /// What became of it.
    pub report: &'a RefundReport,
}

impl Unheard<'_> {
    /// The one of an order's refunds that it carries out, where staff have made it: one that they have completed by hand before it
    /// was heard of, else one that still waits for them, of its method and amount, the oldest first. One that is with a provider, or
    /// of which nobody knows what came of it there, has a name of its own.
    #[must_use]
    pub fn of_staff<'r>(&self, refunds: &'r [Refund], now: Timestamp) -> Option<&'r Refund> {
        let oldest = |is: &dyn Fn(&Refund) -> bool| {
            let alike = refunds.iter().filter(|refund| self.is_alike(refund));
            alike.filter(|refund| is(refund)).min_by_key(|refund| refund.id)
        };
        oldest(&|refund| self.was_completed(refund, now)).or_else(|| oldest(&Refund::waits_for_staff))
    }

    fn is_alike(&self, refund: &Refund) -> bool {
        let method = RefundMethod::of_payment(self.provider.payment_method());
        refund.method == method && refund.amount == self.amount && refund.open_attempt().is_none()
    }

    /// One that failed there can't be what they have completed: they made another.
    fn was_completed(&self, refund: &Refund, now: Timestamp) -> bool {
        let by_hand = refund.status == RefundStatus::Completed
            && refund.attempt.is_none()
            && !matches!(self.report.outcome, RefundOutcome::Failed(_));
        by_hand
            && match refund.transaction_reference.as_deref() {
                Some(reference) if reference == self.name => true,
                // Another one of the same provider's.
                Some(reference) if reference.starts_with(prefix(self.name)) => false,
                _ => refund.processed_at.is_some_and(|at| at >= now.minus_hours(TOLD_FOR_HOURS)),
            }
    }
}

/// What a provider's names of one kind begin with: `re_` of `re_1`.
fn prefix(name: &str) -> &str {
    name.find('_').map_or(name, |end| name.get(..=end).unwrap_or(name))
}

impl Refund {
    fn waits_for_staff(&self) -> bool {
        self.status == RefundStatus::Processing && self.awaiting == Some(Awaiting::Staff)
    }

    /// What a provider tells of one that staff made there ([`Unheard::of_staff`]): from now on it is known by the provider's name, and
    /// what is told of that counts as of any other attempt. One that staff have completed stays so.
    #[must_use]
    pub fn made_by_staff(&self, unheard: Unheard<'_>, order: &Order, now: Timestamp, ids: Ids) -> RefundChange {
        let Unheard { provider, name, report, .. } = unheard;
        let known = Self {
            provider: Some(provider),
            attempts: self.attempts + 1,
            attempt: Some(RefundAttempt { key: name.to_owned(), asked_at: now, reference: None, failed: false }),
            awaiting: self.awaiting.map(|_| Awaiting::Provider),
            ..self.clone()
        };
        let change = known.reported(report, order, now, ids).unwrap_or_else(|| {
            let attempt = known.attempt.clone().map(|attempt| RefundAttempt { reference: report.reference.clone(), ..attempt });
            let reference = known.transaction_reference.clone().or_else(|| report.reference.clone());
            let heard = Self { attempt, transaction_reference: reference, ..known.touched(now) };
            heard.remarked(Some(&format!("{provider} knows it as {name}")), now, ids)
        });
        RefundChange { known_as: Some((provider, name.to_owned())), ..change }
    }
}
