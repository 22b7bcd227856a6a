//! What a carrier is asked for, and whose label it is.

use super::*;
use crate::actor::Role;
use crate::ids::UserId;

#[test]
fn a_parcel_that_a_carrier_is_being_asked_about_is_left_alone_for_a_while() {
    let order = confirmed(1);
    let change = order.ship(request(Carrier::Ups, None), STAFF, NOW, ids(1)).unwrap();
    let asked = Shipment { booking: Booking::Asked { attempt: 1, at: NOW }, ..change.shipment };
    let order = change.order.unwrap();
    let try_at = |now| asked.update(&to(ShipmentStatus::PickedUp), &order, STAFF, now, ids(2)).err();
    assert_eq!(try_at(NOW.plus_minutes(1)), Some(ShipmentError::BookingInProgress));
    assert_eq!(try_at(NOW.plus_minutes(HELD_MINUTES)), None);
}

#[test]
fn what_a_carrier_may_have_made_a_label_for_is_free_for_no_other_until_it_is_known() {
    let order = confirmed(1);
    let change = order.ship(request(Carrier::Ups, None), STAFF, NOW, ids(1)).unwrap();
    let asked = Shipment { booking: Booking::Asked { attempt: 1, at: NOW }, ..change.shipment };
    let order = change.order.unwrap();
    let try_at = |patch: &ShipmentPatch, minutes| asked.update(patch, &order, STAFF, NOW.plus_minutes(minutes), ids(2));
    for freeing in [ShipmentStatus::Failed, ShipmentStatus::Returned] {
        for minutes in [1, HELD_MINUTES, LOOKED_FOR_MINUTES, OPEN_MINUTES - 1] {
            assert_eq!(try_at(&to(freeing), minutes).err(), Some(ShipmentError::BookingInProgress), "{freeing} after {minutes} minutes");
        }
        // Whoever should have looked for it never did: staff decide, and it is looked for all the same.
        let late = try_at(&to(freeing), OPEN_MINUTES).unwrap();
        assert_eq!((late.order.unwrap().status, late.shipment.booking), (OrderStatus::Processing, asked.booking));
    }
    let moved = try_at(&to(ShipmentStatus::InTransit), HELD_MINUTES).unwrap().shipment;
    assert_eq!((moved.status, moved.booking), (ShipmentStatus::InTransit, asked.booking), "the label is still to be found");
    // Staff who enter a number have looked by themselves.
    let number = ShipmentPatch { tracking_number: Some(TrackingNumber::parse("1Z1")), ..to(ShipmentStatus::Failed) };
    assert_eq!(try_at(&number, HELD_MINUTES).unwrap().shipment.booking, Booking::Settled);
}

#[test]
fn a_cancelled_order_s_parcel_is_given_up_before_its_carrier_is_asked_and_looked_for_after() {
    let order = confirmed(1);
    let change = order.ship(request(Carrier::Dhl, None), STAFF, NOW, ids(1)).unwrap();
    let (parcel, order) = (change.shipment, change.order.unwrap());
    let cancelled = Order { status: OrderStatus::Cancelled, ..order.clone() };
    assert_eq!(parcel.booking_step(&order, NOW), BookingStep::Ask { attempt: 1 });
    assert_eq!(parcel.booking_step(&cancelled, NOW), BookingStep::GiveUp);
    let given_up = parcel.given_up("The order was cancelled.", &cancelled, NOW, ids(2));
    assert_eq!((given_up.shipment.status, given_up.shipment.booking), (ShipmentStatus::Failed, Booking::Settled));
    assert_eq!(given_up.shipment.failure_reason.as_deref(), Some("The order was cancelled."));
    assert_eq!(given_up.order.map_or(OrderStatus::Cancelled, |order| order.status), OrderStatus::Cancelled);
    assert_eq!(given_up.shipment.booking_step(&cancelled, NOW), BookingStep::Nothing);

    // What may have been bought is looked for, whatever became of the order.
    let asked = parcel.asked(1, &order, NOW, ids(2)).shipment;
    assert_eq!(asked.booking_step(&cancelled, NOW), BookingStep::Wait { until: NOW.plus_minutes(HELD_MINUTES) });
    let later = NOW.plus_minutes(HELD_MINUTES);
    assert_eq!(asked.booking_step(&cancelled, later), BookingStep::Find { attempt: 1, asked_at: NOW, is_last: false });
}

#[test]
fn a_number_is_void_once_its_parcel_has_come_to_nothing_and_not_while_it_moves() {
    let admin = Actor::Person { id: UserId::new(7).unwrap(), role: Role::Admin };
    let order = confirmed(1);
    let first = order.ship(request(Carrier::Local, Some(of_line(&order, 0, 1))), admin, NOW, ids(1)).unwrap();
    let number = first.shipment.tracking_number.clone().unwrap();
    let moved = first.shipment.update(&to(ShipmentStatus::InTransit), &first.order.unwrap(), admin, NOW, ids(2)).unwrap();
    let order = moved.order.unwrap();
    assert_eq!(order.void_numbers, []);
    let failed = moved.shipment.update(&to(ShipmentStatus::Failed), &order, admin, NOW, ids(3)).unwrap();
    assert_eq!(failed.order.unwrap().void_numbers, [number]);
}

#[test]
fn what_went_wrong_is_over_once_staff_enter_a_number_or_want_another_try() {
    let change = confirmed(1).ship(request(Carrier::Dhl, None), STAFF, NOW, ids(1)).unwrap();
    let order = change.order.unwrap();
    let left = change.shipment.left_to_staff("DHL knows no such street.", &order, NOW, ids(2)).shipment;
    assert_eq!((left.booking, left.failure_reason.is_some()), (Booking::Staff { attempt: 1 }, true));
    let number = ShipmentPatch { tracking_number: Some(TrackingNumber::parse("1234567890")), ..ShipmentPatch::default() };
    for (patch, booking) in [(number, Booking::Settled), (to(ShipmentStatus::Pending), Booking::Due { attempt: 2 })] {
        let after = left.update(&patch, &order, STAFF, NOW, ids(3)).unwrap().shipment;
        assert_eq!((after.booking, after.failure_reason), (booking, None));
    }
}

#[test]
fn a_label_is_for_a_live_parcel_without_a_number_and_any_other_is_one_to_be_void() {
    let change = confirmed(1).ship(request(Carrier::Dhl, None), STAFF, NOW, ids(1)).unwrap();
    let order = change.order.unwrap();
    let asked = change.shipment.asked(1, &order, NOW, ids(2)).shipment;
    let number = TrackingNumber::parse("1234567890").unwrap();
    let label = Booked {
        tracking_number: number.clone(),
        label_key: Some("1.pdf".into()),
        cost: Some(Money::usd(12_00)),
        estimated_delivery: None,
        left_to_do: None,
    };
    let booked = asked.booked(&label, &order, NOW, ids(3)).unwrap();
    let after = booked.shipment;
    assert_eq!((&after.tracking_number, after.cost, after.booking), (&Some(number.clone()), label.cost, Booking::Settled));
    assert_eq!((after.failure_reason.as_deref(), booked.number), (None, Some(NumberClaim::Given(number))), "whoever had it before");
    assert_eq!(after.booked(&label, &order, NOW, ids(4)), None);

    let failed = Shipment { status: ShipmentStatus::Failed, ..asked.clone() };
    let numbered = Shipment { tracking_number: TrackingNumber::parse("42-1"), ..asked };
    for parcel in [failed, numbered] {
        let change = parcel.booked(&label, &order, NOW, ids(4)).unwrap();
        let after = change.shipment;
        assert!(after.failure_reason.is_some_and(|reason| reason.ends_with("void that label.")));
        let kept = (after.tracking_number, after.label, after.cost, after.booking, change.number);
        assert_eq!(kept, (parcel.tracking_number, None, None, Booking::Settled, None));
    }
}
