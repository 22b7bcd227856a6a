//! Carries refunds out, as far as it can: store credit goes onto the ledger at once; what no provider is configured
//! for is left to staff.

use api::Shop;
use api::batch::Outcome;
use domain::actor::Actor;
use domain::event::RefundJob;
use domain::refund::{Refund, RefundChange, RefundMethod, RefundStatus};
use store::{StorageError, Writes};

/// Does one job.
pub async fn process(shop: &Shop, job: RefundJob) -> Outcome {
    let settled = shop.settle(|attempt| async move {
        let Some(refund) = shop.store.refund(job.refund_id).await? else {
            return Ok(None);
        };
        let change = match refund.method {
            RefundMethod::StoreCredit => credited(shop, &refund, attempt).await?,
            RefundMethod::Cash | RefundMethod::MobileMoney | RefundMethod::Card => refund.leave_to_staff(attempt.now, attempt.ids),
        };
        Ok(change.map(|change| ((), Writes::from(&change))))
    });
    match settled.await {
        Ok(_) => Outcome::Done,
        Err(error) => Outcome::Again(error.to_string()),
    }
}

/// Nothing when the refund is no longer being carried out: somebody has done it.
async fn credited(shop: &Shop, refund: &Refund, attempt: api::Attempt) -> Result<Option<RefundChange>, StorageError> {
    if refund.status != RefundStatus::Processing {
        return Ok(None);
    }
    let Some(order) = shop.store.order(refund.order_id).await? else { return Ok(None) };
    Ok(refund.complete(&order, Actor::System, attempt.now, attempt.ids).ok())
}
