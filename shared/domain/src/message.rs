//! What the shop tells its customers, and the facts each message is made from.

use crate::ids::{CustomerId, Ids, NotificationId, OrderId};
use crate::money::Money;
use crate::order::{DeliveryMethod, LineItem, Order, OrderStatus, PaymentStatus};
use crate::refund::RefundMethod;
use crate::returns::Return;
use crate::shipment::{Shipment, ShipmentStatus, TrackingNumber, pieces_of};
use crate::time::Timestamp;
use crate::words::words;
use serde::{Deserialize, Serialize};

words! {
    /// A customer's language.
    pub enum Locale {
        /// French.
        Fr = "fr",
        /// English.
        En = "en",
    }
}

impl Locale {
    /// The locale of a language tag (`fr`, `fr-CD`, `en_GB`); nothing for a language we have no texts in.
    #[must_use]
    pub fn of_tag(tag: &str) -> Option<Self> {
        match tag.split(['-', '_']).next()?.to_ascii_lowercase().as_str() {
            "fr" => Some(Self::Fr),
            "en" => Some(Self::En),
            _ => None,
        }
    }
}

words! {
    /// The kinds of messages; the words are the codes of their templates.
    pub enum MessageKind {
        /// An order was placed.
        OrderConfirmation = "ORDER_CONFIRMATION",
        /// Staff confirmed an order.
        OrderConfirmed = "ORDER_CONFIRMED",
        /// An order is on its way, or ready to be collected.
        ShippingUpdate = "SHIPPING_UPDATE",
        /// An order arrived.
        DeliveryNotification = "DELIVERY_NOTIFICATION",
        /// An order was cancelled.
        OrderCancelled = "ORDER_CANCELLED",
        /// A refund was carried out, or a return brought nothing to refund.
        RefundProcessed = "REFUND_PROCESSED",
        /// A refund failed; the shop will be in touch.
        RefundFailed = "REFUND_FAILED",
        /// A return was asked for.
        ReturnRequested = "RETURN_REQUESTED",
        /// A return may be sent.
        ReturnApproved = "RETURN_APPROVED",
        /// A return was refused.
        ReturnRejected = "RETURN_REJECTED",
        /// A return arrived.
        ReturnReceived = "RETURN_RECEIVED",
    }
}

/// How old a message may get and still be sent whatever has happened since, in minutes. Within them it says what has just
/// happened; the next one follows it. Later than that, one that another has overtaken would only confuse.
pub const LATE_AFTER_MINUTES: u64 = 10;

impl MessageKind {
    /// The message that has made this one pointless, by what its order has come to since `at`, when it was to be told; nothing while
    /// it still says something. What is about money or says that something is over is never pointless.
    #[must_use]
    pub fn superseded_by(self, order: &Order, at: Timestamp) -> Option<Self> {
        let later = match order.status {
            OrderStatus::Pending => None,
            OrderStatus::Confirmed | OrderStatus::Processing => Some(Self::OrderConfirmed),
            OrderStatus::ReadyForPickup | OrderStatus::Shipped => Some(Self::ShippingUpdate),
            OrderStatus::Delivered => Some(Self::DeliveryNotification),
            OrderStatus::Cancelled => Some(Self::OrderCancelled),
        };
        match self {
            Self::OrderConfirmation => later,
            Self::OrderConfirmed => later.filter(|later| *later != Self::OrderConfirmed),
            Self::ShippingUpdate => match order.status {
                // What is owed again goes on its way after all the rest has arrived.
                OrderStatus::Delivered => later.filter(|_| order.completed_at.is_none_or(|arrived| arrived >= at)),
                // A parcel that came to nothing takes its order back to where it can be cancelled.
                OrderStatus::Cancelled => later,
                OrderStatus::Pending
                | OrderStatus::Confirmed
                | OrderStatus::Processing
                | OrderStatus::ReadyForPickup
                | OrderStatus::Shipped => None,
            },
            Self::RefundFailed => (order.payment_status == PaymentStatus::Refunded).then_some(Self::RefundProcessed),
            Self::DeliveryNotification
            | Self::OrderCancelled
            | Self::RefundProcessed
            | Self::ReturnRequested
            | Self::ReturnApproved
            | Self::ReturnRejected
            | Self::ReturnReceived => None,
        }
    }
}

/// A line of an order, as a message shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LineFacts {
    /// The product.
    pub name: String,
    /// Size and colour, as far as there are any.
    pub details: Option<String>,
    /// Pieces.
    pub quantity: u32,
    /// Price of all of them.
    pub amount: Money,
}

impl LineFacts {
    /// Pieces of a line, at most all of them: the price of those fits, and so does theirs.
    fn of(item: &LineItem, quantity: u32) -> Self {
        let price = item.price_at_purchase;
        let amount = Money::new(price.minor.saturating_mul(i64::from(quantity)), price.currency);
        Self { name: item.product_name.clone(), details: item.details(), quantity, amount }
    }
}

/// A refund, as a message shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RefundFacts {
    /// How much.
    pub amount: Money,
    /// How it is paid out.
    pub method: RefundMethod,
}

/// All that a message may say, as it was when its event happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, and stored by its name")]
pub struct Facts {
    /// The customer's first name.
    pub first_name: String,
    /// The customer's last name.
    pub last_name: String,
    /// The order's number.
    pub order_number: String,
    /// What it is about: the order's lines, or those pieces of them that go, have arrived or come back.
    pub lines: Vec<LineFacts>,
    /// Whether those are fewer than were ordered: then they don't add up to the order's amounts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub partial: bool,
    /// Price of the lines.
    pub subtotal: Money,
    /// Taken off.
    pub discount: Money,
    /// For delivery.
    pub delivery_fee: Money,
    /// What all of it costs.
    pub total: Money,
    /// What of that store credit has paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_spent: Option<Money>,
    /// What is to be paid in cash, once, to whoever hands the order or its first parcel over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_collect: Option<Money>,
    /// How the order reaches the customer.
    pub delivery_method: DeliveryMethod,
    /// Whether it is about a parcel that is packed and that its carrier hasn't got yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub packed: bool,
    /// Whether a parcel has brought it there: to the customer, or to the store where it is to be collected.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_parcel: bool,
    /// Whether it is not on its way and waits in the store, ready to be collected.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ready_for_pickup: bool,
    /// The refund the message is about, of nothing where a return brought nothing; or the one that a cancellation set off.
    pub refund: Option<RefundFacts>,
    /// What was on its way back to the customer already when the order was cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_under_way: Option<Money>,
    /// What the customer had been given back when the order was cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refunded: Option<Money>,
    /// Whether the shop has money that came for the cancelled order and that no refund gives back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub payment_held: bool,
    /// Why something was cancelled, refused or failed.
    pub reason: Option<String>,
    /// The RMA number of the return the message is about.
    pub rma_number: Option<String>,
    /// Whether that return was approved and nothing of it has arrived.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub not_arrived: bool,
    /// What is kept of its refund for putting the pieces back on sale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restocking_fee: Option<Money>,
    /// What is kept of it for the way back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_shipping_fee: Option<Money>,
    /// Before when it must arrive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrives_before: Option<Timestamp>,
    /// The parcel's tracking number.
    pub tracking_number: Option<String>,
    /// The number that the customer was told before and finds nothing by any more: that of the parcel itself, or of those that came
    /// to nothing before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_number: Option<String>,
}

/// A message to be sent, on every channel the customer can be reached by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Announcement {
    /// What it tells.
    pub kind: MessageKind,
    /// In which language.
    pub locale: Locale,
    /// The order it is about.
    pub order_id: OrderId,
    /// The customer it goes to.
    pub customer_id: CustomerId,
    /// E-mail address, where there is one.
    pub email: Option<String>,
    /// The e-mail's id in the notification log.
    pub email_id: NotificationId,
    /// Phone number as the customer gave it, where there is one.
    pub phone: Option<String>,
    /// The SMS's id in the notification log.
    pub sms_id: NotificationId,
    /// What it is made from.
    pub facts: Facts,
}

impl Announcement {
    /// A message about `order` as it is now. Its ids in the notification log are drawn with the event, so that
    /// whatever is redelivered ends at the same two records.
    #[must_use]
    pub fn about(order: &Order, kind: MessageKind, refund: Option<RefundFacts>, reason: Option<&str>, ids: &mut Ids) -> Self {
        let pieces = match kind {
            MessageKind::ShippingUpdate | MessageKind::DeliveryNotification => LineItem::outgoing,
            _ => |item: &LineItem| item.quantity,
        };
        let announcement = Self {
            kind,
            locale: order.customer.locale,
            order_id: order.id,
            customer_id: order.customer_id,
            email: order.customer.email.clone(),
            email_id: NotificationId::draw(ids),
            phone: order.customer.phone.clone(),
            sms_id: NotificationId::draw(ids),
            facts: Facts {
                first_name: order.customer.first_name.clone(),
                last_name: order.customer.last_name.clone(),
                order_number: order.order_number.clone(),
                lines: Vec::new(),
                partial: false,
                subtotal: order.subtotal,
                discount: order.discount,
                delivery_fee: order.delivery_fee,
                total: order.total,
                credit_spent: order.credit.map(|credit| credit.redeemed),
                to_collect: order.to_collect(),
                delivery_method: order.delivery_method,
                packed: false,
                by_parcel: false,
                ready_for_pickup: false,
                refund,
                refund_under_way: None,
                refunded: None,
                payment_held: false,
                reason: reason.map(ToOwned::to_owned),
                rma_number: None,
                not_arrived: false,
                restocking_fee: None,
                return_shipping_fee: None,
                arrives_before: None,
                tracking_number: None,
                replaced_number: None,
            },
        };
        announcement.listing(order, pieces)
    }

    /// With so many pieces of each line as what it is about.
    fn listing(mut self, order: &Order, pieces: impl Fn(&LineItem) -> u32) -> Self {
        let listed: Vec<(&LineItem, u32)> = order.items.iter().map(|item| (item, pieces(item))).collect();
        self.facts.partial = listed.iter().any(|(item, pieces)| pieces != &item.quantity);
        self.facts.lines = listed.into_iter().filter(|(_, pieces)| *pieces > 0).map(|(item, pieces)| LineFacts::of(item, pieces)).collect();
        self
    }

    /// The same about one parcel of that order: what is in it is what it lists.
    #[must_use]
    pub fn of_parcel(self, parcel: &Shipment, order: &Order) -> Self {
        let number = parcel.tracking_number.as_ref().map(TrackingNumber::as_str);
        let mut about = self.listing(order, |line| pieces_of(&parcel.items, line.id)).with_tracking_number(number);
        about.facts.packed = parcel.status == ShipmentStatus::Pending;
        about
    }

    /// With what of the order's money was on its way back and what had gone back, by what the order was before it was cancelled.
    #[must_use]
    pub fn after_refunds_of(mut self, before: &Order) -> Self {
        let some = |money: Money| (money.minor > 0).then_some(money);
        self.facts.refund_under_way = some(before.going_back());
        self.facts.refunded = some(before.gone_back());
        self
    }

    /// With whether money of the cancelled order is left that no refund gives back.
    #[must_use]
    pub fn holding_money_of(mut self, cancelled: &Order) -> Self {
        self.facts.payment_held = cancelled.holds_money();
        self
    }

    /// That it was a parcel that brought the order.
    #[must_use]
    pub fn brought_by_parcel(mut self) -> Self {
        self.facts.by_parcel = true;
        self
    }

    /// That the order is ready to be collected in the store.
    #[must_use]
    pub fn ready_for_pickup(mut self) -> Self {
        self.facts.ready_for_pickup = true;
        self
    }

    /// With the number of the parcel that it is about.
    #[must_use]
    pub fn with_tracking_number(mut self, number: Option<&str>) -> Self {
        self.facts.tracking_number = number.map(ToOwned::to_owned);
        self
    }

    /// With the numbers that the customer was told before and finds nothing by any more.
    #[must_use]
    pub fn replacing(mut self, numbers: &[TrackingNumber]) -> Self {
        let numbers: Vec<&str> = numbers.iter().map(TrackingNumber::as_str).collect();
        self.facts.replaced_number = (!numbers.is_empty()).then(|| numbers.join(", "));
        self
    }

    /// The same about a return of that order: what comes back is what it lists.
    #[must_use]
    pub fn of_return(self, rma: &Return, order: &Order) -> Self {
        let lines = rma.items.iter().filter(|line| line.held() > 0).filter_map(|line| {
            let item = order.item(line.order_item_id)?;
            Some(LineFacts::of(item, line.held()))
        });
        // Where nothing goes back for another reason, they have nothing to do with it.
        let are_said = self.kind != MessageKind::RefundProcessed || rma.is_eaten_by_fees();
        let kept = |fee: Money| (are_said && !fee.is_zero()).then_some(fee);
        let facts = Facts {
            lines: lines.collect(),
            rma_number: Some(rma.rma_number.clone()),
            not_arrived: rma.has_not_arrived(),
            arrives_before: rma.arrives_before,
            ..self.facts
        };
        Self { facts, ..self }.keeping(kept(rma.restocking_fee), kept(rma.return_shipping_fee))
    }

    /// With what is kept of a return's refund: for putting the pieces back on sale, and for the way back.
    #[must_use]
    pub fn keeping(mut self, restocking: Option<Money>, return_shipping: Option<Money>) -> Self {
        (self.facts.restocking_fee, self.facts.return_shipping_fee) = (restocking, return_shipping);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::PaymentMethod;
    use crate::order::tests::placed;

    #[test]
    fn a_parcel_on_its_way_is_no_news_once_the_order_has_arrived_or_is_cancelled() {
        for (status, expected) in [
            (OrderStatus::Pending, None),
            (OrderStatus::Confirmed, None),
            (OrderStatus::Processing, None),
            (OrderStatus::ReadyForPickup, None),
            (OrderStatus::Shipped, None),
            (OrderStatus::Delivered, Some(MessageKind::DeliveryNotification)),
            (OrderStatus::Cancelled, Some(MessageKind::OrderCancelled)),
        ] {
            let order = Order { status, completed_at: Some(Timestamp(2)), ..placed(&[10_00], 1, PaymentMethod::Card) };
            assert_eq!(MessageKind::ShippingUpdate.superseded_by(&order, Timestamp(1)), expected, "{status}");
            let of_a_later_parcel = expected.filter(|later| *later == MessageKind::OrderCancelled);
            assert_eq!(MessageKind::ShippingUpdate.superseded_by(&order, Timestamp(3)), of_a_later_parcel, "{status}");
        }
    }
}
