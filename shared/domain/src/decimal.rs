//! Decimal numbers, read exactly from the text of a JSON number. No float is ever made.

use std::cmp::Ordering;

/// Why a text is no decimal number of so many places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecimalError {
    /// Not a decimal number.
    Malformed,
    /// It has more places than there may be.
    TooFine,
    /// Beyond the largest, either way.
    TooLarge,
}

/// The number that a text says, in units of `places` decimals: `1.5`, `1.50` and `15e-1` are 150 of two places.
///
/// # Errors
/// See [`DecimalError`]; `most` bounds the units, either way.
pub fn units(text: &str, places: u32, most: i64) -> Result<i64, DecimalError> {
    let read = Scaled::read(text, places)?;
    if read.scale < 0 { Err(DecimalError::TooFine) } else { read.rounded(most) }
}

/// The same, of a number of more places rounded to the nearest unit, and from halfway to the even one.
///
/// # Errors
/// [`DecimalError::Malformed`], and [`DecimalError::TooLarge`] of what it is rounded to.
pub fn rounded(text: &str, places: u32, most: i64) -> Result<i64, DecimalError> {
    Scaled::read(text, places)?.rounded(most)
}

/// A number in units: digits with no zeros at either end, none for 0, shifted by `scale` places.
struct Scaled {
    negative: bool,
    digits: String,
    scale: i64,
}

impl Scaled {
    fn read(text: &str, places: u32) -> Result<Self, DecimalError> {
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let exponent: i32 = exponent.parse().map_err(|_| DecimalError::Malformed)?;
        let (negative, mantissa) = mantissa.strip_prefix('-').map_or((false, mantissa), |rest| (true, rest));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        if whole.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(DecimalError::Malformed);
        }
        let significant = digits.trim_start_matches('0');
        let stripped = significant.trim_end_matches('0');
        if stripped.is_empty() {
            return Ok(Self { negative, digits: String::new(), scale: 0 });
        }
        let dropped = i64::try_from(significant.len() - stripped.len()).map_err(|_| DecimalError::TooLarge)?;
        let fraction = i64::try_from(fraction.len()).map_err(|_| DecimalError::TooLarge)?;
        let scale = i64::from(exponent) + dropped + i64::from(places) - fraction;
        Ok(Self { negative, digits: stripped.to_owned(), scale })
    }

    fn rounded(&self, most: i64) -> Result<i64, DecimalError> {
        let value = self.magnitude().filter(|units| *units <= most).ok_or(DecimalError::TooLarge)?;
        Ok(if self.negative { -value } else { value })
    }

    /// Nothing when it is beyond what can be counted.
    fn magnitude(&self) -> Option<i64> {
        if self.digits.is_empty() {
            return Some(0);
        }
        if let Ok(zeros) = u32::try_from(self.scale) {
            return self.digits.parse::<i64>().ok()?.checked_mul(10_i64.checked_pow(zeros)?);
        }
        let decimals = usize::try_from(-self.scale).ok()?;
        // With more decimals than digits it is less than a tenth of a unit.
        let Some(kept) = self.digits.len().checked_sub(decimals) else { return Some(0) };
        let (whole, rest) = self.digits.split_at(kept);
        let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        // No zero ends the digits, so that `5` alone is halfway, and in the order of texts what is above it is more.
        let goes_up = match rest.cmp("5") {
            Ordering::Less => false,
            Ordering::Equal => whole % 2 == 1,
            Ordering::Greater => true,
        };
        whole.checked_add(i64::from(goes_up))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_rounded_to_the_nearest_unit_and_from_halfway_to_the_even_one() {
        let kg = |text: &str| rounded(text, 3, 1_000);
        for (text, units) in [
            ("0.30000000000000004", 300),
            ("0.29999999999999998", 300),
            ("0.0005", 0),
            ("0.00050000000000000001", 1),
            ("0.0015", 2),
            ("0.0025", 2),
            ("-0.0015", -2),
            ("0.00009", 0),
            ("9e-99999999", 0),
            ("1e-3", 1),
            ("0.9999999", 1_000),
            ("1.0005", 1_000),
        ] {
            assert_eq!(kg(text), Ok(units), "{text}");
        }
        for text in ["1.00050001", "1.0015", "1e999999999", "99999999999999999999.5"] {
            assert_eq!(kg(text), Err(DecimalError::TooLarge), "{text}");
        }
        assert_eq!(kg("0.1x"), Err(DecimalError::Malformed));
        assert_eq!(units("0.0015", 3, 1_000), Err(DecimalError::TooFine));
    }
}
