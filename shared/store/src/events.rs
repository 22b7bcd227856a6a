//! Events: appended with the change they tell of, read as history and off the stream.

use crate::commit::{Expression, Writes};
use crate::error::StorageError;
use crate::item::{Item, record};
use crate::keys::{self, BY_HOUR, Key};
use crate::list::{Page, PageRequest};
use crate::waiting::Listed;
use crate::{Store, Table};
use domain::event::{Event, Subject};
use domain::ids::{OrderId, PromotionId};
use domain::inventory::{StockLog, Variant};
use domain::time::Timestamp;

impl Store {
    /// A page of an order's history; positions are those of its events.
    pub async fn history(&self, order: OrderId, page: PageRequest) -> Result<Page<Event>, StorageError> {
        let below = page.before.map(keys::event_sort);
        let (items, more) = self.collection(Table::Orders, &keys::order(order).pk, keys::EVENT, below, page.limit).await?;
        let items = items.into_iter().map(record::<Event>).collect::<Result<Vec<_>, _>>()?;
        let next = items.last().filter(|_| more).map(keys::event_position);
        Ok(Page { items, next })
    }

    /// A page of what admins made of a promotion; positions are those of its events.
    pub async fn promotion_history(&self, promotion: PromotionId, page: PageRequest) -> Result<Page<Event>, StorageError> {
        let below = page.before.map(keys::event_sort);
        let (items, more) = self.collection(Table::Promotions, &keys::promotion_id(promotion).pk, keys::EVENT, below, page.limit).await?;
        let items = items.into_iter().map(record::<Event>).collect::<Result<Vec<_>, _>>()?;
        let next = items.last().filter(|_| more).map(keys::event_position);
        Ok(Page { items, next })
    }

    /// A page of all events of the hour that `at` lies in and that one of [`EVENT_TABLES`] has, newest first. One that can't be
    /// read is an error in its place.
    pub async fn events_in_hour(&self, table: Table, at: Timestamp, page: PageRequest) -> Result<Page<Listed<Event>>, StorageError> {
        let read = |key: Key, item| Ok(Some(Listed { key: key.pk, record: record(item) }));
        self.list_read(table, BY_HOUR, &keys::shards(&keys::events_in_hour(at)), page, read).await
    }
}

/// The tables that events stand in: each beside the record that it is about.
pub const EVENT_TABLES: [Table; 2] = [Table::Orders, Table::Returns];

const fn table_of(event: &Event) -> Table {
    match event.subject {
        Subject::Order(_) | Subject::Refund(_) | Subject::Shipment(_) | Subject::Notification(_) => Table::Orders,
        Subject::Return(_) => Table::Returns,
        Subject::Promotion(_) => Table::Promotions,
    }
}

impl Writes {
    pub(crate) fn append(self, events: &[Event]) -> Self {
        events.iter().fold(self, |writes, event| {
            let key = keys::event(event);
            let id = event.id.get();
            let item = Item::of(&key, event);
            let table = table_of(event);
            // The others set nothing off, so there is nothing to relay.
            let is_relayed = EVENT_TABLES.contains(&table);
            let item =
                item.map(
                    |item| if is_relayed { item.listed(id).under(BY_HOUR, keys::shard(&keys::events_in_hour(event.at), id)) } else { item },
                );
            writes.put(table, key, item, Expression::absent())
        })
    }
}

/// The event in a stream record's new image.
///
/// # Errors
/// [`StorageError::Item`] when it is none.
pub fn event_in(image: serde_dynamo::Item) -> Result<Event, StorageError> {
    Ok(serde_dynamo::from_item(image)?)
}

/// The log row that a stock item's change calls for, from a stream record's two images.
///
/// # Errors
/// [`StorageError::Item`] when they are no stock items.
pub fn stock_log_in(old: serde_dynamo::Item, new: serde_dynamo::Item) -> Result<Option<StockLog>, StorageError> {
    let old: Option<Variant> = if old.inner().is_empty() { None } else { Some(serde_dynamo::from_item(old)?) };
    let new: Variant = serde_dynamo::from_item(new)?;
    Ok(StockLog::between(old.as_ref(), &new))
}
