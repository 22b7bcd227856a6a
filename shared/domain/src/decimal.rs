//! Decimal numbers, read exactly from the text of a JSON number. No float is ever made.

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
        return Ok(0);
    }
    // The value is `stripped` followed by `scale` zeros, in units.
    let dropped = i64::try_from(significant.len() - stripped.len()).map_err(|_| DecimalError::TooLarge)?;
    let fraction = i64::try_from(fraction.len()).map_err(|_| DecimalError::TooLarge)?;
    let scale = i64::from(exponent) + dropped + i64::from(places) - fraction;
    if scale < 0 {
        return Err(DecimalError::TooFine);
    }
    let value = u32::try_from(scale)
        .ok()
        .and_then(|scale| 10_i64.checked_pow(scale))
        .and_then(|power| stripped.parse::<i64>().ok()?.checked_mul(power))
        .filter(|units| *units <= most)
        .ok_or(DecimalError::TooLarge)?;
    Ok(if negative { -value } else { value })
}
