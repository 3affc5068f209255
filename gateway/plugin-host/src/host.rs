//! What the host does for a call: one file for each interface of the WIT.

pub(crate) mod absent;
pub(crate) mod allowance;
pub(crate) mod http;
pub(crate) mod key_value;
pub(crate) mod log;
pub(crate) mod lookup;
pub(crate) mod mail;
pub(crate) mod patient_lookup;
pub(crate) mod secret;
pub(crate) mod uses;

use std::sync::Arc;
use std::time::{Duration, Instant};

use gateway_domain::capability::Capability;
use gateway_domain::plugin::PluginName;
use gateway_domain::plugin_call::HostFunction;
use gateway_ports::clock::Entropy;
use gateway_ports::http::HttpClient;
use gateway_ports::mail::MailRelay;
use gateway_ports::store::PluginValueStore;
use wasmtime::component::{HasSelf, Linker};

use crate::Shared;
use crate::abi::v0_1;
use crate::host::allowance::Allowance;
use crate::host::http::Web;
use crate::host::lookup::Lookups;
use crate::host::patient_lookup::People;
use crate::host::uses::Uses;
use crate::install::Installed;
use crate::limits::Limits;
use crate::settings::Reach;
use crate::turns::CallTurns;

/// What the interfaces stand on.
pub(crate) struct Services {
    pub(crate) mail: Option<Arc<dyn MailRelay>>,
    pub(crate) http: Option<Arc<dyn HttpClient>>,
    pub(crate) values: Option<Arc<dyn PluginValueStore>>,
    pub(crate) entropy: Option<Arc<dyn Entropy>>,
    pub(crate) lookups: Lookups,
    pub(crate) lookup_time: Duration,
    pub(crate) message_bytes: usize,
    pub(crate) value_bytes: u64,
}

/// The state of one call.
pub(crate) struct CallState {
    pub(crate) limits: Limits,
    pub(crate) allowance: Allowance,
    pub(crate) plugin: PluginName,
    pub(crate) services: Arc<Services>,
    pub(crate) reach: Arc<Reach>,
    /// The patients of the batch it is about, if it is about one.
    pub(crate) people: Option<People>,
    pub(crate) web: Web,
    pub(crate) started: Instant,
    pub(crate) uses: Uses,
    pub(crate) turns: CallTurns,
}

impl CallState {
    pub(crate) fn new(installed: &Installed, shared: &Shared) -> Self {
        let (services, config) = (Arc::clone(&shared.services), &shared.config);
        let plugin = installed.manifest.name.clone();
        Self {
            limits: Limits::new(config),
            allowance: Allowance::new(config),
            web: Web::new(&plugin, services.http.clone(), Arc::clone(&installed.reach), config),
            turns: shared.turns.of_call(&plugin),
            plugin,
            services,
            reach: Arc::clone(&installed.reach),
            people: None,
            started: Instant::now(),
            uses: Uses::default(),
        }
    }

    /// How long the plugin has computed.
    pub(crate) fn computed(&self) -> Duration {
        self.started.elapsed().saturating_sub(self.uses.waited()).saturating_sub(self.uses.paused())
    }

    /// Notes which function of the host was called; false where the call has called the host too often.
    fn calls(&mut self, function: HostFunction) -> bool {
        self.uses.is_for(function);
        self.allowance.enter()
    }
}

impl v0_1::types::Host for CallState {}

/// An interface that a capability gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interface {
    Log,
    Lookup,
    PatientLookup,
    Mail,
    KeyValue,
    Secret,
    Http,
}

impl Interface {
    pub(crate) const ALL: [Self; 7] = [Self::Log, Self::Lookup, Self::PatientLookup, Self::Mail, Self::KeyValue, Self::Secret, Self::Http];

    /// The interface that has to be there for an import, if any.
    pub(crate) fn of_import(import: &str) -> Option<Self> {
        match import {
            "outreach:plugin/log@0.1.0" => Some(Self::Log),
            "outreach:plugin/lookup@0.1.0" => Some(Self::Lookup),
            "outreach:plugin/patient-lookup@0.1.0" => Some(Self::PatientLookup),
            "outreach:plugin/mail@0.1.0" => Some(Self::Mail),
            "outreach:plugin/key-value@0.1.0" => Some(Self::KeyValue),
            "outreach:plugin/secret@0.1.0" => Some(Self::Secret),
            // Whatever the version and the interface: what the standard library of a guest brings along is asked for, too.
            _ if import.starts_with("wasi:http/") => Some(Self::Http),
            _ => None,
        }
    }

    /// Whether a capability gives it.
    pub(crate) const fn is_given_by(self, capability: &Capability) -> bool {
        match self {
            Self::Log => matches!(capability, Capability::Log),
            Self::Lookup => matches!(capability, Capability::Lookup),
            Self::PatientLookup => matches!(capability, Capability::LookupFacts(_)),
            Self::Mail => matches!(capability, Capability::Mail),
            Self::KeyValue => matches!(capability, Capability::KeyValue),
            Self::Secret => matches!(capability, Capability::Secret(_)),
            Self::Http => matches!(capability, Capability::Http(_) | Capability::HttpAsConfigured),
        }
    }

    /// What a manifest asks for to have it.
    pub(crate) const fn asked_as(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Lookup => "lookup",
            Self::PatientLookup => "lookup:` with a kind, such as `lookup:condition",
            Self::Mail => "mail",
            Self::KeyValue => "key-value",
            Self::Secret => "secret:` with its name, such as `secret:token",
            Self::Http => "http:` with an origin, such as `http:https://api.example.org",
        }
    }

    pub(crate) fn link(self, linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
        match self {
            Self::Log => v0_1::log::add_to_linker::<_, HasSelf<_>>(linker, |state| state),
            Self::Lookup => v0_1::lookup::add_to_linker::<_, HasSelf<_>>(linker, |state| state),
            Self::PatientLookup => v0_1::patient_lookup::add_to_linker::<_, HasSelf<_>>(linker, |state| state),
            Self::Mail => v0_1::mail::add_to_linker::<_, HasSelf<_>>(linker, |state| state),
            Self::KeyValue => v0_1::key_value::add_to_linker::<_, HasSelf<_>>(linker, |state| state),
            Self::Secret => v0_1::secret::add_to_linker::<_, HasSelf<_>>(linker, |state| state),
            Self::Http => http::link(linker),
        }
    }
}
