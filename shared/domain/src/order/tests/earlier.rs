//! Several payments of one order, whatever comes by which of them and goes back: the books, held against every refund there is.

use super::*;
use crate::refund::{PaymentProvider, ProviderRefund, RefundChange, RefundOutcome, RefundReport};
use std::collections::BTreeMap;

/// Three payments at the provider, and a note of the staff's.
const REFERENCES: [&str; 4] = ["pi_1", "pi_2", "pi_3", "TPE-1"];
const AT_PROVIDER: usize = 3;
const ALL: i64 = i64::MAX;
/// What owed store credit is called among the payments.
const CREDIT: &str = "store-credit";

/// One thing that happens; payments by their place, refunds among those that there are by then.
#[derive(Clone, Debug)]
enum Happening {
    /// Staff mark the payment, by this reference where there is one.
    Marked(PaymentStatus, Option<usize>),
    /// So much store credit is spent on it, or all that is due.
    Spent(i64),
    /// So much more than is due, or than the total where credit has paid that, comes by a payment that nothing came by yet, and the provider tells of it.
    Comes(usize, i64),
    /// The provider tells again what came, or that it failed where nothing did.
    ToldAgain(usize),
    Cancelled(RefundMethod),
    Opened(Option<i64>, RefundMethod),
    /// A refund is carried out: at the provider, which has it in this state then, onto the customer's credit, or by staff.
    CarriedOut(usize, State),
    /// The provider comes to an end with a refund that it has open, or takes back that it had failed.
    Ended(usize, State),
    ByStaff(usize, RefundStatus),
    /// Somebody gives a part of a payment back on the provider's pages.
    ByHand(usize, i64, State),
}

/// Where the provider is with a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    Done,
    Failed,
}

impl State {
    fn outcome(self) -> RefundOutcome {
        match self {
            Self::Open => RefundOutcome::Pending,
            Self::Done => RefundOutcome::Succeeded,
            Self::Failed => RefundOutcome::Failed("x".to_owned()),
        }
    }
}

/// An order with its refunds, and what the provider has of both.
struct Books {
    order: Order,
    refunds: Vec<Refund>,
    came: BTreeMap<&'static str, i64>,
    /// Of each refund that the provider has: its place, its payment, and where it is.
    there: Vec<(usize, String, State)>,
}

impl Books {
    /// What the provider still has of a payment.
    fn left(&self, payment: &str) -> i64 {
        let gone = self.there.iter().filter(|(_, of, state)| of == payment && *state != State::Failed);
        self.came.get(payment).copied().unwrap_or(0) - gone.map(|(at, ..)| self.refunds[*at].amount.minor).sum::<i64>()
    }

    /// What goes or went back of a payment in these states: of an earlier one by its reference, and of the order's own.
    fn back(&self, earlier: Option<&str>, states: &[RefundStatus]) -> i64 {
        let is_earlier = |reference: &str| self.order.earlier_payments.iter().any(|earlier| earlier.reference == reference);
        let payment = |refund: &Refund| refund.payment_reference.clone().filter(|reference| is_earlier(reference));
        let of_it = self.refunds.iter().filter(|refund| payment(refund).as_deref() == earlier && states.contains(&refund.status));
        of_it.map(|refund| refund.amount.minor).sum()
    }

    /// What comes of a change of a refund.
    fn changed(&mut self, at: usize, change: Option<RefundChange>) {
        if let Some(change) = change {
            self.refunds[at] = change.refund;
            self.order = change.order.unwrap_or_else(|| self.order.clone());
        }
    }

    fn paid(&mut self, payment: Option<Payment>) {
        if let Some(payment) = payment {
            self.order = payment.order;
            self.refunds.extend(payment.refund);
        }
    }

    fn tell_came(&mut self, reference: &str) {
        let outcome = match self.came.get(reference) {
            Some(cents) => PaymentOutcome::Received(Money::usd(*cents)),
            None => PaymentOutcome::Failed,
        };
        self.paid(self.order.payment_reported(reference, &outcome.into(), NOW, ids()));
    }

    fn tell(&mut self, at: usize, state: State) {
        let report = RefundReport { reference: Some(format!("re_{at}")), outcome: state.outcome() };
        let change = self.refunds[at].reported(&report, &self.order, NOW, ids());
        self.changed(at, change);
    }

    /// The provider is asked for a refund, and makes it where it has so much of its payment.
    fn ask(&mut self, at: usize, state: State) {
        let Some(change) = self.refunds[at].hand_over(PaymentProvider::Stripe, "", NOW, ids()) else { return };
        self.changed(at, Some(change));
        let payment = self.refunds[at].payment(&self.order).unwrap_or_default().to_owned();
        let state = if self.left(&payment) < self.refunds[at].amount.minor { State::Failed } else { state };
        self.there.push((at, payment, state));
        self.tell(at, state);
    }

    fn given_by_hand(&mut self, payment: &'static str, cents: i64, state: State) {
        let amount = cents.min(self.left(payment));
        let named = self.order.payment_reference.as_deref() == Some(payment) || self.order.earlier(payment).is_some();
        if amount <= 0 || !named {
            return;
        }
        let at = self.refunds.len();
        let name = format!("re_{at}");
        let report = RefundReport { reference: Some(name.clone()), outcome: state.outcome() };
        let made = ProviderRefund { name, payments: vec![payment.to_owned()], amount: Some(Money::usd(amount)), ours: None, report };
        let recorded = self.order.record_refund(PaymentProvider::Stripe, &made, Money::usd(amount), NOW, ids()).opened;
        self.order = recorded.order;
        self.refunds.push(recorded.refund);
        self.there.push((at, payment.to_owned(), state));
    }

    fn among(&self, place: usize) -> Option<usize> {
        place.checked_rem(self.refunds.len())
    }

    /// Takes a step; says whether it is one of ours, that must not give back what isn't there. A provider's is nobody's to refuse.
    fn take(&mut self, step: &Happening) -> bool {
        let admin = actor(Role::Admin);
        match step {
            Happening::Marked(status, reference) => {
                let reference = reference.map(|at| REFERENCES[at].to_owned());
                self.paid(self.order.pay(&PaymentRequest { status: *status, reference }, admin, NOW, ids()).ok());
            }
            Happening::Comes(at, more) => {
                let due = if self.order.is_paid_by_credit() { self.order.total } else { self.order.due() };
                self.came.entry(REFERENCES[*at]).or_insert(due.minor + more);
                self.tell_came(REFERENCES[*at]);
            }
            Happening::Spent(cents) => {
                let mut ids = ids();
                let entry = CreditEntryId::draw(&mut ids);
                let cents = if *cents == ALL { self.order.due().minor } else { *cents };
                if let Ok(spent) = self.order.spend_credit(Money::usd(cents), entry, admin, NOW, &mut ids) {
                    self.order = spent.order;
                    *self.came.entry(CREDIT).or_insert(0) += cents;
                }
            }
            Happening::ToldAgain(at) => self.tell_came(REFERENCES[*at]),
            Happening::Cancelled(method) => {
                let request = CancelRequest { reason: "x".into(), is_reason_told: true, refund_method: Some(*method), notes: None };
                if let Ok(cancelled) = self.order.cancel(&request, admin, NOW, ids()) {
                    self.order = cancelled.order;
                    self.refunds.extend(cancelled.refunds);
                }
            }
            Happening::Opened(cents, method) => {
                let part = cents.map_or(RefundPart::Rest, |cents| RefundPart::Amount(Money::usd(cents)));
                let request = RefundRequest { part, reason: "x".into(), method: Some(*method) };
                if let Ok(opened) = self.order.refund(&request, admin, NOW, ids()) {
                    self.order = opened.order;
                    self.refunds.push(opened.refund);
                }
            }
            Happening::CarriedOut(place, state) => match self.among(*place) {
                Some(at) if self.refunds[at].method != RefundMethod::Card => {
                    let refund = &self.refunds[at];
                    let change = match refund.method {
                        RefundMethod::StoreCredit => refund.credit(&self.order, NOW, ids()),
                        _ => refund.leave_to_staff(NOW, ids()),
                    };
                    self.changed(at, change);
                }
                Some(at) => {
                    self.ask(at, *state);
                    return false;
                }
                None => {}
            },
            Happening::Ended(place, state) => {
                let there = place.checked_rem(self.there.len()).map(|place| (place, self.there[place].clone()));
                let Some((place, (at, payment, was))) = there else { return true };
                let has_room = was != State::Failed || self.left(&payment) >= self.refunds[at].amount.minor;
                if was != State::Done && *state != State::Open && has_room && self.there.iter().filter(|there| there.0 == at).count() == 1 {
                    self.there[place].2 = *state;
                    self.tell(at, *state);
                }
                return false;
            }
            Happening::ByStaff(place, to) => {
                if let Some(at) = self.among(*place) {
                    let patch = RefundPatch { status: Some(*to), ..RefundPatch::default() };
                    let change = self.refunds[at].update(patch, &self.order, admin, NOW, ids()).ok();
                    self.changed(at, change);
                }
            }
            Happening::ByHand(at, cents, state) => {
                self.given_by_hand(REFERENCES[*at], *cents, *state);
                return false;
            }
        }
        true
    }
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let state = || prop_oneof![2 => Just(State::Done), 2 => Just(State::Open), 1 => Just(State::Failed)];
    let method = || prop_oneof![3 => Just(RefundMethod::Card), 1 => Just(RefundMethod::StoreCredit), 1 => Just(RefundMethod::Cash)];
    let mark = prop_oneof![3 => Just(PaymentStatus::Failed), 2 => Just(PaymentStatus::Paid)];
    let step = prop_oneof![
        5 => (mark, prop::option::weighted(0.8, 0..REFERENCES.len())).prop_map(|(to, reference)| Happening::Marked(to, reference)),
        5 => (0..AT_PROVIDER, prop_oneof![2 => Just(0), 1 => -30_00..30_00_i64]).prop_map(|(at, more)| Happening::Comes(at, more)),
        3 => prop_oneof![3 => 1..60_00_i64, 1 => Just(ALL)].prop_map(Happening::Spent),
        2 => (0..AT_PROVIDER).prop_map(Happening::ToldAgain),
        2 => method().prop_map(Happening::Cancelled),
        3 => (prop::option::weighted(0.7, 1..60_00_i64), method()).prop_map(|(cents, method)| Happening::Opened(cents, method)),
        5 => (0..20_usize, state()).prop_map(|(place, state)| Happening::CarriedOut(place, state)),
        3 => (0..20_usize, state()).prop_map(|(place, state)| Happening::Ended(place, state)),
        3 => (0..20_usize, prop::sample::select(RefundStatus::ALL)).prop_map(|(place, to)| Happening::ByStaff(place, to)),
        4 => (0..AT_PROVIDER, 1..80_00_i64, state()).prop_map(|(at, cents, state)| Happening::ByHand(at, cents, state)),
    ];
    // Some begin with an order whose first payment came when another one was tried, and which was cancelled then; some with one that
    // credit paid for, whose payments came after that.
    let cancelled = [
        Happening::Marked(PaymentStatus::Failed, Some(1)),
        Happening::Comes(0, 0),
        Happening::Comes(1, 0),
        Happening::Cancelled(RefundMethod::Card),
    ];
    let by_credit =
        [Happening::Marked(PaymentStatus::Failed, Some(1)), Happening::Spent(ALL), Happening::Comes(1, 0), Happening::Comes(0, 0)];
    let begun = prop_oneof![2 => Just(cancelled), 1 => Just(by_credit)];
    (begun, 0..=4_usize, prop::collection::vec(step, 0..30))
        .prop_map(|(begun, first, rest)| begun.into_iter().take(first).chain(rest).collect())
}

const LIVE: [RefundStatus; 3] = [RefundStatus::Pending, RefundStatus::Processing, RefundStatus::Completed];
const DONE: [RefundStatus; 1] = [RefundStatus::Completed];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn of_no_payment_we_give_back_more_than_came_and_what_others_do_is_told(steps in happenings()) {
        let order = Order { payment_reference: Some(REFERENCES[0].to_owned()), ..placed(&[70_00], 1, PaymentMethod::Card) };
        let mut books = Books { order, refunds: Vec::new(), came: BTreeMap::new(), there: Vec::new() };
        for (n, step) in steps.iter().enumerate() {
            let before: Vec<RefundStatus> = books.refunds.iter().map(|refund| refund.status).collect();
            let (was, was_paid, known) = (books.order.status, books.order.paid, books.came.len());
            let was_by_credit = books.order.is_paid_by_credit();
            let is_ours = books.take(step);
            let is_news = books.came.len() > known;
            let order = &books.order;

            let (back, paid) = (books.back(None, &LIVE), order.paid.minor);
            prop_assert_eq!(order.refunded_total.minor, books.back(None, &DONE), "{}: {:?}", n, step);
            prop_assert_eq!(order.refundable.minor, (paid - back).max(0), "{}: {:?}", n, step);
            prop_assert_eq!(order.over_refunded().minor, (back - paid).max(0), "{}: {:?}", n, step);
            let mut beyond = if paid == 0 { 0 } else { (order.refunded_total.minor - paid).max(0) };
            for earlier in &order.earlier_payments {
                let (back, done) = (books.back(Some(&earlier.reference), &LIVE), books.back(Some(&earlier.reference), &DONE));
                prop_assert_eq!((earlier.given_back.minor, earlier.refunded.minor), (back, done), "{}: {:?}", n, step);
                if let Some(came) = earlier.came {
                    prop_assert_eq!(Some(&came.minor), books.came.get(earlier.reference.as_str()), "{}: {:?}", n, step);
                    beyond += (done - came.minor).max(0);
                    prop_assert_eq!(earlier.overdrawn().minor, (back - came.minor).max(0), "{}: {:?}", n, step);
                    prop_assert_eq!(earlier.owed().map_or(0, |owed| owed.minor), (came.minor - back).max(0), "{}: {:?}", n, step);
                }
            }
            prop_assert_eq!(order.given_beyond(), beyond, "{}: {:?}", n, step);
            let sum = |states: &[RefundStatus]| {
                let counted = books.refunds.iter().filter(|refund| states.contains(&refund.status));
                counted.map(|refund| refund.amount.minor).sum::<i64>()
            };
            // What clients are told: what the completed refunds come to, of whichever payment.
            prop_assert_eq!(order.gone_back().minor, sum(&DONE), "{}: {:?}", n, step);
            prop_assert_eq!(order.going_back().minor, sum(&LIVE) - sum(&DONE), "{}: {:?}", n, step);
            let mut names: Vec<&str> = order.earlier_payments.iter().map(|earlier| earlier.reference.as_str()).collect();
            names.extend(order.payment_reference.as_deref());
            names.sort_unstable();
            prop_assert!(names.is_sorted_by(|a, b| a < b), "{:?}", names);

            // What was spent of store credit is there to be given back, or goes back as what it was; a provider that gives back beyond
            // what it has takes of all that is left.
            let spent = order.credit.map_or(0, |credit| credit.redeemed.minor);
            let left = order.credit_left().minor;
            let live = books.refunds.iter().filter(|refund| LIVE.contains(&refund.status));
            let as_credit: i64 = live.clone().filter_map(|refund| refund.from_credit).map(|credit| credit.minor).sum();
            let owed = order.earlier(CREDIT).and_then(|earlier| earlier.came).map_or(0, |came| came.minor);
            prop_assert_eq!(books.came.get(CREDIT).copied().unwrap_or(0), spent, "{}: {:?}", n, step);
            prop_assert!(left + as_credit + owed <= spent, "{}: {:?}: {:?}", n, step, order);
            let by_hand = paid > 0 && steps[..=n].iter().any(|step| matches!(step, Happening::ByHand(..)));
            prop_assert!(by_hand || left + as_credit + owed == spent, "{}: {:?}: {:?}", n, step, order);
            prop_assert!(left == 0 || paid == 0 || left <= order.refundable.minor, "{}: {:?}: {:?}", n, step, order);
            for refund in live.filter(|refund| refund.method != RefundMethod::StoreCredit) {
                prop_assert!(refund.from_credit.is_none() && refund.payment_reference.as_deref() != Some(CREDIT), "{:?}", refund);
            }
            let all_goes = matches!(step, Happening::Cancelled(_)) && was != order.status;
            let credit_stays = left > 0 || order.earlier(CREDIT).and_then(EarlierPayment::owed).is_some();
            prop_assert!(!(all_goes && credit_stays), "{}: {:?}: {:?}", n, step, order);

            // All that is there when an order is cancelled goes back, and so does what comes later, or once credit has paid.
            let stays = |reference: &&str| match order.earlier(reference) {
                Some(earlier) => earlier.owed().is_some(),
                // Of one that staff had marked before, a refund may have failed before.
                None if order.payment_reference.as_deref() == Some(*reference) => order.refundable.minor > 0 && (was_paid.is_zero() || was_by_credit),
                None => false,
            };
            let goes_back = match step {
                Happening::Cancelled(_) if was != order.status => &REFERENCES[..],
                Happening::Comes(at, _) if is_news && (was_by_credit || was == OrderStatus::Cancelled) => &REFERENCES[*at..=*at],
                _ => &[],
            };
            prop_assert!(!goes_back.iter().any(stays), "{}: {:?}: {:?}", n, step, order);

            // What we have set off in this step finds its money there.
            for (at, refund) in books.refunds.iter().enumerate().filter(|_| is_ours) {
                let is_set_off = before.get(at).is_none_or(|was| *was == RefundStatus::Failed) && refund.status != RefundStatus::Failed;
                let earlier = order.earlier_payments.iter().find(|earlier| refund.payment_reference.as_ref() == Some(&earlier.reference));
                let came = earlier.map_or(paid, |earlier| earlier.came.map_or(0, |came| came.minor));
                let back = books.back(earlier.map(|earlier| earlier.reference.as_str()), &LIVE);
                prop_assert!(!is_set_off || back <= came, "{}: {:?}: {} of {}: {:?}", n, step, back, came, refund);
            }
        }
    }
}
