//! Store credit that is spent on an order: a part of what is paid for it, which is never lost with it and never becomes money.

mod paid_twice;

use crate::kit::{Answer, Answers, CUSTOMER, HOUR, LocalShop, Placed, RUN, back, cents, race};
use local::emulators::payments::Provider::PawaPay;
use serde_json::{Value, json};

/// A shop whose customer has 100.00 of credit.
async fn shop_with_credit() -> LocalShop {
    let shop = LocalShop::start().await;
    let order = shop.order().price("100.00").paid().place().await;
    shop.customer(CUSTOMER).post(&order.path("cancel"), &json!({ "reason": "Gift", "refundMethod": "STORE_CREDIT" })).await.ok();
    shop.settled().await;
    assert_eq!(balance(&shop).await, 100_00);
    shop
}

async fn balance(shop: &LocalShop) -> i64 {
    cents(&shop.customer(CUSTOMER).get("/api/store-credit").await.ok()["balances"][0]["balance"])
}

async fn spend(shop: &LocalShop, order: u64, amount: f64) -> Answer {
    let body = json!({ "customerId": CUSTOMER, "amount": amount, "orderId": order, "note": "For the order" });
    shop.staff().post("/api/store-credit/redeem", &body).await
}

async fn cancel(shop: &LocalShop, order: &Placed, fields: Value) -> Value {
    let mut body = json!({ "reason": "Too small" });
    body.as_object_mut().expect("fields").extend(fields.as_object().expect("fields").clone());
    shop.staff().post(&order.path("cancel"), &body).await.ok()
}

/// Method, amount and status of an order's refunds.
async fn refunds(shop: &LocalShop, order: &Placed) -> Vec<(String, i64, String)> {
    let word = |value: &Value| value.as_str().expect("a word").to_owned();
    let refunds = shop.refunds_of(order.id).await;
    let mut refunds: Vec<_> =
        refunds.iter().map(|refund| (word(&refund["refundMethod"]), cents(&refund["amount"]), word(&refund["status"]))).collect();
    refunds.sort();
    refunds
}

fn refund(method: &str, amount: i64, status: &str) -> (String, i64, String) {
    (method.to_owned(), amount, status.to_owned())
}

/// Order and payment status, and what was given back.
async fn is(shop: &LocalShop, order: &Placed, status: &str, payment: &str, refunded: i64) {
    let now = shop.order_now(order.id).await;
    assert_eq!((&now["status"], &now["paymentStatus"], cents(&now["refundedTotal"])), (&json!(status), &json!(payment), refunded));
}

/// An order of 75.00 that 25.00 of credit were spent on, and the rest came by mobile money.
async fn paid_by_both(shop: &LocalShop) -> Placed {
    let order = shop.order_at_pawapay("PROCESSING").await;
    spend(shop, order.id, 25.00).await.ok();
    shop.system.payments.deposit(order.payment(), 50_00, "USD", "COMPLETED");
    shop.after(RUN).await;
    is(shop, &order, "PENDING", "PAID", 0).await;
    order
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unpaid_order_that_is_cancelled_gives_its_credit_back() {
    let shop = shop_with_credit().await;
    let order = shop.order().place().await;
    spend(&shop, order.id, 25.00).await.ok();
    assert_eq!(balance(&shop).await, 75_00);
    is(&shop, &order, "PENDING", "PENDING", 0).await;

    let answer = cancel(&shop, &order, json!({})).await;

    assert_eq!((&answer["refund"]["method"], cents(&answer["refund"]["amount"])), (&json!("STORE_CREDIT"), 25_00));
    assert!(answer["message"].as_str().expect("a sentence").ends_with("is cancelled; 25.00 USD go back by STORE_CREDIT."), "{answer}");
    shop.settled().await;
    is(&shop, &order, "CANCELLED", "VOIDED", 25_00).await;
    assert_eq!(balance(&shop).await, 100_00);
    let told = shop.messages_of(order.id).await;
    let cancelled = told.iter().filter(|message| message["content"].as_str().is_some_and(|text| text.contains("25,00"))).count();
    assert!(cancelled >= 2, "its cancellation and its refund say what goes back: {told:?}");
    let history = shop.staff().get(&order.path("history")).await.ok();
    let spent = history.as_array().expect("rows").iter().find(|row| row["type"] == "STORE_CREDIT_REDEEMED").expect("a row");
    assert!(spent["note"].as_str().expect("a note").ends_with(" of 25.00 USD"), "{spent}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_nobody_pays_the_rest_of_gives_its_credit_back() {
    let shop = shop_with_credit().await;
    let order = shop.order().place().await;
    spend(&shop, order.id, 25.00).await.ok();

    shop.after(73 * HOUR).await;
    shop.settled().await;

    is(&shop, &order, "CANCELLED", "VOIDED", 25_00).await;
    assert_eq!(balance(&shop).await, 100_00);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rest_is_what_a_provider_is_to_bring_and_each_part_goes_back_as_it_came() {
    let shop = shop_with_credit().await;
    let order = paid_by_both(&shop).await;

    let answer = cancel(&shop, &order, json!({})).await;

    assert_eq!((&answer["refund"]["method"], cents(&answer["refund"]["amount"])), (&json!("MOBILE_MONEY"), 50_00));
    let sentence = "50.00 USD go back by MOBILE_MONEY and 25.00 USD go back by STORE_CREDIT, in 2 refunds.";
    assert!(answer["message"].as_str().expect("a sentence").ends_with(sentence), "{answer}");
    shop.settled().await;
    shop.after(RUN).await;
    is(&shop, &order, "CANCELLED", "REFUNDED", 75_00).await;
    assert_eq!(refunds(&shop, &order).await, [refund("MOBILE_MONEY", 50_00, "COMPLETED"), refund("STORE_CREDIT", 25_00, "COMPLETED")]);
    assert_eq!((balance(&shop).await, shop.made_at(PawaPay).len()), (100_00, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_of_it_goes_back_as_credit_where_the_customer_wants_it_so() {
    let shop = shop_with_credit().await;
    let order = paid_by_both(&shop).await;

    cancel(&shop, &order, json!({ "refundMethod": "STORE_CREDIT" })).await;

    shop.settled().await;
    assert_eq!(refunds(&shop, &order).await, [refund("STORE_CREDIT", 75_00, "COMPLETED")]);
    assert_eq!(balance(&shop).await, 150_00);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_paid_late_goes_back_beside_the_credit() {
    let shop = shop_with_credit().await;
    let order = shop.order_at_pawapay("PROCESSING").await;
    spend(&shop, order.id, 25.00).await.ok();
    cancel(&shop, &order, json!({})).await;
    shop.settled().await;

    shop.system.payments.deposit(order.payment(), 50_00, "USD", "COMPLETED");
    shop.after(RUN).await;
    shop.settled().await;
    shop.after(RUN).await;

    is(&shop, &order, "CANCELLED", "REFUNDED", 75_00).await;
    assert_eq!(refunds(&shop, &order).await, [refund("MOBILE_MONEY", 50_00, "COMPLETED"), refund("STORE_CREDIT", 25_00, "COMPLETED")]);
    assert_eq!(balance(&shop).await, 100_00);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_is_heard_of_before_its_payment_takes_nothing_of_the_credit() {
    for is_paid in [true, false] {
        let shop = shop_with_credit().await;
        let order = shop.order().with("paymentMethod", json!("CARD")).with("paymentReference", json!("pi_1")).place().await;
        spend(&shop, order.id, 25.00).await.ok();
        shop.system.payments.card_payment("pi_1", 50_00, "USD");
        let made = shop.system.payments.refund_by_hand("pi_1", 30_00, "succeeded");
        let event = json!({ "id": "evt_1", "type": "refund.created", "data": { "object": shop.system.payments.stripe_object(&made) } });
        shop.stripe_tells(&event).await.ok();
        is(&shop, &order, "PENDING", "PENDING", 30_00).await;
        if is_paid {
            shop.after(RUN).await;
            is(&shop, &order, "PENDING", "PENDING", 30_00).await;
            shop.mark_paid(&order).await;
            is(&shop, &order, "PENDING", "PARTIALLY_REFUNDED", 30_00).await;
        }

        cancel(&shop, &order, json!({})).await;

        shop.settled().await;
        shop.after(RUN).await;
        shop.settled().await;
        is(&shop, &order, "CANCELLED", "REFUNDED", 75_00).await;
        assert_eq!(balance(&shop).await, 100_00);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn credit_that_is_all_an_order_costs_pays_for_it_and_never_becomes_money() {
    let shop = shop_with_credit().await;
    let order = shop.order().place().await;
    spend(&shop, order.id, 25.00).await.ok();
    spend(&shop, order.id, 50.01).await.refused(409, "CREDIT_EXCEEDS_DUE");
    spend(&shop, order.id, 50.00).await.ok();
    is(&shop, &order, "PENDING", "PAID", 0).await;
    spend(&shop, order.id, 0.01).await.refused(409, "ORDER_NOT_PAYABLE");

    let part = json!({ "orderId": order.id, "amount": 10, "reason": "Late" });
    shop.admin().post("/api/refunds", &part).await.ok();
    let as_money = json!({ "orderId": order.id, "amount": 10, "reason": "Late", "refundMethod": "MOBILE_MONEY" });
    shop.admin().post("/api/refunds", &as_money).await.refused(409, "REFUND_EXCEEDS_PAID");
    cancel(&shop, &order, json!({})).await;

    shop.settled().await;
    is(&shop, &order, "CANCELLED", "REFUNDED", 75_00).await;
    assert_eq!(refunds(&shop, &order).await, [refund("STORE_CREDIT", 10_00, "COMPLETED"), refund("STORE_CREDIT", 65_00, "COMPLETED")]);
    assert_eq!(balance(&shop).await, 100_00);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_return_gives_the_money_back_first_and_the_credit_last() {
    let shop = shop_with_credit().await;
    let order = shop.order().prices(&["30.00", "45.00"]).place().await;
    spend(&shop, order.id, 25.00).await.ok();
    shop.mark_paid(&order).await;
    for status in ["CONFIRMED", "PROCESSING", "SHIPPED", "DELIVERED"] {
        shop.staff().put(&order.path("status"), &json!({ "newStatus": status })).await.ok();
    }
    for line in [0, 1] {
        let rma = shop.ask_back(&order, json!([back(order.line(line), 1, "UNOPENED")])).await.ok()["return"]["id"].as_u64().expect("an id");
        shop.steps(rma, &["APPROVED", "RECEIVED", "REFUNDED"]).await;
    }
    shop.settled().await;

    let refunds = refunds(&shop, &order).await;
    let amounts: Vec<(&str, i64)> = refunds.iter().map(|(method, amount, _)| (method.as_str(), *amount)).collect();
    assert_eq!(amounts, [("MOBILE_MONEY", 20_00), ("MOBILE_MONEY", 30_00), ("STORE_CREDIT", 25_00)]);
    assert_eq!(balance(&shop).await, 100_00);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_fails_leaves_its_credit_to_be_given_back() {
    let shop = shop_with_credit().await;
    let order = shop.order().place().await;
    spend(&shop, order.id, 25.00).await.ok();
    shop.mark_paid(&order).await;
    let wanted = json!({ "orderId": order.id, "amount": 60, "reason": "Late" });
    shop.admin().post("/api/refunds", &wanted).await.refused(409, "REFUND_EXCEEDS_PAID");
    let by_money = shop.admin().post("/api/refunds", &json!({ "orderId": order.id, "reason": "Late" })).await.ok();
    assert_eq!((&by_money["refundMethod"], cents(&by_money["amount"])), (&json!("MOBILE_MONEY"), 50_00));
    shop.settled().await;
    shop.admin().put(&format!("/api/refunds?id={}", by_money["id"]), &json!({ "status": "FAILED" })).await.ok();

    cancel(&shop, &order, json!({ "refundMethod": "CASH" })).await;

    shop.settled().await;
    let left = [refund("CASH", 50_00, "PROCESSING"), refund("MOBILE_MONEY", 50_00, "FAILED"), refund("STORE_CREDIT", 25_00, "COMPLETED")];
    assert_eq!(refunds(&shop, &order).await, left);
    assert_eq!(balance(&shop).await, 100_00);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_courier_collects_what_credit_has_not_paid() {
    let shop = shop_with_credit().await;
    let order = shop.order().with("paymentMethod", json!("CASH_ON_DELIVERY")).place().await;
    spend(&shop, order.id, 25.00).await.ok();
    let slip = shop.staff().get(&order.path("packing-slip")).await.text.replace(['\u{a0}', '\u{202f}'], " ");
    assert!(slip.contains("50,00"), "{slip}");
}

/// The messages of an order on one channel that say this, the oldest first, in the reader's own words.
async fn saying(shop: &LocalShop, order: &Placed, channel: &str, words: &str) -> Vec<String> {
    shop.settled().await;
    let told = shop.messages_of(order.id).await;
    let texts = told.iter().rev().filter(|message| message["type"] == channel).filter_map(|message| message["content"].as_str());
    texts.map(|text| text.replace('\u{a0}', " ")).filter(|text| text.contains(words)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_reads_what_the_courier_collects_and_what_credit_has_paid() {
    for (locale, confirmed, parcel, to_pay, with_the_first, by_credit, left, spent) in [
        (
            "fr",
            "Votre commande est confirmée",
            "Numéro de suivi",
            "Préparez 70,00 USD",
            "une seule fois",
            "Payé en avoir",
            "70,00 USD",
            "40,00 USD",
        ),
        (
            "en",
            "Your order is confirmed",
            "Tracking number",
            "Please have USD 70.00 ready",
            "only once",
            "Paid with store credit",
            "USD 70.00",
            "USD 40.00",
        ),
    ] {
        for in_parts in [false, true] {
            let shop = shop_with_credit().await;
            let customer =
                json!({ "firstName": "Ada", "lastName": "Ilunga", "email": "ada@example.com", "phone": "0812345678", "locale": locale });
            let order = shop.order().prices(&["80.00", "30.00"]).with("customer", customer);
            let order = order.with("paymentMethod", json!("CASH_ON_DELIVERY")).place().await;
            spend(&shop, order.id, 40.00).await.ok();
            shop.staff().put(&order.path("status"), &json!({ "newStatus": "CONFIRMED" })).await.ok();
            let page = &saying(&shop, &order, "EMAIL", confirmed).await[0];
            assert!(page.contains(by_credit) && page.contains(spent), "{page}");

            if in_parts {
                shop.ship_part(&order, "LOCAL", 1, 1).await.ok();
            }
            shop.ship(&order, "LOCAL").await;
            let pages = saying(&shop, &order, "EMAIL", parcel).await;
            assert_eq!(pages.len(), if in_parts { 2 } else { 1 });
            for page in pages {
                assert!(page.contains(to_pay) && page.contains(with_the_first) == in_parts, "{page}");
                assert_eq!((page.contains(by_credit), page.contains(spent)), (!in_parts, !in_parts), "{page}");
            }
            let texts = saying(&shop, &order, "SMS", left).await;
            assert_eq!(texts.len(), if in_parts { 2 } else { 1 }, "{texts:?}");
        }
    }
    // Of what is paid nothing is collected.
    let shop = LocalShop::start().await;
    let order = shop.order().with("paymentMethod", json!("CASH_ON_DELIVERY")).paid().through(&["CONFIRMED"]).place().await;
    shop.ship(&order, "LOCAL").await;
    let pages = saying(&shop, &order, "EMAIL", "Numéro de suivi").await;
    assert!(pages.len() == 1 && !pages[0].contains("Préparez") && !pages[0].contains("Payé en avoir"), "{pages:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn credit_is_spent_on_orders_alone_that_are_to_be_paid() {
    let shop = shop_with_credit().await;
    let paid = shop.order().paid().place().await;
    let cancelled = shop.order().place().await;
    cancel(&shop, &cancelled, json!({})).await;
    for order in [paid.id, cancelled.id] {
        spend(&shop, order, 1.00).await.refused(409, "ORDER_NOT_PAYABLE");
    }
    assert_eq!(balance(&shop).await, 100_00);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_spent_on_an_order_and_paid_for_it_while_it_is_cancelled_goes_back_as_it_came() {
    let shop = shop_with_credit().await;
    let (mut redeemed, mut refused) = (0, 0);
    for _ in 0..10 {
        let order = shop.order().place().await;
        let answers = race(16, |n| {
            let (staff, id, cancel, payment) = (shop.staff(), order.id, order.path("cancel"), order.path("payment"));
            async move {
                match n {
                    9 => staff.post(&cancel, &json!({ "reason": "Too small", "refundMethod": "CASH" })).await,
                    4 | 8 | 12 => staff.put(&payment, &json!({ "paymentStatus": "PAID" })).await,
                    _ => {
                        let body = json!({ "customerId": CUSTOMER, "amount": 5, "orderId": id, "note": "For the order" });
                        staff.post("/api/store-credit/redeem", &body).await
                    }
                }
            }
        })
        .await;
        let spent = answers.with_status(201);
        redeemed += spent;
        refused += answers.with_code("ORDER_NOT_PAYABLE");
        shop.settled().await;

        let refunds = refunds(&shop, &order).await;
        let of =
            |credit: bool| refunds.iter().filter(|(method, ..)| (method == "STORE_CREDIT") == credit).map(|(_, amount, _)| *amount).sum();
        let credit = i64::try_from(spent).expect("few") * 5_00;
        let (by_credit, by_money): (i64, i64) = (of(true), of(false));
        assert_eq!((by_credit, by_money), (credit, 75_00 - credit), "{:?}, {refunds:?}", answers.tally());
        assert_eq!(balance(&shop).await, 100_00, "{:?}", answers.tally());
    }
    assert!(redeemed > 0 && refused > 0, "{redeemed} went through, and {refused} came too late");
}
