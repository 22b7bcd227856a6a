//! Refunds that Stripe tells of by itself: those that we asked for, and those that somebody made on its own pages. Each counts
//! once, however often and in whatever order its reports come, and also where they come before the order of its payment.
//!
//! What is said of a refund before that order is there is kept, whether or not Stripe can be asked: whoever marks an order by hand
//! has no key to ask with. The report is taken when a provider's would mark the order, before that does, and by the schedule, for the
//! orders that staff gave the payment's reference. A report may have got lost, or be older than what is kept. So Stripe is asked for
//! all refunds of a payment before it marks an order, unless it has just said that there are none: nobody pays with what they have
//! back.

use super::{UntakenError, outgoing, stripe};
use api::Shop;
use domain::ids::{OrderId, RefundId};
use domain::order::PaymentMethod;
use domain::refund::{PaymentProvider, ProviderRefund, RefundAttempt, RefundOutcome, RefundReport};
use store::{CommitError, StorageError, Writes};

/// Who tells, and of which payments.
const PROVIDER: PaymentProvider = PaymentProvider::Stripe;
const METHOD: PaymentMethod = PROVIDER.payment_method();

/// What was made of a report.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It is in an order's books, or kept for one.
    Taken,
    /// It says otherwise than what is known of this refund, by the key of one of its attempts: one of the two is old.
    Contradicts(RefundId, String),
}

/// Takes a report of a refund.
pub(crate) async fn take(shop: &Shop, made: &ProviderRefund) -> Result<Verdict, CommitError> {
    if let Some(owner) = owner(shop, made).await? {
        return take_of_order(shop, owner, made).await;
    }
    keep(shop, made).await?;
    // Whoever marks its order from now on sees what is kept. Whoever has marked it before has the payment's name now.
    match owner(shop, made).await? {
        Some(owner) => take_of_order(shop, owner, made).await,
        None => Ok(Verdict::Taken),
    }
}

/// The order whose payment it gives back.
async fn owner(shop: &Shop, made: &ProviderRefund) -> Result<Option<OrderId>, StorageError> {
    for payment in &made.payments {
        if let Some(owner) = shop.store.reference_owner(METHOD, payment).await? {
            return Ok(Some(owner));
        }
    }
    Ok(None)
}

async fn take_of_order(shop: &Shop, owner: OrderId, made: &ProviderRefund) -> Result<Verdict, CommitError> {
    if let Some((id, key)) = known(shop, made, owner).await? {
        return apply(shop, id, key, &made.report).await;
    }
    if outgoing::record(shop, PROVIDER, owner, made).await? {
        return Ok(Verdict::Taken);
    }
    // Somebody else has recorded it in between, perhaps by another report.
    match known(shop, made, owner).await? {
        Some((id, key)) => apply(shop, id, key, &made.report).await,
        None => Ok(Verdict::Taken),
    }
}

async fn apply(shop: &Shop, id: RefundId, key: String, report: &RefundReport) -> Result<Verdict, CommitError> {
    let taken = outgoing::take_unless_contradicted(shop, id, &key, report).await?;
    Ok(if taken { Verdict::Taken } else { Verdict::Contradicts(id, key) })
}

/// The refund that it is here, and the key of the attempt it is of: one that we asked for, or one that was recorded before.
async fn known(shop: &Shop, made: &ProviderRefund, owner: OrderId) -> Result<Option<(RefundId, String)>, StorageError> {
    if let Some((id, attempt)) = made.ours
        && shop.store.refund(id).await?.is_some_and(|refund| refund.order_id == owner)
    {
        return Ok(Some((id, RefundAttempt::key_at_stripe(id, attempt))));
    }
    Ok(shop.store.refund_named(PROVIDER, &made.name).await?.map(|id| (id, made.name.clone())))
}

/// Of two reports that contradict each other takes the failure where Stripe can't be asked: what has failed there never succeeds
/// afterwards, so that report is the later one.
pub(crate) async fn take_unasked(shop: &Shop, id: RefundId, key: &str, report: &RefundReport) -> Result<(), CommitError> {
    if matches!(report.outcome, RefundOutcome::Failed(_)) {
        return outgoing::take(shop, id, key, report).await;
    }
    tracing::warn!(refund = %id, "Stripe can't be asked whether a refund that failed has succeeded after all");
    Ok(())
}

/// Keeps it until its payment has an order, unless what is kept already is the later report. What is no amount of ours can be in no
/// order's books.
async fn keep(shop: &Shop, made: &ProviderRefund) -> Result<(), CommitError> {
    if made.amount.is_none() {
        return Ok(());
    }
    let kept = shop.settle(|attempt| async move {
        let kept = shop.store.early_refund(METHOD, made).await?;
        if kept.as_ref().is_some_and(|kept| !made.report.outcome.supersedes(&kept.report.outcome)) {
            return Ok(None);
        }
        Ok(Some(((), Writes::new().keep_early_refund(METHOD, kept.as_ref(), made, attempt.now))))
    });
    kept.await.map(drop)
}

/// Takes what was said of refunds of a payment before it was the order's, by either of its names. One that is another order's is
/// left to that.
pub(crate) async fn catch_up(shop: &Shop, order: OrderId, reference: &str, alias: Option<&str>) -> Result<(), CommitError> {
    for payment in std::iter::once(reference).chain(alias) {
        for early in shop.store.early_refunds(METHOD, payment).await? {
            if owner(shop, &early).await?.is_none_or(|owner| owner == order) {
                take_early(shop, order, &early).await?;
            }
        }
    }
    Ok(())
}

/// Takes every refund that Stripe has of a payment, where it can be asked.
pub(crate) async fn ask_for_all(shop: &Shop, payment: &str) -> Result<(), UntakenError> {
    let Some(stripe) = stripe(shop).await? else { return Ok(()) };
    for made in stripe.refunds_of(payment).await? {
        if let Verdict::Contradicts(id, key) = take(shop, &made.provider_refund()).await? {
            outgoing::take(shop, id, &key, &made.report()).await?;
        }
    }
    Ok(())
}

/// Takes what was kept of a refund, if its payment has an order by now; says whether it has.
pub(crate) async fn look_after(shop: &Shop, early: &ProviderRefund) -> Result<bool, CommitError> {
    let Some(owner) = owner(shop, early).await? else { return Ok(false) };
    take_early(shop, owner, early).await?;
    Ok(true)
}

async fn take_early(shop: &Shop, owner: OrderId, early: &ProviderRefund) -> Result<(), CommitError> {
    if let Verdict::Contradicts(id, key) = take_of_order(shop, owner, early).await? {
        take_unasked(shop, id, &key, &early.report).await?;
    }
    let forgotten = shop.settle(|_| async move {
        let kept = shop.store.early_refund(METHOD, early).await?;
        // One that took its place since is looked after by itself.
        Ok(kept
            .filter(|kept| kept.report.outcome == early.report.outcome)
            .map(|kept| ((), Writes::new().forget_early_refund(METHOD, &kept))))
    });
    forgotten.await.map(drop)
}
