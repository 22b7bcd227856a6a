//! The suppression list: addresses that nothing is sent to any more, each under its own key beside the notification log.

use crate::commit::{Expression, Writes};
use crate::error::StorageError;
use crate::item::{number, text, value};
use crate::keys;
use crate::{Store, Table};
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use domain::delivery_report::{EmailAddress, Suppression};
use domain::notification::KEPT_DAYS;
use domain::time::Timestamp;
use serde::Deserialize;

/// What the list has of an address. One that was taken off it keeps which reports had put it there (`told`), for
/// providers tell the same again for a day, and what was lifted would be undone by it.
#[derive(Deserialize)]
pub(crate) struct Entry {
    /// Nothing for one that was taken off.
    pub suppression: Option<Suppression>,
}

impl Writes {
    /// Takes an address off the list; one that isn't on it stays off. What was told of it is remembered for as long as the
    /// log has the messages that it was told of: a report about any other is no news of this shop's.
    #[must_use]
    pub fn lift(self, address: &EmailAddress, now: Timestamp) -> Self {
        let lifted = Expression::new("SET #ttl = :ttl REMOVE suppression")
            .name("#ttl", "ttl")
            .value(":ttl", number(now.plus_days(KEPT_DAYS).seconds()));
        self.update(Table::Messages, keys::suppression(address), Ok(lifted), None)
    }
}

impl Store {
    /// Why nothing is sent to an address; nothing where nobody told against it.
    pub async fn suppression(&self, address: &EmailAddress) -> Result<Option<Suppression>, StorageError> {
        let entry: Option<Entry> = self.get(Table::Messages, &keys::suppression(address)).await?;
        Ok(entry.and_then(|entry| entry.suppression))
    }

    /// Puts an address on the list, unless the same was told before: what it says has then been heard, and perhaps been
    /// lifted since. The first reason stays: it is where whoever wonders begins to look.
    pub async fn suppress(&self, suppression: &Suppression) -> Result<(), StorageError> {
        let told = format!("{}#{}", suppression.notification_id, suppression.reason);
        let update = self
            .client
            .update_item()
            .table_name(self.tables.get(Table::Messages)?)
            .set_key(Some(keys::suppression(&suppression.address).attributes()))
            .update_expression("SET suppression = if_not_exists(suppression, :suppression) REMOVE #ttl ADD told :tells")
            .condition_expression("attribute_not_exists(told) OR NOT contains(told, :told)")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":suppression", value(suppression)?)
            .expression_attribute_values(":told", text(&told))
            .expression_attribute_values(":tells", AttributeValue::Ss(vec![told]))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        match self.alone(|| update.clone().send()).await {
            Ok(done) => {
                self.meter.wrote(&done.consumed_capacity);
                Ok(())
            }
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(()),
                _ => Err(StorageError::request("UpdateItem")(error)),
            },
        }
    }
}
