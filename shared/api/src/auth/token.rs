//! Verifying tokens: which key may stand behind which algorithm, and what a token must claim.

use super::Caller;
use super::jwks::{Jwks, JwksError};
use super::ring;
use super::unverified::could_be_valid;
use crate::clock::Clock;
use crate::config::{TokenConfig, trusted};
use crate::secrets::{CachedSecret, SecretError};
use aws_config::SdkConfig;
use domain::actor::Role;
use domain::ids::UserId;
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header};
use serde::Deserialize;
use std::ops::RangeInclusive;

/// Longer than any token that is worth reading.
const MOST_TOKEN_BYTES: usize = 8 * 1024;

/// An uncompressed point of P-256.
const P256_POINT_BYTES: usize = 65;

/// An `RSAPublicKey` (RFC 8017, appendix A.1.1) with a modulus of 2048 to 8192 bits and an exponent of one to five bytes.
const RSA_KEY_BYTES: RangeInclusive<usize> = 268..=1_042;

/// What [`Caller`]s claim. Unknown claims are passed over; a claim that is there twice is an error.
#[derive(Deserialize)]
pub(super) struct Claims {
    id: u64,
    role: String,
    /// For what somebody sends to themselves, and nothing else.
    #[serde(default)]
    email: serde_json::Value,
}

impl Claims {
    /// Who they say is calling; nothing where there is no such id or role.
    pub(super) fn caller(&self) -> Option<Caller> {
        Some(Caller { id: UserId::new(self.id)?, role: Role::parse(&self.role)? })
    }
}

/// Why a token is not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum TokenError {
    #[error("it is no token of ours")]
    Refused,
    #[error(transparent)]
    Keys(#[from] JwksError),
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// Whoever guesses it could sign anything, so no token is believed.
    #[error("JWT_SECRET_ARN: {0}")]
    Guessable(String),
}

/// Verifies tokens.
pub struct Verifier {
    secret: Option<CachedSecret>,
    public_key: Option<(Algorithm, DecodingKey)>,
    jwks: Option<Jwks>,
    issuer: Option<String>,
    audience: Option<String>,
}

/// Something that tokens are to be verified with is unusable.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct VerifierError(String);

impl Verifier {
    /// A verifier that fetches nothing before the first token comes.
    ///
    /// # Errors
    /// When the public key is neither RSA nor P-256.
    pub fn new(config: TokenConfig, sdk: &SdkConfig, clock: &Clock) -> Result<Self, VerifierError> {
        ring::install();
        let public_key = match config.public_key {
            Some(pem) => {
                Some(public_key(&pem).ok_or_else(|| VerifierError("JWT_PUBLIC_KEY: is no PEM public key (RSA or P-256)".to_owned()))?)
            }
            None => None,
        };
        let jwks =
            config.jwks_url.map(|url| Jwks::new(url, clock.clone())).transpose().map_err(|error| VerifierError(error.to_string()))?;
        Ok(Self {
            secret: config.secret.map(|secret| CachedSecret::new(secret, sdk.clone(), clock.clone())),
            public_key,
            jwks,
            issuer: config.issuer,
            audience: config.audience,
        })
    }

    /// The caller, and their own e-mail address where the token says it.
    pub(super) async fn verify(&self, token: &str) -> Result<(Caller, Option<String>), TokenError> {
        if token.len() > MOST_TOKEN_BYTES {
            return Err(TokenError::Refused);
        }
        let header = decode_header(token).map_err(|_| TokenError::Refused)?;
        // It names extensions that must be understood, and we understand none (RFC 7515, section 4.1.11).
        if header.crit.is_some() {
            return Err(TokenError::Refused);
        }
        // What anybody may write must not make us call somebody, where it shows that it is wrong.
        let is_worth_asking = || could_be_valid(token, header.alg, self.issuer.as_deref(), self.audience.as_deref());
        let key = self.key(&header, is_worth_asking).await?.ok_or(TokenError::Refused)?;
        let claims = decode::<Claims>(token, &key, &self.validation(header.alg)).map_err(|_| TokenError::Refused)?.claims;
        let caller = claims.caller().ok_or(TokenError::Refused)?;
        Ok((caller, claims.email.as_str().map(ToOwned::to_owned)))
    }

    /// The key for the header's algorithm: each algorithm has keys of its own kind, so that none can stand in for another.
    async fn key(&self, header: &Header, is_worth_asking: impl Fn() -> bool) -> Result<Option<DecodingKey>, TokenError> {
        match header.alg {
            Algorithm::HS256 => match &self.secret {
                Some(secret) => {
                    let value = match secret.kept() {
                        Some(kept) => kept,
                        None if !is_worth_asking() => return Ok(None),
                        None => secret.value().await?,
                    };
                    // One that was given was looked at when the function started.
                    if secret.is_fetched() {
                        trusted(&value).map_err(TokenError::Guessable)?;
                    }
                    Ok(Some(DecodingKey::from_secret(value.as_bytes())))
                }
                None => Ok(None),
            },
            Algorithm::RS256 | Algorithm::ES256 => match (&self.public_key, &self.jwks) {
                (Some((algorithm, key)), _) if *algorithm == header.alg => Ok(Some(key.clone())),
                (_, Some(jwks)) => Ok(jwks.key(header.kid.as_deref(), header.alg, is_worth_asking).await?),
                (_, None) => Ok(None),
            },
            _ => Ok(None),
        }
    }

    /// No leeway; a token ends with the second that `exp` names (RFC 7519, section 4.1.4).
    fn validation(&self, algorithm: Algorithm) -> Validation {
        let mut validation = Validation::new(algorithm);
        validation.leeway = 0;
        validation.reject_tokens_expiring_in_less_than = 1;
        validation.validate_nbf = true;
        validation.validate_aud = false;
        let mut required = vec!["exp"];
        if let Some(issuer) = &self.issuer {
            validation.set_issuer(&[issuer]);
            required.push("iss");
        }
        if let Some(audience) = &self.audience {
            validation.validate_aud = true;
            validation.set_audience(&[audience]);
            required.push("aud");
        }
        validation.set_required_spec_claims(&required);
        validation
    }
}

/// The one key of a PEM document, and the algorithm that it is for.
fn public_key(pem: &str) -> Option<(Algorithm, DecodingKey)> {
    // `jsonwebtoken` would take it, verify nothing with it, and it has no business here.
    if pem.contains("PRIVATE KEY") {
        return None;
    }
    let rsa = DecodingKey::from_rsa_pem(pem.as_bytes()).map(|key| (Algorithm::RS256, key));
    let (algorithm, key) = rsa.or_else(|_| DecodingKey::from_ec_pem(pem.as_bytes()).map(|key| (Algorithm::ES256, key))).ok()?;
    // Of other keys no token would be taken: a point of another curve has another length (SEC 1, section 2.3.3), and `ring` takes
    // moduli of 2048 to 8192 bits.
    let usable = if algorithm == Algorithm::ES256 { P256_POINT_BYTES..=P256_POINT_BYTES } else { RSA_KEY_BYTES };
    key.try_get_as_bytes().is_ok_and(|bytes| usable.contains(&bytes.len())).then_some((algorithm, key))
}
