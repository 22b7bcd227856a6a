//! A module for each endpoint and each worker, and a binary for each Lambda.

pub mod docs;
pub mod email_templates;
pub mod health;
pub mod inventory;
pub mod messages;
pub mod not_found;
pub mod notifications;
pub mod openapi;
pub mod orders;
mod payments;
pub mod promotions;
pub mod refunds;
pub mod returns;
pub mod shipments;
pub mod slip;
pub mod store_credit;
pub mod webhooks;
pub mod workers;

mod lines;
mod query;

use api::Shop;
use axum::Router;

/// One endpoint: the binary that serves it, its path, its routes.
pub struct Endpoint {
    /// The binary, and with it the function.
    pub bin: &'static str,
    /// The path; none for the function that answers whatever no other does.
    pub path: Option<&'static str>,
    /// Its routes.
    pub routes: fn() -> Router<Shop>,
}

const fn endpoint(bin: &'static str, path: &'static str, routes: fn() -> Router<Shop>) -> Endpoint {
    Endpoint { bin, path: Some(path), routes }
}

/// Every endpoint.
pub const ENDPOINTS: &[Endpoint] = &[
    endpoint("orders", "/api/orders", orders::routes),
    endpoint("orders-status", "/api/orders/{orderId}/status", orders::status::routes),
    endpoint("orders-payment", "/api/orders/{orderId}/payment", orders::payment::routes),
    endpoint("orders-cancel", "/api/orders/{orderId}/cancel", orders::cancel::routes),
    endpoint("orders-history", "/api/orders/{orderId}/history", orders::history::routes),
    endpoint("orders-packing-slip", "/api/orders/{orderId}/packing-slip", orders::packing_slip::routes),
    endpoint("refunds", "/api/refunds", refunds::routes),
    endpoint("promotions", "/api/promotions", promotions::routes),
    endpoint("promotions-validate", "/api/promotions/validate", promotions::validate::routes),
    endpoint("shipments", "/api/shipments", shipments::routes),
    endpoint("returns", "/api/returns", returns::routes),
    endpoint("inventory", "/api/inventory", inventory::routes),
    endpoint("inventory-adjust", "/api/inventory/adjust", inventory::adjust::routes),
    endpoint("inventory-history", "/api/inventory/{variantId}/history", inventory::history::routes),
    endpoint("store-credit", "/api/store-credit", store_credit::routes),
    endpoint("store-credit-redeem", "/api/store-credit/redeem", store_credit::redeem::routes),
    endpoint("email-templates", "/api/email-templates", email_templates::routes),
    endpoint("email-templates-preview", "/api/email-templates/preview", email_templates::preview::routes),
    endpoint("notifications", "/api/notifications", notifications::routes),
    endpoint("notifications-resend", "/api/notifications/{id}/resend", notifications::resend::routes),
    endpoint("webhooks-pawapay", "/api/webhooks/pawapay", webhooks::pawapay::routes),
    endpoint("webhooks-stripe", "/api/webhooks/stripe", webhooks::stripe::routes),
    endpoint("webhooks-dhl", "/api/webhooks/dhl", webhooks::carriers::dhl::routes),
    endpoint("webhooks-fedex", "/api/webhooks/fedex", webhooks::carriers::fedex::routes),
    endpoint("webhooks-ups", "/api/webhooks/ups", webhooks::carriers::ups::routes),
    endpoint("webhooks-twilio", webhooks::twilio::PATH, webhooks::twilio::routes),
    endpoint("webhooks-sendgrid", "/api/webhooks/sendgrid", webhooks::sendgrid::routes),
    endpoint("webhooks-ses", "/api/webhooks/ses", webhooks::ses::routes),
    endpoint("health", "/api/health", health::routes),
    endpoint("openapi", "/api/openapi.json", docs::document::routes),
    endpoint("docs", "/api/docs", docs::explorer::routes),
    endpoint("docs", "/api/docs/{file}", docs::explorer::file_routes),
    Endpoint { bin: "not-found", path: None, routes: not_found::routes },
];

/// Every worker's binary.
pub const WORKERS: &[&str] = &["relay", "inventory-log", "send-email", "send-sms", "process-refund", "book-shipment"];

/// Every function that is run at regular times; how often, the template says.
pub const SCHEDULES: &[&str] = &["cancel-unpaid-orders", "reject-late-returns", "ask-providers", "track-shipments"];

/// All routes in one, as the local server has them.
pub fn api() -> Router<Shop> {
    ENDPOINTS.iter().fold(Router::new(), |all, endpoint| all.merge((endpoint.routes)()))
}
