//! `POST /api/notifications/{id}/resend` — send a message once more, as it was.

use super::NotificationView;
use api::auth::Admin;
use api::input::{Input, Reader};
use api::{Answer, Checked, Problem, Shop};
use axum::Router;
use axum::extract::State;
use axum::routing::post;
use domain::delivery_report::EmailAddress;
use domain::ids::NotificationId;
use store::Writes;
use utoipa::ToSchema;

/// Nothing needs to be said.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "the document's picture of the body; `Input` reads it")]
pub(crate) struct ResendBody {
    /// Why, for the audit trail.
    #[schema(max_length = 500)]
    note: Option<String>,
    /// Takes its address off the shop's suppression list first: whoever has it wants messages after all, or gets them again. The
    /// e-mail provider's own list is not touched.
    lift_suppression: Option<bool>,
}

/// The message that is sent once more.
struct Resend {
    id: NotificationId,
    note: Option<String>,
    lifts: bool,
}

impl Input for Resend {
    const MAY_BE_EMPTY: bool = true;

    fn read(request: &mut Reader<'_>) -> Option<Self> {
        let id = request.path("id", |value| value.id(NotificationId::new, "INVALID_ID"));
        let mut body = request.body()?;
        let note = body.optional("note", |value| value.text(500));
        let lifts = body.optional("liftSuppression", |value| value.boolean());
        body.finish();
        Some(Self { id: id?, note: note?, lifts: lifts?.unwrap_or_default() })
    }
}

/// The routes of this endpoint.
pub fn routes() -> Router<Shop> {
    Router::new().route("/api/notifications/{id}/resend", post(resend))
}

#[utoipa::path(post, path = "/api/notifications/{id}/resend", operation_id = "resendNotification", tag = "Notifications", request_body = ResendBody,
    params(("id" = u64, Path, description = "The message.")),
    responses((status = 201, description = "The new message, which `resentFrom` leads back from. It says the same and is sent as any other. \
        A message that was still waiting to be sent is `FAILED` from then on.", body = NotificationView)))]
async fn resend(State(shop): State<Shop>, Admin(caller): Admin, request: Checked<Resend>) -> Result<Answer, Problem> {
    let Checked { input: Resend { id, note, lifts }, meta } = request;
    let (shop, note) = (&shop, note.as_deref());
    shop.decide(&meta, |attempt| async move {
        let message = shop.store.notification(id).await?;
        let message = message.ok_or_else(|| Problem::not_found("NOTIFICATION_NOT_FOUND", format!("There is no message {id}.")))?;
        let dispatch = message.resend(note, caller.actor(), attempt.now, attempt.ids)?;
        let answer = Answer::created(&NotificationView::from(dispatch.message.clone()))?;
        let writes = Writes::from(&dispatch);
        Ok((answer, if lifts { writes.lift(&EmailAddress::of(&message.recipient), attempt.now) } else { writes }))
    })
    .await
}
