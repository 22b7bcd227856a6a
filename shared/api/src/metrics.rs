//! The shop's own numbers, as lines of standard output that CloudWatch makes metrics of (its embedded metric format).

use crate::config::Variables;
use domain::time::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

/// The environment variable with the namespace that the metrics go to.
const NAMESPACE: &str = "METRICS_NAMESPACE";
const MINUTE: u64 = 60_000;

/// One more of something.
///
/// What it is told apart by is a word of ours, never what somebody typed: CloudWatch keeps, and charges for, a metric for
/// every combination that it has ever seen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Count {
    /// When it happened.
    pub at: Timestamp,
    /// What.
    pub name: &'static str,
    /// What it is told apart by.
    pub by: Vec<(&'static str, &'static str)>,
}

/// Where the numbers go.
#[derive(Clone, Default)]
pub struct Metrics(Option<Sink>);

#[derive(Clone)]
struct Sink {
    namespace: String,
    write: Arc<dyn Fn(&str) + Send + Sync>,
}

impl Metrics {
    /// To standard output in the namespace that the environment names; nowhere if it names none.
    #[must_use]
    pub fn given(variables: &impl Variables) -> Self {
        Self(variables.get(NAMESPACE).map(|namespace| Sink { namespace, write: Arc::new(to_standard_output) }))
    }

    /// To whoever takes the lines.
    #[must_use]
    pub fn written_by(namespace: &str, write: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Some(Sink { namespace: namespace.to_owned(), write: Arc::new(write) }))
    }

    /// Counts each of these once.
    pub fn count(&self, counts: impl IntoIterator<Item = Count>) {
        let Some(Sink { namespace, write }) = &self.0 else { return };
        for line in lines(namespace, counts) {
            write(&line);
        }
    }

    /// How long a job has waited that goes back to its queue once more, by `at`. SQS's own `ApproximateAgeOfOldestMessage` leaves
    /// out what was received more than three times.
    pub fn job_age(&self, queue: &str, age: Duration, at: Timestamp) {
        let Some(Sink { namespace, write }) = &self.0 else { return };
        let mut line = embedded(namespace, at, &json!([["QueueName"]]), &json!({ "Name": "JobAge", "Unit": "Seconds" }));
        line["JobAge"] = json!(age.as_secs());
        line["QueueName"] = json!(queue);
        write(&line.to_string());
    }
}

fn to_standard_output(line: &str) {
    // One call, so that no other line comes in between. A number that can't be written is no reason to fail what it counts.
    let written = std::io::stdout().lock().write_all(format!("{line}\n").as_bytes());
    if let Err(error) = written {
        tracing::warn!(%error, "a metric could not be written");
    }
}

/// What happened in the same minute, and is told apart by nothing, shares a line.
fn lines(namespace: &str, counts: impl IntoIterator<Item = Count>) -> Vec<String> {
    let mut sums: BTreeMap<Count, u64> = BTreeMap::new();
    for count in counts {
        *sums.entry(Count { at: Timestamp(count.at.0 - count.at.0 % MINUTE), ..count }).or_default() += 1;
    }
    sums.into_iter().map(|(count, sum)| line(namespace, &count, sum).to_string()).collect()
}

fn line(namespace: &str, count: &Count, sum: u64) -> Value {
    let names: Vec<&str> = count.by.iter().map(|(name, _)| *name).collect();
    // Alone as well, where it is told apart: an alarm or a graph of the whole needs no sum over metrics.
    let dimensions = if names.is_empty() { json!([[]]) } else { json!([[], names]) };
    let mut line = embedded(namespace, count.at, &dimensions, &json!({ "Name": count.name, "Unit": "Count" }));
    line[count.name] = json!(sum);
    for (name, value) in &count.by {
        line[*name] = json!(value);
    }
    line
}

/// A line that CloudWatch makes a datum of `metric` of, for each set of dimensions; its value and theirs are still to be added.
fn embedded(namespace: &str, at: Timestamp, dimensions: &Value, metric: &Value) -> Value {
    let metrics = json!([{ "Namespace": namespace, "Dimensions": dimensions, "Metrics": [metric] }]);
    json!({ "_aws": { "Timestamp": at.0, "CloudWatchMetrics": metrics } })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refund(at: u64, method: &'static str) -> Count {
        Count { at: Timestamp(at), name: "Refunds", by: vec![("method", method), ("status", "COMPLETED")] }
    }

    #[test]
    fn what_is_alike_in_a_minute_is_one_line_in_the_embedded_metric_format() {
        let lines =
            lines("order-ops-dev", [refund(60_000, "CARD"), refund(119_999, "CARD"), refund(120_000, "CARD"), refund(60_001, "CASH")]);
        let read: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        let said: Vec<(u64, &str, u64)> = read
            .iter()
            .map(|line| (line["_aws"]["Timestamp"].as_u64().unwrap(), line["method"].as_str().unwrap(), line["Refunds"].as_u64().unwrap()))
            .collect();
        assert_eq!(said, [(60_000, "CARD", 2), (60_000, "CASH", 1), (120_000, "CARD", 1)]);
        let directive = json!([{ "Namespace": "order-ops-dev", "Dimensions": [[], ["method", "status"]], "Metrics": [{ "Name": "Refunds", "Unit": "Count" }] }]);
        assert_eq!(read[0]["_aws"]["CloudWatchMetrics"], directive);
        assert!(lines.iter().all(|line| !line.contains('\n')));
    }

    #[test]
    fn a_function_that_is_told_no_namespace_writes_nothing() {
        let metrics = Metrics::given(&|_: &'static str| None);
        assert!(metrics.0.is_none());
        metrics.count([refund(1, "CARD")]);
    }
}
