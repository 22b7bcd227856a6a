//! The codes of the demo shop: one for each customer, one for delivery, one that is over, one to come.

use super::DemoError;
use super::client::Client;
use serde_json::json;

const DAY: u64 = 86_400_000;

/// Makes them. `now` is the demo's first day.
pub async fn make(client: &Client, now: u64) -> Result<usize, DemoError> {
    let day = |n: u64| now + n * DAY;
    let promotions = [
        json!({ "code": "BIENVENUE10", "name": "Bienvenue", "description": "10 % sur la première commande, 15 USD au plus", "type": "PERCENTAGE",
            "value": 10, "maxDiscount": 15, "perUserLimit": 1, "startDate": now, "endDate": day(400) }),
        json!({ "code": "LIVRAISON", "name": "Livraison offerte", "description": "Dès 60 USD d’achat", "type": "FREE_SHIPPING", "value": 0,
            "minOrderValue": 60, "usageLimit": 500, "startDate": now, "endDate": day(60) }),
        json!({ "code": "RENTREE25", "name": "Rentrée", "description": "25 USD dès 80 USD d’achat", "type": "FIXED_AMOUNT", "value": 25,
            "minOrderValue": 80, "usageLimit": 100, "startDate": now, "endDate": day(8) }),
        json!({ "code": "FETES20", "name": "Fêtes", "description": "20 % sur tout", "type": "PERCENTAGE", "value": 20, "usageLimit": 5_000,
            "startDate": day(30), "endDate": day(45) }),
    ];
    for promotion in &promotions {
        client.post(&client.admin, "/api/promotions", promotion).await?;
    }
    Ok(promotions.len())
}
