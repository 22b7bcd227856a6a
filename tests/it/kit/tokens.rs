//! Tokens as anybody may write them: right, wrong, or signed with something else.

use super::{CUSTOMER, LocalShop};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use serde_json::{Value, json};

/// The header of our own tokens.
pub const HS256: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

/// What the shop's own tokens are signed with.
pub fn secret() -> String {
    local::Options::default().jwt_secret
}

/// A token of these two parts; as text, so that they can be as wrong as anybody may write them.
pub fn signed(header: &str, claims: &str, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = sign(message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

pub fn hs256(secret: &[u8]) -> impl Fn(&[u8]) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    move |message| hmac::sign(&key, message).as_ref().to_vec()
}

/// A token of ours with these claims.
pub fn ours(claims: &str) -> String {
    signed(HS256, claims, hs256(secret().as_bytes()))
}

/// Epoch seconds.
pub fn now() -> u64 {
    api::clock::Clock::default().now().seconds()
}

/// Claims that are as they should be.
pub fn claims() -> Value {
    json!({ "id": CUSTOMER, "email": "grace@example.com", "role": "CUSTOMER", "iat": now(), "exp": now() + 600 })
}

/// The same with one claim set.
pub fn claiming(name: &str, value: Value) -> String {
    let mut claims = claims();
    claims[name] = value;
    claims.to_string()
}

/// How the shop answers to a token; a 401 must be a whole one.
pub async fn status_with(shop: &LocalShop, token: &str) -> u16 {
    let answer = shop.with_token(Some(token.to_owned())).get("/api/store-credit").await;
    if answer.status == 401 {
        answer.refused(401, "UNAUTHORIZED");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
    answer.status
}
