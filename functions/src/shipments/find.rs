//! `GET /api/shipments` — one shipment by `id` or `trackingNumber`, else a list.

use super::{ShipmentView, load, not_found};
use crate::query::Find;
use api::input::{Input, Reader};
use api::{Answer, Caller, Checked, Problem, Shop, page};
use axum::extract::State;
use domain::ids::{OrderId, ShipmentId};
use domain::shipment::{Carrier, MAX_CHARACTERS, Shipment, ShipmentStatus, TrackingNumber};
use store::ShipmentFilter;

const FILTERS: &[&str] = &["orderId", "status", "carrier", "limit", "cursor"];

/// Which shipments.
pub(super) type FindShipments = Find<ShipmentId, ShipmentFilter>;

impl Input for FindShipments {
    fn read(request: &mut Reader<'_>) -> Option<Self> {
        let id = request.query("id", |value| value.id(ShipmentId::new, "INVALID_ID"));
        let number = request.query("trackingNumber", |value| value.text(2 * MAX_CHARACTERS));
        let order_id = request.query("orderId", |value| value.id(OrderId::new, "INVALID_ID"));
        let status = request.query("status", |value| value.word::<ShipmentStatus>("INVALID_STATUS"));
        let carrier = request.query("carrier", |value| value.word::<Carrier>("INVALID_CARRIER"));
        let page = page::read(request);
        let list = || {
            let filter = ShipmentFilter { order_id: order_id?, customer_id: None, status: status?, carrier: carrier? };
            Some((filter, page?))
        };
        Self::one_or_list(request, id?, ("trackingNumber", number?), FILTERS, list)
    }
}

#[utoipa::path(get, path = "/api/shipments", operation_id = "findShipments", tag = "Shipments",
    params(
        ("id" = Option<u64>, Query, description = "One shipment."),
        ("trackingNumber" = Option<String>, Query, description = "One shipment."),
        ("orderId" = Option<u64>, Query),
        ("status" = Option<ShipmentStatus>, Query),
        ("carrier" = Option<Carrier>, Query),
        ("limit" = Option<u32>, Query, description = "1 to 100; 50 when left out.", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "The `X-Next-Cursor` of the page before."),
    ),
    responses((status = 200, description = "An array, newest first; the shipment itself with `id` or `trackingNumber`. A customer sees their own.", body = Vec<ShipmentView<'static>>)))]
pub(super) async fn find(State(shop): State<Shop>, caller: Caller, request: Checked<FindShipments>) -> Result<Answer, Problem> {
    let shipment = match request.input {
        FindShipments::ById(id) => load(&shop, id).await?,
        FindShipments::ByName(text) => by_number(&shop, &text).await?,
        FindShipments::List(filter, page) => {
            let filter = ShipmentFilter { customer_id: caller.customer(), ..filter };
            let page = shop.store.shipments(filter, page).await?;
            let mut views = Vec::with_capacity(page.items.len());
            for shipment in &page.items {
                views.push(seen(&caller, shipment, &shop).await);
            }
            return page::answer_that_fits(&page, &views, |shipment| shipment.id.get(), &request.meta);
        }
    };
    caller.may_reach(shipment.customer_id)?;
    Ok(Answer::ok(&seen(&caller, &shipment, &shop).await)?.etag(shipment.version))
}

/// A shipment as whoever asks may see it.
async fn seen<'a>(caller: &Caller, shipment: &'a Shipment, shop: &Shop) -> ShipmentView<'a> {
    let view = ShipmentView::of(shipment, shop).await;
    if caller.customer().is_some() { view.for_customer() } else { view }
}

/// A text that is no number names no shipment.
async fn by_number(shop: &Shop, text: &str) -> Result<Shipment, Problem> {
    let Some(number) = TrackingNumber::parse(text) else { return Err(not_found(text)) };
    shop.store.shipment_by_number(&number).await?.ok_or_else(|| not_found(number))
}
