use super::*;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs1KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::PathBuf;

const SECOND: Duration = Duration::from_secs(1);

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests").join(name)
}

/// A server on this machine whose certificate leads to the root of `tests/bench`. It says what it was told to.
fn serves(answer: &'static str) -> String {
    use base64::Engine as _;
    let chain: Vec<_> = CertificateDer::pem_file_iter(file("bench/chain.pem")).unwrap().map(Result::unwrap).collect();
    let key: String = std::fs::read_to_string(file("it/rsa-test-key.b64")).unwrap().split_whitespace().collect();
    let key = PrivatePkcs1KeyDer::from(base64::engine::general_purpose::STANDARD.decode(key).unwrap());
    let tls = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let tls = tls.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let tls = Arc::new(tls.with_single_cert(chain, PrivateKeyDer::Pkcs1(key)).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("https://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = StreamOwned::new(ServerConnection::new(Arc::clone(&tls)).unwrap(), stream.unwrap());
            // A client that doesn't trust us hangs up.
            if stream.read(&mut [0; 4096]).is_ok_and(|read| read > 0) {
                stream.write_all(answer.as_bytes()).unwrap();
                stream.conn.send_close_notify();
                stream.flush().unwrap();
            }
        }
    });
    address
}

/// Asks a server, as a client that trusts these roots.
async fn asked(address: &str, roots: RootCertStore) -> reqwest::Result<reqwest::Response> {
    trusting(Arc::new(roots), SECOND, SECOND).unwrap().get(address).send().await
}

fn ours() -> RootCertStore {
    of_file(&file("bench/root.pem"))
}

#[tokio::test]
async fn a_certificate_has_to_lead_to_a_trusted_root() {
    let address = serves("HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n");
    assert_eq!(asked(&address, ours()).await.unwrap().status(), 204);
    let refused = asked(&address, mozillas()).await.unwrap_err();
    assert!(refused.is_connect(), "{refused:?}");
    assert!(format!("{refused:?}").contains("UnknownIssuer"), "{refused:?}");
}

#[tokio::test]
async fn a_redirect_is_an_answer() {
    let address = serves("HTTP/1.1 302 Found\r\nlocation: https://elsewhere.example/\r\nconnection: close\r\n\r\n");
    assert_eq!(asked(&address, ours()).await.unwrap().status(), 302);
}

#[test]
fn mozillas_roots_are_trusted_where_a_file_has_none() {
    let mozillas = mozillas().len();
    assert!(mozillas > 100);
    assert_eq!(of_file(&file("no-such-file.pem")).len(), mozillas);
    assert_eq!(of_file(&file("it/rsa-test-key.b64")).len(), mozillas);
    assert_eq!(ours().len(), 1);
}
