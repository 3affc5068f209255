//! `plugin.toml`: what a plugin says of itself.

use gateway_domain::capability::Capability;
use gateway_domain::plugin::{PluginKind, PluginName};
use serde::Deserialize;

use crate::error::InstallError;

/// A `plugin.toml`. Keys that are not known are refused.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// `name`: lower case, digits and hyphens.
    pub name: PluginName,
    /// `version` (SemVer).
    pub version: String,
    /// `kind`: `segment`, `journey` or `channel`.
    pub kind: PluginKind,
    /// `description`: one sentence.
    pub description: String,
    /// `asks`: what it needs beyond computing.
    #[serde(default)]
    pub asks: Vec<Capability>,
}

impl Manifest {
    /// Reads a manifest.
    pub fn read(text: &str) -> Result<Self, InstallError> {
        let manifest: Self = toml::from_str(text).map_err(|error| InstallError::Manifest(error.to_string().trim().to_owned()))?;
        let well_formed = manifest.version.len() <= 64 && semver::Version::parse(&manifest.version).is_ok();
        if !well_formed {
            return Err(InstallError::Manifest(format!("`version` of plugin `{}` is no semantic version such as `0.1.0`", manifest.name)));
        }
        Ok(manifest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_not_known_is_named() {
        let error = Manifest::read("name = \"a\"\nversion = \"0.1.0\"\nkind = \"segment\"\ndescription = \"d\"\naskes = []").unwrap_err();
        assert!(error.to_string().contains("askes"), "{error}");
    }
}
