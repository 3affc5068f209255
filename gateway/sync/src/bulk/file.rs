//! A file of an export that is read to its end, whatever happens on the way: cut streams go on where they were, links that have run
//! out are asked for anew, and what is damaged is read again from its beginning.

use std::time::Duration;

use gateway_domain::resource::ContentHash;
use gateway_ports::ehr::{Ehr, EhrError, EhrErrorKind, ExportFile, ExportLine, ExportLines, ExportManifest, ExportStatus};

use super::position::path;
use crate::error::SyncError;
use crate::worker::SyncOptions;

/// How often a file is opened again without having brought a line in between.
const MOST_REOPENINGS: u32 = 5;
/// How often new links are asked for without having brought a line in between.
const MOST_RENEWALS: u32 = 3;
/// How often a file is opened again that ends before its number of lines.
const MOST_SHORT: u32 = 2;

/// A list of files of a manifest.
#[derive(Clone, Copy, Debug)]
pub(super) enum List {
    Output,
    Deleted,
    Errors,
}

impl List {
    pub(super) fn of(self, manifest: &ExportManifest) -> &[ExportFile] {
        match self {
            Self::Output => &manifest.files,
            Self::Deleted => &manifest.deleted,
            Self::Errors => &manifest.errors,
        }
    }
}

/// What stands between a file and its server.
#[derive(Clone, Copy)]
pub(super) struct Export<'a> {
    pub(super) ehr: &'a dyn Ehr,
    pub(super) job: &'a str,
    pub(super) source: &'a str,
    pub(super) options: &'a SyncOptions,
}

impl Export<'_> {
    fn other_lines(&self) -> EhrError {
        EhrError {
            server: self.source.to_owned(),
            asked: "a file of an export, after it broke off".to_owned(),
            reason: "it has other lines now than before it broke off".to_owned(),
            kind: EhrErrorKind::Damaged,
        }
    }
}

/// What the next look at a file brought.
pub(super) enum Read {
    Lines(Vec<ExportLine>),
    /// What came before was damaged: all of it comes again.
    FromTheStart,
    /// The end; fewer lines than the manifest says, where that is so.
    End {
        missing: u64,
    },
}

/// A file being read to its end.
pub(super) struct SteadyFile<'a> {
    export: Export<'a>,
    list: List,
    number: usize,
    file: ExportFile,
    at: u64,
    /// Stands for the lines up to there, where they came in this run.
    behind: Option<ContentHash>,
    /// Nothing came yet since the file was opened again.
    reopens: bool,
    stream: Option<Box<dyn ExportLines>>,
    reopened: u32,
    renewed: u32,
    short: u32,
    damaged: u32,
}

impl<'a> SteadyFile<'a> {
    /// The file with this number in a list, after its first `skip` lines.
    pub(super) fn new(export: Export<'a>, manifest: &ExportManifest, list: List, number: usize, skip: u64) -> Option<Self> {
        let file = list.of(manifest).get(number)?.clone();
        Some(Self {
            export,
            list,
            number,
            file,
            at: skip,
            behind: None,
            reopens: false,
            stream: None,
            reopened: 0,
            renewed: 0,
            short: 0,
            damaged: 0,
        })
    }

    /// The type the manifest says it holds.
    pub(super) fn resource_type(&self) -> Option<&str> {
        self.file.resource_type.as_deref()
    }

    /// The number of the last line that was handed out.
    pub(super) fn line(&self) -> u64 {
        self.at
    }

    pub(super) async fn next(&mut self, most_lines: usize, most_bytes: usize) -> Result<Read, SyncError> {
        loop {
            let fetched = match &mut self.stream {
                Some(stream) => stream.next(most_lines, most_bytes).await,
                None => match self.export.ehr.open_file(&self.file, self.at).await {
                    Ok(stream) => {
                        (self.stream, self.reopens) = (Some(stream), true);
                        continue;
                    }
                    Err(error) => Err(error),
                },
            };
            let error = match fetched {
                Ok(_) if !self.goes_on() => self.export.other_lines(),
                Ok(lines) => {
                    if let Some(last) = lines.last().map(|it| it.number) {
                        (self.at, self.reopened, self.renewed) = (last, 0, 0);
                        return Ok(Read::Lines(lines));
                    }
                    let missing = self.file.count.map_or(0, |count| count.saturating_sub(self.at));
                    if missing == 0 || self.short >= MOST_SHORT {
                        return Ok(Read::End { missing });
                    }
                    self.short += 1;
                    self.reopen(None).await;
                    continue;
                }
                Err(error) => error,
            };
            match error.kind {
                EhrErrorKind::Later(wish) if self.reopened < MOST_REOPENINGS => {
                    tracing::info!(%error, line = self.at, "Opening a file again");
                    self.reopen(wish).await;
                }
                EhrErrorKind::Gone if self.renewed < MOST_RENEWALS => {
                    self.renewed += 1;
                    self.renew(error).await?;
                }
                EhrErrorKind::Damaged if self.damaged < MOST_REOPENINGS => {
                    tracing::warn!(%error, "Reading a damaged file from its start");
                    self.damaged += 1;
                    (self.at, self.behind) = (0, None);
                    self.reopen(None).await;
                    return Ok(Read::FromTheStart);
                }
                EhrErrorKind::Damaged => {
                    return Err(SyncError::Incomplete { source_name: self.export.source.to_owned(), reason: error.to_string() });
                }
                _ => return Err(error.into()),
            }
        }
    }

    /// Whether what comes follows on the lines that came before, where the file had to be opened again.
    fn goes_on(&mut self) -> bool {
        let Some(stream) = &self.stream else { return true };
        let reopened = std::mem::take(&mut self.reopens);
        let before = self.behind.filter(|_| reopened);
        let others = before.zip(stream.skipped()).is_some_and(|(before, skipped)| before != skipped);
        self.behind = stream.handed_out().or(self.behind);
        !others
    }

    /// Waits a little, or as long as the server asks for, and lets the next look open the file.
    async fn reopen(&mut self, wish: Option<Duration>) {
        let options = self.export.options;
        let pause = options.shortest_poll.saturating_mul(1 << self.reopened.min(16));
        self.reopened += 1;
        self.stream = None;
        tokio::time::sleep(wish.unwrap_or(pause).clamp(options.shortest_poll, options.longest_poll)).await;
    }

    /// Asks for a new link to the same file.
    async fn renew(&mut self, error: EhrError) -> Result<(), SyncError> {
        self.stream = None;
        match self.export.ehr.export_status(self.export.job).await? {
            ExportStatus::Ready(manifest) => {
                let same = |other: &&ExportFile| {
                    path(&other.url) == path(&self.file.url)
                        || (other.resource_type == self.file.resource_type && other.count == self.file.count && other.count.is_some())
                };
                match self.list.of(&manifest).get(self.number).filter(same) {
                    Some(file) => {
                        self.file = file.clone();
                        Ok(())
                    }
                    None => Err(EhrError { kind: EhrErrorKind::Later(None), ..error }.into()),
                }
            }
            ExportStatus::Working { .. } => Err(EhrError { kind: EhrErrorKind::Later(None), ..error }.into()),
        }
    }
}
