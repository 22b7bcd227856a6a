//! What providers said of payments that no order had yet: kept until there is one, for shops that can't ask the provider again.

use crate::error::StorageError;
use crate::item::Item;
use crate::{Store, Table, keys};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use domain::order::{Heard, Incoming, PaymentMethod};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Far longer than it takes to place an order that is paid already.
const KEPT_SECONDS: u64 = 30 * 24 * 60 * 60;

#[derive(Serialize, Deserialize)]
struct EarlyRecord {
    heard: Heard,
}

impl Store {
    /// Keeps what was said of a payment. That money has come is never overwritten by another word: the others are older, or mean
    /// an attempt before.
    pub async fn keep_early(&self, method: PaymentMethod, reference: &str, heard: &Heard, now: Timestamp) -> Result<(), StorageError> {
        let key = keys::early_payment(method.reference_space(), reference);
        let item = Item::of(&key, &EarlyRecord { heard: heard.clone() })?.until(now.seconds() + KEPT_SECONDS);
        self.meter.round_trip();
        let put = self
            .client
            .put_item()
            .table_name(self.tables.get(Table::Orders)?)
            .set_item(Some(item.into_attributes()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let put = match heard.payment {
            Incoming::Received(_) => put,
            Incoming::Pending | Incoming::Failed => put.condition_expression("attribute_not_exists(pk)"),
        };
        match put.send().await {
            Ok(done) => {
                self.meter.wrote(&done.consumed_capacity);
                Ok(())
            }
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(_)) => Ok(()),
                _ => Err(StorageError::request("PutItem")(error)),
            },
        }
    }

    /// What was said of a payment before there was its order; nothing where nobody said anything.
    pub async fn heard_early(&self, method: PaymentMethod, reference: &str) -> Result<Option<Heard>, StorageError> {
        let key = keys::early_payment(method.reference_space(), reference);
        Ok(self.get::<EarlyRecord>(Table::Orders, &key).await?.map(|early| early.heard))
    }
}
