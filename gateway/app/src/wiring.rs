//! Puts the parts together. The only place where everything is known.

pub(crate) mod ehr;
pub(crate) mod http;
pub(crate) mod identity;
pub(crate) mod links;
pub(crate) mod mail;
pub(crate) mod plugins;
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
use gateway_domain::ids::{AuditId, PatientId};
use gateway_plugin_host::PluginHost;
use gateway_ports::clock::{Clock, Entropy};
use gateway_ports::content::MessageContent;
use gateway_ports::plugins::Plugins;
use gateway_ports::store::{AuditStore as _, ValueSetStore};
use gateway_ports::terminology::Terminology;
use gateway_store::Store;
use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;
use secrecy::SecretString;

use crate::config::Config;
use crate::definitions::Target;
use crate::system::{SystemClock, SystemEntropy};
use crate::wiring::plugins::{Change, Shelved};
use crate::wiring::terminology::ValueSets;

/// Who did what was asked for on the command line, as the audit has it.
pub(crate) const COMMAND_LINE: &str = "command-line";

/// The parts every command needs.
pub(crate) struct Parts {
    /// Everything that is kept.
    pub(crate) store: Arc<Store>,
    /// The plugins.
    pub(crate) plugins: Arc<PluginHost>,
    /// Those of them that the operator installed.
    pub(crate) shelved: Arc<Shelved>,
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
        let store = Arc::new(store);
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
        let terminology: Arc<dyn Terminology> = Arc::new(ValueSets::new(Arc::clone(&store) as Arc<dyn ValueSetStore>)?);
        let plugins = Arc::new(plugins::bundled(config, &store, &clock, &entropy, &terminology).await?);
        let shelved = Arc::new(Shelved::new(config, &plugins));
        for (plugin, change) in shelved.take_up().await? {
            if let Change::Refused(reason) = change {
                tracing::error!(%plugin, reason, "An installed plugin is not used");
            }
        }
        Ok(Self {
            store,
            plugins,
            shelved,
            content: Arc::new(EmailContent),
            terminology,
            clock,
            entropy,
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
