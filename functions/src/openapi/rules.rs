//! What a request may say, beyond the types of its fields: how long, how much, of what form, and which fields go together.
//! The readers decide; schemathesis, which draws requests on both sides of every line here, holds this against them.

use domain::ids::MAX_ID;
use domain::money::{Currency, MAX_MINOR};
use serde_json::{Value, json};

/// What a field or a parameter may be.
pub(super) enum May {
    /// A text of at most so many characters.
    Text(u64),
    /// The same, of a form.
    Form(u64, &'static str),
    /// An amount of at least nothing, of some currency.
    Amount,
    /// An amount of more than nothing.
    Positive,
    /// A weight that is more than nothing and a tonne at most, once it is rounded to the gram.
    Kilograms,
    /// A whole number from and to.
    Whole(i64, i64),
    /// So many values, at least and at most.
    Many(u64, u64),
    /// A currency's code.
    Currency,
    /// What this JSON Schema says.
    Be(&'static str),
}

use May::{Amount, Be, Form, Kilograms, Many, Positive, Text, Whole};

const NO_CONTROL: &str = r"^[^\u0000-\u001f\u007f-\u009f]*$";
const NO_CONTROL_BUT_LINES: &str = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$";
const TEMPLATE_CODE: &str = "^[A-Za-z][A-Za-z0-9_]*$";
const PROMOTION_CODE: &str = r"^[\p{L}\p{M}\p{N}._-]+$";
const TRACKING_NUMBER: &str = "^[A-Za-z0-9 -]*[0-9][A-Za-z0-9 -]*$";
const LINK: &str = r"^https?://[!#-;=?-\[\]_a-z~]+$";
const VARIABLES: &str = r#"{"maxItems": 100, "items": {"type": "string", "maxLength": 200, "pattern": "^[A-Za-z_][A-Za-z0-9_]{0,63}([.][A-Za-z_][A-Za-z0-9_]{0,63})*$"}}"#;

/// `Schema.field`, or `operation.parameter`.
#[rustfmt::skip]
pub(super) const FIELDS: &[(&str, May)] = &[
    ("PlaceBody.items", Many(1, 1_000)),
    ("PlaceBody.deliveryZone", Text(100)),
    ("PlaceBody.deliveryFee", Amount),
    ("PlaceBody.paymentReference", Text(255)),
    ("PlaceBody.promotionCode", Text(64)),
    ("PlaceBody.currency", May::Currency),
    ("PlaceBody.notes", Text(2_000)),
    ("CustomerBody.firstName", Text(100)),
    ("CustomerBody.lastName", Text(100)),
    ("CustomerBody.email", Be(r#"{"maxLength": 254, "format": "email"}"#)),
    ("CustomerBody.phone", Text(40)),
    ("CustomerBody.locale", Be(r#"{"pattern": "^([fF][rR]|[eE][nN])([-_].*)?$"}"#)),
    ("AddressPartsBody.street", Text(200)),
    ("AddressPartsBody.city", Text(100)),
    ("AddressPartsBody.state", Text(100)),
    ("AddressPartsBody.zipCode", Text(20)),
    ("AddressPartsBody.country", Text(100)),
    ("StatusBody.note", Text(500)),
    ("PaymentBody.reference", Text(255)),
    ("CancelBody.reason", Text(500)),
    ("CancelBody.notes", Text(2_000)),

    ("NewRefundBody.amount", Positive),
    ("NewRefundBody.items", Many(1, 50)),
    ("NewRefundBody.reason", Text(500)),
    ("RefundedItemBody.quantity", Whole(1, 1_000_000)),
    ("RefundBody.transactionReference", Text(255)),
    ("RefundBody.notes", Text(2_000)),

    ("ReturnRequestBody.reason", Text(500)),
    ("ReturnRequestBody.description", Text(2_000)),
    ("ReturnRequestBody.items", Many(1, 100)),
    ("ReturnStepBody.notes", Text(2_000)),
    ("ReturnStepBody.items", Many(0, 100)),
    ("ReturnStepBody.restockingFee", Amount),
    ("ReturnStepBody.returnShippingFee", Amount),

    ("ShipmentBody.service", Text(50)),
    ("ShipmentBody.recipientName", Text(100)),
    ("ShipmentBody.recipientPhone", Text(40)),
    ("ShipmentBody.weight", Kilograms),
    ("ShipmentBody.cost", Amount),
    ("ShipmentBody.items", Many(1, 50)),
    ("ShippingAddressBody.street", Text(200)),
    ("ShippingAddressBody.city", Text(100)),
    ("ShippingAddressBody.state", Text(100)),
    ("ShippingAddressBody.zipCode", Text(20)),
    ("ShippingAddressBody.country", Text(100)),
    ("ShipmentChangeBody.trackingNumber", Form(40, TRACKING_NUMBER)),
    ("ShipmentChangeBody.labelUrl", Form(2_000, LINK)),
    ("ShipmentChangeBody.weight", Kilograms),
    ("ShipmentChangeBody.cost", Amount),

    ("PromotionBody.code", Form(50, PROMOTION_CODE)),
    ("PromotionBody.name", Text(100)),
    ("PromotionBody.description", Text(500)),
    ("PromotionBody.value", Amount),
    ("PromotionBody.minOrderValue", Amount),
    ("PromotionBody.maxDiscount", Positive),
    ("PromotionBody.usageLimit", Whole(1, 1_000_000_000)),
    ("PromotionBody.perUserLimit", Whole(1, 1_000_000_000)),
    ("PromotionBody.startDate", Whole(0, GREATEST)),
    ("PromotionBody.endDate", Whole(0, GREATEST)),
    ("PromotionBody.currency", May::Currency),
    ("PromotionPatchBody.code", Form(50, PROMOTION_CODE)),
    ("PromotionPatchBody.name", Text(100)),
    ("PromotionPatchBody.description", Text(500)),
    ("PromotionPatchBody.value", Amount),
    ("PromotionPatchBody.minOrderValue", Amount),
    ("PromotionPatchBody.maxDiscount", Positive),
    ("PromotionPatchBody.usageLimit", Whole(1, 1_000_000_000)),
    ("PromotionPatchBody.perUserLimit", Whole(1, 1_000_000_000)),
    ("PromotionPatchBody.startDate", Whole(0, GREATEST)),
    ("PromotionPatchBody.endDate", Whole(0, GREATEST)),
    ("PromotionPatchBody.currency", May::Currency),
    ("ValidateBody.code", Text(200)),
    ("ValidateBody.orderTotal", Amount),
    ("ValidateBody.deliveryFee", Amount),
    ("ValidateBody.currency", May::Currency),

    ("VariantBody.sku", Text(100)),
    ("VariantBody.productName", Text(200)),
    ("VariantBody.size", Text(50)),
    ("VariantBody.color", Text(50)),
    ("VariantBody.price", Amount),
    ("VariantBody.currency", May::Currency),
    ("VariantBody.stockQuantity", Whole(0, 1_000_000_000)),
    ("AdjustBody.quantityChange", Be(r#"{"minimum": -1000000000, "maximum": 1000000000, "not": {"const": 0}}"#)),
    ("AdjustBody.reason", Text(500)),
    ("AdjustBody.changeType", Be(r#"{"not": {"const": "SALE"}}"#)),

    ("RedeemBody.amount", Positive),
    ("RedeemBody.currency", May::Currency),
    ("RedeemBody.note", Text(500)),

    ("NewTemplateBody.code", Form(64, TEMPLATE_CODE)),
    ("NewTemplateBody.name", Text(100)),
    ("NewTemplateBody.subject", Form(250, NO_CONTROL)),
    ("NewTemplateBody.htmlContent", Form(102_400, NO_CONTROL_BUT_LINES)),
    ("NewTemplateBody.textContent", Form(51_200, NO_CONTROL_BUT_LINES)),
    ("NewTemplateBody.variables", Be(VARIABLES)),
    ("TemplateBody.code", Form(64, TEMPLATE_CODE)),
    ("TemplateBody.name", Text(100)),
    ("TemplateBody.subject", Form(250, NO_CONTROL)),
    ("TemplateBody.htmlContent", Form(102_400, NO_CONTROL_BUT_LINES)),
    ("TemplateBody.textContent", Form(51_200, NO_CONTROL_BUT_LINES)),
    ("TemplateBody.variables", Be(VARIABLES)),
    ("PreviewBody.code", Form(64, TEMPLATE_CODE)),
    ("PreviewBody.version", Whole(0, i64::MAX)),
    ("ResendBody.note", Text(500)),

    ("findOrders.orderNumber", Text(64)),
    ("findReturns.rmaNumber", Text(64)),
    ("findShipments.trackingNumber", Text(80)),
    ("findVariants.sku", Text(100)),
    ("findPromotions.code", Text(200)),
    ("findEmailTemplates.code", Form(64, TEMPLATE_CODE)),
    ("cursor", Form(11, "^[A-Za-z0-9_-]{10}[AEIMQUYcgkosw048]$")),
    ("getDocsFile.file", Be(r#"{"enum": ["swagger-ui-bundle.js", "swagger-ui.css", "start.js"]}"#)),
];

/// The greatest whole number that every JSON reader keeps exactly.
const GREATEST: i64 = MAX_ID.cast_signed();

/// The fields of a change that can't be cleared: they may be left out, and are never null.
#[rustfmt::skip]
const NEVER_NULL: &[(&str, &[&str])] = &[
    ("RefundBody", &["status"]),
    ("ShipmentChangeBody", &["status"]),
    ("PromotionPatchBody", &["code", "name", "type", "startDate", "endDate", "currency", "isActive"]),
    ("VariantBody", &["productId", "sku", "productName", "price"]),
    ("TemplateBody", &["code", "name", "subject", "htmlContent", "locale", "isActive"]),
];

/// Which fields of a schema go together.
#[rustfmt::skip]
const TOGETHER: &[(&str, &str)] = &[
    ("PlaceBody", r#"{"if": {"properties": {"deliveryMethod": {"const": "HOME_DELIVERY"}}},
        "then": {"required": ["deliveryAddress"], "properties": {"deliveryAddress": {"not": {"type": "null"}}}}}"#),
    ("StatusBody", r#"{"if": {"properties": {"newStatus": {"const": "CANCELLED"}}},
        "then": {"required": ["note"], "properties": {"note": {"type": "string", "pattern": "\\S"}}}}"#),
    ("NewRefundBody", r#"{"not": {"required": ["amount", "items"], "properties": {"amount": {"type": "number"}, "items": {"type": "array"}}}}"#),
    ("RefundBody", r#"{"minProperties": 1}"#),
    ("ReturnStepBody", r#"{"if": {"properties": {"status": {"const": "REJECTED"}}},
        "then": {"required": ["notes"], "properties": {"notes": {"type": "string", "pattern": "\\S"}}}}"#),
    ("ShipmentChangeBody", r#"{"minProperties": 1}"#),
    ("PromotionBody", r#"{"allOf": [
        {"if": {"properties": {"type": {"const": "PERCENTAGE"}}},
            "then": {"required": ["value"], "properties": {"value": {"type": "number", "exclusiveMinimum": 0, "maximum": 100, "multipleOf": 0.01}}}},
        {"if": {"properties": {"type": {"const": "FIXED_AMOUNT"}}},
            "then": {"required": ["value"], "properties": {"value": {"type": "number", "exclusiveMinimum": 0}}}}]}"#),
    ("PromotionPatchBody", r#"{"minProperties": 1}"#),
    ("VariantBody", r#"{"if": {"required": ["id"], "properties": {"id": {"type": "integer"}}},
        "then": {"properties": {"isActive": {"type": "boolean"}}, "if": {"not": {"required": ["price"]}}, "then": {"properties": {"currency": {"type": "null"}}}},
        "else": {"required": ["productId", "sku", "productName", "price"]}}"#),
    ("TemplateBody", r#"{"minProperties": 1}"#),
];

/// Completes the schema of a request's body.
pub(super) fn complete(name: &str, schema: &mut Value) {
    let required: Vec<String> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    let kept = NEVER_NULL.iter().find(|(of, _)| *of == name).map_or(&[][..], |(_, fields)| *fields);
    for (field, property) in schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
        let never_null = kept.contains(&field.as_str());
        if never_null {
            *property = not_null(property.take());
        }
        let is_there = never_null || required.contains(field);
        let row = FIELDS.iter().find(|(key, _)| *key == format!("{name}.{field}"));
        if let Some((_, may)) = row {
            may.say(property, is_there);
        }
    }
    if let Some((_, rule)) = TOGETHER.iter().find(|(of, _)| *of == name) {
        merge(schema, serde_json::from_str(rule).unwrap_or_default());
    }
}

/// Completes the schema of a parameter.
pub(super) fn complete_parameter(operation: &str, parameter: &mut Value) {
    let name = parameter["name"].as_str().unwrap_or_default().to_owned();
    let own = format!("{operation}.{name}");
    if let Some((_, may)) = FIELDS.iter().find(|(key, _)| *key == own || *key == name) {
        may.say(&mut parameter["schema"], true);
    }
}

/// The codes of currencies.
pub(super) fn currency() -> Value {
    json!({ "type": "string", "enum": Currency::codes().collect::<Vec<_>>(), "description": "ISO 4217." })
}

impl May {
    /// Says so in a schema; where the value must be there, a text of nothing but white space is as good as none.
    fn say(&self, schema: &mut Value, is_there: bool) {
        let blank = |form: &str| if is_there { form.to_owned() } else { format!(r"^\s*$|{form}") };
        let said = match self {
            Text(most) if is_there => json!({ "maxLength": most, "pattern": r"\S" }),
            Text(most) => json!({ "maxLength": most }),
            Form(most, form) => json!({ "minLength": u64::from(is_there), "maxLength": most, "pattern": blank(form) }),
            // In the finest unit and up to the greatest number that any currency has.
            Amount => json!({ "minimum": 0, "maximum": MAX_MINOR, "multipleOf": 0.001 }),
            Positive => json!({ "exclusiveMinimum": 0, "maximum": MAX_MINOR, "multipleOf": 0.001 }),
            // Half a gram is rounded to the even one: down to none, and down to a tonne.
            Kilograms => json!({ "exclusiveMinimum": 0.0005, "maximum": 1000.0005 }),
            Whole(least, most) => json!({ "minimum": least, "maximum": most }),
            Many(least, most) => json!({ "minItems": least, "maxItems": most }),
            Self::Currency => return to_currency(schema),
            Be(said) => serde_json::from_str(said).unwrap_or_default(),
        };
        merge(schema, said);
    }
}

fn to_currency(schema: &mut Value) {
    let description = schema["description"].take();
    let currency = json!({ "$ref": "#/components/schemas/Currency" });
    let is_nullable = schema["type"].is_array();
    *schema = if is_nullable { json!({ "oneOf": [currency, { "type": "null" }] }) } else { currency };
    if description.is_string() {
        schema["description"] = description;
    }
}

/// A schema that null doesn't fit; what it says beside its type stays.
fn not_null(mut schema: Value) -> Value {
    let is_null = |kind: &Value| kind == "null" || kind["type"] == "null";
    if let Some(one) = schema["oneOf"].as_array().and_then(|several| several.iter().find(|one| !is_null(one))).cloned() {
        schema.as_object_mut().map(|schema| schema.remove("oneOf"));
        merge(&mut schema, one);
    } else if let Some(kind) = schema["type"].as_array().and_then(|kinds| kinds.iter().find(|kind| !is_null(kind))).cloned() {
        schema["type"] = kind;
    }
    schema
}

fn merge(schema: &mut Value, more: Value) {
    if let (Value::Object(schema), Value::Object(more)) = (schema, more) {
        schema.extend(more);
    }
}
