//! Parcels with good defaults.

use super::{Answer, LocalShop, Placed};
use serde_json::{Value, json};

/// The body of a parcel of all that is left of an order.
pub fn shipment_body(order: u64, carrier: &str) -> Value {
    json!({
        "orderId": order,
        "carrier": carrier,
        "recipientName": "Grâce Mbuyi",
        "recipientPhone": "+243 81 234 56 78",
        "shippingAddress": { "street": "12 avenue de la Paix", "city": "Kinshasa", "country": "RDC" },
        "weight": 1.2,
    })
}

impl LocalShop {
    /// A parcel of all that is left of an order.
    pub async fn ship(&self, order: &Placed, carrier: &str) -> Value {
        self.staff().post("/api/shipments", &shipment_body(order.id, carrier)).await.ok()
    }

    /// A parcel of some pieces of one line of an order.
    pub async fn ship_part(&self, order: &Placed, carrier: &str, line: usize, quantity: u32) -> Answer {
        let mut body = shipment_body(order.id, carrier);
        body["items"] = json!([{ "orderItemId": order.body["items"][line]["id"], "quantity": quantity }]);
        self.staff().post("/api/shipments", &body).await
    }

    pub async fn move_shipment(&self, shipment: &Value, to: &str) -> Answer {
        self.change_shipment(shipment, &json!({ "status": to })).await
    }

    pub async fn change_shipment(&self, shipment: &Value, change: &Value) -> Answer {
        self.staff().put(&format!("/api/shipments?id={}", shipment["id"]), change).await
    }

    pub async fn shipment_now(&self, shipment: &Value) -> Value {
        self.staff().get(&format!("/api/shipments?id={}", shipment["id"])).await.ok()
    }
}
