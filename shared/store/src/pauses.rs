//! How often a call is made again, and how long is waited before each time.

use std::slice::Iter;
use std::time::Duration;

/// The pauses that a call has left, in milliseconds.
pub(crate) struct Pauses(Iter<'static, u64>);

impl Pauses {
    /// While a transaction has the item: three seconds altogether, as for a race of transactions.
    pub fn of_a_conflict() -> Self {
        Self([10, 30, 80, 200, 400, 800, 1_480].iter())
    }

    /// While nobody answers for a transaction. The last one is behind the 5 seconds from which on a further call drives a transaction
    /// that is in progress to its end (`TransactionInProgressException`).
    pub fn of_an_unknown_outcome() -> Self {
        Self([50, 150, 400, 800, 3_700].iter())
    }

    /// While DynamoDB leaves keys of a batch unread.
    pub fn of_a_partial_read() -> Self {
        Self([20, 80, 320, 640].iter())
    }

    /// Whether there is none any more.
    pub fn are_over(&self) -> bool {
        self.0.as_slice().is_empty()
    }

    /// Waits; says whether to try again.
    pub async fn wait(&mut self) -> bool {
        let Some(pause) = self.0.next() else { return false };
        tokio::time::sleep(Duration::from_millis(*pause)).await;
        true
    }
}
