//! Lists, newest first: ids from an index or a partition, records by key.

use crate::error::StorageError;
use crate::item::{Attributes, record, text};
use crate::keys::{Index, Key, LIST_KEY, list_key};
use crate::{Store, Table};
use aws_sdk_dynamodb::types::{ReturnConsumedCapacity, Select};
use serde::de::DeserializeOwned;
use std::collections::HashMap;

/// How often one page may look further when a filter without an index passes records over.
const ROUNDS: usize = 4;

/// Which part of a list.
#[derive(Clone, Copy, Debug)]
pub struct PageRequest {
    /// Records wanted, 1 to 100.
    pub limit: usize,
    /// Only what comes after this position (older, so smaller).
    pub before: Option<u64>,
    /// Only ids in this range.
    pub within: (u64, u64),
}

impl PageRequest {
    /// The newest `limit` after a position.
    #[must_use]
    pub const fn new(limit: usize, before: Option<u64>) -> Self {
        Self { limit, before, within: (0, u64::MAX) }
    }
}

/// A part of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// Newest first.
    pub items: Vec<T>,
    /// The position the next page starts after; nothing at the end.
    pub next: Option<u64>,
}

/// The most bytes of records on one page: what an answer of a function may hold is 6 MB, and a character may come to four
/// bytes there, as JSON within JSON.
const PAGE_BYTES: usize = 1024 * 1024;

impl<T: DeserializeOwned> Page<T> {
    /// A page of what a collection has: its newest items, and whether there may be more.
    pub(crate) fn of((items, more): (Vec<Attributes>, bool), position: impl Fn(&T) -> u64) -> Result<Self, StorageError> {
        let items = items.into_iter().map(record).collect::<Result<Vec<T>, _>>()?;
        let next = items.last().filter(|_| more).map(position);
        Ok(Self { items, next })
    }
}

impl<T> Page<T> {
    /// As much of the page as has [`PAGE_BYTES`], counted before it is an answer, one record at the least; the next page goes on from
    /// there.
    pub(crate) fn cut_short(mut self, bytes: impl Fn(&T) -> usize, position: impl Fn(&T) -> u64) -> Self {
        let mut sum = 0;
        let kept = self.items.iter().take_while(|item| {
            sum += bytes(item);
            sum <= PAGE_BYTES
        });
        let kept = kept.count().max(1);
        if kept < self.items.len() {
            self.items.truncate(kept);
            self.next = self.items.last().map(position);
        }
        self
    }
}

impl Store {
    /// A page of the records that stand in these partitions of an index and that `keep` keeps.
    ///
    /// Ids are unique over the partitions and sort by time, so merging them needs no more than the last one seen.
    pub(crate) async fn list<T: DeserializeOwned>(
        &self,
        table: Table,
        index: Index,
        partitions: &[String],
        page: PageRequest,
        keep: impl Fn(&T) -> bool,
    ) -> Result<Page<T>, StorageError> {
        self.list_read(table, index, partitions, page, |_, item| Ok(Some(record(item)?).filter(&keep))).await
    }

    /// The same of what `read` makes of each item; nothing for one that is passed over.
    pub(crate) async fn list_read<T>(
        &self,
        table: Table,
        index: Index,
        partitions: &[String],
        page: PageRequest,
        read: impl Fn(Key, Attributes) -> Result<Option<T>, StorageError>,
    ) -> Result<Page<T>, StorageError> {
        let mut items = Vec::new();
        let mut before = page.before;
        for _ in 0..ROUNDS {
            let mut keys = self.newest_keys(table, index, partitions, before, page).await?;
            let more = keys.len() > page.limit;
            keys.truncate(page.limit);
            let wanted: Vec<(Table, Key)> = keys.iter().map(|(_, key)| (table, key.clone())).collect();
            let mut records = self.batch_get(&wanted).await?;
            let last = keys.len().saturating_sub(1);
            for (place, (id, key)) in keys.into_iter().enumerate() {
                before = Some(id);
                if let Some(item) = records.remove(&key) {
                    items.extend(read(key, item)?);
                }
                if items.len() == page.limit {
                    let next = (more || place < last).then_some(id);
                    return Ok(Page { items, next });
                }
            }
            if !more {
                return Ok(Page { items, next: None });
            }
        }
        Ok(Page { items, next: before })
    }

    /// One more key than the page wants, newest first, over all partitions.
    async fn newest_keys(
        &self,
        table: Table,
        index: Index,
        partitions: &[String],
        before: Option<u64>,
        page: PageRequest,
    ) -> Result<Vec<(u64, Key)>, StorageError> {
        let (from, to) = page.within;
        let to = before.map_or(to, |before| to.min(before.saturating_sub(1)));
        if before == Some(0) || from > to {
            return Ok(Vec::new());
        }
        self.meter.round_trip();
        let mut queries = tokio::task::JoinSet::new();
        for partition in partitions {
            let query = self
                .client
                .query()
                .table_name(self.tables.get(table)?)
                .index_name(index.name)
                .key_condition_expression("#p = :p AND #s BETWEEN :from AND :to")
                .expression_attribute_names("#p", index.partition)
                .expression_attribute_names("#s", LIST_KEY)
                .expression_attribute_values(":p", text(partition))
                .expression_attribute_values(":from", text(list_key(from)))
                .expression_attribute_values(":to", text(list_key(to.min(domain::ids::MAX_ID))))
                .scan_index_forward(false)
                .limit(i32::try_from(page.limit + 1).unwrap_or(i32::MAX))
                .return_consumed_capacity(ReturnConsumedCapacity::Total);
            queries.spawn(xray::carried(query.send()));
        }
        let mut keys = Vec::new();
        while let Some(answer) = queries.join_next().await {
            let answer = answer.map_err(|_| StorageError::Request { operation: "Query", message: "its task was lost".to_owned() })?;
            let answer = answer.map_err(StorageError::request("Query"))?;
            self.meter.read(&answer.consumed_capacity);
            keys.extend(answer.items.into_iter().flatten().filter_map(|item| Some((position(&item)?, Key::of(&item)?))));
        }
        keys.sort_by(|(a, _), (b, _)| b.cmp(a));
        Ok(keys)
    }

    /// The newest items of one partition whose sort keys lie strictly below `below` and start with `prefix`, and whether there may be
    /// more; fewer than the limit where they are large.
    pub(crate) async fn collection(
        &self,
        table: Table,
        pk: &str,
        prefix: &str,
        below: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Attributes>, bool), StorageError> {
        self.collection_of(&[], table, pk, prefix, below, limit).await
    }

    /// The same, and of each item nothing but these attributes and its key; everything where none is named.
    pub(crate) async fn collection_of(
        &self,
        attributes: &[&str],
        table: Table,
        pk: &str,
        prefix: &str,
        below: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Attributes>, bool), StorageError> {
        // `$` is the character after `#`: a bound above every key that starts with the prefix.
        let below = below.unwrap_or_else(|| prefix.replace('#', "$"));
        let (projection, names) = projection(attributes);
        self.meter.round_trip();
        let answer = self
            .client
            .query()
            .table_name(self.tables.get(table)?)
            .set_projection_expression(projection)
            .set_expression_attribute_names(names)
            .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :below")
            .expression_attribute_values(":pk", text(pk))
            .expression_attribute_values(":from", text(prefix))
            .expression_attribute_values(":below", text(&below))
            .consistent_read(true)
            .scan_index_forward(false)
            // One for the bound itself, which BETWEEN includes, and one to see whether there are more.
            .limit(i32::try_from(limit + 2).unwrap_or(i32::MAX))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(StorageError::request("Query"))?;
        self.meter.read(&answer.consumed_capacity);
        // DynamoDB ends a page at 1 MB (Query in its API reference). An item has 400 KB at most, so there is one beside the bound.
        let is_cut_off = answer.last_evaluated_key.is_some();
        let mut items: Vec<Attributes> =
            answer.items.into_iter().flatten().filter(|item| Key::of(item).is_some_and(|key| key.sk != below)).collect();
        let more = items.len() > limit || is_cut_off;
        items.truncate(limit);
        Ok((items, more))
    }

    /// The one record that an index without a sort key has for a value.
    pub(crate) async fn get_by<T: DeserializeOwned>(&self, table: Table, index: Index, value: &str) -> Result<Option<T>, StorageError> {
        self.meter.round_trip();
        let answer = self
            .client
            .query()
            .table_name(self.tables.get(table)?)
            .index_name(index.name)
            .key_condition_expression("#p = :p")
            .expression_attribute_names("#p", index.partition)
            .expression_attribute_values(":p", text(value))
            .select(Select::AllProjectedAttributes)
            .limit(1)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(StorageError::request("Query"))?;
        self.meter.read(&answer.consumed_capacity);
        match answer.items().first().and_then(Key::of) {
            Some(key) => self.get(table, &key).await,
            None => Ok(None),
        }
    }
}

/// These attributes and the key as a projection, with its names: DynamoDB has reserved words.
fn projection(attributes: &[&str]) -> (Option<String>, Option<HashMap<String, String>>) {
    if attributes.is_empty() {
        return (None, None);
    }
    let names = attributes.iter().map(|name| (format!("#{name}"), (*name).to_owned()));
    let projection = attributes.iter().fold("pk, sk".to_owned(), |projection, name| format!("{projection}, #{name}"));
    (Some(projection), Some(names.collect()))
}

fn position(item: &HashMap<String, aws_sdk_dynamodb::types::AttributeValue>) -> Option<u64> {
    item.get(LIST_KEY)?.as_s().ok()?.parse().ok()
}
