//! `/api/promotions` — find promotions, and what an admin makes of them.

mod create;
mod deactivate;
mod find;
mod update;
pub mod validate;
mod view;

pub(crate) use create::__path_create;
pub(crate) use deactivate::__path_deactivate;
pub(crate) use find::__path_find;
pub(crate) use update::__path_update;
pub(crate) use view::{PromotionView, Value};

use api::{Problem, Shop};
use axum::Router;
use axum::routing::get;
use domain::ids::PromotionId;
use domain::promotion::PromotionCode;

/// The most characters of a name and of a description. A promotion with both stays within the four kilobytes of one read
/// unit, whatever they are written in.
const MOST_NAME: usize = 100;
const MOST_DESCRIPTION: usize = 500;

/// The routes of this endpoint.
pub fn routes() -> Router<Shop> {
    let methods = get(find::find).post(create::create).put(update::update).delete(deactivate::deactivate);
    Router::new().route("/api/promotions", methods)
}

/// The code of a promotion's id.
async fn code_of(shop: &Shop, id: PromotionId) -> Result<PromotionCode, Problem> {
    shop.store.promotion_code(id).await?.ok_or_else(|| not_found(id))
}

/// `PROMOTION_NOT_FOUND`
fn not_found(asked: impl std::fmt::Display) -> Problem {
    Problem::not_found("PROMOTION_NOT_FOUND", format!("There is no promotion {asked}."))
}
