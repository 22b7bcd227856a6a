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

#[test]
fn any_body_gets_an_answer_wherever_one_is_read() {
    let runtime = runtime();
    let target = runtime.block_on(Target::new());
    let (admin, requests) = (target.shop.admin(), target.requests());
    every(600, &(any::<prop::sample::Index>(), mutations()), file!(), |(at, mutations)| {
        let request = at.get(&requests);
        let body = mutated(request.body.to_string().as_bytes(), &mutations);
        let answer = runtime.block_on(target.send(&admin, request, body.clone()));
        answer.sane(&format!("{} to {}", String::from_utf8_lossy(&body), request.path));
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
fn spoilt(document: &serde_json::Value, mutations: &[Mutation]) -> String {
    String::from_utf8_lossy(&mutated(document.to_string().as_bytes(), mutations)).into_owned()
}
