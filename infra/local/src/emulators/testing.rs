//! What the emulators' own tests share: a clock to move, and official clients to drive them with.

use super::Now;
use aws_sdk_sqs::config::{Credentials, SharedHttpClient};
use aws_smithy_http_client::Builder;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A clock that stands still until it is moved.
#[derive(Clone)]
pub struct Clock(Arc<AtomicU64>);

impl Clock {
    pub fn new() -> Self {
        Self(Arc::new(AtomicU64::new(1_767_225_600_000)))
    }

    pub fn now(&self) -> Now {
        let millis = Arc::clone(&self.0);
        Arc::new(move || millis.load(Ordering::SeqCst))
    }

    pub fn millis(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    pub fn forward_seconds(&self, seconds: u64) {
        self.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }
}

/// HTTP without TLS for the SDKs, which come without a client of their own.
pub fn sdk_http() -> SharedHttpClient {
    Builder::new().build_http()
}

pub fn credentials() -> Credentials {
    Credentials::new("local", "local", None, None, "tests")
}

/// Sends `request` as it stands and returns all that comes back until the connection closes.
pub async fn raw_http(base_url: &str, request: &str) -> String {
    let address = base_url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A connection that is cut is an answer too: what came before it.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}
