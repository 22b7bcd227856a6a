//! What AWS, Twilio, the carriers and payment providers are in the cloud, in this process: `DynamoDB` with streams, SQS, SES, SMS,
//! labels, refunds.
//!
//! Each emulator does what our code relies on, through the wire protocol of the official SDKs, and
//! answers anything else with an error that names it. Tables and queues are read from the very
//! templates that are deployed, so that the two can't drift apart.

use std::sync::Arc;

pub mod carriers;
pub mod dynamodb;
pub mod filter;
pub mod http;
pub mod labels;
pub mod outbox;
pub mod payments;
pub mod queues;
pub mod sqs;
pub mod streams;
pub mod tables;
mod template;

/// The time that emulators live by, in milliseconds since the epoch: a test moves it forward and
/// visibility timeouts, delays and TTLs elapse at once.
pub type Now = Arc<dyn Fn() -> u64 + Send + Sync>;

#[cfg(test)]
pub(crate) mod testing;
