//! Orders that were paid at a provider.

use super::{LocalShop, Placed};
use domain::event::RefundJob;
use local::emulators::payments::{Made, Provider, Request};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

impl LocalShop {
    /// An order of 75.00 by card, whose payment Stripe has, and which waits for it to be told.
    pub async fn order_at_stripe(&self) -> Placed {
        let intent = format!("pi_{}", self.next_number());
        self.system.payments.card_payment(&intent, 75_00, "USD");
        self.order().with("paymentMethod", json!("CARD")).with("paymentReference", json!(intent)).place().await
    }

    /// The same, once it is told.
    pub async fn paid_at_stripe(&self) -> Placed {
        let order = self.order_at_stripe().await;
        self.mark_paid(&order).await;
        order
    }

    /// An order of 75.00 by mobile money, whose deposit pawaPay has in this status.
    pub async fn order_at_pawapay(&self, status: &str) -> Placed {
        let deposit = format!("afb57b93-7849-49aa-babb-{:012x}", self.next_number());
        self.system.payments.deposit(&deposit, 75_00, "USD", status);
        self.order().with("paymentReference", json!(deposit)).place().await
    }

    fn next_number(&self) -> u64 {
        1_000 + self.skus.fetch_add(1, Ordering::Relaxed)
    }

    pub async fn mark_paid(&self, order: &Placed) {
        self.staff().put(&order.path("payment"), &json!({ "paymentStatus": "PAID" })).await.ok();
    }

    /// Its only refund.
    pub async fn refund_of(&self, order: &Placed) -> Value {
        let refunds = self.refunds_of(order.id).await;
        assert_eq!(refunds.len(), 1, "{refunds:?}");
        refunds[0].clone()
    }

    /// An admin refunds some or all of it; gives the refund.
    pub async fn refunded(&self, order: &Placed, amount: Option<&str>) -> Value {
        let amount: Option<Value> = amount.map(|amount| serde_json::from_str(amount).expect("a number"));
        let body = json!({ "orderId": order.id, "amount": amount, "reason": "Torn" });
        self.admin().post("/api/refunds", &body).await.ok()
    }

    /// The job that carries a refund out.
    pub fn refund_job(refund: &Value) -> RefundJob {
        RefundJob { id: "one".to_owned(), refund_id: serde_json::from_value(refund["id"].clone()).expect("an id") }
    }

    pub fn made_at(&self, provider: Provider) -> Vec<Made> {
        self.system.payments.refunds().into_iter().filter(|made| made.provider == provider).collect()
    }

    /// The keys that refunds were asked for under, in turn.
    pub fn keys_at(&self, provider: Provider) -> Vec<String> {
        let asked = self.system.payments.requests().into_iter();
        asked.filter(|asked: &Request| asked.provider == provider).filter_map(|asked| asked.key).collect()
    }

    /// What a provider found wrong with our requests.
    pub fn assert_no_complaints(&self) {
        assert_eq!(self.system.payments.complaints(), Vec::<String>::new());
    }
}

impl Placed {
    /// The provider's reference of its payment.
    pub fn payment(&self) -> &str {
        self.body["paymentReference"].as_str().expect("a reference")
    }
}
