//! An event of SendGrid's (twilio.com/docs/sendgrid/for-developers/tracking-events/event), and what it says of a message.

use domain::notification::NotificationProvider;
use domain::report::{Report, SuppressionReason, Word};
use serde::Deserialize;
use utoipa::ToSchema;

/// One of a delivery's events, as far as it is looked at.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct SendGridEvent {
    /// What happened, such as `delivered` or `bounce`.
    event: String,
    /// `X-Message-Id` of the sending, a dot, and more.
    #[serde(default)]
    sg_message_id: Option<String>,
    /// The message of ours, as it was sent with it.
    #[serde(default)]
    pub notification: Option<String>,
    /// Of a `bounce`: whether the address has bounced, or its server was `blocked`.
    #[serde(default)]
    r#type: Option<String>,
    /// Why.
    #[serde(default)]
    reason: Option<String>,
}

impl SendGridEvent {
    /// What it says of the message; nothing for one that is of no interest.
    pub fn report(&self) -> Option<Report> {
        use SuppressionReason::{Bounce, Complaint, Unsubscribed};
        let (word, suppresses) = match (self.event.as_str(), self.r#type.as_deref()) {
            ("processed" | "deferred", _) => (Word::Accepted, None),
            ("delivered", _) => (Word::Delivered, None),
            ("bounce", Some("blocked")) | ("blocked", _) => (Word::GaveUp, None),
            ("bounce", _) => (Word::Bounced, Some(Bounce)),
            ("dropped", _) => (Word::GaveUp, self.on_its_own_list()),
            ("spamreport", _) => (Word::Delivered, Some(Complaint)),
            ("unsubscribe" | "group_unsubscribe", _) => (Word::Delivered, Some(Unsubscribed)),
            _ => return None,
        };
        let id = self.sg_message_id.as_deref()?.split('.').next()?;
        let fell_short = matches!(word, Word::GaveUp | Word::Bounced);
        Some(Report {
            provider: NotificationProvider::SendGrid,
            provider_id: id.to_owned(),
            word,
            why: self.reason.clone().or_else(|| Some(self.event.clone())).filter(|_| fell_short || suppresses.is_some()),
            suppresses,
        })
    }

    /// It sends nothing to addresses that have bounced before; neither should anybody else for us.
    fn on_its_own_list(&self) -> Option<SuppressionReason> {
        match self.reason.as_deref()?.to_ascii_lowercase().as_str() {
            "bounced address" | "invalid" => Some(SuppressionReason::Bounce),
            "spam reporting address" => Some(SuppressionReason::Complaint),
            "unsubscribed address" => Some(SuppressionReason::Unsubscribed),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(json: &str) -> Option<(Word, Option<SuppressionReason>)> {
        let event: SendGridEvent = serde_json::from_str(json).unwrap();
        event.report().map(|report| (report.word, report.suppresses))
    }

    #[test]
    fn each_event_says_what_sendgrid_means_by_it() {
        use SuppressionReason::{Bounce, Complaint, Unsubscribed};
        for (event, expected) in [
            (r#""processed""#, Some((Word::Accepted, None))),
            (r#""deferred","reason":"busy""#, Some((Word::Accepted, None))),
            (r#""delivered""#, Some((Word::Delivered, None))),
            (r#""bounce","type":"bounce","reason":"550 no such user""#, Some((Word::Bounced, Some(Bounce)))),
            (r#""bounce","type":"blocked","reason":"listed""#, Some((Word::GaveUp, None))),
            (r#""dropped","reason":"Bounced Address""#, Some((Word::GaveUp, Some(Bounce)))),
            (r#""dropped","reason":"Spam Reporting Address""#, Some((Word::GaveUp, Some(Complaint)))),
            (r#""dropped","reason":"Recipient List over Package Quota""#, Some((Word::GaveUp, None))),
            (r#""spamreport""#, Some((Word::Delivered, Some(Complaint)))),
            (r#""group_unsubscribe""#, Some((Word::Delivered, Some(Unsubscribed)))),
            (r#""open""#, None),
            (r#""click","url":"https://example.com""#, None),
        ] {
            assert_eq!(said(&format!(r#"{{"event":{event},"sg_message_id":"abc.filter1"}}"#)), expected, "{event}");
        }
        assert_eq!(said(r#"{"event":"delivered"}"#), None);
    }
}
