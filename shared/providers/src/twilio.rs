//! SMS by Twilio, Programmable Messaging: `POST /2010-04-01/Accounts/{sid}/Messages.json`.

use crate::said::reference;
use crate::{Accepted, Credential, Said, SendError, Sender, fell_over, unanswered};
use domain::notification::{Notification, NotificationProvider};
use outbound::ClientError;
use reqwest::StatusCode;
use serde::Deserialize;

/// Twilio's error codes that no later try can mend (twilio.com/docs/api/errors): a number that is none, can't get
/// SMS, is a landline or a premium one, is the sender's own, is not reachable from it, or whose owner wants no more. 21408, a country
/// that the account may not send to, is none of them: it is mended in Twilio's console, and then the message goes out.
const FINAL: &[u32] = &[21211, 21217, 21266, 21268, 21401, 21421, 21604, 21605, 21610, 21612, 21614, 21617, 21635];

/// An account, and the number or sender it sends from.
#[derive(Clone)]
pub struct TwilioConfig {
    /// `AC…`
    pub account_sid: String,
    /// The sender: a number in E.164, a name, or a messaging service (`MG` and 32 hexadecimal digits).
    pub from: String,
    /// `https://api.twilio.com`, or an emulator.
    pub base_url: String,
    /// Where it tells what becomes of a message; each one's is followed by its number. Nowhere, where there is none.
    pub status_callback: Option<String>,
}

/// Twilio.
#[derive(Clone)]
pub struct Twilio<K> {
    client: reqwest::Client,
    config: TwilioConfig,
    auth_token: K,
}

#[derive(Deserialize)]
struct Created {
    sid: String,
}

#[derive(Deserialize)]
struct Refusal {
    code: Option<u32>,
    message: Option<String>,
}

impl<K: Credential> Twilio<K> {
    /// Twilio, as the shop is known there. Nothing is called yet.
    ///
    /// # Errors
    /// When the HTTP client can't be made.
    pub fn new(config: TwilioConfig, auth_token: K) -> Result<Self, ClientError> {
        Ok(Self { client: crate::client()?, config, auth_token })
    }
}

impl<K: Credential> Sender for Twilio<K> {
    async fn send(&self, message: &Notification) -> Result<Accepted, SendError> {
        let auth_token = self.auth_token.value().await.map_err(|why| SendError::RefusedForNow(Said::ours(why)))?;
        let TwilioConfig { account_sid, from, base_url, status_callback } = &self.config;
        let mut form = vec![("To", message.recipient.as_str()), (sender_field(from), from), ("Body", &message.content.body)];
        let callback = status_callback.as_ref().map(|url| format!("{url}?notification={}", message.id));
        form.extend(callback.iter().map(|url| ("StatusCallback", url.as_str())));
        let call = self
            .client
            .post(format!("{base_url}/2010-04-01/Accounts/{account_sid}/Messages.json"))
            .basic_auth(account_sid, Some(auth_token))
            .form(&form);
        let answer = outbound::send(call).await.map_err(|error| unanswered(&error))?;
        let status = answer.status();
        // A status without its body tells what became of the message just as well.
        let body = answer.bytes().await.unwrap_or_default();
        if status.is_success() {
            return serde_json::from_slice::<Created>(&body)
                .map(|Created { sid }| Accepted { provider: NotificationProvider::Twilio, id: reference(&sid) })
                .map_err(|_| SendError::Unknown(Said::ours(format!("{status}, and no sid"))));
        }
        Err(refused(status, &body))
    }
}

/// The field that a sender goes into. A shop's name may begin like the SID of a messaging service, so that the letters alone don't tell.
fn sender_field(from: &str) -> &'static str {
    let is_service = from.strip_prefix("MG").is_some_and(|rest| rest.len() == 32 && rest.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if is_service { "MessagingServiceSid" } else { "From" }
}

fn refused(status: StatusCode, body: &[u8]) -> SendError {
    let Refusal { code, message } = serde_json::from_slice(body).unwrap_or(Refusal { code: None, message: None });
    let code_text = code.map(|code| format!(" (Twilio {code})")).unwrap_or_default();
    let said = Said::theirs(status.to_string(), format!("{}{code_text}", message.unwrap_or_else(|| status.to_string())));
    let of_message = code.is_some_and(|code| FINAL.contains(&code)) || (code.is_none() && status == StatusCode::BAD_REQUEST);
    match status.as_u16() {
        _ if of_message => SendError::Refused(said),
        status if fell_over(status) => SendError::Unknown(said),
        _ => SendError::RefusedForNow(said),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shop_whose_name_begins_like_a_messaging_service_is_none() {
        let service = format!("MG{}", "0123456789abcdef".repeat(2));
        assert_eq!(sender_field(&service), "MessagingServiceSid");
        for from in ["MG Fashion", "MG", "MGA", "+15005550006", &service[..33], &format!("{service}0"), &service.replace('f', "g")] {
            assert_eq!(sender_field(from), "From", "{from}");
        }
    }

    #[test]
    fn a_wrong_number_is_final_and_a_busy_twilio_is_not() {
        let wrong = refused(StatusCode::BAD_REQUEST, br#"{"code":21211,"message":"Invalid 'To' Phone Number"}"#);
        assert_eq!(wrong, SendError::Refused(Said::theirs("400 Bad Request", "Invalid 'To' Phone Number (Twilio 21211)")));
        assert!(matches!(refused(StatusCode::BAD_REQUEST, br#"{"code":21635}"#), SendError::Refused(_)));
        assert!(matches!(refused(StatusCode::BAD_REQUEST, br#"{"code":21408}"#), SendError::RefusedForNow(_)));
        assert!(matches!(refused(StatusCode::TOO_MANY_REQUESTS, br#"{"code":20429}"#), SendError::RefusedForNow(_)));
        assert!(matches!(refused(StatusCode::SERVICE_UNAVAILABLE, b"<html>"), SendError::RefusedForNow(_)));
        assert!(matches!(refused(StatusCode::INTERNAL_SERVER_ERROR, br#"{"code":20500}"#), SendError::Unknown(_)));
        for status in [StatusCode::BAD_GATEWAY, StatusCode::from_u16(520).unwrap(), StatusCode::from_u16(524).unwrap()] {
            assert!(matches!(refused(status, b""), SendError::Unknown(_)), "{status}");
        }
        assert!(matches!(refused(StatusCode::UNAUTHORIZED, br#"{"code":20003}"#), SendError::RefusedForNow(_)));
    }
}
