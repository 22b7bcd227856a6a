//! Marking an order's payment, by hand or by a provider.

use super::{Order, OrderStatus, PaymentStatus};
use crate::actor::Actor;
use crate::event::{Event, EventKind, Subject, numbered};
use crate::ids::Ids;
use crate::money::Money;
use crate::refund::{Refund, RefundMethod};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

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

/// What a provider says of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Incoming {
    /// It is under way, or may be tried again.
    Pending,
    /// So much has come.
    Received(Money),
    /// It did not work.
    Failed,
}

/// What a provider says of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Heard {
    /// What became of it.
    pub payment: Incoming,
    /// Another name that the provider has for the same money: of a charge the payment it belongs to, and the other way round.
    pub alias: Option<String>,
}

impl From<Incoming> for Heard {
    fn from(payment: Incoming) -> Self {
        Self { payment, alias: None }
    }
}

/// Money came under an order's reference, and it is not what was to be paid: staff have to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{received} came where {expected} were to be paid")]
pub struct AnotherAmount {
    /// The order's total.
    pub expected: Money,
    /// What came.
    pub received: Money,
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
    /// What staff have to decide on.
    pub mismatch: Option<AnotherAmount>,
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
        // Whoever takes more than was owed for the payment can give all of it back later.
        let more = self.came_instead.filter(|came| came.currency == self.currency && came.minor > self.total.minor);
        Ok(self.marked(request, more.unwrap_or(self.total), actor, now, ids))
    }

    /// Its payment marked; `amount` is what was paid where it was.
    fn marked(&self, request: &PaymentRequest, amount: Money, actor: Actor, now: Timestamp, mut ids: Ids) -> Payment {
        let new_reference = request.reference.clone().filter(|new| self.payment_reference.as_ref() != Some(new));
        let mut order = Self { payment_status: request.status, ..self.touched(now) };
        order.payment_reference = new_reference.clone().or(order.payment_reference);

        let mut refund = None;
        if request.status == PaymentStatus::Paid {
            order = order.received(amount);
            if order.status == OrderStatus::Cancelled {
                let method = RefundMethod::of_payment(order.payment_method);
                (order, refund) = order.refund_all(method, "Paid after the order was cancelled", None, now, &mut ids);
            }
        }
        self.payment(order, new_reference, refund, actor, now, &mut ids)
    }

    /// What its provider says of its payment; nothing where that is no news. An order that staff marked is marked.
    #[must_use]
    pub fn payment_told(&self, payment: Incoming, now: Timestamp, ids: Ids) -> Option<Payment> {
        let status = match payment {
            Incoming::Pending => return None,
            // A failure before money came, however late it is heard of.
            Incoming::Failed if self.came_instead.is_some() => return None,
            Incoming::Failed => PaymentStatus::Failed,
            Incoming::Received(_) => PaymentStatus::Paid,
        };
        if !self.next_payment().contains(&status) {
            return None;
        }
        match payment {
            Incoming::Received(received) if received != self.total => self.mismatched(received, now, ids),
            _ => Some(self.marked(&PaymentRequest { status, reference: None }, self.total, Actor::System, now, ids)),
        }
    }

    /// Another amount came than was to be paid. Of a cancelled order it goes back; any other stands until staff have decided:
    /// whether they take it for the payment, or cancel the order, which gives it back.
    fn mismatched(&self, received: Money, now: Timestamp, mut ids: Ids) -> Option<Payment> {
        if received.minor <= 0 || self.came_instead == Some(received) {
            return None;
        }
        let mismatch = AnotherAmount { expected: self.total, received };
        let mut order = Self { came_instead: Some(received), ..self.touched(now) };
        let mut refund = None;
        if self.status == OrderStatus::Cancelled {
            let method = RefundMethod::of_payment(self.payment_method);
            (order, refund) = order.unpaid_in_the_end().refund_all(method, "Paid after the order was cancelled", None, now, &mut ids);
        }
        let came = Event::new(Subject::Order(self.id), order.version, EventKind::PaymentMismatched, Actor::System, now, &mut ids)
            .from_to(Some(self.payment_status.as_str()), order.payment_status.as_str())
            .noting(Some(&mismatch.to_string()));
        let refunding = refund.as_ref().map(|refund| refund.created_event(&order, Actor::System, now, &mut ids));
        let events = numbered(std::iter::once(came).chain(refunding).collect());
        let mismatch = refund.is_none().then_some(mismatch);
        Some(Payment { order, new_reference: None, refund, mismatch, events })
    }

    /// So much was paid. What a provider is known to have given back before that is no longer there.
    pub(super) fn received(self, amount: Money) -> Self {
        let before = self.over_refunded().minor;
        let gone = before.min(amount.minor);
        let mut order = Self { paid: amount, came_instead: None, refundable: Money::new(amount.minor - gone, self.currency), ..self };
        order.set_over_refunded(before - gone);
        order.payment_status = order.status_of_refunds();
        order
    }

    fn payment(
        &self,
        order: Self,
        new_reference: Option<String>,
        refund: Option<Refund>,
        actor: Actor,
        now: Timestamp,
        ids: &mut Ids,
    ) -> Payment {
        let paid = Event::new(Subject::Order(self.id), order.version, EventKind::PaymentStatusChanged, actor, now, ids)
            .from_to(Some(self.payment_status.as_str()), order.payment_status.as_str())
            .noting(order.payment_reference.as_deref());
        let refunding = refund.as_ref().map(|refund| refund.created_event(&order, actor, now, ids));
        Payment { order, new_reference, refund, mismatch: None, events: numbered(std::iter::once(paid).chain(refunding).collect()) }
    }
}
