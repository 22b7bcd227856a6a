//! The pages under `/_local`: the outbox, the queues, and what to try. Only the local server has them.
//!
//! Everything is rendered here by templates that escape what they print; nothing comes from outside, and nothing runs in
//! the page but `page.js`, which reloads it when something has happened. An e-mail is shown in a frame of its own that
//! may run nothing, send nothing and load nothing.

mod mails;
mod parcels;
mod payments;
mod queues;
mod slip;
mod start;
mod templates;
mod view;

use crate::system::Backstage;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn, map_response};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use domain::time::Timestamp;
use handlebars::{Handlebars, TemplateError};
use serde::Serialize;
use std::sync::{Arc, LazyLock};

/// A mail's frame inherits this policy, so styles that stand in the document are allowed; nothing else of it is.
const POLICY: &str = "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; connect-src 'self'; img-src data:; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What every page has at hand.
#[derive(Clone)]
pub(crate) struct Pages {
    backstage: Backstage,
    jwt_secret: Arc<str>,
}

/// The pages of a system whose tokens are signed with `jwt_secret`.
pub fn router(backstage: Backstage, jwt_secret: &str) -> Router {
    Router::new()
        .route("/_local", get(mails::newest))
        .route("/_local/emails/{number}", get(mails::one))
        .route("/_local/sms", get(mails::sms))
        .route("/_local/templates", get(templates::first))
        .route("/_local/templates/{code}/{locale}", get(templates::one))
        .route("/_local/parcels", get(parcels::all))
        .route("/_local/queues", get(queues::all))
        .route("/_local/queues/{name}/redrive", post(queues::redrive))
        .route("/_local/payments", get(payments::refunds))
        .route("/_local/start", get(start::page))
        .route("/_local/orders/{id}/packing-slip", get(slip::page))
        .route("/_local/state", get(state))
        .route("/_local/page.css", get(|| async { ([(header::CONTENT_TYPE, "text/css")], include_str!("page.css")) }))
        .route("/_local/page.js", get(|| async { ([(header::CONTENT_TYPE, "text/javascript")], include_str!("page.js")) }))
        .layer(map_response(with_headers))
        .layer(from_fn(from_this_machine))
        .with_state(Pages { backstage, jwt_secret: jwt_secret.into() })
}

async fn with_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let plain = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in plain {
        // A page that came with a policy of its own keeps it.
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// There are tokens on these pages: a name that somebody else's DNS points here doesn't get them, and no other site's
/// form moves a message.
async fn from_this_machine(request: Request, next: Next) -> Response {
    if is_local(request.headers()) {
        return next.run(request).await;
    }
    (StatusCode::FORBIDDEN, "These pages are for this machine: call them as http://localhost.\n").into_response()
}

fn is_local(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let is_loopback = |uri: Uri| matches!(uri.host(), Some("localhost" | "127.0.0.1" | "[::1]"));
    let host = text(header::HOST).and_then(|host| format!("http://{host}").parse().ok());
    let own = |origin: &str| text(header::HOST).is_some_and(|host| origin == format!("http://{host}"));
    host.is_some_and(is_loopback) && (!headers.contains_key(header::ORIGIN) || text(header::ORIGIN).is_some_and(own))
}

impl Pages {
    /// A text that is another one as soon as something has happened.
    fn state(&self) -> String {
        let queues = self.backstage.sqs.queues();
        let depths: Vec<String> = queues.iter().map(|queue| format!("{}.{}.{}", queue.waiting, queue.in_flight, queue.delayed)).collect();
        let refunds = self.backstage.payments.refunds();
        let done = refunds.iter().filter(|made| ["succeeded", "COMPLETED"].contains(&made.status.as_str())).count();
        let (emails, sms) = (self.backstage.outbox.emails().len(), self.backstage.outbox.sms().len());
        format!("{emails}-{sms}-{}-{}", depths.join("-"), format_args!("{}.{done}", refunds.len()))
    }

    /// Fills a template: `page` is its own part of the values.
    fn render(&self, template: &str, title: &str, page: impl Serialize) -> Response {
        let (emails, sms) = (self.backstage.outbox.emails().len(), self.backstage.outbox.sms().len());
        let (jobs, dead) = queues::depths(&self.backstage.sqs);
        let frame = Frame { title, shop: &self.backstage.shop.config.name, template, state: self.state(), emails, sms, jobs, dead, page };
        let html = TEMPLATES
            .as_ref()
            .map_err(ToString::to_string)
            .and_then(|templates| templates.render(template, &frame).map_err(|error| error.to_string()));
        match html {
            Ok(html) => Html(html).into_response(),
            Err(error) => failed(&error),
        }
    }

    /// The shop's own time, to the second.
    fn time(&self, at: u64) -> String {
        view::time(Timestamp(at), &self.backstage.shop.config.timezone)
    }
}

/// What all pages share.
#[derive(Serialize)]
struct Frame<'a, T> {
    title: &'a str,
    shop: &'a str,
    template: &'a str,
    state: String,
    emails: usize,
    sms: usize,
    jobs: usize,
    dead: usize,
    page: T,
}

async fn state(State(pages): State<Pages>) -> String {
    pages.state()
}

fn failed(error: &str) -> Response {
    tracing::error!(error, "a page can't be made");
    (StatusCode::INTERNAL_SERVER_ERROR, "This page can't be made; the log says why.\n").into_response()
}

static TEMPLATES: LazyLock<Result<Handlebars<'static>, Box<TemplateError>>> = LazyLock::new(|| {
    let mut templates = Handlebars::new();
    templates.set_strict_mode(true);
    let sources = [
        ("layout", include_str!("layout.hbs")),
        ("emails", include_str!("emails.hbs")),
        ("sms", include_str!("sms.hbs")),
        ("parcels", include_str!("parcels.hbs")),
        ("queues", include_str!("queues.hbs")),
        ("payments", include_str!("payments.hbs")),
        ("start", include_str!("start.hbs")),
        ("templates", include_str!("templates.hbs")),
    ];
    for (name, source) in sources {
        templates.register_template_string(name, source)?;
    }
    templates.register_helper("same", Box::new(view::same));
    Ok(templates)
});

#[cfg(test)]
mod tests;
