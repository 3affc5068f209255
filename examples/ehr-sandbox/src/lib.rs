//! A FHIR R4 server with synthetic people, for trying and testing whatever reads from a hospital's server. People are
//! generated, or loaded from a folder of NDJSON; they can be searched, exported in bulk behind SMART Backend Services,
//! changed one by one, or made to live on (`tick`). Changes are held in memory and are gone at the end.
//!
//! Architecture invariant: it knows nothing of the gateway and depends on none of its crates, so that what is tested
//! against it is tested against FHIR. It never holds the generated people, only the changes made to them. It must never
//! hold real patient data: its pages and its control surface ask nobody to sign in.

mod auth;
mod bulk;
mod clock;
mod corpus;
mod dialect;
mod error;
mod fault;
mod population;
mod resource;
mod search;
mod server;
mod store;
mod subscription;
mod tick;

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use jiff::{SignedDuration, civil::Date, tz::TimeZone};
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use self::{
    auth::Desk,
    bulk::Jobs,
    corpus::{Corpus, Loaded},
    fault::{HangUp, HangingUp, Stage},
    population::Population,
    resource::{Kinds, kind_named},
    store::Store,
    subscription::Engine,
};
pub use self::{
    auth::{Client, ClientKeys},
    dialect::Dialect,
    error::Error,
    fault::{FaultScript, Heard, Place},
    subscription::PushFaults,
    tick::Change,
};

/// People generated where nothing else is said.
const USUAL_PEOPLE: u64 = 1_000;
/// More people than that are refused.
const MOST_PEOPLE: u64 = 9_999_999;
/// How long open connections may take to end at shutdown.
const DRAIN: Duration = Duration::from_secs(5);

/// How a sandbox is set up. `Config::default()` is 1,000 people behind sign-in, with no client registered.
#[derive(Clone, Debug)]
pub struct Config {
    /// How many people are generated; `None` is 1,000, or none where a folder is loaded.
    pub people: Option<u64>,
    /// The same seed gives the same people.
    pub seed: u64,
    /// The day the records are read as of; `None` is today. The same day gives the same people.
    pub as_of: Option<Date>,
    /// A folder of `.ndjson` and `.ndjson.gz` files to serve.
    pub load: Option<PathBuf>,
    /// Clients that may ask for tokens.
    pub clients: Vec<Client>,
    /// Ask nobody for a token.
    pub open: bool,
    /// Whether `If-None-Exist` is honoured; else it is ignored, and the CapabilityStatement says so.
    pub conditional_create: bool,
    /// How long a token lives.
    pub token_lifetime: Duration,
    /// The least time an export takes, so that clients have something to poll. Where it is zero, the first look finds it ready.
    pub export_delay: Duration,
    /// Change one thing about one person this often.
    pub tick_every: Option<Duration>,
    /// Scheme, host and port under which clients reach it, without a path; `None` is taken from the listener.
    pub public_url: Option<String>,
    /// How it speaks.
    pub dialect: Dialect,
    /// Faults played from the start.
    pub faults: FaultScript,
    /// How badly notifications are delivered from the start.
    pub push: PushFaults,
    /// Address of a second listener, the foreign host of signed files; `None` is none.
    pub foreign_listen: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            people: None,
            seed: 7,
            as_of: None,
            load: None,
            clients: Vec::new(),
            open: false,
            conditional_create: true,
            token_lifetime: Duration::from_mins(5),
            export_delay: Duration::from_secs(1),
            tick_every: None,
            public_url: None,
            dialect: Dialect::default(),
            faults: FaultScript::default(),
            push: PushFaults::default(),
            foreign_listen: None,
        }
    }
}

/// All that the handlers share.
struct Sandbox {
    store: Store,
    desk: Desk,
    jobs: Jobs,
    stage: Stage,
    engine: Engine,
    /// `http://host:port`.
    origin: String,
    /// `http://host:port/fhir`.
    base_url: String,
    open: bool,
    conditional_create: bool,
    dialect: Dialect,
    export_delay: Duration,
    stop: CancellationToken,
}

/// A sandbox that serves. Dropping it stops it without waiting.
pub struct Running {
    /// The FHIR base, `http://host:port/fhir`.
    pub base_url: String,
    /// What `aud` of a client assertion must be.
    pub token_url: String,
    /// `http://host:port`, where the page is.
    pub origin: String,
    /// Where it listens.
    pub address: SocketAddr,
    /// `http://host:port` of the foreign host, where there is one.
    pub foreign_origin: Option<String>,
    /// Lines of a loaded folder that could not be read: the number, and the reasons of the first few.
    pub skipped_lines: (u64, Vec<String>),
    sandbox: Arc<Sandbox>,
    tasks: Vec<JoinHandle<()>>,
}

/// Starts a sandbox on a listener.
///
/// # Errors
/// `Config` or `Read` where the configuration or the folder can't be used; `Listen` where the listener is not usable.
pub async fn start(config: Config, listener: TcpListener) -> Result<Running, Error> {
    // Another part of the program may have installed the one provider already.
    let _installed_before = rustls::crypto::aws_lc_rs::default_provider().install_default();

    let address = listener.local_addr()?;
    let origin = match &config.public_url {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => format!("http://{}", reachable(address)),
    };
    let base_url = format!("{origin}/fhir");
    let token_url = format!("{origin}/auth/token");
    let (corpus, skipped_lines) = {
        let config = config.clone();
        tokio::task::spawn_blocking(move || corpus(&config))
            .await
            .map_err(|error| Error::Config(format!("Loading ended early: {error}")))??
    };
    let stop = CancellationToken::new();
    let sandbox = Arc::new(Sandbox {
        store: Store::new(corpus),
        desk: Desk::new(token_url.clone(), config.token_lifetime, config.clients)?,
        jobs: Jobs::default(),
        stage: Stage::new(config.faults),
        engine: Engine::new(messenger()?, config.push),
        origin: origin.clone(),
        base_url: base_url.clone(),
        open: config.open,
        conditional_create: config.conditional_create,
        dialect: config.dialect,
        export_delay: config.export_delay,
        stop: stop.clone(),
    });
    let mut tasks = vec![serve(listener, server::router(&sandbox), stop.clone())];
    let mut foreign_origin = None;
    if let Some(address) = &config.foreign_listen {
        let listener = TcpListener::bind(address).await?;
        let origin = format!("http://{}", reachable(listener.local_addr()?));
        sandbox.stage.set_foreign(&origin);
        foreign_origin = Some(origin);
        tasks.push(serve(listener, fault::foreign_router(&sandbox), stop));
    }
    tasks.push(tokio::spawn(Engine::follow(Arc::clone(&sandbox))));
    if let Some(every) = config.tick_every {
        tasks.push(tokio::spawn(keep_ticking(Arc::clone(&sandbox), every, config.seed)));
    }
    Ok(Running { base_url, token_url, origin, address, foreign_origin, skipped_lines, sandbox, tasks })
}

/// What carries notifications: patient for a few seconds, and led nowhere else.
#[expect(clippy::disallowed_methods, reason = "the sandbox stands for another server and has a client of its own")]
fn messenger() -> Result<reqwest::Client, Error> {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).redirect(reqwest::redirect::Policy::none()).build();
    client.map_err(|error| Error::Config(format!("The client for notifications can't be made: {error}")))
}

fn serve(listener: TcpListener, router: axum::Router, stop: CancellationToken) -> JoinHandle<()> {
    tokio::spawn(async move {
        let service = router.into_make_service_with_connect_info::<HangUp>();
        let served = axum::serve(HangingUp(listener), service).with_graceful_shutdown(stop.cancelled_owned());
        if let Err(error) = served.await {
            tracing::error!(%error, "The listener ended");
        }
    })
}

impl Running {
    /// Stops taking requests, lets the running ones end for a few seconds, and stops.
    pub async fn shutdown(mut self) {
        self.sandbox.stop.cancel();
        for mut task in std::mem::take(&mut self.tasks) {
            if tokio::time::timeout(DRAIN, &mut task).await.is_err() {
                task.abort();
            }
        }
    }

    /// Registers a client, or gives one new keys.
    pub fn register_client(&self, client: Client) {
        self.sandbox.desk.register(client);
    }

    /// Delivers notifications as badly as this from now on.
    pub fn deliver(&self, faults: PushFaults) {
        self.sandbox.engine.set_faults(faults);
    }

    /// Plays a fault script from its beginning, in place of the one before.
    pub fn play(&self, script: FaultScript) {
        self.sandbox.stage.play(script);
    }

    /// How many requests each rule of the script has met.
    pub fn met(&self) -> Vec<u64> {
        self.sandbox.stage.met()
    }

    /// The requests heard so far, the last 20,000 of them.
    pub fn heard(&self) -> Vec<Heard> {
        self.sandbox.stage.heard()
    }

    /// Creates or updates a resource whose `lastUpdated` lies back by `ago`: a transaction that was committed late.
    ///
    /// # Errors
    /// As [`Running::put`].
    pub fn put_late(&self, resource: &Value, ago: Duration) -> Result<(), Error> {
        let (kind, id) = named(resource)?;
        let at = SignedDuration::try_from(ago).ok().and_then(|ago| clock::now().checked_sub(ago).ok());
        self.sandbox.store.put_late(kind, id, &resource.to_string(), at.unwrap_or_else(clock::now))
    }

    /// All resources of a type, as they are now.
    ///
    /// # Errors
    /// `UnknownPath` where FHIR R4 has no such type.
    pub fn all(&self, kind: &str) -> Result<Vec<Value>, Error> {
        let store = &self.sandbox.store;
        let (kinds, snapshot) = (Kinds::one(known(kind)?), store.snapshot(clock::now()));
        Ok((0..store.units()).flat_map(|unit| store.unit(unit, &kinds, snapshot)).map(|resource| resource.value()).collect())
    }

    /// A resource as it is now.
    ///
    /// # Errors
    /// `NotFound`, `Gone`, or `UnknownPath` where FHIR R4 has no such type.
    pub fn get(&self, kind: &str, id: &str) -> Result<Value, Error> {
        let store = &self.sandbox.store;
        Ok(store.read(known(kind)?, id, store.snapshot(clock::now()))?.value())
    }

    /// Creates or updates a resource under its own `resourceType` and `id`, and returns it as stored.
    ///
    /// # Errors
    /// `Invalid` where it has no type or no id.
    pub fn put(&self, resource: &Value) -> Result<Value, Error> {
        let (kind, id) = named(resource)?;
        let written = self.sandbox.store.put(kind, id, &resource.to_string(), None, clock::now())?;
        Ok(written.resource.value())
    }

    /// Deletes a resource.
    ///
    /// # Errors
    /// `NotFound` where it never was.
    pub fn delete(&self, kind: &str, id: &str) -> Result<(), Error> {
        self.sandbox.store.delete(known(kind)?, id, None, clock::now()).map(drop)
    }

    /// Records a screening mammogram done now, and returns the Observation.
    ///
    /// # Errors
    /// `NotFound` where there is no such patient, `Invalid` where the patient has died.
    pub fn record_mammogram(&self, patient: &str) -> Result<Value, Error> {
        Ok(tick::record_mammogram(&self.sandbox.store, patient, clock::now())?.value())
    }

    /// Makes `count` things happen to people; which ones, the seed and the state decide.
    ///
    /// # Errors
    /// `Busy` where the log of changes is full.
    pub fn tick(&self, seed: u64, count: u64) -> Result<Vec<Change>, Error> {
        tick::tick(&self.sandbox.store, seed, count, clock::now())
    }

    /// How many resources there are now, by type. Reads every record: slow for many people.
    pub fn resource_counts(&self) -> BTreeMap<String, u64> {
        let store = &self.sandbox.store;
        let snapshot = store.snapshot(clock::now());
        let mut counts = BTreeMap::new();
        for unit in 0..store.units() {
            store.tally(unit, &Kinds::all(), snapshot, |kind, number| {
                *counts.entry(kind.to_owned()).or_insert(0) += number;
            });
        }
        counts
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.sandbox.stop.cancel();
    }
}

fn named(resource: &Value) -> Result<(&'static str, &str), Error> {
    let word =
        |member: &str| resource.get(member).and_then(Value::as_str).ok_or_else(|| Error::Invalid(format!("The resource has no {member}")));
    Ok((known(word("resourceType")?)?, word("id")?))
}

fn known(kind: &str) -> Result<&'static str, Error> {
    kind_named(kind).ok_or_else(|| Error::UnknownPath(kind.to_owned()))
}

/// The address as a client on this machine writes it.
fn reachable(address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() { SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), address.port()) } else { address }
}

fn corpus(config: &Config) -> Result<(Corpus, (u64, Vec<String>)), Error> {
    let today = clock::now().to_zoned(TimeZone::UTC).date();
    let as_of = config.as_of.unwrap_or(today);
    if as_of > today {
        return Err(Error::Config(format!("as-of is {as_of}, which is after today; records don't know the future")));
    }
    let loaded = config.load.as_deref().map(Loaded::open).transpose()?;
    let people = config.people.unwrap_or(if loaded.is_some() { 0 } else { USUAL_PEOPLE });
    if people > MOST_PEOPLE {
        return Err(Error::Config(format!("people is {people}; at most {MOST_PEOPLE} can be generated")));
    }
    let population = (people > 0).then_some(Population { seed: config.seed, people, as_of });
    let (loaded, report) = loaded.map_or_else(|| (None, None), |(loaded, report)| (Some(loaded), Some(report)));
    if let Some(report) = &report {
        let (resources, patients, skipped) = (report.resources, report.patients, report.skipped);
        tracing::info!(resources, patients, skipped, "The folder is loaded");
        for reason in &report.reasons {
            tracing::warn!(%reason, "A line was skipped");
        }
    }
    let skipped = report.map_or_else(Default::default, |report| (report.skipped, report.reasons));
    Ok((Corpus { population, loaded }, skipped))
}

async fn keep_ticking(sandbox: Arc<Sandbox>, every: Duration, seed: u64) {
    let mut timer = tokio::time::interval(every.max(Duration::from_millis(10)));
    timer.tick().await;
    let mut round = seed;
    loop {
        tokio::select! {
            () = sandbox.stop.cancelled() => return,
            _ = timer.tick() => {}
        }
        round = round.wrapping_add(1);
        let worker = Arc::clone(&sandbox);
        let done = tokio::task::spawn_blocking(move || tick::tick(&worker.store, round, 1, clock::now())).await;
        match done {
            Ok(Ok(changes)) => {
                for change in changes {
                    tracing::info!(%change, "Time went on");
                }
            }
            Ok(Err(error)) => tracing::warn!(%error, "Time stood still"),
            Err(error) => tracing::error!(%error, "The tick ended early"),
        }
    }
}
