//! What can be wrong between us and an authorization server, and how to check it.

use std::path::PathBuf;

use gateway_net::egress::{EgressError, Retry};

/// Why there is no token, key or link.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// A file that holds keys can't be read, written or understood.
    #[error("key file {}: {detail}", path.display())]
    KeyFile { path: PathBuf, detail: String },
    /// A key is there and can't be used.
    #[error("signing key: {detail}")]
    Key { detail: String },
    /// The FHIR server does not say where its tokens come from.
    #[error(
        "{base} names no token endpoint, neither in .well-known/smart-configuration ({well_known}) \
         nor in its CapabilityStatement ({metadata}); set the token URL in the source's \
         configuration if the server's documentation gives one"
    )]
    NoTokenEndpoint { base: String, well_known: String, metadata: String },
    /// A token endpoint that is not a URL.
    #[error("token endpoint {url:?} is not an absolute http or https URL")]
    TokenUrl { url: String },
    /// The server takes none of our signature algorithms.
    #[error(
        "{token_url} takes assertions signed with {supported}, and our key is for {ours}; add a \
         key of one of these kinds"
    )]
    Algorithm { token_url: String, supported: String, ours: String },
    /// `invalid_client` for an assertion.
    #[error(
        "{token_url} refused our assertion ({answer}): check that client id \
         {client_id} is registered there with the public key whose kid is {key}"
    )]
    AssertionRefused { token_url: String, answer: String, client_id: String, key: String },
    /// The server complains about the audience.
    #[error(
        "{token_url} refused our assertion because of its audience ({answer}): the \
         audience is exactly this token URL; if the server knows itself by another one, set that \
         as the token URL in the source's configuration"
    )]
    AudienceRefused { token_url: String, answer: String },
    /// The clocks are too far apart for an assertion that lives for minutes.
    #[error(
        "{token_url} refused our assertion ({answer}), and its clock is {apart} away \
         from ours: check that both machines keep their time by NTP"
    )]
    ClockSkew { token_url: String, answer: String, apart: String },
    /// `invalid_client` for a client secret.
    #[error(
        "{token_url} refused our client secret ({answer}): check client id \
         {client_id}, its secret, and whether the server wants them in the header or in the body"
    )]
    SecretRefused { token_url: String, answer: String, client_id: String },
    /// `invalid_scope`.
    #[error(
        "{token_url} refused the scopes {scopes:?} ({answer}): check which scopes \
         client id {client_id} was granted there"
    )]
    ScopeRefused { token_url: String, answer: String, client_id: String, scopes: String },
    /// Any other answer that is not a token.
    #[error("{token_url} gave no token: {detail}")]
    NoToken { token_url: String, detail: String, retry: bool },
    /// The request did not get through.
    #[error(transparent)]
    Egress(#[from] EgressError),
}

impl AuthError {
    /// Whether another try can help before a person has changed something.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Egress(error) => error.retry(),
            Self::NoToken { retry: true, .. } | Self::NoTokenEndpoint { .. } => Retry::Later,
            _ => Retry::Never,
        }
    }
}

/// A server's words, made fit for one line of an error: at most 300 characters, no control ones.
pub(crate) fn quoted(text: &str) -> String {
    let clean = text.chars().map(|it| if it.is_control() { ' ' } else { it });
    clean.take(300).collect()
}
