//! SendGrid: `POST /v3/mail/send` with one recipient, which is all that our worker sends.

use super::{Email, Outbox, played};
use crate::emulators::http::Connection;
use axum::{
    Json, Router,
    body::Bytes,
    extract::{ConnectInfo, State},
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
    response::{IntoResponse, Response},
    routing::post,
};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;

pub(super) fn router() -> Router<Outbox> {
    Router::new().route("/v3/mail/send", post(send))
}

async fn send(State(outbox): State<Outbox>, ConnectInfo(connection): ConnectInfo<Connection>, headers: HeaderMap, body: Bytes) -> Response {
    let fault = outbox.state().send_grid.next_fault();
    if let Some(answer) = played(fault, &connection, refusal).await {
        return answer;
    }
    let key = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    if key.is_none_or(str::is_empty) {
        return refusal(401, "", "The provided authorization grant is invalid, expired, or revoked");
    }
    match read(&body) {
        Ok(mail) => (StatusCode::ACCEPTED, [("x-message-id", outbox.keep_mail(mail))]).into_response(),
        Err(complaint) => refusal(400, "", &complaint),
    }
}

fn refusal(status: u16, _code: &str, message: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    (status, Json(json!({ "errors": [{ "message": message, "field": null, "help": null }] }))).into_response()
}

impl Outbox {
    fn keep_mail(&self, mail: Mail) -> String {
        let sent_at = (self.now)();
        let mut state = self.state();
        let id = format!("SG{sent_at:016x}{:08x}", state.emails.messages.len() + 1);
        let content = |kind: &str| mail.content.iter().find(|content| content.r#type == kind).map(|content| content.value.clone());
        let from = match &mail.from.name {
            Some(name) => format!("\"{name}\" <{}>", mail.from.email),
            None => mail.from.email.clone(),
        };
        let email = Email {
            id: id.clone(),
            provider: "SENDGRID".to_owned(),
            sent_at,
            from,
            to: mail.personalizations.iter().flat_map(|one| &one.to).map(|to| to.email.clone()).collect(),
            cc: Vec::new(),
            bcc: Vec::new(),
            reply_to: mail.reply_to.iter().map(|to| to.email.clone()).collect(),
            html: content("text/html"),
            text: content("text/plain"),
            headers: Vec::new(),
            tags: mail.personalizations.into_iter().flat_map(|one| one.custom_args).collect(),
            subject: mail.subject,
        };
        state.keep(email);
        id
    }
}

fn read(body: &[u8]) -> Result<Mail, String> {
    let mail: Mail = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    if mail.personalizations.iter().all(|one| one.to.is_empty()) {
        return Err("The personalizations field is required and must have at least one recipient.".to_owned());
    }
    if mail.content.first().is_none_or(|content| content.r#type == "text/html" && mail.content.len() > 1) {
        return Err("If present, text/plain and text/html may only be provided once, text/plain first.".to_owned());
    }
    Ok(mail)
}

#[derive(Deserialize)]
struct Mail {
    from: Mailbox,
    reply_to: Option<Mailbox>,
    personalizations: Vec<Personalization>,
    subject: String,
    content: Vec<Content>,
}

#[derive(Deserialize)]
struct Mailbox {
    email: String,
    name: Option<String>,
}

#[derive(Deserialize)]
struct Personalization {
    to: Vec<Mailbox>,
    #[serde(default)]
    custom_args: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Content {
    r#type: String,
    value: String,
}
