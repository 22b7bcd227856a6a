//! The templates: what the shop's messages are made from, each filled with a message to look at.

use super::{Pages, failed};
use api::config::ShopConfig;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::message::{Locale, MessageKind};
use domain::template::{Template, TemplateCode, Wording};
use functions::messages::variables::{self, Variable};
use functions::messages::{self, builtin};
use serde::Serialize;
use store::{PageRequest, StorageError, TemplateFilter};

/// More of the shop's own than the page lists.
const MOST_OWN: usize = 100;

#[derive(Serialize)]
struct Templates {
    list: Vec<Row>,
    open: Open,
    /// Whether it was asked for; on a phone the list comes first.
    chosen: bool,
}

#[derive(Serialize)]
struct Row {
    code: String,
    locale: &'static str,
    name: String,
    made_by: String,
    open: bool,
}

/// A template that is shown.
#[derive(Serialize)]
struct Open {
    code: String,
    name: String,
    made_by: String,
    subject: String,
    html: Option<String>,
    text: Option<String>,
    /// Why it can't be filled.
    flaw: Option<String>,
    source: String,
    variables: Vec<Variable>,
}

/// `GET /_local/templates`
pub async fn first(State(pages): State<Pages>) -> Response {
    let first = MessageKind::ALL.iter().zip(Locale::ALL).find_map(|(kind, locale)| Some((TemplateCode::parse(kind.as_str())?, *locale)));
    match first {
        Some((code, locale)) => page(&pages, &code, locale, false).await,
        None => not_found(),
    }
}

/// `GET /_local/templates/{code}/{locale}`
pub async fn one(State(pages): State<Pages>, Path((code, locale)): Path<(String, String)>) -> Response {
    match (TemplateCode::parse(&code), Locale::parse(&locale)) {
        (Some(code), Some(locale)) => page(&pages, &code, locale, true).await,
        _ => not_found(),
    }
}

fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "There is no such template.\n").into_response()
}

async fn page(pages: &Pages, code: &TemplateCode, locale: Locale, chosen: bool) -> Response {
    let list = match pages.all_templates().await {
        Ok(list) => list,
        Err(error) => return failed(&error.to_string()),
    };
    let Some(shown) = list.iter().find(|shown| shown.code == *code && shown.locale == locale) else { return not_found() };
    let open = shown.open(&pages.backstage.shop.config);
    let row = |template: &Shown| Row {
        code: template.code.to_string(),
        locale: template.locale.as_str(),
        name: template.wording.name.clone(),
        made_by: template.made_by(),
        open: template.code == *code && template.locale == locale,
    };
    pages.render("templates", "Templates", Templates { list: list.iter().map(row).collect(), open, chosen })
}

/// A template as the page has it.
struct Shown {
    code: TemplateCode,
    locale: Locale,
    wording: Wording,
    /// The version of the shop's own; none for a built-in one.
    version: Option<u64>,
}

impl Pages {
    /// Every code in every language: by the shop's own template where one is in use, else by the built-in one.
    async fn all_templates(&self) -> Result<Vec<Shown>, StorageError> {
        let filter = TemplateFilter { is_active: Some(true), ..TemplateFilter::default() };
        let (mut own, mut before) = (Vec::new(), None);
        loop {
            let page = self.backstage.shop.store.templates(filter, PageRequest::new(MOST_OWN, before)).await?;
            own.extend(page.items.into_iter().map(|Template { code, locale, wording, version, .. }| Shown {
                code,
                locale,
                wording,
                version: Some(version),
            }));
            before = page.next;
            if before.is_none() || own.len() >= MOST_OWN {
                break;
            }
        }
        for kind in MessageKind::ALL {
            for locale in Locale::ALL {
                let Some(code) = TemplateCode::parse(kind.as_str()) else { continue };
                let is_there = own.iter().any(|shown| shown.code == code && shown.locale == *locale);
                if let Ok(wording) = builtin::email(*kind, *locale)
                    && !is_there
                {
                    own.push(Shown { code, locale: *locale, wording, version: None });
                }
            }
        }
        let place = |shown: &Shown| MessageKind::ALL.iter().position(|kind| kind.as_str() == shown.code.as_str()).unwrap_or(usize::MAX);
        own.sort_by_key(|shown| (place(shown), shown.code.to_string(), shown.locale));
        Ok(own)
    }
}

impl Shown {
    fn made_by(&self) -> String {
        self.version.map_or_else(|| "built in".to_owned(), |version| format!("the shop's own, version {version}"))
    }

    /// It, filled; one of a code that no message of the shop has is shown as it is written.
    fn open(&self, shop: &ShopConfig) -> Open {
        let kind = MessageKind::parse(self.code.as_str());
        let sample = kind.and_then(|kind| variables::sample(kind, self.locale));
        let shop = messages::Shop { name: &shop.name, timezone: &shop.timezone };
        let filled = sample.map(|sample| messages::fill(&self.wording, variables::values(&sample, &shop)));
        let (email, flaw) = match filled {
            Some(Ok(email)) => (Some(email), None),
            Some(Err(flawed)) => (None, Some(flawed.to_string())),
            None => (None, None),
        };
        Open {
            code: format!("{} · {}", self.code, self.locale),
            name: self.wording.name.clone(),
            made_by: self.made_by(),
            subject: email.as_ref().map_or_else(|| self.wording.subject.clone(), |email| email.subject.clone()),
            text: email.as_ref().and_then(|email| email.text.clone()),
            html: email.map(|email| email.html),
            flaw,
            source: self.wording.html.clone(),
            variables: kind.map(variables::of).unwrap_or_default(),
        }
    }
}
