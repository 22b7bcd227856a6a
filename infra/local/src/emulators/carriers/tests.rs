use super::*;
use crate::emulators::testing::Clock;
use axum::body::Body;
use axum::extract::Request;
use axum::extract::connect_info::MockConnectInfo;
use tower::ServiceExt;

#[tokio::test]
async fn a_stranger_and_another_path_get_nothing() {
    let carriers = Carriers::new(Clock::new().now());
    for (method, path, status) in [
        ("GET", "/dhl/shipments/1/tracking", 401),
        ("GET", "/dhl/shipments", 405),
        ("POST", "/fedex/track/v1/trackingnumbers", 401),
        ("GET", "/ups/api/track/v1/details/1", 401),
        ("POST", "/ups/ship", 404),
    ] {
        let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
        let router = carriers.router().layer(MockConnectInfo(Connection::default()));
        let answer = router.oneshot(request.body(Body::from("{}")).unwrap()).await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{method} {path}");
    }
    assert!(carriers.parcels().is_empty());
}

#[test]
fn a_label_is_a_pdf_of_one_page() {
    let file = String::from_utf8(STANDARD.decode(label::pdf(&["Grâce (Mbuyi)", "東京"])).unwrap()).unwrap();
    assert!(file.starts_with("%PDF-1.4") && file.contains("(Gr\\342ce \\050Mbuyi\\051) Tj") && file.ends_with("%%EOF\n"));
    let table: usize = file.rsplit("startxref\n").next().unwrap().lines().next().unwrap().parse().unwrap();
    assert!(file[table..].starts_with("xref"));
}

#[test]
fn a_label_is_a_gif_that_is_longer_than_what_is_kept_of_a_text() {
    let encoded = label::gif();
    let file = STANDARD.decode(&encoded).unwrap();
    assert!(encoded.len() > 500 && file.starts_with(b"GIF89a\x90\x01\x58\x02"), "{} characters", encoded.len());
    // Its picture's blocks, each behind its length, lead to the end.
    let mut blocks = &file[30..];
    while let [length @ 1..=255, rest @ ..] = blocks {
        blocks = &rest[usize::from(*length)..];
    }
    assert_eq!(blocks, b"\0;");
}
