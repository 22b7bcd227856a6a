//! Other systems that tell the shop something, with their own signatures.

use super::{Answer, Caller, LocalShop, p256};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use local::system::STRIPE_WEBHOOK_SECRET;
use reqwest::Method;
use ring::digest::{SHA512, digest};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
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

    /// Who tells of an event in Stripe's name just now, and in what words.
    pub fn stripe_caller(&self, event: &Value) -> (Caller, Vec<u8>) {
        self.stripe_caller_of(Duration::ZERO, event)
    }

    /// The same so long ago.
    fn stripe_caller_of(&self, ago: Duration, event: &Value) -> (Caller, Vec<u8>) {
        let body = event.to_string().into_bytes();
        let at = self.system.clock.now().seconds() - ago.as_secs();
        (self.nobody().header("Stripe-Signature", &stripe_signature(STRIPE_WEBHOOK_SECRET, at, &body)), body)
    }

    /// An event of Stripe's, signed by it so long ago.
    pub async fn stripe_told(&self, ago: Duration, event: &Value) -> Answer {
        let (caller, body) = self.stripe_caller_of(ago, event);
        caller.send(Method::POST, "/api/webhooks/stripe", Some(body)).await
    }

    /// A callback in pawaPay's name that nobody has signed.
    pub async fn pawapay_tells(&self, callback: &Value) -> Answer {
        self.nobody().send(Method::POST, "/api/webhooks/pawapay", Some(callback.to_string().into_bytes())).await
    }
}

/// A key that pawaPay signs its callbacks with.
pub struct PawaPayKey(EcdsaKeyPair);

impl PawaPayKey {
    pub fn new() -> Self {
        Self(p256::key(&ECDSA_P256_SHA256_ASN1_SIGNING))
    }

    pub fn pem(&self) -> String {
        let der = [p256::INFO, self.0.public_key().as_ref()].concat();
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(der))
    }

    /// The headers of a callback to an address, signed at `at` (epoch seconds), as pawaPay's documentation shows them.
    pub fn headers(&self, url: &str, path: &str, at: u64, body: &[u8]) -> Vec<(&'static str, String)> {
        let authority = url.split("://").nth(1).expect("an authority");
        let content = "application/json; charset=UTF-8";
        let date = "2026-11-25T09:00:00.131905Z";
        let digest = format!("sha-512=:{}:", STANDARD.encode(digest(&SHA512, body)));
        let params = format!(
            "(\"@method\" \"@authority\" \"@path\" \"signature-date\" \"content-digest\" \"content-type\");\
             alg=\"ecdsa-p256-sha256\";keyid=\"HTTP_EC_P256_KEY:1\";created={at};expires={}",
            at + 60
        );
        let base = format!(
            "\"@method\": POST\n\"@authority\": {authority}\n\"@path\": {path}\n\"signature-date\": {date}\n\
             \"content-digest\": {digest}\n\"content-type\": {content}\n\"@signature-params\": {params}"
        );
        let signature = STANDARD.encode(self.0.sign(&SystemRandom::new(), base.as_bytes()).expect("a signature"));
        vec![
            ("Content-Type", content.to_owned()),
            ("Content-Digest", digest),
            ("Signature-Date", date.to_owned()),
            ("Signature-Input", format!("sig-pp={params}")),
            ("Signature", format!("sig-pp=:{signature}:")),
        ]
    }

    /// A callback, signed just now.
    pub async fn tells(&self, shop: &LocalShop, body: &Value) -> Answer {
        let (body, path) = (body.to_string().into_bytes(), "/api/webhooks/pawapay");
        let headers = self.headers(&shop.system.url, path, shop.system.clock.now().seconds(), &body);
        let caller = headers.iter().fold(shop.nobody(), |caller, (name, value)| caller.header(name, value));
        caller.send(Method::POST, path, Some(body)).await
    }
}

/// The header by which a carrier is known, for a body.
pub fn carrier_headers(carrier: &str, secret: &str, body: &[u8]) -> (&'static str, String) {
    match carrier {
        "DHL" => ("X-Webhook-Token", secret.to_owned()),
        "UPS" => ("credential", secret.to_owned()),
        _ => {
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
            ("fdx-signature", STANDARD.encode(hmac::sign(&key, body)))
        }
    }
}

/// What a carrier tells, known by a secret.
pub async fn carrier_tells(shop: &LocalShop, carrier: &str, secret: &str, body: &Value) -> Answer {
    let body = body.to_string().into_bytes();
    let (name, value) = carrier_headers(carrier, secret, &body);
    shop.nobody().header(name, &value).send(Method::POST, &format!("/api/webhooks/{}", carrier.to_lowercase()), Some(body)).await
}
