//! Bins, routes, `template.yaml` and the OpenAPI document, held against each other: whoever adds an endpoint and forgets
//! one place is told which file lacks what.

mod completeness;
mod functions;
mod grants;
mod infrastructure;
mod openapi;
mod operations;
mod refusals;
mod rights;
mod runbook;
mod settings;
mod starts;
mod template;
mod versions;

/// Fails with every complaint at once, a line each.
#[track_caller]
fn none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

/// A file of the repository.
fn file(path: &str) -> String {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../");
    std::fs::read_to_string(format!("{root}{path}")).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// `orders-cancel` is `OrdersCancel`.
fn camel(bin: &str) -> String {
    bin.split('-').map(|word| word[..1].to_uppercase() + &word[1..]).collect()
}
