//! Problems: the one form of every refusal (RFC 9457), and the only place where our errors become one.

mod refusals;

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::money::{AmountError, Currency};
use serde::Serialize;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::fmt::Display;
use utoipa::ToSchema;

/// A stable code of the contract.
pub type Code = Cow<'static, str>;

/// One wrong field of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// JSON Pointer (RFC 6901) to the field, or `/name` of a query or path parameter.
    pub pointer: String,
    /// Why it is wrong, as a stable code.
    #[schema(value_type = String)]
    pub code: Code,
    /// Why it is wrong, in words.
    pub detail: String,
    /// In a text of several lines, where.
    #[serde(flatten)]
    pub place: Option<Place>,
}

impl FieldError {
    /// One whose place is its field.
    #[must_use]
    pub fn new(pointer: String, code: impl Into<Code>, detail: impl Display) -> Self {
        Self { pointer, code: code.into(), detail: detail.to_string(), place: None }
    }

    /// `INVALID_AMOUNT`: a field of the body that is no amount of the currency that only the records told.
    #[must_use]
    pub fn amount(name: &str, error: AmountError, currency: Currency) -> Self {
        Self::new(format!("/{name}"), "INVALID_AMOUNT", format!("{name} {error}: {currency}."))
    }
}

/// A place in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Place {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
}

/// A refusal, or a failure of ours. Never carries anything from inside.
#[derive(Clone, Debug)]
pub struct Problem(Box<Parts>);

#[derive(Clone, Debug)]
struct Parts {
    status: StatusCode,
    code: Code,
    detail: String,
    errors: Vec<FieldError>,
    members: Map<String, Value>,
    headers: HeaderMap,
}

/// The `type` of a problem with this code (RFC 9457, section 3.1.1).
#[must_use]
pub fn type_of(code: &str) -> String {
    format!("/problems/{}", code.to_ascii_lowercase().replace('_', "-"))
}

/// A problem as clients get it.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProblemBody<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    instance: &'a str,
    error: &'a str,
    code: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
    #[serde(flatten)]
    #[schema(ignore)]
    members: &'a Map<String, Value>,
}

/// With names of the longest in all of them an answer stays below Lambda's 6 MB.
const MOST_ERRORS: usize = 1000;
/// In characters, of a pointer and of a sentence: both may have a client's own name of a field in them.
const MOST_TEXT: usize = 500;

fn shorten(text: &mut String) {
    if let Some((end, _)) = text.char_indices().nth(MOST_TEXT) {
        text.truncate(end);
        text.push('…');
    }
}

impl Problem {
    /// A problem of a status with a code and a sentence.
    #[must_use]
    pub fn new(status: StatusCode, code: impl Into<Code>, detail: impl Display) -> Self {
        Self(Box::new(Parts {
            status,
            code: code.into(),
            detail: detail.to_string(),
            errors: Vec::new(),
            members: Map::new(),
            headers: HeaderMap::new(),
        }))
    }

    /// 400 for wrong fields, at least one; its code is the first one's. A body can have more wrong fields, and longer names, than
    /// Lambda can answer with: the first 1,000 are told, and of each text the first 500 characters.
    #[must_use]
    pub fn invalid(mut errors: Vec<FieldError>) -> Self {
        let wrong = errors.len();
        errors.truncate(MOST_ERRORS);
        for error in &mut errors {
            shorten(&mut error.pointer);
            shorten(&mut error.detail);
        }
        let (code, detail) = match errors.as_slice() {
            [] => (Cow::Borrowed("INVALID_JSON"), "The request is not valid.".to_owned()),
            [only] => (only.code.clone(), only.detail.clone()),
            [first, ..] => (first.code.clone(), format!("{} And {} more.", first.detail, wrong - 1)),
        };
        let mut problem = Self::new(StatusCode::BAD_REQUEST, code, detail);
        if let Some(Place { line, column }) = errors.first().and_then(|first| first.place) {
            problem = problem.member("line", line).member("column", column);
        }
        problem.0.errors = errors;
        problem
    }

    /// 400 for one wrong field that only the records could tell.
    #[must_use]
    pub fn invalid_field(pointer: &str, code: &'static str, detail: impl Display) -> Self {
        Self::invalid(vec![FieldError::new(pointer.to_owned(), code, detail)])
    }

    /// 400 with a code of the contract.
    #[must_use]
    pub fn bad_request(code: &'static str, detail: impl Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// 401.
    #[must_use]
    pub fn unauthorized(detail: impl Display) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", detail).header(header::WWW_AUTHENTICATE, "Bearer")
    }

    /// 401 for a webhook that its sender has not signed, or not as this shop knows them to.
    #[must_use]
    pub fn invalid_signature() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "INVALID_SIGNATURE", "The signature is not its sender's.")
            .header(header::WWW_AUTHENTICATE, "Signature")
    }

    /// 403.
    #[must_use]
    pub fn forbidden(detail: impl Display) -> Self {
        Self::new(StatusCode::FORBIDDEN, "FORBIDDEN", detail)
    }

    /// 404 with a code of the contract.
    #[must_use]
    pub fn not_found(code: &'static str, detail: impl Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, detail)
    }

    /// 409 with a code of the contract.
    #[must_use]
    pub fn conflict(code: &'static str, detail: impl Display) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    /// 409 for a race that could not be settled; nothing was written.
    #[must_use]
    pub fn race() -> Self {
        Self::conflict("CONFLICT", "Others are changing the same records right now. Nothing was written; try again.")
            .header(header::RETRY_AFTER, "1")
    }

    /// 500; what happened goes to the log alone.
    #[must_use]
    pub fn internal(error: impl Display) -> Self {
        tracing::error!(%error, "request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", "Something went wrong on our side.")
    }

    /// 503; what happened goes to the log alone.
    #[must_use]
    pub fn unavailable(error: impl Display) -> Self {
        tracing::error!(%error, "a dependency is not available");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "INTERNAL_ERROR", "Something that this needs is not available right now.")
            .header(header::RETRY_AFTER, "5")
    }

    /// With one member more.
    #[must_use]
    pub fn member(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.members.insert(name.to_owned(), value.into());
        self
    }

    /// With one header more.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: &'static str) -> Self {
        self.0.headers.insert(name, HeaderValue::from_static(value));
        self
    }

    /// Whether it refuses the request, rather than failing to decide.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        self.0.status.is_client_error()
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The problem's document, for the path it arose at.
    fn document(&self, instance: &str) -> Vec<u8> {
        let body = ProblemBody {
            r#type: type_of(&self.0.code),
            title: self.0.status.canonical_reason().unwrap_or("Error"),
            status: self.0.status.as_u16(),
            detail: &self.0.detail,
            instance,
            error: &self.0.detail,
            code: &self.0.code,
            errors: &self.0.errors,
            members: &self.0.members,
        };
        serde_json::to_vec(&body).unwrap_or_default()
    }

    /// Writes the problem's document into a response made by [`IntoResponse`], once the path is known.
    #[must_use]
    pub(crate) fn rendered(mut response: Response, instance: &str) -> Response {
        let Some(problem) = response.extensions_mut().remove::<Self>() else { return response };
        *response.body_mut() = problem.document(instance).into();
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.0.status.into_response();
        response.headers_mut().extend(self.0.headers.clone());
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response.extensions_mut().insert(self);
        response
    }
}
