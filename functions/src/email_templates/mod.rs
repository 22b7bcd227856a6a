//! `/api/email-templates` — the shop's own templates.

mod create;
mod find;
pub mod preview;
mod remove;
mod update;
mod view;

use crate::messages::language::{Flaw, Parsed, is_name};
use crate::messages::{self, Flawed, Prepared};
use api::input::Value;
use api::problem::{FieldError, Place};
use api::{Problem, Shop};
use axum::Router;
use axum::routing::get;
use domain::ids::TemplateId;
use domain::message::{Locale, MessageKind};
use domain::template::{MAX_VARIABLES, Template, TemplateCode, Wording};
use std::fmt::Display;

pub(crate) use create::__path_create;
pub(crate) use find::__path_find;
pub(crate) use remove::__path_remove;
pub(crate) use update::__path_update;
pub(crate) use view::TemplateView;

const INVALID: &str = "INVALID_TEMPLATE";

/// The routes of this endpoint.
pub fn routes() -> Router<Shop> {
    Router::new().route("/api/email-templates", get(find::find).post(create::create).put(update::update).delete(remove::remove))
}

fn not_found(asked: impl Display) -> Problem {
    Problem::not_found("TEMPLATE_NOT_FOUND", format!("There is no template {asked}."))
}

async fn load(shop: &Shop, id: TemplateId) -> Result<Template, Problem> {
    shop.store.template(id).await?.ok_or_else(|| not_found(id))
}

fn code(value: &Value<'_>) -> Option<TemplateCode> {
    let text = value.text_as(64, "INVALID_CODE")?;
    TemplateCode::parse(&text).or_else(|| value.wrong_as("INVALID_CODE", "is made of letters, digits and _, a letter first"))
}

/// A subject is a line.
fn subject(value: &Value<'_>) -> Option<String> {
    let text = value.text(250)?;
    if text.contains(char::is_control) {
        return value.wrong("is one line");
    }
    template(value, text)
}

fn document(value: &Value<'_>, most_bytes: usize) -> Option<String> {
    template(value, value.document(most_bytes)?)
}

fn template(value: &Value<'_>, source: String) -> Option<String> {
    match Parsed::of(&source) {
        Ok(_) => Some(source),
        Err(Flaw { line, column, reason }) => value.wrong_at(INVALID, Place { line, column }, &reason),
    }
}

fn variables(value: &Value<'_>) -> Option<Vec<String>> {
    if value.length() > MAX_VARIABLES {
        return value.wrong("has more than 100 names");
    }
    value.list("INVALID_VARIABLES", |name| {
        let text = name.text_as(200, "INVALID_VARIABLES")?;
        let is_path = text.split('.').all(is_name);
        if is_path { Some(text) } else { name.wrong_as("INVALID_VARIABLES", "has a name that no template can use") }
    })
}

/// A wording that can be saved.
///
/// # Errors
/// 400 with everything that is wrong with it.
fn checked(wording: &Wording) -> Result<Prepared, Problem> {
    messages::check(wording).map_err(|flawed| Problem::invalid(flawed.iter().map(field_error).collect()))
}

/// Fills a template as a message of its code and language would.
///
/// # Errors
/// 400 with what keeps it from being filled.
fn tried(shop: &Shop, code: &TemplateCode, locale: Locale, template: &Prepared) -> Result<(), Problem> {
    let ours = messages::Shop { name: &shop.config.name, timezone: &shop.config.timezone };
    let tried = messages::try_out(MessageKind::parse(code.as_str()), locale, template, &ours);
    tried.map_err(|flawed| Problem::invalid(vec![field_error(&flawed)]))
}

fn field_error(flawed: &Flawed) -> FieldError {
    let Flawed { part, flaw: Flaw { line, column, reason } } = flawed;
    FieldError {
        pointer: format!("/{}", part.field()),
        code: INVALID.into(),
        detail: format!("{}, line {line}, column {column}: {reason}.", part.field()),
        place: Some(Place { line: *line, column: *column }),
    }
}
