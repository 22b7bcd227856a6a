//! The demo shop: two weeks of ML Allure in Kinshasa, made through the API as its clients would.
//!
//! The system starts with its clock two weeks behind. Each day's calls are made, their messages go out, and the clock
//! moves on a day; at the end it is today. So stock, events, refunds and messages agree as they do in a real shop.

mod catalogue;
mod client;
pub mod mail;
mod orders;
pub mod people;
mod promotions;

use crate::System;
use client::Client;
use orders::{ORDERS, Order, Step};
use std::collections::HashMap;
use std::time::Duration;

/// How long ago the demo begins.
pub const DAYS: u8 = 13;

/// What the demo shop has on its packing slips, unless `SHOP_ADDRESS` and `SHOP_LOGO` say otherwise.
pub const SHOP_ADDRESS: &str = "ML Allure | 12, avenue de la Paix | Gombe, Kinshasa | RD Congo";
/// A monogram.
pub const SHOP_LOGO: &str = "<svg viewBox='0 0 64 64' fill='none' stroke='#000' stroke-width='2.5' stroke-linecap='round' \
                             stroke-linejoin='round'><circle cx='32' cy='32' r='30'/><path d='M14 44V20l10 15 10-15v24M42 20v24h10'/></svg>";

const DAY: Duration = Duration::from_hours(24);

/// Longer than the messages of a day should ever take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why the demo shop can't be made.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The API refuses a call.
    #[error("the demo shop: {call} was answered with {status}: {body}")]
    Refused {
        /// Method and path.
        call: String,
        /// The HTTP status.
        status: u16,
        /// What it said.
        body: String,
    },
    /// An answer has no such field.
    #[error("the demo shop: an answer has no {0}")]
    NoField(&'static str),
    /// An order names a SKU that the catalogue hasn't got.
    #[error("the demo shop: there is no SKU {0}")]
    NoSku(&'static str),
    /// A task of ours ended early.
    #[error("the demo shop: {0}")]
    Task(#[from] tokio::task::JoinError),
    /// The tables fail.
    #[error("the demo shop: {0}")]
    Storage(#[from] store::StorageError),
    /// A message's end can't be noted.
    #[error("the demo shop: what became of a message can't be noted: {0}")]
    Told(String),
    /// Messages of a day did not go out.
    #[error("the demo shop: the queues do not empty")]
    Unsettled,
}

/// What was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Made {
    /// Variants of the catalogue.
    pub variants: usize,
    /// Customers.
    pub customers: usize,
    /// Promotions.
    pub promotions: usize,
    /// Orders.
    pub orders: usize,
}

/// Makes the demo shop in a system that is empty and whose clock is [`DAYS`] behind.
///
/// # Errors
/// See [`DemoError`].
pub async fn make(system: &System) -> Result<Made, DemoError> {
    let client = Client::new(system);
    let skus = catalogue::stock(&client).await?;
    let codes = promotions::make(&client, system.clock.now().0).await?;
    mail::own_template(&client).await?;
    let mut open: Vec<Open> = ORDERS.iter().map(|order| Open { order, id: None, done: 0 }).collect();
    for days_ago in (0..=DAYS).rev() {
        let mut today = tokio::task::JoinSet::new();
        let (due, later): (Vec<Open>, Vec<Open>) = open.into_iter().partition(|open| open.is_due(days_ago));
        open = later;
        let was_busy = !due.is_empty();
        for order in due {
            today.spawn(live_through(client.clone(), skus.clone(), order, days_ago));
        }
        while let Some(order) = today.join_next().await {
            open.push(order??);
        }
        // A day's messages go out on that day.
        if was_busy && !system.settled(PATIENCE).await {
            return Err(DemoError::Unsettled);
        }
        // Of today's nobody has told yet.
        if days_ago > 0 {
            mail::told(system).await?;
            system.clock.advance(DAY);
        }
    }
    system.clock.catch_up();
    Ok(Made { variants: skus.len(), customers: people::CUSTOMERS.len(), promotions: codes, orders: open.len() })
}

/// An order on its way through the days.
struct Open {
    order: &'static Order,
    id: Option<u64>,
    /// Steps that were taken.
    done: usize,
}

impl Open {
    /// Whether something happens to it on that day.
    fn is_due(&self, days_ago: u8) -> bool {
        self.order.steps.get(self.done).is_some_and(|(day, _)| *day == days_ago)
    }
}

/// All that happens to an order on a day, one after the other.
async fn live_through(client: Client, skus: HashMap<String, u64>, mut open: Open, days_ago: u8) -> Result<Open, DemoError> {
    while let Some((day, step)) = open.order.steps.get(open.done)
        && *day == days_ago
    {
        match (step, open.id) {
            (Step::Place, _) => open.id = Some(open.order.place(&client, &skus).await?),
            (step, Some(id)) => step.take(&client, open.order, id).await?,
            (_, None) => return Err(DemoError::NoField("id")),
        }
        open.done += 1;
    }
    Ok(open)
}

#[cfg(test)]
mod tests;
