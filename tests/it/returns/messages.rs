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
    for (locale, thanks, nothing, promise, refund) in [
        ("fr", "Merci !", "Aucun article de votre retour ne nous est parvenu", "pour la suite", "S’il y a un remboursement"),
        ("en", "Thank you!", "None of the items of your return has reached us", "what comes next", "If there is a refund"),
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

            // The fee eats it all: there is no refund, and nothing more is told.
            shop.steps(rma, &["REFUNDED"]).await;
            assert!(shop.refunds_of(order.id).await.is_empty());
            assert_eq!(last(&shop, &order).await[0], subject);
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
