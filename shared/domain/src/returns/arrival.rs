//! What arrives of a return, or doesn't: pieces held, released, and put into stock or taken out of it again.

use super::{Condition, Return, ReturnChange, ReturnLine, ReturnStatus, StepError, WrongField};
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
        let mut wrong = Vec::new();
        for (place, count) in counts.iter().enumerate() {
            let line = count.order_item_id;
            let mut meant = (0..).zip(&self.rma.items).filter(|(_, entry)| count.is_of(entry)).map(|(at, _)| at);
            match (meant.next(), meant.next()) {
                (Some(only), None) => {
                    if said.get_mut(only).and_then(|said: &mut Option<&Count>| said.replace(count)).is_some() {
                        wrong.push(WrongField::CountedTwice { place, line });
                    }
                }
                (Some(_), Some(_)) => wrong.push(WrongField::WhichEntry { place, line }),
                (None, _) => wrong.push(WrongField::NotInReturn { place, line }),
            }
        }
        if !wrong.is_empty() {
            return Err(StepError::Fields(wrong));
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

impl Count {
    /// Whether it may mean this entry.
    fn is_of(&self, entry: &ReturnLine) -> bool {
        entry.order_item_id == self.order_item_id && self.entry.is_none_or(|id| id == entry.id)
    }
}

impl Return {
    /// Whether a count says nothing but what stands in the return.
    pub(super) fn stands(&self, count: &Count) -> bool {
        self.items.iter().filter(|entry| count.is_of(entry)).any(|entry| {
            count.received.is_none_or(|received| entry.received_quantity == Some(received))
                && count.condition.is_none_or(|condition| entry.condition == condition)
                && count.restockable.is_none_or(|restockable| entry.restockable == restockable)
        })
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
