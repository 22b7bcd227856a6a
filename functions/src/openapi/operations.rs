//! What holds for every operation, and which its handler's types don't say: problems with their codes, pages, entity tags
//! and idempotency keys.

use super::codes::{CODES, OF_OPERATIONS};
use super::conventions::members;
use super::fields::{BODIES, FIELDS};
use super::{links, rules};
use api::input::own_code;
use api::problem::type_of;
use domain::ids::MAX_ID;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Operations that take the version they were decided on.
const ON_A_VERSION: &[&str] = &[
    "changeOrderStatus",
    "markOrderPayment",
    "cancelOrder",
    "updateRefund",
    "updateReturn",
    "updateShipment",
    "updatePromotion",
    "deactivatePromotion",
    "adjustStock",
    "updateEmailTemplate",
    "removeEmailTemplate",
];

/// Operations that answer one record's version; those `ON_A_VERSION` do so as well.
const WITH_A_VERSION: &[&str] = &[
    "findOrders",
    "placeOrder",
    "createRefund",
    "findRefunds",
    "findReturns",
    "requestReturn",
    "findShipments",
    "createShipment",
    "findPromotions",
    "createPromotion",
    "findVariants",
    "findEmailTemplates",
    "createEmailTemplate",
];

/// Operations that answer a list, or the one record that a selector names.
const LIST_OR_ONE: &[&str] =
    &["findOrders", "findRefunds", "findReturns", "findShipments", "findPromotions", "findVariants", "findEmailTemplates"];

/// Who calls an operation.
#[derive(PartialEq, Eq)]
enum Called {
    WithToken,
    /// A webhook, by its sender.
    Signed,
    ByAnybody,
}

/// Operations whose body may be left out, which is as good as `{}`.
const BODY_MAY_BE_MISSING: &[&str] = &["resendNotification"];

/// What follows from an operation's shape.
pub(super) struct Operation {
    id: String,
    called: Called,
    /// `Idempotency-Key` is read.
    keyed: bool,
    body: bool,
    pages: bool,
}

impl Operation {
    pub(super) fn of(method: &str, operation: &Value) -> Self {
        let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
        let signed = |ways: &Vec<Value>| ways.iter().filter_map(Value::as_object).any(|way| !way.is_empty());
        let called = match operation["security"].as_array() {
            None => Called::WithToken,
            Some(ways) if signed(ways) => Called::Signed,
            Some(_) => Called::ByAnybody,
        };
        let keyed = method != "get" && called != Called::Signed;
        let pages = operation["parameters"].as_array().into_iter().flatten().any(|parameter| parameter["name"] == "cursor");
        Self { id, called, keyed, body: !operation["requestBody"].is_null(), pages }
    }

    /// Whether what it writes is kept under its key.
    fn writes(&self) -> bool {
        self.keyed && self.id != "validatePromotion"
    }

    pub(super) fn complete(&self, operation: &mut Value, schemas: &Value, examples: &mut Map<String, Value>) {
        self.parameters(operation);
        if let Some((_, example)) = BODIES.iter().find(|(id, _)| *id == self.id) {
            for content in members(&mut operation["requestBody"]["content"]) {
                content["example"] = serde_json::from_str(example).unwrap_or_default();
            }
        }
        if BODY_MAY_BE_MISSING.contains(&self.id.as_str()) {
            operation["requestBody"]["required"] = json!(false);
        }
        let refusals = self.refusals(operation, schemas);
        let (headers, links) = (self.headers(), links::of(&self.id));
        for (status, answer) in operation["responses"].as_object_mut().into_iter().flatten() {
            answer["headers"] = json!(headers);
            if !links.is_empty() {
                answer["links"] = json!(links);
            }
            if LIST_OR_ONE.contains(&self.id.as_str()) && status == "200" {
                let schema = &mut answer["content"]["application/json"]["schema"];
                *schema = json!({ "oneOf": [schema.clone(), schema["items"].clone()] });
            }
        }
        for (status, codes) in refusals {
            // What a health check tells when something is down is no problem.
            if operation["responses"][status.to_string()].is_null() {
                operation["responses"][status.to_string()] = refusal(status, codes, examples);
            }
        }
    }

    fn parameters(&self, operation: &mut Value) {
        let mut parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        for parameter in &mut parameters {
            let name = parameter["name"].as_str().unwrap_or_default().to_owned();
            if parameter["schema"]["format"] == "int64" {
                let is_time = name.ends_with("Date");
                parameter["schema"]["minimum"] = json!(u8::from(!is_time));
                parameter["schema"]["maximum"] = json!(MAX_ID);
            }
            rules::complete_parameter(&self.id, parameter);
            if parameter["description"].is_null() {
                let of_a_list = parameter["in"] == "query" && name != "id";
                let words = FIELDS.iter().find(|(key, ..)| *key == name).map(|(_, words, _)| *words).unwrap_or_default();
                parameter["description"] = if of_a_list { json!(format!("Only those with this. {words}")) } else { json!(words) };
            }
        }
        if self.writes() {
            parameters.push(json!({ "$ref": "#/components/parameters/IdempotencyKey" }));
        }
        if ON_A_VERSION.contains(&self.id.as_str()) {
            parameters.push(json!({ "$ref": "#/components/parameters/IfMatch" }));
        }
        if !parameters.is_empty() {
            operation["parameters"] = json!(parameters);
        }
    }

    fn headers(&self) -> Map<String, Value> {
        let versioned = ON_A_VERSION.contains(&self.id.as_str()) || WITH_A_VERSION.contains(&self.id.as_str());
        let all = [
            (true, "X-Request-Id", "RequestId"),
            (versioned, "ETag", "ETag"),
            (self.pages, "Link", "Link"),
            (self.pages, "X-Next-Cursor", "NextCursor"),
            (self.writes(), "Idempotency-Replayed", "Replayed"),
        ];
        let there = all.into_iter().filter(|(there, ..)| *there);
        there.map(|(_, name, component)| (name.to_owned(), json!({ "$ref": format!("#/components/headers/{component}") }))).collect()
    }

    /// The codes of each status, each with what it is about and a sentence.
    fn refusals(&self, operation: &Value, schemas: &Value) -> BTreeMap<u16, BTreeMap<String, Value>> {
        let mut found = BTreeMap::new();
        let mut add = |code: &str| {
            let (status, code) = code.split_once(' ').map_or((None, code), |(status, code)| (status.parse().ok(), code));
            if let Some((_, usual, pointer, detail)) = CODES.iter().find(|(known, ..)| *known == code) {
                insert(&mut found, status.unwrap_or(*usual), code, pointer, detail);
            }
        };
        let own = OF_OPERATIONS.iter().find(|(id, _)| *id == self.id).map(|(_, codes)| *codes).unwrap_or_default();
        own.iter().copied().for_each(&mut add);
        self.general(operation).into_iter().for_each(&mut add);
        if self.called != Called::Signed {
            for name in own_codes(operation, schemas) {
                insert(&mut found, 400, &own_code(&name), &format!("/{name}"), &format!("{name} is not what it should be."));
            }
        }
        found
    }

    fn general(&self, operation: &Value) -> Vec<&'static str> {
        let path = operation["parameters"].as_array().into_iter().flatten().any(|parameter| parameter["in"] == "path");
        let all: [(bool, &[&str]); 8] = [
            (
                self.called == Called::WithToken,
                &["UNAUTHORIZED", "FORBIDDEN", "UNKNOWN_PARAMETER", "OFFSET_UNSUPPORTED", "INTERNAL_ERROR", "503 INTERNAL_ERROR"],
            ),
            (
                self.called == Called::Signed,
                &["INVALID_SIGNATURE", "INVALID_JSON", "PAYLOAD_TOO_LARGE", "CONFLICT", "INTERNAL_ERROR", "503 INTERNAL_ERROR"],
            ),
            (self.body && self.called != Called::Signed, &["INVALID_JSON", "UNKNOWN_FIELD", "PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE"]),
            (self.keyed, &["INVALID_IDEMPOTENCY_KEY"]),
            (self.writes(), &["IDEMPOTENCY_KEY_REUSED", "CONFLICT"]),
            (ON_A_VERSION.contains(&self.id.as_str()), &["PRECONDITION_FAILED"]),
            (self.pages, &["INVALID_LIMIT", "INVALID_CURSOR"]),
            (path, &["NOT_FOUND"]),
        ];
        all.into_iter().filter(|(holds, _)| *holds).flat_map(|(_, codes)| codes).copied().collect()
    }
}

fn insert(found: &mut BTreeMap<u16, BTreeMap<String, Value>>, status: u16, code: &str, pointer: &str, detail: &str) {
    let title = axum::http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Error");
    let mut problem = json!({
        "type": type_of(code),
        "title": title, "status": status, "detail": detail, "instance": "/api/…", "error": detail, "code": code,
    });
    if !pointer.is_empty() {
        problem["errors"] = json!([{ "pointer": pointer, "code": code, "detail": detail }]);
    }
    found.entry(status).or_default().entry(code.to_owned()).or_insert(problem);
}

/// A refusal's examples stand in `all`, once for every operation that has them.
fn refusal(status: u16, codes: BTreeMap<String, Value>, all: &mut Map<String, Value>) -> Value {
    let names: Vec<String> = codes.keys().cloned().collect();
    let mut examples = Map::new();
    for (code, problem) in codes {
        let name = format!("{status}.{code}");
        examples.insert(code, json!({ "$ref": format!("#/components/examples/{name}") }));
        all.entry(name).or_insert_with(|| json!({ "value": problem }));
    }
    let mut headers = json!({ "X-Request-Id": { "$ref": "#/components/headers/RequestId" } });
    if status == 409 || status == 503 {
        headers["Retry-After"] = json!({ "$ref": "#/components/headers/RetryAfter" });
    }
    json!({
        "description": names.iter().map(|code| format!("`{code}`")).collect::<Vec<_>>().join(" · "),
        "headers": headers,
        "content": { "application/problem+json": {
            "schema": { "allOf": [
                { "$ref": "#/components/schemas/Problem" },
                { "type": "object", "properties": { "code": { "type": "string", "enum": names, "description": "What is wrong, stable." } } },
            ] },
            "examples": examples,
        } },
    })
}

/// The names of what an operation reads as a text, a truth or a time, whose own code says that it is wrong; and of its query
/// parameters, which may be there once.
fn own_codes(operation: &Value, schemas: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for parameter in operation["parameters"].as_array().into_iter().flatten().filter(|parameter| parameter["in"] == "query") {
        found.extend(parameter["name"].as_str().map(ToOwned::to_owned));
    }
    for content in operation["requestBody"]["content"].as_object().into_iter().flatten().map(|(_, content)| content) {
        plain_fields(&content["schema"], "", schemas, &mut found);
    }
    found
}

fn plain_fields(schema: &Value, name: &str, schemas: &Value, found: &mut BTreeSet<String>) {
    if let Some(reference) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        return plain_fields(&schemas[reference], name, schemas, found);
    }
    let kinds = schema["type"].to_string();
    let plain = kinds.contains("string") && schema["enum"].is_null() || kinds.contains("boolean");
    if !name.is_empty() && (plain || name.ends_with("Date") || name == "estimatedDelivery") {
        found.insert(name.to_owned());
    }
    plain_fields_within(schema, name, schemas, found);
}

fn plain_fields_within(schema: &Value, name: &str, schemas: &Value, found: &mut BTreeSet<String>) {
    for several in ["oneOf", "allOf"] {
        schema[several].as_array().into_iter().flatten().for_each(|one| plain_fields(one, name, schemas, found));
    }
    if schema["items"].is_object() {
        plain_fields(&schema["items"], name, schemas, found);
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        plain_fields(property, name, schemas, found);
    }
}
