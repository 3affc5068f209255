//! Puts the parts together. The only place where everything is known.

pub(crate) mod ehr;
pub(crate) mod http;
pub(crate) mod identity;
pub(crate) mod links;
pub(crate) mod mail;
pub(crate) mod push;
pub(crate) mod terminology;
pub(crate) mod write_back;

use std::sync::Arc;

use anyhow::Context as _;
use gateway_auth::password::{PasswordParameters, Passwords};
use gateway_auth::signed_link::LinkKeyRing;
use gateway_auth::{KeySet, SigningKey};
use gateway_content::EmailContent;
use gateway_domain::audit::{Actor, AuditAction, AuditEntry};
use gateway_domain::capability::Capability;
use gateway_domain::ids::{AuditId, PatientId};
use gateway_domain::plugin::PluginName;
use gateway_plugin_host::{HostConfig, HostDependencies, Manifest, PluginHost};
use gateway_ports::clock::{Clock, Entropy};
use gateway_ports::content::MessageContent;
use gateway_ports::plugins::Plugins;
use gateway_ports::store::AuditStore as _;
use gateway_ports::terminology::Terminology;
use gateway_store::Store;
use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;
use secrecy::SecretString;

use crate::config::{self, Config};
use crate::definitions::Target;
use crate::system::{SystemClock, SystemEntropy};

/// Who did what was asked for on the command line, as the audit has it.
pub(crate) const COMMAND_LINE: &str = "command-line";

/// The parts every command needs.
pub(crate) struct Parts {
    /// Everything that is kept.
    pub(crate) store: Arc<Store>,
    /// The plugins.
    pub(crate) plugins: Arc<PluginHost>,
    /// Installed plugins that are not used, and why.
    pub(crate) refused_plugins: Vec<(PluginName, String)>,
    /// Makes messages.
    pub(crate) content: Arc<dyn MessageContent>,
    /// Codes and value sets.
    pub(crate) terminology: Arc<dyn Terminology>,
    /// Time.
    pub(crate) clock: Arc<dyn Clock>,
    /// Randomness.
    pub(crate) entropy: Arc<dyn Entropy>,
    /// The gateway's keys for sources.
    pub(crate) keys: Arc<KeySet>,
    /// The keys of the links in messages.
    pub(crate) links: Arc<LinkKeyRing>,
    /// Checks and hashes passwords.
    pub(crate) passwords: Passwords,
    /// How hard each source is asked, by its name: whoever asks one shares its budget.
    pub(crate) budgets: ehr::Budgets,
}

impl Parts {
    /// Opens the database, brings its tables up to date, reads or makes the keys, and loads the plugins.
    ///
    /// # Errors
    /// Naming the part that can't be had, and why.
    pub(crate) async fn open(config: &Config) -> anyhow::Result<Self> {
        let store = open_store(config).await?;
        store.migrate().await?;
        std::fs::create_dir_all(&config.keys.folder).with_context(|| format!("the folder for keys, `{}`", config.keys.folder.display()))?;
        let key = SigningKey::load_or_create(&config.keys.folder.join("gateway.pem"))?;
        let links = LinkKeyRing::load_or_create(&config.keys.folder.join("links.json"), &mut UnwrapErr(SysRng))?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let terminology: Arc<dyn Terminology> = Arc::new(terminology::Starter::load()?);
        let store = Arc::new(store);
        let plugins = load_plugins(config, &store, &clock, &terminology).await?;
        let refused_plugins = take_from_shelf(config, &plugins).await?;
        Ok(Self {
            store,
            plugins: Arc::new(plugins),
            refused_plugins,
            content: Arc::new(EmailContent),
            terminology,
            clock,
            entropy: Arc::new(SystemEntropy),
            keys: Arc::new(KeySet::new(key, [])),
            links: Arc::new(links),
            passwords: Passwords::new(PasswordParameters::default())?,
            budgets: ehr::Budgets::default(),
        })
    }

    /// The hash of a password.
    ///
    /// # Errors
    /// Where it is too long.
    pub(crate) async fn hash_password(&self, password: SecretString) -> anyhow::Result<String> {
        Ok(self.passwords.hash(password, &mut UnwrapErr(SysRng)).await?)
    }

    /// Writes to the audit what the command line is about to do or show, a line for each patient it is about.
    ///
    /// # Errors
    /// Where the database does not take it; then nothing is to be done or shown.
    pub(crate) async fn audit(
        &self,
        action: AuditAction,
        object: &str,
        lines: impl IntoIterator<Item = (Option<PatientId>, String)>,
    ) -> anyhow::Result<()> {
        let at = self.clock.now();
        let entry = |(patient, detail)| AuditEntry {
            id: AuditId::new(at, self.entropy.for_id()),
            at,
            actor: Actor::System(COMMAND_LINE.to_owned()),
            action,
            object: object.to_owned(),
            patient,
            allowed: true,
            detail,
        };
        let entries: Vec<AuditEntry> = lines.into_iter().map(entry).collect();
        Ok(self.store.audit(&entries).await?)
    }

    /// Where definitions are applied.
    pub(crate) fn definition_target(&self) -> Target<'_> {
        let plugins: &dyn Plugins = self.plugins.as_ref();
        Target {
            store: self.store.as_ref(),
            plugins,
            content: self.content.as_ref(),
            clock: self.clock.as_ref(),
            entropy: self.entropy.as_ref(),
        }
    }
}

/// Opens the database.
///
/// # Errors
/// Where it does not answer; the address is not repeated, as it may hold a password.
pub(crate) async fn open_store(config: &Config) -> anyhow::Result<Store> {
    let url = config.database.url.parse()?;
    Store::open(&url).await.context("the database of `database.url`")
}

/// Installs the bundled plugins. Each gets what it asks for: they came with the binary.
async fn load_plugins(
    config: &Config,
    store: &Arc<Store>,
    clock: &Arc<dyn Clock>,
    terminology: &Arc<dyn Terminology>,
) -> anyhow::Result<PluginHost> {
    let cache = &config.plugins.cache;
    std::fs::create_dir_all(cache).with_context(|| format!("the folder for compiled plugins, `{}`", cache.display()))?;
    let cache = std::fs::canonicalize(cache)?;
    let host_config = HostConfig { cache_directory: Some(cache), ..HostConfig::default() };
    let dependencies = HostDependencies {
        clock: Arc::clone(clock),
        mail: Some(Arc::new(mail::Relay::new(&config.mail)?)),
        terminology: Some(Arc::clone(terminology)),
        http: Some(Arc::new(http::PluginClients::new(&config.plugin)?)),
        values: Some(Arc::<Store>::clone(store)),
        settings: config::plugin_settings(&config.plugin)?,
    };
    let host = PluginHost::new(host_config, dependencies)?;
    for plugin in plugins_bundled::all() {
        let asks: Vec<Capability> = Manifest::read(plugin.manifest)
            .map(|manifest| manifest.asks)
            .with_context(|| format!("the bundled plugin `{}`", plugin.name))?;
        host.install(plugin.manifest, plugin.component, &asks, true)
            .await
            .with_context(|| format!("the bundled plugin `{}`", plugin.name))?;
    }
    Ok(host)
}

/// Whether a plugin of this name came with the gateway; no other takes its place.
pub(crate) fn is_bundled(name: &PluginName) -> bool {
    plugins_bundled::all().iter().any(|plugin| plugin.name == name.as_str())
}

/// Installs what the operator installed. One that can't be used is left out, with the reason, and the others go on.
async fn take_from_shelf(config: &Config, host: &PluginHost) -> anyhow::Result<Vec<(PluginName, String)>> {
    let (shelf, trust) = (config.plugins.shelf(), config.plugins.trust());
    if trust.anybody {
        tracing::warn!("`plugins.development` is on: plugins are used whoever made them. Never where there are patients.");
    }
    let mut refused = Vec::new();
    for (name, placed) in shelf.list()? {
        let used = if is_bundled(&name) {
            Err(format!("`{name}` came with the gateway, and no other takes its place"))
        } else {
            match shelf.take(&name, &placed, &trust) {
                Ok(taken) => {
                    let installed = host.install(&taken.package.manifest_text, &taken.package.component, &taken.granted, false).await;
                    installed.map(drop).map_err(|error| error.to_string())
                }
                Err(error) => Err(error.to_string()),
            }
        };
        if let Err(reason) = used {
            tracing::error!(plugin = %name, version = %placed.version, reason, "An installed plugin is not used");
            refused.push((name, reason));
        }
    }
    Ok(refused)
}
