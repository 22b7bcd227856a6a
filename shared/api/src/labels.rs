//! The store of labels: a private bucket of S3, whose files are put and read by addresses that we sign and that soon end.
//!
//! Signing an address is two dozen lines of hashing; the S3 SDK would be a megabyte of every function that shows one.

use aws_config::SdkConfig;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use domain::time::Timestamp;
use ring::{digest, hmac};

/// How long an address is good for, in seconds: long enough to print.
const GOOD_FOR: u64 = 15 * 60;

/// What an address is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To read a file.
    Get,
    /// To put one.
    Put,
}

/// The store of labels.
#[derive(Clone, Debug)]
pub struct Labels {
    /// The bucket's own address.
    url: String,
    region: String,
    credentials: Option<SharedCredentialsProvider>,
}

struct Signer<'a> {
    key_id: &'a str,
    secret: &'a str,
    session: Option<&'a str>,
    region: &'a str,
}

impl Labels {
    /// The bucket at `url` (`https://labels.s3.eu-west-1.amazonaws.com`), with the credentials of `sdk`.
    #[must_use]
    pub fn new(url: String, sdk: &SdkConfig) -> Self {
        let region = sdk.region().map_or_else(|| "us-east-1".to_owned(), ToString::to_string);
        Self { url, region, credentials: sdk.credentials_provider() }
    }

    /// Whether an address, signed or not, is one of this store's files.
    #[must_use]
    pub fn holds(&self, address: &str) -> bool {
        self.path_of(address).is_some()
    }

    /// Whether an address, whenever it was signed, is that of the file with this key.
    #[must_use]
    pub fn is_of(&self, key: &str, address: &str) -> bool {
        self.path_of(address) == Some(encoded(key, b"/").as_str())
    }

    /// What the address of one of this store's files, whenever it was signed, has for its key, percent-encoded.
    #[must_use]
    pub fn path_of<'a>(&self, address: &'a str) -> Option<&'a str> {
        let unsigned = address.split_once('?').map_or(address, |(unsigned, _)| unsigned);
        unsigned.strip_prefix(self.url.as_str())?.strip_prefix('/')
    }

    /// An address of a file that is good from now on for a quarter of an hour; nothing without credentials.
    pub async fn address(&self, key: &str, access: Access, now: Timestamp) -> Option<String> {
        let credentials = self.credentials.as_ref()?.provide_credentials().await;
        let credentials = credentials.inspect_err(|error| tracing::error!(%error, "no credentials to sign a label's address with")).ok()?;
        let signer = Signer {
            key_id: credentials.access_key_id(),
            secret: credentials.secret_access_key(),
            session: credentials.session_token(),
            region: &self.region,
        };
        signer.presigned(&self.url, key, access, GOOD_FOR, now)
    }
}

impl Signer<'_> {
    /// Signature version 4, in the query (Amazon S3 API reference, "Authenticating requests: using query parameters").
    fn presigned(&self, url: &str, key: &str, access: Access, seconds: u64, now: Timestamp) -> Option<String> {
        let (scheme, rest) = url.split_once("://")?;
        let (host, base) = rest.split_once('/').map_or((rest, String::new()), |(host, base)| (host, format!("/{base}")));
        let path = format!("{base}/{}", encoded(key, b"/"));
        let time = moment(now)?;
        let day = time.get(..8)?;
        let scope = format!("{day}/{}/s3/aws4_request", self.region);
        let mut query = vec![
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256".to_owned()),
            ("X-Amz-Credential", format!("{}/{scope}", self.key_id)),
            ("X-Amz-Date", time.clone()),
            ("X-Amz-Expires", seconds.to_string()),
        ];
        query.extend(self.session.map(|session| ("X-Amz-Security-Token", session.to_owned())));
        query.push(("X-Amz-SignedHeaders", "host".to_owned()));
        let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={}", encoded(value, b""))).collect();
        let query = query.join("&");
        let method = match access {
            Access::Get => "GET",
            Access::Put => "PUT",
        };
        let request = format!("{method}\n{path}\n{query}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD");
        let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hex(digest::digest(&digest::SHA256, request.as_bytes()).as_ref()));
        let mut derived = format!("AWS4{}", self.secret).into_bytes();
        for part in [day, self.region, "s3", "aws4_request"] {
            derived = signed(&derived, part);
        }
        let signature = hex(&signed(&derived, &to_sign));
        Some(format!("{scheme}://{host}{path}?{query}&X-Amz-Signature={signature}"))
    }
}

fn signed(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

/// `20130524T000000Z`
fn moment(at: Timestamp) -> Option<String> {
    let at = jiff::Timestamp::from_millisecond(i64::try_from(at.0).ok()?).ok()?;
    Some(at.strftime("%Y%m%dT%H%M%SZ").to_string())
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

/// Percent-encoded as AWS wants it, save for what is `kept`: in a path a slash stays one.
fn encoded(text: &str, kept: &[u8]) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || kept.contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push_str(&hex(&[byte]).to_ascii_uppercase());
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Amazon S3 API reference, with its keys, which are nobody's.
    #[test]
    fn an_address_is_signed_as_amazons_own_example_is() {
        let signer = Signer {
            key_id: "AKIAIOSFODNN7EXAMPLE",
            secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            session: None,
            region: "us-east-1",
        };
        let at = Timestamp(1_369_353_600_000);
        let url = signer.presigned("https://examplebucket.s3.amazonaws.com", "test.txt", Access::Get, 86_400, at).unwrap();
        let signature = "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
        assert!(url.starts_with("https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential="));
        assert!(url.ends_with(&format!("&X-Amz-Signature={signature}")), "{url}");
    }
}
