//! `POST /api/promotions/validate` — what a code would take off an order. It takes no use: placing the order does.

use super::Value;
use api::input::{Input, Reader};
use api::{Amount, Answer, Caller, Checked, Problem, Shop};
use axum::Router;
use axum::extract::State;
use axum::routing::post;
use domain::ids::{CustomerId, PromotionId};
use domain::money::{Currency, Money};
use domain::promotion::{Basket, NotRedeemable, Promotion, PromotionCode, PromotionType};
use serde::Serialize;
use utoipa::ToSchema;

/// What a client sends to ask after a code.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "the document's picture of the body; `Input` reads it")]
pub(crate) struct ValidateBody {
    /// In whatever case.
    code: String,
    /// What the lines come to.
    order_total: f64,
    /// A customer's own when it is left out; staff ask for nobody in particular then.
    customer_id: Option<CustomerId>,
    /// What `FREE_SHIPPING` takes off: without it that is 0.
    delivery_fee: Option<f64>,
    /// The order's; the shop's when it is left out.
    currency: Option<String>,
}

struct Validate {
    code: String,
    basket: Basket,
    customer_id: Option<CustomerId>,
}

/// A code that can be used.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ValidAnswer<'a> {
    valid: bool,
    promotion: PromotionSummary<'a>,
    discount_amount: Amount,
    /// `orderTotal` and `deliveryFee`, less the discount.
    final_total: Amount,
}

/// What a promotion offers.
#[derive(Serialize, ToSchema)]
struct PromotionSummary<'a> {
    id: PromotionId,
    code: &'a str,
    name: &'a str,
    description: Option<&'a str>,
    r#type: PromotionType,
    /// A percentage, or an amount.
    #[schema(value_type = f64)]
    value: Value,
}

impl Input for Validate {
    fn read(request: &mut Reader<'_>) -> Option<Self> {
        let shops = request.shop().currency;
        let mut body = request.body()?;
        let currency = body.peek("currency").and_then(Currency::parse).unwrap_or(shops);
        let code = body.required("code", "MISSING_CODE", |value| value.text(200));
        let subtotal = body.required("orderTotal", "INVALID_ORDER_TOTAL", |value| {
            let number = value.number("INVALID_ORDER_TOTAL")?;
            match Money::parse(number, currency) {
                Ok(total) if total.minor < 0 => value.wrong_as("INVALID_ORDER_TOTAL", "must not be negative"),
                Ok(_) | Err(_) => value.amount(currency),
            }
        });
        let customer_id = body.optional("customerId", |value| value.id(CustomerId::new, "INVALID_ID"));
        let delivery_fee = body.optional("deliveryFee", |value| value.amount(currency));
        let _peeked = body.optional("currency", |value| value.currency());
        body.finish();
        let delivery_fee = delivery_fee?.unwrap_or(Money::zero(currency));
        Some(Self { code: code?, basket: Basket { subtotal: subtotal?, delivery_fee }, customer_id: customer_id? })
    }
}

/// The routes of this endpoint.
pub fn routes() -> Router<Shop> {
    Router::new().route("/api/promotions/validate", post(validate))
}

#[utoipa::path(post, path = "/api/promotions/validate", operation_id = "validatePromotion", tag = "Promotions", request_body = ValidateBody,
    responses((status = 200, description = "What the code takes off. One that can't be used is a problem with `valid: false` and `errorCode`.", body = ValidAnswer<'static>)))]
async fn validate(State(shop): State<Shop>, caller: Caller, request: Checked<Validate>) -> Result<Answer, Problem> {
    let Validate { code: text, basket, customer_id } = request.input;
    if let Some(asked) = customer_id {
        caller.may_reach(asked)?;
    }
    let unknown = || NotRedeemable::InvalidCode(PromotionCode::written(&text));
    let code = PromotionCode::parse(&text).ok_or_else(unknown)?;
    let found = shop.store.promotion_for(&code, customer_id.or_else(|| caller.customer())).await?;
    let (promotion, used) = found.ok_or_else(unknown)?;
    let discount = promotion.discount(&basket, used, shop.clock.now())?;
    Answer::ok(&ValidAnswer::of(&promotion, &basket, discount)?)
}

impl<'a> ValidAnswer<'a> {
    fn of(promotion: &'a Promotion, basket: &Basket, discount: Money) -> Result<Self, Problem> {
        let whole = basket.subtotal.plus(basket.delivery_fee).and_then(|whole| whole.minus(discount));
        let final_total = whole.ok_or_else(|| Problem::internal("a discount in another currency"))?;
        let promotion = PromotionSummary {
            id: promotion.id,
            code: promotion.code.as_str(),
            name: &promotion.terms.name,
            description: promotion.terms.description.as_deref(),
            r#type: promotion.terms.benefit.kind(),
            value: Value(promotion.terms.benefit),
        };
        Ok(Self { valid: true, promotion, discount_amount: discount.into(), final_total: final_total.into() })
    }
}
