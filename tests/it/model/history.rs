//! How histories are drawn: mostly what a shop sees, and now and then what it should refuse.

use super::Move;
use super::reference::{By, CONDITIONS, PARCELS, Part, RETURNS, Reference, STATUSES, Step, Word};
use proptest::prelude::*;

/// A place among the records there are by then; one in twenty is nowhere.
fn place() -> impl Strategy<Value = Option<usize>> {
    prop_oneof![19 => (0..1_000_usize).prop_map(Some), 1 => Just(None)]
}

/// Half of them begin with an order that was paid and has arrived, so that there is something to return.
pub fn histories() -> impl Strategy<Value = Vec<Move>> {
    let repeated = prop::bool::weighted(0.25);
    let rest = prop::collection::vec((steps(), repeated), 8..36);
    (prop::bool::ANY, lines(), 0..3_usize, promotion(), rest).prop_map(|(has_arrived, lines, method, promotion, rest)| {
        let first = if has_arrived { arrived(lines, method, promotion) } else { Vec::new() };
        first.into_iter().map(|step| (step, false)).chain(rest).collect()
    })
}

fn lines() -> impl Strategy<Value = Vec<(usize, i64)>> {
    prop::collection::vec((0..3_usize, 1..5_i64), 1..4)
}

/// The one after the last is none that there is.
fn promotion() -> impl Strategy<Value = Option<usize>> {
    prop::option::weighted(0.6, prop_oneof![9 => 0..3_usize, 1 => Just(3_usize)])
}

/// An order from its placing to its delivery.
fn arrived(lines: Vec<(usize, i64)>, method: usize, promotion: Option<usize>) -> Vec<Step> {
    let order = Some(0);
    let steps = ["CONFIRMED", "PROCESSING", "SHIPPED", "DELIVERED"].map(|to| Step::Status { order, to });
    let bought = [Step::Place { customer: 0, lines, method, reference: None, promotion }, Step::Pay { order, to: "PAID", reference: None }];
    bought.into_iter().chain(steps).collect()
}

fn steps() -> impl Strategy<Value = Step> {
    let reference = || prop::option::weighted(0.4, 0..8_u8);
    let by = || prop_oneof![3 => Just(By::Owner), 1 => Just(By::Other), 2 => Just(By::Staff)];
    let paid = prop_oneof![4 => Just("PAID"), 2 => Just("FAILED"), 1 => Just("REFUNDED")];
    let refunded = prop_oneof![4 => Just("COMPLETED"), 3 => Just("FAILED"), 2 => Just("PROCESSING"), 1 => Just("PENDING")];
    let parcel = prop_oneof![2 => Just("DELIVERED"), 1 => Just("FAILED"), 2 => prop::sample::select(&PARCELS[..])];
    let part = prop_oneof![
        1 => Just(Part::Rest),
        2 => (1..50_00_i64).prop_map(Part::Cents),
        3 => (0..3_usize, 1..4_i64).prop_map(|(line, quantity)| Part::Pieces(line, quantity)),
    ];
    let back = prop::collection::vec((0..3_usize, 1..3_i64, prop::sample::select(&CONDITIONS[..])), 1..3);
    let returned = prop_oneof![
        3 => Just("APPROVED"), 4 => Just("RECEIVED"), 3 => Just("REFUNDED"), 1 => Just("COMPLETED"), 1 => Just("REJECTED"),
        1 => prop::sample::select(&RETURNS[..]),
    ];
    let counts = prop::collection::vec(0..3_i64, 0..3);
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
        2 => (0..3_usize, prop_oneof![4 => (1..5_i64).prop_map(Some), 1 => Just(Some(1_200)), 1 => Just(None)])
            .prop_map(|(promotion, limit)| Step::Limit { promotion, limit }),
        1 => (0..2_usize, 0..4_usize, 1..60_00_i64)
            .prop_map(|(customer, promotion, cents)| Step::Ask { customer, promotion, cents }),
        5 => (place(), status).prop_map(|(order, to)| Step::Status { order, to }),
        5 => (place(), paid, reference()).prop_map(|(order, to, reference)| Step::Pay { order, to, reference }),
        4 => (place(), by(), prop::option::of(prop_oneof![1 => 0..3_usize, 2 => Just(3_usize)]))
            .prop_map(|(order, by, method)| Step::Cancel { order, by, method }),
        4 => (place(), refunded).prop_map(|(refund, to)| Step::Refund { refund, to }),
        4 => (place(), prop::option::of((0..3_usize, 1..4_i64))).prop_map(|(order, part)| Step::Ship { order, part }),
        5 => (place(), parcel).prop_map(|(parcel, to)| Step::Parcel { parcel, to }),
        4 => (place(), part, prop::option::weighted(0.4, 0..4_usize))
            .prop_map(|(order, part, method)| Step::OpenRefund { order, part, method }),
        5 => (place(), by(), back).prop_map(|(order, by, items)| Step::AskBack { order, by, items }),
        12 => (place(), returned, counts, prop::option::weighted(0.2, 0..30_00_i64))
            .prop_map(|(rma, to, counts, fee)| Step::Return { rma, to, counts, fee }),
        2 => (0..3_usize, prop_oneof![-8..0_i64, 1..8_i64]).prop_map(|(variant, change)| Step::Adjust { variant, change }),
        3 => (0..2_usize, 1..60_00_i64).prop_map(|(customer, cents)| Step::Redeem { customer, cents }),
        6 => (place(), told).prop_map(|(order, word)| Step::Told { order, word }),
        3 => Just(Step::Work),
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
        Step::Ship { order, part } => Step::Ship { order: among(order, orders), part },
        Step::Parcel { parcel, to } => Step::Parcel { parcel: among(parcel, parcels), to },
        Step::OpenRefund { order, part, method } => Step::OpenRefund { order: among(order, orders), part, method },
        Step::AskBack { order, by, items } => Step::AskBack { order: among(order, orders), by, items },
        Step::Return { rma, to, counts, fee } => Step::Return { rma: among(rma, returns), to, counts, fee },
        Step::Told { order, word } => Step::Told { order: among(order, orders), word },
        step @ (Step::Place { .. } | Step::Limit { .. } | Step::Ask { .. } | Step::Adjust { .. } | Step::Redeem { .. } | Step::Work) => {
            step
        }
    }
}
