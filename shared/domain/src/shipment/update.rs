//! What staff change of a parcel.

use super::change::Cause;
use super::{Booking, Label, Shipment, ShipmentChange, ShipmentStatus, TimelineEntry, TrackingNumber, Weight};
use crate::actor::Actor;
use crate::event::{EventKind, changed_fields};
use crate::ids::Ids;
use crate::money::Money;
use crate::order::Order;
use crate::time::Timestamp;

/// What staff change; `Some(None)` clears.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShipmentPatch {
    /// A step on its way; `PENDING` asks the carrier for a label once more.
    pub status: Option<ShipmentStatus>,
    /// Its number, entered by hand. None is what a parcel without one has already, and nothing that another can get back to.
    pub tracking_number: Option<Option<TrackingNumber>>,
    /// When it should arrive.
    pub estimated_delivery: Option<Option<Timestamp>>,
    /// Where its label is.
    pub label_url: Option<Option<String>>,
    /// What it weighs.
    pub weight: Option<Option<Weight>>,
    /// What it costs.
    pub cost: Option<Option<Money>>,
}

/// Why a change is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShipmentError {
    /// `INVALID_STATUS_TRANSITION`
    #[error("A shipment that is {from} can't become {to}.")]
    InvalidTransition {
        /// The parcel's status.
        from: ShipmentStatus,
        /// What was asked for.
        to: ShipmentStatus,
        /// What may be asked for.
        allowed: Vec<ShipmentStatus>,
    },
    /// `BOOKING_IN_PROGRESS`
    #[error("The carrier was asked for a label and has not said what came of it; try again in a few minutes.")]
    BookingInProgress,
    /// `MISSING_REQUIRED_FIELDS`
    #[error("trackingNumber is required: a shipment that has one keeps it or gets another.")]
    NumberMissing,
    /// `TRACKING_NUMBER_USED`
    #[error("The tracking number {0} belongs to another shipment.")]
    NumberUsed(TrackingNumber),
}

impl Shipment {
    /// The statuses that staff may ask for. `PENDING` is another try at a booking that was left to them.
    #[must_use]
    pub fn allowed(&self) -> Vec<ShipmentStatus> {
        let again = (self.status == ShipmentStatus::Pending && self.booking.is_left_to_staff()).then_some(ShipmentStatus::Pending);
        again.into_iter().chain(self.status.next().iter().copied()).collect()
    }

    /// A change by staff.
    ///
    /// # Errors
    /// See [`ShipmentError`].
    pub fn update(
        &self,
        patch: &ShipmentPatch,
        order: &Order,
        actor: Actor,
        now: Timestamp,
        ids: Ids,
    ) -> Result<ShipmentChange, ShipmentError> {
        if patch.tracking_number == Some(None) && self.tracking_number.is_some() {
            return Err(ShipmentError::NumberMissing);
        }
        let number = patch.tracking_number.as_ref().and_then(Option::as_ref);
        let ends_booking = number.is_some() || patch.status.is_some();
        let frees_pieces = number.is_none() && patch.status.is_some_and(|to| !to.is_live());
        if ends_booking && self.booking.is_held(now) || frees_pieces && self.booking.is_open(now) {
            return Err(ShipmentError::BookingInProgress);
        }
        let note = self.edits(patch);
        let mut edited = self.touched(now);
        if let Some(number) = number {
            edited = Self { tracking_number: Some(number.clone()), booking: Booking::Settled, failure_reason: None, ..edited };
        }
        if let Some(estimated) = patch.estimated_delivery {
            edited.estimated_delivery = estimated;
        }
        if let Some(url) = &patch.label_url {
            edited.label = url.clone().map(Label::Link);
        }
        if let Some(weight) = patch.weight {
            edited.weight = weight;
        }
        if let Some(cost) = patch.cost {
            edited.cost = cost;
        }
        let mut kind = EventKind::ShipmentUpdated;
        if let Some(to) = patch.status {
            kind = EventKind::ShipmentStatusChanged;
            let allowed = edited.allowed();
            if !allowed.contains(&to) {
                return Err(ShipmentError::InvalidTransition { from: self.status, to, allowed });
            }
            edited = if to == ShipmentStatus::Pending { edited.booked_again() } else { edited.moved_by_hand(to, now) };
        }
        Ok(edited.changed(Some(self), order, &Cause { kind, actor, note: note.as_deref(), now }, ids))
    }

    /// Which fields get another value, for the history, and not which value: the address of a label may open it.
    fn edits(&self, patch: &ShipmentPatch) -> Option<String> {
        let label = |url: &Option<String>| url.clone().map(Label::Link);
        changed_fields(&[
            ("trackingNumber", patch.tracking_number.as_ref().is_some_and(|number| *number != self.tracking_number)),
            ("estimatedDelivery", patch.estimated_delivery.is_some_and(|at| at != self.estimated_delivery)),
            ("labelUrl", patch.label_url.as_ref().is_some_and(|url| label(url) != self.label)),
            ("weight", patch.weight.is_some_and(|weight| weight != self.weight)),
            ("cost", patch.cost.is_some_and(|cost| cost != self.cost)),
        ])
    }

    /// Whoever moves a parcel by hand has no more use for a booking. What was asked of a carrier is looked for all the same:
    /// it may have been bought.
    fn moved_by_hand(self, to: ShipmentStatus, now: Timestamp) -> Self {
        let entry = TimelineEntry { at: now, status: Some(to), code: None, description: None, location: None };
        let booking = match self.booking {
            asked @ Booking::Asked { .. } => asked,
            Booking::Settled | Booking::Due { .. } | Booking::Staff { .. } => Booking::Settled,
        };
        Self { booking, ..self.stepped(to, now).noting(entry) }
    }
}
