//! What the page at `/_local` and the tests see of the queues, without receiving anything.

use super::{
    Sqs,
    error::SqsError,
    queue::{Message, Queue},
};

/// A queue as the page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueView {
    /// The queue's name.
    pub name: String,
    /// Messages that a receive would get.
    pub waiting: usize,
    /// Messages that a consumer holds.
    pub in_flight: usize,
    /// Messages whose delay has not passed.
    pub delayed: usize,
    /// Whether it is there for what others gave up: another queue, or a reader of a stream.
    pub is_dead_letters: bool,
}

impl QueueView {
    /// All messages that are in it.
    #[must_use]
    pub const fn messages(&self) -> usize {
        self.waiting + self.in_flight + self.delayed
    }
}

/// A message as the page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageView {
    /// SQS's id of the message.
    pub id: String,
    /// What was sent.
    pub body: String,
    /// How often it was received, by this queue's consumers or by those that gave it up.
    pub receive_count: u32,
    /// When it was sent, in milliseconds since the epoch.
    pub sent_at: u64,
}

impl Sqs {
    /// Every queue with its depths, by name.
    #[must_use]
    pub fn queues(&self) -> Vec<QueueView> {
        let now = (self.now)();
        let state = self.state();
        let view = |(name, queue): (&String, &Queue)| {
            let depths = queue.depths(now);
            QueueView {
                name: name.clone(),
                waiting: depths.waiting,
                in_flight: depths.in_flight,
                delayed: depths.delayed,
                is_dead_letters: queue.settings.takes_dead_letters || state.sources_of(name).next().is_some(),
            }
        };
        state.queues.iter().map(view).collect()
    }

    /// Every message of a queue, oldest first, without receiving any.
    pub fn peek(&self, queue: &str) -> Result<Vec<MessageView>, SqsError> {
        let view = |message: &Message| MessageView {
            id: message.id.clone(),
            body: message.body.clone(),
            receive_count: message.receive_count,
            sent_at: message.sent_at,
        };
        Ok(self.state().queue(queue)?.messages().map(view).collect())
    }
}
