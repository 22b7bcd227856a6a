//! The steps of a return once it is there.

use super::{Count, Return, ReturnChange, ReturnPolicy, ReturnStatus};
use crate::actor::Actor;
use crate::event::{Event, EventKind, Subject, numbered};
use crate::ids::{Ids, OrderItemId};
use crate::message::{Announcement, Locale, MessageKind, RefundFacts};
use crate::money::Money;
use crate::order::{Order, PaymentStatus};
use crate::refund::{RefundMethod, RoomError};
use crate::time::Timestamp;

/// What the shop keeps of a refund; nothing where the fee that was said before stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fees {
    /// For putting the pieces back on sale.
    pub restocking: Option<Money>,
    /// For the way back.
    pub return_shipping: Option<Money>,
}

/// A step, with what it can't do without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReturnStep {
    /// Back to `REQUESTED`, where no return goes; here so that it is refused as every other wrong step is.
    Reopen,
    /// It may be sent.
    Approve,
    /// It arrived.
    Receive,
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
            Self::Receive => ReturnStatus::Received,
            Self::Refund => ReturnStatus::Refunded,
            Self::Complete => ReturnStatus::Completed,
            Self::Reject(_) => ReturnStatus::Rejected,
        }
    }

    /// Whether it may say what is kept of the refund.
    #[must_use]
    pub const fn keeps_fees(&self) -> bool {
        match self {
            Self::Approve | Self::Receive | Self::Refund => true,
            Self::Reopen | Self::Complete | Self::Reject(_) => false,
        }
    }

    /// Whether it may say what arrived.
    const fn counts(&self) -> bool {
        match self {
            Self::Receive => true,
            Self::Reopen | Self::Approve | Self::Refund | Self::Complete | Self::Reject(_) => false,
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
    /// What was counted, with [`ReturnStep::Receive`]: all that was asked for where nothing else is said. Any other step takes what
    /// stands there already, and nothing that would change it.
    pub counts: Vec<Count>,
    /// New fees, with a step that [keeps](ReturnStep::keeps_fees) them; any other takes those that stand there already.
    pub fees: Fees,
}

/// A field of a step that is wrong. `place` is that of the count, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WrongField {
    /// `INVALID_ORDER_ITEMS`
    #[error("The return has no entry of the line {line}.")]
    NotInReturn {
        /// Which count.
        place: usize,
        /// What it says.
        line: OrderItemId,
    },
    /// `INVALID_ORDER_ITEMS`
    #[error("The return has several entries of the line {line}; say by id which one is meant.")]
    WhichEntry {
        /// Which count.
        place: usize,
        /// What it says.
        line: OrderItemId,
    },
    /// `INVALID_ORDER_ITEMS`
    #[error("An entry of the line {line} was counted twice.")]
    CountedTwice {
        /// The second count.
        place: usize,
        /// What it says.
        line: OrderItemId,
    },
    /// `INVALID_ITEM`
    #[error("items says what arrived, and goes with RECEIVED alone.")]
    NotCounted {
        /// Which count.
        place: usize,
    },
    /// `INVALID_AMOUNT`
    #[error("{field} is kept of a refund, and goes with APPROVED, RECEIVED or REFUNDED alone.")]
    NotKept {
        /// Which fee.
        field: &'static str,
    },
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
    /// Every field that is wrong, at least one; each has its own code.
    #[error("{} fields of the step are wrong.", .0.len())]
    Fields(Vec<WrongField>),
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
        let wrong = self.changed_out_of_turn(request);
        if !wrong.is_empty() {
            return Err(StepError::Fields(wrong));
        }
        if !self.status.next().contains(&to) {
            return Err(StepError::InvalidTransition { from: self.status, to });
        }
        let mut rma = Self { status: to, version: self.version + 1, updated_at: now, ..self.clone() };
        if let Some(notes) = &request.notes {
            rma.notes.clone_from(notes);
        }
        rma.restocking_fee = request.fees.restocking.unwrap_or(rma.restocking_fee);
        rma.return_shipping_fee = request.fees.return_shipping.unwrap_or(rma.return_shipping_fee);
        let mut change = ReturnChange { rma, order: order.touched(now), restock: Vec::new(), refunds: Vec::new(), events: Vec::new() };
        match &request.step {
            ReturnStep::Reopen => return Err(StepError::InvalidTransition { from: self.status, to }),
            ReturnStep::Approve => {
                (change.rma.approved_by, change.rma.approved_at) = (actor.id(), Some(now));
                change.rma.arrives_before = Some(now.plus_days(policy.arrival_days));
            }
            ReturnStep::Receive => change.receive(&request.counts, actor, now)?,
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

    /// What a step says and has no say in, and that is not what stands there already.
    fn changed_out_of_turn(&self, request: &StepRequest) -> Vec<WrongField> {
        let mut wrong = Vec::new();
        if !request.step.counts() {
            let counts = request.counts.iter().enumerate();
            wrong.extend(counts.filter(|(_, count)| !self.stands(count)).map(|(place, _)| WrongField::NotCounted { place }));
        }
        if !request.step.keeps_fees() {
            let fees = [
                ("restockingFee", request.fees.restocking, self.restocking_fee),
                ("returnShippingFee", request.fees.return_shipping, self.return_shipping_fee),
            ];
            let changed = fees.into_iter().filter(|(_, said, stands)| said.is_some_and(|said| said != *stands));
            wrong.extend(changed.map(|(field, ..)| WrongField::NotKept { field }));
        }
        wrong
    }

    /// Rejects it for the system if it was approved so long ago that it will not arrive any more, and the customer was told of no
    /// later day; nothing otherwise.
    #[must_use]
    pub fn give_up(&self, order: &Order, policy: &ReturnPolicy, now: Timestamp, ids: Ids) -> Option<ReturnChange> {
        let since = self.awaits_arrival_since()?;
        let until = self.arrives_before.unwrap_or(since).max(since.plus_days(policy.arrival_days));
        if now < until {
            return None;
        }
        let days = until.days_since(since);
        let reason = match (order.customer.locale, days) {
            (Locale::Fr, 1) => "Colis non reçu dans le jour suivant l’accord".to_owned(),
            (Locale::Fr, _) => format!("Colis non reçu dans les {days} jours suivant l’accord"),
            (Locale::En, 1) => "Not received within a day of its approval".to_owned(),
            (Locale::En, _) => format!("Not received within {days} days of its approval"),
        };
        let request = StepRequest { step: ReturnStep::Reject(reason), notes: None, counts: Vec::new(), fees: Fees::default() };
        self.take(&request, order, policy, Actor::System, now, ids).ok()
    }
}

impl ReturnChange {
    /// With its events: the return's own tells the customer, its order's stand in that order's history.
    fn told(mut self, from: ReturnStatus, payment: PaymentStatus, said: Option<&str>, actor: Actor, now: Timestamp, ids: &mut Ids) -> Self {
        let Self { rma, order, refunds, .. } = &self;
        // What staff note along the way is for themselves; why a return was rejected is for the customer.
        let told = said.filter(|_| rma.status == ReturnStatus::Rejected);
        let note = said.map_or_else(|| rma.rma_number.clone(), |said| format!("{}: {said}", rma.rma_number));
        let step = |subject, version, ids: &mut Ids| {
            Event::new(subject, version, EventKind::ReturnStatusChanged, actor, now, ids).from_to(Some(from.as_str()), rma.status.as_str())
        };
        let own = step(Subject::Return(rma.id), rma.version, ids).noting(said);
        let kind = message_for(rma);
        let brought = rma.refund_amount.filter(|_| kind == Some(MessageKind::RefundProcessed));
        let refund = brought.map(|amount| RefundFacts { amount, method: RefundMethod::of_payment(order.payment_method) });
        let own = match kind {
            Some(kind) => own.announcing(Announcement::about(order, kind, refund, told, ids).of_return(rma, order)),
            None => own,
        };
        let mut events = vec![own, step(Subject::Order(order.id), order.version, ids).noting(Some(&note))];
        events.extend(order.payment_event(payment, actor, now, ids));
        events.extend(refunds.iter().map(|refund| refund.created_event(order, actor, now, ids)));
        self.events = numbered(events);
        self
    }
}

/// A refund speaks for itself when it is done; that there is none, nothing else would tell.
fn message_for(rma: &Return) -> Option<MessageKind> {
    match rma.status {
        ReturnStatus::Requested => Some(MessageKind::ReturnRequested),
        ReturnStatus::Approved => Some(MessageKind::ReturnApproved),
        ReturnStatus::Received => Some(MessageKind::ReturnReceived),
        ReturnStatus::Rejected => Some(MessageKind::ReturnRejected),
        ReturnStatus::Refunded => rma.refund_amount.filter(Money::is_zero).map(|_| MessageKind::RefundProcessed),
        ReturnStatus::Completed => None,
    }
}
