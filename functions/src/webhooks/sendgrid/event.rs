//! An event of SendGrid's (twilio.com/docs/sendgrid/for-developers/tracking-events/event), and what it says of a message.

use domain::delivery_report::{DeliveryOutcome, DeliveryReport, SuppressionReason};
use domain::notification::NotificationProvider;
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
    pub fn report(&self) -> Option<DeliveryReport> {
        use SuppressionReason::{Bounce, Complaint, Unsubscribed};
        let (outcome, suppresses) = match (self.event.as_str(), self.r#type.as_deref()) {
            ("processed" | "deferred", _) => (DeliveryOutcome::Accepted, None),
            ("delivered", _) => (DeliveryOutcome::Delivered, None),
            ("bounce", Some("blocked")) | ("blocked", _) => (DeliveryOutcome::GaveUp, None),
            ("bounce", _) => (DeliveryOutcome::Bounced, Some(Bounce)),
            ("dropped", _) => (DeliveryOutcome::GaveUp, self.on_its_own_list()),
            ("spamreport", _) => (DeliveryOutcome::Delivered, Some(Complaint)),
            ("unsubscribe" | "group_unsubscribe", _) => (DeliveryOutcome::Delivered, Some(Unsubscribed)),
            _ => return None,
        };
        let id = self.sg_message_id.as_deref()?.split('.').next()?;
        let fell_short = matches!(outcome, DeliveryOutcome::GaveUp | DeliveryOutcome::Bounced);
        Some(DeliveryReport {
            provider: NotificationProvider::SendGrid,
            provider_id: id.to_owned(),
            outcome,
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

    fn said(json: &str) -> Option<(DeliveryOutcome, Option<SuppressionReason>)> {
        let event: SendGridEvent = serde_json::from_str(json).unwrap();
        event.report().map(|report| (report.outcome, report.suppresses))
    }

    #[test]
    fn each_event_says_what_sendgrid_means_by_it() {
        use SuppressionReason::{Bounce, Complaint, Unsubscribed};
        for (event, expected) in [
            (r#""processed""#, Some((DeliveryOutcome::Accepted, None))),
            (r#""deferred","reason":"busy""#, Some((DeliveryOutcome::Accepted, None))),
            (r#""delivered""#, Some((DeliveryOutcome::Delivered, None))),
            (r#""bounce","type":"bounce","reason":"550 no such user""#, Some((DeliveryOutcome::Bounced, Some(Bounce)))),
            (r#""bounce","type":"blocked","reason":"listed""#, Some((DeliveryOutcome::GaveUp, None))),
            (r#""dropped","reason":"Bounced Address""#, Some((DeliveryOutcome::GaveUp, Some(Bounce)))),
            (r#""dropped","reason":"Spam Reporting Address""#, Some((DeliveryOutcome::GaveUp, Some(Complaint)))),
            (r#""dropped","reason":"Recipient List over Package Quota""#, Some((DeliveryOutcome::GaveUp, None))),
            (r#""spamreport""#, Some((DeliveryOutcome::Delivered, Some(Complaint)))),
            (r#""group_unsubscribe""#, Some((DeliveryOutcome::Delivered, Some(Unsubscribed)))),
            (r#""open""#, None),
            (r#""click","url":"https://example.com""#, None),
        ] {
            assert_eq!(said(&format!(r#"{{"event":{event},"sg_message_id":"abc.filter1"}}"#)), expected, "{event}");
        }
        assert_eq!(said(r#"{"event":"delivered"}"#), None);
    }
}
