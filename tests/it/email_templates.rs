//! `/api/email-templates`: templates of the shop's own, their versions, and what they make of its messages.

mod in_a_browser;

use crate::kit::{Answer, Answers, LocalShop, keys, race};
use domain::actor::Role;
use reqwest::Method;
use serde_json::{Value, json};

const PATH: &str = "/api/email-templates";

fn template(code: &str) -> Value {
    json!({
        "code": code, "name": "Ours", "subject": "Order {{orderNumber}}",
        "htmlContent": "<p>Dear {{customerName}},</p>{{#each items}}<p>{{quantity}} x {{name}}</p>{{/each}}<p>{{total}}</p>",
        "textContent": "Dear {{customerName}}", "locale": "fr",
    })
}

fn with(code: &str, field: &str, value: Value) -> Value {
    let mut template = template(code);
    template[field] = value;
    template
}

async fn create(shop: &LocalShop, template: &Value) -> Value {
    let made = shop.admin().post(PATH, template).await;
    assert_eq!(made.status, 201, "{}", made.text);
    made.body
}

async fn get(shop: &LocalShop, query: &str) -> Answer {
    shop.staff().get(&format!("{PATH}?{query}")).await
}

async fn preview(shop: &LocalShop, body: Value) -> Answer {
    shop.staff().post(&format!("{PATH}/preview"), &body).await
}

async fn remove(shop: &LocalShop, id: &Value) -> Answer {
    shop.admin().send(Method::DELETE, &format!("{PATH}?id={id}"), None).await
}

/// The subjects of all mails there are, oldest first.
fn subjects(shop: &LocalShop) -> Vec<String> {
    shop.system.outbox.emails().into_iter().map(|email| email.subject).collect()
}

#[tokio::test]
async fn a_template_has_its_fields_and_is_found_by_id_by_code_and_in_the_list() {
    let shop = LocalShop::without_pumps().await;
    let made = create(&shop, &template("order_confirmation")).await;
    let fields = [
        "availableVariables",
        "builtIn",
        "code",
        "createdAt",
        "htmlContent",
        "id",
        "isActive",
        "locale",
        "name",
        "subject",
        "textContent",
        "unfilledVariables",
        "updatedAt",
        "updatedBy",
        "variables",
        "version",
    ];
    assert_eq!(keys(&made), fields);
    assert_eq!(
        (&made["code"], &made["version"], &made["isActive"], &made["builtIn"]),
        (&json!("ORDER_CONFIRMATION"), &json!(1), &json!(true), &json!(false))
    );
    assert_eq!(made["variables"], json!(["customerName", "items", "orderNumber", "total"]));
    assert_eq!((&made["unfilledVariables"], &made["updatedBy"]), (&json!([]), &json!(1)));
    assert!(
        made["availableVariables"]
            .as_array()
            .is_some_and(|all| all.iter().any(|variable| variable["name"] == "items.details" && variable["always"] == false))
    );

    let by_id = get(&shop, &format!("id={}", made["id"])).await;
    assert_eq!((by_id.header("etag"), &by_id.body), ("\"1\"", &made));
    for query in ["code=ORDER_CONFIRMATION", "code=order_confirmation&locale=fr", "code=ORDER_CONFIRMATION&version=1"] {
        assert_eq!(get(&shop, query).await.ok(), made, "{query}");
    }
    assert_eq!(get(&shop, "").await.ok(), json!([made]));
    assert_eq!(get(&shop, "isActive=false").await.ok(), json!([]));
    assert_eq!(get(&shop, "locale=en").await.ok(), json!([]));
    get(&shop, "id=1").await.refused(404, "TEMPLATE_NOT_FOUND");
    get(&shop, "code=NOBODY").await.refused(404, "TEMPLATE_NOT_FOUND");
    get(&shop, "code=ORDER_CONFIRMATION&version=2").await.refused(404, "TEMPLATE_NOT_FOUND");
    get(&shop, "id=x").await.refused(400, "INVALID_ID");
    get(&shop, "id=1&code=A").await.refused(400, "UNKNOWN_PARAMETER");
    get(&shop, "version=1").await.refused(400, "UNKNOWN_PARAMETER");
}

#[tokio::test]
async fn every_code_of_the_shop_has_a_built_in_template_in_both_languages_that_can_be_saved_as_ones_own() {
    let shop = LocalShop::without_pumps().await;
    for kind in domain::message::MessageKind::ALL {
        for locale in ["fr", "en"] {
            let built_in = get(&shop, &format!("code={kind}&locale={locale}")).await.ok();
            assert_eq!((&built_in["id"], &built_in["builtIn"], &built_in["version"]), (&Value::Null, &json!(true), &json!(0)), "{kind}");
            let mut own = json!({ "code": kind.as_str(), "locale": locale });
            for field in ["name", "subject", "htmlContent", "textContent"] {
                own[field] = built_in[field].clone();
            }
            let made = create(&shop, &own).await;
            assert_eq!((&made["unfilledVariables"], &made["htmlContent"]), (&json!([]), &built_in["htmlContent"]), "{kind}");
            assert_eq!(get(&shop, &format!("code={kind}&locale={locale}")).await.ok(), made);
            assert_eq!(get(&shop, &format!("code={kind}&locale={locale}&version=0")).await.ok(), built_in);
        }
    }
}

#[tokio::test]
async fn every_put_makes_a_version_and_old_ones_stay_as_they_were() {
    let shop = LocalShop::without_pumps().await;
    let first = create(&shop, &template("HELLO")).await;
    let path = format!("{PATH}?id={}", first["id"]);
    let second = shop.admin().put(&path, &json!({ "subject": "Hi {{orderNumber}}", "textContent": null })).await;
    assert_eq!(
        (second.status, second.header("etag"), &second.body["version"], &second.body["textContent"]),
        (200, "\"2\"", &json!(2), &Value::Null)
    );
    assert_eq!((&second.body["htmlContent"], &second.body["createdAt"]), (&first["htmlContent"], &first["createdAt"]));

    let stale = shop.admin().header("If-Match", "\"1\"").put(&path, &json!({ "name": "x" })).await;
    stale.refused(412, "PRECONDITION_FAILED");
    let third = shop
        .admin()
        .header("If-Match", "\"2\"")
        .put(&path, &json!({ "code": "HELLO", "locale": "fr", "isActive": true, "name": "Third" }))
        .await
        .ok();
    let versions = shop.staff().every_page(&format!("{PATH}?code=HELLO&versions=true"), 2).await;
    assert_eq!(versions, [third.clone(), second.body, first.clone()]);
    assert_eq!(get(&shop, "code=HELLO&version=1").await.ok(), first);
    assert_eq!(get(&shop, "code=HELLO").await.ok(), third);
    shop.admin().put(&path, &json!({})).await.refused(400, "MISSING_REQUIRED_FIELDS");
    shop.admin().put(&path, &json!({ "code": "OTHER" })).await.refused(409, "CODE_IMMUTABLE");
    shop.admin().put(&path, &json!({ "locale": "en" })).await.refused(409, "CODE_IMMUTABLE");
    shop.admin().put(&format!("{PATH}?id=7"), &json!({ "name": "x" })).await.refused(404, "TEMPLATE_NOT_FOUND");
    shop.admin().put(PATH, &json!({ "name": "x" })).await.refused(400, "INVALID_ID");
}

#[tokio::test]
async fn a_code_and_a_language_have_one_template_however_many_ask_at_once() {
    let shop = LocalShop::without_pumps().await;
    let answers = race(12, |_| {
        let admin = shop.admin();
        async move { admin.post(PATH, &template("HELLO")).await }
    })
    .await;
    assert_eq!((answers.with_status(201), answers.with_code("DUPLICATE_CODE")), (1, 11), "{:?}", answers.tally());
    create(&shop, &with("HELLO", "locale", json!("en"))).await;
    let id = get(&shop, "code=HELLO&locale=en").await.ok()["id"].clone();
    assert_eq!(remove(&shop, &id).await.ok()["success"], true);
    shop.admin().post(PATH, &with("HELLO", "locale", json!("en"))).await.refused(409, "DUPLICATE_CODE");

    let path = format!("{PATH}?id={id}");
    let answers = race(8, |n| {
        let (admin, path) = (shop.admin(), path.clone());
        async move { admin.put(&path, &json!({ "name": format!("Name {n}") })).await }
    })
    .await;
    assert_eq!(answers.with_status(200), 8, "{:?}", answers.tally());
    let versions = shop.staff().every_page(&format!("{PATH}?code=HELLO&locale=en&versions=true"), 100).await;
    let numbers: Vec<u64> = versions.iter().filter_map(|version| version["version"].as_u64()).collect();
    assert_eq!(numbers, (1..=10).rev().collect::<Vec<_>>());
}

/// DynamoDB reads a megabyte at a time, however many items were asked for.
#[tokio::test]
async fn of_large_templates_every_version_is_found() {
    for text in [1, 20_000, 50_000] {
        let shop = LocalShop::without_pumps().await;
        let mut large = with("LARGE", "htmlContent", json!(format!("<p>{}</p>", "x".repeat(100_000))));
        large["textContent"] = json!("x".repeat(text));
        let first = create(&shop, &large).await;
        let path = format!("{PATH}?id={}", first["id"]);
        for n in 2..=14 {
            shop.admin().put(&path, &json!({ "name": format!("Ours {n}") })).await.ok();
        }
        for limit in [1, 100] {
            let versions = shop.staff().every_page(&format!("{PATH}?code=LARGE&versions=true"), limit).await;
            let numbers: Vec<u64> = versions.iter().filter_map(|version| version["version"].as_u64()).collect();
            assert_eq!(numbers, (1..=14).rev().collect::<Vec<_>>(), "{text}, {limit} a page");
        }
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_template_is_said_with_line_and_column() {
    let shop = LocalShop::without_pumps().await;
    for (html, line, column) in [
        ("<p>\n  {{name</p>", 2, 3),
        ("{{{name}}}", 1, 1),
        ("a{{> other}}", 1, 2),
        ("é{{lookup a b}}", 1, 2),
        ("{{#each items}}\n\n", 3, 1),
        ("{{#with a}}{{/with}}", 1, 1),
    ] {
        let answer = shop.admin().post(PATH, &with("BAD", "htmlContent", json!(html))).await;
        answer.refused(400, "INVALID_TEMPLATE");
        assert_eq!(answer.errors(), [("/htmlContent", "INVALID_TEMPLATE")], "{html}");
        assert_eq!((&answer.body["line"], &answer.body["column"]), (&json!(line), &json!(column)), "{html}: {}", answer.text);
        assert_eq!((&answer.body["errors"][0]["line"], &answer.body["errors"][0]["column"]), (&json!(line), &json!(column)));
    }
    let mut wrong = with("BAD", "variables", json!(["customerName"]));
    let answer = shop.admin().post(PATH, &wrong).await;
    answer.refused(400, "INVALID_TEMPLATE");
    assert_eq!((&answer.body["line"], &answer.body["column"]), (&json!(1), &json!(7)));
    let pointers: Vec<&str> = answer.errors().into_iter().map(|(pointer, _)| pointer).collect();
    assert_eq!(pointers, ["/subject", "/htmlContent", "/htmlContent", "/htmlContent", "/htmlContent"], "{}", answer.text);
    assert!(answer.body["detail"].as_str().is_some_and(|detail| detail.contains("orderNumber") && detail.contains("line 1, column 7")));

    // Everything at once, in the order of the fields.
    wrong = json!({ "code": "B-D", "subject": "{{a", "htmlContent": "{{/if}}", "variables": ["a b"], "locale": "sw", "colour": 1 });
    let answer = shop.admin().post(PATH, &wrong).await;
    let expected = [
        ("/code", "INVALID_CODE"),
        ("/name", "MISSING_REQUIRED_FIELDS"),
        ("/subject", "INVALID_TEMPLATE"),
        ("/htmlContent", "INVALID_TEMPLATE"),
        ("/variables/0", "INVALID_VARIABLES"),
        ("/locale", "INVALID_LOCALE"),
        ("/colour", "UNKNOWN_FIELD"),
    ];
    assert_eq!(answer.errors(), expected);
    assert_eq!(get(&shop, "").await.ok(), json!([]));

    // A change is held to what stays.
    let made = create(&shop, &with("GOOD", "variables", json!(["customerName", "orderNumber", "items", "total"]))).await;
    let path = format!("{PATH}?id={}", made["id"]);
    shop.admin().put(&path, &json!({ "htmlContent": "{{other}}" })).await.refused(400, "INVALID_TEMPLATE");
    shop.admin().put(&path, &json!({ "variables": ["total"] })).await.refused(400, "INVALID_TEMPLATE");
    let freed = shop.admin().put(&path, &json!({ "htmlContent": "{{other}}", "variables": null })).await.ok();
    assert_eq!(freed["variables"], json!(["customerName", "orderNumber", "other"]));
}

#[tokio::test]
async fn what_no_message_could_be_filled_with_is_refused_when_it_is_saved() {
    let shop = LocalShop::without_pumps().await;
    let loops = (0..8).map(|depth| format!("{{{{#each {}items}}}}", "../".repeat(depth))).collect::<Vec<_>>().concat();
    let doubling = format!("{loops}{}{}", "x".repeat(1024), "{{/each}}".repeat(8));
    for (code, html, line, column) in [
        ("ORDER_CONFIRMATION", "<p>\n {{#each customerName}}{{this}}{{/each}}</p>", 2, 2),
        ("ORDER_CONFIRMATION", "{{#if pickup}}{{else}}{{#each orderNumber}}x{{/each}}{{/if}}", 1, 23),
        ("ORDER_CONFIRMATION", "{{#if pickup}}{{#each orderNumber}}x{{/each}}{{/if}}", 1, 15),
        ("SHIPPING_UPDATE", "{{#if trackingNumber}}{{else}}{{#each total}}x{{/each}}{{/if}}", 1, 31),
        ("ORDER_CONFIRMATION", "{{#each items}}{{#each name}}x{{/each}}{{/each}}", 1, 16),
        ("ORDER_CONFIRMATION", "{{#each items}}\n{{#if details}}{{else}}{{#each ../total}}x{{/each}}{{/if}}{{/each}}", 2, 24),
        ("ORDER_CONFIRMATION", "{{customerName.first}}", 1, 1),
        ("ORDER_CONFIRMATION", doubling.as_str(), 1, 205),
        ("ORDER_CONFIRMATION", "{{#each items}}{{/each}}", 1, 1),
        ("OURS", "{{#each list}}{{#if this}}{{else}}{{/if}}{{/each}}", 1, 1),
    ] {
        let answer = shop.admin().post(PATH, &with(code, "htmlContent", json!(html))).await;
        answer.refused(400, "INVALID_TEMPLATE");
        assert_eq!(answer.errors(), [("/htmlContent", "INVALID_TEMPLATE")], "{html}");
        assert_eq!(
            (&answer.body["line"], &answer.body["column"]),
            (&json!(line), &json!(column)),
            "{}: {}",
            &html[..html.len().min(90)],
            answer.text
        );
    }
    assert_eq!(get(&shop, "").await.ok(), json!([]));

    let made = create(&shop, &template("ORDER_CONFIRMATION")).await;
    let path = format!("{PATH}?id={}", made["id"]);
    for part in ["subject", "htmlContent", "textContent"] {
        let answer = shop.admin().put(&path, &json!({ (part): "{{#each total}}x{{/each}}" })).await;
        answer.refused(400, "INVALID_TEMPLATE");
        assert_eq!(answer.errors(), [(format!("/{part}").as_str(), "INVALID_TEMPLATE")]);
    }
    assert_eq!(get(&shop, &format!("id={}", made["id"])).await.ok(), made);
}

#[tokio::test]
async fn what_some_message_can_be_filled_with_is_saved() {
    let shop = LocalShop::without_pumps().await;
    for (n, html) in [
        "{{discount}}",
        "{{#if pickup}}Collected{{/if}}",
        "{{#if pickup}}{{else}}Delivered{{/if}}",
        "{{#if items}}{{#each items}}{{@index}} {{name}} {{details}} {{this}}{{/each}}{{else}}None{{/if}}",
        "{{#each items}}{{#each ../items}}{{name}}{{../name}}{{/each}}{{/each}}",
        "{{custmerName}} {{#each gifts}}{{name}}{{/each}} {{#each items}}{{colour}}{{/each}}",
    ]
    .into_iter()
    .enumerate()
    {
        let locale = if n % 2 == 0 { "fr" } else { "en" };
        let mut own = with("ORDER_CONFIRMATION", "htmlContent", json!(html));
        own["locale"] = json!(locale);
        let made = match get(&shop, &format!("code=ORDER_CONFIRMATION&locale={locale}")).await.ok() {
            there if there["id"].is_null() => shop.admin().post(PATH, &own).await,
            there => shop.admin().put(&format!("{PATH}?id={}", there["id"]), &json!({ "htmlContent": html })).await,
        };
        assert!(matches!(made.status, 200 | 201), "{html}: {}", made.text);
    }
    for (n, html) in [
        "{{#if a}}{{#each a}}{{name}} {{a}}{{/each}}{{else}}{{a}}{{/if}}",
        "{{a}} {{a.b}} {{#each a.list}}{{this}} {{x.y}}{{/each}} {{a.list}}",
        "{{#each a}}{{else}}nothing{{/each}}",
        "{{#each a}}{{#each this}}{{#each this}}{{name}}{{/each}}{{/each}}{{/each}}",
        "{{a}}",
    ]
    .into_iter()
    .enumerate()
    {
        create(&shop, &with(&format!("OURS_{n}"), "htmlContent", json!(html))).await;
    }
}

#[tokio::test]
async fn the_largest_template_there_may_be_is_stored_replayed_and_listed_and_a_byte_more_is_not() {
    let shop = LocalShop::without_pumps().await;
    let largest = |code: &str, extra: usize| {
        let mut template = with(code, "htmlContent", json!("\"".repeat(100 * 1024 + extra)));
        template["textContent"] = json!("\"".repeat(50 * 1024));
        template
    };
    shop.admin().post(PATH, &largest("BIG", 1)).await.refused(400, "INVALID_HTML_CONTENT");
    for n in 0..10 {
        let keyed = shop.admin().key(&format!("big-{n}"));
        let made = keyed.post(PATH, &largest(&format!("BIG_{n}"), 0)).await;
        assert_eq!(made.status, 201, "{}", &made.text[..200.min(made.text.len())]);
        assert_eq!(keyed.post(PATH, &largest(&format!("BIG_{n}"), 0)).await.text, made.text);
    }
    let first = shop.staff().get(&format!("{PATH}?limit=100")).await;
    assert!(first.text.len() < 3 * 1024 * 1024, "{}", first.text.len());
    let all = shop.staff().every_page(PATH, 100).await;
    assert_eq!(all.iter().filter_map(|template| template["code"].as_str()).collect::<std::collections::BTreeSet<_>>().len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_told_by_the_shops_own_template_while_it_is_in_use_and_by_the_built_in_one_else() {
    let shop = LocalShop::start().await;
    let told = async || {
        let order = shop.order().place().await;
        shop.settled().await;
        (order.body["orderNumber"].as_str().expect("a number").to_owned(), subjects(&shop).pop().expect("a mail"))
    };
    let (number, built_in) = told().await;
    assert_eq!(built_in, format!("Nous avons bien reçu votre commande {number}"));

    let made = create(&shop, &template("ORDER_CONFIRMATION")).await;
    let (number, own) = told().await;
    assert_eq!(own, format!("Order {number}"));
    let email = shop.system.outbox.emails().pop().expect("a mail");
    assert!(email.html.as_deref().is_some_and(|html| html.starts_with("<p>Dear Grâce Mbuyi,</p><p>1 x Robe")), "{email:?}");
    assert_eq!(email.text.as_deref(), Some("Dear Grâce Mbuyi\n"));

    let path = format!("{PATH}?id={}", made["id"]);
    shop.admin().put(&path, &json!({ "subject": "New: {{orderNumber}}" })).await.ok();
    let (number, changed) = told().await;
    assert_eq!(changed, format!("New: {number}"));

    assert_eq!(keys(&remove(&shop, &made["id"]).await.ok()), ["message", "success"]);
    remove(&shop, &made["id"]).await.ok();
    assert_eq!(get(&shop, "code=ORDER_CONFIRMATION").await.ok()["isActive"], false);
    let (number, silent) = told().await;
    assert_eq!(silent, format!("Nous avons bien reçu votre commande {number}"));

    let unfilled = shop.admin().put(&path, &json!({ "isActive": true, "htmlContent": "{{custmerName}}" })).await.ok();
    assert_eq!(unfilled["unfilledVariables"], json!(["custmerName"]));
    let (number, broken) = told().await;
    assert_eq!(broken, format!("Nous avons bien reçu votre commande {number}"), "a template that can't be filled is no reason for silence");
    shop.admin().put(&path, &json!({ "htmlContent": "{{customerName}}" })).await.ok();
    let (number, mended) = told().await;
    assert_eq!(mended, format!("New: {number}"));
}

#[tokio::test]
async fn the_documented_preview_shows_a_message() {
    let shop = LocalShop::without_pumps().await;
    let document = functions::openapi::document();
    let body = &document["paths"]["/api/email-templates/preview"]["post"]["requestBody"]["content"]["application/json"]["example"];
    let shown = preview(&shop, body.clone()).await.ok();
    assert_eq!(shown["subject"], "Votre retour RMA-20260105-0001 est accepté");
}

#[tokio::test]
async fn a_preview_fills_in_what_it_is_given_and_says_where_something_is_missing() {
    let shop = LocalShop::without_pumps().await;
    let mut own = json!({ "code": "HELLO", "name": "x", "subject": "Hi {{name}}", "htmlContent": "<p>\n{{name}} {{price}}</p>", "textContent": "{{name}}" });
    create(&shop, &own).await;
    let hostile = "<b>Ana</b>\r\nBcc: x@example.com";
    let shown = preview(&shop, json!({ "code": "HELLO", "variables": { "name": hostile, "price": 12.50 } })).await.ok();
    assert_eq!(keys(&shown), ["html", "sentTo", "subject", "text"]);
    assert_eq!(shown["subject"], "Hi <b>Ana</b> Bcc: x@example.com");
    assert!(
        shown["html"].as_str().is_some_and(
            |html| html.starts_with("<p>\n&lt;b&gt;Ana&lt;/b&gt;") && html.ends_with(" 12.5</p>") || html.ends_with(" 12.50</p>")
        ),
        "{shown}"
    );
    assert_eq!(shown["sentTo"], Value::Null);

    let missing = preview(&shop, json!({ "code": "HELLO", "variables": { "name": "Ana" } })).await;
    missing.refused(400, "INVALID_TEMPLATE");
    assert_eq!(
        (missing.errors(), &missing.body["line"], &missing.body["column"]),
        (vec![("/htmlContent", "INVALID_TEMPLATE")], &json!(2), &json!(10))
    );

    let long = preview(&shop, json!({ "code": "HELLO", "variables": { "name": "x".repeat(1000), "price": 1 } })).await;
    long.refused(400, "INVALID_TEMPLATE");
    assert!(long.body["detail"].as_str().is_some_and(|detail| detail.ends_with(": it gets larger than 900 bytes.")), "{}", long.text);

    let blank = preview(&shop, json!({ "code": "HELLO", "variables": { "name": "", "price": 1 } })).await.ok();
    assert_eq!((&blank["subject"], &blank["text"]), (&json!("Hi"), &Value::Null));
    create(&shop, &with("NAMED", "subject", json!("{{name}}"))).await;
    let blank = json!({ "name": " ", "orderNumber": "1", "customerName": "x", "items": [], "total": "1" });
    let nothing = preview(&shop, json!({ "code": "NAMED", "variables": blank })).await;
    nothing.refused(400, "INVALID_TEMPLATE");
    assert_eq!(nothing.errors(), vec![("/subject", "INVALID_TEMPLATE")], "no provider sends it");

    own["locale"] = json!("en");
    own["subject"] = json!("Hello {{name}}");
    create(&shop, &own).await;
    let values = json!({ "name": "Ana", "price": 1 });
    let subject = async |body: Value| preview(&shop, body).await.ok()["subject"].as_str().expect("a subject").to_owned();
    assert_eq!(subject(json!({ "code": "HELLO", "locale": "en", "variables": values })).await, "Hello Ana");
    create(&shop, &with("ONLY_FRENCH", "subject", json!("Salut"))).await;
    let rest = json!({ "orderNumber": "1", "customerName": "x", "items": [], "total": "1" });
    assert_eq!(
        subject(json!({ "code": "ONLY_FRENCH", "locale": "en", "variables": rest })).await,
        "Salut",
        "falls back to the shop's language"
    );
    preview(&shop, json!({ "code": "NOBODY", "variables": {} })).await.refused(404, "TEMPLATE_NOT_FOUND");
    preview(&shop, json!({ "code": "HELLO", "version": 9, "variables": {} })).await.refused(404, "TEMPLATE_NOT_FOUND");
    preview(&shop, json!({ "code": "HELLO", "variables": [] })).await.refused(400, "INVALID_VARIABLES");
}

#[tokio::test]
async fn a_preview_ends_whatever_its_loops_and_values_are() {
    let shop = LocalShop::without_pumps().await;
    let nested = "{{#each a}}{{#each ../a}}{{#each ../../a}}x{{/each}}{{/each}}{{/each}}";
    create(&shop, &with("LOOPS", "htmlContent", json!(nested))).await;
    create(&shop, &with("LONG", "htmlContent", json!("{{#each a}}{{../b}}{{/each}}"))).await;
    let values = json!({ "a": vec![0; 5_000], "b": "x".repeat(10_000), "orderNumber": 1, "customerName": 1 });
    for code in ["LOOPS", "LONG"] {
        preview(&shop, json!({ "code": code, "variables": values })).await.refused(400, "INVALID_TEMPLATE");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_goes_to_the_callers_own_address_and_to_nobody_elses() {
    let shop = LocalShop::start().await;
    create(&shop, &json!({ "code": "HELLO", "name": "x", "subject": "Hi {{name}}", "htmlContent": "<p>{{name}}</p>" })).await;
    let body = json!({ "code": "HELLO", "variables": { "name": "Ana" }, "send": true });
    let keyed = shop.staff().key("once");
    let shown = keyed.post(&format!("{PATH}/preview"), &body).await.ok();
    assert_eq!(shown["sentTo"], "sales-staff-2@example.com");
    assert_eq!(keyed.post(&format!("{PATH}/preview"), &body).await.ok(), shown);
    shop.settled().await;
    let mails = shop.system.outbox.emails();
    assert_eq!(
        mails.iter().map(|mail| (mail.to.join(","), mail.subject.clone())).collect::<Vec<_>>(),
        [("sales-staff-2@example.com".to_owned(), "Hi Ana".to_owned())]
    );
    let log = shop.staff().get("/api/notifications").await.ok();
    assert_eq!((&log[0]["status"], &log[0]["orderId"], &log[0]["customerId"]), (&json!("SENT"), &Value::Null, &Value::Null));

    for address in
        [json!(null), json!(7), json!("ana"), json!("ana@example..com"), json!("a@b.c\r\nBcc: x@example.com"), json!("a b@example.com")]
    {
        let claims = json!({ "id": 2, "role": Role::Staff.as_str(), "email": address, "exp": shop.system.clock.now().seconds() + 600 });
        let caller = shop.with_token(Some(crate::kit::tokens::ours(&claims.to_string())));
        caller.post(&format!("{PATH}/preview"), &body).await.refused(400, "NO_EMAIL_ADDRESS");
    }
    let mut elsewhere = body.clone();
    elsewhere["to"] = json!("x@example.com");
    preview(&shop, elsewhere).await.refused(400, "UNKNOWN_FIELD");
    shop.settled().await;
    assert_eq!(shop.system.outbox.emails().len(), 1);
}

/// What is larger than an item may be once its values are in, and as JSON.
fn large(code: &str) -> Value {
    let mut template = with(code, "htmlContent", json!(format!("{}{{{{more}}}}", "\"".repeat(100_000))));
    template["textContent"] = json!("\"".repeat(50_000));
    template
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_holds_for_the_largest_answers_too_and_nothing_is_sent_twice() {
    let shop = LocalShop::start().await;
    let (admin, staff) = (shop.admin().key("large"), shop.staff().key("large"));
    let saved = admin.post(PATH, &large("LARGE")).await;
    assert!(saved.status == 201 && saved.text.len() > 300_000, "{} with {} bytes", saved.status, saved.text.len());
    let saved_again = admin.post(PATH, &large("LARGE")).await;
    assert_eq!((saved_again.header("idempotency-replayed"), &saved_again.text), ("true", &saved.text));

    let wanted =
        json!({ "code": "LARGE", "variables": { "orderNumber": 1, "customerName": 1, "more": "\t".repeat(100_000) }, "send": true });
    let shown = staff.post(&format!("{PATH}/preview"), &wanted).await;
    assert!(shown.status == 200 && shown.text.len() > 410_000, "{} with {} bytes", shown.status, shown.text.len());
    let shown_again = staff.post(&format!("{PATH}/preview"), &wanted).await;
    assert_eq!((shown_again.header("idempotency-replayed"), &shown_again.text), ("true", &shown.text));
    // Other values are another request, and so is one that would be refused.
    for other in [json!({ "orderNumber": 2, "customerName": 1, "more": "" }), json!({})] {
        let other = json!({ "code": "LARGE", "variables": other, "send": true });
        staff.post(&format!("{PATH}/preview"), &other).await.refused(422, "IDEMPOTENCY_KEY_REUSED");
    }
    // By now the same would be refused.
    let id = &saved.body["id"];
    shop.admin()
        .put(
            &format!("{PATH}?id={id}"),
            &json!({ "subject": "{{unknown}}", "variables": ["unknown"], "htmlContent": "x", "textContent": null }),
        )
        .await
        .ok();
    let shown_again = staff.post(&format!("{PATH}/preview"), &wanted).await;
    assert_eq!((shown_again.header("idempotency-replayed"), &shown_again.text), ("true", &shown.text));

    let resend = format!("/api/notifications/{}/resend", shop.staff().get("/api/notifications").await.ok()[0]["id"]);
    let admin = shop.admin().key("once more");
    let resent = admin.post(&resend, &json!({})).await;
    assert!(resent.status == 201 && resent.text.len() > 390_000, "{} with {} bytes", resent.status, resent.text.len());
    assert_eq!(admin.post(&resend, &json!({})).await.text, resent.text);
    shop.settled().await;
    assert_eq!(shop.system.outbox.emails().len(), 2);
}
