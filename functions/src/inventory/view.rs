//! Variants and their stock log as clients see them.

use api::Amount;
use domain::ids::{OrderId, ProductId, UserId, VariantId};
use domain::inventory::{ChangeType, StockLog, Variant};
use domain::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// A variant and its stock.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VariantView {
    id: VariantId,
    product_id: ProductId,
    sku: String,
    product_name: String,
    size: Option<String>,
    color: Option<String>,
    price: Amount,
    currency: String,
    stock_quantity: i64,
    is_active: bool,
}

/// A row of a variant's stock log.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StockLogView {
    variant_id: VariantId,
    change_type: ChangeType,
    quantity_change: i64,
    previous_quantity: i64,
    new_quantity: i64,
    reason: String,
    /// Nobody for the system itself.
    performed_by: Option<UserId>,
    order_id: Option<OrderId>,
    created_at: Timestamp,
}

impl From<Variant> for VariantView {
    fn from(variant: Variant) -> Self {
        Self {
            id: variant.id,
            product_id: variant.product_id,
            sku: variant.sku,
            product_name: variant.product_name,
            size: variant.size,
            color: variant.color,
            price: variant.price.into(),
            currency: variant.price.currency.to_string(),
            stock_quantity: variant.stock_quantity,
            is_active: variant.is_active,
        }
    }
}

impl From<StockLog> for StockLogView {
    fn from(log: StockLog) -> Self {
        Self {
            variant_id: log.variant_id,
            change_type: log.change.change_type,
            quantity_change: log.quantity_change,
            previous_quantity: log.previous_quantity,
            new_quantity: log.new_quantity,
            reason: log.change.reason,
            performed_by: log.change.performed_by,
            order_id: log.change.order_id,
            created_at: log.change.at,
        }
    }
}
