//! `[identity]`

use gateway_domain::identity::IdentityRules;
use serde::Deserialize;

use super::{ConfigError, SourceSection};

/// Systems that can be named. Each is looked at for every record.
const MOST_SYSTEMS: usize = 16;

/// When records of several sources are one person's.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IdentitySection {
    /// Identifier systems by which two records are one person's.
    pub(crate) systems: Vec<String>,
    /// Names of sources, the one whose record is written to and whose word counts first.
    pub(crate) order: Vec<String>,
}

impl IdentitySection {
    pub(super) fn check(&self, sources: &[SourceSection]) -> Result<(), ConfigError> {
        let wrong_system = |reason: String| Err(ConfigError::key("identity.systems", reason));
        if self.systems.len() > MOST_SYSTEMS {
            return wrong_system(format!("{} systems are named; there can be {MOST_SYSTEMS}", self.systems.len()));
        }
        for (place, system) in self.systems.iter().enumerate() {
            let is_uri = system.split_once(':').is_some_and(|(scheme, rest)| {
                scheme.starts_with(|first: char| first.is_ascii_alphabetic()) && !rest.trim_matches('/').is_empty()
            });
            if !is_uri || system.contains(char::is_whitespace) {
                return wrong_system(format!(
                    "`{system}` is no identifier system: expected its URI as the sources write it, such as `http://hl7.org/fhir/sid/us-ssn` \
                     or `urn:oid:2.16.840.1.113883.4.1`; names and birth dates link nobody"
                ));
            }
            if self.systems.iter().take(place).any(|earlier| earlier == system) {
                return wrong_system(format!("`{system}` is named twice"));
            }
        }
        for (place, name) in self.order.iter().enumerate() {
            if !sources.iter().any(|source| source.name == *name) {
                let names: Vec<_> = sources.iter().map(|source| source.name.as_str()).collect();
                let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
                return Err(ConfigError::key("identity.order", format!("there is no source `{name}`; the configuration has: {names}")));
            }
            if self.order.iter().take(place).any(|earlier| earlier == name) {
                return Err(ConfigError::key("identity.order", format!("`{name}` is named twice")));
            }
        }
        Ok(())
    }

    /// The rules as the model takes them.
    pub(crate) fn rules(&self) -> IdentityRules {
        IdentityRules { systems: self.systems.clone(), order: self.order.clone() }
    }
}
