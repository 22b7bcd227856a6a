//! `PUT /api/shipments?id=` — staff say how far a parcel has come, or enter what its carrier gave them.

use super::{ShipmentView, in_currency, load, weight};
use crate::orders;
use crate::query;
use api::auth::Staff;
use api::input::{Input, Reader, Value};
use api::{Answer, Checked, Problem, Shop};
use axum::extract::State;
use domain::ids::ShipmentId;
use domain::shipment::{MAX_CHARACTERS, Shipment, ShipmentChange, ShipmentError, ShipmentPatch, ShipmentStatus, TrackingNumber};
use domain::time::Timestamp;
use store::{StorageError, Writes};
use utoipa::ToSchema;

/// What staff change of a parcel; at least one of them.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "the document's picture of the body; `Input` reads it")]
pub(crate) struct ShipmentChangeBody {
    /// A step on its way. `PENDING` has a booking that failed tried once more.
    status: Option<ShipmentStatus>,
    /// Entered by hand, it ends the booking with the carrier.
    tracking_number: Option<String>,
    estimated_delivery: Option<Timestamp>,
    /// An address of `http` or `https`.
    label_url: Option<String>,
    /// In kilograms, rounded to the gram.
    weight: Option<f64>,
    cost: Option<f64>,
}

/// A change of one parcel.
pub(super) struct UpdateShipment {
    id: ShipmentId,
    patch: ShipmentPatch,
}

impl Input for UpdateShipment {
    fn read(request: &mut Reader<'_>) -> Option<Self> {
        let id = query::required_id(request, ShipmentId::new);
        let currency = request.shop().currency;
        let mut body = request.body()?;
        if body.is_empty() {
            body.missing("status", "MISSING_REQUIRED_FIELDS");
        }
        let status = body.changeable("status", |value| value.word(ShipmentStatus::parse, "INVALID_STATUS"));
        let tracking_number = body.changeable("trackingNumber", |value| number(&value));
        let estimated_delivery = body.clearable("estimatedDelivery", |value| value.timestamp());
        let label_url = body.clearable("labelUrl", |value| address(&value));
        let weight = body.clearable("weight", |value| weight(&value));
        let cost = body.clearable("cost", |value| value.amount(currency));
        body.finish();
        let patch = ShipmentPatch {
            status: status?,
            tracking_number: tracking_number?,
            estimated_delivery: estimated_delivery?,
            label_url: label_url?,
            weight: weight?,
            cost: cost?,
        };
        Some(Self { id: id?, patch })
    }
}

fn number(value: &Value<'_>) -> Option<TrackingNumber> {
    let text = value.text(2 * MAX_CHARACTERS)?;
    TrackingNumber::parse(&text).or_else(|| value.wrong("is no tracking number, or one of ours that was misread"))
}

/// What a page may link to without running anything.
fn address(value: &Value<'_>) -> Option<String> {
    let text = value.text(2_000)?;
    let is_link = ["https://", "http://"].iter().any(|scheme| text.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()));
    let plain = text.bytes().all(|b| b.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&b));
    if is_link && plain { Some(text) } else { value.wrong("is no address of http or https") }
}

/// The number that another takes the place of, if it is still the parcel's: a carrier may have given it to another since.
async fn wrong_number<'a>(shop: &Shop, before: &'a Shipment, change: &ShipmentChange) -> Result<Option<&'a TrackingNumber>, StorageError> {
    match before.tracking_number.as_ref().filter(|_| change.number.is_some()) {
        Some(wrong) => Ok((shop.store.number_owner(wrong).await? == Some(before.id)).then_some(wrong)),
        None => Ok(None),
    }
}

#[utoipa::path(put, path = "/api/shipments", operation_id = "updateShipment", tag = "Shipments", request_body = ShipmentChangeBody,
    params(("id" = u64, Query)),
    responses((status = 200, description = "The shipment after it.", body = ShipmentView<'static>)))]
pub(super) async fn update(State(shop): State<Shop>, Staff(caller): Staff, request: Checked<UpdateShipment>) -> Result<Answer, Problem> {
    let Checked { input: UpdateShipment { id, patch }, meta } = request;
    let (shop, patch, meta) = (&shop, &patch, &meta);
    shop.decide(meta, |attempt| async move {
        let shipment = load(shop, id).await?;
        meta.require_match(shipment.version)?;
        let order = orders::load(shop, shipment.order_id).await?;
        let cost = match patch.cost.flatten() {
            Some(cost) => Some(Some(in_currency(cost, shipment.currency)?)),
            None => patch.cost,
        };
        let patch = ShipmentPatch { cost, ..patch.clone() };
        let change = shipment.update(&patch, &order, caller.actor(), attempt.now, attempt.ids)?;
        if let Some(number) = patch.tracking_number.filter(|_| change.number.is_some())
            && shop.store.number_owner(&number).await?.is_some_and(|owner| owner != id)
        {
            return Err(ShipmentError::NumberUsed(number).into());
        }
        let answer = Answer::ok(&ShipmentView::of(&change.shipment, shop).await)?.etag(change.shipment.version);
        let writes = Writes::from(&change);
        Ok((
            answer,
            match wrong_number(shop, &shipment, &change).await? {
                Some(wrong) => writes.release_number(id, wrong),
                None => writes,
            },
        ))
    })
    .await
}
