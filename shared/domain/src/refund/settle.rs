//! What can happen to a refund once it is there.

use super::{Awaiting, PaymentProvider, Refund, RefundAttempt, RefundMethod, RefundStatus, RoomError};
use crate::actor::Actor;
use crate::credit::{CreditEntry, CreditKind};
use crate::event::{Event, EventKind, Subject, changed_fields, numbered};
use crate::ids::{CreditEntryId, Ids};
use crate::message::{Announcement, MessageKind, RefundFacts};
use crate::money::Money;
use crate::order::{EarlierPayment, Order};
use crate::time::Timestamp;

/// What an admin changes; `Some(None)` clears.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RefundPatch {
    /// A step of the state machine.
    pub status: Option<RefundStatus>,
    /// The payout's reference.
    pub transaction_reference: Option<Option<String>>,
    /// In words.
    pub notes: Option<Option<String>>,
}

/// Why a change of a refund is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefundError {
    /// `INVALID_STATUS_TRANSITION`
    #[error("A refund that is {from} can't become {to}.")]
    InvalidTransition {
        /// The refund's status.
        from: RefundStatus,
        /// What was asked for.
        to: RefundStatus,
    },
    /// `REFUND_IN_PROGRESS`
    #[error("The payment provider is working on this refund; its status can't be set by hand now.")]
    InProgress,
    /// There is no room for a retry.
    #[error(transparent)]
    Room(#[from] RoomError),
}

/// Everything that a change of a refund writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundChange {
    /// The refund after it.
    pub refund: Refund,
    /// The order, where its money moved, or its history has more to say.
    pub order: Option<Order>,
    /// The customer's store credit, where it went there.
    pub credit: Option<CreditEntry>,
    /// What happened.
    pub events: Vec<Event>,
    /// A name that its provider knows it by from now on, so that it is found by it.
    pub known_as: Option<(PaymentProvider, String)>,
}

impl Refund {
    /// A change by an admin.
    ///
    /// # Errors
    /// See [`RefundError`].
    pub fn update(&self, patch: RefundPatch, order: &Order, actor: Actor, now: Timestamp, ids: Ids) -> Result<RefundChange, RefundError> {
        let mut edited = self.touched(now);
        if let Some(reference) = patch.transaction_reference {
            edited.transaction_reference = reference;
        }
        if let Some(notes) = patch.notes {
            edited.notes = notes;
        }
        let Some(to) = patch.status else {
            return Ok(edited.noted(self, order, actor, now, ids));
        };
        if self.awaiting == Some(Awaiting::Provider) {
            return Err(RefundError::InProgress);
        }
        if !self.status.next().contains(&to) {
            return Err(RefundError::InvalidTransition { from: self.status, to });
        }
        match to {
            RefundStatus::Completed => Ok(edited.completed(order, actor, now, ids)),
            RefundStatus::Failed => Ok(edited.failed("Marked as failed by staff", order, actor, now, ids)),
            RefundStatus::Processing => edited.started(order, actor, now, ids),
            RefundStatus::Pending => Err(RefundError::InvalidTransition { from: self.status, to }),
        }
    }

    /// Carries out what goes onto the customer's store credit; nothing where it is left to staff or isn't being carried out. What a
    /// provider gave back behind our back is gone: beyond that nothing is given, and it fails.
    #[must_use]
    pub fn credit(&self, order: &Order, now: Timestamp, ids: Ids) -> Option<RefundChange> {
        let is_gone = self.owed_without(order) != self.amount;
        self.is_free().then(|| {
            let refund = self.touched(now);
            if is_gone {
                return refund.failed("The payment provider has given the money back already", order, Actor::System, now, ids);
            }
            refund.completed(order, Actor::System, now, ids)
        })
    }

    /// Nobody but staff can carry it out; nothing when that is known already or it isn't being carried out.
    #[must_use]
    pub fn leave_to_staff(&self, now: Timestamp, ids: Ids) -> Option<RefundChange> {
        self.is_free().then(|| Self { awaiting: Some(Awaiting::Staff), ..self.touched(now) }.remarked(Some("Left to staff"), now, ids))
    }

    pub(super) fn touched(&self, now: Timestamp) -> Self {
        Self { version: self.version + 1, updated_at: now, ..self.clone() }
    }

    /// Edited by staff, which stands in the order's history: what was changed, and not what they wrote, which may be private.
    fn noted(self, before: &Self, order: &Order, actor: Actor, now: Timestamp, mut ids: Ids) -> RefundChange {
        let edits =
            [("transactionReference", self.transaction_reference != before.transaction_reference), ("notes", self.notes != before.notes)];
        let what = changed_fields(&edits).map(|changed| format!(": {changed}")).unwrap_or_default();
        let after = order.touched(now);
        let event = Event::new(Subject::Order(after.id), after.version, EventKind::RefundUpdated, actor, now, &mut ids)
            .from_to(Some(self.status.as_str()), self.status.as_str())
            .noting(Some(&format!("Refund {}{what}", self.id)));
        RefundChange { refund: self, order: Some(after), credit: None, events: vec![event], known_as: None }
    }

    pub(super) fn completed(self, order: &Order, actor: Actor, now: Timestamp, ids: Ids) -> RefundChange {
        self.completed_with(order.touched(now), order, actor, now, ids)
    }

    /// Completed with `room` made of the order for it, which is a version on already.
    pub(super) fn completed_with(self, room: Order, order: &Order, actor: Actor, now: Timestamp, mut ids: Ids) -> RefundChange {
        let before = self.status;
        let refund = Self {
            status: RefundStatus::Completed,
            awaiting: None,
            failure_reason: None,
            processed_by: actor.id(),
            processed_at: Some(now),
            ..self
        };
        let mut after = room;
        match refund.earlier_payment(order) {
            Some(earlier) => after = after.having_refunded_earlier(&earlier.reference, refund.amount),
            None => after.refunded_total.minor += refund.amount.minor,
        }
        after.payment_status = after.status_of_refunds();
        let credit = (refund.method == RefundMethod::StoreCredit).then(|| refund.credit_entry(order, now)).flatten();
        let completed = refund.status_event(before, &after, actor, now, &mut ids).raising(after.alarm_since(order));
        let completed = completed.announcing(refund.announcement(MessageKind::RefundProcessed, refund.amount, &after, &mut ids));
        let events = after.events_since(order, completed, actor, now, &mut ids);
        RefundChange { refund, order: Some(after), credit, events, known_as: None }
    }

    pub(super) fn failed(self, reason: &str, order: &Order, actor: Actor, now: Timestamp, mut ids: Ids) -> RefundChange {
        let before = self.status;
        // Staff who give it up have found the money with the customer.
        let is_back = self.doubted && self.is_left_to_staff();
        let refund = Self { status: RefundStatus::Failed, awaiting: None, failure_reason: Some(reason.to_owned()), ..self };
        let after = order.touched(now).give_room_back(&refund);
        let owed = refund.owed_without(order);
        let mut failed = refund.status_event(before, &after, actor, now, &mut ids);
        if owed.minor > 0 && !is_back {
            failed = failed.announcing(refund.announcement(MessageKind::RefundFailed, owed, &after, &mut ids));
        }
        let events = after.events_since(order, failed, actor, now, &mut ids);
        RefundChange { refund, order: Some(after), credit: None, events, known_as: None }
    }

    /// From `PENDING`, whose room is already taken, or as a retry, which must find room again; the pieces it is for are
    /// counted anew then, since others of their line may have gone back meanwhile. An attempt of which nobody knows what came
    /// is no other one: the provider is asked after it, and for that amount, before anything else is done.
    fn started(self, order: &Order, actor: Actor, now: Timestamp, mut ids: Ids) -> Result<RefundChange, RefundError> {
        let before = self.status;
        let mut after = order.touched(now);
        let attempt = self.open_attempt().map(|attempt| RefundAttempt { asked_at: now, ..attempt.clone() });
        let awaiting = attempt.as_ref().map(|_| Awaiting::Provider);
        let mut refund = Self { status: RefundStatus::Processing, awaiting, doubted: false, failure_reason: None, attempt, ..self };
        if before == RefundStatus::Failed {
            let room = match refund.attempt {
                Some(_) => refund.take_same_room(after, now)?,
                None => after.take_room(&refund.part(order), refund.method, now)?,
            };
            after = room.order;
            (refund.amount, refund.from_credit, refund.pieces) = (room.amount, room.from_credit, room.pieces);
        }
        let started = refund.status_event(before, &after, actor, now, &mut ids).with_refund_due(refund.id);
        let events = after.events_since(order, started, actor, now, &mut ids);
        Ok(RefundChange { refund, order: Some(after), credit: None, events, known_as: None })
    }

    /// What of it the customer is owed if nothing comes of it: all but what went back besides, beyond all that came.
    fn owed_without(&self, order: &Order) -> Money {
        let beyond = self.earlier_payment(order).map_or_else(|| order.over_refunded(), EarlierPayment::overdrawn);
        Money::new((self.amount.minor - beyond.minor).max(0), self.amount.currency)
    }

    fn announcement(&self, kind: MessageKind, amount: Money, after: &Order, ids: &mut Ids) -> Announcement {
        let facts = RefundFacts { amount, method: self.method };
        let about = Announcement::about(after, kind, Some(facts), self.failure_reason.as_deref(), ids);
        about.keeping(self.restocking_fee, self.return_shipping_fee)
    }

    fn status_event(&self, before: RefundStatus, after: &Order, actor: Actor, now: Timestamp, ids: &mut Ids) -> Event {
        Event::new(Subject::Order(after.id), after.version, EventKind::RefundStatusChanged, actor, now, ids)
            .from_to(Some(before.as_str()), self.status.as_str())
            .noting(Some(&format!("Refund {} of {} by {}", self.id, self.amount, self.method)))
            .of_refund_by(self.method)
    }

    /// The ledger entry carries the refund's own number, so that there can only ever be one. Ledgers sort by it, so it stands among
    /// the others where the refund was opened.
    fn credit_entry(&self, order: &Order, now: Timestamp) -> Option<CreditEntry> {
        Some(CreditEntry {
            id: CreditEntryId::new(self.id.get())?,
            customer_id: order.customer_id,
            amount: self.amount,
            kind: CreditKind::Refund,
            order_id: Some(order.id),
            refund_id: Some(self.id),
            note: Some(self.reason.clone()),
            performed_by: self.processed_by,
            created_at: now,
        })
    }
}

impl Order {
    /// What happened to a refund, and what that made of the order's payment and of the order itself since `before`.
    fn events_since(&self, before: &Self, refund: Event, actor: Actor, now: Timestamp, ids: &mut Ids) -> Vec<Event> {
        let mut events = vec![refund];
        events.extend(self.payment_event(before.payment_status, actor, now, ids));
        events.extend(self.step_events(before.status, None, actor, now, ids));
        numbered(events)
    }
}
