//! What the templates can name: the values of a text, and the page around it.

use super::Shop;
use super::text::one_line;
use super::words::{Words, amount, delivered_by, greeting, refunded_by, team, why_you};
use domain::message::{Announcement, Facts, Locale, MessageKind, RefundFacts};
use domain::money::Money;
use domain::order::DeliveryMethod;
use domain::refund::RefundMethod;
use serde::Serialize;

/// The variables of a kind's text. What isn't there is left out, so that strict mode refuses to print it and `{{#if}}`
/// finds it false.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Values {
    shop: String,
    first_name: String,
    last_name: String,
    order_number: String,
    total: String,
    pickup: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    refund: Option<RefundValues>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rma_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tracking_number: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RefundValues {
    amount: String,
    method: &'static str,
    store_credit: bool,
    card: bool,
}

impl Values {
    pub(super) fn of(announcement: &Announcement, shop: &Shop<'_>) -> Self {
        let Announcement { locale, facts, .. } = announcement;
        let refund = |RefundFacts { amount: money, method }: RefundFacts| RefundValues {
            amount: amount(money, *locale),
            method: refunded_by(method, *locale),
            store_credit: method == RefundMethod::StoreCredit,
            card: method == RefundMethod::Card,
        };
        Self {
            shop: one_line(shop.name),
            first_name: one_line(&facts.first_name),
            last_name: one_line(&facts.last_name),
            order_number: one_line(&facts.order_number),
            total: amount(facts.total, *locale),
            pickup: facts.delivery_method == DeliveryMethod::StorePickup,
            refund: facts.refund.map(refund),
            reason: said(facts.reason.as_deref()),
            rma_number: said(facts.rma_number.as_deref()),
            tracking_number: said(facts.tracking_number.as_deref()),
        }
    }
}

/// A text of one line that says something.
fn said(text: Option<&str>) -> Option<String> {
    text.map(one_line).filter(|line| !line.is_empty())
}

/// The variables of the layouts.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page<'a> {
    lang: &'static str,
    words: &'static Words,
    shop: &'a str,
    order_number: &'a str,
    subject: &'a str,
    title: &'a str,
    /// What a list of mails shows after the subject.
    preview: &'a str,
    greeting: String,
    paragraphs: &'a [String],
    details: Vec<Row>,
    lines: Vec<Line>,
    totals: Vec<Row>,
    team: String,
    why_you: String,
}

#[derive(Serialize)]
struct Row {
    label: &'static str,
    value: String,
    /// The row that the others add up to.
    total: bool,
}

#[derive(Serialize)]
struct Line {
    name: String,
    details: Option<String>,
    quantity: u32,
    amount: String,
}

impl<'a> Page<'a> {
    pub(super) fn of(announcement: &Announcement, values: &'a Values, subject: &'a str, title: &'a str, paragraphs: &'a [String]) -> Self {
        let Announcement { kind, locale, facts, .. } = announcement;
        let (lines, totals) = if lists_the_order(*kind) { (lines(facts, *locale), totals(facts, *locale)) } else { (vec![], vec![]) };
        Self {
            lang: locale.as_str(),
            words: Words::of(*locale),
            shop: &values.shop,
            order_number: &values.order_number,
            subject,
            title,
            preview: paragraphs.first().map_or("", String::as_str),
            greeting: greeting(&values.first_name, *locale),
            paragraphs,
            details: details(*kind, *locale, facts, values),
            lines,
            totals,
            team: team(&values.shop, *locale),
            why_you: why_you(&values.shop, *locale),
        }
    }
}

const fn lists_the_order(kind: MessageKind) -> bool {
    match kind {
        MessageKind::OrderConfirmation
        | MessageKind::OrderConfirmed
        | MessageKind::ShippingUpdate
        | MessageKind::DeliveryNotification
        | MessageKind::OrderCancelled => true,
        MessageKind::RefundProcessed
        | MessageKind::RefundFailed
        | MessageKind::ReturnRequested
        | MessageKind::ReturnApproved
        | MessageKind::ReturnRejected
        | MessageKind::ReturnReceived => false,
    }
}

/// The facts in the box under the text.
fn details(kind: MessageKind, locale: Locale, facts: &Facts, values: &Values) -> Vec<Row> {
    let words = Words::of(locale);
    let row = |label, value: String| Row { label, value, total: false };
    let delivery = || Some(row(words.delivery, delivered_by(facts.delivery_method, locale).to_owned()));
    let tracking = || values.tracking_number.clone().map(|number| row(words.tracking, number));
    let reason = || values.reason.clone().map(|reason| row(words.reason, reason));
    let rma = || values.rma_number.clone().map(|number| row(words.rma, number));
    let refund = || values.refund.as_ref().map(|refund| row(words.refund, format!("{} {}", refund.amount, refund.method)));
    let owed = || values.refund.as_ref().map(|refund| row(words.refund_due, refund.amount.clone()));

    let rows = match kind {
        MessageKind::OrderConfirmation | MessageKind::OrderConfirmed | MessageKind::DeliveryNotification => vec![delivery()],
        MessageKind::ShippingUpdate => vec![delivery(), tracking()],
        MessageKind::OrderCancelled => vec![refund(), reason()],
        MessageKind::RefundProcessed => vec![refund()],
        // Its reason is a provider's, for staff; and by which way the money comes in the end is open.
        MessageKind::RefundFailed => vec![owed()],
        MessageKind::ReturnRequested | MessageKind::ReturnApproved | MessageKind::ReturnReceived => vec![rma()],
        MessageKind::ReturnRejected => vec![rma(), reason()],
    };
    rows.into_iter().flatten().collect()
}

fn lines(facts: &Facts, locale: Locale) -> Vec<Line> {
    let line = |line: &domain::message::LineFacts| Line {
        name: one_line(&line.name),
        details: said(line.details.as_deref()),
        quantity: line.quantity,
        amount: amount(line.amount, locale),
    };
    facts.lines.iter().map(line).collect()
}

/// What the lines add up to. A pickup has no delivery to pay; a delivery that costs nothing says so.
fn totals(facts: &Facts, locale: Locale) -> Vec<Row> {
    let words = Words::of(locale);
    let row = |label, value| Row { label, value, total: false };
    let discount = Money::new(-facts.discount.minor, facts.discount.currency);
    let fee = match facts.delivery_method {
        DeliveryMethod::StorePickup if facts.delivery_fee.is_zero() => None,
        DeliveryMethod::HomeDelivery if facts.delivery_fee.is_zero() => Some(words.free.to_owned()),
        DeliveryMethod::StorePickup | DeliveryMethod::HomeDelivery => Some(amount(facts.delivery_fee, locale)),
    };
    [
        Some(row(words.subtotal, amount(facts.subtotal, locale))),
        (!discount.is_zero()).then(|| row(words.discount, amount(discount, locale))),
        fee.map(|fee| row(words.delivery_fee, fee)),
        Some(Row { total: true, ..row(words.total, amount(facts.total, locale)) }),
    ]
    .into_iter()
    .flatten()
    .collect()
}
