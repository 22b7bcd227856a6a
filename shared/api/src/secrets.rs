//! Secrets: fetched at first use, kept for five minutes.

use crate::clock::Clock;
use crate::config::{Secret, Variables, secret};
use aws_config::SdkConfig;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::Builder;
use domain::time::Timestamp;
use outbound::Kept;
use std::sync::Arc;
use xray::AwsCalls;

const KEPT_MINUTES: u64 = 5;

/// A secret could not be fetched.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the secret of {variable} could not be fetched: {reason}")]
pub struct SecretError {
    variable: &'static str,
    reason: String,
}

/// What an endpoint or a worker may need to know besides what tokens are signed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretName {
    /// What Stripe signs its webhooks with (`whsec_…`).
    StripeWebhook,
    /// What we call Stripe with (`sk_…`, or a restricted `rk_…`).
    StripeKey,
    /// What we call pawaPay with.
    PawaPayToken,
    /// What DHL was told to send with its pushes.
    DhlWebhook,
    /// The security token of FedEx's webhook, which it signs with.
    FedExWebhook,
    /// The credential that UPS was given, which it sends along.
    UpsWebhook,
    /// Twilio's auth token, which is also what it signs its webhooks with.
    Twilio,
    /// SendGrid's API key.
    SendGrid,
}

impl SecretName {
    /// Every one.
    pub const ALL: [Self; 8] = [
        Self::StripeWebhook,
        Self::StripeKey,
        Self::PawaPayToken,
        Self::DhlWebhook,
        Self::FedExWebhook,
        Self::UpsWebhook,
        Self::Twilio,
        Self::SendGrid,
    ];

    /// The variable that names it in Secrets Manager.
    #[must_use]
    pub const fn arn_variable(self) -> &'static str {
        self.variables().1
    }

    /// The variable that holds it (for environments other than AWS), and the one that holds its ARN.
    const fn variables(self) -> (&'static str, &'static str) {
        match self {
            Self::StripeWebhook => ("STRIPE_WEBHOOK_SECRET", "STRIPE_WEBHOOK_SECRET_ARN"),
            Self::StripeKey => ("STRIPE_SECRET_KEY", "STRIPE_SECRET_KEY_ARN"),
            Self::PawaPayToken => ("PAWAPAY_API_TOKEN", "PAWAPAY_API_TOKEN_ARN"),
            Self::DhlWebhook => ("DHL_WEBHOOK_SECRET", "DHL_WEBHOOK_SECRET_ARN"),
            Self::FedExWebhook => ("FEDEX_WEBHOOK_SECRET", "FEDEX_WEBHOOK_SECRET_ARN"),
            Self::UpsWebhook => ("UPS_WEBHOOK_SECRET", "UPS_WEBHOOK_SECRET_ARN"),
            Self::Twilio => ("TWILIO_AUTH_TOKEN", "TWILIO_SECRET_ARN"),
            Self::SendGrid => ("SENDGRID_API_KEY", "SENDGRID_SECRET_ARN"),
        }
    }
}

/// The secrets that a function was given.
pub struct Secrets([Option<CachedSecret>; SecretName::ALL.len()]);

impl Secrets {
    /// Looks for each; nothing is fetched yet.
    #[must_use]
    pub fn given(variables: &impl Variables, sdk: &SdkConfig, clock: &Clock) -> Self {
        Self(SecretName::ALL.map(|name| {
            let (plain, arn) = name.variables();
            secret(variables, plain, arn).map(|source| CachedSecret::new(source, sdk.clone(), clock.clone()))
        }))
    }

    /// Whether the function was given it; asks nobody.
    #[must_use]
    pub fn has(&self, name: SecretName) -> bool {
        self.0[name as usize].is_some()
    }

    /// A secret's value; nothing where the function was not given it.
    ///
    /// # Errors
    /// When Secrets Manager refuses or isn't reached.
    pub async fn value(&self, name: SecretName) -> Result<Option<Arc<str>>, SecretError> {
        match &self.0[name as usize] {
            Some(secret) => secret.value().await.map(Some),
            None => Ok(None),
        }
    }
}

/// One secret and its last fetched value.
pub struct CachedSecret {
    source: Secret,
    sdk: SdkConfig,
    clock: Clock,
    fetched: Kept<(Timestamp, Arc<str>), String>,
}

impl CachedSecret {
    /// Nothing is fetched yet.
    #[must_use]
    pub fn new(source: Secret, sdk: SdkConfig, clock: Clock) -> Self {
        Self { source, sdk, clock, fetched: Kept::default() }
    }

    /// Whether it comes from Secrets Manager.
    #[must_use]
    pub const fn is_fetched(&self) -> bool {
        matches!(self.source, Secret::Arn { .. })
    }

    /// The secret's value, where nobody has to be asked for it.
    pub fn kept(&self) -> Option<Arc<str>> {
        match &self.source {
            Secret::Plain(value) => Some(value.as_str().into()),
            Secret::Arn { .. } => self.fetched.kept(|fetched| self.is_young(fetched)).map(|(_, value)| value),
        }
    }

    fn is_young(&self, (at, _): &(Timestamp, Arc<str>)) -> bool {
        *at > self.clock.now().minus_minutes(KEPT_MINUTES)
    }

    /// The secret's value. Whoever comes while it is being fetched waits for that answer.
    ///
    /// # Errors
    /// When Secrets Manager refuses or isn't reached. A value that was kept for its time is not used any longer, also then: the key
    /// may have been rolled because somebody else has it.
    pub async fn value(&self) -> Result<Arc<str>, SecretError> {
        let (variable, arn) = match &self.source {
            Secret::Plain(value) => return Ok(value.as_str().into()),
            Secret::Arn { variable, arn } => (*variable, arn),
        };
        let fetched = self.fetched.value(|fetched| self.is_young(fetched), self.fetch(arn));
        let (_, value) = fetched.await.map_err(|reason| SecretError { variable, reason })?;
        Ok(value)
    }

    fn client(&self) -> Client {
        Client::from_conf(Builder::from(&self.sdk).interceptor(AwsCalls::new()).build())
    }

    async fn fetch(&self, arn: &str) -> Result<(Timestamp, Arc<str>), String> {
        let now = self.clock.now();
        let answer = self.client().get_secret_value().secret_id(arn).send().await;
        let answer = answer.map_err(|error| store::loggable(&error))?;
        let value = answer.secret_string.ok_or_else(|| "it has no text".to_owned())?;
        Ok((now, value.into()))
    }
}
