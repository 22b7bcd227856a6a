//! What holds whatever happens to an order's parcels, in whatever order.

use super::refunded::{fail, paid, pieces};
use super::*;
use crate::refund::Refund;
use proptest::prelude::*;

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
