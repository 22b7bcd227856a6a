//! Puts the jobs of committed events on their queues: the other half of the outbox.

mod alarms;

use super::numbers;
use api::clock::Clock;
use api::config::{ConfigError, Variables, required};
use api::metrics::Metrics;
use aws_lambda_events::event::dynamodb::Event as StreamBatch;
use aws_lambda_events::event::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use aws_sdk_sqs::types::{BatchResultErrorEntry, SendMessageBatchRequestEntry};
use domain::event::{Event, Job};
use domain::ids::EventId;
use domain::notification::{SENT_WITHIN_DAYS, is_too_old_to_send};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;
use store::{EVENT_TABLES, Lazy, Listed, PageRequest, Store};
use tokio::time::Instant;

/// SQS takes ten messages a call.
const BATCH: usize = 10;
/// Well below what SQS takes in one call (1 MiB), so that ten orders of fifty lines still go.
const BATCH_BYTES: usize = 200_000;
/// How long an hour is relayed in one go. The function has 30 s, and what is begun is done with: a page of events, where each queue
/// may hang for 6 s.
const LONGEST: Duration = Duration::from_secs(5);

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
    event: EventId,
    /// The place of its event in the batch.
    place: usize,
}

impl Queues {
    /// Those that the variables name.
    ///
    /// # Errors
    /// [`ConfigError`] where they don't name one of them.
    pub fn read(variables: &impl Variables, sqs: Lazy<aws_sdk_sqs::Client>) -> Result<Self, ConfigError> {
        let [email, sms, refunds, shipments] = Queue::ALL.map(|queue| required(variables, queue.variable()));
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

    fn letter(&self, job: &Job, event: EventId, place: usize) -> Result<Letter<'_>, serde_json::Error> {
        let (queue, json) = match job {
            Job::Email(job) => (Queue::Email, serde_json::to_string(job)?),
            Job::Sms(job) => (Queue::Sms, serde_json::to_string(job)?),
            Job::Refund(job) => (Queue::Refunds, serde_json::to_string(job)?),
            Job::Shipment(job) => (Queue::Shipments, serde_json::to_string(job)?),
        };
        Ok(Letter { url: self.url(queue), body: sendable(&json), event, place })
    }

    /// Sends every job of these events; gives the places of those of which a job was not taken. A queue that doesn't answer is
    /// asked once: it would take its time for each of the calls.
    async fn send(&self, events: &[Event]) -> BTreeSet<usize> {
        let mut untaken = BTreeSet::new();
        let mut letters = Vec::new();
        for (place, event) in events.iter().enumerate() {
            for job in event.jobs() {
                match self.letter(&job, event.id, place) {
                    Ok(letter) => letters.push(letter),
                    Err(error) => {
                        tracing::error!(%error, event = %event.id, "a job can't be written");
                        untaken.insert(place);
                    }
                }
            }
        }
        for url in &self.urls {
            let mut of_queue: Vec<&Letter<'_>> = letters.iter().filter(|letter| letter.url == url).collect();
            while !of_queue.is_empty() {
                let batch = of_queue.drain(..fitting(&of_queue)).collect::<Vec<_>>();
                let Some(refused) = self.send_batch(url, &batch).await else {
                    untaken.extend(batch.iter().chain(&of_queue).map(|letter| letter.place));
                    break;
                };
                untaken.extend(refused);
            }
        }
        untaken
    }

    /// The places of what was not taken; nothing where the queue doesn't answer.
    async fn send_batch(&self, url: &str, letters: &[&Letter<'_>]) -> Option<Vec<usize>> {
        let all = || letters.iter().map(|letter| letter.place).collect();
        let entries = letters
            .iter()
            .enumerate()
            .map(|(n, letter)| SendMessageBatchRequestEntry::builder().id(n.to_string()).message_body(&letter.body).build());
        let entries = match entries.collect::<Result<Vec<_>, _>>() {
            Ok(entries) => entries,
            Err(error) => {
                tracing::error!(%error, "a job can't be sent");
                return Some(all());
            }
        };
        match self.sqs.send_message_batch().queue_url(url).set_entries(Some(entries)).send().await {
            Ok(answer) => {
                let refused = answer.failed().iter().filter_map(|entry| Some((entry, letters.get(entry.id().parse::<usize>().ok()?)?)));
                let place = |(entry, letter): (&BatchResultErrorEntry, &&Letter<'_>)| {
                    tracing::warn!(code = entry.code(), event = %letter.event, "a queue doesn't take a job");
                    letter.place
                };
                Some(refused.map(place).collect())
            }
            Err(error) => {
                tracing::warn!(error = store::loggable(&error), "a queue takes nothing");
                error.as_service_error().is_some().then(all)
            }
        }
    }
}

/// The same JSON without the two characters that it may have and no message of SQS (`SendMessage` in its API reference: those of XML).
/// They stand in its texts alone, where an escape is as good.
fn sendable(json: &str) -> String {
    json.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff")
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
/// are then there twice is nothing to their workers. Counted is what it doesn't hand over again, and its alarms are raised.
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
    let untaken = queues.send(&events).await.first().copied();
    let relayed = events.get(..untaken.unwrap_or(events.len())).unwrap_or_default();
    relayed.iter().for_each(alarms::raise);
    metrics.count(relayed.iter().flat_map(numbers::of_event));
    let untaken = untaken.and_then(|place| places.get(place).cloned());
    let mut response = DynamoDbEventResponse::default();
    if let Some(sequence) = untaken.or(unread) {
        let mut failure = DynamoDbBatchItemFailure::default();
        failure.item_identifier = sequence;
        response.batch_item_failures.push(failure);
    }
    response
}

/// An hour that is relayed again, and where in it to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Hour {
    /// Any time in it.
    pub relay_hour: Timestamp,
    /// The place of a table in [`EVENT_TABLES`]; those before it are done with.
    #[serde(default)]
    pub table: usize,
    /// Only what comes after this position in that table: the newest is the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
}

/// What came of relaying an hour again, in events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HourRelayed {
    /// Those whose jobs are on their queues.
    pub relayed: usize,
    /// Those that can't be read, or of which a queue didn't take a job; the log says which, and why.
    pub failed: usize,
    /// What is left of the hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Hour>,
}

/// Relays the events of an hour once more, from the tables: for what a stream or a dead relay lost. One that can't be relayed
/// keeps no other from it. It begins with no page after `longest`; what is left then is to be asked for, as it is when a table
/// can't be read on.
///
/// # Errors
/// In words, when there is no such table, or it can't be read from where it is to begin; then it may be asked for again.
pub async fn relay_hour(queues: &Queues, store: &Store, hour: Hour, longest: Duration) -> Result<HourRelayed, String> {
    if hour.table >= EVENT_TABLES.len() {
        return Err(format!("there is no table {}: the last one is {}", hour.table, EVENT_TABLES.len() - 1));
    }
    let end = Instant::now() + longest;
    let (mut came, mut at) = (HourRelayed::default(), hour);
    while let Some(table) = EVENT_TABLES.get(at.table) {
        let page = PageRequest::new(100, at.before);
        let listed = match store.events_in_hour(*table, at.relay_hour, page).await {
            Ok(listed) => listed,
            Err(error) if at == hour => return Err(error.to_string()),
            Err(error) => {
                tracing::warn!(%error, "an hour can't be read on");
                return Ok(HourRelayed { next: Some(at), ..came });
            }
        };
        let there = listed.items.len();
        let relayed = relay_listed(queues, listed.items).await;
        came.relayed += relayed;
        came.failed += there - relayed;
        at = match listed.next {
            Some(before) => Hour { before: Some(before), ..at },
            None => Hour { table: at.table + 1, before: None, ..at },
        };
        if at.table < EVENT_TABLES.len() && Instant::now() >= end {
            return Ok(HourRelayed { next: Some(at), ..came });
        }
    }
    Ok(came)
}

/// How many of them are relayed.
async fn relay_listed(queues: &Queues, listed: Vec<Listed<Event>>) -> usize {
    let mut events = Vec::new();
    for Listed { key, record } in listed {
        match record {
            Ok(event) => events.push(event),
            Err(error) => tracing::error!(%error, record = key, "an event can't be read"),
        }
    }
    let untaken = queues.send(&events).await;
    let relayed = events.iter().enumerate().filter(|(place, _)| !untaken.contains(place));
    relayed.inspect(|(_, event)| alarms::raise(event)).count()
}

/// What the function is invoked with: a batch of a stream, or by hand an [`Hour`], `{"relayHour": <epoch milliseconds>}` or the
/// `next` of what came of one.
///
/// # Errors
/// In words, for anything else, for an hour so long ago that nobody knows any more which of its messages were sent, and when one can't be relayed.
pub async fn handle(queues: &Queues, metrics: &Metrics, store: &Store, clock: &Clock, input: Value) -> Result<Value, String> {
    if input.get("relayHour").is_some() {
        let hour: Hour = serde_json::from_value(input).map_err(|error| format!("that is no hour to relay: {error}"))?;
        if is_too_old_to_send(hour.relay_hour, clock.now()) {
            let hour = hour.relay_hour.0;
            return Err(format!(
                "{hour} is more than {SENT_WITHIN_DAYS} days ago: the log may have forgotten which messages of that hour were sent, and customers would get them again"
            ));
        }
        let came = relay_hour(queues, store, hour, LONGEST).await?;
        return serde_json::to_value(came).map_err(|error| error.to_string());
    }
    // What it is wrong about may be somebody's address.
    let batch: StreamBatch =
        serde_json::from_value(input).map_err(|error| format!("this is no batch of a stream: {:?}", error.classify()))?;
    serde_json::to_value(relay(queues, metrics, batch).await).map_err(|error| error.to_string())
}
