//! What holds for the whole document, and which the handlers' types don't say: its tags, what each field is, what a request
//! may say and an answer always does.

use super::components::components;
use super::fields::FIELDS;
use super::operations::Operation;
use super::rules;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// What there is, in the order that a reader wants it in.
const TAGS: &[(&str, &str)] = &[
    ("Orders", "Place, find, move on, pay, cancel; who did what; what the warehouse prints."),
    ("Refunds", "Money that goes back: made by hand, by a cancellation or by a return."),
    ("Returns", "Pieces that come back, from the request to the refund."),
    ("Shipments", "Parcels and where they are."),
    ("Promotions", "Codes that take something off."),
    ("Inventory", "Variants, their stock, and why it changed."),
    ("Store credit", "What customers have to spend."),
    ("E-mail templates", "The shop's own texts, with their versions."),
    ("Notifications", "Every message that was sent."),
    ("Webhooks", "What payment providers, carriers and message services tell; signed by each in its own way."),
    ("Others", "Health, this document, and its page."),
];

/// Completes the document.
pub(super) fn complete(document: &mut Value) {
    document["servers"] = json!([{ "url": "/", "description": "Where this document comes from." }]);
    document["tags"] = TAGS.iter().map(|(name, words)| json!({ "name": name, "description": words })).collect();
    let (asked, answered) = (reached(document, "requestBody"), reached(document, "responses"));
    components(&mut document["components"]);
    let schemas = document["components"]["schemas"].clone();
    let mut examples = Map::new();
    for item in members(&mut document["paths"]) {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            Operation::of(method, operation).complete(operation, &schemas, &mut examples);
        }
    }
    document["components"]["examples"] = Value::Object(examples);
    for (name, schema) in document["components"]["schemas"].as_object_mut().into_iter().flatten() {
        describe(name, schema);
        // An answer has every field, null when it is empty; a request has no others.
        if answered.contains(name) && !asked.contains(name) && schema["properties"].is_object() {
            let fields: Vec<Value> = schema["properties"].as_object().into_iter().flatten().map(|(name, _)| json!(name)).collect();
            schema["required"] = json!(fields);
        }
        if asked.contains(name) && schema["properties"].is_object() {
            schema["additionalProperties"] = json!(false);
            rules::complete(name, schema);
        }
    }
}

pub(super) fn members(object: &mut Value) -> impl Iterator<Item = &mut Value> {
    object.as_object_mut().into_iter().flatten().map(|(_, value)| value)
}

/// The schemas that `part` of any operation is made of, save what senders of webhooks write: they may add to it.
fn reached(document: &Value, part: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        if part == "requestBody" && path.starts_with("/api/webhooks/") {
            continue;
        }
        for (_, operation) in item.as_object().into_iter().flatten() {
            reach(document, &operation[part], &mut found);
        }
    }
    found
}

fn reach(document: &Value, value: &Value, found: &mut BTreeSet<String>) {
    if let Some(name) = value["$ref"].as_str().and_then(|reference| reference.rsplit('/').next())
        && found.insert(name.to_owned())
    {
        reach(document, &document["components"]["schemas"][name], found);
    }
    value.as_object().into_iter().flatten().for_each(|(_, value)| reach(document, value, found));
    value.as_array().into_iter().flatten().for_each(|value| reach(document, value, found));
}

/// Says what the fields of a schema are, where their types don't, in whatever part of it they stand.
fn describe(name: &str, schema: &mut Value) {
    for several in ["allOf", "oneOf", "anyOf"] {
        schema.get_mut(several).and_then(Value::as_array_mut).into_iter().flatten().for_each(|one| describe(name, one));
    }
    for inner in ["items", "additionalProperties"] {
        schema.get_mut(inner).into_iter().for_each(|inner| describe(name, inner));
    }
    for (field, property) in schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
        describe_field(name, field, property);
        describe(name, property);
    }
}

fn describe_field(schema: &str, field: &str, property: &mut Value) {
    let own = format!("{schema}.{field}");
    let row = FIELDS.iter().find(|(key, ..)| *key == own).or_else(|| FIELDS.iter().find(|(key, ..)| *key == field));
    // What the type says of a field that may be null stands one level down.
    let inner = property["oneOf"].as_array().into_iter().flatten().find_map(|one| one["description"].as_str());
    let said = inner.map(ToOwned::to_owned).or_else(|| row.map(|(_, words, _)| (*words).to_owned()));
    if property["description"].is_null()
        && let Some(words) = said
    {
        property["description"] = json!(words);
    }
    if property["examples"].is_null()
        && let Some(example) = row.and_then(|(.., example)| serde_json::from_str::<Value>(example).ok())
        && fits(property, &example)
    {
        property["examples"] = json!([example]);
    }
}

/// Whether an example is of the type that a field has; a reference is trusted, since its words and numbers have one name.
fn fits(property: &Value, example: &Value) -> bool {
    let kinds = match &property["type"] {
        Value::String(kind) => vec![kind.as_str()],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => return property["$ref"].is_string() || property["oneOf"].is_array(),
    };
    kinds.iter().any(|kind| match *kind {
        "string" => example.is_string(),
        "integer" => example.is_u64() || example.is_i64(),
        "number" => example.is_number(),
        "boolean" => example.is_boolean(),
        _ => false,
    })
}
