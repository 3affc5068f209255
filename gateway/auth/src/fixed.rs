//! Credentials that do not change.

use async_trait::async_trait;
use base64::{Engine, prelude::BASE64_STANDARD};
use gateway_net::egress::Credential;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use crate::{error::AuthError, token_source::TokenSource};

/// No credential at all, for open servers.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoToken;

#[async_trait]
impl TokenSource for NoToken {
    async fn credential(&self, _now: Timestamp) -> Result<Option<Credential>, AuthError> {
        Ok(None)
    }

    async fn invalidate(&self, _refused: &Credential) {}
}

/// A bearer token that an operator put into the configuration.
#[derive(Debug)]
pub struct StaticBearer(Credential);

impl StaticBearer {
    pub fn new(token: SecretString) -> Self {
        Self(Credential::Bearer(token))
    }
}

#[async_trait]
impl TokenSource for StaticBearer {
    async fn credential(&self, _now: Timestamp) -> Result<Option<Credential>, AuthError> {
        Ok(Some(self.0.clone()))
    }

    async fn invalidate(&self, _refused: &Credential) {}
}

/// A user name and password (RFC 7617).
#[derive(Debug)]
pub struct Basic(Credential);

impl Basic {
    pub fn new(user: &str, password: &SecretString) -> Self {
        let pair = format!("{user}:{}", password.expose_secret());
        Self(Credential::Basic(BASE64_STANDARD.encode(pair).into()))
    }
}

#[async_trait]
impl TokenSource for Basic {
    async fn credential(&self, _now: Timestamp) -> Result<Option<Credential>, AuthError> {
        Ok(Some(self.0.clone()))
    }

    async fn invalidate(&self, _refused: &Credential) {}
}
