//! Returns, and the numbers they get.

use crate::commit::{Expression, Writes};
use crate::error::StorageError;
use crate::item::Item;
use crate::keys::{self, BY_CUSTOMER, BY_NUMBER, BY_ORDER, BY_STATUS, BY_TIME};
use crate::list::{Page, PageRequest};
use crate::{Store, Table};
use domain::ids::{CustomerId, OrderId, ReturnId};
use domain::returns::{Return, ReturnChange, ReturnStatus};
use domain::time::Day;

/// What a list of returns is narrowed to.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReturnFilter {
    /// Whose.
    pub customer_id: Option<CustomerId>,
    /// Of this order.
    pub order_id: Option<OrderId>,
    /// In this status.
    pub status: Option<ReturnStatus>,
}

impl ReturnFilter {
    fn keeps(&self, rma: &Return) -> bool {
        self.customer_id.is_none_or(|customer| customer == rma.customer_id)
            && self.order_id.is_none_or(|order| order == rma.order_id)
            && self.status.is_none_or(|status| status == rma.status)
    }
}

impl Store {
    /// One return.
    pub async fn rma(&self, id: ReturnId) -> Result<Option<Return>, StorageError> {
        self.get(Table::Returns, &keys::rma(id)).await
    }

    /// The return of a number. The index may be a moment behind one that was only just asked for.
    pub async fn rma_by_number(&self, number: &str) -> Result<Option<Return>, StorageError> {
        self.get_by(Table::Returns, BY_NUMBER, number).await
    }

    /// A page of the returns that a filter keeps.
    pub async fn returns(&self, filter: ReturnFilter, page: PageRequest) -> Result<Page<Return>, StorageError> {
        let (index, partitions) = match (filter.order_id, filter.customer_id, filter.status) {
            (Some(order), _, _) => (BY_ORDER, vec![keys::returns_of(order)]),
            (None, Some(customer), _) => (BY_CUSTOMER, vec![keys::returns_from(customer)]),
            (None, None, Some(status)) => (BY_STATUS, keys::shards(&keys::returns_in(status))),
            (None, None, None) => (BY_TIME, keys::shards(keys::RETURNS)),
        };
        self.list(Table::Returns, index, &partitions, page, |rma| filter.keeps(rma)).await
    }

    /// The next place among the returns of a day. A place that is then not used stays empty; none is given twice.
    pub async fn next_rma_number(&self, day: &Day) -> Result<u64, StorageError> {
        self.count(Table::Returns, &keys::rma_counter(day)).await
    }
}

impl Writes {
    /// The first version on absence, a later one on the version before it.
    fn put_return(self, rma: &Return) -> Self {
        self.put(Table::Returns, keys::rma(rma.id), item(rma), Expression::onto(rma.version))
    }
}

fn item(rma: &Return) -> Result<Item, StorageError> {
    let id = rma.id.get();
    let item = Item::of(&keys::rma(rma.id), rma)?
        .listed(id)
        .under(BY_ORDER, keys::returns_of(rma.order_id))
        .under(BY_CUSTOMER, keys::returns_from(rma.customer_id))
        .under(BY_STATUS, keys::shard(&keys::returns_in(rma.status), id))
        .under(BY_TIME, keys::shard(keys::RETURNS, id))
        .under(BY_NUMBER, rma.rma_number.clone());
    Ok(match rma.awaits_arrival_since() {
        Some(since) => item.waiting(keys::ON_THE_WAY, id, since),
        None => item,
    })
}

impl From<&ReturnChange> for Writes {
    fn from(change: &ReturnChange) -> Self {
        Self::new()
            .put_return(&change.rma)
            .replace_order(&change.order)
            .insert_refunds(&change.refunds)
            .move_stock(&change.restock)
            .append(&change.events)
    }
}
