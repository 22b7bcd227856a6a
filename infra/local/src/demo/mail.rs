//! The demo shop's mail: a template of its own, and what providers tell of what was sent.

use super::DemoError;
use super::client::Client;
use crate::System;
use domain::delivery_report::{DeliveryOutcome, DeliveryReport, SuppressionReason};
use domain::notification::{Notification, NotificationProvider, NotificationStatus};
use functions::webhooks::reports::note;
use serde_json::{Value, json};
use store::{NotificationFilter, PageRequest};

/// Where mail comes back from: nothing more is sent there after the first time.
pub const COMES_BACK: &str = "jc.tshibangu@example.com";

/// What the shop's own template says and the built-in one doesn't.
pub const OWN_SENTENCE: &str =
    "Vous pouvez aussi les rapporter au magasin, 12 avenue de la Paix à Gombe, du lundi au samedi de 9 h à 18 h.";

const PARAGRAPH: &str = "<p style=\"margin:0 0 16px;\">";

/// The shop's own wording of an accepted return: the built-in one and a sentence more.
pub async fn own_template(client: &Client) -> Result<(), DemoError> {
    let built_in = client.get(&client.admin, "/api/email-templates?code=RETURN_APPROVED&locale=fr").await?;
    let text = |field| built_in[field].as_str().ok_or(DemoError::NoField(field));
    let before = |part: &str, opens: &str, closes: &str| {
        let next = format!("{opens}Écrivez bien");
        part.replacen(&next, &format!("{opens}{OWN_SENTENCE}{closes}{next}"), 1)
    };
    let html = before(text("htmlContent")?, PARAGRAPH, "</p>\n");
    let plain = before(text("textContent")?, "\n", "\n");
    let own = json!({
        "code": "RETURN_APPROVED",
        "locale": "fr",
        "name": "Retour accepté, avec l’adresse du magasin",
        "subject": built_in["subject"],
        "htmlContent": html,
        "textContent": plain,
    });
    client.post(&client.admin, "/api/email-templates", &own).await.map(|_: Value| ())
}

/// Providers tell of every message that they were given: it arrived, or came back. Amazon's signature nobody else can make, so that
/// this starts behind it, at what the webhooks do once they have checked theirs.
pub async fn told(system: &System) -> Result<(), DemoError> {
    let shop = &system.workers.shop;
    let filter = NotificationFilter { status: Some(NotificationStatus::Sent), ..NotificationFilter::default() };
    let mut before = None;
    loop {
        let page = shop.store.notifications(filter, PageRequest::new(100, before)).await?;
        for message in &page.items {
            note(shop, message.id, &[report(message)]).await.map_err(|problem| DemoError::Told(format!("{problem:?}")))?;
        }
        before = page.next;
        if before.is_none() {
            return Ok(());
        }
    }
}

fn report(message: &Notification) -> DeliveryReport {
    let comes_back = message.recipient == COMES_BACK;
    DeliveryReport {
        provider: message.provider.unwrap_or(NotificationProvider::Ses),
        provider_id: message.provider_id.clone().unwrap_or_default(),
        outcome: if comes_back { DeliveryOutcome::Bounced } else { DeliveryOutcome::Delivered },
        why: comes_back.then(|| "550 5.1.1 this mailbox doesn’t exist".to_owned()),
        suppresses: comes_back.then_some(SuppressionReason::Bounce),
    }
}
