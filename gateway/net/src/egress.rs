//! The one guarded outbound HTTP client of the program.
//!
//! A URL may come from a server we talk to (`next`, a bulk manifest, `Content-Location`, a
//! redirect), so each one is treated as hostile: scheme and host are checked before anything is
//! resolved, a name is resolved once, each address is checked, and the connection goes to a
//! checked address. Redirects are handed back, never followed. Credentials travel only through
//! [`BoundEgress`], which holds them to one origin.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use reqwest::redirect;
use tokio::time::timeout;
use url::{Host, Url};

pub use self::{
    address::{AddressKind, Network, NetworkError},
    credential::Credential,
    error::{EgressError, RefusedReason, Retry, TimeoutStage},
    origin::{Origin, OriginError, Target},
    policy::EgressPolicy,
    resolver::{HostResolver, SystemResolver},
    response::EgressResponse,
};
use crate::install_tls_provider;

mod address;
mod credential;
mod error;
mod origin;
mod policy;
mod resolver;
mod response;

/// A request to be sent. The body is whole and small; it can be sent again.
#[derive(Clone, Debug)]
pub struct EgressRequest {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl EgressRequest {
    pub fn new(method: Method, url: Url) -> Self {
        Self { method, url, headers: HeaderMap::new(), body: Bytes::new() }
    }

    pub fn get(url: Url) -> Self {
        Self::new(Method::GET, url)
    }

    /// A request with a body of the given media type.
    pub fn post(url: Url, content_type: HeaderValue, body: impl Into<Bytes>) -> Self {
        let mut request = Self::new(Method::POST, url).header(header::CONTENT_TYPE, content_type);
        request.body = body.into();
        request
    }

    /// Sets a header, in place of any there is of this name.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }
}

/// The guarded client. Cloning is cheap and shares the connections.
///
/// It sends no credential at all: `Authorization`, `Proxy-Authorization` and `Cookie` are taken
/// out of each request. [`Egress::for_origin`] gives the client that can.
#[derive(Clone)]
pub struct Egress {
    client: reqwest::Client,
    policy: Arc<EgressPolicy>,
}

impl Egress {
    /// A client that resolves names as the system does.
    ///
    /// # Errors
    /// [`EgressError::Setup`] where the TLS library can't be set up.
    pub fn new(policy: EgressPolicy) -> Result<Self, EgressError> {
        Self::with_resolver(policy, Arc::new(SystemResolver))
    }

    /// A client that asks `resolver` for addresses; they are checked all the same.
    ///
    /// # Errors
    /// [`EgressError::Setup`] where the TLS library can't be set up.
    #[expect(clippy::disallowed_methods, reason = "this is the one client that all others are banned for")]
    pub fn with_resolver(policy: EgressPolicy, resolver: Arc<dyn HostResolver>) -> Result<Self, EgressError> {
        install_tls_provider();
        let policy = Arc::new(policy);
        let client = reqwest::Client::builder()
            .dns_resolver(resolver::CheckedResolver::new(resolver, policy.clone()))
            .redirect(redirect::Policy::none())
            // A proxy would do the resolving in our place, unchecked.
            .no_proxy()
            .referer(false)
            .user_agent(policy.user_agent.clone())
            .connect_timeout(policy.connect_timeout)
            .pool_idle_timeout(Duration::from_mins(1))
            .tcp_keepalive(Duration::from_mins(1))
            .build()
            .map_err(|error| EgressError::Setup { detail: error::chain(&error) })?;
        Ok(Self { client, policy })
    }

    /// The client for one origin, to which credentials may be given.
    pub fn for_origin(&self, origin: Origin) -> BoundEgress {
        BoundEgress { egress: self.clone(), origin, foreign: Arc::from([]) }
    }

    /// Sends `request` without any credential and returns when the response's head is here.
    ///
    /// # Errors
    /// [`EgressError`]; a status of 4xx or 5xx is not one.
    pub async fn send(&self, mut request: EgressRequest) -> Result<EgressResponse, EgressError> {
        strip_credentials(&mut request.headers);
        self.execute(request).await
    }

    async fn execute(&self, request: EgressRequest) -> Result<EgressResponse, EgressError> {
        let target = Target::of(&request.url);
        let sent = self.exchange(request, target.clone()).await;
        let outcome = sent.as_ref().map_or_else(EgressError::name, |_| "answered");
        metrics::counter!("egress_requests_total", "outcome" => outcome).increment(1);
        if let Err(error) = &sent {
            tracing::debug!(%target, %error, "Request got no response");
        }
        sent
    }

    async fn exchange(&self, request: EgressRequest, target: Target) -> Result<EgressResponse, EgressError> {
        if let Err(reason) = self.check(&request.url) {
            return Err(EgressError::Refused { target, reason });
        }
        let sending = self.client.request(request.method, request.url.clone()).headers(request.headers).body(request.body).send();
        match timeout(self.policy.response_timeout, sending).await {
            Ok(Ok(response)) => Ok(EgressResponse::new(response, request.url, target, &self.policy)),
            Ok(Err(error)) => Err(EgressError::from_exchange(error, target)),
            Err(_) => Err(EgressError::Timeout { target, stage: TimeoutStage::Response }),
        }
    }

    /// What can be said about a URL before anything is resolved.
    fn check(&self, url: &Url) -> Result<(), RefusedReason> {
        match url.scheme() {
            "https" => {}
            "http" if self.policy.plain_http => {}
            "http" => return Err(RefusedReason::PlainHttp),
            _ => return Err(RefusedReason::Scheme),
        }
        // The client would turn these into an Authorization header.
        if !url.username().is_empty() || url.password().is_some() {
            return Err(RefusedReason::UserInfo);
        }
        // The URL parser has read every spelling of an IPv4 address (octal, hexadecimal, short,
        // one number, full-width digits) into the address. A literal never meets the resolver.
        match url.host() {
            Some(Host::Ipv4(address)) => self.policy.check_literal(address.into()),
            Some(Host::Ipv6(address)) => self.policy.check_literal(address.into()),
            Some(Host::Domain(_)) => Ok(()),
            None => Err(RefusedReason::Scheme),
        }
    }
}

/// The guarded client of one origin: the only way by which a credential leaves the program.
///
/// Requests to other origins are refused, unless the origin was listed with
/// [`BoundEgress::also_without_credentials`]; those go out bare.
#[derive(Clone)]
pub struct BoundEgress {
    egress: Egress,
    origin: Origin,
    foreign: Arc<[Origin]>,
}

impl BoundEgress {
    /// The origin credentials are bound to.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Allows requests to these origins too, always without any credential.
    pub fn also_without_credentials(mut self, origins: impl IntoIterator<Item = Origin>) -> Self {
        self.foreign = origins.into_iter().collect();
        self
    }

    /// Sends `request`; `credential` goes along only where the URL has the bound origin.
    ///
    /// # Errors
    /// [`EgressError`]; a status of 4xx or 5xx is not one.
    pub async fn send(&self, mut request: EgressRequest, credential: Option<&Credential>) -> Result<EgressResponse, EgressError> {
        if self.origin.owns(&request.url) {
            if let Some(credential) = credential {
                let value = credential.header_value()?;
                request.headers.insert(header::AUTHORIZATION, value);
            }
            return self.egress.execute(request).await;
        }
        if !self.foreign.iter().any(|origin| origin.owns(&request.url)) {
            return Err(EgressError::Refused { target: Target::of(&request.url), reason: RefusedReason::ForeignOrigin });
        }
        self.egress.send(request).await
    }
}

fn strip_credentials(headers: &mut HeaderMap) {
    for name in [header::AUTHORIZATION, header::PROXY_AUTHORIZATION, header::COOKIE] {
        headers.remove(name);
    }
}
