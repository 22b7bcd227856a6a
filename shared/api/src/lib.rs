//! What every function needs around its own decision: configuration, caller, input, problems, idempotency, pages,
//! queue batches, logs, metrics.

pub mod answer;
pub mod auth;
pub mod aws;
pub mod batch;
pub mod clock;
pub mod config;
pub mod decide;
pub mod html;
pub mod input;
pub mod labels;
pub mod lambda;
pub mod log;
pub mod logo;
pub mod metrics;
pub mod page;
pub mod problem;
pub mod secrets;
pub mod serve;
pub mod shop;
pub mod webhook;

pub use answer::{Amount, Answer};
pub use auth::Caller;
pub use decide::Attempt;
pub use html::Page;
pub use input::{Checked, Meta};
pub use problem::Problem;
pub use shop::Shop;
