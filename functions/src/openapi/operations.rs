//! What holds for every operation, and which its handler's types don't say: problems with their codes, pages, entity tags
//! and idempotency keys.

use super::codes::{CODES, MEMBERS, OF_OPERATIONS};
use super::conventions::members;
use super::fields::{BODIES, FIELDS};
use super::{links, rules, summaries};
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
    "putVariants",
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

/// Fields that have no code of their own: what is wrong with one is its item's code.
const OF_AN_ITEM: &[&str] = &["restockable"];

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
        if let Some((_, who, summary, words)) = summaries::of(&self.id) {
            operation["summary"] = json!(summary);
            operation["description"] = json!(format!("{words}\n\n{}", who.sentence()));
        }
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

    /// The refusals of each status, each by its code or its case of one.
    fn refusals(&self, operation: &Value, schemas: &Value) -> BTreeMap<u16, BTreeMap<String, Refusal>> {
        let mut found: BTreeMap<u16, BTreeMap<String, Refusal>> = BTreeMap::new();
        let mut add = |case: &str| {
            if let Some((status, case, refusal)) = refusal_of(case) {
                found.entry(status).or_default().entry(case.to_owned()).or_insert(refusal);
            }
        };
        let own = OF_OPERATIONS.iter().find(|(id, _)| *id == self.id).map(|(_, codes)| *codes).unwrap_or_default();
        own.iter().copied().for_each(&mut add);
        self.general(operation).into_iter().for_each(&mut add);
        if self.called != Called::Signed {
            for (name, (pointer, reason)) in own_codes(operation, schemas) {
                let code = own_code(&name);
                let place = if reason == TWICE { ".query".to_owned() } else { pointer.replace('/', ".") };
                let example = format!("400.{code}{place}");
                let problem = problem(400, &code, &pointer, &format!("{name} {reason}."));
                found.entry(400).or_default().entry(code).or_insert(Refusal { example, problem });
            }
        }
        found
    }

    fn general(&self, operation: &Value) -> Vec<&'static str> {
        let path = operation["parameters"].as_array().into_iter().flatten().any(|parameter| parameter["in"] == "path");
        let to_others = summaries::of(&self.id).and_then(|(_, who, ..)| who.refusal());
        let all: [(bool, &[&str]); 9] = [
            (
                self.called == Called::WithToken,
                &["UNAUTHORIZED", "UNKNOWN_PARAMETER", "OFFSET_UNSUPPORTED", "INTERNAL_ERROR", "503 INTERNAL_ERROR"],
            ),
            (self.called == Called::WithToken, to_others.as_slice()),
            (
                self.called == Called::Signed,
                &["INVALID_SIGNATURE", "INVALID_JSON", "PAYLOAD_TOO_LARGE", "CONFLICT", "INTERNAL_ERROR", "503 INTERNAL_ERROR"],
            ),
            (
                self.body && self.called != Called::Signed,
                &["INVALID_JSON", "INVALID_JSON of another type", "UNKNOWN_FIELD", "PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE"],
            ),
            (self.keyed, &["INVALID_IDEMPOTENCY_KEY"]),
            (self.writes(), &["IDEMPOTENCY_KEY_REUSED", "CONFLICT"]),
            (ON_A_VERSION.contains(&self.id.as_str()), &["PRECONDITION_FAILED"]),
            (self.pages, &["INVALID_LIMIT", "INVALID_CURSOR"]),
            (path, &["NOT_FOUND"]),
        ];
        all.into_iter().filter(|(holds, _)| *holds).flat_map(|(_, codes)| codes).copied().collect()
    }
}

/// A problem, and the name that it has among the examples of the whole document.
struct Refusal {
    example: String,
    problem: Value,
}

/// The status, the case and the refusal of a row of the codes; a number before the case picks the row, or else is the status.
fn refusal_of(case: &str) -> Option<(u16, &str, Refusal)> {
    let picked = case.split_once(' ').and_then(|(status, case)| Some((status.parse().ok()?, case)));
    let (status, case) = picked.map_or((None, case), |(status, case)| (Some(status), case));
    let rows = || CODES.iter().filter(|(known, ..)| *known == case);
    let (_, usual, pointer, detail) = rows().find(|(_, usual, ..)| Some(*usual) == status).or_else(|| rows().next())?;
    let status = status.unwrap_or(*usual);
    let code = case.split(' ').next().unwrap_or(case);
    let mut problem = problem(status, code, pointer, detail);
    if let Some((_, more)) = MEMBERS.iter().find(|(known, _)| *known == case)
        && let (Value::Object(problem), Ok(Value::Object(more))) = (&mut problem, serde_json::from_str(more))
    {
        problem.extend(more);
    }
    Some((status, case, Refusal { example: format!("{status}.{}", case.replace(' ', "-")), problem }))
}

fn problem(status: u16, code: &str, pointer: &str, detail: &str) -> Value {
    let title = axum::http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Error");
    let mut problem = json!({
        "type": type_of(code),
        "title": title, "status": status, "detail": detail, "instance": "/api/…", "error": detail, "code": code,
    });
    if !pointer.is_empty() {
        problem["errors"] = json!([{ "pointer": pointer, "code": code, "detail": detail }]);
    }
    problem
}

/// A refusal's examples stand in `all`, once for every operation that has them.
fn refusal(status: u16, cases: BTreeMap<String, Refusal>, all: &mut Map<String, Value>) -> Value {
    let codes: BTreeSet<String> = cases.values().filter_map(|case| case.problem["code"].as_str()).map(ToOwned::to_owned).collect();
    let mut examples = Map::new();
    for (case, Refusal { example, problem }) in cases {
        examples.insert(case, json!({ "$ref": format!("#/components/examples/{example}") }));
        all.insert(example, json!({ "value": problem }));
    }
    let mut headers = json!({ "X-Request-Id": { "$ref": "#/components/headers/RequestId" } });
    if status == 409 || status == 503 {
        headers["Retry-After"] = json!({ "$ref": "#/components/headers/RetryAfter" });
    }
    json!({
        "description": codes.iter().map(|code| format!("`{code}`")).collect::<Vec<_>>().join(" · "),
        "headers": headers,
        "content": { "application/problem+json": {
            "schema": { "allOf": [
                { "$ref": "#/components/schemas/Problem" },
                { "type": "object", "properties": { "code": { "type": "string", "enum": codes, "description": "What is wrong, stable." } } },
            ] },
            "examples": examples,
        } },
    })
}

/// The answers that are no operation's: to a method that a path doesn't take, and of whoever stands in front.
pub(super) fn answers_of_no_operation() -> Value {
    let not_allowed = refusal_of("METHOD_NOT_ALLOWED").map(|(.., refusal)| refusal.problem);
    json!({
        "MethodNotAllowed": {
            "description": "405 `METHOD_NOT_ALLOWED`, at every path for every method that isn't here.",
            "headers": {
                "X-Request-Id": { "$ref": "#/components/headers/RequestId" },
                "Allow": { "$ref": "#/components/headers/Allow" },
            },
            "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" }, "example": not_allowed } },
        },
        "OfTheGateway": {
            "description": "429, 413 or 5xx of API Gateway, to what never reached the shop, or was not answered in time. It is no problem and has no code.",
            "content": { "application/json": {
                "schema": {
                    "type": "object",
                    "properties": { "message": { "type": "string", "description": "The status, in words." } },
                },
                "example": { "message": "Too Many Requests" },
            } },
        },
    })
}

/// What is wrong with any query parameter.
const TWICE: &str = "is there more than once";

/// What an operation reads as a text, a truth or a time, and its query parameters, which may be there once: where each is, and what
/// may be wrong with it. Its own code says so.
fn own_codes(operation: &Value, schemas: &Value) -> BTreeMap<String, (String, &'static str)> {
    let mut found = BTreeMap::new();
    for content in operation["requestBody"]["content"].as_object().into_iter().flatten().map(|(_, content)| content) {
        plain_fields(&content["schema"], "", schemas, &mut found);
    }
    for parameter in operation["parameters"].as_array().into_iter().flatten().filter(|parameter| parameter["in"] == "query") {
        if let Some(name) = parameter["name"].as_str() {
            found.entry(name.to_owned()).or_insert_with(|| (format!("/{name}"), TWICE));
        }
    }
    found
}

fn plain_fields(schema: &Value, pointer: &str, schemas: &Value, found: &mut BTreeMap<String, (String, &'static str)>) {
    if let Some(reference) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        return plain_fields(&schemas[reference], pointer, schemas, found);
    }
    let name = pointer.rsplit('/').find(|step| *step != "0").unwrap_or_default();
    let kinds = schema["type"].to_string();
    let reason = if name.ends_with("Date") || name == "estimatedDelivery" {
        Some("must be a time in epoch milliseconds")
    } else if kinds.contains("boolean") {
        Some("must be true or false")
    } else if kinds.contains("string") && schema["enum"].is_null() {
        Some("must be a text")
    } else {
        None
    };
    if let Some(reason) = reason.filter(|_| !name.is_empty() && !OF_AN_ITEM.contains(&name)) {
        found.entry(name.to_owned()).or_insert_with(|| (pointer.to_owned(), reason));
    }
    for several in ["oneOf", "allOf"] {
        schema[several].as_array().into_iter().flatten().for_each(|one| plain_fields(one, pointer, schemas, found));
    }
    if schema["items"].is_object() {
        plain_fields(&schema["items"], &format!("{pointer}/0"), schemas, found);
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        plain_fields(property, &format!("{pointer}/{name}"), schemas, found);
    }
}
