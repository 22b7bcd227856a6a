//! A promotion as clients see it.

use api::Amount;
use domain::ids::PromotionId;
use domain::promotion::{Benefit, Promotion, PromotionType, Terms};
use domain::time::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// A promotion.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PromotionView<'a> {
    id: PromotionId,
    code: &'a str,
    name: &'a str,
    description: Option<&'a str>,
    r#type: PromotionType,
    /// A percentage, or an amount.
    #[schema(value_type = f64)]
    value: Value,
    min_order_value: Option<Amount>,
    max_discount: Option<Amount>,
    usage_limit: Option<u32>,
    per_user_limit: Option<u32>,
    start_date: Timestamp,
    end_date: Timestamp,
    /// The currency of its amounts.
    currency: &'a str,
    is_active: bool,
    /// How many orders use it at the moment; for staff alone.
    usage_count: Option<i64>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// A promotion's value: a JSON number, exactly.
pub(crate) struct Value(pub Benefit);

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let number = RawValue::from_string(self.0.value()).map_err(serde::ser::Error::custom)?;
        number.serialize(serializer)
    }
}

impl<'a> PromotionView<'a> {
    /// As a customer sees it.
    pub fn of(promotion: &'a Promotion) -> Self {
        let Terms { name, description, benefit, currency, .. } = &promotion.terms;
        Self {
            id: promotion.id,
            code: promotion.code.as_str(),
            name,
            description: description.as_deref(),
            r#type: benefit.kind(),
            value: Value(*benefit),
            min_order_value: promotion.terms.min_order_value.map(Into::into),
            max_discount: promotion.terms.max_discount.map(Into::into),
            usage_limit: promotion.terms.usage_limit,
            per_user_limit: promotion.terms.per_user_limit,
            start_date: promotion.terms.start,
            end_date: promotion.terms.end,
            currency: currency.code(),
            is_active: promotion.is_active,
            usage_count: None,
            created_at: promotion.created_at,
            updated_at: promotion.updated_at,
        }
    }

    /// As staff see it, with how often it is used.
    pub fn counted(promotion: &'a Promotion, uses: i64) -> Self {
        Self { usage_count: Some(uses), ..Self::of(promotion) }
    }
}
