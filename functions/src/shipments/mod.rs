//! `/api/shipments` — make parcels of an order, find them, and say how far they have come.

mod create;
mod find;
mod update;
mod view;

pub(crate) use create::__path_create;
pub(crate) use find::__path_find;
pub(crate) use update::__path_update;
pub(crate) use view::ShipmentView;

use api::input::{Decimal, Value};
use api::problem::FieldError;
use api::{Problem, Shop};
use axum::Router;
use axum::routing::get;
use domain::ids::ShipmentId;
use domain::money::{Currency, Money};
use domain::shipment::{Shipment, Weight};

/// The routes of this endpoint.
pub fn routes() -> Router<Shop> {
    Router::new().route("/api/shipments", get(find::find).post(create::create).put(update::update))
}

async fn load(shop: &Shop, id: ShipmentId) -> Result<Shipment, Problem> {
    shop.store.shipment(id).await?.ok_or_else(|| not_found(id))
}

/// `SHIPMENT_NOT_FOUND`
fn not_found(id: impl std::fmt::Display) -> Problem {
    Problem::not_found("SHIPMENT_NOT_FOUND", format!("There is no shipment {id}."))
}

/// A weight in kilograms.
fn weight(value: &Value<'_>) -> Option<Weight> {
    let text = value.number("INVALID_WEIGHT")?;
    Weight::parse_kg(text).map_or_else(|reason| value.wrong_as("INVALID_WEIGHT", reason), Some)
}

/// A cost in the currency that only the records tell.
///
/// # Errors
/// `INVALID_AMOUNT` when it is none of that currency.
fn cost(number: &Decimal, currency: Currency) -> Result<Money, Problem> {
    number.amount(currency).map_err(|error| Problem::invalid(vec![FieldError::amount("cost", error, currency)]))
}
