//! The RSA key of an X.509 certificate, and nothing else of it: whose it is, the address says that it was fetched from.

use crate::webhooks::der::{SEQUENCE, any, element, key, of_pem};

const VERSION: u8 = 0xa0;

/// `rsaEncryption` (RFC 8017, appendix C), with its parameters.
const RSA: [u8; 13] = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

/// The key of a PEM's first certificate, as PKCS #1 writes it.
pub fn public_key(pem: &[u8]) -> Option<Vec<u8>> {
    key_of(&of_pem(std::str::from_utf8(pem).ok()?, "CERTIFICATE")?)
}

/// RFC 5280, section 4.1: `Certificate { tbsCertificate { [0] version, serialNumber, signature, issuer, validity, subject,
/// subjectPublicKeyInfo { algorithm, subjectPublicKey }, … }, … }`.
fn key_of(der: &[u8]) -> Option<Vec<u8>> {
    let (certificate, _) = element(der, SEQUENCE)?;
    let (mut fields, _) = element(certificate, SEQUENCE)?;
    if fields.first() == Some(&VERSION) {
        (_, fields) = any(fields)?;
    }
    for _before in ["serialNumber", "signature", "issuer", "validity", "subject"] {
        (_, fields) = any(fields)?;
    }
    let (algorithm, key) = key(fields)?;
    (algorithm == RSA).then(|| key.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    const CERTIFICATE: &str = include_str!("test-certificate.pem");

    #[test]
    fn a_certificate_has_the_key_that_openssl_finds_in_it() {
        let expected = STANDARD.decode(include_str!("test-key.b64").trim()).unwrap();
        assert_eq!(public_key(CERTIFICATE.as_bytes()), Some(expected));
        let twice = format!("some text before\n{CERTIFICATE}{CERTIFICATE}");
        assert_eq!(public_key(twice.as_bytes()), public_key(CERTIFICATE.as_bytes()));
    }

    #[test]
    fn what_is_cut_off_or_no_certificate_has_none() {
        let der = STANDARD.decode(CERTIFICATE.lines().filter(|line| !line.starts_with('-')).collect::<String>()).unwrap();
        let whole = key_of(&der).unwrap();
        for length in 0..der.len() {
            assert_eq!(key_of(&der[..length]), None, "{length}");
        }
        // A wrong byte may be a wrong key, never a panic.
        for place in 0..der.len() {
            let mut wrong = der.clone();
            wrong[place] ^= 0x81;
            drop(key_of(&wrong));
        }
        assert_eq!(key_of(&der), Some(whole));
        for pem in ["", "-----BEGIN CERTIFICATE-----", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----", "\u{e9}"] {
            assert_eq!(public_key(pem.as_bytes()), None, "{pem}");
        }
    }
}
