//! Adapter: FHIR servers and FHIR resources. [`FhirServer`] speaks to a server over the guarded client; [`FhirReader`] reads what it
//! sends, leniently and from raw JSON, into the model's values.
//!
//! Architecture invariant: the one crate that names `fhir-sdk`. It opens no connection of its own, keeps nothing, and decides nothing
//! about people. No bytes a server sends make it panic, and no error or log of it carries more of a patient than an id.

mod bundle;
mod ehr;
#[doc(hidden)]
pub mod fuzzing;
mod handover;
mod mapping;
pub mod notification;
mod write_back;

pub use self::{
    ehr::{FhirServer, FhirServerConfig},
    handover::{Folder, FolderError, FolderLimits},
    mapping::FhirReader,
    notification::FhirNotifications,
    write_back::{CommunicationContent, FhirRecordKeeper, RecordKeeperConfig},
};
