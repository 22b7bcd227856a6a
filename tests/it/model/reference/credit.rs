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
        // With it all is there, or what came is just the rest, and not gone.
        let (came, rest, in_doubt) = (order.came, order.due(), order.came_in_doubt);
        let is_sure = !in_doubt && self.over_refunded(at) == 0;
        if came.map_or(rest == 0, |came| is_sure && came == rest) {
            if rest == 0 && self.payment_at(at).is_some() {
                self.set_payment_aside(at);
            }
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
        (order.paid, order.came, order.came_in_doubt, order.payment) = (came + order.credit, None, false, "PAID");
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

    /// Whatever comes by the payment of an order that credit has paid, or went back of it before, is beside what was paid.
    fn set_payment_aside(&mut self, at: usize) {
        self.orders[at].is_paid_by_credit = true;
        for refund in self.refunds.iter_mut().filter(|refund| refund.order == at) {
            refund.is_beside = true;
        }
    }

    /// It has come, and goes back.
    pub(super) fn came_beside(&mut self, at: usize, said: Option<i64>) {
        if said.is_some() && self.orders[at].came != said {
            self.orders[at].came = said;
            self.push_beside(at, self.left_beside(at), REFUND_METHODS[self.orders[at].method]);
        }
    }

    /// What the shop is known to have of it.
    pub(super) fn left_beside(&self, at: usize) -> i64 {
        self.orders[at].came.map_or(0, |came| (came - self.given_beside(at)).max(0))
    }

    /// What of it went back beyond what is known to have come.
    pub(super) fn beyond_beside(&self, at: usize) -> i64 {
        let came = self.orders[at].came.filter(|_| self.orders[at].is_paid_by_credit);
        came.map_or(0, |came| (self.given_beside(at) - came).max(0))
    }

    /// What was owed so and has gone back or is on its way: it is no part of what was paid.
    pub fn given_beside(&self, at: usize) -> i64 {
        let live = self.refunds.iter().filter(|refund| refund.order == at && refund.is_beside && refund.status != "FAILED");
        live.map(|refund| refund.amount).sum()
    }
}
