//! `DELETE /api/email-templates?id=` — take a template out of use; the built-in text is sent from then on.

use super::load;
use crate::query;
use api::auth::Admin;
use api::input::{Input, Reader};
use api::{Answer, Checked, Problem, Shop};
use axum::extract::State;
use domain::ids::TemplateId;
use serde::Serialize;
use store::Writes;
use utoipa::ToSchema;

/// The template that goes out of use.
pub(super) struct RemoveTemplate(TemplateId);

/// What became of it.
#[derive(Serialize, ToSchema)]
pub(crate) struct TemplateRemoved {
    success: bool,
    message: String,
}

impl Input for RemoveTemplate {
    fn read(request: &mut Reader<'_>) -> Option<Self> {
        query::required_id(request, TemplateId::new).map(Self)
    }
}

#[utoipa::path(delete, path = "/api/email-templates", operation_id = "removeEmailTemplate", tag = "E-mail templates",
    params(("id" = u64, Query)),
    responses((status = 200, description = "It is out of use, also when it was before.", body = TemplateRemoved)))]
pub(super) async fn remove(State(shop): State<Shop>, Admin(caller): Admin, request: Checked<RemoveTemplate>) -> Result<Answer, Problem> {
    let Checked { input: RemoveTemplate(id), meta } = request;
    let (shop, meta) = (&shop, &meta);
    shop.decide(meta, |attempt| async move {
        let template = load(shop, id).await?;
        meta.require_match(template.version)?;
        let message = format!("Template {} is out of use.", template.code);
        let answer = Answer::ok(&TemplateRemoved { success: true, message })?;
        match template.deactivate(caller.actor(), attempt.now) {
            Some(next) => Ok((answer.etag(next.version), Writes::new().template(&next))),
            None => Ok((answer.etag(template.version), Writes::new())),
        }
    })
    .await
}
