//! What a run tells while it goes on, and at its end.

use std::fmt;

use gateway_domain::source::{SyncCounts, SyncStrategy};

/// Hears how a run goes on. Called often; must return at once.
pub trait Progress: Send + Sync {
    /// A new phase, in words.
    fn phase(&self, words: &str);
    /// Counts of this call so far, and how many resources there are where the server says.
    fn counted(&self, counts: SyncCounts, total: Option<u64>);
}

/// Hears nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quiet;

impl Progress for Quiet {
    fn phase(&self, _words: &str) {}
    fn counted(&self, _counts: SyncCounts, _total: Option<u64>) {}
}

/// What a run came to. `Display` says it in a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncReport {
    pub strategy: SyncStrategy,
    /// It went on with a run that was interrupted: what changed since that began is for the next one.
    pub resumed: bool,
    /// Counts of the whole run, pieces before an interruption included.
    pub counts: SyncCounts,
    /// Patients whose record or facts changed in this call.
    pub patients_changed: u64,
    /// What the server warned of, and what was not done.
    pub warnings: Vec<String>,
}

impl SyncReport {
    /// Whether anything in the model changed.
    pub const fn changed(&self) -> bool {
        self.counts.applied > 0 || self.counts.deleted > 0
    }
}

impl fmt::Display for SyncReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = &self.counts;
        if self.changed() {
            write!(
                f,
                "{} resources read: {} new or changed, {} unchanged, {} deleted",
                counts.read, counts.applied, counts.unchanged, counts.deleted
            )?;
        } else {
            write!(f, "nothing changed ({} resources read)", counts.read)?;
        }
        if counts.quarantined > 0 {
            write!(f, ", {} quarantined because they can't be read", counts.quarantined)?;
        }
        Ok(())
    }
}
