//! Refunds at a provider: asking for one, and what is said of one.

use super::payment_at;
use api::batch::Outcome;
use api::clock::random;
use api::{Attempt, Shop};
use domain::ids::{OrderId, RefundId};
use domain::order::Order;
use domain::refund::{Awaiting, PaymentProvider, ProviderRefund, Refund, RefundOutcome, RefundReport, RefundStatus, Unheard};
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
        Ok(report) => settle(shop, gateway, &open, &report).await,
        Err(AskError::Refused(why)) => {
            let outcome = RefundOutcome::Failed(why.for_the_record().to_owned());
            settle(shop, gateway, &open, &RefundReport { reference: None, outcome }).await
        }
        Err(AskError::RefusedForNow(why)) => {
            tracing::warn!(refund = %id, %why, "a provider has refused for now");
            // Its next attempt is the schedule's, later each time.
            Outcome::from(try_later(shop, &open, why.for_the_record()).await)
        }
        Err(AskError::Unknown(why) | AskError::Unanswered(why)) => Outcome::Again(why.to_string()),
    }
}

/// Asks a provider after a refund, and for it where it has never heard of it.
async fn ask<G: Gateway>(gateway: &G, open: &Open) -> Result<RefundReport, AskError> {
    let payment = payment_at::<G>(&open.refund, &open.order).ok_or_else(|| AskError::Refused("the order has no payment there".into()))?;
    let asked = Asked { refund: &open.refund, key: &open.key, payment };
    if open.is_old {
        if let Some(report) = gateway.refund_state(asked).await? {
            return Ok(report);
        }
        // One that it has named, perhaps before we knew of it, must not be made a second time whatever it says now.
        if open.refund.attempt.as_ref().is_some_and(|attempt| attempt.reference.is_some()) {
            return Err(AskError::Unknown("the provider no longer knows it".into()));
        }
    }
    gateway.refund(asked).await
}

/// Puts a refund into a provider's hands, before it is asked; nothing where it is not to be carried out, or not there.
async fn hand_over<G: Gateway>(shop: &Shop, id: RefundId) -> Result<Option<Open>, CommitError> {
    let handed = shop.settle(|attempt| async move {
        let Some((refund, order)) = load(shop, id).await? else { return Ok(None) };
        if let Some(attempt) = open_attempt(&refund, G::PROVIDER) {
            return Ok(Some((Some(Open { key: attempt, refund, order, is_old: true }), Writes::new())));
        }
        let change = match payment_at::<G>(&refund, &order) {
            Some(_) => refund.hand_over(G::PROVIDER, &uuid(), attempt.now, attempt.ids),
            // Staff noted the payment in their own words, so the way back is theirs.
            None => refund.leave_to_staff(attempt.now, attempt.ids),
        };
        let Some(change) = change else { return Ok(None) };
        let writes = Writes::from(&change);
        let key = open_attempt(&change.refund, G::PROVIDER);
        let open = key.map(|key| Open { key, refund: change.refund, order, is_old: false });
        Ok(Some((open, writes)))
    });
    Ok(handed.await?.flatten())
}

fn open_attempt(refund: &Refund, provider: PaymentProvider) -> Option<String> {
    let is_open = refund.awaiting == Some(Awaiting::Provider) && refund.provider == Some(provider);
    refund.attempt.as_ref().filter(|_| is_open).map(|attempt| attempt.key.clone())
}

/// Writes down what a provider has answered, unless another report of its came in between that says otherwise: then it is asked
/// which of the two is the later.
async fn settle<G: Gateway>(shop: &Shop, gateway: &G, open: &Open, report: &RefundReport) -> Outcome {
    let (id, key) = (open.refund.id, open.key.as_str());
    match take_unless_contradicted(shop, id, key, report).await {
        Ok(true) => return Outcome::Done,
        Ok(false) => {}
        Err(error) => return Outcome::Again(error.to_string()),
    }
    let Some(payment) = payment_at::<G>(&open.refund, &open.order) else { return Outcome::Done };
    match gateway.refund_state(Asked { refund: &open.refund, key, payment }).await {
        Ok(Some(now)) => Outcome::from(take(shop, id, key, &now).await),
        Ok(None) => Outcome::Done,
        Err(error) => Outcome::Again(error.to_string()),
    }
}

async fn try_later(shop: &Shop, open: &Open, why: &str) -> Result<(), CommitError> {
    let (id, attempt) = (open.refund.id, open.refund.attempts);
    let noted = shop.settle(|Attempt { now, ids, .. }| async move {
        let refund = shop.store.refund(id).await?;
        let change = refund.and_then(|refund| refund.refused_for_now(attempt, why, now, ids));
        Ok(change.map(|change| ((), Writes::from(&change))))
    });
    noted.await.map(drop)
}

/// What a provider said of an attempt of ours. An earlier one than the last only counts if the customer has its money: then
/// that is a refund beside the one that is being tried again.
pub(crate) async fn take(shop: &Shop, id: RefundId, key: &str, report: &RefundReport) -> Result<(), CommitError> {
    apply(shop, id, key, report, Trust::Now).await.map(drop)
}

/// The same of a report that may have been overtaken by another on its way here. Says whether it was taken: one that contradicts
/// what is known is not.
pub(crate) async fn take_unless_contradicted(shop: &Shop, id: RefundId, key: &str, report: &RefundReport) -> Result<bool, CommitError> {
    apply(shop, id, key, report, Trust::Then).await
}

/// When a report was true.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trust {
    /// Now: the provider was asked because there was doubt.
    Now,
    /// When it was said.
    Then,
}

/// Whether a report says otherwise than an earlier one. They overtake each other: which of the two is the later, the provider
/// alone knows.
fn contradicts(refund: &Refund, key: &str, outcome: &RefundOutcome) -> bool {
    match outcome {
        RefundOutcome::Pending => false,
        // That of an attempt which was given up for the next one, too.
        RefundOutcome::Succeeded => refund.status == RefundStatus::Failed || !refund.is_attempt(key),
        RefundOutcome::Failed(_) => refund.status == RefundStatus::Completed && refund.failure_reason.is_none() && refund.is_attempt(key),
    }
}

async fn apply(shop: &Shop, id: RefundId, key: &str, report: &RefundReport, trust: Trust) -> Result<bool, CommitError> {
    let settled = shop.settle(|attempt| async move {
        let Some(Attempted { refund, order, key }) = attempted(shop, id, key).await? else { return Ok(None) };
        if trust == Trust::Then && contradicts(&refund, &key, &report.outcome) {
            return Ok(Some((false, Writes::new())));
        }
        if refund.is_attempt(&key) {
            let change = refund.reported(report, &order, attempt.now, attempt.ids);
            return Ok(change.map(|change| (true, Writes::from(&change))));
        }
        match (refund.provider, &report.outcome) {
            (Some(provider), RefundOutcome::Succeeded) => {
                let made = ProviderRefund {
                    name: after_all(&key),
                    payments: refund.payment(&order).map(ToOwned::to_owned).into_iter().collect(),
                    amount: Some(refund.amount),
                    ours: None,
                    report: report.clone(),
                };
                Ok(recorded(&order, attempt, provider, &made).map(|writes| (true, writes)))
            }
            _ => Ok(None),
        }
    });
    Ok(settled.await? != Some(false))
}

/// The refund that a report is about, and the key of the attempt that it has.
struct Attempted {
    refund: Refund,
    order: Order,
    key: String,
}

/// An earlier attempt that came through after all is a refund of its own by then, which every later report is about.
async fn attempted(shop: &Shop, id: RefundId, key: &str) -> Result<Option<Attempted>, StorageError> {
    let Some((refund, order)) = load(shop, id).await? else { return Ok(None) };
    if let Some(provider) = refund.provider.filter(|_| !refund.is_attempt(key)) {
        let name = after_all(key);
        if let Some(own) = shop.store.refund_named(provider, &name).await?
            && let Some((refund, order)) = load(shop, own).await?
        {
            return Ok(Some(Attempted { refund, order, key: name }));
        }
    }
    Ok(Some(Attempted { refund, order, key: key.to_owned() }))
}

/// What an earlier attempt that came through after all is recorded by: its own key names the refund that it was of.
fn after_all(key: &str) -> String {
    format!("{key}/after-all")
}

/// A refund that a provider made without us, and that nobody has heard of by its own name: one that waited for staff, who have made
/// it there, is settled by it; any other is recorded, once. Says whether it was either.
pub(crate) async fn record(shop: &Shop, provider: PaymentProvider, owner: OrderId, made: &ProviderRefund) -> Result<bool, CommitError> {
    let settled = shop.settle(|attempt| async move {
        let Some(order) = shop.store.order(owner).await? else { return Ok(None) };
        let Some(amount) = made.amount else { return Ok(None) };
        if shop.store.refund_named(provider, &made.name).await?.is_some() {
            return Ok(None);
        }
        let unheard = Unheard { provider, name: &made.name, amount, report: &made.report };
        let mut refunds = shop.store.refunds_of_order(owner).await?;
        refunds.retain(|refund| {
            refund.earlier_payment(&order).map(|earlier| earlier.reference.as_str()) == order.earlier_named(&made.payments)
        });
        if let Some(refund) = unheard.of_staff(&refunds, attempt.now) {
            let change = refund.made_by_staff(unheard, &order, attempt.now, attempt.ids);
            return Ok(Some(((), Writes::from(&change))));
        }
        Ok(recorded(&order, attempt, provider, made).map(|writes| ((), writes)))
    });
    Ok(settled.await?.is_some())
}

/// A refund that nobody has recorded yet. What is no amount of the order's currency is in none of its books.
fn recorded(order: &Order, Attempt { now, ids, .. }: Attempt, provider: PaymentProvider, made: &ProviderRefund) -> Option<Writes> {
    let amount = made.amount.filter(|amount| amount.currency == order.currency && amount.minor > 0)?;
    Some(Writes::from(&order.record_refund(provider, made, amount, now, ids)))
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
