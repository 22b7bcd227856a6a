//! What can go wrong with the tables themselves. Never shown to a client.

use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::CreateUnhandledError;

/// A failure of the tables or of our own items.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The function was not given this table.
    #[error("{0} is not set")]
    Unconfigured(&'static str),
    /// DynamoDB refused or was not reached.
    #[error("{operation}: {message}")]
    Request {
        /// The API call.
        operation: &'static str,
        /// What the SDK says, with its causes.
        message: String,
    },
    /// DynamoDB is too busy for us, also after the SDK's own retries; nothing was done.
    #[error("{0} was throttled")]
    Throttled(&'static str),
    /// An item is not what we write.
    #[error("an item can't be read or written: {0}")]
    Item(#[from] serde_dynamo::Error),
    /// `BatchGetItem` left keys unread time after time.
    #[error("BatchGetItem left {0} keys unread")]
    Unread(usize),
}

impl StorageError {
    pub(crate) fn request<E>(operation: &'static str) -> impl FnOnce(SdkError<E, HttpResponse>) -> Self
    where
        E: std::error::Error + Send + Sync + CreateUnhandledError + ProvideErrorMetadata + 'static,
    {
        move |error| match error.code() {
            Some("ProvisionedThroughputExceededException" | "RequestLimitExceeded" | "ThrottlingException") => Self::Throttled(operation),
            _ => Self::Request { operation, message: DisplayErrorContext(&error).to_string() },
        }
    }
}
