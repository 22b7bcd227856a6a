//! What SQS refuses, in the words and codes that the official SDKs know.

/// A refusal; its `Display` is the message that the client gets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SqsError {
    /// No queue has this name.
    #[error("The specified queue does not exist.")]
    QueueDoesNotExist,
    /// A queue of this name exists with other settings.
    #[error("A queue already exists with the same name and a different value for one of its attributes.")]
    QueueNameExists,
    /// The handle was never handed out.
    #[error("The input receipt handle is invalid.")]
    ReceiptHandleIsInvalid,
    /// The message is visible again: whoever held it has lost it.
    #[error("The message is not in flight.")]
    MessageNotInflight,
    /// A batch without entries.
    #[error("There should be at least one entry in the request.")]
    EmptyBatchRequest,
    /// More than ten entries.
    #[error("Maximum number of entries per request are 10. You have sent {0}.")]
    TooManyEntriesInBatchRequest(usize),
    /// Two entries with one id, so that answers could not be told apart.
    #[error("Id {0} repeated.")]
    BatchEntryIdsNotDistinct(String),
    /// The bodies of a batch together are over the limit of one message.
    #[error("Batch requests cannot be longer than {limit} bytes. You have sent {sent} bytes.")]
    BatchRequestTooLong {
        /// What SQS takes.
        limit: usize,
        /// What came.
        sent: usize,
    },
    /// A character that SQS can't carry.
    #[error(
        "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF."
    )]
    InvalidMessageContents,
    /// A parameter is out of its range, or of the wrong type.
    #[error("{0}")]
    InvalidParameterValue(String),
    /// An attribute that queues don't have.
    #[error("Unknown Attribute {0}.")]
    InvalidAttributeName(String),
    /// Something that real SQS does and this one does not.
    #[error("The local SQS does not support {0}.")]
    UnsupportedOperation(String),
}

impl SqsError {
    /// The error's shape in the service's model, after `com.amazonaws.sqs#`.
    pub(super) fn shape(&self) -> &'static str {
        match self {
            Self::QueueDoesNotExist => "QueueDoesNotExist",
            Self::QueueNameExists => "QueueNameExists",
            Self::ReceiptHandleIsInvalid => "ReceiptHandleIsInvalid",
            Self::MessageNotInflight => "MessageNotInflight",
            Self::EmptyBatchRequest => "EmptyBatchRequest",
            Self::TooManyEntriesInBatchRequest(_) => "TooManyEntriesInBatchRequest",
            Self::BatchEntryIdsNotDistinct(_) => "BatchEntryIdsNotDistinct",
            Self::BatchRequestTooLong { .. } => "BatchRequestTooLong",
            Self::InvalidMessageContents => "InvalidMessageContents",
            Self::InvalidParameterValue(_) => "InvalidParameterValue",
            Self::InvalidAttributeName(_) => "InvalidAttributeName",
            Self::UnsupportedOperation(_) => "UnsupportedOperation",
        }
    }

    /// The code of the older query protocol. SQS still sends it along, and SDKs report it in place of the shape.
    pub(super) fn query_code(&self) -> &'static str {
        match self {
            Self::QueueDoesNotExist => "AWS.SimpleQueueService.NonExistentQueue",
            Self::QueueNameExists => "QueueAlreadyExists",
            Self::MessageNotInflight => "AWS.SimpleQueueService.MessageNotInflight",
            Self::EmptyBatchRequest => "AWS.SimpleQueueService.EmptyBatchRequest",
            Self::TooManyEntriesInBatchRequest(_) => "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
            Self::BatchEntryIdsNotDistinct(_) => "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
            Self::BatchRequestTooLong { .. } => "AWS.SimpleQueueService.BatchRequestTooLong",
            Self::UnsupportedOperation(_) => "AWS.SimpleQueueService.UnsupportedOperation",
            Self::ReceiptHandleIsInvalid
            | Self::InvalidMessageContents
            | Self::InvalidParameterValue(_)
            | Self::InvalidAttributeName(_) => self.shape(),
        }
    }
}
