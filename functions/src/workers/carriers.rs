//! The carriers that the shop is connected with.

use api::Shop;
use api::config::{ConfigError, Secret, Variables, secret, whole_number};
use api::secrets::CachedSecret;
use aws_config::SdkConfig;
use domain::shipment::{Carrier, Sighting, TrackingNumber};
use domain::time::Timestamp;
use jiff::tz::TimeZone;
use providers::carriers::{
    Booking, CarrierApi, CarrierError, Dhl, DhlKeys, FedEx, FedExKeys, Limits, Parcel, ShipFrom, TokenCache, Ups, UpsKeys,
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
    /// How many calls of a run of the schedule may ask it where parcels are.
    calls_a_run: usize,
}

/// How much of a run of the schedule is one carrier's.
#[derive(Clone, Copy)]
pub(super) struct Pace {
    /// How many numbers one call takes.
    pub batch: usize,
    /// How many such calls a run may make.
    pub calls: usize,
}

/// The carriers, each as far as the shop has keys for it.
#[derive(Clone)]
pub struct Carriers(Arc<Inner>);

struct Inner {
    http: reqwest::Client,
    ship_from: Option<ShipFrom>,
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
    /// The shop's carriers: those that the variables have keys of. Nothing is fetched yet.
    ///
    /// # Errors
    /// [`ConfigError`] for an address that is none, and a number of calls that is none.
    pub fn read(variables: &impl Variables, sdk: &SdkConfig, shop: &Shop) -> Result<Self, ConfigError> {
        let http = providers::carriers::client()?;
        let ship_from = variables.get("SHIP_FROM").map(|json| serde_json::from_str::<ShipFrom>(&json));
        let ship_from = ship_from.transpose().map_err(|error| ConfigError::new("SHIP_FROM", error.to_string()))?;
        let connection = |base: &'static str, url: &str, keys: Option<Secret>, calls_a_run: usize| {
            let keys = CachedSecret::new(keys?, sdk.clone(), shop.clock.clone());
            let base_url = variables.get(base).unwrap_or_else(|| url.to_owned());
            Some(Connection { base_url, keys, tokens: TokenCache::default(), calls_a_run })
        };
        let calls = |name, default| whole_number(variables, name, "calls", MOST_CALLS, default);
        let dhl = calls("DHL_TRACKING_CALLS", Dhl::CALLS_A_RUN)?;
        let fedex = calls("FEDEX_TRACKING_CALLS", FedEx::CALLS_A_RUN)?;
        let ups = calls("UPS_TRACKING_CALLS", Ups::CALLS_A_RUN)?;
        Ok(Self(Arc::new(Inner {
            http,
            ship_from,
            zone: shop.config.timezone.clone(),
            dhl: connection("DHL_BASE_URL", DHL, secret(variables, "DHL_KEYS", "DHL_SECRET_ARN"), dhl),
            fedex: connection("FEDEX_BASE_URL", FEDEX, secret(variables, "FEDEX_KEYS", "FEDEX_SECRET_ARN"), fedex),
            ups: connection("UPS_BASE_URL", UPS, secret(variables, "UPS_KEYS", "UPS_SECRET_ARN"), ups),
        })))
    }

    /// Where the shop's parcels come from.
    #[must_use]
    pub fn ship_from(&self) -> Option<&ShipFrom> {
        self.0.ship_from.as_ref()
    }

    /// The client that everything but AWS is called with.
    #[must_use]
    pub fn http(&self) -> &reqwest::Client {
        &self.0.http
    }

    fn connection(&self, carrier: Carrier) -> Option<&Connection> {
        let Inner { dhl, fedex, ups, .. } = self.0.as_ref();
        match carrier {
            Carrier::Dhl => dhl.as_ref(),
            Carrier::FedEx => fedex.as_ref(),
            Carrier::Ups => ups.as_ref(),
            Carrier::Local | Carrier::Other => None,
        }
    }

    /// How a run of the schedule may ask a carrier where parcels are; nothing where the shop isn't connected with it.
    pub(super) fn pace(&self, carrier: Carrier) -> Option<Pace> {
        let calls = self.connection(carrier)?.calls_a_run;
        let batch = match carrier {
            Carrier::Dhl => Dhl::MOST_TRACKED,
            Carrier::FedEx => FedEx::MOST_TRACKED,
            Carrier::Ups => Ups::MOST_TRACKED,
            Carrier::Local | Carrier::Other => return None,
        };
        Some(Pace { batch, calls })
    }

    /// A carrier, with its keys.
    ///
    /// # Errors
    /// [`NoCarrier`]
    pub async fn of(&self, carrier: Carrier) -> Result<AnyCarrier, NoCarrier> {
        let Inner { http, zone, .. } = self.0.as_ref();
        let Some(Connection { base_url, keys, tokens, .. }) = self.connection(carrier) else {
            return Err(NoCarrier::NotConnected(carrier));
        };
        let (http, base_url, tokens) = (http.clone(), base_url.clone(), tokens.clone());
        Ok(match carrier {
            Carrier::Dhl => AnyCarrier::Dhl(Dhl::new(http, base_url, read::<DhlKeys>(carrier, keys).await?, zone.clone())),
            Carrier::FedEx => AnyCarrier::FedEx(FedEx::new(http, base_url, read::<FedExKeys>(carrier, keys).await?, tokens, zone.clone())),
            Carrier::Ups => AnyCarrier::Ups(Ups::new(http, base_url, read::<UpsKeys>(carrier, keys).await?, tokens, zone.clone())),
            Carrier::Local | Carrier::Other => return Err(NoCarrier::NotConnected(carrier)),
        })
    }
}

/// No run has the time for more calls.
const MOST_CALLS: usize = 400;

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
