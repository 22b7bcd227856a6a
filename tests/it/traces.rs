//! Traces: a subsegment for each call that a request or a job makes, and nothing of what it was about.

mod deployed;

use crate::kit::{ByHand, CUSTOMER, LocalShop, Placed, failures};
use crate::workers::refuse;
use local::Options;
use local::emulators::outbox::Channel;
use local::faults::Fault;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::UdpSocket;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use xray::{Segment, Tracer, within};

const TRACE: &str = "1-5759e988-bd862e3fe1be46a994272793";
const PARENT: &str = "53995c3f42cd8ad8";

/// What Lambda says of an event.
fn header(sampled: u8) -> String {
    format!("Root={TRACE};Parent={PARENT};Sampled={sampled};Lineage=1:a87bd80c:0")
}

/// The daemon that runs beside a function.
struct Daemon(UdpSocket);

impl Daemon {
    fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        socket.set_nonblocking(true).expect("a socket");
        Self(socket)
    }

    fn address(&self) -> String {
        self.0.local_addr().expect("an address").to_string()
    }

    /// What came since it was last asked, in turn. A datagram on this machine is there as soon as it is sent.
    fn told(&self) -> Vec<Value> {
        let mut datagram = [0; 8_192];
        let mut told = Vec::new();
        while let Ok(length) = self.0.recv(&mut datagram) {
            let text = std::str::from_utf8(&datagram[..length]).expect("UTF-8");
            let (head, document) = text.split_once('\n').expect("a line before the document");
            assert_eq!(head, r#"{"format":"json","version":1}"#);
            told.push(serde_json::from_str(document).unwrap_or_else(|error| panic!("{error}: {document}")));
        }
        told
    }

    /// A segment of this daemon's, for what is called outside of any request.
    fn segment(&self) -> Segment {
        Tracer::new(Some(&self.address()), Some("eu-west-1".to_owned())).segment(Some(&header(1))).expect("a segment")
    }

    /// A shop whose functions are told of it.
    async fn shop(&self) -> LocalShop {
        let told = [("AWS_XRAY_DAEMON_ADDRESS", self.address()), ("AWS_REGION", "eu-west-1".to_owned())];
        LocalShop::with(Options { pumps: false, variables: told.into(), ..Options::default() }).await
    }
}

/// Now, as X-Ray counts.
#[expect(clippy::disallowed_methods, reason = "a trace's times are nobody's decision")]
fn seconds() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs_f64()
}

/// That each is a subsegment below ours, of a call that was made since then, and that no two are the same.
#[track_caller]
fn assert_ours(told: &[Value], since: f64) {
    let is_hex = |id: &str| id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    for document in told {
        assert_eq!(
            (&document["type"], &document["trace_id"], &document["parent_id"]),
            (&json!("subsegment"), &json!(TRACE), &json!(PARENT))
        );
        assert!(document["id"].as_str().is_some_and(is_hex), "{document}");
        let (start, end) = (document["start_time"].as_f64().expect("a time"), document["end_time"].as_f64().expect("a time"));
        assert!(since <= start && start <= end && end <= seconds(), "{since}: {document}");
    }
    let ids: BTreeSet<&str> = told.iter().filter_map(|document| document["id"].as_str()).collect();
    assert_eq!(ids.len(), told.len());
}

/// Who was called for what, each with its status.
fn calls(told: &[Value]) -> Vec<(&str, &str, Option<u64>)> {
    let mut calls = Vec::new();
    for document in told {
        let operation = document["aws"]["operation"].as_str().or_else(|| document["http"]["request"]["method"].as_str());
        let name = document["name"].as_str().expect("a name");
        calls.push((name, operation.expect("what it is called for"), document["http"]["response"]["status"].as_u64()));
    }
    calls
}

/// Error, throttle and fault.
fn flags(document: &Value) -> [bool; 3] {
    ["error", "throttle", "fault"].map(|flag| document[flag].as_bool().expect("a flag"))
}

/// That nobody shows in it, nor what is theirs, nor what only the two sides of a call may know.
#[track_caller]
fn assert_nobody_is_in(told: &[Value], order: &Placed) {
    // Digits that are drawn, or the clock's, may come to those of a telephone number.
    let drawn = ["/id", "/start_time", "/end_time", "/aws/request_id"];
    let mut told = told.to_vec();
    for document in &mut told {
        drawn.iter().filter_map(|field| document.pointer_mut(field).map(Value::take)).for_each(drop);
    }
    let text = json!(told).to_string();
    let number = order.body["orderNumber"].as_str().expect("a number").to_owned();
    let theirs =
        ["grace", "Mbuyi", "example.com", "24381", "Paix", "Gombe", "Bearer", "eyJ", "pi_", "re_", "sk_", "AC-local", "labels/", "X-Amz"];
    for secret in theirs.into_iter().chain([number.as_str(), &order.id.to_string()]) {
        assert!(!text.to_lowercase().contains(&secret.to_lowercase()), "{secret} is in {text}");
    }
}

#[tokio::test]
async fn a_request_tells_of_each_of_its_calls_once() {
    let daemon = Daemon::start();
    let shop = daemon.shop().await;
    let order = shop.paid_at_stripe().await;
    let customer = shop.customer(CUSTOMER).header("X-Amzn-Trace-Id", &header(1));
    assert!(daemon.told().is_empty(), "nothing was kept so far");

    let since = seconds();
    let cancelled = customer.post(&order.path("cancel"), &json!({ "reason": "Changed my mind" })).await;
    assert_eq!(cancelled.status, 200, "{}", cancelled.text);
    let told = daemon.told();
    assert_ours(&told, since);
    assert_eq!(calls(&told), [("DynamoDB", "GetItem", Some(200)), ("DynamoDB", "TransactWriteItems", Some(200))]);
    let [read, written] = told.as_slice() else { unreachable!() };
    assert_eq!((&read["aws"]["table_name"], &read["aws"]["region"]), (&json!("shop-local-orders"), &json!("eu-west-1")));
    assert_eq!(written["aws"]["table_names"], json!(["shop-local-inventory", "shop-local-orders"]));
    assert!(told.iter().all(|document| document["namespace"] == "aws" && document["aws"]["request_id"].is_string()), "{told:?}");
    assert!(told.iter().all(|document| flags(document) == [false; 3] && document["aws"]["retries"].is_null()), "{told:?}");
    assert!(read["end_time"].as_f64() <= written["start_time"].as_f64());
    assert_nobody_is_in(&told, &order);

    // Every query of a list is a task of its own, all at once.
    let since = seconds();
    assert_eq!(shop.staff().header("X-Amzn-Trace-Id", &header(1)).get("/api/orders?status=CANCELLED").await.ok()[0]["id"], order.id);
    let told = daemon.told();
    assert_ours(&told, since);
    let queries = calls(&told).iter().filter(|call| **call == ("DynamoDB", "Query", Some(200))).count();
    assert!(queries > 1 && queries + 1 == told.len(), "{told:?}");
}

#[tokio::test]
async fn what_is_not_kept_or_not_said_right_is_not_told_and_harms_nothing() {
    let daemon = Daemon::start();
    let shop = daemon.shop().await;
    let order = shop.order().place().await;
    let path = format!("/api/orders?id={}", order.id);
    let long = "Root=".repeat(1_000);
    let not_kept =
        [&header(0), &header(1)[..70], "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700", "Sampled=1", ";=;;Sampled=1;Root=;Parent=", "", &long];
    for header in not_kept {
        assert_eq!(shop.customer(CUSTOMER).header("X-Amzn-Trace-Id", header).get(&path).await.ok()["id"], order.id);
        assert_eq!(daemon.told(), [Value::Null; 0], "{header}");
    }
    let kept = shop.customer(CUSTOMER).header("X-Amzn-Trace-Id", &header(1));
    assert_eq!(kept.get(&path).await.ok()["id"], order.id);
    assert_eq!(daemon.told().len(), 1);

    // Nobody listens any more, or never did where it is said that somebody does.
    drop(daemon);
    for _ in 0..3 {
        assert_eq!(kept.get(&path).await.ok()["id"], order.id);
    }
    for nowhere in [None, Some(""), Some("127.0.0.1"), Some("somewhere.example:2000"), Some("tcp:127.0.0.1:2000 udp:127.0.0.1:2000")] {
        assert!(Tracer::new(nowhere, None).segment(Some(&header(1))).is_none(), "{nowhere:?}");
    }
}

#[tokio::test]
async fn a_call_that_fails_says_how_and_how_often_it_was_tried() {
    let daemon = Daemon::start();
    let shop = daemon.shop().await;
    let order = shop.order().place().await;
    let asked = async |fault, times| {
        shop.system.faults.inject("GetItem", fault, times);
        let customer = shop.customer(CUSTOMER).header("X-Amzn-Trace-Id", &header(1));
        let status = customer.get(&format!("/api/orders?id={}", order.id)).await.status;
        let told = daemon.told();
        assert_eq!(told.len(), 1, "{told:?}");
        let document = told[0].clone();
        (status, document["http"]["response"]["status"].as_u64(), document["aws"]["retries"].as_u64(), flags(&document))
    };
    assert_eq!(asked(Fault::NeverSent, 1).await, (200, Some(200), Some(1), [false; 3]));
    assert_eq!(asked(Fault::Throttled, 3).await, (503, Some(400), Some(2), [true, true, false]));
    assert_eq!(asked(Fault::NeverSent, 3).await, (500, None, Some(2), [false, false, true]));

    // Given up by whoever waited for it.
    shop.system.faults.inject("GetItem", Fault::Silence, 1);
    let (store, id) = (shop.system.store().clone(), serde_json::from_value(json!(order.id)).expect("an id"));
    let read = tokio::spawn(within(Some(daemon.segment()), async move { store.order(id).await.map(|order| order.is_some()) }));
    while shop.system.faults.happened_in("GetItem", Fault::Silence) == 0 {
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
    read.abort();
    assert!(read.await.is_err_and(|error| error.is_cancelled()));
    let told = daemon.told();
    assert_eq!((calls(&told), flags(&told[0])), (vec![("DynamoDB", "GetItem", None)], [false, false, true]));
}

#[tokio::test]
async fn jobs_tell_of_aws_and_of_everybody_else_by_their_hosts_alone() {
    let daemon = Daemon::start();
    let shop = daemon.shop().await;
    let order = shop.paid_at_stripe().await;
    shop.staff().put(&order.path("status"), &json!({ "newStatus": "CONFIRMED" })).await.ok();
    shop.ship(&order, "DHL").await;
    shop.refunded(&order, None).await;
    let mut hands = ByHand::of(&shop);
    let since = seconds();

    within(Some(daemon.segment()), hands.relay()).await;
    let told = daemon.told();
    assert_ours(&told, since);
    assert!(!told.is_empty() && calls(&told).iter().all(|call| *call == ("SQS", "SendMessageBatch", Some(200))), "{told:?}");
    assert_nobody_is_in(&told, &order);

    shop.system.outbox.fail_next(Channel::Sms, refuse(429, "20429"));
    let (emails, sms, refunds, parcels) = (hands.emails().await, hands.sms().await, hands.refunds().await, hands.shipments().await);
    let workers = hands.workers.clone();
    let work = async move {
        let messages = [workers.send_email(emails).await, workers.send_sms(sms).await];
        let others = [workers.process_refund(refunds).await, workers.book_shipment(parcels).await];
        (messages.iter().map(failures).sum::<usize>(), others.iter().map(failures).sum::<usize>())
    };
    let (tried_again, others) = within(Some(daemon.segment()), work).await;
    assert_eq!((tried_again, others), (1, 0), "the SMS that Twilio had too many of");
    let told = daemon.told();
    assert_ours(&told, since);
    let of = |name: &str, operation: &str| -> Vec<&Value> {
        let calls = calls(&told).into_iter().zip(&told);
        calls.filter(|(call, _)| (call.0, call.1) == (name, operation)).map(|(_, document)| document).collect()
    };
    let [mails, texts] = [Channel::Email, Channel::Sms].map(|channel| shop.system.outbox.requests(channel));
    assert_eq!((of("SESv2", "SendEmail").len(), of("SQS", "ChangeMessageVisibility").len()), (mails, tried_again), "{told:?}");
    // Twilio, Stripe and DHL are asked to do something, the label is put.
    let (asked, put) = (of("127.0.0.1", "POST"), of("127.0.0.1", "PUT"));
    assert_eq!((asked.len(), put.len()), (texts + 1 + 1, 1), "{told:?}");
    for document in asked.iter().chain(&put) {
        assert_eq!((&document["namespace"], &document["http"]["request"]["url"]), (&json!("remote"), &json!("http://127.0.0.1/")));
    }
    let refused: Vec<_> = asked.iter().filter(|document| flags(document) == [true, true, false]).collect();
    assert!(mails > 0 && refused.len() == 1 && refused[0]["http"]["response"]["status"] == 429, "{told:?}");
    assert_nobody_is_in(&told, &order);
}
