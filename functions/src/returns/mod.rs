//! `/api/returns` — ask for a return, find returns, take one a step on.

mod find;
mod request;
mod update;
mod view;

pub(crate) use find::__path_find;
pub(crate) use request::__path_request;
pub(crate) use update::__path_update;

use api::input::Value;
use api::{Problem, Shop};
use axum::Router;
use axum::routing::get;
use domain::ids::ReturnId;
use domain::returns::{Condition, Return};

/// The routes of this endpoint.
pub fn routes() -> Router<Shop> {
    Router::new().route("/api/returns", get(find::find).post(request::request).put(update::update))
}

async fn load(shop: &Shop, id: ReturnId) -> Result<Return, Problem> {
    shop.store.rma(id).await?.ok_or_else(|| not_found(id))
}

fn not_found(which: impl std::fmt::Display) -> Problem {
    Problem::not_found("RETURN_NOT_FOUND", format!("There is no return {which}."))
}

fn condition(value: &Value<'_>) -> Option<Condition> {
    value.word::<Condition>("INVALID_CONDITION")
}
