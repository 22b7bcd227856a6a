//! Where requests and jobs have the time and randomness from.

use domain::ids::Ids;
use domain::time::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The time. A clone shares its offset, so that a test can let hours pass, and a demo can begin last week.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    /// Milliseconds ahead of the system's clock.
    offset: Arc<AtomicI64>,
}

impl Clock {
    /// A clock that runs so far behind.
    #[must_use]
    pub fn behind(by: Duration) -> Self {
        Self { offset: Arc::new(AtomicI64::new(-millis(by))) }
    }

    /// Epoch milliseconds.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is where the clock is read")]
    pub fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let millis = u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX);
        Timestamp(millis.saturating_add_signed(self.offset.load(Ordering::Relaxed)))
    }

    /// Lets time pass at once.
    pub fn advance(&self, by: Duration) {
        self.offset.fetch_add(millis(by), Ordering::Relaxed);
    }

    /// Lets all the time pass that a clock is behind.
    pub fn catch_up(&self) {
        self.offset.fetch_max(0, Ordering::Relaxed);
    }

    /// Fresh ids of one decision made at `now`.
    #[must_use]
    pub fn ids(&self, now: Timestamp) -> Ids {
        Ids::new(now, u16::try_from(random() & 0xfff).unwrap_or_default())
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// A random number. Falls back to a weaker generator where the system has no randomness to give: ids are
/// not to be guessed from one another, and are put on absence in any case.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is where randomness is drawn")]
pub fn random() -> u64 {
    getrandom::u64().unwrap_or_else(|_| fastrand::u64(..))
}
