//! `PUT /api/orders/{orderId}/payment` — staff mark an order's payment.

use super::{OrderView, load, order_id};
use api::auth::Staff;
use api::input::{Input, MISSING, Reader};
use api::{Answer, Checked, Problem, Shop};
use axum::Router;
use axum::extract::State;
use axum::routing::put;
use domain::ids::OrderId;
use domain::order::{PaymentError, PaymentRequest, PaymentStatus, kept_reference};
use store::Writes;
use utoipa::ToSchema;

/// What staff send to mark a payment.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "the document's picture of the body; `Input` reads it")]
pub(crate) struct PaymentBody {
    payment_status: PaymentStatus,
    reference: Option<String>,
}

struct MarkPayment {
    id: OrderId,
    request: PaymentRequest,
}

impl Input for MarkPayment {
    fn read(request: &mut Reader<'_>) -> Option<Self> {
        let id = order_id(request);
        let mut body = request.body()?;
        let status = body.required("paymentStatus", MISSING, |value| value.word::<PaymentStatus>("INVALID_STATUS"));
        let reference = body.optional("reference", |value| value.text(255).map(|written| kept_reference(&written)));
        body.finish();
        Some(Self { id: id?, request: PaymentRequest { status: status?, reference: reference? } })
    }
}

/// The routes of this endpoint.
pub fn routes() -> Router<Shop> {
    Router::new().route("/api/orders/{orderId}/payment", put(mark))
}

#[utoipa::path(put, path = "/api/orders/{orderId}/payment", operation_id = "markOrderPayment", tag = "Orders", request_body = PaymentBody,
    params(("orderId" = u64, Path)),
    responses((status = 200, description = "The order after it.", body = OrderView<'static>)))]
async fn mark(State(shop): State<Shop>, Staff(caller): Staff, request: Checked<MarkPayment>) -> Result<Answer, Problem> {
    let Checked { input: MarkPayment { id, request }, meta } = request;
    let (shop, request, meta) = (&shop, &request, &meta);
    shop.decide(meta, |attempt| async move {
        let order = load(shop, id).await?;
        meta.require_match(order.version)?;
        let change = order.pay(request, caller.actor(), attempt.now, attempt.ids)?;
        if let Some(reference) = &change.new_reference {
            let owner = shop.store.reference_owner(order.payment_method, reference).await?;
            if owner.is_some_and(|owner| owner != id) {
                return Err(PaymentError::ReferenceUsed(reference.clone()).into());
            }
        }
        let answer = Answer::ok(&OrderView::from(&change.order))?.etag(change.order.version);
        Ok((answer, Writes::from(&change)))
    })
    .await
}
