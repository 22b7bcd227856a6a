//! `POST /api/webhooks/ses` — what became of e-mails that Amazon SES sent, as Amazon SNS hands it on.

mod certificate;
mod event;
mod sns;

use super::reports::{note, tagged};
use api::webhook::{Delivery, Received, received};
use api::{Answer, Problem, Shop};
use axum::extract::State;
use axum::routing::post;
use axum::{Extension, Router};
use domain::time::Timestamp;
use event::SesEvent;
pub(crate) use sns::SnsMessage;
use sns::{Kind, Sns};

/// The routes of this endpoint.
pub fn routes() -> Router<Shop> {
    Router::new().route("/api/webhooks/ses", post(receive)).layer(Extension(Sns::default()))
}

#[utoipa::path(post, path = "/api/webhooks/ses", operation_id = "receiveSesEvent", tag = "Webhooks",
    security(("snsSignature" = [])),
    request_body(content = SnsMessage, description = "A message of the topic that SES tells its events on, as SNS writes it. \
        One that asks to confirm the subscription is confirmed."),
    responses((status = 200, description = "It is noted; what is not about a message of ours, too.", body = Received)))]
async fn receive(State(shop): State<Shop>, Extension(sns): Extension<Sns>, delivery: Delivery) -> Result<Answer, Problem> {
    // Nothing of it is believed before its signature is, which is in there as well.
    let Ok(message) = delivery.json::<SnsMessage>() else { return Err(Problem::invalid_signature()) };
    authenticate(&shop, &sns, &message).await?;
    match message.kind() {
        Some(Kind::Notification) => {
            let event = serde_json::from_str::<SesEvent>(message.text());
            let event = event.map_err(|error| tracing::warn!(wrong = ?error.classify(), column = error.column(), "a message of SES's topic is none of its events"));
            if let Some((id, report)) = event.ok().and_then(|event| Some((event.tag().and_then(tagged)?, event.report()?))) {
                note(&shop, id, &[report]).await?;
            }
        }
        Some(Kind::SubscriptionConfirmation) => {
            sns.confirm(&shop.config, &message).await.map_err(Problem::unavailable)?;
            tracing::info!("the subscription to SES's topic is confirmed");
        }
        Some(Kind::UnsubscribeConfirmation) | None => tracing::warn!("somebody has ended the subscription to SES's topic"),
    }
    received()
}

/// Refuses whatever SNS has not signed for our topic; without a topic nothing is known to be ours.
async fn authenticate(shop: &Shop, sns: &Sns, message: &SnsMessage) -> Result<(), Problem> {
    let Some(topic) = shop.config.ses_topic.as_deref() else {
        tracing::warn!("a webhook came in SNS's name, and no SES_TOPIC_ARN is set to check it with");
        return Err(Problem::invalid_signature());
    };
    let Timestamp(now) = shop.clock.now();
    if !message.is_of(topic) || !message.is_timely(now / 1000) {
        return Err(Problem::invalid_signature());
    }
    let Some(certificate) = message.certificate() else { return Err(Problem::invalid_signature()) };
    let key = sns.key(&shop.config, &certificate).await.map_err(Problem::unavailable)?;
    if key.is_some_and(|key| message.is_signed_by(&key)) { Ok(()) } else { Err(Problem::invalid_signature()) }
}
