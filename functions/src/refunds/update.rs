//! `PUT /api/refunds?id=` — an admin takes a refund a step on, or notes something on it.

use super::{RefundView, load};
use crate::orders;
use crate::query;
use api::auth::Admin;
use api::input::{Input, MISSING, Reader};
use api::{Answer, Checked, Problem, Shop};
use axum::extract::State;
use domain::ids::RefundId;
use domain::refund::{RefundPatch, RefundStatus};
use store::Writes;
use utoipa::ToSchema;

/// What an admin changes of a refund; at least one of them.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "the document's picture of the body; `Input` reads it")]
pub(crate) struct RefundBody {
    status: Option<RefundStatus>,
    transaction_reference: Option<String>,
    notes: Option<String>,
}

/// A change of one refund.
pub(super) struct UpdateRefund {
    id: RefundId,
    patch: RefundPatch,
}

impl Input for UpdateRefund {
    fn read(request: &mut Reader<'_>) -> Option<Self> {
        let id = query::required_id(request, RefundId::new);
        let mut body = request.body()?;
        if body.is_empty() {
            body.missing("status", MISSING);
        }
        let status = body.changeable("status", |value| value.word::<RefundStatus>("INVALID_STATUS"));
        let transaction_reference = body.clearable("transactionReference", |value| value.text(255));
        let notes = body.clearable("notes", |value| value.text(2_000));
        body.finish();
        let patch = RefundPatch { status: status?, transaction_reference: transaction_reference?, notes: notes? };
        Some(Self { id: id?, patch })
    }
}

#[utoipa::path(put, path = "/api/refunds", operation_id = "updateRefund", tag = "Refunds", request_body = RefundBody,
    params(("id" = u64, Query)),
    responses((status = 200, description = "The refund after it.", body = RefundView)))]
pub(super) async fn update(State(shop): State<Shop>, Admin(caller): Admin, request: Checked<UpdateRefund>) -> Result<Answer, Problem> {
    let Checked { input: UpdateRefund { id, patch }, meta } = request;
    let (shop, patch, meta) = (&shop, &patch, &meta);
    shop.decide(meta, |attempt| async move {
        let refund = load(shop, id).await?;
        meta.require_match(refund.version)?;
        let order = shop.store.order(refund.order_id).await?.ok_or_else(|| orders::not_found(refund.order_id))?;
        let change = refund.update(patch.clone(), &order, caller.actor(), attempt.now, attempt.ids)?;
        let answer = Answer::ok(&RefundView::from(change.refund.clone()))?.etag(change.refund.version);
        Ok((answer, Writes::from(&change)))
    })
    .await
}
