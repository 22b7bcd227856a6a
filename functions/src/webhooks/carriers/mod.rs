//! What carriers tell of parcels. A carrier's word, however it is signed, only says that something happened to a parcel of
//! ours: what it is, its own API is asked by a worker. So it is applied once however often and in whatever order it comes; and
//! what comes again, word for word, asks nobody.

pub mod dhl;
pub mod fedex;
pub mod ups;

use api::secrets::SecretName;
use api::webhook::{Delivery, received};
use api::{Answer, Attempt, Problem, Shop};
use domain::shipment::{Carrier, TrackingNumber};
use ring::{digest, hmac};
use serde_json::Value;
use std::collections::BTreeSet;
use store::{CommitError, Writes};

/// Numbers that one call is looked through for; no carrier tells of so many at once.
const MOST_NUMBERS: usize = 30;

/// How deep a body is looked through.
const DEEPEST: usize = 16;

/// What a webhook in a carrier's name is checked with; without it nothing is known to be the carrier's.
async fn secret(shop: &Shop, name: SecretName, carrier: Carrier) -> Result<std::sync::Arc<str>, Problem> {
    let secret = shop.secrets.value(name).await.map_err(Problem::unavailable)?;
    secret.ok_or_else(|| {
        tracing::warn!(%carrier, "a webhook came in a carrier's name, and no secret is set to check it with");
        Problem::invalid_signature()
    })
}

/// Whether a header is the secret that the carrier was given; in a time that tells nothing of it.
fn is_secret(given: Option<&str>, secret: &str) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"compare");
    given.is_some_and(|given| hmac::verify(&key, secret.as_bytes(), hmac::sign(&key, given.as_bytes()).as_ref()).is_ok())
}

/// Has a worker ask about every parcel of ours that a body names under one of these members.
async fn tell(shop: &Shop, carrier: Carrier, delivery: &Delivery, members: &[&str]) -> Result<Answer, Problem> {
    let body: Value = delivery.json()?;
    let message = hashed(&delivery.body);
    let mut numbers = BTreeSet::new();
    collect(&body, members, DEEPEST, &mut numbers);
    for number in numbers.into_iter().take(MOST_NUMBERS) {
        let Some(number) = TrackingNumber::parse(&number) else { continue };
        match tell_of(shop, carrier, &number, &message).await {
            Ok(Some(())) => {}
            Ok(None) => tracing::info!(%carrier, "a carrier told of a number that is no parcel on its way, or what it has told before"),
            Err(error) => return Err(Problem::unavailable(error)),
        }
    }
    received()
}

/// What a message is known by when it comes again.
fn hashed(body: &[u8]) -> String {
    use std::fmt::Write;
    digest::digest(&digest::SHA256, body).as_ref().iter().take(16).fold(String::new(), |mut hex, byte| {
        // A string takes whatever is written to it.
        let _always_written = write!(hex, "{byte:02x}");
        hex
    })
}

/// Nothing when no parcel of ours that is on its way has the number, or this message was taken before.
async fn tell_of(shop: &Shop, carrier: Carrier, number: &TrackingNumber, message: &str) -> Result<Option<()>, CommitError> {
    shop.settle(|Attempt { now, ids, .. }| async move {
        let Some(shipment) = shop.store.shipment_by_number(number).await? else { return Ok(None) };
        if shipment.carrier != carrier || !shipment.is_tracked() {
            return Ok(None);
        }
        let Some(order) = shop.store.order(shipment.order_id).await? else { return Ok(None) };
        Ok(shipment.told_of(message, &order, now, ids).map(|change| ((), Writes::from(&change))))
    })
    .await
}

/// Every text under a member of one of these names, alone or in a list.
fn collect(value: &Value, members: &[&str], depth: usize, found: &mut BTreeSet<String>) {
    if depth == 0 || found.len() >= MOST_NUMBERS {
        return;
    }
    match value {
        Value::Array(values) => values.iter().for_each(|value| collect(value, members, depth - 1, found)),
        Value::Object(object) => {
            for (name, value) in object {
                if members.contains(&name.as_str()) {
                    let texts = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
                    found.extend(texts.iter().filter_map(Value::as_str).map(ToOwned::to_owned));
                }
                collect(value, members, depth - 1, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_are_found_wherever_a_body_has_them_and_no_depth_harms() {
        let found = |body: &Value| {
            let mut found = BTreeSet::new();
            collect(body, &["trackingNumber", "ids"], DEEPEST, &mut found);
            found.into_iter().collect::<Vec<_>>()
        };
        assert_eq!(found(&json!({ "a": [{ "trackingNumber": "1" }, { "ids": ["2", 3, "1"] }], "other": "4" })), ["1", "2"]);
        assert!(found(&json!([null, 1, "trackingNumber"])).is_empty());
        let deep = (0..100).fold(json!({ "trackingNumber": "1" }), |inner, _| json!([inner]));
        assert!(found(&deep).is_empty());
    }

    #[test]
    fn a_secret_is_itself_alone() {
        assert!(is_secret(Some("s3cret"), "s3cret"));
        assert!(!is_secret(Some("s3cre"), "s3cret") && !is_secret(Some(""), "s3cret") && !is_secret(None, "s3cret"));
    }
}
