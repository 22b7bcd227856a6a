//! What is sent in the name of others: their signatures, and the bodies behind signatures that are right.

use super::{every, runtime, visible};
use crate::kit::mutation::{mutated, mutations};
use crate::kit::webhooks::PawaPayKey;
use crate::kit::{Delivery, Providers, Teller};
use local::Options;
use proptest::prelude::*;

#[test]
fn any_webhook_gets_an_answer_whatever_is_wrong_with_its_body_or_its_signature() {
    let (runtime, key) = (runtime(), PawaPayKey::new());
    let variables = [("PAWAPAY_PUBLIC_KEY", key.pem()), ("PAWAPAY_API_TOKEN", String::new())].into();
    let providers = runtime.block_on(Providers::with(Options { pumps: false, variables, ..Options::default() }));
    let send = |delivery: &Delivery| runtime.block_on(delivery.send(&providers.shop));
    let now = || providers.shop.system.clock.now().seconds();
    for from in Teller::ALL {
        let right = from.signed(&providers, &key, from.body(&providers, now()), now());
        assert_eq!(send(&right).status, 200, "{from:?} as it should be: {}", send(&right).text);
    }
    let strategy = (prop::sample::select(&Teller::ALL[..]), mutations(), prop::option::of(any::<prop::sample::Index>()));
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
        if answer.status == 503 && matches!(from, Teller::Ses) {
            return;
        }
        answer.sane(&format!("{from:?} {:?} {}", delivery.headers, String::from_utf8_lossy(&delivery.body)));
    });
}
