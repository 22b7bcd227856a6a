//! Stripe's objects, as far as they are looked at; its API and its webhooks write them the same way.

use super::amounts::from_stripe;
use crate::gateway::received;
use crate::said::{Said, capped, classified, reference};
use domain::ids::RefundId;
use domain::order::{PaymentOutcome, PaymentReport};
use domain::refund::{ProviderRefund, RefundOutcome, RefundReport};
use domain::time::Timestamp;
use reqwest::StatusCode;
use serde::Deserialize;
use std::collections::HashMap;

/// A refund (docs.stripe.com/api/refunds/object).
#[derive(Clone, Debug, Deserialize)]
pub struct StripeRefund {
    /// `re_…`
    pub id: String,
    amount: i64,
    currency: String,
    status: Option<String>,
    failure_reason: Option<String>,
    /// The payment it gives back.
    payment_intent: Option<String>,
    /// Likewise.
    charge: Option<String>,
    /// `null` where it has none, by Stripe's specification.
    metadata: Option<HashMap<String, String>>,
}

impl StripeRefund {
    /// All that it says.
    #[must_use]
    pub fn provider_refund(&self) -> ProviderRefund {
        ProviderRefund {
            name: self.id.clone(),
            payments: [&self.payment_intent, &self.charge].into_iter().flatten().cloned().collect(),
            amount: from_stripe(self.amount, &self.currency),
            ours: self.ours(),
            report: self.report(),
        }
    }

    /// The refund of ours that it carries out, and the attempt.
    fn ours(&self) -> Option<(RefundId, u32)> {
        let metadata = self.metadata.as_ref()?;
        let id = metadata.get("refund_id")?.parse().ok().and_then(RefundId::new)?;
        Some((id, metadata.get("attempt")?.parse().ok()?))
    }

    pub(super) fn is_of(&self, refund: RefundId, attempt: u32) -> bool {
        self.ours() == Some((refund, attempt))
    }

    /// What became of it. A status that nobody knew when this was written is looked at again later.
    #[must_use]
    pub fn report(&self) -> RefundReport {
        let outcome = match self.status.as_deref() {
            Some("succeeded") => RefundOutcome::Succeeded,
            Some("failed") => RefundOutcome::Failed(capped(&format!("Stripe: {}", self.failure_reason.as_deref().unwrap_or("unknown")))),
            Some("canceled") => RefundOutcome::Failed("Stripe: canceled".to_owned()),
            _ => RefundOutcome::Pending,
        };
        RefundReport { reference: reference(&self.id), outcome }
    }
}

/// A payment (`docs.stripe.com/api/payment_intents/object`).
#[derive(Clone, Debug, Deserialize)]
pub struct StripeIntent {
    /// `pi_…`
    pub id: String,
    status: String,
    #[serde(default)]
    amount_received: i64,
    currency: String,
    last_payment_error: Option<serde_json::Value>,
    created: Option<u64>,
    /// Its last attempt: the charge that brought the money, once there is any.
    latest_charge: Option<LatestCharge>,
}

/// Stripe writes it whole where that was asked for (`docs.stripe.com/api/expanding_objects`).
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum LatestCharge {
    Name(String),
    Whole { id: String, created: Option<u64>, amount_refunded: Option<i64> },
}

impl StripeIntent {
    /// What became of it.
    #[must_use]
    pub fn outcome(&self) -> PaymentOutcome {
        match self.status.as_str() {
            "succeeded" => received(from_stripe(self.amount_received, &self.currency), &self.id),
            "canceled" => PaymentOutcome::Failed,
            "requires_payment_method" if self.last_payment_error.is_some() => PaymentOutcome::Failed,
            _ => PaymentOutcome::Pending,
        }
    }

    /// The same, with the charge that it was paid by. That has the time of the payment: an intent may be paid long after it was made.
    #[must_use]
    pub fn report(&self) -> PaymentReport {
        let (alias, charged, refunded) = match &self.latest_charge {
            Some(LatestCharge::Whole { id, created, amount_refunded }) => (Some(id.clone()), *created, *amount_refunded),
            Some(LatestCharge::Name(id)) => (Some(id.clone()), None, None),
            None => (None, None, None),
        };
        PaymentReport { outcome: self.outcome(), alias, made: charged.or(self.created).map(at), is_whole: refunded == Some(0) }
    }
}

/// A charge (docs.stripe.com/api/charges/object).
#[derive(Clone, Debug, Deserialize)]
pub struct StripeCharge {
    /// `ch_…`
    pub id: String,
    status: String,
    #[serde(default)]
    captured: bool,
    #[serde(default)]
    amount_captured: i64,
    currency: String,
    created: Option<u64>,
    amount_refunded: Option<i64>,
    /// The payment it belongs to.
    pub payment_intent: Option<String>,
    /// Its refunds, where the account's version of the API still has them in it.
    refunds: Option<List<StripeRefund>>,
}

impl StripeCharge {
    /// What became of it.
    #[must_use]
    pub fn outcome(&self) -> PaymentOutcome {
        match self.status.as_str() {
            "succeeded" if self.captured => received(from_stripe(self.amount_captured, &self.currency), &self.id),
            "failed" => PaymentOutcome::Failed,
            _ => PaymentOutcome::Pending,
        }
    }

    /// The same, with the payment it belongs to.
    #[must_use]
    pub fn report(&self) -> PaymentReport {
        let (made, is_whole) = (self.created.map(at), self.amount_refunded == Some(0));
        PaymentReport { outcome: self.outcome(), alias: self.payment_intent.clone(), made, is_whole }
    }

    /// Its refunds, where it has them all in it.
    #[must_use]
    pub fn refunds(&self) -> Option<&[StripeRefund]> {
        self.refunds.as_ref().filter(|refunds| !refunds.has_more).map(|refunds| refunds.data.as_slice())
    }
}

/// Stripe's times are in seconds.
const fn at(seconds: u64) -> Timestamp {
    Timestamp(seconds.saturating_mul(1_000))
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct List<T> {
    pub data: Vec<T>,
    #[serde(default)]
    pub has_more: bool,
}

/// What Stripe says instead of an answer.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Refusal {
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub code: Option<String>,
    message: Option<String>,
}

impl Refusal {
    pub fn read(body: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct Body {
            error: Refusal,
        }
        serde_json::from_slice::<Body>(body).map(|body| body.error).unwrap_or_default()
    }

    pub fn said(&self, status: StatusCode) -> Said {
        let code = self.code.as_deref().or(self.kind.as_deref());
        let in_brackets = code.map(|code| format!(" ({code})")).unwrap_or_default();
        let theirs = format!("Stripe: {}{in_brackets}", self.message.clone().unwrap_or_else(|| status.to_string()));
        Said::theirs(format!("Stripe: {}", classified(status, code)), theirs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refund(status: &str) -> RefundOutcome {
        let body =
            serde_json::json!({ "id": "re_1", "amount": 1, "currency": "usd", "status": status, "failure_reason": "lost_or_stolen_card" });
        serde_json::from_value::<StripeRefund>(body).unwrap().report().outcome
    }

    #[test]
    fn five_statuses_are_three_outcomes() {
        assert_eq!(refund("succeeded"), RefundOutcome::Succeeded);
        assert_eq!(
            (refund("pending"), refund("requires_action"), refund("new_one")),
            (RefundOutcome::Pending, RefundOutcome::Pending, RefundOutcome::Pending)
        );
        assert_eq!(refund("failed"), RefundOutcome::Failed("Stripe: lost_or_stolen_card".to_owned()));
        assert_eq!(refund("canceled"), RefundOutcome::Failed("Stripe: canceled".to_owned()));
    }

    #[test]
    fn a_refund_without_metadata_is_none_of_ours() {
        let plain = serde_json::json!({ "id": "re_1", "amount": 1, "currency": "usd", "status": "succeeded" });
        let with = |metadata: serde_json::Value| {
            let mut body = plain.clone();
            body["metadata"] = metadata;
            serde_json::from_value::<StripeRefund>(body).unwrap().ours()
        };
        assert_eq!(serde_json::from_value::<StripeRefund>(plain.clone()).unwrap().ours(), None);
        assert_eq!((with(serde_json::Value::Null), with(serde_json::json!({}))), (None, None));
        assert_eq!(with(serde_json::json!({ "refund_id": "7", "attempt": "2" })), RefundId::new(7).map(|id| (id, 2)));
    }
}
