//! `[plugins]` and `[[plugin]]`: whose plugins are used, and what the operator gives each.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Context as _;
use gateway_domain::capability::{HttpOrigin, SecretName};
use gateway_domain::plugin::PluginName;
use gateway_plugin_host::{HostConfig, PluginSettings, PublisherKey, Secret, Shelf, Trust};
use serde::Deserialize;

use super::ConfigError;

/// `[plugins]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PluginsSection {
    /// Folder for compiled plugins.
    pub(crate) cache: PathBuf,
    /// Folder of installed plugins.
    pub(crate) folder: PathBuf,
    /// Whose plugins may be installed and used.
    pub(crate) publishers: Vec<PublisherSection>,
    /// Plugins need no signature.
    pub(crate) development: bool,
}

/// One of `plugins.publishers`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PublisherSection {
    /// What the operator calls the publisher.
    pub(crate) name: String,
    /// The publisher's key.
    pub(crate) key: PublisherKey,
}

impl PluginsSection {
    /// Who is trusted.
    pub(crate) fn trust(&self) -> Trust {
        Trust { publishers: self.publishers.iter().map(|publisher| publisher.key).collect(), anybody: self.development }
    }

    /// Who has this key, in the operator's words.
    pub(crate) fn publisher(&self, key: PublisherKey) -> Option<&str> {
        self.publishers.iter().find(|publisher| publisher.key == key).map(|publisher| publisher.name.as_str())
    }

    /// The folder of installed plugins.
    pub(crate) fn shelf(&self) -> Shelf {
        Shelf::new(self.folder.clone(), HostConfig::default().component_bytes)
    }
}

/// `[[plugin]]`: what the operator gives one plugin.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PluginSection {
    /// Its name.
    pub(crate) name: PluginName,
    /// Its configuration, which the plugin reads as JSON.
    #[serde(default)]
    pub(crate) config: toml::Table,
    /// Servers it may ask where it was granted `http`.
    #[serde(default)]
    pub(crate) origins: Vec<HttpOrigin>,
    /// Hosts and networks inside the hospital it may be sent to.
    #[serde(default)]
    pub(crate) private_hosts: Vec<String>,
    /// Its secrets.
    #[serde(default)]
    pub(crate) secret: Vec<SecretSection>,
}

/// One of `plugin.secret`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecretSection {
    /// The name by which the plugin uses it.
    pub(crate) name: SecretName,
    /// File that holds it.
    pub(crate) file: PathBuf,
    /// The server it may be sent to; none for a secret that serves signatures alone.
    #[serde(default)]
    pub(crate) origin: Option<HttpOrigin>,
}

impl PluginSection {
    /// Its configuration as JSON.
    pub(crate) fn json(&self) -> String {
        serde_json::to_string(&self.config).unwrap_or_else(|_| "{}".to_owned())
    }

    /// What the plugin host gives it.
    ///
    /// # Errors
    /// Naming a file of a secret that can't be read, or is empty.
    fn settings(&self) -> anyhow::Result<PluginSettings> {
        let mut secrets = BTreeMap::new();
        for section in &self.secret {
            let what = || format!("the file of secret `{}` of plugin `{}`, `{}`", section.name, self.name, section.file.display());
            let text = std::fs::read_to_string(&section.file).with_context(what)?;
            let text = text.trim_end_matches(['\r', '\n']);
            anyhow::ensure!(!text.is_empty(), "{} is empty", what());
            secrets.insert(section.name.clone(), Secret::new(text, section.origin.clone()));
        }
        Ok(PluginSettings { config: self.json(), origins: self.origins.clone(), secrets })
    }
}

/// What the plugin host gives each plugin.
///
/// # Errors
/// Naming a file of a secret that can't be read, or is empty.
pub(crate) fn settings(sections: &[PluginSection]) -> anyhow::Result<BTreeMap<PluginName, PluginSettings>> {
    sections.iter().map(|section| Ok((section.name.clone(), section.settings()?))).collect()
}

/// Checks what the types alone can't.
///
/// # Errors
/// [`ConfigError::Key`].
pub(super) fn check(sections: &[PluginSection]) -> Result<(), ConfigError> {
    for (place, section) in sections.iter().enumerate() {
        if sections.iter().take(place).any(|earlier| earlier.name == section.name) {
            return Err(ConfigError::key("plugin.name", format!("two sections are for `{}`", section.name)));
        }
        for (place, secret) in section.secret.iter().enumerate() {
            if section.secret.iter().take(place).any(|earlier| earlier.name == secret.name) {
                return Err(ConfigError::key("plugin.secret", format!("`{}` has two secrets called `{}`", section.name, secret.name)));
            }
        }
    }
    Ok(())
}
