//! What every schedule does: go through what waits, one record at a time, for as long as a run may take.

use api::Shop;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;
use store::{CommitError, Waiting};
use tokio::time::Instant;

/// How long a run looks for more; what is left then is the next run's. Well below the timeout of the functions (60 s), so
/// that the last record is done with.
const LONGEST: Duration = Duration::from_secs(40);

/// What a run came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Swept {
    /// Records it looked at.
    pub seen: usize,
    /// Records it changed.
    pub changed: usize,
    /// Records it could not look after; the next run tries again.
    pub failed: usize,
}

impl Swept {
    /// Both together.
    pub(super) const fn and(self, other: Self) -> Self {
        Self { seen: self.seen + other.seen, changed: self.changed + other.changed, failed: self.failed + other.failed }
    }
}

/// One run of a schedule.
pub(super) struct Sweep<'a> {
    shop: &'a Shop,
    what: &'static str,
    until: Instant,
}

impl<'a> Sweep<'a> {
    pub fn of(shop: &'a Shop, what: &'static str) -> Self {
        Self { shop, what, until: Instant::now() + LONGEST }
    }

    /// Looks after every record that waits. One that fails doesn't keep the others from it; the log says so, and the run
    /// counts it.
    pub async fn each<T, F, W>(&self, mut waiting: Waiting<T>, look_after: F) -> Swept
    where
        T: DeserializeOwned,
        F: Fn(T) -> W,
        W: Future<Output = Result<bool, CommitError>>,
    {
        let mut swept = Swept::default();
        while Instant::now() < self.until {
            let portion = match waiting.next(&self.shop.store).await {
                Ok(Some(portion)) => portion,
                Ok(None) => break,
                Err(error) => {
                    tracing::error!(%error, what = self.what, "what waits can't be read");
                    swept.failed += 1;
                    break;
                }
            };
            for record in portion {
                swept.seen += 1;
                match look_after(record).await {
                    Ok(true) => swept.changed += 1,
                    Ok(false) => {}
                    Err(error) => {
                        tracing::error!(%error, what = self.what, "one could not be looked after");
                        swept.failed += 1;
                    }
                }
            }
        }
        tracing::info!(what = self.what, swept.seen, swept.changed, swept.failed, "swept");
        swept
    }
}
