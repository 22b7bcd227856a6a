//! `POST /api/webhooks/sendgrid` — what became of e-mails that SendGrid sent.

mod event;
mod signature;

use super::reports::{note, tagged};
use api::log::lost;
use api::webhook::{Delivery, Received, received};
use api::{Answer, Problem, Shop};
use axum::Router;
use axum::extract::State;
use axum::routing::post;
use domain::delivery_report::DeliveryReport;
use domain::ids::NotificationId;
use domain::time::Timestamp;
pub(crate) use event::SendGridEvent;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use tokio::task::{JoinError, JoinSet};

/// Messages of one delivery that are looked at at once; there can be hundreds.
const AT_ONCE: usize = 16;

/// The routes of this endpoint.
pub fn routes() -> Router<Shop> {
    Router::new().route("/api/webhooks/sendgrid", post(receive))
}

#[utoipa::path(post, path = "/api/webhooks/sendgrid", operation_id = "receiveSendGridEvents", tag = "Webhooks",
    security(("sendGridSignature" = [])),
    request_body(content = Vec<SendGridEvent>, description = "Events, as SendGrid writes them."),
    responses((status = 200, description = "They are noted; what is not about a message of ours, too.", body = Received)))]
async fn receive(State(shop): State<Shop>, delivery: Delivery) -> Result<Answer, Problem> {
    authenticate(&shop, &delivery)?;
    let mut by_message: BTreeMap<NotificationId, Vec<DeliveryReport>> = BTreeMap::new();
    for event in delivery.json::<Vec<Box<RawValue>>>()? {
        let event: SendGridEvent = match serde_json::from_str(event.get()) {
            Ok(event) => event,
            // Refused, all of the delivery would come again and again. What is in it may be somebody's address.
            Err(error) => {
                tracing::error!(wrong = ?error.classify(), column = error.column(), "SendGrid tells of something that can't be read");
                continue;
            }
        };
        if let (Some(id), Some(report)) = (event.notification.as_deref().and_then(tagged), event.report()) {
            by_message.entry(id).or_default().push(report);
        }
    }
    let mut notes = JoinSet::new();
    for (id, reports) in by_message {
        if notes.len() >= AT_ONCE {
            noted(notes.join_next().await)?;
        }
        let shop = shop.clone();
        notes.spawn(xray::carried(async move { note(&shop, id, &reports).await }));
    }
    while let Some(done) = notes.join_next().await {
        noted(Some(done))?;
    }
    received()
}

/// One that failed fails the delivery: all of it comes again, and what is noted already says nothing new then.
fn noted(done: Option<Result<Result<(), Problem>, JoinError>>) -> Result<(), Problem> {
    done.transpose().map_err(|error| Problem::internal(lost(&error)))?.transpose().map(Option::unwrap_or_default)
}

/// Refuses whatever SendGrid has not signed; without its key nothing is known to be SendGrid's.
fn authenticate(shop: &Shop, delivery: &Delivery) -> Result<(), Problem> {
    let Some(key) = &shop.config.send_grid_webhook_key else {
        tracing::warn!("a webhook came in SendGrid's name, and no SENDGRID_WEBHOOK_KEY is set to check it with");
        return Err(Problem::invalid_signature());
    };
    let header = |name| delivery.header(name).ok_or_else(Problem::invalid_signature);
    let (signature, time) = (header("x-twilio-email-event-webhook-signature")?, header("x-twilio-email-event-webhook-timestamp")?);
    let Timestamp(now) = shop.clock.now();
    if signature::holds(signature, time, &delivery.body, key, now / 1000) { Ok(()) } else { Err(Problem::invalid_signature()) }
}
