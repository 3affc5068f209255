//! The signed assertion of a client (RFC 7523, with the rules of SMART Backend Services).

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, dangerous::insecure_decode, decode_header, errors::ErrorKind, jwk::JwkSet};
use serde::Deserialize;

use super::{ALGORITHMS, Refusal};

/// Clocks may differ by this many seconds.
const LEEWAY: i64 = 10;
/// An assertion may live for this many seconds.
const LONGEST_LIFE: i64 = 300;

#[derive(Debug, Deserialize)]
pub(crate) struct Claims {
    pub(crate) iss: String,
    #[serde(default)]
    pub(crate) sub: String,
    #[serde(default)]
    pub(crate) aud: Audience,
    #[serde(default)]
    pub(crate) exp: i64,
    #[serde(default)]
    pub(crate) jti: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(untagged)]
pub(crate) enum Audience {
    #[default]
    Missing,
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn is(&self, expected: &str) -> bool {
        match self {
            Self::Missing => false,
            Self::One(one) => one == expected,
            Self::Many(many) => many.len() == 1 && many.iter().all(|one| one == expected),
        }
    }
}

/// Who the assertion says it is from, before anything is verified.
pub(crate) fn issuer(assertion: &str) -> Result<String, Refusal> {
    insecure_decode::<Claims>(assertion)
        .map(|token| token.claims.iss)
        .map_err(|error| Refusal::client(format!("client_assertion is not a JWT with the claim iss: {error}")))
}

/// Verifies the signature against the client's keys.
pub(crate) fn verify(assertion: &str, keys: &JwkSet) -> Result<Claims, Refusal> {
    let header =
        decode_header(assertion).map_err(|error| Refusal::client(format!("The header of client_assertion can't be read: {error}")))?;
    if !matches!(header.alg, Algorithm::RS384 | Algorithm::ES384) {
        let accepted = ALGORITHMS.join(" or ");
        return Err(Refusal::client(format!("alg is {:?}; {accepted} was expected", header.alg)));
    }
    let kid = header.kid.ok_or_else(|| Refusal::client("The header of client_assertion has no kid"))?;
    let key = keys.find(&kid).ok_or_else(|| {
        let known: Vec<_> = keys.keys.iter().filter_map(|key| key.common.key_id.as_deref()).collect();
        Refusal::client(format!("No key with kid {kid:?} is in the registered key set; it has {known:?}"))
    })?;
    let key = DecodingKey::from_jwk(key).map_err(|error| Refusal::client(format!("The key {kid:?} can't be used: {error}")))?;
    let mut validation = Validation::new(header.alg);
    // The claims are checked one by one below, where each mistake gets its own words.
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    jsonwebtoken::decode::<Claims>(assertion, &key, &validation).map(|token| token.claims).map_err(|error| match error.kind() {
        ErrorKind::InvalidSignature => Refusal::client(format!("The signature does not fit the registered key {kid:?}")),
        _ => Refusal::client(format!("client_assertion can't be verified with the key {kid:?}: {error}")),
    })
}

/// Checks the claims of an assertion whose signature is good.
pub(crate) fn check(claims: &Claims, client: &str, token_url: &str, now: Timestamp) -> Result<(), Refusal> {
    if claims.iss != client || claims.sub != client {
        return Err(Refusal::client(format!("iss and sub must both be the client id {client:?}; sub is {:?}", claims.sub)));
    }
    if !claims.aud.is(token_url) {
        return Err(Refusal::client(format!("aud is {:?}; it must be exactly {token_url}", claims.aud)));
    }
    if claims.exp == 0 {
        return Err(Refusal::client("exp is missing"));
    }
    let left = claims.exp.saturating_sub(now.as_second());
    if left < -LEEWAY {
        return Err(Refusal::client(format!("exp: the assertion expired {} seconds ago", -left)));
    }
    if left > LONGEST_LIFE + LEEWAY {
        return Err(Refusal::client(format!("exp is {left} seconds away; at most {LONGEST_LIFE} are allowed")));
    }
    if claims.jti.is_empty() {
        return Err(Refusal::client("jti is missing"));
    }
    Ok(())
}
