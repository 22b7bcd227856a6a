//! How histories are drawn: mostly what a shop sees, and now and then what it should refuse.

use super::Move;
use super::reference::{By, CONDITIONS, Outcome, PARCELS, PROMOTIONS, Part, RETURNS, Reference, Runs, SCANS, STATUSES, Step, Word};
use proptest::prelude::*;

/// The step that a return is to take next, whichever that is by then.
const NEXT: &str = "NEXT";

/// A place among the records there are by then; one in twenty is nowhere.
fn place() -> impl Strategy<Value = Option<usize>> {
    prop_oneof![19 => (0..1_000_usize).prop_map(Some), 1 => Just(None)]
}

/// Some begin with an order that was paid and has arrived, and have more to do with returns; some with one that is to be sent,
/// and have more to do with carriers.
pub fn histories() -> impl Strategy<Value = Vec<Move>> {
    let since_confirmed = prop_oneof![5 => shipped(), 10 => carried(), 8 => steps()];
    let sent = (lines(), moves(since_confirmed.boxed())).prop_map(|(lines, rest)| {
        let first = confirmed(lines).into_iter().map(|step| (step, false));
        first.chain(rest).collect()
    });
    prop_oneof![3 => moves(prop_oneof![6 => steps(), 1 => carried()].boxed()), 3 => since_arrival(), 2 => sent]
}

/// Those that begin with an order that has arrived.
pub fn since_arrival() -> impl Strategy<Value = Vec<Move>> {
    let since_arrival = prop_oneof![5 => asked_back(), 14 => returned(), 14 => steps()];
    (lines(), 0..3_usize, promotion(), moves(since_arrival.boxed())).prop_map(|(lines, method, promotion, rest)| {
        let first = arrived(lines, method, promotion).into_iter().map(|step| (step, false));
        first.chain(rest).collect()
    })
}

fn moves(steps: BoxedStrategy<Step>) -> impl Strategy<Value = Vec<Move>> {
    prop::collection::vec((steps, prop::bool::weighted(0.25)), 8..36)
}

fn lines() -> impl Strategy<Value = Vec<(usize, i64)>> {
    prop::collection::vec((0..3_usize, 1..5_i64), 1..4)
}

/// The one after the last is none that there is.
fn promotion() -> impl Strategy<Value = Option<usize>> {
    prop::option::weighted(0.6, prop_oneof![9 => 0..PROMOTIONS.len(), 1 => Just(PROMOTIONS.len())])
}

/// An order that is ready to be sent.
fn confirmed(lines: Vec<(usize, i64)>) -> Vec<Step> {
    let order = Some(0);
    let bought = Step::Place { customer: 0, lines, method: 0, reference: None, promotion: None };
    vec![bought, Step::Pay { order, to: "PAID", reference: None }, Step::Status { order, to: "CONFIRMED" }]
}

/// An order from its placing to its delivery.
fn arrived(lines: Vec<(usize, i64)>, method: usize, promotion: Option<usize>) -> Vec<Step> {
    let order = Some(0);
    let steps = ["CONFIRMED", "PROCESSING", "SHIPPED", "DELIVERED"].map(|to| Step::Status { order, to });
    let bought = [Step::Place { customer: 0, lines, method, reference: None, promotion }, Step::Pay { order, to: "PAID", reference: None }];
    bought.into_iter().chain(steps).collect()
}

fn by() -> impl Strategy<Value = By> {
    prop_oneof![3 => Just(By::Owner), 1 => Just(By::Other), 2 => Just(By::Staff)]
}

fn asked_back() -> impl Strategy<Value = Step> {
    let items = prop::collection::vec((0..3_usize, 1..3_i64, prop::sample::select(&CONDITIONS[..])), 1..3);
    (place(), by(), items).prop_map(|(order, by, items)| Step::AskBack { order, by, items })
}

fn returned() -> impl Strategy<Value = Step> {
    let to = prop_oneof![10 => Just(NEXT), 1 => Just("REJECTED"), 1 => prop::sample::select(&RETURNS[..])];
    let counts = prop::collection::vec(0..3_i64, 0..3);
    let fee = prop::option::weighted(0.2, 0..30_00_i64);
    (place(), to, counts, fee).prop_map(|(rma, to, counts, fee)| Step::Return { rma, to, counts, fee })
}

fn steps() -> impl Strategy<Value = Step> {
    let reference = || prop::option::weighted(0.4, 0..8_u8);
    let paid = prop_oneof![4 => Just("PAID"), 2 => Just("FAILED"), 1 => Just("REFUNDED")];
    let refunded = prop_oneof![4 => Just("COMPLETED"), 3 => Just("FAILED"), 2 => Just("PROCESSING"), 1 => Just("PENDING")];
    let parcel = prop_oneof![2 => Just("DELIVERED"), 1 => Just("FAILED"), 2 => prop::sample::select(&PARCELS[..])];
    let part = prop_oneof![
        1 => Just(Part::Rest),
        2 => (1..50_00_i64).prop_map(Part::Cents),
        3 => (0..3_usize, 1..4_i64).prop_map(|(line, quantity)| Part::Pieces(line, quantity)),
    ];
    let told = prop_oneof![
        4 => Just(Word::Paid),
        1 => Just(Word::PaidTooLittle),
        1 => Just(Word::Failed),
        3 => (1..90_00_i64).prop_map(Word::Refunded),
    ];
    // The forward steps are the likeliest, so that some orders arrive.
    let status = prop_oneof![2 => Just("CONFIRMED"), 2 => Just("PROCESSING"), 4 => prop::sample::select(&STATUSES[..])];
    prop_oneof![
        6 => (0..2_usize, lines(), 0..3_usize, reference(), promotion())
            .prop_map(|(customer, lines, method, reference, promotion)| Step::Place { customer, lines, method, reference, promotion }),
        2 => (0..PROMOTIONS.len(), prop_oneof![4 => (1..5_i64).prop_map(Some), 1 => Just(Some(1_200)), 1 => Just(None)])
            .prop_map(|(promotion, limit)| Step::Limit { promotion, limit }),
        1 => (0..PROMOTIONS.len(), prop_oneof![3 => Just(Runs::Now), 1 => Just(Runs::Later), 1 => Just(Runs::Before)])
            .prop_map(|(promotion, runs)| Step::Run { promotion, runs }),
        1 => (0..2_usize, 0..=PROMOTIONS.len(), 1..60_00_i64)
            .prop_map(|(customer, promotion, cents)| Step::Ask { customer, promotion, cents }),
        5 => (place(), status).prop_map(|(order, to)| Step::Status { order, to }),
        5 => (place(), paid, reference()).prop_map(|(order, to, reference)| Step::Pay { order, to, reference }),
        4 => (place(), by(), prop::option::of(prop_oneof![1 => 0..3_usize, 2 => Just(3_usize)]))
            .prop_map(|(order, by, method)| Step::Cancel { order, by, method }),
        4 => (place(), refunded).prop_map(|(refund, to)| Step::Refund { refund, to }),
        4 => shipped(),
        5 => (place(), parcel).prop_map(|(parcel, to)| Step::Parcel { parcel, to }),
        4 => (place(), part, prop::option::weighted(0.4, 0..4_usize))
            .prop_map(|(order, part, method)| Step::OpenRefund { order, part, method }),
        2 => asked_back(),
        2 => returned(),
        2 => (0..3_usize, prop_oneof![-8..0_i64, 1..8_i64]).prop_map(|(variant, change)| Step::Adjust { variant, change }),
        3 => (0..2_usize, 1..60_00_i64).prop_map(|(customer, cents)| Step::Redeem { customer, cents }),
        6 => (place(), told).prop_map(|(order, word)| Step::Told { order, word }),
        3 => Just(Step::Work),
    ]
}

fn shipped() -> impl Strategy<Value = Step> {
    let carrier = prop_oneof![2 => Just("DHL"), 1 => Just("LOCAL")];
    (place(), prop::option::of((0..3_usize, 1..4_i64)), carrier).prop_map(|(order, part, carrier)| Step::Ship { order, part, carrier })
}

/// What carriers do of parcels, and what becomes of their labels.
fn carried() -> impl Strategy<Value = Step> {
    let outcome = prop_oneof![4 => Just(Outcome::Booked), 1 => Just(Outcome::Refused), 2 => Just(Outcome::Taken), 1 => Just(Outcome::Lost)];
    let code = prop::sample::select(&SCANS[..]).prop_map(|(code, _)| code);
    // Now, or some time ago: then it comes late.
    let minutes_ago = prop_oneof![2 => Just(0), 1 => 1..120_u64];
    prop_oneof![
        5 => outcome.prop_map(Step::Book),
        2 => Just(Step::Look),
        6 => (place(), code, minutes_ago, 1..4_usize)
            .prop_map(|(parcel, code, minutes_ago, times)| Step::Scan { parcel, code, minutes_ago, times }),
    ]
}

/// The step, with its places among the records there are by now.
pub fn within(step: &Step, there: &Reference) -> Step {
    let (orders, refunds, parcels, returns) = (there.orders.len(), there.refunds.len(), there.parcels.len(), there.returns.len());
    let among = |place: Option<usize>, there: usize| place.and_then(|place| place.checked_rem(there));
    match step.clone() {
        Step::Status { order, to } => Step::Status { order: among(order, orders), to },
        Step::Pay { order, to, reference } => Step::Pay { order: among(order, orders), to, reference },
        Step::Cancel { order, by, method } => Step::Cancel { order: among(order, orders), by, method },
        Step::Refund { refund, to } => Step::Refund { refund: among(refund, refunds), to },
        Step::Ship { order, part, carrier } => Step::Ship { order: among(order, orders), part, carrier },
        Step::Scan { parcel, code, minutes_ago, times } => Step::Scan { parcel: among(parcel, parcels), code, minutes_ago, times },
        Step::Parcel { parcel, to } => Step::Parcel { parcel: among(parcel, parcels), to },
        Step::OpenRefund { order, part, method } => Step::OpenRefund { order: among(order, orders), part, method },
        Step::AskBack { order, by, items } => Step::AskBack { order: among(order, orders), by, items },
        Step::Told { order, word } => Step::Told { order: among(order, orders), word },
        Step::Return { rma, to, counts, fee } => {
            let rma = among(rma, returns);
            let next = rma.map_or("APPROVED", |rma| there.returns[rma].next());
            Step::Return { rma, to: if to == NEXT { next } else { to }, counts, fee }
        }
        step @ (Step::Place { .. }
        | Step::Limit { .. }
        | Step::Run { .. }
        | Step::Ask { .. }
        | Step::Adjust { .. }
        | Step::Redeem { .. }
        | Step::Book(_)
        | Step::Look
        | Step::Work) => step,
    }
}
