//! Keys of P-256, as whoever signs has them.

use ring::rand::SystemRandom;
use ring::signature::{EcdsaKeyPair, EcdsaSigningAlgorithm};

/// What stands before a point of P-256 in a `SubjectPublicKeyInfo` (RFC 5480, section 2).
pub const INFO: &[u8] = b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00";

/// A new key that signs like this.
pub fn key(signing: &'static EcdsaSigningAlgorithm) -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let key = EcdsaKeyPair::generate_pkcs8(signing, &random).expect("a key");
    EcdsaKeyPair::from_pkcs8(signing, key.as_ref(), &random).expect("a key")
}
