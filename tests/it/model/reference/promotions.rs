//! Promotions, as the contract has them.

use super::{Reference, Said};

/// What each promotion takes off, how often it can be used to begin with, and how often by one customer.
pub const PROMOTIONS: [Promotion; 3] = [
    Promotion { hundredths: 33_33, fixed: 0, least: 0, limit: Some(2), per_customer: None, used: [0; 2] },
    Promotion { hundredths: 0, fixed: 7_50, least: 30_00, limit: None, per_customer: Some(1), used: [0; 2] },
    // More than most orders come to.
    Promotion { hundredths: 0, fixed: 90_00, least: 0, limit: Some(3), per_customer: None, used: [0; 2] },
];

#[derive(Clone, Copy, Debug)]
pub struct Promotion {
    pub hundredths: i64,
    pub fixed: i64,
    pub least: i64,
    pub limit: Option<i64>,
    pub per_customer: Option<i64>,
    /// By each customer.
    pub used: [i64; 2],
}

impl Promotion {
    /// Half-even to the cent, and never more than there is.
    pub fn discount(&self, subtotal: i64) -> i64 {
        let exact = subtotal * self.hundredths;
        let up = (exact + 5_000) / 10_000;
        let even = if exact % 10_000 == 5_000 { up - up % 2 } else { up };
        (even + self.fixed).min(subtotal)
    }

    pub fn uses(&self) -> i64 {
        self.used.iter().sum()
    }
}

impl Reference {
    /// What a promotion takes off for a customer now, or why it doesn't.
    pub(super) fn offer(&self, promotion: usize, customer: usize, subtotal: i64) -> Result<i64, Said> {
        match self.promotions.get(promotion) {
            None => Err((404, "INVALID_CODE")),
            Some(offer) if subtotal < offer.least => Err((400, "MIN_ORDER_NOT_MET")),
            Some(offer) if offer.limit.is_some_and(|limit| offer.uses() >= limit) => Err((409, "USAGE_LIMIT_REACHED")),
            Some(offer) if offer.per_customer.is_some_and(|limit| offer.used[customer] >= limit) => Err((409, "USER_LIMIT_REACHED")),
            Some(offer) => Ok(offer.discount(subtotal)),
        }
    }
}

/// What is left to pay of each line once a discount is spread over them by what they cost; the cents left over go to those
/// who lost the most by rounding.
pub fn spread(discount: i64, amounts: &[i64]) -> Vec<i64> {
    let whole: i64 = amounts.iter().sum();
    let mut off: Vec<i64> = amounts.iter().map(|amount| discount * amount / whole).collect();
    let mut lines: Vec<usize> = (0..amounts.len()).collect();
    lines.sort_by_key(|line| -(discount * amounts[*line] % whole));
    for line in lines.into_iter().take(usize::try_from(discount - off.iter().sum::<i64>()).expect("a few cents")) {
        off[line] += 1;
    }
    amounts.iter().zip(off).map(|(amount, off)| amount - off).collect()
}
