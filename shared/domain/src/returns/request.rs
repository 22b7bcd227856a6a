//! Asking for a return: what the order allows, then the record that holds its pieces.

use super::{Condition, Return, ReturnChange, ReturnLine, ReturnPolicy, ReturnStatus};
use crate::actor::Actor;
use crate::event::{Event, EventKind, Subject, numbered};
use crate::ids::{Ids, OrderItemId, ReturnId, ReturnItemId};
use crate::message::{Announcement, MessageKind};
use crate::money::Money;
use crate::order::{LineItem, NoSuchLine, Order, OrderStatus};
use crate::time::{Day, Timestamp};

/// Pieces of a line that somebody wants to give back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestedItem {
    /// The line of the order.
    pub order_item_id: OrderItemId,
    /// Pieces; never zero.
    pub quantity: u32,
    /// What state they are in.
    pub condition: Condition,
    /// Whether they go back into stock.
    pub restockable: bool,
}

/// What a client asks for. Pieces of one line in one condition count together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnRequest {
    /// Why, in words.
    pub reason: String,
    /// More words.
    pub description: Option<String>,
    /// What is to come back.
    pub items: Vec<RequestedItem>,
}

impl ReturnRequest {
    /// As a customer may ask: their word keeps pieces out of stock, and puts none back that their condition keeps out.
    #[must_use]
    pub fn by_customer(mut self) -> Self {
        for item in &mut self.items {
            item.restockable &= item.condition.is_sellable();
        }
        self
    }
}

/// Why a return is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Every line that the order doesn't have, at least one.
    #[error("The order doesn't have {} of the lines.", .0.len())]
    NoSuchLines(Vec<NoSuchLine>),
    /// `ORDER_NOT_DELIVERED`
    #[error("An order that is {0} can't be returned; only a DELIVERED one can.")]
    NotDelivered(OrderStatus),
    /// `RETURN_WINDOW_CLOSED`
    #[error("An order can be returned within {}.", days_and_their_end(*.0))]
    WindowClosed(u64),
    /// `QUANTITY_NOT_RETURNABLE`
    #[error("{asked} of {sku} were asked for and {left} can be returned.")]
    NotReturnable {
        /// The line's SKU.
        sku: String,
        /// Pieces asked for.
        asked: u32,
        /// Pieces that are not on their way back and whose money was not given back.
        left: u32,
    },
}

fn days_and_their_end(days: u64) -> String {
    match days {
        1 => "a day of its delivery, and that is over".to_owned(),
        _ => format!("{days} days of its delivery, and those are over"),
    }
}

/// A return that the order allows: everything is decided but its number and ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted<'a> {
    request: &'a ReturnRequest,
    items: Vec<RequestedItem>,
    /// With its pieces held.
    order: Order,
}

impl ReturnRequest {
    /// Whether the order, as it is now, allows this return. `window_ends` is where the last day of the policy's window is over, counted
    /// from the order's delivery.
    ///
    /// # Errors
    /// Whatever stands in its way; see [`RequestError`].
    pub fn accept<'a>(
        &'a self,
        order: &Order,
        policy: &ReturnPolicy,
        window_ends: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Accepted<'a>, RequestError> {
        order.has_lines(self.items.iter().map(|asked| asked.order_item_id)).map_err(RequestError::NoSuchLines)?;
        if order.status != OrderStatus::Delivered {
            return Err(RequestError::NotDelivered(order.status));
        }
        if window_ends.is_none_or(|end| end <= now) {
            return Err(RequestError::WindowClosed(policy.window_days));
        }
        // A line that is asked for several times is asked for all of it together.
        let asked_of = |line: &LineItem| {
            let asked = self.items.iter().filter(|asked| asked.order_item_id == line.id);
            asked.fold(0_u32, |sum, asked| sum.saturating_add(asked.quantity))
        };
        let held = order.items.iter().map(|line| {
            let asked = asked_of(line);
            line.hold(asked).ok_or_else(|| RequestError::NotReturnable { sku: line.sku.clone(), asked, left: line.free() })
        });
        let items = held.collect::<Result<_, _>>()?;
        Ok(Accepted { request: self, items: self.merged_items(), order: Order { items, ..order.clone() } })
    }

    /// One entry for a line, a condition and a fate, in the order they are first named.
    fn merged_items(&self) -> Vec<RequestedItem> {
        let mut merged: Vec<RequestedItem> = Vec::new();
        for item in &self.items {
            let same = |seen: &&mut RequestedItem| RequestedItem { quantity: item.quantity, ..**seen } == *item;
            match merged.iter_mut().find(same) {
                Some(seen) => seen.quantity = seen.quantity.saturating_add(item.quantity),
                None => merged.push(*item),
            }
        }
        merged
    }
}

impl Return {
    /// Makes the return that was accepted. `sequence` is its place among the returns of `day`.
    #[must_use]
    pub fn open(accepted: Accepted<'_>, day: &Day, sequence: u64, actor: Actor, now: Timestamp, mut ids: Ids) -> ReturnChange {
        let Accepted { request, items, order } = accepted;
        let order = order.touched(now);
        let lines = items.into_iter().filter_map(|item| Some(ReturnLine::of(item, order.item(item.order_item_id)?, &mut ids))).collect();
        let nothing = Money::zero(order.currency);
        let rma = Self {
            id: ReturnId::draw(&mut ids),
            rma_number: format!("RMA-{}-{sequence:04}", day.as_str()),
            order_id: order.id,
            order_number: order.order_number.clone(),
            customer_id: order.customer_id,
            status: ReturnStatus::Requested,
            reason: request.reason.clone(),
            description: request.description.clone(),
            notes: None,
            items: lines,
            restocking_fee: nothing,
            return_shipping_fee: nothing,
            delivery_fee_refund: nothing,
            refund_id: None,
            refund_amount: None,
            approved_by: None,
            approved_at: None,
            arrives_before: None,
            received_by: None,
            received_at: None,
            rejected_by: None,
            rejected_at: None,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let announcement = Announcement::about(&order, MessageKind::ReturnRequested, None, None, &mut ids).of_return(&rma, &order);
        let events = vec![
            Event::new(Subject::Return(rma.id), rma.version, EventKind::ReturnRequested, actor, now, &mut ids)
                .from_to(None, rma.status.as_str())
                .noting(Some(&rma.reason))
                .announcing(announcement),
            Event::new(Subject::Order(order.id), order.version, EventKind::ReturnRequested, actor, now, &mut ids)
                .from_to(None, rma.status.as_str())
                .noting(Some(&format!("{}: {}", rma.rma_number, rma.reason))),
        ];
        ReturnChange { rma, order, restock: Vec::new(), refunds: Vec::new(), events: numbered(events) }
    }
}

impl ReturnLine {
    fn of(asked: RequestedItem, line: &LineItem, ids: &mut Ids) -> Self {
        Self {
            id: ReturnItemId::draw(ids),
            order_item_id: line.id,
            variant_id: line.variant_id,
            sku: line.sku.clone(),
            product_name: line.product_name.clone(),
            quantity: asked.quantity,
            received_quantity: None,
            condition: asked.condition,
            restockable: asked.restockable,
            refund_amount: None,
        }
    }
}
