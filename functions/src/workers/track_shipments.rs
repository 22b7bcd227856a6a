//! Asks carriers where parcels are: those of which nothing was heard for some hours, in batches within what each carrier
//! allows, and one at once when its carrier has told that something happened.

use super::Swept;
use super::carriers::{Carriers, NoCarrier, Pace};
use api::batch::Outcome;
use api::{Attempt, Shop};
use domain::ids::ShipmentId;
use domain::shipment::{Carrier, Shipment, Sighting, TrackingNumber, UNHEARD_HOURS};
use providers::carriers::CarrierError;
use std::collections::VecDeque;
use std::time::Duration;
use store::{CommitError, Listed, Writes};
use tokio::time::Instant;

/// How long a run begins new calls. A call may take half a minute more; the function's timeout is above both.
const LONGEST: Duration = Duration::from_secs(40);

/// The pause between two calls of one carrier.
const PAUSE: Duration = Duration::from_millis(100);

/// Parcels of one carrier that a run looks at, at the most, to ask for those that have waited the longest.
const MOST: usize = 1_000;

/// Calls in a row that may come to nothing, a broken connection, say, before that is taken for the carrier's own trouble and no
/// parcel's: by halves, so many find the one among thirty that a carrier stumbles over.
const MOST_IN_VAIN: usize = 6;

/// Asks for every parcel that nothing was heard of for long, the longest first, each carrier for itself. What is left over
/// is the next run's.
pub async fn run(shop: &Shop, carriers: &Carriers) -> Swept {
    let until = Instant::now() + LONGEST;
    let of = |carrier| ask(shop, carriers, carrier, until);
    let (dhl, fedex, ups) = tokio::join!(of(Carrier::Dhl), of(Carrier::FedEx), of(Carrier::Ups));
    let swept = dhl.and(fedex).and(ups);
    tracing::info!(swept.seen, swept.changed, swept.failed, "tracked");
    swept
}

/// The parcels of a carrier that nothing was heard of for long, the longest first, with what could not be read.
async fn unheard(shop: &Shop, carrier: Carrier) -> (Vec<Shipment>, Swept) {
    let mut waiting = shop.store.unheard_shipments(carrier, shop.clock.now().minus_hours(UNHEARD_HOURS));
    let (mut due, mut swept) = (Vec::new(), Swept::default());
    while due.len() < MOST {
        match waiting.next(&shop.store).await {
            Ok(Some(portion)) => {
                for Listed { key, record } in portion {
                    match record {
                        Ok(parcel) => due.push(parcel),
                        Err(error) => swept = swept.and(Swept::unreadable("parcels", Some(&key), &error)),
                    }
                }
            }
            Ok(None) => break,
            Err(error) => swept = swept.and(Swept::unreadable("parcels", None, &error)),
        }
    }
    due.sort_by_key(Shipment::unheard_since);
    (due, swept)
}

/// One carrier's share of a run.
async fn ask(shop: &Shop, carriers: &Carriers, carrier: Carrier, until: Instant) -> Swept {
    let (parcels, mut swept) = unheard(shop, carrier).await;
    if parcels.is_empty() {
        return swept;
    }
    let connection = match carriers.of(carrier).await {
        Ok(connection) => Some(connection),
        // Nobody can be asked about numbers that staff entered; they are looked at again later all the same.
        Err(NoCarrier::NotConnected(_)) => None,
        Err(error) => {
            tracing::error!(%error, "a carrier can't be asked");
            swept.failed += 1;
            return swept;
        }
    };
    let Pace { batch, calls } = carriers.pace(carrier).unwrap_or(Pace { batch: 1, calls: MOST });
    let mut left: VecDeque<&[Shipment]> = parcels.chunks(batch).collect();
    let mut in_vain = 0;
    for call in 0..calls {
        let Some(parcels) = left.pop_front().filter(|_| Instant::now() <= until) else { break };
        if call > 0 && connection.is_some() {
            tokio::time::sleep(PAUSE).await;
        }
        let numbers: Vec<TrackingNumber> = parcels.iter().filter_map(|parcel| parcel.tracking_number.clone()).collect();
        let sightings = match &connection {
            Some(connection) => connection.track(&numbers).await,
            None => Ok(Vec::new()),
        };
        let is_whole = in_vain == MOST_IN_VAIN;
        match sightings {
            Ok(sightings) => {
                in_vain = 0;
                swept = swept.and(noted(shop, parcels, &sightings).await);
            }
            // One of several may be what all are refused for, so that they are asked for apart.
            Err(CarrierError::Refused(_)) if parcels.len() > 1 => apart(&mut left, parcels),
            Err(CarrierError::Unknown(_)) if parcels.len() > 1 && !is_whole => {
                in_vain += 1;
                apart(&mut left, parcels);
            }
            // A number that is none of the carrier's; it will be no other in some hours, and keeps nobody waiting.
            Err(CarrierError::Refused(said)) => {
                tracing::warn!(%carrier, %said, shipments = ids(parcels), "a carrier knows nothing of these numbers");
                swept = swept.and(noted(shop, parcels, &[]).await);
            }
            Err(error @ (CarrierError::RefusedForNow(_) | CarrierError::Unknown(_))) => {
                tracing::error!(%carrier, %error, shipments = ids(parcels), "a carrier can't say where parcels are");
                // What it was asked for last counts as asked, so that the next run begins with another.
                noted(shop, &parcels[..1], &[]).await;
                swept.failed += parcels.len();
                in_vain += 1;
                if is_whole || matches!(error, CarrierError::RefusedForNow(_)) {
                    break;
                }
            }
        }
    }
    swept
}

/// Both halves, to be asked for next.
fn apart<'a>(left: &mut VecDeque<&'a [Shipment]>, parcels: &'a [Shipment]) {
    let (first, second) = parcels.split_at(parcels.len() / 2);
    left.push_front(second);
    left.push_front(first);
}

/// Their ids, for a log.
fn ids(parcels: &[Shipment]) -> String {
    parcels.iter().map(|parcel| parcel.id.to_string()).collect::<Vec<_>>().join(" ")
}

/// Keeps what was said of some parcels.
async fn noted(shop: &Shop, parcels: &[Shipment], sightings: &[Sighting]) -> Swept {
    let mut swept = Swept::default();
    for parcel in parcels {
        swept.seen += 1;
        match note(shop, parcel.id, sightings).await {
            Ok(true) => swept.changed += 1,
            Ok(false) => {}
            Err(error) => {
                tracing::error!(%error, shipment = %parcel.id, "what a carrier said can't be kept");
                swept.failed += 1;
            }
        }
    }
    swept
}

/// Asks for one parcel, whose carrier has told that something happened.
pub async fn look(shop: &Shop, carriers: &Carriers, id: ShipmentId) -> Outcome {
    let shipment = match shop.store.shipment(id).await {
        Ok(Some(shipment)) if shipment.is_tracked() => shipment,
        Ok(_) => return Outcome::Done,
        Err(error) => return Outcome::Again(error.to_string()),
    };
    let Some(number) = &shipment.tracking_number else { return Outcome::Done };
    let sightings = match carriers.of(shipment.carrier).await {
        Ok(carrier) => carrier.track(std::slice::from_ref(number)).await,
        Err(NoCarrier::NotConnected(_)) => return Outcome::Done,
        Err(error @ NoCarrier::Keys(..)) => return Outcome::Again(error.to_string()),
    };
    match sightings {
        Ok(sightings) => note(shop, id, &sightings).await.map(|_| ()).into(),
        Err(CarrierError::Refused(said)) => {
            tracing::warn!(carrier = %shipment.carrier, %said, "a carrier knows nothing of the number that it told of");
            Outcome::Done
        }
        Err(error @ (CarrierError::RefusedForNow(_) | CarrierError::Unknown(_))) => Outcome::Again(error.to_string()),
    }
}

/// Keeps what was said of a parcel, by the parcel as it is then; says whether any of it was new.
async fn note(shop: &Shop, id: ShipmentId, sightings: &[Sighting]) -> Result<bool, CommitError> {
    let settled = shop.settle(|Attempt { now, ids, .. }| async move {
        let Some(shipment) = shop.store.shipment(id).await?.filter(Shipment::is_tracked) else { return Ok(None) };
        let Some(order) = shop.store.order(shipment.order_id).await? else { return Ok(None) };
        let seen = sightings.iter().find(|seen| shipment.tracking_number.as_ref() == Some(&seen.tracking_number));
        let change = seen.and_then(|seen| shipment.sighted(seen, &order, now, ids));
        Ok(Some(match change {
            Some(change) => (true, Writes::from(&change)),
            None => (false, Writes::new().heard_nothing(&shipment, now)),
        }))
    });
    Ok(settled.await?.unwrap_or(false))
}
