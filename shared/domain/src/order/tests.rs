//! What holds for every order, whatever is decided on it and in whatever order.

mod earlier;

use super::*;
use crate::actor::{Actor, Role};
use crate::ids::{CreditEntryId, Ids, UserId};
use crate::inventory::{NewVariant, Variant};
use crate::message::{Locale, MessageKind};
use crate::refund::{
    PaymentProvider, Refund, RefundError, RefundMethod, RefundOutcome, RefundPart, RefundPatch, RefundReport, RefundRequest, RefundStatus,
    RoomError,
};
use crate::time::Day;
use proptest::prelude::*;

const NOW: Timestamp = Timestamp(1_795_000_000_000);

fn actor(role: Role) -> Actor {
    Actor::Person { id: UserId::new(7).unwrap(), role }
}

fn ids() -> Ids {
    Ids::new(NOW, 0)
}

fn variant(id: u64, cents: i64) -> Variant {
    let new = NewVariant {
        product_id: ProductId::new(1).unwrap(),
        sku: format!("SKU-{id}"),
        product_name: "Robe".to_owned(),
        size: None,
        color: None,
        price: Money::usd(cents),
        stock_quantity: 100,
        is_active: true,
    };
    Variant::create(VariantId::new(id).unwrap(), new, Actor::System, NOW)
}

fn request(lines: &[(u64, u32)], payment_method: PaymentMethod) -> OrderRequest {
    OrderRequest {
        customer_id: CustomerId::new(7).unwrap(),
        customer: Customer { first_name: "Grâce".into(), last_name: "Mbuyi".into(), email: None, phone: None, locale: Locale::Fr },
        lines: lines.iter().map(|(id, quantity)| RequestedLine { variant_id: VariantId::new(*id).unwrap(), quantity: *quantity }).collect(),
        delivery_method: DeliveryMethod::HomeDelivery,
        delivery_address: Some(DeliveryAddress::Text("Gombe".into())),
        delivery_zone: None,
        delivery_fee: Some(Money::usd(5_00)),
        payment_method,
        payment_reference: None,
        promotion_code: None,
        source: OrderSource::Online,
        currency: Currency::USD,
        notes: None,
    }
}

pub(crate) fn placed(prices: &[i64], quantity: u32, payment_method: PaymentMethod) -> Order {
    let lines: Vec<(i64, u32)> = prices.iter().map(|cents| (*cents, quantity)).collect();
    placed_lines(&lines, payment_method)
}

/// An order with a line for each price and quantity, and a delivery fee of 5.00.
pub(crate) fn placed_lines(lines: &[(i64, u32)], payment_method: PaymentMethod) -> Order {
    let variants: Vec<Variant> = (1..).zip(lines).map(|(id, (cents, _))| variant(id, *cents)).collect();
    let lines: Vec<(u64, u32)> = (1..).zip(lines).map(|(id, (_, quantity))| (id, *quantity)).collect();
    let quote = request(&lines, payment_method).price(&variants, None, &DeliveryFees::default(), actor(Role::Staff), NOW).unwrap();
    Order::place(quote, &Day::new(2026, 11, 23), 42, actor(Role::Staff), NOW, ids()).order
}

#[test]
fn lines_of_one_variant_are_added_together() {
    let quote = request(&[(1, 2), (2, 1), (1, 3)], PaymentMethod::Card).price(
        &[variant(1, 10_00), variant(2, 1_99)],
        None,
        &DeliveryFees::default(),
        actor(Role::Customer),
        NOW,
    );
    let placement = Order::place(quote.unwrap(), &Day::new(2026, 1, 2), 7, Actor::System, NOW, ids());
    assert_eq!(placement.order.items.iter().map(|item| item.quantity).collect::<Vec<_>>(), [5, 1]);
    assert_eq!(placement.order.total, Money::usd(56_99));
    assert_eq!(placement.order.order_number, "MLA-20260102-0007");
    assert_eq!(placement.taken.iter().map(|taken| taken.delta).collect::<Vec<_>>(), [-5, -1]);
}

#[test]
fn what_is_missing_is_said_before_what_is_in_the_way() {
    let inactive = Variant { is_active: false, ..variant(1, 10_00) };
    let refusal = request(&[(1, 1), (9, 1)], PaymentMethod::Card).price(&[inactive], None, &DeliveryFees::default(), Actor::System, NOW);
    assert_eq!(refusal, Err(PlaceError::VariantNotFound(VariantId::new(9).unwrap())));
}

#[test]
fn a_retry_needs_the_room_that_the_failure_gave_back() {
    let order = placed(&[100_00], 1, PaymentMethod::MobileMoney);
    let paid = order.pay(&PaymentRequest { status: PaymentStatus::Paid, reference: None }, actor(Role::Staff), NOW, ids()).unwrap().order;
    let cancel = CancelRequest { reason: "x".into(), is_reason_told: true, refund_method: None, notes: None };
    let cancelled = paid.cancel(&cancel, actor(Role::Admin), NOW, ids()).unwrap();
    let to = |status| RefundPatch { status: Some(status), ..RefundPatch::default() };
    let admin = actor(Role::Admin);
    let failed = cancelled.refunds[0].update(to(RefundStatus::Failed), &cancelled.order, admin, NOW, ids()).unwrap();
    let free = failed.order.unwrap();
    assert_eq!((free.refundable, free.payment_status), (free.total, PaymentStatus::Paid));

    let taken = Order { refundable: Money::usd(4_99), ..free.clone() };
    let retry = |order: &Order| failed.refund.update(to(RefundStatus::Processing), order, admin, NOW, ids());
    let exceeds = RoomError::ExceedsPaid { asked: Money::usd(105_00), left: Money::usd(4_99) };
    assert_eq!(retry(&taken).err(), Some(RefundError::Room(exceeds)));
    assert_eq!(retry(&free).unwrap().order.unwrap().payment_status, PaymentStatus::RefundPending);
}

/// An order of 75.00 that has got another reference since so much came by the first one.
fn with_an_earlier_payment(method: PaymentMethod, came: i64) -> Order {
    let (first, second) = match method {
        PaymentMethod::Card => ("pi_1", "pi_2"),
        PaymentMethod::MobileMoney | PaymentMethod::CashOnDelivery => {
            ("f4401bd2-1568-4140-bf2d-eb77d2b2b639", "f4401bd2-1568-4140-bf2d-eb77d2b2b640")
        }
    };
    let nothing = Money::usd(0);
    let earlier = EarlierPayment { reference: first.into(), came: Some(Money::usd(came)), given_back: nothing, refunded: nothing };
    Order { payment_reference: Some(second.into()), earlier_payments: vec![earlier], ..placed(&[70_00], 1, method) }
}

fn paid(order: &Order) -> Order {
    order.pay(&PaymentRequest { status: PaymentStatus::Paid, reference: None }, actor(Role::Staff), NOW, ids()).unwrap().order
}

#[test]
fn what_may_be_back_already_unheard_of_goes_another_way_only_once_staff_have_looked() {
    let (card, mobile, credit) = (PaymentMethod::Card, PaymentMethod::MobileMoney, Some(RefundMethod::StoreCredit));
    for (method, back, is_left) in [(mobile, credit, true), (mobile, None, false), (card, credit, false), (card, None, false)] {
        for is_paid in [true, false] {
            let order = with_an_earlier_payment(method, 74_99);
            let order = if is_paid { paid(&order) } else { order };
            let request = CancelRequest { reason: "x".into(), is_reason_told: true, refund_method: back, notes: Some("Too small".into()) };
            let change = order.cancel(&request, actor(Role::Customer), NOW, ids()).unwrap();
            let of_earlier = change.refunds.iter().find(|refund| refund.amount == Money::usd(74_99)).unwrap();
            assert_eq!(change.refunds.len(), if is_paid { 2 } else { 1 });
            assert_eq!(of_earlier.is_left_to_staff(), is_left, "{method} by {back:?}, paid: {is_paid}");
            let says_why = of_earlier.notes.as_deref().is_some_and(|notes| notes.contains("given back at PAWAPAY"));
            assert_eq!(says_why, is_left, "{of_earlier:?}");
            let own = change.refunds.iter().filter(|refund| refund.id != of_earlier.id);
            assert!(own.into_iter().all(|refund| !refund.is_left_to_staff()), "what the shop's own books tell of is not in doubt");
        }
    }
}

fn mismatched(minor: i64) -> MismatchedPayment {
    MismatchedPayment { received: Money::usd(minor), is_in_doubt: false }
}

#[test]
fn so_does_what_came_instead_of_its_own_payment() {
    let (mobile, credit) = (PaymentMethod::MobileMoney, RefundMethod::StoreCredit);
    let came = Order { mismatched: Some(mismatched(74_99)), ..placed(&[70_00], 1, mobile) };
    for (order, back, is_left) in
        [(came.clone(), credit, true), (came.clone(), RefundMethod::MobileMoney, false), (paid(&came), credit, false)]
    {
        let request = CancelRequest { reason: "x".into(), is_reason_told: true, refund_method: Some(back), notes: None };
        let refund = order.cancel(&request, actor(Role::Admin), NOW, ids()).unwrap().refunds.remove(0);
        assert_eq!(refund.is_left_to_staff(), is_left, "{refund:?}");
    }
}

#[test]
fn credit_pays_nothing_together_with_what_may_be_gone() {
    let came = Order { mismatched: Some(mismatched(50_00)), ..placed(&[70_00], 1, PaymentMethod::MobileMoney) };
    let spent = |order: &Order| {
        let missing = Money::usd(order.due().minor - 50_00);
        order.spend_credit(missing, CreditEntryId::new(1).unwrap(), actor(Role::Customer), NOW, &mut ids()).unwrap().order.payment_status
    };
    assert_eq!(spent(&came), PaymentStatus::Paid);
    assert_eq!(
        spent(&Order { mismatched: Some(MismatchedPayment { is_in_doubt: true, ..mismatched(50_00) }), ..came.clone() }),
        PaymentStatus::Pending
    );
    assert_eq!(spent(&Order { over_refunded: Some(Money::usd(50_00)), ..came }), PaymentStatus::Pending);
}

#[test]
fn staff_who_give_up_what_they_found_given_back_tell_the_customer_nothing() {
    let request = CancelRequest { reason: "x".into(), is_reason_told: true, refund_method: Some(RefundMethod::StoreCredit), notes: None };
    let admin = actor(Role::Admin);
    let cancelled = with_an_earlier_payment(PaymentMethod::MobileMoney, 74_99).cancel(&request, admin, NOW, ids()).unwrap();
    let (order, refund) = (cancelled.order, cancelled.refunds[0].clone());
    let to = |refund: &Refund, order: &Order, status| {
        let change = refund.update(RefundPatch { status: Some(status), ..RefundPatch::default() }, order, admin, NOW, ids()).unwrap();
        let told: Vec<MessageKind> = change.events.iter().filter_map(|event| Some(event.announcement.as_ref()?.kind)).collect();
        (change.refund, change.order.unwrap(), told)
    };
    assert_eq!(to(&refund, &order, RefundStatus::Completed).2, [MessageKind::RefundProcessed]);
    let (failed, free, told) = to(&refund, &order, RefundStatus::Failed);
    assert_eq!((told, failed.failure_reason.is_some()), (vec![], true));
    // Tried again it is owed by their own word.
    let (retried, order, _) = to(&failed, &free, RefundStatus::Processing);
    let left = retried.leave_to_staff(NOW, ids()).unwrap().refund;
    assert_eq!(to(&left, &order, RefundStatus::Failed).2, [MessageKind::RefundFailed]);
}

#[test]
fn what_came_for_an_order_that_credit_has_paid_goes_back_once_by_whichever_of_its_names() {
    let admin = actor(Role::Admin);
    let (payment, charge) = (Some("pi_1".to_owned()), Some("ch_1".to_owned()));
    let order = Order { payment_reference: payment.clone(), ..placed(&[70_00], 1, PaymentMethod::Card) };
    let failed = PaymentRequest { status: PaymentStatus::Failed, reference: charge.clone() };
    let order = order.pay(&failed, admin, NOW, ids()).unwrap().order;
    let mut fresh = ids();
    let entry = CreditEntryId::draw(&mut fresh);
    let order = order.spend_credit(order.due(), entry, admin, NOW, &mut fresh).unwrap().order;
    assert_eq!((order.payment_status, order.open_payments().collect::<Vec<_>>()), (PaymentStatus::Paid, vec!["pi_1", "ch_1"]));

    let by = |alias| PaymentReport { alias, ..PaymentOutcome::Received(Money::usd(75_00)).into() };
    let told = order.payment_reported("pi_1", &by(charge), NOW, ids()).unwrap();

    let refund = told.refund.unwrap();
    assert_eq!((refund.amount, refund.method, refund.payment(&told.order)), (Money::usd(75_00), RefundMethod::Card, Some("pi_1")));
    assert_eq!(told.order.payment_reported("ch_1", &by(payment), NOW, ids()), None);
}

#[test]
fn what_went_back_beyond_an_earlier_payment_is_beyond_what_was_paid() {
    let order = paid(&with_an_earlier_payment(PaymentMethod::Card, 80_00));
    let back = |of_own: i64, of_earlier: i64| {
        let earlier = EarlierPayment { refunded: Money::usd(of_earlier), ..order.earlier_payments[0].clone() };
        Order { refunded_total: Money::usd(of_own), earlier_payments: vec![earlier], ..order.clone() }
    };
    for (of_own, of_earlier, beyond) in [(75_00, 80_00, 0), (0, 80_01, 1), (80_00, 0, 5_00), (75_01, 160_00, 80_01)] {
        assert_eq!(back(of_own, of_earlier).given_beyond(), beyond, "{of_own} and {of_earlier}");
    }
    // Of what nobody has heard how much came nobody can say that it is more.
    let unheard = EarlierPayment { came: None, refunded: Money::usd(1), ..order.earlier_payments[0].clone() };
    assert_eq!(Order { earlier_payments: vec![unheard], ..order }.given_beyond(), 0);
}

#[test]
fn a_retry_of_pieces_counts_them_anew() {
    let order = placed(&[10_01], 3, PaymentMethod::Card);
    // 30.02 for three pieces: the first two of them take the odd cents.
    let items = vec![LineItem { discount: Money::usd(1), ..order.items[0].clone() }];
    let order = Order { items, ..order };
    let order = order.pay(&PaymentRequest { status: PaymentStatus::Paid, reference: None }, actor(Role::Staff), NOW, ids()).unwrap().order;
    let line = order.items[0].id;
    let one = RefundRequest { part: RefundPart::Pieces(vec![(line, 1)]), reason: "x".into(), method: None };
    let first = order.refund(&one, actor(Role::Admin), NOW, ids()).unwrap();
    let to = |status| RefundPatch { status: Some(status), ..RefundPatch::default() };
    let failed = first.refund.update(to(RefundStatus::Failed), &first.order, actor(Role::Admin), NOW, ids()).unwrap();
    let two = RefundRequest { part: RefundPart::Pieces(vec![(line, 1), (line, 1)]), ..one.clone() };
    let second = failed.order.unwrap().refund(&two, actor(Role::Admin), NOW, ids()).unwrap();
    let retried = failed.refund.update(to(RefundStatus::Processing), &second.order, actor(Role::Admin), NOW, ids()).unwrap();

    assert_eq!((first.refund.amount.minor, second.refund.amount.minor, retried.refund.amount.minor), (10_01, 20_02, 10_00));
    let after = retried.order.unwrap();
    assert_eq!((after.items[0].free(), after.items[0].refunded_amount), (0, after.items[0].paid()));
    let none_left = after.refund(&one, actor(Role::Admin), NOW, ids()).unwrap_err();
    assert_eq!(none_left.to_string(), format!("Of line {line} 0 can still be refunded; 1 were asked for."));
}

#[test]
fn credit_whose_refund_failed_goes_back_as_credit_alone() {
    let spent = |order: &Order| order.spend_credit(Money::usd(25_00), CreditEntryId::new(1).unwrap(), Actor::System, NOW, &mut ids());
    let order = paid(&spent(&placed(&[70_00], 1, PaymentMethod::Card)).unwrap().order);
    let refund = |order: &Order, part, method| {
        let request = RefundRequest { part, reason: "x".into(), method };
        order.refund(&request, actor(Role::Admin), NOW, ids()).unwrap()
    };
    let first = refund(&order, RefundPart::Amount(Money::usd(30_00)), Some(RefundMethod::StoreCredit));
    let failed = RefundPatch { status: Some(RefundStatus::Failed), ..RefundPatch::default() };
    let failed = first.refund.update(failed, &first.order, actor(Role::Admin), NOW, ids()).unwrap();
    let money = refund(&failed.order.unwrap(), RefundPart::Rest, None);
    let credit = refund(&money.order, RefundPart::Rest, None);
    let went = [money, credit].map(|opened| (opened.refund.method, opened.refund.amount));
    assert_eq!(went, [(RefundMethod::Card, Money::usd(50_00)), (RefundMethod::StoreCredit, Money::usd(25_00))]);
}

#[test]
fn a_refusal_that_two_workers_hear_makes_one_more_attempt_and_none_of_what_is_done() {
    let request = RefundRequest { part: RefundPart::Rest, reason: "x".into(), method: None };
    let opened = paid(&placed(&[70_00], 1, PaymentMethod::Card)).refund(&request, actor(Role::Admin), NOW, ids()).unwrap();
    let asked = opened.refund.hand_over(PaymentProvider::Stripe, "", NOW, ids()).unwrap().refund;
    let refused = |refund: &Refund| refund.refused_for_now(1, "No funds", NOW, ids()).map(|change| change.refund);
    let again = refused(&asked).unwrap();
    assert_ne!(again.attempt.as_ref().map(|attempt| &attempt.key), asked.attempt.as_ref().map(|attempt| &attempt.key));
    assert_eq!(refused(&again), None);
    let done =
        asked.reported(&RefundReport { reference: None, outcome: RefundOutcome::Succeeded }, &opened.order, NOW, ids()).unwrap().refund;
    assert_eq!(refused(&done), None);
}

/// One thing that somebody tries.
#[derive(Clone, Debug)]
enum Step {
    Advance(OrderStatus),
    Pay(PaymentStatus),
    Cancel(Option<RefundMethod>),
    Open(Part),
    Refund(usize, RefundStatus),
}

/// What a refund is asked for; lines by their place.
#[derive(Clone, Debug)]
enum Part {
    Rest,
    Amount(i64),
    Pieces(Vec<(usize, u32)>),
}

impl Part {
    fn of(&self, order: &Order) -> RefundPart {
        match self {
            Self::Rest => RefundPart::Rest,
            Self::Amount(cents) => RefundPart::Amount(Money::usd(*cents)),
            Self::Pieces(pieces) => {
                RefundPart::Pieces(pieces.iter().map(|(at, quantity)| (order.items[at % order.items.len()].id, *quantity)).collect())
            }
        }
    }
}

fn parts() -> impl Strategy<Value = Part> {
    prop_oneof![
        1 => Just(Part::Rest),
        2 => (1..60_000_i64).prop_map(Part::Amount),
        3 => prop::collection::vec((0..8_usize, 1..4_u32), 1..4).prop_map(Part::Pieces),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => prop::sample::select(OrderStatus::ALL).prop_map(Step::Advance),
        3 => prop::sample::select(PaymentStatus::ALL).prop_map(Step::Pay),
        1 => prop::option::of(prop::sample::select(RefundMethod::ALL)).prop_map(Step::Cancel),
        3 => parts().prop_map(Step::Open),
        3 => (0..8_usize, prop::sample::select(RefundStatus::ALL)).prop_map(|(at, to)| Step::Refund(at, to)),
    ];
    prop::collection::vec(step, 0..25)
}

/// The order and its refunds after a step; as they were when it is refused.
fn taken(order: Order, mut refunds: Vec<Refund>, step: &Step) -> (Order, Vec<Refund>) {
    let admin = actor(Role::Admin);
    match step {
        Step::Advance(to) => (order.advance(*to, None, admin, NOW, ids()).map_or(order, |change| change.order), refunds),
        Step::Pay(status) => match order.pay(&PaymentRequest { status: *status, reference: None }, admin, NOW, ids()) {
            Ok(change) => (change.order, refunds.into_iter().chain(change.refund).collect()),
            Err(_) => (order, refunds),
        },
        Step::Cancel(method) => {
            let request = CancelRequest { reason: "x".into(), is_reason_told: true, refund_method: *method, notes: None };
            match order.cancel(&request, admin, NOW, ids()) {
                Ok(change) => {
                    let pieces: i64 = change.restock.iter().map(|back| back.delta).sum();
                    assert_eq!(pieces, order.items.iter().map(|item| i64::from(item.quantity)).sum::<i64>());
                    (change.order, refunds.into_iter().chain(change.refunds).collect())
                }
                Err(_) => (order, refunds),
            }
        }
        Step::Open(part) => {
            let request = RefundRequest { part: part.of(&order), reason: "x".into(), method: None };
            match order.refund(&request, admin, NOW, ids()) {
                Ok(change) => (change.order, refunds.into_iter().chain([change.refund]).collect()),
                Err(_) => (order, refunds),
            }
        }
        Step::Refund(at, to) => {
            let there = refunds.len();
            let Some(chosen) = at.checked_rem(there).and_then(|at| refunds.get_mut(at)) else { return (order, refunds) };
            let patch = RefundPatch { status: Some(*to), ..RefundPatch::default() };
            match chosen.update(patch, &order, admin, NOW, ids()) {
                Ok(change) => {
                    *chosen = change.refund;
                    (change.order.unwrap_or(order), refunds)
                }
                Err(_) => (order, refunds),
            }
        }
    }
}

proptest! {
    #[test]
    fn money_is_never_lost_or_made(
        prices in prop::collection::vec(0..50_000_i64, 1..5),
        quantity in 1..9_u32,
        method in prop::sample::select(PaymentMethod::ALL),
        steps in steps(),
    ) {
        let mut order = placed(&prices, quantity, method);
        let mut refunds: Vec<Refund> = Vec::new();
        prop_assert_eq!(order.subtotal.minor, prices.iter().sum::<i64>() * i64::from(quantity));
        prop_assert_eq!(order.total.minor, order.subtotal.minor - order.discount.minor + order.delivery_fee.minor);
        for step in &steps {
            let version = order.version;
            (order, refunds) = taken(order, refunds, step);
            prop_assert!(order.version == version || order.version == version + 1);
            let sum = |wanted: &[RefundStatus]| -> i64 {
                refunds.iter().filter(|refund| wanted.contains(&refund.status)).map(|refund| refund.amount.minor).sum()
            };
            let (open, done) = (sum(&[RefundStatus::Pending, RefundStatus::Processing]), sum(&[RefundStatus::Completed]));
            prop_assert!(order.paid.is_zero() || order.paid == order.total);
            prop_assert!(open + done <= order.paid.minor, "refunds pass what was paid");
            prop_assert_eq!((order.refunding().minor, order.refunded_total.minor), (open, done));
            prop_assert!(order.refundable.minor >= 0);
            for line in &order.items {
                let live = refunds.iter().filter(|refund| refund.status != RefundStatus::Failed).flat_map(|refund| &refund.pieces);
                let (pieces, money) = live
                    .filter(|pieces| pieces.order_item_id == line.id)
                    .fold((0, 0), |(pieces, money), of_line| (pieces + of_line.quantity, money + of_line.amount.minor));
                prop_assert_eq!((line.refunded_quantity, line.refunded_amount.minor), (pieces, money));
                prop_assert!(pieces <= line.quantity && money <= line.paid().minor, "a piece is refunded twice");
            }
        }
    }
}

#[test]
fn only_what_has_waited_its_hours_for_its_money_is_cancelled_for_want_of_it() {
    let order = placed(&[10_00], 1, PaymentMethod::Card);
    let cancelled = |order: &Order, now| order.cancel_unpaid(72, now, ids()).is_some();
    let over = order.created_at.plus_minutes(72 * 60);
    assert_eq!([Timestamp(over.0 - 1), over].map(|now| cancelled(&order, now)), [false, true]);
    // Whoever found it waiting may have been overtaken by its payment.
    assert!(!cancelled(&paid(&order), over));
}

#[test]
fn a_single_hour_is_said_as_one() {
    for (locale, hours, reason) in [
        (Locale::Fr, 1, "Non payée dans l’heure"),
        (Locale::Fr, 72, "Non payée dans les 72 heures"),
        (Locale::En, 1, "Not paid within an hour"),
        (Locale::En, 72, "Not paid within 72 hours"),
    ] {
        let mut order = placed(&[10_00], 1, PaymentMethod::Card);
        order.customer.locale = locale;
        let cancelled = order.cancel_unpaid(hours, NOW.plus_minutes(hours * 60), ids()).unwrap();
        assert_eq!(cancelled.events[0].note.as_deref(), Some(reason));
    }
}
