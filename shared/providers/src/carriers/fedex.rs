//! FedEx, by its Ship and Track APIs.

use super::codes::{self, status};
use super::http::{TokenCache, answer, day_in, days_of_booking, label, moment_in, money, refused, text_at};
use super::{Booking, CarrierApi, CarrierError, Limits, Parcel, Spot};
use crate::said::Said;
use domain::shipment::{Carrier, CarrierEvent, Sighting, TrackingNumber};
use domain::time::Timestamp;
use jiff::tz::TimeZone;
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
    zone: TimeZone,
}

impl FedEx {
    /// What FedEx's address fields hold.
    pub const LIMITS: Limits = Limits { name: 35, line: 35, city: 35, postcode: 10 };

    /// `base_url` is `https://apis.fedex.com`, or `https://apis-sandbox.fedex.com` for FedEx's own test system; `zone` is what
    /// a time is read in that says no offset, and whose day a parcel is shipped on.
    #[must_use]
    pub const fn new(http: reqwest::Client, base_url: String, keys: FedExKeys, tokens: TokenCache, zone: TimeZone) -> Self {
        Self { http, base_url, keys, tokens, zone }
    }

    async fn post(&self, path: &str, body: &Value) -> Result<(StatusCode, Value), CarrierError> {
        let form = [("grant_type", "client_credentials"), ("client_id", &self.keys.client_id), ("client_secret", &self.keys.client_secret)];
        let token = self.tokens.token(|| self.http.post(format!("{}/oauth/token", self.base_url)).form(&form)).await?;
        let call = self.http.post(format!("{}{path}", self.base_url)).bearer_auth(token).header("X-locale", "en_US").json(body);
        let (status, body) = answer(call).await?;
        if status == StatusCode::UNAUTHORIZED {
            self.tokens.forget();
        }
        Ok((status, body))
    }

    fn shipment(&self, parcel: &Parcel<'_>) -> Result<Value, CarrierError> {
        let weight: Value =
            serde_json::from_str(&parcel.weight.kg()).map_err(|error| CarrierError::Refused(Said::ours(error.to_string())))?;
        let account = json!({ "value": self.keys.account_number });
        Ok(json!({
            "labelResponseOptions": "LABEL",
            "accountNumber": account,
            "requestedShipment": {
                "shipDatestamp": day_in(parcel.now, &self.zone, "%Y-%m-%d"),
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
        let tracking_number = tracking_number.ok_or_else(|| CarrierError::Unknown("FedEx said yes and gave no number".into()))?;
        let rate = &shipment["completedShipmentDetail"]["shipmentRating"]["shipmentRateDetails"][0];
        Ok(Booking {
            tracking_number,
            label: label(&shipment["pieceResponses"][0]["packageDocuments"][0]["encodedLabel"], "pdf"),
            cost: money(&rate["totalNetCharge"], text_at(rate, &["/currency"])),
            estimated_delivery: promised(shipment, &self.zone),
        })
    }

    async fn find(&self, reference: &str, asked_at: Timestamp) -> Result<Option<Booking>, CarrierError> {
        let (from, to) = days_of_booking(asked_at, &self.zone, "%Y-%m-%d");
        let wanted = json!({
            "referencesInformation": {
                "type": "CUSTOMER_REFERENCE",
                "value": reference,
                "accountNumber": self.keys.account_number,
                "carrierCode": "FDXE",
                "shipDateBegin": from,
                "shipDateEnd": to,
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
        Ok(body["output"]["completeTrackResults"].as_array().into_iter().flatten().filter_map(|said| sighting(said, &self.zone)).collect())
    }
}

/// The day that a parcel should arrive, which FedEx says of the whole shipment or of its only piece.
fn promised(shipment: &Value, zone: &TimeZone) -> Option<Timestamp> {
    let places = ["/completedShipmentDetail/operationalDetail/deliveryDate", "/pieceResponses/0/deliveryDatestamp"];
    places.iter().find_map(|place| moment_in(&text_at(shipment, &[place])?, zone))
}

fn sighting(complete: &Value, zone: &TimeZone) -> Option<Sighting> {
    let result = &complete["trackResults"][0];
    let number = text_at(complete, &["/trackingNumber", "/trackResults/0/trackingNumberInfo/trackingNumber"])?;
    let mut events: Vec<CarrierEvent> =
        result["scanEvents"].as_array().into_iter().flatten().filter_map(|scan| event(scan, zone)).collect();
    events.sort_by_key(|event| event.at);
    Some(Sighting { tracking_number: TrackingNumber::parse(&number)?, events, estimated_delivery: expected(result, zone) })
}

/// When a parcel should arrive: FedEx's own estimate, the end of the window that it gives, or the time it has committed itself
/// to, in this order.
fn expected(result: &Value, zone: &TimeZone) -> Option<Timestamp> {
    let of_type = |wanted: &str| {
        let mut times = result["dateAndTimes"].as_array().into_iter().flatten();
        times.find_map(|time| (time["type"] == wanted).then(|| moment_in(time["dateTime"].as_str()?, zone)).flatten())
    };
    let window = || moment_in(&text_at(result, &["/estimatedDeliveryTimeWindow/window/ends"])?, zone);
    of_type("ESTIMATED_DELIVERY").or_else(window).or_else(|| of_type("COMMITMENT"))
}

fn event(scan: &Value, zone: &TimeZone) -> Option<CarrierEvent> {
    let code = text_at(scan, &["/eventType", "/derivedStatusCode"])?;
    Some(CarrierEvent {
        at: text_at(scan, &["/date"]).and_then(|at| moment_in(&at, zone)),
        status: status(Carrier::FedEx, codes::FEDEX, &code),
        description: text_at(scan, &["/eventDescription", "/derivedStatus"]),
        location: text_at(scan, &["/scanLocation/city"]),
        code,
    })
}

#[cfg(test)]
mod tests {
    use super::super::http::moment;
    use super::*;

    fn zone() -> TimeZone {
        TimeZone::fixed(jiff::tz::offset(1))
    }

    #[test]
    fn a_booking_says_on_which_day_the_parcel_arrives_and_that_is_its_end() {
        let of_the_shipment = json!({ "completedShipmentDetail": { "operationalDetail": { "deliveryDate": "2026-11-27" } } });
        let of_its_piece = json!({ "pieceResponses": [{ "deliveryDatestamp": "2026-11-28" }] });
        assert_eq!(promised(&of_the_shipment, &zone()), moment("2026-11-27T22:59:59Z"));
        assert_eq!(promised(&of_its_piece, &zone()), moment("2026-11-28T22:59:59Z"));
        assert_eq!(promised(&json!({}), &zone()), None);
    }

    #[test]
    fn an_estimate_goes_before_a_window_and_a_window_before_what_was_committed_to() {
        let time = |kind: &str, at: &str| json!({ "type": kind, "dateTime": at });
        let mut result =
            json!({ "dateAndTimes": [time("ACTUAL_PICKUP", "2026-11-25T08:00:00"), time("COMMITMENT", "2026-11-27T18:00:00+01:00")] });
        assert_eq!(expected(&result, &zone()), moment("2026-11-27T17:00:00Z"));
        result["estimatedDeliveryTimeWindow"] = json!({ "window": { "begins": "2026-11-27T09:00:00", "ends": "2026-11-27T13:00:00" } });
        assert_eq!(expected(&result, &zone()), moment("2026-11-27T12:00:00Z"));
        result["dateAndTimes"].as_array_mut().unwrap().push(time("ESTIMATED_DELIVERY", "2026-11-27T10:30:00"));
        assert_eq!(expected(&result, &zone()), moment("2026-11-27T09:30:00Z"));
        assert_eq!(expected(&json!({}), &zone()), None);
    }
}
