//! Public keys, and tokens that are signed with theirs, or only look like it.

use crate::kit::p256;
use crate::kit::tokens::{claims, hs256, now, signed};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents};
use serde_json::{Value, json};

/// Made for these tests, and good for nothing else.
const RSA_KEY: &str = include_str!("../rsa-test-key.b64");

/// What stands before an RSA key of 2048 bits in a `SubjectPublicKeyInfo` (RFC 5280, section 4.1.2.7).
const RSA_INFO: &[u8] = b"\x30\x82\x01\x22\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\x03\x82\x01\x0f\x00";

pub const ISSUER: &str = "https://id.example";
pub const AUDIENCE: &str = "shop";

/// Which of somebody's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Rsa,
    P256,
}

/// Somebody's RSA and P-256 keys. The RSA key is everybody's, since making one takes long.
pub struct Keys {
    pub rsa: RsaKeyPair,
    pub ec: EcdsaKeyPair,
}

impl Keys {
    pub fn new() -> Self {
        let der = STANDARD.decode(RSA_KEY.replace('\n', "")).expect("base64");
        Self { rsa: RsaKeyPair::from_der(&der).expect("a key"), ec: p256::key(&ECDSA_P256_SHA256_FIXED_SIGNING) }
    }

    pub fn rs256(&self, header: &str, claims: &str) -> String {
        signed(header, claims, |message| self.signature(Kind::Rsa, message))
    }

    pub fn es256(&self, header: &str, claims: &str) -> String {
        signed(header, claims, |message| self.signature(Kind::P256, message))
    }

    /// A token that is signed as it says.
    pub fn token(&self, kind: Kind, claims: &str) -> String {
        signed(kind.header(), claims, |message| self.signature(kind, message))
    }

    pub fn signature(&self, kind: Kind, message: &[u8]) -> Vec<u8> {
        match kind {
            Kind::Rsa => {
                let mut signature = vec![0; self.rsa.public().modulus_len()];
                self.rsa.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).expect("a signature");
                signature
            }
            Kind::P256 => self.ec.sign(&SystemRandom::new(), message).expect("a signature").as_ref().to_vec(),
        }
    }

    /// As they are published, beside keys of kinds that are not ours.
    pub fn published(&self) -> Value {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let RsaPublicKeyComponents { n, e } = RsaPublicKeyComponents::<Vec<u8>>::from(self.rsa.public());
        let point = self.ec.public_key().as_ref();
        json!({ "keys": [
            { "kid": "x", "kty": "OKP", "crv": "X25519", "x": encode(&[7; 32]), "use": "enc", "alg": "ECDH-ES" },
            { "kid": "new", "kty": "LATTICE", "alg": "ML-DSA-44", "pub": "AAAA" },
            { "kid": "r", "kty": "RSA", "use": "sig", "alg": "RS256", "n": encode(&n), "e": encode(&e) },
            { "kid": "e", "kty": "EC", "use": "sig", "crv": "P-256", "x": encode(&point[1..33]), "y": encode(&point[33..]) },
        ] })
    }

    /// The bare key, and the key with what says of which kind it is.
    fn der(&self, kind: Kind) -> [Vec<u8>; 2] {
        let (info, key, bytes) = match kind {
            Kind::Rsa => (RSA_INFO, self.rsa.public().as_ref(), 4 + 0x122),
            Kind::P256 => (p256::INFO, self.ec.public_key().as_ref(), 2 + 0x59),
        };
        assert_eq!(info.len() + key.len(), bytes, "as the first bytes say");
        [key.to_vec(), [info, key].concat()]
    }

    /// The public key as PEM: as a file has it, and as it arrives where its lines were joined on the way.
    pub fn pem(&self, kind: Kind) -> [String; 3] {
        let [_, info] = self.der(kind);
        let encoded = STANDARD.encode(info);
        let lines: Vec<&str> = encoded.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("ASCII")).collect();
        let file = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"));
        [file.clone(), file.trim_end().replace('\n', " "), file.replace('\n', "")]
    }

    /// Whatever of the public key somebody could take for a secret.
    pub fn public_forms(&self, kind: Kind) -> Vec<Vec<u8>> {
        let texts = self.pem(kind).into_iter().flat_map(|pem| [pem.trim_end().as_bytes().to_vec(), pem.into_bytes()]);
        let jwk = self.published()["keys"][if kind == Kind::Rsa { 2 } else { 3 }].to_string();
        let RsaPublicKeyComponents { n, .. } = RsaPublicKeyComponents::<Vec<u8>>::from(self.rsa.public());
        texts.chain(self.der(kind)).chain([jwk.into_bytes(), n]).collect()
    }
}

impl Kind {
    /// The header of its tokens.
    pub const fn header(self) -> &'static str {
        match self {
            Self::Rsa => r#"{"alg":"RS256","kid":"r"}"#,
            Self::P256 => r#"{"alg":"ES256","kid":"e"}"#,
        }
    }

    const fn other(self) -> Self {
        match self {
            Self::Rsa => Self::P256,
            Self::P256 => Self::Rsa,
        }
    }
}

/// Claims for this shop, with some set.
pub fn addressed(fields: &Value) -> String {
    let mut claims = claims();
    let claimed = claims.as_object_mut().expect("claims");
    claimed.extend([("iss".to_owned(), ISSUER.into()), ("aud".to_owned(), AUDIENCE.into())]);
    claimed.extend(fields.as_object().expect("claims").clone());
    claims.to_string()
}

/// Good tokens, some of them odd.
pub fn taken(keys: &Keys, kind: Kind) -> Vec<(&'static str, String)> {
    let now = now();
    let fraction: Value = serde_json::from_str(&format!("{}.5", now + 600)).expect("a number");
    let claims = [
        ("as it should be", json!({})),
        ("begun", json!({ "nbf": now })),
        ("ends in a fraction of a second", json!({ "exp": fraction })),
        ("ends in a far future", json!({ "exp": u64::MAX })),
        ("from several", json!({ "iss": ["https://other.example", ISSUER] })),
        ("for several", json!({ "aud": ["till", AUDIENCE] })),
        ("with claims that we don't know", json!({ "shoes": { "size": 39 }, "sub": 7 })),
    ];
    claims.map(|(why, fields)| (why, keys.token(kind, &addressed(&fields)))).to_vec()
}

/// A token that must not be taken.
pub struct Forged {
    pub why: &'static str,
    pub token: String,
    /// Whether that shows without the key.
    pub shows: bool,
}

/// Tokens that whoever has not the keys may send, and such whose claims are wrong although they are signed right.
pub fn forged(keys: &Keys, kind: Kind, elsewhere: &str) -> Vec<Forged> {
    let good = addressed(&json!({}));
    let by_key = |fields: Value| keys.token(kind, &addressed(&fields));
    let twice = |claim: &str| keys.token(kind, &good.replacen('{', &format!("{{{claim},"), 1));
    let without = |claim: &str| keys.token(kind, &good.replace(&format!("\"{claim}\""), "\"something\""));
    let right = keys.token(kind, &good);
    let [header, payload, signature] = right.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
    let admin = URL_SAFE_NO_PAD.encode(addressed(&json!({ "role": "ADMIN" })));
    let with_header = |header: &str, kind| signed(header, &good, |message| keys.signature(kind, message));

    let mut shows = vec![
        ("no signature", format!("{header}.{payload}.")),
        ("no signature and another payload", format!("{header}.{admin}.")),
        ("a shortened signature", right[..right.len() - 4].to_owned()),
        ("a signature of other letters", format!("{header}.{payload}.{}", signature.replace(|_: char| true, "+"))),
        ("another kind's signature", with_header(kind.header(), kind.other())),
        ("an algorithm that is not ours", with_header(r#"{"alg":"PS256","kid":"r"}"#, kind)),
        ("an extension", with_header(&kind.header().replace('}', r#","crit":["exp"]}"#), kind)),
        ("two parts", format!("{header}.{payload}")),
        ("four parts", format!("{right}.{signature}")),
        ("nothing", String::new()),
        ("dots", "..".to_owned()),
        ("no header", format!(".{payload}.{signature}")),
        ("no token", "token".to_owned()),
        ("no JSON", keys.token(kind, "{")),
        ("no object", keys.token(kind, "[]")),
        ("expired", by_key(json!({ "exp": now() - 1 }))),
        ("expires now", by_key(json!({ "exp": now() }))),
        ("ended before time began", by_key(json!({ "exp": -1 }))),
        ("expires as text", by_key(json!({ "exp": (now() + 600).to_string() }))),
        ("for ever", without("exp")),
        ("not yet", by_key(json!({ "nbf": now() + 60 }))),
        ("not yet, as text", by_key(json!({ "nbf": "tomorrow" }))),
        ("another issuer", by_key(json!({ "iss": "https://id.example.evil" }))),
        ("other issuers", by_key(json!({ "iss": ["https://id.example.evil", 7] }))),
        ("no issuer", without("iss")),
        ("another audience", by_key(json!({ "aud": "till" }))),
        ("no audience at all", by_key(json!({ "aud": [] }))),
        ("no audience", without("aud")),
        ("no id", without("id")),
        ("no such role", by_key(json!({ "role": "OWNER" }))),
        ("role twice", twice(r#""role":"ADMIN""#)),
        ("issuer twice", twice(r#""iss":"https://id.example""#)),
        ("audience twice", twice(r#""aud":"shop""#)),
        ("end twice", twice(r#""exp":99999999999"#)),
        ("beginning twice", twice(r#""nbf":1,"nbf":2"#)),
        ("100 KB", by_key(json!({ "shoes": "x".repeat(100 * 1024) }))),
    ];
    for alg in ["none", "None", "nOnE", "RS384", "ES384", "HS384", "HS512", ""] {
        let header = json!({ "alg": alg, "kid": "r" }).to_string();
        shows.push(("an algorithm that is none of ours", signed(&header, &good, |_| Vec::new())));
        shows.push(("an algorithm that is none of ours, signed", with_header(&header, kind)));
    }
    for public in keys.public_forms(kind) {
        for header in [r#"{"alg":"HS256","typ":"JWT"}"#, r#"{"alg":"HS256","kid":"r"}"#, r#"{"alg":"HS256","kid":"e"}"#] {
            shows.push(("the public key as a secret", signed(header, &good, hs256(&public))));
        }
    }

    let theirs = Keys::new();
    let mut hides = vec![
        ("another payload", format!("{header}.{admin}.{signature}")),
        ("a blank signature", signed(kind.header(), &good, |_| vec![0; if kind == Kind::Rsa { 256 } else { 64 }])),
        ("another's key", theirs.es256(Kind::P256.header(), &good)),
    ];
    let key = &theirs.published()["keys"][3];
    for brought in [
        json!({ "jku": elsewhere }),
        json!({ "x5u": elsewhere }),
        json!({ "kid": elsewhere }),
        json!({ "jwk": key }),
        json!({ "x5c": ["MIIB"] }),
    ] {
        let mut header = json!({ "alg": "ES256", "kid": "e" });
        header.as_object_mut().expect("a header").extend(brought.as_object().expect("a header").clone());
        hides.push(("a key of its own", theirs.es256(&header.to_string(), &good)));
    }
    for kid in ["unknown", "../../../../dev/null", "r' OR '1'='1", ""] {
        hides.push(("an unknown key", theirs.es256(&json!({ "alg": "ES256", "kid": kid }).to_string(), &good)));
    }
    // Of RSA there are longer keys.
    if kind == Kind::Rsa { &mut hides } else { &mut shows }.push(("a longer signature", format!("{right}AAAA")));
    let of = |shows| move |(why, token)| Forged { why, token, shows };
    shows.into_iter().map(of(true)).chain(hides.into_iter().map(of(false))).collect()
}
