//! MyDHL API: `POST /shipments`, `GET /shipments/{number}/tracking`, and `GET /tracking` by reference.

use super::{Booked, Carriers, Connection, answer, arrives, is_basic, label, missing, text, turned_away, written};
use axum::extract::{ConnectInfo, Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use domain::shipment::Carrier;
use serde_json::{Value, json};
use std::collections::HashMap;

const REQUIRED: &[&str] = &[
    "/productCode",
    "/accounts/0/number",
    "/accounts/0/typeCode",
    "/customerReferences/0/value",
    "/customerReferences/0/typeCode",
    "/customerDetails/shipperDetails/postalAddress/cityName",
    "/customerDetails/shipperDetails/postalAddress/countryCode",
    "/customerDetails/shipperDetails/postalAddress/addressLine1",
    "/customerDetails/shipperDetails/contactInformation/phone",
    "/customerDetails/shipperDetails/contactInformation/companyName",
    "/customerDetails/shipperDetails/contactInformation/fullName",
    "/customerDetails/receiverDetails/postalAddress/cityName",
    "/customerDetails/receiverDetails/postalAddress/countryCode",
    "/customerDetails/receiverDetails/postalAddress/addressLine1",
    "/customerDetails/receiverDetails/contactInformation/phone",
    "/customerDetails/receiverDetails/contactInformation/companyName",
    "/customerDetails/receiverDetails/contactInformation/fullName",
    "/content/packages/0/weight",
    "/content/packages/0/dimensions/length",
    "/content/isCustomsDeclarable",
    "/content/description",
    "/content/incoterm",
    "/content/unitOfMeasurement",
];

pub(super) fn router() -> Router<Carriers> {
    Router::new().route("/shipments", post(book)).route("/shipments/{number}/tracking", get(track)).route("/tracking", get(find))
}

fn refusal(status: u16, title: &str, detail: &str) -> Response {
    answer(status, json!({ "instance": "/expressapi/shipments", "title": title, "detail": detail, "status": status.to_string() }))
}

/// Why a call isn't let in: nothing when it is.
fn stopped(headers: &HeaderMap) -> Option<Response> {
    (!is_basic(headers, "local", "local-password")).then(|| refusal(401, "Unauthorized", "Invalid credentials"))
}

async fn book(
    State(carriers): State<Carriers>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    if let Some(answer) = turned_away(carriers.next_fault(Carrier::Dhl), &connection, stopped(&headers), refusal).await {
        return answer;
    }
    let mut problems = missing(&body, REQUIRED);
    if !is_planned(text(&body, "/plannedShippingDateAndTime")) {
        problems.push("/plannedShippingDateAndTime".to_owned());
    }
    for whose in ["shipperDetails", "receiverDetails"] {
        // Asked for, and may be empty.
        let postcode = format!("/customerDetails/{whose}/postalAddress/postalCode");
        if !body.pointer(&postcode).is_some_and(Value::is_string) {
            problems.push(postcode);
        }
    }
    if !problems.is_empty() {
        let more: Vec<String> = problems.iter().map(|pointer| format!("#{pointer}: required key not found")).collect();
        let said = json!({ "title": "Bad request", "detail": "Multiple problems found", "additionalDetails": more, "status": "400" });
        return answer(400, said);
    }
    let reference = text(&body, "/customerReferences/0/value").to_owned();
    let Booked { number, request, booked_at, .. } = carriers.book(Carrier::Dhl, &reference, body);
    let to = "/customerDetails/receiverDetails";
    let lines = [
        "DHL EXPRESS",
        &number,
        &reference,
        text(&request, &format!("{to}/contactInformation/fullName")),
        text(&request, &format!("{to}/postalAddress/addressLine1")),
        text(&request, &format!("{to}/postalAddress/cityName")),
        text(&request, &format!("{to}/postalAddress/countryCode")),
    ];
    let label = label::pdf(&lines);
    let mut booked = json!({
            "shipmentTrackingNumber": number,
            "packages": [{ "referenceNumber": 1, "trackingNumber": format!("JD0146{number}") }],
            "documents": [{ "imageFormat": "PDF", "content": label, "typeCode": "label" }],
    });
    // Only what was asked for is said.
    if request["getRateEstimates"] == true {
        booked["shipmentCharges"] = json!([
            { "currencyType": "BILLC", "priceCurrency": "USD", "price": 18.4 },
            { "currencyType": "PULCL", "priceCurrency": "CDF", "price": 51520 },
        ]);
    }
    if request["estimatedDeliveryDate"]["isRequested"] == true {
        let day = written(arrives(booked_at), "%Y-%m-%d");
        booked["estimatedDeliveryDate"] = json!({ "estimatedDeliveryDate": day, "estimatedDeliveryType": "QDDC" });
    }
    answer(201, booked)
}

/// `2026-11-25T09:00:00 GMT+00:00`
fn is_planned(text: &str) -> bool {
    text.len() == 29 && text.get(10..11) == Some("T") && text.get(19..24) == Some(" GMT+")
}

async fn find(State(carriers): State<Carriers>, headers: HeaderMap, Query(query): Query<HashMap<String, String>>) -> Response {
    if let Some(refusal) = stopped(&headers) {
        return refusal;
    }
    let asked = ["shipmentReferenceType", "shipperAccountNumber", "dateRangeFrom", "dateRangeTo"];
    if asked.iter().any(|name| !query.contains_key(*name)) {
        return refusal(400, "Bad request", "A reference needs its type, the account and a range of dates");
    }
    let reference = query.get("shipmentReference").map_or("", String::as_str);
    match carriers.by_reference(Carrier::Dhl, reference) {
        Some(parcel) => answer(200, json!({ "shipments": [shipment(&parcel)] })),
        None => refusal(404, "No result found", "No result found"),
    }
}

async fn track(
    State(carriers): State<Carriers>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    headers: HeaderMap,
    Path(number): Path<String>,
) -> Response {
    if let Some(answer) = turned_away(carriers.is_asked_where(&[&number]), &connection, stopped(&headers), refusal).await {
        return answer;
    }
    match carriers.by_number(Carrier::Dhl, &number) {
        Some(parcel) => answer(200, json!({ "shipments": [shipment(&parcel)] })),
        None => refusal(404, "No result found", "No result found"),
    }
}

fn shipment(parcel: &Booked) -> Value {
    let events = parcel.scans.iter().map(|scan| {
        json!({
            "date": written(scan.at, "%Y-%m-%d"),
            "time": written(scan.at, "%H:%M:%S"),
            "GMTOffset": "+00:00",
            "typeCode": scan.code,
            "description": scan.description,
            "serviceArea": [{ "code": "FIH", "description": scan.place }],
        })
    });
    json!({
        "shipmentTrackingNumber": parcel.number,
        "status": "Success",
        "estimatedDeliveryDate": written(arrives(parcel.booked_at), "%Y-%m-%d"),
        "shipperReferences": [{ "value": parcel.reference, "typeCode": "CU" }],
        "events": events.collect::<Vec<_>>(),
    })
}
