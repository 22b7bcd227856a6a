//! SMS by whom the shop has for it, or by nobody.

use crate::{Accepted, Credential, SendError, Sender, Twilio};
use domain::notification::Notification;

/// Who sends a shop's SMS.
#[derive(Clone)]
pub enum SmsProvider<K> {
    /// Twilio.
    Twilio(Box<Twilio<K>>),
    /// The shop has no provider: every message is refused for good, so that the log says why none was sent and no queue fills up.
    Nobody,
}

impl<K: Credential> Sender for SmsProvider<K> {
    async fn send(&self, message: &Notification) -> Result<Accepted, SendError> {
        match self {
            Self::Twilio(twilio) => twilio.send(message).await,
            Self::Nobody => Err(SendError::Refused("no SMS provider is configured".into())),
        }
    }
}
