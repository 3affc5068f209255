//! A folder of NDJSON files, plain or gzipped. Only an index is held; each line is read from its file when it is asked
//! for. Gzipped files are unpacked once into an anonymous temporary file.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use flate2::read::MultiGzDecoder;
use jiff::Timestamp;
use serde_json::json;

use super::stamp::{Stamp, Stamped, stamp};
use crate::{
    error::Error,
    resource::{Kinds, Resource},
};

/// A longer line is skipped.
const LONGEST_LINE: u64 = 32 * 1024 * 1024;
/// A folder without Groups gets one of all its patients, up to this many.
const LARGEST_GROUP: usize = 10_000;

/// The index of a loaded folder.
pub(crate) struct Loaded {
    files: Vec<Source>,
    /// Resources that belong to no loaded patient.
    shared: Vec<Entry>,
    /// One for each patient, in the order of the files.
    people: Vec<Vec<Entry>>,
    places: HashMap<(&'static str, Box<str>), Place>,
    group: Option<Resource>,
    newest: Timestamp,
}

/// Where a resource is: its person, if any, and its position there.
type Place = (Option<u64>, usize);

/// What came of loading, for the start message.
#[derive(Clone, Debug, Default)]
pub(crate) struct LoadReport {
    pub(crate) resources: u64,
    pub(crate) patients: u64,
    /// Lines that could not be read, with the reason of the first few.
    pub(crate) skipped: u64,
    pub(crate) reasons: Vec<String>,
}

impl LoadReport {
    fn skip(&mut self, path: &Path, line: u64, reason: &str) {
        self.skipped += 1;
        if self.reasons.len() < 20 {
            self.reasons.push(format!("{}:{line}: {reason}", path.display()));
        }
    }
}

struct Source {
    path: PathBuf,
    file: Mutex<File>,
    /// The time of the file, taken for resources that do not say when they were changed.
    modified: Timestamp,
}

struct Entry {
    kind: &'static str,
    source: usize,
    offset: u64,
    length: usize,
}

struct Found {
    entry: Entry,
    id: Box<str>,
    patient: Option<String>,
}

impl Loaded {
    /// Reads the folder once and indexes it. Blocking.
    pub(crate) fn open(folder: &Path) -> Result<(Self, LoadReport), Error> {
        let read_error = |path: &Path| {
            let path = path.to_owned();
            move |error| Error::Read { path, error }
        };
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(read_error(folder))? {
            let path = entry.map_err(read_error(folder))?.path();
            let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
            if name.ends_with(".ndjson") || name.ends_with(".ndjson.gz") {
                paths.push(path);
            }
        }
        if paths.is_empty() {
            return Err(Error::Config(format!("{}: no .ndjson or .ndjson.gz file is there", folder.display())));
        }
        // Patients first, so that their order is the order of everything.
        paths.sort_by_key(|path| {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            (!name.starts_with("Patient"), name)
        });

        let mut report = LoadReport::default();
        let mut files = Vec::new();
        let mut found = Vec::new();
        let mut newest = Timestamp::UNIX_EPOCH;
        for path in paths {
            let source = Source::open(&path).map_err(read_error(&path))?;
            source.index(files.len(), &mut found, &mut newest, &mut report).map_err(read_error(&path))?;
            files.push(source);
        }
        let mut loaded =
            Self { files, shared: Vec::new(), people: Vec::new(), places: HashMap::with_capacity(found.len()), group: None, newest };
        loaded.arrange(found, &mut report);
        Ok((loaded, report))
    }

    /// Brings each resource to its patient; the later of two lines for one resource wins.
    fn arrange(&mut self, found: Vec<Found>, report: &mut LoadReport) {
        let mut people: HashMap<String, u64> = HashMap::new();
        for item in &found {
            if item.entry.kind == "Patient" && !people.contains_key(&*item.id) {
                people.insert(item.id.to_string(), people.len() as u64);
            }
        }
        self.people.resize_with(people.len(), Vec::new);
        report.patients = people.len() as u64;
        let mut names: Vec<(u64, String)> = people.iter().map(|(id, at)| (*at, id.clone())).collect();
        names.sort_unstable();
        let mut has_group = false;
        for Found { entry, id, patient } in found {
            has_group |= entry.kind == "Group";
            let person = patient.and_then(|patient| people.get(&patient).copied());
            let list = match person {
                Some(person) => self.people.get_mut(person as usize),
                None => Some(&mut self.shared),
            };
            let Some(list) = list else { continue };
            let key = (entry.kind, id);
            match self.places.get(&key) {
                Some((before, at)) if *before == person => {
                    if let Some(older) = list.get_mut(*at) {
                        *older = entry;
                    }
                }
                Some(_) => report.skipped += 1,
                None => {
                    self.places.insert(key, (person, list.len()));
                    list.push(entry);
                    report.resources += 1;
                }
            }
        }
        if !has_group && !names.is_empty() && names.len() <= LARGEST_GROUP {
            let members: Vec<_> = names.iter().map(|(_, id)| json!({"entity": {"reference": format!("Patient/{id}")}})).collect();
            let body = json!({
                "resourceType": "Group", "id": "loaded-patients", "type": "person", "actual": true, "active": true,
                "name": "All patients of the loaded folder", "quantity": members.len(), "member": members,
            });
            let stamped = stamp(&body.to_string(), &Stamp::Missing { version: "1", last_updated: self.newest });
            self.group = stamped.ok().map(|stamped| stamped.resource);
        }
    }

    pub(crate) fn people(&self) -> u64 {
        self.people.len() as u64
    }

    pub(crate) fn newest(&self) -> Timestamp {
        self.newest
    }

    pub(crate) fn shared(&self, kinds: &Kinds) -> Vec<Resource> {
        let mut shared = self.read_all(&self.shared, kinds);
        shared.extend(self.group.iter().filter(|group| kinds.has(group.kind)).cloned());
        shared
    }

    pub(crate) fn person(&self, person: u64, kinds: &Kinds) -> Vec<Resource> {
        self.people.get(person as usize).map_or_else(Vec::new, |entries| self.read_all(entries, kinds))
    }

    /// Counts one person's resources without reading them.
    pub(crate) fn tally(&self, person: u64, kinds: &Kinds, mut add: impl FnMut(&'static str, u64)) {
        let entries = self.people.get(person as usize).into_iter().flatten();
        entries.filter(|entry| kinds.has(entry.kind)).for_each(|entry| add(entry.kind, 1));
    }

    pub(crate) fn find(&self, kind: &'static str, id: &str) -> Option<(Option<u64>, Resource)> {
        if let Some(group) = self.group.as_ref().filter(|group| group.kind == kind && group.id == id) {
            return Some((None, group.clone()));
        }
        let (person, at) = *self.places.get(&(kind, Box::from(id)))?;
        let list = match person {
            Some(person) => self.people.get(person as usize)?,
            None => &self.shared,
        };
        Some((person, self.read(list.get(at)?)?))
    }

    fn read_all(&self, entries: &[Entry], kinds: &Kinds) -> Vec<Resource> {
        entries.iter().filter(|entry| kinds.has(entry.kind)).filter_map(|entry| self.read(entry)).collect()
    }

    /// One line again. The folder must stay as it is while it is served; a line that is gone is logged and left out.
    fn read(&self, entry: &Entry) -> Option<Resource> {
        let source = self.files.get(entry.source)?;
        let mut bytes = vec![0; entry.length];
        let result = {
            let mut file = source.file.lock().unwrap_or_else(PoisonError::into_inner);
            file.seek(SeekFrom::Start(entry.offset)).and_then(|_| file.read_exact(&mut bytes))
        };
        let text = result.map_err(|error| error.to_string()).and_then(|()| source.stamped(&bytes));
        match text {
            Ok(stamped) => Some(stamped.resource),
            Err(error) => {
                tracing::error!(path = %source.path.display(), offset = entry.offset, %error, "A loaded file has changed");
                None
            }
        }
    }
}

impl Source {
    fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let modified = file.metadata()?.modified().ok().and_then(|at| Timestamp::try_from(at).ok());
        // Whole milliseconds, as they are written.
        let modified = modified.and_then(|at| Timestamp::from_millisecond(at.as_millisecond()).ok());
        let gzipped = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz"));
        let file = if gzipped {
            let mut spool = tempfile::tempfile()?;
            io::copy(&mut MultiGzDecoder::new(BufReader::new(file)), &mut spool)?;
            spool
        } else {
            file
        };
        Ok(Self { path: path.to_owned(), file: Mutex::new(file), modified: modified.unwrap_or(Timestamp::UNIX_EPOCH) })
    }

    fn stamped(&self, line: &[u8]) -> Result<Stamped, String> {
        let text = std::str::from_utf8(line).map_err(|error| format!("not UTF-8: {error}"))?;
        let text = text.trim_start_matches('\u{feff}').trim();
        stamp(text, &Stamp::Missing { version: "1", last_updated: self.modified })
    }

    fn index(&self, number: usize, found: &mut Vec<Found>, newest: &mut Timestamp, report: &mut LoadReport) -> io::Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(0))?;
        let mut reader = BufReader::with_capacity(256 * 1024, &mut *file);
        let mut offset = 0;
        let mut line_number = 0;
        let mut line = Vec::new();
        loop {
            line.clear();
            line_number += 1;
            let length = (&mut reader).take(LONGEST_LINE).read_until(b'\n', &mut line)? as u64;
            if length == 0 {
                return Ok(());
            }
            let start = offset;
            offset += length;
            if length == LONGEST_LINE && !line.ends_with(b"\n") {
                offset += skip_line(&mut reader)?;
                report.skip(&self.path, line_number, "longer than 32 MiB");
                continue;
            }
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            match self.stamped(&line) {
                Ok(Stamped { resource, patient }) => {
                    *newest = (*newest).max(resource.last_updated);
                    let entry = Entry { kind: resource.kind, source: number, offset: start, length: line.len() };
                    found.push(Found { entry, id: resource.id.into_boxed_str(), patient });
                }
                Err(reason) => report.skip(&self.path, line_number, &reason),
            }
        }
    }
}

/// Reads past the end of the line without holding it.
fn skip_line(reader: &mut impl BufRead) -> io::Result<u64> {
    let mut skipped = 0;
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(skipped);
        }
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let used = end.map_or(buffer.len(), |at| at + 1);
        skipped += used as u64;
        reader.consume(used);
        if end.is_some() {
            return Ok(skipped);
        }
    }
}
