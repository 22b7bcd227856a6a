//! Payments that providers tell of: they mark the order that has their reference.

use super::{UntakenError, can_be_asked, refund_reports};
use api::Shop;
use domain::ids::OrderId;
use domain::order::{Order, PaymentMethod, PaymentOutcome, PaymentReport};
use store::{StorageError, Writes};

/// Marks the order of a payment reference, if any has it; says whether that was news.
pub(crate) async fn take(shop: &Shop, method: PaymentMethod, reference: &str, report: &PaymentReport) -> Result<bool, UntakenError> {
    if let Some(order) = shop.store.reference_owner(method, reference).await? {
        return take_for_order(shop, method, order, reference, report).await;
    }
    // It may come before its order does. Then its provider is asked once the order is there; where it can't be, this report is looked
    // up, and only there is it kept. That a payment is under way marks no order.
    if report.outcome != PaymentOutcome::Pending && !can_be_asked(shop, method) {
        shop.store.keep_early_payment(method, reference, report, shop.clock.now()).await?;
    }
    Ok(false)
}

/// Marks an order by a payment that it has, or once had, the reference of. Money that has another name besides pays no order while another has that;
/// when it pays one, it is that order's by both names from then on. So one payment pays one order.
pub(crate) async fn take_for_order(
    shop: &Shop,
    method: PaymentMethod,
    id: OrderId,
    reference: &str,
    report: &PaymentReport,
) -> Result<bool, UntakenError> {
    let alias = report.alias.as_deref().filter(|_| matches!(report.outcome, PaymentOutcome::Received(_)));
    if method == PaymentMethod::Card && matches!(report.outcome, PaymentOutcome::Received(_)) {
        refund_reports::catch_up(shop, id, reference, alias).await?;
        if !report.is_whole && shop.store.order(id).await?.is_some_and(|order| order.may_be_paid_by(reference)) {
            refund_reports::ask_for_all(shop, reference).await?;
        }
    }
    let settled = shop.settle(|attempt| async move {
        let order = shop.store.order(id).await?;
        let Some(order) = order else { return Ok(None) };
        let Some(change) = order.payment_reported(reference, report, attempt.now, attempt.ids) else { return Ok(None) };
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
