//! What a request says about itself: its idempotency key and the version it was made on.

use crate::auth::Caller;
use crate::problem::Problem;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{Context, SHA256};
use store::AnswerKey;

/// The longest idempotency key.
const MOST_KEY_CHARACTERS: usize = 255;

/// What a request says about itself.
#[derive(Clone, Debug)]
pub struct Meta {
    /// Where its answer is kept, when it carries an `Idempotency-Key`.
    pub answer_key: Option<AnswerKey>,
    /// Path and query, for links to other pages of the same list.
    pub(crate) path: String,
    pub(crate) query: String,
    if_match: Option<String>,
}

impl Meta {
    pub(super) fn of(parts: &Parts, body: &[u8]) -> Result<Self, Problem> {
        let path = parts.uri.path().to_owned();
        let query = parts.uri.query().unwrap_or_default().to_owned();
        let if_match = parts.headers.get_all(header::IF_MATCH).iter().map(|value| value.to_str().unwrap_or_default()).collect::<Vec<_>>();
        Ok(Self { answer_key: answer_key(parts, body)?, path, query, if_match: (!if_match.is_empty()).then(|| if_match.join(",")) })
    }

    /// Refuses a change of a record that is no longer the one the client saw (RFC 9110, section 13.1.1): entity tags
    /// are compared strongly, so a weak or malformed one never matches.
    ///
    /// # Errors
    /// 412 `PRECONDITION_FAILED`.
    pub fn require_match(&self, version: u64) -> Result<(), Problem> {
        let Some(wanted) = &self.if_match else { return Ok(()) };
        let current = format!("\"{version}\"");
        if wanted.trim() == "*" || wanted.split(',').any(|tag| tag.trim() == current) {
            return Ok(());
        }
        Err(precondition_failed(&format!("The record has changed since; its ETag is {current} now.")))
    }

    /// Whether it names a version that it was made on; `*` is whichever there is.
    #[must_use]
    pub fn is_on_a_version(&self) -> bool {
        self.if_match.as_ref().is_some_and(|wanted| wanted.trim() != "*")
    }

    /// [`Self::require_match`] of a request that changes one record or more: several, and new ones, have no one version, and then an `If-Match`
    /// is false, also `*`.
    ///
    /// # Errors
    /// 412 `PRECONDITION_FAILED`.
    pub fn require_match_if_one(&self, version: Option<u64>) -> Result<(), Problem> {
        match version {
            Some(version) => self.require_match(version),
            None if self.if_match.is_none() => Ok(()),
            None => Err(precondition_failed("If-Match goes with one record that is changed; several, and new ones, have no one version.")),
        }
    }
}

fn precondition_failed(detail: &str) -> Problem {
    Problem::new(StatusCode::PRECONDITION_FAILED, "PRECONDITION_FAILED", detail)
}

fn answer_key(parts: &Parts, body: &[u8]) -> Result<Option<AnswerKey>, Problem> {
    let mut keys = parts.headers.get_all("idempotency-key").iter();
    let Some(key) = keys.next().filter(|_| !parts.method.is_safe()) else { return Ok(None) };
    let is_key = |key: &&str| {
        !key.trim().is_empty() && key.len() <= MOST_KEY_CHARACTERS && key.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
    };
    let readable = key.to_str().ok().filter(is_key);
    let (Some(key), None) = (readable, keys.next()) else {
        let detail = "An Idempotency-Key has 1 to 255 printable ASCII characters and is there once.";
        return Err(Problem::bad_request("INVALID_IDEMPOTENCY_KEY", detail));
    };
    let caller = parts.extensions.get::<Caller>().map_or_else(|| "nobody".to_owned(), Caller::key_space);
    let mut hash = Context::new(&SHA256);
    for part in [parts.method.as_str().as_bytes(), parts.uri.path().as_bytes(), parts.uri.query().unwrap_or_default().as_bytes(), body] {
        // Each part's length keeps two different requests from running into the same bytes.
        hash.update(&part.len().to_le_bytes());
        hash.update(part);
    }
    let request = URL_SAFE_NO_PAD.encode(hash.finish());
    Ok(Some(AnswerKey { caller, key: key.to_owned(), request }))
}
