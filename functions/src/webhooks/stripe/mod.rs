//! `POST /api/webhooks/stripe` — what Stripe tells of payments and refunds.

mod signature;

use api::secrets::SecretName;
use api::webhook::{Delivery, Received, received};
use api::{Answer, Problem, Shop};
use axum::Router;
use axum::extract::State;
use axum::routing::post;
use domain::time::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;

/// An event of Stripe's, as far as it is looked at (docs.stripe.com/api/events/object).
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct StripeEvent {
    /// `evt_…`
    id: String,
    /// What happened, such as `payment_intent.succeeded`.
    r#type: String,
}

/// The routes of this endpoint.
pub fn routes() -> Router<Shop> {
    Router::new().route("/api/webhooks/stripe", post(receive))
}

#[utoipa::path(post, path = "/api/webhooks/stripe", operation_id = "receiveStripeEvent", tag = "Webhooks",
    security(("stripeSignature" = [])),
    request_body(content = StripeEvent, description = "An event, as Stripe writes it."),
    responses((status = 200, description = "It is taken; what is of no interest here, too.", body = Received)))]
async fn receive(State(shop): State<Shop>, delivery: Delivery) -> Result<Answer, Problem> {
    authenticate(&shop, &delivery).await?;
    let event: StripeEvent = delivery.json()?;
    tracing::info!(event = event.id, kind = event.r#type, "Stripe told of something that is of no interest here");
    received()
}

/// Refuses whatever Stripe has not signed within the last minutes; without the secret nothing is known to be Stripe's.
async fn authenticate(shop: &Shop, delivery: &Delivery) -> Result<(), Problem> {
    let secret = shop.secrets.value(SecretName::StripeWebhook).await.map_err(Problem::unavailable)?;
    let Some(secret) = secret else {
        tracing::warn!("a webhook came in Stripe's name, and no STRIPE_WEBHOOK_SECRET_ARN is set to check it with");
        return Err(Problem::invalid_signature());
    };
    let header = delivery.header("stripe-signature").ok_or_else(Problem::invalid_signature)?;
    let Timestamp(now) = shop.clock.now();
    if signature::holds(header, &delivery.body, secret.as_bytes(), now / 1000) { Ok(()) } else { Err(Problem::invalid_signature()) }
}
