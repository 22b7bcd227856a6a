//! `jsonwebtoken`'s cryptography by `ring`, the one provider in our binaries: verification alone, for the
//! algorithms that this system takes.

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::signature;
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind, EncodingKey};
use ring::hmac;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};

/// Makes this the process's provider; once is enough, again does no harm.
pub fn install() {
    static PROVIDER: CryptoProvider =
        CryptoProvider { signer_factory: no_signer, verifier_factory: verifier, key_utils: KeyUtils::new_unimplemented() };
    let _installed_before = PROVIDER.install_default();
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is the provider's")]
fn no_signer(_: &Algorithm, _: &EncodingKey) -> Result<Box<dyn JwtSigner>, Error> {
    Err(ErrorKind::UnsupportedAlgorithm.into())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is the provider's")]
fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>, Error> {
    let of_family = |family| if key.family() == family { Ok(()) } else { Err(Error::from(ErrorKind::InvalidKeyFormat)) };
    match algorithm {
        Algorithm::HS256 => {
            of_family(AlgorithmFamily::Hmac)?;
            Ok(Box::new(Hs256(hmac::Key::new(hmac::HMAC_SHA256, key.try_get_as_bytes()?))))
        }
        Algorithm::RS256 => {
            of_family(AlgorithmFamily::Rsa)?;
            Ok(Box::new(Rs256(key.clone())))
        }
        Algorithm::ES256 => {
            of_family(AlgorithmFamily::Ec)?;
            Ok(Box::new(Es256(key.try_get_as_bytes()?.to_vec())))
        }
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    }
}

struct Hs256(hmac::Key);
struct Rs256(DecodingKey);
struct Es256(Vec<u8>);

impl signature::Verifier<Vec<u8>> for Hs256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        hmac::verify(&self.0, message, signature).map_err(|_| signature::Error::new())
    }
}

impl signature::Verifier<Vec<u8>> for Rs256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        let verified = match self.0.kind() {
            DecodingKeyKind::SecretOrDer(der) => UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der).verify(message, signature),
            DecodingKeyKind::RsaModulusExponent { n, e } => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
        };
        verified.map_err(|_| signature::Error::new())
    }
}

impl signature::Verifier<Vec<u8>> for Es256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        ECDSA_P256_SHA256_FIXED
            .verify(self.0.as_slice().into(), message.into(), signature.as_slice().into())
            .map_err(|_| signature::Error::new())
    }
}

macro_rules! algorithms {
    ($($verifier:ident: $algorithm:ident,)+) => { $(
        impl JwtVerifier for $verifier {
            fn algorithm(&self) -> Algorithm {
                Algorithm::$algorithm
            }
        }
    )+ };
}

algorithms! { Hs256: HS256, Rs256: RS256, Es256: ES256, }
