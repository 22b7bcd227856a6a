//! `GET/PUT /api/inventory`, `PUT /api/inventory/adjust`, `GET /api/inventory/{variantId}/history`.

use crate::kit::{Answer, CUSTOMER, LocalShop, column, keys, told};
use domain::actor::{Actor, Role};
use domain::ids::{Ids, ProductId, VariantId};
use domain::inventory::{NewVariant, Variant};
use domain::money::Money;
use serde_json::{Value, json};
use store::Writes;

mod races;

async fn put(shop: &LocalShop, variants: Value) -> Answer {
    shop.keeper().put("/api/inventory", &json!({ "variants": variants })).await
}

fn dress(sku: &str) -> Value {
    json!({ "productId": 7, "sku": sku, "productName": "Robe", "price": 19.99 })
}

async fn adjust(shop: &LocalShop, variant: u64, change: i64) -> Answer {
    let body = json!({ "variantId": variant, "quantityChange": change, "reason": "Counted", "changeType": "ADJUSTMENT" });
    shop.keeper().put("/api/inventory/adjust", &body).await
}

#[tokio::test]
async fn a_new_variant_starts_with_its_stock_and_every_field() {
    let shop = LocalShop::without_pumps().await;
    let full = json!({ "productId": 7, "sku": " R-1 ", "productName": "Robe", "size": "M", "color": "Noir", "price": 19.9,
        "currency": "USD", "stockQuantity": 4, "isActive": false });

    let answer = put(&shop, json!([full, dress("R-2")])).await;

    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(keys(&answer.body), ["variants"]);
    let (first, second) = (&answer.body["variants"][0], &answer.body["variants"][1]);
    let fields = ["color", "currency", "id", "isActive", "price", "productId", "productName", "size", "sku", "stockQuantity"];
    assert_eq!((keys(first), keys(second)), (fields.to_vec(), fields.to_vec()));
    assert!(answer.text.contains(r#""price":19.90"#), "{}", answer.text);
    assert_eq!((&first["sku"], &first["stockQuantity"], &first["isActive"]), (&json!("R-1"), &json!(4), &json!(false)));
    let defaults = (&second["size"], &second["color"], &second["currency"], &second["stockQuantity"], &second["isActive"]);
    assert_eq!(defaults, (&Value::Null, &Value::Null, &json!("USD"), &json!(0), &json!(true)));
    for path in [format!("/api/inventory?id={}", first["id"]), "/api/inventory?sku=R-1".to_owned()] {
        let found = shop.staff().get(&path).await;
        assert_eq!((found.header("etag"), &found.body), ("\"1\"", first), "{path}");
    }
}

#[tokio::test]
async fn an_update_changes_what_is_sent_and_never_the_stock() {
    let shop = LocalShop::without_pumps().await;
    let variant = shop.variant("10.00", 5).await;
    let before = shop.staff().get(&format!("/api/inventory?id={variant}")).await.ok();

    let change = json!([{ "id": variant, "price": 12.5, "size": null, "stockQuantity": 99, "isActive": false }]);
    let after = put(&shop, change).await.ok()["variants"][0].clone();

    let mut expected = before;
    (expected["price"], expected["size"], expected["isActive"]) = (json!(12.5), Value::Null, json!(false));
    assert_eq!(after, expected);
    assert_eq!(shop.stock(variant).await, 5);
    let back = put(&shop, json!([{ "id": variant, "isActive": true }])).await.ok();
    assert_eq!(back["variants"][0]["isActive"], true);
}

#[tokio::test]
async fn an_update_that_changes_nothing_writes_nothing() {
    let shop = LocalShop::start().await;
    let (variant, other) = (shop.variant("10.00", 5).await, shop.variant("10.00", 5).await);
    let read = async |id: u64| {
        let found = shop.staff().get(&format!("/api/inventory?id={id}")).await;
        (found.header("etag").to_owned(), found.ok())
    };
    let (before, others) = (read(variant).await, read(other).await);
    let mut same = before.1.clone();
    same["stockQuantity"] = json!(99);

    for update in [same.clone(), json!({ "id": variant, "price": 10 }), json!({ "id": variant })] {
        let answer = put(&shop, json!([update])).await;
        assert_eq!((answer.status, answer.header("etag")), (200, before.0.as_str()), "{}", answer.text);
        assert_eq!(answer.body["variants"], json!([before.1]));
        assert_eq!(read(variant).await, before);
    }
    let keyed = shop.keeper().key("same");
    for _ in 0..2 {
        keyed.put("/api/inventory", &json!({ "variants": [same] })).await.ok();
    }

    // What stays beside what changes is not written either.
    put(&shop, json!([same, { "id": other, "price": 11 }])).await.ok();
    assert_eq!(read(variant).await, before);
    assert_ne!(read(other).await.0, others.0);
    shop.settled().await;
    for id in [variant, other] {
        let log = shop.staff().get(&format!("/api/inventory/{id}/history")).await.ok();
        assert_eq!(column(&log, "reason"), ["Initial stock"]);
    }
}

#[tokio::test]
async fn a_change_of_one_variant_that_has_changed_since_is_refused() {
    let shop = LocalShop::without_pumps().await;
    let (variant, other) = (shop.variant("10.00", 5).await, shop.variant("10.00", 5).await);
    let path = format!("/api/inventory?id={variant}");
    let on = async |tag: &str, variants: Value| {
        shop.admin().header("If-Match", tag).put("/api/inventory", &json!({ "variants": variants })).await
    };
    let seen = shop.staff().get(&path).await.header("etag").to_owned();

    // Two admins saw the same version.
    let first = on(&seen, json!([{ "id": variant, "price": 12.5 }])).await;
    assert_eq!((first.status, first.header("etag")), (200, "\"2\""), "{}", first.text);
    on(&seen, json!([{ "id": variant, "price": 9 }])).await.refused(412, "PRECONDITION_FAILED");
    let now = shop.staff().get(&path).await;
    assert_eq!((now.header("etag"), &now.body["price"]), ("\"2\"", &json!(12.5)));

    // What isn't there goes before what is stale, and what is stale before what is wrong with the change.
    on("\"1\"", json!([{ "id": 123, "price": 9 }])).await.refused(404, "VARIANT_NOT_FOUND");
    on("\"1\"", json!([{ "id": variant, "price": 9 }, { "id": 123, "price": 9 }])).await.refused(404, "VARIANT_NOT_FOUND");
    on("\"1\"", json!([{ "id": variant, "price": 1.005 }])).await.refused(412, "PRECONDITION_FAILED");

    // Several have no one version, and a new one has none.
    for tag in ["\"1\"", "\"2\"", "*"] {
        on(tag, json!([{ "id": variant, "price": 9 }, { "id": other, "price": 9 }])).await.refused(412, "PRECONDITION_FAILED");
        on(tag, json!([{ "id": variant, "price": 9 }, dress("R-1")])).await.refused(412, "PRECONDITION_FAILED");
        on(tag, json!([dress("R-1")])).await.refused(412, "PRECONDITION_FAILED");
    }
    assert_eq!(shop.staff().get(&path).await.body, now.body);
    shop.staff().get("/api/inventory?sku=R-1").await.refused(404, "VARIANT_NOT_FOUND");
    let both = put(&shop, json!([{ "id": variant, "price": 9 }, { "id": other, "price": 9 }])).await;
    assert_eq!((both.status, both.header("etag")), (200, ""));
    assert_eq!(on("*", json!([{ "id": variant, "price": 8 }])).await.header("etag"), "\"4\"");
}

#[tokio::test]
async fn a_price_without_a_currency_is_in_the_one_that_the_variant_has() {
    let shop = LocalShop::without_pumps().await;
    let in_its_own = |sku: &str, price: u64, currency: &str| {
        let mut variant = dress(sku);
        (variant["price"], variant["currency"]) = (json!(price), json!(currency));
        variant
    };
    let made = put(&shop, json!([in_its_own("R-1", 250_000, "CDF"), in_its_own("R-2", 9_000, "JPY")])).await.ok();
    let (francs, yen) = (&made["variants"][0]["id"], &made["variants"][1]["id"]);
    let priced = async |id: &Value| {
        let variant = shop.staff().get(&format!("/api/inventory?id={id}")).await.ok();
        (variant["price"].to_string(), variant["currency"].as_str().expect("a currency").to_owned())
    };

    for currency in [Value::Null, json!("CDF")] {
        let after = put(&shop, json!([{ "id": francs, "price": 260_000, "currency": currency }])).await;
        assert!(after.text.contains(r#""price":260000.00,"currency":"CDF""#), "{}", after.text);
    }
    put(&shop, json!([{ "id": francs, "price": 270_000 }])).await.ok();
    assert_eq!(priced(francs).await, ("270000.0".to_owned(), "CDF".to_owned()));

    // What the currency can't hold is wrong in its field, and nothing of the request is done.
    let wrong = put(&shop, json!([{ "id": francs, "price": 1 }, { "id": yen, "price": 9.5 }, { "id": francs, "price": 1 }])).await;
    wrong.refused(400, "INVALID_ID");
    let wrong = put(&shop, json!([{ "id": yen, "price": 9.5 }, dress("R-3"), { "id": francs, "price": 1.005 }])).await;
    wrong.refused(400, "INVALID_AMOUNT");
    assert_eq!(wrong.errors(), [("/variants/0/price", "INVALID_AMOUNT"), ("/variants/2/price", "INVALID_AMOUNT")]);
    assert_eq!(wrong.body["errors"][0]["detail"], "price has more decimals than the currency: JPY.");
    assert_eq!(priced(yen).await, ("9000".to_owned(), "JPY".to_owned()));
    shop.staff().get("/api/inventory?sku=R-3").await.refused(404, "VARIANT_NOT_FOUND");

    // Another currency is what is said, not what is left out.
    put(&shop, json!([{ "id": yen, "price": 9.5, "currency": "USD" }])).await.ok();
    assert_eq!(priced(yen).await, ("9.5".to_owned(), "USD".to_owned()));
}

#[tokio::test]
async fn a_sku_is_unique_and_free_again_once_it_is_given_up() {
    let shop = LocalShop::without_pumps().await;
    let first = put(&shop, json!([dress("R-1")])).await.ok()["variants"][0]["id"].clone();

    put(&shop, json!([dress("R-1")])).await.refused(409, "DUPLICATE_SKU");
    put(&shop, json!([dress("R-2"), dress("R-2")])).await.refused(409, "DUPLICATE_SKU");
    let other = put(&shop, json!([dress("R-3")])).await.ok()["variants"][0]["id"].clone();
    put(&shop, json!([{ "id": other, "sku": "R-1" }])).await.refused(409, "DUPLICATE_SKU");
    // All or nothing: the good one beside the bad one isn't there either.
    put(&shop, json!([dress("R-4"), dress("R-1")])).await.refused(409, "DUPLICATE_SKU");
    put(&shop, json!([dress("R-4"), { "id": 123, "isActive": true }])).await.refused(404, "VARIANT_NOT_FOUND");
    shop.staff().get("/api/inventory?sku=R-4").await.refused(404, "VARIANT_NOT_FOUND");

    assert_eq!(put(&shop, json!([{ "id": first, "sku": "R-1" }])).await.status, 200);
    put(&shop, json!([{ "id": first, "sku": "R-9" }])).await.ok();
    shop.staff().get("/api/inventory?sku=R-1").await.refused(404, "VARIANT_NOT_FOUND");
    assert_eq!(put(&shop, json!([dress("R-1")])).await.status, 200);
}

#[tokio::test]
async fn a_sku_is_the_same_however_its_accents_are_typed() {
    let shop = LocalShop::without_pumps().await;
    let (composed, decomposed) = ("ROB\u{c9}-1", "ROBE\u{301}-1");
    let made = put(&shop, json!([dress(decomposed)])).await.ok()["variants"][0].clone();
    assert_eq!(made["sku"], composed);
    for sku in [composed, decomposed] {
        assert_eq!(shop.staff().get(&format!("/api/inventory?sku={sku}")).await.ok(), made);
        put(&shop, json!([dress(sku)])).await.refused(409, "DUPLICATE_SKU");
        put(&shop, json!([{ "id": made["id"], "sku": sku }])).await.ok();
    }
    put(&shop, json!([dress(composed), dress("R-1")])).await.refused(409, "DUPLICATE_SKU");
    put(&shop, json!([dress("\u{c9}-2"), dress("E\u{301}-2")])).await.refused(409, "DUPLICATE_SKU");
}

#[tokio::test]
async fn a_sku_that_is_stored_with_its_accents_apart_is_found_and_taken() {
    let shop = LocalShop::without_pumps().await;
    let (composed, decomposed) = ("ROB\u{c9}-1", "ROBE\u{301}-1");
    let new = NewVariant {
        product_id: ProductId::new(7).expect("an id"),
        sku: decomposed.to_owned(),
        product_name: "Robe".to_owned(),
        size: None,
        color: None,
        price: Money::usd(20_00),
        stock_quantity: 3,
        is_active: true,
    };
    let (clock, id) = (&shop.system.clock, VariantId::new(77).expect("an id"));
    let variant = Variant::create(id, new, Actor::System, clock.now());
    let event = variant.event(None, Actor::System, clock.now(), &mut Ids::new(clock.now(), 0));
    shop.system.store().commit(Writes::new().insert_variant(&variant, event), None, clock.now()).await.expect("written");

    for sku in [composed, decomposed] {
        assert_eq!(shop.staff().get(&format!("/api/inventory?sku={sku}")).await.ok()["id"], 77);
        put(&shop, json!([dress(sku)])).await.refused(409, "DUPLICATE_SKU");
    }
    // Whoever says it again has it as any other is.
    let after = put(&shop, json!([{ "id": 77, "sku": decomposed }])).await.ok();
    assert_eq!((&after["variants"][0]["sku"], &after["variants"][0]["stockQuantity"]), (&json!(composed), &json!(3)));
    assert_eq!(shop.staff().get(&format!("/api/inventory?sku={decomposed}")).await.ok()["id"], 77);
    put(&shop, json!([{ "id": 77, "sku": "R-1" }])).await.ok();
    assert_eq!(put(&shop, json!([dress(composed)])).await.status, 200);
}

#[tokio::test]
async fn twenty_five_variants_are_one_request_and_twenty_six_are_too_many() {
    let shop = LocalShop::without_pumps().await;
    let many: Vec<Value> = (0..26).map(|n| dress(&format!("R-{n}"))).collect();

    let answer = put(&shop, json!(many)).await;
    answer.refused(400, "TOO_MANY_ITEMS");
    assert_eq!(answer.errors(), [("/variants", "TOO_MANY_ITEMS")]);
    let made = put(&shop, json!(many[..25])).await.ok();
    let skus: Vec<Value> = many[..25].iter().map(|variant| variant["sku"].clone()).collect();
    assert_eq!(column(&made["variants"], "sku"), skus.iter().collect::<Vec<_>>());
}

#[tokio::test]
async fn a_null_in_a_new_variant_is_as_if_it_were_left_out() {
    let shop = LocalShop::without_pumps().await;
    let mut new = dress("R-1");
    for field in ["id", "size", "color", "currency", "stockQuantity", "isActive"] {
        new[field] = Value::Null;
    }
    let made = put(&shop, json!([new])).await.ok()["variants"][0].clone();
    assert_eq!((&made["isActive"], &made["stockQuantity"], &made["currency"]), (&json!(true), &json!(0), &json!("USD")));
    let missing = put(&shop, json!([{ "id": null, "price": 1 }])).await;
    let expected = ["productId", "sku", "productName"].map(|field| (format!("/variants/0/{field}"), "MISSING_REQUIRED_FIELDS"));
    assert_eq!(missing.errors(), expected.each_ref().map(|(pointer, code)| (pointer.as_str(), *code)));
    // A variant that is there is either active or not.
    put(&shop, json!([{ "id": made["id"], "isActive": null }])).await.refused(400, "MISSING_REQUIRED_FIELDS");
}

#[tokio::test]
async fn every_wrong_field_of_every_variant_is_named() {
    let shop = LocalShop::without_pumps().await;
    let wrong = json!([
        { "stock": 1, "productId": 0, "sku": " ", "productName": 7, "size": 1, "price": 1.999, "currency": "usd", "stockQuantity": -1, "isActive": "yes" },
        7,
        { "id": "x", "productId": null, "sku": null, "price": -1 },
        { "id": 5, "currency": "USD" },
    ]);
    let answer = put(&shop, wrong).await;
    answer.refused(400, "INVALID_ID");
    let expected = [
        ("/variants/0/productId", "INVALID_ID"),
        ("/variants/0/sku", "MISSING_REQUIRED_FIELDS"),
        ("/variants/0/productName", "INVALID_PRODUCT_NAME"),
        ("/variants/0/size", "INVALID_SIZE"),
        ("/variants/0/price", "INVALID_AMOUNT"),
        ("/variants/0/currency", "INVALID_CURRENCY"),
        ("/variants/0/stockQuantity", "INVALID_STOCK_QUANTITY"),
        ("/variants/0/isActive", "INVALID_IS_ACTIVE"),
        ("/variants/1", "INVALID_VARIANTS"),
        ("/variants/2/id", "INVALID_ID"),
        ("/variants/2/productId", "MISSING_REQUIRED_FIELDS"),
        ("/variants/2/sku", "MISSING_REQUIRED_FIELDS"),
        ("/variants/2/price", "INVALID_AMOUNT"),
        ("/variants/3/currency", "INVALID_CURRENCY"),
        ("/variants/0/stock", "UNKNOWN_FIELD"),
    ];
    assert_eq!(answer.errors(), expected);
    for nothing in [Value::Null, json!([])] {
        put(&shop, nothing).await.refused(400, "MISSING_REQUIRED_FIELDS");
    }
    put(&shop, json!({})).await.refused(400, "INVALID_VARIANTS");
    put(&shop, json!([{ "id": 5, "isActive": true }, { "id": 5, "isActive": false }])).await.refused(400, "INVALID_ID");
    assert_eq!(shop.staff().get("/api/inventory").await.ok(), json!([]));
}

#[tokio::test]
async fn an_adjustment_moves_the_stock_and_answers_its_row() {
    let shop = LocalShop::without_pumps().await;
    let variant = shop.variant("10.00", 5).await;

    for (change, kind, before, after) in [(3, "RESTOCK", 5, 8), (-8, "ADJUSTMENT", 8, 0), (2, "RETURN", 0, 2)] {
        let body = json!({ "variantId": variant, "quantityChange": change, "reason": " Counted ", "changeType": kind });
        let answer = shop.keeper().put("/api/inventory/adjust", &body).await;
        let current = shop.staff().get(&format!("/api/inventory?id={variant}")).await;
        assert_eq!((answer.status, answer.header("etag")), (200, current.header("etag")));
        assert_eq!((keys(&answer.body), &answer.body["success"]), (vec!["log", "success", "variant"], &json!(true)));
        assert_eq!(answer.body["variant"], current.body);
        let mut log = answer.body["log"].clone();
        assert!(log["createdAt"].take().is_u64(), "{}", answer.text);
        let row = json!({ "variantId": variant, "changeType": kind, "quantityChange": change, "previousQuantity": before, "newQuantity": after,
            "reason": "Counted", "performedBy": 3, "orderId": null, "createdAt": null });
        assert_eq!(log, row);
    }
}

#[tokio::test]
async fn stock_never_goes_below_zero() {
    let shop = LocalShop::without_pumps().await;
    let variant = shop.variant("10.00", 5).await;
    adjust(&shop, variant, -6).await.refused(409, "INSUFFICIENT_STOCK");
    assert_eq!(shop.stock(variant).await, 5);
    assert_eq!(adjust(&shop, variant, -5).await.ok()["variant"]["stockQuantity"], 0);
    adjust(&shop, variant, -1).await.refused(409, "INSUFFICIENT_STOCK");
}

#[tokio::test]
async fn a_stock_never_grows_beyond_what_a_variant_may_start_with() {
    let shop = LocalShop::without_pumps().await;
    let variant = shop.variant("10.00", 5).await;
    let refused = adjust(&shop, variant, 999_999_996).await;
    refused.refused(400, "INVALID_QUANTITY_CHANGE");
    assert_eq!(refused.errors(), [("/quantityChange", "INVALID_QUANTITY_CHANGE")]);
    let detail = refused.body["detail"].as_str().expect("a sentence");
    assert!(detail.contains("1000000000") && detail.contains('5'), "{detail}");
    assert_eq!(shop.stock(variant).await, 5);
    assert_eq!(adjust(&shop, variant, 999_999_995).await.ok()["variant"]["stockQuantity"], 1_000_000_000);
}

#[tokio::test]
async fn a_wrong_adjustment_is_named() {
    let shop = LocalShop::without_pumps().await;
    let variant = shop.variant("10.00", 5).await;
    let send = async |body: Value| shop.keeper().put("/api/inventory/adjust", &body).await;

    let missing = send(json!({})).await;
    missing.refused(400, "MISSING_REQUIRED_FIELDS");
    let pointers: Vec<&str> = missing.errors().into_iter().map(|(pointer, _)| pointer).collect();
    assert_eq!(pointers, ["/variantId", "/quantityChange", "/reason", "/changeType"]);
    let wrong = send(json!({ "stock": 1, "changeType": "SALE", "reason": 1, "quantityChange": 0, "variantId": 1.5 })).await;
    wrong.refused(400, "INVALID_ID");
    let expected = [
        ("/variantId", "INVALID_ID"),
        ("/quantityChange", "INVALID_QUANTITY_CHANGE"),
        ("/reason", "INVALID_REASON"),
        ("/changeType", "INVALID_CHANGE_TYPE"),
        ("/stock", "UNKNOWN_FIELD"),
    ];
    assert_eq!(wrong.errors(), expected);
    for change in [json!(1.5), json!("1"), json!(10_000_000_000_u64)] {
        let body = json!({ "variantId": variant, "quantityChange": change, "reason": "x", "changeType": "RESTOCK" });
        send(body).await.refused(400, "INVALID_QUANTITY_CHANGE");
    }
    adjust(&shop, 123, 1).await.refused(404, "VARIANT_NOT_FOUND");
    assert_eq!(shop.stock(variant).await, 5);
}

#[tokio::test]
async fn every_change_of_a_stock_is_in_its_history() {
    let shop = LocalShop::start().await;
    let order = shop.order().quantity(3).place().await;
    let variant = order.variants[0];
    adjust(&shop, variant, 5).await.ok();
    put(&shop, json!([{ "id": variant, "price": 80 }])).await.ok();
    shop.customer(CUSTOMER).post(&order.path("cancel"), &json!({ "reason": "x" })).await.ok();
    shop.settled().await;

    let rows = shop.staff().get(&format!("/api/inventory/{variant}/history")).await.ok();
    let fields =
        ["changeType", "createdAt", "newQuantity", "orderId", "performedBy", "previousQuantity", "quantityChange", "reason", "variantId"];
    assert_eq!(keys(&rows[0]), fields);
    let told = |field| column(&rows, field).into_iter().cloned().collect::<Vec<_>>();
    assert_eq!(told("changeType"), [json!("SALE"), json!("ADJUSTMENT"), json!("SALE"), json!("RESTOCK")]);
    assert_eq!(told("quantityChange"), [json!(3), json!(5), json!(-3), json!(10)]);
    assert_eq!(told("newQuantity"), [json!(15), json!(12), json!(7), json!(10)]);
    assert_eq!(told("previousQuantity"), [json!(12), json!(7), json!(10), json!(0)]);
    assert_eq!(told("orderId"), [json!(order.id), Value::Null, json!(order.id), Value::Null]);
    assert_eq!(told("performedBy"), [json!(CUSTOMER), json!(3), json!(2), json!(3)]);
    for limit in [1, 2, 3] {
        let pages = shop.staff().every_page(&format!("/api/inventory/{variant}/history"), limit).await;
        assert_eq!(json!(pages), rows, "limit {limit}");
    }
    shop.staff().get("/api/inventory/123/history").await.refused(404, "VARIANT_NOT_FOUND");
    shop.staff().get("/api/inventory/x/history").await.refused(400, "INVALID_ID");
    shop.staff().get(&format!("/api/inventory/{variant}/history?type=SALE")).await.refused(400, "UNKNOWN_PARAMETER");
    let empty = put(&shop, json!([dress("R-0")])).await.ok()["variants"][0]["id"].clone();
    assert_eq!(shop.staff().get(&format!("/api/inventory/{empty}/history")).await.ok(), json!([]));
}

#[tokio::test]
async fn the_list_of_variants_has_its_filters_and_pages() {
    let shop = LocalShop::without_pumps().await;
    let mut variants: Vec<Value> = (0..7).map(|n| dress(&format!("R-{n}"))).collect();
    (variants[2]["productId"], variants[5]["productId"], variants[5]["isActive"]) = (json!(8), json!(8), json!(false));
    put(&shop, json!(variants)).await.ok();
    let found = async |query: &str| {
        let list = json!(shop.staff().every_page(&format!("/api/inventory?{query}"), 2).await);
        let ids: Vec<u64> = column(&list, "id").iter().filter_map(|id| id.as_u64()).collect();
        assert!(ids.is_sorted_by(|a, b| a > b), "{ids:?}");
        let mut skus: Vec<String> = column(&list, "sku").iter().filter_map(|sku| sku.as_str()).map(str::to_owned).collect();
        skus.sort_unstable();
        skus.join(" ")
    };

    assert_eq!(found("").await, "R-0 R-1 R-2 R-3 R-4 R-5 R-6");
    assert_eq!(found("productId=8").await, "R-2 R-5");
    assert_eq!(found("isActive=false").await, "R-5");
    assert_eq!(found("isActive=true&productId=8").await, "R-2");
    assert_eq!(found("productId=9").await, "");
    for (query, code) in [
        ("isActive=yes", "INVALID_IS_ACTIVE"),
        ("productId=x", "INVALID_ID"),
        ("id=x", "INVALID_ID"),
        ("id=1&sku=R-1", "UNKNOWN_PARAMETER"),
        ("sku=R-1&isActive=true", "UNKNOWN_PARAMETER"),
        ("sku=", "INVALID_SKU"),
        ("sku=R-1&sku=R-1", "INVALID_SKU"),
        ("color=Noir", "UNKNOWN_PARAMETER"),
        ("offset=1", "OFFSET_UNSUPPORTED"),
        ("limit=0", "INVALID_LIMIT"),
    ] {
        shop.staff().get(&format!("/api/inventory?{query}")).await.refused(400, code);
    }
    shop.staff().get("/api/inventory?id=123").await.refused(404, "VARIANT_NOT_FOUND");
    shop.staff().get("/api/inventory?sku=R-99").await.refused(404, "VARIANT_NOT_FOUND");
}

#[tokio::test]
async fn every_change_of_the_catalogue_is_kept_with_who_made_it() {
    let shop = LocalShop::without_pumps().await;
    let made = put(&shop, json!([dress("ROB-9")])).await.ok();
    let id = made["variants"][0]["id"].as_u64().expect("an id");
    put(&shop, json!([{ "id": id, "price": 0.01, "size": "M" }])).await.ok();
    put(&shop, json!([{ "id": id, "price": 0.01 }])).await.ok();
    put(&shop, json!([{ "id": id, "isActive": false }])).await.ok();

    let id = VariantId::new(id).expect("an id");
    let history = shop.system.store().variant_history(id, store::PageRequest::new(10, None)).await.expect("a history").items;
    assert_eq!(
        told(&history),
        [
            ("VARIANT_CHANGED", Some("INACTIVE"), None),
            ("VARIANT_CHANGED", Some("ACTIVE"), Some("size: none → M; price: 19.99 USD → 0.01 USD")),
            ("VARIANT_CREATED", Some("ACTIVE"), Some("ROB-9 at 19.99 USD")),
        ]
    );
    assert!(history.iter().all(|event| event.actor.role() == Some(Role::InventoryManager) && event.actor.id().is_some()), "{history:?}");
}
