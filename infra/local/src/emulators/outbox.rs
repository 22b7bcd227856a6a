//! Everything that would have left the building: e-mails as SES and SendGrid got them, SMS as Twilio got them.
//!
//! [`Outbox::router`] speaks to the official SES v2 SDK and to clients of SendGrid's and Twilio's API. A test can script what
//! goes wrong ([`Fault`]); without a script every message is accepted.

use super::{Now, http::Connection};
use axum::{Router, response::Response};
use file::{Kept, OutboxFile};
use std::{
    collections::VecDeque,
    io,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

mod file;
mod send_grid;
mod ses;
mod twilio;

#[cfg(test)]
mod tests;

pub use ses::Email;
pub use twilio::Sms;

/// The messages, the script of faults and the counts; a clone is another handle to the same ones.
#[derive(Clone)]
pub struct Outbox {
    now: Now,
    state: Arc<Mutex<State>>,
}

/// A provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// SES v2.
    Email,
    /// SendGrid.
    SendGrid,
    /// Twilio.
    Sms,
}

/// How a provider fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It says no, and keeps nothing.
    Refuse {
        /// The HTTP status.
        status: u16,
        /// SES: the exception's name, such as `TooManyRequestsException`; Twilio: the number of the error.
        code: String,
        /// What it says about it.
        message: String,
    },
    /// It says nothing for so long, keeps nothing, and then closes the connection.
    Hang(Duration),
    /// It sends the message, but the connection closes before it has said so.
    AcceptThenDrop,
}

#[derive(Default)]
struct State {
    /// Whoever sent them, with what SES has seen.
    emails: Sent<Email>,
    send_grid: Sent<()>,
    sms: Sent<Sms>,
    /// Where messages are kept between runs.
    file: Option<OutboxFile>,
}

impl State {
    fn keep(&mut self, email: Email) {
        if let Some(file) = &mut self.file {
            file.keep(&Kept::Email(&email));
        }
        self.emails.messages.push(email);
    }
}

/// What one channel has seen.
struct Sent<T> {
    messages: Vec<T>,
    requests: usize,
    next_faults: VecDeque<Fault>,
    lasting_fault: Option<Fault>,
}

impl<T> Default for Sent<T> {
    fn default() -> Self {
        Self { messages: Vec::new(), requests: 0, next_faults: VecDeque::new(), lasting_fault: None }
    }
}

impl<T> Sent<T> {
    fn next_fault(&mut self) -> Option<Fault> {
        self.requests += 1;
        self.next_faults.pop_front().or_else(|| self.lasting_fault.clone())
    }
}

impl Outbox {
    /// An empty outbox whose providers accept everything.
    #[must_use]
    pub fn new(now: Now) -> Self {
        Self { now, state: Arc::default() }
    }

    /// An outbox that has in it what earlier runs sent, and that adds to it what this one sends.
    ///
    /// # Errors
    /// When the file can't be read or written.
    pub fn in_directory(now: Now, directory: &Path) -> io::Result<Self> {
        let (file, kept) = OutboxFile::open(&directory.join("outbox.jsonl"))?;
        let outbox = Self::new(now);
        let mut state = outbox.state();
        (state.emails.messages, state.sms.messages, state.file) = (kept.emails, kept.sms, Some(file));
        drop(state);
        Ok(outbox)
    }

    /// The providers' HTTP side. It must be served by [`super::http`], whose connections can be cut.
    pub fn router(&self) -> Router {
        ses::router().merge(send_grid::router()).merge(twilio::router()).with_state(self.clone())
    }

    /// The e-mails that were accepted, oldest first.
    #[must_use]
    pub fn emails(&self) -> Vec<Email> {
        self.state().emails.messages.clone()
    }

    /// The SMS that were accepted, oldest first.
    #[must_use]
    pub fn sms(&self) -> Vec<Sms> {
        self.state().sms.messages.clone()
    }

    /// The e-mails that were accepted for an address, oldest first.
    #[must_use]
    pub fn emails_to(&self, address: &str) -> Vec<Email> {
        self.state().emails.messages.iter().filter(|email| email.to.iter().any(|to| to == address)).cloned().collect()
    }

    /// The SMS that were accepted for a number, oldest first.
    #[must_use]
    pub fn sms_to(&self, number: &str) -> Vec<Sms> {
        self.state().sms.messages.iter().filter(|sms| sms.to == number).cloned().collect()
    }

    /// How many requests the channel has seen, however they ended.
    #[must_use]
    pub fn requests(&self, channel: Channel) -> usize {
        let state = self.state();
        match channel {
            Channel::Email => state.emails.requests,
            Channel::SendGrid => state.send_grid.requests,
            Channel::Sms => state.sms.requests,
        }
    }

    /// Lets the channel's next request fail that no earlier call has spoken for.
    pub fn fail_next(&self, channel: Channel, fault: Fault) {
        let mut state = self.state();
        match channel {
            Channel::Email => state.emails.next_faults.push_back(fault),
            Channel::SendGrid => state.send_grid.next_faults.push_back(fault),
            Channel::Sms => state.sms.next_faults.push_back(fault),
        }
    }

    /// Lets all the channel's requests fail from now on, or none; those of [`Outbox::fail_next`] come first.
    pub fn fail_all(&self, channel: Channel, fault: Option<Fault>) {
        let mut state = self.state();
        match channel {
            Channel::Email => state.emails.lasting_fault = fault,
            Channel::SendGrid => state.send_grid.lasting_fault = fault,
            Channel::Sms => state.sms.lasting_fault = fault,
        }
    }

    /// Puts messages in as if they had been sent.
    #[cfg(test)]
    pub(crate) fn put(&self, email: Email, sms: Sms) {
        let mut state = self.state();
        state.emails.messages.push(email);
        state.sms.messages.push(sms);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Plays the fault that is due; gives the whole answer, where it leaves one. Without one the request goes on, even if nobody will
/// hear about it. `refusal` puts a refusal into the provider's own form.
pub(in crate::emulators) async fn played(
    due: Option<Fault>,
    connection: &Connection,
    refusal: impl FnOnce(u16, &str, &str) -> Response,
) -> Option<Response> {
    match due? {
        Fault::Refuse { status, code, message } => Some(refusal(status, &code, &message)),
        Fault::Hang(silence) => {
            tokio::time::sleep(silence).await;
            connection.cut();
            Some(Response::default())
        }
        Fault::AcceptThenDrop => {
            connection.cut();
            None
        }
    }
}
