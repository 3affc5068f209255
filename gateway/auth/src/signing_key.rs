//! The private keys by which we sign assertions, and their public halves for others.

use std::{fmt, path::Path};

use aws_lc_rs::signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair};
use base64::{Engine, prelude::BASE64_STANDARD};
use jsonwebtoken::{
    Algorithm, EncodingKey, Header,
    jwk::{AlgorithmParameters, Jwk, JwkSet, KeyOperations, PublicKeyUse, ThumbprintHash},
};
use rustls_pki_types::{PrivateKeyDer, pem::PemObject};
use serde::Serialize;

use crate::{error::AuthError, key_file};

/// The shortest RSA modulus that is taken, as base64url characters: 2048 bits.
const SHORTEST_MODULUS: usize = 342;

/// A private key for RS384 or ES384. It hides itself in `Debug`.
pub struct SigningKey {
    algorithm: Algorithm,
    key: EncodingKey,
    public: Jwk,
    kid: String,
}

impl SigningKey {
    /// Reads the key in `path`, or makes an ES384 key and writes it there with mode 0600.
    ///
    /// # Errors
    /// [`AuthError::KeyFile`] or [`AuthError::Key`].
    pub fn load_or_create(path: &Path) -> Result<Self, AuthError> {
        // Looked for first: the folder of a key that is there may be read-only.
        if key_file::read(path)?.is_none() && key_file::create(path, &new_es384_pem()?)? {
            tracing::info!(path = %path.display(), "Made a new signing key");
        }
        Self::load(path)
    }

    /// Reads the key in `path`: PKCS#8, SEC1 or PKCS#1, as PEM.
    ///
    /// # Errors
    /// [`AuthError::KeyFile`] or [`AuthError::Key`].
    pub fn load(path: &Path) -> Result<Self, AuthError> {
        let text = key_file::read(path)?
            .ok_or_else(|| AuthError::KeyFile { path: path.to_owned(), detail: "there is no such file".to_owned() })?;
        Self::from_pem(&text).map_err(|error| AuthError::KeyFile { path: path.to_owned(), detail: error.to_string() })
    }

    /// Reads a private key: an elliptic-curve key on P-384 becomes ES384, an RSA key of 2048 bits
    /// or more becomes RS384.
    ///
    /// # Errors
    /// [`AuthError::Key`] where it is neither.
    pub fn from_pem(pem: &str) -> Result<Self, AuthError> {
        let der = PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| wrong("expected a private key as PEM"))?;
        let curve_key = EcdsaKeyPair::from_private_key_der(&ECDSA_P384_SHA384_FIXED_SIGNING, der.secret_der());
        if let Ok(pair) = curve_key {
            let pkcs8 = pair.to_pkcs8v1().map_err(|_| wrong("the P-384 key is damaged"))?;
            return Self::new(Algorithm::ES384, EncodingKey::from_ec_der(pkcs8.as_ref()));
        }
        let key = EncodingKey::from_rsa_pem(pem.as_bytes()).map_err(|_| wrong("expected a P-384 key for ES384 or an RSA key for RS384"))?;
        let key = Self::new(Algorithm::RS384, key)?;
        match &key.public.algorithm {
            AlgorithmParameters::RSA(it) if it.n.len() < SHORTEST_MODULUS => Err(wrong("the RSA key is shorter than 2048 bits")),
            _ => Ok(key),
        }
    }

    fn new(algorithm: Algorithm, key: EncodingKey) -> Result<Self, AuthError> {
        let mut public = Jwk::from_encoding_key(&key, algorithm).map_err(|error| wrong(&format!("it can't be used: {error}")))?;
        let kid = public.thumbprint(ThumbprintHash::SHA256).map_err(|error| wrong(&format!("it has no thumbprint: {error}")))?;
        public.common.key_id = Some(kid.clone());
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        public.common.key_operations = Some(vec![KeyOperations::Verify]);
        Ok(Self { algorithm, key, public, kid })
    }

    /// The key's thumbprint (RFC 7638, SHA-256), by which servers know it.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// `ES384` or `RS384`.
    pub fn algorithm(&self) -> &'static str {
        match self.algorithm {
            Algorithm::RS384 => "RS384",
            _ => "ES384",
        }
    }

    /// The public half.
    pub fn public(&self) -> &Jwk {
        &self.public
    }

    /// A signed JWT of `claims` (RFC 7515 compact form).
    pub(crate) fn sign(&self, claims: &impl Serialize) -> Result<String, AuthError> {
        let mut header = Header::new(self.algorithm);
        header.kid = Some(self.kid.clone());
        jsonwebtoken::encode(&header, claims, &self.key).map_err(|error| wrong(&format!("it can't sign: {error}")))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SigningKey({} {})", self.algorithm(), self.kid)
    }
}

fn wrong(detail: &str) -> AuthError {
    AuthError::Key { detail: detail.to_owned() }
}

fn new_es384_pem() -> Result<String, AuthError> {
    let pair =
        EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).map_err(|_| wrong("the system gave no randomness for a new key"))?;
    let pkcs8 = pair.to_pkcs8v1().map_err(|_| wrong("the new key can't be written"))?;
    let text = BASE64_STANDARD.encode(pkcs8.as_ref());
    let mut pem = String::from("-----BEGIN PRIVATE KEY-----\n");
    let mut rest = text.as_str();
    while let Some((line, tail)) = rest.split_at_checked(64) {
        pem.extend([line, "\n"]);
        rest = tail;
    }
    pem.extend([rest, if rest.is_empty() { "" } else { "\n" }]);
    pem.push_str("-----END PRIVATE KEY-----\n");
    Ok(pem)
}

/// Our keys, the preferred one first.
#[derive(Debug)]
pub struct KeySet {
    keys: Vec<SigningKey>,
}

impl KeySet {
    /// A set of at least one key.
    pub fn new(first: SigningKey, others: impl IntoIterator<Item = SigningKey>) -> Self {
        let mut keys = vec![first];
        keys.extend(others);
        Self { keys }
    }

    /// The public halves as a JSON Web Key Set (RFC 7517), to be served at our JWKS URL.
    pub fn jwks(&self) -> JwkSet {
        JwkSet { keys: self.keys.iter().map(|key| key.public.clone()).collect() }
    }

    /// The first key for one of these algorithms; any, where the server names none.
    pub(crate) fn for_algorithms(&self, supported: &[String]) -> Option<&SigningKey> {
        self.keys.iter().find(|key| supported.is_empty() || supported.iter().any(|name| name == key.algorithm()))
    }

    /// The algorithms of all keys, for a message.
    pub(crate) fn algorithms(&self) -> String {
        let names: Vec<&str> = self.keys.iter().map(SigningKey::algorithm).collect();
        names.join(", ")
    }
}
