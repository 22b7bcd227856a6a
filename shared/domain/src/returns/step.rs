//! The steps of a return once it is there.

use super::{Condition, Return, ReturnChange, ReturnLine, ReturnPolicy, ReturnStatus};
use crate::actor::Actor;
use crate::event::{Event, EventKind, Subject, numbered};
use crate::ids::{Ids, OrderItemId, ReturnItemId, VariantId};
use crate::inventory::{ChangeType, LastChange, StockChange, Variant};
use crate::message::{Announcement, Locale, MessageKind};
use crate::money::Money;
use crate::order::{LineItem, Order, PaymentStatus};
use crate::refund::{Opening, RefundMethod, RefundPart, RoomError};
use crate::time::Timestamp;

/// What the shop keeps of a refund; nothing where the fee that was said before stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fees {
    /// For putting the pieces back on sale.
    pub restocking: Option<Money>,
    /// For the way back.
    pub return_shipping: Option<Money>,
}

/// What the warehouse says of one entry of a return; what it says nothing of is as it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// The line of the order.
    pub order_item_id: OrderItemId,
    /// The entry, where the return has several of that line.
    pub entry: Option<ReturnItemId>,
    /// Pieces that arrived.
    pub received: Option<u32>,
    /// What state they are in.
    pub condition: Option<Condition>,
    /// Whether they go back into stock.
    pub restockable: Option<bool>,
}

/// A step, with what it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReturnStep {
    /// Back to `REQUESTED`, where no return goes; here so that it is refused as every other wrong step is.
    Reopen,
    /// It may be sent.
    Approve,
    /// It arrived: what was counted, all that was asked for where nothing else is said.
    Receive(Vec<Count>),
    /// Its money goes back.
    Refund,
    /// It is done with.
    Complete,
    /// It is refused, for a reason.
    Reject(String),
}

impl ReturnStep {
    /// The status it leads to.
    #[must_use]
    pub const fn to(&self) -> ReturnStatus {
        match self {
            Self::Reopen => ReturnStatus::Requested,
            Self::Approve => ReturnStatus::Approved,
            Self::Receive(_) => ReturnStatus::Received,
            Self::Refund => ReturnStatus::Refunded,
            Self::Complete => ReturnStatus::Completed,
            Self::Reject(_) => ReturnStatus::Rejected,
        }
    }
}

/// What staff ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepRequest {
    /// The step.
    pub step: ReturnStep,
    /// New notes; `Some(None)` clears them. A rejection's reason takes their place.
    pub notes: Option<Option<String>>,
    /// New fees; they count up to the refund.
    pub fees: Fees,
}

/// Why a step is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StepError {
    /// `INVALID_STATUS_TRANSITION`
    #[error("A return that is {from} can't become {to}.")]
    InvalidTransition {
        /// The return's status.
        from: ReturnStatus,
        /// What was asked for.
        to: ReturnStatus,
    },
    /// `INVALID_ORDER_ITEMS`
    #[error("The return has no entry of the line {0}.")]
    NotInReturn(OrderItemId),
    /// `INVALID_ORDER_ITEMS`
    #[error("The return has several entries of the line {0}; say by id which one is meant.")]
    WhichEntry(OrderItemId),
    /// `INVALID_ORDER_ITEMS`
    #[error("An entry of the line {0} was counted twice.")]
    CountedTwice(OrderItemId),
    /// `QUANTITY_NOT_RETURNABLE`
    #[error("{received} of {sku} can't have arrived where {asked} were asked for.")]
    MoreThanAsked {
        /// The entry's SKU.
        sku: String,
        /// Pieces counted.
        received: u32,
        /// Pieces asked for.
        asked: u32,
    },
    /// `REFUND_EXCEEDS_PAID`
    #[error("The order was never paid, so there is nothing to give back.")]
    NeverPaid,
    /// No room for its refund, which is capped to what there is.
    #[error(transparent)]
    Room(#[from] RoomError),
    /// `INSUFFICIENT_STOCK`
    #[error("{needed} of {sku} were put back into stock when the return arrived, and only {left} are left of them.")]
    SoldAgain {
        /// The variant's SKU.
        sku: String,
        /// Pieces that have to come out of stock again.
        needed: i64,
        /// Pieces on hand.
        left: i64,
    },
}

impl Return {
    /// Takes a step.
    ///
    /// # Errors
    /// See [`StepError`].
    pub fn take(
        &self,
        request: &StepRequest,
        order: &Order,
        policy: &ReturnPolicy,
        actor: Actor,
        now: Timestamp,
        mut ids: Ids,
    ) -> Result<ReturnChange, StepError> {
        let to = request.step.to();
        if !self.status.next().contains(&to) {
            return Err(StepError::InvalidTransition { from: self.status, to });
        }
        let mut rma = Self { status: to, version: self.version + 1, updated_at: now, ..self.clone() };
        if let Some(notes) = &request.notes {
            rma.notes.clone_from(notes);
        }
        rma.restocking_fee = request.fees.restocking.unwrap_or(rma.restocking_fee);
        rma.return_shipping_fee = request.fees.return_shipping.unwrap_or(rma.return_shipping_fee);
        let mut change = ReturnChange { rma, order: order.touched(now), restock: Vec::new(), refund: None, events: Vec::new() };
        match &request.step {
            ReturnStep::Reopen => return Err(StepError::InvalidTransition { from: self.status, to }),
            ReturnStep::Approve => (change.rma.approved_by, change.rma.approved_at) = (actor.id(), Some(now)),
            ReturnStep::Receive(counts) => change.receive(counts, actor, now)?,
            ReturnStep::Refund => change.refund(policy, now, &mut ids)?,
            ReturnStep::Complete => {}
            ReturnStep::Reject(reason) => change.reject(self.status, reason, actor, now),
        }
        let said = match &request.step {
            ReturnStep::Reject(reason) => Some(reason.as_str()),
            _ => request.notes.as_ref().and_then(Option::as_deref),
        };
        Ok(change.told(self.status, order.payment_status, said, actor, now, &mut ids))
    }

    /// Rejects it for the system if it was approved so long ago that it will not arrive any more; nothing otherwise.
    #[must_use]
    pub fn give_up(&self, order: &Order, policy: &ReturnPolicy, now: Timestamp, ids: Ids) -> Option<ReturnChange> {
        let days = policy.arrival_days;
        self.awaits_arrival_since().filter(|since| since.plus_days(days) <= now)?;
        let reason = match order.customer.locale {
            Locale::Fr => format!("Colis non reçu dans les {days} jours suivant l’accord"),
            Locale::En => format!("Not received within {days} days of its approval"),
        };
        let request = StepRequest { step: ReturnStep::Reject(reason), notes: None, fees: Fees::default() };
        self.take(&request, order, policy, Actor::System, now, ids).ok()
    }

    /// Of the entries that a count means the one; by its place.
    fn counted(&self, count: &Count) -> Result<usize, StepError> {
        let is_meant = |line: &ReturnLine| line.order_item_id == count.order_item_id && count.entry.is_none_or(|entry| entry == line.id);
        let mut meant = (0..self.items.len()).filter(|at| self.items.get(*at).is_some_and(is_meant));
        match (meant.next(), meant.next()) {
            (Some(only), None) => Ok(only),
            (Some(_), Some(_)) => Err(StepError::WhichEntry(count.order_item_id)),
            (None, _) => Err(StepError::NotInReturn(count.order_item_id)),
        }
    }
}

impl ReturnLine {
    fn count(&mut self, count: &Count) -> Result<(), StepError> {
        let received = count.received.unwrap_or(self.quantity);
        if received > self.quantity {
            return Err(StepError::MoreThanAsked { sku: self.sku.clone(), received, asked: self.quantity });
        }
        self.received_quantity = Some(received);
        // What turns out to be in another condition than the customer said has that condition's fate.
        if let Some(found) = count.condition.filter(|found| *found != self.condition) {
            self.condition = found;
            self.restockable = found.is_sellable();
        }
        self.restockable = count.restockable.unwrap_or(self.restockable);
        Ok(())
    }
}

impl ReturnChange {
    /// The variants whose pieces have to come out of stock again.
    #[must_use]
    pub fn out_of_stock(&self) -> Vec<VariantId> {
        self.restock.iter().filter(|change| change.delta < 0).map(|change| change.variant_id).collect()
    }

    /// Whether what has to come out of stock again is still there.
    ///
    /// # Errors
    /// [`StepError::SoldAgain`] when it isn't.
    pub fn fits(&self, variants: &[Variant]) -> Result<(), StepError> {
        let left = |change: &StockChange| variants.iter().find(|variant| variant.id == change.variant_id);
        for change in self.restock.iter().filter(|change| change.delta < 0) {
            if let Some(variant) = left(change).filter(|variant| variant.stock_quantity + change.delta < 0) {
                let (sku, left) = (variant.sku.clone(), variant.stock_quantity);
                return Err(StepError::SoldAgain { sku, needed: -change.delta, left });
            }
        }
        Ok(())
    }

    /// Only what arrived is held on; the rest of it may be asked for again.
    fn receive(&mut self, counts: &[Count], actor: Actor, now: Timestamp) -> Result<(), StepError> {
        let mut said: Vec<Option<&Count>> = vec![None; self.rma.items.len()];
        for count in counts {
            let at = self.rma.counted(count)?;
            if said.get_mut(at).and_then(|place| place.replace(count)).is_some() {
                return Err(StepError::CountedTwice(count.order_item_id));
            }
        }
        for (line, count) in self.rma.items.iter_mut().zip(said) {
            let as_asked = Count { order_item_id: line.order_item_id, entry: None, received: None, condition: None, restockable: None };
            line.count(count.unwrap_or(&as_asked))?;
        }
        for line in &self.rma.items {
            let came = |item: &LineItem| LineItem {
                returned_quantity: item.returned_quantity + line.received(),
                ..item.release(line.quantity - line.received())
            };
            self.order.change_item(line.order_item_id, came);
        }
        (self.rma.received_by, self.rma.received_at) = (actor.id(), Some(now));
        self.restock = self.moved(1, "received", actor, now);
        Ok(())
    }

    /// What was paid for the pieces that arrived goes back, less the fees, and never more than is left of the order's
    /// money. Where that is nothing there is no refund.
    fn refund(&mut self, policy: &ReturnPolicy, now: Timestamp, ids: &mut Ids) -> Result<(), StepError> {
        let mut goods = 0;
        for line in &mut self.rma.items {
            let received = line.received();
            let refunded = self.order.item(line.order_item_id).and_then(|item| item.release(received).refund(received));
            let Some((item, amount)) = refunded else { continue };
            let faulty = if line.condition.is_our_fault() { received } else { 0 };
            self.order.change_item(line.order_item_id, |_| LineItem { faulty_quantity: item.faulty_quantity + faulty, ..item.clone() });
            line.refund_amount = Some(amount);
            goods += amount.minor;
        }
        if goods > 0 && self.order.paid.is_zero() {
            return Err(StepError::NeverPaid);
        }
        let arrived: u32 = self.rma.items.iter().map(ReturnLine::received).sum();
        let all_faulty = arrived > 0 && self.order.items.iter().all(|item| item.faulty_quantity == item.quantity);
        if policy.refunds_delivery_on_fault && all_faulty {
            self.rma.delivery_fee_refund = self.order.paid_for_delivery();
        }
        let kept = self.rma.restocking_fee.minor + self.rma.return_shipping_fee.minor;
        let due = (goods + self.rma.delivery_fee_refund.minor - kept).max(0).min(self.order.refundable.minor);
        let due = Money::new(due, self.order.currency);
        self.rma.refund_amount = Some(due);
        if !due.is_zero() {
            let method = RefundMethod::of_payment(self.order.payment_method);
            let reason = format!("Return {}: {}", self.rma.rma_number, self.rma.reason);
            let opening = Opening { part: RefundPart::Amount(due), method, reason: &reason, return_id: Some(self.rma.id), notes: None };
            let (order, refund) = self.order.clone().open_refund(&opening, now, ids)?;
            self.order = order;
            self.rma.refund_id = Some(refund.id);
            self.refund = Some(refund);
        }
        Ok(())
    }

    /// The pieces stay the customer's: they may be asked for again, and what was put back into stock comes out of it.
    fn reject(&mut self, from: ReturnStatus, reason: &str, actor: Actor, now: Timestamp) {
        for line in &self.rma.items {
            let gone = |item: &LineItem| LineItem {
                returned_quantity: item.returned_quantity.saturating_sub(line.received()),
                ..item.release(line.held())
            };
            self.order.change_item(line.order_item_id, gone);
        }
        if from == ReturnStatus::Received {
            self.restock = self.moved(-1, "rejected", actor, now);
        }
        self.rma.notes = Some(reason.to_owned());
        (self.rma.rejected_by, self.rma.rejected_at) = (actor.id(), Some(now));
    }

    /// The restockable pieces, in (1) or out (-1), each variant once.
    fn moved(&self, sign: i64, what: &str, actor: Actor, now: Timestamp) -> Vec<StockChange> {
        let mut changes: Vec<StockChange> = Vec::new();
        for line in self.rma.items.iter().filter(|line| line.restocked() > 0) {
            let delta = sign * i64::from(line.restocked());
            match changes.iter_mut().find(|change| change.variant_id == line.variant_id) {
                Some(change) => change.delta += delta,
                None => changes.push(StockChange {
                    variant_id: line.variant_id,
                    delta,
                    revision: None,
                    change: LastChange {
                        change_type: ChangeType::Return,
                        reason: format!("Return {} {what}", self.rma.rma_number),
                        performed_by: actor.id(),
                        order_id: Some(self.rma.order_id),
                        at: now,
                    },
                }),
            }
        }
        changes
    }

    /// With its events: the return's own tells the customer, its order's stand in that order's history.
    fn told(mut self, from: ReturnStatus, payment: PaymentStatus, said: Option<&str>, actor: Actor, now: Timestamp, ids: &mut Ids) -> Self {
        let Self { rma, order, refund, .. } = &self;
        // What staff note along the way is for themselves; why a return was rejected is for the customer.
        let told = said.filter(|_| rma.status == ReturnStatus::Rejected);
        let note = said.map_or_else(|| rma.rma_number.clone(), |said| format!("{}: {said}", rma.rma_number));
        let step = |subject, version, ids: &mut Ids| {
            Event::new(subject, version, EventKind::ReturnStatusChanged, actor, now, ids).from_to(Some(from.as_str()), rma.status.as_str())
        };
        let own = step(Subject::Return(rma.id), rma.version, ids).noting(said);
        let own = match message_for(rma.status) {
            Some(kind) => own.announcing(Announcement::about(order, kind, None, told, ids).of_return(rma, order)),
            None => own,
        };
        let mut events = vec![own, step(Subject::Order(order.id), order.version, ids).noting(Some(&note))];
        events.extend(order.payment_event(payment, actor, now, ids));
        events.extend(refund.as_ref().map(|refund| refund.created_event(order, actor, now, ids)));
        self.events = numbered(events);
        self
    }
}

/// The refund speaks for itself when it is done.
const fn message_for(reached: ReturnStatus) -> Option<MessageKind> {
    match reached {
        ReturnStatus::Requested => Some(MessageKind::ReturnRequested),
        ReturnStatus::Approved => Some(MessageKind::ReturnApproved),
        ReturnStatus::Received => Some(MessageKind::ReturnReceived),
        ReturnStatus::Rejected => Some(MessageKind::ReturnRejected),
        ReturnStatus::Refunded | ReturnStatus::Completed => None,
    }
}
