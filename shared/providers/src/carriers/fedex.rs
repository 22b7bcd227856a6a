//! FedEx, by its Ship and Track APIs.

use super::codes::{self, status};
use super::http::{TokenCache, answer, moment, money, refused, text_at, written};
use super::{Booking, CarrierApi, CarrierError, LabelFile, Limits, Parcel, Spot};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::shipment::{Carrier, CarrierEvent, Sighting, TrackingNumber};
use domain::time::Timestamp;
use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

/// A parcel in the shop's own country.
const DOMESTIC: &str = "FEDEX_PRIORITY";

/// What a shop has at FedEx. Read from one JSON object.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FedExKeys {
    client_id: String,
    client_secret: String,
    account_number: String,
}

/// FedEx.
#[derive(Clone, Debug)]
pub struct FedEx {
    http: reqwest::Client,
    base_url: String,
    keys: FedExKeys,
    tokens: TokenCache,
}

impl FedEx {
    /// What FedEx's address fields hold.
    pub const LIMITS: Limits = Limits { name: 35, line: 35, city: 35 };

    /// `base_url` is `https://apis.fedex.com`, or `https://apis-sandbox.fedex.com` for FedEx's own test system.
    #[must_use]
    pub const fn new(http: reqwest::Client, base_url: String, keys: FedExKeys, tokens: TokenCache) -> Self {
        Self { http, base_url, keys, tokens }
    }

    async fn post(&self, path: &str, body: &Value) -> Result<(StatusCode, Value), CarrierError> {
        let form = [("grant_type", "client_credentials"), ("client_id", &self.keys.client_id), ("client_secret", &self.keys.client_secret)];
        let token = self.tokens.token(|| self.http.post(format!("{}/oauth/token", self.base_url)).form(&form)).await?;
        let call = self.http.post(format!("{}{path}", self.base_url)).bearer_auth(token).header("X-locale", "en_US").json(body);
        let (status, body) = answer(call).await?;
        if status == StatusCode::UNAUTHORIZED {
            self.tokens.forget().await;
        }
        Ok((status, body))
    }

    fn shipment(&self, parcel: &Parcel<'_>) -> Result<Value, CarrierError> {
        let weight: Value = serde_json::from_str(&parcel.weight_kg).map_err(|error| CarrierError::Refused(error.to_string()))?;
        let account = json!({ "value": self.keys.account_number });
        Ok(json!({
            "labelResponseOptions": "LABEL",
            "accountNumber": account,
            "requestedShipment": {
                "shipDatestamp": written(parcel.now, "%Y-%m-%d"),
                "serviceType": parcel.service.unwrap_or(DOMESTIC),
                "packagingType": "YOUR_PACKAGING",
                "pickupType": "USE_SCHEDULED_PICKUP",
                "blockInsightVisibility": false,
                "shipper": party(&parcel.from),
                "recipients": [party(&parcel.to)],
                "shippingChargesPayment": { "paymentType": "SENDER", "payor": { "responsibleParty": { "accountNumber": account } } },
                "labelSpecification": { "imageType": "PDF", "labelStockType": "PAPER_4X6" },
                "requestedPackageLineItems": [{
                    "weight": { "units": "KG", "value": weight },
                    "customerReferences": [
                        { "customerReferenceType": "CUSTOMER_REFERENCE", "value": parcel.reference },
                        { "customerReferenceType": "INVOICE_NUMBER", "value": parcel.order_number },
                    ],
                }],
            },
        }))
    }
}

fn party(spot: &Spot) -> Value {
    let mut address = json!({ "streetLines": spot.lines, "city": spot.city, "countryCode": spot.country });
    for (name, value) in [("stateOrProvinceCode", &spot.state), ("postalCode", &spot.postcode)] {
        if let Some(value) = value {
            address[name] = value.as_str().into();
        }
    }
    let contact = json!({ "personName": spot.name, "companyName": spot.company, "phoneNumber": spot.phone });
    json!({ "contact": contact, "address": address })
}

fn said(status: StatusCode, body: &Value) -> String {
    let errors = body["errors"].as_array().into_iter().flatten().filter_map(|error| error["message"].as_str()).take(5);
    let errors: Vec<&str> = errors.collect();
    if errors.is_empty() { format!("FedEx: {status}") } else { format!("FedEx: {}", errors.join("; ")) }
}

fn refusal(status: StatusCode, body: &Value) -> CarrierError {
    refused(status, said(status, body), text_at(body, &["/errors/0/code"]).is_some())
}

impl CarrierApi for FedEx {
    const MOST_TRACKED: usize = 30;
    const CALLS_A_RUN: usize = 20;

    async fn book(&self, parcel: &Parcel<'_>) -> Result<Booking, CarrierError> {
        let (status, body) = self.post("/ship/v1/shipments", &self.shipment(parcel)?).await?;
        if !status.is_success() {
            return Err(refusal(status, &body));
        }
        let shipment = &body["output"]["transactionShipments"][0];
        let number = text_at(shipment, &["/masterTrackingNumber", "/pieceResponses/0/trackingNumber"]);
        let tracking_number = number.and_then(|number| TrackingNumber::parse(&number));
        let tracking_number = tracking_number.ok_or_else(|| CarrierError::Unknown("FedEx said yes and gave no number".to_owned()))?;
        let label = text_at(shipment, &["/pieceResponses/0/packageDocuments/0/encodedLabel"]);
        let rate = &shipment["completedShipmentDetail"]["shipmentRating"]["shipmentRateDetails"][0];
        Ok(Booking {
            tracking_number,
            label: label.and_then(|label| STANDARD.decode(label).ok()).map(|bytes| LabelFile { bytes, extension: "pdf" }),
            cost: money(&rate["totalNetCharge"], text_at(rate, &["/currency"])),
            estimated_delivery: None,
        })
    }

    async fn find(&self, reference: &str, asked_at: Timestamp) -> Result<Option<Booking>, CarrierError> {
        let wanted = json!({
            "referencesInformation": {
                "type": "CUSTOMER_REFERENCE",
                "value": reference,
                "accountNumber": self.keys.account_number,
                "carrierCode": "FDXE",
                "shipDateBegin": written(asked_at, "%Y-%m-%d"),
                "shipDateEnd": written(asked_at.plus_minutes(2 * 24 * 60), "%Y-%m-%d"),
            },
            "includeDetailedScans": false,
        });
        let (status, body) = self.post("/track/v1/referencenumbers", &wanted).await?;
        if !status.is_success() && status != StatusCode::NOT_FOUND {
            return Err(refusal(status, &body));
        }
        let results = body["output"]["completeTrackResults"].as_array().into_iter().flatten();
        let results = results.flat_map(|complete| complete["trackResults"].as_array().into_iter().flatten());
        let found = results.filter(|result| result["error"].is_null()).find_map(|result| {
            let number = text_at(result, &["/trackingNumberInfo/trackingNumber"])?;
            TrackingNumber::parse(&number)
        });
        Ok(found.map(|tracking_number| Booking { tracking_number, label: None, cost: None, estimated_delivery: None }))
    }

    async fn track(&self, numbers: &[TrackingNumber]) -> Result<Vec<Sighting>, CarrierError> {
        let wanted: Vec<Value> =
            numbers.iter().map(|number| json!({ "trackingNumberInfo": { "trackingNumber": number.as_str() } })).collect();
        let (status, body) =
            self.post("/track/v1/trackingnumbers", &json!({ "trackingInfo": wanted, "includeDetailedScans": true })).await?;
        if !status.is_success() {
            return Err(refusal(status, &body));
        }
        Ok(body["output"]["completeTrackResults"].as_array().into_iter().flatten().filter_map(sighting).collect())
    }
}

fn sighting(complete: &Value) -> Option<Sighting> {
    let result = &complete["trackResults"][0];
    let number = text_at(complete, &["/trackingNumber", "/trackResults/0/trackingNumberInfo/trackingNumber"])?;
    let mut events: Vec<CarrierEvent> = result["scanEvents"].as_array().into_iter().flatten().filter_map(event).collect();
    events.sort_by_key(|event| event.at);
    let times = result["dateAndTimes"].as_array().into_iter().flatten();
    let estimated_delivery = times.filter(|time| time["type"] == "ESTIMATED_DELIVERY").find_map(|time| moment(time["dateTime"].as_str()?));
    Some(Sighting { tracking_number: TrackingNumber::parse(&number)?, events, estimated_delivery })
}

fn event(scan: &Value) -> Option<CarrierEvent> {
    let code = text_at(scan, &["/eventType", "/derivedStatusCode"])?;
    Some(CarrierEvent {
        at: text_at(scan, &["/date"]).and_then(|at| moment(&at)),
        status: status(Carrier::FedEx, codes::FEDEX, &code),
        description: text_at(scan, &["/eventDescription", "/derivedStatus"]),
        location: text_at(scan, &["/scanLocation/city"]),
        code,
    })
}
