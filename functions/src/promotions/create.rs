//! `POST /api/promotions` — make a promotion.

use super::{MOST_DESCRIPTION, MOST_NAME, PromotionView};
use api::auth::Admin;
use api::input::{Decimal, Input, MISSING, Reader, Value};
use api::{Answer, Checked, Problem, Shop};
use axum::extract::State;
use domain::money::Currency;
use domain::promotion::{Benefit, MOST_USES, NewPromotion, Promotion, PromotionCode, PromotionType, Terms};
use domain::time::Timestamp;
use store::Writes;
use utoipa::ToSchema;

/// What an admin sends to make a promotion.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "the document's picture of the body; `Input` reads it")]
pub(crate) struct PromotionBody {
    /// Letters, digits, `-`, `_` and `.`; upper-cased, unique, and the same for ever. An accent may come as a part of its letter,
    /// or as a mark after it where Unicode has the two in one.
    #[schema(max_length = 50)]
    code: String,
    #[schema(max_length = 100)]
    name: String,
    #[schema(max_length = 500)]
    description: Option<String>,
    r#type: PromotionType,
    /// A percentage (more than 0, at most 100, two decimals), or an amount; not needed for `FREE_SHIPPING`.
    value: Option<f64>,
    /// The least the lines must come to.
    min_order_value: Option<f64>,
    /// The most it takes off, whatever its type.
    max_discount: Option<f64>,
    #[schema(minimum = 1)]
    usage_limit: Option<u32>,
    #[schema(minimum = 1)]
    per_user_limit: Option<u32>,
    /// The first moment of it; epoch milliseconds.
    start_date: u64,
    /// The last moment of it; epoch milliseconds.
    end_date: u64,
    /// ISO 4217; the shop's when it is left out.
    currency: Option<String>,
    /// `true` when it is left out.
    is_active: Option<bool>,
}

/// A promotion to make.
pub(super) struct CreatePromotion(NewPromotion);

impl Input for CreatePromotion {
    fn read(request: &mut Reader<'_>) -> Option<Self> {
        let shops = request.shop().currency;
        let mut body = request.body()?;
        let currency = body.peek("currency").and_then(Currency::parse).unwrap_or(shops);

        let code = body.required("code", MISSING, |value| code(&value));
        let name = body.required("name", MISSING, |value| value.text(MOST_NAME));
        let description = body.optional("description", |value| value.text(MOST_DESCRIPTION));
        let kind = body.required("type", MISSING, |value| value.word::<PromotionType>("INVALID_TYPE"));
        let value = body.optional("value", |value| value.number(wrong_value(kind)).map(Decimal::new));
        let benefit = match (kind, &value) {
            (Some(kind), Some(value)) => Benefit::of(kind, value.as_ref(), currency).map_err(|wrong| body.note_error(wrong)).ok(),
            (None, Some(None)) => {
                body.missing("value", MISSING);
                None
            }
            _ => None,
        };
        let number = body.optional("minOrderValue", |value| value.number("INVALID_AMOUNT").map(Decimal::new));
        let min_order_value = number.and_then(|number| {
            let amount = number.map(|number| Terms::min_order_value(&number, currency)).transpose();
            amount.map_err(|wrong| body.note_error(wrong)).ok()
        });
        let number = body.optional("maxDiscount", |value| value.number("INVALID_AMOUNT").map(Decimal::new));
        let max_discount = number.and_then(|number| {
            let amount = number.map(|number| Terms::max_discount(&number, currency)).transpose();
            amount.map_err(|wrong| body.note_error(wrong)).ok()
        });
        let usage_limit = body.optional("usageLimit", |value| uses(&value, "INVALID_USAGE_LIMIT"));
        let per_user_limit = body.optional("perUserLimit", |value| uses(&value, "INVALID_PER_USER_LIMIT"));
        let start: Option<Timestamp> = body.required("startDate", MISSING, |value| value.timestamp());
        let end: Option<Timestamp> = body.required("endDate", MISSING, |value| value.timestamp());
        if let Some((start, end)) = start.zip(end)
            && let Err(wrong) = Terms::check_dates(start, end)
        {
            body.note_error(wrong);
        }
        let _peeked = body.optional("currency", |value| value.currency());
        let is_active = body.optional("isActive", |value| value.boolean());
        body.finish();
        let terms = Terms {
            name: name?,
            description: description?,
            benefit: benefit?,
            min_order_value: min_order_value?,
            max_discount: max_discount?,
            usage_limit: usage_limit?,
            per_user_limit: per_user_limit?,
            start: start?,
            end: end?,
            currency,
        };
        Some(Self(NewPromotion { code: code?, terms, is_active: is_active?.unwrap_or(true) }))
    }
}

/// A promotion's code.
pub(super) fn code(value: &Value<'_>) -> Option<PromotionCode> {
    let text = value.text(200)?;
    let detail = "must have 1 to 50 letters, digits, hyphens, underscores and dots, and no spaces between them";
    PromotionCode::parse(&text).or_else(|| value.wrong(detail))
}

/// What a value is called that is no number at all.
pub(super) const fn wrong_value(kind: Option<PromotionType>) -> &'static str {
    match kind {
        Some(PromotionType::Percentage) => "INVALID_PERCENTAGE",
        Some(PromotionType::FixedAmount | PromotionType::FreeShipping) | None => "INVALID_VALUE",
    }
}

/// A limit of uses.
pub(super) fn uses(value: &Value<'_>, code: &'static str) -> Option<u32> {
    value.integer(1..=i64::from(MOST_USES), code).and_then(|uses| u32::try_from(uses).ok())
}

#[utoipa::path(post, path = "/api/promotions", operation_id = "createPromotion", tag = "Promotions", request_body = PromotionBody,
    responses((status = 201, description = "The promotion.", body = PromotionView<'static>)))]
pub(super) async fn create(State(shop): State<Shop>, Admin(caller): Admin, request: Checked<CreatePromotion>) -> Result<Answer, Problem> {
    let Checked { input: CreatePromotion(new), meta } = request;
    let (shop, new) = (&shop, &new);
    shop.decide(&meta, |attempt| async move {
        if shop.store.promotion(&new.code).await?.is_some() {
            return Err(Problem::conflict("DUPLICATE_CODE", format!("There is a promotion {} already.", new.code)));
        }
        let change = Promotion::create(new.clone(), caller.actor(), attempt.now, attempt.ids);
        let answer = Answer::created(&PromotionView::counted(&change.promotion, 0))?.etag(change.promotion.version);
        Ok((answer, Writes::from(&change)))
    })
    .await
}
