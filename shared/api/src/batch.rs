//! Batches off a queue: each job alone, and only what must be tried again goes back.

use crate::clock::Clock;
use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use domain::time::Timestamp;
use serde::de::DeserializeOwned;
use std::time::Duration;

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

/// Does every job of a batch, at most one batch's worth at a time. A job's panic is that job's alone.
pub async fn each_job<J, F, W>(batch: SqsEvent, sqs: &aws_sdk_sqs::Client, queue_url: &str, clock: &Clock, work: F) -> SqsBatchResponse
where
    J: DeserializeOwned + Send + 'static,
    F: Fn(J) -> W,
    W: Future<Output = Outcome> + Send + 'static,
{
    let mut running = Vec::new();
    for message in batch.records {
        let job = serde_json::from_str::<J>(message.body.as_deref().unwrap_or_default());
        let task = match job {
            Ok(job) => Some(tokio::spawn(work(job))),
            Err(error) => {
                // It goes round to the dead letters, where somebody sees it.
                tracing::error!(message = message.message_id, %error, "a job can't be read");
                None
            }
        };
        running.push((message, task));
    }
    let mut failed = Vec::new();
    for (message, task) in running {
        let outcome = match task {
            Some(task) => task.await.unwrap_or_else(|error| Outcome::Again(format!("the job panicked: {error}"))),
            None => Outcome::Again("it can't be read".to_owned()),
        };
        let pause = match outcome {
            Outcome::Done => continue,
            Outcome::Again(reason) => {
                tracing::warn!(message = message.message_id, reason, "a job is tried again");
                backoff(&message)
            }
            Outcome::At(at, reason) => {
                tracing::info!(message = message.message_id, reason, "a job waits");
                Duration::from_millis(at.0.saturating_sub(clock.now().0)).clamp(Duration::from_secs(1), LONGEST)
            }
        };
        hide(&message, sqs, queue_url, pause).await;
        let mut failure = BatchItemFailure::default();
        failure.item_identifier = message.message_id.unwrap_or_default();
        failed.push(failure);
    }
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = failed;
    response
}

/// 5 seconds, doubled with every receive, up to a quarter of an hour.
fn backoff(message: &SqsMessage) -> Duration {
    let received: u32 = message.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok()).unwrap_or(1);
    Duration::from_secs(5).saturating_mul(2_u32.saturating_pow(received.saturating_sub(1).min(10))).min(LONGEST)
}

/// Keeps the job from everybody for a while. Where that fails, the queue's own visibility timeout does.
async fn hide(message: &SqsMessage, sqs: &aws_sdk_sqs::Client, queue_url: &str, pause: Duration) {
    let Some(handle) = &message.receipt_handle else { return };
    let seconds = i32::try_from(pause.as_secs()).unwrap_or(i32::MAX);
    let hidden = sqs.change_message_visibility().queue_url(queue_url).receipt_handle(handle).visibility_timeout(seconds).send().await;
    if let Err(error) = hidden {
        tracing::warn!(error = %aws_sdk_sqs::error::DisplayErrorContext(error), "a job's pause could not be set");
    }
}
