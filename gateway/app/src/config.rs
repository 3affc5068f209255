//! The configuration: one TOML file, one section a file, unknown keys refused, checked before anything starts.

mod gate;
mod identity;
mod mail;
mod plugin;
mod push;
mod server;
mod source;
mod write_back;

use std::path::{Path, PathBuf};

use serde::Deserialize;

pub(crate) use gate::GateSection;
pub(crate) use identity::IdentitySection;
pub(crate) use mail::{MailSection, MailTls};
pub(crate) use plugin::{PluginSection, PluginsSection, settings as plugin_settings};
pub(crate) use push::PushSection;
pub(crate) use server::ServerSection;
pub(crate) use source::{ExportSetting, SourceAuth, SourceSection};
pub(crate) use write_back::{ContentChoice, WriteBackSection};

/// Every key with its default, as shipped.
pub(crate) const DEFAULTS: &str = include_str!("../config.default.toml");

/// Why the configuration can't be used. The program ends with exit code 64.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// The file can't be read.
    #[error("the configuration `{path}` can't be read: {reason}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// It is not TOML, or a key is unknown, missing or of the wrong kind.
    #[error("the configuration `{path}` is wrong: {reason}")]
    Wrong {
        /// The file.
        path: String,
        /// Where and what was expected.
        reason: String,
    },
    /// A value can't be used.
    #[error("the configuration key `{key}` is wrong: {reason}")]
    Key {
        /// The key with its section.
        key: String,
        /// What was expected.
        reason: String,
    },
}

impl ConfigError {
    /// A value that can't be used.
    pub(crate) fn key(key: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Key { key: key.into(), reason: reason.into() }
    }
}

/// The configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// `[server]`
    pub(crate) server: ServerSection,
    /// `[database]`
    pub(crate) database: DatabaseSection,
    /// `[hospital]`
    pub(crate) hospital: HospitalSection,
    /// `[mail]`
    pub(crate) mail: MailSection,
    /// `[gate]`
    pub(crate) gate: GateSection,
    /// `[identity]`
    pub(crate) identity: IdentitySection,
    /// `[tracking]`
    pub(crate) tracking: TrackingSection,
    /// `[keys]`
    pub(crate) keys: KeysSection,
    /// `[plugins]`
    pub(crate) plugins: PluginsSection,
    /// `[log]`
    pub(crate) log: LogSection,
    /// `[[source]]`
    #[serde(default, rename = "source")]
    pub(crate) sources: Vec<SourceSection>,
    /// `[[plugin]]`
    #[serde(default)]
    pub(crate) plugin: Vec<PluginSection>,
}

/// `[database]`
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DatabaseSection {
    /// `sqlite://<path>` or `postgres://...`.
    pub(crate) url: String,
}

impl std::fmt::Debug for DatabaseSection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DatabaseSection(..)")
    }
}

/// `[hospital]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HospitalSection {
    /// The name people know the hospital by.
    pub(crate) name: String,
    /// IANA time zone in which days begin.
    pub(crate) time_zone: String,
}

/// `[tracking]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrackingSection {
    /// Whether links lead through the gateway.
    pub(crate) clicks: bool,
}

/// `[keys]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeysSection {
    /// Folder for the gateway's keys.
    pub(crate) folder: PathBuf,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// `[log]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogSection {
    /// How lines look.
    pub(crate) format: LogFormat,
    /// What is written.
    pub(crate) level: String,
}

impl Config {
    /// Reads a file over the defaults, then the environment over both.
    ///
    /// # Errors
    /// [`ConfigError`], naming file or key.
    pub(crate) fn load(path: &Path, environment: impl IntoIterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfigError::Unreadable { path: path.display().to_string(), reason: error.to_string() })?;
        Self::read(&text, &path.display().to_string(), environment)
    }

    /// Reads a text over the defaults, then the environment over both.
    ///
    /// # Errors
    /// [`ConfigError`], naming file or key.
    pub(crate) fn read(text: &str, path: &str, environment: impl IntoIterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let wrong = |error: toml::de::Error| ConfigError::Wrong { path: path.to_owned(), reason: error.to_string().trim_end().to_owned() };
        let mut whole: toml::Table = DEFAULTS.parse().map_err(wrong)?;
        // Read on its own first, so that a message shows the line of this file.
        let own: toml::Table = toml::from_str(text).map_err(wrong)?;
        lay_over(&mut whole, own);
        for (name, value) in environment {
            if let Some(keys) = name.strip_prefix("OUTREACH__") {
                set(&mut whole, &keys.to_ascii_lowercase().split("__").collect::<Vec<_>>(), &value)?;
            }
        }
        let config: Self = toml::Value::Table(whole).try_into().map_err(wrong)?;
        config.check()?;
        Ok(config)
    }

    /// Checks what the types alone can't.
    fn check(&self) -> Result<(), ConfigError> {
        self.server.check()?;
        self.gate.policy()?;
        self.mail.check()?;
        if jiff::tz::TimeZone::get(&self.hospital.time_zone).is_err() {
            let reason = format!("`{}` is no IANA time zone (for example `America/Chicago`)", self.hospital.time_zone);
            return Err(ConfigError::key("hospital.time_zone", reason));
        }
        if let Err(error) = self.database.url.parse::<gateway_store::DatabaseUrl>() {
            return Err(ConfigError::key("database.url", error.to_string()));
        }
        for (place, source) in self.sources.iter().enumerate() {
            source.check()?;
            if self.sources.iter().take(place).any(|earlier| earlier.name == source.name) {
                return Err(ConfigError::key("source.name", format!("two sources are called `{}`", source.name)));
            }
        }
        plugin::check(&self.plugin)?;
        self.identity.check(&self.sources)
    }

    /// The source of this name.
    ///
    /// # Errors
    /// [`ConfigError::Key`], naming those that are there.
    pub(crate) fn source(&self, name: &str) -> Result<&SourceSection, ConfigError> {
        self.sources.iter().find(|source| source.name == name).ok_or_else(|| {
            let names: Vec<_> = self.sources.iter().map(|source| source.name.as_str()).collect();
            ConfigError::key(
                "source.name",
                format!(
                    "there is no source `{name}`; the configuration has: {}. Add `[[source]]` with `name = \"{name}\"`, and with the \
                     `url` of its server unless it has files alone",
                    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
                ),
            )
        })
    }
}

/// Lays the tables of `upper` over those of `lower`; everything else replaces.
fn lay_over(lower: &mut toml::Table, upper: toml::Table) {
    for (key, value) in upper {
        match (lower.get_mut(&key), value) {
            (Some(toml::Value::Table(below)), toml::Value::Table(above)) => lay_over(below, above),
            (_, value) => {
                lower.insert(key, value);
            }
        }
    }
}

/// Sets a key from the environment: as TOML where it reads as a number or a truth, as text otherwise.
fn set(table: &mut toml::Table, keys: &[&str], value: &str) -> Result<(), ConfigError> {
    let [section, key] = keys else {
        return Err(ConfigError::key(format!("OUTREACH__{}", keys.join("__").to_ascii_uppercase()), "expected OUTREACH__<SECTION>__<KEY>"));
    };
    let typed = match value {
        "true" => toml::Value::Boolean(true),
        "false" => toml::Value::Boolean(false),
        text => text.parse::<i64>().map_or_else(|_| toml::Value::String(text.to_owned()), toml::Value::Integer),
    };
    match table.entry((*section).to_owned()).or_insert_with(|| toml::Value::Table(toml::Table::new())) {
        toml::Value::Table(section) => {
            section.insert((*key).to_owned(), typed);
            Ok(())
        }
        _ => Err(ConfigError::key(
            format!("OUTREACH__{}", keys.join("__").to_ascii_uppercase()),
            "this section can't be set by the environment",
        )),
    }
}

#[cfg(test)]
mod tests;
