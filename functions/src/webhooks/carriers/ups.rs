//! `POST /api/webhooks/ups` — what UPS tells of parcels (Track Alert API: the subscription names a credential, which comes in a
//! header of that name; nothing is signed).

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
const NUMBERS: &[&str] = &["trackingNumber"];

/// What UPS tells, as far as it is looked at, in whatever else it writes.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the document's picture of the body; only the numbers in it are looked for")]
pub(crate) struct UpsMessage {
    #[schema(rename = "trackingNumber")]
    tracking_number: String,
}

/// The routes of this endpoint.
pub fn routes() -> Router<Shop> {
    Router::new().route("/api/webhooks/ups", post(receive))
}

#[utoipa::path(post, path = "/api/webhooks/ups", operation_id = "receiveUpsEvent", tag = "Webhooks",
    security(("upsCredential" = [])),
    request_body(content = UpsMessage, description = "An alert, as UPS writes it: which parcel it is of is read from it, and nothing else."),
    responses((status = 200, description = "It is taken; what is of no parcel of the shop, too.", body = Received)))]
pub(crate) async fn receive(State(shop): State<Shop>, delivery: Delivery) -> Result<Answer, Problem> {
    let secret = secret(&shop, SecretName::UpsWebhook, Carrier::Ups).await?;
    if !is_secret(delivery.header("credential"), &secret) {
        return Err(Problem::invalid_signature());
    }
    tell(&shop, Carrier::Ups, &delivery, NUMBERS).await
}
