//! What a run tells whoever watches it.

use gateway_domain::source::{SyncCounts, SyncStrategy};

/// What a run is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It asks the server what it can do.
    Discovering,
    /// It begins, or goes on where it was interrupted.
    Reading {
        /// In what way.
        strategy: SyncStrategy,
        /// It goes on where it was interrupted.
        resumed: bool,
    },
    /// The server prepares an export; its own words.
    Waiting(Option<String>),
    /// Files of the export are read; how many resources the server says there are.
    Downloading {
        /// Number of files.
        files: usize,
        /// Resources in all of them, where the server says so.
        resources: Option<u64>,
    },
    /// A type is searched.
    Searching(String),
    /// A transport error; the same is asked again.
    Retrying(String),
    /// What is no longer there is marked.
    Sweeping,
}

/// Hears of a run as it goes on.
pub trait Progress: Send + Sync {
    /// Something else begins.
    fn phase(&self, phase: &Phase);
    /// The counts so far.
    fn counts(&self, counts: &SyncCounts);
}

/// Nobody watches.
pub struct Unwatched;

impl Progress for Unwatched {
    fn phase(&self, _: &Phase) {}
    fn counts(&self, _: &SyncCounts) {}
}
