//! `GET /api/health` — the version, and whether what everything needs can be reached.

use api::{Answer, Problem, Shop};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use domain::ids::OrderId;
use serde::Serialize;
use std::time::Duration;
use utoipa::ToSchema;

const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Reach {
    Up,
    Down,
}

/// What can be reached.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Dependencies {
    dynamodb: Reach,
    sqs: Reach,
}

/// The system's health.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Health {
    status: Reach,
    version: &'static str,
    dependencies: Dependencies,
}

/// The routes of this endpoint.
pub fn routes() -> Router<Shop> {
    Router::new().route("/api/health", get(health))
}

#[utoipa::path(get, path = "/api/health", operation_id = "getHealth", tag = "Others", security(()),
    responses((status = 200, description = "All is well.", body = Health), (status = 503, description = "Something can't be reached.", body = Health)))]
async fn health(State(shop): State<Shop>) -> Result<Answer, Problem> {
    let (dynamodb, sqs) = tokio::join!(tokio::time::timeout(PATIENCE, tables(&shop)), tokio::time::timeout(PATIENCE, queue(&shop)));
    let (dynamodb, sqs) = (matches!(dynamodb, Ok(true)), matches!(sqs, Ok(true)));
    let state = |up| if up { Reach::Up } else { Reach::Down };
    let health = Health {
        status: state(dynamodb && sqs),
        version: env!("CARGO_PKG_VERSION"),
        dependencies: Dependencies { dynamodb: state(dynamodb), sqs: state(sqs) },
    };
    let status = if dynamodb && sqs { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Ok(Answer::ok(&health)?.with_status(status))
}

/// Whether a read is answered; that there is no such order is an answer.
async fn tables(shop: &Shop) -> bool {
    match OrderId::new(1) {
        Some(none) => shop.store.order(none).await.inspect_err(|error| tracing::error!(%error, "health")).is_ok(),
        None => false,
    }
}

async fn queue(shop: &Shop) -> bool {
    let Some(url) = &shop.email_queue else { return false };
    let answer = shop.sqs.get_queue_attributes().queue_url(url).send().await;
    answer.inspect_err(|error| tracing::error!(error = store::loggable(error), "health")).is_ok()
}
