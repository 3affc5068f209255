//! Where the outreach model is kept. One trait for each noun, one contract suite for all; SQLite and PostgreSQL pass it alike.
//!
//! A method that changes something does so in one transaction: all of it, or nothing. Not found is `Ok(None)`.

pub mod audit;
pub mod consent;
pub mod identity;
pub mod journeys;
pub mod messages;
pub mod notices;
pub mod patients;
pub mod plugin_values;
pub mod push;
pub mod quarantine;
pub mod segments;
pub mod sources;
pub mod sync;
pub mod sync_ledger;
pub mod tasks;
pub mod users;
pub mod value_sets;
pub mod write_backs;

pub use audit::AuditStore;
pub use consent::ConsentStore;
pub use identity::IdentityStore;
pub use journeys::JourneyStore;
pub use messages::MessageStore;
pub use notices::NoticeStore;
pub use patients::PatientStore;
pub use plugin_values::PluginValueStore;
pub use push::PushStore;
pub use quarantine::{QuarantineFilter, QuarantineStore};
pub use segments::SegmentStore;
pub use sources::SourceStore;
pub use sync::SyncStore;
pub use sync_ledger::SyncLedger;
pub use tasks::TaskStore;
pub use users::UserStore;
pub use value_sets::ValueSetStore;
pub use write_backs::WriteBackStore;

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database does not answer, is locked too long, or is full. Trying again can help.
    #[error("the database does not answer: {0}")]
    Unavailable(String),
    /// Something with that key is there already.
    #[error("{what} `{key}` is there already")]
    Conflict {
        /// The noun.
        what: &'static str,
        /// Its key.
        key: String,
    },
    /// Something that must be there is not.
    #[error("{what} `{key}` is not there")]
    Missing {
        /// The noun.
        what: &'static str,
        /// Its key.
        key: String,
    },
    /// It changed since it was read.
    #[error("{what} `{key}` was changed by someone else in the meantime")]
    Stale {
        /// The noun.
        what: &'static str,
        /// Its key.
        key: String,
    },
    /// What is stored can't be read back.
    #[error("the stored {what} can't be read: {reason}")]
    Corrupt {
        /// The noun.
        what: &'static str,
        /// What is wrong with it, without patient data.
        reason: String,
    },
    /// A statement the database refused: a fault of ours.
    #[error("the database refused a statement: {0}")]
    Statement(String),
}

impl StoreError {
    /// Whether the same call may succeed later.
    pub const fn may_retry(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Stale { .. })
    }
}

/// Everything that is kept.
pub trait Store:
    SourceStore
    + SyncStore
    + PushStore
    + QuarantineStore
    + PatientStore
    + IdentityStore
    + SegmentStore
    + JourneyStore
    + MessageStore
    + ConsentStore
    + UserStore
    + AuditStore
    + WriteBackStore
    + TaskStore
    + NoticeStore
    + ValueSetStore
{
}

impl<T> Store for T where
    T: SourceStore
        + SyncStore
        + PushStore
        + QuarantineStore
        + PatientStore
        + IdentityStore
        + SegmentStore
        + JourneyStore
        + MessageStore
        + ConsentStore
        + UserStore
        + AuditStore
        + WriteBackStore
        + TaskStore
        + NoticeStore
        + ValueSetStore
{
}

/// A piece of a long list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// How many there are in all.
    pub total: u64,
}

/// Which piece is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// How many to leave out.
    pub offset: u64,
    /// How many at most; 1 to 500.
    pub limit: u32,
}

impl Default for PageRequest {
    fn default() -> Self {
        Self { offset: 0, limit: 50 }
    }
}
