//! Batches off a queue: each job alone, and only what must be tried again goes back.

use crate::clock::Clock;
use crate::log::lost;
use crate::metrics::Metrics;
use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use domain::time::Timestamp;
use serde::de::DeserializeOwned;
use std::time::Duration;
use tokio::task::JoinHandle;
use tracing::Instrument;

/// The longest a job waits before it is tried again.
const LONGEST: Duration = Duration::from_mins(15);

/// What became of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing is left to do.
    Done,
    /// Try again, later each time; the reason goes to the log.
    Again(String),
    /// Look again at this time; the reason goes to the log.
    At(Timestamp, String),
}

impl<E: std::fmt::Display> From<Result<(), E>> for Outcome {
    fn from(result: Result<(), E>) -> Self {
        match result {
            Ok(()) => Self::Done,
            Err(error) => Self::Again(error.to_string()),
        }
    }
}

/// Does every job of a batch, at most one batch's worth at a time. A job's panic is that job's alone. Of those that go back to the
/// queue, `metrics` gets the age of the oldest.
pub async fn each_job<J, F, W>(
    batch: SqsEvent,
    sqs: &aws_sdk_sqs::Client,
    queue_url: &str,
    clock: &Clock,
    metrics: &Metrics,
    work: F,
) -> SqsBatchResponse
where
    J: DeserializeOwned + Send + 'static,
    F: Fn(J) -> W,
    W: Future<Output = Outcome> + Send + 'static,
{
    let running: Vec<_> = batch.records.into_iter().map(|message| (begun(&message, &work), message)).collect();
    let mut failed = Vec::new();
    let mut oldest = None;
    for (task, message) in running {
        let outcome = match task {
            Some(task) => task.await.unwrap_or_else(|error| Outcome::Again(lost(&error).to_owned())),
            None => Outcome::Again("it can't be read".to_owned()),
        };
        let Some(pause) = pause(outcome, &message, clock.now()) else { continue };
        hide(&message, sqs, queue_url, pause).await;
        oldest = oldest.max(age(&message, clock.now()));
        let mut failure = BatchItemFailure::default();
        failure.item_identifier = message.message_id.unwrap_or_default();
        failed.push(failure);
    }
    if let (Some(age), Some((_, queue))) = (oldest, queue_url.rsplit_once('/')) {
        metrics.job_age(queue, age, clock.now());
    }
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = failed;
    response
}

/// The job of a message in a task of its own. One that can't be read has none; it goes round to the dead letters, where somebody
/// sees it.
fn begun<J, W>(message: &SqsMessage, work: &impl Fn(J) -> W) -> Option<JoinHandle<Outcome>>
where
    J: DeserializeOwned,
    W: Future<Output = Outcome> + Send + 'static,
{
    match serde_json::from_str(message.body.as_deref().unwrap_or_default()) {
        Ok(job) => {
            let span = tracing::error_span!("job", job = message.message_id);
            Some(tokio::spawn(xray::carried(work(job)).instrument(span)))
        }
        Err(error) => {
            // What it is wrong about may be somebody's address.
            tracing::error!(job = message.message_id, wrong = ?error.classify(), column = error.column(), "a job can't be read");
            None
        }
    }
}

/// How long a job waits until it comes again; nothing for one that is done.
fn pause(outcome: Outcome, message: &SqsMessage, now: Timestamp) -> Option<Duration> {
    match outcome {
        Outcome::Done => None,
        Outcome::Again(reason) => {
            tracing::warn!(job = message.message_id, reason, "a job is tried again");
            Some(backoff(message))
        }
        Outcome::At(at, reason) => {
            tracing::info!(job = message.message_id, reason, "a job waits");
            Some(Duration::from_millis(at.0.saturating_sub(now.0)).clamp(Duration::from_secs(1), LONGEST))
        }
    }
}

/// 5 seconds, doubled with every receive, up to a quarter of an hour.
fn backoff(message: &SqsMessage) -> Duration {
    let received: u32 = message.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok()).unwrap_or(1);
    Duration::from_secs(5).saturating_mul(2_u32.saturating_pow(received.saturating_sub(1).min(10))).min(LONGEST)
}

/// How long ago a job was sent. One that comes back from the dead letters is a new one to SQS, with a new time (SQS Developer Guide,
/// *Learn how to configure a dead-letter queue redrive*).
fn age(message: &SqsMessage, now: Timestamp) -> Option<Duration> {
    let sent: u64 = message.attributes.get("SentTimestamp")?.parse().ok()?;
    Some(Duration::from_millis(now.0.saturating_sub(sent)))
}

/// Keeps the job from everybody for a while. Where that fails, the queue's own visibility timeout does.
async fn hide(message: &SqsMessage, sqs: &aws_sdk_sqs::Client, queue_url: &str, pause: Duration) {
    let Some(handle) = &message.receipt_handle else { return };
    let seconds = i32::try_from(pause.as_secs()).unwrap_or(i32::MAX);
    let hidden = sqs.change_message_visibility().queue_url(queue_url).receipt_handle(handle).visibility_timeout(seconds).send().await;
    if let Err(error) = hidden {
        tracing::warn!(error = store::loggable(&error), "a job's pause could not be set");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use std::sync::{Arc, Mutex};

    #[tokio::test]
    async fn a_panic_a_failure_and_an_unreadable_job_are_each_that_job_s_alone() {
        let batch = batch(["\"done\"", "\"panics\"", "{", "\"fails\"", "\"done\""]);
        let work = |job: String| async move {
            match job.as_str() {
                "done" => Outcome::Done,
                "fails" => Outcome::Again("the provider is busy".to_owned()),
                _ => panic!("a job panics"),
            }
        };
        let failed =
            each_job(batch, &no_sqs(), "http://127.0.0.1:9/queue", &Clock::default(), &Metrics::default(), work).await.batch_item_failures;
        assert_eq!(failed.iter().map(|failure| failure.item_identifier.as_str()).collect::<Vec<_>>(), ["1", "2", "3"]);
    }

    #[tokio::test]
    async fn of_jobs_that_go_back_the_age_of_the_oldest_is_told_however_often_they_were_received() {
        let clock = Clock::default();
        let mut batch = batch(["\"done\"", "\"again\"", "{", "\"waits\"", "\"again\""]);
        for (message, (hours, received)) in batch.records.iter_mut().zip([(9, 1), (1, 2), (3, 7), (2, 19), (0, 1)]) {
            message.attributes.insert("SentTimestamp".to_owned(), clock.now().minus_hours(hours).0.to_string());
            message.attributes.insert("ApproximateReceiveCount".to_owned(), received.to_string());
        }
        let lines = Arc::new(Mutex::new(Vec::new()));
        let written = Arc::clone(&lines);
        let metrics = Metrics::written_by("order-ops-test", move |line| written.lock().unwrap().push(line.to_owned()));
        let later = clock.now().plus_minutes(1);
        let work = |job: String| async move {
            match job.as_str() {
                "done" => Outcome::Done,
                "waits" => Outcome::At(later, "nobody has said".to_owned()),
                _ => Outcome::Again("the provider is busy".to_owned()),
            }
        };
        let told = async |batch: SqsEvent| {
            each_job(batch, &no_sqs(), "http://127.0.0.1:9/123456789012/order-ops-test-email", &clock, &metrics, work).await;
            std::mem::take(&mut *lines.lock().unwrap())
        };
        let [line] = told(batch.clone()).await.try_into().unwrap();
        let line: Value = serde_json::from_str(&line).unwrap();
        let metric = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!((&line["QueueName"], &metric["Dimensions"]), (&json!("order-ops-test-email"), &json!([["QueueName"]])));
        let hours = line["JobAge"].as_u64().unwrap() / 3600;
        assert_eq!((hours, &metric["Metrics"]), (3, &json!([{ "Name": "JobAge", "Unit": "Seconds" }])), "{line}");

        batch.records.truncate(1);
        assert_eq!(told(batch).await, [""; 0], "what is done waits no longer");
    }

    #[test]
    fn a_job_waits_longer_each_time_up_to_a_quarter_of_an_hour() {
        let seconds: Vec<u64> = [1, 2, 3, 8, 9, 20, u32::MAX].map(|received| backoff(&message(0, "", received)).as_secs()).into();
        assert_eq!(seconds, [5, 10, 20, 640, 900, 900, 900]);
    }

    fn batch<const N: usize>(bodies: [&str; N]) -> SqsEvent {
        let mut batch = SqsEvent::default();
        batch.records = bodies.into_iter().enumerate().map(|(id, body)| message(id, body, 1)).collect();
        batch
    }

    fn message(id: usize, body: &str, received: u32) -> SqsMessage {
        let mut message = SqsMessage::default();
        message.message_id = Some(id.to_string());
        message.body = Some(body.to_owned());
        message.attributes = [("ApproximateReceiveCount".to_owned(), received.to_string())].into();
        message
    }

    /// Messages without a receipt handle never reach it.
    fn no_sqs() -> aws_sdk_sqs::Client {
        let http = aws_smithy_http_client::Builder::new().build_http();
        aws_sdk_sqs::Client::new(&crate::aws::local_config("http://127.0.0.1:9", http))
    }
}
