//! Counts round trips and capacity units, from what DynamoDB says each call consumed.

use aws_sdk_dynamodb::types::ConsumedCapacity;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Running totals of one store.
#[derive(Clone, Debug, Default)]
pub struct Meter(Arc<Totals>);

#[derive(Debug, Default)]
struct Totals {
    round_trips: AtomicU64,
    reads: AtomicU64,
    writes: AtomicU64,
}

/// Totals at one point. Units are thousandths of capacity units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Consumed {
    /// Calls that were waited for one after the other.
    pub round_trips: u64,
    /// Thousandths of read units.
    pub read_milliunits: u64,
    /// Thousandths of write units.
    pub write_milliunits: u64,
}

impl Consumed {
    /// What came on top of `earlier`.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Self {
        Self {
            round_trips: self.round_trips - earlier.round_trips,
            read_milliunits: self.read_milliunits - earlier.read_milliunits,
            write_milliunits: self.write_milliunits - earlier.write_milliunits,
        }
    }
}

impl Meter {
    /// The totals now.
    #[must_use]
    pub fn total(&self) -> Consumed {
        Consumed {
            round_trips: self.0.round_trips.load(Ordering::Relaxed),
            read_milliunits: self.0.reads.load(Ordering::Relaxed),
            write_milliunits: self.0.writes.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn round_trip(&self) {
        self.0.round_trips.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn read<'a>(&self, consumed: impl IntoIterator<Item = &'a ConsumedCapacity>) {
        self.0.reads.fetch_add(milliunits(consumed), Ordering::Relaxed);
    }

    pub(crate) fn wrote<'a>(&self, consumed: impl IntoIterator<Item = &'a ConsumedCapacity>) {
        self.0.writes.fetch_add(milliunits(consumed), Ordering::Relaxed);
    }
}

fn milliunits<'a>(consumed: impl IntoIterator<Item = &'a ConsumedCapacity>) -> u64 {
    consumed.into_iter().filter_map(ConsumedCapacity::capacity_units).map(thousandths).sum()
}

#[expect(
    clippy::float_arithmetic,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "DynamoDB gives small halves of units"
)]
fn thousandths(units: f64) -> u64 {
    (units * 1000.0) as u64
}
