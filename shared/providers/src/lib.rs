//! One module for each outside service, each behind the small trait its worker uses.

pub mod carriers;
mod gateway;
mod no_sms;
mod pawapay;
pub mod phone;
mod ses;
mod stripe;
mod twilio;

pub use gateway::{AskError, Asked, Gateway};
pub use no_sms::NoSms;
pub use pawapay::{Deposit, PawaPay, PawaPayRefund};
pub use ses::Ses;
pub use stripe::{Stripe, StripeCharge, StripeIntent, StripeRefund};
pub use twilio::{Twilio, TwilioConfig};

use domain::notification::{Notification, NotificationProvider};

/// Why a message was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// It never will be: the address or the message itself is refused.
    #[error("refused: {0}")]
    Refused(String),
    /// It was not taken now and may be later: throttled, out of order, or never reached.
    #[error("refused for now: {0}")]
    RefusedForNow(String),
    /// Nobody knows: it was handed over and nothing came back.
    #[error("outcome unknown: {0}")]
    Unknown(String),
}

/// Somebody who sends messages on one channel.
pub trait Sender: Send + Sync {
    /// Who.
    const PROVIDER: NotificationProvider;

    /// Hands one message over, once: never tried again in here. Gives the provider's own id of it.
    fn send(&self, message: &Notification) -> impl Future<Output = Result<String, SendError>> + Send;
}

/// Whether a provider fell over (500), or a gateway before it did (502, 504): nobody knows whether it took the message.
/// 503 is none of them: it says that the request was not taken up.
const fn fell_over(status: u16) -> bool {
    matches!(status, 500 | 502 | 504)
}
