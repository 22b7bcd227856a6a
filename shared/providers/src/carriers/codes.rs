//! What carriers' codes are with us, a table for each. A code that is in no table is kept and logged, and nothing is guessed from it.

use crate::said::as_code;
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

/// DHL Express's checkpoints, which MyDHL API has in `typeCode`: those of DHL's list for customers ("Event codes" of its XML
/// services, with what that list calls them), and `SD`. DHL sends others among its own depots, and its list of those, which is
/// in the reference data behind a customer's login, has hundreds: they are kept and logged, and move nothing.
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
    ("DD", DELIVERED),  // Delivered damaged
    ("DS", FAILED),     // Destroyed or disposed of
    ("RT", RETURNED),   // Returned to consignor
    ("AD", NOTHING),    // Agreed delivery
    ("BA", NOTHING),    // Bad address
    ("BL", NOTHING),    // Bond location
    ("BN", NOTHING),    // Broker notified
    ("BR", NOTHING),    // Broker release
    ("CA", NOTHING),    // Closed on arrival
    ("CC", NOTHING),    // Awaiting collection by the consignee
    ("CD", NOTHING),    // Clearance delay
    ("CI", IN_TRANSIT), // Facility check-in
    ("CM", NOTHING),    // Customer moved
    ("CS", NOTHING),    // Closed shipment: by which end is not said
    ("CU", IN_TRANSIT), // Confirm uplift: on board
    ("DI", NOTHING),    // Duty invoice
    ("DM", NOTHING),    // Damaged
    ("DP", NOTHING),    // Denied parties
    ("ES", NOTHING),    // Entry submitted
    ("HI", NOTHING),    // Lodged into held inventory control
    ("HN", NOTHING),    // Handover
    ("HO", NOTHING),    // Lodged out of held inventory control
    ("HP", NOTHING),    // Held for payment
    ("IA", NOTHING),    // Image available
    ("IR", NOTHING),    // Incorrect route
    ("LV", IN_TRANSIT), // Load vehicle
    ("MC", NOTHING),    // Missed cycle
    ("MD", NOTHING),    // Missed delivery cycle
    ("MS", NOTHING),    // Missorted
    ("NA", NOTHING),    // Not arrived
    ("ND", NOTHING),    // Not delivered
    ("NH", NOTHING),    // Not home
    ("OH", NOTHING),    // On hold
    ("PD", NOTHING),    // Partial delivery: the rest is still to come
    ("PO", IN_TRANSIT), // Port of departure
    ("PY", NOTHING),    // Payment
    ("RD", NOTHING),    // Recipient refused delivery
    ("RR", NOTHING),    // Response received
    ("RW", NOTHING),    // Weigh and dimension
    ("SC", NOTHING),    // Service changed
    ("SI", NOTHING),    // Shipment inspection
    ("SM", NOTHING),    // Scheduled movement
    ("SS", NOTHING),    // Shipment stopped
    ("ST", NOTHING),    // Shipment intercept
    ("TD", NOTHING),    // Transport delay
    ("TI", NOTHING),    // Trace initiated
    ("TT", NOTHING),    // Trace terminated
    ("TP", NOTHING),    // Forwarded to a third party
    ("UD", NOTHING),    // Uncontrollable clearance delay
    ("UV", IN_TRANSIT), // Unload vehicle
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

/// UPS's codes within a kind of activity (Tracking API, `status.code`; Track Alert API, `activityStatus.code`). Of a parcel
/// between its pickup and its end UPS's kind says too little ("in transit" is also the scan of a label and the courier's van),
/// so there the code decides.
pub(super) const UPS_CODES: &Table = &[
    ("AR", IN_TRANSIT), // Arrival scan
    ("DP", IN_TRANSIT), // Departure scan
    ("DS", IN_TRANSIT), // Destination scan
    ("EP", IN_TRANSIT), // Export scan
    ("IP", IN_TRANSIT), // Import scan
    ("OR", PICKED_UP),  // Origin scan
    ("OT", OUT),        // Out for delivery
    ("PU", PICKED_UP),  // Pickup scan
    ("XD", PICKED_UP),  // Dropped off by the shipper
    ("MP", NOTHING),    // Label made, and not handed over so far
    ("SR", NOTHING),    // Released by customs
];

/// What UPS's kind and code are with us. A code that nobody knows is kept and logged. What it comes with is taken for what it
/// is only where the kind by itself says how a parcel's way begins or ends; nothing is guessed of what lies between.
pub(super) fn ups_status(kind: &str, code: Option<&str>) -> Option<ShipmentStatus> {
    let by_kind = |kind| status(Carrier::Ups, UPS, kind);
    match code.map(|code| (code, UPS_CODES.iter().find(|(known, _)| *known == code))) {
        None => by_kind(kind),
        // "Delivered" is UPS's word whatever the code says, which is then of where it was left.
        Some(_) if ["D", "RS", "MV"].contains(&kind) => by_kind(kind),
        Some((_, Some((_, Means::At(status))))) => Some(*status),
        Some((_, Some((_, Means::Nothing)))) => None,
        Some((code, None)) => {
            tracing::warn!(carrier = %Carrier::Ups, kind = as_code(kind), code = as_code(code), "a code of a carrier that is in no table");
            None
        }
    }
}

/// What a table says of a code.
pub(super) fn status(carrier: Carrier, table: &Table, code: &str) -> Option<ShipmentStatus> {
    match table.iter().find(|(known, _)| *known == code) {
        Some((_, Means::At(status))) => Some(*status),
        Some((_, Means::Nothing)) => None,
        None => {
            tracing::warn!(%carrier, code = as_code(code), "a code of a carrier that is in no table");
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

    #[test]
    fn of_ups_an_unknown_code_moves_nothing_but_what_ends_a_parcel_s_way() {
        let read = |kind, code| ups_status(kind, Some(code));
        assert_eq!(read("I", "OT"), Some(ShipmentStatus::OutForDelivery));
        assert_eq!(read("I", "OR"), Some(ShipmentStatus::PickedUp));
        assert_eq!([read("I", "Q9"), read("O", "Q9"), read("P", "Q9"), read("X", "SR"), read("Q", "Q9")], [None; 5]);
        assert_eq!((read("D", "Q9"), read("RS", "Q9")), (Some(ShipmentStatus::Delivered), Some(ShipmentStatus::Returned)));
        assert_eq!(ups_status("I", None), Some(ShipmentStatus::InTransit));
        let codes: BTreeSet<&str> = UPS_CODES.iter().map(|(code, _)| *code).collect();
        assert_eq!(codes.len(), UPS_CODES.len());
    }
}
