//! `POST /api/orders/{orderId}/cancel` — cancel an order and everything that hangs on it.

use super::{OrderView, load, order_id};
use api::input::{Input, Reader, Value};
use api::{Amount, Answer, Caller, Checked, Problem, Shop};
use axum::Router;
use axum::extract::State;
use axum::routing::post;
use domain::ids::{OrderId, RefundId};
use domain::order::{CancelRequest, Cancellation};
use domain::refund::{Refund, RefundMethod, RefundStatus};
use serde::Serialize;
use utoipa::ToSchema;

/// The most characters of a reason.
pub(crate) const MOST_REASON: usize = 500;

/// What a client sends to cancel an order.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "the document's picture of the body; `Input` reads it")]
pub(crate) struct CancelBody {
    /// Why. What staff write the customer is told in the mail that says it is cancelled.
    #[schema(max_length = 500)]
    reason: String,
    /// The way the money came, when it is left out.
    refund_method: Option<RefundMethod>,
    /// For staff to read. Those of a customer stand in the order's own notes where nothing was paid.
    notes: Option<String>,
}

struct CancelOrder {
    id: OrderId,
    request: CancelRequest,
}

/// A cancelled order.
#[derive(Serialize, ToSchema)]
pub(crate) struct CancelAnswer<'a> {
    success: bool,
    message: String,
    order: OrderView<'a>,
    refund: Option<RefundSummary>,
}

/// The refund a cancellation made.
#[derive(Serialize, ToSchema)]
struct RefundSummary {
    id: RefundId,
    amount: Amount,
    status: RefundStatus,
    method: RefundMethod,
}

impl Input for CancelOrder {
    fn read(request: &mut Reader<'_>) -> Option<Self> {
        let id = order_id(request);
        let mut body = request.body()?;
        let reason = body.required("reason", "MISSING_REASON", |value| reason(&value));
        let refund_method = body.optional("refundMethod", |value| value.word::<RefundMethod>("INVALID_METHOD"));
        let notes = body.optional("notes", |value| value.text(2_000));
        body.finish();
        // Customers know their own, and whoever ordered in another's name and to another's address has nothing to say to them.
        let is_reason_told = request.caller().is_some_and(|caller| caller.customer().is_none());
        let request = CancelRequest { reason: reason?, is_reason_told, refund_method: refund_method?, notes: notes? };
        Some(Self { id: id?, request })
    }
}

/// Why an order is cancelled; one that is too long has the same code whichever field it comes in.
pub(crate) fn reason(value: &Value<'_>) -> Option<String> {
    value.text_as(MOST_REASON, "INVALID_REASON")
}

/// The routes of this endpoint.
pub fn routes() -> Router<Shop> {
    Router::new().route("/api/orders/{orderId}/cancel", post(cancel))
}

#[utoipa::path(post, path = "/api/orders/{orderId}/cancel", operation_id = "cancelOrder", tag = "Orders", request_body = CancelBody,
    params(("orderId" = u64, Path)),
    responses((status = 200, description = "The order after it, and the refund it made.", body = CancelAnswer<'static>)))]
async fn cancel(State(shop): State<Shop>, caller: Caller, request: Checked<CancelOrder>) -> Result<Answer, Problem> {
    let Checked { input: CancelOrder { id, request }, meta } = request;
    let (shop, request, meta) = (&shop, &request, &meta);
    shop.decide(meta, |attempt| async move {
        let order = load(shop, id).await?;
        caller.may_reach(order.customer_id)?;
        meta.require_match(order.version)?;
        let change = order.cancel(request, caller.actor(), attempt.now, attempt.ids)?;
        let answer = Answer::ok(&CancelAnswer::from(&change))?.etag(change.order.version);
        Ok((answer, shop.store.cancelling(change, attempt.lost).await?))
    })
    .await
}

impl<'a> From<&'a Cancellation> for CancelAnswer<'a> {
    fn from(change: &'a Cancellation) -> Self {
        let number = &change.order.order_number;
        let sums: Vec<String> = change.goes_back().iter().map(|way| format!("{} go back by {}", way.amount, way.method)).collect();
        let sums = sums.join(" and ");
        let message = match change.refunds.len() {
            0 => format!("Order {number} is cancelled."),
            1 => format!("Order {number} is cancelled; {sums}."),
            several => format!("Order {number} is cancelled; {sums}, in {several} refunds."),
        };
        Self { success: true, message, order: (&change.order).into(), refund: change.refunds.first().map(Into::into) }
    }
}

impl From<&Refund> for RefundSummary {
    fn from(refund: &Refund) -> Self {
        Self { id: refund.id, amount: refund.amount.into(), status: refund.status, method: refund.method }
    }
}
