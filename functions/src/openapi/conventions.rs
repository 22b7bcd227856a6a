//! What holds for every operation, and which its handler's types don't say: problems with their codes, pages, entity tags,
//! idempotency keys, and what each field is.

use super::codes::{CODES, OF_OPERATIONS};
use super::fields::{BODIES, FIELDS};
use api::input::own_code;
use api::problem::type_of;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The greatest whole number that every JSON reader keeps exactly.
const GREATEST: u64 = (1 << 53) - 1;

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
        }
    }
}

fn members(object: &mut Value) -> impl Iterator<Item = &mut Value> {
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

fn components(components: &mut Value) {
    components["schemas"]["Problem"] = json!({
        "type": "object",
        "description": "Every refusal (RFC 9457).",
        "required": ["type", "title", "status", "detail", "instance", "error", "code"],
        "properties": {
            "type": { "type": "string", "description": "`/problems/` and the code in kebab case.", "examples": ["/problems/already-cancelled"] },
            "title": { "type": "string" },
            "status": { "type": "integer", "description": "The HTTP status.", "examples": [409] },
            "detail": { "type": "string" },
            "instance": { "type": "string" },
            "error": { "type": "string", "description": "The same as `detail`." },
            "code": { "type": "string", "description": "What is wrong, stable.", "examples": ["ALREADY_CANCELLED"] },
            "errors": { "type": "array", "items": { "$ref": "#/components/schemas/FieldError" } },
            "allowed": { "type": "array", "items": { "type": "string" }, "description": "With `INVALID_STATUS_TRANSITION`: the statuses that are allowed." },
            "valid": { "type": "boolean", "description": "`false` for a promotion that can't be used." },
            "errorCode": { "type": "string", "description": "The `code` again, for a promotion that can't be used." },
            "line": { "type": "integer", "description": "With `INVALID_TEMPLATE`: where, from 1." },
            "column": { "type": "integer", "description": "With `INVALID_TEMPLATE`: where in the line, from 1." },
        },
    });
    // Flattened into the error by its writer, so it is two fields more, and not an object of its own or nothing.
    components["schemas"]["FieldError"] = json!({
        "type": "object",
        "description": "One wrong field of a request.",
        "required": ["pointer", "code", "detail"],
        "properties": {
            "pointer": { "type": "string", "description": "JSON Pointer (RFC 6901) to the field, or `/name` of a query or path parameter.", "examples": ["/items/0/quantity"] },
            "code": { "type": "string", "description": "Why it is wrong, as a stable code.", "examples": ["INVALID_ITEM"] },
            "detail": { "type": "string", "description": "Why it is wrong, in words." },
            "line": { "type": "integer", "minimum": 1, "description": "In a text of several lines, where." },
            "column": { "type": "integer", "minimum": 1, "description": "In characters." },
        },
    });
    components["parameters"] = json!({
        "IdempotencyKey": {
            "name": "Idempotency-Key", "in": "header", "required": false, "example": "6f1b7c1e-0c2a-4a53-8a6b-2f8f6f6f9d11",
            "description": "Once a request with a key has succeeded, the same key with the same request answers that success again, for 24 hours; with another request it is 422. Keys are per caller.",
            "schema": { "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$" },
        },
        "IfMatch": {
            "name": "If-Match", "in": "header", "required": false, "example": "\"7\"",
            "description": "The `ETag` of the record that was seen, a list of them, or `*`; 412 when it has changed since.",
            "schema": { "type": "string", "pattern": "^(\\*|\"[0-9]+\"( *, *\"[0-9]+\")*)$" },
        },
    });
    components["headers"] = json!({
        "RequestId": { "description": "The client's own `X-Request-Id` when it is sane, else one of ours.", "required": true, "schema": { "type": "string" } },
        "ETag": { "description": "The version of a single record, in quotes; a list has none.", "schema": { "type": "string", "examples": ["\"7\""] } },
        "Link": { "description": "Where the next page is; absent on the last one.", "schema": { "type": "string", "examples": ["</api/orders?cursor=AAAB>; rel=\"next\""] } },
        "NextCursor": { "description": "The `cursor` of the next page; absent on the last one.", "schema": { "type": "string" } },
        "Replayed": { "description": "There when the answer is an earlier one, given again.", "schema": { "type": "string", "enum": ["true"] } },
        "RetryAfter": { "description": "In how many seconds to try again.", "schema": { "type": "string", "examples": ["1"] } },
    });
    for (name, schema) in components["schemas"].as_object_mut().into_iter().flatten() {
        if schema["type"] == "integer" && (name.ends_with("Id") || name == "Timestamp") {
            schema["minimum"] = json!(u8::from(name != "Timestamp"));
            schema["maximum"] = json!(GREATEST);
        }
    }
}

/// Says what the fields of a schema are, where their types don't.
fn describe(name: &str, schema: &mut Value) {
    for (field, property) in schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
        let own = format!("{name}.{field}");
        let row = FIELDS.iter().find(|(key, ..)| *key == own).or_else(|| FIELDS.iter().find(|(key, ..)| key == field));
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

/// Who calls an operation.
#[derive(PartialEq, Eq)]
enum Called {
    WithToken,
    /// A webhook, by its sender.
    Signed,
    ByAnybody,
}

/// What follows from an operation's shape.
struct Operation {
    id: String,
    called: Called,
    /// `Idempotency-Key` is read.
    keyed: bool,
    body: bool,
    pages: bool,
}

impl Operation {
    fn of(method: &str, operation: &Value) -> Self {
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

    fn complete(&self, operation: &mut Value, schemas: &Value, examples: &mut Map<String, Value>) {
        self.parameters(operation);
        if let Some((_, example)) = BODIES.iter().find(|(id, _)| *id == self.id) {
            for content in members(&mut operation["requestBody"]["content"]) {
                content["example"] = serde_json::from_str(example).unwrap_or_default();
            }
        }
        let refusals = self.refusals(operation, schemas);
        let headers = self.headers();
        for (status, answer) in operation["responses"].as_object_mut().into_iter().flatten() {
            answer["headers"] = json!(headers);
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
                parameter["schema"]["maximum"] = json!(GREATEST);
            }
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
