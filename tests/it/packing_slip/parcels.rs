//! The slip of an order of which some has gone in a parcel already.

use super::{between, shop, slip};
use serde_json::json;

#[tokio::test]
async fn what_is_in_a_live_parcel_is_not_packed_again_and_its_cash_is_collected_once() {
    let shop = shop().await;
    for (locale, gone, with_the_first, to_collect) in [
        (
            "fr",
            "Commandé\u{a0}: 3. Déjà expédié\u{a0}: 3.",
            "À encaisser avec le premier colis\u{a0}: 300,00\u{a0}USD",
            "À encaisser 300,00\u{a0}USD",
        ),
        ("en", "Ordered: 3. Already shipped: 3.", "To collect with the first parcel: USD\u{a0}300.00", "To collect USD\u{a0}300.00"),
    ] {
        let customer = json!({ "firstName": "Ada", "lastName": "Ilunga", "locale": locale });
        let order = shop.order().lines(2).price("50.00").quantity(3).with("customer", customer);
        let order = order.with("paymentMethod", json!("CASH_ON_DELIVERY")).through(&["CONFIRMED"]).place().await;
        assert!(slip(&shop, &order).await.contains(to_collect));

        let parcel = shop.ship_part(&order, "LOCAL", 0, 3).await.ok();
        for status in ["OUT_FOR_DELIVERY", "DELIVERED"] {
            shop.move_shipment(&parcel, status).await.ok();
            let page = slip(&shop, &order).await;
            let rows: Vec<&str> = between(&page, "<tbody>", "</tbody>").split("</tr>").collect();
            assert!(rows[0].contains(">0</td>") && rows[0].contains(gone) && !rows[0].contains("class=\"box\""), "{}", rows[0]);
            assert!(rows[1].contains(">3</td>") && !rows[1].contains("remark") && rows[1].contains("class=\"box\""), "{}", rows[1]);
            assert!(page.contains(&format!(">3\u{a0}{}<", if locale == "fr" { "pièces" } else { "pieces" })), "{page}");
            assert!(page.contains(with_the_first) && !page.contains(to_collect), "{page}");
        }
        shop.staff().put(&order.path("payment"), &json!({ "paymentStatus": "PAID" })).await.ok();
        assert!(!slip(&shop, &order).await.contains("300"));
    }
}

#[tokio::test]
async fn what_came_back_in_its_parcel_is_packed_again_and_so_is_its_cash() {
    let shop = shop().await;
    let order = shop.order().price("50.00").quantity(3).with("paymentMethod", json!("CASH_ON_DELIVERY")).through(&["CONFIRMED"]);
    let order = order.place().await;
    let first = slip(&shop, &order).await;
    let parcel = shop.ship_part(&order, "LOCAL", 0, 2).await.ok();
    let row = "Commandé\u{a0}: 3. Déjà expédié\u{a0}: 2.";
    let page = slip(&shop, &order).await;
    assert!(page.contains(row) && page.contains("<td>1</td>"), "{page}");
    shop.move_shipment(&parcel, "RETURNED").await.ok();
    let page = slip(&shop, &order).await;
    let rows = |page: &str| between(page, "<tbody>", "</tbody>").to_owned();
    assert_eq!(rows(&page), rows(&first));
    assert!(page.contains("À encaisser 150,00\u{a0}USD"), "{page}");
}
