//! `POST /api/email-templates` — a template of the shop's own for a code and a language.

use super::{TemplateView, checked, code, document, subject, tried, variables};
use api::auth::Admin;
use api::input::{Input, MISSING, Reader};
use api::{Answer, Checked, Problem, Shop};
use axum::extract::State;
use domain::message::Locale;
use domain::template::{MAX_HTML_BYTES, MAX_TEXT_BYTES, Template, TemplateRequest, Wording};
use store::Writes;
use utoipa::ToSchema;

/// A template.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "the document's picture of the body; `Input` reads it")]
pub(crate) struct NewTemplateBody {
    /// Upper-cased. One of the shop's own messages, such as `ORDER_CONFIRMATION`, or another.
    #[schema(max_length = 64)]
    code: String,
    #[schema(max_length = 100)]
    name: String,
    #[schema(max_length = 250)]
    subject: String,
    /// Up to 100 KB. `{{name}}`, `{{#each items}}`, `{{#if name}}` with `{{else}}`; values are escaped.
    html_content: String,
    /// Up to 50 KB.
    text_content: Option<String>,
    /// The variables that it may use; whichever it does when left out.
    variables: Option<Vec<String>>,
    /// The shop's own when left out.
    locale: Option<Locale>,
}

/// A template that is asked for.
pub(super) struct CreateTemplate(TemplateRequest);

impl Input for CreateTemplate {
    fn read(request: &mut Reader<'_>) -> Option<Self> {
        let shop = request.shop();
        let mut body = request.body()?;
        let code = body.required("code", MISSING, |value| code(&value));
        let name = body.required("name", MISSING, |value| value.text(100));
        let subject = body.required("subject", MISSING, |value| subject(&value));
        let html = body.required("htmlContent", MISSING, |value| document(&value, MAX_HTML_BYTES));
        let text = body.optional("textContent", |value| document(&value, MAX_TEXT_BYTES));
        let declared = body.optional("variables", |value| variables(&value));
        let locale = body.optional("locale", |value| value.locale());
        body.finish();
        let wording = Wording { name: name?, subject: subject?, html: html?, text: text?, declared: declared? };
        Some(Self(TemplateRequest { code: code?, locale: locale?.unwrap_or(shop.locale), wording }))
    }
}

#[utoipa::path(post, path = "/api/email-templates", operation_id = "createEmailTemplate", tag = "E-mail templates", request_body = NewTemplateBody,
    responses((status = 201, description = "The template, in use from now on.", body = TemplateView)))]
pub(super) async fn create(State(shop): State<Shop>, Admin(caller): Admin, request: Checked<CreateTemplate>) -> Result<Answer, Problem> {
    let Checked { input: CreateTemplate(wanted), meta } = request;
    let template = checked(&wanted.wording)?;
    tried(&shop, &wanted.code, wanted.locale, &template)?;
    let (shop, wanted, uses) = (&shop, &wanted, &template.uses());
    shop.decide(&meta, |attempt| async move {
        let there = shop.store.template_head(&wanted.code, wanted.locale).await?;
        let template = Template::create(wanted.clone(), uses.clone(), there.as_ref(), caller.actor(), attempt.now, attempt.ids)?;
        let writes = Writes::new().template(&template);
        let version = template.version;
        Ok((Answer::created(&TemplateView::own(template))?.etag(version), writes))
    })
    .await
}
