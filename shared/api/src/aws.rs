//! AWS clients, made from the environment alone: nothing is looked up, so nothing is waited for.

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider, SharedHttpClient};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use std::time::Duration;

/// The SDK's configuration in a Lambda function: region and credentials from its environment, `ring` for TLS.
#[must_use]
pub fn config() -> SdkConfig {
    let region = std::env::var("AWS_REGION").unwrap_or_else(|_| "us-east-1".to_owned());
    let credentials = SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new());
    let client = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    with(region, credentials, client, std::env::var("AWS_ENDPOINT_URL").ok())
}

/// A configuration that talks to an emulator through `client`.
#[must_use]
pub fn local_config(endpoint: &str, client: SharedHttpClient) -> SdkConfig {
    let credentials = SharedCredentialsProvider::new(Credentials::new("local", "local", None, None, "local"));
    with("us-east-1".to_owned(), credentials, client, Some(endpoint.to_owned()))
}

/// With time limits that fit a request: three tries of two seconds at the most.
fn with(region: String, credentials: SharedCredentialsProvider, client: SharedHttpClient, endpoint: Option<String>) -> SdkConfig {
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region))
        .credentials_provider(credentials)
        .http_client(client)
        .retry_config(RetryConfig::standard().with_max_attempts(3).with_initial_backoff(Duration::from_millis(50)))
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(Duration::from_secs(1))
                .operation_attempt_timeout(Duration::from_secs(2))
                .operation_timeout(Duration::from_secs(6))
                .build(),
        );
    config.set_endpoint_url(endpoint);
    config.build()
}
