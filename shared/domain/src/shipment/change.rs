//! What a changed parcel writes: itself, its order as far as that follows, and what the customer is told.

use super::{MAX_VOID, Shipment, ShipmentStatus, TrackingNumber};
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
    /// Its order, where that follows, or its history has more to say.
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
    /// that the parcel is packed or on its way, once of each other number that it gets then, and once that the order arrived, or
    /// this parcel after all the rest.
    pub(super) fn changed(mut self, before: Option<&Self>, order: &Order, cause: &Cause<'_>, mut ids: Ids) -> ShipmentChange {
        let ids = &mut ids;
        let previous = before.map(|before| before.status);
        let mut after = order.with_parcel(&self.items, previous, self.status, cause.now);
        if after.is_none() && cause.actor != Actor::System {
            // What staff do stands in the order's own history, also where nothing of the order follows.
            after = Some(order.touched(cause.now));
        }
        if let Some(after) = &mut after {
            self.hand_numbers_on(before, after);
        }
        let known = after.as_ref().unwrap_or(order);
        let (subject, version) = match &after {
            Some(order) => (Subject::Order(order.id), order.version),
            None => (Subject::Shipment(self.id), self.version),
        };
        let replaced = self.replaced_numbers(before).to_vec();
        let told = self.is_on_its_way(known) && (!self.announced || !replaced.is_empty());
        self.announced |= told;
        let mut event = Event::new(subject, version, cause.kind, cause.actor, cause.now, ids)
            .from_to(previous.map(ShipmentStatus::as_str), self.status.as_str())
            .noting(Some(&self.described(cause.note)));
        if told {
            let announcement = Announcement::about(known, MessageKind::ShippingUpdate, None, None, ids);
            event = event.announcing(announcement.of_parcel(&self, known).replacing(&replaced));
        } else if self.arrives_late(previous, order) {
            let announcement = Announcement::about(known, MessageKind::DeliveryNotification, None, None, ids);
            event = event.announcing(announcement.of_parcel(&self, known).brought_by_parcel());
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

    /// A new parcel takes over what numbers of earlier ones the customer is still to be told are void. One that comes to nothing
    /// leaves its own to the next, or those that it has told nobody of.
    fn hand_numbers_on(&mut self, before: Option<&Self>, order: &mut Order) {
        match before {
            None => self.replaces = std::mem::take(&mut order.void_numbers),
            Some(before) if before.status.is_live() && !self.status.is_live() => {
                let void = if before.announced { before.tracking_number.as_slice() } else { &self.replaces };
                order.void_numbers.extend_from_slice(void);
                let over = order.void_numbers.len().saturating_sub(MAX_VOID);
                order.void_numbers.drain(..over);
            }
            Some(_) => {}
        }
    }

    /// What the customer looks for it by and finds nothing: the number that was told before, where it has another now; until it is
    /// told of, those of parcels before it.
    fn replaced_numbers<'a>(&'a self, before: Option<&'a Self>) -> &'a [TrackingNumber] {
        if !self.announced {
            return &self.replaces;
        }
        match before {
            Some(before) if before.announced && before.tracking_number != self.tracking_number => before.tracking_number.as_slice(),
            _ => &[],
        }
    }

    /// Whether it has arrived after all the rest of its order: that was told, and this wasn't among it.
    fn arrives_late(&self, previous: Option<ShipmentStatus>, order: &Order) -> bool {
        let has_arrived = self.status == ShipmentStatus::Delivered && previous != Some(ShipmentStatus::Delivered);
        has_arrived && self.is_made_late(order)
    }

    /// Whether it was made since its order arrived, of what is owed again.
    fn is_made_late(&self, order: &Order) -> bool {
        order.status == OrderStatus::Delivered && order.completed_at.is_some_and(|arrived| self.created_at > arrived)
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
            OrderStatus::Delivered => self.is_made_late(order),
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
