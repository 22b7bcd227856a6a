//! `docs/runbook.md` names what there is: codes, lines of the logs, functions. Its sections are held in `infrastructure.rs`.

use super::openapi::sources;
use super::template::{Template, text, written};
use super::{file, none};
use std::collections::BTreeSet;

/// What screams and is AWS's.
const OF_AWS: [&str; 1] = ["UPDATE_ROLLBACK_COMPLETE"];

fn runbook() -> String {
    file("docs/runbook.md")
}

/// All our code.
fn code() -> String {
    ["functions/src", "shared"].into_iter().flat_map(sources).map(|path| file(&path)).collect()
}

/// What stands between single backticks.
fn quoted(text: &str) -> Vec<String> {
    let outside_of_blocks = text.split("```").step_by(2);
    outside_of_blocks.flat_map(|text| text.split('`').skip(1).step_by(2)).map(ToOwned::to_owned).collect()
}

#[test]
fn every_code_that_the_runbook_names_is_one() {
    let known = file("functions/openapi.json") + &code();
    let text = runbook();
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let codes: BTreeSet<&str> = words
        .filter(|word| word.contains('_') && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_') && !OF_AWS.contains(word))
        .collect();
    assert!(codes.len() > 1, "{codes:?}");
    let unknown = codes.into_iter().filter(|code| !known.contains(&format!("\"{code}\"")));
    none(&unknown.map(|code| format!("docs/runbook.md speaks of {code}, which nothing answers")).collect::<Vec<_>>());
}

#[test]
fn every_line_of_the_logs_that_the_runbook_names_is_written_by_some_code() {
    let code = code();
    let lines: BTreeSet<String> = quoted(&runbook())
        .into_iter()
        .filter(|quoted| quoted.contains(' ') && quoted.bytes().all(|byte| byte.is_ascii_lowercase() || b" ':".contains(&byte)))
        .filter(|quoted| !quoted.starts_with("sam "))
        .collect();
    assert!(lines.len() > 5, "{lines:?}");
    let unwritten = lines.into_iter().filter(|line| !code.contains(line.as_str()));
    none(&unwritten.map(|line| format!("docs/runbook.md speaks of the line `{line}`, which no code writes")).collect::<Vec<_>>());
}

/// Lambda's own lines are the Telemetry API's events where logs are JSON, and `REPORT …` where they are text.
#[test]
fn the_runbook_reads_the_logs_in_the_format_that_they_have() {
    let runbook = runbook();
    assert_eq!(text(&Template::main().root["Globals"]["Function"]["LoggingConfig"]["LogFormat"]), "JSON");
    assert!(runbook.contains("type = \"platform.report\"") && runbook.contains("record.status"));
    for of_text_logs in ["@type", "REPORT", "Status:"] {
        assert!(!runbook.contains(of_text_logs), "docs/runbook.md speaks of {of_text_logs}, which JSON logs don't have");
    }
}

/// Whoever is woken by one of many alarms of the same kind is told what is at stake with this one.
#[test]
fn every_function_with_an_alarm_on_its_errors_has_its_line_in_the_runbook_and_no_other_has() {
    let prefix = "!Sub ${Project}-${Stage}-";
    let templates = [Template::main(), Template::read("infra/monitoring.yaml")];
    let alarms = templates.iter().flat_map(|template| template.resources("AWS::CloudWatch::Alarm"));
    let watched: BTreeSet<String> = alarms
        .filter(|(_, alarm)| text(&alarm["Namespace"]) == "AWS/Lambda" && text(&alarm["MetricName"]) == "Errors")
        .filter_map(|(_, alarm)| written(&alarm["Dimensions"][0]["Value"]).strip_prefix(prefix).map(ToOwned::to_owned))
        .collect();
    let runbook = runbook();
    let section = runbook.split("\n## ").find(|section| section.starts_with("FUNCTION-errors")).expect("a section");
    let rows = section.lines().filter(|line| line.starts_with("| `")).map(|line| line.split('|').map(str::trim).collect::<Vec<_>>());
    let mut told = BTreeSet::new();
    for row in rows {
        let ["", function, at_stake, comes_back, ""] = row[..] else { panic!("{row:?}") };
        assert!(!at_stake.is_empty() && !comes_back.is_empty(), "{row:?}");
        assert!(told.insert(function.trim_matches('`').to_owned()), "{function} has two lines");
    }
    assert_eq!(told, watched, "lines of FUNCTION-errors in docs/runbook.md, and alarms on errors");
}
