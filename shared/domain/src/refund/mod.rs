//! Refunds: the record, and the decisions that change it.

mod by_staff;
mod open;
mod provider;
mod settle;

pub use by_staff::Unheard;
pub use open::{Opening, RefundOpened, RefundPart, RefundRequest, RefundRequestError, RefundedPieces, RoomError};
pub use provider::{PaymentProvider, ProviderRefund, RefundAttempt, RefundOutcome, RefundRecorded, RefundReport};
pub use settle::{RefundChange, RefundError, RefundPatch};

use crate::actor::Actor;
use crate::event::{Event, EventKind, Subject};
use crate::ids::{Ids, OrderId, RefundId, ReturnId, UserId};
use crate::money::Money;
use crate::order::{EarlierPayment, Order, PaymentMethod};
use crate::time::Timestamp;
use crate::words::words;
use serde::{Deserialize, Serialize};

words! {
    /// Where a refund is on its way.
    pub enum RefundStatus {
        /// Asked for.
        Pending = "PENDING",
        /// Being carried out.
        Processing = "PROCESSING",
        /// The customer has the money.
        Completed = "COMPLETED",
        /// It didn't work; its room is free again.
        Failed = "FAILED",
    }
}

impl RefundStatus {
    /// The steps that may be taken; `FAILED` to `PROCESSING` is a retry.
    #[must_use]
    pub const fn next(self) -> &'static [Self] {
        match self {
            Self::Pending => &[Self::Processing],
            Self::Processing => &[Self::Completed, Self::Failed],
            Self::Failed => &[Self::Processing],
            Self::Completed => &[],
        }
    }
}

words! {
    /// How the money goes back.
    pub enum RefundMethod {
        /// By mobile money, where it came so.
        MobileMoney = "MOBILE_MONEY",
        /// Cash, handed out by staff.
        Cash = "CASH",
        /// Onto the customer's store credit.
        StoreCredit = "STORE_CREDIT",
        /// To the card it came from.
        Card = "CARD",
    }
}

words! {
    /// Who has to act next.
    pub enum Awaiting {
        /// Staff, who pay it out and say so.
        Staff = "STAFF",
        /// The payment provider.
        Provider = "PROVIDER",
    }
}

/// `INVALID_METHOD`
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MethodError {
    /// Cash is handed out by staff alone.
    #[error("Only staff can refund in cash.")]
    CashByStaffOnly,
    /// Money goes back by card or mobile money only to where it came from.
    #[error("The order was not paid by {0}; it can't be refunded so.")]
    NotPaidSo(RefundMethod),
}

impl RefundMethod {
    /// The way back of money that came by a payment method.
    #[must_use]
    pub const fn of_payment(method: PaymentMethod) -> Self {
        match method {
            PaymentMethod::MobileMoney => Self::MobileMoney,
            PaymentMethod::CashOnDelivery => Self::Cash,
            PaymentMethod::Card => Self::Card,
        }
    }

    /// The method to refund `order` by: the asked one, if it may be, else the way the money came; of an order that nothing but store
    /// credit is left of, that.
    ///
    /// # Errors
    /// See [`MethodError`].
    pub fn for_order(order: &Order, asked: Option<Self>, actor: Actor) -> Result<Self, MethodError> {
        let default = Self::of_payment(order.payment_method);
        match asked {
            None if order.has_credit_alone() => Ok(Self::StoreCredit),
            None => Ok(default),
            Some(Self::StoreCredit) => Ok(Self::StoreCredit),
            Some(Self::Cash) if actor.is_staff() => Ok(Self::Cash),
            Some(Self::Cash) => Err(MethodError::CashByStaffOnly),
            Some(asked @ (Self::Card | Self::MobileMoney)) if asked == default => Ok(asked),
            Some(asked @ (Self::Card | Self::MobileMoney)) => Err(MethodError::NotPaidSo(asked)),
        }
    }
}

/// Money on its way back to a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refund {
    /// Its id.
    pub id: RefundId,
    /// The order it belongs to.
    pub order_id: OrderId,
    /// The return it pays for.
    pub return_id: Option<ReturnId>,
    /// The payment that it gives back, where that may be an earlier one of the order's; its own where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_reference: Option<String>,
    /// How much.
    pub amount: Money,
    /// What of that is store credit which was spent on the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_credit: Option<Money>,
    /// What the shop kept of its return for putting the pieces back on sale, where the customer gets less for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restocking_fee: Option<Money>,
    /// What it kept likewise for the way back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_shipping_fee: Option<Money>,
    /// The pieces it gives the money of back, where it was asked for by pieces; a return has its own.
    pub pieces: Vec<RefundedPieces>,
    /// Why.
    pub reason: String,
    /// Where it is on its way.
    pub status: RefundStatus,
    /// How the money goes back.
    pub method: RefundMethod,
    /// The provider's or the till's reference of the payout.
    pub transaction_reference: Option<String>,
    /// The payment provider that carries it out.
    pub provider: Option<PaymentProvider>,
    /// Why it failed.
    pub failure_reason: Option<String>,
    /// How often it was tried.
    pub attempts: u32,
    /// The last of them; a retry of one that came to nothing has none until it is handed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<RefundAttempt>,
    /// Who acts next; nobody while it is in a worker's hands or at its end.
    pub awaiting: Option<Awaiting>,
    /// Whether it was left to staff since its money may have gone back already. A retry is their word that it hasn't.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub doubted: bool,
    /// Who completed it; nobody for the system.
    pub processed_by: Option<UserId>,
    /// When it was completed.
    pub processed_at: Option<Timestamp>,
    /// In words.
    pub notes: Option<String>,
    /// Grows with every change.
    pub version: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Refund {
    /// The reference of the payment that it gives back.
    #[must_use]
    pub fn payment<'a>(&'a self, order: &'a Order) -> Option<&'a str> {
        self.payment_reference.as_deref().or(order.payment_reference.as_deref())
    }

    /// That payment, where it is an earlier one, and so in none of the order's amounts.
    #[must_use]
    pub fn earlier_payment<'a>(&self, order: &'a Order) -> Option<&'a EarlierPayment> {
        order.earlier(self.payment_reference.as_deref()?)
    }

    /// Whether staff are to carry it out.
    #[must_use]
    pub fn is_left_to_staff(&self) -> bool {
        self.awaiting == Some(Awaiting::Staff)
    }

    /// Since when it is being carried out and not left to staff: with its provider, or, where no worker has taken it up yet, as it is.
    #[must_use]
    pub fn under_way_since(&self) -> Option<Timestamp> {
        match (self.status, self.awaiting) {
            (RefundStatus::Processing, None) => Some(self.updated_at),
            (RefundStatus::Processing, Some(Awaiting::Provider)) => self.attempt.as_ref().map(|attempt| attempt.asked_at),
            (RefundStatus::Processing, Some(Awaiting::Staff)) => None,
            (RefundStatus::Pending | RefundStatus::Completed | RefundStatus::Failed, _) => None,
        }
    }

    /// Whether it is being carried out and in nobody's hands: neither with a provider nor left to staff.
    fn is_free(&self) -> bool {
        self.status == RefundStatus::Processing && self.awaiting.is_none()
    }

    /// `REFUND_CREATED`, which sets its worker off.
    pub(crate) fn created_event(&self, order: &Order, actor: Actor, now: Timestamp, ids: &mut Ids) -> Event {
        Event::new(Subject::Order(order.id), order.version, EventKind::RefundCreated, actor, now, ids)
            .from_to(None, self.status.as_str())
            .noting(Some(&format!("Refund {} of {} by {}", self.id, self.amount, self.method)))
            .of_refund_by(self.method)
            .with_refund_due(self.id)
    }
}
