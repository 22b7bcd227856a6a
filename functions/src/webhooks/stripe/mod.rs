//! `POST /api/webhooks/stripe` — what Stripe tells of payments and refunds.

mod signature;

use crate::payments::refund_reports::{self, Verdict};
use crate::payments::{incoming, outgoing, stripe};
use api::secrets::SecretName;
use api::webhook::{Delivery, Received, received};
use api::{Answer, Problem, Shop};
use axum::Router;
use axum::extract::State;
use axum::routing::post;
use domain::order::{PaymentMethod, PaymentOutcome, PaymentReport};
use domain::refund::RefundReport;
use domain::time::Timestamp;
use providers::{StripeCharge, StripeIntent, StripeRefund, as_code};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use store::CommitError;
use utoipa::ToSchema;

/// An event of Stripe's, as far as it is looked at (docs.stripe.com/api/events/object).
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct StripeEvent {
    /// `evt_…`
    id: String,
    /// What happened, such as `payment_intent.succeeded`.
    r#type: String,
    /// When it happened, in epoch seconds.
    created: Option<u64>,
    data: Option<StripeEventData>,
}

/// What it happened to.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct StripeEventData {
    /// A payment intent, a charge or a refund.
    #[schema(value_type = Object)]
    object: Value,
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
    let object = event.data.map(|data| data.object).unwrap_or_default();
    let at = event.created.map(|seconds| Timestamp(seconds.saturating_mul(1_000)));
    match event.r#type.as_str() {
        "payment_intent.succeeded" => {
            let intent = read::<StripeIntent>(object)?;
            payment(&shop, &intent.id, then(intent.report(), at)).await?;
        }
        "payment_intent.payment_failed" | "payment_intent.canceled" => {
            payment(&shop, &read::<StripeIntent>(object)?.id, PaymentOutcome::Failed.into()).await?;
        }
        "refund.created" | "refund.updated" | "refund.failed" | "charge.refund.updated" => refund(&shop, &read(object)?).await?,
        // Of an order that has a charge for its reference.
        "charge.succeeded" | "charge.failed" => {
            let charge = read::<StripeCharge>(object)?;
            payment(&shop, &charge.id, then(charge.report(), at)).await?;
        }
        "charge.refunded" => charge(&shop, &read(object)?).await?,
        kind => tracing::info!(event = as_code(&event.id), kind = as_code(kind), "Stripe told of something that is of no interest here"),
    }
    received()
}

fn read<T: DeserializeOwned>(object: Value) -> Result<T, Problem> {
    serde_json::from_value(object)
        .map_err(|error| Problem::bad_request("INVALID_JSON", format!("The event's object is not what it should be: {error}.")))
}

/// Stripe asks again until it is told that an event is taken, so one that can't be written down isn't.
fn later(error: CommitError) -> Problem {
    Problem::unavailable(error)
}

async fn payment(shop: &Shop, reference: &str, report: PaymentReport) -> Result<(), Problem> {
    incoming::take(shop, PaymentMethod::Card, reference, &report).await.map(drop).map_err(Problem::unavailable)
}

/// What an event says was so when it happened, however late it is told: of what was given back since it knows nothing. What it tells
/// of was made then, while an intent may be older.
fn then(report: PaymentReport, at: Option<Timestamp>) -> PaymentReport {
    PaymentReport { made: at.or(report.made), is_whole: false, ..report }
}

/// A refund of ours says so in its metadata; any other was made on Stripe's own pages. Where what is said contradicts what is
/// known, Stripe is asked which of the two words is the later.
async fn refund(shop: &Shop, made: &StripeRefund) -> Result<(), Problem> {
    let made = made.provider_refund();
    let Verdict::Contradicts(id, key) = refund_reports::take(shop, &made).await.map_err(later)? else { return Ok(()) };
    match asked_anew(shop, &made.name).await? {
        Some(now) => outgoing::take(shop, id, &key, &now).await.map_err(later),
        None => refund_reports::take_unasked(shop, id, &key, &made.report).await.map_err(later),
    }
}

/// What Stripe says of it by now; nothing where it can't be asked, or knows of none.
async fn asked_anew(shop: &Shop, name: &str) -> Result<Option<RefundReport>, Problem> {
    let Some(stripe) = stripe(shop).await.map_err(Problem::unavailable)? else { return Ok(None) };
    let now = stripe.refund_now(name).await.map_err(Problem::unavailable)?;
    Ok(now.map(|now| now.report()))
}

/// A charge was refunded, by one refund or another: each is looked at. Newer versions of Stripe's API leave them out here.
async fn charge(shop: &Shop, charge: &StripeCharge) -> Result<(), Problem> {
    let refunds = match charge.refunds() {
        Some(refunds) => refunds.to_vec(),
        None => match stripe(shop).await.map_err(Problem::unavailable)? {
            Some(stripe) => {
                let payment = charge.payment_intent.as_deref().unwrap_or(&charge.id);
                stripe.refunds_of(payment).await.map_err(Problem::unavailable)?
            }
            None => Vec::new(),
        },
    };
    for made in &refunds {
        refund(shop, made).await?;
    }
    Ok(())
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
