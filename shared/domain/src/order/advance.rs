//! Taking an order one step forward by hand.

use super::{Order, OrderStatus};
use crate::actor::Actor;
use crate::event::{Event, EventKind, Subject};
use crate::ids::Ids;
use crate::message::{Announcement, MessageKind};
use crate::time::Timestamp;

/// `INVALID_STATUS_TRANSITION`
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("An order that is {from} can't become {to}.")]
pub struct AdvanceError {
    /// The order's status.
    pub from: OrderStatus,
    /// What was asked for.
    pub to: OrderStatus,
}

impl AdvanceError {
    /// The statuses that may be asked for, cancelling included.
    #[must_use]
    pub fn allowed(&self) -> Vec<OrderStatus> {
        let cancel = self.from.can_be_cancelled().then_some(OrderStatus::Cancelled);
        self.from.next().iter().copied().chain(cancel).collect()
    }
}

/// Everything that a step forward writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advance {
    /// The order after it.
    pub order: Order,
    /// The status before it.
    pub previous: OrderStatus,
    /// `ORDER_STATUS_CHANGED`.
    pub events: Vec<Event>,
}

impl Order {
    /// One step forward.
    ///
    /// # Errors
    /// [`AdvanceError`] when [`OrderStatus::next`] doesn't have it; `CANCELLED` is never among them.
    pub fn advance(
        &self,
        to: OrderStatus,
        note: Option<&str>,
        actor: Actor,
        now: Timestamp,
        mut ids: Ids,
    ) -> Result<Advance, AdvanceError> {
        if !self.status.next().contains(&to) {
            return Err(AdvanceError { from: self.status, to });
        }
        let mut order = Self { status: to, ..self.touched(now) };
        if to == OrderStatus::Delivered {
            order.completed_at = Some(now);
        }
        let event = Event::new(Subject::Order(self.id), order.version, EventKind::OrderStatusChanged, actor, now, &mut ids)
            .from_to(Some(self.status.as_str()), to.as_str())
            .noting(note);
        let told = message_for(to)
            .filter(|kind| order.has_what_it_tells(*kind))
            .map(|kind| Announcement::about(&order, kind, None, None, &mut ids));
        let event = match told {
            Some(told) if to == OrderStatus::ReadyForPickup => event.announcing(told.ready_for_pickup()),
            Some(told) => event.announcing(told),
            None => event,
        };
        Ok(Advance { order, previous: self.status, events: vec![event] })
    }
}

impl Order {
    /// Whether there is anything to tell of: where the money of every piece goes back, nothing is on its way and nothing arrives.
    fn has_what_it_tells(&self, kind: MessageKind) -> bool {
        let goes = matches!(kind, MessageKind::ShippingUpdate | MessageKind::DeliveryNotification);
        !goes || self.items.iter().any(|item| item.outgoing() > 0)
    }
}

const fn message_for(reached: OrderStatus) -> Option<MessageKind> {
    match reached {
        OrderStatus::Confirmed => Some(MessageKind::OrderConfirmed),
        OrderStatus::ReadyForPickup | OrderStatus::Shipped => Some(MessageKind::ShippingUpdate),
        OrderStatus::Delivered => Some(MessageKind::DeliveryNotification),
        OrderStatus::Pending | OrderStatus::Processing | OrderStatus::Cancelled => None,
    }
}
