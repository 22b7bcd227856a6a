//! Which tokens are taken: HS256 with the secret, RS256 and ES256 with the published keys, and no other.

use crate::kit::{CUSTOMER, LocalShop};
use axum::Router;
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use local::Options;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Made for these tests, and good for nothing else.
const RSA_KEY: &str = include_str!("rsa-test-key.b64");
const HS256: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

fn secret() -> String {
    Options::default().jwt_secret
}

/// The two parts that are signed; as text, so that they can be as wrong as anybody may write them.
fn message(header: &str, claims: &str) -> String {
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims))
}

fn signed(message: String, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let signature = sign(message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn hs256(secret: &[u8]) -> impl Fn(&[u8]) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    move |message| hmac::sign(&key, message).as_ref().to_vec()
}

fn now() -> u64 {
    api::clock::Clock::default().now().seconds()
}

fn good() -> Value {
    json!({ "id": CUSTOMER, "email": "grace@example.com", "role": "CUSTOMER", "iat": now(), "exp": now() + 600 })
}

fn with(field: &str, value: Value) -> String {
    let mut claims = good();
    claims[field] = value;
    claims.to_string()
}

async fn status(shop: &LocalShop, token: &str) -> u16 {
    let answer = shop.with_token(Some(token.to_owned())).get("/api/store-credit").await;
    if answer.status == 401 {
        answer.refused(401, "UNAUTHORIZED");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
    answer.status
}

#[tokio::test]
async fn a_token_whose_claims_are_wrong_is_refused() {
    let shop = LocalShop::without_pumps().await;
    let without = |field: &str| {
        let mut claims = good();
        claims.as_object_mut().expect("claims").remove(field);
        claims.to_string()
    };
    let twice = |claim: &str| good().to_string().replacen('{', &format!("{{{claim},"), 1);
    let refused = [
        ("expired", with("exp", json!(now() - 1))),
        ("expires now", with("exp", json!(now()))),
        ("never expires", without("exp")),
        ("expires as text", with("exp", json!((now() + 600).to_string()))),
        ("expires at null", with("exp", Value::Null)),
        ("expires below zero", with("exp", json!(-1))),
        ("not yet", with("nbf", json!(now() + 60))),
        ("not yet, as text", with("nbf", json!("tomorrow"))),
        ("no id", without("id")),
        ("id as text", with("id", json!("4001"))),
        ("id zero", with("id", json!(0))),
        ("id negative", with("id", json!(-4001))),
        ("id fraction", with("id", json!(4001.5))),
        ("id too large", with("id", json!(1_u64 << 53))),
        ("id is a list", with("id", json!([4001]))),
        ("no role", without("role")),
        ("unknown role", with("role", json!("OWNER"))),
        ("role in lower case", with("role", json!("customer"))),
        ("two roles", with("role", json!(["CUSTOMER", "ADMIN"]))),
        ("role twice", twice(r#""role":"ADMIN""#)),
        ("id twice", twice(r#""id":1"#)),
        ("exp twice", twice(r#""exp":99999999999"#)),
        ("no object", "[]".to_owned()),
        ("no JSON", "{".to_owned()),
        ("nothing", String::new()),
    ];
    for (why, claims) in refused {
        assert_eq!(status(&shop, &signed(message(HS256, &claims), hs256(secret().as_bytes()))).await, 401, "{why}");
    }
    let taken = [
        ("as it should be", good().to_string()),
        ("begun", with("nbf", json!(now() - 1))),
        ("the largest id", with("id", json!((1_u64 << 53) - 1))),
        ("with claims we don't know", with("shoeSize", json!(39))),
        ("for somebody, where nobody asks", with("aud", json!("another-shop"))),
        ("from somebody, where nobody asks", with("iss", json!("https://elsewhere.example"))),
    ];
    for (why, claims) in taken {
        assert_eq!(status(&shop, &signed(message(HS256, &claims), hs256(secret().as_bytes()))).await, 200, "{why}");
    }
}

#[tokio::test]
async fn a_token_that_is_not_signed_by_us_is_refused() {
    let shop = LocalShop::without_pumps().await;
    let ours = signed(message(HS256, &good().to_string()), hs256(secret().as_bytes()));
    let [header, _, signature] = ours.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
    let admin = URL_SAFE_NO_PAD.encode(with("role", json!("ADMIN")));
    let mut refused = vec![
        ("altered payload", format!("{header}.{admin}.{signature}")),
        ("stripped signature", format!("{header}.{admin}.")),
        ("two parts", format!("{header}.{admin}")),
        ("four parts", format!("{ours}.{signature}")),
        ("wrong secret", signed(message(HS256, &good().to_string()), hs256(b"another-secret-of-thirty-two-bytes"))),
        ("no secret", signed(message(HS256, &good().to_string()), hs256(b""))),
        ("shortened signature", ours[..ours.len() - 4].to_owned()),
        ("no header", format!(".{admin}.{signature}")),
        ("nothing", String::new()),
        ("dots", "..".to_owned()),
        ("no token", "token".to_owned()),
        ("100 KB", "x".repeat(100 * 1024)),
        ("a long valid one", signed(message(HS256, &with("shoes", json!("x".repeat(100 * 1024)))), hs256(secret().as_bytes()))),
    ];
    let headers = [
        r#"{"alg":"none"}"#,
        r#"{"alg":"None"}"#,
        r#"{"alg":"nOnE"}"#,
        r#"{"alg":""}"#,
        r#"{"alg":"HS384"}"#,
        r#"{"alg":"HS512"}"#,
        r#"{"alg":"RS256"}"#,
        r#"{"alg":"ES256"}"#,
        r#"{"alg":"hs256"}"#,
        r#"{"typ":"JWT"}"#,
        r#"{"alg":"HS256","crit":["exp"]}"#,
        r#"{"alg":"none","alg":"HS256"}"#,
        "{}",
        "[]",
    ];
    for header in headers {
        let message = message(header, &good().to_string());
        refused.push((header, format!("{message}.")));
        refused.push((header, signed(message, hs256(secret().as_bytes()))));
    }
    for (why, token) in refused {
        assert_eq!(status(&shop, &token).await, 401, "{why}");
    }
    assert_eq!(status(&shop, &ours).await, 200);
}

#[tokio::test]
async fn only_a_bearer_token_is_one() {
    let shop = LocalShop::without_pumps().await;
    let token = shop.system.token(CUSTOMER, domain::actor::Role::Customer);
    let with = async |value: &str| shop.nobody().header("authorization", value).get("/api/store-credit").await.status;
    for scheme in ["Bearer", "bearer", "BEARER"] {
        assert_eq!(with(&format!("{scheme} {token}")).await, 200, "{scheme}");
    }
    for value in [token.clone(), format!("Basic {token}"), format!("Token {token}"), "Bearer".to_owned(), format!("Bearer {token} {token}")]
    {
        assert_eq!(with(&value).await, 401, "{value}");
    }
    // A token in the address would end in logs.
    shop.nobody().get(&format!("/api/store-credit?access_token={token}")).await.refused(401, "UNAUTHORIZED");
}

#[tokio::test]
async fn issuer_and_audience_are_checked_where_they_are_configured() {
    let expected = ("https://id.example".to_owned(), "shop".to_owned());
    let shop = LocalShop::with(Options { issuer_and_audience: Some(expected), pumps: false, ..Options::default() }).await;
    let table = [
        (json!({ "iss": "https://id.example", "aud": "shop" }), 200),
        (json!({ "iss": "https://id.example", "aud": ["till", "shop"] }), 200),
        (json!({ "iss": "https://id.example", "aud": "till" }), 401),
        (json!({ "iss": "https://id.example", "aud": [] }), 401),
        (json!({ "iss": "https://id.example" }), 401),
        (json!({ "iss": "https://id.example.evil", "aud": "shop" }), 401),
        (json!({ "iss": 7, "aud": "shop" }), 401),
        (json!({ "aud": "shop" }), 401),
        (json!({}), 401),
    ];
    for (fields, expected) in table {
        let mut claims = good();
        claims.as_object_mut().expect("claims").extend(fields.as_object().expect("claims").clone());
        assert_eq!(status(&shop, &signed(message(HS256, &claims.to_string()), hs256(secret().as_bytes()))).await, expected, "{fields}");
    }
}

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
        signed(message(header, claims), |message| {
            let mut signature = vec![0; self.rsa.public().modulus_len()];
            self.rsa.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).expect("a signature");
            signature
        })
    }

    fn es256(&self, header: &str, claims: &str) -> String {
        signed(message(header, claims), |message| self.ec.sign(&SystemRandom::new(), message).expect("a signature").as_ref().to_vec())
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
    let claims = good().to_string();

    assert_eq!(status(&shop, &signed(message(HS256, &claims), hs256(secret().as_bytes()))).await, 200);
    assert_eq!(fetched.load(Ordering::SeqCst), 0, "the secret's tokens need no published key");
    for _ in 0..3 {
        assert_eq!(status(&shop, &keys.rs256(r#"{"alg":"RS256","kid":"r"}"#, &claims)).await, 200);
        assert_eq!(status(&shop, &keys.es256(r#"{"alg":"ES256","kid":"e"}"#, &claims)).await, 200);
    }
    // The only key of its kind needs no name.
    assert_eq!(status(&shop, &keys.rs256(r#"{"alg":"RS256"}"#, &claims)).await, 200);
    assert_eq!(fetched.load(Ordering::SeqCst), 1);
    assert_eq!(status(&shop, &keys.rs256(r#"{"alg":"RS256","kid":"r"}"#, &with("exp", json!(now())))).await, 401);
    for kid in ["unknown", "e", "x", "new", "../keys", ""] {
        assert_eq!(status(&shop, &keys.rs256(&json!({ "alg": "RS256", "kid": kid }).to_string(), &claims)).await, 401, "{kid}");
    }
    assert_eq!(fetched.load(Ordering::SeqCst), 1, "an unknown key is looked for once in five minutes at most");
}

#[tokio::test]
async fn one_kind_of_key_never_stands_in_for_another() {
    let keys = Keys::new();
    let (url, _) = publish(keys.published()).await;
    let shop = with_jwks(url).await;
    let claims = good().to_string();
    let RsaPublicKeyComponents { n, .. } = RsaPublicKeyComponents::<Vec<u8>>::from(keys.rsa.public());
    let der = keys.rsa.public().as_ref().to_vec();
    let pem = format!("-----BEGIN RSA PUBLIC KEY-----\n{}\n-----END RSA PUBLIC KEY-----\n", STANDARD.encode(&der));

    for public in [n, der, pem.into_bytes(), keys.published()["keys"][2].to_string().into_bytes()] {
        for header in [HS256, r#"{"alg":"HS256","kid":"r"}"#] {
            assert_eq!(status(&shop, &signed(message(header, &claims), hs256(&public))).await, 401);
        }
    }
    assert_eq!(status(&shop, &keys.es256(r#"{"alg":"RS256","kid":"r"}"#, &claims)).await, 401);
    assert_eq!(status(&shop, &keys.rs256(r#"{"alg":"ES256","kid":"e"}"#, &claims)).await, 401);
    assert_eq!(status(&shop, &keys.rs256(r#"{"alg":"PS256","kid":"r"}"#, &claims)).await, 401);
    let blank = signed(message(r#"{"alg":"ES256","kid":"e"}"#, &claims), |_| vec![0; 64]);
    assert_eq!(status(&shop, &blank).await, 401);
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
        json!({ "alg": "ES256", "jwk": key, "jku": elsewhere }),
    ] {
        assert_eq!(status(&shop, &theirs.es256(&header.to_string(), &good().to_string())).await, 401, "{header}");
        assert_eq!(fetched.load(Ordering::SeqCst), 0, "{header}");
    }
}

#[tokio::test]
async fn without_its_keys_the_shop_says_that_it_cant_tell_and_the_secrets_tokens_go_on() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/keys", listener.local_addr().expect("an address"));
    drop(listener);
    let shop = with_jwks(url.clone()).await;
    let token = Keys::new().rs256(r#"{"alg":"RS256","kid":"r"}"#, &good().to_string());

    let answer = shop.with_token(Some(token)).get("/api/store-credit").await;
    answer.refused(503, "INTERNAL_ERROR");
    assert!(!answer.header("retry-after").is_empty() && !answer.text.contains(&url), "{}", answer.text);
    assert_eq!(status(&shop, &signed(message(HS256, &good().to_string()), hs256(secret().as_bytes()))).await, 200);
}
