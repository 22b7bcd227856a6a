//! Faults between the functions and DynamoDB, SQS and SES: what the emulators never do and the real ones do.

use crate::contention::items;
use aws_sdk_dynamodb::config::{RuntimeComponents, SharedHttpClient};
use aws_smithy_runtime_api::client::http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use serde_json::json;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The operations that another's transaction keeps from an item.
const WRITES: [&str; 4] = ["TransactWriteItems", "PutItem", "UpdateItem", "DeleteItem"];

/// Who is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Service {
    /// The tables.
    DynamoDb,
    /// The queues.
    Sqs,
    /// The mails.
    Ses,
}

/// What goes wrong with one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// A write meets another's transaction at an item: `TransactionCanceledException` for a transaction, and
    /// `TransactionConflictException` for a write of one item. Nothing is written.
    Conflict,
    /// The service's own refusal of too many calls, such as `ProvisionedThroughputExceededException`; nothing is done.
    Throttled,
    /// The call is carried out and its answer never arrives.
    AnswerLost,
    /// The call is carried out, and its answer comes so many milliseconds later: perhaps when nobody waits for it any more.
    Late(u64),
    /// The connection is reset before the call has arrived.
    NeverSent,
    /// The call never arrives, and nobody says so: whoever waits for an answer waits for as long as they can.
    Silence,
}

/// A fault that comes again and again.
#[derive(Clone, Copy, Debug)]
pub struct Storm {
    /// What goes wrong.
    pub fault: Fault,
    /// How many calls of a service go right before some don't: on average, since what comes round as regularly as a schedule
    /// would hit the same of its calls each time.
    pub calm: usize,
    /// How many go wrong then, one after another. The SDK makes three calls of one, so that three at least go beyond it.
    pub bad: usize,
}

/// The faults that wait for their calls. A clone shares them.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Waiting>,
    storm: Option<Storm>,
    /// What the lengths of the calm stretches are drawn from.
    seed: u64,
    /// How the storm stands at each service.
    gusts: HashMap<Service, Gust>,
    /// By the operation that was called.
    happened: HashMap<(Service, String, Fault), usize>,
}

/// A stretch of calls that all go right, or all wrong.
#[derive(Debug, Default)]
struct Gust {
    is_bad: bool,
    /// Calls that are left of it.
    left: usize,
    /// How many there were, which the length of the next follows from.
    count: u64,
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

    /// Lets a fault come again and again, to every service, until the next storm or none. Where the last one stopped, the
    /// next goes on.
    pub fn storm(&self, storm: Option<Storm>) {
        self.state().storm = storm;
    }

    /// Draws how long storms are calm from this number, and the same from the same.
    pub fn draw_from(&self, seed: u64) {
        self.state().seed = seed;
    }

    /// Forgets the faults that have not happened yet, and ends the storm.
    pub fn clear(&self) {
        let mut state = self.state();
        state.waiting.clear();
        state.storm = None;
    }

    /// How many faults have happened.
    #[must_use]
    pub fn happened(&self) -> usize {
        self.count(|_, _, _| true)
    }

    /// How often a fault has happened to calls of a service.
    #[must_use]
    pub fn happened_to(&self, service: Service, fault: Fault) -> usize {
        self.count(|at, _, what| at == service && what == fault)
    }

    /// How often a fault has happened to calls of an operation, such as `TransactWriteItems`.
    #[must_use]
    pub fn happened_in(&self, operation: &str, fault: Fault) -> usize {
        self.count(|_, called, what| called == operation && what == fault)
    }

    fn count(&self, is_meant: impl Fn(Service, &str, Fault) -> bool) -> usize {
        self.state().happened.iter().filter(|((at, called, what), _)| is_meant(*at, called, *what)).map(|(_, times)| times).sum()
    }

    fn next(&self, service: Service, operation: &str) -> Option<Fault> {
        let mut state = self.state();
        let fault = state.waiting_for(operation).or_else(|| state.storm_at(service, operation))?;
        *state.happened.entry((service, operation.to_owned(), fault)).or_default() += 1;
        Some(fault)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn waiting_for(&mut self, operation: &str) -> Option<Fault> {
        let mut of_operation = self.waiting.iter_mut().filter(|waiting| waiting.operation == operation).peekable();
        if of_operation.peek()?.after > 0 {
            of_operation.for_each(|waiting| waiting.after = waiting.after.saturating_sub(1));
            return None;
        }
        let place = self.waiting.iter().position(|waiting| waiting.operation == operation)?;
        self.waiting.remove(place).map(|waiting| waiting.fault)
    }

    fn storm_at(&mut self, service: Service, operation: &str) -> Option<Fault> {
        let Storm { fault, calm, bad } = self.storm?;
        if fault == Fault::Conflict && !WRITES.contains(&operation) {
            return None;
        }
        self.gusts.entry(service).or_default().is_bad_next(calm, bad, self.seed).then_some(fault)
    }
}

impl Gust {
    fn is_bad_next(&mut self, calm: usize, bad: usize, seed: u64) -> bool {
        if self.left == 0 {
            self.is_bad = !self.is_bad;
            self.count += 1;
            // The upper half of a multiplication: as good as drawn, and the same for the same number.
            let drawn = usize::try_from((self.count ^ seed).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33).unwrap_or_default();
            self.left = if self.is_bad { bad } else { 1 + drawn % (2 * calm) };
        }
        self.left = self.left.saturating_sub(1);
        self.is_bad
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
        let (service, operation) = called(&request);
        let Some(fault) = self.faults.next(service, operation) else { return self.inner.call(request) };
        let inner = self.inner.clone();
        match fault {
            Fault::Conflict if operation == "TransactWriteItems" => {
                // On the first item.
                let taken: Vec<_> = (0..items(&request).len()).map(|n| n == 0).collect();
                HttpConnectorFuture::ready(Ok(conflict(&taken)))
            }
            Fault::Conflict => HttpConnectorFuture::ready(Ok(refusal(&json!({
                "__type": "com.amazonaws.dynamodb.v20120810#TransactionConflictException",
                "message": "Transaction is ongoing for the item",
            })))),
            Fault::Throttled => HttpConnectorFuture::ready(Ok(throttled(service))),
            Fault::NeverSent => HttpConnectorFuture::ready(Err(lost())),
            Fault::Silence => HttpConnectorFuture::new(std::future::pending()),
            Fault::AnswerLost => HttpConnectorFuture::new(async move {
                let _carried_out = inner.call(request).await?;
                Err(lost())
            }),
            Fault::Late(millis) => HttpConnectorFuture::new(async move {
                let answer = inner.call(request).await;
                tokio::time::sleep(Duration::from_millis(millis)).await;
                answer
            }),
        }
    }
}

/// Who is called for what. DynamoDB and SQS are told in a header, such as `DynamoDB_20120810.GetItem`; SES has paths, and we
/// call the one that sends.
fn called(request: &HttpRequest) -> (Service, &str) {
    match request.headers().get("x-amz-target").and_then(|target| target.split_once('.')) {
        Some(("AmazonSQS", operation)) => (Service::Sqs, operation),
        Some((_, operation)) => (Service::DynamoDb, operation),
        None => (Service::Ses, "SendEmail"),
    }
}

fn lost() -> ConnectorError {
    ConnectorError::io("the connection was lost".into())
}

/// As each service says that it is called too often.
fn throttled(service: Service) -> HttpResponse {
    match service {
        Service::DynamoDb => refusal(&json!({
            "__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
            "message": "The level of configured provisioned throughput for the table was exceeded.",
        })),
        Service::Sqs => refusal(
            &json!({ "__type": "com.amazonaws.sqs#RequestThrottled", "message": "The request was denied due to request throttling." }),
        ),
        Service::Ses => {
            let mut response = answer(429, &json!({ "message": "Maximum sending rate exceeded." }));
            response.headers_mut().insert("x-amzn-errortype", "TooManyRequestsException");
            response
        }
    }
}

/// As DynamoDB tells it: a reason for each operation of the transaction, a conflict where another has its item.
pub(crate) fn conflict(taken: &[bool]) -> HttpResponse {
    let reason = |taken: &bool| {
        if *taken {
            json!({ "Code": "TransactionConflict", "Message": "Transaction is ongoing for the item" })
        } else {
            json!({ "Code": "None" })
        }
    };
    refusal(&json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons",
        "CancellationReasons": taken.iter().map(reason).collect::<Vec<_>>(),
    }))
}

fn refusal(body: &serde_json::Value) -> HttpResponse {
    answer(400, body)
}

fn answer(status: u16, body: &serde_json::Value) -> HttpResponse {
    let status = StatusCode::try_from(status).unwrap_or_else(|_| unreachable!("it is a status"));
    let mut response = HttpResponse::new(status, SdkBody::from(body.to_string()));
    response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
    response
}
