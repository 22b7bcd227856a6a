//! Cards by Stripe: `POST /v1/refunds`, and what became of refunds and payments (docs.stripe.com/api).

mod amounts;
mod wire;

use amounts::in_stripe;
pub use wire::{StripeCharge, StripeIntent, StripeRefund};

use crate::gateway::{AskError, Asked, Gateway, unanswered, unreadable};
use crate::said::Said;
use domain::order::PaymentReport;
use domain::refund::{PaymentProvider, RefundReport};
use reqwest::{RequestBuilder, StatusCode};
use serde::de::DeserializeOwned;
use wire::{List, Refusal};

/// The version whose answers are read here, whatever the account's own is.
const VERSION: &str = "2023-08-16";

/// Refunds of one payment that are looked through, a page each.
const MOST_PAGES: usize = 10;

/// Stripe, with an account's secret key.
#[derive(Clone)]
pub struct Stripe {
    client: reqwest::Client,
    base_url: String,
    secret_key: String,
}

impl Stripe {
    /// The client follows no redirect: a key goes to the address it is for.
    #[must_use]
    pub const fn new(client: reqwest::Client, base_url: String, secret_key: String) -> Self {
        Self { client, base_url, secret_key }
    }

    /// Every refund of a payment, ours and others.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn refunds_of(&self, payment: &str) -> Result<Vec<StripeRefund>, AskError> {
        let mut refunds: Vec<StripeRefund> = Vec::new();
        for _ in 0..MOST_PAGES {
            let mut query = vec![(parameter(payment), payment.to_owned()), ("limit", "100".to_owned())];
            query.extend(refunds.last().map(|last| ("starting_after", last.id.clone())));
            let page = self.found::<List<StripeRefund>>(self.client.get(self.url("/v1/refunds")).query(&query)).await?;
            let Some(List { data, has_more }) = page else { break };
            let is_last = !has_more || data.is_empty();
            refunds.extend(data);
            if is_last {
                break;
            }
        }
        Ok(refunds)
    }

    /// A refund as it is now; nothing where there is none of that name.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn refund_now(&self, id: &str) -> Result<Option<StripeRefund>, AskError> {
        self.found(self.client.get(self.url(&format!("/v1/refunds/{id}")))).await
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    /// An answer that is there, or isn't. Only Stripe's own word that it isn't counts: who takes a proxy's 404 for it asks for a
    /// second refund where there is one.
    async fn found<T: DeserializeOwned>(&self, call: RequestBuilder) -> Result<Option<T>, AskError> {
        match self.answer(call).await? {
            Ok(found) => Ok(Some(found)),
            Err((StatusCode::NOT_FOUND, refusal)) if refusal.kind.is_some() => Ok(None),
            Err((status, refusal)) => Err(AskError::unknown(status, refusal.said(status))),
        }
    }

    async fn answer<T: DeserializeOwned>(&self, call: RequestBuilder) -> Result<Result<T, (StatusCode, Refusal)>, AskError> {
        let answer = outbound::send(call.bearer_auth(&self.secret_key).header("Stripe-Version", VERSION)).await;
        let answer = answer.map_err(|error| unanswered(&error))?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(|error| unanswered(&error))?;
        if !status.is_success() {
            return Ok(Err((status, Refusal::read(&body))));
        }
        serde_json::from_slice(&body).map(Ok).map_err(|error| AskError::Unknown(unreadable("Stripe", status, &error)))
    }

    /// Stripe has no second request under one key, so one that says it was made already is looked for.
    async fn made_before(&self, asked: Asked<'_>, otherwise: AskError) -> Result<RefundReport, AskError> {
        self.refund_state(asked).await?.ok_or(otherwise)
    }
}

/// How a payment is named in a request.
fn parameter(payment: &str) -> &'static str {
    if payment.starts_with("pi_") { "payment_intent" } else { "charge" }
}

impl Gateway for Stripe {
    const PROVIDER: PaymentProvider = PaymentProvider::Stripe;

    async fn refund(&self, asked: Asked<'_>) -> Result<RefundReport, AskError> {
        let Asked { refund, key, payment } = asked;
        let amount = in_stripe(refund.amount).ok_or_else(|| {
            AskError::Refused(Said::ours(format!("Stripe can't give back {}: its smallest unit is larger", refund.amount)))
        })?;
        let form = [
            (parameter(payment), payment.to_owned()),
            ("amount", amount.to_string()),
            ("metadata[refund_id]", refund.id.to_string()),
            ("metadata[attempt]", refund.attempts.to_string()),
            ("metadata[order_id]", refund.order_id.to_string()),
        ];
        let call = self.client.post(self.url("/v1/refunds")).header("Idempotency-Key", key).form(&form);
        let (status, refusal) = match self.answer::<StripeRefund>(call).await? {
            Ok(made) => return Ok(made.report()),
            Err(refused) => refused,
        };
        let said = refusal.said(status);
        match refused(status, &refusal) {
            Refused::ForGood => Err(AskError::Refused(said)),
            Refused::ForNow => Err(AskError::RefusedForNow(said)),
            Refused::NotLookedAt => Err(AskError::unknown(status, said)),
            Refused::AlreadyRefunded => self.made_before(asked, AskError::Refused(said)).await,
            Refused::KeyUsedOtherwise => self.made_before(asked, AskError::RefusedForNow(said)).await,
        }
    }

    async fn refund_state(&self, asked: Asked<'_>) -> Result<Option<RefundReport>, AskError> {
        let Asked { refund, payment, .. } = asked;
        let known = refund.attempt.as_ref().and_then(|attempt| attempt.reference.as_deref());
        if let Some(id) = known {
            return Ok(self.refund_now(id).await?.map(|made| made.report()));
        }
        let all = self.refunds_of(payment).await?;
        Ok(all.iter().find(|made| made.is_of(refund.id, refund.attempts)).map(StripeRefund::report))
    }

    async fn payment(&self, reference: &str) -> Result<Option<PaymentReport>, AskError> {
        if reference.starts_with("pi_") {
            let call = self.client.get(self.url(&format!("/v1/payment_intents/{reference}")));
            let call = call.query(&[("expand[]", "latest_charge")]);
            return Ok(self.found::<StripeIntent>(call).await?.map(|intent| intent.report()));
        }
        let call = self.client.get(self.url(&format!("/v1/charges/{reference}")));
        Ok(self.found::<StripeCharge>(call).await?.map(|charge| charge.report()))
    }
}

/// What a refusal means for the refund that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refused {
    ForGood,
    ForNow,
    NotLookedAt,
    AlreadyRefunded,
    KeyUsedOtherwise,
}

/// Stripe's errors (docs.stripe.com/api/errors, docs.stripe.com/error-codes), by status, `type` and `code`. What Stripe looked
/// at and refused is also its answer to the same key for a day; what it did not look at (a rate limit, a lock) isn't. Without a
/// `type` that is known to be final it is no refusal: a proxy may have said it, and who knows what Stripe did.
fn refused(status: StatusCode, refusal: &Refusal) -> Refused {
    let (kind, code) = (refusal.kind.as_deref().unwrap_or_default(), refusal.code.as_deref().unwrap_or_default());
    match (status.as_u16(), kind, code) {
        (401 | 403 | 408 | 409 | 425 | 429, ..) | (_, "", _) | (_, _, "idempotency_key_in_use" | "lock_timeout" | "rate_limit") => {
            Refused::NotLookedAt
        }
        (400..500, "idempotency_error", _) => Refused::KeyUsedOtherwise,
        (400..500, _, "charge_already_refunded") => Refused::AlreadyRefunded,
        (400..500, _, "balance_insufficient" | "insufficient_funds") => Refused::ForNow,
        (400..500, "invalid_request_error" | "card_error", _) => Refused::ForGood,
        _ => Refused::NotLookedAt,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(status: u16, kind: &str, code: &str) -> Refused {
        let body = serde_json::json!({ "error": { "type": kind, "code": code, "message": "No" } }).to_string();
        refused(StatusCode::from_u16(status).unwrap(), &Refusal::read(body.as_bytes()))
    }

    #[test]
    fn errors_are_told_apart_by_type_and_code() {
        for (status, kind, code, meant) in [
            (400, "invalid_request_error", "charge_already_refunded", Refused::AlreadyRefunded),
            (400, "invalid_request_error", "balance_insufficient", Refused::ForNow),
            (400, "idempotency_error", "", Refused::KeyUsedOtherwise),
            (409, "idempotency_error", "idempotency_key_in_use", Refused::NotLookedAt),
            (429, "invalid_request_error", "lock_timeout", Refused::NotLookedAt),
            (429, "invalid_request_error", "rate_limit", Refused::NotLookedAt),
            (401, "invalid_request_error", "", Refused::NotLookedAt),
            (403, "invalid_request_error", "", Refused::NotLookedAt),
            (408, "invalid_request_error", "", Refused::NotLookedAt),
            (409, "invalid_request_error", "", Refused::NotLookedAt),
            (425, "invalid_request_error", "", Refused::NotLookedAt),
            (500, "api_error", "", Refused::NotLookedAt),
            (400, "api_error", "", Refused::NotLookedAt),
            (307, "invalid_request_error", "", Refused::NotLookedAt),
            (400, "a_type_of_tomorrow", "", Refused::NotLookedAt),
            (404, "invalid_request_error", "resource_missing", Refused::ForGood),
            (400, "invalid_request_error", "", Refused::ForGood),
            (402, "card_error", "charge_disputed", Refused::ForGood),
        ] {
            assert_eq!(refusal(status, kind, code), meant, "{status} {kind} {code}");
        }
    }

    #[test]
    fn what_is_not_in_stripe_s_own_form_is_no_refusal_whatever_its_status() {
        let bodies: [&[u8]; 6] = [
            b"",
            b"<html>",
            b"{}",
            br#"{"error":"Bad"}"#,
            br#"{"error":{"message":"No"}}"#,
            br#"{"error":{"code":"charge_already_refunded"}}"#,
        ];
        for status in (300..600).filter_map(|status| StatusCode::from_u16(status).ok()) {
            for body in bodies {
                let said = String::from_utf8_lossy(body);
                assert_eq!(refused(status, &Refusal::read(body)), Refused::NotLookedAt, "{status} {said}");
            }
        }
    }
}
