//! Returns (RMAs): the record, and the decisions that change it, a file each.

mod arrival;
mod payback;
mod request;
mod step;

pub use arrival::Count;
pub use request::{Accepted, RequestError, RequestedItem, ReturnRequest};
pub use step::{Fees, ReturnStep, StepError, StepRequest, WrongField};

use crate::event::Event;
use crate::ids::{CustomerId, OrderId, OrderItemId, RefundId, ReturnId, ReturnItemId, UserId, VariantId};
use crate::inventory::StockChange;
use crate::money::Money;
use crate::order::Order;
use crate::refund::Refund;
use crate::time::Timestamp;
use crate::words::words;
use serde::{Deserialize, Serialize};

words! {
    /// Where a return is on its way.
    pub enum ReturnStatus {
        /// Asked for; nobody has looked at it yet.
        Requested = "REQUESTED",
        /// May be sent.
        Approved = "APPROVED",
        /// Arrived, and was counted.
        Received = "RECEIVED",
        /// Its refund was made.
        Refunded = "REFUNDED",
        /// Done with.
        Completed = "COMPLETED",
        /// Refused, never arrived, or failed inspection.
        Rejected = "REJECTED",
    }
}

impl ReturnStatus {
    /// The steps that may be taken; the contract's arrows.
    #[must_use]
    pub const fn next(self) -> &'static [Self] {
        match self {
            Self::Requested => &[Self::Approved, Self::Rejected],
            Self::Approved => &[Self::Received, Self::Rejected],
            Self::Received => &[Self::Refunded, Self::Rejected],
            Self::Refunded => &[Self::Completed],
            Self::Completed | Self::Rejected => &[],
        }
    }
}

words! {
    /// What state the pieces are in.
    pub enum Condition {
        /// As they were sent.
        Unopened = "UNOPENED",
        /// Opened, and as good as new.
        OpenedUnused = "OPENED_UNUSED",
        /// Don't do what they should.
        Defective = "DEFECTIVE",
        /// Arrived broken.
        Damaged = "DAMAGED",
    }
}

impl Condition {
    /// Whether pieces in this condition are sold again, unless somebody says otherwise.
    #[must_use]
    pub const fn is_sellable(self) -> bool {
        matches!(self, Self::Unopened | Self::OpenedUnused)
    }

    /// Whether it is the shop that has to answer for it.
    #[must_use]
    pub const fn is_our_fault(self) -> bool {
        matches!(self, Self::Defective | Self::Damaged)
    }
}

/// What the shop has decided about returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReturnPolicy {
    /// Days after the one of its delivery that an order can be returned in, the last of them to its end.
    pub window_days: u64,
    /// Days after its approval that a return must arrive in.
    pub arrival_days: u64,
    /// Whether the delivery fee goes back as well once every piece of the order came back for the shop's own fault.
    pub refunds_delivery_on_fault: bool,
}

/// Pieces of one line of the order that come back in one condition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReturnLine {
    /// Its id, unique in the return.
    pub id: ReturnItemId,
    /// The line of the order; a line whose pieces come back in different conditions is there several times.
    pub order_item_id: OrderItemId,
    /// The variant.
    pub variant_id: VariantId,
    /// The variant's SKU.
    pub sku: String,
    /// The product's name.
    pub product_name: String,
    /// Pieces that were asked for; never zero.
    pub quantity: u32,
    /// Pieces that the warehouse counted; never more than were asked for.
    pub received_quantity: Option<u32>,
    /// What state they are in, by the customer and then by the warehouse.
    pub condition: Condition,
    /// Whether they go back into stock.
    pub restockable: bool,
    /// What was paid for the pieces that arrived, once it was counted.
    pub refund_amount: Option<Money>,
}

impl ReturnLine {
    /// Pieces that arrived.
    #[must_use]
    pub fn received(&self) -> u32 {
        self.received_quantity.unwrap_or(0)
    }

    /// Pieces that the order's line is held for: those that arrived or, until they do, those that were asked for.
    #[must_use]
    pub fn held(&self) -> u32 {
        self.received_quantity.unwrap_or(self.quantity)
    }

    /// Pieces that its receipt put back into stock.
    #[must_use]
    pub fn restocked(&self) -> u32 {
        if self.restockable { self.received() } else { 0 }
    }
}

/// A return.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Return {
    /// Its id.
    pub id: ReturnId,
    /// `RMA-YYYYMMDD-NNNN`, unique.
    pub rma_number: String,
    /// The order it is of.
    pub order_id: OrderId,
    /// That order's number.
    pub order_number: String,
    /// Whose it is.
    pub customer_id: CustomerId,
    /// Where it is on its way.
    pub status: ReturnStatus,
    /// Why, in words.
    pub reason: String,
    /// More words.
    pub description: Option<String>,
    /// What staff say to it; why, where it was rejected.
    pub notes: Option<String>,
    /// What comes back.
    pub items: Vec<ReturnLine>,
    /// Kept for putting the pieces back on sale.
    pub restocking_fee: Money,
    /// Kept for the way back.
    pub return_shipping_fee: Money,
    /// Of the refund, what was paid for delivering the order.
    pub delivery_fee_refund: Money,
    /// The refund it made, the first of two; none where nothing was left to give back.
    pub refund_id: Option<RefundId>,
    /// What goes back to the customer, once that was decided.
    pub refund_amount: Option<Money>,
    /// Who approved it.
    pub approved_by: Option<UserId>,
    /// When it was approved.
    pub approved_at: Option<Timestamp>,
    /// Before when it must arrive, as the customer was told, whatever becomes of the shop's policy since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrives_before: Option<Timestamp>,
    /// Who received it.
    pub received_by: Option<UserId>,
    /// When it was received.
    pub received_at: Option<Timestamp>,
    /// Who rejected it; nobody for the system.
    pub rejected_by: Option<UserId>,
    /// When it was rejected.
    pub rejected_at: Option<Timestamp>,
    /// Grows with every change.
    pub version: u64,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Return {
    /// Since when it waits for its parcel; nothing unless it does.
    #[must_use]
    pub fn awaits_arrival_since(&self) -> Option<Timestamp> {
        self.approved_at.filter(|_| self.status == ReturnStatus::Approved)
    }

    /// What is kept of what it brings.
    #[must_use]
    pub const fn fees(&self) -> Money {
        Money::new(self.restocking_fee.minor + self.return_shipping_fee.minor, self.restocking_fee.currency)
    }

    /// Whether its fees are why nothing goes back: they are all that it was to bring, or more.
    #[must_use]
    pub fn is_eaten_by_fees(&self) -> bool {
        let goods: i64 = self.items.iter().filter_map(|line| line.refund_amount).map(|amount| amount.minor).sum();
        let owed = goods + self.delivery_fee_refund.minor;
        owed > 0 && self.fees().minor >= owed
    }

    /// Whether it was approved and nothing of it has arrived, whatever has become of it since.
    #[must_use]
    pub fn has_not_arrived(&self) -> bool {
        self.approved_at.is_some() && self.items.iter().all(|line| line.received() == 0)
    }
}

/// Everything that a decision about a return writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnChange {
    /// The return after it.
    pub rma: Return,
    /// Its order: pieces held, come back and paid for, and the money's room.
    pub order: Order,
    /// Pieces into stock, or out of it again.
    pub restock: Vec<StockChange>,
    /// The money's way back: a second one where a part of it goes back as the store credit that was spent on the order.
    pub refunds: Vec<Refund>,
    /// What happened, to the return and to its order.
    pub events: Vec<Event>,
}

#[cfg(test)]
mod tests;
