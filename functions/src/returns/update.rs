//! `PUT /api/returns?id=` — staff take a return a step on: approve it, count what arrived, refund it, close it, reject it.

use super::view::ReturnAnswer;
use super::{condition, load};
use crate::{lines, orders, query};
use api::auth::Staff;
use api::input::{Decimal, Input, Reader, Value};
use api::problem::FieldError;
use api::{Answer, Checked, Problem, Shop};
use axum::extract::State;
use domain::ids::{OrderItemId, ReturnId, ReturnItemId};
use domain::money::{Currency, Money};
use domain::returns::{Condition, Count, Fees, ReturnStatus, ReturnStep, StepRequest};
use store::Writes;
use utoipa::ToSchema;

/// No return has more.
const MOST_COUNTS: usize = 100;

/// What staff send to take a return a step on.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "the document's picture of the body; `Input` reads it")]
pub(crate) struct ReturnStepBody {
    status: ReturnStatus,
    /// Required, as the reason, for `REJECTED`.
    notes: Option<String>,
    /// What arrived, with `RECEIVED`; what is left out arrived as it was asked for. With another status, only what stands there already.
    items: Option<Vec<CountBody>>,
    /// With `APPROVED`, `RECEIVED` or `REFUNDED`; kept of the refund. With another status, only what stands there already, or null.
    restocking_fee: Option<f64>,
    /// Likewise.
    return_shipping_fee: Option<f64>,
}

/// What arrived of an entry.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "the document's picture of the body; `Input` reads it")]
struct CountBody {
    order_item_id: OrderItemId,
    /// The entry's own id, needed where the return has several of that line.
    id: Option<ReturnItemId>,
    /// All that were asked for when it is left out.
    #[schema(maximum = 1_000_000)]
    received_quantity: Option<u32>,
    restockable: Option<bool>,
    /// Decides anew whether the pieces are restockable, where it is another than the customer said.
    condition: Option<Condition>,
}

/// A step of one return.
pub(super) struct UpdateReturn {
    id: ReturnId,
    /// Without its fees, whose currency only the order knows.
    request: StepRequest,
    restocking_fee: Option<Decimal>,
    return_shipping_fee: Option<Decimal>,
}

impl Input for UpdateReturn {
    fn read(request: &mut Reader<'_>) -> Option<Self> {
        let id = query::required_id(request, ReturnId::new);
        let mut body = request.body()?;
        let status = body.required("status", "INVALID_STATUS", |value| value.word::<ReturnStatus>("INVALID_STATUS"));
        let notes = match status {
            Some(ReturnStatus::Rejected) => body.required("notes", "MISSING_REASON", |value| value.text(2_000)).map(|why| Some(Some(why))),
            _ => body.clearable("notes", |value| value.text(2_000)),
        };
        let counts = body.optional("items", |value| counts(&value));
        let restocking_fee = body.clearable("restockingFee", |value| value.decimal("INVALID_AMOUNT"));
        let return_shipping_fee = body.clearable("returnShippingFee", |value| value.decimal("INVALID_AMOUNT"));
        body.finish();
        let (notes, counts) = (notes?, counts?.unwrap_or_default());
        let step = match (status?, notes.clone().flatten()) {
            (ReturnStatus::Requested, _) => ReturnStep::Reopen,
            (ReturnStatus::Approved, _) => ReturnStep::Approve,
            (ReturnStatus::Received, _) => ReturnStep::Receive,
            (ReturnStatus::Refunded, _) => ReturnStep::Refund,
            (ReturnStatus::Completed, _) => ReturnStep::Complete,
            (ReturnStatus::Rejected, reason) => ReturnStep::Reject(reason?),
        };
        // Clearing a fee is a fee of nothing; where none is kept there is none to clear.
        let cleared = step.keeps_fees().then(Decimal::default);
        let (restocking_fee, return_shipping_fee) = (restocking_fee?, return_shipping_fee?);
        Some(Self {
            id: id?,
            request: StepRequest { step, notes, counts, fees: Fees::default() },
            restocking_fee: restocking_fee.and_then(|fee| fee.or_else(|| cleared.clone())),
            return_shipping_fee: return_shipping_fee.and_then(|fee| fee.or(cleared)),
        })
    }
}

fn counts(value: &Value<'_>) -> Option<Vec<Count>> {
    lines::read_any(value, MOST_COUNTS, |fields| {
        let order_item_id = fields.required("orderItemId", "INVALID_ITEM", |value| lines::order_item(&value));
        let entry = fields.optional("id", |value| value.id(ReturnItemId::new, "INVALID_ITEM"));
        let received = fields.optional("receivedQuantity", |value| lines::pieces(&value, 0));
        let restockable = fields.optional("restockable", |value| value.boolean_as("INVALID_ITEM"));
        let condition = fields.optional("condition", |value| condition(&value));
        Some(Count { order_item_id: order_item_id?, entry: entry?, received: received?, condition: condition?, restockable: restockable? })
    })
}

#[utoipa::path(put, path = "/api/returns", operation_id = "updateReturn", tag = "Returns", request_body = ReturnStepBody,
    params(("id" = u64, Query)),
    responses((status = 200, description = "The return after it.", body = ReturnAnswer<'static>)))]
pub(super) async fn update(State(shop): State<Shop>, Staff(caller): Staff, request: Checked<UpdateReturn>) -> Result<Answer, Problem> {
    let Checked { input, meta } = request;
    let (shop, input, meta) = (&shop, &input, &meta);
    shop.decide(meta, |attempt| async move {
        let rma = load(shop, input.id).await?;
        meta.require_match(rma.version)?;
        let order = shop.store.order(rma.order_id).await?.ok_or_else(|| orders::not_found(rma.order_id))?;
        let request = StepRequest { fees: input.fees(order.currency)?, ..input.request.clone() };
        let change = rma.take(&request, &order, &shop.config.returns, caller.actor(), attempt.now, attempt.ids)?;
        let taken = change.out_of_stock();
        if !taken.is_empty() {
            change.fits(&shop.store.variants_of(&taken).await?)?;
        }
        Ok((ReturnAnswer::of(&change.rma)?, Writes::from(&change)))
    })
    .await
}

impl UpdateReturn {
    /// What is kept, in the order's currency.
    ///
    /// # Errors
    /// `INVALID_AMOUNT` for each fee that is no amount of the order's currency.
    fn fees(&self, currency: Currency) -> Result<Fees, Problem> {
        let mut wrong: Vec<FieldError> = Vec::new();
        let mut amount = |name: &str, fee: &Option<Decimal>| -> Option<Money> {
            match fee.as_ref()?.amount(currency) {
                Ok(amount) => Some(amount),
                Err(error) => {
                    wrong.push(FieldError::amount(name, error, currency));
                    None
                }
            }
        };
        let fees = Fees {
            restocking: amount("restockingFee", &self.restocking_fee),
            return_shipping: amount("returnShippingFee", &self.return_shipping_fee),
        };
        if wrong.is_empty() { Ok(fees) } else { Err(Problem::invalid(wrong)) }
    }
}
