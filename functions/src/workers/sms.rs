//! Who sends SMS, by what a worker is told.

use super::Key;
use api::secrets::{SecretName, Secrets};
use outbound::ClientError;
use providers::{SmsProvider, Twilio, TwilioConfig};
use std::sync::Arc;

/// Whoever sends SMS.
pub type Sms = SmsProvider<Key>;

/// Twilio, where the worker was given its token; else nobody. Nothing is fetched yet.
///
/// # Errors
/// When an HTTP client can't be made.
pub fn sms(config: TwilioConfig, secrets: &Arc<Secrets>) -> Result<Sms, ClientError> {
    if !secrets.has(SecretName::Twilio) {
        return Ok(SmsProvider::Nobody);
    }
    Ok(SmsProvider::Twilio(Box::new(Twilio::new(config, Key::of(secrets, SecretName::Twilio))?)))
}
