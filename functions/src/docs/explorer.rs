//! `GET /api/docs` — the document as a page: Swagger UI, served from here and from nowhere else.

use api::{Problem, Shop};
use axum::Router;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// Nothing but what comes from here. Swagger UI writes styles and data images of its own.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Its addresses are relative, so that it works under whatever the API's own address is. On a phone there is no room for the column
/// of links: what they say is in the operations that they lead to.
const PAGE: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Order operations API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
<style>@media (max-width: 640px) { .swagger-ui .response-col_links { display: none } }</style>
</head>
<body>
<div id="explorer"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"#;

const START: &str = r"SwaggerUIBundle({
  url: 'openapi.json',
  dom_id: '#explorer',
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  persistAuthorization: false,
  tryItOutEnabled: false,
  validatorUrl: null,
});
";

/// What a release of this never changes.
const FOR_A_DAY: &str = "public, max-age=86400";

const BUNDLE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/swagger-ui-bundle.js.gz"));
const STYLE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/swagger-ui.css.gz"));

/// The routes of the page.
pub fn routes() -> Router<Shop> {
    Router::new().route("/api/docs", get(page))
}

/// The routes of what the page is made of.
pub fn file_routes() -> Router<Shop> {
    Router::new().route("/api/docs/{file}", get(file))
}

#[utoipa::path(get, path = "/api/docs", operation_id = "getDocs", tag = "Others", security(()),
    responses((status = 200, description = "The document as a page.", body = String, content_type = "text/html")))]
pub(crate) async fn page() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CONTENT_SECURITY_POLICY, POLICY)], PAGE)
}

#[utoipa::path(get, path = "/api/docs/{file}", operation_id = "getDocsFile", tag = "Others", security(()),
    params(("file" = String, Path, description = "`swagger-ui-bundle.js`, `swagger-ui.css` or `start.js`.")),
    responses((status = 200, description = "What the page is made of.", content((String = "text/javascript"), (String = "text/css")))))]
pub(crate) async fn file(file: Result<Path<String>, PathRejection>) -> Result<Response, Problem> {
    const GZIP: (HeaderName, &str) = (header::CONTENT_ENCODING, "gzip");
    const SCRIPT: (HeaderName, &str) = (header::CONTENT_TYPE, "text/javascript; charset=utf-8");
    const SHEET: (HeaderName, &str) = (header::CONTENT_TYPE, "text/css; charset=utf-8");
    const CACHED: (HeaderName, &str) = (header::CACHE_CONTROL, FOR_A_DAY);
    // A name that is no UTF-8 is none of theirs.
    match file.as_ref().map_or("", |Path(file)| file) {
        "swagger-ui-bundle.js" => Ok(([SCRIPT, GZIP, CACHED], BUNDLE).into_response()),
        "swagger-ui.css" => Ok(([SHEET, GZIP, CACHED], STYLE).into_response()),
        "start.js" => Ok(([SCRIPT, CACHED], START).into_response()),
        _ => Err(Problem::not_found("NOT_FOUND", "There is nothing at this address.")),
    }
}
