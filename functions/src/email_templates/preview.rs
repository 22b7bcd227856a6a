//! `POST /api/email-templates/preview` — a template with values in it, on the screen or in the caller's own mailbox.

use super::{code, field_error, not_found};
use crate::messages::{self, Email, builtin};
use api::auth::{OwnAddress, Staff};
use api::input::{Input, MISSING, Reader};
use api::{Answer, Checked, Problem, Shop};
use axum::Router;
use axum::extract::State;
use axum::routing::post;
use domain::message::{Locale, MessageKind};
use domain::notification::{Content, Notification, is_email_address};
use domain::template::{TemplateCode, Wording};
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::HashMap;
use store::Writes;
use utoipa::ToSchema;

/// Which template, and what to put into it.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "the document's picture of the body; `Input` reads it")]
pub(crate) struct PreviewBody {
    code: String,
    /// The shop's own when left out, and where there is no template in the language that is asked for.
    locale: Option<Locale>,
    /// The newest when left out; 0 is the built-in one.
    version: Option<u64>,
    /// A value for each variable.
    variables: Option<HashMap<String, Value>>,
    /// Whether to mail it to the caller's own address, which their token says (`email`), as well.
    send: Option<bool>,
}

/// What is asked for.
struct Preview {
    code: TemplateCode,
    locale: Option<Locale>,
    version: Option<u64>,
    variables: Map<String, Value>,
    send: bool,
}

/// A template with its values.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PreviewView {
    subject: String,
    html: String,
    text: Option<String>,
    /// Where it was mailed to.
    sent_to: Option<String>,
}

impl Input for Preview {
    fn read(request: &mut Reader<'_>) -> Option<Self> {
        let mut body = request.body()?;
        let code = body.required("code", MISSING, |value| code(&value));
        let locale = body.optional("locale", |value| value.locale());
        let version = body.optional("version", |value| value.integer(0..=i64::MAX, "INVALID_VERSION"));
        let variables = body.optional("variables", |value| value.anything("INVALID_VARIABLES"));
        let send = body.optional("send", |value| value.boolean());
        body.finish();
        Some(Self {
            code: code?,
            locale: locale?,
            version: version?.and_then(|version| u64::try_from(version).ok()),
            variables: variables?.unwrap_or_default(),
            send: send?.unwrap_or_default(),
        })
    }
}

/// The routes of this endpoint.
pub fn routes() -> Router<Shop> {
    Router::new().route("/api/email-templates/preview", post(preview))
}

#[utoipa::path(post, path = "/api/email-templates/preview", operation_id = "previewEmailTemplate", tag = "E-mail templates", request_body = PreviewBody,
    responses((status = 200, description = "It, as it would be sent.", body = PreviewView)))]
async fn preview(
    State(shop): State<Shop>,
    Staff(caller): Staff,
    OwnAddress(address): OwnAddress,
    request: Checked<Preview>,
) -> Result<Answer, Problem> {
    let Checked { input: wanted, meta } = request;
    let address = address.filter(|address| is_email_address(address));
    if wanted.send && address.is_none() {
        return Err(Problem::invalid_field("/send", "NO_EMAIL_ADDRESS", "Your token names no e-mail address (`email`) to send to."));
    }
    let Some(address) = address.filter(|_| wanted.send) else { return Answer::ok(&wanted.filled(&shop).await?) };
    let (shop, wanted, address) = (&shop, &wanted, &address);
    shop.decide(&meta, |attempt| async move {
        let view = PreviewView { sent_to: Some(address.clone()), ..wanted.filled(shop).await? };
        let answer = Answer::ok(&view)?;
        let content = Content { subject: Some(view.subject), body: view.html, text: view.text };
        let dispatch = Notification::test(address.clone(), content, caller.actor(), attempt.now, attempt.ids);
        Ok((answer, Writes::from(&dispatch)))
    })
    .await
}

impl Preview {
    /// The template with the values in it.
    async fn filled(&self, shop: &Shop) -> Result<PreviewView, Problem> {
        let wording = wording(shop, &self.code, self.locale.unwrap_or(shop.config.locale), self.version).await?;
        let filled = messages::fill(&wording, Value::Object(self.variables.clone()));
        let Email { subject, html, text } = filled.map_err(|flawed| Problem::invalid(vec![field_error(&flawed)]))?;
        Ok(PreviewView { subject, html, text, sent_to: None })
    }
}

/// The shop's own template, in use or not; else the built-in one; else the shop's own in its own language.
async fn wording(shop: &Shop, code: &TemplateCode, locale: Locale, version: Option<u64>) -> Result<Wording, Problem> {
    let missing = || not_found(version.map_or_else(|| code.to_string(), |version| format!("{code} in version {version}")));
    let built_in = |locale| {
        let kind = MessageKind::parse(code.as_str()).filter(|_| version.is_none_or(|version| version == 0));
        kind.map(|kind| builtin::email(kind, locale).map_err(Problem::internal)).transpose()
    };
    for locale in [locale, shop.config.locale] {
        let head = if version == Some(0) { None } else { shop.store.template_head(code, locale).await? };
        if let Some(head) = head {
            let found = shop.store.template_version(head.id, version.unwrap_or(head.version)).await?;
            return Ok(found.ok_or_else(missing)?.wording);
        }
        if let Some(wording) = built_in(locale)? {
            return Ok(wording);
        }
    }
    Err(missing())
}
