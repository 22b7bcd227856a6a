//! What a customer reads: the shop's own templates where it has any, and the built-in texts of every message, in French and
//! English.
//!
//! A shop's person edits the texts in `functions/templates/<locale>/<kind>.hbs`; the layouts beside them hold what all
//! e-mails share. A kind's paragraphs are written once and go into the HTML page and into its plain-text twin. What comes
//! of a text and the layouts is a template like those that are stored ([`builtin`]), in the same language ([`language`])
//! and with the same variables ([`variables`]).
//!
//! Nothing that a customer typed can act as more than text: values are made one line before they reach a template
//! (`text::one_line`), they are never parsed as a template, and in HTML every value is escaped.

pub mod builtin;
pub mod language;
pub(crate) mod text;
mod trial;
pub mod variables;
pub(crate) mod words;

use domain::ids::TemplateId;
use domain::message::{Announcement, Locale, MessageKind};
use domain::template::{Template, Wording};
use handlebars::Context;
use jiff::tz::TimeZone;
use language::{Escape, Flaw, Parsed, Use};
use serde_json::Value;
use std::collections::BTreeSet;
pub use trial::try_out;

/// The largest page that is sent, in bytes: with its twin it fits an item of the log.
const MOST_HTML_BYTES: usize = 200 * 1024;
const MOST_TEXT_BYTES: usize = 100 * 1024;
/// A line of a message's header has at most 998 characters (RFC 5322, section 2.1.1).
const MOST_SUBJECT_BYTES: usize = 900;
const MOST_SMS_BYTES: usize = 2 * 1024;
/// What the shop pays for one message.
const MOST_SMS_PARTS: usize = 2;

/// An e-mail, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    /// The subject: one line, without control characters.
    pub subject: String,
    /// The page.
    pub html: String,
    /// The same as plain text, where there is any.
    pub text: Option<String>,
}

/// The shop a message comes from.
#[derive(Clone, Copy, Debug)]
pub struct Shop<'a> {
    /// The shop's own name, from its configuration.
    pub name: &'a str,
    /// Where its days begin.
    pub timezone: &'a TimeZone,
}

/// A part of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The subject.
    Subject,
    /// The page.
    Html,
    /// Its plain-text twin.
    Text,
}

impl Part {
    /// The field of the API that it is.
    #[must_use]
    pub const fn field(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Html => "htmlContent",
            Self::Text => "textContent",
        }
    }
}

/// What is wrong with a template, and in which part of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}, {flaw}", part.field())]
pub struct Flawed {
    /// The part.
    pub part: Part,
    /// Where in it, and what.
    pub flaw: Flaw,
}

/// Why a built-in message could not be made. Trying again doesn't help: the text is wrong, or the announcement lacks a fact
/// that its kind is about.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A text without one of its sections.
    #[error("The {locale} text of {kind} has no section {section:?}")]
    NoSection {
        /// The message.
        kind: MessageKind,
        /// The language.
        locale: Locale,
        /// The section's name.
        section: &'static str,
    },
    /// A text that doesn't parse, or that prints what isn't there.
    #[error("The {locale} text of {kind} can't be filled: {source}")]
    Flawed {
        /// The message.
        kind: MessageKind,
        /// The language.
        locale: Locale,
        /// Where and why.
        source: Box<Flawed>,
    },
}

/// A template that was read, which is most of the work, and can be filled any number of times.
#[derive(Clone, Debug)]
pub struct Prepared {
    subject: Parsed,
    html: Parsed,
    text: Option<Parsed>,
}

impl Prepared {
    /// Its parts, each parsed.
    ///
    /// # Errors
    /// For what is no template, and where.
    pub fn of(wording: &Wording) -> Result<Self, Flawed> {
        let read = |part, source| Parsed::of(source).map_err(|flaw| Flawed { part, flaw });
        Ok(Self {
            subject: read(Part::Subject, &wording.subject)?,
            html: read(Part::Html, &wording.html)?,
            text: wording.text.as_deref().map(|text| read(Part::Text, text)).transpose()?,
        })
    }

    /// Fills it. A twin that comes out blank is left away.
    ///
    /// # Errors
    /// For what can't be filled, and where; and for a subject or a page that comes out blank, which no provider sends.
    pub fn fill(&self, values: Value) -> Result<Email, Flawed> {
        let Email { subject, html, text } = self.print(values)?;
        Ok(Email { subject: written(Part::Subject, subject)?, html: written(Part::Html, html)?, text })
    }

    /// The same, also where nothing comes out.
    fn print(&self, values: Value) -> Result<Email, Flawed> {
        let values = Context::from(values);
        let plain = |text: &Parsed| print(Part::Text, text, &values, Escape::Nothing, MOST_TEXT_BYTES).map(|text| text::tidy(&text));
        let subject = text::one_line(&print(Part::Subject, &self.subject, &values, Escape::Nothing, MOST_SUBJECT_BYTES)?);
        let html = print(Part::Html, &self.html, &values, Escape::Html, MOST_HTML_BYTES)?;
        let text = self.text.as_ref().map(plain).transpose()?;
        Ok(Email { subject, html, text: text.filter(|text| !is_blank(text)) })
    }

    /// Every name that it uses, each once.
    #[must_use]
    pub fn uses(&self) -> Vec<String> {
        let paths: BTreeSet<&str> = self.each_use().map(|used| used.path.as_str()).collect();
        paths.into_iter().map(ToOwned::to_owned).collect()
    }

    fn each_use(&self) -> impl Iterator<Item = &Use> {
        [Some(&self.subject), Some(&self.html), self.text.as_ref()].into_iter().flatten().flat_map(|part| &part.uses)
    }

    /// Every name in it, and whether a loop goes over it: those first, and whatever has fields behind its fields.
    fn names(&self) -> Vec<(&str, bool)> {
        let mut uses: Vec<&Use> = self.each_use().collect();
        uses.sort_by_key(|used| (!used.looped, if used.looped { 0 } else { usize::MAX - used.path.len() }));
        uses.into_iter().map(|used| (used.path.as_str(), used.looped)).collect()
    }
}

/// What a part came out as, if there is anything in it.
fn written(part: Part, text: String) -> Result<String, Flawed> {
    if is_blank(&text) { Err(nothing_written(part)) } else { Ok(text) }
}

fn nothing_written(part: Part) -> Flawed {
    Flawed { part, flaw: Flaw { line: 1, column: 1, reason: "nothing is written with these values".to_owned() } }
}

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

/// A version of one of the shop's own templates, read once.
#[derive(Clone, Debug)]
pub struct Own {
    id: TemplateId,
    version: u64,
    prepared: Result<Prepared, Flawed>,
}

impl From<&Template> for Own {
    fn from(template: &Template) -> Self {
        Self { id: template.id, version: template.version, prepared: Prepared::of(&template.wording) }
    }
}

/// The e-mail that an announcement asks for, by the shop's own template where there is one that can be filled. One that
/// can't is no reason for silence: the built-in text is sent, and the log says so.
///
/// # Errors
/// See [`RenderError`].
pub fn email(announcement: &Announcement, shop: &Shop<'_>, own: Option<&Own>) -> Result<Email, RenderError> {
    let Announcement { kind, locale, .. } = *announcement;
    let values = variables::values(announcement, shop);
    if let Some(Own { id, version, prepared }) = own {
        match prepared.as_ref().map_err(Clone::clone).and_then(|prepared| prepared.fill(values.clone())) {
            Ok(email) => return Ok(email),
            Err(error) => {
                tracing::error!(alarm = "template-unfilled", template = %id, version, %error, "a template can't be filled; the built-in text is sent");
            }
        }
    }
    let email = builtin::prepared(kind, locale)?.fill(values);
    email.map_err(|source| RenderError::Flawed { kind, locale, source: Box::new(source) })
}

/// The SMS that an announcement asks for: one line, in the GSM alphabet unless a name brings another character in. What would
/// take more than two parts leaves out that the shop holds money, where it tells of other money that the customer waits for.
///
/// # Errors
/// See [`RenderError`].
pub fn sms(announcement: &Announcement, shop: &Shop<'_>) -> Result<String, RenderError> {
    let Announcement { kind, locale, .. } = *announcement;
    let template = builtin::prepared_sms(kind, locale)?;
    let filled = |values: &Context| {
        let sms = print(Part::Text, template, values, Escape::Nothing, MOST_SMS_BYTES);
        let sms = sms.map_err(|source| RenderError::Flawed { kind, locale, source: Box::new(source) })?;
        Ok(text::sms(&sms))
    };
    let mut values = Context::from(variables::values(announcement, shop));
    let sms = filled(&values)?;
    let said = values.data_mut();
    let tells_of_other_money = ["refundAmount", "refundUnderWay", "refundedAmount"].iter().any(|name| said.get(name).is_some());
    if text::parts(&sms) <= MOST_SMS_PARTS || !tells_of_other_money || said.get("paymentHeld") != Some(&Value::Bool(true)) {
        return Ok(sms);
    }
    said["paymentHeld"] = false.into();
    filled(&values)
}

/// Fills a template.
///
/// # Errors
/// For what can't be filled, and where.
pub fn fill(wording: &Wording, values: Value) -> Result<Email, Flawed> {
    Prepared::of(wording)?.fill(values)
}

fn print(part: Part, parsed: &Parsed, values: &Context, escape: Escape, most_bytes: usize) -> Result<String, Flawed> {
    parsed.fill(values, escape, most_bytes).map_err(|flaw| Flawed { part, flaw })
}

/// Reads a template that is to be saved.
///
/// # Errors
/// Everything that is wrong with it: a part that is no template, each name outside of the declared variables.
pub fn check(wording: &Wording) -> Result<Prepared, Vec<Flawed>> {
    let is_declared = |name: &str| wording.declared.as_ref().is_none_or(|declared| declared.iter().any(|known| known == name));
    let mut flawed = Vec::new();
    let mut read = |part, source: &str| match Parsed::of(source) {
        Ok(parsed) => {
            for used in parsed.uses.iter().filter(|used| !is_declared(used.variable())) {
                let reason = format!("{} is not among the variables", used.variable());
                flawed.push(Flawed { part, flaw: Flaw { line: used.line, column: used.column, reason } });
            }
            Some(parsed)
        }
        Err(flaw) => {
            flawed.push(Flawed { part, flaw });
            None
        }
    };
    let (subject, html) = (read(Part::Subject, &wording.subject), read(Part::Html, &wording.html));
    let text = wording.text.as_deref().and_then(|text| read(Part::Text, text));
    match (subject, html) {
        (Some(subject), Some(html)) if flawed.is_empty() => Ok(Prepared { subject, html, text }),
        _ => Err(flawed),
    }
}

#[cfg(test)]
mod tests;
