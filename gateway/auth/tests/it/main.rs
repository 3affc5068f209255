//! The auth kit against a real token endpoint on this machine.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail where a helper of it does")]

mod backend_services;
mod keys;
mod passwords;
mod signed_links;
mod token_server;

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa::{KeyPair, KeySize},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use gateway_auth::SigningKey;

fn rsa_key(size: KeySize) -> Result<SigningKey, gateway_auth::AuthError> {
    let pair = KeyPair::generate(size).unwrap();
    let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    let text = BASE64_STANDARD.encode(der.as_ref());
    SigningKey::from_pem(&format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n"))
}
