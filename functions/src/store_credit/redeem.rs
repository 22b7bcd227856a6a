//! `POST /api/store-credit/redeem` — a customer pays with credit.

use super::EntryView;
use crate::orders;
use api::auth::Staff;
use api::input::{Input, MISSING, Reader};
use api::{Amount, Answer, Checked, Problem, Shop};
use axum::Router;
use axum::extract::State;
use axum::routing::post;
use domain::credit::RedemptionRequest;
use domain::ids::{CreditEntryId, CustomerId, OrderId};
use domain::money::Currency;
use serde::Serialize;
use store::Writes;
use utoipa::ToSchema;

/// What staff send to redeem credit.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "the document's picture of the body; `Input` reads it")]
pub(crate) struct RedeemBody {
    customer_id: CustomerId,
    amount: f64,
    /// ISO 4217; the shop's when it is left out.
    currency: Option<String>,
    /// The order it pays for: so much less is to be paid otherwise, and when the order is cancelled or comes back it is store credit again.
    order_id: Option<OrderId>,
    note: String,
}

struct Redeem(RedemptionRequest);

/// The redemption, and what is left.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RedeemAnswer {
    id: CreditEntryId,
    customer_id: CustomerId,
    #[serde(flatten)]
    entry: EntryView,
    /// What is left in that currency.
    balance: Amount,
}

impl Input for Redeem {
    fn read(request: &mut Reader<'_>) -> Option<Self> {
        let shops = request.shop().currency;
        let mut body = request.body()?;
        let currency = body.peek("currency").and_then(Currency::parse).unwrap_or(shops);
        let customer_id = body.required("customerId", MISSING, |value| value.id(CustomerId::new, "INVALID_ID"));
        let amount = body.required("amount", MISSING, |value| value.positive_amount(currency));
        let stated = body.optional("currency", |value| value.currency());
        let order_id = body.optional("orderId", |value| value.id(OrderId::new, "INVALID_ID"));
        let note = body.required("note", MISSING, |value| value.text(500));
        body.finish();
        let _stated: Option<Currency> = stated?;
        Some(Self(RedemptionRequest { customer_id: customer_id?, amount: amount?, order_id: order_id?, note: note? }))
    }
}

/// The routes of this endpoint.
pub fn routes() -> Router<Shop> {
    Router::new().route("/api/store-credit/redeem", post(redeem))
}

#[utoipa::path(post, path = "/api/store-credit/redeem", operation_id = "redeemStoreCredit", tag = "Store credit", request_body = RedeemBody,
    responses((status = 201, description = "The redemption, and what is left.", body = RedeemAnswer)))]
async fn redeem(State(shop): State<Shop>, Staff(caller): Staff, request: Checked<Redeem>) -> Result<Answer, Problem> {
    let Checked { input: Redeem(wanted), meta } = request;
    let (shop, wanted) = (&shop, &wanted);
    shop.decide(&meta, |attempt| async move {
        let order = async {
            let Some(id) = wanted.order_id else { return Ok(None) };
            let order = shop.store.order(id).await?.filter(|order| order.customer_id == wanted.customer_id);
            order.map(Some).ok_or_else(|| orders::not_found(format!("{id} of this customer")))
        };
        let balance = async { Ok(shop.store.balance(wanted.customer_id, wanted.amount.currency).await?) };
        let (order, balance) = tokio::try_join!(order, balance)?;
        let mut ids = attempt.ids;
        let redemption = balance.redeem(wanted.clone(), order.as_ref(), caller.actor(), attempt.now, &mut ids)?;
        let writes = Writes::from(&redemption);
        let answer = RedeemAnswer {
            id: redemption.entry.id,
            customer_id: wanted.customer_id,
            balance: redemption.left.into(),
            entry: redemption.entry.into(),
        };
        Ok((Answer::created(&answer)?, writes))
    })
    .await
}
