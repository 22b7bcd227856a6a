//! What Lambda's event source mappings do: hand streams and queues to the workers.

use crate::Workers;
use crate::emulators::streams::StreamReader;
use api::Shop;
use aws_lambda_events::event::dynamodb::Event as StreamBatch;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use aws_lambda_events::event::streams::DynamoDbEventResponse;
use aws_sdk_sqs::types::MessageSystemAttributeName;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How often a stream is looked at.
const POLL: Duration = Duration::from_millis(15);
/// As `template.yaml` has them.
const STREAM_BATCH: usize = 100;
const QUEUE_BATCH: i32 = 10;

/// What one pump has done so far.
#[derive(Debug, Default)]
pub struct Progress {
    /// Times it looked and there was nothing.
    empty: AtomicU64,
    /// Batches it took up.
    begun: AtomicU64,
    /// Batches it is done with.
    done: AtomicU64,
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
pub async fn queue<W, F>(shop: Shop, url: String, progress: Arc<Progress>, work: W)
where
    W: Fn(SqsEvent) -> F,
    F: Future<Output = SqsBatchResponse>,
{
    loop {
        let call = shop
            .sqs
            .receive_message()
            .queue_url(&url)
            .max_number_of_messages(QUEUE_BATCH)
            .wait_time_seconds(1)
            .message_system_attribute_names(MessageSystemAttributeName::All);
        let messages = match call.send().await {
            Ok(answer) => answer.messages.unwrap_or_default(),
            Err(error) => {
                tracing::error!(error = %aws_sdk_sqs::error::DisplayErrorContext(error), "a queue can't be read");
                tokio::time::sleep(POLL).await;
                continue;
            }
        };
        if messages.is_empty() {
            progress.empty.fetch_add(1, Ordering::SeqCst);
            continue;
        }
        progress.begun.fetch_add(1, Ordering::SeqCst);
        let batch = batch(messages);
        let handles: Vec<_> = batch.records.iter().map(|record| (record.message_id.clone(), record.receipt_handle.clone())).collect();
        let response = work(batch).await;
        let failed: Vec<_> = response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect();
        for (id, handle) in handles {
            let is_done = id.is_none_or(|id| !failed.contains(&id));
            if let (true, Some(handle)) = (is_done, handle)
                && let Err(error) = shop.sqs.delete_message().queue_url(&url).receipt_handle(handle).send().await
            {
                tracing::error!(error = %aws_sdk_sqs::error::DisplayErrorContext(error), "a message can't be deleted");
            }
        }
        progress.done.fetch_add(1, Ordering::SeqCst);
    }
}

/// Messages as Lambda hands them to a function.
pub fn batch(messages: Vec<aws_sdk_sqs::types::Message>) -> SqsEvent {
    let records = messages.into_iter().map(|message| {
        let mut record = SqsMessage::default();
        record.attributes =
            message.attributes.unwrap_or_default().into_iter().map(|(name, value)| (name.as_str().to_owned(), value)).collect();
        record.message_id = message.message_id;
        record.receipt_handle = message.receipt_handle;
        record.body = message.body;
        record
    });
    let mut batch = SqsEvent::default();
    batch.records = records.collect();
    batch
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
    tasks.push(tokio::spawn(queue(workers.shop.clone(), workers.queues.email.clone(), Arc::clone(&pumps.email), move |batch| {
        let w = w.clone();
        async move { w.send_email(batch).await }
    })));
    let w = workers.clone();
    tasks.push(tokio::spawn(queue(workers.shop.clone(), workers.queues.sms.clone(), Arc::clone(&pumps.sms), move |batch| {
        let w = w.clone();
        async move { w.send_sms(batch).await }
    })));
    let w = workers.clone();
    tasks.push(tokio::spawn(queue(workers.shop.clone(), workers.queues.refunds.clone(), Arc::clone(&pumps.refunds), move |batch| {
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
