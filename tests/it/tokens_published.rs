//! Tokens that published keys verify: RS256 and ES256, by the configured address alone.

use crate::kit::LocalShop;
use crate::kit::tokens::{HS256, claiming, claims, hs256, now, ours, signed, status_with};
use axum::Router;
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use local::Options;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Made for these tests, and good for nothing else.
const RSA_KEY: &str = include_str!("rsa-test-key.b64");

/// Somebody's RSA and P-256 keys.
struct Keys {
    rsa: RsaKeyPair,
    ec: EcdsaKeyPair,
}

impl Keys {
    fn new() -> Self {
        let der = STANDARD.decode(RSA_KEY.replace('\n', "")).expect("base64");
        let random = SystemRandom::new();
        let ec = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
        let ec = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, ec.as_ref(), &random).expect("a key");
        Self { rsa: RsaKeyPair::from_der(&der).expect("a key"), ec }
    }

    fn rs256(&self, header: &str, claims: &str) -> String {
        signed(header, claims, |message| {
            let mut signature = vec![0; self.rsa.public().modulus_len()];
            self.rsa.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).expect("a signature");
            signature
        })
    }

    fn es256(&self, header: &str, claims: &str) -> String {
        signed(header, claims, |message| self.ec.sign(&SystemRandom::new(), message).expect("a signature").as_ref().to_vec())
    }

    /// As they are published, beside keys of kinds that are not ours.
    fn published(&self) -> Value {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let RsaPublicKeyComponents { n, e } = RsaPublicKeyComponents::<Vec<u8>>::from(self.rsa.public());
        let point = self.ec.public_key().as_ref();
        json!({ "keys": [
            { "kid": "x", "kty": "OKP", "crv": "X25519", "x": encode(&[7; 32]), "use": "enc", "alg": "ECDH-ES" },
            { "kid": "new", "kty": "LATTICE", "alg": "ML-DSA-44", "pub": "AAAA" },
            { "kid": "r", "kty": "RSA", "use": "sig", "alg": "RS256", "n": encode(&n), "e": encode(&e) },
            { "kid": "e", "kty": "EC", "use": "sig", "crv": "P-256", "x": encode(&point[1..33]), "y": encode(&point[33..]) },
        ] })
    }
}

/// Publishes a document; gives its address, and how often it was fetched.
async fn publish(document: Value) -> (String, Arc<AtomicUsize>) {
    let fetched = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&fetched);
    let routes = Router::new().route(
        "/keys",
        get(move || {
            counter.fetch_add(1, Ordering::SeqCst);
            std::future::ready(document.to_string())
        }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/keys", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (url, fetched)
}

async fn with_jwks(url: String) -> LocalShop {
    LocalShop::with(Options { jwks_url: Some(url), pumps: false, ..Options::default() }).await
}

#[tokio::test]
async fn published_keys_verify_tokens_and_are_fetched_once() {
    let keys = Keys::new();
    let (url, fetched) = publish(keys.published()).await;
    let shop = with_jwks(url).await;
    let claims = claims().to_string();

    assert_eq!(status_with(&shop, &ours(&claims)).await, 200);
    assert_eq!(fetched.load(Ordering::SeqCst), 0, "the secret's tokens need no published key");
    for _ in 0..3 {
        assert_eq!(status_with(&shop, &keys.rs256(r#"{"alg":"RS256","kid":"r"}"#, &claims)).await, 200);
        assert_eq!(status_with(&shop, &keys.es256(r#"{"alg":"ES256","kid":"e"}"#, &claims)).await, 200);
    }
    // The only key of its kind needs no name.
    assert_eq!(status_with(&shop, &keys.rs256(r#"{"alg":"RS256"}"#, &claims)).await, 200);
    assert_eq!(fetched.load(Ordering::SeqCst), 1);
    assert_eq!(status_with(&shop, &keys.rs256(r#"{"alg":"RS256","kid":"r"}"#, &claiming("exp", json!(now())))).await, 401);
    for kid in ["unknown", "e", "x", "new", "../keys", "../../../../dev/null", "r' OR '1'='1", ""] {
        assert_eq!(status_with(&shop, &keys.rs256(&json!({ "alg": "RS256", "kid": kid }).to_string(), &claims)).await, 401, "{kid}");
    }
    assert_eq!(fetched.load(Ordering::SeqCst), 1, "an unknown key is looked for once in five minutes at most");
}

#[tokio::test]
async fn one_kind_of_key_never_stands_in_for_another() {
    let keys = Keys::new();
    let (url, _) = publish(keys.published()).await;
    let shop = with_jwks(url).await;
    let claims = claims().to_string();
    let RsaPublicKeyComponents { n, .. } = RsaPublicKeyComponents::<Vec<u8>>::from(keys.rsa.public());
    let der = keys.rsa.public().as_ref().to_vec();
    let pem = format!("-----BEGIN RSA PUBLIC KEY-----\n{}\n-----END RSA PUBLIC KEY-----\n", STANDARD.encode(&der));

    for public in [n, der, pem.into_bytes(), keys.published()["keys"][2].to_string().into_bytes()] {
        for header in [HS256, r#"{"alg":"HS256","kid":"r"}"#] {
            assert_eq!(status_with(&shop, &signed(header, &claims, hs256(&public))).await, 401);
        }
    }
    assert_eq!(status_with(&shop, &keys.es256(r#"{"alg":"RS256","kid":"r"}"#, &claims)).await, 401);
    assert_eq!(status_with(&shop, &keys.rs256(r#"{"alg":"ES256","kid":"e"}"#, &claims)).await, 401);
    assert_eq!(status_with(&shop, &keys.rs256(r#"{"alg":"PS256","kid":"r"}"#, &claims)).await, 401);
    let blank = signed(r#"{"alg":"ES256","kid":"e"}"#, &claims, |_| vec![0; 64]);
    assert_eq!(status_with(&shop, &blank).await, 401);
}

#[tokio::test]
async fn keys_that_a_token_brings_along_or_points_at_are_never_used() {
    let (ours, theirs) = (Keys::new(), Keys::new());
    let (url, _) = publish(ours.published()).await;
    let (elsewhere, fetched) = publish(theirs.published()).await;
    let shop = with_jwks(url).await;

    let key = theirs.published()["keys"][3].clone();
    for header in [
        json!({ "alg": "ES256", "kid": "e", "jku": elsewhere }),
        json!({ "alg": "ES256", "kid": "e", "x5u": elsewhere }),
        json!({ "alg": "ES256", "kid": elsewhere }),
        json!({ "alg": "ES256", "kid": "e", "jwk": key }),
        json!({ "alg": "ES256", "kid": "e", "x5c": ["MIIB"] }),
        json!({ "alg": "ES256", "jwk": key, "jku": elsewhere }),
    ] {
        assert_eq!(status_with(&shop, &theirs.es256(&header.to_string(), &claims().to_string())).await, 401, "{header}");
        assert_eq!(fetched.load(Ordering::SeqCst), 0, "{header}");
    }
}

#[tokio::test]
async fn without_its_keys_the_shop_says_that_it_cant_tell_and_the_secrets_tokens_go_on() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/keys", listener.local_addr().expect("an address"));
    drop(listener);
    let shop = with_jwks(url.clone()).await;
    let token = Keys::new().rs256(r#"{"alg":"RS256","kid":"r"}"#, &claims().to_string());

    let answer = shop.with_token(Some(token)).get("/api/store-credit").await;
    answer.refused(503, "INTERNAL_ERROR");
    assert!(!answer.header("retry-after").is_empty() && !answer.text.contains(&url), "{}", answer.text);
    assert_eq!(status_with(&shop, &ours(&claims().to_string())).await, 200);
}

#[tokio::test]
async fn a_forged_token_is_401_and_nobody_is_asked_about_it() {
    let (keys, theirs) = (Keys::new(), Keys::new());
    let (url, fetched) = publish(keys.published()).await;
    let (elsewhere, asked) = publish(theirs.published()).await;
    let expected = ("https://id.example".to_owned(), "shop".to_owned());
    let options = Options { jwks_url: Some(url), issuer_and_audience: Some(expected), pumps: false, ..Options::default() };
    let shop = LocalShop::with(options).await;
    let of_ours = |fields: Value| {
        let mut claims = claims();
        claims
            .as_object_mut()
            .expect("claims")
            .extend(json!({ "iss": "https://id.example", "aud": "shop" }).as_object().expect("claims").clone());
        claims.as_object_mut().expect("claims").extend(fields.as_object().expect("claims").clone());
        claims.to_string()
    };
    let good = of_ours(json!({}));
    assert_eq!(status_with(&shop, &keys.rs256(r#"{"alg":"RS256","kid":"r"}"#, &good)).await, 200);
    let known = fetched.load(Ordering::SeqCst);

    let by_key = |claims: &str| keys.rs256(r#"{"alg":"RS256","kid":"r"}"#, claims);
    let signed_right = by_key(&good);
    let [header, _, signature] = signed_right.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
    let admin = URL_SAFE_NO_PAD.encode(of_ours(json!({ "role": "ADMIN" })));
    let public = keys.rsa.public().as_ref();
    let twice = |claim: &str| good.replacen('{', &format!("{{{claim},"), 1);
    let mut forged = vec![
        ("the public key as a secret", signed(HS256, &good, hs256(public))),
        ("another payload", format!("{header}.{admin}.{signature}")),
        ("no signature", format!("{header}.{admin}.")),
        ("expired", by_key(&of_ours(json!({ "exp": now() - 1 })))),
        ("not yet", by_key(&of_ours(json!({ "nbf": now() + 60 })))),
        ("for ever", by_key(&good.replace("\"exp\"", "\"expires\""))),
        ("another issuer", by_key(&of_ours(json!({ "iss": "https://id.example.evil" })))),
        ("another audience", by_key(&of_ours(json!({ "aud": "till" })))),
        ("role twice", by_key(&twice(r#""role":"ADMIN""#))),
        ("issuer twice", by_key(&twice(r#""iss":"https://id.example""#))),
        ("audience twice", by_key(&twice(r#""aud":"shop""#))),
        ("end twice", by_key(&twice(r#""exp":99999999999"#))),
        ("beginning twice", by_key(&twice(r#""nbf":1,"nbf":2"#))),
        ("100 KB", by_key(&of_ours(json!({ "shoes": "x".repeat(100 * 1024) })))),
    ];
    for alg in ["none", "None", "nOnE"] {
        forged.push((alg, signed(&json!({ "alg": alg, "kid": "r" }).to_string(), &good, |_| Vec::new())));
    }
    for kid in ["unknown", "../../../../dev/null", "r' OR '1'='1", elsewhere.as_str()] {
        forged.push(("kid", theirs.rs256(&json!({ "alg": "RS256", "kid": kid }).to_string(), &good)));
    }
    for brought in [json!({ "jku": elsewhere }), json!({ "x5u": elsewhere }), json!({ "jwk": theirs.published()["keys"][3] })] {
        let mut header = json!({ "alg": "ES256", "kid": "e" });
        header.as_object_mut().expect("a header").extend(brought.as_object().expect("a header").clone());
        forged.push(("a key of its own", theirs.es256(&header.to_string(), &good)));
    }
    for (why, token) in forged {
        assert_eq!(status_with(&shop, &token).await, 401, "{why}");
    }
    assert_eq!((fetched.load(Ordering::SeqCst), asked.load(Ordering::SeqCst)), (known, 0));
    assert_eq!(status_with(&shop, &signed_right).await, 200);
}
