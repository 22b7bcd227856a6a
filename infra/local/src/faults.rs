//! Faults between the functions and DynamoDB: what the emulator never does and the real one does.

use aws_sdk_dynamodb::config::{RuntimeComponents, SharedHttpClient};
use aws_smithy_runtime_api::client::http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use serde_json::json;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What goes wrong with one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// `TransactionCanceledException` for another transaction on the same items; nothing is written.
    Conflict,
    /// `ProvisionedThroughputExceededException`; nothing is done.
    Throttled,
    /// The call is carried out and its answer never arrives.
    AnswerLost,
    /// The call never arrives.
    NeverSent,
}

/// The faults that wait for their calls. A clone shares them.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Waiting>,
    happened: usize,
}

#[derive(Debug)]
struct Waiting {
    operation: &'static str,
    /// Calls of the operation that go right before it.
    after: usize,
    fault: Fault,
}

impl Faults {
    /// Lets `fault` happen to each of the next `times` calls of an operation, such as `TransactWriteItems`.
    pub fn inject(&self, operation: &'static str, fault: Fault, times: usize) {
        self.inject_after(0, operation, fault, times);
    }

    /// Lets the next `after` calls of an operation go right, and `fault` happen to each of the `times` after those.
    pub fn inject_after(&self, after: usize, operation: &'static str, fault: Fault, times: usize) {
        self.state().waiting.extend((0..times).map(|_| Waiting { operation, after, fault }));
    }

    /// Forgets the faults that have not happened yet.
    pub fn clear(&self) {
        self.state().waiting.clear();
    }

    /// How many faults have happened.
    #[must_use]
    pub fn happened(&self) -> usize {
        self.state().happened
    }

    fn next(&self, target: &str) -> Option<Fault> {
        let mut state = self.state();
        // `DynamoDB_20120810.GetItem`
        let operation = target.rsplit('.').next().unwrap_or_default();
        let mut of_operation = state.waiting.iter_mut().filter(|waiting| waiting.operation == operation).peekable();
        if of_operation.peek()?.after > 0 {
            of_operation.for_each(|waiting| waiting.after = waiting.after.saturating_sub(1));
            return None;
        }
        let place = state.waiting.iter().position(|waiting| waiting.operation == operation)?;
        state.happened += 1;
        state.waiting.remove(place).map(|waiting| waiting.fault)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An HTTP client whose calls go wrong as [`Faults`] says.
#[derive(Clone, Debug)]
pub struct FaultyClient {
    /// The client that does go right.
    pub inner: SharedHttpClient,
    /// What goes wrong.
    pub faults: Faults,
}

impl HttpClient for FaultyClient {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(FaultyConnector { inner, faults: self.faults.clone() })
    }
}

#[derive(Debug)]
struct FaultyConnector {
    inner: SharedHttpConnector,
    faults: Faults,
}

impl HttpConnector for FaultyConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let Some(fault) = self.faults.next(target) else { return self.inner.call(request) };
        match fault {
            Fault::Conflict => HttpConnectorFuture::ready(Ok(conflict(&request))),
            Fault::Throttled => HttpConnectorFuture::ready(Ok(refusal(&json!({
                "__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
                "message": "The level of configured provisioned throughput for the table was exceeded.",
            })))),
            Fault::NeverSent => HttpConnectorFuture::ready(Err(lost())),
            Fault::AnswerLost => {
                let inner = self.inner.clone();
                HttpConnectorFuture::new(async move {
                    let _carried_out = inner.call(request).await?;
                    Err(lost())
                })
            }
        }
    }
}

fn lost() -> ConnectorError {
    ConnectorError::io("the connection was lost".into())
}

/// As DynamoDB tells it: a reason for each item, here a conflict on the first.
fn conflict(request: &HttpRequest) -> HttpResponse {
    let body: serde_json::Value = request.body().bytes().and_then(|body| serde_json::from_slice(body).ok()).unwrap_or_default();
    let items = body["TransactItems"].as_array().map_or(1, Vec::len);
    let reasons: Vec<_> = (0..items)
        .map(|n| match n {
            0 => json!({ "Code": "TransactionConflict", "Message": "Transaction is ongoing for the item" }),
            _ => json!({ "Code": "None" }),
        })
        .collect();
    refusal(&json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons [TransactionConflict, None]",
        "CancellationReasons": reasons,
    }))
}

pub(crate) fn refusal(body: &serde_json::Value) -> HttpResponse {
    let status = StatusCode::try_from(400).unwrap_or_else(|_| unreachable!("400 is a status"));
    let mut response = HttpResponse::new(status, SdkBody::from(body.to_string()));
    response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
    response
}
