//! A message of Amazon SNS as it is posted to an address, and its signature
//! (docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html).

use super::certificate;
use api::config::ShopConfig;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use utoipa::ToSchema;

/// How long ago something may have been published, in seconds: SNS tries a delivery for an hour at most, with the time of the first,
/// and staff post what it gave up for as long as this. What comes again in that time says nothing new.
const OLDEST: i64 = 24 * 60 * 60;

/// How far ahead its clock may be, in seconds.
const AHEAD: i64 = 5 * 60;

const TIMEOUT: Duration = Duration::from_secs(3);

/// Far more than any certificate.
const MOST_BYTES: usize = 64 * 1024;

/// Certificates that are kept; SNS changes its own once in a while.
const MOST_KEYS: usize = 8;

/// A message, as SNS writes it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SnsMessage {
    /// `Notification`, `SubscriptionConfirmation` or `UnsubscribeConfirmation`.
    r#type: String,
    message_id: String,
    /// The topic.
    topic_arn: String,
    subject: Option<String>,
    /// For a notification: an event of SES's, as JSON.
    message: String,
    /// When it was published.
    timestamp: String,
    /// `1` (SHA-1) or `2` (SHA-256).
    signature_version: String,
    signature: String,
    /// Where the certificate is that it is signed with.
    #[serde(rename = "SigningCertURL")]
    signing_cert_url: String,
    /// What confirms a subscription.
    token: Option<String>,
    #[serde(rename = "SubscribeURL")]
    subscribe_url: Option<String>,
}

/// What a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Something was published.
    Notification,
    /// SNS asks whether we want what is published.
    SubscriptionConfirmation,
    /// SNS tells that it won't send any more.
    UnsubscribeConfirmation,
}

/// A certificate of SNS's: its region's address, and its path there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Certificate {
    host: String,
    path: String,
}

impl SnsMessage {
    /// What it is for.
    pub fn kind(&self) -> Option<Kind> {
        match self.r#type.as_str() {
            "Notification" => Some(Kind::Notification),
            "SubscriptionConfirmation" => Some(Kind::SubscriptionConfirmation),
            "UnsubscribeConfirmation" => Some(Kind::UnsubscribeConfirmation),
            _ => None,
        }
    }

    /// What was published.
    pub fn text(&self) -> &str {
        &self.message
    }

    /// Whether it is of this topic.
    pub fn is_of(&self, topic: &str) -> bool {
        self.topic_arn == topic
    }

    /// Whether it was published near `now` (epoch seconds).
    pub fn is_timely(&self, now: u64) -> bool {
        let (Ok(at), Ok(now)) = (self.timestamp.parse::<jiff::Timestamp>(), i64::try_from(now)) else { return false };
        let age = now.saturating_sub(at.as_second());
        (-AHEAD..=OLDEST).contains(&age)
    }

    /// The certificate that it names, which has to be one of SNS's own in the topic's region: anybody can publish one
    /// somewhere else.
    pub fn certificate(&self) -> Option<Certificate> {
        let host = host(&self.topic_arn)?;
        let path = self.signing_cert_url.strip_prefix("https://")?.strip_prefix(host.as_str())?;
        let name = path.strip_prefix("/SimpleNotificationService-")?.strip_suffix(".pem")?;
        let is_name = !name.is_empty() && name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_name.then(|| Certificate { host, path: path.to_owned() })
    }

    /// Whether this key signed it.
    pub fn is_signed_by(&self, key: &[u8]) -> bool {
        let (Some(signed), Ok(signature)) = (self.signed(), STANDARD.decode(&self.signature)) else { return false };
        let algorithm = match self.signature_version.as_str() {
            "1" => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
            "2" => &RSA_PKCS1_2048_8192_SHA256,
            _ => return false,
        };
        UnparsedPublicKey::new(algorithm, key).verify(signed.as_bytes(), &signature).is_ok()
    }

    /// What is signed: names and values of its fields, each on a line of its own, by their names.
    fn signed(&self) -> Option<String> {
        let Self { r#type, message_id, topic_arn, subject, message, timestamp, token, subscribe_url, .. } = self;
        let fields: Vec<(&str, Option<&String>)> = match self.kind()? {
            Kind::Notification => vec![
                ("Message", Some(message)),
                ("MessageId", Some(message_id)),
                ("Subject", subject.as_ref()),
                ("Timestamp", Some(timestamp)),
                ("TopicArn", Some(topic_arn)),
                ("Type", Some(r#type)),
            ],
            Kind::SubscriptionConfirmation | Kind::UnsubscribeConfirmation => vec![
                ("Message", Some(message)),
                ("MessageId", Some(message_id)),
                ("SubscribeURL", subscribe_url.as_ref()),
                ("Timestamp", Some(timestamp)),
                ("Token", token.as_ref()),
                ("TopicArn", Some(topic_arn)),
                ("Type", Some(r#type)),
            ],
        };
        let lines = fields.into_iter().filter_map(|(name, value)| Some(format!("{name}\n{}\n", value?)));
        Some(lines.collect())
    }
}

/// SNS's own address in the region of a topic (`arn:aws:sns:eu-west-1:123456789012:name`).
fn host(topic: &str) -> Option<String> {
    let mut parts = topic.split(':');
    let (Some("arn"), Some(partition), Some("sns"), Some(region)) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return None;
    };
    let is_region = !region.is_empty() && region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    let domain = if partition == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
    is_region.then(|| format!("sns.{region}.{domain}"))
}

/// SNS is not reached.
#[derive(Debug, thiserror::Error)]
#[error("SNS: {0}")]
pub struct SnsError(String);

/// What is asked of SNS, and the keys that it signs with. A clone shares them.
#[derive(Clone, Default)]
pub struct Sns(Arc<Mutex<HashMap<Certificate, Arc<[u8]>>>>);

impl Sns {
    /// The key of a certificate; nothing where SNS has no such. One is fetched at a time, so that whoever makes up names
    /// keeps nobody but themselves busy.
    ///
    /// # Errors
    /// When SNS isn't reached.
    pub async fn key(&self, config: &ShopConfig, certificate: &Certificate) -> Result<Option<Arc<[u8]>>, SnsError> {
        let mut keys = self.0.lock().await;
        if let Some(key) = keys.get(certificate) {
            return Ok(Some(Arc::clone(key)));
        }
        let Some(pem) = get(&address(config, &certificate.host, &certificate.path)).await? else { return Ok(None) };
        let Some(key) = certificate::public_key(&pem) else { return Ok(None) };
        if keys.len() >= MOST_KEYS {
            keys.clear();
        }
        let key: Arc<[u8]> = key.into();
        keys.insert(certificate.clone(), Arc::clone(&key));
        Ok(Some(key))
    }

    /// Says yes to a subscription, at SNS's own address: the one in the message is not called.
    ///
    /// # Errors
    /// When SNS isn't reached, or refuses.
    pub async fn confirm(&self, config: &ShopConfig, message: &SnsMessage) -> Result<(), SnsError> {
        let (Some(host), Some(token)) = (host(&message.topic_arn), &message.token) else { return Err(SnsError("no token".to_owned())) };
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("Action", "ConfirmSubscription")
            .append_pair("TopicArn", &message.topic_arn)
            .append_pair("Token", token)
            .finish();
        get(&address(config, &host, &format!("/?{query}")))
            .await?
            .map(drop)
            .ok_or_else(|| SnsError("the token is not known there".to_owned()))
    }
}

fn address(config: &ShopConfig, host: &str, path: &str) -> String {
    match &config.sns_url {
        Some(emulator) => format!("{emulator}{path}"),
        None => format!("https://{host}{path}"),
    }
}

/// What is there; nothing where SNS says that the request makes no sense.
async fn get(url: &str) -> Result<Option<Vec<u8>>, SnsError> {
    let failed = |error: reqwest::Error| SnsError(error.without_url().to_string());
    let client = outbound::client(TIMEOUT, TIMEOUT).map_err(|error| SnsError(error.to_string()))?;
    let answer = outbound::send(client.get(url)).await.map_err(failed)?;
    if answer.status().is_client_error() {
        return Ok(None);
    }
    if !answer.status().is_success() {
        return Err(SnsError(answer.status().to_string()));
    }
    outbound::body(answer, MOST_BYTES).await.map(Some).map_err(|error| SnsError(error.to_string()))
}

#[cfg(test)]
#[path = "sns_tests.rs"]
mod tests;
