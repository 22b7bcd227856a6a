//! The OpenAPI document, made from the handlers' own types. No function builds it: it is written to
//! `functions/openapi.json`, and a test holds that file against this.

use crate::{health, inventory, notifications, orders, refunds, store_credit};
use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

#[derive(OpenApi)]
#[openapi(
    info(title = "Order operations", description = "Orders, cancellations, refunds, inventory, store credit and notifications of a shop."),
    paths(
        orders::find, orders::place,
        orders::status::change, orders::payment::mark, orders::cancel::cancel, orders::history::history,
        refunds::find, refunds::update,
        inventory::find, inventory::put, inventory::adjust::adjust, inventory::history::history,
        store_credit::find, store_credit::redeem::redeem,
        notifications::find,
        health::health,
    ),
    components(schemas(api::problem::FieldError)),
    security(("bearer" = [])),
    modifiers(&Bearer),
)]
struct Api;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut Document) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        document.components.get_or_insert_default().add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

/// The document.
#[must_use]
pub fn document() -> Document {
    Api::openapi()
}
