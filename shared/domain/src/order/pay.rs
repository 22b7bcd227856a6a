//! Marking an order's payment, by hand or by a provider.

use super::{Order, OrderStatus, PaymentStatus};
use crate::actor::Actor;
use crate::event::{Alarm, Event, EventKind, Subject, numbered};
use crate::ids::Ids;
use crate::money::Money;
use crate::refund::{Refund, RefundMethod};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// In days: a payment that was made so much longer before its order was placed may be one that was given back since, or that
/// paid for something else. The web shop places the order when the money has come.
pub const OLDEST_DAYS: u64 = 7;

/// Why what comes for a cancelled order goes back.
const PAID_LATE: &str = "Paid after the order was cancelled";

/// Why what comes for an order that store credit has paid goes back.
const PAID_TWICE: &str = "Paid after store credit had paid for the order";

/// What staff ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentRequest {
    /// `PAID` or `FAILED`.
    pub status: PaymentStatus,
    /// The provider's reference; the one the order has stays when nothing is said.
    pub reference: Option<String>,
}

/// Why a payment is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PaymentError {
    /// `INVALID_STATUS_TRANSITION`
    #[error("A payment that is {from} can't become {to} by hand.")]
    InvalidTransition {
        /// The order's payment status.
        from: PaymentStatus,
        /// What was asked for.
        to: PaymentStatus,
        /// What may be asked for.
        allowed: &'static [PaymentStatus],
    },
    /// `PAYMENT_REFERENCE_USED`
    #[error("The payment reference {0} belongs to another order.")]
    ReferenceUsed(String),
}

/// What became of a payment, as a provider says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PaymentOutcome {
    /// It is under way, or may be tried again.
    Pending,
    /// So much has come.
    Received(Money),
    /// It did not work.
    Failed,
}

/// All that a provider says of a payment: what became of it, and what tells it from others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentReport {
    /// What became of it.
    pub outcome: PaymentOutcome,
    /// Another name that the provider has for the same money: of a charge the payment it belongs to, and the other way round.
    pub alias: Option<String>,
    /// When it was made, where that is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<Timestamp>,
    /// Whether it says, as of now, that nothing of it was given back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_whole: bool,
}

impl From<PaymentOutcome> for PaymentReport {
    fn from(outcome: PaymentOutcome) -> Self {
        Self { outcome, alias: None, made: None, is_whole: false }
    }
}

/// Money that the provider has got for an order and that was not taken for its payment: another amount came than was owed, or it is
/// doubtful that it is still there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MismatchedPayment {
    /// What came.
    pub received: Money,
    /// Whether it was given back in part, or was old, when the order was placed: then staff alone take it for the payment.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_in_doubt: bool,
}

/// Money came for an order, and it is no payment of it.
#[derive(Debug, thiserror::Error)]
enum Mismatch {
    /// Under its reference, and not what was to be paid.
    #[error("{received} came where {expected} were to be paid")]
    AnotherAmount {
        /// What was due.
        expected: Money,
        /// What came.
        received: Money,
    },
    /// Under its reference, and something of it had gone back before.
    #[error("{received} came, and {given_back} of that had been given back before the order was paid")]
    GivenBack {
        /// What came.
        received: Money,
        /// What of it the shop no longer has, or soon won't have.
        given_back: Money,
    },
    /// Under its reference, so long before the order was placed that it may be no payment of it.
    #[error("{received} came {days} days before the order was placed")]
    Old {
        /// What came.
        received: Money,
        /// How long before.
        days: u64,
    },
    /// Under a reference that it had before.
    #[error("{received} came by {reference}, which is no longer the order's payment")]
    EarlierPayment {
        /// That reference.
        reference: String,
        /// What came.
        received: Money,
    },
}

/// Everything that a payment writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// The order after it.
    pub order: Order,
    /// The reference that is new to the order.
    pub new_reference: Option<String>,
    /// For a cancelled order: the money's way back.
    pub refund: Option<Refund>,
    /// `PAYMENT_STATUS_CHANGED` or `PAYMENT_MISMATCHED`, and the refund's.
    pub events: Vec<Event>,
}

impl Order {
    /// The payment statuses that staff may set. A cancelled order's payment can still arrive.
    #[must_use]
    pub const fn next_payment(&self) -> &'static [PaymentStatus] {
        match (self.status, self.payment_status) {
            (OrderStatus::Cancelled, PaymentStatus::Voided | PaymentStatus::Pending | PaymentStatus::Failed) => &[PaymentStatus::Paid],
            (_, PaymentStatus::Pending) => &[PaymentStatus::Paid, PaymentStatus::Failed],
            (_, PaymentStatus::Failed) => &[PaymentStatus::Paid],
            _ => &[],
        }
    }

    /// Marks the payment. One that is confirmed on a cancelled order makes its full refund in the same step.
    ///
    /// # Errors
    /// [`PaymentError::InvalidTransition`] when [`Order::next_payment`] doesn't have it.
    pub fn pay(&self, request: &PaymentRequest, actor: Actor, now: Timestamp, ids: Ids) -> Result<Payment, PaymentError> {
        let allowed = self.next_payment();
        if !allowed.contains(&request.status) {
            return Err(PaymentError::InvalidTransition { from: self.payment_status, to: request.status, allowed });
        }
        let new = request.reference.as_deref().filter(|new| self.payment_reference.as_deref() != Some(*new));
        let order = match new {
            // A note of the staff's own on what came, which they take for the payment.
            Some(note) if request.status == PaymentStatus::Paid && self.mismatched.is_some() && !self.is_of_provider(note) => {
                Self { payment_reference: Some(note.to_owned()), ..self.clone() }
            }
            Some(new) => self.clone().with_reference(new),
            None => self.clone(),
        };
        // Whoever takes more than was owed for the payment can give all of it back later.
        let more = order.received_instead().filter(|came| came.currency == self.currency && came.minor > self.due().minor);
        let payment = order.marked(request.status, more.unwrap_or(self.due()), actor, now, ids);
        Ok(Payment { new_reference: new.map(ToOwned::to_owned), ..payment })
    }

    /// Its payment marked; `amount` is what came where it was paid, beside the credit that was spent on it.
    fn marked(&self, status: PaymentStatus, amount: Money, actor: Actor, now: Timestamp, mut ids: Ids) -> Payment {
        let mut order = Self { payment_status: status, ..self.touched(now) };
        let mut refund = None;
        if status == PaymentStatus::Paid {
            order = order.received(amount);
            if order.status == OrderStatus::Cancelled {
                let method = RefundMethod::of_payment(order.payment_method);
                (order, refund) = order.refund_all(method, PAID_LATE, None, now, &mut ids);
            }
        }
        let paid = Event::new(Subject::Order(self.id), order.version, EventKind::PaymentStatusChanged, actor, now, &mut ids)
            .from_to(Some(self.payment_status.as_str()), order.payment_status.as_str())
            .noting(order.payment_reference.as_deref());
        let refunding = refund.as_ref().map(|refund| refund.created_event(&order, actor, now, &mut ids));
        let events = numbered(std::iter::once(paid).chain(refunding).collect());
        Payment { order, new_reference: None, refund, events }
    }

    /// What a provider says of the payment with this reference, the order's own or an earlier one; nothing where that is no news.
    /// An order that staff marked is marked.
    #[must_use]
    pub fn payment_reported(&self, reference: &str, report: &PaymentReport, now: Timestamp, ids: Ids) -> Option<Payment> {
        if self.payment_reference.as_deref() == Some(reference) {
            let order = report.alias.iter().fold(self.clone(), |order, alias| order.absorbing(alias));
            return order.own_payment_reported(report, now, ids);
        }
        let PaymentOutcome::Received(received) = report.outcome else { return None };
        // By its other name it is the order's own, or has come.
        let is_own = report.alias.is_some() && report.alias == self.payment_reference;
        let other = report.alias.as_deref().and_then(|alias| self.earlier(alias));
        let is_known = is_own || other.is_some_and(|other| other.came.is_some());
        let is_news = self.earlier(reference).is_some_and(|earlier| earlier.came != Some(received));
        if is_known || !is_news || received.minor <= 0 {
            return None;
        }
        let taken = self.clone().taking_earlier(Some(reference));
        if taken.payment_reference.as_deref() == Some(reference) {
            return taken.own_payment_reported(report, now, ids);
        }
        Some(self.earlier_payment_reported(reference, received, now, ids))
    }

    /// Whether a payment can still mark the order, or is owed of it.
    #[must_use]
    pub fn may_be_paid_by(&self, reference: &str) -> bool {
        let is_own = self.payment_reference.as_deref() == Some(reference);
        (is_own && self.next_payment().contains(&PaymentStatus::Paid)) || self.earlier(reference).is_some()
    }

    fn own_payment_reported(&self, report: &PaymentReport, now: Timestamp, ids: Ids) -> Option<Payment> {
        let status = match report.outcome {
            PaymentOutcome::Pending => return None,
            // A failure before money came, however late it is heard of.
            PaymentOutcome::Failed if self.mismatched.is_some() => return None,
            PaymentOutcome::Failed => PaymentStatus::Failed,
            // Staff know of it, and decide.
            PaymentOutcome::Received(received) if self.mismatched == Some(MismatchedPayment { received, is_in_doubt: true }) => {
                return None;
            }
            PaymentOutcome::Received(_) => PaymentStatus::Paid,
        };
        if !self.next_payment().contains(&status) {
            return None;
        }
        if let PaymentOutcome::Received(received) = report.outcome
            && let Some(mismatch) = self.mismatch(received, report.made)
        {
            return self.mismatched(received, &mismatch, now, ids);
        }
        Some(self.marked(status, self.due(), Actor::System, now, ids))
    }

    /// Why what came is no payment of the order, where it is none. For a cancelled one nothing is handed out: whatever came, what is
    /// there of it goes back.
    fn mismatch(&self, received: Money, made: Option<Timestamp>) -> Option<Mismatch> {
        let (expected, given_back) = (self.due(), self.over_refunded());
        if self.status != OrderStatus::Cancelled {
            if !given_back.is_zero() {
                return Some(Mismatch::GivenBack { received, given_back });
            }
            if let Some(made) = made.filter(|made| made.plus_days(OLDEST_DAYS) < self.created_at) {
                return Some(Mismatch::Old { received, days: self.created_at.days_since(made) });
            }
        }
        (received != expected).then_some(Mismatch::AnotherAmount { expected, received })
    }

    /// What came and was not taken for its payment.
    pub(super) fn received_instead(&self) -> Option<Money> {
        self.mismatched.map(|mismatched| mismatched.received)
    }

    /// What came is no payment of the order. Of a cancelled order it goes back; any other stands until staff have decided:
    /// whether they take it for the payment, or cancel the order, which gives it back.
    fn mismatched(&self, received: Money, mismatch: &Mismatch, now: Timestamp, mut ids: Ids) -> Option<Payment> {
        if received.minor <= 0 || self.received_instead() == Some(received) {
            return None;
        }
        let is_in_doubt = matches!(mismatch, Mismatch::GivenBack { .. } | Mismatch::Old { .. });
        let mut order = Self { mismatched: Some(MismatchedPayment { received, is_in_doubt }), ..self.touched(now) };
        let mut refund = None;
        if self.status == OrderStatus::Cancelled {
            let method = RefundMethod::of_payment(self.payment_method);
            (order, refund) = order.unpaid_in_the_end().refund_all(method, PAID_LATE, None, now, &mut ids);
        }
        Some(self.came(order, refund, mismatch, now, &mut ids))
    }

    /// Money came by an earlier payment. Of a cancelled order, and of one that store credit has paid, it goes back; otherwise it is
    /// owed, and staff decide.
    fn earlier_payment_reported(&self, reference: &str, received: Money, now: Timestamp, mut ids: Ids) -> Payment {
        let mut order = self.touched(now).having_heard(reference, received);
        let mut refund = None;
        let is_cancelled = self.status == OrderStatus::Cancelled;
        let is_for_nothing = if is_cancelled { Some(PAID_LATE) } else { self.is_paid_by_credit().then_some(PAID_TWICE) };
        if let Some(reason) = is_for_nothing {
            let method = RefundMethod::of_payment(self.payment_method);
            (order, refund) = order.refund_earlier(reference, method, reason, now, &mut ids);
        }
        self.came(order, refund, &Mismatch::EarlierPayment { reference: reference.to_owned(), received }, now, &mut ids)
    }

    fn came(&self, order: Self, refund: Option<Refund>, mismatch: &Mismatch, now: Timestamp, ids: &mut Ids) -> Payment {
        let is_for_staff = refund.as_ref().map_or_else(|| order.holds_money(), Refund::is_left_to_staff);
        let came = Event::new(Subject::Order(self.id), order.version, EventKind::PaymentMismatched, Actor::System, now, ids)
            .from_to(Some(self.payment_status.as_str()), order.payment_status.as_str())
            .noting(Some(&mismatch.to_string()))
            .raising(is_for_staff.then_some(Alarm::PaymentMismatch));
        let refunding = refund.as_ref().map(|refund| refund.created_event(&order, Actor::System, now, ids));
        let events = numbered(std::iter::once(came).chain(refunding).collect());
        Payment { order, new_reference: None, refund, events }
    }

    /// So much came, and with the credit that was spent on the order it is what was paid. What a provider is known to have given back
    /// before that is no longer there.
    pub(super) fn received(self, came: Money) -> Self {
        // Where store credit has paid for all of it, whatever still comes by its payment is none, and is owed.
        let unpaid = if came.is_zero() { self.without_payment() } else { self };
        let paid = Money::new(came.minor + unpaid.credit_left().minor, unpaid.currency);
        let before = unpaid.over_refunded().minor;
        let gone = before.min(paid.minor);
        let refundable = Money::new(paid.minor - gone, unpaid.currency);
        let mut order = Self { paid, mismatched: None, refundable, ..unpaid };
        order.giving_credit(0);
        order.set_over_refunded(before - gone);
        order.payment_status = order.status_of_refunds();
        order
    }
}
