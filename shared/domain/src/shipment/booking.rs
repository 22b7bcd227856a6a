//! Booking a parcel with its carrier: a label is paid for, and no carrier has a key that would tell a second try.

use super::change::Cause;
use super::{Label, NumberClaim, Shipment, ShipmentChange, ShipmentStatus, TrackingNumber};
use crate::actor::Actor;
use crate::event::EventKind;
use crate::ids::Ids;
use crate::money::Money;
use crate::order::{Order, OrderStatus};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// How long nobody touches a parcel for which a carrier was asked, in minutes: far longer than a carrier takes to answer.
pub const HELD_MINUTES: u64 = 3;

/// How long a carrier is asked again and again for a label that it may have made, in minutes. Carriers show what was
/// booked only some minutes later.
pub const LOOKED_FOR_MINUTES: u64 = 30;

/// After so many minutes a try of which no worker has said what it bought, found or not, is one that staff decide on.
pub const OPEN_MINUTES: u64 = 2 * LOOKED_FOR_MINUTES;

/// What a carrier made of a parcel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booked {
    /// The number it gave out.
    pub tracking_number: TrackingNumber,
    /// Where its label was put, if there is one.
    pub label_key: Option<String>,
    /// What it costs.
    pub cost: Option<Money>,
    /// When it should arrive.
    pub estimated_delivery: Option<Timestamp>,
    /// What staff have to do by themselves.
    pub left_to_do: Option<String>,
}

/// Where the booking of a parcel stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Booking {
    /// Nothing is left to book: it has its number, or is no parcel for a carrier's own system.
    Settled,
    /// Its worker books it.
    Due {
        /// The number of the try; part of our reference, so that what an earlier one bought is told apart.
        attempt: u32,
    },
    /// The carrier was asked for a label, and nobody has said what came of it.
    Asked {
        /// The number of the try.
        attempt: u32,
        /// When.
        at: Timestamp,
    },
    /// Only staff can go on: with a number, or with another try.
    Staff {
        /// The number of the last try.
        attempt: u32,
    },
}

impl Booking {
    /// Whether a worker is to book it.
    #[must_use]
    pub const fn is_due(self) -> bool {
        matches!(self, Self::Due { .. })
    }

    /// Whether only staff can go on.
    #[must_use]
    pub const fn is_left_to_staff(self) -> bool {
        matches!(self, Self::Staff { .. })
    }

    /// Whether a carrier may be at it right now.
    #[must_use]
    pub const fn is_held(self, now: Timestamp) -> bool {
        match self {
            Self::Asked { at, .. } => now.0 < at.plus_minutes(HELD_MINUTES).0,
            Self::Settled | Self::Due { .. } | Self::Staff { .. } => false,
        }
    }

    /// Whether a label may have been bought that a worker has yet to find: what is in the parcel is then free for no other,
    /// which would be a second label, and its order can't be cancelled.
    #[must_use]
    pub const fn is_open(self, now: Timestamp) -> bool {
        match self {
            Self::Asked { at, .. } => now.0 < at.plus_minutes(OPEN_MINUTES).0,
            Self::Settled | Self::Due { .. } | Self::Staff { .. } => false,
        }
    }

    /// Whether this try was made and nobody has said what came of it.
    #[must_use]
    pub const fn is_asked(self, wanted: u32) -> bool {
        match self {
            Self::Asked { attempt, .. } => attempt == wanted,
            Self::Settled | Self::Due { .. } | Self::Staff { .. } => false,
        }
    }
}

/// What a worker is to do about a parcel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BookingStep {
    /// Nothing: it is booked, moved on, or left to staff.
    Nothing,
    /// The order is cancelled: the parcel is given up.
    GiveUp,
    /// Ask the carrier for a label, once this try is stored.
    Ask {
        /// The number of the try.
        attempt: u32,
    },
    /// The carrier may still answer: look again then.
    Wait {
        /// When.
        until: Timestamp,
    },
    /// Nobody has said what came of it: look whether the carrier has a parcel with our reference, and never ask for another.
    Find {
        /// The number of the try.
        attempt: u32,
        /// When the carrier was asked.
        asked_at: Timestamp,
        /// Whether it has been looked for long enough.
        is_last: bool,
    },
}

impl Shipment {
    /// What a worker is to do, by the parcel and its order as they are now.
    #[must_use]
    pub fn booking_step(&self, order: &Order, now: Timestamp) -> BookingStep {
        match (self.status, self.booking) {
            (ShipmentStatus::Pending, Booking::Due { .. }) if order.status == OrderStatus::Cancelled => BookingStep::GiveUp,
            (ShipmentStatus::Pending, Booking::Due { attempt }) => BookingStep::Ask { attempt },
            (_, Booking::Asked { at, .. }) if self.booking.is_held(now) => BookingStep::Wait { until: at.plus_minutes(HELD_MINUTES) },
            (_, Booking::Asked { attempt, at }) => {
                BookingStep::Find { attempt, asked_at: at, is_last: now >= at.plus_minutes(LOOKED_FOR_MINUTES) }
            }
            _ => BookingStep::Nothing,
        }
    }

    /// What the carrier knows this parcel by: it is printed on the label, and found by it.
    #[must_use]
    pub fn reference(&self, attempt: u32) -> String {
        format!("{}-{attempt}", self.id)
    }

    /// The try that is about to be made. Whoever finds it stored knows that a label may have been bought.
    #[must_use]
    pub fn asked(&self, attempt: u32, order: &Order, now: Timestamp, ids: Ids) -> ShipmentChange {
        let asked = Self { booking: Booking::Asked { attempt, at: now }, ..self.touched(now) };
        let cause = Cause { kind: EventKind::ShipmentUpdated, actor: Actor::System, note: Some("asking the carrier for a label"), now };
        asked.changed(Some(self), order, &cause, ids)
    }

    /// The carrier said no for now: it bought nothing, and may be asked again.
    #[must_use]
    pub fn refused_for_now(&self, reason: &str, order: &Order, now: Timestamp, ids: Ids) -> ShipmentChange {
        let booking = Booking::Due { attempt: self.attempt() + 1 };
        let refused = Self { booking, failure_reason: Some(reason.to_owned()), ..self.touched(now) };
        let cause = Cause { kind: EventKind::ShipmentUpdated, actor: Actor::System, note: Some(reason), now };
        let mut change = refused.changed(Some(self), order, &cause, ids);
        // The job that tried is the one that tries again.
        for event in &mut change.events {
            event.shipment_due = None;
        }
        change
    }

    /// Nobody knows what became of the try; staff see it at once.
    #[must_use]
    pub fn outcome_unknown(&self, reason: &str, order: &Order, now: Timestamp, ids: Ids) -> ShipmentChange {
        let unknown = Self { failure_reason: Some(reason.to_owned()), ..self.touched(now) };
        let cause = Cause { kind: EventKind::ShipmentUpdated, actor: Actor::System, note: Some(reason), now };
        unknown.changed(Some(self), order, &cause, ids)
    }

    /// The carrier has it. A number that staff entered meanwhile stays, and they are told of the other one; nothing when it
    /// is known already.
    #[must_use]
    pub fn booked(&self, booked: &Booked, order: &Order, now: Timestamp, ids: Ids) -> Option<ShipmentChange> {
        let number = &booked.tracking_number;
        if self.tracking_number.as_ref() == Some(number) {
            return None;
        }
        let is_wanted = self.tracking_number.is_none() && self.status.is_live();
        let left_to_do = match (is_wanted, booked.left_to_do.clone()) {
            (true, left_to_do) => left_to_do,
            (false, _) => Some(format!("{} has booked this parcel as {number} as well; void that label.", self.carrier)),
        };
        let mut after = Self { booking: Booking::Settled, failure_reason: left_to_do, ..self.touched(now) };
        if is_wanted {
            after.tracking_number = Some(number.clone());
            after.label = booked.label_key.clone().map(Label::Stored).or(after.label);
            after.cost = booked.cost.or(after.cost);
            after.estimated_delivery = booked.estimated_delivery.or(after.estimated_delivery);
        }
        let note = format!("booked as {number}");
        let cause = Cause { kind: EventKind::ShipmentUpdated, actor: Actor::System, note: Some(&note), now };
        let change = after.changed(Some(self), order, &cause, ids);
        Some(ShipmentChange { number: change.number.map(|_| NumberClaim::Given(number.clone())), ..change })
    }

    /// Only staff can go on, and see why.
    #[must_use]
    pub fn left_to_staff(&self, reason: &str, order: &Order, now: Timestamp, ids: Ids) -> ShipmentChange {
        let attempt = self.attempt();
        let left = Self { booking: Booking::Staff { attempt }, failure_reason: Some(reason.to_owned()), ..self.touched(now) };
        let cause = Cause { kind: EventKind::ShipmentUpdated, actor: Actor::System, note: Some(reason), now };
        left.changed(Some(self), order, &cause, ids)
    }

    /// No label is bought: the parcel will not go.
    #[must_use]
    pub fn given_up(&self, reason: &str, order: &Order, now: Timestamp, ids: Ids) -> ShipmentChange {
        let given_up = Self { booking: Booking::Settled, failure_reason: Some(reason.to_owned()), ..self.touched(now) };
        let cause = Cause { kind: EventKind::ShipmentStatusChanged, actor: Actor::System, note: Some(reason), now };
        given_up.stepped(ShipmentStatus::Failed, now).changed(Some(self), order, &cause, ids)
    }

    /// Another try, as staff want it.
    pub(super) fn booked_again(self) -> Self {
        let attempt = self.attempt() + 1;
        Self { booking: Booking::Due { attempt }, failure_reason: None, ..self }
    }

    const fn attempt(&self) -> u32 {
        match self.booking {
            Booking::Settled => 0,
            Booking::Due { attempt } | Booking::Asked { attempt, .. } | Booking::Staff { attempt } => attempt,
        }
    }
}
