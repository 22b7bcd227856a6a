//! What every carrier's calls share: time limits, what an answer's status means, and tokens that are kept until they end.

use super::{CarrierError, LabelFile};
use crate::said::{Said, capped, never_left};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::money::{Currency, Money};
use domain::time::Timestamp;
use jiff::ToSpan;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use outbound::{ClientError, Kept};
use reqwest::{RequestBuilder, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// A carrier takes its time to print a label. With a token before it and the label's file after it, this stays below the
/// worker's own timeout (60 s).
const TIMEOUT: Duration = Duration::from_secs(30);
const TOKEN_TIMEOUT: Duration = Duration::from_secs(10);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a day is, as carriers write it.
const DAY: &str = "2026-11-25";
/// A token is asked for anew so long before it ends.
const MARGIN: Duration = Duration::from_mins(2);

/// The client that all carriers are called with.
///
/// # Errors
/// When it can't be made.
pub fn client() -> Result<reqwest::Client, ClientError> {
    outbound::client(TIMEOUT, CONNECT_TIMEOUT)
}

/// An answer's status and what it says. What never reached the carrier is refused for now; what it may have read is unknown.
pub(super) async fn answer(call: RequestBuilder) -> Result<(StatusCode, Value), CarrierError> {
    let answer = outbound::send(call).await.map_err(|error| {
        let said = Said::unanswered(&error);
        if never_left(&error) { CarrierError::RefusedForNow(said) } else { CarrierError::Unknown(said) }
    })?;
    let status = answer.status();
    let body = answer
        .bytes()
        .await
        .map_err(|error| CarrierError::Unknown(Said::ours(format!("{status}, and its body broke off: {}", error.without_url()))));
    match (status.is_success(), body) {
        (true, Ok(body)) => serde_json::from_slice(&body)
            .map(|value| (status, value))
            .map_err(|_| CarrierError::Unknown(Said::ours(format!("{status}, and a body that is no JSON")))),
        (true, Err(error)) => Err(error),
        (false, body) => Ok((status, body.ok().and_then(|body| serde_json::from_slice(&body).ok()).unwrap_or(Value::Null))),
    }
}

/// What a refusal means: 4xx of the parcel itself is final; keys and limits pass; what fell over may have done it. A 503
/// passes where the carrier says it in its own form; one of a gateway in front of it says nothing of what the carrier behind
/// it did.
pub(super) fn refused(status: StatusCode, said: String, in_its_own_form: bool) -> CarrierError {
    let said = Said::theirs(status.to_string(), said);
    match status.as_u16() {
        400 | 404 | 405 | 406 | 409..=418 | 422 => CarrierError::Refused(said),
        401 | 403 | 425 | 429 => CarrierError::RefusedForNow(said),
        503 if in_its_own_form => CarrierError::RefusedForNow(said),
        _ => CarrierError::Unknown(said),
    }
}

/// The first text at any of these places of a body, as far as it fits a record.
pub(super) fn text_at(body: &Value, pointers: &[&str]) -> Option<String> {
    pointers.iter().find_map(|pointer| body.pointer(pointer)?.as_str()).map(capped).filter(|text| !text.is_empty())
}

/// A label as carriers hand it over, in base64.
pub(super) fn label(encoded: &Value, extension: &'static str) -> Option<LabelFile> {
    Some(LabelFile { bytes: STANDARD.decode(encoded.as_str()?).ok()?, extension })
}

/// A point in time, written as `format` says (strftime), in UTC.
pub(super) fn written(at: Timestamp, format: &str) -> String {
    instant(at).strftime(format).to_string()
}

/// The day that it is at a point in time by the clocks of `zone`, written as `format` says (strftime).
pub(super) fn day_in(at: Timestamp, zone: &TimeZone, format: &str) -> String {
    zone.to_datetime(instant(at)).date().strftime(format).to_string()
}

/// The first and the last day that a parcel may have in a carrier's books which was asked for at `asked_at`, written as `format`
/// says (strftime). Its day is the shop's or UTC's, whichever the carrier counts by, or one soon after, on which it is fetched.
pub(super) fn days_of_booking(asked_at: Timestamp, zone: &TimeZone, format: &str) -> (String, String) {
    let day = zone.to_datetime(instant(asked_at)).date();
    let written = |day: Date| day.strftime(format).to_string();
    (written(day.saturating_sub(1.day())), written(day.saturating_add(2.days())))
}

fn instant(at: Timestamp) -> jiff::Timestamp {
    i64::try_from(at.0).ok().and_then(|millis| jiff::Timestamp::from_millisecond(millis).ok()).unwrap_or_default()
}

/// A point in time of a text: by its own offset, or without one as the clocks of `zone` go. A day alone is its end, by which
/// something has arrived that arrives on it.
pub(super) fn moment_in(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    moment(text).or_else(|| {
        let at: DateTime = text.parse().ok()?;
        let at = if text.len() == DAY.len() { at.date().at(23, 59, 59, 0) } else { at };
        u64::try_from(zone.to_timestamp(at).ok()?.as_millisecond()).ok().map(Timestamp)
    })
}

/// A point in time of a text with an offset of its own; nothing for one without.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    let at: jiff::Timestamp = text.parse().ok()?;
    u64::try_from(at.as_millisecond()).ok().map(Timestamp)
}

/// An amount of a currency, however the carrier writes its number; nothing for one below zero.
pub(super) fn money(amount: &Value, currency: Option<String>) -> Option<Money> {
    let currency = Currency::parse(&currency?)?;
    let text = amount.as_str().map_or_else(|| amount.to_string(), ToOwned::to_owned);
    Money::parse(&text, currency).ok().filter(|money| money.minor >= 0)
}

/// An OAuth token, kept until shortly before it ends. A clone shares it.
#[derive(Clone, Debug, Default)]
pub struct TokenCache(Arc<Kept<Token, CarrierError>>);

#[derive(Clone, Debug)]
struct Token {
    text: String,
    until: Instant,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    /// A number, or one as text.
    #[serde(default)]
    expires_in: Value,
}

impl TokenCache {
    /// The token, asked for by `call` where there is none that is still good.
    pub(super) async fn token(&self, call: impl FnOnce() -> RequestBuilder) -> Result<String, CarrierError> {
        self.token_at(Instant::now(), call).await
    }

    async fn token_at(&self, now: Instant, call: impl FnOnce() -> RequestBuilder) -> Result<String, CarrierError> {
        let token = self.0.value(|token| now < token.until, async { granted(call().timeout(TOKEN_TIMEOUT), now).await }).await?;
        Ok(token.text)
    }

    /// Forgets a token that was refused.
    pub(super) fn forget(&self) {
        self.0.forget();
    }
}

/// Asks for a token.
async fn granted(call: RequestBuilder, now: Instant) -> Result<Token, CarrierError> {
    // Nothing was booked yet, whatever happens here.
    let for_now = |said: &Said| CarrierError::RefusedForNow(said.introduced("no token"));
    let (status, body) = answer(call).await.map_err(|error| for_now(error.said()))?;
    if !status.is_success() {
        let said = text_at(&body, &["/errors/0/message", "/response/errors/0/message"]).unwrap_or_else(|| status.to_string());
        return Err(for_now(&Said::theirs(status.to_string(), said)));
    }
    let granted: Granted =
        serde_json::from_value(body).map_err(|error| for_now(&Said::theirs(format!("{status}, and no token in it"), error.to_string())))?;
    let seconds = granted.expires_in.as_u64().or_else(|| granted.expires_in.as_str()?.parse().ok()).unwrap_or(0);
    Ok(Token { text: granted.access_token, until: now + Duration::from_secs(seconds).saturating_sub(MARGIN) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};

    #[test]
    fn a_time_without_an_offset_is_of_the_shop_s_clocks() {
        let zone = TimeZone::fixed(jiff::tz::offset(1));
        let read = |text: &str| moment_in(text, &zone);
        assert_eq!(read("2026-11-25T09:15:00"), moment("2026-11-25T08:15:00Z"));
        assert_eq!(read("2026-11-25T09:15:00-05:00"), moment("2026-11-25T14:15:00Z"), "its own, where it has one");
        assert_eq!(read("2026-11-25"), moment("2026-11-25T22:59:59Z"));
        assert_eq!([read("soon"), read("2026-11-31"), read("")], [None; 3]);
    }

    #[test]
    fn a_day_is_of_the_shop_s_clocks_and_a_parcel_is_looked_for_from_the_day_before_it_to_two_after() {
        let at = moment("2026-11-30T23:30:00Z").unwrap();
        let in_hours = |hours: i8| TimeZone::fixed(jiff::tz::offset(hours));
        let (kinshasa, new_york) = (in_hours(1), in_hours(-5));
        assert_eq!((day_in(at, &kinshasa, "%Y-%m-%d"), day_in(at, &new_york, "%Y%m%d")), ("2026-12-01".to_owned(), "20261130".to_owned()));
        let days = |zone: &TimeZone| days_of_booking(at, zone, "%Y-%m-%d");
        assert_eq!(days(&kinshasa), ("2026-11-30".to_owned(), "2026-12-03".to_owned()));
        assert_eq!(days(&new_york), ("2026-11-29".to_owned(), "2026-12-02".to_owned()));
        // As far apart as clocks are, the shop's day and UTC's are both among them.
        for (hours, at) in [(14, "2026-11-30T10:30:00Z"), (-12, "2026-11-30T11:30:00Z")] {
            let (at, zone) = (moment(at).unwrap(), in_hours(hours));
            let (from, to) = days_of_booking(at, &zone, "%Y-%m-%d");
            for day in [day_in(at, &zone, "%Y-%m-%d"), written(at, "%Y-%m-%d")] {
                assert!(from <= day && day <= to, "{day} by {hours}");
            }
        }
    }

    #[test]
    fn a_parcel_is_refused_for_good_keys_for_now_and_a_carrier_that_falls_over_leaves_it_open() {
        let answered = |status: u16, own: bool| refused(StatusCode::from_u16(status).unwrap(), String::new(), own);
        let kind = |status: u16| answered(status, true);
        assert!(matches!(kind(400), CarrierError::Refused(_)) && matches!(kind(422), CarrierError::Refused(_)));
        assert!(matches!(kind(401), CarrierError::RefusedForNow(_)) && matches!(kind(429), CarrierError::RefusedForNow(_)));
        assert!(matches!(kind(408), CarrierError::Unknown(_)) && matches!(kind(500), CarrierError::Unknown(_)));
        assert!(matches!(kind(502), CarrierError::Unknown(_)) && matches!(kind(504), CarrierError::Unknown(_)));
        assert!(matches!(answered(503, true), CarrierError::RefusedForNow(_)), "the carrier's own word");
        assert!(matches!(answered(503, false), CarrierError::Unknown(_)), "a gateway's");
    }

    /// A carrier that hands out `token-1`, `token-2` and so on, each good for so long as `expires_in` says; its address.
    fn hands_out(expires_in: &'static str) -> String {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for (n, stream) in listener.incoming().enumerate() {
                let mut stream = stream.unwrap();
                let mut read = 0;
                let mut head = [0; 4096];
                while !head[..read].windows(4).any(|end| end == b"\r\n\r\n") {
                    read += stream.read(&mut head[read..]).unwrap();
                }
                let body = format!(r#"{{"access_token": "token-{}", "expires_in": {expires_in}}}"#, n + 1);
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
                stream.write_all((head + &body).as_bytes()).unwrap();
            }
        });
        address
    }

    #[tokio::test]
    async fn a_token_is_asked_for_once_again_shortly_before_it_ends_and_after_it_was_refused() {
        // FedEx says how long a token is good as a number, UPS as text.
        for (expires_in, seconds) in [("3599", 3_599), (r#""14399""#, 14_399)] {
            let (http, address, tokens) = (client().unwrap(), hands_out(expires_in), TokenCache::default());
            let start = Instant::now();
            let after = async |seconds: u64| tokens.token_at(start + Duration::from_secs(seconds), || http.get(&address)).await;
            assert_eq!(after(0).await.as_deref(), Ok("token-1"));
            assert_eq!(tokens.clone().token_at(start, || http.get(&address)).await.as_deref(), Ok("token-1"), "a clone shares it");
            assert_eq!(after(seconds - 121).await.as_deref(), Ok("token-1"));
            assert_eq!(after(seconds - 120).await.as_deref(), Ok("token-2"), "two minutes before it ends");
            assert_eq!(after(seconds).await.as_deref(), Ok("token-2"));
            tokens.forget();
            assert_eq!(after(seconds).await.as_deref(), Ok("token-3"));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_carrier_that_hands_out_no_token_and_says_nothing_keeps_nobody_longer_than_one_call() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let (http, address, tokens) = (client().unwrap(), format!("http://{}", listener.local_addr().unwrap()), TokenCache::default());
        let begun = Instant::now();
        let parcels: Vec<_> = (0..10)
            .map(|_| {
                let (http, address, tokens) = (http.clone(), address.clone(), tokens.clone());
                tokio::spawn(async move { tokens.token(|| http.post(&address)).await })
            })
            .collect();
        for parcel in parcels {
            assert!(matches!(parcel.await.unwrap(), Err(CarrierError::RefusedForNow(_))));
        }
        assert!(begun.elapsed() <= TOKEN_TIMEOUT + Duration::from_secs(1), "{:?}", begun.elapsed());
    }

    #[tokio::test]
    async fn a_token_that_says_no_end_is_used_once() {
        let (http, address, tokens) = (client().unwrap(), hands_out("null"), TokenCache::default());
        let now = Instant::now();
        for n in 1..=2 {
            assert_eq!(tokens.token_at(now, || http.get(&address)).await, Ok(format!("token-{n}")));
        }
    }
}
