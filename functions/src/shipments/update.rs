//! `PUT /api/shipments?id=` — staff say how far a parcel has come, or enter what its carrier gave them.

use super::view::label_of;
use super::{ShipmentView, cost, load, weight};
use crate::orders;
use crate::query;
use api::auth::Staff;
use api::input::{Decimal, Input, MISSING, Reader, Value};
use api::labels::Labels;
use api::{Answer, Checked, Problem, Shop};
use axum::extract::State;
use domain::ids::ShipmentId;
use domain::shipment::{Label, MAX_CHARACTERS, Shipment, ShipmentChange, ShipmentError, ShipmentPatch, ShipmentStatus, TrackingNumber};
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
    /// Entered by hand, it ends the booking with the carrier. Null only where there is none yet.
    tracking_number: Option<String>,
    estimated_delivery: Option<Timestamp>,
    /// An address of `http` or `https`. The one that an answer gave of the shipment's own label leaves it as it is, however long.
    label_url: Option<String>,
    /// In kilograms, rounded to the gram.
    weight: Option<f64>,
    /// What the carrier asks for it, in the shipment's `currency`.
    cost: Option<f64>,
}

/// A change of one parcel.
pub(super) struct UpdateShipment {
    id: ShipmentId,
    /// Without another cost, whose currency only the records tell.
    patch: ShipmentPatch,
    cost: Option<Decimal>,
}

impl Input for UpdateShipment {
    fn read(request: &mut Reader<'_>) -> Option<Self> {
        let id = query::required_id(request, ShipmentId::new);
        let labels = request.labels();
        let mut body = request.body()?;
        if body.is_empty() {
            body.missing("status", MISSING);
        }
        let status = body.changeable("status", |value| value.word::<ShipmentStatus>("INVALID_STATUS"));
        let tracking_number = body.clearable("trackingNumber", |value| number(&value));
        let estimated_delivery = body.clearable("estimatedDelivery", |value| value.timestamp());
        let label_url = body.clearable("labelUrl", |value| address(&value, labels));
        let weight = body.clearable("weight", |value| weight(&value));
        let cost = body.clearable("cost", |value| value.decimal("INVALID_AMOUNT"));
        body.finish();
        let is_cleared = cost == Some(Some(None));
        let patch = ShipmentPatch {
            status: status?,
            tracking_number: tracking_number?,
            estimated_delivery: estimated_delivery?,
            label_url: label_url?,
            weight: weight?,
            cost: is_cleared.then_some(None),
        };
        Some(Self { id: id?, patch, cost: cost?.flatten() })
    }
}

fn number(value: &Value<'_>) -> Option<TrackingNumber> {
    let text = value.text(2 * MAX_CHARACTERS)?;
    TrackingNumber::parse(&text).or_else(|| value.wrong("is no tracking number, or one of ours that was misread"))
}

/// What a page may link to without running anything; an address of our own store is as long as its signature makes it.
fn address(value: &Value<'_>, labels: Option<&Labels>) -> Option<String> {
    let text = value.text(usize::MAX)?;
    if labels.is_some_and(|labels| labels.holds(&text)) {
        return Some(text);
    }
    let text = value.text(2_000)?;
    let is_link = ["https://", "http://"].iter().any(|scheme| text.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()));
    let plain = text.bytes().all(|b| b.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&b));
    if is_link && plain { Some(text) } else { value.wrong("is no address of http or https") }
}

/// Whether a parcel is given its own label. An address of our own store was signed for whoever read the parcel, and soon ends: it
/// stands for the label that it is of, and no link is made of it.
///
/// # Errors
/// `INVALID_LABEL_URL` for the address of another label.
fn keeps_its_label(shop: &Shop, shipment: &Shipment, patch: &ShipmentPatch) -> Result<bool, Problem> {
    let given = patch.label_url.as_ref().and_then(Option::as_deref);
    let ours = given.zip(shop.labels.as_ref()).filter(|(url, labels)| labels.holds(url));
    match (ours, &shipment.label) {
        (None, _) => Ok(false),
        (Some((url, labels)), Some(Label::Stored(key))) if labels.is_of(key, url) => Ok(true),
        (Some((url, _)), Some(Label::Link(link))) if url == link => Ok(true),
        (Some(_), _) => {
            let detail = "labelUrl is the address of a label that isn't this shipment's.";
            Err(Problem::invalid_field("/labelUrl", "INVALID_LABEL_URL", detail))
        }
    }
}

/// The number that another takes the place of, if it is still the parcel's: a carrier may have given it to another since. One of
/// ours is nobody else's ever, and the customer may have been told it: it goes on naming the parcel.
async fn wrong_number<'a>(shop: &Shop, before: &'a Shipment, change: &ShipmentChange) -> Result<Option<&'a TrackingNumber>, StorageError> {
    match before.tracking_number.as_ref().filter(|wrong| change.number.is_some() && !wrong.is_ours()) {
        Some(wrong) => Ok((shop.store.number_owner(wrong).await? == Some(before.id)).then_some(wrong)),
        None => Ok(None),
    }
}

#[utoipa::path(put, path = "/api/shipments", operation_id = "updateShipment", tag = "Shipments", request_body = ShipmentChangeBody,
    params(("id" = u64, Query)),
    responses((status = 200, description = "The shipment after it.", body = ShipmentView<'static>)))]
pub(super) async fn update(State(shop): State<Shop>, Staff(caller): Staff, request: Checked<UpdateShipment>) -> Result<Answer, Problem> {
    let Checked { input: UpdateShipment { id, patch, cost: asked }, meta } = request;
    let (shop, patch, asked, meta) = (&shop, &patch, asked.as_ref(), &meta);
    shop.decide(meta, |attempt| async move {
        let shipment = load(shop, id).await?;
        let shipment = Shipment { label: label_of(&shipment, shop), ..shipment };
        meta.require_match(shipment.version)?;
        let order = orders::load(shop, shipment.order_id).await?;
        let cost = match asked {
            Some(asked) => Some(Some(cost(asked, shipment.cost_currency())?)),
            None => patch.cost,
        };
        let label_url = if keeps_its_label(shop, &shipment, patch)? { None } else { patch.label_url.clone() };
        let patch = ShipmentPatch { label_url, cost, ..patch.clone() };
        let change = shipment.update(&patch, &order, caller.actor(), attempt.now, attempt.ids)?;
        if let Some(number) = patch.tracking_number.flatten().filter(|_| change.number.is_some())
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
