//! `POST /api/webhooks/fedex` — what FedEx tells of parcels (Advanced Integrated Visibility webhook, "Validation process").

use super::{secret, tell};
use crate::webhooks::hex;
use api::secrets::SecretName;
use api::webhook::{Delivery, Received};
use api::{Answer, Problem, Shop};
use axum::Router;
use axum::extract::State;
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::shipment::Carrier;
use ring::hmac;
use utoipa::ToSchema;

/// The members that may name a parcel.
const NUMBERS: &[&str] = &["trackingNumber", "masterTrackingNumber"];

/// What FedEx tells, as far as it is looked at, in whatever else it writes.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the document's picture of the body; only the numbers in it are looked for")]
pub(crate) struct FedExMessage {
    #[schema(rename = "trackingNumber")]
    tracking_number: String,
}

/// The routes of this endpoint.
pub fn routes() -> Router<Shop> {
    Router::new().route("/api/webhooks/fedex", post(receive))
}

#[utoipa::path(post, path = "/api/webhooks/fedex", operation_id = "receiveFedExEvent", tag = "Webhooks",
    security(("fedexSignature" = [])),
    request_body(content = FedExMessage, description = "A message, as FedEx writes it: which parcels it is of is read from it, and nothing else."),
    responses((status = 200, description = "It is taken; what is of no parcel of the shop, too.", body = Received)))]
pub(crate) async fn receive(State(shop): State<Shop>, delivery: Delivery) -> Result<Answer, Problem> {
    let token = secret(&shop, SecretName::FedExWebhook, Carrier::FedEx).await?;
    let signature = delivery.header("fdx-signature").ok_or_else(Problem::invalid_signature)?;
    if !holds(signature, &delivery.body, token.as_bytes()) {
        return Err(Problem::invalid_signature());
    }
    tell(&shop, Carrier::FedEx, &delivery, NUMBERS).await
}

/// Whether the header is the body's HMAC-SHA256. FedEx's own page says of its encoding now hexadecimal, now base64.
fn holds(signature: &str, body: &[u8], token: &[u8]) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, token);
    let candidates = [hex::decoded(signature), STANDARD.decode(signature).ok()];
    candidates.into_iter().flatten().filter(|candidate| hmac::verify(&key, body, candidate).is_ok()).count() > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"trackingNumber":"794600000001"}"#;
    /// `printf '{"trackingNumber":"794600000001"}' | openssl dgst -sha256 -hmac local-token`
    const HEX: &str = "621c24437541bbc87feccfcfd739a68aac65f02a15374360b710994dde978509";
    /// The same, with `-binary | base64`.
    const BASE64: &str = "YhwkQ3VBu8h/7M/P1zmmiqxl8CoVN0NgtxCZTd6XhQk=";

    #[test]
    fn what_openssl_signs_holds_in_both_encodings_and_nothing_else_does() {
        let holds = |signature: &str| holds(signature, BODY, b"local-token");
        assert!(holds(HEX) && holds(&HEX.to_uppercase()) && holds(BASE64));
        for wrong in ["", "00", &HEX[..62], &format!("{HEX}00"), &HEX.replace('a', "b"), "é", &BASE64[..40]] {
            assert!(!holds(wrong), "{wrong}");
        }
        assert!(!super::holds(HEX, BODY, b"another") && !super::holds(HEX, &BODY[1..], b"local-token"));
    }
}
