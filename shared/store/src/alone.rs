//! Writes of one item by itself, which may meet a transaction that has it. Each is of a record that nothing else has to agree with, and that no
//! event tells of: a counter's next number, a provider's word that waits for its order, a message's state at its provider, an address
//! that takes no mail, and how far a schedule has come.

use crate::Store;
use crate::pauses::Pauses;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

/// The code of a refusal because a transaction has the item. The SDK takes it for an error like any other and doesn't try again.
pub(crate) const CONFLICT: &str = "TransactionConflictException";

impl Store {
    /// Makes a call that writes one item, and makes it again for as long as a transaction has that item: nothing was written then,
    /// and what its condition says is looked at anew.
    pub(crate) async fn alone<F, T, E>(&self, call: impl Fn() -> F) -> Result<T, SdkError<E, HttpResponse>>
    where
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata,
    {
        let mut pauses = Pauses::of_a_conflict();
        loop {
            self.meter.round_trip();
            let done = call().await;
            let is_met = done.as_ref().is_err_and(|error| error.code() == Some(CONFLICT));
            if !is_met || !pauses.wait().await {
                return done;
            }
        }
    }
}
