//! What the customer is told of a parcel: what is in it, how it comes, and by which number it is found.

use super::*;

/// Three of one dress and one of another, confirmed, for a customer who reads this language.
async fn dresses(shop: &LocalShop, locale: &str) -> Placed {
    let customer = json!({ "firstName": "Ada", "lastName": "Ilunga", "email": "ada@example.com", "phone": "0812345678", "locale": locale });
    let (first, second) = (shop.variant("45.00", 9).await, shop.variant("60.00", 9).await);
    let mut wanted = crate::kit::body(&[(first, 3), (second, 1)]);
    wanted["customer"] = customer;
    let body = shop.staff().post("/api/orders", &wanted).await.ok();
    let order = Placed { id: body["id"].as_u64().expect("an id"), body, variants: vec![first, second], stock_before: 9 };
    shop.staff().put(&order.path("payment"), &json!({ "paymentStatus": "PAID" })).await.ok();
    shop.staff().put(&order.path("status"), &json!({ "newStatus": "CONFIRMED" })).await.ok();
    order
}

/// A message, on both channels: the subject, the page, its plain twin and the SMS.
struct Told {
    subject: String,
    page: String,
    text: String,
    sms: String,
}

/// The messages of an order whose subject has these words, the oldest first.
async fn saying(shop: &LocalShop, order: &Placed, words: &str) -> Vec<Told> {
    shop.settled().await;
    let log = shop.messages_of(order.id).await;
    let of = |kind: &str| log.iter().rev().filter(|message| message["type"] == kind).cloned().collect::<Vec<_>>();
    let (emails, sms) = (of("EMAIL"), of("SMS"));
    assert_eq!(emails.len(), sms.len(), "a message goes out on both channels");
    let text_of = |id: &Value| {
        let sent = shop.system.outbox.emails().into_iter().find(|mail| json!(mail.id) == *id).expect("sent");
        sent.text.expect("a twin")
    };
    let mut told = Vec::new();
    for (email, sms) in emails.iter().zip(&sms) {
        let subject = email["subject"].as_str().expect("a subject").to_owned();
        if subject.contains(words) {
            let (page, sms) = (email["content"].as_str().expect("a page").to_owned(), sms["content"].as_str().expect("a text").to_owned());
            told.push(Told { subject, page, text: text_of(&email["providerId"]), sms });
        }
    }
    told
}

/// The lines that a mail lists, in its page and in its twin alike.
fn listed<'a>(told: &'a Told, names: [&'a Value; 2]) -> Vec<(u32, &'a str)> {
    let of_text = |line: &'a str| {
        let (pieces, rest) = line.strip_prefix("- ")?.split_once(" × ")?;
        let name = names.into_iter().filter_map(Value::as_str).find(|name| rest.starts_with(*name))?;
        Some((pieces.parse().expect("pieces"), name))
    };
    let lines: Vec<(u32, &str)> = told.text.lines().filter_map(of_text).collect();
    for name in names.into_iter().filter_map(Value::as_str) {
        assert_eq!(told.page.contains(&format!("<bdi>{name}</bdi>")), lines.iter().any(|(_, listed)| *listed == name), "{name}");
    }
    lines
}

#[tokio::test]
async fn each_parcel_is_told_with_what_is_in_it_and_the_arrival_with_all_of_it() {
    let shop = LocalShop::start().await;
    for (locale, part, whole, packed, arrived, of_sms) in [
        ("fr", "Une partie de votre commande", "Votre commande", "est emballée", "livrée", "une partie de votre commande"),
        ("en", "Part of your order", "Your order", "is packed", "delivered", "part of your order"),
    ] {
        let order = dresses(&shop, locale).await;
        let names = [&order.body["items"][0]["productName"], &order.body["items"][1]["productName"]];
        let [a, b] = names.map(|name| name.as_str().expect("a name"));
        let first = shop.ship_part(&order, "LOCAL", 0, 1).await.ok();
        let rest = shop.ship(&order, "LOCAL").await;
        for parcel in [&first, &rest] {
            shop.move_shipment(parcel, "DELIVERED").await.ok();
        }

        let told = saying(&shop, &order, packed).await;
        let lines: Vec<_> = told.iter().map(|told| listed(told, names)).collect();
        assert_eq!(lines, [vec![(1, a)], vec![(2, a), (1, b)]], "{locale}");
        for (told, parcel) in told.iter().zip([&first, &rest]) {
            assert!(told.subject.starts_with(part) && told.sms.contains(of_sms), "{}: {}", told.subject, told.sms);
            assert!(!told.text.contains("Total") && !told.page.contains(">Total<"), "{}", told.text);
            let number = parcel["trackingNumber"].as_str().expect("a number");
            assert!(told.text.contains(number) && told.page.contains(number) && told.sms.contains(number));
        }
        let told = saying(&shop, &order, arrived).await;
        assert_eq!((told.len(), listed(&told[0], names)), (1, vec![(3, a), (1, b)]), "{locale}");
        assert!(told[0].subject.starts_with(whole) && told[0].text.contains("Total") && told[0].page.contains(">Total<"));
    }
}

#[tokio::test]
async fn what_was_refunded_before_it_went_is_in_no_message_of_the_parcel() {
    let shop = LocalShop::start().await;
    for by_hand in [false, true] {
        let order = dresses(&shop, "fr").await;
        let names = [&order.body["items"][0]["productName"], &order.body["items"][1]["productName"]];
        let items = json!([{ "orderItemId": order.line(1), "quantity": 1 }]);
        shop.admin().post("/api/refunds", &json!({ "orderId": order.id, "reason": "Épuisé", "items": items })).await.ok();
        if by_hand {
            for step in ["PROCESSING", "SHIPPED", "DELIVERED"] {
                shop.staff().put(&order.path("status"), &json!({ "newStatus": step })).await.ok();
            }
        } else {
            let parcel = shop.ship(&order, "LOCAL").await;
            shop.move_shipment(&parcel, "DELIVERED").await.ok();
        }

        for words in [if by_hand { "est en route" } else { "est emballée" }, "livrée"] {
            let told = saying(&shop, &order, words).await;
            assert_eq!((told.len(), listed(&told[0], names)), (1, vec![(3, names[0].as_str().expect("a name"))]), "{words}");
            assert!(!told[0].text.contains("Total") && !told[0].page.contains(">Total<"), "{}", told[0].text);
        }
    }
}

#[tokio::test]
async fn what_a_parcel_has_brought_to_the_store_waits_there_and_is_not_collected_yet() {
    let shop = LocalShop::start().await;
    for (locale, waits, collected, of_sms) in [
        (
            "fr",
            "est arrivée dans notre boutique, où elle vous attend",
            "Vous avez retiré votre commande",
            "est arrivée dans notre boutique",
        ),
        ("en", "has arrived in our store, where it waits for you", "You have collected your order", "has arrived in our store"),
    ] {
        let customer =
            json!({ "firstName": "Ada", "lastName": "Ilunga", "email": "ada@example.com", "phone": "0812345678", "locale": locale });
        let order = |steps| {
            shop.order().with("customer", customer.clone()).with("deliveryMethod", json!("STORE_PICKUP")).paid().through(steps).place()
        };
        let by_parcel = order(CONFIRMED).await;
        let parcel = shop.ship(&by_parcel, "LOCAL").await;
        for to in ["IN_TRANSIT", "DELIVERED"] {
            shop.move_shipment(&parcel, to).await.ok();
        }
        assert_eq!(status(&shop, &by_parcel).await, "DELIVERED");
        let told = saying(&shop, &by_parcel, "").await;
        let told = told.last().expect("a message");
        for page in [&told.page, &told.text] {
            assert!(page.contains(waits) && !page.contains(collected), "{page}");
        }
        assert!(told.sms.contains(of_sms), "{}", told.sms);

        let by_hand = order(&["CONFIRMED", "PROCESSING", "READY_FOR_PICKUP", "DELIVERED"]).await;
        let told = saying(&shop, &by_hand, "").await;
        let told = told.last().expect("a message");
        assert!(told.page.contains(collected) && !told.page.contains(waits), "{}", told.page);
    }
}

#[tokio::test]
async fn what_is_ready_to_be_collected_is_told_once_and_is_not_on_its_way() {
    let shop = LocalShop::start().await;
    for (locale, ready, on_its_way) in
        [("fr", "vous attend dans notre boutique", "est en route"), ("en", "is ready to be collected", "is on its way")]
    {
        let customer =
            json!({ "firstName": "Ada", "lastName": "Ilunga", "email": "ada@example.com", "phone": "0812345678", "locale": locale });
        let order = shop.order().with("customer", customer).with("deliveryMethod", json!("STORE_PICKUP")).paid();
        let order = order.through(&["CONFIRMED", "PROCESSING", "READY_FOR_PICKUP", "DELIVERED"]).place().await;

        let told = saying(&shop, &order, ready).await;
        assert_eq!(told.len(), 1, "{locale}");
        for part in [&told[0].subject, &told[0].page, &told[0].text, &told[0].sms] {
            assert!(part.contains(ready) && !part.contains(on_its_way), "{part}");
        }
        assert_eq!(saying(&shop, &order, "").await.len(), 4, "received, confirmed, ready, collected");
    }
}

#[tokio::test]
async fn another_number_is_told_once_and_one_of_ours_goes_on_naming_its_parcel() {
    let shop = LocalShop::start().await;
    let order = confirmed(&shop, 1).await;
    let parcel = shop.ship(&order, "OTHER").await;
    let first = parcel["trackingNumber"].as_str().expect("a number").to_owned();
    shop.settled().await;
    for change in [json!({ "trackingNumber": "BUS-42" }), json!({ "trackingNumber": "BUS-42" }), json!({ "weight": 2 })] {
        shop.change_shipment(&parcel, &change).await.ok();
    }
    let now = shop.shipment_now(&parcel).await;
    for number in [&first, "BUS-42"] {
        assert_eq!(shop.customer(CUSTOMER).get(&format!("/api/shipments?trackingNumber={number}")).await.ok(), now, "{number}");
    }
    let told = saying(&shop, &order, "est emballée").await;
    assert_eq!(told.len(), 2, "{}", told.iter().map(|told| told.subject.as_str()).collect::<Vec<_>>().join(", "));
    assert!(told[0].text.contains(&first) && told[0].sms.contains(&first));
    for part in [&told[1].page, &told[1].text] {
        assert!(part.contains(&format!("Le numéro de suivi BUS-42 remplace {first}")), "{part}");
    }
    assert!(told[1].sms.ends_with(&format!("BUS-42, remplace {first}")) && !told[0].sms.contains("remplace"), "{}", told[1].sms);

    // Ours is there for no other parcel, and for this one to get back to.
    let other = shop.ship(&confirmed(&shop, 1).await, "OTHER").await;
    shop.change_shipment(&other, &json!({ "trackingNumber": first })).await.refused(409, "TRACKING_NUMBER_USED");
    shop.change_shipment(&parcel, &json!({ "trackingNumber": first })).await.ok();
    shop.staff().get("/api/shipments?trackingNumber=BUS-42").await.refused(404, "SHIPMENT_NOT_FOUND");
    assert_eq!(saying(&shop, &order, "est emballée").await.len(), 3);
    // Nobody looks for what is there.
    shop.move_shipment(&parcel, "DELIVERED").await.ok();
    shop.change_shipment(&parcel, &json!({ "trackingNumber": "BUS-43" })).await.ok();
    assert_eq!(saying(&shop, &order, "est emballée").await.len(), 3);
}

/// The number of a parcel.
fn number(parcel: &Value) -> &str {
    parcel["trackingNumber"].as_str().expect("a number")
}

#[tokio::test]
async fn a_parcel_that_no_carrier_has_is_packed_and_has_not_left() {
    let shop = LocalShop::start().await;
    let goes = ["en route", "a quitté", "vient vers vous", "on its way", "has left", "is coming to you"];
    for (locale, packed, on_its_way) in [("fr", "est emballée", "est en route"), ("en", "is packed", "is on its way")] {
        for in_parts in [false, true] {
            let order = dresses(&shop, locale).await;
            if in_parts {
                shop.ship_part(&order, "LOCAL", 0, 1).await.ok();
            } else {
                shop.ship(&order, "LOCAL").await;
            }
            let told = saying(&shop, &order, packed).await;
            assert_eq!(told.len(), 1, "{locale}");
            for text in [&told[0].subject, &told[0].page, &told[0].text, &told[0].sms] {
                assert!(text.contains(packed) && !goes.iter().any(|goes| text.contains(goes)), "{text}");
            }
        }
        // One that gets its number only once it moves does go.
        let order = dresses(&shop, locale).await;
        shop.staff().put(&order.path("status"), &json!({ "newStatus": "PROCESSING" })).await.ok();
        shop.staff().put(&order.path("status"), &json!({ "newStatus": "SHIPPED" })).await.ok();
        let told = saying(&shop, &order, on_its_way).await;
        assert!(told.len() == 1 && !told[0].text.contains(packed) && told[0].sms.contains(on_its_way), "{locale}");
    }
}

#[tokio::test]
async fn the_next_parcel_says_which_number_is_void_and_only_that_one_does() {
    let shop = LocalShop::start().await;
    for (locale, packed, in_place, of_sms) in
        [("fr", "est emballée", "remplace", "remplace"), ("en", "is packed", "takes the place of", "replaces")]
    {
        for end in ["FAILED", "RETURNED"] {
            let order = dresses(&shop, locale).await;
            let first = shop.ship(&order, "LOCAL").await;
            for to in ["IN_TRANSIT", end] {
                shop.move_shipment(&first, to).await.ok();
            }
            let second = shop.ship_part(&order, "LOCAL", 0, 3).await.ok();
            let third = shop.ship(&order, "LOCAL").await;
            let told = saying(&shop, &order, packed).await;
            assert_eq!(told.len(), 3);
            for text in [&told[1].page, &told[1].text] {
                assert!(text.contains(&format!("{} {in_place} {}", number(&second), number(&first))), "{text}");
            }
            assert!(told[1].sms.ends_with(&format!("{}, {of_sms} {}", number(&second), number(&first))), "{}", told[1].sms);
            for text in [&told[2].page, &told[2].text, &told[2].sms] {
                assert!(text.contains(number(&third)) && !text.contains(number(&first)) && !text.contains(of_sms), "{text}");
            }
        }
    }
}

#[tokio::test]
async fn a_number_that_nobody_was_told_is_void_in_silence() {
    let shop = LocalShop::start().await;
    let order = dresses(&shop, "en").await;
    shop.system.carriers.fail_next(
        domain::shipment::Carrier::Dhl,
        local::emulators::outbox::Fault::Refuse { status: 400, code: "Bad request".to_owned(), message: "Not served".to_owned() },
    );
    let first = shop.ship(&order, "DHL").await;
    shop.settled().await;
    shop.move_shipment(&first, "FAILED").await.ok();
    shop.ship(&order, "LOCAL").await;
    let told = saying(&shop, &order, "is packed").await;
    assert!(told.len() == 1 && !told[0].text.contains("takes the place") && !told[0].sms.contains("replaces"), "{}", told[0].text);
}

#[tokio::test]
async fn what_is_sent_after_all_the_rest_has_arrived_arrives_with_a_word() {
    let shop = LocalShop::start().await;
    for (locale, arrived) in [("fr", "livrée"), ("en", "has been delivered")] {
        let order = dresses(&shop, locale).await;
        let names = [&order.body["items"][0]["productName"], &order.body["items"][1]["productName"]];
        let [a, b] = names.map(|name| name.as_str().expect("a name"));
        let first = shop.ship_part(&order, "LOCAL", 0, 3).await.ok();
        let items = json!([{ "orderItemId": order.line(1), "quantity": 1 }]);
        let refund = shop.admin().post("/api/refunds", &json!({ "orderId": order.id, "reason": "Épuisé", "items": items })).await.ok();
        shop.move_shipment(&first, "DELIVERED").await.ok();
        shop.settled().await;
        shop.admin().put(&format!("/api/refunds?id={}", refund["id"]), &json!({ "status": "FAILED" })).await.ok();
        assert_eq!(status(&shop, &order).await, "DELIVERED");
        shop.system.clock.advance(crate::kit::MINUTE);
        let late = shop.ship(&order, "LOCAL").await;
        for to in ["IN_TRANSIT", "DELIVERED"] {
            shop.move_shipment(&late, to).await.ok();
        }
        let told = saying(&shop, &order, arrived).await;
        let lines: Vec<_> = told.iter().map(|told| listed(told, names)).collect();
        assert_eq!(lines, [vec![(3, a)], vec![(1, b)]], "{locale}");
        assert!(told[1].sms.contains(arrived), "{}", told[1].sms);
    }
}

#[tokio::test]
async fn an_order_that_nothing_of_goes_is_neither_on_its_way_nor_delivered_to_anybody() {
    let shop = LocalShop::start().await;
    let order = dresses(&shop, "en").await;
    let items = json!([{ "orderItemId": order.line(0), "quantity": 3 }, { "orderItemId": order.line(1), "quantity": 1 }]);
    shop.admin().post("/api/refunds", &json!({ "orderId": order.id, "reason": "Sold out", "items": items })).await.ok();
    let before = saying(&shop, &order, "").await.len();
    for step in ["PROCESSING", "SHIPPED", "DELIVERED"] {
        shop.staff().put(&order.path("status"), &json!({ "newStatus": step })).await.ok();
    }
    let told = saying(&shop, &order, "").await;
    assert_eq!(told.len(), before, "{:?}", told.last().map(|told| &told.text));
}
