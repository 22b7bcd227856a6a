//! What operations share: the problem, and the parameters and headers of versions, keys and pages.

use super::{operations, rules};
use domain::ids::MAX_ID;
use serde_json::{Value, json};

/// Completes the components.
pub(super) fn components(components: &mut Value) {
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
            "valid": { "type": "boolean" },
            "errorCode": { "type": "string" },
            "line": { "type": "integer", "description": "With `INVALID_TEMPLATE`: where, from 1." },
            "column": { "type": "integer", "description": "With `INVALID_TEMPLATE`: where in the line, from 1." },
        },
    });
    components["schemas"]["Currency"] = rules::currency();
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
            "name": "Idempotency-Key", "in": "header", "required": false,
            "description": "New for each request, such as a UUID: once a request with a key has succeeded, the same key with the same request answers that success again, for 24 hours; with another request it is 422. Keys are per caller.",
            "schema": { "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$" },
        },
        "IfMatch": {
            "name": "If-Match", "in": "header", "required": false,
            "description": "The `ETag` of the record that was seen (`\"7\"`), a list of them, or `*`; 412 when it has changed since, and for what is no `ETag`.",
            "schema": { "type": "string", "examples": ["*"] },
        },
    });
    components["headers"] = json!({
        "RequestId": { "description": "The client's own `X-Request-Id` when it is sane, else one of ours.", "required": true, "schema": { "type": "string" } },
        "ETag": { "description": "The version of a single record, in quotes; a list has none.", "schema": { "type": "string", "examples": ["\"7\""] } },
        "Link": { "description": "Where the next page is; absent on the last one.", "schema": { "type": "string", "examples": ["</api/orders?cursor=AAAB>; rel=\"next\""] } },
        "NextCursor": { "description": "The `cursor` of the next page; absent on the last one.", "schema": { "type": "string" } },
        "Replayed": { "description": "There when the answer is an earlier one, given again.", "schema": { "type": "string", "enum": ["true"] } },
        "Allow": { "description": "The methods that the path takes.", "required": true, "schema": { "type": "string", "examples": ["GET,HEAD,POST"] } },
        "RetryAfter": { "description": "In how many seconds to try again.", "schema": { "type": "string", "examples": ["1"] } },
    });
    components["responses"] = operations::answers_of_no_operation();
    for (name, schema) in components["schemas"].as_object_mut().into_iter().flatten() {
        if schema["type"] == "integer" && (name.ends_with("Id") || name == "Timestamp") {
            schema["minimum"] = json!(u8::from(name != "Timestamp"));
            schema["maximum"] = json!(MAX_ID);
        }
    }
}
