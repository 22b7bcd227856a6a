//! Tracking numbers: ours, with a check digit, and the carriers', as they are written.

use crate::ids::{Ids, ShipmentId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The longest tracking number there is room for.
pub const MAX_CHARACTERS: usize = 40;

/// What our own numbers begin with.
const OURS: &str = "MLA";
/// Digits of our own numbers before their check digit.
const DIGITS: u64 = 1_000_000_000;

/// A tracking number: capital letters, digits and hyphens.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TrackingNumber(String);

impl TrackingNumber {
    /// A number of ours: `MLA`, nine digits, and their check digit. Whoever stores it puts it on absence.
    #[must_use]
    pub fn draw(ids: &mut Ids) -> Self {
        let digits = format!("{:09}", ShipmentId::draw(ids).get() % DIGITS);
        Self(format!("{OURS}{digits}{}", check_digit(&digits)))
    }

    /// A number as somebody wrote it, without its spaces and in capitals; nothing for what is none, and for one of ours
    /// whose check digit is wrong.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let number: String = text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).collect();
        let plain = number.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-');
        let has_digit = number.bytes().any(|b| b.is_ascii_digit());
        (plain && has_digit && number.len() <= MAX_CHARACTERS && !is_misread(&number)).then_some(Self(number))
    }

    /// Whether it has the form of ours; one that was read has its check digit as well.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        digits_of_ours(&self.0).is_some()
    }

    /// As it is printed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TrackingNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The ten digits of a number that has the form of ours.
fn digits_of_ours(number: &str) -> Option<&str> {
    number.strip_prefix(OURS).filter(|digits| digits.len() == 10 && digits.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether it has the form of ours and another check digit.
fn is_misread(number: &str) -> bool {
    digits_of_ours(number).is_some_and(|digits| !digits.ends_with(check_digit(&digits[..9])))
}

/// ISO/IEC 7064, the hybrid system MOD 11,10: it tells every digit that was misread and nearly every pair that was swapped.
fn check_digit(digits: &str) -> char {
    let product = digits.bytes().filter(u8::is_ascii_digit).fold(10, |product, digit| {
        let sum = (product + u32::from(digit - b'0')) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    char::from_digit((11 - product) % 10, 10).unwrap_or('0')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;
    use proptest::prelude::*;

    #[test]
    fn the_check_digit_is_the_standards() {
        // The standard's own example, and a German tax number (§ 139b AO), which uses the same system.
        assert_eq!(check_digit("0794"), '5');
        assert_eq!(check_digit("8609574271"), '9');
    }

    #[test]
    fn a_number_is_read_as_people_write_it() {
        assert_eq!(TrackingNumber::parse("1z 999aa1 0123456784").unwrap().as_str(), "1Z999AA10123456784");
        for theirs in ["1Z999AA10123456784", "MLA-42", "MLA123", "MLA12345678901"] {
            assert!(!TrackingNumber::parse(theirs).unwrap().is_ours(), "{theirs}");
        }
        for wrong in ["", "   ", "ABC", "12/34", "12\u{0661}", "1234567890123456789012345678901234567890x"] {
            assert_eq!(TrackingNumber::parse(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn a_number_of_ours_reads_back_and_with_another_digit_does_not(at in 1_795_000_000_000..1_895_000_000_000_u64, seed: u16, place in 3..13_usize, by in 1..10_u8) {
            let number = TrackingNumber::draw(&mut Ids::new(Timestamp(at), seed));
            prop_assert_eq!(number.as_str().len(), 13);
            prop_assert_eq!(TrackingNumber::parse(number.as_str()), Some(number.clone()));
            prop_assert!(number.is_ours());
            let mut misread = number.as_str().as_bytes().to_vec();
            misread[place] = b'0' + (misread[place] - b'0' + by) % 10;
            prop_assert_eq!(TrackingNumber::parse(std::str::from_utf8(&misread).unwrap()), None);
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,50}") {
            let _ = TrackingNumber::parse(&text);
            let _ = TrackingNumber::parse(&format!("MLA{text}"));
        }
    }
}
