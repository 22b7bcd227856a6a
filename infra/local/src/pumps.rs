//! What Lambda's event source mappings do: hand streams and queues to the workers.

use crate::Workers;
use crate::emulators::streams::StreamReader;
use aws_lambda_events::event::dynamodb::Event as StreamBatch;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use aws_lambda_events::event::streams::DynamoDbEventResponse;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How often a stream is looked at.
const POLL: Duration = Duration::from_millis(15);
/// How long a look at an empty queue takes.
const LONG_POLL_SECONDS: i32 = 1;
/// As `template.yaml` has it.
const STREAM_BATCH: usize = 100;

/// What one pump has done so far.
#[derive(Debug, Default)]
pub struct Progress {
    /// Times it looked and there was nothing.
    empty: AtomicU64,
    /// Batches it took up.
    begun: AtomicU64,
    /// Batches it is done with.
    done: AtomicU64,
    /// Messages it got from its queue.
    messages: AtomicU64,
    /// How far it has come in its stream.
    position: Mutex<Option<String>>,
}

impl Progress {
    pub fn empty_looks(&self) -> u64 {
        self.empty.load(Ordering::SeqCst)
    }

    pub fn batches(&self) -> u64 {
        self.begun.load(Ordering::SeqCst)
    }

    /// Counted once their batch has begun.
    pub fn messages(&self) -> u64 {
        self.messages.load(Ordering::SeqCst)
    }

    pub fn is_busy(&self) -> bool {
        self.begun.load(Ordering::SeqCst) != self.done.load(Ordering::SeqCst)
    }

    pub fn position(&self) -> Option<String> {
        self.position.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn reached(&self, reader: &StreamReader) {
        *self.position.lock().unwrap_or_else(PoisonError::into_inner) = reader.position().map(ToOwned::to_owned);
    }
}

/// Hands a stream to `work`, batch by batch, each again until it is done with.
pub async fn stream<W, F>(mut reader: StreamReader, progress: Arc<Progress>, work: W)
where
    W: Fn(StreamBatch) -> F,
    F: Future<Output = DynamoDbEventResponse>,
{
    progress.reached(&reader);
    loop {
        let batch = match reader.next_batch(STREAM_BATCH) {
            Ok(Some(batch)) => batch,
            Ok(None) => {
                progress.reached(&reader);
                progress.empty.fetch_add(1, Ordering::SeqCst);
                tokio::time::sleep(POLL).await;
                continue;
            }
            Err(error) => {
                tracing::error!(%error, "a stream can't be read");
                tokio::time::sleep(POLL).await;
                continue;
            }
        };
        progress.begun.fetch_add(1, Ordering::SeqCst);
        let response = work(batch.event.clone()).await;
        match response.batch_item_failures.first().and_then(|failure| failure.item_identifier.as_deref()) {
            Some(sequence) => {
                reader.retry_from(sequence);
                tokio::time::sleep(POLL).await;
            }
            None => reader.commit(&batch),
        }
        progress.done.fetch_add(1, Ordering::SeqCst);
    }
}

/// Hands a queue to `work`, batch by batch; a job that was done is gone, any other is left to its visibility.
pub async fn queue<W, F>(workers: Workers, url: String, progress: Arc<Progress>, work: W)
where
    W: Fn(SqsEvent) -> F,
    F: Future<Output = SqsBatchResponse>,
{
    loop {
        let batch = match workers.receive(&url, LONG_POLL_SECONDS).await {
            Ok(batch) => batch,
            Err(error) => {
                tracing::error!(error = format!("{error:#?}"), "a queue can't be read");
                tokio::time::sleep(POLL).await;
                continue;
            }
        };
        if batch.records.is_empty() {
            progress.empty.fetch_add(1, Ordering::SeqCst);
            continue;
        }
        progress.begun.fetch_add(1, Ordering::SeqCst);
        progress.messages.fetch_add(batch.records.len() as u64, Ordering::SeqCst);
        let response = work(batch.clone()).await;
        if let Err(error) = workers.delete_done(&url, batch, &response).await {
            tracing::error!(error = format!("{error:#?}"), "a message can't be deleted");
        }
        progress.done.fetch_add(1, Ordering::SeqCst);
    }
}

/// Starts every mapping of the template; they run until they are aborted.
pub fn start(workers: &Workers, orders: StreamReader, inventory: StreamReader) -> (Vec<tokio::task::JoinHandle<()>>, Pumps) {
    let pumps = Pumps::default();
    let mut tasks = Vec::new();
    let w = workers.clone();
    tasks.push(tokio::spawn(stream(orders, Arc::clone(&pumps.relay), move |batch| {
        let w = w.clone();
        async move { w.relay(batch).await }
    })));
    let w = workers.clone();
    tasks.push(tokio::spawn(stream(inventory, Arc::clone(&pumps.inventory_log), move |batch| {
        let w = w.clone();
        async move { w.inventory_log(batch).await }
    })));
    let w = workers.clone();
    tasks.push(tokio::spawn(queue(workers.clone(), workers.queues.email.clone(), Arc::clone(&pumps.email), move |batch| {
        let w = w.clone();
        async move { w.send_email(batch).await }
    })));
    let w = workers.clone();
    tasks.push(tokio::spawn(queue(workers.clone(), workers.queues.sms.clone(), Arc::clone(&pumps.sms), move |batch| {
        let w = w.clone();
        async move { w.send_sms(batch).await }
    })));
    let w = workers.clone();
    tasks.push(tokio::spawn(queue(workers.clone(), workers.queues.refunds.clone(), Arc::clone(&pumps.refunds), move |batch| {
        let w = w.clone();
        async move { w.process_refund(batch).await }
    })));
    (tasks, pumps)
}

/// How far every pump has come.
#[derive(Clone, Debug, Default)]
pub struct Pumps {
    pub relay: Arc<Progress>,
    pub inventory_log: Arc<Progress>,
    pub email: Arc<Progress>,
    pub sms: Arc<Progress>,
    pub refunds: Arc<Progress>,
}

impl Pumps {
    pub fn streams(&self) -> [&Arc<Progress>; 2] {
        [&self.relay, &self.inventory_log]
    }

    pub fn all(&self) -> [&Arc<Progress>; 5] {
        [&self.relay, &self.inventory_log, &self.email, &self.sms, &self.refunds]
    }
}
