//! The plugins of a gateway: those that came with it, and those on the operator's shelf, taken up again whenever the shelf changes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use gateway_domain::capability::Capability;
use gateway_domain::plugin::PluginName;
use gateway_plugin_host::{HostConfig, HostDependencies, Manifest, Placed, PluginHost, Shelf, Trust};
use gateway_ports::clock::{Clock, Entropy};
use gateway_ports::terminology::Terminology;
use gateway_store::Store;

use super::{http, mail};
use crate::config::{self, Config};

/// What the shelf changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// A version is used from now on.
    Used(String),
    /// The plugin is not used any more.
    Gone,
    /// The plugin on the shelf is not used, and why; if another version was used before, it still is.
    Refused(String),
}

/// The shelf, and what of it is in use.
pub(crate) struct Shelved {
    shelf: Shelf,
    trust: Trust,
    host: Arc<PluginHost>,
    seen: Mutex<BTreeMap<PluginName, (Placed, Option<String>)>>,
}

/// A host with the bundled plugins. Each gets what it asks for: they came with the binary.
///
/// # Errors
/// Naming the folder, file or plugin that can't be used.
pub(super) async fn bundled(
    config: &Config,
    store: &Arc<Store>,
    clock: &Arc<dyn Clock>,
    entropy: &Arc<dyn Entropy>,
    terminology: &Arc<dyn Terminology>,
) -> anyhow::Result<PluginHost> {
    let cache = &config.plugins.cache;
    std::fs::create_dir_all(cache).with_context(|| format!("the folder for compiled plugins, `{}`", cache.display()))?;
    let cache = std::fs::canonicalize(cache)?;
    let host_config = HostConfig { cache_directory: Some(cache), ..HostConfig::default() };
    let dependencies = HostDependencies {
        mail: Some(Arc::new(mail::Relay::new(&config.mail)?)),
        terminology: Some(Arc::clone(terminology)),
        http: Some(Arc::new(http::PluginClients::new(&config.plugin)?)),
        values: Some(Arc::<Store>::clone(store)),
        entropy: Some(Arc::clone(entropy)),
        settings: config::plugin_settings(&config.plugin)?,
        ..HostDependencies::new(Arc::clone(clock))
    };
    let host = PluginHost::new(host_config, dependencies)?;
    for plugin in plugins_bundled::all() {
        let asks: Vec<Capability> = Manifest::read(plugin.manifest)
            .map(|manifest| manifest.asks)
            .with_context(|| format!("the bundled plugin `{}`", plugin.name))?;
        host.install(plugin.manifest, plugin.component, &asks, true)
            .await
            .with_context(|| format!("the bundled plugin `{}`", plugin.name))?;
    }
    Ok(host)
}

/// Whether a plugin of this name came with the gateway; no other takes its place.
pub(crate) fn is_bundled(name: &PluginName) -> bool {
    plugins_bundled::all().iter().any(|plugin| plugin.name == name.as_str())
}

impl Shelved {
    /// The shelf of the configuration, of which nothing is in use yet.
    pub(super) fn new(config: &Config, host: &Arc<PluginHost>) -> Self {
        let trust = config.plugins.trust();
        if trust.anybody {
            tracing::warn!("`plugins.development` is on: plugins are used whoever made them. Never where there are patients.");
        }
        Self { shelf: config.plugins.shelf(), trust, host: Arc::clone(host), seen: Mutex::default() }
    }

    /// Uses what is on the shelf, and nothing that no longer is. One that can't be used is left out, with the reason, and the others go
    /// on; a version that is used goes on, too, and finishes what it has begun where another takes its place.
    ///
    /// # Errors
    /// Where the shelf can't be read; then nothing changes.
    pub(crate) async fn take_up(&self) -> anyhow::Result<Vec<(PluginName, Change)>> {
        let mut changes = Vec::new();
        let listed: BTreeMap<PluginName, Vec<Placed>> = self.shelf.versions()?.into_iter().collect();
        for (name, versions) in &listed {
            let Some(placed) = versions.last() else { continue };
            if self.seen().get(name).is_some_and(|(seen, _)| seen == placed) {
                continue;
            }
            let used = self.used(name, versions).await;
            let refused = used.as_ref().err().cloned();
            self.seen().insert(name.clone(), (placed.clone(), refused));
            changes.push((name.clone(), used.map_or_else(Change::Refused, |()| Change::Used(placed.version.to_string()))));
        }
        let gone: Vec<PluginName> = self.seen().keys().filter(|name| !listed.contains_key(*name)).cloned().collect();
        for name in gone {
            self.seen().remove(&name);
            if !is_bundled(&name) {
                self.host.uninstall(&name);
                changes.push((name, Change::Gone));
            }
        }
        Ok(changes)
    }

    /// Installed plugins that are not used, and why.
    pub(crate) fn refused(&self) -> Vec<(PluginName, String)> {
        let refused = |(name, (_, reason)): (&PluginName, &(Placed, Option<String>))| Some((name.clone(), reason.clone()?));
        self.seen().iter().filter_map(refused).collect()
    }

    /// The latest version comes last, so that it is the one that is used. Those before it stay beside it, for people on journeys that
    /// keep the version they began with.
    async fn used(&self, name: &PluginName, versions: &[Placed]) -> Result<(), String> {
        if is_bundled(name) {
            return Err(format!("`{name}` came with the gateway, and no other takes its place"));
        }
        let Some((latest, earlier)) = versions.split_last() else { return Ok(()) };
        let taken = self.shelf.take(name, latest, &self.trust).map_err(|error| error.to_string())?;
        for placed in earlier {
            // One that can't be used any more is missed by those who keep it, and says so then.
            if let Ok(before) = self.shelf.take(name, placed, &self.trust) {
                let (manifest, component) = (&before.package.manifest_text, &before.package.component);
                if let Err(error) = self.host.keep(manifest, component, &before.granted).await {
                    tracing::warn!(plugin = %name, version = %placed.version, %error, "An earlier version of a plugin can't be kept");
                }
            }
        }
        let installed = self.host.install(&taken.package.manifest_text, &taken.package.component, &taken.granted, false).await;
        installed.map(drop).map_err(|error| error.to_string())
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, BTreeMap<PluginName, (Placed, Option<String>)>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
