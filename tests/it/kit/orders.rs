//! Orders with good defaults.

use super::{CUSTOMER, LocalShop};
use domain::ids::OrderId;
use domain::money::Money;
use domain::order::{Advance, Order, discounted};
use serde_json::{Value, json};
use store::Writes;

/// The body of an order of these lines (variant, quantity).
pub fn body(lines: &[(u64, u32)]) -> Value {
    json!({
        "customerId": CUSTOMER,
        "customer": { "firstName": "Grâce", "lastName": "Mbuyi", "email": "grace@example.com", "phone": "+243 81 234 56 78", "locale": "fr" },
        "items": lines.iter().map(|(variant, quantity)| json!({ "variantId": variant, "quantity": quantity })).collect::<Vec<_>>(),
        "deliveryMethod": "HOME_DELIVERY",
        "deliveryAddress": { "street": "12 avenue de la Paix", "city": "Gombe" },
        "paymentMethod": "MOBILE_MONEY",
        "source": "ONLINE",
    })
}

pub struct OrderBuilder<'a> {
    shop: &'a LocalShop,
    prices: Vec<String>,
    quantity: u32,
    stock: i64,
    off: i64,
    paid: bool,
    steps: &'static [&'static str],
    set: Vec<(&'static str, Value)>,
}

/// An order that was placed.
#[derive(Clone, Debug)]
pub struct Placed {
    pub id: u64,
    pub body: Value,
    pub variants: Vec<u64>,
    /// Of each variant, before the order.
    pub stock_before: i64,
}

impl<'a> OrderBuilder<'a> {
    pub fn new(shop: &'a LocalShop) -> Self {
        Self { shop, prices: vec!["75.00".to_owned()], quantity: 1, stock: 10, off: 0, paid: false, steps: &[], set: Vec::new() }
    }

    pub fn lines(self, lines: usize) -> Self {
        Self { prices: vec![self.prices[0].clone(); lines], ..self }
    }

    pub fn quantity(self, quantity: u32) -> Self {
        Self { quantity, ..self }
    }

    pub fn stock(self, stock: i64) -> Self {
        Self { stock, ..self }
    }

    pub fn price(self, price: &str) -> Self {
        Self { prices: vec![price.to_owned(); self.prices.len()], ..self }
    }

    /// A line for each price.
    pub fn prices(self, prices: &[&str]) -> Self {
        Self { prices: prices.iter().map(|price| (*price).to_owned()).collect(), ..self }
    }

    /// With so many cents taken off its lines.
    pub fn off(self, off: i64) -> Self {
        Self { off, ..self }
    }

    pub fn paid(self) -> Self {
        Self { paid: true, ..self }
    }

    /// Statuses it is taken through.
    pub fn through(self, steps: &'static [&'static str]) -> Self {
        Self { steps, ..self }
    }

    /// Paid, and taken to its customer.
    pub fn delivered(self) -> Self {
        self.paid().through(&["CONFIRMED", "PROCESSING", "SHIPPED", "DELIVERED"])
    }

    pub fn with(mut self, field: &'static str, value: Value) -> Self {
        self.set.push((field, value));
        self
    }

    pub async fn place(self) -> Placed {
        let mut variants = Vec::new();
        for price in &self.prices {
            variants.push(self.shop.variant(price, self.stock).await);
        }
        let lines: Vec<(u64, u32)> = variants.iter().map(|variant| (*variant, self.quantity)).collect();
        let mut body = body(&lines);
        for (field, value) in self.set {
            body[field] = value;
        }
        let placed = self.shop.staff().post("/api/orders", &body).await;
        assert_eq!(placed.status, 201, "{}", placed.text);
        let mut order = placed.body;
        let id = order["id"].as_u64().expect("an id");
        if self.off > 0 {
            take_off(self.shop, id, self.off).await;
            order = self.shop.order_now(id).await;
        }
        if self.paid {
            order = self.shop.staff().put(&format!("/api/orders/{id}/payment"), &json!({ "paymentStatus": "PAID" })).await.ok();
        }
        for step in self.steps {
            let moved = self.shop.staff().put(&format!("/api/orders/{id}/status"), &json!({ "newStatus": step })).await.ok();
            order = moved["order"].clone();
        }
        Placed { id, body: order, variants, stock_before: self.stock }
    }
}

/// Takes a discount off an order's lines, as a promotion does when it is placed.
async fn take_off(shop: &LocalShop, id: u64, cents: i64) {
    let store = shop.system.store();
    let before = store.order(OrderId::new(id).expect("an id")).await.expect("read").expect("an order");
    let discount = Money::usd(cents);
    let order = Order {
        items: discounted(before.items.clone(), discount),
        discount,
        total: before.total.minus(discount).expect("less than all"),
        version: before.version + 1,
        ..before.clone()
    };
    let change = Advance { order, previous: before.status, events: Vec::new() };
    store.commit(Writes::from(&change), None, shop.system.clock.now()).await.expect("written");
}

impl Placed {
    /// The id of a line.
    pub fn line(&self, n: usize) -> u64 {
        self.body["items"][n]["id"].as_u64().expect("a line")
    }

    pub fn path(&self, rest: &str) -> String {
        format!("/api/orders/{}/{rest}", self.id)
    }
}
