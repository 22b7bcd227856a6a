//! `POST /api/refunds` — an admin refunds an order: all that is left, an amount, or pieces of its lines.

use super::RefundView;
use crate::{lines, orders};
use api::auth::Admin;
use api::input::{Decimal, Input, MISSING, Reader, Value};
use api::problem::FieldError;
use api::{Answer, Checked, Problem, Shop};
use axum::extract::State;
use domain::ids::{OrderId, OrderItemId};
use domain::order::{MAX_LINES, Order};
use domain::refund::{RefundMethod, RefundPart, RefundRequest};
use store::Writes;
use utoipa::ToSchema;

/// What an admin sends to refund an order; with neither an amount nor items, all that is left goes back.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "the document's picture of the body; `Input` reads it")]
pub(crate) struct NewRefundBody {
    order_id: OrderId,
    /// In the order's currency. With neither this nor `items` it is all that is left; where store credit was spent on the order, what was
    /// paid otherwise first, and then the credit.
    amount: Option<f64>,
    /// The lines' own money goes back: the price paid with the order's discount spread over it.
    items: Option<Vec<RefundedItemBody>>,
    #[schema(max_length = 500)]
    reason: String,
    /// The way the money came, when it is left out.
    refund_method: Option<RefundMethod>,
}

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "the document's picture of the body; `Input` reads it")]
pub(crate) struct RefundedItemBody {
    order_item_id: OrderItemId,
    #[schema(minimum = 1)]
    quantity: u32,
}

/// How much of what; an amount's currency is the order's.
enum Asked {
    Rest,
    Amount(Decimal),
    Pieces(Vec<(OrderItemId, u32)>),
}

pub(super) struct CreateRefund {
    order_id: OrderId,
    asked: Asked,
    reason: String,
    method: Option<RefundMethod>,
}

impl Input for CreateRefund {
    fn read(request: &mut Reader<'_>) -> Option<Self> {
        let mut body = request.body()?;
        let order_id = body.required("orderId", MISSING, |value| value.id(OrderId::new, "INVALID_ID"));
        let amount = body.optional("amount", |value| value.positive_decimal("INVALID_AMOUNT"));
        let items = body.optional("items", |value| pieces(&value));
        if matches!((&amount, &items), (Some(Some(_)), Some(Some(_)))) {
            body.note("items", "INVALID_ITEM", "A refund is of an amount or of items, not of both.".to_owned());
        }
        let reason = body.required("reason", MISSING, |value| value.text(orders::cancel::MOST_REASON));
        let method = body.optional("refundMethod", |value| value.word::<RefundMethod>("INVALID_METHOD"));
        body.finish();
        let asked = match (amount?, items?) {
            (_, Some(pieces)) => Asked::Pieces(pieces),
            (Some(amount), None) => Asked::Amount(amount),
            (None, None) => Asked::Rest,
        };
        Some(Self { order_id: order_id?, asked, reason: reason?, method: method? })
    }
}

fn pieces(value: &Value<'_>) -> Option<Vec<(OrderItemId, u32)>> {
    lines::read(value, MAX_LINES, |fields| {
        let id = fields.required("orderItemId", "INVALID_ITEM", |value| lines::order_item(&value));
        let quantity = fields.required("quantity", "INVALID_ITEM", |value| lines::pieces(&value, 1));
        Some((id?, quantity?))
    })
}

impl CreateRefund {
    fn request(&self, order: &Order) -> Result<RefundRequest, Problem> {
        let part = match &self.asked {
            Asked::Rest => RefundPart::Rest,
            Asked::Pieces(pieces) => RefundPart::Pieces(pieces.clone()),
            Asked::Amount(amount) => {
                let wrong = |error| Problem::invalid(vec![FieldError::amount("amount", error, order.currency)]);
                RefundPart::Amount(amount.amount(order.currency).map_err(wrong)?)
            }
        };
        Ok(RefundRequest { part, reason: self.reason.clone(), method: self.method })
    }
}

#[utoipa::path(post, path = "/api/refunds", operation_id = "createRefund", tag = "Refunds", request_body = NewRefundBody,
    responses((status = 201, description = "The refund, which a worker carries out.", body = RefundView)))]
pub(super) async fn create(State(shop): State<Shop>, Admin(caller): Admin, request: Checked<CreateRefund>) -> Result<Answer, Problem> {
    let Checked { input, meta } = request;
    let (shop, input) = (&shop, &input);
    shop.decide(&meta, |attempt| async move {
        let order = shop.store.order(input.order_id).await?.ok_or_else(|| orders::not_found(input.order_id))?;
        let opened = order.refund(&input.request(&order)?, caller.actor(), attempt.now, attempt.ids)?;
        let answer = Answer::created(&RefundView::from(opened.refund.clone()))?.etag(opened.refund.version);
        Ok((answer, Writes::from(&opened)))
    })
    .await
}
