//! Tokens for the local shop: HS256, as the shop's own identity service signs them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::actor::Role;
use ring::hmac;
use serde_json::{Value, json};

/// A token of these claims.
#[must_use]
pub fn sign(secret: &str, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(&json!({ "alg": "HS256", "typ": "JWT" })), part(claims));
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// A token of somebody, from `now` (epoch seconds) on for thirty days.
#[must_use]
pub fn of(secret: &str, id: u64, role: Role, now: u64) -> String {
    let email = format!("{}-{id}@example.com", role.as_str().to_lowercase().replace('_', "-"));
    sign(secret, &json!({ "id": id, "email": email, "role": role.as_str(), "iat": now, "exp": now + 30 * 24 * 3600 }))
}
