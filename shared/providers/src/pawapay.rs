//! Mobile money by pawaPay, Merchant API v2: `POST /v2/refunds`, and what became of refunds and deposits
//! (docs.pawapay.io/v2/api-reference).

use crate::gateway::{AskError, Asked, Gateway, received, unanswered, unreadable};
use crate::said::{Said, classified, reference};
use domain::money::{Currency, Money};
use domain::order::{PaymentOutcome, PaymentReport};
use domain::refund::{PaymentProvider, RefundOutcome, RefundReport};
use domain::time::Timestamp;
use reqwest::{RequestBuilder, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

/// pawaPay, with an account's API token.
#[derive(Clone)]
pub struct PawaPay {
    client: reqwest::Client,
    base_url: String,
    api_token: String,
}

/// A deposit: what its callback says, and what is told of it when asked.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deposit {
    /// Its number, which whoever asked for it has chosen.
    pub deposit_id: String,
    status: String,
    amount: Option<String>,
    currency: Option<String>,
    created: Option<String>,
}

impl Deposit {
    /// What became of it, and when it was asked for. That something of it was given back since pawaPay says nowhere.
    #[must_use]
    pub fn report(&self) -> PaymentReport {
        let made = self.created.as_deref().and_then(|created| created.parse::<jiff::Timestamp>().ok());
        let made = made.and_then(|made| u64::try_from(made.as_millisecond()).ok()).map(Timestamp);
        PaymentReport { made, ..self.outcome().into() }
    }

    fn outcome(&self) -> PaymentOutcome {
        match self.status.as_str() {
            "COMPLETED" => received(money(self.amount.as_deref(), self.currency.as_deref()), &self.deposit_id),
            "FAILED" | "REJECTED" => PaymentOutcome::Failed,
            _ => PaymentOutcome::Pending,
        }
    }
}

/// A refund, likewise. Its statuses are `ACCEPTED`, `ENQUEUED`, `PROCESSING`, `IN_RECONCILIATION`, `COMPLETED` and `FAILED`, and none for
/// one that was rejected, which by all appearance isn't found (docs.pawapay.io/v2/api-reference/refunds/check-refund-status).
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PawaPayRefund {
    /// Its number, which we have chosen.
    pub refund_id: String,
    status: String,
    provider_transaction_id: Option<String>,
    failure_reason: Option<FailureReason>,
}

impl PawaPayRefund {
    /// What became of it.
    #[must_use]
    pub fn report(&self) -> RefundReport {
        let outcome = match self.status.as_str() {
            "COMPLETED" => RefundOutcome::Succeeded,
            "FAILED" | "REJECTED" => RefundOutcome::Failed(said(self.failure_reason.as_ref(), &self.status).for_the_record().to_owned()),
            _ => RefundOutcome::Pending,
        };
        RefundReport { reference: self.provider_transaction_id.as_deref().and_then(reference), outcome }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct FailureReason {
    failure_code: Option<String>,
    failure_message: Option<String>,
}

/// `FOUND` with what was found, or `NOT_FOUND`.
#[derive(Deserialize)]
struct Found<T> {
    status: String,
    data: Option<T>,
}

/// What it says to a request for a refund.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Initiated {
    status: Option<String>,
    failure_reason: Option<FailureReason>,
}

impl PawaPay {
    /// The client follows no redirect: a key goes to the address it is for.
    #[must_use]
    pub const fn new(client: reqwest::Client, base_url: String, api_token: String) -> Self {
        Self { client, base_url, api_token }
    }

    /// A refusal for good, unless an earlier request under the same number was accepted: it may be for that one's sake that this one
    /// is refused, since pawaPay takes one refund of a deposit at a time and none of what is gone
    /// (docs.pawapay.io/v2/docs/refunds, `docs.pawapay.io/v2/docs/failure_codes`).
    async fn unless_accepted(&self, asked: Asked<'_>, refused: AskError) -> Result<RefundReport, AskError> {
        match refused {
            AskError::Refused(_) => self.refund_state(asked).await?.ok_or(refused),
            AskError::RefusedForNow(_) | AskError::Unknown(_) | AskError::Unanswered(_) => Err(refused),
        }
    }

    async fn answer(&self, call: RequestBuilder) -> Result<(StatusCode, Vec<u8>), AskError> {
        let answer = outbound::send(call.bearer_auth(&self.api_token)).await.map_err(|error| unanswered(&error))?;
        let status = answer.status();
        Ok((status, answer.bytes().await.map_err(|error| unanswered(&error))?.to_vec()))
    }

    /// What is there under a number, by `GET`: `FOUND`, or `NOT_FOUND`, both with the status 200.
    async fn found<T: DeserializeOwned>(&self, kind: &str, id: &str) -> Result<Option<T>, AskError> {
        let (status, body) = self.answer(self.client.get(format!("{}/v2/{kind}/{id}", self.base_url))).await?;
        if !status.is_success() {
            return Err(AskError::unknown(status, Said::ours(format!("pawaPay: {status}"))));
        }
        let unknown = |error: &serde_json::Error| AskError::Unknown(unreadable("pawaPay", status, error));
        match serde_json::from_slice::<Found<T>>(&body).map_err(|error| unknown(&error))? {
            Found { status, data: Some(data) } if status == "FOUND" => Ok(Some(data)),
            Found { status, .. } if status == "NOT_FOUND" => Ok(None),
            Found { status: word, .. } => {
                let ours = format!("pawaPay: {}", classified(status, Some(&word)));
                Err(AskError::Unknown(Said::theirs(ours, format!("pawaPay: {status}, and what it says is unknown: {word}"))))
            }
        }
    }
}

impl Gateway for PawaPay {
    const PROVIDER: PaymentProvider = PaymentProvider::PawaPay;

    /// `DUPLICATE_IGNORED` is said of a number that was accepted before (docs.pawapay.io/v2/api-reference/refunds/initiate-refund).
    /// That one which was rejected is free again is concluded from it, and said nowhere; were it not, asking again would be
    /// rejected, and nothing paid twice. So whoever has lost the answer, or finds nothing under the number yet, asks once more
    /// under the same one.
    async fn refund(&self, asked: Asked<'_>) -> Result<RefundReport, AskError> {
        let Asked { refund, key, payment } = asked;
        let body = json!({
            "refundId": key,
            "depositId": payment,
            "amount": plain(refund.amount),
            "currency": refund.amount.currency.code(),
            "metadata": [{ "orderId": refund.order_id.to_string() }, { "refundId": refund.id.to_string() }],
        });
        let (status, body) = self.answer(self.client.post(format!("{}/v2/refunds", self.base_url)).json(&body)).await?;
        let said_so = serde_json::from_slice::<Initiated>(&body).ok();
        let word = said_so.as_ref().and_then(|initiated| initiated.status.as_deref()).unwrap_or_default();
        let reason = said_so.as_ref().and_then(|initiated| initiated.failure_reason.as_ref());
        match (status.as_u16(), word) {
            (200..300, "ACCEPTED") => Ok(RefundReport { reference: None, outcome: RefundOutcome::Pending }),
            // It was asked for before, and has come who knows how far.
            (200..300, "DUPLICATE_IGNORED") => {
                Ok(self.refund_state(asked).await?.unwrap_or(RefundReport { reference: None, outcome: RefundOutcome::Pending }))
            }
            (200..300, "REJECTED") => self.unless_accepted(asked, rejected(reason, status)).await,
            (400 | 404 | 422, _) if code(reason).is_some() => self.unless_accepted(asked, rejected(reason, status)).await,
            // Also whatever a proxy says in its place.
            _ => Err(AskError::unknown(status, said(reason, status.as_str()))),
        }
    }

    async fn refund_state(&self, asked: Asked<'_>) -> Result<Option<RefundReport>, AskError> {
        let found = self.found::<PawaPayRefund>("refunds", asked.key).await?;
        found.map(|refund| is_about(asked.key, &refund.refund_id).map(|()| refund.report())).transpose()
    }

    async fn payment(&self, reference: &str) -> Result<Option<PaymentReport>, AskError> {
        let found = self.found::<Deposit>("deposits", reference).await?;
        found.map(|deposit| is_about(reference, &deposit.deposit_id).map(|()| deposit.report())).transpose()
    }
}

/// Refuses an answer that is about something else than what was asked after.
fn is_about(asked: &str, answered: &str) -> Result<(), AskError> {
    if answered.eq_ignore_ascii_case(asked) { Ok(()) } else { Err(AskError::Unknown("pawaPay: it tells of another".into())) }
}

/// Rejections that pass: the wallet is filled up again, the operator comes back, the refund before is done with. A reason that
/// pawaPay itself doesn't know says nothing of what it did (`docs.pawapay.io/v2/docs/failure_codes`).
fn rejected(reason: Option<&FailureReason>, status: StatusCode) -> AskError {
    let said = said(reason, status.as_str());
    match code(reason) {
        Some("UNKNOWN_ERROR") => AskError::Unknown(said),
        Some("PAWAPAY_WALLET_OUT_OF_FUNDS" | "PROVIDER_TEMPORARILY_UNAVAILABLE" | "REFUND_IN_PROGRESS") => AskError::RefusedForNow(said),
        _ => AskError::Refused(said),
    }
}

fn code(reason: Option<&FailureReason>) -> Option<&str> {
    reason.and_then(|reason| reason.failure_code.as_deref())
}

/// `otherwise` is a status: the answer's, or the refund's.
fn said(reason: Option<&FailureReason>, otherwise: &str) -> Said {
    let ours = format!("pawaPay: {}", classified(otherwise, code(reason)));
    let Some(FailureReason { failure_code, failure_message }) = reason else { return Said::ours(ours) };
    let code = failure_code.as_deref().map(|code| format!(" ({code})")).unwrap_or_default();
    Said::theirs(ours, format!("pawaPay: {}{code}", failure_message.as_deref().unwrap_or(otherwise)))
}

/// `15`, `15.5`: pawaPay takes no zeros at the end of decimals.
fn plain(money: Money) -> String {
    let amount = money.amount();
    if amount.contains('.') { amount.trim_end_matches('0').trim_end_matches('.').to_owned() } else { amount }
}

fn money(amount: Option<&str>, currency: Option<&str>) -> Option<Money> {
    Money::parse(amount?, Currency::parse(currency?)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_texts_without_zeros_at_the_end() {
        let amounts = [(150_00, "150"), (15_50, "15.5"), (15_05, "15.05"), (5, "0.05"), (100_00, "100")];
        for (cents, text) in amounts {
            assert_eq!(plain(Money::usd(cents)), text);
            assert_eq!(money(Some(text), Some("USD")), Some(Money::usd(cents)));
        }
    }
}
