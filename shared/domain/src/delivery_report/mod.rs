//! What providers tell of a message after they took it, and the addresses that nothing is sent to any more because of it.

use crate::ids::NotificationId;
use crate::notification::{Channel, Notification, NotificationProvider, NotificationStatus, Sending};
use crate::time::Timestamp;
use crate::words::words;
use serde::{Deserialize, Serialize};

/// How much a provider's word on a message says. Reports come late, twice and in any order; one that says no more than
/// an earlier one changes nothing, so that the log ends up the same whichever came first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DeliveryOutcome {
    /// It has the message.
    Accepted,
    /// It gave up on it. An answering machine's answer looks the same, so that the message may have arrived all the same.
    GaveUp,
    /// It handed the message over.
    Delivered,
    /// The message came back for good, perhaps after it had been handed over.
    Bounced,
}

impl DeliveryOutcome {
    const fn status(self) -> NotificationStatus {
        match self {
            Self::Accepted => NotificationStatus::Sent,
            Self::Delivered => NotificationStatus::Delivered,
            Self::GaveUp | Self::Bounced => NotificationStatus::Failed,
        }
    }
}

/// What a provider tells of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryReport {
    /// Who.
    pub provider: NotificationProvider,
    /// Its own id of the message.
    pub provider_id: String,
    /// What became of it.
    pub outcome: DeliveryOutcome,
    /// Why, where it didn't arrive.
    pub why: Option<String>,
    /// Why nothing is to be sent to its address any more.
    pub suppresses: Option<SuppressionReason>,
}

words! {
    /// Why nothing is sent to an address any more.
    pub enum SuppressionReason {
        /// A message came back for good.
        Bounce = "BOUNCE",
        /// Somebody called a message spam.
        Complaint = "COMPLAINT",
        /// Somebody wants no more.
        Unsubscribed = "UNSUBSCRIBED",
    }
}

/// An e-mail address that nothing is sent to any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Suppression {
    /// Which.
    pub address: EmailAddress,
    /// Why.
    pub reason: SuppressionReason,
    /// In the provider's words.
    pub detail: Option<String>,
    /// Whose.
    pub provider: NotificationProvider,
    /// The message that it told it of.
    pub notification_id: NotificationId,
    /// When.
    pub at: Timestamp,
}

/// An e-mail address as all of its spellings: servers that tell upper from lower case are not known.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// The address that is written so.
    #[must_use]
    pub fn of(written: &str) -> Self {
        Self(written.trim().to_lowercase())
    }

    /// In its one spelling.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Notification {
    /// This message once a provider has told of it; nothing where that says no more than is known.
    ///
    /// A message whose outcome was unknown may have been handed over twice. What became of the other one of the two is of
    /// interest only if that one arrived.
    #[must_use]
    pub fn reported(&self, report: &DeliveryReport, now: Timestamp) -> Option<Self> {
        let DeliveryReport { provider, provider_id, outcome, why, .. } = report;
        let is_news = match (self.delivery, self.status) {
            (Some(before), _) => *outcome > before,
            (None, NotificationStatus::Pending) => true,
            (None, NotificationStatus::Sent) => *outcome > DeliveryOutcome::Accepted,
            // It was given up here, and is there all the same.
            (None, NotificationStatus::Failed) => *outcome == DeliveryOutcome::Delivered,
            (None, NotificationStatus::Delivered) => false,
        };
        let is_of_another = self.provider_id.as_ref().is_some_and(|known| known != provider_id);
        if !is_news || (is_of_another && *outcome != DeliveryOutcome::Delivered) {
            return None;
        }
        let error = if *outcome > DeliveryOutcome::Accepted && outcome.status() == NotificationStatus::Failed {
            Some(why.clone().unwrap_or_else(|| format!("{provider} could not deliver it")))
        } else {
            None
        };
        Some(Self {
            status: outcome.status(),
            sending: Sending::Idle,
            delivery: Some(*outcome),
            provider: self.provider.or(Some(*provider)),
            provider_id: self.provider_id.clone().or_else(|| Some(provider_id.clone())),
            sent_at: self.sent_at.or(Some(now)),
            error,
            ..self.touched()
        })
    }

    /// What a report means for the address that this message went to.
    #[must_use]
    pub fn suppressed_by(&self, report: &DeliveryReport, now: Timestamp) -> Option<Suppression> {
        let reason = report.suppresses.filter(|_| self.channel == Channel::Email)?;
        Some(Suppression {
            address: EmailAddress::of(&self.recipient),
            reason,
            detail: report.why.clone(),
            provider: report.provider,
            notification_id: self.id,
            at: now,
        })
    }
}

impl Suppression {
    /// Why a message is not sent to this address, for whoever wonders.
    #[must_use]
    pub fn why(&self) -> String {
        let Self { reason, detail, provider, notification_id, .. } = self;
        let what = match reason {
            SuppressionReason::Bounce => "message {} came back from it for good",
            SuppressionReason::Complaint => "message {} was called spam there",
            SuppressionReason::Unsubscribed => "whoever has it wants no more messages, after message {}",
        };
        let what = what.replace("{}", &notification_id.to_string());
        let detail = detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default();
        format!("the address is suppressed: {what} ({reason} by {provider}{detail})")
    }
}

#[cfg(test)]
mod tests;
