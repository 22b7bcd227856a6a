//! Tokens that published keys verify: RS256 and ES256, by the configured address alone.

mod age;
mod cold;

use crate::kit::LocalShop;
use crate::kit::tokens::{HS256, claiming, claims, hs256, now, ours, signed, status_with};
use crate::tokens::keys::{AUDIENCE, ISSUER, Keys, Kind, addressed, forged};
use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use local::Options;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Publishes a document; gives its address, and how often it was fetched.
async fn publish(document: Value) -> (String, Arc<AtomicUsize>) {
    publish_what(move || Some(document.clone())).await
}

/// Publishes what there is at the time, or says that there is nothing.
async fn publish_what(document: impl Fn() -> Option<Value> + Clone + Send + Sync + 'static) -> (String, Arc<AtomicUsize>) {
    let fetched = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&fetched);
    let routes = Router::new().route(
        "/keys",
        get(move || {
            counter.fetch_add(1, Ordering::SeqCst);
            std::future::ready(document().map(|keys| keys.to_string()).ok_or(StatusCode::SERVICE_UNAVAILABLE))
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
    assert_eq!(fetched.load(Ordering::SeqCst), 1, "keys are fetched once in five minutes at most");
}

#[tokio::test]
async fn one_kind_of_key_never_stands_in_for_another() {
    let keys = Keys::new();
    let (url, _) = publish(keys.published()).await;
    let shop = with_jwks(url).await;
    let claims = claims().to_string();
    for public in [Kind::Rsa, Kind::P256].into_iter().flat_map(|kind| keys.public_forms(kind)) {
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
    let keys = Keys::new();
    let (url, fetched) = publish(keys.published()).await;
    let (elsewhere, asked) = publish(Keys::new().published()).await;
    let expected = (ISSUER.to_owned(), AUDIENCE.to_owned());
    let options = Options { jwks_url: Some(url), issuer_and_audience: Some(expected), pumps: false, ..Options::default() };
    let shop = LocalShop::with(options).await;
    for kind in [Kind::Rsa, Kind::P256] {
        let good = keys.token(kind, &addressed(&json!({})));
        assert_eq!(status_with(&shop, &good).await, 200);
        for forged in forged(&keys, kind, &elsewhere) {
            assert_eq!(status_with(&shop, &forged.token).await, 401, "{kind:?}, {}", forged.why);
        }
        assert_eq!(status_with(&shop, &good).await, 200);
    }
    assert_eq!((fetched.load(Ordering::SeqCst), asked.load(Ordering::SeqCst)), (1, 0));
}
