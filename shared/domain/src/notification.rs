//! The notification log: every message that was, is or will be sent, and who may send it.

use crate::actor::Actor;
use crate::delivery_report::DeliveryOutcome;
use crate::event::{Event, EventKind, MessageJob, Subject};
use crate::ids::{CustomerId, Ids, NotificationId, OrderId};
use crate::message::{Announcement, MessageKind};
use crate::time::Timestamp;
use crate::words::words;
use serde::{Deserialize, Serialize};

/// How long after a message was handed to a provider and nothing came back it may be sent again, in minutes.
pub const UNKNOWN_OUTCOME_MINUTES: u64 = 15;

/// How long the log keeps a message after its event, in days.
pub const KEPT_DAYS: u64 = 400;

/// How old a message may get and still be sent, in days: only as long as the log surely knows whether it was sent before. The day less
/// is for clocks that differ, and for what happens between asking the log and sending.
pub const SENT_WITHIN_DAYS: u64 = KEPT_DAYS - 1;

/// Whether what happened then is too long ago to tell anybody of: the log may have forgotten that it was told.
#[must_use]
pub const fn is_too_old_to_send(event: Timestamp, now: Timestamp) -> bool {
    now.0 > event.plus_days(SENT_WITHIN_DAYS).0
}

/// Whether a mail can be sent to an address: RFC 5321's length (section 4.5.3.1.3, without the angle brackets), one `@`, a host with
/// a point in it, and nothing that could reach into a header.
#[must_use]
pub fn is_email_address(written: &str) -> bool {
    let plain =
        |part: &str| !part.is_empty() && part.chars().all(|c| !c.is_whitespace() && !c.is_control() && !"<>()[]\\,;:\"@".contains(c));
    let names = |host: &str| host.contains('.') && host.split('.').all(plain);
    written.len() <= 254 && written.split_once('@').is_some_and(|(local, host)| plain(local) && names(host))
}

words! {
    /// The channel of a message.
    pub enum Channel {
        /// E-mail.
        Email = "EMAIL",
        /// SMS.
        Sms = "SMS",
    }
}

words! {
    /// Where a message is on its way.
    pub enum NotificationStatus {
        /// Not sent yet, or nobody knows.
        Pending = "PENDING",
        /// A provider took it.
        Sent = "SENT",
        /// It arrived.
        Delivered = "DELIVERED",
        /// It never will.
        Failed = "FAILED",
    }
}

words! {
    /// Who sends messages for us.
    pub enum NotificationProvider {
        /// Amazon SES.
        Ses = "SES",
        /// Twilio SendGrid.
        SendGrid = "SENDGRID",
        /// Twilio.
        Twilio = "TWILIO",
    }
}

/// A message as a provider gets it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Content {
    /// The subject; an SMS has none.
    pub subject: Option<String>,
    /// HTML for an e-mail, text for an SMS.
    pub body: String,
    /// The plain-text twin of an e-mail.
    pub text: Option<String>,
}

/// Where the sending of a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Sending {
    /// Nobody sends it now.
    Idle,
    /// Somebody handed it to a provider, and has not said what came of it.
    Handed {
        /// When.
        at: Timestamp,
        /// A number of their own, by which a writer recognises its own claim.
        by: u64,
    },
}

/// A message of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notification {
    /// Its id.
    pub id: NotificationId,
    /// The job that sends it.
    pub job_id: String,
    /// The channel.
    pub channel: Channel,
    /// What it tells; the test of a template tells nobody anything.
    pub kind: Option<MessageKind>,
    /// The address or the E.164 number it goes to.
    pub recipient: String,
    /// What it says.
    pub content: Content,
    /// Where it is on its way.
    pub status: NotificationStatus,
    /// Where its sending stands.
    pub sending: Sending,
    /// Who took it.
    pub provider: Option<NotificationProvider>,
    /// The provider's id of it.
    pub provider_id: Option<String>,
    /// The most that a provider has told of it since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<DeliveryOutcome>,
    /// Why it is not sent.
    pub error: Option<String>,
    /// How often it was handed over; asking one provider after the other is once.
    pub attempts: u32,
    /// The order it is about.
    pub order_id: Option<OrderId>,
    /// The customer it goes to.
    pub customer_id: Option<CustomerId>,
    /// The message that an admin had sent once more as this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resent_from: Option<NotificationId>,
    /// When a provider took it.
    pub sent_at: Option<Timestamp>,
    /// Grows with every change.
    pub version: u64,
    /// When its event happened.
    pub created_at: Timestamp,
}

/// To whom a message goes, by which way, and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addressed {
    /// The channel.
    pub channel: Channel,
    /// The address or the number.
    pub recipient: String,
    /// What it says.
    pub content: Content,
}

/// A message that is put into the log, to be sent from there: all that is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispatch {
    /// The message.
    pub message: Notification,
    /// The one whose place it takes.
    pub replaced: Option<Notification>,
    /// What sets its sending off.
    pub events: Vec<Event>,
}

impl Dispatch {
    fn of(message: Notification, replaced: Option<Notification>, kind: EventKind, actor: Actor, now: Timestamp, ids: &mut Ids) -> Self {
        let (id, channel) = (message.id, message.channel);
        let event = Event::new(Subject::Notification(id), message.version, kind, actor, now, ids).with_message_due(id, channel);
        let job_id = event.jobs().first().map(|job| job.id().to_owned()).unwrap_or_default();
        Self { message: Notification { job_id, ..message }, replaced, events: vec![event] }
    }

    fn noting(self, note: Option<&str>) -> Self {
        Self { events: self.events.into_iter().map(|event| event.noting(note)).collect(), ..self }
    }
}

/// Why a message is not sent once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResendError {
    /// `NOTIFICATION_BEING_SENT`
    #[error(
        "This message is with a provider right now; try again when it is known what came of it, in a quarter of an hour at the latest."
    )]
    BeingSent,
}

/// What a worker may do about a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is sent or has failed for good.
    Settled,
    /// Somebody handed it over and may still say what came of it: look again then.
    HeldUntil(Timestamp),
    /// Hand it over, once this record is stored.
    Ours(Box<Notification>),
}

impl Notification {
    /// The record of a message that is about to be handed over for the first time.
    #[must_use]
    pub fn first(job: &MessageJob, about: &Announcement, to: Addressed, now: Timestamp, by: u64) -> Self {
        let Addressed { channel, recipient, content } = to;
        Self {
            id: job.notification_id,
            job_id: job.id.clone(),
            channel,
            kind: Some(about.kind),
            recipient,
            content,
            status: NotificationStatus::Pending,
            sending: Sending::Handed { at: now, by },
            provider: None,
            provider_id: None,
            delivery: None,
            error: None,
            attempts: 1,
            order_id: Some(about.order_id),
            customer_id: Some(about.customer_id),
            resent_from: None,
            sent_at: None,
            version: 1,
            created_at: job.at,
        }
    }

    /// The record of a message that is handed to nobody.
    #[must_use]
    pub fn withheld(job: &MessageJob, about: &Announcement, to: Addressed, why: String) -> Self {
        Self {
            status: NotificationStatus::Failed,
            sending: Sending::Idle,
            error: Some(why),
            attempts: 0,
            ..Self::first(job, about, to, job.at, 0)
        }
    }

    /// The mail by which somebody sees a template as it arrives, to their own address.
    #[must_use]
    pub fn test(address: String, content: Content, actor: Actor, now: Timestamp, mut ids: Ids) -> Dispatch {
        let id = NotificationId::draw(&mut ids);
        let message = Self {
            id,
            job_id: String::new(),
            channel: Channel::Email,
            kind: None,
            recipient: address,
            content,
            status: NotificationStatus::Pending,
            sending: Sending::Idle,
            provider: None,
            provider_id: None,
            delivery: None,
            error: None,
            attempts: 0,
            order_id: None,
            customer_id: None,
            resent_from: None,
            sent_at: None,
            version: 1,
            created_at: now,
        };
        Dispatch::of(message, None, EventKind::TemplateTested, actor, now, &mut ids)
    }

    /// The same message once more, as one of its own. One that is still waiting to be sent gives its place to the new one,
    /// so that never both are sent; what was handed to a provider that may still answer is waited for.
    ///
    /// # Errors
    /// See [`ResendError`].
    pub fn resend(&self, note: Option<&str>, actor: Actor, now: Timestamp, mut ids: Ids) -> Result<Dispatch, ResendError> {
        let replaced = match self.claim(now, 0) {
            Claim::Settled => None,
            Claim::HeldUntil(_) => return Err(ResendError::BeingSent),
            Claim::Ours(_) => Some(()),
        };
        let id = NotificationId::draw(&mut ids);
        let replaced = replaced.map(|()| self.failed(format!("superseded by message {id}, as which it was sent again")));
        let message = Self {
            id,
            job_id: String::new(),
            status: NotificationStatus::Pending,
            sending: Sending::Idle,
            provider: None,
            provider_id: None,
            delivery: None,
            error: None,
            attempts: 0,
            resent_from: Some(self.id),
            sent_at: None,
            version: 1,
            created_at: now,
            ..self.clone()
        };
        Ok(Dispatch::of(message, replaced, EventKind::MessageResent, actor, now, &mut ids).noting(note))
    }

    /// This record under the next number; nothing after the last.
    #[must_use]
    pub fn renumbered(self) -> Option<Self> {
        NotificationId::new(self.id.get() + 1).map(|id| Self { id, ..self })
    }

    /// What may be done about this message, which is in the log already.
    #[must_use]
    pub fn claim(&self, now: Timestamp, by: u64) -> Claim {
        match (self.status, self.sending) {
            (NotificationStatus::Sent | NotificationStatus::Delivered | NotificationStatus::Failed, _) => Claim::Settled,
            (NotificationStatus::Pending, Sending::Handed { at, .. }) if now < at.plus_minutes(UNKNOWN_OUTCOME_MINUTES) => {
                Claim::HeldUntil(at.plus_minutes(UNKNOWN_OUTCOME_MINUTES))
            }
            (NotificationStatus::Pending, Sending::Handed { .. } | Sending::Idle) => {
                Claim::Ours(Box::new(Self { sending: Sending::Handed { at: now, by }, attempts: self.attempts + 1, ..self.touched() }))
            }
        }
    }

    /// A provider took it; its own id may be missing, and is then learnt from what it tells later.
    #[must_use]
    pub fn sent(&self, provider: NotificationProvider, provider_id: Option<String>, now: Timestamp) -> Self {
        Self {
            status: NotificationStatus::Sent,
            sending: Sending::Idle,
            provider: Some(provider),
            provider_id,
            error: None,
            sent_at: Some(now),
            ..self.touched()
        }
    }

    /// It was refused for good.
    #[must_use]
    pub fn failed(&self, error: String) -> Self {
        Self { status: NotificationStatus::Failed, sending: Sending::Idle, error: Some(error), ..self.touched() }
    }

    /// It was refused for now: anybody may try again.
    #[must_use]
    pub fn refused_for_now(&self, error: String) -> Self {
        Self { sending: Sending::Idle, error: Some(error), ..self.touched() }
    }

    /// It was handed over and nothing came back: nobody else may hand it over until its time is up.
    #[must_use]
    pub fn outcome_unknown(&self, error: String) -> Self {
        Self { error: Some(error), ..self.touched() }
    }

    pub(crate) fn touched(&self) -> Self {
        Self { version: self.version + 1, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_at_sign_a_host_and_nothing_that_reaches_into_a_header() {
        let longest = format!("{}@example.com", "a".repeat(254 - "@example.com".len()));
        for address in ["grace@example.com", "grâce.mbuyi+shop@mail.example.cd", longest.as_str()] {
            assert!(is_email_address(address), "{address}");
        }
        let too_long = format!("a{longest}");
        let hosts = ["grace@example", "grace@.example.com", "grace@example.com.", "grace@example..com", "grace@"];
        let others =
            ["", "grace", "@example.com", "a@b@example.com", "a b@example.com", "a@b.c\r\nBcc: x@example.com", "<a@b.c>", "a,b@c.d"];
        for other in hosts.into_iter().chain(others).chain([too_long.as_str()]) {
            assert!(!is_email_address(other), "{other:?}");
        }
    }
}
