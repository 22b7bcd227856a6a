//! As much of PEM (RFC 7468) and DER (ITU-T X.690) as it takes to find a public key.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The tag of a sequence.
pub const SEQUENCE: u8 = 0x30;
/// The tag of a string of bits.
pub const BIT_STRING: u8 = 0x03;

/// What the first block of this label in a PEM holds.
pub fn of_pem(text: &str, label: &str) -> Option<Vec<u8>> {
    let (_, rest) = text.split_once(&format!("-----BEGIN {label}-----"))?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    STANDARD.decode(body.split_ascii_whitespace().collect::<String>()).ok()
}

/// The algorithm, as it is written, and the key of a `SubjectPublicKeyInfo` (RFC 5280, section 4.1) that comes first.
pub fn key(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (info, _) = element(der, SEQUENCE)?;
    let (algorithm, rest) = element(info, SEQUENCE)?;
    let (bits, _) = element(rest, BIT_STRING)?;
    // The first octet says how many bits of the last are none; a key has only whole octets.
    Some((algorithm, bits.strip_prefix(&[0])?))
}

/// The content of the element that comes first, which has to be of this tag, and what comes after it.
pub fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    if der.first() == Some(&tag) { any(der) } else { None }
}

/// The same of an element of any tag: a tag, a length, so much content. No key is longer than two octets of length say.
pub fn any(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = match *der.get(1)? {
        short if short < 0x80 => (usize::from(short), der.get(2..)?),
        0x81 => (usize::from(*der.get(2)?), der.get(3..)?),
        0x82 => (usize::from(u16::from_be_bytes([*der.get(2)?, *der.get(3)?])), der.get(4..)?),
        _ => return None,
    };
    rest.split_at_checked(length)
}
