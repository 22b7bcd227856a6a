//! Items: a record's own attributes, and the keys beside them.

use crate::error::StorageError;
use crate::keys::{BY_END, BY_WAIT, END_KEY, Index, Key, LIST_KEY, WAITS_SINCE};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::time::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;

/// An item as the SDK has it.
pub type Attributes = HashMap<String, AttributeValue>;

/// An item that is being made.
pub struct Item(Attributes);

impl Item {
    /// A record under its key.
    pub fn of<T: Serialize>(key: &Key, record: &T) -> Result<Self, StorageError> {
        let mut attributes: Attributes = serde_dynamo::to_item(record)?;
        attributes.extend(key.attributes());
        Ok(Self(attributes))
    }

    /// In the lists of every index by the id that they sort by.
    pub fn listed(mut self, id: u64) -> Self {
        self.0.insert(LIST_KEY.to_owned(), AttributeValue::S(crate::keys::list_key(id)));
        self
    }

    /// In one partition of an index.
    pub fn under(mut self, index: Index, partition: String) -> Self {
        self.0.insert(index.partition.to_owned(), AttributeValue::S(partition));
        self
    }

    /// Waiting for what the list is of, since a point in time. A record waits for one thing at a time.
    pub fn waiting(mut self, list: &str, id: u64, since: Timestamp) -> Self {
        self = self.under(BY_WAIT, crate::keys::shard(list, id));
        self.0.insert(WAITS_SINCE.to_owned(), text(crate::keys::since(since)));
        self
    }

    /// In one partition of the index by end, at its place there.
    pub fn ending(self, partition: &str, end_key: String) -> Self {
        let mut item = self.under(BY_END, partition.to_owned());
        item.0.insert(END_KEY.to_owned(), AttributeValue::S(end_key));
        item
    }

    /// Gone at this time (epoch seconds).
    pub fn until(mut self, ttl: u64) -> Self {
        self.0.insert("ttl".to_owned(), number(ttl));
        self
    }

    pub fn into_attributes(self) -> Attributes {
        self.0
    }
}

/// A record of an item; keys are passed over.
pub fn record<T: DeserializeOwned>(item: Attributes) -> Result<T, StorageError> {
    Ok(serde_dynamo::from_item(item)?)
}

#[expect(clippy::needless_pass_by_value, reason = "numbers are copied")]
pub fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub fn value<T: Serialize>(value: &T) -> Result<AttributeValue, StorageError> {
    Ok(serde_dynamo::to_attribute_value(value)?)
}
