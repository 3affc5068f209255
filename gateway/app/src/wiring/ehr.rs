//! A source: its guarded client, how it is signed in to, and the worker that keeps the model in step with it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use gateway_auth::{
    AuthorizedClient, BackendServices, BackendServicesConfig, Basic, ClientSecret, ClientSecretConfig, KeySet, NoToken, ScopeRequest,
    SecretPlacement, SigningKey, StaticBearer, SystemRandom, TokenSource,
};
use gateway_domain::ids::SourceId;
use gateway_domain::source::Source;
use gateway_fhir::{FhirReader, FhirServer, FhirServerConfig};
use gateway_net::budget::{Budget, BudgetLimits};
use gateway_net::egress::{Egress, EgressPolicy, Network, Origin};
use gateway_ports::ehr::{Ehr, ExportLevel, ResourceReader};
use gateway_ports::push::SubscriptionServer;
use gateway_ports::store::SourceStore as _;
use gateway_sync::{ExportChoice, SyncFeed, SyncOptions, SyncWorker};
use secrecy::SecretString;

use super::Parts;
use crate::config::{Config, ConfigError, ExportSetting, SourceAuth, SourceSection};
use crate::system::SystemProcesses;

/// How hard each source is asked.
#[derive(Default)]
pub(crate) struct Budgets(Mutex<BTreeMap<String, Arc<Budget>>>);

impl Budgets {
    /// The one budget of a section's server, for all that ask it.
    pub(super) fn of(&self, section: &SourceSection) -> Arc<Budget> {
        let limits =
            BudgetLimits { concurrent: section.max_concurrent, per_second: section.max_requests_per_second, ..BudgetLimits::default() };
        let mut budgets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(budgets.entry(section.name.clone()).or_insert_with(|| Arc::new(Budget::new(limits))))
    }
}

/// The source of a section, as the database has it; made where it is new.
///
/// # Errors
/// Where the database does not answer.
pub(crate) async fn put_source(parts: &Parts, section: &SourceSection) -> anyhow::Result<Source> {
    let id = SourceId::new(parts.clock.now(), parts.entropy.for_id());
    Ok(parts.store.put_source(id, &section.name, section.base()).await?)
}

/// The server of a section.
///
/// # Errors
/// Where a file with a secret can't be read, or an address can't be used.
pub(crate) fn server(parts: &Parts, config: &Config, section: &SourceSection) -> anyhow::Result<Arc<dyn Ehr>> {
    Ok(fhir_server(parts, config, section)?)
}

/// The guarded client of a section, without a credential.
///
/// # Errors
/// Where an address can't be used.
pub(crate) fn egress(section: &SourceSection) -> anyhow::Result<Egress> {
    Ok(Egress::new(policy(section)?)?)
}

/// How the gateway signs in to a section's server.
///
/// # Errors
/// Where a file with a secret can't be read.
pub(crate) fn token_source(parts: &Parts, config: &Config, section: &SourceSection) -> anyhow::Result<Arc<dyn TokenSource>> {
    tokens(parts, config, section, &egress(section)?, Rights::Read)
}

/// The server of a section, for keeping our subscriptions on it: with a token of its own that allows nothing else.
///
/// # Errors
/// As [`server`].
pub(crate) fn subscription_server(parts: &Parts, config: &Config, section: &SourceSection) -> anyhow::Result<Arc<dyn SubscriptionServer>> {
    Ok(Arc::new(server_with(parts, config, section, Rights::Manage(vec!["Subscription".to_owned()]))?))
}

/// As [`server`], with what only a FHIR server can tell.
///
/// # Errors
/// As [`server`].
pub(crate) fn fhir_server(parts: &Parts, config: &Config, section: &SourceSection) -> anyhow::Result<Arc<FhirServer>> {
    Ok(Arc::new(server_with(parts, config, section, Rights::Read)?))
}

fn server_with(parts: &Parts, config: &Config, section: &SourceSection, rights: Rights) -> anyhow::Result<FhirServer> {
    let egress = egress(section)?;
    let url = section.server_url()?;
    let origin = Origin::of(url).context("`source.url` has no origin")?;
    let tokens = tokens(parts, config, section, &egress, rights)?;
    let files = section.file_origins()?;
    let client = AuthorizedClient::new(egress.for_origin(origin).also_without_credentials(files.iter().cloned()), tokens);
    let mapping = section.mapping()?;
    let server_config =
        FhirServerConfig { file_hosts: files, rebase_links: section.rebase_links, ..FhirServerConfig::new(url.clone(), &mapping.search) };
    let server = FhirServer::new(server_config, client, Arc::clone(&parts.clock), Arc::clone(&parts.entropy));
    Ok(server.within(parts.budgets.of(section)))
}

/// A section as the sync takes it: who is asked, and who reads the answers.
///
/// # Errors
/// As [`server`] and [`put_source`].
pub(crate) async fn feed(parts: &Parts, config: &Config, section: &SourceSection) -> anyhow::Result<SyncFeed> {
    let ehr = server(parts, config, section)?;
    Ok(SyncFeed { source: section.name.clone(), ehr, reader: reader(parts, section).await? })
}

/// Who reads the resources of a section.
///
/// # Errors
/// As [`put_source`], and where there is no such profile.
pub(crate) async fn reader(parts: &Parts, section: &SourceSection) -> anyhow::Result<Arc<dyn ResourceReader>> {
    let source = put_source(parts, section).await?;
    let mapping = section.mapping()?;
    Ok(Arc::new(FhirReader::new(source.no, section.base(), mapping)))
}

/// The worker that reads sources.
pub(crate) fn worker(parts: &Parts) -> SyncWorker {
    SyncWorker::new(parts.store.clone(), parts.store.clone(), Arc::clone(&parts.clock), Arc::clone(&parts.entropy))
        .within(Arc::new(SystemProcesses))
}

/// How runs of a section go.
///
/// # Errors
/// Where there is no such profile.
pub(crate) fn options(section: &SourceSection) -> anyhow::Result<SyncOptions> {
    let page_size = section.mapping()?.search.page_size;
    let export = match section.export()? {
        ExportSetting::Offered => ExportChoice::Offered,
        ExportSetting::Off => ExportChoice::Off,
        ExportSetting::System => ExportChoice::Level(ExportLevel::System),
        ExportSetting::Patient => ExportChoice::Level(ExportLevel::Patient),
        ExportSetting::Group(id) => ExportChoice::Level(ExportLevel::Group(id)),
    };
    Ok(SyncOptions {
        page_size,
        export,
        refresh: section.refresh_interval()?,
        reconcile: section.reconcile_interval()?,
        concurrency: section.max_concurrent,
        shortest_poll: Duration::from_millis(500),
        parallel_files: section.parallel_files,
        type_filters: section.type_filters.clone(),
        ..SyncOptions::default()
    })
}

/// What the client of this source may reach: public addresses over TLS, and what the section lists. A section that names a private host may
/// be plain `http`, as its URL says.
pub(super) fn policy(section: &SourceSection) -> Result<EgressPolicy, ConfigError> {
    let mut policy = EgressPolicy { plain_http: section.url.as_ref().is_some_and(|url| url.scheme() == "http"), ..EgressPolicy::default() };
    open(&mut policy, &section.private_hosts, "source.private_hosts")?;
    Ok(policy)
}

/// Opens hosts, addresses and networks inside the hospital.
///
/// # Errors
/// [`ConfigError::Key`], naming the entry.
pub(super) fn open(policy: &mut EgressPolicy, entries: &[String], key: &'static str) -> Result<(), ConfigError> {
    for entry in entries {
        if let Ok(address) = entry.parse::<std::net::IpAddr>() {
            let whole = if address.is_ipv4() { 32 } else { 128 };
            policy.allowed_networks.push(Network::new(address, whole).map_err(|error| ConfigError::key(key, error.to_string()))?);
        } else if entry.contains('/') {
            policy.allowed_networks.push(entry.parse().map_err(|error| ConfigError::key(key, format!("`{entry}`: {error}")))?);
        } else {
            policy.allowed_hosts.push(entry.clone());
        }
    }
    Ok(())
}

/// What a sign-in is for. Scopes are for SMART Backend Services; the other ways have theirs in the configuration.
pub(super) enum Rights {
    /// Reading everything.
    Read,
    /// Writing these types.
    Write(Vec<String>),
    /// Making, changing and ending these types.
    Manage(Vec<String>),
}

pub(super) fn tokens(
    parts: &Parts,
    config: &Config,
    section: &SourceSection,
    egress: &Egress,
    rights: Rights,
) -> anyhow::Result<Arc<dyn TokenSource>> {
    Ok(match &section.auth {
        SourceAuth::None => Arc::new(NoToken),
        SourceAuth::Bearer { token_file } => Arc::new(StaticBearer::new(secret(token_file, "token_file")?)),
        SourceAuth::Basic { username, password_file } => Arc::new(Basic::new(username, &secret(password_file, "password_file")?)),
        SourceAuth::ClientSecret { client_id, secret_file, token_url, scopes } => Arc::new(ClientSecret::new(
            ClientSecretConfig {
                token_url: token_url.to_string(),
                client_id: client_id.clone(),
                client_secret: secret(secret_file, "secret_file")?,
                placement: SecretPlacement::Basic,
                scopes: with_writing(scopes, &rights),
            },
            egress.clone(),
        )),
        SourceAuth::BackendServices { client_id, key_file } => {
            let keys = match key_file {
                Some(file) => Arc::new(KeySet::new(SigningKey::load(file)?, [])),
                None => Arc::clone(&parts.keys),
            };
            let own = BackendServicesConfig {
                base_url: section.server_url()?.clone(),
                client_id: client_id.clone(),
                token_url: None,
                scopes: match rights {
                    Rights::Read => ScopeRequest::All,
                    Rights::Write(types) => ScopeRequest::Write(types),
                    Rights::Manage(types) => ScopeRequest::Manage(types),
                },
                jwks_url: Some(format!("{}/.well-known/jwks.json", config.server.public_base())),
            };
            Arc::new(BackendServices::new(own, keys, egress.clone(), Arc::new(SystemRandom)))
        }
    })
}

/// The scopes of the configuration; for writing with those that write, unless it names some.
fn with_writing(scopes: &[String], rights: &Rights) -> Vec<String> {
    let mut all = scopes.to_vec();
    if let Rights::Write(types) = rights {
        let writes = |scope: &String| scope.rsplit_once('.').is_some_and(|(_, access)| access == "write" || access.contains(['c', '*']));
        if !all.iter().any(writes) {
            all.extend(types.iter().map(|name| format!("system/{name}.write")));
        }
    }
    all
}

fn secret(file: &Path, key: &str) -> anyhow::Result<SecretString> {
    let text = std::fs::read_to_string(file).with_context(|| format!("the file of `source.auth.{key}`, `{}`", file.display()))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned().into())
}
