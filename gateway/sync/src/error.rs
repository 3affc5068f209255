//! Why a run did not come to its end.

use gateway_domain::source::SyncStrategy;
use gateway_ports::ehr::EhrError;
use gateway_ports::store::StoreError;
use jiff::Timestamp;

/// Why a run did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The server.
    #[error(transparent)]
    Ehr(#[from] EhrError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No source has this name.
    #[error("no source is called `{0}`; check the names of the sources in the configuration")]
    NoSource(String),
    /// The server offers no way to read from it.
    #[error("the server of source `{0}` says that it can neither export nor search; check its base URL and its CapabilityStatement")]
    NoWay(String),
    /// The server said itself that part of the data is missing.
    #[error("the run of source `{source_name}` is incomplete and will be made again: {reason}")]
    Incomplete { source_name: String, reason: String },
    /// Another process is at work on the source.
    #[error("another gateway or command is at work on source `{source_name}`; what it reads serves all, and the rest can be done after it")]
    Busy { source_name: String },
    /// The export took longer than is waited for.
    #[error("the server of source `{0}` did not finish its export in time")]
    ExportTooLong(String),
    /// Another run of the source is open.
    #[error("source `{source_name}` has an open run ({strategy:?}, since {since}): {fix}")]
    RunOpen {
        source_name: String,
        strategy: SyncStrategy,
        since: Timestamp,
        /// What to do.
        fix: &'static str,
    },
    /// What is asked of an import can't be true.
    #[error("{0}")]
    Import(String),
    /// A thread that reads resources is gone.
    #[error("the reading of resources stopped: {0}")]
    Reading(String),
}

impl SyncError {
    /// Whether the run stays open, to be resumed where it stopped.
    pub fn may_resume(&self) -> bool {
        match self {
            Self::Ehr(error) => error.may_retry(),
            Self::Store(error) => error.may_retry(),
            Self::Reading(_) | Self::Busy { .. } => true,
            Self::RunOpen { .. }
            | Self::Import(_)
            | Self::NoSource(_)
            | Self::NoWay(_)
            | Self::Incomplete { .. }
            | Self::ExportTooLong(_) => false,
        }
    }
}
