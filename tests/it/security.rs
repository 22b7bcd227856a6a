//! What SECURITY.md says holds each risk is there.

use std::path::Path;

fn file(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    std::fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Whether a file has a test of this name: a function right below a line that makes it one.
fn has_test(code: &str, name: &str) -> bool {
    let lines: Vec<&str> = code.lines().map(str::trim).collect();
    let is_its = |line: &&str| line.starts_with(&format!("fn {name}(")) || line.starts_with(&format!("async fn {name}("));
    lines.iter().position(is_its).is_some_and(|at| {
        let above = lines[..at].iter().rev().take_while(|line| line.starts_with("#[") || line.starts_with("///"));
        above.into_iter().any(|line| line.starts_with("#[test]") || line.starts_with("#[tokio::test"))
    })
}

#[test]
fn every_row_of_the_threat_model_names_tests_that_are_there() {
    let document = file("SECURITY.md");
    for risk in 1..=10 {
        let start = format!("| **API{risk}** ");
        let row = document.lines().find(|line| line.starts_with(&start)).unwrap_or_else(|| panic!("no row for API{risk}"));
        let named: Vec<(&str, &str)> = row.split('`').filter_map(|quoted| quoted.split_once("::")).collect();
        assert!(named.len() >= 2, "API{risk} is held by {named:?}");
        for (path, name) in named {
            assert!(has_test(&file(path), name), "SECURITY.md, API{risk}: there is no test {name} in {path}");
        }
    }
    assert!(!has_test("#[test]\nfn one() {}\nfn two() {}", "two"), "what is no test counts as none");
}
