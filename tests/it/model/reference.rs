//! What a shop should do, in the plainest words there are: the contract's rules on a few numbers.

mod parcels;
mod promotions;
mod returns;

use parcels::IS_LIVE;
pub use parcels::{Booking, Outcome, Parcel, SCANS};
pub use promotions::{FEES, PROMOTIONS, Promotion, Runs};
pub use returns::{Entry, Rma};

use std::collections::HashMap;

pub const PRICES: [i64; 3] = [20_00, 35_50, 9_99];
pub const STOCK: i64 = 12;
pub const STATUSES: [&str; 7] = ["PENDING", "CONFIRMED", "PROCESSING", "READY_FOR_PICKUP", "SHIPPED", "DELIVERED", "CANCELLED"];
pub const PARCELS: [&str; 7] = ["PENDING", "PICKED_UP", "IN_TRANSIT", "OUT_FOR_DELIVERY", "DELIVERED", "FAILED", "RETURNED"];
pub const PAYMENT_METHODS: [&str; 3] = ["MOBILE_MONEY", "CASH_ON_DELIVERY", "CARD"];
/// The way back of each payment method, and the one that is always open.
pub const REFUND_METHODS: [&str; 4] = ["MOBILE_MONEY", "CASH", "CARD", "STORE_CREDIT"];
pub const RETURNS: [&str; 6] = ["REQUESTED", "APPROVED", "RECEIVED", "REFUNDED", "COMPLETED", "REJECTED"];
pub const CONDITIONS: [&str; 4] = ["UNOPENED", "OPENED_UNUSED", "DEFECTIVE", "DAMAGED"];
/// The conditions whose pieces are sold again.
const IN_STOCK_AGAIN: [&str; 2] = ["UNOPENED", "OPENED_UNUSED"];

/// The place of cards in both.
pub const CARD: usize = 2;

/// One call, or a moment for the workers. Customers are 0 and 1; orders and refunds are the case's own, in the order
/// they were made; nothing where there is none such.
#[derive(Clone, Debug)]
pub enum Step {
    /// The promotion after the last is none that there is.
    Place {
        customer: usize,
        lines: Vec<(usize, i64)>,
        method: usize,
        reference: Option<u8>,
        promotion: Option<usize>,
    },
    Limit {
        promotion: usize,
        limit: Option<i64>,
    },
    /// The promotion is moved in time.
    Run {
        promotion: usize,
        runs: Runs,
    },
    Ask {
        customer: usize,
        promotion: usize,
        cents: i64,
    },
    Status {
        order: Option<usize>,
        to: &'static str,
    },
    Pay {
        order: Option<usize>,
        to: &'static str,
        reference: Option<u8>,
    },
    Cancel {
        order: Option<usize>,
        by: By,
        method: Option<usize>,
    },
    Refund {
        refund: Option<usize>,
        to: &'static str,
    },
    /// By DHL, or by the shop's own courier.
    Ship {
        order: Option<usize>,
        part: Option<(usize, i64)>,
        carrier: &'static str,
    },
    /// The worker asks the carrier for every label that is due; this is what comes of each.
    Book(Outcome),
    /// An hour later the worker has looked for what nobody answered for.
    Look,
    /// The carrier sees a parcel, so many minutes ago, and tells of it, once or more often; the worker asks it what it saw.
    Scan {
        parcel: Option<usize>,
        code: &'static str,
        minutes_ago: u64,
        times: usize,
    },
    Parcel {
        parcel: Option<usize>,
        to: &'static str,
    },
    OpenRefund {
        order: Option<usize>,
        part: Part,
        method: Option<usize>,
    },
    /// Pieces of lines, by their place, in a condition.
    AskBack {
        order: Option<usize>,
        by: By,
        items: Vec<(usize, i64, &'static str)>,
    },
    /// What arrived of its entries, all that was asked for where nothing is said; and cents for restocking.
    Return {
        rma: Option<usize>,
        to: &'static str,
        counts: Vec<i64>,
        fee: Option<i64>,
    },
    Adjust {
        variant: usize,
        change: i64,
    },
    Redeem {
        customer: usize,
        cents: i64,
    },
    /// Stripe tells of an order's card payment; of somebody else's where the order has none there.
    Told {
        order: Option<usize>,
        word: Word,
    },
    Work,
}

/// What Stripe tells.
#[derive(Clone, Copy, Debug)]
pub enum Word {
    /// All that was to be paid has come.
    Paid,
    PaidTooLittle,
    Failed,
    /// Somebody has given so much back on Stripe's own pages.
    Refunded(i64),
}

/// What a refund is asked for.
#[derive(Clone, Debug)]
pub enum Part {
    Rest,
    Cents(i64),
    /// Pieces of a line, by its place.
    Pieces(usize, i64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Owner,
    Other,
    Staff,
}

/// A status, and a code where it is a refusal.
pub type Said = (u16, &'static str);

#[derive(Clone, Debug)]
pub struct Order {
    pub customer: usize,
    pub lines: Vec<(usize, i64)>,
    pub method: usize,
    pub reference: Option<u8>,
    pub status: &'static str,
    pub payment: &'static str,
    pub discount: i64,
    pub promotion: Option<usize>,
    pub total: i64,
    pub paid: i64,
    /// What came where the total was to be paid, until somebody decides.
    came: Option<i64>,
    /// What came by references that it had before.
    earlier: Vec<(u8, i64)>,
    pub refunded: i64,
    /// Of each line what was paid for it, and the pieces and the money that went back or are going back.
    pub worth: Vec<i64>,
    pub pieces_refunded: Vec<i64>,
    pub cents_refunded: Vec<i64>,
}

impl Order {
    /// What so many pieces of a line give back: an even part of what is left of the line, odd cents first.
    fn worth_of(&self, line: usize, pieces: i64) -> i64 {
        let there = self.lines[line].1 - self.pieces_refunded[line];
        let cents = self.worth[line] - self.cents_refunded[line];
        cents.checked_div(there).map_or(0, |each| each * pieces + pieces.min(cents % there))
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Refund {
    pub order: usize,
    pub amount: i64,
    pub method: &'static str,
    pub status: &'static str,
    pub awaits_staff: bool,
    /// The line and how many of it, where it is of pieces.
    pieces: Option<(usize, i64)>,
    /// The payment that it gives back, where that may be another than its order has by now.
    payment: Option<u8>,
    /// Its place among the jobs, where it has one.
    job: Option<usize>,
}

#[derive(Clone, Debug)]
pub struct Reference {
    pub stock: [i64; 3],
    pub adjusted: [i64; 3],
    pub credit: [i64; 2],
    pub orders: Vec<Order>,
    pub refunds: Vec<Refund>,
    pub parcels: Vec<Parcel>,
    pub returns: Vec<Rma>,
    pub promotions: [Promotion; PROMOTIONS.len()],
    owners: HashMap<(usize, u8), usize>,
    jobs: usize,
}

impl Reference {
    pub fn new() -> Self {
        Self {
            stock: [STOCK; 3],
            adjusted: [0; 3],
            credit: [0; 2],
            orders: Vec::new(),
            refunds: Vec::new(),
            parcels: Vec::new(),
            returns: Vec::new(),
            promotions: PROMOTIONS,
            owners: HashMap::new(),
            jobs: 0,
        }
    }

    /// What the step is answered, having been done if that is no refusal.
    pub fn apply(&mut self, step: &Step) -> Said {
        match step {
            Step::Place { customer, lines, method, reference, promotion } => self.place(*customer, lines, *method, *reference, *promotion),
            Step::Limit { promotion, limit } => {
                self.promotions[*promotion].limit = *limit;
                (200, "")
            }
            Step::Run { promotion, runs } => {
                self.promotions[*promotion].runs = *runs;
                (200, "")
            }
            Step::Ask { customer, promotion, cents } => match self.offer(*promotion, *customer, *cents) {
                Err((409, code)) => (400, code),
                Err(refusal) => refusal,
                Ok(_) => (200, ""),
            },
            Step::Status { order: None, .. }
            | Step::Pay { order: None, .. }
            | Step::Cancel { order: None, .. }
            | Step::OpenRefund { order: None, .. }
            | Step::AskBack { order: None, .. } => (404, "ORDER_NOT_FOUND"),
            Step::OpenRefund { order: Some(order), part, method } => {
                self.open_refund(*order, part, method.map(|method| REFUND_METHODS[method]))
            }
            Step::Status { order: Some(order), to: "CANCELLED" } => self.cancel(*order, By::Staff, None),
            Step::Status { order: Some(order), to } => self.advance(*order, to),
            Step::Pay { order: Some(order), to, reference } => self.pay(*order, to, *reference),
            Step::Cancel { order: Some(order), by, method } => self.cancel(*order, *by, method.map(|method| REFUND_METHODS[method])),
            Step::Refund { refund: None, .. } => (404, "REFUND_NOT_FOUND"),
            Step::Refund { refund: Some(refund), to } => self.step_refund(*refund, to),
            Step::Ship { order: None, .. } => (404, "ORDER_NOT_FOUND"),
            Step::Ship { order: Some(order), part, carrier } => self.ship(*order, *part, carrier),
            Step::Book(outcome) => {
                self.book(*outcome);
                (200, "")
            }
            Step::Look => {
                self.look();
                (200, "")
            }
            Step::Scan { parcel, code, .. } => {
                self.scan(*parcel, code);
                (200, "")
            }
            Step::Parcel { parcel: None, .. } => (404, "SHIPMENT_NOT_FOUND"),
            Step::Parcel { parcel: Some(parcel), to } => self.move_parcel(*parcel, to),
            Step::AskBack { order: Some(order), by, items } => self.ask_back(*order, *by, items),
            Step::Return { to: "REQUESTED" | "COMPLETED" | "REJECTED", fee: Some(_), .. } => (400, "INVALID_AMOUNT"),
            Step::Return { rma: None, .. } => (404, "RETURN_NOT_FOUND"),
            Step::Return { rma: Some(rma), to, counts, fee } => self.step_return(*rma, to, counts, *fee),
            Step::Adjust { variant, change } if self.stock[*variant] + change < 0 => (409, "INSUFFICIENT_STOCK"),
            Step::Adjust { variant, change } => {
                self.stock[*variant] += change;
                self.adjusted[*variant] += change;
                (200, "")
            }
            Step::Redeem { customer, cents } if self.credit[*customer] < *cents => (409, "INSUFFICIENT_CREDIT"),
            Step::Redeem { customer, cents } => {
                self.credit[*customer] -= cents;
                (201, "")
            }
            Step::Told { order, word } => {
                self.told(*order, *word);
                (200, "")
            }
            Step::Work => {
                self.work();
                (200, "")
            }
        }
    }

    /// Of what was paid, what is neither given back nor on its way back.
    pub fn refundable(&self, order: usize) -> i64 {
        self.balance(order).max(0)
    }

    /// What was given back beyond all that was paid.
    pub fn over_refunded(&self, order: usize) -> i64 {
        (-self.balance(order)).max(0)
    }

    /// The number of an order's payment at Stripe.
    pub fn at_stripe(&self, order: Option<usize>) -> Option<u8> {
        let order = &self.orders[order?];
        order.reference.filter(|_| order.method == CARD)
    }

    fn balance(&self, order: usize) -> i64 {
        let live = self.own_refunds(order).filter(|refund| refund.status != "FAILED");
        self.orders[order].paid - live.map(|refund| refund.amount).sum::<i64>()
    }

    fn is_own(&self, refund: &Refund) -> bool {
        refund.payment.is_none_or(|payment| self.orders[refund.order].reference == Some(payment))
    }

    /// An order's refunds of the payment that it has.
    pub fn own_refunds(&self, order: usize) -> impl Iterator<Item = &Refund> {
        self.refunds.iter().filter(move |refund| refund.order == order && self.is_own(refund))
    }

    /// What the shop has of what came by an earlier reference.
    fn held(&self, order: usize, reference: u8) -> i64 {
        let came = self.orders[order].earlier.iter().find(|(earlier, _)| *earlier == reference).map_or(0, |(_, came)| *came);
        let gone = |refund: &&Refund| refund.order == order && refund.payment == Some(reference) && refund.status != "FAILED";
        came - self.refunds.iter().filter(gone).map(|refund| refund.amount).sum::<i64>()
    }

    fn place(&mut self, customer: usize, lines: &[(usize, i64)], method: usize, reference: Option<u8>, promotion: Option<usize>) -> Said {
        if promotion.is_some_and(|promotion| promotion >= self.promotions.len()) {
            return (404, "INVALID_CODE");
        }
        let mut wanted = [0; 3];
        for (variant, quantity) in lines {
            wanted[*variant] += quantity;
        }
        if (0..3).any(|variant| self.stock[variant] < wanted[variant]) {
            return (409, "INSUFFICIENT_STOCK");
        }
        let subtotal = (0..3).map(|variant| PRICES[variant] * wanted[variant]).sum();
        let (off_lines, off_fee) = match promotion.map_or(Ok((0, 0)), |promotion| self.offer(promotion, customer, subtotal)) {
            Ok(off) => off,
            Err(refusal) => return refusal,
        };
        if reference.is_some_and(|reference| self.owners.contains_key(&(method, reference))) {
            return (409, "PAYMENT_REFERENCE_USED");
        }
        for (stock, wanted) in self.stock.iter_mut().zip(wanted) {
            *stock -= wanted;
        }
        if let Some(reference) = reference {
            self.owners.insert((method, reference), self.orders.len());
        }
        let lines: Vec<(usize, i64)> = (0..3).filter(|variant| wanted[*variant] > 0).map(|variant| (variant, wanted[variant])).collect();
        if let Some(promotion) = promotion {
            self.promotions[promotion].used[customer] += 1;
        }
        let total = subtotal - off_lines + FEES[customer] - off_fee;
        let amounts: Vec<i64> = lines.iter().map(|(variant, quantity)| PRICES[*variant] * quantity).collect();
        self.orders.push(Order {
            customer,
            method,
            reference,
            status: "PENDING",
            payment: if total == 0 { "PAID" } else { "PENDING" },
            discount: off_lines + off_fee,
            promotion,
            total,
            paid: 0,
            came: None,
            earlier: Vec::new(),
            refunded: 0,
            worth: promotions::spread(off_lines, &amounts),
            pieces_refunded: vec![0; lines.len()],
            cents_refunded: vec![0; lines.len()],
            lines,
        });
        (201, "")
    }

    fn advance(&mut self, order: usize, to: &'static str) -> Said {
        match (self.orders[order].status, to) {
            ("PENDING", "CONFIRMED")
            | ("CONFIRMED", "PROCESSING")
            | ("PROCESSING", "READY_FOR_PICKUP" | "SHIPPED")
            | ("READY_FOR_PICKUP" | "SHIPPED", "DELIVERED") => {
                self.orders[order].status = to;
                (200, "")
            }
            _ => (409, "INVALID_STATUS_TRANSITION"),
        }
    }

    fn pay(&mut self, at: usize, to: &'static str, reference: Option<u8>) -> Said {
        let order = &self.orders[at];
        let is_open = matches!((order.status, order.payment, to), ("CANCELLED", "VOIDED", "PAID") | (_, "PENDING" | "FAILED", "PAID"))
            || (order.payment, to) == ("PENDING", "FAILED");
        if !is_open {
            return (409, "INVALID_STATUS_TRANSITION");
        }
        if let Some(reference) = reference
            && *self.owners.entry((order.method, reference)).or_insert(at) != at
        {
            return (409, "PAYMENT_REFERENCE_USED");
        }
        self.orders[at].payment = to;
        if let Some(reference) = reference {
            self.rename(at, reference);
        }
        if to == "PAID" {
            self.orders[at].came = None;
            self.orders[at].paid = self.orders[at].total;
            self.follow_refunds(at);
            if self.orders[at].status == "CANCELLED" {
                self.refund_all(at, REFUND_METHODS[self.orders[at].method]);
            }
        }
        (200, "")
    }

    /// What came, and what went back of it, stays with the reference that it came by.
    fn rename(&mut self, at: usize, reference: u8) {
        let order = &mut self.orders[at];
        if order.reference == Some(reference) {
            return;
        }
        let back = order.earlier.iter().position(|(earlier, _)| *earlier == reference).map(|at| order.earlier.remove(at).1);
        let came = std::mem::replace(&mut order.came, back);
        let before = order.reference.replace(reference);
        order.earlier.extend(before.zip(came));
        let done = self.own_refunds(at).filter(|refund| refund.status == "COMPLETED").map(|refund| refund.amount).sum();
        self.orders[at].refunded = done;
    }

    fn cancel(&mut self, at: usize, by: By, method: Option<&'static str>) -> Said {
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
            self.stock[variant] += quantity;
        }
        self.orders[at].status = "CANCELLED";
        if let Some(promotion) = self.orders[at].promotion {
            self.promotions[promotion].used[self.orders[at].customer] -= 1;
        }
        self.give_all_back(at, method.unwrap_or(way_back));
        (200, "")
    }

    /// Of a cancelled order, whatever came for it.
    fn give_all_back(&mut self, at: usize, method: &'static str) {
        let earlier: Vec<u8> = self.orders[at].earlier.iter().map(|(reference, _)| *reference).collect();
        let owed = earlier.iter().copied().find(|reference| self.held(at, *reference) > 0);
        if let (0, None, Some(reference)) = (self.orders[at].paid, self.orders[at].came, owed) {
            self.rename(at, reference);
        }
        if let Some(came) = self.orders[at].came.take() {
            self.orders[at].paid = came;
            self.follow_refunds(at);
        }
        match self.orders[at].paid {
            0 => self.orders[at].payment = "VOIDED",
            _ => self.refund_all(at, method),
        }
        for reference in earlier {
            let held = self.held(at, reference);
            if held > 0 {
                self.push_refund(at, held, method, None, Some(reference));
            }
        }
    }

    /// Another amount came than was to be paid.
    fn mismatched(&mut self, at: usize, came: i64) {
        let order = &mut self.orders[at];
        let is_news = matches!(order.payment, "PENDING" | "FAILED" | "VOIDED") && came > 0;
        if is_news {
            order.came = Some(came);
            if order.status == "CANCELLED" {
                self.give_all_back(at, REFUND_METHODS[self.orders[at].method]);
            }
        }
    }

    fn open_refund(&mut self, at: usize, part: &Part, method: Option<&'static str>) -> Said {
        let way_back = REFUND_METHODS[self.orders[at].method];
        if !method.is_none_or(|method| ["STORE_CREDIT", "CASH", way_back].contains(&method)) {
            return (400, "INVALID_METHOD");
        }
        let (amount, pieces) = match part {
            Part::Rest => (self.refundable(at), None),
            Part::Cents(cents) => (*cents, None),
            Part::Pieces(line, quantity) => {
                let line = line % self.orders[at].lines.len();
                if *quantity > self.free(at)[line] {
                    return (409, "REFUND_EXCEEDS_PAID");
                }
                (self.orders[at].worth_of(line, *quantity), Some((line, *quantity)))
            }
        };
        if amount == 0 || amount > self.refundable(at) {
            return (409, "REFUND_EXCEEDS_PAID");
        }
        self.push_refund(at, amount, method.unwrap_or(way_back), pieces, None);
        (201, "")
    }

    /// Nothing where nothing is left.
    fn refund_all(&mut self, order: usize, method: &'static str) {
        match self.refundable(order) {
            0 => {}
            amount => self.push_refund(order, amount, method, None, None),
        }
    }

    fn push_refund(&mut self, order: usize, amount: i64, method: &'static str, pieces: Option<(usize, i64)>, payment: Option<u8>) {
        self.refunds.push(Refund { order, amount, method, status: "PROCESSING", awaits_staff: false, pieces, payment, job: None });
        self.set_off(self.refunds.len() - 1);
        self.count_pieces(self.refunds.len() - 1, 1);
        self.follow_refunds(order);
    }

    fn set_off(&mut self, refund: usize) {
        self.jobs += 1;
        self.refunds[refund].job.get_or_insert(self.jobs);
    }

    fn count_pieces(&mut self, refund: usize, sign: i64) {
        let Refund { order, amount, pieces, .. } = self.refunds[refund];
        if let Some((line, quantity)) = pieces {
            self.orders[order].pieces_refunded[line] += sign * quantity;
            self.orders[order].cents_refunded[line] += sign * amount;
        }
    }

    /// The payment status that follows from the refunds.
    fn follow_refunds(&mut self, at: usize) {
        let is_open = self.own_refunds(at).any(|refund| refund.status == "PROCESSING");
        let order = &mut self.orders[at];
        order.payment = match order.refunded {
            _ if is_open => "REFUND_PENDING",
            0 => "PAID",
            refunded if refunded >= order.paid => "REFUNDED",
            _ => "PARTIALLY_REFUNDED",
        };
    }

    fn step_refund(&mut self, at: usize, to: &'static str) -> Said {
        match (self.refunds[at].status, to) {
            ("PROCESSING", "COMPLETED") => self.complete(at),
            ("PROCESSING", "FAILED") => self.fail(at),
            ("FAILED", "PROCESSING") if !self.is_own(&self.refunds[at]) => {
                let Refund { order, amount, payment, .. } = self.refunds[at];
                if payment.is_none_or(|payment| amount > self.held(order, payment)) {
                    return (409, "REFUND_EXCEEDS_PAID");
                }
                self.settle(at, "PROCESSING");
                self.set_off(at);
            }
            ("FAILED", "PROCESSING") => {
                let Refund { order, amount, pieces, .. } = self.refunds[at];
                let are_free = pieces.is_none_or(|(line, quantity)| quantity <= self.free(order)[line]);
                // Others of its line may have gone back meanwhile, and left it a cent more or less.
                let amount = pieces.map_or(amount, |(line, quantity)| self.orders[order].worth_of(line, quantity));
                if amount == 0 || amount > self.refundable(order) || !are_free {
                    return (409, "REFUND_EXCEEDS_PAID");
                }
                self.refunds[at].amount = amount;
                self.count_pieces(at, 1);
                self.settle(at, "PROCESSING");
                self.set_off(at);
            }
            _ => return (409, "INVALID_STATUS_TRANSITION"),
        }
        (200, "")
    }

    fn complete(&mut self, at: usize) {
        let Refund { order, amount, method, .. } = self.refunds[at];
        if self.is_own(&self.refunds[at]) {
            self.orders[order].refunded += amount;
        }
        self.settle(at, "COMPLETED");
        if method == "STORE_CREDIT" {
            self.credit[self.orders[order].customer] += amount;
        }
    }

    fn fail(&mut self, at: usize) {
        self.count_pieces(at, -1);
        self.settle(at, "FAILED");
    }

    fn settle(&mut self, at: usize, status: &'static str) {
        let refund = &mut self.refunds[at];
        (refund.status, refund.awaits_staff) = (status, false);
        let order = refund.order;
        self.follow_refunds(order);
    }

    /// What Stripe says is done, unless it is no news: it is never refused.
    fn told(&mut self, order: Option<usize>, word: Word) {
        let (Some(at), Some(_)) = (order, self.at_stripe(order)) else { return };
        match word {
            Word::Paid => drop(self.pay(at, "PAID", None)),
            Word::Failed if self.orders[at].came.is_some() => {}
            Word::Failed => drop(self.pay(at, "FAILED", None)),
            Word::PaidTooLittle => self.mismatched(at, self.orders[at].total - 1),
            Word::Refunded(amount) => {
                let (method, status) = (REFUND_METHODS[CARD], "COMPLETED");
                let payment = self.at_stripe(order);
                self.refunds.push(Refund { order: at, amount, method, status, awaits_staff: false, pieces: None, payment, job: None });
                self.orders[at].refunded += amount;
                if self.orders[at].paid > 0 {
                    self.follow_refunds(at);
                }
            }
        }
    }

    fn work(&mut self) {
        let mut due: Vec<usize> = (0..self.refunds.len()).filter(|at| self.refunds[*at].job.is_some()).collect();
        due.sort_by_key(|at| self.refunds[*at].job);
        for at in due {
            let Refund { order, method, status, .. } = self.refunds[at];
            let is_own = self.is_own(&self.refunds[at]);
            self.refunds[at].job = None;
            match method {
                _ if status != "PROCESSING" => {}
                // Stripe has given the money back already.
                "STORE_CREDIT" if is_own && self.over_refunded(order) > 0 => self.fail(at),
                "STORE_CREDIT" => self.complete(at),
                // Stripe has the payment, and gives it back at once.
                "CARD" if self.at_stripe(Some(order)).is_some() => self.complete(at),
                _ => self.refunds[at].awaits_staff = true,
            }
        }
    }
}
