//! Carriers that print labels: one module for each, behind one small trait.

mod address;
mod codes;
mod country;
mod dhl;
mod fedex;
mod http;
mod ups;

pub use address::{Problems, ShipFrom, Spot};
pub use country::{has_postcodes, iso_code};
pub use dhl::{Dhl, DhlKeys};
pub use fedex::{FedEx, FedExKeys};
pub use http::{TokenCache, client};
pub use ups::{Ups, UpsKeys};

use crate::said::Said;
use domain::money::Money;
use domain::shipment::{Shipment, Sighting, TrackingNumber, Weight};
use domain::time::Timestamp;

/// Why a carrier gave nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CarrierError {
    /// It never will: the parcel itself is refused.
    #[error("{0}")]
    Refused(Said),
    /// It did nothing now and may later: busy, out of order, our keys refused, or never reached.
    #[error("{0}")]
    RefusedForNow(Said),
    /// Nobody knows: it was asked and nothing came back.
    #[error("{0}")]
    Unknown(Said),
}

impl CarrierError {
    /// All that was said, for the parcel's own record.
    #[must_use]
    pub fn for_the_record(&self) -> &str {
        self.said().for_the_record()
    }

    const fn said(&self) -> &Said {
        match self {
            Self::Refused(said) | Self::RefusedForNow(said) | Self::Unknown(said) => said,
        }
    }
}

/// A parcel as a carrier wants it: checked, and with everything that it must be told.
#[derive(Clone, Debug)]
pub struct Parcel<'a> {
    /// What we know it by, and look for it by.
    pub reference: String,
    /// The shop's own number of the order.
    pub order_number: &'a str,
    /// The carrier's product, in its own code; its standard one for nothing.
    pub service: Option<&'a str>,
    /// Where it comes from.
    pub from: Spot,
    /// Where it goes.
    pub to: Spot,
    /// What it weighs.
    pub weight: Weight,
    /// The day it is handed over.
    pub now: Timestamp,
}

/// A label, as the carrier printed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelFile {
    /// The file.
    pub bytes: Vec<u8>,
    /// `pdf` or `gif`.
    pub extension: &'static str,
}

/// A parcel that a carrier has in its books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booking {
    /// The number it gave out.
    pub tracking_number: TrackingNumber,
    /// Its label; a parcel that was found again may have none.
    pub label: Option<LabelFile>,
    /// What it costs.
    pub cost: Option<Money>,
    /// When it should arrive.
    pub estimated_delivery: Option<Timestamp>,
}

/// Somebody who brings parcels. Nothing is ever tried again in here: a second booking is a second label.
pub trait CarrierApi: Send + Sync {
    /// How many numbers one call of [`CarrierApi::track`] takes.
    const MOST_TRACKED: usize;

    /// How many such calls a run of the schedule may make unless the shop says otherwise (`…_TRACKING_CALLS`). No carrier
    /// publishes what it allows an account: these are careful, a day of them being some 2,000 calls (of UPS 4,000).
    const CALLS_A_RUN: usize;

    /// Has a label made, once.
    fn book(&self, parcel: &Parcel<'_>) -> impl Future<Output = Result<Booking, CarrierError>> + Send;

    /// Looks for a parcel that was booked under a reference at `asked_at`.
    fn find(&self, reference: &str, asked_at: Timestamp) -> impl Future<Output = Result<Option<Booking>, CarrierError>> + Send;

    /// What is known of these parcels; those that it knows nothing of are not among them.
    fn track(&self, numbers: &[TrackingNumber]) -> impl Future<Output = Result<Vec<Sighting>, CarrierError>> + Send;
}

/// What a carrier must be told of a parcel, or all that keeps it from taking it.
///
/// # Errors
/// In words, for staff: every thing that is missing or doesn't fit.
pub fn parcel<'a>(
    shipment: &'a Shipment,
    ship_from: &ShipFrom,
    attempt: u32,
    limits: &address::Limits,
    now: Timestamp,
) -> Result<Parcel<'a>, Problems> {
    let mut problems = Problems::default();
    let to = Spot::of_shipment(shipment, limits, &mut problems);
    let from = Spot::of_shop(ship_from, limits, &mut problems);
    let weight = shipment.weight;
    if weight.is_none() {
        problems.add("it has no weight");
    }
    match (to, from, weight) {
        (Some(to), Some(from), Some(weight)) if problems.is_empty() => {
            if to.country != from.country {
                problems.add("it goes abroad and needs a customs declaration: book it in the carrier's portal");
                return Err(problems);
            }
            Ok(Parcel {
                reference: shipment.reference(attempt),
                order_number: &shipment.order_number,
                service: shipment.service.as_deref(),
                from,
                to,
                weight,
                now,
            })
        }
        _ => Err(problems),
    }
}

pub use address::Limits;
