//! Many at once on one order.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn thirty_racing_parcels_of_four_pieces_ship_four() {
    let shop = LocalShop::start().await;
    let order = shop.order().quantity(4).through(CONFIRMED).place().await;
    let line = order.body["items"][0]["id"].clone();

    let answers: Vec<Answer> = race(30, |_| {
        let staff = shop.staff();
        let mut body = shipment_body(order.id, "LOCAL");
        body["items"] = json!([{ "orderItemId": line, "quantity": 1 }]);
        async move { staff.post("/api/shipments", &body).await }
    })
    .await;

    assert_eq!(answers.with_status(201), 4, "{:?}", answers.tally());
    assert_eq!(answers.with_code("ORDER_NOT_SHIPPABLE"), 26);
    let numbers: BTreeSet<&str> = answers.iter().filter_map(|answer| answer.body["trackingNumber"].as_str()).collect();
    assert_eq!(numbers.len(), 4);
    assert_eq!(status(&shop, &order).await, "SHIPPED");
    let told = told(&shop, &order).await;
    assert_eq!(told.iter().filter(|subject| subject.contains("est emballée")).count(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parcel_and_a_cancel_at_once_are_one_or_the_other() {
    let shop = LocalShop::start().await;
    for _ in 0..4 {
        let order = confirmed(&shop, 1).await;
        let answers: Vec<Answer> = race(12, |n| {
            let (staff, path) = (shop.staff(), order.path("cancel"));
            let body = shipment_body(order.id, "LOCAL");
            async move {
                if n % 2 == 0 { staff.post("/api/shipments", &body).await } else { staff.post(&path, &json!({ "reason": "Race" })).await }
            }
        })
        .await;
        assert_eq!(answers.with_status(201) + answers.with_status(200), 1, "{:?}", answers.tally());
        let live = shop.staff().get(&format!("/api/shipments?orderId={}", order.id)).await.ok().as_array().map_or(0, Vec::len);
        let expected = if live == 1 { ("SHIPPED", order.stock_before - 2) } else { ("CANCELLED", order.stock_before) };
        assert_eq!((status(&shop, &order).await.as_str(), shop.stock(order.variants[0]).await), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_deliveries_of_one_parcel_deliver_the_order_once() {
    let shop = LocalShop::start().await;
    let order = confirmed(&shop, 1).await;
    let parcel = shop.ship(&order, "LOCAL").await;
    let answers: Vec<Answer> = race(20, |_| {
        let (staff, path) = (shop.staff(), format!("/api/shipments?id={}", parcel["id"]));
        async move { staff.put(&path, &json!({ "status": "DELIVERED" })).await }
    })
    .await;
    assert_eq!((answers.with_status(200), answers.with_code("INVALID_STATUS_TRANSITION")), (1, 19), "{:?}", answers.tally());
    let told = told(&shop, &order).await;
    assert_eq!(told.iter().filter(|subject| subject.contains("livrée")).count(), 1, "{told:?}");
}
