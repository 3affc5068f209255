//! What a run came to, in words.

use std::fmt;

use gateway_domain::source::{SyncCounts, SyncRunStatus, SyncStrategy};

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncReport {
    /// In what way it read.
    pub strategy: SyncStrategy,
    /// How it ended.
    pub status: SyncRunStatus,
    /// What it did.
    pub counts: SyncCounts,
    /// What the server warned of, or why it is not complete.
    pub note: Option<String>,
}

impl SyncReport {
    /// Whether the model is as it was before.
    pub const fn nothing_changed(&self) -> bool {
        self.counts.applied == 0 && self.counts.deleted == 0
    }
}

impl fmt::Display for SyncReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SyncCounts { read, applied, unchanged, deleted, quarantined } = self.counts;
        match self.status {
            SyncRunStatus::Complete if self.nothing_changed() => {
                write!(f, "Nothing changed: {read} resources read, {unchanged} of them as they were")?;
            }
            SyncRunStatus::Complete => {
                write!(f, "Complete: {read} resources read, {applied} new or changed, {unchanged} as they were, {deleted} deleted")?;
            }
            _ => {
                write!(f, "Not complete: {read} resources read, {applied} new or changed, {unchanged} as they were, {deleted} deleted")?;
            }
        }
        if quarantined > 0 {
            write!(f, ", {quarantined} in quarantine because they can't be read")?;
        }
        match &self.note {
            Some(note) => write!(f, ". {note}"),
            None => write!(f, "."),
        }
    }
}
