//! Handing one message over: claim, send, settle. The effect is there once, however often the job comes.

use super::numbers;
use crate::messages;
use api::aws;
use api::batch::Outcome;
use api::clock::{Clock, random};
use api::config::{ConfigError, Variables, shop_name, shop_timezone};
use api::metrics::Metrics;
use aws_config::SdkConfig;
use domain::delivery_report::EmailAddress;
use domain::event::MessageJob;
use domain::ids::OrderId;
use domain::message::{Announcement, LATE_AFTER_MINUTES};
use domain::notification::{
    Addressed, Channel, Claim, Notification, NotificationStatus, Sending, UNKNOWN_OUTCOME_MINUTES, is_too_old_to_send,
};
use domain::order::Order;
use jiff::tz::TimeZone;
use providers::{Accepted, SendError, Sender};
use store::{Claimed, StorageError, Store};

/// What a worker that sends messages works with.
#[derive(Clone)]
pub struct Desk<S> {
    /// The notification log.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// The shop's name, as messages say it.
    pub shop_name: String,
    /// Where the shop's days begin.
    pub timezone: TimeZone,
    /// Who sends.
    pub sender: S,
    /// Where the messages are counted.
    pub metrics: Metrics,
}

/// A message as the worker of its channel makes it.
pub(super) struct Draft {
    pub to: Addressed,
    /// Why it is sent to nobody.
    pub withheld: Option<String>,
}

impl<S> Desk<S> {
    /// As the variables say, with the tables in `sdk`'s region. Nothing is called yet.
    pub(super) fn read(variables: &impl Variables, sdk: &SdkConfig, clock: Clock, sender: S) -> Result<Self, ConfigError> {
        Ok(Self {
            store: aws::store(sdk, variables),
            clock,
            shop_name: shop_name(variables),
            timezone: shop_timezone(variables)?,
            sender,
            metrics: Metrics::given(variables),
        })
    }

    /// The shop, as messages have it.
    pub(super) fn shop(&self) -> messages::Shop<'_> {
        messages::Shop { name: &self.shop_name, timezone: &self.timezone }
    }
}

impl<S: Sender> Desk<S> {
    /// The order of a message that is late, which may have been overtaken; one in time is sent in any case.
    pub(super) fn order_to_ask(&self, job: &MessageJob, about: &Announcement) -> Option<OrderId> {
        (self.clock.now() > job.at.plus_minutes(LATE_AFTER_MINUTES)).then_some(about.order_id)
    }

    /// Sends one message, unless it was sent before or somebody is at it. One that is too old for the log to know is not sent, and not
    /// logged either: its record would be gone at once.
    pub(super) async fn deliver(&self, job: &MessageJob, about: &Announcement, draft: Draft) -> Outcome {
        let (now, by) = (self.clock.now(), random());
        if is_too_old_to_send(job.at, now) {
            tracing::warn!(job = %job.id, message = %job.notification_id, "a message is too old to be sent: it may have been sent before");
            return Outcome::Done;
        }
        let Draft { to, withheld } = draft;
        let first = match &withheld {
            None => Notification::first(job, about, to, now, by),
            Some(why) => Notification::withheld(job, about, to, why.clone()),
        };
        match self.claim(job, first, withheld, by).await {
            Ok(claim) => self.carry_out(claim).await,
            Err(error) => Outcome::Again(error.to_string()),
        }
    }

    /// Sends a message that is in the log already, ready to be sent, unless `unfit` says why its recipient is none.
    pub(super) async fn deliver_logged(&self, job: &MessageJob, unfit: impl Fn(&str) -> Option<String>) -> Outcome {
        match self.claim_logged(job, unfit).await {
            Ok(claim) => self.carry_out(claim).await,
            Err(error) => Outcome::Again(error.to_string()),
        }
    }

    async fn claim_logged(&self, job: &MessageJob, unfit: impl Fn(&str) -> Option<String>) -> Result<Claim, StorageError> {
        // The log keeps a message far longer than a queue keeps a job.
        let Some(found) = self.store.notification(job.notification_id).await? else { return Ok(Claim::Settled) };
        let suppression = match found.channel {
            Channel::Email => self.store.suppression(&EmailAddress::of(&found.recipient)).await?,
            Channel::Sms => None,
        };
        let withheld = unfit(&found.recipient).or_else(|| suppression.map(|suppression| suppression.why()));
        self.claim_found(&found, withheld, random()).await
    }

    async fn carry_out(&self, claim: Claim) -> Outcome {
        match claim {
            Claim::Settled => Outcome::Done,
            Claim::HeldUntil(at) => Outcome::At(at, "it was handed over, and nobody has said what came of it".to_owned()),
            Claim::Ours(message) => self.hand_over(&message).await,
        }
    }

    /// Nothing is handed over before the log says so: whoever finds that entry knows that a message may be out.
    async fn claim(&self, job: &MessageJob, mut first: Notification, withheld: Option<String>, by: u64) -> Result<Claim, StorageError> {
        let found = loop {
            match self.store.store_notification(&first).await? {
                Claimed::Ours => return Ok(self.first_claim(first)),
                Claimed::Taken(Some(found)) if found.job_id == job.id => break found,
                // Its number was drawn, and another message has drawn the same: it goes under the next one that is
                // free, and is found there by whoever comes again, because no record ever moves.
                Claimed::Taken(Some(_)) => match first.renumbered() {
                    Some(next) => first = next,
                    None => return Ok(Claim::HeldUntil(self.clock.now())),
                },
                Claimed::Taken(None) => return Ok(Claim::HeldUntil(self.clock.now())),
            }
        };
        self.claim_found(&found, withheld, by).await
    }

    /// A record that was there: what may be done about it, or why it is sent to nobody after all.
    async fn claim_found(&self, found: &Notification, withheld: Option<String>, by: u64) -> Result<Claim, StorageError> {
        let now = self.clock.now();
        let next = match (found.claim(now, by), withheld) {
            (Claim::Ours(_), Some(why)) => found.failed(why),
            (Claim::Ours(next), None) => *next,
            (other @ (Claim::Settled | Claim::HeldUntil(_)), _) => return Ok(other),
        };
        match self.store.store_notification(&next).await? {
            Claimed::Ours => Ok(self.first_claim(next)),
            // Somebody else took it in between: see what they made of it.
            Claimed::Taken(_) => Ok(Claim::HeldUntil(now)),
        }
    }

    /// A record that was just stored: to be handed over, or final.
    fn first_claim(&self, stored: Notification) -> Claim {
        match stored.sending {
            Sending::Handed { .. } => Claim::Ours(Box::new(stored)),
            Sending::Idle => {
                self.metrics.count(numbers::of_message(&stored, self.clock.now()));
                Claim::Settled
            }
        }
    }

    async fn hand_over(&self, message: &Notification) -> Outcome {
        let sent = self.sender.send(message).await;
        let now = self.clock.now();
        // What a provider says may hold an address or a number: it is for the notification log, not for ours.
        let (settled, outcome) = match sent {
            Ok(Accepted { provider, id }) => (message.sent(provider, id, now), Outcome::Done),
            Err(SendError::Refused(why)) => (message.failed(why.for_the_record().to_owned()), Outcome::Done),
            Err(SendError::RefusedForNow(why)) => {
                let again = format!("message {} was refused for now", message.id);
                (message.refused_for_now(why.for_the_record().to_owned()), Outcome::Again(again))
            }
            Err(SendError::Unknown(why)) => {
                let until = now.plus_minutes(UNKNOWN_OUTCOME_MINUTES);
                let later = format!("nobody knows what became of message {}", message.id);
                (message.outcome_unknown(why.for_the_record().to_owned()), Outcome::At(until, later))
            }
        };
        match self.store.store_notification(&settled).await {
            Ok(Claimed::Ours) => {
                self.metrics.count(numbers::of_message(&settled, now));
                outcome
            }
            // The provider's own word was here first, and says more than we could.
            Ok(Claimed::Taken(Some(found))) if found.status != NotificationStatus::Pending => Outcome::Done,
            // The log still says that it was handed over, so nobody hands it over again too soon.
            Ok(Claimed::Taken(_)) => Outcome::Again("the log has changed meanwhile".to_owned()),
            Err(error) => Outcome::Again(error.to_string()),
        }
    }
}

/// Why a message has become pointless, where its order has moved on.
pub(super) fn superseded(job: &MessageJob, about: &Announcement, order: Option<&Order>) -> Option<String> {
    let later = order.and_then(|order| about.kind.superseded_by(order, job.at))?;
    Some(format!("superseded by {later}: it was too late"))
}
