//! Store credit that is spent on an order, as the contract has it: a part of its payment, and it goes back as credit alone.

use super::{By, REFUND_METHODS, Reference, Said};

impl Reference {
    pub(super) fn spend(&mut self, at: usize, by: By, cents: i64) -> Said {
        let order = &self.orders[at];
        if by == By::Other {
            return (404, "ORDER_NOT_FOUND");
        }
        if self.credit[order.customer] < cents {
            return (409, "INSUFFICIENT_CREDIT");
        }
        if order.status == "CANCELLED" || !matches!(order.payment, "PENDING" | "FAILED") {
            return (409, "ORDER_NOT_PAYABLE");
        }
        if cents > order.due() {
            return (409, "CREDIT_EXCEEDS_DUE");
        }
        self.credit[order.customer] -= cents;
        let order = &mut self.orders[at];
        (order.spent, order.credit, order.times_spent) = (order.spent + cents, order.credit + cents, order.times_spent + 1);
        // With it all is there, or what came is just the rest.
        if order.came.unwrap_or(0) == order.due() {
            let rest = order.due();
            self.is_paid(at, rest);
        }
        (201, "")
    }

    /// All that is due for an order, as far as its customer has so much; a cent where that is nothing.
    pub fn payable_by_credit(&self, at: usize) -> i64 {
        self.orders[at].due().min(self.credit[self.orders[at].customer]).max(1)
    }

    /// So much came, and with the credit it is what was paid.
    pub(super) fn is_paid(&mut self, at: usize, came: i64) {
        let order = &mut self.orders[at];
        (order.paid, order.came, order.payment) = (came + order.credit, None, "PAID");
        self.limit_credit(at);
        self.follow_refunds(at);
    }

    /// Of a paid order no more credit goes back than all that may.
    pub(super) fn limit_credit(&mut self, at: usize) {
        if self.orders[at].paid > 0 {
            self.orders[at].credit = self.orders[at].credit.min(self.refundable(at));
        }
    }

    /// What a method may give back: as credit all of it, else what did not come as credit.
    pub(super) fn room(&self, at: usize, method: &str) -> i64 {
        if method == "STORE_CREDIT" { self.refundable(at) } else { (self.refundable(at) - self.orders[at].credit).max(0) }
    }

    /// How money goes back where nothing is said: as it came, and as credit where nothing else is left.
    pub(super) fn usual_way(&self, at: usize) -> &'static str {
        let way_back = REFUND_METHODS[self.orders[at].method];
        if self.refundable(at) > 0 && self.room(at, way_back) == 0 { "STORE_CREDIT" } else { way_back }
    }

    /// The credit of an order that nobody will pay any more is owed beside whatever else comes for it.
    pub(super) fn owe_credit(&mut self, at: usize) -> i64 {
        if self.orders[at].paid == 0 { std::mem::take(&mut self.orders[at].credit) } else { 0 }
    }

    /// What was owed so and has gone back or is on its way: it is no part of what was paid.
    pub fn credit_beside(&self, at: usize) -> i64 {
        let live = self.refunds.iter().filter(|refund| refund.order == at && refund.is_owed && refund.status != "FAILED");
        live.map(|refund| refund.amount).sum()
    }
}
