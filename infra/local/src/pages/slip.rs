//! An order's packing slip, for whoever sits at this machine: the API gives it to staff alone.

use super::{Pages, failed};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::ids::OrderId;
use functions::slip::render;

/// `GET /_local/orders/{id}/packing-slip`
pub async fn page(State(pages): State<Pages>, Path(id): Path<u64>) -> Response {
    let shop = &pages.backstage.shop;
    let Some(id) = OrderId::new(id) else { return no_order() };
    match shop.store.order(id).await {
        Ok(Some(order)) => render(&order, &shop.config, shop.clock.now()).into_response(),
        Ok(None) => no_order(),
        Err(error) => failed(&error.to_string()),
    }
}

fn no_order() -> Response {
    (StatusCode::NOT_FOUND, "There is no such order.\n").into_response()
}
