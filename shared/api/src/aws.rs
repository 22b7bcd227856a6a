//! AWS clients, made from the environment alone: nothing is looked up, so nothing is waited for.

use crate::config::Variables;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::endpoint::Params;
use aws_sdk_dynamodb::config::{Credentials, HttpClient, RuntimeComponents, SharedCredentialsProvider, SharedHttpClient};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::endpoint::EndpointResolverParams;
use aws_smithy_runtime_api::client::http::{HttpConnectorSettings, SharedHttpConnector};
use std::collections::BTreeSet;
use std::time::Duration;
use store::{Lazy, Store, TableNames, lazy};
use xray::{AwsCalls, Tracer};

/// The roots that every AWS endpoint's certificate leads to (amazontrust.com/repository). Reading all of a system's
/// roots instead takes four times the instructions of everything else that a first request does.
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon-roots.pem");

/// The SDK's configuration in a Lambda function: region and credentials from its environment, `ring` for TLS.
#[must_use]
pub fn config() -> SdkConfig {
    let region = std::env::var("AWS_REGION").unwrap_or_else(|_| "us-east-1".to_owned());
    let credentials = SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new());
    with(region, credentials, https(trusted_roots()), std::env::var("AWS_ENDPOINT_URL").ok())
}

/// Amazon's roots, or the ones of the file that `AWS_CA_BUNDLE` names, as in every SDK and in AWS's own CLI.
fn trusted_roots() -> Vec<u8> {
    let Some(bundle) = std::env::var_os("AWS_CA_BUNDLE") else { return AMAZON_ROOTS.to_vec() };
    std::fs::read(&bundle).unwrap_or_else(|error| {
        tracing::error!(%error, ?bundle, "AWS_CA_BUNDLE can't be read; Amazon's own roots are trusted instead");
        AMAZON_ROOTS.to_vec()
    })
}

/// X-Ray's daemon, where Lambda says that there is one.
#[must_use]
pub fn tracer(variables: &impl Variables) -> Tracer {
    Tracer::new(variables.get("AWS_XRAY_DAEMON_ADDRESS").as_deref(), variables.get("AWS_REGION"))
}

/// The tables that `variables` names, behind a client that is made when the first of them is needed.
#[must_use]
pub fn store(sdk: &SdkConfig, variables: &impl Variables) -> Store {
    let sdk = sdk.clone();
    let client = move || {
        let config = aws_sdk_dynamodb::config::Builder::from(&sdk).interceptor(AwsCalls::naming(tables));
        aws_sdk_dynamodb::Client::from_conf(config.build())
    };
    Store::new(client, TableNames::from_lookup(|name| variables.get(name)))
}

/// The queues, behind a client that is made when it is first needed.
#[must_use]
pub fn sqs(sdk: &SdkConfig) -> Lazy<aws_sdk_sqs::Client> {
    let sdk = sdk.clone();
    lazy(move || aws_sdk_sqs::Client::from_conf(aws_sdk_sqs::config::Builder::from(&sdk).interceptor(AwsCalls::new()).build()))
}

/// The tables of a call, which DynamoDB's endpoints depend on.
fn tables(params: &EndpointResolverParams) -> BTreeSet<String> {
    let Some(params) = params.get::<Params>() else { return BTreeSet::new() };
    let several = params.resource_arn_list().unwrap_or_default().iter().map(String::as_str);
    params.resource_arn().into_iter().chain(several).map(ToOwned::to_owned).collect()
}

fn https(roots: Vec<u8>) -> SharedHttpClient {
    let client = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring));
    let client = match TlsContext::builder().with_trust_store(TrustStore::empty().with_pem_certificate(roots)).build() {
        Ok(context) => client.tls_context(context).build_https(),
        Err(error) => {
            tracing::error!(%error, "the trusted roots can't be used; the system's are trusted instead");
            client.build_https()
        }
    };
    SharedHttpClient::new(AtFirstRequest(client))
}

/// An HTTP client that builds its connector when it is first needed, and that one alone. The SDK's own builds one more for each
/// client of a service, reads the roots for it, and drops it again.
#[derive(Debug)]
struct AtFirstRequest(SharedHttpClient);

impl HttpClient for AtFirstRequest {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        self.0.http_connector(settings, components)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.0.connector_metadata()
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::RootCertStore;
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;

    #[test]
    fn amazons_five_roots_can_be_trusted() {
        let mut store = RootCertStore::empty();
        for root in CertificateDer::pem_slice_iter(AMAZON_ROOTS) {
            store.add(root.unwrap()).unwrap();
        }
        assert_eq!(store.len(), 5);
    }
}
