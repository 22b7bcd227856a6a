//! Points in time and calendar days.

use serde::{Deserialize, Serialize};

/// Epoch milliseconds, as clients send and read them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// The point `millis` later.
    #[must_use]
    pub const fn plus_millis(self, millis: u64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// The point `minutes` later.
    #[must_use]
    pub const fn plus_minutes(self, minutes: u64) -> Self {
        self.plus_millis(minutes.saturating_mul(60_000))
    }

    /// The point `minutes` earlier.
    #[must_use]
    pub const fn minus_minutes(self, minutes: u64) -> Self {
        Self(self.0.saturating_sub(minutes.saturating_mul(60_000)))
    }

    /// The point `hours` earlier.
    #[must_use]
    pub const fn minus_hours(self, hours: u64) -> Self {
        Self(self.0.saturating_sub(hours.saturating_mul(3_600_000)))
    }

    /// The point `days` of 24 hours later.
    #[must_use]
    pub const fn plus_days(self, days: u64) -> Self {
        self.plus_minutes(days.saturating_mul(24 * 60))
    }

    /// Whole days of 24 hours since an earlier point; none where it is no earlier.
    #[must_use]
    pub const fn days_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0) / (24 * 3_600_000)
    }

    /// Whole seconds since the epoch, as DynamoDB's TTL wants them.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        self.0 / 1000
    }
}

/// A calendar day in the shop's time zone, written `YYYYMMDD`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day(String);

impl Day {
    /// The day of a civil date.
    #[must_use]
    pub fn new(year: i16, month: i8, day: i8) -> Self {
        Self(format!("{year:04}{month:02}{day:02}"))
    }

    /// `YYYYMMDD`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
