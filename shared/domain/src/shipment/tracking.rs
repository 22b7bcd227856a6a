//! What carriers say of a parcel on its way: kept as they said it, and followed as far as it leads forward.

use super::change::Cause;
use super::{Shipment, ShipmentChange, ShipmentStatus, TimelineEntry, TrackingNumber};
use crate::actor::Actor;
use crate::event::EventKind;
use crate::ids::Ids;
use crate::order::Order;
use crate::time::Timestamp;

/// For so many hours after it was last asked a carrier isn't asked again by itself.
pub const UNHEARD_HOURS: u64 = 4;

/// For so many days after it was made a parcel is asked for; what has not arrived by then is for staff to ask about.
pub const TRACKED_DAYS: u64 = 60;

/// Carriers use a number again after some months: what is said to have happened so many hours before a parcel was made
/// happened to another.
const EARLIER_HOURS: u64 = 24;

/// So many messages of a carrier are remembered of a parcel, so that one that comes again is known.
const REMEMBERED: usize = 16;

/// Something that a carrier says has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CarrierEvent {
    /// When, if it says so in a way that can be told from here.
    pub at: Option<Timestamp>,
    /// The carrier's own code.
    pub code: String,
    /// What that is with us; nothing for a code that says nothing of where the parcel is, or that we don't know.
    pub status: Option<ShipmentStatus>,
    /// In the carrier's words.
    pub description: Option<String>,
    /// Where.
    pub location: Option<String>,
}

/// All that a carrier says of a parcel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The parcel.
    pub tracking_number: TrackingNumber,
    /// What has happened, the oldest first.
    pub events: Vec<CarrierEvent>,
    /// When it should arrive, if it says so.
    pub estimated_delivery: Option<Timestamp>,
}

impl CarrierEvent {
    /// Whether a line of the timeline is this event. One without a time is known by the rest of it.
    fn is(&self, entry: &TimelineEntry) -> bool {
        let same = entry.code.as_ref() == Some(&self.code) && entry.description == self.description && entry.location == self.location;
        same && self.at.is_none_or(|at| at == entry.at)
    }
}

impl Shipment {
    /// Whether its carrier is to be asked where it is.
    #[must_use]
    pub fn is_tracked(&self) -> bool {
        let on_its_way = match self.status {
            ShipmentStatus::Pending | ShipmentStatus::PickedUp | ShipmentStatus::InTransit | ShipmentStatus::OutForDelivery => true,
            ShipmentStatus::Delivered | ShipmentStatus::Failed | ShipmentStatus::Returned => false,
        };
        self.carrier.is_booked() && self.tracking_number.is_some() && on_its_way
    }

    /// Since when nothing was heard of it.
    #[must_use]
    pub fn unheard_since(&self) -> Timestamp {
        self.heard_at.unwrap_or(self.created_at)
    }

    /// Whether it is too old to be asked for.
    #[must_use]
    pub fn is_lost_sight_of(&self, now: Timestamp) -> bool {
        now > self.created_at.plus_days(TRACKED_DAYS)
    }

    /// Its carrier has told that something happened: it is asked what. Nothing when it said the same before, word for word
    /// (`message` is a hash of it): carriers repeat what they have told, and then there is nothing new to ask for.
    #[must_use]
    pub fn told_of(&self, message: &str, order: &Order, now: Timestamp, ids: Ids) -> Option<ShipmentChange> {
        if self.told.iter().any(|known| known == message) {
            return None;
        }
        let mut after = self.touched(now);
        after.told.push(message.to_owned());
        let over = after.told.len().saturating_sub(REMEMBERED);
        after.told.drain(..over);
        let cause = Cause { kind: EventKind::ShipmentUpdated, actor: Actor::System, note: Some("the carrier has told of it"), now };
        let mut change = after.changed(Some(self), order, &cause, ids);
        for event in change.events.iter_mut().take(1) {
            event.tracking_due = Some(self.id);
        }
        Some(change)
    }

    /// What a carrier says of it, with what was known: every event once. Each that says where the parcel is moves it, in the
    /// order of their times, if that is forward: a scan of the depot that comes after the delivery doesn't hide it. Nothing
    /// when nothing of it is new.
    #[must_use]
    pub fn sighted(&self, seen: &Sighting, order: &Order, now: Timestamp, ids: Ids) -> Option<ShipmentChange> {
        let mut after = self.clone();
        let earliest = self.created_at.minus_hours(EARLIER_HOURS);
        let mut events: Vec<&CarrierEvent> = seen.events.iter().filter(|event| event.at.is_none_or(|at| at >= earliest)).collect();
        events.sort_by_key(|event| event.at.unwrap_or(now));
        for event in &events {
            if !after.timeline.iter().any(|entry| event.is(entry)) {
                after = after.noting(TimelineEntry {
                    at: event.at.unwrap_or(now),
                    status: event.status,
                    code: Some(event.code.clone()),
                    description: event.description.clone(),
                    location: event.location.clone(),
                });
            }
        }
        after.estimated_delivery = seen.estimated_delivery.or(after.estimated_delivery);
        let said = after.timeline.iter().rfind(|entry| entry.code.is_some());
        let last = said.map(|entry| {
            let words = [entry.code.as_deref(), entry.description.as_deref()];
            words.into_iter().flatten().collect::<Vec<_>>().join(" ")
        });
        after.last_carrier_status = last.or(after.last_carrier_status);
        for event in events {
            if let Some(to) = event.status.filter(|to| after.status.next().contains(to)) {
                after = after.stepped(to, event.at.unwrap_or(now));
            }
        }
        if after == *self {
            return None;
        }
        let kind = if after.status == self.status { EventKind::ShipmentUpdated } else { EventKind::ShipmentStatusChanged };
        let note = after.last_carrier_status.clone();
        let cause = Cause { kind, actor: Actor::System, note: note.as_deref(), now };
        let after = Self { heard_at: Some(now), ..after.touched(now) };
        Some(after.changed(Some(self), order, &cause, ids))
    }
}
