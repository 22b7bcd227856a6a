//! `GET /api/notifications`, and which event says what to whom.

use crate::kit::{CUSTOMER, LocalShop, Placed, column, keys};
use local::Options;
use serde_json::{Value, json};

/// The subjects of an order's e-mails, oldest first.
fn subjects(log: &[Value]) -> Vec<&str> {
    log.iter().rev().filter(|message| message["type"] == "EMAIL").filter_map(|message| message["subject"].as_str()).collect()
}

fn reachable(locale: &str) -> Value {
    json!({ "firstName": "Grâce", "lastName": "Mbuyi", "email": "grace@example.com", "phone": "00243 81-234-56-78", "locale": locale })
}

fn number(order: &Placed) -> &str {
    order.body["orderNumber"].as_str().expect("a number")
}

#[tokio::test]
async fn a_message_has_every_field_of_the_contract() {
    let shop = LocalShop::start().await;
    let order = shop.order().with("customer", reachable("fr")).place().await;
    shop.settled().await;

    let log = shop.messages_of(order.id).await;
    let (email, sms) = (log.iter().find(|m| m["type"] == "EMAIL").expect("one"), log.iter().find(|m| m["type"] == "SMS").expect("one"));
    let fields = [
        "attempts",
        "content",
        "createdAt",
        "customerId",
        "error",
        "id",
        "orderId",
        "provider",
        "providerId",
        "recipient",
        "resentFrom",
        "sentAt",
        "status",
        "subject",
        "type",
    ];
    assert_eq!((log.len(), keys(email), keys(sms)), (2, fields.to_vec(), fields.to_vec()));
    for (message, provider, recipient) in [(email, "SES", "grace@example.com"), (sms, "TWILIO", "+243812345678")] {
        assert_eq!(
            (&message["status"], &message["provider"], &message["recipient"]),
            (&json!("SENT"), &json!(provider), &json!(recipient))
        );
        assert_eq!((&message["orderId"], &message["customerId"]), (&json!(order.id), &json!(CUSTOMER)));
        assert_eq!((&message["attempts"], &message["error"]), (&json!(1), &Value::Null));
        assert!(message["sentAt"].as_u64() >= message["createdAt"].as_u64(), "{message}");
        assert!(message["content"].as_str().expect("a text").contains(number(&order)), "{message}");
    }
    assert_eq!((&sms["subject"], &email["subject"]), (&Value::Null, &json!(shop.system.outbox.emails()[0].subject)));
    assert_eq!(sms["content"], shop.system.outbox.sms()[0].body);
    assert_eq!(
        (&sms["providerId"], &email["providerId"]),
        (&json!(shop.system.outbox.sms()[0].sid), &json!(shop.system.outbox.emails()[0].id))
    );
    assert_eq!(email["content"].as_str(), shop.system.outbox.emails()[0].html.as_deref());
}

#[tokio::test]
async fn messages_come_from_whom_the_settings_name() {
    let settings = [("EMAIL_FROM", "boutique@shop.example"), ("TWILIO_ACCOUNT_SID", "AC-boutique"), ("TWILIO_FROM", "MLAllure")];
    let variables = settings.map(|(name, value)| (name, value.to_owned())).into();
    let shop = LocalShop::with(Options { variables, ..Options::default() }).await;
    shop.order().with("customer", reachable("fr")).place().await;
    shop.settled().await;

    let (email, sms) = (shop.system.outbox.emails().remove(0), shop.system.outbox.sms().remove(0));
    assert!(email.from.contains("<boutique@shop.example>"), "{}", email.from);
    assert_eq!((sms.account.as_str(), sms.from.as_str()), ("AC-boutique", "MLAllure"));
}

#[tokio::test]
async fn each_step_that_a_customer_should_know_of_is_told_once_in_their_language() {
    let shop = LocalShop::start().await;
    for (locale, placed, confirmed, shipped, delivered) in [
        ("fr", "Nous avons bien reçu votre commande", "est confirmée", "est en route", "livrée"),
        ("en", "We have received your order", "is confirmed", "is on its way", "delivered"),
    ] {
        let steps = &["CONFIRMED", "PROCESSING", "SHIPPED", "DELIVERED"];
        let order = shop.order().with("customer", reachable(locale)).paid().through(steps).place().await;
        shop.settled().await;

        let log = shop.messages_of(order.id).await;
        let told = subjects(&log);
        assert_eq!(told.len(), 4, "{told:?}");
        for (subject, words) in told.iter().zip([placed, confirmed, shipped, delivered]) {
            assert!(subject.contains(words) && subject.contains(number(&order)), "{subject} · {words}");
        }
        let sms = log.iter().filter(|message| message["type"] == "SMS").map(|message| message["content"].as_str().unwrap_or_default());
        assert!(sms.clone().count() == 4 && sms.clone().all(|text| text.contains(number(&order))), "{:?}", sms.collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_cancel_and_what_becomes_of_its_refund_are_told() {
    let shop = LocalShop::start().await;
    let order = shop.order().with("customer", reachable("en")).paid().place().await;
    shop.staff().post(&order.path("cancel"), &json!({ "reason": "Sold out" })).await.ok();
    shop.settled().await;
    let refund = shop.refunds_of(order.id).await[0]["id"].clone();
    for status in ["FAILED", "PROCESSING", "COMPLETED"] {
        shop.admin().put(&format!("/api/refunds?id={refund}"), &json!({ "status": status })).await.ok();
        shop.settled().await;
    }

    let log = shop.messages_of(order.id).await;
    let number = number(&order);
    let cancelled = format!("Your order {number} is cancelled");
    let failed = format!("Your refund for order {number}");
    let told = subjects(&log);
    assert_eq!(told[1..3], [cancelled.as_str(), failed.as_str()]);
    assert!(told.len() == 4 && told[3].starts_with("Your refund of") && told[3].contains("75.00"), "{told:?}");
    assert!(log.iter().all(|message| message["status"] == "SENT" && message["content"].as_str().is_some_and(|text| text.contains(number))));
}

#[tokio::test]
async fn what_a_customer_typed_is_escaped_in_a_mails_html() {
    let shop = LocalShop::start().await;
    let customer =
        json!({ "firstName": "<script>alert(1)<script>", "lastName": "O'Neil & fils", "email": "x@example.com", "locale": "en" });
    shop.order().with("customer", customer).place().await;
    shop.settled().await;

    let email = &shop.system.outbox.emails()[0];
    let html = email.html.as_deref().expect("HTML");
    assert!(!html.contains("<script>") && html.contains("&lt;script&gt;"), "{html}");
}

#[tokio::test]
async fn a_wrong_number_is_logged_as_failed_and_never_tried_again() {
    let shop = LocalShop::start().await;
    let customer = json!({ "firstName": "Ada", "lastName": "Ilunga", "phone": "081 234 56" });
    let order = shop.order().with("customer", customer).place().await;
    shop.settled().await;

    let log = shop.messages_of(order.id).await;
    assert_eq!(log.len(), 1, "{log:?}");
    let sms = &log[0];
    assert_eq!((&sms["status"], &sms["recipient"], &sms["attempts"]), (&json!("FAILED"), &json!("081 234 56"), &json!(0)));
    assert!(sms["error"].as_str().is_some_and(|error| error.contains("E.164")), "{sms}");
    assert_eq!((&sms["sentAt"], &sms["providerId"]), (&Value::Null, &Value::Null));
    shop.after(std::time::Duration::from_hours(24)).await;
    assert_eq!(shop.messages_of(order.id).await, log);
    assert_eq!(shop.system.outbox.requests(local::emulators::outbox::Channel::Sms), 0);
    assert!(shop.system.sqs.queues().iter().all(|queue| queue.messages() == 0));
}

#[tokio::test]
async fn a_wrong_number_is_sent_to_no_more_when_its_message_is_sent_once_more() {
    let shop = LocalShop::start().await;
    let order = shop.order().with("customer", json!({ "firstName": "Ada", "lastName": "Ilunga", "phone": "12" })).place().await;
    shop.settled().await;
    let path = format!("/api/notifications/{}/resend", shop.messages_of(order.id).await[0]["id"]);
    let again = shop.admin().post(&path, &json!({})).await;
    assert_eq!((again.status, &again.body["status"]), (201, &json!("PENDING")), "{}", again.text);
    shop.settled().await;

    let log = shop.messages_of(order.id).await;
    assert_eq!((log.len(), &log[0]["id"]), (2, &again.body["id"]));
    for sms in &log {
        assert_eq!((&sms["status"], &sms["recipient"], &sms["attempts"]), (&json!("FAILED"), &json!("12"), &json!(0)), "{sms}");
        assert!(sms["error"].as_str().is_some_and(|error| error.contains("E.164")), "{sms}");
    }
    assert_eq!(shop.system.outbox.requests(local::emulators::outbox::Channel::Sms), 0);
}

#[tokio::test]
async fn a_confirmed_order_that_is_collected_is_not_there_to_be_collected_yet() {
    let shop = LocalShop::start().await;
    for (locale, prepared, to_come, there) in [
        ("fr", "nous allons la préparer", "Elle sera à retirer dans notre boutique", "Elle est à retirer"),
        ("en", "we will prepare it", "It will be for you to collect in our store", "It is for you to collect"),
    ] {
        let order = shop.order().with("customer", reachable(locale)).with("deliveryMethod", json!("STORE_PICKUP"));
        let order = order.paid().through(&["CONFIRMED"]).place().await;
        shop.settled().await;
        let log = shop.messages_of(order.id).await;
        let is_it =
            |message: &&Value| message["type"] == "EMAIL" && message["subject"].as_str().is_some_and(|text| text.contains("confirm"));
        let page = log.iter().find(is_it).and_then(|mail| mail["content"].as_str()).expect("a page");
        assert!([prepared, to_come].iter().all(|words| page.contains(words)) && !page.contains(there), "{page}");
    }
}

#[tokio::test]
async fn a_number_as_it_is_dialled_at_home_is_sent_to_and_logged_with_its_country() {
    let shop = LocalShop::start().await;
    let customer = json!({ "firstName": "Ada", "lastName": "Ilunga", "phone": "081 234 56 78" });
    let order = shop.order().with("customer", customer).place().await;
    shop.settled().await;

    let log = shop.messages_of(order.id).await;
    assert_eq!((&log[0]["status"], &log[0]["recipient"]), (&json!("SENT"), &json!("+243812345678")));
    assert_eq!(shop.system.outbox.sms()[0].to, "+243812345678");
}

#[tokio::test]
async fn who_has_no_address_gets_no_message() {
    let shop = LocalShop::start().await;
    let order = shop.order().with("customer", json!({ "firstName": "Ada", "lastName": "Ilunga" })).place().await;
    shop.settled().await;
    assert_eq!(shop.messages_of(order.id).await, [Value::Null; 0]);
    assert!(shop.system.outbox.emails().is_empty() && shop.system.outbox.sms().is_empty());
}

#[tokio::test]
async fn the_log_has_its_filters_and_pages() {
    let shop = LocalShop::start().await;
    let bad = json!({ "firstName": "Ada", "lastName": "Ilunga", "phone": "12", "email": "ada@example.com" });
    let first = shop.order().with("customer", reachable("fr")).place().await;
    let second = shop.order().with("customer", bad).with("customerId", json!(CUSTOMER + 1)).through(&["CONFIRMED"]).place().await;
    shop.settled().await;
    let found = async |query: &str| {
        let messages = shop.staff().every_page(&format!("/api/notifications?{query}"), 2).await;
        let ids: Vec<u64> = messages.iter().filter_map(|message| message["id"].as_u64()).collect();
        assert!(ids.is_sorted_by(|a, b| a > b), "{ids:?}");
        let mut told: Vec<String> =
            messages.iter().map(|m| format!("{}:{}", m["customerId"], m["type"].as_str().unwrap_or_default())).collect();
        told.sort_unstable();
        told.join(" ")
    };

    assert_eq!(found("").await, "4001:EMAIL 4001:SMS 4002:EMAIL 4002:EMAIL 4002:SMS 4002:SMS");
    assert_eq!(found(&format!("orderId={}", first.id)).await, "4001:EMAIL 4001:SMS");
    assert_eq!(found("customerId=4002").await, "4002:EMAIL 4002:EMAIL 4002:SMS 4002:SMS");
    assert_eq!(found("status=FAILED").await, "4002:SMS 4002:SMS");
    assert_eq!(found("type=SMS").await, "4001:SMS 4002:SMS 4002:SMS");
    assert_eq!(found("status=SENT&type=SMS").await, "4001:SMS");
    assert_eq!(found(&format!("orderId={}&customerId=4001", second.id)).await, "");
    assert_eq!(found("status=DELIVERED").await, "");
    for (query, code) in [
        ("status=LOST", "INVALID_STATUS"),
        ("type=FAX", "INVALID_TYPE"),
        ("orderId=x", "INVALID_ID"),
        ("customerId=0", "INVALID_ID"),
        ("id=1", "UNKNOWN_PARAMETER"),
        ("type=SMS&type=SMS", "INVALID_TYPE"),
        ("offset=1", "OFFSET_UNSUPPORTED"),
        ("limit=0", "INVALID_LIMIT"),
        ("cursor=x", "INVALID_CURSOR"),
    ] {
        shop.staff().get(&format!("/api/notifications?{query}")).await.refused(400, code);
    }
    let one = shop.staff().get("/api/notifications?limit=1").await;
    assert_eq!(column(&one.body, "customerId").len(), 1);
}

/// `curl -X POST -d ''` says of nothing that it is a form.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_a_body_of_any_type() {
    let shop = LocalShop::start().await;
    let order = shop.order().with("customer", reachable("fr")).place().await;
    shop.settled().await;
    let path = format!("/api/notifications/{}/resend", shop.messages_of(order.id).await[0]["id"]);
    let form = shop.admin().header("content-type", "application/x-www-form-urlencoded");
    let send = async |path: &str, body: &[u8]| form.send(reqwest::Method::POST, path, Some(body.to_vec())).await;
    send(&path, b"note=x").await.refused(415, "UNSUPPORTED_MEDIA_TYPE");
    send(&path, b"{}").await.refused(415, "UNSUPPORTED_MEDIA_TYPE");
    assert_eq!(send(&path, b"").await.status, 201);
    // Where something has to be said, it is missing.
    send("/api/refunds", b"").await.refused(400, "INVALID_JSON");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_sent_once_more_as_one_of_its_own_that_leads_back() {
    let shop = LocalShop::start().await;
    let order = shop.order().with("customer", reachable("fr")).place().await;
    shop.settled().await;
    let log = shop.messages_of(order.id).await;
    for message in &log {
        let path = format!("/api/notifications/{}/resend", message["id"]);
        let keyed = shop.admin().key(&path);
        let again = keyed.send(reqwest::Method::POST, &path, None).await;
        assert_eq!(
            (again.status, &again.body["status"], &again.body["resentFrom"]),
            (201, &json!("PENDING"), &message["id"]),
            "{}",
            again.text
        );
        assert_eq!(keyed.send(reqwest::Method::POST, &path, None).await.text, again.text);
    }
    shop.settled().await;
    let now = shop.messages_of(order.id).await;
    assert_eq!((now.len(), shop.system.outbox.emails().len(), shop.system.outbox.sms().len()), (4, 2, 2));
    assert!(log.iter().all(|message| now.contains(message)), "the old ones stay as they were");
    for message in now.iter().filter(|message| !message["resentFrom"].is_null()) {
        let old = log.iter().find(|old| old["id"] == message["resentFrom"]).expect("the old one");
        for field in ["type", "recipient", "subject", "content", "orderId", "customerId"] {
            assert_eq!(message[field], old[field]);
        }
        assert_eq!((&message["status"], &message["attempts"]), (&json!("SENT"), &json!(1)));
    }
    let emails = shop.system.outbox.emails();
    assert_eq!((&emails[0].html, &emails[0].text), (&emails[1].html, &emails[1].text));
    shop.admin().post("/api/notifications/7/resend", &json!({})).await.refused(404, "NOTIFICATION_NOT_FOUND");
    shop.admin().post("/api/notifications/x/resend", &json!({})).await.refused(400, "INVALID_ID");
    shop.admin().post("/api/notifications/7/resend", &json!({ "to": "x@example.com" })).await.refused(400, "UNKNOWN_FIELD");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_still_waits_to_be_sent_gives_its_place_to_the_one_it_is_sent_again_as() {
    use local::emulators::outbox::{Channel, Fault};
    let shop = LocalShop::start().await;
    let busy = Fault::Refuse { status: 429, code: "TooManyRequestsException".to_owned(), message: "Slower".to_owned() };
    shop.system.outbox.fail_next(Channel::Email, busy);
    shop.system.outbox.fail_next(Channel::Email, Fault::Hang(std::time::Duration::from_millis(20)));
    let customer = json!({ "firstName": "Ada", "lastName": "Ilunga", "email": "ada@example.com" });
    let waiting = shop.order().with("customer", customer.clone()).place().await;
    shop.settled().await;
    let silent = shop.order().with("customer", customer).place().await;
    shop.settled().await;

    let held = shop.messages_of(silent.id).await[0]["id"].clone();
    shop.admin().post(&format!("/api/notifications/{held}/resend"), &json!({})).await.refused(409, "NOTIFICATION_BEING_SENT");
    let old = shop.messages_of(waiting.id).await[0].clone();
    assert_eq!(old["status"], "PENDING");
    let new = shop.admin().post(&format!("/api/notifications/{}/resend", old["id"]), &json!({ "note": "She called" })).await.ok();
    shop.settled().await;
    shop.after(std::time::Duration::from_mins(1)).await;
    let log = shop.messages_of(waiting.id).await;
    assert_eq!((&log[0]["id"], &log[0]["status"]), (&new["id"], &json!("SENT")));
    assert_eq!((&log[1]["id"], &log[1]["status"], &log[1]["attempts"]), (&old["id"], &json!("FAILED"), &json!(1)));
    assert!(log[1]["error"].as_str().is_some_and(|error| error.contains(&new["id"].to_string())), "{log:?}");
    assert_eq!(shop.system.outbox.emails().len(), 1, "one of them alone was sent");
}

#[tokio::test]
async fn a_page_of_large_messages_is_shorter_so_that_it_fits_an_answer_and_none_is_passed_over() {
    let shop = LocalShop::without_pumps().await;
    let html = format!("{}{{{{name}}}}", "<p class=\"line\">a</p>\n".repeat(4_000));
    let template = json!({ "code": "LARGE", "name": "x", "subject": "{{name}}", "htmlContent": html });
    assert_eq!(shop.admin().post("/api/email-templates", &template).await.status, 201);
    for n in 0..40 {
        let body = json!({ "code": "LARGE", "variables": { "name": n.to_string() }, "send": true });
        shop.staff().post("/api/email-templates/preview", &body).await.ok();
    }
    let messages = shop.staff().every_page("/api/notifications", 100).await;
    let listed: Vec<&str> = messages.iter().map(|message| message["subject"].as_str().expect("a subject")).collect();
    let all: Vec<String> = (0..40).rev().map(|n: i32| n.to_string()).collect();
    assert_eq!(listed, all);
}
