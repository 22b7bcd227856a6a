//! Webhooks: what another system tells us, under its own signature where a caller has a token.
//!
//! A handler takes a [`Delivery`], has its sender's signature checked before anything in it is looked at, and answers
//! [`received`] as soon as what was told is written down. [`Problem::invalid_signature`] is every refusal's form, so that
//! nobody learns from it how far they got.

use crate::answer::Answer;
use crate::config::ShopConfig;
use crate::input;
use crate::problem::Problem;
use crate::shop::Shop;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

/// A webhook as it came: nothing in it is believed yet.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Every header.
    pub headers: HeaderMap,
    /// The body, byte for byte: what the sender has signed.
    pub body: Bytes,
    path_and_query: String,
}

/// What a sender is told.
#[derive(Serialize, ToSchema)]
pub struct Received {
    received: bool,
}

impl FromRequest<Shop> for Delivery {
    type Rejection = Problem;

    /// Refuses a body of more than 1 MB; what the body is called by its sender doesn't matter.
    async fn from_request(request: Request, _shop: &Shop) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let body = input::limited(&parts.headers, body).await?;
        let path_and_query = parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
        Ok(Self { headers: parts.headers, body, path_and_query })
    }
}

impl Delivery {
    /// A header that is there once and can be read.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let (value, None) = (values.next()?, values.next()) else { return None };
        value.to_str().ok()
    }

    /// Path and query, as the sender wrote them.
    #[must_use]
    pub fn path_and_query(&self) -> &str {
        &self.path_and_query
    }

    /// The address the sender called, for signatures that cover it: behind API Gateway only the shop itself knows how it is
    /// called, so there is none where `PUBLIC_URL` isn't set.
    #[must_use]
    pub fn address(&self, config: &ShopConfig) -> Option<String> {
        config.public_url.as_ref().map(|url| format!("{url}{}", self.path_and_query))
    }

    /// What the body says; to be asked for once the signature is checked.
    ///
    /// # Errors
    /// 400 `INVALID_JSON`.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        serde_json::from_slice(&self.body)
            .map_err(|error| Problem::bad_request("INVALID_JSON", format!("The body is not what it should be: {error}.")))
    }
}

/// 200: what was told is written down, or needs to be written down no more.
///
/// # Errors
/// As [`Answer::ok`].
pub fn received() -> Result<Answer, Problem> {
    Answer::ok(&Received { received: true })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn delivery(headers: &[(&'static str, &'static str)]) -> Delivery {
        let mut request = Request::builder().uri("/api/webhooks/stripe?a=%20b");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, _) = request.body(Body::empty()).unwrap().into_parts();
        let path_and_query = parts.uri.path_and_query().unwrap().to_string();
        Delivery { headers: parts.headers, body: Bytes::from_static(b"{"), path_and_query }
    }

    #[test]
    fn a_header_that_is_there_twice_says_nothing() {
        assert_eq!(delivery(&[("x-signature", "a")]).header("X-Signature"), Some("a"));
        assert_eq!(delivery(&[("x-signature", "a"), ("x-signature", "b")]).header("x-signature"), None);
        assert_eq!(delivery(&[]).header("x-signature"), None);
    }

    #[test]
    fn the_address_is_the_public_one() {
        let config =
            |url: Option<&'static str>| ShopConfig::read(&|name: &'static str| url.filter(|_| name == "PUBLIC_URL").map(ToOwned::to_owned));
        let address = |url| delivery(&[]).address(&config(url).unwrap());
        assert_eq!(address(Some("https://api.example.com/")), Some("https://api.example.com/api/webhooks/stripe?a=%20b".to_owned()));
        assert_eq!(address(None), None);
        assert!(config(Some("api.example.com")).is_err() && config(Some("https://")).is_err());
    }
}
