//! How an order follows its parcels: which of its pieces are in a live one, which have arrived, and what that makes it.

use super::{LineItem, Order, OrderStatus};
use crate::actor::Actor;
use crate::event::{Event, EventKind, Subject};
use crate::ids::Ids;
use crate::message::{Announcement, MessageKind};
use crate::shipment::{ShipmentStatus, ShippedItem, TrackingNumber, pieces_of};
use crate::time::Timestamp;

impl LineItem {
    /// Pieces that are in no live parcel and are still to go: those whose money goes back are not. A return is for pieces that have
    /// gone, in a parcel or another way; any other refund doesn't say which it is for, and the ones that haven't gone are the first.
    #[must_use]
    pub const fn unshipped(&self) -> u32 {
        let brought_back = self.brought_back_quantity;
        let gone = if self.shipped_quantity < brought_back { brought_back } else { self.shipped_quantity };
        self.quantity.saturating_sub(gone).saturating_sub(self.refunded_quantity.saturating_sub(brought_back))
    }

    /// Pieces that the customer gets in all, before any of them comes back: those in live parcels, and those still to go.
    #[must_use]
    pub const fn outgoing(&self) -> u32 {
        self.shipped_quantity.saturating_add(self.unshipped())
    }
}

impl Order {
    /// Whether a parcel can be made of it: a confirmed order, and one of whose parcels some go and others have to go
    /// again. A `DELIVERED` one, too, where pieces are still to go: it arrived without those whose money was to go back, and
    /// that refund failed. An order that staff set to `SHIPPED` or `DELIVERED` without any parcel went in another way.
    #[must_use]
    pub fn can_be_shipped(&self) -> bool {
        match self.status {
            OrderStatus::Confirmed | OrderStatus::Processing => true,
            OrderStatus::Shipped => self.has_live_parcel(),
            OrderStatus::Delivered => self.has_live_parcel() && self.items.iter().any(|line| line.unshipped() > 0),
            OrderStatus::Pending | OrderStatus::ReadyForPickup | OrderStatus::Cancelled => false,
        }
    }

    /// Whether any of its pieces is in a live parcel.
    #[must_use]
    pub fn has_live_parcel(&self) -> bool {
        self.items.iter().any(|line| line.shipped_quantity > 0)
    }

    /// The order after a parcel with these pieces went from one status to another (from nowhere, when it is new); nothing
    /// when that changes nothing of it.
    pub(crate) fn with_parcel(
        &self,
        items: &[ShippedItem],
        from: Option<ShipmentStatus>,
        to: ShipmentStatus,
        now: Timestamp,
    ) -> Option<Self> {
        let counts = |status: ShipmentStatus| (status.is_live(), status == ShipmentStatus::Delivered);
        let (before, after) = (from.map_or((false, false), counts), counts(to));
        if before == after {
            return None;
        }
        let mut order = self.touched(now);
        for line in &mut order.items {
            let pieces = pieces_of(items, line.id);
            line.shipped_quantity = moved(line.shipped_quantity, pieces, before.0, after.0);
            line.delivered_quantity = moved(line.delivered_quantity, pieces, before.1, after.1);
        }
        Some(order.following_its_parcels(now))
    }

    /// The order once fewer of its pieces are to go, their money going back: its parcels may be all there is to it now. Should that
    /// refund fail, the order stays where it is, and the pieces can be shipped again; see [`Order::can_be_shipped`].
    pub(crate) fn with_fewer_to_go(self, now: Timestamp) -> Self {
        if self.has_live_parcel() { self.following_its_parcels(now) } else { self }
    }

    fn following_its_parcels(self, now: Timestamp) -> Self {
        let status = self.status_of_parcels();
        let arrives = status == OrderStatus::Delivered && self.status != OrderStatus::Delivered;
        Self { status, completed_at: if arrives { Some(now) } else { self.completed_at }, ..self }
    }

    /// The steps that its parcels took it from `before`, each as its own line of the audit trail; the customer is told when it has
    /// arrived, and by which parcel where that is known.
    pub(crate) fn step_events(
        &self,
        before: OrderStatus,
        parcel: Option<&TrackingNumber>,
        actor: Actor,
        now: Timestamp,
        ids: &mut Ids,
    ) -> Vec<Event> {
        let mut events = Vec::new();
        for (from, to) in steps(before, self.status) {
            let step = Event::new(Subject::Order(self.id), self.version, EventKind::OrderStatusChanged, actor, now, ids)
                .from_to(Some(from.as_str()), to.as_str());
            events.push(match to {
                OrderStatus::Delivered => {
                    let told = Announcement::about(self, MessageKind::DeliveryNotification, None, None, ids).brought_by_parcel();
                    step.announcing(told.with_tracking_number(parcel.map(TrackingNumber::as_str)))
                }
                _ => step,
            });
        }
        events
    }

    /// What its parcels make of it. Where staff went ahead of them, nothing takes it back but that none is left; what was
    /// `DELIVERED` once stays so.
    fn status_of_parcels(&self) -> OrderStatus {
        let some_go = self.has_live_parcel();
        let all_shipped = some_go && self.items.iter().all(|line| line.unshipped() == 0);
        let all_delivered = all_shipped && self.items.iter().all(|line| line.delivered_quantity >= line.shipped_quantity);
        match self.status {
            OrderStatus::Confirmed | OrderStatus::Processing | OrderStatus::Shipped if all_delivered => OrderStatus::Delivered,
            OrderStatus::Confirmed | OrderStatus::Processing if all_shipped => OrderStatus::Shipped,
            OrderStatus::Confirmed => OrderStatus::Processing,
            OrderStatus::Shipped | OrderStatus::ReadyForPickup if !some_go => OrderStatus::Processing,
            as_it_is => as_it_is,
        }
    }
}

fn steps(from: OrderStatus, to: OrderStatus) -> Vec<(OrderStatus, OrderStatus)> {
    const WAY: [OrderStatus; 4] = [OrderStatus::Confirmed, OrderStatus::Processing, OrderStatus::Shipped, OrderStatus::Delivered];
    let place = |status| WAY.iter().position(|step| *step == status);
    match (place(from), place(to)) {
        _ if from == to => Vec::new(),
        (Some(first), Some(last)) if first < last => WAY[first..=last].windows(2).map(|step| (step[0], step[1])).collect(),
        _ => vec![(from, to)],
    }
}

/// A count of pieces after some of them began or ceased to count.
const fn moved(count: u32, pieces: u32, before: bool, after: bool) -> u32 {
    match (before, after) {
        (false, true) => count.saturating_add(pieces),
        (true, false) => count.saturating_sub(pieces),
        (true, true) | (false, false) => count,
    }
}
