//! Booking a parcel with its carrier: a label is paid for, and no carrier has a key that would tell a second try.

use super::change::Cause;
use super::{Shipment, ShipmentChange, ShipmentStatus};
use crate::actor::Actor;
use crate::event::EventKind;
use crate::ids::Ids;
use crate::order::{Order, OrderStatus};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// How long nobody touches a parcel for which a carrier was asked, in minutes: far longer than a carrier takes to answer.
pub const HELD_MINUTES: u64 = 3;

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
}

impl Shipment {
    /// What a worker is to do, by the parcel and its order as they are now.
    #[must_use]
    pub fn booking_step(&self, order: &Order) -> BookingStep {
        match (self.status, self.booking) {
            (ShipmentStatus::Pending, Booking::Due { .. }) if order.status == OrderStatus::Cancelled => BookingStep::GiveUp,
            (ShipmentStatus::Pending, Booking::Due { attempt }) => BookingStep::Ask { attempt },
            _ => BookingStep::Nothing,
        }
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
