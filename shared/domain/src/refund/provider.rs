//! A refund in a payment provider's hands: handing it over, and what the provider says of it, in whatever order.

use super::open::Room;
use super::{Awaiting, Refund, RefundChange, RefundMethod, RefundOpened, RefundPart, RefundStatus, RoomError};
use crate::actor::Actor;
use crate::event::{Alarm, Event, EventKind, Subject, numbered};
use crate::ids::{Ids, RefundId, is_uuid};
use crate::message::{Announcement, MessageKind, RefundFacts};
use crate::money::Money;
use crate::order::{Order, PaymentMethod};
use crate::time::Timestamp;
use crate::words::words;
use serde::{Deserialize, Serialize};

words! {
    /// Who moves money for the shop.
    pub enum PaymentProvider {
        /// Stripe, for cards.
        Stripe = "STRIPE",
        /// pawaPay, for mobile money.
        PawaPay = "PAWAPAY",
    }
}

impl PaymentProvider {
    /// Who carries refunds by a method out, where the shop has an account with them.
    #[must_use]
    pub const fn of(method: RefundMethod) -> Option<Self> {
        match method {
            RefundMethod::Card => Some(Self::Stripe),
            RefundMethod::MobileMoney => Some(Self::PawaPay),
            RefundMethod::Cash | RefundMethod::StoreCredit => None,
        }
    }

    /// Who has the payments by a method, where the shop has an account with them.
    #[must_use]
    pub const fn of_payment(method: PaymentMethod) -> Option<Self> {
        Self::of(RefundMethod::of_payment(method))
    }

    /// Whether a reference of a payment is one that the provider hands out or takes: Stripe's of a payment or a charge, a UUID at
    /// pawaPay. Staff note their own references too.
    #[must_use]
    pub fn hands_out(self, reference: &str) -> bool {
        match self {
            Self::Stripe => {
                let named = ["pi_", "ch_", "py_"].iter().any(|prefix| reference.starts_with(prefix));
                named && reference.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            }
            Self::PawaPay => is_uuid(reference),
        }
    }

    /// Whether it tells of the refunds that are made on its own pages. Stripe does, by the events of any other
    /// (docs.stripe.com/api/events/types); pawaPay calls back for those alone that were asked for by its API.
    #[must_use]
    pub const fn tells_of_refunds_made_there(self) -> bool {
        match self {
            Self::Stripe => true,
            Self::PawaPay => false,
        }
    }

    /// What customers pay by where it is theirs.
    #[must_use]
    pub const fn payment_method(self) -> PaymentMethod {
        match self {
            Self::Stripe => PaymentMethod::Card,
            Self::PawaPay => PaymentMethod::MobileMoney,
        }
    }
}

/// The last time a refund was handed to a provider. It is written before the provider is called, so that whoever comes
/// after a lost answer asks under the same key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RefundAttempt {
    /// What the provider recognises a second request for it by.
    pub key: String,
    /// Since when it is with the provider.
    pub asked_at: Timestamp,
    /// The provider's own name for it, once it has said so.
    pub reference: Option<String>,
    /// Whether the provider itself has said that nothing came of it. Only then may there be another: whatever staff say, nobody
    /// knows before.
    #[serde(default)]
    pub failed: bool,
}

impl RefundAttempt {
    /// The key of an attempt at Stripe, whose own metadata names the refund and the attempt.
    #[must_use]
    pub fn key_at_stripe(refund: RefundId, attempt: u32) -> String {
        format!("refund-{refund}-{attempt}")
    }
}

/// What a provider says became of a refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RefundOutcome {
    /// It is under way.
    Pending,
    /// The customer has the money.
    Succeeded,
    /// It did not work, or not in the end.
    Failed(String),
}

impl RefundOutcome {
    /// Whether this takes the place of an earlier outcome, where nobody can be asked which is the later: what
    /// has an end is under way no more, and what has failed never succeeds afterwards.
    #[must_use]
    pub const fn supersedes(&self, earlier: &Self) -> bool {
        match (self, earlier) {
            (Self::Succeeded | Self::Failed(_), Self::Pending) | (Self::Failed(_), Self::Succeeded) => true,
            (Self::Pending, _) | (Self::Succeeded, Self::Succeeded | Self::Failed(_)) | (Self::Failed(_), Self::Failed(_)) => false,
        }
    }
}

/// What a provider says of a refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RefundReport {
    /// The provider's own name for it.
    pub reference: Option<String>,
    /// What became of it.
    pub outcome: RefundOutcome,
}

/// A refund as its provider tells of it by itself, whoever asked for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProviderRefund {
    /// The provider's own name for it.
    pub name: String,
    /// The names of the payment that it gives back, one or two, the payment's own before that of its charge.
    pub payments: Vec<String>,
    /// How much of it; nothing where that is no amount of ours.
    pub amount: Option<Money>,
    /// The refund of ours that it says it carries out, and the attempt.
    pub ours: Option<(RefundId, u32)>,
    /// What became of it.
    pub report: RefundReport,
}

/// A refund that a provider made without being asked by us: everything that recording it writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundRecorded {
    /// The order and the refund.
    pub opened: RefundOpened,
    /// What it is known by from now on, so that it is recorded once.
    pub provider: PaymentProvider,
    /// Likewise.
    pub name: String,
}

impl Refund {
    /// Hands it to a provider as a new attempt; nothing where it is in somebody's hands already or not being carried out.
    /// `fresh` is a number that nobody had before, in the form that the provider wants.
    #[must_use]
    pub fn hand_over(&self, provider: PaymentProvider, fresh: &str, now: Timestamp, ids: Ids) -> Option<RefundChange> {
        self.is_free().then(|| {
            let key = match provider {
                PaymentProvider::Stripe => self.next_stripe_key(),
                PaymentProvider::PawaPay => fresh.to_owned(),
            };
            self.attempted(provider, RefundAttempt { key, asked_at: now, reference: None, failed: false }, None, now, ids)
        })
    }

    /// The provider has refused an attempt for now, and done nothing: the next time is another one. What Stripe refused with
    /// would be its answer to the same key for as long as it keeps it. pawaPay keeps only what it has accepted, so there the key
    /// stays: another worker's request that was under way under it and is accepted after all makes the one refund there is.
    /// How long it has been with the provider counts from the first of several attempts in a row.
    #[must_use]
    pub fn refused_for_now(&self, attempt: u32, why: &str, now: Timestamp, ids: Ids) -> Option<RefundChange> {
        let provider = self.provider.filter(|_| self.status == RefundStatus::Processing && self.attempts == attempt)?;
        let refused = self.attempt.clone()?;
        let next = match provider {
            PaymentProvider::Stripe => RefundAttempt { key: self.next_stripe_key(), reference: None, ..refused },
            PaymentProvider::PawaPay => refused,
        };
        Some(self.attempted(provider, next, Some(why), now, ids))
    }

    fn next_stripe_key(&self) -> String {
        RefundAttempt::key_at_stripe(self.id, self.attempts + 1)
    }

    fn attempted(&self, provider: PaymentProvider, next: RefundAttempt, why: Option<&str>, now: Timestamp, mut ids: Ids) -> RefundChange {
        let attempts = self.attempts + 1;
        let known_as = (!self.is_attempt(&next.key)).then(|| (provider, next.key.clone()));
        let refund = Self {
            awaiting: Some(Awaiting::Provider),
            provider: Some(provider),
            attempts,
            attempt: Some(next),
            failure_reason: why.map(ToOwned::to_owned),
            ..self.touched(now)
        };
        let note = match why {
            Some(why) => format!("Attempt {attempts} at {provider}, after: {why}"),
            None => format!("Attempt {attempts} at {provider}"),
        };
        let event = refund.updated_event(Some(&note), now, &mut ids);
        RefundChange { refund, order: None, credit: None, events: vec![event], known_as }
    }

    /// Whether a key is that of the attempt that is open, or was the last.
    #[must_use]
    pub fn is_attempt(&self, key: &str) -> bool {
        self.attempt.as_ref().is_some_and(|attempt| attempt.key == key)
    }

    /// What the provider says of the last attempt; nothing where that is no news. A provider's word only ever moves a refund
    /// forward: what is completed stays so, and what failed and succeeds after all is completed, room or no room.
    #[must_use]
    pub fn reported(&self, report: &RefundReport, order: &Order, now: Timestamp, ids: Ids) -> Option<RefundChange> {
        let attempt = self.attempt.clone()?;
        let reference = report.reference.clone().or_else(|| attempt.reference.clone());
        let heard = Self { attempt: Some(RefundAttempt { reference: reference.clone(), ..attempt.clone() }), ..self.touched(now) };
        match (self.status, &report.outcome) {
            (RefundStatus::Processing, RefundOutcome::Succeeded) => {
                let heard = Self { transaction_reference: reference.or(Some(attempt.key)), ..heard };
                Some(heard.completed(order, Actor::System, now, ids))
            }
            (RefundStatus::Processing, RefundOutcome::Failed(why)) => {
                Some(heard.without_effect().failed(why, order, Actor::System, now, ids))
            }
            // Staff had given it up, and now it is known.
            (RefundStatus::Failed, RefundOutcome::Failed(why)) if !attempt.failed => {
                Some(heard.without_effect().remarked(Some(why), now, ids))
            }
            (RefundStatus::Processing, RefundOutcome::Pending) if reference != attempt.reference => Some(heard.remarked(None, now, ids)),
            (RefundStatus::Completed, RefundOutcome::Failed(why)) if self.failure_reason.is_none() => {
                let note = format!("It came back after it was completed: {why}");
                let heard = Self { failure_reason: Some(why.clone()), ..heard };
                Some(heard.remarked_raising(Some(&note), Some(Alarm::RefundCameBack), now, ids))
            }
            (RefundStatus::Failed, RefundOutcome::Succeeded) => {
                let heard = Self { transaction_reference: reference.or(Some(attempt.key)), ..heard };
                Some(heard.completed_after_all(order, now, ids))
            }
            _ => None,
        }
    }

    /// Leaves one that is with its provider to staff, who find out there what became of it: the shop no longer has the means to
    /// ask. What the provider still tells of the attempt counts as before.
    #[must_use]
    pub fn orphaned(&self, now: Timestamp, ids: Ids) -> Option<RefundChange> {
        let provider = self.provider.filter(|_| self.status == RefundStatus::Processing && self.awaiting == Some(Awaiting::Provider))?;
        let why = format!("{provider} can't be asked any more; what became of the refund is to be looked up there");
        let left = Self { awaiting: Some(Awaiting::Staff), failure_reason: Some(why.clone()), ..self.touched(now) };
        Some(left.remarked(Some(&why), now, ids))
    }

    /// The last attempt is over, and nothing came of it.
    fn without_effect(self) -> Self {
        let attempt = self.attempt.map(|attempt| RefundAttempt { failed: true, ..attempt });
        Self { attempt, ..self }
    }

    /// The last attempt, as long as nobody knows that nothing came of it.
    pub(super) fn open_attempt(&self) -> Option<&RefundAttempt> {
        self.attempt.as_ref().filter(|attempt| !attempt.failed)
    }

    pub(super) fn remarked(self, note: Option<&str>, now: Timestamp, ids: Ids) -> RefundChange {
        self.remarked_raising(note, None, now, ids)
    }

    fn remarked_raising(self, note: Option<&str>, alarm: Option<Alarm>, now: Timestamp, mut ids: Ids) -> RefundChange {
        let event = self.updated_event(note, now, &mut ids).raising(alarm);
        RefundChange { refund: self, order: None, credit: None, events: vec![event], known_as: None }
    }

    /// It failed, its room was given back, and the customer has the money nevertheless.
    fn completed_after_all(self, order: &Order, now: Timestamp, ids: Ids) -> RefundChange {
        let room = self.take_same_room(order.touched(now), now).unwrap_or_else(|_| {
            let earlier = self.earlier_payment(order).map(|earlier| earlier.reference.as_str());
            let order = order.touched(now).take_regardless(earlier, self.amount);
            Room { order, amount: self.amount, from_credit: None, pieces: Vec::new() }
        });
        Self { pieces: room.pieces, from_credit: room.from_credit, ..self }.completed_with(room.order, order, Actor::System, now, ids)
    }

    fn updated_event(&self, note: Option<&str>, now: Timestamp, ids: &mut Ids) -> Event {
        Event::new(Subject::Refund(self.id), self.version, EventKind::RefundUpdated, Actor::System, now, ids)
            .from_to(Some(self.status.as_str()), self.status.as_str())
            .noting(note)
    }
}

impl Order {
    /// Takes money out of what may still be given back although nobody asked whether there is so much: it is gone.
    fn take_regardless(self, earlier: Option<&str>, amount: Money) -> Self {
        if let Some(reference) = earlier {
            return self.giving_earlier(reference, amount.minor);
        }
        let room = amount.minor.min(self.refundable.minor);
        let mut order = self;
        order.refundable.minor -= room;
        order.giving_credit(0);
        order.set_over_refunded(order.over_refunded().minor + amount.minor - room);
        order.payment_status = order.status_of_refunds();
        order
    }

    /// A refund that a provider made without us, of so much. One that failed takes no room, and is recorded all the same: an older
    /// report of it that comes later is then no news.
    #[must_use]
    pub fn record_refund(
        &self,
        provider: PaymentProvider,
        made: &ProviderRefund,
        amount: Money,
        now: Timestamp,
        mut ids: Ids,
    ) -> RefundRecorded {
        let ProviderRefund { name, report, .. } = made;
        let earlier = self.earlier_named(&made.payments);
        let (status, failure_reason) = match &report.outcome {
            RefundOutcome::Pending => (RefundStatus::Processing, None),
            RefundOutcome::Succeeded => (RefundStatus::Completed, None),
            RefundOutcome::Failed(why) => (RefundStatus::Failed, Some(why.clone())),
        };
        let completed = status == RefundStatus::Completed;
        let order = match status {
            RefundStatus::Failed => self.touched(now),
            RefundStatus::Pending | RefundStatus::Processing | RefundStatus::Completed => {
                let mut order = self.touched(now).take_regardless(earlier, amount);
                match earlier {
                    Some(reference) if completed => order = order.having_refunded_earlier(reference, amount),
                    None if completed => order.refunded_total.minor += amount.minor,
                    Some(_) | None => {}
                }
                order.payment_status = order.status_of_refunds();
                order
            }
        };
        let refund = Refund {
            id: RefundId::draw(&mut ids),
            order_id: order.id,
            return_id: None,
            payment_reference: earlier.or(self.payment_reference.as_deref()).map(ToOwned::to_owned),
            amount,
            from_credit: None,
            restocking_fee: None,
            return_shipping_fee: None,
            pieces: Vec::new(),
            reason: format!("Made at {provider}"),
            status,
            method: RefundMethod::of_payment(provider.payment_method()),
            transaction_reference: report.reference.clone(),
            provider: Some(provider),
            failure_reason,
            attempts: 1,
            attempt: Some(RefundAttempt {
                key: name.clone(),
                asked_at: now,
                reference: report.reference.clone(),
                failed: status == RefundStatus::Failed,
            }),
            awaiting: (status == RefundStatus::Processing).then_some(Awaiting::Provider),
            doubted: false,
            processed_by: None,
            processed_at: completed.then_some(now),
            notes: None,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let mut created = Event::new(Subject::Order(order.id), order.version, EventKind::RefundCreated, Actor::System, now, &mut ids)
            .from_to(None, refund.status.as_str())
            .noting(Some(&format!("Refund {} of {} was made at {provider}", refund.id, refund.amount)))
            .of_refund_by(refund.method)
            .raising(order.alarm_since(self));
        if completed {
            let facts = RefundFacts { amount, method: refund.method };
            created = created.announcing(Announcement::about(&order, MessageKind::RefundProcessed, Some(facts), None, &mut ids));
        }
        let mut events = vec![created];
        events.extend(order.payment_event(self.payment_status, Actor::System, now, &mut ids));
        let opened = RefundOpened { order, refund, events: numbered(events) };
        RefundRecorded { opened, provider, name: name.clone() }
    }
}

/// What a refund gives back, for asking for the same room again.
impl Refund {
    /// Room for just the amount that its provider was asked for, whatever its pieces would bring by now.
    pub(super) fn take_same_room(&self, order: Order, now: Timestamp) -> Result<Room, RoomError> {
        match order.clone().take_room(&self.part(&order), self.method, now)? {
            room if room.amount == self.amount => Ok(room),
            _ => order.take_room(&RefundPart::Amount(self.amount), self.method, now),
        }
    }

    pub(super) fn part(&self, order: &Order) -> RefundPart {
        match (self.earlier_payment(order), self.pieces.as_slice()) {
            (Some(earlier), _) => RefundPart::Earlier { reference: earlier.reference.clone(), amount: self.amount },
            (None, []) => RefundPart::Amount(self.amount),
            (None, pieces) => RefundPart::Pieces(pieces.iter().map(|pieces| (pieces.order_item_id, pieces.quantity)).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn staffs_own_notes_are_no_references_of_a_provider() {
        let uuid = "f4401bd2-1568-4140-bf2d-eb77d2b2b639";
        for (provider, own) in
            [(PaymentProvider::Stripe, "pi_3OaQk2Lz"), (PaymentProvider::Stripe, "ch_1"), (PaymentProvider::PawaPay, uuid)]
        {
            assert!(provider.hands_out(own), "{own}");
        }
        for other in ["", "PI_1", "TPE-12", "pi_1/../charges", "pi_1?x", "pi 1", uuid] {
            assert!(!PaymentProvider::Stripe.hands_out(other), "{other}");
        }
        for other in ["", "MP-A0773409", "f4401bd2-1568-4140-bf2d-eb77d2b2b63", "f4401bd2/1568-4140-bf2d-eb77d2b2b639", "pi_1"] {
            assert!(!PaymentProvider::PawaPay.hands_out(other), "{other}");
        }
    }
}
