//! Functions as Lambda runs them: a process that asks for its events, and is told with each whether its trace is kept.

use super::{Daemon, TRACE, assert_nobody_is_in, assert_ours, calls, header, seconds};
use crate::kit::function::process;
use crate::kit::{ByHand, CUSTOMER, LocalShop, Placed};
use axum::Router;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use domain::actor::Role;
use local::Options;
use local::emulators::http::serve;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;

/// Deployed functions refuse the one that everybody knows.
const JWT_SECRET: &str = "what-the-tokens-of-a-traced-shop-are-signed-with";
const PATIENCE: Duration = Duration::from_secs(20);

/// A function that is handed one event.
struct Function<'a> {
    name: &'static str,
    shop: &'a LocalShop,
    event: Value,
    /// What comes with it.
    header: String,
    daemon: Option<&'a Daemon>,
}

impl Function<'_> {
    /// Its answer, and what it has logged.
    async fn answer(&self) -> (Value, Vec<Value>) {
        let (answers, mut answer) = mpsc::unbounded_channel();
        let event = Arc::new(Mutex::new(Some((self.event.to_string(), self.header.clone()))));
        let next = move || {
            let next = event.lock().expect("a lock").take();
            async move { handed(next.unwrap_or_else(|| (String::new(), String::new()))).await }
        };
        let told = move |body: String| {
            let _gone = answers.send(body);
            std::future::ready(StatusCode::ACCEPTED)
        };
        let routes = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/{what}", post(told.clone()))
            .route("/2018-06-01/runtime/init/error", post(told));
        let lambda = serve(routes).await.expect("a server");
        let mut process = process(self.name, self.environment(), lambda.url());
        let answer = tokio::time::timeout(PATIENCE, answer.recv()).await;
        process.kill().expect("it still runs");
        let logged = String::from_utf8(process.wait_with_output().expect("what it wrote").stdout).expect("UTF-8");
        let answer = answer.unwrap_or_else(|_| panic!("no answer: {logged}")).expect("an answer");
        let lines = logged.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        (serde_json::from_str(&answer).expect("JSON"), lines)
    }

    fn environment(&self) -> Vec<(String, String)> {
        let config = &self.shop.system.workers.shop.config;
        let mut variables = vec![
            ("AWS_ENDPOINT_URL", self.shop.system.dynamodb.endpoint().to_owned()),
            ("JWT_SECRET", JWT_SECRET.to_owned()),
            ("STRIPE_SECRET_KEY", local::emulators::payments::STRIPE_KEY.to_owned()),
            ("STRIPE_BASE_URL", config.stripe_url.clone()),
            ("REFUNDS_QUEUE_URL", self.shop.system.sqs.url(&self.shop.system.queue_name("refunds"))),
        ];
        for (table, name) in [("ORDERS_TABLE", "orders"), ("INVENTORY_TABLE", "inventory"), ("CREDIT_TABLE", "credit")] {
            variables.push((table, format!("shop-local-{name}")));
        }
        variables.extend(self.daemon.map(|daemon| ("AWS_XRAY_DAEMON_ADDRESS", daemon.address())));
        variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

/// An event as Lambda hands it over; where there is none, whoever asks waits.
async fn handed((event, header): (String, String)) -> Response {
    if event.is_empty() {
        std::future::pending::<()>().await;
    }
    let deadline = api::clock::Clock::default().now().plus_millis(60_000).0.to_string();
    let mut response = event.into_response();
    for (name, value) in [
        ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c0001"),
        ("lambda-runtime-deadline-ms", &deadline),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-west-1:123456789012:function:traced"),
        ("lambda-runtime-trace-id", &header),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_str(value).expect("a header"));
    }
    response
}

async fn shop() -> LocalShop {
    LocalShop::with(Options { pumps: false, jwt_secret: JWT_SECRET.to_owned(), ..Options::default() }).await
}

/// A cancellation as API Gateway hands it over, whose client sent a tracing header as well.
fn cancellation(shop: &LocalShop, order: &Placed) -> Value {
    let path = order.path("cancel");
    let token = shop.system.token(CUSTOMER, Role::Customer);
    json!({
        "version": "2.0", "routeKey": "ANY", "rawPath": path, "rawQueryString": "",
        "headers": {
            "authorization": format!("Bearer {token}"), "content-type": "application/json", "host": "api.example.com",
            "x-amzn-trace-id": "Root=1-00000000-000000000000000000000000;Parent=0000000000000000;Sampled=1",
        },
        "requestContext": { "http": { "method": "POST", "path": path, "protocol": "HTTP/1.1" }, "stage": "$default", "timeEpoch": 0 },
        "body": json!({ "reason": "Changed my mind" }).to_string(), "isBase64Encoded": false,
    })
}

#[tokio::test]
async fn a_function_of_the_api_tells_of_its_calls_and_logs_the_trace_they_are_in() {
    let (shop, daemon) = (shop().await, Daemon::start());
    let order = shop.order().lines(2).paid().place().await;
    let mut function =
        Function { name: "orders-cancel", shop: &shop, event: cancellation(&shop, &order), header: header(0), daemon: Some(&daemon) };
    let since = seconds();
    function.event["body"] = json!("{");
    assert_eq!(function.answer().await.0["statusCode"], 400);
    function.event["headers"]["authorization"] = json!("Bearer x");
    (function.header, function.event["body"]) = (header(1), json!("{}"));
    assert_eq!(function.answer().await.0["statusCode"], 401);
    function.event = cancellation(&shop, &order);
    function.header = header(0);
    let (first, lines) = function.answer().await;
    assert_eq!((&first["statusCode"], daemon.told()), (&json!(200), Vec::new()), "nothing is kept, or nothing is called: {lines:?}");

    let order = shop.order().lines(2).paid().place().await;
    (function.event, function.header) = (cancellation(&shop, &order), header(1));
    let (answer, lines) = function.answer().await;
    assert_eq!(answer["statusCode"], 200, "{answer}");
    let told = daemon.told();
    assert_ours(&told, since);
    assert_eq!(calls(&told), [("DynamoDB", "GetItem", Some(200)), ("DynamoDB", "TransactWriteItems", Some(200))]);
    assert_nobody_is_in(&told, &order);
    let line = lines.iter().find(|line| line["message"] == "request").expect("the request's line");
    let trace = line["spans"][0]["xrayTraceId"].as_str().expect("its trace");
    assert!(trace.contains(TRACE), "{line}");

    (function.event, function.daemon) = (cancellation(&shop, &shop.order().place().await), None);
    assert_eq!(function.answer().await.0["statusCode"], 200);
    assert_eq!(daemon.told(), [Value::Null; 0]);
}

#[tokio::test]
async fn a_worker_tells_of_its_calls() {
    let (shop, daemon) = (shop().await, Daemon::start());
    let order = shop.paid_at_stripe().await;
    shop.refunded(&order, None).await;
    let mut hands = ByHand::of(&shop);
    hands.relay().await;
    let event = serde_json::to_value(hands.refunds().await).expect("an event");
    let function = Function { name: "process-refund", shop: &shop, event, header: header(1), daemon: Some(&daemon) };

    let since = seconds();
    let (answer, lines) = function.answer().await;
    assert_eq!(answer["batchItemFailures"], json!([]), "{answer}: {lines:?}");
    let told = daemon.told();
    assert_ours(&told, since);
    let asked: Vec<_> = calls(&told).into_iter().filter(|(name, ..)| *name != "DynamoDB").collect();
    assert_eq!(asked, [("127.0.0.1", "POST", Some(200))], "{told:?}");
    assert!(told.len() > 2, "it is read and written as well: {told:?}");
    assert_nobody_is_in(&told, &order);
    assert_eq!(shop.refund_of(&order).await["status"], "COMPLETED");
}
