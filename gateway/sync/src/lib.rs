//! Use case: from a FHIR server to the outreach model. A run is planned, read piece by piece, and applied with its checkpoint in one
//! transaction each, so that a crash at any point is a pause.
//!
//! Architecture invariant: no FHIR, no HTTP, no SQL; servers and stores are ports. What is decided is decided in `plan` and
//! `checkpoint`, without effects. Half of a run is never told as the whole: only a complete one moves the source's `complete_until`.

mod bulk;
mod checkpoint;
mod crawl;
mod error;
mod hints;
mod import;
mod intake;
mod lag;
mod lease;
mod plan;
mod probe;
mod progress;
mod push;
mod replay;
mod run;
mod search;
mod sweep;
mod worker;

pub use self::{
    error::SyncError,
    hints::{HintInbox, HintQueue},
    import::{ImportCounts, ImportFeed, ImportFile, ImportOptions, ImportReport, ImportTally},
    lag::{Lag, show_lag},
    plan::{Deletions, ExportChoice, PlanSettings, Step, TypeWays, Way, plan, ways},
    probe::capabilities,
    progress::{Progress, Quiet, SyncReport},
    push::{PushKeeper, PushWish},
    replay::ReplayReport,
    worker::{Applied, SyncFeed, SyncOptions, SyncWorker},
};
