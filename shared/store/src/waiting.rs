//! Records that wait for something, the longest-waiting first: what a schedule has to look after.

use crate::error::StorageError;
use crate::item::{Attributes, record, text};
use crate::keys::{self, BY_WAIT, Key, WAITS_SINCE};
use crate::{Store, Table};
use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use domain::order::Order;
use domain::refund::Refund;
use domain::returns::Return;
use domain::shipment::Shipment;
use domain::time::Timestamp;
use serde::de::DeserializeOwned;
use std::collections::VecDeque;
use std::marker::PhantomData;

/// Records read in one go.
const PORTION: usize = 25;

/// A walk through the records of a list that have waited since before a point in time, a portion at a time. It takes the
/// list's partitions in turn, so that one that never empties doesn't keep it from the others.
pub struct Waiting<T> {
    table: Table,
    since: Timestamp,
    until: Timestamp,
    /// The partitions that are not at their end, and the key in the index each goes on after.
    partitions: VecDeque<(String, Option<Attributes>)>,
    records: PhantomData<T>,
}

impl<T: DeserializeOwned> Waiting<T> {
    pub(crate) fn new(table: Table, list: &str, until: Timestamp) -> Self {
        Self::between(table, list, Timestamp(0), until)
    }

    /// Those alone that have waited since `since` or later: older ones stay in the list, and are never read.
    pub(crate) fn between(table: Table, list: &str, since: Timestamp, until: Timestamp) -> Self {
        let partitions = keys::shards(list).into_iter().map(|partition| (partition, None)).collect();
        Self { table, since, until, partitions, records: PhantomData }
    }

    /// The next portion; nothing at the end. A record may have stopped waiting since, since the index is a moment behind:
    /// whoever decides on one looks whether it still does.
    ///
    /// # Errors
    /// [`StorageError`] when the table can't be read; asking again goes on at the same place.
    pub async fn next(&mut self, store: &Store) -> Result<Option<Vec<T>>, StorageError> {
        while let Some((partition, start)) = self.partitions.front().cloned() {
            store.meter.round_trip();
            let answer = store
                .client
                .query()
                .table_name(store.tables.get(self.table)?)
                .index_name(BY_WAIT.name)
                .key_condition_expression("#p = :p AND #s BETWEEN :since AND :until")
                .expression_attribute_names("#p", BY_WAIT.partition)
                .expression_attribute_names("#s", WAITS_SINCE)
                .expression_attribute_values(":p", text(&partition))
                .expression_attribute_values(":since", text(keys::since(self.since)))
                .expression_attribute_values(":until", text(keys::since(self.until)))
                .set_exclusive_start_key(start)
                .limit(i32::try_from(PORTION).unwrap_or(i32::MAX))
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await
                .map_err(StorageError::request("Query"))?;
            store.meter.read(&answer.consumed_capacity);
            let wanted: Vec<(Table, Key)> = answer.items().iter().filter_map(Key::of).map(|key| (self.table, key)).collect();
            let found = store.batch_get(&wanted).await?;
            self.partitions.pop_front();
            if let Some(last) = answer.last_evaluated_key {
                self.partitions.push_back((partition, Some(last)));
            }
            if !found.is_empty() {
                return found.into_values().map(record).collect::<Result<_, _>>().map(Some);
            }
        }
        Ok(None)
    }
}

impl Store {
    /// The refunds that have been with their provider since `until` or before.
    #[must_use]
    pub fn refunds_with_provider(&self, until: Timestamp) -> Waiting<Refund> {
        Waiting::new(Table::Orders, keys::WITH_PROVIDER, until)
    }

    /// The parcels of which nothing was heard since `until` or longer.
    #[must_use]
    pub fn unheard_shipments(&self, until: Timestamp) -> Waiting<Shipment> {
        Waiting::new(Table::Orders, keys::UNHEARD, until)
    }

    /// The orders that have waited for their payment since they were placed, at `until` or before.
    #[must_use]
    pub fn unpaid_orders(&self, until: Timestamp) -> Waiting<Order> {
        Waiting::new(Table::Orders, keys::UNPAID, until)
    }

    /// The orders that were cancelled or went out unpaid, between `since` and `until`, and whose provider may have money for them.
    #[must_use]
    pub fn paid_late(&self, since: Timestamp, until: Timestamp) -> Waiting<Order> {
        Waiting::between(Table::Orders, keys::PAID_LATE, since, until)
    }

    /// The returns that have waited for their parcel since they were approved, at `until` or before.
    #[must_use]
    pub fn approved_returns(&self, until: Timestamp) -> Waiting<Return> {
        Waiting::new(Table::Returns, keys::ON_THE_WAY, until)
    }
}
