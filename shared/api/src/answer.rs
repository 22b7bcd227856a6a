//! Answers: made before the commit, so that they can be kept with it, byte for byte.

use crate::problem::Problem;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::money::Money;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use store::{AnswerKey, StoredAnswer};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};

/// Money as clients see it: a JSON number with the currency's decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amount(pub Money);

impl From<Money> for Amount {
    fn from(money: Money) -> Self {
        Self(money)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let number = RawValue::from_string(self.0.amount()).map_err(serde::ser::Error::custom)?;
        number.serialize(serializer)
    }
}

impl utoipa::PartialSchema for Amount {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::Type(Type::Number))
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Double)))
            .description(Some("An amount in the record's currency, with at most that currency's decimals."))
            .examples([serde_json::json!(150.00)])
            .into()
    }
}

impl utoipa::ToSchema for Amount {}

/// A successful answer.
#[derive(Clone, Debug)]
pub struct Answer {
    status: StatusCode,
    headers: Vec<(HeaderName, String)>,
    body: String,
    replayed: bool,
}

impl Answer {
    /// 200 with a body.
    ///
    /// # Errors
    /// When the body can't be written as JSON, which is a mistake of ours.
    pub fn ok(body: &impl Serialize) -> Result<Self, Problem> {
        Self::new(StatusCode::OK, body)
    }

    /// 201 with a body.
    ///
    /// # Errors
    /// As [`Answer::ok`].
    pub fn created(body: &impl Serialize) -> Result<Self, Problem> {
        Self::new(StatusCode::CREATED, body)
    }

    fn new(status: StatusCode, body: &impl Serialize) -> Result<Self, Problem> {
        let body = serde_json::to_string(body).map_err(Problem::internal)?;
        Ok(Self { status, headers: Vec::new(), body, replayed: false })
    }

    /// With the record's version as a strong entity tag.
    #[must_use]
    pub fn etag(self, version: u64) -> Self {
        self.header(header::ETAG, format!("\"{version}\""))
    }

    /// With one header more.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// As another status says it.
    #[must_use]
    pub fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    pub(crate) const fn body_bytes(&self) -> usize {
        self.body.len()
    }

    pub(crate) fn stored(&self, key: &AnswerKey) -> StoredAnswer {
        StoredAnswer {
            request: key.request.clone(),
            status: self.status.as_u16(),
            headers: self.headers.iter().map(|(name, value)| (name.to_string(), value.clone())).collect(),
            body: self.body.clone(),
        }
    }

    /// The answer that was kept, to the same request; another request with its key is refused.
    pub(crate) fn replay(stored: StoredAnswer, key: &AnswerKey) -> Result<Self, Problem> {
        if stored.request != key.request {
            let detail = "This Idempotency-Key was used with another request.";
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "IDEMPOTENCY_KEY_REUSED", detail));
        }
        let status = StatusCode::from_u16(stored.status).map_err(Problem::internal)?;
        let headers = stored.headers.into_iter().filter_map(|(name, value)| Some((name.parse().ok()?, value))).collect();
        Ok(Self { status, headers, body: stored.body, replayed: true })
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
        if self.replayed {
            headers.insert("idempotency-replayed", HeaderValue::from_static("true"));
        }
        response
    }
}
