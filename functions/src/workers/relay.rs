//! Puts the jobs of committed events on their queues: the other half of the outbox.

use super::numbers;
use api::metrics::Metrics;
use aws_lambda_events::event::dynamodb::Event as StreamBatch;
use aws_lambda_events::event::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use domain::event::{Event, Job};
use domain::time::Timestamp;
use serde_json::Value;
use store::{EVENT_TABLES, Lazy, PageRequest, Store, Table};

/// SQS takes ten messages a call.
const BATCH: usize = 10;
/// Well below what SQS takes in one call (1 MiB), so that ten orders of fifty lines still go.
const BATCH_BYTES: usize = 200_000;

/// A queue that jobs go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queue {
    /// E-mails.
    Email,
    /// SMS.
    Sms,
    /// Refunds.
    Refunds,
    /// Parcels to book.
    Shipments,
}

impl Queue {
    /// Every queue.
    pub const ALL: [Self; 4] = [Self::Email, Self::Sms, Self::Refunds, Self::Shipments];

    /// The environment variable with its URL.
    #[must_use]
    pub const fn variable(self) -> &'static str {
        match self {
            Self::Email => "EMAIL_QUEUE_URL",
            Self::Sms => "SMS_QUEUE_URL",
            Self::Refunds => "REFUNDS_QUEUE_URL",
            Self::Shipments => "SHIPMENTS_QUEUE_URL",
        }
    }
}

/// The queues that jobs go to.
#[derive(Clone)]
pub struct Queues {
    /// SQS.
    pub sqs: Lazy<aws_sdk_sqs::Client>,
    urls: [String; Queue::ALL.len()],
}

/// A job, ready for its queue.
struct Letter<'a> {
    url: &'a str,
    body: String,
    /// The place of its event in the batch.
    place: usize,
}

impl Queues {
    /// Asks `url_of` for each queue's URL.
    ///
    /// # Errors
    /// The first that it has.
    pub fn new<E>(sqs: Lazy<aws_sdk_sqs::Client>, url_of: impl Fn(Queue) -> Result<String, E>) -> Result<Self, E> {
        let [email, sms, refunds, shipments] = Queue::ALL.map(url_of);
        Ok(Self { sqs, urls: [email?, sms?, refunds?, shipments?] })
    }

    /// The same queues, with one of them elsewhere.
    #[must_use]
    pub fn with(mut self, queue: Queue, url: String) -> Self {
        self.urls[queue as usize] = url;
        self
    }

    /// A queue's URL.
    #[must_use]
    pub fn url(&self, queue: Queue) -> &str {
        &self.urls[queue as usize]
    }

    fn letter(&self, job: &Job, place: usize) -> Result<Letter<'_>, serde_json::Error> {
        let (queue, body) = match job {
            Job::Email(job) => (Queue::Email, serde_json::to_string(job)?),
            Job::Sms(job) => (Queue::Sms, serde_json::to_string(job)?),
            Job::Refund(job) => (Queue::Refunds, serde_json::to_string(job)?),
            Job::Shipment(job) => (Queue::Shipments, serde_json::to_string(job)?),
        };
        Ok(Letter { url: self.url(queue), body, place })
    }

    /// Sends every job of these events; gives the first event of which a job was not taken.
    async fn send(&self, events: &[Event]) -> Option<usize> {
        let mut failed: Option<usize> = None;
        let mut letters = Vec::new();
        for (place, event) in events.iter().enumerate() {
            for job in event.jobs() {
                match self.letter(&job, place) {
                    Ok(letter) => letters.push(letter),
                    Err(error) => {
                        tracing::error!(%error, "a job can't be written");
                        failed = failed.or(Some(place));
                    }
                }
            }
        }
        for url in &self.urls {
            let mut of_queue: Vec<&Letter<'_>> = letters.iter().filter(|letter| letter.url == url).collect();
            while !of_queue.is_empty() {
                let batch = of_queue.drain(..fitting(&of_queue)).collect::<Vec<_>>();
                let refused = self.send_batch(url, &batch).await;
                failed = failed.into_iter().chain(refused).min();
            }
        }
        failed
    }

    async fn send_batch(&self, url: &str, letters: &[&Letter<'_>]) -> Option<usize> {
        let entries = letters
            .iter()
            .enumerate()
            .map(|(n, letter)| SendMessageBatchRequestEntry::builder().id(n.to_string()).message_body(&letter.body).build());
        let entries = match entries.collect::<Result<Vec<_>, _>>() {
            Ok(entries) => entries,
            Err(error) => {
                tracing::error!(%error, "a job can't be sent");
                return letters.first().map(|letter| letter.place);
            }
        };
        match self.sqs.send_message_batch().queue_url(url).set_entries(Some(entries)).send().await {
            Ok(answer) => {
                let refused = answer.failed().iter().filter_map(|entry| entry.id().parse::<usize>().ok());
                refused.filter_map(|n| letters.get(n)).map(|letter| letter.place).min()
            }
            Err(error) => {
                tracing::warn!(error = store::loggable(&error), "a queue takes nothing");
                letters.iter().map(|letter| letter.place).min()
            }
        }
    }
}

/// How many letters fit the next call; at least one.
fn fitting(letters: &[&Letter<'_>]) -> usize {
    let mut bytes = 0;
    let fits = letters.iter().take(BATCH).take_while(|letter| {
        bytes += letter.body.len();
        bytes <= BATCH_BYTES
    });
    fits.count().max(1)
}

/// Relays a batch of a stream. What was not taken, and all after it, the stream hands over again; that some jobs
/// are then there twice is nothing to their workers. Counted is what it doesn't hand over again.
pub async fn relay(queues: &Queues, metrics: &Metrics, batch: StreamBatch) -> DynamoDbEventResponse {
    let mut events = Vec::new();
    let mut places = Vec::new();
    let mut unread = None;
    for record in batch.records {
        let sequence = record.change.sequence_number;
        match store::event_in(record.change.new_image) {
            Ok(event) => {
                events.push(event);
                places.push(sequence);
            }
            Err(error) => {
                tracing::error!(%error, "an event can't be read");
                unread = Some(sequence);
                break;
            }
        }
    }
    let untaken = queues.send(&events).await;
    metrics.count(events.iter().take(untaken.unwrap_or(events.len())).flat_map(numbers::of_event));
    let untaken = untaken.and_then(|place| places.get(place).cloned());
    let mut response = DynamoDbEventResponse::default();
    if let Some(sequence) = untaken.or(unread) {
        let mut failure = DynamoDbBatchItemFailure::default();
        failure.item_identifier = sequence;
        response.batch_item_failures.push(failure);
    }
    response
}

/// Relays every event of the hour that `at` lies in once more, from the tables: for what a stream or a dead relay lost.
/// Gives how many there were.
///
/// # Errors
/// In words, when a table or a queue fails; it may be asked for again.
pub async fn relay_hour(queues: &Queues, store: &Store, at: Timestamp) -> Result<usize, String> {
    let mut relayed = 0;
    for table in EVENT_TABLES {
        relayed += relay_hour_of(table, queues, store, at).await?;
    }
    Ok(relayed)
}

async fn relay_hour_of(table: Table, queues: &Queues, store: &Store, at: Timestamp) -> Result<usize, String> {
    let mut page = PageRequest::new(100, None);
    let mut relayed = 0;
    loop {
        let events = store.events_in_hour(table, at, page).await.map_err(|error| error.to_string())?;
        if queues.send(&events.items).await.is_some() {
            return Err("a queue didn't take every job".to_owned());
        }
        relayed += events.items.len();
        match events.next {
            Some(next) => page = PageRequest::new(100, Some(next)),
            None => return Ok(relayed),
        }
    }
}

/// What the function is invoked with: a batch of a stream, or `{"relayHour": <epoch milliseconds>}` by hand.
///
/// # Errors
/// In words, for anything else, and when an hour can't be relayed.
pub async fn handle(queues: &Queues, metrics: &Metrics, store: &Store, input: Value) -> Result<Value, String> {
    if let Some(hour) = input.get("relayHour") {
        let at = hour.as_u64().map(Timestamp).ok_or("relayHour is no time in epoch milliseconds")?;
        return Ok(serde_json::json!({ "relayed": relay_hour(queues, store, at).await? }));
    }
    // What it is wrong about may be somebody's address.
    let batch: StreamBatch =
        serde_json::from_value(input).map_err(|error| format!("this is no batch of a stream: {:?}", error.classify()))?;
    serde_json::to_value(relay(queues, metrics, batch).await).map_err(|error| error.to_string())
}
