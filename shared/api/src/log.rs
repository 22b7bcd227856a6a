//! Logs: one JSON object a line.

use tracing::{Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Our own crates. What others say below a warning may hold a request's body or a customer's address.
const OURS: [&str; 5] = ["api", "domain", "functions", "providers", "store"];

/// Logs to standard output; our own lines at `LOG_LEVEL` (`info` when it is not set or no level).
pub fn init() {
    let level = std::env::var("LOG_LEVEL").ok().and_then(|level| level.parse::<Level>().ok()).unwrap_or(Level::INFO);
    lines(level, std::io::stdout).init();
}

/// What is logged at this level, and how: a line of JSON each.
pub fn lines(level: Level, writer: impl for<'a> MakeWriter<'a> + Send + Sync + 'static) -> impl Subscriber + Send + Sync {
    let targets = Targets::new()
        .with_default(Level::WARN)
        // Its span carries the invocation's request id.
        .with_target("lambda_runtime", Level::INFO)
        .with_targets(OURS.map(|ours| (ours, level)));
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        // CloudWatch stamps every line itself.
        .without_time()
        .with_writer(writer);
    tracing_subscriber::registry().with(lines).with(targets)
}
