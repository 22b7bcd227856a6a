//! What holds for an order, its returns and its refunds, whatever is tried on them and in whatever order.

mod histories;
mod money;

use super::*;
use crate::actor::{Actor, Role};
use crate::ids::{Ids, UserId};
use crate::inventory::{NewVariant, Variant};
use crate::message::{Locale, MessageKind};
use crate::order::tests::placed_lines;
use crate::order::{OrderStatus, PaymentMethod, PaymentRequest, PaymentStatus, discounted};
use crate::refund::{RefundChange, RefundError, RefundPart, RefundPatch, RefundRequest, RefundStatus, RoomError};
use crate::time::Day;
use proptest::prelude::*;

const NOW: Timestamp = Timestamp(1_795_000_000_000);
const POLICY: ReturnPolicy = ReturnPolicy { window_days: 30, arrival_days: 30, refunds_delivery_on_fault: true };
/// What `placed_lines` asks for the delivery.
const DELIVERY: i64 = 5_00;

fn admin() -> Actor {
    Actor::Person { id: UserId::new(7).unwrap(), role: Role::Admin }
}

fn ids() -> Ids {
    Ids::new(NOW, 0)
}

/// What a promotion takes off the lines of an order.
#[derive(Clone, Copy, Debug)]
enum Off {
    Percent(i64),
    Cents(i64),
}

impl Off {
    fn of(self, subtotal: Money) -> Money {
        match self {
            Self::Percent(percent) => Money::usd(subtotal.minor * percent / 100),
            Self::Cents(cents) => Money::usd(cents.min(subtotal.minor)),
        }
    }
}

fn discounts() -> impl Strategy<Value = Off> {
    prop_oneof![1 => Just(Off::Cents(0)), 3 => (1..=100_i64).prop_map(Off::Percent), 3 => (1..40_000_i64).prop_map(Off::Cents)]
}

/// Price and pieces of each line.
fn lines() -> impl Strategy<Value = Vec<(i64, u32)>> {
    prop::collection::vec((0..30_000_i64, 1..5_u32), 1..4)
}

/// An order of these lines, not paid yet and not sent.
fn ordered(lines: &[(i64, u32)], off: Off) -> Order {
    let placed = placed_lines(lines, PaymentMethod::Card);
    let discount = off.of(placed.subtotal);
    let total = placed.total.minus(discount).unwrap();
    Order { items: discounted(placed.items.clone(), discount), discount, total, ..placed }
}

fn paid(order: &Order) -> Order {
    order.pay(&PaymentRequest { status: PaymentStatus::Paid, reference: None }, admin(), NOW, ids()).unwrap().order
}

/// An order of these lines, paid and with its customer.
fn delivered(lines: &[(i64, u32)], off: Off) -> Order {
    let steps = [OrderStatus::Confirmed, OrderStatus::Processing, OrderStatus::Shipped, OrderStatus::Delivered];
    steps.into_iter().fold(paid(&ordered(lines, off)), |order, to| order.advance(to, None, admin(), NOW, ids()).unwrap().order)
}

/// Pieces of lines, by their place, in a condition.
type Asked = Vec<(usize, u32, Condition)>;

fn request(order: &Order, asked: &Asked) -> ReturnRequest {
    let items = asked.iter().map(|(at, quantity, condition)| RequestedItem {
        order_item_id: order.items[*at].id,
        quantity: *quantity,
        condition: *condition,
        restockable: condition.is_sellable(),
    });
    ReturnRequest { reason: "x".into(), description: None, items: items.collect() }
}

fn ask(order: &Order, asked: &Asked) -> Result<ReturnChange, RequestError> {
    let request = request(order, asked);
    let accepted = request.accept(order, &POLICY, Some(NOW.plus_days(30)), NOW)?;
    Ok(Return::open(accepted, &Day::new(2026, 11, 23), 1, admin(), NOW, ids()))
}

/// A step that says nothing else.
fn bare(step: ReturnStep) -> StepRequest {
    StepRequest { step, notes: None, counts: Vec::new(), fees: Fees::default() }
}

fn take(rma: &Return, request: &StepRequest, order: &Order) -> Result<ReturnChange, StepError> {
    rma.take(request, order, &POLICY, admin(), NOW, ids())
}

/// A return that goes through these steps, all of it arriving.
fn through(order: &Order, asked: &Asked, steps: &[ReturnStep]) -> ReturnChange {
    let opened = ask(order, asked).unwrap();
    steps.iter().fold(opened, |change, to| take(&change.rma, &bare(to.clone()), &change.order).unwrap())
}

/// A return all the way to its refund.
fn bring_back(order: &Order, asked: &Asked) -> ReturnChange {
    through(order, asked, &[ReturnStep::Approve, ReturnStep::Receive, ReturnStep::Refund])
}

fn settle(refund: &Refund, to: RefundStatus, order: &Order) -> Result<RefundChange, RefundError> {
    refund.update(RefundPatch { status: Some(to), ..RefundPatch::default() }, order, admin(), NOW, ids())
}

fn refund(order: &Order, part: RefundPart) -> Option<(Order, Refund)> {
    let request = RefundRequest { part, reason: "x".into(), method: None };
    order.refund(&request, admin(), NOW, ids()).ok().map(|opened| (opened.order, opened.refund))
}

#[test]
fn the_window_is_open_until_it_ends_and_not_a_millisecond_longer() {
    let order = delivered(&[(10_00, 1)], Off::Cents(0));
    let request = request(&order, &vec![(0, 1, Condition::Unopened)]);
    let ends = order.completed_at.unwrap().plus_days(30).plus_millis(1);
    let accept = |now| request.accept(&order, &POLICY, Some(ends), now).err();
    assert_eq!(accept(order.completed_at.unwrap().plus_days(30)), None);
    assert_eq!(accept(ends), Some(RequestError::WindowClosed(30)));
    assert_eq!(request.accept(&order, &POLICY, None, NOW).err(), Some(RequestError::WindowClosed(30)), "nobody knows when it came");
}

#[test]
fn what_is_asked_of_a_line_counts_together() {
    let order = delivered(&[(10_00, 3)], Off::Cents(0));
    let too_much = ask(&order, &vec![(0, 2, Condition::Unopened), (0, 2, Condition::Damaged)]).unwrap_err();
    assert_eq!(too_much.to_string(), "4 of SKU-1 were asked for and 3 can be returned.");
    // Neither does it wrap around.
    assert!(ask(&order, &vec![(0, u32::MAX, Condition::Unopened), (0, 2, Condition::Unopened)]).is_err());

    let first = ask(&order, &vec![(0, 2, Condition::Unopened)]).unwrap();
    let second = ask(&first.order, &vec![(0, 2, Condition::Unopened)]).unwrap_err();
    assert_eq!(second.to_string(), "2 of SKU-1 were asked for and 1 can be returned.");
}

#[test]
fn pieces_of_a_line_in_one_condition_are_one_entry_and_all_that_can_be_sold_is_one_change_of_the_stock() {
    let order = delivered(&[(10_00, 6)], Off::Cents(0));
    let (unopened, opened) = (Condition::Unopened, Condition::OpenedUnused);
    let asked = vec![(0, 1, unopened), (0, 1, Condition::Damaged), (0, 2, unopened), (0, 1, opened)];
    let received = through(&order, &asked, &[ReturnStep::Approve, ReturnStep::Receive]);
    let entries: Vec<_> = received.rma.items.iter().map(|entry| (entry.quantity, entry.condition)).collect();
    assert_eq!(entries, [(3, unopened), (1, Condition::Damaged), (1, opened)]);

    let moved = |change: &ReturnChange| change.restock.iter().map(|moved| (moved.variant_id, moved.delta)).collect::<Vec<_>>();
    let variant = order.items[0].variant_id;
    assert_eq!(moved(&received), [(variant, 4)]);
    let rejected = take(&received.rma, &bare(ReturnStep::Reject("x".into())), &received.order).unwrap();
    assert_eq!((moved(&rejected), rejected.out_of_stock()), (vec![(variant, -4)], vec![variant]));
    let stock = |pieces| {
        let new = NewVariant {
            product_id: order.items[0].product_id,
            sku: "SKU-1".into(),
            product_name: "Robe".into(),
            size: None,
            color: None,
            price: Money::usd(10_00),
            stock_quantity: pieces,
            is_active: true,
        };
        [Variant::create(variant, new, admin(), NOW)]
    };
    assert_eq!(rejected.fits(&stock(4)), Ok(()));
    assert_eq!(rejected.fits(&stock(3)), Err(StepError::SoldAgain { sku: "SKU-1".into(), needed: 4, left: 3 }));
}

#[test]
fn the_system_gives_up_what_was_approved_and_only_when_its_days_are_over() {
    let order = delivered(&[(10_00, 2)], Off::Cents(0));
    let approved = through(&order, &vec![(0, 2, Condition::Unopened)], &[ReturnStep::Approve]);
    let over = NOW.plus_days(30);
    let early = Timestamp(over.0 - 1);
    assert_eq!(approved.rma.give_up(&approved.order, &POLICY, early, ids()), None);
    let given_up = approved.rma.give_up(&approved.order, &POLICY, over, ids()).unwrap();
    assert_eq!((given_up.rma.status, given_up.rma.rejected_by), (ReturnStatus::Rejected, None));
    assert_eq!((given_up.order.items[0].free(), given_up.restock), (2, Vec::new()));

    for steps in [&[][..], &[ReturnStep::Approve, ReturnStep::Receive], &[ReturnStep::Reject("x".into())]] {
        let change = through(&order, &vec![(0, 2, Condition::Unopened)], steps);
        assert_eq!(change.rma.give_up(&change.order, &POLICY, over, ids()), None, "{}", change.rma.status);
    }
}

#[test]
fn a_single_day_is_said_as_one() {
    assert_eq!(RequestError::WindowClosed(1).to_string(), "An order can be returned within a day of its delivery, and that is over.");
    let thirty = "An order can be returned within 30 days of its delivery, and those are over.";
    assert_eq!(RequestError::WindowClosed(30).to_string(), thirty);
    let order = delivered(&[(10_00, 2)], Off::Cents(0));
    let approved = through(&order, &vec![(0, 2, Condition::Unopened)], &[ReturnStep::Approve]);
    let told_so = Return { arrives_before: Some(NOW.plus_days(1)), ..approved.rma.clone() };
    for (locale, reason) in
        [(Locale::Fr, "Colis non reçu dans le jour suivant l’accord"), (Locale::En, "Not received within a day of its approval")]
    {
        let mut order = approved.order.clone();
        order.customer.locale = locale;
        let policy = ReturnPolicy { arrival_days: 1, ..POLICY };
        let given_up = told_so.give_up(&order, &policy, NOW.plus_days(1), ids()).unwrap();
        assert_eq!(given_up.rma.notes.as_deref(), Some(reason));
        // Whoever was told of thirty days has them, whatever the shop thinks since.
        assert_eq!(approved.rma.give_up(&order, &policy, NOW.plus_days(29), ids()), None);
        let late = approved.rma.give_up(&order, &policy, NOW.plus_days(30), ids()).unwrap();
        assert!(late.rma.notes.as_deref().is_some_and(|notes| notes.contains("30")), "{:?}", late.rma.notes);
    }
}
