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
        if let Some(asked) = manifest.asks.iter().find(|asked| !asked.is_for(manifest.kind)) {
            let kind = manifest.kind.name();
            return Err(InstallError::Manifest(format!("`{}` asks for `{asked}`, which a {kind} plugin can't have", manifest.name)));
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

    #[test]
    fn a_plugin_asks_only_for_what_its_kind_can_have() {
        let read = |kind: &str, asks: &str| {
            Manifest::read(&format!("name = \"a\"\nversion = \"0.1.0\"\nkind = \"{kind}\"\ndescription = \"d\"\nasks = [\"{asks}\"]"))
        };
        assert!(read("channel", "http:https://api.example.org").is_ok());
        let error = read("segment", "http:https://api.example.org").unwrap_err().to_string();
        assert!(error.contains("`http:https://api.example.org`") && error.contains("segment"), "{error}");
        assert!(read("journey", "patient:sex").is_err());
    }
}
