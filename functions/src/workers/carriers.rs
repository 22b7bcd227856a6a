//! The carriers that the shop is connected with.

use api::config::{ConfigError, Secret, Variables, secret};
use api::secrets::CachedSecret;
use aws_config::SdkConfig;
use domain::shipment::{Carrier, Sighting, TrackingNumber};
use domain::time::Timestamp;
use jiff::tz::TimeZone;
use providers::carriers::{
    Booking, CarrierApi, CarrierError, Dhl, DhlKeys, FedEx, FedExKeys, Limits, Parcel, Sender, TokenCache, Ups, UpsKeys,
};
use serde::de::DeserializeOwned;
use std::sync::Arc;

const DHL: &str = "https://express.api.dhl.com/mydhlapi";
const FEDEX: &str = "https://apis.fedex.com";
const UPS: &str = "https://onlinetools.ups.com";

/// Where a carrier is, and the keys to it.
struct Connection {
    base_url: String,
    keys: CachedSecret,
    tokens: TokenCache,
}

/// The carriers, each as far as the shop has keys for it.
#[derive(Clone)]
pub struct Carriers(Arc<Inner>);

struct Inner {
    http: reqwest::Client,
    sender: Option<Sender>,
    /// Where the shop's clocks are.
    zone: TimeZone,
    dhl: Option<Connection>,
    fedex: Option<Connection>,
    ups: Option<Connection>,
}

/// One of them.
pub enum AnyCarrier {
    /// DHL Express.
    Dhl(Dhl),
    /// FedEx.
    FedEx(FedEx),
    /// UPS.
    Ups(Ups),
}

/// Why there is no carrier to ask.
#[derive(Debug, thiserror::Error)]
pub enum NoCarrier {
    /// The shop has none of it.
    #[error("{0} is not connected: enter its tracking number by hand.")]
    NotConnected(Carrier),
    /// Its keys can't be fetched or read now.
    #[error("{0}'s keys can't be read: {1}")]
    Keys(Carrier, String),
}

impl Carriers {
    /// # Errors
    /// [`ConfigError`] for a sender that is none.
    pub fn read(variables: &impl Variables, sdk: &SdkConfig, zone: TimeZone) -> Result<Self, ConfigError> {
        let http = providers::carriers::client().map_err(|error| ConfigError::new("SHIP_FROM", error.to_string()))?;
        let sender = variables.get("SHIP_FROM").map(|json| serde_json::from_str::<Sender>(&json));
        let sender = sender.transpose().map_err(|error| ConfigError::new("SHIP_FROM", error.to_string()))?;
        let connection = |base: &'static str, url: &str, keys: Option<Secret>| {
            let keys = CachedSecret::new(keys?, sdk.clone());
            let base_url = variables.get(base).unwrap_or_else(|| url.to_owned());
            Some(Connection { base_url, keys, tokens: TokenCache::default() })
        };
        Ok(Self(Arc::new(Inner {
            http,
            sender,
            zone,
            dhl: connection("DHL_BASE_URL", DHL, secret(variables, "DHL_KEYS", "DHL_SECRET_ARN")),
            fedex: connection("FEDEX_BASE_URL", FEDEX, secret(variables, "FEDEX_KEYS", "FEDEX_SECRET_ARN")),
            ups: connection("UPS_BASE_URL", UPS, secret(variables, "UPS_KEYS", "UPS_SECRET_ARN")),
        })))
    }

    /// Where the shop's parcels come from.
    #[must_use]
    pub fn sender(&self) -> Option<&Sender> {
        self.0.sender.as_ref()
    }

    /// The client that everything but AWS is called with.
    #[must_use]
    pub fn http(&self) -> &reqwest::Client {
        &self.0.http
    }

    /// # Errors
    /// [`NoCarrier`]
    pub async fn of(&self, carrier: Carrier) -> Result<AnyCarrier, NoCarrier> {
        let Inner { http, zone, dhl, fedex, ups, .. } = self.0.as_ref();
        let connection = match carrier {
            Carrier::Dhl => dhl,
            Carrier::FedEx => fedex,
            Carrier::Ups => ups,
            Carrier::Local | Carrier::Other => &None,
        };
        let Some(Connection { base_url, keys, tokens }) = connection else { return Err(NoCarrier::NotConnected(carrier)) };
        let (http, base_url, tokens) = (http.clone(), base_url.clone(), tokens.clone());
        Ok(match carrier {
            Carrier::Dhl => AnyCarrier::Dhl(Dhl::new(http, base_url, read::<DhlKeys>(carrier, keys).await?, zone.clone())),
            Carrier::FedEx => AnyCarrier::FedEx(FedEx::new(http, base_url, read::<FedExKeys>(carrier, keys).await?, tokens, zone.clone())),
            Carrier::Ups => AnyCarrier::Ups(Ups::new(http, base_url, read::<UpsKeys>(carrier, keys).await?, tokens, zone.clone())),
            Carrier::Local | Carrier::Other => return Err(NoCarrier::NotConnected(carrier)),
        })
    }
}

/// What is wrong with a secret is not said: it would be in the log.
async fn read<T: DeserializeOwned>(carrier: Carrier, keys: &CachedSecret) -> Result<T, NoCarrier> {
    let json = keys.value().await.map_err(|error| NoCarrier::Keys(carrier, error.to_string()))?;
    serde_json::from_str(&json).map_err(|_| NoCarrier::Keys(carrier, "the secret is not the JSON that it should be".to_owned()))
}

impl AnyCarrier {
    pub(super) const fn limits(&self) -> Limits {
        match self {
            Self::Dhl(_) => Dhl::LIMITS,
            Self::FedEx(_) => FedEx::LIMITS,
            Self::Ups(_) => Ups::LIMITS,
        }
    }

    /// How many numbers one call takes that asks where parcels are, and how many such calls a run may make.
    pub(super) const fn pace(&self) -> (usize, usize) {
        match self {
            Self::Dhl(_) => (Dhl::MOST_TRACKED, Dhl::CALLS_A_RUN),
            Self::FedEx(_) => (FedEx::MOST_TRACKED, FedEx::CALLS_A_RUN),
            Self::Ups(_) => (Ups::MOST_TRACKED, Ups::CALLS_A_RUN),
        }
    }

    pub(super) async fn book(&self, parcel: &Parcel<'_>) -> Result<Booking, CarrierError> {
        match self {
            Self::Dhl(dhl) => dhl.book(parcel).await,
            Self::FedEx(fedex) => fedex.book(parcel).await,
            Self::Ups(ups) => ups.book(parcel).await,
        }
    }

    pub(super) async fn find(&self, reference: &str, asked_at: Timestamp) -> Result<Option<Booking>, CarrierError> {
        match self {
            Self::Dhl(dhl) => dhl.find(reference, asked_at).await,
            Self::FedEx(fedex) => fedex.find(reference, asked_at).await,
            Self::Ups(ups) => ups.find(reference, asked_at).await,
        }
    }

    /// What is known of some parcels.
    ///
    /// # Errors
    /// [`CarrierError`]
    pub async fn track(&self, numbers: &[TrackingNumber]) -> Result<Vec<Sighting>, CarrierError> {
        match self {
            Self::Dhl(dhl) => dhl.track(numbers).await,
            Self::FedEx(fedex) => fedex.track(numbers).await,
            Self::Ups(ups) => ups.track(numbers).await,
        }
    }
}
