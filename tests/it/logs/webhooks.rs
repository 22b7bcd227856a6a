//! Whatever is told at a webhook, and by whomever: nothing of it is in a line but codes.

use super::{about_somebody, nobody_is_in};
use crate::kit::webhooks::PawaPayKey;
use crate::kit::{Delivery, Logged, Providers, Teller};
use functions::ENDPOINTS;
use local::Options;
use serde_json::Value;

/// Where a document has no more documents in it, as JSON Pointers.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Array(values) => values.iter().enumerate().for_each(|(n, value)| places(value, &format!("{at}/{n}"), found)),
        Value::Object(members) => members.iter().for_each(|(name, value)| places(value, &format!("{at}/{name}"), found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => found.push(at.to_owned()),
    }
}

/// A body with these words in each of its places alone, in all of them, and in the place of it all.
fn saying(words: &str, body: &[u8]) -> Vec<Vec<u8>> {
    let Ok(document) = serde_json::from_slice::<Value>(body) else { return form_saying(words, body) };
    let mut found = Vec::new();
    places(&document, "", &mut found);
    let with = |places: &[String]| {
        let mut spoilt = document.clone();
        for place in places {
            *spoilt.pointer_mut(place).expect("a place") = words.into();
        }
        spoilt.to_string().into_bytes()
    };
    let each = found.iter().map(|place| with(std::slice::from_ref(place)));
    each.chain([with(&found), words.as_bytes().to_vec(), Value::from(words).to_string().into_bytes()]).collect()
}

fn form_saying(words: &str, body: &[u8]) -> Vec<Vec<u8>> {
    let fields: Vec<(String, String)> = form_urlencoded::parse(body).into_owned().collect();
    let with = |spoilt: &dyn Fn(usize) -> bool| {
        let said = fields.iter().enumerate().map(|(n, (name, value))| (name, if spoilt(n) { words } else { value }));
        form_urlencoded::Serializer::new(String::new()).extend_pairs(said).finish().into_bytes()
    };
    let each = (0..fields.len()).map(|place| with(&|n| n == place));
    each.chain([with(&|_| true), words.as_bytes().to_vec()]).collect()
}

/// On one thread, so that what it logs is what is caught.
#[tokio::test]
async fn what_is_told_at_a_webhook_is_in_no_line() {
    let (key, words) = (PawaPayKey::new(), about_somebody());
    let signing = [("PAWAPAY_PUBLIC_KEY", key.pem()), ("PAWAPAY_API_TOKEN", String::new())].into();
    // Where pawaPay's key is not given, anybody is listened to.
    for variables in [signing, std::collections::HashMap::new()] {
        let providers = Providers::with(Options { pumps: false, variables, ..Options::default() }).await;
        let now = providers.shop.system.clock.now().seconds();
        let logged = Logged::from_now_on();
        let mut told = 0;
        for teller in Teller::ALL {
            for body in saying(&words, &teller.body(&providers, now)) {
                let signed = teller.signed(&providers, &key, body, now);
                let unsigned = Delivery { path: signed.path.clone(), headers: Vec::new(), body: signed.body.clone() };
                for delivery in [signed, unsigned] {
                    let answer = delivery.send(&providers.shop).await;
                    assert!(answer.status < 500, "{teller:?}: {}", answer.text);
                    told += 1;
                }
            }
        }
        let (text, lines) = (logged.text(), logged.lines());
        drop(logged);
        let requests: Vec<&Value> = lines.iter().filter(|line| line["message"] == "request").collect();
        assert_eq!(requests.len(), told);
        for path in ENDPOINTS.iter().filter_map(|endpoint| endpoint.path).filter(|path| path.starts_with("/api/webhooks/")) {
            assert!(requests.iter().any(|line| line["route"] == path && line["status"] == 200), "nothing is taken at {path}: {text}");
        }
        for said in ["Stripe told of something", "pawaPay told of something", "a message of SES's topic is none of its events"] {
            assert!(text.contains(said), "nothing says that {said}: the flow is not what it was\n{text}");
        }
        nobody_is_in(&text, &[]);
    }
}
