//! Secrets that are named by ARN: fetched when they are first needed, once however many need them, and again after five minutes.

use crate::kit::tokens::{HS256, claims, hs256, signed};
use crate::kit::{SecretsManager, race};
use api::Shop;
use api::clock::Clock;
use api::config::{Secret, TokenConfig};
use api::secrets::SecretName;
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use domain::shipment::Carrier;
use functions::workers::carriers::Carriers;
use std::time::Duration;
use tower::ServiceExt;

/// What needs a secret.
#[derive(Clone, Copy, Debug)]
enum Needs {
    /// A webhook, or a call of a provider.
    Key(SecretName),
    /// A call of a carrier.
    KeysOf(Carrier),
    /// A request whose token is signed with it.
    Token,
}

/// Every variable that names a secret, and what needs it.
const NAMED: [(&str, Needs); 12] = [
    ("STRIPE_WEBHOOK_SECRET_ARN", Needs::Key(SecretName::StripeWebhook)),
    ("STRIPE_SECRET_KEY_ARN", Needs::Key(SecretName::StripeKey)),
    ("PAWAPAY_API_TOKEN_ARN", Needs::Key(SecretName::PawaPayToken)),
    ("DHL_WEBHOOK_SECRET_ARN", Needs::Key(SecretName::DhlWebhook)),
    ("FEDEX_WEBHOOK_SECRET_ARN", Needs::Key(SecretName::FedExWebhook)),
    ("UPS_WEBHOOK_SECRET_ARN", Needs::Key(SecretName::UpsWebhook)),
    ("TWILIO_SECRET_ARN", Needs::Key(SecretName::Twilio)),
    ("SENDGRID_SECRET_ARN", Needs::Key(SecretName::SendGrid)),
    ("DHL_SECRET_ARN", Needs::KeysOf(Carrier::Dhl)),
    ("FEDEX_SECRET_ARN", Needs::KeysOf(Carrier::FedEx)),
    ("UPS_SECRET_ARN", Needs::KeysOf(Carrier::Ups)),
    ("JWT_SECRET_ARN", Needs::Token),
];

/// A function that was told of every secret.
#[derive(Clone)]
struct Function {
    shop: Shop,
    carriers: Carriers,
    api: Router,
}

impl Function {
    fn started(manager: &SecretsManager, clock: &Clock) -> Self {
        let (sdk, variables) = (manager.sdk(), |name: &'static str| name.ends_with("_ARN").then(|| arn(name)));
        let tokens =
            TokenConfig { secret: Some(Secret::Arn { variable: "JWT_SECRET_ARN", arn: arn("JWT_SECRET_ARN") }), ..TokenConfig::default() };
        let shop = Shop::new(&variables, Some(tokens), &sdk, &sdk, clock.clone()).expect("a shop");
        let carriers = Carriers::read(&variables, &sdk, &shop).expect("carriers");
        Self { api: functions::api().with_state(shop.clone()), shop, carriers }
    }

    /// Whether what needs the secret finds it, and finds this value.
    async fn works_with(&self, needs: Needs, value: &str) -> Result<bool, String> {
        match needs {
            Needs::Key(name) => {
                let found = self.shop.secrets.value(name).await.map_err(|error| error.to_string())?;
                Ok(found.as_deref() == Some(value))
            }
            // A carrier shows its keys to nobody: those that can't be read are not this value.
            Needs::KeysOf(carrier) => match self.carriers.of(carrier).await {
                Ok(_) => Ok(value.starts_with('{')),
                Err(error) if error.to_string().contains("JSON") => Ok(!value.starts_with('{')),
                Err(error) => Err(error.to_string()),
            },
            Needs::Token => {
                let token = signed(HS256, &claims().to_string(), hs256(value.as_bytes()));
                let request = Request::post("/api/promotions/validate").header("authorization", format!("Bearer {token}"));
                let request = request.header("content-type", "application/json").body(Body::from("{}")).expect("a request");
                match self.api.clone().oneshot(request).await.expect("an answer").status().as_u16() {
                    // Who is calling is known, and asks for nothing.
                    400 => Ok(true),
                    401 => Ok(false),
                    other => Err(other.to_string()),
                }
            }
        }
    }
}

fn arn(variable: &str) -> String {
    format!("arn:aws:secretsmanager:eu-west-1:123456789012:secret:{variable}")
}

/// Keys that every carrier can read, and that are long enough to sign with.
const FIRST: &str = r#"{"username":"a","password":"b","clientId":"a","clientSecret":"b","accountNumber":"1"}"#;
/// What they are rolled to.
const SECOND: &str = "another-secret-of-more-than-thirty-two-bytes";

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_fetched_once_when_it_is_needed_and_again_after_five_minutes() {
    let (manager, clock) = (SecretsManager::start().await, Clock::default());
    for (variable, needs) in NAMED {
        let secret = arn(variable);
        manager.keep(&secret, FIRST);
        let function = Function::started(&manager, &clock);
        let asked = || manager.asked().iter().filter(|asked| **asked == secret).count();
        let crowd = async |value: &'static str| {
            let answers = race(30, |_| {
                let function = function.clone();
                async move { function.works_with(needs, value).await }
            });
            assert_eq!(answers.await, vec![Ok(true); 30], "{variable}");
        };
        assert_eq!(asked(), 0, "{variable} is fetched before anybody needs it");
        crowd(FIRST).await;
        assert_eq!(asked(), 1, "{variable}");

        manager.keep(&secret, SECOND);
        clock.advance(Duration::from_secs(290));
        crowd(FIRST).await;
        assert_eq!(asked(), 1, "{variable} was fetched again before its time");
        clock.advance(Duration::from_secs(10));
        crowd(SECOND).await;
        assert_eq!(asked(), 2, "{variable}");
    }
    // Each by whom it is for, and nothing else.
    assert_eq!(manager.asked().len(), 2 * NAMED.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_cant_be_fetched_again_is_not_used_any_longer_and_is_asked_for_until_it_can() {
    let (manager, clock) = (SecretsManager::start().await, Clock::default());
    for (variable, needs) in NAMED {
        let secret = arn(variable);
        let function = Function::started(&manager, &clock);
        assert!(function.works_with(needs, FIRST).await.is_err(), "{variable} is nowhere");
        manager.keep(&secret, FIRST);
        assert_eq!(function.works_with(needs, FIRST).await, Ok(true), "{variable}");

        clock.advance(Duration::from_mins(5));
        manager.close(true);
        for _ in 0..2 {
            let refused = function.works_with(needs, FIRST).await.expect_err(variable);
            assert!(!refused.contains("password"), "{refused}");
        }
        manager.close(false);
        assert_eq!(function.works_with(needs, FIRST).await, Ok(true), "{variable}");
        assert_eq!(manager.asked().iter().filter(|asked| **asked == secret).count(), 5, "{variable}");
    }
}

/// On one thread: all who wait have come when the one call of them is seen.
#[tokio::test]
async fn whoever_waits_while_a_secret_is_fetched_waits_for_no_second_call_where_that_one_fails() {
    let (manager, clock) = (SecretsManager::start().await, Clock::default());
    manager.close(true);
    for (variable, needs) in NAMED {
        let secret = arn(variable);
        let function = Function::started(&manager, &clock);
        let asked = || manager.asked().iter().filter(|asked| **asked == secret).count();
        let silence = manager.silence().await;
        let crowd: Vec<_> = (0..30)
            .map(|_| {
                let function = function.clone();
                tokio::spawn(async move { function.works_with(needs, FIRST).await })
            })
            .collect();
        while asked() == 0 {
            tokio::task::yield_now().await;
        }
        drop(silence);
        for waiting in crowd {
            assert!(waiting.await.expect("no panic").is_err(), "{variable}");
        }
        assert_eq!(asked(), 1, "{variable}");
        assert!(function.works_with(needs, FIRST).await.is_err());
        assert_eq!(asked(), 2, "{variable}: who comes later asks again");
    }
}
