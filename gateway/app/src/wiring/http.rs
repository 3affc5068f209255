//! Requests of plugins, each plugin by a guarded client of its own.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use gateway_domain::plugin::PluginName;
use gateway_net::egress::{Egress, EgressError, EgressPolicy, EgressRequest, Origin};
use gateway_ports::http::{HttpClient, OutboundError, OutboundRequest, OutboundResponse};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use tokio::time::timeout;
use url::Url;

use super::ehr::open;
use crate::config::PluginSection;

/// The clients by plugin; one without a section has the usual one.
pub(crate) struct PluginClients {
    usual: Egress,
    own: BTreeMap<PluginName, Egress>,
}

impl PluginClients {
    /// The clients of the configuration: each reaches public addresses over TLS, and what its section lists.
    ///
    /// # Errors
    /// Where a private host can't be read, or TLS can't be set up.
    pub(crate) fn new(sections: &[PluginSection]) -> anyhow::Result<Self> {
        let usual = || EgressPolicy {
            connect_timeout: Duration::from_secs(10),
            response_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(10),
            ..EgressPolicy::default()
        };
        let mut own = BTreeMap::new();
        for section in sections {
            let plain_http = section.origins.iter().any(|origin| origin.as_str().starts_with("http://"));
            let mut policy = EgressPolicy { plain_http, ..usual() };
            open(&mut policy, &section.private_hosts, "plugin.private_hosts")?;
            own.insert(section.name.clone(), Egress::new(policy)?);
        }
        Ok(Self { usual: Egress::new(usual())?, own })
    }
}

#[async_trait]
impl HttpClient for PluginClients {
    async fn send(&self, request: OutboundRequest) -> Result<OutboundResponse, OutboundError> {
        let egress = self.own.get(&request.plugin).unwrap_or(&self.usual);
        timeout(request.time, exchange(egress, &request)).await.unwrap_or(Err(OutboundError::TimedOut))
    }
}

async fn exchange(egress: &Egress, request: &OutboundRequest) -> Result<OutboundResponse, OutboundError> {
    let url: Url = request.url.parse().map_err(|_| OutboundError::Refused)?;
    let method = Method::from_bytes(request.method.as_bytes()).map_err(|_| OutboundError::Refused)?;
    let mut headers = HeaderMap::new();
    for (name, value) in &request.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| OutboundError::Refused)?;
        let mut value = HeaderValue::from_bytes(value).map_err(|_| OutboundError::Refused)?;
        value.set_sensitive(true);
        headers.append(name, value);
    }
    let origin = Origin::of(&url).ok_or(OutboundError::Refused)?;
    let sent = EgressRequest { method, url, headers, body: request.body.clone().into() };
    let mut response = egress.for_origin(origin).send(sent, None).await.map_err(|error| failed(&error))?;
    let status = response.status().as_u16();
    let headers = response.headers().iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect();
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(|error| failed(&error))? {
        if body.len() + piece.len() > request.most_bytes {
            return Err(OutboundError::TooLarge);
        }
        body.extend_from_slice(&piece);
    }
    Ok(OutboundResponse { status, headers, body })
}

fn failed(error: &EgressError) -> OutboundError {
    match error {
        EgressError::Refused { .. } | EgressError::Setup { .. } => OutboundError::Refused,
        EgressError::Dns { .. } => OutboundError::UnknownHost,
        EgressError::Tls { .. } => OutboundError::Untrusted,
        EgressError::Timeout { .. } if error.may_have_been_received() => OutboundError::TimedOut,
        EgressError::Connect { .. } | EgressError::Timeout { .. } => OutboundError::NoConnection,
        EgressError::TooLarge { .. } => OutboundError::TooLarge,
        EgressError::Exchange { .. } | EgressError::Body { .. } | EgressError::Damaged { .. } => OutboundError::BrokenOff,
    }
}
