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
/// A request waits for whoever doesn't answer, up to `TIMEOUT`: seldom where it can do without.
const AGAIN_AFTER_FAILURE_MILLIS: u64 = 5_000;
const AGAIN_IN_NEED_MILLIS: u64 = 60_000;
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
        let client = outbound::client(TIMEOUT, TIMEOUT).map_err(|error| JwksError(error.to_string()))?;
        Ok(Self { url, client, clock, state: Mutex::default() })
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
        let in_need = now.minus_minutes(KEPT_IN_NEED_MINUTES);
        let pause = if state.keys_since(in_need).is_some() { AGAIN_IN_NEED_MILLIS } else { AGAIN_AFTER_FAILURE_MILLIS };
        if state.failed.is_none_or(|failed| failed.plus_millis(pause) <= now) {
            match self.fetch().await {
                Ok(keys) => *state = State { fetched: Some((now, keys)), failed: None },
                Err(error) => {
                    tracing::warn!(%error, "published keys");
                    state.failed = Some(now);
                }
            }
        }
        state.keys_since(in_need).map(|keys| find(keys, kid, algorithm)).ok_or_else(|| JwksError("nobody answers".to_owned()))
    }

    async fn fetch(&self) -> Result<JwkSet, JwksError> {
        let failed = |error: reqwest::Error| JwksError(error.without_url().to_string());
        let answer = outbound::send(self.client.get(&self.url)).await.and_then(reqwest::Response::error_for_status).map_err(failed)?;
        let body = outbound::body(answer, MOST_BYTES).await.map_err(|error| JwksError(error.to_string()))?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::ring;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use jsonwebtoken::{Validation, decode};
    use proptest::prelude::*;
    use proptest::sample::{Index, select};
    use serde_json::{Value, json};
    use std::cell::Cell;

    /// A key of each kind that is ours, and of two that are not.
    fn published() -> Value {
        let of = |byte: u8, length: usize| URL_SAFE_NO_PAD.encode(vec![byte; length]);
        json!({ "keys": [
            { "kid": "r", "kty": "RSA", "use": "sig", "alg": "RS256", "n": of(0xc5, 256), "e": "AQAB" },
            { "kid": "e", "kty": "EC", "use": "sig", "crv": "P-256", "x": of(1, 32), "y": of(2, 32) },
            { "kid": "o", "kty": "oct", "alg": "HS256", "k": of(3, 32) },
            { "kid": "x", "kty": "OKP", "crv": "X25519", "x": of(7, 32), "use": "enc" },
        ] })
    }

    /// What stands in the place of a member of a key.
    const STRANGE: [&str; 14] = [
        "null",
        "true",
        "-1",
        "[]",
        "{}",
        r#""""#,
        r#""AA""#,
        r#""AQ==""#,
        r#""\u0000""#,
        r#""RSA""#,
        r#""EC""#,
        r#""oct""#,
        r#""RS256""#,
        r#""r""#,
    ];

    /// A key set with some members of some keys strange, and perhaps with a bit flipped or cut off.
    fn spoilt() -> impl Strategy<Value = Vec<u8>> {
        let strange = prop::collection::vec((any::<Index>(), any::<Index>(), select(&STRANGE[..])), 0..4);
        let flipped = prop::option::weighted(0.2, (any::<Index>(), 0..8_u8));
        let cut = prop::option::weighted(0.1, any::<Index>());
        (strange, flipped, cut).prop_map(|(strange, flipped, cut)| {
            let mut set = published();
            for (key, member, with) in strange {
                let key = &mut set["keys"][key.index(4)];
                let names: Vec<String> = key.as_object().unwrap().keys().cloned().collect();
                key[member.get(&names)] = serde_json::from_str(with).unwrap();
            }
            let mut bytes = set.to_string().into_bytes();
            if let Some((at, bit)) = flipped {
                let at = at.index(bytes.len());
                bytes[at] ^= 1 << bit;
            }
            bytes.truncate(cut.map_or(bytes.len(), |at| at.index(bytes.len())));
            bytes
        })
    }

    /// A token that nobody has signed.
    fn unsigned(algorithm: Algorithm, length: usize) -> String {
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let head = part(json!({ "alg": format!("{algorithm:?}") }));
        format!("{head}.{}.{}", part(json!({ "exp": u32::MAX })), URL_SAFE_NO_PAD.encode(vec![0; length]))
    }

    #[test]
    fn whatever_is_published_gives_a_key_of_the_algorithm_or_none_and_verifies_nothing() {
        ring::install();
        let found = Cell::new(0);
        let config = ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() };
        let outcome = proptest::test_runner::TestRunner::new(config).run(&spoilt(), |bytes| {
            let Ok(keys) = serde_json::from_slice::<JwkSet>(&bytes) else { return Ok(()) };
            for kid in [None, Some("r"), Some("e"), Some("o"), Some("")] {
                for algorithm in [Algorithm::HS256, Algorithm::RS512, Algorithm::PS256, Algorithm::ES384, Algorithm::EdDSA] {
                    prop_assert!(find(&keys, kid, algorithm).is_none(), "{kid:?} {algorithm:?}");
                }
                for (algorithm, length) in [(Algorithm::RS256, 256), (Algorithm::ES256, 64)] {
                    let Some(key) = find(&keys, kid, algorithm) else { continue };
                    found.set(found.get() + 1);
                    let read = decode::<Value>(unsigned(algorithm, length), &key, &Validation::new(algorithm));
                    prop_assert!(read.is_err(), "{kid:?} {algorithm:?}");
                }
            }
            Ok(())
        });
        outcome.unwrap_or_else(|failure| panic!("{failure}"));
        assert!(found.get() > 1_000, "{}", found.get());
    }
}
