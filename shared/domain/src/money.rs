//! Money: integer minor units of a currency, never a float.

use crate::decimal::{self, DecimalError};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// The largest amount a client may name, in minor units: twelve digits, so that a price times a quantity times the
/// lines of an order stays far below what a JSON number holds exactly.
pub const MAX_MINOR: i64 = 999_999_999_999;

/// Active codes of ISO 4217 (list one, without funds, metals and test codes), in their order.
const CODES: [&str; 153] = [
    "AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BHD", "BIF", "BMD", "BND", "BOB", "BRL", "BSD",
    "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF", "CLP", "CNY", "COP", "CRC", "CUP", "CVE", "CZK", "DJF", "DKK", "DOP", "DZD", "EGP",
    "ERN", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL", "GHS", "GIP", "GMD", "GNF", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF", "IDR", "ILS",
    "INR", "IQD", "IRR", "ISK", "JMD", "JOD", "JPY", "KES", "KGS", "KHR", "KMF", "KPW", "KRW", "KWD", "KYD", "KZT", "LAK", "LBP", "LKR",
    "LRD", "LSL", "LYD", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR", "MVR", "MWK", "MXN", "MYR", "MZN", "NAD", "NGN",
    "NIO", "NOK", "NPR", "NZD", "OMR", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN", "PYG", "QAR", "RON", "RSD", "RUB", "RWF", "SAR", "SBD",
    "SCR", "SDG", "SEK", "SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SVC", "SYP", "SZL", "THB", "TJS", "TMT", "TND", "TOP", "TRY",
    "TTD", "TWD", "TZS", "UAH", "UGX", "USD", "UYU", "UZS", "VES", "VND", "VUV", "WST", "XAF", "XCD", "XOF", "XPF", "YER", "ZAR", "ZMW",
    "ZWG",
];

/// A currency of ISO 4217.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The US dollar.
    pub const USD: Self = Self(*b"USD");

    /// The currency of an upper-case code; nothing for a code that ISO 4217 doesn't list.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        let bytes: [u8; 3] = code.as_bytes().try_into().ok()?;
        CODES.binary_search(&code).is_ok().then_some(Self(bytes))
    }

    /// Every code there is.
    pub fn codes() -> impl Iterator<Item = &'static str> {
        CODES.into_iter()
    }

    /// The three letters.
    #[must_use]
    pub fn code(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or("")
    }

    /// The digits after the decimal point (ISO 4217's minor unit).
    #[must_use]
    pub const fn decimals(self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG" | b"RWF" | b"UGX" | b"VND" | b"VUV" | b"XAF"
            | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            _ => 2,
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&code).ok_or_else(|| serde::de::Error::custom("not a currency"))
    }
}

/// Why a text is no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not a decimal number.
    #[error("is not a number")]
    Malformed,
    /// Finer than the currency's minor unit.
    #[error("has more decimals than the currency")]
    TooManyDecimals,
    /// Beyond [`MAX_MINOR`], either way.
    #[error("is too large")]
    TooLarge,
}

/// An amount in minor units of a currency. Stored as text, `150.00 USD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Money {
    /// Minor units (cents).
    pub minor: i64,
    /// The currency.
    pub currency: Currency,
}

/// A number in its own digits, before it is known which currency it is an amount of. Nothing by default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decimal(String);

impl Default for Decimal {
    fn default() -> Self {
        Self("0".to_owned())
    }
}

impl Decimal {
    /// The text of a JSON number.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The amount that it is in a currency.
    ///
    /// # Errors
    /// [`AmountError`] when it is none of that currency.
    pub fn amount(&self, currency: Currency) -> Result<Money, AmountError> {
        Money::parse(&self.0, currency)
    }
}

impl Money {
    /// `minor` units of a currency.
    #[must_use]
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Nothing, in a currency.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// US cents.
    #[must_use]
    pub const fn usd(cents: i64) -> Self {
        Self::new(cents, Currency::USD)
    }

    /// The amount that the text of a JSON number says, exactly: `150`, `150.10` and `1.5e2` are amounts,
    /// `0.001` is none in a currency of two decimals.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, AmountError> {
        match decimal::units(text, currency.decimals(), MAX_MINOR) {
            Ok(minor) => Ok(Self::new(minor, currency)),
            Err(DecimalError::Malformed) => Err(AmountError::Malformed),
            Err(DecimalError::TooFine) => Err(AmountError::TooManyDecimals),
            Err(DecimalError::TooLarge) => Err(AmountError::TooLarge),
        }
    }

    /// The number alone, with the currency's decimals: `150.00`.
    #[must_use]
    pub fn amount(&self) -> String {
        let sign = if self.minor < 0 { "-" } else { "" };
        let minor = self.minor.unsigned_abs();
        match self.currency.decimals() {
            0 => format!("{sign}{minor}"),
            decimals => {
                let unit = 10_u64.pow(decimals);
                format!("{sign}{}.{:0width$}", minor / unit, minor % unit, width = decimals as usize)
            }
        }
    }

    /// Whether it is exactly nothing.
    #[must_use]
    pub const fn is_zero(&self) -> bool {
        self.minor == 0
    }

    /// The sum; nothing when the currencies differ or it doesn't fit.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        (self.currency == other.currency).then_some(())?;
        Some(Self::new(self.minor.checked_add(other.minor)?, self.currency))
    }

    /// The difference; nothing when the currencies differ or it doesn't fit.
    #[must_use]
    pub fn minus(self, other: Self) -> Option<Self> {
        (self.currency == other.currency).then_some(())?;
        Some(Self::new(self.minor.checked_sub(other.minor)?, self.currency))
    }

    /// This much, `quantity` times; nothing when it doesn't fit.
    #[must_use]
    pub fn times(self, quantity: u32) -> Option<Self> {
        Some(Self::new(self.minor.checked_mul(i64::from(quantity))?, self.currency))
    }

    /// This amount in parts that go as the weights do and add up to it exactly: each is its exact part rounded down, and
    /// the minor units that are left go to the largest remainders, the first of equal ones first. All parts are nothing
    /// where the weights are. Neither the amount nor a weight may be negative.
    #[must_use]
    pub fn allocate(self, weights: &[i64]) -> Vec<Self> {
        let whole: i128 = weights.iter().copied().map(i128::from).sum();
        if whole <= 0 {
            return vec![Self::zero(self.currency); weights.len()];
        }
        let exact = |weight: i64| i128::from(self.minor) * i128::from(weight);
        let mut parts: Vec<i128> = weights.iter().map(|weight| exact(*weight) / whole).collect();
        let left = usize::try_from(i128::from(self.minor) - parts.iter().sum::<i128>()).unwrap_or(0);
        let mut by_remainder: Vec<usize> = (0..weights.len()).collect();
        by_remainder.sort_by_key(|at| std::cmp::Reverse(exact(weights[*at]) % whole));
        for at in by_remainder.into_iter().take(left) {
            parts[at] += 1;
        }
        // No part is larger than the amount, which fits.
        parts.into_iter().map(|part| Self::new(i64::try_from(part).unwrap_or(self.minor), self.currency)).collect()
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount(), self.currency)
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        let (amount, currency) = text.split_once(' ').ok_or_else(|| serde::de::Error::custom("no currency"))?;
        let currency = Currency::parse(currency).ok_or_else(|| serde::de::Error::custom("not a currency"))?;
        let (negative, digits) = amount.strip_prefix('-').map_or((false, amount), |rest| (true, rest));
        let minor: i64 = digits.replace('.', "").parse().map_err(serde::de::Error::custom)?;
        Ok(Self::new(if negative { -minor } else { minor }, currency))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn usd(text: &str) -> Result<i64, AmountError> {
        Money::parse(text, Currency::USD).map(|money| money.minor)
    }

    #[test]
    fn a_json_number_is_read_to_the_cent() {
        assert_eq!(usd("150"), Ok(150_00));
        assert_eq!(usd("150.1"), Ok(150_10));
        assert_eq!(usd("150.100"), Ok(150_10));
        assert_eq!(usd("1.5e2"), Ok(150_00));
        assert_eq!(usd("15000e-2"), Ok(150_00));
        assert_eq!(usd("-0"), Ok(0));
        assert_eq!(usd("0e999"), Ok(0));
        assert_eq!(usd("-3.07"), Ok(-3_07));
    }

    #[test]
    fn every_code_is_a_currency_and_nothing_else_is() {
        for code in CODES {
            assert_eq!(Currency::parse(code).unwrap().code(), code);
        }
        for wrong in ["", "US", "usd", "USDT", "AAA", "ZZZ", "XXX", "XAU", "USN"] {
            assert_eq!(Currency::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_finer_or_larger_than_money_is_refused() {
        assert_eq!(usd("0.001"), Err(AmountError::TooManyDecimals));
        assert_eq!(usd("1e-400"), Err(AmountError::TooManyDecimals));
        assert_eq!(usd("1e400"), Err(AmountError::TooLarge));
        assert_eq!(usd("1e99999999999"), Err(AmountError::Malformed));
        assert_eq!(usd("99999999999999999999"), Err(AmountError::TooLarge));
        assert_eq!(usd(""), Err(AmountError::Malformed));
        assert_eq!(usd("NaN"), Err(AmountError::Malformed));
        assert_eq!(Money::parse("1.5", Currency::parse("JPY").unwrap()), Err(AmountError::TooManyDecimals));
    }

    #[test]
    fn odd_cents_go_to_the_largest_remainders() {
        let parts = |cents: i64, weights: &[i64]| Money::usd(cents).allocate(weights).iter().map(|part| part.minor).collect::<Vec<_>>();
        assert_eq!(parts(100, &[1, 1, 1]), [34, 33, 33]);
        assert_eq!(parts(100, &[15, 70, 15]), [15, 70, 15]);
        assert_eq!(parts(10, &[99, 101, 200]), [2, 3, 5]);
        assert_eq!(parts(0, &[5, 5]), [0, 0]);
        assert_eq!(parts(7, &[0, 0]), [0, 0]);
        assert_eq!(parts(MAX_MINOR, &[MAX_MINOR, MAX_MINOR, 1]), [499_999_999_999, 499_999_999_999, 1]);
    }

    #[test]
    fn an_amount_is_written_with_the_decimals_of_its_currency() {
        for (minor, code, written) in [
            (150_00, "USD", "150.00 USD"),
            (0, "USD", "0.00 USD"),
            (-5, "USD", "-0.05 USD"),
            (150, "JPY", "150 JPY"),
            (7_005, "TND", "7.005 TND"),
        ] {
            assert_eq!(Money::new(minor, Currency::parse(code).unwrap()).to_string(), written);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(minor in -MAX_MINOR..=MAX_MINOR, code in prop::sample::select(vec!["USD", "CDF", "JPY", "TND"])) {
            let money = Money::new(minor, Currency::parse(code).unwrap());
            prop_assert_eq!(Money::parse(&money.amount(), money.currency), Ok(money));
            let stored = serde_json::to_string(&money).unwrap();
            prop_assert_eq!(serde_json::from_str::<Money>(&stored).unwrap(), money);
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            let _ = Money::parse(&text, Currency::USD);
        }
    }
}
