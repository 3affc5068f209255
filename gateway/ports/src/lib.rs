//! The traits the use cases need from outside, and the errors they answer with. Adapters implement them; `app` puts them together.
//!
//! Architecture invariant: traits, plain values and errors only. No implementation, no HTTP status, no SQL, no FHIR, no wasm type.

#![deny(missing_docs)]

pub mod clock;
pub mod content;
pub mod ehr;
pub mod handover;
pub mod http;
pub mod mail;
pub mod patient_lookup;
pub mod plugins;
pub mod process;
pub mod push;
pub mod store;
pub mod terminology;
pub mod write_back;
