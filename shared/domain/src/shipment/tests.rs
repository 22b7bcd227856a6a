//! What holds for every order and its parcels, whatever is decided on them and in whatever order.

use super::*;
use crate::actor::{Actor, Role};
use crate::event::{Event, EventKind};
use crate::ids::{Ids, UserId};
use crate::message::MessageKind;
use crate::order::tests::placed;
use crate::order::{CancelError, CancelRequest, Order, OrderStatus, PaymentMethod, PaymentRequest, PaymentStatus};
use crate::refund::{PaymentProvider, Refund, RefundOutcome, RefundPart, RefundPatch, RefundReport, RefundRequest, RefundStatus};
use crate::returns::{Condition, Fees, RequestedItem, Return, ReturnPolicy, ReturnRequest, ReturnStep, StepRequest};
use crate::time::Day;
use proptest::prelude::*;

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

/// The order with the money of some pieces of its first line gone back.
fn refunded(mut order: Order, pieces: u32) -> Order {
    order.items[0] = order.items[0].refund(pieces).unwrap().0;
    order
}

#[test]
fn what_was_refunded_is_not_shipped_and_nobody_waits_for_it() {
    let order = refunded(confirmed(3), 1);
    let too_many = order.ship(request(Carrier::Local, Some(of_line(&order, 0, 3))), STAFF, NOW, ids(1));
    assert_eq!(too_many, Err(ShipError::LineShipped { line: order.items[0].id, asked: 3, left: 2 }));
    let change = order.ship(request(Carrier::Local, None), STAFF, NOW, ids(1)).unwrap();
    let pieces: Vec<u32> = change.shipment.items.iter().map(|item| item.quantity).collect();
    let shipped = change.order.unwrap();
    assert_eq!((pieces, shipped.status), (vec![2, 3], OrderStatus::Shipped));
    let (_, delivered, _) = moved(&change.shipment, &shipped, ShipmentStatus::Delivered);
    assert_eq!((delivered.status, delivered.completed_at), (OrderStatus::Delivered, Some(NOW)));
}

#[test]
fn an_order_whose_last_pieces_are_refunded_follows_its_parcels_to_the_end() {
    let order = confirmed(2);
    let part = [of_line(&order, 0, 1), of_line(&order, 1, 2)].concat();
    let change = order.ship(request(Carrier::Local, Some(part)), STAFF, NOW, ids(1)).unwrap();
    let order = refunded(change.order.unwrap(), 1);
    assert_eq!(order.status, OrderStatus::Processing);
    let change = change.shipment.update(&to(ShipmentStatus::Delivered), &order, STAFF, NOW, ids(2)).unwrap();
    assert_eq!(change.order.unwrap().status, OrderStatus::Delivered);
    let steps: Vec<_> = change.events[1..].iter().map(|event| event.new_status.as_deref().unwrap()).collect();
    assert_eq!((steps, told(&change.events)), (vec!["SHIPPED", "DELIVERED"], vec![MessageKind::DeliveryNotification]));
}

fn paid(order: &Order) -> Order {
    order.pay(&PaymentRequest { status: PaymentStatus::Paid, reference: None }, STAFF, NOW, ids(0)).unwrap().order
}

/// A paid order of a piece of each line, and the parcel of the first one.
fn half_shipped() -> (Shipment, Order) {
    let order = paid(&confirmed(1));
    let change = order.ship(request(Carrier::Local, Some(of_line(&order, 0, 1))), STAFF, NOW, ids(1)).unwrap();
    (change.shipment, change.order.unwrap())
}

fn pieces(order: &Order, line: usize, quantity: u32) -> RefundRequest {
    RefundRequest { part: RefundPart::Pieces(vec![(order.items[line].id, quantity)]), reason: "Sold out".into(), method: None }
}

#[test]
fn an_order_whose_parcels_are_all_there_is_to_it_once_the_rest_is_refunded_has_arrived() {
    let (parcel, order) = half_shipped();
    let shipped = order.refund(&pieces(&order, 1, 1), STAFF, NOW, ids(2)).unwrap();
    assert_eq!((shipped.order.status, shipped.order.completed_at, told(&shipped.events)), (OrderStatus::Shipped, None, vec![]));

    let (_, order, _) = moved(&parcel, &order, ShipmentStatus::Delivered);
    assert_eq!(order.status, OrderStatus::Processing);
    let later = NOW.plus_minutes(1);
    let opened = order.refund(&pieces(&order, 1, 1), STAFF, later, ids(3)).unwrap();
    assert_eq!((opened.order.status, opened.order.completed_at), (OrderStatus::Delivered, Some(later)));
    assert_eq!(told(&opened.events), [MessageKind::DeliveryNotification]);
    let steps: Vec<_> = opened.events.iter().filter(|event| event.kind == EventKind::OrderStatusChanged).collect();
    let steps: Vec<_> = steps.iter().map(|event| event.new_status.as_deref().unwrap()).collect();
    assert_eq!(steps, ["SHIPPED", "DELIVERED"]);
}

#[test]
fn so_it_has_when_that_refund_failed_and_is_tried_again() {
    let (parcel, order) = half_shipped();
    let opened = order.refund(&pieces(&order, 1, 1), STAFF, NOW, ids(2)).unwrap();
    let to = |status| RefundPatch { status: Some(status), ..RefundPatch::default() };
    let failed = opened.refund.update(to(RefundStatus::Failed), &opened.order, STAFF, NOW, ids(3)).unwrap();
    let (_, order, _) = moved(&parcel, &failed.order.unwrap(), ShipmentStatus::Delivered);
    assert_eq!(order.status, OrderStatus::Shipped, "the other piece is to go again");
    let retried = failed.refund.update(to(RefundStatus::Processing), &order, STAFF, NOW, ids(4)).unwrap();
    assert_eq!((retried.order.unwrap().status, told(&retried.events)), (OrderStatus::Delivered, vec![MessageKind::DeliveryNotification]));
}

#[test]
fn so_it_has_when_that_refund_failed_and_its_provider_says_that_it_succeeded_after_all() {
    let (parcel, order) = half_shipped();
    let opened = order.refund(&pieces(&order, 1, 1), STAFF, NOW, ids(2)).unwrap();
    let refund = opened.refund.hand_over(PaymentProvider::PawaPay, "fresh", NOW, ids(3)).unwrap().refund;
    let report = |outcome| RefundReport { reference: None, outcome };
    let failed = refund.reported(&report(RefundOutcome::Failed("no balance".into())), &opened.order, NOW, ids(4)).unwrap();
    let (_, order, _) = moved(&parcel, &failed.order.unwrap(), ShipmentStatus::Delivered);
    assert_eq!((order.status, order.items[1].unshipped()), (OrderStatus::Shipped, 1), "the other piece is to go again");

    let later = NOW.plus_minutes(1);
    let succeeded = failed.refund.reported(&report(RefundOutcome::Succeeded), &order, later, ids(5)).unwrap();
    let after = succeeded.order.unwrap();
    assert_eq!((after.status, after.completed_at, after.version), (OrderStatus::Delivered, Some(later), order.version + 1));
    assert_eq!(after.items[1].unshipped(), 0);
    assert_eq!(told(&succeeded.events), [MessageKind::RefundProcessed, MessageKind::DeliveryNotification]);
    let places: std::collections::HashSet<_> = succeeded.events.iter().map(|event| (event.version, event.n)).collect();
    assert_eq!(places.len(), succeeded.events.len());
}

fn fail(refund: &Refund, order: &Order, n: usize) -> Option<(Refund, Order, Vec<Event>)> {
    let patch = RefundPatch { status: Some(RefundStatus::Failed), ..RefundPatch::default() };
    let change = refund.update(patch, order, STAFF, NOW, ids(n)).ok()?;
    Some((change.refund, change.order?, change.events))
}

#[test]
fn what_is_owed_again_after_its_refund_failed_is_shipped_although_the_order_was_delivered() {
    let (parcel, order) = half_shipped();
    let (_, order, _) = moved(&parcel, &order, ShipmentStatus::Delivered);
    let opened = order.refund(&pieces(&order, 1, 1), STAFF, NOW, ids(2)).unwrap();
    let delivered = OrderStatus::Delivered;
    assert_eq!(opened.order.status, delivered);
    let nothing_to_go = opened.order.ship(request(Carrier::Local, None), STAFF, NOW, ids(3));
    assert_eq!(nothing_to_go, Err(ShipError::NotShippable(delivered)));

    let (_, owed, _) = fail(&opened.refund, &opened.order, 4).unwrap();
    assert_eq!((owed.status, owed.completed_at), (delivered, Some(NOW)));
    let again = owed.ship(request(Carrier::Local, None), STAFF, NOW.plus_minutes(1), ids(5)).unwrap();
    assert_eq!(again.shipment.items, of_line(&owed, 1, 1));
    assert_eq!(told(&again.events), [MessageKind::ShippingUpdate], "the customer is told that it comes after all");
    let order = again.order.unwrap();
    let nothing_left = order.ship(request(Carrier::Local, None), STAFF, NOW, ids(6));
    assert_eq!(nothing_left, Err(ShipError::NotShippable(delivered)));
    let (_, order, told) = moved(&again.shipment, &order, ShipmentStatus::Delivered);
    assert_eq!(
        (order.status, order.items[1].delivered_quantity, told),
        (delivered, 1, vec![MessageKind::DeliveryNotification]),
        "that it came"
    );
}

/// An order whose return of so many pieces of a line was refunded.
fn brought_back(order: &Order, line: usize, quantity: u32) -> Order {
    let item = RequestedItem { order_item_id: order.items[line].id, quantity, condition: Condition::Unopened, restockable: true };
    let request = ReturnRequest { reason: "x".into(), description: None, items: vec![item] };
    let policy = ReturnPolicy { window_days: 30, arrival_days: 30, refunds_delivery_on_fault: false };
    let accepted = request.accept(order, &policy, Some(NOW.plus_days(30)), NOW).unwrap();
    let opened = Return::open(accepted, &Day::new(2026, 11, 23), 1, STAFF, NOW, ids(8));
    let steps = [ReturnStep::Approve, ReturnStep::Receive, ReturnStep::Refund];
    let back = steps.into_iter().fold(opened, |change, step| {
        let request = StepRequest { step, notes: None, counts: Vec::new(), fees: Fees::default() };
        change.rma.take(&request, &change.order, &policy, STAFF, NOW, ids(9)).unwrap()
    });
    back.order
}

#[test]
fn what_a_return_brings_back_has_gone_and_leaves_what_is_owed_as_it_was() {
    let order = paid(&confirmed(2));
    let all_of_the_first = order.ship(request(Carrier::Local, Some(of_line(&order, 0, 2))), STAFF, NOW, ids(1)).unwrap();
    let (_, order, _) = moved(&all_of_the_first.shipment, &all_of_the_first.order.unwrap(), ShipmentStatus::Delivered);
    let one_of_the_second = order.ship(request(Carrier::Local, Some(of_line(&order, 1, 1))), STAFF, NOW, ids(2)).unwrap();
    let (_, order, _) = moved(&one_of_the_second.shipment, &one_of_the_second.order.unwrap(), ShipmentStatus::Delivered);
    // The other piece's money was to go back, and the customer brings the one back that arrived before that fails.
    let opened = order.refund(&pieces(&order, 1, 1), STAFF, NOW, ids(3)).unwrap();
    assert_eq!((opened.order.status, opened.order.items[1].unshipped()), (OrderStatus::Delivered, 0));
    let back = brought_back(&opened.order, 1, 1);
    assert_eq!((back.items[1].refunded_quantity, back.items[1].unshipped()), (2, 0));
    let (_, owed, _) = fail(&opened.refund, &back, 4).unwrap();
    assert_eq!(owed.items[1].unshipped(), 1);
    assert_eq!(owed.ship(request(Carrier::Local, None), STAFF, NOW, ids(5)).unwrap().shipment.items, of_line(&owed, 1, 1));

    // The same one after the other.
    let (_, failed, _) = fail(&opened.refund, &opened.order, 6).unwrap();
    assert_eq!(brought_back(&failed, 1, 1).items[1].unshipped(), 1);
    // Pieces that reached their customer without a parcel are none that are still to go.
    assert_eq!(brought_back(&failed, 1, 2).items[1].unshipped(), 0);
}

#[test]
fn an_order_of_which_nothing_goes_is_not_shipped_however_much_of_it_is_refunded() {
    let order = confirmed(1);
    let change = order.ship(request(Carrier::Local, Some(of_line(&order, 0, 1))), STAFF, NOW, ids(1)).unwrap();
    let mut order = refunded(change.order.unwrap(), 1);
    order.items[1] = order.items[1].refund(1).unwrap().0;
    let (_, after, _) = moved(&change.shipment, &order, ShipmentStatus::Failed);
    assert_eq!(after.status, OrderStatus::Processing);
    assert_eq!(after.ship(request(Carrier::Local, None), STAFF, NOW, ids(2)), Err(ShipError::AllShipped));
}

/// One thing that somebody tries.
#[derive(Clone, Debug)]
enum Step {
    Ship(Carrier, Option<(usize, u32)>),
    Move(usize, ShipmentStatus),
    ByHand(OrderStatus),
    Refund(usize, u32),
    Fail(usize),
    Cancel,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (prop::sample::select(Carrier::ALL), prop::option::of((0..2_usize, 1..4_u32))).prop_map(|(carrier, part)| Step::Ship(carrier, part)),
        6 => (0..6_usize, prop::sample::select(ShipmentStatus::ALL)).prop_map(|(parcel, to)| Step::Move(parcel, to)),
        2 => prop::sample::select(OrderStatus::ALL).prop_map(Step::ByHand),
        1 => (0..2_usize, 1..3_u32).prop_map(|(line, quantity)| Step::Refund(line, quantity)),
        1 => (0..3_usize).prop_map(Step::Fail),
        1 => Just(Step::Cancel),
    ];
    prop::collection::vec(step, 0..30)
}

proptest! {
    #[test]
    fn no_piece_is_in_two_live_parcels_and_nobody_is_told_anything_twice(quantity in 1..4_u32, steps in steps()) {
        let mut order = paid(&confirmed(quantity));
        let mut parcels: Vec<Shipment> = Vec::new();
        let mut refunds: Vec<Refund> = Vec::new();
        let (mut delivery_told, mut shipping_told) = (0, 0);
        for (n, step) in steps.into_iter().enumerate() {
            let before = order.clone();
            let events = match step {
                Step::Ship(carrier, part) => {
                    let items = part.map(|(line, quantity)| of_line(&order, line, quantity));
                    let Ok(change) = order.ship(request(carrier, items), STAFF, NOW, ids(n)) else { continue };
                    parcels.push(change.shipment);
                    order = change.order.unwrap();
                    change.events
                }
                Step::Move(parcel, status) => {
                    let Some(parcel) = parcels.get_mut(parcel) else { continue };
                    let Ok(change) = parcel.update(&to(status), &order, STAFF, NOW, ids(n)) else { continue };
                    prop_assert!(parcel.status.next().contains(&status));
                    *parcel = change.shipment;
                    order = change.order.unwrap_or(order);
                    change.events
                }
                Step::ByHand(status) => {
                    let Ok(change) = order.advance(status, None, STAFF, NOW, ids(n)) else { continue };
                    order = change.order;
                    // A word of staff's own is their own.
                    vec![]
                }
                Step::Refund(line, quantity) => {
                    let Ok(change) = order.refund(&pieces(&order, line, quantity), STAFF, NOW, ids(n)) else { continue };
                    order = change.order;
                    refunds.push(change.refund);
                    change.events
                }
                Step::Fail(refund) => {
                    let Some(refund) = refunds.get_mut(refund) else { continue };
                    let Some((failed, after, events)) = fail(refund, &order, n) else { continue };
                    *refund = failed;
                    order = after;
                    events
                }
                Step::Cancel => {
                    let request = CancelRequest { reason: "x".into(), is_reason_told: true, refund_method: None, notes: None };
                    let Ok(change) = order.cancel(&request, STAFF, NOW, ids(n)) else { continue };
                    prop_assert!(parcels.iter().all(|parcel| !parcel.status.is_live()));
                    order = change.order;
                    vec![]
                }
            };
            prop_assert!(order.version <= before.version + 1);
            let places: std::collections::HashSet<_> = events.iter().map(|event| (event.version, event.n)).collect();
            prop_assert_eq!(places.len(), events.len());
            delivery_told += told(&events).iter().filter(|kind| **kind == MessageKind::DeliveryNotification).count();
            shipping_told += told(&events).iter().filter(|kind| **kind == MessageKind::ShippingUpdate).count();
            for line in &order.items {
                let pieces = |counts: fn(ShipmentStatus) -> bool| -> u32 {
                    let counted = parcels.iter().filter(|parcel| counts(parcel.status)).flat_map(|parcel| &parcel.items);
                    counted.filter(|item| item.order_item_id == line.id).map(|item| item.quantity).sum()
                };
                prop_assert_eq!(line.shipped_quantity, pieces(ShipmentStatus::is_live));
                prop_assert_eq!(line.delivered_quantity, pieces(|status| status == ShipmentStatus::Delivered));
                prop_assert!(line.delivered_quantity <= line.shipped_quantity && line.shipped_quantity <= line.quantity);
            }
            let all = order.has_live_parcel() && order.items.iter().all(|line| line.unshipped() == 0);
            let there = all && order.items.iter().all(|line| line.delivered_quantity == line.shipped_quantity);
            let still = matches!(order.status, OrderStatus::Confirmed | OrderStatus::Processing);
            prop_assert!(!(all && still), "all that goes is in live parcels and the order is {}", order.status);
            prop_assert!(!(there && order.status == OrderStatus::Shipped), "all that goes is there");
            // What was made ready to be picked up is taken from there.
            let is_owed = order.has_live_parcel() && order.items.iter().any(|line| line.unshipped() > 0);
            let is_ready = order.status == OrderStatus::ReadyForPickup;
            prop_assert!(!is_owed || is_ready || order.can_be_shipped(), "pieces are owed and the order is {}", order.status);
        }
        prop_assert!(delivery_told <= 1);
        prop_assert_eq!(shipping_told, parcels.iter().filter(|parcel| parcel.announced).count());
    }
}

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
