//! `POST /api/orders/{orderId}/cancel`.

use crate::kit::{Answer, CUSTOMER, LocalShop, Placed, body, cents, keys};
use serde_json::{Value, json};

async fn cancel(shop: &LocalShop, order: &Placed, fields: Value) -> Answer {
    let mut body = json!({ "reason": "Changed my mind" });
    for (field, value) in fields.as_object().expect("fields") {
        body[field] = value.clone();
    }
    shop.customer(CUSTOMER).post(&order.path("cancel"), &body).await
}

#[tokio::test]
async fn a_cancel_answers_the_whole_order_after_it_and_its_refund() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().lines(2).price("33.33").paid().place().await;

    let answer = cancel(&shop, &order, json!({ "notes": "Wrong size" })).await;

    assert_eq!((answer.status, answer.header("etag")), (200, "\"3\""));
    assert_eq!(keys(&answer.body), ["message", "order", "refund", "success"]);
    assert_eq!(answer.body["success"], true);
    assert!(answer.text.contains(r#""amount":66.66"#), "{}", answer.text);
    let refund = &answer.body["refund"];
    assert_eq!(keys(refund), ["amount", "id", "method", "status"]);
    assert_eq!((&refund["status"], &refund["method"]), (&json!("PROCESSING"), &json!("MOBILE_MONEY")));
    let now = shop.order_now(order.id).await;
    assert_eq!(answer.body["order"], now);
    assert_eq!((&now["status"], &now["paymentStatus"]), (&json!("CANCELLED"), &json!("REFUND_PENDING")));
    assert_eq!((cents(&now["refundedTotal"]), cents(&now["total"])), (0, 66_66));
    let refunds = shop.refunds_of(order.id).await;
    assert_eq!(
        (&refunds[0]["id"], &refunds[0]["notes"], &refunds[0]["reason"]),
        (&refund["id"], &json!("Wrong size"), &json!("Changed my mind"))
    );
}

#[tokio::test]
async fn what_staff_note_at_an_unpaid_order_is_theirs_to_read() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().with("notes", json!("Sonnez deux fois")).place().await;

    let body = json!({ "reason": "Ordered twice", "notes": "Deliver no more to them" });
    let answer = shop.staff().post(&order.path("cancel"), &body).await;

    assert_eq!(answer.status, 200, "{}", answer.text);
    let now = shop.customer(CUSTOMER).get(&format!("/api/orders?id={}", order.id)).await.ok();
    assert_eq!(now["notes"], "Sonnez deux fois");
    let history = shop.staff().get(&order.path("history")).await;
    assert!(history.text.contains("Ordered twice\\nDeliver no more to them"), "{}", history.text);
}

/// To whom an order's mail goes is for whoever ordered to say, and so would be what stands in it.
#[tokio::test(flavor = "multi_thread")]
async fn a_customer_s_own_reason_is_mailed_to_nobody_and_that_of_staff_is() {
    let shop = LocalShop::start().await;
    for (who, is_told) in [(shop.customer(CUSTOMER), false), (shop.staff(), true)] {
        let order = shop.order().place().await;
        who.post(&order.path("cancel"), &json!({ "reason": "Pay at pay.example/now" })).await.ok();
        shop.settled().await;
        let messages = shop.staff().get(&format!("/api/notifications?orderId={}", order.id)).await;
        assert!(messages.text.contains("est annulée"), "{}", messages.text);
        assert_eq!(messages.text.contains("pay.example"), is_told, "{}", messages.text);
        let history = shop.staff().get(&order.path("history")).await;
        assert!(history.text.contains("pay.example"), "{}", history.text);
    }
}

#[tokio::test]
async fn an_unpaid_order_gets_no_refund_and_its_payment_is_void() {
    let shop = LocalShop::without_pumps().await;
    for payment in [None, Some("FAILED")] {
        let order = shop.order().quantity(3).place().await;
        if let Some(payment) = payment {
            shop.staff().put(&order.path("payment"), &json!({ "paymentStatus": payment })).await.ok();
        }
        let answer = cancel(&shop, &order, json!({})).await.ok();
        assert_eq!((&answer["refund"], &answer["order"]["paymentStatus"]), (&Value::Null, &json!("VOIDED")));
        assert_eq!(shop.refunds_of(order.id).await.len(), 0);
        assert_eq!(shop.stock(order.variants[0]).await, order.stock_before);
    }
}

#[tokio::test]
async fn a_second_cancel_gets_409_and_no_second_refund() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().paid().place().await;
    cancel(&shop, &order, json!({})).await.ok();
    cancel(&shop, &order, json!({})).await.refused(409, "ALREADY_CANCELLED");
    assert_eq!(shop.refunds_of(order.id).await.len(), 1);
    assert_eq!(shop.stock(order.variants[0]).await, order.stock_before);
}

#[tokio::test]
async fn only_the_first_three_statuses_can_be_cancelled() {
    let shop = LocalShop::without_pumps().await;
    let can: [&'static [&'static str]; 3] = [&[], &["CONFIRMED"], &["CONFIRMED", "PROCESSING"]];
    for steps in can {
        let order = shop.order().through(steps).place().await;
        assert_eq!(cancel(&shop, &order, json!({})).await.ok()["order"]["status"], "CANCELLED");
    }
    let cant: [&'static [&'static str]; 3] = [
        &["CONFIRMED", "PROCESSING", "READY_FOR_PICKUP"],
        &["CONFIRMED", "PROCESSING", "SHIPPED"],
        &["CONFIRMED", "PROCESSING", "SHIPPED", "DELIVERED"],
    ];
    for steps in cant {
        let order = shop.order().paid().through(steps).place().await;
        let answer = cancel(&shop, &order, json!({})).await;
        answer.refused(409, "CANNOT_CANCEL");
        assert!(answer.body["detail"].as_str().expect("a sentence").contains(steps[steps.len() - 1]), "{}", answer.text);
        assert_eq!(shop.order_now(order.id).await, order.body);
        assert_eq!((shop.stock(order.variants[0]).await, shop.refunds_of(order.id).await.len()), (order.stock_before - 1, 0));
    }
}

#[tokio::test]
async fn the_money_goes_back_the_way_it_came_or_as_the_caller_may_ask() {
    let shop = LocalShop::without_pumps().await;
    // paid by · asked for · as a customer · as staff
    let table = [
        ("MOBILE_MONEY", None, Ok("MOBILE_MONEY"), Ok("MOBILE_MONEY")),
        ("CASH_ON_DELIVERY", None, Ok("CASH"), Ok("CASH")),
        ("CARD", None, Ok("CARD"), Ok("CARD")),
        ("MOBILE_MONEY", Some("STORE_CREDIT"), Ok("STORE_CREDIT"), Ok("STORE_CREDIT")),
        ("CARD", Some("CARD"), Ok("CARD"), Ok("CARD")),
        ("CARD", Some("MOBILE_MONEY"), Err(400), Err(400)),
        ("MOBILE_MONEY", Some("CARD"), Err(400), Err(400)),
        ("CASH_ON_DELIVERY", Some("MOBILE_MONEY"), Err(400), Err(400)),
        ("CARD", Some("CASH"), Err(400), Ok("CASH")),
        ("CASH_ON_DELIVERY", Some("CASH"), Err(400), Ok("CASH")),
    ];
    for (paid, asked, as_customer, as_staff) in table {
        for (caller, expected) in [(shop.customer(CUSTOMER), as_customer), (shop.staff(), as_staff)] {
            let order = shop.order().with("paymentMethod", json!(paid)).paid().place().await;
            let answer = caller.post(&order.path("cancel"), &json!({ "reason": "x", "refundMethod": asked })).await;
            match expected {
                Ok(method) => assert_eq!(answer.ok()["refund"]["method"], method, "{paid} as {asked:?}"),
                Err(status) => {
                    answer.refused(status, "INVALID_METHOD");
                    assert_eq!(answer.errors(), [("/refundMethod", "INVALID_METHOD")]);
                    assert_eq!(shop.order_now(order.id).await, order.body);
                }
            }
        }
    }
}

#[tokio::test]
async fn a_wrong_cancel_is_named() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().paid().place().await;
    let post = async |body: Value| shop.customer(CUSTOMER).post(&order.path("cancel"), &body).await;

    for nothing in [json!({}), json!({ "reason": null }), json!({ "reason": " \n " })] {
        post(nothing).await.refused(400, "MISSING_REASON");
    }
    post(json!({ "reason": 7 })).await.refused(400, "INVALID_REASON");
    post(json!({ "reason": "x".repeat(501) })).await.refused(400, "INVALID_REASON");
    post(json!({ "reason": "x", "refundMethod": "GOLD" })).await.refused(400, "INVALID_METHOD");
    let all = post(json!({ "refund": 1, "notes": [], "refundMethod": "cash" })).await;
    all.refused(400, "MISSING_REASON");
    let expected =
        [("/reason", "MISSING_REASON"), ("/refundMethod", "INVALID_METHOD"), ("/notes", "INVALID_NOTES"), ("/refund", "UNKNOWN_FIELD")];
    assert_eq!(all.errors(), expected);
    let ok = json!({ "reason": "x" });
    for id in ["x", "0", "9007199254740992"] {
        shop.customer(CUSTOMER).post(&format!("/api/orders/{id}/cancel"), &ok).await.refused(400, "INVALID_ORDER_ID");
    }
    shop.customer(CUSTOMER).post("/api/orders/123/cancel", &ok).await.refused(404, "ORDER_NOT_FOUND");
    shop.customer(CUSTOMER + 1).post(&order.path("cancel"), &ok).await.refused(403, "FORBIDDEN");
    assert_eq!(shop.order_now(order.id).await, order.body);
    assert_eq!(post(json!({ "reason": "é".repeat(500) })).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cancels_after_a_refund_is_told_what_is_on_its_way_and_what_has_gone_back() {
    let shop = LocalShop::start().await;
    // language · refunded before the cancellation · whether that was paid out by then · what mail and SMS say · what the mail says besides
    let table = [
        ("fr", 75, false, "Un remboursement de 75,00 USD", "engagé avant l’annulation, est en cours"),
        ("fr", 75, true, "remboursé 75,00 USD", "Nous vous avons déjà remboursé 75,00 USD."),
        (
            "fr",
            20,
            false,
            "Un remboursement de 55,00 USD sur votre mobile money est en cours.",
            "Un remboursement de 20,00 USD, engagé avant",
        ),
        ("fr", 20, true, "Un remboursement de 55,00 USD sur votre mobile money est en cours.", "Nous vous avons déjà remboursé 20,00 USD."),
        ("en", 75, false, "A refund of USD 75.00", "made before the cancellation and is on its way"),
        ("en", 75, true, "refunded USD 75.00 to you.", "We have already refunded USD 75.00"),
        ("en", 20, false, "A refund of USD 55.00 to your mobile money account is on its way.", "A refund of USD 20.00 was made before"),
        ("en", 20, true, "A refund of USD 55.00 to your mobile money account is on its way.", "We have already refunded USD 20.00 to you."),
    ];
    for (locale, amount, is_paid_out, both, mail_alone) in table {
        let mut customer = body(&[])["customer"].clone();
        customer["locale"] = json!(locale);
        let order = shop.order().with("customer", customer).paid().place().await;
        let refund = json!({ "orderId": order.id, "amount": amount, "reason": "Torn" });
        let refund = shop.admin().post("/api/refunds", &refund).await.ok();
        shop.settled().await;
        if is_paid_out {
            shop.admin().put(&format!("/api/refunds?id={}", refund["id"]), &json!({ "status": "COMPLETED" })).await.ok();
        }
        let cancelled = cancel(&shop, &order, json!({})).await.ok();
        assert_eq!(cancelled["refund"].is_null(), amount == 75, "{cancelled}");
        shop.settled().await;

        let number = order.body["orderNumber"].as_str().expect("a number");
        let (your_order, is_cancelled) = if locale == "fr" { ("Votre commande", "est annulée") } else { ("Your order", "is cancelled") };
        let subject = format!("{your_order} {number} {is_cancelled}");
        let mails = shop.system.outbox.emails();
        let mail = mails.iter().find(|mail| mail.subject == subject).expect("a mail");
        let sms = shop
            .system
            .outbox
            .sms()
            .into_iter()
            .find(|sms| sms.body.contains(&format!("{number} {is_cancelled}")) && sms.body.contains(both));
        assert!(sms.is_some(), "{locale} {both}: {:?}", shop.system.outbox.sms());
        for part in [mail.html.as_deref(), mail.text.as_deref()] {
            let part = part.expect("a page and a twin").replace('\u{a0}', " ");
            assert!(part.contains(both) && part.contains(mail_alone), "{locale} {both} {mail_alone}: {part}");
            assert!(!part.contains("nothing to refund") && !part.contains("rien à vous rembourser"), "{part}");
        }
    }
}
