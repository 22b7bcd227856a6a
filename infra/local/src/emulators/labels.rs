//! The bucket of labels, as S3 has it: a file is put and read by an address that was signed for just that, and that ends.

use super::Now;
use api::labels::{Access, Labels};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use domain::time::Timestamp;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The bucket; a clone is another handle to the same one.
#[derive(Clone)]
pub struct Bucket {
    now: Now,
    /// Signs as the functions do, to see whether they did.
    signer: Labels,
    /// Where files are kept between runs.
    directory: Option<PathBuf>,
    files: Arc<Mutex<BTreeMap<String, Bytes>>>,
}

impl Bucket {
    /// An empty bucket, or what an earlier run left in a directory.
    #[must_use]
    pub fn new(now: Now, signer: Labels, directory: Option<PathBuf>) -> Self {
        Self { now, signer, directory, files: Arc::default() }
    }

    /// Its HTTP side.
    pub fn router(&self) -> Router {
        Router::new().route("/{*key}", any(serve)).with_state(self.clone())
    }

    /// The keys of the files that were put in this run.
    #[must_use]
    pub fn keys(&self) -> Vec<String> {
        self.files().keys().cloned().collect()
    }

    /// Whether a call is signed for what it does, and in time.
    async fn allows(&self, key: &str, access: Access, query: &HashMap<String, String>) -> bool {
        let field = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
        let signed_at: Option<jiff::Timestamp> = field("X-Amz-Date").parse().ok();
        let Some(signed_at) = signed_at.and_then(|at| u64::try_from(at.as_millisecond()).ok()) else { return false };
        let seconds: u64 = field("X-Amz-Expires").parse().unwrap_or_default();
        let is_in_time = (self.now)() <= signed_at + seconds * 1000;
        let expected = self.signer.address(key, access, Timestamp(signed_at)).await.unwrap_or_default();
        let signature = field("X-Amz-Signature");
        is_in_time && signature.len() == 64 && expected.ends_with(&format!("X-Amz-Signature={signature}"))
    }

    fn put(&self, key: &str, file: Bytes) -> std::io::Result<()> {
        if let Some(directory) = &self.directory {
            let path = directory.join(key);
            path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
            std::fs::write(path, &file)?;
        }
        self.files().insert(key.to_owned(), file);
        Ok(())
    }

    fn get(&self, key: &str) -> Option<Bytes> {
        let kept = || std::fs::read(self.directory.as_ref()?.join(key)).ok().map(Bytes::from);
        self.files().get(key).cloned().or_else(kept)
    }

    fn files(&self) -> MutexGuard<'_, BTreeMap<String, Bytes>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn serve(
    State(bucket): State<Bucket>,
    method: Method,
    uri: Uri,
    Query(query): Query<HashMap<String, String>>,
    file: Bytes,
) -> Response {
    let key = uri.path().trim_start_matches('/').to_owned();
    let access = match method {
        Method::GET => Access::Get,
        Method::PUT => Access::Put,
        _ => return StatusCode::METHOD_NOT_ALLOWED.into_response(),
    };
    // A signed key is one of ours, so it leads nowhere else.
    if !bucket.allows(&key, access, &query).await {
        return (StatusCode::FORBIDDEN, "<Error><Code>AccessDenied</Code></Error>").into_response();
    }
    match access {
        Access::Put => match bucket.put(&key, file) {
            Ok(()) => StatusCode::OK.into_response(),
            Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
        },
        Access::Get => match bucket.get(&key) {
            Some(file) => {
                let is_pdf = Path::new(&key).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("pdf"));
                ([(header::CONTENT_TYPE, if is_pdf { "application/pdf" } else { "image/gif" })], file).into_response()
            }
            None => (StatusCode::NOT_FOUND, "<Error><Code>NoSuchKey</Code></Error>").into_response(),
        },
    }
}
