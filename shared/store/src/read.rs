//! Reading records by key, in one round trip.

use crate::error::StorageError;
use crate::item::{Attributes, record};
use crate::keys::Key;
use crate::pauses::Pauses;
use crate::{Store, Table};
use aws_sdk_dynamodb::types::{KeysAndAttributes, ReturnConsumedCapacity};
use serde::de::DeserializeOwned;
use std::collections::HashMap;

/// DynamoDB's own bound on the keys of one `BatchGetItem`.
const BATCH: usize = 100;

/// Whether a read must see the last write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// It must.
    Consistent,
    /// It may be a moment behind, at half the price: for what decides nothing.
    Eventual,
}

impl Store {
    /// One record, as the last write left it.
    pub(crate) async fn get<T: DeserializeOwned>(&self, table: Table, key: &Key) -> Result<Option<T>, StorageError> {
        self.meter.round_trip();
        let answer = self
            .client
            .get_item()
            .table_name(self.tables.get(table)?)
            .set_key(Some(key.attributes()))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(StorageError::request("GetItem"))?;
        self.meter.read(&answer.consumed_capacity);
        answer.item.map(record).transpose()
    }

    /// Several items, as the last writes left them, in no order; an absent one is not among them.
    pub(crate) async fn batch_get(&self, keys: &[(Table, Key)]) -> Result<HashMap<Key, Attributes>, StorageError> {
        self.batch_get_as(Reading::Consistent, keys).await
    }

    /// Several items, in no order; an absent one is not among them.
    pub(crate) async fn batch_get_as(&self, reading: Reading, keys: &[(Table, Key)]) -> Result<HashMap<Key, Attributes>, StorageError> {
        let consistent = reading == Reading::Consistent;
        let mut found = HashMap::new();
        for chunk in keys.chunks(BATCH) {
            let mut wanted: HashMap<String, KeysAndAttributes> = HashMap::new();
            for table in Table::ALL {
                let of_table: Vec<_> = chunk.iter().filter(|(t, _)| *t == table).map(|(_, key)| key.attributes()).collect();
                if !of_table.is_empty() {
                    let keys = KeysAndAttributes::builder().set_keys(Some(of_table)).consistent_read(consistent).build();
                    let keys = keys.map_err(|error| StorageError::Request { operation: "BatchGetItem", message: error.to_string() })?;
                    wanted.insert(self.tables.get(table)?.to_owned(), keys);
                }
            }
            self.read_all(wanted, &mut found).await?;
        }
        Ok(found)
    }

    /// Asks again for what DynamoDB left unread.
    async fn read_all(
        &self,
        mut wanted: HashMap<String, KeysAndAttributes>,
        found: &mut HashMap<Key, Attributes>,
    ) -> Result<(), StorageError> {
        let mut pauses = Pauses::of_a_partial_read();
        loop {
            self.meter.round_trip();
            let answer = self
                .client
                .batch_get_item()
                .set_request_items(Some(wanted))
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await
                .map_err(StorageError::request("BatchGetItem"))?;
            self.meter.read(answer.consumed_capacity());
            let items = answer.responses.into_iter().flatten().flat_map(|(_, items)| items);
            found.extend(items.filter_map(|item| Some((Key::of(&item)?, item))));
            wanted = answer.unprocessed_keys.unwrap_or_default();
            if wanted.is_empty() {
                return Ok(());
            }
            if !pauses.wait().await {
                return Err(StorageError::Unread(wanted.values().map(|keys| keys.keys().len()).sum()));
            }
        }
    }
}
