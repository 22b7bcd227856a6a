//! What somebody can try next: a complete call for the shop as it is now.

use crate::demo::people::{ADMIN, FIRST_CUSTOMER, SALES};
use crate::token;
use api::Shop;
use domain::actor::Role;
use domain::ids::CustomerId;
use domain::order::{Order, PaymentStatus};
use store::{OrderFilter, PageRequest, StorageError, VariantFilter};

/// Orders looked at for one that can be cancelled.
const LOOKED_AT: usize = 50;

/// Ready-made tokens.
pub struct Tokens {
    /// Of the demo's first customer.
    pub customer: String,
    /// Of a sales person.
    pub sales: String,
    /// Of an admin.
    pub admin: String,
}

impl Tokens {
    /// Good for thirty days from now.
    #[must_use]
    pub fn new(shop: &Shop, secret: &str) -> Self {
        let of = |id, role| token::of(secret, id, role, shop.clock.now().seconds());
        Self { customer: of(FIRST_CUSTOMER, Role::Customer), sales: of(SALES, Role::SalesStaff), admin: of(ADMIN, Role::Admin) }
    }
}

/// A call, and what it does.
pub struct Try {
    /// A sentence without its full stop.
    pub what: String,
    /// For a shell.
    pub curl: String,
}

/// A cancellation if the first customer has an order that can be cancelled; else an order; else a variant to order.
///
/// # Errors
/// When the tables can't be read.
pub async fn to_try(shop: &Shop, tokens: &Tokens, url: &str) -> Result<Try, StorageError> {
    let customer_id = CustomerId::new(FIRST_CUSTOMER);
    let orders = shop.store.orders(OrderFilter { customer_id, ..OrderFilter::default() }, PageRequest::new(LOOKED_AT, None)).await?;
    let open: Vec<Order> = orders.items.into_iter().filter(|order| order.status.can_be_cancelled()).collect();
    let paid = open.iter().find(|order| order.payment_status == PaymentStatus::Paid);
    if let Some(order) = paid.or(open.first()) {
        let body = match paid {
            Some(_) => r#"{"reason": "Changed my mind", "refundMethod": "STORE_CREDIT"}"#,
            None => r#"{"reason": "Changed my mind"}"#,
        };
        return Ok(Try {
            what: format!("Cancel {}, {} {} for {}", order.order_number, in_words(order), order.total, order.customer.first_name),
            curl: curl("POST", &format!("{url}/api/orders/{}/cancel", order.id), &tokens.customer, body),
        });
    }
    let filter = VariantFilter { is_active: Some(true), ..VariantFilter::default() };
    let variants = shop.store.variants(filter, PageRequest::new(LOOKED_AT, None)).await?;
    if let Some(variant) = variants.items.iter().find(|variant| variant.stock_quantity > 0) {
        let body = format!(
            r#"{{"customer": {{"firstName": "Grace", "lastName": "Mbuyi", "email": "grace.mbuyi@example.com", "phone": "+243815550112"}}, "items": [{{"variantId": {}, "quantity": 1}}], "deliveryMethod": "STORE_PICKUP", "paymentMethod": "MOBILE_MONEY", "source": "ONLINE", "currency": "{}"}}"#,
            variant.id, variant.price.currency
        );
        return Ok(Try {
            what: format!("Order a piece of {}", variant.sku),
            curl: curl("POST", &format!("{url}/api/orders"), &tokens.customer, &body),
        });
    }
    let body = r#"{"variants": [{"productId": 1, "sku": "ROB-MAL-IND-M", "productName": "Robe Malaika en wax", "size": "M", "color": "Bleu indigo", "price": 65.00, "stockQuantity": 10}]}"#;
    Ok(Try { what: "Create a first variant".to_owned(), curl: curl("PUT", &format!("{url}/api/inventory"), &tokens.admin, body) })
}

fn in_words(order: &Order) -> &'static str {
    if order.payment_status == PaymentStatus::Paid { "paid:" } else { "not paid yet:" }
}

/// The bodies have no single quote in them.
fn curl(method: &str, url: &str, token: &str, body: &str) -> String {
    format!("curl -X {method} {url} \\\n  -H 'Authorization: Bearer {token}' \\\n  -H 'Content-Type: application/json' \\\n  -d '{body}'")
}
