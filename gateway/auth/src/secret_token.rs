//! Session and API tokens: 256 random bits, of which only a digest is stored.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use rand::CryptoRng;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// What every token starts with, so that a leaked one can be found.
pub const PREFIX: &str = "ogw_";

/// A new token. It is shown once and hides itself in `Debug`.
#[derive(Clone, Debug)]
pub struct SecretToken(SecretString);

impl SecretToken {
    /// A token of 256 bits from `random`.
    pub fn generate(random: &mut impl CryptoRng) -> Self {
        let mut bits = [0; 32];
        random.fill_bytes(&mut bits);
        let text = format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(bits));
        Self(SecretString::from(text))
    }

    /// The token itself, for its holder.
    pub fn reveal(&self) -> &str {
        self.0.expose_secret()
    }

    /// What is stored of it.
    pub fn digest(&self) -> TokenDigest {
        digest(self.reveal())
    }
}

/// The SHA-256 of a token. 256 random bits need no salt and no slow hash.
#[derive(Clone, Copy)]
pub struct TokenDigest([u8; 32]);

impl TokenDigest {
    /// The digest of a presented token; `None` where the text can't be one of ours.
    pub fn of_presented(text: &str) -> Option<Self> {
        let encoded = text.strip_prefix(PREFIX)?;
        let bits = BASE64_URL_SAFE_NO_PAD.decode(encoded).ok()?;
        (bits.len() == 32).then(|| digest(text))
    }

    /// A digest as it was stored; `None` where it has another length.
    pub fn from_stored(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Compares in constant time.
impl PartialEq for TokenDigest {
    fn eq(&self, other: &Self) -> bool {
        verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

impl Eq for TokenDigest {}

impl fmt::Debug for TokenDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TokenDigest(hidden)")
    }
}

fn digest(text: &str) -> TokenDigest {
    TokenDigest(Sha256::digest(text.as_bytes()).into())
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    #[test]
    fn presented_token_finds_its_stored_digest() {
        let mut random = StdRng::seed_from_u64(1);
        let (token, other) = (SecretToken::generate(&mut random), SecretToken::generate(&mut random));
        let stored = TokenDigest::from_stored(token.digest().as_bytes()).unwrap();
        assert_eq!(TokenDigest::of_presented(token.reveal()), Some(stored));
        assert_ne!(TokenDigest::of_presented(other.reveal()), Some(stored));
        assert_eq!(token.reveal().len(), PREFIX.len() + 43);
        assert!(!format!("{token:?} {stored:?}").contains(&token.reveal()[4..]));
    }

    #[test]
    fn texts_of_another_shape_are_no_tokens() {
        for text in ["", "ogw_", "ogw_AAAA", "ogw_ÄÄ", "Bearer ogw_AAAA", &"a".repeat(47)] {
            assert_eq!(TokenDigest::of_presented(text), None, "{text}");
        }
    }
}
