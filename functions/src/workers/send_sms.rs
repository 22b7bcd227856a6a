//! Sends one SMS a job; a number that is none is logged as failed and never tried again.

use super::deliver::{Desk, Draft, superseded};
use crate::messages;
use api::batch::Outcome;
use domain::event::MessageJob;
use domain::notification::{Addressed, Channel, Content};
use providers::Sender;
use providers::phone::{Country, e164};
use store::Question;

/// Does one job; a number that is written without a country is one of this one.
pub async fn send<S: Sender>(desk: &Desk<S>, country: Country, job: MessageJob) -> Outcome {
    // A number is logged as it is sent to; what stands there otherwise was none.
    let unfit = |logged: &str| (e164(logged, country).as_deref() != Some(logged)).then(no_number);
    let Some(about) = &job.announcement else { return desk.deliver_logged(&job, unfit).await };
    let body = match messages::sms(about, &desk.shop()) {
        Ok(body) => body,
        // No later try renders it; the dead letters are where somebody sees it.
        Err(error) => return Outcome::Again(error.to_string()),
    };
    let known = match desk.store.briefing(&Question { order: desk.order_to_ask(&job, about), ..Question::default() }).await {
        Ok(known) => known,
        Err(error) => return Outcome::Again(error.to_string()),
    };
    let written = about.phone.as_deref().unwrap_or_default();
    let (recipient, withheld) = match e164(written, country) {
        Some(number) => (number, superseded(&job, about, known.order.as_ref())),
        None => (written.to_owned(), Some(no_number())),
    };
    let content = Content { subject: None, body, text: None };
    desk.deliver(&job, about, Draft { to: Addressed { channel: Channel::Sms, recipient, content }, withheld }).await
}

fn no_number() -> String {
    "no number of any country (E.164, such as +243…)".to_owned()
}
