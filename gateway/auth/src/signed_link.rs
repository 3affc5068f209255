//! The tokens in the links of our messages: what they are for and whom they concern, sealed.
//!
//! A token is URL-safe base64 of `version, purpose, key id, expiry, payload, HMAC-SHA-256`. It is
//! readable by whoever holds it, so a payload is an id of ours and nothing else.

use std::{collections::BTreeMap, fmt, path::Path};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use rand::CryptoRng;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::{error::AuthError, key_file};

const VERSION: u8 = 1;
/// Version, purpose, key id (4 bytes), expiry (8 bytes, seconds, big-endian).
const HEAD: usize = 1 + 1 + 4 + 8;
const SEAL: usize = 32;
/// Payloads are ids; a longer one would not fit into a link well.
const LONGEST_PAYLOAD: usize = 256;
/// Goes into each seal first, so that a seal of this kind is good for nothing else.
const DOMAIN: &[u8] = b"outreach gateway signed link\0";
const NEVER: i64 = i64::MAX;

/// What a link may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkPurpose {
    /// Leaves a list. Such a link never expires.
    Unsubscribe,
    /// Counts a click and leads on to a stored target.
    Click,
    /// Shows and changes a person's preferences.
    Preferences,
    /// Shows a message in the browser.
    ViewInBrowser,
}

impl LinkPurpose {
    fn code(self) -> u8 {
        match self {
            Self::Unsubscribe => 1,
            Self::Click => 2,
            Self::Preferences => 3,
            Self::ViewInBrowser => 4,
        }
    }
}

/// Why a token is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    #[error("the link is damaged or was not made here")]
    Invalid,
    #[error("the link is for something else")]
    Purpose,
    #[error("the link has expired")]
    Expired,
}

/// A payload too long for a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a link carries at most {LONGEST_PAYLOAD} bytes")]
pub struct PayloadTooLong;

/// The keys that seal links: one for new ones, and older ones for links that are out already.
#[derive(Clone)]
pub struct LinkKeyRing {
    current: u32,
    keys: BTreeMap<u32, [u8; 32]>,
}

/// The form of a key ring in its file.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct StoredRing {
    current: u32,
    keys: BTreeMap<u32, String>,
}

impl LinkKeyRing {
    /// A ring with one new key from `random`.
    pub fn generate(random: &mut impl CryptoRng) -> Self {
        let mut ring = Self { current: 0, keys: BTreeMap::new() };
        ring.rotate(random);
        ring
    }

    /// Adds a new key from `random` for all links to come. Older links stay good.
    pub fn rotate(&mut self, random: &mut impl CryptoRng) {
        let mut key = [0; 32];
        random.fill_bytes(&mut key);
        self.current = self.keys.last_key_value().map_or(1, |(last, _)| last.wrapping_add(1));
        self.keys.insert(self.current, key);
    }

    /// Reads the ring in `path`, or makes one and writes it there with mode 0600.
    ///
    /// # Errors
    /// [`AuthError::KeyFile`].
    pub fn load_or_create(path: &Path, random: &mut impl CryptoRng) -> Result<Self, AuthError> {
        if let Some(text) = key_file::read(path)? {
            return Self::from_json(&text).ok_or_else(|| damaged(path));
        }
        key_file::create(path, &Self::generate(random).to_json())?;
        // Another process may have been first; what is in the file counts.
        let text = key_file::read(path)?.unwrap_or_default();
        Self::from_json(&text).ok_or_else(|| damaged(path))
    }

    /// Writes the ring, after [`LinkKeyRing::rotate`].
    ///
    /// # Errors
    /// [`AuthError::KeyFile`].
    pub fn save(&self, path: &Path) -> Result<(), AuthError> {
        key_file::replace(path, &self.to_json())
    }

    /// A token for `payload`, good until `expires`.
    ///
    /// `expires` is not looked at for [`LinkPurpose::Unsubscribe`]: such a link never expires.
    ///
    /// # Errors
    /// [`PayloadTooLong`].
    pub fn sign(&self, purpose: LinkPurpose, payload: &[u8], expires: Option<Timestamp>) -> Result<String, PayloadTooLong> {
        if payload.len() > LONGEST_PAYLOAD {
            return Err(PayloadTooLong);
        }
        let expires = match (purpose, expires) {
            (LinkPurpose::Unsubscribe, _) | (_, None) => NEVER,
            (_, Some(expires)) => expires.as_second(),
        };
        let mut token = Vec::with_capacity(HEAD + payload.len() + SEAL);
        token.extend([VERSION, purpose.code()]);
        token.extend(self.current.to_be_bytes());
        token.extend(expires.to_be_bytes());
        token.extend(payload);
        let key = self.keys.get(&self.current).copied().unwrap_or_default();
        let seal = seal(&key, &token).finalize().into_bytes();
        token.extend(seal);
        Ok(BASE64_URL_SAFE_NO_PAD.encode(token))
    }

    /// The payload of a token that was made here for `purpose` and has not expired.
    ///
    /// # Errors
    /// [`LinkError`]. A token of another purpose is told apart from a forged one only where its
    /// seal is good.
    pub fn verify(&self, purpose: LinkPurpose, token: &str, now: Timestamp) -> Result<Vec<u8>, LinkError> {
        const LONGEST: usize = (HEAD + LONGEST_PAYLOAD + SEAL).div_ceil(3) * 4;
        if token.len() > LONGEST {
            return Err(LinkError::Invalid);
        }
        let token = BASE64_URL_SAFE_NO_PAD.decode(token);
        let token = token.map_err(|_| LinkError::Invalid)?;
        let (sealed, given_seal) = token.split_last_chunk::<SEAL>().ok_or(LinkError::Invalid)?;
        let (head, payload) = sealed.split_first_chunk::<HEAD>().ok_or(LinkError::Invalid)?;
        let [version, code, key_id @ .., e0, e1, e2, e3, e4, e5, e6, e7] = *head;
        let expires = i64::from_be_bytes([e0, e1, e2, e3, e4, e5, e6, e7]);
        let key = self.keys.get(&u32::from_be_bytes(key_id)).ok_or(LinkError::Invalid)?;
        seal(key, sealed).verify_slice(given_seal).map_err(|_| LinkError::Invalid)?;
        if version != VERSION {
            return Err(LinkError::Invalid);
        }
        if code != purpose.code() {
            return Err(LinkError::Purpose);
        }
        if purpose != LinkPurpose::Unsubscribe && now.as_second() >= expires {
            return Err(LinkError::Expired);
        }
        Ok(payload.to_vec())
    }

    fn to_json(&self) -> String {
        let keys = self.keys.iter();
        let keys = keys.map(|(id, key)| (*id, BASE64_URL_SAFE_NO_PAD.encode(key)));
        let stored = StoredRing { current: self.current, keys: keys.collect() };
        serde_json::to_string_pretty(&stored).unwrap_or_default()
    }

    fn from_json(text: &str) -> Option<Self> {
        let stored: StoredRing = serde_json::from_str(text).ok()?;
        let keys: BTreeMap<u32, [u8; 32]> = stored
            .keys
            .iter()
            .map(|(id, key)| {
                let key = BASE64_URL_SAFE_NO_PAD.decode(key).ok()?;
                Some((*id, key.try_into().ok()?))
            })
            .collect::<Option<_>>()?;
        keys.contains_key(&stored.current).then_some(Self { current: stored.current, keys })
    }
}

impl fmt::Debug for LinkKeyRing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "LinkKeyRing({} keys)", self.keys.len())
    }
}

fn damaged(path: &Path) -> AuthError {
    AuthError::KeyFile { path: path.to_owned(), detail: "expected a ring of link keys as JSON".to_owned() }
}

fn seal(key: &[u8; 32], sealed: &[u8]) -> Hmac<Sha256> {
    // HMAC fills a short key up with zeros to the hash's block (RFC 2104 section 2).
    let mut block = [0; 64];
    for (to, from) in block.iter_mut().zip(key) {
        *to = *from;
    }
    let mut seal = <Hmac<Sha256> as KeyInit>::new(&block.into());
    seal.update(DOMAIN);
    seal.update(sealed);
    seal
}
