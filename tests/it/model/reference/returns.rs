//! Returns, as the contract has them.

use super::{By, IN_STOCK_AGAIN, News, OUR_FAULT, REFUND_METHODS, Reference, Said};

/// Pieces of a line, by its place, in a condition.
#[derive(Clone, Debug)]
pub struct Entry {
    pub line: usize,
    pub quantity: i64,
    pub condition: &'static str,
    pub received: Option<i64>,
    /// Whether its pieces are sold again, as its condition has it unless the warehouse says otherwise.
    pub is_restockable: bool,
}

/// What the warehouse says of an entry; nothing of its condition, or of whether it is sold again, where that is as it was asked for.
#[derive(Clone, Copy, Debug)]
pub struct Count {
    pub received: i64,
    pub condition: Option<&'static str>,
    pub is_restockable: Option<bool>,
}

#[derive(Clone, Debug)]
pub struct Rma {
    pub order: usize,
    pub status: &'static str,
    pub entries: Vec<Entry>,
    /// What is kept for restocking, and for the way back.
    pub fees: [i64; 2],
    /// What goes back of what was paid for the delivery.
    pub delivery: i64,
    /// What goes back, once that was decided.
    pub amount: Option<i64>,
}

impl Entry {
    fn asked(line: usize, quantity: i64, condition: &'static str) -> Self {
        Self { line, quantity, condition, received: None, is_restockable: IN_STOCK_AGAIN.contains(&condition) }
    }

    fn came(&self) -> i64 {
        self.received.unwrap_or(0)
    }

    /// Pieces that its receipt put back into stock.
    pub fn restocked(&self) -> i64 {
        if self.is_restockable { self.came() } else { 0 }
    }
}

impl Rma {
    /// The step forward.
    pub fn next(&self) -> &'static str {
        match self.status {
            "REQUESTED" => "APPROVED",
            "APPROVED" => "RECEIVED",
            "RECEIVED" => "REFUNDED",
            _ => "COMPLETED",
        }
    }
}

impl Reference {
    /// Pieces of each line that returns hold and whose money has not gone back.
    pub fn returning(&self, order: usize) -> Vec<i64> {
        self.in_returns(order, |rma, entry| match rma.status {
            "REQUESTED" | "APPROVED" => entry.quantity,
            "RECEIVED" => entry.came(),
            _ => 0,
        })
    }

    /// Pieces of each line that came back and stayed.
    pub fn returned(&self, order: usize) -> Vec<i64> {
        self.in_returns(order, |rma, entry| match rma.status {
            "RECEIVED" | "REFUNDED" | "COMPLETED" => entry.came(),
            _ => 0,
        })
    }

    /// Of each line, what no return holds and whose money is not back.
    pub fn free(&self, order: usize) -> Vec<i64> {
        let lines = self.orders[order].lines.iter().zip(self.returning(order)).zip(&self.orders[order].pieces_refunded);
        lines.map(|(((_, bought), returning), refunded)| bought - returning - refunded).collect()
    }

    fn in_returns(&self, order: usize, count: impl Fn(&Rma, &Entry) -> i64) -> Vec<i64> {
        let mut pieces = vec![0; self.orders[order].lines.len()];
        for rma in self.returns.iter().filter(|rma| rma.order == order) {
            rma.entries.iter().for_each(|entry| pieces[entry.line] += count(rma, entry));
        }
        pieces
    }

    pub(super) fn ask_back(&mut self, order: usize, by: By, items: &[(usize, i64, &'static str)]) -> Said {
        let free = self.free(order);
        let mut entries: Vec<Entry> = Vec::new();
        for (line, quantity, condition) in items {
            let line = line % free.len();
            match entries.iter_mut().find(|entry| entry.line == line && entry.condition == *condition) {
                Some(entry) => entry.quantity += quantity,
                None => entries.push(Entry::asked(line, *quantity, condition)),
            }
        }
        let asked = |line| entries.iter().filter(|entry| entry.line == line).map(|entry| entry.quantity).sum::<i64>();
        match self.orders[order].status {
            _ if by == By::Other => (403, "FORBIDDEN"),
            "DELIVERED" if (0..free.len()).any(|line| asked(line) > free[line]) => (409, "QUANTITY_NOT_RETURNABLE"),
            "DELIVERED" => {
                self.returns.push(Rma { order, status: "REQUESTED", entries, fees: [0; 2], delivery: 0, amount: None });
                self.tell(order, News::Return(self.returns.len() - 1, "REQUESTED"));
                (201, "")
            }
            _ => (409, "ORDER_NOT_DELIVERED"),
        }
    }

    pub(super) fn step_return(&mut self, at: usize, to: &'static str, counts: &[Count], fees: [Option<i64>; 2]) -> Said {
        let before = self.clone();
        let rma = &mut self.returns[at];
        let changes_fees = rma.fees.iter().zip(fees).any(|(kept, said)| said.is_some_and(|said| said != *kept));
        if changes_fees && matches!(to, "REQUESTED" | "COMPLETED" | "REJECTED") {
            return (400, "INVALID_AMOUNT");
        }
        for (kept, said) in rma.fees.iter_mut().zip(fees) {
            *kept = said.unwrap_or(*kept);
        }
        let refusal = match (std::mem::replace(&mut rma.status, to), to) {
            ("REQUESTED", "APPROVED") | ("REFUNDED", "COMPLETED") => None,
            ("APPROVED", "RECEIVED") => self.receive(at, counts),
            ("RECEIVED", "REFUNDED") => self.pay_back(at),
            ("REQUESTED" | "APPROVED", "REJECTED") => None,
            ("RECEIVED", "REJECTED") => self.restock(at, -1),
            _ => Some((409, "INVALID_STATUS_TRANSITION")),
        };
        if let Some(refusal) = refusal {
            *self = before;
            return refusal;
        }
        // Of its money its refund tells, and where there is none that was told.
        if matches!(to, "APPROVED" | "RECEIVED" | "REJECTED") {
            self.tell(self.returns[at].order, News::Return(at, to));
        }
        (200, "")
    }

    fn receive(&mut self, at: usize, counts: &[Count]) -> Option<Said> {
        for (entry, Count { received, condition, is_restockable }) in self.returns[at].entries.iter_mut().zip(counts) {
            entry.received = Some(*received);
            if *received > entry.quantity {
                return Some((409, "QUANTITY_NOT_RETURNABLE"));
            }
            if let Some(found) = condition.filter(|found| *found != entry.condition) {
                (entry.condition, entry.is_restockable) = (found, IN_STOCK_AGAIN.contains(&found));
            }
            entry.is_restockable = is_restockable.unwrap_or(entry.is_restockable);
        }
        for entry in &mut self.returns[at].entries {
            entry.received.get_or_insert(entry.quantity);
        }
        self.restock(at, 1)
    }

    /// Puts its sellable pieces into stock, or takes them out of it again.
    fn restock(&mut self, at: usize, sign: i64) -> Option<Said> {
        let Rma { order, entries, .. } = self.returns[at].clone();
        for (line, (variant, _)) in self.orders[order].lines.clone().into_iter().enumerate() {
            let pieces: i64 = entries.iter().filter(|entry| entry.line == line).map(Entry::restocked).sum();
            self.move_stock(variant, sign * pieces, "RETURN", Some(order));
        }
        self.stock.iter().any(|stock| *stock < 0).then_some((409, "INSUFFICIENT_STOCK"))
    }

    fn pay_back(&mut self, at: usize) -> Option<Said> {
        let Rma { order, entries, fees, .. } = self.returns[at].clone();
        let mut goods = 0;
        for entry in &entries {
            let worth = self.orders[order].worth_of(entry.line, entry.came());
            goods += worth;
            self.orders[order].pieces_refunded[entry.line] += entry.came();
            self.orders[order].cents_refunded[entry.line] += worth;
        }
        if goods > 0 && self.orders[order].paid == 0 {
            return Some((409, "REFUND_EXCEEDS_PAID"));
        }
        if self.all_was_faulty(order) && entries.iter().any(|entry| entry.came() > 0) {
            self.returns[at].delivery = self.orders[order].delivery;
        }
        let amount = (goods + self.returns[at].delivery - fees.iter().sum::<i64>()).clamp(0, self.refundable(order));
        self.returns[at].amount = Some(amount);
        let way_back = REFUND_METHODS[self.orders[order].method];
        let as_paid = amount.min(self.room(order, way_back));
        for (method, amount) in [(way_back, as_paid), ("STORE_CREDIT", amount - as_paid)] {
            if amount > 0 {
                self.push_refund(order, amount, method, None);
            }
        }
        if amount == 0 {
            self.tell(order, News::BroughtNothing(at));
        }
        None
    }

    /// Whether every piece of an order has come back and been paid for, and each for the shop's own fault.
    fn all_was_faulty(&self, order: usize) -> bool {
        let faulty = self.in_returns(order, |rma, entry| match rma.status {
            "REFUNDED" | "COMPLETED" if OUR_FAULT.contains(&entry.condition) => entry.came(),
            _ => 0,
        });
        faulty.iter().zip(&self.orders[order].lines).all(|(faulty, (_, bought))| faulty == bought)
    }
}
