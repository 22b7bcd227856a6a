//! Payments that providers tell of: they mark the order that has their reference.

use super::{UntakenError, can_be_asked, told_refunds};
use api::Shop;
use domain::ids::OrderId;
use domain::order::{Heard, Incoming, Order, PaymentMethod};
use store::{StorageError, Writes};

/// Marks the order of a payment reference, if any has it; says whether that was news.
pub(crate) async fn told(shop: &Shop, method: PaymentMethod, reference: &str, heard: &Heard) -> Result<bool, UntakenError> {
    if let Some(order) = shop.store.reference_owner(method, reference).await? {
        return told_of_order(shop, method, order, reference, heard).await;
    }
    // It may come before its order does. Then its provider is asked once the order is there; where it can't be, this word is looked
    // up, and only there is it kept. That a payment is under way marks no order.
    if heard.payment != Incoming::Pending && !can_be_asked(shop, method) {
        shop.store.keep_early(method, reference, heard, shop.clock.now()).await?;
    }
    Ok(false)
}

/// Marks an order by a payment that it has, or once had, the reference of. Money that has another name besides pays no order while another has that;
/// when it pays one, it is that order's by both names from then on. So one payment pays one order.
pub(crate) async fn told_of_order(
    shop: &Shop,
    method: PaymentMethod,
    id: OrderId,
    reference: &str,
    heard: &Heard,
) -> Result<bool, UntakenError> {
    let alias = heard.alias.as_deref().filter(|_| matches!(heard.payment, Incoming::Received(_)));
    if method == PaymentMethod::Card && matches!(heard.payment, Incoming::Received(_)) {
        told_refunds::catch_up(shop, id, reference, alias).await?;
        if !heard.is_whole && shop.store.order(id).await?.is_some_and(|order| order.may_be_paid_by(reference)) {
            told_refunds::ask_for_all(shop, reference).await?;
        }
    }
    let settled = shop.settle(|moment| async move {
        let order = shop.store.order(id).await?;
        let Some(order) = order else { return Ok(None) };
        let Some(change) = order.payment_told(reference, heard, moment.now, moment.ids) else { return Ok(None) };
        if let Some(owner) = other_owner(shop, &order, alias).await? {
            tracing::error!(alarm = "payment-mismatch", order = %id, %owner, "a payment is another order's by its other name");
            return Ok(None);
        }
        let writes = Writes::from(&change).claim_reference(&change.order, alias);
        Ok(Some(((), writes)))
    });
    Ok(settled.await?.is_some())
}

/// Another order that has the alias for its payment.
async fn other_owner(shop: &Shop, order: &Order, alias: Option<&str>) -> Result<Option<OrderId>, StorageError> {
    let Some(alias) = alias else { return Ok(None) };
    Ok(shop.store.reference_owner(order.payment_method, alias).await?.filter(|owner| *owner != order.id))
}
