//! SMART Backend Services: a token for a signed assertion
//! (<https://hl7.org/fhir/smart-app-launch/backend-services.html>).

use std::sync::Arc;

use async_trait::async_trait;
use gateway_net::egress::{Credential, Egress};
use jiff::{SignedDuration, Timestamp};
use oauth2::{
    AuthType, ClientId, Scope, TokenUrl,
    basic::{BasicClient, BasicErrorResponseType},
};
use serde::Serialize;
use tokio::sync::Mutex;
use url::Url;

use crate::{
    discovery::{SmartConfiguration, discover},
    error::AuthError,
    random::RandomSource,
    scope::{ScopeRequest, choose_scopes},
    signing_key::{KeySet, SigningKey},
    token_cache::{IssuedToken, TokenCache},
    token_request::{AnswerHead, Refusal, TokenEndpoint, read_answer},
    token_source::TokenSource,
};

/// An assertion's life from now; at most five minutes are allowed, and some of them are left for
/// a server whose clock is behind.
const ASSERTION_LIFE: i64 = 270;
/// How far an assertion is dated back, for a server whose clock is behind.
const BACK_DATED: i64 = 10;
/// A server's clock further away than this explains a refused assertion.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_secs(60);

/// A FHIR server that knows us by our public key.
#[derive(Clone, Debug)]
pub struct BackendServicesConfig {
    /// The FHIR server's base URL.
    pub base_url: Url,
    /// What the server calls us.
    pub client_id: String,
    /// The token URL, where it is not to be discovered. It is the assertion's audience, letter
    /// for letter.
    pub token_url: Option<String>,
    pub scopes: ScopeRequest,
    /// Where our key set is served, for the message of an error.
    pub jwks_url: Option<String>,
}

/// Tokens for a backend service.
pub struct BackendServices {
    config: BackendServicesConfig,
    keys: Arc<KeySet>,
    egress: Egress,
    random: Arc<dyn RandomSource>,
    server: Mutex<Option<SmartConfiguration>>,
    cache: TokenCache,
}

#[derive(Serialize)]
struct Assertion<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    jti: String,
    iat: i64,
    exp: i64,
}

impl BackendServices {
    pub fn new(config: BackendServicesConfig, keys: Arc<KeySet>, egress: Egress, random: Arc<dyn RandomSource>) -> Self {
        Self { config, keys, egress, random, server: Mutex::new(None), cache: TokenCache::default() }
    }

    /// What the server says about itself: asked once, and again after a failed token request.
    async fn server(&self) -> Result<SmartConfiguration, AuthError> {
        let mut server = self.server.lock().await;
        if let Some(known) = server.as_ref() {
            return Ok(known.clone());
        }
        let mut found = match (discover(&self.egress, &self.config.base_url).await, &self.config.token_url) {
            (Ok(found), _) => found,
            // Only the scopes are not known then.
            (Err(_), Some(token_url)) => SmartConfiguration {
                token_endpoint: token_url.clone(),
                scopes_supported: Vec::new(),
                signing_algorithms: Vec::new(),
                capabilities: Vec::new(),
            },
            (Err(error), None) => return Err(error),
        };
        if let Some(token_url) = &self.config.token_url {
            found.token_endpoint.clone_from(token_url);
        }
        *server = Some(found.clone());
        Ok(found)
    }

    async fn fetch(&self, now: Timestamp) -> Result<IssuedToken, AuthError> {
        let fetched = self.request(now).await;
        if fetched.is_err() {
            // The endpoint may have moved.
            *self.server.lock().await = None;
        }
        fetched
    }

    async fn request(&self, now: Timestamp) -> Result<IssuedToken, AuthError> {
        let server = self.server().await?;
        let token_url = server.token_endpoint.as_str();
        let key = self.keys.for_algorithms(&server.signing_algorithms).ok_or_else(|| AuthError::Algorithm {
            token_url: token_url.to_owned(),
            supported: server.signing_algorithms.join(", "),
            ours: self.keys.algorithms(),
        })?;
        let scopes = choose_scopes(&self.config.scopes, &server);
        let assertion = self.assertion(key, token_url, now)?;

        let endpoint_url = TokenUrl::new(token_url.to_owned()).map_err(|_| AuthError::TokenUrl { url: token_url.to_owned() })?;
        let client =
            BasicClient::new(ClientId::new(self.config.client_id.clone())).set_token_uri(endpoint_url).set_auth_type(AuthType::RequestBody);
        let endpoint = TokenEndpoint::new(self.egress.clone());
        let answer = client
            .exchange_client_credentials()
            .add_scopes(scopes.iter().cloned().map(Scope::new))
            .add_extra_param("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
            .add_extra_param("client_assertion", assertion)
            .request_async(&endpoint)
            .await;
        let head = endpoint.head();
        match read_answer(answer, token_url, head)? {
            Ok(token) => Ok(token),
            Err(refusal) => Err(self.explain(&refusal, head, token_url, key, &scopes, now)),
        }
    }

    fn assertion(&self, key: &SigningKey, token_url: &str, now: Timestamp) -> Result<String, AuthError> {
        let mut id = [0; 16];
        if !self.random.fill(&mut id) {
            return Err(AuthError::Key { detail: "the system gave no randomness for an assertion".to_owned() });
        }
        key.sign(&Assertion {
            iss: &self.config.client_id,
            sub: &self.config.client_id,
            aud: token_url,
            jti: format!("{:032x}", u128::from_be_bytes(id)),
            iat: now.as_second() - BACK_DATED,
            exp: now.as_second() + ASSERTION_LIFE,
        })
    }

    /// Turns a refusal into an error that says what to check.
    fn explain(
        &self,
        refusal: &Refusal,
        head: AnswerHead,
        token_url: &str,
        key: &SigningKey,
        scopes: &[String],
        now: Timestamp,
    ) -> AuthError {
        let token_url = token_url.to_owned();
        let client_id = self.config.client_id.clone();
        let answer = refusal.answer();
        let apart = head.date.map(|date| date.duration_since(now));
        let about_audience = refusal
            .description
            .split(|it: char| !it.is_ascii_alphabetic())
            .any(|word| word.eq_ignore_ascii_case("aud") || word.eq_ignore_ascii_case("audience"));
        match refusal.error {
            BasicErrorResponseType::InvalidScope => AuthError::ScopeRefused { token_url, answer, client_id, scopes: scopes.join(" ") },
            BasicErrorResponseType::UnsupportedGrantType => {
                AuthError::NoToken { token_url, detail: format!("{answer}; it does not offer client_credentials"), retry: false }
            }
            _ => match apart {
                Some(apart) if apart.abs() > CLOCK_TOLERANCE => AuthError::ClockSkew { token_url, answer, apart: format!("{apart:#}") },
                _ if about_audience => AuthError::AudienceRefused { token_url, answer },
                _ => AuthError::AssertionRefused {
                    token_url,
                    answer,
                    client_id,
                    key: match &self.config.jwks_url {
                        Some(url) => format!("{}; our key set is served at {url}", key.kid()),
                        None => format!("{}; it has to be registered by hand, as no URL serves our key set", key.kid()),
                    },
                },
            },
        }
    }
}

#[async_trait]
impl TokenSource for BackendServices {
    async fn credential(&self, now: Timestamp) -> Result<Option<Credential>, AuthError> {
        self.cache.get(now, || self.fetch(now)).await.map(Some)
    }

    async fn invalidate(&self, refused: &Credential) {
        self.cache.invalidate(refused).await;
    }
}
