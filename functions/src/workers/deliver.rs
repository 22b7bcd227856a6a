//! Handing one message over: claim, send, settle. The effect is there once, however often the job comes.

use api::batch::Outcome;
use api::clock::{Clock, random};
use domain::event::MessageJob;
use domain::notification::{Channel, Claim, Content, Notification, UNKNOWN_OUTCOME_MINUTES};
use domain::time::Timestamp;
use providers::phone::Country;
use providers::{SendError, Sender};
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
    /// Whose numbers are written without a country.
    pub country: Country,
    /// Who sends.
    pub sender: S,
}

/// A message as the worker of its channel makes it: to whom, and what; or why it can't be sent.
pub(super) struct Draft {
    pub channel: Channel,
    pub recipient: Result<String, (String, String)>,
    pub content: Content,
}

impl<S: Sender> Desk<S> {
    /// Sends one message, unless it was sent before or somebody is at it.
    pub(super) async fn deliver(&self, job: &MessageJob, draft: Draft) -> Outcome {
        match self.claim(job, draft).await {
            Ok(Claim::Settled) => Outcome::Done,
            Ok(Claim::HeldUntil(at)) => Outcome::At(at, "it was handed over, and nobody has said what came of it".to_owned()),
            Ok(Claim::Ours(message)) => self.hand_over(&message).await,
            Err(error) => Outcome::Again(error.to_string()),
        }
    }

    /// Nothing is handed over before the log says so: whoever finds that entry knows that a message may be out.
    async fn claim(&self, job: &MessageJob, draft: Draft) -> Result<Claim, StorageError> {
        let (now, by) = (self.clock.now(), random());
        let mut first = match draft.recipient {
            Ok(recipient) => Notification::first(job, draft.channel, recipient, draft.content, now, by),
            Err((recipient, error)) => Notification::unsendable(job, draft.channel, recipient, draft.content, error),
        };
        let found = loop {
            match self.store.store_notification(&first).await? {
                Claimed::Ours => return Ok(first_claim(first, now)),
                Claimed::Taken(Some(found)) if found.job_id == job.id => break found,
                // Its number was drawn, and another message has drawn the same: it goes under the next one that is
                // free, and is found there by whoever comes again, because no record ever moves.
                Claimed::Taken(Some(_)) => match first.renumbered() {
                    Some(next) => first = next,
                    None => return Ok(Claim::HeldUntil(now)),
                },
                Claimed::Taken(None) => return Ok(Claim::HeldUntil(now)),
            }
        };
        match found.claim(now, by) {
            Claim::Ours(next) => match self.store.store_notification(&next).await? {
                Claimed::Ours => Ok(Claim::Ours(next)),
                // Somebody else took it in between: see what they made of it.
                Claimed::Taken(_) => Ok(Claim::HeldUntil(now)),
            },
            other @ (Claim::Settled | Claim::HeldUntil(_)) => Ok(other),
        }
    }

    async fn hand_over(&self, message: &Notification) -> Outcome {
        let sent = self.sender.send(message).await;
        let now = self.clock.now();
        // What a provider says may hold an address or a number: it is for the notification log, not for ours.
        let (settled, outcome) = match sent {
            Ok(id) => (message.sent(S::PROVIDER, id, now), Outcome::Done),
            Err(SendError::Refused(why)) => (message.failed(why), Outcome::Done),
            Err(SendError::RefusedForNow(why)) => {
                (message.refused_for_now(why), Outcome::Again(format!("message {} was refused for now", message.id)))
            }
            Err(SendError::Unknown(why)) => {
                let until = now.plus_minutes(UNKNOWN_OUTCOME_MINUTES);
                (message.outcome_unknown(why), Outcome::At(until, format!("nobody knows what became of message {}", message.id)))
            }
        };
        match self.store.store_notification(&settled).await {
            Ok(Claimed::Ours) => outcome,
            // The log still says that it was handed over, so nobody hands it over again too soon.
            Ok(Claimed::Taken(_)) => Outcome::Again("the log has changed meanwhile".to_owned()),
            Err(error) => Outcome::Again(error.to_string()),
        }
    }
}

/// A record that was just made: to be handed over, or final from the start.
fn first_claim(first: Notification, now: Timestamp) -> Claim {
    match first.sending {
        domain::notification::Sending::Handed { at, .. } if at == now => Claim::Ours(Box::new(first)),
        domain::notification::Sending::Handed { .. } | domain::notification::Sending::Idle => Claim::Settled,
    }
}
