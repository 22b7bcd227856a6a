//! Tokens that a key verifies which the function was given (`JWT_PUBLIC_KEY`), the way the README recommends.

use super::deployed::{asked, expecting, function, nowhere};
use super::keys::{Keys, Kind, forged, taken};
use crate::kit::LocalShop;
use crate::kit::tokens::{claims, ours, status_with};
use api::Shop;
use api::clock::Clock;
use api::config::{Secret, TokenConfig};
use local::Options;

fn with_key(pem: &str) -> TokenConfig {
    TokenConfig { public_key: Some(pem.to_owned()), ..expecting() }
}

#[tokio::test]
async fn a_public_key_verifies_tokens_and_every_forged_one_is_401() {
    let keys = Keys::new();
    for kind in [Kind::Rsa, Kind::P256] {
        for pem in keys.pem(kind) {
            let function = function(with_key(&pem), &nowhere());
            for (why, token) in taken(&keys, kind) {
                assert_eq!(asked(&function, &token).await.0, 400, "{kind:?}, {why}, with {pem}");
            }
            for forged in forged(&keys, kind, "https://elsewhere.example/keys") {
                assert_eq!(asked(&function, &forged.token).await.0, 401, "{kind:?}, {}: {}, with {pem}", forged.why, forged.token);
            }
            let other = if kind == Kind::Rsa { Kind::P256 } else { Kind::Rsa };
            let (_, token) = taken(&keys, other).remove(0);
            assert_eq!(asked(&function, &token).await.0, 401, "{other:?}");
        }
    }
}

/// The secret stays what HS256 is for, and the public key what it is not for.
#[tokio::test]
async fn beside_a_secret_the_public_key_is_still_none() {
    let keys = Keys::new();
    let secret = "a-secret-of-forty-bytes-or-so-and-no-less";
    for kind in [Kind::Rsa, Kind::P256] {
        let [pem, ..] = keys.pem(kind);
        let function = function(TokenConfig { secret: Some(Secret::Plain(secret.to_owned())), ..with_key(&pem) }, &nowhere());
        for forged in forged(&keys, kind, "https://elsewhere.example/keys") {
            assert_eq!(asked(&function, &forged.token).await.0, 401, "{kind:?}, {}: {}", forged.why, forged.token);
        }
        assert_eq!(asked(&function, &taken(&keys, kind).remove(0).1).await.0, 400, "{kind:?}");
    }
}

#[tokio::test]
async fn the_local_shop_takes_a_public_key_beside_its_secret() {
    let keys = Keys::new();
    let [pem, ..] = keys.pem(Kind::P256);
    let shop = LocalShop::with(Options { public_key: Some(pem), pumps: false, ..Options::default() }).await;
    assert_eq!(status_with(&shop, &keys.token(Kind::P256, &claims().to_string())).await, 200);
    assert_eq!(status_with(&shop, &ours(&claims().to_string())).await, 200);
    assert_eq!(status_with(&shop, &Keys::new().token(Kind::P256, &claims().to_string())).await, 401);
}

/// `jsonwebtoken` would take some of these, and then no token.
#[test]
fn a_function_doesn_t_start_with_what_is_no_public_key_that_it_could_use() {
    let [rsa, ..] = Keys::new().pem(Kind::Rsa);
    // Of P-384: its point has 97 bytes.
    let p384 = "-----BEGIN PUBLIC KEY-----\nMHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEc4ANM21ZMAKCjYKfe312xsRz3W5dD1w1\no4cDh9PN05JeFohceesgZb7x96gPG47Eb2Axo78B7gN2SgQlRHwprnEjpQRZ7pwB\nikJbR7H4hlw7QjOWorsbgecfvqRMHqSX\n-----END PUBLIC KEY-----\n";
    // Of 1,024 bits: `ring` verifies nothing with it.
    let short = "-----BEGIN PUBLIC KEY-----\nMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCjE0wMKP5qE6Og2LCxgB+LqnWn\n6L6vM90+H2Xt8BTYTqBLM+KESyEhAJyeeIDEZthWLh/35RdYnLkaMxoJjMf13Alz\nzv8qMl59df865usvKy1UW7CpG46Z1tXbobAlhNSbltyf4AFc1VpF6C0Ty3nZ9yKI\nVb5qCfww3G+EdiDpjwIDAQAB\n-----END PUBLIC KEY-----\n";
    let broken = [
        "",
        "a key",
        "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        &rsa.replace("PUBLIC", "PRIVATE"),
        &rsa.replace("BEGIN PUBLIC", "BEGIN RSA PRIVATE").replace("END PUBLIC", "END RSA PRIVATE"),
        &rsa[..rsa.len() / 2],
        p384,
        short,
    ];
    for pem in broken {
        let shop = Shop::new(&|_| None, Some(with_key(pem)), &nowhere(), &nowhere(), Clock::default());
        let refused = shop.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(refused.contains("JWT_PUBLIC_KEY"), "{pem}: {refused}");
    }
}
