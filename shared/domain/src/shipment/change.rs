//! What a changed parcel writes: itself, its order as far as that follows, and what the customer is told.

use super::{Shipment, ShipmentStatus, TrackingNumber};
use crate::actor::Actor;
use crate::event::{Event, EventKind, Subject, numbered};
use crate::ids::Ids;
use crate::message::{Announcement, MessageKind};
use crate::order::{Order, OrderStatus};
use crate::time::Timestamp;

/// A tracking number that becomes a parcel's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NumberClaim {
    /// On nobody else having it: our own numbers, and what staff enter.
    Unique(TrackingNumber),
    /// Whoever has it: a carrier that gave it out knows best, and uses its numbers again after some months.
    Given(TrackingNumber),
}

/// Everything that a change of a parcel writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShipmentChange {
    /// The parcel after it.
    pub shipment: Shipment,
    /// Its order, where that follows.
    pub order: Option<Order>,
    /// A number that is new to it.
    pub number: Option<NumberClaim>,
    /// What happened.
    pub events: Vec<Event>,
}

/// Who changed a parcel, when and how.
pub(super) struct Cause<'a> {
    pub kind: EventKind,
    pub actor: Actor,
    pub note: Option<&'a str>,
    pub now: Timestamp,
}

impl Shipment {
    /// The whole change that made this parcel of `before`: the order follows its parcels, and the customer is told once
    /// that the parcel is on its way, once of each other number that it gets then, and once that the order arrived.
    pub(super) fn changed(mut self, before: Option<&Self>, order: &Order, cause: &Cause<'_>, mut ids: Ids) -> ShipmentChange {
        let ids = &mut ids;
        let previous = before.map(|before| before.status);
        let after = order.with_parcel(&self.items, previous, self.status, cause.now);
        let known = after.as_ref().unwrap_or(order);
        let (subject, version) = match &after {
            Some(order) => (Subject::Order(order.id), order.version),
            None => (Subject::Shipment(self.id), self.version),
        };
        let replaced = self.replaced_number(before);
        let told = self.is_on_its_way(known) && (!self.announced || replaced.is_some());
        self.announced |= told;
        let mut event = Event::new(subject, version, cause.kind, cause.actor, cause.now, ids)
            .from_to(previous.map(ShipmentStatus::as_str), self.status.as_str())
            .noting(Some(&self.described(cause.note)));
        if told {
            let number = self.tracking_number.as_ref().map(TrackingNumber::as_str);
            let announcement = Announcement::about(known, MessageKind::ShippingUpdate, None, None, ids);
            let announcement = announcement.of_parcel(&self.items, known).with_tracking_number(number);
            event = event.announcing(announcement.replacing(replaced.map(TrackingNumber::as_str)));
        }
        let was_due = before.is_some_and(|before| before.booking.is_due());
        if self.booking.is_due() && !was_due {
            event = event.with_shipment_due(self.id);
        }
        let mut events = vec![event];
        events.extend(known.step_events(order.status, self.tracking_number.as_ref(), cause.actor, cause.now, ids));
        let is_new = |number: &&TrackingNumber| before.and_then(|before| before.tracking_number.as_ref()) != Some(*number);
        let number = self.tracking_number.as_ref().filter(is_new).cloned().map(NumberClaim::Unique);
        ShipmentChange { shipment: self, order: after, number, events: numbered(events) }
    }

    /// The number that the customer looks for it by, where it has another now.
    fn replaced_number<'a>(&self, before: Option<&'a Self>) -> Option<&'a TrackingNumber> {
        let told = before.filter(|before| before.announced).and_then(|before| before.tracking_number.as_ref());
        told.filter(|told| self.tracking_number.as_ref() != Some(*told))
    }

    /// On its way, as soon as it has a number or moves; not once it is there or will not come. Once its order has arrived nobody waits
    /// for it, unless it was made since then, of what is owed again.
    fn is_on_its_way(&self, order: &Order) -> bool {
        let moves = match self.status {
            ShipmentStatus::Pending => self.tracking_number.is_some(),
            ShipmentStatus::PickedUp | ShipmentStatus::InTransit | ShipmentStatus::OutForDelivery => true,
            ShipmentStatus::Delivered | ShipmentStatus::Failed | ShipmentStatus::Returned => false,
        };
        let is_waited_for = match order.status {
            OrderStatus::Pending
            | OrderStatus::Confirmed
            | OrderStatus::Processing
            | OrderStatus::ReadyForPickup
            | OrderStatus::Shipped => true,
            OrderStatus::Delivered => order.completed_at.is_some_and(|arrived| self.created_at > arrived),
            OrderStatus::Cancelled => false,
        };
        moves && is_waited_for
    }

    /// For the audit trail: which parcel, and what else there is to say.
    fn described(&self, note: Option<&str>) -> String {
        let number = self.tracking_number.as_ref().map(|number| format!(" {number}")).unwrap_or_default();
        let note = note.map(|note| format!(": {note}")).unwrap_or_default();
        format!("Shipment {} by {}{number}{note}", self.id, self.carrier)
    }
}
