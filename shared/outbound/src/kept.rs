//! What is asked for once, however many need it, and kept.

use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Mutex;

/// A value that somebody outside gives out, such as a key or a token. Whoever needs it while it is being asked for waits for that
/// answer and takes it as it comes, an error too: nobody waits longer than one call takes, however many wait.
#[derive(Debug)]
pub struct Kept<T, E> {
    value: std::sync::Mutex<Option<T>>,
    /// Held by whoever asks; what its last call came to, where that was an error.
    asking: Mutex<Option<E>>,
    /// Calls that came to an error.
    failed: AtomicU64,
}

impl<T, E> Default for Kept<T, E> {
    fn default() -> Self {
        Self { value: std::sync::Mutex::default(), asking: Mutex::default(), failed: AtomicU64::default() }
    }
}

impl<T: Clone, E: Clone> Kept<T, E> {
    /// The value that is kept, if it `is_good` still; waits for nobody.
    pub fn kept(&self, is_good: impl FnOnce(&T) -> bool) -> Option<T> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner).as_ref().filter(|value| is_good(value)).cloned()
    }

    /// The value: the one that is kept if it `is_good` still, or what `ask` brings, which is kept from then on.
    ///
    /// # Errors
    /// As `ask` says, or the call of somebody else that was under way. An error is not kept: who comes after it asks again.
    pub async fn value(&self, is_good: impl Fn(&T) -> bool, ask: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        if let Some(value) = self.kept(&is_good) {
            return Ok(value);
        }
        let failed = self.failed.load(Ordering::Acquire);
        let mut last = self.asking.lock().await;
        if let Some(value) = self.kept(&is_good) {
            return Ok(value);
        }
        if let Some(error) = last.as_ref().filter(|_| self.failed.load(Ordering::Acquire) != failed) {
            return Err(error.clone());
        }
        match ask.await {
            Ok(value) => {
                *self.value.lock().unwrap_or_else(PoisonError::into_inner) = Some(value.clone());
                Ok(value)
            }
            Err(error) => {
                *last = Some(error.clone());
                self.failed.fetch_add(1, Ordering::Release);
                Err(error)
            }
        }
    }

    /// Keeps it no longer: it was refused.
    pub fn forget(&self) {
        *self.value.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::time::Duration;
    use tokio::time::{Instant, sleep};

    const CALL: Duration = Duration::from_secs(10);

    /// Somebody who takes `CALL` for each answer, and counts the calls.
    #[derive(Clone, Default)]
    struct Slow {
        kept: Arc<Kept<u64, String>>,
        calls: Arc<AtomicU64>,
    }

    impl Slow {
        async fn value(self, succeeds: bool) -> Result<u64, String> {
            let call = async {
                let call = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
                sleep(CALL).await;
                if succeeds { Ok(call) } else { Err(format!("call {call} came to nothing")) }
            };
            self.kept.value(|_| true, call).await
        }

        /// What comes of many at once, and how long the last of them has waited.
        async fn crowd(&self, succeed: bool) -> (Vec<Result<u64, String>>, Duration) {
            let begun = Instant::now();
            let tasks: Vec<_> = (0..50).map(|_| tokio::spawn(self.clone().value(succeed))).collect();
            let mut answers = Vec::new();
            for task in tasks {
                answers.push(task.await.unwrap());
            }
            (answers, begun.elapsed())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_for_a_call_takes_what_came_of_it_and_who_comes_after_an_error_asks_again() {
        let slow = Slow::default();
        for n in 1..=2 {
            let (answers, waited) = slow.crowd(false).await;
            assert_eq!(answers, vec![Err(format!("call {n} came to nothing")); 50]);
            assert_eq!(waited, CALL, "nobody waits for a second call");
        }
        let (answers, waited) = slow.crowd(true).await;
        assert_eq!((answers, waited), (vec![Ok(3); 50], CALL));
        assert_eq!(slow.crowd(true).await, (vec![Ok(3); 50], Duration::ZERO));
        slow.kept.forget();
        assert_eq!(slow.crowd(true).await, (vec![Ok(4); 50], CALL));
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_is_given_up_leaves_the_next_one_to_those_who_wait() {
        let slow = Slow::default();
        let first = tokio::spawn(slow.clone().value(true));
        sleep(CALL / 2).await;
        let second = tokio::spawn(slow.clone().value(true));
        sleep(CALL / 4).await;
        first.abort();
        assert_eq!(second.await.unwrap(), Ok(2));
    }
}
