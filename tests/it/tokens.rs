//! Which tokens are taken, and which are not; those that published keys verify are in `tokens_published.rs`.

pub mod deployed;
mod given;
pub mod keys;

use crate::kit::tokens::{HS256, claiming, claims, hs256, now, ours, secret, signed, status_with};
use crate::kit::{CUSTOMER, LocalShop, SecretsManager};
use api::config::{LOCAL_SECRET, Secret, TokenConfig};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use deployed::{asked, function};
use local::Options;
use serde_json::{Value, json};

#[tokio::test]
async fn a_token_whose_claims_are_wrong_is_refused() {
    let shop = LocalShop::without_pumps().await;
    let without = |field: &str| {
        let mut claims = claims();
        claims.as_object_mut().expect("claims").remove(field);
        claims.to_string()
    };
    let twice = |claim: &str| claims().to_string().replacen('{', &format!("{{{claim},"), 1);
    let refused = [
        ("expired", claiming("exp", json!(now() - 1))),
        ("expires now", claiming("exp", json!(now()))),
        ("never expires", without("exp")),
        ("expires as text", claiming("exp", json!((now() + 600).to_string()))),
        ("expires at null", claiming("exp", Value::Null)),
        ("expires below zero", claiming("exp", json!(-1))),
        ("not yet", claiming("nbf", json!(now() + 60))),
        ("not yet, as text", claiming("nbf", json!("tomorrow"))),
        ("no id", without("id")),
        ("id as text", claiming("id", json!("4001"))),
        ("id zero", claiming("id", json!(0))),
        ("id negative", claiming("id", json!(-4001))),
        ("id fraction", claiming("id", json!(4001.5))),
        ("id too large", claiming("id", json!(1_u64 << 53))),
        ("id is a list", claiming("id", json!([4001]))),
        ("no role", without("role")),
        ("unknown role", claiming("role", json!("OWNER"))),
        ("role in lower case", claiming("role", json!("customer"))),
        ("two roles", claiming("role", json!(["CUSTOMER", "ADMIN"]))),
        ("role twice", twice(r#""role":"ADMIN""#)),
        ("id twice", twice(r#""id":1"#)),
        ("exp twice", twice(r#""exp":99999999999"#)),
        ("no object", "[]".to_owned()),
        ("no JSON", "{".to_owned()),
        ("nothing", String::new()),
    ];
    for (why, claims) in refused {
        assert_eq!(status_with(&shop, &ours(&claims)).await, 401, "{why}");
    }
    let taken = [
        ("as it should be", claims().to_string()),
        ("begun", claiming("nbf", json!(now() - 1))),
        ("the largest id", claiming("id", json!((1_u64 << 53) - 1))),
        ("with claims we don't know", claiming("shoeSize", json!(39))),
        ("for somebody, where nobody asks", claiming("aud", json!("another-shop"))),
        ("from somebody, where nobody asks", claiming("iss", json!("https://elsewhere.example"))),
    ];
    for (why, claims) in taken {
        assert_eq!(status_with(&shop, &ours(&claims)).await, 200, "{why}");
    }
}

#[tokio::test]
async fn a_token_that_is_not_signed_by_us_is_refused() {
    let shop = LocalShop::without_pumps().await;
    let good = ours(&claims().to_string());
    let [header, _, signature] = good.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
    let admin = URL_SAFE_NO_PAD.encode(claiming("role", json!("ADMIN")));
    let mut refused = vec![
        ("altered payload", format!("{header}.{admin}.{signature}")),
        ("stripped signature", format!("{header}.{admin}.")),
        ("two parts", format!("{header}.{admin}")),
        ("four parts", format!("{good}.{signature}")),
        ("wrong secret", signed(HS256, &claims().to_string(), hs256(b"another-secret-of-thirty-two-bytes"))),
        ("no secret", signed(HS256, &claims().to_string(), hs256(b""))),
        ("shortened signature", good[..good.len() - 4].to_owned()),
        ("no header", format!(".{admin}.{signature}")),
        ("nothing", String::new()),
        ("dots", "..".to_owned()),
        ("no token", "token".to_owned()),
        ("the key of a file", signed(r#"{"alg":"HS256","kid":"../../../../dev/null"}"#, &claims().to_string(), hs256(b""))),
        ("the key of a query", signed(r#"{"alg":"HS256","kid":"x' UNION SELECT 'key' --"}"#, &claims().to_string(), hs256(b"key"))),
        ("a key of its own", signed(r#"{"alg":"HS256","jwk":{"kty":"oct","k":"a2V5"}}"#, &claims().to_string(), hs256(b"key"))),
        ("100 KB", "x".repeat(100 * 1024)),
        ("a long valid one", ours(&claiming("shoes", json!("x".repeat(100 * 1024))))),
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
        refused.push((header, signed(header, &claims().to_string(), |_| Vec::new())));
        refused.push((header, signed(header, &claims().to_string(), hs256(secret().as_bytes()))));
    }
    for (why, token) in refused {
        assert_eq!(status_with(&shop, &token).await, 401, "{why}");
    }
    assert_eq!(status_with(&shop, &good).await, 200);
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
async fn no_token_is_believed_where_the_fetched_secret_can_be_guessed() {
    let strong = "a-secret-of-forty-bytes-or-so-and-no-less";
    let manager = SecretsManager::start().await;
    // 400: who is calling is known, and asks for nothing.
    for (secret, status) in [(strong, 400), ("short", 500), ("", 500), (LOCAL_SECRET, 500)] {
        manager.keep("arn:jwt", secret);
        let tokens =
            TokenConfig { secret: Some(Secret::Arn { variable: "JWT_SECRET_ARN", arn: "arn:jwt".to_owned() }), ..TokenConfig::default() };
        let function = function(tokens, &manager.sdk());
        let (answered, body) = asked(&function, &signed(HS256, &claims().to_string(), hs256(secret.as_bytes()))).await;
        assert_eq!(answered, status, "{secret}");
        assert!(status == 400 || !body.contains("JWT"), "{secret}");
    }
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
        let mut claims = claims();
        claims.as_object_mut().expect("claims").extend(fields.as_object().expect("claims").clone());
        assert_eq!(status_with(&shop, &ours(&claims.to_string())).await, expected, "{fields}");
    }
}
