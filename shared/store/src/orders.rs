//! Orders, their payment references, and the numbers they get.

use crate::commit::{Expression, Writes};
use crate::error::StorageError;
use crate::item::{Item, number, record};
use crate::keys::{self, BY_CUSTOMER, BY_NUMBER, BY_STATUS, BY_TIME, Key};
use crate::list::{Page, PageRequest};
use crate::promotions::CodeOfOrder;
use crate::{Store, Table};
use domain::ids::{CustomerId, OrderId, VariantId};
use domain::inventory::Variant;
use domain::order::{Advance, Cancellation, Order, OrderSource, OrderStatus, Payment, PaymentMethod, PaymentStatus, Placement};
use domain::promotion::Offer;
use domain::time::Day;
use serde::{Deserialize, Serialize};

/// What a list of orders is narrowed to.
#[derive(Clone, Copy, Debug, Default)]
pub struct OrderFilter {
    /// Whose.
    pub customer_id: Option<CustomerId>,
    /// In this status.
    pub status: Option<OrderStatus>,
    /// With this payment status.
    pub payment_status: Option<PaymentStatus>,
    /// From this source.
    pub source: Option<OrderSource>,
}

/// What an order is decided on.
#[derive(Clone, Debug)]
pub struct OrderBasis {
    /// Those of its variants that there are.
    pub variants: Vec<Variant>,
    /// The order that has its payment reference.
    pub reference_owner: Option<OrderId>,
    /// What its code offers, if there is such a promotion.
    pub offer: Option<Offer>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReferenceRecord {
    order_id: OrderId,
}

impl OrderFilter {
    fn keeps(&self, order: &Order) -> bool {
        self.customer_id.is_none_or(|customer| customer == order.customer_id)
            && self.status.is_none_or(|status| status == order.status)
            && self.payment_status.is_none_or(|status| status == order.payment_status)
            && self.source.is_none_or(|source| source == order.source)
    }
}

impl Store {
    /// One order.
    pub async fn order(&self, id: OrderId) -> Result<Option<Order>, StorageError> {
        self.get(Table::Orders, &keys::order(id)).await
    }

    /// The order of a number. The index may be a moment behind an order that was only just placed.
    pub async fn order_by_number(&self, number: &str) -> Result<Option<Order>, StorageError> {
        self.get_by(Table::Orders, BY_NUMBER, number).await
    }

    /// A page of the orders that a filter keeps.
    pub async fn orders(&self, filter: OrderFilter, page: PageRequest) -> Result<Page<Order>, StorageError> {
        let (index, partitions) = match (filter.customer_id, filter.status) {
            (Some(customer), _) => (BY_CUSTOMER, vec![keys::orders_of(customer)]),
            (None, Some(status)) => (BY_STATUS, keys::shards(&keys::orders_in(status))),
            (None, None) => (BY_TIME, keys::shards(keys::ORDERS)),
        };
        self.list(Table::Orders, index, &partitions, page, |order| filter.keeps(order)).await
    }

    /// What an order is decided on, in one round trip: its variants, whose its payment reference is, what its code offers.
    pub async fn order_basis(
        &self,
        variants: &[VariantId],
        reference: Option<(PaymentMethod, &str)>,
        code: Option<CodeOfOrder<'_>>,
    ) -> Result<OrderBasis, StorageError> {
        let mut wanted: Vec<(Table, Key)> = variants.iter().map(|id| (Table::Inventory, keys::variant(*id))).collect();
        let reference = reference.map(|(method, reference)| keys::payment_reference(method, reference));
        wanted.extend(reference.iter().map(|key| (Table::Orders, key.clone())));
        wanted.extend(code.iter().flat_map(CodeOfOrder::keys).map(|key| (Table::Promotions, key)));
        wanted.sort_by(|(_, a), (_, b)| a.pk.cmp(&b.pk));
        wanted.dedup();
        let mut found = self.batch_get(&wanted).await?;
        let owner = reference.and_then(|key| found.remove(&key)).map(record::<ReferenceRecord>).transpose()?;
        let offer = code.map(|code| code.offer(&mut found)).transpose()?.flatten();
        let variants = found.into_values().map(record).collect::<Result<_, _>>()?;
        Ok(OrderBasis { variants, reference_owner: owner.map(|owner| owner.order_id), offer })
    }

    /// Whose a payment reference is.
    pub async fn reference_owner(&self, method: PaymentMethod, reference: &str) -> Result<Option<OrderId>, StorageError> {
        let key = keys::payment_reference(method, reference);
        Ok(self.get::<ReferenceRecord>(Table::Orders, &key).await?.map(|owner| owner.order_id))
    }

    /// The next place among the orders of a day. A place that is then not used stays empty; none is given twice.
    pub async fn next_order_number(&self, day: &Day) -> Result<u64, StorageError> {
        self.count(Table::Orders, &keys::order_counter(day)).await
    }
}

impl Writes {
    pub(crate) fn insert_order(self, order: &Order) -> Self {
        self.put(Table::Orders, keys::order(order.id), item(order), Expression::absent())
    }

    /// On the version it was decided on.
    pub(crate) fn replace_order(self, order: &Order) -> Self {
        self.put(Table::Orders, keys::order(order.id), item(order), Expression::onto(order.version))
    }

    /// On nobody else having the reference.
    #[must_use]
    pub fn claim_reference(self, order: &Order, reference: Option<&str>) -> Self {
        let Some(reference) = reference else { return self };
        let key = keys::payment_reference(order.payment_method, reference);
        let item = Item::of(&key, &ReferenceRecord { order_id: order.id });
        let free = Expression::new("attribute_not_exists(pk) OR orderId = :order").value(":order", number(order.id));
        self.put(Table::Orders, key, item, free)
    }
}

fn item(order: &Order) -> Result<Item, StorageError> {
    let id = order.id.get();
    let item = Item::of(&keys::order(order.id), order)?
        .listed(id)
        .under(BY_CUSTOMER, keys::orders_of(order.customer_id))
        .under(BY_STATUS, keys::shard(&keys::orders_in(order.status), id))
        .under(BY_TIME, keys::shard(keys::ORDERS, id))
        .under(BY_NUMBER, order.order_number.clone());
    Ok(if order.awaits_payment() {
        item.waiting(keys::UNPAID, id, order.created_at)
    } else if order.may_be_paid_late() {
        item.waiting(keys::PAID_LATE, id, order.updated_at)
    } else {
        item
    })
}

impl From<&Placement> for Writes {
    fn from(placement: &Placement) -> Self {
        Self::new()
            .insert_order(&placement.order)
            .claim_reference(&placement.order, placement.order.payment_reference.as_deref())
            .move_stock(&placement.taken)
            .redeem(placement.redemption.as_ref())
            .append(&placement.events)
    }
}

impl From<&Advance> for Writes {
    fn from(advance: &Advance) -> Self {
        Self::new().replace_order(&advance.order).append(&advance.events)
    }
}

impl From<&Payment> for Writes {
    fn from(payment: &Payment) -> Self {
        Self::new()
            .replace_order(&payment.order)
            .claim_reference(&payment.order, payment.new_reference.as_deref())
            .insert_refunds(&payment.refund)
            .append(&payment.events)
    }
}

impl Writes {
    /// Of [`Store::cancelling`] alone: as it was decided, a cancellation knows nothing of its promotion.
    pub(crate) fn cancellation(cancellation: &Cancellation) -> Self {
        Self::new()
            .replace_order(&cancellation.order)
            .insert_refunds(&cancellation.refunds)
            .move_stock(&cancellation.restock)
            .release(cancellation.release.as_ref())
            .append(&cancellation.events)
    }
}
