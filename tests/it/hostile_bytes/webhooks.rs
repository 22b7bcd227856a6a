//! What is sent in the name of others: their signatures, and the bodies behind signatures that are right.

use super::{every, runtime, visible};
use crate::kit::mutation::{mutated, mutations};
use crate::kit::webhooks::{PawaPayKey, carrier_headers, stripe_signature};
use crate::kit::{Providers, SendGridDelivery, ses_event, twilio_signature};
use local::Options;
use local::system::{CARRIER_WEBHOOK_SECRET, STRIPE_WEBHOOK_SECRET, TWILIO_AUTH_TOKEN};
use proptest::prelude::*;
use reqwest::Method;
use serde_json::json;

/// A webhook as its sender would send it.
struct Delivery {
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// Who sends.
#[derive(Clone, Copy, Debug)]
enum Who {
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

const EVERYBODY: [Who; 9] =
    [Who::Stripe, Who::PawaPay, Who::Twilio, Who::SendGrid, Who::Ses, Who::WithinSns, Who::Dhl, Who::FedEx, Who::Ups];

impl Who {
    /// What is said.
    fn body(self, providers: &Providers, now: u64) -> Vec<u8> {
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
    fn signed(self, providers: &Providers, key: &PawaPayKey, body: Vec<u8>, now: u64) -> Delivery {
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

#[test]
fn any_webhook_gets_an_answer_whatever_is_wrong_with_its_body_or_its_signature() {
    let (runtime, key) = (runtime(), PawaPayKey::new());
    let variables = [("PAWAPAY_PUBLIC_KEY", key.pem()), ("PAWAPAY_API_TOKEN", String::new())].into();
    let providers = runtime.block_on(Providers::with(Options { pumps: false, variables, ..Options::default() }));
    let send = |delivery: &Delivery| {
        let caller = delivery.headers.iter().fold(providers.shop.nobody(), |caller, (name, value)| caller.header(name, value));
        runtime.block_on(caller.send(Method::POST, &delivery.path, Some(delivery.body.clone())))
    };
    let now = || providers.shop.system.clock.now().seconds();
    for from in EVERYBODY {
        let right = from.signed(&providers, &key, from.body(&providers, now()), now());
        assert_eq!(send(&right).status, 200, "{from:?} as it should be: {}", send(&right).text);
    }
    let strategy = (prop::sample::select(&EVERYBODY[..]), mutations(), prop::option::of(any::<prop::sample::Index>()));
    every(900, &strategy, file!(), |(from, mutations, header)| {
        let now = now();
        let body = from.body(&providers, now);
        let delivery = match header {
            // What is signed is wrong: the body behind the signature.
            None => from.signed(&providers, &key, mutated(&body, &mutations), now),
            // What signs is wrong.
            Some(at) => {
                let mut delivery = from.signed(&providers, &key, body, now);
                let at = at.index(delivery.headers.len());
                delivery.headers[at].1 = visible(&mutated(delivery.headers[at].1.as_bytes(), &mutations));
                delivery
            }
        };
        let answer = send(&delivery);
        // A certificate of SNS's that SNS doesn't have now: it is asked to tell once more.
        if answer.status == 503 && matches!(from, Who::Ses) {
            return;
        }
        answer.sane(&format!("{from:?} {:?} {}", delivery.headers, String::from_utf8_lossy(&delivery.body)));
    });
}
