//! What every schedule does: go through what waits, one record at a time, for as long as a run may take.

use api::Shop;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;
use store::{Again, CommitError, Listed, StorageError, Waiting};
use tokio::time::{Instant, timeout};

/// How long a run looks for more; what is left then is the next run's.
const LONGEST: Duration = Duration::from_secs(40);

/// How long a record is looked after. Together they are below the timeout of the functions (60 s), so that the last record is
/// done with. What is given up was not settled, and whoever comes to it again goes on from what was written down.
const LONGEST_EACH: Duration = Duration::from_secs(15);

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

    /// Something that waits and can't be read: one record of a list, by its key, or a part of the list itself. The log says what.
    pub(super) fn unreadable(what: &str, record: Option<&str>, error: &StorageError) -> Self {
        tracing::error!(%error, what, record, "what waits can't be read");
        Self { failed: 1, ..Self::default() }
    }
}

/// What came of looking after a record.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Looked {
    changed: bool,
    again: Option<Again>,
}

impl Looked {
    /// Whoever was asked about it gives no answer now.
    pub(super) const UNANSWERED: Self = Self { changed: false, again: Some(Again::InVain) };

    /// Whoever is to be asked about it is asked nothing more now.
    pub(super) const UNASKED: Self = Self { changed: false, again: Some(Again::Missed) };

    /// Both together. Where one question was asked in vain the record had its turn, or it would always be the first.
    pub(super) fn and(self, other: Self) -> Self {
        let in_vain = [self.again, other.again].contains(&Some(Again::InVain)).then_some(Again::InVain);
        Self { changed: self.changed || other.changed, again: in_vain.or(self.again).or(other.again) }
    }
}

impl From<bool> for Looked {
    /// Whether it was changed.
    fn from(changed: bool) -> Self {
        Self { changed, again: None }
    }
}

/// One run of a schedule.
pub(super) struct Sweep<'a> {
    shop: &'a Shop,
    what: &'static str,
    until: Instant,
    longest_each: Duration,
    most: usize,
}

impl<'a> Sweep<'a> {
    pub fn of(shop: &'a Shop, what: &'static str) -> Self {
        Self { shop, what, until: Instant::now() + LONGEST, longest_each: LONGEST_EACH, most: usize::MAX }
    }

    /// With its own bounds: no more is begun after `until`, a record is given up after `longest_each`, and `most` are looked at.
    pub fn bounded(self, until: Instant, longest_each: Duration, most: usize) -> Self {
        Self { until, longest_each, most, ..self }
    }

    /// Looks after every record that waits. What can't be read and whatever fails doesn't keep the others from it; the log
    /// says so, and the run counts it.
    pub async fn each<T, F, W, L>(&self, mut waiting: Waiting<T>, look_after: F) -> Swept
    where
        T: DeserializeOwned,
        F: Fn(T) -> W,
        W: Future<Output = Result<L, CommitError>>,
        L: Into<Looked>,
    {
        self.walk(&mut waiting, look_after).await
    }

    /// The same in rounds, of which one begins every so many minutes at the most: a run that has done what it may is gone on
    /// with by the next one, so that nothing that never stops to wait keeps others from their turn. What could not be looked after
    /// has another turn when its round is over, and doesn't wait for the next one; what can't be read does.
    pub async fn in_rounds<T, F, W, L>(&self, waiting: Waiting<T>, minutes: u64, look_after: F) -> Swept
    where
        T: DeserializeOwned,
        F: Fn(T) -> W,
        W: Future<Output = Result<L, CommitError>>,
        L: Into<Looked>,
    {
        let store = &self.shop.store;
        let mut waiting = match waiting.in_rounds(store, self.what, minutes, self.shop.clock.now()).await {
            Ok(Some(waiting)) => waiting,
            Ok(None) => return Swept::default(),
            Err(error) => return Swept::unreadable(self.what, None, &error),
        };
        let swept = self.walk(&mut waiting, look_after).await;
        match waiting.keep_place(store).await {
            Ok(()) => swept,
            Err(error) => swept.and(Swept::unreadable(self.what, None, &error)),
        }
    }

    async fn walk<T, F, W, L>(&self, waiting: &mut Waiting<T>, look_after: F) -> Swept
    where
        T: DeserializeOwned,
        F: Fn(T) -> W,
        W: Future<Output = Result<L, CommitError>>,
        L: Into<Looked>,
    {
        let mut swept = Swept::default();
        let goes_on = |seen: usize| seen < self.most && Instant::now() < self.until;
        while goes_on(swept.seen) {
            let portion = match waiting.next(&self.shop.store).await {
                Ok(Some(portion)) => portion,
                Ok(None) => break,
                Err(error) => {
                    swept = swept.and(Swept::unreadable(self.what, None, &error));
                    continue;
                }
            };
            for (done, Listed { key, record }) in portion.into_iter().enumerate() {
                if !goes_on(swept.seen) {
                    waiting.stop_after(done);
                    break;
                }
                swept.seen += 1;
                let record = match record {
                    Ok(record) => record,
                    Err(error) => {
                        // It is no better the next time, so it has had its turn.
                        swept = swept.and(Swept::unreadable(self.what, Some(&key), &error));
                        continue;
                    }
                };
                let again = match timeout(self.longest_each, look_after(record)).await {
                    Ok(Ok(looked)) => {
                        let Looked { changed, again } = looked.into();
                        swept.changed += usize::from(changed);
                        again
                    }
                    Ok(Err(error)) => {
                        tracing::error!(%error, what = self.what, record = key, "one could not be looked after");
                        swept.failed += 1;
                        Some(Again::InVain)
                    }
                    Err(_) => {
                        tracing::error!(what = self.what, record = key, "one took too long to be looked after");
                        swept.failed += 1;
                        Some(Again::InVain)
                    }
                };
                if let Some(why) = again {
                    waiting.again(done, why);
                }
            }
        }
        tracing::info!(what = self.what, swept.seen, swept.changed, swept.failed, "swept");
        swept
    }
}
