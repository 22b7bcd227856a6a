//! Making, changing, ending and finding promotions.

use crate::kit::{Answer, CUSTOMER, LocalShop, column, keys, told};
use serde_json::{Value, json};
use std::time::Duration;

const FIELDS: &str = "code createdAt currency description endDate id isActive maxDiscount minOrderValue name perUserLimit startDate type \
     updatedAt usageCount usageLimit value";

#[tokio::test]
async fn a_promotion_is_found_as_it_was_made() {
    let shop = LocalShop::without_pumps().await;
    let body =
        shop.promotion_body(&json!({ "code": " save20 ", "value": 12.5, "maxDiscount": 30, "usageLimit": 100, "description": "  " }));
    let made = shop.admin().post("/api/promotions", &body).await;
    assert_eq!((made.status, made.header("etag")), (201, "\"1\""), "{}", made.text);
    assert_eq!(keys(&made.body).join(" "), FIELDS);
    assert_eq!((made.body["code"].as_str(), made.body["isActive"].as_bool()), (Some("SAVE20"), Some(true)));
    assert!(made.text.contains(r#""value":12.5,"minOrderValue":null,"maxDiscount":30.00,"usageLimit":100"#), "{}", made.text);
    assert_eq!((&made.body["description"], &made.body["currency"], &made.body["usageCount"]), (&json!(null), &json!("USD"), &json!(0)));

    for selector in [format!("id={}", made.body["id"]), "code=SAVE20".to_owned(), "code=save20".to_owned(), "code=%20Save20%20".to_owned()]
    {
        let found = shop.staff().get(&format!("/api/promotions?{selector}")).await;
        assert_eq!((found.header("etag"), &found.body), ("\"1\"", &made.body), "{selector}");
    }
    assert_eq!(shop.staff().get("/api/promotions").await.ok(), json!([made.body]));
}

#[tokio::test]
async fn every_wrong_field_is_named_with_the_contracts_code() {
    let shop = LocalShop::without_pumps().await;
    let admin = shop.admin();
    let refused = async |fields: Value| {
        let answer = admin.post("/api/promotions", &shop.promotion_body(&fields)).await;
        answer.errors().into_iter().map(|(at, code)| format!("{} {at} {code}", answer.status)).collect::<Vec<_>>()
    };
    let only = |error: &str| vec![format!("400 {error}")];
    for (fields, error) in [
        (json!({ "type": "HALF_PRICE" }), "/type INVALID_TYPE"),
        (json!({ "value": 0 }), "/value INVALID_PERCENTAGE"),
        (json!({ "value": 100.01 }), "/value INVALID_PERCENTAGE"),
        (json!({ "value": 12.345 }), "/value INVALID_PERCENTAGE"),
        (json!({ "value": "20" }), "/value INVALID_PERCENTAGE"),
        (json!({ "value": null }), "/value MISSING_REQUIRED_FIELDS"),
        (json!({ "type": "FIXED_AMOUNT", "value": 0 }), "/value INVALID_VALUE"),
        (json!({ "type": "FIXED_AMOUNT", "value": -5 }), "/value INVALID_VALUE"),
        (json!({ "type": "FIXED_AMOUNT", "value": "5" }), "/value INVALID_VALUE"),
        (json!({ "type": "FIXED_AMOUNT", "value": 0.001 }), "/value INVALID_AMOUNT"),
        (json!({ "type": "FIXED_AMOUNT", "value": 0.5, "currency": "JPY" }), "/value INVALID_AMOUNT"),
        (json!({ "type": "FREE_SHIPPING", "value": -1 }), "/value INVALID_VALUE"),
        (json!({ "minOrderValue": -1 }), "/minOrderValue INVALID_AMOUNT"),
        (json!({ "maxDiscount": 0 }), "/maxDiscount INVALID_AMOUNT"),
        (json!({ "usageLimit": 0 }), "/usageLimit INVALID_USAGE_LIMIT"),
        (json!({ "perUserLimit": 1.5 }), "/perUserLimit INVALID_PER_USER_LIMIT"),
        (json!({ "startDate": 2, "endDate": 1 }), "/endDate INVALID_DATE_RANGE"),
        (json!({ "startDate": 2, "endDate": 2 }), "/endDate INVALID_DATE_RANGE"),
        (json!({ "code": "SAVE 20" }), "/code INVALID_CODE"),
        (json!({ "currency": "XXX" }), "/currency INVALID_CURRENCY"),
        (json!({ "usageCount": 7 }), "/usageCount UNKNOWN_FIELD"),
    ] {
        assert_eq!(refused(fields.clone()).await, only(error), "{fields}");
    }
    let nothing = admin.post("/api/promotions", &json!({})).await;
    nothing.refused(400, "MISSING_REQUIRED_FIELDS");
    let missing: Vec<&str> = nothing.errors().into_iter().map(|(at, _)| at).collect();
    assert_eq!(missing, ["/code", "/name", "/type", "/value", "/startDate", "/endDate"]);
    // In the contract's order, whichever is found first.
    let several = refused(json!({ "endDate": 1, "maxDiscount": 0, "value": 0, "code": "" })).await;
    let order: Vec<&str> = several.iter().map(|error| error.split(' ').nth(1).expect("a pointer")).collect();
    assert_eq!(order, ["/code", "/value", "/maxDiscount", "/endDate"]);
    assert_eq!(shop.admin().get("/api/promotions").await.ok(), json!([]));
}

#[tokio::test]
async fn a_code_is_taken_for_ever_and_never_changes() {
    let shop = LocalShop::without_pumps().await;
    let promotion = shop.promotion(json!({})).await;
    let path = format!("/api/promotions?id={}", promotion["id"]);
    let again = shop.promotion_body(&json!({ "code": "save20" }));
    shop.admin().post("/api/promotions", &again).await.refused(409, "DUPLICATE_CODE");
    shop.admin().put(&path, &json!({ "code": "SAVE30" })).await.refused(409, "CODE_IMMUTABLE");
    shop.admin().put(&path, &json!({ "code": "save20", "name": "Other" })).await.ok();
    shop.admin().send(reqwest::Method::DELETE, &path, None).await.ok();
    shop.admin().post("/api/promotions", &again).await.refused(409, "DUPLICATE_CODE");
}

#[tokio::test]
async fn a_change_changes_what_is_sent_and_null_clears() {
    let shop = LocalShop::without_pumps().await;
    let full = json!({ "description": "x", "minOrderValue": 10, "maxDiscount": 5, "usageLimit": 3, "perUserLimit": 1 });
    let promotion = shop.promotion(full).await;
    let path = format!("/api/promotions?id={}", promotion["id"]);
    let (admin, null) = (shop.admin(), Value::Null);
    let changed = admin.put(&path, &json!({ "name": "Autumn", "usageLimit": 5 })).await;
    assert_eq!((changed.header("etag"), &changed.body["name"], &changed.body["usageLimit"]), ("\"2\"", &json!("Autumn"), &json!(5)));
    assert_eq!((&changed.body["description"], &changed.body["value"]), (&json!("x"), &json!(20)));

    let clear = json!({ "description": null, "minOrderValue": null, "maxDiscount": null, "usageLimit": null, "perUserLimit": null });
    let cleared = admin.put(&path, &clear).await.ok();
    for field in ["description", "minOrderValue", "maxDiscount", "usageLimit", "perUserLimit"] {
        assert_eq!(cleared[field], null, "{field}");
    }
    assert_eq!(shop.admin().get(&path).await.ok(), cleared);
    for field in ["name", "type", "startDate", "endDate", "currency", "isActive", "code"] {
        let answer = admin.put(&path, &json!({ field: null })).await;
        assert_eq!(answer.errors(), [(format!("/{field}").as_str(), "MISSING_REQUIRED_FIELDS")], "{}", answer.text);
    }
    admin.put(&path, &json!({})).await.refused(400, "MISSING_REQUIRED_FIELDS");
    admin.put("/api/promotions", &json!({ "name": "x" })).await.refused(400, "INVALID_ID");
    admin.put("/api/promotions?id=12", &json!({ "name": "x" })).await.refused(404, "PROMOTION_NOT_FOUND");
    shop.admin().header("If-Match", "\"1\"").put(&path, &json!({ "name": "x" })).await.refused(412, "PRECONDITION_FAILED");
}

#[tokio::test]
async fn a_change_is_held_against_what_the_promotion_has() {
    let shop = LocalShop::without_pumps().await;
    let promotion = shop.promotion(json!({ "maxDiscount": 9.50 })).await;
    let (admin, path) = (shop.admin(), format!("/api/promotions?id={}", promotion["id"]));
    let wrong = admin.put(&path, &json!({ "value": 150, "maxDiscount": 0.001, "endDate": 1 })).await;
    wrong.refused(400, "INVALID_PERCENTAGE");
    assert_eq!(wrong.errors(), [("/value", "INVALID_PERCENTAGE"), ("/maxDiscount", "INVALID_AMOUNT"), ("/endDate", "INVALID_DATE_RANGE")]);
    admin.put(&path, &json!({ "type": "FIXED_AMOUNT" })).await.refused(400, "MISSING_REQUIRED_FIELDS");
    admin.put(&path, &json!({ "currency": "CDF" })).await.refused(400, "MISSING_REQUIRED_FIELDS");
    let fixed = admin.put(&path, &json!({ "type": "FIXED_AMOUNT", "value": 150, "currency": "CDF", "maxDiscount": 20000 })).await;
    assert!(fixed.text.contains(r#""value":150.00,"minOrderValue":null,"maxDiscount":20000.00"#), "{}", fixed.text);
    assert_eq!(fixed.body["currency"], "CDF");
}

#[tokio::test]
async fn what_is_ended_stays_and_can_run_again() {
    let shop = LocalShop::without_pumps().await;
    let promotion = shop.promotion(json!({})).await;
    let path = format!("/api/promotions?id={}", promotion["id"]);
    let end = async || shop.admin().send(reqwest::Method::DELETE, &path, None).await;
    for _ in 0..2 {
        let ended = end().await;
        assert_eq!((ended.status, keys(&ended.body), &ended.body["success"]), (200, vec!["message", "success"], &json!(true)));
        assert_eq!(ended.header("etag"), "\"2\"");
    }
    let now = shop.staff().get(&path).await;
    // Ending it a second time changed nothing.
    assert_eq!((now.header("etag"), &now.body["isActive"]), ("\"2\"", &json!(false)));
    shop.admin().send(reqwest::Method::DELETE, "/api/promotions", None).await.refused(400, "INVALID_ID");
    shop.admin().send(reqwest::Method::DELETE, "/api/promotions?id=12", None).await.refused(404, "PROMOTION_NOT_FOUND");

    shop.customer(CUSTOMER).get(&path).await.refused(404, "PROMOTION_NOT_FOUND");
    assert_eq!(shop.admin().put(&path, &json!({ "isActive": true })).await.ok()["isActive"], true);
    shop.customer(CUSTOMER).get(&path).await.ok();
}

#[tokio::test]
async fn customers_find_what_runs_and_not_how_often_it_is_used() {
    let shop = LocalShop::without_pumps().await;
    let (now, day) = (shop.system.clock.now().0, 86_400_000);
    shop.promotion(json!({ "code": "RUNS", "endDate": now + 5 * day })).await;
    shop.promotion(json!({ "code": "LATER", "startDate": now + day })).await;
    shop.promotion(json!({ "code": "OVER", "startDate": now - 9 * day, "endDate": now - day })).await;
    shop.promotion(json!({ "code": "OFF", "isActive": false })).await;
    shop.promotion(json!({ "code": "LONGEST", "endDate": now + 900 * day })).await;
    shop.promotion(json!({ "code": "SHORT", "endDate": now + day / 2 })).await;
    let codes = async |query: &str| {
        let found = shop.customer(CUSTOMER).get(&format!("/api/promotions{query}")).await.ok();
        column(&found, "code").into_iter().map(|code| code.as_str().expect("a code").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(codes("").await, ["SHORT", "LONGEST", "RUNS"]);
    assert_eq!((codes("?isActive=true").await.len(), codes("?isActive=false").await.len()), (3, 0));
    // Page by page everything is there once.
    for limit in 1..=4 {
        let mut paged = shop.customer(CUSTOMER).every_page("/api/promotions", limit).await;
        paged.sort_by_key(|promotion| promotion["code"].to_string());
        assert_eq!(column(&json!(paged), "code"), [&json!("LONGEST"), &json!("RUNS"), &json!("SHORT")], "{limit}");
    }
    for code in ["LATER", "OVER", "OFF", "NONE", "%20X%20Y"] {
        shop.customer(CUSTOMER).get(&format!("/api/promotions?code={code}")).await.refused(404, "PROMOTION_NOT_FOUND");
    }
    let seen = shop.customer(CUSTOMER).get("/api/promotions?code=RUNS").await.ok();
    assert_eq!((keys(&seen).join(" ").as_str(), &seen["usageCount"]), (FIELDS, &Value::Null));

    // Staff find them all, newest first; a flag is a flag, whatever the date.
    let all = shop.staff().every_page("/api/promotions", 2).await;
    assert_eq!(all.len(), 6);
    assert!(all.is_sorted_by_key(|promotion| std::cmp::Reverse(promotion["id"].as_u64())));
    let off = shop.staff().get("/api/promotions?isActive=false").await.ok();
    assert_eq!(column(&off, "code"), ["OFF"]);
    assert_eq!(shop.staff().get("/api/promotions?isActive=true").await.ok().as_array().map(Vec::len), Some(5));

    shop.system.clock.advance(Duration::from_hours(24));
    assert_eq!(codes("").await, ["LONGEST", "LATER", "RUNS"]);
}

#[tokio::test]
async fn selectors_and_filters_are_as_everywhere() {
    let shop = LocalShop::without_pumps().await;
    let refused = async |query: &str| -> Answer { shop.staff().get(&format!("/api/promotions?{query}")).await };
    refused("id=x").await.refused(400, "INVALID_ID");
    refused("id=12").await.refused(404, "PROMOTION_NOT_FOUND");
    refused("id=12&code=X").await.refused(400, "UNKNOWN_PARAMETER");
    refused("code=X&limit=5").await.refused(400, "UNKNOWN_PARAMETER");
    refused("isActive=maybe").await.refused(400, "INVALID_IS_ACTIVE");
    refused("offset=5").await.refused(400, "OFFSET_UNSUPPORTED");
    refused("cursor=x").await.refused(400, "INVALID_CURSOR");
}

#[tokio::test]
async fn every_change_is_kept_with_who_made_it() {
    let shop = LocalShop::without_pumps().await;
    let promotion = shop.promotion(json!({ "usageLimit": 10 })).await;
    let path = format!("/api/promotions?id={}", promotion["id"]);
    shop.admin().put(&path, &json!({ "usageLimit": 20, "name": "Autumn" })).await.ok();
    shop.admin().send(reqwest::Method::DELETE, &path, None).await.ok();
    shop.admin().send(reqwest::Method::DELETE, &path, None).await.ok();

    let id = domain::ids::PromotionId::new(promotion["id"].as_u64().expect("an id")).expect("an id");
    let history = shop.system.store().promotion_history(id, store::PageRequest::new(10, None)).await.expect("a history").items;
    assert_eq!(
        told(&history),
        [
            ("PROMOTION_CHANGED", Some("INACTIVE"), None),
            ("PROMOTION_CHANGED", Some("ACTIVE"), Some("name: Soldes → Autumn; usageLimit: 10 → 20")),
            ("PROMOTION_CREATED", Some("ACTIVE"), Some("SAVE20")),
        ]
    );
    assert!(history.iter().all(|event| event.actor.id().map(domain::ids::UserId::get) == Some(1)));
}
