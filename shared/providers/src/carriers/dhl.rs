//! DHL Express, by its MyDHL API.

use super::codes::{self, status};
use super::http::{answer, days_of_booking, label, moment_in, money, refused, text_at, written};
use super::{Booking, CarrierApi, CarrierError, Limits, Parcel, Spot};
use crate::said::Said;
use domain::shipment::{Carrier, CarrierEvent, Sighting, TrackingNumber};
use domain::time::Timestamp;
use jiff::tz::TimeZone;
use reqwest::RequestBuilder;
use serde::Deserialize;
use serde_json::{Value, json};

/// "Express Domestic": a parcel in the shop's own country.
const DOMESTIC: &str = "N";

/// How long after it is asked for a parcel is said to be handed over, in minutes: DHL takes no time that has passed when it
/// reads it.
const HANDED_OVER_MINUTES: u64 = 60;

/// What a shop has at DHL. Read from one JSON object.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DhlKeys {
    username: String,
    password: String,
    account_number: String,
}

/// DHL Express.
#[derive(Clone, Debug)]
pub struct Dhl {
    http: reqwest::Client,
    base_url: String,
    keys: DhlKeys,
    zone: TimeZone,
}

impl Dhl {
    /// What DHL's address fields hold.
    pub const LIMITS: Limits = Limits { name: 70, line: 45, city: 45, postcode: 12 };

    /// `base_url` is `https://express.api.dhl.com/mydhlapi`, with `/test` after it for DHL's own test system; `zone` is what a
    /// time is read in that says no offset.
    #[must_use]
    pub const fn new(http: reqwest::Client, base_url: String, keys: DhlKeys, zone: TimeZone) -> Self {
        Self { http, base_url, keys, zone }
    }

    fn call(&self, call: RequestBuilder) -> RequestBuilder {
        call.basic_auth(&self.keys.username, Some(&self.keys.password))
    }

    fn tracking(&self, query: &[(&str, &str)]) -> RequestBuilder {
        self.call(self.http.get(format!("{}/tracking", self.base_url)).query(query))
    }

    fn shipment(&self, parcel: &Parcel<'_>) -> Result<Value, CarrierError> {
        let weight: Value =
            serde_json::from_str(&parcel.weight.kg()).map_err(|error| CarrierError::Refused(Said::ours(error.to_string())))?;
        let product = parcel.service.unwrap_or(DOMESTIC);
        let reference = json!([{ "value": parcel.reference, "typeCode": "CU" }]);
        Ok(json!({
            "plannedShippingDateAndTime": written(parcel.now.plus_minutes(HANDED_OVER_MINUTES), "%Y-%m-%dT%H:%M:%S GMT+00:00"),
            "pickup": { "isRequested": false },
            "productCode": product,
            // Every parcel here stays in the shop's country, where DHL asks for the local code of its product as well.
            "localProductCode": product,
            // Neither is in the answer unless it is asked for. `QDDC` is the day that DHL commits itself to.
            "getRateEstimates": true,
            "estimatedDeliveryDate": { "isRequested": true, "typeCode": "QDDC" },
            "accounts": [{ "typeCode": "shipper", "number": self.keys.account_number }],
            "customerReferences": reference,
            "outputImageProperties": { "encodingFormat": "pdf", "imageOptions": [{ "typeCode": "label" }] },
            "customerDetails": { "shipperDetails": party(&parcel.from), "receiverDetails": party(&parcel.to) },
            "content": {
                "packages": [{
                    "weight": weight,
                    "dimensions": { "length": 30, "width": 25, "height": 10 },
                    "customerReferences": [{ "value": parcel.order_number, "typeCode": "CU" }],
                }],
                "isCustomsDeclarable": false,
                "description": "Clothing",
                "incoterm": "DAP",
                "unitOfMeasurement": "metric",
            },
        }))
    }
}

fn party(spot: &Spot) -> Value {
    let mut address = json!({
        // DHL asks for the field and takes it empty where a country has no postcodes.
        "postalCode": spot.postcode.as_deref().unwrap_or_default(),
        "cityName": spot.city,
        "countryCode": spot.country,
    });
    for (line, name) in spot.lines.iter().zip(["addressLine1", "addressLine2", "addressLine3"]) {
        address[name] = line.as_str().into();
    }
    json!({
        "postalAddress": address,
        "contactInformation": { "phone": spot.phone, "companyName": spot.company, "fullName": spot.name },
    })
}

fn said(status: reqwest::StatusCode, body: &Value) -> String {
    let detail = text_at(body, &["/detail", "/message", "/title"]).unwrap_or_else(|| status.to_string());
    let more: Vec<&str> = body["additionalDetails"].as_array().into_iter().flatten().filter_map(Value::as_str).take(5).collect();
    if more.is_empty() { format!("DHL: {detail}") } else { format!("DHL: {detail}: {}", more.join("; ")) }
}

fn refusal(status: reqwest::StatusCode, body: &Value) -> CarrierError {
    refused(status, said(status, body), text_at(body, &["/detail"]).is_some())
}

impl CarrierApi for Dhl {
    const MOST_TRACKED: usize = 1;
    const CALLS_A_RUN: usize = 20;

    async fn book(&self, parcel: &Parcel<'_>) -> Result<Booking, CarrierError> {
        let body = self.shipment(parcel)?;
        let call = self.call(self.http.post(format!("{}/shipments", self.base_url)).json(&body));
        let (status, body) = answer(call).await?;
        if !status.is_success() {
            return Err(refusal(status, &body));
        }
        let number = text_at(&body, &["/shipmentTrackingNumber"]).and_then(|number| TrackingNumber::parse(&number));
        let tracking_number = number.ok_or_else(|| CarrierError::Unknown("DHL said yes and gave no number".into()))?;
        let is_label = |document: &&Value| document["typeCode"] == "label";
        let document = body["documents"].as_array().into_iter().flatten().find(is_label);
        // What is billed, in the currency that it is billed in.
        let charge = body["shipmentCharges"].as_array().into_iter().flatten().find(|charge| charge["currencyType"] == "BILLC");
        Ok(Booking {
            tracking_number,
            label: document.and_then(|document| label(&document["content"], "pdf")),
            cost: charge.and_then(|charge| money(&charge["price"], text_at(charge, &["/priceCurrency"]))),
            estimated_delivery: text_at(&body, &["/estimatedDeliveryDate/estimatedDeliveryDate"]).and_then(|at| moment_in(&at, &self.zone)),
        })
    }

    async fn find(&self, reference: &str, asked_at: Timestamp) -> Result<Option<Booking>, CarrierError> {
        let (from, to) = days_of_booking(asked_at, &self.zone, "%Y-%m-%d");
        let (status, body) = answer(self.tracking(&[
            ("shipmentReference", reference),
            ("shipmentReferenceType", "CU"),
            ("shipperAccountNumber", &self.keys.account_number),
            ("dateRangeFrom", &from),
            ("dateRangeTo", &to),
        ]))
        .await?;
        match status.as_u16() {
            404 => Ok(None),
            _ if !status.is_success() => Err(refusal(status, &body)),
            _ => {
                let number = text_at(&body, &["/shipments/0/shipmentTrackingNumber"]).and_then(|number| TrackingNumber::parse(&number));
                Ok(number.map(|tracking_number| Booking { tracking_number, label: None, cost: None, estimated_delivery: None }))
            }
        }
    }

    async fn track(&self, numbers: &[TrackingNumber]) -> Result<Vec<Sighting>, CarrierError> {
        let mut sightings = Vec::new();
        for number in numbers {
            let call = self.http.get(format!("{}/shipments/{number}/tracking", self.base_url));
            let query = [("trackingView", "all-checkpoints"), ("levelOfDetail", "shipment")];
            let (status, body) = answer(self.call(call.query(&query))).await?;
            match status.as_u16() {
                404 => {}
                _ if !status.is_success() => return Err(refusal(status, &body)),
                _ => sightings.extend(sighting(number, &body["shipments"][0], &self.zone)),
            }
        }
        Ok(sightings)
    }
}

/// Dates and times are those of the place, with its offset or, in some answers, without: our parcels stay in our country.
fn sighting(number: &TrackingNumber, shipment: &Value, zone: &TimeZone) -> Option<Sighting> {
    let mut events: Vec<CarrierEvent> = shipment["events"].as_array()?.iter().filter_map(|said| event(said, zone)).collect();
    events.sort_by_key(|event| event.at);
    let estimated_delivery = text_at(shipment, &["/estimatedDeliveryDate", "/estimatedTimeOfDelivery"]).and_then(|at| moment_in(&at, zone));
    Some(Sighting { tracking_number: number.clone(), events, estimated_delivery })
}

fn event(event: &Value, zone: &TimeZone) -> Option<CarrierEvent> {
    let code = text_at(event, &["/typeCode"])?;
    let offset = event["GMTOffset"].as_str().unwrap_or_default();
    let at = || moment_in(&format!("{}T{}{offset}", event["date"].as_str()?, event["time"].as_str()?), zone);
    Some(CarrierEvent {
        at: at(),
        status: status(Carrier::Dhl, codes::DHL, &code),
        description: text_at(event, &["/description"]),
        location: text_at(event, &["/serviceArea/0/description"]),
        code,
    })
}

#[cfg(test)]
mod tests {
    use super::super::http::moment;
    use super::*;

    #[test]
    fn an_event_without_an_offset_has_its_time_and_its_place_in_the_order() {
        let scan = |time: &str, offset: Option<&str>, code: &str| json!({ "date": "2026-11-25", "time": time, "GMTOffset": offset, "typeCode": code });
        let said = json!({
            "events": [scan("09:30:00", None, "OK"), scan("08:00:00", Some("+01:00"), "WC")],
            "estimatedDeliveryDate": "2026-11-25",
        });
        let read = sighting(&TrackingNumber::parse("1234567890").unwrap(), &said, &TimeZone::fixed(jiff::tz::offset(1))).unwrap();
        let events: Vec<_> = read.events.iter().map(|event| (event.code.as_str(), event.at)).collect();
        assert_eq!(events, [("WC", moment("2026-11-25T07:00:00Z")), ("OK", moment("2026-11-25T08:30:00Z"))]);
        assert_eq!(read.estimated_delivery, moment("2026-11-25T22:59:59Z"));
    }

    #[test]
    fn a_parcel_is_handed_over_after_it_is_booked_and_its_product_has_its_local_code() {
        let keys = serde_json::from_str(r#"{"username": "u", "password": "p", "accountNumber": "1"}"#).unwrap();
        let dhl = Dhl::new(super::super::http::client().unwrap(), String::new(), keys, TimeZone::UTC);
        let spot = Spot {
            name: "n".into(),
            company: "c".into(),
            phone: "+243812345678".into(),
            lines: vec!["s".into()],
            city: "c".into(),
            state: None,
            postcode: None,
            country: "CD",
        };
        let parcel = Parcel {
            reference: "1-1".into(),
            order_number: "ORD-1",
            service: None,
            from: spot.clone(),
            to: spot,
            weight: domain::shipment::Weight::grams(1_200).unwrap(),
            now: moment("2026-11-25T23:30:00Z").unwrap(),
        };
        let body = dhl.shipment(&parcel).unwrap();
        assert_eq!(body["plannedShippingDateAndTime"], "2026-11-26T00:30:00 GMT+00:00");
        assert_eq!((&body["productCode"], &body["localProductCode"]), (&json!("N"), &json!("N")));
    }
}
