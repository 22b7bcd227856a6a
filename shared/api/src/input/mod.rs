//! What a request asks for, read and checked as a whole: path, query and body, with every wrong field named.

mod fields;
mod json;
mod meta;
mod value;

pub use domain::money::Decimal;
pub use fields::Fields;
pub use meta::Meta;
pub use value::{Value, own_code};

use crate::Problem;
use crate::auth::Caller;
use crate::config::ShopConfig;
use crate::labels::Labels;
use crate::problem::{Code, FieldError};
use crate::shop::Shop;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::{StatusCode, header};
use fields::pointer_to;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use json::Node;
use std::sync::Arc;
use value::{Errors, Source};

/// The largest body, in bytes.
pub const MOST_BODY_BYTES: usize = 1024 * 1024;

/// The code of a field that has to be there, where the contract has no other for it.
pub const MISSING: &str = "MISSING_REQUIRED_FIELDS";

/// Something that a whole request can be read as.
pub trait Input: Sized {
    /// Whether a request without a body is as good as one with `{}`.
    const MAY_BE_EMPTY: bool = false;

    /// Reads the request; nothing when an error was noted.
    fn read(request: &mut Reader<'_>) -> Option<Self>;
}

/// A request whose input is valid.
pub struct Checked<T> {
    /// What it asks for.
    pub input: T,
    /// What it says about itself.
    pub meta: Meta,
}

/// A request that is being read.
pub struct Reader<'a> {
    path: &'a [(String, String)],
    query: &'a [(String, String)],
    body: &'a Node,
    config: &'a ShopConfig,
    labels: Option<&'a Labels>,
    caller: Option<Caller>,
    known: Vec<&'a str>,
    errors: &'a Errors,
}

impl<'a> Reader<'a> {
    /// The shop's settings, for the defaults of what a request leaves out.
    #[must_use]
    pub const fn shop(&self) -> &'a ShopConfig {
        self.config
    }

    /// The store of labels, where this function has been given it.
    #[must_use]
    pub const fn labels(&self) -> Option<&'a Labels> {
        self.labels
    }

    /// Whoever asks, where the route has found out.
    #[must_use]
    pub const fn caller(&self) -> Option<Caller> {
        self.caller
    }

    /// A parameter of the path.
    pub fn path<T>(&self, name: &'a str, read: impl FnOnce(Value<'a>) -> Option<T>) -> Option<T> {
        let text = self.path.iter().find(|(known, _)| known == name).map_or("", |(_, text)| text);
        read(Value { source: Source::Text(text), pointer: format!("/{name}"), name, is_blank: false, errors: self.errors })
    }

    /// A parameter of the query; the outer nothing says that it is wrong, the inner one that it is absent.
    pub fn query<T>(&mut self, name: &'a str, read: impl FnOnce(Value<'a>) -> Option<T>) -> Option<Option<T>> {
        self.known.push(name);
        let mut found = self.query.iter().filter(|(known, _)| known == name);
        let Some((_, text)) = found.next() else { return Some(None) };
        let value = Value { source: Source::Text(text), pointer: format!("/{name}"), name, is_blank: false, errors: self.errors };
        if found.next().is_some() {
            return value.wrong("is there more than once");
        }
        read(value).map(Some)
    }

    /// A parameter of the query that must be there; its absence has code `missing`.
    pub fn required_query<T>(&mut self, name: &'a str, missing: &'static str, read: impl FnOnce(Value<'a>) -> Option<T>) -> Option<T> {
        let read = self.query(name, read)?;
        if read.is_none() {
            self.note(format!("/{name}"), missing, format!("The query parameter {name} is required."));
        }
        read
    }

    /// The fields of the body, which must be an object.
    #[must_use]
    pub fn body(&self) -> Option<Fields<'a>> {
        let body =
            Value { source: Source::Json(self.body), pointer: String::new(), name: "The body", is_blank: false, errors: self.errors };
        body.fields("INVALID_JSON")
    }

    /// Whether the query has a parameter.
    #[must_use]
    pub fn has_query(&self, name: &str) -> bool {
        self.query.iter().any(|(known, _)| known == name)
    }

    /// Notes an error.
    pub fn note(&self, pointer: String, code: impl Into<Code>, detail: String) {
        self.errors.borrow_mut().push(FieldError::new(pointer, code, detail));
    }

    /// Notes every query parameter that nobody asked for.
    fn finish(self) {
        for (name, _) in self.query {
            let pointer = pointer_to("", name);
            if name == "offset" {
                self.note(pointer, "OFFSET_UNSUPPORTED", "Lists have no offset; go on with the cursor of the Link header.".to_owned());
            } else if !self.known.contains(&name.as_str()) {
                self.note(pointer, "UNKNOWN_PARAMETER", format!("There is no query parameter {name} here."));
            }
        }
    }
}

impl<T: Input> FromRequest<Shop> for Checked<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, shop: &Shop) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let path = match RawPathParams::from_request_parts(&mut parts, &()).await {
            Ok(params) => params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            // A parameter that is no UTF-8 can't be any of the ids a path has.
            Err(_) => Vec::new(),
        };
        let has_body = !parts.method.is_safe() && parts.method != axum::http::Method::DELETE;
        let bytes = if has_body { read_body(&parts.headers, body).await? } else { Bytes::new() };
        let meta = Meta::of(&parts, &bytes)?;
        let is_empty = T::MAY_BE_EMPTY && bytes.is_empty();
        let body = match (has_body, is_empty) {
            (true, true) => Node::Object(Vec::new()),
            (true, false) => parse(&bytes)?,
            (false, _) => Node::Null,
        };
        let query: Vec<(String, String)> = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();

        let errors = Errors::default();
        let config = Arc::clone(&shop.config);
        let caller = parts.extensions.get::<Caller>().copied();
        let mut reader = Reader {
            path: &path,
            query: &query,
            body: &body,
            config: &config,
            labels: shop.labels.as_ref(),
            caller,
            known: Vec::new(),
            errors: &errors,
        };
        let input = T::read(&mut reader);
        reader.finish();
        match (input, errors.into_inner()) {
            (Some(input), errors) if errors.is_empty() => Ok(Self { input, meta }),
            (_, errors) => Err(Problem::invalid(in_order(errors))),
        }
    }
}

/// Unknown fields and parameters come last.
fn in_order(mut errors: Vec<FieldError>) -> Vec<FieldError> {
    errors.sort_by_key(|error| matches!(error.code.as_ref(), "UNKNOWN_FIELD" | "UNKNOWN_PARAMETER" | "OFFSET_UNSUPPORTED"));
    errors
}

/// 413, then 415, then what is no JSON.
async fn read_body(headers: &axum::http::HeaderMap, body: Body) -> Result<Bytes, Problem> {
    let bytes = limited(headers, body).await?;
    // Nothing is of no type, whatever is said of it: `curl -d ''` says that it is a form.
    if bytes.is_empty() {
        return Ok(bytes);
    }
    let media_type = headers.get(header::CONTENT_TYPE).map(|value| value.to_str().unwrap_or_default());
    match media_type.map(|value| value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()) {
        Some(json) if json == "application/json" => Ok(bytes),
        _ => Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", "The body must be application/json.")),
    }
}

/// A body of at most [`MOST_BODY_BYTES`]; one that says it is longer isn't read at all.
pub(crate) async fn limited(headers: &axum::http::HeaderMap, body: Body) -> Result<Bytes, Problem> {
    let too_large = || Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", "A body has at most 1 MB.");
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > MOST_BODY_BYTES) {
        return Err(too_large());
    }
    match Limited::new(body, MOST_BODY_BYTES).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.downcast_ref::<LengthLimitError>().is_some() => Err(too_large()),
        Err(_) => Err(Problem::bad_request("INVALID_JSON", "The body broke off.")),
    }
}

fn parse(bytes: &Bytes) -> Result<Node, Problem> {
    let invalid = |reason: &str| Problem::bad_request("INVALID_JSON", format!("The body is no valid JSON: {reason}."));
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(invalid("it is empty"));
    }
    let text = str::from_utf8(bytes).map_err(|_| invalid("it is not UTF-8"))?;
    Node::parse(text).map_err(|reason| invalid(&reason))
}
