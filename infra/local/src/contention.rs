//! Transactions that meet at an item: what DynamoDB refuses and the emulator, which has one writer, carries out one after the other.

use crate::faults::conflict;
use aws_sdk_dynamodb::config::{RuntimeComponents, SharedHttpClient};
use aws_smithy_runtime_api::client::http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use serde_json::Value;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The items that transactions are writing. A clone shares them.
#[derive(Clone, Debug, Default)]
pub struct Contention(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    lasting: Option<Duration>,
    writing: HashSet<String>,
    met: usize,
}

impl Contention {
    /// From now on a transaction holds its items while it is carried out and so much longer, and one that names an item of another's
    /// meanwhile is cancelled (`TransactionConflict`, with a reason for each such item).
    pub fn begin(&self, lasting: Duration) {
        self.state().lasting = Some(lasting);
    }

    /// How many transactions were cancelled because they met another.
    #[must_use]
    pub fn met(&self) -> usize {
        self.state().met
    }

    /// The items for a transaction alone; where another has some of them, which of its operations those are.
    fn hold(&self, items: Vec<String>) -> Result<Option<Held>, Vec<bool>> {
        let mut state = self.state();
        let Some(lasting) = state.lasting else { return Ok(None) };
        let taken: Vec<_> = items.iter().map(|item| state.writing.contains(item)).collect();
        if taken.contains(&true) {
            state.met += 1;
            return Err(taken);
        }
        state.writing.extend(items.iter().cloned());
        Ok(Some(Held { items, lasting, contention: self.clone() }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Items that one transaction has to itself until this is dropped.
struct Held {
    items: Vec<String>,
    lasting: Duration,
    contention: Contention,
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut state = self.contention.state();
        for item in &self.items {
            state.writing.remove(item);
        }
    }
}

/// An HTTP client whose transactions meet as [`Contention`] says.
#[derive(Clone, Debug)]
pub struct ContendedClient {
    /// The client that carries them out.
    pub inner: SharedHttpClient,
    /// What they meet at.
    pub contention: Contention,
}

impl HttpClient for ContendedClient {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(ContendedConnector { inner, contention: self.contention.clone() })
    }
}

#[derive(Debug)]
struct ContendedConnector {
    inner: SharedHttpConnector,
    contention: Contention,
}

impl HttpConnector for ContendedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        match self.contention.hold(items(&request)) {
            Err(taken) => HttpConnectorFuture::ready(Ok(conflict(&taken))),
            Ok(None) => self.inner.call(request),
            Ok(Some(held)) => {
                let (inner, lasting) = (self.inner.clone(), held.lasting);
                HttpConnectorFuture::new(async move {
                    let answer = inner.call(request).await;
                    tokio::time::sleep(lasting).await;
                    drop(held);
                    answer
                })
            }
        }
    }
}

/// What a transaction names: the table and the key of each of its operations, in their order.
pub(crate) fn items(request: &HttpRequest) -> Vec<String> {
    if !request.headers().get("x-amz-target").is_some_and(|target| target.ends_with(".TransactWriteItems")) {
        return Vec::new();
    }
    let body: Value = request.body().bytes().and_then(|body| serde_json::from_slice(body).ok()).unwrap_or_default();
    let operations = body["TransactItems"].as_array().into_iter().flatten();
    let operations = operations.filter_map(|item| item.as_object()?.values().find(|operation| operation.is_object()));
    let named = |operation: &Value| {
        let key = operation.get("Key").or_else(|| operation.get("Item")).unwrap_or(&Value::Null);
        format!("{} {} {}", operation["TableName"], key["pk"], key["sk"])
    };
    operations.map(named).collect()
}
