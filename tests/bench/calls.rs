//! What is called: every operation of the API and every worker, in a shop where it has something to do.

use crate::deployed::{Deployed, PUBLIC_URL};
use crate::kit::webhooks::{carrier_headers, stripe_signature};
use crate::kit::{ByHand, CUSTOMER, LocalShop, Placed, back, body, ses_event, shipment_body, twilio_signature};
use aws_lambda_events::event::sqs::SqsEvent;
use domain::actor::Role;
use local::emulators::streams::StreamReader;
use local::system::{CARRIER_WEBHOOK_SECRET, STRIPE_WEBHOOK_SECRET, TWILIO_AUTH_TOKEN};
use serde_json::{Value, json};
use std::cell::Cell;

/// Every call, and the function that answers it.
pub const CALLS: &[(&str, &str)] = &[
    ("place an order of 2 lines", "orders"),
    ("place it with a promotion", "orders"),
    ("get an order", "orders"),
    ("list 50 orders", "orders"),
    ("confirm an order", "orders-status"),
    ("mark an order paid", "orders-payment"),
    ("cancel a paid order of 2 lines", "orders-cancel"),
    ("an order's history", "orders-history"),
    ("a packing slip", "orders-packing-slip"),
    ("refund a part", "refunds"),
    ("get a refund", "refunds"),
    ("settle a refund by hand", "refunds"),
    ("validate a promotion", "promotions-validate"),
    ("make a promotion", "promotions"),
    ("get a promotion", "promotions"),
    ("change a promotion", "promotions"),
    ("end a promotion", "promotions"),
    ("make a shipment", "shipments"),
    ("get a shipment", "shipments"),
    ("mark a shipment delivered", "shipments"),
    ("ask for a return of 2 lines", "returns"),
    ("approve a return", "returns"),
    ("get a return", "returns"),
    ("add a variant", "inventory"),
    ("get a variant", "inventory"),
    ("adjust a stock", "inventory-adjust"),
    ("a stock's history", "inventory-history"),
    ("get store credit", "store-credit"),
    ("redeem store credit", "store-credit-redeem"),
    ("make an e-mail template", "email-templates"),
    ("get an e-mail template", "email-templates"),
    ("change an e-mail template", "email-templates"),
    ("remove an e-mail template", "email-templates"),
    ("preview an e-mail", "email-templates-preview"),
    ("messages of an order", "notifications"),
    ("send a message again", "notifications-resend"),
    ("pawaPay tells of a deposit", "webhooks-pawapay"),
    ("Stripe tells of a payment", "webhooks-stripe"),
    ("DHL tells of a parcel", "webhooks-dhl"),
    ("FedEx tells of a parcel", "webhooks-fedex"),
    ("UPS tells of a parcel", "webhooks-ups"),
    ("Twilio tells of a delivery", "webhooks-twilio"),
    ("SendGrid tells of a delivery", "webhooks-sendgrid"),
    ("SES tells of a delivery", "webhooks-ses"),
    ("health", "health"),
    ("the API's document", "openapi"),
    ("the API's explorer", "docs"),
    ("the explorer's script", "docs"),
    ("an unknown path", "not-found"),
    ("relay an event", "relay"),
    ("log a stock's change", "inventory-log"),
    ("send an e-mail", "send-email"),
    ("send an SMS", "send-sms"),
    ("refund to store credit", "process-refund"),
    ("book a parcel with DHL", "book-shipment"),
    ("look for unpaid orders", "cancel-unpaid-orders"),
    ("look for late returns", "reject-late-returns"),
    ("look for open refunds", "ask-providers"),
    ("look for parcels to follow", "track-shipments"),
];

/// Makes what a call needs.
pub struct Calls<'a> {
    deployed: &'a Deployed,
    shop: &'a LocalShop,
    hands: ByHand,
    codes: Cell<u32>,
}

/// A request, as a client makes it.
struct Request {
    method: &'static str,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl<'a> Calls<'a> {
    pub fn of(deployed: &'a Deployed) -> Self {
        Self { deployed, shop: &deployed.shop, hands: ByHand::of(&deployed.shop), codes: Cell::new(0) }
    }

    /// What Lambda hands the function.
    pub async fn event(&mut self, name: &str) -> Value {
        if let Some(event) = self.job(name).await {
            return event;
        }
        let requests = [self.order(name).await, self.money(name).await, self.goods(name).await, self.told(name).await];
        let request = requests.into_iter().flatten().next();
        request.unwrap_or_else(|| panic!("{name} has no event")).event()
    }

    async fn order(&mut self, name: &str) -> Option<Request> {
        let shop = self.shop;
        Some(match name {
            "place an order of 2 lines" => self.as_role(CUSTOMER, Role::Customer, "POST", "/api/orders", Some(self.wanted().await)),
            "place it with a promotion" => {
                let mut wanted = self.wanted().await;
                wanted["promotionCode"] = self.promotion().await["code"].clone();
                self.as_role(CUSTOMER, Role::Customer, "POST", "/api/orders", Some(wanted))
            }
            "get an order" => self.staff("GET", &format!("/api/orders?id={}", shop.order().lines(2).place().await.id), None),
            "list 50 orders" => {
                for _ in 0..50 {
                    shop.order().lines(2).place().await;
                }
                self.staff("GET", "/api/orders?status=PENDING&limit=50", None)
            }
            "confirm an order" => {
                let body = json!({ "newStatus": "CONFIRMED" });
                self.staff("PUT", &shop.order().lines(2).place().await.path("status"), Some(body))
            }
            "mark an order paid" => {
                let body = json!({ "paymentStatus": "PAID" });
                self.staff("PUT", &shop.order().lines(2).place().await.path("payment"), Some(body))
            }
            "cancel a paid order of 2 lines" => {
                let path = shop.order().lines(2).paid().place().await.path("cancel");
                self.as_role(CUSTOMER, Role::Customer, "POST", &path, Some(json!({ "reason": "Changed my mind" })))
            }
            "an order's history" => self.staff("GET", &shop.order().lines(2).delivered().place().await.path("history"), None),
            "a packing slip" => self.staff("GET", &shop.order().lines(2).paid().place().await.path("packing-slip"), None),
            "messages of an order" => {
                let order = shop.order().place().await;
                self.sent().await;
                self.staff("GET", &format!("/api/notifications?orderId={}", order.id), None)
            }
            "send a message again" => {
                let message = self.message("EMAIL").await;
                self.staff("POST", &format!("/api/notifications/{}/resend", message["id"]), Some(json!({})))
            }
            "health" => nobodys("GET", "/api/health"),
            "the API's document" => nobodys("GET", "/api/openapi.json"),
            "the API's explorer" => nobodys("GET", "/api/docs"),
            "the explorer's script" => nobodys("GET", "/api/docs/swagger-ui-bundle.js"),
            "an unknown path" => nobodys("GET", "/api/nothing"),
            _ => return None,
        })
    }

    async fn money(&mut self, name: &str) -> Option<Request> {
        let shop = self.shop;
        Some(match name {
            "refund a part" => {
                let order = shop.order().lines(2).paid().place().await;
                self.staff("POST", "/api/refunds", Some(json!({ "orderId": order.id, "amount": 10, "reason": "Late" })))
            }
            "get a refund" => {
                let order = shop.order().paid().place().await;
                self.staff("GET", &format!("/api/refunds?id={}", shop.refunded(&order, None).await["id"]), None)
            }
            "settle a refund by hand" => {
                let order = shop.order().lines(2).paid().place().await;
                let cancel = json!({ "reason": "Too big", "refundMethod": "CASH" });
                let cancelled = shop.staff().post(&order.path("cancel"), &cancel).await.ok();
                let path = format!("/api/refunds?id={}", cancelled["refund"]["id"]);
                self.staff("PUT", &path, Some(json!({ "status": "COMPLETED" })))
            }
            "validate a promotion" => {
                let body = json!({ "code": self.promotion().await["code"], "orderTotal": 150.00 });
                self.as_role(CUSTOMER, Role::Customer, "POST", "/api/promotions/validate", Some(body))
            }
            "make a promotion" => self.staff("POST", "/api/promotions", Some(shop.promotion_body(&self.terms()))),
            "get a promotion" => {
                let code = self.promotion().await["code"].clone();
                self.staff("GET", &format!("/api/promotions?code={}", code.as_str()?), None)
            }
            "change a promotion" => {
                let path = format!("/api/promotions?id={}", self.promotion().await["id"]);
                self.staff("PUT", &path, Some(json!({ "usageLimit": 200 })))
            }
            "end a promotion" => self.staff("DELETE", &format!("/api/promotions?id={}", self.promotion().await["id"]), None),
            "ask for a return of 2 lines" => {
                let order = shop.order().lines(2).delivered().place().await;
                let items = [back(order.line(0), 1, "UNOPENED"), back(order.line(1), 1, "DAMAGED")];
                let body = json!({ "orderId": order.id, "reason": "Too big", "items": items });
                self.as_role(CUSTOMER, Role::Customer, "POST", "/api/returns", Some(body))
            }
            "approve a return" => {
                let path = format!("/api/returns?id={}", self.rma().await);
                self.staff("PUT", &path, Some(json!({ "status": "APPROVED" })))
            }
            "get a return" => self.staff("GET", &format!("/api/returns?id={}", self.rma().await), None),
            "get store credit" => {
                self.credit().await;
                self.staff("GET", &format!("/api/store-credit?customerId={CUSTOMER}"), None)
            }
            "redeem store credit" => {
                self.credit().await;
                self.staff("POST", "/api/store-credit/redeem", Some(json!({ "customerId": CUSTOMER, "amount": 1, "note": "At the till" })))
            }
            _ => return None,
        })
    }

    async fn goods(&mut self, name: &str) -> Option<Request> {
        let shop = self.shop;
        Some(match name {
            "make a shipment" => {
                let order = shop.order().through(&["CONFIRMED"]).place().await;
                self.staff("POST", "/api/shipments", Some(shipment_body(order.id, "LOCAL")))
            }
            "get a shipment" => {
                let order = shop.order().through(&["CONFIRMED"]).place().await;
                self.staff("GET", &format!("/api/shipments?id={}", shop.ship(&order, "LOCAL").await["id"]), None)
            }
            "mark a shipment delivered" => {
                let order = shop.order().through(&["CONFIRMED"]).place().await;
                let path = format!("/api/shipments?id={}", shop.ship(&order, "LOCAL").await["id"]);
                self.staff("PUT", &path, Some(json!({ "status": "DELIVERED" })))
            }
            "add a variant" => {
                let variant = json!({ "productId": 9, "sku": format!("BENCH-{}", self.number()), "productName": "Robe", "price": 20.00 });
                self.staff("PUT", "/api/inventory", Some(json!({ "variants": [variant] })))
            }
            "get a variant" => self.staff("GET", &format!("/api/inventory?id={}", shop.variant("75.00", 10).await), None),
            "adjust a stock" => {
                let variant = shop.variant("75.00", 10).await;
                let body = json!({ "variantId": variant, "quantityChange": 1, "reason": "Found", "changeType": "ADJUSTMENT" });
                self.staff("PUT", "/api/inventory/adjust", Some(body))
            }
            "a stock's history" => {
                let variant = shop.variant("75.00", 10).await;
                for _ in 0..5 {
                    let change = json!({ "variantId": variant, "quantityChange": 1, "reason": "Found", "changeType": "ADJUSTMENT" });
                    shop.keeper().put("/api/inventory/adjust", &change).await.ok();
                }
                self.staff("GET", &format!("/api/inventory/{variant}/history"), None)
            }
            "make an e-mail template" => self.staff("POST", "/api/email-templates", Some(self.template())),
            "get an e-mail template" => self.staff("GET", &self.stored_template().await, None),
            "change an e-mail template" => {
                self.staff("PUT", &self.stored_template().await, Some(json!({ "subject": "News for {{firstName}}" })))
            }
            "remove an e-mail template" => self.staff("DELETE", &self.stored_template().await, None),
            "preview an e-mail" => {
                let template = shop.admin().post("/api/email-templates", &self.template()).await.ok();
                let variables = json!({ "firstName": "Grâce" });
                self.staff("POST", "/api/email-templates/preview", Some(json!({ "code": template["code"], "variables": variables })))
            }
            _ => return None,
        })
    }

    /// What others tell, signed by them just now.
    async fn told(&mut self, name: &str) -> Option<Request> {
        let (shop, senders) = (self.shop, &self.deployed.senders);
        let now = shop.system.clock.now().seconds();
        Some(match name {
            "pawaPay tells of a deposit" => {
                let order = shop.order_at_pawapay("COMPLETED").await;
                let body = json!({ "depositId": order.payment(), "status": "COMPLETED" });
                webhook("/api/webhooks/pawapay", &[("content-type", "application/json")], body.to_string())
            }
            "Stripe tells of a payment" => {
                let order = shop.order_at_stripe().await;
                let intent = json!({ "id": order.payment(), "status": "succeeded", "amount_received": 75_00, "currency": "usd" });
                let event = json!({ "id": "evt_1", "type": "payment_intent.succeeded", "data": { "object": intent } }).to_string();
                let signature = stripe_signature(STRIPE_WEBHOOK_SECRET, now, event.as_bytes());
                webhook("/api/webhooks/stripe", &[("stripe-signature", &signature)], event)
            }
            "DHL tells of a parcel" => self.carrier("DHL").await,
            "FedEx tells of a parcel" => self.carrier("FEDEX").await,
            "UPS tells of a parcel" => self.carrier("UPS").await,
            "Twilio tells of a delivery" => {
                let sms = self.message("SMS").await;
                let (path, sid) = (format!("/api/webhooks/twilio?notification={}", sms["id"]), sms["providerId"].as_str()?);
                let form = [("MessageSid", sid), ("MessageStatus", "delivered")];
                let signature = twilio_signature(TWILIO_AUTH_TOKEN, &format!("{PUBLIC_URL}{path}"), &form);
                webhook(&path, &[("x-twilio-signature", &signature)], format!("MessageSid={sid}&MessageStatus=delivered"))
            }
            "SendGrid tells of a delivery" => {
                let email = self.message("EMAIL").await;
                let events =
                    json!([{ "event": "delivered", "sg_message_id": email["providerId"], "notification": email["id"].to_string() }]);
                let delivery = senders.send_grid_signs(now, events.to_string().into_bytes());
                let headers = [
                    ("x-twilio-email-event-webhook-signature", delivery.signature.as_str()),
                    ("x-twilio-email-event-webhook-timestamp", delivery.timestamp.as_str()),
                ];
                webhook("/api/webhooks/sendgrid", &headers, String::from_utf8(delivery.body).expect("JSON"))
            }
            "SES tells of a delivery" => {
                let email = self.message("EMAIL").await;
                let event = ses_event(email["id"].as_u64()?, email["providerId"].as_str()?, "Delivery", json!({}));
                webhook("/api/webhooks/ses", &[], senders.sns_signs(now, &event.to_string()).to_string())
            }
            _ => return None,
        })
    }

    /// What the streams, the queues and the time hand to workers.
    async fn job(&mut self, name: &str) -> Option<Value> {
        let shop = self.shop;
        let jobs = match name {
            "relay an event" => {
                self.hands.relay().await;
                shop.order().lines(2).place().await;
                return Some(serde_json::to_value(self.hands.events().expect("an event")).expect("JSON"));
            }
            "log a stock's change" => {
                let variant = shop.order().place().await.variants[0].to_string();
                let table = "shop-local-inventory";
                let mut stream = StreamReader::new(shop.system.dynamodb.database().clone(), table, Vec::new()).expect("a stream");
                let batch = stream.next_batch(10_000).expect("a batch").expect("changes");
                let records = batch.event.records.into_iter().map(|record| serde_json::to_value(record).expect("JSON"));
                let of_stock = |record: &Value| record["dynamodb"]["Keys"]["pk"]["S"].as_str() == Some(&format!("VARIANT#{variant}"));
                return Some(json!({ "Records": records.filter(of_stock).last().into_iter().collect::<Vec<_>>() }));
            }
            "look for unpaid orders" | "look for late returns" | "look for open refunds" | "look for parcels to follow" => {
                return Some(json!({}));
            }
            "send an e-mail" => {
                self.only(shop.order().lines(2).place()).await;
                self.hands.emails().await
            }
            "send an SMS" => {
                self.only(shop.order().lines(2).place()).await;
                self.hands.sms().await
            }
            "refund to store credit" => {
                self.sent().await;
                let order = shop.order().lines(2).paid().place().await;
                let cancel = json!({ "reason": "Too big", "refundMethod": "STORE_CREDIT" });
                shop.staff().post(&order.path("cancel"), &cancel).await.ok();
                self.hands.relay().await;
                self.hands.refunds().await
            }
            "book a parcel with DHL" => {
                self.sent().await;
                let order = shop.order().through(&["CONFIRMED"]).place().await;
                shop.ship(&order, "DHL").await;
                self.hands.relay().await;
                self.hands.shipments().await
            }
            _ => return None,
        };
        Some(one(jobs))
    }
}

/// What calls need.
impl Calls<'_> {
    async fn wanted(&self) -> Value {
        body(&[(self.shop.variant("20.00", 1_000).await, 1), (self.shop.variant("30.00", 1_000).await, 1)])
    }

    /// One with a limit of its own and of its customers.
    async fn promotion(&self) -> Value {
        self.shop.promotion(self.terms()).await
    }

    fn terms(&self) -> Value {
        json!({ "code": format!("BENCH{}", self.number()), "usageLimit": 100, "perUserLimit": 1 })
    }

    /// Another each time.
    fn number(&self) -> u32 {
        self.codes.update(|number| number + 1);
        self.codes.get()
    }

    fn template(&self) -> Value {
        let html = "<p>{{firstName}}, {{#if reason}}{{reason}}{{else}}welcome{{/if}}</p>";
        json!({ "code": format!("BENCH_{}", self.number()), "name": "Ours", "subject": "Hello", "htmlContent": html })
    }

    /// Where one is.
    async fn stored_template(&self) -> String {
        let template = self.shop.admin().post("/api/email-templates", &self.template()).await.ok();
        format!("/api/email-templates?id={}", template["id"])
    }

    async fn rma(&self) -> u64 {
        let order = self.shop.order().lines(2).delivered().place().await;
        self.shop.rma(&order, 0, 1).await
    }

    async fn credit(&mut self) {
        let order = self.shop.order().paid().place().await;
        let cancel = json!({ "reason": "Too big", "refundMethod": "STORE_CREDIT" });
        self.shop.staff().post(&order.path("cancel"), &cancel).await.ok();
        self.hands.carry_refunds_out().await;
    }

    /// Hands over everything that waits.
    async fn sent(&mut self) {
        self.hands.carry_refunds_out().await;
        loop {
            let (emails, sms, shipments) = (self.hands.emails().await, self.hands.sms().await, self.hands.shipments().await);
            if emails.records.is_empty() && sms.records.is_empty() && shipments.records.is_empty() {
                return;
            }
            self.hands.workers.send_email(emails).await;
            self.hands.workers.send_sms(sms).await;
            self.hands.workers.book_shipment(shipments).await;
        }
    }

    /// Of all that waits in the queues, only what this sets off.
    async fn only(&mut self, what: impl Future<Output = Placed>) {
        self.sent().await;
        what.await;
        self.hands.relay().await;
    }

    /// One that was sent, as the log has it.
    async fn message(&mut self, channel: &str) -> Value {
        let order = self.shop.order().place().await;
        self.sent().await;
        let messages = self.shop.messages_of(order.id).await;
        messages.into_iter().find(|message| message["type"] == channel && !message["providerId"].is_null()).expect("a message")
    }

    /// What a carrier tells of a parcel whose number staff have entered.
    async fn carrier(&mut self, carrier: &str) -> Request {
        let order = self.shop.order().through(&["CONFIRMED"]).place().await;
        let shipment = self.shop.ship(&order, carrier).await;
        let number = json!({ "trackingNumber": format!("{carrier}-{}", order.id) });
        self.shop.change_shipment(&shipment, &number).await.ok();
        let text = number.to_string();
        let (name, value) = carrier_headers(carrier, CARRIER_WEBHOOK_SECRET, text.as_bytes());
        let path = format!("/api/webhooks/{}", carrier.to_lowercase());
        webhook(&path, &[("content-type", "application/json"), (name, &value)], text)
    }

    fn staff(&self, method: &'static str, path: &str, body: Option<Value>) -> Request {
        self.as_role(1, Role::Admin, method, path, body)
    }

    fn as_role(&self, id: u64, role: Role, method: &'static str, path: &str, body: Option<Value>) -> Request {
        let token = self.shop.system.token(id, role);
        let mut headers = vec![("authorization".to_owned(), format!("Bearer {token}"))];
        headers.extend(body.as_ref().map(|_| ("content-type".to_owned(), "application/json".to_owned())));
        Request { method, path: path.to_owned(), headers, body: body.map(|body| body.to_string().into_bytes()) }
    }
}

fn nobodys(method: &'static str, path: &str) -> Request {
    Request { method, path: path.to_owned(), headers: Vec::new(), body: None }
}

fn webhook(path: &str, headers: &[(&str, &str)], body: String) -> Request {
    let headers = headers.iter().map(|(name, value)| (name.to_lowercase(), (*value).to_owned()));
    Request { method: "POST", path: path.to_owned(), headers: headers.collect(), body: Some(body.into_bytes()) }
}

/// A batch of its first job alone.
fn one(mut jobs: SqsEvent) -> Value {
    jobs.records.truncate(1);
    assert_eq!(jobs.records.len(), 1, "no job is in the queue");
    serde_json::to_value(jobs).expect("JSON")
}

impl Request {
    /// As API Gateway hands it over (payload format 2.0).
    fn event(&self) -> Value {
        let (path, query) = self.path.split_once('?').unwrap_or((&self.path, ""));
        let domain = "abcdefghij.execute-api.eu-west-1.amazonaws.com";
        let mut headers: serde_json::Map<String, Value> = self.headers.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
        for (name, value) in [
            ("accept", "application/json"),
            ("accept-encoding", "gzip, deflate, br"),
            ("host", domain),
            ("user-agent", agent),
            ("x-amzn-trace-id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700"),
            ("x-forwarded-for", "203.0.113.7"),
            ("x-forwarded-port", "443"),
            ("x-forwarded-proto", "https"),
        ] {
            headers.insert(name.to_owned(), json!(value));
        }
        let body = self.body.as_ref().map(|body| String::from_utf8_lossy(body).into_owned());
        json!({
            "version": "2.0",
            "routeKey": format!("ANY {path}"),
            "rawPath": path,
            "rawQueryString": query,
            "headers": headers,
            "requestContext": {
                "accountId": "123456789012", "apiId": "abcdefghij", "domainName": domain, "domainPrefix": "abcdefghij",
                "http": { "method": self.method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7", "userAgent": agent },
                "requestId": "JKJaXmPLvHcESHA=", "routeKey": format!("ANY {path}"), "stage": "$default",
                "time": "25/Nov/2026:13:00:00 +0000", "timeEpoch": 1_795_611_600_000_u64,
            },
            "body": body,
            "isBase64Encoded": false,
        })
    }
}
