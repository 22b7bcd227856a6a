use super::*;
use crate::emulators::{
    http::{Server, serve},
    testing::{Clock, credentials, raw_http, sdk_http},
};
use aws_sdk_sesv2::{
    Client,
    config::{BehaviorVersion, Region, retry::RetryConfig},
    error::SdkError,
    operation::send_email::{SendEmailError, SendEmailOutput},
    types::{Body, Content, Destination, EmailContent, Message, MessageTag},
};

struct Fixture {
    outbox: Outbox,
    ses: Client,
    server: Server,
}

impl Fixture {
    async fn start() -> Self {
        let outbox = Outbox::new(Clock::new().now());
        let server = serve(outbox.router()).await.unwrap();
        let config = aws_sdk_sesv2::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("local"))
            .credentials_provider(credentials())
            .http_client(sdk_http())
            .retry_config(RetryConfig::disabled())
            .endpoint_url(server.url())
            .build();
        Self { outbox, ses: Client::from_conf(config), server }
    }

    async fn send_email(&self) -> Result<SendEmailOutput, SdkError<SendEmailError>> {
        let content = |data: &str| Content::builder().data(data).charset("UTF-8").build().unwrap();
        let body = Body::builder().html(content("<p>Bonjour</p>")).text(content("Bonjour")).build();
        let message = Message::builder().subject(content("Commande annulée")).body(body).build();
        self.ses
            .send_email()
            .from_email_address("Shop <shop@example.com>")
            .destination(Destination::builder().to_addresses("amani@example.com").build())
            .reply_to_addresses("help@example.com")
            .content(EmailContent::builder().simple(message).build())
            .email_tags(MessageTag::builder().name("job").value("7-cancelled").build().unwrap())
            .send()
            .await
    }

    async fn send_sms(&self, form: &str, authorization: &str) -> String {
        let length = form.len();
        let request = format!(
            "POST /2010-04-01/Accounts/AC1/Messages.json HTTP/1.1\r\nhost: twilio\r\nconnection: close\r\n\
             {authorization}content-type: application/x-www-form-urlencoded\r\ncontent-length: {length}\r\n\r\n{form}"
        );
        raw_http(self.server.url(), &request).await
    }
}

const FORM: &str = "To=%2B243810000001&From=%2B15005550006&Body=Bonjour+%F0%9F%91%8B&StatusCallback=http%3A%2F%2Fx%2Fhook";
const AUTHORIZATION: &str = "authorization: Basic QUMxOnNlY3JldA==\r\n";

#[tokio::test]
async fn an_email_is_kept_whole_and_answered_with_its_id() {
    let f = Fixture::start().await;
    let answer = f.send_email().await.unwrap();
    let emails = f.outbox.emails();
    assert_eq!(emails.len(), 1);
    let email = &emails[0];
    assert_eq!(answer.message_id(), Some(email.id.as_str()));
    assert_eq!(email.from, "Shop <shop@example.com>");
    assert_eq!(email.to, ["amani@example.com"]);
    assert_eq!(email.reply_to, ["help@example.com"]);
    assert_eq!(email.subject, "Commande annulée");
    assert_eq!(email.html.as_deref(), Some("<p>Bonjour</p>"));
    assert_eq!(email.text.as_deref(), Some("Bonjour"));
    assert_eq!(email.tags, [("job".to_owned(), "7-cancelled".to_owned())]);
    assert_eq!(email.sent_at, 1_767_225_600_000);
}

#[tokio::test]
async fn a_refusal_of_ses_is_the_error_that_the_sdk_knows() {
    let f = Fixture::start().await;
    let refuse = |status, code: &str| {
        let fault = Fault::Refuse { status, code: code.into(), message: "Not today.".into() };
        f.outbox.fail_next(Channel::Email, fault);
    };
    refuse(429, "TooManyRequestsException");
    refuse(400, "MessageRejected");
    let throttled = f.send_email().await.unwrap_err().into_service_error();
    assert!(throttled.is_too_many_requests_exception());
    assert_eq!(throttled.meta().message(), Some("Not today."));
    assert!(f.send_email().await.unwrap_err().into_service_error().is_message_rejected());
    assert!(f.send_email().await.is_ok());
    assert_eq!((f.outbox.emails().len(), f.outbox.requests(Channel::Email)), (1, 3));
}

#[tokio::test]
async fn an_email_can_be_accepted_without_an_answer() {
    let f = Fixture::start().await;
    f.outbox.fail_next(Channel::Email, Fault::AcceptThenDrop);
    let lost = f.send_email().await.unwrap_err();
    assert!(matches!(lost, SdkError::DispatchFailure(_)), "{lost:?}");
    assert_eq!(f.outbox.emails().len(), 1);
    assert!(f.send_email().await.is_ok(), "on a new connection all is well again");
}

#[tokio::test]
async fn a_provider_that_hangs_keeps_nothing() {
    let f = Fixture::start().await;
    f.outbox.fail_all(Channel::Email, Some(Fault::Hang(Duration::from_millis(50))));
    assert!(matches!(f.send_email().await.unwrap_err(), SdkError::DispatchFailure(_)));
    assert!(f.send_email().await.is_err());
    f.outbox.fail_all(Channel::Email, None);
    assert!(f.send_email().await.is_ok());
    assert_eq!(f.outbox.emails().len(), 1);
}

#[tokio::test]
async fn an_sms_is_kept_whole_and_queued() {
    let f = Fixture::start().await;
    let answer = f.send_sms(FORM, AUTHORIZATION).await;
    assert!(answer.starts_with("HTTP/1.1 201 Created"), "{answer}");
    let sms = &f.outbox.sms()[0];
    assert!(sms.sid.starts_with("SM") && sms.sid.len() == 34);
    assert!(answer.contains(&sms.sid) && answer.contains(r#""status":"queued""#));
    assert_eq!((sms.to.as_str(), sms.from.as_str()), ("+243810000001", "+15005550006"));
    assert_eq!(sms.body, "Bonjour 👋");
    assert_eq!(sms.status_callback.as_deref(), Some("http://x/hook"));
}

#[tokio::test]
async fn twilio_refuses_strangers_and_forms_with_something_missing() {
    let f = Fixture::start().await;
    let answer = f.send_sms(FORM, "").await;
    assert!(answer.starts_with("HTTP/1.1 401") && answer.contains(r#""code":20003"#), "{answer}");
    let answer = f.send_sms("To=%2B2438&From=%2B1500", AUTHORIZATION).await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains(r#""code":21602"#), "{answer}");
    assert!(f.outbox.sms().is_empty());
    assert_eq!(f.outbox.requests(Channel::Sms), 2);
}

#[tokio::test]
async fn twilio_fails_as_it_is_told_to() {
    let f = Fixture::start().await;
    let fault = Fault::Refuse { status: 400, code: "21211".into(), message: "Invalid 'To' Phone Number".into() };
    f.outbox.fail_next(Channel::Sms, fault);
    f.outbox.fail_next(Channel::Sms, Fault::AcceptThenDrop);
    let answer = f.send_sms(FORM, AUTHORIZATION).await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains(r#""code":21211"#), "{answer}");
    assert!(f.outbox.sms().is_empty());
    assert_eq!(f.send_sms(FORM, AUTHORIZATION).await, "", "cut before a single byte");
    assert_eq!(f.outbox.sms().len(), 1);
}
