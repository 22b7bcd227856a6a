//! The built-in templates, put together from the texts and the two layouts: each is a template like the shop's own, in the
//! same language and with the same variables, so that it can be read, copied and changed.

use super::language::Parsed;
use super::text::typeset;
use super::words::Words;
use super::{Flawed, Prepared, RenderError, variables};
use domain::message::{Locale, MessageKind};
use domain::template::Wording;
use std::sync::OnceLock;

const HTML_LAYOUT: &str = include_str!("../../templates/layout.html.hbs");
const TEXT_LAYOUT: &str = include_str!("../../templates/layout.txt.hbs");
const HTML_ITEMS: &str = include_str!("../../templates/items.html.hbs");
const HTML_TOTALS: &str = include_str!("../../templates/totals.html.hbs");
const TEXT_ITEMS: &str = include_str!("../../templates/items.txt.hbs");
const TEXT_TOTALS: &str = include_str!("../../templates/totals.txt.hbs");

/// What opens a section, at the start of a line and followed by the section's name.
const MARKER: &str = "--- ";

/// What was put together and read so far: each is needed again and again, and none changes.
struct Kept<T>([[OnceLock<T>; Locale::ALL.len()]; MessageKind::ALL.len()]);

static EMAILS: Kept<Prepared> = Kept::none();
static SMS: Kept<Parsed> = Kept::none();

impl<T> Kept<T> {
    const fn none() -> Self {
        Self([const { [const { OnceLock::new() }; Locale::ALL.len()] }; MessageKind::ALL.len()])
    }

    /// The first to ask for one reads that one.
    fn of(&self, kind: MessageKind, locale: Locale, read: impl FnOnce() -> Result<T, RenderError>) -> Result<&T, RenderError> {
        let place = &self.0[kind as usize][locale as usize];
        if let Some(kept) = place.get() {
            return Ok(kept);
        }
        let read = read()?;
        Ok(place.get_or_init(|| read))
    }
}

/// The built-in e-mail of a kind, ready to be filled.
///
/// # Errors
/// As [`email`]; [`RenderError::Flawed`] for a text that is no template.
pub fn prepared(kind: MessageKind, locale: Locale) -> Result<&'static Prepared, RenderError> {
    let flawed = |source| RenderError::Flawed { kind, locale, source: Box::new(source) };
    EMAILS.of(kind, locale, || Prepared::of(&email(kind, locale)?).map_err(flawed))
}

/// The built-in SMS of a kind, ready to be filled.
///
/// # Errors
/// As [`prepared`].
pub fn prepared_sms(kind: MessageKind, locale: Locale) -> Result<&'static Parsed, RenderError> {
    let flawed = |flaw| RenderError::Flawed { kind, locale, source: Box::new(Flawed { part: super::Part::Text, flaw }) };
    SMS.of(kind, locale, || Parsed::of(&sms(kind, locale)?).map_err(flawed))
}

/// The built-in e-mail of a kind.
///
/// # Errors
/// [`RenderError::NoSection`] for a text that is not whole.
pub fn email(kind: MessageKind, locale: Locale) -> Result<Wording, RenderError> {
    let text = Text { kind, locale };
    let words = Words::of(locale);
    let (subject, title, body) = (text.section("subject")?, text.section("title")?, text.section("body")?);
    let (details, heading) = (text.optional("details"), text.optional("items").unwrap_or_default());
    let has = |name| variables::knows(kind, name);

    // What isn't the whole order doesn't add up to its amounts.
    let of_all =
        |totals: &str| if has("partial") { format!("{{{{#if partial}}}}{{{{else}}}}\n{totals}{{{{/if}}}}\n") } else { totals.to_owned() };
    let items = |items: &str, totals: &str| match (has("items"), has("subtotal")) {
        (true, true) => items.replace("[[totals]]", &of_all(totals)),
        (true, false) => items.replace("[[totals]]", ""),
        (false, _) => String::new(),
    };
    let html = filled(
        &HTML_LAYOUT.replace("[[items]]", &items(HTML_ITEMS, HTML_TOTALS)),
        words,
        &[
            ("lang", locale.as_str()),
            ("steps", &steps(kind, locale).unwrap_or_default()),
            ("subject", &escaped(&one_line(&subject))),
            ("preview", &escaped(&one_line(&body))),
            ("title", &escaped(&one_line(&title))),
            ("paragraphs", &html_paragraphs(&body)),
            ("details", &details.as_deref().map(html_details).unwrap_or_default()),
            ("heading", &escaped(&one_line(&heading))),
        ],
        if has("items.amount") { "amount" } else { "noAmount" },
    );
    let plain = filled(
        &TEXT_LAYOUT.replace("[[items]]", &items(TEXT_ITEMS, TEXT_TOTALS)),
        words,
        &[
            ("title", &one_line(&title)),
            ("paragraphs", &text_paragraphs(&body)),
            ("details", &details.as_deref().map(|details| text_details(details, words)).unwrap_or_default()),
            ("heading", &one_line(&heading)),
        ],
        if has("items.amount") { "amount" } else { "noAmount" },
    );
    Ok(Wording { name: one_line(&text.section("name")?), subject: one_line(&subject), html, text: Some(plain), declared: None })
}

/// The SMS of a kind, as a template.
///
/// # Errors
/// As [`email`].
pub fn sms(kind: MessageKind, locale: Locale) -> Result<String, RenderError> {
    Ok(one_line(&Text { kind, locale }.section("sms")?))
}

struct Text {
    kind: MessageKind,
    locale: Locale,
}

impl Text {
    fn optional(&self, name: &str) -> Option<String> {
        section(source(self.kind, self.locale), name).map(|text| typeset(text, self.locale))
    }

    fn section(&self, name: &'static str) -> Result<String, RenderError> {
        let Self { kind, locale } = *self;
        self.optional(name).ok_or(RenderError::NoSection { kind, locale, section: name })
    }
}

/// Puts texts and words into the slots of a layout. What stands between `[[+name]]` and `[[-name]]` is kept if `part` is its name.
fn filled(layout: &str, words: &Words, texts: &[(&str, &str)], part: &str) -> String {
    let mut page = String::with_capacity(2 * layout.len());
    let (mut rest, mut kept) = (layout, true);
    while let Some((before, (slot, after))) = rest.split_once("[[").and_then(|(before, rest)| Some((before, rest.split_once("]]")?))) {
        page.push_str(if kept { before } else { "" });
        if let Some(name) = slot.strip_prefix('+') {
            kept = name == part;
        } else if slot.starts_with('-') {
            kept = true;
        } else if kept {
            let is_it = |(name, _): &(&str, &str)| *name == slot;
            match texts.iter().copied().find(is_it).or_else(|| words.slots().find(is_it)) {
                Some((_, text)) => page.push_str(text),
                // A test would find it.
                None => page.extend(["[[", slot, "]]"]),
            }
        }
        rest = after;
    }
    page + rest
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

/// The tags of a text stay; what a person wrote between them is text.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A text in one line: the lines of a block come together.
fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split([' ', '\n']).filter(|word| !word.is_empty()) {
        // A space belongs between words, and none where a block begins or ends and nothing stands before it.
        let glued = line.is_empty() || is_block(word) || line.ends_with("}}") && opens_block(&line);
        if !glued {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

fn is_block(word: &str) -> bool {
    word.starts_with("{{else") || word.starts_with("{{/")
}

/// Whether a line ends with the tag of a block.
fn opens_block(line: &str) -> bool {
    let tag = line.rfind("{{").and_then(|at| line.get(at..)).unwrap_or_default();
    tag.starts_with("{{#") || tag.starts_with("{{else")
}

/// What a body is made of, a line or a paragraph each.
enum Part {
    /// A line that is the tag of a block.
    Tag(String),
    /// Lines that belong together.
    Paragraph(String),
}

fn parts(body: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut open: Option<String> = None;
    for line in body.lines().map(str::trim).chain([""]) {
        let is_tag = line.starts_with("{{#") || is_block(line);
        if line.is_empty() || is_tag {
            parts.extend(open.take().map(Part::Paragraph));
            parts.extend(is_tag.then(|| Part::Tag(line.to_owned())));
        } else {
            open = Some(open.map_or_else(|| line.to_owned(), |open| format!("{open} {line}")));
        }
    }
    parts
}

fn html_paragraphs(body: &str) -> String {
    let part = |part| match part {
        Part::Tag(tag) => tag + "\n",
        Part::Paragraph(text) => format!("<p style=\"margin:0 0 16px;\">{}</p>\n", escaped(&text)),
    };
    parts(body).into_iter().map(part).collect()
}

fn text_paragraphs(body: &str) -> String {
    let part = |part| match part {
        Part::Tag(tag) => tag + "\n",
        Part::Paragraph(text) => text + "\n\n",
    };
    parts(body).into_iter().map(part).collect()
}

/// `Label: value`, a line each.
fn details(section: &str, row: impl Fn(&str, &str) -> String) -> String {
    let lines = section.lines().map(str::trim).filter(|line| !line.is_empty());
    let line = |line: &str| match line.split_once(':') {
        Some((label, value)) if !line.starts_with("{{") => row(label.trim(), value.trim()),
        _ => format!("{line}\n"),
    };
    lines.map(line).collect()
}

fn html_details(section: &str) -> String {
    let row = |label: &str, value: &str| {
        format!(
            "<p class=\"muted\" style=\"margin:0;font-size:13px;line-height:1.4;color:#75666b;\">{}</p>\n\
             <p class=\"ink\" style=\"margin:0 0 12px;font-size:16px;line-height:1.45;font-weight:600;color:#2a2024;overflow-wrap:anywhere;\">{}</p>\n",
            escaped(label),
            escaped(value)
        )
    };
    let rows = details(section, row);
    format!(
        "<tr><td class=\"inner\" style=\"padding:4px 40px 20px;\">\n\
         <table role=\"presentation\" class=\"box\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" \
         style=\"background-color:#faf5f0;border-collapse:separate;border-radius:10px;\">\n\
         <tr><td style=\"padding:16px 20px 6px;\">\n{rows}</td></tr>\n</table>\n</td></tr>\n"
    )
}

fn text_details(section: &str, words: &Words) -> String {
    details(section, |label, value| format!("{label}{} {value}\n", words.colon)) + "\n"
}

/// How far an order has come, for the kinds that tell of a step of it: words and lines, no pictures.
fn steps(kind: MessageKind, locale: Locale) -> Option<String> {
    const KINDS: [MessageKind; 4] =
        [MessageKind::OrderConfirmation, MessageKind::OrderConfirmed, MessageKind::ShippingUpdate, MessageKind::DeliveryNotification];
    let reached = KINDS.iter().position(|step| *step == kind)?;
    let [received, confirmed, ready, packed, on_its_way, collected, in_store, delivered] = match locale {
        Locale::Fr => ["Reçue", "Confirmée", "Prête", "Emballée", "En route", "Remise", "En boutique", "Livrée"],
        Locale::En => ["Received", "Confirmed", "Ready", "Packed", "On its way", "Collected", "In store", "Delivered"],
    };
    let either = |name: &str, so: &str, otherwise: &str| format!("{{{{#if {name}}}}}{so}{{{{else}}}}{otherwise}{{{{/if}}}}");
    let third = either("pickup", ready, on_its_way);
    let last = either("pickup", collected, delivered);
    // What is collected in the store may come there by a parcel.
    let (third, last) = match kind {
        MessageKind::ShippingUpdate => (either("readyForPickup", ready, &either("packed", packed, on_its_way)), last),
        MessageKind::DeliveryNotification => (either("waitsInStore", on_its_way, &third), either("waitsInStore", in_store, &last)),
        _ => (third, last),
    };
    let labels = [received, confirmed, &third, &last];
    let cell = |(step, label): (usize, &str)| {
        let (line, colour) = if step <= reached { ("done", "#7b2d43") } else { ("todo", "#e8ddd5") };
        let (text, weight, ink) = if step == reached { ("ink", "600", "#2a2024") } else { ("muted", "normal", "#75666b") };
        format!(
            "<td class=\"{text} {line}\" width=\"25%\" align=\"left\" valign=\"top\" style=\"width:25%;padding:8px 4px 0 0;\
             border-top:3px solid {colour};font-size:12px;line-height:1.35;font-weight:{weight};color:{ink};\">{label}</td>\n"
        )
    };
    let cells: String = labels.into_iter().enumerate().map(cell).collect();
    Some(format!(
        "<tr><td class=\"inner\" style=\"padding:20px 40px 0;\">\n\
         <table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\"><tr>\n{cells}</tr></table>\n</td></tr>\n"
    ))
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
