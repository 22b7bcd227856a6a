//! No SMS at all, for a shop that has no provider of them.

use crate::{Accepted, SendError, Sender};
use domain::notification::Notification;

/// Refuses every message for good, so that the log says why none was sent and no queue fills up.
#[derive(Clone, Copy, Debug)]
pub struct NoSms;

impl Sender for NoSms {
    async fn send(&self, _message: &Notification) -> Result<Accepted, SendError> {
        Err(SendError::Refused("no SMS provider is configured".into()))
    }
}
