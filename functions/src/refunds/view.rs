//! A refund as clients see it.

use api::Amount;
use domain::ids::{OrderId, RefundId, ReturnId, UserId};
use domain::refund::{Awaiting, PaymentProvider, Refund, RefundMethod, RefundStatus};
use domain::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// A refund.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RefundView {
    id: RefundId,
    order_id: OrderId,
    return_id: Option<ReturnId>,
    amount: Amount,
    currency: String,
    reason: String,
    status: RefundStatus,
    refund_method: RefundMethod,
    transaction_reference: Option<String>,
    provider: Option<PaymentProvider>,
    failure_reason: Option<String>,
    attempts: u32,
    /// Who has to act next.
    awaiting: Option<Awaiting>,
    processed_by: Option<UserId>,
    processed_at: Option<Timestamp>,
    notes: Option<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<Refund> for RefundView {
    fn from(refund: Refund) -> Self {
        Self {
            id: refund.id,
            order_id: refund.order_id,
            return_id: refund.return_id,
            amount: refund.amount.into(),
            currency: refund.amount.currency.to_string(),
            reason: refund.reason,
            status: refund.status,
            refund_method: refund.method,
            transaction_reference: refund.transaction_reference,
            provider: refund.provider,
            failure_reason: refund.failure_reason,
            attempts: refund.attempts,
            awaiting: refund.awaiting,
            processed_by: refund.processed_by,
            processed_at: refund.processed_at,
            notes: refund.notes,
            created_at: refund.created_at,
            updated_at: refund.updated_at,
        }
    }
}
