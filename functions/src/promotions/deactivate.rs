//! `DELETE /api/promotions?id=` — end a promotion. Its record and its uses stay.

use super::{code_of, not_found};
use crate::query;
use api::auth::Admin;
use api::input::{Input, Reader};
use api::{Answer, Checked, Problem, Shop};
use axum::extract::State;
use domain::ids::PromotionId;
use serde::Serialize;
use store::Writes;
use utoipa::ToSchema;

/// A promotion to end.
pub(super) struct DeactivatePromotion(PromotionId);

/// That it is done, however often it is asked for.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeactivateAnswer {
    success: bool,
    message: String,
}

impl Input for DeactivatePromotion {
    fn read(request: &mut Reader<'_>) -> Option<Self> {
        query::required_id(request, PromotionId::new).map(Self)
    }
}

#[utoipa::path(delete, path = "/api/promotions", operation_id = "deactivatePromotion", tag = "Promotions",
    params(("id" = u64, Query)),
    responses((status = 200, description = "It is not active any more.", body = DeactivateAnswer)))]
pub(super) async fn deactivate(
    State(shop): State<Shop>,
    Admin(caller): Admin,
    request: Checked<DeactivatePromotion>,
) -> Result<Answer, Problem> {
    let Checked { input: DeactivatePromotion(id), meta } = request;
    let (shop, meta) = (&shop, &meta);
    shop.decide(meta, |attempt| async move {
        let code = code_of(shop, id).await?;
        let promotion = shop.store.promotion(&code).await?.ok_or_else(|| not_found(id))?;
        meta.require_match(promotion.version)?;
        let change = promotion.deactivate(caller.actor(), attempt.now, attempt.ids);
        let answer = DeactivateAnswer { success: true, message: format!("The promotion {code} is not active any more.") };
        let version = change.as_ref().map_or(promotion.version, |change| change.promotion.version);
        Ok((Answer::ok(&answer)?.etag(version), change.as_ref().map(Writes::from).unwrap_or_default()))
    })
    .await
}
