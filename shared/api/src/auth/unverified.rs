//! What a token shows before its key is known: enough to refuse it without asking anybody, never to believe it.

use super::token::Claims;
use jsonwebtoken::dangerous::insecure_decode_claims;
use jsonwebtoken::{Algorithm, get_current_timestamp};
use serde::Deserialize;
use serde_json::{Number, Value};

/// Of the registered claims (RFC 7519, section 4.1) those that are checked.
#[derive(Deserialize)]
struct Registered {
    exp: Number,
    nbf: Option<Number>,
    #[serde(default)]
    iss: Value,
    #[serde(default)]
    aud: Value,
}

/// Whether a token is worth fetching its key for. It refuses nothing that `jsonwebtoken` would take with the right key, and what
/// it lets through is checked again, all of it, once the signature is.
pub(super) fn could_be_valid(token: &str, algorithm: Algorithm, issuer: Option<&str>, audience: Option<&str>) -> bool {
    let is_fine = |claims: Claims| claims.caller().is_some();
    can_be_signature(token.rsplit('.').next().unwrap_or_default(), algorithm)
        && insecure_decode_claims(token).is_ok_and(|claims: Registered| claims.could_be_valid(issuer, audience))
        && insecure_decode_claims(token).is_ok_and(is_fine)
}

/// Signatures have the length of their keys: P-256's is two numbers of 32 bytes (RFC 7518, section 3.4), RSA's as long as the
/// modulus, which has 2048 to 8192 bits here, and HMAC's that of its hash.
fn can_be_signature(encoded: &str, algorithm: Algorithm) -> bool {
    let bytes = encoded.len() * 3 / 4;
    let is_long_enough = match algorithm {
        Algorithm::RS256 => (256..=1024).contains(&bytes),
        Algorithm::ES256 => bytes == 64,
        Algorithm::HS256 => bytes == 32,
        _ => false,
    };
    is_long_enough && encoded.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

impl Registered {
    fn could_be_valid(&self, issuer: Option<&str>, audience: Option<&str>) -> bool {
        let now = i64::try_from(get_current_timestamp()).unwrap_or(i64::MAX);
        // What is no whole number is left to `jsonwebtoken`, which rounds.
        let ends_later = self.exp.as_i64().is_none_or(|end| end > now);
        let has_begun = self.nbf.as_ref().and_then(Number::as_i64).is_none_or(|beginning| beginning <= now);
        ends_later && has_begun && issuer.is_none_or(|name| names(&self.iss, name)) && audience.is_none_or(|name| names(&self.aud, name))
    }
}

/// Whether a claim of one name or several has this one.
fn names(claim: &Value, name: &str) -> bool {
    match claim {
        Value::String(only) => only == name,
        Value::Array(several) => several.iter().any(|one| one == name),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}
