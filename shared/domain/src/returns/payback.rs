//! What a return gives back.

use super::{ReturnChange, ReturnLine, ReturnPolicy, StepError};
use crate::ids::Ids;
use crate::money::Money;
use crate::order::LineItem;
use crate::refund::{Opening, RefundMethod, RefundPart};
use crate::time::Timestamp;

impl ReturnChange {
    /// What was paid for the pieces that arrived goes back, less the fees, and never more than is left of the order's
    /// money. Where that is nothing there is no refund. It goes back as it came: what store credit was spent for, last.
    pub(super) fn refund(&mut self, policy: &ReturnPolicy, now: Timestamp, ids: &mut Ids) -> Result<(), StepError> {
        let mut goods = 0;
        for line in &mut self.rma.items {
            let received = line.received();
            let refunded = self.order.item(line.order_item_id).and_then(|item| item.release(received).refund(received));
            let Some((item, amount)) = refunded else { continue };
            let faulty = if line.condition.is_our_fault() { received } else { 0 };
            self.order.change_item(line.order_item_id, |_| LineItem {
                brought_back_quantity: item.brought_back_quantity + received,
                faulty_quantity: item.faulty_quantity + faulty,
                ..item.clone()
            });
            line.refund_amount = Some(amount);
            goods += amount.minor;
        }
        let arrived: u32 = self.rma.items.iter().map(ReturnLine::received).sum();
        let all_faulty = arrived > 0 && self.order.items.iter().all(|item| item.faulty_quantity == item.quantity);
        if policy.refunds_delivery_on_fault && all_faulty {
            self.rma.delivery_fee_refund = self.order.paid_for_delivery();
        }
        let owed = goods + self.rma.delivery_fee_refund.minor;
        if owed > 0 && self.order.paid.is_zero() {
            return Err(StepError::NeverPaid);
        }
        let due = (owed - self.rma.fees().minor).max(0).min(self.order.refundable.minor);
        let due = Money::new(due, self.order.currency);
        self.rma.refund_amount = Some(due);
        let as_paid = due.minor.min(self.order.refundable_otherwise().minor);
        let parts = [(RefundMethod::of_payment(self.order.payment_method), as_paid), (RefundMethod::StoreCredit, due.minor - as_paid)];
        // What only brings it down to what is left of the order's money is no matter of the fees.
        let are_taken_off = due.minor == owed - self.rma.fees().minor;
        let kept = |fee: Money| (are_taken_off && !fee.is_zero()).then_some(fee);
        let reason = format!("Return {}: {}", self.rma.rma_number, self.rma.reason);
        for (method, minor) in parts.into_iter().filter(|(_, minor)| *minor > 0) {
            let part = RefundPart::Amount(Money::new(minor, due.currency));
            let opening = Opening { part, method, reason: &reason, return_id: Some(self.rma.id), notes: None };
            let (order, mut refund) = self.order.clone().open_refund(&opening, now, ids)?;
            self.order = order;
            // Kept once, though the money goes back in two.
            if self.refunds.is_empty() {
                refund.restocking_fee = kept(self.rma.restocking_fee);
                refund.return_shipping_fee = kept(self.rma.return_shipping_fee);
            }
            self.refunds.push(refund);
        }
        self.rma.refund_id = self.refunds.first().map(|refund| refund.id);
        Ok(())
    }
}
