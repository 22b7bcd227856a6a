//! `/api/orders` — place an order, find orders.

pub mod cancel;
mod find;
pub mod history;
pub mod packing_slip;
pub mod payment;
mod place;
pub mod status;
mod view;

pub(crate) use find::__path_find;
pub(crate) use place::__path_place;
pub(crate) use view::OrderView;

use api::input::Reader;
use api::{Problem, Shop};
use axum::Router;
use axum::routing::get;
use domain::ids::OrderId;
use domain::order::Order;

/// The routes of this endpoint.
pub fn routes() -> Router<Shop> {
    Router::new().route("/api/orders", get(find::find).post(place::place))
}

/// The order a path names.
fn order_id(request: &Reader<'_>) -> Option<OrderId> {
    request.path("orderId", |value| value.id(OrderId::new, "INVALID_ORDER_ID"))
}

pub(crate) async fn load(shop: &Shop, id: OrderId) -> Result<Order, Problem> {
    shop.store.order(id).await?.ok_or_else(|| not_found(id))
}

/// `ORDER_NOT_FOUND`
pub(crate) fn not_found(id: impl std::fmt::Display) -> Problem {
    Problem::not_found("ORDER_NOT_FOUND", format!("There is no order {id}."))
}
