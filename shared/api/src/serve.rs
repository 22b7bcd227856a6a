//! What stands around every route: request ids, problems' documents, headers, the log line.

use crate::auth::{Caller, CallerSlot};
use crate::log::lost;
use crate::metrics::Count;
use crate::problem::Problem;
use crate::shop::Shop;
use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tokio::time::Instant;
use tracing::Instrument;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACE: HeaderName = HeaderName::from_static("x-amzn-trace-id");
const MOST_ID_CHARACTERS: usize = 128;

/// A function's routes as they are served.
pub fn app(routes: Router<Shop>, shop: Shop) -> Router {
    routes.fallback(no_route).method_not_allowed_fallback(no_method).layer(from_fn_with_state(shop.clone(), around)).with_state(shop)
}

async fn no_route() -> Problem {
    Problem::not_found("NOT_FOUND", "There is nothing at this address.")
}

async fn no_method() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", "This address doesn't take that method.")
}

async fn around(State(shop): State<Shop>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let consumed = shop.store.meter().total();
    let id = request_id(&request);
    let path = request.uri().path().to_owned();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    // In Lambda it is the invocation's own: `lambda_http` puts it in the place of whatever the client has sent.
    let segment = shop.tracer.segment(request.headers().get(TRACE).and_then(|header| header.to_str().ok()));
    let caller = CallerSlot::default();
    request.extensions_mut().insert(caller.clone());

    // At every level, so that each line that says why has the id by which somebody asks.
    let span = tracing::error_span!("request", request_id = id.to_str().unwrap_or_default());
    // A task of its own, so that a panic is this request's alone, and is answered.
    let response = tokio::spawn(xray::within(segment, next.run(request)).instrument(span.clone()))
        .await
        .unwrap_or_else(|error| span.in_scope(|| Problem::internal(lost(&error)).into_response()));
    let mut response = Problem::rendered(response, &path);

    let consumed = shop.store.meter().total().since(consumed);
    tracing::info!(
        request_id = id.to_str().unwrap_or_default(),
        %method,
        route,
        caller = caller.get().map(Caller::key_space),
        status = response.status().as_u16(),
        millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        round_trips = consumed.round_trips,
        read_milliunits = consumed.read_milliunits,
        write_milliunits = consumed.write_milliunits,
        "request"
    );
    let failed = response.status().is_server_error().then(|| Count { at: shop.clock.now(), name: "ServerErrors", by: Vec::new() });
    shop.metrics.count(failed);
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID, id);
    for (name, value) in SAFE {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// What every answer says to browsers that its handler says nothing else about: keep nothing, guess nothing, load nothing,
/// show it in no frame, come by TLS alone for two years, and tell nobody where you came from.
const SAFE: [(HeaderName, &str); 5] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (header::STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains"),
    (header::REFERRER_POLICY, "no-referrer"),
];

/// The client's own id when it is sane, else one of ours.
fn request_id(request: &Request) -> HeaderValue {
    let sane = |value: &&HeaderValue| {
        let bytes = value.as_bytes();
        (1..=MOST_ID_CHARACTERS).contains(&bytes.len()) && bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"-_.:=+/".contains(b))
    };
    request.headers().get(REQUEST_ID).filter(sane).cloned().unwrap_or_else(|| {
        let id = format!("{:016x}{:016x}", crate::clock::random(), crate::clock::random());
        HeaderValue::from_str(&id).unwrap_or(HeaderValue::from_static("none"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws;
    use crate::clock::Clock;
    use crate::metrics::Metrics;
    use axum::body::Body;
    use axum::routing::get;
    use http_body_util::BodyExt;
    use std::sync::{Arc, Mutex};
    use tower::ServiceExt;

    fn shop() -> Shop {
        let nowhere = aws::local_config("http://127.0.0.1:1", aws_smithy_http_client::Builder::new().build_http());
        Shop::new(&|_: &'static str| None, None, &nowhere, &nowhere, Clock::default()).unwrap()
    }

    async fn boom() -> StatusCode {
        panic!("the vault's code is 1234")
    }

    #[tokio::test]
    async fn what_failed_on_our_side_is_counted_and_what_the_client_did_is_not() {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let written = Arc::clone(&lines);
        let metrics = Metrics::written_by("order-ops-test", move |line| written.lock().unwrap().push(line.to_owned()));
        let mut shop = shop();
        shop.metrics = metrics;
        let app = app(Router::new().route("/api/boom", get(boom)), shop);
        for path in ["/api/boom", "/api/nothing"] {
            app.clone().oneshot(Request::builder().uri(path).body(Body::empty()).unwrap()).await.unwrap();
        }
        let lines = lines.lock().unwrap();
        assert!(lines.len() == 1 && lines[0].contains("\"ServerErrors\":1"), "{lines:?}");
    }

    #[tokio::test]
    async fn a_panic_is_one_requests_and_is_answered_with_nothing_from_inside() {
        let routes = Router::new().route("/api/boom", get(boom));
        let request = Request::builder().uri("/api/boom").header("x-request-id", "abc-1").body(Body::empty()).unwrap();
        let response = app(routes, shop()).oneshot(request).await.unwrap();

        assert_eq!((response.status(), response.headers()["x-request-id"].to_str().unwrap()), (StatusCode::INTERNAL_SERVER_ERROR, "abc-1"));
        let body = String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap();
        assert!(body.contains("INTERNAL_ERROR") && body.contains("\"instance\":\"/api/boom\"") && !body.contains("1234"), "{body}");
    }
}
