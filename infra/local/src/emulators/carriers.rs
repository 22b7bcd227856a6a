//! DHL Express, FedEx and UPS, as far as our clients call them: they book parcels, find them again and tell where they are.
//!
//! A call by another method, at another path, without a header that it asks for, or with a body that lacks something is
//! refused in the carrier's own form; how long a field is or what it says is not looked at. A test can script what goes wrong
//! ([`Fault`]), hide a parcel for a while, as carriers do, and have it scanned on its way.

use super::Now;
use super::http::Connection;
use super::outbox::{Fault, played};
use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::shipment::Carrier;
use serde_json::Value;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

mod dhl;
mod fedex;
mod label;
mod ups;

/// The shop's keys to DHL here.
pub const DHL_KEYS: &str = r#"{"username": "local", "password": "local-password", "accountNumber": "123456789"}"#;
/// The shop's keys to FedEx here.
pub const FEDEX_KEYS: &str = r#"{"clientId": "local", "clientSecret": "local-secret", "accountNumber": "740561073"}"#;
/// The shop's keys to UPS here.
pub const UPS_KEYS: &str = r#"{"clientId": "local", "clientSecret": "local-secret", "accountNumber": "A1B2C3"}"#;

/// The carriers; a clone is another handle to the same ones.
#[derive(Clone)]
pub struct Carriers {
    now: Now,
    state: Arc<Mutex<State>>,
}

/// A parcel that a carrier has booked.
#[derive(Clone, Debug, PartialEq)]
pub struct Booked {
    /// Who.
    pub carrier: Carrier,
    /// The number it gave out.
    pub number: String,
    /// What the shop knows it by.
    pub reference: String,
    /// What was asked for, word for word.
    pub request: Value,
    /// When, in milliseconds since the epoch.
    pub booked_at: u64,
    /// What happened to it, the oldest first.
    pub scans: Vec<Scan>,
}

/// Something that a carrier saw of a parcel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan {
    /// When, in milliseconds since the epoch.
    pub at: u64,
    /// The carrier's own code.
    pub code: String,
    /// In its words.
    pub description: String,
    /// Where.
    pub place: String,
}

#[derive(Default)]
struct State {
    parcels: Vec<Booked>,
    /// Bookings that were asked for, however they ended.
    asked: HashMap<Carrier, usize>,
    next_faults: HashMap<Carrier, VecDeque<Fault>>,
    hidden: bool,
    tokens: Vec<String>,
    /// Calls that asked where parcels are.
    tracked: usize,
    /// What goes wrong with those that ask for a number.
    stumbles: HashMap<String, Fault>,
}

impl Carriers {
    /// Carriers that have no parcel yet and refuse nothing.
    #[must_use]
    pub fn new(now: Now) -> Self {
        Self { now, state: Arc::default() }
    }

    /// Their HTTP side: `/dhl`, `/fedex` and `/ups`. It must be served by [`super::http`], whose connections can be cut.
    pub fn router(&self) -> Router {
        let all = Router::new().nest("/dhl", dhl::router()).nest("/fedex", fedex::router()).nest("/ups", ups::router());
        all.with_state(self.clone())
    }

    /// Every parcel that was booked, the oldest first: each is a label that was paid for.
    #[must_use]
    pub fn parcels(&self) -> Vec<Booked> {
        self.state().parcels.clone()
    }

    /// How often a carrier was asked for a label, however that ended.
    #[must_use]
    pub fn asked(&self, carrier: Carrier) -> usize {
        self.state().asked.get(&carrier).copied().unwrap_or_default()
    }

    /// How many calls have asked where parcels are.
    #[must_use]
    pub fn tracked(&self) -> usize {
        self.state().tracked
    }

    /// How many tokens were handed out.
    #[must_use]
    pub fn tokens(&self) -> usize {
        self.state().tokens.len()
    }

    /// Lets the carrier's next booking fail that no earlier call has spoken for.
    pub fn fail_next(&self, carrier: Carrier, fault: Fault) {
        self.state().next_faults.entry(carrier).or_default().push_back(fault);
    }

    /// From now on every question where this parcel is fails so, whatever else it asks for.
    pub fn stumble_over(&self, number: &str, fault: Fault) {
        self.state().stumbles.insert(number.to_owned(), fault);
    }

    /// Whether what is booked can't be found: real carriers take some minutes until it can.
    pub fn hide(&self, hidden: bool) {
        self.state().hidden = hidden;
    }

    /// Tokens that were handed out are good no more.
    pub fn revoke_tokens(&self) {
        for token in &mut self.state().tokens {
            token.insert_str(0, "revoked ");
        }
    }

    /// The carrier sees a parcel, now.
    pub fn scan(&self, number: &str, code: &str, description: &str, place: &str) {
        self.scan_at((self.now)(), number, code, description, place);
    }

    /// The carrier saw a parcel at some time, which may be long ago.
    pub fn scan_at(&self, at: u64, number: &str, code: &str, description: &str, place: &str) {
        let scan = Scan { at, code: code.to_owned(), description: description.to_owned(), place: place.to_owned() };
        for parcel in self.state().parcels.iter_mut().filter(|parcel| parcel.number == number) {
            parcel.scans.push(scan.clone());
            parcel.scans.sort_by_key(|scan| scan.at);
        }
    }

    /// Counts a booking, and says what goes wrong with it.
    fn next_fault(&self, carrier: Carrier) -> Option<Fault> {
        let mut state = self.state();
        *state.asked.entry(carrier).or_default() += 1;
        state.next_faults.get_mut(&carrier).and_then(VecDeque::pop_front)
    }

    /// Takes a parcel into the books.
    fn book(&self, carrier: Carrier, reference: &str, request: Value) -> Booked {
        let booked_at = (self.now)();
        let mut state = self.state();
        // By the second, so that a later run with the same data gives out none of an earlier one's.
        let (second, n) = (booked_at / 1000, state.parcels.len() as u64 % 100);
        let number = match carrier {
            Carrier::Dhl => format!("{:010}", second % 100_000_000 * 100 + n),
            Carrier::FedEx => format!("79{:010}", second % 100_000_000 * 100 + n),
            _ => format!("1ZA1B2C304{:08}", second % 1_000_000 * 100 + n),
        };
        let parcel = Booked { carrier, number, reference: reference.to_owned(), request, booked_at, scans: Vec::new() };
        state.parcels.push(parcel.clone());
        parcel
    }

    fn by_number(&self, carrier: Carrier, number: &str) -> Option<Booked> {
        self.state().parcels.iter().find(|parcel| parcel.carrier == carrier && parcel.number == number).cloned()
    }

    fn by_reference(&self, carrier: Carrier, reference: &str) -> Option<Booked> {
        let state = self.state();
        let is_it = |parcel: &&Booked| parcel.carrier == carrier && parcel.reference == reference;
        state.parcels.iter().find(is_it).filter(|_| !state.hidden).cloned()
    }

    /// Counts a question where parcels are, and says what goes wrong with it.
    fn is_asked_where(&self, numbers: &[&str]) -> Option<Fault> {
        let mut state = self.state();
        state.tracked += 1;
        numbers.iter().find_map(|number| state.stumbles.get(*number)).cloned()
    }

    fn new_token(&self) -> String {
        let mut state = self.state();
        let token = format!("token-{}", state.tokens.len() + 1);
        state.tokens.push(token.clone());
        token
    }

    fn knows_token(&self, headers: &HeaderMap) -> bool {
        let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        token.is_some_and(|token| self.state().tokens.iter().any(|known| known == token))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is answered instead of what was asked for: as the fault that is due has it, and nothing at all by `stranger`, who isn't let in.
async fn turned_away(
    due: Option<Fault>,
    connection: &Connection,
    stranger: Option<Response>,
    refusal: fn(u16, &str, &str) -> Response,
) -> Option<Response> {
    played(due, connection, refusal).await.or(stranger)
}

/// Whether these are the user and the password.
fn is_basic(headers: &HeaderMap, user: &str, password: &str) -> bool {
    let expected = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
    headers.get(header::AUTHORIZATION).is_some_and(|given| *given == expected)
}

/// What a body must say and doesn't: each text, number or flag at its JSON pointer.
fn missing(body: &Value, pointers: &[&str]) -> Vec<String> {
    let is_there = |pointer: &&str| match body.pointer(pointer) {
        Some(Value::String(text)) => !text.trim().is_empty(),
        Some(Value::Number(_) | Value::Bool(_)) => true,
        _ => false,
    };
    pointers.iter().filter(|pointer| !is_there(pointer)).map(|pointer| (*pointer).to_owned()).collect()
}

fn text<'a>(body: &'a Value, pointer: &str) -> &'a str {
    body.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn answer(status: u16, body: Value) -> Response {
    (StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST), axum::Json(body)).into_response()
}

/// When a parcel should arrive that was booked then: two days later.
const fn arrives(booked_at: u64) -> u64 {
    booked_at + 2 * 86_400_000
}

/// A point in time as `format` says (strftime), in UTC.
fn written(at: u64, format: &str) -> String {
    let at = i64::try_from(at).ok().and_then(|at| jiff::Timestamp::from_millisecond(at).ok()).unwrap_or_default();
    at.strftime(format).to_string()
}

#[cfg(test)]
mod tests;
