//! What customers are told, as the contract has it: once of each step that they should know of, and of nothing else.

use super::{IS_LIVE, Order, Reference};

/// What a customer is told of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    Placed,
    Confirmed,
    /// A parcel of it, which its carrier hasn't got yet.
    Packed,
    /// A parcel of it, or all of it by the word of staff.
    OnItsWay,
    /// It waits in the store.
    Ready,
    Delivered,
    Cancelled,
    /// So much has gone back.
    Refunded(i64),
    /// A return, by its place, has brought nothing.
    BroughtNothing(usize),
    /// It was tried in vain, and so much is owed.
    NotRefunded(i64),
    /// A return, by its place, has come to this status.
    Return(usize, &'static str),
}

/// News of an order, by its place: for the customer who placed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    pub order: usize,
    pub news: News,
}

impl Reference {
    pub(super) fn tell(&mut self, order: usize, news: News) {
        self.told.push(Told { order, news });
    }

    /// The order has come to a status by hand. Where the money of all its pieces goes back nothing goes, and that is no news.
    pub(super) fn tell_of_status(&mut self, order: usize) {
        let some_go = self.pieces_in(order, IS_LIVE).iter().any(|pieces| *pieces > 0);
        let Order { lines, pieces_refunded, .. } = &self.orders[order];
        let is_empty = !some_go && lines.iter().zip(pieces_refunded).all(|((_, bought), refunded)| refunded >= bought);
        let news = match self.orders[order].status {
            "CONFIRMED" => News::Confirmed,
            "SHIPPED" if !is_empty => News::OnItsWay,
            "READY_FOR_PICKUP" if !is_empty => News::Ready,
            "DELIVERED" if !is_empty => News::Delivered,
            _ => return,
        };
        self.tell(order, news);
    }

    /// A parcel is news once: when it has a number or moves, before it is there or comes to nothing. Nobody waits for one whose order
    /// has arrived, but for one that was made since.
    pub(super) fn tell_of_parcel(&mut self, at: usize) {
        let parcel = &self.parcels[at];
        let goes = match parcel.status {
            "PENDING" => parcel.has_number(),
            status => matches!(status, "PICKED_UP" | "IN_TRANSIT" | "OUT_FOR_DELIVERY"),
        };
        let is_awaited = self.orders[parcel.order].status != "DELIVERED" || parcel.is_made_late;
        if goes && is_awaited && !parcel.is_told_of {
            let news = if parcel.status == "PENDING" { News::Packed } else { News::OnItsWay };
            self.parcels[at].is_told_of = true;
            self.tell(self.parcels[at].order, news);
        }
    }
}
