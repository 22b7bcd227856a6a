//! `POST /api/webhooks/twilio` — what became of an SMS.

mod signature;

use super::reports::{note, tagged};
use api::secrets::SecretName;
use api::webhook::{Delivery, Received, received};
use api::{Answer, Problem, Shop};
use axum::Router;
use axum::extract::State;
use axum::routing::post;
use domain::delivery_report::{DeliveryOutcome, DeliveryReport};
use domain::notification::NotificationProvider;
use utoipa::ToSchema;

/// Where Twilio is asked to tell, under `PUBLIC_URL`.
pub const PATH: &str = "/api/webhooks/twilio";

/// A status callback, as far as it is looked at (twilio.com/docs/messaging/guides/track-outbound-message-status).
#[derive(ToSchema)]
#[schema(rename_all = "PascalCase")]
#[expect(dead_code, reason = "the document's picture of the form")]
pub(crate) struct TwilioStatus {
    /// `SM…` or `MM…`
    message_sid: String,
    /// Such as `delivered` or `undelivered`.
    message_status: String,
    /// Why it was not delivered (twilio.com/docs/api/errors).
    error_code: Option<String>,
}

/// The routes of this endpoint.
pub fn routes() -> Router<Shop> {
    Router::new().route(PATH, post(receive))
}

#[utoipa::path(post, path = "/api/webhooks/twilio", operation_id = "receiveTwilioStatus", tag = "Webhooks",
    security(("twilioSignature" = [])),
    params(("notification" = Option<u64>, Query, description = "The message of ours; where it is missing, nothing happens.")),
    request_body(content = TwilioStatus, content_type = "application/x-www-form-urlencoded", description = "A status, as Twilio writes it."),
    responses((status = 200, description = "It is noted; what is not about a message of ours, too.", body = Received)))]
async fn receive(State(shop): State<Shop>, delivery: Delivery) -> Result<Answer, Problem> {
    let form: Vec<(String, String)> = form_urlencoded::parse(&delivery.body).into_owned().collect();
    authenticate(&shop, &delivery, &form).await?;
    let query = delivery.path_and_query().split_once('?').map_or("", |(_, query)| query);
    let tag = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "notification").map(|(_, tag)| tag.into_owned());
    if let (Some(id), Some(report)) = (tag.as_deref().and_then(tagged), report(&form)) {
        note(&shop, id, &[report]).await?;
    }
    received()
}

/// Refuses whatever Twilio has not signed for this address. There is no time in it: what comes again later says nothing new.
async fn authenticate(shop: &Shop, delivery: &Delivery, form: &[(String, String)]) -> Result<(), Problem> {
    let token = shop.secrets.value(SecretName::Twilio).await.map_err(Problem::unavailable)?;
    let (Some(token), Some(address)) = (token, delivery.address(&shop.config)) else {
        tracing::warn!("a webhook came in Twilio's name, and TWILIO_SECRET_ARN and PUBLIC_URL are not both set to check it with");
        return Err(Problem::invalid_signature());
    };
    let header = delivery.header("x-twilio-signature").ok_or_else(Problem::invalid_signature)?;
    if signature::holds(header, &address, form, token.as_bytes()) { Ok(()) } else { Err(Problem::invalid_signature()) }
}

/// What a status says; nothing for one that is of no interest.
fn report(form: &[(String, String)]) -> Option<DeliveryReport> {
    let field =
        |name: &str| form.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty());
    let status = field("MessageStatus")?;
    let outcome = match status {
        "accepted" | "scheduled" | "queued" | "sending" | "sent" => DeliveryOutcome::Accepted,
        "delivered" | "read" => DeliveryOutcome::Delivered,
        "undelivered" | "failed" | "canceled" => DeliveryOutcome::GaveUp,
        _ => return None,
    };
    let why = field("ErrorCode").map(|code| format!("{status} (Twilio {code})")).or_else(|| Some(status.to_owned()));
    Some(DeliveryReport {
        provider: NotificationProvider::Twilio,
        provider_id: field("MessageSid")?.to_owned(),
        outcome,
        why: why.filter(|_| outcome == DeliveryOutcome::GaveUp),
        // Twilio keeps a list of its own, and its owner's "START" takes a number off it.
        suppresses: None,
    })
}
