//! `POST /api/orders`.

use crate::kit::{CUSTOMER, FIRST_COUNTS, LocalShop, body, cents, column, count, keys};
use local::Options;
use serde_json::{Value, json};
use std::collections::HashMap;

const FIELDS: &str = "completedAt createdAt currency customer customerId deliveryAddress deliveryFee deliveryMethod deliveryZone discount id \
    items notes orderNumber paymentMethod paymentReference paymentStatus promotionCode refundedTotal source status subtotal \
    total updatedAt version";

const ITEM_FIELDS: &str = "id priceAtPurchase productId productName quantity returnedQuantity sku variantDetails variantId";

/// A shop whose zones cost what they cost.
async fn with_zones() -> LocalShop {
    let fees = r#"{"Gombe": 5, "Limete": 7.50}"#.to_owned();
    LocalShop::with(Options { variables: HashMap::from([("DELIVERY_FEES", fees)]), pumps: false, ..Options::default() }).await
}

fn with(mut order: Value, fields: &Value) -> Value {
    for (field, value) in fields.as_object().expect("fields") {
        order[field] = value.clone();
    }
    order
}

#[tokio::test]
async fn an_order_is_priced_from_its_variants_to_the_cent() {
    let shop = LocalShop::without_pumps().await;
    let (dress, belt) = (shop.variant("19.99", 10).await, shop.variant("0.10", 10).await);

    let answer = shop.customer(CUSTOMER).post("/api/orders", &with(body(&[(dress, 3), (belt, 3)]), &json!({ "deliveryFee": 2.5 }))).await;

    assert_eq!((answer.status, answer.header("etag")), (201, "\"1\""));
    assert!(answer.text.contains(r#""subtotal":60.27,"discount":0.00,"total":62.77,"refundedTotal":0.00"#), "{}", answer.text);
    assert!(answer.text.contains(r#""deliveryFee":2.50"#) && answer.text.contains(r#""priceAtPurchase":0.10"#), "{}", answer.text);
    assert_eq!((shop.stock(dress).await, shop.stock(belt).await), (7, 7));
}

#[tokio::test]
async fn an_order_has_every_field_of_the_contract_and_null_where_it_is_empty() {
    let shop = LocalShop::without_pumps().await;
    let variant = shop.variant("75.00", 10).await;

    let order = shop.customer(CUSTOMER).post("/api/orders", &body(&[(variant, 2)])).await.ok();

    assert_eq!(keys(&order).join(" "), FIELDS);
    for empty in ["paymentReference", "deliveryZone", "promotionCode", "notes", "completedAt"] {
        assert_eq!(order[empty], Value::Null, "{empty}");
    }
    for (field, value) in [("status", "PENDING"), ("paymentStatus", "PENDING"), ("currency", "USD"), ("source", "ONLINE")] {
        assert_eq!(order[field], value, "{field}");
    }
    assert_eq!((&order["customerId"], &order["version"]), (&json!(CUSTOMER), &json!(1)));
    assert_eq!(keys(&order["customer"]), ["email", "firstName", "lastName", "locale", "phone"]);
    let address = json!({ "street": "12 avenue de la Paix", "city": "Gombe", "state": null, "zipCode": null, "country": null });
    assert_eq!(order["deliveryAddress"], address);
    let item = &order["items"][0];
    assert_eq!(keys(item).join(" "), ITEM_FIELDS);
    assert_eq!(item["variantDetails"], json!({ "size": "M", "color": "Noir" }));
    assert_eq!((&item["variantId"], &item["quantity"], &item["returnedQuantity"]), (&json!(variant), &json!(2), &json!(0)));
    assert_eq!(order["createdAt"], order["updatedAt"]);
    assert_eq!(order, shop.order_now(order["id"].as_u64().expect("an id")).await);
}

#[tokio::test]
async fn the_number_has_the_shops_day_and_four_digits() {
    let shop = LocalShop::without_pumps().await;
    let place = async || shop.order().place().await.body;
    let (first, second) = (place().await, place().await);

    let day = |order: &Value| shop.system.workers.shop.config.day(domain::time::Timestamp(order["createdAt"].as_u64().expect("a time")));
    for order in [&first, &second] {
        let number = order["orderNumber"].as_str().expect("a number");
        assert!(number.starts_with(&format!("MLA-{}-", day(order).as_str())) && number.len() == 17, "{number}");
    }
    let counts = [&first, &second].map(|order| count(&order["orderNumber"]));
    assert!(FIRST_COUNTS.contains(&counts[0]) && counts[1] > counts[0], "{counts:?}");
}

#[tokio::test]
async fn lines_of_one_variant_are_added_together() {
    let shop = LocalShop::without_pumps().await;
    let (dress, belt) = (shop.variant("10.00", 100).await, shop.variant("1.00", 100).await);

    let order = shop.staff().post("/api/orders", &body(&[(dress, 1), (belt, 2), (dress, 3)])).await.ok();
    assert_eq!(column(&order["items"], "variantId"), [&json!(dress), &json!(belt)]);
    assert_eq!(column(&order["items"], "quantity"), [&json!(4), &json!(2)]);
    assert_eq!(cents(&order["total"]), 42_00);

    let many = shop.staff().post("/api/orders", &body(&[(belt, 1); 60])).await.ok();
    assert_eq!(column(&many["items"], "quantity"), [&json!(60)]);
    assert_eq!(shop.stock(belt).await, 38);

    let more_than_there_are = shop.staff().post("/api/orders", &body(&[(belt, 20), (belt, 19)])).await;
    more_than_there_are.refused(409, "INSUFFICIENT_STOCK");
}

#[tokio::test]
async fn fifty_variants_are_an_order_and_fifty_one_are_too_many() {
    let shop = LocalShop::without_pumps().await;
    let mut lines = Vec::new();
    for _ in 0..51 {
        lines.push((shop.variant("1.00", 1).await, 1));
    }

    let too_many = shop.staff().post("/api/orders", &body(&lines)).await;
    too_many.refused(400, "TOO_MANY_ITEMS");
    assert_eq!(too_many.errors(), [("/items", "TOO_MANY_ITEMS")]);
    let order = shop.staff().post("/api/orders", &body(&lines[..50])).await.ok();
    assert_eq!((order["items"].as_array().map(Vec::len), cents(&order["total"])), (Some(50), 50_00));
}

#[tokio::test]
async fn a_customer_pays_the_zones_fee_and_no_other() {
    let shop = with_zones().await;
    let variant = shop.variant("10.00", 100).await;
    let place = async |fields: Value| shop.customer(CUSTOMER).post("/api/orders", &with(body(&[(variant, 1)]), &fields)).await;

    let fee = |order: Value| (cents(&order["deliveryFee"]), cents(&order["total"]));
    assert_eq!(fee(place(json!({ "deliveryZone": "Limete" })).await.ok()), (7_50, 17_50));
    assert_eq!(fee(place(json!({ "deliveryZone": "Limete", "deliveryFee": 7.5 })).await.ok()), (7_50, 17_50));
    let wrong = place(json!({ "deliveryZone": "Limete", "deliveryFee": 5 })).await;
    wrong.refused(409, "DELIVERY_FEE_MISMATCH");
    assert!(wrong.body["detail"].as_str().expect("a sentence").contains("7.50"), "{}", wrong.text);
    let no_zone = place(json!({ "deliveryFee": 5 })).await;
    no_zone.refused(409, "DELIVERY_FEE_MISMATCH");
    place(json!({ "deliveryZone": "Matete", "deliveryFee": 5 })).await.refused(409, "DELIVERY_FEE_MISMATCH");
    assert_eq!(shop.stock(variant).await, 98);
}

#[tokio::test]
async fn an_order_in_another_currency_than_its_zones_fee_is_told_which_that_is() {
    let shop = with_zones().await;
    let francs = json!({ "productId": 7, "sku": "R-CDF", "productName": "Robe", "price": 250_000, "currency": "CDF", "stockQuantity": 9 });
    let made = shop.keeper().put("/api/inventory", &json!({ "variants": [francs] })).await.ok();
    let variant = made["variants"][0]["id"].as_u64().expect("an id");
    let order = with(body(&[(variant, 1)]), &json!({ "currency": "CDF", "deliveryZone": "Gombe" }));

    for fee in [Value::Null, json!(5), json!(12_500)] {
        let refused = shop.customer(CUSTOMER).post("/api/orders", &with(order.clone(), &json!({ "deliveryFee": fee }))).await;
        refused.refused(409, "DELIVERY_FEE_MISMATCH");
        assert_eq!(refused.body["detail"], "The delivery fee for Gombe is 5.00 USD, and the order is in CDF.");
    }
    // Where there is no such zone, that is what is wrong.
    let elsewhere = with(order.clone(), &json!({ "deliveryZone": "Matete" }));
    let refused = shop.customer(CUSTOMER).post("/api/orders", &elsewhere).await;
    assert_eq!(refused.body["detail"], "There is no delivery fee for that zone; the zones are: Gombe, Limete.");
    let by_staff = shop.staff().post("/api/orders", &with(order, &json!({ "deliveryFee": 12_500 }))).await.ok();
    assert_eq!((cents(&by_staff["deliveryFee"]), cents(&by_staff["total"])), (12_500_00, 262_500_00));
}

#[tokio::test]
async fn staff_may_set_any_fee_and_pickup_is_free() {
    let shop = with_zones().await;
    let variant = shop.variant("10.00", 100).await;
    let place = async |fields: Value| shop.staff().post("/api/orders", &with(body(&[(variant, 1)]), &fields)).await;

    let fee = |order: Value| cents(&order["deliveryFee"]);
    assert_eq!(fee(place(json!({ "deliveryZone": "Limete", "deliveryFee": 1.25 })).await.ok()), 1_25);
    for zone in ["Limete", "limete", "LIMETE"] {
        assert_eq!(fee(place(json!({ "deliveryZone": zone })).await.ok()), 7_50);
    }
    assert_eq!(fee(place(json!({ "deliveryFee": 0 })).await.ok()), 0);
    let pickup = json!({ "deliveryMethod": "STORE_PICKUP", "deliveryAddress": null, "deliveryZone": "Limete" });
    let order = place(pickup.clone()).await.ok();
    assert_eq!((fee(order.clone()), &order["deliveryAddress"]), (0, &Value::Null));
    assert_eq!(fee(place(with(pickup.clone(), &json!({ "deliveryFee": 0 }))).await.ok()), 0);
    place(with(pickup, &json!({ "deliveryFee": 5 }))).await.refused(409, "DELIVERY_FEE_MISMATCH");
}

#[tokio::test]
async fn a_customer_orders_for_themselves_online_and_staff_for_anyone_anywhere() {
    let shop = LocalShop::without_pumps().await;
    let variant = shop.variant("10.00", 100).await;
    let mut order = body(&[(variant, 1)]);

    shop.customer(CUSTOMER + 1).post("/api/orders", &order).await.refused(403, "FORBIDDEN");
    order["source"] = json!("IN_STORE");
    shop.customer(CUSTOMER).post("/api/orders", &order).await.refused(403, "FORBIDDEN");
    assert_eq!(shop.staff().post("/api/orders", &order).await.ok()["source"], "IN_STORE");
    order["source"] = json!("ONLINE");
    order["customerId"] = Value::Null;
    assert_eq!(shop.customer(77).post("/api/orders", &order).await.ok()["customerId"], 77);
    let nobodys = shop.staff().post("/api/orders", &order).await;
    nobodys.refused(400, "MISSING_REQUIRED_FIELDS");
    assert_eq!(nobodys.errors(), [("/customerId", "MISSING_REQUIRED_FIELDS")]);
    assert_eq!(shop.stock(variant).await, 98);
}

#[tokio::test]
async fn what_cant_be_sold_is_refused_and_nothing_is_taken() {
    let shop = LocalShop::without_pumps().await;
    let (dress, belt, francs) = (shop.variant("10.00", 2).await, shop.variant("10.00", 5).await, shop.variant("10.00", 5).await);
    let set = async |variant: Value| shop.keeper().put("/api/inventory", &json!({ "variants": [variant] })).await.ok();
    set(json!({ "id": belt, "isActive": false })).await;
    set(json!({ "id": francs, "price": 25000, "currency": "CDF" })).await;
    let place = async |lines: &[(u64, u32)], fields: Value| shop.customer(CUSTOMER).post("/api/orders", &with(body(lines), &fields)).await;

    place(&[(dress, 1), (123, 1)], json!({})).await.refused(404, "VARIANT_NOT_FOUND");
    place(&[(dress, 1), (belt, 1)], json!({})).await.refused(409, "VARIANT_INACTIVE");
    place(&[(dress, 1), (francs, 1)], json!({})).await.refused(409, "CURRENCY_MISMATCH");
    place(&[(dress, 1)], json!({ "currency": "CDF" })).await.refused(409, "CURRENCY_MISMATCH");
    place(&[(dress, 3)], json!({})).await.refused(409, "INSUFFICIENT_STOCK");
    let code = place(&[(dress, 1)], json!({ "promotionCode": " save20 " })).await;
    code.refused(404, "INVALID_CODE");
    assert_eq!((&code.body["valid"], &code.body["errorCode"]), (&json!(false), &json!("INVALID_CODE")));
    // What is not there is said before what is there and can't be sold.
    place(&[(belt, 1), (123, 1)], json!({})).await.refused(404, "VARIANT_NOT_FOUND");

    assert_eq!((shop.stock(dress).await, shop.stock(belt).await, shop.stock(francs).await), (2, 5, 5));
    assert_eq!(shop.staff().get("/api/orders").await.ok(), json!([]));
    let order = place(&[(francs, 1)], json!({ "currency": "CDF" })).await;
    assert!(order.text.contains(r#""total":25000.00"#), "{}", order.text);
}

#[tokio::test]
async fn a_payment_reference_belongs_to_one_order() {
    let shop = LocalShop::without_pumps().await;
    let variant = shop.variant("10.00", 10).await;
    let place = async |fields: Value| shop.staff().post("/api/orders", &with(body(&[(variant, 1)]), &fields)).await;

    assert_eq!(place(json!({ "paymentReference": " MP-1 " })).await.ok()["paymentReference"], "MP-1");
    place(json!({ "paymentReference": "MP-1" })).await.refused(409, "PAYMENT_REFERENCE_USED");
    assert_eq!(place(json!({ "paymentReference": "MP-2" })).await.status, 201);
    // What is not there is said before what is taken.
    let unknown = with(body(&[(123, 1)]), &json!({ "paymentReference": "MP-1" }));
    shop.staff().post("/api/orders", &unknown).await.refused(404, "VARIANT_NOT_FOUND");
    assert_eq!(shop.stock(variant).await, 8);
}

#[tokio::test]
async fn every_wrong_field_is_named_in_the_contracts_order_and_unknown_ones_last() {
    let shop = LocalShop::without_pumps().await;
    let order = json!({
        "status": "DELIVERED",
        "customerId": "4001",
        "customer": { "total": 1, "firstName": " ", "email": "grace@", "locale": "ln" },
        "items": [{ "variantId": 0, "quantity": 1 }, { "variantId": 7, "quantity": 1.5, "price": 1 }, 7],
        "deliveryMethod": "DRONE",
        "deliveryAddress": { "street": "1" },
        "deliveryFee": 1.005,
        "paymentMethod": "CHEQUE",
        "source": null,
        "currency": "XXX",
        "notes": 12,
        "a/b~c": 1,
    });

    let answer = shop.staff().post("/api/orders", &order).await;

    answer.refused(400, "INVALID_ID");
    let expected = [
        ("/customerId", "INVALID_ID"),
        ("/customer/firstName", "MISSING_REQUIRED_FIELDS"),
        ("/customer/lastName", "MISSING_REQUIRED_FIELDS"),
        ("/customer/email", "INVALID_EMAIL"),
        ("/customer/locale", "INVALID_LOCALE"),
        ("/items/0/variantId", "INVALID_ITEM"),
        ("/items/1/quantity", "INVALID_ITEM"),
        ("/items/2", "INVALID_ITEM"),
        ("/deliveryMethod", "INVALID_DELIVERY_METHOD"),
        ("/deliveryAddress/city", "MISSING_REQUIRED_FIELDS"),
        ("/deliveryFee", "INVALID_AMOUNT"),
        ("/paymentMethod", "INVALID_PAYMENT_METHOD"),
        ("/source", "MISSING_REQUIRED_FIELDS"),
        ("/currency", "INVALID_CURRENCY"),
        ("/notes", "INVALID_NOTES"),
    ];
    let errors = answer.errors();
    assert_eq!(errors[..expected.len()], expected);
    let mut unknown = errors[expected.len()..].to_vec();
    unknown.sort_unstable();
    let names = ["/a~1b~0c", "/customer/total", "/items/1/price", "/status"];
    assert_eq!(unknown, names.map(|name| (name, "UNKNOWN_FIELD")));
}

#[tokio::test]
async fn everything_that_is_required_is_named_when_it_is_missing() {
    let shop = LocalShop::without_pumps().await;
    let missing = shop.customer(CUSTOMER).post("/api/orders", &json!({ "notes": "x" })).await;
    missing.refused(400, "MISSING_REQUIRED_FIELDS");
    let pointers: Vec<&str> = missing.errors().into_iter().map(|(pointer, _)| pointer).collect();
    assert_eq!(pointers, ["/customer", "/items", "/deliveryMethod", "/paymentMethod", "/source"]);
    assert_eq!(missing.errors()[1].1, "MISSING_ITEMS");

    let variant = shop.variant("1.00", 5).await;
    let refused = async |field: &str, value: Value| {
        let mut order = body(&[(variant, 1)]);
        order[field] = value;
        let answer = shop.customer(CUSTOMER).post("/api/orders", &order).await;
        (answer.status, answer.code().to_owned(), answer.errors().iter().map(|(pointer, _)| (*pointer).to_owned()).collect::<Vec<_>>())
    };
    let at = |code: &str, pointer: &str| (400, code.to_owned(), vec![pointer.to_owned()]);
    assert_eq!(refused("items", json!([])).await, at("MISSING_ITEMS", "/items"));
    assert_eq!(refused("items", json!("dress")).await, at("INVALID_ITEM", "/items"));
    assert_eq!(refused("items", json!([{ "variantId": variant, "quantity": 0 }])).await, at("INVALID_ITEM", "/items/0/quantity"));
    assert_eq!(refused("items", json!([{ "variantId": variant, "quantity": "1" }])).await, at("INVALID_ITEM", "/items/0/quantity"));
    assert_eq!(refused("items", json!([{ "quantity": 1 }])).await, at("INVALID_ITEM", "/items/0/variantId"));
    assert_eq!(refused("deliveryAddress", json!("  ")).await, at("MISSING_REQUIRED_FIELDS", "/deliveryAddress"));
    assert_eq!(refused("deliveryFee", json!(-1)).await, at("INVALID_AMOUNT", "/deliveryFee"));
    assert_eq!(refused("price", json!(1)).await, at("UNKNOWN_FIELD", "/price"));
}

#[tokio::test]
async fn the_language_is_the_shops_unless_the_customer_has_one() {
    let shop = LocalShop::without_pumps().await;
    let locale = async |locale: Value| {
        let customer = json!({ "firstName": "Ada", "lastName": "Ilunga", "locale": locale });
        shop.order().with("customer", customer).place().await.body["customer"].clone()
    };
    assert_eq!(locale(json!("en-GB")).await["locale"], "en");
    let silent = locale(Value::Null).await;
    assert_eq!((&silent["locale"], &silent["email"], &silent["phone"]), (&json!("fr"), &Value::Null, &Value::Null));
}

#[tokio::test]
async fn an_address_is_in_parts_or_one_text() {
    let shop = LocalShop::without_pumps().await;
    let text = shop.order().with("deliveryAddress", json!(" En face de la poste, Gombe ")).place().await;
    assert_eq!(text.body["deliveryAddress"], "En face de la poste, Gombe");
    assert_eq!(shop.order_now(text.id).await["deliveryAddress"], "En face de la poste, Gombe");
}
