//! Marking an order's payment, by hand or by a provider.

use super::{Order, OrderStatus, PaymentStatus};
use crate::actor::Actor;
use crate::event::{Event, EventKind, Subject, numbered};
use crate::ids::Ids;
use crate::refund::{Refund, RefundMethod};
use crate::time::Timestamp;

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

/// Everything that a payment writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// The order after it.
    pub order: Order,
    /// The reference that is new to the order.
    pub new_reference: Option<String>,
    /// For a cancelled order: the money's way back.
    pub refund: Option<Refund>,
    /// `PAYMENT_STATUS_CHANGED`, and the refund's.
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
    pub fn pay(&self, request: &PaymentRequest, actor: Actor, now: Timestamp, mut ids: Ids) -> Result<Payment, PaymentError> {
        let allowed = self.next_payment();
        if !allowed.contains(&request.status) {
            return Err(PaymentError::InvalidTransition { from: self.payment_status, to: request.status, allowed });
        }
        let new_reference = request.reference.clone().filter(|new| self.payment_reference.as_ref() != Some(new));
        let mut order = Self { payment_status: request.status, ..self.touched(now) };
        order.payment_reference = new_reference.clone().or(order.payment_reference);

        let mut refund = None;
        if request.status == PaymentStatus::Paid {
            order = Self { paid: order.total, refundable: order.total, ..order };
            if order.status == OrderStatus::Cancelled {
                let method = RefundMethod::of_payment(order.payment_method);
                (order, refund) = order.refund_all(method, "Paid after the order was cancelled", None, now, &mut ids);
            }
        }
        let paid = Event::new(Subject::Order(self.id), order.version, EventKind::PaymentStatusChanged, actor, now, &mut ids)
            .from_to(Some(self.payment_status.as_str()), order.payment_status.as_str())
            .noting(order.payment_reference.as_deref());
        let refunding = refund.as_ref().map(|refund| refund.created_event(&order, actor, now, &mut ids));
        Ok(Payment { order, new_reference, refund, events: numbered(std::iter::once(paid).chain(refunding).collect()) })
    }
}
