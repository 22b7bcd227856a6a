//! What the functions are told here, by the names under which `template.yaml` tells it.

use crate::emulators::carriers::{DHL_KEYS, FEDEX_KEYS, UPS_KEYS};
use crate::emulators::payments::{PAWAPAY_TOKEN, STRIPE_KEY};
use crate::emulators::sqs::Sqs;
use api::config::Variables;
use std::collections::HashMap;

/// What `infra/tables.yaml` and `infra/queues.yaml` are deployed as here.
pub const PREFIX: &str = "shop-local-";

/// What webhooks in Stripe's name are signed with here.
pub const STRIPE_WEBHOOK_SECRET: &str = "whsec_local";

/// What webhooks in a carrier's name are known by here.
pub const CARRIER_WEBHOOK_SECRET: &str = "local-carrier-secret";

/// What webhooks in Twilio's name are signed with here.
pub const TWILIO_AUTH_TOKEN: &str = "local-token";

/// Where parcels come from here, unless `SHIP_FROM` says otherwise.
const SHIP_FROM: &str = r#"{"name": "Aline Kasongo", "company": "ML Allure", "phone": "+243 81 555 01 00", "street": "12 avenue de la Paix",
    "city": "Kinshasa", "country": "CD"}"#;

/// Everything that the functions are told.
pub struct Told<'a> {
    /// What goes before all else.
    pub own: &'a HashMap<&'static str, String>,
    /// Has the queues.
    pub sqs: &'a Sqs,
    /// Where the API is served, and each of the others.
    pub api: &'a str,
    pub outbox: &'a str,
    pub carriers: &'a str,
    pub labels: &'a str,
    pub payments: &'a str,
}

impl Variables for Told<'_> {
    fn get(&self, name: &'static str) -> Option<String> {
        let told = self.own.get(name).cloned().or_else(|| table_name(name)).or_else(|| self.queue_url(name));
        told.or_else(|| self.place(name)).or_else(|| word(name).map(ToOwned::to_owned)).filter(|value| !value.is_empty())
    }
}

impl Told<'_> {
    /// `EMAIL_QUEUE_URL` is the URL of `shop-local-email`.
    fn queue_url(&self, variable: &str) -> Option<String> {
        Some(self.sqs.url(&format!("{PREFIX}{}", variable.strip_suffix("_QUEUE_URL")?.to_lowercase())))
    }

    /// Where somebody is.
    fn place(&self, variable: &str) -> Option<String> {
        match variable {
            "PUBLIC_URL" => Some(self.api.to_owned()),
            "STRIPE_BASE_URL" | "PAWAPAY_BASE_URL" => Some(self.payments.to_owned()),
            "SES_BASE_URL" | "SENDGRID_BASE_URL" | "TWILIO_BASE_URL" => Some(self.outbox.to_owned()),
            "LABELS_URL" => Some(self.labels.to_owned()),
            "DHL_BASE_URL" => Some(format!("{}/dhl", self.carriers)),
            "FEDEX_BASE_URL" => Some(format!("{}/fedex", self.carriers)),
            "UPS_BASE_URL" => Some(format!("{}/ups", self.carriers)),
            _ => None,
        }
    }
}

/// `ORDERS_TABLE` is `shop-local-orders`.
pub fn table_name(variable: &str) -> Option<String> {
    Some(format!("{PREFIX}{}", variable.strip_suffix("_TABLE")?.to_lowercase()))
}

/// What is the same in every local system. Of a secret the secret itself, as there is nobody to fetch it from.
fn word(variable: &str) -> Option<&'static str> {
    match variable {
        "EMAIL_FROM" => Some("orders@example.com"),
        "TWILIO_ACCOUNT_SID" => Some("AC-local"),
        "TWILIO_FROM" => Some("+243810000000"),
        "SHIP_FROM" => Some(SHIP_FROM),
        "STRIPE_SECRET_KEY" => Some(STRIPE_KEY),
        "PAWAPAY_API_TOKEN" => Some(PAWAPAY_TOKEN),
        "SENDGRID_API_KEY" => Some("SG.local"),
        "TWILIO_AUTH_TOKEN" => Some(TWILIO_AUTH_TOKEN),
        "STRIPE_WEBHOOK_SECRET" => Some(STRIPE_WEBHOOK_SECRET),
        "DHL_WEBHOOK_SECRET" | "FEDEX_WEBHOOK_SECRET" | "UPS_WEBHOOK_SECRET" => Some(CARRIER_WEBHOOK_SECRET),
        "DHL_KEYS" => Some(DHL_KEYS),
        "FEDEX_KEYS" => Some(FEDEX_KEYS),
        "UPS_KEYS" => Some(UPS_KEYS),
        _ => None,
    }
}
