//! Money that comes and is not what was to be paid: it is never kept in silence.

mod another_payment;
mod given_back;

use crate::kit::{Answer, HOUR, LocalShop, Placed, RUN, body, cents};
use local::emulators::payments::Provider::PawaPay;
use serde_json::{Value, json};

/// An order of 75.00 whose deposit has come with another amount.
async fn order_with(shop: &LocalShop, amount: i64, currency: &str) -> Placed {
    let order = shop.order_at_pawapay("PROCESSING").await;
    shop.system.payments.deposit(order.payment(), amount, currency, "COMPLETED");
    shop.after(RUN).await;
    is(shop, &order, "PENDING", "PENDING", 0).await;
    order
}

async fn is(shop: &LocalShop, order: &Placed, status: &str, payment: &str, refunded: i64) {
    let now = shop.order_now(order.id).await;
    assert_eq!((&now["status"], &now["paymentStatus"], cents(&now["refundedTotal"])), (&json!(status), &json!(payment), refunded));
}

async fn cancel(shop: &LocalShop, order: &Placed) -> Answer {
    shop.staff().post(&order.path("cancel"), &json!({ "reason": "Another amount" })).await
}

async fn accept(shop: &LocalShop, order: &Placed) {
    shop.staff().put(&order.path("payment"), &json!({ "paymentStatus": "PAID" })).await.ok();
}

/// What the order's history says came.
async fn notes(shop: &LocalShop, order: &Placed) -> Vec<Value> {
    let history = shop.staff().get(&order.path("history")).await.ok();
    let rows = history.as_array().expect("rows").iter().filter(|row| row["type"] == "PAYMENT_MISMATCHED");
    rows.map(|row| row["note"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_stands_until_staff_have_decided_and_its_history_says_why() {
    let shop = LocalShop::start().await;
    let short = order_with(&shop, 74_99, "USD").await;
    let foreign = order_with(&shop, 75_00, "CDF").await;
    let asked = shop.system.payments.requests().len();
    shop.after(100 * HOUR).await;
    for order in [&short, &foreign] {
        is(&shop, order, "PENDING", "PENDING", 0).await;
    }
    assert_eq!(notes(&shop, &short).await, ["74.99 USD came where 75.00 USD were to be paid"]);
    assert_eq!(notes(&shop, &foreign).await, ["75.00 CDF came where 75.00 USD were to be paid"]);
    assert_eq!(shop.system.payments.requests().len(), asked, "it is known, and asked after no more");
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_gives_back_what_came() {
    let shop = LocalShop::start().await;
    for amount in [74_99, 80_00] {
        let order = order_with(&shop, amount, "USD").await;
        let answer = cancel(&shop, &order).await.ok();
        assert_eq!((cents(&answer["refund"]["amount"]), &answer["order"]["paymentStatus"]), (amount, &json!("REFUND_PENDING")));
        shop.settled().await;
        shop.after(RUN).await;
        is(&shop, &order, "CANCELLED", "REFUNDED", amount).await;
        let made = shop.made_at(PawaPay).pop().expect("a refund");
        assert_eq!((made.payment.as_str(), made.amount), (order.payment(), amount));
        let more = json!({ "orderId": order.id, "amount": 0.01, "reason": "Torn" });
        shop.admin().post("/api/refunds", &more).await.refused(409, "REFUND_EXCEEDS_PAID");
    }
    shop.assert_no_complaints();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_staff_take_for_the_payment_is_one_and_more_than_was_owed_can_go_back() {
    let shop = LocalShop::start().await;
    for (came, paid) in [(74_99, 75_00), (80_00, 80_00)] {
        let order = order_with(&shop, came, "USD").await;
        accept(&shop, &order).await;
        is(&shop, &order, "PENDING", "PAID", 0).await;
        let refund = shop.refunded(&order, None).await;
        assert_eq!(cents(&refund["amount"]), paid);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_for_a_cancelled_order_goes_back_however_much_it_is() {
    let shop = LocalShop::start().await;
    for amount in [1, 74_99, 80_00] {
        let order = shop.order_at_pawapay("PROCESSING").await;
        cancel(&shop, &order).await.ok();
        is(&shop, &order, "CANCELLED", "VOIDED", 0).await;
        shop.system.payments.deposit(order.payment(), amount, "USD", "COMPLETED");
        shop.after(RUN).await;
        shop.after(RUN).await;
        is(&shop, &order, "CANCELLED", "REFUNDED", amount).await;
        assert_eq!(notes(&shop, &order).await.len(), 1);
    }
    shop.assert_no_complaints();
}

#[tokio::test(flavor = "multi_thread")]
async fn money_in_another_currency_is_noted_and_is_no_refund_of_the_order() {
    let shop = LocalShop::start().await;
    let before = order_with(&shop, 75_00, "CDF").await;
    cancel(&shop, &before).await.ok();
    let after = shop.order_at_pawapay("PROCESSING").await;
    cancel(&shop, &after).await.ok();
    shop.system.payments.deposit(after.payment(), 75_00, "CDF", "COMPLETED");
    shop.after(RUN).await;
    for order in [&before, &after] {
        is(&shop, order, "CANCELLED", "VOIDED", 0).await;
        assert_eq!(shop.refunds_of(order.id).await.len(), 0);
    }
    let due = "75.00 CDF came for the cancelled order, and no refund gives it back";
    assert_eq!(notes(&shop, &before).await, [due, "75.00 CDF came where 75.00 USD were to be paid"]);
    assert_eq!(notes(&shop, &after).await.len(), 1);
    assert!(shop.made_at(PawaPay).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cancels_is_told_of_money_that_no_refund_gives_back() {
    let shop = LocalShop::start().await;
    for (locale, held, nothing, yet) in [
        ("fr", "Nous avons un paiement de votre part", "rien à vous rembourser", "à ce jour"),
        ("en", "We hold a payment of yours", "nothing to refund", "yet"),
    ] {
        for came in [true, false] {
            let deposit = if came { "afb57b93-7849-49aa-babb-000000000001" } else { "afb57b93-7849-49aa-babb-000000000002" };
            let deposit = deposit.replace("afb57b93", if locale == "fr" { "afb57b93" } else { "afb57b94" });
            let (currency, status) = if came { ("CDF", "COMPLETED") } else { ("USD", "PROCESSING") };
            shop.system.payments.deposit(&deposit, 80_00, currency, status);
            let mut customer = body(&[])["customer"].clone();
            customer["locale"] = json!(locale);
            let order = shop.order().with("paymentReference", json!(deposit)).with("customer", customer).place().await;
            shop.after(RUN).await;
            cancel(&shop, &order).await.ok();
            shop.settled().await;
            let messages = shop.staff().get(&format!("/api/notifications?orderId={}&limit=2", order.id)).await.ok();
            for message in messages.as_array().expect("messages") {
                let content = message["content"].as_str().expect("a text").replace('\u{a0}', " ");
                assert_eq!((content.contains(held), content.contains(nothing)), (came, !came), "{content}");
                assert!(message["type"] == "EMAIL" || came || content.contains(yet), "{content}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_sms_says_of_a_refund_and_of_money_that_is_held_both_where_two_parts_have_room() {
    let shop = LocalShop::start().await;
    let order = order_with(&shop, 75_00, "CDF").await;
    // The customer has paid once more, by another payment.
    let paid = json!({ "paymentStatus": "PAID", "reference": "afb57b93-7849-49aa-babb-0000000000aa" });
    shop.staff().put(&order.path("payment"), &paid).await.ok();
    cancel(&shop, &order).await.ok();
    shop.settled().await;
    let log = shop.messages_of(order.id).await;
    let told = |message: &&Value| message["type"] == "SMS" && message["content"].as_str().is_some_and(|text| text.contains("annul"));
    let sms = log.iter().find(told).expect("an SMS")["content"].as_str().expect("a text");
    assert!(sms.contains("Un remboursement de 75,00 USD") && sms.contains("Nous avons un paiement de votre part"), "{sms}");
}
