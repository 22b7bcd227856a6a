//! What the pieces of a line are worth when money goes back, and which of them it can still go back for.

use super::{LineItem, Order};
use crate::ids::OrderItemId;
use crate::money::Money;

impl LineItem {
    /// What was paid for all its pieces: their price less the line's part of the order's discount.
    #[must_use]
    pub const fn paid(&self) -> Money {
        Money::new(self.amount().minor - self.discount.minor, self.discount.currency)
    }

    /// Pieces that are neither on their way back nor had their money back: the most that a return or a refund may still
    /// ask for.
    #[must_use]
    pub const fn free(&self) -> u32 {
        self.quantity.saturating_sub(self.returning_quantity).saturating_sub(self.refunded_quantity)
    }

    /// The line with `quantity` more pieces on their way back; nothing when so many aren't free.
    #[must_use]
    pub fn hold(&self, quantity: u32) -> Option<Self> {
        (quantity <= self.free()).then(|| Self { returning_quantity: self.returning_quantity + quantity, ..self.clone() })
    }

    /// The line with `quantity` pieces fewer on their way back.
    #[must_use]
    pub fn release(&self, quantity: u32) -> Self {
        Self { returning_quantity: self.returning_quantity.saturating_sub(quantity), ..self.clone() }
    }

    /// The line after the money of `quantity` free pieces went back, and how much that is; nothing when so many aren't
    /// free.
    ///
    /// What is left of the line's money is spread evenly over the pieces it is left for, the first ones taking the odd
    /// cents. So pieces of a line differ by a cent at most, and all of them together give back exactly what was paid for
    /// the line, however and in whatever order they go.
    #[must_use]
    pub fn refund(&self, quantity: u32) -> Option<(Self, Money)> {
        if quantity > self.free() {
            return None;
        }
        let pieces = i64::from(self.quantity - self.refunded_quantity);
        let left = self.paid().minor - self.refunded_amount.minor;
        let asked = i64::from(quantity);
        // No piece is free where there are none, so nothing was asked for then.
        let minor = left.checked_div(pieces).map_or(0, |each| each * asked + asked.min(left % pieces));
        let refunded = Self {
            refunded_quantity: self.refunded_quantity + quantity,
            refunded_amount: Money::new(self.refunded_amount.minor + minor, self.refunded_amount.currency),
            ..self.clone()
        };
        Some((refunded, Money::new(minor, self.refunded_amount.currency)))
    }

    /// The line as if the money of `quantity` pieces, `amount` in all, had not gone back: what a failed refund leaves.
    #[must_use]
    pub fn take_back(&self, quantity: u32, amount: Money) -> Self {
        Self {
            refunded_quantity: self.refunded_quantity.saturating_sub(quantity),
            refunded_amount: Money::new(self.refunded_amount.minor - amount.minor, self.refunded_amount.currency),
            ..self.clone()
        }
    }
}

impl Order {
    /// One of its lines.
    #[must_use]
    pub fn item(&self, id: OrderItemId) -> Option<&LineItem> {
        self.items.iter().find(|item| item.id == id)
    }

    /// Puts another line into the place of one.
    pub(crate) fn change_item(&mut self, id: OrderItemId, change: impl FnOnce(&LineItem) -> LineItem) {
        if let Some(item) = self.items.iter_mut().find(|item| item.id == id) {
            *item = change(item);
        }
    }

    /// What was paid for its delivery: the fee less what a promotion took off it.
    #[must_use]
    pub fn paid_for_delivery(&self) -> Money {
        let lines: i64 = self.items.iter().map(|item| item.paid().minor).sum();
        Money::new(self.total.minor - lines, self.currency)
    }
}

/// The lines with a discount spread over them by what they cost, to the cent (largest remainder).
#[must_use]
pub fn discounted(lines: Vec<LineItem>, discount: Money) -> Vec<LineItem> {
    let amounts: Vec<i64> = lines.iter().map(|line| line.amount().minor).collect();
    let shares = discount.allocate(&amounts);
    lines.into_iter().zip(shares).map(|(line, discount)| LineItem { discount, ..line }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{OrderItemId, ProductId, VariantId};
    use crate::order::VariantDetails;
    use proptest::prelude::*;

    fn line(cents: i64, quantity: u32, discount: i64) -> LineItem {
        LineItem {
            id: OrderItemId::new(1).unwrap(),
            product_id: ProductId::new(1).unwrap(),
            variant_id: VariantId::new(1).unwrap(),
            sku: "SKU-1".to_owned(),
            product_name: "Robe".to_owned(),
            variant_details: VariantDetails { size: None, color: None },
            quantity,
            price_at_purchase: Money::usd(cents),
            discount: Money::usd(discount),
            returned_quantity: 0,
            returning_quantity: 0,
            refunded_quantity: 0,
            brought_back_quantity: 0,
            faulty_quantity: 0,
            refunded_amount: Money::usd(0),
            shipped_quantity: 0,
            delivered_quantity: 0,
        }
    }

    #[test]
    fn ten_singles_give_back_what_ten_at_once_do() {
        let ten = line(9_99, 10, 33);
        let at_once = ten.refund(10).unwrap().1;
        let (mut left, mut sum) = (ten, 0);
        for _ in 0..10 {
            let (after, amount) = left.refund(1).unwrap();
            assert!((9_95..=9_97).contains(&amount.minor), "{amount}");
            (left, sum) = (after, sum + amount.minor);
        }
        assert_eq!((at_once.minor, sum), (99_57, 99_57));
        assert_eq!(left.refund(1), None);
    }

    #[test]
    fn pieces_on_their_way_back_are_not_free() {
        let line = line(10_00, 3, 0).hold(2).unwrap();
        assert_eq!((line.free(), line.hold(2), line.refund(2)), (1, None, None));
        let (refunded, amount) = line.release(2).refund(3).unwrap();
        assert_eq!((amount, refunded.free()), (Money::usd(30_00), 0));
    }

    proptest! {
        /// Refunds of a line come and fail in any order; in the end all of it comes back to the cent.
        #[test]
        fn a_line_gives_back_what_was_paid_for_it(
            cents in 0..50_00_i64, quantity in 1..12_u32, off in 0..=100_i64, asked in prop::collection::vec((1..5_u32, prop::bool::ANY), 0..20),
        ) {
            let start = line(cents, quantity, cents * i64::from(quantity) * off / 100);
            let (mut now, mut open) = (start.clone(), Vec::new());
            for (quantity, fails) in asked {
                if let Some((after, amount)) = now.refund(quantity) {
                    prop_assert!(amount.minor >= 0);
                    now = after;
                    open.push((quantity, amount));
                }
                if fails && !open.is_empty() {
                    let (quantity, amount) = open.remove(0);
                    now = now.take_back(quantity, amount);
                }
                let held: i64 = open.iter().map(|(_, amount)| amount.minor).sum();
                prop_assert_eq!(now.refunded_amount.minor, held);
                prop_assert!(held <= start.paid().minor);
            }
            let (all, rest) = now.refund(now.free()).unwrap();
            let held: i64 = open.iter().map(|(_, amount)| amount.minor).sum();
            prop_assert_eq!(held + rest.minor, start.paid().minor);
            prop_assert_eq!(all.refunded_amount, start.paid());
        }

        #[test]
        fn a_discount_is_spread_to_the_cent_and_no_line_gets_more_than_it_costs(
            lines in prop::collection::vec((0..100_00_i64, 1..5_u32), 1..8), percent in 0..=100_i64,
        ) {
            let lines: Vec<LineItem> = lines.into_iter().map(|(cents, quantity)| line(cents, quantity, 0)).collect();
            let subtotal: i64 = lines.iter().map(|line| line.amount().minor).sum();
            let discount = Money::usd(subtotal * percent / 100);
            let discounted = discounted(lines, discount);
            prop_assert_eq!(discounted.iter().map(|line| line.discount.minor).sum::<i64>(), discount.minor);
            for line in discounted {
                prop_assert!(line.discount.minor >= 0 && line.paid().minor >= 0);
                // Within a cent of its exact part.
                let exact = i128::from(line.amount().minor) * i128::from(discount.minor);
                prop_assert!((i128::from(line.discount.minor) * i128::from(subtotal) - exact).abs() < i128::from(subtotal.max(1)));
            }
        }
    }
}
