//! Booking with DHL, FedEx and UPS: a label costs money, so there is never a second one.

use super::*;
use crate::kit::{ByHand, Directory, MINUTE, failures, http};
use aws_lambda_events::event::sqs::SqsEvent;
use domain::ids::OrderId;
use domain::order::{Advance, Order, OrderStatus};
use domain::shipment::Carrier;
use local::Workers;
use local::emulators::carriers::Booked;
use local::emulators::outbox::Fault;
use std::time::Duration;
use store::Writes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const SECOND: Duration = Duration::from_secs(1);

const CARRIERS: [(Carrier, &str); 3] = [(Carrier::Dhl, "DHL"), (Carrier::FedEx, "FEDEX"), (Carrier::Ups, "UPS")];

fn refuses(status: u16) -> Fault {
    Fault::Refuse { status, code: "X.1".to_owned(), message: "The city is not served".to_owned() }
}

/// The one parcel that a carrier has.
#[track_caller]
fn only(shop: &LocalShop) -> Booked {
    let parcels = shop.system.carriers.parcels();
    assert_eq!(parcels.len(), 1, "{parcels:?}");
    parcels.into_iter().next().expect("one")
}

fn reason(parcel: &Value) -> &str {
    parcel["failureReason"].as_str().unwrap_or_default()
}

async fn downloaded(url: &Value) -> (u16, Vec<u8>) {
    let answer = http().get(url.as_str().expect("an address")).send().await.expect("an answer");
    (answer.status().as_u16(), answer.bytes().await.expect("a body").to_vec())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_carrier_gives_a_number_a_label_and_a_price_and_the_customer_is_told() {
    let shop = LocalShop::start().await;
    for (n, (carrier, word)) in CARRIERS.into_iter().enumerate() {
        let order = confirmed(&shop, 1).await;
        let parcel = shop.ship(&order, word).await;
        assert_eq!((&parcel["trackingNumber"], &parcel["labelUrl"]), (&Value::Null, &Value::Null), "the carrier holds no request up");
        shop.settled().await;

        let booked = shop.system.carriers.parcels()[n].clone();
        let now = shop.shipment_now(&parcel).await;
        assert_eq!((booked.carrier, &now["trackingNumber"]), (carrier, &json!(booked.number)), "{now}");
        assert_eq!(booked.reference, format!("{}-1", parcel["id"]));
        assert!(cents(&now["cost"]) > 0 && now["failureReason"].is_null(), "{now}");
        // UPS says when it should arrive only once it is asked where it is.
        assert_eq!(now["estimatedDelivery"].is_u64(), carrier != Carrier::Ups, "{now}");
        let (status, label) = downloaded(&now["labelUrl"]).await;
        assert_eq!(status, 200);
        // All of it: half a label prints, and no scanner reads it.
        let (start, end): (&[u8], &[u8]) = if carrier == Carrier::Ups { (b"GIF89a", b"\0;") } else { (b"%PDF-1", b"%%EOF") };
        assert!(label.starts_with(start) && label.trim_ascii_end().ends_with(end), "{word}: {} bytes", label.len());
        let mail = shop.system.outbox.emails().pop().expect("a mail");
        assert!(mail.text.as_deref().is_some_and(|text| text.contains(&booked.number)), "{mail:?}");
        let by_number = shop.staff().get(&format!("/api/shipments?trackingNumber={}", booked.number)).await.ok();
        assert_eq!(by_number["id"], parcel["id"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carrier_is_told_what_it_needs_in_a_country_without_postcodes() {
    let shop = LocalShop::start().await;
    for (_, word) in CARRIERS {
        let order = confirmed(&shop, 1).await;
        let mut body = shipment_body(order.id, word);
        body["recipientPhone"] = json!("081 234 56 78");
        body["shippingAddress"]["zipCode"] = json!("00243");
        shop.staff().post("/api/shipments", &body).await.ok();
    }
    shop.settled().await;
    let parcels = shop.system.carriers.parcels();
    let [dhl, fedex, ups] = parcels.iter().map(|parcel| &parcel.request).collect::<Vec<_>>().try_into().expect("three");
    let receiver = &dhl["customerDetails"]["receiverDetails"];
    assert_eq!(receiver["postalAddress"]["postalCode"], "", "asked for, and empty");
    assert_eq!(
        (&receiver["postalAddress"]["countryCode"], &receiver["contactInformation"]["phone"]),
        (&json!("CD"), &json!("+243812345678"))
    );
    assert_eq!((&dhl["content"]["packages"][0]["weight"], &dhl["content"]["unitOfMeasurement"]), (&json!(1.2), &json!("metric")));
    let recipient = &fedex["requestedShipment"]["recipients"][0];
    assert_eq!((&recipient["address"]["countryCode"], &recipient["address"]["postalCode"]), (&json!("CD"), &Value::Null));
    let weight = &fedex["requestedShipment"]["requestedPackageLineItems"][0]["weight"];
    assert_eq!((&weight["units"], &weight["value"]), (&json!("KG"), &json!(1.2)));
    let to = &ups["ShipmentRequest"]["Shipment"]["ShipTo"];
    assert_eq!((&to["Phone"]["Number"], &to["Address"]["PostalCode"]), (&json!("243812345678"), &Value::Null));
    let weight = &ups["ShipmentRequest"]["Shipment"]["Package"][0]["PackageWeight"];
    assert_eq!((&weight["UnitOfMeasurement"]["Code"], &weight["Weight"]), (&json!("KGS"), &json!("1.2")));
}

#[tokio::test(flavor = "multi_thread")]
async fn fedex_ships_on_the_day_that_the_shop_has_west_and_east_of_utc() {
    // As far from UTC as clocks go: it has another day than one of them at any hour.
    for zone in ["Etc/GMT+12", "Pacific/Kiritimati"] {
        let variables = HashMap::from([("SHOP_TIMEZONE", zone.to_owned())]);
        let shop = LocalShop::with(Options { variables, ..Options::default() }).await;
        let order = confirmed(&shop, 1).await;
        shop.ship(&order, "FEDEX").await;
        shop.settled().await;
        // The day in an order's number is the shop's, and little time has gone since.
        let day = order.body["orderNumber"].as_str().and_then(|number| number.split('-').nth(1)).expect("a day").to_owned();
        let shipped = only(&shop).request["requestedShipment"]["shipDatestamp"].as_str().expect("a day").replace('-', "");
        assert_eq!(shipped, day, "{zone}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_carrier_would_refuse_is_said_before_it_is_asked() {
    let shop = LocalShop::start().await;
    let order = confirmed(&shop, 1).await;
    let mut body = shipment_body(order.id, "UPS");
    (body["recipientPhone"], body["weight"]) = (Value::Null, Value::Null);
    body["shippingAddress"] = json!({ "street": "x".repeat(120), "city": "Bruxelles", "country": "Belgique" });
    let parcel = shop.staff().post("/api/shipments", &body).await.ok();
    shop.settled().await;
    let now = shop.shipment_now(&parcel).await;
    for said in ["phone number", "street", "postcode is missing", "no weight"] {
        assert!(reason(&now).contains(said), "{said}: {now}");
    }
    assert_eq!(shop.system.carriers.asked(Carrier::Ups), 0);

    // Staff enter what was missing and ask once more; the address stays what it is.
    shop.change_shipment(&parcel, &json!({ "weight": 1.5 })).await.ok();
    shop.move_shipment(&parcel, "PENDING").await.ok();
    shop.settled().await;
    let now = shop.shipment_now(&parcel).await;
    assert!(!reason(&now).contains("no weight") && reason(&now).contains("phone number"), "{now}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_looked_for_and_no_second_label_is_bought() {
    for (carrier, word) in CARRIERS {
        let shop = LocalShop::start().await;
        let order = confirmed(&shop, 1).await;
        shop.system.carriers.fail_next(carrier, Fault::AcceptThenDrop);
        let parcel = shop.ship(&order, word).await;
        shop.settled().await;
        let unknown = shop.shipment_now(&parcel).await;
        assert!(reason(&unknown).contains(&format!("Look for reference {}-1", parcel["id"])), "staff see it at once: {unknown}");
        assert_eq!(unknown["trackingNumber"], Value::Null);
        shop.move_shipment(&parcel, "FAILED").await.refused(409, "BOOKING_IN_PROGRESS");

        shop.after(4 * MINUTE).await;
        let (found, booked) = (shop.shipment_now(&parcel).await, only(&shop));
        assert_eq!((&found["trackingNumber"], shop.system.carriers.asked(carrier)), (&json!(booked.number), 1), "{word}");
        assert!(reason(&found).contains("portal"), "its label is with the carrier: {found}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_have_a_label_gets_no_other_and_its_order_is_not_cancelled() {
    let shop = LocalShop::start().await;
    let carriers = &shop.system.carriers;
    carriers.hide(true);
    carriers.fail_next(Carrier::Dhl, Fault::AcceptThenDrop);
    let order = confirmed(&shop, 1).await;
    let parcel = shop.ship(&order, "DHL").await;
    shop.settled().await;
    shop.after(9 * MINUTE).await;
    for status in ["FAILED", "RETURNED"] {
        shop.move_shipment(&parcel, status).await.refused(409, "BOOKING_IN_PROGRESS");
    }
    shop.staff().post("/api/shipments", &shipment_body(order.id, "DHL")).await.refused(409, "ORDER_NOT_SHIPPABLE");
    shop.staff().post(&order.path("cancel"), &json!({ "reason": "x" })).await.refused(409, "CANNOT_CANCEL");

    carriers.hide(false);
    shop.after(9 * MINUTE).await;
    let found = shop.shipment_now(&parcel).await;
    assert_eq!((&found["trackingNumber"], carriers.asked(Carrier::Dhl)), (&json!(only(&shop).number), 1));
    shop.move_shipment(&parcel, "FAILED").await.ok();
    shop.staff().post(&order.path("cancel"), &json!({ "reason": "x" })).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parcel_that_staff_move_on_is_still_looked_for_at_its_carrier() {
    let shop = LocalShop::start().await;
    shop.system.carriers.hide(true);
    shop.system.carriers.fail_next(Carrier::Ups, Fault::AcceptThenDrop);
    let parcel = shop.ship(&confirmed(&shop, 1).await, "UPS").await;
    shop.settled().await;
    shop.after(9 * MINUTE).await;
    shop.move_shipment(&parcel, "IN_TRANSIT").await.ok();
    shop.system.carriers.hide(false);
    shop.after(9 * MINUTE).await;
    let found = shop.shipment_now(&parcel).await;
    assert_eq!((&found["status"], &found["trackingNumber"]), (&json!("IN_TRANSIT"), &json!(only(&shop).number)));
}

/// A parcel with the job that books it, which a worker has taken from its queue and not done.
struct Due {
    shop: LocalShop,
    order: Placed,
    parcel: Value,
    workers: Workers,
    batch: SqsEvent,
}

async fn due(carrier: &str, options: Options) -> Due {
    let shop = LocalShop::with(Options { pumps: false, ..options }).await;
    let order = confirmed(&shop, 1).await;
    let parcel = shop.ship(&order, carrier).await;
    let mut hand = ByHand::of(&shop);
    hand.relay().await;
    let batch = hand.shipments().await;
    Due { shop, order, parcel, workers: hand.workers, batch }
}

/// The same, where what the worker reaches by one variable is a port that the test itself answers at, or doesn't.
async fn waiting_for(variable: &'static str) -> (TcpListener, Due) {
    let at = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let variables = [(variable, format!("http://{}", at.local_addr().expect("an address")))].into();
    (at, due("DHL", Options { variables, ..Options::default() }).await)
}

/// The next call to a carrier, as far as it was read, and the connection that waits for its answer.
async fn called(carrier: &TcpListener) -> TcpStream {
    let (mut call, _) = carrier.accept().await.expect("a call");
    let read = call.read(&mut [0; 4_096]).await.expect("a request");
    assert!(read > 0);
    call
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_staff_enter_while_the_carrier_is_asked_is_not_taken_back() {
    let (dhl, Due { shop, parcel, workers, batch, .. }) = waiting_for("DHL_BASE_URL").await;
    let job = || {
        let (workers, batch) = (workers.clone(), batch.clone());
        tokio::spawn(async move { workers.book_shipment(batch).await })
    };
    let booking = job();
    drop(called(&dhl).await);
    booking.await.expect("a worker");

    shop.system.clock.advance(31 * MINUTE);
    let last_look = job();
    let mut call = called(&dhl).await;
    shop.change_shipment(&parcel, &json!({ "trackingNumber": "1234567890" })).await.ok();
    call.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}").await.expect("an answer");
    assert_eq!(failures(&last_look.await.expect("a worker")), 0);
    let now = shop.shipment_now(&parcel).await;
    assert_eq!((&now["trackingNumber"], &now["failureReason"]), (&json!("1234567890"), &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_says_503_leaves_it_open_whether_a_label_was_bought() {
    let (dhl, Due { shop, parcel, workers, batch, .. }) = waiting_for("DHL_BASE_URL").await;
    let booking = tokio::spawn(async move { workers.book_shipment(batch).await });
    let body = r#"{"message":"no healthy upstream"}"#;
    let said = format!("HTTP/1.1 503 Service Unavailable\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
    let mut call = called(&dhl).await;
    call.write_all(said.as_bytes()).await.expect("an answer");
    booking.await.expect("a worker");
    let now = shop.shipment_now(&parcel).await;
    assert!(reason(&now).contains(&format!("Look for reference {}-1", parcel["id"])), "{now}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_label_that_can_t_be_found_goes_to_staff_who_decide() {
    let shop = LocalShop::start().await;
    let carriers = &shop.system.carriers;
    carriers.hide(true);
    carriers.fail_next(Carrier::Dhl, Fault::AcceptThenDrop);
    let parcel = shop.ship(&confirmed(&shop, 1).await, "DHL").await;
    shop.settled().await;
    for _ in 0..3 {
        shop.after(9 * MINUTE).await;
        shop.move_shipment(&parcel, "PENDING").await.refused(409, "INVALID_STATUS_TRANSITION");
    }
    shop.after(9 * MINUTE).await;
    assert_eq!(carriers.asked(Carrier::Dhl), 1, "however long it took");
    let left = shop.shipment_now(&parcel).await;
    assert!(reason(&left).contains("Nobody knows whether DHL booked this parcel"), "{left}");

    // Staff looked and found none: they want another label, under another reference.
    shop.move_shipment(&parcel, "PENDING").await.ok();
    shop.settled().await;
    let references: Vec<String> = carriers.parcels().into_iter().map(|booked| booked.reference).collect();
    assert_eq!(references, [format!("{}-1", parcel["id"]), format!("{}-2", parcel["id"])]);
    assert_eq!(shop.shipment_now(&parcel).await["trackingNumber"], json!(carriers.parcels()[1].number));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carrier_that_refuses_says_why_and_staff_enter_a_number_by_hand() {
    for (carrier, word) in CARRIERS {
        let shop = LocalShop::start().await;
        shop.system.carriers.fail_next(carrier, refuses(400));
        let order = confirmed(&shop, 1).await;
        let parcel = shop.ship(&order, word).await;
        shop.settled().await;
        let refused = shop.shipment_now(&parcel).await;
        assert!(reason(&refused).contains("The city is not served"), "{refused}");
        shop.after(60 * MINUTE).await;
        assert_eq!(shop.system.carriers.asked(carrier), 1, "a refusal is final");

        let numbered = shop.change_shipment(&parcel, &json!({ "trackingNumber": "HAND-1" })).await.ok();
        assert_eq!((&numbered["trackingNumber"], &numbered["failureReason"]), (&json!("HAND-1"), &Value::Null));
        shop.settled().await;
        assert!(shop.system.carriers.parcels().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carrier_that_is_down_is_asked_again_later() {
    let shop = LocalShop::start().await;
    for status in [503, 429] {
        shop.system.carriers.fail_next(Carrier::Ups, refuses(status));
    }
    let parcel = shop.ship(&confirmed(&shop, 1).await, "UPS").await;
    shop.settled().await;
    assert!(reason(&shop.shipment_now(&parcel).await).contains("not served"));
    shop.after(6 * SECOND).await;
    shop.after(11 * SECOND).await;
    let (now, booked) = (shop.shipment_now(&parcel).await, only(&shop));
    assert_eq!((&now["trackingNumber"], &now["failureReason"]), (&json!(booked.number), &Value::Null));
    assert_eq!((shop.system.carriers.asked(Carrier::Ups), booked.reference), (3, format!("{}-3", parcel["id"])));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carrier_that_fell_over_may_have_booked_and_is_not_asked_again() {
    let shop = LocalShop::start().await;
    shop.system.carriers.fail_next(Carrier::FedEx, refuses(500));
    let parcel = shop.ship(&confirmed(&shop, 1).await, "FEDEX").await;
    shop.settled().await;
    shop.after(40 * MINUTE).await;
    assert_eq!(shop.system.carriers.asked(Carrier::FedEx), 1);
    let left = shop.shipment_now(&parcel).await;
    assert!(reason(&left).contains("Nobody knows whether FEDEX booked this parcel"), "{left}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_kept_and_a_refused_one_is_asked_for_anew() {
    let shop = LocalShop::start().await;
    for _ in 0..3 {
        shop.ship(&confirmed(&shop, 1).await, "FEDEX").await;
        shop.settled().await;
    }
    assert_eq!((shop.system.carriers.parcels().len(), shop.system.carriers.tokens()), (3, 1));
    shop.system.carriers.revoke_tokens();
    shop.ship(&confirmed(&shop, 1).await, "FEDEX").await;
    shop.settled().await;
    shop.after(6 * SECOND).await;
    assert_eq!((shop.system.carriers.parcels().len(), shop.system.carriers.tokens()), (4, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_keys_buy_nothing_and_say_so() {
    let keys = r#"{"username": "local", "password": "wrong", "accountNumber": "1"}"#;
    let variables = [("DHL_KEYS", keys.to_owned())].into();
    let shop = LocalShop::with(Options { variables, ..Options::default() }).await;
    let parcel = shop.ship(&confirmed(&shop, 1).await, "DHL").await;
    shop.settled().await;
    let now = shop.shipment_now(&parcel).await;
    assert!(reason(&now).contains("Invalid credentials") && !now.to_string().contains("wrong"), "{now}");
    assert!(shop.system.carriers.parcels().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn forty_racing_deliveries_of_a_job_buy_one_label() {
    for (carrier, word) in CARRIERS {
        let Due { shop, parcel, workers, batch, .. } = due(word, Options::default()).await;
        assert_eq!(batch.records.len(), 1);
        race(40, |_| {
            let (workers, batch) = (workers.clone(), batch.clone());
            async move { workers.book_shipment(batch).await }
        })
        .await;
        assert_eq!(shop.system.carriers.asked(carrier), 1, "{word}");
        assert_eq!(shop.shipment_now(&parcel).await["trackingNumber"], json!(only(&shop).number));
        let again = workers.book_shipment(batch).await;
        assert_eq!((failures(&again), shop.system.carriers.asked(carrier)), (0, 1), "a redelivery finds it done");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_of_labels_that_never_answers_costs_the_label_and_not_the_number() {
    // Connections wait in its queue for good.
    let (_store, Due { shop, parcel, workers, batch, .. }) = waiting_for("LABELS_URL").await;
    // What the function's minute leaves after a booking that took its longest.
    let booking = tokio::time::timeout(20 * SECOND, workers.book_shipment(batch));
    assert_eq!(failures(&booking.await.expect("an end in time")), 0);
    let now = shop.shipment_now(&parcel).await;
    assert_eq!(now["trackingNumber"], json!(only(&shop).number));
    assert!(reason(&now).contains("The label could not be kept"), "{now}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_serves_every_parcel_until_it_is_refused_and_then_another_is_asked_for() {
    for (carrier, word) in [(Carrier::FedEx, "FEDEX"), (Carrier::Ups, "UPS")] {
        let shop = LocalShop::start().await;
        let carriers = &shop.system.carriers;
        for _ in 0..3 {
            shop.ship(&confirmed(&shop, 1).await, word).await;
            shop.settled().await;
        }
        assert_eq!((carriers.asked(carrier), carriers.tokens()), (3, 1), "{word}");

        carriers.revoke_tokens();
        let parcel = shop.ship(&confirmed(&shop, 1).await, word).await;
        shop.settled().await;
        assert_eq!(shop.shipment_now(&parcel).await["trackingNumber"], Value::Null, "refused, and so not booked");
        shop.after(MINUTE).await;
        assert!(shop.shipment_now(&parcel).await["trackingNumber"].is_string());
        assert_eq!((carriers.parcels().len(), carriers.tokens()), (4, 2), "{word}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_cancelled_before_its_parcel_is_booked_gets_no_label() {
    let Due { shop, order, parcel, workers, batch } = due("DHL", Options::default()).await;
    // Live, the parcel keeps its order from being cancelled; staff give it up, and then it is.
    shop.staff().post(&order.path("cancel"), &json!({ "reason": "x" })).await.refused(409, "CANNOT_CANCEL");
    shop.move_shipment(&parcel, "FAILED").await.ok();
    shop.staff().post(&order.path("cancel"), &json!({ "reason": "x" })).await.ok();

    assert_eq!(failures(&workers.book_shipment(batch).await), 0);
    assert_eq!(shop.system.carriers.asked(Carrier::Dhl), 0);
    assert_eq!((status(&shop, &order).await, shop.stock(order.variants[0]).await), ("CANCELLED".to_owned(), order.stock_before));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_found_cancelled_gives_its_parcel_up_though_the_job_was_taken_before() {
    let Due { shop, order, parcel, workers, batch } = due("DHL", Options::default()).await;
    // No call leads here, since a live parcel keeps its order: should one ever, its label is not bought.
    let store = shop.system.store();
    let before = store.order(OrderId::new(order.id).expect("an id")).await.expect("read").expect("an order");
    let previous = before.status;
    let order = Order { status: OrderStatus::Cancelled, version: before.version + 1, ..before };
    let change = Advance { order, previous, events: Vec::new() };
    store.commit(Writes::from(&change), None, shop.system.clock.now()).await.expect("written");

    assert_eq!(failures(&workers.book_shipment(batch.clone()).await), 0);
    let now = shop.shipment_now(&parcel).await;
    assert_eq!((&now["status"], reason(&now), &now["trackingNumber"]), (&json!("FAILED"), "The order was cancelled.", &Value::Null));
    assert_eq!(failures(&workers.book_shipment(batch).await), 0);
    assert_eq!(
        (shop.system.carriers.asked(Carrier::Dhl), shop.shipment_now(&parcel).await["version"].clone()),
        (0, now["version"].clone())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancellation_between_what_the_worker_read_and_what_it_writes_leaves_nothing_to_book() {
    let Due { shop, order, parcel, workers, batch } = due("DHL", Options::default()).await;
    // The worker has decided to ask; its try is not stored, since somebody else's write came between.
    shop.system.faults.inject("TransactWriteItems", local::faults::Fault::Conflict, 1_000);
    assert_eq!(failures(&workers.book_shipment(batch.clone()).await), 1);
    shop.system.faults.clear();
    shop.move_shipment(&parcel, "FAILED").await.ok();
    shop.staff().post(&order.path("cancel"), &json!({ "reason": "x" })).await.ok();

    assert_eq!(failures(&workers.book_shipment(batch).await), 0);
    assert_eq!(shop.system.carriers.asked(Carrier::Dhl), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_dies_after_it_asked_leaves_its_label_to_be_found() {
    let Due { shop, parcel, workers, batch, .. } = due("DHL", Options::default()).await;
    // The second transaction of the worker, which says what came of it, never gets through, however long it tries.
    shop.system.faults.inject_after(1, "TransactWriteItems", local::faults::Fault::NeverSent, 1_000);
    assert_eq!(failures(&workers.book_shipment(batch.clone()).await), 1);
    shop.system.faults.clear();
    assert_eq!(shop.shipment_now(&parcel).await["trackingNumber"], Value::Null);

    shop.system.clock.advance(4 * MINUTE);
    assert_eq!(failures(&workers.book_shipment(batch).await), 0);
    assert_eq!(shop.shipment_now(&parcel).await["trackingNumber"], json!(only(&shop).number));
    assert_eq!(shop.system.carriers.asked(Carrier::Dhl), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_label_is_still_there_after_the_local_shop_was_started_anew() {
    let directory = Directory::new("local-shop-labels");
    let kept = || Options { data: Some(directory.path("data").into()), ..Options::default() };
    let first = LocalShop::with(kept()).await;
    let mut labels = Vec::new();
    for (_, word) in CARRIERS {
        let parcel = first.ship(&confirmed(&first, 1).await, word).await;
        first.settled().await;
        let (status, label) = downloaded(&first.shipment_now(&parcel).await["labelUrl"]).await;
        assert_eq!(status, 200);
        labels.push((parcel, label));
    }
    drop(first);

    let second = LocalShop::with(kept()).await;
    for (parcel, label) in labels {
        assert_eq!(downloaded(&second.shipment_now(&parcel).await["labelUrl"]).await, (200, label));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cost_that_a_carrier_asks_for_in_another_currency_stays_in_it() {
    let shop = LocalShop::with(Options { variables: HashMap::from([("SHOP_CURRENCY", "CDF".to_owned())]), ..Options::default() }).await;
    let parcel = shop.ship(&confirmed(&shop, 1).await, "DHL").await;
    assert_eq!((&parcel["cost"], &parcel["currency"]), (&Value::Null, &json!("CDF")));
    shop.settled().await;
    let booked = shop.shipment_now(&parcel).await;
    assert_eq!((cents(&booked["cost"]), &booked["currency"]), (18_40, &json!("USD")));
    let same = shop.change_shipment(&parcel, &json!({ "cost": booked["cost"] })).await.ok();
    assert_eq!((&same["cost"], &same["currency"]), (&booked["cost"], &booked["currency"]));
    shop.change_shipment(&parcel, &json!({ "cost": null })).await.ok();
    let own = shop.change_shipment(&parcel, &json!({ "cost": 52_000 })).await.ok();
    assert_eq!(own["currency"], "CDF");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parcel_that_is_sent_back_as_it_was_read_keeps_its_label() {
    let shop = LocalShop::start().await;
    let (parcel, other) = (shop.ship(&confirmed(&shop, 1).await, "DHL").await, shop.ship(&confirmed(&shop, 1).await, "UPS").await);
    shop.settled().await;
    let read = shop.shipment_now(&parcel).await;
    let url = read["labelUrl"].as_str().expect("an address");
    // A function's session makes an address longer than a link may be.
    let long = format!("{url}&X-Amz-Security-Token={}", "x".repeat(2_000));
    for sent in [url, &long, url.split('?').next().expect("a path")] {
        shop.change_shipment(&parcel, &json!({ "labelUrl": sent, "weight": 2 })).await.ok();
    }
    let foreign = shop.shipment_now(&other).await["labelUrl"].clone();
    for wrong in [foreign, json!(url.replace("-1.pdf", "-1.pdf/x")), json!(format!("https://example.com/{}", "x".repeat(2_000)))] {
        shop.change_shipment(&parcel, &json!({ "labelUrl": wrong })).await.refused(400, "INVALID_LABEL_URL");
    }
    shop.after(16 * MINUTE).await;
    assert_eq!(downloaded(&shop.shipment_now(&parcel).await["labelUrl"]).await.0, 200);

    // Staff may still say that it is elsewhere, and then it is.
    let moved = shop.change_shipment(&parcel, &json!({ "labelUrl": "https://example.com/l.pdf" })).await.ok();
    assert_eq!(moved["labelUrl"], "https://example.com/l.pdf");
    shop.change_shipment(&parcel, &json!({ "labelUrl": url })).await.refused(400, "INVALID_LABEL_URL");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_label_whose_place_its_own_address_has_taken_is_there_again() {
    let shop = LocalShop::start().await;
    let (parcel, other) = (shop.ship(&confirmed(&shop, 1).await, "DHL").await, shop.ship(&confirmed(&shop, 1).await, "UPS").await);
    shop.settled().await;
    let url = shop.shipment_now(&parcel).await["labelUrl"].clone();
    let linked = async |parcel: &Value| {
        let mut item = shop.stored("SHIPMENT", &parcel["id"]).await;
        item["label"] = json!({ "M": { "link": { "S": url } } });
        assert!(shop.store_item(&item).await);
    };
    linked(&parcel).await;
    linked(&other).await;
    shop.after(16 * MINUTE).await;
    assert_eq!(downloaded(&url).await.0, 403);
    let read = shop.shipment_now(&parcel).await["labelUrl"].clone();
    assert_eq!(downloaded(&read).await.0, 200);
    for sent in [&read, &url] {
        shop.change_shipment(&parcel, &json!({ "labelUrl": sent, "weight": 2 })).await.ok();
    }
    let stored = shop.stored("SHIPMENT", &parcel["id"]).await;
    assert_eq!(stored["label"]["M"], json!({ "stored": { "S": format!("labels/{}-1.pdf", parcel["id"]) } }));

    // Another parcel's label stays the link that it is, and sent back as it was read it is no error.
    let read = shop.shipment_now(&other).await["labelUrl"].clone();
    assert_eq!(read, url);
    let same = shop.change_shipment(&other, &json!({ "labelUrl": read, "weight": 2 })).await.ok();
    assert_eq!(same["labelUrl"], url);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_label_s_address_is_good_for_a_quarter_of_an_hour_and_for_reading_alone() {
    let shop = LocalShop::start().await;
    let parcel = shop.ship(&confirmed(&shop, 1).await, "DHL").await;
    shop.settled().await;
    let url = shop.shipment_now(&parcel).await["labelUrl"].clone();
    assert_eq!(shop.system.labels.keys(), [format!("labels/{}-1.pdf", parcel["id"])]);
    assert_eq!(downloaded(&url).await.0, 200);
    let put = http().put(url.as_str().expect("text")).body("x").send().await.expect("an answer");
    assert_eq!(put.status().as_u16(), 403);
    // Its customer sees where it is, and neither its label nor what staff know of it.
    let own = shop.customer(CUSTOMER).get(&format!("/api/shipments?id={}", parcel["id"])).await.ok();
    assert_eq!((&own["labelUrl"], &own["cost"], &own["failureReason"]), (&Value::Null, &Value::Null, &Value::Null));
    assert!(own["trackingNumber"].is_string());
    assert_eq!(shop.customer(CUSTOMER).get("/api/shipments").await.ok(), json!([own]));
    let other = json!(url.as_str().expect("text").replace("-1.pdf", "-2.pdf"));
    assert_eq!(downloaded(&other).await.0, 403);
    shop.after(16 * MINUTE).await;
    assert_eq!(downloaded(&url).await.0, 403);
    assert_eq!(downloaded(&shop.shipment_now(&parcel).await["labelUrl"]).await.0, 200, "signed anew for whoever reads it");
}
