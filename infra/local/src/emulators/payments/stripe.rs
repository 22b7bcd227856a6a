//! Stripe's `/v1/refunds`, `/v1/payment_intents` and `/v1/charges`.

use super::{Kept, Made, Payment, Payments, Provider, STRIPE_KEY, State as Books, answer};
use crate::emulators::http::Connection;
use axum::Router;
use axum::extract::{ConnectInfo, Form, Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The version that is spoken here.
const VERSION: &str = "2023-08-16";

/// How long a key is kept, in milliseconds.
const DAY: u64 = 24 * 60 * 60 * 1000;

pub fn router() -> Router<Payments> {
    Router::new()
        .route("/v1/refunds", get(list).post(create))
        .route("/v1/refunds/{id}", get(retrieve))
        .route("/v1/payment_intents/{id}", get(intent))
        .route("/v1/charges/{id}", get(charge))
}

/// What is wrong with a request's headers.
fn wrong(headers: &HeaderMap) -> Option<&'static str> {
    let is = |name: &str, value: &str| headers.get(name).is_some_and(|found| found == value);
    if !is("authorization", &format!("Bearer {STRIPE_KEY}")) {
        return Some("Stripe: the Authorization header is not the account's key");
    }
    (!is("stripe-version", VERSION)).then_some("Stripe: the Stripe-Version header is not pinned")
}

fn refusal(status: u16, kind: &str, code: &str, message: &str) -> (u16, Value) {
    let code = if code.is_empty() { Value::Null } else { json!(code) };
    (status, json!({ "error": { "type": kind, "code": code, "message": message } }))
}

async fn create(
    State(payments): State<Payments>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    headers: HeaderMap,
    Form(form): Form<Vec<(String, String)>>,
) -> Response {
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).unwrap_or_default().to_owned();
    if let Some(answer) = payments.played(Provider::Stripe, "POST /v1/refunds", Some(&key), &connection).await {
        return answer;
    }
    if let Some(wrong) = wrong(&headers).or((key.is_empty() || key.len() > 255).then_some("Stripe: no usable Idempotency-Key")) {
        return payments.complain(wrong);
    }
    let known = ["payment_intent", "charge", "amount", "metadata[refund_id]", "metadata[attempt]", "metadata[order_id]"];
    if let Some((name, _)) = form.iter().find(|(name, _)| !known.contains(&name.as_str())) {
        return payments.complain(&format!("Stripe: unknown parameter {name}"));
    }
    let field = |name: &str| form.iter().find(|(field, _)| field == name).map(|(_, value)| value.clone());
    let (intent, charge) = (field("payment_intent"), field("charge"));
    let is_one = intent.is_some() != charge.is_some();
    let (true, Some(amount)) = (is_one, field("amount").and_then(|n| n.parse().ok())) else {
        return payments.complain("Stripe: one of payment_intent and charge, and a whole amount, are needed");
    };
    if field("metadata[refund_id]").is_none() || !field("metadata[attempt]").is_some_and(|attempt| key.ends_with(&format!("-{attempt}"))) {
        return payments.complain("Stripe: the key is not that of the refund's attempt");
    }
    let mut state = payments.state();
    let now = (payments.now)();
    if let Some(kept) = state.answers.get(&key).filter(|kept| now < kept.at + DAY) {
        if kept.form == form {
            return answer(kept.status, kept.body.clone());
        }
        let (status, body) =
            refusal(400, "idempotency_error", "", "Keys for idempotent requests can only be used with the same parameters");
        return answer(status, body);
    }
    let payment = intent.or_else(|| state.payment_of(&charge?)).unwrap_or_default();
    let left = state.left(&payment);
    let (status, body) = match state.payments.get(&payment).cloned() {
        None => refusal(404, "invalid_request_error", "resource_missing", "No such payment_intent"),
        Some(found) if found.status != "succeeded" => {
            refusal(400, "invalid_request_error", "", "This PaymentIntent does not have a successful charge to refund.")
        }
        Some(_) if left == 0 => refusal(400, "invalid_request_error", "charge_already_refunded", "The charge has already been refunded."),
        Some(_) if amount > left || amount <= 0 => refusal(400, "invalid_request_error", "", "The amount is greater than what is left"),
        Some(found) => {
            let made = Made {
                provider: Provider::Stripe,
                id: format!("re_{:x}_{}", now, state.refunds.len() + 1),
                payment,
                amount,
                currency: found.currency,
                status: state.outcome(Provider::Stripe, "succeeded"),
                failure: None,
                metadata: metadata(&form),
            };
            let body = object(&state, &made);
            state.refunds.push(made);
            (200, body)
        }
    };
    state.answers.insert(key, Kept { at: now, form, status, body: body.clone() });
    answer(status, body)
}

fn metadata(form: &[(String, String)]) -> BTreeMap<String, String> {
    let own = |name: &str| name.strip_prefix("metadata[").and_then(|name| name.strip_suffix(']')).map(ToOwned::to_owned);
    form.iter().filter_map(|(name, value)| Some((own(name)?, value.clone()))).collect()
}

async fn list(
    State(payments): State<Payments>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    headers: HeaderMap,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    if let Some(answer) = payments.played(Provider::Stripe, "GET /v1/refunds", None, &connection).await {
        return answer;
    }
    let (intent, charge) = (query.get("payment_intent"), query.get("charge"));
    let (true, None) = (intent.is_some() != charge.is_some(), wrong(&headers)) else {
        return payments.complain("Stripe: refunds are listed of one payment, with the account's headers");
    };
    let limit = query.get("limit").and_then(|limit| limit.parse().ok()).unwrap_or(10);
    let state = payments.state();
    let payment = intent.cloned().or_else(|| state.payment_of(charge?)).unwrap_or_default();
    let newest = state.refunds.iter().rev().filter(|made| made.payment == payment);
    let mut rest: Vec<Value> = newest.map(|made| object(&state, made)).collect();
    if let Some(after) = query.get("starting_after") {
        let place = rest.iter().position(|made| made["id"] == *after).map_or(rest.len(), |place| place + 1);
        rest.drain(..place);
    }
    let has_more = rest.len() > limit;
    rest.truncate(limit);
    answer(200, json!({ "object": "list", "url": "/v1/refunds", "has_more": has_more, "data": rest }))
}

/// What comes instead of an answer on what has this id: what a test plays, or a complaint of the call's headers.
async fn stopped(payments: &Payments, call: &'static str, id: &str, connection: &Connection, headers: &HeaderMap) -> Option<Response> {
    if let Some(answer) = payments.played(Provider::Stripe, call, None, connection).await.or_else(|| payments.stumbled(id)) {
        return Some(answer);
    }
    wrong(headers).map(|wrong| payments.complain(wrong))
}

async fn retrieve(
    State(payments): State<Payments>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Response {
    if let Some(answer) = stopped(&payments, "GET /v1/refunds/{id}", &id, &connection, &headers).await {
        return answer;
    }
    match payments.stripe_object(&id) {
        Value::Null => missing(),
        found => answer(200, found),
    }
}

async fn intent(
    State(payments): State<Payments>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    if let Some(answer) = stopped(&payments, "GET /v1/payment_intents/{id}", &id, &connection, &headers).await {
        return answer;
    }
    if query.iter().any(|(name, value)| (name.as_str(), value.as_str()) != ("expand[]", "latest_charge")) {
        return payments.complain("Stripe: of a payment nothing but its latest charge can be asked for");
    }
    let state = payments.state();
    let Some(found) = state.payments.get(&id).filter(|payment| payment.provider == Provider::Stripe) else { return missing() };
    let charge = match &found.charge {
        Some(charge) if !query.is_empty() => whole_charge(&state, charge, &id, found),
        charge => json!(charge),
    };
    let received = if found.status == "succeeded" { found.amount } else { 0 };
    let error = (found.status == "requires_payment_method").then(|| json!({ "type": "card_error", "code": "card_declined" }));
    answer(
        200,
        json!({
            "id": id, "object": "payment_intent", "amount": found.amount, "amount_received": received,
            "currency": found.currency, "status": found.status, "last_payment_error": error, "latest_charge": charge,
            "created": found.at / 1000,
        }),
    )
}

async fn charge(
    State(payments): State<Payments>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Response {
    if let Some(answer) = stopped(&payments, "GET /v1/charges/{id}", &id, &connection, &headers).await {
        return answer;
    }
    let state = payments.state();
    let Some(intent) = state.payment_of(&id) else { return missing() };
    let Some(found) = state.payments.get(&intent) else { return missing() };
    answer(200, whole_charge(&state, &id, &intent, found))
}

fn whole_charge(state: &Books, id: &str, intent: &str, found: &Payment) -> Value {
    let captured = found.status == "succeeded";
    json!({
        "id": id, "object": "charge", "amount": found.amount, "amount_captured": if captured { found.amount } else { 0 },
        "captured": captured, "currency": found.currency, "status": found.status, "payment_intent": intent,
        "amount_refunded": state.given_back(intent), "created": found.at / 1000,
    })
}

fn missing() -> Response {
    let (status, body) = refusal(404, "invalid_request_error", "resource_missing", "No such object");
    answer(status, body)
}

pub fn object(state: &Books, made: &Made) -> Value {
    let charge = state.payments.get(&made.payment).and_then(|payment| payment.charge.as_deref());
    // Stripe's specification lets it be null, and so it is wherever it can be.
    let metadata = if made.metadata.is_empty() { Value::Null } else { json!(made.metadata) };
    json!({
        "id": made.id, "object": "refund", "amount": made.amount, "currency": made.currency, "payment_intent": made.payment,
        "charge": charge, "status": made.status, "failure_reason": made.failure, "metadata": metadata, "reason": null,
    })
}
