//! `/api/inventory` — find variants, create and change them.

pub mod adjust;
mod find;
pub mod history;
mod put;
mod view;

pub(crate) use find::__path_find;
pub(crate) use put::__path_put;
pub(crate) use view::{StockLogView, VariantView};

use api::Shop;
use api::input::Value;
use axum::Router;
use axum::routing::get;
use domain::inventory::kept_sku;

/// The routes of this endpoint.
pub fn routes() -> Router<Shop> {
    Router::new().route("/api/inventory", get(find::find).put(put::put))
}

fn sku_of(value: &Value<'_>) -> Option<String> {
    value.text(100).map(|written| kept_sku(&written))
}
