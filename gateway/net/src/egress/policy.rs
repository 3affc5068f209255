//! What the guarded client may do.

use std::{net::IpAddr, time::Duration};

use super::{
    address::{AddressKind, Network, kind},
    error::RefusedReason,
};

/// Where requests may go, how long they may take and how much they may bring back.
#[derive(Clone, Debug)]
pub struct EgressPolicy {
    /// Ranges that are open although they are not public, such as a hospital's `10.20.0.0/16`.
    pub allowed_networks: Vec<Network>,
    /// Host names that may lead to loopback, private and carrier-NAT addresses. Link-local and
    /// metadata addresses stay shut for them: only `allowed_networks` opens those.
    pub allowed_hosts: Vec<String>,
    /// Whether `http:` is allowed beside `https:`.
    pub plain_http: bool,
    /// The longest wait for name, connection and TLS handshake together.
    pub connect_timeout: Duration,
    /// The longest wait for a response's head, from the start of the request.
    pub response_timeout: Duration,
    /// The longest silence in the middle of a body.
    pub idle_timeout: Duration,
    /// The most bytes of a body, after decompression.
    pub max_body_bytes: u64,
    /// The `User-Agent` of each request.
    pub user_agent: String,
}

impl Default for EgressPolicy {
    /// Public addresses over TLS.
    fn default() -> Self {
        Self {
            allowed_networks: Vec::new(),
            allowed_hosts: Vec::new(),
            plain_http: false,
            connect_timeout: Duration::from_secs(10),
            response_timeout: Duration::from_mins(2),
            idle_timeout: Duration::from_mins(1),
            max_body_bytes: 64 << 30,
            user_agent: concat!("outreach-gateway/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

impl EgressPolicy {
    /// Loopback over plain HTTP, with short waits.
    pub fn for_testing() -> Self {
        let loopback = ["127.0.0.0/8", "::1/128"];
        Self {
            allowed_networks: loopback.iter().filter_map(|it| it.parse().ok()).collect(),
            plain_http: true,
            connect_timeout: Duration::from_secs(2),
            response_timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_secs(2),
            max_body_bytes: 16 << 20,
            ..Self::default()
        }
    }

    /// Whether a host given as an address may be connected to.
    pub(super) fn check_literal(&self, address: IpAddr) -> Result<(), RefusedReason> {
        let kind = kind(address);
        if kind == AddressKind::Public || self.lists(address) {
            return Ok(());
        }
        Err(RefusedReason::Address { kind })
    }

    /// Whether an address that `host` resolved to may be connected to.
    pub(super) fn check_resolved(&self, host: &str, address: IpAddr) -> Result<(), RefusedReason> {
        let internal = matches!(kind(address), AddressKind::Loopback | AddressKind::Private | AddressKind::CarrierNat);
        if internal && self.lists_host(host) {
            return Ok(());
        }
        self.check_literal(address)
    }

    fn lists(&self, address: IpAddr) -> bool {
        self.allowed_networks.iter().any(|network| network.contains(address))
    }

    fn lists_host(&self, host: &str) -> bool {
        self.allowed_hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(host))
    }
}
