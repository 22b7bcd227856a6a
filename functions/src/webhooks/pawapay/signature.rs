//! HTTP message signatures (RFC 9421) and `Content-Digest` (RFC 9530), as far as pawaPay's callbacks use them
//! (docs.pawapay.io/v2/docs/signatures).

use crate::webhooks::der::{key, of_pem};
use api::webhook::Delivery;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, SHA512, digest};
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_ASN1, ECDSA_P384_SHA384_FIXED, RSA_PKCS1_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA512, UnparsedPublicKey, VerificationAlgorithm,
};

/// How far a signature's time may be from ours, in seconds and either way.
const TOLERANCE: u64 = 5 * 60;

/// What must be signed: without any of these a signature of something else could be put on a callback.
const COVERED: [&str; 4] = ["@method", "@authority", "@path", "content-digest"];

/// Whether pawaPay's key (PEM) has signed this delivery, to this address, near `now` (epoch seconds).
pub fn holds(delivery: &Delivery, address: Option<&str>, key: &str, now: u64) -> bool {
    let Some(address) = address else {
        tracing::warn!("a signed callback came, and no PUBLIC_URL is set to check its address with");
        return false;
    };
    let header = |name: &str| delivery.header(name).map(ToOwned::to_owned);
    let (Some(input), Some(signature), Some(digests)) = (header("signature-input"), header("signature"), header("content-digest")) else {
        return false;
    };
    is_digest(&digests, &delivery.body) && is_signed(&input, &signature, key, now, |name| component(name, address, header))
}

fn is_signed(input: &str, signature: &str, key: &str, now: u64, component: impl Fn(&str) -> Option<String>) -> bool {
    let Some(input) = Input::read(input) else { return false };
    let is_complete = COVERED.iter().all(|name| input.components.iter().any(|component| component == name));
    let is_timely = input.created.is_some_and(|created| created.abs_diff(now) <= TOLERANCE)
        && input.expires.is_none_or(|expires| now <= expires.saturating_add(TOLERANCE));
    let signature = bytes(signature, &input.label);
    let (true, true, Some(signature), Some(base)) = (is_complete, is_timely, signature, input.base(component)) else { return false };
    let (Some(key), Some(algorithms)) = (public_key(key), input.algorithm.as_deref().and_then(algorithms)) else { return false };
    algorithms.iter().any(|algorithm| UnparsedPublicKey::new(*algorithm, &key).verify(base.as_bytes(), &signature).is_ok())
}

/// What a signature says it is over.
struct Input {
    label: String,
    components: Vec<String>,
    /// All after the label, as it is signed.
    params: String,
    algorithm: Option<String>,
    created: Option<u64>,
    expires: Option<u64>,
}

impl Input {
    /// `sig-pp=("@method" "@authority");alg="…";keyid="…";created=1;expires=2`: one signature, components without parameters.
    fn read(header: &str) -> Option<Self> {
        let (label, params) = header.trim().split_once('=')?;
        let (list, rest) = params.strip_prefix('(')?.split_once(')')?;
        let quoted = |name: &str| name.strip_prefix('"')?.strip_suffix('"').filter(|name| !name.contains('"')).map(ToOwned::to_owned);
        let components: Vec<String> = list.split(' ').filter(|name| !name.is_empty()).map(quoted).collect::<Option<_>>()?;
        let distinct: std::collections::HashSet<&String> = components.iter().collect();
        if distinct.len() != components.len() || label.contains(['"', ',', ' ']) || rest.contains(',') {
            return None;
        }
        let (mut algorithm, mut created, mut expires) = (None, None, None);
        for parameter in rest.split(';').filter(|parameter| !parameter.is_empty()) {
            match parameter.split_once('=')? {
                ("alg", value) => algorithm = Some(quoted(value)?),
                ("created", value) => created = Some(value.parse().ok()?),
                ("expires", value) => expires = Some(value.parse().ok()?),
                _ => {}
            }
        }
        Some(Self { label: label.to_owned(), components, params: params.to_owned(), algorithm, created, expires })
    }

    /// The signature base (RFC 9421, section 2.5).
    fn base(&self, component: impl Fn(&str) -> Option<String>) -> Option<String> {
        let of_component = |name: &String| Some(format!("\"{name}\": {}", component(name)?));
        let mut lines = self.components.iter().map(of_component).collect::<Option<Vec<String>>>()?;
        lines.push(format!("\"@signature-params\": {}", self.params));
        Some(lines.join("\n"))
    }
}

/// A derived component (RFC 9421, section 2.2) or a header, whose value has no spaces around it.
fn component(name: &str, address: &str, header: impl Fn(&str) -> Option<String>) -> Option<String> {
    let (_, rest) = address.split_once("://")?;
    let (authority, target) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (path, query) = target.split_once('?').map_or((target, ""), |(path, query)| (path, query));
    match name {
        "@method" => Some("POST".to_owned()),
        "@authority" => Some(authority.to_ascii_lowercase()),
        "@path" => Some(path.to_owned()),
        "@query" => Some(format!("?{query}")),
        "@target-uri" => Some(address.to_owned()),
        "@scheme" => address.split_once("://").map(|(scheme, _)| scheme.to_owned()),
        name if name.starts_with('@') => None,
        name => header(name).map(|value| value.trim().to_owned()),
    }
}

/// Any of the digests that the header has is enough, and one must be there that is known.
fn is_digest(header: &str, body: &[u8]) -> bool {
    let is = |label: &str, algorithm| bytes(header, label).is_some_and(|found| found == digest(algorithm, body).as_ref());
    is("sha-512", &SHA512) || is("sha-256", &SHA256)
}

/// The bytes of `label=:base64:` in a list of such.
fn bytes(header: &str, label: &str) -> Option<Vec<u8>> {
    let members = header.split(',').filter_map(|member| member.trim().split_once('='));
    let mut of_label = members.filter(|(name, _)| *name == label).map(|(_, value)| value);
    let (Some(value), None) = (of_label.next(), of_label.next()) else { return None };
    STANDARD.decode(value.strip_prefix(':')?.strip_suffix(':')?).ok()
}

/// pawaPay writes ECDSA signatures the way its language does (ASN.1), where the RFC has the two numbers alone: either holds.
fn algorithms(name: &str) -> Option<Vec<&'static dyn VerificationAlgorithm>> {
    match name {
        "ecdsa-p256-sha256" => Some(vec![&ECDSA_P256_SHA256_ASN1, &ECDSA_P256_SHA256_FIXED]),
        "ecdsa-p384-sha384" => Some(vec![&ECDSA_P384_SHA384_ASN1, &ECDSA_P384_SHA384_FIXED]),
        "rsa-v1_5-sha256" => Some(vec![&RSA_PKCS1_2048_8192_SHA256]),
        "rsa-pss-sha512" => Some(vec![&RSA_PSS_2048_8192_SHA512]),
        _ => None,
    }
}

/// The key inside a PEM `SubjectPublicKeyInfo`.
fn public_key(pem: &str) -> Option<Vec<u8>> {
    let der = of_pem(pem, "PUBLIC KEY")?;
    key(&der).map(|(_, key)| key.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair};

    /// What comes before the point in the key of every P-256 `SubjectPublicKeyInfo`.
    const P256: [u8; 26] = [
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01,
        0x07, 0x03, 0x42, 0x00,
    ];
    const AT: u64 = 1_714_657_551;
    const INPUT: &str = "sig-pp=(\"@method\" \"@authority\" \"@path\" \"content-digest\");alg=\"ecdsa-p256-sha256\";keyid=\"K:1\";\
                         created=1714657551;expires=1714657611";

    fn component_of_test(name: &str) -> Option<String> {
        component(name, "https://Api.example.com:8443/api/webhooks/pawapay", |name| {
            (name == "content-digest").then(|| "sha-256=:eA==:".to_owned())
        })
    }

    /// A key as PEM, and the signature of a text by it.
    fn signed(algorithm: &'static EcdsaSigningAlgorithm, base: &str) -> (String, String) {
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pair.as_ref(), &random).unwrap();
        let der = [P256.as_slice(), pair.public_key().as_ref()].concat();
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(der));
        let signature = pair.sign(&random, base.as_bytes()).unwrap();
        (pem, format!("sig-pp=:{}:", STANDARD.encode(signature)))
    }

    #[test]
    fn the_base_is_the_rfc_s() {
        let base = Input::read(INPUT).unwrap().base(component_of_test).unwrap();
        let params = INPUT.strip_prefix("sig-pp=").unwrap();
        let lines = [
            "\"@method\": POST",
            "\"@authority\": api.example.com:8443",
            "\"@path\": /api/webhooks/pawapay",
            "\"content-digest\": sha-256=:eA==:",
            &format!("\"@signature-params\": {params}"),
        ];
        assert_eq!(base, lines.join("\n"));
    }

    #[test]
    fn a_signature_holds_in_either_form_and_in_time() {
        let base = Input::read(INPUT).unwrap().base(component_of_test).unwrap();
        for algorithm in [&ECDSA_P256_SHA256_ASN1_SIGNING, &ECDSA_P256_SHA256_FIXED_SIGNING] {
            let (key, signature) = signed(algorithm, &base);
            for (now, expected) in [(AT, true), (AT + 300, true), (AT - 300, true), (AT + 301, false), (AT - 301, false)] {
                assert_eq!(is_signed(INPUT, &signature, &key, now, component_of_test), expected, "{now}");
            }
            let other = signed(algorithm, &base).0;
            assert!(!is_signed(INPUT, &signature, &other, AT, component_of_test));
            let altered = INPUT.replace("K:1", "K:2");
            assert!(!is_signed(&altered, &signature, &key, AT, component_of_test));
        }
    }

    #[test]
    fn what_leaves_something_out_never_holds() {
        for left_out in COVERED {
            let input = INPUT.replace(&format!("\"{left_out}\""), "").replace("( ", "(").replace("  ", " ");
            let base = Input::read(&input).unwrap().base(component_of_test).unwrap();
            let (key, signature) = signed(&ECDSA_P256_SHA256_ASN1_SIGNING, &base);
            assert!(!is_signed(&input, &signature, &key, AT, component_of_test), "{left_out}");
        }
        for input in
            ["", "sig-pp", "sig-pp=()", "sig-pp=(\"@method\"", "a=(\"@method\" \"@method\")", "a=(\"x\"),b=(\"y\")", "a=(\"x\";sf)"]
        {
            assert!(!is_signed(input, "sig-pp=:AA==:", "", AT, component_of_test), "{input}");
        }
        assert!(public_key("-----BEGIN PUBLIC KEY-----\nMA==\n-----END PUBLIC KEY-----").is_none());
    }

    #[test]
    fn a_digest_is_the_body_s() {
        // `printf x | openssl dgst -sha256 -binary | base64`
        assert!(is_digest("sha-256=:LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE=:", b"x"));
        assert!(!is_digest("sha-256=:LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE=:", b"y"));
        for wrong in ["", "sha-256", "sha-256=LXEWQrcmsEQ=", "md5=:LXEWQrcmsEQ=:", "sha-256=::"] {
            assert!(!is_digest(wrong, b"x"), "{wrong}");
        }
    }
}
