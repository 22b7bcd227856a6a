//! Whatever anybody sends gets a right answer or a problem that names what is wrong; never a 5xx, never half a change.

use crate::kit::{Answer, CUSTOMER, Caller, LocalShop, Placed, back, body, shipment_body};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const MEGABYTE: usize = 1024 * 1024;

/// A request with a body that would succeed as it is.
pub struct Request {
    method: Method,
    pub path: String,
    pub body: Value,
}

impl Request {
    /// Its endpoint: `PUT /api/inventory`.
    fn name(&self) -> String {
        format!("{} {}", self.method, self.address())
    }

    /// Its path without a query.
    fn address(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }

    /// Whether it goes to this endpoint.
    fn goes_to(&self, method: &str, path: &str) -> bool {
        let (own, parts) = (self.address().split('/'), path.split('/'));
        self.method == method
            && own.clone().count() == parts.clone().count()
            && own.zip(parts).all(|(own, part)| own == part || part.starts_with('{'))
    }
}

/// Records that every writing endpoint can change.
pub struct Target {
    pub shop: LocalShop,
    order: Placed,
    paid: Placed,
    refund: Value,
    message: Value,
    /// An order that is to be sent, and a parcel of some of it.
    shipped: Placed,
    shipment: Value,
    template: Value,
    /// A delivered order, and an approved return of some of it.
    delivered: Placed,
    rma: u64,
    promotion: Value,
}

impl Target {
    pub async fn new() -> Self {
        let shop = LocalShop::start().await;
        let cancelled = shop.order().price("100.00").paid().place().await;
        let cancel = json!({ "reason": "x", "refundMethod": "STORE_CREDIT" });
        let refund = shop.customer(CUSTOMER).post(&cancelled.path("cancel"), &cancel).await.ok()["refund"]["id"].clone();
        shop.settled().await;
        let message = shop.messages_of(cancelled.id).await[0]["id"].clone();
        let shipped = shop.order().quantity(2).through(&["CONFIRMED"]).place().await;
        let shipment = shop.ship_part(&shipped, "LOCAL", 0, 1).await.ok()["id"].clone();
        let paid = shop.order().paid().place().await;
        let order = shop.order().place().await;
        let template = json!({ "code": "HELLO", "name": "x", "subject": "{{a}}", "htmlContent": "<p>{{a}}</p>" });
        let template = shop.admin().post("/api/email-templates", &template).await.ok()["id"].clone();
        let delivered = shop.order().quantity(500).stock(500).delivered().place().await;
        let rma = shop.rma(&delivered, 0, 2).await;
        shop.steps(rma, &["APPROVED"]).await;
        shop.settled().await;
        let promotion = shop.promotion(json!({})).await["id"].clone();
        Self { shop, order, paid, refund, message, shipped, shipment, template, delivered, rma, promotion }
    }

    fn parcel(&self) -> Value {
        let mut parcel = shipment_body(self.shipped.id, "LOCAL");
        parcel["items"] = json!([{ "orderItemId": self.shipped.line(0), "quantity": 1 }]);
        (parcel["service"], parcel["cost"]) = (json!("x"), json!(1));
        parcel
    }

    /// One for each endpoint with a body, in an order in which all of them succeed.
    pub fn requests(&self) -> Vec<Request> {
        let variant = self.order.variants[0];
        let request = |method, path: &str, body| Request { method, path: path.to_owned(), body };
        let mut order = body(&[(variant, 1)]);
        order["deliveryFee"] = json!(1);
        vec![
            request(Method::POST, "/api/orders", order),
            request(Method::PUT, &self.order.path("status"), json!({ "newStatus": "CONFIRMED", "note": "x" })),
            request(Method::PUT, &self.order.path("payment"), json!({ "paymentStatus": "PAID", "reference": "x" })),
            request(Method::POST, &self.order.path("cancel"), json!({ "reason": "x", "refundMethod": "CASH", "notes": "x" })),
            request(Method::PUT, &format!("/api/refunds?id={}", self.refund), json!({ "transactionReference": "x", "notes": "x" })),
            request(
                Method::PUT,
                "/api/inventory",
                json!({ "variants": [{ "id": variant, "price": 75, "stockQuantity": 1, "isActive": true }] }),
            ),
            request(
                Method::PUT,
                "/api/inventory/adjust",
                json!({ "variantId": variant, "quantityChange": 1, "reason": "x", "changeType": "RESTOCK" }),
            ),
            request(
                Method::PUT,
                &format!("/api/shipments?id={}", self.shipment),
                json!({ "trackingNumber": "X-1", "weight": 1, "cost": 1 }),
            ),
            request(Method::POST, "/api/store-credit/redeem", json!({ "customerId": CUSTOMER, "amount": 1, "note": "x" })),
            request(
                Method::POST,
                "/api/email-templates",
                json!({ "code": "OTHER", "name": "x", "subject": "x", "htmlContent": "x", "textContent": "x", "variables": ["x"], "locale": "en" }),
            ),
            request(
                Method::PUT,
                &format!("/api/email-templates?id={}", self.template),
                json!({ "name": "x", "subject": "x", "htmlContent": "x", "textContent": "x", "variables": ["x"], "isActive": true }),
            ),
            request(
                Method::POST,
                "/api/email-templates/preview",
                json!({ "code": "HELLO", "version": 1, "variables": { "a": 1 }, "send": false }),
            ),
            request(
                Method::POST,
                "/api/refunds",
                json!({ "orderId": self.paid.id, "amount": 1, "reason": "x", "refundMethod": "STORE_CREDIT" }),
            ),
            request(
                Method::POST,
                "/api/returns",
                json!({ "orderId": self.delivered.id, "reason": "x", "description": "x", "items": [{
                    "orderItemId": self.delivered.line(0), "quantity": 1, "condition": "UNOPENED", "restockable": true }] }),
            ),
            request(
                Method::PUT,
                &format!("/api/returns?id={}", self.rma),
                json!({ "status": "RECEIVED", "notes": "x", "restockingFee": 1, "returnShippingFee": 1, "items": [{
                    "orderItemId": self.delivered.line(0), "receivedQuantity": 1, "condition": "DAMAGED", "restockable": true }] }),
            ),
            request(
                Method::POST,
                "/api/promotions",
                json!({
                    "code": "NEW", "name": "x", "description": "x", "type": "FIXED_AMOUNT", "value": 1, "minOrderValue": 1, "maxDiscount": 1,
                    "usageLimit": 1, "perUserLimit": 1, "startDate": 1, "endDate": 2, "currency": "USD", "isActive": true,
                }),
            ),
            request(
                Method::PUT,
                &format!("/api/promotions?id={}", self.promotion),
                json!({ "name": "x", "type": "FIXED_AMOUNT", "value": 1, "usageLimit": 1, "startDate": 1, "endDate": 4_102_444_800_000_u64 }),
            ),
            request(
                Method::POST,
                "/api/promotions/validate",
                json!({ "code": "SAVE20", "orderTotal": 1, "customerId": CUSTOMER, "deliveryFee": 1, "currency": "USD" }),
            ),
            request(Method::POST, "/api/shipments", self.parcel()),
            request(Method::POST, &format!("/api/notifications/{}/resend", self.message), json!({ "note": "x", "liftSuppression": false })),
        ]
    }

    pub async fn send(&self, caller: &Caller, request: &Request, body: Vec<u8>) -> Answer {
        caller.send(request.method.clone(), &request.path, Some(body)).await
    }

    /// All that those requests could change.
    pub async fn everything(&self) -> Vec<Value> {
        let mut everything = Vec::new();
        let ledger = "/api/store-credit?customerId=4001";
        let lists = [
            "/api/orders",
            "/api/refunds",
            "/api/returns",
            "/api/shipments",
            "/api/inventory",
            ledger,
            "/api/email-templates",
            "/api/promotions",
            "/api/notifications",
        ];
        for path in lists {
            everything.push(self.shop.admin().get(path).await.ok());
        }
        for order in [&self.order, &self.paid] {
            everything.push(self.shop.admin().get(&order.path("history")).await.ok());
        }
        everything
    }
}

#[tokio::test]
async fn there_is_a_request_for_every_endpoint_with_a_body() {
    let target = Target::new().await;
    let requests = target.requests();
    for (method, path) in target.shop.served().await {
        // Webhooks are read as whoever sends them writes them: tests of their own have theirs.
        let has_body = matches!(method.as_str(), "POST" | "PUT") && !path.starts_with("/api/webhooks/");
        let there = requests.iter().filter(|request| request.goes_to(&method, path)).count();
        assert_eq!(there, usize::from(has_body), "{method} {path}");
    }
}

/// The body with `json` in the place of a pointer's value, as it is written.
fn with_raw(body: &Value, pointer: &str, json: &str) -> Vec<u8> {
    let mut body = body.clone();
    *body.pointer_mut(pointer).expect("a field") = json!("@@");
    body.to_string().replacen("\"@@\"", json, 1).into_bytes()
}

#[tokio::test]
async fn bodies_that_are_no_json_are_refused_everywhere() {
    let target = Target::new().await;
    let before = target.everything().await;
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(10_000), close.repeat(10_000)).into_bytes();
    let bodies: [(&str, Vec<u8>); 16] = [
        ("empty", Vec::new()),
        ("blank", b" \n\t".to_vec()),
        ("not UTF-8", b"{\"reason\":\"\xff\xfe\"}".to_vec()),
        ("UTF-16", "{}".encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("a byte order mark", "\u{feff}{}".as_bytes().to_vec()),
        ("broken off", b"{\"reason\":".to_vec()),
        ("a comma too many", b"{\"reason\":\"x\",}".to_vec()),
        ("single quotes", b"{'reason':'x'}".to_vec()),
        ("two documents", b"{}{}".to_vec()),
        ("NaN", b"{\"amount\":NaN}".to_vec()),
        ("half a pair", br#"{"reason":"\ud800"}"#.to_vec()),
        ("a raw newline", b"{\"reason\":\"a\nb\"}".to_vec()),
        ("a form", b"reason=x".to_vec()),
        ("deep arrays", deep("[", "]")),
        ("deep objects", deep("{\"a\":", "}")),
        ("an array", b"[]".to_vec()),
    ];
    for request in target.requests() {
        // To send a message once more needs no words.
        let may_be_empty = request.address().ends_with("/resend");
        for (what, body) in bodies.iter().filter(|(what, _)| *what != "empty" || !may_be_empty) {
            let answer = target.send(&target.shop.admin(), &request, body.clone()).await;
            assert_eq!((answer.status, answer.code()), (400, "INVALID_JSON"), "{what} to {}: {}", request.path, answer.text);
        }
    }
    assert_eq!(target.everything().await, before);
}

#[tokio::test]
async fn a_megabyte_is_read_and_a_byte_more_is_413() {
    let target = Target::new().await;
    for request in target.requests() {
        // What the request before this one set off would else change things meanwhile.
        target.shop.settled().await;
        let before = target.everything().await;
        let mut body = request.body.to_string().into_bytes();
        body.resize(MEGABYTE + 1, b' ');
        target.send(&target.shop.admin(), &request, body.clone()).await.refused(413, "PAYLOAD_TOO_LARGE");
        assert_eq!(target.everything().await, before, "{}", request.path);
        body.truncate(MEGABYTE);
        let answer = target.send(&target.shop.admin(), &request, body).await;
        assert!((200..300).contains(&answer.status), "{}: {}", request.path, answer.text);
    }
}

#[tokio::test]
async fn what_is_said_of_a_megabyte_of_wrong_fields_fits_into_an_answer() {
    let shop = LocalShop::start().await;
    let many: Vec<String> = (0..90_000).map(|number| format!(r#""x{number:05}":0"#)).collect();
    let quotes = r#"\""#.repeat(500_000);
    let long: Vec<String> = (0..990).map(|number| format!(r#""{number:03}{}":0"#, r#"\""#.repeat(520))).collect();
    // What is sent, how many of it are told, and of how many more it is said.
    let bodies = [
        ("many", many.join(","), 1_000, Some(89_999)),
        ("one", format!(r#""{quotes}":0"#), 1, None),
        ("long", long.join(","), 990, Some(989)),
    ];
    for (sent, fields, told, more) in bodies {
        let body = format!("{{{fields}}}");
        assert!(body.len() > MEGABYTE * 9 / 10 && body.len() <= MEGABYTE, "{}", body.len());
        let answer = shop.admin().send(Method::POST, "/api/notifications/7/resend", Some(body.into_bytes())).await;
        answer.refused(400, "UNKNOWN_FIELD");
        answer.fits(sent);
        let errors = answer.errors();
        assert!(errors.len() == told && errors.iter().all(|(_, code)| *code == "UNKNOWN_FIELD"), "{} of {sent}", errors.len());
        let detail = answer.body["detail"].as_str().expect("a sentence");
        let ends = more.map(|more| format!(" And {more} more."));
        assert!(ends.as_ref().map_or(!detail.contains(" more."), |end| detail.ends_with(end)), "{sent}: {detail}");
    }
}

#[tokio::test]
async fn a_body_that_hides_its_length_is_413_as_well() {
    let target = Target::new().await;
    let mut stream = tokio::net::TcpStream::connect(target.shop.system.url.trim_start_matches("http://")).await.expect("a connection");
    let token = target.shop.system.token(1, domain::actor::Role::Admin);
    let head = format!(
        "PUT /api/inventory HTTP/1.1\r\nhost: shop\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.expect("the head");
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    for _ in 0..MEGABYTE / 0x10000 {
        stream.write_all(chunk.as_bytes()).await.expect("a chunk");
    }
    stream.write_all(b"1\r\n \r\n0\r\n\r\n").await.expect("the end");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("PAYLOAD_TOO_LARGE"), "{answer}");
}

#[tokio::test]
async fn only_json_is_taken() {
    let target = Target::new().await;
    let before = target.everything().await;
    let admin = target.shop.admin();
    for request in target.requests() {
        let body = request.body.to_string().into_bytes();
        for media in ["text/plain", "application/x-www-form-urlencoded", "application/problem+json", "json", "application/jsonp", "", "*/*"]
        {
            let answer = target.send(&admin.clone().header("content-type", media), &request, body.clone()).await;
            assert_eq!((answer.status, answer.code()), (415, "UNSUPPORTED_MEDIA_TYPE"), "{media} to {}", request.path);
        }
        let untyped = target.send(&admin.clone().untyped(), &request, body).await;
        untyped.refused(415, "UNSUPPORTED_MEDIA_TYPE");
    }
    assert_eq!(target.everything().await, before);
    let request = &target.requests()[4];
    for media in ["application/json; charset=utf-8", "Application/JSON", "application/json;charset=UTF-8 "] {
        let answer = target.send(&admin.clone().header("content-type", media), request, request.body.to_string().into_bytes()).await;
        assert_eq!(answer.status, 200, "{media}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_name_that_is_there_twice_is_refused_at_any_depth() {
    let target = Target::new().await;
    let before = target.everything().await;
    for request in target.requests() {
        let text = request.body.to_string();
        let (first, _) = request.body.as_object().expect("an object").iter().next().expect("a field");
        let escaped = format!("\\u{:04x}{}", u32::from(first.as_bytes()[0]), &first[1..]);
        let mut bodies =
            vec![text.replacen('{', &format!("{{\"{first}\":null,"), 1), text.replacen('{', &format!("{{\"{escaped}\":null,"), 1)];
        for (open, name) in [("\"customer\":{", "firstName"), ("[{", "quantity"), ("\"deliveryAddress\":{", "city"), ("[{", "id")] {
            if text.contains(open) && text.contains(&format!("\"{name}\"")) {
                bodies.push(text.replacen(open, &format!("{open}\"{name}\":1,"), 1));
            }
        }
        for body in bodies {
            let answer = target.send(&target.shop.admin(), &request, body.clone().into_bytes()).await;
            assert_eq!((answer.status, answer.code()), (400, "INVALID_JSON"), "{body}: {}", answer.text);
        }
    }
    assert_eq!(target.everything().await, before);
}

#[tokio::test]
async fn a_whole_number_is_the_same_however_it_is_written() {
    let shop = LocalShop::without_pumps().await;
    for greatest in ["9007199254740991", "9007199254740991.0", "9.007199254740991e15"] {
        let body = format!(r#"{{"orderId":{greatest},"reason":"x"}}"#).into_bytes();
        shop.admin().send(Method::POST, "/api/refunds", Some(body)).await.refused(404, "ORDER_NOT_FOUND");
    }
}

#[tokio::test]
async fn a_blank_text_counts_as_left_out_and_a_blank_word_is_wrong() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().paid().place().await;
    let cancel = |field: &str| json!({ "reason": "x", field: " " });
    shop.staff().post(&order.path("cancel"), &cancel("refundMethod")).await.refused(400, "INVALID_METHOD");
    shop.staff().post(&order.path("cancel"), &cancel("notes")).await.ok();
}

#[tokio::test]
async fn numbers_that_make_no_sense_are_refused_where_they_stand() {
    let target = Target::new().await;
    let before = target.everything().await;
    let requests = target.requests();
    let (never, id) =
        (["1e400", "-1e400", "\"1\"", "\" \"", "true", "[]", "{}"], ["-0", "0", "-1", "1.5", "9007199254740992", "1e-1", "1e99999999999"]);
    let amount = ["-1", "-0.01", "0.001", "1e-3", "1000000000000", "1e99999999999"];
    let pieces = ["-0", "0", "-1", "1.5", "9007199254740992"];
    let date = ["-1", "1.5", "9007199254740992"];
    let fields: &[(&str, &str, &[&str])] = &[
        ("POST /api/orders", "/customerId", &id),
        ("POST /api/orders", "/items/0/variantId", &id),
        ("POST /api/orders", "/items/0/quantity", &pieces),
        ("POST /api/orders", "/deliveryFee", &amount),
        ("PUT /api/inventory", "/variants/0/id", &id),
        ("PUT /api/inventory", "/variants/0/price", &amount),
        ("PUT /api/inventory", "/variants/0/stockQuantity", &["-1", "1.5", "9007199254740992"]),
        ("PUT /api/inventory/adjust", "/variantId", &id),
        ("PUT /api/inventory/adjust", "/quantityChange", &["-0", "0", "1.5", "9007199254740992", "1e99999999999"]),
        ("PUT /api/shipments", "/weight", &["0", "-1", "0.0001", "1001", "1e99999999999"]),
        ("PUT /api/shipments", "/cost", &amount),
        ("POST /api/shipments", "/orderId", &id),
        ("POST /api/shipments", "/weight", &["0", "-1", "1001", "1e99999999999"]),
        ("POST /api/shipments", "/cost", &amount),
        ("POST /api/shipments", "/items/0/orderItemId", &id),
        ("POST /api/shipments", "/items/0/quantity", &pieces),
        ("POST /api/refunds", "/orderId", &id),
        ("POST /api/refunds", "/amount", &amount),
        ("POST /api/refunds", "/amount", &["0", "-0", "0.00"]),
        ("POST /api/store-credit/redeem", "/customerId", &id),
        ("POST /api/store-credit/redeem", "/amount", &amount),
        ("POST /api/store-credit/redeem", "/amount", &["0", "-0", "0.00"]),
        ("POST /api/returns", "/orderId", &id),
        ("POST /api/returns", "/items/0/orderItemId", &id),
        ("POST /api/returns", "/items/0/quantity", &pieces),
        ("PUT /api/returns", "/items/0/orderItemId", &id),
        ("PUT /api/returns", "/items/0/receivedQuantity", &["-1", "1.5", "9007199254740992"]),
        ("PUT /api/returns", "/restockingFee", &amount),
        ("PUT /api/returns", "/returnShippingFee", &amount),
        ("POST /api/promotions", "/value", &["-1", "0", "0.001", "1000000000000"]),
        ("POST /api/promotions", "/minOrderValue", &amount),
        ("POST /api/promotions", "/maxDiscount", &["-1", "0", "0.001", "1000000000000"]),
        ("POST /api/promotions", "/usageLimit", &pieces),
        ("POST /api/promotions", "/perUserLimit", &pieces),
        ("POST /api/promotions", "/startDate", &date),
        ("PUT /api/promotions", "/value", &["-1", "0", "0.001", "1000000000000"]),
        ("PUT /api/promotions", "/usageLimit", &pieces),
        ("POST /api/promotions/validate", "/orderTotal", &amount),
        ("POST /api/promotions/validate", "/deliveryFee", &amount),
    ];
    for (name, pointer, numbers) in fields {
        let request = requests.iter().find(|request| request.name() == *name).unwrap_or_else(|| panic!("no {name}"));
        for number in never.iter().chain(*numbers) {
            let answer = target.send(&target.shop.admin(), request, with_raw(&request.body, pointer, number)).await;
            assert_eq!(answer.status, 400, "{number} as {pointer} of {}: {}", request.path, answer.text);
            assert_eq!(answer.errors().iter().map(|(at, _)| *at).collect::<Vec<_>>(), [*pointer], "{number}: {}", answer.text);
        }
    }
    assert_eq!(target.everything().await, before);
}

#[tokio::test]
async fn any_value_in_any_field_gets_an_answer() {
    let target = Target::new().await;
    let long = format!("\"{}\"", "x".repeat(100_000));
    let values = [
        "null",
        "true",
        "[]",
        "[null]",
        "{}",
        "\"\"",
        "\" \"",
        "1e400",
        "-0",
        "1.5",
        "9007199254740993",
        "\"\\u0000\"",
        "\"👗\u{202e}\"",
        "\"'; DROP TABLE orders; --\"",
        "[[[[[[[[1]]]]]]]]",
        "{\"$ne\":null}",
        "{\"__proto__\":{}}",
        &long,
    ];
    for request in target.requests() {
        for field in request.body.as_object().expect("an object").keys() {
            for value in values {
                let answer = target.send(&target.shop.admin(), &request, with_raw(&request.body, &format!("/{field}"), value)).await;
                answer.sane(&format!("{} of {}", field, request.path));
            }
        }
    }
}

#[tokio::test]
async fn ten_thousand_items_are_too_many() {
    let target = Target::new().await;
    let before = target.everything().await;
    let variant = target.order.variants[0];
    let items = vec![json!({ "variantId": variant, "quantity": 1 }); 10_000];
    let mut order = body(&[]);
    order["items"] = json!(items);
    target.shop.staff().post("/api/orders", &order).await.refused(400, "TOO_MANY_ITEMS");
    let variants = vec![json!({ "id": variant, "price": 1 }); 10_000];
    target.shop.keeper().put("/api/inventory", &json!({ "variants": variants })).await.refused(400, "TOO_MANY_ITEMS");
    let items = vec![back(target.delivered.line(0), 1, "UNOPENED"); 10_000];
    target.shop.ask_back(&target.delivered, json!(items)).await.refused(400, "TOO_MANY_ITEMS");
    let counts = vec![json!({ "orderItemId": target.delivered.line(0) }); 10_000];
    target.shop.step(target.rma, json!({ "status": "RECEIVED", "items": counts })).await.refused(400, "TOO_MANY_ITEMS");
    assert_eq!(target.everything().await, before);
}

#[tokio::test]
async fn names_of_every_script_come_back_as_they_were_written() {
    let shop = LocalShop::start().await;
    for (first, last) in
        [("محمد", "بن‌علی"), ("שרה", "כהן"), ("👩🏾‍🦱", "🇨🇩"), ("Zoë", "Nʼ́galula"), ("李", "小龍"), ("\u{202e}gnimoc", "O\"Neil<b>&")]
    {
        let customer = json!({ "firstName": first, "lastName": last, "email": "x@example.com", "phone": "+243812345678", "locale": "fr" });
        let order = shop.order().with("customer", customer.clone()).with("notes", json!(first)).place().await;
        let read = shop.order_now(order.id).await;
        assert_eq!((&read["customer"], &read["notes"]), (&customer, &json!(first)));
    }
    shop.settled().await;
    assert_eq!((shop.system.outbox.emails().len(), shop.system.outbox.sms().len()), (6, 6));
}
