//! FedEx: tokens, `POST /ship/v1/shipments`, `POST /track/v1/trackingnumbers` and `POST /track/v1/referencenumbers`.

use super::{Booked, Carriers, Connection, answer, arrives, label, missing, text, turned_away, written};
use axum::extract::{ConnectInfo, Form, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::post;
use axum::{Json, Router};
use domain::shipment::Carrier;
use serde_json::{Value, json};
use std::collections::HashMap;

/// The most numbers that one call takes.
const MOST_NUMBERS: usize = 30;

const REQUIRED: &[&str] = &[
    "/labelResponseOptions",
    "/accountNumber/value",
    "/requestedShipment/shipDatestamp",
    "/requestedShipment/serviceType",
    "/requestedShipment/packagingType",
    "/requestedShipment/pickupType",
    "/requestedShipment/shipper/contact/personName",
    "/requestedShipment/shipper/contact/phoneNumber",
    "/requestedShipment/shipper/address/streetLines/0",
    "/requestedShipment/shipper/address/city",
    "/requestedShipment/shipper/address/countryCode",
    "/requestedShipment/recipients/0/contact/personName",
    "/requestedShipment/recipients/0/contact/phoneNumber",
    "/requestedShipment/recipients/0/address/streetLines/0",
    "/requestedShipment/recipients/0/address/city",
    "/requestedShipment/recipients/0/address/countryCode",
    "/requestedShipment/shippingChargesPayment/paymentType",
    "/requestedShipment/labelSpecification/imageType",
    "/requestedShipment/labelSpecification/labelStockType",
    "/requestedShipment/requestedPackageLineItems/0/weight/units",
    "/requestedShipment/requestedPackageLineItems/0/weight/value",
    "/requestedShipment/requestedPackageLineItems/0/customerReferences/0/value",
];

pub(super) fn router() -> Router<Carriers> {
    Router::new()
        .route("/oauth/token", post(token))
        .route("/ship/v1/shipments", post(book))
        .route("/track/v1/trackingnumbers", post(track))
        .route("/track/v1/referencenumbers", post(find))
}

fn refusal(status: u16, code: &str, message: &str) -> Response {
    answer(status, json!({ "transactionId": "local", "errors": [{ "code": code, "message": message }] }))
}

/// Why a call isn't let in: nothing when it is.
fn stopped(carriers: &Carriers, headers: &HeaderMap) -> Option<Response> {
    let said = "Access token expired. Please modify your request and try again.";
    (!carriers.knows_token(headers)).then(|| refusal(401, "NOT.AUTHORIZED.ERROR", said))
}

async fn token(State(carriers): State<Carriers>, Form(form): Form<HashMap<String, String>>) -> Response {
    let is = |name: &str, value: &str| form.get(name).is_some_and(|given| given == value);
    if is("grant_type", "client_credentials") && is("client_id", "local") && is("client_secret", "local-secret") {
        return answer(200, json!({ "access_token": carriers.new_token(), "token_type": "bearer", "expires_in": 3599, "scope": "CXS" }));
    }
    refusal(401, "NOT.AUTHORIZED.ERROR", "The given client credentials were not valid. Please modify your request and try again.")
}

async fn book(
    State(carriers): State<Carriers>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    if let Some(answer) = turned_away(carriers.next_fault(Carrier::FedEx), &connection, stopped(&carriers, &headers), refusal).await {
        return answer;
    }
    let problems = missing(&body, REQUIRED);
    if !problems.is_empty() {
        return refusal(400, "INVALID.INPUT.EXCEPTION", &format!("Invalid field value in the input: {}", problems.join(", ")));
    }
    let reference = text(&body, "/requestedShipment/requestedPackageLineItems/0/customerReferences/0/value").to_owned();
    let Booked { number, request, booked_at, .. } = carriers.book(Carrier::FedEx, &reference, body);
    let to = "/requestedShipment/recipients/0";
    let lines = [
        "FEDEX",
        &number,
        &reference,
        text(&request, &format!("{to}/contact/personName")),
        text(&request, &format!("{to}/address/streetLines/0")),
        text(&request, &format!("{to}/address/city")),
        text(&request, &format!("{to}/address/countryCode")),
    ];
    let document = json!({ "contentType": "LABEL", "docType": "PDF", "encodedLabel": label::pdf(&lines) });
    answer(
        200,
        json!({ "transactionId": "local", "output": { "transactionShipments": [{
            "serviceType": request["requestedShipment"]["serviceType"],
            "masterTrackingNumber": number,
            "pieceResponses": [{ "trackingNumber": number, "packageDocuments": [document] }],
            "completedShipmentDetail": { "operationalDetail": { "deliveryDate": written(arrives(booked_at), "%Y-%m-%d") }, "shipmentRating": { "shipmentRateDetails": [{ "totalNetCharge": 21.36, "currency": "USD" }] } },
        }] } }),
    )
}

async fn find(State(carriers): State<Carriers>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    if let Some(refusal) = stopped(&carriers, &headers) {
        return refusal;
    }
    let asked = ["/referencesInformation/value", "/referencesInformation/accountNumber", "/referencesInformation/shipDateBegin"];
    if !missing(&body, &asked).is_empty() {
        return refusal(400, "TRACKING.REFERENCEVALUE.EMPTY", "Please provide a valid reference value.");
    }
    let parcel = carriers.by_reference(Carrier::FedEx, text(&body, "/referencesInformation/value"));
    let result = parcel.as_ref().map_or_else(unknown, result);
    answer(200, json!({ "transactionId": "local", "output": { "completeTrackResults": [result] } }))
}

async fn track(
    State(carriers): State<Carriers>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    let asked = body["trackingInfo"].as_array().into_iter().flatten();
    let asked: Vec<&str> = asked.map(|info| text(info, "/trackingNumberInfo/trackingNumber")).collect();
    if let Some(answer) = turned_away(carriers.is_asked_where(&asked), &connection, stopped(&carriers, &headers), refusal).await {
        return answer;
    }
    if asked.is_empty() || asked.len() > MOST_NUMBERS {
        return refusal(400, "TRACKING.TRACKINGNUMBER.LIMIT", "Please provide between 1 and 30 tracking numbers.");
    }
    let results = asked.iter().map(|number| carriers.by_number(Carrier::FedEx, number).as_ref().map_or_else(unknown, result));
    answer(200, json!({ "transactionId": "local", "output": { "completeTrackResults": results.collect::<Vec<_>>() } }))
}

fn unknown() -> Value {
    let error = json!({ "code": "TRACKING.TRACKINGNUMBER.NOTFOUND", "message": "Tracking number cannot be found." });
    json!({ "trackResults": [{ "error": error }] })
}

fn result(parcel: &Booked) -> Value {
    let scans = parcel.scans.iter().rev().map(|scan| {
        json!({
            "date": written(scan.at, "%Y-%m-%dT%H:%M:%S+00:00"),
            "derivedStatusCode": scan.code,
            "eventType": scan.code,
            "eventDescription": scan.description,
            "scanLocation": { "city": scan.place },
        })
    });
    let last = parcel.scans.last();
    let latest = json!({
        "code": last.map_or("IN", |scan| scan.code.as_str()),
        "description": last.map_or("Label created", |scan| scan.description.as_str()),
        "scanLocation": { "city": last.map_or("", |scan| scan.place.as_str()) },
    });
    json!({
        "trackingNumber": parcel.number,
        "trackResults": [{
            "trackingNumberInfo": { "trackingNumber": parcel.number, "carrierCode": "FDXE" },
            "latestStatusDetail": latest,
            "scanEvents": scans.collect::<Vec<_>>(),
            "dateAndTimes": [{ "type": "ESTIMATED_DELIVERY", "dateTime": written(arrives(parcel.booked_at), "%Y-%m-%dT18:00:00+01:00") }],
        }],
    })
}
