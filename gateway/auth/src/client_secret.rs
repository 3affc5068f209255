//! The client-credentials grant with a shared secret.

use async_trait::async_trait;
use gateway_net::egress::{Credential, Egress};
use jiff::Timestamp;
use oauth2::{
    AuthType, ClientId, Scope, TokenUrl,
    basic::{BasicClient, BasicErrorResponseType},
};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    error::AuthError,
    token_cache::{IssuedToken, TokenCache},
    token_request::{TokenEndpoint, read_answer},
    token_source::TokenSource,
};

/// Where the client's id and secret go in the request (RFC 6749 section 2.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretPlacement {
    /// In the `Authorization` header: `client_secret_basic`.
    Basic,
    /// In the form: `client_secret_post`.
    Post,
}

/// A client that the authorization server knows by a secret.
#[derive(Clone, Debug)]
pub struct ClientSecretConfig {
    pub token_url: String,
    pub client_id: String,
    pub client_secret: SecretString,
    pub placement: SecretPlacement,
    pub scopes: Vec<String>,
}

/// Tokens for a client with a secret.
pub struct ClientSecret {
    config: ClientSecretConfig,
    egress: Egress,
    cache: TokenCache,
}

impl ClientSecret {
    pub fn new(config: ClientSecretConfig, egress: Egress) -> Self {
        Self { config, egress, cache: TokenCache::default() }
    }

    async fn fetch(&self) -> Result<IssuedToken, AuthError> {
        let token_url = &self.config.token_url;
        let endpoint_url = TokenUrl::new(token_url.clone()).map_err(|_| AuthError::TokenUrl { url: token_url.clone() })?;
        let secret = self.config.client_secret.expose_secret().to_owned();
        let client = BasicClient::new(ClientId::new(self.config.client_id.clone()))
            .set_client_secret(oauth2::ClientSecret::new(secret))
            .set_token_uri(endpoint_url)
            .set_auth_type(match self.config.placement {
                SecretPlacement::Basic => AuthType::BasicAuth,
                SecretPlacement::Post => AuthType::RequestBody,
            });
        let scopes = self.config.scopes.iter().cloned().map(Scope::new);
        let endpoint = TokenEndpoint::new(self.egress.clone());
        let request = client.exchange_client_credentials().add_scopes(scopes);
        let answer = request.request_async(&endpoint).await;

        let refusal = match read_answer(answer, token_url, endpoint.head())? {
            Ok(token) => return Ok(token),
            Err(refusal) => refusal,
        };
        let token_url = token_url.clone();
        let client_id = self.config.client_id.clone();
        let answer = refusal.answer();
        Err(match refusal.error {
            BasicErrorResponseType::InvalidScope => {
                AuthError::ScopeRefused { token_url, answer, client_id, scopes: self.config.scopes.join(" ") }
            }
            BasicErrorResponseType::InvalidClient | BasicErrorResponseType::UnauthorizedClient => {
                AuthError::SecretRefused { token_url, answer, client_id }
            }
            _ => AuthError::NoToken { token_url, detail: answer, retry: false },
        })
    }
}

#[async_trait]
impl TokenSource for ClientSecret {
    async fn credential(&self, now: Timestamp) -> Result<Option<Credential>, AuthError> {
        self.cache.get(now, || self.fetch()).await.map(Some)
    }

    async fn invalidate(&self, refused: &Credential) {
        self.cache.invalidate(refused).await;
    }
}
