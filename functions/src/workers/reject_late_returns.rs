//! Rejects the returns that were approved and never arrived, for the system: their pieces may be asked for again.

use super::sweep::{Sweep, Swept};
use api::Shop;
use domain::returns::Return;
use store::{CommitError, Writes};

/// Looks after every return that has waited too long.
pub async fn run(shop: &Shop) -> Swept {
    let days = shop.config.returns.arrival_days;
    let waiting = shop.store.approved_returns(shop.clock.now().minus_hours(24 * days));
    Sweep::of(shop, "late returns").each(waiting, |rma: Return| reject(shop, rma)).await
}

/// Whether it was rejected: it may have arrived since the list was made.
async fn reject(shop: &Shop, listed: Return) -> Result<bool, CommitError> {
    let settled = shop.settle(|attempt| async move {
        let Some(rma) = shop.store.rma(listed.id).await? else { return Ok(None) };
        let Some(order) = shop.store.order(rma.order_id).await? else { return Ok(None) };
        let given_up = rma.give_up(&order, &shop.config.returns, attempt.now, attempt.ids);
        Ok(given_up.map(|change| ((), Writes::from(&change))))
    });
    Ok(settled.await?.is_some())
}
