//! Records that wait for something, the longest-waiting first: what a schedule has to look after.

use crate::error::StorageError;
use crate::item::{Attributes, Item, record, text};
use crate::keys::{self, BY_WAIT, Key, WAITS_SINCE};
use crate::{Store, Table};
use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use domain::order::Order;
use domain::refund::{ProviderRefund, Refund};
use domain::returns::Return;
use domain::shipment::{Carrier, Shipment};
use domain::time::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::marker::PhantomData;

/// Records read in one go.
const PORTION: usize = 25;

/// A walk through the records of a list that have waited since before a point in time, a portion at a time. It takes the
/// list's partitions in turn, so that one that never empties doesn't keep it from the others.
pub struct Waiting<T> {
    table: Table,
    since: Timestamp,
    until: Timestamp,
    /// The partitions that are not at their end.
    partitions: VecDeque<Partition>,
    /// Those that could not be read, and are the next walk's.
    aside: VecDeque<Partition>,
    /// The stretches of partitions with records that are to have another turn: of each one of those that had none, and one that
    /// comes last.
    again: VecDeque<Partition>,
    /// Where the last portion was taken from, and the place in the index of each of its records.
    last: Option<(Partition, Vec<Place>)>,
    /// The round that this is a part of.
    round: Option<(Key, Timestamp)>,
    records: PhantomData<T>,
}

/// A record of a list, read or not.
pub struct Listed<T> {
    /// Its partition key, such as `ORDER#…`: an id and nothing of what is in it, so that a log may have it.
    pub key: String,
    /// What it is.
    ///
    /// # Errors
    /// [`StorageError::Item`] for one that can't be read.
    pub record: Result<T, StorageError>,
}

/// A record's key in the index.
type Place = BTreeMap<String, String>;

/// A partition, and the place that the walk goes on after.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Partition {
    name: String,
    after: Option<Place>,
    /// The sort key of the last record that is walked to, where that is not the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    /// Whether its records come after all others, since they have had a turn for which those still wait.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    comes_last: bool,
}

/// Why a record is to be looked at again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// It had its turn, and nothing came of it.
    InVain,
    /// It had none yet.
    Missed,
}

impl Partition {
    fn whole(name: String) -> Self {
        Self { name, after: None, to: None, comes_last: false }
    }

    /// Whether both are the one stretch of their partition that comes first, or the one that comes last.
    fn is_of(&self, other: &Self) -> bool {
        self.name == other.name && self.comes_last == other.comes_last
    }

    /// All of the partition, from where the first of those begins that have missed their turn, in this one or in others: what lies
    /// before comes last.
    fn turned(self, missed: &[Self]) -> Vec<Self> {
        let own = missed.iter().find(|missed| missed.name == self.name);
        match own.map(|missed| missed.after.clone()) {
            Some(Some(place)) => {
                let before = Self { to: place.get(WAITS_SINCE).cloned(), comes_last: true, ..self.clone() };
                vec![Self { after: Some(place), ..self }, before]
            }
            Some(None) => vec![self],
            None => vec![Self { comes_last: !missed.is_empty(), ..self }],
        }
    }

    /// The stretch with another one of its partition, and whatever lies between.
    fn widened(&mut self, other: Self) {
        let begin = |stretch: &Self| stretch.after.as_ref().and_then(|place| place.get(WAITS_SINCE).cloned());
        // Records of one millisecond are walked in the order that the index has them in, so the first of them is there already.
        if begin(&other) < begin(self) {
            self.after = other.after;
        }
        self.to = self.to.take().max(other.to);
    }

    /// The same where the walk begins at `since` by now. DynamoDB goes on after no place that lies before the range ("The provided
    /// starting key does not match the range key predicate"), and whatever is in the range comes after that place anyway. Nothing
    /// where all of it lies before.
    fn within(self, since: &str) -> Option<Self> {
        if self.to.as_deref().is_some_and(|to| to < since) {
            return None;
        }
        let after = self.after.filter(|place| place.get(WAITS_SINCE).is_some_and(|at| at.as_str() >= since));
        Some(Self { after, ..self })
    }
}

/// How far a round has come: what is left of it. It is over when nothing is, and then its records that could not be looked after
/// have another turn, first of all those that had none.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Round {
    begun_at: Timestamp,
    left: VecDeque<Partition>,
    #[serde(default)]
    again: VecDeque<Partition>,
}

impl<T: DeserializeOwned> Waiting<T> {
    pub(crate) fn new(table: Table, list: &str, until: Timestamp) -> Self {
        Self::between(table, list, Timestamp(0), until)
    }

    /// Those alone that have waited since `since` or later: older ones stay in the list, and are never read.
    pub(crate) fn between(table: Table, list: &str, since: Timestamp, until: Timestamp) -> Self {
        let partitions = keys::shards(list).into_iter().map(Partition::whole).collect();
        let (aside, again) = (VecDeque::new(), VecDeque::new());
        Self { table, since, until, partitions, aside, again, last: None, round: None, records: PhantomData }
    }

    /// The same walk as a part of a round, from where the part before has stopped: so each record has its turn, however many
    /// wait before it and never stop to. When a round is over the next one begins, `minutes` after it at the earliest, with what
    /// has missed its turn; until then there is nothing to do but what [`Waiting::again`] was said of.
    ///
    /// # Errors
    /// [`StorageError`] when the table can't be read.
    pub async fn in_rounds(mut self, store: &Store, name: &str, minutes: u64, now: Timestamp) -> Result<Option<Self>, StorageError> {
        let key = keys::round(name);
        let since = keys::since(self.since);
        let within = |partitions: VecDeque<Partition>| partitions.into_iter().filter_map(|partition| partition.within(&since)).collect();
        let begun_at = match store.get::<Round>(self.table, &key).await? {
            Some(Round { begun_at, left, again }) if !left.is_empty() => {
                (self.partitions, self.again) = (within(left), within(again));
                begun_at
            }
            Some(round) if round.begun_at > now.minus_minutes(minutes) => {
                if round.again.is_empty() {
                    return Ok(None);
                }
                self.partitions = within(round.again);
                if self.partitions.iter().all(|stretch| stretch.comes_last) {
                    // None waits for its first turn, so all begin anew.
                    self.partitions.iter_mut().for_each(|stretch| stretch.comes_last = false);
                }
                round.begun_at
            }
            Some(round) => {
                let again: VecDeque<Partition> = within(round.again);
                let missed: Vec<Partition> = again.into_iter().filter(|stretch| !stretch.comes_last).collect();
                self.partitions = self.partitions.into_iter().flat_map(|whole| whole.turned(&missed)).collect();
                now
            }
            None => now,
        };
        self.round = Some((key, begun_at));
        Ok(Some(self))
    }

    /// Has the record at this place of the last portion looked at again once the round is over: those after it have their turn
    /// first, and then those that have missed theirs. With it come the ones between it and others of its partition that the same
    /// is said of.
    pub fn again(&mut self, place: usize, why: Again) {
        let Some((partition, places)) = &self.last else { return };
        let Some(at) = places.get(place).and_then(|place| place.get(WAITS_SINCE)) else { return };
        let after = match place.checked_sub(1) {
            Some(before) => places.get(before).cloned(),
            None => partition.after.clone(),
        };
        // What comes last goes on to, or those in vain among it would be the first again.
        let comes_last = partition.comes_last || why == Again::InVain;
        let stretch = Partition { name: partition.name.clone(), after, to: Some(at.clone()), comes_last };
        match self.again.iter_mut().find(|again| again.is_of(&stretch)) {
            Some(again) => again.widened(stretch),
            None => self.again.push_back(stretch),
        }
    }

    /// Takes no more than the first `done` records of the last portion: the walk goes on with the one after them.
    pub fn stop_after(&mut self, done: usize) {
        let Some((partition, places)) = self.last.take() else { return };
        if done == places.len() {
            return;
        }
        let after = if done == 0 { partition.after.clone() } else { places.into_iter().nth(done - 1) };
        self.partitions.retain(|left| !left.is_of(&partition));
        self.partitions.push_back(Partition { after, ..partition });
    }

    /// Writes down how far the round has come: nothing but a place in a list, which no event would tell of.
    ///
    /// # Errors
    /// [`StorageError`] when it can't be written; the next part then begins where this one did.
    pub async fn keep_place(self, store: &Store) -> Result<(), StorageError> {
        let Some((key, begun_at)) = self.round else { return Ok(()) };
        let left = self.partitions.into_iter().chain(self.aside).collect();
        let item = Item::of(&key, &Round { begun_at, left, again: self.again })?;
        let put = store.client.put_item().table_name(store.tables.get(self.table)?).set_item(Some(item.into_attributes()));
        let put = put.return_consumed_capacity(ReturnConsumedCapacity::Total);
        let done = store.alone(|| put.clone().send()).await.map_err(StorageError::request("PutItem"))?;
        store.meter.wrote(&done.consumed_capacity);
        Ok(())
    }

    /// The next portion, the longest-waiting first; nothing at the end. A record may have stopped waiting since, since the index
    /// is a moment behind: whoever decides on one looks whether it still does. One that can't be read is an error in its place,
    /// and keeps nobody from the others.
    ///
    /// # Errors
    /// [`StorageError`] when a partition can't be read; asking again goes on with the others, and leaves the rest of this one
    /// to the next walk.
    pub async fn next(&mut self, store: &Store) -> Result<Option<Vec<Listed<T>>>, StorageError> {
        while let Some(partition) = self.next_partition() {
            match self.portion(store, &partition).await {
                Ok(records) if records.is_empty() => {}
                Ok(records) => return Ok(Some(records)),
                Err(error) => {
                    self.aside.push_back(partition);
                    return Err(error);
                }
            }
        }
        Ok(None)
    }

    fn next_partition(&mut self) -> Option<Partition> {
        let first = self.partitions.iter().position(|partition| !partition.comes_last);
        self.partitions.remove(first.unwrap_or(0))
    }

    /// What a partition has next; the rest of it is put back.
    async fn portion(&mut self, store: &Store, partition: &Partition) -> Result<Vec<Listed<T>>, StorageError> {
        let until = partition.to.clone().into_iter().fold(keys::since(self.until), Ord::min);
        store.meter.round_trip();
        let answer = store
            .client
            .query()
            .table_name(store.tables.get(self.table)?)
            .index_name(BY_WAIT.name)
            .key_condition_expression("#p = :p AND #s BETWEEN :since AND :until")
            .expression_attribute_names("#p", BY_WAIT.partition)
            .expression_attribute_names("#s", WAITS_SINCE)
            .expression_attribute_values(":p", text(&partition.name))
            .expression_attribute_values(":since", text(keys::since(self.since)))
            .expression_attribute_values(":until", text(until))
            .set_exclusive_start_key(partition.after.as_ref().map(attributes))
            .limit(i32::try_from(PORTION).unwrap_or(i32::MAX))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(StorageError::request("Query"))?;
        store.meter.read(&answer.consumed_capacity);
        let listed: Vec<(Key, Place)> = answer.items().iter().filter_map(|item| Key::of(item).zip(place(item))).collect();
        let wanted: Vec<(Table, Key)> = listed.iter().map(|(key, _)| (self.table, key.clone())).collect();
        let mut found = store.batch_get(&wanted).await?;
        let mut records = Vec::new();
        let mut places = Vec::new();
        for (key, place) in listed {
            if let Some(item) = found.remove(&key) {
                records.push(Listed { key: key.pk, record: record(item) });
                places.push(place);
            }
        }
        if let Some(last) = answer.last_evaluated_key.as_ref().and_then(place) {
            self.partitions.push_back(Partition { after: Some(last), ..partition.clone() });
        }
        self.last = Some((partition.clone(), places));
        Ok(records)
    }
}

/// Where an item is in the index.
fn place(item: &Attributes) -> Option<Place> {
    let names = ["pk", "sk", BY_WAIT.partition, WAITS_SINCE];
    names.into_iter().map(|name| Some((name.to_owned(), item.get(name)?.as_s().ok()?.clone()))).collect()
}

fn attributes(place: &Place) -> Attributes {
    place.iter().map(|(name, value)| (name.clone(), text(value))).collect()
}

impl Store {
    /// The refunds that have been with their provider, or not been taken up by a worker, since `until` or before.
    #[must_use]
    pub fn refunds_under_way(&self, until: Timestamp) -> Waiting<Refund> {
        Waiting::new(Table::Orders, keys::WITH_PROVIDER, until)
    }

    /// The words of refunds that were kept between `since` and `until`, and wait for the order of their payment.
    #[must_use]
    pub fn waiting_early_refunds(&self, since: Timestamp, until: Timestamp) -> Waiting<ProviderRefund> {
        Waiting::between(Table::Orders, keys::EARLY_REFUNDS, since, until)
    }

    /// The parcels of a carrier of which nothing was heard since `until` or longer.
    #[must_use]
    pub fn unheard_shipments(&self, carrier: Carrier, until: Timestamp) -> Waiting<Shipment> {
        Waiting::new(Table::Orders, &keys::unheard(carrier), until)
    }

    /// The orders that have waited for their payment since they were placed, at `until` or before.
    #[must_use]
    pub fn unpaid_orders(&self, until: Timestamp) -> Waiting<Order> {
        Waiting::new(Table::Orders, keys::UNPAID, until)
    }

    /// The same of those that were placed at `since` or later.
    #[must_use]
    pub fn unpaid_orders_since(&self, since: Timestamp, until: Timestamp) -> Waiting<Order> {
        Waiting::between(Table::Orders, keys::UNPAID, since, until)
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
