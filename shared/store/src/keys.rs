//! Every key and every index name, and nowhere else.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::delivery_report::EmailAddress;
use domain::event::{Event, Subject};
use domain::ids::{
    CreditEntryId, CustomerId, NotificationId, OrderId, ProductId, PromotionId, RefundId, ReturnId, ShipmentId, TemplateId, VariantId,
};
use domain::message::Locale;
use domain::money::Currency;
use domain::notification::NotificationStatus;
use domain::order::{OrderStatus, PaymentMethod};
use domain::promotion::PromotionCode;
use domain::refund::{PaymentProvider, RefundStatus};
use domain::returns::ReturnStatus;
use domain::shipment::{Carrier, ShipmentStatus, TrackingNumber};
use domain::template::TemplateCode;
use domain::time::{Day, Timestamp};
use std::collections::HashMap;

/// How many partitions a list that everything of a kind is in gets, so that one busy list is no hot partition.
pub const SHARDS: u64 = 4;

/// A primary key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    pub pk: String,
    pub sk: String,
}

impl Key {
    fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { pk: pk.into(), sk: sk.into() }
    }

    pub fn attributes(&self) -> HashMap<String, AttributeValue> {
        HashMap::from([("pk".to_owned(), AttributeValue::S(self.pk.clone())), ("sk".to_owned(), AttributeValue::S(self.sk.clone()))])
    }

    pub fn of(item: &HashMap<String, AttributeValue>) -> Option<Self> {
        Some(Self::new(item.get("pk")?.as_s().ok()?, item.get("sk")?.as_s().ok()?))
    }
}

pub fn order(id: OrderId) -> Key {
    Key::new(format!("ORDER#{id}"), "ORDER")
}

pub fn refund(id: RefundId) -> Key {
    Key::new(format!("REFUND#{id}"), "REFUND")
}

/// A name that a payment provider knows a refund by.
pub fn refund_name(provider: PaymentProvider, name: &str) -> Key {
    Key::new(format!("REFUNDNAME#{provider}#{name}"), "REFUNDNAME")
}

pub fn shipment(id: ShipmentId) -> Key {
    Key::new(format!("SHIPMENT#{id}"), "SHIPMENT")
}

/// A tracking number, which names one parcel: the last that got it.
pub fn tracking_number(number: &TrackingNumber) -> Key {
    Key::new(format!("TRACKING#{number}"), "TRACKING")
}

/// A payment reference, unique in the space of whoever hands such references out: a payment's provider, or else whoever writes it
/// down, however they write its letters.
pub fn payment_reference(method: PaymentMethod, reference: &str) -> Key {
    let provider = PaymentProvider::of_payment(method).filter(|provider| provider.hands_out(reference));
    let named = match provider {
        Some(_) => format!("PAYREF#{}#{reference}", method.reference_space()),
        None => format!("PAYREF#NOTE#{}", reference.to_uppercase()),
    };
    Key::new(named, "PAYREF")
}

/// What was said of a payment before there was its order; see [`payment_reference`].
pub fn early_payment(space: &str, reference: &str) -> Key {
    Key::new(format!("EARLY#{space}#{reference}"), "EARLY")
}

/// What was said of a refund before there was the order of its payment, by the provider's name for it; beside [`early_payment`].
pub fn early_refund(space: &str, payment: &str, name: &str) -> Key {
    Key::new(early_payment(space, payment).pk, format!("{EARLY_REFUND}{name}"))
}

pub fn order_counter(day: &Day) -> Key {
    Key::new(format!("COUNTER#ORDER#{}", day.as_str()), "COUNTER")
}

pub fn rma(id: ReturnId) -> Key {
    Key::new(format!("RETURN#{id}"), "RETURN")
}

pub fn rma_counter(day: &Day) -> Key {
    Key::new(format!("COUNTER#RMA#{}", day.as_str()), "COUNTER")
}

/// A promotion; a code has no `#` in it.
pub fn promotion(code: &PromotionCode) -> Key {
    Key::new(format!("CODE#{code}"), "PROMOTION")
}

/// Which code a promotion's id stands for.
pub fn promotion_id(id: PromotionId) -> Key {
    Key::new(format!("PROMOTION#{id}"), "PROMOTION")
}

/// What is left of a part of a promotion's uses. A partition of its own, so that many can be taken at once.
pub fn promotion_shard(code: &PromotionCode, shard: u16) -> Key {
    Key::new(format!("CODE#{code}#SHARD#{shard}"), COUNT)
}

/// How many uses of a promotion a customer holds.
pub fn promotion_customer(code: &PromotionCode, customer: CustomerId) -> Key {
    Key::new(format!("CODE#{code}#CUSTOMER#{customer}"), COUNT)
}

/// The use of a promotion that an order holds.
pub fn redemption(code: &PromotionCode, order: OrderId) -> Key {
    Key::new(format!("CODE#{code}#ORDER#{order}"), "REDEMPTION")
}

pub fn variant(id: VariantId) -> Key {
    Key::new(format!("VARIANT#{id}"), STOCK)
}

pub fn sku(sku: &str) -> Key {
    Key::new(format!("SKU#{sku}"), "SKU")
}

pub fn stock_log(id: VariantId, version: u64) -> Key {
    Key::new(variant(id).pk, log_sort(version))
}

pub fn balance(customer: CustomerId, currency: Currency) -> Key {
    Key::new(ledger(customer), format!("{BALANCE}{currency}"))
}

/// Entries sort by their ids. A refund's carries the refund's own, so that it is made once, and so it stands where that was opened.
pub fn credit_entry(customer: CustomerId, id: CreditEntryId) -> Key {
    Key::new(ledger(customer), entry_sort(id.get()))
}

pub fn ledger(customer: CustomerId) -> String {
    format!("CUSTOMER#{customer}")
}

pub fn notification(id: NotificationId) -> Key {
    Key::new(format!("NOTIFICATION#{id}"), "NOTIFICATION")
}

pub fn suppression(address: &EmailAddress) -> Key {
    Key::new(format!("SUPPRESSED#{}", address.as_str()), "SUPPRESSED")
}

/// Where a code's template of a language stands.
pub fn template_head(code: &TemplateCode, locale: Locale) -> Key {
    Key::new(format!("TEMPLATE#{code}#{locale}"), "TEMPLATE")
}

/// The partition of a template's versions. A code begins with a letter, so that no template's is another's head's.
pub fn template(id: TemplateId) -> String {
    format!("TEMPLATE#{id}")
}

pub fn template_version(id: TemplateId, version: u64) -> Key {
    Key::new(template(id), version_sort(version))
}

pub fn version_sort(version: u64) -> String {
    format!("{VERSION}{version:010}")
}

pub fn answer(caller: &str, key: &str) -> Key {
    Key::new(format!("ANSWER#{caller}#{key}"), "ANSWER")
}

/// Where the body of a large answer goes on, the first such part being 1.
pub fn answer_part(caller: &str, key: &str, n: u16) -> Key {
    Key::new(answer(caller, key).pk, format!("PART#{n}"))
}

pub fn event(event: &Event) -> Key {
    let pk = match event.subject {
        Subject::Order(id) => order(id).pk,
        Subject::Refund(id) => refund(id).pk,
        Subject::Shipment(id) => shipment(id).pk,
        Subject::Notification(id) => notification(id).pk,
        Subject::Return(id) => rma(id).pk,
        Subject::Promotion(id) => promotion_id(id).pk,
        Subject::Variant(id) => variant(id).pk,
    };
    Key::new(pk, event_sort(event_position(event.version, event.n)))
}

/// An event's place in its record's history, as one number.
pub fn event_position(version: u64, n: u8) -> u64 {
    version * 256 + u64::from(n)
}

pub fn event_sort(position: u64) -> String {
    format!("{EVENT}{:010}#{:03}", position / 256, position % 256)
}

pub fn log_sort(version: u64) -> String {
    format!("{LOG}{version:016}")
}

pub fn entry_sort(id: u64) -> String {
    format!("{ENTRY}{}", list_key(id))
}

/// The sort-key prefixes of the collections inside one partition.
pub const EVENT: &str = "EVENT#";
pub const LOG: &str = "LOG#";
pub const ENTRY: &str = "ENTRY#";
pub const VERSION: &str = "VERSION#";
pub const EARLY_REFUND: &str = "REFUND#";
pub const BALANCE: &str = "BALANCE#";
/// The sort key of a stock item.
pub const STOCK: &str = "STOCK";
/// The sort key of a count of uses.
const COUNT: &str = "COUNT";

/// An index: its name and its partition attribute. Every one sorts by [`LIST_KEY`], but the order numbers', which has no sort key,
/// [`BY_WAIT`], and [`BY_END`].
#[derive(Clone, Copy, Debug)]
pub struct Index {
    pub name: &'static str,
    pub partition: &'static str,
}

const fn index(name: &'static str, partition: &'static str) -> Index {
    Index { name, partition }
}

pub const LIST_KEY: &str = "listKey";
pub const BY_CUSTOMER: Index = index("byCustomer", "customerKey");
pub const BY_ORDER: Index = index("byOrder", "orderKey");
pub const BY_STATUS: Index = index("byStatus", "statusKey");
pub const BY_TIME: Index = index("byTime", "timeKey");
pub const BY_NUMBER: Index = index("byNumber", "numberKey");
pub const BY_HOUR: Index = index("byHour", "hourKey");
pub const BY_PRODUCT: Index = index("byProduct", "productKey");
/// What waits for something, by since when; sorts by [`WAITS_SINCE`].
pub const BY_WAIT: Index = index("byWait", "waitKey");
pub const WAITS_SINCE: &str = "waitsSince";
/// Active promotions by when they end; sorts by [`END_KEY`].
pub const BY_END: Index = index("byEnd", "activeKey");
pub const END_KEY: &str = "endKey";

/// The end of a promotion as a sort key, and its id, so that no two are the same.
pub fn end_key(end: Timestamp, id: u64) -> String {
    format!("{:016}#{}", end.0, list_key(id))
}

/// An id as a sort key: as text it sorts as the number does.
pub fn list_key(id: u64) -> String {
    format!("{id:016}")
}

/// All partitions of a sharded list.
pub fn shards(list: &str) -> Vec<String> {
    (0..SHARDS).map(|shard| format!("{list}#{shard}")).collect()
}

/// The partition of a sharded list that an id is in.
pub fn shard(list: &str, id: u64) -> String {
    format!("{list}#{}", id % SHARDS)
}

pub fn orders_of(customer: CustomerId) -> String {
    format!("CUSTOMER#{customer}")
}

pub const ORDERS: &str = "ORDER";
pub const REFUNDS: &str = "REFUND";
pub const SHIPMENTS: &str = "SHIPMENT";
pub const RETURNS: &str = "RETURN";
pub const VARIANTS: &str = "VARIANT";
pub const TEMPLATES: &str = "TEMPLATE";
pub const PROMOTIONS: &str = "PROMOTION";
/// The active promotions; one partition, since only admins write to it.
pub const ACTIVE_PROMOTIONS: &str = "PROMOTION#ACTIVE";
pub const NOTIFICATIONS: &str = "NOTIFICATION";

pub fn orders_in(status: OrderStatus) -> String {
    format!("ORDER#{status}")
}

/// Parcels that wait for their carrier to be asked where they are; each carrier's for themselves, so that those of one, however
/// many, keep nobody from those of another.
pub fn unheard(carrier: Carrier) -> String {
    format!("UNHEARD#{}", carrier.as_str())
}

/// Orders that wait for their payment.
pub const UNPAID: &str = "UNPAID";
/// Orders that nobody waits for, and whose payment may come all the same, by their last change.
pub const PAID_LATE: &str = "PAID_LATE";
/// Returns that wait for their parcel.
pub const ON_THE_WAY: &str = "ON_THE_WAY";

/// What was said of refunds, and waits for the order of their payment.
pub const EARLY_REFUNDS: &str = "EARLY_REFUND";

/// Refunds that are with their provider, or that no worker has taken up yet.
pub const WITH_PROVIDER: &str = "WITH_PROVIDER";

/// How far a schedule has come with what waits.
pub fn round(name: &str) -> Key {
    Key::new(format!("ROUND#{name}"), "ROUND")
}

/// A point in time as a sort key.
pub fn since(at: Timestamp) -> String {
    format!("{:016}", at.0)
}

pub fn refunds_in(status: RefundStatus) -> String {
    format!("REFUND#{status}")
}

pub fn refunds_of(order: OrderId) -> String {
    format!("ORDER#{order}#REFUND")
}

pub fn shipments_in(status: ShipmentStatus) -> String {
    format!("SHIPMENT#{status}")
}

pub fn shipments_of(order: OrderId) -> String {
    format!("ORDER#{order}#SHIPMENT")
}

pub fn shipments_to(customer: CustomerId) -> String {
    format!("CUSTOMER#{customer}#SHIPMENT")
}

pub fn returns_of(order: OrderId) -> String {
    format!("ORDER#{order}")
}

pub fn returns_from(customer: CustomerId) -> String {
    format!("CUSTOMER#{customer}")
}

pub fn returns_in(status: ReturnStatus) -> String {
    format!("RETURN#{status}")
}

pub fn notifications_in(status: NotificationStatus) -> String {
    format!("NOTIFICATION#{status}")
}

pub fn notifications_about(order: OrderId) -> String {
    format!("ORDER#{order}")
}

pub fn notifications_to(customer: CustomerId) -> String {
    format!("CUSTOMER#{customer}")
}

pub fn variants_of(product: ProductId) -> String {
    format!("PRODUCT#{product}")
}

/// The list of the events of an hour, by the hour's number since the epoch.
pub fn events_in_hour(at: Timestamp) -> String {
    format!("HOUR#{}", at.seconds() / 3600)
}
