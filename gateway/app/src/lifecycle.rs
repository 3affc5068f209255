//! A gateway from its start to its end: listeners, workers, and a stop that finishes what is in hand.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use async_trait::async_trait;
use gateway_api::{ApiDeps, Attempts, ChannelWebhooks, PrebuiltMeasure, Replayed, SyncTrigger};
use gateway_domain::ids::{PatientNo, SourceId};
use gateway_domain::plugin::PluginKind;
use gateway_fhir::FhirNotifications;
use gateway_net::health::{Readiness, admin_router};
use gateway_net::layers::{LayerOptions, with_layers};
use gateway_net::listener::{ListenerLimits, serve};
use gateway_outreach::delivery::render::SenderProfile;
use gateway_outreach::lookup::{ClinicalLookup, LookupLimits};
use gateway_outreach::problems::Problems;
use gateway_outreach::settings::OutreachSettings;
use gateway_outreach::workers::{OutreachDeps, Wake, Workers};
use gateway_ports::ehr::ResourceReader;
use gateway_ports::plugins::Plugins as _;
use gateway_ports::store::{MessageStore as _, QuarantineFilter, SegmentStore as _, Store as StorePort, WriteBackStore as _};
use gateway_sync::{HintInbox, SyncWorker};
use http::HeaderValue;
use jiff::tz::TimeZone;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::Config;
use crate::wiring::links::Links;
use crate::wiring::plugins::Change;
use crate::wiring::{Parts, ehr, identity, push, write_back};

/// How long a stop may take before what is under way is abandoned; it is durable and goes on at the next start.
const PATIENCE: Duration = Duration::from_secs(30);
/// What the console may load: itself. Its component library writes style attributes.
const CONSOLE_POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The sockets of a gateway, bound already.
pub(crate) struct Listeners {
    /// Console, API and patient pages.
    pub(crate) web: TcpListener,
    /// Health and metrics.
    pub(crate) admin: TcpListener,
}

impl Listeners {
    /// Binds what the configuration says.
    ///
    /// # Errors
    /// Naming the key and the address.
    pub(crate) async fn bind(config: &Config) -> anyhow::Result<Self> {
        let web = TcpListener::bind(config.server.listen)
            .await
            .with_context(|| format!("`server.listen`: {} can't be bound", config.server.listen))?;
        let admin = TcpListener::bind(config.server.admin_listen)
            .await
            .with_context(|| format!("`server.admin_listen`: {} can't be bound", config.server.admin_listen))?;
        Ok(Self { web, admin })
    }
}

/// A gateway at work.
pub(crate) struct Gateway {
    parts: Arc<Parts>,
    wake: Wake,
    stop: CancellationToken,
    tracker: TaskTracker,
    /// Keeps other gateways from the same SQLite file.
    _alone: Option<std::fs::File>,
}

impl Gateway {
    /// Starts everything.
    ///
    /// # Errors
    /// Naming the part that does not start.
    pub(crate) async fn start(config: &Config, listeners: Listeners) -> anyhow::Result<Self> {
        let metrics = metrics_recorder();
        let alone = lock_database(config)?;
        let parts = Arc::new(Parts::open(config).await?);
        if alone.is_some() {
            parts.store.release_claims().await?;
        }
        // Before any worker: what the rules do not link yet is not sent to.
        let is_behind = identity::adopt(&parts, config).await?;
        note_logic(&parts).await?;
        let (stop, tracker, wake) = (CancellationToken::new(), TaskTracker::new(), Wake::default());
        let store: Arc<dyn StorePort> = parts.store.clone();
        let lookup = Arc::new(ClinicalLookup::new(Arc::clone(&store), Arc::clone(&parts.terminology), LookupLimits::default()));
        let policy = config.gate.policy()?;
        let (_, live_policy) = watch::channel(policy.clone());

        let outreach = OutreachDeps {
            store: Arc::clone(&store),
            plugins: parts.plugins.clone(),
            content: Arc::clone(&parts.content),
            clock: Arc::clone(&parts.clock),
            entropy: Arc::clone(&parts.entropy),
            links: Arc::new(Links::new(Arc::clone(&parts.links), config.server.public_base())),
            lookup: Arc::clone(&lookup),
            problems: Arc::new(Problems::default()),
            policy: live_policy,
            settings: Arc::new(settings(config, alone.is_some())?),
        };
        Workers::spawn(&outreach, &wake, &stop, &tracker);
        tracker.spawn(watch_value_sets(Arc::clone(&parts), wake.clone(), stop.clone()));
        tracker.spawn(watch_shelf(Arc::clone(&parts), Arc::clone(&outreach.problems), wake.clone(), stop.clone()));
        if is_behind {
            let (parts, wake, stop) = (Arc::clone(&parts), wake.clone(), stop.clone());
            tracker.spawn(async move {
                if identity::relink_in_the_end(&parts, &stop).await {
                    wake.patients_changed();
                    wake.messages_changed();
                }
            });
        }

        let (mut wakes, mut queues, mut replays) = (HashMap::new(), HashMap::new(), HashMap::new());
        let changed = Arc::new(Notify::new());
        for section in &config.sources {
            let source = ehr::put_source(&parts, section).await?;
            let (cache, runtime) = (Arc::clone(&lookup), tokio::runtime::Handle::current());
            let forget: Arc<gateway_sync::Applied> = Arc::new(move |patients: &[PatientNo]| {
                let (cache, patients) = (Arc::clone(&cache), patients.to_vec());
                runtime.spawn(async move { cache.invalidate(&patients).await });
            });
            replays.insert(
                source.id,
                Replay {
                    source: section.name.clone(),
                    worker: ehr::worker(&parts).telling(Arc::clone(&forget)),
                    reader: ehr::reader(&parts, section).await?,
                },
            );
            parts.store.set_write_back(source.id, section.write_back.scope()).await?;
            if section.url.is_none() {
                continue;
            }
            if let Some(target) = write_back::target(&parts, config, section, source.id)? {
                Workers::spawn_write_back(&outreach, target, &wake, &stop, &tracker);
            }
            let feed = ehr::feed(&parts, config, section).await?;
            let keeper = push::keeper(&parts, config, section, &source, &*feed.reader)?;
            queues.insert(source.id, Arc::clone(&keeper.queue));
            let worker = ehr::worker(&parts).telling(forget).hearing(Arc::clone(&keeper.queue));
            let options = ehr::options(section)?;
            let (poll, signal) = (section.poll_interval()?, Arc::new(Notify::new()));
            wakes.insert(source.id, Arc::clone(&signal));
            let keeping = stop.clone();
            tracker.spawn(async move { keeper.keep(&keeping).await });
            let (stop, changed) = (stop.clone(), Arc::clone(&changed));
            tracker.spawn(async move { worker.run_forever(&feed, &options, poll, &stop, &signal, &changed).await });
        }
        tracker.spawn(gateway_sync::show_lag(Arc::clone(&store), Arc::clone(&parts.clock), stop.clone()));
        tracker.spawn(pass_on(Arc::clone(&changed), wake.clone(), stop.clone()));

        let mut seed = [0; 8];
        parts.entropy.fill(&mut seed);
        let mut options = LayerOptions::new(config.server.is_https(), u64::from_le_bytes(seed));
        options.content_security_policy = HeaderValue::from_static(CONSOLE_POLICY);
        let api = gateway_api::router(ApiDeps {
            webhooks: Arc::new(ChannelWebhooks::new(channel_configs(config))),
            lookup,
            store,
            plugins: parts.plugins.clone(),
            clock: Arc::clone(&parts.clock),
            entropy: Arc::clone(&parts.entropy),
            sync: Arc::new(Triggers { wakes, replays, quarantine: Arc::clone(&parts) }),
            push: Arc::new(HintInbox::new(queues, Arc::new(FhirNotifications), Arc::clone(&parts.clock))),
            links: Arc::clone(&parts.links),
            passwords: parts.passwords.clone(),
            attempts: Arc::new(Attempts::default()),
            jwks: Arc::new(serde_json::to_value(parts.keys.jwks())?),
            public_url: config.server.public_url.clone(),
            secure_cookies: config.server.is_https(),
            wake: wake.clone(),
            gate_policy: Arc::new(policy),
            organization: config.hospital.name.as_str().into(),
            measures: measures()?,
        });
        let readiness = Readiness::default();
        let admin = admin_router(readiness.clone(), move || metrics.as_ref().map_or_else(String::new, PrometheusHandle::render));
        let (web_stop, admin_stop) = (stop.clone(), stop.clone());
        let app = with_layers(api, &options);
        tracker.spawn(async move {
            let _ = serve(listeners.web, app, ListenerLimits::default(), web_stop).await;
        });
        tracker.spawn(async move {
            let _ = serve(listeners.admin, admin, ListenerLimits::default(), admin_stop).await;
        });
        readiness.set("gateway", true);
        Ok(Self { parts, wake, stop, tracker, _alone: alone })
    }

    /// The parts it is made of.
    pub(crate) fn parts(&self) -> &Parts {
        &self.parts
    }

    /// Wakes all stages, after something was changed beside them.
    pub(crate) fn wake(&self) {
        self.wake.patients_changed();
        self.wake.memberships_changed();
        self.wake.journeys_changed();
        self.wake.messages_changed();
    }

    /// Finishes what is in hand and ends.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.tracker.close();
        if tokio::time::timeout(PATIENCE, self.tracker.wait()).await.is_err() {
            tracing::warn!("Some work did not end in time; it goes on at the next start");
        }
        self.parts.store.close().await;
    }
}

/// Waits for Ctrl-C or a request to terminate.
pub(crate) async fn until_stopped() {
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminate => {}
    }
}

/// Lets everybody be evaluated anew where a plugin, or what it may see, is not what it was at the last start.
async fn note_logic(parts: &Parts) -> anyhow::Result<()> {
    for plugin in parts.plugins.list().into_iter().filter(|plugin| plugin.kind == PluginKind::Segment) {
        let logic = parts.plugins.segment(&plugin.name)?.logic().to_owned();
        if parts.store.note_logic(&plugin.name, &logic, parts.clock.now()).await? {
            tracing::info!(plugin = %plugin.name, version = plugin.version, "The plugin decides otherwise than before: everybody is evaluated anew");
        }
    }
    Ok(())
}

/// The measures that came with the program.
fn measures() -> anyhow::Result<Arc<[PrebuiltMeasure]>> {
    let measures = fhir_profiles::measures()?.into_iter();
    Ok(measures.map(|it| PrebuiltMeasure { key: it.name, title: it.title, document: it.document }).collect())
}

/// Takes up what the operator installs, upgrades, rolls back or removes, while the gateway runs.
async fn watch_shelf(parts: Arc<Parts>, problems: Arc<Problems>, wake: Wake, stop: CancellationToken) {
    const EVERY: Duration = Duration::from_secs(2);
    const OBJECT: &str = "plugins";
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        let changes = match parts.shelved.take_up().await {
            Ok(changes) => changes,
            Err(error) => {
                problems.note(OBJECT, error.to_string(), parts.clock.now());
                continue;
            }
        };
        problems.clear(OBJECT);
        if changes.is_empty() {
            continue;
        }
        for (plugin, change) in changes {
            let object = format!("plugin {plugin}");
            match change {
                Change::Used(version) => {
                    problems.clear(&object);
                    tracing::info!(%plugin, version, "A plugin is used in this version from now on");
                }
                Change::Gone => {
                    problems.clear(&object);
                    tracing::info!(%plugin, "A plugin is not used any more");
                }
                Change::Refused(reason) => {
                    tracing::error!(%plugin, reason, "An installed plugin is not used");
                    problems.note(object, reason, parts.clock.now());
                }
            }
        }
        if let Err(error) = note_logic(&parts).await {
            tracing::error!(%error, "It could not be noted by which logic segments are decided now");
        }
        wake.patients_changed();
        wake.journeys_changed();
        wake.messages_changed();
    }
}

/// Wakes the evaluation when somebody imported value sets, in this process or another, and lets plugins look codes up anew.
async fn watch_value_sets(parts: Arc<Parts>, wake: Wake, stop: CancellationToken) {
    const EVERY: Duration = Duration::from_secs(2);
    let mut known = None;
    loop {
        match parts.terminology.revision().await {
            Ok(revision) if known.replace(revision).is_some_and(|before| before != revision) => {
                parts.plugins.invalidate_lookups();
                wake.patients_changed();
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "It is not known whether value sets were imported"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Wakes the evaluation after each sync that brought something; held messages may go on too.
async fn pass_on(changed: Arc<Notify>, wake: Wake, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = changed.notified() => {
                wake.patients_changed();
                wake.messages_changed();
            }
        }
    }
}

/// Reads the quarantine of a source again.
struct Replay {
    source: String,
    worker: SyncWorker,
    reader: Arc<dyn ResourceReader>,
}

/// Wakes the worker of a source, and reads its quarantine again.
struct Triggers {
    wakes: HashMap<SourceId, Arc<Notify>>,
    replays: HashMap<SourceId, Replay>,
    quarantine: Arc<Parts>,
}

#[async_trait]
impl SyncTrigger for Triggers {
    fn request(&self, source: SourceId) {
        if let Some(signal) = self.wakes.get(&source) {
            signal.notify_one();
        }
    }

    async fn replay(&self, source: SourceId, filter: QuarantineFilter) -> Result<Replayed, String> {
        let replay = self.replays.get(&source).ok_or("The configuration has no such source any more.")?;
        let store = self.quarantine.store.as_ref();
        let report = replay.worker.replay(store, &replay.source, &replay.reader, &filter).await.map_err(|error| error.to_string())?;
        Ok(Replayed {
            readable: report.replayed,
            applied: report.applied,
            still_unreadable: report.still_unreadable,
            not_whole: report.not_whole,
        })
    }
}

fn settings(config: &Config, alone: bool) -> anyhow::Result<OutreachSettings> {
    let sender = SenderProfile {
        from: config.mail.from.clone(),
        reply_to: config.mail.reply_to.clone(),
        hospital_name: config.hospital.name.clone(),
        message_id_domain: config.mail.message_id_domain.clone(),
        tracking: config.tracking.clicks,
    };
    let time_zone = TimeZone::get(&config.hospital.time_zone)?;
    let settings = OutreachSettings { time_zone, channels: channel_configs(config), ..OutreachSettings::new(sender) };
    Ok(if alone { settings } else { settings.shared() })
}

/// The configuration of each plugin, by its name.
fn channel_configs(config: &Config) -> BTreeMap<String, String> {
    config.plugin.iter().map(|section| (section.name.to_string(), section.json())).collect()
}

/// The one recorder of metrics of a process; a second gateway in it, as in tests, shares the first one's and shows nothing.
fn metrics_recorder() -> Option<PrometheusHandle> {
    PrometheusBuilder::new().install_recorder().ok()
}

/// Keeps a SQLite database to one gateway. `None` for databases that several may share.
fn lock_database(config: &Config) -> anyhow::Result<Option<std::fs::File>> {
    let Some(path) = config.database.url.strip_prefix("sqlite://") else { return Ok(None) };
    let path = PathBuf::from(format!("{path}.lock"));
    let file = std::fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .with_context(|| format!("the lock `{}`", path.display()))?;
    if file.try_lock().is_err() {
        bail!("another gateway is at work on this database; SQLite is for one, PostgreSQL for several (`database.url`)");
    }
    Ok(Some(file))
}
