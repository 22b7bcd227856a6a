//! Sends one e-mail a job; a job that can be tried again goes back to the queue alone.

use super::Templates;
use super::deliver::{Desk, Draft, superseded};
use crate::messages;
use api::batch::Outcome;
use domain::delivery_report::EmailAddress;
use domain::event::MessageJob;
use domain::message::Announcement;
use domain::notification::{Addressed, Channel, Content};
use domain::template::TemplateCode;
use providers::Sender;
use store::{Question, StorageError};

/// Does one job, by the shop's own templates where it has them.
pub async fn send<S: Sender>(desk: &Desk<S>, templates: &Templates, job: MessageJob) -> Outcome {
    let Some(about) = &job.announcement else { return desk.deliver_logged(&job, |_| None).await };
    match draft(desk, templates, &job, about).await {
        Ok(draft) => desk.deliver(&job, about, draft).await,
        Err(error) => Outcome::Again(error.to_string()),
    }
}

/// Why there is no message.
#[derive(Debug, thiserror::Error)]
enum DraftError {
    /// No later try renders it; the dead letters are where somebody sees it.
    #[error(transparent)]
    Render(#[from] messages::RenderError),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// The message, by the shop's own template where it has one in use.
async fn draft<S: Sender>(desk: &Desk<S>, templates: &Templates, job: &MessageJob, about: &Announcement) -> Result<Draft, DraftError> {
    let template = TemplateCode::parse(about.kind.as_str()).map(|code| (code, about.locale));
    let address = about.email.as_deref().map(EmailAddress::of);
    let known = desk.store.briefing(&Question { template, order: desk.order_to_ask(job, about), address }).await?;
    let own = templates.in_use(&desk.store, known.template).await?;
    let email = messages::email(about, &desk.shop(), own.as_deref())?;
    let recipient = about.email.clone().unwrap_or_default();
    let withheld = match known.suppression {
        _ if recipient.is_empty() => Some("there is no e-mail address".to_owned()),
        Some(suppression) => Some(suppression.why()),
        None => superseded(job, about, known.order.as_ref()),
    };
    let content = Content { subject: Some(email.subject), body: email.html, text: email.text };
    Ok(Draft { to: Addressed { channel: Channel::Email, recipient, content }, withheld })
}
