//! Secrets Manager, as far as it is asked here: for the value of a secret by its ARN.

use api::aws::local_config;
use aws_smithy_http_client::Builder;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use local::emulators::http::{Server, serve};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

/// A stand-in of Secrets Manager, and what it was asked for.
pub struct SecretsManager {
    vault: Vault,
    server: Server,
}

#[derive(Clone, Default)]
struct Vault {
    kept: Arc<Mutex<Kept>>,
    /// Held while it answers nobody.
    silence: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Default)]
struct Kept {
    values: HashMap<String, String>,
    asked: Vec<String>,
    is_closed: bool,
}

impl SecretsManager {
    pub async fn start() -> Self {
        let vault = Vault::default();
        let server = serve(Router::new().route("/", post(get_secret_value)).with_state(vault.clone())).await.expect("a server");
        Self { vault, server }
    }

    /// A configuration that finds it; everything else of AWS isn't there.
    pub fn sdk(&self) -> aws_config::SdkConfig {
        local_config(self.server.url(), Builder::new().build_http())
    }

    pub fn keep(&self, arn: &str, value: &str) {
        self.vault.kept().values.insert(arn.to_owned(), value.to_owned());
    }

    /// From now on the caller has no right to any, or has it again.
    pub fn close(&self, is_closed: bool) {
        self.vault.kept().is_closed = is_closed;
    }

    /// From now on it answers nobody, for as long as this is kept.
    pub async fn silence(&self) -> impl Drop + use<> {
        Arc::clone(&self.vault.silence).lock_owned().await
    }

    /// The ARNs that it was asked for, in turn.
    pub fn asked(&self) -> Vec<String> {
        self.vault.kept().asked.clone()
    }
}

impl Vault {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().expect("no panic")
    }
}

async fn get_secret_value(State(vault): State<Vault>, headers: HeaderMap, body: String) -> (StatusCode, Json<Value>) {
    assert_eq!(headers["x-amz-target"], "secretsmanager.GetSecretValue");
    let body: Value = serde_json::from_str(&body).expect("JSON");
    let arn = body["SecretId"].as_str().expect("an ARN");
    vault.kept().asked.push(arn.to_owned());
    drop(vault.silence.lock().await);
    let kept = vault.kept();
    let refused = |kind: &str| (StatusCode::BAD_REQUEST, Json(json!({ "__type": kind, "Message": "No" })));
    match kept.values.get(arn) {
        _ if kept.is_closed => refused("AccessDeniedException"),
        None => refused("ResourceNotFoundException"),
        Some(value) => (StatusCode::OK, Json(json!({ "ARN": arn, "Name": "a-secret", "SecretString": value }))),
    }
}
