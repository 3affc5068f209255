//! `[[source]]`

use std::path::PathBuf;
use std::time::Duration;

use fhir_profiles::Mapping;
use serde::Deserialize;
use url::Url;

use super::gate::duration;
use super::{ConfigError, PushSection, WriteBackSection};

/// A FHIR server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceSection {
    /// Its name: lower case, digits and hyphens.
    pub(crate) name: String,
    /// Its FHIR base URL.
    pub(crate) url: Url,
    /// How often to ask for changes.
    #[serde(default = "half_a_minute")]
    pub(crate) poll: String,
    /// Hosts and networks inside the hospital this source may be reached at.
    #[serde(default)]
    pub(crate) private_hosts: Vec<String>,
    /// Mapping profile of the vendor.
    #[serde(default = "us_core")]
    pub(crate) profile: String,
    /// A mapping of the operator's own: what it says goes over the profile.
    pub(crate) mapping_file: Option<PathBuf>,
    /// How the gateway signs in.
    #[serde(default)]
    pub(crate) auth: SourceAuth,
    /// What the gateway writes back to it.
    #[serde(default)]
    pub(crate) write_back: WriteBackSection,
    /// Whether and how it tells of changes by itself.
    #[serde(default)]
    pub(crate) push: PushSection,
}

fn half_a_minute() -> String {
    "30s".to_owned()
}

fn read_everything() -> Vec<String> {
    vec!["system/*.read".to_owned()]
}

fn us_core() -> String {
    "us-core".to_owned()
}

/// How the gateway signs in to a source.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum SourceAuth {
    /// Not at all.
    #[default]
    None,
    /// SMART Backend Services with the gateway's own key, or the one in `key_file` (PEM).
    BackendServices {
        /// What the server knows the gateway by.
        client_id: String,
        /// A key of its own for this source.
        key_file: Option<PathBuf>,
    },
    /// OAuth2 client credentials with a secret.
    ClientSecret {
        /// What the server knows the gateway by.
        client_id: String,
        /// File that holds the secret.
        secret_file: PathBuf,
        /// Where tokens are to be had.
        token_url: Url,
        /// What is asked for.
        #[serde(default = "read_everything")]
        scopes: Vec<String>,
    },
    /// A fixed token.
    Bearer {
        /// File that holds the token.
        token_file: PathBuf,
    },
    /// HTTP basic.
    Basic {
        /// The name.
        username: String,
        /// File that holds the password.
        password_file: PathBuf,
    },
}

impl SourceSection {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let good_name = !self.name.is_empty()
            && self.name.len() <= 64
            && self.name.chars().all(|each| each.is_ascii_lowercase() || each.is_ascii_digit() || each == '-');
        if !good_name {
            return Err(ConfigError::key(
                "source.name",
                format!("`{}` is no name: expected lower-case letters, digits and hyphens", self.name),
            ));
        }
        if !matches!(self.url.scheme(), "http" | "https") || self.url.query().is_some() || self.url.fragment().is_some() {
            return Err(ConfigError::key("source.url", "expected the FHIR base, for example `https://ehr.example.org/fhir`"));
        }
        self.poll_interval()?;
        self.write_back.check()?;
        self.mapping()?;
        self.push.check()
    }

    /// How the server speaks: the vendor's profile, with the operator's own file over it.
    ///
    /// # Errors
    /// [`ConfigError::Key`], naming the file, the place in it and what was expected.
    pub(crate) fn mapping(&self) -> Result<Mapping, ConfigError> {
        let profile = fhir_profiles::mapping(&self.profile).map_err(|error| ConfigError::key("source.profile", error.to_string()))?;
        let Some(file) = &self.mapping_file else { return Ok(profile) };
        let wrong = |reason: String| ConfigError::key("source.mapping_file", reason);
        let text = std::fs::read_to_string(file).map_err(|error| wrong(format!("`{}` can't be read: {error}", file.display())))?;
        profile.overlay(&file.display().to_string(), &text).map_err(|error| wrong(error.to_string()))
    }

    /// How often to ask for changes.
    ///
    /// # Errors
    /// [`ConfigError::Key`]
    pub(crate) fn poll_interval(&self) -> Result<Duration, ConfigError> {
        duration("source.poll", &self.poll)?.try_into().map_err(|_| ConfigError::key("source.poll", "expected a duration"))
    }
}
