//! `PUT /api/shipments?id=`.

use super::*;

#[tokio::test]
async fn a_parcel_only_ever_moves_forward() {
    let shop = LocalShop::without_pumps().await;
    let all = ["PENDING", "PICKED_UP", "IN_TRANSIT", "OUT_FOR_DELIVERY", "DELIVERED", "FAILED", "RETURNED"];
    let table: [(&[&str], &[&str]); 6] = [
        (&[], &["PICKED_UP", "IN_TRANSIT", "OUT_FOR_DELIVERY", "DELIVERED", "FAILED", "RETURNED"]),
        (&["IN_TRANSIT"], &["OUT_FOR_DELIVERY", "DELIVERED", "FAILED", "RETURNED"]),
        (&["OUT_FOR_DELIVERY"], &["DELIVERED", "FAILED", "RETURNED"]),
        (&["DELIVERED"], &[]),
        (&["FAILED"], &["RETURNED"]),
        (&["RETURNED"], &[]),
    ];
    for (steps, allowed) in table {
        let parcel = shop.ship(&confirmed(&shop, 1).await, "LOCAL").await;
        for step in steps {
            shop.move_shipment(&parcel, step).await.ok();
        }
        let before = shop.shipment_now(&parcel).await;
        for to in all.iter().filter(|to| !allowed.contains(to)) {
            let refused = shop.move_shipment(&parcel, to).await;
            refused.refused(409, "INVALID_STATUS_TRANSITION");
            assert_eq!(refused.body["allowed"], json!(allowed), "{steps:?} to {to}");
        }
        assert_eq!(shop.shipment_now(&parcel).await, before);
    }
}

#[tokio::test]
async fn what_is_sent_changes_and_null_clears() {
    let shop = LocalShop::without_pumps().await;
    let parcel = shop.ship(&confirmed(&shop, 1).await, "OTHER").await;
    let change = json!({ "trackingNumber": "bus 42-7", "estimatedDelivery": 1_800_000_000_000_u64, "labelUrl": "https://example.com/l.pdf",
        "weight": 0.75, "cost": 3.50 });
    let changed = shop.change_shipment(&parcel, &change).await;
    assert_eq!(changed.header("etag"), "\"2\"");
    let changed = changed.ok();
    assert_eq!((&changed["trackingNumber"], &changed["weight"], cents(&changed["cost"])), (&json!("BUS42-7"), &json!(0.75), 3_50));
    assert_eq!((&changed["labelUrl"], &changed["status"]), (&json!("https://example.com/l.pdf"), &json!("PENDING")));
    // The number it had is one of ours, and names it as the new one does.
    let by = async |number: &Value| shop.staff().get(&format!("/api/shipments?trackingNumber={}", number.as_str().expect("text"))).await;
    for number in [&parcel["trackingNumber"], &changed["trackingNumber"]] {
        assert_eq!(by(number).await.ok(), changed);
    }

    // What a client sums in binary floats is off by less than a gram.
    assert_eq!(shop.change_shipment(&parcel, &json!({ "weight": 0.1 + 0.2 })).await.ok()["weight"], json!(0.3));

    let cleared =
        shop.change_shipment(&parcel, &json!({ "estimatedDelivery": null, "labelUrl": null, "weight": null, "cost": null })).await.ok();
    for field in ["estimatedDelivery", "labelUrl", "weight", "cost"] {
        assert_eq!(cleared[field], Value::Null, "{field}");
    }
}

/// The shop counts in dollars, which have two decimals.
#[tokio::test]
async fn a_cost_is_an_amount_of_the_orders_own_currency() {
    let shop = LocalShop::without_pumps().await;
    for (currency, price, cost, other, wrong) in
        [("TND", json!(90.5), json!(7.125), json!(0.005), json!(0.0005)), ("JPY", json!(9000), json!(1500), json!(1600), json!(1600.5))]
    {
        let variant =
            json!({ "productId": 1, "sku": currency, "productName": "Robe", "price": price, "currency": currency, "stockQuantity": 9 });
        let made = shop.keeper().put("/api/inventory", &json!({ "variants": [variant] })).await.ok();
        let mut wanted = crate::kit::body(&[(made["variants"][0]["id"].as_u64().expect("an id"), 1)]);
        wanted["currency"] = json!(currency);
        let order = shop.staff().post("/api/orders", &wanted).await.ok();
        shop.staff().put(&format!("/api/orders/{}/status", order["id"]), &json!({ "newStatus": "CONFIRMED" })).await.ok();

        let mut body = shipment_body(order["id"].as_u64().expect("an id"), "OTHER");
        body["cost"] = wrong.clone();
        let refused = shop.staff().post("/api/shipments", &body).await;
        refused.refused(400, "INVALID_AMOUNT");
        assert_eq!(refused.errors(), [("/cost", "INVALID_AMOUNT")]);
        body["cost"] = cost.clone();
        let parcel = shop.staff().post("/api/shipments", &body).await.ok();
        assert_eq!((&parcel["cost"], &parcel["currency"]), (&cost, &json!(currency)));
        for sent in [&cost, &other] {
            let changed = shop.change_shipment(&parcel, &json!({ "cost": sent })).await.ok();
            assert_eq!((&changed["cost"], &changed["currency"]), (sent, &json!(currency)));
        }
        shop.change_shipment(&parcel, &json!({ "cost": wrong })).await.refused(400, "INVALID_AMOUNT");
    }
}

#[tokio::test]
async fn a_parcel_that_waits_for_its_number_is_taken_as_it_was_read() {
    let shop = LocalShop::without_pumps().await;
    let parcel = shop.ship(&confirmed(&shop, 1).await, "DHL").await;
    let fields = ["trackingNumber", "estimatedDelivery", "labelUrl", "weight", "cost"];
    let change: Value = fields.into_iter().map(|field| (field.to_owned(), parcel[field].clone())).collect();
    assert_eq!(change["trackingNumber"], Value::Null);
    let mut same = shop.change_shipment(&parcel, &change).await.ok();
    same["updatedAt"] = parcel["updatedAt"].clone();
    assert_eq!(same, parcel);
    let numbered = shop.change_shipment(&parcel, &json!({ "trackingNumber": "1234567890" })).await.ok();
    shop.change_shipment(&parcel, &json!({ "trackingNumber": null })).await.refused(400, "MISSING_REQUIRED_FIELDS");
    assert_eq!(shop.shipment_now(&parcel).await, numbered);
}

#[tokio::test]
async fn a_number_that_was_entered_by_mistake_is_free_for_the_parcel_that_has_it() {
    let shop = LocalShop::without_pumps().await;
    let (mistaken, right) = (shop.ship(&confirmed(&shop, 1).await, "OTHER").await, shop.ship(&confirmed(&shop, 1).await, "OTHER").await);
    let enter = async |parcel: &Value, number: &str| shop.change_shipment(parcel, &json!({ "trackingNumber": number })).await;
    enter(&mistaken, "BUS-1").await.ok();
    enter(&right, "BUS-1").await.refused(409, "TRACKING_NUMBER_USED");
    enter(&mistaken, "BUS-2").await.ok();
    let right = enter(&right, "BUS-1").await.ok();
    assert_eq!(shop.staff().get("/api/shipments?trackingNumber=BUS-1").await.ok(), right);
    // And not a second time: it is the other's now.
    enter(&mistaken, "BUS-1").await.refused(409, "TRACKING_NUMBER_USED");
}

#[tokio::test]
async fn a_wrong_change_of_a_parcel_is_named() {
    let shop = LocalShop::without_pumps().await;
    let parcel = shop.ship(&confirmed(&shop, 1).await, "LOCAL").await;
    let other = shop.ship(&confirmed(&shop, 1).await, "LOCAL").await;
    let misread = {
        let number = parcel["trackingNumber"].as_str().expect("a number");
        let last = number.as_bytes()[12] - b'0';
        format!("{}{}", &number[..12], (last + 1) % 10)
    };
    for (change, code) in [
        (json!({}), "MISSING_REQUIRED_FIELDS"),
        (json!({ "status": null }), "MISSING_REQUIRED_FIELDS"),
        (json!({ "status": "LOST" }), "INVALID_STATUS"),
        (json!({ "trackingNumber": null }), "MISSING_REQUIRED_FIELDS"),
        (json!({ "trackingNumber": " " }), "MISSING_REQUIRED_FIELDS"),
        (json!({ "trackingNumber": "<b>" }), "INVALID_TRACKING_NUMBER"),
        (json!({ "trackingNumber": misread }), "INVALID_TRACKING_NUMBER"),
        (json!({ "labelUrl": "javascript:alert(1)" }), "INVALID_LABEL_URL"),
        (json!({ "weight": 0 }), "INVALID_WEIGHT"),
        (json!({ "cost": -1 }), "INVALID_AMOUNT"),
        (json!({ "carrier": "DHL" }), "UNKNOWN_FIELD"),
    ] {
        shop.change_shipment(&parcel, &change).await.refused(400, code);
    }
    shop.change_shipment(&parcel, &json!({ "trackingNumber": other["trackingNumber"] })).await.refused(409, "TRACKING_NUMBER_USED");
    shop.staff().put("/api/shipments?id=123", &json!({ "weight": 1 })).await.refused(404, "SHIPMENT_NOT_FOUND");
    shop.staff().put("/api/shipments", &json!({ "weight": 1 })).await.refused(400, "INVALID_ID");
    let stale = shop.staff().header("If-Match", "\"7\"");
    stale.put(&format!("/api/shipments?id={}", parcel["id"]), &json!({ "weight": 1 })).await.refused(412, "PRECONDITION_FAILED");
    shop.customer(CUSTOMER).put(&format!("/api/shipments?id={}", parcel["id"]), &json!({ "weight": 1 })).await.refused(403, "FORBIDDEN");
    assert_eq!(shop.shipment_now(&parcel).await, parcel);
}

#[tokio::test]
async fn what_staff_set_on_the_order_by_hand_stays() {
    let shop = LocalShop::start().await;
    let order = confirmed(&shop, 1).await;
    let parcel = shop.ship(&order, "LOCAL").await;
    shop.staff().put(&order.path("status"), &json!({ "newStatus": "DELIVERED" })).await.ok();
    let completed = shop.order_now(order.id).await["completedAt"].clone();
    let before = told(&shop, &order).await;
    shop.move_shipment(&parcel, "DELIVERED").await.ok();
    let now = shop.order_now(order.id).await;
    assert_eq!((&now["status"], &now["completedAt"]), (&json!("DELIVERED"), &completed));
    assert_eq!(told(&shop, &order).await, before, "told once that it arrived");

    // Part of it in a parcel, and staff say that all of it went: the parcel's end alone makes nothing of the order.
    let order = confirmed(&shop, 2).await;
    let parcel = shop.ship_part(&order, "LOCAL", 0, 2).await.ok();
    shop.staff().put(&order.path("status"), &json!({ "newStatus": "SHIPPED" })).await.ok();
    shop.move_shipment(&parcel, "DELIVERED").await.ok();
    assert_eq!(status(&shop, &order).await, "SHIPPED");
    shop.staff().put(&order.path("status"), &json!({ "newStatus": "DELIVERED" })).await.ok();
}

#[tokio::test]
async fn what_staff_change_of_a_parcel_is_in_its_orders_history() {
    let shop = LocalShop::without_pumps().await;
    let order = confirmed(&shop, 2).await;
    let parcel = shop.ship(&order, "OTHER").await;
    let rows = async || shop.staff().get(&order.path("history")).await.ok().as_array().expect("rows").clone();
    let before = rows().await.len();
    shop.change_shipment(&parcel, &json!({ "trackingNumber": "BUS42-7", "cost": 3.5 })).await.ok();
    shop.change_shipment(
        &parcel,
        &json!({ "weight": 0.75, "estimatedDelivery": 1_800_000_000_000_u64, "labelUrl": "https://x.example/l.pdf?key=secret" }),
    )
    .await
    .ok();
    let rows = rows().await;
    assert_eq!(rows.len(), before + 2, "{rows:?}");
    for (row, note) in rows.iter().zip(["BUS42-7: estimatedDelivery, labelUrl, weight changed", "BUS42-7: trackingNumber, cost changed"]) {
        assert_eq!((&row["type"], &row["performedBy"], &row["role"]), (&json!("SHIPMENT_UPDATED"), &json!(2), &json!("SALES_STAFF")));
        assert_eq!((&row["previousStatus"], &row["newStatus"]), (&json!("PENDING"), &json!("PENDING")));
        assert_eq!(row["note"], format!("Shipment {} by OTHER {note}", parcel["id"]));
    }
}
