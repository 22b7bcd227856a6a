//! What carriers tell of a parcel.

use super::*;
use crate::event::EventKind;
use proptest::prelude::*;

/// A parcel with DHL that has its number, and its order.
fn numbered() -> (Shipment, Order) {
    let order = confirmed(1);
    let change = order.ship(request(Carrier::Dhl, None), STAFF, NOW, ids(1)).unwrap();
    let order = change.order.unwrap();
    let number = ShipmentPatch { tracking_number: Some(TrackingNumber::parse("1234567890")), ..ShipmentPatch::default() };
    (change.shipment.update(&number, &order, STAFF, NOW, ids(2)).unwrap().shipment, order)
}

fn said(minutes: u64, status: Option<ShipmentStatus>) -> CarrierEvent {
    let code = status.map_or("??", ShipmentStatus::as_str).to_owned();
    CarrierEvent { at: Some(NOW.plus_minutes(minutes)), code, status, description: None, location: None }
}

fn sighting(events: Vec<CarrierEvent>) -> Sighting {
    Sighting { tracking_number: TrackingNumber::parse("1234567890").unwrap(), events, estimated_delivery: None }
}

#[test]
fn what_a_carrier_tells_again_is_known_and_of_many_messages_the_newest_are() {
    let (mut parcel, order) = numbered();
    for n in 0..20 {
        let change = parcel.told_of(&n.to_string(), &order, NOW, ids(n)).unwrap();
        assert_eq!(change.events[0].tracking_due, Some(parcel.id));
        parcel = change.shipment;
        assert_eq!(parcel.told_of(&n.to_string(), &order, NOW, ids(n)), None);
    }
    assert_eq!(parcel.told, (4..20).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[test]
fn a_carriers_word_that_nobody_can_read_is_kept_and_moves_nothing() {
    let (parcel, order) = numbered();
    let change = parcel.sighted(&sighting(vec![said(5, None)]), &order, NOW.plus_minutes(9), ids(3)).unwrap();
    assert_eq!((change.shipment.status, change.order, change.events[0].kind), (ShipmentStatus::Pending, None, EventKind::ShipmentUpdated));
    assert_eq!(change.shipment.last_carrier_status.as_deref(), Some("??"));
    assert_eq!(change.shipment.timeline.last().map(|entry| (entry.status, entry.at)), Some((None, NOW.plus_minutes(5))));
    assert_eq!(change.shipment.sighted(&sighting(vec![said(5, None)]), &order, NOW.plus_minutes(10), ids(4)), None);
}

#[test]
fn events_that_differ_in_anything_a_carrier_says_are_two_and_one_without_a_time_is_known_by_the_rest() {
    let (parcel, order) = numbered();
    let event = |code: &str, description: &str, location: &str| CarrierEvent {
        code: code.to_owned(),
        description: Some(description.to_owned()),
        location: Some(location.to_owned()),
        ..said(5, None)
    };
    let events = vec![
        event("AR", "Arrived", "Gombe"),
        event("DF", "Arrived", "Gombe"),
        event("AR", "Left", "Gombe"),
        event("AR", "Arrived", "Limete"),
    ];
    let seen = parcel.sighted(&sighting(events.clone()), &order, NOW.plus_minutes(9), ids(3)).unwrap().shipment;
    assert_eq!(seen.timeline.iter().filter(|entry| entry.code.is_some()).count(), events.len());
    let without_time = events.iter().map(|event| CarrierEvent { at: None, ..event.clone() }).collect();
    assert_eq!(seen.sighted(&sighting(without_time), &order, NOW.plus_minutes(10), ids(4)), None);
    let later = CarrierEvent { at: Some(NOW.plus_minutes(6)), ..events[0].clone() };
    assert!(seen.sighted(&sighting(vec![later]), &order, NOW.plus_minutes(10), ids(4)).is_some());
}

#[test]
fn a_carrier_is_asked_for_what_it_has_a_number_for_until_that_is_there_or_too_old() {
    let (parcel, order) = numbered();
    let unnumbered = confirmed(1).ship(request(Carrier::Dhl, None), STAFF, NOW, ids(1)).unwrap().shipment;
    let by_the_shop = confirmed(1).ship(request(Carrier::Local, None), STAFF, NOW, ids(1)).unwrap().shipment;
    let (delivered, ..) = moved(&parcel, &order, ShipmentStatus::Delivered);
    assert_eq!([&parcel, &unnumbered, &by_the_shop, &delivered].map(Shipment::is_tracked), [true, false, false, false]);
    let last = NOW.plus_days(TRACKED_DAYS);
    assert_eq!([last, last.plus_millis(1)].map(|now| parcel.is_lost_sight_of(now)), [false, true]);
}

#[test]
fn a_journey_of_many_lines_keeps_the_newest_and_is_known_again() {
    let (parcel, order) = numbered();
    let journey: Vec<CarrierEvent> = (0..40).map(|n| said(n, Some(ShipmentStatus::InTransit))).collect();
    let parcel = parcel.sighted(&sighting(journey.clone()), &order, NOW.plus_minutes(60), ids(3)).unwrap().shipment;
    assert_eq!((parcel.timeline.len(), parcel.timeline[0].at), (MAX_TIMELINE, NOW.plus_minutes(20)));
    assert_eq!(parcel.sighted(&sighting(journey), &order, NOW.plus_minutes(61), ids(4)), None);
}

#[test]
fn a_scan_of_the_depot_after_the_delivery_hides_no_delivery() {
    let (parcel, order) = numbered();
    let journey = [(0, ShipmentStatus::OutForDelivery), (30, ShipmentStatus::Delivered), (45, ShipmentStatus::InTransit)];
    let events = |order: [usize; 3]| sighting(order.map(|n| said(journey[n].0, Some(journey[n].1))).to_vec());
    for as_told in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let change = parcel.sighted(&events(as_told), &order, NOW.plus_minutes(60), ids(3)).unwrap();
        let delivered = (ShipmentStatus::Delivered, Some(NOW.plus_minutes(30)));
        assert_eq!((change.shipment.status, change.shipment.actual_delivery), delivered, "{as_told:?}");
        assert_eq!(change.events[0].kind, EventKind::ShipmentStatusChanged);
        assert_eq!(change.order.map(|order| order.status), Some(OrderStatus::Delivered));
    }
    // What was delivered on its way back is with the shop.
    let back = [said(0, Some(ShipmentStatus::Failed)), said(30, Some(ShipmentStatus::Delivered))];
    let change = parcel.sighted(&sighting(back.to_vec()), &order, NOW.plus_minutes(60), ids(3)).unwrap();
    assert_eq!(change.shipment.status, ShipmentStatus::Failed);
}

proptest! {
    #[test]
    fn whatever_is_said_in_whatever_order_a_parcel_never_moves_back_and_hears_nothing_twice(
        said_at in proptest::collection::vec((0..200_u64, 0..8_usize), 1..15), order_of in proptest::collection::vec(any::<prop::sample::Index>(), 1..30)
    ) {
        let statuses = ["PENDING", "PICKED_UP", "IN_TRANSIT", "OUT_FOR_DELIVERY", "DELIVERED", "FAILED", "RETURNED", "nothing"];
        let events: Vec<CarrierEvent> = said_at.iter().map(|(at, what)| said(*at, ShipmentStatus::parse(statuses[*what]))).collect();
        let (mut parcel, mut order) = numbered();
        for (n, index) in order_of.iter().enumerate() {
            let event = sighting(vec![index.get(&events).clone()]);
            let (from, now) = (parcel.status, NOW.plus_minutes(300 + n as u64));
            if let Some(change) = parcel.sighted(&event, &order, now, ids(n)) {
                let to = change.shipment.status;
                prop_assert!(from == to || from.next().contains(&to), "{from} to {to}");
                prop_assert!(change.shipment.timeline.is_sorted_by_key(|entry| entry.at));
                order = change.order.unwrap_or(order);
                parcel = change.shipment;
            }
            prop_assert_eq!(parcel.sighted(&event, &order, now, ids(n)), None, "a second time");
        }
    }
}
