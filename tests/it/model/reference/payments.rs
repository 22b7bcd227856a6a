//! Payments, as the contract has them: what came at their providers, and what the shop makes of what it hears.

use super::{By, CARD, CASH, IS_LIVE, News, REFUND_METHODS, Reference, Said};

/// References below are their provider's own; the others are words of staff's, which no provider knows.
pub const OWN: u8 = 9;
pub const REFERENCES: u8 = 12;

/// In minutes: for so long an order waits for its payment.
const PATIENCE: u64 = 72 * 60;
/// In minutes: within that Stripe tells again what nobody has heard, and whatever is open is asked after.
pub const AN_HOUR: u64 = 70;
/// In minutes: more than any order waits.
pub const THREE_DAYS: u64 = 73 * 60;

/// A payment at its provider: how it is made, and its number there.
pub type Payment = (usize, u8);

/// What an order owns with a reference: staff's notes are one order's, however it is paid.
pub(super) const fn owned(method: usize, number: u8) -> Payment {
    (if number < OWN { method } else { CASH }, number)
}

/// What a payment comes to at its provider.
#[derive(Clone, Copy, Debug)]
pub enum Comes {
    /// All that was to be paid.
    Whole,
    Less,
    More,
    /// It was tried in vain.
    Nothing,
}

impl Reference {
    /// The payment of an order, where it has one at a provider.
    pub fn payment_at(&self, at: usize) -> Option<Payment> {
        let order = &self.orders[at];
        let is_theirs = |number: &u8| *number < OWN && order.method != CASH && order.total > 0;
        order.reference.filter(is_theirs).map(|number| (order.method, number))
    }

    /// The payments at providers that are an order's.
    pub fn payments_of(&self, at: usize) -> Vec<Payment> {
        let theirs = self.owners.iter().filter(|((method, number), owner)| **owner == at && *number < OWN && *method != CASH);
        theirs.map(|(payment, _)| *payment).collect()
    }

    /// What a provider has got by a payment, whether the shop knows of it or not.
    pub fn got(&self, payment: Payment) -> i64 {
        self.came.get(&payment).copied().flatten().unwrap_or(0)
    }

    /// What a provider says when an order's payment comes to this: so much, or that it failed. What has come stays. Of an
    /// attempt before that Stripe may still tell; pawaPay is asked, and knows better.
    pub fn said(&self, at: usize, comes: Comes) -> Option<(Payment, Option<i64>)> {
        let payment = self.payment_at(at)?;
        // Whoever pays what credit has paid meanwhile pays all of it.
        let to_pay = Some(self.orders[at].due()).filter(|due| *due > 0).unwrap_or(self.orders[at].total);
        let there = self.came.get(&payment).copied().flatten();
        let said = match comes {
            Comes::Nothing if payment.0 == CARD => None,
            Comes::Nothing => there,
            Comes::Whole => there.or(Some(to_pay)),
            Comes::Less => there.or(Some((to_pay - 1).max(1))),
            Comes::More => there.or(Some(to_pay + 3_00)),
        };
        Some((payment, said))
    }

    pub(super) fn comes(&mut self, order: Option<usize>, comes: Comes, is_told: bool) {
        let Some((payment, said)) = order.and_then(|at| self.said(at, comes)) else { return };
        let there = self.came.entry(payment).or_default();
        *there = there.or(said);
        if is_told {
            self.hear(payment, said);
        }
    }

    /// A provider's word of a payment: it counts where it is news, and is never refused.
    fn hear(&mut self, payment: Payment, said: Option<i64>) {
        let Some(at) = (0..self.orders.len()).find(|at| self.payment_at(*at) == Some(payment)) else { return };
        if said.is_some() && payment.0 == CARD && matches!(self.orders[at].payment, "PENDING" | "FAILED" | "VOIDED") {
            self.ask_for_refunds(payment);
        }
        let order = &self.orders[at];
        match said {
            _ if order.is_paid_by_credit => self.came_beside(at, said),
            Some(cents) if order.came_in_doubt && order.came == Some(cents) => {}
            Some(cents) if order.status != "CANCELLED" && self.over_refunded(at) > 0 => self.mismatched(at, cents, true),
            Some(cents) if cents == order.due() => drop(self.pay(at, "PAID", None)),
            Some(cents) => self.mismatched(at, cents, false),
            None if self.orders[at].came.is_some() => {}
            None => drop(self.pay(at, "FAILED", None)),
        }
    }

    /// Stripe is asked for all refunds of a payment before that pays its order.
    fn ask_for_refunds(&mut self, payment: Payment) {
        let untold = std::mem::take(&mut self.untold).into_iter();
        let (of_it, others): (Vec<usize>, _) = untold.partition(|given| self.given[*given].payment == payment);
        self.untold = others;
        for given in of_it {
            self.record(given);
        }
        for refund in 0..self.refunds.len() {
            if self.refunds[refund].given.is_some_and(|given| self.given[given].payment == payment) {
                self.hear_back(refund);
            }
        }
    }

    /// Stripe has told again what was lost of refunds that somebody made there, and the providers were asked after whatever is
    /// open: refunds that they have, and payments that have not come, also of what was cancelled or is delivered.
    pub(super) fn ask_after(&mut self) {
        self.minutes += AN_HOUR;
        for given in std::mem::take(&mut self.untold) {
            self.record(given);
        }
        for refund in 0..self.refunds.len() {
            self.hear_back(refund);
        }
        for at in 0..self.orders.len() {
            let is_awaited = self.orders[at].is_paid_by_credit || matches!(self.orders[at].payment, "PENDING" | "FAILED" | "VOIDED");
            let is_open = is_awaited && self.orders[at].came.is_none();
            let there = self.payment_at(at).filter(|_| is_open).and_then(|payment| Some((payment, *self.came.get(&payment)?)));
            if let Some((payment, said)) = there {
                self.hear(payment, said);
            }
        }
    }

    /// What nobody has paid in time is cancelled, unless it is paid at the door, has gone out, or another amount came.
    pub(super) fn cancel_unpaid(&mut self) {
        self.minutes += THREE_DAYS;
        self.long_waits += 1;
        for at in 0..self.orders.len() {
            let order = &self.orders[at];
            let is_unpaid = matches!(order.payment, "PENDING" | "FAILED") && order.came.is_none() && order.total > 0;
            if is_unpaid && order.method != CASH && self.minutes - order.placed >= PATIENCE {
                let _stands_where_that_is_refused = self.cancel(at, By::Staff, None);
            }
        }
    }

    pub(super) fn pay(&mut self, at: usize, to: &'static str, reference: Option<u8>) -> Said {
        let order = &self.orders[at];
        let is_open = matches!((order.status, order.payment, to), ("CANCELLED", "VOIDED", "PAID") | (_, "PENDING" | "FAILED", "PAID"))
            || (order.payment, to) == ("PENDING", "FAILED");
        if !is_open {
            return (409, "INVALID_STATUS_TRANSITION");
        }
        if let Some(reference) = reference
            && *self.owners.entry(owned(order.method, reference)).or_insert(at) != at
        {
            return (409, "PAYMENT_REFERENCE_USED");
        }
        let order = &mut self.orders[at];
        order.payment = to;
        order.reference = reference.or(order.reference);
        if to == "PAID" {
            // More than was owed, which staff have taken for the payment, can all go back.
            let came = order.came.map_or(order.due(), |came| came.max(order.due()));
            self.is_paid(at, came);
            if self.orders[at].status == "CANCELLED" {
                self.refund_all(at, REFUND_METHODS[self.orders[at].method]);
            }
        }
        (200, "")
    }

    pub(super) fn cancel(&mut self, at: usize, by: By, method: Option<&'static str>) -> Said {
        let order = &self.orders[at];
        let way_back = REFUND_METHODS[order.method];
        let allows = |method| method == "STORE_CREDIT" || if method == "CASH" { by == By::Staff } else { method == way_back };
        match (by, order.status) {
            (By::Other, _) => return (403, "FORBIDDEN"),
            _ if !method.is_none_or(allows) => return (400, "INVALID_METHOD"),
            (_, "CANCELLED") => return (409, "ALREADY_CANCELLED"),
            (_, "PENDING" | "CONFIRMED" | "PROCESSING") if self.pieces_in(at, IS_LIVE).iter().all(|n| *n == 0) => {}
            _ => return (409, "CANNOT_CANCEL"),
        }
        for (variant, quantity) in order.lines.clone() {
            self.move_stock(variant, quantity, "SALE", Some(at));
        }
        self.orders[at].status = "CANCELLED";
        if let Some(promotion) = self.orders[at].promotion {
            self.promotions[promotion].used[self.orders[at].customer] -= 1;
        }
        let (asked, method) = (method.unwrap_or(way_back), method.unwrap_or_else(|| self.usual_way(at)));
        let (is_by_credit, owed) = (self.orders[at].is_paid_by_credit, self.owe_credit(at));
        let (was_held, before) = (self.orders[at].came.is_some() && !is_by_credit, self.refunds.len());
        self.give_all_back(at, method);
        if was_held {
            self.doubt(before, way_back);
        }
        let before = self.refunds.len();
        let (owed, asked) = if is_by_credit { (self.left_beside(at), asked) } else { (owed, "STORE_CREDIT") };
        self.push_beside(at, owed, asked);
        if is_by_credit {
            self.doubt(before, way_back);
        }
        self.tell(at, News::Cancelled);
        (200, "")
    }

    /// Staff may have given it back on pawaPay's pages, which tells nobody.
    fn doubt(&mut self, since: usize, way_back: &str) {
        for refund in self.refunds[since..].iter_mut().filter(|refund| way_back == "MOBILE_MONEY" && refund.method != way_back) {
            (refund.awaits, refund.may_be_back) = (Some("STAFF"), true);
        }
    }

    /// Of a cancelled order, whatever came for it.
    fn give_all_back(&mut self, at: usize, method: &'static str) {
        if let Some(came) = self.orders[at].came.filter(|_| !self.orders[at].is_paid_by_credit) {
            self.is_paid(at, came);
        }
        if self.orders[at].paid == 0 {
            self.orders[at].payment = "VOIDED";
            return;
        }
        self.refund_all(at, method);
        // What is left then came as credit.
        self.refund_all(at, "STORE_CREDIT");
    }

    /// Another amount came than was to be paid, or something of it is gone.
    fn mismatched(&mut self, at: usize, came: i64, in_doubt: bool) {
        let order = &mut self.orders[at];
        if matches!(order.payment, "PENDING" | "FAILED" | "VOIDED") && order.came != Some(came) {
            (order.came, order.came_in_doubt) = (Some(came), in_doubt);
            if order.status == "CANCELLED" {
                self.give_all_back(at, REFUND_METHODS[self.orders[at].method]);
            }
        }
    }
}
