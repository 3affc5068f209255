//! What the operator gives a plugin by name: servers it may ask, and secrets it may use.

use std::collections::BTreeMap;
use std::fmt;

use gateway_domain::capability::{Capability, HttpOrigin, SecretName};
use gateway_domain::fact::FactKinds;

/// What the operator gives one plugin.
#[derive(Clone, Debug, Default)]
pub struct PluginSettings {
    /// Its configuration as JSON; empty is none.
    pub config: String,
    /// Servers it may ask where it was granted `http`.
    pub origins: Vec<HttpOrigin>,
    /// Its secrets.
    pub secrets: BTreeMap<SecretName, Secret>,
}

/// A secret, and where it may go.
#[derive(Clone)]
pub struct Secret {
    value: Vec<u8>,
    origin: Option<HttpOrigin>,
}

impl Secret {
    /// A secret that may be put into requests to this origin; without one into none, and it serves signatures alone.
    pub fn new(value: impl Into<Vec<u8>>, origin: Option<HttpOrigin>) -> Self {
        Self { value: value.into(), origin }
    }

    pub(crate) fn reveal(&self) -> &[u8] {
        &self.value
    }

    pub(crate) fn may_go_to(&self, origin: &HttpOrigin) -> bool {
        self.origin.as_ref() == Some(origin)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret").field("origin", &self.origin).finish_non_exhaustive()
    }
}

/// What of its settings a plugin was granted, and of which kinds it may look up facts.
#[derive(Debug, Default)]
pub(crate) struct Reach {
    pub(crate) origins: Vec<HttpOrigin>,
    pub(crate) secrets: BTreeMap<SecretName, Secret>,
    pub(crate) looked_up: FactKinds,
}

impl Reach {
    pub(crate) fn of(granted: &[Capability], settings: Option<&PluginSettings>) -> Self {
        let mut reach = Self::default();
        for capability in granted {
            match capability {
                Capability::Http(origin) => reach.origins.push(origin.clone()),
                Capability::HttpAsConfigured => reach.origins.extend(settings.iter().flat_map(|it| &it.origins).cloned()),
                Capability::LookupFacts(kind) => reach.looked_up |= FactKinds::from_bits_truncate(1 << kind.number()),
                Capability::Secret(name) => {
                    let secret = settings.and_then(|settings| settings.secrets.get(name));
                    reach.secrets.extend(secret.map(|secret| (name.clone(), secret.clone())));
                }
                _ => {}
            }
        }
        reach
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugin_reaches_what_was_granted_and_set_and_nothing_else() {
        let origin = |text: &str| text.parse::<HttpOrigin>().unwrap();
        let name = |text: &str| text.parse::<SecretName>().unwrap();
        let settings = PluginSettings {
            config: String::new(),
            origins: vec![origin("https://own.example")],
            secrets: ["token", "other"].into_iter().map(|it| (name(it), Secret::new("hush", None))).collect(),
        };
        let named = Capability::Http(origin("https://named.example"));
        let reach = Reach::of(&[named.clone(), Capability::Secret(name("token"))], Some(&settings));
        assert_eq!(reach.origins, [origin("https://named.example")]);
        assert_eq!(reach.secrets.keys().collect::<Vec<_>>(), [&name("token")]);
        let reach = Reach::of(&[named, Capability::HttpAsConfigured, Capability::Secret(name("absent"))], Some(&settings));
        assert_eq!(reach.origins, [origin("https://named.example"), origin("https://own.example")]);
        assert!(reach.secrets.is_empty());
        assert!(Reach::of(&[Capability::HttpAsConfigured], None).origins.is_empty());
        assert!(!format!("{settings:?}").contains("hush"));
    }
}
