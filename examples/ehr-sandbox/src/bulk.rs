//! Bulk export jobs: what is to be exported, how far counting is, and the files as streams of chunks.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::{
    auth,
    error::Error,
    resource::{Kinds, Resource, is_shared, patient_of},
    store::{Snapshot, Store},
};

/// Jobs held at once, done or not.
const MOST_JOBS: usize = 32;
/// A job nobody deletes is dropped after this time.
const KEPT: SignedDuration = SignedDuration::from_hours(1);
/// A chunk of a file, in bytes, before compression.
const CHUNK: usize = 64 * 1024;

/// The name of the file of deleted resources, which is no resource type.
pub(crate) const DELETED: &str = "deleted";

/// All jobs by their id.
#[derive(Default)]
pub(crate) struct Jobs(Mutex<HashMap<String, Arc<Job>>>);

/// Whose resources are exported.
#[derive(Clone, Debug)]
pub(crate) enum Level {
    System,
    Patients,
    Group { members: BTreeSet<String> },
}

/// One export.
pub(crate) struct Job {
    pub(crate) request: String,
    pub(crate) level: Level,
    pub(crate) kinds: Kinds,
    pub(crate) since: Option<Timestamp>,
    pub(crate) snapshot: Snapshot,
    started: Timestamp,
    delay: Duration,
    looked: AtomicU64,
    outcome: Mutex<Option<BTreeMap<String, u64>>>,
    stop: tokio_util::sync::CancellationToken,
}

/// How a job stands.
pub(crate) enum Status {
    Running {
        percent: u64,
    },
    /// Lines of each file.
    Done {
        files: BTreeMap<String, u64>,
    },
}

impl Jobs {
    fn held(&self) -> MutexGuard<'_, HashMap<String, Arc<Job>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a job and returns its id, which nobody can guess.
    ///
    /// # Errors
    /// `Busy` where as many jobs are held as may be.
    pub(crate) fn add(&self, job: Arc<Job>, now: Timestamp) -> Result<String, Error> {
        let id = auth::secret().map_err(Error::Busy)?;
        let mut jobs = self.held();
        jobs.retain(|_, job| now.duration_since(job.started) < KEPT);
        if jobs.len() >= MOST_JOBS {
            return Err(Error::Busy(format!("{MOST_JOBS} exports are held, which is the most; delete one first")));
        }
        jobs.insert(id.clone(), job);
        Ok(id)
    }

    pub(crate) fn get(&self, id: &str) -> Option<Arc<Job>> {
        self.held().get(id).cloned()
    }

    /// Drops a job and stops its work; false where there is none.
    pub(crate) fn remove(&self, id: &str) -> bool {
        self.held().remove(id).is_some_and(|job| {
            job.stop.cancel();
            true
        })
    }
}

impl Job {
    pub(crate) fn new(
        request: String,
        level: Level,
        kinds: Kinds,
        since: Option<Timestamp>,
        snapshot: Snapshot,
        delay: Duration,
        stop: &tokio_util::sync::CancellationToken,
    ) -> Self {
        Self {
            request,
            level,
            kinds,
            since,
            snapshot,
            started: snapshot.at,
            delay,
            looked: AtomicU64::new(0),
            outcome: Mutex::new(None),
            stop: stop.child_token(),
        }
    }

    /// Counts what the files will hold. Blocking; ends early where the job is deleted.
    pub(crate) fn count(&self, store: &Store) {
        let mut files = BTreeMap::new();
        self.visit(store, &self.kinds, |unit, whole| {
            self.looked.store(unit, Ordering::Relaxed);
            let mut add = |kind: &str, number| *files.entry(kind.to_owned()).or_insert(0) += number;
            if whole && self.since.is_none() {
                store.tally(unit, &self.kinds, self.snapshot, &mut add);
            } else {
                self.resources(store, unit, &self.kinds).iter().for_each(|resource| add(resource.kind, 1));
            }
            !self.stop.is_cancelled()
        });
        let deleted = self.deleted(store).len() as u64;
        if deleted > 0 {
            files.insert(DELETED.to_owned(), 1);
        }
        *self.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(files);
    }

    pub(crate) fn status(&self, store: &Store, now: Timestamp) -> Status {
        let delay = SignedDuration::try_from(self.delay).unwrap_or(SignedDuration::MAX);
        let rested = now.duration_since(self.started) >= delay;
        match self.outcome.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            Some(files) if rested => Status::Done { files: files.clone() },
            outcome => {
                let looked = if outcome.is_some() { 99 } else { 0 };
                let percent = self.looked.load(Ordering::Relaxed) * 99 / store.units().max(1);
                Status::Running { percent: percent.max(looked).min(99) }
            }
        }
    }

    /// Sends one file in chunks until `send` says that nobody listens; false where the job ended before the file did.
    /// Blocking.
    pub(crate) fn stream(&self, store: &Store, kind: &'static str, mut send: impl FnMut(Bytes) -> bool) -> bool {
        let kinds = Kinds::one(kind);
        let mut chunk = String::with_capacity(CHUNK * 2);
        let mut listening = true;
        self.visit(store, &kinds, |unit, _| {
            for resource in self.resources(store, unit, &kinds) {
                chunk.push_str(&resource.text);
                chunk.push('\n');
                if chunk.len() >= CHUNK {
                    listening = send(Bytes::copy_from_slice(chunk.as_bytes()));
                    chunk.clear();
                }
            }
            listening && !self.stop.is_cancelled()
        });
        if listening && !chunk.is_empty() {
            send(chunk.into());
        }
        !self.stop.is_cancelled()
    }

    /// The file of deleted resources: one transaction Bundle.
    pub(crate) fn deleted_file(&self, store: &Store) -> String {
        let entries: Vec<_> = self
            .deleted(store)
            .into_iter()
            .map(|(kind, id)| json!({"request": {"method": "DELETE", "url": format!("{kind}/{id}")}}))
            .collect();
        let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": entries});
        format!("{bundle}\n")
    }

    fn deleted(&self, store: &Store) -> Vec<(&'static str, String)> {
        let Some(since) = self.since else { return Vec::new() };
        let mut deleted = store.deleted(&self.kinds, since, self.snapshot);
        if let Level::Group { members } = &self.level {
            let units: BTreeSet<u64> = members.iter().map(|member| store.unit_of_patient(member)).collect();
            deleted.retain(|(_, _, unit)| units.contains(unit));
        }
        deleted.into_iter().map(|(kind, id, _)| (kind, id)).collect()
    }

    /// Calls `look` for each unit that can hold something, with whether all of the unit is exported, until it says stop.
    fn visit(&self, store: &Store, kinds: &Kinds, mut look: impl FnMut(u64, bool) -> bool) {
        let stray = store.units() - 1;
        match &self.level {
            Level::System | Level::Patients => {
                let mut unit = 0;
                while let Some(here) = store.next_unit(unit, self.since) {
                    let whole = matches!(self.level, Level::System) || (here != 0 && here != stray);
                    if !look(here, whole) {
                        return;
                    }
                    unit = here + 1;
                }
            }
            Level::Group { members } => {
                let mut units: BTreeSet<u64> = members.iter().map(|member| store.unit_of_patient(member)).collect();
                units.insert(stray);
                if kinds.named().is_none_or(|kinds| kinds.iter().any(|kind| is_shared(kind))) {
                    units.insert(0);
                }
                for unit in units {
                    if !look(unit, unit != 0 && unit != stray) {
                        return;
                    }
                }
            }
        }
    }

    fn resources(&self, store: &Store, unit: u64, kinds: &Kinds) -> Vec<Resource> {
        let ends = unit == 0 || unit == store.units() - 1;
        let mut resources = store.unit(unit, kinds, self.snapshot);
        resources.retain(|resource| self.since.is_none_or(|since| resource.last_updated > since) && (!ends || self.admits(resource)));
        resources
    }

    /// Whether a resource outside of the units of people is exported.
    fn admits(&self, resource: &Resource) -> bool {
        let patient = || patient_of(resource.kind, &resource.id, &resource.value());
        match &self.level {
            Level::System => true,
            Level::Patients => is_shared(resource.kind) || patient().is_some(),
            Level::Group { members } => is_shared(resource.kind) || patient().is_some_and(|patient| members.contains(&patient)),
        }
    }
}
