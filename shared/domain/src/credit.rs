//! Store credit: a ledger and a balance a currency for each customer.

use crate::actor::Actor;
use crate::ids::{CreditEntryId, CustomerId, Ids, OrderId, RefundId, UserId};
use crate::money::{Currency, Money};
use crate::order::{CreditSpent, Order, SpendError};
use crate::time::Timestamp;
use crate::words::words;
use serde::{Deserialize, Serialize};

words! {
    /// Which way an entry moves the balance.
    pub enum CreditKind {
        /// A refund paid out as store credit: up.
        Refund = "REFUND",
        /// Spent: down.
        Redemption = "REDEMPTION",
    }
}

/// One entry of a ledger; never changed once it is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreditEntry {
    /// The refund's number or the redemption's own: an entry for one refund can be there once.
    pub id: CreditEntryId,
    /// Whose.
    pub customer_id: CustomerId,
    /// How much; never negative, the kind says which way.
    pub amount: Money,
    /// Which way.
    pub kind: CreditKind,
    /// For which order.
    pub order_id: Option<OrderId>,
    /// From which refund.
    pub refund_id: Option<RefundId>,
    /// In words.
    pub note: Option<String>,
    /// Who made it; nobody for the system.
    pub performed_by: Option<UserId>,
    /// When.
    pub created_at: Timestamp,
}

/// What a customer has in one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    /// How much; never negative.
    pub money: Money,
    /// Grows with every entry; zero where there is none yet.
    pub version: u64,
}

impl Balance {
    /// The balance of somebody who never had any.
    #[must_use]
    pub const fn empty(currency: Currency) -> Self {
        Self { money: Money::zero(currency), version: 0 }
    }
}

/// What staff ask for when a customer pays with credit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedemptionRequest {
    /// Whose credit.
    pub customer_id: CustomerId,
    /// How much; more than nothing.
    pub amount: Money,
    /// For which order, which so much less is to be paid of.
    pub order_id: Option<OrderId>,
    /// In words.
    pub note: String,
}

/// A redemption that fits the balance it was decided on, and the order that it pays for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditRedemption {
    /// The new entry.
    pub entry: CreditEntry,
    /// The balance's version it was decided on.
    pub decided_on: u64,
    /// What is left.
    pub left: Money,
    /// What becomes of the order it is for.
    pub spent: Option<CreditSpent>,
}

/// Why credit is not redeemed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedeemError {
    /// There is not so much.
    #[error(transparent)]
    Credit(#[from] InsufficientCredit),
    /// The order doesn't take it.
    #[error(transparent)]
    Order(#[from] SpendError),
}

/// `INSUFFICIENT_CREDIT`
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The balance is {balance}; {asked} can't be redeemed.")]
pub struct InsufficientCredit {
    /// What is there.
    pub balance: Money,
    /// What was asked for.
    pub asked: Money,
}

impl Balance {
    /// Takes `request.amount` out of this balance, and spends it on the order it is for.
    ///
    /// # Errors
    /// See [`RedeemError`].
    pub fn redeem(
        &self,
        request: RedemptionRequest,
        order: Option<&Order>,
        actor: Actor,
        now: Timestamp,
        ids: &mut Ids,
    ) -> Result<CreditRedemption, RedeemError> {
        let left = self
            .money
            .minus(request.amount)
            .filter(|left| left.minor >= 0)
            .ok_or(InsufficientCredit { balance: self.money, asked: request.amount })?;
        let id = CreditEntryId::draw(ids);
        let spent = order.map(|order| order.spend_credit(request.amount, id, actor, now, ids)).transpose()?;
        Ok(CreditRedemption {
            entry: CreditEntry {
                id,
                customer_id: request.customer_id,
                amount: request.amount,
                kind: CreditKind::Redemption,
                order_id: request.order_id,
                refund_id: None,
                note: Some(request.note),
                performed_by: actor.id(),
                created_at: now,
            },
            decided_on: self.version,
            left,
            spent,
        })
    }
}
