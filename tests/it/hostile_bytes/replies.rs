//! What others answer us: every reply of every provider and carrier, spoilt on its way back to the worker that asked.

use super::{every, runtime};
use crate::kit::mutation::{Mutation, mutated, mutations};
use crate::kit::{ByHand, LocalShop, Placed};
use api::clock::Clock;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::middleware::map_response_with_state;
use axum::response::Response;
use local::Options;
use local::emulators::Now;
use local::emulators::carriers::Carriers;
use local::emulators::http::{Server, serve};
use local::emulators::outbox::{Channel, Outbox};
use local::emulators::payments::{Payments, Provider};
use proptest::prelude::*;
use serde_json::json;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const STATUSES: [u16; 10] = [200, 201, 204, 302, 400, 401, 404, 409, 429, 503];

/// What happens to a reply.
#[derive(Clone, Debug, Default)]
pub(super) struct Spoiling {
    mutations: Vec<Mutation>,
    pub(super) status: Option<u16>,
}

/// One to three mutations, and now and then another status.
pub(super) fn spoilings() -> impl Strategy<Value = Spoiling> {
    let status = prop::option::weighted(0.2, prop::sample::select(&STATUSES[..]));
    (mutations(), status).prop_map(|(mutations, status)| Spoiling { mutations, status })
}

/// What replies come by.
#[derive(Clone, Default)]
pub(super) struct Wire(Arc<Mutex<Spoiling>>);

impl Wire {
    /// From now on.
    pub(super) fn spoil(&self, spoiling: Spoiling) {
        *self.0.lock().expect("no panic") = spoiling;
    }

    /// A server at the other end of it.
    pub(super) async fn serve(&self, router: Router) -> Server {
        serve(router.layer(map_response_with_state(self.clone(), spoil))).await.expect("a server")
    }
}

async fn spoil(State(wire): State<Wire>, response: Response) -> Response {
    let Spoiling { mutations, status } = wire.0.lock().expect("no panic").clone();
    let (mut parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.expect("a body");
    parts.headers.remove(header::CONTENT_LENGTH);
    if let Some(status) = status {
        parts.status = StatusCode::from_u16(status).expect("a status");
    }
    Response::from_parts(parts, Body::from(mutated(&body, &mutations)))
}

/// A shop whose providers are behind a wire that spoils.
struct Spoilt {
    shop: LocalShop,
    wire: Wire,
    payments: Payments,
    outbox: Outbox,
    carriers: Carriers,
    _servers: [Server; 3],
}

impl Spoilt {
    async fn start() -> Self {
        let (clock, wire) = (Clock::default(), Wire::default());
        let now: Now = {
            let clock = clock.clone();
            Arc::new(move || clock.now().0)
        };
        let (payments, outbox, carriers) = (Payments::new(Arc::clone(&now)), Outbox::new(Arc::clone(&now)), Carriers::new(now));
        let servers = [wire.serve(payments.router()).await, wire.serve(outbox.router()).await, wire.serve(carriers.router()).await];
        let [at_payments, at_outbox, at_carriers] = [0, 1, 2].map(|n: usize| servers[n].url().to_owned());
        let mut variables = HashMap::from([("EMAIL_PROVIDERS", "ses,sendgrid".to_owned())]);
        for name in ["STRIPE_BASE_URL", "PAWAPAY_BASE_URL"] {
            variables.insert(name, at_payments.clone());
        }
        for name in ["SES_BASE_URL", "SENDGRID_BASE_URL", "TWILIO_BASE_URL"] {
            variables.insert(name, at_outbox.clone());
        }
        for (name, carrier) in [("DHL_BASE_URL", "dhl"), ("FEDEX_BASE_URL", "fedex"), ("UPS_BASE_URL", "ups")] {
            variables.insert(name, format!("{at_carriers}/{carrier}"));
        }
        let shop = LocalShop::with(Options { pumps: false, clock, variables, ..Options::default() }).await;
        Self { shop, wire, payments, outbox, carriers, _servers: servers }
    }

    /// A paid order that can be given back cent by cent, at each provider of payments, and one that can be sent piece by piece.
    async fn orders(&self) -> [Placed; 3] {
        let deposit = "afb57b93-7849-49aa-babb-000000000001";
        self.payments.card_payment("pi_1", 1_000_00, "USD");
        self.payments.deposit(deposit, 1_000_00, "USD", "COMPLETED");
        let order = || self.shop.order().price("1000.00");
        let by_card = order().with("paymentMethod", json!("CARD")).with("paymentReference", json!("pi_1")).paid().place().await;
        let by_phone = order().with("paymentReference", json!(deposit)).paid().place().await;
        let sent = self.shop.order().price("1.00").quantity(300).stock(300).paid().through(&["CONFIRMED"]).place().await;
        [by_card, by_phone, sent]
    }

    /// Sets off a call of everybody: a cent back, a parcel, a message. What the last time left may refuse some of it.
    async fn ask_everybody(&self, orders: &[Placed; 3], hands: &mut ByHand) {
        for order in &orders[..2] {
            let cent = json!({ "orderId": order.id, "amount": 0.01, "reason": "Torn" });
            self.shop.admin().post("/api/refunds", &cent).await.sane("a refund");
        }
        for carrier in ["DHL", "FEDEX", "UPS"] {
            self.shop.ship_part(&orders[2], carrier, 0, 1).await.sane("a parcel");
        }
        self.shop.order().price("1.00").place().await;
        hands.once().await;
        self.shop.system.clock.advance(Duration::from_hours(7));
        for schedule in ["ask-providers", "track-shipments"] {
            self.shop.system.workers.run(schedule).await.expect("a schedule");
        }
    }
}

#[test]
fn whatever_providers_and_carriers_answer_is_survived() {
    let runtime = runtime();
    let spoilt = runtime.block_on(Spoilt::start());
    let hands = tokio::sync::Mutex::new(ByHand::of(&spoilt.shop));
    let orders = runtime.block_on(spoilt.orders());
    runtime.block_on(async { spoilt.ask_everybody(&orders, &mut *hands.lock().await).await });
    assert_eq!(spoilt.payments.refunds().len(), 2, "each has given a cent back");
    assert_eq!(spoilt.carriers.parcels().len(), 3, "each has a parcel");

    every(20, &spoilings(), file!(), |spoiling| {
        spoilt.wire.spoil(spoiling);
        runtime.block_on(async { spoilt.ask_everybody(&orders, &mut *hands.lock().await).await });
        spoilt.wire.spoil(Spoiling::default());
        // What was not understood is done once it is.
        runtime.block_on(async { hands.lock().await.until_nothing_is_left(&spoilt.shop).await });
        for list in ["orders", "refunds", "shipments", "notifications"] {
            runtime.block_on(spoilt.shop.admin().get(&format!("/api/{list}"))).ok();
        }
    });
    for channel in [Channel::Email, Channel::SendGrid, Channel::Sms] {
        assert!(spoilt.outbox.requests(channel) > 0, "{channel:?}");
    }
    for provider in [Provider::Stripe, Provider::PawaPay] {
        assert!(spoilt.payments.requests().iter().filter(|asked| asked.provider == provider).count() > 20, "{provider:?}");
    }
    // No cent was given back more often than it was tried, whatever was said of it.
    for order in &orders[..2] {
        let asked = runtime.block_on(spoilt.shop.admin().every_page(&format!("/api/refunds?orderId={}", order.id), 50));
        let tried: u64 = asked.iter().map(|refund| refund["attempts"].as_u64().expect("a number")).sum();
        let given = spoilt.payments.refunds().iter().filter(|made| made.payment == order.payment()).count();
        assert!(given as u64 <= tried, "{given} of {tried}");
    }
}
