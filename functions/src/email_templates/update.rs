//! `PUT /api/email-templates?id=` — the next version of a template.

use super::{TemplateView, checked, code, document, load, subject, tried, variables};
use crate::query;
use api::auth::Admin;
use api::input::{Input, MISSING, Reader};
use api::{Answer, Checked, Problem, Shop};
use axum::extract::State;
use domain::ids::TemplateId;
use domain::message::Locale;
use domain::template::{MAX_HTML_BYTES, MAX_TEXT_BYTES, TemplateChange, TemplateCode, TemplateError};
use store::Writes;
use utoipa::ToSchema;

/// What is to change of a template; at least one of them.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "the document's picture of the body; `Input` reads it")]
pub(crate) struct TemplateBody {
    /// Only as it is.
    code: Option<String>,
    #[schema(max_length = 100)]
    name: Option<String>,
    #[schema(max_length = 250)]
    subject: Option<String>,
    html_content: Option<String>,
    text_content: Option<String>,
    variables: Option<Vec<String>>,
    /// Only as it is.
    locale: Option<Locale>,
    is_active: Option<bool>,
}

/// A change of one template.
pub(super) struct UpdateTemplate {
    id: TemplateId,
    code: Option<TemplateCode>,
    locale: Option<Locale>,
    change: TemplateChange,
}

impl Input for UpdateTemplate {
    fn read(request: &mut Reader<'_>) -> Option<Self> {
        let id = query::required_id(request, TemplateId::new);
        let mut body = request.body()?;
        if body.is_empty() {
            body.missing("name", MISSING);
        }
        let code = body.changeable("code", |value| code(&value));
        let name = body.changeable("name", |value| value.text(100));
        let subject = body.changeable("subject", |value| subject(&value));
        let html = body.changeable("htmlContent", |value| document(&value, MAX_HTML_BYTES));
        let text = body.clearable("textContent", |value| document(&value, MAX_TEXT_BYTES));
        let declared = body.clearable("variables", |value| variables(&value));
        let locale = body.changeable("locale", |value| value.locale());
        let is_active = body.changeable("isActive", |value| value.boolean());
        body.finish();
        let change =
            TemplateChange { name: name?, subject: subject?, html: html?, text: text?, declared: declared?, is_active: is_active? };
        Some(Self { id: id?, code: code?, locale: locale?, change })
    }
}

#[utoipa::path(put, path = "/api/email-templates", operation_id = "updateEmailTemplate", tag = "E-mail templates", request_body = TemplateBody,
    params(("id" = u64, Query)),
    responses((status = 200, description = "The template in its next version.", body = TemplateView)))]
pub(super) async fn update(State(shop): State<Shop>, Admin(caller): Admin, request: Checked<UpdateTemplate>) -> Result<Answer, Problem> {
    let Checked { input, meta } = request;
    let (shop, input, meta) = (&shop, &input, &meta);
    shop.decide(meta, |attempt| async move {
        let template = load(shop, input.id).await?;
        meta.require_match(template.version)?;
        let same = input.code.as_ref().is_none_or(|code| *code == template.code);
        if !same || input.locale.is_some_and(|locale| locale != template.locale) {
            return Err(TemplateError::CodeImmutable.into());
        }
        let wording = template.wording_after(input.change.clone());
        let checked = checked(&wording)?;
        // One from before it was tried is still taken out of use.
        if wording != template.wording || input.change.is_active == Some(true) {
            tried(shop, &template.code, template.locale, &checked)?;
        }
        let next = template.update(wording, checked.uses(), input.change.is_active, caller.actor(), attempt.now);
        let writes = Writes::new().template(&next);
        let version = next.version;
        Ok((Answer::ok(&TemplateView::own(next))?.etag(version), writes))
    })
    .await
}
