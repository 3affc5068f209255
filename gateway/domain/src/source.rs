//! FHIR servers, the runs that sync from them, and what could not be read.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{QuarantineId, SourceId, SourceNo, SyncRunId};

/// A FHIR server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// Its identifier.
    pub id: SourceId,
    /// The number its keys hang on.
    #[serde(skip, default = "no_number")]
    pub no: SourceNo,
    /// Its name in the configuration.
    pub name: String,
    /// Its FHIR base URL; empty where it has no server and hands its data over as files.
    pub base_url: String,
    /// What has been read: everything up to this moment, by the server's clock. `None` before the first complete run.
    pub complete_until: Option<Timestamp>,
    /// When the last complete run ended, by our clock.
    pub synced_at: Option<Timestamp>,
}

const fn no_number() -> SourceNo {
    SourceNo(0)
}

/// How a run reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SyncStrategy {
    /// FHIR Bulk Data `$export` of everything.
    BulkFull,
    /// `$export` with `_since`.
    BulkSince,
    /// Search of each type, page by page.
    SearchFull,
    /// Search by `_lastUpdated`, and history for deletes where the server has it.
    SearchSince,
    /// Reading by id what the server told of. It says nothing about the rest, so it never counts as having read the source.
    Hint,
    /// Each type by the way that suits it: export, search, a search for each patient, a comparison of ids.
    Mixed,
    /// Files handed over: what is in them is there.
    Import,
    /// Files handed over that hold everything: what is not in them is gone.
    ImportFull,
    /// Lines of the quarantine, read again.
    Replay,
}

impl SyncStrategy {
    /// Whether a run of this kind notes what it sees, so that what is missing from types that it shows as a whole is gone.
    pub const fn shows_what_is_gone(self) -> bool {
        matches!(self, Self::BulkFull | Self::SearchFull | Self::Mixed | Self::ImportFull)
    }

    /// Whether it reads files that were handed over, and asks no server.
    pub const fn is_import(self) -> bool {
        matches!(self, Self::Import | Self::ImportFull)
    }

    /// Whether its end says how fresh the copy is by our clock. Files are as old as they are, and lines read again older still.
    pub const fn asks_a_server(self) -> bool {
        !matches!(self, Self::Import | Self::ImportFull | Self::Replay)
    }
}

/// How far one type of a source is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypeCursor {
    /// FHIR type.
    pub resource_type: String,
    /// Everything up to this moment is read, by the server's clock.
    pub complete_until: Option<Timestamp>,
    /// When it was last read to the end, by our clock.
    pub read_at: Option<Timestamp>,
    /// When what is held was last compared with all that the server has, by our clock.
    pub whole_at: Option<Timestamp>,
    /// Why it could not be read the last time.
    pub problem: Option<String>,
}

impl TypeCursor {
    /// That of a type that was never read.
    pub fn new(resource_type: &str) -> Self {
        Self { resource_type: resource_type.to_owned(), complete_until: None, read_at: None, whole_at: None, problem: None }
    }
}

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SyncRunStatus {
    /// Under way, or to be resumed.
    Running,
    /// Everything arrived; its changes are visible to decisions.
    Complete,
    /// Given up; what it brought is kept, and nobody is evaluated on it until a later run is complete.
    Failed,
}

/// Counts of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SyncCounts {
    /// Resources read.
    pub read: u64,
    /// New or different, and applied.
    pub applied: u64,
    /// The same as before.
    pub unchanged: u64,
    /// Deleted in the source.
    pub deleted: u64,
    /// Could not be read.
    pub quarantined: u64,
}

impl std::ops::AddAssign for SyncCounts {
    fn add_assign(&mut self, other: Self) {
        self.read += other.read;
        self.applied += other.applied;
        self.unchanged += other.unchanged;
        self.deleted += other.deleted;
        self.quarantined += other.quarantined;
    }
}

/// A run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SyncRun {
    /// Its identifier.
    pub id: SyncRunId,
    /// The source.
    pub source: SourceId,
    /// How it reads.
    pub strategy: SyncStrategy,
    /// How it stands.
    pub status: SyncRunStatus,
    /// What it did so far.
    pub counts: SyncCounts,
    /// Where it goes on after a stop; opaque outside of `sync`.
    pub checkpoint: Option<String>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Why it failed, or what the server warned of.
    pub note: Option<String>,
}

/// A reason without what differs from line to line (columns, bytes, places), so that equal ones can be counted together.
pub fn reason_kind(reason: &str) -> Cow<'_, str> {
    const PLACES: [&str; 4] = [" at column ", " at line ", " from byte ", " up to line "];
    let mut kind = Cow::Borrowed(reason);
    for place in PLACES {
        while let Some(at) = kind.find(place) {
            let rest = kind.get(at + place.len()..).unwrap_or_default();
            let after = rest.trim_start_matches(|it: char| it.is_ascii_digit());
            if after.len() == rest.len() {
                break;
            }
            // `at line 3 column 4` is one place.
            let after = after.strip_prefix(" column ").map_or(after, |rest| rest.trim_start_matches(|it: char| it.is_ascii_digit()));
            kind = Cow::Owned(format!("{}{after}", kind.get(..at).unwrap_or_default()));
        }
    }
    kind
}

/// A line or resource that could not be read, kept until someone looks.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined {
    /// Its identifier.
    pub id: QuarantineId,
    /// The source.
    pub source: SourceId,
    /// The run that met it last.
    pub run: SyncRunId,
    /// FHIR type, where it could be told.
    pub resource_type: Option<String>,
    /// FHIR id, where it could be told.
    pub fhir_id: Option<String>,
    /// Line within its file, counted from 1; `None` outside of files.
    pub line: Option<u64>,
    /// Why.
    pub reason: String,
    /// The bytes as they came; empty in lists.
    pub raw: Vec<u8>,
    /// Whether `raw` is all of it. What was too long was not kept to its end, and can't be read again.
    pub whole: bool,
    /// When it was met last.
    pub at: Timestamp,
    /// How it stands.
    pub status: QuarantineStatus,
    /// How often it was read again in vain.
    pub tries: u32,
    /// When it stopped being open.
    pub resolved_at: Option<Timestamp>,
}

/// How something in the quarantine stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QuarantineStatus {
    /// Somebody should look.
    #[default]
    Open,
    /// It could be read when it was read again.
    Replayed,
    /// The source showed the same resource again, readable, or deleted it.
    Resolved,
    /// Somebody decided that it does not matter.
    Dismissed,
}

impl std::fmt::Debug for Quarantined {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Quarantined").field("id", &self.id).field("reason", &self.reason).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_that_differ_in_their_places_alone_are_one_kind() {
        for (reason, kind) in [
            ("not readable JSON: it ends early at column 40", "not readable JSON: it ends early"),
            ("not readable JSON: a syntax error at line 3 column 9", "not readable JSON: a syntax error"),
            ("not UTF-8 from byte 12", "not UTF-8"),
            ("its resourceType is not one of FHIR R4", "its resourceType is not one of FHIR R4"),
            ("at column here", "at column here"),
            (" at column x", " at column x"),
        ] {
            assert_eq!(reason_kind(reason), kind);
        }
    }
}
