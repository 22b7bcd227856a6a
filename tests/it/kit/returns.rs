//! Returns, a step at a time.

use super::{Answer, LocalShop, Placed};
use serde_json::{Value, json};

/// Pieces of a line that come back.
pub fn back(line: u64, quantity: u32, condition: &str) -> Value {
    json!({ "orderItemId": line, "quantity": quantity, "condition": condition })
}

impl LocalShop {
    /// Staff ask for it.
    pub async fn ask_back(&self, order: &Placed, items: Value) -> Answer {
        self.staff().post("/api/returns", &json!({ "orderId": order.id, "reason": "Trop petit", "items": items })).await
    }

    /// A return of these pieces, unopened; gives its id.
    pub async fn rma(&self, order: &Placed, line: usize, quantity: u32) -> u64 {
        let asked = self.ask_back(order, json!([back(order.line(line), quantity, "UNOPENED")])).await;
        assert_eq!(asked.status, 201, "{}", asked.text);
        asked.body["return"]["id"].as_u64().expect("an id")
    }

    pub async fn step(&self, rma: u64, body: Value) -> Answer {
        self.staff().put(&format!("/api/returns?id={rma}"), &body).await
    }

    /// Takes it through these statuses; gives the return as it is then.
    pub async fn steps(&self, rma: u64, statuses: &[&str]) -> Value {
        for status in statuses {
            let notes = (*status == "REJECTED").then_some("Porté");
            self.step(rma, json!({ "status": status, "notes": notes })).await.ok();
        }
        self.return_now(rma).await
    }
}
