//! Texts that are looked up by what a reader sees.

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};

/// A text in Unicode's composed form (NFC; Unicode Standard Annex 15): some keyboards send an accent as a character of its own, which
/// looks the same and would be another text.
#[must_use]
pub fn composed(text: &str) -> String {
    const NFC: ComposingNormalizerBorrowed<'static> = ComposingNormalizerBorrowed::new_nfc();
    NFC.normalize(text).into_owned()
}

/// The same text with its accents as characters of their own (NFD).
#[must_use]
pub fn decomposed(text: &str) -> String {
    const NFD: DecomposingNormalizerBorrowed<'static> = DecomposingNormalizerBorrowed::new_nfd();
    NFD.normalize(text).into_owned()
}
