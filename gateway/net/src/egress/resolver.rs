//! Name resolution whose answers are checked before they are used.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::net::lookup_host;

use super::{error::RefusedReason, policy::EgressPolicy};

/// Finds the addresses of a host name.
#[async_trait]
pub trait HostResolver: Send + Sync {
    /// All addresses of `host`, best first.
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// The resolver of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

#[async_trait]
impl HostResolver for SystemResolver {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        Ok(lookup_host((host, 0)).await?.map(|it| it.ip()).collect())
    }
}

/// A name whose addresses may not be connected to.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct RefusedName(pub(super) RefusedReason);

/// A name that has no addresses.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct UnknownName(String);

/// The resolver the client asks at each new connection. What it returns is connected to as it
/// is, so that a second, different answer of a hostile name server is never seen.
pub(super) struct CheckedResolver {
    resolver: Arc<dyn HostResolver>,
    policy: Arc<EgressPolicy>,
}

impl CheckedResolver {
    pub(super) fn new(resolver: Arc<dyn HostResolver>, policy: Arc<EgressPolicy>) -> Self {
        Self { resolver, policy }
    }
}

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (resolver, policy) = (self.resolver.clone(), self.policy.clone());
        Box::pin(async move {
            let found = resolver.resolve(name.as_str()).await.map_err(|error| UnknownName(error.to_string()))?;
            if found.is_empty() {
                return Err(UnknownName("the name has no address".to_owned()).into());
            }
            // One refused address refuses the name: a mixture of open and shut ones is either an
            // attack or a network that the operator has yet to list.
            for address in &found {
                policy.check_resolved(name.as_str(), *address).map_err(RefusedName)?;
            }
            let checked = found.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(checked) as Addrs)
        })
    }
}
