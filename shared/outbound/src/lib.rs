//! HTTPS to everyone who isn't AWS: payment providers, carriers, senders of messages, and who publishes keys; and what is asked
//! for out there once and [`Kept`].
//!
//! Their certificates lead to Mozilla's roots, which are linked in: to read a system's own takes three times the instructions of
//! everything else that a function does until its first answer. `SSL_CERT_FILE` names a file of others, as it does for OpenSSL.

mod kept;

pub use kept::Kept;

use reqwest::redirect::Policy;
use reqwest::{RequestBuilder, Response};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use xray::Call;

/// No client can be made. In words, for a log.
#[derive(Clone, Debug, thiserror::Error)]
#[error("no HTTPS client can be made: {0}")]
pub struct ClientError(String);

static ROOTS: LazyLock<Arc<RootCertStore>> =
    LazyLock::new(|| Arc::new(std::env::var_os("SSL_CERT_FILE").map_or_else(mozillas, |file| of_file(Path::new(&file)))));

/// A client that gives up on a call after `timeout`, and on a connection after `connect_timeout`. It follows no redirect: a key goes
/// to the address that it is for. It keeps its connections, so whoever calls often keeps the client.
///
/// # Errors
/// See [`ClientError`].
pub fn client(timeout: Duration, connect_timeout: Duration) -> Result<reqwest::Client, ClientError> {
    trusting(Arc::clone(&ROOTS), timeout, connect_timeout)
}

#[expect(clippy::disallowed_methods, reason = "this is the one place")]
fn trusting(roots: Arc<RootCertStore>, timeout: Duration, connect_timeout: Duration) -> Result<reqwest::Client, ClientError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let tls = tls.map_err(|error| ClientError(error.to_string()))?.with_root_certificates(roots).with_no_client_auth();
    let client = reqwest::Client::builder().tls_backend_preconfigured(tls).redirect(Policy::none());
    let client = client.timeout(timeout).connect_timeout(connect_timeout).build();
    client.map_err(|error| ClientError(error.to_string()))
}

/// Makes a call, and records it in the trace. It has ended for the trace once the head of its answer is there.
///
/// # Errors
/// As reqwest's own `send`.
pub async fn send(call: RequestBuilder) -> reqwest::Result<Response> {
    let (client, request) = call.build_split();
    let request = request?;
    let call = Call::to_host(request.method().as_str(), request.url().scheme(), request.url().host_str().unwrap_or_default());
    let answer = client.execute(request).await;
    if let Some(call) = call {
        call.answered(answer.as_ref().ok().map(|answer| answer.status().as_u16()));
    }
    answer
}

/// An answer that can't be had whole. In words, for a log: without its address.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct BodyError(String);

/// An answer's body, of at most `most` bytes: no more is read of one that is longer.
///
/// # Errors
/// When it is longer, or breaks off.
pub async fn body(mut answer: Response, most: usize) -> Result<Vec<u8>, BodyError> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| BodyError(error.without_url().to_string()))? {
        body.extend_from_slice(&chunk);
        if body.len() > most {
            return Err(BodyError("the answer is too large".to_owned()));
        }
    }
    Ok(body)
}

fn mozillas() -> RootCertStore {
    RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }
}

/// The roots of a PEM file; Mozilla's where there are none in it, so that a mistyped path doesn't stop a shop's refunds.
fn of_file(file: &Path) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(file).into_iter().flatten().filter_map(Result::ok);
    let (_, unreadable) = roots.add_parsable_certificates(certificates);
    if roots.is_empty() {
        tracing::error!(?file, "SSL_CERT_FILE has no certificate that can be read; Mozilla's roots are trusted instead");
        return mozillas();
    }
    if unreadable > 0 {
        tracing::error!(?file, unreadable, "SSL_CERT_FILE has certificates that can't be read");
    }
    roots
}

#[cfg(test)]
mod tests;
