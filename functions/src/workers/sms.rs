//! Who sends SMS, by what a worker is told.

use super::{Desk, Key};
use crate::webhooks;
use api::clock::Clock;
use api::config::{ConfigError, Variables, public_url};
use api::secrets::{SecretName, Secrets};
use aws_config::SdkConfig;
use providers::phone::Country;
use providers::{SmsProvider, Twilio, TwilioConfig};
use std::sync::Arc;

const TWILIO: &str = "https://api.twilio.com";

/// Whoever sends SMS.
pub type Sms = SmsProvider<Key>;

impl Desk<Sms> {
    /// As the variables say, with tables and secrets in `sdk`'s region. Nothing is called yet.
    ///
    /// # Errors
    /// [`ConfigError`] for a public address that is none and for what is no time zone.
    pub fn sms(variables: &impl Variables, sdk: &SdkConfig, clock: Clock) -> Result<Self, ConfigError> {
        let secrets = Arc::new(Secrets::given(variables, sdk, &clock));
        Self::read(variables, sdk, clock, sender(variables, &secrets)?)
    }
}

/// Twilio, where the worker was given its token; else nobody.
fn sender(variables: &impl Variables, secrets: &Arc<Secrets>) -> Result<Sms, ConfigError> {
    let config = TwilioConfig {
        account_sid: variables.get("TWILIO_ACCOUNT_SID").unwrap_or_default(),
        from: variables.get("TWILIO_FROM").unwrap_or_default(),
        base_url: variables.get("TWILIO_BASE_URL").unwrap_or_else(|| TWILIO.to_owned()),
        status_callback: public_url(variables)?.map(|url| format!("{url}{}", webhooks::twilio::PATH)),
    };
    if !secrets.has(SecretName::Twilio) {
        return Ok(SmsProvider::Nobody);
    }
    Ok(SmsProvider::Twilio(Box::new(Twilio::new(config, Key::of(secrets, SecretName::Twilio))?)))
}

/// The country that a number without one is of.
///
/// # Errors
/// [`ConfigError`] for what is none.
pub fn shop_country(variables: &impl Variables) -> Result<Country, ConfigError> {
    let Some(code) = variables.get("SHOP_COUNTRY") else { return Ok(Country::DR_CONGO) };
    Country::parse(&code).ok_or_else(|| ConfigError::new("SHOP_COUNTRY", "is no country of ISO 3166-1, such as CD"))
}
