//! `GET /api/email-templates` — one by `id`, or by `code` and language, in its newest version or an old one; its versions; a list.

use super::{TemplateView, code, load, not_found};
use crate::messages::builtin;
use crate::query;
use api::auth::Staff;
use api::input::{Input, Reader};
use api::{Answer, Checked, Problem, Shop, page};
use axum::extract::State;
use domain::ids::TemplateId;
use domain::message::{Locale, MessageKind};
use domain::template::{Template, TemplateCode, TemplateHead};
use store::{PageRequest, TemplateFilter};

/// Which templates.
pub(super) enum FindTemplates {
    ById(TemplateId),
    ByCode { code: TemplateCode, locale: Option<Locale>, version: Option<u64> },
    Versions { code: TemplateCode, locale: Option<Locale>, page: PageRequest },
    List(TemplateFilter, PageRequest),
}

impl Input for FindTemplates {
    fn read(request: &mut Reader<'_>) -> Option<Self> {
        let id = request.query("id", |value| value.id(TemplateId::new, "INVALID_ID"));
        let code = request.query("code", |value| code(&value));
        let locale = request.query("locale", |value| value.locale());
        let version = request.query("version", |value| value.integer(0..=i64::MAX, "INVALID_VERSION"));
        let versions = request.query("versions", |value| value.boolean());
        let is_active = request.query("isActive", |value| value.boolean());
        let page = page::read(request);
        let (id, code, locale, version, versions) = (id?, code?, locale?, version?, versions?);
        let version = version.and_then(|version| u64::try_from(version).ok());
        match (id, code) {
            (Some(id), _) => {
                let others = ["code", "locale", "version", "versions", "isActive", "limit", "cursor"];
                query::alone(request, "id", &others).map(|()| Self::ById(id))
            }
            (None, Some(code)) if versions == Some(true) => {
                query::alone(request, "versions", &["version", "isActive"])?;
                Some(Self::Versions { code, locale, page: page? })
            }
            (None, Some(code)) => {
                query::alone(request, "code", &["isActive", "limit", "cursor"]).map(|()| Self::ByCode { code, locale, version })
            }
            (None, None) => {
                query::alone(request, "a list", &["version", "versions"])?;
                Some(Self::List(TemplateFilter { locale, is_active: is_active? }, page?))
            }
        }
    }
}

#[utoipa::path(get, path = "/api/email-templates", operation_id = "findEmailTemplates", tag = "E-mail templates",
    params(
        ("id" = Option<u64>, Query, description = "One template."),
        ("code" = Option<String>, Query, description = "One template, or its versions. A code that the shop has no template of its own for is the built-in one."),
        ("locale" = Option<Locale>, Query, description = "With `code`, the template of that language; the shop's own language when left out. Without, a filter."),
        ("version" = Option<u64>, Query, description = "With `code`: that version; 0 is the built-in one."),
        ("versions" = Option<bool>, Query, description = "With `code`: every version of the shop's own template, newest first."),
        ("isActive" = Option<bool>, Query),
        ("limit" = Option<u32>, Query, description = "1 to 100; 50 when left out.", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "The `X-Next-Cursor` of the page before."),
    ),
    responses((status = 200, description = "An array, newest first; the template itself with `id` or `code`. A list has the shop's own ones.", body = Vec<TemplateView>)))]
pub(super) async fn find(State(shop): State<Shop>, _staff: Staff, request: Checked<FindTemplates>) -> Result<Answer, Problem> {
    match request.input {
        FindTemplates::ById(id) => own(load(&shop, id).await?),
        FindTemplates::ByCode { code, locale, version } => by_code(&shop, &code, locale, version).await,
        FindTemplates::Versions { code, locale, page } => match head(&shop, &code, locale).await? {
            Some(head) => page::answer(shop.store.template_versions(head.id, page).await?, &request.meta, TemplateView::own),
            None if MessageKind::parse(code.as_str()).is_some() => Answer::ok(&[(); 0]),
            None => Err(not_found(code)),
        },
        FindTemplates::List(filter, page) => page::answer(shop.store.templates(filter, page).await?, &request.meta, TemplateView::own),
    }
}

async fn by_code(shop: &Shop, code: &TemplateCode, locale: Option<Locale>, version: Option<u64>) -> Result<Answer, Problem> {
    let head = if version == Some(0) { None } else { head(shop, code, locale).await? };
    let kind = MessageKind::parse(code.as_str());
    match (head, version) {
        (Some(head), version) => {
            let version = version.unwrap_or(head.version);
            let found = shop.store.template_version(head.id, version).await?;
            own(found.ok_or_else(|| not_found(format!("{code} in version {version}")))?)
        }
        (None, None | Some(0)) => {
            let kind = kind.ok_or_else(|| not_found(code))?;
            let locale = locale.unwrap_or(shop.config.locale);
            let wording = builtin::email(kind, locale).map_err(Problem::internal)?;
            let uses = builtin::prepared(kind, locale).map_err(Problem::internal)?.uses();
            Ok(Answer::ok(&TemplateView::built_in(kind, locale, wording, &uses))?.etag(0))
        }
        (None, Some(version)) => Err(not_found(format!("{code} in version {version}"))),
    }
}

/// Where the code's template of a language stands; where none is asked for, of the shop's own language, else of another.
async fn head(shop: &Shop, code: &TemplateCode, locale: Option<Locale>) -> Result<Option<TemplateHead>, Problem> {
    let first = locale.unwrap_or(shop.config.locale);
    if let Some(head) = shop.store.template_head(code, first).await? {
        return Ok(Some(head));
    }
    for other in Locale::ALL.iter().filter(|other| locale.is_none() && **other != first) {
        if let Some(head) = shop.store.template_head(code, *other).await? {
            return Ok(Some(head));
        }
    }
    Ok(None)
}

fn own(template: Template) -> Result<Answer, Problem> {
    let version = template.version;
    Ok(Answer::ok(&TemplateView::own(template))?.etag(version))
}
