//! Telephone numbers as people write them, in the one form that networks and carriers take: E.164 (`+243812345678`).
//!
//! For whatever worker hands a number on: SMS, carriers. Its tables of every country's numbers cost a binary some 0.4 MB and
//! the first number 6 ms, so no endpoint asks.

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, Region};
use std::str::FromStr;

/// The country whose numbers are meant where none is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Country(Region);

impl Country {
    /// DR Congo, `+243`.
    pub const DR_CONGO: Self = Self(Region::CD);

    /// By its two letters (ISO 3166-1), such as `CD`.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        let region = Region::from_str(code).ok()?;
        // Any two letters are a region to the library, but only those that exist have a calling code.
        (PHONE_NUMBER_UTIL.get_country_code_for_region(region)? > 0).then_some(Self(region))
    }
}

/// The number as E.164 has it; nothing when the country's numbering plan has no such number. Letters are no digits here:
/// `0800 FLOWERS` is rather a slip than a number.
#[must_use]
pub fn e164(written: &str, country: Country) -> Option<String> {
    if written.chars().any(char::is_alphabetic) {
        return None;
    }
    let number = PHONE_NUMBER_UTIL.parse(written, Some(country.0)).ok()?;
    PHONE_NUMBER_UTIL.is_valid_number(&number).then(|| PHONE_NUMBER_UTIL.format(&number, PhoneNumberFormat::E164).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_normalised_however_it_is_written() {
        let ways = [
            "+243 81 234 56 78",
            "00243-81-234-5678",
            "0812345678",
            "081 234 56 78",
            "812345678",
            "243812345678",
            "(081) 234.56.78",
            "\u{662}\u{664}\u{663}812345678",
        ];
        for written in ways {
            assert_eq!(e164(written, Country::DR_CONGO).as_deref(), Some("+243812345678"), "{written}");
        }
        assert_eq!(e164("+33 6 12 34 56 78", Country::DR_CONGO).as_deref(), Some("+33612345678"));
        assert_eq!(e164("06 12 34 56 78", Country::parse("FR").unwrap()).as_deref(), Some("+33612345678"));
    }

    #[test]
    fn what_no_numbering_plan_has_is_no_number() {
        for wrong in
            ["", " ", "+", "12", "+243", "+0812345678", "+2438123456789012", "+243 81 abc", "+999 123 456", "0112", "081234567", "<script>"]
        {
            assert_eq!(e164(wrong, Country::DR_CONGO), None, "{wrong}");
        }
    }

    #[test]
    fn a_country_is_one_that_has_numbers() {
        assert_eq!(Country::parse("CD"), Some(Country::DR_CONGO));
        for wrong in ["", "C", "CDR", "ZZ", "243"] {
            assert_eq!(Country::parse(wrong), None, "{wrong}");
        }
    }
}
