//! Everybody who tells the shop something, each with a body and a signature of theirs.

use super::webhooks::{PawaPayKey, carrier_headers, stripe_signature};
use super::{Answer, LocalShop, Providers, SendGridDelivery, ses_event, twilio_signature};
use local::system::{CARRIER_WEBHOOK_SECRET, STRIPE_WEBHOOK_SECRET, TWILIO_AUTH_TOKEN};
use reqwest::Method;
use serde_json::json;

/// A webhook as its sender would send it.
pub struct Delivery {
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Delivery {
    pub async fn send(&self, shop: &LocalShop) -> Answer {
        let caller = self.headers.iter().fold(shop.nobody(), |caller, (name, value)| caller.header(name, value));
        caller.send(Method::POST, &self.path, Some(self.body.clone())).await
    }
}

/// Whoever tells the shop something, at an endpoint of theirs.
#[derive(Clone, Copy, Debug)]
pub enum Teller {
    Stripe,
    PawaPay,
    Twilio,
    SendGrid,
    Ses,
    /// What SES says, inside of what SNS does.
    WithinSns,
    Dhl,
    FedEx,
    Ups,
}

impl Teller {
    pub const ALL: [Self; 9] =
        [Self::Stripe, Self::PawaPay, Self::Twilio, Self::SendGrid, Self::Ses, Self::WithinSns, Self::Dhl, Self::FedEx, Self::Ups];

    /// What they say, as it should be.
    pub fn body(self, providers: &Providers, now: u64) -> Vec<u8> {
        let said = match self {
            Self::Stripe => json!({ "id": "evt_1", "type": "payment_intent.succeeded", "created": now, "data": { "object": {
                "id": "pi_1", "status": "succeeded", "amount": 7500, "amount_received": 7500, "currency": "usd", "metadata": { "order_id": "1" } } } }),
            Self::PawaPay => json!({ "refundId": "f4401bd2-1568-4140-bf2d-eb77d2b2b639",
                "status": "COMPLETED", "amount": "75.00", "currency": "USD", "created": "2026-11-25T09:00:00Z",
                "failureReason": { "failureCode": "OTHER_ERROR", "failureMessage": "x" } }),
            Self::Twilio => {
                return b"MessageSid=SM1&MessageStatus=delivered&To=%2B243812345678&AccountSid=AC-local&ErrorCode=30003".to_vec();
            }
            Self::SendGrid => json!([{ "event": "bounce", "type": "bounce", "sg_message_id": "a.b", "notification": "7", "timestamp": now,
                "email": "a@example.com", "reason": "550" }]),
            Self::Ses => providers.sns_signs(now, &event()),
            Self::WithinSns => return event().into_bytes(),
            Self::Dhl | Self::FedEx | Self::Ups => {
                json!({ "trackingNumber": "1Z1", "status": { "code": "X" }, "events": [{ "tracking_number": 7 }] })
            }
        };
        said.to_string().into_bytes()
    }

    /// The same, signed as it is by now.
    pub fn signed(self, providers: &Providers, key: &PawaPayKey, body: Vec<u8>, now: u64) -> Delivery {
        let url = &providers.shop.system.url;
        let of = |name: &str, headers: &[(&str, String)], body: Vec<u8>| Delivery {
            path: format!("/api/webhooks/{name}"),
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
            body,
        };
        let carrier = |word: &str, body: Vec<u8>| {
            let header = carrier_headers(word, CARRIER_WEBHOOK_SECRET, &body);
            of(&word.to_lowercase(), &[header], body)
        };
        match self {
            Self::Stripe => of("stripe", &[("Stripe-Signature", stripe_signature(STRIPE_WEBHOOK_SECRET, now, &body))], body),
            Self::PawaPay => of("pawapay", &key.headers(url, "/api/webhooks/pawapay", now, &body), body),
            Self::Twilio => {
                let path = "twilio?notification=7";
                let form: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
                let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                let signature = twilio_signature(TWILIO_AUTH_TOKEN, &format!("{url}/api/webhooks/{path}"), &form);
                of(path, &[("X-Twilio-Signature", signature), ("Content-Type", "application/x-www-form-urlencoded".to_owned())], body)
            }
            Self::SendGrid => {
                let SendGridDelivery { signature, timestamp, body } = providers.send_grid_signs(now, body);
                let names = ["Signature", "Timestamp"].map(|name| format!("X-Twilio-Email-Event-Webhook-{name}"));
                of("sendgrid", &[(names[0].as_str(), signature), (names[1].as_str(), timestamp)], body)
            }
            Self::Ses => of("ses", &[("Content-Type", "text/plain; charset=UTF-8".to_owned())], body),
            Self::WithinSns => {
                let whole = providers.sns_signs(now, &String::from_utf8_lossy(&body));
                of("ses", &[("Content-Type", "text/plain; charset=UTF-8".to_owned())], whole.to_string().into_bytes())
            }
            Self::Dhl => carrier("DHL", body),
            Self::FedEx => carrier("FEDEX", body),
            Self::Ups => carrier("UPS", body),
        }
    }
}

fn event() -> String {
    let more = json!({ "bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": [{ "diagnosticCode": "550 5.1.1" }] });
    ses_event(7, "0100", "Bounce", more).to_string()
}
