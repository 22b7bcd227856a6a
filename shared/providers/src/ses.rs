//! E-mail by Amazon SES, API version 2.

use crate::said::{NOT_IN_TIME, NOT_REACHED, NOT_THROUGH, classified, reference};
use crate::{Accepted, CONNECT_TIMEOUT, Said, SendError, Sender, TIMEOUT, fell_over};
use aws_config::SdkConfig;
use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::config::retry::RetryConfig;
use aws_sdk_sesv2::config::timeout::TimeoutConfig;
use aws_sdk_sesv2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message, MessageTag};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::notification::{Notification, NotificationProvider};
use std::error::Error;
use xray::AwsCalls;

/// SES, sending from one address.
#[derive(Clone)]
pub struct Ses {
    client: Client,
    from: String,
    reply_to: Option<String>,
    configuration_set: Option<String>,
}

impl Ses {
    /// Through `sdk`'s region, without any retry of the SDK's own: SES has no idempotency key, so a second call is
    /// a second message.
    #[must_use]
    pub fn new(sdk: &SdkConfig, shop_name: &str, address: &str, reply_to: Option<String>) -> Self {
        let from = mailbox(shop_name, address);
        // All three: what is left out is taken over from `sdk`, which is in more of a hurry.
        let timeouts =
            TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_attempt_timeout(TIMEOUT).operation_timeout(TIMEOUT).build();
        let config = aws_sdk_sesv2::config::Builder::from(sdk)
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts)
            .interceptor(AwsCalls::new());
        Self { client: Client::from_conf(config.build()), from, reply_to, configuration_set: None }
    }

    /// Telling what becomes of its messages the way that this configuration set says.
    #[must_use]
    pub fn reporting(self, configuration_set: Option<String>) -> Self {
        Self { configuration_set, ..self }
    }
}

impl Sender for Ses {
    async fn send(&self, message: &Notification) -> Result<Accepted, SendError> {
        let email = email(message).map_err(|error| SendError::Refused(Said::ours(error.to_string())))?;
        let tag = MessageTag::builder().name("notification").value(message.id.to_string()).build();
        let call = self
            .client
            .send_email()
            .from_email_address(&self.from)
            .set_reply_to_addresses(self.reply_to.clone().map(|address| vec![address]))
            .destination(Destination::builder().to_addresses(&message.recipient).build())
            .content(email)
            .set_configuration_set_name(self.configuration_set.clone())
            .set_email_tags(tag.ok().map(|tag| vec![tag]));
        match call.send().await {
            Ok(answer) => Ok(Accepted { provider: NotificationProvider::Ses, id: answer.message_id.as_deref().and_then(reference) }),
            Err(error) => Err(refusal(&error)),
        }
    }
}

/// The shop's name before its address (RFC 5322, section 3.4). SES takes ASCII alone there, so any other name is
/// an encoded word (RFC 2047, section 2).
fn mailbox(name: &str, address: &str) -> String {
    if name.is_ascii() {
        let quoted: String = name.chars().filter(|c| !c.is_control() && !['"', '\\'].contains(c)).collect();
        format!("\"{quoted}\" <{address}>")
    } else {
        format!("=?UTF-8?B?{}?= <{address}>", STANDARD.encode(name))
    }
}

fn email(message: &Notification) -> Result<EmailContent, aws_sdk_sesv2::error::BuildError> {
    let text = |data: &str| Content::builder().data(data).charset("UTF-8").build();
    let body = Body::builder().html(text(&message.content.body)?).set_text(message.content.text.as_deref().map(text).transpose()?).build();
    let subject = text(message.content.subject.as_deref().unwrap_or_default())?;
    Ok(EmailContent::builder().simple(Message::builder().subject(subject).body(body).build()).build())
}

/// The errors of `SendEmail` as the SES v2 API reference lists them. What is not found is our configuration set, and what is
/// not verified our own address, or any address while the account is in the sandbox: the message is none the worse.
fn refusal(error: &SdkError<SendEmailError, HttpResponse>) -> SendError {
    let SdkError::ServiceError(service) = error else { return unanswered(error) };
    let status = service.raw().status().as_u16();
    // No more than this of the SDK's error, which has the whole answer in it.
    let (ours, theirs) = (classified(status, error.code()), error.message());
    let said = theirs.map_or_else(|| Said::ours(&ours), |theirs| Said::theirs(&ours, theirs));
    match service.err() {
        _ if fell_over(status) => SendError::Unknown(said),
        SendEmailError::MessageRejected(_) if theirs.is_some_and(|theirs| theirs.contains("not verified")) => {
            SendError::RefusedForNow(said)
        }
        SendEmailError::BadRequestException(_) | SendEmailError::MessageRejected(_) => SendError::Refused(said),
        _ => SendError::RefusedForNow(said),
    }
}

/// What a call to which SES said nothing has come to; see the other [`unanswered`](crate::unanswered).
fn unanswered(error: &SdkError<SendEmailError, HttpResponse>) -> SendError {
    match error {
        SdkError::ConstructionFailure(_) => SendError::Refused("no request can be made of it".into()),
        SdkError::DispatchFailure(_) if never_connected(error) => SendError::RefusedForNow(NOT_REACHED.into()),
        SdkError::TimeoutError(_) => SendError::Unknown(NOT_IN_TIME.into()),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => SendError::Unknown(NOT_IN_TIME.into()),
        _ => SendError::Unknown(NOT_THROUGH.into()),
    }
}

/// Whether no connection was ever made, so that the message can't have been handed over.
fn never_connected(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<hyper_util::client::legacy::Error>().is_some_and(hyper_util::client::legacy::Error::is_connect) {
            return true;
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_sesv2::error::ErrorMetadata;

    #[test]
    fn of_what_ses_answers_its_code_and_its_words_alone_are_kept() {
        let answer = |status: u16| HttpResponse::new(status.try_into().unwrap(), r#"{"to":"grace@example.com"}"#.into());
        let refused = |status: u16, error: ErrorMetadata| refusal(&SdkError::service_error(SendEmailError::generic(error), answer(status)));
        let coded = || ErrorMetadata::builder().code("TooManyRequestsException");
        let ours = "429 (TooManyRequestsException)";
        let slower = refused(429, coded().message("Maximum sending rate exceeded.").build());
        assert_eq!(slower, SendError::RefusedForNow(Said::theirs(ours, "Maximum sending rate exceeded.")));
        assert_eq!(refused(429, coded().build()), SendError::RefusedForNow(Said::ours(ours)));
        assert_eq!(refused(500, ErrorMetadata::builder().build()), SendError::Unknown(Said::ours("500")));
        let unreadable = SdkError::response_error(r#"unexpected end of {"to":"grace@example.com""#, answer(200));
        assert_eq!(refusal(&unreadable), SendError::Unknown(NOT_THROUGH.into()));
        assert_eq!(refusal(&SdkError::timeout_error("8 seconds")), SendError::Unknown(NOT_IN_TIME.into()));
    }

    #[test]
    fn a_shop_of_any_name_can_send() {
        assert_eq!(mailbox("ML Allure", "orders@example.com"), "\"ML Allure\" <orders@example.com>");
        assert_eq!(mailbox("A \"B\"\r\nBcc: x", "orders@example.com"), "\"A BBcc: x\" <orders@example.com>");
        assert_eq!(mailbox("Éclat", "orders@example.com"), "=?UTF-8?B?w4ljbGF0?= <orders@example.com>");
    }
}
