//! Promotions: codes that take something off an order. What one takes off is in `terms.rs`, how its uses are counted in
//! `uses.rs`, what admins make of it in `change.rs`.

mod change;
mod terms;
mod uses;

pub use change::{NewPromotion, PromotionChange, PromotionPatch, UpdateError};
pub use terms::{Basket, Benefit, Percent, PromotionType, Terms, WrongTerm};
pub use uses::{Expected, GiveBack, HeldUse, MOST_SHARDS, MOST_USES, Offer, Redemption, Release, ShardChange};

use crate::composed::composed;
use crate::ids::PromotionId;
use crate::money::{Currency, Money};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The most characters of a code.
const MOST_CODE: usize = 50;

/// A promotion's code, as its record has it: upper-case and composed (NFC), of letters, digits, `-`, `_` and `.`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PromotionCode(String);

impl PromotionCode {
    /// The code that somebody typed, with whatever case and spaces around it; nothing for what no code can be.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let code = Self::written(text);
        let is_one = code.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c)) && (1..=MOST_CODE).contains(&code.chars().count());
        is_one.then_some(Self(code))
    }

    /// What somebody typed as a code is written, whether one can be so or not.
    #[must_use]
    pub fn written(text: &str) -> String {
        composed(&text.trim().to_uppercase())
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PromotionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A promotion.
///
/// Its uses are counted in shards, items of their own that say how many uses are left in each:
/// `usage limit = uses taken + what is left in all shards − overdrawn`, and where something is overdrawn nothing is left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Promotion {
    /// Its id.
    pub id: PromotionId,
    /// Its code, unique, and the same for ever.
    pub code: PromotionCode,
    /// What it offers, and to whom.
    pub terms: Terms,
    /// Whether it may be used at all.
    pub is_active: bool,
    /// In how many shards its uses are counted; it only ever grows, so that a use can go back to where it came from.
    pub shards: u16,
    /// Whether nothing is left in any of them.
    pub sold_out: bool,
    /// Uses beyond a limit that was lowered after they were taken.
    pub overdrawn: i64,
    /// Grows with every change by an admin; counting uses is none.
    pub version: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When an admin last changed it.
    pub updated_at: Timestamp,
}

/// Why a code can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotRedeemable {
    /// `INVALID_CODE`
    #[error("There is no promotion {0}.")]
    InvalidCode(String),
    /// `INACTIVE_PROMOTION`
    #[error("The promotion {0} is not active.")]
    Inactive(PromotionCode),
    /// `NOT_STARTED`
    #[error("The promotion {0} has not begun yet.")]
    NotStarted(PromotionCode),
    /// `EXPIRED`
    #[error("The promotion {0} is over.")]
    Expired(PromotionCode),
    /// `CURRENCY_MISMATCH`
    #[error("The promotion {code} is in {offered}, the order is in {ordered}.")]
    CurrencyMismatch {
        /// Which.
        code: PromotionCode,
        /// Its currency.
        offered: Currency,
        /// The order's.
        ordered: Currency,
    },
    /// `MIN_ORDER_NOT_MET`
    #[error("The promotion {code} is for orders of {least} or more, before delivery.")]
    MinOrderNotMet {
        /// Which.
        code: PromotionCode,
        /// What an order must come to.
        least: Money,
    },
    /// `USAGE_LIMIT_REACHED`
    #[error("The promotion {0} is used up.")]
    UsageLimitReached(PromotionCode),
    /// `USER_LIMIT_REACHED`
    #[error("This customer has used the promotion {0} as often as one customer may.")]
    UserLimitReached(PromotionCode),
}

impl Promotion {
    /// Whether anybody may use it at that time; both its dates belong to it.
    #[must_use]
    pub fn is_running(&self, now: Timestamp) -> bool {
        self.is_active && (self.terms.start..=self.terms.end).contains(&now)
    }

    /// What it takes off a basket, for a customer who has used it so often before.
    ///
    /// # Errors
    /// The first of the reasons against it, in the order of [`NotRedeemable`].
    pub fn discount(&self, basket: &Basket, used_by_customer: u32, now: Timestamp) -> Result<Money, NotRedeemable> {
        let (code, terms) = (|| self.code.clone(), &self.terms);
        if !self.is_active {
            return Err(NotRedeemable::Inactive(code()));
        }
        if now < terms.start {
            return Err(NotRedeemable::NotStarted(code()));
        }
        if now > terms.end {
            return Err(NotRedeemable::Expired(code()));
        }
        if terms.currency != basket.subtotal.currency {
            return Err(NotRedeemable::CurrencyMismatch { code: code(), offered: terms.currency, ordered: basket.subtotal.currency });
        }
        if let Some(least) = terms.min_order_value.filter(|least| basket.subtotal.minor < least.minor) {
            return Err(NotRedeemable::MinOrderNotMet { code: code(), least });
        }
        if self.sold_out {
            return Err(NotRedeemable::UsageLimitReached(code()));
        }
        if terms.per_user_limit.is_some_and(|limit| used_by_customer >= limit) {
            return Err(NotRedeemable::UserLimitReached(code()));
        }
        Ok(terms.discount(basket))
    }
}

#[cfg(test)]
mod tests;
