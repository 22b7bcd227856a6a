//! What a shop should do, in the plainest words there are: the contract's rules on a few numbers.

mod credit;
mod parcels;
mod payments;
mod promotions;
mod refunds;
mod returns;
mod told;

use parcels::IS_LIVE;
pub use parcels::{Booking, Outcome, Parcel, SCANS};
use payments::owned;
pub use payments::{AN_HOUR, Comes, OWN, Payment, REFERENCES, THREE_DAYS};
pub use promotions::{FEES, PROMOTIONS, Promotion, Runs};
pub use refunds::{Fate, Given, Part, Refund, Trouble};
pub use returns::{Count, Entry, Rma};
pub use told::{News, Told};

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
/// The conditions that the shop has to answer for.
pub const OUR_FAULT: [&str; 2] = ["DEFECTIVE", "DAMAGED"];

/// The places of cash and of cards in both.
const CASH: usize = 1;
pub const CARD: usize = 2;

/// One call, a word of a provider's, or a moment for the workers. Customers are 0 and 1; orders and refunds are the case's own, in the order
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
    /// What arrived of its entries and how, all that was asked for and as it was where nothing is said; and cents for restocking and for the way back.
    Return {
        rma: Option<usize>,
        to: &'static str,
        counts: Vec<Count>,
        fees: [Option<i64>; 2],
    },
    Adjust {
        variant: usize,
        change: i64,
    },
    Redeem {
        customer: usize,
        cents: i64,
    },
    /// Credit is spent on an order: its own customer's, or the other one's.
    Spend {
        order: Option<usize>,
        by: By,
        cents: i64,
    },
    /// An order's payment comes to this at its provider, which tells of it unless that gets lost; somebody else's where the
    /// order has none there.
    Comes {
        order: Option<usize>,
        comes: Comes,
        is_told: bool,
    },
    /// Somebody gives so much of an order's payment back on Stripe's own pages.
    GiveByHand {
        order: Option<usize>,
        cents: i64,
        fate: Fate,
        is_told: bool,
    },
    /// A provider comes to an end with a refund that it has open.
    End {
        refund: Option<usize>,
        to: Fate,
        is_told: bool,
    },
    /// Refunds are carried out; those that a provider makes meet this fate there. Where there is trouble, with whoever is asked to make
    /// one or to send a message, messages are sent as well.
    Work(Fate, Option<Trouble>),
    /// An hour later the schedule has asked the providers after whatever is open.
    AskAfter,
    /// Three days later the schedule has cancelled what nobody has paid.
    CancelUnpaid,
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
    /// What is paid for its delivery.
    delivery: i64,
    pub total: i64,
    pub paid: i64,
    /// What came where the total was to be paid, until somebody decides; of one that credit has paid, what came all the same.
    came: Option<i64>,
    /// Whether something of that had been given back before.
    came_in_doubt: bool,
    /// Whether credit has paid for all of it, so that the payment it has at a provider is none.
    pub is_paid_by_credit: bool,
    /// Store credit that was spent on it, and what of that it may still give back.
    pub spent: i64,
    pub credit: i64,
    pub times_spent: usize,
    /// Of each line what was paid for it, and the pieces and the money that went back or are going back.
    pub worth: Vec<i64>,
    pub pieces_refunded: Vec<i64>,
    pub cents_refunded: Vec<i64>,
    /// When, in minutes.
    placed: u64,
}

impl Order {
    /// What is to be paid for it beside the credit that was spent on it.
    fn due(&self) -> i64 {
        self.total - self.spent
    }

    /// What so many pieces of a line give back: an even part of what is left of the line, odd cents first.
    fn worth_of(&self, line: usize, pieces: i64) -> i64 {
        let there = self.lines[line].1 - self.pieces_refunded[line];
        let cents = self.worth[line] - self.cents_refunded[line];
        cents.checked_div(there).map_or(0, |each| each * pieces + pieces.min(cents % there))
    }
}

/// A change of a variant's stock, and the order that it is of.
#[derive(Clone, Copy, Debug)]
pub struct Moved {
    pub variant: usize,
    pub change: i64,
    pub kind: &'static str,
    pub order: Option<usize>,
}

#[derive(Clone, Debug)]
pub struct Reference {
    pub stock: [i64; 3],
    pub adjusted: [i64; 3],
    /// Every change of it, in its turn.
    pub moved: Vec<Moved>,
    pub credit: [i64; 2],
    pub orders: Vec<Order>,
    pub refunds: Vec<Refund>,
    pub parcels: Vec<Parcel>,
    pub returns: Vec<Rma>,
    pub promotions: [Promotion; PROMOTIONS.len()],
    /// What customers were told, in its turn.
    pub told: Vec<Told>,
    /// Refunds at providers, and of those that somebody made there the ones that nobody has told the shop of yet.
    pub given: Vec<Given>,
    untold: Vec<usize>,
    /// How much has come by a payment; nothing where it has failed.
    came: HashMap<Payment, Option<i64>>,
    owners: HashMap<Payment, usize>,
    /// The refunds that a job is waiting for, in its turn.
    due: Vec<usize>,
    /// Minutes since the beginning, as far as somebody has waited.
    minutes: u64,
    /// How often that was for days.
    pub long_waits: usize,
}

impl Reference {
    pub fn new() -> Self {
        Self {
            stock: [STOCK; 3],
            adjusted: [0; 3],
            moved: Vec::new(),
            credit: [0; 2],
            orders: Vec::new(),
            refunds: Vec::new(),
            parcels: Vec::new(),
            returns: Vec::new(),
            promotions: PROMOTIONS,
            told: Vec::new(),
            given: Vec::new(),
            untold: Vec::new(),
            came: HashMap::new(),
            owners: HashMap::new(),
            due: Vec::new(),
            minutes: 0,
            long_waits: 0,
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
            Step::Parcel { parcel: None, .. } => (404, "SHIPMENT_NOT_FOUND"),
            Step::Parcel { parcel: Some(parcel), to } => self.move_parcel(*parcel, to),
            Step::AskBack { order: Some(order), by, items } => self.ask_back(*order, *by, items),
            Step::Return { rma: None, .. } => (404, "RETURN_NOT_FOUND"),
            Step::Return { rma: Some(rma), to, counts, fees } => self.step_return(*rma, to, counts, *fees),
            Step::Adjust { variant, change } if self.stock[*variant] + change < 0 => (409, "INSUFFICIENT_STOCK"),
            Step::Adjust { variant, change } => {
                self.move_stock(*variant, *change, "ADJUSTMENT", None);
                self.adjusted[*variant] += change;
                (200, "")
            }
            Step::Spend { order: None, .. } => (404, "ORDER_NOT_FOUND"),
            Step::Spend { order: Some(order), by, cents } => self.spend(*order, *by, *cents),
            Step::Redeem { customer, cents } if self.credit[*customer] < *cents => (409, "INSUFFICIENT_CREDIT"),
            Step::Redeem { customer, cents } => {
                self.credit[*customer] -= cents;
                (201, "")
            }
            step => {
                self.happens(step);
                (200, "")
            }
        }
    }

    /// What nobody calls for: carriers, providers and the workers.
    fn happens(&mut self, step: &Step) {
        match step {
            Step::Book(outcome) => self.book(*outcome),
            Step::Look => self.look(),
            Step::Scan { parcel, code, .. } => self.scan(*parcel, code),
            Step::Comes { order, comes, is_told } => self.comes(*order, *comes, *is_told),
            Step::GiveByHand { order, cents, fate, is_told } => self.give_by_hand(*order, *cents, *fate, *is_told),
            Step::End { refund, to, is_told } => self.ends(*refund, *to, *is_told),
            Step::Work(fate, trouble) => self.work(*fate, *trouble),
            Step::AskAfter => self.ask_after(),
            Step::CancelUnpaid => self.cancel_unpaid(),
            step => unreachable!("{step:?} is a call"),
        }
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
        if reference.is_some_and(|reference| self.owners.contains_key(&owned(method, reference))) {
            return (409, "PAYMENT_REFERENCE_USED");
        }
        for (variant, wanted) in wanted.iter().enumerate() {
            self.move_stock(variant, -wanted, "SALE", Some(self.orders.len()));
        }
        if let Some(reference) = reference {
            self.owners.insert(owned(method, reference), self.orders.len());
        }
        let lines: Vec<(usize, i64)> = (0..3).filter(|variant| wanted[*variant] > 0).map(|variant| (variant, wanted[variant])).collect();
        // One that takes nothing off is not used up by it.
        let promotion = promotion.filter(|_| off_lines + off_fee > 0);
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
            delivery: FEES[customer] - off_fee,
            total,
            paid: 0,
            came: None,
            came_in_doubt: false,
            is_paid_by_credit: false,
            spent: 0,
            credit: 0,
            times_spent: 0,
            worth: promotions::spread(off_lines, &amounts),
            pieces_refunded: vec![0; lines.len()],
            cents_refunded: vec![0; lines.len()],
            lines,
            placed: self.minutes,
        });
        self.tell(self.orders.len() - 1, News::Placed);
        (201, "")
    }

    fn move_stock(&mut self, variant: usize, change: i64, kind: &'static str, order: Option<usize>) {
        self.stock[variant] += change;
        if change != 0 {
            self.moved.push(Moved { variant, change, kind, order });
        }
    }

    fn advance(&mut self, order: usize, to: &'static str) -> Said {
        match (self.orders[order].status, to) {
            ("PENDING", "CONFIRMED")
            | ("CONFIRMED", "PROCESSING")
            | ("PROCESSING", "READY_FOR_PICKUP" | "SHIPPED")
            | ("READY_FOR_PICKUP" | "SHIPPED", "DELIVERED") => {
                self.orders[order].status = to;
                self.tell_of_status(order);
                (200, "")
            }
            _ => (409, "INVALID_STATUS_TRANSITION"),
        }
    }
}
