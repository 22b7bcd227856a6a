//! What can go wrong with the tables themselves. Never shown to a client.

use crate::alone::CONFLICT;
use crate::sdk::loggable;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

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
        /// What the SDK says, with its causes, and nothing of what is in an item.
        message: String,
    },
    /// DynamoDB is too busy for us, also after the SDK's own retries; nothing was done.
    #[error("{0} was throttled")]
    Throttled(&'static str),
    /// Transactions have had the item for longer than is waited for them; nothing was done.
    #[error("{0} met a transaction")]
    Conflict(&'static str),
    /// An item is not what we write. It says what is wrong with it, and nothing of what is in it.
    #[error("an item can't be read or written: {0}")]
    Item(String),
    /// `BatchGetItem` left keys unread time after time.
    #[error("BatchGetItem left {0} keys unread")]
    Unread(usize),
}

impl From<serde_dynamo::Error> for StorageError {
    fn from(error: serde_dynamo::Error) -> Self {
        Self::Item(without_values(&error.to_string()).to_owned())
    }
}

/// What serde says up to the value that it stumbles over, which may be somebody's address; a field that is missing has no value.
fn without_values(said: &str) -> &str {
    if said.starts_with("missing field") {
        return said;
    }
    said.split(['"', '`', '\'']).next().unwrap_or_default().trim_end()
}

impl StorageError {
    pub(crate) fn request<E>(operation: &'static str) -> impl FnOnce(SdkError<E, HttpResponse>) -> Self
    where
        E: std::error::Error + ProvideErrorMetadata + 'static,
    {
        move |error| match error.code() {
            Some("ProvisionedThroughputExceededException" | "RequestLimitExceeded" | "ThrottlingException") => Self::Throttled(operation),
            Some(CONFLICT) => Self::Conflict(operation),
            _ => Self::Request { operation, message: loggable(&error) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_that_can_t_be_read_says_nothing_of_what_is_in_it() {
        assert_eq!(without_values("invalid type: string \"grace@example.com\", expected u64"), "invalid type: string");
        assert_eq!(without_values("unknown variant `grace@example.com`, expected `A`"), "unknown variant");
        assert_eq!(without_values("missing field `customer`"), "missing field `customer`");
    }
}
