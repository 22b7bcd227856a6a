//! The calls that go to DynamoDB, as they go by.

use aws_sdk_dynamodb::config::{RuntimeComponents, SharedHttpClient};
use aws_smithy_runtime_api::client::http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use serde_json::Value;
use std::fmt;
use std::sync::Arc;

type Sight = Arc<dyn Fn(&str, &Value) + Send + Sync>;

/// An HTTP client that shows the calls that go through it: their operation and their body.
#[derive(Clone)]
pub struct Watched {
    inner: SharedHttpClient,
    sight: Sight,
}

impl Watched {
    pub fn with(sight: impl Fn(&str, &Value) + Send + Sync + 'static) -> SharedHttpClient {
        let inner = aws_smithy_http_client::Builder::new().build_http();
        SharedHttpClient::new(Self { inner, sight: Arc::new(sight) })
    }
}

impl fmt::Debug for Watched {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Watched")
    }
}

impl HttpClient for Watched {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(WatchedConnector { inner, sight: Arc::clone(&self.sight) })
    }
}

struct WatchedConnector {
    inner: SharedHttpConnector,
    sight: Sight,
}

impl fmt::Debug for WatchedConnector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("WatchedConnector")
    }
}

impl HttpConnector for WatchedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let operation = request.headers().get("x-amz-target").and_then(|target| target.rsplit('.').next()).unwrap_or_default();
        let body: Value = request.body().bytes().and_then(|body| serde_json::from_slice(body).ok()).unwrap_or_default();
        (self.sight)(operation, &body);
        self.inner.call(request)
    }
}
