//! SMART Backend Services: registered clients, signed assertions, tokens and what they allow.

mod assertion;
mod scope;

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::jwk::JwkSet;
use url::Url;

use self::assertion::Claims;
pub(crate) use self::scope::{Access, Scopes};
use crate::error::Error;

/// The types of signatures accepted, as discovery names them.
pub(crate) const ALGORITHMS: [&str; 2] = ["RS384", "ES384"];
pub(crate) const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Tokens and used assertions held at once; the oldest make room.
const MOST_HELD: usize = 100_000;

/// A client that may ask for tokens.
#[derive(Clone, Debug)]
pub struct Client {
    /// The client id: `iss` and `sub` of its assertions.
    pub id: String,
    /// Where its public keys are.
    pub keys: ClientKeys,
}

/// The public keys of a client.
#[derive(Clone, Debug)]
pub enum ClientKeys {
    /// A JSON Web Key Set, as text.
    Inline(String),
    /// A file with a JSON Web Key Set, read anew for each token.
    File(PathBuf),
    /// An address that serves a JSON Web Key Set, fetched anew for each token.
    Url(Url),
}

/// Why a token was refused, in the terms of RFC 6749 section 5.2.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) error: &'static str,
    pub(crate) description: String,
}

impl Refusal {
    fn client(description: impl Into<String>) -> Self {
        Self { error: "invalid_client", description: description.into() }
    }

    pub(crate) fn request(description: impl Into<String>) -> Self {
        Self { error: "invalid_request", description: description.into() }
    }
}

/// A token that was given out.
pub(crate) struct Token {
    pub(crate) value: String,
    pub(crate) scope: String,
    pub(crate) expires_in: Duration,
}

/// Clients, tokens and used assertions.
pub(crate) struct Desk {
    token_url: String,
    lifetime: Duration,
    http: reqwest::Client,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    clients: HashMap<String, ClientKeys>,
    tokens: HashMap<String, Grant>,
    /// Used assertion ids by client, with the instant from which they are stale anyway.
    used: HashMap<(String, String), Timestamp>,
}

struct Grant {
    scopes: Scopes,
    expires: Timestamp,
}

impl Desk {
    pub(crate) fn new(token_url: String, lifetime: Duration, clients: Vec<Client>) -> Result<Self, Error> {
        #[expect(clippy::disallowed_methods, reason = "the sandbox stands outside of the gateway and fetches key sets its starter names")]
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(10))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| Error::Config(format!("The HTTP client for key sets can't be built: {error}")))?;
        let desk = Self { token_url, lifetime, http, state: Mutex::default() };
        for client in clients {
            desk.register(client);
        }
        Ok(desk)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn token_url(&self) -> &str {
        &self.token_url
    }

    pub(crate) fn register(&self, client: Client) {
        self.state().clients.insert(client.id, client.keys);
    }

    /// Answers a `client_credentials` request.
    pub(crate) async fn token(&self, form: &HashMap<String, String>, now: Timestamp) -> Result<Token, Refusal> {
        let field = |name: &str| form.get(name).map(String::as_str).filter(|value| !value.is_empty());
        match field("grant_type") {
            Some("client_credentials") => {}
            Some(other) => {
                return Err(Refusal {
                    error: "unsupported_grant_type",
                    description: format!("grant_type is {other:?}; only client_credentials is known here"),
                });
            }
            None => return Err(Refusal::request("grant_type is missing; client_credentials was expected")),
        }
        match field("client_assertion_type") {
            Some(ASSERTION_TYPE) => {}
            _ => return Err(Refusal::request(format!("client_assertion_type must be {ASSERTION_TYPE}"))),
        }
        let assertion = field("client_assertion").ok_or_else(|| Refusal::request("client_assertion is missing"))?;
        let unverified = assertion::issuer(assertion)?;
        let keys = self.state().clients.get(&unverified).cloned();
        let keys = keys.ok_or_else(|| {
            Refusal::client(format!("Client {unverified:?} is not registered; start the sandbox with --client {unverified}=JWKS"))
        })?;
        let keys = self.key_set(&unverified, &keys).await?;
        let claims = assertion::verify(assertion, &keys)?;
        assertion::check(&claims, &unverified, &self.token_url, now)?;
        let scopes =
            Scopes::parse(field("scope").unwrap_or_default()).map_err(|description| Refusal { error: "invalid_scope", description })?;
        self.grant(&claims, scopes, now)
    }

    fn grant(&self, claims: &Claims, scopes: Scopes, now: Timestamp) -> Result<Token, Refusal> {
        let mut state = self.state();
        state.used.retain(|_, stale| *stale > now);
        state.tokens.retain(|_, grant| grant.expires > now);
        if state.used.len() >= MOST_HELD || state.tokens.len() >= MOST_HELD {
            return Err(Refusal { error: "temporarily_unavailable", description: "Too many tokens are alive".to_owned() });
        }
        let stale = now.saturating_add(SignedDuration::from_mins(10)).unwrap_or(Timestamp::MAX);
        if state.used.insert((claims.iss.clone(), claims.jti.clone()), stale).is_some() {
            return Err(Refusal::client(format!("jti {:?} was used before; each assertion needs a new one", claims.jti)));
        }
        let lifetime = SignedDuration::try_from(self.lifetime).unwrap_or(SignedDuration::from_mins(5));
        let expires = now.saturating_add(lifetime).unwrap_or(Timestamp::MAX);
        let value = secret().map_err(|description| Refusal { error: "server_error", description })?;
        let scope = scopes.to_string();
        state.tokens.insert(value.clone(), Grant { scopes, expires });
        Ok(Token { value, scope, expires_in: self.lifetime })
    }

    /// What a bearer token allows.
    pub(crate) fn scopes(&self, token: &str, now: Timestamp) -> Result<Scopes, Error> {
        match self.state().tokens.get(token) {
            Some(grant) if grant.expires > now => Ok(grant.scopes.clone()),
            Some(_) => Err(Error::Unauthorized("The token has expired; ask for a new one".to_owned())),
            None => Err(Error::Unauthorized("The token is not known here, or has expired".to_owned())),
        }
    }

    async fn key_set(&self, client: &str, keys: &ClientKeys) -> Result<JwkSet, Refusal> {
        let text = match keys {
            ClientKeys::Inline(text) => text.clone(),
            ClientKeys::File(path) => tokio::fs::read_to_string(path)
                .await
                .map_err(|error| Refusal::client(format!("The key set of {client:?} at {} can't be read: {error}", path.display())))?,
            ClientKeys::Url(url) => self
                .fetch(url)
                .await
                .map_err(|error| Refusal::client(format!("The key set of {client:?} at {url} can't be fetched: {error}")))?,
        };
        serde_json::from_str(&text)
            .map_err(|error| Refusal::client(format!("The key set of {client:?} is not a JSON Web Key Set: {error}")))
    }

    async fn fetch(&self, url: &Url) -> Result<String, String> {
        const LARGEST: usize = 1024 * 1024;
        let mut response = self.http.get(url.clone()).send().await.map_err(|error| error.to_string())?;
        if !response.status().is_success() {
            return Err(format!("status {}", response.status()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| error.to_string())? {
            body.extend_from_slice(&chunk);
            if body.len() > LARGEST {
                return Err("more than 1 MiB".to_owned());
            }
        }
        String::from_utf8(body).map_err(|error| error.to_string())
    }
}

/// 256 bits nobody can guess, as text for a URL or header.
pub(crate) fn secret() -> Result<String, String> {
    let mut bytes = [0_u8; 32];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| "The system has no randomness".to_owned())?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
