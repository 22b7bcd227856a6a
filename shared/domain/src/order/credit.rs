//! Store credit that is spent on an order: a part of what is paid for it, and it goes back as store credit alone.

use super::{EarlierPayment, Order, OrderStatus, PaymentMethod, PaymentStatus};
use crate::actor::Actor;
use crate::event::{Event, EventKind, Subject, numbered};
use crate::ids::{CreditEntryId, Ids};
use crate::money::{Currency, Money};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// What stands for a payment's reference where an order that was never paid owes the credit that was spent on it. No provider
/// hands it out.
const OWED: &str = "store-credit";

/// The store credit that was spent on an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SpentCredit {
    /// All of it: so much less is to be paid otherwise.
    pub redeemed: Money,
    /// What of it may still be given back: a part of `refundable` once the order is paid. Never more than `redeemed`.
    pub left: Money,
}

/// Why credit can't be spent on an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpendError {
    /// `ORDER_NOT_PAYABLE`
    #[error("The order is {status} and its payment {payment}: nothing is to be paid for it.")]
    NotPayable {
        /// Where it is.
        status: OrderStatus,
        /// Where its money is.
        payment: PaymentStatus,
    },
    /// `CURRENCY_MISMATCH`
    #[error("The order is in {ordered}; credit in {offered} can't pay for it.")]
    CurrencyMismatch {
        /// The order's.
        ordered: Currency,
        /// The credit's.
        offered: Currency,
    },
    /// `CREDIT_EXCEEDS_DUE`
    #[error("{due} are still to be paid for the order; {asked} of credit are more.")]
    ExceedsDue {
        /// What is to be paid.
        due: Money,
        /// What was asked for.
        asked: Money,
    },
}

/// Everything that spending credit writes about the order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditSpent {
    /// The order after it.
    pub order: Order,
    /// `STORE_CREDIT_REDEEMED`, and `PAYMENT_STATUS_CHANGED` where it is all that was missing.
    pub events: Vec<Event>,
}

impl Order {
    /// What is to be paid for it, or was, but for the store credit spent on it.
    #[must_use]
    pub fn due(&self) -> Money {
        Money::new(self.total.minor - self.credit.map_or(0, |credit| credit.redeemed.minor), self.currency)
    }

    /// Whether store credit has paid for all of it, so that no other money is to come for it.
    #[must_use]
    pub fn is_paid_by_credit(&self) -> bool {
        self.credit.is_some() && self.due().is_zero() && !self.paid.is_zero()
    }

    /// What whoever hands the order's first parcel over takes for all of it, in cash; nothing where none is to come.
    #[must_use]
    pub fn to_collect(&self) -> Option<Money> {
        let is_cash = matches!(self.payment_method, PaymentMethod::CashOnDelivery);
        (is_cash && self.is_to_be_paid()).then(|| self.due())
    }

    /// What of the store credit spent on it may still be given back.
    #[must_use]
    pub(crate) fn credit_left(&self) -> Money {
        self.credit.map_or(Money::zero(self.currency), |credit| credit.left)
    }

    /// Spends credit on the order while it is to be paid. Where nothing is missing after that, it is paid.
    ///
    /// # Errors
    /// See [`SpendError`].
    pub fn spend_credit(
        &self,
        amount: Money,
        redemption: CreditEntryId,
        actor: Actor,
        now: Timestamp,
        ids: &mut Ids,
    ) -> Result<CreditSpent, SpendError> {
        let (status, payment) = (self.status, self.payment_status);
        if !self.is_to_be_paid() {
            return Err(SpendError::NotPayable { status, payment });
        }
        if amount.currency != self.currency {
            return Err(SpendError::CurrencyMismatch { ordered: self.currency, offered: amount.currency });
        }
        let due = self.due();
        if amount.minor > due.minor {
            return Err(SpendError::ExceedsDue { due, asked: amount });
        }
        let add = |sum: Money| Money::new(sum.minor + amount.minor, sum.currency);
        let redeemed = add(Money::new(self.total.minor - due.minor, self.currency));
        let mut order = Self { credit: Some(SpentCredit { redeemed, left: add(self.credit_left()) }), ..self.touched(now) };
        let mut events = vec![
            Event::new(Subject::Order(self.id), order.version, EventKind::StoreCreditRedeemed, actor, now, ids)
                .noting(Some(&format!("Redemption {redemption} of {amount}"))),
        ];
        let rest = order.due();
        let is_all_there = match order.mismatched {
            // What may be gone, or is, pays nothing without staff's word.
            Some(came) => came.received == rest && !came.is_in_doubt && order.over_refunded().is_zero(),
            None => rest.is_zero(),
        };
        if is_all_there {
            order = order.received(rest);
            events.extend(order.payment_event(payment, actor, now, ids));
        }
        Ok(CreditSpent { order, events: numbered(events) })
    }

    /// The order without the credit that was spent on it, which is owed from now on beside whatever else is paid or goes back.
    pub(super) fn owing_credit(self) -> Self {
        let mut order = self;
        let zero = Money::zero(order.currency);
        if let Some(credit) = order.credit.as_mut().filter(|credit| !credit.left.is_zero()) {
            let came = Some(std::mem::replace(&mut credit.left, zero));
            order.earlier_payments.push(EarlierPayment { reference: OWED.to_owned(), came, given_back: zero, refunded: zero });
        }
        order
    }

    /// What may still be given back otherwise than as store credit.
    #[must_use]
    pub(crate) fn refundable_otherwise(&self) -> Money {
        Money::new(self.refundable.minor - self.credit_left().minor, self.currency)
    }

    /// Whether nothing but store credit may still be given back.
    #[must_use]
    pub(crate) fn has_credit_alone(&self) -> bool {
        !self.refundable.is_zero() && self.refundable_otherwise().is_zero()
    }

    /// With so much less of its credit left to be given back; with more, where it is negative. Once the order is paid what is left is
    /// never more than all that may be given back, which a provider may have taken of.
    pub(crate) fn giving_credit(&mut self, minor: i64) {
        let most = if self.paid.is_zero() { i64::MAX } else { self.refundable.minor };
        if let Some(credit) = &mut self.credit {
            credit.left.minor = (credit.left.minor - minor).clamp(0, most.max(0));
        }
    }
}

impl EarlierPayment {
    /// Whether it is store credit that was spent on the order.
    pub(crate) fn is_credit(&self) -> bool {
        self.reference == OWED
    }
}
