//! Payment providers: the parts of Stripe and pawaPay that are called here, with payments that a test or the demo puts there.
//!
//! Each takes nothing but what its documentation says (method, path, headers, body), and keeps a note of what it found wrong
//! ([`Payments::complaints`]). Both keep their promise of one refund a key. A test can script what goes wrong ([`Fault`]).

use super::Now;
use super::http::Connection;
use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

mod pawapay;
mod stripe;

/// What Stripe is called with here.
pub const STRIPE_KEY: &str = "sk_local";
/// What pawaPay is called with here.
pub const PAWAPAY_TOKEN: &str = "local-pawapay-token";

/// A provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Provider {
    /// Cards.
    Stripe,
    /// Mobile money.
    PawaPay,
}

/// How a provider fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It says this, and does nothing.
    Refuse(u16, Value),
    /// The same, but its answer is only heard when so many refunds were asked for in all, of both providers.
    RefuseAfter(usize, u16, Value),
    /// It does what it is asked for, but the connection closes before it has said so.
    AcceptThenDrop,
}

/// Money that came in, and what was given back of it.
#[derive(Debug, Clone)]
struct Payment {
    provider: Provider,
    /// In the provider's smallest units.
    amount: i64,
    currency: String,
    status: String,
    /// The charge that brought it, which is its second name at Stripe.
    charge: Option<String>,
    /// Epoch milliseconds.
    at: u64,
}

/// A refund as the provider has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// By whom.
    pub provider: Provider,
    /// `re_…`, or the UUID that it was asked for under.
    pub id: String,
    /// The payment it gives back.
    pub payment: String,
    /// In smallest units.
    pub amount: i64,
    /// In the provider's way of writing it.
    pub currency: String,
    /// In its own words.
    pub status: String,
    /// Why it failed.
    pub failure: Option<String>,
    /// What we sent along.
    pub metadata: BTreeMap<String, String>,
}

/// A request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// To whom.
    pub provider: Provider,
    /// `POST /v1/refunds`
    pub call: String,
    /// The key of a refund that was asked for.
    pub key: Option<String>,
}

/// The providers' books; a clone is another handle to the same ones.
#[derive(Clone)]
pub struct Payments {
    now: Now,
    state: Arc<Mutex<State>>,
    /// How many refunds were asked for.
    asked: Arc<watch::Sender<usize>>,
}

/// An answer that is given again to the same key for a day.
struct Kept {
    at: u64,
    form: Vec<(String, String)>,
    status: u16,
    body: Value,
}

#[derive(Default)]
struct State {
    payments: HashMap<String, Payment>,
    refunds: Vec<Made>,
    /// Stripe's answers by key.
    answers: HashMap<String, Kept>,
    requests: Vec<Request>,
    complaints: Vec<String>,
    faults: HashMap<Provider, VecDeque<Fault>>,
    stumbles: HashSet<String>,
    outcomes: HashMap<Provider, VecDeque<String>>,
    usual: HashMap<Provider, String>,
}

impl Payments {
    /// Nobody has paid anything yet.
    #[must_use]
    pub fn new(now: Now) -> Self {
        Self { now, state: Arc::default(), asked: Arc::new(watch::Sender::new(0)) }
    }

    /// The providers' HTTP side. It must be served by [`super::http`], whose connections can be cut.
    pub fn router(&self) -> Router {
        stripe::router().merge(pawapay::router()).with_state(self.clone())
    }

    /// A card payment that has come in, in the currency's smallest unit.
    pub fn card_payment(&self, intent: &str, amount: i64, currency: &str) {
        self.card_charge(&format!("ch_of_{intent}"), intent, amount, currency);
    }

    /// One that was tried in vain; the customer may try again.
    pub fn failed_card_payment(&self, intent: &str, amount: i64, currency: &str) {
        self.put(intent, Provider::Stripe, amount, &currency.to_lowercase(), "requires_payment_method");
    }

    /// One that has come in, with the charge that brought it, by either of whose names it can be given back.
    pub fn card_charge(&self, charge: &str, intent: &str, amount: i64, currency: &str) {
        self.put(intent, Provider::Stripe, amount, &currency.to_lowercase(), "succeeded");
        self.state().payments.entry(intent.to_owned()).and_modify(|payment| payment.charge = Some(charge.to_owned()));
    }

    /// A deposit, in cents, in any of pawaPay's statuses.
    pub fn deposit(&self, id: &str, amount: i64, currency: &str, status: &str) {
        self.put(id, Provider::PawaPay, amount, currency, status);
    }

    fn put(&self, id: &str, provider: Provider, amount: i64, currency: &str, status: &str) {
        let (currency, status, now) = (currency.to_owned(), status.to_owned(), (self.now)());
        let mut state = self.state();
        let at = state.payments.get(id).map_or(now, |before| before.at);
        state.payments.insert(id.to_owned(), Payment { provider, amount, currency, status, charge: None, at });
    }

    /// What becomes of the next refund that is asked for: another status than the usual one.
    pub fn next_refund_is(&self, provider: Provider, status: &str) {
        self.state().outcomes.entry(provider).or_default().push_back(status.to_owned());
    }

    /// What becomes of every refund that is asked for from now on, unless something else was said of it.
    pub fn refunds_are(&self, provider: Provider, status: &str) {
        self.state().usual.insert(provider, status.to_owned());
    }

    /// Lets the provider's next request fail that no earlier call has spoken for.
    pub fn fail_next(&self, provider: Provider, fault: Fault) {
        self.state().faults.entry(provider).or_default().push_back(fault);
    }

    /// From now on every question after this payment or refund is answered 503, and no other one.
    pub fn stumble_over(&self, name: &str) {
        self.state().stumbles.insert(name.to_owned());
    }

    /// The provider goes on with a refund.
    pub fn move_on(&self, refund: &str, status: &str, failure: Option<&str>) {
        let mut state = self.state();
        for made in state.refunds.iter_mut().filter(|made| made.id == refund) {
            status.clone_into(&mut made.status);
            made.failure = failure.map(ToOwned::to_owned);
        }
    }

    /// As if none had ever been made.
    pub fn forget_refunds(&self) {
        self.state().refunds.clear();
    }

    /// A refund that somebody makes on the provider's own pages; gives its id.
    #[must_use]
    pub fn refund_by_hand(&self, payment: &str, amount: i64, status: &str) -> String {
        let mut state = self.state();
        let id = format!("re_by_hand_{}", state.refunds.len() + 1);
        let (provider, currency) = match state.payments.get(payment) {
            Some(payment) => (payment.provider, payment.currency.clone()),
            None => (Provider::Stripe, "usd".to_owned()),
        };
        state.refunds.push(Made {
            provider,
            id: id.clone(),
            payment: payment.to_owned(),
            amount,
            currency,
            status: status.to_owned(),
            failure: None,
            metadata: BTreeMap::new(),
        });
        id
    }

    /// The refunds that were made, oldest first.
    #[must_use]
    pub fn refunds(&self) -> Vec<Made> {
        self.state().refunds.clone()
    }

    /// Every request, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.state().requests.clone()
    }

    /// What was wrong with requests; a client that does as the documentation says gets none.
    #[must_use]
    pub fn complaints(&self) -> Vec<String> {
        self.state().complaints.clone()
    }

    /// A refund of Stripe's as its webhooks have it.
    #[must_use]
    pub fn stripe_object(&self, refund: &str) -> Value {
        let state = self.state();
        state.refunds.iter().find(|made| made.id == refund).map_or(Value::Null, |made| stripe::object(&state, made))
    }

    /// A refund of pawaPay's as its callback has it.
    #[must_use]
    pub fn pawapay_object(&self, refund: &str) -> Value {
        self.state().refunds.iter().find(|made| made.id == refund).map_or(Value::Null, pawapay::object)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until so many refunds were asked for, of both providers.
    pub async fn asked_for(&self, refunds: usize) {
        drop(self.asked.subscribe().wait_for(|asked| *asked >= refunds).await);
    }

    /// Notes a request; gives the answer of the fault that is due, where that leaves it one.
    async fn played(&self, provider: Provider, call: &str, key: Option<&str>, connection: &Connection) -> Option<Response> {
        match self.noted(provider, call, key)? {
            Fault::Refuse(status, body) => Some(answer(status, body)),
            Fault::RefuseAfter(refunds, status, body) => {
                self.asked_for(refunds).await;
                Some(answer(status, body))
            }
            Fault::AcceptThenDrop => {
                connection.cut();
                None
            }
        }
    }

    fn noted(&self, provider: Provider, call: &str, key: Option<&str>) -> Option<Fault> {
        let mut state = self.state();
        state.requests.push(Request { provider, call: call.to_owned(), key: key.map(ToOwned::to_owned) });
        if key.is_some() {
            self.asked.send_modify(|asked| *asked += 1);
        }
        state.faults.entry(provider).or_default().pop_front()
    }

    /// The answer to a question after what the provider stumbles over.
    fn stumbled(&self, name: &str) -> Option<Response> {
        self.state().stumbles.contains(name).then(|| answer(503, json!({})))
    }

    /// The answer to what no documentation allows.
    fn complain(&self, what: &str) -> Response {
        self.state().complaints.push(what.to_owned());
        answer(400, json!({ "error": { "type": "invalid_request_error", "message": what } }))
    }
}

impl State {
    /// What is left of a payment. A refund that failed gave nothing back.
    fn left(&self, payment: &str) -> i64 {
        self.payments.get(payment).map_or(0, |payment| payment.amount) - self.given_back(payment)
    }

    fn given_back(&self, payment: &str) -> i64 {
        let failed = ["failed", "canceled", "FAILED"];
        let gone = self.refunds.iter().filter(|made| made.payment == payment && !failed.contains(&made.status.as_str()));
        gone.map(|made| made.amount).sum()
    }

    /// The payment that a charge brought, by its own name.
    fn payment_of(&self, charge: &str) -> Option<String> {
        let brought = |(_, payment): &(&String, &Payment)| payment.charge.as_deref() == Some(charge);
        self.payments.iter().find(brought).map(|(intent, _)| intent.clone())
    }

    fn outcome(&mut self, provider: Provider, usual: &str) -> String {
        let scripted = self.outcomes.entry(provider).or_default().pop_front();
        scripted.or_else(|| self.usual.get(&provider).cloned()).unwrap_or_else(|| usual.to_owned())
    }
}

fn answer(status: u16, body: Value) -> Response {
    (StatusCode::from_u16(status).unwrap_or_default(), axum::Json(body)).into_response()
}
