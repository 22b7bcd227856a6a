//! A store-credit ledger as clients see it.

use api::{Amount, Caller};
use domain::credit::{CreditEntry, CreditKind};
use domain::ids::{CustomerId, OrderId, RefundId};
use domain::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// What a customer has, and how it came to be.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LedgerView {
    pub customer_id: CustomerId,
    pub balances: Vec<BalanceView>,
    /// Newest first; one of a refund stands where the refund was opened.
    pub entries: Vec<EntryView>,
}

/// What a customer has in one currency.
#[derive(Serialize, ToSchema)]
pub(crate) struct BalanceView {
    pub currency: String,
    pub balance: Amount,
}

/// One entry. The amount is never negative: `REFUND` adds it, `REDEMPTION` takes it away.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EntryView {
    amount: Amount,
    currency: String,
    kind: CreditKind,
    order_id: Option<OrderId>,
    refund_id: Option<RefundId>,
    /// Why, in words. Those of a refund are for staff; null for a customer.
    note: Option<String>,
    created_at: Timestamp,
}

impl EntryView {
    /// An entry as somebody may see it. Why a refund was made is written for staff, as refunds are read by them alone.
    pub(super) fn shown_to(caller: &Caller, entry: CreditEntry) -> Self {
        match entry.kind {
            CreditKind::Refund if !caller.is_staff() => Self { note: None, ..entry.into() },
            CreditKind::Refund | CreditKind::Redemption => entry.into(),
        }
    }
}

impl From<CreditEntry> for EntryView {
    fn from(entry: CreditEntry) -> Self {
        Self {
            amount: entry.amount.into(),
            currency: entry.amount.currency.to_string(),
            kind: entry.kind,
            order_id: entry.order_id,
            refund_id: entry.refund_id,
            note: entry.note,
            created_at: entry.created_at,
        }
    }
}
