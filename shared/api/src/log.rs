//! Logs: one JSON object a line.

use std::panic::{Location, PanicHookInfo};
use tokio::task::JoinError;
use tracing::{Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Our own crates. What others say below a warning may hold a request's body or a customer's address.
const OURS: [&str; 5] = ["api", "domain", "functions", "providers", "store"];

/// Logs to standard output, panics too; our own lines at `LOG_LEVEL` (`info` when it is not set or no level).
pub fn init() {
    let level = std::env::var("LOG_LEVEL").ok().and_then(|level| level.parse::<Level>().ok()).unwrap_or(Level::INFO);
    lines(level, std::io::stdout).init();
    std::panic::set_hook(Box::new(panicked));
}

/// A panic as a line: where it was, and none of its own words, which may quote what it stumbled over.
pub fn panicked(panic: &PanicHookInfo<'_>) {
    let at = panic.location();
    tracing::error!(file = at.map(Location::file), line = at.map(Location::line), "a panic");
}

/// Why a task has come to nothing. What tokio says of it has the panic's own words in it.
#[must_use]
pub fn lost(task: &JoinError) -> &'static str {
    if task.is_panic() { "it panicked" } else { "it was given up" }
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    const NAME: &str = "Zéphyrine";

    /// In a process of its own, because what panics there ends up on its standard output and nowhere else.
    #[test]
    fn a_panic_is_one_line_of_json_that_says_where_and_not_what_it_was_about() {
        const INSIDE: &str = "LOGS_A_PANIC";
        if std::env::var_os(INSIDE).is_some() {
            init();
            let panicked = std::thread::spawn(|| NAME[2..].len()).join().is_err();
            std::process::exit(i32::from(!panicked));
        }
        let this = "log::tests::a_panic_is_one_line_of_json_that_says_where_and_not_what_it_was_about";
        let mut inside = Command::new(std::env::current_exe().unwrap());
        let output = inside.args([this, "--exact", "--quiet", "--nocapture"]).env(INSIDE, "").env("RUST_BACKTRACE", "1").output().unwrap();
        let (said, cried) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert!(output.status.success(), "{said}{cried}");
        assert_eq!(cried, "");
        let lines: Vec<&str> = said.lines().filter(|line| line.starts_with('{')).collect();
        let [line] = lines.as_slice() else { panic!("{said}") };
        let read: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!((read["level"].as_str(), read["message"].as_str()), (Some("ERROR"), Some("a panic")));
        assert!(read["file"].as_str().is_some_and(|file| file.ends_with("log.rs")) && read["line"].is_u64(), "{line}");
        assert!(!said.contains(NAME), "{said}");
    }
}
