//! What this machine's Stripe and pawaPay have given back.

use super::Pages;
use crate::emulators::payments::{Made, Provider};
use axum::extract::State;
use axum::response::Response;
use domain::money::{Currency, Money};
use serde::Serialize;

/// Refunds that the page lists.
const LISTED: usize = 200;

#[derive(Serialize)]
struct Refunds {
    list: Vec<Row>,
    older: usize,
}

#[derive(Serialize)]
struct Row {
    provider: &'static str,
    id: String,
    payment: String,
    amount: String,
    status: String,
    failure: Option<String>,
}

/// `GET /_local/payments`, the newest refund first.
pub async fn refunds(State(pages): State<Pages>) -> Response {
    let made = pages.backstage.payments.refunds();
    let list = made.iter().rev().take(LISTED).map(Row::of).collect();
    pages.render("payments", "Refunds at providers", Refunds { list, older: made.len().saturating_sub(LISTED) })
}

impl Row {
    fn of(made: &Made) -> Self {
        let currency = Currency::parse(&made.currency.to_uppercase());
        Self {
            provider: match made.provider {
                Provider::Stripe => "Stripe",
                Provider::PawaPay => "pawaPay",
            },
            id: made.id.clone(),
            payment: made.payment.clone(),
            amount: currency.map_or_else(|| made.amount.to_string(), |currency| Money::new(made.amount, currency).to_string()),
            status: made.status.clone(),
            failure: made.failure.clone(),
        }
    }
}
