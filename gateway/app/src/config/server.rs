//! `[server]`

use std::net::SocketAddr;

use serde::Deserialize;
use url::Url;

use super::ConfigError;

/// Where the gateway is served.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServerSection {
    /// Console, API and patient pages.
    pub(crate) listen: SocketAddr,
    /// Health and metrics.
    pub(crate) admin_listen: SocketAddr,
    /// The address by which people reach `listen`.
    pub(crate) public_url: Url,
}

impl ServerSection {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let plain_is_fine = self.public_url.host_str().is_some_and(|host| matches!(host, "localhost" | "127.0.0.1" | "[::1]"));
        match self.public_url.scheme() {
            "https" => {}
            "http" if plain_is_fine => {}
            _ => return Err(ConfigError::key("server.public_url", "expected an `https` address; `http` is for this machine alone")),
        }
        if self.public_url.path() != "/" || self.public_url.query().is_some() {
            return Err(ConfigError::key("server.public_url", "expected scheme, host and port alone, without a path"));
        }
        Ok(())
    }

    /// Whether people reach the gateway by https, so that cookies are marked secure.
    pub(crate) fn is_https(&self) -> bool {
        self.public_url.scheme() == "https"
    }

    /// The public address without a slash at its end.
    pub(crate) fn public_base(&self) -> String {
        self.public_url.as_str().trim_end_matches('/').to_owned()
    }
}
