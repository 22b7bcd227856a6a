//! UPS: tokens, `POST /api/shipments/{version}/ship`, and its tracking by number and by reference.

use super::{Booked, Carriers, Connection, answer, arrives, is_basic, label, missing, text, turned_away, written};
use axum::extract::{ConnectInfo, Form, Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use domain::shipment::Carrier;
use serde_json::{Value, json};
use std::collections::HashMap;

const REQUIRED: &[&str] = &[
    "/ShipmentRequest/Request/RequestOption",
    "/ShipmentRequest/Shipment/Shipper/Name",
    "/ShipmentRequest/Shipment/Shipper/ShipperNumber",
    "/ShipmentRequest/Shipment/Shipper/Address/AddressLine/0",
    "/ShipmentRequest/Shipment/Shipper/Address/City",
    "/ShipmentRequest/Shipment/Shipper/Address/CountryCode",
    "/ShipmentRequest/Shipment/ShipTo/Name",
    "/ShipmentRequest/Shipment/ShipTo/AttentionName",
    "/ShipmentRequest/Shipment/ShipTo/Phone/Number",
    "/ShipmentRequest/Shipment/ShipTo/Address/AddressLine/0",
    "/ShipmentRequest/Shipment/ShipTo/Address/City",
    "/ShipmentRequest/Shipment/ShipTo/Address/CountryCode",
    "/ShipmentRequest/Shipment/PaymentInformation/ShipmentCharge/0/Type",
    "/ShipmentRequest/Shipment/Service/Code",
    "/ShipmentRequest/Shipment/ReferenceNumber/0/Value",
    "/ShipmentRequest/Shipment/Package/0/Packaging/Code",
    "/ShipmentRequest/Shipment/Package/0/PackageWeight/UnitOfMeasurement/Code",
    "/ShipmentRequest/Shipment/Package/0/PackageWeight/Weight",
    "/ShipmentRequest/LabelSpecification/LabelImageFormat/Code",
];

pub(super) fn router() -> Router<Carriers> {
    Router::new()
        .route("/security/v1/oauth/token", post(token))
        .route("/api/shipments/{version}/ship", post(book))
        .route("/api/track/v1/details/{number}", get(track))
        .route("/api/track/v1/reference/details/{reference}", get(find))
}

fn refusal(status: u16, code: &str, message: &str) -> Response {
    answer(status, json!({ "response": { "errors": [{ "code": code, "message": message }] } }))
}

/// Why a call isn't let in: nothing when it is.
fn stopped(carriers: &Carriers, headers: &HeaderMap) -> Option<Response> {
    if !carriers.knows_token(headers) {
        return Some(refusal(401, "250002", "Invalid Authentication Information."));
    }
    let is_missing = |name: &str| headers.get(name).is_none_or(axum::http::HeaderValue::is_empty);
    ["transId", "transactionSrc"].into_iter().any(is_missing).then(|| refusal(400, "VSS000", "Invalid request: missing header"))
}

async fn token(State(carriers): State<Carriers>, headers: HeaderMap, Form(form): Form<HashMap<String, String>>) -> Response {
    let grants = form.get("grant_type").is_some_and(|grant| grant == "client_credentials");
    if grants && is_basic(&headers, "local", "local-secret") {
        // A number as a text, as UPS has it.
        return answer(200, json!({ "access_token": carriers.new_token(), "token_type": "Bearer", "expires_in": "14399" }));
    }
    refusal(401, "10401", "ClientId is Invalid")
}

async fn book(
    State(carriers): State<Carriers>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    Path(version): Path<String>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    if let Some(answer) = turned_away(carriers.next_fault(Carrier::Ups), &connection, stopped(&carriers, &headers), refusal).await {
        return answer;
    }
    if version != "v2409" {
        return refusal(400, "10400", "Invalid version");
    }
    let problems = missing(&body, REQUIRED);
    if !problems.is_empty() {
        return refusal(400, "120100", &format!("Missing or invalid: {}", problems.join(", ")));
    }
    let reference = text(&body, "/ShipmentRequest/Shipment/ReferenceNumber/0/Value").to_owned();
    let Booked { number, .. } = carriers.book(Carrier::Ups, &reference, body);
    answer(
        200,
        json!({ "ShipmentResponse": {
            "Response": { "ResponseStatus": { "Code": "1", "Description": "Success" } },
            "ShipmentResults": {
                "ShipmentCharges": { "TotalCharges": { "CurrencyCode": "USD", "MonetaryValue": "16.90" } },
                "ShipmentIdentificationNumber": number,
                "PackageResults": [{
                    "TrackingNumber": number,
                    "ShippingLabel": { "ImageFormat": { "Code": "GIF" }, "GraphicImage": label::gif() },
                }],
            },
        } }),
    )
}

async fn find(
    State(carriers): State<Carriers>,
    headers: HeaderMap,
    Path(reference): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    if let Some(refusal) = stopped(&carriers, &headers) {
        return refusal;
    }
    if !query.contains_key("fromPickUpDate") || !query.contains_key("toPickUpDate") {
        return refusal(400, "TV1002", "Invalid dates");
    }
    match carriers.by_reference(Carrier::Ups, &reference) {
        Some(parcel) => answer(200, details(&parcel)),
        None => refusal(404, "TV0002", "Not Found"),
    }
}

async fn track(
    State(carriers): State<Carriers>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    headers: HeaderMap,
    Path(number): Path<String>,
) -> Response {
    if let Some(answer) = turned_away(carriers.is_asked_where(&[&number]), &connection, stopped(&carriers, &headers), refusal).await {
        return answer;
    }
    match carriers.by_number(Carrier::Ups, &number) {
        Some(parcel) => answer(200, details(&parcel)),
        None => refusal(404, "TW0001", "Tracking Information Not Found"),
    }
}

fn details(parcel: &Booked) -> Value {
    let activities = parcel.scans.iter().rev().map(|scan| {
        // A kind and, after a space, a code: `I AR`.
        let (kind, code) = scan.code.split_once(' ').unwrap_or((&scan.code, "XX"));
        json!({
            "location": { "address": { "city": scan.place } },
            "status": { "type": kind, "code": code, "description": scan.description },
            "date": written(scan.at, "%Y%m%d"),
            "time": written(scan.at, "%H%M%S"),
            "gmtDate": written(scan.at, "%Y%m%d"),
            "gmtTime": written(scan.at, "%H:%M:%S"),
            "gmtOffset": "+00:00",
        })
    });
    let package = json!({
        "trackingNumber": parcel.number,
        "activity": activities.collect::<Vec<_>>(),
        "deliveryDate": [{ "type": "SDD", "date": written(arrives(parcel.booked_at), "%Y%m%d") }],
        "deliveryTime": { "type": "EOD" },
    });
    json!({ "trackResponse": { "shipment": [{ "inquiryNumber": parcel.number, "package": [package] }] } })
}
