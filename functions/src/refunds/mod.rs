//! `/api/refunds` — make a refund, find refunds, and what an admin makes of one.

mod create;
mod find;
mod update;
mod view;

pub(crate) use create::__path_create;
pub(crate) use find::__path_find;
pub(crate) use update::__path_update;
pub(crate) use view::RefundView;

use api::{Problem, Shop};
use axum::Router;
use axum::routing::get;
use domain::ids::RefundId;
use domain::refund::Refund;

/// The routes of this endpoint.
pub fn routes() -> Router<Shop> {
    Router::new().route("/api/refunds", get(find::find).post(create::create).put(update::update))
}

async fn load(shop: &Shop, id: RefundId) -> Result<Refund, Problem> {
    shop.store.refund(id).await?.ok_or_else(|| Problem::not_found("REFUND_NOT_FOUND", format!("There is no refund {id}.")))
}
