//! What every handler has at hand.

use crate::auth::{Verifier, VerifierError};
use crate::aws;
use crate::clock::Clock;
use crate::config::{ConfigError, ShopConfig, TokenConfig, Variables};
use crate::labels::Labels;
use crate::metrics::Metrics;
use crate::secrets::Secrets;
use aws_config::SdkConfig;
use outbound::ClientError;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use store::{Lazy, Store, lazy};
use xray::Tracer;

/// Refunds take a provider longer than messages do: a bank may be asked behind it.
const PROVIDER_TIMEOUT: Duration = Duration::from_secs(20);
const PROVIDER_CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// The shop: its tables, its settings, and who may call. Cheap to clone.
#[derive(Clone)]
pub struct Shop {
    /// The tables.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// What the shop has decided.
    pub config: Arc<ShopConfig>,
    /// The queues.
    pub sqs: Lazy<aws_sdk_sqs::Client>,
    /// The queue that health asks after, where this function has been given it.
    pub email_queue: Option<String>,
    /// What outside services and we share.
    pub secrets: Arc<Secrets>,
    /// The store of labels, where this function has been given it.
    pub labels: Option<Labels>,
    /// Where requests that failed are counted, and how long jobs have been tried.
    pub metrics: Metrics,
    pub(crate) tracer: Tracer,
    verifier: Option<Arc<Verifier>>,
    outbound: Lazy<Result<reqwest::Client, ClientError>>,
}

/// Why a function can't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A variable is missing or makes no sense.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Tokens can't be verified.
    #[error(transparent)]
    Verifier(#[from] VerifierError),
}

impl Shop {
    /// Reads nothing but the environment.
    ///
    /// # Errors
    /// See [`StartError`].
    pub fn from_environment() -> Result<Self, StartError> {
        let variables = crate::config::Environment;
        let sdk = aws::config();
        let tokens = TokenConfig::given(&variables)?;
        Self::new(&variables, tokens, &sdk, &sdk, Clock::default())
    }

    /// A shop with its tables and its queues behind these configurations.
    ///
    /// # Errors
    /// See [`StartError`].
    pub fn new(
        variables: &impl Variables,
        tokens: Option<TokenConfig>,
        dynamodb: &SdkConfig,
        sqs: &SdkConfig,
        clock: Clock,
    ) -> Result<Self, StartError> {
        let verifier = tokens.map(|tokens| Verifier::new(tokens, dynamodb, &clock)).transpose()?;
        Ok(Self {
            store: aws::store(dynamodb, variables),
            config: Arc::new(ShopConfig::read(variables)?),
            sqs: aws::sqs(sqs),
            email_queue: variables.get("EMAIL_QUEUE_URL"),
            secrets: Arc::new(Secrets::given(variables, dynamodb, &clock)),
            labels: variables.get("LABELS_URL").map(|url| Labels::new(url, dynamodb)),
            metrics: Metrics::given(variables),
            tracer: aws::tracer(variables),
            verifier: verifier.map(Arc::new),
            outbound: lazy(|| outbound::client(PROVIDER_TIMEOUT, PROVIDER_CONNECT_TIMEOUT)),
            clock,
        })
    }

    /// The client that payment providers are called with, made when it is first asked for.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn outbound(&self) -> Result<reqwest::Client, ClientError> {
        LazyLock::force(&self.outbound).clone()
    }

    pub(crate) fn verifier(&self) -> Option<&Verifier> {
        self.verifier.as_deref()
    }
}
