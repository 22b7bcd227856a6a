//! The texts as they are embedded, one file a kind and language, cut into their sections.

use super::RenderError;
use super::text::typeset;
use domain::message::{Locale, MessageKind};

/// The page of every e-mail.
pub(super) const HTML_LAYOUT: &str = include_str!("../../templates/layout.html.hbs");

/// Its plain-text twin.
pub(super) const TEXT_LAYOUT: &str = include_str!("../../templates/layout.txt.hbs");

/// What opens a section, at the start of a line and followed by the section's name.
const MARKER: &str = "--- ";

/// The sections of a text; each is a template.
pub(super) struct Texts {
    pub(super) subject: String,
    pub(super) title: String,
    pub(super) body: String,
    pub(super) sms: String,
}

impl Texts {
    pub(super) fn of(kind: MessageKind, locale: Locale) -> Result<Self, RenderError> {
        let source = source(kind, locale);
        let section =
            |name| section(source, name).map(|text| typeset(text, locale)).ok_or(RenderError::NoSection { kind, locale, section: name });
        Ok(Self { subject: section("subject")?, title: section("title")?, body: section("body")?, sms: section("sms")? })
    }
}

/// The lines between a section's marker and the next marker.
fn section<'a>(source: &'a str, name: &str) -> Option<&'a str> {
    let mut found = None;
    let mut at = 0;
    for line in source.split_inclusive('\n') {
        match (line.strip_prefix(MARKER), found) {
            (Some(_), Some(start)) => return source.get(start..at),
            (Some(title), None) if title.trim() == name => found = Some(at + line.len()),
            _ => {}
        }
        at += line.len();
    }
    source.get(found?..)
}

const fn source(kind: MessageKind, locale: Locale) -> &'static str {
    macro_rules! text {
        ($file:literal) => {
            match locale {
                Locale::Fr => include_str!(concat!("../../templates/fr/", $file, ".hbs")),
                Locale::En => include_str!(concat!("../../templates/en/", $file, ".hbs")),
            }
        };
    }
    match kind {
        MessageKind::OrderConfirmation => text!("order_confirmation"),
        MessageKind::OrderConfirmed => text!("order_confirmed"),
        MessageKind::ShippingUpdate => text!("shipping_update"),
        MessageKind::DeliveryNotification => text!("delivery_notification"),
        MessageKind::OrderCancelled => text!("order_cancelled"),
        MessageKind::RefundProcessed => text!("refund_processed"),
        MessageKind::RefundFailed => text!("refund_failed"),
        MessageKind::ReturnRequested => text!("return_requested"),
        MessageKind::ReturnApproved => text!("return_approved"),
        MessageKind::ReturnRejected => text!("return_rejected"),
        MessageKind::ReturnReceived => text!("return_received"),
    }
}
