//! What proves to a server who we are.

use std::fmt;

use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

use super::error::EgressError;

/// A credential for the `Authorization` header. It hides itself in `Debug`.
#[derive(Clone)]
pub enum Credential {
    /// An access token (RFC 6750).
    Bearer(SecretString),
    /// A user name and password, already in the base64 form of RFC 7617.
    Basic(SecretString),
}

impl Credential {
    pub(super) fn header_value(&self) -> Result<HeaderValue, EgressError> {
        let (scheme, secret) = match self {
            Self::Bearer(token) => ("Bearer", token),
            Self::Basic(encoded) => ("Basic", encoded),
        };
        let mut value = HeaderValue::try_from(format!("{scheme} {}", secret.expose_secret()))
            .map_err(|_| EgressError::Setup { detail: format!("the {scheme} credential has characters no header can carry") })?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl PartialEq for Credential {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bearer(one), Self::Bearer(two)) | (Self::Basic(one), Self::Basic(two)) => one.expose_secret() == two.expose_secret(),
            _ => false,
        }
    }
}

impl Eq for Credential {}

impl fmt::Debug for Credential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Bearer(_) => "Credential::Bearer(hidden)",
            Self::Basic(_) => "Credential::Basic(hidden)",
        })
    }
}
