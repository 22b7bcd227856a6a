//! `GET /api/inventory/{variantId}/history` — every change of a variant's stock.

use super::StockLogView;
use api::auth::Staff;
use api::input::{Input, Reader};
use api::{Answer, Checked, Problem, Shop, page};
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use domain::ids::VariantId;
use domain::inventory::InventoryError;
use store::PageRequest;

struct ReadStockLog {
    id: VariantId,
    page: PageRequest,
}

impl Input for ReadStockLog {
    fn read(request: &mut Reader<'_>) -> Option<Self> {
        let id = request.path("variantId", |value| value.id(VariantId::new, "INVALID_ID"));
        let page = page::read(request);
        Some(Self { id: id?, page: page? })
    }
}

/// The routes of this endpoint.
pub fn routes() -> Router<Shop> {
    Router::new().route("/api/inventory/{variantId}/history", get(history))
}

#[utoipa::path(get, path = "/api/inventory/{variantId}/history", operation_id = "readStockHistory", tag = "Inventory",
    params(
        ("variantId" = u64, Path),
        ("limit" = Option<u32>, Query, description = "1 to 100; 50 when left out.", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "The `X-Next-Cursor` of the page before."),
    ),
    responses((status = 200, description = "Newest first.", body = Vec<StockLogView>)))]
async fn history(State(shop): State<Shop>, _staff: Staff, request: Checked<ReadStockLog>) -> Result<Answer, Problem> {
    let ReadStockLog { id, page } = request.input;
    let log = shop.store.stock_log(id, page).await?;
    if log.items.is_empty() && shop.store.variant(id).await?.is_none() {
        return Err(InventoryError::VariantNotFound(id).into());
    }
    page::answer(log, &request.meta, StockLogView::from)
}
