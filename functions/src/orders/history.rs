//! `GET /api/orders/{orderId}/history` — who did what, when, from which state to which.

use super::{not_found, order_id};
use api::auth::Staff;
use api::input::{Input, Reader};
use api::{Answer, Checked, Problem, Shop, page};
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use domain::actor::Role;
use domain::event::{EventKind, HistoryEntry};
use domain::ids::{EventId, OrderId, UserId};
use domain::time::Timestamp;
use serde::Serialize;
use store::PageRequest;
use utoipa::ToSchema;

struct ReadHistory {
    id: OrderId,
    page: PageRequest,
}

/// One thing that happened to an order.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HistoryRow {
    id: EventId,
    r#type: EventKind,
    /// Nobody for the system itself.
    performed_by: Option<UserId>,
    role: Option<Role>,
    previous_status: Option<String>,
    new_status: Option<String>,
    note: Option<String>,
    created_at: Timestamp,
}

impl Input for ReadHistory {
    fn read(request: &mut Reader<'_>) -> Option<Self> {
        let id = order_id(request);
        let page = page::read(request);
        Some(Self { id: id?, page: page? })
    }
}

/// The routes of this endpoint.
pub fn routes() -> Router<Shop> {
    Router::new().route("/api/orders/{orderId}/history", get(history))
}

#[utoipa::path(get, path = "/api/orders/{orderId}/history", operation_id = "readOrderHistory", tag = "Orders",
    params(
        ("orderId" = u64, Path),
        ("limit" = Option<u32>, Query, description = "1 to 100; 50 when left out.", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "The `X-Next-Cursor` of the page before."),
    ),
    responses((status = 200, description = "Newest first.", body = Vec<HistoryRow>)))]
async fn history(State(shop): State<Shop>, _staff: Staff, request: Checked<ReadHistory>) -> Result<Answer, Problem> {
    let ReadHistory { id, page } = request.input;
    let events = shop.store.history(id, page).await?;
    // Every order has a history from its first moment on.
    if events.items.is_empty() && page.before.is_none() {
        return Err(not_found(id));
    }
    page::answer(events, &request.meta, HistoryRow::from)
}

impl From<HistoryEntry> for HistoryRow {
    fn from(entry: HistoryEntry) -> Self {
        Self {
            id: entry.id,
            r#type: entry.kind,
            performed_by: entry.actor.id(),
            role: entry.actor.role(),
            previous_status: entry.previous_status,
            new_status: entry.new_status,
            note: entry.note,
            created_at: entry.at,
        }
    }
}
