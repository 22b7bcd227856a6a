//! Running as a Lambda function.

use crate::aws::tracer;
use crate::config::Environment;
use crate::log::lost;
use crate::serve::app;
use crate::shop::Shop;
use axum::Router;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, BoxFuture, LambdaEvent, Service, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tracing::{Instrument, Span};

pub use lambda_runtime::Error;

/// A call takes and frees some thousand pieces of memory: with glibc's allocator that is a tenth more instructions, and more memory.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Serves an endpoint's routes.
///
/// # Errors
/// When the environment makes no sense, or the runtime goes away.
pub async fn serve(routes: Router<Shop>) -> Result<(), Error> {
    crate::log::init();
    let shop = Shop::from_environment().inspect_err(|error| tracing::error!(%error, "can't start"))?;
    let app = Adapter::from(app(routes, shop));
    lambda_runtime::run(service_fn(move |mut event: LambdaEvent<LambdaRequest>| {
        sanitise(&mut event.payload);
        let mut app = app.clone();
        async move { app.call(event).await }
    }))
    .await
}

/// Runs a worker on what Lambda hands it, each time with a clone of what it works with.
///
/// # Errors
/// When the runtime goes away.
pub async fn work<C, E, A, W>(with: C, work: fn(C, E) -> W) -> Result<(), Error>
where
    C: Clone,
    E: DeserializeOwned + Send + 'static,
    A: Serialize + Send + 'static,
    W: Future<Output = Result<A, Error>> + Send + 'static,
{
    let tracer = tracer(&Environment);
    // Boxed, so that the runtime's own types don't nest a whole worker's.
    lambda_runtime::run(service_fn(move |event: LambdaEvent<E>| -> BoxFuture<'static, Result<A, Error>> {
        let segment = tracer.segment(event.context.xray_trace_id.as_deref());
        Box::pin(alone(xray::within(segment, work(with.clone(), event.payload))))
    }))
    .await
}

/// In a task of its own: what panics in the runtime's is told to Lambda in the panic's own words.
async fn alone<A: Send + 'static>(work: impl Future<Output = Result<A, Error>> + Send + 'static) -> Result<A, Error> {
    tokio::spawn(work.instrument(Span::current())).await.unwrap_or_else(|error| Err(lost(&error).into()))
}

/// API Gateway hands the query on as the client sent it; `lambda_http` panics on what a URI can't have.
fn sanitise(request: &mut LambdaRequest) {
    let LambdaRequest::ApiGatewayV2(request) = request else { return };
    if let Some(query) = &mut request.raw_query_string {
        *query = sanitised_query(query);
    }
}

/// Percent-encodes every byte that a query can't have (RFC 3986, section 3.4).
fn sanitised_query(query: &str) -> String {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?%".contains(&byte);
    query.bytes().fold(String::with_capacity(query.len()), |mut sane, byte| {
        if allowed(byte) {
            sane.push(char::from(byte));
        } else {
            sane.extend(format!("%{byte:02X}").chars());
        }
        sane
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_a_worker_panics_about_is_not_told_to_lambda() {
        let told = alone::<()>(async { panic!("grace@example.com has no order") }).await;
        assert_eq!(told.unwrap_err().to_string(), "it panicked");
        assert_eq!(alone(async { Ok(1) }).await.unwrap(), 1);
        assert_eq!(
            alone::<()>(async { Err("1 of 2 could not be looked after".into()) }).await.unwrap_err().to_string(),
            "1 of 2 could not be looked after"
        );
    }

    #[test]
    fn a_query_keeps_its_meaning_and_loses_what_no_uri_can_have() {
        assert_eq!(sanitised_query("status=PENDING&limit=5"), "status=PENDING&limit=5");
        assert_eq!(sanitised_query("a=<\"x y\">\u{e9}"), "a=%3C%22x%20y%22%3E%C3%A9");
    }
}
