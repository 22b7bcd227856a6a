//! UPS, by its Shipping and Tracking APIs.

use super::codes::ups_status;
use super::http::{TokenCache, answer, days_of_booking, label, moment, moment_in, money, refused, text_at};
use super::{Booking, CarrierApi, CarrierError, Limits, Parcel, Spot};
use domain::shipment::{CarrierEvent, Sighting, TrackingNumber};
use domain::time::Timestamp;
use jiff::tz::TimeZone;
use reqwest::{RequestBuilder, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

/// "UPS Saver", which UPS has in most countries.
const DOMESTIC: &str = "65";
/// The version of the Shipping API.
const VERSION: &str = "v2409";

/// What a shop has at UPS. Read from one JSON object.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpsKeys {
    client_id: String,
    client_secret: String,
    account_number: String,
}

/// UPS.
#[derive(Clone, Debug)]
pub struct Ups {
    http: reqwest::Client,
    base_url: String,
    keys: UpsKeys,
    tokens: TokenCache,
    zone: TimeZone,
}

impl Ups {
    /// What UPS's address fields hold.
    pub const LIMITS: Limits = Limits { name: 35, line: 35, city: 30, postcode: 9 };

    /// `base_url` is `https://onlinetools.ups.com`, or `https://wwwcie.ups.com` for UPS's own test system; `zone` is what
    /// a time is read in that says no offset.
    #[must_use]
    pub const fn new(http: reqwest::Client, base_url: String, keys: UpsKeys, tokens: TokenCache, zone: TimeZone) -> Self {
        Self { http, base_url, keys, tokens, zone }
    }

    async fn call(&self, call: RequestBuilder, transaction: &str) -> Result<(StatusCode, Value), CarrierError> {
        let UpsKeys { client_id, client_secret, account_number, .. } = &self.keys;
        let token = || {
            let call = self.http.post(format!("{}/security/v1/oauth/token", self.base_url)).basic_auth(client_id, Some(client_secret));
            call.header("x-merchant-id", account_number).form(&[("grant_type", "client_credentials")])
        };
        let token = self.tokens.token(token).await?;
        let (status, body) = answer(call.bearer_auth(token).header("transId", transaction).header("transactionSrc", "order-ops")).await?;
        if status == StatusCode::UNAUTHORIZED {
            self.tokens.forget();
        }
        Ok((status, body))
    }

    fn shipment(&self, parcel: &Parcel<'_>) -> Value {
        let mut shipper = party(&parcel.from);
        shipper["ShipperNumber"] = self.keys.account_number.as_str().into();
        json!({ "ShipmentRequest": {
            "Request": { "RequestOption": "nonvalidate", "TransactionReference": { "CustomerContext": parcel.reference } },
            "Shipment": {
                "Description": "Clothing",
                "Shipper": shipper,
                "ShipTo": party(&parcel.to),
                "ShipFrom": party(&parcel.from),
                "PaymentInformation": { "ShipmentCharge": [{ "Type": "01", "BillShipper": { "AccountNumber": self.keys.account_number } }] },
                "Service": { "Code": parcel.service.unwrap_or(DOMESTIC) },
                "ReferenceNumber": [{ "Value": parcel.reference }],
                "Package": [{
                    "Description": "Clothing",
                    "Packaging": { "Code": "02" },
                    "PackageWeight": { "UnitOfMeasurement": { "Code": "KGS" }, "Weight": parcel.weight.rounded_up().kg() },
                }],
            },
            "LabelSpecification": { "LabelImageFormat": { "Code": "GIF" }, "LabelStockSize": { "Height": "6", "Width": "4" } },
        } })
    }
}

fn party(spot: &Spot) -> Value {
    let mut address = json!({ "AddressLine": spot.lines, "City": spot.city, "CountryCode": spot.country });
    for (name, value) in [("StateProvinceCode", &spot.state), ("PostalCode", &spot.postcode)] {
        if let Some(value) = value {
            address[name] = value.as_str().into();
        }
    }
    // UPS takes a number of fifteen digits at the most, and no sign.
    let number = spot.phone.trim_start_matches('+');
    json!({ "Name": spot.company, "AttentionName": spot.name, "Phone": { "Number": number }, "Address": address })
}

fn said(status: StatusCode, body: &Value) -> String {
    let errors = body["response"]["errors"].as_array().into_iter().flatten().filter_map(|error| error["message"].as_str()).take(5);
    let errors: Vec<&str> = errors.collect();
    if errors.is_empty() { format!("UPS: {status}") } else { format!("UPS: {}", errors.join("; ")) }
}

fn refusal(status: StatusCode, body: &Value) -> CarrierError {
    refused(status, said(status, body), text_at(body, &["/response/errors/0/code"]).is_some())
}

impl CarrierApi for Ups {
    const MOST_TRACKED: usize = 1;
    const CALLS_A_RUN: usize = 40;

    async fn book(&self, parcel: &Parcel<'_>) -> Result<Booking, CarrierError> {
        let call = self.http.post(format!("{}/api/shipments/{VERSION}/ship", self.base_url)).json(&self.shipment(parcel));
        let (status, body) = self.call(call, &parcel.reference).await?;
        if !status.is_success() {
            return Err(refusal(status, &body));
        }
        let results = &body["ShipmentResponse"]["ShipmentResults"];
        // One package is an object in some answers, and a list of one in others.
        let package = if results["PackageResults"].is_array() { &results["PackageResults"][0] } else { &results["PackageResults"] };
        let number = text_at(package, &["/TrackingNumber"]).or_else(|| text_at(results, &["/ShipmentIdentificationNumber"]));
        let tracking_number = number.and_then(|number| TrackingNumber::parse(&number));
        let tracking_number = tracking_number.ok_or_else(|| CarrierError::Unknown("UPS said yes and gave no number".into()))?;
        let total = &results["ShipmentCharges"]["TotalCharges"];
        Ok(Booking {
            tracking_number,
            label: label(&package["ShippingLabel"]["GraphicImage"], "gif"),
            cost: money(&total["MonetaryValue"], text_at(total, &["/CurrencyCode"])),
            // The answer to a booking has none (UPS's Shipping API): it comes with the first look at where the parcel is.
            estimated_delivery: None,
        })
    }

    async fn find(&self, reference: &str, asked_at: Timestamp) -> Result<Option<Booking>, CarrierError> {
        let (from, to) = days_of_booking(asked_at, &self.zone, "%Y%m%d");
        let call = self.http.get(format!("{}/api/track/v1/reference/details/{reference}", self.base_url)).query(&[
            ("locale", "en_US"),
            ("fromPickUpDate", &from),
            ("toPickUpDate", &to),
            ("shipperNum", &self.keys.account_number),
        ]);
        let (status, body) = self.call(call, reference).await?;
        match status.as_u16() {
            404 => Ok(None),
            _ if !status.is_success() => Err(refusal(status, &body)),
            _ => {
                let number = text_at(&body, &["/trackResponse/shipment/0/package/0/trackingNumber"]);
                let number = number.and_then(|number| TrackingNumber::parse(&number));
                Ok(number.map(|tracking_number| Booking { tracking_number, label: None, cost: None, estimated_delivery: None }))
            }
        }
    }

    async fn track(&self, numbers: &[TrackingNumber]) -> Result<Vec<Sighting>, CarrierError> {
        let mut sightings = Vec::new();
        for number in numbers {
            let call = self.http.get(format!("{}/api/track/v1/details/{number}", self.base_url)).query(&[("locale", "en_US")]);
            let (status, body) = self.call(call, number.as_str()).await?;
            match status.as_u16() {
                404 => {}
                _ if !status.is_success() => return Err(refusal(status, &body)),
                _ => sightings.extend(sighting(number, &body["trackResponse"]["shipment"][0]["package"][0], &self.zone)),
            }
        }
        Ok(sightings)
    }
}

fn sighting(number: &TrackingNumber, package: &Value, zone: &TimeZone) -> Option<Sighting> {
    let mut events: Vec<CarrierEvent> = package["activity"].as_array().into_iter().flatten().filter_map(event).collect();
    events.sort_by_key(|event| event.at);
    let estimated_delivery = expected(package, zone);
    (!events.is_empty() || estimated_delivery.is_some()).then(|| Sighting { tracking_number: number.clone(), events, estimated_delivery })
}

/// The day that UPS has rescheduled or scheduled the delivery for, by the end of the window it gives or of the day. Once it
/// has happened both are of what happened, and of no estimate.
fn expected(package: &Value, zone: &TimeZone) -> Option<Timestamp> {
    let day = |wanted: &str| {
        let mut dates = package["deliveryDate"].as_array().into_iter().flatten();
        dates.find_map(|date| (date["type"] == wanted).then(|| text_at(date, &["/date"])).flatten())
    };
    let (date, time) = (day("RDD").or_else(|| day("SDD"))?, &package["deliveryTime"]);
    let has_end = ["EDW", "CDW", "IDW", "CMT"].iter().any(|kind| time["type"] == *kind);
    let end = text_at(time, &["/endTime"]).filter(|_| has_end).unwrap_or_else(|| "235959".to_owned());
    moment_in(&format!("{}T{end:0>6}", date.replace('-', "")), zone)
}

fn event(activity: &Value) -> Option<CarrierEvent> {
    let kind = text_at(activity, &["/status/type"]).map(|kind| kind.trim().to_owned()).filter(|kind| !kind.is_empty())?;
    let code = text_at(activity, &["/status/code"]);
    Some(CarrierEvent {
        at: happened(activity),
        status: ups_status(&kind, code.as_deref()),
        code: code.map_or_else(|| kind.clone(), |code| format!("{kind} {code}")),
        description: text_at(activity, &["/status/description"]),
        location: text_at(activity, &["/location/address/city"]),
    })
}

/// `20261125` or `2026-11-25`, and `091500`, `91500` (UPS's own example has it so) or `09:15:00`, in UTC.
fn happened(activity: &Value) -> Option<Timestamp> {
    let (date, time) = (activity["gmtDate"].as_str()?.replace('-', ""), activity["gmtTime"].as_str()?.replace(':', ""));
    moment(&format!("{date}T{time:0>6}Z"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::shipment::ShipmentStatus;

    /// The longest that UPS's fields hold of a request for a label (its description of the Shipping API).
    const LONGEST: &[(&str, usize)] = &[
        ("RequestOption", 15),
        ("CustomerContext", 512),
        ("ShipperNumber", 6),
        ("AccountNumber", 6),
        ("Name", 35),
        ("AttentionName", 35),
        ("Number", 15),
        ("AddressLine", 35),
        ("City", 30),
        ("StateProvinceCode", 5),
        ("PostalCode", 9),
        ("CountryCode", 2),
        ("Type", 2),
        ("Value", 35),
        ("Weight", 5),
        ("Height", 3),
        ("Width", 3),
        // Of a package; that of a shipment holds 50.
        ("Description", 35),
        // Of the service and the packaging; that of a unit or a kind of image holds more.
        ("Code", 3),
    ];

    /// Every text of a body, with the name of its field.
    fn texts<'a>(name: &'a str, value: &'a Value, found: &mut Vec<(&'a str, &'a str)>) {
        match value {
            Value::String(text) => found.push((name, text)),
            Value::Array(values) => values.iter().for_each(|value| texts(name, value, found)),
            Value::Object(fields) => fields.iter().for_each(|(name, value)| texts(name, value, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    #[test]
    fn no_field_of_the_fullest_request_is_longer_than_ups_takes_it() {
        let keys = r#"{"clientId": "c", "clientSecret": "s", "accountNumber": "A1B2C3"}"#;
        let http = super::super::http::client().unwrap();
        let ups = Ups::new(http, String::new(), serde_json::from_str(keys).unwrap(), TokenCache::default(), TimeZone::UTC);
        let from = |state: &str, country: &str| {
            let full = json!({ "name": "n".repeat(35), "company": "c".repeat(99), "phone": "+243812345678", "street": "s".repeat(35),
                "city": "c".repeat(30), "state": state, "zipCode": "90210-001", "country": country });
            serde_json::from_value::<crate::carriers::ShipFrom>(full).unwrap()
        };
        for (state, country) in [("Kasaï-Central", "CD"), ("CA", "US")] {
            let mut problems = crate::carriers::Problems::default();
            let spot = Spot::of_shop(&from(state, country), &Ups::LIMITS, &mut problems).unwrap();
            assert!(problems.is_empty(), "{problems}");
            for grams in [1, 99_950, 999_999, 1_000_000] {
                let weight = domain::shipment::Weight::grams(grams).unwrap();
                let reference = format!("{}-{}", u64::MAX, u32::MAX);
                let (from, to) = (spot.clone(), spot.clone());
                let parcel = Parcel { reference, order_number: "ORD-20261125-0001", service: None, from, to, weight, now: Timestamp(0) };
                let body = ups.shipment(&parcel);
                let mut found = Vec::new();
                texts("", &body, &mut found);
                for (name, text) in found {
                    let most = LONGEST.iter().find(|(known, _)| *known == name).map(|(_, most)| *most);
                    assert!(most.is_some_and(|most| (1..=most).contains(&text.chars().count())), "{name} of {country}: {text}");
                }
            }
        }
    }

    /// An activity as UPS's description of its Tracking API has it.
    #[test]
    fn an_activity_of_upss_own_example_is_read() {
        let read = event(&json!({
            "date": "20210210", "gmtDate": "20210210", "gmtOffset": "-05:00", "gmtTime": "74700",
            "location": { "address": { "city": "Wayne", "countryCode": "US" } },
            "status": { "code": "SR", "description": "Your package was released by the customs agency.", "type": "X" },
        }))
        .unwrap();
        assert_eq!((read.code.as_str(), read.status, read.location.as_deref()), ("X SR", None, Some("Wayne")));
        assert_eq!(read.at, moment("2021-02-10T07:47:00Z"));
    }

    #[test]
    fn out_for_delivery_is_a_code_of_the_kind_in_transit() {
        let read = event(&json!({ "status": { "type": "I ", "code": "OT" }, "gmtDate": "2026-11-25", "gmtTime": "09:15:00" })).unwrap();
        assert_eq!((read.status, read.at), (Some(ShipmentStatus::OutForDelivery), moment("2026-11-25T09:15:00Z")));
    }

    #[test]
    fn a_parcel_is_expected_by_the_end_of_its_window_or_of_its_day_and_a_new_day_counts() {
        let zone = TimeZone::fixed(jiff::tz::offset(1));
        let day = |kind: &str, date: &str| json!({ "type": kind, "date": date });
        let mut package = json!({ "deliveryDate": [day("SDD", "20261127")], "deliveryTime": { "type": "EOD" } });
        assert_eq!(expected(&package, &zone), moment("2026-11-27T22:59:59Z"));
        package["deliveryTime"] = json!({ "type": "EDW", "startTime": "091500", "endTime": "131500" });
        assert_eq!(expected(&package, &zone), moment("2026-11-27T12:15:00Z"));
        package["deliveryDate"].as_array_mut().unwrap().push(day("RDD", "20261130"));
        assert_eq!(expected(&package, &zone), moment("2026-11-30T12:15:00Z"));
        let delivered = json!({ "deliveryDate": [day("DEL", "20261127")], "deliveryTime": { "type": "DEL", "endTime": "101500" } });
        assert_eq!(expected(&delivered, &zone), None);
    }
}
