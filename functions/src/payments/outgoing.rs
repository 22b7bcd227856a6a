//! Refunds at a provider: asking for one, and what is said of one.

use super::payment_at;
use api::batch::Outcome;
use api::clock::random;
use api::{Attempt as Moment, Shop};
use domain::ids::RefundId;
use domain::money::Money;
use domain::order::Order;
use domain::refund::{Awaiting, PaymentProvider, Refund, RefundChange, RefundStatus, Report, Told};
use providers::{AskError, Asked, Gateway};
use store::{CommitError, StorageError, Writes};

/// A refund that is with its provider, and the order whose payment it gives back.
struct Open {
    refund: Refund,
    order: Order,
    key: String,
    /// Whether the provider may have been asked before.
    is_old: bool,
}

/// Carries a refund out at its provider. Whoever comes a second time asks what became of the first.
pub(crate) async fn carry_out<G: Gateway>(shop: &Shop, gateway: &G, id: RefundId) -> Outcome {
    let open = match hand_over::<G>(shop, id).await {
        Ok(Some(open)) => open,
        Ok(None) => return Outcome::Done,
        Err(error) => return Outcome::Again(error.to_string()),
    };
    match ask(gateway, &open).await {
        Ok(report) => settle(shop, &open, &report).await,
        Err(AskError::Refused(why)) => settle(shop, &open, &Report { reference: None, told: Told::Failed(why) }).await,
        Err(AskError::RefusedForNow(why)) => {
            tracing::warn!(refund = %id, why, "a provider has refused for now");
            // Its next attempt is the schedule's, later each time.
            Outcome::from(try_later(shop, &open, &why).await)
        }
        Err(AskError::Unknown(why)) => Outcome::Again(why),
    }
}

/// Asks a provider after a refund, and for it where it has never heard of it.
async fn ask<G: Gateway>(gateway: &G, open: &Open) -> Result<Report, AskError> {
    let payment = payment_at::<G>(&open.order).ok_or_else(|| AskError::Refused("the order has no payment there".to_owned()))?;
    let asked = Asked { refund: &open.refund, key: &open.key, payment };
    if open.is_old {
        if let Some(report) = gateway.refund_state(asked).await? {
            return Ok(report);
        }
        // One that it has named, perhaps before we knew of it, must not be made a second time whatever it says now.
        if open.refund.attempt.as_ref().is_some_and(|attempt| attempt.reference.is_some()) {
            return Err(AskError::Unknown("the provider no longer knows it".to_owned()));
        }
    }
    gateway.refund(asked).await
}

/// Puts a refund into a provider's hands, before it is asked; nothing where it is not to be carried out, or not there.
async fn hand_over<G: Gateway>(shop: &Shop, id: RefundId) -> Result<Option<Open>, CommitError> {
    let handed = shop.settle(|moment| async move {
        let Some((refund, order)) = load(shop, id).await? else { return Ok(None) };
        if let Some(attempt) = open_attempt(&refund, G::PROVIDER) {
            return Ok(Some((Open { key: attempt, refund, order, is_old: true }, Writes::new())));
        }
        let change = match payment_at::<G>(&order) {
            Some(_) => refund.hand_over(G::PROVIDER, &uuid(), moment.now, moment.ids),
            // Staff noted the payment in their own words, so the way back is theirs.
            None => refund.leave_to_staff(moment.now, moment.ids),
        };
        let Some(change) = change else { return Ok(None) };
        let key = open_attempt(&change.refund, G::PROVIDER).unwrap_or_default();
        let writes = Writes::from(&change);
        Ok(Some((Open { key, refund: change.refund, order, is_old: false }, writes)))
    });
    Ok(handed.await?.filter(|open| open.refund.awaiting == Some(Awaiting::Provider)))
}

fn open_attempt(refund: &Refund, provider: PaymentProvider) -> Option<String> {
    let is_open = refund.awaiting == Some(Awaiting::Provider) && refund.provider == Some(provider);
    refund.attempt.as_ref().filter(|_| is_open).map(|attempt| attempt.key.clone())
}

async fn settle(shop: &Shop, open: &Open, report: &Report) -> Outcome {
    Outcome::from(told(shop, open.refund.id, &open.key, report).await)
}

async fn try_later(shop: &Shop, open: &Open, why: &str) -> Result<(), CommitError> {
    let (id, attempt) = (open.refund.id, open.refund.attempts);
    let noted = shop.settle(|Moment { now, ids, .. }| async move {
        let refund = shop.store.refund(id).await?;
        let change = refund.and_then(|refund| refund.refused_for_now(attempt, why, now, ids));
        Ok(change.map(|change| ((), Writes::from(&change))))
    });
    noted.await.map(drop)
}

/// What a provider said of an attempt of ours. An earlier one than the last only counts if the customer has its money: then
/// that is a refund beside the one that is being tried again.
pub(crate) async fn told(shop: &Shop, id: RefundId, key: &str, report: &Report) -> Result<(), CommitError> {
    let settled = shop.settle(|moment| async move {
        let Some((refund, order)) = load(shop, id).await? else { return Ok(None) };
        if refund.is_attempt(key) {
            let change = refund.told(report, &order, moment.now, moment.ids);
            return Ok(change.map(|change| (Settled::by(&refund, &order, &change), Writes::from(&change))));
        }
        match (refund.provider, &report.told) {
            (Some(provider), Told::Succeeded) => {
                let name = format!("{key}/after-all");
                recorded(shop, &order, moment, provider, &name, report, refund.amount).await
            }
            _ => Ok(None),
        }
    });
    raise(id, settled.await?);
    Ok(())
}

/// A refund that a provider made without us: recorded once, by its own name, and settled like any other.
pub(crate) async fn told_of_foreign(
    shop: &Shop,
    provider: PaymentProvider,
    name: &str,
    payments: &[&str],
    amount: Money,
    report: &Report,
) -> Result<(), CommitError> {
    let known = shop.store.refund_named(provider, name).await?;
    if let Some(id) = known {
        return told(shop, id, name, report).await;
    }
    let mut owner = None;
    for payment in payments {
        owner = owner.or(shop.store.reference_owner(provider.payment_method(), payment).await?);
    }
    let Some(owner) = owner else {
        tracing::info!(%provider, name, "a refund of a payment that no order has");
        return Ok(());
    };
    let settled = shop.settle(|moment| async move {
        let Some(order) = shop.store.order(owner).await? else { return Ok(None) };
        recorded(shop, &order, moment, provider, name, report, amount).await
    });
    let settled = settled.await?;
    match (settled, shop.store.refund_named(provider, name).await?) {
        (Some(settled), Some(id)) => raise(id, Some(settled)),
        // Somebody else has recorded it in between, perhaps with an older word of the provider's.
        (None, Some(id)) => return told(shop, id, name, report).await,
        _ => {}
    }
    Ok(())
}

async fn recorded(
    shop: &Shop,
    order: &Order,
    Moment { now, ids, .. }: Moment,
    provider: PaymentProvider,
    name: &str,
    report: &Report,
    amount: Money,
) -> Result<Option<(Settled, Writes)>, StorageError> {
    if amount.currency != order.currency || amount.minor <= 0 || shop.store.refund_named(provider, name).await?.is_some() {
        return Ok(None);
    }
    let recorded = order.record_refund(provider, name, report, amount, now, ids);
    Ok(recorded.map(|recorded| {
        let over = recorded.opened.order.over_refunded().minor > order.over_refunded().minor;
        (Settled { over_refunded: over, bounced: false }, Writes::from(&recorded))
    }))
}

/// What somebody has to know of at once.
#[derive(Clone, Copy)]
struct Settled {
    over_refunded: bool,
    bounced: bool,
}

impl Settled {
    fn by(refund: &Refund, order: &Order, change: &RefundChange) -> Self {
        let over = change.order.as_ref().is_some_and(|after| after.over_refunded().minor > order.over_refunded().minor);
        let completed = refund.status == RefundStatus::Completed;
        Self { over_refunded: over, bounced: completed && change.refund.failure_reason.is_some() }
    }
}

/// `infra/monitoring.yaml` counts these lines by their `alarm`.
fn raise(refund: RefundId, settled: Option<Settled>) {
    let Some(Settled { over_refunded, bounced }) = settled else { return };
    if over_refunded {
        tracing::error!(alarm = "over-refunded", %refund, "more was given back than was paid");
    }
    if bounced {
        tracing::error!(alarm = "refund-came-back", %refund, "a completed refund came back: the customer hasn't got the money");
    }
}

async fn load(shop: &Shop, id: RefundId) -> Result<Option<(Refund, Order)>, StorageError> {
    let Some(refund) = shop.store.refund(id).await? else { return Ok(None) };
    Ok(shop.store.order(refund.order_id).await?.map(|order| (refund, order)))
}

/// A fresh UUID of version 4 (RFC 9562, section 5.4).
fn uuid() -> String {
    let (high, low) = (random(), random());
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 48 & 0x3fff | 0x8000,
        low & 0xffff_ffff_ffff
    )
}
