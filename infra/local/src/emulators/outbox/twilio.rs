//! Twilio's Messages resource: an SMS is sent by one form.

use super::{Outbox, file::Kept, played};
use crate::emulators::http::Connection;
use axum::{
    Form, Json, Router,
    extract::{ConnectInfo, Path, State, rejection::FormRejection},
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
    response::{IntoResponse, Response},
    routing::post,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// An SMS that Twilio accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sms {
    /// Twilio's id of the message.
    pub sid: String,
    /// When it was accepted, in milliseconds since the epoch.
    pub sent_at: u64,
    /// The account that pays.
    pub account: String,
    /// The sender's number.
    pub from: String,
    /// The recipient's number.
    pub to: String,
    /// The text.
    pub body: String,
    /// Where Twilio would report what becomes of it.
    pub status_callback: Option<String>,
}

/// The form; what it must have is asked for in Twilio's own words.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateMessage {
    #[serde(default)]
    to: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    body: String,
    status_callback: Option<String>,
}

pub(super) fn router() -> Router<Outbox> {
    Router::new().route("/2010-04-01/Accounts/{sid}/Messages.json", post(create_message))
}

async fn create_message(
    State(outbox): State<Outbox>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    Path(account): Path<String>,
    headers: HeaderMap,
    form: Result<Form<CreateMessage>, FormRejection>,
) -> Response {
    let fault = outbox.state().sms.next_fault();
    if let Some(answer) = played(fault, &connection, refusal).await {
        return answer;
    }
    if !is_authenticated(&headers) {
        return refusal(401, "20003", "Authenticate");
    }
    let Form(message) = match form {
        Ok(form) => form,
        Err(rejection) => return refusal(400, "21620", &rejection.body_text()),
    };
    let missing = [
        (&message.to, "21604", "A 'To' phone number is required."),
        (&message.from, "21603", "A 'From' phone number is required."),
        (&message.body, "21602", "Message body is required."),
    ];
    if let Some((_, code, complaint)) = missing.into_iter().find(|(field, ..)| field.is_empty()) {
        return refusal(400, code, complaint);
    }
    let sms = outbox.keep_sms(account, message);
    let answer = json!({
        "sid": sms.sid,
        "account_sid": sms.account,
        "from": sms.from,
        "to": sms.to,
        "body": sms.body,
        "status": "queued",
        "direction": "outbound-api",
        "error_code": null,
        "error_message": null,
        "uri": format!("/2010-04-01/Accounts/{}/Messages/{}.json", sms.account, sms.sid),
    });
    (StatusCode::CREATED, Json(answer)).into_response()
}

/// Whether a user and a password came; any will do.
fn is_authenticated(headers: &HeaderMap) -> bool {
    let basic = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Basic "));
    let decoded = basic.and_then(|basic| STANDARD.decode(basic).ok());
    decoded.is_some_and(|credentials| credentials.contains(&b':'))
}

fn refusal(status: u16, code: &str, message: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    let body = json!({
        "status": status.as_u16(),
        "code": code.parse::<u32>().ok(),
        "message": message,
        "more_info": format!("https://www.twilio.com/docs/errors/{code}"),
    });
    (status, Json(body)).into_response()
}

impl Outbox {
    fn keep_sms(&self, account: String, message: CreateMessage) -> Sms {
        let sent_at = (self.now)();
        let mut state = self.state();
        let count = state.sms.messages.len() + 1;
        let sms = Sms {
            sid: format!("SM{sent_at:016x}{count:016x}"),
            sent_at,
            account,
            from: message.from,
            to: message.to,
            body: message.body,
            status_callback: message.status_callback,
        };
        if let Some(file) = &mut state.file {
            file.keep(&Kept::Sms(&sms));
        }
        state.sms.messages.push(sms.clone());
        sms
    }
}
