//! An event of SES's (docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html), and what it says of
//! a message.

use domain::delivery_report::{DeliveryOutcome, DeliveryReport, SuppressionReason};
use domain::notification::NotificationProvider;
use serde::Deserialize;
use std::collections::HashMap;

/// As far as it is looked at.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SesEvent {
    #[serde(alias = "notificationType")]
    event_type: String,
    mail: Mail,
    bounce: Option<Bounce>,
    complaint: Option<Complaint>,
    reject: Option<Reject>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mail {
    message_id: String,
    #[serde(default)]
    tags: HashMap<String, Vec<String>>,
}

#[derive(Debug, Deserialize)]
struct Bounce {
    #[serde(rename = "bounceType")]
    kind: String,
    #[serde(rename = "bounceSubType", default)]
    reason: String,
    #[serde(rename = "bouncedRecipients", default)]
    recipients: Vec<Recipient>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recipient {
    diagnostic_code: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Complaint {
    #[serde(rename = "complaintFeedbackType")]
    kind: Option<String>,
    #[serde(rename = "complaintSubType")]
    reason: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Reject {
    reason: Option<String>,
}

impl SesEvent {
    /// The message of ours, as it was sent with it.
    pub fn tag(&self) -> Option<&str> {
        self.mail.tags.get("notification")?.first().map(String::as_str)
    }

    /// What it says of the message; nothing for one that is of no interest.
    pub fn report(self) -> Option<DeliveryReport> {
        let (outcome, why, suppresses) = match self.event_type.as_str() {
            "Send" | "DeliveryDelay" => (DeliveryOutcome::Accepted, None, None),
            "Delivery" => (DeliveryOutcome::Delivered, None, None),
            "Bounce" => {
                let bounce = self.bounce?;
                let why = Some(bounce.why());
                match bounce.kind.as_str() {
                    "Permanent" => (DeliveryOutcome::Bounced, why, Some(SuppressionReason::Bounce)),
                    _ => (DeliveryOutcome::GaveUp, why, None),
                }
            }
            "Complaint" => {
                let (kind, reason) = self.complaint.map_or((None, None), |complaint| (complaint.kind, complaint.reason));
                match (kind.as_deref(), reason.as_deref()) {
                    // An earlier complaint: SES took the message, and didn't try to send it.
                    (_, Some("OnAccountSuppressionList")) => (DeliveryOutcome::GaveUp, reason, Some(SuppressionReason::Complaint)),
                    // Taken back by whoever complained, or said of what a filter took for spam (RFC 6430).
                    (Some("not-spam"), _) => (DeliveryOutcome::Delivered, kind, None),
                    // Whoever complains has it.
                    _ => (DeliveryOutcome::Delivered, kind, Some(SuppressionReason::Complaint)),
                }
            }
            "Reject" => (DeliveryOutcome::GaveUp, self.reject.and_then(|reject| reject.reason), None),
            _ => return None,
        };
        Some(DeliveryReport { provider: NotificationProvider::Ses, provider_id: self.mail.message_id, outcome, why, suppresses })
    }
}

impl Bounce {
    fn why(&self) -> String {
        let said = self.recipients.iter().find_map(|recipient| recipient.diagnostic_code.as_deref());
        let said = said.map(|said| format!(": {said}")).unwrap_or_default();
        format!("{} bounce ({}){said}", self.kind, self.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(rest: &str) -> Option<(DeliveryOutcome, Option<String>, Option<SuppressionReason>)> {
        let json = format!(
            r#"{{"eventType":{rest},"mail":{{"messageId":"0100-x","tags":{{"notification":["7"],"ses:operation":["SendEmail"]}}}}}}"#
        );
        let event: SesEvent = serde_json::from_str(&json).unwrap();
        assert_eq!(event.tag(), Some("7"));
        event.report().map(|report| (report.outcome, report.why, report.suppresses))
    }

    #[test]
    fn each_event_says_what_ses_means_by_it() {
        use SuppressionReason::{Bounce, Complaint};
        let hard = r#""Bounce","bounce":{"bounceType":"Permanent","bounceSubType":"General","bouncedRecipients":[{"diagnosticCode":"550 5.1.1"}]}"#;
        let soft = r#""Bounce","bounce":{"bounceType":"Transient","bounceSubType":"MailboxFull","bouncedRecipients":[{}]}"#;
        let listed = r#""Complaint","complaint":{"complaintSubType":"OnAccountSuppressionList","complaintFeedbackType":null}"#;
        let taken_back = r#""Complaint","complaint":{"complaintSubType":null,"complaintFeedbackType":"not-spam"}"#;
        let text = |text: &str| Some(text.to_owned());
        for (event, expected) in [
            (r#""Send","send":{}"#, Some((DeliveryOutcome::Accepted, None, None))),
            (r#""DeliveryDelay","deliveryDelay":{"delayType":"General"}"#, Some((DeliveryOutcome::Accepted, None, None))),
            (r#""Delivery","delivery":{}"#, Some((DeliveryOutcome::Delivered, None, None))),
            (hard, Some((DeliveryOutcome::Bounced, text("Permanent bounce (General): 550 5.1.1"), Some(Bounce)))),
            (soft, Some((DeliveryOutcome::GaveUp, text("Transient bounce (MailboxFull)"), None))),
            (
                r#""Complaint","complaint":{"complaintFeedbackType":"abuse"}"#,
                Some((DeliveryOutcome::Delivered, text("abuse"), Some(Complaint))),
            ),
            (r#""Complaint","complaint":{"complaintSubType":null}"#, Some((DeliveryOutcome::Delivered, None, Some(Complaint)))),
            (listed, Some((DeliveryOutcome::GaveUp, text("OnAccountSuppressionList"), Some(Complaint)))),
            (taken_back, Some((DeliveryOutcome::Delivered, text("not-spam"), None))),
            (r#""Reject","reject":{"reason":"Bad content"}"#, Some((DeliveryOutcome::GaveUp, text("Bad content"), None))),
            (r#""Open","open":{}"#, None),
            (r#""Bounce""#, None),
        ] {
            assert_eq!(said(event), expected, "{event}");
        }
    }
}
