//! No SMS at all, for a shop that has no provider of them.

use crate::{SendError, Sender};
use domain::notification::{Notification, NotificationProvider};

/// Refuses every message for good, so that the log says why none was sent and no queue fills up.
#[derive(Clone, Copy, Debug)]
pub struct NoSms;

impl Sender for NoSms {
    const PROVIDER: NotificationProvider = NotificationProvider::Twilio;

    async fn send(&self, _message: &Notification) -> Result<String, SendError> {
        Err(SendError::Refused("no SMS provider is configured".to_owned()))
    }
}
