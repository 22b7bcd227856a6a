//! Providers of messages as they tell the shop what became of one, each by its own signature.

use super::{Answer, LocalShop, p256};
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use local::Options;
use local::emulators::http::{Server, serve};
use local::system::TWILIO_AUTH_TOKEN;
use reqwest::Method;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex};

/// The topic that SES tells the shop's events on.
pub const SES_TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:order-ops-test-email-events";

/// The certificate of SNS's own, made with the key below for tests alone.
const CERTIFICATE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../functions/src/webhooks/ses/test-certificate.pem"));
const RSA_KEY: &str = include_str!("../rsa-test-key.b64");

/// A shop with everybody who tells it of messages.
pub struct Providers {
    pub shop: LocalShop,
    senders: Senders,
}

/// The keys of those who tell, and SNS itself.
pub struct Senders {
    send_grid: EcdsaKeyPair,
    sns: RsaKeyPair,
    /// What was asked of SNS.
    pub asked: Asked,
    sns_server: Server,
}

impl Deref for Providers {
    type Target = Senders;

    fn deref(&self) -> &Senders {
        &self.senders
    }
}

/// Every request that SNS got: a certificate's name, or the token of a confirmation.
#[derive(Clone, Default)]
pub struct Asked(Arc<Mutex<Vec<String>>>);

impl Asked {
    pub fn all(&self) -> Vec<String> {
        self.0.lock().expect("no panic").clone()
    }
}

/// A delivery of SendGrid's that is still to be sent, and can be spoilt before.
pub struct SendGridDelivery {
    pub signature: String,
    pub timestamp: String,
    pub body: Vec<u8>,
}

/// The same of SNS's.
pub type SnsDelivery = Value;

impl Providers {
    pub async fn start() -> Self {
        Self::with(Options::default()).await
    }

    pub async fn with(mut options: Options) -> Self {
        let senders = Senders::start().await;
        for name in ["SENDGRID_WEBHOOK_KEY", "SES_TOPIC_ARN", "SNS_BASE_URL"] {
            options.variables.entry(name).or_insert_with(|| senders.variable(name).expect("one of theirs"));
        }
        Self { shop: LocalShop::with(options).await, senders }
    }

    fn seconds(&self) -> u64 {
        self.shop.system.clock.now().seconds()
    }

    /// Twilio, of the message with this number.
    pub async fn twilio_tells(&self, message: u64, sid: &str, status: &str, error: Option<&str>) -> Answer {
        let mut form = vec![("MessageSid", sid), ("MessageStatus", status), ("To", "+243812345678"), ("AccountSid", "AC-local")];
        form.extend(error.map(|error| ("ErrorCode", error)));
        let path = format!("/api/webhooks/twilio?notification={message}");
        self.twilio_posts(&path, &form, &twilio_signature(TWILIO_AUTH_TOKEN, &format!("{}{path}", self.shop.system.url), &form)).await
    }

    pub async fn twilio_posts(&self, path: &str, form: &[(&str, &str)], signature: &str) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let caller = self.shop.nobody().header("X-Twilio-Signature", signature);
        let caller = caller.header("Content-Type", "application/x-www-form-urlencoded");
        caller.send(Method::POST, path, Some(body.into_bytes())).await
    }

    /// SendGrid, with these events.
    pub async fn send_grid_tells(&self, events: &Value) -> Answer {
        self.send_grid_posts(&self.send_grid_signs(self.seconds(), events.to_string().into_bytes())).await
    }

    pub async fn send_grid_posts(&self, delivery: &SendGridDelivery) -> Answer {
        let caller = self.shop.nobody().header("X-Twilio-Email-Event-Webhook-Signature", &delivery.signature);
        let caller = caller.header("X-Twilio-Email-Event-Webhook-Timestamp", &delivery.timestamp);
        caller.send(Method::POST, "/api/webhooks/sendgrid", Some(delivery.body.clone())).await
    }

    /// SES, by SNS, of the message with this number.
    pub async fn ses_tells(&self, message: u64, ses_id: &str, event: &str, more: Value) -> Answer {
        self.sns_posts(&self.sns_signs(self.seconds(), &ses_event(message, ses_id, event, more).to_string())).await
    }

    pub async fn sns_posts(&self, delivery: &SnsDelivery) -> Answer {
        let caller = self.shop.nobody().header("Content-Type", "text/plain; charset=UTF-8");
        caller.send(Method::POST, "/api/webhooks/ses", Some(delivery.to_string().into_bytes())).await
    }
}

impl Senders {
    pub async fn start() -> Self {
        let send_grid = p256::key(&ECDSA_P256_SHA256_ASN1_SIGNING);
        let sns = RsaKeyPair::from_der(&STANDARD.decode(RSA_KEY.replace('\n', "")).expect("base64")).expect("a key");
        let asked = Asked::default();
        let routes = Router::new()
            .route("/", get(confirm))
            .route(
                "/{certificate}",
                get(|State(asked): State<Asked>, Path(name): Path<String>| async move {
                    asked.0.lock().expect("no panic").push(name.clone());
                    if name == "SimpleNotificationService-test.pem" { (StatusCode::OK, CERTIFICATE) } else { (StatusCode::NOT_FOUND, "") }
                }),
            )
            .with_state(asked.clone());
        Self { send_grid, sns, asked, sns_server: serve(routes).await.expect("a server") }
    }

    /// What a shop has to be told to believe them.
    pub fn variable(&self, name: &str) -> Option<String> {
        match name {
            "SENDGRID_WEBHOOK_KEY" => Some(STANDARD.encode([p256::INFO, self.send_grid.public_key().as_ref()].concat())),
            "SES_TOPIC_ARN" => Some(SES_TOPIC.to_owned()),
            "SNS_BASE_URL" => Some(self.sns_server.url().to_owned()),
            _ => None,
        }
    }

    pub fn send_grid_signs(&self, at: u64, body: Vec<u8>) -> SendGridDelivery {
        let timestamp = at.to_string();
        let signed = [timestamp.as_bytes(), &body].concat();
        let signature = self.send_grid.sign(&SystemRandom::new(), &signed).expect("a signature");
        SendGridDelivery { signature: STANDARD.encode(signature), timestamp, body }
    }

    pub fn sns_signs(&self, at: u64, message: &str) -> SnsDelivery {
        self.signed(json!({ "Type": "Notification", "Subject": "Amazon SES Email Event Notification", "Message": message }), at)
    }

    pub fn sns_asks(&self, at: u64, token: &str) -> SnsDelivery {
        let url = format!("{}/?Action=ConfirmSubscription", "https://sns.eu-west-1.amazonaws.com");
        let delivery = json!({ "Type": "SubscriptionConfirmation", "Token": token, "SubscribeURL": url, "Message": "You have chosen" });
        self.signed(delivery, at)
    }

    fn signed(&self, mut delivery: SnsDelivery, at: u64) -> SnsDelivery {
        let time = jiff::Timestamp::from_second(i64::try_from(at).expect("a time")).expect("a time").to_string();
        delivery["MessageId"] = json!("22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324");
        delivery["Timestamp"] = json!(time);
        delivery["TopicArn"] = json!(SES_TOPIC);
        self.sign_anew(delivery)
    }

    /// What a delivery says by now, signed by SNS's own key.
    pub fn sign_anew(&self, mut delivery: SnsDelivery) -> SnsDelivery {
        let names = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];
        let lines = names.iter().filter_map(|name| Some(format!("{name}\n{}\n", delivery[name].as_str()?)));
        let signed: String = lines.collect();
        let mut signature = vec![0; self.sns.public().modulus_len()];
        self.sns.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).expect("a signature");
        delivery["Signature"] = json!(STANDARD.encode(signature));
        delivery["SignatureVersion"] = json!("2");
        if delivery["SigningCertURL"].is_null() {
            delivery["SigningCertURL"] = json!("https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-test.pem");
        }
        delivery
    }
}

async fn confirm(State(asked): State<Asked>, Query(query): Query<HashMap<String, String>>) -> StatusCode {
    let is_confirmation = query.get("Action").map(String::as_str) == Some("ConfirmSubscription");
    let is_of_topic = query.get("TopicArn").map(String::as_str) == Some(SES_TOPIC);
    asked.0.lock().expect("no panic").push(query.get("Token").cloned().unwrap_or_default());
    if is_confirmation && is_of_topic { StatusCode::OK } else { StatusCode::BAD_REQUEST }
}

/// An event as SES writes it.
pub fn ses_event(message: u64, ses_id: &str, event: &str, more: Value) -> Value {
    let mail = json!({ "messageId": ses_id, "tags": { "notification": [message.to_string()], "ses:operation": ["SendEmail"] } });
    let mut whole = json!({ "eventType": event, "mail": mail });
    whole[event.to_lowercase()] = more;
    whole
}

/// `X-Twilio-Signature`.
pub fn twilio_signature(token: &str, address: &str, form: &[(&str, &str)]) -> String {
    let mut fields = form.to_vec();
    fields.sort_unstable();
    let signed = fields.iter().fold(address.to_owned(), |signed, (name, value)| signed + name + value);
    STANDARD.encode(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, token.as_bytes()), signed.as_bytes()))
}
