//! Who sends e-mail, in which order, by what a worker is told.

use super::Key;
use api::config::{ConfigError, Variables};
use api::secrets::{SecretName, Secrets};
use aws_config::SdkConfig;
use domain::notification::NotificationProvider;
use outbound::ClientError;
use providers::{EmailProvider, InOrder, SendGrid, SendGridConfig, Ses, in_order};
use std::sync::Arc;

const SEND_GRID: &str = "https://api.sendgrid.com";

/// Everybody who may send e-mail.
pub type Email = InOrder<EmailProvider<Key>>;

/// How the shop sends e-mail.
#[derive(Clone)]
pub struct EmailConfig {
    /// Whom it asks, one after the other.
    pub order: Vec<NotificationProvider>,
    /// The shop's name.
    pub shop_name: String,
    /// Its address.
    pub from: String,
    /// Where answers go.
    pub reply_to: Option<String>,
    /// SES's configuration set, which says where its events go.
    pub configuration_set: Option<String>,
    /// SendGrid's address.
    pub send_grid_url: String,
}

impl EmailConfig {
    /// As the variables say; SES alone where they name nobody.
    ///
    /// # Errors
    /// For an order of providers that makes no sense.
    pub fn read(variables: &impl Variables, shop_name: String, from: String) -> Result<Self, ConfigError> {
        let order = variables.get("EMAIL_PROVIDERS").map_or_else(|| Ok(vec![NotificationProvider::Ses]), |list| in_order(&list));
        Ok(Self {
            order: order.map_err(|why| ConfigError::new("EMAIL_PROVIDERS", why))?,
            shop_name,
            from,
            reply_to: variables.get("EMAIL_REPLY_TO"),
            configuration_set: variables.get("SES_CONFIGURATION_SET"),
            send_grid_url: variables.get("SENDGRID_BASE_URL").unwrap_or_else(|| SEND_GRID.to_owned()),
        })
    }
}

/// Those who are configured; SES in `sdk`'s region. Nothing is fetched yet.
///
/// # Errors
/// When an HTTP client can't be made.
pub fn email(config: EmailConfig, sdk: &SdkConfig, secrets: &Arc<Secrets>) -> Result<Email, ClientError> {
    let EmailConfig { order, shop_name, from, reply_to, configuration_set, send_grid_url } = config;
    let mut providers = Vec::new();
    for name in order {
        let provider = if name == NotificationProvider::SendGrid {
            let (from_name, base_url) = (shop_name.clone(), send_grid_url.clone());
            let config = SendGridConfig { from_name, from: from.clone(), reply_to: reply_to.clone(), base_url };
            EmailProvider::SendGrid(Box::new(SendGrid::new(config, Key::of(secrets, SecretName::SendGrid))?))
        } else {
            let ses = Ses::new(sdk, &shop_name, &from, reply_to.clone());
            EmailProvider::Ses(Box::new(ses.reporting(configuration_set.clone())))
        };
        providers.push((name, provider));
    }
    Ok(InOrder::new(providers))
}
