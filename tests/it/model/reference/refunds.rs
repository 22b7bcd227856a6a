//! Refunds, as the contract has them, and what becomes of those that a provider carries out.

use super::payments::{Payment, THREE_DAYS};
use super::{CARD, News, REFUND_METHODS, Reference, Said};

/// What a refund is asked for.
#[derive(Clone, Debug)]
pub enum Part {
    Rest,
    Cents(i64),
    /// Pieces of a line, by its place.
    Pieces(usize, i64),
}

/// Where a refund is at its provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Open,
    /// The customer has the money.
    Done,
    Failed,
}

/// What goes wrong once with each of those who are asked for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// They do it, and the answer gets lost.
    Lost,
    /// They are out of order, and do nothing.
    Refused,
}

/// A refund at a provider, whoever asked for it.
#[derive(Clone, Copy, Debug)]
pub struct Given {
    pub payment: Payment,
    pub amount: i64,
    pub fate: Fate,
}

#[derive(Clone, Copy, Debug)]
pub struct Refund {
    pub order: usize,
    pub amount: i64,
    pub method: &'static str,
    pub status: &'static str,
    /// Who is next, where that is not the shop.
    pub awaits: Option<&'static str>,
    /// What its provider has of it; a retry begins with nothing.
    pub given: Option<usize>,
    /// The line and how many of it, where it is of pieces.
    pieces: Option<(usize, i64)>,
    /// When it came to its end, in minutes.
    ended: u64,
    /// Whether it has a name of Stripe's, which a retry keeps.
    is_named: bool,
    /// What of it is credit that was spent on the order.
    pub from_credit: i64,
    /// Whether it is of no part of what was paid: the credit of an order that was never paid, or money that came for one which credit
    /// has paid.
    pub is_beside: bool,
    /// Whether staff look first whether the customer has the money already: if they give it up, that is so.
    pub(super) may_be_back: bool,
}

impl Refund {
    fn new(order: usize, amount: i64, method: &'static str) -> Self {
        Self {
            order,
            amount,
            method,
            status: "PROCESSING",
            awaits: None,
            given: None,
            pieces: None,
            ended: 0,
            is_named: false,
            from_credit: 0,
            is_beside: false,
            may_be_back: false,
        }
    }
}

impl Reference {
    /// Of what was paid, what is neither given back nor on its way back.
    pub fn refundable(&self, order: usize) -> i64 {
        self.balance(order).max(0)
    }

    /// What was given back beyond all that was paid.
    pub fn over_refunded(&self, order: usize) -> i64 {
        (-self.balance(order)).max(0)
    }

    fn balance(&self, order: usize) -> i64 {
        let live = self.refunds.iter().filter(|refund| refund.order == order && !refund.is_beside && refund.status != "FAILED");
        self.orders[order].paid - live.map(|refund| refund.amount).sum::<i64>()
    }

    /// What the completed refunds of an order come to.
    pub fn refunded(&self, order: usize) -> i64 {
        let done = self.refunds.iter().filter(|refund| refund.order == order && refund.status == "COMPLETED");
        done.map(|refund| refund.amount).sum()
    }

    /// What a provider still has of a payment.
    fn left(&self, payment: Payment) -> i64 {
        let gone = self.given.iter().filter(|given| given.payment == payment && given.fate != Fate::Failed);
        self.got(payment) - gone.map(|given| given.amount).sum::<i64>()
    }

    pub(super) fn open_refund(&mut self, at: usize, part: &Part, method: Option<&'static str>) -> Said {
        let way_back = REFUND_METHODS[self.orders[at].method];
        if !method.is_none_or(|method| ["STORE_CREDIT", "CASH", way_back].contains(&method)) {
            return (400, "INVALID_METHOD");
        }
        let method = method.unwrap_or_else(|| self.usual_way(at));
        let room = self.room(at, method);
        let (amount, pieces) = match part {
            Part::Rest => (room, None),
            Part::Cents(cents) => (*cents, None),
            Part::Pieces(line, quantity) => {
                let line = line % self.orders[at].lines.len();
                if *quantity > self.free(at)[line] {
                    return (409, "REFUND_EXCEEDS_PAID");
                }
                (self.orders[at].worth_of(line, *quantity), Some((line, *quantity)))
            }
        };
        if amount == 0 || amount > room {
            return (409, "REFUND_EXCEEDS_PAID");
        }
        self.push_refund(at, amount, method, pieces);
        self.follow_what_goes(at);
        (201, "")
    }

    /// Nothing where nothing is left.
    pub(super) fn refund_all(&mut self, order: usize, method: &'static str) {
        match self.room(order, method) {
            0 => {}
            amount => self.push_refund(order, amount, method, None),
        }
    }

    /// One of credit gives back first what was spent of it on the order.
    pub(super) fn push_refund(&mut self, order: usize, amount: i64, method: &'static str, pieces: Option<(usize, i64)>) {
        let from_credit = self.take_credit(order, amount, method);
        self.refunds.push(Refund { pieces, from_credit, ..Refund::new(order, amount, method) });
        self.due.push(self.refunds.len() - 1);
        self.count_pieces(self.refunds.len() - 1, 1);
        self.follow_refunds(order);
    }

    /// Of what is owed and was no part of what was paid.
    pub(super) fn push_beside(&mut self, order: usize, amount: i64, method: &'static str) {
        if amount > 0 {
            self.due.push(self.refunds.len());
            self.refunds.push(Refund { is_beside: true, ..Refund::new(order, amount, method) });
        }
    }

    /// What was given back beyond all that came of what a refund gives back.
    fn beyond(&self, Refund { order, is_beside, .. }: &Refund) -> i64 {
        if *is_beside { self.beyond_beside(*order) } else { self.over_refunded(*order) }
    }

    fn take_credit(&mut self, order: usize, amount: i64, method: &str) -> i64 {
        let from_credit = if method == "STORE_CREDIT" { amount.min(self.orders[order].credit) } else { 0 };
        self.orders[order].credit -= from_credit;
        from_credit
    }

    fn count_pieces(&mut self, refund: usize, sign: i64) {
        let Refund { order, amount, pieces, .. } = self.refunds[refund];
        if let Some((line, quantity)) = pieces {
            self.orders[order].pieces_refunded[line] += sign * quantity;
            self.orders[order].cents_refunded[line] += sign * amount;
        }
    }

    /// The payment status that follows from the refunds; what was never paid keeps its own.
    pub(super) fn follow_refunds(&mut self, at: usize) {
        let own = || self.refunds.iter().filter(|refund| refund.order == at && !refund.is_beside);
        let is_open = own().any(|refund| refund.status == "PROCESSING");
        let done: i64 = own().filter(|refund| refund.status == "COMPLETED").map(|refund| refund.amount).sum();
        let order = &mut self.orders[at];
        order.payment = match done {
            _ if order.paid == 0 => order.payment,
            _ if is_open => "REFUND_PENDING",
            0 => "PAID",
            refunded if refunded >= order.paid => "REFUNDED",
            _ => "PARTIALLY_REFUNDED",
        };
    }

    pub(super) fn step_refund(&mut self, at: usize, to: &'static str) -> Said {
        match (self.refunds[at].status, to) {
            _ if self.refunds[at].awaits == Some("PROVIDER") => return (409, "REFUND_IN_PROGRESS"),
            ("PROCESSING", "COMPLETED") => self.complete(at),
            ("PROCESSING", "FAILED") => self.fail(at),
            ("FAILED", "PROCESSING") => {
                let Refund { order, amount, pieces, method, is_beside, .. } = self.refunds[at];
                let are_free = pieces.is_none_or(|(line, quantity)| quantity <= self.free(order)[line]);
                // Others of its line may have gone back meanwhile, and left it a cent more or less.
                let amount = pieces.map_or(amount, |(line, quantity)| self.orders[order].worth_of(line, quantity));
                let is_owed_credit = is_beside && !self.orders[order].is_paid_by_credit;
                let room = if is_beside { self.left_beside(order) } else { self.room(order, method) };
                if !is_owed_credit && (amount == 0 || amount > room || !are_free) {
                    return (409, "REFUND_EXCEEDS_PAID");
                }
                self.refunds[at].from_credit = if is_beside { 0 } else { self.take_credit(order, amount, method) };
                (self.refunds[at].amount, self.refunds[at].given) = (amount, None);
                self.refunds[at].may_be_back = false;
                self.count_pieces(at, 1);
                self.follow_what_goes(order);
                self.settle(at, "PROCESSING");
                self.due.push(at);
            }
            _ => return (409, "INVALID_STATUS_TRANSITION"),
        }
        (200, "")
    }

    fn complete(&mut self, at: usize) {
        let Refund { order, amount, method, .. } = self.refunds[at];
        self.settle(at, "COMPLETED");
        self.tell(order, News::Refunded(amount));
        if method == "STORE_CREDIT" {
            self.credit[self.orders[order].customer] += amount;
        }
    }

    /// Nothing is owed of what went back besides.
    fn fail(&mut self, at: usize) {
        let Refund { order, amount, awaits, may_be_back, from_credit, .. } = self.refunds[at];
        let owed = amount - self.beyond(&self.refunds[at]);
        self.count_pieces(at, -1);
        self.orders[order].credit += from_credit;
        self.settle(at, "FAILED");
        self.limit_credit(order);
        if owed > 0 && !(may_be_back && awaits == Some("STAFF")) {
            self.tell(order, News::NotRefunded(owed));
        }
    }

    fn settle(&mut self, at: usize, status: &'static str) {
        let refund = &mut self.refunds[at];
        (refund.status, refund.awaits, refund.ended) = (status, None, self.minutes);
        let order = refund.order;
        self.follow_refunds(order);
    }

    /// Every refund that is due is carried out, whatever goes wrong at first; those that a provider makes meet this fate there.
    pub(super) fn work(&mut self, fate: Fate, trouble: Option<Trouble>) {
        let is_asked_after = trouble == Some(Trouble::Lost) && !self.turns_matter();
        for at in std::mem::take(&mut self.due) {
            let Refund { order, method, status, awaits, .. } = self.refunds[at];
            match (method, awaits) {
                _ if status != "PROCESSING" => {}
                (_, Some("PROVIDER")) => self.hear_back(at),
                // Stripe has given the money back already.
                ("STORE_CREDIT", None) if self.beyond(&self.refunds[at]) > 0 => self.fail(at),
                ("STORE_CREDIT", None) => self.complete(at),
                ("CARD" | "MOBILE_MONEY", None) => match self.payment_at(order) {
                    Some(payment) => {
                        self.ask_for(at, payment, fate);
                        if is_asked_after {
                            self.hear_back(at);
                        }
                    }
                    None => self.refunds[at].awaits = Some("STAFF"),
                },
                _ => self.refunds[at].awaits = Some("STAFF"),
            }
        }
    }

    /// A provider gives back what it has, and no more. Stripe says at once what became of it; pawaPay only that it is at it.
    fn ask_for(&mut self, at: usize, payment: Payment, fate: Fate) {
        let amount = self.refunds[at].amount;
        if amount > self.left(payment) {
            return self.fail(at);
        }
        (self.refunds[at].given, self.refunds[at].awaits) = (Some(self.given.len()), Some("PROVIDER"));
        self.given.push(Given { payment, amount, fate });
        if payment.0 == CARD {
            self.hear_back(at);
        }
    }

    /// What its provider says of a refund that it has.
    pub(super) fn hear_back(&mut self, at: usize) {
        let there = self.refunds[at].given.filter(|_| self.refunds[at].awaits == Some("PROVIDER"));
        match there.map(|given| self.given[given].fate) {
            None | Some(Fate::Open) => {}
            Some(Fate::Done) => self.complete(at),
            Some(Fate::Failed) => self.fail(at),
        }
    }

    /// A provider comes to an end with a refund; what has ended stays as it is.
    pub(super) fn ends(&mut self, refund: Option<usize>, to: Fate, is_told: bool) {
        let Some((at, given)) = refund.and_then(|at| Some((at, self.refunds[at].given?))) else { return };
        if self.given[given].fate == Fate::Open {
            self.given[given].fate = to;
        }
        if is_told {
            self.hear_back(at);
        }
    }

    /// Somebody gives a part of a payment back on Stripe's own pages, as far as there is so much.
    pub(super) fn give_by_hand(&mut self, order: Option<usize>, cents: i64, fate: Fate, is_told: bool) {
        let Some(payment) = order.and_then(|at| self.payment_at(at)).filter(|(method, _)| *method == CARD) else { return };
        let amount = cents.min(self.left(payment));
        if amount > 0 {
            let given = self.given.len();
            self.given.push(Given { payment, amount, fate });
            if is_told {
                self.record(given);
            } else {
                self.untold.push(given);
            }
        }
    }

    /// It is one that staff were to make, or say that they have made; any other is gone, whether there was room for it or not.
    pub(super) fn record(&mut self, given: usize) {
        let Given { payment, amount, fate } = self.given[given];
        let order = self.owners[&payment];
        if let Some(at) = self.made_by_staff(order, amount, fate) {
            (self.refunds[at].given, self.refunds[at].is_named) = (Some(given), true);
            self.refunds[at].awaits = self.refunds[at].awaits.map(|_| "PROVIDER");
            return self.hear_back(at);
        }
        let (status, awaits) = match fate {
            Fate::Open => ("PROCESSING", Some("PROVIDER")),
            Fate::Done => ("COMPLETED", None),
            Fate::Failed => ("FAILED", None),
        };
        let (given, ended) = (Some(given), self.minutes);
        let is_beside = self.orders[order].is_paid_by_credit;
        let made = Refund::new(order, amount, REFUND_METHODS[CARD]);
        self.refunds.push(Refund { status, awaits, given, ended, is_beside, is_named: true, ..made });
        self.limit_credit(order);
        if fate == Fate::Done {
            self.tell(order, News::Refunded(amount));
        }
        self.follow_refunds(order);
    }

    /// The refund of such an amount that staff have completed within three days, else one that waits for them; the oldest first.
    fn made_by_staff(&self, order: usize, amount: i64, fate: Fate) -> Option<usize> {
        let is_alike = |refund: &Refund| (refund.order, refund.amount, refund.method) == (order, amount, REFUND_METHODS[CARD]);
        let was_completed = |refund: &Refund| {
            refund.status == "COMPLETED"
                && refund.given.is_none()
                && !refund.is_named
                && fate != Fate::Failed
                && self.minutes - refund.ended < THREE_DAYS
        };
        let oldest = |is: &dyn Fn(&Refund) -> bool| self.refunds.iter().position(|refund| is_alike(refund) && is(refund));
        oldest(&was_completed).or_else(|| oldest(&|refund| refund.awaits == Some("STAFF")))
    }

    /// How many jobs that are due have something to ask the provider of such payments.
    pub fn asks_at(&self, method: usize) -> usize {
        let asks = |at: &&usize| {
            let Refund { order, method: way, status, awaits, .. } = self.refunds[**at];
            let has_whom = awaits == Some("PROVIDER") || (awaits.is_none() && self.payment_at(order).is_some());
            status == "PROCESSING" && way == REFUND_METHODS[method] && has_whom
        };
        self.due.iter().filter(asks).count()
    }

    /// Whether what becomes of one of the refunds that are due may hang on what becomes of another.
    pub fn turns_matter(&self) -> bool {
        let at_issue = |at: &usize| {
            let Refund { order, .. } = self.refunds[*at];
            let due = self.due.iter().filter(|other| self.refunds[**other].order == order);
            let amounts: i64 = due.clone().map(|other| self.refunds[*other].amount).sum();
            let is_short = self.payment_at(order).is_some_and(|payment| amounts > self.left(payment));
            due.count() > 1 && (is_short || self.over_refunded(order) > 0 || self.beyond_beside(order) > 0)
        };
        self.due.iter().any(at_issue)
    }
}
