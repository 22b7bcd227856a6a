//! One module for each outside service, each behind the small trait its worker uses.

pub mod carriers;
mod failover;
mod gateway;
mod pawapay;
pub mod phone;
mod said;
mod send_grid;
mod ses;
mod sms;
mod stripe;
mod twilio;

pub use failover::{EmailProvider, InOrder, in_order};
pub use gateway::{AskError, Asked, Gateway};
pub use pawapay::{Deposit, PawaPay, PawaPayRefund};
pub use said::{Said, as_code, capped, reference};
pub use send_grid::{SendGrid, SendGridConfig};
pub use ses::Ses;
pub use sms::SmsProvider;
pub use stripe::{Stripe, StripeCharge, StripeIntent, StripeRefund};
pub use twilio::{Twilio, TwilioConfig};

use domain::notification::{Notification, NotificationProvider};
use outbound::ClientError;
use std::sync::Arc;

/// Why a message was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// It never will be: the address or the message itself is refused.
    #[error("refused: {0}")]
    Refused(Said),
    /// It was not taken now and may be later: throttled, out of order, or never reached.
    #[error("refused for now: {0}")]
    RefusedForNow(Said),
    /// Nobody knows: it was handed over and nothing came back.
    #[error("outcome unknown: {0}")]
    Unknown(Said),
}

/// A message that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// By whom.
    pub provider: NotificationProvider,
    /// Their own id of it, where they said one.
    pub id: Option<String>,
}

/// Somebody who sends messages on one channel.
pub trait Sender: Send + Sync {
    /// Hands one message over, once: never tried again in here.
    fn send(&self, message: &Notification) -> impl Future<Output = Result<Accepted, SendError>> + Send;
}

/// What a provider knows us by, fetched when it is first asked for: one that is never asked needs none.
pub trait Credential: Clone + Send + Sync {
    /// The key itself, or why it can't be had now.
    fn value(&self) -> impl Future<Output = Result<Arc<str>, String>> + Send;
}

/// Whether a provider fell over (500), or a gateway before it did (502, 504, Cloudflare's own from 520 on): nobody knows whether it
/// took the message, as after any other 5xx. 503 alone is none of them: it says that the request was not taken up.
const fn fell_over(status: u16) -> bool {
    status >= 500 && status != 503
}

/// What a request that got no answer has come to: one that never left can't have been taken.
fn unanswered(error: &reqwest::Error) -> SendError {
    let said = Said::unanswered(error);
    if said::never_left(error) { SendError::RefusedForNow(said) } else { SendError::Unknown(said) }
}

/// A client that messages are sent with: it waits for nobody long.
///
/// # Errors
/// When it can't be made.
pub fn client() -> Result<reqwest::Client, ClientError> {
    outbound::client(TIMEOUT, CONNECT_TIMEOUT)
}

/// The longest that a provider may take. Two of them, one after the other, fit into what a worker has.
const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(8);
const CONNECT_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(3);
