//! `PUT /api/promotions?id=` — change a promotion, also while it is used.

use super::create::{code, uses, wrong_value};
use super::{MOST_DESCRIPTION, MOST_NAME, PromotionView, code_of, not_found};
use crate::query;
use api::auth::Admin;
use api::input::{Decimal, Input, MISSING, Reader};
use api::{Answer, Checked, Problem, Shop};
use axum::extract::State;
use domain::ids::PromotionId;
use domain::promotion::{PromotionPatch, PromotionType};
use store::Writes;
use utoipa::ToSchema;

/// What an admin changes of a promotion; at least one of them. Amounts are in the promotion's currency.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "the document's picture of the body; `Input` reads it")]
pub(crate) struct PromotionPatchBody {
    /// The one it has: a code doesn't change.
    code: Option<String>,
    #[schema(max_length = 100)]
    name: Option<String>,
    #[schema(max_length = 500)]
    description: Option<String>,
    r#type: Option<PromotionType>,
    /// A percentage (more than 0, at most 100, two decimals), or an amount. Goes with a change of the type.
    value: Option<f64>,
    min_order_value: Option<f64>,
    max_discount: Option<f64>,
    /// Without end when it is `null`. Below what is used by now, the promotion is used up.
    #[schema(minimum = 1)]
    usage_limit: Option<u32>,
    #[schema(minimum = 1)]
    per_user_limit: Option<u32>,
    /// Epoch milliseconds.
    start_date: Option<u64>,
    /// Epoch milliseconds.
    end_date: Option<u64>,
    /// Another one takes every amount with it: they must be given again.
    currency: Option<String>,
    is_active: Option<bool>,
}

/// A change of one promotion.
pub(super) struct UpdatePromotion {
    id: PromotionId,
    patch: PromotionPatch,
}

impl Input for UpdatePromotion {
    fn read(request: &mut Reader<'_>) -> Option<Self> {
        let id = query::required_id(request, PromotionId::new);
        let mut body = request.body()?;
        if body.is_empty() {
            body.missing("name", MISSING);
        }
        let code = body.changeable("code", |value| code(&value));
        let name = body.changeable("name", |value| value.text(MOST_NAME));
        let description = body.clearable("description", |value| value.text(MOST_DESCRIPTION));
        let kind = body.changeable("type", |value| value.word::<PromotionType>("INVALID_TYPE"));
        let value = body.clearable("value", |value| value.number(wrong_value(kind.flatten())).map(Decimal::new));
        let min_order_value = body.clearable("minOrderValue", |value| value.number("INVALID_AMOUNT").map(Decimal::new));
        let max_discount = body.clearable("maxDiscount", |value| value.number("INVALID_AMOUNT").map(Decimal::new));
        let usage_limit = body.clearable("usageLimit", |value| uses(&value, "INVALID_USAGE_LIMIT"));
        let per_user_limit = body.clearable("perUserLimit", |value| uses(&value, "INVALID_PER_USER_LIMIT"));
        let start = body.changeable("startDate", |value| value.timestamp());
        let end = body.changeable("endDate", |value| value.timestamp());
        let currency = body.changeable("currency", |value| value.currency());
        let is_active = body.changeable("isActive", |value| value.boolean());
        body.finish();
        let patch = PromotionPatch {
            code: code?,
            name: name?,
            description: description?,
            kind: kind?,
            value: value?,
            min_order_value: min_order_value?,
            max_discount: max_discount?,
            usage_limit: usage_limit?,
            per_user_limit: per_user_limit?,
            start: start?,
            end: end?,
            currency: currency?,
            is_active: is_active?,
        };
        Some(Self { id: id?, patch })
    }
}

#[utoipa::path(put, path = "/api/promotions", operation_id = "updatePromotion", tag = "Promotions", request_body = PromotionPatchBody,
    params(("id" = u64, Query)),
    responses((status = 200, description = "The promotion after it.", body = PromotionView<'static>)))]
pub(super) async fn update(State(shop): State<Shop>, Admin(caller): Admin, request: Checked<UpdatePromotion>) -> Result<Answer, Problem> {
    let Checked { input: UpdatePromotion { id, patch }, meta } = request;
    let (shop, patch, meta) = (&shop, &patch, &meta);
    shop.decide(meta, |attempt| async move {
        let code = code_of(shop, id).await?;
        let (promotion, left) = shop.store.counted_promotion(&code).await?.ok_or_else(|| not_found(id))?;
        meta.require_match(promotion.version)?;
        let change = promotion.update(patch.clone(), &left, caller.actor(), attempt.now, attempt.ids)?;
        // Uses don't change with the limit, so they are what they were before.
        let answer = PromotionView::counted(&change.promotion, promotion.used(&left));
        Ok((Answer::ok(&answer)?.etag(change.promotion.version), Writes::from(&change)))
    })
    .await
}
