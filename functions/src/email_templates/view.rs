//! A template as clients see it.

use crate::messages::variables::{self, Variable};
use domain::ids::{TemplateId, UserId};
use domain::message::{Locale, MessageKind};
use domain::template::{Template, Wording};
use domain::time::Timestamp;
use serde::Serialize;
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// An e-mail template in one of its versions.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TemplateView {
    /// Null for a built-in one that the shop has none of its own for.
    id: Option<TemplateId>,
    code: String,
    locale: Locale,
    name: String,
    subject: String,
    html_content: String,
    text_content: Option<String>,
    /// The variables that it may use as it was saved, or that it does where nothing was said.
    variables: Vec<String>,
    /// Whether it is in use; where it isn't, the built-in one of its code is.
    is_active: bool,
    /// Whether it is the one that the system brings; its version is 0.
    built_in: bool,
    version: u64,
    /// What the shop fills in its own messages of this code; empty for a code that the shop itself never sends.
    available_variables: Vec<Variable>,
    /// Names it uses that the shop's own messages of this code don't have. While there is one, the built-in text is sent.
    unfilled_variables: Vec<String>,
    created_at: Option<Timestamp>,
    updated_at: Option<Timestamp>,
    updated_by: Option<UserId>,
}

impl TemplateView {
    /// A template of the shop's own.
    pub(super) fn own(template: Template) -> Self {
        let kind = MessageKind::parse(template.code.as_str());
        let view = Self::saying(template.code.as_str(), template.locale, template.wording, &template.uses);
        let unfilled = kind.map(|kind| template.uses.into_iter().filter(|name| !variables::knows(kind, name)).collect());
        Self {
            id: Some(template.id),
            is_active: template.is_active,
            built_in: false,
            version: template.version,
            unfilled_variables: unfilled.unwrap_or_default(),
            created_at: Some(template.created_at),
            updated_at: Some(template.updated_at),
            updated_by: template.updated_by.id(),
            ..view
        }
    }

    /// The one that the system brings.
    pub(super) fn built_in(kind: MessageKind, locale: Locale, wording: Wording, uses: &[String]) -> Self {
        Self::saying(kind.as_str(), locale, wording, uses)
    }

    fn saying(code: &str, locale: Locale, wording: Wording, uses: &[String]) -> Self {
        let used: BTreeSet<&str> = uses.iter().filter_map(|name| name.split('.').next()).collect();
        Self {
            id: None,
            code: code.to_owned(),
            locale,
            variables: wording.declared.unwrap_or_else(|| used.into_iter().map(ToOwned::to_owned).collect()),
            name: wording.name,
            subject: wording.subject,
            html_content: wording.html,
            text_content: wording.text,
            is_active: true,
            built_in: true,
            version: 0,
            available_variables: MessageKind::parse(code).map(variables::of).unwrap_or_default(),
            unfilled_variables: Vec::new(),
            created_at: None,
            updated_at: None,
            updated_by: None,
        }
    }
}
