//! Each reader of others' answers by itself: what it makes of a spoilt answer is an error, or something that a record may hold.
//! Where one is reached through a call alone, the call goes to the provider's emulator and its answer is spoilt on the way back.

use super::replies::{Spoiling, Wire, spoilings};
use super::{every, runtime};
use crate::kit::mutation::{mutated, mutations};
use axum::Router;
use axum::routing::post;
use domain::actor::Actor;
use domain::ids::{Ids, MAX_ID, OrderId, RefundId};
use domain::money::{MAX_MINOR, Money};
use domain::notification::{Content, Notification, NotificationProvider};
use domain::order::PaymentOutcome;
use domain::refund::{ProviderRefund, Refund, RefundMethod, RefundOutcome, RefundReport, RefundStatus};
use domain::shipment::{Sighting, TrackingNumber, Weight};
use domain::time::Timestamp;
use jiff::tz::TimeZone;
use local::emulators::Now;
use local::emulators::carriers::{Carriers, DHL_KEYS, FEDEX_KEYS, UPS_KEYS};
use local::emulators::outbox::Outbox;
use local::emulators::payments::{PAWAPAY_TOKEN, Payments, Provider, STRIPE_KEY};
use providers::carriers::{Booking, CarrierApi, CarrierError, Dhl, FedEx, Parcel, Spot, TokenCache, Ups, UpsKeys};
use providers::{
    Asked, Credential, Deposit, Gateway, PawaPay, PawaPayRefund, SendError, SendGrid, SendGridConfig, Sender, Ses, Stripe, StripeCharge,
    StripeIntent, StripeRefund, Twilio, TwilioConfig,
};
use serde_json::{Value, json};
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Of each reader.
const CASES: u32 = 300;
const NOW: Timestamp = Timestamp(1_767_600_000_000);

fn now() -> Now {
    Arc::new(|| NOW.0)
}

fn client() -> reqwest::Client {
    providers::client().expect("a client")
}

/// How often an answer was understood, spoilt as it was, and how often not: both happen, or nothing is tried here.
#[derive(Default)]
struct Tally {
    understood: Cell<u32>,
    refused: Cell<u32>,
}

impl Tally {
    fn count(&self, understood: bool) {
        let counter = if understood { &self.understood } else { &self.refused };
        counter.set(counter.get() + 1);
    }

    #[track_caller]
    fn both(&self) {
        let (understood, refused) = (self.understood.get(), self.refused.get());
        assert!(understood > 0 && refused > 0, "{understood} understood, {refused} refused");
    }
}

fn may_be_kept(money: Option<Money>) {
    assert!(money.is_none_or(|money| (0..=MAX_MINOR).contains(&money.minor)), "{money:?}");
}

fn may_be_kept_as_time(at: Option<Timestamp>) {
    assert!(at.is_none_or(|at| at.0 <= MAX_ID), "{at:?}");
}

fn may_be_kept_as_number(number: &TrackingNumber) {
    assert_eq!(TrackingNumber::parse(number.as_str()).as_ref(), Some(number));
}

fn spot() -> Spot {
    Spot {
        name: "Grâce Mbuyi".to_owned(),
        company: "Allure".to_owned(),
        phone: "+243812345678".to_owned(),
        lines: vec!["12 avenue de la Paix".to_owned()],
        city: "Kinshasa".to_owned(),
        state: None,
        postcode: None,
        country: "CD",
    }
}

fn parcel(reference: String) -> Parcel<'static> {
    let weight = Weight::grams(800).expect("a weight");
    Parcel { reference, order_number: "MLA-20260105-0001", service: None, from: spot(), to: spot(), weight, now: NOW }
}

fn sane_booking(booking: &Booking) {
    may_be_kept_as_number(&booking.tracking_number);
    may_be_kept(booking.cost);
    may_be_kept_as_time(booking.estimated_delivery);
}

fn sane_sightings(sightings: &[Sighting]) {
    for Sighting { tracking_number, events, estimated_delivery } in sightings {
        may_be_kept_as_number(tracking_number);
        may_be_kept_as_time(*estimated_delivery);
        assert!(events.is_sorted_by_key(|event| event.at), "{events:?}");
        for event in events {
            may_be_kept_as_time(event.at);
            assert!(!event.code.is_empty(), "{event:?}");
        }
    }
}

/// Books, finds and tracks by a carrier whose answers are spoilt.
fn carrier_survives<C: CarrierApi>(path: &str, make: impl FnOnce(reqwest::Client, String) -> C) {
    let runtime = runtime();
    let (wire, carriers) = (Wire::default(), Carriers::new(now()));
    let server = runtime.block_on(wire.serve(carriers.router()));
    let carrier = make(client(), format!("{}/{path}", server.url()));
    let booked = runtime.block_on(carrier.book(&parcel("1-1".to_owned()))).expect("a booking");
    sane_booking(&booked);
    carriers.scan(booked.tracking_number.as_str(), "PU", "Picked up", "Kinshasa");
    let [books, finds, tracks] = [(); 3].map(|()| Tally::default());
    let count = Cell::new(1);
    every(3 * CASES, &(0..3_u8, spoilings()), file!(), |(call, spoiling)| {
        // So that there is a token, where one is needed.
        wire.spoil(Spoiling::default());
        runtime.block_on(carrier.find("1-1", NOW)).expect("an answer").expect("the parcel");
        let other_status = spoiling.status.filter(|status| !(200..300).contains(status));
        wire.spoil(spoiling);
        count.set(count.get() + 1);
        let is_yes = match call {
            0 => {
                let answer = runtime.block_on(carrier.book(&parcel(format!("{}-1", count.get()))));
                answer.iter().for_each(sane_booking);
                books.count(answer.is_ok());
                answer.is_ok()
            }
            1 => {
                let answer = runtime.block_on(carrier.find("1-1", NOW));
                answer.iter().flatten().for_each(sane_booking);
                finds.count(matches!(answer, Ok(Some(_))));
                matches!(answer, Ok(Some(_))) && other_status != Some(404)
            }
            _ => {
                let answer = runtime.block_on(carrier.track(std::slice::from_ref(&booked.tracking_number)));
                sane_sightings(answer.as_deref().unwrap_or_default());
                let seen = answer.is_ok_and(|sightings| !sightings.is_empty());
                tracks.count(seen);
                seen
            }
        };
        assert!(!is_yes || other_status.is_none(), "{other_status:?} is no success");
    });
    [books, finds, tracks].iter().for_each(Tally::both);
}

#[test]
fn whatever_dhl_answers_is_an_error_or_may_be_kept() {
    carrier_survives("dhl", |http, url| Dhl::new(http, url, serde_json::from_str(DHL_KEYS).expect("keys"), TimeZone::UTC));
}

#[test]
fn whatever_fedex_answers_is_an_error_or_may_be_kept() {
    let keys = serde_json::from_str(FEDEX_KEYS).expect("keys");
    carrier_survives("fedex", |http, url| FedEx::new(http, url, keys, TokenCache::default(), TimeZone::UTC));
}

#[test]
fn whatever_ups_answers_is_an_error_or_may_be_kept() {
    let keys = serde_json::from_str(UPS_KEYS).expect("keys");
    carrier_survives("ups", |http, url| Ups::new(http, url, keys, TokenCache::default(), TimeZone::UTC));
}

/// Before there is a token nothing is booked, so that nothing is left open.
#[test]
fn whatever_is_answered_instead_of_a_token_is_refused_for_now() {
    let runtime = runtime();
    let (wire, asked) = (Wire::default(), Arc::new(AtomicU32::new(0)));
    let counter = Arc::clone(&asked);
    let token = || std::future::ready(r#"{"access_token": "token-1", "expires_in": "14399"}"#);
    let anything = move || {
        counter.fetch_add(1, Ordering::SeqCst);
        std::future::ready("{}")
    };
    let routes = Router::new().route("/security/v1/oauth/token", post(token)).fallback(anything);
    let server = runtime.block_on(wire.serve(routes));
    let (http, tally) = (client(), Tally::default());
    let keys: UpsKeys = serde_json::from_str(UPS_KEYS).expect("keys");
    let number = TrackingNumber::parse("1Z999AA10123456784").expect("a number");
    every(CASES, &spoilings(), file!(), |spoiling| {
        let ups = Ups::new(http.clone(), server.url().to_owned(), keys.clone(), TokenCache::default(), TimeZone::UTC);
        wire.spoil(spoiling);
        let before = asked.load(Ordering::SeqCst);
        let answer = runtime.block_on(ups.track(std::slice::from_ref(&number)));
        let had_token = asked.load(Ordering::SeqCst) > before;
        tally.count(had_token);
        assert!(had_token || matches!(answer, Err(CarrierError::RefusedForNow(_))), "{answer:?}");
    });
    tally.both();
}

fn refund(attempts: u32) -> Refund {
    Refund {
        id: RefundId::new(321).expect("an id"),
        order_id: OrderId::new(123).expect("an id"),
        return_id: None,
        payment_reference: None,
        amount: Money::usd(1),
        from_credit: None,
        restocking_fee: None,
        return_shipping_fee: None,
        pieces: Vec::new(),
        reason: "Torn".to_owned(),
        status: RefundStatus::Processing,
        method: RefundMethod::Card,
        transaction_reference: None,
        provider: None,
        failure_reason: None,
        attempts,
        attempt: None,
        awaiting: None,
        doubted: false,
        processed_by: None,
        processed_at: None,
        notes: None,
        version: 1,
        created_at: NOW,
        updated_at: NOW,
    }
}

/// Money that has come is read as a client's amounts are.
fn sane_payment(outcome: PaymentOutcome) {
    if let PaymentOutcome::Received(money) = outcome {
        may_be_kept(Some(money));
    }
}

fn sane_deposit(deposit: &Deposit) {
    sane_payment(deposit.report().outcome);
}

fn sane_report(report: &RefundReport) {
    assert_ne!(report.reference.as_deref(), Some(""), "{report:?}");
}

fn sane_refund(made: &ProviderRefund) {
    may_be_kept(made.amount);
    assert!(made.ours.is_none_or(|(id, _)| id.get() <= MAX_ID), "{made:?}");
    sane_report(&made.report);
}

/// Asks a provider of payments, whose answers are spoilt, for refunds and after them, and after a payment.
fn gateway_survives<G: Gateway>(
    provider: Provider,
    payment: &str,
    key: fn(u32) -> String,
    make: impl FnOnce(reqwest::Client, String) -> G,
) {
    let runtime = runtime();
    let (wire, payments) = (Wire::default(), Payments::new(now()));
    payments.card_charge("ch_1", "pi_1", 1_000_00, "USD");
    payments.deposit(DEPOSIT, 1_000_00, "USD", "COMPLETED");
    payments.refunds_are(provider, if provider == Provider::Stripe { "succeeded" } else { "COMPLETED" });
    let server = runtime.block_on(wire.serve(payments.router()));
    let gateway = make(client(), server.url().to_owned());
    let (first, first_key) = (refund(1), key(1));
    let asked = Asked { refund: &first, key: &first_key, payment };
    runtime.block_on(gateway.refund(asked)).expect("a refund");
    let [refunds, states, heard] = [(); 3].map(|()| Tally::default());
    let count = Cell::new(1);
    every(3 * CASES, &(0..3_u8, spoilings()), file!(), |(call, spoiling)| {
        let other_status = spoiling.status.filter(|status| !(200..300).contains(status));
        wire.spoil(spoiling);
        count.set(count.get() + 1);
        let is_yes = match call {
            0 => {
                let (next, key) = (refund(count.get()), key(count.get()));
                let answer = runtime.block_on(gateway.refund(Asked { refund: &next, key: &key, payment }));
                answer.iter().for_each(sane_report);
                refunds.count(answer.is_ok());
                answer.is_ok()
            }
            1 => {
                let answer = runtime.block_on(gateway.refund_state(asked));
                answer.iter().flatten().for_each(sane_report);
                states.count(matches!(answer, Ok(Some(_))));
                matches!(answer, Ok(Some(_)))
            }
            _ => {
                let answer = runtime.block_on(gateway.payment(payment));
                answer.iter().flatten().for_each(|report| sane_payment(report.outcome));
                heard.count(matches!(answer, Ok(Some(_))));
                matches!(answer, Ok(Some(_)))
            }
        };
        assert!(!is_yes || other_status.is_none(), "{other_status:?} is no success");
    });
    [refunds, states, heard].iter().for_each(Tally::both);
}

const DEPOSIT: &str = "afb57b93-7849-49aa-babb-000000000001";

#[test]
fn whatever_stripe_answers_is_an_error_or_may_be_kept() {
    let key = |n: u32| format!("key-{n}");
    gateway_survives(Provider::Stripe, "pi_1", key, |http, url| Stripe::new(http, url, STRIPE_KEY.to_owned()));
}

#[test]
fn whatever_pawapay_answers_is_an_error_or_may_be_kept() {
    let key = |n: u32| format!("5b1f4e6a-9d0c-4c1e-8c53-{n:012}");
    gateway_survives(Provider::PawaPay, DEPOSIT, key, |http, url| PawaPay::new(http, url, PAWAPAY_TOKEN.to_owned()));
}

/// A document of a provider's, spoilt and read without a wire.
fn object_survives<T>(right: &Value, read: fn(&[u8]) -> serde_json::Result<T>, look: impl Fn(&T)) {
    let bytes = right.to_string().into_bytes();
    look(&read(&bytes).expect("it is right as it is"));
    let tally = Tally::default();
    every(2 * CASES, &mutations(), file!(), |mutations| {
        let read = read(&mutated(&bytes, &mutations));
        read.iter().for_each(&look);
        tally.count(read.is_ok());
    });
    tally.both();
}

#[test]
fn whatever_a_webhook_tells_of_money_is_an_error_or_may_be_kept() {
    let refund = json!({
        "id": "re_1", "amount": 1_000, "currency": "usd", "status": "failed", "failure_reason": "lost_or_stolen_card",
        "payment_intent": "pi_1", "charge": "ch_1", "metadata": { "refund_id": "321", "attempt": "2" },
    });
    object_survives(
        &refund,
        |bytes| serde_json::from_slice(bytes),
        |refund: &StripeRefund| {
            let made = refund.provider_refund();
            sane_refund(&made);
            // No byte makes a success of a failure.
            assert_ne!(made.report.outcome, RefundOutcome::Succeeded);
        },
    );
    let intent = json!({ "id": "pi_1", "status": "succeeded", "amount_received": 1_000, "currency": "usd", "created": 1,
        "latest_charge": { "id": "ch_1", "created": 1, "amount_refunded": 0 } });
    object_survives(&intent, |bytes| serde_json::from_slice(bytes), |intent: &StripeIntent| sane_payment(intent.report().outcome));
    let charge = json!({
        "id": "ch_1", "status": "succeeded", "captured": true, "amount_captured": 1_000, "currency": "usd", "payment_intent": "pi_1",
        "refunds": { "data": [refund], "has_more": false },
    });
    object_survives(
        &charge,
        |bytes| serde_json::from_slice(bytes),
        |charge: &StripeCharge| {
            sane_payment(charge.report().outcome);
            charge.refunds().into_iter().flatten().for_each(|refund| sane_refund(&refund.provider_refund()));
        },
    );
    let deposit =
        json!({ "depositId": DEPOSIT, "status": "COMPLETED", "amount": "10.00", "currency": "USD", "created": "2026-11-25T09:00:00Z" });
    object_survives(&deposit, |bytes| serde_json::from_slice(bytes), sane_deposit);
    let refund = json!({
        "refundId": DEPOSIT, "status": "FAILED", "providerTransactionId": "12356789",
        "failureReason": { "failureCode": "RECIPIENT_NOT_FOUND", "failureMessage": "No such number" },
    });
    object_survives(
        &refund,
        |bytes| serde_json::from_slice(bytes),
        |refund: &PawaPayRefund| {
            let report = refund.report();
            sane_report(&report);
            assert_ne!(report.outcome, RefundOutcome::Succeeded);
        },
    );
}

#[derive(Clone)]
struct Key;

impl Credential for Key {
    async fn value(&self) -> Result<Arc<str>, String> {
        Ok("local".into())
    }
}

/// Sends by a provider whose answers are spoilt: no other status than a success is one.
fn sender_survives<S: Sender>(provider: NotificationProvider, make: impl FnOnce(String) -> S) {
    let runtime = runtime();
    let (wire, outbox) = (Wire::default(), Outbox::new(now()));
    let server = runtime.block_on(wire.serve(outbox.router()));
    let sender = make(server.url().to_owned());
    let content = Content { subject: Some("Bonjour".to_owned()), body: "Bonjour".to_owned(), text: Some("Bonjour".to_owned()) };
    let to = if provider == NotificationProvider::Twilio { "+243812345678" } else { "grace@example.com" };
    let message: Notification = Notification::test(to.to_owned(), content, Actor::System, NOW, Ids::new(NOW, 1)).message;
    assert_eq!(runtime.block_on(sender.send(&message)).expect("it is taken").provider, provider);
    let tally = Tally::default();
    every(CASES, &spoilings(), file!(), |spoiling| {
        let other_status = spoiling.status.filter(|status| !(200..300).contains(status));
        wire.spoil(spoiling);
        let answer = runtime.block_on(sender.send(&message));
        tally.count(answer.is_ok());
        match answer {
            Ok(accepted) => assert!(other_status.is_none() && accepted.provider == provider, "{other_status:?}: {accepted:?}"),
            Err(SendError::Refused(said) | SendError::RefusedForNow(said) | SendError::Unknown(said)) => {
                assert!((1..=500).contains(&said.for_the_record().chars().count()));
            }
        }
    });
    tally.both();
}

#[test]
fn whatever_twilio_answers_is_an_error_or_a_message_that_is_taken() {
    sender_survives(NotificationProvider::Twilio, |base_url| {
        let config = TwilioConfig { account_sid: "AC1".to_owned(), from: "+15005550006".to_owned(), base_url, status_callback: None };
        Twilio::new(config, Key).expect("a client")
    });
}

#[test]
fn whatever_sendgrid_answers_is_an_error_or_a_message_that_is_taken() {
    sender_survives(NotificationProvider::SendGrid, |base_url| {
        let config = SendGridConfig { from_name: "Allure".to_owned(), from: "shop@example.com".to_owned(), reply_to: None, base_url };
        SendGrid::new(config, Key).expect("a client")
    });
}

#[test]
fn whatever_ses_answers_is_an_error_or_a_message_that_is_taken() {
    sender_survives(NotificationProvider::Ses, |url| {
        let config = api::aws::local_config(&url, aws_smithy_http_client::Builder::new().build_http());
        Ses::new(&config, "Allure", "shop@example.com", None)
    });
}
