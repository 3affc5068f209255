//! Requests to servers on behalf of plugins.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use gateway_domain::plugin::PluginName;

/// A request that was granted and counted before.
#[derive(Clone, PartialEq, Eq)]
pub struct OutboundRequest {
    /// Who asks.
    pub plugin: PluginName,
    /// RFC 9110 section 9.
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// Names in lower case, and values.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The whole body.
    pub body: Vec<u8>,
    /// Most bytes of the response's body.
    pub most_bytes: usize,
    /// How long the whole may take.
    pub time: Duration,
}

impl fmt::Debug for OutboundRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutboundRequest").field("plugin", &self.plugin).field("method", &self.method).finish_non_exhaustive()
    }
}

/// What came back.
#[derive(Clone, PartialEq, Eq)]
pub struct OutboundResponse {
    /// RFC 9110 section 15.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The whole body.
    pub body: Vec<u8>,
}

impl fmt::Debug for OutboundResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutboundResponse").field("status", &self.status).finish_non_exhaustive()
    }
}

/// Why nothing came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    /// Our own rules stand against it, for example an address inside the hospital. Nothing was sent.
    #[error("it is not allowed")]
    Refused,
    /// The host's name leads nowhere. Nothing was sent.
    #[error("the host is not found")]
    UnknownHost,
    /// Nobody listens there. Nothing was sent.
    #[error("no connection")]
    NoConnection,
    /// The server can't prove who it is. Nothing was sent.
    #[error("no trusted TLS connection")]
    Untrusted,
    /// It took too long; the server may have got it.
    #[error("no answer in time")]
    TimedOut,
    /// The exchange broke off; the server may have got it.
    #[error("the exchange broke off")]
    BrokenOff,
    /// The response is larger than is taken; the server got the request.
    #[error("the response is too large")]
    TooLarge,
}

/// Sends requests. Redirects are responses like others.
#[async_trait]
pub trait HttpClient: Send + Sync {
    /// One request, and its whole response.
    async fn send(&self, request: OutboundRequest) -> Result<OutboundResponse, OutboundError>;
}
