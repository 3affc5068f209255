//! `[[source]]`

use std::path::PathBuf;
use std::time::Duration;

use fhir_profiles::Mapping;
use gateway_net::egress::{Origin, OriginError};
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
    /// Its FHIR base URL; left out where its data comes as files alone.
    pub(crate) url: Option<Url>,
    /// How often to ask for changes.
    #[serde(default = "half_a_minute")]
    pub(crate) poll: String,
    /// Hosts and networks inside the hospital this source may be reached at.
    #[serde(default)]
    pub(crate) private_hosts: Vec<String>,
    /// Other origins that files of exports may be fetched from, such as `https://files.example.org`. They never get a credential.
    #[serde(default)]
    pub(crate) file_hosts: Vec<String>,
    /// Asks links to other origins at the source's own, with the same path and query: for a server that knows itself by an internal name.
    #[serde(default)]
    pub(crate) rebase_links: bool,
    /// How many files of an export are fetched at a time, 1 to 5.
    #[serde(default = "three")]
    pub(crate) parallel_files: usize,
    /// What exports are to bring of the types, each as a search: `Observation?category=laboratory`.
    #[serde(default)]
    pub(crate) type_filters: Vec<String>,
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
    /// Whose data bulk exports are asked for: `system`, `patient`, `group:<id>` or `off`; the widest the server has where it is not said.
    pub(crate) export: Option<String>,
    /// How often a large type is read anew that can't be asked for its changes.
    #[serde(default = "an_hour")]
    pub(crate) refresh: String,
    /// How often what is held is compared with what the server has.
    #[serde(default = "a_day")]
    pub(crate) reconcile: String,
    /// Requests under way at a time, at most.
    #[serde(default = "eight")]
    pub(crate) max_concurrent: usize,
    /// Requests in a second, at most; as many as the server bears where it is not said.
    pub(crate) max_requests_per_second: Option<f64>,
}

/// Whose data bulk exports are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ExportSetting {
    /// The widest the server has.
    Offered,
    /// None are.
    Off,
    /// Everything.
    System,
    /// All patients.
    Patient,
    /// A group, by its FHIR id.
    Group(String),
}

fn an_hour() -> String {
    "1h".to_owned()
}

fn a_day() -> String {
    "24h".to_owned()
}

const fn eight() -> usize {
    8
}

fn half_a_minute() -> String {
    "30s".to_owned()
}

fn three() -> usize {
    3
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
        let good_url = |url: &Url| matches!(url.scheme(), "http" | "https") && url.query().is_none() && url.fragment().is_none();
        if !self.url.as_ref().is_none_or(good_url) {
            return Err(ConfigError::key("source.url", "expected the FHIR base, for example `https://ehr.example.org/fhir`"));
        }
        self.poll_interval()?;
        self.refresh_interval()?;
        self.reconcile_interval()?;
        self.export()?;
        if !(1..=256).contains(&self.max_concurrent) {
            return Err(ConfigError::key("source.max_concurrent", "expected 1 to 256"));
        }
        if self.max_requests_per_second.is_some_and(|it| !(0.01..=10_000.0).contains(&it)) {
            return Err(ConfigError::key("source.max_requests_per_second", "expected 0.01 to 10000"));
        }
        self.write_back.check()?;
        self.mapping()?;
        self.push.check()?;
        self.file_origins()?;
        if !(1..=5).contains(&self.parallel_files) {
            return Err(ConfigError::key("source.parallel_files", format!("`{}`: expected 1 to 5", self.parallel_files)));
        }
        for filter in &self.type_filters {
            let good = filter.split_once('?').is_some_and(|(name, query)| name.starts_with(char::is_uppercase) && !query.is_empty());
            if !good {
                return Err(ConfigError::key(
                    "source.type_filters",
                    format!("`{filter}`: expected a search such as `Observation?category=laboratory`"),
                ));
            }
        }
        Ok(())
    }

    /// Other origins that files may be fetched from.
    ///
    /// # Errors
    /// [`ConfigError::Key`]
    pub(crate) fn file_origins(&self) -> Result<Vec<Origin>, ConfigError> {
        let one = |text: &String| text.parse().map_err(|error: OriginError| ConfigError::key("source.file_hosts", error.to_string()));
        self.file_hosts.iter().map(one).collect()
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

    /// Whose data bulk exports are asked for.
    ///
    /// # Errors
    /// [`ConfigError::Key`]
    pub(crate) fn export(&self) -> Result<ExportSetting, ConfigError> {
        match self.export.as_deref() {
            None => Ok(ExportSetting::Offered),
            Some("off") => Ok(ExportSetting::Off),
            Some("system") => Ok(ExportSetting::System),
            Some("patient") => Ok(ExportSetting::Patient),
            Some(other) => match other.strip_prefix("group:").map(str::trim).filter(|it| !it.is_empty()) {
                Some(id) => Ok(ExportSetting::Group(id.to_owned())),
                None => Err(ConfigError::key("source.export", format!("`{other}`: expected `system`, `patient`, `group:<id>` or `off`"))),
            },
        }
    }

    /// How often a large type is read anew that can't be asked for its changes.
    ///
    /// # Errors
    /// [`ConfigError::Key`]
    pub(crate) fn refresh_interval(&self) -> Result<Duration, ConfigError> {
        duration("source.refresh", &self.refresh)?.try_into().map_err(|_| ConfigError::key("source.refresh", "expected a duration"))
    }

    /// How often what is held is compared with what the server has.
    ///
    /// # Errors
    /// [`ConfigError::Key`]
    pub(crate) fn reconcile_interval(&self) -> Result<Duration, ConfigError> {
        duration("source.reconcile", &self.reconcile)?.try_into().map_err(|_| ConfigError::key("source.reconcile", "expected a duration"))
    }

    /// Its FHIR base URL, for what needs a server.
    ///
    /// # Errors
    /// [`ConfigError::Key`], saying what to do with a source that has none.
    pub(crate) fn server_url(&self) -> Result<&Url, ConfigError> {
        self.url.as_ref().ok_or_else(|| {
            ConfigError::key(
                "source.url",
                format!(
                    "source `{0}` has none, so no server can be asked; hand its files over with \
                     `outreach import FOLDER --source {0}`, or give it a `url`",
                    self.name
                ),
            )
        })
    }

    /// Its FHIR base URL; empty where its data comes as files alone.
    pub(crate) fn base(&self) -> &str {
        self.url.as_ref().map_or("", Url::as_str)
    }

    /// How often to ask for changes.
    ///
    /// # Errors
    /// [`ConfigError::Key`]
    pub(crate) fn poll_interval(&self) -> Result<Duration, ConfigError> {
        duration("source.poll", &self.poll)?.try_into().map_err(|_| ConfigError::key("source.poll", "expected a duration"))
    }
}
