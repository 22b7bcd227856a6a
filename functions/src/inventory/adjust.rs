//! `PUT /api/inventory/adjust` — change a stock by hand.

use super::{StockLogView, VariantView};
use api::auth::InventoryKeeper;
use api::input::{Input, MISSING, Reader};
use api::{Answer, Checked, Problem, Shop};
use axum::Router;
use axum::extract::State;
use axum::routing::put;
use domain::ids::VariantId;
use domain::inventory::{ChangeType, InventoryError, MAX_PIECES, StockAdjustment};
use serde::Serialize;
use store::Writes;
use utoipa::ToSchema;

/// What a client sends to change a stock.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "the document's picture of the body; `Input` reads it")]
pub(crate) struct AdjustBody {
    variant_id: VariantId,
    /// Pieces in (positive) or out; not 0.
    quantity_change: i64,
    reason: String,
    /// Not `SALE`.
    change_type: ChangeType,
}

struct AdjustStock {
    id: VariantId,
    adjustment: StockAdjustment,
}

/// The variant after it, and the row of its log.
#[derive(Serialize, ToSchema)]
pub(crate) struct AdjustAnswer {
    success: bool,
    variant: VariantView,
    log: StockLogView,
}

impl Input for AdjustStock {
    fn read(request: &mut Reader<'_>) -> Option<Self> {
        let mut body = request.body()?;
        let id = body.required("variantId", MISSING, |value| value.id(VariantId::new, "INVALID_ID"));
        let quantity_change =
            body.required("quantityChange", MISSING, |value| match value.integer(-MAX_PIECES..=MAX_PIECES, "INVALID_QUANTITY_CHANGE")? {
                0 => value.wrong_as("INVALID_QUANTITY_CHANGE", "must not be 0"),
                change => Some(change),
            });
        let reason = body.required("reason", "MISSING_REASON", |value| value.text(500));
        let change_type = body.required("changeType", MISSING, |value| match value.word::<ChangeType>("INVALID_CHANGE_TYPE")? {
            ChangeType::Sale => value.wrong_as("INVALID_CHANGE_TYPE", "can't be SALE by hand"),
            by_hand => Some(by_hand),
        });
        body.finish();
        let adjustment = StockAdjustment { quantity_change: quantity_change?, reason: reason?, change_type: change_type? };
        Some(Self { id: id?, adjustment })
    }
}

/// The routes of this endpoint.
pub fn routes() -> Router<Shop> {
    Router::new().route("/api/inventory/adjust", put(adjust))
}

#[utoipa::path(put, path = "/api/inventory/adjust", operation_id = "adjustStock", tag = "Inventory", request_body = AdjustBody,
    responses((status = 200, description = "The variant after it, and the row of its log.", body = AdjustAnswer)))]
async fn adjust(
    State(shop): State<Shop>,
    InventoryKeeper(caller): InventoryKeeper,
    request: Checked<AdjustStock>,
) -> Result<Answer, Problem> {
    let Checked { input: AdjustStock { id, adjustment }, meta } = request;
    let (shop, adjustment, meta) = (&shop, &adjustment, &meta);
    shop.decide(meta, |attempt| async move {
        let variant = shop.store.variant(id).await?.ok_or(InventoryError::VariantNotFound(id))?;
        meta.require_match(variant.version)?;
        let adjusted = variant.adjust(adjustment, caller.actor(), attempt.now)?;
        let writes = Writes::from(&adjusted);
        let version = adjusted.variant.version;
        let answer = AdjustAnswer { success: true, variant: adjusted.variant.into(), log: adjusted.log.into() };
        Ok((Answer::ok(&answer)?.etag(version), writes))
    })
    .await
}
