//! Identifiers: positive numbers that fit a JSON number, sort by time and need no counter.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The largest id: 2^53 − 1, the largest integer that every JSON reader keeps exactly (RFC 8259, section 6).
pub const MAX_ID: u64 = (1 << 53) - 1;

/// 2025-01-01T00:00:00Z; the first 41 bits of an id count milliseconds from here.
pub const EPOCH: Timestamp = Timestamp(1_735_689_600_000);

const RANDOM_BITS: u32 = 12;

macro_rules! ids {
    ($( $(#[$doc:meta])* $name:ident, )+) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
        pub struct $name(u64);

        impl $name {
            /// An id in 1..=[`MAX_ID`]; nothing for any other number.
            #[must_use]
            pub fn new(number: u64) -> Option<Self> {
                (1..=MAX_ID).contains(&number).then_some(Self(number))
            }

            /// A fresh id of one decision.
            #[must_use]
            pub fn draw(ids: &mut Ids) -> Self {
                Self(ids.draw())
            }

            /// The number that clients see.
            #[must_use]
            pub const fn get(self) -> u64 {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )+ };
}

ids! {
    /// An order.
    OrderId,
    /// A line of an order.
    OrderItemId,
    /// A refund.
    RefundId,
    /// A return (RMA).
    ReturnId,
    /// An entry of a return.
    ReturnItemId,
    /// A shipment: one parcel.
    ShipmentId,
    /// A product; made by the shop's catalogue, not here.
    ProductId,
    /// A sellable variant of a product.
    VariantId,
    /// A customer; the `id` claim of their token.
    CustomerId,
    /// Whoever holds a token; the `id` claim.
    UserId,
    /// An event of the audit trail.
    EventId,
    /// A message of the notification log.
    NotificationId,
    /// An e-mail template.
    TemplateId,
    /// An entry of a store-credit ledger.
    CreditEntryId,
    /// A promotion.
    PromotionId,
}

/// The ids of one decision: all drawn from one millisecond, all distinct (up to 4,096 of them).
///
/// 41 bits of milliseconds since [`EPOCH`] (until 2094) above 12 bits that start at a random place.
#[derive(Clone, Copy, Debug)]
pub struct Ids {
    millis: u64,
    next: u64,
}

impl Ids {
    /// Ids made at `now`; `seed` is the random start.
    #[must_use]
    pub fn new(now: Timestamp, seed: u16) -> Self {
        Self { millis: now.0.saturating_sub(EPOCH.0), next: u64::from(seed) }
    }

    fn draw(&mut self) -> u64 {
        let random = self.next & ((1 << RANDOM_BITS) - 1);
        self.next += 1;
        // Zero is no id; it could only come up in the very first millisecond.
        ((self.millis << RANDOM_BITS) | random).max(1)
    }

    /// The smallest number an id made at `at` or later can have: the bound that a time filter puts on ids.
    #[must_use]
    pub fn first_at(at: Timestamp) -> u64 {
        (at.0.saturating_sub(EPOCH.0)).saturating_mul(1 << RANDOM_BITS).min(MAX_ID)
    }
}

/// Whether a text is a UUID as RFC 9562 writes it, in either case.
#[must_use]
pub fn is_uuid(text: &str) -> bool {
    let is_right = |(at, byte): (usize, u8)| if matches!(at, 8 | 13 | 18 | 23) { byte == b'-' } else { byte.is_ascii_hexdigit() };
    text.len() == 36 && text.bytes().enumerate().all(is_right)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ids_of_one_decision_are_distinct_fit_json_and_sort_by_time(at in EPOCH.0..EPOCH.0 + (1 << 41) - 1, seed: u16) {
            let mut ids = Ids::new(Timestamp(at), seed);
            let drawn: std::collections::HashSet<u64> = (0..200).map(|_| OrderId::draw(&mut ids).get()).collect();
            prop_assert_eq!(drawn.len(), 200);
            prop_assert!(drawn.iter().all(|id| OrderId::new(*id).is_some()));
            prop_assert!(drawn.iter().all(|id| *id >= Ids::first_at(Timestamp(at))));
            prop_assert!(drawn.iter().all(|id| *id < Ids::first_at(Timestamp(at + 1))));
        }
    }
}
