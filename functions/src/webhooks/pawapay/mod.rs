//! `POST /api/webhooks/pawapay` — what pawaPay tells of deposits and refunds.
//!
//! A callback that pawaPay has signed is believed. Where the shop has no key to check signatures with, a callback only says
//! what to ask pawaPay after.

mod signature;

use crate::payments::{incoming, outgoing, pawapay};
use api::webhook::{Delivery, Received, received};
use api::{Answer, Problem, Shop};
use axum::Router;
use axum::extract::State;
use axum::routing::post;
use domain::ids::RefundId;
use domain::order::{PaymentMethod, PaymentOutcome, kept_reference};
use domain::refund::{PaymentProvider, RefundReport};
use domain::time::Timestamp;
use providers::{Asked, Deposit, Gateway, PawaPay, PawaPayRefund};
use serde::Deserialize;
use utoipa::ToSchema;

/// A callback, as far as it is looked at; one of the two numbers says what it is about (docs.pawapay.io/v2).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PawaPayCallback {
    deposit_id: Option<String>,
    refund_id: Option<String>,
    /// `COMPLETED` or `FAILED`.
    status: String,
}

/// What a callback says of its deposit or refund, once it has ended.
const KNOWN: [&str; 2] = ["COMPLETED", "FAILED"];

/// The routes of this endpoint.
pub fn routes() -> Router<Shop> {
    Router::new().route("/api/webhooks/pawapay", post(receive))
}

/// Why a callback may be acted on.
enum Trust {
    /// pawaPay has signed it.
    Signed,
    /// It is not, and pawaPay can be asked.
    Asking(PawaPay),
}

#[utoipa::path(post, path = "/api/webhooks/pawapay", operation_id = "receivePawaPayCallback", tag = "Webhooks",
    security(("pawapaySignature" = []), ()),
    request_body(content = PawaPayCallback, description = "A callback, as pawaPay writes it."),
    responses((status = 200, description = "It is taken; what is of no interest here, too.", body = Received)))]
async fn receive(State(shop): State<Shop>, delivery: Delivery) -> Result<Answer, Problem> {
    let trust = authenticate(&shop, &delivery).await?;
    let callback: PawaPayCallback = delivery.json()?;
    match (callback.deposit_id.as_deref(), callback.refund_id.as_deref()) {
        (Some(deposit), _) if PaymentProvider::PawaPay.hands_out(deposit) => {
            told_of_deposit(&shop, &trust, &delivery, &kept_reference(deposit)).await?;
        }
        (_, Some(refund)) if PaymentProvider::PawaPay.hands_out(refund) => {
            told_of_refund(&shop, &trust, &delivery, &kept_reference(refund)).await?;
        }
        // Anybody may have written it.
        _ => tracing::info!(
            status = KNOWN.into_iter().find(|known| *known == callback.status),
            "pawaPay told of something that is of no interest here"
        ),
    }
    received()
}

async fn told_of_deposit(shop: &Shop, trust: &Trust, delivery: &Delivery, deposit: &str) -> Result<(), Problem> {
    let method = PaymentMethod::MobileMoney;
    let pawapay = match trust {
        Trust::Signed => {
            let report = delivery.json::<Deposit>()?.report();
            return incoming::take(shop, method, deposit, &report).await.map(drop).map_err(Problem::unavailable);
        }
        Trust::Asking(pawapay) => pawapay,
    };
    // Nobody has pawaPay asked after deposits that are no order's.
    let Some(order) = shop.store.reference_owner(method, deposit).await? else { return Ok(()) };
    let report = pawapay.payment(deposit).await.map_err(Problem::unavailable)?;
    let report = report.unwrap_or_else(|| PaymentOutcome::Pending.into());
    incoming::take_for_order(shop, method, order, deposit, &report).await.map(drop).map_err(Problem::unavailable)
}

async fn told_of_refund(shop: &Shop, trust: &Trust, delivery: &Delivery, name: &str) -> Result<(), Problem> {
    let Some(id) = shop.store.refund_named(PaymentProvider::PawaPay, name).await? else { return Ok(()) };
    let report = match trust {
        Trust::Signed => Some(delivery.json::<PawaPayRefund>()?.report()),
        Trust::Asking(pawapay) => asked(shop, pawapay, id, name).await?,
    };
    match report {
        Some(report) => outgoing::take(shop, id, name, &report).await.map_err(Problem::unavailable),
        None => Ok(()),
    }
}

async fn asked(shop: &Shop, pawapay: &PawaPay, id: RefundId, name: &str) -> Result<Option<RefundReport>, Problem> {
    let Some(refund) = shop.store.refund(id).await? else { return Ok(None) };
    pawapay.refund_state(Asked { refund: &refund, key: name, payment: "" }).await.map_err(Problem::unavailable)
}

/// Refuses what pawaPay has not signed where its key is known; without one, and without a way to ask, nothing is believed.
async fn authenticate(shop: &Shop, delivery: &Delivery) -> Result<Trust, Problem> {
    if let Some(key) = &shop.config.pawapay_public_key {
        let Timestamp(now) = shop.clock.now();
        let holds = signature::holds(delivery, delivery.address(&shop.config).as_deref(), key, now / 1000);
        return if holds { Ok(Trust::Signed) } else { Err(Problem::invalid_signature()) };
    }
    if let Some(pawapay) = pawapay(shop).await.map_err(Problem::unavailable)? {
        return Ok(Trust::Asking(pawapay));
    }
    tracing::warn!("a callback came in pawaPay's name, and neither its key nor a token to ask it with is set");
    Err(Problem::invalid_signature())
}
