//! Shipments: the parcels of an order, each with a carrier. The record, and the decisions that change it, a file each.

mod booking;
mod change;
mod create;
mod number;
mod tracking;
mod update;
mod weight;

pub use booking::{Booked, Booking, BookingStep, HELD_MINUTES, LOOKED_FOR_MINUTES, OPEN_MINUTES};
pub use change::{NumberClaim, ShipmentChange};
pub use create::{ShipError, ShipmentRequest};
pub use number::{MAX_CHARACTERS, TrackingNumber};
pub use tracking::{CarrierEvent, Sighting, TRACKED_DAYS, UNHEARD_HOURS};
pub use update::{ShipmentError, ShipmentPatch};
pub use weight::Weight;

use crate::ids::{CustomerId, OrderId, OrderItemId, ShipmentId};
use crate::money::{Currency, Money};
use crate::time::Timestamp;
use crate::words::words;
use serde::{Deserialize, Serialize};

/// How many lines of a parcel's timeline are kept: enough for any journey, and few enough that a record stays small.
pub const MAX_TIMELINE: usize = 20;

/// How many numbers of parcels that came to nothing are named in one message, the latest of them.
pub const MAX_VOID: usize = 5;

words! {
    /// Who brings a parcel.
    pub enum Carrier {
        /// DHL Express.
        Dhl = "DHL",
        /// FedEx.
        FedEx = "FEDEX",
        /// UPS.
        Ups = "UPS",
        /// The shop's own courier.
        Local = "LOCAL",
        /// Anybody else: a bus, a neighbour's van.
        Other = "OTHER",
    }
}

impl Carrier {
    /// Whether a parcel is booked with the carrier's own system; the others get a number of ours.
    #[must_use]
    pub const fn is_booked(self) -> bool {
        match self {
            Self::Dhl | Self::FedEx | Self::Ups => true,
            Self::Local | Self::Other => false,
        }
    }
}

words! {
    /// Where a parcel is on its way.
    pub enum ShipmentStatus {
        /// Packed; the carrier hasn't got it yet.
        Pending = "PENDING",
        /// The carrier has it.
        PickedUp = "PICKED_UP",
        /// On its way.
        InTransit = "IN_TRANSIT",
        /// On the vehicle that brings it.
        OutForDelivery = "OUT_FOR_DELIVERY",
        /// With the customer.
        Delivered = "DELIVERED",
        /// It will not arrive.
        Failed = "FAILED",
        /// It came back.
        Returned = "RETURNED",
    }
}

impl ShipmentStatus {
    /// The statuses that may follow: always further on. A parcel may skip what nobody saw.
    #[must_use]
    pub const fn next(self) -> &'static [Self] {
        match self {
            Self::Pending => &[Self::PickedUp, Self::InTransit, Self::OutForDelivery, Self::Delivered, Self::Failed, Self::Returned],
            Self::PickedUp => &[Self::InTransit, Self::OutForDelivery, Self::Delivered, Self::Failed, Self::Returned],
            Self::InTransit => &[Self::OutForDelivery, Self::Delivered, Self::Failed, Self::Returned],
            Self::OutForDelivery => &[Self::Delivered, Self::Failed, Self::Returned],
            Self::Failed => &[Self::Returned],
            Self::Delivered | Self::Returned => &[],
        }
    }

    /// Whether what is in the parcel counts as sent. One that failed or came back frees its lines.
    #[must_use]
    pub const fn is_live(self) -> bool {
        match self {
            Self::Pending | Self::PickedUp | Self::InTransit | Self::OutForDelivery | Self::Delivered => true,
            Self::Failed | Self::Returned => false,
        }
    }
}

/// Where a parcel goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShippingAddress {
    /// Street and number.
    pub street: String,
    /// City or commune.
    pub city: String,
    /// Province.
    pub state: Option<String>,
    /// Postcode, where the country has them.
    pub zip_code: Option<String>,
    /// Country, as it was written.
    pub country: String,
}

/// Pieces of a line of the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShippedItem {
    /// The line.
    pub order_item_id: OrderItemId,
    /// Pieces of it in the parcel; never zero.
    pub quantity: u32,
}

/// How many pieces of a line are in a parcel.
#[must_use]
pub fn pieces_of(items: &[ShippedItem], line: OrderItemId) -> u32 {
    items.iter().filter(|item| item.order_item_id == line).map(|item| item.quantity).sum()
}

/// The parcel's label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Label {
    /// In the shop's own store of labels, under this key.
    Stored(String),
    /// Somewhere else: an address that staff entered.
    Link(String),
}

/// Something that happened to a parcel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TimelineEntry {
    /// When, as far as anybody says.
    pub at: Timestamp,
    /// What it was taken for; nothing for a carrier's code that says nothing of it.
    pub status: Option<ShipmentStatus>,
    /// The carrier's own code.
    pub code: Option<String>,
    /// In the carrier's words.
    pub description: Option<String>,
    /// Where.
    pub location: Option<String>,
}

/// A parcel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shipment {
    /// Its id.
    pub id: ShipmentId,
    /// The order it belongs to.
    pub order_id: OrderId,
    /// That order's number, which the carrier prints on the label.
    pub order_number: String,
    /// Whose order it is.
    pub customer_id: CustomerId,
    /// Who brings it.
    pub carrier: Carrier,
    /// The carrier's product, in its own code.
    pub service: Option<String>,
    /// Who gets it.
    pub recipient_name: String,
    /// Their phone number, as it was written.
    pub recipient_phone: Option<String>,
    /// Where it goes.
    pub address: ShippingAddress,
    /// What it weighs.
    pub weight: Option<Weight>,
    /// What it costs, in the order's currency or in the one that its carrier asks for.
    pub cost: Option<Money>,
    /// The order's currency.
    pub currency: Currency,
    /// What is in it; at least one line.
    pub items: Vec<ShippedItem>,
    /// Where it is on its way.
    pub status: ShipmentStatus,
    /// Its number.
    pub tracking_number: Option<TrackingNumber>,
    /// Its label.
    pub label: Option<Label>,
    /// When it should arrive.
    pub estimated_delivery: Option<Timestamp>,
    /// When it arrived.
    pub actual_delivery: Option<Timestamp>,
    /// Why it is not booked, or what went wrong.
    pub failure_reason: Option<String>,
    /// Where its booking with the carrier stands.
    pub booking: Booking,
    /// What the carrier said last: its code and its words.
    pub last_carrier_status: Option<String>,
    /// What happened to it, the oldest first; at most [`MAX_TIMELINE`] lines.
    pub timeline: Vec<TimelineEntry>,
    /// When its carrier was last asked where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard_at: Option<Timestamp>,
    /// The carrier's messages of it that were taken last, each as a hash, the newest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub told: Vec<String>,
    /// Whether the customer was told that it is on its way.
    pub announced: bool,
    /// The numbers that the customer was told of parcels before it, which came to nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaces: Vec<TrackingNumber>,
    /// Grows with every change.
    pub version: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Shipment {
    /// What its cost is in, and what another one is read in.
    #[must_use]
    pub fn cost_currency(&self) -> Currency {
        self.cost.map_or(self.currency, |cost| cost.currency)
    }

    /// This parcel, one version on.
    #[must_use]
    pub(crate) fn touched(&self, now: Timestamp) -> Self {
        Self { version: self.version + 1, updated_at: now, ..self.clone() }
    }

    /// With one line more of its timeline, where its time puts it; the oldest makes way.
    #[must_use]
    pub(crate) fn noting(mut self, entry: TimelineEntry) -> Self {
        let place = self.timeline.partition_point(|earlier| earlier.at <= entry.at);
        self.timeline.insert(place, entry);
        let over = self.timeline.len().saturating_sub(MAX_TIMELINE);
        self.timeline.drain(..over);
        self
    }

    /// A step on the parcel's way, at the time it is said to have been taken.
    #[must_use]
    pub(crate) fn stepped(self, to: ShipmentStatus, at: Timestamp) -> Self {
        let actual_delivery = if to == ShipmentStatus::Delivered { Some(at) } else { self.actual_delivery };
        Self { status: to, actual_delivery, ..self }
    }
}

#[cfg(test)]
mod tests;
