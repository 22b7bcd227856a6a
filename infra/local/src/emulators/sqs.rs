//! SQS in this process: standard queues with long polling, visibility, delays and dead letters.
//!
//! The official SDK reaches it over HTTP through [`Sqs::router`]; the page at `/_local` and the tests
//! call it directly. FIFO queues and message attributes are refused, because nothing of ours uses them.

use super::Now;
use axum::Router;
use queue::{Message, Queue};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::Notify;

mod attributes;
mod error;
mod queue;
mod requests;
mod view;
mod wire;

#[cfg(test)]
mod tests;

pub use error::SqsError;
pub use queue::{Redrive, Settings};
pub use view::{MessageView, QueueView};

/// The account in queue URLs and ARNs.
const ACCOUNT: &str = "000000000000";

/// How soon a long poll notices that a test has moved the clock.
const CLOCK_CHECK: Duration = Duration::from_millis(20);

/// All queues; a clone is another handle to the same ones.
#[derive(Clone)]
pub struct Sqs {
    now: Now,
    base_url: Arc<str>,
    state: Arc<Mutex<State>>,
    /// Told whenever a message may have become visible.
    arrivals: Arc<Notify>,
}

#[derive(Default)]
struct State {
    queues: BTreeMap<String, Queue>,
    messages_sent: u64,
    messages_received: u64,
}

impl Sqs {
    /// No queues yet. `base_url` is where [`Sqs::router`] will be served: queue URLs begin with it.
    #[must_use]
    pub fn new(now: Now, base_url: &str) -> Self {
        Self { now, base_url: base_url.into(), state: Arc::default(), arrivals: Arc::default() }
    }

    /// The HTTP side, for the official SDKs.
    pub fn router(&self) -> Router {
        wire::router(self.clone())
    }

    /// Makes a queue; one that is there with the same settings is left as it is. Its queue for dead letters
    /// must be there first, as in SQS.
    pub fn create(&self, name: &str, settings: Settings) -> Result<(), SqsError> {
        check_name(name)?;
        let mut state = self.state();
        if let Some(redrive) = &settings.redrive {
            state.queue(&redrive.dead_letters).map_err(|_| {
                let dead_letters = &redrive.dead_letters;
                SqsError::InvalidParameterValue(format!("The queue {dead_letters} for dead letters does not exist."))
            })?;
        }
        match state.queues.get(name) {
            Some(there) if there.settings == settings => Ok(()),
            Some(_) => Err(SqsError::QueueNameExists),
            None => {
                state.queues.insert(name.to_owned(), Queue::new(settings));
                Ok(())
            }
        }
    }

    /// The URL that clients call a queue by.
    #[must_use]
    pub fn url(&self, queue: &str) -> String {
        format!("{}/{ACCOUNT}/{queue}", self.base_url)
    }

    /// Sends a message and returns its id.
    pub fn send(&self, queue: &str, body: &str) -> Result<String, SqsError> {
        self.send_delayed(queue, body, None)
    }

    /// Moves all messages of `dead_letters` back to the queues that gave them up, as new as on their first day,
    /// and returns how many. One that was sent here directly, and so has no source, goes to the queue that gives
    /// its messages up to this one.
    pub fn redrive(&self, dead_letters: &str) -> Result<usize, SqsError> {
        let now = (self.now)();
        let mut state = self.state();
        let only_source = state.sources_of(dead_letters).next().cloned();
        let messages = state.queue_mut(dead_letters)?.take_all_at_rest(now);
        let mut moved = 0;
        for message in messages {
            let source = message.source.clone().or_else(|| only_source.clone());
            match source.and_then(|name| state.queues.get_mut(&name)) {
                Some(queue) => {
                    queue.take_over(Message { receive_count: 0, source: None, sent_at: now, ..message }, now);
                    moved += 1;
                }
                None => state.queue_mut(dead_letters)?.take_over(message, now),
            }
        }
        drop(state);
        self.arrivals.notify_waiters();
        Ok(moved)
    }

    fn send_delayed(&self, queue: &str, body: &str, delay: Option<u64>) -> Result<String, SqsError> {
        let now = (self.now)();
        let mut state = self.state();
        state.messages_sent += 1;
        let id = format!("{:08x}-0000-4000-8000-{:012x}", now / 1000, state.messages_sent);
        state.queue_mut(queue)?.send(id.clone(), body.to_owned(), delay, now);
        drop(state);
        self.arrivals.notify_waiters();
        Ok(id)
    }

    /// Up to `max` messages, as soon as there is one; none when `wait` is over.
    ///
    /// The wait is real time, while visibility follows [`Now`]: with a clock that stands still a consumer
    /// still gets its empty answer.
    async fn receive(&self, queue: &str, max: usize, visibility: Option<u64>, wait: Duration) -> Result<Vec<Message>, SqsError> {
        let first_messages = async {
            loop {
                let arrival = self.arrivals.notified();
                let messages = self.receive_now(queue, max, visibility)?;
                if !messages.is_empty() {
                    return Ok(messages);
                }
                tokio::select! {
                    () = arrival => {}
                    () = tokio::time::sleep(CLOCK_CHECK) => {}
                }
            }
        };
        tokio::time::timeout(wait, first_messages).await.unwrap_or(Ok(Vec::new()))
    }

    fn receive_now(&self, queue: &str, max: usize, visibility: Option<u64>) -> Result<Vec<Message>, SqsError> {
        let now = (self.now)();
        let mut state = self.state();
        let source = state.queue_mut(queue)?;
        let look = source.receive(max, visibility, now);
        if !look.given_up.is_empty() {
            let dead_letters = source.settings.redrive.as_ref().map(|redrive| redrive.dead_letters.clone());
            if let Some(target) = dead_letters.and_then(|name| state.queues.get_mut(&name)) {
                for message in look.given_up {
                    target.take_over(Message { source: Some(queue.to_owned()), ..message }, now);
                }
                self.arrivals.notify_waiters();
            }
        }
        state.messages_received += look.received.len() as u64;
        Ok(look.received)
    }

    /// How many messages were handed out so far, each as often as it was.
    #[must_use]
    pub fn messages_received(&self) -> u64 {
        self.state().messages_received
    }

    /// The state, also after a panic elsewhere: every change to it is complete before anything can fail.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn queue(&self, name: &str) -> Result<&Queue, SqsError> {
        self.queues.get(name).ok_or(SqsError::QueueDoesNotExist)
    }

    fn queue_mut(&mut self, name: &str) -> Result<&mut Queue, SqsError> {
        self.queues.get_mut(name).ok_or(SqsError::QueueDoesNotExist)
    }

    /// The queues that give their messages up to `dead_letters`.
    fn sources_of(&self, dead_letters: &str) -> impl Iterator<Item = &String> {
        self.queues.iter().filter_map(move |(name, queue)| {
            let redrive = queue.settings.redrive.as_ref()?;
            (redrive.dead_letters == dead_letters).then_some(name)
        })
    }
}

/// The ARN of a queue.
fn arn(queue: &str) -> String {
    format!("arn:aws:sqs:local:{ACCOUNT}:{queue}")
}

fn check_name(name: &str) -> Result<(), SqsError> {
    if name.strip_suffix(".fifo").is_some() {
        return Err(SqsError::UnsupportedOperation("FIFO queues".to_owned()));
    }
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if (1..=80).contains(&name.len()) && name.chars().all(is_allowed) {
        Ok(())
    } else {
        Err(SqsError::InvalidParameterValue(
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length".to_owned(),
        ))
    }
}
