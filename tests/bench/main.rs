//! The shop that `tests/bench/run` measures the functions' binaries on: it says what there is to call, and makes for each
//! call what it needs, when it is asked. `scale` is the other thing it does: see `scale.rs`.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a measurement that went wrong ends here, and says so")]

#[allow(dead_code, unused_imports, reason = "the tests' builders have more than is measured")]
#[path = "../it/kit/mod.rs"]
mod kit;

mod calls;
mod deployed;
mod scale;

use calls::{CALLS, Calls};
use deployed::Deployed;
use serde_json::{Value, json};
use std::io::{BufRead, Write};

#[tokio::main]
async fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("serve") => serve().await,
        Some("scale") => scale::print().await,
        _ => panic!("this is a part of tests/bench/run, which says what it can do"),
    }
}

/// A line with what there is; then for every line with a call's name one with the environment of its function and the event.
async fn serve() {
    let deployed = Deployed::start().await;
    let calls: Vec<Value> = CALLS.iter().map(|(name, function)| json!({ "name": name, "function": function })).collect();
    say(&json!({ "calls": calls, "services": deployed.services() }));
    let mut calls = Calls::of(&deployed);
    for line in std::io::stdin().lock().lines() {
        let name = line.expect("a line");
        let (_, function) = CALLS.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("no call is named {name}"));
        let event = calls.event(&name).await;
        say(&json!({ "environment": deployed.environment(function), "event": event }));
    }
}

/// Standard output is the other end's; it is gone when that is.
fn say(line: &Value) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).expect("somebody who listens");
}
