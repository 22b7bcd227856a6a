//! Promotions, as the contract has them.

use super::{Reference, Said};

/// What the delivery of a customer's orders costs.
pub const FEES: [i64; 2] = [0, 5_00];

/// What each promotion takes off, how often it can be used to begin with, and how often by one customer.
pub const PROMOTIONS: [Promotion; 5] = [
    Promotion { hundredths: 33_33, limit: Some(2), ..NOTHING },
    Promotion { fixed: 7_50, least: 30_00, per_customer: Some(1), ..NOTHING },
    // More than most orders come to.
    Promotion { fixed: 90_00, limit: Some(3), ..NOTHING },
    Promotion { hundredths: 50_00, most: Some(6_25), ..NOTHING },
    Promotion { delivers: true, ..NOTHING },
];

const NOTHING: Promotion = Promotion {
    hundredths: 0,
    fixed: 0,
    delivers: false,
    least: 0,
    most: None,
    limit: None,
    per_customer: None,
    runs: Runs::Now,
    used: [0; 2],
};

/// When a promotion can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runs {
    Now,
    Later,
    Before,
}

#[derive(Clone, Copy, Debug)]
pub struct Promotion {
    pub hundredths: i64,
    pub fixed: i64,
    /// Whether it is the delivery fee that it takes off.
    pub delivers: bool,
    pub least: i64,
    /// The most that it takes off.
    pub most: Option<i64>,
    pub limit: Option<i64>,
    pub per_customer: Option<i64>,
    pub runs: Runs,
    /// By each customer.
    pub used: [i64; 2],
}

impl Promotion {
    /// Half-even to the cent, and never more than there is; off the lines, and off the fee.
    pub fn discount(&self, subtotal: i64, fee: i64) -> (i64, i64) {
        let most = self.most.unwrap_or(i64::MAX);
        if self.delivers {
            return (0, fee.min(most));
        }
        let exact = subtotal * self.hundredths;
        let up = (exact + 5_000) / 10_000;
        let even = if exact % 10_000 == 5_000 { up - up % 2 } else { up };
        ((even + self.fixed).min(subtotal).min(most), 0)
    }

    pub fn uses(&self) -> i64 {
        self.used.iter().sum()
    }
}

impl Reference {
    /// What a promotion takes off for a customer now, or why it doesn't.
    pub(super) fn offer(&self, promotion: usize, customer: usize, subtotal: i64) -> Result<(i64, i64), Said> {
        match self.promotions.get(promotion) {
            None => Err((404, "INVALID_CODE")),
            Some(offer) if offer.runs == Runs::Later => Err((400, "NOT_STARTED")),
            Some(offer) if offer.runs == Runs::Before => Err((400, "EXPIRED")),
            Some(offer) if subtotal < offer.least => Err((400, "MIN_ORDER_NOT_MET")),
            Some(offer) if offer.limit.is_some_and(|limit| offer.uses() >= limit) => Err((409, "USAGE_LIMIT_REACHED")),
            Some(offer) if offer.per_customer.is_some_and(|limit| offer.used[customer] >= limit) => Err((409, "USER_LIMIT_REACHED")),
            Some(offer) => Ok(offer.discount(subtotal, FEES[customer])),
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
