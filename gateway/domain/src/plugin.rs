//! Plugins as the gateway keeps them: what they are, what they ask for, what they were granted.

use serde::{Deserialize, Serialize};

use crate::fact::FactKind;

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

/// Something a plugin may do beyond computing, or may see of a patient. A manifest asks for each by its text, an operator grants each by
/// it, and what was not granted is neither done nor sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Capability {
    /// `log`: write to the log.
    Log,
    /// `lookup`: look up codes and value sets.
    Lookup,
    /// `mail`: hand messages to the mail relay.
    Mail,
    /// `patient:birth-date` and the like: see what is known of the person.
    Patient(PatientField),
    /// `facts:condition` and the like: see clinical statements of a kind.
    Facts(FactKind),
}

/// A field of the patient record that a plugin may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PatientField {
    /// Day of birth.
    BirthDate,
    /// Administrative sex.
    Sex,
    /// Whether the person has died.
    Deceased,
}

/// Why a text is no capability.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is nothing that this gateway has to give; it has `log`, `lookup`, `mail`, `patient:birth-date`, `patient:sex`, \
     `patient:deceased`, and `facts:` with a kind of clinical statement such as `facts:condition`"
)]
pub struct CapabilityError(String);

impl PatientField {
    const ALL: [Self; 3] = [Self::BirthDate, Self::Sex, Self::Deceased];

    const fn name(self) -> &'static str {
        match self {
            Self::BirthDate => "birth-date",
            Self::Sex => "sex",
            Self::Deceased => "deceased",
        }
    }
}

impl Capability {
    /// All that a gateway can give.
    pub fn all() -> impl Iterator<Item = Self> {
        let of_patients = PatientField::ALL.into_iter().map(Self::Patient);
        let facts = FactKind::ALL.into_iter().map(Self::Facts);
        [Self::Log, Self::Lookup, Self::Mail].into_iter().chain(of_patients).chain(facts)
    }

    /// What it lets a plugin do, in words that follow "it may".
    pub fn says(self) -> String {
        match self {
            Self::Log => "write lines to the gateway's log".to_owned(),
            Self::Lookup => "look up codes and value sets of the gateway's terminology".to_owned(),
            Self::Mail => "hand the messages it is given to the hospital's mail relay".to_owned(),
            Self::Patient(PatientField::BirthDate) => "see the day of birth of patients".to_owned(),
            Self::Patient(PatientField::Sex) => "see the administrative sex of patients".to_owned(),
            Self::Patient(PatientField::Deceased) => "see whether a patient has died".to_owned(),
            Self::Facts(kind) => format!("see what is known of patients of the kind `{}`", kind.name()),
        }
    }
}

impl std::fmt::Display for Capability {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Log => f.write_str("log"),
            Self::Lookup => f.write_str("lookup"),
            Self::Mail => f.write_str("mail"),
            Self::Patient(field) => write!(f, "patient:{}", field.name()),
            Self::Facts(kind) => write!(f, "facts:{}", kind.name()),
        }
    }
}

impl std::str::FromStr for Capability {
    type Err = CapabilityError;

    fn from_str(text: &str) -> Result<Self, CapabilityError> {
        Self::all().find(|it| it.to_string() == text).ok_or_else(|| CapabilityError(text.chars().take(64).collect()))
    }
}

impl TryFrom<String> for Capability {
    type Error = CapabilityError;

    fn try_from(text: String) -> Result<Self, CapabilityError> {
        text.parse()
    }
}

impl From<Capability> for String {
    fn from(capability: Capability) -> Self {
        capability.to_string()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_capability_reads_back_from_its_text() {
        for capability in Capability::all() {
            assert_eq!(capability.to_string().parse(), Ok(capability));
            assert!(!capability.says().is_empty());
        }
    }

    #[test]
    fn what_is_no_capability_is_named_with_what_there_is() {
        let error = "facts:everything".parse::<Capability>().unwrap_err().to_string();
        assert!(error.contains("`facts:everything`") && error.contains("`facts:condition`"), "{error}");
    }
}
