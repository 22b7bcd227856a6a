//! Orders: the record, and the decisions that change it, a file each.

mod advance;
mod cancel;
mod credit;
mod earlier;
mod lines;
mod parcels;
mod pay;
mod place;
mod unknown;
mod unpaid;

pub use advance::{Advance, AdvanceError};
pub use cancel::{CancelError, CancelRequest, Cancellation};
pub use credit::{CreditSpent, SpendError, SpentCredit};
pub use earlier::EarlierPayment;
pub use lines::discounted;
pub use pay::{MismatchedPayment, Payment, PaymentError, PaymentOutcome, PaymentReport, PaymentRequest};
pub use place::{DeliveryFees, MAX_LINES, MAX_QUANTITY, OrderRequest, PlaceError, Placement, Quote, RequestedLine};
pub use unknown::NoSuchLine;

use crate::event::Alarm;
use crate::ids::{CustomerId, OrderId, OrderItemId, ProductId, VariantId, is_uuid};
use crate::message::Locale;
use crate::money::{Currency, Money};
use crate::promotion::HeldUse;
use crate::shipment::TrackingNumber;
use crate::time::Timestamp;
use crate::words::words;
use serde::{Deserialize, Serialize};

words! {
    /// Where an order is on its way.
    pub enum OrderStatus {
        /// Placed; nobody has looked at it yet.
        Pending = "PENDING",
        /// Accepted by staff.
        Confirmed = "CONFIRMED",
        /// Being picked and packed.
        Processing = "PROCESSING",
        /// Waits in the store.
        ReadyForPickup = "READY_FOR_PICKUP",
        /// On its way.
        Shipped = "SHIPPED",
        /// With the customer.
        Delivered = "DELIVERED",
        /// Given up.
        Cancelled = "CANCELLED",
    }
}

impl OrderStatus {
    /// The steps that staff may take by hand; `CANCELLED` is reached through [`Order::cancel`] alone.
    #[must_use]
    pub const fn next(self) -> &'static [Self] {
        match self {
            Self::Pending => &[Self::Confirmed],
            Self::Confirmed => &[Self::Processing],
            Self::Processing => &[Self::ReadyForPickup, Self::Shipped],
            Self::ReadyForPickup | Self::Shipped => &[Self::Delivered],
            Self::Delivered | Self::Cancelled => &[],
        }
    }

    /// Whether [`Order::cancel`] takes an order in this status.
    #[must_use]
    pub const fn can_be_cancelled(self) -> bool {
        matches!(self, Self::Pending | Self::Confirmed | Self::Processing)
    }
}

words! {
    /// Where an order's money is.
    pub enum PaymentStatus {
        /// Not paid yet.
        Pending = "PENDING",
        /// Paid, and nothing given back.
        Paid = "PAID",
        /// A payment was tried and failed.
        Failed = "FAILED",
        /// A refund is under way.
        RefundPending = "REFUND_PENDING",
        /// Some of it was given back.
        PartiallyRefunded = "PARTIALLY_REFUNDED",
        /// All of it was given back.
        Refunded = "REFUNDED",
        /// Cancelled before anything was paid.
        Voided = "VOIDED",
    }
}

words! {
    /// How an order is paid.
    pub enum PaymentMethod {
        /// M-Pesa, Airtel Money, Orange Money.
        MobileMoney = "MOBILE_MONEY",
        /// Cash to the courier or in the store.
        CashOnDelivery = "CASH_ON_DELIVERY",
        /// Card.
        Card = "CARD",
    }
}

impl PaymentMethod {
    /// The space that a provider's references are unique in: whoever hands them out. Notes of the staff's share one of their own.
    #[must_use]
    pub const fn reference_space(self) -> &'static str {
        match self {
            Self::MobileMoney => "PAWAPAY",
            Self::CashOnDelivery => "CASH",
            Self::Card => "STRIPE",
        }
    }
}

/// A payment reference as it is kept and compared. The letters of a UUID mean the same in either case, and are written in lower
/// case (RFC 9562, section 4); any other reference means what it says.
#[must_use]
pub fn kept_reference(written: &str) -> String {
    if is_uuid(written) { written.to_ascii_lowercase() } else { written.to_owned() }
}

words! {
    /// How an order reaches its customer.
    pub enum DeliveryMethod {
        /// Brought to an address.
        HomeDelivery = "HOME_DELIVERY",
        /// Fetched in the store; costs nothing.
        StorePickup = "STORE_PICKUP",
    }
}

words! {
    /// Where an order was placed.
    pub enum OrderSource {
        /// In the web shop.
        Online = "ONLINE",
        /// At the counter, by staff.
        InStore = "IN_STORE",
    }
}

/// Who an order is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Customer {
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// E-mail address.
    pub email: Option<String>,
    /// Phone number, as the customer wrote it.
    pub phone: Option<String>,
    /// The language messages are written in.
    pub locale: Locale,
}

/// A postal address in parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Address {
    /// Street and number.
    pub street: String,
    /// City or commune.
    pub city: String,
    /// Province.
    pub state: Option<String>,
    /// Postcode, where the country has them.
    pub zip_code: Option<String>,
    /// Country.
    pub country: Option<String>,
}

/// Where an order goes: in parts, or as the customer wrote it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DeliveryAddress {
    /// In parts.
    Parts(Address),
    /// In one text.
    Text(String),
}

/// The variant's own features, as they were when it was ordered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VariantDetails {
    /// Size.
    pub size: Option<String>,
    /// Colour.
    pub color: Option<String>,
}

/// A line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LineItem {
    /// Its id, unique in the order.
    pub id: OrderItemId,
    /// The product.
    pub product_id: ProductId,
    /// The variant.
    pub variant_id: VariantId,
    /// The variant's SKU.
    pub sku: String,
    /// The product's name.
    pub product_name: String,
    /// Size and colour.
    pub variant_details: VariantDetails,
    /// Pieces; never zero.
    pub quantity: u32,
    /// Price of a piece when it was ordered.
    pub price_at_purchase: Money,
    /// Its part of the order's discount, for all its pieces; a discount on the delivery fee is none of a line's.
    pub discount: Money,
    /// Pieces that came back.
    pub returned_quantity: u32,
    /// Pieces that a return asks for and whose money has not gone back yet.
    pub returning_quantity: u32,
    /// Pieces whose money went back or is going back; with `returning_quantity` never more than `quantity`.
    pub refunded_quantity: u32,
    /// Of those, the ones that came back by a return, and so have been with the customer.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub brought_back_quantity: u32,
    /// Of those, the ones that came back for the shop's own fault.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub faulty_quantity: u32,
    /// The money of those, as far as it was counted by pieces.
    pub refunded_amount: Money,
    /// Pieces that are in a live parcel; never more than `quantity`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub shipped_quantity: u32,
    /// Pieces of those that have arrived.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub delivered_quantity: u32,
}

/// Most lines of most orders are in no parcel yet and have no pieces that came back, and an order pays for every kilobyte it has.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_zero(pieces: &u32) -> bool {
    *pieces == 0
}

impl LineItem {
    /// The price of all its pieces. An order's amounts are bounded when it is placed, so it always fits.
    #[must_use]
    pub const fn amount(&self) -> Money {
        Money::new(self.price_at_purchase.minor.saturating_mul(self.quantity as i64), self.price_at_purchase.currency)
    }

    /// Size and colour in one text, as far as there are any.
    #[must_use]
    pub fn details(&self) -> Option<String> {
        let VariantDetails { size, color } = &self.variant_details;
        let parts: Vec<&str> = [size.as_deref(), color.as_deref()].into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(" · "))
    }
}

/// An order.
///
/// Of its amounts: `total = subtotal − discount + delivery_fee`; `paid` is nothing until it is paid and `total` then, but where
/// another amount came: what came of a cancelled order, and what came beyond `total` where staff accepted that; `paid + over_refunded = refundable + refunds under way + refunded_total`. All are in `currency` and none is negative.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// `MLA-YYYYMMDD-NNNN`, unique.
    pub order_number: String,
    /// Whose it is.
    pub customer_id: CustomerId,
    /// Who it is for, as given with it.
    pub customer: Customer,
    /// Where it is on its way.
    pub status: OrderStatus,
    /// How it is paid.
    pub payment_method: PaymentMethod,
    /// Where its money is.
    pub payment_status: PaymentStatus,
    /// The provider's reference of its payment; nothing where store credit has paid for all of it.
    pub payment_reference: Option<String>,
    /// How it reaches the customer.
    pub delivery_method: DeliveryMethod,
    /// Where it goes.
    pub delivery_address: Option<DeliveryAddress>,
    /// The zone its delivery fee is for.
    pub delivery_zone: Option<String>,
    /// For delivery.
    pub delivery_fee: Money,
    /// Price of the lines.
    pub subtotal: Money,
    /// Taken off.
    pub discount: Money,
    /// To pay.
    pub total: Money,
    /// What was paid.
    pub paid: Money,
    /// What came for it and could not be taken for its payment. Until staff have decided what becomes of it the order stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mismatched: Option<MismatchedPayment>,
    /// The payments that it had the reference of before this one, or before store credit paid for it. What came by them is owed, and in
    /// none of the order's amounts:
    /// a refund of it is one of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier_payments: Vec<EarlierPayment>,
    /// The store credit that was spent on it, a part of `total`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit: Option<SpentCredit>,
    /// What may still be given back.
    pub refundable: Money,
    /// What was given back of `paid`. What all completed refunds come to is [`Order::gone_back`].
    pub refunded_total: Money,
    /// What of that a provider gave back beyond all that was paid: behind our back, or after it had said that it failed.
    /// Nothing may be given back while there is any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over_refunded: Option<Money>,
    /// The currency of every amount.
    pub currency: Currency,
    /// The promotion it was placed with.
    pub promotion_code: Option<String>,
    /// The use of it that the order holds; none any more once it is cancelled.
    #[serde(default)]
    pub held_use: Option<HeldUse>,
    /// Where it was placed.
    pub source: OrderSource,
    /// In words.
    pub notes: Option<String>,
    /// The numbers of parcels that came to nothing after the customer was told them, the oldest first: the next parcel's message names
    /// them. At most [`MAX_VOID`](crate::shipment::MAX_VOID).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub void_numbers: Vec<TrackingNumber>,
    /// Its lines, 1 to [`MAX_LINES`].
    pub items: Vec<LineItem>,
    /// Grows with every change.
    pub version: u64,
    /// When it was placed.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was delivered.
    pub completed_at: Option<Timestamp>,
}

impl Order {
    /// What is being refunded and not yet done.
    #[must_use]
    pub const fn refunding(&self) -> Money {
        Money::new(self.paid.minor + self.over_refunded().minor - self.refundable.minor - self.refunded_total.minor, self.currency)
    }

    /// What was given back beyond all that was paid.
    #[must_use]
    pub const fn over_refunded(&self) -> Money {
        match self.over_refunded {
            Some(over) => over,
            None => Money::zero(self.currency),
        }
    }

    /// What customers have been given, in smallest units, beyond all that they paid, by the order's payment or an earlier one. While
    /// nothing is known to be paid that can't be said: a provider gives nothing back that it didn't get, so the word of the payment
    /// is on its way.
    #[must_use]
    pub fn given_beyond(&self) -> i64 {
        let of_own = if self.paid.is_zero() { 0 } else { (self.refunded_total.minor - self.paid.minor).max(0) };
        of_own + self.earlier_payments.iter().map(EarlierPayment::given_beyond).sum::<i64>()
    }

    /// What is wrong where customers have been given more beyond all that they paid than `before`. Refunds that together would come
    /// to more are no harm yet: the provider refuses the one that passes what it has.
    pub(crate) fn alarm_since(&self, before: &Self) -> Option<Alarm> {
        (self.given_beyond() > before.given_beyond()).then_some(Alarm::OverRefunded)
    }

    pub(crate) fn set_over_refunded(&mut self, minor: i64) {
        self.over_refunded = (minor != 0).then(|| Money::new(minor, self.currency));
    }

    /// Whether money is still to come for the order, in whatever way it is paid.
    #[must_use]
    pub fn is_to_be_paid(&self) -> bool {
        let is_unpaid = matches!(self.payment_status, PaymentStatus::Pending | PaymentStatus::Failed);
        is_unpaid && self.status != OrderStatus::Cancelled
    }

    /// Whether the order is still to be paid before anything else becomes of it. Cash on delivery is paid at the door, and where
    /// another amount came, or money by an earlier payment, it is staff that are waited for.
    #[must_use]
    pub fn awaits_payment(&self) -> bool {
        let is_paid_first = !matches!(self.payment_method, PaymentMethod::CashOnDelivery);
        let is_for_money = self.total.minor > 0 && !self.holds_money();
        self.is_to_be_paid() && is_paid_first && self.status.can_be_cancelled() && is_for_money
    }

    /// Whether its provider may still have money for it, whatever has become of it since: it was cancelled, went out unpaid, or got
    /// the reference of another payment.
    #[must_use]
    pub fn may_be_paid_late(&self) -> bool {
        !matches!(self.payment_method, PaymentMethod::CashOnDelivery) && self.open_payments().next().is_some()
    }

    /// The payment status that follows from the refunds of a paid order; an unpaid one keeps its own.
    #[must_use]
    pub const fn status_of_refunds(&self) -> PaymentStatus {
        if self.paid.minor == 0 {
            self.payment_status
        } else if self.refunding().minor > 0 {
            PaymentStatus::RefundPending
        } else if self.refunded_total.minor == 0 {
            PaymentStatus::Paid
        } else if self.refunded_total.minor >= self.paid.minor {
            PaymentStatus::Refunded
        } else {
            PaymentStatus::PartiallyRefunded
        }
    }

    /// This order, one version on.
    #[must_use]
    pub(crate) fn touched(&self, now: Timestamp) -> Self {
        Self { version: self.version + 1, updated_at: now, ..self.clone() }
    }
}

#[cfg(test)]
pub(crate) mod tests;
