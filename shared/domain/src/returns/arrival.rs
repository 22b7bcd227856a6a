//! What arrives of a return, or doesn't: pieces held, released, and put into stock or taken out of it again.

use super::{Condition, Return, ReturnChange, ReturnLine, ReturnStatus, StepError};
use crate::actor::Actor;
use crate::ids::{OrderItemId, ReturnItemId, VariantId};
use crate::inventory::{ChangeType, LastChange, StockChange, Variant};
use crate::order::LineItem;
use crate::time::Timestamp;

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
    pub(super) fn receive(&mut self, counts: &[Count], actor: Actor, now: Timestamp) -> Result<(), StepError> {
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

    /// The pieces stay the customer's: they may be asked for again, and what was put back into stock comes out of it.
    pub(super) fn reject(&mut self, from: ReturnStatus, reason: &str, actor: Actor, now: Timestamp) {
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
}

impl Return {
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
