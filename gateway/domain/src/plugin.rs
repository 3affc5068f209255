//! Plugins as the gateway keeps them: what they are, what they ask for, what they were granted.

use serde::{Deserialize, Serialize};

use crate::capability::Capability;

/// The three kinds of plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PluginKind {
    /// Decides who belongs to a segment.
    Segment,
    /// Moves people through a journey.
    Journey,
    /// Carries messages to people.
    Channel,
}

impl PluginKind {
    /// The name in manifests and the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Segment => "segment",
            Self::Journey => "journey",
            Self::Channel => "channel",
        }
    }
}

/// Name of a plugin, as in its manifest: lower case, digits and hyphens, 1 to 64 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PluginName(String);

/// Why a text is not the name of a plugin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a plugin name: expected 1 to 64 lower-case letters, digits and hyphens, beginning with a letter")]
pub struct PluginNameError(String);

impl PluginName {
    /// Checks the name.
    pub fn new(name: impl Into<String>) -> Result<Self, PluginNameError> {
        let name = name.into();
        let well_formed = (1..=64).contains(&name.len())
            && name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.chars().all(|each| each.is_ascii_lowercase() || each.is_ascii_digit() || each == '-');
        if well_formed { Ok(Self(name)) } else { Err(PluginNameError(name.chars().take(64).collect())) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for PluginName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for PluginName {
    type Error = PluginNameError;

    fn try_from(name: String) -> Result<Self, PluginNameError> {
        Self::new(name)
    }
}

impl From<PluginName> for String {
    fn from(name: PluginName) -> Self {
        name.0
    }
}

/// Whether a plugin is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PluginStatus {
    /// It takes work.
    Active,
    /// It failed several times in a row and is left out until an operator, or time, lets it in again.
    Parked,
}

/// A plugin as installed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plugin {
    /// Its name.
    pub name: PluginName,
    /// Its version (SemVer).
    pub version: String,
    /// What it decides.
    pub kind: PluginKind,
    /// One sentence about it.
    pub description: String,
    /// SHA-256 of the component, in hexadecimal digits.
    pub digest: String,
    /// What its manifest asks for.
    pub asks: Vec<Capability>,
    /// What the operator granted; never more than it asks for.
    pub granted: Vec<Capability>,
    /// Whether it came with the gateway.
    pub bundled: bool,
    /// Whether it is used.
    pub status: PluginStatus,
    /// Calls since the gateway started.
    pub calls: u64,
    /// Calls that ended in an error, trap or time-out since the gateway started.
    pub failures: u64,
    /// The last thing that went wrong.
    pub last_error: Option<String>,
}
