//! What a plugin may do beyond computing, and what it may see of a patient.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::fact::FactKind;
use crate::plugin::PluginKind;

/// Something a plugin may do beyond computing, or may see of a patient. A manifest asks for each by its text, an operator grants each by
/// it, and what was not granted is neither done nor sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Capability {
    /// `log`: write to the log.
    Log,
    /// `lookup`: look up codes and value sets.
    Lookup,
    /// `mail`: hand messages to the mail relay.
    Mail,
    /// `key-value`: keep small things from call to call.
    KeyValue,
    /// `http`: send requests to the origins the operator names in the plugin's settings.
    HttpAsConfigured,
    /// `http:https://api.example.org`: send requests to this origin.
    Http(HttpOrigin),
    /// `secret:token`: have a secret of this name put into requests, or messages signed by it, without seeing it.
    Secret(SecretName),
    /// `patient:birth-date` and the like: see what is known of the person.
    Patient(PatientField),
    /// `facts:condition` and the like: see clinical statements of a kind.
    Facts(FactKind),
    /// `lookup:condition` and the like: look up clinical statements of a kind, spelled out, of one patient after the other.
    LookupFacts(FactKind),
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

/// Scheme, host and port of a server (RFC 6454), as `https://api.example.org` or with a port that is not the scheme's own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HttpOrigin(String);

/// Name of a secret: 1 to 64 lower-case letters, digits and hyphens, beginning with a letter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SecretName(String);

/// Why a text is no capability.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is nothing that this gateway has to give; it has `log`, `lookup`, `mail`, `key-value`, `http`, `http:` with an origin such as \
     `http:https://api.example.org`, `secret:` with a name such as `secret:token`, `patient:birth-date`, `patient:sex`, \
     `patient:deceased`, and `facts:` or `lookup:` with a kind of clinical statement such as `facts:condition`"
)]
pub struct CapabilityError(String);

/// Why a text is no origin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no origin: expected `https://` and a host in lower case, with a port where it is not the usual one, and nothing after it"
)]
pub struct HttpOriginError(String);

/// Why a text is not the name of a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the name of a secret: expected 1 to 64 lower-case letters, digits and hyphens, beginning with a letter")]
pub struct SecretNameError(String);

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

impl HttpOrigin {
    /// The origin as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HttpOrigin {
    type Err = HttpOriginError;

    fn from_str(text: &str) -> Result<Self, HttpOriginError> {
        let no_origin = || HttpOriginError(text.chars().take(100).collect());
        let (scheme, authority) = text.split_once("://").ok_or_else(no_origin)?;
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !host.is_empty() && !port.starts_with('0') => (host, Some(port.parse::<u16>().map_err(|_| no_origin())?)),
            Some(_) => return Err(no_origin()),
            None => (authority, None),
        };
        let label = |label: &str| {
            (1..=63).contains(&label.len()) && label.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-')
        };
        if host.len() > 253 || !host.split('.').all(label) {
            return Err(no_origin());
        }
        match (scheme, port) {
            ("https", None | Some(443)) => Ok(Self(format!("https://{host}"))),
            ("http", None | Some(80)) => Ok(Self(format!("http://{host}"))),
            ("https" | "http", Some(port)) => Ok(Self(format!("{scheme}://{host}:{port}"))),
            _ => Err(no_origin()),
        }
    }
}

impl SecretName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SecretName {
    type Err = SecretNameError;

    fn from_str(text: &str) -> Result<Self, SecretNameError> {
        let well_formed = (1..=64).contains(&text.len())
            && text.starts_with(|first: char| first.is_ascii_lowercase())
            && text.bytes().all(|each| each.is_ascii_lowercase() || each.is_ascii_digit() || each == b'-');
        if well_formed { Ok(Self(text.to_owned())) } else { Err(SecretNameError(text.chars().take(64).collect())) }
    }
}

impl Capability {
    /// All that a gateway can give and that has no name of an operator's or a publisher's in it.
    pub fn all() -> impl Iterator<Item = Self> {
        let of_patients = PatientField::ALL.into_iter().map(Self::Patient);
        let facts = FactKind::ALL.into_iter().map(Self::Facts);
        let looked_up = FactKind::ALL.into_iter().map(Self::LookupFacts);
        let named = [Self::Log, Self::Lookup, Self::Mail, Self::KeyValue, Self::HttpAsConfigured];
        named.into_iter().chain(of_patients).chain(facts).chain(looked_up)
    }

    /// Whether a plugin of this kind can have it. Segments and journeys answer the same question the same way each time, so they have
    /// nothing that could answer otherwise; and who carries messages has no need to see records.
    pub const fn is_for(&self, kind: PluginKind) -> bool {
        match self {
            Self::Log => true,
            Self::Lookup | Self::Patient(_) | Self::Facts(_) | Self::LookupFacts(_) => matches!(kind, PluginKind::Segment),
            Self::Mail | Self::KeyValue | Self::HttpAsConfigured | Self::Http(_) | Self::Secret(_) => matches!(kind, PluginKind::Channel),
        }
    }

    /// What it lets a plugin do, in words that follow "it may".
    pub fn says(&self) -> String {
        match self {
            Self::Log => "write lines to the gateway's log".to_owned(),
            Self::Lookup => "look up codes and value sets of the gateway's terminology".to_owned(),
            Self::Mail => "hand the messages it is given to the hospital's mail relay".to_owned(),
            Self::KeyValue => "keep up to a megabyte of its own in the gateway's database".to_owned(),
            Self::HttpAsConfigured => "send requests, with what it is given, to the servers you name in its settings".to_owned(),
            Self::Http(origin) => format!("send requests, with what it is given, to {origin}"),
            Self::Secret(name) => format!("use the secret you name `{name}`, without seeing it"),
            Self::Patient(PatientField::BirthDate) => "see the day of birth of patients".to_owned(),
            Self::Patient(PatientField::Sex) => "see the administrative sex of patients".to_owned(),
            Self::Patient(PatientField::Deceased) => "see whether a patient has died".to_owned(),
            Self::Facts(kind) => format!("see what is known of patients of the kind `{}`", kind.name()),
            Self::LookupFacts(kind) => {
                format!(
                    "look up all that is known of a patient of the kind `{}`, patient by patient; each look is in the audit",
                    kind.name()
                )
            }
        }
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Log => f.write_str("log"),
            Self::Lookup => f.write_str("lookup"),
            Self::Mail => f.write_str("mail"),
            Self::KeyValue => f.write_str("key-value"),
            Self::HttpAsConfigured => f.write_str("http"),
            Self::Http(origin) => write!(f, "http:{origin}"),
            Self::Secret(name) => write!(f, "secret:{name}"),
            Self::Patient(field) => write!(f, "patient:{}", field.name()),
            Self::Facts(kind) => write!(f, "facts:{}", kind.name()),
            Self::LookupFacts(kind) => write!(f, "lookup:{}", kind.name()),
        }
    }
}

impl FromStr for Capability {
    type Err = CapabilityError;

    fn from_str(text: &str) -> Result<Self, CapabilityError> {
        let known = match text.split_once(':') {
            Some(("http", origin)) => origin.parse().ok().map(Self::Http),
            Some(("secret", name)) => name.parse().ok().map(Self::Secret),
            _ => Self::all().find(|it| it.to_string() == text),
        };
        known.ok_or_else(|| CapabilityError(text.chars().take(100).collect()))
    }
}

/// A text that reads back: from and into a `String`, and shown as it.
macro_rules! as_text {
    ($type:ty, $error:ty) => {
        impl TryFrom<String> for $type {
            type Error = $error;

            fn try_from(text: String) -> Result<Self, $error> {
                text.parse()
            }
        }

        impl From<$type> for String {
            fn from(value: $type) -> Self {
                value.to_string()
            }
        }
    };
}

as_text!(Capability, CapabilityError);
as_text!(HttpOrigin, HttpOriginError);
as_text!(SecretName, SecretNameError);

impl fmt::Display for HttpOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_capability_reads_back_from_its_text() {
        let named = ["http:https://api.example.org", "http:http://localhost:8080", "secret:token"];
        let named = named.into_iter().map(|text| text.parse::<Capability>().unwrap());
        for capability in Capability::all().chain(named) {
            assert_eq!(capability.to_string().parse(), Ok(capability.clone()));
            assert!(!capability.says().is_empty());
        }
    }

    #[test]
    fn what_is_no_capability_is_named_with_what_there_is() {
        for text in [
            "facts:everything",
            "lookup:everything",
            "lookup:",
            "http:",
            "secret:",
            "secret:Token",
            "http:https://api.example.org/path",
            "http:ftp://a",
        ] {
            let error = text.parse::<Capability>().unwrap_err().to_string();
            assert!(error.contains(&format!("`{text}`")) && error.contains("`facts:condition`"), "{error}");
        }
    }

    #[test]
    fn an_origin_has_one_text_and_nothing_beside_scheme_host_and_port() {
        let read = |text: &str| text.parse::<HttpOrigin>().map(|origin| origin.to_string()).ok();
        assert_eq!(read("https://api.example.org:443"), Some("https://api.example.org".to_owned()));
        assert_eq!(read("http://127.0.0.1:8080"), Some("http://127.0.0.1:8080".to_owned()));
        for wrong in [
            "api.example.org",
            "https://",
            "https://A.example",
            "https://a.example/",
            "https://a.example?b",
            "https://u@a.example",
            "https://a..example",
            "https://a.example:",
            "https://a.example:0443",
            "https://a.example:70000",
            "https://[::1]",
            "https://a b",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn logic_that_must_answer_the_same_each_time_has_nothing_that_could_answer_otherwise() {
        let http: Capability = "http:https://api.example.org".parse().unwrap();
        assert!(http.is_for(PluginKind::Channel) && !http.is_for(PluginKind::Segment) && !http.is_for(PluginKind::Journey));
        let facts = Capability::Facts(FactKind::Condition);
        assert!(facts.is_for(PluginKind::Segment) && !facts.is_for(PluginKind::Channel));
        let looked_up: Capability = "lookup:condition".parse().unwrap();
        assert!(looked_up.is_for(PluginKind::Segment));
        assert!(![PluginKind::Channel, PluginKind::Journey].into_iter().any(|kind| looked_up.is_for(kind)));
    }
}
