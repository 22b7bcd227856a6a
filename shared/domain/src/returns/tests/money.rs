//! What a return gives back.

use super::*;

#[test]
fn a_return_whose_refund_fails_keeps_its_pieces_and_gives_its_room_back_until_the_retry() {
    let order = delivered(&[(40_00, 2)], Off::Cents(0));
    let back = bring_back(&order, &vec![(0, 1, Condition::Unopened)]);
    let first = back.refunds[0].clone();
    assert_eq!((first.amount, first.return_id, back.order.refundable.minor), (Money::usd(40_00), Some(back.rma.id), 40_00 + DELIVERY));

    let failed = settle(&first, RefundStatus::Failed, &back.order).unwrap();
    let free = failed.order.unwrap();
    assert_eq!((free.refundable, free.payment_status), (free.total, PaymentStatus::Paid));
    assert_eq!((free.items[0].free(), free.items[0].refunded_amount), (1, Money::usd(40_00)));
    assert!(ask(&free, &vec![(0, 2, Condition::Unopened)]).is_err());
    assert_eq!(refund(&free, RefundPart::Pieces(vec![(free.items[0].id, 2)])), None);

    // Somebody takes the room; a retry that no longer fits waits until it is there again.
    let (taken, other) = refund(&free, RefundPart::Amount(Money::usd(45_01))).unwrap();
    let exceeds = RoomError::ExceedsPaid { asked: Money::usd(40_00), left: Money::usd(39_99) };
    assert_eq!(settle(&failed.refund, RefundStatus::Processing, &taken).err(), Some(RefundError::Room(exceeds)));
    let freed = settle(&other, RefundStatus::Failed, &taken).unwrap().order.unwrap();
    let retried = settle(&failed.refund, RefundStatus::Processing, &freed).unwrap();
    let done = settle(&retried.refund, RefundStatus::Completed, retried.order.as_ref().unwrap()).unwrap();
    let after = done.order.unwrap();
    assert_eq!((done.refund.amount, after.refunded_total), (Money::usd(40_00), Money::usd(40_00)));
    assert_eq!((after.items[0].free(), after.payment_status), (1, PaymentStatus::PartiallyRefunded));
}

#[test]
fn a_return_takes_what_is_left_where_its_money_went_back_otherwise() {
    let order = delivered(&[(40_00, 2)], Off::Cents(0));
    let (order, _) = refund(&order, RefundPart::Amount(Money::usd(50_00))).unwrap();
    let back = bring_back(&order, &vec![(0, 2, Condition::Unopened)]);
    assert_eq!((back.rma.items[0].refund_amount, back.rma.refund_amount), (Some(Money::usd(80_00)), Some(Money::usd(35_00))));
    assert_eq!((back.refunds[0].amount, back.order.refundable), (Money::usd(35_00), Money::usd(0)));
}

#[test]
fn the_delivery_is_paid_back_once_and_only_for_faults() {
    let order = delivered(&[(40_00, 1), (10_00, 2)], Off::Cents(0));
    let brought = |conditions: [Condition; 3]| {
        let mut order = order.clone();
        [(0, conditions[0]), (1, conditions[1]), (1, conditions[2])].map(|(line, condition)| {
            let back = bring_back(&order, &vec![(line, 1, condition)]);
            order = back.order;
            (back.rma.refund_amount.unwrap().minor, back.rma.delivery_fee_refund.minor)
        })
    };
    let (damaged, defective, opened) = (Condition::Damaged, Condition::Defective, Condition::OpenedUnused);
    assert_eq!(brought([damaged, defective, damaged]), [(40_00, 0), (10_00, 0), (15_00, DELIVERY)]);
    assert_eq!(brought([damaged, opened, damaged]), [(40_00, 0), (10_00, 0), (10_00, 0)]);
}

#[test]
fn the_delivery_is_paid_back_by_what_arrived_and_not_again_by_what_did_not() {
    let order = delivered(&[(40_00, 2)], Off::Cents(0));
    let lost = through(&order, &vec![(0, 1, Condition::Damaged)], &[ReturnStep::Approve]);
    let none = Count { order_item_id: order.items[0].id, entry: None, received: Some(0), condition: None, restockable: None };
    let lost = take(&lost.rma, &StepRequest { counts: vec![none], ..bare(ReturnStep::Receive) }, &lost.order).unwrap();

    // What was kept of the rest is what is left to be paid out.
    let rest = through(&lost.order, &vec![(0, 2, Condition::Damaged)], &[ReturnStep::Approve, ReturnStep::Receive]);
    let fees = Fees { restocking: Some(Money::usd(6_00)), return_shipping: None };
    let rest = take(&rest.rma, &StepRequest { fees, ..bare(ReturnStep::Refund) }, &rest.order).unwrap();
    assert_eq!((rest.rma.delivery_fee_refund, rest.order.refundable), (Money::usd(DELIVERY), Money::usd(6_00)));
    let lost = take(&lost.rma, &bare(ReturnStep::Refund), &rest.order).unwrap();
    assert_eq!((lost.rma.delivery_fee_refund, lost.rma.refund_amount, lost.refunds), (Money::usd(0), Some(Money::usd(0)), vec![]));
}

#[test]
fn that_nothing_goes_back_is_told_as_an_amount_and_by_the_refund_alone() {
    let order = delivered(&[(40_00, 1)], Off::Cents(0));
    let arrived = through(&order, &vec![(0, 1, Condition::Unopened)], &[ReturnStep::Approve, ReturnStep::Receive]);
    let fees = Fees { restocking: Some(Money::usd(40_00)), return_shipping: None };
    let kept = take(&arrived.rma, &StepRequest { fees, ..bare(ReturnStep::Refund) }, &arrived.order).unwrap();
    let told = |change: &ReturnChange| {
        let announcement = change.events[0].announcement.as_ref().unwrap();
        (announcement.kind, announcement.facts.refund.map(|refund| refund.amount))
    };
    assert_eq!(told(&arrived), (MessageKind::ReturnReceived, None));
    assert_eq!(told(&kept), (MessageKind::RefundProcessed, Some(Money::usd(0))));
}

#[test]
fn a_delivery_that_was_never_paid_is_not_paid_back_although_the_goods_were_free() {
    let steps = [OrderStatus::Confirmed, OrderStatus::Processing, OrderStatus::Shipped, OrderStatus::Delivered];
    let unpaid = ordered(&[(40_00, 1)], Off::Percent(100));
    let unpaid = steps.into_iter().fold(unpaid, |order, to| order.advance(to, None, admin(), NOW, ids()).unwrap().order);
    let arrived = |condition| through(&unpaid, &vec![(0, 1, condition)], &[ReturnStep::Approve, ReturnStep::Receive]);
    let refunded = |back: &ReturnChange, order: &Order| take(&back.rma, &bare(ReturnStep::Refund), order);

    let damaged = arrived(Condition::Damaged);
    assert_eq!(refunded(&damaged, &damaged.order).err(), Some(StepError::NeverPaid));
    assert_eq!(refunded(&damaged, &paid(&damaged.order)).unwrap().rma.refund_amount, Some(Money::usd(DELIVERY)));
    let unopened = arrived(Condition::Unopened);
    assert_eq!(refunded(&unopened, &unopened.order).unwrap().rma.refund_amount, Some(Money::usd(0)));
}

/// An order's lines, its discount, and its pieces (by their lines' place) in the order they come back.
fn ways_back() -> impl Strategy<Value = (Vec<(i64, u32)>, Off, Vec<usize>)> {
    (lines(), discounts()).prop_flat_map(|(lines, off)| {
        let pieces: Vec<usize> = lines.iter().enumerate().flat_map(|(at, (_, quantity))| vec![at; *quantity as usize]).collect();
        (Just(lines), Just(off), Just(pieces).prop_shuffle())
    })
}

proptest! {
    /// Never a cent more or less, and what is kept on the way costs what it did.
    #[test]
    fn pieces_that_come_back_one_by_one_bring_what_was_paid_for_the_lines((lines, off, pieces) in ways_back()) {
        let start = delivered(&lines, off);
        let mut order = start.clone();
        let mut brought = vec![0; lines.len()];
        for at in pieces {
            let back = bring_back(&order, &vec![(at, 1, Condition::Unopened)]);
            let amount = back.refunds.iter().map(|refund| refund.amount.minor).sum::<i64>();
            // Pieces of a line differ by a cent at most: what was paid for the line, over its pieces.
            let (paid, pieces) = (start.items[at].paid().minor, i64::from(start.items[at].quantity));
            prop_assert!((paid / pieces..=(paid + pieces - 1) / pieces).contains(&amount), "{amount} of {paid} for {pieces}");
            brought[at] += amount;
            order = back.order;
            for (kept, line) in start.items.iter().zip(&order.items) {
                prop_assert_eq!((line.price_at_purchase, line.discount, line.quantity), (kept.price_at_purchase, kept.discount, kept.quantity));
            }
        }
        let paid: Vec<i64> = start.items.iter().map(|line| line.paid().minor).collect();
        prop_assert_eq!(&brought, &paid);
        prop_assert_eq!(paid.iter().sum::<i64>(), start.subtotal.minor - start.discount.minor);
        prop_assert_eq!((order.refundable.minor, order.total), (DELIVERY, start.total));
    }

    #[test]
    fn single_returns_bring_together_what_one_return_of_all_does(cents in 0..30_000_i64, quantity in 1..12_u32, off in discounts()) {
        let start = delivered(&[(cents, quantity)], off);
        let at_once = bring_back(&start, &vec![(0, quantity, Condition::Unopened)]);
        let singles = (0..quantity).fold(start, |order, _| bring_back(&order, &vec![(0, 1, Condition::Unopened)]).order);
        prop_assert_eq!(singles.refundable, at_once.order.refundable);
        prop_assert_eq!(&singles.items, &at_once.order.items);
    }
}
