//! Payments whose reference the order had before staff gave it another, or before store credit paid for it: whether anything came by
//! them stays known, and what did is owed.

use super::{MismatchedPayment, Order, OrderStatus, PaymentStatus};
use crate::money::Money;
use crate::refund::PaymentProvider;
use serde::{Deserialize, Serialize};

/// A payment at a provider that the order had the reference of before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EarlierPayment {
    /// Its reference.
    pub reference: String,
    /// What came by it, once that is known.
    pub came: Option<Money>,
    /// What of it went back or is going back, in the order's currency. Never more than came but where a provider gave it back
    /// beside a refund of ours, or before it said what came.
    pub given_back: Money,
    /// What of that went back.
    pub refunded: Money,
}

impl EarlierPayment {
    /// What the shop has of it.
    #[must_use]
    pub fn held(&self) -> Option<Money> {
        // In another currency than the order's nothing of it is given back here.
        self.came.map(|came| came.minus(self.given_back).unwrap_or(came)).filter(|held| held.minor > 0)
    }

    /// What of it a refund can give back: what the shop has, where that is in the order's currency.
    #[must_use]
    pub fn owed(&self) -> Option<Money> {
        self.held().filter(|held| held.currency == self.given_back.currency)
    }

    /// What of it was given back beyond what came.
    #[must_use]
    pub fn overdrawn(&self) -> Money {
        let beyond = self.came.and_then(|came| self.given_back.minus(came)).map_or(0, |beyond| beyond.minor);
        Money::new(beyond.max(0), self.given_back.currency)
    }

    /// What of it has gone back beyond what came, in smallest units.
    pub(super) fn given_beyond(&self) -> i64 {
        self.came.and_then(|came| self.refunded.minus(came)).map_or(0, |beyond| beyond.minor.max(0))
    }
}

impl Order {
    /// The earlier payment with this reference.
    #[must_use]
    pub fn earlier(&self, reference: &str) -> Option<&EarlierPayment> {
        self.earlier_payments.iter().find(|earlier| earlier.reference == reference)
    }

    /// The earlier payment that one of a provider's names is of; nothing where it is the order's own.
    #[must_use]
    pub fn earlier_named(&self, names: &[String]) -> Option<&str> {
        if names.iter().any(|name| self.payment_reference.as_ref() == Some(name)) {
            return None;
        }
        let earlier = self.earlier_payments.iter().find(|earlier| names.contains(&earlier.reference));
        earlier.map(|earlier| earlier.reference.as_str())
    }

    /// The references of the payments that a provider may still have money of: the order's own while it is not paid and nothing is
    /// known to have come by it, and the earlier ones of which nobody has heard what became of them.
    pub fn open_payments(&self) -> impl Iterator<Item = &str> {
        let is_unpaid = matches!(self.payment_status, PaymentStatus::Pending | PaymentStatus::Failed | PaymentStatus::Voided);
        let is_open = is_unpaid && self.total.minor > 0 && self.mismatched.is_none();
        let own = self.payment_reference.as_deref().filter(|_| is_open);
        let earlier = self.earlier_payments.iter().filter(|earlier| earlier.came.is_none());
        own.into_iter().chain(earlier.map(|earlier| earlier.reference.as_str()))
    }

    /// Whether the shop has money that came for the order and is no payment of it yet.
    pub(crate) fn holds_money(&self) -> bool {
        self.held_money().next().is_some()
    }

    /// That money, by each payment.
    pub(super) fn held_money(&self) -> impl Iterator<Item = Money> {
        self.received_instead().into_iter().chain(self.earlier_payments.iter().filter_map(EarlierPayment::held))
    }

    /// The unpaid order with another reference for its payment. What came by the one before and what went back of it stays known;
    /// that of the new one comes along, where the order had it before.
    pub(super) fn with_reference(self, reference: &str) -> Self {
        let came = self.earlier(reference).and_then(|earlier| earlier.came);
        let mut order = self.without_payment();
        order.payment_reference = Some(reference.to_owned());
        order.mismatched = came.map(|received| MismatchedPayment { received, is_in_doubt: false });
        order.absorbing(reference)
    }

    /// The unpaid order without its own payment at a provider, which is an earlier one from now on. A note of the staff's stays.
    pub(super) fn without_payment(self) -> Self {
        let mut order = self;
        if let Some(reference) = order.payment_reference.clone().filter(|reference| order.is_of_provider(reference)) {
            let came = order.mismatched.take().map(|mismatched| mismatched.received);
            let (given_back, refunded) = (order.over_refunded(), order.refunded_total);
            order.earlier_payments.push(EarlierPayment { reference, came, given_back, refunded });
            order.payment_reference = None;
            order.set_over_refunded(0);
            order.refunded_total = Money::zero(order.currency);
        }
        order
    }

    /// The unpaid order with what went back of an earlier payment in its own books: it is its own, or that by another name.
    pub(super) fn absorbing(self, reference: &str) -> Self {
        let mut order = self;
        if let Some(at) = order.earlier_payments.iter().position(|earlier| earlier.reference == reference) {
            let back = order.earlier_payments.remove(at);
            order.set_over_refunded(order.over_refunded().minor + back.given_back.minor);
            order.refunded_total.minor += back.refunded.minor;
        }
        order
    }

    /// What is on its way back to the customer, of its own payment and of earlier ones.
    #[must_use]
    pub fn going_back(&self) -> Money {
        let earlier: i64 = self.earlier_payments.iter().map(|earlier| earlier.given_back.minor - earlier.refunded.minor).sum();
        Money::new(self.refunding().minor + earlier, self.currency)
    }

    /// What the customer was given back, of its own payment and of earlier ones: what all its completed refunds come to.
    #[must_use]
    pub fn gone_back(&self) -> Money {
        let earlier: i64 = self.earlier_payments.iter().map(|earlier| earlier.refunded.minor).sum();
        Money::new(self.refunded_total.minor + earlier, self.currency)
    }

    /// The order with what came by an earlier payment.
    pub(super) fn having_heard(self, reference: &str, came: Money) -> Self {
        self.changing_earlier(reference, |earlier| earlier.came = Some(came))
    }

    /// The order with more of an earlier payment going back; with less, where it is negative.
    pub(crate) fn giving_earlier(self, reference: &str, minor: i64) -> Self {
        self.changing_earlier(reference, |earlier| earlier.given_back.minor += minor)
    }

    /// The order with more of an earlier payment gone.
    pub(crate) fn having_refunded_earlier(self, reference: &str, amount: Money) -> Self {
        self.changing_earlier(reference, |earlier| earlier.refunded.minor += amount.minor)
    }

    fn changing_earlier(self, reference: &str, change: impl FnOnce(&mut EarlierPayment)) -> Self {
        let mut order = self;
        order.earlier_payments.iter_mut().find(|earlier| earlier.reference == reference).map(change);
        order
    }

    /// The cancelled order with an earlier payment for its own, where nothing else came for it: that money is what was paid, then.
    pub(super) fn taking_earlier(self, reference: Option<&str>) -> Self {
        let nothing_came = self.paid.is_zero() && self.received_instead().is_none_or(|came| came.currency != self.currency);
        match reference.filter(|_| nothing_came && self.status == OrderStatus::Cancelled) {
            Some(reference) => self.with_reference(reference),
            None => self,
        }
    }

    /// Whether a reference is one of the payment's provider; any other is a note of the staff's.
    #[must_use]
    pub fn is_of_provider(&self, reference: &str) -> bool {
        PaymentProvider::of_payment(self.payment_method).is_some_and(|provider| provider.hands_out(reference))
    }
}
