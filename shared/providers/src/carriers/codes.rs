//! What carriers' codes are with us, a table for each. A code that is in no table is kept and logged, and nothing is guessed from it.

use domain::shipment::{Carrier, ShipmentStatus};

/// What a code is with us.
#[derive(Clone, Copy)]
pub(super) enum Means {
    /// The parcel is there.
    At(ShipmentStatus),
    /// Nothing of where the parcel is: it waits, was misrouted, or its customer was not at home, and goes on from there.
    Nothing,
}

const PICKED_UP: Means = Means::At(ShipmentStatus::PickedUp);
const IN_TRANSIT: Means = Means::At(ShipmentStatus::InTransit);
const OUT: Means = Means::At(ShipmentStatus::OutForDelivery);
const DELIVERED: Means = Means::At(ShipmentStatus::Delivered);
const FAILED: Means = Means::At(ShipmentStatus::Failed);
const RETURNED: Means = Means::At(ShipmentStatus::Returned);
const NOTHING: Means = Means::Nothing;

pub(super) type Table = [(&'static str, Means)];

/// DHL Express's checkpoints (MyDHL API, "Tracking event codes").
pub(super) const DHL: &Table = &[
    ("SD", NOTHING), // Shipment data received
    ("PU", PICKED_UP),
    ("SA", PICKED_UP),  // Shipment acceptance
    ("AF", IN_TRANSIT), // Arrived facility
    ("AR", IN_TRANSIT), // Arrival in delivery facility
    ("CR", IN_TRANSIT), // Clearance release
    ("DF", IN_TRANSIT), // Departed facility
    ("FD", IN_TRANSIT), // Forwarded to destination
    ("IC", IN_TRANSIT), // In clearance processing
    ("PL", IN_TRANSIT), // Processed at location
    ("TR", IN_TRANSIT), // Record of transit
    ("WC", OUT),        // With delivery courier
    ("OK", DELIVERED),
    ("DD", DELIVERED), // Delivered damaged
    ("DS", FAILED),    // Destroyed or disposed of
    ("RT", RETURNED),  // Returned to consignor
    ("AD", NOTHING),   // Agreed delivery
    ("BA", NOTHING),   // Bad address
    ("BN", NOTHING),   // Broker notified
    ("CA", NOTHING),   // Closed on arrival
    ("CC", NOTHING),   // Awaiting collection by the consignee
    ("CD", NOTHING),   // Clearance delay
    ("CM", NOTHING),   // Customer moved
    ("MC", NOTHING),   // Missed cycle
    ("MD", NOTHING),   // Missed delivery cycle
    ("MS", NOTHING),   // Missorted
    ("NA", NOTHING),   // Not arrived
    ("ND", NOTHING),   // Not delivered
    ("NH", NOTHING),   // Not home
    ("OH", NOTHING),   // On hold
    ("RD", NOTHING),   // Recipient refused delivery
    ("RR", NOTHING),   // Response received
    ("SS", NOTHING),   // Shipment stopped
    ("TD", NOTHING),   // Transport delay
    ("TP", NOTHING),   // Forwarded to a third party
    ("UD", NOTHING),   // Uncontrollable clearance delay
];

/// FedEx's codes (Track API, "Tracking status codes").
pub(super) const FEDEX: &Table = &[
    ("IN", NOTHING), // Label created
    ("OC", NOTHING), // Order created
    ("PU", PICKED_UP),
    ("PX", PICKED_UP),
    ("AA", IN_TRANSIT), // At airport
    ("AF", IN_TRANSIT), // At FedEx facility
    ("AR", IN_TRANSIT), // Arrived at FedEx location
    ("CC", IN_TRANSIT), // Cleared customs
    ("DP", IN_TRANSIT), // Left FedEx location
    ("FD", IN_TRANSIT), // At FedEx destination
    ("IT", IN_TRANSIT),
    ("IX", IN_TRANSIT),
    ("LO", IN_TRANSIT), // Left origin
    ("OF", IN_TRANSIT), // At FedEx origin facility
    ("PF", IN_TRANSIT), // Plane in flight
    ("PL", IN_TRANSIT), // Plane landed
    ("SF", IN_TRANSIT), // At sort facility
    ("TR", IN_TRANSIT), // Transfer
    ("OD", OUT),
    ("DL", DELIVERED),
    ("CA", FAILED),  // Shipment cancelled
    ("RS", FAILED),  // On its way back to the shipper: it will not arrive, and is not back yet
    ("AP", NOTHING), // At pickup
    ("CD", NOTHING), // Clearance delay
    ("CH", NOTHING), // Location changed
    ("CP", NOTHING), // Clearance in progress
    ("DD", NOTHING), // Delivery delay
    ("DE", NOTHING), // Delivery exception
    ("DY", NOTHING), // Delay
    ("HL", NOTHING), // Hold at location
    ("HP", NOTHING), // Ready for recipient pickup
    ("PD", NOTHING), // Pickup delay
    ("SE", NOTHING), // Shipment exception
];

/// UPS's kinds of activities (Tracking API, `status.type`).
pub(super) const UPS: &Table = &[
    ("M", NOTHING), // Billing information received: there is a label
    ("P", PICKED_UP),
    ("I", IN_TRANSIT),
    ("O", OUT),
    ("D", DELIVERED),
    ("MV", FAILED), // Billing information voided
    ("RS", RETURNED),
    ("U", NOTHING), // Another day of delivery
    ("X", NOTHING), // Exception
    ("NA", NOTHING),
];

/// UPS's codes that say more than the kind they come with (Track Alert API, `activityStatus.code`).
pub(super) const UPS_CODES: &Table = &[
    ("OT", OUT),       // Out for delivery, of the kind "in transit"
    ("OR", PICKED_UP), // Origin scan, likewise
];

/// What a table says of a code.
pub(super) fn status(carrier: Carrier, table: &Table, code: &str) -> Option<ShipmentStatus> {
    match table.iter().find(|(known, _)| *known == code) {
        Some((_, Means::At(status))) => Some(*status),
        Some((_, Means::Nothing)) => None,
        None => {
            tracing::warn!(%carrier, code, "a code of a carrier that is in no table");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_code_is_in_a_table_twice_and_every_carrier_can_deliver() {
        for (carrier, table, delivered) in [(Carrier::Dhl, DHL, "OK"), (Carrier::FedEx, FEDEX, "DL"), (Carrier::Ups, UPS, "D")] {
            let codes: BTreeSet<&str> = table.iter().map(|(code, _)| *code).collect();
            assert_eq!(codes.len(), table.len(), "{carrier}");
            assert_eq!(status(carrier, table, delivered), Some(ShipmentStatus::Delivered));
            assert_eq!(status(carrier, table, "??"), None);
        }
    }
}
