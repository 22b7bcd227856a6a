//! Payments that providers tell of: they mark the order that has their reference.

use api::Shop;
use domain::ids::OrderId;
use domain::order::{Incoming, PaymentMethod};
use store::{CommitError, Writes};

/// Marks the order of a payment reference, if any has it; says whether that was news.
pub(crate) async fn told(shop: &Shop, method: PaymentMethod, reference: &str, payment: Incoming) -> Result<bool, CommitError> {
    match shop.store.reference_owner(method, reference).await? {
        Some(order) => told_of_order(shop, order, reference, payment).await,
        // It may come before its order does; then the order is asked after when it is there.
        None => Ok(false),
    }
}

/// Marks an order, if it still has the reference.
pub(crate) async fn told_of_order(shop: &Shop, id: OrderId, reference: &str, payment: Incoming) -> Result<bool, CommitError> {
    let settled = shop.settle(|moment| async move {
        let order = shop.store.order(id).await?;
        let Some(order) = order.filter(|order| order.payment_reference.as_deref() == Some(reference)) else { return Ok(None) };
        match order.payment_told(payment, moment.now, moment.ids) {
            Ok(change) => Ok(change.map(|change| ((), Writes::from(&change)))),
            Err(other) => {
                tracing::error!(alarm = "payment-mismatch", order = %id, %other, "a payment is not what was to be paid");
                Ok(None)
            }
        }
    });
    Ok(settled.await?.is_some())
}
