//! Answers to keyed requests, kept for a day. An item holds 400 KB at most, so that the body of a larger answer goes on in further
//! items, which the same transaction writes: there is the whole answer or none of it.

use crate::error::StorageError;
use crate::item::Item;
use crate::keys::{self, Key};
use crate::{Store, Table};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// How long an answer is kept, in seconds.
const KEPT_SECONDS: u64 = 24 * 60 * 60;

/// The most bytes of a body in one item; what else is in one is a few KB.
const PART_BYTES: usize = 300 * 1024;

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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAnswer {
    /// A hash of the request that got it.
    pub request: String,
    /// HTTP status.
    pub status: u16,
    /// Headers that belong to the answer itself.
    pub headers: Vec<(String, String)>,
    /// Body, byte for byte.
    pub body: String,
}

/// An answer as its first item has it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AnswerRecord {
    request: String,
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
    /// How many items the body goes on in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parts: Option<u16>,
    ttl: u64,
}

#[derive(Serialize, Deserialize)]
struct PartRecord {
    body: String,
    ttl: u64,
}

impl AnswerKey {
    pub(crate) fn key(&self) -> Key {
        keys::answer(&self.caller, &self.key)
    }

    fn part(&self, n: u16) -> Key {
        keys::answer_part(&self.caller, &self.key, n)
    }

    /// The items of an answer, its first before all others.
    pub(crate) fn items(&self, answer: &StoredAnswer, now: Timestamp) -> Result<Vec<(Key, Item)>, StorageError> {
        let ttl = now.seconds() + KEPT_SECONDS;
        let (first, others) = parts(&answer.body).split_first().map_or(("", Vec::new()), |(first, others)| (*first, others.to_vec()));
        let record = AnswerRecord {
            request: answer.request.clone(),
            status: answer.status,
            headers: answer.headers.clone(),
            body: first.to_owned(),
            parts: u16::try_from(others.len()).ok().filter(|parts| *parts > 0),
            ttl,
        };
        let mut items = vec![(self.key(), Item::of(&self.key(), &record)?)];
        for (n, body) in (1..).zip(others) {
            let key = self.part(n);
            let item = Item::of(&key, &PartRecord { body: body.to_owned(), ttl })?;
            items.push((key, item));
        }
        Ok(items)
    }
}

/// A text in pieces that an item has room for.
fn parts(mut text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    while !text.is_empty() {
        let (part, rest) = text.split_at(text.floor_char_boundary(PART_BYTES));
        parts.push(part);
        text = rest;
    }
    parts
}

impl Store {
    /// The answer kept under a key, unless it has expired.
    pub async fn answer(&self, key: &AnswerKey, now: Timestamp) -> Result<Option<StoredAnswer>, StorageError> {
        let record: Option<AnswerRecord> = self.get(Table::Idempotency, &key.key()).await?;
        match record.filter(|record| record.ttl > now.seconds()) {
            Some(record) => self.whole(key, record).await,
            None => Ok(None),
        }
    }

    /// An answer with all of its body; none where a part of it is gone or is another answer's by now, which is when it has expired.
    pub(crate) async fn whole(&self, key: &AnswerKey, record: AnswerRecord) -> Result<Option<StoredAnswer>, StorageError> {
        let AnswerRecord { request, status, headers, mut body, parts, ttl } = record;
        for n in 1..=parts.unwrap_or_default() {
            let part: Option<PartRecord> = self.get(Table::Idempotency, &key.part(n)).await?;
            match part.filter(|part| part.ttl == ttl) {
                Some(part) => body.push_str(&part.body),
                None => return Ok(None),
            }
        }
        Ok(Some(StoredAnswer { request, status, headers, body }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_parts_of_a_text_are_the_text_and_each_fits_an_item(piece in "[a-zé€😀]{1,40}", times in 1usize..30_000) {
            let text = piece.repeat(times);
            let parts = parts(&text);
            prop_assert_eq!(&parts.concat(), &text);
            prop_assert!(parts.iter().all(|part| !part.is_empty() && part.len() <= PART_BYTES));
        }
    }
}
