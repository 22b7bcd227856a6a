//! Events: appended with the change they tell of, read as history and off the stream.

use crate::commit::{Expression, Writes};
use crate::error::StorageError;
use crate::item::{Item, record};
use crate::keys::{self, BY_HOUR, Key};
use crate::list::{Page, PageRequest};
use crate::waiting::Listed;
use crate::{Store, Table};
use domain::event::{Event, HistoryEntry, Subject};
use domain::ids::{OrderId, PromotionId, VariantId};
use domain::inventory::{StockLog, Variant};
use domain::time::Timestamp;

impl Store {
    /// A page of an order's history; positions are those of its events.
    pub async fn history(&self, order: OrderId, page: PageRequest) -> Result<Page<HistoryEntry>, StorageError> {
        self.history_of(Table::Orders, keys::order(order), page).await
    }

    /// A page of what admins made of a promotion; positions are those of its events.
    pub async fn promotion_history(&self, promotion: PromotionId, page: PageRequest) -> Result<Page<HistoryEntry>, StorageError> {
        self.history_of(Table::Promotions, keys::promotion_id(promotion), page).await
    }

    /// A page of what was made of a variant in the catalogue; positions are those of its events.
    pub async fn variant_history(&self, variant: VariantId, page: PageRequest) -> Result<Page<HistoryEntry>, StorageError> {
        self.history_of(Table::Inventory, keys::variant(variant), page).await
    }

    async fn history_of(&self, table: Table, subject: Key, page: PageRequest) -> Result<Page<HistoryEntry>, StorageError> {
        let below = page.before.map(keys::event_sort);
        let found = self.collection_of(&HISTORY, table, &subject.pk, keys::EVENT, below, page.limit).await?;
        Page::of(found, |entry: &HistoryEntry| keys::event_position(entry.version, entry.n))
    }

    /// A page of all events of the hour that `at` lies in and that one of [`EVENT_TABLES`] has, newest first. One that can't be
    /// read is an error in its place.
    pub async fn events_in_hour(&self, table: Table, at: Timestamp, page: PageRequest) -> Result<Page<Listed<Event>>, StorageError> {
        let read = |key: Key, item| Ok(Some(Listed { key: key.pk, record: record(item) }));
        self.list_read(table, BY_HOUR, &keys::shards(&keys::events_in_hour(at)), page, read).await
    }
}

/// The attributes of a [`HistoryEntry`]. The rest of an event is larger: it has the whole of what a customer is told.
const HISTORY: [&str; 9] = ["id", "version", "n", "kind", "actor", "previousStatus", "newStatus", "note", "at"];

/// The tables that events stand in: each beside the record that it is about.
pub const EVENT_TABLES: [Table; 2] = [Table::Orders, Table::Returns];

const fn table_of(event: &Event) -> Table {
    match event.subject {
        Subject::Order(_) | Subject::Refund(_) | Subject::Shipment(_) | Subject::Notification(_) => Table::Orders,
        Subject::Return(_) => Table::Returns,
        Subject::Promotion(_) => Table::Promotions,
        Subject::Variant(_) => Table::Inventory,
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

#[cfg(test)]
mod tests {
    use super::*;
    use domain::actor::Actor;
    use domain::event::EventKind;
    use domain::ids::Ids;

    #[test]
    fn a_history_has_every_attribute_that_it_tells_of() {
        let subject = Subject::Order(OrderId::new(1).unwrap());
        let event = Event::new(subject, 7, EventKind::OrderCancelled, Actor::System, Timestamp(1), &mut Ids::new(Timestamp(1), 0));
        let event = Event { n: 2, ..event.from_to(Some("PENDING"), "CANCELLED").noting(Some("Changed my mind")) };
        let mut item = Item::of(&keys::event(&event), &event).unwrap().into_attributes();
        item.retain(|name, _| HISTORY.contains(&name.as_str()));
        assert_eq!(item.len(), HISTORY.len());

        let entry: HistoryEntry = record(item).unwrap();
        assert_eq!((entry.id, entry.version, entry.n, entry.kind), (event.id, 7, 2, EventKind::OrderCancelled));
        assert_eq!((entry.actor, entry.at), (Actor::System, Timestamp(1)));
        assert_eq!((entry.previous_status, entry.new_status, entry.note), (event.previous_status, event.new_status, event.note));
    }
}
