//! Tests that go through HTTP and the queues, as a client does.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test says so by panicking")]

#[allow(dead_code, unused_imports, reason = "builders have more than the tests of the day ask for")]
mod kit;

mod access;
mod alarms;
mod asking_in_rounds;
mod budgets;
mod conventions;
mod docs;
mod email_templates;
mod faults;
mod health;
mod hostile_bytes;
mod hostile_input;
mod hostile_requests;
mod idempotency;
mod inventory;
mod logs;
mod message_reports;
mod model;
mod notifications;
mod numbers;
mod orders_cancel;
mod orders_find;
mod orders_payment;
mod orders_place;
mod orders_status;
mod orders_unpaid;
mod packing_slip;
mod payment_for_cancelled;
mod payments_mismatched;
mod payments_told;
mod promotions;
mod promotions_orders;
mod promotions_races;
mod promotions_validate;
mod races;
mod refunds;
mod refunds_at_providers;
mod refunds_create;
mod returns;
mod secrets;
mod security;
mod shipments;
mod store_credit;
mod the_job;
mod tokens;
mod tokens_published;
mod webhooks_carriers;
mod webhooks_sendgrid;
mod webhooks_ses;
mod webhooks_stripe;
mod webhooks_twilio;
mod wiring;
mod workers;
