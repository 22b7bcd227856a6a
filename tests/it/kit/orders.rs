//! Orders with good defaults.

use super::{CUSTOMER, LocalShop};
use serde_json::{Value, json};

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
    lines: usize,
    quantity: u32,
    stock: i64,
    price: String,
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
        Self { shop, lines: 1, quantity: 1, stock: 10, price: "75.00".to_owned(), paid: false, steps: &[], set: Vec::new() }
    }

    pub fn lines(self, lines: usize) -> Self {
        Self { lines, ..self }
    }

    pub fn quantity(self, quantity: u32) -> Self {
        Self { quantity, ..self }
    }

    pub fn price(self, price: &str) -> Self {
        Self { price: price.to_owned(), ..self }
    }

    pub fn paid(self) -> Self {
        Self { paid: true, ..self }
    }

    /// Statuses it is taken through.
    pub fn through(self, steps: &'static [&'static str]) -> Self {
        Self { steps, ..self }
    }

    pub fn with(mut self, field: &'static str, value: Value) -> Self {
        self.set.push((field, value));
        self
    }

    pub async fn place(self) -> Placed {
        let mut variants = Vec::new();
        for _ in 0..self.lines {
            variants.push(self.shop.variant(&self.price, self.stock).await);
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

impl Placed {
    pub fn path(&self, rest: &str) -> String {
        format!("/api/orders/{}/{rest}", self.id)
    }
}
