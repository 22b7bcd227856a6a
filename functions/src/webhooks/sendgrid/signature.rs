//! `X-Twilio-Email-Event-Webhook-Signature`: ECDSA on P-256 with SHA-256, of a time and the raw body
//! (twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};

/// How long ago something may have been signed, in seconds: SendGrid tries a delivery for a day. What comes again in that
/// time says nothing new.
const OLDEST: u64 = 24 * 60 * 60;

/// How far ahead its clock may be, in seconds.
const AHEAD: u64 = 5 * 60;

/// What a P-256 public key in DER (RFC 5480) has before its point.
const PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01,
    0x07, 0x03, 0x42, 0x00,
];

/// Whether the header signs `body` at `time`, near `now` (epoch seconds), with the private half of `key`.
pub fn holds(header: &str, time: &str, body: &[u8], key: &str, now: u64) -> bool {
    // Digits alone: the text is signed, so each text must be one time.
    if time.is_empty() || !time.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let Ok(at) = time.parse::<u64>() else { return false };
    if at > now.saturating_add(AHEAD) || at.saturating_add(OLDEST) < now {
        return false;
    }
    let (Ok(signature), Some(point)) = (STANDARD.decode(header), point(key)) else { return false };
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(&[time.as_bytes(), body].concat(), &signature).is_ok()
}

/// The point of a key that is written as SendGrid writes it.
fn point(key: &str) -> Option<Vec<u8>> {
    let der = STANDARD.decode(key).ok()?;
    der.strip_prefix(&PREFIX).map(<[u8]>::to_vec)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `openssl ecparam -name prime256v1 -genkey -noout | openssl ec -pubout -outform DER | base64 -w0`
    const KEY: &str =
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEl+ONNq615LWPkyeBEb/mXK2714TrTbNa6YrSgNdf9ZYpldKz6A01VrQceb+QOMU01QudD/f9zof3eLbPJ9PGQQ==";
    const TIME: &str = "1795000000";
    const AT: u64 = 1_795_000_000;
    const BODY: &[u8] = br#"[{"event":"delivered","notification":"7"}]"#;
    /// `printf '1795000000[{"event":"delivered","notification":"7"}]' | openssl dgst -sha256 -sign key.pem | base64 -w0`
    const RIGHT: &str = "MEUCIBzDmX5mEBo3RKqIpmdg8wtepVnuw57rFukb1iNgSgVLAiEA+ejAEcykmYtL627vb9TUKk1M3k1XurW8ZV6IPagzkto=";

    #[test]
    fn what_openssl_signs_holds_for_a_day() {
        for (now, expected) in [
            (AT, true),
            (AT + OLDEST, true),
            (AT - AHEAD, true),
            (AT + OLDEST + 1, false),
            (AT - AHEAD - 1, false),
            (0, false),
            (u64::MAX, false),
        ] {
            assert_eq!(holds(RIGHT, TIME, BODY, KEY, now), expected, "{now}");
        }
    }

    #[test]
    fn another_body_time_or_key_does_not_hold() {
        let another = KEY.replace(&KEY[60..64], "AAAA");
        assert!(!holds(RIGHT, TIME, &BODY[1..], KEY, AT) && !holds(RIGHT, "1795000001", BODY, KEY, AT));
        assert!(!holds(RIGHT, TIME, BODY, &another, AT) && !holds(RIGHT, TIME, BODY, "", AT));
        // Time and body are signed as one text: what moves from one to the other must not hold.
        let moved = [b"0", BODY].concat();
        assert!(!holds(RIGHT, "179500000", &moved, KEY, AT));
    }

    #[test]
    fn what_is_no_signature_never_holds() {
        for header in ["", "=", "AAAA", &RIGHT[4..], &format!("{RIGHT}AAAA")] {
            assert!(!holds(header, TIME, BODY, KEY, AT), "{header}");
        }
        for time in ["", "+1795000000", " 1795000000", "1795000000.0", "99999999999999999999", "soon"] {
            assert!(!holds(RIGHT, time, BODY, KEY, AT), "{time}");
        }
    }
}
