//! `[source.write_back]`

use gateway_domain::write_back::WriteBackScope;
use serde::Deserialize;

use super::ConfigError;

/// What the gateway writes back to a source.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct WriteBackSection {
    /// Each outcome of the send ledger, as a `Communication`.
    pub(crate) communications: bool,
    /// Each decision about being written to, as a `Consent`.
    pub(crate) consents: bool,
    /// Each task of staff, as a `Task`.
    pub(crate) tasks: bool,
    /// What is said of a message's content.
    pub(crate) content: ContentChoice,
    /// What identifier and code systems of the gateway begin with.
    pub(crate) systems: String,
}

impl Default for WriteBackSection {
    fn default() -> Self {
        Self {
            communications: false,
            consents: false,
            tasks: false,
            content: ContentChoice::default(),
            systems: "https://outreach-gateway.org/fhir".to_owned(),
        }
    }
}

/// What is said of a message's content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ContentChoice {
    /// Nothing.
    None,
    /// Key of the message template.
    Key,
    /// Title of the message template.
    #[default]
    Title,
    /// The subject line as it was sent.
    Subject,
}

impl WriteBackSection {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let plain = |it: char| it.is_ascii_alphanumeric() || ":/.-_~".contains(it);
        let is_uri = self.systems.split_once(':').is_some_and(|(scheme, rest)| !scheme.is_empty() && !rest.is_empty());
        if !is_uri || !self.systems.chars().all(plain) || self.systems.ends_with('/') {
            let reason = format!("`{}` is no base: expected a URI of plain characters without a slash at its end", self.systems);
            return Err(ConfigError::key("source.write_back.systems", reason));
        }
        Ok(())
    }

    /// The kinds of record that are written.
    pub(crate) const fn scope(&self) -> WriteBackScope {
        WriteBackScope { communications: self.communications, consents: self.consents, tasks: self.tasks }
    }
}
