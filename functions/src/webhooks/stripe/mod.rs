//! `POST /api/webhooks/stripe` — what Stripe tells of payments and refunds.

mod signature;

use crate::payments::{incoming, outgoing, stripe};
use api::secrets::SecretName;
use api::webhook::{Delivery, Received, received};
use api::{Answer, Problem, Shop};
use axum::Router;
use axum::extract::State;
use axum::routing::post;
use domain::ids::{OrderId, RefundId};
use domain::order::{Heard, Incoming, PaymentMethod};
use domain::refund::{PaymentProvider, Report, Told};
use domain::time::Timestamp;
use providers::{StripeCharge, StripeIntent, StripeRefund};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use store::{CommitError, StorageError};
use utoipa::ToSchema;

/// An event of Stripe's, as far as it is looked at (docs.stripe.com/api/events/object).
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct StripeEvent {
    /// `evt_…`
    id: String,
    /// What happened, such as `payment_intent.succeeded`.
    r#type: String,
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
    match event.r#type.as_str() {
        "payment_intent.succeeded" => payment(&shop, &read::<StripeIntent>(object)?, None).await?,
        "payment_intent.payment_failed" | "payment_intent.canceled" => {
            payment(&shop, &read::<StripeIntent>(object)?, Some(Incoming::Failed)).await?;
        }
        "refund.created" | "refund.updated" | "refund.failed" | "charge.refund.updated" => refund(&shop, &read(object)?).await?,
        "charge.succeeded" | "charge.failed" => charged(&shop, &read(object)?).await?,
        "charge.refunded" => charge(&shop, &read(object)?).await?,
        kind => tracing::info!(event = event.id, kind, "Stripe told of something that is of no interest here"),
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

async fn payment(shop: &Shop, intent: &StripeIntent, says: Option<Incoming>) -> Result<(), Problem> {
    let heard = says.map_or_else(|| intent.heard(), Heard::from);
    incoming::told(shop, PaymentMethod::Card, &intent.id, &heard).await.map(drop).map_err(later)
}

/// Of an order that has a charge for its reference.
async fn charged(shop: &Shop, charge: &StripeCharge) -> Result<(), Problem> {
    incoming::told(shop, PaymentMethod::Card, &charge.id, &charge.heard()).await.map(drop).map_err(later)
}

/// A refund of ours says so in its metadata; any other was made on Stripe's own pages.
async fn refund(shop: &Shop, made: &StripeRefund) -> Result<(), Problem> {
    let Some(owner) = owner(shop, made).await.map_err(Problem::unavailable)? else {
        tracing::info!(refund = made.id, "a refund of a payment that no order has");
        return Ok(());
    };
    if let Some((id, key)) = known(shop, made, owner).await.map_err(Problem::unavailable)? {
        return word(shop, made, id, &key).await;
    }
    let Some(amount) = made.money() else { return Ok(()) };
    if outgoing::record(shop, PaymentProvider::Stripe, &made.id, owner, amount, &made.report()).await.map_err(later)? {
        return Ok(());
    }
    // Somebody else has recorded it in between, perhaps with another word.
    match known(shop, made, owner).await.map_err(Problem::unavailable)? {
        Some((id, key)) => word(shop, made, id, &key).await,
        None => Ok(()),
    }
}

/// What an event says of a refund. Where that contradicts what is known, Stripe is asked which of the two words is the later.
async fn word(shop: &Shop, made: &StripeRefund, id: RefundId, key: &str) -> Result<(), Problem> {
    let report = made.report();
    if outgoing::overheard(shop, id, key, &report).await.map_err(later)? {
        return Ok(());
    }
    match asked_anew(shop, made).await? {
        Some(now) => outgoing::told(shop, id, key, &now).await.map_err(later),
        // What has failed at Stripe never succeeds afterwards, so that word is the later one.
        None if matches!(report.told, Told::Failed(_)) => outgoing::told(shop, id, key, &report).await.map_err(later),
        None => {
            tracing::warn!(refund = %id, "Stripe can't be asked whether a refund that failed has succeeded after all");
            Ok(())
        }
    }
}

/// The order whose payment it gives back.
async fn owner(shop: &Shop, made: &StripeRefund) -> Result<Option<OrderId>, StorageError> {
    for payment in [&made.payment_intent, &made.charge].into_iter().flatten() {
        if let Some(owner) = shop.store.reference_owner(PaymentMethod::Card, payment).await? {
            return Ok(Some(owner));
        }
    }
    Ok(None)
}

/// The refund that it is here, and the key of the attempt it is of: one that we asked for, or one that was recorded before.
async fn known(shop: &Shop, made: &StripeRefund, owner: OrderId) -> Result<Option<(RefundId, String)>, StorageError> {
    if let Some((id, attempt)) = made.ours()
        && shop.store.refund(id).await?.is_some_and(|refund| refund.order_id == owner)
    {
        return Ok(Some((id, format!("refund-{id}-{attempt}"))));
    }
    Ok(shop.store.refund_named(PaymentProvider::Stripe, &made.id).await?.map(|id| (id, made.id.clone())))
}

/// What Stripe says of it by now; nothing where it can't be asked, or knows of none.
async fn asked_anew(shop: &Shop, made: &StripeRefund) -> Result<Option<Report>, Problem> {
    let Some(stripe) = stripe(shop).await.map_err(Problem::unavailable)? else { return Ok(None) };
    let now = stripe.refund_now(&made.id).await.map_err(Problem::unavailable)?;
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
