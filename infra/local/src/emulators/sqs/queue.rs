//! One standard queue: its messages, and how time moves them between delayed, waiting and in flight.
//!
//! Nothing here reads a clock: `now` comes in, in milliseconds since the epoch.

use super::error::SqsError;
use std::{collections::VecDeque, mem};

/// The longest visibility timeout: twelve hours.
pub(super) const MAX_VISIBILITY_SECONDS: u64 = 43_200;

/// How a queue behaves; times are in seconds, as in templates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// How long a received message stays hidden from other consumers.
    pub visibility_timeout: u64,
    /// How long a new message waits before it can be received.
    pub delay: u64,
    /// How long a message is kept at all.
    pub retention: u64,
    /// How long a receive waits for a message when it doesn't say so itself.
    pub receive_wait: u64,
    /// Where messages go that nobody manages to handle.
    pub redrive: Option<Redrive>,
    /// Whether the queue is there for dead letters, as its own `RedriveAllowPolicy` shows.
    pub takes_dead_letters: bool,
}

/// When a message is given up, and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redrive {
    /// The name of the queue for dead letters.
    pub dead_letters: String,
    /// After so many receives without a delete, the next receive moves the message instead.
    pub max_receives: u32,
}

impl Default for Settings {
    /// What SQS gives a queue that asks for nothing.
    fn default() -> Self {
        Self { visibility_timeout: 30, delay: 0, retention: 345_600, receive_wait: 0, redrive: None, takes_dead_letters: false }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Message {
    pub id: String,
    pub body: String,
    pub sent_at: u64,
    pub visible_at: u64,
    pub receive_count: u32,
    pub first_received_at: u64,
    /// The latest receipt handle; none while the message was never received from this queue.
    pub handle: Option<String>,
    /// The queue that gave the message up, when this one holds dead letters.
    pub source: Option<String>,
}

#[derive(Debug, Default)]
pub(super) struct Queue {
    pub settings: Settings,
    messages: VecDeque<Message>,
}

/// How many messages are where.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Depths {
    pub waiting: usize,
    pub in_flight: usize,
    pub delayed: usize,
}

/// What one look at a queue gave: messages for the consumer, and messages that are to be given up.
#[derive(Debug, Default)]
pub(super) struct Look {
    pub received: Vec<Message>,
    pub given_up: Vec<Message>,
}

impl Queue {
    pub fn new(settings: Settings) -> Self {
        Self { settings, messages: VecDeque::new() }
    }

    pub fn send(&mut self, id: String, body: String, delay_seconds: Option<u64>, now: u64) {
        let delay = delay_seconds.unwrap_or(self.settings.delay);
        self.messages.push_back(Message {
            id,
            body,
            sent_at: now,
            visible_at: now + delay * 1000,
            receive_count: 0,
            first_received_at: 0,
            handle: None,
            source: None,
        });
    }

    /// Takes in a message that another queue had: at once visible, with its id, age and count of receives.
    pub fn take_over(&mut self, message: Message, now: u64) {
        self.messages.push_back(Message { visible_at: now, handle: None, ..message });
    }

    /// Hides up to `max` visible messages and hands them out; what was received too often is removed instead.
    pub fn receive(&mut self, max: usize, visibility_seconds: Option<u64>, now: u64) -> Look {
        let hidden_until = now + visibility_seconds.unwrap_or(self.settings.visibility_timeout) * 1000;
        let oldest = now.saturating_sub(self.settings.retention * 1000);
        let max_receives = self.settings.redrive.as_ref().map(|redrive| redrive.max_receives);

        let mut look = Look::default();
        let mut kept = VecDeque::with_capacity(self.messages.len());
        for mut message in mem::take(&mut self.messages) {
            if message.sent_at < oldest {
                continue;
            }
            if message.visible_at > now || look.received.len() == max {
                kept.push_back(message);
            } else if max_receives.is_some_and(|max| message.receive_count >= max) {
                look.given_up.push(message);
            } else {
                message.receive_count += 1;
                if message.receive_count == 1 {
                    message.first_received_at = now;
                }
                message.visible_at = hidden_until;
                message.handle = Some(format!("{}#{}", message.id, message.receive_count));
                look.received.push(message.clone());
                kept.push_back(message);
            }
        }
        self.messages = kept;
        look
    }

    /// Removes the message for good; one that is gone already is no error, and an older handle still works,
    /// as in SQS.
    pub fn delete(&mut self, handle: &str) -> Result<(), SqsError> {
        let id = message_id(handle)?;
        self.messages.retain(|message| message.id != id);
        Ok(())
    }

    /// Hides a message that is in flight for `seconds` from now; 0 puts it back at once.
    pub fn change_visibility(&mut self, handle: &str, seconds: u64, now: u64) -> Result<(), SqsError> {
        check_visibility(seconds)?;
        let id = message_id(handle)?;
        let message = self.messages.iter_mut().find(|message| message.id == id).ok_or_else(|| {
            SqsError::InvalidParameterValue(format!(
                "Value {handle} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not \
                 available for visibility timeout change."
            ))
        })?;
        if message.handle.as_deref() != Some(handle) || message.visible_at <= now {
            return Err(SqsError::MessageNotInflight);
        }
        message.visible_at = now + seconds * 1000;
        Ok(())
    }

    pub fn purge(&mut self) {
        self.messages.clear();
    }

    /// Removes and returns the messages that can be moved away: all but those that a consumer holds.
    pub fn take_all_at_rest(&mut self, now: u64) -> Vec<Message> {
        let (in_flight, at_rest) =
            mem::take(&mut self.messages).into_iter().partition(|message| message.handle.is_some() && message.visible_at > now);
        self.messages = in_flight;
        Vec::from(at_rest)
    }

    pub fn messages(&self) -> impl Iterator<Item = &Message> {
        self.messages.iter()
    }

    pub fn depths(&self, now: u64) -> Depths {
        let mut depths = Depths::default();
        for message in &self.messages {
            match (message.visible_at > now, &message.handle) {
                (false, _) => depths.waiting += 1,
                (true, Some(_)) => depths.in_flight += 1,
                (true, None) => depths.delayed += 1,
            }
        }
        depths
    }
}

/// The range of a visibility timeout, wherever one is given.
pub(super) fn check_visibility(seconds: u64) -> Result<(), SqsError> {
    if seconds > MAX_VISIBILITY_SECONDS {
        return Err(SqsError::InvalidParameterValue(format!(
            "Value {seconds} for parameter VisibilityTimeout is invalid. Reason: Must be between 0 and \
             {MAX_VISIBILITY_SECONDS}, if provided."
        )));
    }
    Ok(())
}

/// The message that a receipt handle speaks of.
fn message_id(handle: &str) -> Result<&str, SqsError> {
    handle.split_once('#').map(|(id, _)| id).ok_or(SqsError::ReceiptHandleIsInvalid)
}
