//! Shipments, and whose a tracking number is.

use crate::commit::{Expression, Writes};
use crate::error::StorageError;
use crate::item::{Item, number, text};
use crate::keys::{self, BY_CUSTOMER, BY_ORDER, BY_STATUS, BY_TIME, BY_WAIT, WAITS_SINCE};
use crate::list::{Page, PageRequest};
use crate::{Store, Table};
use domain::ids::{CustomerId, OrderId, ShipmentId};
use domain::shipment::{Carrier, NumberClaim, Shipment, ShipmentChange, ShipmentStatus, TrackingNumber};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// What a list of shipments is narrowed to.
#[derive(Clone, Copy, Debug, Default)]
pub struct ShipmentFilter {
    /// Of this order.
    pub order_id: Option<OrderId>,
    /// To this customer.
    pub customer_id: Option<CustomerId>,
    /// In this status.
    pub status: Option<ShipmentStatus>,
    /// With this carrier.
    pub carrier: Option<Carrier>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NumberRecord {
    shipment_id: ShipmentId,
}

impl ShipmentFilter {
    fn keeps(&self, shipment: &Shipment) -> bool {
        self.order_id.is_none_or(|order| order == shipment.order_id)
            && self.customer_id.is_none_or(|customer| customer == shipment.customer_id)
            && self.status.is_none_or(|status| status == shipment.status)
            && self.carrier.is_none_or(|carrier| carrier == shipment.carrier)
    }
}

impl Store {
    /// One shipment.
    pub async fn shipment(&self, id: ShipmentId) -> Result<Option<Shipment>, StorageError> {
        self.get(Table::Orders, &keys::shipment(id)).await
    }

    /// Whose a tracking number is.
    pub async fn number_owner(&self, number: &TrackingNumber) -> Result<Option<ShipmentId>, StorageError> {
        Ok(self.get::<NumberRecord>(Table::Orders, &keys::tracking_number(number)).await?.map(|owner| owner.shipment_id))
    }

    /// The shipment that a number names; nothing for a number that it had once and has no more, but for one of ours: that one
    /// is no other's ever.
    pub async fn shipment_by_number(&self, number: &TrackingNumber) -> Result<Option<Shipment>, StorageError> {
        let Some(id) = self.number_owner(number).await? else { return Ok(None) };
        Ok(self.shipment(id).await?.filter(|shipment| number.is_ours() || shipment.tracking_number.as_ref() == Some(number)))
    }

    /// A page of the shipments that a filter keeps.
    pub async fn shipments(&self, filter: ShipmentFilter, page: PageRequest) -> Result<Page<Shipment>, StorageError> {
        let (index, partitions) = match (filter.order_id, filter.customer_id, filter.status) {
            (Some(order), _, _) => (BY_ORDER, vec![keys::shipments_of(order)]),
            (None, Some(customer), _) => (BY_CUSTOMER, vec![keys::shipments_to(customer)]),
            (None, None, Some(status)) => (BY_STATUS, keys::shards(&keys::shipments_in(status))),
            (None, None, None) => (BY_TIME, keys::shards(keys::SHIPMENTS)),
        };
        self.list(Table::Orders, index, &partitions, page, |shipment| filter.keeps(shipment)).await
    }
}

impl Writes {
    /// The first version on absence, a later one on the version it was decided on.
    fn put_shipment(self, shipment: &Shipment) -> Self {
        self.put(Table::Orders, keys::shipment(shipment.id), item(shipment), Expression::onto(shipment.version))
    }

    fn claim_number(self, shipment: &Shipment, claim: &NumberClaim) -> Self {
        let (tracking_number, condition) = match claim {
            NumberClaim::Unique(unique) => {
                let free = Expression::new("attribute_not_exists(pk) OR shipmentId = :shipment");
                (unique, free.value(":shipment", number(shipment.id)))
            }
            NumberClaim::Given(given) => (given, Expression::default()),
        };
        let key = keys::tracking_number(tracking_number);
        let item = Item::of(&key, &NumberRecord { shipment_id: shipment.id });
        self.put(Table::Orders, key, item, condition)
    }
}

impl Writes {
    /// That a number which was this parcel's is nobody's, so that another may have it: staff had entered it by mistake.
    #[must_use]
    pub fn release_number(self, number_of: ShipmentId, tracking_number: &TrackingNumber) -> Self {
        let is_its_own = Expression::new("shipmentId = :shipment").value(":shipment", number(number_of));
        self.delete(Table::Orders, keys::tracking_number(tracking_number), is_its_own)
    }

    /// That a parcel's carrier was asked and had nothing new to say: only when is written, which no client sees, so nothing
    /// has happened that an event would tell of. One that is too old is asked for no more.
    #[must_use]
    pub fn heard_nothing(self, shipment: &Shipment, now: Timestamp) -> Self {
        let update = Expression::default().name("#since", WAITS_SINCE).value(":now", number(now.0));
        let update = if shipment.is_lost_sight_of(now) {
            update.name("#list", BY_WAIT.partition).saying("SET heardAt = :now REMOVE #list, #since")
        } else {
            update.value(":since", text(keys::since(now))).saying("SET heardAt = :now, #since = :since")
        };
        let condition = Expression::version(shipment.version);
        self.update(Table::Orders, keys::shipment(shipment.id), Ok(update), Some(condition))
    }
}

fn item(shipment: &Shipment) -> Result<Item, StorageError> {
    let id = shipment.id.get();
    let item = Item::of(&keys::shipment(shipment.id), shipment)?
        .listed(id)
        .under(BY_ORDER, keys::shipments_of(shipment.order_id))
        .under(BY_CUSTOMER, keys::shipments_to(shipment.customer_id))
        .under(BY_STATUS, keys::shard(&keys::shipments_in(shipment.status), id))
        .under(BY_TIME, keys::shard(keys::SHIPMENTS, id));
    Ok(if shipment.is_tracked() { item.waiting(&keys::unheard(shipment.carrier), id, shipment.unheard_since()) } else { item })
}

impl From<&ShipmentChange> for Writes {
    fn from(change: &ShipmentChange) -> Self {
        let writes = Self::new().put_shipment(&change.shipment).append(&change.events);
        let writes = match &change.order {
            Some(order) => writes.replace_order(order),
            None => writes,
        };
        match &change.number {
            Some(claim) => writes.claim_number(&change.shipment, claim),
            None => writes,
        }
    }
}
