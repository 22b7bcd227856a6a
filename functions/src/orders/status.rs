//! `PUT /api/orders/{orderId}/status` — take an order one step forward, or cancel it.

use super::cancel::{MOST_REASON, reason};
use super::{OrderView, load, order_id};
use api::auth::Staff;
use api::input::{Input, MISSING, Reader};
use api::{Answer, Checked, Problem, Shop};
use axum::Router;
use axum::extract::State;
use axum::routing::put;
use domain::ids::OrderId;
use domain::order::{CancelRequest, Order, OrderStatus};
use serde::Serialize;
use store::Writes;
use utoipa::ToSchema;

/// What staff send to move an order on.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "the document's picture of the body; `Input` reads it")]
pub(crate) struct StatusBody {
    new_status: OrderStatus,
    /// For the audit trail, which staff alone read. Required for `CANCELLED`, as the reason there and of the refund; a reason that
    /// the customer is to be told goes with `POST …/cancel`.
    #[schema(max_length = 500)]
    note: Option<String>,
}

struct ChangeStatus {
    id: OrderId,
    step: Step,
}

enum Step {
    Forward(OrderStatus, Option<String>),
    Cancel(CancelRequest),
}

/// An order that moved on.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StatusAnswer<'a> {
    message: String,
    order: OrderView<'a>,
    previous_status: OrderStatus,
    new_status: OrderStatus,
}

impl Input for ChangeStatus {
    fn read(request: &mut Reader<'_>) -> Option<Self> {
        let id = order_id(request);
        let mut body = request.body()?;
        let status = body.required("newStatus", MISSING, |value| value.word::<OrderStatus>("INVALID_STATUS"));
        let step = if status == Some(OrderStatus::Cancelled) {
            let reason = body.required("note", "MISSING_REASON", |value| reason(&value));
            // Of every step the note is the audit trail's.
            reason.map(|reason| Step::Cancel(CancelRequest { reason, is_reason_told: false, refund_method: None, notes: None }))
        } else {
            let note = body.optional("note", |value| value.text(MOST_REASON));
            status.zip(note).map(|(status, note)| Step::Forward(status, note))
        };
        body.finish();
        Some(Self { id: id?, step: step? })
    }
}

/// The routes of this endpoint.
pub fn routes() -> Router<Shop> {
    Router::new().route("/api/orders/{orderId}/status", put(change))
}

#[utoipa::path(put, path = "/api/orders/{orderId}/status", operation_id = "changeOrderStatus", tag = "Orders", request_body = StatusBody,
    params(("orderId" = u64, Path)),
    responses((status = 200, description = "The order after it.", body = StatusAnswer<'static>)))]
async fn change(State(shop): State<Shop>, Staff(caller): Staff, request: Checked<ChangeStatus>) -> Result<Answer, Problem> {
    let Checked { input: ChangeStatus { id, step }, meta } = request;
    let (shop, step, meta, actor) = (&shop, &step, &meta, caller.actor());
    shop.decide(meta, |attempt| async move {
        let order = load(shop, id).await?;
        meta.require_match(order.version)?;
        match step {
            Step::Forward(to, note) => {
                let change = order.advance(*to, note.as_deref(), actor, attempt.now, attempt.ids)?;
                Ok((answer(&change.order, change.previous)?, Writes::from(&change)))
            }
            Step::Cancel(request) => {
                let change = order.cancel(request, actor, attempt.now, attempt.ids)?;
                Ok((answer(&change.order, change.previous)?, shop.store.cancelling(change, attempt.lost).await?))
            }
        }
    })
    .await
}

fn answer(order: &Order, previous: OrderStatus) -> Result<Answer, Problem> {
    let answer = StatusAnswer {
        message: format!("Order {} is {} now.", order.order_number, order.status),
        order: order.into(),
        previous_status: previous,
        new_status: order.status,
    };
    Ok(Answer::ok(&answer)?.etag(order.version))
}
