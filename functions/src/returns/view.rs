//! A return as clients see it.

use api::{Amount, Answer, Caller, Problem};
use domain::ids::{CustomerId, OrderId, OrderItemId, RefundId, ReturnId, ReturnItemId, UserId, VariantId};
use domain::returns::{Condition, Return, ReturnLine, ReturnStatus};
use domain::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// A return.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReturnView<'a> {
    id: ReturnId,
    rma_number: &'a str,
    order_id: OrderId,
    order_number: &'a str,
    customer_id: CustomerId,
    status: ReturnStatus,
    reason: &'a str,
    description: Option<&'a str>,
    /// What staff say to it; why, where it was rejected, and that alone for a customer.
    notes: Option<&'a str>,
    items: Vec<ReturnLineView<'a>>,
    restocking_fee: Amount,
    return_shipping_fee: Amount,
    /// Of the refund, what was paid for delivering the order.
    delivery_fee_refund: Amount,
    /// None where nothing was left to give back.
    refund_id: Option<RefundId>,
    /// What goes back in all, once that was decided.
    refund_amount: Option<Amount>,
    currency: &'a str,
    approved_by: Option<UserId>,
    approved_at: Option<Timestamp>,
    received_by: Option<UserId>,
    received_at: Option<Timestamp>,
    /// Nobody for the system itself.
    rejected_by: Option<UserId>,
    rejected_at: Option<Timestamp>,
    version: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// Pieces of a line of the order that come back in one condition.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReturnLineView<'a> {
    id: ReturnItemId,
    order_item_id: OrderItemId,
    variant_id: VariantId,
    sku: &'a str,
    product_name: &'a str,
    quantity: u32,
    /// What the warehouse counted.
    received_quantity: Option<u32>,
    condition: Condition,
    restockable: bool,
    /// What was paid for the pieces that arrived, before fees.
    refund_amount: Option<Amount>,
}

/// A return after something happened to it.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReturnAnswer<'a> {
    success: bool,
    message: String,
    r#return: ReturnView<'a>,
    /// The same items once more.
    items: Vec<ReturnLineView<'a>>,
}

impl ReturnAnswer<'_> {
    pub fn of(rma: &Return) -> Result<Answer, Problem> {
        let message = format!("Return {} is {} now.", rma.rma_number, rma.status);
        let items = rma.items.iter().map(ReturnLineView::from).collect();
        let answer = Answer::ok(&ReturnAnswer { success: true, message, r#return: rma.into(), items })?;
        Ok(answer.etag(rma.version))
    }
}

impl<'a> ReturnView<'a> {
    /// What staff note along the way is for themselves; why a return was rejected is for its customer.
    pub fn seen_by(caller: &Caller, rma: &'a Return) -> Self {
        let is_for_them = caller.customer().is_none() || rma.status == ReturnStatus::Rejected;
        Self { notes: rma.notes.as_deref().filter(|_| is_for_them), ..rma.into() }
    }
}

impl<'a> From<&'a Return> for ReturnView<'a> {
    fn from(rma: &'a Return) -> Self {
        Self {
            id: rma.id,
            rma_number: &rma.rma_number,
            order_id: rma.order_id,
            order_number: &rma.order_number,
            customer_id: rma.customer_id,
            status: rma.status,
            reason: &rma.reason,
            description: rma.description.as_deref(),
            notes: rma.notes.as_deref(),
            items: rma.items.iter().map(Into::into).collect(),
            restocking_fee: rma.restocking_fee.into(),
            return_shipping_fee: rma.return_shipping_fee.into(),
            delivery_fee_refund: rma.delivery_fee_refund.into(),
            refund_id: rma.refund_id,
            refund_amount: rma.refund_amount.map(Into::into),
            currency: rma.restocking_fee.currency.code(),
            approved_by: rma.approved_by,
            approved_at: rma.approved_at,
            received_by: rma.received_by,
            received_at: rma.received_at,
            rejected_by: rma.rejected_by,
            rejected_at: rma.rejected_at,
            version: rma.version,
            created_at: rma.created_at,
            updated_at: rma.updated_at,
        }
    }
}

impl<'a> From<&'a ReturnLine> for ReturnLineView<'a> {
    fn from(line: &'a ReturnLine) -> Self {
        Self {
            id: line.id,
            order_item_id: line.order_item_id,
            variant_id: line.variant_id,
            sku: &line.sku,
            product_name: &line.product_name,
            quantity: line.quantity,
            received_quantity: line.received_quantity,
            condition: line.condition,
            restockable: line.restockable,
            refund_amount: line.refund_amount.map(Into::into),
        }
    }
}
