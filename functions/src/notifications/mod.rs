//! `GET /api/notifications` — the log of every message.

pub mod resend;

use api::auth::Staff;
use api::input::{Input, Reader};
use api::{Answer, Checked, Problem, Shop, page};
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use domain::ids::{CustomerId, NotificationId, OrderId};
use domain::notification::{Channel, Notification, NotificationProvider, NotificationStatus};
use domain::time::Timestamp;
use serde::Serialize;
use store::{NotificationFilter, PageRequest};
use utoipa::ToSchema;

struct FindNotifications(NotificationFilter, PageRequest);

/// A message of the log.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NotificationView {
    id: NotificationId,
    r#type: Channel,
    recipient: String,
    subject: Option<String>,
    /// HTML for an e-mail, text for an SMS.
    content: String,
    status: NotificationStatus,
    provider: Option<NotificationProvider>,
    provider_id: Option<String>,
    error: Option<String>,
    attempts: u32,
    order_id: Option<OrderId>,
    customer_id: Option<CustomerId>,
    /// The message that this one is sent again from.
    resent_from: Option<NotificationId>,
    sent_at: Option<Timestamp>,
    created_at: Timestamp,
}

impl Input for FindNotifications {
    fn read(request: &mut Reader<'_>) -> Option<Self> {
        let order_id = request.query("orderId", |value| value.id(OrderId::new, "INVALID_ID"));
        let customer_id = request.query("customerId", |value| value.id(CustomerId::new, "INVALID_ID"));
        let status = request.query("status", |value| value.word::<NotificationStatus>("INVALID_STATUS"));
        let channel = request.query("type", |value| value.word::<Channel>("INVALID_TYPE"));
        let page = page::read(request);
        let filter = NotificationFilter { order_id: order_id?, customer_id: customer_id?, status: status?, channel: channel? };
        Some(Self(filter, page?))
    }
}

/// The routes of this endpoint.
pub fn routes() -> Router<Shop> {
    Router::new().route("/api/notifications", get(find))
}

#[utoipa::path(get, path = "/api/notifications", operation_id = "findNotifications", tag = "Notifications",
    params(
        ("orderId" = Option<u64>, Query),
        ("customerId" = Option<u64>, Query),
        ("status" = Option<NotificationStatus>, Query),
        ("type" = Option<Channel>, Query),
        ("limit" = Option<u32>, Query, description = "1 to 100; 50 when left out.", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "The `X-Next-Cursor` of the page before."),
    ),
    responses((status = 200, description = "Newest first.", body = Vec<NotificationView>)))]
async fn find(State(shop): State<Shop>, _staff: Staff, request: Checked<FindNotifications>) -> Result<Answer, Problem> {
    let FindNotifications(filter, page) = request.input;
    page::answer(shop.store.notifications(filter, page).await?, &request.meta, NotificationView::from)
}

impl From<Notification> for NotificationView {
    fn from(message: Notification) -> Self {
        Self {
            id: message.id,
            r#type: message.channel,
            recipient: message.recipient,
            subject: message.content.subject,
            content: message.content.body,
            status: message.status,
            provider: message.provider,
            provider_id: message.provider_id,
            error: message.error,
            attempts: message.attempts,
            order_id: message.order_id,
            customer_id: message.customer_id,
            resent_from: message.resent_from,
            sent_at: message.sent_at,
            created_at: message.created_at,
        }
    }
}
