//! What the server serves: the corpus, with all changes made since start above it. Changes are a log of versions in
//! memory; nothing of it is ever dropped, so that a reader who began at a sequence number sees that state to the end.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicU64, Ordering},
    },
};

use jiff::{SignedDuration, Timestamp};

use crate::{
    corpus::{Corpus, Stamp, stamp},
    error::Error,
    resource::{Kinds, Resource, patient_of},
};

/// More changes than that are refused until a restart.
const MOST_CHANGES: usize = 2_000_000;

type Key = (&'static str, String);

/// The sandbox's records.
pub(crate) struct Store {
    pub(crate) corpus: Corpus,
    edits: RwLock<Edits>,
    created: AtomicU64,
    conditions: Mutex<()>,
    /// Rings after each write.
    pub(crate) changed: tokio::sync::Notify,
}

/// A moment in the log: what was written up to it, and the instant no later write will carry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Snapshot {
    pub(crate) sequence: u64,
    pub(crate) at: Timestamp,
}

impl Snapshot {
    /// Everything up to a sequence number, as a page cursor carries it.
    pub(crate) fn up_to(sequence: u64) -> Self {
        Self { sequence, at: Timestamp::UNIX_EPOCH }
    }
}

/// One version in the log.
#[derive(Clone)]
pub(crate) struct Version {
    sequence: u64,
    pub(crate) resource: Arc<Resource>,
    pub(crate) action: Action,
}

/// What made a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Create,
    Update,
    Delete,
}

/// The outcome of a write.
pub(crate) struct Written {
    pub(crate) resource: Arc<Resource>,
    pub(crate) created: bool,
}

struct Edits {
    sequence: u64,
    /// No write carries an earlier instant than this.
    last: Timestamp,
    tracks: HashMap<Key, Track>,
    log: Vec<Key>,
    /// Resources that were created here, by the unit they are listed in.
    created: BTreeMap<u64, Vec<Key>>,
    /// Units with any change.
    touched: BTreeSet<u64>,
}

struct Track {
    unit: u64,
    versions: Vec<Version>,
}

impl Track {
    fn at(&self, snapshot: Snapshot) -> Option<&Version> {
        self.versions.iter().rev().find(|version| version.sequence <= snapshot.sequence)
    }
}

impl Store {
    pub(crate) fn new(corpus: Corpus) -> Self {
        let last = corpus.newest();
        Self {
            corpus,
            created: AtomicU64::new(0),
            conditions: Mutex::default(),
            changed: tokio::sync::Notify::new(),
            edits: RwLock::new(Edits {
                sequence: 0,
                last,
                tracks: HashMap::new(),
                log: Vec::new(),
                created: BTreeMap::new(),
                touched: BTreeSet::new(),
            }),
        }
    }

    fn edits(&self) -> RwLockReadGuard<'_, Edits> {
        self.edits.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn edits_mut(&self) -> RwLockWriteGuard<'_, Edits> {
        self.edits.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state as of now. Later writes carry a later instant than its own.
    pub(crate) fn snapshot(&self, now: Timestamp) -> Snapshot {
        let mut edits = self.edits_mut();
        edits.last = edits.last.max(milliseconds(now));
        Snapshot { sequence: edits.sequence, at: edits.last }
    }

    /// How many units there are, with the last one for records created here for no patient of the corpus.
    pub(crate) fn units(&self) -> u64 {
        self.corpus.units() + 1
    }

    /// The resources of a unit at a snapshot.
    pub(crate) fn unit(&self, unit: u64, kinds: &Kinds, snapshot: Snapshot) -> Vec<Resource> {
        let mut resources = if unit < self.corpus.units() { self.corpus.unit(unit, kinds) } else { Vec::new() };
        let edits = self.edits();
        if !edits.touched.contains(&unit) {
            return resources;
        }
        resources.retain_mut(|resource| {
            let track = edits.tracks.get(&(resource.kind, resource.id.clone()));
            match track.and_then(|track| track.at(snapshot)) {
                None => true,
                Some(version) => {
                    let alive = version.action != Action::Delete;
                    if alive {
                        *resource = version.resource.as_ref().clone();
                    }
                    alive
                }
            }
        });
        for key in edits.created.get(&unit).into_iter().flatten().filter(|key| kinds.has(key.0)) {
            let version = edits.tracks.get(key).and_then(|track| track.at(snapshot));
            if let Some(version) = version.filter(|version| version.action != Action::Delete) {
                resources.push(version.resource.as_ref().clone());
            }
        }
        resources
    }

    /// Counts the resources of a unit by type.
    pub(crate) fn tally(&self, unit: u64, kinds: &Kinds, snapshot: Snapshot, mut add: impl FnMut(&'static str, u64)) {
        let touched = self.edits().touched.contains(&unit);
        if touched {
            self.unit(unit, kinds, snapshot).iter().for_each(|resource| add(resource.kind, 1));
        } else if unit < self.corpus.units() {
            self.corpus.tally(unit, kinds, add);
        }
    }

    /// Held from looking for a condition's match to making what it is about.
    pub(crate) fn alone(&self) -> MutexGuard<'_, ()> {
        self.conditions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An id no resource has had.
    pub(crate) fn new_id(&self) -> String {
        let number = self.created.fetch_add(1, Ordering::Relaxed) + 1;
        format!("created-{number}")
    }

    /// The next unit from `unit` on in which anything can have changed after `since`.
    pub(crate) fn next_unit(&self, unit: u64, since: Option<Timestamp>) -> Option<u64> {
        if since.is_some_and(|since| since >= self.corpus.newest()) {
            return self.edits().touched.range(unit..).next().copied();
        }
        Some(unit).filter(|unit| *unit < self.units())
    }

    /// Whether resources of this type can only have been written here.
    pub(crate) fn is_written_only(&self, kind: &str) -> bool {
        self.corpus.loaded.is_none() && matches!(kind, "Communication" | "Consent" | "Task")
    }

    /// The unit a patient's record is in.
    pub(crate) fn unit_of_patient(&self, id: &str) -> u64 {
        self.corpus.unit_of_patient(id).unwrap_or_else(|| self.corpus.units())
    }

    /// Changed resources of a type that tell of a patient but are listed in another unit than the patient's own.
    pub(crate) fn astray(&self, kinds: &Kinds, patient: &str, home: u64, snapshot: Snapshot) -> Vec<Resource> {
        let edits = self.edits();
        edits
            .tracks
            .iter()
            .filter(|(key, track)| kinds.has(key.0) && track.unit != home)
            .filter_map(|(_, track)| track.at(snapshot).filter(|version| version.action != Action::Delete))
            .filter(|version| {
                let resource = &version.resource;
                patient_of(resource.kind, &resource.id, &resource.value()).as_deref() == Some(patient)
            })
            .map(|version| version.resource.as_ref().clone())
            .collect()
    }

    /// The current version of a resource.
    ///
    /// # Errors
    /// `NotFound` where it never was, `Gone` where it was deleted.
    pub(crate) fn read(&self, kind: &'static str, id: &str, snapshot: Snapshot) -> Result<Resource, Error> {
        let key = (kind, id.to_owned());
        if let Some(version) = self.edits().tracks.get(&key).and_then(|track| track.at(snapshot)) {
            return match version.action {
                Action::Delete => Err(Error::Gone { kind: kind.to_owned(), id: key.1 }),
                _ => Ok(version.resource.as_ref().clone()),
            };
        }
        let found = self.corpus.find(kind, id).map(|(_, resource)| resource);
        found.ok_or_else(|| Error::NotFound { kind: kind.to_owned(), id: key.1 })
    }

    /// All versions of one resource, newest first.
    pub(crate) fn history(&self, kind: &'static str, id: &str) -> Result<Vec<Version>, Error> {
        let key = (kind, id.to_owned());
        let mut versions: Vec<Version> =
            self.edits().tracks.get(&key).map_or_else(Vec::new, |track| track.versions.iter().rev().cloned().collect());
        versions.extend(self.corpus.find(kind, id).map(|(_, resource)| original(resource)));
        if versions.is_empty() {
            return Err(Error::NotFound { kind: kind.to_owned(), id: key.1 });
        }
        Ok(versions)
    }

    /// The log after a sequence number, oldest first.
    pub(crate) fn since(&self, sequence: u64) -> Vec<(u64, Version)> {
        let edits = self.edits();
        let after = usize::try_from(sequence).unwrap_or(usize::MAX);
        let keys = (1..).zip(&edits.log).skip(after);
        keys.filter_map(|(number, key)| {
            let found = edits.tracks.get(key)?.versions.iter().rev().find(|version| version.sequence == number)?;
            Some((number, found.clone()))
        })
        .collect()
    }

    /// The log entries of one type up to a snapshot, newest first.
    pub(crate) fn log(&self, kind: &'static str, snapshot: Snapshot) -> Vec<Version> {
        let edits = self.edits();
        (1..)
            .zip(&edits.log)
            .take_while(|(sequence, _)| *sequence <= snapshot.sequence)
            .filter(|(_, key)| key.0 == kind)
            .filter_map(|(sequence, key)| edits.tracks.get(key)?.versions.iter().find(|version| version.sequence == sequence).cloned())
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .collect()
    }

    /// Resources that are deleted at the snapshot and were deleted after `since`: type, id.
    pub(crate) fn deleted(&self, kinds: &Kinds, since: Timestamp, snapshot: Snapshot) -> Vec<(&'static str, String, u64)> {
        let edits = self.edits();
        let mut deleted: Vec<_> = edits
            .tracks
            .iter()
            .filter(|(key, _)| kinds.has(key.0))
            .filter_map(|(key, track)| {
                let version = track.at(snapshot)?;
                let gone = version.action == Action::Delete && version.resource.last_updated > since;
                gone.then(|| (version.sequence, key.0, key.1.clone(), track.unit))
            })
            .collect();
        deleted.sort_unstable();
        deleted.into_iter().map(|(_, kind, id, unit)| (kind, id, unit)).collect()
    }

    /// Creates or updates a resource under its id.
    ///
    /// # Errors
    /// `Invalid` where the text is not such a resource, `VersionConflict` where `expected` is not the current version.
    pub(crate) fn put(&self, kind: &'static str, id: &str, text: &str, expected: Option<&str>, now: Timestamp) -> Result<Written, Error> {
        self.put_at(kind, id, text, expected, |edits| edits.next_instant(now))
    }

    /// Creates or updates a resource with a moment that lies back, as a transaction that was long to be committed.
    ///
    /// # Errors
    /// `Invalid` where the text is not such a resource.
    pub(crate) fn put_late(&self, kind: &'static str, id: &str, text: &str, at: Timestamp) -> Result<(), Error> {
        self.put_at(kind, id, text, None, |_| milliseconds(at)).map(drop)
    }

    fn put_at(
        &self,
        kind: &'static str,
        id: &str,
        text: &str,
        expected: Option<&str>,
        instant: impl FnOnce(&Edits) -> Timestamp,
    ) -> Result<Written, Error> {
        let base = self.corpus.find(kind, id);
        let mut edits = self.edits_mut();
        let key = (kind, id.to_owned());
        let last = edits.tracks.get(&key).and_then(|track| track.versions.last()).cloned();
        let (alive, current) = match (&last, &base) {
            (Some(version), _) => (version.action != Action::Delete, Some(version.resource.version.clone())),
            (None, Some((_, resource))) => (true, Some(resource.version.clone())),
            (None, None) => (false, None),
        };
        check_version(kind, id, expected, current.as_deref().filter(|_| alive))?;
        let version = next_version(current.as_deref());
        let at = instant(&edits);
        let stamped = stamp(text, &Stamp::Own { id, version: &version, last_updated: at })
            .map_err(|reason| Error::Invalid(format!("The {kind} can't be read: {reason}")))?;
        if stamped.resource.kind != kind {
            let found = stamped.resource.kind;
            return Err(Error::Invalid(format!("The body is a {found}, and the URL asks for a {kind}")));
        }
        let home = base.as_ref().map(|(unit, _)| *unit).or_else(|| edits.tracks.get(&key).map(|track| track.unit));
        let unit = home.unwrap_or_else(|| {
            let patient = stamped.patient.as_deref().and_then(|patient| self.corpus.unit_of_patient(patient));
            patient.unwrap_or_else(|| self.corpus.units())
        });
        if home.is_none() {
            edits.created.entry(unit).or_default().push(key.clone());
        }
        let action = if alive { Action::Update } else { Action::Create };
        let resource = Arc::new(stamped.resource);
        edits.append(key, unit, Arc::clone(&resource), action)?;
        self.changed.notify_one();
        Ok(Written { resource, created: !alive })
    }

    /// Deletes a resource; deleting it again changes nothing.
    ///
    /// # Errors
    /// `NotFound` where it never was, `VersionConflict` where `expected` is not the current version.
    pub(crate) fn delete(&self, kind: &'static str, id: &str, expected: Option<&str>, now: Timestamp) -> Result<Arc<Resource>, Error> {
        let base = self.corpus.find(kind, id);
        let mut edits = self.edits_mut();
        let key = (kind, id.to_owned());
        let last = edits.tracks.get(&key).map(|track| (track.unit, track.versions.last().cloned()));
        let (unit, current) = match (last, base) {
            (Some((_, Some(version))), _) if version.action == Action::Delete => return Ok(version.resource),
            (Some((unit, Some(version))), _) => (unit, version.resource.version.clone()),
            (_, Some((unit, resource))) => (unit, resource.version),
            _ => return Err(Error::NotFound { kind: kind.to_owned(), id: key.1 }),
        };
        check_version(kind, id, expected, Some(&current))?;
        let resource = Arc::new(Resource {
            kind,
            id: id.to_owned(),
            version: next_version(Some(&current)),
            last_updated: edits.next_instant(now),
            text: String::new(),
        });
        edits.append(key, unit, Arc::clone(&resource), Action::Delete)?;
        self.changed.notify_one();
        Ok(resource)
    }

    /// How many changes were made since start.
    pub(crate) fn changes(&self) -> u64 {
        self.edits().sequence
    }
}

impl Edits {
    fn next_instant(&self, now: Timestamp) -> Timestamp {
        let after = self.last.checked_add(SignedDuration::from_millis(1)).unwrap_or(self.last);
        milliseconds(now).max(after)
    }

    fn append(&mut self, key: Key, unit: u64, resource: Arc<Resource>, action: Action) -> Result<(), Error> {
        if self.log.len() >= MOST_CHANGES {
            return Err(Error::Busy(format!("{MOST_CHANGES} changes are held, which is the most; restart the sandbox")));
        }
        self.sequence += 1;
        self.last = self.last.max(resource.last_updated);
        self.touched.insert(unit);
        self.log.push(key.clone());
        let version = Version { sequence: self.sequence, resource, action };
        self.tracks.entry(key).or_insert_with(|| Track { unit, versions: Vec::new() }).versions.push(version);
        Ok(())
    }
}

/// The version a corpus resource is.
pub(crate) fn original(resource: Resource) -> Version {
    Version { sequence: 0, resource: Arc::new(resource), action: Action::Create }
}

fn check_version(kind: &str, id: &str, expected: Option<&str>, current: Option<&str>) -> Result<(), Error> {
    match expected {
        Some(expected) if current != Some(expected) => Err(Error::VersionConflict {
            kind: kind.to_owned(),
            id: id.to_owned(),
            current: current.unwrap_or("none").to_owned(),
            expected: expected.to_owned(),
        }),
        _ => Ok(()),
    }
}

fn next_version(current: Option<&str>) -> String {
    current.map_or_else(
        || "1".to_owned(),
        |current| current.parse::<u64>().map_or_else(|_| format!("{current}.1"), |number| (number + 1).to_string()),
    )
}

fn milliseconds(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}
