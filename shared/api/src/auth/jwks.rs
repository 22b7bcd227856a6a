//! Published public keys: fetched at first use, and again for a key nobody knows yet, but not more often than every
//! five minutes, and from the configured address alone.

use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

const AGAIN_AFTER: Duration = Duration::from_mins(5);
const AGAIN_AFTER_FAILURE: Duration = Duration::from_secs(5);
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
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    keys: Option<JwkSet>,
    asked: Option<Instant>,
}

impl Jwks {
    /// Nothing is fetched yet.
    ///
    /// # Errors
    /// When the HTTP client can't be made.
    pub fn new(url: String) -> Result<Self, JwksError> {
        // A redirect would lead to an address that nobody configured.
        let client = reqwest::Client::builder().timeout(TIMEOUT).redirect(reqwest::redirect::Policy::none()).build();
        Ok(Self { url, client: client.map_err(|error| JwksError(error.to_string()))?, state: Mutex::default() })
    }

    /// The key for a token's header; nothing when no published key fits, or when it would have to be fetched for a token that is
    /// not worth it.
    ///
    /// # Errors
    /// When no keys were ever fetched and they can't be now.
    pub async fn key(
        &self,
        kid: Option<&str>,
        algorithm: Algorithm,
        is_worth_asking: impl FnOnce() -> bool,
    ) -> Result<Option<DecodingKey>, JwksError> {
        let mut state = self.state.lock().await;
        if let Some(key) = state.keys.as_ref().and_then(|keys| find(keys, kid, algorithm)) {
            return Ok(Some(key));
        }
        if !is_worth_asking() {
            return Ok(None);
        }
        let pause = if state.keys.is_some() { AGAIN_AFTER } else { AGAIN_AFTER_FAILURE };
        if state.asked.is_some_and(|asked| asked.elapsed() < pause) {
            return match state.keys {
                Some(_) => Ok(None),
                None => Err(JwksError("the last try failed a moment ago".to_owned())),
            };
        }
        state.asked = Some(Instant::now());
        match self.fetch().await {
            Ok(keys) => Ok(find(state.keys.insert(keys), kid, algorithm)),
            // The keys of before are as good as they were.
            Err(error) if state.keys.is_some() => {
                tracing::warn!(%error, "published keys");
                Ok(None)
            }
            Err(error) => Err(error),
        }
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
