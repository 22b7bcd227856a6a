//! `POST /api/returns` — ask for pieces of a delivered order to be taken back.

use super::condition;
use super::view::ReturnAnswer;
use crate::{lines, orders};
use api::input::{Input, Reader, Value};
use api::{Answer, Caller, Checked, Problem, Shop};
use axum::extract::State;
use axum::http::StatusCode;
use domain::ids::{OrderId, OrderItemId};
use domain::returns::{Condition, RequestedItem, Return, ReturnRequest};
use store::Writes;
use tokio::sync::OnceCell;
use utoipa::ToSchema;

/// The most entries: every line of the largest order, its pieces in two conditions.
const MOST_ITEMS: usize = 100;

/// What a client sends to ask for a return.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "the document's picture of the body; `Input` reads it")]
pub(crate) struct ReturnRequestBody {
    order_id: OrderId,
    #[schema(max_length = 500)]
    reason: String,
    description: Option<String>,
    /// Entries of one line in one condition are added together; 1 to 100 entries.
    items: Vec<ReturnItemBody>,
}

/// Pieces of a line.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "the document's picture of the body; `Input` reads it")]
struct ReturnItemBody {
    order_item_id: OrderItemId,
    #[schema(minimum = 1, maximum = 1_000_000)]
    quantity: u32,
    condition: Condition,
    /// True for `UNOPENED` and `OPENED_UNUSED` when it is left out; true for the others is staff's word alone.
    restockable: Option<bool>,
}

/// A return that was asked for.
pub(super) struct RequestReturn {
    order_id: OrderId,
    request: ReturnRequest,
}

impl Input for RequestReturn {
    fn read(request: &mut Reader<'_>) -> Option<Self> {
        let mut body = request.body()?;
        let order_id = body.required("orderId", "MISSING_ORDER_ID", |value| value.id(OrderId::new, "INVALID_ID"));
        let reason = body.required("reason", "MISSING_REASON", |value| orders::cancel::reason(&value));
        let description = body.optional("description", |value| value.text(2_000));
        let items = body.required("items", "MISSING_ITEMS", |value| items(&value));
        body.finish();
        Some(Self { order_id: order_id?, request: ReturnRequest { reason: reason?, description: description?, items: items? } })
    }
}

fn items(value: &Value<'_>) -> Option<Vec<RequestedItem>> {
    lines::read(value, MOST_ITEMS, |fields| {
        let order_item_id = fields.required("orderItemId", "INVALID_ITEM", |value| lines::order_item(&value));
        let quantity = fields.required("quantity", "INVALID_ITEM", |value| lines::pieces(&value, 1));
        let condition = fields.required("condition", "INVALID_CONDITION", |value| condition(&value));
        let restockable = fields.optional("restockable", |value| value.boolean_as("INVALID_ITEM"));
        let condition = condition?;
        let restockable = restockable?.unwrap_or(condition.is_sellable());
        Some(RequestedItem { order_item_id: order_item_id?, quantity: quantity?, condition, restockable })
    })
}

#[utoipa::path(post, path = "/api/returns", operation_id = "requestReturn", tag = "Returns", request_body = ReturnRequestBody,
    responses((status = 201, description = "The return.", body = ReturnAnswer<'static>)))]
pub(super) async fn request(State(shop): State<Shop>, caller: Caller, request: Checked<RequestReturn>) -> Result<Answer, Problem> {
    let Checked { input: RequestReturn { order_id, request }, meta } = request;
    let request = if caller.is_staff() { request } else { request.by_customer() };
    let number = OnceCell::new();
    let (shop, request, number) = (&shop, &request, &number);
    shop.decide(&meta, |attempt| async move {
        let order = shop.store.order(order_id).await?.ok_or_else(|| orders::not_found(order_id))?;
        caller.may_reach(order.customer_id)?;
        let policy = &shop.config.returns;
        let window_ends = order.completed_at.map(|delivered| shop.config.end_of_day(delivered, policy.window_days));
        let accepted = request.accept(&order, policy, window_ends, attempt.now)?;
        // Taken once, after it was first accepted: deciding again needs no second number.
        let (day, sequence) = number
            .get_or_try_init(|| async {
                let day = shop.config.day(attempt.now);
                shop.store.next_rma_number(&day).await.map(|sequence| (day, sequence))
            })
            .await?;
        let change = Return::open(accepted, day, *sequence, caller.actor(), attempt.now, attempt.ids);
        Ok((ReturnAnswer::of(&change.rma)?.with_status(StatusCode::CREATED), Writes::from(&change)))
    })
    .await
}
