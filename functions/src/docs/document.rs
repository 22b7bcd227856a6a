//! `GET /api/openapi.json` — the OpenAPI document, as it is committed: no function makes it when it starts.

use api::Shop;
use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;

const DOCUMENT: &str = include_str!("../../openapi.json");

/// The routes of this endpoint.
pub fn routes() -> Router<Shop> {
    Router::new().route("/api/openapi.json", get(document))
}

#[utoipa::path(get, path = "/api/openapi.json", operation_id = "getOpenApi", tag = "Others", security(()),
    responses((status = 200, description = "This document.", body = Object)))]
pub(crate) async fn document() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT)
}
