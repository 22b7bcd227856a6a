//! What a parcel weighs: whole grams, said in kilograms.

use crate::decimal::{self, DecimalError};
use serde::{Deserialize, Serialize};

/// The heaviest parcel, in grams: a tonne, more than any carrier here takes as one piece.
pub const MAX_GRAMS: i64 = 1_000_000;

/// A weight of more than nothing, up to a tonne.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Weight(u32);

impl Weight {
    /// So many grams; nothing for none and for too many.
    #[must_use]
    pub fn grams(grams: u32) -> Option<Self> {
        (grams > 0 && i64::from(grams) <= MAX_GRAMS).then_some(Self(grams))
    }

    /// The weight that the text of a JSON number says, in kilograms, rounded half-even to the gram: clients that count in
    /// binary floats send 0.30000000000000004 for 0.1 and 0.2.
    ///
    /// # Errors
    /// In words, to stand after the field's name.
    pub fn parse_kg(text: &str) -> Result<Self, &'static str> {
        match decimal::rounded(text, 3, MAX_GRAMS) {
            Ok(grams) => u32::try_from(grams).ok().and_then(Self::grams).ok_or("must be more than nothing"),
            Err(DecimalError::Malformed | DecimalError::TooFine) => Err("is not a number"),
            Err(DecimalError::TooLarge) => Err("is more than 1000 kg"),
        }
    }

    /// In kilograms, with no more decimals than it takes: `1.5`.
    #[must_use]
    pub fn kg(self) -> String {
        let (kilos, grams) = (self.0 / 1000, self.0 % 1000);
        if grams == 0 { kilos.to_string() } else { format!("{kilos}.{grams:03}").trim_end_matches('0').to_owned() }
    }

    /// Rounded up to a tenth of a kilogram.
    #[must_use]
    pub const fn rounded_up(self) -> Self {
        // The heaviest is a multiple of it, so that nothing is rounded beyond it.
        Self(self.0.div_ceil(100) * 100)
    }

    /// In grams.
    #[must_use]
    pub const fn as_grams(self) -> u32 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn kilograms_are_read_to_the_gram() {
        let kg = |text: &str| Weight::parse_kg(text).map(Weight::as_grams);
        assert_eq!([kg("1.5"), kg("0.001"), kg("1000"), kg("25e-1")], [Ok(1_500), Ok(1), Ok(1_000_000), Ok(2_500)]);
        assert_eq!([kg("0.30000000000000004"), kg("1.2345"), kg("1.2355")], [Ok(300), Ok(1_234), Ok(1_236)]);
        assert_eq!([kg("0.00051"), kg("1000.0005")], [Ok(1), Ok(1_000_000)]);
        assert_eq!([kg("1000.001"), kg("1000.00051")], [Err("is more than 1000 kg"); 2]);
        assert_eq!([kg("0"), kg("0.0005"), kg("-0.0001"), kg("-1")], [Err("must be more than nothing"); 4]);
        assert_eq!(kg("a"), Err("is not a number"));
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(grams in 1..=1_000_000_u32) {
            let weight = Weight::grams(grams).unwrap();
            prop_assert_eq!(Weight::parse_kg(&weight.kg()), Ok(weight));
            let rounded = weight.rounded_up();
            prop_assert!(rounded >= weight && rounded.as_grams() < grams + 100 && rounded.kg().len() <= 5, "{}", rounded.kg());
        }
    }
}
