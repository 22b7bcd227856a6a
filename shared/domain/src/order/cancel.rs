//! Cancelling an order, and everything that hangs on it.

use super::{EarlierPayment, Order, OrderStatus, PaymentStatus};
use crate::actor::Actor;
use crate::event::{Alarm, Event, EventKind, PromotionUse, Subject, numbered};
use crate::ids::Ids;
use crate::inventory::{ChangeType, LastChange, StockChange};
use crate::message::{Announcement, MessageKind, RefundFacts};
use crate::promotion::{GiveBack, Promotion, Release};
use crate::refund::{Awaiting, MethodError, Opening, PaymentProvider, Refund, RefundMethod, RefundPart, RoomError};
use crate::time::Timestamp;

/// What a caller asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CancelRequest {
    /// Why, in words.
    pub reason: String,
    /// Whether the customer is told the reason; staff read it either way.
    pub is_reason_told: bool,
    /// How the money goes back; by the way it came when nothing is said.
    pub refund_method: Option<RefundMethod>,
    /// For the refund's notes. Without a refund staff's are put into the history, and a customer's own into the order's notes.
    pub notes: Option<String>,
}

/// Why a cancellation is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CancelError {
    /// `ALREADY_CANCELLED`
    #[error("The order is already cancelled.")]
    AlreadyCancelled,
    /// `CANNOT_CANCEL`
    #[error("An order that is {0} can't be cancelled; only PENDING, CONFIRMED and PROCESSING ones can.")]
    CannotCancel(OrderStatus),
    /// `CANNOT_CANCEL`
    #[error(
        "An order with a live shipment can't be cancelled: what is under way must fail or come back first, and what has arrived can only be returned."
    )]
    LiveShipment,
    /// `INVALID_METHOD`
    #[error(transparent)]
    Method(#[from] MethodError),
}

/// Everything that a cancellation writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cancellation {
    /// The order after it.
    pub order: Order,
    /// The status before it.
    pub previous: OrderStatus,
    /// What goes back to the customer: first what was paid, then the store credit spent on it, where the rest goes back another way,
    /// and of each earlier payment that money came by, what came.
    pub refunds: Vec<Refund>,
    /// Every line's pieces, back into stock.
    pub restock: Vec<StockChange>,
    /// The use of its promotion, given back.
    pub release: Option<Release>,
    /// `ORDER_CANCELLED`, and what became of the money.
    pub events: Vec<Event>,
}

impl Cancellation {
    /// The same, now that the order's promotion was looked at. Needed where its limit was lowered below what is used:
    /// then a use that is given back can't be taken again.
    #[must_use]
    pub fn knowing(self, promotion: &Promotion) -> Self {
        Self { release: self.release.map(|release| release.knowing(promotion)), ..self }
    }

    /// How much goes back each way, in the order of its refunds.
    #[must_use]
    pub fn goes_back(&self) -> Vec<RefundFacts> {
        by_method(&self.refunds)
    }
}

/// An order's refunds are all in its currency.
fn by_method(refunds: &[Refund]) -> Vec<RefundFacts> {
    let mut ways: Vec<RefundFacts> = Vec::new();
    for Refund { amount, method, .. } in refunds {
        match ways.iter_mut().find(|way| way.method == *method) {
            Some(way) => way.amount.minor += amount.minor,
            None => ways.push(RefundFacts { amount: *amount, method: *method }),
        }
    }
    ways
}

impl Order {
    /// Cancels the order: all its pieces go back into stock, all that was paid and is not refunded yet goes back to the
    /// customer, and its promotion can be used once more.
    ///
    /// # Errors
    /// See [`CancelError`].
    pub fn cancel(&self, request: &CancelRequest, actor: Actor, now: Timestamp, mut ids: Ids) -> Result<Cancellation, CancelError> {
        let method = RefundMethod::for_order(self, request.refund_method, actor)?;
        if self.status == OrderStatus::Cancelled {
            return Err(CancelError::AlreadyCancelled);
        }
        if !self.status.can_be_cancelled() {
            return Err(CancelError::CannotCancel(self.status));
        }
        if self.has_live_parcel() {
            return Err(CancelError::LiveShipment);
        }
        let mut cancelled = Self { status: OrderStatus::Cancelled, ..self.touched(now) };
        let release =
            cancelled.held_use.take().map(|held| Release { held, order_id: self.id, customer_id: self.customer_id, to: GiveBack::ToShard });
        // What came and was no payment of the order before.
        let was_held = self.paid.is_zero();
        let cancelled = if was_held { cancelled.owing_credit().unpaid_in_the_end() } else { cancelled };
        let (order, own) = cancelled.refund_all(method, &request.reason, request.notes.as_deref(), now, &mut ids);
        let own = own.map(|refund| refund.doubted(self.doubt_of_held(method).filter(|_| was_held)));
        let unsaid = request.notes.as_deref().filter(|_| own.is_none());
        let (mut order, credited) = order.refund_all(RefundMethod::StoreCredit, &request.reason, None, now, &mut ids);
        let mut refunds: Vec<Refund> = own.into_iter().chain(credited).collect();
        // What came by an earlier payment is no credit, also where nothing else is left of the order.
        let way_back = request.refund_method.unwrap_or(RefundMethod::of_payment(self.payment_method));
        for EarlierPayment { reference, .. } in order.earlier_payments.clone() {
            let (after, refund) = order.refund_earlier(&reference, way_back, &request.reason, now, &mut ids);
            order = after;
            refunds.extend(refund);
        }
        // Customers read their order, and staff alone its history.
        let (for_staff, for_all) = if actor.is_staff() { (unsaid, None) } else { (None, unsaid) };
        order.notes = joined(order.notes.as_deref(), for_all);
        let noted = joined(Some(&request.reason), for_staff);

        let told = request.is_reason_told.then_some(request.reason.as_str());
        // One way in a message; what goes back as credit besides is told when it is there.
        let facts = by_method(&refunds).first().copied();
        let mut events = vec![
            Event::new(Subject::Order(self.id), order.version, EventKind::OrderCancelled, actor, now, &mut ids)
                .from_to(Some(self.status.as_str()), order.status.as_str())
                .noting(noted.as_deref())
                .with_promotion_use(release.as_ref().map(|_| PromotionUse::GivenBack))
                .announcing(
                    Announcement::about(&order, MessageKind::OrderCancelled, facts, told, &mut ids)
                        .after_refunds_of(self)
                        .holding_money_of(&order),
                ),
        ];
        events.extend(order.payment_event(self.payment_status, actor, now, &mut ids));
        events.extend(order.still_held_event(actor, now, &mut ids));
        for refund in &refunds {
            events.push(refund.created_event(&order, actor, now, &mut ids));
        }
        let (restock, previous, events) = (order.restock(actor, now), self.status, numbered(events));
        Ok(Cancellation { order, previous, refunds, restock, release, events })
    }

    /// What nobody paid as it was to be paid, and nobody will any more: of what came instead all may be given back. What came in
    /// another currency than the order's is for staff to give back at the provider.
    pub(super) fn unpaid_in_the_end(self) -> Self {
        let owed = |earlier: &&EarlierPayment| earlier.owed().is_some() && !earlier.is_credit();
        let earlier = self.earlier_payments.iter().find(owed).map(|earlier| earlier.reference.clone());
        let order = self.taking_earlier(earlier.as_deref());
        match order.received_instead() {
            Some(came) if came.currency == order.currency => order.received(came),
            Some(_) | None => Self { payment_status: PaymentStatus::Voided, ..order },
        }
    }

    /// A refund of what is owed of an earlier payment, and the order that knows of it; nothing where nothing is. Where the order's
    /// own payment has but a note of the staff's for its reference, that may be the same money: staff look first. Store credit goes
    /// back as such.
    pub(super) fn refund_earlier(
        self,
        reference: &str,
        method: RefundMethod,
        reason: &str,
        now: Timestamp,
        ids: &mut Ids,
    ) -> (Self, Option<Refund>) {
        let Some(earlier) = self.earlier(reference) else { return (self, None) };
        let Some(amount) = earlier.owed() else { return (self, None) };
        if earlier.is_credit() {
            let part = RefundPart::Earlier { reference: reference.to_owned(), amount };
            let opening = Opening { part, method: RefundMethod::StoreCredit, reason, return_id: None, notes: None };
            return self.opening_refund(&opening, now, ids);
        }
        let note = self.payment_reference.as_deref().filter(|own| !self.paid.is_zero() && !self.is_of_provider(own));
        let same = note.map(|note| format!("Look first whether it is the one that {note} stands for."));
        let doubts = same.into_iter().chain(self.doubt_of_held(method));
        let notes = format!("Gives back the payment {reference}.");
        let part = RefundPart::Earlier { reference: reference.to_owned(), amount };
        let opening = Opening { part, method, reason, return_id: None, notes: Some(&notes) };
        let (order, refund) = self.opening_refund(&opening, now, ids);
        (order, refund.map(|refund| refund.doubted(doubts)))
    }

    /// What staff look after before money that came for the order and was no payment of it goes back another way than it came. While
    /// the order stands it is given back on the provider's own pages alone, and a provider that tells nothing of that would only say
    /// so if it were asked for the money itself.
    fn doubt_of_held(&self, method: RefundMethod) -> Option<String> {
        let provider = PaymentProvider::of_payment(self.payment_method).filter(|provider| !provider.tells_of_refunds_made_there())?;
        let is_asked = PaymentProvider::of(method) == Some(provider);
        (!is_asked).then(|| format!("Look first whether it was given back at {provider} already."))
    }

    /// A refund of all that may still be given back by a method, and the order that knows of it; nothing when nothing is left.
    pub(super) fn refund_all(
        self,
        method: RefundMethod,
        reason: &str,
        notes: Option<&str>,
        now: Timestamp,
        ids: &mut Ids,
    ) -> (Self, Option<Refund>) {
        self.opening_refund(&Opening { part: RefundPart::Rest, method, reason, return_id: None, notes }, now, ids)
    }

    fn opening_refund(self, opening: &Opening<'_>, now: Timestamp, ids: &mut Ids) -> (Self, Option<Refund>) {
        match self.clone().open_refund(opening, now, ids) {
            Ok((order, refund)) => (order, Some(refund)),
            Err(RoomError::ExceedsPaid { .. } | RoomError::NotSoMany { .. } | RoomError::NoSuchItem(_)) => (self, None),
        }
    }

    /// `PAYMENT_STATUS_CHANGED`, if it did.
    pub(crate) fn payment_event(&self, before: PaymentStatus, actor: Actor, now: Timestamp, ids: &mut Ids) -> Option<Event> {
        (before != self.payment_status).then(|| {
            Event::new(Subject::Order(self.id), self.version, EventKind::PaymentStatusChanged, actor, now, ids)
                .from_to(Some(before.as_str()), self.payment_status.as_str())
        })
    }

    /// `PAYMENT_MISMATCHED` of the cancelled order, where money is left that no refund gives back: it is due now, and staff alone can.
    fn still_held_event(&self, actor: Actor, now: Timestamp, ids: &mut Ids) -> Option<Event> {
        self.holds_money().then(|| {
            let held: Vec<String> = self.held_money().map(|money| money.to_string()).collect();
            let note = format!("{} came for the cancelled order, and no refund gives it back", held.join(" and "));
            Event::new(Subject::Order(self.id), self.version, EventKind::PaymentMismatched, actor, now, ids)
                .from_to(Some(self.payment_status.as_str()), self.payment_status.as_str())
                .noting(Some(&note))
                .raising(Some(Alarm::PaymentMismatch))
        })
    }

    fn restock(&self, actor: Actor, now: Timestamp) -> Vec<StockChange> {
        self.items
            .iter()
            .map(|item| StockChange {
                variant_id: item.variant_id,
                delta: i64::from(item.quantity),
                revision: None,
                change: LastChange {
                    change_type: ChangeType::Sale,
                    reason: format!("Order {} cancelled", self.order_number),
                    performed_by: actor.id(),
                    order_id: Some(self.id),
                    at: now,
                },
            })
            .collect()
    }
}

impl Refund {
    /// The same, left to staff where there are doubts: its notes say which.
    fn doubted(self, doubts: impl IntoIterator<Item = String>) -> Self {
        doubts.into_iter().fold(self, |refund, doubt| Self {
            awaiting: Some(Awaiting::Staff),
            doubted: true,
            notes: joined(refund.notes.as_deref(), Some(&doubt)),
            ..refund
        })
    }
}

fn joined(old: Option<&str>, new: Option<&str>) -> Option<String> {
    let parts: Vec<&str> = [old, new].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("\n"))
}
