//! Books parcels with their carriers. A label costs money and no carrier has a key that would tell a second try, so a try is
//! stored before it is made, and one that nobody answered for is looked for at the carrier and never made again.
//! The same queue brings what a carrier has told of: then it is asked where the parcel is.

use super::carriers::{Carriers, NoCarrier};
use super::track_shipments;
use api::batch::Outcome;
use api::labels::Access;
use api::{Attempt, Shop};
use domain::event::{ShipmentJob, ShipmentTask};
use domain::ids::ShipmentId;
use domain::order::Order;
use domain::shipment::{Booked, BookingStep, HELD_MINUTES, Shipment, ShipmentChange, ShipmentStatus};
use domain::time::Timestamp;
use providers::Said;
use providers::carriers::{Booking, CarrierError, LabelFile, parcel};
use std::time::Duration;
use store::{CommitError, Writes};

/// How long until a parcel that was not found is looked for again, in minutes.
const LOOK_AGAIN_MINUTES: u64 = 8;

/// How long a label may take to be put. Three tries of it and a booking (40 s) are over before the function is (60 s), so
/// that what was bought is written down whatever becomes of its label.
const LABEL_TIMEOUT: Duration = Duration::from_secs(5);

/// What the worker does, having read the parcel.
enum Step {
    Done,
    Wait(Timestamp),
    /// The try is stored: nobody else makes it.
    Make(Box<Shipment>, u32),
    Find(Box<Shipment>, u32, Timestamp, bool),
}

/// Does one job.
pub async fn book(shop: &Shop, carriers: &Carriers, job: ShipmentJob) -> Outcome {
    let id = job.shipment_id;
    if job.task == ShipmentTask::Track {
        return track_shipments::look(shop, carriers, id).await;
    }
    match next(shop, carriers, id).await {
        Ok(Step::Done) => Outcome::Done,
        Ok(Step::Wait(until)) => Outcome::At(until, "the carrier was asked, and nobody has said what came of it".to_owned()),
        Ok(Step::Make(shipment, attempt)) => make(shop, carriers, &shipment, attempt).await,
        Ok(Step::Find(shipment, attempt, asked_at, is_last)) => find(shop, carriers, &shipment, attempt, asked_at, is_last).await,
        Err(error) => Outcome::Again(error.to_string()),
    }
}

/// Reads the parcel and its order, and stores what is about to be done. Whatever keeps the parcel from being booked at all is
/// said to staff, before anybody is asked.
async fn next(shop: &Shop, carriers: &Carriers, id: ShipmentId) -> Result<Step, CommitError> {
    let settled = shop.settle(|Attempt { now, ids, .. }| async move {
        let Some(shipment) = shop.store.shipment(id).await? else { return Ok(None) };
        let Some(order) = shop.store.order(shipment.order_id).await? else { return Ok(None) };
        let (step, change) = match shipment.booking_step(&order, now) {
            BookingStep::Nothing => return Ok(None),
            BookingStep::Wait { until } => (Step::Wait(until), None),
            BookingStep::Find { attempt, asked_at, is_last } => (Step::Find(Box::new(shipment), attempt, asked_at, is_last), None),
            BookingStep::GiveUp => (Step::Done, Some(shipment.given_up("The order was cancelled.", &order, now, ids))),
            BookingStep::Ask { attempt } => {
                if let Some(reason) = obstacle(carriers, &shipment, attempt, now).await {
                    (Step::Done, Some(shipment.left_to_staff(&reason, &order, now, ids)))
                } else {
                    let change = shipment.asked(attempt, &order, now, ids);
                    (Step::Make(Box::new(change.shipment.clone()), attempt), Some(change))
                }
            }
        };
        Ok(Some((step, change.as_ref().map_or_else(Writes::new, Writes::from))))
    });
    Ok(settled.await?.unwrap_or(Step::Done))
}

/// What staff have to mend before the carrier can be asked.
async fn obstacle(carriers: &Carriers, shipment: &Shipment, attempt: u32, now: Timestamp) -> Option<String> {
    match carriers.of(shipment.carrier).await {
        Err(NoCarrier::NotConnected(carrier)) => Some(NoCarrier::NotConnected(carrier).to_string()),
        // That passes, and so the try itself will say.
        Err(NoCarrier::Keys(..)) => None,
        Ok(carrier) => match carriers.ship_from() {
            None => Some("The shop has no address that its parcels come from (SHIP_FROM).".to_owned()),
            Some(ship_from) => {
                let problems = parcel(shipment, ship_from, attempt, &carrier.limits(), now).err()?;
                Some(format!("{} can't take this parcel: {problems}.", shipment.carrier))
            }
        },
    }
}

async fn make(shop: &Shop, carriers: &Carriers, shipment: &Shipment, attempt: u32) -> Outcome {
    let asked = async {
        let for_now = |error: NoCarrier| CarrierError::RefusedForNow(Said::ours(error.to_string()));
        let carrier = carriers.of(shipment.carrier).await.map_err(for_now)?;
        let ship_from = carriers.ship_from().ok_or_else(|| CarrierError::Refused("The shop has no address.".into()))?;
        let parcel = parcel(shipment, ship_from, attempt, &carrier.limits(), shop.clock.now());
        // What is wrong with a parcel may say where it goes.
        let parcel = parcel.map_err(|problems| CarrierError::Refused(Said::theirs("the parcel can't go so", problems.to_string())))?;
        carrier.book(&parcel).await
    };
    match asked.await {
        Ok(booking) => settle_booked(shop, carriers, shipment, attempt, booking).await,
        Err(CarrierError::Refused(said)) => {
            unbooked(shop, shipment.id, attempt, Outcome::Done, |shipment, order, now, ids| {
                shipment.left_to_staff(said.for_the_record(), order, now, ids)
            })
            .await
        }
        Err(CarrierError::RefusedForNow(said)) => {
            let again = Outcome::Again(format!("{} refuses shipment {} for now", shipment.carrier, shipment.id));
            unbooked(shop, shipment.id, attempt, again, |shipment, order, now, ids| {
                shipment.refused_for_now(said.for_the_record(), order, now, ids)
            })
            .await
        }
        Err(CarrierError::Unknown(said)) => {
            let reason = unknown(shipment, attempt, said.for_the_record());
            let later = shop.clock.now().plus_minutes(HELD_MINUTES);
            let again = Outcome::At(later, format!("nobody knows what became of shipment {}", shipment.id));
            unbooked(shop, shipment.id, attempt, again, |shipment, order, now, ids| shipment.outcome_unknown(&reason, order, now, ids))
                .await
        }
    }
}

/// Looks for what a try may have bought; when it isn't there after half an hour, staff look by themselves.
async fn find(shop: &Shop, carriers: &Carriers, shipment: &Shipment, attempt: u32, asked_at: Timestamp, is_last: bool) -> Outcome {
    let found = match carriers.of(shipment.carrier).await {
        Ok(carrier) => carrier.find(&shipment.reference(attempt), asked_at).await,
        Err(error) => Err(CarrierError::RefusedForNow(Said::ours(error.to_string()))),
    };
    match found {
        Ok(Some(booking)) => settle_booked(shop, carriers, shipment, attempt, booking).await,
        none if is_last => {
            let said = none.err();
            let said = said.as_ref().map_or("it has no parcel of that reference so far", CarrierError::for_the_record);
            let reason = unknown(shipment, attempt, said);
            unbooked(shop, shipment.id, attempt, Outcome::Done, |shipment, order, now, ids| {
                shipment.left_to_staff(&reason, order, now, ids)
            })
            .await
        }
        Ok(None) => Outcome::At(shop.clock.now().plus_minutes(LOOK_AGAIN_MINUTES), "the carrier has no such parcel so far".to_owned()),
        Err(error) => Outcome::Again(error.to_string()),
    }
}

fn unknown(shipment: &Shipment, attempt: u32, said: &str) -> String {
    let (carrier, reference) = (shipment.carrier, shipment.reference(attempt));
    let then = match shipment.status {
        ShipmentStatus::Pending => "enter the number if it is there, ask once more with status PENDING if it is not",
        _ => "enter the number if the parcel went with it, void the label if it did not",
    };
    format!("Nobody knows whether {carrier} booked this parcel ({said}). Look for reference {reference} in its portal: {then}.")
}

async fn settle_booked(shop: &Shop, carriers: &Carriers, shipment: &Shipment, attempt: u32, booking: Booking) -> Outcome {
    let label_key = match booking.label {
        Some(label) => keep(shop, carriers, shipment, attempt, label).await,
        None => None,
    };
    let left_to_do = label_key.is_none().then(|| format!("The label could not be kept: print it from {}'s portal.", shipment.carrier));
    let booked = Booked {
        tracking_number: booking.tracking_number,
        label_key,
        cost: booking.cost,
        estimated_delivery: booking.estimated_delivery,
        left_to_do,
    };
    settled(shop, shipment.id, Outcome::Done, |shipment, order, now, ids| shipment.booked(&booked, order, now, ids)).await
}

/// Puts a label where it can be printed from; gives its key. That this fails costs a walk to the portal, and no second label.
async fn keep(shop: &Shop, carriers: &Carriers, shipment: &Shipment, attempt: u32, label: LabelFile) -> Option<String> {
    let key = format!("labels/{}.{}", shipment.reference(attempt), label.extension);
    let kind = if label.extension == "pdf" { "application/pdf" } else { "image/gif" };
    for _ in 0..3 {
        let address = shop.labels.as_ref()?.address(&key, Access::Put, shop.clock.now()).await?;
        let put = carriers.http().put(address).header("content-type", kind).body(label.bytes.clone());
        match outbound::send(put.timeout(LABEL_TIMEOUT)).await {
            Ok(answer) if answer.status().is_success() => return Some(key),
            Ok(answer) => tracing::warn!(status = answer.status().as_u16(), shipment = %shipment.id, "a label is not taken"),
            Err(error) => tracing::warn!(error = %error.without_url(), shipment = %shipment.id, "a label can't be put"),
        }
    }
    tracing::error!(shipment = %shipment.id, "a label is lost");
    None
}

/// Writes that a try gave no label, if nobody has gone on meanwhile: staff may have entered a number while the carrier was
/// asked, and what it didn't know then takes nothing back.
async fn unbooked(
    shop: &Shop,
    id: ShipmentId,
    attempt: u32,
    outcome: Outcome,
    decide: impl Fn(&Shipment, &Order, Timestamp, domain::ids::Ids) -> ShipmentChange + Send + Sync,
) -> Outcome {
    settled(shop, id, outcome, |shipment, order, now, ids| shipment.booking.is_asked(attempt).then(|| decide(shipment, order, now, ids)))
        .await
}

/// Writes what came of it, by the parcel as it is then.
async fn settled(
    shop: &Shop,
    id: ShipmentId,
    outcome: Outcome,
    decide: impl Fn(&Shipment, &Order, Timestamp, domain::ids::Ids) -> Option<ShipmentChange> + Send + Sync,
) -> Outcome {
    let decide = &decide;
    let settled = shop.settle(|Attempt { now, ids, .. }| async move {
        let Some(shipment) = shop.store.shipment(id).await? else { return Ok(None) };
        let Some(order) = shop.store.order(shipment.order_id).await? else { return Ok(None) };
        Ok(decide(&shipment, &order, now, ids).map(|change| ((), Writes::from(&change))))
    });
    match settled.await {
        Ok(_) => outcome,
        // The parcel still says that its carrier was asked: whoever comes next looks for it.
        Err(error) => Outcome::Again(error.to_string()),
    }
}
