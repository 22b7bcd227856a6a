//! Signatures in hexadecimal.

/// The bytes of a text in hexadecimal, in small or capital letters; nothing for one that is none.
pub fn decoded(text: &str) -> Option<Vec<u8>> {
    let digits = text.bytes().map(|digit| char::from(digit).to_digit(16)).collect::<Option<Vec<u32>>>()?;
    digits.chunks(2).map(|pair| u8::try_from(pair.first()? * 16 + pair.get(1)?).ok()).collect()
}
