//! Counters, for numbers that people read.

use crate::error::StorageError;
use crate::item::number;
use crate::keys::Key;
use crate::{Store, Table};
use aws_sdk_dynamodb::types::{ReturnConsumedCapacity, ReturnValue};

impl Store {
    /// The next number of a counter. One that is then not used is a gap; none is given twice.
    pub(crate) async fn count(&self, table: Table, counter: &Key) -> Result<u64, StorageError> {
        let count = self
            .client
            .update_item()
            .table_name(self.tables.get(table)?)
            .set_key(Some(counter.attributes()))
            .update_expression("ADD #n :one")
            .expression_attribute_names("#n", "n")
            .expression_attribute_values(":one", number(1))
            .return_values(ReturnValue::UpdatedNew)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let answer = self.alone(|| count.clone().send()).await.map_err(StorageError::request("UpdateItem"))?;
        self.meter.wrote(&answer.consumed_capacity);
        let counted = answer.attributes.and_then(|counter| counter.get("n")?.as_n().ok()?.parse().ok());
        counted.ok_or_else(|| StorageError::Item("a counter without a number".to_owned()))
    }
}
