//! The latest parcels: their labels, and what their carriers said of them.

use super::{Pages, failed};
use api::labels::Access;
use axum::extract::State;
use axum::response::Response;
use domain::shipment::{Label, Shipment, TimelineEntry, TrackingNumber};
use serde::Serialize;
use store::{PageRequest, ShipmentFilter};

/// Parcels that the page lists.
const LATEST: usize = 30;

#[derive(Serialize)]
struct Parcels {
    list: Vec<Parcel>,
}

#[derive(Serialize)]
struct Parcel {
    id: u64,
    number: String,
    carrier: &'static str,
    status: &'static str,
    order: String,
    recipient: String,
    time: String,
    label: String,
    failure: String,
    timeline: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    time: String,
    status: &'static str,
    said: String,
    place: String,
}

/// `GET /_local/parcels`
pub async fn all(State(pages): State<Pages>) -> Response {
    let found = pages.backstage.shop.store.shipments(ShipmentFilter::default(), PageRequest::new(LATEST, None)).await;
    let found = match found {
        Ok(found) => found.items,
        Err(error) => return failed(&error.to_string()),
    };
    let mut list = Vec::with_capacity(found.len());
    for shipment in found {
        list.push(pages.parcel(shipment).await);
    }
    pages.render("parcels", "Parcels", Parcels { list })
}

impl Pages {
    async fn parcel(&self, shipment: Shipment) -> Parcel {
        let shop = &self.backstage.shop;
        let label = match (&shipment.label, &shop.labels) {
            (Some(Label::Stored(key)), Some(labels)) => labels.address(key, Access::Get, shop.clock.now()).await,
            (Some(Label::Link(url)), _) => Some(url.clone()),
            _ => None,
        };
        let line = |entry: TimelineEntry| Line {
            time: self.time(entry.at.0),
            status: entry.status.map_or("", |status| status.as_str()),
            said: [entry.code, entry.description].into_iter().flatten().collect::<Vec<_>>().join(" "),
            place: entry.location.unwrap_or_default(),
        };
        Parcel {
            id: shipment.id.get(),
            number: shipment.tracking_number.as_ref().map(TrackingNumber::to_string).unwrap_or_default(),
            carrier: shipment.carrier.as_str(),
            status: shipment.status.as_str(),
            order: shipment.order_number,
            recipient: shipment.recipient_name,
            time: self.time(shipment.created_at.0),
            label: label.unwrap_or_default(),
            failure: shipment.failure_reason.unwrap_or_default(),
            timeline: shipment.timeline.into_iter().map(line).collect(),
        }
    }
}
