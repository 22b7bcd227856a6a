//! What a history has left to be read afterwards, of orders and of stock, held against the model.

use super::Play;
use super::reference::{Moved, STOCK};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use serde_json::Value;
use std::collections::BTreeMap;

/// What of an order a row is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Order,
    Payment,
    Refund(u64),
    Return(String),
}

impl Part {
    /// Nothing where rows of the kind are about what is more than the order's: on its way a parcel has a history of its own.
    fn of(row: &Value) -> Option<Self> {
        let note = row["note"].as_str().unwrap_or_default();
        match row["type"].as_str().expect("a kind") {
            "ORDER_PLACED" | "ORDER_STATUS_CHANGED" | "ORDER_CANCELLED" => Some(Self::Order),
            "PAYMENT_STATUS_CHANGED" | "PAYMENT_MISMATCHED" => Some(Self::Payment),
            "REFUND_CREATED" | "REFUND_STATUS_CHANGED" => {
                let id = note.strip_prefix("Refund ").and_then(|rest| rest.split(' ').next()?.parse().ok());
                Some(Self::Refund(id.unwrap_or_else(|| panic!("no refund is named: {row}"))))
            }
            "RETURN_REQUESTED" | "RETURN_STATUS_CHANGED" => Some(Self::Return(note.split(':').next().unwrap_or_default().to_owned())),
            "SHIPMENT_CREATED" | "SHIPMENT_STATUS_CHANGED" | "SHIPMENT_UPDATED" | "REFUND_UPDATED" | "STORE_CREDIT_REDEEMED" => None,
            kind => panic!("nobody knows {kind}: {row}"),
        }
    }
}

impl Play<'_> {
    /// In the history of each order the steps of everything that has a status follow from one another, from the first one to where
    /// it is.
    pub(super) async fn histories_lead_to_what_is(&self) -> Result<(), TestCaseError> {
        for (at, id) in self.orders.iter().enumerate() {
            let expected = &self.model.orders[at];
            let mut rows = self.shop.staff().every_page(&format!("/api/orders/{id}/history"), 100).await;
            rows.reverse();
            let first = if expected.total == 0 { "PAID" } else { "PENDING" };
            let mut reached = BTreeMap::from([(Part::Payment, first.to_owned())]);
            for row in &rows {
                if let Some(part) = Part::of(row) {
                    let before = reached.get(&part).map(String::as_str);
                    prop_assert_eq!(row["previousStatus"].as_str(), before, "{:?} in {:?}", part, rows);
                    reached.insert(part, row["newStatus"].as_str().expect("a status").to_owned());
                }
            }
            let mut there = BTreeMap::from([(Part::Order, expected.status.to_owned()), (Part::Payment, expected.payment.to_owned())]);
            for (id, refund) in self.refunds.iter().zip(&self.model.refunds).filter(|(_, refund)| refund.order == at) {
                there.insert(Part::Refund(*id), refund.status.to_owned());
            }
            for (id, rma) in self.returns.iter().zip(&self.model.returns).filter(|(_, rma)| rma.order == at) {
                let number = self.shop.return_now(*id).await["rmaNumber"].as_str().expect("a number").to_owned();
                there.insert(Part::Return(number), rma.status.to_owned());
            }
            prop_assert_eq!(reached, there, "{:?}", rows);
            let count = |kind: &str| rows.iter().filter(|row| row["type"] == kind).count();
            prop_assert_eq!(count("SHIPMENT_CREATED"), self.model.parcels.iter().filter(|parcel| parcel.order == at).count());
            prop_assert_eq!(count("STORE_CREDIT_REDEEMED"), expected.times_spent);
        }
        Ok(())
    }

    /// The stock log has each change once, of its kind and its order, and its rows follow from one another, from none to the stock
    /// there is.
    pub(super) async fn the_stock_log_is_complete(&self) -> Result<(), TestCaseError> {
        for (variant, id) in self.variants.iter().enumerate() {
            let mut rows = self.shop.staff().every_page(&format!("/api/inventory/{id}/history"), 100).await;
            rows.reverse();
            let mut stock = 0;
            for row in &rows {
                let change = row["quantityChange"].as_i64().expect("pieces");
                prop_assert_eq!(
                    (row["previousQuantity"].as_i64(), row["newQuantity"].as_i64()),
                    (Some(stock), Some(stock + change)),
                    "{:?}",
                    rows
                );
                stock += change;
            }
            prop_assert_eq!(stock, self.shop.stock(*id).await, "{:?}", rows);
            let row = |row: &Value| {
                let kind = row["changeType"].as_str().expect("a kind").to_owned();
                (kind, row["quantityChange"].as_i64().expect("pieces"), row["orderId"].as_u64())
            };
            let mut logged: Vec<_> = rows.iter().map(row).collect();
            let moved = self.model.moved.iter().filter(|moved| moved.variant == variant);
            let of_it = |moved: &Moved| (moved.kind.to_owned(), moved.change, moved.order.map(|order| self.orders[order]));
            let mut expected: Vec<_> = [("RESTOCK".to_owned(), STOCK, None)].into_iter().chain(moved.map(of_it)).collect();
            prop_assert_eq!(&logged[0], &expected[0]);
            // What a schedule changes in one run is in no order.
            logged.sort();
            expected.sort();
            prop_assert_eq!(logged, expected);
        }
        Ok(())
    }
}
