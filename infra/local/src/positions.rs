//! How far the streams were read when all queues were last empty, kept between runs.
//!
//! Queues live in memory. So a position counts only once nothing that was relayed up to it waits in a queue any more,
//! dead letters included: whatever a run leaves undone, however it ends, lies after the position that it kept, and
//! the next run relays it again. What was done before is then there twice and done once, as with any redelivery.

use crate::emulators::sqs::Sqs;
use crate::pumps::Pumps;
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

const FILE: &str = "positions.json";

/// How often they are kept.
const EVERY: Duration = Duration::from_millis(500);

/// Of each stream, by its mapping of the template; none is at the stream's beginning.
pub type Positions = BTreeMap<String, Option<String>>;

/// Keeps the positions of a run in its directory.
pub struct Keeper {
    directory: PathBuf,
    pumps: Pumps,
    sqs: Sqs,
}

/// The positions that an earlier run kept; a stream without one is read from its beginning.
pub fn kept(directory: &std::path::Path) -> Positions {
    let kept = std::fs::read(directory.join(FILE)).ok();
    kept.and_then(|kept| serde_json::from_slice(&kept).ok()).unwrap_or_default()
}

impl Keeper {
    pub const fn new(directory: PathBuf, pumps: Pumps, sqs: Sqs) -> Self {
        Self { directory, pumps, sqs }
    }

    /// Keeps the positions now and then, for a run that is killed.
    pub async fn run(self) {
        let mut last = kept(&self.directory);
        loop {
            tokio::time::sleep(EVERY).await;
            let Some(positions) = self.safe() else { continue };
            if last == positions {
                continue;
            }
            match self.write(&positions) {
                Ok(()) => last = positions,
                Err(error) => tracing::warn!(%error, "the streams' positions can't be kept"),
            }
        }
    }

    /// Keeps the positions; says whether nothing was left in the queues.
    pub fn keep(&self) -> io::Result<bool> {
        match self.safe() {
            Some(positions) => self.write(&positions).map(|()| true),
            None => Ok(false),
        }
    }

    /// The positions are read before the queues: what comes in between lies after them.
    fn safe(&self) -> Option<Positions> {
        let positions = self.pumps.positions();
        let is_empty = self.sqs.queues().iter().all(|queue| queue.messages() == 0);
        is_empty.then_some(positions)
    }

    /// In one step, so that a kill leaves the old ones or the new ones.
    fn write(&self, positions: &Positions) -> io::Result<()> {
        let new = self.directory.join(format!("{FILE}.new"));
        std::fs::write(&new, serde_json::to_vec(positions)?)?;
        std::fs::rename(new, self.directory.join(FILE))
    }
}
