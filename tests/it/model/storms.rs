//! The same histories while AWS fails: whatever is answered in the end, and all that can be seen then, is what the model says.

use super::history;
use super::messages::{every_message_is_there_once, nothing_is_given_up};
use super::weather::Weather;
use super::{Move, Play, a_shop};
use crate::kit::{ByHand, shipment_body, storm_seed};
use domain::shipment::Carrier;
use local::emulators::payments::Provider;
use local::faults::{Fault, Service, Storm};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::json;
use std::time::Duration;

/// Beyond the SDK's patience with one call, which is two seconds.
const TOO_LATE: u64 = 2_100;
/// How many histories are played in a storm, unless `STORM_CASES` says otherwise. Which ones, and how the storm goes, is drawn anew each
/// time, unless `STORM_SEED` says from what.
const CASES: u64 = 2;
/// More steps than any has.
const ALL: usize = 100;
/// How many of their last steps meet a storm that costs seconds each time.
const LAST: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn every_promise_holds_while_calls_are_throttled() {
    weathered(Storm { fault: Fault::Throttled, calm: 9, bad: 4 }, ALL).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_promise_holds_while_writes_meet_transactions() {
    weathered(Storm { fault: Fault::Conflict, calm: 4, bad: 4 }, ALL).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_promise_holds_while_connections_are_reset() {
    weathered(Storm { fault: Fault::NeverSent, calm: 9, bad: 4 }, ALL).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_promise_holds_while_answers_get_lost() {
    weathered(Storm { fault: Fault::AnswerLost, calm: 9, bad: 4 }, ALL).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_promise_holds_while_answers_are_slow() {
    weathered(Storm { fault: Fault::Late(20), calm: 2, bad: 4 }, ALL).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_promise_holds_while_answers_come_too_late() {
    weathered(Storm { fault: Fault::Late(TOO_LATE), calm: 11, bad: 1 }, LAST).await;
}

/// Plays a few histories, each from its first order to the last message, and one order that goes by a carrier and
/// whose money goes back by mobile phone.
async fn weathered(storm: Storm, stormy_steps: usize) {
    let (shop, seed) = (a_shop().await, storm_seed());
    shop.system.faults.draw_from(seed);
    let (mut hands, since) = (ByHand::of(&shop), shop.system.clock.now());
    let weather = Weather::foul(&shop, storm, stormy_steps);
    Box::pin(by_carrier_and_back(weather, &mut hands)).await;
    let cases = std::env::var("STORM_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(CASES);
    for case in 1..=cases {
        let play = Play::begin(weather, case).await;
        let played = Box::pin(play.all(&mut hands, &history_of(seed, case))).await;
        played.unwrap_or_else(|error| panic!("{storm:?}, STORM_SEED={seed}, case {case}: {error}"));
    }
    nothing_is_given_up(&shop);
    every_message_is_there_once(&shop, since).await;
    let services = match storm.fault {
        Fault::Conflict => &[Service::DynamoDb][..],
        _ => &[Service::DynamoDb, Service::Sqs, Service::Ses],
    };
    for service in services.iter().copied() {
        let happened = shop.system.faults.happened_to(service, storm.fault);
        assert!(happened > 0, "{service:?} never had {storm:?}");
    }
}

/// A history that is the same for the same numbers.
fn history_of(seed: u64, case: u64) -> Vec<Move> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&case.to_le_bytes());
    bytes[8..16].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    history::histories().new_tree(&mut runner).expect("a history").current()
}

/// One label is bought, and what was paid is given back once.
async fn by_carrier_and_back(weather: Weather<'_>, hands: &mut ByHand) {
    let shop = weather.shop;
    let order = shop.order_at_pawapay("COMPLETED").await;
    shop.mark_paid(&order).await;
    shop.staff().put(&order.path("status"), &json!({ "newStatus": "CONFIRMED" })).await.ok();

    let staff = shop.staff().key("the parcel");
    let wanted = shipment_body(order.id, "DHL");
    let parcel = weather.answered(|| staff.post("/api/shipments", &wanted)).await.ok();
    weather.work(hands).await;
    let booked = shop.system.carriers.parcels();
    assert_eq!((booked.len(), shop.system.carriers.asked(Carrier::Dhl)), (1, 1), "{booked:?}");
    assert_eq!(shop.shipment_now(&parcel).await["trackingNumber"], json!(booked[0].number));

    let admin = shop.admin().key("the refund");
    let wanted = json!({ "orderId": order.id, "reason": "Torn" });
    weather.answered(|| admin.post("/api/refunds", &wanted)).await.ok();
    for _ in 0..20 {
        weather.work(hands).await;
        if shop.refund_of(&order).await["status"] == "COMPLETED" {
            assert_eq!(shop.made_at(Provider::PawaPay).len(), 1);
            return;
        }
        shop.system.clock.advance(Duration::from_mins(20));
        weather.run(hands, "ask-providers").await;
    }
    panic!("{}", shop.refund_of(&order).await);
}
