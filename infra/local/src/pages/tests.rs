use super::*;
use crate::demo;
use crate::emulators::outbox::{Email, Sms};
use crate::system::{Options, System};
use api::clock::Clock;
use axum::body::{Body, to_bytes};
use axum::http::{Request, request};
use domain::shipment::{Label, ShipmentStatus};
use std::time::Duration;
use store::{PageRequest, ReturnFilter, ShipmentFilter};
use tower::ServiceExt;

const HOSTILE: &str = "\"><script>alert('1')</script>&amp;{{shop}}";

struct Shop {
    system: System,
    pages: Router,
}

impl Shop {
    async fn start() -> Self {
        Self::with(Options { pumps: false, ..Options::default() }).await
    }

    async fn with(options: Options) -> Self {
        let mut pages = None;
        let with_pages = |backstage: Backstage| {
            pages = Some(router(backstage, "local-secret-of-at-least-thirty-two-bytes"));
            Router::new()
        };
        let system = System::with_pages(options, with_pages).await.unwrap();
        Self { system, pages: pages.unwrap() }
    }

    /// An e-mail and an SMS that say `what` wherever they can.
    fn sent(&self, what: &str) {
        let text = || what.to_owned();
        let email = Email {
            provider: "SES".to_owned(),
            id: text(),
            sent_at: 1_795_476_600_000,
            from: text(),
            to: vec![text()],
            cc: vec![],
            bcc: vec![],
            reply_to: vec![],
            subject: text(),
            html: Some(format!("<p style=\"color:red\">{what}</p>")),
            text: Some(text()),
            headers: vec![],
            tags: vec![],
        };
        let sms =
            Sms { sid: text(), sent_at: 1_795_476_600_000, account: text(), from: text(), to: text(), body: text(), status_callback: None };
        self.system.outbox.put(email, sms);
    }

    async fn send(&self, request: request::Builder) -> (StatusCode, HeaderMap, String) {
        let answer = self.pages.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        (status, headers, String::from_utf8(to_bytes(answer.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap())
    }

    async fn page(&self, path: &str) -> String {
        let (status, headers, html) = self.send(Request::get(path).header(header::HOST, "localhost:3000")).await;
        assert_eq!(status, StatusCode::OK, "{path}: {html}");
        assert!(headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().starts_with("default-src 'none'"));
        html
    }
}

const PAGES: [&str; 9] = [
    "/_local",
    "/_local/emails/1",
    "/_local/sms",
    "/_local/templates",
    "/_local/templates/RETURN_APPROVED/fr",
    "/_local/parcels",
    "/_local/queues",
    "/_local/payments",
    "/_local/start",
];

#[tokio::test]
async fn nothing_that_was_sent_can_act_on_a_page() {
    let shop = Shop::start().await;
    shop.sent(HOSTILE);
    shop.system.sqs.send("shop-local-email-dead-letters", HOSTILE).unwrap();
    let _refund = shop.system.payments.refund_by_hand(HOSTILE, 1, HOSTILE);
    for path in PAGES {
        let html = shop.page(path).await;
        assert!(!html.contains("<script>"), "{path}");
        assert!(!html.contains("ML Allure&amp;amp;"), "{path}: a value was read as a template");
    }
    let mail = shop.page("/_local/emails/1").await;
    assert!(mail.contains("sandbox=\"\"") && mail.contains("srcdoc=\"&lt;p style"), "{mail}");
    let start = mail.find("srcdoc=\"").unwrap() + 8;
    let inside = &mail[start..start + mail[start..].find('"').unwrap()];
    assert!(inside.ends_with("&lt;/p&gt;"), "the frame's document ends where the mail does: {inside}");
}

#[tokio::test]
async fn an_empty_shop_has_every_page_and_a_call_to_begin_with() {
    let shop = Shop::start().await;
    for path in PAGES.into_iter().filter(|path| !path.contains("emails")) {
        shop.page(path).await;
    }
    assert!(shop.page("/_local/start").await.contains("curl -X PUT http://localhost:3000/api/inventory"));
    for number in ["0", "1", "99999999999999999999", "x"] {
        let answer = shop.send(Request::get(format!("/_local/emails/{number}")).header(header::HOST, "localhost")).await;
        assert!(answer.0.is_client_error(), "{number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parcels_are_listed_with_their_labels_what_carriers_said_and_why_one_is_not_booked() {
    let clock = Clock::behind(Duration::from_hours(24 * u64::from(demo::DAYS)));
    let shop = Shop::with(Options { clock, ..Options::default() }).await;
    demo::make(&shop.system).await.unwrap();
    let page = shop.page("/_local/parcels").await;
    let sections: Vec<&str> = page.split("<section>").skip(1).collect();
    let parcels = shop.system.store().shipments(ShipmentFilter::default(), PageRequest::new(30, None)).await.unwrap().items;
    assert_eq!(sections.len(), parcels.len());
    for (section, parcel) in sections.into_iter().zip(parcels) {
        let number = parcel.tracking_number.as_ref().map_or("without a number", |number| number.as_str());
        assert!(section.contains(&format!("<h2>{} {number} · {}</h2>", parcel.carrier, parcel.status)), "{section}");
        assert!(section.contains(&parcel.order_number) && section.contains(&parcel.recipient_name));
        match &parcel.label {
            Some(Label::Stored(key)) => assert!(section.contains(key.as_str()) && section.contains(">Label</a>"), "{section}"),
            _ => assert!(!section.contains(">Label</a>"), "{section}"),
        }
        assert_eq!(section.matches("<tr><td>").count(), parcel.timeline.len(), "{section}");
        for said in &parcel.timeline {
            for cell in [said.status.map(ShipmentStatus::as_str), said.location.as_deref()].into_iter().flatten() {
                assert!(section.contains(&format!("<td>{cell}</td>")), "{cell}: {section}");
            }
        }
        assert_eq!(section.contains("class=\"bad\""), parcel.failure_reason.is_some(), "{section}");
    }
    assert!(page.contains("<td>D FS Delivered</td>") && page.contains("<td>WC With delivery courier</td>"));
    assert!(page.contains("UPS can&#x27;t take this parcel: it has no weight."), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_template_is_shown_filled_and_the_shops_own_instead_of_the_built_in_one() {
    use domain::message::{Locale, MessageKind};
    let clock = Clock::behind(Duration::from_hours(24 * u64::from(demo::DAYS)));
    let shop = Shop::with(Options { clock, ..Options::default() }).await;
    demo::make(&shop.system).await.unwrap();
    let list = shop.page("/_local/templates").await;
    for kind in MessageKind::ALL {
        for locale in Locale::ALL {
            let path = format!("/_local/templates/{kind}/{locale}");
            assert!(list.contains(&format!("href=\"{path}\"")), "{path}");
            let page = shop.page(&path).await;
            assert!(
                page.contains("srcdoc=\"&lt;!DOCTYPE") && page.contains("MLA-20260114-0007") && !page.contains("class=\"bad\""),
                "{path}"
            );
            let is_own = (*kind, *locale) == (MessageKind::ReturnApproved, Locale::Fr);
            assert_eq!(page.contains(demo::mail::OWN_SENTENCE) && page.contains("own, version 1"), is_own, "{path}");
        }
    }
    for path in ["/_local/templates/NOBODY/fr", "/_local/templates/RETURN_APPROVED/ln", "/_local/templates/%22/fr"] {
        assert_eq!(shop.send(Request::get(path).header(header::HOST, "localhost")).await.0, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_latest_orders_and_returns_are_listed_with_what_became_of_them() {
    let clock = Clock::behind(Duration::from_hours(24 * u64::from(demo::DAYS)));
    let shop = Shop::with(Options { clock, ..Options::default() }).await;
    demo::make(&shop.system).await.unwrap();
    let start = shop.page("/_local/start").await;
    let returns = shop.system.store().returns(ReturnFilter::default(), PageRequest::new(20, None)).await.unwrap().items;
    assert!(!returns.is_empty());
    for rma in returns {
        let row = start.lines().find(|line| line.contains(&rma.rma_number)).unwrap();
        let refund = rma.refund_amount.map(|amount| amount.to_string()).unwrap_or_default();
        for cell in [rma.order_number.as_str(), rma.status.as_str(), &refund] {
            assert!(row.contains(&format!("<td>{cell}</td>")), "{cell} in {row}");
        }
    }
}

#[tokio::test]
async fn only_this_machine_sees_the_pages_and_only_they_move_a_message() {
    let shop = Shop::start().await;
    for host in ["shop.example.com", "localhost.example.com", "127.0.0.1.example.com", "user@localhost:1@example.com"] {
        let (status, _, html) = shop.send(Request::get("/_local/start").header(header::HOST, host)).await;
        assert_eq!((status, html.contains("eyJ")), (StatusCode::FORBIDDEN, false), "{host}");
    }
    shop.system.sqs.send("shop-local-email-dead-letters", "{}").unwrap();
    let redrive = || Request::post("/_local/queues/shop-local-email-dead-letters/redrive").header(header::HOST, "localhost:3000");
    for origin in ["https://example.com", "null", "http://localhost:3001"] {
        assert_eq!(shop.send(redrive().header(header::ORIGIN, origin)).await.0, StatusCode::FORBIDDEN, "{origin}");
    }
    let (status, headers, _) = shop.send(redrive().header(header::ORIGIN, "http://localhost:3000")).await;
    assert_eq!((status, headers[header::LOCATION].to_str().unwrap()), (StatusCode::SEE_OTHER, "/_local/queues"));
    let waiting = shop.system.sqs.queues().into_iter().find(|queue| queue.name == "shop-local-email").unwrap().waiting;
    assert_eq!(waiting, 1);
}

#[tokio::test]
async fn the_state_changes_with_every_message() {
    let shop = Shop::start().await;
    let before = shop.page("/_local/state").await;
    shop.sent("Bonjour");
    assert_ne!(shop.page("/_local/state").await, before);
}
