//! `/api/openapi.json`, `/api/docs` — the OpenAPI document, and a page to read and try it with.

pub mod document;
pub mod explorer;
