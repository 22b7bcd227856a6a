//! The packing slip: what stands on it, and what can't.

mod parcels;
mod printed;

use crate::kit::{CUSTOMER, LocalShop, Placed};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::ids::OrderId;
use domain::order::Order;
use local::{Options, System};
use serde_json::json;
use std::collections::HashMap;

const LOGO: &str = "<svg viewBox='0 0 8 8'><path d='M0 0h8v8z' fill='#000'/></svg>";

/// A shop with a logo and an address.
async fn shop() -> LocalShop {
    let variables =
        HashMap::from([("SHOP_LOGO", LOGO.to_owned()), ("SHOP_ADDRESS", "ML Allure | 12, avenue de la Paix | Gombe, Kinshasa".to_owned())]);
    LocalShop::with(Options { pumps: false, variables, ..Options::default() }).await
}

async fn slip(shop: &LocalShop, order: &Placed) -> String {
    let answer = shop.staff().get(&order.path("packing-slip")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.text
}

/// The order as the shop keeps it.
async fn kept(shop: &LocalShop, order: &Placed) -> Order {
    shop.system.store().order(OrderId::new(order.id).expect("an id")).await.expect("read").expect("an order")
}

/// What stands between two marks.
fn between<'a>(page: &'a str, begin: &str, end: &str) -> &'a str {
    page.split_once(begin).and_then(|(_, rest)| rest.split_once(end)).unwrap_or_else(|| panic!("no {begin} in {page}")).0
}

#[tokio::test]
async fn a_slip_has_all_that_a_warehouse_asks_for() {
    let shop = shop().await;
    let order =
        shop.order().lines(12).quantity(2).with("notes", json!("Sonner deux fois.\r\n\r\nMerci")).with("deliveryZone", json!("Gombe"));
    let order = order.place().await;
    let page = slip(&shop, &order).await;
    let number = order.body["orderNumber"].as_str().expect("a number");

    assert!(page.starts_with("<!DOCTYPE html><html lang=\"fr\">"));
    for part in [
        &format!("<h1>{number}</h1>"),
        &format!("aria-label=\"{number}\""),
        "<svg viewBox=\"0 0 8 8\" aria-hidden=\"true\"><path",
        "<bdi>ML Allure</bdi>",
        "<bdi>12, avenue de la Paix</bdi>",
        "Bon de préparation · En attente",
        "<bdi>Grâce Mbuyi</bdi>",
        "<bdi>+243 81 234 56 78</bdi>",
        "<p class=\"line\" dir=\"auto\">12 avenue de la Paix</p><p class=\"line\" dir=\"auto\">Gombe</p>",
        "À domicile",
        "Zone <bdi>Gombe</bdi>",
        "<p dir=\"auto\">Sonner deux fois.</p><p dir=\"auto\">Merci</p>",
        "12\u{a0}références",
        "24\u{a0}pièces",
        "Signature",
        &format!("content: \"{number}\""),
        "content: \"Page \" counter(page) \" sur \" counter(pages)",
    ] {
        assert!(page.contains(part), "no {part} in {page}");
    }
    let rows: Vec<&str> = between(&page, "<tbody>", "</tbody>").split("</tr>").filter(|row| !row.is_empty()).collect();
    assert_eq!(rows.len(), 12);
    for (n, (row, item)) in rows.iter().zip(order.body["items"].as_array().expect("lines")).enumerate() {
        for part in [
            format!("<td>{}</td>", n + 1),
            format!("<bdi>{}</bdi>", item["sku"].as_str().expect("a SKU")),
            format!("<bdi>{}</bdi>", item["productName"].as_str().expect("a name")),
            "<td><bdi>M</bdi></td><td><bdi>Noir</bdi></td>".to_owned(),
            "<td class=\"many\">2</td>".to_owned(),
        ] {
            assert!(row.contains(&part), "no {part} in {row}");
        }
        assert_eq!(row.matches("class=\"box\"").count(), 2);
    }
    assert!(!page.contains("class=\"stamp\"") && !page.contains("class=\"alert\""));
}

#[tokio::test]
async fn one_line_and_fifty_are_slips_as_well() {
    let shop = shop().await;
    for lines in [1, 50] {
        let page = slip(&shop, &shop.order().lines(lines).place().await).await;
        assert_eq!(page.matches("<tr><td>").count(), lines);
    }
    // As many as no order has.
    let mut order = kept(&shop, &shop.order().lines(2).place().await).await;
    order.items = order.items.into_iter().cycle().take(200).collect();
    let page = functions::slip::render(&order, &shop.system.workers.shop.config, shop.system.clock.now());
    assert!(page.html().contains("<td>200</td>") && page.html().contains("200\u{a0}références"));
}

#[tokio::test]
async fn nothing_that_somebody_typed_is_more_than_text() {
    let shop = shop().await;
    let hostile = [
        "<script>alert(1)</script>",
        "</style><script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "{{shop}} ${1} &lt;b&gt;",
        "]]><!-- </title></svg></bdi>",
    ];
    for text in hostile {
        let variant = json!({ "productId": 1, "sku": format!("{text}{}", text.len()), "productName": text, "size": text, "color": text, "price": 1, "stockQuantity": 9 });
        let variant = shop.keeper().put("/api/inventory", &json!({ "variants": [variant] })).await.ok()["variants"][0]["id"].clone();
        let items = json!([{ "variantId": variant, "quantity": 1 }]);
        let customer = json!({ "firstName": text, "lastName": text, "phone": &text[..text.len().min(40)], "locale": "en" });
        for address in
            [json!(text), json!({ "street": text, "city": text, "state": text, "zipCode": &text[..text.len().min(20)], "country": text })]
        {
            let order = shop.order().with("items", items.clone()).with("customer", customer.clone()).with("deliveryAddress", address);
            let page = slip(&shop, &order.with("notes", json!(text)).with("deliveryZone", json!(text)).place().await).await;
            let shown = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
            assert!(
                page.contains(&format!("<bdi>{shown} {shown}</bdi>")) && page.contains(&format!("<p dir=\"auto\">{shown}</p>")),
                "{page}"
            );
            for tag in ["<script", "<img", "<!--", "<b>"] {
                assert!(!page.contains(tag), "{tag} by {text}");
            }
            for once in ["</style>", "</title>", "<style>", "</body>", "</table>"] {
                assert_eq!(page.matches(once).count(), 1, "{once} by {text}");
            }
        }
    }
}

#[tokio::test]
async fn names_from_the_right_keep_to_themselves_and_nothing_turns_the_rest_around() {
    let shop = shop().await;
    let customer = json!({ "firstName": "ليلى", "lastName": "بن‌حداد", "locale": "en" });
    let order = shop.order().with("customer", customer).with("notes", json!("\u{202e}gnp\u{2069}\u{7}.exe 👩🏾‍🦱🇨🇩\nبعد 5 مساءً")).place().await;
    let page = slip(&shop, &order).await;
    // In one, so that the parts of the name are in its own order.
    assert!(page.contains("<bdi>ليلى بن‌حداد</bdi>"), "{page}");
    assert!(page.contains("<p dir=\"auto\">gnp .exe 👩🏾‍🦱🇨🇩</p><p dir=\"auto\">بعد 5 مساءً</p>"), "{page}");
    assert!(!page.contains(['\u{202e}', '\u{2069}', '\u{7}']));
}

#[tokio::test]
async fn a_page_loads_nothing_and_runs_nothing() {
    let shop = shop().await;
    let order = shop.order().lines(2).place().await;
    let answer = shop.staff().get(&order.path("packing-slip")).await;
    let page = &answer.text;
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    assert_eq!((answer.header("cache-control"), answer.header("x-content-type-options")), ("no-store", "nosniff"));
    assert_eq!(answer.header("x-request-id").len(), 32);

    let style = between(page, "<style>", "</style>");
    let hash = STANDARD.encode(ring::digest::digest(&ring::digest::SHA256, style.as_bytes()));
    let inside = format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'");
    assert_eq!(answer.header("content-security-policy"), format!("{inside}; frame-ancestors 'none'"));
    assert!(page.contains(&format!("<meta http-equiv=\"Content-Security-Policy\" content=\"{inside}\">")));
    // The addresses that stand in a page's markup, its style and its pictures: none.
    for outside in ["http:", "https:", "//", "url(", "@import", "@font-face", "src=", "href=", " style=", "<link", "<script", "<iframe"] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[tokio::test]
async fn a_cancelled_order_is_one_that_nobody_packs() {
    let shop = shop().await;
    for (locale, stamp, alert) in [("fr", "ANNULÉE", "ne rien préparer"), ("en", "CANCELLED", "pick nothing")] {
        let customer = json!({ "firstName": "Grâce", "lastName": "Mbuyi", "locale": locale });
        let order = shop.order().with("customer", customer).with("paymentMethod", json!("CASH_ON_DELIVERY")).place().await;
        shop.staff().post(&order.path("cancel"), &json!({ "reason": "x" })).await.ok();
        let page = slip(&shop, &order).await;
        assert!(page.contains(&format!(">{stamp}</p>")) && between(&page, "class=\"alert\">", "</p>").contains(alert), "{page}");
        assert!(!page.contains("class=\"box\"") && !page.contains("To collect") && !page.contains("À encaisser"), "{page}");
    }
}

#[tokio::test]
async fn an_order_whose_money_all_goes_back_says_so_to_who_packs_it() {
    let shop = shop().await;
    let order = shop.order().price("40.00").paid().through(&["CONFIRMED"]).place().await;
    for (amount, is_warned) in [(10, false), (30, true)] {
        let refund = json!({ "orderId": order.id, "amount": amount, "reason": "x", "refundMethod": "CASH" });
        shop.admin().post("/api/refunds", &refund).await.ok();
        let page = slip(&shop, &order).await;
        assert_eq!(page.contains("class=\"alert\">Tout ce qui a été payé est remboursé"), is_warned, "{page}");
    }
    shop.staff().put(&order.path("status"), &json!({ "newStatus": "PROCESSING" })).await.ok();
    shop.staff().put(&order.path("status"), &json!({ "newStatus": "SHIPPED" })).await.ok();
    assert!(!slip(&shop, &order).await.contains("class=\"alert\""), "it has gone");
}

#[tokio::test]
async fn whoever_hands_an_unpaid_parcel_over_knows_what_to_collect() {
    let shop = shop().await;
    let unpaid = shop.order().price("1234.50").with("paymentMethod", json!("CASH_ON_DELIVERY")).place().await;
    assert!(slip(&shop, &unpaid).await.contains("À encaisser 1\u{a0}234,50\u{a0}USD"));
    for paid in [shop.order().with("paymentMethod", json!("CASH_ON_DELIVERY")).paid().place().await, shop.order().place().await] {
        let page = slip(&shop, &paid).await;
        assert!(!page.contains("À encaisser") && !page.contains("USD"), "a slip has no other price");
        let is_paid = shop.order_now(paid.id).await["paymentStatus"] == "PAID";
        assert_eq!(page.contains("Pas encore payée"), !is_paid, "{page}");
    }
}

#[tokio::test]
async fn pieces_whose_money_went_back_stay() {
    let shop = shop().await;
    let mut order = kept(&shop, &shop.order().lines(2).quantity(3).place().await).await;
    order.items[0].refunded_quantity = 1;
    order.items[1].refunded_quantity = 3;
    let page = functions::slip::render(&order, &shop.system.workers.shop.config, shop.system.clock.now());
    let rows: Vec<&str> = between(page.html(), "<tbody>", "</tbody>").split("</tr>").collect();
    assert!(rows[0].contains("Commandé\u{a0}: 3. Remboursé\u{a0}: 1.") && rows[0].contains(">2</td>"), "{}", rows[0]);
    assert!(rows[1].contains(">0</td>") && !rows[1].contains("class=\"box\""), "{}", rows[1]);
    assert!(page.html().contains(">2\u{a0}pièces<"));
}

#[tokio::test]
async fn a_pickup_goes_nowhere_even_with_an_address() {
    let shop = shop().await;
    let page = slip(&shop, &shop.order().with("deliveryMethod", json!("STORE_PICKUP")).place().await).await;
    assert!(page.contains("Retrait en boutique") && !page.contains("12 avenue de la Paix"), "{page}");
}

#[tokio::test]
async fn the_date_is_the_shops() {
    let shop = shop().await;
    let mut order = kept(&shop, &shop.order().place().await).await;
    // 2026-11-23T23:30:00Z is half past midnight in Kinshasa.
    order.created_at = domain::time::Timestamp(1_795_476_600_000);
    let page = functions::slip::render(&order, &shop.system.workers.shop.config, order.created_at);
    assert!(page.html().contains("Commande du mardi 24\u{a0}novembre 2026, 00:30"));
}

#[tokio::test]
async fn an_order_that_isnt_there_has_no_slip() {
    let shop = LocalShop::without_pumps().await;
    shop.staff().get("/api/orders/123/packing-slip").await.refused(404, "ORDER_NOT_FOUND");
    for id in ["0", "x", "-1", "1.5", "9007199254740992"] {
        shop.staff().get(&format!("/api/orders/{id}/packing-slip")).await.refused(400, "INVALID_ORDER_ID");
    }
    let order = shop.order().place().await;
    for query in ["paper=A4", "limit=1", "=", "%FF=1", "a%00=1", "\"<>"] {
        shop.staff().get(&order.path(&format!("packing-slip?{query}"))).await.refused(400, "UNKNOWN_PARAMETER");
    }
    shop.customer(CUSTOMER).get(&order.path("packing-slip")).await.refused(403, "FORBIDDEN");
}

/// Everything but the style, for an eye to read when it changes.
#[tokio::test]
async fn the_whole_page_is_as_it_was() {
    let shop = shop().await;
    let mut order = kept(&shop, &shop.order().lines(2).with("notes", json!("Sonner deux fois.")).place().await).await;
    order.order_number = "MLA-20261124-0001".to_owned();
    order.created_at = domain::time::Timestamp(1_795_476_600_000);
    let page = functions::slip::render(&order, &shop.system.workers.shop.config, order.created_at.plus_minutes(95));
    let body = page.html().split_once("<body>").expect("a body").1;
    let lines = body.replace("</p>", "</p>\n").replace("</tr>", "</tr>\n").replace("</h", "\n</h").replace("</div>", "</div>\n");
    insta::assert_snapshot!(lines);
}

#[tokio::test]
async fn on_this_machine_a_slip_is_a_click_away_and_keeps_its_own_policy() {
    let secret = Options::default().jwt_secret;
    let pages = move |backstage| local::pages::router(backstage, &secret);
    let shop = LocalShop::of(System::with_pages(Options { pumps: false, ..Options::default() }, pages).await.expect("a system"));
    let order = shop.order().place().await;
    let path = format!("/_local/orders/{}/packing-slip", order.id);

    let start = shop.nobody().get("/_local/start").await;
    assert!(start.text.contains(&format!("<a href=\"{path}\">")), "{}", start.text);
    let page = shop.nobody().get(&path).await;
    assert!(page.text.contains(&format!("<h1>{}</h1>", order.body["orderNumber"].as_str().expect("a number"))));
    assert!(page.header("content-security-policy").contains("style-src 'sha256-"), "{:?}", page.headers);
    for id in ["1", "0", "x"] {
        let answer = shop.nobody().get(&format!("/_local/orders/{id}/packing-slip")).await;
        assert!((400..500).contains(&answer.status), "{id}");
    }
}
