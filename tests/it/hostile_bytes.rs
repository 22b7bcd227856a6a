//! Every parser of outside bytes against what is almost right: valid documents with a bit flipped, cut off, with a value that
//! belongs nowhere. Nothing panics, nothing is a 5xx, and nothing takes long. Seeds that failed once are kept beside this file.

mod readers;
mod replies;
mod stored;
mod webhooks;

use crate::hostile_input::Target;
use crate::kit::LocalShop;
use crate::kit::mutation::{Mutation, mutated, mutations, panics};
use crate::kit::tokens::{claims, ours};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::Value;
use std::cell::RefCell;
use std::time::{Duration, Instant};

/// Far longer than anything here takes, on a machine that has a lot to do.
const LONGEST: Duration = Duration::from_secs(20);

/// Tries `check` on so many values; a failing one is printed as small as it gets, and tried first from then on.
fn every<S: Strategy>(cases: u32, strategy: &S, source: &'static str, check: impl Fn(S::Value)) {
    let before = panics();
    let config = Config { cases, source_file: Some(source), max_shrink_iters: 200, ..Config::default() };
    let outcome = TestRunner::new(config).run(strategy, |value| {
        let began = Instant::now();
        check(value);
        prop_assert_eq!(panics(), before, "it panicked");
        prop_assert!(began.elapsed() < LONGEST, "it took {:?}", began.elapsed());
        Ok::<(), TestCaseError>(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Runtime::new().expect("a runtime")
}

/// What a header or an address can hold at all, of any bytes.
fn visible(bytes: &[u8]) -> String {
    let visible = |byte: u8| if (b' '..=b'~').contains(&byte) { byte } else { b' ' + byte % 95 };
    bytes.iter().map(|byte| char::from(visible(*byte))).collect()
}

/// Records, what they are like now, and how many requests they were changed by.
async fn records() -> (Target, Vec<Value>, usize) {
    let target = Target::new().await;
    let before = target.everything().await;
    (target, before, 0)
}

#[test]
fn any_body_gets_an_answer_wherever_one_is_read_and_changes_nothing_where_it_is_refused() {
    let runtime = runtime();
    let state = RefCell::new(runtime.block_on(records()));
    every(150, &(any::<prop::sample::Index>(), mutations()), file!(), |(at, mutations)| {
        let mut state = state.borrow_mut();
        let (target, before, changes) = &mut *state;
        let requests = target.requests();
        let request = at.get(&requests);
        let body = mutated(request.body.to_string().as_bytes(), &mutations);
        let sent = format!("{} to {}", String::from_utf8_lossy(&body), request.path);
        let answer = runtime.block_on(target.send(&target.shop.admin(), request, body));
        answer.sane(&sent);
        if answer.status < 400 {
            *changes += 1;
            runtime.block_on(target.shop.settled());
            *before = runtime.block_on(target.everything());
        } else {
            let named = answer.body["errors"].as_array().is_some_and(|errors| !errors.is_empty());
            assert!(named || answer.status != 400 || answer.code() == "INVALID_JSON", "{sent}: {}", answer.text);
            assert_eq!(runtime.block_on(target.everything()), *before, "{sent}");
        }
        // What was cancelled or received can't be so again: others are, or most would end there.
        if *changes == 10 {
            *state = runtime.block_on(records());
        }
    });
}

#[test]
fn a_template_of_any_text_is_refused_or_rendered() {
    let runtime = runtime();
    let shop = runtime.block_on(LocalShop::without_pumps());
    let admin = shop.admin();
    let made = serde_json::json!({ "code": "ANY", "name": "x", "subject": "x", "htmlContent": "x" });
    runtime.block_on(admin.post("/api/email-templates", &made)).ok();
    let right = b"{{#if a}}<p>{{b.c}}</p>{{else}}{{#each items}}{{this.name}}{{@index}}{{/each}}{{/if}}{{! no }}&amp;{{&x}}";
    every(200, &mutations(), file!(), |mutations| {
        let text = String::from_utf8_lossy(&mutated(right, &mutations)).into_owned();
        let changed = serde_json::json!({ "code": "ANY", "subject": text, "htmlContent": text, "variables": ["a", "b", "items", "x"] });
        let id = runtime.block_on(admin.get("/api/email-templates?code=ANY")).ok()["id"].clone();
        runtime.block_on(admin.put(&format!("/api/email-templates?id={id}"), &changed)).sane(&text);
        let values =
            serde_json::json!({ "code": "ANY", "variables": { "a": text, "b": { "c": text }, "items": [{ "name": text }], "x": 1 } });
        runtime.block_on(admin.post("/api/email-templates/preview", &values)).sane(&text);
    });
}

#[test]
fn any_token_is_401_unless_it_is_the_one_that_was_given_out() {
    let runtime = runtime();
    let shop = runtime.block_on(LocalShop::without_pumps());
    let right = ours(&claims().to_string());
    every(400, &mutations(), file!(), |mutations| {
        let token = visible(&mutated(right.as_bytes(), &mutations));
        let status = runtime.block_on(shop.with_token(Some(token.clone())).get("/api/store-credit")).status;
        match status {
            // Spaces around it are the header's.
            200 => assert_eq!(token.trim(), right),
            _ => assert!(status == 401 && token != right, "{status}: {token}"),
        }
    });
}

#[test]
fn any_cursor_key_and_query_gets_an_answer() {
    let runtime = runtime();
    let shop = runtime.block_on(LocalShop::without_pumps());
    for _ in 0..3 {
        runtime.block_on(shop.order().place());
    }
    let first = runtime.block_on(shop.staff().get("/api/orders?limit=1"));
    let cursor = first.header("x-next-cursor").to_owned();
    assert!(!cursor.is_empty());
    let wanted = serde_json::json!({ "code": "NONE", "orderTotal": 1 });
    every(200, &mutations(), file!(), |mutations| {
        let bytes = mutated(cursor.as_bytes(), &mutations);
        let escaped: String = form_urlencoded::byte_serialize(&bytes).collect();
        for list in ["orders", "refunds", "returns", "shipments", "inventory", "promotions", "notifications"] {
            runtime.block_on(shop.admin().get(&format!("/api/{list}?limit=1&cursor={escaped}"))).sane(&escaped);
        }
        runtime.block_on(shop.admin().get(&format!("/api/orders?{escaped}"))).sane(&escaped);
        runtime.block_on(shop.admin().get(&format!("/api/orders/{escaped}/history"))).sane(&escaped);
        let keyed = shop.admin().key(&visible(&bytes));
        runtime.block_on(keyed.post("/api/promotions/validate", &wanted)).sane(&escaped);
        runtime.block_on(keyed.post("/api/orders/1/cancel", &serde_json::json!({ "reason": "x" }))).sane(&escaped);
    });
}

/// Something small to begin with, where a whole document is not wanted.
fn spoilt(document: &Value, mutations: &[Mutation]) -> String {
    String::from_utf8_lossy(&mutated(document.to_string().as_bytes(), mutations)).into_owned()
}
