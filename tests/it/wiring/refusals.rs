//! The refusals that the document shows, against those that are answered: the same members, and of the domain the same sentences.

use super::completeness::{code_alone, screaming};
use super::openapi::{document, operations, resolved, signature};
use super::{file, none};
use crate::kit::{Answer, Caller, LocalShop, tokens};
use api::Problem;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request};
use axum::routing::get;
use domain::actor::Role;
use domain::credit::{InsufficientCredit, RedeemError};
use domain::ids::{OrderItemId, VariantId};
use domain::inventory::InventoryError;
use domain::money::{Currency, Money};
use domain::notification::ResendError;
use domain::order::{AdvanceError, CancelError, NoSuchLine, OrderStatus, PaymentError, PaymentStatus, PlaceError, SpendError};
use domain::promotion::{NotRedeemable, PromotionCode, UpdateError, WrongTerm};
use domain::refund::{MethodError, RefundError, RefundMethod, RefundRequestError, RefundStatus, RoomError};
use domain::returns::{RequestError, ReturnStatus, StepError, WrongField};
use domain::shipment::{ShipError, ShipmentError, ShipmentStatus, TrackingNumber};
use domain::template::TemplateError;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tower::ServiceExt;

/// What a problem is made of: its members, and those of its first wrong field.
type Shape = (BTreeSet<String>, BTreeSet<String>);

fn shape(problem: &Value) -> Shape {
    let members = |value: &Value| value.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
    (members(problem), members(&problem["errors"][0]))
}

/// A problem as a client gets it.
async fn answered(shop: &LocalShop, problem: Problem) -> Value {
    let route = get(move || std::future::ready(problem.clone()));
    let app = api::serve::app(Router::new().route("/api/refused", route), shop.system.workers.shop.clone());
    let answer = app.oneshot(Request::get("/api/refused").body(Body::empty()).expect("a request")).await.expect("an answer");
    let body = to_bytes(answer.into_body(), usize::MAX).await.expect("a body");
    serde_json::from_slice(&body).expect("JSON")
}

fn sku() -> String {
    "ROBE-M-NOIR".to_owned()
}

fn save20() -> PromotionCode {
    PromotionCode::parse("SAVE20").expect("a code")
}

fn cdf() -> Currency {
    Currency::parse("CDF").expect("a currency")
}

fn usd() -> Currency {
    Currency::parse("USD").expect("a currency")
}

fn line() -> OrderItemId {
    OrderItemId::new(123).expect("an id")
}

fn no_such_line() -> Vec<NoSuchLine> {
    vec![NoSuchLine { place: 0, line: line() }]
}

fn spending(error: SpendError) -> Problem {
    RedeemError::from(error).into()
}

/// An error for each code of the domain, by the example that it is shown as.
fn of_the_domain() -> Vec<(&'static str, Problem)> {
    let (from, to) = (OrderStatus::Pending, OrderStatus::Shipped);
    let variant = VariantId::new(123).expect("an id");
    let number = TrackingNumber::parse("MLA0000017").expect("a number");
    vec![
        ("409.INVALID_STATUS_TRANSITION", AdvanceError { from, to }.into()),
        ("404.VARIANT_NOT_FOUND", PlaceError::VariantNotFound(variant).into()),
        ("409.VARIANT_INACTIVE", PlaceError::VariantInactive(sku()).into()),
        ("409.CURRENCY_MISMATCH", PlaceError::CurrencyMismatch { sku: sku(), priced: cdf(), ordered: usd() }.into()),
        ("409.INSUFFICIENT_STOCK", PlaceError::InsufficientStock { sku: sku(), asked: 3, left: 2 }.into()),
        ("409.DELIVERY_FEE_MISMATCH", PlaceError::DeliveryFeeMismatch { place: "for Gombe".to_owned(), fee: Money::usd(5_00) }.into()),
        ("409.PAYMENT_REFERENCE_USED", PlaceError::PaymentReferenceUsed("MP-240105-77".to_owned()).into()),
        ("400.INVALID_AMOUNT-of-a-total", PlaceError::TotalTooLarge.into()),
        ("409.USAGE_LIMIT_REACHED", PlaceError::Promotion(NotRedeemable::UsageLimitReached(save20())).into()),
        ("409.USER_LIMIT_REACHED", PlaceError::Promotion(NotRedeemable::UserLimitReached(save20())).into()),
        ("404.INVALID_CODE", NotRedeemable::InvalidCode("SAVE20".to_owned()).into()),
        ("400.INACTIVE_PROMOTION", NotRedeemable::Inactive(save20()).into()),
        ("400.NOT_STARTED", NotRedeemable::NotStarted(save20()).into()),
        ("400.EXPIRED", NotRedeemable::Expired(save20()).into()),
        ("409.CURRENCY_MISMATCH-of-a-promotion", NotRedeemable::CurrencyMismatch { code: save20(), offered: cdf(), ordered: usd() }.into()),
        ("400.MIN_ORDER_NOT_MET", NotRedeemable::MinOrderNotMet { code: save20(), least: Money::usd(100_00) }.into()),
        ("400.USAGE_LIMIT_REACHED", NotRedeemable::UsageLimitReached(save20()).into()),
        ("400.USER_LIMIT_REACHED", NotRedeemable::UserLimitReached(save20()).into()),
        ("409.CODE_IMMUTABLE", UpdateError::CodeImmutable(save20()).into()),
        ("400.INVALID_PERCENTAGE", UpdateError::Terms(vec![WrongTerm::Percentage]).into()),
        ("400.INVALID_VALUE", UpdateError::Terms(vec![WrongTerm::FixedAmount]).into()),
        ("400.INVALID_METHOD", MethodError::NotPaidSo(RefundMethod::Card).into()),
        ("409.ALREADY_CANCELLED", CancelError::AlreadyCancelled.into()),
        ("409.CANNOT_CANCEL", CancelError::CannotCancel(OrderStatus::Shipped).into()),
        ("409.REFUND_IN_PROGRESS", RefundError::InProgress.into()),
        ("409.REFUND_EXCEEDS_PAID", RoomError::ExceedsPaid { asked: Money::usd(10_00), left: Money::usd(0) }.into()),
        ("400.INVALID_ORDER_ITEMS", ShipError::NoSuchLines(no_such_line()).into()),
        ("409.ORDER_NOT_SHIPPABLE", ShipError::NotShippable(OrderStatus::Pending).into()),
        ("409.BOOKING_IN_PROGRESS", ShipmentError::BookingInProgress.into()),
        ("409.TRACKING_NUMBER_USED", ShipmentError::NumberUsed(number).into()),
        ("409.ORDER_NOT_DELIVERED", RequestError::NotDelivered(OrderStatus::Pending).into()),
        ("409.RETURN_WINDOW_CLOSED", RequestError::WindowClosed(30).into()),
        ("409.QUANTITY_NOT_RETURNABLE", RequestError::NotReturnable { sku: sku(), asked: 2, left: 1 }.into()),
        ("409.DUPLICATE_SKU", InventoryError::DuplicateSku(sku()).into()),
        ("409.NOTIFICATION_BEING_SENT", ResendError::BeingSent.into()),
        ("409.INSUFFICIENT_CREDIT", RedeemError::from(InsufficientCredit { balance: Money::usd(5_00), asked: Money::usd(10_00) }).into()),
        ("409.ORDER_NOT_PAYABLE", spending(SpendError::NotPayable { status: OrderStatus::Cancelled, payment: PaymentStatus::Voided })),
        ("409.CREDIT_EXCEEDS_DUE", spending(SpendError::ExceedsDue { due: Money::usd(5_00), asked: Money::usd(10_00) })),
        ("409.CURRENCY_MISMATCH-of-store-credit", spending(SpendError::CurrencyMismatch { ordered: usd(), offered: cdf() })),
        ("409.CONFLICT", Problem::race()),
        ("401.UNAUTHORIZED", Problem::unauthorized("A bearer token is needed.")),
        ("401.INVALID_SIGNATURE", Problem::invalid_signature()),
        ("500.INTERNAL_ERROR", Problem::internal("the vault's code is 1234")),
        ("503.INTERNAL_ERROR", Problem::unavailable("the vault's code is 1234")),
    ]
}

/// Further errors of the same codes: another sentence, and the same members.
fn others_of_the_domain() -> Vec<(&'static str, Problem)> {
    let promotion = |wrong| UpdateError::Terms(vec![wrong]).into();
    vec![
        (
            "409.INVALID_STATUS_TRANSITION",
            PaymentError::InvalidTransition { from: PaymentStatus::Voided, to: PaymentStatus::Paid, allowed: &[] }.into(),
        ),
        (
            "409.INVALID_STATUS_TRANSITION",
            RefundError::InvalidTransition { from: RefundStatus::Completed, to: RefundStatus::Failed }.into(),
        ),
        (
            "409.INVALID_STATUS_TRANSITION",
            ShipmentError::InvalidTransition { from: ShipmentStatus::Failed, to: ShipmentStatus::Pending, allowed: vec![] }.into(),
        ),
        (
            "409.INVALID_STATUS_TRANSITION",
            StepError::InvalidTransition { from: ReturnStatus::Completed, to: ReturnStatus::Approved }.into(),
        ),
        (
            "409.DELIVERY_FEE_MISMATCH",
            PlaceError::DeliveryFeeCurrency { place: "for Gombe".to_owned(), fee: Money::usd(5_00), ordered: cdf() }.into(),
        ),
        ("409.DELIVERY_FEE_MISMATCH", PlaceError::UnknownZone { zones: "Gombe, Limete".to_owned() }.into()),
        ("400.INVALID_ORDER_ITEMS", RefundRequestError::NoSuchLines(no_such_line()).into()),
        ("400.INVALID_ORDER_ITEMS", RequestError::NoSuchLines(no_such_line()).into()),
        ("400.INVALID_ORDER_ITEMS", RoomError::NoSuchItem(line()).into()),
        ("400.INVALID_ORDER_ITEMS", StepError::Fields(vec![WrongField::NotInReturn { place: 0, line: line() }]).into()),
        ("400.INVALID_ITEM", StepError::Fields(vec![WrongField::NotCounted { place: 0 }]).into()),
        ("400.INVALID_AMOUNT", StepError::Fields(vec![WrongField::NotKept { field: "restockingFee" }]).into()),
        ("400.MISSING_REQUIRED_FIELDS", ShipmentError::NumberMissing.into()),
        ("409.INSUFFICIENT_STOCK", InventoryError::InsufficientStock { sku: sku(), left: 1, change: -2 }.into()),
        ("400.INVALID_QUANTITY_CHANGE", InventoryError::TooManyPieces { sku: sku(), left: 1 }.into()),
        ("409.INSUFFICIENT_STOCK", StepError::SoldAgain { sku: sku(), needed: 2, left: 1 }.into()),
        ("409.QUANTITY_NOT_RETURNABLE", StepError::MoreThanAsked { sku: sku(), received: 2, asked: 1 }.into()),
        ("409.CODE_IMMUTABLE", TemplateError::CodeImmutable.into()),
        ("400.MISSING_REQUIRED_FIELDS", promotion(WrongTerm::ValueMissing)),
        ("400.INVALID_AMOUNT", promotion(WrongTerm::NoDiscount)),
        ("400.INVALID_DATE_RANGE", promotion(WrongTerm::DateRange)),
    ]
}

#[tokio::test]
async fn every_refusal_of_the_domain_is_shown_as_it_is_answered() {
    let shop = LocalShop::without_pumps().await;
    let document = document();
    let (mut complaints, mut codes) = (Vec::new(), BTreeSet::new());
    for (name, problem) in of_the_domain() {
        let mut answer = answered(&shop, problem).await;
        codes.insert(answer["code"].as_str().expect("a code").to_owned());
        let shown = &document["components"]["examples"][name]["value"];
        answer["instance"] = shown["instance"].clone();
        if answer != *shown {
            complaints.push(format!("functions/src/openapi/codes.rs shows {name} as\n    {shown}, and it is answered as\n    {answer}"));
        }
    }
    for (name, problem) in others_of_the_domain() {
        let (answer, shown) = (answered(&shop, problem).await, &document["components"]["examples"][name]["value"]);
        if shape(&answer) != shape(shown) {
            complaints.push(format!("functions/src/openapi/codes.rs shows {name} as\n    {shown}, and another answer is\n    {answer}"));
        }
    }
    let source = code_alone(&file("shared/api/src/problem/refusals.rs"));
    let elsewhere = |code: &str| others_of_the_domain().iter().any(|(name, _)| name.ends_with(code)) || code == "DUPLICATE_CODE";
    let forgotten = screaming(&source).into_iter().map(|(_, code)| code).filter(|code| !codes.contains(*code) && !elsewhere(code));
    complaints.extend(forgotten.map(|code| format!("this test has no error of {code}, which shared/api/src/problem/refusals.rs has")));
    none(&complaints);
}

/// A request that is wrong somewhere.
struct Spoilt {
    by: Caller,
    path: String,
    body: Option<Vec<u8>>,
}

/// What stands in the wrong place: of every type, too small, too large, too long, too many.
fn misplaced() -> Vec<Value> {
    let numbers = [json!(-1), json!(0), json!(0.001), json!(1_900_000_000_000_u64), json!(9.9e15)];
    let texts = [json!("x"), json!("2"), json!("{{#"), json!("x".repeat(3000))];
    let others = [Value::Null, json!(true), json!({}), json!([]), json!([1]), Value::Array(vec![json!({}); 1001])];
    numbers.into_iter().chain(texts).chain(others).collect()
}

/// The places of a body, those that its example leaves out as well.
fn places(document: &Value, schema: &Value, pointer: &str, found: &mut BTreeSet<String>) {
    let schema = resolved(document, schema);
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let pointer = format!("{pointer}/{name}");
        places(document, property, &pointer, found);
        found.insert(pointer);
    }
    if schema["items"].is_object() {
        places(document, &schema["items"], &format!("{pointer}/0"), found);
    }
}

/// A body with a value at a place, and whatever has to be there for it; nothing where something else is.
fn with(body: &Value, pointer: &str, value: Value) -> Option<Value> {
    let mut body = body.clone();
    let mut at = &mut body;
    for step in pointer.split('/').skip(1) {
        if at.is_null() {
            *at = if step == "0" { json!([null]) } else { json!({}) };
        }
        at = match at {
            Value::Array(items) => items.get_mut(step.parse::<usize>().ok()?)?,
            Value::Object(members) => members.entry(step).or_insert(Value::Null),
            _ => return None,
        };
    }
    *at = value;
    Some(body)
}

/// A body, and that body with each other word where it has one of several: what else is read may depend on it.
fn kinds(document: &Value, schema: &Value, right: &Value) -> Vec<Value> {
    let properties = resolved(document, schema)["properties"].as_object();
    let others = properties.into_iter().flatten().flat_map(|(name, property)| {
        let words = resolved(document, property)["enum"].as_array().filter(|_| !right[name].is_null());
        words.into_iter().flatten().filter_map(|word| with(right, &format!("/{name}"), word.clone())).collect::<Vec<_>>()
    });
    [right.clone()].into_iter().chain(others).collect()
}

/// Every place of a request spoilt, one at a time.
fn spoilt(shop: &LocalShop, document: &Value, path: &str, operation: &Value) -> Vec<Spoilt> {
    let admin = shop.admin();
    let with_parameters =
        |value: &str| path.split('/').map(|part| if part.starts_with('{') { value } else { part }).collect::<Vec<_>>().join("/");
    let path = with_parameters("1");
    let queries = operation["parameters"].as_array().into_iter().flatten().filter(|parameter| parameter["in"] == "query");
    let queries: Vec<&str> = queries.filter_map(|parameter| parameter["name"].as_str()).collect();
    let content = &operation["requestBody"]["content"]["application/json"];
    let right = content["example"].clone();
    let selected = if queries.contains(&"id") && !right.is_null() { format!("{path}?id=1") } else { path.clone() };
    let bytes = |body: &Value| (!body.is_null()).then(|| body.to_string().into_bytes());
    let sent = |by: &Caller, path: &str| Spoilt { by: by.clone(), path: path.to_owned(), body: bytes(&right) };
    let callers = [shop.nobody(), shop.customer(4001), shop.customer(4002), admin.clone(), admin.clone().key(&"x".repeat(300))];
    let mut all: Vec<Spoilt> = callers.iter().map(|by| sent(by, &selected)).collect();
    all.push(sent(&admin, &with_parameters("x")));
    let each = queries.iter().flat_map(|name| [format!("{name}=x"), format!("{name}=1"), format!("{name}=1&{name}=1"), format!("{name}=")]);
    let more = ["page=1", "offset=1", "limit=0", "startDate=2&endDate=1"].map(str::to_owned);
    all.extend(each.chain(more).map(|query| sent(&admin, &format!("{path}?{query}"))));
    if right.is_null() {
        return all;
    }
    all.push(sent(&admin.clone().header("content-type", "text/plain"), &selected));
    let mut pointers = BTreeSet::from(["/colour".to_owned()]);
    places(document, &content["schema"], "", &mut pointers);
    let kinds = kinds(document, &content["schema"], &right);
    let changed = kinds
        .iter()
        .flat_map(|right| pointers.iter().flat_map(|pointer| misplaced().into_iter().filter_map(|value| with(right, pointer, value))));
    let broken = [&b"{"[..], b"[]", b"{}", b""].map(<[u8]>::to_vec);
    let bodies = broken.into_iter().chain(changed.map(|body| body.to_string().into_bytes()));
    all.extend(bodies.map(|body| Spoilt { body: Some(body), ..sent(&admin, &selected) }));
    all
}

/// What it takes more than one request for, or a record, or a token of another kind: an answer of each.
async fn by_hand(shop: &LocalShop) -> Vec<Answer> {
    let order = shop.order().place().await;
    let stale = shop.staff().header("If-Match", "\"0\"").put(&order.path("status"), &json!({ "newStatus": "CONFIRMED" })).await;
    let keyed = shop.admin().key("once");
    shop.order().place().await;
    keyed.post("/api/promotions", &shop.promotion_body(&json!({ "code": "ONCE" }))).await.ok();
    let reused = keyed.post("/api/promotions", &shop.promotion_body(&json!({ "code": "TWICE" }))).await;
    let large = shop.admin().send(Method::PUT, "/api/inventory/adjust", Some(vec![b' '; 1024 * 1024 + 1])).await;
    let claims = json!({ "id": 2, "role": Role::Staff.as_str(), "email": null, "exp": shop.system.clock.now().seconds() + 600 });
    let nameless = shop.with_token(Some(tokens::ours(&claims.to_string())));
    let unsent = nameless.post("/api/email-templates/preview", &json!({ "code": "RETURN_APPROVED", "send": true })).await;
    let misspelt = json!({ "code": "GREETING", "name": "A greeting", "subject": "Hello", "htmlContent": "<p>Hello</p>\nTotal {{totl}}", "variables": ["total"] });
    let misspelt = shop.admin().post("/api/email-templates", &misspelt).await;
    vec![stale, reused, large, unsent, misspelt]
}

/// The examples of an operation's answers of a status.
fn shown<'a>(document: &'a Value, operation: &'a Value, status: &str) -> impl Iterator<Item = &'a Value> {
    let examples = operation["responses"][status]["content"]["application/problem+json"]["examples"].as_object();
    let names = examples.into_iter().flatten().filter_map(|(_, example)| example["$ref"].as_str()?.rsplit('/').next());
    names.map(|name| &document["components"]["examples"][name]["value"])
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_has_the_members_that_its_operation_shows() {
    let shop = LocalShop::without_pumps().await;
    let document = document();
    let (mut complaints, mut seen, mut said, mut sent) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::new(), 0);
    for (method, path, operation) in operations(&document) {
        // What a sender of webhooks is refused needs its signature.
        if signature(&operation).is_some() || path == "/api/health" {
            continue;
        }
        let mut here = BTreeSet::new();
        for request in spoilt(&shop, &document, &path, &operation) {
            sent += 1;
            let answer = request.by.send(method.clone(), &request.path, request.body).await;
            if answer.status < 400 {
                continue;
            }
            let status = answer.status.to_string();
            let shown = shown(&document, &operation, &status).filter(|problem| problem["code"] == answer.body["code"]);
            if !shown.map(shape).any(|shown| shown == shape(&answer.body)) {
                complaints
                    .entry(format!("{method} {path} shows no {status} {} as it is answered", answer.code()))
                    .or_insert(answer.text.clone());
            }
            said.extend(sentences(&answer.body));
            here.extend(answer.errors().into_iter().map(|(_, code)| code.to_owned()));
            seen.insert((answer.status, answer.code().to_owned(), shape(&answer.body)));
        }
        // What is wrong with a field shows without any record.
        for problem in shown(&document, &operation, "400").filter(|problem| problem["errors"].is_array()) {
            let code = problem["code"].as_str().expect("a code");
            let id = operation["operationId"].as_str().expect("an id");
            if !here.contains(code) && !BY_RECORDS.iter().any(|(of, codes)| (*of == id || of.is_empty()) && codes.contains(&code)) {
                complaints.insert(format!("{method} {path} shows {code}, and nothing was refused so"), problem.to_string());
            }
        }
    }
    assert!(sent > 1000, "{sent}");
    for answer in by_hand(&shop).await {
        said.extend(sentences(&answer.body));
        seen.insert((answer.status, answer.code().to_owned(), shape(&answer.body)));
    }
    for (_, problem) in of_the_domain().into_iter().chain(others_of_the_domain()) {
        let problem = answered(&shop, problem).await;
        said.extend(sentences(&problem));
        seen.insert((status_of(&problem), problem["code"].as_str().expect("a code").to_owned(), shape(&problem)));
    }
    for (name, example) in document["components"]["examples"].as_object().expect("examples") {
        let problem = &example["value"];
        if !seen.contains(&(status_of(problem), problem["code"].as_str().expect("a code").to_owned(), shape(problem))) {
            complaints.insert(format!("nobody was answered {name}"), problem.to_string());
        }
        for sentence in sentences(problem).difference(&said) {
            complaints.insert(format!("nobody was told what {name} says"), format!("{sentence:?}"));
        }
    }
    none(&complaints.into_iter().map(|(complaint, answer)| format!("{complaint}\n    {answer}")).collect::<Vec<_>>());
}

/// A value at each of a body's places that has a limit, the most or the least that it can be and one beyond that.
fn at_limits(document: &Value, schema: &Value, pointer: &str, found: &mut Vec<(String, Value, Value)>) {
    let schema = resolved(document, schema);
    let limit = |name: &str| schema[name].as_i64();
    // Digits are right in more places than letters are.
    let digits = |n: i64| json!("1".repeat(usize::try_from(n).expect("a length")));
    let longest = limit("maxLength").map(|most| (digits(most), digits(most + 1)));
    let largest = limit("maximum").and_then(|most| Some((json!(most), json!(most.checked_add(1)?))));
    let smallest = limit("minimum").map(|least| (json!(least), json!(least - 1)));
    found.extend([longest, largest, smallest].into_iter().flatten().map(|(most, beyond)| (pointer.to_owned(), most, beyond)));
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        at_limits(document, property, &format!("{pointer}/{name}"), found);
    }
    for kind in ["oneOf", "anyOf", "allOf"] {
        schema[kind].as_array().into_iter().flatten().for_each(|schema| at_limits(document, schema, pointer, found));
    }
    if schema["items"].is_object() {
        at_limits(document, &schema["items"], &format!("{pointer}/0"), found);
    }
}

/// What the document says of lengths and ranges stands in the readers as well.
#[tokio::test(flavor = "multi_thread")]
async fn every_limit_of_a_field_is_where_the_document_says() {
    let shop = LocalShop::without_pumps().await;
    let document = document();
    // Its amounts are read in its own currency.
    let promotion = shop.promotion(json!({})).await;
    let (mut complaints, mut tried) = (Vec::new(), 0);
    for (method, path, operation) in operations(&document) {
        let content = &operation["requestBody"]["content"]["application/json"];
        if signature(&operation).is_some() || content["example"].is_null() {
            continue;
        }
        let path = path.split('/').map(|part| if part.starts_with('{') { "1" } else { part }).collect::<Vec<_>>().join("/");
        let has_id = operation["parameters"].as_array().into_iter().flatten().any(|parameter| parameter["name"] == "id");
        let id = if path == "/api/promotions" { &promotion["id"] } else { &json!(1) };
        let path = if has_id { format!("{path}?id={id}") } else { path };
        let mut limits = Vec::new();
        at_limits(&document, &content["schema"], "", &mut limits);
        for (pointer, most, beyond) in limits {
            let mut refused = Vec::new();
            for value in [&most, &beyond] {
                let Some(body) = with(&content["example"], &pointer, value.clone()) else { continue };
                let answer = shop.admin().send(method.clone(), &path, Some(body.to_string().into_bytes())).await;
                let errors = answer.body["errors"].as_array().into_iter().flatten();
                let here = errors.filter(|error| error["pointer"] == json!(pointer)).filter_map(|error| error["detail"].as_str());
                refused.push(here.map(ToOwned::to_owned).collect::<Vec<_>>());
            }
            let [at, past] = refused.as_slice() else { continue };
            tried += 1;
            let limiting = |detail: &String| ["has more than", "must be a whole number from"].iter().any(|words| detail.contains(words));
            if at.iter().any(limiting) || past.is_empty() {
                complaints.push(format!("{method} {path} {pointer}: at {most:.60} {at:?}, beyond it {past:?}"));
            }
        }
    }
    assert!(tried > 60, "{tried}");
    none(&complaints);
}

/// What a problem tells people of each wrong field, by its code.
fn sentences(problem: &Value) -> BTreeSet<(String, String)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    problem["errors"].as_array().into_iter().flatten().map(|error| (text(&error["code"]), text(&error["detail"]))).collect()
}

/// It is no operation's answer, so it stands among the components.
#[tokio::test]
async fn a_method_that_no_path_takes_is_refused_as_the_document_shows() {
    let shop = LocalShop::without_pumps().await;
    let document = document();
    let told = &document["components"]["responses"]["MethodNotAllowed"];
    let answer = shop.nobody().send(Method::PATCH, "/api/orders", None).await;
    let mut shown = told["content"]["application/problem+json"]["example"].clone();
    shown["instance"] = json!("/api/orders");
    assert_eq!((answer.status, &answer.body), (405, &shown));
    for (header, _) in told["headers"].as_object().expect("headers") {
        assert!(!answer.header(header).is_empty(), "{header}");
    }
}

fn status_of(problem: &Value) -> u16 {
    problem["status"].as_u64().and_then(|status| u16::try_from(status).ok()).expect("a status")
}

/// Codes of a field that only a record can tell to be wrong, or a token, by operation; the first are any operation's.
const BY_RECORDS: &[(&str, &[&str])] = &[
    ("", &["INVALID_METHOD", "INVALID_ORDER_ITEMS", "NO_EMAIL_ADDRESS"]),
    ("updatePromotion", &["MISSING_REQUIRED_FIELDS", "INVALID_PERCENTAGE", "INVALID_DATE_RANGE"]),
];
