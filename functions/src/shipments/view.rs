//! A shipment as clients see it.

use api::labels::Access;
use api::{Amount, Shop};
use domain::ids::{OrderId, OrderItemId, ShipmentId};
use domain::money::Currency;
use domain::shipment::{Carrier, Label, Shipment, ShipmentStatus, ShippedItem, ShippingAddress, TimelineEntry, TrackingNumber, Weight};
use domain::time::Timestamp;
use serde::Serialize;
use serde::ser::{Error, Serializer};
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// A parcel of an order.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ShipmentView<'a> {
    id: ShipmentId,
    order_id: OrderId,
    carrier: Carrier,
    service: Option<&'a str>,
    status: ShipmentStatus,
    tracking_number: Option<&'a str>,
    /// For staff alone, as are `cost` and `failureReason`.
    label_url: Option<String>,
    recipient_name: &'a str,
    recipient_phone: Option<&'a str>,
    shipping_address: ShippingAddressView<'a>,
    /// In kilograms.
    #[schema(value_type = Option<f64>, example = 1.5)]
    weight: Option<Kilograms>,
    cost: Option<Amount>,
    /// Of `cost`.
    #[schema(value_type = String)]
    currency: Currency,
    items: Vec<ShippedItemView>,
    estimated_delivery: Option<Timestamp>,
    actual_delivery: Option<Timestamp>,
    /// Why it is not booked, or what went wrong; for staff to act on.
    failure_reason: Option<&'a str>,
    /// The carrier's last word, its code first.
    last_carrier_status: Option<&'a str>,
    /// What happened to it, the oldest first.
    events: Vec<ShipmentEventView<'a>>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// Where a parcel goes.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ShippingAddressView<'a> {
    street: &'a str,
    city: &'a str,
    state: Option<&'a str>,
    zip_code: Option<&'a str>,
    country: &'a str,
}

/// Pieces of a line in a parcel.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ShippedItemView {
    order_item_id: OrderItemId,
    quantity: u32,
}

/// Something that happened to a parcel.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ShipmentEventView<'a> {
    at: Timestamp,
    status: Option<ShipmentStatus>,
    code: Option<&'a str>,
    description: Option<&'a str>,
    location: Option<&'a str>,
}

/// A weight as a JSON number of its exact digits.
struct Kilograms(Weight);

impl Serialize for Kilograms {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.kg()).map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl<'a> ShipmentView<'a> {
    /// As its customer sees it: without the label, what it cost, and what staff have to do about it.
    pub fn for_customer(self) -> Self {
        Self { label_url: None, cost: None, failure_reason: None, ..self }
    }

    /// A label of our own is shown by an address that is signed for whoever reads it now.
    pub async fn of(shipment: &'a Shipment, shop: &Shop) -> Self {
        let label_url = match (label_of(shipment, shop), &shop.labels) {
            (Some(Label::Link(url)), _) => Some(url),
            (Some(Label::Stored(key)), Some(labels)) => labels.address(&key, Access::Get, shop.clock.now()).await,
            (Some(Label::Stored(_)) | None, _) => None,
        };
        Self {
            id: shipment.id,
            order_id: shipment.order_id,
            carrier: shipment.carrier,
            service: shipment.service.as_deref(),
            status: shipment.status,
            tracking_number: shipment.tracking_number.as_ref().map(TrackingNumber::as_str),
            label_url,
            recipient_name: &shipment.recipient_name,
            recipient_phone: shipment.recipient_phone.as_deref(),
            shipping_address: (&shipment.address).into(),
            weight: shipment.weight.map(Kilograms),
            cost: shipment.cost.map(Into::into),
            currency: shipment.cost_currency(),
            items: shipment.items.iter().map(Into::into).collect(),
            estimated_delivery: shipment.estimated_delivery,
            actual_delivery: shipment.actual_delivery,
            failure_reason: shipment.failure_reason.as_deref(),
            last_carrier_status: shipment.last_carrier_status.as_deref(),
            events: shipment.timeline.iter().map(Into::into).collect(),
            created_at: shipment.created_at,
            updated_at: shipment.updated_at,
        }
    }
}

impl<'a> From<&'a ShippingAddress> for ShippingAddressView<'a> {
    fn from(address: &'a ShippingAddress) -> Self {
        Self {
            street: &address.street,
            city: &address.city,
            state: address.state.as_deref(),
            zip_code: address.zip_code.as_deref(),
            country: &address.country,
        }
    }
}

impl From<&ShippedItem> for ShippedItemView {
    fn from(item: &ShippedItem) -> Self {
        Self { order_item_id: item.order_item_id, quantity: item.quantity }
    }
}

impl<'a> From<&'a TimelineEntry> for ShipmentEventView<'a> {
    fn from(entry: &'a TimelineEntry) -> Self {
        Self {
            at: entry.at,
            status: entry.status,
            code: entry.code.as_deref(),
            description: entry.description.as_deref(),
            location: entry.location.as_deref(),
        }
    }
}

/// A parcel's label. Where the address that was signed for its own was entered as a link, that is its own again: the address has
/// ended, and the file is still there.
pub(super) fn label_of(shipment: &Shipment, shop: &Shop) -> Option<Label> {
    let label = shipment.label.as_ref()?;
    let own = match (label, &shop.labels) {
        (Label::Link(url), Some(labels)) => labels.path_of(url).filter(|path| path.starts_with(&format!("labels/{}-", shipment.id))),
        (Label::Link(_) | Label::Stored(_), _) => None,
    };
    // Such a key has nothing that is encoded.
    Some(own.map_or_else(|| label.clone(), |key| Label::Stored(key.to_owned())))
}
