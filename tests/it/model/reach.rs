//! Whether the histories that are drawn come to what matters: those that never do would find nothing wrong with it.

use super::reference::{Fate, Reference, Refund, Step};
use super::{CASES, history};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::collections::{BTreeMap, BTreeSet};

/// How many are looked at, fifty times as many as are played. The model alone plays them.
const HISTORIES: u32 = 50 * CASES;

/// Why a step is refused.
const REFUSALS: [&str; 27] = [
    "ALREADY_CANCELLED",
    "BOOKING_IN_PROGRESS",
    "CANNOT_CANCEL",
    "CREDIT_EXCEEDS_DUE",
    "EXPIRED",
    "FORBIDDEN",
    "INSUFFICIENT_CREDIT",
    "INSUFFICIENT_STOCK",
    "INVALID_AMOUNT",
    "INVALID_CODE",
    "INVALID_METHOD",
    "INVALID_STATUS_TRANSITION",
    "MIN_ORDER_NOT_MET",
    "NOT_STARTED",
    "ORDER_NOT_DELIVERED",
    "ORDER_NOT_FOUND",
    "ORDER_NOT_PAYABLE",
    "ORDER_NOT_SHIPPABLE",
    "PAYMENT_REFERENCE_USED",
    "QUANTITY_NOT_RETURNABLE",
    "REFUND_EXCEEDS_PAID",
    "REFUND_IN_PROGRESS",
    "REFUND_NOT_FOUND",
    "RETURN_NOT_FOUND",
    "SHIPMENT_NOT_FOUND",
    "USAGE_LIMIT_REACHED",
    "USER_LIMIT_REACHED",
];

#[test]
fn histories_come_to_all_that_matters() {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    // In how many histories each was.
    let mut reached: BTreeMap<&str, usize> = REFUSALS.map(|code| (code, 0)).into();
    for _ in 0..HISTORIES {
        let moves = history::histories().new_tree(&mut runner).expect("a history").current();
        let (mut model, mut refused) = (Reference::new(), BTreeSet::new());
        let last = [Step::Work(Fate::Done, None), Step::AskAfter];
        for step in moves.iter().map(|(step, _)| step).chain(&last) {
            let step = history::within(step, &model);
            let (status, code) = model.apply(&step);
            refused.extend((status >= 400).then_some(code));
        }
        for code in refused {
            *reached.entry(code).or_default() += 1;
        }
        for (what, is_so) in come_to(&model) {
            *reached.entry(what).or_default() += usize::from(is_so);
        }
    }
    assert!(reached.values().all(|histories| *histories > 0), "{reached:#?}");
}

/// What a history has come to, by its end.
fn come_to(model: &Reference) -> [(&'static str, bool); 22] {
    let refunds = || model.refunds.iter();
    let orders = || model.orders.iter().enumerate();
    let of = |at: usize| model.refunds.iter().filter(move |refund| refund.order == at);
    let is_beside_credit = |refund: &Refund| refund.is_beside && model.orders[refund.order].is_paid_by_credit;
    let is_owed_credit = |refund: &Refund| refund.is_beside && !is_beside_credit(refund);
    let has_come_back = |status: &str| matches!(status, "REFUNDED" | "COMPLETED");
    [
        ("an order cancelled after payment", orders().any(|(_, order)| order.status == "CANCELLED" && order.paid > 0)),
        ("an order cancelled unpaid", orders().any(|(_, order)| order.payment == "VOIDED")),
        ("an order paid with a discount", orders().any(|(_, order)| order.paid > 0 && order.discount > 0)),
        ("an order that costs nothing", orders().any(|(_, order)| order.total == 0)),
        ("more than an order costs", orders().any(|(_, order)| order.paid > order.total)),
        ("an order paid by credit alone", orders().any(|(_, order)| order.paid > 0 && order.spent == order.total)),
        ("an order paid by credit and otherwise", orders().any(|(_, order)| order.spent > 0 && order.paid > order.spent)),
        ("credit given back of a paid order", refunds().any(|refund| refund.from_credit > 0 && refund.status == "COMPLETED")),
        ("credit given back of an order never paid", refunds().any(|refund| is_owed_credit(refund) && refund.status == "COMPLETED")),
        ("credit given back beside a late payment", orders().any(|(at, order)| order.paid > 0 && of(at).any(is_owed_credit))),
        ("money given back that came beside credit", refunds().any(|refund| is_beside_credit(refund) && refund.status == "COMPLETED")),
        ("part of an order refunded", orders().any(|(_, order)| order.payment == "PARTIALLY_REFUNDED")),
        ("an order refunded twice", orders().any(|(at, _)| of(at).filter(|refund| refund.status == "COMPLETED").count() > 1)),
        ("a refund beyond what was paid", orders().any(|(at, order)| order.paid > 0 && model.over_refunded(at) > 0)),
        ("a refund that failed", refunds().any(|refund| refund.status == "FAILED")),
        ("a refund that staff make", refunds().any(|refund| refund.awaits == Some("STAFF"))),
        ("a return refunded", model.returns.iter().any(|rma| has_come_back(rma.status) && rma.amount > Some(0))),
        ("a return that brings nothing", model.returns.iter().any(|rma| has_come_back(rma.status) && rma.amount == Some(0))),
        ("a return with its delivery fee", model.returns.iter().any(|rma| rma.delivery > 0)),
        ("a return rejected", model.returns.iter().any(|rma| rma.status == "REJECTED")),
        ("an order that parcels brought", model.parcels.iter().any(|parcel| model.orders[parcel.order].status == "DELIVERED")),
        ("a parcel that comes back", model.parcels.iter().any(|parcel| parcel.status == "RETURNED")),
    ]
}
