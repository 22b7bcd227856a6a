//! Load, decide, commit; and again when the race was lost. Every decision of an endpoint or a worker goes through here.

use crate::answer::Answer;
use crate::clock;
use crate::input::Meta;
use crate::problem::Problem;
use crate::shop::Shop;
use domain::ids::Ids;
use domain::time::Timestamp;
use std::time::Duration;
use store::{AnswerKey, CommitError, StorageError, Writes};
use tokio::time::Instant;

/// How long a race may take to be settled.
const PATIENCE: Duration = Duration::from_secs(3);
/// The longest single pause before deciding again, in milliseconds.
const LONGEST_PAUSE: u64 = 160;

/// One try at a decision.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    /// When it is made.
    pub now: Timestamp,
    /// The ids it may give.
    pub ids: Ids,
    /// How many tries before it lost their race.
    pub lost: u32,
}

/// The pauses of somebody who loses a race again and again: longer each time, at random, and not without end.
pub struct Patience {
    until: Instant,
    longest: u64,
}

impl Default for Patience {
    fn default() -> Self {
        Self { until: Instant::now() + PATIENCE, longest: 10 }
    }
}

impl Patience {
    /// Waits; says whether to try again.
    pub async fn wait(&mut self) -> bool {
        let pause = Duration::from_millis(clock::random() % self.longest);
        self.longest = (self.longest * 2).min(LONGEST_PAUSE);
        if Instant::now() + pause > self.until {
            return false;
        }
        tokio::time::sleep(pause).await;
        true
    }
}

impl Shop {
    /// Carries out one request: `decide` reads what it needs and gives the answer and all that is to be written.
    /// A refusal is an answer and is never tried again; a lost race is, for three seconds.
    ///
    /// # Errors
    /// The refusal; 409 `CONFLICT` for a race that could not be settled; 422 for a key of another request.
    pub async fn decide<F, D>(&self, meta: &Meta, decide: F) -> Result<Answer, Problem>
    where
        F: Fn(Attempt) -> D + Send,
        D: Future<Output = Result<(Answer, Writes), Problem>> + Send,
    {
        let key = meta.answer_key.as_ref();
        let mut patience = Patience::default();
        for lost in 0.. {
            let attempt = Attempt { lost, ..self.attempt() };
            let (answer, writes) = match decide(attempt).await {
                Ok(decided) => decided,
                Err(refusal) => return self.kept_answer(key, attempt.now, refusal).await,
            };
            let stored = key.map(|key| (key, answer.stored(key)));
            let kept = stored.as_ref().map(|(key, answer)| (*key, answer));
            match (self.store.commit(writes, kept, attempt.now).await, key) {
                (Ok(()), _) => return Ok(answer),
                (Err(CommitError::Answered(stored)), Some(key)) => return Answer::replay(*stored, key),
                (Err(CommitError::Lost), _) if patience.wait().await => {}
                (Err(CommitError::Lost), _) => return self.kept_answer(key, attempt.now, Problem::race()).await,
                (Err(CommitError::Storage(error)), _) => return Err(error.into()),
                (Err(error @ CommitError::Answered(_)), None) => return Err(Problem::internal(error)),
            }
        }
        Err(Problem::race())
    }

    /// Now, with fresh ids.
    #[must_use]
    pub fn attempt(&self) -> Attempt {
        let now = self.clock.now();
        Attempt { now, ids: self.clock.ids(now), lost: 0 }
    }

    /// What is refused now may have succeeded before: then that success is the answer.
    async fn kept_answer(&self, key: Option<&AnswerKey>, now: Timestamp, refusal: Problem) -> Result<Answer, Problem> {
        let Some(key) = key.filter(|_| refusal.is_refusal()) else { return Err(refusal) };
        match self.store.answer(key, now).await {
            Ok(Some(stored)) => Answer::replay(stored, key),
            Ok(None) => Err(refusal),
            Err(error) => Err(error.into()),
        }
    }

    /// A decision of a worker: no request, so no answer to keep, and nothing to do where `decide` gives nothing.
    ///
    /// # Errors
    /// [`CommitError::Lost`] for a race that could not be settled, else whatever the tables say.
    pub async fn settle<T, F, D>(&self, decide: F) -> Result<Option<T>, CommitError>
    where
        F: Fn(Attempt) -> D + Send,
        D: Future<Output = Result<Option<(T, Writes)>, StorageError>> + Send,
        T: Send,
    {
        let mut patience = Patience::default();
        for lost in 0.. {
            let attempt = Attempt { lost, ..self.attempt() };
            let Some((outcome, writes)) = decide(attempt).await? else { return Ok(None) };
            match self.store.commit(writes, None, attempt.now).await {
                Ok(()) => return Ok(Some(outcome)),
                Err(CommitError::Lost) if patience.wait().await => {}
                Err(error) => return Err(error),
            }
        }
        Err(CommitError::Lost)
    }
}
