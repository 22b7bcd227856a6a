//! What the actions of SQS are asked with, and what of it is refused before a queue is looked at.

use super::error::SqsError;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashSet};

/// What SQS takes for one message, and for all the messages of one batch.
pub(super) const MAX_BODY_BYTES: usize = 1_048_576;
/// The most entries of a batch, and the most messages of a receive.
pub(super) const MAX_BATCH: usize = 10;
/// The longest long poll.
pub(super) const MAX_WAIT_SECONDS: u64 = 20;
const MAX_DELAY_SECONDS: u64 = 900;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OnQueue {
    pub queue_url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CreateQueue {
    pub queue_name: String,
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GetQueueUrl {
    pub queue_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListQueues {
    #[serde(default)]
    pub queue_name_prefix: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GetQueueAttributes {
    #[serde(default)]
    pub attribute_names: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Send {
    pub message_body: String,
    pub delay_seconds: Option<u64>,
    #[serde(default)]
    pub message_attributes: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Receive {
    #[serde(default = "one")]
    pub max_number_of_messages: usize,
    pub visibility_timeout: Option<u64>,
    pub wait_time_seconds: Option<u64>,
    #[serde(default)]
    pub message_system_attribute_names: Vec<String>,
    /// The name of the above until 2024.
    #[serde(default)]
    pub attribute_names: Vec<String>,
}

fn one() -> usize {
    1
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Delete {
    pub receipt_handle: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ChangeVisibility {
    pub receipt_handle: String,
    pub visibility_timeout: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Batch {
    pub entries: Vec<Entry>,
}

#[derive(Deserialize)]
pub(super) struct Entry {
    #[serde(rename = "Id")]
    pub id: String,
    /// Read entry by entry, so that a wrong one fails alone.
    #[serde(flatten)]
    pub rest: Value,
}

pub(super) fn check_message(message: &Send) -> Result<(), SqsError> {
    let body = &message.message_body;
    if !(1..=MAX_BODY_BYTES).contains(&body.len()) {
        return Err(SqsError::InvalidParameterValue(format!(
            "One or more parameters are invalid. Reason: Message must be between 1 and {MAX_BODY_BYTES} bytes."
        )));
    }
    let is_forbidden = |c: char| (c < ' ' && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{fffe}' | '\u{ffff}');
    if body.contains(is_forbidden) {
        return Err(SqsError::InvalidMessageContents);
    }
    if !message.message_attributes.is_empty() {
        return Err(SqsError::UnsupportedOperation("message attributes".to_owned()));
    }
    check_range("DelaySeconds", message.delay_seconds.unwrap_or(0), 0, MAX_DELAY_SECONDS)
}

pub(super) fn check_entries(entries: &[Entry]) -> Result<(), SqsError> {
    if entries.is_empty() {
        return Err(SqsError::EmptyBatchRequest);
    }
    if entries.len() > MAX_BATCH {
        return Err(SqsError::TooManyEntriesInBatchRequest(entries.len()));
    }
    let mut ids = HashSet::new();
    match entries.iter().find(|entry| !ids.insert(&entry.id)) {
        Some(repeated) => Err(SqsError::BatchEntryIdsNotDistinct(repeated.id.clone())),
        None => Ok(()),
    }
}

pub(super) fn check_range(name: &str, value: u64, min: u64, max: u64) -> Result<(), SqsError> {
    if (min..=max).contains(&value) {
        return Ok(());
    }
    Err(SqsError::InvalidParameterValue(format!(
        "Value {value} for parameter {name} is invalid. Reason: Must be between {min} and {max}, if provided."
    )))
}
