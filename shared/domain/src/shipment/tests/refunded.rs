//! Parcels of an order of which pieces are refunded.

use super::*;
use crate::event::EventKind;
use crate::order::{PaymentRequest, PaymentStatus};
use crate::refund::{PaymentProvider, Refund, RefundOutcome, RefundPart, RefundPatch, RefundReport, RefundRequest, RefundStatus};
use crate::returns::{Condition, Fees, RequestedItem, Return, ReturnPolicy, ReturnRequest, ReturnStep, StepRequest};
use crate::time::Day;

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

pub(super) fn paid(order: &Order) -> Order {
    order.pay(&PaymentRequest { status: PaymentStatus::Paid, reference: None }, STAFF, NOW, ids(0)).unwrap().order
}

/// A paid order of a piece of each line, and the parcel of the first one.
fn half_shipped() -> (Shipment, Order) {
    let order = paid(&confirmed(1));
    let change = order.ship(request(Carrier::Local, Some(of_line(&order, 0, 1))), STAFF, NOW, ids(1)).unwrap();
    (change.shipment, change.order.unwrap())
}

pub(super) fn pieces(order: &Order, line: usize, quantity: u32) -> RefundRequest {
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

pub(super) fn fail(refund: &Refund, order: &Order, n: usize) -> Option<(Refund, Order, Vec<Event>)> {
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
