//! The suppression list: addresses that nothing is sent to any more, each under its own key beside the notification log.

use crate::commit::{Expression, Writes};
use crate::error::StorageError;
use crate::item::Item;
use crate::keys;
use crate::{Store, Table};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use domain::report::{Address, Suppression};

impl Writes {
    /// Takes an address off the list; nothing happens where it isn't on it.
    #[must_use]
    pub fn lift(self, address: &Address) -> Self {
        self.delete(Table::Messages, keys::suppression(address), Expression::default())
    }
}

impl Store {
    /// Why nothing is sent to an address; nothing where nobody told against it.
    pub async fn suppression(&self, address: &Address) -> Result<Option<Suppression>, StorageError> {
        self.get(Table::Messages, &keys::suppression(address)).await
    }

    /// Puts an address on the list. The first reason stays: it is where whoever wonders begins to look.
    pub async fn suppress(&self, suppression: &Suppression) -> Result<(), StorageError> {
        self.meter.round_trip();
        let put = self
            .client
            .put_item()
            .table_name(self.tables.get(Table::Messages)?)
            .set_item(Some(Item::of(&keys::suppression(&suppression.address), suppression)?.into_attributes()))
            .condition_expression("attribute_not_exists(pk)")
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
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
}
