//! The queues of `infra/queues.yaml`, made in the local SQS as they are deployed.

use super::{
    sqs::{Settings, Sqs, SqsError},
    template::{Template, TemplateError, unsupported},
};
use serde_json::Value;
use std::collections::BTreeMap;

const TEMPLATE: &str = include_str!("../../../queues.yaml");

/// Who may speak to a queue makes no difference on one machine.
const WITHOUT_EFFECT: [&str; 1] = ["AWS::SQS::QueuePolicy"];

/// A queue that the template declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredQueue {
    /// Its name for the stage `local`, such as `shop-local-email`.
    pub name: String,
    /// How it behaves.
    pub settings: Settings,
}

/// Why the queues could not be made.
#[derive(Debug, thiserror::Error)]
pub enum QueuesError {
    /// The template has something that this reader doesn't know.
    #[error("infra/queues.yaml: {0}")]
    Template(#[from] TemplateError),
    /// The queue's properties are not what SQS takes.
    #[error("infra/queues.yaml: {queue}: {refusal}")]
    Queue {
        /// The resource, or the queue's name.
        queue: String,
        /// What SQS says.
        refusal: SqsError,
    },
}

/// Makes every queue of `infra/queues.yaml` and returns them.
pub fn create(sqs: &Sqs) -> Result<Vec<DeclaredQueue>, QueuesError> {
    let queues = declared()?;
    // A queue for dead letters must be there before the one that fills it.
    let (first, then): (Vec<_>, Vec<_>) = queues.iter().partition(|queue| queue.settings.redrive.is_none());
    for queue in first.into_iter().chain(then) {
        sqs.create(&queue.name, queue.settings.clone()).map_err(|refusal| QueuesError::Queue { queue: queue.name.clone(), refusal })?;
    }
    Ok(queues)
}

/// The queues of `infra/queues.yaml`, in its order.
pub fn declared() -> Result<Vec<DeclaredQueue>, QueuesError> {
    declared_in(TEMPLATE)
}

fn declared_in(yaml: &str) -> Result<Vec<DeclaredQueue>, QueuesError> {
    let mut queues = Vec::new();
    for resource in Template::parse(yaml)?.resources("AWS::SQS::Queue", &WITHOUT_EFFECT)? {
        let mut properties = resource.properties;
        properties.remove("Tags");
        let Some(Value::String(name)) = properties.remove("QueueName") else {
            return Err(unsupported(&resource.id, "a queue without a name").into());
        };
        // The other properties have the names of SQS's own attributes, which are all strings.
        let attributes: BTreeMap<_, _> = properties.into_iter().map(|(name, value)| (name, as_text(value))).collect();
        let settings = Settings::from_attributes(&attributes).map_err(|refusal| QueuesError::Queue { queue: resource.id, refusal })?;
        queues.push(DeclaredQueue { name, settings });
    }
    Ok(queues)
}

fn as_text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulators::{sqs::Redrive, testing::Clock};

    #[test]
    fn a_queue_gets_the_times_and_the_dead_letters_of_its_resource() {
        let yaml = "
Resources:
  EmailQueue:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Sub '${Project}-${Stage}-email'
      VisibilityTimeout: 180
      MessageRetentionPeriod: 1209600
      SqsManagedSseEnabled: true
      RedrivePolicy:
        deadLetterTargetArn: !GetAtt EmailDeadLetters.Arn
        maxReceiveCount: 20
  EmailDeadLetters:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Sub '${Project}-${Stage}-email-dlq'
";
        let redrive = Redrive { dead_letters: "shop-local-email-dlq".into(), max_receives: 20 };
        let settings = Settings { visibility_timeout: 180, retention: 1_209_600, redrive: Some(redrive), ..Settings::default() };
        assert_eq!(
            declared_in(yaml).unwrap(),
            [
                DeclaredQueue { name: "shop-local-email".into(), settings },
                DeclaredQueue { name: "shop-local-email-dlq".into(), settings: Settings::default() },
            ]
        );
    }

    #[test]
    fn an_unknown_property_is_named() {
        let yaml = "Resources:\n  Q:\n    Type: AWS::SQS::Queue\n    Properties:\n      QueueName: q\n      Speed: 9\n";
        assert_eq!(declared_in(yaml).unwrap_err().to_string(), "infra/queues.yaml: Q: Unknown Attribute Speed.");
    }

    #[test]
    fn the_projects_own_queues_are_made_and_each_has_its_dead_letters() {
        let sqs = Sqs::new(Clock::new().now(), "http://127.0.0.1:1");
        let declared = create(&sqs).unwrap();
        let views = sqs.queues();
        assert_eq!(views.len(), declared.len());
        assert!(!views.is_empty());
        for queue in &declared {
            let is_dead_letters = views.iter().any(|view| view.name == queue.name && view.is_dead_letters);
            assert_ne!(queue.settings.redrive.is_some(), is_dead_letters, "{}", queue.name);
        }
    }
}
