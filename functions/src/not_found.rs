//! `$default` — whatever no other function serves gets a problem.

use api::Shop;
use axum::Router;

/// No routes: what every router answers to an address it doesn't have is all there is to say.
pub fn routes() -> Router<Shop> {
    Router::new()
}
