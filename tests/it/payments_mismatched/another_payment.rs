//! An order that staff give the reference of another payment: what came by the one before stays known, and so does what comes by it late.

use super::{HOUR, RUN, cancel, is, notes, order_with};
use crate::kit::{CUSTOMER, LocalShop, Placed, cents};
use local::emulators::payments::Provider::{PawaPay, Stripe};
use serde_json::{Value, json};

/// Another deposit than the order was placed with.
const B: &str = "f4401bd2-1568-4140-bf2d-eb77d2b2b639";
/// And a third one.
const C: &str = "f4401bd2-1568-4140-bf2d-eb77d2b2b640";

/// Staff note that the payment did not work, and which is tried next.
async fn tried_next(shop: &LocalShop, order: &Placed, reference: &str) {
    let failed = json!({ "paymentStatus": "FAILED", "reference": reference });
    shop.staff().put(&order.path("payment"), &failed).await.ok();
}

async fn paid_by(shop: &LocalShop, order: &Placed, reference: &str) {
    shop.staff().put(&order.path("payment"), &json!({ "paymentStatus": "PAID", "reference": reference })).await.ok();
}

/// What was given back of each payment, by name and amount.
fn gone(shop: &LocalShop) -> Vec<(String, i64)> {
    let mut gone: Vec<(String, i64)> = shop.system.payments.refunds().into_iter().map(|made| (made.payment, made.amount)).collect();
    gone.sort();
    gone
}

/// Time for refunds to be made and settled.
async fn carried_out(shop: &LocalShop) {
    shop.settled().await;
    shop.after(RUN).await;
    shop.after(RUN).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_asked_after_again_and_what_came_before_goes_back_with_the_order() {
    let shop = LocalShop::start().await;
    let order = order_with(&shop, 74_99, "USD").await;
    tried_next(&shop, &order, B).await;
    shop.system.payments.deposit(B, 75_00, "USD", "PROCESSING");
    shop.after(RUN).await;
    is(&shop, &order, "PENDING", "FAILED", 0).await;
    // Its callback is lost.
    shop.system.payments.deposit(B, 75_00, "USD", "COMPLETED");
    shop.after(RUN).await;
    is(&shop, &order, "PENDING", "PAID", 0).await;
    assert_eq!(notes(&shop, &order).await.len(), 1, "what came is in its history");
    assert!(gone(&shop).is_empty());

    let answer = cancel(&shop, &order).await.ok();
    assert_eq!(cents(&answer["refund"]["amount"]), 75_00);
    let said = answer["message"].as_str().expect("a sentence");
    assert!(said.ends_with("is cancelled; 149.99 USD go back by MOBILE_MONEY, in 2 refunds."), "{said}");
    carried_out(&shop).await;
    is(&shop, &order, "CANCELLED", "REFUNDED", 149_99).await;
    assert_eq!(gone(&shop), [(order.payment().to_owned(), 74_99), (B.to_owned(), 75_00)]);
    let refunds = shop.refunds_of(order.id).await;
    assert!(refunds.iter().all(|refund| refund["status"] == "COMPLETED"), "{refunds:?}");
    assert!(refunds.iter().any(|refund| refund["notes"] == format!("Gives back the payment {}.", order.payment())));
    shop.assert_no_complaints();
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelled_before_the_other_payment_comes_it_gives_back_what_came_and_then_what_comes() {
    let shop = LocalShop::start().await;
    let order = order_with(&shop, 74_99, "USD").await;
    tried_next(&shop, &order, B).await;
    shop.system.payments.deposit(B, 75_00, "USD", "PROCESSING");
    let answer = cancel(&shop, &order).await.ok();
    assert_eq!((cents(&answer["refund"]["amount"]), &answer["order"]["paymentStatus"]), (74_99, &json!("REFUND_PENDING")));
    carried_out(&shop).await;
    is(&shop, &order, "CANCELLED", "REFUNDED", 74_99).await;
    shop.system.payments.deposit(B, 75_00, "USD", "COMPLETED");
    for _ in 0..3 {
        carried_out(&shop).await;
        assert_eq!(gone(&shop), [(order.payment().to_owned(), 74_99), (B.to_owned(), 75_00)]);
    }
    assert!(shop.refunds_of(order.id).await.iter().all(|refund| refund["status"] == "COMPLETED"));
    shop.assert_no_complaints();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_deposit_that_completes_late_is_known_and_owed() {
    let shop = LocalShop::start().await;
    for amount in [75_00, 80_00] {
        let order = shop.order_at_pawapay("PROCESSING").await;
        let b = format!("f4401bd2-1568-4140-bf2d-{amount:012}");
        shop.system.payments.deposit(&b, 75_00, "USD", "PROCESSING");
        tried_next(&shop, &order, &b).await;
        shop.system.payments.deposit(order.payment(), amount, "USD", "COMPLETED");
        for _ in 0..3 {
            shop.after(RUN).await;
            is(&shop, &order, "PENDING", "FAILED", 0).await;
        }
        let note = format!("{}.00 USD came by {}, which is no longer the order's payment", amount / 100, order.payment());
        assert_eq!(notes(&shop, &order).await, [note]);
        // The shop has money for it, so it waits for staff.
        shop.after(100 * HOUR).await;
        is(&shop, &order, "PENDING", "FAILED", 0).await;
        shop.system.payments.deposit(&b, 75_00, "USD", "COMPLETED");
        shop.after(HOUR).await;
        is(&shop, &order, "PENDING", "PAID", 0).await;
        cancel(&shop, &order).await.ok();
        carried_out(&shop).await;
        is(&shop, &order, "CANCELLED", "REFUNDED", 75_00 + amount).await;
        let of_it: Vec<(String, i64)> =
            gone(&shop).into_iter().filter(|(payment, _)| [order.payment(), b.as_str()].contains(&payment.as_str())).collect();
        assert_eq!(of_it, [(order.payment().to_owned(), amount), (b, 75_00)]);
    }
    shop.assert_no_complaints();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_completes_after_the_order_was_paid_and_cancelled_goes_back_at_once() {
    let shop = LocalShop::start().await;
    let order = shop.order_at_pawapay("PROCESSING").await;
    shop.system.payments.deposit(B, 75_00, "USD", "COMPLETED");
    paid_by(&shop, &order, B).await;
    cancel(&shop, &order).await.ok();
    carried_out(&shop).await;
    is(&shop, &order, "CANCELLED", "REFUNDED", 75_00).await;
    shop.system.payments.deposit(order.payment(), 75_00, "USD", "COMPLETED");
    for _ in 0..3 {
        carried_out(&shop).await;
    }
    assert_eq!(gone(&shop), [(order.payment().to_owned(), 75_00), (B.to_owned(), 75_00)]);
    is(&shop, &order, "CANCELLED", "REFUNDED", 150_00).await;
    shop.assert_no_complaints();
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_twice_each_payment_is_asked_after_and_goes_back_by_itself() {
    let shop = LocalShop::start().await;
    let order = order_with(&shop, 74_99, "USD").await;
    shop.system.payments.deposit(B, 10_00, "USD", "PROCESSING");
    shop.system.payments.deposit(C, 75_00, "USD", "COMPLETED");
    tried_next(&shop, &order, B).await;
    paid_by(&shop, &order, C).await;
    is(&shop, &order, "PENDING", "PAID", 0).await;
    shop.system.payments.deposit(B, 10_00, "USD", "COMPLETED");
    shop.after(RUN).await;
    is(&shop, &order, "PENDING", "PAID", 0).await;
    assert_eq!(notes(&shop, &order).await.len(), 2);
    cancel(&shop, &order).await.ok();
    carried_out(&shop).await;
    is(&shop, &order, "CANCELLED", "REFUNDED", 159_99).await;
    assert_eq!(gone(&shop), [(order.payment().to_owned(), 74_99), (B.to_owned(), 10_00), (C.to_owned(), 75_00)]);
    shop.assert_no_complaints();
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_back_what_came_is_taken_for_the_payment_and_the_other_one_is_owed() {
    let shop = LocalShop::start().await;
    let order = order_with(&shop, 80_00, "USD").await;
    tried_next(&shop, &order, B).await;
    shop.system.payments.deposit(B, 75_00, "USD", "PROCESSING");
    paid_by(&shop, &order, order.payment()).await;
    is(&shop, &order, "PENDING", "PAID", 0).await;
    let part = shop.refunded(&order, Some("5")).await;
    carried_out(&shop).await;
    assert_eq!((part["status"].as_str(), gone(&shop)), (Some("PROCESSING"), vec![(order.payment().to_owned(), 5_00)]));
    shop.system.payments.deposit(B, 75_00, "USD", "COMPLETED");
    shop.after(RUN).await;
    cancel(&shop, &order).await.ok();
    carried_out(&shop).await;
    is(&shop, &order, "CANCELLED", "REFUNDED", 155_00).await;
    assert_eq!(gone(&shop), [(order.payment().to_owned(), 5_00), (order.payment().to_owned(), 75_00), (B.to_owned(), 75_00)]);
    shop.assert_no_complaints();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_and_its_payment_are_one_and_the_same_money() {
    for (first, then) in [("pi_1", "ch_1"), ("ch_1", "pi_1")] {
        let shop = LocalShop::start().await;
        let order = shop.order().with("paymentMethod", json!("CARD")).with("paymentReference", json!(first)).place().await;
        tried_next(&shop, &order, then).await;
        shop.system.payments.card_charge("ch_1", "pi_1", 75_00, "USD");
        for _ in 0..3 {
            shop.after(RUN).await;
            is(&shop, &order, "PENDING", "PAID", 0).await;
        }
        assert_eq!(notes(&shop, &order).await.len(), 0);
        cancel(&shop, &order).await.ok();
        carried_out(&shop).await;
        assert_eq!(gone(&shop), [("pi_1".to_owned(), 75_00)]);
        shop.assert_no_complaints();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_went_back_of_a_payment_is_gone_by_its_charge_s_name_too() {
    let shop = LocalShop::start().await;
    let order = shop.order().with("paymentMethod", json!("CARD")).with("paymentReference", json!("pi_1")).place().await;
    shop.system.payments.card_charge("ch_1", "pi_1", 75_00, "USD");
    let made = shop.system.payments.refund_by_hand("pi_1", 30_00, "succeeded");
    let event = json!({ "id": "evt_1", "type": "refund.created", "data": { "object": shop.system.payments.stripe_object(&made) } });
    shop.stripe_tells(&event).await.ok();
    tried_next(&shop, &order, "ch_1").await;
    shop.after(RUN).await;
    is(&shop, &order, "PENDING", "FAILED", 30_00).await;
    shop.mark_paid(&order).await;
    is(&shop, &order, "PENDING", "PARTIALLY_REFUNDED", 30_00).await;
    shop.stripe_tells(&event).await.ok();
    cancel(&shop, &order).await.ok();
    carried_out(&shop).await;
    is(&shop, &order, "CANCELLED", "REFUNDED", 75_00).await;
    assert_eq!(gone(&shop), [("pi_1".to_owned(), 30_00), ("pi_1".to_owned(), 45_00)]);
    shop.assert_no_complaints();
}

/// An order that staff marked paid by a note of theirs, and whose deposit came after all: it may be the same money.
async fn noted_and_deposited(shop: &LocalShop) -> Placed {
    let order = shop.order_at_pawapay("PROCESSING").await;
    paid_by(shop, &order, "MP-A0773409").await;
    shop.system.payments.deposit(order.payment(), 75_00, "USD", "COMPLETED");
    shop.after(RUN).await;
    order
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_be_the_same_money_by_a_note_of_the_staff_s_is_left_to_them() {
    let shop = LocalShop::start().await;
    let order = noted_and_deposited(&shop).await;
    assert_eq!(notes(&shop, &order).await.len(), 1);
    cancel(&shop, &order).await.ok();
    carried_out(&shop).await;
    let refunds = shop.refunds_of(order.id).await;
    assert_eq!((refunds.len(), gone(&shop).len()), (2, 0));
    assert!(refunds.iter().all(|refund| refund["awaiting"] == "STAFF"), "{refunds:?}");
    // They see that it is, and pay out one.
    let of_deposit =
        refunds.iter().find(|refund| refund["notes"].as_str().is_some_and(|notes| notes.contains("MP-A0773409"))).expect("one");
    for refund in &refunds {
        let status = if refund["id"] == of_deposit["id"] { "FAILED" } else { "COMPLETED" };
        shop.admin().put(&format!("/api/refunds?id={}", refund["id"]), &json!({ "status": status })).await.ok();
    }
    is(&shop, &order, "CANCELLED", "REFUNDED", 75_00).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_is_it_credited_before_they_have_looked() {
    let shop = LocalShop::start().await;
    let order = noted_and_deposited(&shop).await;
    let asked = json!({ "reason": "Too small", "refundMethod": "STORE_CREDIT" });
    shop.customer(CUSTOMER).post(&order.path("cancel"), &asked).await.ok();
    carried_out(&shop).await;
    let credit = async || {
        let ledger = shop.customer(CUSTOMER).get("/api/store-credit").await.ok();
        cents(&ledger["balances"][0]["balance"])
    };
    assert_eq!(credit().await, 75_00, "once for one payment");
    let refunds = shop.refunds_of(order.id).await;
    let left: Vec<&Value> = refunds.iter().filter(|refund| refund["awaiting"] == "STAFF").collect();
    assert_eq!((refunds.len(), left.len()), (2, 1), "{refunds:?}");
    assert!(left[0]["notes"].as_str().is_some_and(|notes| notes.contains("MP-A0773409")), "{left:?}");
    // They see that it is another payment after all.
    shop.admin().put(&format!("/api/refunds?id={}", left[0]["id"]), &json!({ "status": "COMPLETED" })).await.ok();
    assert_eq!(credit().await, 150_00);
    carried_out(&shop).await;
    assert_eq!((credit().await, gone(&shop).len()), (150_00, 0));
    shop.assert_no_complaints();
}

/// How many messages say that money is still owed, by mail or by SMS.
async fn told_of_a_failure(shop: &LocalShop, order: &Placed) -> usize {
    let log = shop.messages_of(order.id).await;
    let says = |message: &Value, field: &str, words: &str| message[field].as_str().is_some_and(|text| text.contains(words));
    let is_one = |message: &&Value| match message["type"].as_str() {
        Some("EMAIL") => says(message, "subject", "Votre remboursement pour la commande"),
        _ => says(message, "content", "n'a pas encore abouti"),
    };
    log.iter().filter(is_one).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_nobody_doubts_and_staff_give_up_is_told_to_be_owed() {
    let shop = LocalShop::start().await;
    let order = shop.order().paid().place().await;
    cancel(&shop, &order).await.ok();
    carried_out(&shop).await;
    let refund = shop.refund_of(&order).await;
    assert_eq!(refund["awaiting"], "STAFF", "{refund}");
    shop.admin().put(&format!("/api/refunds?id={}", refund["id"]), &json!({ "status": "FAILED" })).await.ok();
    carried_out(&shop).await;
    assert_eq!(told_of_a_failure(&shop, &order).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_staff_may_have_given_back_on_pawapay_s_pages_is_not_credited_before_they_have_looked() {
    for since in ["nothing", "another payment", "another one that was tried"] {
        let shop = LocalShop::start().await;
        let order = order_with(&shop, 74_99, "USD").await;
        let own = match since {
            "another payment" => {
                shop.system.payments.deposit(B, 75_00, "USD", "COMPLETED");
                paid_by(&shop, &order, B).await;
                75_00
            }
            "another one that was tried" => {
                tried_next(&shop, &order, B).await;
                0
            }
            _ => 0,
        };
        let given_back = shop.system.payments.refund_by_hand(order.payment(), 74_99, "COMPLETED");
        let asked = json!({ "reason": "Too small", "refundMethod": "STORE_CREDIT" });
        shop.customer(CUSTOMER).post(&order.path("cancel"), &asked).await.ok();
        carried_out(&shop).await;
        let credit = async || {
            let ledger = shop.customer(CUSTOMER).get("/api/store-credit").await.ok();
            ledger["balances"].as_array().expect("a list").iter().map(|balance| cents(&balance["balance"])).sum::<i64>()
        };
        assert_eq!(credit().await, own, "{since}");
        let refunds = shop.refunds_of(order.id).await;
        let left: Vec<&Value> = refunds.iter().filter(|refund| refund["awaiting"] == "STAFF").collect();
        assert_eq!(left.len(), 1, "{refunds:?}");
        assert!(left[0]["notes"].as_str().is_some_and(|notes| notes.contains("given back at PAWAPAY")), "{left:?}");
        assert!(refunds.iter().all(|refund| refund["transactionReference"] != given_back), "nobody tells of it");
        // They see that it was, and that the customer is owed nothing of it.
        shop.admin().put(&format!("/api/refunds?id={}", left[0]["id"]), &json!({ "status": "FAILED" })).await.ok();
        carried_out(&shop).await;
        assert_eq!(credit().await, own);
        assert_eq!(told_of_a_failure(&shop, &order).await, 0, "{since}: who has the money is not told that it is still owed");
        shop.assert_no_complaints();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_of_an_earlier_payment_that_fails_is_owed_again_and_may_be_tried_again() {
    let shop = LocalShop::start().await;
    let order = order_with(&shop, 74_99, "USD").await;
    shop.system.payments.deposit(B, 75_00, "USD", "COMPLETED");
    paid_by(&shop, &order, B).await;
    shop.system.payments.refunds_are(PawaPay, "FAILED");
    cancel(&shop, &order).await.ok();
    carried_out(&shop).await;
    is(&shop, &order, "CANCELLED", "PAID", 0).await;
    shop.system.payments.refunds_are(PawaPay, "COMPLETED");
    for refund in shop.refunds_of(order.id).await {
        assert_eq!(refund["status"], "FAILED");
        for _ in 0..2 {
            let path = format!("/api/refunds?id={}", refund["id"]);
            shop.admin().put(&path, &json!({ "status": "PROCESSING" })).await;
        }
    }
    carried_out(&shop).await;
    is(&shop, &order, "CANCELLED", "REFUNDED", 149_99).await;
    let done: Vec<i64> = shop.made_at(PawaPay).iter().filter(|made| made.status == "COMPLETED").map(|made| made.amount).collect();
    assert_eq!(done.iter().sum::<i64>(), 149_99);
    let all = json!({ "orderId": order.id, "amount": 0.01, "reason": "Torn" });
    shop.admin().post("/api/refunds", &all).await.refused(409, "REFUND_EXCEEDS_PAID");
    shop.assert_no_complaints();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_made_on_stripe_s_pages_of_an_earlier_payment_takes_no_room_of_the_order_s_own() {
    let shop = LocalShop::start().await;
    for payment in ["pi_1", "pi_2"] {
        shop.system.payments.card_payment(payment, 75_00, "USD");
    }
    let order = shop.order().with("paymentMethod", json!("CARD")).with("paymentReference", json!("pi_1")).place().await;
    paid_by(&shop, &order, "pi_2").await;
    shop.after(RUN).await;
    assert_eq!(notes(&shop, &order).await.len(), 1);
    let made = shop.system.payments.refund_by_hand("pi_1", 30_00, "succeeded");
    let event = json!({ "id": "evt_1", "type": "refund.created", "data": { "object": shop.system.payments.stripe_object(&made) } });
    for _ in 0..3 {
        shop.stripe_tells(&event).await.ok();
    }
    is(&shop, &order, "PENDING", "PAID", 30_00).await;
    let recorded: Value = shop.refund_of(&order).await;
    assert_eq!((&recorded["status"], cents(&recorded["amount"])), (&json!("COMPLETED"), 30_00));
    cancel(&shop, &order).await.ok();
    carried_out(&shop).await;
    is(&shop, &order, "CANCELLED", "REFUNDED", 150_00).await;
    assert_eq!(gone(&shop), [("pi_1".to_owned(), 30_00), ("pi_1".to_owned(), 45_00), ("pi_2".to_owned(), 75_00)]);
    assert_eq!(shop.made_at(Stripe).len(), 3);
    shop.assert_no_complaints();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_made_there_before_the_reference_was_changed_stays_with_its_payment() {
    for changed_back in [false, true] {
        let shop = LocalShop::start().await;
        for payment in ["pi_1", "pi_2"] {
            shop.system.payments.card_payment(payment, 75_00, "USD");
        }
        let order = shop.order().with("paymentMethod", json!("CARD")).with("paymentReference", json!("pi_1")).place().await;
        let made = shop.system.payments.refund_by_hand("pi_1", 30_00, "pending");
        let tells = async || {
            let object = shop.system.payments.stripe_object(&made);
            shop.stripe_tells(&json!({ "id": "evt_1", "type": "refund.updated", "data": { "object": object } })).await.ok();
        };
        tells().await;
        tried_next(&shop, &order, "pi_2").await;
        shop.system.payments.move_on(&made, "succeeded", None);
        tells().await;
        if changed_back {
            paid_by(&shop, &order, "pi_1").await;
            is(&shop, &order, "PENDING", "PARTIALLY_REFUNDED", 30_00).await;
        }
        shop.after(RUN).await;
        if !changed_back {
            is(&shop, &order, "PENDING", "PAID", 30_00).await;
        }
        cancel(&shop, &order).await.ok();
        carried_out(&shop).await;
        is(&shop, &order, "CANCELLED", "REFUNDED", 150_00).await;
        assert_eq!(gone(&shop), [("pi_1".to_owned(), 30_00), ("pi_1".to_owned(), 45_00), ("pi_2".to_owned(), 75_00)]);
        shop.assert_no_complaints();
    }
}
