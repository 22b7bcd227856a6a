//! `X-Twilio-Signature`: HMAC-SHA1 of the address with its query and every field of the form, in the order of their names
//! (twilio.com/docs/usage/security).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;

/// Whether the header signs a form that was posted to `address`, with the account's `token`.
pub fn holds(header: &str, address: &str, form: &[(String, String)], token: &[u8]) -> bool {
    let Ok(signature) = STANDARD.decode(header) else { return false };
    let mut fields: Vec<&(String, String)> = form.iter().collect();
    fields.sort();
    let mut signed = address.to_owned();
    for (name, value) in fields {
        signed.push_str(name);
        signed.push_str(value);
    }
    // SHA-1 is Twilio's choice; as a MAC it still holds.
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, token);
    hmac::verify(&key, signed.as_bytes(), &signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: &str = "https://api.example.com/api/webhooks/twilio?notification=7";
    /// `printf 'https://api.example.com/api/webhooks/twilio?notification=7ErrorCodeMessageSidSM1MessageStatusdeliveredTo+243812345678'
    /// | openssl dgst -sha1 -hmac token -binary | base64`
    const RIGHT: &str = "6uvg8ns8Vt1eaftHLM6pFxi7J/Q=";

    fn form(fields: &[(&str, &str)]) -> Vec<(String, String)> {
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn delivered() -> Vec<(String, String)> {
        form(&[("To", "+243812345678"), ("MessageStatus", "delivered"), ("ErrorCode", ""), ("MessageSid", "SM1")])
    }

    #[test]
    fn what_openssl_signs_holds_in_whatever_order_the_fields_come() {
        let mut backwards = delivered();
        backwards.reverse();
        assert!(holds(RIGHT, ADDRESS, &delivered(), b"token") && holds(RIGHT, ADDRESS, &backwards, b"token"));
    }

    #[test]
    fn another_address_form_or_token_does_not_hold() {
        assert!(!holds(RIGHT, &ADDRESS.replace("=7", "=8"), &delivered(), b"token"));
        assert!(!holds(RIGHT, &ADDRESS.replace("https", "http"), &delivered(), b"token"));
        assert!(!holds(RIGHT, ADDRESS, &delivered(), b"other") && !holds(RIGHT, ADDRESS, &delivered(), b""));
        assert!(!holds(RIGHT, ADDRESS, &delivered()[1..], b"token"));
        let mut more = delivered();
        more.push(("A".to_owned(), "b".to_owned()));
        assert!(!holds(RIGHT, ADDRESS, &more, b"token"));
    }

    #[test]
    fn what_is_no_signature_never_holds() {
        for header in ["", "=", "AAAA", &RIGHT[1..], &format!("{RIGHT}="), "é"] {
            assert!(!holds(header, ADDRESS, &delivered(), b"token"), "{header}");
        }
    }
}
