//! Parcels, as the contract has them, and what becomes of a label that a carrier is asked for.

use super::{News, PARCELS, Reference, Said};

/// DHL's codes, and where each says that a parcel is.
pub const SCANS: [(&str, Option<&str>); 7] = [
    ("PU", Some("PICKED_UP")),
    ("DF", Some("IN_TRANSIT")),
    ("WC", Some("OUT_FOR_DELIVERY")),
    ("OK", Some("DELIVERED")),
    ("DS", Some("FAILED")),
    ("RT", Some("RETURNED")),
    ("Q9", None),
];

/// Whether what is in a parcel counts as sent.
pub(super) const IS_LIVE: fn(&str) -> bool = |status| !matches!(status, "FAILED" | "RETURNED");

/// What comes of a label that was asked for.
#[derive(Clone, Copy, Debug)]
pub enum Outcome {
    Booked,
    Refused,
    /// The label was bought, and the answer got lost.
    Taken,
    /// The carrier never got the call, and nobody knows.
    Lost,
}

/// Where the booking of a parcel stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Booking {
    /// There is nothing to book.
    Settled,
    Due,
    /// The carrier was asked, and nobody knows what came of it.
    Asked {
        is_bought: bool,
    },
    /// Only staff can go on.
    Staff,
}

/// A parcel: pieces of each line of its order.
#[derive(Clone, Debug)]
pub struct Parcel {
    pub order: usize,
    pub pieces: Vec<i64>,
    pub status: &'static str,
    pub carrier: &'static str,
    pub booking: Booking,
    /// Labels that were bought for it.
    pub labels: usize,
    /// Whether it is of what was owed again once its order had arrived.
    pub is_made_late: bool,
    /// Whether the customer knows that it is on its way.
    pub is_told_of: bool,
}

impl Parcel {
    pub fn has_number(&self) -> bool {
        self.booking == Booking::Settled && (self.labels == 1 || self.carrier == "LOCAL")
    }
}

impl Reference {
    /// Pieces of each line of an order that are in parcels of such a status.
    pub(super) fn pieces_in(&self, order: usize, counts: impl Fn(&str) -> bool) -> Vec<i64> {
        let mut pieces = vec![0; self.orders[order].lines.len()];
        for parcel in self.parcels.iter().filter(|parcel| parcel.order == order && counts(parcel.status)) {
            pieces.iter_mut().zip(&parcel.pieces).for_each(|(sum, n)| *sum += n);
        }
        pieces
    }

    pub(super) fn ship(&mut self, at: usize, part: Option<(usize, i64)>, carrier: &'static str) -> Said {
        let live = self.pieces_in(at, IS_LIVE);
        let order = &self.orders[at];
        let left = (0..live.len()).map(|n| (order.lines[n].1 - live[n] - order.pieces_refunded[n]).max(0)).collect::<Vec<i64>>();
        let pieces = match part {
            None => left.clone(),
            Some((line, n)) => (0..left.len()).map(|place| if place == line % left.len() { n } else { 0 }).collect(),
        };
        let some_go = live.iter().any(|n| *n > 0);
        // Of one that is there, what is owed again after its refund failed.
        let is_open = matches!(order.status, "CONFIRMED" | "PROCESSING") || (matches!(order.status, "SHIPPED" | "DELIVERED") && some_go);
        let fits = pieces.iter().zip(&left).all(|(n, left)| n <= left) && pieces.iter().any(|n| *n > 0);
        if !is_open || !fits {
            return (409, "ORDER_NOT_SHIPPABLE");
        }
        let booking = if carrier == "DHL" { Booking::Due } else { Booking::Settled };
        let is_made_late = order.status == "DELIVERED";
        let parcel = Parcel { order: at, pieces, status: "PENDING", carrier, booking, labels: 0, is_made_late, is_told_of: false };
        self.parcels.push(parcel);
        self.follow(at);
        self.tell_of_parcel(self.parcels.len() - 1);
        (201, "")
    }

    pub(super) fn move_parcel(&mut self, at: usize, to: &'static str) -> Said {
        let parcel = &mut self.parcels[at];
        match parcel.booking {
            // The carrier may be at it.
            Booking::Asked { .. } => return (409, "BOOKING_IN_PROGRESS"),
            Booking::Staff if (parcel.status, to) == ("PENDING", "PENDING") => {
                parcel.booking = Booking::Due;
                return (200, "");
            }
            _ => {}
        }
        if !self.goes_on(at, to) {
            return (409, "INVALID_STATUS_TRANSITION");
        }
        self.parcels[at].booking = Booking::Settled;
        self.step_parcel(at, to);
        (200, "")
    }

    /// Whether a step leads forward.
    fn goes_on(&self, at: usize, to: &str) -> bool {
        let place = |status| PARCELS.iter().position(|known| *known == status);
        match self.parcels[at].status {
            "DELIVERED" | "RETURNED" => false,
            "FAILED" => to == "RETURNED",
            status => place(to) > place(status),
        }
    }

    fn step_parcel(&mut self, at: usize, to: &'static str) {
        let counted = (IS_LIVE(self.parcels[at].status), self.parcels[at].status == "DELIVERED");
        self.parcels[at].status = to;
        // The others have arrived, and that was news.
        if to == "DELIVERED" && self.parcels[at].is_made_late {
            self.tell(self.parcels[at].order, News::Delivered);
        }
        if counted != (IS_LIVE(to), to == "DELIVERED") {
            self.follow(self.parcels[at].order);
        }
        self.tell_of_parcel(at);
    }

    /// How many labels are due.
    pub fn due(&self) -> usize {
        self.parcels.iter().filter(|parcel| parcel.booking == Booking::Due).count()
    }

    pub(super) fn book(&mut self, outcome: Outcome) {
        for parcel in self.parcels.iter_mut().filter(|parcel| parcel.booking == Booking::Due) {
            parcel.booking = match outcome {
                Outcome::Booked => Booking::Settled,
                Outcome::Refused => Booking::Staff,
                Outcome::Taken => Booking::Asked { is_bought: true },
                Outcome::Lost => Booking::Asked { is_bought: false },
            };
            parcel.labels += usize::from(matches!(outcome, Outcome::Booked | Outcome::Taken));
        }
        (0..self.parcels.len()).for_each(|at| self.tell_of_parcel(at));
    }

    pub(super) fn look(&mut self) {
        self.book(Outcome::Booked);
        for parcel in &mut self.parcels {
            parcel.booking = match parcel.booking {
                Booking::Asked { is_bought: true } => Booking::Settled,
                Booking::Asked { is_bought: false } => Booking::Staff,
                booking => booking,
            };
        }
        (0..self.parcels.len()).for_each(|at| self.tell_of_parcel(at));
    }

    pub(super) fn scan(&mut self, at: Option<usize>, code: &str) {
        self.book(Outcome::Booked);
        let to = SCANS.iter().find(|(known, _)| *known == code).and_then(|(_, to)| *to);
        let Some((at, to)) = at.zip(to) else { return };
        // Nobody asks any more for what has failed.
        let is_known = self.parcels[at].carrier == "DHL" && self.parcels[at].has_number();
        if is_known && self.parcels[at].status != "FAILED" && self.goes_on(at, to) {
            self.step_parcel(at, to);
        }
    }

    /// The order, once fewer of its pieces are to go: whatever goes of it is in its parcels.
    pub(super) fn follow_what_goes(&mut self, at: usize) {
        if self.pieces_in(at, IS_LIVE).iter().any(|n| *n > 0) {
            self.follow(at);
        }
    }

    /// The order, once its parcels have changed.
    fn follow(&mut self, at: usize) {
        let (live, delivered) = (self.pieces_in(at, IS_LIVE), self.pieces_in(at, |status| status == "DELIVERED"));
        let order = &mut self.orders[at];
        let before = order.status;
        let none_goes = live.iter().all(|n| *n == 0);
        let all_shipped = !none_goes && (0..live.len()).all(|n| live[n] + order.pieces_refunded[n] >= order.lines[n].1);
        order.status = match order.status {
            "CONFIRMED" | "PROCESSING" | "SHIPPED" if all_shipped && live == delivered => "DELIVERED",
            "CONFIRMED" | "PROCESSING" if all_shipped => "SHIPPED",
            "CONFIRMED" => "PROCESSING",
            "SHIPPED" | "READY_FOR_PICKUP" if none_goes => "PROCESSING",
            status => status,
        };
        if before != "DELIVERED" && order.status == "DELIVERED" {
            self.tell(at, News::Delivered);
        }
    }
}
