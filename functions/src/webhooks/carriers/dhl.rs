//! `POST /api/webhooks/dhl` — what DHL pushes of parcels ("Shipment Tracking – Unified, Push": the subscription names a header
//! and the token in it; nothing is signed).

use super::{is_secret, secret, tell};
use api::secrets::SecretName;
use api::webhook::{Delivery, Received};
use api::{Answer, Problem, Shop};
use axum::Router;
use axum::extract::State;
use axum::routing::post;
use domain::shipment::Carrier;
use utoipa::ToSchema;

/// The members that may name a parcel.
const NUMBERS: &[&str] = &["id", "shipmentIDs", "shipmentTrackingNumber", "trackingNumber"];

/// What DHL tells, as far as it is looked at, in whatever else it writes.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the document's picture of the body; only the numbers in it are looked for")]
pub(crate) struct DhlMessage {
    /// Of each parcel, its number is in `id`.
    shipments: Vec<DhlShipment>,
}

/// A parcel, as DHL names it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the document's picture of the body; only the numbers in it are looked for")]
struct DhlShipment {
    id: String,
}

/// The routes of this endpoint.
pub fn routes() -> Router<Shop> {
    Router::new().route("/api/webhooks/dhl", post(receive))
}

#[utoipa::path(post, path = "/api/webhooks/dhl", operation_id = "receiveDhlEvent", tag = "Webhooks",
    security(("dhlToken" = [])),
    request_body(content = DhlMessage, description = "A push, as DHL writes it: which parcels it is of is read from it, and nothing else."),
    responses((status = 200, description = "It is taken; what is of no parcel of the shop, too.", body = Received)))]
pub(crate) async fn receive(State(shop): State<Shop>, delivery: Delivery) -> Result<Answer, Problem> {
    let secret = secret(&shop, SecretName::DhlWebhook, Carrier::Dhl).await?;
    if !is_secret(delivery.header("x-webhook-token"), &secret) {
        return Err(Problem::invalid_signature());
    }
    tell(&shop, Carrier::Dhl, &delivery, NUMBERS).await
}
