//! Why a run stopped. What was applied before stays, and the next run goes on from there.

use gateway_ports::ehr::EhrError;
use gateway_ports::store::StoreError;

/// Why a run stopped.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The server did not give what it was asked for.
    #[error(transparent)]
    Ehr(#[from] EhrError),
    /// The store did not do what it was asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no such source.
    #[error("there is no source `{0}` in the database; start the gateway, or run `outreach sync`, with it in the configuration")]
    UnknownSource(String),
    /// The run was asked to stop; the next one goes on from there.
    #[error("stopped; the next sync goes on from here")]
    Stopped,
    /// Reading ended early: a fault of ours.
    #[error("reading a batch ended early: {0}")]
    Panicked(String),
}

impl SyncError {
    /// Whether the same may succeed later without anybody doing anything.
    pub const fn may_retry(&self) -> bool {
        match self {
            Self::Ehr(error) => error.may_retry(),
            Self::Store(error) => error.may_retry(),
            Self::UnknownSource(_) | Self::Panicked(_) => false,
            Self::Stopped => true,
        }
    }
}
