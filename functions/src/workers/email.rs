//! Who sends e-mail, in which order, by what a worker is told.

use super::{Desk, Key};
use api::clock::Clock;
use api::config::{ConfigError, Variables, required, shop_name};
use api::secrets::{SecretName, Secrets};
use aws_config::SdkConfig;
use domain::notification::NotificationProvider;
use providers::{EmailProvider, InOrder, SendGrid, SendGridConfig, Ses, in_order};
use std::sync::Arc;

const SEND_GRID: &str = "https://api.sendgrid.com";

/// Everybody who may send e-mail.
pub type Email = InOrder<EmailProvider<Key>>;

impl Desk<Email> {
    /// As the variables say, with tables and secrets in `sdk`'s region and SES in `ses`'s. Nothing is called yet.
    ///
    /// # Errors
    /// [`ConfigError`] without `EMAIL_FROM`, for an order of providers that makes no sense and for what is no time zone.
    pub fn email(variables: &impl Variables, sdk: &SdkConfig, ses: &SdkConfig, clock: Clock) -> Result<Self, ConfigError> {
        let secrets = Arc::new(Secrets::given(variables, sdk, &clock));
        Self::read(variables, sdk, clock, senders(variables, ses, &secrets)?)
    }
}

/// Those whom the variables name, one after the other; SES alone where they name nobody.
fn senders(variables: &impl Variables, ses: &SdkConfig, secrets: &Arc<Secrets>) -> Result<Email, ConfigError> {
    let order = variables.get("EMAIL_PROVIDERS").map_or_else(|| Ok(vec![NotificationProvider::Ses]), |list| in_order(&list));
    let (from_name, from, reply_to) = (shop_name(variables), required(variables, "EMAIL_FROM")?, variables.get("EMAIL_REPLY_TO"));
    let mut providers = Vec::new();
    for name in order.map_err(|why| ConfigError::new("EMAIL_PROVIDERS", why))? {
        let provider = if name == NotificationProvider::SendGrid {
            let base_url = variables.get("SENDGRID_BASE_URL").unwrap_or_else(|| SEND_GRID.to_owned());
            let config = SendGridConfig { from_name: from_name.clone(), from: from.clone(), reply_to: reply_to.clone(), base_url };
            EmailProvider::SendGrid(Box::new(SendGrid::new(config, Key::of(secrets, SecretName::SendGrid))?))
        } else {
            let ses = Ses::new(ses, &from_name, &from, reply_to.clone());
            EmailProvider::Ses(Box::new(ses.reporting(variables.get("SES_CONFIGURATION_SET"))))
        };
        providers.push((name, provider));
    }
    Ok(InOrder::new(providers))
}
