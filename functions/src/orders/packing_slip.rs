//! `GET /api/orders/{orderId}/packing-slip` — the page a warehouse prints to pick and pack an order.

use super::{load, order_id};
use crate::slip;
use api::auth::Staff;
use api::input::{Input, Reader};
use api::{Checked, Page, Problem, Shop};
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use domain::ids::OrderId;

struct ReadSlip(OrderId);

impl Input for ReadSlip {
    fn read(request: &mut Reader<'_>) -> Option<Self> {
        order_id(request).map(Self)
    }
}

/// The routes of this endpoint.
pub fn routes() -> Router<Shop> {
    Router::new().route("/api/orders/{orderId}/packing-slip", get(packing_slip))
}

#[utoipa::path(get, path = "/api/orders/{orderId}/packing-slip", operation_id = "getPackingSlip", tag = "Orders",
    params(("orderId" = u64, Path)),
    responses((status = 200, content_type = "text/html", body = String,
        description = "A page for A4 and US Letter in the order's locale, without script and without anything from elsewhere.",
        headers(("Content-Security-Policy" = String, description = "Allows the page's own style and nothing else.")))))]
async fn packing_slip(State(shop): State<Shop>, _staff: Staff, request: Checked<ReadSlip>) -> Result<Page, Problem> {
    let order = load(&shop, request.input.0).await?;
    Ok(slip::render(&order, &shop.config, shop.clock.now()))
}
