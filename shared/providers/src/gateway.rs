//! Payment providers: who gives money back for the shop, and says whether money has come.

use crate::said::Said;
use domain::money::Money;
use domain::order::{PaymentOutcome, PaymentReport};
use domain::refund::{PaymentProvider, Refund, RefundReport};

/// A refund as its provider is asked for it.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The refund; its last attempt is what is asked for.
    pub refund: &'a Refund,
    /// The key of that attempt.
    pub key: &'a str,
    /// The provider's reference of the payment that it gives back.
    pub payment: &'a str,
}

/// Why a provider gave no answer that says what became of a refund.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// It did nothing and never will.
    #[error("refused: {0}")]
    Refused(Said),
    /// It did nothing; another attempt may work later.
    #[error("refused for now: {0}")]
    RefusedForNow(Said),
    /// Its answer doesn't say: nobody knows, and the same attempt is to be asked after.
    #[error("outcome unknown: {0}")]
    Unknown(Said),
    /// It gives nobody an answer now, or not us: out of reach, out of order, too busy, or our key is refused. Nobody knows either,
    /// and other questions would fare no better.
    #[error("no answer: {0}")]
    Unanswered(Said),
}

impl AskError {
    /// What an answer of this status leaves unknown.
    pub(crate) fn unknown(status: reqwest::StatusCode, said: Said) -> Self {
        match status.as_u16() {
            401 | 403 | 429 | 500.. => Self::Unanswered(said),
            _ => Self::Unknown(said),
        }
    }
}

/// A payment provider.
pub trait Gateway: Send + Sync {
    /// Who.
    const PROVIDER: PaymentProvider;

    /// Asks for a refund. Under the same key it is made once, however often it is asked for.
    fn refund(&self, asked: Asked<'_>) -> impl Future<Output = Result<RefundReport, AskError>> + Send;

    /// What became of a refund; nothing where it was never asked for.
    fn refund_state(&self, asked: Asked<'_>) -> impl Future<Output = Result<Option<RefundReport>, AskError>> + Send;

    /// What became of a payment; nothing where there is no such.
    fn payment(&self, reference: &str) -> impl Future<Output = Result<Option<PaymentReport>, AskError>> + Send;
}

/// Money that has come. What is no amount that we can count marks nothing, and somebody has to look: it is there.
pub fn received(amount: Option<Money>, payment: &str) -> PaymentOutcome {
    amount.map_or_else(
        || {
            tracing::error!(alarm = "payment-mismatch", payment, "money came in a currency or an amount that is none of ours");
            PaymentOutcome::Pending
        },
        PaymentOutcome::Received,
    )
}

/// What to make of an answer that is none of its kind. What a parser says of it has pieces of it.
pub fn unreadable(provider: &str, status: reqwest::StatusCode, error: &serde_json::Error) -> Said {
    let ours = format!("{provider}: {status}, and what it says is unknown");
    Said::theirs(ours.clone(), format!("{ours}: {error}"))
}

/// What to make of a call that was not answered. Even one that never connected is asked for again under the same key.
pub fn unanswered(error: &reqwest::Error) -> AskError {
    AskError::Unanswered(Said::unanswered(error))
}
