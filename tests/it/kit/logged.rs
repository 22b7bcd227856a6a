//! What is logged, as whoever reads the logs has it.

use super::panics;
use serde_json::Value;
use std::io::Write;
use std::sync::{Arc, Mutex};
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::MakeWriter;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("a lock").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Every line that this thread logs as long as this is there. A test on one thread (`#[tokio::test]` alone) catches what its own
/// shop logs, and no other test's lines.
pub struct Logged {
    lines: Lines,
    _catching: DefaultGuard,
    _second: tracing::Dispatch,
}

impl Logged {
    pub fn from_now_on() -> Self {
        panics::watch();
        let lines = Lines::default();
        // With one alone, whoever comes first to a line that is logged decides for all threads whether anybody wants it.
        let second = tracing::Dispatch::new(api::log::lines(tracing::Level::DEBUG, std::io::sink));
        let catching = tracing::subscriber::set_default(api::log::lines(tracing::Level::DEBUG, lines.clone()));
        Self { lines, _catching: catching, _second: second }
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.lines.0.lock().expect("a lock").clone()).expect("UTF-8")
    }

    pub fn lines(&self) -> Vec<Value> {
        self.text().lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
    }

    /// What was to wake somebody up so far, in turn; the lines until now are forgotten.
    pub fn alarms(&self) -> Vec<String> {
        let lines = self.lines();
        self.lines.0.lock().expect("a lock").clear();
        lines.iter().filter_map(|line| line["alarm"].as_str()).map(ToOwned::to_owned).collect()
    }
}
