//! `Stripe-Signature: t=1492774577,v1=5257a8…,v1=…,v0=…`: HMAC-SHA256 of time and raw body
//! (docs.stripe.com/webhooks#verify-manually).

use crate::webhooks::hex;
use ring::digest::SHA256_OUTPUT_LEN;
use ring::hmac;

/// How far a signature's time may be from ours, in seconds and either way: Stripe's own libraries take any time ahead,
/// which would keep a stolen delivery good until then.
const TOLERANCE: u64 = 5 * 60;

/// Signatures that are looked at; while a secret is being rolled there are two.
const MOST_SIGNATURES: usize = 8;

/// Whether the header signs `body` with `secret` at a time near `now` (epoch seconds).
pub fn holds(header: &str, body: &[u8], secret: &[u8], now: u64) -> bool {
    let parts = || header.split(',').filter_map(|part| part.trim().split_once('='));
    let mut times = parts().filter(|(name, _)| *name == "t").map(|(_, time)| time);
    let (Some(time), None) = (times.next(), times.next()) else { return false };
    // Digits alone: the text is signed, so each text must be one time.
    if time.is_empty() || !time.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let Ok(signed_at) = time.parse::<u64>() else { return false };
    if signed_at.abs_diff(now) > TOLERANCE {
        return false;
    }
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let signed = [time.as_bytes(), b".", body].concat();
    let signatures = parts()
        .filter(|(name, _)| *name == "v1")
        .filter_map(|(_, hex)| hex::decoded(hex))
        .filter(|signature| signature.len() == SHA256_OUTPUT_LEN)
        .take(MOST_SIGNATURES);
    // In constant time, each: `ring` compares the whole of both.
    signatures.filter(|signature| hmac::verify(&key, &signed, signature).is_ok()).count() > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"whsec_test";
    const BODY: &[u8] = br#"{"id":"evt_1","type":"charge.refunded"}"#;
    const AT: u64 = 1_795_000_000;
    /// `printf '1795000000.{"id":"evt_1","type":"charge.refunded"}' | openssl dgst -sha256 -hmac whsec_test`
    const RIGHT: &str = "7242409e2a3f6d275aa42601c3cbe9731e2e8ed0ae004282875c9c1cd0f4567c";

    fn holds_at(header: &str, now: u64) -> bool {
        holds(header, BODY, SECRET, now)
    }

    #[test]
    fn what_openssl_signs_holds_for_five_minutes_either_way() {
        let header = format!("t={AT},v1={RIGHT}");
        for (now, expected) in
            [(AT, true), (AT + 300, true), (AT - 300, true), (AT + 301, false), (AT - 301, false), (0, false), (u64::MAX, false)]
        {
            assert_eq!(holds_at(&header, now), expected, "{now}");
        }
        assert!(!holds(&header, &BODY[1..], SECRET, AT) && !holds(&header, BODY, b"whsec_other", AT));
    }

    #[test]
    fn any_of_several_signatures_is_enough_and_no_older_scheme() {
        let wrong = "0".repeat(64);
        assert!(holds_at(&format!("t={AT},v1={wrong},v1={RIGHT},v0={wrong}"), AT));
        assert!(holds_at(&format!("v0={wrong}, v1={RIGHT}, t={AT}"), AT));
        assert!(!holds_at(&format!("t={AT},v0={RIGHT}"), AT));
        assert!(!holds_at(&format!("t={AT}{},v1={RIGHT}", format!(",v1={wrong}").repeat(MOST_SIGNATURES)), AT));
    }

    #[test]
    fn what_is_no_signature_never_holds() {
        let cut = &RIGHT[..62];
        for header in [
            String::new(),
            format!("v1={RIGHT}"),
            format!("t={AT}"),
            format!("t=,v1={RIGHT}"),
            format!("t=+{AT},v1={RIGHT}"),
            format!("t=99999999999999999999,v1={RIGHT}"),
            format!("t={AT},t={AT},v1={RIGHT}"),
            format!("t={AT},v1={cut}"),
            format!("t={AT},v1={RIGHT}00"),
            format!("t={AT},v1={cut}é"),
            format!("t={AT},v1={cut}+1"),
            format!("t={AT};v1={RIGHT}"),
        ] {
            assert!(!holds_at(&header, AT), "{header}");
        }
    }
}
