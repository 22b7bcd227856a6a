//! Opening a refund: taking its room out of what an order may still give back. Every refund is opened here.

use super::{MethodError, Refund, RefundMethod, RefundStatus};
use crate::actor::Actor;
use crate::event::{Event, numbered};
use crate::ids::{Ids, OrderItemId, RefundId, ReturnId};
use crate::money::Money;
use crate::order::{EarlierPayment, NoSuchLine, Order};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// What of an order's money a refund gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundPart {
    /// All that is left.
    Rest,
    /// So much, whatever it is for.
    Amount(Money),
    /// What pieces of some lines are worth.
    Pieces(Vec<(OrderItemId, u32)>),
    /// So much of an earlier payment of the order's, which is in none of its amounts.
    Earlier {
        /// That payment's reference.
        reference: String,
        /// How much.
        amount: Money,
    },
}

/// Pieces of a line whose money a refund gives back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RefundedPieces {
    /// The line.
    pub order_item_id: OrderItemId,
    /// How many.
    pub quantity: u32,
    /// What was paid for them.
    pub amount: Money,
}

/// What a part of an order's money comes to, taken out of what may still be given back.
pub(crate) struct Room {
    /// The order without it.
    pub(crate) order: Order,
    /// How much it is; never nothing.
    pub(crate) amount: Money,
    /// What of that is store credit which was spent on the order.
    pub(crate) from_credit: Option<Money>,
    /// The pieces it is for, which are not to go any more.
    pub(crate) pieces: Vec<RefundedPieces>,
}

/// A refund that is to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening<'a> {
    /// How much of what.
    pub part: RefundPart,
    /// How the money goes back; see [`RefundMethod::for_order`].
    pub method: RefundMethod,
    /// Why.
    pub reason: &'a str,
    /// The return it pays for.
    pub return_id: Option<ReturnId>,
    /// In words.
    pub notes: Option<&'a str>,
}

/// Why there is no room for a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RoomError {
    /// `REFUND_EXCEEDS_PAID`
    #[error("The order has {left} left to give back this way; {asked} can't be refunded.")]
    ExceedsPaid {
        /// What was asked for.
        asked: Money,
        /// What there is.
        left: Money,
    },
    /// `REFUND_EXCEEDS_PAID`
    #[error("Of line {item} {free} can still be refunded; {asked} were asked for.")]
    NotSoMany {
        /// The line.
        item: OrderItemId,
        /// Pieces that were asked for.
        asked: u32,
        /// Pieces that are neither refunded nor on their way back.
        free: u32,
    },
    /// `INVALID_ORDER_ITEMS`
    #[error("The order has no line {0}.")]
    NoSuchItem(OrderItemId),
}

/// What an admin asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundRequest {
    /// How much of what.
    pub part: RefundPart,
    /// Why.
    pub reason: String,
    /// How the money goes back; by the way it came when nothing is said.
    pub method: Option<RefundMethod>,
}

/// Why a refund is not opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefundRequestError {
    /// `INVALID_METHOD`
    #[error(transparent)]
    Method(#[from] MethodError),
    /// Every line that the order doesn't have, at least one.
    #[error("The order doesn't have {} of the lines.", .0.len())]
    NoSuchLines(Vec<NoSuchLine>),
    /// There is no room for it.
    #[error(transparent)]
    Room(#[from] RoomError),
}

/// Everything that opening a refund writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundOpened {
    /// The order after it.
    pub order: Order,
    /// The new refund.
    pub refund: Refund,
    /// `REFUND_CREATED`, what became of the order's payment, and of the order where nothing more of it is to go.
    pub events: Vec<Event>,
}

impl Order {
    /// A refund that an admin asks for.
    ///
    /// # Errors
    /// See [`RefundRequestError`].
    pub fn refund(&self, request: &RefundRequest, actor: Actor, now: Timestamp, mut ids: Ids) -> Result<RefundOpened, RefundRequestError> {
        let method = RefundMethod::for_order(self, request.method, actor)?;
        if let RefundPart::Pieces(pieces) = &request.part {
            self.has_lines(pieces.iter().map(|(line, _)| *line)).map_err(RefundRequestError::NoSuchLines)?;
        }
        let opening = Opening { part: request.part.clone(), method, reason: &request.reason, return_id: None, notes: None };
        let (order, refund) = self.touched(now).open_refund(&opening, now, &mut ids)?;
        let mut events: Vec<Event> = order.payment_event(self.payment_status, actor, now, &mut ids).into_iter().collect();
        events.push(refund.created_event(&order, actor, now, &mut ids));
        events.extend(order.step_events(self.status, None, actor, now, &mut ids));
        Ok(RefundOpened { order, refund, events: numbered(events) })
    }

    /// Opens a refund on this order, which is a version on already: the order that knows of it, and the refund.
    ///
    /// # Errors
    /// See [`RoomError`].
    pub(crate) fn open_refund(self, opening: &Opening<'_>, now: Timestamp, ids: &mut Ids) -> Result<(Self, Refund), RoomError> {
        let Room { order, amount, from_credit, pieces } = self.take_room(&opening.part, opening.method, now)?;
        let payment_reference = match &opening.part {
            RefundPart::Earlier { reference, .. } => Some(reference.clone()),
            RefundPart::Rest | RefundPart::Amount(_) | RefundPart::Pieces(_) => None,
        };
        let refund = Refund {
            id: RefundId::draw(ids),
            order_id: order.id,
            return_id: opening.return_id,
            payment_reference,
            amount,
            from_credit,
            restocking_fee: None,
            return_shipping_fee: None,
            pieces,
            reason: opening.reason.to_owned(),
            status: RefundStatus::Processing,
            method: opening.method,
            transaction_reference: None,
            provider: None,
            failure_reason: None,
            attempts: 0,
            attempt: None,
            awaiting: None,
            doubted: false,
            processed_by: None,
            processed_at: None,
            notes: opening.notes.map(ToOwned::to_owned),
            version: 1,
            created_at: now,
            updated_at: now,
        };
        Ok((order, refund))
    }

    /// Takes a part out of what may still be given back by a method: as store credit all of it, what was spent of that on the order
    /// first; any other way what was paid otherwise.
    ///
    /// # Errors
    /// See [`RoomError`]; a refund of nothing has no room either.
    pub(crate) fn take_room(self, part: &RefundPart, method: RefundMethod, now: Timestamp) -> Result<Room, RoomError> {
        let as_credit = method == RefundMethod::StoreCredit;
        let most = if as_credit { self.refundable } else { self.refundable_otherwise() };
        let mut order = self;
        let mut pieces = Vec::new();
        let asked = match part {
            RefundPart::Rest => most,
            RefundPart::Amount(amount) => *amount,
            RefundPart::Pieces(wanted) => {
                let mut sum = Money::zero(order.currency);
                for (item, quantity) in merged(wanted) {
                    let amount = order.refund_pieces(item, quantity)?;
                    sum.minor += amount.minor;
                    pieces.push(RefundedPieces { order_item_id: item, quantity, amount });
                }
                order = order.with_fewer_to_go(now);
                sum
            }
            RefundPart::Earlier { reference, amount } => {
                let owed = order.earlier(reference).and_then(EarlierPayment::owed).unwrap_or(Money::zero(order.currency));
                let has_room = amount.minor > 0 && owed.minus(*amount).is_some_and(|left| left.minor >= 0);
                has_room.then_some(()).ok_or(RoomError::ExceedsPaid { asked: *amount, left: owed })?;
                return Ok(Room { order: order.giving_earlier(reference, amount.minor), amount: *amount, from_credit: None, pieces });
            }
        };
        let has_room = asked.minor > 0 && most.minus(asked).is_some_and(|left| left.minor >= 0);
        has_room.then_some(()).ok_or(RoomError::ExceedsPaid { asked, left: most })?;
        let from_credit = if as_credit { asked.minor.min(order.credit_left().minor) } else { 0 };
        order.refundable.minor -= asked.minor;
        order.giving_credit(from_credit);
        order.payment_status = order.status_of_refunds();
        let from_credit = (from_credit > 0).then(|| Money::new(from_credit, asked.currency));
        Ok(Room { order, amount: asked, from_credit, pieces })
    }

    /// Gives a refund's room back, and the pieces it was for.
    pub(crate) fn give_room_back(self, refund: &Refund) -> Self {
        if let Some(earlier) = refund.earlier_payment(&self) {
            let reference = earlier.reference.clone();
            return self.giving_earlier(&reference, -refund.amount.minor);
        }
        let mut order = self;
        // What was given back beyond all room goes first.
        let beyond = order.over_refunded().minor.min(refund.amount.minor);
        order.set_over_refunded(order.over_refunded().minor - beyond);
        order.refundable.minor += refund.amount.minor - beyond;
        order.giving_credit(-refund.from_credit.map_or(0, |credit| credit.minor));
        for RefundedPieces { order_item_id, quantity, amount } in &refund.pieces {
            if let Some(line) = order.items.iter_mut().find(|line| line.id == *order_item_id) {
                *line = line.take_back(*quantity, *amount);
            }
        }
        order.payment_status = order.status_of_refunds();
        order
    }

    fn refund_pieces(&mut self, item: OrderItemId, quantity: u32) -> Result<Money, RoomError> {
        let line = self.items.iter_mut().find(|line| line.id == item).ok_or(RoomError::NoSuchItem(item))?;
        let free = line.free();
        let (refunded, amount) = line.refund(quantity).ok_or(RoomError::NotSoMany { item, asked: quantity, free })?;
        *line = refunded;
        Ok(amount)
    }
}

/// One entry a line, in the order the lines are first named.
fn merged(wanted: &[(OrderItemId, u32)]) -> Vec<(OrderItemId, u32)> {
    let mut merged: Vec<(OrderItemId, u32)> = Vec::new();
    for (item, quantity) in wanted {
        match merged.iter_mut().find(|(seen, _)| seen == item) {
            Some((_, sum)) => *sum = sum.saturating_add(*quantity),
            None => merged.push((*item, *quantity)),
        }
    }
    merged
}
