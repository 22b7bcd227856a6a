//! What the customer is told of a return is so, whatever was counted and whatever goes back.

use crate::kit::{LocalShop, Placed};
use serde_json::json;

/// A delivered order of a customer who reads this language.
async fn delivered(shop: &LocalShop, locale: &str) -> Placed {
    let customer = json!({ "firstName": "Ada", "lastName": "Ilunga", "email": "ada@example.com", "phone": "0812345678", "locale": locale });
    shop.order().quantity(2).with("customer", customer).delivered().place().await
}

/// The last message of an order: the subject, the page and the SMS.
async fn last(shop: &LocalShop, order: &Placed) -> [String; 3] {
    shop.settled().await;
    let log = shop.messages_of(order.id).await;
    let of = |kind: &str, field: &str| {
        let message = log.iter().find(|message| message["type"] == kind).expect("a message");
        message[field].as_str().expect("a text").to_owned()
    };
    [of("EMAIL", "subject"), of("EMAIL", "content"), of("SMS", "content")]
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_thanked_for_what_did_not_come_and_promised_no_word_that_is_not_sent() {
    let shop = LocalShop::start().await;
    for (locale, thanks, nothing, promise, refund, none) in [
        ("fr", "Merci !", "Aucun article de votre retour ne nous est parvenu", "pour la suite", "S’il y a un remboursement", "rien à"),
        (
            "en",
            "Thank you!",
            "None of the items of your return has reached us",
            "what comes next",
            "If there is a refund",
            "nothing to refund",
        ),
    ] {
        for (received, came) in [(0, false), (1, true)] {
            let order = delivered(&shop, locale).await;
            let rma = shop.rma(&order, 0, 2).await;
            shop.steps(rma, &["APPROVED"]).await;
            let items = json!([{ "orderItemId": order.line(0), "receivedQuantity": received }]);
            shop.step(rma, json!({ "status": "RECEIVED", "items": items, "restockingFee": 75 })).await.ok();
            let [subject, page, sms] = last(&shop, &order).await;
            let page = page.replace('\u{a0}', " ");
            assert_eq!((page.contains(thanks), page.contains(refund), page.contains(nothing)), (came, came, !came), "{page}");
            assert!(page.contains("<bdi>Robe") == came && !page.contains(promise) && !sms.contains(promise), "{page} {sms}");
            let says_received = |text: &str| text.contains("reçu") || text.contains("received") || text.contains("bien arrivé");
            assert_eq!((says_received(&subject), says_received(&sms)), (came, came), "{subject} {sms}");

            // The fee eats it all: there is no refund, and that is told.
            shop.steps(rma, &["REFUNDED"]).await;
            assert!(shop.refunds_of(order.id).await.is_empty());
            let [subject, page, sms] = last(&shop, &order).await;
            let page = page.replace('\u{a0}', " ");
            let number = shop.return_now(rma).await["rmaNumber"].as_str().expect("a number").to_owned();
            for text in [&subject, &page, &sms] {
                assert!(text.contains(none) && text.contains(&number), "{text}");
            }
            assert_eq!((page.contains("75,00") || page.contains("75.00"), page.contains(nothing)), (came, !came), "{page}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_never_arrived_was_not_looked_at() {
    let shop = LocalShop::start().await;
    for (locale, looked_at, missing) in [
        ("fr", "Nous avons examiné votre retour", "Aucun article de votre retour ne nous est parvenu"),
        ("en", "We have looked at your return", "None of the items of your return has reached us"),
    ] {
        for (steps, received, came) in
            [(&[][..], 2, true), (&["APPROVED"], 0, false), (&["APPROVED", "RECEIVED"], 0, false), (&["APPROVED", "RECEIVED"], 2, true)]
        {
            let order = delivered(&shop, locale).await;
            let rma = shop.rma(&order, 0, 2).await;
            for step in steps {
                let items = json!([{ "orderItemId": order.line(0), "receivedQuantity": received }]);
                let items = (*step == "RECEIVED").then_some(items);
                shop.step(rma, json!({ "status": step, "items": items })).await.ok();
            }
            shop.step(rma, json!({ "status": "REJECTED", "notes": "Voir au dos" })).await.ok();
            let [_, page, sms] = last(&shop, &order).await;
            assert_eq!((page.contains(looked_at), page.contains(missing)), (came, !came), "{locale} {steps:?}: {page}");
            assert!(page.contains("Voir au dos"), "{page}");
            assert_eq!(sms.contains("parvenu") || sms.contains("reached us"), !came, "{sms}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_says_what_is_kept_of_the_refund_and_until_when_it_may_come() {
    let shop = LocalShop::start().await;
    for (locale, amounts, together, before, words) in [
        ("fr", ["20,00 USD", "10,00 USD"], "30,00 USD", "avant le ", "%d/%m/%Y"),
        ("en", ["USD 20.00", "USD 10.00"], "USD 30.00", "before ", "%-d %B %Y"),
    ] {
        for fees in [[Some(20), Some(10)], [None, Some(30)], [None, None]] {
            let order = delivered(&shop, locale).await;
            let rma = shop.rma(&order, 0, 2).await;
            let now = shop.system.clock.now().plus_days(30);
            shop.step(rma, json!({ "status": "APPROVED", "restockingFee": fees[0], "returnShippingFee": fees[1] })).await.ok();
            let at = jiff::Timestamp::from_millisecond(i64::try_from(now.0).expect("a time")).expect("a time");
            let day = at.in_tz("Africa/Kinshasa").expect("a zone").strftime(words).to_string();
            let [_, page, sms] = last(&shop, &order).await;
            let page = page.replace('\u{a0}', " ");
            for text in [&page, &sms] {
                assert!(text.contains(&format!("{before}{day}")), "{text}");
                assert_eq!(text.contains(together), fees[1].is_some(), "{text}");
            }
            assert_eq!(amounts.map(|amount| page.contains(amount)), [fees[0].is_some(); 2], "{page}");

            // What the warehouse decides is told with the receipt.
            shop.step(rma, json!({ "status": "RECEIVED", "restockingFee": 25 })).await.ok();
            let [_, page, _] = last(&shop, &order).await;
            let amount = if locale == "fr" { "25,00\u{a0}USD" } else { "USD\u{a0}25.00" };
            assert!(page.contains(amount), "{page}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_says_what_was_kept_of_it_whenever_that_was_decided() {
    let shop = LocalShop::start().await;
    for (locale, amount, each, together) in
        [("fr", "120,00 USD", ["20,00 USD", "10,00 USD"], "30,00 USD"), ("en", "USD 120.00", ["USD 20.00", "USD 10.00"], "USD 30.00")]
    {
        for (early, late) in [
            (json!({}), json!({ "restockingFee": 20, "returnShippingFee": 10 })),
            (json!({ "restockingFee": 20 }), json!({ "returnShippingFee": 10 })),
        ] {
            let order = delivered(&shop, locale).await;
            let rma = shop.rma(&order, 0, 2).await;
            for (status, fees) in [("APPROVED", &early), ("RECEIVED", &json!({})), ("REFUNDED", &late)] {
                let mut step = fees.clone();
                step["status"] = json!(status);
                shop.step(rma, step).await.ok();
            }
            shop.settled().await;
            let refund = shop.refunds_of(order.id).await.remove(0);
            shop.admin().put(&format!("/api/refunds?id={}", refund["id"]), &json!({ "status": "COMPLETED" })).await.ok();
            let [_, page, sms] = last(&shop, &order).await;
            let page = page.replace('\u{a0}', " ");
            for said in [amount, together] {
                assert!(page.contains(said) && sms.contains(said), "{said}: {page} {sms}");
            }
            assert!(each.iter().all(|fee| page.contains(fee)), "{page}");
        }

        // Nothing was kept, or the refund is of no return.
        let order = delivered(&shop, locale).await;
        let rma = shop.rma(&order, 0, 1).await;
        shop.steps(rma, &["APPROVED", "RECEIVED", "REFUNDED"]).await;
        shop.settled().await;
        let refund = shop.refunds_of(order.id).await.remove(0);
        shop.admin().put(&format!("/api/refunds?id={}", refund["id"]), &json!({ "status": "COMPLETED" })).await.ok();
        let [_, page, sms] = last(&shop, &order).await;
        assert!(!page.contains("frais") && !page.contains("fees") && !sms.contains("rais") && !sms.contains("ees"), "{page} {sms}");
    }
}
