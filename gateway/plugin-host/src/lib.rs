//! Adapter: plugins as sandboxed WebAssembly components. [`PluginHost`] installs them, gives each call an instance of its own, holds
//! every limit, checks every answer, and leaves out a plugin that keeps failing while the others go on.
//!
//! Architecture invariant: the only crate that names wasmtime. A plugin gets no file, environment, socket, clock or randomness (a channel with HTTP
//! gets a clock that tells how long something took, and a few random bytes), and of
//! the host interfaces only those it asked for and was granted. It proposes; nothing here sends or stores.

mod abi;
mod asked;
mod attempt;
mod breaker;
mod channel;
mod columns;
mod config;
mod digest;
mod engine;
mod error;
mod host;
mod inspect;
mod install;
mod journey;
mod ledger;
mod limits;
mod manifest;
mod package;
mod segment;
mod settings;
mod shelf;
mod sight;
mod turns;
mod webhook;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use gateway_domain::capability::Capability;
use gateway_domain::plugin::{Plugin, PluginKind, PluginName};
use gateway_domain::plugin_call::{PluginCall, PluginReport};
use gateway_ports::clock::{Clock, Entropy};
use gateway_ports::http::HttpClient;
use gateway_ports::mail::MailRelay;
use gateway_ports::plugins::{ChannelPlugin, JourneyPlugin, PluginError, Plugins, SegmentPlugin};
use gateway_ports::store::PluginValueStore;
use gateway_ports::terminology::Terminology;
use tokio::sync::Semaphore;
use wasmtime::Engine;

pub use crate::config::HostConfig;
pub use crate::error::InstallError;
use crate::host::Services;
use crate::host::lookup::Lookups;
use crate::install::Installed;
use crate::ledger::Ledgers;
pub use crate::manifest::Manifest;
pub use crate::package::{Package, PackageError, PublisherKey, SigningKey, pack};
pub use crate::settings::{PluginSettings, Secret};
pub use crate::shelf::{Difference, Placed, Shelf, ShelfError, Taken, Trust};
use crate::turns::Turns;

/// What the host interfaces stand on. Without a relay or terminology the plugins that are granted it are told that it is not there.
#[derive(Clone)]
pub struct HostDependencies {
    /// Tells when a parked plugin may try again.
    pub clock: Arc<dyn Clock>,
    /// The random bytes that come with HTTP. Without them a guest that wants some is stopped.
    pub entropy: Option<Arc<dyn Entropy>>,
    /// The mail relay.
    pub mail: Option<Arc<dyn MailRelay>>,
    /// Codes and value sets.
    pub terminology: Option<Arc<dyn Terminology>>,
    /// Sends requests.
    pub http: Option<Arc<dyn HttpClient>>,
    /// Keeps what plugins keep.
    pub values: Option<Arc<dyn PluginValueStore>>,
    /// What the operator gives plugins, by their names.
    pub settings: BTreeMap<PluginName, PluginSettings>,
}

impl HostDependencies {
    /// A clock, and nothing else.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, entropy: None, mail: None, terminology: None, http: None, values: None, settings: BTreeMap::new() }
    }
}

/// All plugins of a gateway, and the engine they run in.
pub struct PluginHost {
    shared: Arc<Shared>,
    installed: RwLock<BTreeMap<PluginName, Arc<Installed>>>,
    /// Versions that were used before, beside the one that is.
    kept: RwLock<BTreeMap<(PluginName, String), Arc<Installed>>>,
}

/// What all plugins share.
pub(crate) struct Shared {
    pub(crate) engine: Engine,
    pub(crate) config: HostConfig,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) services: Arc<Services>,
    pub(crate) settings: BTreeMap<PluginName, PluginSettings>,
    /// As many as there are places in the pool of instances.
    pub(crate) places: Semaphore,
    /// As many calls compute for long at the same time.
    pub(crate) turns: Arc<Turns>,
    /// One component is compiled at a time, so that those that take too long don't pile up.
    pub(crate) compiling: Arc<Semaphore>,
    /// What each plugin did.
    pub(crate) ledgers: Ledgers,
}

impl PluginHost {
    /// An engine without plugins.
    pub fn new(config: HostConfig, dependencies: HostDependencies) -> Result<Self, InstallError> {
        let engine = engine::build(&config)?;
        let lookups = Lookups::new(dependencies.terminology, &config);
        let services = Services {
            mail: dependencies.mail,
            http: dependencies.http,
            values: dependencies.values,
            entropy: dependencies.entropy,
            lookups,
            lookup_time: config.lookup_time,
            message_bytes: config.message_bytes,
            value_bytes: config.value_bytes,
        };
        let places = Semaphore::new(config.concurrent_calls as usize);
        let compiling = Arc::new(Semaphore::new(1));
        let shared = Shared {
            turns: Turns::new(config.computing_calls),
            engine,
            config,
            clock: dependencies.clock,
            services: Arc::new(services),
            settings: dependencies.settings,
            places,
            compiling,
            ledgers: Ledgers::default(),
        };
        Ok(Self { shared: Arc::new(shared), installed: RwLock::default(), kept: RwLock::default() })
    }

    /// Installs a plugin, or puts a new version in the place of the one of the same name: the new one gets all new work, the old one
    /// ends the calls it has begun, and is kept for journeys that stay with it. Compiles it unless the compile cache has it, on a thread
    /// of its own, and refuses it after the time for that; then nothing changes.
    pub async fn install(&self, manifest: &str, component: &[u8], granted: &[Capability], bundled: bool) -> Result<Plugin, InstallError> {
        let installed = Arc::new(install::install(&self.shared, manifest, component, granted, bundled).await?);
        let plugin = installed.describe();
        let mut all = self.installed.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(medium) = installed.entry.medium()
            && let Some((carrier, _)) = all.iter().find(|(name, other)| **name != plugin.name && other.entry.medium() == Some(medium))
        {
            let (plugin, medium, carrier) = (plugin.name.to_string(), medium.to_owned(), carrier.to_string());
            return Err(InstallError::MediumTaken { plugin, medium, carrier });
        }
        let before = all.insert(plugin.name.clone(), installed);
        drop(all);
        if let Some(before) =
            before.filter(|before| before.manifest.kind == PluginKind::Journey && before.manifest.version != plugin.version)
        {
            self.keep_beside(before);
        }
        Ok(plugin)
    }

    /// Keeps a version of a journey plugin beside the one that is used, for journeys that stay with it. Of other kinds none is kept.
    pub async fn keep(&self, manifest: &str, component: &[u8], granted: &[Capability]) -> Result<(), InstallError> {
        if Manifest::read(manifest)?.kind == PluginKind::Journey {
            self.keep_beside(Arc::new(install::install(&self.shared, manifest, component, granted, false).await?));
        }
        Ok(())
    }

    /// Takes a plugin away, with all its versions. Calls it has begun end.
    pub fn uninstall(&self, name: &PluginName) {
        self.installed.write().unwrap_or_else(PoisonError::into_inner).remove(name);
        self.kept.write().unwrap_or_else(PoisonError::into_inner).retain(|(kept, _), _| kept != name);
        self.shared.ledgers.forget(name);
    }

    fn keep_beside(&self, installed: Arc<Installed>) {
        let key = (installed.manifest.name.clone(), installed.manifest.version.clone());
        self.kept.write().unwrap_or_else(PoisonError::into_inner).insert(key, installed);
    }

    /// How many calls computed for longer than an epoch at the same time, at most, since the host is there.
    pub fn most_computing(&self) -> u32 {
        self.shared.turns.most_taken()
    }

    /// Forgets what was looked up, after terminology was imported.
    pub fn invalidate_lookups(&self) {
        self.shared.services.lookups.invalidate();
    }

    /// A channel plugin by its name, whatever it carries.
    pub fn channel_named(&self, name: &PluginName) -> Result<Arc<dyn ChannelPlugin>, PluginError> {
        let installed = self.named(PluginKind::Channel, name)?;
        Ok(Arc::new(channel::Channels { shared: self.shared.clone(), installed }))
    }

    fn of_any_kind(&self, name: &PluginName) -> Result<Arc<Installed>, PluginError> {
        let installed = self.installed.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        installed.ok_or_else(|| PluginError::Missing { kind: "", name: name.to_string() })
    }

    fn named(&self, kind: PluginKind, name: &PluginName) -> Result<Arc<Installed>, PluginError> {
        let installed = self.installed.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        installed
            .filter(|installed| installed.manifest.kind == kind)
            .ok_or_else(|| PluginError::Missing { kind: kind.name(), name: name.to_string() })
    }
}

impl Plugins for PluginHost {
    fn list(&self) -> Vec<Plugin> {
        self.installed.read().unwrap_or_else(PoisonError::into_inner).values().map(|installed| installed.describe()).collect()
    }

    fn segment(&self, name: &PluginName) -> Result<Arc<dyn SegmentPlugin>, PluginError> {
        let installed = self.named(PluginKind::Segment, name)?;
        Ok(Arc::new(segment::Segments { shared: self.shared.clone(), installed }))
    }

    fn journey(&self, name: &PluginName, version: Option<&str>) -> Result<Arc<dyn JourneyPlugin>, PluginError> {
        let mut installed = self.named(PluginKind::Journey, name)?;
        if let Some(version) = version.filter(|version| *version != installed.manifest.version) {
            let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
            let before = kept.get(&(name.clone(), version.to_owned())).cloned();
            let missing = || PluginError::Missing { kind: PluginKind::Journey.name(), name: format!("{name} {version}") };
            installed = before.ok_or_else(missing)?;
        }
        Ok(Arc::new(journey::Journeys { shared: self.shared.clone(), installed }))
    }

    fn channel(&self, medium: &str) -> Result<Arc<dyn ChannelPlugin>, PluginError> {
        let installed = self.installed.read().unwrap_or_else(PoisonError::into_inner);
        let found = installed.values().find(|installed| installed.entry.medium() == Some(medium)).cloned();
        let installed =
            found.ok_or_else(|| PluginError::Missing { kind: PluginKind::Channel.name(), name: medium.chars().take(64).collect() })?;
        Ok(Arc::new(channel::Channels { shared: self.shared.clone(), installed }))
    }

    fn resume(&self, name: &PluginName) -> Result<(), PluginError> {
        self.of_any_kind(name)?.breaker.resume();
        Ok(())
    }

    fn report(&self, name: &PluginName) -> Result<PluginReport, PluginError> {
        Ok(self.of_any_kind(name)?.ledger.report())
    }

    fn calls(&self, name: &PluginName) -> Result<Vec<PluginCall>, PluginError> {
        Ok(self.of_any_kind(name)?.ledger.calls())
    }
}
