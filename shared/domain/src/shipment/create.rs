//! Packing a parcel: pieces of an order's lines that are in no live parcel yet and not refunded.

use super::change::Cause;
use super::{
    Booking, Carrier, Shipment, ShipmentChange, ShipmentStatus, ShippedItem, ShippingAddress, TimelineEntry, TrackingNumber, Weight,
};
use crate::actor::Actor;
use crate::event::EventKind;
use crate::ids::{Ids, OrderItemId, ShipmentId};
use crate::money::Money;
use crate::order::{LineItem, NoSuchLine, Order, OrderStatus};
use crate::time::Timestamp;

/// What staff ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShipmentRequest {
    /// Who brings it.
    pub carrier: Carrier,
    /// The carrier's product, in its own code.
    pub service: Option<String>,
    /// Who gets it.
    pub recipient_name: String,
    /// Their phone number.
    pub recipient_phone: Option<String>,
    /// Where it goes.
    pub address: ShippingAddress,
    /// What it weighs.
    pub weight: Option<Weight>,
    /// What it costs.
    pub cost: Option<Money>,
    /// What is in it; everything that is still to go, when nothing is said.
    pub items: Option<Vec<ShippedItem>>,
}

/// Why no parcel is made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShipError {
    /// `ORDER_NOT_SHIPPABLE`
    #[error("An order that is {0} can't be shipped; only CONFIRMED and PROCESSING ones can.")]
    NotShippable(OrderStatus),
    /// `ORDER_NOT_SHIPPABLE`
    #[error("Everything in the order is in a live shipment already, or refunded.")]
    AllShipped,
    /// `ORDER_NOT_SHIPPABLE`
    #[error("{asked} of line {line} were asked for, and {left} are in no live shipment and not refunded.")]
    LineShipped {
        /// The line.
        line: OrderItemId,
        /// Pieces asked for.
        asked: u32,
        /// Pieces that are left.
        left: u32,
    },
    /// Every line that the order doesn't have, at least one.
    #[error("The order doesn't have {} of the lines.", .0.len())]
    NoSuchLines(Vec<NoSuchLine>),
}

impl Order {
    /// Makes a parcel. One for a carrier's own system waits for its worker; the others get a number of ours at once.
    ///
    /// # Errors
    /// See [`ShipError`].
    pub fn ship(&self, request: ShipmentRequest, actor: Actor, now: Timestamp, mut ids: Ids) -> Result<ShipmentChange, ShipError> {
        let items = self.items_to_ship(request.items.as_deref())?;
        if !self.can_be_shipped() {
            return Err(ShipError::NotShippable(self.status));
        }
        if items.is_empty() {
            return Err(ShipError::AllShipped);
        }
        for item in &items {
            let left = self.items.iter().find(|line| line.id == item.order_item_id).map_or(0, LineItem::unshipped);
            if item.quantity > left {
                return Err(ShipError::LineShipped { line: item.order_item_id, asked: item.quantity, left });
            }
        }
        let is_booked = request.carrier.is_booked();
        let shipment = Shipment {
            id: ShipmentId::draw(&mut ids),
            order_id: self.id,
            order_number: self.order_number.clone(),
            customer_id: self.customer_id,
            carrier: request.carrier,
            service: request.service,
            recipient_name: request.recipient_name,
            recipient_phone: request.recipient_phone,
            address: request.address,
            weight: request.weight,
            cost: request.cost,
            currency: self.currency,
            items,
            status: ShipmentStatus::Pending,
            tracking_number: (!is_booked).then(|| TrackingNumber::draw(&mut ids)),
            label: None,
            estimated_delivery: None,
            actual_delivery: None,
            failure_reason: None,
            booking: if is_booked { Booking::Due { attempt: 1 } } else { Booking::Settled },
            last_carrier_status: None,
            heard_at: None,
            told: Vec::new(),
            timeline: Vec::new(),
            announced: false,
            replaces: Vec::new(),
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let made = TimelineEntry { at: now, status: Some(ShipmentStatus::Pending), code: None, description: None, location: None };
        let cause = Cause { kind: EventKind::ShipmentCreated, actor, note: None, now };
        Ok(shipment.noting(made).changed(None, self, &cause, ids))
    }

    /// One item a line, in the order's own order. What isn't there at all is said before what merely stands in the way.
    fn items_to_ship(&self, asked: Option<&[ShippedItem]>) -> Result<Vec<ShippedItem>, ShipError> {
        let Some(asked) = asked else {
            let left = self.items.iter().map(|line| ShippedItem { order_item_id: line.id, quantity: line.unshipped() });
            return Ok(left.filter(|item| item.quantity > 0).collect());
        };
        self.has_lines(asked.iter().map(|item| item.order_item_id)).map_err(ShipError::NoSuchLines)?;
        let of_line = |id: OrderItemId| asked.iter().filter(move |item| item.order_item_id == id).map(|item| item.quantity);
        let items =
            self.items.iter().map(|line| ShippedItem { order_item_id: line.id, quantity: of_line(line.id).fold(0, u32::saturating_add) });
        Ok(items.filter(|item| item.quantity > 0).collect())
    }
}
