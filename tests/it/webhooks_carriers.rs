//! `POST /api/webhooks/{dhl,fedex,ups}`: who is believed.

use crate::kit::webhooks::{carrier_headers, carrier_tells};
use crate::kit::{CUSTOMER, LocalShop, shipment_body};
use local::Options;
use local::system::CARRIER_WEBHOOK_SECRET as SECRET;
use reqwest::Method;
use serde_json::{Value, json};

const CARRIERS: [&str; 3] = ["DHL", "FEDEX", "UPS"];

#[tokio::test]
async fn only_who_knows_the_secret_is_believed() {
    let shop = LocalShop::without_pumps().await;
    let body = json!({ "trackingNumber": "1Z1" });
    for carrier in CARRIERS {
        carrier_tells(&shop, carrier, SECRET, &body).await.ok();
        carrier_tells(&shop, carrier, "another", &body).await.refused(401, "INVALID_SIGNATURE");
        let path = format!("/api/webhooks/{}", carrier.to_lowercase());
        shop.nobody().post(&path, &body).await.refused(401, "INVALID_SIGNATURE");
        shop.admin().post(&path, &body).await.refused(401, "INVALID_SIGNATURE");
        let (name, value) = carrier_headers(carrier, SECRET, body.to_string().as_bytes());
        shop.nobody().header(name, &value).header(name, &value).post(&path, &body).await.refused(401, "INVALID_SIGNATURE");
    }
    // What FedEx signs is this body and no other.
    let (name, value) = carrier_headers("FEDEX", SECRET, body.to_string().as_bytes());
    shop.nobody()
        .header(name, &value)
        .post("/api/webhooks/fedex", &json!({ "trackingNumber": "1Z2" }))
        .await
        .refused(401, "INVALID_SIGNATURE");
}

#[tokio::test]
async fn a_shop_that_knows_no_secret_believes_nobody() {
    let none = ["DHL_WEBHOOK_SECRET", "FEDEX_WEBHOOK_SECRET", "UPS_WEBHOOK_SECRET"].map(|name| (name, String::new()));
    let shop = LocalShop::with(Options { pumps: false, variables: none.into(), ..Options::default() }).await;
    for carrier in CARRIERS {
        for secret in ["", SECRET] {
            carrier_tells(&shop, carrier, secret, &json!({})).await.refused(401, "INVALID_SIGNATURE");
        }
    }
}

#[tokio::test]
async fn a_body_that_is_none_is_named_and_one_of_no_parcel_of_ours_changes_nothing() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().through(&["CONFIRMED"]).place().await;
    let local = shop.staff().post("/api/shipments", &shipment_body(order.id, "LOCAL")).await.ok();
    for carrier in CARRIERS {
        let path = format!("/api/webhooks/{}", carrier.to_lowercase());
        for wrong in [b"{".to_vec(), vec![0xff; 8], Vec::new()] {
            let (name, value) = carrier_headers(carrier, SECRET, &wrong);
            shop.nobody().header(name, &value).send(Method::POST, &path, Some(wrong)).await.refused(400, "INVALID_JSON");
        }
        let large = vec![b' '; 1024 * 1024 + 1];
        let (name, value) = carrier_headers(carrier, SECRET, &large);
        shop.nobody().header(name, &value).send(Method::POST, &path, Some(large)).await.refused(413, "PAYLOAD_TOO_LARGE");
        let deep = (0..100).fold(json!({ "trackingNumber": "1" }), |inner, _| json!([inner]));
        let many: Vec<Value> = (0..1000).map(|n| json!({ "trackingNumber": format!("1Z{n}") })).collect();
        for nothing in [json!(null), json!([]), json!({ "trackingNumber": 7 }), json!({ "trackingNumber": "<b>" }), deep, json!(many)] {
            assert_eq!(carrier_tells(&shop, carrier, SECRET, &nothing).await.status, 200, "{nothing}");
        }
        // A number of a parcel that another brings.
        assert_eq!(carrier_tells(&shop, carrier, SECRET, &json!({ "trackingNumber": local["trackingNumber"] })).await.status, 200);
    }
    assert_eq!(shop.shipment_now(&local).await, local);
    assert_eq!(shop.customer(CUSTOMER).get("/api/webhooks/ups").await.status, 405);
}
