//! A hand-over by file: the same way into the store as a sync, without a server. One thread goes through the files, others read
//! and project, and one applies.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::{StreamExt as _, stream};
use gateway_domain::ids::SyncRunId;
use gateway_domain::resource::ResourceKey;
use gateway_domain::source::{Source, SyncCounts, SyncRun, SyncRunStatus, SyncStrategy, reason_kind};
use gateway_ports::ehr::ResourceReader;
use gateway_ports::handover::Handover;
use gateway_ports::store::SyncStore;
use gateway_ports::store::sync::Applied;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use self::reading::{Gathering, Piece, Reading, Record, What};
use crate::checkpoint::{Checkpoint, RunState, Stored};
use crate::error::SyncError;
use crate::intake::{Intake, Seen};
use crate::progress::Progress;
use crate::worker::SyncWorker;

mod reading;

/// Pieces that are being read, or are read and wait for their turn. Each may hold some 30 MB.
const AHEAD: usize = 2;
/// More kinds of reasons than these are counted together.
const MOST_REASONS: usize = 500;

/// A source, what was handed over for it, and who reads it.
#[derive(Clone)]
pub struct ImportFeed {
    /// The source's name.
    pub source: String,
    pub handover: Arc<dyn Handover>,
    pub reader: Arc<dyn ResourceReader>,
}

/// How an import goes.
#[derive(Clone, Debug)]
pub struct ImportOptions {
    /// The files hold everything: what is not in them is gone.
    pub complete: bool,
    /// The moment of the export, by the clock of the server it came from.
    pub as_of: Option<Timestamp>,
    /// An import that was interrupted is given up, and this one begins.
    pub restart: bool,
    /// The most resources of a piece.
    pub batch_resources: usize,
    /// The most bytes of a piece.
    pub batch_bytes: usize,
    /// Of a complete import, at most this share (0 to 1) of a type may be taken as deleted.
    pub most_deleted: f64,
}

impl Default for ImportOptions {
    fn default() -> Self {
        Self { complete: false, as_of: None, restart: false, batch_resources: 10_000, batch_bytes: 16 << 20, most_deleted: 0.2 }
    }
}

/// Counts of an import or a part of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportCounts {
    /// Resources read, those in quarantine among them.
    pub read: u64,
    /// The same as before.
    pub unchanged: u64,
    /// New or different, and applied.
    pub applied: u64,
    /// Deleted.
    pub deleted: u64,
    /// Could not be read.
    pub quarantined: u64,
}

/// What an import has met, remembered across an interruption.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportTally {
    /// Types of which there were resources.
    pub types: BTreeSet<String>,
    /// Why lines went to the quarantine, without what is different from line to line.
    pub reasons: BTreeMap<String, u64>,
    /// Documents of which nothing, or not everything, could be read.
    pub damaged: u64,
    /// Records that could not be read and don't say which resource they are.
    pub nameless: u64,
    /// The export said itself that data is missing.
    pub missing: bool,
}

/// A document of an import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ImportFile {
    /// Its name in the folder.
    pub name: String,
    #[serde(flatten)]
    pub counts: ImportCounts,
    /// Why it, or its rest, could not be read.
    pub refused: Option<String>,
    /// It was read before this run was interrupted, and counted then.
    pub read_before: bool,
}

/// What an import came to. `Display` says it in a sentence.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportReport {
    pub run: SyncRunId,
    pub strategy: SyncStrategy,
    /// It went on where an interrupted one stopped. The files counted before say so.
    pub resumed: bool,
    pub counts: SyncCounts,
    pub tally: ImportTally,
    /// By FHIR type, since the resumption; what tells none is under `unknown`.
    pub types: BTreeMap<String, ImportCounts>,
    pub files: Vec<ImportFile>,
    /// The moment the source's freshness moved to; `None` where it did not move.
    pub fresh_as_of: Option<Timestamp>,
    pub patients_changed: u64,
    pub warnings: Vec<String>,
}

impl fmt::Display for ImportReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = &self.counts;
        write!(
            f,
            "{} resources read: {} new or changed, {} unchanged, {} deleted, {} in quarantine",
            counts.read, counts.applied, counts.unchanged, counts.deleted, counts.quarantined
        )
    }
}

/// How an import begins.
#[derive(Debug, PartialEq)]
enum Start {
    Anew,
    /// After these documents, and this place of the next one.
    Resumed {
        document: usize,
        place: u64,
        tally: ImportTally,
    },
    /// The interrupted one is given up first.
    InsteadOf(SyncRunId),
}

/// Decides how an import begins.
fn start(open: Option<&SyncRun>, name: &str, fingerprint: &str, strategy: SyncStrategy, restart: bool) -> Result<Start, SyncError> {
    let Some(open) = open else { return Ok(Start::Anew) };
    let refuse = |fix| SyncError::RunOpen { source_name: name.to_owned(), strategy: open.strategy, since: open.started_at, fix };
    if !open.strategy.is_import() {
        return Err(refuse("the source is being synced, or its sync was interrupted; let `outreach sync` come to its end first"));
    }
    // Without a checkpoint it had not begun to read.
    if restart || open.checkpoint.is_none() {
        return Ok(Start::InsteadOf(open.id));
    }
    match Stored::read(open.checkpoint.as_deref()).and_then(|it| it.place) {
        Some(Checkpoint::Import { fingerprint: other, document, place, tally }) if other == fingerprint && open.strategy == strategy => {
            Ok(Start::Resumed { document, place, tally })
        }
        _ => Err(refuse(
            "an import of other files, of files that changed since, or with other options is under way or was interrupted; \
             run that one again to finish it, or give it up with `--restart`",
        )),
    }
}

/// Whether what is claimed about the files can be true.
fn check_claims(source: &Source, has_server: bool, complete: bool, as_of: Option<Timestamp>, now: Timestamp) -> Result<(), SyncError> {
    if let Some(as_of) = as_of.filter(|as_of| *as_of > now) {
        return Err(SyncError::Import(format!("`--as-of` {as_of} lies in the future; give the moment of the export")));
    }
    if let (true, Some(until)) = (complete, source.complete_until) {
        let known = match as_of {
            None => true,
            Some(as_of) => as_of < until,
        };
        if known {
            return Err(SyncError::Import(format!(
                "`--complete` takes what is not in the files as gone, and source `{}` is known up to {until}: what came after the export \
                 would be deleted; say with `--as-of` that the export is from later",
                source.name
            )));
        }
    }
    if has_server && as_of.is_some() && !complete {
        return Err(SyncError::Import(format!(
            "source `{}` has a server too, and its next sync would begin at `--as-of` and leave out what is not in the files; \
             leave `--as-of` out, or add `--complete` where the files hold everything",
            source.name
        )));
    }
    Ok(())
}

impl SyncWorker {
    /// Imports what was handed over, or goes on with the import of it that was interrupted.
    ///
    /// # Errors
    /// [`SyncError`]. Where the database is the reason, the run stays open and the same call goes on with it.
    pub async fn import(&self, feed: &ImportFeed, options: &ImportOptions, progress: &dyn Progress) -> Result<ImportReport, SyncError> {
        let source = self.sources.source_by_name(&feed.source).await?.ok_or_else(|| SyncError::NoSource(feed.source.clone()))?;
        let import = self.import_alone(feed, source.clone(), options, progress);
        self.take(&source).await?.during(import).await
    }

    async fn import_alone(
        &self,
        feed: &ImportFeed,
        source: Source,
        options: &ImportOptions,
        progress: &dyn Progress,
    ) -> Result<ImportReport, SyncError> {
        let (now, has_server) = (self.clock.now(), !source.base_url.is_empty());
        check_claims(&source, has_server, options.complete, options.as_of, now)?;
        let mut warnings = Vec::new();
        let manifest = feed.handover.exported_at().filter(|_| options.as_of.is_none());
        let as_of = match manifest {
            Some(at) if check_claims(&source, has_server, options.complete, Some(at), now).is_ok() => Some(at),
            Some(at) => {
                warnings.push(format!("the manifest's moment of the export, {at}, was not used; see `--as-of`"));
                None
            }
            None => options.as_of,
        };
        let strategy = if options.complete { SyncStrategy::ImportFull } else { SyncStrategy::Import };
        self.end_loose_run(source.id).await?;
        let mut open = self.store.open_run(source.id).await?;
        let fingerprint = feed.handover.fingerprint();
        let begun = start(open.as_ref(), &source.name, fingerprint, strategy, options.restart)?;
        let (document, place, tally, resumed) = match begun {
            Start::Resumed { document, place, tally } => (document, place, tally, true),
            Start::InsteadOf(run) => {
                self.store.finish_run(run, SyncRunStatus::Failed, None, Some("given up for another import"), now).await?;
                open = None;
                (0, 0, ImportTally::default(), false)
            }
            Start::Anew => (0, 0, ImportTally::default(), false),
        };
        let seen = Seen::default();
        let mut intake = Intake {
            store: &*self.store,
            clock: &*self.clock,
            entropy: &*self.entropy,
            reader: feed.reader.clone(),
            progress,
            applied: &*self.applied,
            seen: &seen,
            deletions: BTreeSet::new(),
            strategy,
            state: RunState::default(),
            place: None,
            counts: open.as_ref().map_or_else(SyncCounts::default, |run| run.counts),
            run: open,
            source,
            patients_changed: 0,
            total: None,
            warnings,
        };
        let run = intake.run().await?;
        if !resumed {
            let checkpoint = Checkpoint::Import { fingerprint: fingerprint.to_owned(), document, place, tally: tally.clone() };
            intake.save(&checkpoint).await?;
        }
        let mut book = Book::new(&*feed.handover, tally, document);
        let made = Box::pin(read(feed, self.store.clone(), &mut intake, &mut book, options, (document, place))).await;
        let made = match made {
            Ok(()) => self.end(&mut intake, &book, options, as_of).await,
            Err(error) => Err(error),
        };
        match made {
            Ok(fresh_as_of) => {
                let Intake { counts, patients_changed, warnings, .. } = intake;
                let Book { tally, types, files } = book;
                Ok(ImportReport { run, strategy, resumed, counts, tally, types, files, fresh_as_of, patients_changed, warnings })
            }
            Err(error) => {
                if !error.may_resume() {
                    intake.warn(error.to_string());
                    intake.finish(SyncRunStatus::Failed, None).await?;
                }
                Err(error)
            }
        }
    }

    /// Sweeps where that may be done, and ends the run; the moment the freshness moved to.
    async fn end(
        &self,
        intake: &mut Intake<'_>,
        book: &Book,
        options: &ImportOptions,
        as_of: Option<Timestamp>,
    ) -> Result<Option<Timestamp>, SyncError> {
        let tally = &book.tally;
        if options.complete {
            // What can't be told apart may be any of what was not seen.
            if tally.damaged > 0 || tally.nameless > 0 || tally.missing {
                intake.warn(
                    "nothing was taken as gone: some of the files, or of their lines, could not be read, and what was in them is not known"
                        .to_owned(),
                );
            } else {
                intake.progress.phase("looking for what is gone");
                let run = intake.run().await?;
                let types: Vec<String> = tally.types.iter().cloned().collect();
                if self.store.sweep(run, &types, options.most_deleted, self.clock.now()).await?.is_none() {
                    let share = options.most_deleted * 100.0;
                    intake.warn(format!(
                        "more than {share:.0} % of the resources are not in the files; nothing was deleted, check the files"
                    ));
                }
            }
        }
        let whole = tally.damaged == 0 && !tally.missing;
        if as_of.is_some() && !whole {
            intake.warn(
                "the source's freshness did not move: part of the files could not be read, or the export says data is missing".into(),
            );
        }
        let fresh_as_of = as_of.filter(|_| whole);
        intake.finish(SyncRunStatus::Complete, fresh_as_of).await?;
        Ok(fresh_as_of)
    }
}

/// Reads and applies, piece by piece.
async fn read(
    feed: &ImportFeed,
    store: Arc<dyn SyncStore>,
    intake: &mut Intake<'_>,
    book: &mut Book,
    options: &ImportOptions,
    from: (usize, u64),
) -> Result<(), SyncError> {
    intake.progress.phase("reading the files");
    let stopped = |error: tokio::task::JoinError| SyncError::Reading(error.to_string());
    let (to, from_files) = mpsc::channel(1);
    let gathering = Gathering { handover: feed.handover.clone(), most_resources: options.batch_resources, most_bytes: options.batch_bytes };
    let thread = tokio::task::spawn_blocking(move || gathering.run(from.0, from.1, |gathered| to.blocking_send(gathered).is_ok()));
    let likely_new = AtomicBool::new(false);
    let reading = Arc::new(Reading { reader: feed.reader.clone(), source: intake.source.id, store, likely_new });
    let pieces = stream::unfold(from_files, |mut from_files| async { Some((from_files.recv().await?, from_files)) }).map(|gathered| {
        let reading = Arc::clone(&reading);
        tokio::task::spawn_blocking(move || reading.read(gathered))
    });
    let mut pieces = pin!(pieces.buffered(AHEAD));
    while let Some(piece) = pieces.next().await {
        let counts = apply(intake, book, feed.handover.fingerprint(), piece.map_err(stopped)?).await?;
        reading.likely_new.store(counts.applied > counts.unchanged, Ordering::Relaxed);
    }
    thread.await.map_err(stopped)
}

async fn apply(intake: &mut Intake<'_>, book: &mut Book, fingerprint: &str, piece: Piece) -> Result<SyncCounts, SyncError> {
    let Piece { batch, after, damaged, remarks, missing, records } = piece;
    for remark in remarks {
        intake.warn(remark);
    }
    book.tally.missing |= missing;
    for line in &batch.quarantined {
        book.count_reason(&line.reason);
        if line.resource_type.is_none() || line.fhir_id.is_none() {
            book.tally.nameless += 1;
        }
    }
    for (document, reason) in damaged {
        intake.warn(format!("a file could not be read, or not to its end: {reason}"));
        book.damage(document, reason);
    }
    for record in &records {
        if !book.tally.types.contains(&*record.resource_type) {
            book.tally.types.insert(record.resource_type.to_string());
        }
    }
    let checkpoint =
        Checkpoint::Import { fingerprint: fingerprint.to_owned(), document: after.0, place: after.1, tally: book.tally.clone() };
    let applied = intake.apply_piece(batch, Some(&checkpoint)).await?;
    book.count(&records, &applied);
    Ok(applied.counts)
}

/// What is counted for the report.
struct Book {
    tally: ImportTally,
    types: BTreeMap<String, ImportCounts>,
    files: Vec<ImportFile>,
}

impl Book {
    fn new(handover: &dyn Handover, tally: ImportTally, read_before: usize) -> Self {
        let file = |(at, name): (usize, &str)| ImportFile {
            name: name.to_owned(),
            counts: ImportCounts::default(),
            refused: None,
            read_before: at < read_before,
        };
        let files = handover.documents().iter().map(|it| it.name.as_str()).enumerate().map(file).collect();
        Self { tally, types: BTreeMap::new(), files }
    }

    fn count_reason(&mut self, reason: &str) {
        let kind = reason_kind(reason);
        let known = self.tally.reasons.len() < MOST_REASONS || self.tally.reasons.contains_key(&*kind);
        *self.tally.reasons.entry(if known { kind.into_owned() } else { "other reasons".to_owned() }).or_default() += 1;
    }

    fn damage(&mut self, document: usize, reason: String) {
        self.tally.damaged += 1;
        if let Some(file) = self.files.get_mut(document) {
            file.refused = Some(reason);
        }
    }

    fn count(&mut self, records: &[Record], applied: &Applied) {
        // Of several with the same key in one piece the last was applied.
        let mut changed: HashSet<ResourceKey> = applied.changed.iter().copied().collect();
        let mut deleted: HashSet<ResourceKey> = applied.deleted.iter().copied().collect();
        for record in records.iter().rev() {
            let came_to = |counts: &mut ImportCounts, new: bool, gone: bool| match record.what {
                What::Resource(_) => {
                    counts.read += 1;
                    counts.applied += u64::from(new);
                    counts.unchanged += u64::from(!new);
                }
                What::Deletion(_) => counts.deleted += u64::from(gone),
                What::Unread => {
                    counts.read += 1;
                    counts.quarantined += 1;
                }
            };
            let new = matches!(record.what, What::Resource(key) if changed.remove(&key));
            let gone = matches!(record.what, What::Deletion(key) if deleted.remove(&key));
            if let Some(counts) = self.types.get_mut(&*record.resource_type) {
                came_to(counts, new, gone);
            } else {
                came_to(self.types.entry(record.resource_type.to_string()).or_default(), new, gone);
            }
            if let Some(file) = self.files.get_mut(record.document) {
                came_to(&mut file.counts, new, gone);
            }
        }
    }
}

#[cfg(test)]
mod tests;
