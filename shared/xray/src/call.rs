//! One call, from its beginning to its end.

use crate::{Segment, current};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// A call that is under way. It is told of once: when it has ended, or when it is dropped, since then nobody waits for it any more.
#[derive(Debug)]
pub struct Call {
    segment: Segment,
    /// The part of its document that is known from the beginning.
    known: Value,
    /// In seconds since 1970.
    begun: f64,
    since: Instant,
    is_told: AtomicBool,
}

/// What a call has come to.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Of the answer, if there was one.
    pub status: Option<u16>,
    /// Whether it was refused for being one too many.
    pub is_throttled: bool,
    /// Whether an answer that says that all is well was no use.
    pub is_unreadable: bool,
    /// What is known of it at AWS.
    pub aws: Vec<(&'static str, Value)>,
}

impl Call {
    /// A call of somebody who isn't AWS; nothing where no trace is kept.
    #[must_use]
    pub fn to_host(method: &str, scheme: &str, host: &str) -> Option<Self> {
        let segment = current()?;
        let request = json!({ "method": method, "url": format!("{scheme}://{host}/") });
        Some(Self::begun(segment, json!({ "name": host, "namespace": "remote", "http": { "request": request } })))
    }

    pub(crate) fn begun(segment: Segment, known: Value) -> Self {
        let begun = now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        Self { segment, known, begun, since: Instant::now(), is_told: AtomicBool::default() }
    }

    /// It was answered with this status, or not at all.
    pub fn answered(&self, status: Option<u16>) {
        self.ended(Outcome { status, is_throttled: status == Some(429), ..Outcome::default() });
    }

    pub(crate) fn ended(&self, outcome: Outcome) {
        if !self.is_told.swap(true, Ordering::Relaxed) {
            self.segment.0.daemon.send(&self.document(outcome).to_string());
        }
    }

    /// As the X-Ray developer guide has it ("Segment documents": "Subsegments", "HTTP request data", "AWS resource data", "Errors and
    /// exceptions").
    #[expect(clippy::float_arithmetic, reason = "X-Ray counts time in seconds as a float")]
    fn document(&self, Outcome { status, is_throttled, is_unreadable, aws }: Outcome) -> Value {
        let mut document = self.known.clone();
        document["type"] = json!("subsegment");
        document["id"] = json!(id());
        document["trace_id"] = json!(self.segment.0.trace);
        document["parent_id"] = json!(self.segment.0.parent);
        document["start_time"] = json!(self.begun);
        document["end_time"] = json!(self.begun + self.since.elapsed().as_secs_f64());
        if let Some(status) = status {
            document["http"]["response"]["status"] = json!(status);
        }
        for (name, value) in aws {
            document["aws"][name] = value;
        }
        document["error"] = json!(status.is_some_and(|status| (400..500).contains(&status)));
        document["throttle"] = json!(is_throttled);
        document["fault"] = json!(is_unreadable || status.is_none_or(|status| status >= 500));
        document
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.ended(Outcome::default());
    }
}

/// 16 hexadecimal digits, which no other subsegment of the trace has.
#[expect(clippy::disallowed_methods, reason = "an id of a subsegment decides nothing")]
fn id() -> String {
    format!("{:016x}", getrandom::u64().unwrap_or_default())
}

#[expect(clippy::disallowed_methods, reason = "when a call was made decides nothing")]
fn now() -> SystemTime {
    SystemTime::now()
}
