//! What a promotion offers, and what that takes off an order.

use crate::decimal;
use crate::money::{AmountError, Currency, Decimal, Money};
use crate::time::Timestamp;
use crate::words::words;
use serde::{Deserialize, Serialize};

words! {
    /// What a promotion takes off.
    pub enum PromotionType {
        /// A part of the price.
        Percentage = "PERCENTAGE",
        /// An amount of the price.
        FixedAmount = "FIXED_AMOUNT",
        /// The delivery fee.
        FreeShipping = "FREE_SHIPPING",
    }
}

/// A percentage to its second decimal, in hundredths: 1 to 10,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Percent(u32);

/// All of it.
const MOST_HUNDREDTHS: i64 = 10_000;

impl Percent {
    /// More than 0 and at most 100; nothing for any other number, or one with more decimals.
    #[must_use]
    pub fn parse(number: &str) -> Option<Self> {
        let hundredths = decimal::units(number, 2, MOST_HUNDREDTHS).ok().filter(|hundredths| *hundredths > 0)?;
        u32::try_from(hundredths).ok().map(Self)
    }

    /// So much of an amount, rounded half-even to the minor unit.
    #[must_use]
    pub const fn of(self, amount: Money) -> Money {
        // An amount has twelve digits at the most, so four more always fit.
        let ten_thousandths = amount.minor.saturating_mul(self.0 as i64);
        let (whole, rest) = (ten_thousandths / MOST_HUNDREDTHS, ten_thousandths % MOST_HUNDREDTHS);
        let up = if rest == 5_000 { whole % 2 } else { (rest > 5_000) as i64 };
        Money::new(whole + up, amount.currency)
    }

    /// The number, with the decimals it has: `20`, `12.5`.
    #[must_use]
    pub fn number(self) -> String {
        match (self.0 / 100, self.0 % 100) {
            (whole, 0) => whole.to_string(),
            (whole, rest) if rest.is_multiple_of(10) => format!("{whole}.{}", rest / 10),
            (whole, rest) => format!("{whole}.{rest:02}"),
        }
    }
}

/// What a promotion takes off, and how much of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Benefit {
    /// Of the lines' price.
    Percentage(Percent),
    /// Of the lines' price.
    FixedAmount(Money),
    /// The whole delivery fee. The amount is what was given as the promotion's value, which says nothing here.
    FreeShipping(Money),
}

/// What an order comes to before anything is taken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Basket {
    /// Price of the lines.
    pub subtotal: Money,
    /// For delivery.
    pub delivery_fee: Money,
}

/// What a promotion offers, and to whom. Every amount is in `currency`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Terms {
    /// Its name.
    pub name: String,
    /// In words.
    pub description: Option<String>,
    /// What it takes off.
    pub benefit: Benefit,
    /// The least the lines must come to.
    pub min_order_value: Option<Money>,
    /// The most it takes off, whatever its type.
    pub max_discount: Option<Money>,
    /// How often it can be used; without end when it isn't said.
    pub usage_limit: Option<u32>,
    /// How often one customer can use it.
    pub per_user_limit: Option<u32>,
    /// The first moment of it.
    pub start: Timestamp,
    /// The last.
    pub end: Timestamp,
    /// The currency of its amounts, and of the orders it is for.
    pub currency: Currency,
}

/// A term that makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WrongTerm {
    /// `MISSING_REQUIRED_FIELDS`
    #[error("value is required.")]
    ValueMissing,
    /// `INVALID_PERCENTAGE`
    #[error("value must be more than 0 and at most 100, with two decimals at the most.")]
    Percentage,
    /// `INVALID_VALUE`
    #[error("value must be an amount of more than nothing.")]
    FixedAmount,
    /// `INVALID_VALUE`
    #[error("value must not be negative.")]
    NegativeValue,
    /// `INVALID_AMOUNT`
    #[error("{field} {reason}.")]
    Amount {
        /// The field's name in the contract.
        field: &'static str,
        /// What is wrong with it.
        reason: AmountError,
    },
    /// `INVALID_AMOUNT`
    #[error("{field} must not be negative.")]
    NegativeAmount {
        /// The field's name in the contract.
        field: &'static str,
    },
    /// `INVALID_AMOUNT`
    #[error("maxDiscount must be more than nothing; leave it out for a discount without a cap.")]
    NoDiscount,
    /// `MISSING_REQUIRED_FIELDS`
    #[error("{field} must be given again, in the new currency.")]
    OtherCurrency {
        /// The field's name in the contract.
        field: &'static str,
    },
    /// `INVALID_DATE_RANGE`
    #[error("endDate must be after startDate.")]
    DateRange,
}

impl Benefit {
    /// What a type and a value say together. `FREE_SHIPPING` needs no value.
    ///
    /// # Errors
    /// A [`WrongTerm`] of `value`.
    pub fn of(kind: PromotionType, value: Option<&Decimal>, currency: Currency) -> Result<Self, WrongTerm> {
        match (kind, value) {
            (PromotionType::FreeShipping, None) => Ok(Self::FreeShipping(Money::zero(currency))),
            (_, None) => Err(WrongTerm::ValueMissing),
            (PromotionType::Percentage, Some(value)) => Percent::parse(value.as_str()).map(Self::Percentage).ok_or(WrongTerm::Percentage),
            (PromotionType::FixedAmount, Some(value)) => match amount("value", value, currency)? {
                amount if amount.minor > 0 => Ok(Self::FixedAmount(amount)),
                _ => Err(WrongTerm::FixedAmount),
            },
            (PromotionType::FreeShipping, Some(value)) => match amount("value", value, currency)? {
                amount if amount.minor >= 0 => Ok(Self::FreeShipping(amount)),
                _ => Err(WrongTerm::NegativeValue),
            },
        }
    }

    /// Its type.
    #[must_use]
    pub const fn kind(&self) -> PromotionType {
        match self {
            Self::Percentage(_) => PromotionType::Percentage,
            Self::FixedAmount(_) => PromotionType::FixedAmount,
            Self::FreeShipping(_) => PromotionType::FreeShipping,
        }
    }

    /// Its value, as a number.
    #[must_use]
    pub fn value(&self) -> String {
        match self {
            Self::Percentage(percent) => percent.number(),
            Self::FixedAmount(amount) | Self::FreeShipping(amount) => amount.amount(),
        }
    }
}

impl Terms {
    /// What is taken off: rounded half-even to the minor unit, at most [`Terms::max_discount`], and never more than
    /// there is of what it is taken off.
    #[must_use]
    pub fn discount(&self, basket: &Basket) -> Money {
        let (wanted, whole) = match self.benefit {
            Benefit::Percentage(percent) => (percent.of(basket.subtotal), basket.subtotal),
            Benefit::FixedAmount(amount) => (amount, basket.subtotal),
            Benefit::FreeShipping(_) => (basket.delivery_fee, basket.delivery_fee),
        };
        let cap = self.max_discount.map_or(i64::MAX, |most| most.minor);
        Money::new(wanted.minor.min(cap).min(whole.minor), whole.currency)
    }

    /// Holds the first moment and the last against each other.
    ///
    /// # Errors
    /// [`WrongTerm::DateRange`] where they are not one after the other.
    pub fn check_dates(start: Timestamp, end: Timestamp) -> Result<(), WrongTerm> {
        if start < end { Ok(()) } else { Err(WrongTerm::DateRange) }
    }

    /// The least that an order must come to; 0 is as good as none.
    ///
    /// # Errors
    /// A [`WrongTerm`] of `minOrderValue`.
    pub fn min_order_value(number: &Decimal, currency: Currency) -> Result<Money, WrongTerm> {
        const FIELD: &str = "minOrderValue";
        let amount = amount(FIELD, number, currency)?;
        if amount.minor < 0 { Err(WrongTerm::NegativeAmount { field: FIELD }) } else { Ok(amount) }
    }

    /// The most that is taken off; more than 0.
    ///
    /// # Errors
    /// A [`WrongTerm`] of `maxDiscount`.
    pub fn max_discount(number: &Decimal, currency: Currency) -> Result<Money, WrongTerm> {
        let amount = amount("maxDiscount", number, currency)?;
        if amount.minor <= 0 { Err(WrongTerm::NoDiscount) } else { Ok(amount) }
    }
}

fn amount(field: &'static str, number: &Decimal, currency: Currency) -> Result<Money, WrongTerm> {
    number.amount(currency).map_err(|reason| WrongTerm::Amount { field, reason })
}
