//! Books parcels with their carriers; where none can be asked, staff are told.

use api::Shop;
use api::batch::Outcome;
use domain::event::ShipmentJob;
use domain::shipment::BookingStep;
use store::Writes;

/// Does one job.
pub async fn book(shop: &Shop, job: ShipmentJob) -> Outcome {
    let settled = shop.settle(|attempt| async move {
        let Some(shipment) = shop.store.shipment(job.shipment_id).await? else { return Ok(None) };
        let Some(order) = shop.store.order(shipment.order_id).await? else { return Ok(None) };
        let change = match shipment.booking_step(&order) {
            BookingStep::Nothing => return Ok(None),
            BookingStep::GiveUp => shipment.given_up("The order was cancelled.", &order, attempt.now, attempt.ids),
            BookingStep::Ask { .. } => {
                let reason = format!("{} is not connected: enter its tracking number by hand.", shipment.carrier);
                shipment.left_to_staff(&reason, &order, attempt.now, attempt.ids)
            }
        };
        Ok(Some(((), Writes::from(&change))))
    });
    match settled.await {
        Ok(_) => Outcome::Done,
        Err(error) => Outcome::Again(error.to_string()),
    }
}
