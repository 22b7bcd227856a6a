//! `GET /api/refunds` — one refund by `id`, else a list.

use super::{RefundView, load};
use crate::query;
use api::auth::Staff;
use api::input::{Input, Reader};
use api::{Answer, Checked, Problem, Shop, page};
use axum::extract::State;
use domain::ids::{OrderId, RefundId};
use domain::refund::{RefundMethod, RefundStatus};
use store::{PageRequest, RefundFilter};

/// Which refunds.
pub(super) enum FindRefunds {
    ById(RefundId),
    List(RefundFilter, PageRequest),
}

impl Input for FindRefunds {
    fn read(request: &mut Reader<'_>) -> Option<Self> {
        let id = request.query("id", |value| value.id(RefundId::new, "INVALID_ID"));
        let order_id = request.query("orderId", |value| value.id(OrderId::new, "INVALID_ID"));
        let status = request.query("status", |value| value.word::<RefundStatus>("INVALID_STATUS"));
        let method = request.query("method", |value| value.word::<RefundMethod>("INVALID_METHOD"));
        let page = page::read(request);
        if let Some(id) = id? {
            return query::alone(request, "id", &["orderId", "status", "method", "limit", "cursor"]).map(|()| Self::ById(id));
        }
        Some(Self::List(RefundFilter { order_id: order_id?, status: status?, method: method? }, page?))
    }
}

#[utoipa::path(get, path = "/api/refunds", operation_id = "findRefunds", tag = "Refunds",
    params(
        ("id" = Option<u64>, Query, description = "One refund."),
        ("orderId" = Option<u64>, Query),
        ("status" = Option<RefundStatus>, Query),
        ("method" = Option<RefundMethod>, Query),
        ("limit" = Option<u32>, Query, description = "1 to 100; 50 when left out.", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "The `X-Next-Cursor` of the page before."),
    ),
    responses((status = 200, description = "An array, newest first; the refund itself with `id`.", body = Vec<RefundView>)))]
pub(super) async fn find(State(shop): State<Shop>, _staff: Staff, request: Checked<FindRefunds>) -> Result<Answer, Problem> {
    match request.input {
        FindRefunds::ById(id) => {
            let refund = load(&shop, id).await?;
            let version = refund.version;
            Ok(Answer::ok(&RefundView::from(refund))?.etag(version))
        }
        FindRefunds::List(filter, page) => page::answer(shop.store.refunds(filter, page).await?, &request.meta, RefundView::from),
    }
}
