//! Carries refunds out: store credit goes onto the ledger, cards and mobile money go through their provider, and what
//! no provider is configured for, or has never heard of, is left to staff.

use crate::payments::{outgoing, pawapay, stripe};
use api::Shop;
use api::batch::Outcome;
use domain::event::RefundJob;
use domain::ids::RefundId;
use domain::refund::{Awaiting, Refund, RefundChange, RefundMethod};
use providers::{AskError, Gateway};
use store::{CommitError, StorageError, Writes};

/// Does one job.
pub async fn process(shop: &Shop, job: RefundJob) -> Outcome {
    match shop.store.refund(job.refund_id).await {
        Ok(Some(refund)) => carry_out(shop, &refund).await,
        Ok(None) => Outcome::Done,
        Err(error) => Outcome::Again(error.to_string()),
    }
}

/// Carries a refund out, or asks how far it has come.
async fn carry_out(shop: &Shop, refund: &Refund) -> Outcome {
    match refund.method {
        RefundMethod::Card => with_account(shop, refund, stripe(shop).await).await,
        RefundMethod::MobileMoney => with_account(shop, refund, pawapay(shop).await).await,
        RefundMethod::StoreCredit | RefundMethod::Cash => by_ourselves(shop, refund).await,
    }
}

async fn with_account<G: Gateway>(shop: &Shop, refund: &Refund, gateway: Result<Option<G>, AskError>) -> Outcome {
    match gateway {
        Ok(gateway) => at_provider(shop, refund, gateway.as_ref()).await,
        Err(error) => Outcome::Again(error.to_string()),
    }
}

/// The same of a refund that is for one provider, with it or without.
pub(super) async fn at_provider<G: Gateway>(shop: &Shop, refund: &Refund, gateway: Option<&G>) -> Outcome {
    match gateway {
        Some(gateway) => outgoing::carry_out(shop, gateway, refund.id).await,
        None if refund.awaiting == Some(Awaiting::Provider) => Outcome::from(orphaned(shop, refund.id).await),
        None => by_ourselves(shop, refund).await,
    }
}

/// It is with a provider that the shop has no account with any more, or has taken the key of out of its configuration.
async fn orphaned(shop: &Shop, id: RefundId) -> Result<(), CommitError> {
    let left = shop.settle(|attempt| async move {
        let refund = shop.store.refund(id).await?;
        let change = refund.and_then(|refund| refund.orphaned(attempt.now, attempt.ids));
        Ok(change.map(|change| ((), Writes::from(&change))))
    });
    left.await.map(drop)
}

/// The same of one that no provider carries out.
pub(super) async fn by_ourselves(shop: &Shop, refund: &Refund) -> Outcome {
    let id = refund.id;
    let settled = shop.settle(|attempt| async move {
        let Some(refund) = shop.store.refund(id).await? else { return Ok(None) };
        let change = match refund.method {
            RefundMethod::StoreCredit => credited(shop, &refund, attempt).await?,
            RefundMethod::Cash | RefundMethod::MobileMoney | RefundMethod::Card => refund.leave_to_staff(attempt.now, attempt.ids),
        };
        Ok(change.map(|change| ((), Writes::from(&change))))
    });
    Outcome::from(settled.await.map(drop))
}

/// Nothing when the refund is left to staff or no longer being carried out: somebody has done it.
async fn credited(shop: &Shop, refund: &Refund, attempt: api::Attempt) -> Result<Option<RefundChange>, StorageError> {
    let order = shop.store.order(refund.order_id).await?;
    Ok(order.and_then(|order| refund.credit(&order, attempt.now, attempt.ids)))
}
