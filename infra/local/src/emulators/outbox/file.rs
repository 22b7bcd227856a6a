//! The messages of earlier runs: one JSON object a line, written as each message is accepted.

use super::{Email, Sms};
use serde::{Deserialize, Serialize};
use std::{
    fs::File,
    io::{self, Write},
    path::Path,
};

/// The open file.
pub(super) struct OutboxFile(File);

/// A line of it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Kept<'a> {
    Email(&'a Email),
    Sms(&'a Sms),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Line {
    Email(Box<Email>),
    Sms(Sms),
}

/// All that a file holds, oldest first.
#[derive(Default)]
pub(super) struct Messages {
    pub emails: Vec<Email>,
    pub sms: Vec<Sms>,
}

impl OutboxFile {
    /// Reads what is there, and goes on after it.
    pub fn open(path: &Path) -> io::Result<(Self, Messages)> {
        let mut file = File::options().create(true).append(true).read(true).open(path)?;
        let text = String::from_utf8_lossy(&std::fs::read(path)?).into_owned();
        let mut messages = Messages::default();
        // A line that a kill cut off is none; so is one of another version.
        for line in text.lines().filter_map(|line| serde_json::from_str(line).ok()) {
            match line {
                Line::Email(email) => messages.emails.push(*email),
                Line::Sms(sms) => messages.sms.push(sms),
            }
        }
        if !text.is_empty() && !text.ends_with('\n') {
            file.write_all(b"\n")?;
        }
        Ok((Self(file), messages))
    }

    /// Adds a message. That the page forgets one is no reason not to have sent it.
    pub fn keep(&mut self, message: &Kept<'_>) {
        let written = serde_json::to_vec(message).map_err(io::Error::from).and_then(|mut line| {
            line.push(b'\n');
            self.0.write_all(&line)
        });
        if let Err(error) = written {
            tracing::warn!(%error, "a message can't be kept for the next run");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sms(body: &str) -> Sms {
        let text = |text: &str| text.to_owned();
        Sms {
            sid: text("SM1"),
            sent_at: 1,
            account: text("AC"),
            from: text("+1"),
            to: text("+243810000000"),
            body: text(body),
            status_callback: None,
        }
    }

    #[test]
    fn a_line_that_was_cut_off_costs_no_other_message() {
        let path = std::env::temp_dir().join(format!("outbox-{}-cut.jsonl", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let (mut file, _) = OutboxFile::open(&path).unwrap();
        file.keep(&Kept::Sms(&sms("one\ntwo")));
        file.0.write_all(br#"{"sms":{"sid":"SM2","#).unwrap();
        drop(file);

        let (mut file, kept) = OutboxFile::open(&path).unwrap();
        assert_eq!(kept.sms, [sms("one\ntwo")]);
        file.keep(&Kept::Sms(&sms("three")));
        let (_, kept) = OutboxFile::open(&path).unwrap();
        assert_eq!(kept.sms, [sms("one\ntwo"), sms("three")]);
        std::fs::remove_file(&path).unwrap();
    }
}
