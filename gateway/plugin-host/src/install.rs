//! From a manifest and a component to a plugin that takes work.

use gateway_domain::plugin::{Capability, Plugin, PluginKind, PluginStatus};
use gateway_ports::plugins::{DeliveryPromise, PluginError};
use wasmtime::component::{Component, InstancePre, Linker};

use crate::abi::v0_1;

use crate::breaker::Breaker;
use crate::digest::sha256;
use crate::error::InstallError;
use crate::host::{self, CallState};
use crate::manifest::Manifest;
use crate::sight::Sight;
use crate::{Shared, channel};

/// An installed plugin.
pub(crate) struct Installed {
    pub(crate) manifest: Manifest,
    pub(crate) entry: Entry,
    pub(crate) breaker: Breaker,
    digest: String,
    granted: Vec<Capability>,
    pub(crate) sight: Sight,
    bundled: bool,
}

/// The component, linked and ready for a fresh instance.
pub(crate) enum Entry {
    Segment(v0_1::segment::SegmentPluginPre<CallState>),
    Journey(v0_1::journey::JourneyPluginPre<CallState>),
    Channel { component: v0_1::channel::ChannelPluginPre<CallState>, medium: String, promise: DeliveryPromise, max_batch: usize },
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
    let granted: Vec<Capability> = manifest.asks.iter().copied().filter(|asked| granted.contains(asked)).collect();
    let compiled = Component::new(&shared.engine, component)
        .map_err(|error| InstallError::Compile { plugin: plugin.clone(), reason: v0_1::cut(&format!("{error:#}")) })?;
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
            let component = v0_1::channel::ChannelPluginPre::new(linked).map_err(not_of_kind)?;
            // Until it has described itself it carries nothing.
            Entry::Channel { component, medium: String::new(), promise: DeliveryPromise::AtMostOnce, max_batch: 1 }
        }
    };
    let digest = sha256(component);
    let mut installed = Installed { sight: Sight::of(&granted), manifest, entry, breaker: Breaker::default(), digest, granted, bundled };
    if matches!(installed.entry, Entry::Channel { .. }) {
        let description = channel::describe(shared, &installed, "{}").await?;
        if let Entry::Channel { medium, promise, max_batch, .. } = &mut installed.entry {
            *promise = description.promise;
            *max_batch = description.max_batch as usize;
            *medium = description.medium;
        }
    }
    Ok(installed)
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
    for capability in granted {
        host::link(&mut linker, *capability).map_err(compile)?;
    }
    for (import, _) in component.component_type().imports(&shared.engine) {
        let import = import.to_owned();
        if import.starts_with("wasi:") || import == "outreach:plugin/types@0.1.0" {
            continue;
        }
        let Some(needed) = Capability::all().find(|known| host::interface_of(*known) == Some(import.as_str())) else {
            return Err(InstallError::NotOffered { plugin: plugin(), import });
        };
        let capability = needed;
        if !manifest.asks.contains(&needed) {
            return Err(InstallError::NotAsked { plugin: plugin(), import, capability });
        }
        if !granted.contains(&needed) {
            return Err(InstallError::NotGranted { plugin: plugin(), import, capability });
        }
    }
    linker.define_unknown_imports_as_traps(component).map_err(compile)?;
    linker.instantiate_pre(component).map_err(compile)
}
