//! Refunds.

use crate::commit::{Expression, Writes};
use crate::error::StorageError;
use crate::item::Item;
use crate::keys::{self, BY_ORDER, BY_STATUS, BY_TIME};
use crate::list::{Page, PageRequest};
use crate::{Store, Table};
use domain::ids::{OrderId, RefundId};
use domain::refund::{PaymentProvider, Refund, RefundChange, RefundMethod, RefundOpened, RefundRecorded, RefundStatus};
use serde::{Deserialize, Serialize};

/// What a list of refunds is narrowed to.
#[derive(Clone, Copy, Debug, Default)]
pub struct RefundFilter {
    /// Of this order.
    pub order_id: Option<OrderId>,
    /// In this status.
    pub status: Option<RefundStatus>,
    /// By this method.
    pub method: Option<RefundMethod>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NameRecord {
    refund_id: RefundId,
}

impl RefundFilter {
    fn keeps(&self, refund: &Refund) -> bool {
        self.order_id.is_none_or(|order| order == refund.order_id)
            && self.status.is_none_or(|status| status == refund.status)
            && self.method.is_none_or(|method| method == refund.method)
    }
}

impl Store {
    /// One refund.
    pub async fn refund(&self, id: RefundId) -> Result<Option<Refund>, StorageError> {
        self.get(Table::Orders, &keys::refund(id)).await
    }

    /// The refund that a provider knows by this name.
    pub async fn refund_named(&self, provider: PaymentProvider, name: &str) -> Result<Option<RefundId>, StorageError> {
        Ok(self.get::<NameRecord>(Table::Orders, &keys::refund_name(provider, name)).await?.map(|named| named.refund_id))
    }

    /// Every refund of an order, as it is now; one that was made a moment ago may not be listed yet.
    ///
    /// # Errors
    /// [`StorageError`] when the table can't be read.
    pub async fn refunds_of_order(&self, order: OrderId) -> Result<Vec<Refund>, StorageError> {
        let filter = RefundFilter { order_id: Some(order), ..RefundFilter::default() };
        let mut refunds = Vec::new();
        let mut page = PageRequest::new(100, None);
        loop {
            let Page { items, next } = self.refunds(filter, page).await?;
            refunds.extend(items);
            match next {
                Some(before) => page.before = Some(before),
                None => return Ok(refunds),
            }
        }
    }

    /// A page of the refunds that a filter keeps.
    pub async fn refunds(&self, filter: RefundFilter, page: PageRequest) -> Result<Page<Refund>, StorageError> {
        let (index, partitions) = match (filter.order_id, filter.status) {
            (Some(order), _) => (BY_ORDER, vec![keys::refunds_of(order)]),
            (None, Some(status)) => (BY_STATUS, keys::shards(&keys::refunds_in(status))),
            (None, None) => (BY_TIME, keys::shards(keys::REFUNDS)),
        };
        self.list(Table::Orders, index, &partitions, page, |refund| filter.keeps(refund)).await
    }
}

impl Writes {
    pub(crate) fn insert_refunds<'a>(self, refunds: impl IntoIterator<Item = &'a Refund>) -> Self {
        refunds
            .into_iter()
            .fold(self, |writes, refund| writes.put(Table::Orders, keys::refund(refund.id), item(refund), Expression::absent()))
    }

    /// On nobody else having the name.
    fn name_refund(self, refund: &Refund, provider: PaymentProvider, name: &str) -> Self {
        let key = keys::refund_name(provider, name);
        let item = Item::of(&key, &NameRecord { refund_id: refund.id });
        self.put(Table::Orders, key, item, Expression::absent())
    }

    fn replace_refund(self, refund: &Refund) -> Self {
        self.put(Table::Orders, keys::refund(refund.id), item(refund), Expression::onto(refund.version))
    }
}

fn item(refund: &Refund) -> Result<Item, StorageError> {
    let id = refund.id.get();
    let item = Item::of(&keys::refund(refund.id), refund)?
        .listed(id)
        .under(BY_ORDER, keys::refunds_of(refund.order_id))
        .under(BY_STATUS, keys::shard(&keys::refunds_in(refund.status), id))
        .under(BY_TIME, keys::shard(keys::REFUNDS, id));
    Ok(match refund.under_way_since() {
        Some(since) => item.waiting(keys::WITH_PROVIDER, id, since),
        None => item,
    })
}

impl From<&RefundOpened> for Writes {
    fn from(opened: &RefundOpened) -> Self {
        Self::new().replace_order(&opened.order).insert_refunds([&opened.refund]).append(&opened.events)
    }
}

impl From<&RefundRecorded> for Writes {
    fn from(recorded: &RefundRecorded) -> Self {
        Self::from(&recorded.opened).name_refund(&recorded.opened.refund, recorded.provider, &recorded.name)
    }
}

impl From<&RefundChange> for Writes {
    fn from(change: &RefundChange) -> Self {
        let writes = Self::new().replace_refund(&change.refund).append(&change.events);
        let writes = match &change.order {
            Some(order) => writes.replace_order(order),
            None => writes,
        };
        let writes = match &change.known_as {
            Some((provider, name)) => writes.name_refund(&change.refund, *provider, name),
            None => writes,
        };
        match &change.credit {
            Some(entry) => writes.credit(entry),
            None => writes,
        }
    }
}
