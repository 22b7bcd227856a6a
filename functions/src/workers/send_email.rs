//! Sends one e-mail a job; a job that can be tried again goes back to the queue alone.

use super::deliver::{Desk, Draft};
use crate::messages;
use api::batch::Outcome;
use domain::event::MessageJob;
use domain::notification::{Channel, Content};
use providers::Sender;

/// Does one job.
pub async fn send<S: Sender>(desk: &Desk<S>, job: MessageJob) -> Outcome {
    let shop = messages::Shop { name: &desk.shop_name };
    let rendered = match messages::render(&job.announcement, &shop) {
        Ok(rendered) => rendered,
        // No later try renders it; the dead letters are where somebody sees it.
        Err(error) => return Outcome::Again(error.to_string()),
    };
    let address = job.announcement.email.clone().unwrap_or_default();
    let draft = Draft {
        channel: Channel::Email,
        recipient: if address.is_empty() { Err((address, "there is no e-mail address".to_owned())) } else { Ok(address) },
        content: Content { subject: Some(rendered.subject), body: rendered.html, text: Some(rendered.text) },
    };
    desk.deliver(&job, draft).await
}
