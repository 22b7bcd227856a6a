//! `functions/openapi.json` leaves nothing out: what each field is, which words it can be, and each operation's refusals.

use super::openapi::{document, operations, resolved, signature, sources};
use super::{file, none};
use api::input::MISSING;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::LazyLock;

fn schemas(document: &Value) -> impl Iterator<Item = (&String, &Value)> {
    document["components"]["schemas"].as_object().into_iter().flatten()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn says_something(value: &Value) -> bool {
    value["description"].as_str().is_some_and(|words| !words.trim().is_empty())
}

/// What stands behind a reference to anything.
fn behind<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    value["$ref"].as_str().and_then(|reference| document.pointer(reference.strip_prefix('#')?)).unwrap_or(value)
}

/// The codes that an operation answers with a status that is no success.
fn codes(operation: &Value) -> BTreeSet<&str> {
    let answers = operation["responses"].as_object().into_iter().flatten();
    let examples = answers.filter_map(|(_, answer)| answer["content"]["application/problem+json"]["examples"].as_object());
    examples.flatten().map(|(case, _)| code_of(case)).collect()
}

/// The code of a case, which may have words after it.
fn code_of(case: &str) -> &str {
    case.split(' ').next().unwrap_or(case)
}

/// A short line for a list, and more for whoever looks closer; who may call, `access.rs` holds against what is answered.
#[test]
fn every_operation_says_what_it_does() {
    let mut complaints = Vec::new();
    let mut summaries = BTreeSet::new();
    for (method, path, operation) in operations(&document()) {
        let summary = operation["summary"].as_str().unwrap_or_default().to_owned();
        let is_a_line = (1..=40).contains(&summary.chars().count()) && !summary.ends_with('.');
        if !is_a_line || !says_something(&operation) {
            complaints
                .push(format!("functions/src/openapi/summaries.rs doesn't say in a line and in a sentence what {method} {path} does"));
        }
        if !summaries.insert(summary.clone()) {
            complaints.push(format!("functions/src/openapi/summaries.rs says `{summary}` of two operations"));
        }
    }
    none(&complaints);
}

#[test]
fn every_field_says_what_it_is() {
    let document = document();
    let mut complaints = Vec::new();
    for (name, schema) in schemas(&document) {
        silent_fields(schema, name, &mut complaints);
    }
    let responses =
        document["components"]["responses"].as_object().into_iter().flatten().map(|(name, answer)| (name.clone(), answer.clone()));
    let of_operations = operations(&document).into_iter().flat_map(|(method, path, operation)| {
        let answers = operation["responses"].as_object().cloned().unwrap_or_default();
        let parts = answers.into_iter().chain([("its body".to_owned(), operation["requestBody"].clone())]);
        parts.map(|(part, value)| (format!("{method} {path} {part}"), value)).collect::<Vec<_>>()
    });
    for (place, part) in of_operations.chain(responses) {
        for (_, content) in part["content"].as_object().into_iter().flatten() {
            silent_fields(&content["schema"], &place, &mut complaints);
        }
    }
    none(&complaints);
}

/// The fields without a description, in whatever part of a schema they stand; what it refers to is looked at by its own name.
fn silent_fields(schema: &Value, place: &str, complaints: &mut Vec<String>) {
    for several in ["allOf", "oneOf", "anyOf"] {
        list(&schema[several]).for_each(|one| silent_fields(one, place, complaints));
    }
    for inner in ["items", "additionalProperties"] {
        if schema[inner].is_object() {
            silent_fields(&schema[inner], place, complaints);
        }
    }
    for (field, property) in schema["properties"].as_object().into_iter().flatten() {
        let place = format!("{place}.{field}");
        if !says_something(property) {
            complaints.push(format!("functions/src/openapi/fields.rs doesn't say what {place} is"));
        }
        silent_fields(property, &place, complaints);
    }
}

#[test]
fn every_parameter_and_header_says_what_it_is() {
    let document = document();
    let mut complaints = Vec::new();
    for (method, path, operation) in operations(&document) {
        for parameter in list(&operation["parameters"]).map(|parameter| behind(&document, parameter)) {
            if !says_something(parameter) {
                complaints.push(format!("{method} {path} doesn't say what {} is", parameter["name"]));
            }
        }
        for (status, answer) in operation["responses"].as_object().into_iter().flatten() {
            let headers = answer["headers"].as_object().cloned().unwrap_or_default();
            if !headers.contains_key("X-Request-Id") {
                complaints.push(format!("{method} {path} {status} lacks X-Request-Id"));
            }
            let silent = headers.iter().filter(|(_, header)| !says_something(behind(&document, header)));
            complaints.extend(silent.map(|(name, _)| format!("{method} {path} {status} doesn't say what {name} is")));
        }
    }
    none(&complaints);
}

/// Those of the source are in camel case; a client that sent one would be refused.
#[test]
fn every_enum_has_the_words_of_the_wire() {
    let document = document();
    assert!(schemas(&document).all(|(_, schema)| schema["enum"].is_null() || schema.get("properties").is_none()), "a word has no fields");
    let words: BTreeSet<&str> = schemas(&document).flat_map(|(_, schema)| list(&schema["enum"])).filter_map(Value::as_str).collect();
    assert!(words.contains("READY_FOR_PICKUP") && words.contains("FEDEX") && words.contains("fr"), "{words:?}");
    let mixed = |word: &&&str| word.chars().any(char::is_uppercase) && word.chars().any(char::is_lowercase);
    none(&words.iter().filter(mixed).map(|word| format!("no client ever sees {word}")).collect::<Vec<_>>());
}

#[test]
fn every_refusal_has_its_codes_and_an_example_of_each() {
    let document = document();
    let mut complaints = Vec::new();
    for (method, path, operation) in operations(&document) {
        let answers = operation["responses"].as_object().cloned().unwrap_or_default();
        for (status, answer) in answers.iter().filter(|(status, _)| !status.starts_with('2') && !path.ends_with("/health")) {
            let content = &answer["content"]["application/problem+json"];
            let listed = &content["schema"]["allOf"][1]["properties"]["code"]["enum"];
            let listed: BTreeSet<&str> = list(listed).filter_map(Value::as_str).collect();
            let examples = content["examples"].as_object().cloned().unwrap_or_default();
            let shown: BTreeSet<&str> = examples.keys().map(|case| code_of(case)).collect();
            if listed.is_empty() || listed != shown {
                complaints.push(format!("{method} {path} {status} lists {listed:?} and shows {shown:?}"));
            }
            for (case, example) in &examples {
                let code = code_of(case);
                let problem = &behind(&document, example)["value"];
                let kebab = format!("/problems/{}", code.to_ascii_lowercase().replace('_', "-"));
                let right = problem["code"] == code && problem["type"] == kebab && problem["status"].as_u64() == status.parse().ok();
                if !right || problem["detail"].as_str().is_none_or(str::is_empty) || problem["error"] != problem["detail"] {
                    complaints.push(format!("{method} {path} {status} shows {problem} as {code}"));
                }
            }
        }
        let tells = codes(&operation);
        let expected: &[&str] = match (operation["security"].is_null(), signature(&operation)) {
            (true, _) => &["UNAUTHORIZED", "UNKNOWN_PARAMETER", "INTERNAL_ERROR"],
            (false, Some(_)) => &["INVALID_SIGNATURE", "INTERNAL_ERROR"],
            (false, None) => &[],
        };
        complaints.extend(expected.iter().filter(|code| !tells.contains(*code)).map(|code| format!("{method} {path} lacks {code}")));
    }
    none(&complaints);
}

/// Held against the source, since no call shows what a handler would refuse.
#[test]
fn every_code_of_an_endpoint_is_told() {
    let document = document();
    let told_by_any = document["components"]["examples"].as_object().into_iter().flatten().map(|(_, example)| &example["value"]["code"]);
    let of_none = document["components"]["responses"].as_object().into_iter().flatten();
    let of_none = of_none.map(|(_, answer)| &answer["content"]["application/problem+json"]["example"]["code"]);
    let all: BTreeSet<&str> = told_by_any.chain(of_none).filter_map(Value::as_str).collect();
    let mut complaints = Vec::new();
    for path in sources("shared/api/src").into_iter().filter(|path| !SETTINGS.iter().any(|name| path.ends_with(name))) {
        let source = code_alone(&file(&path));
        let missing = screaming(&source).into_iter().map(|(_, word)| word).filter(|word| !NO_CODES.contains(word) && !all.contains(word));
        complaints.extend(missing.map(|word| format!("no operation tells of {word}, which {path} has")));
    }
    for path in sources("functions/src").into_iter().filter(|path| !path.contains("/openapi/")) {
        let missing = words_of(&file(&path)).into_iter().filter(|code| !all.contains(code.as_str()));
        complaints.extend(missing.map(|code| format!("no operation tells of {code}, which {path} has")));
    }
    let mut seen = 0;
    for (path, source, operation) in endpoints(&document) {
        seen += 1;
        let told = codes(&operation);
        let missing = words_of(&source).into_iter().filter(|code| !told.contains(code.as_str()));
        complaints.extend(missing.map(|code| format!("{path} refuses with {code}, and its operation doesn't tell")));
    }
    assert!(seen > 30, "only {seen} endpoints are found: this test doesn't see them");
    assert!(CONSTANTS.iter().any(|(name, code)| (name.as_str(), code.as_str()) == ("MISSING", MISSING)), "{CONSTANTS:?}");
    none(&complaints);
}

#[test]
fn whoever_reads_a_header_of_the_request_tells_of_it() {
    let document = document();
    let mut complaints = Vec::new();
    for (path, source, operation) in endpoints(&document) {
        let tells = |what: &str| list(&operation["parameters"]).any(|parameter| behind(&document, parameter)["name"] == what);
        let success = operation["responses"].as_object().into_iter().flatten().find(|(status, _)| status.starts_with('2'));
        let answers = |header: &str| success.is_some_and(|(_, answer)| answer["headers"][header].is_object());
        let told = codes(&operation);
        let facts = [
            (
                source.contains(".decide("),
                "Idempotency-Key",
                tells("Idempotency-Key") && answers("Idempotency-Replayed") && told.contains("IDEMPOTENCY_KEY_REUSED"),
            ),
            (source.contains(".require_match"), "If-Match", tells("If-Match") && answers("ETag") && told.contains("PRECONDITION_FAILED")),
            (
                source.contains("page::read(") || source.contains("page::answer("),
                "pages",
                tells("cursor") && answers("Link") && answers("X-Next-Cursor") && told.contains("INVALID_CURSOR"),
            ),
        ];
        for (does, what, tells) in facts {
            if does != tells {
                complaints.push(format!(
                    "{path} {} {what}, and the document {}",
                    if does { "knows" } else { "doesn't know" },
                    if tells { "tells of it" } else { "doesn't" }
                ));
            }
        }
    }
    none(&complaints);
}

/// A stock client reads a list and a single record through one address.
#[test]
fn what_answers_a_list_or_one_record_says_both() {
    let document = document();
    for (method, path, operation) in operations(&document) {
        let selects = list(&operation["parameters"]).any(|parameter| parameter["name"] == "id" && parameter["in"] == "query");
        if method == "GET" && selects {
            let shapes = &operation["responses"]["200"]["content"]["application/json"]["schema"]["oneOf"];
            assert_eq!(shapes[0]["type"], "array", "{path}");
            assert!(resolved(&document, &shapes[1])["properties"].is_object(), "{path}");
        }
    }
}

/// Each file that one operation is made in, and nothing else.
fn endpoints(document: &Value) -> Vec<(String, String, Value)> {
    let operations = operations(document);
    let files = sources("functions/src").into_iter().filter(|path| !path.contains("/webhooks/") && !path.contains("/docs/"));
    let each = files.filter_map(|path| {
        let source = file(&path);
        let mut ids = source.split("operation_id = \"").skip(1).filter_map(|rest| rest.split('"').next());
        let (id, None) = (ids.next()?.to_owned(), ids.next()) else { return None };
        let (_, _, operation) = operations.iter().find(|(_, _, operation)| operation["operationId"] == id)?;
        Some((path, source, operation.clone()))
    });
    each.collect()
}

/// What of `shared/api` names settings, methods and numbers, and refuses nothing.
const SETTINGS: &[&str] = &["/aws.rs", "/config.rs", "/labels.rs", "/log.rs", "/logo.rs", "/metrics.rs", "/secrets.rs", "/shop.rs"];

/// Screaming words of the rest that are no codes: currencies of each number of decimals, and a setting.
const NO_CODES: &[&str] = &["JPY", "USD", "TND", "PUBLIC_URL"];

/// How the codes begin that a handler gives to the reader of a field.
const BEGINNINGS: &[&str] =
    &["INVALID_", "MISSING_", "TOO_MANY_", "DUPLICATE_", "INSUFFICIENT_", "CANNOT_", "ALREADY_", "REFUND_E", "REFUND_I"];

/// How a refusal is made: its code comes next.
const REFUSALS: &[&str] = &["not_found(", "conflict(", "bad_request(", "invalid_field("];

/// The codes that `shared/api` has a constant for, such as `MISSING`, by its name.
static CONSTANTS: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    let sources = sources("shared/api/src").into_iter().map(|path| code_alone(&file(&path))).collect::<Vec<_>>();
    let constants = sources.iter().flat_map(|source| source.split("pub const ").skip(1));
    let coded = constants.filter_map(|constant| {
        let (name, rest) = constant.split_once(": &str = \"")?;
        let (code, _) = rest.split_once("\";")?;
        screams(code).then(|| (name.to_owned(), code.to_owned()))
    });
    coded.collect()
});

/// The codes in a source: screaming words in quotes that begin as codes do or that refusals are made with, and constants.
fn words_of(source: &str) -> BTreeSet<String> {
    let is_code = |before: &str, word: &str| {
        let call = before.trim_end();
        let refuses = REFUSALS.iter().any(|made| call.ends_with(made)) || call.ends_with(',') && call.contains("StatusCode::");
        let begins = word.ends_with("_NOT_FOUND") || BEGINNINGS.iter().any(|start| word.starts_with(start));
        refuses || begins && word.contains('_')
    };
    let source = code_alone(source);
    let names: BTreeSet<&str> = source.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let by_name = CONSTANTS.iter().filter(|(name, _)| names.contains(name.as_str())).map(|(_, code)| code.clone());
    screaming(&source).into_iter().filter(|(before, word)| is_code(before, word)).map(|(_, word)| word.to_owned()).chain(by_name).collect()
}

/// The screaming words in quotes, each with what stands between it and the text before it.
pub(super) fn screaming(source: &str) -> Vec<(&str, &str)> {
    let pieces: Vec<&str> = source.split('"').collect();
    let pairs = pieces.chunks_exact(2).map(|pair| (pair[0], pair[1]));
    pairs.filter(|(_, word)| screams(word)).collect()
}

fn screams(word: &str) -> bool {
    word.len() > 2 && word.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_')
}

/// A source without its tests and its comments.
pub(super) fn code_alone(source: &str) -> String {
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}
