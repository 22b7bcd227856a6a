//! Queue settings as SQS speaks of them: a map of names to strings, in `CreateQueue` and `GetQueueAttributes`.

use super::{
    arn,
    error::SqsError,
    queue::{Depths, Redrive, Settings},
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Attributes that change nothing here: who may call, and how messages lie on Amazon's disks.
const WITHOUT_EFFECT: [&str; 5] =
    ["KmsDataKeyReusePeriodSeconds", "KmsMasterKeyId", "MaximumMessageSize", "Policy", "SqsManagedSseEnabled"];

impl Settings {
    /// The settings that `CreateQueue` asks for.
    pub(in crate::emulators) fn from_attributes(attributes: &BTreeMap<String, String>) -> Result<Self, SqsError> {
        let mut settings = Self::default();
        for (name, value) in attributes {
            match name.as_str() {
                "VisibilityTimeout" => settings.visibility_timeout = number(name, value)?,
                "DelaySeconds" => settings.delay = number(name, value)?,
                "MessageRetentionPeriod" => settings.retention = number(name, value)?,
                "ReceiveMessageWaitTimeSeconds" => settings.receive_wait = number(name, value)?,
                "RedrivePolicy" => settings.redrive = Some(Redrive::from_policy(value)?),
                // Whom it allows is not checked.
                "RedriveAllowPolicy" => settings.takes_dead_letters = true,
                "FifoQueue" => {
                    return Err(SqsError::UnsupportedOperation("FIFO queues".to_owned()));
                }
                other if WITHOUT_EFFECT.contains(&other) => {}
                other => return Err(SqsError::InvalidAttributeName(other.to_owned())),
            }
        }
        Ok(settings)
    }

    /// All that `GetQueueAttributes` can tell of the queue `name`.
    pub(super) fn to_attributes(&self, name: &str, depths: &Depths) -> BTreeMap<&'static str, String> {
        let mut attributes = BTreeMap::from([
            ("QueueArn", arn(name)),
            ("ApproximateNumberOfMessages", depths.waiting.to_string()),
            ("ApproximateNumberOfMessagesNotVisible", depths.in_flight.to_string()),
            ("ApproximateNumberOfMessagesDelayed", depths.delayed.to_string()),
            ("VisibilityTimeout", self.visibility_timeout.to_string()),
            ("DelaySeconds", self.delay.to_string()),
            ("MessageRetentionPeriod", self.retention.to_string()),
            ("ReceiveMessageWaitTimeSeconds", self.receive_wait.to_string()),
        ]);
        if let Some(redrive) = &self.redrive {
            let policy = json!({
                "deadLetterTargetArn": arn(&redrive.dead_letters),
                "maxReceiveCount": redrive.max_receives,
            });
            attributes.insert("RedrivePolicy", policy.to_string());
        }
        attributes
    }
}

impl Redrive {
    /// From the JSON of a `RedrivePolicy`, where the count may be a number or a string of one.
    fn from_policy(policy: &str) -> Result<Self, SqsError> {
        let invalid = || SqsError::InvalidParameterValue(format!("Value {policy} for parameter RedrivePolicy is invalid."));
        let policy_json: Value = serde_json::from_str(policy).map_err(|_| invalid())?;
        let target = policy_json["deadLetterTargetArn"].as_str().ok_or_else(invalid)?;
        let max = &policy_json["maxReceiveCount"];
        let max = max.as_u64().or_else(|| max.as_str()?.parse().ok()).filter(|max| (1..=1000).contains(max));
        Ok(Self {
            dead_letters: target.rsplit(':').next().ok_or_else(invalid)?.to_owned(),
            max_receives: max.and_then(|max| u32::try_from(max).ok()).ok_or_else(invalid)?,
        })
    }
}

fn number(name: &str, value: &str) -> Result<u64, SqsError> {
    value.parse().map_err(|_| SqsError::InvalidParameterValue(format!("Invalid value for the parameter {name}.")))
}
