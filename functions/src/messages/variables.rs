//! The variables that the shop fills in a message, by its code: what a template of that code can name.

use super::Shop;
use super::text::one_line;
use super::words::{amount, day, delivered_by, free, refunded_by};
use api::config::local_time;
use domain::ids::{CustomerId, NotificationId, OrderId};
use domain::message::{Announcement, Facts, LineFacts, Locale, MessageKind, RefundFacts};
use domain::money::Money;
use domain::order::DeliveryMethod;
use domain::refund::RefundMethod;
use domain::time::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

/// A variable, and what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Variable {
    /// Its name; `items.name` is `{{name}}` inside `{{#each items}}`.
    pub name: &'static str,
    /// Whether it is in every message of its code. One that isn't must be asked for by `{{#if name}}`.
    pub always: bool,
    /// What it says.
    pub says: &'static str,
}

const fn always(name: &'static str, says: &'static str) -> Variable {
    Variable { name, always: true, says }
}

const fn sometimes(name: &'static str, says: &'static str) -> Variable {
    Variable { name, always: false, says }
}

const EVERY: [Variable; 5] = [
    always("shopName", "the shop's name"),
    always("customerName", "first and last name"),
    always("firstName", "first name"),
    always("lastName", "last name"),
    always("orderNumber", "the order's number"),
];

const ITEMS: [Variable; 4] = [
    always("items", "the lines, for {{#each items}}"),
    always("items.name", "the product"),
    sometimes("items.details", "size and colour"),
    always("items.quantity", "pieces"),
];

const ORDER: [Variable; 8] = [
    always("items.amount", "price of the line's pieces"),
    always("subtotal", "price of all the order's lines"),
    sometimes("discount", "what is taken off, with its minus sign"),
    sometimes("deliveryFee", "what delivery costs, or that it is free; not where the order is collected"),
    always("total", "what all of it costs"),
    sometimes("creditSpent", "what of that store credit has paid"),
    always("deliveryMethod", "home delivery or collection, in words"),
    always("pickup", "true where the order is collected in the store"),
];

const PACKED: [Variable; 1] = [always("packed", "true where a parcel is packed and its carrier hasn't got it yet")];
const PARTIAL: [Variable; 1] =
    [always("partial", "true where items are not all that was ordered: those of one parcel, or without what is refunded")];
const IN_STORE: [Variable; 1] =
    [always("waitsInStore", "true where a parcel has brought an order that is collected to the store, and it waits there")];
const READY: [Variable; 1] = [always("readyForPickup", "true where the order is not on its way, but ready to be collected in the store")];
const COLLECTION: [Variable; 1] =
    [sometimes("toCollect", "the cash that is still to be paid, once for the whole order, to whoever hands it or its first parcel over")];
const TRACKING: [Variable; 2] = [
    sometimes("trackingNumber", "the parcel's number"),
    sometimes(
        "replacedNumber",
        "the number that the customer was told before and finds nothing by any more: of this parcel, or of one that came to nothing",
    ),
];
const REASON: [Variable; 1] = [sometimes("reason", "why, as it was written by whoever decided it")];
const CANCELLATION: [Variable; 6] = [
    sometimes("refundAmount", "what goes back because of it"),
    sometimes("refundMethod", "by which way, to follow the amount in a sentence; there where refundAmount is"),
    sometimes("refundUnderWay", "what was on its way back already"),
    sometimes("refundedAmount", "what had gone back already"),
    always("paymentHeld", "true where the shop has a payment that is none of these amounts, and that staff give back"),
    always("nothingToRefund", "true where there is none of all that"),
];
const REFUND: [Variable; 4] = [
    always("refundAmount", "what goes back"),
    always("refundMethod", "by which way, to follow the amount in a sentence"),
    always("refundToStoreCredit", "true where it goes back as store credit"),
    always("refundToCard", "true where it goes back to a card"),
];
const ARRIVAL: [Variable; 1] = [always("notArrived", "true where the return was approved and nothing of it has arrived")];
const FEES: [Variable; 3] = [
    sometimes("restockingFee", "what is kept of the refund for putting the pieces back on sale"),
    sometimes("returnShippingFee", "what is kept of it for the way back"),
    sometimes("fees", "both together"),
];
const DEADLINE: [Variable; 1] = [sometimes("arriveBefore", "the day before which the return must arrive")];
const NO_REFUND: [Variable; 2] = [
    always("nothingToRefund", "true where it is about a return that brings nothing; refundAmount is zero then"),
    sometimes("rmaNumber", "that return's number"),
];
const RETURN: [Variable; 1] = [always("rmaNumber", "the return's number")];

/// Every variable of a code.
#[must_use]
pub fn of(kind: MessageKind) -> Vec<Variable> {
    let own: &[&[Variable]] = match kind {
        MessageKind::OrderConfirmation | MessageKind::OrderConfirmed => &[&ITEMS, &ORDER],
        MessageKind::ShippingUpdate => &[&ITEMS, &ORDER, &PARTIAL, &READY, &PACKED, &COLLECTION, &TRACKING],
        MessageKind::DeliveryNotification => &[&ITEMS, &ORDER, &PARTIAL, &IN_STORE],
        MessageKind::OrderCancelled => &[&ITEMS, &ORDER, &CANCELLATION, &REASON],
        // A failed refund's reason is a provider's, for staff.
        MessageKind::RefundFailed => &[&REFUND],
        MessageKind::RefundProcessed => &[&REFUND, &NO_REFUND, &ARRIVAL, &FEES],
        MessageKind::ReturnRequested => &[&RETURN, &ITEMS],
        MessageKind::ReturnApproved => &[&RETURN, &ITEMS, &DEADLINE, &FEES],
        MessageKind::ReturnReceived => &[&RETURN, &ITEMS, &ARRIVAL, &FEES],
        MessageKind::ReturnRejected => &[&RETURN, &ITEMS, &ARRIVAL, &REASON],
    };
    [&EVERY[..]].iter().chain(own).flat_map(|some| some.iter().copied()).collect()
}

/// Whether a name is one of a code's variables, or of their fields.
#[must_use]
pub fn knows(kind: MessageKind, path: &str) -> bool {
    of(kind).iter().any(|variable| variable.name == path)
}

/// A name as one line; none where it has an address of the web. Whoever orders says to whom the shop writes and how it greets them, and
/// mail programs make a link of `pay.example/now`.
fn name(typed: &str) -> String {
    let name = one_line(typed);
    let is_address = |word: &str| {
        let ends_a_host = |rest: &str| rest.chars().take_while(|c| c.is_alphabetic()).count() > 1;
        word.contains('/') || word.split('.').skip(1).any(ends_a_host)
    };
    if name.split(' ').any(is_address) { String::new() } else { name }
}

/// What the variables are in one message. A value is one line, whatever a customer typed. What isn't there is left out, so
/// that a template that prints it fails and `{{#if}}` finds it false.
#[must_use]
pub fn values(announcement: &Announcement, shop: &Shop<'_>) -> Value {
    let Announcement { kind, locale, facts, .. } = announcement;
    let mut all = Map::new();
    let mut put = |name: &str, value: Value| drop(all.insert(name.to_owned(), value));
    let (first, last) = (name(&facts.first_name), name(&facts.last_name));
    put("customerName", one_line(&format!("{first} {last}")).into());
    put("firstName", first.into());
    put("lastName", last.into());
    put("shopName", one_line(shop.name).into());
    put("orderNumber", one_line(&facts.order_number).into());
    put("items", facts.lines.iter().map(|line| item(line, *locale)).collect());
    put("partial", facts.partial.into());
    put("packed", facts.packed.into());
    put("notArrived", facts.not_arrived.into());
    put("subtotal", amount(facts.subtotal, *locale).into());
    put("total", amount(facts.total, *locale).into());
    put("deliveryMethod", delivered_by(facts.delivery_method, *locale).into());
    let pickup = facts.delivery_method == DeliveryMethod::StorePickup;
    put("pickup", pickup.into());
    put("waitsInStore", (pickup && facts.by_parcel).into());
    put("readyForPickup", facts.ready_for_pickup.into());
    if !facts.discount.is_zero() {
        put("discount", amount(Money::new(-facts.discount.minor, facts.discount.currency), *locale).into());
    }
    if let Some(fee) = delivery_fee(facts, *locale) {
        put("deliveryFee", fee.into());
    }
    if let Some(RefundFacts { amount: money, method }) = facts.refund {
        put("refundAmount", amount(money, *locale).into());
        put("refundMethod", refunded_by(method, *locale).into());
        put("refundToStoreCredit", (method == RefundMethod::StoreCredit).into());
        put("refundToCard", (method == RefundMethod::Card).into());
    }
    let fees = facts.restocking_fee.into_iter().chain(facts.return_shipping_fee);
    let fees = fees.reduce(|sum, fee| Money::new(sum.minor + fee.minor, sum.currency));
    for (name, money) in [
        ("restockingFee", facts.restocking_fee),
        ("returnShippingFee", facts.return_shipping_fee),
        ("fees", fees),
        ("creditSpent", facts.credit_spent),
        ("toCollect", facts.to_collect),
        ("refundUnderWay", facts.refund_under_way),
        ("refundedAmount", facts.refunded),
    ] {
        if let Some(money) = money {
            put(name, amount(money, *locale).into());
        }
    }
    if let Some(deadline) = facts.arrives_before {
        put("arriveBefore", day(local_time(shop.timezone, deadline), *locale).into());
    }
    let goes_back =
        facts.refund.is_some_and(|refund| !refund.amount.is_zero()) || facts.refund_under_way.is_some() || facts.refunded.is_some();
    put("paymentHeld", facts.payment_held.into());
    put("nothingToRefund", (!goes_back && !facts.payment_held).into());
    let texts = [
        ("reason", &facts.reason),
        ("rmaNumber", &facts.rma_number),
        ("trackingNumber", &facts.tracking_number),
        ("replacedNumber", &facts.replaced_number),
    ];
    for (name, text) in texts {
        if let Some(said) = said(text.as_deref()) {
            put(name, said.into());
        }
    }
    all.retain(|name, _| knows(*kind, name));
    Value::Object(all)
}

fn item(line: &LineFacts, locale: Locale) -> Value {
    let mut item = json!({ "name": one_line(&line.name), "quantity": line.quantity, "amount": amount(line.amount, locale) });
    if let Some(details) = said(line.details.as_deref()) {
        item["details"] = details.into();
    }
    item
}

/// A pickup has no delivery to pay; a delivery that costs nothing says so.
fn delivery_fee(facts: &Facts, locale: Locale) -> Option<String> {
    match facts.delivery_method {
        DeliveryMethod::StorePickup if facts.delivery_fee.is_zero() => None,
        DeliveryMethod::HomeDelivery if facts.delivery_fee.is_zero() => Some(free(locale).to_owned()),
        DeliveryMethod::StorePickup | DeliveryMethod::HomeDelivery => Some(amount(facts.delivery_fee, locale)),
    }
}

/// A text of one line that says something.
fn said(text: Option<&str>) -> Option<String> {
    text.map(one_line).filter(|line| !line.is_empty())
}

/// A message to look at, with everything in it that a message of its code can have.
#[must_use]
pub fn sample(kind: MessageKind, locale: Locale) -> Option<Announcement> {
    let line = |name: &str, details: Option<&str>, quantity, cents| LineFacts {
        name: name.to_owned(),
        details: details.map(ToOwned::to_owned),
        quantity,
        amount: Money::usd(cents),
    };
    let said = |french: &str, english: &str| match locale {
        Locale::Fr => french.to_owned(),
        Locale::En => english.to_owned(),
    };
    let id = NotificationId::new(1)?;
    Some(Announcement {
        kind,
        locale,
        order_id: OrderId::new(1)?,
        customer_id: CustomerId::new(1)?,
        email: Some("amina.kabongo@example.com".to_owned()),
        email_id: id,
        phone: None,
        sms_id: id,
        facts: Facts {
            first_name: "Amina".to_owned(),
            last_name: "Kabongo".to_owned(),
            order_number: "MLA-20260114-0007".to_owned(),
            lines: vec![
                line(&said("Robe Malaika en wax", "Malaika wax dress"), Some(&said("M · Bleu indigo", "M · Indigo")), 2, 130_00),
                line(&said("Foulard Ndombolo", "Ndombolo scarf"), None, 1, 18_50),
            ],
            partial: false,
            subtotal: Money::usd(148_50),
            discount: Money::usd(10_00),
            delivery_fee: Money::usd(5_00),
            total: Money::usd(143_50),
            credit_spent: Some(Money::usd(25_00)),
            to_collect: Some(Money::usd(118_50)),
            delivery_method: DeliveryMethod::HomeDelivery,
            packed: false,
            by_parcel: true,
            ready_for_pickup: false,
            refund: Some(RefundFacts { amount: Money::usd(118_50), method: RefundMethod::MobileMoney }),
            refund_under_way: Some(Money::usd(20_00)),
            refunded: Some(Money::usd(5_00)),
            payment_held: false,
            reason: Some(said("La taille ne convient pas", "It is the wrong size")),
            rma_number: Some("RMA-20260120-0003".to_owned()),
            not_arrived: false,
            restocking_fee: Some(Money::usd(20_00)),
            return_shipping_fee: Some(Money::usd(10_00)),
            // 2026-02-13T09:00:00Z
            arrives_before: Some(Timestamp(1_770_973_200_000)),
            tracking_number: Some("MLA4820117365".to_owned()),
            replaced_number: None,
        },
    })
}
