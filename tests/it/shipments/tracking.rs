//! Where parcels are: carriers are asked by a schedule, and at once when they tell that something happened.

use super::*;
use crate::kit::webhooks::carrier_tells;
use crate::kit::{HOUR, MINUTE};
use domain::ids::ShipmentId;
use domain::shipment::{Shipment, ShipmentChange};
use local::emulators::carriers::Booked;
use local::emulators::outbox::Fault;
use local::system::CARRIER_WEBHOOK_SECRET as SECRET;
use std::time::Duration;
use store::Writes;

/// For each carrier: its codes of a parcel that is picked up, on its way, out for delivery and delivered.
const WAYS: [(&str, [&str; 4]); 3] =
    [("DHL", ["PU", "DF", "WC", "OK"]), ("FEDEX", ["PU", "IT", "OD", "DL"]), ("UPS", ["I OR", "I AR", "I OT", "D FS"])];

/// A parcel that its carrier has booked.
async fn booked(shop: &LocalShop, carrier: &str) -> (Placed, Value, Booked) {
    let order = confirmed(shop, 1).await;
    let parcel = shop.ship(&order, carrier).await;
    shop.settled().await;
    let booked = shop.system.carriers.parcels().pop().expect("a parcel");
    (order, parcel, booked)
}

fn codes(parcel: &Value) -> Vec<&str> {
    let events = parcel["events"].as_array().expect("a timeline");
    events.iter().filter_map(|event| event["code"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parcel_is_followed_from_its_pickup_to_its_customer() {
    for (carrier, [picked_up, on_its_way, out, delivered]) in WAYS {
        let shop = LocalShop::start().await;
        let (order, parcel, booked) = booked(&shop, carrier).await;
        let mut statuses = Vec::new();
        for code in [picked_up, on_its_way, out, delivered] {
            shop.system.carriers.scan(&booked.number, code, "Said so", "Kinshasa");
            shop.after(5 * HOUR).await;
            statuses.push(shop.shipment_now(&parcel).await["status"].as_str().expect("a status").to_owned());
        }
        assert_eq!(statuses, ["PICKED_UP", "IN_TRANSIT", "OUT_FOR_DELIVERY", "DELIVERED"], "{carrier}");
        let now = shop.shipment_now(&parcel).await;
        assert_eq!(codes(&now), [picked_up, on_its_way, out, delivered]);
        assert_eq!(now["lastCarrierStatus"], json!(format!("{delivered} Said so")));
        let scanned = &shop.system.carriers.parcels()[0].scans[3];
        assert_eq!(now["actualDelivery"].as_u64().map(|at| at / 1000), Some(scanned.at / 1000), "when it was, not when it was heard of");
        assert_eq!(status(&shop, &order).await, "DELIVERED");
        assert_eq!(told(&shop, &order).await.iter().filter(|subject| subject.contains("livrée")).count(), 1);

        // Nobody asks for it any more.
        let asked = shop.system.carriers.tracked();
        shop.after(10 * HOUR).await;
        assert_eq!(shop.system.carriers.tracked(), asked);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn late_and_repeated_events_take_nothing_back() {
    for (carrier, [picked_up, on_its_way, out, delivered]) in WAYS {
        let shop = LocalShop::start().await;
        let (order, parcel, booked) = booked(&shop, carrier).await;
        let now = shop.system.clock.now().0;
        let scan = |minutes: u64, code| shop.system.carriers.scan_at(now + minutes * 60_000, &booked.number, code, "Said so", "Gombe");
        scan(30, out);
        shop.after(5 * HOUR).await;
        scan(10, picked_up);
        scan(20, on_its_way);
        shop.after(5 * HOUR).await;
        let parcel_now = shop.shipment_now(&parcel).await;
        assert_eq!((parcel_now["status"].as_str(), codes(&parcel_now)), (Some("OUT_FOR_DELIVERY"), vec![picked_up, on_its_way, out]));

        // Back at the depot in the evening, and out again: it stays as far as it once was.
        scan(300, on_its_way);
        shop.after(5 * HOUR).await;
        assert_eq!(shop.shipment_now(&parcel).await["status"], "OUT_FOR_DELIVERY");
        scan(1400, delivered);
        shop.after(20 * HOUR).await;
        assert_eq!(
            (shop.shipment_now(&parcel).await["status"].clone(), status(&shop, &order).await),
            (json!("DELIVERED"), "DELIVERED".to_owned())
        );
        let mails = told(&shop, &order).await;
        assert_eq!(mails.iter().filter(|subject| subject.contains("est emballée")).count(), 1, "{mails:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_scan_in_the_same_answer_hides_no_delivery() {
    for (carrier, [_, on_its_way, out, delivered]) in WAYS {
        let shop = LocalShop::start().await;
        let (order, parcel, booked) = booked(&shop, carrier).await;
        let now = shop.system.clock.now().0;
        for (minutes, code) in [(0, out), (30, delivered), (45, on_its_way)] {
            shop.system.carriers.scan_at(now + minutes * 60_000, &booked.number, code, "Said so", "Gombe");
        }
        shop.after(5 * HOUR).await;
        assert_eq!(shop.shipment_now(&parcel).await["status"], "DELIVERED", "{carrier}");
        assert_eq!(status(&shop, &order).await, "DELIVERED");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_nobody_knows_is_kept_and_nothing_is_guessed_from_it() {
    for (carrier, unknown) in [("DHL", "QQ"), ("FEDEX", "QQ"), ("UPS", "Q 99")] {
        let shop = LocalShop::start().await;
        let (_, parcel, booked) = booked(&shop, carrier).await;
        shop.system.carriers.scan(&booked.number, unknown, "Something new", "Matadi");
        shop.after(5 * HOUR).await;
        let now = shop.shipment_now(&parcel).await;
        assert_eq!((&now["status"], &now["lastCarrierStatus"]), (&json!("PENDING"), &json!(format!("{unknown} Something new"))));
        let event = now["events"].as_array().expect("a timeline").iter().find(|event| event["code"] == unknown).expect("an event").clone();
        assert_eq!((&event["status"], &event["location"]), (&Value::Null, &json!("Matadi")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parcel_says_when_it_should_arrive_as_the_clocks_of_the_shop_go() {
    const DAY: u64 = 86_400_000;
    // Kinshasa is an hour before UTC. The stand-ins take two days; FedEx says the hour, the others the day.
    for (carrier, hour) in [("DHL", 24), ("FEDEX", 18), ("UPS", 24)] {
        let shop = LocalShop::start().await;
        let (_, parcel, booked) = booked(&shop, carrier).await;
        shop.system.carriers.scan(&booked.number, "??", "Said so", "Kinshasa");
        shop.after(5 * HOUR).await;
        let expected = (booked.booked_at + 2 * DAY) / DAY * DAY + (hour - 1) * 3_600_000 - if hour == 24 { 1_000 } else { 0 };
        assert_eq!(shop.shipment_now(&parcel).await["estimatedDelivery"], json!(expected), "{carrier}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_of_an_earlier_parcel_with_the_same_number_is_not_of_this_one() {
    let shop = LocalShop::start().await;
    let (_, parcel, booked) = booked(&shop, "DHL").await;
    shop.system.carriers.scan_at(
        parcel["createdAt"].as_u64().expect("a time") - 90 * 86_400_000,
        &booked.number,
        "OK",
        "Delivered",
        "Paris",
    );
    shop.after(5 * HOUR).await;
    let now = shop.shipment_now(&parcel).await;
    assert_eq!((&now["status"], codes(&now)), (&json!("PENDING"), vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parcel_is_asked_for_when_nothing_was_heard_for_hours_and_not_before() {
    let shop = LocalShop::start().await;
    let (_, parcel, _) = booked(&shop, "UPS").await;
    shop.after(3 * HOUR).await;
    assert_eq!(shop.system.carriers.tracked(), 0);
    shop.after(2 * HOUR).await;
    assert_eq!(shop.system.carriers.tracked(), 1);
    let before = shop.shipment_now(&parcel).await;
    for _ in 0..4 {
        shop.after(30 * MINUTE).await;
    }
    assert_eq!(shop.system.carriers.tracked(), 1, "it was asked for a short while ago");
    shop.after(3 * HOUR).await;
    assert_eq!(shop.system.carriers.tracked(), 2);
    let mut now = shop.shipment_now(&parcel).await;
    // Signed anew for whoever reads it.
    now["labelUrl"] = before["labelUrl"].clone();
    assert_eq!(now, before, "that there is nothing new changes nothing");
    // After two months nobody asks for it.
    shop.after(61 * 24 * HOUR).await;
    let asked = shop.system.carriers.tracked();
    shop.after(10 * HOUR).await;
    assert_eq!(shop.system.carriers.tracked(), asked);
}

#[tokio::test(flavor = "multi_thread")]
async fn fedex_is_asked_for_thirty_parcels_at_once_and_the_others_for_one_and_no_run_asks_too_often() {
    for (carrier, word, parcels, calls) in [("FEDEX", "794", 33, 2), ("DHL", "10", 25, 20)] {
        let shop = LocalShop::without_pumps().await;
        for n in 0..parcels {
            let parcel = shop.ship(&confirmed(&shop, 1).await, carrier).await;
            shop.change_shipment(&parcel, &json!({ "trackingNumber": format!("{word}{n:04}") })).await.ok();
        }
        shop.system.clock.advance(5 * HOUR);
        let before = shop.system.carriers.tracked();
        let swept = shop.system.workers.run("track-shipments").await.expect("a schedule");
        assert_eq!((shop.system.carriers.tracked() - before, swept.failed), (calls, 0), "{carrier}: {swept:?}");
        let rest = shop.system.workers.run("track-shipments").await.expect("a schedule");
        assert_eq!(swept.seen + rest.seen, parcels, "{carrier}: the next run goes on");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_parcels_of_one_carrier_keep_nobody_from_being_asked_for_another_s() {
    let shop =
        LocalShop::with(Options { pumps: false, variables: [("DHL_TRACKING_CALLS", "3".to_owned())].into(), ..Options::default() }).await;
    let entered = async |carrier: &str, number: &str| {
        let parcel = shop.ship(&confirmed(&shop, 1).await, carrier).await;
        shop.change_shipment(&parcel, &json!({ "trackingNumber": number })).await.ok()
    };
    let id = |parcel: &Value| ShipmentId::new(parcel["id"].as_u64().expect("an id")).expect("an id");
    let first = id(&entered("DHL", "1000000000").await);
    let store = shop.system.store();
    let parcel = store.shipment(first).await.expect("read").expect("a parcel");
    for n in 1..=1_000 {
        let shipment = Shipment { id: ShipmentId::new(first.get() + n).expect("an id"), version: 1, ..parcel.clone() };
        let change = ShipmentChange { shipment, order: None, number: None, events: Vec::new() };
        store.commit(Writes::from(&change), None, shop.system.clock.now()).await.expect("written");
    }
    shop.system.clock.advance(MINUTE);
    entered("UPS", "1Z1").await;
    entered("FEDEX", "794600000001").await;
    shop.system.clock.advance(5 * HOUR);
    let swept = shop.system.workers.run("track-shipments").await.expect("a schedule");
    assert_eq!((shop.system.carriers.tracked(), swept.seen, swept.failed), (3 + 1 + 1, 5, 0), "{swept:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carrier_that_is_down_keeps_no_other_from_being_asked() {
    let variables = [("DHL_BASE_URL", "http://127.0.0.1:9".to_owned())].into();
    let shop = LocalShop::with(Options { pumps: false, variables, ..Options::default() }).await;
    let mut parcels = Vec::new();
    for carrier in ["DHL", "FEDEX", "UPS"] {
        let parcel = shop.ship(&confirmed(&shop, 1).await, carrier).await;
        parcels.push(shop.change_shipment(&parcel, &json!({ "trackingNumber": format!("{carrier}1") })).await.ok());
    }
    shop.system.clock.advance(5 * HOUR);
    let swept = shop.system.workers.run("track-shipments").await.expect("a schedule");
    assert_eq!((swept.seen, swept.failed, shop.system.carriers.tracked()), (2, 1, 2), "{swept:?}");
}

fn refuses(status: u16) -> Fault {
    Fault::Refuse { status, code: "ODD".to_owned(), message: "Something odd".to_owned() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parcel_that_its_carrier_stumbles_over_keeps_no_other_of_it_from_being_followed() {
    for (carrier, [_, on_its_way, ..]) in WAYS {
        for fault in [refuses(400), refuses(500), Fault::AcceptThenDrop] {
            let shop = LocalShop::start().await;
            let mut parcels = Vec::new();
            for _ in 0..4 {
                let (_, parcel, booked) = booked(&shop, carrier).await;
                shop.system.carriers.scan(&booked.number, on_its_way, "Said so", "Kinshasa");
                parcels.push((parcel, booked.number));
                shop.after(Duration::from_secs(2)).await;
            }
            let (odd, others) = parcels.split_first().expect("four");
            shop.system.carriers.stumble_over(&odd.1, fault.clone());
            shop.after(5 * HOUR).await;
            for (parcel, _) in others {
                assert_eq!(shop.shipment_now(parcel).await["status"], "IN_TRANSIT", "{carrier}: {fault:?}");
            }
            assert_eq!(shop.shipment_now(&odd.0).await["status"], "PENDING");
            let asked = shop.system.carriers.tracked();
            shop.after(HOUR).await;
            assert_eq!(shop.system.carriers.tracked(), asked, "{carrier}: {fault:?}: it is not asked for at every run");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carrier_that_answers_nothing_is_left_alone_for_the_run_and_the_next_one_begins_with_another_parcel() {
    // A refusal of us is the carrier's as a whole at once; what comes to nothing is only after some calls in a row.
    for (fault, calls) in [(refuses(429), 1), (refuses(403), 1), (refuses(500), 7)] {
        let shop = LocalShop::without_pumps().await;
        let numbers: Vec<String> = (0..9).map(|n| format!("100000000{n}")).collect();
        for number in &numbers {
            let parcel = shop.ship(&confirmed(&shop, 1).await, "DHL").await;
            shop.change_shipment(&parcel, &json!({ "trackingNumber": number })).await.ok();
            shop.system.clock.advance(MINUTE);
        }
        let run = async || {
            let before = shop.system.carriers.tracked();
            let swept = shop.system.workers.run("track-shipments").await.expect("a schedule");
            (shop.system.carriers.tracked() - before, swept.seen, swept.failed)
        };
        shop.system.clock.advance(5 * HOUR);
        for number in &numbers[..calls] {
            shop.system.carriers.stumble_over(number, fault.clone());
        }
        assert_eq!(run().await, (calls, 0, calls), "{fault:?}");
        assert_eq!(run().await, (numbers.len() - calls, numbers.len() - calls, 0), "{fault:?}: those that nobody asked for yet");
        assert_eq!(run().await, (0, 0, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_carrier_tells_is_asked_for_at_once_and_applied_once() {
    for (carrier, [_, on_its_way, ..]) in WAYS {
        let shop = LocalShop::start().await;
        let (order, parcel, booked) = booked(&shop, carrier).await;
        let body = match carrier {
            "DHL" => json!({ "shipments": [{ "id": booked.number, "status": { "statusCode": "transit" } }] }),
            "FEDEX" => json!({ "completeTrackResults": [{ "trackingNumber": booked.number }] }),
            // As UPS's own examples have it, a space before.
            _ => json!({ "trackingNumber": format!(" {}", booked.number), "activityStatus": { "type": "D", "code": "FS" } }),
        };
        // A carrier's word is not taken for it: nothing was scanned so far.
        assert_eq!(carrier_tells(&shop, carrier, SECRET, &body).await.ok(), json!({ "received": true }));
        shop.settled().await;
        assert_eq!(shop.shipment_now(&parcel).await["status"], "PENDING", "{carrier}");

        shop.system.carriers.scan(&booked.number, on_its_way, "Said so", "Kinshasa");
        let asked = shop.system.carriers.tracked();
        let mut later = body;
        later["at"] = json!("2026-11-25T09:15:00Z");
        for _ in 0..5 {
            carrier_tells(&shop, carrier, SECRET, &later).await.ok();
            shop.settled().await;
        }
        assert_eq!(shop.system.carriers.tracked(), asked + 1, "{carrier}: what is said again asks nobody");
        let now = shop.shipment_now(&parcel).await;
        assert_eq!((now["status"].as_str(), codes(&now)), (Some("IN_TRANSIT"), vec![on_its_way]), "{carrier}");
        let history = shop.staff().get(&order.path("history")).await.ok();
        let moved = history.as_array().expect("rows").iter().filter(|row| row["newStatus"] == "IN_TRANSIT").count();
        assert!(moved <= 1, "{history}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carrier_that_can_t_be_asked_when_it_tells_is_asked_later() {
    let shop = LocalShop::start().await;
    let (_, parcel, booked) = booked(&shop, "FEDEX").await;
    shop.system.carriers.scan(&booked.number, "OD", "On vehicle", "Gombe");
    shop.system.carriers.revoke_tokens();
    carrier_tells(&shop, "FEDEX", SECRET, &json!({ "trackingNumber": booked.number })).await.ok();
    shop.settled().await;
    shop.after(Duration::from_secs(6)).await;
    assert_eq!(shop.shipment_now(&parcel).await["status"], "OUT_FOR_DELIVERY");
}
