//! What holds for every order and its parcels, whatever is decided on them and in whatever order.

mod booking;
mod histories;
mod refunded;
mod tracking;

use super::*;
use crate::actor::Actor;
use crate::event::Event;
use crate::ids::Ids;
use crate::message::MessageKind;
use crate::order::tests::placed;
use crate::order::{CancelError, CancelRequest, Order, OrderStatus, PaymentMethod};

const NOW: Timestamp = Timestamp(1_795_000_000_000);
const STAFF: Actor = Actor::System;

fn ids(n: usize) -> Ids {
    Ids::new(NOW.plus_millis(n as u64), 0)
}

fn by_hand(order: &Order, steps: &[OrderStatus]) -> Order {
    steps.iter().fold(order.clone(), |order, to| order.advance(*to, None, STAFF, NOW, ids(0)).unwrap().order)
}

fn confirmed(quantity: u32) -> Order {
    by_hand(&placed(&[20_00, 30_00], quantity, PaymentMethod::MobileMoney), &[OrderStatus::Confirmed])
}

fn request(carrier: Carrier, items: Option<Vec<ShippedItem>>) -> ShipmentRequest {
    ShipmentRequest {
        carrier,
        service: None,
        recipient_name: "Grâce Mbuyi".into(),
        recipient_phone: None,
        address: ShippingAddress {
            street: "12 avenue de la Paix".into(),
            city: "Gombe".into(),
            state: None,
            zip_code: None,
            country: "RDC".into(),
        },
        weight: None,
        cost: None,
        items,
    }
}

fn of_line(order: &Order, line: usize, quantity: u32) -> Vec<ShippedItem> {
    vec![ShippedItem { order_item_id: order.items[line].id, quantity }]
}

fn to(status: ShipmentStatus) -> ShipmentPatch {
    ShipmentPatch { status: Some(status), ..ShipmentPatch::default() }
}

fn told(events: &[Event]) -> Vec<MessageKind> {
    events.iter().filter_map(|event| event.announcement.as_ref()).map(|announcement| announcement.kind).collect()
}

fn moved(shipment: &Shipment, order: &Order, status: ShipmentStatus) -> (Shipment, Order, Vec<MessageKind>) {
    let change = shipment.update(&to(status), order, STAFF, NOW, ids(7)).unwrap();
    let told = told(&change.events);
    (change.shipment, change.order.unwrap_or_else(|| order.clone()), told)
}

#[test]
fn a_parcel_of_everything_ships_a_confirmed_order_and_tells_the_customer_its_number() {
    let order = confirmed(2);
    let change = order.ship(request(Carrier::Local, None), STAFF, NOW, ids(1)).unwrap();
    let shipped = change.order.unwrap();
    assert_eq!((shipped.status, shipped.version), (OrderStatus::Shipped, order.version + 1));
    assert_eq!(told(&change.events), [MessageKind::ShippingUpdate]);
    let said = change.events[0].announcement.as_ref().unwrap().facts.tracking_number.clone();
    assert_eq!(said.as_deref(), change.shipment.tracking_number.as_ref().map(TrackingNumber::as_str));
    // Both arrows of the contract, each a line of the audit trail.
    let steps: Vec<_> = change.events[1..].iter().map(|event| event.new_status.as_deref().unwrap()).collect();
    assert_eq!(steps, ["PROCESSING", "SHIPPED"]);

    let (parcel, delivered, told) = moved(&change.shipment, &shipped, ShipmentStatus::Delivered);
    assert_eq!((delivered.status, delivered.completed_at, parcel.actual_delivery), (OrderStatus::Delivered, Some(NOW), Some(NOW)));
    assert_eq!(told, [MessageKind::DeliveryNotification]);
}

#[test]
fn a_parcel_for_a_carrier_is_announced_when_it_has_its_number_and_not_before() {
    let order = confirmed(1);
    let change = order.ship(request(Carrier::Dhl, None), STAFF, NOW, ids(1)).unwrap();
    assert_eq!((told(&change.events), change.number), (vec![], None));
    assert_eq!(change.events[0].jobs().len(), 1);
    let number = ShipmentPatch { tracking_number: Some(TrackingNumber::parse("1234567890")), ..ShipmentPatch::default() };
    let numbered = change.shipment.update(&number, &change.order.clone().unwrap(), STAFF, NOW, ids(2)).unwrap();
    assert_eq!(told(&numbered.events), [MessageKind::ShippingUpdate]);
    assert_eq!((numbered.order, numbered.shipment.booking), (None, Booking::Settled));
    let corrected = ShipmentPatch { tracking_number: Some(TrackingNumber::parse("1234567891")), ..ShipmentPatch::default() };
    let order = change.order.unwrap();
    let corrected = numbered.shipment.update(&corrected, &order, STAFF, NOW, ids(3)).unwrap();
    assert_eq!((told(&corrected.events), corrected.events[0].shipment_due), (vec![MessageKind::ShippingUpdate], None));
    let facts = &corrected.events[0].announcement.as_ref().unwrap().facts;
    assert_eq!((facts.tracking_number.as_deref(), facts.replaced_number.as_deref()), (Some("1234567891"), Some("1234567890")));
    let weighed = ShipmentPatch { weight: Some(None), ..ShipmentPatch::default() };
    assert_eq!(told(&corrected.shipment.update(&weighed, &order, STAFF, NOW, ids(4)).unwrap().events), []);
}

#[test]
fn an_order_follows_its_parcels_and_not_the_first_of_them() {
    let order = confirmed(1);
    let first = order.ship(request(Carrier::Local, Some(of_line(&order, 0, 1))), STAFF, NOW, ids(1)).unwrap();
    let order = first.order.unwrap();
    assert_eq!(order.status, OrderStatus::Processing);
    let (first, order, _) = moved(&first.shipment, &order, ShipmentStatus::Delivered);
    assert_eq!(order.status, OrderStatus::Processing);
    let second = order.ship(request(Carrier::Local, None), STAFF, NOW, ids(2)).unwrap();
    let order = second.order.unwrap();
    assert_eq!((order.status, second.shipment.items.len()), (OrderStatus::Shipped, 1));

    // One of two fails: its line is free, the order stays shipped, and another parcel takes the line.
    let (_, order, _) = moved(&second.shipment, &order, ShipmentStatus::Failed);
    assert_eq!((order.status, order.items[1].shipped_quantity), (OrderStatus::Shipped, 0));
    let third = order.ship(request(Carrier::Other, None), STAFF, NOW, ids(3)).unwrap();
    let (_, order, told) = moved(&third.shipment, &third.order.unwrap(), ShipmentStatus::Delivered);
    assert_eq!((order.status, told), (OrderStatus::Delivered, vec![MessageKind::DeliveryNotification]));
    assert_eq!(first.status.next(), []);
}

#[test]
fn with_none_live_left_the_order_is_processing_again_and_can_be_cancelled() {
    let order = confirmed(1);
    let change = order.ship(request(Carrier::Local, None), STAFF, NOW, ids(1)).unwrap();
    let shipped = change.order.unwrap();
    let failed = change.shipment.update(&to(ShipmentStatus::Failed), &shipped, STAFF, NOW, ids(2)).unwrap();
    let steps: Vec<_> = failed.events[1..].iter().map(|event| (event.previous_status.as_deref(), event.new_status.as_deref())).collect();
    assert_eq!((steps, told(&failed.events)), (vec![(Some("SHIPPED"), Some("PROCESSING"))], vec![]));
    let (failed, order) = (failed.shipment, failed.order.unwrap());
    assert_eq!(order.status, OrderStatus::Processing);
    // That it then comes back frees nothing a second time.
    assert_eq!(failed.update(&to(ShipmentStatus::Returned), &order, STAFF, NOW, ids(2)).unwrap().order, None);
    let cancel = CancelRequest { reason: "x".into(), is_reason_told: true, refund_method: None, notes: None };
    let again = order.ship(request(Carrier::Local, Some(of_line(&order, 0, 1))), STAFF, NOW, ids(3)).unwrap().order.unwrap();
    assert_eq!(again.status, OrderStatus::Processing);
    assert_eq!(again.cancel(&cancel, STAFF, NOW, ids(4)), Err(CancelError::LiveShipment));
    assert!(order.cancel(&cancel, STAFF, NOW, ids(4)).is_ok());
}

#[test]
fn what_staff_set_by_hand_stays_and_nobody_is_told_twice() {
    let order = confirmed(1);
    let change = order.ship(request(Carrier::Local, None), STAFF, NOW, ids(1)).unwrap();
    let delivered = by_hand(&change.order.unwrap(), &[OrderStatus::Delivered]);
    for status in [ShipmentStatus::Delivered, ShipmentStatus::Failed] {
        let (_, after, told) = moved(&change.shipment, &delivered, status);
        assert_eq!((after.status, after.completed_at, told), (OrderStatus::Delivered, Some(NOW), vec![]));
    }
    // All of it was there, so that this parcel has only been forgotten.
    let change = order.ship(request(Carrier::Dhl, None), STAFF, NOW, ids(1)).unwrap();
    let delivered = by_hand(&change.order.unwrap(), &[OrderStatus::Delivered]);
    let (_, _, told) = moved(&change.shipment, &delivered, ShipmentStatus::InTransit);
    assert_eq!(told, vec![]);
    // Sent in another way, as far as anybody knows.
    let by_hand = by_hand(&order, &[OrderStatus::Processing, OrderStatus::Shipped]);
    assert_eq!(by_hand.ship(request(Carrier::Local, None), STAFF, NOW, ids(1)), Err(ShipError::NotShippable(OrderStatus::Shipped)));
}
