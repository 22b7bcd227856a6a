//! Logs: one JSON object a line.

use tracing_subscriber::EnvFilter;

/// Logs to standard output, at `LOG_LEVEL` (`info` when it is not set).
pub fn init() {
    let level = std::env::var("LOG_LEVEL").ok().filter(|level| !level.is_empty()).unwrap_or_else(|| "info".to_owned());
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_env_filter(EnvFilter::new(level))
        // CloudWatch stamps every line itself.
        .without_time()
        .init();
}
