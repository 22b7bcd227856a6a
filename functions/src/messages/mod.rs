//! What a customer reads: the built-in texts of every message, in French and English.
//!
//! A shop's person edits the texts in `functions/templates/<locale>/<kind>.hbs`; the two layouts beside them hold what
//! all messages share. A kind's paragraphs are written once and go into the HTML page and into its plain-text twin.
//!
//! Nothing that a customer typed can act as more than text: values are made one line before they reach a template
//! (`text::one_line`), they are never parsed as a template, and the HTML layout escapes every value it prints.

mod text;
mod texts;
mod view;
mod words;

use domain::message::{Announcement, Locale, MessageKind};
use handlebars::{Context, Handlebars, TemplateError};
use serde::Serialize;
use std::sync::LazyLock;
use texts::Texts;
use view::{Page, Values};

/// A message, ready for both channels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The e-mail's subject: one line, without control characters.
    pub subject: String,
    /// The e-mail's page.
    pub html: String,
    /// The same e-mail as plain text.
    pub text: String,
    /// The SMS: one line, in the GSM alphabet unless a name brings another character in.
    pub sms: String,
}

/// The shop a message comes from.
#[derive(Clone, Copy, Debug)]
pub struct Shop<'a> {
    /// The shop's own name, from its configuration.
    pub name: &'a str,
}

/// Why a message could not be made. Trying again doesn't help: the template is wrong, or the announcement lacks a fact
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
    /// A template that doesn't parse, or that prints what isn't there.
    #[error("The {locale} text of {kind} can't be rendered ({part}): {source}")]
    Template {
        /// The message.
        kind: MessageKind,
        /// The language.
        locale: Locale,
        /// The section, or the layout.
        part: &'static str,
        /// Where and why.
        source: Box<handlebars::RenderError>,
    },
    /// A layout that doesn't parse.
    #[error("The layout doesn't parse: {0}")]
    Layout(&'static TemplateError),
    /// Values that no template can take.
    #[error("The values of a message can't be serialized")]
    Values(#[from] serde_json::Error),
}

/// The message that an announcement asks for.
///
/// # Errors
/// See [`RenderError`].
pub fn render(announcement: &Announcement, shop: &Shop<'_>) -> Result<Rendered, RenderError> {
    let Announcement { kind, locale, .. } = *announcement;
    let texts = Texts::of(kind, locale)?;
    let values = Values::of(announcement, shop);
    let plain = Printer { engine: PLAIN.as_ref().map_err(RenderError::Layout)?, kind, locale };
    let html = Printer { engine: HTML.as_ref().map_err(RenderError::Layout)?, kind, locale };

    let context = context_of(&values)?;
    let subject = text::one_line(&plain.print("subject", &texts.subject, &context)?);
    let title = text::one_line(&plain.print("title", &texts.title, &context)?);
    let paragraphs = text::paragraphs(&plain.print("body", &texts.body, &context)?);
    let sms = text::sms(&plain.print("sms", &texts.sms, &context)?);

    let page = context_of(&Page::of(announcement, &values, &subject, &title, &paragraphs))?;
    Ok(Rendered { html: html.fill(&page)?, text: plain.fill(&page)?, subject, sms })
}

/// What escapes nothing, with the plain-text layout.
static PLAIN: LazyLock<Result<Handlebars<'static>, TemplateError>> = LazyLock::new(|| engine(handlebars::no_escape, texts::TEXT_LAYOUT));

/// What escapes for HTML, with the page's layout.
static HTML: LazyLock<Result<Handlebars<'static>, TemplateError>> = LazyLock::new(|| engine(handlebars::html_escape, texts::HTML_LAYOUT));

const LAYOUT: &str = "layout";

/// Strict: a variable that isn't there is an error, never an empty spot in a customer's message.
fn engine(escape: fn(&str) -> String, layout: &str) -> Result<Handlebars<'static>, TemplateError> {
    let mut engine = Handlebars::new();
    engine.set_strict_mode(true);
    engine.register_escape_fn(escape);
    engine.register_template_string(LAYOUT, layout)?;
    Ok(engine)
}

/// Renders the templates of one message with one way of escaping. The layouts are compiled once a process, the small
/// texts when they are printed: a cold start pays for what its message needs, not for every kind and language.
struct Printer {
    engine: &'static Handlebars<'static>,
    kind: MessageKind,
    locale: Locale,
}

impl Printer {
    fn print(&self, section: &'static str, template: &str, values: &Context) -> Result<String, RenderError> {
        self.engine.render_template_with_context(template, values).map_err(|source| self.failed(section, source))
    }

    fn fill(&self, page: &Context) -> Result<String, RenderError> {
        self.engine.render_with_context(LAYOUT, page).map_err(|source| self.failed(LAYOUT, source))
    }

    fn failed(&self, part: &'static str, source: handlebars::RenderError) -> RenderError {
        RenderError::Template { kind: self.kind, locale: self.locale, part, source: Box::new(source) }
    }
}

fn context_of(values: &impl Serialize) -> Result<Context, RenderError> {
    Ok(Context::from(serde_json::to_value(values)?))
}

#[cfg(test)]
mod tests;
