//! The OpenAPI document and its page, as a browser gets them.

mod in_a_browser;

use crate::kit::{LocalShop, http};
use local::faults::Fault;
use serde_json::json;

#[tokio::test]
async fn the_document_is_served_as_it_is_committed() {
    let shop = LocalShop::without_pumps().await;
    let answer = shop.nobody().get("/api/openapi.json").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    let committed = include_str!("../../functions/openapi.json");
    assert_eq!(answer.text, committed);
    assert!(answer.body["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
}

#[tokio::test]
async fn the_document_comes_small_to_whoever_can_unpack_it() {
    let shop = LocalShop::without_pumps().await;
    let client = http();
    let url = format!("{}/api/openapi.json", shop.system.url);
    let response = client.get(url).header("Accept-Encoding", "gzip, deflate").send().await.expect("an answer");
    assert_eq!(response.headers()["content-encoding"], "gzip");
    let bytes = response.bytes().await.expect("a body");
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&bytes[..]), &mut text).expect("a gzip member");
    assert!(text == include_str!("../../functions/openapi.json") && bytes.len() * 10 < text.len(), "{} of {}", bytes.len(), text.len());
}

#[tokio::test]
async fn the_page_loads_only_from_here_and_all_that_it_loads_is_here() {
    let shop = LocalShop::without_pumps().await;
    let page = shop.nobody().get("/api/docs").await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(page.header("content-security-policy").starts_with("default-src 'none'; script-src 'self';"));
    assert!(!page.text.contains("http:") && !page.text.contains("https:") && !page.text.contains("//"), "{}", page.text);

    let attributes = page.text.split(['"']).filter(|text| text.starts_with("docs/"));
    let mut files = 0;
    for file in attributes {
        let got = shop.nobody().header("Accept-Encoding", "gzip").get(&format!("/api/{file}")).await;
        assert_eq!(got.status, 200, "{file}");
        assert!(got.header("content-type").starts_with("text/") && !got.header("cache-control").contains("no-store"), "{file}");
        files += 1;
    }
    assert_eq!(files, 3);
    for nothing in ["secret", "%FF", "start.js%FF"] {
        shop.nobody().get(&format!("/api/docs/{nothing}")).await.refused(404, "NOT_FOUND");
    }
}

/// `gzip -dc` of the bundle is Swagger UI whole, so the members made at build time are right.
#[tokio::test]
async fn what_is_compressed_can_be_read() {
    let shop = LocalShop::without_pumps().await;
    let url = format!("{}/api/docs/swagger-ui-bundle.js", shop.system.url);
    let client = http();
    let response = client.get(url).send().await.expect("an answer");
    assert_eq!(response.headers()["content-encoding"], "gzip");
    let bytes = response.bytes().await.expect("a body");
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&bytes[..]), &mut text).expect("a gzip member with a right checksum");
    assert!(text.contains("SwaggerUIBundle") && text.len() > 1_000_000);
}

#[tokio::test]
async fn every_answer_is_safe_for_a_browser() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().place().await;
    for (path, status) in [("/api/health", 200), ("/api/openapi.json", 200), ("/api/orders", 401), ("/api/nothing", 404)] {
        let answer = shop.nobody().get(path).await;
        assert_eq!(answer.status, status, "{path}");
        answer.safe();
    }
    let taken = shop.stripe_tells(&json!({ "id": "evt_1", "type": "invoice.paid" })).await;
    assert_eq!(taken.status, 200, "{}", taken.text);
    taken.safe();
    shop.system.faults.inject("GetItem", Fault::NeverSent, 3);
    let down = shop.nobody().get("/api/health").await;
    assert_eq!(down.status, 503, "{}", down.text);
    down.safe();

    let policy = "content-security-policy";
    for (caller, path, own, begins) in [
        (shop.staff(), order.path("packing-slip").as_str(), policy, "default-src 'none'; style-src 'sha256-"),
        (shop.nobody(), "/api/docs", policy, "default-src 'none'; script-src 'self';"),
        (shop.nobody(), "/api/docs/start.js", "cache-control", "public, max-age="),
    ] {
        let answer = caller.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        answer.safe_but(own);
        assert!(answer.header(own).starts_with(begins), "{path}: {:?}", answer.headers);
        assert!(own != policy || answer.header(own).contains("frame-ancestors 'none'"), "{path}: {:?}", answer.headers);
    }
}
