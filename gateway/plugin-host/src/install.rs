//! From a manifest and a component to a plugin that takes work.

use std::sync::Arc;

use gateway_domain::capability::Capability;
use gateway_domain::plugin::{Plugin, PluginKind, PluginStatus};
use gateway_ports::plugins::{DeliveryPromise, PluginError};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use wasmtime::component::{Component, InstancePre, Linker};

use crate::abi::v0_1;
use crate::asked::Asked;
use crate::attempt::Attempt;
use crate::breaker::Breaker;
use crate::digest::sha256;
use crate::error::InstallError;
use crate::host::{CallState, Interface, absent};
use crate::inspect::inspect;
use crate::ledger::Ledger;
use crate::manifest::Manifest;
use crate::settings::Reach;
use crate::sight::Sight;
use crate::{Shared, channel};

/// An installed plugin.
pub(crate) struct Installed {
    pub(crate) manifest: Manifest,
    pub(crate) entry: Entry,
    pub(crate) breaker: Breaker,
    /// What it did, with its other versions.
    pub(crate) ledger: Arc<Ledger>,
    /// As many as the plugin may have calls at the same time.
    pub(crate) places: Semaphore,
    digest: String,
    granted: Vec<Capability>,
    /// The digest and what was granted, as one text.
    pub(crate) logic: String,
    pub(crate) sight: Sight,
    /// Servers it may ask, and secrets it may use.
    pub(crate) reach: Arc<Reach>,
    bundled: bool,
}

/// The component, linked and ready for a fresh instance.
pub(crate) enum Entry {
    Segment(v0_1::segment::SegmentPluginPre<CallState>),
    Journey(v0_1::journey::JourneyPluginPre<CallState>),
    Channel {
        component: v0_1::channel::ChannelPluginPre<CallState>,
        /// Its other face, where it is told things by its provider.
        webhook: Option<v0_1::webhook::WebhookPluginPre<CallState>>,
        medium: String,
        promise: DeliveryPromise,
        max_batch: usize,
    },
}

impl Entry {
    /// What a channel carries.
    pub(crate) fn medium(&self) -> Option<&str> {
        if let Self::Channel { medium, .. } = self { Some(medium) } else { None }
    }
}

impl Installed {
    /// The plugin as the gateway shows it.
    pub(crate) fn describe(&self) -> Plugin {
        let record = self.breaker.record();
        Plugin {
            name: self.manifest.name.clone(),
            version: self.manifest.version.clone(),
            kind: self.manifest.kind,
            description: self.manifest.description.clone(),
            digest: self.digest.clone(),
            asks: self.manifest.asks.clone(),
            granted: self.granted.clone(),
            bundled: self.bundled,
            status: if record.is_parked() { PluginStatus::Parked } else { PluginStatus::Active },
            calls: record.calls,
            failures: record.failures,
            last_error: record.last_error,
        }
    }

    /// The error of a plugin that is asked for what it is not.
    pub(crate) fn is_no(&self, kind: PluginKind) -> PluginError {
        PluginError::Missing { kind: kind.name(), name: self.manifest.name.to_string() }
    }
}

pub(crate) async fn install(
    shared: &Shared,
    manifest: &str,
    component: &[u8],
    granted: &[Capability],
    bundled: bool,
) -> Result<Installed, InstallError> {
    let manifest = Manifest::read(manifest)?;
    let plugin = manifest.name.to_string();
    if component.len() > shared.config.component_bytes {
        return Err(InstallError::TooLarge { plugin, bytes: component.len(), most: shared.config.component_bytes });
    }
    let granted: Vec<Capability> = manifest.asks.iter().filter(|asked| granted.contains(asked)).cloned().collect();
    inspect(&shared.config, &plugin, component)?;
    let compiled = compile(shared, &plugin, component).await?;
    let linked = link(shared, &manifest, &compiled, &granted)?;
    let not_of_kind = |error: wasmtime::Error| InstallError::World {
        plugin: plugin.clone(),
        kind: manifest.kind.name(),
        reason: v0_1::cut(&format!("{error:#}")),
    };
    let entry = match manifest.kind {
        PluginKind::Segment => Entry::Segment(v0_1::segment::SegmentPluginPre::new(linked).map_err(not_of_kind)?),
        PluginKind::Journey => Entry::Journey(v0_1::journey::JourneyPluginPre::new(linked).map_err(not_of_kind)?),
        PluginKind::Channel => {
            let webhook = if has_webhook(shared, &compiled) {
                Some(v0_1::webhook::WebhookPluginPre::new(linked.clone()).map_err(not_of_kind)?)
            } else {
                None
            };
            let component = v0_1::channel::ChannelPluginPre::new(linked).map_err(not_of_kind)?;
            // Until it has described itself it carries nothing.
            Entry::Channel { component, webhook, medium: String::new(), promise: DeliveryPromise::AtMostOnce, max_batch: 1 }
        }
    };
    let digest = sha256(component);
    let names: Vec<String> = granted.iter().map(Capability::to_string).collect();
    let logic = format!("{digest} {}", names.join(" "));
    let mut installed = Installed {
        ledger: shared.ledgers.of(&manifest.name, shared.clock.now()),
        sight: Sight::of(&granted),
        reach: Arc::new(Reach::of(&granted, shared.settings.get(&manifest.name))),
        manifest,
        entry,
        breaker: Breaker::default(),
        places: Semaphore::new(shared.config.plugin_calls as usize),
        digest,
        granted,
        logic,
        bundled,
    };
    start(shared, &installed).await?;
    if matches!(installed.entry, Entry::Channel { .. }) {
        let config =
            shared.settings.get(&installed.manifest.name).map(|settings| settings.config.as_str()).filter(|config| !config.is_empty());
        let description = channel::describe(shared, &installed, config.unwrap_or("{}")).await?;
        if let Entry::Channel { medium, promise, max_batch, .. } = &mut installed.entry {
            *promise = description.promise;
            *max_batch = description.max_batch as usize;
            *medium = description.medium;
        }
    }
    Ok(installed)
}

/// Compiles beside the threads that answer, one component at a time. A compilation can't be stopped: one that takes too long goes on
/// for what [`inspect`] let through, and until its end no other begins.
async fn compile(shared: &Shared, plugin: &str, component: &[u8]) -> Result<Component, InstallError> {
    let refused = |reason: String| InstallError::Compile { plugin: plugin.to_owned(), reason };
    let (engine, component) = (shared.engine.clone(), component.to_vec());
    let compiled = timeout(shared.config.compile_time, async {
        let turn = shared.compiling.clone().acquire_owned().await.map_err(|closed| closed.to_string())?;
        let work = spawn_blocking(move || {
            let _turn = turn;
            Component::new(&engine, component).map_err(|error| v0_1::cut(&format!("{error:#}")))
        });
        work.await.map_err(|panicked| panicked.to_string())?
    });
    match compiled.await {
        Ok(compiled) => compiled.map_err(refused),
        Err(_) => Err(InstallError::Slow { plugin: plugin.to_owned(), seconds: shared.config.compile_time.as_secs() }),
    }
}

/// Makes an instance under the limits of a call: only then the types of the exports are compared, and what starts by itself runs.
async fn start(shared: &Shared, installed: &Installed) -> Result<(), PluginError> {
    let (attempt, mut store) = Attempt::begin(shared, installed, Asked::start()).await?;
    let ended = timeout(shared.config.call_time, async {
        match &installed.entry {
            Entry::Segment(component) => component.instantiate_async(&mut store).await.map(drop),
            Entry::Journey(component) => component.instantiate_async(&mut store).await.map(drop),
            Entry::Channel { component, .. } => component.instantiate_async(&mut store).await.map(drop),
        }
    });
    let ended = ended.await;
    attempt.finish(store, ended, Ok)
}

fn has_webhook(shared: &Shared, component: &Component) -> bool {
    component.component_type().exports(&shared.engine).any(|(name, _)| name == "outreach:plugin/webhook@0.1.0")
}

/// Links what was granted. What the standard library of a guest imports of WASI becomes a trap; any other import is refused.
fn link(
    shared: &Shared,
    manifest: &Manifest,
    component: &Component,
    granted: &[Capability],
) -> Result<InstancePre<CallState>, InstallError> {
    let plugin = || manifest.name.to_string();
    let compile = |error: wasmtime::Error| InstallError::Compile { plugin: plugin(), reason: v0_1::cut(&format!("{error:#}")) };
    let mut linker = Linker::new(&shared.engine);
    v0_1::types::add_to_linker::<_, wasmtime::component::HasSelf<_>>(&mut linker, |state: &mut CallState| state).map_err(compile)?;
    for interface in Interface::ALL.into_iter().filter(|it| granted.iter().any(|capability| it.is_given_by(capability))) {
        interface.link(&mut linker).map_err(compile)?;
    }
    for (import, _) in component.component_type().imports(&shared.engine) {
        let Some(needed) = Interface::of_import(import) else {
            if import.starts_with("wasi:") || import == "outreach:plugin/types@0.1.0" {
                continue;
            }
            return Err(InstallError::NotOffered { plugin: plugin(), import: import.to_owned() });
        };
        let (import, capability) = (import.to_owned(), needed.asked_as());
        if !manifest.asks.iter().any(|asked| needed.is_given_by(asked)) {
            return Err(InstallError::NotAsked { plugin: plugin(), import, capability });
        }
        if !granted.iter().any(|granted| needed.is_given_by(granted)) {
            return Err(InstallError::NotGranted { plugin: plugin(), import, capability });
        }
    }
    let has_http = granted.iter().any(|capability| Interface::Http.is_given_by(capability));
    absent::link(&mut linker, &shared.engine, component, has_http).map_err(compile)?;
    linker.instantiate_pre(component).map_err(compile)
}
