//! Stripe's minor units, which are not everywhere ISO 4217's (docs.stripe.com/currencies).

use domain::money::{Currency, MAX_MINOR, Money};

/// Digits after the point that Stripe counts in.
fn digits(currency: Currency) -> u32 {
    match currency.code() {
        "BIF" | "CLP" | "DJF" | "GNF" | "JPY" | "KMF" | "KRW" | "MGA" | "PYG" | "RWF" | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "JOD" | "KWD" | "OMR" | "TND" => 3,
        // Also of the Icelandic króna and the Ugandan shilling, which have none themselves.
        _ => 2,
    }
}

/// An amount in Stripe's units; nothing where it isn't a whole number of them.
#[must_use]
pub fn in_stripe(money: Money) -> Option<i64> {
    let (ours, theirs) = (money.currency.decimals(), digits(money.currency));
    if let Some(finer) = theirs.checked_sub(ours) {
        return money.minor.checked_mul(10_i64.pow(finer));
    }
    let unit = 10_i64.pow(ours - theirs);
    (money.minor % unit == 0).then_some(money.minor / unit)
}

/// Stripe's units of a currency, which it writes in small letters; nothing for a currency or an amount that we don't have.
#[must_use]
pub fn from_stripe(amount: i64, currency: &str) -> Option<Money> {
    let currency = Currency::parse(&currency.to_ascii_uppercase())?;
    let (ours, theirs) = (currency.decimals(), digits(currency));
    let minor = match theirs.checked_sub(ours) {
        Some(finer) => {
            let unit = 10_i64.pow(finer);
            (amount % unit == 0).then_some(amount / unit)?
        }
        None => amount.checked_mul(10_i64.pow(ours - theirs))?,
    };
    (0..=MAX_MINOR).contains(&minor).then(|| Money::new(minor, currency))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(minor: i64, code: &str) -> Money {
        Money::new(minor, Currency::parse(code).unwrap())
    }

    #[test]
    fn amounts_go_there_and_back() {
        for (ours, theirs) in [
            (money(150_00, "USD"), 150_00),
            (money(9_000_00, "CDF"), 9_000_00),
            (money(500, "JPY"), 500),
            (money(500, "UGX"), 500_00),
            (money(7_00, "MGA"), 7),
            (money(1_500, "KWD"), 1_500),
        ] {
            assert_eq!(in_stripe(ours), Some(theirs), "{ours}");
            assert_eq!(from_stripe(theirs, &ours.currency.code().to_lowercase()), Some(ours));
        }
        assert_eq!((in_stripe(money(7_50, "MGA")), from_stripe(1, "ugx"), from_stripe(1, "xyz")), (None, None, None));
    }

    #[test]
    fn an_amount_that_no_client_may_name_is_none_of_ours() {
        assert_eq!((from_stripe(0, "usd"), from_stripe(MAX_MINOR, "usd")), (Some(money(0, "USD")), Some(money(MAX_MINOR, "USD"))));
        for (amount, currency) in [
            (-1, "usd"),
            (-100, "ugx"),
            (-1, "mga"),
            (i64::MIN, "usd"),
            (MAX_MINOR + 1, "usd"),
            (MAX_MINOR / 100 + 1, "mga"),
            (i64::MAX, "usd"),
            (i64::MAX, "mga"),
        ] {
            assert_eq!(from_stripe(amount, currency), None, "{amount} {currency}");
        }
    }
}
