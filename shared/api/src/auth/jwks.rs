//! Published public keys: fetched at first use, and again after five minutes, from the configured address alone. So a key that
//! its issuer withdraws is believed for five minutes more, and one that it adds is known as soon.

use crate::clock::Clock;
use domain::time::Timestamp;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use std::time::Duration;
use tokio::sync::Mutex;

const KEPT_MINUTES: u64 = 5;
/// While their address doesn't answer: nobody could sign in then.
const KEPT_IN_NEED_MINUTES: u64 = 60;
const AGAIN_AFTER_FAILURE_MILLIS: u64 = 5_000;
const TIMEOUT: Duration = Duration::from_secs(3);
/// Far more than any real key set.
const MOST_BYTES: usize = 256 * 1024;

/// The keys could not be fetched.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the published keys could not be fetched: {0}")]
pub struct JwksError(String);

/// The key set behind one address.
pub struct Jwks {
    url: String,
    client: reqwest::Client,
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    fetched: Option<(Timestamp, JwkSet)>,
    failed: Option<Timestamp>,
}

impl State {
    /// The keys, unless they were fetched longer ago.
    fn keys_since(&self, earliest: Timestamp) -> Option<&JwkSet> {
        self.fetched.as_ref().filter(|(at, _)| *at > earliest).map(|(_, keys)| keys)
    }
}

impl Jwks {
    /// Nothing is fetched yet.
    ///
    /// # Errors
    /// When the HTTP client can't be made.
    pub fn new(url: String, clock: Clock) -> Result<Self, JwksError> {
        // A redirect would lead to an address that nobody configured.
        let client = reqwest::Client::builder().timeout(TIMEOUT).redirect(reqwest::redirect::Policy::none()).build();
        Ok(Self { url, client: client.map_err(|error| JwksError(error.to_string()))?, clock, state: Mutex::default() })
    }

    /// The key for a token's header; nothing when no published key fits, or when it would have to be fetched for a token that is
    /// not worth it.
    ///
    /// # Errors
    /// When keys can't be fetched, and none are known but those of more than an hour ago.
    pub async fn key(
        &self,
        kid: Option<&str>,
        algorithm: Algorithm,
        is_worth_asking: impl FnOnce() -> bool,
    ) -> Result<Option<DecodingKey>, JwksError> {
        let mut state = self.state.lock().await;
        let now = self.clock.now();
        if let Some(keys) = state.keys_since(now.minus_minutes(KEPT_MINUTES)) {
            return Ok(find(keys, kid, algorithm));
        }
        if !is_worth_asking() {
            return Ok(None);
        }
        if state.failed.is_none_or(|failed| failed.plus_millis(AGAIN_AFTER_FAILURE_MILLIS) <= now) {
            match self.fetch().await {
                Ok(keys) => *state = State { fetched: Some((now, keys)), failed: None },
                Err(error) => {
                    tracing::warn!(%error, "published keys");
                    state.failed = Some(now);
                }
            }
        }
        let keys = state.keys_since(now.minus_minutes(KEPT_IN_NEED_MINUTES));
        keys.map(|keys| find(keys, kid, algorithm)).ok_or_else(|| JwksError("nobody answers".to_owned()))
    }

    async fn fetch(&self) -> Result<JwkSet, JwksError> {
        let failed = |error: reqwest::Error| JwksError(error.without_url().to_string());
        let mut answer = self.client.get(&self.url).send().await.and_then(reqwest::Response::error_for_status).map_err(failed)?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
            body.extend_from_slice(&chunk);
            if body.len() > MOST_BYTES {
                return Err(JwksError("the answer is too large".to_owned()));
            }
        }
        serde_json::from_slice(&body).map_err(|error| JwksError(error.to_string()))
    }
}

/// The key with the header's `kid`, or the only one that fits where the header names none.
fn find(keys: &JwkSet, kid: Option<&str>, algorithm: Algorithm) -> Option<DecodingKey> {
    let mut fitting =
        keys.keys.iter().filter(|key| fits(key, algorithm) && kid.is_none_or(|kid| key.common.key_id.as_deref() == Some(kid)));
    let key = fitting.next()?;
    if fitting.next().is_some() {
        return None;
    }
    DecodingKey::from_jwk(key).ok()
}

fn fits(key: &Jwk, algorithm: Algorithm) -> bool {
    let (wanted, family) = match algorithm {
        Algorithm::RS256 => (KeyAlgorithm::RS256, matches!(key.algorithm, AlgorithmParameters::RSA(_))),
        Algorithm::ES256 => (KeyAlgorithm::ES256, matches!(key.algorithm, AlgorithmParameters::EllipticCurve(_))),
        _ => return false,
    };
    family
        && key.common.key_algorithm.is_none_or(|stated| stated == wanted)
        && key.common.public_key_use.as_ref().is_none_or(|stated| *stated == PublicKeyUse::Signature)
}
