//! Sends one SMS a job; a number that is none is logged as failed and never tried again.

use super::deliver::{Desk, Draft};
use crate::messages;
use api::batch::Outcome;
use domain::event::MessageJob;
use domain::notification::{Channel, Content};
use providers::Sender;
use providers::phone::e164;

/// Does one job.
pub async fn send<S: Sender>(desk: &Desk<S>, job: MessageJob) -> Outcome {
    let shop = messages::Shop { name: &desk.shop_name };
    let rendered = match messages::render(&job.announcement, &shop) {
        Ok(rendered) => rendered,
        // No later try renders it; the dead letters are where somebody sees it.
        Err(error) => return Outcome::Again(error.to_string()),
    };
    let number = job.announcement.phone.as_deref().unwrap_or_default();
    let draft = Draft {
        channel: Channel::Sms,
        recipient: e164(number, desk.country)
            .ok_or_else(|| (number.to_owned(), "no number of any country (E.164, such as +243…)".to_owned())),
        content: Content { subject: None, body: rendered.sms, text: None },
    };
    desk.deliver(&job, draft).await
}
