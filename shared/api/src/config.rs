//! What a function is told by its environment, read once and checked at start.

use crate::logo::Logo;
use domain::message::Locale;
use domain::money::{Currency, Money};
use domain::order::DeliveryFees;
use domain::returns::ReturnPolicy;
use domain::time::{Day, Timestamp};
use jiff::Span;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use outbound::ClientError;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

/// The least a shared secret must have: HS256's own output (RFC 7518, section 3.2).
const SECRET_BYTES: usize = 32;

/// What the local environment signs its tokens with. It stands here for everybody to read, so nothing else may trust it.
pub const LOCAL_SECRET: &str = "local-secret-of-at-least-thirty-two-bytes";

const STRIPE: &str = "https://api.stripe.com";
const PAWAPAY: &str = "https://api.pawapay.io";

/// A variable that is missing or makes no sense.
#[derive(Debug, thiserror::Error)]
#[error("{variable}: {reason}")]
pub struct ConfigError {
    /// Its name.
    pub variable: &'static str,
    /// What is wrong with it.
    pub reason: String,
}

impl ConfigError {
    /// A variable, and what is wrong with it.
    pub fn new(variable: &'static str, reason: impl Into<String>) -> Self {
        Self { variable, reason: reason.into() }
    }
}

/// What everybody but AWS is called with can't be made of the roots that it is to trust.
impl From<ClientError> for ConfigError {
    fn from(error: ClientError) -> Self {
        Self::new("SSL_CERT_FILE", error.to_string())
    }
}

/// A secret: given, or to be fetched.
#[derive(Clone)]
pub enum Secret {
    /// Given in the environment.
    Plain(String),
    /// One of Secrets Manager.
    Arn {
        /// The variable that names it.
        variable: &'static str,
        /// Its ARN.
        arn: String,
    },
}

/// How tokens are verified.
#[derive(Clone, Default)]
pub struct TokenConfig {
    /// For HS256.
    pub secret: Option<Secret>,
    /// A PEM public key, for RS256 or ES256.
    pub public_key: Option<String>,
    /// Where public keys are published.
    pub jwks_url: Option<String>,
    /// `iss`, when it is to be checked.
    pub issuer: Option<String>,
    /// `aud`, when it is to be checked.
    pub audience: Option<String>,
}

/// What the shop has decided.
#[derive(Clone)]
pub struct ShopConfig {
    /// The shop's name, as customers know it.
    pub name: String,
    /// What its pages show beside the name.
    pub logo: Option<Logo>,
    /// Where it is, a line each; none when it doesn't say.
    pub address: Vec<String>,
    /// The currency of amounts that don't name one.
    pub currency: Currency,
    /// The language of customers who don't name one.
    pub locale: Locale,
    /// Where its days begin.
    pub timezone: TimeZone,
    /// Its delivery fees.
    pub delivery_fees: DeliveryFees,
    /// After how many hours an order that nobody paid is cancelled.
    pub unpaid_order_hours: u64,
    /// Where other systems find its API, without a slash at the end.
    pub public_url: Option<String>,
    /// What it takes back, and until when.
    pub returns: ReturnPolicy,
    /// Where Stripe's API is.
    pub stripe_url: String,
    /// Where pawaPay's API is.
    pub pawapay_url: String,
    /// What pawaPay signs its callbacks with, as PEM; without it they are believed only after asking.
    pub pawapay_public_key: Option<String>,
    /// What SendGrid signs its webhooks with: a P-256 public key, as SendGrid writes it (base64 of its DER).
    pub send_grid_webhook_key: Option<String>,
    /// The SNS topic that SES tells its events on.
    pub ses_topic: Option<String>,
    /// Where SNS is, when it is an emulator.
    pub sns_url: Option<String>,
}

impl ShopConfig {
    /// The calendar day of a point in time, where the shop is.
    #[must_use]
    pub fn day(&self, at: Timestamp) -> Day {
        let date = self.local_time(at).date();
        Day::new(date.year(), date.month(), date.day())
    }

    /// Where the calendar day is over, where the shop is, that comes so many days after the one of a point in time.
    #[must_use]
    pub fn end_of_day(&self, from: Timestamp, days: u64) -> Timestamp {
        let days = i64::try_from(days).ok().and_then(|days| Span::new().try_days(days.checked_add(1)?).ok());
        let next = days.and_then(|days| self.local_time(from).date().checked_add(days).ok());
        let end = next.and_then(|next| self.timezone.to_timestamp(next.at(0, 0, 0, 0)).ok());
        let end = end.and_then(|end| u64::try_from(end.as_millisecond()).ok());
        // Where a calendar ends, in some thousand years.
        end.map_or(Timestamp(u64::MAX), Timestamp)
    }

    /// Date and time of day of a point in time, where the shop is.
    #[must_use]
    pub fn local_time(&self, at: Timestamp) -> DateTime {
        local_time(&self.timezone, at)
    }
}

/// Date and time of day of a point in time, in this time zone.
#[must_use]
pub fn local_time(timezone: &TimeZone, at: Timestamp) -> DateTime {
    let at = i64::try_from(at.0).ok().and_then(|millis| jiff::Timestamp::from_millisecond(millis).ok()).unwrap_or_default();
    timezone.to_datetime(at)
}

/// Where variables come from: the environment, or a test.
pub trait Variables {
    /// A variable's value; an empty one counts as unset.
    fn get(&self, name: &'static str) -> Option<String>;
}

/// The process's environment.
pub struct Environment;

impl Variables for Environment {
    fn get(&self, name: &'static str) -> Option<String> {
        std::env::var(name).ok().filter(|value| !value.is_empty())
    }
}

impl<F: Fn(&'static str) -> Option<String>> Variables for F {
    fn get(&self, name: &'static str) -> Option<String> {
        self(name).filter(|value| !value.is_empty())
    }
}

/// A variable that must be there.
///
/// # Errors
/// [`ConfigError`] when it isn't.
pub fn required(variables: &impl Variables, name: &'static str) -> Result<String, ConfigError> {
    variables.get(name).ok_or_else(|| ConfigError::new(name, "is not set"))
}

/// So many of something, from one to `most`; the default where the variable isn't set.
///
/// # Errors
/// [`ConfigError`] for anything else.
pub fn whole_number<T>(variables: &impl Variables, name: &'static str, unit: &str, most: T, default: T) -> Result<T, ConfigError>
where
    T: Copy + FromStr + PartialOrd + Display + From<u8>,
{
    let Some(given) = variables.get(name) else { return Ok(default) };
    let given = given.parse().ok().filter(|given| *given >= T::from(1) && *given <= most);
    given.ok_or_else(|| ConfigError::new(name, format!("is no number of {unit} from 1 to {most}")))
}

/// A secret by its own name, or by the name of the variable with its ARN.
#[must_use]
pub fn secret(variables: &impl Variables, plain: &'static str, arn: &'static str) -> Option<Secret> {
    variables.get(plain).map(Secret::Plain).or_else(|| variables.get(arn).map(|name| Secret::Arn { variable: arn, arn: name }))
}

/// Whether tokens may be verified with a shared secret.
///
/// # Errors
/// Why not, in words that don't tell it.
pub fn trusted(secret: &str) -> Result<(), String> {
    match secret.len() {
        _ if secret == LOCAL_SECRET => Err("is the one of the local environment, which everybody knows".to_owned()),
        short @ ..SECRET_BYTES => Err(format!("has {short} of the {SECRET_BYTES} bytes that are the least")),
        _ => Ok(()),
    }
}

impl TokenConfig {
    /// As a function has it that may do without: nothing where it is given none of what tokens are verified with, since nobody needs
    /// one there.
    ///
    /// # Errors
    /// [`ConfigError`] when the shared secret is one that can be guessed.
    pub fn given(variables: &impl Variables) -> Result<Option<Self>, ConfigError> {
        let config = Self {
            secret: secret(variables, "JWT_SECRET", "JWT_SECRET_ARN"),
            public_key: variables.get("JWT_PUBLIC_KEY"),
            jwks_url: variables.get("JWT_JWKS_URL"),
            issuer: variables.get("JWT_ISSUER"),
            audience: variables.get("JWT_AUDIENCE"),
        };
        if let Some(Secret::Plain(plain)) = &config.secret {
            trusted(plain).map_err(|why| ConfigError::new("JWT_SECRET", why))?;
        }
        let verifies = config.secret.is_some() || config.public_key.is_some() || config.jwks_url.is_some();
        Ok(verifies.then_some(config))
    }

    /// As the local environment has it, where tokens are always verified.
    ///
    /// # Errors
    /// [`ConfigError`] when the shared secret is one that can be guessed, or nothing at all is there to verify tokens with.
    pub fn read(variables: &impl Variables) -> Result<Self, ConfigError> {
        let nothing = "set it, JWT_PUBLIC_KEY or JWT_JWKS_URL: without one no token can be verified";
        Self::given(variables)?.ok_or_else(|| ConfigError::new("JWT_SECRET_ARN", nothing))
    }
}

impl ShopConfig {
    /// As the variables say.
    ///
    /// # Errors
    /// [`ConfigError`] for a value that makes no sense; what is absent has a default.
    pub fn read(variables: &impl Variables) -> Result<Self, ConfigError> {
        let currency = match variables.get("SHOP_CURRENCY") {
            Some(code) => Currency::parse(&code).ok_or_else(|| ConfigError::new("SHOP_CURRENCY", "is not a currency of ISO 4217"))?,
            None => Currency::USD,
        };
        let locale = match variables.get("SHOP_LOCALE") {
            Some(tag) => Locale::of_tag(&tag).ok_or_else(|| ConfigError::new("SHOP_LOCALE", "is neither fr nor en"))?,
            None => Locale::Fr,
        };
        let timezone = shop_timezone(variables)?;
        let delivery_fees = match variables.get("DELIVERY_FEES") {
            Some(json) => delivery_fees(&json, currency).map_err(|reason| ConfigError::new("DELIVERY_FEES", reason))?,
            None => DeliveryFees::default(),
        };
        let unpaid_order_hours = time(variables, "UNPAID_ORDER_HOURS", "hours", 72)?;
        let returns = ReturnPolicy {
            window_days: time(variables, "RETURN_WINDOW_DAYS", "days", 30)?,
            arrival_days: time(variables, "RETURN_ARRIVAL_DAYS", "days", 30)?,
            refunds_delivery_on_fault: switch(variables, "REFUND_DELIVERY_FEE_ON_FAULT")?,
        };
        let public_url = public_url(variables)?;
        let name = shop_name(variables);
        let logo = variables.get("SHOP_LOGO").map(|svg| Logo::parse(&svg)).transpose();
        let logo = logo.map_err(|error| ConfigError::new("SHOP_LOGO", error.to_string()))?;
        let address = variables.get("SHOP_ADDRESS").map(|text| address(&text)).unwrap_or_default();
        Ok(Self {
            name,
            logo,
            address,
            currency,
            locale,
            timezone,
            delivery_fees,
            unpaid_order_hours,
            public_url,
            returns,
            stripe_url: variables.get("STRIPE_BASE_URL").unwrap_or_else(|| STRIPE.to_owned()),
            pawapay_url: variables.get("PAWAPAY_BASE_URL").unwrap_or_else(|| PAWAPAY.to_owned()),
            pawapay_public_key: variables.get("PAWAPAY_PUBLIC_KEY"),
            send_grid_webhook_key: variables.get("SENDGRID_WEBHOOK_KEY"),
            ses_topic: variables.get("SES_TOPIC_ARN"),
            sns_url: variables.get("SNS_BASE_URL"),
        })
    }
}

/// Whatever is longer is a mistake.
const LONGEST_TIME: u64 = 10_000;

/// How long something takes, in whole hours or days.
fn time(variables: &impl Variables, name: &'static str, unit: &str, default: u64) -> Result<u64, ConfigError> {
    whole_number(variables, name, unit, LONGEST_TIME, default)
}

/// Off unless it is switched on.
fn switch(variables: &impl Variables, name: &'static str) -> Result<bool, ConfigError> {
    match variables.get(name).as_deref() {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(ConfigError::new(name, "is neither true nor false")),
    }
}

/// What the shop is called in messages and on packing slips.
pub fn shop_name(variables: &impl Variables) -> String {
    variables.get("SHOP_NAME").unwrap_or_else(|| "ML Allure".to_owned())
}

/// Where the shop's days begin.
///
/// # Errors
/// [`ConfigError`] for what is no time zone.
pub fn shop_timezone(variables: &impl Variables) -> Result<TimeZone, ConfigError> {
    let timezone = variables.get("SHOP_TIMEZONE").unwrap_or_else(|| "Africa/Kinshasa".to_owned());
    TimeZone::get(&timezone).map_err(|error| ConfigError::new("SHOP_TIMEZONE", error.to_string()))
}

/// Where other systems call the API: `https://api.example.com`, or with a path before ours; without its last slash.
///
/// # Errors
/// [`ConfigError`] for what is no address.
pub fn public_url(variables: &impl Variables) -> Result<Option<String>, ConfigError> {
    let Some(url) = variables.get("PUBLIC_URL") else { return Ok(None) };
    let is_address =
        url.parse::<axum::http::Uri>().is_ok_and(|uri| matches!(uri.scheme_str(), Some("https" | "http")) && uri.query().is_none());
    let url = is_address.then(|| url.trim_end_matches('/').to_owned());
    url.map(Some).ok_or_else(|| ConfigError::new("PUBLIC_URL", "is no address, such as https://api.example.com"))
}

/// `12 avenue de la Paix | Gombe, Kinshasa`: a bar ends a line, as a line break does.
fn address(text: &str) -> Vec<String> {
    text.split(['|', '\n']).map(str::trim).filter(|line| !line.is_empty()).map(ToOwned::to_owned).collect()
}

/// `{"Gombe": 5, "Limete": 7.50}`, in the shop's currency.
fn delivery_fees(json: &str, currency: Currency) -> Result<DeliveryFees, String> {
    let zones: BTreeMap<String, Box<serde_json::value::RawValue>> = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let fees = zones.into_iter().map(|(zone, fee)| match Money::parse(fee.get(), currency) {
        Ok(fee) if fee.minor >= 0 => Ok((zone, fee)),
        Ok(_) => Err(format!("the fee for {zone} is negative")),
        Err(error) => Err(format!("the fee for {zone} {error}")),
    });
    Ok(DeliveryFees(fees.collect::<Result<_, _>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_at_the_midnight_of_the_shop_also_where_its_clocks_have_changed_since() {
        let end_of_day = |timezone: &str, from: &str, days: u64| {
            let timezone = timezone.to_owned();
            let config = ShopConfig::read(&move |name| (name == "SHOP_TIMEZONE").then(|| timezone.clone())).unwrap();
            let from: jiff::Timestamp = from.parse().unwrap();
            let end = config.end_of_day(Timestamp(u64::try_from(from.as_millisecond()).unwrap()), days);
            jiff::Timestamp::from_millisecond(i64::try_from(end.0).unwrap()).unwrap().to_string()
        };
        assert_eq!(end_of_day("Africa/Kinshasa", "2026-01-01T13:32:00Z", 30), "2026-01-31T23:00:00Z");
        assert_eq!(end_of_day("Africa/Kinshasa", "2026-01-01T23:00:00Z", 0), "2026-01-02T23:00:00Z");
        assert_eq!(end_of_day("Europe/Paris", "2026-10-20T22:30:00Z", 30), "2026-11-20T23:00:00Z");
        assert_eq!(end_of_day("Europe/Paris", "2026-03-20T22:30:00Z", 30), "2026-04-19T22:00:00Z");
    }

    #[test]
    fn a_secret_that_can_be_guessed_refuses_to_start() {
        let refused = |secret: &str| {
            TokenConfig::read(&|name| (name == "JWT_SECRET").then(|| secret.to_owned())).err().map(|error| error.to_string())
        };
        assert_eq!(refused("secret").unwrap(), "JWT_SECRET: has 6 of the 32 bytes that are the least");
        assert_eq!(refused(&"x".repeat(31)).unwrap(), "JWT_SECRET: has 31 of the 32 bytes that are the least");
        assert_eq!(refused(LOCAL_SECRET).unwrap(), "JWT_SECRET: is the one of the local environment, which everybody knows");
        assert_eq!(refused(&"x".repeat(32)), None);
        assert!(TokenConfig::read(&|_| None).is_err());
    }

    #[test]
    fn delivery_fees_are_read_to_the_cent() {
        let fees = delivery_fees(r#"{"Gombe": 5, "Limete": 7.50}"#, Currency::USD).unwrap();
        assert_eq!(fees.0["Limete"], Money::usd(7_50));
        assert!(delivery_fees(r#"{"Gombe": 5.001}"#, Currency::USD).is_err());
        assert!(delivery_fees(r#"{"Gombe": -1}"#, Currency::USD).is_err());
    }

    #[test]
    fn what_is_no_number_of_days_refuses_to_start() {
        let policy = |name: &'static str, value: &str| {
            let value = value.to_owned();
            ShopConfig::read(&move |asked| (asked == name).then(|| value.clone()))
                .map(|config| config.returns)
                .map_err(|error| error.variable)
        };
        assert_eq!(policy("RETURN_WINDOW_DAYS", "14").map(|policy| policy.window_days), Ok(14));
        assert_eq!(
            policy("", "").map(|policy| (policy.window_days, policy.arrival_days, policy.refunds_delivery_on_fault)),
            Ok((30, 30, false))
        );
        for wrong in ["0", "-1", "1.5", "a month", "10001"] {
            assert_eq!(policy("RETURN_ARRIVAL_DAYS", wrong), Err("RETURN_ARRIVAL_DAYS"), "{wrong}");
        }
        assert_eq!(policy("REFUND_DELIVERY_FEE_ON_FAULT", "true").map(|policy| policy.refunds_delivery_on_fault), Ok(true));
        assert!(policy("REFUND_DELIVERY_FEE_ON_FAULT", "yes").is_err());
    }

    #[test]
    fn the_day_is_the_shops() {
        let kinshasa = ShopConfig::read(&|_| None).unwrap();
        // 2026-11-23T23:30:00Z is half past midnight in Kinshasa.
        assert_eq!(kinshasa.day(Timestamp(1_795_476_600_000)).as_str(), "20261124");
    }

    #[test]
    fn a_logo_that_could_act_refuses_to_start() {
        let with = |svg: &'static str| ShopConfig::read(&move |name: &'static str| (name == "SHOP_LOGO").then(|| svg.to_owned()));
        assert!(with("<svg viewBox='0 0 8 8'><path d='M0 0h8'/></svg>").unwrap().logo.is_some());
        let refused = with("<svg viewBox='0 0 8 8'><script>alert(1)</script></svg>").err().unwrap().to_string();
        assert!(refused.starts_with("SHOP_LOGO: has a <script>"), "{refused}");
    }

    #[test]
    fn an_address_has_a_line_for_each_of_its_bars() {
        assert_eq!(address(" 12 avenue de la Paix |Gombe, Kinshasa||\nRD Congo "), ["12 avenue de la Paix", "Gombe, Kinshasa", "RD Congo"]);
    }
}
