//! Sends one SMS a job; a number that is none is logged as failed and never tried again.

use super::deliver::{Desk, Draft, no_number, superseded};
use crate::messages;
use api::batch::Outcome;
use domain::event::MessageJob;
use domain::notification::{Addressed, Channel, Content};
use providers::Sender;
use providers::phone::e164;
use store::Question;

/// Does one job.
pub async fn send<S: Sender>(desk: &Desk<S>, job: MessageJob) -> Outcome {
    let Some(about) = &job.announcement else { return desk.deliver_logged(&job).await };
    let body = match messages::sms(about, &messages::Shop { name: &desk.shop_name }) {
        Ok(body) => body,
        // No later try renders it; the dead letters are where somebody sees it.
        Err(error) => return Outcome::Again(error.to_string()),
    };
    let known = match desk.store.briefing(&Question { order: desk.order_to_ask(&job, about), ..Question::default() }).await {
        Ok(known) => known,
        Err(error) => return Outcome::Again(error.to_string()),
    };
    let written = about.phone.as_deref().unwrap_or_default();
    let (recipient, withheld) = match e164(written, desk.country) {
        Some(number) => (number, superseded(&job, about, known.order.as_ref())),
        None => (written.to_owned(), Some(no_number())),
    };
    let content = Content { subject: None, body, text: None };
    desk.deliver(&job, about, Draft { to: Addressed { channel: Channel::Sms, recipient, content }, withheld }).await
}
