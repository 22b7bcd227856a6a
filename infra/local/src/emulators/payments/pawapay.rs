//! pawaPay's `/v2/refunds` and `/v2/deposits`.

use super::{Made, PAWAPAY_TOKEN, Payments, Provider, answer};
use crate::emulators::http::Connection;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use domain::money::{Currency, Money};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub fn router() -> Router<Payments> {
    Router::new().route("/v2/refunds", post(create)).route("/v2/refunds/{id}", get(refund)).route("/v2/deposits/{id}", get(deposit))
}

fn is_ours(headers: &HeaderMap) -> bool {
    headers.get("authorization").is_some_and(|found| *found == *format!("Bearer {PAWAPAY_TOKEN}"))
}

/// A UUID of version 4.
fn is_uuid(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_right = |(at, byte): (usize, &u8)| match at {
        8 | 13 | 18 | 23 => *byte == b'-',
        14 => *byte == b'4',
        19 => matches!(byte, b'8' | b'9' | b'a' | b'b'),
        _ => byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'),
    };
    bytes.len() == 36 && bytes.iter().enumerate().all(is_right)
}

/// A text without zeros at its end, as the API describes it.
fn amount(body: &Value) -> Option<i64> {
    let (text, currency) = (body["amount"].as_str()?, Currency::parse(body["currency"].as_str()?)?);
    let is_plain = !text.contains('.') || !text.ends_with(['0', '.']);
    Money::parse(text, currency).ok().filter(|money| is_plain && money.minor > 0).map(|money| money.minor)
}

async fn create(
    State(payments): State<Payments>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let key = body["refundId"].as_str().unwrap_or_default().to_owned();
    if let Some(answer) = payments.played(Provider::PawaPay, "POST /v2/refunds", Some(&key), &connection).await {
        return answer;
    }
    let is_json = headers.get("content-type").is_some_and(|kind| kind == "application/json");
    let (true, true, true, Some(amount)) = (is_ours(&headers), is_json, is_uuid(&key), amount(&body)) else {
        return payments.complain(&format!("pawaPay: the request is not what the documentation says: {body}"));
    };
    let known = ["refundId", "depositId", "amount", "currency", "metadata", "clientReferenceId"];
    if let Some(name) = body.as_object().and_then(|body| body.keys().find(|name| !known.contains(&name.as_str()))) {
        return payments.complain(&format!("pawaPay: unknown field {name}"));
    }
    let deposit = body["depositId"].as_str().unwrap_or_default().to_owned();
    let rejected = |code: &str| {
        let reason = json!({ "failureCode": code, "failureMessage": "It can't be refunded" });
        answer(200, json!({ "refundId": key, "status": "REJECTED", "failureReason": reason }))
    };
    let mut state = payments.state();
    if state.refunds.iter().any(|made| made.id == key) {
        return answer(200, json!({ "refundId": key, "status": "DUPLICATE_IGNORED" }));
    }
    let left = state.left(&deposit);
    match state.payments.get(&deposit).cloned() {
        None => rejected("NOT_FOUND"),
        Some(found) if found.status != "COMPLETED" => rejected("INVALID_STATE"),
        Some(found) if body["currency"] != found.currency => rejected("INVALID_CURRENCY"),
        Some(_) if amount > left => rejected("INVALID_AMOUNT"),
        Some(found) => {
            let status = state.outcome(Provider::PawaPay, "COMPLETED");
            state.refunds.push(Made {
                provider: Provider::PawaPay,
                id: key.clone(),
                payment: deposit,
                amount,
                currency: found.currency,
                status,
                failure: None,
                metadata: BTreeMap::new(),
            });
            answer(200, json!({ "refundId": key, "status": "ACCEPTED", "created": "2026-01-01T00:00:00Z" }))
        }
    }
}

/// What comes instead of an answer on what has this id: what a test plays, or a complaint of the call's headers.
async fn stopped(payments: &Payments, call: &'static str, id: &str, connection: &Connection, headers: &HeaderMap) -> Option<Response> {
    if let Some(answer) = payments.played(Provider::PawaPay, call, None, connection).await.or_else(|| payments.stumbled(id)) {
        return Some(answer);
    }
    (!is_ours(headers)).then(|| payments.complain("pawaPay: the Authorization header is not the account's token"))
}

async fn refund(
    State(payments): State<Payments>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Response {
    if let Some(answer) = stopped(&payments, "GET /v2/refunds/{id}", &id, &connection, &headers).await {
        return answer;
    }
    found(payments.pawapay_object(&id))
}

async fn deposit(
    State(payments): State<Payments>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Response {
    if let Some(answer) = stopped(&payments, "GET /v2/deposits/{id}", &id, &connection, &headers).await {
        return answer;
    }
    let deposit = payments.state().payments.get(&id).filter(|payment| payment.provider == Provider::PawaPay).cloned();
    found(deposit.map_or(Value::Null, |deposit| {
        let amount = text(deposit.amount, &deposit.currency);
        let created = jiff::Timestamp::from_millisecond(i64::try_from(deposit.at).unwrap_or_default()).unwrap_or_default();
        json!({
            "depositId": id, "status": deposit.status, "amount": amount, "currency": deposit.currency, "country": "COD",
            "created": created.to_string(),
        })
    }))
}

fn found(data: Value) -> Response {
    match data {
        Value::Null => answer(200, json!({ "status": "NOT_FOUND" })),
        data => answer(200, json!({ "status": "FOUND", "data": data })),
    }
}

fn text(minor: i64, currency: &str) -> String {
    Currency::parse(currency).map(|currency| Money::new(minor, currency).amount()).unwrap_or_default()
}

pub fn object(made: &Made) -> Value {
    let mut object = json!({
        "refundId": made.id, "status": made.status, "amount": text(made.amount, &made.currency), "currency": made.currency, "country": "COD",
    });
    match (made.status.as_str(), &made.failure) {
        ("COMPLETED", _) => object["providerTransactionId"] = json!(format!("MMO-{}", &made.id[..8])),
        (_, Some(code)) => object["failureReason"] = json!({ "failureCode": code, "failureMessage": "It did not work" }),
        _ => {}
    }
    object
}
