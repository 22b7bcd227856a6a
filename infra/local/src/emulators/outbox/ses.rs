//! SES v2: `SendEmail` with simple content, which is all that our worker sends.

use super::{Outbox, played};
use crate::emulators::http::Connection;
use axum::{
    Json, Router,
    body::Bytes,
    extract::{ConnectInfo, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// An e-mail that a provider accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Email {
    /// The provider's id of the message.
    pub id: String,
    /// Who accepted it.
    #[serde(default = "ses")]
    pub provider: String,
    /// When it was accepted, in milliseconds since the epoch.
    pub sent_at: u64,
    /// The sender, perhaps with a name.
    pub from: String,
    /// The recipients.
    pub to: Vec<String>,
    /// Recipients of a copy.
    pub cc: Vec<String>,
    /// Recipients that nobody else sees.
    pub bcc: Vec<String>,
    /// Where answers go.
    pub reply_to: Vec<String>,
    /// The subject.
    pub subject: String,
    /// The body as HTML.
    pub html: Option<String>,
    /// The body as text.
    pub text: Option<String>,
    /// Extra header fields.
    pub headers: Vec<(String, String)>,
    /// Its tags, by which the provider's events are told apart.
    pub tags: Vec<(String, String)>,
}

/// The one who accepted what earlier versions kept.
pub(super) fn ses() -> String {
    "SES".to_owned()
}

pub(super) fn router() -> Router<Outbox> {
    Router::new().route("/v2/email/outbound-emails", post(send_email))
}

async fn send_email(State(outbox): State<Outbox>, ConnectInfo(connection): ConnectInfo<Connection>, body: Bytes) -> Response {
    let fault = outbox.state().emails.next_fault();
    if let Some(answer) = played(fault, &connection, refusal).await {
        return answer;
    }
    match read(&body) {
        Ok(request) => Json(json!({ "MessageId": outbox.keep_email(request) })).into_response(),
        Err(complaint) => refusal(400, "BadRequestException", &complaint),
    }
}

/// An error as restJson1 has it: its name in a header, its message in the body.
fn refusal(status: u16, code: &str, message: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    (status, [("x-amzn-errortype", code)], Json(json!({ "message": message }))).into_response()
}

impl Outbox {
    fn keep_email(&self, request: SendEmail) -> String {
        let sent_at = (self.now)();
        let mut state = self.state();
        let count = state.emails.messages.len() + 1;
        let id = format!("{sent_at:016x}-{count:08x}-local-000000");
        let pairs = |pairs: Vec<Pair>| pairs.into_iter().map(|pair| (pair.name, pair.value)).collect();
        let Simple { subject, body, headers } = request.content.simple;
        let email = Email {
            id: id.clone(),
            provider: ses(),
            sent_at,
            from: request.from_email_address,
            to: request.destination.to,
            cc: request.destination.cc,
            bcc: request.destination.bcc,
            reply_to: request.reply_to_addresses,
            subject: subject.data,
            html: body.html.map(|html| html.data),
            text: body.text.map(|text| text.data),
            headers: pairs(headers),
            tags: pairs(request.email_tags),
        };
        state.keep(email);
        id
    }
}

fn read(body: &[u8]) -> Result<SendEmail, String> {
    let request: SendEmail = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let Destination { to, cc, bcc } = &request.destination;
    if to.is_empty() && cc.is_empty() && bcc.is_empty() {
        return Err("The request has no recipients.".to_owned());
    }
    let body = &request.content.simple.body;
    if body.html.is_none() && body.text.is_none() {
        return Err("The body has neither HTML nor text.".to_owned());
    }
    Ok(request)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SendEmail {
    from_email_address: String,
    destination: Destination,
    #[serde(default)]
    reply_to_addresses: Vec<String>,
    content: Content,
    #[serde(default)]
    email_tags: Vec<Pair>,
}

#[derive(Deserialize)]
struct Destination {
    #[serde(rename = "ToAddresses", default)]
    to: Vec<String>,
    #[serde(rename = "CcAddresses", default)]
    cc: Vec<String>,
    #[serde(rename = "BccAddresses", default)]
    bcc: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Content {
    simple: Simple,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Simple {
    subject: Text,
    body: Body,
    #[serde(default)]
    headers: Vec<Pair>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Body {
    html: Option<Text>,
    text: Option<Text>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Text {
    data: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Pair {
    name: String,
    value: String,
}
