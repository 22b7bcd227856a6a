//! Other systems that tell the shop something, with their own signatures.

use super::{Answer, LocalShop};
use local::system::STRIPE_WEBHOOK_SECRET;
use reqwest::Method;
use ring::hmac;
use serde_json::Value;
use std::time::Duration;

/// `Stripe-Signature` of a body, made at `at` (epoch seconds).
pub fn stripe_signature(secret: &str, at: u64, body: &[u8]) -> String {
    format!("t={at},v1={}", stripe_hmac(secret, at, body))
}

pub fn stripe_hmac(secret: &str, at: u64, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let signature = hmac::sign(&key, &[format!("{at}.").as_bytes(), body].concat());
    signature.as_ref().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

impl LocalShop {
    /// An event of Stripe's, signed by it just now.
    pub async fn stripe_tells(&self, event: &Value) -> Answer {
        self.stripe_told(Duration::ZERO, event).await
    }

    /// The same, so long ago.
    pub async fn stripe_told(&self, ago: Duration, event: &Value) -> Answer {
        let body = event.to_string().into_bytes();
        let at = self.system.clock.now().seconds() - ago.as_secs();
        let signature = stripe_signature(STRIPE_WEBHOOK_SECRET, at, &body);
        self.nobody().header("Stripe-Signature", &signature).send(Method::POST, "/api/webhooks/stripe", Some(body)).await
    }
}
