//! Somebody who calls the API, and what they are answered.

use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Clone)]
pub struct Caller {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
    untyped: bool,
    headers: Vec<(String, String)>,
}

/// What every answer tells browsers unless its handler says something else in its place (`shared/api/src/serve.rs`).
const SAFE: [(&str, &str); 5] = [
    ("cache-control", "no-store"),
    ("x-content-type-options", "nosniff"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("strict-transport-security", "max-age=63072000; includeSubDomains"),
    ("referrer-policy", "no-referrer"),
];

/// An answer; the body is null where there is none.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    pub body: Value,
}

impl Caller {
    pub fn new(http: reqwest::Client, base: String, token: Option<String>) -> Self {
        Self { http, base, token, untyped: false, headers: Vec::new() }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Says nothing about what its bodies are.
    pub fn untyped(self) -> Self {
        Self { untyped: true, ..self }
    }

    pub fn key(self, key: &str) -> Self {
        self.header("Idempotency-Key", key)
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, Some(body.to_string().into_bytes())).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::PUT, path, Some(body.to_string().into_bytes())).await
    }

    /// A body is sent as JSON unless the caller has a content type of their own.
    pub async fn send(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> Answer {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let own_type = self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        if let Some(body) = body {
            if !own_type && !self.untyped {
                request = request.header("content-type", "application/json");
            }
            request = request.body(body);
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.expect("a text");
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer { status, headers, text, body }
    }
}

impl Answer {
    /// The body of a success.
    #[track_caller]
    pub fn ok(self) -> Value {
        let success = StatusCode::from_u16(self.status).is_ok_and(|status| status.is_success());
        assert!(success, "{} {}", self.status, self.text);
        self.body
    }

    /// That it is this refusal, as a well-formed problem.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.code()), (status, code), "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json");
        for member in ["type", "title", "detail", "instance", "error"] {
            assert!(self.body[member].is_string(), "{member}: {}", self.text);
        }
        assert_eq!(self.body["status"], status);
        assert_eq!(self.body["error"], self.body["detail"]);
        assert!(!self.header("x-request-id").is_empty());
        self.safe();
    }

    /// That it tells browsers all that keeps them from doing harm with it.
    #[track_caller]
    pub fn safe(&self) {
        self.safe_but("");
    }

    /// The same, of an answer that says something of its own in this header.
    #[track_caller]
    pub fn safe_but(&self, own: &str) {
        for (name, value) in SAFE {
            let said: Vec<&[u8]> = self.headers.get_all(name).iter().map(HeaderValue::as_bytes).collect();
            assert!(said.len() == 1 && (said[0] == value.as_bytes()) == (name != own), "{name}: {:?}", self.headers);
        }
    }

    /// Why it was refused; a success may have a `code` of its own.
    pub fn code(&self) -> &str {
        let code = self.body["code"].as_str().filter(|_| self.status >= 400);
        code.unwrap_or_default()
    }

    /// Pointer and code of every wrong field.
    pub fn errors(&self) -> Vec<(&str, &str)> {
        let errors = self.body["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        errors.iter().map(|error| (error["pointer"].as_str().unwrap_or_default(), error["code"].as_str().unwrap_or_default())).collect()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// What several callers were answered.
pub trait Answers {
    fn with_status(&self, status: u16) -> usize;
    fn with_code(&self, code: &str) -> usize;
    /// How often each status and code was given, to be read when a test fails.
    fn tally(&self) -> BTreeMap<(u16, &str), usize>;
}

impl Answers for [Answer] {
    fn with_status(&self, status: u16) -> usize {
        self.iter().filter(|answer| answer.status == status).count()
    }

    fn with_code(&self, code: &str) -> usize {
        self.iter().filter(|answer| answer.code() == code).count()
    }

    fn tally(&self) -> BTreeMap<(u16, &str), usize> {
        let mut tally = BTreeMap::new();
        for answer in self {
            *tally.entry((answer.status, answer.code())).or_default() += 1;
        }
        tally
    }
}

/// A crowd at a time: two of them on a small machine would keep each other waiting for longer than the shop waits.
static CROWD: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Alone among the crowds, until it is dropped.
pub async fn crowd() -> tokio::sync::MutexGuard<'static, ()> {
    CROWD.lock().await
}

/// Does the same `times` at once.
pub async fn race<F, T>(times: usize, what: impl Fn(usize) -> F) -> Vec<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let _alone = crowd().await;
    let tasks: Vec<_> = (0..times).map(|n| tokio::spawn(what(n))).collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.expect("no panic"));
    }
    results
}
