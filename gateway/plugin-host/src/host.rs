//! What the host does for a call: one file for each interface of the WIT.

pub(crate) mod allowance;
pub(crate) mod log;
pub(crate) mod lookup;
pub(crate) mod mail;

use std::sync::Arc;
use std::time::{Duration, Instant};

use gateway_domain::capability::Capability;
use gateway_domain::plugin::PluginName;
use gateway_ports::mail::MailRelay;
use wasmtime::component::{HasSelf, Linker};

use crate::abi::v0_1;
use crate::config::HostConfig;
use crate::host::allowance::Allowance;
use crate::host::lookup::Lookups;
use crate::install::Installed;
use crate::limits::Limits;

/// What the interfaces stand on.
pub(crate) struct Services {
    pub(crate) mail: Option<Arc<dyn MailRelay>>,
    pub(crate) lookups: Lookups,
    pub(crate) message_bytes: usize,
}

/// The state of one call.
pub(crate) struct CallState {
    pub(crate) limits: Limits,
    pub(crate) allowance: Allowance,
    pub(crate) plugin: PluginName,
    pub(crate) services: Arc<Services>,
    pub(crate) started: Instant,
    /// Time spent waiting for the host.
    pub(crate) outside: Duration,
}

impl CallState {
    pub(crate) fn new(installed: &Installed, services: Arc<Services>, config: &HostConfig) -> Self {
        Self {
            limits: Limits::new(config),
            allowance: Allowance::new(config),
            plugin: installed.manifest.name.clone(),
            services,
            started: Instant::now(),
            outside: Duration::ZERO,
        }
    }
}

impl v0_1::types::Host for CallState {}

/// The interface that a capability gives; `None` where it gives something to see.
pub(crate) const fn interface_of(capability: Capability) -> Option<&'static str> {
    match capability {
        Capability::Log => Some("outreach:plugin/log@0.1.0"),
        Capability::Lookup => Some("outreach:plugin/lookup@0.1.0"),
        Capability::Mail => Some("outreach:plugin/mail@0.1.0"),
        Capability::Patient(_) | Capability::Facts(_) => None,
    }
}

/// Links the interface of a capability.
pub(crate) fn link(linker: &mut Linker<CallState>, capability: Capability) -> wasmtime::Result<()> {
    match capability {
        Capability::Log => v0_1::log::add_to_linker::<_, HasSelf<_>>(linker, |state| state),
        Capability::Lookup => v0_1::lookup::add_to_linker::<_, HasSelf<_>>(linker, |state| state),
        Capability::Mail => v0_1::mail::add_to_linker::<_, HasSelf<_>>(linker, |state| state),
        Capability::Patient(_) | Capability::Facts(_) => Ok(()),
    }
}
