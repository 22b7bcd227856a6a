//! Random histories of one order: returns, refunds made by hand, failures, retries and rejections mixed.

use super::*;
use proptest::test_runner::TestCaseError;
use std::collections::HashMap;

/// One thing that somebody tries. Records are meant by their place, round and round.
#[derive(Clone, Debug)]
enum Step {
    Ask(Asked),
    /// The next step of a return: counts for its entries, and fees.
    Onward(usize, Vec<u32>, Fees),
    Reject(usize),
    RefundAmount(i64),
    RefundPieces(Vec<(usize, u32)>),
    Settle(usize, RefundStatus),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let condition = prop::sample::select(Condition::ALL);
    let fee = || prop::option::weighted(0.3, (0..3_000_i64).prop_map(Money::usd));
    let fees = (fee(), fee()).prop_map(|(restocking, return_shipping)| Fees { restocking, return_shipping });
    let step = prop_oneof![
        4 => prop::collection::vec((0..4_usize, 1..4_u32, condition), 1..4).prop_map(Step::Ask),
        12 => (0..8_usize, prop::collection::vec(0..4_u32, 4), fees).prop_map(|(at, counts, fees)| Step::Onward(at, counts, fees)),
        2 => (0..8_usize).prop_map(Step::Reject),
        1 => (1..20_000_i64).prop_map(Step::RefundAmount),
        2 => prop::collection::vec((0..4_usize, 1..3_u32), 1..3).prop_map(Step::RefundPieces),
        5 => (0..8_usize, prop::sample::select(RefundStatus::ALL)).prop_map(|(at, to)| Step::Settle(at, to)),
    ];
    prop::collection::vec(step, 0..45)
}

/// An order and all that hangs on it.
#[derive(Clone, Debug)]
struct Case {
    order: Order,
    returns: Vec<Return>,
    refunds: Vec<Refund>,
    /// Pieces that receipts put on the shelf, less those that rejections took off it.
    shelf: HashMap<VariantId, i64>,
}

impl Case {
    fn take(&mut self, step: &Step) -> Result<(), TestCaseError> {
        let lines = self.order.items.len();
        match step {
            Step::Ask(asked) => {
                let asked: Asked = asked.iter().map(|(at, quantity, condition)| (at % lines, *quantity, *condition)).collect();
                let is_free = (0..lines).all(|at| {
                    let of_line = asked.iter().filter(|(line, ..)| *line == at).map(|(_, quantity, _)| quantity).sum::<u32>();
                    of_line + self.held(at) + self.back(at) <= self.order.items[at].quantity
                });
                let opened = ask(&self.order, &asked);
                prop_assert_eq!(opened.is_ok(), is_free, "{:?}", opened.err());
                if let Ok(change) = opened {
                    self.returns.push(change.rma.clone());
                    self.after(self.returns.len() - 1, change);
                }
            }
            Step::Onward(at, counts, fees) => {
                let Some(at) = at.checked_rem(self.returns.len()) else { return Ok(()) };
                let rma = &self.returns[at];
                let request = match rma.status {
                    ReturnStatus::Requested => StepRequest { fees: *fees, ..bare(ReturnStep::Approve) },
                    ReturnStatus::Approved => StepRequest { counts: counted(rma, counts), fees: *fees, ..bare(ReturnStep::Receive) },
                    ReturnStatus::Received => StepRequest { fees: *fees, ..bare(ReturnStep::Refund) },
                    ReturnStatus::Refunded | ReturnStatus::Completed | ReturnStatus::Rejected => bare(ReturnStep::Complete),
                };
                match take(rma, &request, &self.order) {
                    Ok(change) => self.after(at, change),
                    Err(StepError::MoreThanAsked { received, asked, .. }) => prop_assert!(received > asked),
                    Err(StepError::InvalidTransition { from, .. }) => {
                        prop_assert!(matches!(from, ReturnStatus::Completed | ReturnStatus::Rejected));
                    }
                    Err(other) => return Err(TestCaseError::fail(format!("{other}"))),
                }
            }
            Step::Reject(at) => self.reject(*at),
            Step::RefundAmount(cents) => self.open(RefundPart::Amount(Money::usd(*cents))),
            Step::RefundPieces(pieces) => {
                let pieces = pieces.iter().map(|(at, quantity)| (self.order.items[at % lines].id, *quantity));
                self.open(RefundPart::Pieces(pieces.collect()));
            }
            Step::Settle(at, to) => {
                let Some(at) = at.checked_rem(self.refunds.len()) else { return Ok(()) };
                if let Ok(change) = settle(&self.refunds[at], *to, &self.order) {
                    self.refunds[at] = change.refund;
                    self.order = change.order.unwrap_or_else(|| self.order.clone());
                }
            }
        }
        Ok(())
    }

    /// What was decided about a return, once it is written.
    fn after(&mut self, at: usize, change: ReturnChange) {
        for moved in &change.restock {
            assert_ne!(moved.delta, 0, "a stock that nothing moves in is left alone");
            *self.shelf.entry(moved.variant_id).or_default() += moved.delta;
        }
        if change.rma.status == ReturnStatus::Refunded {
            let due = due(&change.rma).min(self.order.refundable.minor);
            assert_eq!(change.rma.refund_amount, Some(Money::usd(due)));
            assert_eq!(change.refunds.iter().map(|refund| refund.amount.minor).sum::<i64>(), due);
        }
        self.returns[at] = change.rma;
        self.order = change.order;
        self.refunds.extend(change.refunds);
    }

    fn reject(&mut self, at: usize) {
        let Some(at) = at.checked_rem(self.returns.len()) else { return };
        if let Ok(change) = take(&self.returns[at], &bare(ReturnStep::Reject("x".into())), &self.order) {
            self.after(at, change);
        }
    }

    fn open(&mut self, part: RefundPart) {
        if let Some((order, refund)) = refund(&self.order, part) {
            self.order = order;
            self.refunds.push(refund);
        }
    }

    /// Entries of a line in returns of these statuses.
    fn entries<'a>(&'a self, line: usize, statuses: &'a [ReturnStatus]) -> impl Iterator<Item = &'a ReturnLine> {
        let id = self.order.items[line].id;
        let among = self.returns.iter().filter(|rma| statuses.contains(&rma.status)).flat_map(|rma| &rma.items);
        among.filter(move |entry| entry.order_item_id == id)
    }

    /// Pieces and money of a line in refunds by pieces that have not failed.
    fn by_hand(&self, line: usize) -> (u32, i64) {
        let id = self.order.items[line].id;
        let live = self.refunds.iter().filter(|refund| refund.status != RefundStatus::Failed).flat_map(|refund| &refund.pieces);
        live.filter(|pieces| pieces.order_item_id == id).fold((0, 0), |(n, sum), pieces| (n + pieces.quantity, sum + pieces.amount.minor))
    }

    /// Pieces of a line that are on their way back.
    fn held(&self, line: usize) -> u32 {
        let asked: u32 = self.entries(line, &[ReturnStatus::Requested, ReturnStatus::Approved]).map(|entry| entry.quantity).sum();
        asked + self.entries(line, &[ReturnStatus::Received]).map(ReturnLine::received).sum::<u32>()
    }

    /// Pieces of a line whose money went back.
    fn back(&self, line: usize) -> u32 {
        let returned: u32 = self.entries(line, &[ReturnStatus::Refunded, ReturnStatus::Completed]).map(ReturnLine::received).sum();
        returned + self.by_hand(line).0
    }

    /// What the records add up to is what the order says of itself.
    fn holds(&self, start: &Order) -> Result<(), TestCaseError> {
        let arrived = [ReturnStatus::Received, ReturnStatus::Refunded, ReturnStatus::Completed];
        for (at, (line, was)) in self.order.items.iter().zip(&start.items).enumerate() {
            prop_assert!(line.returning_quantity + line.refunded_quantity <= line.quantity, "a piece comes back twice");
            prop_assert_eq!((line.returning_quantity, line.refunded_quantity), (self.held(at), self.back(at)));
            prop_assert_eq!(line.returned_quantity, self.entries(at, &arrived).map(ReturnLine::received).sum::<u32>());
            let paid_back: i64 = self.entries(at, &arrived).filter_map(|entry| entry.refund_amount).map(|amount| amount.minor).sum();
            prop_assert_eq!(line.refunded_amount.minor, paid_back + self.by_hand(at).1);
            prop_assert!(line.refunded_amount.minor <= line.paid().minor, "more than was paid for the line");
            prop_assert_eq!((line.price_at_purchase, line.discount, line.quantity), (was.price_at_purchase, was.discount, was.quantity));
            let sellable: i64 = self.entries(at, &arrived).filter(|entry| entry.restockable).map(|entry| i64::from(entry.received())).sum();
            prop_assert_eq!(self.shelf.get(&line.variant_id).copied().unwrap_or_default(), sellable);
        }
        let sum = |counts: fn(RefundStatus) -> bool| -> i64 {
            self.refunds.iter().filter(|refund| counts(refund.status)).map(|refund| refund.amount.minor).sum()
        };
        let (open, done) = (sum(|status| status == RefundStatus::Processing), sum(|status| status == RefundStatus::Completed));
        prop_assert!(open + done <= start.paid.minor, "refunds pass what was paid");
        prop_assert_eq!((self.order.paid, self.order.total, self.order.discount), (start.paid, start.total, start.discount));
        prop_assert_eq!(self.order.refundable.minor, start.paid.minor - open - done);
        prop_assert_eq!((self.order.refunding().minor, self.order.refunded_total.minor), (open, done));
        let for_delivery: i64 = self.returns.iter().map(|rma| rma.delivery_fee_refund.minor).sum();
        prop_assert!(for_delivery == 0 || for_delivery == DELIVERY, "the delivery is paid back once");
        Ok(())
    }

    /// Whatever is open is refused, and what is then free comes back.
    fn all_comes_back(&mut self) -> Result<(), TestCaseError> {
        for at in 0..self.returns.len() {
            self.reject(at);
        }
        let rest = (0..).zip(&self.order.items).filter(|(_, line)| line.free() > 0);
        let rest: Asked = rest.map(|(at, line)| (at, line.free(), Condition::OpenedUnused)).collect();
        if rest.is_empty() {
            return Ok(());
        }
        self.take(&Step::Ask(rest))?;
        let last = self.returns.len() - 1;
        (0..3).try_for_each(|_| self.take(&Step::Onward(last, Vec::new(), Fees::default())))
    }
}

/// What was paid for the pieces of a return and for their delivery, less its fees.
fn due(rma: &Return) -> i64 {
    let goods: i64 = rma.items.iter().filter_map(|entry| entry.refund_amount).map(|amount| amount.minor).sum();
    (goods + rma.delivery_fee_refund.minor - rma.restocking_fee.minor - rma.return_shipping_fee.minor).max(0)
}

/// What the warehouse says of each entry.
fn counted(rma: &Return, counts: &[u32]) -> Vec<Count> {
    let count = |(line, received): (&ReturnLine, &u32)| Count {
        order_item_id: line.order_item_id,
        entry: Some(line.id),
        // Now and then it says nothing of how many there are.
        received: (*received < 3).then_some(*received),
        condition: None,
        restockable: None,
    };
    rma.items.iter().zip(counts).map(count).collect()
}

proptest! {
    #[test]
    fn no_piece_and_no_cent_comes_back_twice(lines in lines(), off in discounts(), steps in steps()) {
        let start = delivered(&lines, off);
        let mut case = Case { order: start.clone(), returns: Vec::new(), refunds: Vec::new(), shelf: HashMap::new() };
        for step in &steps {
            case.take(step)?;
            case.holds(&start)?;
        }
        case.all_comes_back()?;
        case.holds(&start)?;
        for line in &case.order.items {
            prop_assert_eq!((line.free(), line.returning_quantity, line.refunded_amount), (0, 0, line.paid()));
        }
    }
}
