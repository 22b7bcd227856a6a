//! What goes wrong inside: a panic, and answers of AWS that nobody expects. Each is a line, and nobody is in it.

use super::{about_somebody, nobody_is_in};
use crate::kit::{LocalShop, Logged};
use api::Shop;
use api::aws::local_config;
use api::batch::{Outcome, each_job};
use api::clock::Clock;
use api::metrics::Metrics;
use api::serve::app;
use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use aws_smithy_http_client::Builder;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use axum::routing::get;
use local::emulators::http::serve;
use serde_json::{Value, json};
use tower::ServiceExt;

fn batch(job: &str) -> SqsEvent {
    let mut message = SqsMessage::default();
    (message.message_id, message.receipt_handle) = (Some("1".to_owned()), Some("handle".to_owned()));
    message.body = Some(json!(job).to_string());
    let mut batch = SqsEvent::default();
    batch.records = vec![message];
    batch
}

/// What Rust itself says of this has the whole sentence in it.
fn slip(words: &str) -> usize {
    let within = words.find('é').expect("a letter of two bytes") + 1;
    words[within..].len()
}

#[tokio::test]
async fn a_panic_says_where_it_was_and_not_what_it_was_about() {
    let shop = LocalShop::without_pumps().await;
    let logged = Logged::from_now_on();
    let routes = Router::new().route("/api/slips", get(|| async { slip(&about_somebody()).to_string() }));
    let asked = Request::get("/api/slips").header("x-request-id", "slip-1").body(Body::empty()).expect("a request");
    let answer = app(routes, shop.system.workers.shop.clone()).oneshot(asked).await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    nobody_is_in(&String::from_utf8_lossy(&to_bytes(answer.into_body(), usize::MAX).await.expect("a body")), &[]);
    let (sqs, queue) = (&shop.system.workers.shop.sqs, shop.system.sqs.url(&shop.system.queue_name("email")));
    let work = |job: String| async move { if slip(&job) > 0 { Outcome::Done } else { panic!("{job}") } };
    assert_eq!(
        each_job(batch(&about_somebody()), sqs, &queue, &shop.system.clock, &Metrics::default(), work).await.batch_item_failures.len(),
        1
    );
    let (text, lines) = (logged.text(), logged.lines());
    drop(logged);

    let of = |message: &str| lines.iter().filter(|line| line["message"] == message).collect::<Vec<&Value>>();
    let panics = of("a panic");
    let is_here = |line: &&&Value| line["file"].as_str().is_some_and(|file| file.ends_with("logs/failures.rs")) && line["line"].is_u64();
    assert_eq!((panics.len(), panics.iter().filter(is_here).count()), (2, 2), "{text}");
    assert_eq!(of("request failed").iter().map(|line| &line["error"]).collect::<Vec<_>>(), [&json!("it panicked")]);
    assert_eq!(of("request").iter().map(|line| &line["request_id"]).collect::<Vec<_>>(), [&json!("slip-1")]);
    assert_eq!(of("a job is tried again").iter().map(|line| &line["reason"]).collect::<Vec<_>>(), [&json!("it panicked")]);
    // By what a client or a queue calls it, whoever looks for why it failed finds these lines too.
    let within = |line: &Value| line["spans"].as_array().into_iter().flatten().cloned().collect::<Vec<_>>();
    let (request, job) = (json!({ "name": "request", "request_id": "slip-1" }), json!({ "name": "job", "job": "1" }));
    assert_eq!(within(of("request failed")[0]), std::slice::from_ref(&request));
    assert_eq!(panics.iter().map(|line| within(line)).collect::<Vec<_>>(), [[request], [job]]);
    nobody_is_in(&text, &[]);
}

/// AWS, which answers everybody with somebody's item: in an answer that breaks off, and in a refusal.
#[tokio::test]
async fn what_aws_sends_along_with_an_error_is_in_no_line() {
    let words = about_somebody();
    let item = json!({ "pk": { "S": words }, "lastName": { "S": words } });
    let broken = json!({ "Item": item, "SecretString": words, "Attributes": item }).to_string();
    let broken = broken[..broken.len() - 1].to_owned();
    let refused =
        json!({ "__type": "ValidationException", "message": "Not like this", "Item": item, "CancellationReasons": [{ "Item": item }] });
    // A call that changes how long a job stays hidden reads nothing of its answer.
    let told_of = [
        (StatusCode::OK, broken, "service error: 200", 3),
        (StatusCode::BAD_REQUEST, refused.to_string(), "service error: 400: ValidationException: Not like this", 4),
    ];
    for (status, body, said, times) in told_of {
        let mut headers = HeaderMap::new();
        headers.insert("x-about", "zephyrine".parse().expect("a header"));
        let aws =
            serve(Router::new().fallback(move || std::future::ready((status, headers.clone(), body.clone())))).await.expect("a server");
        let sdk = local_config(aws.url(), Builder::new().build_http());
        let variables = |name: &'static str| match name {
            "ORDERS_TABLE" | "STRIPE_WEBHOOK_SECRET_ARN" => Some("one".to_owned()),
            "EMAIL_QUEUE_URL" => Some(format!("{}/1/email", aws.url())),
            _ => None,
        };
        let shop = Shop::new(&variables, None, &sdk, &sdk, Clock::default()).expect("a shop");
        let logged = Logged::from_now_on();
        for (method, path, expected) in [("GET", "/api/health", 503), ("POST", "/api/webhooks/stripe", 503)] {
            let asked = Request::builder().method(method).uri(path).body(Body::empty()).expect("a request");
            let answer = app(functions::api(), shop.clone()).oneshot(asked).await.expect("an answer");
            assert_eq!(answer.status(), expected, "{path}");
        }
        let queue = shop.email_queue.clone().expect("a queue");
        let work = |_: String| async { Outcome::Again("nobody is there".to_owned()) };
        each_job(batch("one"), &shop.sqs, &queue, &shop.clock, &shop.metrics, work).await;
        let (text, lines) = (logged.text(), logged.lines());
        drop(logged);

        let told = lines.iter().filter(|line| line["error"].as_str().is_some_and(|error| error.contains(said))).count();
        assert_eq!(told, times, "{text}");
        nobody_is_in(&text, &[]);
    }
}
