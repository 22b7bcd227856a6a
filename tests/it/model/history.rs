//! How histories are drawn: mostly what a shop sees, and now and then what it should refuse.

use super::Move;
use super::reference::{
    By, CARD, CONDITIONS, Comes, Count, Fate, OUR_FAULT, OWN, Outcome, PARCELS, PROMOTIONS, Part, REFERENCES, RETURNS, Reference, Runs,
    SCANS, STATUSES, Step, Trouble,
};
use proptest::prelude::*;

/// The step that a return is to take next, whichever that is by then.
const NEXT: &str = "NEXT";

/// All that is due for an order, as far as there is so much credit.
const DUE: i64 = i64::MAX;

/// A place among the records there are by then; one in twenty is nowhere.
fn place() -> impl Strategy<Value = Option<usize>> {
    prop_oneof![19 => (0..1_000_usize).prop_map(Some), 1 => Just(None)]
}

/// Some begin with an order that was paid and has arrived, and have more to do with returns; some with one that is to be sent,
/// and have more to do with carriers; some with one whose payment comes at its provider, and have more to do with money; some with one
/// that store credit is spent on; some with several of one promotion.
pub fn histories() -> impl Strategy<Value = Vec<Move>> {
    let since_confirmed = prop_oneof![5 => shipped(), 10 => carried(), 8 => steps()];
    let asked = prop::option::of(prop_oneof![1 => Just(Outcome::Taken), 1 => Just(Outcome::Lost)]);
    let sent = (lines(), asked, moves(since_confirmed.boxed())).prop_map(|(lines, outcome, rest)| {
        let ship = Step::Ship { order: Some(0), part: None, carrier: "DHL" };
        let asked = outcome.map_or_else(Vec::new, |outcome| vec![ship, Step::Book(outcome)]);
        let first = confirmed(lines).into_iter().chain(asked).map(|step| (step, false));
        first.chain(rest).collect()
    });
    let any = moves(prop_oneof![6 => steps(), 1 => carried()].boxed());
    prop_oneof![3 => any, 4 => since_arrival(), 2 => sent, 4 => since_payment(), 4 => since_credit(), 2 => since_promotion()]
}

/// Those that begin with an order that has arrived.
fn since_arrival() -> impl Strategy<Value = Vec<Move>> {
    let since_arrival = prop_oneof![5 => asked_back(), 14 => returned(), 8 => steps(), 6 => money()];
    let bought = (0..2_usize, lines(), 0..3_usize, reference(), promotion())
        .prop_map(|(customer, lines, method, reference, promotion)| Step::Place { customer, lines, method, reference, promotion });
    let one = Step::Return { rma: Some(0), to: NEXT, counts: Vec::new(), fees: [None; 2] };
    let received = (asked(), counts()).prop_map(move |(items, counts)| {
        let arrives = Step::Return { rma: Some(0), to: NEXT, counts, fees: [None; 2] };
        Some(vec![Step::AskBack { order: Some(0), by: By::Staff, items }, one.clone(), arrives])
    });
    // All of it, some of it, or nothing.
    let back = prop_oneof![4 => Just(None), 4 => received, 2 => Just(Some(Vec::new()))];
    (bought, back, moves(since_arrival.boxed())).prop_map(|(bought, back, rest)| {
        let back = back.unwrap_or_else(|| sent_back(&bought));
        let first = arrived(bought).into_iter().chain(back).map(|step| (step, false));
        first.chain(rest).collect()
    })
}

/// All of an order comes back for the shop's own fault.
fn sent_back(bought: &Step) -> Vec<Step> {
    let Step::Place { lines, .. } = bought else { return Vec::new() };
    let pieces = (0..3).map(|variant| lines.iter().filter(|line| line.0 == variant).map(|line| line.1).sum::<i64>());
    let items = pieces.filter(|pieces| *pieces > 0).enumerate().map(|(line, pieces)| (line, pieces, OUR_FAULT[line % 2])).collect();
    let next = Step::Return { rma: Some(0), to: NEXT, counts: Vec::new(), fees: [None; 2] };
    vec![Step::AskBack { order: Some(0), by: By::Owner, items }, next.clone(), next.clone(), next]
}

/// Those that begin with an order whose payment comes at its provider, sometimes when nobody waits for it any more.
fn since_payment() -> impl Strategy<Value = Vec<Move>> {
    // Most of it comes, so that there is something to give back.
    let comes = prop_oneof![4 => Just((Comes::Whole, true)), 1 => Just((Comes::More, true)), 2 => came()];
    // What staff make of what came.
    let paid = Step::Pay { order: Some(0), to: "PAID", reference: None };
    let back = Step::Cancel { order: Some(0), by: By::Staff, method: None };
    let decided = prop_oneof![3 => Just(None), 1 => Just(Some(paid)), 1 => Just(Some(back))];
    let bought = (lines(), prop::sample::select(vec![0, CARD]), 0..OWN, promotion())
        .prop_map(|(lines, method, number, promotion)| Step::Place { customer: 0, lines, method, reference: Some(number), promotion });
    let first = (bought, prop::bool::weighted(0.25), comes, decided);
    (first, moves(prop_oneof![4 => money(), 1 => steps()].boxed())).prop_map(|((bought, is_late, (comes, is_told), decided), rest)| {
        let waited = is_late.then_some(Step::CancelUnpaid);
        let came = Step::Comes { order: Some(0), comes, is_told };
        let first = [bought].into_iter().chain(waited).chain([came]).chain(decided).map(|step| (step, false));
        first.chain(rest).collect()
    })
}

/// Those that begin with an order that went back as store credit, and another one that some of it is spent on, which is then
/// paid or not, and gives it back or not.
fn since_credit() -> impl Strategy<Value = Vec<Move>> {
    let bought = |(lines, method, reference, promotion)| Step::Place { customer: 0, lines, method, reference, promotion };
    let references = prop_oneof![2 => (0..OWN).prop_map(Some), 1 => reference()];
    let another = (lines(), 0..3_usize, references, promotion()).prop_map(bought);
    let (first, order) = (Some(0), Some(1));
    let paid = Step::Pay { order, to: "PAID", reference: None };
    let comes = Step::Comes { order, comes: Comes::Whole, is_told: true };
    let back = Step::Cancel { order, by: By::Owner, method: None };
    let rest = Step::OpenRefund { order, part: Part::Rest, method: None };
    let returned = [
        vec![paid.clone()],
        on_its_way(order).to_vec(),
        vec![Step::AskBack { order, by: By::Owner, items: vec![(0, 1, "UNOPENED")] }],
        vec![Step::Return { rma: Some(0), to: NEXT, counts: Vec::new(), fees: [None; 2] }; 3],
    ];
    let goes_on = prop::sample::select(vec![
        Vec::new(),
        vec![back.clone()],
        vec![back.clone(), comes.clone()],
        vec![comes.clone(), back.clone()],
        vec![Step::Spend { order, by: By::Owner, cents: DUE }, comes.clone()],
        vec![Step::Spend { order, by: By::Owner, cents: DUE }, comes, Step::Work(Fate::Done, None), back],
        vec![paid, rest.clone(), rest],
        returned.concat(),
    ]);
    let then = prop_oneof![3 => spent(Just(order)), 4 => money(), 2 => steps(), 1 => spent(place())];
    (lines(), another, spent(Just(order)), goes_on, moves(then.boxed())).prop_map(move |(lines, another, spent, goes_on, rest)| {
        let back = Step::Cancel { order: first, by: By::Owner, method: Some(3) };
        let paid = Step::Pay { order: first, to: "PAID", reference: None };
        let before = [bought((lines, 0, None, None)), paid, back, Step::Work(Fate::Done, None), another, spent];
        before.into_iter().chain(goes_on).map(|step| (step, false)).chain(rest).collect()
    })
}

/// Those that begin with orders placed with one and the same promotion, as long as it can be used and longer.
fn since_promotion() -> impl Strategy<Value = Vec<Move>> {
    let placed = (0..2_usize, lines(), reference());
    let runs = prop_oneof![3 => Just(Runs::Now), 1 => Just(Runs::Later), 1 => Just(Runs::Before)];
    let orders = (0..PROMOTIONS.len(), prop::collection::vec(placed, 3..5), runs).prop_map(|(promotion, orders, runs)| {
        let few = |lines: Vec<(usize, i64)>| lines.into_iter().map(|(variant, _)| (variant, 1)).collect();
        let placed = orders.into_iter().map(|(customer, lines, reference)| Step::Place {
            customer,
            lines: few(lines),
            method: 0,
            reference,
            promotion: Some(promotion),
        });
        let moved = (runs != Runs::Now).then_some(Step::Run { promotion, runs });
        let mut steps: Vec<Step> = placed.collect();
        steps.splice(2..2, moved);
        steps
    });
    (orders, moves(steps().boxed())).prop_map(|(orders, rest)| orders.into_iter().map(|step| (step, false)).chain(rest).collect())
}

fn spent(order: impl Strategy<Value = Option<usize>>) -> impl Strategy<Value = Step> {
    let cents = prop_oneof![2 => 1..20_00_i64, 1 => Just(DUE)];
    let by = prop_oneof![9 => Just(By::Owner), 1 => Just(By::Other)];
    (order, by, cents).prop_map(|(order, by, cents)| Step::Spend { order, by, cents })
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
fn arrived(bought: Step) -> Vec<Step> {
    let order = Some(0);
    let came = Step::Comes { order, comes: Comes::Whole, is_told: true };
    // Where that was told of, nobody has to mark it.
    let paid = [came, Step::Pay { order, to: "PAID", reference: None }];
    [bought].into_iter().chain(paid).chain(on_its_way(order)).collect()
}

fn on_its_way(order: Option<usize>) -> [Step; 4] {
    ["CONFIRMED", "PROCESSING", "SHIPPED", "DELIVERED"].map(|to| Step::Status { order, to })
}

fn reference() -> impl Strategy<Value = Option<u8>> {
    prop::option::weighted(0.7, 0..REFERENCES)
}

/// What a payment comes to, and whether its provider tells of it.
fn came() -> impl Strategy<Value = (Comes, bool)> {
    let comes = prop_oneof![6 => Just(Comes::Whole), 1 => Just(Comes::Less), 1 => Just(Comes::More), 2 => Just(Comes::Nothing)];
    (comes, prop::bool::weighted(0.6))
}

/// What becomes of money once an order is there: it comes, and goes back.
fn money() -> impl Strategy<Value = Step> {
    let fate = || prop_oneof![3 => Just(Fate::Done), 3 => Just(Fate::Open), 1 => Just(Fate::Failed)];
    let end = prop_oneof![2 => Just(Fate::Done), 1 => Just(Fate::Failed)];
    let is_told = || prop::bool::weighted(0.6);
    let trouble = prop_oneof![2 => Just(Trouble::Lost), 1 => Just(Trouble::Refused)];
    prop_oneof![
        6 => (place(), came()).prop_map(|(order, (comes, is_told))| Step::Comes { order, comes, is_told }),
        8 => opened(),
        3 => (place(), 1..90_00_i64, fate(), is_told())
            .prop_map(|(order, cents, fate, is_told)| Step::GiveByHand { order, cents, fate, is_told }),
        6 => (fate(), prop::option::weighted(0.3, trouble)).prop_map(|(fate, trouble)| Step::Work(fate, trouble)),
        5 => (place(), end, is_told()).prop_map(|(refund, to, is_told)| Step::End { refund, to, is_told }),
        3 => refunded(),
        1 => cancelled(),
        2 => spent(place()),
        3 => Just(Step::AskAfter),
        1 => Just(Step::CancelUnpaid),
    ]
}

fn opened() -> impl Strategy<Value = Step> {
    let part = prop_oneof![
        1 => Just(Part::Rest),
        3 => (1..30_00_i64).prop_map(Part::Cents),
        3 => (0..3_usize, 1..3_i64).prop_map(|(line, quantity)| Part::Pieces(line, quantity)),
    ];
    (place(), part, prop::option::weighted(0.25, 0..4_usize)).prop_map(|(order, part, method)| Step::OpenRefund { order, part, method })
}

fn refunded() -> impl Strategy<Value = Step> {
    let to = prop_oneof![4 => Just("COMPLETED"), 3 => Just("FAILED"), 3 => Just("PROCESSING"), 1 => Just("PENDING")];
    (place(), to).prop_map(|(refund, to)| Step::Refund { refund, to })
}

fn cancelled() -> impl Strategy<Value = Step> {
    (place(), by(), prop::option::of(prop_oneof![1 => 0..3_usize, 2 => Just(3_usize)])).prop_map(|(order, by, method)| Step::Cancel {
        order,
        by,
        method,
    })
}

fn by() -> impl Strategy<Value = By> {
    prop_oneof![3 => Just(By::Owner), 1 => Just(By::Other), 2 => Just(By::Staff)]
}

/// Pieces of lines, and the condition that they are said to be in.
fn asked() -> impl Strategy<Value = Vec<(usize, i64, &'static str)>> {
    prop::collection::vec((0..3_usize, 1..3_i64, prop::sample::select(&CONDITIONS[..])), 1..3)
}

/// What the warehouse finds.
fn counts() -> impl Strategy<Value = Vec<Count>> {
    let received = prop_oneof![1 => Just(0), 4 => Just(1), 1 => Just(2)];
    let condition = prop::option::weighted(0.4, prop::sample::select(&CONDITIONS[..]));
    let found = (received, condition, prop::option::weighted(0.5, any::<bool>()));
    let count = found.prop_map(|(received, condition, is_restockable)| Count { received, condition, is_restockable });
    prop::collection::vec(count, 0..3)
}

fn asked_back() -> impl Strategy<Value = Step> {
    (place(), by(), asked()).prop_map(|(order, by, items)| Step::AskBack { order, by, items })
}

fn returned() -> impl Strategy<Value = Step> {
    let to = prop_oneof![10 => Just(NEXT), 1 => Just("REJECTED"), 1 => prop::sample::select(&RETURNS[..])];
    let fee = || prop::option::weighted(0.2, 0..20_00_i64);
    (place(), to, counts(), [fee(), fee()]).prop_map(|(rma, to, counts, fees)| Step::Return { rma, to, counts, fees })
}

fn steps() -> impl Strategy<Value = Step> {
    let paid = prop_oneof![4 => Just("PAID"), 2 => Just("FAILED"), 1 => Just("REFUNDED")];
    let parcel = prop_oneof![2 => Just("DELIVERED"), 1 => Just("FAILED"), 2 => prop::sample::select(&PARCELS[..])];
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
        4 => cancelled(),
        2 => refunded(),
        4 => shipped(),
        5 => (place(), parcel).prop_map(|(parcel, to)| Step::Parcel { parcel, to }),
        2 => opened(),
        2 => asked_back(),
        2 => returned(),
        2 => (0..3_usize, prop_oneof![-8..0_i64, 1..8_i64]).prop_map(|(variant, change)| Step::Adjust { variant, change }),
        3 => (0..2_usize, 1..60_00_i64).prop_map(|(customer, cents)| Step::Redeem { customer, cents }),
        12 => money(),
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
        Step::Pay { order, to, reference } => {
            let order = among(order, orders);
            // What becomes of a payment that staff have put another in the place of is no part of the model.
            let reference = reference.filter(|_| order.is_none_or(|at| there.payment_at(at).is_none()));
            Step::Pay { order, to, reference }
        }
        Step::Cancel { order, by, method } => Step::Cancel { order: among(order, orders), by, method },
        Step::Refund { refund, to } => Step::Refund { refund: among(refund, refunds), to },
        Step::Ship { order, part, carrier } => Step::Ship { order: among(order, orders), part, carrier },
        Step::Scan { parcel, code, minutes_ago, times } => Step::Scan { parcel: among(parcel, parcels), code, minutes_ago, times },
        Step::Parcel { parcel, to } => Step::Parcel { parcel: among(parcel, parcels), to },
        Step::OpenRefund { order, part, method } => Step::OpenRefund { order: among(order, orders), part, method },
        Step::AskBack { order, by, items } => Step::AskBack { order: among(order, orders), by, items },
        Step::Comes { order, comes, is_told } => Step::Comes { order: among(order, orders), comes, is_told },
        Step::GiveByHand { order, cents, fate, is_told } => Step::GiveByHand { order: among(order, orders), cents, fate, is_told },
        Step::Spend { order, by, cents } => {
            let order = among(order, orders);
            let all = order.map_or(1, |at| there.payable_by_credit(at));
            Step::Spend { order, by, cents: if cents == DUE { all } else { cents } }
        }
        Step::End { refund, to, is_told } => Step::End { refund: among(refund, refunds), to, is_told },
        // Beyond a week nobody asks after late payments any more.
        Step::CancelUnpaid if there.long_waits == 2 => Step::AskAfter,
        Step::Return { rma, to, counts, fees } => {
            let rma = among(rma, returns);
            let next = rma.map_or("APPROVED", |rma| there.returns[rma].next());
            Step::Return { rma, to: if to == NEXT { next } else { to }, counts, fees }
        }
        step @ (Step::Place { .. }
        | Step::Limit { .. }
        | Step::Run { .. }
        | Step::Ask { .. }
        | Step::Adjust { .. }
        | Step::Redeem { .. }
        | Step::Book(_)
        | Step::Look
        | Step::Work(..)
        | Step::AskAfter
        | Step::CancelUnpaid) => step,
    }
}
