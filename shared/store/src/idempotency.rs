//! Answers to keyed requests, kept for a day.

use crate::error::StorageError;
use crate::item::Item;
use crate::keys::{self, Key};
use crate::{Store, Table};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// How long an answer is kept, in seconds.
const KEPT_SECONDS: u64 = 24 * 60 * 60;

/// What an answer is kept under.
#[derive(Clone, Debug)]
pub struct AnswerKey {
    /// Whoever asks; keys of different callers never meet.
    pub caller: String,
    /// The request's `Idempotency-Key`.
    pub key: String,
    /// A hash of the whole request.
    pub request: String,
}

/// The answer a request got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StoredAnswer {
    /// A hash of the request that got it.
    pub request: String,
    /// HTTP status.
    pub status: u16,
    /// Headers that belong to the answer itself.
    pub headers: Vec<(String, String)>,
    /// Body, byte for byte.
    pub body: String,
    /// When it expires, in epoch seconds.
    pub ttl: u64,
}

impl AnswerKey {
    pub(crate) fn key(&self) -> Key {
        keys::answer(&self.caller, &self.key)
    }

    pub(crate) fn item(&self, answer: &StoredAnswer, now: Timestamp) -> Result<Item, StorageError> {
        Ok(Item::of(&self.key(), answer)?.until(now.seconds() + KEPT_SECONDS))
    }
}

impl Store {
    /// The answer kept under a key, unless it has expired.
    pub async fn answer(&self, key: &AnswerKey, now: Timestamp) -> Result<Option<StoredAnswer>, StorageError> {
        let answer: Option<StoredAnswer> = self.get(Table::Idempotency, &key.key()).await?;
        Ok(answer.filter(|answer| answer.ttl > now.seconds()))
    }
}
