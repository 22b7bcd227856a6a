//! E-mail by SendGrid, Web API version 3: `POST /v3/mail/send`.

use crate::said::reference;
use crate::{Accepted, Credential, Said, SendError, Sender, fell_over, unanswered};
use domain::notification::{Notification, NotificationProvider};
use outbound::ClientError;
use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

/// Who sends, and where to.
#[derive(Clone)]
pub struct SendGridConfig {
    /// The shop's name.
    pub from_name: String,
    /// Its address, of a sender or a domain that is verified there.
    pub from: String,
    /// Where answers go; to the sender, where there is none.
    pub reply_to: Option<String>,
    /// `https://api.sendgrid.com`, or an emulator.
    pub base_url: String,
}

/// SendGrid.
#[derive(Clone)]
pub struct SendGrid<K> {
    client: reqwest::Client,
    config: SendGridConfig,
    key: K,
}

#[derive(Deserialize)]
struct Refusal {
    errors: Vec<Complaint>,
}

#[derive(Deserialize)]
struct Complaint {
    message: String,
}

impl<K: Credential> SendGrid<K> {
    /// SendGrid, as the shop is known there. Nothing is called yet.
    ///
    /// # Errors
    /// When the HTTP client can't be made.
    pub fn new(config: SendGridConfig, key: K) -> Result<Self, ClientError> {
        Ok(Self { client: crate::client()?, config, key })
    }

    /// The message as the API takes it. Its links stay as they are and nobody counts who opens it: it is about an order,
    /// and says the same whoever sends it.
    fn body(&self, message: &Notification) -> Value {
        let SendGridConfig { from_name, from, reply_to, .. } = &self.config;
        let content = |kind: &str, value: &str| json!({ "type": kind, "value": value });
        // The API wants the plainest form first.
        let mut contents: Vec<Value> = message.content.text.iter().map(|text| content("text/plain", text)).collect();
        contents.push(content("text/html", &message.content.body));
        let off = json!({ "enable": false });
        let mut body = json!({
            "from": { "email": from, "name": from_name },
            "personalizations": [{
                "to": [{ "email": message.recipient }],
                "custom_args": { "notification": message.id.to_string() },
            }],
            "subject": message.content.subject,
            "content": contents,
            "tracking_settings": { "click_tracking": off, "open_tracking": off, "subscription_tracking": off },
        });
        if let (Some(address), Some(body)) = (reply_to, body.as_object_mut()) {
            body.insert("reply_to".to_owned(), json!({ "email": address }));
        }
        body
    }
}

impl<K: Credential> Sender for SendGrid<K> {
    async fn send(&self, message: &Notification) -> Result<Accepted, SendError> {
        let key = self.key.value().await.map_err(|why| SendError::RefusedForNow(Said::ours(why)))?;
        let call = self.client.post(format!("{}/v3/mail/send", self.config.base_url)).bearer_auth(key).json(&self.body(message));
        let answer = outbound::send(call).await.map_err(|error| unanswered(&error))?;
        let status = answer.status();
        if status.is_success() {
            // The message is known by its tag; its id tells one sending of it from another.
            let id = answer.headers().get("x-message-id").and_then(|id| reference(id.to_str().ok()?));
            return Ok(Accepted { provider: NotificationProvider::SendGrid, id });
        }
        Err(refused(status, &answer.bytes().await.unwrap_or_default()))
    }
}

/// The statuses as the API reference lists them: 400 and 413 are about this message, 401 and 403 about our key and our
/// sender, which somebody will put right.
fn refused(status: StatusCode, body: &[u8]) -> SendError {
    let complaints = serde_json::from_slice(body).map(|Refusal { errors }| errors).unwrap_or_default();
    let complaints: Vec<String> = complaints.into_iter().map(|complaint| complaint.message).collect();
    let said = if complaints.is_empty() {
        Said::ours(status.to_string())
    } else {
        Said::theirs(status.to_string(), format!("{} (SendGrid {})", complaints.join("; "), status.as_u16()))
    };
    match status.as_u16() {
        400 | 413 => SendError::Refused(said),
        status if fell_over(status) => SendError::Unknown(said),
        _ => SendError::RefusedForNow(said),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_address_is_final_and_a_wrong_key_or_a_busy_sendgrid_is_not() {
        let wrong = refused(StatusCode::BAD_REQUEST, br#"{"errors":[{"message":"Does not contain a valid address.","field":"x"}]}"#);
        let said = Said::theirs("400 Bad Request", "Does not contain a valid address. (SendGrid 400)");
        assert_eq!(wrong, SendError::Refused(said));
        for status in [401, 403, 404, 405, 429, 503] {
            let status = StatusCode::from_u16(status).unwrap();
            assert!(matches!(refused(status, br#"{"errors":[{"message":"x"}]}"#), SendError::RefusedForNow(_)), "{status}");
        }
        for status in [500, 502, 504] {
            assert!(matches!(refused(StatusCode::from_u16(status).unwrap(), b"<html>"), SendError::Unknown(_)), "{status}");
        }
        assert!(matches!(refused(StatusCode::PAYLOAD_TOO_LARGE, b""), SendError::Refused(_)));
    }
}
