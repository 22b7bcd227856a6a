//! Telephone numbers as people write them, in the one form that networks and carriers take: E.164 (`+243812345678`).
//!
//! For whatever worker hands a number on: SMS, carriers. Every country's numbering plan costs a binary some 0.4 MB, so no endpoint
//! asks; a worker reads the plan of the country at hand.

mod plans;

use rlibphonenumber::{ParseError, PhoneNumber, PhoneNumberFormat, PhoneNumberUtil, Region};
use std::str::FromStr;

/// The country whose numbers are meant where none is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Country {
    region: Region,
    calling_code: i32,
}

impl Country {
    /// DR Congo, `+243`.
    pub const DR_CONGO: Self = Self { region: Region::CD, calling_code: 243 };

    /// By its two letters (ISO 3166-1), such as `CD`.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        let region = Region::from_str(code).ok()?;
        // Any two letters are a region to the library, but only those that exist have a calling code.
        Some(Self { region, calling_code: plans::calling_code(region)? })
    }
}

/// The number as E.164 has it; nothing when the country's numbering plan has no such number. Letters are no digits here:
/// `0800 FLOWERS` is rather a slip than a number.
#[must_use]
pub fn e164(written: &str, country: Country) -> Option<String> {
    if written.chars().any(char::is_alphabetic) {
        return None;
    }
    let home = plans::of(country.calling_code)?;
    match home.parse(written, Some(country.region)) {
        Ok(number) => valid(&home, &number),
        // It is of a country with another calling code, or of none.
        Err(ParseError::InvalidCountryCode) => {
            let is_international = written.chars().find(|c| c.is_numeric() || PLUS.contains(c)).is_some_and(|c| PLUS.contains(&c));
            let abroad = plans::abroad(&home.normalize_digits_only(written), is_international, country.calling_code)?;
            valid(&abroad, &abroad.parse(written, Some(country.region)).ok()?)
        }
        Err(ParseError::NotANumber(_) | ParseError::TooShortAfterIdd | ParseError::TooShortNsn | ParseError::TooLongNsn) => None,
    }
}

/// As libphonenumber knows it: the full-width one is typed in East Asia.
const PLUS: [char; 2] = ['+', '\u{ff0b}'];

fn valid(plans: &PhoneNumberUtil, number: &PhoneNumber) -> Option<String> {
    plans.is_valid_number(number).then(|| plans.format(number, PhoneNumberFormat::E164).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rlibphonenumber::PHONE_NUMBER_UTIL;

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
        for wrong in ["", "C", "CDR", "ZZ", "243", "001"] {
            assert_eq!(Country::parse(wrong), None, "{wrong}");
        }
    }

    /// What the library says that has read all plans.
    fn by_all(written: &str, region: Region) -> Option<String> {
        let number = PHONE_NUMBER_UTIL.parse(written, Some(region)).ok()?;
        valid(&PHONE_NUMBER_UTIL, &number)
    }

    #[test]
    fn what_some_plans_say_all_of_them_say() {
        let homes = ["CD", "FR", "US", "AU"].map(|code| Country::parse(code).unwrap());
        let mut numbers = 0;
        for region in PHONE_NUMBER_UTIL.get_supported_regions() {
            let Ok(example) = PHONE_NUMBER_UTIL.get_example_number(region) else { continue };
            let own = Country::parse(&region.to_string()).unwrap();
            for format in [PhoneNumberFormat::National, PhoneNumberFormat::International] {
                let written = PHONE_NUMBER_UTIL.format(&example, format).into_owned();
                assert_eq!(e164(&written, own), by_all(&written, region), "{written} in {region:?}");
                numbers += 1;
            }
            let whole = PHONE_NUMBER_UTIL.format(&example, PhoneNumberFormat::E164).into_owned();
            let home = homes[numbers / 2 % homes.len()];
            for written in
                [whole.clone(), whole.replace('+', "00"), whole.replace('+', "011"), whole.replace('+', "+0011"), whole[1..].to_owned()]
            {
                assert_eq!(e164(&written, home), by_all(&written, home.region), "{written} in {home:?}");
            }
        }
        assert!(numbers > 450, "{numbers}");
    }
}
