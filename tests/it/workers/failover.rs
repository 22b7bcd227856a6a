//! E-mail by the next provider, where the first definitely has not taken it.

use super::providers::{assert_no_job_is_left, message, refuse};
use crate::kit::{LocalShop, MINUTE};
use local::Options;
use local::emulators::outbox::{Channel, Fault};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, TcpStream};

async fn shop_with(order: &str) -> LocalShop {
    let variables = [("EMAIL_PROVIDERS", order.to_owned())].into();
    LocalShop::with(Options { variables, ..Options::default() }).await
}

/// The e-mail of a new order, once all that is due at once is done.
async fn mail_of_an_order(shop: &LocalShop) -> (u64, Value) {
    let customer = json!({ "firstName": "Aline", "lastName": "Kasongo", "email": "aline@example.com" });
    let order = shop.order().with("customer", customer).place().await.id;
    shop.settled().await;
    (order, message(shop, order, Channel::Email).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_first_definitely_does_not_take_the_next_one_sends_and_the_log_says_who() {
    for fault in [refuse(429, "TooManyRequestsException"), refuse(503, "ServiceUnavailable"), refuse(400, "SendingPausedException")] {
        let shop = shop_with("ses,sendgrid").await;
        shop.system.outbox.fail_next(Channel::Email, fault);
        let (_, failed_over) = mail_of_an_order(&shop).await;
        assert_eq!((&failed_over["status"], &failed_over["provider"]), (&json!("SENT"), &json!("SENDGRID")));
        assert_eq!((&failed_over["attempts"], &failed_over["error"]), (&json!(1), &Value::Null));

        let (_, next) = mail_of_an_order(&shop).await;
        assert_eq!((&next["status"], &next["provider"]), (&json!("SENT"), &json!("SES")), "the first is asked first again");
        assert_eq!((shop.system.outbox.requests(Channel::Email), shop.system.outbox.requests(Channel::SendGrid)), (2, 1));
        let sent = shop.system.outbox.emails();
        assert_eq!(sent.iter().map(|email| email.provider.as_str()).collect::<Vec<_>>(), ["SENDGRID", "SES"]);
        assert_no_job_is_left(&shop);
    }
}

/// A port where nobody takes a connection up: its queue is full.
async fn unaccepting() -> (TcpListener, Vec<TcpStream>) {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(([127, 0, 0, 1], 0).into()).expect("a port");
    let listener = socket.listen(1).expect("a listener");
    let (address, mut waiting) = (listener.local_addr().expect("an address"), Vec::new());
    while let Ok(connection) = tokio::time::timeout(Duration::from_millis(300), TcpStream::connect(address)).await {
        waiting.push(connection.expect("a connection"));
    }
    (listener, waiting)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_was_never_reached_has_taken_nothing_whatever_was_in_the_way() {
    let (busy, _waiting) = unaccepting().await;
    let busy = busy.local_addr().expect("an address");
    for address in ["http://127.0.0.1:1", "http://nowhere.invalid", &format!("http://{busy}")] {
        for (order, base_url, other) in [("ses,sendgrid", "SES_BASE_URL", "SENDGRID"), ("sendgrid,ses", "SENDGRID_BASE_URL", "SES")] {
            let variables = [("EMAIL_PROVIDERS", order.to_owned()), (base_url, address.to_owned())].into();
            let shop = LocalShop::with(Options { variables, ..Options::default() }).await;
            let (_, mail) = mail_of_an_order(&shop).await;
            assert_eq!((&mail["status"], &mail["provider"]), (&json!("SENT"), &json!(other)), "{order}, {address}: {mail}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_of_ours_that_is_not_verified_is_no_fault_of_the_message() {
    let shop = shop_with("ses").await;
    let said = "Email address is not verified. The following identities failed the check in region EU-WEST-1: orders@example.com";
    let unverified = Fault::Refuse { status: 400, code: "MessageRejected".to_owned(), message: said.to_owned() };
    shop.system.outbox.fail_next(Channel::Email, unverified);
    let (order, waiting) = mail_of_an_order(&shop).await;
    assert_eq!(waiting["status"], "PENDING", "{waiting}");
    shop.after(MINUTE * 15).await;
    assert_eq!(message(&shop, order, Channel::Email).await["status"], "SENT");
}

#[tokio::test(flavor = "multi_thread")]
async fn sendgrid_gets_what_ses_would_have_got() {
    let (by_ses, by_send_grid) = (shop_with("ses").await, shop_with("sendgrid").await);
    let (_, one) = mail_of_an_order(&by_ses).await;
    let (_, other) = mail_of_an_order(&by_send_grid).await;
    let (ses, send_grid) = (by_ses.system.outbox.emails().remove(0), by_send_grid.system.outbox.emails().remove(0));
    assert_eq!((&ses.from, &ses.to, &ses.reply_to), (&send_grid.from, &send_grid.to, &send_grid.reply_to));
    assert_eq!((ses.html.is_some(), ses.text.is_some()), (send_grid.html.is_some(), send_grid.text.is_some()));
    assert_eq!(send_grid.html.as_deref(), other["content"].as_str());
    for (message, email) in [(one, ses), (other, send_grid)] {
        assert_eq!(email.tags, [("notification".to_owned(), message["id"].to_string())]);
        assert_eq!((message["subject"].as_str(), message["providerId"].as_str()), (Some(email.subject.as_str()), Some(email.id.as_str())));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_says_nothing_may_have_taken_it_so_nobody_else_is_asked() {
    for (fault, arrived) in [(Fault::AcceptThenDrop, 1), (Fault::Hang(Duration::from_millis(20)), 0), (refuse(500, ""), 0)] {
        let shop = shop_with("ses,sendgrid").await;
        shop.system.outbox.fail_next(Channel::Email, fault);
        let (order, unknown) = mail_of_an_order(&shop).await;
        assert_eq!((&unknown["status"], &unknown["provider"]), (&json!("PENDING"), &Value::Null));
        assert!(unknown["error"].as_str().is_some_and(|error| error.starts_with("SES: ")), "{unknown}");
        for _ in 0..7 {
            shop.after(MINUTE * 2).await;
            assert_eq!((shop.system.outbox.emails().len(), shop.system.outbox.requests(Channel::SendGrid)), (arrived, 0));
        }
        shop.after(MINUTE * 2).await;
        let sent = message(&shop, order, Channel::Email).await;
        assert_eq!((&sent["status"], &sent["provider"], &sent["attempts"]), (&json!("SENT"), &json!("SES"), &json!(2)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_of_the_second_is_no_refusal_either_and_what_one_refuses_for_good_no_other_is_asked() {
    let shop = shop_with("ses,sendgrid").await;
    shop.system.outbox.fail_next(Channel::Email, refuse(429, "TooManyRequestsException"));
    shop.system.outbox.fail_next(Channel::SendGrid, Fault::AcceptThenDrop);
    let (order, unknown) = mail_of_an_order(&shop).await;
    assert_eq!(unknown["status"], "PENDING");
    shop.after(MINUTE * 14).await;
    assert_eq!((shop.system.outbox.requests(Channel::Email), shop.system.outbox.requests(Channel::SendGrid)), (1, 1));
    shop.after(MINUTE * 2).await;
    assert_eq!(message(&shop, order, Channel::Email).await["provider"], "SES");

    shop.system.outbox.fail_next(Channel::Email, refuse(400, "MessageRejected"));
    let (_, refused) = mail_of_an_order(&shop).await;
    assert_eq!((&refused["status"], &refused["error"]), (&json!("FAILED"), &json!("SES: Not this one")));
    assert_eq!(shop.system.outbox.requests(Channel::SendGrid), 1);
    assert_no_job_is_left(&shop);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_hour_without_ses_is_none_without_mail_and_an_hour_without_both_loses_nothing() {
    let shop = shop_with("ses,sendgrid").await;
    shop.system.outbox.fail_all(Channel::Email, Some(refuse(503, "ServiceUnavailable")));
    let (_, during) = mail_of_an_order(&shop).await;
    assert_eq!((&during["status"], &during["provider"]), (&json!("SENT"), &json!("SENDGRID")));

    shop.system.outbox.fail_all(Channel::SendGrid, Some(refuse(429, "")));
    let mut orders = Vec::new();
    for _ in 0..6 {
        let (order, waiting) = mail_of_an_order(&shop).await;
        assert_eq!((&waiting["status"], &waiting["provider"]), (&json!("PENDING"), &Value::Null));
        let error = waiting["error"].as_str().expect("both say why");
        assert!(error.contains("SES: ") && error.contains("; SENDGRID: "), "{error}");
        orders.push(order);
        shop.after(MINUTE * 10).await;
    }
    assert_eq!(shop.system.outbox.emails().len(), 1);
    shop.system.outbox.fail_all(Channel::SendGrid, None);
    shop.after(MINUTE * 15).await;
    for order in orders {
        let sent = message(&shop, order, Channel::Email).await;
        assert_eq!((&sent["status"], &sent["provider"], &sent["error"]), (&json!("SENT"), &json!("SENDGRID"), &Value::Null));
    }
    assert_eq!(shop.system.outbox.emails().len(), 7);
    assert_no_job_is_left(&shop);
}
