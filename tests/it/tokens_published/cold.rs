//! What a function that has fetched no key yet asks for: nothing, for a token that shows what is wrong with it.

use super::publish;
use crate::kit::SecretsManager;
use crate::kit::tokens::hs256;
use crate::tokens::deployed::{asked, expecting, function, nowhere};
use crate::tokens::keys::{Keys, Kind, addressed, forged, taken};
use api::config::{Secret, TokenConfig};
use serde_json::json;
use std::sync::atomic::Ordering;

fn with_keys_at(url: &str) -> TokenConfig {
    TokenConfig { jwks_url: Some(url.to_owned()), ..expecting() }
}

#[tokio::test]
async fn a_token_that_shows_that_it_is_forged_makes_nobody_fetch_a_key() {
    let keys = Keys::new();
    let (url, fetched) = publish(keys.published()).await;
    let (elsewhere, asked_elsewhere) = publish(Keys::new().published()).await;
    for kind in [Kind::Rsa, Kind::P256] {
        let cold = function(with_keys_at(&url), &nowhere());
        let (shows, hides): (Vec<_>, Vec<_>) = forged(&keys, kind, &elsewhere).into_iter().partition(|forged| forged.shows);
        for forged in shows {
            assert_eq!(asked(&cold, &forged.token).await.0, 401, "{kind:?}, {}: {}", forged.why, forged.token);
            assert_eq!(fetched.load(Ordering::SeqCst), 0, "{kind:?}, {}: {}", forged.why, forged.token);
        }
        // Whatever else they are, they cost one fetch between them.
        for forged in hides {
            assert_eq!(asked(&cold, &forged.token).await.0, 401, "{kind:?}, {}: {}", forged.why, forged.token);
        }
        assert_eq!(fetched.swap(0, Ordering::SeqCst), 1, "{kind:?}");
    }
    assert_eq!(asked_elsewhere.load(Ordering::SeqCst), 0);
}

/// What is looked at before the fetch refuses nothing that is taken after it.
#[tokio::test]
async fn a_good_token_is_taken_by_a_function_that_has_fetched_nothing_as_by_one_that_has() {
    let keys = Keys::new();
    let (url, fetched) = publish(keys.published()).await;
    for kind in [Kind::Rsa, Kind::P256] {
        for (why, token) in taken(&keys, kind) {
            let function = function(with_keys_at(&url), &nowhere());
            for state in ["cold", "warm"] {
                assert_eq!(asked(&function, &token).await.0, 400, "{kind:?}, {why}, {state}");
            }
            assert_eq!(fetched.swap(0, Ordering::SeqCst), 1, "{kind:?}, {why}");
        }
    }
}

#[tokio::test]
async fn nor_the_secret() {
    let secret = "a-secret-of-forty-bytes-or-so-and-no-less";
    let manager = SecretsManager::start().await;
    manager.keep("arn:jwt", secret);
    let tokens = TokenConfig {
        secret: Some(Secret::Arn { variable: "JWT_SECRET_ARN", arn: "arn:jwt".to_owned() }),
        ..with_keys_at("http://127.0.0.1:1/keys")
    };
    let cold = function(tokens, &manager.sdk());
    let signed = |claims: &str| crate::kit::tokens::signed(crate::kit::tokens::HS256, claims, hs256(secret.as_bytes()));
    let good = signed(&addressed(&json!({})));
    for token in [
        signed(&addressed(&json!({ "exp": 1 }))),
        signed(&addressed(&json!({ "iss": "https://id.example.evil" }))),
        signed(&addressed(&json!({ "role": "OWNER" }))),
        good[..good.len() - 1].to_owned(),
        good[..=good.rfind('.').expect("a dot")].to_owned(),
    ] {
        assert_eq!(asked(&cold, &token).await.0, 401, "{token}");
    }
    assert_eq!(manager.asked(), [""; 0]);
    assert_eq!(asked(&cold, &good).await.0, 400);
    assert_eq!(manager.asked(), ["arn:jwt"]);
}
