//! A function as it starts, cold, with settings for tokens and without the rest of the system.

use super::keys::{AUDIENCE, ISSUER};
use api::Shop;
use api::aws::local_config;
use api::clock::Clock;
use api::config::TokenConfig;
use aws_config::SdkConfig;
use aws_smithy_http_client::Builder;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use tower::ServiceExt;

/// Verifies tokens as it is told, and finds AWS by `sdk`.
pub fn function(tokens: TokenConfig, sdk: &SdkConfig) -> Router {
    functions::api().with_state(Shop::new(&|_| None, Some(tokens), sdk, sdk, Clock::default()).expect("a shop"))
}

/// Wants tokens of our issuer, for us; whose keys or secret, it isn't told yet.
pub fn expecting() -> TokenConfig {
    TokenConfig { issuer: Some(ISSUER.to_owned()), audience: Some(AUDIENCE.to_owned()), ..TokenConfig::default() }
}

/// AWS, where it can't be reached.
pub fn nowhere() -> SdkConfig {
    local_config("http://127.0.0.1:1", Builder::new().build_http())
}

/// How it answers to a caller who asks for nothing: 400 where it knows who that is. And the body.
pub async fn asked(function: &Router, token: &str) -> (u16, String) {
    let request = Request::post("/api/promotions/validate").header("authorization", format!("Bearer {token}"));
    let request = request.header("content-type", "application/json").body(Body::from("{}")).expect("a request");
    let answer = function.clone().oneshot(request).await.expect("an answer");
    let status = answer.status().as_u16();
    let body = to_bytes(answer.into_body(), usize::MAX).await.expect("a body");
    (status, String::from_utf8_lossy(&body).into_owned())
}
