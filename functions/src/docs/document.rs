//! `GET /api/openapi.json` — the OpenAPI document, as it is committed: no function makes it when it starts. Most of what a
//! client waits for is its size, so it is compressed when the function is built, and sent so to whoever can read that.

use api::Shop;
use axum::Router;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

const DOCUMENT: &str = include_str!("../../openapi.json");
const COMPRESSED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/openapi.json.gz"));

/// The routes of this endpoint.
pub fn routes() -> Router<Shop> {
    Router::new().route("/api/openapi.json", get(document))
}

#[utoipa::path(get, path = "/api/openapi.json", operation_id = "getOpenApi", tag = "Others", security(()),
    responses((status = 200, description = "This document.", body = Object)))]
pub(crate) async fn document(headers: HeaderMap) -> Response {
    const JSON: HeaderValue = HeaderValue::from_static("application/json");
    const BY_ENCODING: HeaderValue = HeaderValue::from_static("accept-encoding");
    let always = [(header::CONTENT_TYPE, JSON), (header::VARY, BY_ENCODING)];
    if takes_gzip(&headers) {
        (always, [(header::CONTENT_ENCODING, "gzip")], COMPRESSED).into_response()
    } else {
        (always, DOCUMENT).into_response()
    }
}

/// Whether a client asks for gzip, or for anything, and doesn't refuse it (RFC 9110, section 12.5.3). One that says nothing
/// gets the document as it is: the RFC would allow either, and not every tool that reads documents can unpack one.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let said = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let codings = said.flat_map(|value| value.split(',')).map(|coding| coding.split_once(';').unwrap_or((coding, "")));
    let codings: Vec<(String, bool)> = codings.map(|(name, weight)| (name.trim().to_ascii_lowercase(), !is_nothing(weight))).collect();
    let of = |wanted: &[&str]| codings.iter().find(|(name, _)| wanted.contains(&name.as_str())).map(|(_, taken)| *taken);
    of(&["gzip", "x-gzip"]).or_else(|| of(&["*"])).unwrap_or(false)
}

/// `q=0`, `q=0.0` and so on.
fn is_nothing(weight: &str) -> bool {
    weight.trim().to_ascii_lowercase().strip_prefix("q=").is_some_and(|weight| weight.bytes().all(|digit| b"0.".contains(&digit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_goes_to_whoever_asks_for_it() {
        let takes = |said: &'static str| takes_gzip(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(said))]));
        for said in ["gzip", "gzip, deflate, br", "br;q=1.0, GZIP;q=0.5", "x-gzip", "*", "*;q=0, gzip", "identity;q=0, *"] {
            assert!(takes(said), "{said}");
        }
        for said in ["", "identity", "br", "gzip;q=0", "gzip; q=0.000, *", "*;q=0", "gzipped"] {
            assert!(!takes(said), "{said}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
