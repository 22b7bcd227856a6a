//! Cancels the orders that nobody paid in time, for the system: their stock is for sale again.

use super::sweep::{Sweep, Swept};
use api::Shop;
use domain::order::Order;
use store::CommitError;

/// Looks after every order that has waited too long.
pub async fn run(shop: &Shop) -> Swept {
    let hours = shop.config.unpaid_order_hours;
    let waiting = shop.store.unpaid_orders(shop.clock.now().minus_hours(hours));
    Sweep::of(shop, "unpaid orders").each(waiting, |order: Order| cancel(shop, order)).await
}

/// Whether it was cancelled: it may have been paid since the list was made.
async fn cancel(shop: &Shop, listed: Order) -> Result<bool, CommitError> {
    let settled = shop.settle(|attempt| async move {
        let Some(order) = shop.store.order(listed.id).await? else { return Ok(None) };
        let cancelled = order.cancel_unpaid(shop.config.unpaid_order_hours, attempt.now, attempt.ids);
        let Some(cancellation) = cancelled else { return Ok(None) };
        Ok(Some(((), shop.store.cancelling(cancellation, attempt.lost).await?)))
    });
    Ok(settled.await?.is_some())
}
