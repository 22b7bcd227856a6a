//! `functions/openapi.json` says what the routers serve and what the readers read: no more, no less.

use super::{file, none};
use crate::kit::LocalShop;
use axum::body::Body;
use axum::http::{Method, Request};
use functions::ENDPOINTS;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use tower::ServiceExt;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../functions/openapi.json");

pub(super) fn document() -> Value {
    functions::openapi::document()
}

/// Every operation: its method, its path, itself.
pub(super) fn operations(document: &Value) -> Vec<(Method, String, Value)> {
    let paths = document["paths"].as_object().expect("paths");
    let operations = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().into_iter().flatten().filter(|(name, _)| *name != "parameters");
        methods.map(|(method, operation)| {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
            (method, path.clone(), operation.clone())
        })
    });
    operations.collect()
}

/// The scheme that an operation's sender signs by, where it isn't called with a token.
pub(super) fn signature(operation: &Value) -> Option<&str> {
    let schemes = operation["security"].as_array().into_iter().flatten().filter_map(Value::as_object).flat_map(Map::keys);
    schemes.map(String::as_str).find(|scheme| *scheme != "bearer")
}

#[test]
fn the_committed_document_is_the_one_the_handlers_make() {
    let made = serde_json::to_string_pretty(&functions::openapi::document()).expect("a document") + "\n";
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(FILE, &made).expect("functions/openapi.json is written");
    }
    let committed = std::fs::read_to_string(FILE).unwrap_or_default();
    let first = made.lines().zip(committed.lines()).position(|(made, committed)| made != committed);
    let place = first.map_or_else(|| "its end".to_owned(), |line| format!("line {}", line + 1));
    assert!(
        made == committed,
        "functions/openapi.json is not what the handlers say, from {place} on; write it with `UPDATE_OPENAPI=1 cargo test -p tests openapi`, and read the difference"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_has_every_method_of_every_path_and_no_other() {
    let shop = LocalShop::start().await;
    let document = document();
    let operations = operations(&document);
    let mut complaints = Vec::new();
    for endpoint in ENDPOINTS.iter().filter(|endpoint| endpoint.path.is_some()) {
        let path = endpoint.path.unwrap_or_default();
        // No path takes PATCH, so that the refusal names what it does take.
        let probe = Request::patch(filled(path)).body(Body::empty()).expect("a request");
        let answer = api::serve::app((endpoint.routes)(), shop.system.workers.shop.clone()).oneshot(probe).await.expect("an answer");
        if answer.status() != 405 {
            complaints.push(format!("functions/src/lib.rs: {} should serve {path}; its routes answer {}", endpoint.bin, answer.status()));
        }
        let allow = answer.headers().get("allow").and_then(|allow| allow.to_str().ok()).unwrap_or_default();
        let served: BTreeSet<&str> = allow.split(',').filter(|method| !method.is_empty() && *method != "HEAD").collect();
        let told: BTreeSet<&str> = operations.iter().filter(|(_, known, _)| known == path).map(|(method, _, _)| method.as_str()).collect();
        for method in served.difference(&told) {
            complaints.push(format!("functions/src/openapi.rs lacks {method} {path}, which {} serves", endpoint.bin));
        }
        for method in told.difference(&served) {
            complaints.push(format!("functions/src/openapi.rs has {method} {path}, which {} doesn't serve", endpoint.bin));
        }
    }
    for (method, path, _) in &operations {
        if !ENDPOINTS.iter().any(|endpoint| endpoint.path == Some(path)) {
            complaints.push(format!("functions/src/openapi.rs has {method} {path}, and functions/src/lib.rs no endpoint with that path"));
        }
    }
    none(&complaints);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_tells_its_parameters_its_body_and_who_may_call() {
    let shop = LocalShop::start().await;
    let document = document();
    let (mut complaints, mut ids) = (Vec::new(), BTreeSet::new());
    for (method, path, operation) in operations(&document) {
        let mut expect = |what: &str, holds: bool| {
            if !holds {
                complaints.push(format!("functions/openapi.json: {method} {path} {what}"));
            }
        };
        let id = operation["operationId"].as_str().unwrap_or_default();
        expect(&format!("has the operationId `{id}`, which is empty or another's"), !id.is_empty() && ids.insert(id.to_owned()));
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        for name in path.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
            let there = parameters.iter().any(|parameter| parameter["in"] == "path" && parameter["name"] == name);
            expect(&format!("lacks its path parameter {name}"), there);
        }
        let takes_body = [Method::POST, Method::PUT].contains(&method);
        let content = &operation["requestBody"]["content"];
        // A sender of webhooks writes whatever media type is its own.
        let own = signature(&operation).and_then(|_| content.as_object()?.values().next());
        let body = &own.unwrap_or(&content["application/json"])["schema"];
        // One that sends several at once sends a list of them.
        let one = if body["items"].is_object() { &body["items"] } else { body };
        expect("lacks its request body", !takes_body || resolved(&document, one)["properties"].is_object());
        let answers = operation["responses"].as_object().cloned().unwrap_or_default();
        let told = answers.iter().any(|(status, answer)| status.starts_with('2') && answer["content"].is_object());
        expect("lacks the body of its success", told);
        let scheme = signature(&operation).map_or(&Value::Null, |name| &document["components"]["securitySchemes"][name]["in"]);
        expect("is signed in a way that functions/src/openapi.rs doesn't tell", signature(&operation).is_none() || scheme == "header");
        expect("should be signed, and nothing else", path.starts_with("/api/webhooks/") == signature(&operation).is_some());
        let open = operation["security"].as_array().is_some_and(|ways| ways.contains(&json!({})));
        let refused = shop.nobody().send(method.clone(), &filled(&path), takes_body.then(|| b"{}".to_vec())).await.status == 401;
        expect("tells another story about tokens than it does", open != refused);
    }
    none(&complaints);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_documented_field_is_known_to_its_reader() {
    let shop = LocalShop::start().await;
    let document = document();
    let mut complaints = Vec::new();
    for (method, path, operation) in operations(&document) {
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        // What a webhook's sender adds is of no interest, and no mistake.
        if schema.is_null() || signature(&operation).is_some() {
            continue;
        }
        // Every field there is, and in every object one that isn't: those alone must be unknown.
        let mut expected = BTreeSet::new();
        let body = sample(&document, schema, "", &mut expected);
        let answer = shop.admin().send(method.clone(), &filled(&with_id(&path, &operation)), Some(body.to_string().into_bytes())).await;
        let unknown = answer.errors().into_iter().filter(|(_, code)| *code == "UNKNOWN_FIELD").map(|(pointer, _)| pointer.to_owned());
        let unknown: BTreeSet<String> = unknown.collect();
        for pointer in unknown.difference(&expected) {
            complaints.push(format!("{method} {path} refuses {pointer} as unknown, and functions/openapi.json has it"));
        }
        for pointer in expected.difference(&unknown) {
            complaints.push(format!("{method} {path} takes {pointer}, which no document has: {}", answer.text));
        }
        let answer = shop.admin().send(method.clone(), &filled(&with_id(&path, &operation)), Some(b"{}".to_vec())).await;
        let missing: Vec<&str> = answer.errors().into_iter().map(|(pointer, _)| pointer).collect();
        for name in resolved(&document, schema)["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !missing.contains(&format!("/{name}").as_str()) {
                complaints.push(format!("{method} {path} doesn't miss {name}, which functions/openapi.json says is required"));
            }
        }
    }
    none(&complaints);
}

/// Read from the source, since a reader that knows a field more answers nothing else.
#[test]
fn every_field_that_is_read_is_documented() {
    let document = document();
    let (mut complaints, mut bodies) = (Vec::new(), 0);
    for path in sources("functions/src") {
        let source = file(&path);
        let Some(body) = source.split("request_body = ").nth(1).and_then(|rest| rest.split([',', ')', '\n']).next()) else { continue };
        bodies += 1;
        let mut documented = BTreeSet::new();
        names(&document, &document["components"]["schemas"][body], &mut documented);
        let mut read = BTreeSet::new();
        for call in [".required(", ".optional(", ".clearable(", ".changeable("] {
            let arguments = source.split(call).skip(1).map(str::trim_start);
            read.extend(arguments.filter_map(|rest| rest.strip_prefix('"')?.split('"').next()).map(ToOwned::to_owned));
        }
        complaints.extend(read.difference(&documented).map(|name| format!("{path} reads {name}, and its {body} doesn't have it")));
        complaints.extend(documented.difference(&read).map(|name| format!("{path}: {body} has {name}, and nothing reads it")));
    }
    assert!(bodies > 5, "only {bodies} bodies are found: this test doesn't see them");
    none(&complaints);
}

pub(super) fn sources(directory: &str) -> Vec<String> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../");
    let entries = std::fs::read_dir(format!("{root}{directory}")).expect("a directory").map(|entry| entry.expect("an entry"));
    let below = entries.flat_map(|entry| {
        let path = format!("{directory}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() { sources(&path) } else { vec![path] }
    });
    below.filter(|path| std::path::Path::new(path).extension().is_some_and(|extension| extension == "rs")).collect()
}

/// A path with a number for each parameter.
fn filled(path: &str) -> String {
    path.split('/').map(|part| if part.starts_with('{') { "1" } else { part }).collect::<Vec<_>>().join("/")
}

/// With the query parameters that must be there.
fn with_id(path: &str, operation: &Value) -> String {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let required = parameters.filter(|parameter| parameter["in"] == "query" && parameter["required"] == true);
    let query: Vec<String> = required.filter_map(|parameter| Some(format!("{}=1", parameter["name"].as_str()?))).collect();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) }
}

/// A schema behind its references; of several, the first that isn't null.
pub(super) fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        return resolved(document, &document["components"]["schemas"][name]);
    }
    // Beside fields they say which go together.
    let several = ["oneOf", "anyOf", "allOf"].into_iter().find_map(|key| schema[key].as_array()).filter(|_| schema["properties"].is_null());
    match several.and_then(|several| several.iter().find(|schema| schema["type"] != "null")) {
        Some(first) => resolved(document, first),
        None => schema,
    }
}

fn sample(document: &Value, schema: &Value, pointer: &str, unknown: &mut BTreeSet<String>) -> Value {
    let schema = resolved(document, schema);
    // What arrived of a return is read with this word alone.
    if let Some(words) = schema["enum"].as_array() {
        return words.iter().find(|word| *word == "RECEIVED").or(words.first()).cloned().unwrap_or_default();
    }
    let kinds = schema["type"].as_array().cloned().unwrap_or_else(|| vec![schema["type"].clone()]);
    match kinds.iter().find_map(|kind| kind.as_str().filter(|kind| *kind != "null")) {
        Some("object") => {
            let mut members = Map::new();
            for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
                members.insert(name.clone(), sample(document, schema, &format!("{pointer}/{name}"), unknown));
            }
            // An object that may have any field has none that it can't.
            if !schema["additionalProperties"].is_object() {
                members.insert("noSuchField".to_owned(), json!(1));
                unknown.insert(format!("{pointer}/noSuchField"));
            }
            Value::Object(members)
        }
        Some("array") => json!([sample(document, &schema["items"], &format!("{pointer}/0"), unknown)]),
        Some("boolean") => json!(true),
        Some("string") => json!("x"),
        _ => json!(1),
    }
}

/// The names of a schema's fields, and of those inside them.
fn names(document: &Value, schema: &Value, found: &mut BTreeSet<String>) {
    let schema = resolved(document, schema);
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        found.insert(name.clone());
        names(document, schema, found);
    }
    if schema["items"].is_object() {
        names(document, &schema["items"], found);
    }
}

/// Whoever follows a link, a reader or a generator of requests, comes to an operation and brings what it takes.
#[test]
fn every_link_leads_from_an_answer_to_an_operation_that_takes_what_it_brings() {
    let document = document();
    let all = operations(&document);
    let (mut complaints, mut links) = (Vec::new(), 0);
    for (_, _, operation) in &all {
        let answers = operation["responses"].as_object().expect("answers");
        for (answer, (name, link)) in
            answers.values().flat_map(|answer| answer["links"].as_object().into_iter().flatten().map(move |link| (answer, link)))
        {
            links += 1;
            let mut expect = |what: &str, holds: bool| {
                if !holds {
                    complaints.push(format!("functions/src/openapi/links.rs: {} to {name} {what}", operation["operationId"]));
                }
            };
            let target = all.iter().map(|(_, _, operation)| operation).find(|operation| operation["operationId"] == link["operationId"]);
            let target = target.unwrap_or(&Value::Null);
            expect("leads nowhere", target.is_object());
            for (parameter, _) in link["parameters"].as_object().into_iter().flatten() {
                let taken = target["parameters"].as_array().into_iter().flatten();
                let is_taken = |taken: &Value| parameter.split_once('.') == taken["in"].as_str().zip(taken["name"].as_str());
                expect(&format!("brings {parameter}, which isn't asked for"), taken.clone().any(is_taken));
            }
            let brought: Vec<String> = expressions(link);
            expect("brings nothing", !brought.is_empty());
            for pointer in brought {
                let schema = &answer["content"]["application/json"]["schema"];
                expect(&format!("brings {pointer}, which the answer doesn't have"), has(&document, schema, &pointer));
            }
        }
    }
    assert!(links > 20, "{links}");
    none(&complaints);
}

/// The places of an answer that a link names, as JSON pointers.
fn expressions(link: &Value) -> Vec<String> {
    match link {
        Value::String(text) => text.strip_prefix("$response.body#").map(ToOwned::to_owned).into_iter().collect(),
        Value::Array(all) => all.iter().flat_map(expressions).collect(),
        Value::Object(all) => all.values().flat_map(expressions).collect(),
        _ => Vec::new(),
    }
}

/// Whether what a schema describes has a place.
fn has(document: &Value, schema: &Value, pointer: &str) -> bool {
    let schema = resolved(document, schema);
    let Some((step, rest)) =
        pointer.strip_prefix('/').map(|path| path.split_once('/').map_or((path, ""), |(step, _)| (step, &path[step.len()..])))
    else {
        return schema.is_object();
    };
    let within = if step.parse::<usize>().is_ok() { &schema["items"] } else { &schema["properties"][step] };
    within.is_object() && has(document, within, rest)
}
