//! How far an export is read: pure values, stored with each piece.

use std::collections::BTreeSet;

use gateway_domain::resource::ContentHash;
use gateway_ports::ehr::ExportManifest;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How far an export is read. Several of its files are read at a time, so that each has a place of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct ExportPosition {
    /// The URL of the job's status.
    pub(crate) job: String,
    /// When it was asked for.
    pub(crate) asked_at: Option<Timestamp>,
    /// What the places below belong to: a manifest with other files makes them void.
    pub(crate) files: String,
    /// The deletions are applied.
    pub(crate) deletions_read: bool,
    /// So many files from the first on are read to their end.
    pub(crate) done: usize,
    /// Files beyond those that are read to their end.
    pub(crate) ahead: BTreeSet<usize>,
    /// Lines read of files that are being read.
    pub(crate) open: Vec<(usize, u64)>,
    /// Types of which resources were seen.
    pub(crate) seen: BTreeSet<String>,
    /// Types of which something could not be read, so that nothing of them may be taken as gone.
    pub(crate) doubtful: BTreeSet<String>,
    /// Everything is read.
    pub(crate) all_read: bool,
    /// The moment up to which that is complete.
    pub(crate) until: Option<Timestamp>,
}

impl ExportPosition {
    pub(crate) fn of(job: String, asked_at: Timestamp) -> Self {
        Self { job, asked_at: Some(asked_at), ..Self::default() }
    }

    /// Takes up a manifest. Another one than the places were noted for is read from its beginning; what is unchanged is skipped by
    /// its hash.
    pub(crate) fn take_up(&mut self, manifest: &ExportManifest) {
        let files = fingerprint(manifest);
        if self.files != files {
            *self = Self { files, ..Self::of(std::mem::take(&mut self.job), self.asked_at.unwrap_or(Timestamp::UNIX_EPOCH)) };
        }
    }

    /// The files yet to be read, with the lines that are done.
    pub(crate) fn rest(&self, files: usize) -> Vec<(usize, u64)> {
        let lines = |file| self.open.iter().find(|(other, _)| *other == file).map_or(0, |(_, line)| *line);
        (self.done..files).filter(|file| !self.ahead.contains(file)).map(|file| (file, lines(file))).collect()
    }

    /// Notes that a file is read up to a line.
    pub(crate) fn moved(&mut self, file: usize, line: u64) {
        self.open.retain(|(other, _)| *other != file);
        self.open.push((file, line));
    }

    /// Notes that a file is read to its end.
    pub(crate) fn finished(&mut self, file: usize) {
        self.open.retain(|(other, _)| *other != file);
        self.ahead.insert(file);
        while self.ahead.remove(&self.done) {
            self.done += 1;
        }
    }
}

/// What stays the same of a manifest when its links are signed anew.
fn fingerprint(manifest: &ExportManifest) -> String {
    let mut text = String::new();
    for file in manifest.files.iter().chain(&manifest.deleted) {
        text.push_str(path(&file.url));
        text.push('\n');
    }
    format!("{:032x}", u128::from_be_bytes(ContentHash::of([text.as_bytes()]).0))
}

/// A URL without its query, which is where signatures are.
pub(super) fn path(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or(url)
}

#[cfg(test)]
mod tests {
    use gateway_ports::ehr::ExportFile;

    use super::*;

    fn manifest(urls: &[&str]) -> ExportManifest {
        let files = urls.iter().map(|url| ExportFile { url: (*url).to_owned(), resource_type: None, count: None, with_token: false });
        ExportManifest { files: files.collect(), ..ExportManifest::default() }
    }

    #[test]
    fn files_are_done_in_any_order_and_only_the_rest_is_read() {
        let mut position = ExportPosition::of("job".into(), Timestamp::UNIX_EPOCH);
        position.take_up(&manifest(&["a", "b", "c", "d"]));
        position.moved(0, 20);
        position.moved(1, 7);
        position.finished(2);
        position.moved(0, 40);
        assert_eq!(position.rest(4), [(0, 40), (1, 7), (3, 0)]);
        position.finished(0);
        position.finished(1);
        assert_eq!((position.done, position.ahead.len(), position.rest(4)), (3, 0, vec![(3, 0)]));
    }

    #[test]
    fn links_signed_anew_keep_the_places_and_other_files_void_them() {
        let mut position = ExportPosition::of("job".into(), Timestamp::UNIX_EPOCH);
        position.take_up(&manifest(&["http://h/a?sig=1", "http://h/b?sig=1"]));
        position.moved(0, 20);
        position.take_up(&manifest(&["http://h/a?sig=2", "http://h/b?sig=2"]));
        assert_eq!(position.rest(2), [(0, 20), (1, 0)]);
        position.take_up(&manifest(&["http://h/b?sig=2", "http://h/a?sig=2"]));
        assert_eq!((position.rest(2), position.job.as_str()), (vec![(0, 0), (1, 0)], "job"));
    }
}
