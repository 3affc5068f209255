//! The use case from a FHIR server to the outreach model: chooses how to read a source, reads it in bounded batches, and hands each to
//! the store in one transaction with the place to go on from. What can't be read goes to the quarantine; the rest goes on.
//!
//! Architecture invariant: it knows neither HTTP nor FHIR nor SQL. The server is behind [`gateway_ports::ehr`], the model behind
//! [`gateway_ports::store`]. A run that was stopped anywhere is gone on with, and reading something twice changes nothing.

mod batch;
mod checkpoint;
mod error;
mod export;
pub mod plan;
mod progress;
mod reading;
mod recent;
mod report;
mod search;
mod settings;
mod worker;

pub use error::SyncError;
pub use progress::{Phase, Progress, Unwatched};
pub use report::SyncReport;
pub use settings::SyncSettings;
pub use worker::{SyncDeps, SyncListener, SyncPort, SyncWorker};
